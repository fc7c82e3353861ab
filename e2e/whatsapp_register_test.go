package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// needsPIN has number 48 wait for its PIN since four days ago: nothing is attempted
// by itself, and no attempt of the last 72 hours is counted.
func (s *stage) needsPIN(now string) {
	s.t.Helper()
	s.fresh("2026-11-14T08:00:04Z", func() {
		s.meta.play("graph-phone-d11-approved.json")
		s.meta.play("graph-register-error-133005.json")
	})
	s.at(now)
}

// pins are the PINs of calls, in order.
func pins(calls []graphCall) []string {
	var out []string
	for _, c := range calls {
		if m := regexp.MustCompile(`"pin":"(\d{6})"`).FindStringSubmatch(c.Body); m != nil {
			out = append(out, m[1])
		}
	}
	return out
}

// TestWhatsAppRegisterNumber: the administrator's button makes one attempt under the
// budget, or says why not.
func TestWhatsAppRegisterNumber(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		s.play("api-register-number-401-agent.json", nil)
		s.play("api-register-number-400.json", nil)
		for _, file := range []string{"api-register-number-422-registered.json", "api-register-number-422-coexistence.json"} {
			s.liveSince()
			s.refused(file)
		}
		s.declined()
		s.at(fixtureTime)
		s.refused("api-register-number-422-declined.json")
		s.rateLimited()
		s.refused("api-register-number-422-rate-limited.json")
		s.noBudget()
		s.refused("api-register-number-422-budget.json")

		s.needsPIN("2026-11-18T08:00:04Z")
		s.meta.play("graph-phone-d12-name-pending.json")
		s.meta.play("graph-register-error-2388001-display-name.json", trace("AFixtureTrace9001"), takes(time.Second))
		if status, got := s.press(48, `{}`); status != http.StatusAccepted {
			t.Fatalf("press: %d %s", status, got)
		}
		s.clock.advance(50 * time.Second)
		before := s.meta.mark()
		s.play("api-register-number-422-too-soon.json", free{"registration.next_attempt_at": between("2026-11-18T16:00:04Z", "2026-11-18T18:00:00Z")})
		if n := s.meta.registers(before); n != 0 {
			t.Errorf("too soon: %d calls of register", n)
		}

		for _, file := range []string{"api-register-number-202.json", "api-register-number-202-pin.json", "api-register-number-202-reset-pin.json"} {
			s.needsPIN(fixtureTime)
			s.meta.play("graph-phone-d11-approved.json", takes(2*time.Second))
			s.meta.play("graph-register-success.json")
			before := s.meta.mark()
			old := pins(s.meta.all(0))
			s.play(file, soon)
			s.accepted(file, before, old[len(old)-1])
		}
	})
}

// accepted checks the calls of an attempt, and that nobody is told the PIN.
func (s *stage) accepted(file string, before int, old string) {
	s.t.Helper()
	want := []string{"POST /500100200300401/register"}
	if strings.Contains(file, "reset") {
		want = []string{"POST /500100200300401 pin", "POST /500100200300401/register"}
	}
	posts := s.meta.seen(before, func(name string) bool {
		return strings.HasPrefix(name, "POST ") && !strings.HasSuffix(name, "_configuration")
	})
	if !slices.Equal(posts, want) {
		s.t.Errorf("%s: calls %q, want %q", file, posts, want)
	}
	used := pins(s.meta.all(before))
	switch {
	case strings.Contains(file, "202-pin"):
		if used[0] != "004821" {
			s.t.Errorf("%s: registered with another PIN than the administrator's", file)
		}
	case strings.Contains(file, "reset"):
		if used[0] != used[1] {
			s.t.Errorf("%s: one PIN was set and another used", file)
		}
	case used[0] != old:
		s.t.Errorf("%s: the stored PIN was not used", file)
	}
	_, list := s.ask("admin", http.MethodGet, s.path(48, "/registration_attempts"), nil)
	if pick(s.t, list, "payload[0].trigger") != "admin" || fmt.Sprint(pick(s.t, list, "payload[0].actor_user_id")) != fmt.Sprint(s.users["admin"]) {
		s.t.Errorf("%s: the audit trail has %s", file, list)
	}
	_, health := s.ask("admin", http.MethodGet, s.path(48, "/health?refresh=false"), nil)
	_, inbox := s.ask("admin", http.MethodGet, s.path(48, ""), nil)
	for _, answer := range [][]byte{list, health, inbox} {
		if strings.Contains(string(answer), used[0]) || strings.Contains(string(list), "EAAfixture") || strings.Contains(string(list), `"pin"`) {
			s.t.Errorf("%s: a secret is shown: %s", file, answer)
		}
	}
}

// refused plays a refusal, for which nothing is registered.
func (s *stage) refused(file string) {
	s.t.Helper()
	before := s.meta.mark()
	s.play(file, nil)
	if n := s.meta.registers(before); n != 0 {
		s.t.Errorf("%s: %d calls of register", file, n)
	}
}

