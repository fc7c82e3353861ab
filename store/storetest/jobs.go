package storetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"tributary/store"
)

func jobCases() []Case {
	return []Case{
		{"jobs", []string{"Tx.InsertJob", "Store.ClaimJobs", "Store.NextJob", "Store.FinishJob"}, testJobs},
		{"retry a job", []string{"Store.RetryJob", "Store.ContinueJob"}, testRetryJob},
		{"a job ordered while it runs", []string{"Tx.InsertJob", "Store.FinishJob", "Store.RetryJob"}, testRenewedJob},
		{"jobs ordered together", []string{"Tx.OrderJobs"}, testOrderJobs},
		{"waiting jobs run now", []string{"Tx.HastenJobs"}, testHastenJobs},
		{"outbox", []string{"Tx.InsertOutbox", "Store.DrainOutbox"}, testOutbox},
	}
}

func (w *World) order(j store.Job) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.InsertJob(ctx, j) })
}

// jobs claims what is due in a lane for a minute.
func (w *World) jobs(lane string, limit int) []store.Job {
	w.t.Helper()
	list, err := w.ClaimJobs(w.t.Context(), lane, "owner", time.Minute, limit)
	noErr(w.t, "ClaimJobs", err)
	for i := range list {
		list[i].RunAt = list[i].RunAt.UTC()
	}
	return list
}

func (w *World) wantNextJob(wanted time.Time) {
	w.t.Helper()
	at, err := w.NextJob(w.t.Context(), store.LaneDeferred)
	noErr(w.t, "NextJob", err)
	if !at.Equal(wanted) {
		w.t.Errorf("NextJob %s, want %s", at, wanted)
	}
}

func testJobs(t *testing.T, w *World) {
	ctx := t.Context()
	w.wantNextJob(time.Time{})
	later := start.Add(time.Second)
	w.order(store.Job{Kind: "late", UniqueKey: "k", AccountID: 7, Payload: json.RawMessage(`{"b":1,"a":2}`), RunAt: later, MaxAttempts: 3})
	w.wantNextJob(later)
	w.order(store.Job{Kind: "plain"})
	w.order(store.Job{Kind: "plain"})
	w.order(store.Job{Kind: "bulk", Lane: store.LaneBulk})
	w.wantNextJob(start)

	one := w.jobs(store.LaneDeferred, 1)
	want(t, "claimed with limit 1", len(one), 1)
	want(t, "a plain job", one[0], store.Job{ID: one[0].ID, Kind: "plain", Lane: store.LaneDeferred, Payload: json.RawMessage(`{}`), RunAt: start, MaxAttempts: 10})
	want(t, "claimed with limit 10", len(w.jobs(store.LaneDeferred, 10)), 1)
	want(t, "nothing is due", len(w.jobs(store.LaneDeferred, 10)), 0)
	want(t, "the bulk lane", len(w.jobs(store.LaneBulk, 10)), 1)
	w.Clock.Advance(time.Second)
	late := w.jobs(store.LaneDeferred, 10)
	want(t, "what became due", late, []store.Job{{
		ID: late[0].ID, Kind: "late", Lane: store.LaneDeferred, UniqueKey: "k", AccountID: 7,
		Payload: json.RawMessage(`{"b":1,"a":2}`), RunAt: later, MaxAttempts: 3,
	}})

	noErr(t, "FinishJob", w.FinishJob(ctx, late[0].ID))
	noErr(t, "FinishJob again", w.FinishJob(ctx, late[0].ID))
	want(t, "jobs left", w.number(`SELECT COUNT(*) FROM jobs`), 3)
	w.wantNextJob(start.Add(time.Minute))
	w.Clock.Advance(time.Minute)
	want(t, "after the leases", len(w.jobs(store.LaneDeferred, 10)), 2)

	// While a job of a key waits, a second order changes it.
	w.order(store.Job{Kind: "k", UniqueKey: "u", Payload: json.RawMessage(`{"n":1}`)})
	w.order(store.Job{Kind: "k", UniqueKey: "u", Payload: json.RawMessage(`{"n":2}`), RunAt: w.Clock.Now().Add(-time.Second)})
	got := w.jobs(store.LaneDeferred, 10)
	want(t, "number of jobs of one key", len(got), 1)
	want(t, "payload", string(got[0].Payload), `{"n":2}`)
}

