package queuetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"tributary/queue"
)

func testOrder(t *testing.T, s *suite) {
	log := s.log(t, 3)
	if got := log.Partitions(); got != 3 {
		t.Fatalf("Partitions: got %d, want 3", got)
	}
	var want [3][]string
	for i := range 60 {
		p := i % 3
		payload := fmt.Sprintf("p%d-%d", p, i)
		want[p] = append(want[p], payload)
		if i%2 == 0 {
			appendAll(t, log, record(p, "k", payload))
			continue
		}
		second := payload + "b"
		want[p] = append(want[p], second)
		appendAll(t, log, record(p, "k", payload), record(p, "k", second))
	}
	for p := range want {
		r := lease(t, log, p, "w")
		got := drain(t, r)
		wantPayloads(t, fmt.Sprintf("partition %d", p), got, want[p]...)
		ids := map[string]bool{}
		for _, e := range got {
			if e.Partition != p || e.Key != "k" || e.Channel != "line" || e.State != queue.StatePending || e.AppendedAt.IsZero() {
				t.Fatalf("entry: got %+v", e)
			}
			ids[e.ID] = true
		}
		if len(ids) != len(got) {
			t.Fatalf("partition %d: got %d different ids of %d entries", p, len(ids), len(got))
		}
		ack(t, r, got...)
		wantPayloads(t, "after acknowledging all", drain(t, r))
	}
}

func testAtomicAppend(t *testing.T, s *suite) {
	log := s.log(t, 2)
	if err := log.Append(t.Context()); err != nil {
		t.Fatalf("Append of nothing: %v", err)
	}
	for _, bad := range []int{-1, 2} {
		if err := log.Append(t.Context(), record(0, "k", "lost"), record(bad, "k", "bad")); err == nil {
			t.Fatalf("Append to partition %d: got no error", bad)
		}
	}
	appendAll(t, log, record(0, "k", "a"), record(1, "k", "b"), record(0, "k", ""))
	wantPayloads(t, "partition 0", drain(t, lease(t, log, 0, "w")), "a", "")
	wantPayloads(t, "partition 1", drain(t, lease(t, log, 1, "w")), "b")
	for _, bad := range []int{-1, 2} {
		if _, err := log.Lease(t.Context(), bad, "w", ttl); err == nil {
			t.Fatalf("Lease of partition %d: got no error", bad)
		}
	}
}

func testConcurrentAppends(t *testing.T, s *suite) {
	const callers, calls = 32, 40
	log := s.log(t, 4)
	var wg sync.WaitGroup
	errs := make([]error, callers)
	for c := range callers {
		wg.Go(func() {
			for i := range calls {
				p := c % 4
				// Two records a call: they must stay neighbours.
				err := log.Append(t.Context(),
					record(p, fmt.Sprint(c), fmt.Sprintf("%d/%d", c, 2*i)),
					record(p, fmt.Sprint(c), fmt.Sprintf("%d/%d", c, 2*i+1)))
				if err != nil {
					errs[c] = err
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("Append: %v", err)
	}
	seen := map[string]int{}
	for p := range 4 {
		r := lease(t, log, p, "w")
		entries := drain(t, r)
		if len(entries) != callers/4*calls*2 {
			t.Fatalf("partition %d: got %d entries, want %d", p, len(entries), callers/4*calls*2)
		}
		for i, e := range entries {
			if want := fmt.Sprintf("%s/%d", e.Key, seen[e.Key]); string(e.Payload) != want {
				t.Fatalf("entry %d of partition %d: got %s, want %s", i, p, e.Payload, want)
			}
			seen[e.Key]++
			if i%2 == 1 && entries[i-1].Key != e.Key {
				t.Fatalf("records %s and %s of one call were torn apart", entries[i-1].Payload, e.Payload)
			}
		}
		ack(t, r, entries...)
	}
}

// A cancelled append may or may not have stored its record; it must not disturb
// others.
func testCancelledAppend(t *testing.T, s *suite) {
	log := s.log(t, 1)
	appendAll(t, log, record(0, "k", "first"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := log.Append(ctx, record(0, "k", "cancelled")); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatalf("Append with a cancelled context: got %v, want context.Canceled or none", err)
	}
	appendAll(t, log, record(0, "k", "last"))
	got := payloads(drain(t, lease(t, log, 0, "w")))
	if i := slices.Index(got, "cancelled"); i >= 0 {
		got = slices.Delete(got, i, i+1)
	}
	if want := []string{"first", "last"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func testPayloadReuse(t *testing.T, s *suite) {
	log := s.log(t, 1)
	buf := []byte("first")
	appendAll(t, log, queue.Record{Key: "k", Channel: "line", Payload: buf})
	copy(buf, "other")
	appendAll(t, log, queue.Record{Key: "k", Channel: "line", Payload: []byte{0, 0xff, '\n'}})
	wantPayloads(t, "payloads", drain(t, lease(t, log, 0, "w")), "first", "\x00\xff\n")
}
