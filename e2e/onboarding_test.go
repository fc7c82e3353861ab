package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// leadsTo is where a page sends a browser; empty: nowhere.
func leadsTo(t testing.TB, address string) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.Header.Get("Location")
}

// TestFirstStart: a new installation makes its database and leads browsers to where the first administrator
// is made; afterwards it does not, in that process and in others.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	testkit.Each(t, func(t *testing.T, b testkit.Backend) {
		const onboarding = "/installation/onboarding"
		p := prepare(t, b, options{fresh: true})
		c := p.spawn(nil)
		for _, path := range []string{"/", "/app", "/app/", "/app/login", "/app/accounts/1/dashboard?x=1"} {
			if to := leadsTo(t, p.base+path); to != onboarding {
				t.Errorf("%s leads to %q", path, to)
			}
		}
		for _, path := range []string{"/api", "/application", onboarding, "/super_admin/sign_in"} {
			if to := leadsTo(t, p.base+path); to != "" {
				t.Errorf("%s leads to %q", path, to)
			}
		}
		form := url.Values{"user[name]": {"Eva"}, "user[company]": {"Shop"}, "user[email]": {"eva@shop.example"}, "user[password]": {"Passw0rd!"}}.Encode()
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := client.Post(p.base+onboarding, "application/x-www-form-urlencoded", strings.NewReader(form)) //nolint:noctx // a form
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusFound || res.Header.Get("Location") != "/" {
			t.Errorf("onboarding: %d to %q", res.StatusCode, res.Header.Get("Location"))
		}
		for _, path := range []string{"/", "/app/login"} {
			if to := leadsTo(t, p.base+path); to == onboarding {
				t.Errorf("%s still leads to %q", path, to)
			}
		}
		if to := leadsTo(t, p.base+onboarding); to != "/" {
			t.Errorf("onboarding leads to %q", to)
		}
		status, _, body := visit(t, "POST", p.base+"/auth/sign_in", `{"email":"eva@shop.example","password":"Passw0rd!"}`, nil)
		if status != http.StatusOK || !strings.Contains(string(body), `"type":"SuperAdmin"`) {
			t.Errorf("sign-in: %d %s", status, body)
		}
		log, err := os.ReadFile(c.log)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(log), p.base+onboarding) || strings.Contains(string(log), "Passw0rd!") {
			t.Errorf("what the terminal shows:\n%s", log)
		}
	})
}

// TestBootstrapEndsOnboarding: who sets an installation up on the command line needs
// no browser, and nobody else can.
func TestBootstrapEndsOnboarding(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := prepare(t, b, options{})
		p.spawn(nil)
		if exit, _, errOut := p.command("bootstrap", "--email", "eva@shop.example", "--password", "Passw0rd!", "--account", "Shop"); exit != 0 {
			t.Fatalf("bootstrap: %d %s", exit, errOut)
		}
		if to := leadsTo(t, p.base+"/app"); to == "/installation/onboarding" {
			t.Errorf("/app leads to %q", to)
		}
		if to := leadsTo(t, p.base+"/installation/onboarding"); to != "/" {
			t.Errorf("onboarding leads to %q", to)
		}
	})
}

// TestPlatformCommand: an operator makes a platform app beside the running program,
// and takes it away.
func TestPlatformCommand(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := prepare(t, b, options{})
		p.spawn(nil)
		var made struct {
			ID    int64  `json:"id"`
			Token string `json:"api_access_token"`
		}
		exit, out, errOut := p.command("platform", "create", "Billing", "--json")
		if exit != 0 || json.Unmarshal([]byte(out), &made) != nil || made.ID == 0 || len(made.Token) != 24 {
			t.Fatalf("create: %d %s %s", exit, out, errOut)
		}
		call := func() int {
			status, _, _ := visit(t, "GET", p.base+"/platform/api/v1/accounts", "", http.Header{"api_access_token": {made.Token}})
			return status
		}
		if status := call(); status != http.StatusOK {
			t.Errorf("with the token: %d", status)
		}
		if exit, out, _ := p.command("platform", "create", "CRM"); exit != 0 || !strings.Contains(out, "api_access_token  ") {
			t.Errorf("create: %d %s", exit, out)
		}
		exit, out, _ = p.command("platform", "list")
		if exit != 0 || !strings.Contains(out, "Billing") || !strings.Contains(out, "CRM") || strings.Contains(out, made.Token) {
			t.Errorf("list: %d %s", exit, out)
		}
		if exit, out, _ := p.command("platform", "list", "--json"); exit != 0 || strings.Contains(out, "api_access_token") || !strings.Contains(out, `"name": "CRM"`) {
			t.Errorf("list: %d %s", exit, out)
		}
		if exit, out, _ := p.command("platform", "delete", fmt.Sprint(made.ID)); exit != 0 || out != fmt.Sprintf("platform app %d is deleted\n", made.ID) {
			t.Errorf("delete: %d %s", exit, out)
		}
		if status := call(); status != http.StatusUnauthorized {
			t.Errorf("with the token of a deleted app: %d", status)
		}
		if exit, _, errOut := p.command("platform", "delete", fmt.Sprint(made.ID)); exit != 1 || errOut != fmt.Sprintf("tributary: there is no platform app %d\n", made.ID) {
			t.Errorf("delete again: %d %q", exit, errOut)
		}
		if exit, _, _ := p.command("platform", "create", " "); exit != 1 {
			t.Errorf("no name: %d", exit)
		}
		for _, args := range [][]string{{"platform"}, {"platform", "x"}, {"platform", "create"}, {"platform", "delete", "x"}, {"platform", "list", "x"}} {
			if exit, _, _ := p.command(args...); exit != 2 {
				t.Errorf("%v: %d", args, exit)
			}
		}
	})
}
