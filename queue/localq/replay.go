package localq

import (
	"context"
	"database/sql/driver"
	"fmt"

	"tributary/queue"
)

// Replay implements queue.Log.
func (l *Log) Replay(ctx context.Context, id string) error {
	p, seq, err := parseID(id)
	if err != nil {
		return err
	}
	return l.do(context.WithoutCancel(ctx), &replayOp{partition: p, seq: seq, target: p % l.opt.Partitions})
}

type replayOp struct {
	partition int
	seq       int64
	target    int // differs when the file once had more partitions
}

func (*replayOp) durable() bool { return true }

func (o *replayOp) apply(l *Log) error {
	r, dead, err := o.find(l)
	if err != nil {
		return err
	}
	r.Partition = o.target
	size := int64(sizeOf(&r))
	if l.opt.MaxBytes > 0 && l.live+size > l.opt.MaxBytes {
		return fmt.Errorf("localq: %d bytes not acknowledged: %w", l.live, queue.ErrFull)
	}
	if err := l.insert(&r, micros(l.opt.Now())); err != nil {
		return err
	}
	if !dead {
		l.grow(size, size)
		return nil
	}
	if err := l.w.exec(`DELETE FROM dead WHERE partition = ? AND seq = ?`, int64(o.partition), o.seq); err != nil {
		return err
	}
	l.grow(0, size)
	return nil
}

// find gives the record of a dead or done entry.
func (o *replayOp) find(l *Log) (r queue.Record, dead bool, err error) {
	found := false
	each := func(v []driver.Value) {
		found = true
		r.Key, r.Channel, r.Payload = v[0].(string), v[1].(string), v[2].([]byte)
	}
	if err := l.w.query(`SELECT key, channel, payload FROM dead WHERE partition = ? AND seq = ?`, each,
		int64(o.partition), o.seq); err != nil || found {
		return r, true, err
	}
	if o.partition < len(l.parts) {
		if err := l.w.query(fmt.Sprintf(`SELECT key, channel, payload FROM log_%d WHERE seq = ? AND (seq <= ? OR done = 1)`, o.partition),
			each, o.seq, l.parts[o.partition].acked); err != nil {
			return r, false, err
		}
	}
	if !found {
		return r, false, fmt.Errorf("localq: %s is neither dead nor done: %w", formatID(o.partition, o.seq), queue.ErrNotFound)
	}
	return r, false, nil
}

// Discard implements queue.Log.
func (l *Log) Discard(ctx context.Context, id string) error {
	p, seq, err := parseID(id)
	if err != nil {
		return err
	}
	return l.do(context.WithoutCancel(ctx), &discardOp{partition: p, seq: seq})
}

type discardOp struct {
	partition int
	seq       int64
}

func (*discardOp) durable() bool { return true }

func (o *discardOp) apply(l *Log) error {
	size := int64(-1)
	if err := l.w.query(`SELECT `+sizeSQL+` FROM dead WHERE partition = ? AND seq = ?`,
		func(v []driver.Value) { size = v[0].(int64) }, int64(o.partition), o.seq); err != nil {
		return err
	}
	if size < 0 {
		return fmt.Errorf("localq: %s is not dead: %w", formatID(o.partition, o.seq), queue.ErrNotFound)
	}
	if err := l.w.exec(`DELETE FROM dead WHERE partition = ? AND seq = ?`, int64(o.partition), o.seq); err != nil {
		return err
	}
	l.grow(-size, 0)
	return nil
}