// noBudget has ten attempts made in 72 hours: one at signup, eight by an
// administrator, one by the timer.
func (s *stage) noBudget() {
	s.t.Helper()
	s.fresh("2026-11-16T08:00:05Z", func() {
		s.meta.play("graph-phone-d12-name-pending.json")
		s.meta.play("graph-register-error-2388001-display-name.json", trace("AFixtureTrace9001"))
	})
	for range 8 {
		s.clock.advance(61 * time.Second)
		if status, got := s.press(48, `{}`); status != http.StatusAccepted {
			s.t.Fatalf("press: %d %s", status, got)
		}
	}
	s.at("2026-11-18T08:00:05Z")
	s.at(fixtureTime)
}

// TestWhatsAppAttemptRunning: there is one attempt at a time; the button says so at
// once.
func TestWhatsAppAttemptRunning(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		s.needsPIN(fixtureTime)
		open := make(chan struct{})
		s.meta.play("graph-phone-d11-approved.json", takes(2*time.Second))
		s.meta.play("graph-register-success.json", until(open))
		before, first := s.meta.mark(), make(chan int, 1)
		go func() {
			status, _ := s.press(48, `{}`)
			first <- status
		}()
		testkit.Wait(t, 20*time.Second, "the attempt to be under way", func() bool { return s.meta.registers(before) == 1 })
		s.play("api-register-number-409.json", nil)
		// The first caller waits some seconds at most; the attempt goes on.
		if status := <-first; status != http.StatusAccepted {
			t.Errorf("the first: %d", status)
		}
		close(open)
		s.quiet()
		if n := s.meta.registers(before); n != 1 {
			t.Errorf("%d calls of register", n)
		}
		status, got := s.ask("admin", http.MethodGet, s.path(48, "/registration_attempts"), nil)
		if status != http.StatusOK || pick(t, got, "payload[0].result") != "success" {
			t.Errorf("the answer that came late: %d %s", status, got)
		}
	})
}

// TestWhatsAppRegisterWebhook: subscription and override are done again, and a
// callback that Meta cannot reach is no matter of credentials.
func TestWhatsAppRegisterWebhook(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		before := s.meta.mark()
		s.play("api-register-webhook-200.json", nil)
		posts := s.meta.seen(before, func(name string) bool { return strings.HasPrefix(name, "POST ") })
		if want := []string{"POST /900100200300401/subscribed_apps", "POST /500100200300401 webhook_configuration"}; !slices.Equal(posts, want) {
			t.Errorf("calls: got %q, want %q", posts, want)
		}
		for _, c := range s.meta.all(before) {
			want := map[string]string{posts[0]: `{}`, posts[1]: string(payloadFile(t, "graph-subscribe-override-success.json").sent(t))}[c.Name]
			if c.Body != want && want != "" && (want != `{}` || c.Body != "") {
				t.Errorf("%s: got %s, want %s", c.Name, c.Body, want)
			}
		}
		s.quiet()
		s.meta.play("graph-subscribe-error-2200.json")
		s.play("api-register-webhook-422.json", nil)
		s.quiet()
		_, health := s.ask("admin", http.MethodGet, s.path(48, "/health?refresh=false"), nil)
		if pick(t, health, "registration.required_action") != "fix_callback_url" || pick(t, health, "registration.state") != "registered" {
			t.Errorf("health: %s", health)
		}
		if s.banner(48) {
			t.Error("reauthorization_required is set")
		}
		for route, who := range map[string]string{"/register_webhook": "agent", "/registration_attempts": "agent"} {
			method := map[string]string{"/register_webhook": http.MethodPost, "/registration_attempts": http.MethodGet}[route]
			if status, got := s.ask(who, method, s.path(48, route), nil); status != http.StatusUnauthorized {
				t.Errorf("%s of an agent: %d %s", route, status, got)
			}
		}
		if status, got := s.ask("admin", http.MethodPost, s.path(52, "/register_webhook"), nil); status != http.StatusBadRequest {
			t.Errorf("no WhatsApp inbox: %d %s", status, got)
		}
	})
}

