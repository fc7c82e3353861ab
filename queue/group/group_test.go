package group_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"tributary/queue"
	"tributary/queue/group"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// held makes a committer whose commits wait for a word on the returned channel
// and tell what they were given.
func held(limits group.Limits) (c *group.Committer[int], started chan []int, finish chan struct{}) {
	started, finish = make(chan []int), make(chan struct{})
	c = group.New(limits, func(calls []*group.Call[int]) {
		var ops []int
		for _, call := range calls {
			ops = append(ops, call.Op)
			if call.Op < 0 {
				call.Err = errors.New("negative")
			}
		}
		started <- ops
		<-finish
	})
	return c, started, finish
}

func TestCallsGatherWhileOneCommits(t *testing.T) {
	t.Parallel()
	c, started, finish := held(group.Limits{Records: 10, Bytes: 100})
	results := make(chan error, 8)
	do := func(op, records, bytes int) {
		go func() {
			_, err := c.Do(t.Context(), op, records, bytes)
			results <- err
		}()
	}
	do(1, 1, 1)
	if got := <-started; !slices.Equal(got, []int{1}) {
		t.Fatalf("first commit: got %v, want [1]", got)
	}
	do(-2, 20, 500) // larger than a commit may be: alone
	finish <- struct{}{}
	if got := <-started; !slices.Equal(got, []int{-2}) {
		t.Fatalf("second commit: got %v, want [-2]", got)
	}
	finish <- struct{}{}
	if err := errors.Join(<-results, <-results); err == nil || err.Error() != "negative" {
		t.Fatalf("results: got %v, want one failure", err)
	}
	c.Close()
	if finished, err := c.Do(t.Context(), 3, 1, 1); !finished || !errors.Is(err, queue.ErrClosed) {
		t.Fatalf("Do after Close: got %v, %v, want ErrClosed", finished, err)
	}
}

// A caller that leaves while its call waits is not committed.
func TestAbandonedCallIsDropped(t *testing.T) {
	t.Parallel()
	c, started, finish := held(group.Limits{Records: 10, Bytes: 100})
	first := make(chan error, 1)
	go func() {
		_, err := c.Do(t.Context(), 1, 1, 1)
		first <- err
	}()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if finished, err := c.Do(ctx, 2, 1, 1); finished || !errors.Is(err, context.Canceled) {
		t.Fatalf("Do with an ended context: got %v, %v, want context.Canceled", finished, err)
	}
	last := make(chan error, 1)
	go func() {
		_, err := c.Do(t.Context(), 3, 1, 1)
		last <- err
	}()
	finish <- struct{}{}
	if got := <-started; !slices.Equal(got, []int{3}) {
		t.Fatalf("second commit: got %v, want [3]", got)
	}
	finish <- struct{}{}
	if err := errors.Join(<-first, <-last); err != nil {
		t.Fatalf("Do: %v", err)
	}
	c.Close()
}
