// Package gather lets callers that come at the same time share a transaction.
package gather

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// Work does something for items, all in one transaction, and tells what came of each.
type Work[T, R any] func(ctx context.Context, items []T) ([]R, error)

// Gatherer lets small shares of work have one transaction together. Sixteen partitions
// at a moderate rate, or as many replies that are answered at once, are transactions of
// one item each, which cost a database more than one of sixteen. While as many run as
// there are processors, shares gather; nobody waits on a timer.
type Gatherer[T, R any] struct {
	work  Work[T, R]
	away  func(error) bool
	slots chan struct{}

	mu      sync.Mutex
	waiting []*share[T, R]
}

// share is what one caller wants done.
type share[T, R any] struct {
	items []T
	done  chan struct{}

	results []R
	err     error
}

// worthAlone is the size from which a share gains nothing by company and gets a
// transaction of its own, beside the others.
const worthAlone = 50

// maxTogether is how many items one transaction takes, unless a single share is larger.
const maxTogether = 500

// New makes one for work. away tells the errors that lie with the database, not with
// an item.
func New[T, R any](work Work[T, R], away func(error) bool) *Gatherer[T, R] {
	return &Gatherer[T, R]{work: work, away: away, slots: make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))}
}

// Do does the work for one share, together with those that wait. Whoever finds a slot
// free runs the transaction for all.
func (g *Gatherer[T, R]) Do(ctx context.Context, items []T) ([]R, error) {
	if len(items) >= worthAlone {
		return g.work(ctx, items)
	}
	s := &share[T, R]{items: items, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, s)
	g.mu.Unlock()
	for {
		select {
		case <-s.done:
			return s.results, s.err
		case g.slots <- struct{}{}:
			g.run(ctx, g.take())
			<-g.slots
		case <-ctx.Done():
			if g.withdraw(s) {
				return nil, ctx.Err()
			}
			<-s.done // it is being done
			return s.results, s.err
		}
	}
}

// take gives the shares for one transaction, oldest first.
func (g *Gatherer[T, R]) take() []*share[T, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	items, n := 0, 0
	for n < len(g.waiting) {
		items += len(g.waiting[n].items)
		if n > 0 && items > maxTogether {
			break
		}
		n++
	}
	taken := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n)
	return taken
}

func (g *Gatherer[T, R]) withdraw(s *share[T, R]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, s)
	if i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	}
	return i >= 0
}

// run does shares together. What fails together is tried apart, so that only the caller
// with the bad item goes through it; a database that is away is everybody's trouble.
func (g *Gatherer[T, R]) run(ctx context.Context, shares []*share[T, R]) {
	if len(shares) == 0 {
		return
	}
	var all []T
	for _, s := range shares {
		all = append(all, s.items...)
	}
	results, err := g.work(ctx, all)
	for _, s := range shares {
		switch {
		case err == nil:
			s.results, results = results[:len(s.items):len(s.items)], results[len(s.items):]
		case len(shares) == 1 || g.away(err):
			s.err = err
		default:
			s.results, s.err = g.work(ctx, s.items)
		}
		close(s.done)
	}
}
