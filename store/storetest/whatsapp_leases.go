package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"tributary/store"
)

func whatsappLeaseCases() []Case {
	return []Case{
		{"WhatsApp accounts claimed", []string{"Store.ClaimWhatsAppBusinesses", "Store.ReleaseWhatsAppBusiness", "Store.ExpireLeases"}, testClaimBusinesses},
		{"WhatsApp accounts of four owners", []string{"Store.ClaimWhatsAppBusinesses"}, testClaimBusinessesTogether},
		{"a WhatsApp account leased", []string{"Store.LeaseWhatsAppBusiness"}, testLeaseBusiness},
		{"a WhatsApp account of four owners", []string{"Store.LeaseWhatsAppBusiness", "Store.ReleaseWhatsAppBusiness"}, testLeaseTogether},
		{"when a WhatsApp account is due again", []string{"Store.ReleaseWhatsAppBusiness"}, testReleaseDue},
		{"a signal while a WhatsApp account is released", []string{"Store.ReleaseWhatsAppBusiness", "Tx.SignalWhatsApp"}, testSignalMeanwhile},
		{"WhatsApp accounts in opposite orders", []string{"Tx.SignalWhatsApp", "Tx.OrphanWhatsAppNumbers", "Tx.SaveWhatsAppNumber"}, testBusinessOrders},
		{"calls to Meta", []string{"Store.SpendWhatsAppCalls"}, testSpend},
		{"calls to Meta for two hours", []string{"Store.SpendWhatsAppCalls"}, testSpendFast},
		{"calls to Meta of eight callers", []string{"Store.SpendWhatsAppCalls"}, testSpendTogether},
		{"calls to Meta paused", []string{"Store.PauseWhatsAppBusiness"}, testPause},
	}
}

// lease is how long the suite holds accounts.
const lease = time.Minute

// never is when an account is due of which nothing is.
const never = 9_000_000_000_000_000_000

// hold leases an account that must be free.
func (w *World) hold(waba, owner string) {
	w.t.Helper()
	_, ok, err := w.LeaseWhatsAppBusiness(w.t.Context(), waba, owner, lease)
	noErr(w.t, "LeaseWhatsAppBusiness", err)
	want(w.t, "leased to "+owner, ok, true)
}

func (w *World) release(waba, owner string, notBefore time.Time) {
	w.t.Helper()
	noErr(w.t, "ReleaseWhatsAppBusiness", w.ReleaseWhatsAppBusiness(w.t.Context(), waba, owner, notBefore))
}

// wantDue compares when an account is due, in microseconds.
func (w *World) wantDue(waba string, at int64) {
	w.t.Helper()
	b, err := w.WhatsAppBusiness(w.t.Context(), waba)
	noErr(w.t, "WhatsAppBusiness", err)
	want(w.t, "due_at of "+waba, b.DueAt.UnixMicro(), at)
}

// observe sets when a number wants its next look.
func (w *World) observe(phone string, at time.Time) {
	w.t.Helper()
	n := w.readNumber(phone)
	n.ObserveAt = at
	w.save(n)
}

func (w *World) signal(phones ...string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SignalWhatsApp(ctx, phones, "look", "") })
}

// claimed leases what is due.
func (w *World) claimed(owner string, limit int) []string {
	w.t.Helper()
	list, err := w.ClaimWhatsAppBusinesses(w.t.Context(), owner, lease, limit)
	noErr(w.t, "ClaimWhatsAppBusinesses", err)
	out := []string{}
	for _, b := range list {
		out = append(out, b.WABA)
	}
	return out
}

