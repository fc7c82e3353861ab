package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"tributary/store"
	"tributary/webhooks"
)

const noRoute = `{"status":404,"error":"Not Found"}`

func TestSignUp(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		v1 := func(body string, headers ...string) visited {
			return w.visit("POST", "/api/v1/accounts", body, headers...)
		}
		const fields = `"account_name":"Shop","user_full_name":"Eva","email":" Eva@Shop.example ","password":"Passw0rd!"`
		v1(`{`+fields+`}`).want(404, noRoute)
		w.visit("POST", "/api/v2/accounts", `{`+fields+`}`).want(404, noRoute)
		w.settings["ENABLE_ACCOUNT_SIGNUP"] = "true"
		w.settings["BLOCKED_EMAIL_DOMAINS"] = "rival\\.example$\n\n(broken\nxn--"

		refused := func(name, body string) {
			t.Helper()
			v := v1(body)
			if text, _ := v.field("message").(string); v.status != 403 || text == "" {
				t.Errorf("%s: got %d %s", name, v.status, v.body)
			}
			v.without()
		}
		refused("no names", `{"email":"eva@shop.example","password":"Passw0rd!"}`)
		refused("blank names", `{"account_name":" ","user_full_name":"","email":"eva@shop.example","password":"Passw0rd!"}`)
		for _, email := range []string{
			"", "eva", "eva@shop", "@shop.example", "a b@shop.example", "eva@shop.e", "eva@mailinator.com", "eva@sub.yopmail.com",
			"eva@RIVAL.example", "eva@eu.rival.example", "eva@(broken.example", "eva@xn--abc.example",
		} {
			refused(email, `{"account_name":"Shop","email":"`+email+`","password":"Passw0rd!"}`)
		}
		known := v1(`{"account_name":"Shop","email":"ADA@example.com","password":"weak"}`)
		if text, _ := known.field("message").(string); known.status != 403 || !strings.Contains(text, "ada@example.com") {
			t.Errorf("known: got %d %s", known.status, known.body)
		}
		v1(`{"account_name":"Shop","email":"eva@shop.example","password":"weak"}`).want(422, weak)
		if n := w.count(`SELECT COUNT(*) FROM accounts`); n != 3 {
			t.Errorf("%d accounts after refusals", n)
		}

		v := v1(`{` + fields + `,"locale":"pt_BR"}`)
		me := v.object()
		data, _ := me["data"].(map[string]any)
		account := id(data["account_id"])
		for _, secret := range []string{"access_token", "pubsub_token"} {
			if token, _ := data[secret].(string); len(token) != 24 {
				t.Errorf("%s %v", secret, data[secret])
			}
			delete(data, secret)
		}
		created, _ := data["created_at"].(string)
		if !strings.HasPrefix(created, "2025-01-31T10:00:00.") || account == 0 || account == w.account {
			t.Errorf("created at %s, account %d", created, account)
		}
		delete(data, "created_at")
		same(t, "signed up", map[string]any{"data": data, "n": data["id"], "a": data["account_id"]}, strings.NewReplacer("USER", jsonOf(data["id"]), "ACCOUNT", jsonOf(account)).
			Replace(`{"n":USER,"a":ACCOUNT,"data":{"id":USER,"provider":"email","uid":"eva@shop.example","name":"Eva","display_name":null,
				"email":"eva@shop.example","account_id":ACCOUNT,"role":"administrator","inviter_id":null,"confirmed":false,"avatar_url":"",
				"accounts":[{"id":ACCOUNT,"name":"Shop","active_at":null,"role":"administrator","locale":"pt_BR"}]}}`))
		tokens := v.tokens()
		shop := w.visit("GET", "/api/v1/accounts/"+jsonOf(account), "", tokens...).object()
		if shop["locale"] != "pt_BR" || at(shop, "features", "help_center") != true || at(shop, "features", "audit_logs") != nil {
			t.Errorf("account %v", shop)
		}
		if w.mail(1).To != "eva@shop.example" {
			t.Error("no mail to confirm the address")
		}
		if v := w.visit("POST", "/auth/sign_in", `{"email":"eva@shop.example","password":"Passw0rd!"}`); v.status != 401 {
			t.Errorf("sign-in before the confirmation: got %d %s", v.status, v.body)
		}
		if n := w.count(`SELECT COUNT(*) FROM outbox WHERE kind IN ('account.created', 'agent.added') AND account_id = $1`, account); n != 2 {
			t.Errorf("%d events", n)
		}
	})
}

func jsonOf(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestSignUpBriefly(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.settings["ENABLE_ACCOUNT_SIGNUP"] = "true"
		w.settings["ACCOUNT_LEVEL_FEATURE_DEFAULTS"] = `[{"name":"audit_logs","enabled":true},{"name":"help_center","enabled":false},{"name":"none","enabled":true}]`
		v := w.visit("POST", "/api/v2/accounts", `{"email":"eva@shop.example","password":"Passw0rd!","account_name":"ignored"}`)
		data, _ := v.object()["data"].(map[string]any)
		if data["name"] != "" || at(data, "accounts", 0, "name") != "" {
			t.Errorf("names %v", data)
		}
		shop := w.visit("GET", "/api/v1/accounts/"+jsonOf(data["account_id"]), "", v.tokens()...).object()
		if at(shop, "custom_attributes", "onboarding_step") != "profile_update" || at(shop, "features", "audit_logs") != true ||
			at(shop, "features", "help_center") != nil || at(shop, "features", "labels") != true {
			t.Errorf("account %v", shop)
		}
	})
}

