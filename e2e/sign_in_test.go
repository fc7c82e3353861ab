package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"tributary/app"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store"
	"tributary/store/storetest"
)

// visit calls the program as a browser does, without an API token.
func visit(t testing.TB, method, address, body string, header http.Header) (int, http.Header, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	maps.Copy(req.Header, header)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, address, err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, b
}

// TestSignUpToSignOut: somebody makes an account, the operator hands the link of the
// mail over that no server took, and the session works until they sign out. Nothing
// of all this is in the log.
func TestSignUpToSignOut(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		p := prepare(t, b, options{})
		c := p.spawn(map[string]string{"ENABLE_ACCOUNT_SIGNUP": "true", "LOG_LEVEL": "debug"})
		status, header, body := visit(t, "POST", p.base+"/api/v1/accounts",
			`{"account_name":"Shop","user_full_name":"Eva","email":"eva@shop.example","password":"Passw0rd!","locale":"es"}`, nil)
		if status != http.StatusOK || header.Get("access-token") == "" {
			t.Fatalf("sign-up: got %d %s", status, body)
		}
		var mails []store.HeldMail
		testkit.Wait(t, 20*time.Second, "the mail to be held", func() bool {
			exit, out, errOut := p.command("mails", "--json")
			if exit != 0 || json.Unmarshal([]byte(out), &mails) != nil {
				t.Fatalf("mails: exit %d, %s %s", exit, out, errOut)
			}
			return len(mails) > 0
		})
		exit, list, _ := p.command("mails")
		if exit != 0 || !strings.Contains(list, "eva@shop.example") || strings.Contains(list, "confirmation_token") {
			t.Errorf("mails: exit %d\n%s", exit, list)
		}
		exit, text, _ := p.command("mails", fmt.Sprint(mails[0].ID))
		link, err := url.Parse(regexp.MustCompile(`http\S+/app/auth/confirmation\S+`).FindString(text))
		if exit != 0 || err != nil || !strings.Contains(text, "Subject: Confirma tu dirección de correo") {
			t.Fatalf("mail: exit %d, %v\n%s", exit, err, text)
		}
		if exit, _, errOut := p.command("mails", "99"); exit != 1 || errOut != "tributary: no mail 99 is held\n" {
			t.Errorf("no such mail: exit %d, %q", exit, errOut)
		}
		for _, args := range [][]string{{"mails", "x"}, {"mails", "1", "2"}} {
			if exit, _, _ := p.command(args...); exit != 2 {
				t.Errorf("%v: exit %d", args, exit)
			}
		}
		signIn := func() (int, http.Header, []byte) {
			return visit(t, "POST", p.base+"/auth/sign_in", `{"email":"eva@shop.example","password":"Passw0rd!"}`, nil)
		}
		if status, _, body := signIn(); status != http.StatusUnauthorized {
			t.Errorf("sign-in before the confirmation: got %d %s", status, body)
		}
		token := link.Query().Get("confirmation_token")
		if status, _, body := visit(t, "POST", p.base+"/auth/confirmation", `{"confirmation_token":"`+token+`"}`, nil); status != http.StatusOK {
			t.Fatalf("confirmation: got %d %s", status, body)
		}
		status, header, body = signIn()
		if status != http.StatusOK {
			t.Fatalf("sign-in: got %d %s", status, body)
		}
		session := http.Header{"access-token": {header.Get("access-token")}, "client": {header.Get("client")}, "uid": {header.Get("uid")}}
		for path, want := range map[string]int{"/auth/validate_token": 200, "/api/v1/accounts/1/conversations": 200, "/api/v1/accounts/1/inboxes": 200} {
			status, echo, body := visit(t, "GET", p.base+path, "", session)
			if status != want || echo.Get("access-token") != header.Get("access-token") {
				t.Errorf("%s: got %d %s", path, status, body)
			}
		}
		if status, _, body := visit(t, "DELETE", p.base+"/auth/sign_out", "", session); status != http.StatusOK {
			t.Errorf("sign-out: got %d %s", status, body)
		}
		if status, _, body := visit(t, "GET", p.base+"/api/v1/profile", "", session); status != http.StatusUnauthorized {
			t.Errorf("after the sign-out: got %d %s", status, body)
		}
		log, err := os.ReadFile(c.log)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(log, []byte("a mail is held")) {
			t.Error("the log does not say that a mail is held")
		}
		for name, secret := range map[string]string{"password": "Passw0rd!", "token of the mail": token, "token of the session": header.Get("access-token")} {
			if bytes.Contains(log, []byte(secret)) {
				t.Errorf("the %s is in the log", name)
			}
		}
		c.kill()
		if exit, _, errOut := p.command("mails"); exit != 1 || !strings.Contains(errOut, "no process serves here") {
			t.Errorf("without a process: exit %d, %q", exit, errOut)
		}
	})
}

