package whatsapp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/desk"
	"tributary/mail"
	"tributary/simulator"
	"tributary/store"
	"tributary/whatsapp"
)

// join gives the account a second administrator, Bob, and some who are told nothing:
// an agent, and an administrator who never confirmed the address.
func (w *world) join() {
	w.t.Helper()
	for i, u := range []struct {
		email     string
		role      int
		confirmed any
	}{{"bob@acme.test", 1, 1}, {"agent@acme.test", 0, 1}, {"new@acme.test", 1, nil}} {
		id := 100 + i
		w.sql(`INSERT INTO users (id, email, name, confirmed_at, pubsub_token, created_at, updated_at) VALUES ($1, $2, 'N', $3, $2, 1, 1)`, id, u.email, u.confirmed)
		w.sql(`INSERT INTO account_users (account_id, user_id, role, created_at, updated_at) VALUES ($1, $2, $3, 1, 1)`, w.account, id, u.role)
	}
}

func (w *world) sql(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.db.SQL.ExecContext(w.t.Context(), statement, args...); err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
}

// work runs the jobs of the engine that are due until none is, as a runner does.
func (w *world) work() {
	w.t.Helper()
	ctx, p := w.t.Context(), w.engines[0]
	for {
		jobs, err := w.db.ClaimJobs(ctx, store.LaneNumbers, "work", time.Minute, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		mails, err := w.db.ClaimJobs(ctx, store.LaneMail, "work", time.Minute, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		if jobs = append(jobs, mails...); len(jobs) == 0 {
			return
		}
		for _, j := range jobs {
			if handler, ok := p.jobs[j.Kind]; ok {
				err = handler(ctx, j)
			}
			if _, final := errors.AsType[desk.Final](err); err != nil && final {
				j.MaxAttempts = 0
			}
			if err != nil {
				_, err = w.db.RetryJob(ctx, j, w.db.Clock.Now().Add(time.Minute), err.Error())
			} else {
				err = w.db.FinishJob(ctx, j.ID)
			}
			if err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// waiting counts the jobs about notices: all of them, and those that are dead.
func (w *world) waiting() (all, dead int) {
	w.t.Helper()
	if err := w.db.SQL.QueryRowContext(w.t.Context(), `SELECT COUNT(*), COALESCE(SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END), 0)
		FROM jobs WHERE kind = $1`, whatsapp.JobNotice).Scan(&all, &dead); err != nil {
		w.t.Fatal(err)
	}
	return all, dead
}

// told takes the mails that were sent since the last time, each of which must have
// gone to Ada and to Bob alike, and gives their subjects without the inbox.
func (w *world) told() []string {
	w.t.Helper()
	w.work()
	byAdmin := map[string][]string{}
	for _, m := range w.mails() {
		_, what, _ := strings.Cut(m.Subject, ": ")
		byAdmin[m.To] = append(byAdmin[m.To], what)
	}
	ada, bob := byAdmin["ada@acme.test"], byAdmin["bob@acme.test"]
	slices.Sort(ada)
	slices.Sort(bob)
	if !slices.Equal(ada, bob) || len(byAdmin) > 2 || len(byAdmin) == 1 {
		w.t.Errorf("mails differ: %q", byAdmin)
	}
	return ada
}

// mails takes what was sent since the last time.
func (w *world) mails() []mail.Message {
	w.engines[0].mail.mu.Lock()
	defer w.engines[0].mail.mu.Unlock()
	sent := w.engines[0].mail.sent
	w.engines[0].mail.sent = nil
	return sent
}

// expect compares what administrators were told with what they have to be.
func (w *world) expect(after string, want ...string) {
	w.t.Helper()
	if got := w.told(); !slices.Equal(got, want) {
		w.t.Errorf("after %s: told %q, want %q", after, got, want)
	}
}

// A number that waits for Meta is told of at each age, once, and when it is live: the
// looks and attempts in between are not.
func TestWaitIsTold(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, url string) {
		w := newWorld(t, url, 1)
		w.join()
		n := w.sim.PendingNumber()
		w.connect(n)
		w.pass(23*time.Hour, 15*time.Minute)
		w.expect("23 hours")
		w.pass(3*time.Hour, 15*time.Minute)
		w.expect("26 hours", "Meta has not approved the number for 1 day")
		w.pass(5*24*time.Hour, time.Hour)
		w.expect("6 days")
		w.pass(2*24*time.Hour, time.Hour)
		w.expect("8 days", "Meta has not approved the number for 7 days")
		w.pass(21*24*time.Hour, 3*time.Hour)
		w.expect("29 days")
		w.pass(3*24*time.Hour, 3*time.Hour)
		w.expect("32 days", "The number has not gone live within 30 days")
		w.pass(3*24*time.Hour, 3*time.Hour)
		w.expect("35 days")
		if len(n.RegisterCalls()) < 10 {
			t.Errorf("only %d attempts", len(n.RegisterCalls()))
		}
		n.ApproveName(simulator.Silently())
		w.pass(2*24*time.Hour, time.Hour)
		w.expect("the approval", "Your WhatsApp number is live")
		if r := w.registration(n); r.State != "registered" {
			t.Errorf("state %s", r.State)
		}
	})
}

// Whatever stops a number is told once, with what to do; that it is over, too.
func TestTransitionsAreTold(t *testing.T) {
	t.Parallel()
	const (
		live    = "Your WhatsApp number is live"
		manager = "https://business.facebook.com/"
	)
	for name, c := range map[string]struct {
		state  simulator.NumberState
		before func(*simulator.Number)
		happen func(*simulator.Number) // once it was looked at
		want   []string
		do     []string // in the texts
		atMeta bool
		mend   func(*simulator.Number)
		then   []string
	}{
		"declined name": {
			state: simulator.PendingName, happen: func(n *simulator.Number) { n.DeclineName("NAME_NOT_CONSISTENT", simulator.Silently()) },
			want: []string{"Meta has declined the display name"}, do: []string{"Change the display name in WhatsApp Manager"}, atMeta: true,
			mend: func(n *simulator.Number) { n.ApproveName(simulator.Silently()) }, then: []string{live},
		},
		"expired name": {
			state: simulator.ExpiredName, want: []string{"The approval of the display name has expired"},
			do: []string{"submit it for review"}, atMeta: true,
		},
		"verification": {
			state: simulator.NotVerified, want: []string{"The phone number has to be verified"}, do: []string{"with a code by text message or call"}, atMeta: true,
		},
		"PIN": {
			state: simulator.PINElsewhere, want: []string{"The PIN of two-step verification is needed"}, do: []string{"Turn off two-step verification"}, atMeta: true,
		},
		"account on a phone": {
			state: simulator.ExistingAccount, want: []string{"The number is still in use by another WhatsApp account"},
			do: []string{"Delete the WhatsApp account in the app on the phone", "What Meta says:\n> "},
		},
		"restricted account": {
			state: simulator.Restricted, want: []string{"Meta has restricted the account"}, do: []string{"request a review"}, atMeta: true,
		},
		"on-premise": {
			state: simulator.OnPremise, want: []string{"The number is still on the On-Premises API"}, do: []string{"Cloud API"}, atMeta: true,
		},
		"rate limit": {
			state: simulator.RateLimited, want: []string{"Meta refuses to register the number for 72 hours"},
			do: []string{"Until 2026-03-04 10:", "You do not have to do anything"},
		},
		"dead token": {
			state: simulator.Live, happen: func(n *simulator.Number) { n.WABA().KillTokens(simulator.KnownFault("190-460")) },
			want: []string{"The access to WhatsApp has to be renewed"}, do: []string{"Connect the number again"},
		},
		"app not connected": {
			state: simulator.Coexistence, happen: func(n *simulator.Number) { n.SetStatus("DISCONNECTED") },
			want: []string{"The connection to the WhatsApp Business app is interrupted"}, do: []string{"Open the WhatsApp Business app"}, atMeta: true,
			mend: func(n *simulator.Number) { n.SetStatus("CONNECTED") },
			then: []string{"Resolved: This number is disconnected from WhatsApp at the moment"},
		},
		"low quality": {
			state: simulator.Live, happen: func(n *simulator.Number) { n.SetQuality("RED", simulator.Silently()) },
			want: []string{"The quality of the number is low"}, do: []string{"Meta limits what the number may send", "Customers block or report"}, atMeta: true,
			mend: func(n *simulator.Number) { n.SetQuality("GREEN", simulator.Silently()) },
			then: []string{"Resolved: The quality of the number is low"},
		},
		"medium quality": {
			state: simulator.Live, happen: func(n *simulator.Number) { n.SetQuality("YELLOW", simulator.Silently()) },
			want: []string{"The quality of the number has dropped to medium"}, do: []string{"Meta has flagged the number"}, atMeta: true,
		},
		"lower limit": {
			state: simulator.Live, happen: func(n *simulator.Number) { n.WABA().SetTier("TIER_250", simulator.Silently()) },
			want: []string{"The number may start fewer conversations per day than before"}, do: []string{"Customers block or report"}, atMeta: true,
		},
		"ban": {
			state: simulator.Live, happen: func(n *simulator.Number) { n.Ban(simulator.Silently()) },
			want: []string{"WhatsApp has banned this number"}, do: []string{"request a review"}, atMeta: true,
		},
		"webhook refused": {
			state: simulator.Live, before: func(n *simulator.Number) {
				n.Fail("update", simulator.Fault{Code: 2200, Message: "(#2200) Callback verification failed with the following errors: curl_errno = 7"}, 0)
			},
			want: []string{"Meta cannot reach this server"}, do: []string{"firewalls often block", "What Meta says:\n> "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "", 1)
			w.join()
			n := w.sim.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: c.state})
			if c.before != nil {
				c.before(n)
			}
			inbox := w.store(n)
			w.rounds()
			if c.happen != nil {
				w.expect("the beginning")
				c.happen(n)
			}
			w.pass(8*time.Hour, 10*time.Minute)
			w.work()
			first := slices.Clone(w.engines[0].mail.all())
			w.expect("it happened", c.want...)
			w.pass(13*time.Hour, 10*time.Minute)
			w.expect("nothing more happened")
			link := fmt.Sprintf("%s/app/accounts/%d/settings/inboxes/%d", w.public, w.account, inbox)
			for _, m := range first {
				for _, want := range append([]string{link, n.Phone, "an administrator of Acme"}, c.do...) {
					if !strings.Contains(m.Text, want) {
						t.Errorf("no %q in %s", want, m.Text)
					}
				}
				if strings.Contains(m.Text, manager) != c.atMeta || c.atMeta && !strings.Contains(m.Text, "asset_id="+n.WABA().ID) {
					t.Errorf("link to WhatsApp Manager: %t, want %t, of account %s, in %s", !c.atMeta, c.atMeta, n.WABA().ID, m.Text)
				}
				if !strings.Contains(m.HTML, `href="`+link+`"`) {
					t.Errorf("no link in %s", m.HTML)
				}
				w.secretless(n, m)
			}
			if c.mend != nil {
				c.mend(n)
				w.pass(25*time.Hour, 10*time.Minute)
				w.expect("it is over", c.then...)
			}
		})
	}
}

