package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/channels"
	"tributary/desk"
	"tributary/store"
)

// google is a stand-in for Google: whoever comes is the person that it has.
type google struct {
	w      *world
	server *httptest.Server

	mu     sync.Mutex
	person map[string]any
	codes  map[string]string // redirect address by code
	asked  []url.Values
	deny   bool
	broken string // "token", "status", "user", "text"
}

func (w *world) newGoogle() *google {
	w.t.Helper()
	g := &google{w: w, person: map[string]any{"email": "bo@example.com", "email_verified": true}, codes: map[string]string{}}
	g.server = httptest.NewServer(g)
	w.t.Cleanup(g.server.Close)
	w.settings["GOOGLE_OAUTH_CLIENT_ID"], w.settings["GOOGLE_OAUTH_CLIENT_SECRET"] = "client", "s3cret"
	w.settings["GOOGLE_ACCOUNTS_URL"], w.settings["GOOGLE_API_URL"] = g.server.URL, g.server.URL+"/"
	return g
}

// ServeHTTP implements http.Handler.
func (g *google) ServeHTTP(out http.ResponseWriter, req *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	answer := func(v any) {
		out.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(out).Encode(v)
	}
	switch req.Method + " " + req.URL.Path {
	case "GET /o/oauth2/v2/auth":
		q := req.URL.Query()
		g.asked = append(g.asked, q)
		back := url.Values{"state": {q.Get("state")}}
		if q.Get("state") == "" {
			back.Del("state")
		}
		if g.deny {
			back.Set("error", "access_denied")
		} else {
			code := fmt.Sprintf("code-%d", len(g.asked))
			g.codes[code] = q.Get("redirect_uri")
			back.Set("code", code)
		}
		http.Redirect(out, req, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
	case "POST /token":
		to, known := g.codes[req.FormValue("code")]
		delete(g.codes, req.FormValue("code"))
		switch {
		case g.broken == "status":
			out.WriteHeader(http.StatusServiceUnavailable)
		case g.broken == "token":
			answer(map[string]string{})
		case !known || req.FormValue("client_id") != "client" || req.FormValue("client_secret") != "s3cret" ||
			req.FormValue("grant_type") != "authorization_code" || req.FormValue("redirect_uri") != to:
			out.Header().Set("Content-Type", "application/json")
			out.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(out, `{"error":"invalid_grant"}`)
		default:
			answer(map[string]any{"access_token": "t0k3n", "token_type": "Bearer", "expires_in": 3599})
		}
	case "GET /v1/userinfo":
		switch {
		case req.Header.Get("Authorization") != "Bearer t0k3n" || g.broken == "user":
			out.WriteHeader(http.StatusUnauthorized)
		case g.broken == "text":
			_, _ = io.WriteString(out, "<html>")
		default:
			answer(g.person)
		}
	case "GET /picture":
		_, _ = io.WriteString(out, g.w.picture(3, 3))
	case "GET /page":
		_, _ = io.WriteString(out, "<html>no picture</html>")
	default:
		out.WriteHeader(http.StatusNotFound)
	}
}

// set changes what Google says.
func (g *google) set(f func(*google)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(g)
}

// link is the way of the dashboard, which goes to Google by itself.
func (g *google) link() string {
	return g.server.URL + "/o/oauth2/v2/auth?client_id=client&response_type=code&scope=email+profile&redirect_uri=" + url.QueryEscape(publicURL+"/omniauth/google_oauth2/callback")
}

// known are users, whom Google signs in.
func TestGoogleLogin(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		g := w.newGoogle()
		w.exec(`UPDATE users SET confirmed_at = NULL WHERE id = $1`, w.agent)
		b := w.surfer()
		page := b.open("GET", g.link(), nil)
		w.eq("the way", b.path(), `GET /o/oauth2/v2/auth 302
GET /omniauth/google_oauth2/callback 307
GET /auth/google_oauth2/callback 302`)
		user := w.entered(page, "bo@example.com")
		if id(user["id"]) != w.agent || user["provider"] != "email" || user["confirmed"] != true {
			t.Errorf("user %v", user)
		}
		if len(b.cookies) != 0 {
			t.Errorf("cookies %v", b.cookies)
		}
		// By our own start, there is a state.
		for _, method := range []string{"GET", "POST"} {
			w.entered(b.open(method, publicURL+"/auth/google_oauth2?a=b", nil), "bo@example.com")
			w.eq("the way", b.path(), method+` /auth/google_oauth2 307
`+method+` /omniauth/google_oauth2 302
GET /o/oauth2/v2/auth 302
GET /omniauth/google_oauth2/callback 307
GET /auth/google_oauth2/callback 302`)
			if len(b.cookies) != 0 {
				t.Errorf("cookies %v", b.cookies)
			}
		}
		asked := g.asked[len(g.asked)-1]
		if len(asked.Get("state")) < 32 || asked.Get("state") == g.asked[len(g.asked)-2].Get("state") || asked.Get("response_type") != "code" ||
			asked.Get("client_id") != "client" || asked.Get("scope") != "openid email profile" || asked.Get("redirect_uri") != publicURL+"/omniauth/google_oauth2/callback" {
			t.Errorf("asked %v", asked)
		}
		v := w.visit("POST", "/auth/google_oauth2?x=%2B&y", "")
		if v.status != 307 || v.header.Get("Location") != "/omniauth/google_oauth2?x=%2B&y&resource_class=User" {
			t.Errorf("got %d %s", v.status, v.header.Get("Location"))
		}
		v = w.visit("GET", "/auth/google_oauth2", "")
		if v.status != 307 || v.header.Get("Location") != "/omniauth/google_oauth2?resource_class=User" {
			t.Errorf("got %d %s", v.status, v.header.Get("Location"))
		}
		w.settings["GOOGLE_OAUTH_CALLBACK_URL"] = "https://desk.example/omniauth/google_oauth2/callback?x=y"
		v = w.visit("POST", "/omniauth/google_oauth2", "")
		if to, _ := url.Parse(v.header.Get("Location")); v.status != 302 || to.Query().Get("redirect_uri") != w.settings["GOOGLE_OAUTH_CALLBACK_URL"] {
			t.Errorf("got %d %s", v.status, v.header.Get("Location"))
		}
	})
}

func TestGoogleRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		g := w.newGoogle()
		failed := func(what, page, message string, b *surfer) {
			t.Helper()
			last := b.steps[len(b.steps)-1]
			if !strings.Contains(page, "<p>"+message+"</p>") || last != "GET /omniauth/failure 200" {
				t.Errorf("%s: %s %s", what, page, b.path())
			}
		}
		b := w.surfer()
		g.set(func(g *google) { g.deny = true })
		failed("denied", b.open("GET", g.link(), nil), "access_denied", b)
		g.set(func(g *google) { g.deny = false })
		for _, broken := range []string{"token", "status", "user", "text"} {
			g.set(func(g *google) { g.broken = broken })
			failed(broken, b.open("GET", g.link(), nil), "invalid_credentials", b)
		}
		g.set(func(g *google) { g.broken = "" })
		const back = publicURL + "/omniauth/google_oauth2/callback"
		failed("no code", b.open("GET", back, nil), "invalid_credentials", b)
		failed("a made up code", b.open("GET", back+"?code=x", nil), "invalid_credentials", b)

		// A state is one that this browser was given.
		failed("a made up state", b.open("GET", back+"?code=x&state=y", nil), "csrf_detected", b)
		b.stop = func(address string) bool { return strings.Contains(address, "/omniauth/google_oauth2/callback?") }
		answer := b.open("GET", publicURL+"/auth/google_oauth2", nil)
		b.stop = nil
		other := w.surfer()
		failed("in another browser", other.open("GET", answer, nil), "csrf_detected", other)
		waiting := b.cookies["__Host-tributary_sign_in"]
		u, err := url.Parse(answer)
		w.must(err)
		failed("without the state", b.open("GET", back+"?code="+u.Query().Get("code"), nil), "csrf_detected", b)
		b.cookies["__Host-tributary_sign_in"] = waiting
		w.pass(16 * time.Minute)
		failed("late", b.open("GET", answer, nil), "csrf_detected", b)

		refused := func(what, reason string, person map[string]any) {
			t.Helper()
			g.set(func(g *google) { g.person = person })
			w.eq(what, w.surfer().open("GET", g.link(), nil), publicURL+"/app/login?error="+reason)
		}
		refused("unknown", "no-account-found", map[string]any{"email": "new@shop.example", "email_verified": true})
		refused("no address", "no-account-found", map[string]any{})
		refused("an address that is not proven", "no-account-found", map[string]any{"email": "bo@example.com", "email_verified": false})
		refused("an address that may be proven", "no-account-found", map[string]any{"email": "bo@example.com"})
		w.exec(`UPDATE users SET provider = 'saml' WHERE id = $1`, w.agent)
		refused("who signs in elsewhere", "saml-authentication-failed", map[string]any{"email": "bo@example.com", "email_verified": true})
		w.settings["ENABLE_ACCOUNT_SIGNUP"], w.settings["BLOCKED_EMAIL_DOMAINS"] = "true", "rival"
		for _, email := range []string{"", "x", "x@y", "eva@mailinator.com", "eva@rival.example", "a\x00b@shop.example", strings.Repeat("x", 3000) + "@shop.example"} {
			refused(email, "business-account-only", map[string]any{"email": email, "email_verified": true})
		}
		if n := w.count(`SELECT COUNT(*) FROM accounts`); n != 3 {
			t.Errorf("%d accounts", n)
		}
		v := w.visit("GET", "/auth/google_oauth2/callback", "")
		if v.status != 302 || v.header.Get("Location") != publicURL+"/app/login?error=access-denied" {
			t.Errorf("nobody was there: %d %s", v.status, v.header.Get("Location"))
		}
		g.server.Close()
		failed("Google is away", b.open("GET", back+"?code=x", nil), "invalid_credentials", b)
	})
}

