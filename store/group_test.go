package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// These tests run alone, before the parallel ones: they count the goroutines
// that wait for a transaction.

// queue waits until n calls of Transact wait for their turn or their commit.
func queue(t *testing.T, n int) {
	t.Helper()
	buf := make([]byte, 1<<20)
	testkit.Wait(t, 20*time.Second, fmt.Sprintf("%d transactions", n), func() bool {
		stacks := string(buf[:runtime.Stack(buf, true)])
		waiting := 0
		for g := range strings.SplitSeq(stacks, "\n\n") {
			if strings.Contains(g, "store.(*group).do(") && (strings.Contains(g, "[select") || strings.Contains(g, "[chan receive")) {
				waiting++
			}
		}
		return waiting == n
	})
}

// hold starts a transaction that inserts the job "held" and stays open until the
// returned function is called, which gives its error.
func hold(t *testing.T, s *store.Store) (release func() error) {
	t.Helper()
	held, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.Transact(context.Background(), func(tx *store.Tx) error {
			if err := tx.InsertJob(context.Background(), store.Job{Kind: "held"}); err != nil {
				return err
			}
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	return func() error {
		close(free)
		return <-done
	}
}

func kinds(t *testing.T, db *sql.DB) map[string]int {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT kind, COUNT(*) FROM jobs GROUP BY kind`)
	if err != nil {
		t.Fatalf("jobs: %v", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]int{}
	for rows.Next() {
		var kind string
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			t.Fatalf("jobs: %v", err)
		}
		out[kind] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("jobs: %v", err)
	}
	return out
}

func TestGroupSharesACommit(t *testing.T) {
	const n = 20
	d := storetest.New(t, "")
	release := hold(t, d.Store)
	var wg sync.WaitGroup
	errs, committed := make([]error, n), make([]int, n)
	for i := range n {
		wg.Go(func() {
			errs[i] = d.Transact(t.Context(), func(tx *store.Tx) error {
				// Another connection sees what is committed: nothing of those that ran
				// before in the same group.
				if err := d.SQL.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM jobs`).Scan(&committed[i]); err != nil {
					return err
				}
				return tx.InsertJob(t.Context(), store.Job{Kind: "shared"})
			})
		})
	}
	queue(t, n+1)
	if err := release(); err != nil {
		t.Fatalf("first transaction: %v", err)
	}
	wg.Wait()
	alone := 0
	for i, err := range errs {
		if err != nil {
			t.Errorf("transaction %d: %v", i, err)
		}
		if committed[i] > 0 {
			alone++
		}
	}
	// A sender that was not yet awake when the writer looked joins the next group.
	if alone > n/2 {
		t.Errorf("%d of %d transactions found the others committed", alone, n)
	}
	if got := kinds(t, d.SQL); got["shared"] != n || got["held"] != 1 {
		t.Errorf("jobs %v, want %d shared and 1 held", got, n)
	}
}

