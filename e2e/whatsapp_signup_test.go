package e2e_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// signup has Meta answer what Embedded Signup asks.
func (s *stage) signup(numbers string) {
	s.t.Helper()
	for _, file := range []string{"graph-oauth-token.json", "graph-debug-token-ok.json", numbers} {
		s.meta.play(file)
	}
}

// connected notes the inbox that a signup made, and gives what it answered.
func (s *stage) connected(inbox int, file string, but free) []byte {
	s.t.Helper()
	p := payloadFile(s.t, file)
	status, got := s.send(p)
	if status != p.Status {
		s.t.Fatalf("%s: got %d %s, want %d", file, status, got, p.Status)
	}
	id, _ := pick(s.t, got, "id").(json.Number)
	s.ids[inbox], _ = id.Int64()
	sameJSON(s.t, file, got, s.answer(p), but)
	return got
}

// connection are the calls that a signup makes, but for the list of templates and the
// webhook's set-up.
func connection(name string) bool {
	return !strings.HasSuffix(name, "/message_templates") && !strings.HasSuffix(name, "/subscribed_apps") &&
		!strings.HasSuffix(name, " webhook_configuration") && name != "GET /900100200300401"
}

// soon is when a registration that succeeded is first looked for, ten seconds and what
// spreads them.
var soon = free{"registration.next_attempt_at": between("2026-11-18T09:00:10Z", "2026-11-18T09:00:15Z")}

// TestWhatsAppSignup: Embedded Signup connects a number and registers it, or says
// what it waits for; a failed registration never fails it.
func TestWhatsAppSignup(t *testing.T) {
	t.Parallel()
	const number, waba = "500100200300401", "900100200300401"
	calls := []string{
		"GET /oauth/access_token", "GET /" + waba + "/phone_numbers", "GET /debug_token", "GET /" + number, "POST /" + number + "/register",
	}
	for _, c := range []struct {
		file   string
		but    free
		play   func(s *stage)
		at     string
		banner bool
		state  string
	}{
		{file: "api-authorization-success-new.json", but: soon, play: func(s *stage) {
			s.meta.play("graph-phone-d12-name-pending.json", takes(2*time.Second))
		}, banner: true},
		{
			file: "api-authorization-success-new-pending.json", at: "2026-11-18T08:00:04Z", banner: true,
			but: free{"registration.next_attempt_at": between("2026-11-18T16:00:04Z", "2026-11-18T18:00:00Z")},
			play: func(s *stage) {
				s.meta.play("graph-phone-d12-name-pending.json")
				s.meta.play("graph-register-error-2388001-display-name.json", trace("AFixtureTrace9001"), takes(time.Second))
			},
		},
		{file: "api-authorization-success-new-registered.json", play: func(s *stage) {
			// The only answer by which the number is known to be live right away.
			s.meta.play("graph-phone-d11-approved.json", takes(3*time.Second))
			s.meta.play("graph-register-error-already-registered.json", takes(time.Second))
		}},
	} {
		t.Run(strings.TrimSuffix(c.file, ".json"), func(t *testing.T) {
			t.Parallel()
			storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
				s := whatsappStage(t, b, nil, 50)
				if c.at != "" {
					s.at(c.at)
				}
				s.signup("graph-phone-numbers-one.json")
				c.play(s)
				before := s.meta.mark()
				s.connected(48, c.file, c.but)
				if got := s.meta.seen(before, connection); !slices.Equal(got, calls) {
					t.Errorf("calls: got %q, want %q", got, calls)
				}
				if got := s.banner(48); got != c.banner {
					t.Errorf("reauthorization_required: got %v, want %v", got, c.banner)
				}
				s.quiet()
				if n := s.meta.registers(before); n != 1 {
					t.Errorf("%d calls of register, want one", n)
				}
			})
		})
	}
}

