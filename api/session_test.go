package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	textSignIn  = `{"errors":["You need to sign in or sign up before continuing."]}`
	badLogin    = `{"success":false,"errors":["Invalid login credentials. Please try again."]}`
	badMFAToken = `{"error":"Invalid or expired MFA token"}`
	badMFACode  = `{"error":"Invalid verification code"}`
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		in := w.signIn()
		user := in.object()
		if got := at(user, "data", "email"); got != "ada@example.com" || at(user, "data", "access_token") != w.tokens["admin"] {
			t.Errorf("signed in as %v", user)
		}
		if in.header.Get("token-type") != "Bearer" || in.header.Get("uid") != "ada@example.com" || in.header.Get("authorization") != "" {
			t.Errorf("headers %v", in.header)
		}
		twoMonths := time.Date(2025, 3, 31, 10, 0, 0, 0, time.UTC).Unix()
		if got := in.header.Get("expiry"); got != fmt.Sprint(twoMonths) {
			t.Errorf("expiry %s, want %d", got, twoMonths)
		}
		if got := w.count(`SELECT COUNT(*) FROM audits WHERE account_id = $1 AND auditable_type = 'User' AND action = 'sign_in'`, w.account); got != 1 {
			t.Errorf("%d entries in the audit log", got)
		}
		for name, body := range map[string]string{
			"a wrong password": `{"email":"ada@example.com","password":"Passw0rd?"}`, "no password": `{"email":"ada@example.com"}`,
			"nobody": `{"email":"nobody@example.com","password":"Passw0rd!"}`, "nothing": `{}`, "an empty password": `{"email":"bo@example.com","password":""}`,
			"a password that was never set": `{"email":"bo@example.com","password":"hash"}`,
			"a nested object":               `{"session":{"email":"ada@example.com","password":"Passw0rd!"}}`,
			"a used-up token":               `{"email":"ada@example.com","sso_auth_token":"abc"}`,
		} {
			v := w.visit("POST", "/auth/sign_in", body)
			v.name += " with " + name
			v.want(401, badLogin)
			v.without()
		}
		for name, body := range map[string]string{
			"a form":         "email=ada%40example.com&password=Passw0rd%21",
			"other letters":  `{"email":" Ada@Example.COM ","password":"Passw0rd!"}`,
			"a JSON address": `{"email":"ada@example.com","password":"Passw0rd!","sso_auth_token":""}`,
		} {
			if v := w.visit("POST", "/auth/sign_in.json", body); v.status != 200 {
				t.Errorf("%s: got %d %s", name, v.status, v.body)
			}
		}
		if got := w.count(`SELECT sign_in_count FROM users WHERE id = $1`, w.admin); got != 4 {
			t.Errorf("%d sign-ins counted", got)
		}
		if got := w.count(`SELECT COUNT(*) FROM audits WHERE action = 'sign_in'`); got != 4 {
			t.Errorf("%d entries after failures", got)
		}

		w.exec(`UPDATE accounts SET status = 1`)
		if v := w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"Passw0rd!"}`); v.status != 200 {
			t.Errorf("of a suspended account: got %d %s", v.status, v.body)
		}
		w.exec(`UPDATE users SET confirmed_at = NULL WHERE id = $1`, w.admin)
		for _, password := range []string{"Passw0rd!", "wrong"} {
			v := w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"`+password+`"}`)
			text, _ := v.field("errors", 0).(string)
			if v.status != 401 || v.field("success") != false || !strings.Contains(text, "ada@example.com") {
				t.Errorf("unconfirmed: got %d %s", v.status, v.body)
			}
		}
		w.exec(`UPDATE users SET confirmed_at = 1, provider = 'saml' WHERE id = $1`, w.admin)
		v := w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"Passw0rd!","mfa_token":"x"}`)
		if v.status != 401 || v.field("success") != false || v.field("message") == nil || v.field("message") != v.field("errors", 0) {
			t.Errorf("SAML: got %d %s", v.status, v.body)
		}
	})
}

func TestSingleSignOn(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		first, err := w.desk.NewSSOToken(ctx, w.admin)
		w.must(err)
		second, err := w.desk.NewSSOToken(ctx, w.admin)
		w.must(err)
		if len(first) != 64 || strings.Trim(first, "0123456789abcdef") != "" {
			t.Errorf("token %q", first)
		}
		// Neither confirmation nor second factor nor another way to sign in is asked for.
		w.exec(`UPDATE users SET confirmed_at = NULL, mfa_enabled = TRUE, provider = 'saml' WHERE id = $1`, w.admin)
		sso := func(email, token string) visited {
			return w.visit("POST", "/auth/sign_in", `{"email":"`+email+`","sso_auth_token":"`+token+`"}`)
		}
		sso("bo@example.com", first).want(401, badLogin)
		for _, token := range []string{second, first} {
			v := sso("ada@example.com", token)
			if v.status != 200 {
				t.Fatalf("got %d %s", v.status, v.body)
			}
			v.tokens()
			if again := sso("ada@example.com", token); again.status != 401 {
				t.Errorf("a second time: got %d %s", again.status, again.body)
			}
		}
		w.exec(`UPDATE users SET provider = 'email' WHERE id = $1`, w.admin)
		late, err := w.desk.NewSSOToken(ctx, w.admin)
		w.must(err)
		w.pass(5 * time.Minute)
		if v := sso("ada@example.com", late); v.status != 401 || v.field("success") != false {
			t.Errorf("after five minutes: got %d %s", v.status, v.body)
		}
	})
}

// A session works however it is sent, stays the same, and is told of in every
// answer.
func TestSessionTokens(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		in := w.signIn()
		token, client, uid := in.header.Get("access-token"), in.header.Get("client"), in.header.Get("uid")
		want := map[string]string{"access-token": token, "token-type": "Bearer", "client": client, "expiry": in.header.Get("expiry"), "uid": uid}
		text, err := json.Marshal(want)
		w.must(err)
		bearer := base64.StdEncoding.EncodeToString(text)
		query := url.Values{"access-token": {token}, "client": {client}, "uid": {uid}}.Encode()
		headers := in.tokens()
		for name, try := range map[string]struct {
			method, path, body string
			headers            []string
		}{
			"headers":          {"GET", "/api/v1/profile", "", headers},
			"in capitals":      {"GET", "/api/v1/profile", "", []string{"Access-Token: " + token, "CLIENT: " + client, "Uid: Ada@Example.com"}},
			"parameters":       {"GET", "/api/v1/profile?" + query, "", nil},
			"a form":           {"POST", "/api/v1/profile/resend_confirmation", query, nil},
			"JSON":             {"POST", "/api/v1/profile/resend_confirmation", string(text), nil},
			"a bearer":         {"GET", "/api/v1/profile", "", []string{"Authorization: Bearer " + bearer}},
			"a mixture":        {"GET", "/api/v1/profile?uid=" + url.QueryEscape(uid), "", []string{"access-token: " + token, "Authorization: bearer " + bearer}},
			"beside an empty":  {"GET", "/api/v1/profile", "", append(slices.Clone(headers), "api_access_token:  ")},
			"inside accounts":  {"GET", fmt.Sprintf("/api/v1/accounts/%d/inboxes", w.account), "", headers},
			"an account alone": {"GET", fmt.Sprintf("/api/v1/accounts/%d", w.account), "", headers},
		} {
			v := w.visit(try.method, try.path, try.body, try.headers...)
			if v.status != 200 {
				t.Errorf("%s: got %d %s", name, v.status, v.body)
				continue
			}
			got := map[string]string{}
			for _, h := range []string{"access-token", "client", "uid", "expiry", "token-type"} {
				got[h] = v.header.Get(h)
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s: headers %v, want %v", name, got, want)
			}
			told, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(v.header.Get("authorization"), "Bearer "))
			w.must(err)
			var tokens map[string]string
			if err := json.Unmarshal(told, &tokens); err != nil || !maps.Equal(tokens, want) {
				t.Errorf("%s: authorization %s", name, told)
			}
		}
		v := w.visit("GET", "/api/v1/accounts/999/inboxes", "", headers...)
		v.want(404, `{"error":"Resource could not be found"}`)
		v.without()
		v = w.visit("GET", "/api/v1/profile", "", "api_access_token: "+w.tokens["admin"])
		v.without()

		for name, h := range map[string][]string{
			"another token":         {"access-token: x", "client: " + client, "uid: " + uid},
			"another client":        {"access-token: " + token, "client: x", "uid: " + uid},
			"no client":             {"access-token: " + token, "uid: " + uid},
			"another user":          {"access-token: " + token, "client: " + client, "uid: bo@example.com"},
			"no user":               {"access-token: " + token, "client: " + client},
			"no token":              {"client: " + client, "uid: " + uid},
			"a bearer that is none": {"Authorization: Bearer " + token},
			"a cut bearer":          {"Authorization: Bearer " + bearer[:len(bearer)-5]},
			"another scheme":        {"Authorization: Basic " + bearer},
			"another case":          {"access-token: " + strings.ToUpper(token), "client: " + client, "uid: " + uid},
		} {
			v := w.visit("GET", "/api/v1/profile", "", h...)
			v.name = name
			v.want(401, textSignIn)
			v.without()
		}
		// The API token decides, whatever else is there.
		w.visit("GET", "/api/v1/profile", "", append(slices.Clone(headers), "api_access_token: nobody's")...).want(401, `{"error":"Invalid Access Token"}`)
		sdk := w.visit("GET", "/api/v1/profile", "", "Api-Access-Token: "+w.tokens["agent"], "Authorization: Bearer "+w.tokens["agent"])
		if sdk.status != 200 || sdk.field("email") != "bo@example.com" {
			t.Errorf("both: got %d %s", sdk.status, sdk.body)
		}

		w.pass(58 * 24 * time.Hour)
		if v := w.visit("GET", "/api/v1/profile", "", headers...); v.status != 200 {
			t.Errorf("the day before its end: got %d", v.status)
		}
		w.pass(24 * time.Hour)
		w.visit("GET", "/api/v1/profile", "", headers...).want(401, textSignIn)
	})
}

func TestManyDevices(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		first := w.signIn()
		var last visited
		for range 25 {
			last = w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"`+adaPassword+`"}`)
		}
		if got := w.count(`SELECT COUNT(*) FROM user_sessions WHERE user_id = $1`, w.admin); got != 25 {
			t.Errorf("%d sessions", got)
		}
		w.visit("GET", "/api/v1/profile", "", first.tokens()...).want(401, textSignIn)
		if v := w.visit("GET", "/api/v1/profile", "", last.tokens()...); v.status != 200 {
			t.Errorf("the newest: got %d", v.status)
		}
	})
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		one, other := w.signIn(), w.signIn()
		v := w.visit("DELETE", "/auth/sign_out", "", one.tokens()...)
		v.want(200, `{"success":true}`)
		v.without()
		v = w.visit("DELETE", "/auth/sign_out", "", one.tokens()...)
		if v.status != 404 || v.field("success") != false || v.field("errors", 0) == nil {
			t.Errorf("again: got %d %s", v.status, v.body)
		}
		if v := w.visit("DELETE", "/auth/sign_out", "", "api_access_token: "+w.tokens["admin"]); v.status != 404 {
			t.Errorf("with an API token: got %d %s", v.status, v.body)
		}
		w.visit("GET", "/api/v1/profile", "", one.tokens()...).want(401, textSignIn)
		if v := w.visit("GET", "/api/v1/profile", "", other.tokens()...); v.status != 200 {
			t.Errorf("the other device: got %d", v.status)
		}
		if got := w.count(`SELECT COUNT(*) FROM audits WHERE account_id = $1 AND action = 'sign_out'`, w.account); got != 1 {
			t.Errorf("%d entries in the audit log", got)
		}
	})
}