// Who is signed in makes an account for themselves.
func TestSignUpAgain(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.settings["ENABLE_ACCOUNT_SIGNUP"] = "true"
		tokens := w.signIn().tokens()
		const body = `{"account_name":"Second","email":"eva@mailinator.com","password":"x"}`
		v := w.visit("POST", "/api/v1/accounts", body, tokens...)
		data, _ := v.object()["data"].(map[string]any)
		if id(data["id"]) != w.admin || id(data["account_id"]) == w.account || len(data["accounts"].([]any)) != 2 || data["role"] != "administrator" {
			t.Errorf("got %v", data)
		}
		if got := v.header.Values("access-token"); len(got) != 1 || "access-token: "+got[0] != tokens[0] {
			t.Errorf("tokens %v, want %v", got, tokens[0])
		}
		v = w.visit("POST", "/api/v1/accounts", body, "api_access_token: "+w.tokens["agent"])
		if id(at(v.object(), "data", "id")) != w.agent {
			t.Errorf("got %d %s", v.status, v.body)
		}
		v.tokens()
		w.visit("POST", "/api/v1/accounts", body, "api_access_token: nobody's").want(401, `{"error":"Invalid Access Token"}`)
		w.visit("POST", "/api/v1/accounts", body, "api_access_token: "+w.tokens["platform"]).
			want(401, `{"error":"Access to this endpoint is not authorized for bots"}`)
		v = w.visit("POST", "/api/v1/accounts", body, "access-token: gone", "client: x", "uid: ada@example.com")
		if v.status != 403 {
			t.Errorf("a session that is over is nobody: got %d %s", v.status, v.body)
		}
		w.visit("POST", "/api/v1/accounts", `{}`, tokens...).want(403, w.visit("POST", "/api/v1/accounts", `{}`).body)
		if n := len(w.heldMails()); n != 0 {
			t.Errorf("%d mails", n)
		}
	})
}

func (w *world) heldMails() []store.HeldMail {
	w.t.Helper()
	w.work()
	list, err := w.store.HeldMails(w.t.Context(), 100)
	w.must(err)
	return list
}

func TestCaptcha(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		var mu sync.Mutex
		var asked []string
		captcha := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, req *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, req.Method+" "+req.URL.Path+" "+req.FormValue("secret")+" "+req.FormValue("response"))
			switch req.FormValue("response") {
			case "solved":
				_, _ = io.WriteString(out, `{"success":true}`)
			case "broken":
				out.WriteHeader(http.StatusInternalServerError)
			default:
				_, _ = io.WriteString(out, `{"success":false,"error-codes":["invalid-input-response"]}`)
			}
		}))
		defer captcha.Close()
		w.settings["ENABLE_ACCOUNT_SIGNUP"], w.settings["HCAPTCHA_SERVER_KEY"], w.settings["HCAPTCHA_API_URL"] = "true", "0x0", captcha.URL
		const bad = `{"status":422,"error":"Unprocessable Content"}`
		for _, path := range []string{"/api/v1/accounts", "/api/v2/accounts"} {
			for _, response := range []string{"", "wrong", "broken"} {
				w.visit("POST", path, `{"account_name":"S","email":"no address","h_captcha_client_response":"`+response+`"}`).want(422, bad)
			}
		}
		v := w.visit("POST", "/api/v1/accounts", `{"account_name":"S","email":"eva@shop.example","password":"Passw0rd!","h_captcha_client_response":"solved"}`)
		if v.status != 200 {
			t.Errorf("solved: got %d %s", v.status, v.body)
		}
		if got := asked[len(asked)-1]; got != "POST /siteverify 0x0 solved" {
			t.Errorf("asked %q", got)
		}
		captcha.Close()
		w.visit("POST", "/api/v1/accounts", `{"account_name":"S","h_captcha_client_response":"solved"}`).want(422, bad)
	})
}

func TestInstallationEvents(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		var mu sync.Mutex
		var told []string
		hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
			b, _ := io.ReadAll(req.Body)
			mu.Lock()
			defer mu.Unlock()
			told = append(told, req.Method+" "+req.Header.Get("Content-Type")+" "+string(b))
		}))
		defer hook.Close()
		w.settings["ENABLE_ACCOUNT_SIGNUP"], w.settings["INSTALLATION_EVENTS_WEBHOOK_URL"] = "true", hook.URL
		w.hooks("one", func(o *webhooks.Options) { o.Guarded = nil }) // the address is the operator's
		w.visit("POST", "/api/v1/accounts", `{"account_name":"Shop","user_full_name":"Eva","email":"eva@shop.example","password":"Passw0rd!"}`)
		w.settled()
		mu.Lock()
		defer mu.Unlock()
		want := regexp.MustCompile(`^POST application/json \{"event":"account_created","id":\d+,"name":"Shop","users":\[\{"email":"eva@shop.example","id":\d+,"name":"Eva","type":"user"\}\]\}$`)
		if len(told) != 1 || !want.MatchString(told[0]) {
			t.Errorf("told %q", told)
		}
	})
}
