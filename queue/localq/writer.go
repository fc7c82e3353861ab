package localq

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"tributary/queue"
	"tributary/queue/group"
)

// sizeSQL is group.Size of a row.
var sizeSQL = fmt.Sprintf("(length(payload) + octet_length(key) + octet_length(channel) + %d)", group.Overhead)

// op is an operation of the writer. apply runs inside a transaction that is
// shared with others: it must decide whether it can go on before it changes
// anything, or fail with a storageError.
type op interface {
	apply(l *Log) error
	durable() bool // the transaction has to be synced before the caller is told
}

// storageError takes the whole transaction back.
type storageError struct{ err error }

func (e *storageError) Error() string { return e.err.Error() }
func (e *storageError) Unwrap() error { return e.err }

// writer is the one connection that writes. It drives the connection without
// database/sql, whose bookkeeping per statement would be a fifth of an append.
type writer struct {
	ctx    context.Context //nolint:containedctx // the driver asks for one with every statement
	conn   driver.Conn
	stmts  map[string]driver.Stmt
	insert []driver.Stmt
	args   []driver.NamedValue
	synced bool // synchronous=FULL is set
	stale  bool // the state in memory may hold what was rolled back
}

func (w *writer) stmt(query string) (driver.Stmt, error) {
	if s, ok := w.stmts[query]; ok {
		return s, nil
	}
	s, err := w.conn.(driver.ConnPrepareContext).PrepareContext(w.ctx, query)
	if err != nil {
		return nil, &storageError{err}
	}
	w.stmts[query] = s
	return s, nil
}

