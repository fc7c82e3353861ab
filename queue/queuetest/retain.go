package queuetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"tributary/queue"
)

func trim(t *testing.T, log queue.Log, maxAge time.Duration, maxBytes int64) int64 {
	t.Helper()
	n, err := log.Trim(t.Context(), maxAge, maxBytes)
	if err != nil {
		t.Fatalf("Trim: %v", err)
	}
	return n
}

func testTrimAge(t *testing.T, s *suite) {
	log := s.log(t, 2)
	for p := range 2 {
		appendNumbered(t, log, p, "e", 700)
		r := lease(t, log, p, "a")
		ack(t, r, next(t, r, 600)...)
	}
	if got := trim(t, log, time.Hour, 0); got != 0 {
		t.Fatalf("Trim of young entries: removed %d, want 0", got)
	}
	if got := len(list(t, log, queue.Filter{State: queue.StateDone, Limit: 5000})); got != 1200 {
		t.Fatalf("done: got %d, want 1200", got)
	}
	s.clock.advance(2 * time.Hour)
	if got := trim(t, log, time.Hour, 0); got != 1200 {
		t.Fatalf("Trim: removed %d, want 1200", got)
	}
	wantPayloads(t, "done", list(t, log, queue.Filter{State: queue.StateDone}))
	if got := len(list(t, log, queue.Filter{State: queue.StateWaiting, Limit: 5000})); got != 200 {
		t.Fatalf("waiting: got %d, want 200", got)
	}
}

func testTrimSize(t *testing.T, s *suite) {
	log := s.log(t, 2)
	for range 300 {
		appendAll(t, log, record(0, "k", big(1000)), record(1, "k", big(1000)))
	}
	for p := range 2 {
		r := lease(t, log, p, "a")
		ack(t, r, next(t, r, 300)...)
	}
	before := stats(t, log).Bytes
	if before < 600_000 {
		t.Fatalf("bytes: got %d, want at least 600000", before)
	}
	if got := trim(t, log, time.Hour, before*2); got != 0 {
		t.Fatalf("Trim of a log that fits: removed %d, want 0", got)
	}
	if got := trim(t, log, time.Hour, before/2); got < 200 || got > 450 {
		t.Fatalf("Trim to half: removed %d, want about 300", got)
	}
	if after := stats(t, log).Bytes; after > before*6/10 || after < before*3/10 {
		t.Fatalf("bytes: got %d, want about half of %d", after, before)
	}
}

// Whatever the limits, what is waiting, pending or delayed stays.
func testTrimSpares(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 8)
	r := lease(t, log, 0, "a")
	got := next(t, r, 6)
	ack(t, r, got[0], got[1], got[4])
	delay(t, r, got[2], s.clock.now().Add(48*time.Hour), "x")
	if err := r.Dead(t.Context(), got[5], "x"); err != nil {
		t.Fatalf("Dead: %v", err)
	}
	s.clock.advance(24 * time.Hour)
	trim(t, log, time.Hour, 1)
	wantPayloads(t, "pending", list(t, log, queue.Filter{State: queue.StatePending}), "e3")
	wantPayloads(t, "delayed", list(t, log, queue.Filter{State: queue.StateDelayed}), "e2")
	wantPayloads(t, "waiting", list(t, log, queue.Filter{State: queue.StateWaiting}), "e6", "e7")
	wantPayloads(t, "dead", list(t, log, queue.Filter{State: queue.StateDead}), "e5")
	release(t, r)
	b := lease(t, log, 0, "b")
	wantPayloads(t, "read again", drain(t, b), "e3", "e6", "e7")
	s.clock.advance(24 * time.Hour)
	wantPayloads(t, "due", drain(t, b), "e2")
	ack(t, b, got[2], got[3])
	trim(t, log, time.Hour, 0)
	wantPayloads(t, "done", list(t, log, queue.Filter{State: queue.StateDone}))
}

