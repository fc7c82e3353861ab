// Package group commits the work of concurrent callers together: while one
// commit is under way, calls gather, and the next commit takes them all. Callers
// so share one round trip and one fsync without anybody waiting on a timer.
package group

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"tributary/queue"
)

// Call is the work of one caller.
type Call[T any] struct {
	Op  T
	Ctx context.Context //nolint:containedctx // the caller's, for its values; it may end before the commit
	Err error           // the outcome, set by the commit

	records, bytes int
	gone           atomic.Bool // the caller stopped waiting
	done           chan struct{}
}

// Limits bound one commit. A single call that is larger is committed alone.
type Limits struct {
	Records int
	Bytes   int
}

// Committer runs commits one after the other in its own goroutine.
type Committer[T any] struct {
	commit func([]*Call[T])
	limits Limits
	pool   sync.Pool
	ended  chan struct{}

	mu     sync.Mutex
	more   *sync.Cond
	calls  []*Call[T]
	head   int
	closed bool
}

// New starts a committer. commit gets the calls in their order, sets Err where a
// call failed, and must not keep them.
func New[T any](limits Limits, commit func([]*Call[T])) *Committer[T] {
	c := &Committer[T]{commit: commit, limits: limits, ended: make(chan struct{})}
	c.pool.New = func() any { return &Call[T]{done: make(chan struct{}, 1)} }
	c.more = sync.NewCond(&c.mu)
	go c.run()
	return c
}

// Do hands op in and waits for its commit. finished tells whether the committer
// is through with op; when ctx ends first it is not, op must then not be reused,
// and whether it was committed is unknown.
func (c *Committer[T]) Do(ctx context.Context, op T, records, bytes int) (finished bool, err error) {
	call := c.pool.Get().(*Call[T])
	call.Op, call.Ctx, call.Err, call.records, call.bytes = op, ctx, nil, records, bytes

	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return true, queue.ErrClosed
	}
	c.calls = append(c.calls, call)
	c.mu.Unlock()
	c.more.Signal()

	select {
	case <-call.done:
		err = call.Err
		var none T
		call.Op, call.Ctx, call.Err = none, nil, nil
		c.pool.Put(call)
		return true, err
	case <-ctx.Done():
		call.gone.Store(true)
		return false, fmt.Errorf("queue: waiting for the commit: %w", context.Cause(ctx))
	}
}

// Close refuses new calls, commits those that wait and ends the goroutine.
func (c *Committer[T]) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.more.Signal()
	<-c.ended
}

func (c *Committer[T]) run() {
	defer close(c.ended)
	var batch []*Call[T]
	for {
		// The callers of the last commit were just woken: those that come again at
		// once belong into this commit, not behind it.
		runtime.Gosched()
		var ok bool
		if batch, ok = c.take(batch[:0]); !ok {
			return
		}
		if len(batch) == 0 {
			continue
		}
		c.commit(batch)
		for i, call := range batch {
			call.done <- struct{}{}
			batch[i] = nil
		}
	}
}

// take waits for calls and moves up to a commit's worth of them to batch. Calls
// whose caller has left are dropped: nobody was promised anything.
func (c *Committer[T]) take(batch []*Call[T]) ([]*Call[T], bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.head == len(c.calls) {
		if c.closed {
			return batch, false
		}
		c.more.Wait()
	}
	records, bytes := 0, 0
	for c.head < len(c.calls) {
		call := c.calls[c.head]
		if !call.gone.Load() {
			records += call.records
			bytes += call.bytes
			if len(batch) > 0 && (records > c.limits.Records || bytes > c.limits.Bytes) {
				return batch, true
			}
			batch = append(batch, call)
		}
		c.calls[c.head] = nil
		c.head++
	}
	c.calls, c.head = c.calls[:0], 0
	return batch, true
}