func testRetryJob(t *testing.T, w *World) {
	ctx := t.Context()
	w.order(store.Job{Kind: "k", UniqueKey: "u", MaxAttempts: 2})
	j := w.jobs(store.LaneDeferred, 1)[0]
	at := start.Add(5 * time.Second)
	dead, err := w.RetryJob(ctx, j, at, "first failure")
	noErr(t, "RetryJob", err)
	want(t, "dead after the first attempt", dead, false)
	w.wantNextJob(at)
	want(t, "before it is due", len(w.jobs(store.LaneDeferred, 1)), 0)
	w.Clock.Advance(5 * time.Second)
	j = w.jobs(store.LaneDeferred, 1)[0]
	want(t, "attempts", j.Attempts, 1)
	want(t, "last error", j.LastError, "first failure")

	noErr(t, "ContinueJob", w.ContinueJob(ctx, j.ID, w.Clock.Now()))
	noErr(t, "ContinueJob of none", w.ContinueJob(ctx, 999, w.Clock.Now()))
	j = w.jobs(store.LaneDeferred, 1)[0]
	want(t, "attempts after ContinueJob", j.Attempts, 1)
	want(t, "last error after ContinueJob", j.LastError, "")

	dead, err = w.RetryJob(ctx, j, at, "second failure")
	noErr(t, "RetryJob", err)
	want(t, "dead after the last attempt", dead, true)
	w.wantNextJob(time.Time{})
	w.Clock.Advance(time.Hour)
	want(t, "dead jobs claimed", len(w.jobs(store.LaneDeferred, 1)), 0)

	// A new order brings the dead one back.
	w.order(store.Job{Kind: "k", UniqueKey: "u", MaxAttempts: 2})
	j = w.jobs(store.LaneDeferred, 1)[0]
	want(t, "attempts of a revived job", j.Attempts, 0)
}

// What is ordered while a job of the same key runs may have come too late for
// it: the order outlives the running job, whatever becomes of it.
func testRenewedJob(t *testing.T, w *World) {
	ctx := t.Context()
	order := func(n string) {
		w.order(store.Job{Kind: "k", UniqueKey: "u", Payload: json.RawMessage(n), MaxAttempts: 1})
	}
	next := func() store.Job {
		t.Helper()
		list := w.jobs(store.LaneDeferred, 10)
		if len(list) != 1 {
			t.Fatalf("%d jobs of one key are due, want 1", len(list))
		}
		return list[0]
	}
	order(`{"n":1}`)
	running := next()
	order(`{"n":2}`)
	want(t, "claimed beside the running job", len(w.jobs(store.LaneDeferred, 10)), 0)
	noErr(t, "FinishJob", w.FinishJob(ctx, running.ID))
	running = next()
	want(t, "payload of the second run", string(running.Payload), `{"n":2}`)

	order(`{"n":3}`)
	dead, err := w.RetryJob(ctx, running, start.Add(time.Hour), "failed for good")
	noErr(t, "RetryJob", err)
	want(t, "dead", dead, false)
	running = next()
	want(t, "payload of the third run", string(running.Payload), `{"n":3}`)
	want(t, "attempts of the third run", running.Attempts, 0)
	noErr(t, "FinishJob", w.FinishJob(ctx, running.ID))
	want(t, "jobs left", w.number(`SELECT COUNT(*) FROM jobs`), 0)
}

