package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"tributary/store"
)

func whatsappAttemptCases() []Case {
	return []Case{
		{"WhatsApp attempts", []string{"Tx.BeginWhatsAppAttempt", "Tx.FinishWhatsAppAttempt", "Store.WhatsAppAttempts", "Store.WhatsAppCalls", "Store.LastWhatsAppCall"}, testAttempts},
		{"WhatsApp attempts without a lease", []string{"Tx.BeginWhatsAppAttempt"}, testAttemptLease},
		{"WhatsApp attempts are counted", []string{"Tx.BeginWhatsAppAttempt", "Store.WhatsAppCalls"}, testAttemptBudget},
		{"one WhatsApp attempt at a time", []string{"Tx.BeginWhatsAppAttempt", "Store.AbandonedWhatsAppAttempts"}, testAttemptRunning},
		{"WhatsApp attempts of eight callers", []string{"Tx.BeginWhatsAppAttempt"}, testAttemptsTogether},
		{"a WhatsApp attempt that waits for another", []string{"Tx.BeginWhatsAppAttempt"}, testAttemptWaits},
		{"old WhatsApp attempts", []string{"Store.PruneWhatsApp"}, testPruneAttempts},
	}
}

// begin begins an attempt of whoever has the lease.
func (w *World) begin(owner, waba string, a store.WhatsAppAttempt, total, automatic int) (id int64, err error) {
	err = w.Transact(w.t.Context(), func(tx *store.Tx) (err error) {
		id, err = tx.BeginWhatsAppAttempt(w.t.Context(), owner, waba, a, total, automatic)
		return err
	})
	return id, err
}

func (w *World) finishAttempt(a store.WhatsAppAttempt) error {
	return w.Transact(w.t.Context(), func(tx *store.Tx) error { return tx.FinishWhatsAppAttempt(w.t.Context(), a) })
}

// attempt makes one from begin to end, by an owner of its own.
func (w *World) attempt(waba string, a store.WhatsAppAttempt) int64 {
	w.t.Helper()
	w.hold(waba, "attempt")
	id, err := w.begin("attempt", waba, a, 100, 100)
	noErr(w.t, "BeginWhatsAppAttempt", err)
	noErr(w.t, "FinishWhatsAppAttempt", w.finishAttempt(store.WhatsAppAttempt{ID: id, Result: "success", HTTPStatus: 200}))
	w.release(waba, "attempt", time.Time{})
	return id
}

