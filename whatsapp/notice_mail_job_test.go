package whatsapp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"tributary/desk"
	"tributary/mail"
	"tributary/simulator"
	"tributary/store"
	"tributary/whatsapp"
	"tributary/wording"
)

// postman keeps mails, and refuses what a test wants.
type postman struct {
	outbox
	away    bool                               // no mail server is configured
	refuses func(to string, attempt int) error // nil: nothing
	tries   map[string]int
	mu      sync.Mutex
}

func (p *postman) Configured() bool { return !p.away }

func (p *postman) Send(ctx context.Context, m mail.Message) error {
	p.mu.Lock()
	p.tries[m.To]++
	attempt := p.tries[m.To]
	p.mu.Unlock()
	if p.refuses != nil {
		if err := p.refuses(m.To, attempt); err != nil {
			return err
		}
	}
	return p.outbox.Send(ctx, m)
}

// attempts gives how often each address was tried.
func (p *postman) attempts() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.tries)
}

// posted is a world with a live number and two administrators, and their postman.
func posted(t *testing.T) (*world, *simulator.Number, int64, *postman) {
	t.Helper()
	w := newWorld(t, "", 1)
	w.join()
	n := w.sim.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: simulator.Live})
	inbox := w.store(n)
	w.rounds()
	p := &postman{tries: map[string]int{}}
	w.engines[0].Mail = p
	return w, n, inbox, p
}

type news struct {
	Kind   string `json:"kind"`
	Detail string `json:"detail,omitempty"`
}

// notice orders what the engine orders when something happened to a number.
func (w *world) notice(n *simulator.Number, inbox int64, text string, list ...news) {
	w.t.Helper()
	w.order(store.Job{Lane: store.LaneMail, Kind: whatsapp.JobNotice, UniqueKey: fmt.Sprint("notice ", list)}, map[string]any{
		"account_id": w.account, "inbox_id": inbox, "phone_number_id": n.ID, "news": list, "text": text, "at": w.db.Clock.Now(),
	})
}

// run lets a runner work until no job is left but dead ones. The clock moves while it
// rests.
func (w *world) run() {
	w.t.Helper()
	handlers := maps.Clone(w.engines[0].jobs)
	for _, kind := range []string{desk.JobRegister, desk.JobTemplates} {
		handlers[kind] = func(context.Context, store.Job) error { return nil }
	}
	next := func() time.Time {
		at, err := w.db.NextJob(w.t.Context(), store.LaneMail)
		if err != nil {
			w.t.Fatal(err)
		}
		return at
	}
	for at := next(); !at.IsZero(); at = next() {
		w.db.Clock.Advance(max(0, at.Sub(w.db.Clock.Now())))
		runner := desk.NewRunner(desk.RunnerOptions{
			Store: w.db.Store, Log: w.engines[0].Log, Lane: store.LaneMail, Owner: "runner", Now: w.db.Clock.Now, Handlers: handlers,
		})
		ctx, stop := context.WithCancel(w.t.Context())
		done := make(chan error, 1)
		go func() { done <- runner.Run(ctx) }()
		for deadline := time.Now().Add(time.Minute); ; {
			if at := next(); at.IsZero() || at.After(w.db.Clock.Now()) || time.Now().After(deadline) {
				break
			}
		}
		stop()
		if err := <-done; err != nil {
			w.t.Fatal(err)
		}
	}
}

// An administrator whose mail server is busy gets the mail later; the other one gets
// none again.
func TestNoticeIsRetriedForOne(t *testing.T) {
	t.Parallel()
	w, n, inbox, p := posted(t)
	p.refuses = func(to string, attempt int) error {
		if to == "bob@acme.test" && attempt < 4 {
			return errors.New("mail: 451 later")
		}
		return nil
	}
	w.notice(n, inbox, "", news{"live", ""})
	w.run()
	if got, want := p.attempts(), map[string]int{"ada@acme.test": 1, "bob@acme.test": 4}; !maps.Equal(got, want) {
		t.Errorf("attempts %v, want %v", got, want)
	}
	if sent := p.all(); len(sent) != 2 || sent[0].To != "ada@acme.test" || sent[1].To != "bob@acme.test" || sent[0].Key == sent[1].Key || sent[0].Key == "" {
		t.Errorf("sent %+v", sent)
	}
	if all, _ := w.waiting(); all != 0 {
		t.Errorf("%d jobs are left", all)
	}
}