func testClaimBusinesses(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	at := w.Clock.Now()
	for i, waba := range []string{"waba3", "waba1", "waba2"} {
		phone := "n" + itoa(i)
		w.phone(waba, phone)
		w.observe(phone, at.Add(time.Duration(i)*time.Minute))
	}
	n := w.readNumber("n0")
	n.State = "registered"
	w.save(n)
	list, err := w.ClaimWhatsAppBusinesses(ctx, "one", lease, 9)
	noErr(t, "ClaimWhatsAppBusinesses", err)
	want(t, "claimed", list, []store.WhatsAppBusiness{{WABA: "waba3", DueAt: at, Registered: true}})
	w.Clock.Advance(lease - time.Second)
	want(t, "claimed while another has it", w.claimed("two", 9), []string{})
	w.Clock.Advance(time.Second)
	want(t, "an ended lease is taken over, the longest waiting first", w.claimed("two", 9), []string{"waba3", "waba1"})
	w.Clock.Advance(10 * lease)
	want(t, "not more than the limit", w.claimed("three", 2), []string{"waba3", "waba1"})
	want(t, "the rest", w.claimed("four", 2), []string{"waba2"})

	w.release("waba3", "two", time.Time{}) // it is not two's any more
	want(t, "released by a former owner", w.claimed("five", 9), []string{})
	w.release("waba3", "three", time.Time{})
	want(t, "released by its owner", w.claimed("five", 9), []string{"waba3"})

	noErr(t, "ExpireLeases", w.ExpireLeases(ctx))
	want(t, "after the process died", w.claimed("six", 9), []string{"waba3", "waba1", "waba2"})
}

func testClaimBusinessesTogether(t *testing.T, w *World) {
	const businesses = 40
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	list := make([]store.AdoptedNumber, businesses)
	for i := range list {
		list[i] = numberOn(l, "waba"+itoa(i), "n"+itoa(i))
	}
	want(t, "adopted", len(w.adopt(list...)), businesses)
	var mu sync.Mutex
	holder := map[string]string{}
	parallel(t, 4, func(i int) error {
		owner := "owner " + itoa(i)
		for {
			got, err := w.ClaimWhatsAppBusinesses(t.Context(), owner, lease, 3)
			if err != nil {
				return err
			}
			mu.Lock()
			if len(got) > 3 {
				t.Errorf("claimed %d, want no more than 3", len(got))
			}
			for _, b := range got {
				if holder[b.WABA] != "" {
					t.Errorf("%s is leased to %q and %q at once", b.WABA, holder[b.WABA], owner)
				}
				holder[b.WABA] = owner
			}
			over := len(holder) == businesses
			mu.Unlock()
			if over {
				return nil
			}
		}
	})
	want(t, "claimed", len(holder), businesses)
	want(t, "nothing is left", w.claimed("late", 9), []string{})
}

func testLeaseBusiness(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.phone("waba1", "n1")
	w.observe("n1", w.Clock.Now().Add(time.Hour))
	take := func(waba, owner string) bool {
		t.Helper()
		b, ok, err := w.LeaseWhatsAppBusiness(ctx, waba, owner, lease)
		noErr(t, "LeaseWhatsAppBusiness", err)
		if ok {
			want(t, "leased account", b, store.WhatsAppBusiness{WABA: waba, DueAt: w.readNumber("n1").ObserveAt})
		}
		return ok
	}
	want(t, "an account that nobody knows", take("waba9", "one"), false)
	want(t, "one that is not due", take("waba1", "one"), true)
	want(t, "one that somebody has", take("waba1", "two"), false)
	w.Clock.Advance(lease / 2)
	want(t, "by whoever has it", take("waba1", "one"), true)
	w.Clock.Advance(lease - time.Second)
	want(t, "one whose lease was prolonged", take("waba1", "two"), false)
	w.Clock.Advance(time.Second)
	want(t, "one whose lease ended", take("waba1", "two"), true)
	want(t, "by its former owner", take("waba1", "one"), false)
	w.Clock.Advance(time.Hour)
	want(t, "claimed by the next", w.claimed("three", 9), []string{"waba1"})
	want(t, "one that was claimed", take("waba1", "two"), false)
}

