package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// TestWhatsAppAccess: who may not is told why, in this order: no session, wrong
// token, bot, another account, no such inbox, no member, no such kind of inbox.
func TestWhatsAppAccess(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		const (
			signIn    = `{"errors":["You need to sign in or sign up before continuing."]}`
			badToken  = `{"error":"Invalid Access Token"}`
			bots      = `{"error":"Access to this endpoint is not authorized for bots"}`
			elsewhere = `{"error":"You are not authorized to access this account"}`
			suspended = `{"error":"Account is suspended"}`
			action    = `{"error":"You are not authorized to do this action"}`
			missing   = `{"error":"Resource could not be found"}`
			notCloud  = `{"error":"Health data only available for WhatsApp Cloud API channels"}`
		)
		before := s.meta.mark()
		want := func(as, method, path string, status int, body string) {
			t.Helper()
			if got, answer := s.ask(as, method, path, nil); got != status || string(answer) != body {
				t.Errorf("%s %s as %q: got %d %s, want %d %s", method, path, as, got, answer, status, body)
			}
		}
		own := s.count(`SELECT account_id FROM account_users WHERE user_id = $1 AND role = 1`, s.users["stranger"])
		unknown := fmt.Sprintf("/api/v1/accounts/%d/inboxes/99999", s.account)
		for route, method := range map[string]string{
			"/health": http.MethodGet, "/registration_attempts": http.MethodGet,
			"/register_number": http.MethodPost, "/register_webhook": http.MethodPost, "/request_code": http.MethodPost,
		} {
			for _, inbox := range []string{s.path(48, ""), s.path(52, ""), unknown} {
				want("", method, inbox+route, http.StatusUnauthorized, signIn)
				want("wrong", method, inbox+route, http.StatusUnauthorized, badToken)
				want("bot", method, inbox+route, http.StatusUnauthorized, bots)
				want("stranger", method, inbox+route, http.StatusUnauthorized, elsewhere)
			}
			want("agent", method, unknown+route, http.StatusNotFound, missing)
			want("admin", method, unknown+route, http.StatusNotFound, missing)
			want("admin", method, strings.Replace(unknown, fmt.Sprint("/", s.account, "/"), "/99999/", 1)+route, http.StatusNotFound, missing)
			// An administrator of another account does not reach it through his own.
			want("stranger", method, strings.Replace(s.path(48, route), fmt.Sprint("/", s.account, "/"), fmt.Sprint("/", own, "/"), 1), http.StatusNotFound, missing)
			want("agent", method, s.path(48, route), http.StatusUnauthorized, action)
			want("agent", method, s.path(52, route), http.StatusUnauthorized, action)
			want("admin", method, s.path(52, route), http.StatusBadRequest, notCloud)
		}
		signup := fmt.Sprintf("/api/v1/accounts/%d/whatsapp/authorization", s.account)
		want("", http.MethodPost, signup, http.StatusUnauthorized, signIn)
		want("wrong", http.MethodPost, signup, http.StatusUnauthorized, badToken)
		want("bot", http.MethodPost, signup, http.StatusUnauthorized, bots)
		want("stranger", http.MethodPost, signup, http.StatusUnauthorized, elsewhere)
		want("agent", http.MethodPost, signup, http.StatusUnauthorized, action)

		// A member reads, and does nothing else.
		s.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $3, 1), ($2, $3, 1)`, s.ids[48], s.ids[52], s.users["agent"])
		if status, got := s.ask("agent", http.MethodGet, s.path(48, "/health"), nil); status != http.StatusOK {
			t.Errorf("a member: %d %s", status, got)
		}
		want("agent", http.MethodGet, s.path(52, "/health"), http.StatusBadRequest, notCloud)
		want("agent", http.MethodPost, s.path(48, "/register_number"), http.StatusUnauthorized, action)
		want("agent", http.MethodPost, s.path(48, "/register_webhook"), http.StatusUnauthorized, action)
		// Nor are credentials shown to one.
		if _, inbox := s.ask("agent", http.MethodGet, s.path(48, ""), nil); bytes.Contains(inbox, []byte("provider_config")) {
			t.Errorf("a member sees %s", inbox)
		}
		s.exec(`UPDATE accounts SET status = 1 WHERE id = $1`, s.account)
		want("admin", http.MethodGet, s.path(48, "/health"), http.StatusUnauthorized, suspended)
		if n := s.meta.registers(before); n != 0 {
			t.Errorf("%d calls of register", n)
		}
	})
}

// TestWhatsAppHealthIsShared: dashboards ask with every change of an inbox; Meta is
// asked once in thirty seconds, and not at all for what is stored.
func TestWhatsAppHealthIsShared(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		const read = "GET /500100200300401"
		reads := func(since int) int { return len(s.meta.seen(since, func(name string) bool { return name == read })) }
		s.clock.advance(31 * time.Second)
		before := s.meta.mark()
		open := make(chan struct{})
		s.meta.play("graph-phone-d6-healthy-live.json", until(open))
		answers := make([]string, 50)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				status, got := s.ask("admin", http.MethodGet, s.path(48, "/health"), nil)
				answers[i] = fmt.Sprint(status, " ", string(got))
			})
		}
		testkit.Wait(t, 20*time.Second, "Meta to be asked", func() bool { return reads(before) > 0 })
		close(open)
		all.Wait()
		for _, got := range answers {
			if got != answers[0] || !strings.HasPrefix(got, "200 ") {
				t.Errorf("got %s, want %s", got, answers[0])
			}
		}
		if n := reads(before); n != 1 {
			t.Errorf("%d reads for 50 requests at once", n)
		}
		s.clock.advance(28 * time.Second)
		s.ask("admin", http.MethodGet, s.path(48, "/health"), nil)
		if n := reads(before); n != 1 {
			t.Errorf("%d reads within 30 s", n)
		}
		s.clock.advance(3 * time.Second)
		s.ask("admin", http.MethodGet, s.path(48, "/health"), nil)
		if n := reads(before); n != 2 {
			t.Errorf("%d reads after 31 s, want a second one", n)
		}

		s.knownSince031044()
		s.clock.advance(time.Hour)
		before = s.meta.mark()
		s.play("api-health-refresh-false.json", nil)
		if got := s.meta.seen(before, nil); len(got) > 0 {
			t.Errorf("refresh=false: calls %q", got)
		}
	})
}

// TestWhatsAppMetaIsDown: a read that fails is said, with what was known before; what
// is stored can be had all the same.
func TestWhatsAppMetaIsDown(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		s := whatsappStage(t, b, nil)
		down := func(what string, known any) {
			t.Helper()
			status, got := s.ask("admin", http.MethodGet, s.path(48, "/health"), nil)
			if status != http.StatusUnprocessableEntity || pick(t, got, "error") != "WhatsApp API request failed: no answer" ||
				pick(t, got, "error_details.type") != "api" || pick(t, got, "error_details.http_status") != nil ||
				pick(t, got, "last_known.id") != known || bytes.Contains(got, []byte(s.meta.URL)) {
				t.Errorf("%s: %d %s", what, status, got)
			}
			if s.banner(48) {
				t.Errorf("%s: silence is no refusal", what)
			}
		}
		s.clock.advance(time.Minute)
		s.meta.play("graph-phone-d6-healthy-live.json", cut)
		down("with a snapshot", "500100200300401")
		status, got := s.ask("admin", http.MethodGet, s.path(48, "/health?refresh=false"), nil)
		if status != http.StatusOK || pick(t, got, "registration.state") != "registered" {
			t.Errorf("what is stored: %d %s", status, got)
		}
		// Chatwoot shows Meta's body; we do not.
		s.clock.advance(time.Minute)
		s.meta.play("graph-error-1.json", trace("AFixtureTrace9005"))
		base := payloadFile(t, "api-health-error-base-form.json")
		status, got = s.send(base)
		if want, _, _ := strings.Cut(fmt.Sprint(pick(t, base.Body, "error")), " - "); status != base.Status || pick(t, got, "error") != want {
			t.Errorf("an error of Meta's: %d %s, want %s", status, got, want)
		}
		before := s.meta.mark()
		s.fresh(fixtureTime, func() { s.meta.play("graph-phone-d6-healthy-live.json", cut) })
		down("without a snapshot", nil)
		status, got = s.ask("admin", http.MethodGet, s.path(48, "/health?refresh=false"), nil)
		if status != http.StatusUnprocessableEntity || !bytes.Contains(got, []byte(`"last_known":null`)) {
			t.Errorf("nothing is stored: %d %s", status, got)
		}
		if n := s.meta.registers(before); n != 0 {
			t.Errorf("registered %d times without a read", n)
		}
	})
}
