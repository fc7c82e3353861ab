package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// play sends the request of a payload of ours, and compares the answer with it.
func (s *stage) play(file string, but free) []byte {
	s.t.Helper()
	p := payloadFile(s.t, file)
	status, got := s.send(p)
	if status != p.Status {
		s.t.Errorf("%s: got %d %s, want %d", file, status, got, p.Status)
		return got
	}
	sameJSON(s.t, file, got, s.answer(p), but)
	return got
}

// send sends the request of a payload as whom it names.
func (s *stage) send(p *payload) (int, []byte) {
	s.t.Helper()
	role := ""
	switch p.Request.Headers["api_access_token"] {
	case "fixture-admin-api-token":
		role = "admin"
	case "fixture-agent-api-token":
		role = "agent"
	}
	path, body := s.mapped(p.Request.Path), p.Request.Body
	for name, value := range p.Request.Query {
		path += "?" + name + "=" + value
	}
	if len(body) > 0 {
		body = compact(s.t, body)
		for inbox, id := range s.ids {
			body = bytes.ReplaceAll(body, number(`"inbox_id":`, int64(inbox), `}`), number(`"inbox_id":`, id, `}`))
		}
	}
	return s.ask(role, p.Request.Method, path, body)
}

func number(before string, n int64, after string) []byte {
	b, _ := json.Marshal(n)
	return []byte(before + string(b) + after)
}

// answer is the body of a payload with the ids of this database.
func (s *stage) answer(p *payload) []byte {
	s.t.Helper()
	want := compact(s.t, p.Body)
	for inbox, id := range s.ids {
		want = bytes.ReplaceAll(want, number(`"id":`, int64(inbox), `,`), number(`"id":`, id, `,`))
		want = bytes.ReplaceAll(want, number(`"inbox_id":`, int64(inbox), `,`), number(`"inbox_id":`, id, `,`))
	}
	return bytes.ReplaceAll(want, []byte(`"actor_user_id":3,`), number(`"actor_user_id":`, s.users["admin"], `,`))
}

// banner is what an unmodified dashboard decides on.
func (s *stage) banner(inbox int) bool {
	s.t.Helper()
	status, got := s.ask("admin", http.MethodGet, s.path(inbox, ""), nil)
	if status != http.StatusOK {
		s.t.Fatalf("inbox %d: %d %s", inbox, status, got)
	}
	for _, secret := range []string{"verification_pin"} {
		if strings.Contains(string(got), secret) {
			s.t.Errorf("inbox %d shows %s: %s", inbox, secret, got)
		}
	}
	flag, _ := pick(s.t, got, "reauthorization_required").(bool)
	return flag
}

