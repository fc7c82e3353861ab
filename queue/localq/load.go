package localq

import (
	"database/sql/driver"
	"fmt"
)

// load reads the state of all partitions from the file. Leases and waiting
// readers, which exist only in memory, stay.
func (l *Log) load() error {
	parts := make([]*partition, 0, l.opt.Partitions)
	err := l.w.query(`SELECT acked, read, released FROM cursors ORDER BY partition`, func(v []driver.Value) {
		parts = append(parts, &partition{
			acked: v[0].(int64), read: v[1].(int64), released: v[2].(int64) != 0, given: map[int64]struct{}{},
		})
	})
	if err != nil {
		return err
	}
	for i, p := range parts {
		err := l.w.query(fmt.Sprintf(`SELECT max(coalesce(max(seq), 0), ?) FROM log_%d`, i), func(v []driver.Value) {
			p.last = v[0].(int64)
		}, p.read)
		if err != nil {
			return err
		}
		err = l.w.query(fmt.Sprintf(`SELECT seq, %s FROM log_%d WHERE seq > ? AND seq <= ? AND done = 0 ORDER BY seq`, sizeSQL, i),
			func(v []driver.Value) {
				p.pend = append(p.pend, pending{seq: v[0].(int64), size: int32(v[1].(int64))})
			}, p.acked, p.read)
		if err != nil {
			return err
		}
	}
	err = l.w.query(`SELECT partition, seq, pending FROM delayed`, func(v []driver.Value) {
		p := parts[v[0].(int64)]
		if v[2].(int64) != 0 {
			p.given[v[1].(int64)] = struct{}{}
		} else {
			p.delayed++
		}
	})
	if err != nil {
		return err
	}
	var bytes, live int64
	if err := l.w.query(`SELECT bytes, live FROM totals`, func(v []driver.Value) {
		bytes, live = v[0].(int64), v[1].(int64)
	}); err != nil {
		return err
	}
	l.mu.Lock()
	for i, old := range l.parts {
		p := parts[i]
		p.owner, p.token, p.ttl, p.expires, p.wake = old.owner, old.token, old.ttl, old.expires, old.wake
	}
	l.parts, l.bytes, l.live = parts, bytes, live
	l.mu.Unlock()
	return nil
}

// giveBack counts what the previous process had read and not acknowledged as
// given back, and remembers that it was counted.
func (l *Log) giveBack() error {
	if err := l.w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for i, p := range l.parts {
		if p.released {
			continue
		}
		if err := l.countLost(i, p); err != nil {
			l.w.rollback()
			return err
		}
		p.released, p.dirty = true, true
	}
	if err := l.saveCursors(); err != nil {
		l.w.rollback()
		return err
	}
	return l.w.exec("COMMIT")
}

// countLost raises the attempts of the pending entries of a partition whose lease
// was lost.
func (l *Log) countLost(i int, p *partition) error {
	if len(p.pend) > 0 {
		if err := l.w.exec(fmt.Sprintf(`UPDATE log_%d SET attempts = attempts + 1 WHERE seq > ? AND seq <= ? AND done = 0`, i),
			p.acked, p.read); err != nil {
			return err
		}
	}
	if len(p.given) == 0 {
		return nil
	}
	return l.w.exec(`UPDATE delayed SET attempts = attempts + 1 WHERE partition = ? AND pending = 1`, int64(i))
}
