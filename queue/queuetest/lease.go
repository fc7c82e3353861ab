package queuetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tributary/queue"
)

func wantLost(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, queue.ErrLeaseLost) {
		t.Fatalf("%s: got %v, want ErrLeaseLost", what, err)
	}
}

func testLease(t *testing.T, s *suite) {
	log := s.log(t, 2)
	r := lease(t, log, 0, "a")
	if _, err := log.Lease(t.Context(), 0, "b", ttl); !errors.Is(err, queue.ErrLeased) {
		t.Fatalf("Lease of a leased partition: got %v, want ErrLeased", err)
	}
	lease(t, log, 1, "b")
	release(t, r)
	wantLost(t, "Renew after Release", r.Renew(t.Context()))
	b := lease(t, log, 0, "b")
	_, err := r.Next(t.Context(), 1, 0)
	wantLost(t, "Next after Release", err)
	// An owner that starts again takes its own lease over.
	again := lease(t, log, 0, "b")
	wantLost(t, "Renew of the replaced lease", b.Renew(t.Context()))
	if err := again.Renew(t.Context()); err != nil {
		t.Fatalf("Renew: %v", err)
	}
}

// takeover leases a partition whose lease runs out. The controlled clock is moved
// for the logs that follow it; the others need the real time to pass.
func (s *suite) takeover(t *testing.T, log queue.Log, partition int, owner string) queue.Reader {
	t.Helper()
	var r queue.Reader
	eventually(t, "the takeover", func() bool {
		var err error
		r, err = log.Lease(t.Context(), partition, owner, ttl)
		if err != nil && !errors.Is(err, queue.ErrLeased) {
			t.Fatalf("Lease: %v", err)
		}
		s.clock.advance(20 * time.Millisecond)
		return err == nil
	})
	return r
}

func (s *suite) shortLease(t *testing.T, log queue.Log, partition int, owner string) queue.Reader {
	t.Helper()
	r, err := log.Lease(t.Context(), partition, owner, 300*time.Millisecond)
	if err != nil {
		t.Fatalf("Lease: %v", err)
	}
	return r
}

func testTakeover(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 4)
	a := s.shortLease(t, log, 0, "a")
	got := next(t, a, 2)
	wantPayloads(t, "first owner", got, "e0", "e1")
	b := s.takeover(t, log, 0, "b")
	wantLost(t, "Ack of the old owner", a.Ack(t.Context(), got...))
	all := drain(t, b)
	wantPayloads(t, "successor", all, "e0", "e1", "e2", "e3")
	wantAttempts(t, "successor", all, 1, 1, 0, 0)
	ack(t, b, all...)
}

func testFencing(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 3)
	a := s.shortLease(t, log, 0, "a")
	e := next(t, a, 1)[0]
	b := s.takeover(t, log, 0, "b")
	ctx := t.Context()
	wantLost(t, "Ack", a.Ack(ctx, e))
	wantLost(t, "Delay", a.Delay(ctx, e, s.clock.now(), "x"))
	wantLost(t, "Dead", a.Dead(ctx, e, "x"))
	wantLost(t, "Renew", a.Renew(ctx))
	wantLost(t, "Release", a.Release(ctx))
	_, err := a.Delayed(ctx)
	wantLost(t, "Delayed", err)
	_, err = a.Next(ctx, 1, 0)
	wantLost(t, "Next", err)
	_, err = a.Next(ctx, 1, time.Millisecond)
	wantLost(t, "Next that waits", err)
	wantPayloads(t, "successor", drain(t, b), "e0", "e1", "e2")
	if got := stats(t, log).Partitions[0].Owner; got != "b" {
		t.Fatalf("owner: got %q, want b", got)
	}
}

func testRenew(t *testing.T, s *suite) {
	log := s.log(t, 1)
	r, err := log.Lease(t.Context(), 0, "a", 2*time.Second)
	if err != nil {
		t.Fatalf("Lease: %v", err)
	}
	s.clock.advance(1500 * time.Millisecond)
	if err := r.Renew(t.Context()); err != nil {
		t.Fatalf("Renew: %v", err)
	}
	s.clock.advance(1500 * time.Millisecond)
	if _, err := log.Lease(t.Context(), 0, "b", ttl); !errors.Is(err, queue.ErrLeased) {
		t.Fatalf("Lease after Renew: got %v, want ErrLeased", err)
	}
}

func testPendingFirst(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 5)
	a := lease(t, log, 0, "a")
	got := next(t, a, 4)
	ack(t, a, got[1])
	// What Next gave is not given again by the same reader.
	wantPayloads(t, "rest", next(t, a, 4), "e4")
	wantPayloads(t, "nothing", next(t, a, 4))
	release(t, a)
	appendAll(t, log, record(0, "k", "new"))
	b := lease(t, log, 0, "b")
	all := drain(t, b)
	wantPayloads(t, "successor", all, "e0", "e2", "e3", "e4", "new")
	// Giving back in good order is no attempt.
	wantAttempts(t, "successor", all, 0, 0, 0, 0, 0)
	ack(t, b, all...)
	release(t, b)
	wantPayloads(t, "all acknowledged", drain(t, lease(t, log, 0, "c")))
}

func testPendingPortions(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 500)
	a := lease(t, log, 0, "a")
	if got := len(next(t, a, 400)); got != 400 {
		t.Fatalf("Next(400): got %d entries", got)
	}
	// The same owner again, as after a crash: that counts.
	b := lease(t, log, 0, "a")
	var all []queue.Entry
	for len(all) < 500 {
		got := next(t, b, 150)
		if len(got) == 0 {
			t.Fatalf("got %d entries, want 500", len(all))
		}
		// Acknowledging while the rest of the pending is still to be read.
		ack(t, b, got...)
		all = append(all, got...)
	}
	wantPayloads(t, "all", all, numbered("e", 500)...)
	if all[0].Attempts != 1 || all[399].Attempts != 1 || all[400].Attempts != 0 {
		t.Fatalf("attempts: got %d, %d, %d, want 1, 1, 0", all[0].Attempts, all[399].Attempts, all[400].Attempts)
	}
	if got := fmt.Sprint(payloads(drain(t, b))); got != "[]" {
		t.Fatalf("afterwards: got %s, want nothing", got)
	}
}
