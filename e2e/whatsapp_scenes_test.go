package e2e_test

import (
	"net/http"
	"regexp"
	"time"

	"tributary/store"
)

// fresh forgets all that was about the numbers, and lets them be connected at a
// moment: play says how Meta answers then.
func (s *stage) fresh(at string, play func()) {
	s.t.Helper()
	s.quiet()
	// Nothing is due while the scene is changed.
	s.exec(`UPDATE whatsapp_numbers SET observe_at = NULL`)
	s.exec(`UPDATE whatsapp_businesses SET due_at = 9000000000000000000`)
	s.live()
	if play != nil {
		play()
	}
	s.clock.set(at)
	for _, g := range givenInboxes(s.t) {
		if s.ids[g.ID] != 0 {
			s.clearFlags(s.ids[g.ID])
		}
	}
	tx, err := s.db.BeginTx(s.t.Context(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	queries := []string{
		`UPDATE change_versions SET version = version + 1 WHERE topic = 'channels'`, // the inboxes are looked through again
		`DELETE FROM applied_changes`,
	}
	for _, table := range []string{"numbers", "businesses", "signals", "attempts", "snapshots", "events"} {
		queries = append(queries, `DELETE FROM whatsapp_`+table)
	}
	for _, query := range queries {
		if _, err := tx.ExecContext(s.t.Context(), query); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		s.t.Fatal(err)
	}
	s.quiet()
}

func (s *stage) clearFlags(inbox int64) {
	s.t.Helper()
	channel := s.count(`SELECT channel_id FROM inboxes WHERE id = $1`, inbox)
	fine := false
	if err := s.app.Store().Transact(s.t.Context(), func(tx *store.Tx) error {
		_, err := tx.SetChannelStanding(s.t.Context(), int64(channel), store.ChannelStanding{CredentialsInvalid: &fine})
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
}

// at turns the clock, and lets the engine do what is due then.
func (s *stage) at(when string) {
	s.t.Helper()
	s.clock.set(when)
	s.quiet()
}

// liveSince has all numbers live since signupDay, at fixtureTime.
func (s *stage) liveSince() {
	s.t.Helper()
	s.fresh(signupDay, nil)
	s.at(fixtureTime)
}

// tried has number 48 connected at 08:00:04 of the day of the payloads, and the first
// registration answered a second later.
func (s *stage) tried(phone, answer string, how ...answerOption) {
	s.t.Helper()
	s.fresh("2026-11-18T08:00:04Z", func() {
		s.meta.play(phone)
		s.meta.play(answer, append(how, takes(time.Second))...)
	})
}

var fixtureTrace = regexp.MustCompile(`AFixtureTrace\d+`)

// trace is the one that the payload of our answer has.
func trace(id string) answerOption {
	return func(a *graphAnswer) { a.body = fixtureTrace.ReplaceAll(a.body, []byte(id)) }
}

// press is the administrator's button.
func (s *stage) press(inbox int, body string) (int, []byte) {
	s.t.Helper()
	return s.ask("admin", http.MethodPost, s.path(inbox, "/register_number"), []byte(body))
}

// declined has Meta decline the name of number 48 right after the first registration.
func (s *stage) declined() {
	s.t.Helper()
	s.tried("graph-phone-d12-name-pending.json", "graph-register-error-2388001-display-name-declined.json", trace("AFixtureTrace9001"))
	s.meta.play("graph-phone-d8-name-declined.json")
	if status, got := s.press(48, `{}`); status != http.StatusUnprocessableEntity {
		s.t.Fatalf("press: %d %s", status, got)
	}
}

// rateLimited has the number registered ten times, until Meta wants no more.
func (s *stage) rateLimited() {
	s.t.Helper()
	s.fresh("2026-11-18T07:40:00Z", func() {
		s.meta.play("graph-phone-d12-name-pending.json")
		s.meta.play("graph-register-error-2388001-display-name.json")
	})
	for range 8 {
		s.clock.advance(61 * time.Second)
		if status, got := s.press(48, `{}`); status != http.StatusAccepted {
			s.t.Fatalf("press: %d %s", status, got)
		}
	}
	s.meta.play("graph-register-error-133016.json", trace("AFixtureTrace9003"), takes(time.Second))
	s.at("2026-11-18T08:00:04Z")
	if status, got := s.press(48, `{}`); status != http.StatusAccepted {
		s.t.Fatalf("press: %d %s", status, got)
	}
	s.at(fixtureTime)
}

// knownSince031044 has all numbers live, read last at 03:10:44 of the day.
func (s *stage) knownSince031044() {
	s.t.Helper()
	s.fresh(signupDay, nil)
	s.at("2026-11-18T03:10:44Z")
}
