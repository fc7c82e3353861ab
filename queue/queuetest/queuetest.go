// Package queuetest is what every queue.Log must do, as tests.
package queuetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/queue"
)

// Open makes an empty log that belongs to the test, which closes it at its end.
type Open func(t *testing.T, partitions int, now func() time.Time) queue.Log

// Reopen closes log, as a process that ends does, and opens the same storage
// again.
type Reopen func(t *testing.T, log queue.Log, partitions int, now func() time.Time) queue.Log

// Run holds a log to its contract.
func Run(t *testing.T, open Open, reopen Reopen) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *suite)
	}{
		{"order within a partition", testOrder},
		{"append is all or nothing", testAtomicAppend},
		{"concurrent appends", testConcurrentAppends},
		{"cancelled append", testCancelledAppend},
		{"payload may be reused", testPayloadReuse},
		{"lease", testLease},
		{"takeover after expiry", testTakeover},
		{"fencing", testFencing},
		{"renew", testRenew},
		{"pending is read again first", testPendingFirst},
		{"pending in portions", testPendingPortions},
		{"delay", testDelay},
		{"delayed survives its owner", testDelayTakeover},
		{"order of due entries", testDueOrder},
		{"acknowledging out of order", testAckOutOfOrder},
		{"dead letters", testDead},
		{"replay of a done entry", testReplayDone},
		{"entries that do not exist", testNotFound},
		{"trim by age", testTrimAge},
		{"trim by size", testTrimSize},
		{"trim spares the unacknowledged", testTrimSpares},
		{"stats", testStats},
		{"list", testList},
		{"next wakes at once", testNextWakes},
		{"next waits for a due entry", testNextWaitsForDue},
		{"next ends with its context", testNextContext},
		{"close", testClose},
		{"reopen", testReopen},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, &suite{open: open, reopen: reopen, clock: newClock()})
		})
	}
}

type suite struct {
	open   Open
	reopen Reopen
	clock  *clock
}

func (s *suite) log(t *testing.T, partitions int) queue.Log {
	t.Helper()
	return s.open(t, partitions, s.clock.now)
}

// clock is a clock that only the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now().Truncate(time.Millisecond)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

const (
	// bound ends a wait for something that must happen.
	bound = 20 * time.Second
	// ttl is longer than the tests move their clock.
	ttl = 200 * time.Hour
)

func record(partition int, key, payload string) queue.Record {
	return queue.Record{Partition: partition, Key: key, Channel: "line", Payload: []byte(payload)}
}

func appendAll(t *testing.T, log queue.Log, records ...queue.Record) {
	t.Helper()
	if err := log.Append(t.Context(), records...); err != nil {
		t.Fatalf("Append: %v", err)
	}
}

func lease(t *testing.T, log queue.Log, partition int, owner string) queue.Reader {
	t.Helper()
	r, err := log.Lease(t.Context(), partition, owner, ttl)
	if err != nil {
		t.Fatalf("Lease(%d, %s): %v", partition, owner, err)
	}
	return r
}

// next reads without waiting.
func next(t *testing.T, r queue.Reader, max int) []queue.Entry {
	t.Helper()
	entries, err := r.Next(t.Context(), max, 0)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return entries
}

// drain reads until nothing is left.
func drain(t *testing.T, r queue.Reader) []queue.Entry {
	t.Helper()
	var all []queue.Entry
	for {
		entries := next(t, r, 7)
		if len(entries) == 0 {
			return all
		}
		all = append(all, entries...)
	}
}

func ack(t *testing.T, r queue.Reader, entries ...queue.Entry) {
	t.Helper()
	if err := r.Ack(t.Context(), entries...); err != nil {
		t.Fatalf("Ack: %v", err)
	}
}

func release(t *testing.T, r queue.Reader) {
	t.Helper()
	if err := r.Release(t.Context()); err != nil {
		t.Fatalf("Release: %v", err)
	}
}

func payloads(entries []queue.Entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, string(e.Payload))
	}
	return out
}

func wantPayloads(t *testing.T, what string, entries []queue.Entry, want ...string) {
	t.Helper()
	if got := payloads(entries); !slices.Equal(got, want) {
		t.Fatalf("%s: got %q, want %q", what, got, want)
	}
}

func wantAttempts(t *testing.T, what string, entries []queue.Entry, want ...int) {
	t.Helper()
	var got []int
	for _, e := range entries {
		got = append(got, e.Attempts)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got attempts %d, want %d", what, got, want)
	}
}

// numbered gives the payloads "<name>0" … "<name><n-1>".
func numbered(name string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s%d", name, i)
	}
	return out
}

func appendNumbered(t *testing.T, log queue.Log, partition int, name string, n int) {
	t.Helper()
	var records []queue.Record
	for _, p := range numbered(name, n) {
		records = append(records, record(partition, "key-"+p, p))
	}
	appendAll(t, log, records...)
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s did not happen within %v", what, bound)
		}
	}
}

func list(t *testing.T, log queue.Log, f queue.Filter) []queue.Entry {
	t.Helper()
	entries, err := log.List(t.Context(), f)
	if err != nil {
		t.Fatalf("List(%+v): %v", f, err)
	}
	for _, e := range entries {
		if f.State != "" && e.State != f.State {
			t.Fatalf("List(%+v): got an entry that is %s", f, e.State)
		}
	}
	return entries
}

func stats(t *testing.T, log queue.Log) queue.Stats {
	t.Helper()
	s, err := log.Stats(t.Context())
	if err != nil {
		t.Fatalf("Stats: %v", err)
	}
	return s
}

func show(t *testing.T, log queue.Log, id string) queue.Entry {
	t.Helper()
	e, err := log.Show(t.Context(), id)
	if err != nil {
		t.Fatalf("Show(%s): %v", id, err)
	}
	return e
}

func big(n int) string { return strings.Repeat("x", n) }