func testOutbox(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	rows := []store.OutboxRow{
		{AccountID: 1, Kind: "message.created", InboxID: 2, ConversationID: 3, MessageID: 4, Payload: `{"b":1,"a":2}`},
		{AccountID: 2, Kind: "contact.created", Payload: `{}`},
		{AccountID: 3, Kind: "x", Payload: `{}`},
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertOutbox(ctx, nil); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{rows[0], {AccountID: 2, Kind: "contact.created"}, rows[2]})
	})
	boom := errors.New("boom")
	_, err := w.DrainOutbox(ctx, 10, nil, func(tx *store.Tx, _ []store.OutboxRow) error {
		if err := tx.InsertJob(ctx, store.Job{Kind: "k"}); err != nil {
			return err
		}
		return boom
	})
	wantErr(t, "DrainOutbox with a failure", err, boom)
	want(t, "jobs after a failure", w.number(`SELECT COUNT(*) FROM jobs`), 0)

	var got []store.OutboxRow
	drain := func(limit, wanted int) {
		t.Helper()
		n, err := w.DrainOutbox(ctx, limit, nil, func(tx *store.Tx, list []store.OutboxRow) error {
			got = append(got, list...)
			return tx.InsertJob(ctx, store.Job{Kind: "k"})
		})
		noErr(t, "DrainOutbox", err)
		want(t, "DrainOutbox", n, wanted)
	}
	drain(2, 2)
	drain(2, 1)
	drain(2, 0)
	if len(got) != 3 || got[0].ID >= got[1].ID || got[1].ID >= got[2].ID {
		t.Fatalf("rows %s", show(got))
	}
	for i := range got {
		got[i].ID = 0
		rows[i].CreatedAt = start.UnixMicro()
	}
	want(t, "rows in order", got, rows)
	want(t, "jobs made on the way", w.number(`SELECT COUNT(*) FROM jobs`), 2)
}

// testOrderJobs: what waits or runs is left alone, what is dead must have rested.
func testOrderJobs(t *testing.T, w *World) {
	ctx := t.Context()
	order := func(list ...store.Job) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.OrderJobs(ctx, list, time.Hour) })
	}
	job := func(key string, n int) store.Job {
		return store.Job{Kind: "look", UniqueKey: key, AccountID: 7, Payload: json.RawMessage(`{"n":` + strconv.Itoa(n) + `}`)}
	}
	order()
	order(job("b", 1), job("a", 1), job("b", 2))
	want(t, "one for each key", w.number(`SELECT COUNT(*) FROM jobs`), 2)
	order(job("a", 3))
	got := w.jobs(store.LaneDeferred, 10)
	slices.SortFunc(got, func(x, y store.Job) int { return cmp.Compare(x.UniqueKey, y.UniqueKey) })
	want(t, "as ordered first", got, []store.Job{
		{ID: got[0].ID, Kind: "look", Lane: store.LaneDeferred, UniqueKey: "a", AccountID: 7, Payload: json.RawMessage(`{"n":1}`), RunAt: start, MaxAttempts: 10},
		{ID: got[1].ID, Kind: "look", Lane: store.LaneDeferred, UniqueKey: "b", AccountID: 7, Payload: json.RawMessage(`{"n":1}`), RunAt: start, MaxAttempts: 10},
	})
	order(job("a", 4)) // while it runs
	noErr(t, "FinishJob", w.FinishJob(ctx, got[0].ID))
	want(t, "a job ordered while it ran is done", w.number(`SELECT COUNT(*) FROM jobs`), 1)

	got[1].MaxAttempts = 0
	dead, err := w.RetryJob(ctx, got[1], w.Clock.Now(), "refused")
	noErr(t, "RetryJob", err)
	want(t, "dead", dead, true)
	w.Clock.Advance(time.Hour - time.Second)
	order(job("b", 5))
	want(t, "jobs before the rest is over", len(w.jobs(store.LaneDeferred, 10)), 0)
	w.Clock.Advance(time.Second)
	order(job("b", 6))
	again := w.jobs(store.LaneDeferred, 10)
	want(t, "jobs after the rest", len(again), 1)
	want(t, "its payload", string(again[0].Payload), `{"n":6}`)
	want(t, "its attempts", again[0].Attempts, 0)
}

func testHastenJobs(t *testing.T, w *World) {
	later := start.Add(time.Hour)
	for _, j := range []store.Job{
		{Kind: "look", UniqueKey: "look:1:7"},
		{Kind: "look", UniqueKey: "look:12:7"},
		{Kind: "other", UniqueKey: "look:1:8"},
		{Kind: "look", UniqueKey: "look:1:9", Lane: store.LaneBulk},
		{Kind: "look"},
	} {
		j.RunAt = later
		w.order(j)
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.HastenJobs(ctx, store.LaneDeferred, "look", "look:1:")
	})
	got := w.jobs(store.LaneDeferred, 10)
	want(t, "jobs that run now", len(got), 1)
	want(t, "its key", got[0].UniqueKey, "look:1:7")
	want(t, "bulk jobs that run now", len(w.jobs(store.LaneBulk, 10)), 0)
}