// TestWhatsAppSignupOfAppNumber: a number that the WhatsApp Business app goes on using
// is connected without the ids that the dialog left out, and never registered.
func TestWhatsAppSignupOfAppNumber(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil, 50)
		s.at(signupDay)
		s.signup("graph-phone-numbers-coexistence.json")
		s.meta.play("graph-smb-app-data-smb-app-state-sync.json")
		before := s.meta.mark()
		s.connected(51, "api-authorization-success-coexistence.json", nil)
		s.quiet()
		if got := s.meta.registers(before); got != 0 {
			t.Errorf("%d calls of register", got)
		}
		synced := s.meta.seen(before, func(name string) bool { return strings.HasSuffix(name, "/smb_app_data") })
		if len(synced) != 2 {
			t.Errorf("the app's data was asked for by %q, want contacts and history", synced)
		}
	})
}

// TestWhatsAppSignupRefused: what goes wrong is said without secrets, and nothing is
// stored.
func TestWhatsAppSignupRefused(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		refused := func(file string, but free) {
			t.Helper()
			got := s.play(file, but)
			var expect struct {
				Not []string `json:"error_must_not_contain"`
			}
			if err := json.Unmarshal(payloadFile(t, file).Expect, &expect); err != nil {
				t.Fatal(err)
			}
			for _, secret := range append(expect.Not, "EAAfixture", "fixture-wa-app-secret", "AQfixture") {
				if strings.Contains(string(got), secret) {
					t.Errorf("%s: %s in %s", file, secret, got)
				}
			}
		}
		before := s.meta.mark()
		for _, file := range []string{
			"api-authorization-failure-agent.json", "api-authorization-failure-missing-params.json", "api-authorization-failure-missing-waba.json",
			"api-authorization-failure-not-required.json", "api-authorization-failure-unknown-inbox.json",
		} {
			refused(file, nil)
		}
		if got := s.meta.seen(before, nil); len(got) > 0 {
			t.Errorf("calls of requests that cannot succeed: %q", got)
		}
		s.meta.play("graph-oauth-token-error-code-expired.json")
		refused("api-authorization-failure-token-exchange.json", nil)
		s.meta.play("graph-oauth-token-missing.json")
		refused("api-authorization-failure-no-token.json", free{"error": begins("No access token in response: ")})
		s.signup("graph-phone-numbers-error-100-33.json")
		refused("api-authorization-failure-numbers-fetch.json", nil)
		s.meta.play("graph-phone-numbers-empty.json")
		refused("api-authorization-failure-no-numbers.json", nil)
		s.meta.play("graph-phone-numbers-one.json")
		refused("api-authorization-failure-channel-exists.json", nil)
		s.meta.play("graph-phone-numbers-named-not-found.json")
		refused("api-authorization-failure-number-mismatch.json", nil)
		// Neither the first of several numbers nor another than the named one is taken.
		for _, numbers := range []string{"graph-phone-numbers-named-not-found.json", "graph-phone-numbers-several-none-named.json"} {
			s.meta.play(numbers)
			p := payloadFile(t, "api-authorization-failure-channel-exists.json")
			if strings.Contains(numbers, "none-named") {
				p.Request.Body = json.RawMessage(strings.Replace(string(p.Request.Body), "500100200300401", "", 1))
			}
			if status, got := s.send(p); status != http.StatusUnprocessableEntity || strings.Contains(string(got), "already exists") {
				t.Errorf("%s: %d %s", numbers, status, got)
			}
		}
		// The number is taken for other accounts, too.
		s.meta.play("graph-phone-numbers-one.json")
		elsewhere := int64(s.count(`SELECT account_id FROM account_users WHERE user_id = $1 AND role = 1`, s.users["stranger"]))
		p := payloadFile(t, "api-authorization-failure-channel-exists.json")
		status, got := s.ask("stranger", http.MethodPost, strings.Replace(p.Request.Path, "/7/", "/"+string(number("", elsewhere, ""))+"/", 1), p.sent(t))
		if status != p.Status {
			t.Errorf("another account: %d %s", status, got)
		}
		sameJSON(t, "another account", got, compact(t, p.Body), nil)
		if n := s.count(`SELECT COUNT(*) FROM inboxes`); n != len(s.ids) {
			t.Errorf("%d inboxes, want %d", n, len(s.ids))
		}
		if n := s.meta.registers(before); n != 0 {
			t.Errorf("%d calls of register", n)
		}
		s.channelExistsTokenKept()
	})
}

