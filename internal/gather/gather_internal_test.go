package gather

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
)

var errPoison = errors.New("poison")

// recorder is work that fails with a poisoned item and gives each item its own value.
type recorder struct {
	mu     sync.Mutex
	calls  []int // items of each call
	hold   chan struct{}
	failed int
}

func (r *recorder) work(_ context.Context, items []int) ([]int, error) {
	<-r.hold
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, len(items))
	if slices.Contains(items, 0) {
		r.failed++
		return nil, errPoison
	}
	return slices.Clone(items), nil
}

// shareOf is n items; 0: one that cannot be done.
func shareOf(n int) []int { return slices.Repeat([]int{n}, max(n, 1)) }

func TestSharesHaveOneTransactionAndFailApart(t *testing.T) {
	t.Parallel()
	r := &recorder{hold: make(chan struct{})}
	c := New(r.work, func(error) bool { return false })
	var all sync.WaitGroup
	const callers = 40
	for n := range callers {
		all.Go(func() {
			out, err := c.Do(t.Context(), shareOf(n))
			if n == 0 {
				if !errors.Is(err, errPoison) {
					t.Errorf("poisoned share: got %v, want %v", err, errPoison)
				}
				return
			}
			if err != nil || len(out) != n {
				t.Errorf("share of %d: got %d results and %v", n, len(out), err)
				return
			}
			for _, o := range out {
				if o != n {
					t.Errorf("share of %d: got the result of a share of %d", n, o)
				}
			}
		})
	}
	close(r.hold)
	all.Wait()
	if len(c.waiting) != 0 || len(c.slots) != 0 {
		t.Errorf("left behind: %d shares, %d slots", len(c.waiting), len(c.slots))
	}
	for _, n := range r.calls {
		if n > maxTogether {
			t.Errorf("a transaction of %d items, want at most %d", n, maxTogether)
		}
	}
}

func TestWaitingShareIsWithdrawnWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	r := &recorder{hold: make(chan struct{})}
	c := New(r.work, func(error) bool { return false })
	for range cap(c.slots) {
		c.slots <- struct{}{} // all transactions are under way
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Do(ctx, shareOf(1)); !errors.Is(err, context.Canceled) || len(c.waiting) != 0 {
		t.Errorf("got %v and %d waiting, want context.Canceled and none", err, len(c.waiting))
	}
}
