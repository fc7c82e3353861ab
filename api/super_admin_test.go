package api_test

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"tributary/store"
)

// browser keeps cookies, as browsers do, and sends forms.
type browser struct {
	w       *world
	cookies map[string]string
	csrf    string
}

func (w *world) browser() *browser { return &browser{w: w, cookies: map[string]string{}} }

var csrfPattern = regexp.MustCompile(`name="authenticity_token" value="([^"]+)"`)

// do sends a request, notes the cookies and the proof in the forms of the answer.
func (b *browser) do(method, path, body string, headers ...string) visited {
	b.w.t.Helper()
	var all []string
	for name, value := range b.cookies {
		all = append(all, name+"="+value)
	}
	if len(all) > 0 {
		headers = append(headers, "Cookie: "+strings.Join(all, "; "))
	}
	v := b.w.visit(method, path, body, headers...)
	for _, c := range (&http.Response{Header: v.header}).Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c.Value
	}
	if m := csrfPattern.FindStringSubmatch(v.body); m != nil {
		b.csrf = m[1]
	}
	return v
}

func (b *browser) get(path string) visited {
	b.w.t.Helper()
	return b.do("GET", path, "")
}

// post sends a form with the proof; fields are "name", "value", ….
func (b *browser) post(path string, fields ...string) visited {
	b.w.t.Helper()
	form := url.Values{"authenticity_token": {b.csrf}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.do("POST", path, form.Encode())
}

// enter signs Ada in to the console, who is a super admin then.
func (b *browser) enter() {
	b.w.t.Helper()
	b.w.password(b.w.admin, adaPassword)
	b.w.exec(`UPDATE users SET type = 'SuperAdmin' WHERE id = $1`, b.w.admin)
	b.get("/super_admin/sign_in")
	b.post("/super_admin/sign_in", "super_admin[email]", "ada@example.com", "super_admin[password]", adaPassword).leads("/super_admin/users")
	b.shows("/super_admin/users", "Users")
	b.shows("/super_admin/platform_apps", "Platform apps") // with a form, and so with its proof
}

// leads fails unless the answer sends the browser there.
func (v visited) leads(to string) {
	v.t.Helper()
	if v.status != http.StatusFound || v.header.Get("Location") != to || v.body != "" {
		v.t.Errorf("%s: got %d to %q %s, want 302 to %q", v.name, v.status, v.header.Get("Location"), v.body, to)
	}
}

// shows fetches a page and fails unless it has these texts.
func (b *browser) shows(path string, texts ...string) visited {
	b.w.t.Helper()
	v := b.get(path)
	if v.status != http.StatusOK {
		b.w.t.Errorf("%s: %d %s", v.name, v.status, v.body)
	}
	v.has(texts...)
	return v
}

// page is what people read of it.
func (v visited) page() string {
	text := html.UnescapeString(v.body)
	return text[strings.Index(text, "</style>")+1:]
}

func (v visited) has(texts ...string) {
	v.t.Helper()
	page := v.page()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			v.t.Errorf("%s: no %q in\n%s", v.name, text, page)
		}
	}
}

func (v visited) lacks(texts ...string) {
	v.t.Helper()
	page := v.page()
	for _, text := range texts {
		if strings.Contains(page, text) {
			v.t.Errorf("%s: %q in\n%s", v.name, text, page)
		}
	}
}

const consoleInvalid = "Invalid credentials. Please try again."

