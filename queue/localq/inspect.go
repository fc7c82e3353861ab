package localq

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"tributary/queue"
)

// cursor is a copy of a partition's cursors, current when it was taken.
type cursor struct{ acked, read int64 }

func (l *Log) cursors() []cursor {
	l.mu.Lock()
	defer l.mu.Unlock()
	cs := make([]cursor, len(l.parts))
	for i, p := range l.parts {
		cs[i] = cursor{acked: p.acked, read: p.read}
	}
	return cs
}

// Stats implements queue.Log. Counts come from memory; Bytes is the size of all
// entries, not of the file.
func (l *Log) Stats(ctx context.Context) (queue.Stats, error) {
	now := l.opt.Now()
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return queue.Stats{}, queue.ErrClosed
	}
	s := queue.Stats{Bytes: l.bytes, Dead: map[string]int64{}, Partitions: make([]queue.PartitionStats, len(l.parts))}
	for i, p := range l.parts {
		s.Partitions[i] = queue.PartitionStats{Partition: i, Waiting: p.last - p.read, Pending: p.pending(), Delayed: p.delayed}
		if now.Before(p.expires) {
			s.Partitions[i].Owner = p.owner
		}
	}
	l.mu.Unlock()

	for i, c := range l.cursors() {
		var at sql.NullInt64
		err := l.db.QueryRowContext(ctx, fmt.Sprintf(`SELECT min(at) FROM (
			SELECT at FROM (SELECT at FROM log_%d WHERE seq > ? AND done = 0 ORDER BY seq LIMIT 1)
			UNION ALL SELECT min(at) FROM delayed WHERE partition = ?)`, i), c.acked, i).Scan(&at)
		if err != nil {
			return queue.Stats{}, unavailable(err)
		}
		if at.Valid {
			s.Partitions[i].OldestAge = max(now.Sub(fromMicros(at.Int64)), 0)
		}
	}
	rows, err := l.db.QueryContext(ctx, `SELECT channel, count(*) FROM dead GROUP BY channel`)
	if err != nil {
		return queue.Stats{}, unavailable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var channel string
		var n int64
		if err := rows.Scan(&channel, &n); err != nil {
			return queue.Stats{}, unavailable(err)
		}
		s.Dead[channel] = n
	}
	if err := rows.Err(); err != nil {
		return queue.Stats{}, unavailable(err)
	}
	return s, nil
}

// One row shape for all tables, so that List and Show can join them.
const (
	logRow = `SELECT %[1]d, seq, at, key, channel, payload, attempts, 0, '', 0,
		CASE WHEN seq <= %[2]d OR done = 1 THEN 'done' WHEN seq <= %[3]d THEN 'pending' ELSE 'waiting' END FROM log_%[1]d`
	delayedRow = `SELECT partition, seq, at, key, channel, payload, attempts, due, reason, 0, CASE WHEN pending = 1 THEN 'pending' ELSE 'delayed' END FROM delayed`
	deadRow    = `SELECT partition, seq, at, key, channel, payload, attempts, 0, reason, died, 'dead' FROM dead`
)

const defaultLimit = 100

// List implements queue.Log.
func (l *Log) List(ctx context.Context, f queue.Filter) ([]queue.Entry, error) {
	if l.isClosed() {
		return nil, queue.ErrClosed
	}
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	var all []queue.Entry
	for _, q := range l.listQueries(f.State) {
		if f.Channel != "" {
			q.where += ` AND channel = ?`
			q.args = append(q.args, f.Channel)
		}
		if f.Brief {
			q.from = strings.Replace(q.from, " payload,", " NULL,", 1)
		}
		rows, err := l.db.QueryContext(ctx, q.from+` WHERE `+q.where+` ORDER BY `+q.order+` LIMIT ?`, append(q.args, f.Limit)...)
		if err != nil {
			return nil, unavailable(err)
		}
		entries, err := scanFull(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	slices.SortStableFunc(all, func(a, b queue.Entry) int {
		if f.State == queue.StateDead {
			return b.DiedAt.Compare(a.DiedAt)
		}
		return a.AppendedAt.Compare(b.AppendedAt)
	})
	return all[:min(len(all), f.Limit)], nil
}

type listQuery struct {
	from, where, order string
	args               []any
}

func (l *Log) listQueries(state string) []listQuery {
	var qs []listQuery
	for i, c := range l.cursors() {
		from := fmt.Sprintf(logRow, i, c.acked, c.read)
		if state == queue.StateWaiting || state == "" {
			qs = append(qs, listQuery{from, `seq > ?`, `seq`, []any{c.read}})
		}
		if state == queue.StatePending || state == "" {
			qs = append(qs, listQuery{from, `seq > ? AND seq <= ? AND done = 0`, `seq`, []any{c.acked, c.read}})
		}
		if state == queue.StateDone || state == "" {
			qs = append(qs, listQuery{from, `seq <= ? AND (seq <= ? OR done = 1)`, `seq`, []any{c.read, c.acked}})
		}
	}
	if state == queue.StatePending || state == "" {
		qs = append(qs, listQuery{delayedRow, `pending = 1`, `at, seq`, nil})
	}
	if state == queue.StateDelayed || state == "" {
		qs = append(qs, listQuery{delayedRow, `pending = 0`, `at, seq`, nil})
	}
	if state == queue.StateDead {
		qs = append(qs, listQuery{deadRow, `1`, `died DESC, rowid DESC`, nil})
	}
	if state == "" {
		qs = append(qs, listQuery{deadRow, `1`, `at, seq`, nil})
	}
	return qs
}

// Show implements queue.Log.
func (l *Log) Show(ctx context.Context, id string) (queue.Entry, error) {
	if l.isClosed() {
		return queue.Entry{}, queue.ErrClosed
	}
	p, seq, err := parseID(id)
	if err != nil {
		return queue.Entry{}, err
	}
	parts := []string{
		delayedRow + ` WHERE partition = ?1 AND seq = ?2`,
		deadRow + ` WHERE partition = ?1 AND seq = ?2`,
	}
	if cs := l.cursors(); p < len(cs) {
		parts = append(parts, fmt.Sprintf(logRow, p, cs[p].acked, cs[p].read)+` WHERE seq = ?2`)
	}
	rows, err := l.db.QueryContext(ctx, strings.Join(parts, ` UNION ALL `), p, seq)
	if err != nil {
		return queue.Entry{}, unavailable(err)
	}
	entries, err := scanFull(rows)
	if err != nil {
		return queue.Entry{}, err
	}
	if len(entries) == 0 {
		return queue.Entry{}, fmt.Errorf("localq: %s: %w", id, queue.ErrNotFound)
	}
	return entries[0], nil
}

func scanFull(rows *sql.Rows) ([]queue.Entry, error) {
	defer rows.Close()
	var entries []queue.Entry
	for rows.Next() {
		var e queue.Entry
		var seq, at, due, died int64
		if err := rows.Scan(&e.Partition, &seq, &at, &e.Key, &e.Channel, &e.Payload, &e.Attempts,
			&due, &e.Reason, &died, &e.State); err != nil {
			return nil, unavailable(err)
		}
		e.ID, e.AppendedAt = formatID(e.Partition, seq), fromMicros(at)
		e.Due, e.DiedAt = optionalTime(due), optionalTime(died)
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable(err)
	}
	return entries, nil
}

func optionalTime(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return fromMicros(micros)
}
