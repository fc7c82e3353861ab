package spool_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tributary/queue"
	"tributary/queue/localq"
	"tributary/queue/spool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// breakable is a real log that can be unplugged. With ambiguous set, appends are
// stored before they fail, as when only the answer is lost.
type breakable struct {
	queue.Log
	away      atomic.Bool
	ambiguous atomic.Bool
}

func (b *breakable) Append(ctx context.Context, records ...queue.Record) error {
	if b.ambiguous.Load() {
		if err := b.Log.Append(ctx, records...); err != nil {
			return err
		}
		return fmt.Errorf("no answer: %w", queue.ErrUnavailable)
	}
	if b.away.Load() {
		return fmt.Errorf("unplugged: %w", queue.ErrUnavailable)
	}
	return b.Log.Append(ctx, records...)
}

func openLog(t *testing.T, path string, opt localq.Options) *localq.Log {
	t.Helper()
	log, err := localq.Open(path, opt)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return log
}

func newSpool(t *testing.T, primary, local queue.Log) *spool.Spool {
	t.Helper()
	s, err := spool.New(t.Context(), primary, local, spool.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return s
}

// run runs the forwarder until stop is called.
func run(t *testing.T, s *spool.Spool) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func add(t *testing.T, s *spool.Spool, partition int, payload string) {
	t.Helper()
	err := s.Append(t.Context(), queue.Record{Partition: partition, Key: "k", Channel: "line", Payload: []byte(payload)})
	if err != nil {
		t.Fatalf("Append %s: %v", payload, err)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	bound := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-bound:
			t.Fatalf("%s did not happen within 20s", what)
		}
	}
}

// contents gives the payloads of a partition.
func contents(t *testing.T, log queue.Log, partition int) []string {
	t.Helper()
	r, err := log.Lease(t.Context(), partition, "test", time.Hour)
	if err != nil {
		t.Fatalf("Lease: %v", err)
	}
	var out []string
	for {
		entries, err := r.Next(t.Context(), 1000, 0)
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		if len(entries) == 0 {
			return out
		}
		for _, e := range entries {
			if e.Partition != partition || e.Key == "" || e.Channel != "line" {
				t.Fatalf("got entry %+v in partition %d", e, partition)
			}
			out = append(out, string(e.Payload))
		}
	}
}

func TestForwardsInOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	primary := &breakable{Log: openLog(t, filepath.Join(dir, "q.db"), localq.Options{Partitions: 3})}
	s := newSpool(t, primary, openLog(t, filepath.Join(dir, "spool.db"), localq.Options{Partitions: 1}))
	run(t, s)
	var want [3][]string
	put := func(i int) {
		p := fmt.Sprint(i)
		add(t, s, i%3, p)
		want[i%3] = append(want[i%3], p)
	}
	n := 0
	for range 4 {
		for range 10 {
			put(n)
			n++
		}
		primary.away.Store(true)
		for range 10 {
			put(n)
			n++
		}
		if !s.Spooling() || s.Depth() != 10 {
			t.Fatalf("while the primary is away: got spooling %v, depth %d, want 10 spooled", s.Spooling(), s.Depth())
		}
		primary.away.Store(false)
		until(t, "the switch back", func() bool { return !s.Spooling() })
		if s.Depth() != 0 {
			t.Fatalf("depth: got %d, want 0", s.Depth())
		}
	}
	for p := range want {
		if got := contents(t, primary, p); !slices.Equal(got, want[p]) {
			t.Fatalf("partition %d: got %q, want %q", p, got, want[p])
		}
	}
}

