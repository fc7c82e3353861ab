package localq

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math"
	"time"
)

// trimChunk is how many entries one transaction of a Trim removes: few enough
// that appends in the same transaction do not notice.
const trimChunk = 256

// Trim implements queue.Log. Removed space is used again by later appends; the
// file itself does not shrink.
func (l *Log) Trim(ctx context.Context, maxAge time.Duration, maxBytes int64) (removed int64, err error) {
	cutoff := micros(l.opt.Now().Add(-maxAge))
	for p := range l.opt.Partitions {
		for {
			o := &trimOp{partition: p, upTo: cutoff}
			if err := l.trim(ctx, o); err != nil {
				return removed, err
			}
			removed += o.removed
			if o.removed < trimChunk {
				break
			}
		}
	}
	for maxBytes > 0 {
		l.mu.Lock()
		bytes := l.bytes
		l.mu.Unlock()
		if bytes <= maxBytes {
			break
		}
		p, err := l.oldestDone(ctx)
		if err != nil || p < 0 {
			return removed, err
		}
		o := &trimOp{partition: p, upTo: math.MaxInt64, maxBytes: maxBytes}
		if err := l.trim(ctx, o); err != nil {
			return removed, err
		}
		removed += o.removed
	}
	return removed, nil
}

func (l *Log) trim(ctx context.Context, o *trimOp) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("localq: trim: %w", err)
	}
	return l.do(context.WithoutCancel(ctx), o)
}

// oldestDone gives the partition with the oldest acknowledged entry, or -1.
func (l *Log) oldestDone(ctx context.Context) (int, error) {
	oldest, partition := int64(math.MaxInt64), -1
	for i, c := range l.cursors() {
		rows, err := l.db.QueryContext(ctx, fmt.Sprintf(`SELECT at FROM log_%d WHERE seq <= ? ORDER BY seq LIMIT 1`, i), c.acked)
		if err != nil {
			return 0, unavailable(err)
		}
		at := int64(math.MaxInt64)
		for rows.Next() {
			if err = rows.Scan(&at); err != nil {
				break
			}
		}
		_ = rows.Close()
		if err == nil {
			err = rows.Err()
		}
		if err != nil {
			return 0, unavailable(err)
		}
		if at < oldest {
			oldest, partition = at, i
		}
	}
	return partition, nil
}

// trimOp removes the oldest acknowledged entries of a partition: those appended
// up to upTo, while the file holds more than maxBytes.
type trimOp struct {
	partition int
	upTo      int64
	maxBytes  int64
	removed   int64 // result
}

func (*trimOp) durable() bool { return false }

func (o *trimOp) apply(l *Log) error {
	p := l.parts[o.partition]
	var last, size int64
	more := true
	err := l.w.query(fmt.Sprintf(`SELECT seq, at, %s FROM log_%d WHERE seq <= ? ORDER BY seq LIMIT ?`, sizeSQL, o.partition),
		func(v []driver.Value) {
			more = more && v[1].(int64) <= o.upTo && (o.maxBytes == 0 || l.bytes-size > o.maxBytes)
			if more {
				last = v[0].(int64)
				size += v[2].(int64)
				o.removed++
			}
		}, p.acked, int64(trimChunk))
	if err != nil || o.removed == 0 {
		return err
	}
	if err := l.w.exec(fmt.Sprintf(`DELETE FROM log_%d WHERE seq <= ?`, o.partition), last); err != nil {
		return err
	}
	l.grow(-size, 0)
	return nil
}