// What the server refuses for good is not tried again, and rests for the operator to
// see.
func TestNoticeIsRefused(t *testing.T) {
	t.Parallel()
	w, n, inbox, p := posted(t)
	p.refuses = func(to string, _ int) error {
		if to == "ada@acme.test" {
			return mail.Refused{Err: errors.New("mail: 550 nobody here")}
		}
		return nil
	}
	w.notice(n, inbox, "", news{"live", ""})
	w.run()
	if got, want := p.attempts(), map[string]int{"ada@acme.test": 1, "bob@acme.test": 1}; !maps.Equal(got, want) {
		t.Errorf("attempts %v, want %v", got, want)
	}
	if all, dead := w.waiting(); all != 1 || dead != 1 || !strings.Contains(w.log.String(), "550 nobody here") {
		t.Errorf("%d jobs, %d of them dead", all, dead)
	}
}

// A mail server that is away for half a day costs no mail.
func TestNoticeOutlastsAnOutage(t *testing.T) {
	t.Parallel()
	w, n, inbox, p := posted(t)
	back := w.db.Clock.Now().Add(12 * time.Hour)
	p.refuses = func(string, int) error {
		if w.db.Clock.Now().Before(back) {
			return errors.New("mail: nobody listens")
		}
		return nil
	}
	w.notice(n, inbox, "", news{"live", ""})
	w.run()
	if sent := p.all(); len(sent) != 2 {
		t.Errorf("sent %+v after %v", sent, p.attempts())
	}
}

// Without a mail server the job ends without noise, also if it went away meanwhile.
func TestNobodyIsTold(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*world, *postman, int64){
		"no mail server": func(_ *world, p *postman, _ int64) { p.away = true },
		"none any more": func(_ *world, p *postman, _ int64) {
			p.refuses = func(string, int) error { return mail.ErrNotConfigured }
		},
		"no mailer": func(w *world, _ *postman, _ int64) { w.engines[0].Mail = nil },
		"no administrator": func(w *world, _ *postman, _ int64) {
			w.sql(`UPDATE account_users SET role = 0 WHERE account_id = $1`, w.account)
		},
		"no inbox": func(w *world, _ *postman, inbox int64) {
			w.sql(`DELETE FROM inboxes WHERE id = $1`, inbox)
			w.sql(`UPDATE change_versions SET version = version + 1 WHERE topic = $1`, store.TopicChannels)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, n, inbox, p := posted(t)
			prepare(w, p, inbox)
			w.notice(n, inbox, "", news{"live", ""})
			w.run()
			if all, _ := w.waiting(); all != 0 || len(p.all()) != 0 {
				t.Errorf("%d jobs are left, sent %+v", all, p.all())
			}
			if log := w.log.String(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "level=WARN") {
				t.Errorf("it makes noise: %s", log)
			}
		})
	}
}

// Whoever is no administrator any more when a mail is sent gets none.
func TestFormerAdministrator(t *testing.T) {
	t.Parallel()
	w, n, inbox, p := posted(t)
	p.refuses = func(to string, attempt int) error {
		if to == "bob@acme.test" && attempt == 1 {
			w.sql(`UPDATE account_users SET role = 0 WHERE user_id = 100`)
			return errors.New("mail: later")
		}
		return nil
	}
	w.notice(n, inbox, "", news{"live", ""})
	w.run()
	all, _ := w.waiting()
	if sent := p.all(); len(sent) != 1 || sent[0].To != "ada@acme.test" || all != 0 {
		t.Errorf("sent %+v, %d jobs are left", sent, all)
	}
}

