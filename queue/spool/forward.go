package spool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tributary/queue"
)

const (
	// forwardBatch is how many records are forwarded at once.
	forwardBatch = 256
	// The wait for records is shorter than the lease, which is renewed between.
	leaseTTL   = time.Minute
	idleWait   = 10 * time.Second
	firstRetry = 20 * time.Millisecond
	lastRetry  = time.Second
)

// Run forwards what is in the spool to the primary until ctx ends, which is no
// error. It fails only when the local log is closed.
func (s *Spool) Run(ctx context.Context) error {
	retry := newBackoff()
	for {
		err := s.lead(ctx, retry)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the end of ctx is how it is told to stop
		case errors.Is(err, queue.ErrClosed):
			return fmt.Errorf("spool: local log: %w", err)
		case errors.Is(err, queue.ErrLeaseLost):
			// After a long pause of the process: take it again.
		default:
			s.logger.Error("spool cannot be read", "error", err)
		}
		if !retry.wait(ctx) {
			return nil
		}
	}
}

// lead holds the lease of the local log and forwards until something fails.
func (s *Spool) lead(ctx context.Context, retry *backoff) error {
	r, err := s.local.Lease(ctx, 0, s.owner, leaseTTL)
	if err != nil {
		return err
	}
	defer func() {
		// What is left is counted as given back in good order; when this fails, the
		// lease runs out by itself.
		_ = r.Release(context.WithoutCancel(ctx))
	}()
	for {
		entries, err := r.Next(ctx, forwardBatch, idleWait)
		if err != nil {
			return err
		}
		retry.reset()
		if len(entries) > 0 {
			if err := s.forward(ctx, r, entries); err != nil {
				return err
			}
		}
		if err := r.Renew(ctx); err != nil {
			return err
		}
	}
}

// forward moves entries to the primary, however long it is away.
func (s *Spool) forward(ctx context.Context, r queue.Reader, entries []queue.Entry) error {
	good := make([]queue.Entry, 0, len(entries))
	records := make([]queue.Record, 0, len(entries))
	for _, e := range entries {
		record, err := unpack(e.Record, s.primary.Partitions())
		if err != nil {
			s.logger.Error("spooled record cannot be forwarded", "id", e.ID, "error", err)
			if err := r.Dead(ctx, e, err.Error()); err != nil {
				return err
			}
			s.left(1)
			continue
		}
		good = append(good, e)
		records = append(records, record)
	}
	retry := newBackoff()
	for logged := false; ; {
		err := s.primary.Append(ctx, records...)
		if err == nil {
			break
		}
		if !away(err) && !logged {
			logged = true
			s.logger.Error("queue refuses spooled records", "error", err)
		}
		if !retry.wait(ctx) {
			return context.Cause(ctx)
		}
		if err := r.Renew(ctx); err != nil {
			return err
		}
	}
	if err := r.Ack(ctx, good...); err != nil {
		return err
	}
	s.left(len(good))
	s.end()
	if _, err := s.local.Trim(ctx, 0, 0); err != nil {
		s.logger.Warn("spool cannot be trimmed", "error", err)
	}
	return nil
}

// backoff waits longer from time to time, up to lastRetry.
type backoff struct{ next time.Duration }

func newBackoff() *backoff { return &backoff{next: firstRetry} }

func (b *backoff) reset() { b.next = firstRetry }

// wait is false when ctx ended first.
func (b *backoff) wait(ctx context.Context) bool {
	t := time.NewTimer(b.next)
	defer t.Stop()
	b.next = min(2*b.next, lastRetry)
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