// channelExistsTokenKept: a signup that is refused leaves the stored token alone.
func (s *stage) channelExistsTokenKept() {
	s.t.Helper()
	before := s.meta.mark()
	s.clock.advance(time.Minute)
	s.ask("admin", http.MethodGet, s.path(48, "/health"), nil)
	for _, c := range s.meta.all(before) {
		if got := c.Header.Get("Authorization"); got != "Bearer EAAfixtureEmbedded48" {
			s.t.Errorf("%s is called with %q", c.Name, got)
		}
	}
}

// TestWhatsAppSignupWithoutScopes: what Meta tells of a token is advice only. Chatwoot
// refuses both.
func TestWhatsAppSignupWithoutScopes(t *testing.T) {
	t.Parallel()
	for file, scopes := range map[string]string{
		"api-authorization-failure-no-waba-scope.json": "graph-debug-token-no-granular-scopes.json",
		"api-authorization-failure-other-waba.json":    "graph-debug-token-other-waba.json",
	} {
		t.Run(strings.TrimSuffix(scopes, ".json"), func(t *testing.T) {
			t.Parallel()
			storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
				s := whatsappStage(t, b, nil, 50)
				s.signup("graph-phone-numbers-one.json")
				s.meta.play(scopes)
				if status, got := s.send(payloadFile(t, file)); status != http.StatusOK || pick(t, got, "success") != true {
					t.Errorf("%s: %d %s", scopes, status, got)
				}
			})
		})
	}
}

// TestWhatsAppReauthorization: an inbox gets a new token, and its number what it waits
// for.
func TestWhatsAppReauthorization(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		lost := func() { // the token died
			s.fresh(signupDay, nil)
			s.meta.play("graph-error-190.json")
		}
		for _, c := range []struct {
			file   string
			set    func()
			but    free
			banner bool
		}{
			{file: "api-authorization-success-reauthorized.json", set: func() {
				lost()
				s.at(fixtureTime)
				s.meta.play("graph-phone-d6-healthy-live.json", takes(4*time.Second))
			}},
			{
				file: "api-authorization-reauthorized-waiting.json", banner: true,
				but: free{"registration.next_attempt_at": between("2026-11-18T16:00:04Z", "2026-11-18T18:00:00Z")},
				set: func() {
					lost()
					s.at("2026-11-18T08:00:04Z")
					s.meta.play("graph-phone-d12-name-pending.json")
					s.meta.play("graph-register-error-2388001-display-name.json", trace("AFixtureTrace9001"), takes(time.Second))
				},
			},
			{file: "api-authorization-reauthorized-needs-admin.json", banner: true, set: func() {
				s.declined()
				s.at(fixtureTime)
			}},
			{
				file: "api-authorization-reauthorized-needs-pin.json", banner: true,
				but: free{"registration.since": between("2026-11-18T09:00:03Z", "2026-11-18T09:00:04Z")},
				set: func() {
					lost()
					s.at(fixtureTime)
					s.meta.play("graph-phone-d11-approved.json", takes(2*time.Second))
					s.meta.play("graph-register-error-133005.json", trace("AFixtureTrace9006"), takes(time.Second))
				},
			},
		} {
			c.set()
			s.signup("graph-phone-numbers-one.json")
			s.meta.play("graph-oauth-token.json", with("EAAfixtureEmbedded48", "EAAfixtureRenewed48"))
			s.play(c.file, c.but)
			if got := s.banner(48); got != c.banner {
				t.Errorf("%s: reauthorization_required is %v", c.file, got)
			}
			status, got := s.ask("admin", http.MethodGet, s.path(48, ""), nil)
			if status != http.StatusOK || pick(t, got, "name") != "Willow Bakery WhatsApp" ||
				pick(t, got, "provider_config.business_account_id") != "900100200300401" {
				t.Errorf("%s: the inbox is %d %s", c.file, status, got)
			}
			before := s.meta.mark()
			s.quiet()
			s.clock.advance(time.Hour)
			s.ask("admin", http.MethodGet, s.path(48, "/health"), nil)
			for _, call := range s.meta.all(before) {
				if call.Name == "GET /500100200300401" && call.Header.Get("Authorization") != "Bearer EAAfixtureRenewed48" {
					t.Errorf("%s: the number is read with %q", c.file, call.Header.Get("Authorization"))
				}
			}
			s.quiet()
		}
	})
}