func testAttempts(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	n := w.phone("waba1", "n1")
	w.hold("waba1", "one")
	first := store.WhatsAppAttempt{
		AccountID: n.AccountID, InboxID: n.InboxID, PhoneID: "n1", Call: store.CallRegister, Automatic: true, Trigger: "signup",
		ActorID: w.Mine.User, Row: "D7", HealthBefore: json.RawMessage(`{"status":"PENDING"}`),
	}
	begin := func(a store.WhatsAppAttempt) store.WhatsAppAttempt {
		t.Helper()
		id, err := w.begin("one", "waba1", a, 10, 6)
		noErr(t, "BeginWhatsAppAttempt", err)
		a.ID, a.Result, a.StartedAt = id, store.InFlight, w.Clock.Now()
		return a
	}
	last := func(call string) store.WhatsAppAttempt {
		t.Helper()
		a, err := w.LastWhatsAppCall(ctx, "n1", call)
		noErr(t, "LastWhatsAppCall", err)
		return a
	}
	_, err := w.LastWhatsAppCall(ctx, "n1", store.CallRegister)
	wantErr(t, "LastWhatsAppCall of none", err, store.ErrNotFound)
	first = begin(first)
	want(t, "under way", last(store.CallRegister), first)
	w.Clock.Advance(time.Second)
	first.HTTPStatus, first.Code, first.Subcode, first.Title, first.Message, first.Trace = 400, 133005, 2388001, "PIN", "Mismatch", "Abc"
	first.Result, first.NextAttemptAt, first.FinishedAt = "pin_mismatch", w.Clock.Now().Add(time.Hour), w.Clock.Now()
	noErr(t, "FinishWhatsAppAttempt", w.finishAttempt(first))
	want(t, "finished", last(store.CallRegister), first)
	w.Clock.Advance(time.Second)
	noErr(t, "FinishWhatsAppAttempt", w.finishAttempt(store.WhatsAppAttempt{ID: first.ID, Result: "unknown"}))
	want(t, "finished twice", last(store.CallRegister), first)

	second := begin(store.WhatsAppAttempt{AccountID: n.AccountID, InboxID: n.InboxID, PhoneID: "n1", Call: store.CallDeregister, Trigger: "x", Row: "R1"})
	noErr(t, "FinishWhatsAppAttempt", w.finishAttempt(store.WhatsAppAttempt{ID: second.ID, Result: "success"}))
	second.HealthBefore, second.Result, second.FinishedAt = json.RawMessage(`{}`), "success", w.Clock.Now()
	want(t, "the least", last(store.CallDeregister), second)
	want(t, "the other kind", last(store.CallRegister), first)
	third := begin(store.WhatsAppAttempt{AccountID: n.AccountID, InboxID: n.InboxID, PhoneID: "n1", Call: store.CallRegister, Trigger: "x", Row: "R2"})
	third.HealthBefore = json.RawMessage(`{}`)
	want(t, "the newest of its kind", last(store.CallRegister), third)

	calls, err := w.WhatsAppCalls(ctx, "n1", store.CallRegister)
	noErr(t, "WhatsAppCalls", err)
	want(t, "WhatsAppCalls", calls, []store.WhatsAppAttempt{first, third})
	page := func(inbox int64, limit, offset int) []store.WhatsAppAttempt {
		t.Helper()
		list, err := w.WhatsAppAttempts(ctx, inbox, limit, offset)
		noErr(t, "WhatsAppAttempts", err)
		return list
	}
	want(t, "attempts of the inbox", page(n.InboxID, 9, 0), []store.WhatsAppAttempt{third, second, first})
	want(t, "a page", page(n.InboxID, 1, 1), []store.WhatsAppAttempt{second})
	want(t, "beyond the last page", len(page(n.InboxID, 9, 3)), 0)
	want(t, "of another inbox", len(page(999, 9, 0)), 0)
}

func testAttemptLease(t *testing.T, w *World) {
	w.tenants()
	w.phone("waba1", "n1")
	a := store.WhatsAppAttempt{PhoneID: "n1", Call: store.CallRegister}
	refused := func(what, owner, waba string) {
		t.Helper()
		_, err := w.begin(owner, waba, a, 10, 10)
		wantErr(t, what, err, store.ErrLeaseLost)
	}
	refused("nobody has the lease", "one", "waba1")
	refused("nobody begins", "", "waba1")
	w.hold("waba1", "one")
	refused("somebody else has the lease", "two", "waba1")
	refused("no such account", "one", "waba9")
	w.Clock.Advance(lease)
	w.hold("waba1", "two")
	refused("the lease was taken over", "one", "waba1")
	want(t, "attempts", w.number(`SELECT COUNT(*) FROM whatsapp_attempts`), 0)
	_, err := w.begin("two", "waba1", store.WhatsAppAttempt{PhoneID: "n9", Call: store.CallRegister}, 10, 10)
	wantErr(t, "a number that nobody knows", err, store.ErrNotFound)
	_, err = w.begin("two", "waba1", a, 10, 10)
	noErr(t, "the new owner", err)
	w.release("waba1", "two", time.Time{})
	refused("the lease was given back", "two", "waba1")
}