func TestGroupMembersFailAlone(t *testing.T) {
	d := storetest.New(t, "")
	boom := errors.New("boom")
	quit, cancel := context.WithCancel(t.Context())
	insert := func(tx *store.Tx, kind string) error { return tx.InsertJob(t.Context(), store.Job{Kind: kind}) }
	members := []struct {
		name string
		ctx  context.Context //nolint:containedctx // each member has its own
		f    func(*store.Tx) error
		want string // of the error; empty: none
	}{
		{"works", t.Context(), func(tx *store.Tx) error { return insert(tx, "works") }, ""},
		{"fails", t.Context(), func(tx *store.Tx) error {
			return errors.Join(insert(tx, "fails"), fmt.Errorf("desk: %w", boom))
		}, "desk: boom"},
		{"panics", t.Context(), func(tx *store.Tx) error {
			if err := insert(tx, "panics"); err != nil {
				return err
			}
			panic("out of paper")
		}, "store: panic in transaction: out of paper"},
		{"is refused", t.Context(), func(tx *store.Tx) error {
			if err := insert(tx, "is refused"); err != nil {
				return err
			}
			_, err := tx.InsertInbox(t.Context(), store.Inbox{AccountID: 999, ChannelID: 999})
			return err
		}, "store: insert inbox: "},
		// A caller that gives up while its statements run gets their outcome.
		{"gives up", quit, func(tx *store.Tx) error {
			cancel()
			return tx.InsertJob(quit, store.Job{Kind: "gives up"})
		}, ""},
		{"works too", t.Context(), func(tx *store.Tx) error { return insert(tx, "works too") }, ""},
	}
	release := hold(t, d.Store)
	var wg sync.WaitGroup
	errs := make([]error, len(members))
	for i, m := range members {
		wg.Go(func() { errs[i] = d.Transact(m.ctx, m.f) })
	}
	queue(t, len(members)+1)
	if err := release(); err != nil {
		t.Fatalf("first transaction: %v", err)
	}
	wg.Wait()
	got := kinds(t, d.SQL)
	for i, m := range members {
		switch {
		case m.want == "":
			if errs[i] != nil || got[m.name] != 1 {
				t.Errorf("%s: error %v, %d jobs, want none and 1", m.name, errs[i], got[m.name])
			}
		case errs[i] == nil || !strings.HasPrefix(errs[i].Error(), m.want) || got[m.name] != 0:
			t.Errorf("%s: error %v, %d jobs, want %q and 0", m.name, errs[i], got[m.name], m.want)
		}
	}
	if !errors.Is(errs[1], boom) {
		t.Errorf("error %v, want one that wraps boom", errs[1])
	}
	if got["held"] != 1 {
		t.Errorf("jobs %v, want 1 held", got)
	}
}

// A caller that gives up before its turn gets no transaction.
func TestGroupCallerGivesUpWaiting(t *testing.T) {
	d := storetest.New(t, "")
	release := hold(t, d.Store)
	ctx, cancel := context.WithCancel(t.Context())
	ran := false
	done := make(chan error, 1)
	go func() {
		done <- d.Transact(ctx, func(*store.Tx) error {
			ran = true
			return nil
		})
	}()
	queue(t, 2)
	cancel()
	err := <-done
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "store: begin: ") || ran {
		t.Errorf("error %v, ran %t, want a cancelled begin", err, ran)
	}
	if err := release(); err != nil {
		t.Errorf("the other transaction: %v", err)
	}
}

// Close lets the group that runs end. Those that wait are told; nobody hangs,
// and what was said to be stored is stored.
func TestGroupCloseWhileCallsWait(t *testing.T) {
	const n = 30
	ignore := goleak.IgnoreCurrent()
	d := storetest.New(t, "")
	release := hold(t, d.Store)
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			errs[i] = d.Transact(context.Background(), func(tx *store.Tx) error {
				return tx.InsertJob(context.Background(), store.Job{Kind: "waits"})
			})
		})
	}
	queue(t, n+1)
	closed := make(chan error, 1)
	go func() { closed <- d.Close() }()
	if err := release(); err != nil {
		t.Errorf("the transaction under way: %v", err)
	}
	wg.Wait()
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	stored := 0
	for i, err := range errs {
		switch {
		case err == nil:
			stored++
		case err.Error() != "store: closed":
			t.Errorf("call %d: error %v, want store: closed", i, err)
		}
	}
	if err := d.Transact(t.Context(), func(*store.Tx) error { return nil }); err == nil || err.Error() != "store: closed" {
		t.Errorf("Transact after Close: error %v", err)
	}
	if err := d.SQL.Close(); err != nil {
		t.Errorf("close the tables: %v", err)
	}
	goleak.VerifyNone(t, ignore)

	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.Dir, "tributary.db"))
	if err != nil {
		t.Fatalf("open again: %v", err)
	}
	defer func() { _ = db.Close() }()
	if got := kinds(t, db); got["waits"] != stored || got["held"] != 1 {
		t.Errorf("jobs %v, want %d that waited and 1 held", got, stored)
	}
}