func testStats(t *testing.T, s *suite) {
	log := s.log(t, 2)
	appendNumbered(t, log, 1, "e", 5)
	s.clock.advance(10 * time.Second)
	r := lease(t, log, 1, "me")
	got := next(t, r, 3)
	ack(t, r, got[0])
	delay(t, r, got[1], s.clock.now().Add(time.Hour), "x")
	st := stats(t, log)
	if len(st.Partitions) != 2 {
		t.Fatalf("partitions: got %d, want 2", len(st.Partitions))
	}
	p := st.Partitions[1]
	if p.Partition != 1 || p.Waiting != 2 || p.Pending != 1 || p.Delayed != 1 || p.Owner != "me" {
		t.Fatalf("partition 1: got %+v", p)
	}
	if p.OldestAge < 9*time.Second || p.OldestAge > time.Minute {
		t.Fatalf("oldest age: got %v, want about 10s", p.OldestAge)
	}
	if st.Bytes <= 0 {
		t.Fatalf("bytes: got %d, want more than 0", st.Bytes)
	}
	empty := queue.PartitionStats{}
	if st.Partitions[0] != empty {
		t.Fatalf("partition 0: got %+v, want nothing", st.Partitions[0])
	}
	if err := log.Ping(t.Context()); err != nil {
		t.Fatalf("Ping: %v", err)
	}
}

func testList(t *testing.T, s *suite) {
	log := s.log(t, 2)
	sms := queue.Record{Partition: 1, Key: "s", Channel: "sms", Payload: []byte("s")}
	appendAll(t, log, record(0, "k", "a"), record(0, "k", "b"), sms, record(0, "k", "c"))
	r := lease(t, log, 0, "a")
	got := next(t, r, 2)
	ack(t, r, got[0])
	wantPayloads(t, "done", list(t, log, queue.Filter{State: queue.StateDone}), "a")
	wantPayloads(t, "pending", list(t, log, queue.Filter{State: queue.StatePending}), "b")
	wantPayloads(t, "waiting of a channel", list(t, log, queue.Filter{State: queue.StateWaiting, Channel: "sms"}), "s")
	for _, e := range list(t, log, queue.Filter{Brief: true}) {
		if e.ID == "" || e.Channel == "" || len(e.Payload) > 0 {
			t.Fatalf("brief: got %+v", e)
		}
	}
	if all := list(t, log, queue.Filter{}); len(all) != 4 {
		t.Fatalf("all: got %q, want 4 entries", payloads(all))
	}
	if two := list(t, log, queue.Filter{Limit: 2}); len(two) != 2 {
		t.Fatalf("limit 2: got %q", payloads(two))
	}
	if e := show(t, log, got[1].ID); e.State != queue.StatePending || string(e.Payload) != "b" || e.Key != "k" {
		t.Fatalf("Show: got %+v", e)
	}
}

// The waiting reader is woken by the append, not by the end of its wait: the wait
// is longer than the test may last.
func testNextWakes(t *testing.T, s *suite) {
	log := s.log(t, 2)
	r := lease(t, log, 1, "a")
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	for _, payload := range []string{"one", "two", "three"} {
		var entries []queue.Entry
		var err error
		var wg sync.WaitGroup
		wg.Go(func() { entries, err = r.Next(ctx, 10, time.Hour) })
		appendAll(t, log, record(0, "k", "elsewhere"), record(1, "k", payload))
		wg.Wait()
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		wantPayloads(t, "woken", entries, payload)
	}
}

func testNextWaitsForDue(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 1)
	r := lease(t, log, 0, "a")
	delay(t, r, next(t, r, 1)[0], s.clock.now().Add(100*time.Millisecond), "x")
	var entries []queue.Entry
	eventually(t, "the due entry", func() bool {
		s.clock.advance(20 * time.Millisecond)
		got, err := r.Next(t.Context(), 1, 10*time.Millisecond)
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		entries = got
		return len(entries) > 0
	})
	wantPayloads(t, "due", entries, "e0")
}