func testAttemptBudget(t *testing.T, w *World) {
	const total, automatic = 5, 3
	w.tenants()
	w.phone("waba1", "n1")
	w.phone("waba1", "n2")
	try := func(phone, call string, automatically bool) error {
		w.hold("waba1", "one")
		id, err := w.begin("one", "waba1", store.WhatsAppAttempt{PhoneID: phone, Call: call, Automatic: automatically}, total, automatic)
		if err != nil {
			return err
		}
		return w.finishAttempt(store.WhatsAppAttempt{ID: id, Result: "failed"})
	}
	for i := range automatic {
		noErr(t, "automatic call "+itoa(i), try("n1", store.CallRegister, true))
		w.Clock.Advance(time.Hour)
	}
	wantErr(t, "one automatic call too many", try("n1", store.CallRegister, true), store.ErrAttemptBudget)
	noErr(t, "an automatic call of the other kind", try("n1", store.CallDeregister, true))
	noErr(t, "an automatic call of another number", try("n2", store.CallRegister, true))
	for range total - automatic {
		noErr(t, "a person's call", try("n1", store.CallRegister, false))
	}
	wantErr(t, "a person's call too many", try("n1", store.CallRegister, false), store.ErrAttemptBudget)

	w.Clock.Advance(69*time.Hour - time.Microsecond)
	wantErr(t, "just before the first is 72 hours old", try("n1", store.CallRegister, true), store.ErrAttemptBudget)
	calls, err := w.WhatsAppCalls(t.Context(), "n1", store.CallRegister)
	noErr(t, "WhatsAppCalls", err)
	want(t, "calls of the window", len(calls), total)
	w.Clock.Advance(time.Microsecond)
	calls, err = w.WhatsAppCalls(t.Context(), "n1", store.CallRegister)
	noErr(t, "WhatsAppCalls", err)
	want(t, "calls of the window", len(calls), total-1)
	noErr(t, "when the first is 72 hours old", try("n1", store.CallRegister, true))
	wantErr(t, "and once more", try("n1", store.CallRegister, true), store.ErrAttemptBudget)
	w.Clock.Advance(time.Hour)
	noErr(t, "when the second is", try("n1", store.CallRegister, true))
}

func testAttemptRunning(t *testing.T, w *World) {
	w.tenants()
	w.phone("waba1", "n1")
	w.phone("waba1", "n2")
	register := store.WhatsAppAttempt{PhoneID: "n1", Call: store.CallRegister}
	w.hold("waba1", "one")
	abandoned := func() []int64 {
		t.Helper()
		list, err := w.AbandonedWhatsAppAttempts(t.Context(), "n1")
		noErr(t, "AbandonedWhatsAppAttempts", err)
		ids := []int64{}
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		return ids
	}
	id, err := w.begin("one", "waba1", register, 10, 10)
	noErr(t, "BeginWhatsAppAttempt", err)
	want(t, "under way", abandoned(), []int64{id})
	_, err = w.begin("one", "waba1", register, 10, 10)
	wantErr(t, "a second call", err, store.ErrAttemptRunning)
	_, err = w.begin("one", "waba1", store.WhatsAppAttempt{PhoneID: "n1", Call: store.CallDeregister}, 10, 10)
	wantErr(t, "a call of the other kind", err, store.ErrAttemptRunning)
	other, err := w.begin("one", "waba1", store.WhatsAppAttempt{PhoneID: "n2", Call: store.CallRegister}, 10, 10)
	noErr(t, "a call of another number", err)
	want(t, "under way", abandoned(), []int64{id})

	// Its process dies; the next one writes that down and goes on, in one transaction.
	w.Clock.Advance(lease)
	w.hold("waba1", "two")
	_, err = w.begin("two", "waba1", register, 10, 10)
	wantErr(t, "a call beside an abandoned one", err, store.ErrAttemptRunning)
	next := in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		if err := tx.FinishWhatsAppAttempt(ctx, store.WhatsAppAttempt{ID: id, Result: "unknown"}); err != nil {
			return 0, err
		}
		return tx.BeginWhatsAppAttempt(ctx, "two", "waba1", register, 10, 10)
	})
	want(t, "under way", abandoned(), []int64{next})
	noErr(t, "FinishWhatsAppAttempt", w.finishAttempt(store.WhatsAppAttempt{ID: next, Result: "success"}))
	want(t, "under way", abandoned(), []int64{})
	want(t, "other numbers' calls under way", w.number(`SELECT COUNT(*) FROM whatsapp_attempts WHERE finished_at IS NULL AND id = $1`, other), 1)
}

