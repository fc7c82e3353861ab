package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// fresh makes the installation as it is before anybody used it.
func (w *world) fresh() {
	w.exec(`DELETE FROM account_users`)
	w.exec(`DELETE FROM accounts`)
	w.exec(`DELETE FROM users`)
	w.exec(`DELETE FROM access_tokens`)
	w.exec(`INSERT INTO installation_marks (name) VALUES ('onboarding')`)
}

func onboardingForm(name, company, email, password string) string {
	return url.Values{"user[name]": {name}, "user[company]": {company}, "user[email]": {email}, "user[password]": {password}, "subscribe_to_updates": {"true"}}.Encode()
}

func TestOnboarding(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const path = "/installation/onboarding"
		w.visit("GET", path, "").leads("/")
		w.visit("POST", path, onboardingForm("Eva", "Shop", "eva@shop.example", "Passw0rd!")).leads("/")
		if w.count(`SELECT COUNT(*) FROM users WHERE email = 'eva@shop.example'`) != 0 {
			t.Fatal("an administrator of an installation that has one")
		}
		w.fresh()
		b := w.browser()
		page := b.shows(path, "Welcome to Tributary", `name="user[name]"`, `name="user[company]"`, `name="user[email]"`, `name="user[password]"`)
		page.lacks("<script", `aria-label="Console"`)
		b.shows("/super_admin/sign_in", "Create the first one")
		for alert, form := range map[string]string{
			"Name can't be blank, Company can't be blank, Email can't be blank, Password can't be blank": "",
			"Email is not an email":                               onboardingForm("Eva", "Shop", "eva@shop", "Passw0rd!"),
			"Password must contain at least 1 special character":  onboardingForm("Eva", "Shop", "eva@shop.example", "Passw0rd"),
			"Company is too long (maximum is 255 characters)":     onboardingForm("Eva", strings.Repeat("x", 256), "eva@shop.example", "Passw0rd!"),
			"Password contains 1 invalid character (é)":           onboardingForm("Eva \"<b>", "Shop", "eva@shop.example", "Passw0rd!é"),
			"Password must contain at most 128 characters":        onboardingForm("Eva", "Shop", "eva@shop.example", "Passw0rd!"+strings.Repeat("x", 128)),
			"Password must contain at least 6 characters, Passwo": onboardingForm(strings.Repeat("ü", 200), strings.Repeat("ü", 200), strings.Repeat("ü", 200), strings.Repeat("日", 5)),
		} {
			b.do("POST", path, form).leads("/")
			if len(b.cookies["_tributary_flash"]) > 3800 {
				t.Errorf("a cookie of %d bytes", len(b.cookies["_tributary_flash"]))
			}
			v := b.shows(path, alert)
			v.lacks("Passw0rd")
			if strings.Contains(v.body, "<b>") {
				t.Error("a name is read as HTML")
			}
			if strings.Contains(form, "Shop") {
				v.has(`value="Shop"`)
			}
			b.shows(path).lacks(alert)
		}
		form := onboardingForm(" Eva ", " Shop ", " EVA@shop.example ", "Passw0rd!")
		for _, headers := range [][]string{
			{"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"}, {"Origin: https://evil.example"}, {"Origin: null"},
		} {
			b.do("POST", path, form, headers...).leads("/")
			b.shows(path, "The form had expired.")
		}
		b.do("POST", path, form, "Sec-Fetch-Site: same-origin", "Origin: http://desk.test").leads("/")
		b.get(path).leads("/")
		b.shows("/super_admin/sign_in").lacks("Create the first one")
		v := w.visit("POST", "/auth/sign_in", `{"email":"eva@shop.example","password":"Passw0rd!"}`)
		if v.field("data", "type") != "SuperAdmin" || v.field("data", "confirmed") != true || v.field("data", "name") != "Eva" || v.field("data", "role") != "administrator" ||
			v.field("data", "accounts", 0, "name") != "Shop" {
			t.Errorf("the administrator: %s", v.body)
		}
		b.post("/super_admin/sign_in", "super_admin[email]", "eva@shop.example", "super_admin[password]", "Passw0rd!").leads("/super_admin/users")
		if w.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'account.created'`) != 1 || w.count(`SELECT COUNT(*) FROM mails_held`) != 0 {
			t.Error("the event, or a mail")
		}
	})
}

// Somebody who has the address already keeps the installation waiting.
func TestOnboardingKnownAddress(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		w.exec(`INSERT INTO installation_marks (name) VALUES ('onboarding')`)
		b := w.browser()
		b.do("POST", "/installation/onboarding", onboardingForm("Bo", "Shop", "bo@example.com", "Passw0rd!")).leads("/")
		b.shows("/installation/onboarding", "Email has already been taken")
	})
}

func TestOnboardingOnce(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.fresh()
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				b := w.browser()
				if v := b.do("POST", "/installation/onboarding", onboardingForm("Eva", "Shop", fmt.Sprintf("eva%d@shop.example", i), "Passw0rd!")); v.status != 302 {
					t.Errorf("%d %s", v.status, v.body)
				}
			})
		}
		all.Wait()
		if w.count(`SELECT COUNT(*) FROM users`) != 1 || w.count(`SELECT COUNT(*) FROM accounts`) != 1 || w.count(`SELECT COUNT(*) FROM account_users`) != 1 {
			t.Error("not one administrator with one account")
		}
	})
}