func testNextContext(t *testing.T, s *suite) {
	log := s.log(t, 1)
	r := lease(t, log, 0, "a")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := r.Next(ctx, 1, time.Hour)
		ended <- err
	}()
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("Next: got %v, want context.Canceled", err)
		}
	case <-time.After(bound):
		t.Fatalf("Next did not end with its context within %v", bound)
	}
	// The reader is still good.
	appendAll(t, log, record(0, "k", "after"))
	wantPayloads(t, "after", next(t, r, 1), "after")
}

func testClose(t *testing.T, s *suite) {
	log := s.log(t, 1)
	r := lease(t, log, 0, "a")
	var wg sync.WaitGroup
	var mu sync.Mutex
	var odd []error
	for range 16 {
		wg.Go(func() {
			for {
				if err := log.Append(t.Context(), record(0, "k", "x")); err != nil {
					if !errors.Is(err, queue.ErrClosed) {
						mu.Lock()
						odd = append(odd, err)
						mu.Unlock()
					}
					return
				}
			}
		})
	}
	waiting := make(chan error, 1)
	go func() {
		for {
			if _, err := r.Next(t.Context(), 1000, time.Hour); err != nil {
				waiting <- err
				return
			}
		}
	}()
	eventually(t, "the first appends", func() bool { return stats(t, log).Partitions[0].Pending > 0 })
	if err := log.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	wg.Wait()
	if len(odd) > 0 {
		t.Fatalf("Append during Close: got %v, want ErrClosed", odd[0])
	}
	if err := <-waiting; !errors.Is(err, queue.ErrClosed) {
		t.Fatalf("Next during Close: got %v, want ErrClosed", err)
	}
	if err := log.Close(); err != nil {
		t.Fatalf("Close twice: %v", err)
	}
	_, listErr := log.List(t.Context(), queue.Filter{})
	_, statsErr := log.Stats(t.Context())
	_, leaseErr := log.Lease(t.Context(), 0, "b", ttl)
	for what, err := range map[string]error{"Ack": r.Ack(t.Context(), queue.Entry{ID: "0-1-0"}), "Ping": log.Ping(t.Context()), "List": listErr, "Stats": statsErr, "Lease": leaseErr} {
		if what != "Ack" && !errors.Is(err, queue.ErrClosed) {
			t.Errorf("%s after Close: got %v, want ErrClosed", what, err)
		}
		if err == nil {
			t.Errorf("%s after Close: got no error", what)
		}
	}
}

func testReopen(t *testing.T, s *suite) {
	log := s.log(t, 2)
	appendNumbered(t, log, 1, "e", 8)
	a := lease(t, log, 1, "a")
	got := next(t, a, 6)
	ack(t, a, got[0], got[1], got[4])
	delay(t, a, got[2], s.clock.now().Add(time.Minute), "later")
	if err := a.Dead(t.Context(), got[5], "broken"); err != nil {
		t.Fatalf("Dead: %v", err)
	}
	before := stats(t, log)
	log = s.reopen(t, log, 2, s.clock.now)
	after := stats(t, log)
	b := before.Partitions[1]
	if got := after.Partitions[1]; got.Waiting != b.Waiting || got.Pending != b.Pending || got.Delayed != b.Delayed || after.Bytes != before.Bytes {
		t.Fatalf("stats after reopening: got %+v, want %+v", after, before)
	}
	wantPayloads(t, "dead", list(t, log, queue.Filter{State: queue.StateDead}), "e5")
	appendAll(t, log, record(1, "k", "new"))
	r := lease(t, log, 1, "a")
	all := drain(t, r)
	wantPayloads(t, "after reopening", all, "e3", "e6", "e7", "new")
	wantAttempts(t, "after reopening", all, 1, 0, 0, 0)
	s.clock.advance(time.Minute)
	due := drain(t, r)
	wantPayloads(t, "due", due, "e2")
	wantAttempts(t, "due", due, 1)
	ack(t, r, append(all, due...)...)
	release(t, r)
	log = s.reopen(t, log, 2, s.clock.now)
	wantPayloads(t, "all acknowledged", drain(t, lease(t, log, 1, "a")))
	if err := log.Replay(t.Context(), got[5].ID); err != nil {
		t.Fatalf("Replay: %v", err)
	}
}