// Eight callers who all believe that they have the lease, on as many connections.
func testAttemptsTogether(t *testing.T, w *World) {
	const callers, total, automatic = 8, 10, 6
	w.tenants()
	w.phone("waba1", "n1")
	w.hold("waba1", "one")
	var mu sync.Mutex
	running, most := 0, 0
	made := map[bool]int{}
	parallel(t, callers, func(i int) error {
		a := store.WhatsAppAttempt{PhoneID: "n1", Call: store.CallRegister, Automatic: i%2 == 0}
		for {
			id, err := w.begin("one", "waba1", a, total, automatic)
			if errors.Is(err, store.ErrAttemptRunning) {
				continue
			}
			if errors.Is(err, store.ErrAttemptBudget) {
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			running++
			most = max(most, running)
			made[a.Automatic]++
			mu.Unlock()
			if _, err := w.WhatsAppCalls(t.Context(), "n1", store.CallRegister); err != nil { // the call takes a while
				return err
			}
			mu.Lock()
			running--
			mu.Unlock()
			if err := w.finishAttempt(store.WhatsAppAttempt{ID: id, Result: "failed"}); err != nil {
				return err
			}
		}
	})
	want(t, "calls at once", most, 1)
	want(t, "calls", made[true]+made[false], total)
	if made[true] > automatic {
		t.Errorf("%d automatic calls, want no more than %d", made[true], automatic)
	}
	want(t, "calls written down", w.number(`SELECT COUNT(*) FROM whatsapp_attempts WHERE finished_at IS NOT NULL`), total)
	want(t, "automatic calls written down", w.number(`SELECT COUNT(*) FROM whatsapp_attempts WHERE automatic`), int64(made[true]))
}

// A transaction that has begun an attempt and is not committed yet counts too.
func testAttemptWaits(t *testing.T, w *World) {
	w.tenants()
	w.phone("waba1", "n1")
	w.hold("waba1", "one")
	a := store.WhatsAppAttempt{PhoneID: "n1", Call: store.CallRegister}
	begun, end := make(chan struct{}), make(chan struct{})
	var errs [2]error
	var wg sync.WaitGroup
	wg.Go(func() {
		errs[0] = w.Transact(t.Context(), func(tx *store.Tx) error {
			_, err := tx.BeginWhatsAppAttempt(t.Context(), "one", "waba1", a, 1, 1)
			close(begun)
			<-end
			return err
		})
	})
	<-begun
	wg.Go(func() { _, errs[1] = w.begin("one", "waba1", a, 1, 1) })
	if w.URL != "" {
		w.waitBlocked(1)
	}
	close(end)
	wg.Wait()
	noErr(t, "the first", errs[0])
	wantErr(t, "the second", errs[1], store.ErrAttemptRunning)
	want(t, "attempts", w.number(`SELECT COUNT(*) FROM whatsapp_attempts`), 1)
}

func testPruneAttempts(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	n := w.phone("waba1", "n1")
	first := w.attempt("waba1", store.WhatsAppAttempt{InboxID: n.InboxID, PhoneID: "n1", Call: store.CallRegister})
	w.Clock.Advance(time.Hour)
	second := w.attempt("waba1", store.WhatsAppAttempt{InboxID: n.InboxID, PhoneID: "n1", Call: store.CallRegister})
	left := func() []int64 {
		t.Helper()
		list, err := w.WhatsAppAttempts(ctx, n.InboxID, 9, 0)
		noErr(t, "WhatsAppAttempts", err)
		ids := []int64{}
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		slices.Sort(ids)
		return ids
	}
	noErr(t, "PruneWhatsApp", w.PruneWhatsApp(ctx, time.Hour, 0))
	want(t, "attempts that are just old enough to stay", left(), []int64{first, second})
	w.Clock.Advance(time.Microsecond)
	noErr(t, "PruneWhatsApp", w.PruneWhatsApp(ctx, time.Hour, 0))
	want(t, "attempts of the last hour", left(), []int64{second})
	want(t, "the number", w.readNumber("n1").PhoneID, "n1")
}
