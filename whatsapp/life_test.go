package whatsapp_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/desk"
	"tributary/simulator"
	"tributary/store"
	"tributary/whatsapp"
)

// A number whose display name Meta approves goes live without anybody, also when no
// webhook tells of the approval.
func TestPendingNumberGoesLive(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, url string) {
		w := newWorld(t, url, 1)
		n := w.sim.PendingNumber()
		inbox := w.connect(n)
		w.state(n, "waiting_for_meta", "wait_for_display_name")
		if r := w.registration(n); r.Attempts != 1 || r.AttemptsLeft != 9 || r.NextAttemptAt == nil {
			t.Fatalf("after signup: %+v", r)
		}
		if !w.incomplete(inbox) {
			t.Error("the inbox does not show that its registration is incomplete")
		}
		w.pass(3*time.Hour, time.Minute)
		if calls := n.RegisterCalls(); len(calls) != 1 {
			t.Fatalf("%d calls while nothing changed", len(calls))
		}
		before := w.inboxesChanged()
		n.ApproveName(simulator.Silently())
		w.pass(2*time.Hour, time.Minute)
		w.state(n, "registered", "")
		if w.inboxesChanged() == before {
			t.Error("clients are not told to read the inbox again")
		}
		if calls := n.RegisterCalls(); len(calls) != 2 || !calls[1].OK() {
			t.Fatalf("%d calls", len(calls))
		}
		if w.incomplete(inbox) {
			t.Error("the live number's inbox still shows an incomplete registration")
		}
		attempts, err := w.engines[0].Attempts(t.Context(), inbox, 1)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{attempts[0].Trigger, attempts[0].Row, attempts[0].Result, attempts[1].Trigger, attempts[1].Row, attempts[1].Result}
		if want := []string{"health_change", "D11", "success", "signup", "D12", "display_name"}; !slices.Equal(got, want) {
			t.Errorf("attempts %v, want %v", got, want)
		}
	})
}

// Timers are a safety net: eight hours after the last attempt, though nothing changed.
func TestTimedAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", 1)
	n := w.sim.PendingNumber()
	w.connect(n)
	w.pass(30*time.Hour, 10*time.Minute)
	calls := n.RegisterCalls()
	if len(calls) < 3 || len(calls) > 5 {
		t.Fatalf("%d calls within 30 hours", len(calls))
	}
	for i := 1; i < len(calls); i++ {
		if gap := calls[i].At.Sub(calls[i-1].At); gap < 8*time.Hour {
			t.Errorf("attempt %d came %s after the one before", i, gap)
		}
	}
	w.pass(35*24*time.Hour, time.Hour)
	w.state(n, "abandoned", "contact_meta")
	before := len(n.RegisterCalls())
	w.pass(10*24*time.Hour, 6*time.Hour)
	if after := len(n.RegisterCalls()); after != before {
		t.Errorf("%d attempts after everybody gave up", after-before)
	}
	n.ApproveName(simulator.Silently())
	w.pass(3*24*time.Hour, time.Hour)
	w.state(n, "registered", "")
}

