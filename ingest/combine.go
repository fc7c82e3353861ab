package ingest

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"tributary/chat"
	"tributary/desk"
	"tributary/store"
)

// receiver applies events in one transaction: desk.Receive.
type receiver func(ctx context.Context, events []*chat.Event) ([]desk.Outcome, error)

// combiner lets the batches of several partitions share a transaction. Sixteen
// partitions at a moderate rate are sixteen transactions of one event each, which
// cost a database more than one of sixteen. While as many transactions run as
// there are processors, batches gather; nobody waits on a timer. The order within
// a partition is kept, since a partition has one batch under way at a time.
type combiner struct {
	receive receiver
	slots   chan struct{}

	mu      sync.Mutex
	waiting []*share
}

// share is the batch of one partition.
type share struct {
	events   []*chat.Event
	outcomes []desk.Outcome
	err      error
	done     chan struct{}
}

// worthAlone is the size from which a batch gains nothing by company and gets a
// transaction of its own, beside those of other partitions.
const worthAlone = 50

// maxCombined is how many events one transaction takes, unless a single batch is
// larger.
const maxCombined = 500

func newCombiner(receive receiver) *combiner {
	return &combiner{receive: receive, slots: make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))}
}

// Receive applies one batch, together with those that wait. Whoever finds a slot
// free runs the transaction for all.
func (c *combiner) Receive(ctx context.Context, events []*chat.Event) ([]desk.Outcome, error) {
	if len(events) >= worthAlone {
		return c.receive(ctx, events)
	}
	s := &share{events: events, done: make(chan struct{})}
	c.mu.Lock()
	c.waiting = append(c.waiting, s)
	c.mu.Unlock()
	for {
		select {
		case <-s.done:
			return s.outcomes, s.err
		case c.slots <- struct{}{}:
			c.run(ctx, c.take())
			<-c.slots
		case <-ctx.Done():
			if c.withdraw(s) {
				return nil, ctx.Err()
			}
			<-s.done // it is being applied
			return s.outcomes, s.err
		}
	}
}

// take gives the batches for one transaction, oldest first.
func (c *combiner) take() []*share {
	c.mu.Lock()
	defer c.mu.Unlock()
	events, n := 0, 0
	for n < len(c.waiting) {
		events += len(c.waiting[n].events)
		if n > 0 && events > maxCombined {
			break
		}
		n++
	}
	taken := slices.Clone(c.waiting[:n])
	c.waiting = slices.Delete(c.waiting, 0, n)
	return taken
}

func (c *combiner) withdraw(s *share) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.waiting, s)
	if i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
	}
	return i >= 0
}

// run applies shares together. What fails together is tried apart, so that only
// the partition with the bad event goes through it one by one; a database that is
// away is everybody's trouble.
func (c *combiner) run(ctx context.Context, shares []*share) {
	if len(shares) == 0 {
		return
	}
	var all []*chat.Event
	for _, s := range shares {
		all = append(all, s.events...)
	}
	outcomes, err := c.receive(ctx, all)
	for _, s := range shares {
		switch {
		case err == nil:
			s.outcomes, outcomes = outcomes[:len(s.events):len(s.events)], outcomes[len(s.events):]
		case len(shares) == 1 || store.Transient(err):
			s.err = err
		default:
			s.outcomes, s.err = c.receive(ctx, s.events)
		}
		close(s.done)
	}
}
