package localq

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"tributary/queue"
)

// errMoved: the cursor is not where the reader saw it; it looks again.
var errMoved = errors.New("localq: cursor moved")

// reader reads a leased partition. What was pending when the lease began is read
// first, in (after, upTo].
type reader struct {
	log       *Log
	partition int
	token     uint64
	after     int64
	upTo      int64
	caughtUp  bool
}

// Next implements queue.Reader. ctx ends the waiting; what is at hand is given
// all the same.
func (r *reader) Next(ctx context.Context, max int, wait time.Duration) ([]queue.Entry, error) {
	if max <= 0 {
		return nil, fmt.Errorf("queue: Next of %d entries", max)
	}
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for {
		look, err := r.look()
		if err != nil {
			return nil, err
		}
		entries, err := r.take(context.WithoutCancel(ctx), look, max)
		if errors.Is(err, errMoved) {
			continue
		}
		if err != nil && r.log.isClosed() {
			return nil, queue.ErrClosed
		}
		if err != nil || len(entries) > 0 {
			return entries, err
		}
		again, err := r.await(ctx, look, deadline.C, wait)
		if err != nil || !again {
			return nil, err
		}
	}
}

// view is what a reader needs to know of its partition.
type view struct {
	wake    <-chan struct{}
	read    int64
	delayed int64
}

// look checks the lease and takes the waker before anything is read, so that
// nothing that comes after is missed.
func (r *reader) look() (view, error) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return view{}, queue.ErrClosed
	}
	p := l.parts[r.partition]
	if err := p.fence(r.token, l.opt.Now()); err != nil {
		return view{}, err
	}
	return view{wake: p.waker(), read: p.read, delayed: p.delayed}, nil
}

func (r *reader) take(ctx context.Context, v view, max int) ([]queue.Entry, error) {
	if !r.caughtUp {
		entries, seq, err := r.history(ctx, max)
		if err != nil {
			return nil, err
		}
		if len(entries) > 0 {
			r.after = seq
			return entries, nil
		}
		r.caughtUp = true
	}
	if v.delayed > 0 {
		entries, err := r.due(ctx, max)
		if err != nil || len(entries) > 0 {
			return entries, err
		}
	}
	return r.takeFresh(ctx, v.read, max)
}

// history reads what was given out before this lease and not acknowledged.
func (r *reader) history(ctx context.Context, max int) ([]queue.Entry, int64, error) {
	rows, err := r.log.db.QueryContext(ctx, fmt.Sprintf(`
		SELECT seq, at, key, channel, payload, attempts FROM log_%d
		WHERE seq > (SELECT max(acked, ?1) FROM cursors WHERE partition = ?2) AND seq <= ?3 AND done = 0
		UNION ALL
		SELECT seq, at, key, channel, payload, attempts FROM delayed
		WHERE partition = ?2 AND pending = 1 AND seq > ?1
		ORDER BY seq LIMIT ?4`, r.partition), r.after, r.partition, r.upTo, max)
	if err != nil {
		return nil, 0, unavailable(err)
	}
	entries, seqs, err := scanEntries(rows, r.partition, queue.StatePending)
	if err != nil || len(entries) == 0 {
		return nil, 0, err
	}
	return entries, seqs[len(seqs)-1], nil
}

func (r *reader) due(ctx context.Context, max int) ([]queue.Entry, error) {
	rows, err := r.log.db.QueryContext(ctx, `
		SELECT seq, at, key, channel, payload, attempts FROM delayed
		WHERE partition = ? AND pending = 0 AND due <= ? ORDER BY due, seq LIMIT ?`,
		r.partition, micros(r.log.opt.Now()), max)
	if err != nil {
		return nil, unavailable(err)
	}
	entries, seqs, err := scanEntries(rows, r.partition, queue.StatePending)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	return entries, r.log.do(ctx, &dueOp{partition: r.partition, token: r.token, seqs: seqs})
}