// What a number says when it is connected, and what leads it out of there.
func TestStates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		start         simulator.NumberState
		state, action string
		registers     int // calls at signup
		change        func(n *simulator.Number)
		end           string
	}{
		{simulator.Approved, "registering", "", 1, nil, "registered"},
		{simulator.Live, "registered", "", 0, nil, "registered"},
		{simulator.Declined, "needs_admin", "edit_display_name", 0, func(n *simulator.Number) {
			n.Rename("Acme Support", simulator.Silently())
			n.ApproveName(simulator.Silently())
		}, "registered"},
		{simulator.ExpiredName, "needs_admin", "resubmit_display_name", 0, func(n *simulator.Number) { n.ApproveName(simulator.Silently()) }, "registered"},
		{simulator.NotVerified, "needs_admin", "verify_phone_number", 1, func(n *simulator.Number) {
			n.Verify()
			n.ApproveName(simulator.Silently())
		}, "registered"},
		{simulator.PINElsewhere, "needs_admin", "enter_pin", 1, nil, "needs_admin"},
		{simulator.ExistingAccount, "needs_admin", "detach_from_whatsapp_app", 1, nil, "needs_admin"},
		{simulator.Banned, "needs_admin", "appeal_restriction", 0, nil, "needs_admin"},
		{simulator.RateLimited, "rate_limited", "wait_rate_limit", 1, nil, "rate_limited"},
		{simulator.Coexistence, "not_needed", "", 0, nil, "not_needed"},
		{simulator.Sandbox, "not_needed", "", 0, nil, "not_needed"},
		{simulator.OnPremise, "needs_admin", "migrate_from_on_premise", 0, nil, "needs_admin"},
		{simulator.IncompleteDeregistration, "registering", "", 2, nil, "registered"},
		{simulator.Flaky(2), "registering", "", 1, nil, "registered"},
		{simulator.Restricted, "needs_admin", "appeal_restriction", 1, nil, "needs_admin"},
	} {
		t.Run(string(c.start), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "", 1)
			n := w.sim.AddWABA(simulator.WABASpec{}).AddNumber(simulator.NumberSpec{State: c.start})
			w.connect(n)
			w.state(n, c.state, c.action)
			if calls := n.RegisterCalls(); len(calls) != c.registers {
				t.Errorf("%d calls at signup, want %d", len(calls), c.registers)
			}
			w.pass(2*time.Hour, time.Minute)
			if c.change != nil {
				w.state(n, c.state, c.action)
				c.change(n)
			}
			w.pass(26*time.Hour, 5*time.Minute)
			if r := w.registration(n); r.State != c.end {
				t.Errorf("in the end: %s (%s), want %s; calls %+v", r.State, r.LastError, c.end, n.RegisterCalls())
			}
			if register, deregister := n.MaxCallsIn72h(); register > 6 || deregister > 1 {
				t.Errorf("%d registrations, %d deregistrations", register, deregister)
			}
			if leaks := w.sim.SecretsInURLs(); len(leaks) > 0 {
				t.Errorf("secrets in URLs: %v", leaks)
			}
		})
	}
}

// The button: with the right PIN, with consent to replace it, and refused.
func TestButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", 1)
	p := w.engines[0]
	waba := w.sim.AddWABA(simulator.WABASpec{})
	own := waba.AddNumber(simulator.NumberSpec{State: simulator.PINElsewhere, PIN: "004821"})
	other := waba.AddNumber(simulator.NumberSpec{State: simulator.PINElsewhere})
	first, second := w.connect(own), w.connect(other)
	press := func(r whatsapp.RegisterRequest) (whatsapp.Registration, string) {
		registration, err := p.RegisterNumber(t.Context(), r)
		if refused, ok := errors.AsType[*whatsapp.Refused](err); ok {
			return refused.Registration, refused.Text
		}
		if err != nil {
			t.Fatal(err)
		}
		return registration, ""
	}
	if r, text := press(whatsapp.RegisterRequest{InboxID: first, UserID: 1, PIN: "004821"}); text != "" || r.State != "registering" {
		t.Fatalf("with the number's PIN: %s, %q", r.State, text)
	}
	if r, text := press(whatsapp.RegisterRequest{InboxID: second, UserID: 1, Reset: true}); text != "" || r.State != "registering" {
		t.Fatalf("with consent to replace the PIN: %s, %q", r.State, text)
	}
	w.pass(2*time.Minute, 10*time.Second)
	w.state(own, "registered", "")
	w.state(other, "registered", "")
	if _, text := press(whatsapp.RegisterRequest{InboxID: first, UserID: 1}); text != "This number is registered" {
		t.Errorf("a live number: %q", text)
	}
	pending := w.sim.PendingNumber()
	third := w.connect(pending)
	for i := range 9 {
		w.db.Clock.Advance(90 * time.Second)
		if _, text := press(whatsapp.RegisterRequest{InboxID: third, UserID: 1}); text != "" {
			t.Fatalf("press %d: %q", i+1, text)
		}
		if _, text := press(whatsapp.RegisterRequest{InboxID: third, UserID: 1}); text != "Please wait 60 seconds between attempts" && i < 8 {
			t.Fatalf("pressed twice: %q", text)
		}
	}
	w.db.Clock.Advance(90 * time.Second)
	if r, text := press(whatsapp.RegisterRequest{InboxID: third, UserID: 1}); text != "No registration attempts left in this 72 hour window" || r.AttemptsLeft != 0 {
		t.Errorf("the eleventh: %q, %+v", text, r)
	}
	if _, err := p.RegisterNumber(t.Context(), whatsapp.RegisterRequest{InboxID: third, UserID: 1, PIN: "12345"}); err == nil {
		t.Error("a PIN of five digits was taken")
	}
	if strings.Contains(w.log.String(), "004821") {
		t.Error("the PIN is in the log")
	}
}

