// Package store keeps everything that must survive: accounts, inboxes,
// conversations, messages, what waits to be sent. It speaks SQL to SQLite or
// PostgreSQL; the text of a query is the same for both, and dialect.go names the
// few differences. Methods check nothing about who asks: the account is part of
// every query that a user's request leads to.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"tributary/chat"
)

// ErrNotFound says that no such row exists; it answers 404.
var ErrNotFound = chat.NotFound()

// Options of Open.
type Options struct {
	// URL is postgres://…; empty: SQLite in Dir.
	URL string
	// Dir holds tributary.db.
	Dir string
	// Sealer encrypts secrets at rest.
	Sealer *Sealer
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Conns bounds the connections to PostgreSQL; 0: 20.
	Conns int
}

// Store is a handle on the database. It is safe for concurrent use.
type Store struct {
	w      *handle // writes; one connection on SQLite
	r      *handle // reads; the same handle on PostgreSQL
	d      dialect
	q      queries
	sealer *Sealer
	now    func() time.Time
	group  *group // SQLite: commits writers together
}

// Open connects and checks that the database answers. It does not migrate.
func Open(ctx context.Context, opt Options) (*Store, error) {
	s := &Store{sealer: opt.Sealer, now: opt.Now}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if opt.URL != "" {
		err = s.openPostgres(opt)
	} else {
		err = s.openSQLite(opt)
	}
	if err != nil {
		return nil, err
	}
	if err := s.Ping(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	s.q = newQueries(s.d)
	if s.d.name == "sqlite" {
		s.group = newGroup(s.w)
	}
	return s, nil
}

func (s *Store) openPostgres(opt Options) error {
	cfg, err := pgx.ParseConfig(opt.URL)
	if err != nil {
		// The library's text may repeat the URL with its password.
		return errors.New("store: DATABASE_URL is not a valid postgres:// address")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	conns := opt.Conns
	if conns == 0 {
		conns = 20
	}
	s.d = postgresDialect
	s.w = &handle{DB: stdlib.OpenDB(*cfg)}
	s.w.SetMaxOpenConns(conns)
	s.w.SetMaxIdleConns(conns)
	s.w.SetConnMaxIdleTime(5 * time.Minute)
	s.r = s.w
	return nil
}

func (s *Store) openSQLite(opt Options) error {
	if err := os.MkdirAll(opt.Dir, 0o750); err != nil {
		return fmt.Errorf("store: create data directory: %w", err)
	}
	if err := registerForms(); err != nil {
		return fmt.Errorf("store: functions of SQLite: %w", err)
	}
	open := func(conns int, pragmas ...string) (*handle, error) {
		q := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
			// First, so that the other pragmas wait for a busy database too.
			"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)", "synchronous(FULL)",
			"cache_size(-16000)", "temp_store(MEMORY)", "mmap_size(268435456)",
		}, pragmas...)}
		db, err := sql.Open("sqlite", "file:"+filepath.Join(opt.Dir, sqliteName)+"?"+q.Encode())
		if err != nil {
			return nil, fmt.Errorf("store: open SQLite: %w", err)
		}
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
		return &handle{DB: db, prepared: newPrepared(db)}, nil
	}
	s.d = sqliteDialect
	var err error
	if s.w, err = open(1); err != nil {
		return err
	}
	if s.r, err = open(4, "query_only(1)"); err != nil {
		_ = s.w.Close()
		return err
	}
	return nil
}

// Close releases the connections.
func (s *Store) Close() error {
	if s.group != nil {
		s.group.close()
	}
	err := s.w.Close()
	if s.r != s.w && s.r != nil {
		err = errors.Join(err, s.r.Close())
	}
	return err
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.w.PingContext(ctx); err != nil {
		return fmt.Errorf("store: database: %w", err)
	}
	return nil
}

// Stats are the connection pool's, by name.
func (s *Store) Stats() map[string]sql.DBStats {
	out := map[string]sql.DBStats{"write": s.w.Stats()}
	if s.r != s.w {
		out["read"] = s.r.Stats()
	}
	return out
}

// Statements is how many statements were run so far.
func (s *Store) Statements() int64 {
	n := s.w.statements.Load()
	if s.r != s.w {
		n += s.r.statements.Load()
	}
	return n
}

// Dialect is "sqlite" or "postgres".
func (s *Store) Dialect() string { return s.d.name }

// tx runs f in one transaction. A panic or error rolls back. On SQLite, f must
// not start another transaction: it runs on the only writer.
func (s *Store) tx(ctx context.Context, f func(*sql.Tx) error) (err error) {
	if s.group != nil {
		return s.group.do(ctx, f)
	}
	tx, err := s.w.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	done := false
	defer func() {
		if !done {
			_ = tx.Rollback()
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("store: commit: %w", err)
	}
	return nil
}

// micros is how times are stored; the zero time is NULL where the column allows.
func micros(t time.Time) int64 { return t.UnixMicro() }

// fromMicros is the inverse of micros for a nullable column.
func fromMicros(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return time.UnixMicro(v.Int64).UTC()
}

// nullMicros stores the zero time as NULL.
func nullMicros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// Transient tells whether err is the database's absence rather than a fault of
// the statement: the same work may succeed later.
func Transient(err error) bool { return transient(err) }