func TestConsoleNeedsSignIn(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		id := fmt.Sprint(w.admin)
		paths := [][2]string{
			{"GET", "/super_admin"},
			{"GET", "/super_admin/mails"},
			{"GET", "/super_admin/mails/1"},
			{"GET", "/super_admin/mails/1/html"},
			{"GET", "/super_admin/platform_apps"},
			{"POST", "/super_admin/platform_apps"},
			{"GET", "/super_admin/platform_apps/1"},
			{"POST", "/super_admin/platform_apps/1"},
			{"PATCH", "/super_admin/platform_apps/1"},
			{"PUT", "/super_admin/platform_apps/1"},
			{"DELETE", "/super_admin/platform_apps/1"},
			{"GET", "/super_admin/users"},
			{"GET", "/super_admin/users/" + id},
			{"POST", "/super_admin/users/" + id},
			{"PATCH", "/super_admin/users/" + id},
			{"PUT", "/super_admin/users/" + id},
			{"POST", "/super_admin/users/" + id + "/impersonate"},
			{"GET", "/super_admin/accounts"},
			{"GET", "/super_admin/accounts/1"},
			{"POST", "/super_admin/accounts/1"},
			{"PATCH", "/super_admin/accounts/1"},
			{"PUT", "/super_admin/accounts/1"},
		}
		b := w.browser()
		b.enter()
		good := b.cookies["_chatwoot_session"]
		session := w.signIn().tokens()
		token := "api_access_token: " + w.tokens["admin"]
		for _, p := range paths {
			w.visit(p[0], p[1], "").leads("/super_admin/sign_in")
			w.visit(p[0], p[1], "", token).leads("/super_admin/sign_in")
			w.visit(p[0], p[1], "", session...).leads("/super_admin/sign_in")
			for _, forged := range []string{"", "x", good + "x", "x" + good, strings.ToLower(good), good[:len(good)/2]} {
				w.visit(p[0], p[1], "", "Cookie: _chatwoot_session="+forged).leads("/super_admin/sign_in")
			}
		}
		if v := w.visit("GET", "/api/v1/profile", "", "Cookie: _chatwoot_session="+good); v.status != 401 {
			t.Errorf("the cookie outside the console: %d", v.status)
		}
	})
}

func TestConsoleSignIn(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.password(w.admin, adaPassword)
		w.password(w.agent, adaPassword)
		w.exec(`UPDATE users SET type = 'SuperAdmin' WHERE id = $1`, w.admin)
		b := w.browser()
		page := b.shows("/super_admin/sign_in", "Operators’ console", "Sign in")
		page.lacks(`aria-label="Console"`, "Create the first one")
		first := page.header.Get("Set-Cookie")
		if !strings.Contains(first, "; HttpOnly; Secure; SameSite=Lax") || !strings.Contains(first, "Path=/;") || strings.Contains(first, "Max-Age") {
			t.Errorf("cookie: %s", first)
		}
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Content-Type": "text/html; charset=utf-8",
			"X-Content-Type-Options": "nosniff",
		} {
			if got := page.header.Get(header); got != want {
				t.Errorf("%s: %q", header, got)
			}
		}
		policy := page.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script") ||
			!strings.Contains(policy, "form-action 'self' https://desk.example;") {
			t.Errorf("policy: %s", policy)
		}
		page.lacks("<script", "style=\"", "http://")
		if strings.Count(page.body, "<style>") != 1 || strings.Contains(page.body, "url(") {
			t.Error("the style loads something")
		}

		try := func(email, password string) visited {
			return b.post("/super_admin/sign_in", "super_admin[email]", email, "super_admin[password]", password)
		}
		w.exec(`UPDATE users SET type = 'SuperAdmin', confirmed_at = NULL WHERE id = $1`, w.stranger)
		w.password(w.stranger, adaPassword)
		for _, who := range [][2]string{
			{"ada@example.com", "wrong"},
			{"ada@example.com", ""},
			{"", ""},
			{"bo@example.com", adaPassword},
			{"no@example.com", adaPassword},
			{"di@example.com", adaPassword},
		} {
			try(who[0], who[1]).leads("/super_admin/sign_in")
			b.shows("/super_admin/sign_in", consoleInvalid)
			b.shows("/super_admin/sign_in").lacks(consoleInvalid)
		}
		proof := b.csrf
		for _, forged := range []string{"", "x", proof + "x"} {
			b.csrf = forged
			try("ada@example.com", adaPassword).leads("/super_admin/sign_in")
			b.shows("/super_admin/sign_in", "The form had expired. Please try again.")
		}
		anonymous := b.cookies["_chatwoot_session"]
		in := try(" ADA@example.com", adaPassword)
		in.leads("/super_admin/users")
		cookie := in.header.Get("Set-Cookie")
		if b.cookies["_chatwoot_session"] == anonymous || !strings.Contains(cookie, "Max-Age=43") || !strings.Contains(cookie, "; HttpOnly; Secure; SameSite=Lax") {
			t.Errorf("cookie: %s", cookie)
		}
		b.shows("/super_admin", "Overview", "ada@example.com", "Sign out")
		if n := w.count(`SELECT COUNT(*) FROM audits WHERE action = 'sign_in' AND user_id = $1`, w.admin); n != 1 {
			t.Errorf("%d sign-ins in the audit log", n)
		}
		stolen := &browser{w: w, cookies: map[string]string{"_chatwoot_session": b.cookies["_chatwoot_session"]}}
		stolen.shows("/super_admin", "Overview")
		b.get("/super_admin/sign_out").leads("/")
		if len(b.cookies) != 0 {
			t.Errorf("cookies after the sign-out: %v", b.cookies)
		}
		stolen.get("/super_admin").leads("/super_admin/sign_in")
		w.visit("GET", "/super_admin/logout", "").leads("/")
	})
}