// beside starts the program once more, with its own data directory and on the same
// database and queue.
func (p *program) beside(settings map[string]string, now func() time.Time) string {
	p.t.Helper()
	env := p.environment(settings)
	env["DATA_DIR"] = filepath.Join(p.t.TempDir(), "data")
	cfg, err := app.LoadConfig(nil, env)
	if err != nil {
		p.t.Fatalf("configuration: %v", err)
	}
	cfg.Log, cfg.Now = p.logger(), now
	cfg.PasswordCost = bcrypt.MinCost // the race detector makes bcrypt ten times as slow
	ctx := context.WithoutCancel(p.t.Context())
	a, err := app.New(ctx, cfg)
	if err != nil {
		p.t.Fatalf("new: %v", err)
	}
	if err := a.Start(ctx); err != nil {
		p.t.Fatalf("start: %v", err)
	}
	p.t.Cleanup(func() {
		if err := a.Stop(ctx); err != nil {
			p.t.Errorf("stop: %v", err)
		}
	})
	return "http://" + a.Addr()
}

// TestThousandSignIns: of a thousand attempts from one address five are looked at,
// whether one process answers or two, and whether they share Redis or the database.
func TestThousandSignIns(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Run("one process", func(t *testing.T) { thousandSignIns(t, b, 1) })
		if b.DatabaseURL == "" {
			return // the embedded back end is one process
		}
		t.Run("two", func(t *testing.T) { thousandSignIns(t, b, 2) })
		b.RedisURL, b.DatabaseURL = "", testkit.Postgres(t)
		t.Run("two without Redis", func(t *testing.T) { thousandSignIns(t, b, 2) })
	})
}

func thousandSignIns(t *testing.T, b testkit.Backend, processes int) {
	// A window of fifteen minutes has just begun.
	const window = 15 * time.Minute
	begun := time.Now()
	ahead := begun.Truncate(window).Add(window).Sub(begun)
	now := func() time.Time { return time.Now().Add(ahead) }
	p := prepare(t, b, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.Line}}})
	if b.RedisURL != "" {
		b.RedisPrefix = strings.Replace(b.RedisPrefix, "}", fmt.Sprintf("-%d}", processes), 1)
		p.backend = b
	}
	var bases []string
	for range processes {
		bases = append(bases, p.beside(nil, now))
	}
	attempt := func(i int, address string) int {
		header := http.Header{"X-Forwarded-For": {address}}
		status, _, body := visit(t, "POST", bases[i%len(bases)]+"/auth/sign_in", fmt.Sprintf(`{"email":"u%d@example.test","password":"x"}`, i), header)
		if status == http.StatusTooManyRequests && string(body) != "Retry later\n" {
			t.Errorf("refused with %q", body)
		}
		return status
	}
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	next := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range next {
				status := attempt(i, "203.0.113.7")
				mu.Lock()
				got[status]++
				mu.Unlock()
			}
		})
	}
	for i := range 1000 {
		next <- i
	}
	close(next)
	wg.Wait()
	if got[http.StatusUnauthorized] != 5 || got[http.StatusTooManyRequests] != 995 {
		t.Errorf("answers %v, want 5 times 401 and 995 times 429", got)
	}
	if status := attempt(1, "203.0.113.8"); status != http.StatusUnauthorized {
		t.Errorf("another address: got %d", status)
	}
	// Loopback is never refused.
	for i := range 8 {
		if status := attempt(i, "127.0.0.1"); status != http.StatusUnauthorized {
			t.Errorf("loopback: got %d", status)
		}
	}
}

// TestThrottleSettings: the limits are the settings', may be turned off, and never
// hold for what providers deliver.
func TestThrottleSettings(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2025, 1, 31, 10, 20, 30, 0, time.UTC) }
	count := func(base, path string, header http.Header) int {
		refused := 0
		for range 12 {
			if status, _, _ := visit(t, "POST", base+path, "{}", header); status == http.StatusTooManyRequests {
				refused++
			}
		}
		return refused
	}
	client := http.Header{"X-Forwarded-For": {"203.0.113.7"}}
	for name, c := range map[string]struct {
		settings map[string]string
		refused  int
	}{
		"limit":     {map[string]string{"RACK_ATTACK_LIMIT": "3"}, 9},
		"off":       {map[string]string{"RACK_ATTACK_LIMIT": "3", "ENABLE_RACK_ATTACK": "false"}, 0},
		"allowed":   {map[string]string{"RACK_ATTACK_LIMIT": "3", "RACK_ATTACK_ALLOWED_IPS": "198.51.100.1, 203.0.113.0/24"}, 0},
		"untrusted": {map[string]string{"RACK_ATTACK_LIMIT": "3", "TRUSTED_PROXIES": "none"}, 0}, // the client is loopback
		"trusted":   {map[string]string{"RACK_ATTACK_LIMIT": "3", "TRUSTED_PROXIES": "127.0.0.0/8,10.0.0.1"}, 9},
	} {
		p := prepare(t, testkit.Backend{Name: "embedded"}, options{})
		base := p.beside(c.settings, now)
		if got := count(base, "/webhooks/line/nobody", client); got != 0 {
			t.Errorf("%s: %d webhooks are refused", name, got)
		}
		if got := count(base, "/nowhere", client); got != c.refused {
			t.Errorf("%s: %d requests are refused, want %d", name, got, c.refused)
		}
	}
	for name, value := range map[string]string{
		"TRUSTED_PROXIES": "10.0.0.0/33", "RACK_ATTACK_ALLOWED_IPS": "localhost", "RACK_ATTACK_LIMIT": "0", "DEFAULT_LOCALE": "xx",
	} {
		if _, err := app.LoadConfig(nil, map[string]string{name: value}); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}