func testLeaseTogether(t *testing.T, w *World) {
	w.tenants()
	w.phone("waba1", "n1")
	var mu sync.Mutex
	holders, most, rounds := 0, 0, 0
	parallel(t, 4, func(i int) error {
		owner := "owner " + itoa(i)
		for mine := 0; mine < 10; {
			_, ok, err := w.LeaseWhatsAppBusiness(t.Context(), "waba1", owner, lease)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			mu.Lock()
			holders++
			most = max(most, holders)
			mu.Unlock()
			err = w.Transact(t.Context(), func(tx *store.Tx) error {
				n := store.WhatsAppNumber{PhoneID: "n1", WABA: "waba1", State: owner, StateSince: tx.Now}
				return tx.SaveWhatsAppNumber(t.Context(), owner, n, nil)
			})
			mu.Lock()
			holders--
			rounds++
			mu.Unlock()
			if err := errors.Join(err, w.ReleaseWhatsAppBusiness(t.Context(), "waba1", owner, time.Time{})); err != nil {
				return err
			}
			mine++
		}
		return nil
	})
	want(t, "holders at once", most, 1)
	want(t, "rounds", rounds, 40)
}

func testReleaseDue(t *testing.T, w *World) {
	w.tenants()
	at := w.Clock.Now()
	w.phone("waba1", "n1")
	w.phone("waba1", "n2")
	w.phone("waba2", "n3")
	again := func(notBefore time.Time) {
		t.Helper()
		w.hold("waba1", "one")
		w.release("waba1", "one", notBefore)
	}
	w.observe("n3", at.Add(-time.Hour))
	w.observe("n1", at.Add(2*time.Hour))
	w.wantDue("waba1", at.UnixMicro()) // n2 is as new
	w.observe("n2", at.Add(time.Hour))
	w.wantDue("waba1", at.Add(time.Hour).UnixMicro())
	again(at.Add(time.Minute))
	w.wantDue("waba1", at.Add(time.Hour).UnixMicro())
	again(at.Add(90 * time.Minute))
	w.wantDue("waba1", at.Add(90*time.Minute).UnixMicro())
	again(time.Time{})
	w.wantDue("waba1", at.Add(time.Hour).UnixMicro())

	w.signal("n3")
	again(time.Time{})
	w.wantDue("waba1", at.Add(time.Hour).UnixMicro())
	w.signal("n2")
	w.wantDue("waba1", 0)
	want(t, "claimed at once", w.claimed("one", 9), []string{"waba1", "waba2"})
	w.release("waba1", "one", time.Time{})
	w.wantDue("waba1", 0)
	again(at.Add(time.Minute))
	w.wantDue("waba1", at.Add(time.Minute).UnixMicro())

	list, err := w.WhatsAppSignals(t.Context(), "n2")
	noErr(t, "WhatsAppSignals", err)
	n := w.readNumber("n2")
	n.ObserveAt = time.Time{}
	w.save(n, list[0].ID)
	w.wantDue("waba1", at.Add(2*time.Hour).UnixMicro())
	w.observe("n1", time.Time{})
	w.wantDue("waba1", never)
	again(at.Add(time.Minute))
	w.wantDue("waba1", never)
	w.wantDue("waba2", 0)

	// Somebody else's lease is not given back.
	w.hold("waba1", "one")
	w.release("waba1", "two", time.Time{})
	w.release("waba1", "", time.Time{})
	_, ok, err := w.LeaseWhatsAppBusiness(t.Context(), "waba1", "two", lease)
	noErr(t, "LeaseWhatsAppBusiness", err)
	want(t, "leased beside its owner", ok, false)
}