func TestConsoleSessionsEnd(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		b := w.browser()
		over := func(what string) {
			t.Helper()
			if v := b.get("/super_admin"); v.status != 302 {
				t.Errorf("%s: %d", what, v.status)
			}
		}
		b.enter()
		w.pass(12*time.Hour - time.Minute)
		b.shows("/super_admin")
		w.pass(time.Minute)
		over("after twelve hours")
		b = w.browser()
		b.enter()
		w.exec(`UPDATE users SET type = NULL WHERE id = $1`, w.admin)
		over("no super admin any more")
		b = w.browser()
		b.enter()
		session := w.signIn().tokens()
		if v := w.visit("PUT", "/api/v1/profile", `{"profile":{"current_password":"`+adaPassword+`","password":"0ther-Pass","password_confirmation":"0ther-Pass"}}`, session...); v.status != 200 {
			t.Fatalf("password: %d %s", v.status, v.body)
		}
		over("another password")
	})
}

func TestConsoleSecondFactor(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.exec(`UPDATE users SET type = 'SuperAdmin' WHERE id = $1`, w.admin)
		secret, codes := w.secondFactor(w.signIn().tokens())
		field := regexp.MustCompile(`name="super_admin\[mfa_token\]" value="([^"]+)"`)
		b := w.browser()
		begin := func() string {
			t.Helper()
			b.get("/super_admin/sign_in")
			v := b.post("/super_admin/sign_in", "super_admin[email]", "ada@example.com", "super_admin[password]", adaPassword)
			m := field.FindStringSubmatch(v.body)
			if v.status != 200 || m == nil {
				t.Fatalf("first step: %d %s", v.status, v.body)
			}
			return html.UnescapeString(m[1])
		}
		second := func(token, email, field, code string) visited {
			return b.post("/super_admin/sign_in", "super_admin[email]", email, "super_admin[mfa_token]", token, "super_admin["+field+"]", code)
		}
		token := begin()
		b.get("/super_admin").leads("/super_admin/sign_in")
		for _, code := range []string{"", "000000", "x"} {
			if v := second(token, "ada@example.com", "otp_code", code); v.status != 422 {
				t.Errorf("code %q: %d", code, v.status)
			} else {
				v.has("The code is not valid. Please try again.", token)
			}
		}
		w.pass(time.Minute)
		code := w.code(secret, 0)
		second(token, "bo@example.com", "otp_code", code).leads("/super_admin/sign_in")
		second("x", "ada@example.com", "otp_code", code).leads("/super_admin/sign_in")
		second(token, "ada@example.com", "otp_code", code).leads("/super_admin/users")
		b.shows("/super_admin", "Overview")
		b.get("/super_admin/sign_in")
		if v := second(token, "ada@example.com", "otp_code", code); v.status != 422 {
			t.Errorf("a code twice: %d", v.status)
		}
		b = w.browser()
		backup := fmt.Sprint(codes[0])
		second(begin(), "ada@example.com", "backup_code", backup).leads("/super_admin/users")
		if v := second(begin(), "ada@example.com", "backup_code", backup); v.status != 422 {
			t.Errorf("a backup code twice: %d", v.status)
		}
		token = begin()
		w.pass(6 * time.Minute)
		second(token, "ada@example.com", "otp_code", w.code(secret, 0)).leads("/super_admin/sign_in")
		w.exec(`UPDATE users SET type = NULL WHERE id = $1`, w.admin)
		b.get("/super_admin/sign_in")
		b.post("/super_admin/sign_in", "super_admin[email]", "ada@example.com", "super_admin[password]", adaPassword).leads("/super_admin/sign_in")
	})
}