var setupPage = publicURL + "/app/auth/password/edit?config=default&reset_password_token="

func TestGoogleSignUp(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		g := w.newGoogle()
		w.settings["ENABLE_ACCOUNT_SIGNUP"] = "true"
		open := func(person map[string]any) string {
			t.Helper()
			g.set(func(g *google) { g.person = person })
			page := w.surfer().open("GET", g.link(), nil)
			token, ok := strings.CutPrefix(page, setupPage)
			if !ok || len(token) < 20 {
				t.Fatalf("page %s", page)
			}
			return token
		}
		token := open(map[string]any{"email": "Eva@Eu.Shop.co.uk", "email_verified": true, "name": " Eva L ", "picture": g.server.URL + "/picture"})
		v := w.visit("PUT", "/auth/password", `{"reset_password_token":"`+token+`","password":"Passw0rd!"}`)
		user, _ := v.object()["data"].(map[string]any)
		compare(t, "user", user, `{"name":"Eva L","email":"eva@eu.shop.co.uk","provider":"email","confirmed":true,"role":"administrator","avatar_url":""}`)
		compare(t, "account", at(user, "accounts", 0).(map[string]any), `{"name":"eu.shop","role":"administrator"}`)
		v.tokens()
		w.visit("PUT", "/auth/password", `{"reset_password_token":"`+token+`","password":"Passw0rd!"}`).want(422, `{"message":"Invalid token","redirect_url":"/"}`)
		if n := w.count(`SELECT COUNT(*) FROM outbox WHERE kind IN ('account.created', 'agent.added') AND account_id = $1`, id(user["account_id"])); n != 2 {
			t.Errorf("%d events", n)
		}
		if n := len(w.heldMails()); n != 0 {
			t.Errorf("%d mails", n)
		}
		w.media()
		me := w.visit("GET", "/api/v1/profile", "", v.tokens()...).object()
		avatar, _ := me["avatar_url"].(string)
		if got := w.served(avatar); got.status != 200 {
			t.Errorf("picture %q: %d", avatar, got.status)
		}
		// Now she is known.
		w.entered(w.surfer().open("GET", g.link(), nil), "eva@eu.shop.co.uk")

		// Of an address that is not proven, the token proves nothing: a mail has to.
		token = open(map[string]any{"email": "fay@shop.example", "email_verified": "false", "picture": g.server.URL + "/page"})
		v = w.visit("PUT", "/auth/password", `{"reset_password_token":"`+token+`","password":"Passw0rd!"}`)
		user, _ = v.object()["data"].(map[string]any)
		compare(t, "user", user, `{"name":"fay","confirmed":false}`)
		compare(t, "account", at(user, "accounts", 0).(map[string]any), `{"name":"shop"}`)
		if m := w.mail(1); m.To != "fay@shop.example" || m.Kind != "confirmation" {
			t.Errorf("mail %+v", m)
		}
		w.media()
		if n := w.count(`SELECT COUNT(*) FROM users WHERE avatar_blob_id IS NOT NULL`); n != 1 {
			t.Errorf("%d pictures", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM blobs`); n != 1 {
			t.Errorf("%d files", n)
		}
		token = open(map[string]any{"email": "gil@shop.example", "email_verified": "true", "picture": g.server.URL + "/gone", "name": strings.Repeat("💡", 500)})
		w.pass(7 * time.Hour)
		w.visit("PUT", "/auth/password", `{"reset_password_token":"`+token+`","password":"Passw0rd!"}`).want(422, `{"message":"Invalid token","redirect_url":"/"}`)
		open(map[string]any{"email": "hal@shop.example", "email_verified": true, "picture": strings.Repeat("x", 5000)})
		w.media()
	})
}

// media runs the downloads that wait, until there are none.
func (w *world) media() {
	w.t.Helper()
	env := &channels.Env{
		Setting: w.setting, PublicURL: publicURL, HTTP: w.providers.Client(), Guarded: w.providers.Client(), Now: w.desk.Now, Log: slog.New(slog.DiscardHandler),
	}
	handlers := desk.NewFetcher(w.desk, env, 0).Handlers()
	for {
		jobs, err := w.store.ClaimJobs(w.t.Context(), store.LaneMedia, "test", time.Minute, 10)
		w.must(err)
		if len(jobs) == 0 {
			return
		}
		for _, j := range jobs {
			if err := handlers[j.Kind](w.t.Context(), j); err != nil {
				w.t.Logf("%s: %v", j.Kind, err)
			}
			w.must(w.store.FinishJob(context.WithoutCancel(w.t.Context()), j.ID))
		}
	}
}

func TestFailurePage(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		for _, path := range []string{"/auth/failure", "/omniauth/failure"} {
			v := w.visit("GET", path+"?message=%3Cscript%3Ealert(1)%3C%2Fscript%3E&strategy=saml", "")
			if v.status != 200 || v.header.Get("Content-Type") != "text/html; charset=utf-8" || strings.Contains(v.body, "<script") ||
				!strings.Contains(v.body, "&lt;script&gt;alert(1)&lt;/script&gt;") || v.header.Get("Content-Security-Policy") == "" {
				t.Errorf("%s: %d %s", path, v.status, v.body)
			}
			v = w.visit("POST", path, "message=timeout")
			if v.status != 200 || !strings.Contains(v.body, "<p>timeout</p>") {
				t.Errorf("%s: %d %s", path, v.status, v.body)
			}
			v = w.visit("GET", path, "")
			if v.status != 200 || !strings.Contains(v.body, "<p></p>") {
				t.Errorf("%s: %d %s", path, v.status, v.body)
			}
			if v := w.visit("GET", path+"?message="+strings.Repeat("x", 5000), ""); len(v.body) > 1000 {
				t.Errorf("%s: %d bytes", path, len(v.body))
			}
		}
	})
}

// Whatever is sent, the server does not fail.
func TestOmniauthOddInput(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.singleSignOn()
		w.newGoogle()
		values := []string{`null`, `""`, `"x"`, `-1`, `1.5`, `99999999999999999999`, `true`, `[]`, `[[1]]`, `{}`, `{"a":1}`, `["\u0000"]`, `"\ud800"`, `"PHg+"`}
		for _, path := range []string{
			"/api/v1/auth/saml_login", "/auth/saml", "/omniauth/saml", "/omniauth/saml/callback", "/auth/saml/callback", "/auth/google_oauth2",
			"/omniauth/google_oauth2", "/omniauth/google_oauth2/callback", "/auth/google_oauth2/callback", "/auth/failure", "/omniauth/failure", "/auth/%00", "/auth/%ff/callback",
		} {
			for _, v := range values {
				for _, field := range []string{"email", "account_id", "code", "state", "error", "SAMLResponse", "RelayState", "message", "provider"} {
					body := fmt.Sprintf(`{%q:%s,"account_id":%d}`, field, v, w.account)
					if field == "account_id" {
						body = fmt.Sprintf(`{%q:%s}`, field, v)
					}
					if a := w.visit("POST", path, body); a.status >= 500 {
						t.Errorf("%s %s: %d %s", a.name, body, a.status, a.body)
					}
				}
			}
			for _, query := range []string{"%", "a=%zz", "account_id[]=1", "account_id=1%00", "code[a]=x", "%0d%0aX:%20y", "SAMLResponse=%ff"} {
				if a := w.visit("GET", path+"?"+query, ""); a.status >= 500 {
					t.Errorf("%s: %d %s", a.name, a.status, a.body)
				}
			}
		}
	})
}