func TestValidateToken(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		in := w.signIn()
		v := w.visit("GET", "/auth/validate_token", "", in.tokens()...)
		me := v.object()
		created, _ := at(me, "payload", "data", "created_at").(string)
		if at(me, "payload", "success") != true || at(me, "payload", "data", "email") != "ada@example.com" || !strings.HasPrefix(created, "2025-01-31T10:00:00.") {
			t.Errorf("got %s", v.body)
		}
		if v.header.Get("access-token") != in.header.Get("access-token") {
			t.Error("the tokens are not told")
		}
		for _, headers := range [][]string{nil, {"api_access_token: " + w.tokens["admin"]}, {"access-token: x", "client: y", "uid: z"}} {
			w.visit("GET", "/auth/validate_token", "", headers...).want(401, `{"success":false,"errors":["Invalid login credentials"]}`)
		}
	})
}

func TestRedirectsOfOldPages(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const token = "?reset_password_token=a%2Bb&x=%20"
		for path, to := range map[string]string{
			"/auth/sign_in":                         "/app/login?error=access-denied",
			"/auth/password/new":                    "/app/auth/reset/password",
			"/auth/password/edit" + token:           "/app/auth/password/edit" + token,
			"/auth/password/edit":                   "/app/auth/password/edit",
			"/auth/confirmation?confirmation_token": "/app/auth/confirmation?confirmation_token",
			"/auth/confirmation/new?a=b":            "/app/auth/confirmation?a=b",
		} {
			v := w.visit("GET", path, "")
			if v.status != http.StatusFound || v.header.Get("Location") != publicURL+to {
				t.Errorf("%s: got %d %s", path, v.status, v.header.Get("Location"))
			}
		}
		for _, path := range []string{"/auth/sign_up", "/auth/edit", "/auth/cancel"} {
			w.visit("GET", path, "").want(404, `{"status":404,"error":"Not Found"}`)
		}
	})
}