func TestConsoleMails(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.enter()
		b.shows("/super_admin/mails", "No mail is held.")
		w.call("admin", "POST", "{A}/agents", `{"email":"eva@shop.example","name":"Eva <b>"}`).object()
		m := w.mail(1)
		path := fmt.Sprintf("/super_admin/mails/%d", m.ID)
		b.shows("/super_admin/mails", m.Subject, "eva@shop.example", "invitation", `href="`+path+`"`).lacks("reset_password_token")
		link := linkPattern.FindString(m.Text)
		page := b.shows(path, m.Subject, "eva@shop.example", `<a href="`+link+`" target="_blank" rel="noopener noreferrer">`,
			`src="`+path+`/html" sandbox="allow-popups allow-popups-to-escape-sandbox"`)
		if got := page.header.Get("Content-Security-Policy"); !strings.Contains(got, "frame-src 'self'") {
			t.Errorf("policy: %s", got)
		}
		inner := b.shows(path+"/html", `<head><base target="_blank">`, link)
		if strings.Contains(inner.body, "<b>") {
			t.Error("a name is read as HTML")
		}
		if p := inner.header.Get("Content-Security-Policy"); !strings.Contains(p, "sandbox allow-popups") || !strings.Contains(p, "default-src 'none'") ||
			strings.Contains(p, "script") || inner.header.Get("X-Frame-Options") != "SAMEORIGIN" {
			t.Errorf("policy of the mail: %s", p)
		}
		for _, missing := range []string{"/super_admin/mails/99", "/super_admin/mails/99/html"} {
			if v := b.get(missing); v.status != 404 {
				t.Errorf("%s: %d", missing, v.status)
			} else {
				v.has("There is no such record")
			}
		}
		w.must(w.store.Transact(t.Context(), func(tx *store.Tx) error {
			for i := range 60 {
				if err := tx.HoldMail(t.Context(), store.HeldMail{Kind: "k", To: "x@y.example", Subject: fmt.Sprintf("Mail <%d>", i), Text: "only text"}); err != nil {
					return err
				}
			}
			return nil
		}))
		list := b.shows("/super_admin/mails", "Mail <59>", "Mail <10>", "Older mails")
		list.lacks("Mail <9>")
		next := regexp.MustCompile(`/super_admin/mails\?before=\d+`).FindString(list.body)
		b.shows(next, "Mail <9>", m.Subject).lacks("Mail <10>", "Older mails")
		b.shows("/super_admin/mails/61", "only text").lacks("<iframe")
		if v := b.get("/super_admin/mails/61/html"); v.status != 404 {
			t.Errorf("no page: %d", v.status)
		}
		if v := b.get("/super_admin/mails?before=x"); v.status != 422 {
			t.Errorf("an odd place: %d", v.status)
		}
	})
}

func TestConsoleApps(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.enter()
		made := b.post("/super_admin/platform_apps", "platform_app[name]", "Billing <1>")
		path := made.header.Get("Location")
		made.leads(path)
		if strings.Contains(fmt.Sprint(b.cookies), "Billing") {
			t.Error("the token's way can be read")
		}
		page := b.shows(path, "The app was created.", "Billing <1>", "It is shown this once.")
		token := regexp.MustCompile(`<code class="secret">([^<]+)</code>`).FindStringSubmatch(page.body)
		if token == nil {
			t.Fatal("no token")
		}
		w.tokens["new"] = token[1]
		w.call("new", "GET", "/platform/api/v1/accounts", "").want(200, "[]")
		b.shows(path).lacks(token[1], "It is shown this once.")
		b.shows("/super_admin/platform_apps", "Billing <1>", `href="`+path+`"`)
		b.post("/super_admin/platform_apps", "platform_app[name]", " ").leads("/super_admin/platform_apps")
		b.shows("/super_admin/platform_apps", "Name can't be blank")
		b.post(path, "_method", "patch", "platform_app[name]", "CRM").leads(path)
		b.shows(path, "The app was renamed.", "CRM")
		b.post(path, "_method", "put", "platform_app[name]", strings.Repeat("x", 256)).leads(path)
		b.shows(path, "Name is too long (maximum is 255 characters)", "CRM")
		if v := b.post(path, "_method", "fly"); v.status != 404 {
			t.Errorf("an odd method: %d", v.status)
		}
		proof := b.csrf
		b.csrf = "x"
		for _, v := range []visited{
			b.post("/super_admin/platform_apps", "platform_app[name]", "x"), b.post(path, "_method", "delete"), b.post(path, "_method", "patch", "platform_app[name]", "x"),
			b.do("DELETE", path, ""), b.do("PATCH", path, "platform_app[name]=x"),
		} {
			if v.status != 302 {
				t.Errorf("%s without a proof: %d", v.name, v.status)
			}
		}
		b.csrf = proof
		b.shows(path, "CRM", "The form had expired.")
		b.post(path, "_method", "delete").leads("/super_admin/platform_apps")
		b.shows("/super_admin/platform_apps", "The app was deleted.").lacks("CRM")
		w.call("new", "GET", "/platform/api/v1/accounts", "").want(401, badAppText)
		for _, v := range []visited{b.get(path), b.post(path, "_method", "delete"), b.post(path, "_method", "patch", "platform_app[name]", "x")} {
			if v.status != 404 {
				t.Errorf("%s of none: %d", v.name, v.status)
			}
		}
	})
}

