package desk

import (
	"context"
	"log/slog"
	"slices"
	"sync"
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
	// told are the rows of batches that failed since the last one that did not: they come
	// again.
	told map[int64]bool
}

// NewDispatcher makes it; jobs is called when it has ordered jobs.
func NewDispatcher(d *Desk, log *slog.Logger, jobs func()) *Dispatcher {
	return &Dispatcher{desk: d, log: log, wake: make(chan struct{}, 1), jobs: jobs, followers: d.followers(), told: map[int64]bool{}}
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
	var telling sync.WaitGroup
	room := make(chan struct{}, tellBatches)
	news := make(chan []store.OutboxRow, tellBatches)
	telling.Go(func() {
		for rows := range news {
			d.tell(ctx, rows)
			<-room
		}
	})
	defer telling.Wait()
	defer close(news)
	sweep := time.NewTicker(time.Second)
	defer sweep.Stop()
	for {
		// Where telling is slow a batch waits here, and not in its transaction.
		room <- struct{}{}
		told := false
		n, err := d.drain(ctx, func(rows []store.OutboxRow) {
			told = true
			news <- rows
		})
		if !told {
			<-room
		}
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

// tellBatches is how many batches are told, or wait for that.
const tellBatches = 2

// drainTimeout bounds one batch: a stop waits for it.
const drainTimeout = 10 * time.Second

// drain takes a batch. tell gets what nobody was told yet, before what follows is ordered:
// those who listen need not wait for that. A batch that was begun is finished even when the
// program stops: were its commit given up on, nobody would know what became of it.
func (d *Dispatcher) drain(ctx context.Context, tell func([]store.OutboxRow)) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	var seen []store.OutboxRow
	ordered := false
	n, err := d.desk.Store.DrainOutbox(ctx, dispatchBatch, func(rows []store.OutboxRow) {
		seen = rows
		fresh := slices.DeleteFunc(slices.Clone(rows), func(o store.OutboxRow) bool { return d.told[o.ID] })
		if len(fresh) > 0 {
			tell(fresh)
		}
	}, func(tx *store.Tx, rows []store.OutboxRow) error {
		ordered = false
		for _, c := range d.followers {
			if c.order == nil {
				continue
			}
			made, err := c.order(ctx, tx, rows)
			if err != nil {
				return err
			}
			ordered = ordered || made
		}
		return nil
	})
	if err != nil {
		// They come again, and were told.
		for _, o := range seen {
			d.told[o.ID] = true
		}
		return n, err
	}
	clear(d.told)
	if ordered {
		d.jobs()
	}
	return n, nil
}

// tell hands rows to those who are told.
func (d *Dispatcher) tell(ctx context.Context, rows []store.OutboxRow) {
	for _, c := range d.followers {
		if c.tell != nil {
			c.tell(ctx, rows)
		}
	}
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