// TestWhatsAppHealth: the health of a number is answered as the payloads say, in each
// state that its registration can be in.
func TestWhatsAppHealth(t *testing.T) {
	t.Parallel()
	later := free{"registration.next_attempt_at": between("2026-11-18T16:00:04Z", "2026-11-18T18:00:00Z")} // 8 h, and what spreads it
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		for _, c := range []struct {
			file   string
			set    func()
			but    free
			banner bool
		}{
			{file: "api-health-healthy.json", set: s.liveSince},
			{file: "api-health-healthy-member-agent.json", set: func() {
				s.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, s.ids[48], s.users["agent"])
			}},
			{file: "api-health-error-not-member.json", set: func() { s.exec(`DELETE FROM inbox_members`) }},
			{file: "api-health-coexistence.json"},
			{file: "api-health-error-no-session.json"},
			{file: "api-health-error-not-cloud.json"},
			{file: "api-health-error-unknown-inbox.json"},
			{file: "api-health-error-api-key-missing.json"},
			{file: "api-health-error-phone-number-id-missing.json"},
			{file: "api-health-code-expired.json", set: func() {
				s.fresh(signupDay, nil)
				s.meta.play("graph-phone-d6-live-code-expired.json")
				s.at(fixtureTime)
			}},
			{file: "api-health-missing-fields.json", set: func() {
				s.fresh(signupDay, func() {
					s.meta.play("graph-phone-d13-id-only.json")
					s.meta.play("graph-waba-no-owner.json", with("Willow Bakery WABA", ""))
				})
				s.at(fixtureTime)
			}},
			{file: "api-health-pending.json", but: later, banner: true, set: func() {
				s.tried("graph-phone-d12-name-pending.json", "graph-register-error-2388001-display-name.json", trace("AFixtureTrace9001"))
				s.meta.play("graph-phone-d12-name-pending-waiting.json")
				s.at(fixtureTime)
			}},
			{file: "api-health-needs-admin.json", banner: true, set: func() {
				s.declined()
				s.at(fixtureTime)
			}},
			{file: "api-health-needs-admin-appeal.json", banner: true, set: func() {
				s.tried("graph-phone-d11-approved.json", "graph-register-error-131031.json", trace("AFixtureTrace9002"))
				s.at(fixtureTime)
			}},
			{file: "api-health-needs-admin-detach.json", banner: true, set: func() {
				s.tried("graph-phone-d11-approved.json", "graph-register-error-2388001-existing-account.json", trace("AFixtureTrace9002"))
				s.at(fixtureTime)
			}},
			{file: "api-health-needs-admin-pin.json", banner: true, set: func() {
				s.tried("graph-phone-d11-approved.json", "graph-register-error-133005.json", trace("AFixtureTrace9002"))
				s.at(fixtureTime)
			}},
			{file: "api-health-needs-admin-verify.json", banner: true, set: func() {
				s.tried("graph-phone-d10-not-verified.json", "graph-register-error-133006.json", trace("AFixtureTrace9002"))
				s.meta.play("graph-phone-d10-not-verified.json", with("PENDING_REVIEW", "APPROVED"))
				s.at(fixtureTime)
			}},
			{file: "api-health-rate-limited.json", banner: true, set: s.rateLimited},
			{file: "api-health-abandoned.json", banner: true, set: func() {
				s.fresh("2026-10-17T08:00:05Z", func() {
					s.meta.play("graph-phone-d12-name-pending.json")
					s.meta.play("graph-register-error-2388001-display-name.json", trace("AFixtureTrace9001"))
				})
				s.at("2026-11-14T08:00:05Z")
				s.at(fixtureTime)
			}},
			{file: "api-health-error-no-last-known.json", set: func() {
				s.fresh("2026-11-18T08:59:59Z", func() { s.meta.play("graph-error-1.json", takes(time.Second)) })
			}},
			{file: "api-health-error-auth-last-known.json", banner: true, set: func() {
				s.knownSince031044()
				s.meta.play("graph-error-190-463.json", trace("AFixtureTrace9004"), with(
					" on Monday, 16-Nov-26 01:00:00 PST. The current time is Wednesday, 18-Nov-26 01:00:00 PST.", ""))
				s.at(fixtureTime)
			}},
			{file: "api-health-error-transient-last-known.json", set: func() {
				s.knownSince031044()
				s.meta.play("graph-error-502-html.json")
				s.at(fixtureTime)
			}},
		} {
			if c.set != nil {
				c.set()
			}
			before := s.meta.mark()
			got := s.play(c.file, c.but)
			if n := len(s.meta.reads(before)); n > 1 {
				t.Errorf("%s: Meta was asked %d times", c.file, n)
			}
			if p := payloadFile(t, c.file); strings.Contains(string(p.Expect), `"graph_calls": 0`) && s.meta.mark() != before {
				t.Errorf("%s: calls %q", c.file, s.meta.seen(before, nil))
			}
			if s.banner(48) != c.banner {
				t.Errorf("%s: reauthorization_required is %v", c.file, !c.banner)
			}
			if c.file == "api-health-healthy.json" {
				if want := s.answer(payloadFile(t, c.file)); !bytes.Equal(got, want) {
					t.Errorf("the bytes differ:\n got %s\nwant %s", got, want)
				}
			}
		}
	})
}