func TestConsoleUsers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.enter()
		b.shows("/super_admin/users", "ada@example.com", "bo@example.com", "super admin")
		b.shows("/super_admin/users?search=BO%40", "bo@example.com").lacks("di@example.com")
		b.shows("/super_admin/users?search=super_admin%3A", "ada@example.com").lacks("bo@example.com")
		b.shows("/super_admin/users?search=nobody", "Nobody is found.")
		for i := range 25 {
			w.exec(`INSERT INTO users (email, name, pubsub_token, created_at, updated_at) VALUES ($1, 'x', $1, 1, 1)`, fmt.Sprintf("u%d@example.com", i))
		}
		first := b.shows("/super_admin/users", "u24@example.com", "u5@example.com", "Older")
		first.lacks("u4@example.com", "Newer")
		b.shows("/super_admin/users?_page=2", "u4@example.com", "ada@example.com", "Newer", "/super_admin/users?_page=1&search=").lacks("Older", "u5@example.com")

		path := fmt.Sprintf("/super_admin/users/%d", w.agent)
		b.shows(path, "bo@example.com", "Acme", "agent", "password")
		w.exec(`UPDATE users SET confirmed_at = NULL WHERE id = $1`, w.agent)
		b.shows(path, "unconfirmed", "Confirm the e-mail address")
		b.post(path, "_method", "patch", "user[confirmed_at]", "now").leads(path)
		b.shows(path, "The user was saved.").lacks("unconfirmed")
		b.post(path, "_method", "patch", "user[name]", "Bob <x>", "user[display_name]", "B", "user[email]", "bob@example.com", "user[password]", "0ther-Pass", "user[type]", "SuperAdmin").leads(path)
		b.shows(path, "Bob <x>", "bob@example.com", `value="SuperAdmin" selected`)
		if v := w.visit("POST", "/auth/sign_in", `{"email":"bob@example.com","password":"0ther-Pass"}`); v.status != 200 {
			t.Errorf("sign-in: %d %s", v.status, v.body)
		}
		for alert, fields := range map[string][]string{
			"Email has already been taken":            {"user[email]", "di@example.com"},
			"Email is invalid, Email is not an email": {"user[email]", "x"},
			"Type is not included in the list":        {"user[type]", "King"},
			"Password must contain at least 6":        {"user[password]", "x"},
		} {
			b.post(path, append([]string{"_method", "patch"}, fields...)...).leads(path)
			b.shows(path, alert, "bob@example.com")
		}
		b.post(path, "_method", "patch", "user[type]", "").leads(path)
		if w.text(`SELECT COALESCE(type, '-') FROM users WHERE id = $1`, w.agent) != "-" {
			t.Error("still a super admin")
		}
		own := fmt.Sprintf("/super_admin/users/%d", w.admin)
		b.post(own, "_method", "patch", "user[type]", "").leads(own)
		b.shows(own, "You cannot take the type from yourself")

		open := b.post(path + "/impersonate")
		location, err := url.Parse(open.header.Get("Location"))
		w.must(err)
		q := location.Query()
		if open.status != 302 || !strings.HasPrefix(open.header.Get("Location"), publicURL+"/app/login?email=bob%40example.com&sso_auth_token=") || q.Get("impersonation") != "true" {
			t.Errorf("impersonate: %d %s", open.status, location)
		}
		if v := w.visit("POST", "/auth/sign_in", fmt.Sprintf(`{"email":"bob@example.com","sso_auth_token":%q}`, q.Get("sso_auth_token"))); v.status != 200 {
			t.Errorf("as somebody else: %d %s", v.status, v.body)
		}
		proof := b.csrf
		b.csrf = ""
		b.post(path, "_method", "patch", "user[name]", "X").leads(path)
		b.post(path + "/impersonate").leads(path)
		b.csrf = proof
		b.shows(path, "Bob <x>", "The form had expired.")
		for _, v := range []visited{
			b.get("/super_admin/users/999"), b.get("/super_admin/users/x"), b.post("/super_admin/users/999", "_method", "patch"),
			b.post("/super_admin/users/999/impersonate"), b.post(path, "_method", "delete"),
		} {
			if v.status != 404 {
				t.Errorf("%s: %d", v.name, v.status)
			}
		}
	})
}