// A dead token stops everything until there is a new one, which is tried at once.
func TestTokenDies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", 1)
	n := w.sim.PendingNumber()
	inbox := w.connect(n)
	n.WABA().KillTokens(simulator.KnownFault("190"))
	w.pass(2*time.Hour, time.Minute)
	w.state(n, "auth_error", "reconnect")
	n.ApproveName(simulator.Silently())
	w.pass(48*time.Hour, time.Hour)
	if calls := n.RegisterCalls(); len(calls) != 1 {
		t.Fatalf("%d calls with a dead token", len(calls))
	}
	done, err := w.engines[0].Connect(t.Context(), w.engines[0].desk, whatsapp.Signup{
		AccountID: w.account, By: desk.Actor{UserID: 1}, Code: w.sim.SignupCode(n.WABA()), WABA: n.WABA().ID, PhoneID: n.ID, InboxID: inbox,
	})
	if err != nil || done.InboxID != inbox {
		t.Fatalf("reconnected: %+v, %v", done, err)
	}
	w.pass(time.Minute, 5*time.Second)
	w.state(n, "registered", "")
}

// Deleting an inbox leaves Meta as it should: the number's siblings go on.
func TestInboxDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", 1)
	p := w.engines[0]
	waba := w.sim.AddWABA(simulator.WABASpec{})
	one := waba.AddNumber(simulator.NumberSpec{State: simulator.Approved})
	two := waba.AddNumber(simulator.NumberSpec{State: simulator.Approved})
	first, second := w.connect(one), w.connect(two)
	w.pass(2*time.Minute, 10*time.Second)
	w.state(one, "registered", "")
	remove := func(inbox int64) {
		if err := p.desk.DeleteInbox(t.Context(), desk.Actor{}, w.account, inbox); err != nil {
			t.Fatal(err)
		}
		_, ch, ok := p.Directory.Inbox(inbox)
		if !ok {
			t.Fatal("the inbox is gone before its job ran")
		}
		if err := p.Part(t.Context(), ch); err != nil {
			t.Fatal(err)
		}
		for {
			done, err := w.db.EmptyInboxChunk(t.Context(), inbox, 100)
			if err != nil {
				t.Fatal(err)
			}
			if done {
				break
			}
		}
		if err := w.db.Transact(t.Context(), func(tx *store.Tx) error {
			_, err := tx.DeleteInbox(t.Context(), inbox)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	remove(first)
	w.pass(time.Hour, time.Minute)
	if one.Facts().Registered || one.Override() != "" {
		t.Error("the number of the deleted inbox is still registered or still ours")
	}
	if ok, _ := waba.Subscribed(); !ok || !two.Facts().Registered || two.Override() == "" {
		t.Error("the other inbox of the account lost its webhooks")
	}
	if calls := one.RegisterCalls(); len(calls) != 2 || !calls[1].Deregister {
		t.Errorf("calls of the deleted number: %+v", calls)
	}
	remove(second)
	if ok, _ := waba.Subscribed(); ok {
		t.Error("our app is still subscribed to an account that no inbox uses")
	}
}

// inboxesChanged is when clients of the account were last told to read its inboxes
// again (microseconds).
func (w *world) inboxesChanged() int64 {
	w.t.Helper()
	keys, err := w.db.CacheKeys(w.t.Context(), w.account)
	if err != nil {
		w.t.Fatal(err)
	}
	return keys[store.CacheInboxes]
}