// Many callers append while the primary comes and goes: nothing is lost, nothing
// is doubled, and the records of each caller stay in order.
func TestConcurrentSwitching(t *testing.T) {
	t.Parallel()
	const callers = 16
	dir := t.TempDir()
	primary := &breakable{Log: openLog(t, filepath.Join(dir, "q.db"), localq.Options{Partitions: 2})}
	s := newSpool(t, primary, openLog(t, filepath.Join(dir, "spool.db"), localq.Options{Partitions: 1}))
	run(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	sent := make([]int, callers)
	for c := range callers {
		wg.Go(func() {
			for ctx.Err() == nil {
				r := queue.Record{Partition: c % 2, Key: fmt.Sprint(c), Channel: "line", Payload: fmt.Appendf(nil, "%d/%d", c, sent[c])}
				if err := s.Append(context.WithoutCancel(ctx), r); err != nil {
					t.Errorf("Append: %v", err)
					return
				}
				sent[c]++
			}
		})
	}
	for range 20 {
		primary.away.Store(true)
		until(t, "spooling", s.Spooling)
		primary.away.Store(false)
		depth := s.Depth()
		until(t, "forwarding", func() bool { return !s.Spooling() || s.Depth() != depth })
	}
	cancel()
	wg.Wait()
	until(t, "the end of spooling", func() bool { return !s.Spooling() })
	got := make([]int, callers)
	for p := range 2 {
		for _, payload := range contents(t, primary, p) {
			var c, i int
			if _, err := fmt.Sscanf(payload, "%d/%d", &c, &i); err != nil {
				t.Fatalf("payload %q: %v", payload, err)
			}
			if i != got[c] {
				t.Fatalf("caller %d: got record %d, want %d", c, i, got[c])
			}
			got[c]++
		}
	}
	if !slices.Equal(got, sent) {
		t.Fatalf("got %v records of the callers, want %v", got, sent)
	}
}

func TestRestartGoesOnSpooling(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	primary := &breakable{Log: openLog(t, filepath.Join(dir, "q.db"), localq.Options{Partitions: 1})}
	path := filepath.Join(dir, "spool.db")
	local := openLog(t, path, localq.Options{Partitions: 1})
	s := newSpool(t, primary, local)
	stop := run(t, s)
	primary.away.Store(true)
	add(t, s, 0, "a")
	add(t, s, 0, "b")
	stop()
	if err := local.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	s = newSpool(t, primary, openLog(t, path, localq.Options{Partitions: 1}))
	if !s.Spooling() || s.Depth() != 2 {
		t.Fatalf("after the restart: got spooling %v, depth %d, want 2 spooled", s.Spooling(), s.Depth())
	}
	primary.away.Store(false)
	add(t, s, 0, "c")
	run(t, s)
	until(t, "the switch back", func() bool { return !s.Spooling() })
	add(t, s, 0, "d")
	if got, want := contents(t, primary, 0), []string{"a", "b", "c", "d"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func TestAmbiguousAppendIsDoubled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	primary := &breakable{Log: openLog(t, filepath.Join(dir, "q.db"), localq.Options{Partitions: 1})}
	s := newSpool(t, primary, openLog(t, filepath.Join(dir, "spool.db"), localq.Options{Partitions: 1}))
	primary.ambiguous.Store(true)
	add(t, s, 0, "a")
	primary.ambiguous.Store(false)
	run(t, s)
	until(t, "the switch back", func() bool { return !s.Spooling() })
	if got, want := contents(t, primary, 0), []string{"a", "a"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func TestBothFail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	primary := &breakable{Log: openLog(t, filepath.Join(dir, "q.db"), localq.Options{Partitions: 1})}
	s := newSpool(t, primary, openLog(t, filepath.Join(dir, "spool.db"), localq.Options{Partitions: 1, MaxBytes: 400}))
	run(t, s)
	primary.away.Store(true)
	big := queue.Record{Key: "k", Channel: "line", Payload: []byte(strings.Repeat("x", 300))}
	huge := big
	huge.Payload = []byte(strings.Repeat("x", 500))
	err := s.Append(t.Context(), huge)
	if !errors.Is(err, queue.ErrFull) || !errors.Is(err, queue.ErrUnavailable) {
		t.Fatalf("Append beyond the spool's size: got %v, want ErrFull after ErrUnavailable", err)
	}
	if s.Spooling() || s.Depth() != 0 {
		t.Fatalf("with nothing spooled: got spooling %v, depth %d", s.Spooling(), s.Depth())
	}
	if err := s.Append(t.Context(), big); err != nil {
		t.Fatalf("Append: %v", err)
	}
	if err := s.Append(t.Context(), big); !errors.Is(err, queue.ErrFull) {
		t.Fatalf("Append to a full spool: got %v, want ErrFull", err)
	}
	primary.away.Store(false)
	until(t, "the switch back", func() bool { return !s.Spooling() })
	if got := len(contents(t, primary, 0)); got != 1 {
		t.Fatalf("got %d records, want 1", got)
	}
	if err := s.Append(t.Context(), queue.Record{Partition: 1}); err == nil || errors.Is(err, queue.ErrUnavailable) {
		t.Fatalf("Append to a partition that is not: got %v, want a refusal", err)
	}
}

func TestSpoolGivesItsSpaceBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	primary := &breakable{Log: openLog(t, filepath.Join(dir, "q.db"), localq.Options{Partitions: 1})}
	local := openLog(t, filepath.Join(dir, "spool.db"), localq.Options{Partitions: 1})
	s := newSpool(t, primary, local)
	primary.away.Store(true)
	for i := range 1000 {
		add(t, s, 0, fmt.Sprint(i))
	}
	run(t, s)
	primary.away.Store(false)
	until(t, "an empty spool", func() bool {
		st, err := local.Stats(t.Context())
		if err != nil {
			t.Fatalf("Stats: %v", err)
		}
		return st.Bytes == 0
	})
}

func TestRunEndsWithTheLocalLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	primary := openLog(t, filepath.Join(dir, "q.db"), localq.Options{Partitions: 1})
	local := openLog(t, filepath.Join(dir, "spool.db"), localq.Options{Partitions: 1})
	s := newSpool(t, primary, local)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(context.Background()) }()
	if err := local.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if err := <-ended; !errors.Is(err, queue.ErrClosed) {
		t.Fatalf("Run: got %v, want ErrClosed", err)
	}
	if _, err := spool.New(t.Context(), primary, openLog(t, filepath.Join(dir, "two.db"), localq.Options{Partitions: 2}), spool.Options{}); err == nil {
		t.Fatal("New with a local log of two partitions: got no error")
	}
}