func TestConsoleAccounts(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		b := w.browser()
		b.enter()
		b.shows("/super_admin", "conversations", "https://desk.example", "SMTP_ADDRESS is not set", "closed")
		b.shows("/super_admin/accounts", "Acme", "Elsewhere")
		b.shows("/super_admin/accounts?search=acm", "Acme").lacks("Elsewhere")
		b.shows("/super_admin/accounts?search=suspended:", "No account is found.")
		path := fmt.Sprintf("/super_admin/accounts/%d", w.account)
		b.shows(path, "Acme", "active", `name="account[enabled_features][feature_labels]" value="true" checked`, `name="account[enabled_features][feature_sla]" value="true">`)
		b.post(path, "_method", "patch", "account[status]", "suspended").leads(path)
		b.shows(path, "The account was saved.", "suspended", "Activate")
		w.call("admin", "GET", "{A}/inboxes", "").want(401, `{"error":"Account is suspended"}`)
		b.post(path, "_method", "patch", "account[status]", "active").leads(path)
		w.call("admin", "GET", "{A}/teams", "").want(200, "[]")
		b.post(path, "_method", "patch", "account[whole]", "1", "account[name]", "Acme 2", "account[limits][agents]", "2", "account[limits][inboxes]", "",
			"account[enabled_features][feature_sla]", "true", "account[enabled_features][feature_labels]", "true").leads(path)
		b.shows(path, "Acme 2", `name="account[limits][agents]" value="2"`, `name="account[limits][inboxes]" value=""`)
		shown := w.call("admin", "GET", "{A}", "").object()
		same(t, "features", shown["features"], `{"labels":true,"sla":true}`)
		w.call("admin", "POST", "{A}/agents", `{"email":"eva@shop.example","name":"Eva"}`).want(402, `{"error":"Account limit exceeded. Please purchase more licenses"}`)
		w.eq("audit", w.audits("Account"), strings.Join([]string{
			`update {"status":[0,1]}`, `update {"status":[1,0]}`,
			fmt.Sprintf(`update {"feature_flags":[%d,%d],"limits":[{},{"agents":2}],"name":["Acme","Acme 2"]}`, store.DefaultFeatures, 1<<13|1<<32),
		}, "\n"))
		for alert, fields := range map[string][]string{
			"Name can't be blank":                  {"account[name]", " "},
			"Status is not included in the list":   {"account[status]", "gone"},
			"Limits : Invalid data":                {"account[limits][agents]", "-1"},
			"Features is not included in the list": {"account[enabled_features][feature_fly]", "true"},
		} {
			b.post(path, append([]string{"_method", "put"}, fields...)...).leads(path)
			b.shows(path, alert, "Acme 2")
		}
		proof := b.csrf
		b.csrf = ""
		b.post(path, "_method", "patch", "account[status]", "suspended").leads(path)
		b.csrf = proof
		b.shows(path, "The form had expired.", "active")
		for _, v := range []visited{b.get("/super_admin/accounts/999"), b.post("/super_admin/accounts/999", "_method", "patch"), b.post(path, "_method", "delete")} {
			if v.status != 404 {
				t.Errorf("%s: %d", v.name, v.status)
			}
		}
	})
}
