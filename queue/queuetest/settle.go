package queuetest

import (
	"errors"
	"testing"
	"time"

	"tributary/queue"
)

func delay(t *testing.T, r queue.Reader, e queue.Entry, due time.Time, reason string) {
	t.Helper()
	if err := r.Delay(t.Context(), e, due, reason); err != nil {
		t.Fatalf("Delay: %v", err)
	}
}

func testDelay(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 3)
	r := lease(t, log, 0, "a")
	got := next(t, r, 2)
	due := s.clock.now().Add(time.Minute)
	delay(t, r, got[0], due, "busy")
	ack(t, r, got[1])
	keys, err := r.Delayed(t.Context())
	if err != nil {
		t.Fatalf("Delayed: %v", err)
	}
	if at, ok := keys["key-e0"]; len(keys) != 1 || !ok || !at.Equal(due) {
		t.Fatalf("Delayed: got %v, want key-e0 at %v", keys, due)
	}
	e := show(t, log, got[0].ID)
	if e.State != queue.StateDelayed || e.Reason != "busy" || !e.Due.Equal(due) || e.Attempts != 1 || string(e.Payload) != "e0" {
		t.Fatalf("Show of a delayed entry: got %+v", e)
	}
	wantPayloads(t, "before it is due", next(t, r, 9), "e2")
	wantPayloads(t, "still before it is due", next(t, r, 9))
	appendAll(t, log, record(0, "k", "new"))
	s.clock.advance(time.Minute)
	again := next(t, r, 9)
	wantPayloads(t, "due before new", again, "e0")
	wantAttempts(t, "due", again, 1)
	if again[0].ID != got[0].ID {
		t.Fatalf("id of the delayed entry: got %s, want %s", again[0].ID, got[0].ID)
	}
	wantPayloads(t, "new", next(t, r, 9), "new")
	if e := show(t, log, again[0].ID); e.State != queue.StatePending {
		t.Fatalf("state after it was read again: got %s, want pending", e.State)
	}
	// Put off once more, then applied.
	delay(t, r, again[0], s.clock.now().Add(time.Second), "busy again")
	s.clock.advance(time.Second)
	again = next(t, r, 9)
	wantAttempts(t, "due twice", again, 2)
	ack(t, r, again...)
	if e := show(t, log, again[0].ID); e.State != queue.StateDone || string(e.Payload) != "e0" {
		t.Fatalf("Show after Ack: got %+v, want it done", e)
	}
	if keys, err := r.Delayed(t.Context()); err != nil || len(keys) != 0 {
		t.Fatalf("Delayed: got %v, %v, want none", keys, err)
	}
}

func testDelayTakeover(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 4)
	a := lease(t, log, 0, "a")
	got := next(t, a, 4)
	delay(t, a, got[1], s.clock.now().Add(time.Minute), "later")
	delay(t, a, got[2], s.clock.now().Add(time.Second), "soon")
	s.clock.advance(time.Second)
	wantPayloads(t, "due", next(t, a, 9), "e2")
	release(t, a)
	b := lease(t, log, 0, "b")
	all := drain(t, b)
	wantPayloads(t, "successor", all, "e0", "e2", "e3")
	wantAttempts(t, "successor", all, 0, 1, 0)
	s.clock.advance(time.Minute)
	wantPayloads(t, "due later", drain(t, b), "e1")
	ack(t, b, got...)
	if st := stats(t, log).Partitions[0]; st.Pending+st.Delayed+st.Waiting != 0 {
		t.Fatalf("stats: got %+v, want nothing left", st)
	}
}

func testDueOrder(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 4)
	r := lease(t, log, 0, "a")
	got := next(t, r, 4)
	now := s.clock.now()
	// One due time: in the order of the log, however they were put off.
	delay(t, r, got[2], now.Add(time.Second), "x")
	delay(t, r, got[0], now.Add(time.Second), "x")
	delay(t, r, got[3], now.Add(time.Millisecond), "x")
	delay(t, r, got[1], now.Add(time.Second), "x")
	s.clock.advance(time.Second)
	wantPayloads(t, "in portions", append(next(t, r, 2), next(t, r, 2)...), "e3", "e0", "e1", "e2")
}

func testAckOutOfOrder(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 10)
	a := lease(t, log, 0, "a")
	got := next(t, a, 10)
	ack(t, a, got[9], got[3], got[4])
	ack(t, a, got[0])
	ack(t, a, got[0], got[3]) // twice is no harm
	if e := show(t, log, got[3].ID); e.State != queue.StateDone {
		t.Fatalf("state of an acknowledged entry: got %s, want done", e.State)
	}
	if st := stats(t, log).Partitions[0]; st.Pending != 6 {
		t.Fatalf("pending: got %d, want 6", st.Pending)
	}
	release(t, a)
	b := lease(t, log, 0, "b")
	rest := drain(t, b)
	wantPayloads(t, "rest", rest, "e1", "e2", "e5", "e6", "e7", "e8")
	ack(t, b, rest...)
	release(t, b)
	appendAll(t, log, record(0, "k", "new"))
	wantPayloads(t, "at last", drain(t, lease(t, log, 0, "c")), "new")
}