// everything that administrators are told.
func everything() (list []news) {
	for _, action := range []string{
		"edit_display_name", "resubmit_display_name", "verify_phone_number", "enter_pin", "detach_from_whatsapp_app", "reconnect",
		"appeal_restriction", "migrate_from_on_premise", "contact_meta", "fix_callback_url", "an_action_of_tomorrow",
	} {
		list = append(list, news{"needs_admin", action})
	}
	list = append(list, news{"rate_limited", "wait_rate_limit"}, news{"abandoned", "contact_meta"}, news{"auth_error", "reconnect"},
		news{"waiting", "24h"}, news{"waiting", "7d"}, news{"waiting", "30d"}, news{"live", ""}, news{"fix_callback_url", ""}, news{"not_needed", "open_app"})
	for _, id := range []string{
		"quality_yellow", "quality_red", "status_flagged", "status_restricted", "status_rate_limited", "status_disconnected", "status_banned",
		"status_deleted", "status_migrated", "can_send_limited", "can_send_blocked", "webhook_url_mismatch", "tier_lower",
	} {
		list = append(list, news{"alert", id}, news{"recovery", id})
	}
	for _, id := range []string{
		"DISABLED_UPDATE", "ACCOUNT_DELETED", "ACCOUNT_VIOLATION", "ACCOUNT_REVIEW_REJECTED", "FLAGGED", "DOWNGRADE", "PIN_RESET_REQUEST",
		"pin_reset_requested", "RESTRICTED_BIZ_INITIATED_MESSAGING", "INCREASED_CAPABILITIES_ELIGIBILITY_FAILED", "OBA_REJECTED", "PROFILE_PICTURE_LOST",
	} {
		list = append(list, news{"alert", id})
	}
	return list
}

