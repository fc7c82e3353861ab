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

func claimCases() []Case {
	return []Case{
		{"deliveries of four owners", []string{"Store.ClaimDeliveries", "Tx.FinishDelivery"}, testClaimTogether},
		{"jobs of four owners", []string{"Store.ClaimJobs", "Store.FinishJob"}, testClaimJobsTogether},
		{"claims keep to their limit", []string{"Store.ClaimDeliveries", "Store.ClaimJobs"}, testClaimLimit},
		{"outbox of three drainers", []string{"Store.DrainOutbox"}, testDrainTogether},
	}
}

func isConflict(err error) bool { return errors.Is(err, store.ErrConflict) }

func testClaimTogether(t *testing.T, w *World) {
	const conversations, each = 10, 8
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	ordered := map[int64][]int64{}
	for i := range conversations {
		c := w.chat(l, "S"+itoa(i))
		for n := range each {
			m := w.outgoing(c, w.Mine.User, itoa(n))
			w.deliver(c, m, start.Add(-time.Duration(n)*time.Second)) // the newer one is due longer
			ordered[c.Conversation] = append(ordered[c.Conversation], m)
		}
	}
	var mu sync.Mutex
	sent := map[int64][]int64{}
	held := map[int64]bool{}
	left := conversations * each
	parallel(t, 4, func(i int) error {
		for {
			list, err := w.ClaimDeliveries(t.Context(), "owner "+itoa(i), time.Hour, 3, nil)
			if err != nil {
				return err
			}
			mu.Lock()
			for _, d := range list {
				if held[d.ConversationID] {
					t.Errorf("two deliveries of conversation %d are leased at once", d.ConversationID)
				}
				held[d.ConversationID] = true
				sent[d.ConversationID] = append(sent[d.ConversationID], d.MessageID)
			}
			left -= len(list)
			over := left <= 0
			mu.Unlock()
			for _, d := range list {
				// Before the row goes: from then on the next may be claimed.
				mu.Lock()
				held[d.ConversationID] = false
				mu.Unlock()
				if err := w.Transact(t.Context(), func(tx *store.Tx) error { return tx.FinishDelivery(t.Context(), d.MessageID) }); err != nil {
					return err
				}
			}
			if over {
				return nil
			}
		}
	})
	want(t, "each once and in order", sent, ordered)
	want(t, "deliveries left", w.number(`SELECT COUNT(*) FROM deliveries`), 0)
}

func testClaimJobsTogether(t *testing.T, w *World) {
	const jobs = 120
	for i := range jobs {
		w.order(store.Job{Kind: "k", Payload: []byte(itoa(i))})
	}
	var mu sync.Mutex
	var got []string
	parallel(t, 4, func(i int) error {
		for {
			list, err := w.ClaimJobs(t.Context(), store.LaneDeferred, "owner "+itoa(i), time.Hour, 7)
			if err != nil {
				return err
			}
			mu.Lock()
			for _, j := range list {
				got = append(got, string(j.Payload))
			}
			over := len(got) >= jobs
			mu.Unlock()
			for _, j := range list {
				if err := w.FinishJob(t.Context(), j.ID); err != nil {
					return err
				}
			}
			if over {
				return nil
			}
		}
	})
	var all []string
	for i := range jobs {
		all = append(all, itoa(i))
	}
	slices.Sort(all)
	slices.Sort(got)
	want(t, "each job once", got, all)
}

// The database may plan the choice of rows in ways that would run it more than
// once; a claim must not take more than it asked for.
func testClaimLimit(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	for i := range 40 {
		c := w.chat(l, "S"+itoa(i))
		w.deliver(c, w.outgoing(c, w.Mine.User, "x"), start)
		w.order(store.Job{Kind: "k"})
	}
	analyze := func() {}
	if w.URL != "" {
		analyze = func() { w.exec(`ANALYZE`) }
	}
	for range 3 {
		want(t, "deliveries of a claim", len(w.claim("one", 5)), 5)
		want(t, "jobs of a claim", len(w.jobs(store.LaneDeferred, 5)), 5)
		analyze()
	}
}

func testDrainTogether(t *testing.T, w *World) {
	const rows = 200
	ctx := t.Context()
	list := make([]store.OutboxRow, rows)
	for i := range list {
		list[i] = store.OutboxRow{AccountID: int64(i + 1), Kind: "k"}
	}
	w.do(func(_ context.Context, tx *store.Tx) error { return tx.InsertOutbox(ctx, list) })
	var mu sync.Mutex
	drained := 0
	boom := errors.New("boom")
	parallel(t, 3, func(i int) error {
		for round := 0; ; round++ {
			fail := round%3 == i
			n, err := w.DrainOutbox(ctx, 9, nil, func(tx *store.Tx, list []store.OutboxRow) error {
				for _, o := range list {
					if err := tx.InsertJob(ctx, store.Job{Kind: "of a row", AccountID: o.AccountID}); err != nil {
						return err
					}
				}
				if fail {
					return boom
				}
				return nil
			})
			if err != nil && !errors.Is(err, boom) {
				return err
			}
			mu.Lock()
			if err == nil {
				drained += n
			}
			over := drained >= rows
			mu.Unlock()
			if over {
				return nil
			}
		}
	})
	want(t, "rows drained", drained, rows)
	want(t, "rows left", w.number(`SELECT COUNT(*) FROM outbox`), 0)
	want(t, "jobs", w.number(`SELECT COUNT(*) FROM jobs`), rows)
	want(t, "rows that made a job", w.number(`SELECT COUNT(DISTINCT account_id) FROM jobs`), rows)
}
