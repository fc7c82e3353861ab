package localq

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"modernc.org/sqlite"

	"tributary/queue"
	"tributary/queue/group"
)

// Options of a Log. The zero value is usable.
type Options struct {
	// Partitions is their number, 16 when 0. It can be changed for a file only
	// while everything in it is acknowledged.
	Partitions int
	// MaxBytes limits what is not yet acknowledged; appends beyond it fail with
	// queue.ErrFull. 0: no limit. What was acknowledged is Trim's business.
	MaxBytes int64
	// Reserve is how much room is kept on the disk, in a file beside the log's, for
	// taking entries out when the disk is full. It should be more than twice a
	// checkpoint, 16 MiB. 0: none.
	Reserve int64
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

const (
	defaultPartitions = 16
	// One commit takes at most this much, so that the first call in it does not
	// wait long for the last.
	commitRecords = 512
	commitBytes   = 4 << 20
	readers       = 4
)

// Log is a queue.Log in one file.
type Log struct {
	opt       Options
	lock      *os.File
	db        *sql.DB // readers
	fresh     []*sql.Stmt
	w         *writer
	committer *group.Committer[op]
	copies    group.Pool
	reserve   reserve // the writer's

	mu     sync.Mutex // guards what follows and the partitions; only the writer changes them
	parts  []*partition
	bytes  int64 // of everything in the file
	live   int64 // of what is not acknowledged
	closed bool
}

var _ queue.Log = (*Log)(nil)

// Open opens or creates the file at path. It fails when another process has it
// open.
func Open(path string, opt Options) (*Log, error) {
	if opt.Partitions == 0 {
		opt.Partitions = defaultPartitions
	}
	if opt.Partitions < 0 {
		return nil, fmt.Errorf("localq: %d partitions", opt.Partitions)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	l := &Log{opt: opt, lock: lock, reserve: reserve{path: path + ".reserve", size: opt.Reserve}}
	if err := l.open(path); err != nil {
		return nil, errors.Join(err, l.release())
	}
	l.committer = group.New(group.Limits{Records: commitRecords, Bytes: commitBytes}, l.commit)
	return l, nil
}

func (l *Log) open(path string) error {
	// The log outlives every caller's context; Close ends it.
	ctx := context.Background()
	conn, err := connect(ctx, path)
	if err != nil {
		return fmt.Errorf("localq: open %s: %w", path, err)
	}
	l.w = &writer{ctx: ctx, conn: conn, stmts: map[string]driver.Stmt{}, synced: true}
	if err := l.withRoom(func() error { return l.w.migrate(l.opt.Partitions) }); err != nil {
		return fmt.Errorf("localq: open %s: %w", path, err)
	}
	reader, err := sqlite.NewConnector(dsn(path, "query_only(1)"))
	if err != nil {
		return fmt.Errorf("localq: open %s: %w", path, err)
	}
	l.db = sql.OpenDB(reader)
	l.db.SetMaxOpenConns(readers)
	l.db.SetMaxIdleConns(readers)
	for p := range l.opt.Partitions {
		stmt, err := l.db.PrepareContext(ctx, fmt.Sprintf(`SELECT seq, at, key, channel, payload, attempts
			FROM log_%d WHERE seq > ? ORDER BY seq LIMIT ?`, p))
		if err != nil {
			return fmt.Errorf("localq: open %s: %w", path, err)
		}
		l.fresh = append(l.fresh, stmt)
	}
	if err := l.load(); err != nil {
		return fmt.Errorf("localq: read %s: %w", path, err)
	}
	if err := l.withRoom(l.giveBack); err != nil {
		return fmt.Errorf("localq: recover %s: %w", path, err)
	}
	if !l.reserve.given {
		_ = l.reserve.take() // on a full disk nothing is appended, see refuses
	}
	return nil
}

// dsn is the address of the file. 4 KiB pages and a checkpoint every 16 MiB were
// the fastest of the sizes measured with records of 600 bytes.
func dsn(path string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{"busy_timeout(10000)"}, pragmas...)}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func connect(ctx context.Context, path string) (driver.Conn, error) {
	c, err := sqlite.NewConnector(dsn(path, "page_size(4096)", "journal_mode(WAL)", "synchronous(FULL)",
		"wal_autocheckpoint(4000)", "journal_size_limit(67108864)", "cache_size(-16000)"))
	if err != nil {
		return nil, err
	}
	return c.Connect(ctx)
}

// Append implements queue.Log. When ctx ends while it waits, the records may or
// may not have been stored.
func (l *Log) Append(ctx context.Context, records ...queue.Record) error {
	if len(records) == 0 {
		return nil
	}
	c, err := l.copies.Copy(l.opt.Partitions, records)
	if err != nil {
		return err
	}
	finished, err := l.committer.Do(ctx, (*appendOp)(c), len(records), c.Bytes)
	if finished {
		l.copies.Put(c)
	}
	return err
}

// Partitions implements queue.Log.
func (l *Log) Partitions() int { return l.opt.Partitions }

// Ping implements queue.Log.
func (l *Log) Ping(ctx context.Context) error {
	if l.isClosed() {
		return queue.ErrClosed
	}
	if err := l.db.PingContext(ctx); err != nil {
		return fmt.Errorf("localq: ping: %w: %w", queue.ErrUnavailable, err)
	}
	return nil
}

// Close implements queue.Log: appends that wait are still stored.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	for _, p := range l.parts {
		p.wakeAll()
	}
	l.mu.Unlock()
	l.committer.Close()
	return l.release()
}

func (l *Log) release() error {
	var errs []error
	for _, s := range l.fresh {
		errs = append(errs, s.Close())
	}
	if l.db != nil {
		errs = append(errs, l.db.Close())
	}
	if l.w != nil {
		errs = append(errs, l.w.close())
	}
	// Closing the descriptor drops the lock, after everything else.
	errs = append(errs, l.lock.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("localq: close: %w", err)
	}
	return nil
}

func (l *Log) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// do hands an operation to the writer.
func (l *Log) do(ctx context.Context, o op) error {
	_, err := l.committer.Do(ctx, o, 1, 0)
	return err
}