// TestWhatsAppAttempts: the audit trail of a number, from its signup to the approval
// of its name.
func TestWhatsAppAttempts(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		impatient := map[string]string{"STOP_TIMEOUT": "1s"}
		s := whatsappStage(t, b, impatient, 50, 52)
		const pending, refused = "graph-phone-d12-name-pending.json", "graph-register-error-2388001-display-name.json"
		s.at("2026-11-18T08:00:04Z")
		s.signup("graph-phone-numbers-one.json")
		s.meta.play("graph-waba-review-pending.json")
		s.meta.play(pending)
		s.meta.play(refused, trace("AFixtureTrace9101"), takes(time.Second))
		s.connected(48, "api-authorization-success-new-pending.json", free{"registration": anything, "id": anything})

		s.at("2026-11-18T08:04:05Z")
		s.meta.play(refused, trace("AFixtureTrace9102"), takes(time.Second))
		s.meta.play("graph-oauth-token.json", with("EAAfixtureEmbedded48", "EAAfixtureRenewed48"))
		if status, got := s.send(payloadFile(t, "api-authorization-reauthorized-waiting.json")); status != http.StatusOK {
			t.Fatalf("reauthorization: %d %s", status, got)
		}

		s.at("2026-11-18T08:07:00Z")
		s.meta.play("graph-register-error-502-html.json", takes(3*time.Second), func(a *graphAnswer) {
			a.header = map[string]string{"Content-Type": "text/html", "X-FB-Trace-ID": "AFixtureTrace9103"}
		})
		s.meta.play("graph-waba.json") // approved by now
		s.hook("webhook-account-review-deferred.json")

		s.dies("2026-11-18T16:12:40Z", "2026-11-18T16:14:11Z", nil)

		s.at("2026-11-18T17:02:11Z")
		s.meta.play(refused, trace("AFixtureTrace9105"), takes(time.Second))
		if status, got := s.press(48, `{}`); status != http.StatusAccepted {
			t.Fatalf("press: %d %s", status, got)
		}

		s.at("2026-11-19T01:00:01Z") // before a timer would act
		s.meta.play("graph-phone-d11-approved.json")
		s.meta.play("graph-register-success.json", takes(time.Second), func(a *graphAnswer) {
			a.header = map[string]string{"X-FB-Trace-ID": "AFixtureTrace9106"}
		})
		s.hook("webhook-name-update-approved.json")

		s.play("api-registration-attempts.json", free{
			// What a timer would do next varies in time, and is not known of the attempt that died.
			"payload[1].next_attempt_at": between("2026-11-18T23:00:00Z", "2026-11-19T20:00:00Z"),
			"payload[2].next_attempt_at": anything,
			// Nobody's, where the engine looked at the new number before the request did.
			"payload[5].actor_user_id":   anything,
			"payload[2].finished_at":     between("2026-11-18T16:14:10Z", "2026-11-18T16:14:12Z"),
			"payload[4].next_attempt_at": between("2026-11-18T16:00:00Z", "2026-11-18T18:00:00Z"),
			"payload[5].next_attempt_at": between("2026-11-18T16:00:00Z", "2026-11-18T18:00:00Z"),
			"payload[0].started_at":      between("2026-11-19T01:00:01Z", "2026-11-19T01:00:01Z"),
			"payload[0].finished_at":     between("2026-11-19T01:00:02Z", "2026-11-19T01:00:02Z"),
			// The number is confirmed to be live first.
			"payload[0].next_attempt_at": anything,
		})
		s.play("api-registration-attempts-page2.json", nil)
		s.play("api-registration-attempts-400.json", nil)
	})
}

// dies has the program die in the middle of an attempt, and another start when the
// dead one's lease is over.
func (s *stage) dies(at, again string, settings map[string]string) {
	s.t.Helper()
	open := make(chan struct{})
	s.t.Cleanup(func() { close(open) })
	before := s.meta.mark()
	s.meta.play("graph-register-success.json", until(open))
	s.clock.set(at)
	s.app.WhatsApp().Wake()
	testkit.Wait(s.t, 20*time.Second, "the attempt to be under way", func() bool { return s.meta.registers(before) == 1 })
	// The call is not given up while it may be answered: the stop runs out of patience.
	if err := s.app.Stop(context.WithoutCancel(s.t.Context())); err == nil {
		s.t.Error("the program stopped as if no attempt was under way")
	}
	s.app = nil
	s.clock.set(again)
	s.boot(settings)
	s.quiet()
}

// TestWhatsAppManualSetup: credentials are asked of Meta, and a number is nobody
// else's.
func TestWhatsAppManualSetup(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil, 48, 52)
		s.meta.playAs(50, "graph-message-templates-error-190.json")
		s.play("api-manual-invalid-credentials.json", nil)
		s.meta.playAs(50, "graph-message-templates-error-503.json")
		p := payloadFile(t, "api-manual-invalid-credentials.json")
		if status, got := s.send(p); status != http.StatusUnprocessableEntity || strings.Contains(string(got), "Invalid Credentials") {
			t.Errorf("Meta is down: %d %s", status, got)
		}
		s.meta.playAs(50, "graph-message-templates.json")
		status, got := s.send(p)
		if status != http.StatusOK {
			t.Fatalf("manual setup: %d %s", status, got)
		}
		id, _ := pick(t, got, "id").(json.Number)
		s.ids[50], _ = id.Int64()
		s.play("api-manual-duplicate-number.json", nil)
		s.quiet()
		before := s.meta.mark()
		s.play("api-sync-templates-200.json", nil)
		s.play("api-sync-templates-422.json", nil)
		if status, got := s.ask("agent", http.MethodPost, s.path(48, "/sync_templates"), nil); status != http.StatusUnauthorized {
			t.Errorf("an agent: %d %s", status, got)
		}
		testkit.Wait(t, 20*time.Second, "the templates to be read", func() bool { return s.meta.mark() > before })
		for _, c := range s.meta.all(0) {
			if strings.Contains(c.URL, "EAAfixture") {
				t.Errorf("a token is in the address %s", c.URL)
			}
		}
	})
}
