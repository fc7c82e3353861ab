package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/gather"
	"tributary/queue"
	"tributary/store"
)

// WorkerOptions of NewWorker.
type WorkerOptions struct {
	Log     *slog.Logger
	Queue   queue.Log
	Desk    *desk.Desk
	Metrics *Metrics
	Now     func() time.Time
	// Owner names this process in leases.
	Owner string
	// Batch is how many events are applied in one transaction; 0: 200.
	Batch int
	// Lease is how long a partition stays ours without renewal; 0: 15 s.
	Lease time.Duration
	// Hold is how long a partition is kept before it is offered to other
	// processes; 0: 60 s.
	Hold time.Duration
	// Attempts is how often an event that fails on its own is tried; 0: 3.
	Attempts int
	// AfterApply is called with each event that was applied, after the commit.
	AfterApply func(*chat.Event)
}

// Worker applies queued events to the desk. It leases partitions: one owner at a
// time, so that the events of a contact are applied in order.
type Worker struct {
	opt     WorkerOptions
	receive gather.Work[*chat.Event, desk.Outcome]
	held    atomic.Int64
	stalled atomic.Pointer[string]
}

// NewWorker makes a worker for all partitions of the queue.
func NewWorker(opt WorkerOptions) *Worker {
	if opt.Batch == 0 {
		opt.Batch = 200
	}
	if opt.Lease == 0 {
		opt.Lease = 15 * time.Second
	}
	if opt.Hold == 0 {
		opt.Hold = time.Minute
	}
	if opt.Attempts == 0 {
		opt.Attempts = 3
	}
	if opt.AfterApply == nil {
		opt.AfterApply = func(*chat.Event) {}
	}
	w := &Worker{opt: opt, receive: opt.Desk.Receive}
	if opt.Desk.Store.Dialect() == "postgres" { // SQLite's store commits writers together by itself
		w.receive = gather.New(opt.Desk.Receive, store.Transient).Do
	}
	return w
}

// Name implements the worker contract.
func (w *Worker) Name() string { return "inbound worker" }

// Stalled says why nothing is being applied; empty when all is well.
func (w *Worker) Stalled() string {
	if s := w.stalled.Load(); s != nil {
		return *s
	}
	return ""
}

// Run works until ctx ends, then finishes the batches under way and gives the
// partitions back.
func (w *Worker) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for p := range w.opt.Queue.Partitions() {
		all.Go(func() { w.partition(ctx, p) })
	}
	all.Wait()
	return nil
}

// partition leases one partition again and again.
func (w *Worker) partition(ctx context.Context, p int) {
	wait := backoff{min: 50 * time.Millisecond, max: 2 * time.Second}
	for ctx.Err() == nil {
		reader, err := w.opt.Queue.Lease(ctx, p, w.opt.Owner, w.opt.Lease)
		if err != nil {
			switch {
			case errors.Is(err, queue.ErrLeased):
				w.answers() // another process has it
			case ctx.Err() == nil:
				w.opt.Log.Warn("partition not leased", "partition", p, "error", err)
				w.stall(queueStall + err.Error())
			}
			if !sleep(ctx, wait.next()) {
				return
			}
			continue
		}
		wait.reset()
		w.opt.Metrics.Leases.Set(float64(w.held.Add(1)))
		err = w.hold(ctx, p, reader)
		held := w.held.Add(-1)
		w.opt.Metrics.Leases.Set(float64(held))
		if err != nil && ctx.Err() == nil && !errors.Is(err, queue.ErrLeaseLost) {
			w.opt.Log.Warn("partition given back", "partition", p, "error", err)
			if !sleep(ctx, wait.next()) {
				return
			}
			continue
		}
		// Who holds much waits longer before it takes the partition again, so that
		// processes with fewer partitions get it first.
		if !sleep(ctx, time.Duration(held)*20*time.Millisecond) {
			return
		}
	}
}

// hold works on a leased partition until it is lost, offered to others, or ctx
// ends.
func (w *Worker) hold(ctx context.Context, p int, reader queue.Reader) error {
	work, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var renewing sync.WaitGroup
	renewing.Go(func() { w.renew(work, cancel, reader) })
	err := w.work(work, p, reader)
	cancel(nil)
	renewing.Wait()
	release, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if e := reader.Release(release); e != nil && !errors.Is(e, queue.ErrLeaseLost) {
		err = errors.Join(err, e)
	}
	return err
}

func (w *Worker) renew(ctx context.Context, cancel context.CancelCauseFunc, reader queue.Reader) {
	last := w.opt.Now()
	for sleep(ctx, w.opt.Lease/3) {
		err := reader.Renew(ctx)
		switch {
		case err == nil:
			last = w.opt.Now()
		case errors.Is(err, queue.ErrLeaseLost), w.opt.Now().Sub(last) > w.opt.Lease:
			cancel(queue.ErrLeaseLost)
			return
		}
	}
}

// work reads and applies batches.
func (w *Worker) work(ctx context.Context, p int, reader queue.Reader) error {
	b := &batcher{Worker: w, partition: p, reader: reader}
	var err error
	if b.delayed, err = reader.Delayed(ctx); err != nil {
		return fmt.Errorf("ingest: delayed entries: %w", err)
	}
	// Not all partitions of a process are offered at once.
	until := w.opt.Now().Add(w.opt.Hold + rand.N(w.opt.Hold))
	for ctx.Err() == nil && w.opt.Now().Before(until) {
		entries, err := reader.Next(ctx, w.opt.Batch, 2*time.Second)
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("ingest: read: %w", err)
		}
		if len(entries) == 0 {
			w.stall("")
			continue
		}
		// What was read is finished even when the process stops.
		if err := b.process(ctx, entries); err != nil {
			return err
		}
		w.stall("")
	}
	return nil
}

// queueStall begins the reasons that lie with the queue.
const queueStall = "queue: "

// answers notes that the queue does, also where there is nothing to lease: another process
// may have taken over everything while it did not.
func (w *Worker) answers() {
	if s := w.stalled.Load(); s != nil && strings.HasPrefix(*s, queueStall) {
		w.stall("")
	}
}

func (w *Worker) stall(reason string) {
	if reason == "" && w.stalled.Load() == nil {
		return
	}
	if reason == "" {
		w.stalled.Store(nil)
		return
	}
	w.stalled.Store(&reason)
}

// transient tells whether err will go away by itself.
func transient(err error) bool { return store.Transient(err) }

// backoff doubles a waiting time with jitter.
type backoff struct {
	min, max, now time.Duration
}

func (b *backoff) next() time.Duration {
	if b.now == 0 {
		b.now = b.min
	} else if b.now *= 2; b.now > b.max {
		b.now = b.max
	}
	return b.now/2 + rand.N(b.now/2+1)
}

func (b *backoff) reset() { b.now = 0 }

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
