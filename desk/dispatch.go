package desk

import (
	"context"
	"log/slog"
	"time"

	"tributary/store"
)

// Dispatcher hands what happened to its followers. A row of the outbox is
// removed in the transaction that orders what follows from it, so that every
// effect is ordered exactly once.
type Dispatcher struct {
	desk      *Desk
	log       *slog.Logger
	wake      chan struct{}
	jobs      func()
	followers []follower
}

// NewDispatcher makes it; jobs is called when it has ordered jobs.
func NewDispatcher(d *Desk, log *slog.Logger, jobs func()) *Dispatcher {
	return &Dispatcher{desk: d, log: log, wake: make(chan struct{}, 1), jobs: jobs, followers: d.followers()}
}

// Name implements the worker contract.
func (d *Dispatcher) Name() string { return "event dispatcher" }

// Wake makes it look now.
func (d *Dispatcher) Wake() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

const dispatchBatch = 500

// Run dispatches until ctx ends.
func (d *Dispatcher) Run(ctx context.Context) error {
	sweep := time.NewTicker(time.Second)
	defer sweep.Stop()
	for {
		n, err := d.drain(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.Warn("events not dispatched", "error", err)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err == nil && n == dispatchBatch {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
			// What is committed in the next moment shares the transaction.
			if !pause(ctx, 5*time.Millisecond) {
				return nil
			}
		case <-sweep.C:
		}
	}
}

func (d *Dispatcher) drain(ctx context.Context) (int, error) {
	ordered := false
	n, err := d.desk.Store.DrainOutbox(ctx, dispatchBatch, func(tx *store.Tx, rows []store.OutboxRow) error {
		ordered = false
		for _, follow := range d.followers {
			made, err := follow(ctx, tx, rows)
			if err != nil {
				return err
			}
			ordered = ordered || made
		}
		return nil
	})
	if err == nil && ordered {
		d.jobs()
	}
	return n, err
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
