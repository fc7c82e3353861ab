package localq

import (
	"database/sql/driver"
	"fmt"

	"tributary/queue"
)

// readOp marks fresh entries as read.
type readOp struct {
	partition int
	token     uint64
	after     int64 // where the cursor was when they were selected
	pend      []pending
}

func (*readOp) durable() bool { return false }

func (o *readOp) apply(l *Log) error {
	p := l.parts[o.partition]
	if err := p.fence(o.token, l.opt.Now()); err != nil {
		return err
	}
	if p.read != o.after {
		return errMoved
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p.pend = append(p.pend, o.pend...)
	p.read, p.dirty = o.pend[len(o.pend)-1].seq, true
	return nil
}

// dueOp marks delayed entries as given out again.
type dueOp struct {
	partition int
	token     uint64
	seqs      []int64
}

func (*dueOp) durable() bool { return false }

func (o *dueOp) apply(l *Log) error {
	p := l.parts[o.partition]
	if err := p.fence(o.token, l.opt.Now()); err != nil {
		return err
	}
	for _, seq := range o.seqs {
		if err := l.w.exec(`UPDATE delayed SET pending = 1 WHERE partition = ? AND seq = ?`, int64(o.partition), seq); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, seq := range o.seqs {
		p.given[seq] = struct{}{}
	}
	p.delayed -= int64(len(o.seqs))
	return nil
}

// ackOp acknowledges entries. In order, it only moves the cursor; what is no
// longer pending is left alone.
type ackOp struct {
	partition int
	token     uint64
	seqs      []int64
}

func (*ackOp) durable() bool { return false }

func (o *ackOp) apply(l *Log) error {
	p := l.parts[o.partition]
	if err := p.fence(o.token, l.opt.Now()); err != nil {
		return err
	}
	var given []int64
	found := o.seqs[:0]
	l.mu.Lock()
	for _, seq := range o.seqs {
		if i := p.find(seq); i >= 0 {
			p.pend[i].gone = true
			l.live -= int64(p.pend[i].size)
			found = append(found, seq)
		} else if _, ok := p.given[seq]; ok {
			given = append(given, seq)
		}
	}
	p.advance()
	l.mu.Unlock()
	for _, seq := range given {
		if err := l.ackGiven(o.partition, seq); err != nil {
			return err
		}
	}
	for _, seq := range found {
		if seq > p.acked {
			if err := l.w.exec(fmt.Sprintf(`UPDATE log_%d SET done = 1 WHERE seq = ?`, o.partition), seq); err != nil {
				return err
			}
		}
	}
	return nil
}

// ackGiven moves a delayed entry that was applied back to where it was, for
// inspection and replay.
func (l *Log) ackGiven(partition int, seq int64) error {
	var size int64
	if err := l.w.query(`SELECT `+sizeSQL+` FROM delayed WHERE partition = ? AND seq = ?`,
		func(v []driver.Value) { size = v[0].(int64) }, int64(partition), seq); err != nil {
		return err
	}
	if err := l.w.exec(fmt.Sprintf(`INSERT INTO log_%d(seq, at, key, channel, payload, attempts, done)
		SELECT seq, at, key, channel, payload, attempts, 1 FROM delayed WHERE partition = ? AND seq = ?`, partition),
		int64(partition), seq); err != nil {
		return err
	}
	if err := l.w.exec(`DELETE FROM delayed WHERE partition = ? AND seq = ?`, int64(partition), seq); err != nil {
		return err
	}
	l.mu.Lock()
	delete(l.parts[partition].given, seq)
	l.live -= size
	l.mu.Unlock()
	return nil
}

// delayOp puts an entry off.
type delayOp struct {
	partition int
	token     uint64
	seq       int64
	due       int64
	reason    string
}

func (*delayOp) durable() bool { return false }

func (o *delayOp) apply(l *Log) error {
	p := l.parts[o.partition]
	if err := p.fence(o.token, l.opt.Now()); err != nil {
		return err
	}
	part := int64(o.partition)
	if _, given := p.given[o.seq]; given {
		if err := l.w.exec(`UPDATE delayed SET pending = 0, due = ?, reason = ?, attempts = attempts + 1
			WHERE partition = ? AND seq = ?`, o.due, o.reason, part, o.seq); err != nil {
			return err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(p.given, o.seq)
		p.delayed++
		return nil
	}
	i := p.find(o.seq)
	if i < 0 {
		return notPending(o.partition, o.seq)
	}
	if err := l.w.exec(fmt.Sprintf(`INSERT INTO delayed(partition, seq, at, key, channel, payload, attempts, due, reason)
		SELECT ?, seq, at, key, channel, payload, attempts + 1, ?, ? FROM log_%d WHERE seq = ?`, o.partition),
		part, o.due, o.reason, o.seq); err != nil {
		return err
	}
	if err := l.w.exec(fmt.Sprintf(`DELETE FROM log_%d WHERE seq = ?`, o.partition), o.seq); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p.pend[i].gone = true
	p.delayed++
	p.advance()
	return nil
}

// deadOp gives an entry up.
type deadOp struct {
	partition int
	token     uint64
	seq       int64
	reason    string
}

func (*deadOp) durable() bool { return false }

func (o *deadOp) apply(l *Log) error {
	p := l.parts[o.partition]
	if err := p.fence(o.token, l.opt.Now()); err != nil {
		return err
	}
	_, given := p.given[o.seq]
	i := p.find(o.seq)
	from, where := fmt.Sprintf(`log_%d`, o.partition), `seq = ?2`
	switch {
	case given:
		from, where = `delayed`, `partition = ?1 AND seq = ?2`
	case i < 0:
		return notPending(o.partition, o.seq)
	}
	part := int64(o.partition)
	var size int64
	if err := l.w.query(`SELECT `+sizeSQL+`, ?1 FROM `+from+` WHERE `+where,
		func(v []driver.Value) { size = v[0].(int64) }, part, o.seq); err != nil {
		return err
	}
	if err := l.w.exec(`INSERT INTO dead(partition, seq, at, key, channel, payload, attempts, reason, died)
		SELECT ?1, seq, at, key, channel, payload, attempts + 1, ?3, ?4 FROM `+from+` WHERE `+where,
		part, o.seq, o.reason, micros(l.opt.Now())); err != nil {
		return err
	}
	if err := l.w.exec(`DELETE FROM `+from+` WHERE `+where+` AND ?1 = ?1`, part, o.seq); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live -= size
	if given {
		delete(p.given, o.seq)
		return nil
	}
	p.pend[i].gone = true
	p.advance()
	return nil
}

func notPending(partition int, seq int64) error {
	return fmt.Errorf("localq: %s is not pending: %w", formatID(partition, seq), queue.ErrNotFound)
}