// Something happens to a number while the account's lease is given back, and is
// committed a moment later: it must not be overlooked.
func testSignalMeanwhile(t *testing.T, w *World) {
	w.tenants()
	w.phone("waba1", "n1")
	w.observe("n1", time.Time{})
	l := w.line(w.Mine.Account, "another")
	for _, c := range []struct {
		what string
		f    func(tx *store.Tx) error
		due  int64
	}{
		{"a signal", func(tx *store.Tx) error { return tx.SignalWhatsApp(t.Context(), []string{"n1"}, "look", "") }, 0},
		{"a new number", func(tx *store.Tx) error {
			_, err := tx.AdoptWhatsAppNumbers(t.Context(), []store.AdoptedNumber{numberOn(l, "waba1", "n2")})
			return err
		}, w.Clock.Now().UnixMicro()},
	} {
		w.exec(`DELETE FROM whatsapp_signals`)
		w.hold("waba1", "one")
		held, end, done := make(chan struct{}), make(chan struct{}), make(chan error, 2)
		go func() {
			done <- w.Transact(t.Context(), func(tx *store.Tx) error {
				err := c.f(tx)
				close(held)
				<-end
				return err
			})
		}()
		<-held
		go func() { done <- w.ReleaseWhatsAppBusiness(t.Context(), "waba1", "one", time.Time{}) }()
		if w.URL != "" {
			w.waitBlocked(1)
		}
		close(end)
		for range 2 {
			noErr(t, c.what, <-done)
		}
		w.wantDue("waba1", c.due)
	}
}

