package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"tributary/chat"
	"tributary/desk"
)

var errPoison = errors.New("poison")

// recorder is a receiver that fails batches with a poisoned event and gives each
// event the message id of its key's length.
type recorder struct {
	mu     sync.Mutex
	calls  []int // events of each call
	hold   chan struct{}
	failed int
}

func (r *recorder) receive(_ context.Context, events []*chat.Event) ([]desk.Outcome, error) {
	<-r.hold
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, len(events))
	out := make([]desk.Outcome, len(events))
	for i, e := range events {
		if e.Key == "" {
			r.failed++
			return nil, errPoison
		}
		out[i].MessageID = int64(len(e.Key))
	}
	return out, nil
}

// batchOf makes n events whose outcome is known; 0: one that cannot be applied.
func batchOf(n int) []*chat.Event {
	if n == 0 {
		return []*chat.Event{{}}
	}
	events := make([]*chat.Event, n)
	for i := range events {
		events[i] = &chat.Event{Key: fmt.Sprintf("%0*d", n, 0)}
	}
	return events
}

func TestBatchesShareTransactionsAndFailApart(t *testing.T) {
	t.Parallel()
	r := &recorder{hold: make(chan struct{})}
	c := newCombiner(r.receive)
	var all sync.WaitGroup
	const partitions = 40
	for n := range partitions {
		all.Go(func() {
			out, err := c.Receive(t.Context(), batchOf(n))
			if n == 0 {
				if !errors.Is(err, errPoison) {
					t.Errorf("poisoned batch: got %v, want %v", err, errPoison)
				}
				return
			}
			if err != nil || len(out) != n {
				t.Errorf("batch of %d: got %d outcomes and %v", n, len(out), err)
				return
			}
			for _, o := range out {
				if o.MessageID != int64(n) {
					t.Errorf("batch of %d: got the outcome of a batch of %d", n, o.MessageID)
				}
			}
		})
	}
	close(r.hold)
	all.Wait()
	if len(c.waiting) != 0 || len(c.slots) != 0 {
		t.Errorf("left behind: %d batches, %d slots", len(c.waiting), len(c.slots))
	}
	for _, n := range r.calls {
		if n > maxCombined {
			t.Errorf("a transaction of %d events, want at most %d", n, maxCombined)
		}
	}
}

func TestWaitingBatchIsWithdrawnWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	r := &recorder{hold: make(chan struct{})}
	c := newCombiner(r.receive)
	for range cap(c.slots) {
		c.slots <- struct{}{} // all transactions are under way
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Receive(ctx, batchOf(1)); !errors.Is(err, context.Canceled) || len(c.waiting) != 0 {
		t.Errorf("got %v and %d waiting, want context.Canceled and none", err, len(c.waiting))
	}
}