func (r *reader) takeFresh(ctx context.Context, read int64, max int) ([]queue.Entry, error) {
	rows, err := r.log.fresh[r.partition].QueryContext(ctx, read, max)
	if err != nil {
		return nil, unavailable(err)
	}
	entries, seqs, err := scanEntries(rows, r.partition, queue.StatePending)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	o := &readOp{partition: r.partition, token: r.token, after: read, pend: make([]pending, len(seqs))}
	for i, seq := range seqs {
		o.pend[i] = pending{seq: seq, size: sizeOf(&entries[i].Record)}
	}
	if err := r.log.do(ctx, o); err != nil {
		return nil, err
	}
	return entries, nil
}

// await waits for a change, the next delayed entry or the end. again is false
// when the time is over.
func (r *reader) await(ctx context.Context, v view, deadline <-chan time.Time, wait time.Duration) (again bool, err error) {
	if wait <= 0 {
		return false, nil
	}
	var due <-chan time.Time
	if v.delayed > 0 {
		var at sql.NullInt64
		err := r.log.db.QueryRowContext(context.WithoutCancel(ctx), `
			SELECT min(due) FROM delayed WHERE partition = ? AND pending = 0`, r.partition).Scan(&at)
		if err != nil {
			return false, unavailable(err)
		}
		if at.Valid {
			t := time.NewTimer(max(fromMicros(at.Int64).Sub(r.log.opt.Now()), time.Millisecond))
			defer t.Stop()
			due = t.C
		}
	}
	select {
	case <-v.wake:
		return true, nil
	case <-due:
		return true, nil
	case <-deadline:
		// The lease may have gone meanwhile.
		_, err := r.look()
		return false, err
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// Ack implements queue.Reader.
func (r *reader) Ack(ctx context.Context, entries ...queue.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	o := &ackOp{partition: r.partition, token: r.token, seqs: make([]int64, len(entries))}
	for i := range entries {
		seq, err := r.seq(entries[i].ID)
		if err != nil {
			return err
		}
		o.seqs[i] = seq
	}
	return r.log.do(context.WithoutCancel(ctx), o)
}

// Delay implements queue.Reader.
func (r *reader) Delay(ctx context.Context, e queue.Entry, due time.Time, reason string) error {
	seq, err := r.seq(e.ID)
	if err != nil {
		return err
	}
	return r.log.do(context.WithoutCancel(ctx),
		&delayOp{partition: r.partition, token: r.token, seq: seq, due: micros(due), reason: reason})
}

// Dead implements queue.Reader.
func (r *reader) Dead(ctx context.Context, e queue.Entry, reason string) error {
	seq, err := r.seq(e.ID)
	if err != nil {
		return err
	}
	return r.log.do(context.WithoutCancel(ctx), &deadOp{partition: r.partition, token: r.token, seq: seq, reason: reason})
}

// Delayed implements queue.Reader.
func (r *reader) Delayed(ctx context.Context) (map[string]time.Time, error) {
	if _, err := r.look(); err != nil {
		return nil, err
	}
	rows, err := r.log.db.QueryContext(ctx, `
		SELECT key, max(due) FROM delayed WHERE partition = ? AND pending = 0 GROUP BY key`, r.partition)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close()
	keys := map[string]time.Time{}
	for rows.Next() {
		var key string
		var due int64
		if err := rows.Scan(&key, &due); err != nil {
			return nil, unavailable(err)
		}
		keys[key] = fromMicros(due)
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable(err)
	}
	return keys, nil
}

// Renew implements queue.Reader.
func (r *reader) Renew(ctx context.Context) error {
	return r.log.do(context.WithoutCancel(ctx), &renewOp{partition: r.partition, token: r.token})
}

// Release implements queue.Reader.
func (r *reader) Release(ctx context.Context) error {
	return r.log.do(context.WithoutCancel(ctx), &releaseOp{partition: r.partition, token: r.token})
}

func (r *reader) seq(id string) (int64, error) {
	p, seq, err := parseID(id)
	if err != nil {
		return 0, err
	}
	if p != r.partition {
		return 0, fmt.Errorf("localq: entry %s is not of partition %d: %w", id, r.partition, queue.ErrNotFound)
	}
	return seq, nil
}