func (w *writer) bind(args []any) []driver.NamedValue {
	w.args = w.args[:0]
	for i, a := range args {
		w.args = append(w.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return w.args
}

func (w *writer) exec(query string, args ...any) error {
	s, err := w.stmt(query)
	if err != nil {
		return err
	}
	return w.run(s, args...)
}

func (w *writer) run(s driver.Stmt, args ...any) error {
	if _, err := s.(driver.StmtExecContext).ExecContext(w.ctx, w.bind(args)); err != nil {
		return &storageError{err}
	}
	return nil
}

func (w *writer) query(query string, each func([]driver.Value), args ...any) error {
	s, err := w.stmt(query)
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(w.ctx, w.bind(args))
	if err != nil {
		return &storageError{err}
	}
	values := make([]driver.Value, len(rows.Columns()))
	for {
		if err = rows.Next(values); err != nil {
			break
		}
		each(values)
	}
	if cerr := rows.Close(); errors.Is(err, io.EOF) {
		err = cerr
	}
	if err != nil {
		return &storageError{err}
	}
	return nil
}

// rollback takes the transaction back. SQLite may have done so itself, hence no
// error.
func (w *writer) rollback() { _ = w.exec("ROLLBACK") }

// sync sets whether commits reach the disk before they return. The PRAGMA acts
// while it is compiled, so it cannot be kept as a statement.
func (w *writer) sync(on bool) error {
	if w.synced == on {
		return nil
	}
	level := "NORMAL"
	if on {
		level = "FULL"
	}
	if err := w.command("PRAGMA synchronous = " + level); err != nil {
		return err
	}
	w.synced = on
	return nil
}

// command runs what is run too seldom to be kept as a statement.
func (w *writer) command(text string) error {
	if _, err := w.conn.(driver.ExecerContext).ExecContext(w.ctx, text, nil); err != nil {
		return &storageError{err}
	}
	return nil
}

func (w *writer) close() error {
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

// commit runs all calls in one transaction.
func (l *Log) commit(calls []*group.Call[op]) {
	calls = l.refuse(calls)
	err := l.attempt(calls)
	if full(err) && l.w.command("PRAGMA wal_checkpoint(TRUNCATE)") == nil {
		err = l.attempt(calls) // the pages that were taken out are used again
	}
	if full(err) {
		l.reserve.ran()
		if others := l.refuse(calls); len(others) < len(calls) {
			calls, err = others, l.attempt(others)
		}
	}
	if full(err) && l.reserve.give() {
		err = l.attempt(calls)
	}
	if err == nil {
		l.wakeTouched(calls)
		return
	}
	err = unavailable(err)
	for _, c := range calls {
		c.Err = err
	}
}

// refuse takes the appends out while the disk is full.
func (l *Log) refuse(calls []*group.Call[op]) []*group.Call[op] {
	if !l.refuses() {
		return calls
	}
	others := make([]*group.Call[op], 0, len(calls))
	for _, c := range calls {
		if _, ok := c.Op.(*appendOp); ok {
			c.Err = fmt.Errorf("localq: the disk is full: %w", queue.ErrFull)
		} else {
			others = append(others, c)
		}
	}
	return others
}

// attempt runs the calls, or leaves everything as it was.
func (l *Log) attempt(calls []*group.Call[op]) error {
	if len(calls) == 0 {
		return nil
	}
	err := l.transact(calls)
	if err != nil {
		l.w.rollback()
		// What the calls had changed in memory is read back from the file. When that
		// fails too, the next transaction tries it first.
		l.w.stale = l.load() != nil
	}
	return err
}

func (l *Log) transact(calls []*group.Call[op]) error {
	if l.w.stale {
		if err := l.load(); err != nil {
			return err
		}
		l.w.stale = false
	}
	durable := false
	for _, c := range calls {
		durable = durable || c.Op.durable()
	}
	if err := l.w.sync(durable); err != nil {
		return err
	}
	if err := l.w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	bytes, live := l.bytes, l.live
	for _, c := range calls {
		c.Err = c.Op.apply(l)
		if storage := (*storageError)(nil); errors.As(c.Err, &storage) {
			return c.Err
		}
	}
	if err := l.saveCursors(); err != nil {
		return err
	}
	if bytes != l.bytes || live != l.live {
		if err := l.w.exec(`UPDATE totals SET bytes = ?, live = ?`, l.bytes, l.live); err != nil {
			return err
		}
	}
	return l.w.exec("COMMIT")
}

func (l *Log) saveCursors() error {
	for i, p := range l.parts {
		if !p.dirty {
			continue
		}
		if err := l.w.exec(`UPDATE cursors SET acked = ?, read = ?, released = ? WHERE partition = ?`,
			p.acked, p.read, p.released, int64(i)); err != nil {
			return err
		}
		p.dirty = false
	}
	return nil
}

// wakeTouched tells waiting readers what was committed.
func (l *Log) wakeTouched(calls []*group.Call[op]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range calls {
		switch o := c.Op.(type) {
		case *appendOp:
			for i := range o.List {
				l.parts[o.List[i].Partition].wakeAll()
			}
		case *replayOp:
			l.parts[o.target].wakeAll()
		case *leaseOp:
			l.parts[o.partition].wakeAll()
		}
	}
}

// full tells that the disk is. The second code is of the index of the write-ahead log,
// which is a file, too.
func full(err error) bool {
	e := (*sqlite.Error)(nil)
	return errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_FULL || e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE)
}

// unavailable says what a failure of the file means to the caller.
func unavailable(err error) error {
	if full(err) {
		return fmt.Errorf("localq: %w: %w", queue.ErrFull, err)
	}
	return fmt.Errorf("localq: %w: %w", queue.ErrUnavailable, err)
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// appendOp stores the records of one Append.
type appendOp group.Records

func (*appendOp) durable() bool { return true }

func (o *appendOp) apply(l *Log) error {
	if l.opt.MaxBytes > 0 && l.live+int64(o.Bytes) > l.opt.MaxBytes {
		return fmt.Errorf("localq: %d bytes not acknowledged: %w", l.live, queue.ErrFull)
	}
	at := micros(l.opt.Now())
	for i := range o.List {
		if err := l.insert(&o.List[i], at); err != nil {
			return err
		}
	}
	l.grow(int64(o.Bytes), int64(o.Bytes))
	return nil
}

func (l *Log) insert(r *queue.Record, at int64) error {
	for p := len(l.w.insert); p < len(l.parts); p++ {
		s, err := l.w.stmt(fmt.Sprintf(`INSERT INTO log_%d(seq, at, key, channel, payload) VALUES (?, ?, ?, ?, ?)`, p))
		if err != nil {
			return err
		}
		l.w.insert = append(l.w.insert, s)
	}
	p := l.parts[r.Partition]
	// A nil payload would be NULL.
	payload := r.Payload
	if payload == nil {
		payload = []byte{}
	}
	if err := l.w.run(l.w.insert[r.Partition], p.last+1, at, r.Key, r.Channel, payload); err != nil {
		return err
	}
	l.mu.Lock()
	p.last++
	l.mu.Unlock()
	return nil
}

func (l *Log) grow(bytes, live int64) {
	l.mu.Lock()
	l.bytes += bytes
	l.live += live
	l.mu.Unlock()
}
