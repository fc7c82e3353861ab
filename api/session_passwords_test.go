package api_test

import (
	"strings"
	"testing"
	"time"
)

const (
	badToken = `{"message":"Invalid token","redirect_url":"/"}`
	weak     = `{"message":"Password must contain at least 6 characters, Password must contain at least 1 uppercase character  (A..Z), ` +
		"Password must contain at least 1 number character  (0..9), Password must contain at least 1 special character  " +
		"( !@#$%^&*()_+-=[]{}|\\\"/\\\\.,`<>:;?~')\"" + `,"attributes":["password"]}`
)

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		laptop, phone := w.signIn(), w.signIn()
		pubsub := at(laptop.object(), "data", "pubsub_token")
		nobody := w.visit("POST", "/auth/password", `{"email":"nobody@example.com"}`)
		v := w.visit("POST", "/auth/password", `{"email":" ADA@example.com","redirect_url":"https://evil.example"}`)
		if v.status != 200 || v.field("message") == nil {
			t.Fatalf("got %d %s", v.status, v.body)
		}
		v.without()
		nobody.want(200, v.body) // nobody learns who has an account
		first := w.mail(1)
		if first.To != "ada@example.com" || first.Subject != "Choose a new password" || strings.Contains(first.Text, "evil") ||
			!strings.Contains(first.Text, "2025-01-31 16:00 UTC") {
			t.Errorf("mail %+v", first)
		}
		w.visit("POST", "/auth/password", "email=ada%40example.com")
		path, token := w.link(w.mail(2), "reset_password_token")
		if path != "/app/auth/password/edit" {
			t.Errorf("link to %s", path)
		}

		reset := func(method, token, more string) visited {
			return w.visit(method, "/auth/password", `{"reset_password_token":"`+token+`"`+more+`}`)
		}
		_, stale := w.link(first, "reset_password_token")
		const good = `,"password":"N3w password!","password_confirmation":"N3w password!"`
		for _, bad := range []string{stale, "", "x", strings.ToUpper(token)} {
			reset("PUT", bad, good).want(422, badToken)
		}
		reset("PUT", token, `,"password":"weak","password_confirmation":"weak"`).want(422, weak)
		reset("PUT", token, `,"password":"N3w password!","password_confirmation":"other"`).
			want(422, `{"message":"Password confirmation doesn't match Password","attributes":["password_confirmation"]}`)
		for _, blank := range []string{``, `,"password":""`, `,"password":null,"password_confirmation":null`} {
			reset("PATCH", token, blank).want(422, `{"message":"Password can't be blank","attributes":["password"]}`)
		}
		reset("PUT", token, `,"password":"Pässw0rd!ß"`).want(422, `{"message":"Password contains 2 invalid characters (ßä)","attributes":["password"]}`)
		reset("PUT", token, `,"password":"`+strings.Repeat("aA1!", 33)+`"`).
			want(422, `{"message":"Password must contain at most 128 characters","attributes":["password"]}`)

		w.exec(`UPDATE users SET confirmed_at = NULL WHERE id = $1`, w.admin)
		done := reset("PUT", token, good)
		if done.status != 200 || done.field("data", "email") != "ada@example.com" || done.field("data", "confirmed") != true ||
			done.field("data", "pubsub_token") == pubsub {
			t.Fatalf("got %d %s", done.status, done.body)
		}
		if v := w.visit("GET", "/api/v1/profile", "", done.tokens()...); v.status != 200 {
			t.Errorf("the new session: got %d", v.status)
		}
		for _, old := range []visited{laptop, phone} {
			w.visit("GET", "/api/v1/profile", "", old.tokens()...).want(401, textSignIn)
		}
		reset("PUT", token, good).want(422, badToken)
		w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"`+adaPassword+`"}`).want(401, badLogin)
		if v := w.visit("POST", "/auth/sign_in", `{"email":"ada@example.com","password":"N3w password!"}`); v.status != 200 {
			t.Errorf("the new password: got %d %s", v.status, v.body)
		}

		w.visit("POST", "/auth/password", `{"email":"ada@example.com"}`)
		_, late := w.link(w.mail(3), "reset_password_token")
		w.pass(6 * time.Hour)
		reset("PUT", late, good).want(422, badToken)

		w.exec(`UPDATE users SET provider = 'saml' WHERE id = $1`, w.admin)
		v = w.visit("POST", "/auth/password", `{"email":"ada@example.com"}`)
		if v.status != 403 || v.field("success") != false || v.field("message") == nil || v.field("message") != v.field("errors", 0) {
			t.Errorf("SAML: got %d %s", v.status, v.body)
		}
	})
}

// A mailbox is one factor: who has a second one is asked for it after a link, too.
func TestLinksOfMailsAndTheSecondFactor(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		in := w.signIn()
		secret, _ := w.secondFactor(in.tokens())
		asked := func(what string, v visited) {
			t.Helper()
			v.without()
			token, _ := v.field("mfa_token").(string)
			if v.status != 206 || v.field("mfa_required") != true || token == "" || v.field("data") != nil {
				t.Fatalf("%s: got %d %s", what, v.status, v.body)
			}
			w.pass(time.Minute) // a code of its own
			v = w.visit("POST", "/auth/sign_in", `{"mfa_token":"`+token+`","otp_code":"`+w.code(secret, 0)+`"}`)
			if v.status != 200 || v.field("data", "name") != "Ada" {
				t.Errorf("%s, with the code: got %d %s", what, v.status, v.body)
			}
			in = v
		}
		w.visit("PUT", "/api/v1/profile", `{"email":"new@example.com"}`, in.tokens()...)
		_, token := w.link(w.mail(1), "confirmation_token")
		asked("confirmation", w.visit("POST", "/auth/confirmation", `{"confirmation_token":"`+token+`"}`))

		w.visit("POST", "/auth/password", `{"email":"new@example.com"}`)
		_, token = w.link(w.mail(2), "reset_password_token")
		before := in
		asked("password", w.visit("PUT", "/auth/password", `{"reset_password_token":"`+token+`","password":"N3w password!"}`))
		w.visit("GET", "/api/v1/profile", "", before.tokens()...).want(401, textSignIn)
	})
}

// Who got the mail to the old address cannot use it once there is another one.
func TestForgottenPasswordOfAnOldAddress(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		in := w.signIn()
		w.visit("POST", "/auth/password", `{"email":"ada@example.com"}`)
		_, reset := w.link(w.mail(1), "reset_password_token")
		w.visit("PUT", "/api/v1/profile", `{"email":"new@example.com"}`, in.tokens()...)
		_, token := w.link(w.mail(2), "confirmation_token")
		if v := w.visit("POST", "/auth/confirmation", `{"confirmation_token":"`+token+`"}`); v.status != 200 {
			t.Fatalf("got %d %s", v.status, v.body)
		}
		w.visit("PUT", "/auth/password", `{"reset_password_token":"`+reset+`","password":"N3w password!"}`).want(422, badToken)
	})
}

func TestConfirmation(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		confirm := func(token string) visited {
			return w.visit("POST", "/auth/confirmation", `{"confirmation_token":"`+token+`"}`)
		}
		w.settings["ENABLE_ACCOUNT_SIGNUP"] = "true"
		v := w.visit("POST", "/api/v1/accounts", `{"account_name":"Shop","email":"new@example.com","password":"Passw0rd!","locale":"de"}`)
		if v.status != 200 {
			t.Fatalf("sign-up: got %d %s", v.status, v.body)
		}
		m := w.mail(1)
		if m.To != "new@example.com" || m.Subject != "Bestätige deine E-Mail-Adresse" || !strings.Contains(m.Text, "new@example.com") {
			t.Errorf("mail %+v", m)
		}
		path, token := w.link(m, "confirmation_token")
		if path != "/app/auth/confirmation" {
			t.Errorf("link to %s", path)
		}
		for _, bad := range []string{"", " ", "x"} {
			confirm(bad).want(422, badToken)
		}
		w.visit("POST", "/auth/confirmation", `{}`).want(422, badToken)
		in := confirm(token)
		if in.status != 200 || in.field("data", "confirmed") != true {
			t.Fatalf("got %d %s", in.status, in.body)
		}
		if v := w.visit("GET", "/api/v1/profile", "", in.tokens()...); v.status != 200 {
			t.Errorf("the session: got %d", v.status)
		}
		confirm(token).want(422, `{"message":"Already confirmed","redirect_url":"/"}`)

		// Another address waits; the links to addresses that are not wanted any more end.
		tokens := in.tokens()
		want := func(email string) visited {
			v := w.visit("PUT", "/api/v1/profile", `{"profile":{"email":"`+email+`"}}`, tokens...)
			if v.status != 200 || v.field("email") != "new@example.com" || v.field("uid") != "new@example.com" {
				t.Errorf("wanting %s: got %d %s", email, v.status, v.body)
			}
			return v
		}
		want("first@example.com")
		_, first := w.link(w.mail(2), "confirmation_token")
		want("second@example.com")
		_, second := w.link(w.mail(3), "confirmation_token")
		confirm(first).want(422, badToken)
		w.exec(`UPDATE users SET email = 'second@example.com' WHERE id = $1`, w.stranger)
		confirm(second).want(422, `{"message":"Failure","redirect_url":"/"}`)
		w.exec(`UPDATE users SET email = 'di@example.com' WHERE id = $1`, w.stranger)
		v = confirm(second)
		if v.status != 200 || v.field("data", "email") != "second@example.com" || v.header.Get("uid") != "second@example.com" {
			t.Errorf("got %d %s", v.status, v.body)
		}
		confirm(second).want(422, `{"message":"Already confirmed","redirect_url":"/"}`)
		w.visit("PUT", "/api/v1/profile", `{"email":"bo@example.com"}`, v.tokens()...).
			want(422, `{"message":"Email has already been taken","attributes":["email"]}`)
		w.visit("PUT", "/api/v1/profile", `{"email":"no address"}`, v.tokens()...).
			want(422, `{"message":"Email is invalid, Email is not an email","attributes":["email"]}`)
	})
}

// An invited agent chooses a password and is confirmed by that.
func TestInvitation(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.exec(`UPDATE accounts SET locale = 16 WHERE id = $1`, w.account)
		w.call("admin", "POST", "{A}/agents", `{"name":"Eva","email":"eva@example.com","role":"agent"}`).object()
		m := w.mail(1)
		if m.Kind != "invitation" || m.To != "eva@example.com" || m.Subject != "Você foi convidado para Acme" || !strings.Contains(m.Text, "Ada") {
			t.Errorf("mail %+v", m)
		}
		path, token := w.link(m, "reset_password_token")
		if path != "/app/auth/password/edit" {
			t.Errorf("link to %s", path)
		}
		w.pass(7 * 24 * time.Hour)
		v := w.visit("PUT", "/auth/password", `{"reset_password_token":"`+token+`","password":"Passw0rd!","password_confirmation":"Passw0rd!"}`)
		if v.status != 200 || v.field("data", "confirmed") != true || v.field("data", "role") != "agent" {
			t.Errorf("got %d %s", v.status, v.body)
		}
		if v := w.visit("POST", "/auth/sign_in", `{"email":"eva@example.com","password":"Passw0rd!"}`); v.status != 200 {
			t.Errorf("sign-in: got %d %s", v.status, v.body)
		}
		w.call("admin", "POST", "{A}/agents", `{"name":"Di","email":"di@example.com","role":"agent"}`).object()
		w.mail(1) // who is a user already gets none
	})
}
