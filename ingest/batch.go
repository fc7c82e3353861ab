package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/queue"
	"tributary/store"
)

// batcher applies the entries of one partition.
type batcher struct {
	*Worker
	partition int
	reader    queue.Reader
	delayed   map[string]time.Time // keys that wait, and until when
}

// item is an entry with its decoded event.
type item struct {
	entry queue.Entry
	event *chat.Event
}

// process applies entries in order: as one batch when that works, else one by
// one, so that a poisoned event blocks none of the others. It returns an error
// only when the partition cannot be worked on.
func (b *batcher) process(ctx context.Context, entries []queue.Entry) error {
	items, err := b.open(ctx, entries)
	if err != nil || len(items) == 0 {
		return err
	}
	start := b.opt.Now()
	outcomes, err := b.apply(ctx, items)
	switch {
	case err == nil:
		b.opt.Metrics.Process.WithLabelValues("ok").Observe(b.opt.Now().Sub(start).Seconds())
		return b.finish(ctx, items, outcomes)
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), queue.ErrLeaseLost):
		return queue.ErrLeaseLost
	case errors.Is(err, errStopped):
		return err
	}
	b.opt.Metrics.Process.WithLabelValues("split").Observe(b.opt.Now().Sub(start).Seconds())
	b.opt.Metrics.Retries.WithLabelValues("batch_split").Inc()
	b.opt.Log.Warn("batch applied event by event", "partition", b.partition, "events", len(items), "error", err)
	for i := range items {
		if err := b.single(ctx, items[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// open decodes entries. What cannot be decoded goes to the dead letters; what
// belongs to a key that waits is put off too, so that order is kept.
func (b *batcher) open(ctx context.Context, entries []queue.Entry) ([]item, error) {
	items := make([]item, 0, len(entries))
	now := b.opt.Now()
	for _, entry := range entries {
		if until, waits := b.delayed[entry.Key]; waits {
			if entry.State != queue.StateDelayed && now.Before(until) {
				if err := b.put(ctx, entry, until, "after an event that waits"); err != nil {
					return nil, err
				}
				continue
			}
			if !now.Before(until) {
				delete(b.delayed, entry.Key)
			}
		}
		envelope, err := DecodeEnvelope(entry.Payload)
		if err != nil {
			if err := b.dead(ctx, entry, err.Error()); err != nil {
				return nil, err
			}
			continue
		}
		items = append(items, item{entry, &envelope.Event})
	}
	return items, nil
}

// errStopped says that the process stops while the database is away: the entries
// stay pending for whoever comes next.
var errStopped = errors.New("ingest: stopped while the database is away")

// apply runs the batch until it is decided: a database that is away stalls the
// partition, a lost race is run again.
func (b *batcher) apply(ctx context.Context, items []item) ([]desk.Outcome, error) {
	events := make([]*chat.Event, len(items))
	for i := range items {
		events[i] = items[i].event
	}
	wait := backoff{min: 20 * time.Millisecond, max: time.Second}
	conflicts := 0
	for {
		// A batch that has begun is finished although the process stops; a lost
		// lease ends it, since the successor has begun it too.
		run, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		outcomes, err := b.receive(run, events)
		cancel()
		switch {
		case err == nil:
			b.stall("")
			return outcomes, nil
		case errors.Is(err, store.ErrConflict) && conflicts < 5:
			conflicts++
			b.opt.Metrics.Retries.WithLabelValues("conflict").Inc()
		case transient(err):
			b.opt.Metrics.Retries.WithLabelValues("database").Inc()
			b.opt.Log.Warn("database away, partition waits", "partition", b.partition, "error", err)
			b.stall("database: " + err.Error())
		default:
			return nil, err
		}
		if !sleep(ctx, wait.next()) {
			if errors.Is(context.Cause(ctx), queue.ErrLeaseLost) {
				return nil, queue.ErrLeaseLost
			}
			return nil, errStopped
		}
	}
}

// single applies one event; what fails on its own goes to the dead letters with
// its reason after its attempts.
func (b *batcher) single(ctx context.Context, one []item) error {
	wait := backoff{min: 20 * time.Millisecond, max: 500 * time.Millisecond}
	for attempt := 1; ; attempt++ {
		outcomes, err := b.apply(ctx, one)
		switch {
		case err == nil:
			return b.finish(ctx, one, outcomes)
		case errors.Is(err, queue.ErrLeaseLost), errors.Is(err, errStopped):
			return err
		case attempt >= b.opt.Attempts:
			b.opt.Log.Error("event given up", "partition", b.partition, "entry", one[0].entry.ID, "channel", one[0].entry.Channel,
				"key", one[0].event.Key, "inbox_id", one[0].event.InboxID, "error", err)
			return b.dead(ctx, one[0].entry, err.Error())
		}
		b.opt.Metrics.Retries.WithLabelValues("event").Inc()
		if !sleep(ctx, wait.next()) {
			return errStopped
		}
	}
}

// finish acknowledges what was applied and puts off what has to wait.
func (b *batcher) finish(ctx context.Context, items []item, outcomes []desk.Outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	now := b.opt.Now()
	done := make([]queue.Entry, 0, len(items))
	for i, o := range outcomes {
		entry, event := items[i].entry, items[i].event
		if !o.Until.IsZero() {
			if err := b.put(ctx, entry, o.Until, o.Reason); err != nil {
				return err
			}
			continue
		}
		done = append(done, entry)
		b.opt.Metrics.Applied.WithLabelValues(entry.Channel).Inc()
		if o.MessageID != 0 {
			b.opt.Metrics.Visible.Observe(now.Sub(event.ReceivedAt.Time()).Seconds())
		} else if event.Message != nil && event.Kind != chat.KindEdit {
			b.opt.Metrics.Duplicate.Inc()
		}
	}
	if err := b.reader.Ack(ctx, done...); err != nil {
		return fmt.Errorf("ingest: acknowledge: %w", err)
	}
	for i := range items {
		if outcomes[i].Until.IsZero() {
			b.opt.AfterApply(items[i].event)
		}
	}
	return nil
}

func (b *batcher) put(ctx context.Context, entry queue.Entry, until time.Time, reason string) error {
	b.opt.Metrics.Delayed.Inc()
	if until.After(b.delayed[entry.Key]) {
		if b.delayed == nil {
			b.delayed = map[string]time.Time{}
		}
		b.delayed[entry.Key] = until
	}
	if err := b.reader.Delay(ctx, entry, until, reason); err != nil {
		return fmt.Errorf("ingest: put off: %w", err)
	}
	return nil
}

func (b *batcher) dead(ctx context.Context, entry queue.Entry, reason string) error {
	b.opt.Metrics.Dead.WithLabelValues(entry.Channel).Inc()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := b.reader.Dead(ctx, entry, reason); err != nil {
		return fmt.Errorf("ingest: dead letter: %w", err)
	}
	return nil
}