func TestRegistration(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		v := w.visit("POST", "/auth", `{"email":"new@example.com","password":"Passw0rd!"}`)
		if v.status != 422 || v.field("status") != "error" || v.field("success") != false || v.field("errors", 0) == nil {
			t.Errorf("POST: got %d %s", v.status, v.body)
		}
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			w.visit(method, "/auth", `{"password":"x"}`).want(404, `{"status":"error","success":false,"errors":["User not found."]}`)
		}
		in := w.signIn()
		w.visit("DELETE", "/auth", "", in.tokens()...).want(404, `{"status":404,"error":"Not Found"}`)
		v = w.visit("PATCH", "/auth", `{"password":"short","password_confirmation":"other","current_password":"`+adaPassword+`"}`, in.tokens()...)
		if v.status != 422 || v.field("status") != "error" || v.field("errors", "password_confirmation", 0) != "doesn't match Password" ||
			v.field("errors", "password", 0) != "must contain at least 6 characters" || v.field("errors", "full_messages", 0) == nil {
			t.Errorf("got %d %s", v.status, v.body)
		}
		v = w.visit("PUT", "/auth", `{"password":"Passw0rd?","password_confirmation":"Passw0rd?","current_password":"wrong"}`, in.tokens()...)
		if v.status != 422 || v.field("errors", "current_password", 0) != "is invalid" {
			t.Errorf("got %d %s", v.status, v.body)
		}
		v = w.visit("PUT", "/auth", `{"password":"Passw0rd?","password_confirmation":"Passw0rd?","current_password":"`+adaPassword+`"}`, in.tokens()...)
		if v.status != 200 || v.field("status") != "success" || v.field("data", "email") != "ada@example.com" {
			t.Errorf("got %d %s", v.status, v.body)
		}
	})
}