// secretless looks for secrets in a mail.
func (w *world) secretless(n *simulator.Number, m mail.Message) {
	w.t.Helper()
	row, err := w.db.WhatsAppNumber(w.t.Context(), n.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	for what, secret := range map[string]string{
		"token": n.Token(), "PIN": row.PIN, "verify token": "0123456789abcdef0123456789abcdef", "app secret": w.sim.Settings()["WHATSAPP_APP_SECRET"],
	} {
		for _, text := range []string{m.Subject, m.Text, m.HTML} {
			if secret != "" && strings.Contains(text, secret) {
				w.t.Errorf("the %s is in %q", what, text)
			}
		}
	}
}

// What Meta tells by webhook is one mail, however many sides it has.
func TestEventsAreTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change simulator.Change
		want   []string
		text   string
	}{
		"critical alert": {
			simulator.Change{Field: "account_alerts", Value: map[string]any{"entity_type": "BUSINESS", "entity_id": "1", "alert_info": map[string]any{
				"alert_severity": "CRITICAL", "alert_status": "ACTIVE", "alert_type": "PROFILE_PICTURE_LOST", "alert_description": "It is <b>gone</b>.",
			}}},
			[]string{"Alert from Meta: PROFILE PICTURE LOST"},
			"What Meta says:\n> It is <b>gone</b>.",
		},
		"informational alert": {
			simulator.Change{Field: "account_alerts", Value: map[string]any{"entity_type": "BUSINESS", "entity_id": "1", "alert_info": map[string]any{
				"alert_severity": "INFORMATIONAL", "alert_status": "ACTIVE", "alert_type": "OBA_APPROVED", "alert_description": "Fine.",
			}}},
			nil, "",
		},
		"restriction": {
			simulator.Change{Field: "account_update", Value: map[string]any{"event": "ACCOUNT_RESTRICTION", "restriction_info": []any{
				map[string]any{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1772964000},
				map[string]any{"restriction_type": "RESTRICTED_UTILITY_TEMPLATES", "expiration": 1772964000},
			}}},
			[]string{"Meta limits what the number may send"},
			"Until 2026-03-08 10:00 UTC",
		},
		"ban to come": {
			simulator.Change{Field: "account_update", Value: map[string]any{"event": "DISABLED_UPDATE", "ban_info": map[string]any{
				"waba_ban_state": "SCHEDULE_FOR_DISABLE", "waba_ban_date": "March 9, 2026",
			}}},
			[]string{"Meta is going to disable the account"},
			"What Meta says:\n> March 9, 2026",
		},
		"ban": {
			simulator.Change{Field: "account_update", Value: map[string]any{"event": "DISABLED_UPDATE", "ban_info": map[string]any{
				"waba_ban_state": "DISABLE", "waba_ban_date": "March 1, 2026",
			}}},
			[]string{"WhatsApp has banned this number"},
			"request a review",
		},
		"reset of the PIN": {
			simulator.Change{Field: "security", Value: map[string]any{"event": "PIN_RESET_REQUEST"}},
			[]string{"Alert from Meta: PIN RESET REQUEST"},
			"See the details in WhatsApp Manager",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "", 1)
			w.join()
			n := w.sim.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Live})
			w.store(n)
			w.rounds()
			c.change.WABA = n.WABA()
			entry := w.entry(c.change)
			for range 2 { // Meta repeats itself
				w.order(store.Job{Kind: whatsapp.JobEvent, Lane: store.LaneNumbers}, map[string]any{"proven": true, "entry": entry})
				w.work()
				w.pass(time.Hour, 10*time.Minute)
				w.work()
			}
			for _, m := range w.engines[0].mail.all() {
				if !strings.Contains(m.Text, c.text) {
					t.Errorf("no %q in %s", c.text, m.Text)
				}
				if strings.Contains(m.HTML, "<b>") {
					t.Errorf("Meta's text is markup: %s", m.HTML)
				}
				w.secretless(n, m)
			}
			w.expect("the event", c.want...)
		})
	}
}

// entry is what is left of a management webhook of the app once it was proven and
// split.
func (w *world) entry(c simulator.Change) json.RawMessage {
	w.t.Helper()
	d, err := w.sim.BuildManagement([]simulator.Change{c})
	if err != nil {
		w.t.Fatal(err)
	}
	var body struct {
		Entry []json.RawMessage `json:"entry"`
	}
	if err := json.Unmarshal(d.Body, &body); err != nil || len(body.Entry) != 1 {
		w.t.Fatalf("%s: %v", d.Body, err)
	}
	return body.Entry[0]
}

func (w *world) order(j store.Job, payload any) {
	w.t.Helper()
	var err error
	if j.Payload, err = json.Marshal(payload); err != nil {
		w.t.Fatal(err)
	}
	if err := w.db.Transact(w.t.Context(), func(tx *store.Tx) error { return tx.InsertJob(context.Background(), j) }); err != nil {
		w.t.Fatal(err)
	}
}