func testDead(t *testing.T, s *suite) {
	log := s.log(t, 2)
	ctx := t.Context()
	appendNumbered(t, log, 1, "e", 4)
	r := lease(t, log, 1, "a")
	got := next(t, r, 4)
	for i, reason := range []string{"first", "second", "third"} {
		if err := r.Dead(ctx, got[i], reason); err != nil {
			t.Fatalf("Dead: %v", err)
		}
		s.clock.advance(time.Second)
	}
	ack(t, r, got[3])
	if err := r.Dead(ctx, got[3], "late"); !errors.Is(err, queue.ErrNotFound) {
		t.Fatalf("Dead of an acknowledged entry: got %v, want ErrNotFound", err)
	}
	if err := r.Delay(ctx, got[0], s.clock.now(), "late"); !errors.Is(err, queue.ErrNotFound) {
		t.Fatalf("Delay of a dead entry: got %v, want ErrNotFound", err)
	}
	dead := list(t, log, queue.Filter{State: queue.StateDead})
	wantPayloads(t, "newest first", dead, "e2", "e1", "e0")
	if e := dead[0]; e.Reason != "third" || e.DiedAt.IsZero() || e.Attempts != 1 || e.Key != "key-e2" || e.Partition != 1 || e.ID != got[2].ID {
		t.Fatalf("dead letter: got %+v", e)
	}
	if got := stats(t, log).Dead["line"]; got != 3 {
		t.Fatalf("dead of line: got %d, want 3", got)
	}
	wantPayloads(t, "limit", list(t, log, queue.Filter{State: queue.StateDead, Limit: 1}), "e2")
	if brief := list(t, log, queue.Filter{State: queue.StateDead, Brief: true}); len(brief) != 3 || brief[0].Reason != "third" || len(brief[0].Payload) > 0 {
		t.Fatalf("brief: got %+v", brief)
	}
	wantPayloads(t, "other channel", list(t, log, queue.Filter{State: queue.StateDead, Channel: "sms"}))

	if err := log.Replay(ctx, got[0].ID); err != nil {
		t.Fatalf("Replay: %v", err)
	}
	again := next(t, r, 9)
	wantPayloads(t, "replayed", again, "e0")
	wantAttempts(t, "replayed", again, 0)
	if again[0].ID == got[0].ID || again[0].Key != "key-e0" || again[0].Channel != "line" {
		t.Fatalf("replayed: got %+v", again[0])
	}
	if err := log.Replay(ctx, got[0].ID); !errors.Is(err, queue.ErrNotFound) {
		t.Fatalf("Replay twice: got %v, want ErrNotFound", err)
	}
	if err := log.Discard(ctx, got[1].ID); err != nil {
		t.Fatalf("Discard: %v", err)
	}
	if _, err := log.Show(ctx, got[1].ID); !errors.Is(err, queue.ErrNotFound) {
		t.Fatalf("Show of a discarded entry: got %v, want ErrNotFound", err)
	}
	wantPayloads(t, "left", list(t, log, queue.Filter{State: queue.StateDead}), "e2")
	if got := stats(t, log).Dead["line"]; got != 1 {
		t.Fatalf("dead of line: got %d, want 1", got)
	}
	release(t, r)
	wantPayloads(t, "pending after all", drain(t, lease(t, log, 1, "b")), "e0")
}

func testReplayDone(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendNumbered(t, log, 0, "e", 3)
	r := lease(t, log, 0, "a")
	got := next(t, r, 2)
	ack(t, r, got[0])
	if err := log.Replay(t.Context(), got[1].ID); !errors.Is(err, queue.ErrNotFound) {
		t.Fatalf("Replay of a pending entry: got %v, want ErrNotFound", err)
	}
	if err := log.Replay(t.Context(), got[0].ID); err != nil {
		t.Fatalf("Replay: %v", err)
	}
	wantPayloads(t, "afterwards", drain(t, r), "e2", "e0")
	if e := show(t, log, got[0].ID); e.State != queue.StateDone {
		t.Fatalf("state of what was replayed: got %s, want done", e.State)
	}
}

func testNotFound(t *testing.T, s *suite) {
	log := s.log(t, 1)
	ctx := t.Context()
	for _, id := range []string{"", "x", "0", "0-x", "-1-1", "0-999", "7-1", "0-999-0", "7-1-0", "0-1-x"} {
		_, show := log.Show(ctx, id)
		for what, err := range map[string]error{"Show": show, "Replay": log.Replay(ctx, id), "Discard": log.Discard(ctx, id)} {
			if !errors.Is(err, queue.ErrNotFound) {
				t.Errorf("%s(%q): got %v, want ErrNotFound", what, id, err)
			}
		}
	}
	r := lease(t, log, 0, "a")
	if err := r.Dead(ctx, queue.Entry{ID: "0-999"}, "x"); !errors.Is(err, queue.ErrNotFound) {
		t.Errorf("Dead: got %v, want ErrNotFound", err)
	}
	if err := r.Ack(ctx); err != nil {
		t.Errorf("Ack of nothing: %v", err)
	}
}