// Every piece of news has its words: one mail, in the account's language, with the
// link, and nothing left to fill in. The catalogue's own tests see to it that no
// language lacks a text; here, each writes every fifth mail.
func TestNoticesInEveryLanguage(t *testing.T) {
	t.Parallel()
	w, n, inbox, p := posted(t)
	link := fmt.Sprintf("%s/app/accounts/%d/settings/inboxes/%d", w.public, w.account, inbox)
	english := map[string]bool{}
	for i, l := range wording.Locales() {
		w.speak(l)
		var list []news
		for j, k := range everything() {
			if l == wording.English || (i+j)%5 == 0 {
				list = append(list, k)
			}
		}
		for _, k := range list {
			payload, err := json.Marshal(map[string]any{
				"account_id": w.account, "inbox_id": inbox, "phone_number_id": n.ID, "news": []news{k}, "to": 100, "at": w.db.Clock.Now(),
			})
			if err == nil {
				err = w.engines[0].jobs[whatsapp.JobNotice](t.Context(), store.Job{Lane: store.LaneMail, Kind: whatsapp.JobNotice, Payload: payload})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		sent := p.take()
		if len(sent) != len(list) {
			t.Fatalf("%s: %d mails, want %d", l, len(sent), len(list))
		}
		same := 0
		for _, m := range sent {
			_, what, _ := strings.Cut(m.Subject, ": ")
			if l == wording.English {
				english[what] = true
			} else if english[what] {
				same++
			}
			switch {
			case what == "" || utf8.RuneCountInString(m.Subject) > 150:
				t.Errorf("%s: subject %q", l, m.Subject)
			case strings.ContainsAny(m.Text+m.HTML+m.Subject, "{}") || strings.Contains(m.Text, "notice.") || strings.Contains(m.Text, "failure."):
				t.Errorf("%s: left to fill in: %s", l, m.Text)
			case !strings.Contains(m.Text, what+"\n") || !strings.Contains(m.Text, ": "+link+"\n") || !strings.Contains(m.HTML, `href="`+link+`"`):
				t.Errorf("%s: no headline or link in %s", l, m.Text)
			case !strings.Contains(m.HTML, `lang="`+l.Tag().String()+`"`) || strings.Contains(m.HTML, `<html lang="`+l.Tag().String()+`" dir="rtl"`) != slices.Contains([]string{"ar", "fa", "he"}, l.Code()):
				t.Errorf("%s: language or direction of %s", l, m.HTML)
			}
		}
		if same > 0 {
			t.Errorf("%s: %d mails are in English", l, same)
		}
	}
}

// take gives what was sent since the last time.
func (p *postman) take() []mail.Message {
	p.outbox.mu.Lock()
	defer p.outbox.mu.Unlock()
	sent := p.sent
	p.sent = nil
	return sent
}

// speak gives the account a language.
func (w *world) speak(l wording.Locale) {
	w.t.Helper()
	w.sql(`UPDATE accounts SET locale = $1 WHERE id = $2`, l.Number(), w.account)
	w.sql(`UPDATE change_versions SET version = version + 1 WHERE topic = $1`, store.TopicChannels)
}

// Names and Meta's texts are shown as they are, and nothing in them is markup, a
// link or a header.
func TestNoticeShowsWordsOfOthers(t *testing.T) {
	t.Parallel()
	w, n, inbox, p := posted(t)
	const evil = `<img src=x onerror=alert(1)> & "Co"`
	w.sql(`UPDATE inboxes SET name = $1`, evil+"\r\nBcc: eve@evil.test")
	w.sql(`UPDATE accounts SET name = $1`, evil)
	w.sql(`UPDATE change_versions SET version = version + 1 WHERE topic = $1`, store.TopicChannels)
	w.notice(n, inbox, "one\r\n<a href=\"https://evil.test\">two</a>\x00\x1b[31m"+strings.Repeat("long ", 1000), news{"needs_admin", "contact_meta"})
	w.work()
	sent := p.all()
	if len(sent) != 2 {
		t.Fatalf("sent %+v", sent)
	}
	m := sent[0]
	for _, s := range []string{"<img", `<a href="https://evil`, "\x00", "\x1b"} {
		if strings.Contains(m.HTML, s) {
			t.Errorf("%q is in %s", s, m.HTML)
		}
	}
	for _, s := range []string{"What Meta says:\n> one\n> <a href=\"https://evil.test\">two</a>", "administrator of " + evil, evil} {
		if !strings.Contains(m.Text, s) {
			t.Errorf("no %q in %s", s, m.Text)
		}
	}
	if len(m.Text) > 3000 || !strings.Contains(m.Text, "…") {
		t.Errorf("%d bytes: %s", len(m.Text), m.Text)
	}
}

// What happens at once is one mail: the most telling news first, and nothing twice.
func TestNewsComeTogether(t *testing.T) {
	t.Parallel()
	w, n, inbox, p := posted(t)
	for _, c := range []struct {
		news []news
		want string
		also []string
		not  []string
	}{
		{
			[]news{{"needs_admin", "appeal_restriction"}, {"alert", "DISABLED_UPDATE"}, {"alert", "status_banned"}},
			"WhatsApp has banned this number", nil,
			[]string{"Meta has restricted the account"},
		},
		{
			[]news{{"waiting", "24h"}, {"waiting", "7d"}, {"recovery", "quality_red"}, {"fix_callback_url", ""}},
			"Meta cannot reach this server",
			[]string{"for 7 days", "Resolved: The quality of the number is low"},
			[]string{"1 day"},
		},
		{
			[]news{{"recovery", "quality_yellow"}, {"alert", "quality_red"}, {"live", ""}},
			"Your WhatsApp number is live",
			[]string{"The quality of the number is low", "Resolved: The quality of the number has dropped to medium"},
			nil,
		},
	} {
		w.notice(n, inbox, "", c.news...)
		w.work()
		sent := p.take()
		if len(sent) != 2 {
			t.Fatalf("%v: sent %+v", c.news, sent)
		}
		if _, what, _ := strings.Cut(sent[0].Subject, ": "); what != c.want {
			t.Errorf("%v: %q, want %q", c.news, what, c.want)
		}
		for _, s := range c.also {
			if !strings.Contains(sent[0].Text, s) {
				t.Errorf("%v: no %q in %s", c.news, s, sent[0].Text)
			}
		}
		for _, s := range c.not {
			if strings.Contains(sent[0].Text, s) {
				t.Errorf("%v: %q in %s", c.news, s, sent[0].Text)
			}
		}
		for line := range strings.SplitSeq(strings.TrimSpace(sent[0].Text), "\n") {
			if line != "" && strings.Count(sent[0].Text, "\n"+line+"\n") > 1 {
				t.Errorf("%v: %q is said twice in %s", c.news, line, sent[0].Text)
			}
		}
	}
}