// What touches several accounts at once never waits in a circle.
func testBusinessOrders(t *testing.T, w *World) {
	const numbers = 12
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	var phones []string
	for i := range numbers {
		n := numberOn(l, "waba"+itoa(i/2), "n"+itoa(i))
		w.adopt(n)
		phones = append(phones, n.PhoneID)
	}
	for i := range numbers / 2 {
		w.hold("waba"+itoa(i), "one")
	}
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.MarkDeleting(ctx, l.Inbox) })
	parallel(t, 6, func(i int) error {
		order := slices.Clone(phones)
		if i%2 == 0 {
			slices.Reverse(order)
		}
		for round := range 15 {
			err := w.Transact(t.Context(), func(tx *store.Tx) error {
				switch i {
				case 0, 1:
					return tx.SignalWhatsApp(t.Context(), order, "look", "")
				case 2, 3:
					return tx.OrphanWhatsAppNumbers(t.Context(), order)
				}
				phone := (round*5 + i) % numbers
				n := store.WhatsAppNumber{PhoneID: phones[phone], WABA: "waba" + itoa(phone/2), StateSince: tx.Now}
				return tx.SaveWhatsAppNumber(t.Context(), "one", n, nil)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func testSpend(t *testing.T, w *World) {
	const every, burst = 24 * time.Second, 30
	w.tenants()
	w.phone("waba1", "n1")
	w.phone("waba2", "n2")
	at := w.Clock.Now()
	spend := func(waba string, n int) (bool, time.Time) {
		t.Helper()
		ok, at, err := w.SpendWhatsAppCalls(t.Context(), waba, n, every, burst)
		noErr(t, "SpendWhatsAppCalls", err)
		return ok, at
	}
	taken := func(waba string, n int) {
		t.Helper()
		if ok, next := spend(waba, n); !ok || !next.IsZero() {
			t.Errorf("%d calls: %v, %s; want them taken", n, ok, next)
		}
	}
	refused := func(waba string, n int, until time.Time) {
		t.Helper()
		if ok, next := spend(waba, n); ok || !next.Equal(until) {
			t.Errorf("%d calls: %v, %s; want a refusal until %s", n, ok, next, until)
		}
	}
	taken("waba1", 10)
	refused("waba1", 21, at.Add(every))
	taken("waba1", 20)
	refused("waba1", 1, at.Add(every))
	refused("waba1", 5, at.Add(5*every))
	taken("waba2", 30)
	w.Clock.Advance(every - time.Microsecond)
	refused("waba1", 1, at.Add(every))
	w.Clock.Advance(time.Microsecond)
	taken("waba1", 1)
	refused("waba1", 1, at.Add(2*every))
	w.Clock.Advance(24 * time.Hour) // no more than burst is saved up
	taken("waba1", 29)
	refused("waba1", 2, w.Clock.Now().Add(every))
	// More than there ever is: never now.
	w.Clock.Advance(24 * time.Hour)
	if ok, next := spend("waba1", burst+1); ok || !next.After(w.Clock.Now()) {
		t.Errorf("more calls than the burst: %v, %s", ok, next)
	}
	_, _, err := w.SpendWhatsAppCalls(t.Context(), "waba9", 1, every, burst)
	wantErr(t, "SpendWhatsAppCalls of none", err, store.ErrNotFound)
}

func testSpendFast(t *testing.T, w *World) {
	const every, burst = 24 * time.Second, 30
	w.tenants()
	w.phone("waba1", "n1")
	type spent struct {
		at time.Time
		n  int
	}
	var list []spent
	sizes := []int{1, 2, 1, 5, 3}
	end := w.Clock.Now().Add(2 * time.Hour)
	rested := false
	for i := 0; w.Clock.Now().Before(end); i++ {
		n := sizes[i%len(sizes)]
		ok, at, err := w.SpendWhatsAppCalls(t.Context(), "waba1", n, every, burst)
		noErr(t, "SpendWhatsAppCalls", err)
		if ok {
			list = append(list, spent{w.Clock.Now(), n})
			continue
		}
		wait := at.Sub(w.Clock.Now())
		if wait <= 0 {
			t.Fatalf("refused until %s, which is %s ago", at, -wait)
		}
		if !rested && w.Clock.Now().After(end.Add(-time.Hour)) {
			rested, wait = true, 10*time.Minute+time.Second // a pause in the middle, after which the quota is fuller
		}
		w.Clock.Advance(wait)
		i-- // the same calls again: now there is room
	}
	total := 0
	for i := range list {
		in := 0
		for _, c := range list[i:] {
			in += c.n
			if most := burst + int(c.at.Sub(list[i].at)/every); in > most {
				t.Fatalf("%d calls between %s and %s, want no more than %d", in, list[i].at, c.at, most)
			}
		}
		total += list[i].n
	}
	// The quota is also given: all but what the pause let overflow.
	if least := int(2*time.Hour/every) + burst - 10; total < least {
		t.Errorf("%d calls in two hours, want at least %d", total, least)
	}
}

func testSpendTogether(t *testing.T, w *World) {
	const burst = 60
	w.tenants()
	w.phone("waba1", "n1")
	var mu sync.Mutex
	taken := 0
	parallel(t, 8, func(int) error {
		for range 15 {
			ok, _, err := w.SpendWhatsAppCalls(t.Context(), "waba1", 1, time.Second, burst)
			if err != nil {
				return err
			}
			if ok {
				mu.Lock()
				taken++
				mu.Unlock()
			}
		}
		return nil
	})
	want(t, "calls taken", taken, burst)
}

func testPause(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.phone("waba1", "n1")
	w.phone("waba2", "n2")
	until := w.Clock.Now().Add(time.Hour)
	paused := func(waba string) time.Time {
		t.Helper()
		b, err := w.WhatsAppBusiness(ctx, waba)
		noErr(t, "WhatsAppBusiness", err)
		return b.PausedUntil
	}
	want(t, "at first", paused("waba1"), time.Time{})
	noErr(t, "PauseWhatsAppBusiness", w.PauseWhatsAppBusiness(ctx, "waba1", until))
	want(t, "paused", paused("waba1"), until)
	noErr(t, "PauseWhatsAppBusiness", w.PauseWhatsAppBusiness(ctx, "waba1", until.Add(-time.Minute)))
	want(t, "an earlier moment", paused("waba1"), until)
	noErr(t, "PauseWhatsAppBusiness", w.PauseWhatsAppBusiness(ctx, "waba1", until.Add(time.Minute)))
	want(t, "a later moment", paused("waba1"), until.Add(time.Minute))
	noErr(t, "PauseWhatsAppBusiness", w.PauseWhatsAppBusiness(ctx, "waba9", until))
	want(t, "another account", paused("waba2"), time.Time{})
	list, err := w.ClaimWhatsAppBusinesses(ctx, "one", lease, 9)
	noErr(t, "ClaimWhatsAppBusinesses", err)
	want(t, "claimed although they pause", len(list), 2)
}
