package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// group runs write transactions of SQLite one after the other and commits those
// that wait together at once: they share one fsync, which is what a small
// transaction costs most. Each runs in a savepoint of its own, so that one that
// fails takes back only its own changes.
type group struct {
	db   *handle
	work chan *member
	stop chan struct{}
	once sync.Once // closes stop
	done sync.WaitGroup
}

// member is one transaction that waits for its turn.
type member struct {
	ctx context.Context //nolint:containedctx // the call waits in a channel for its turn
	run func(*sql.Tx) error
	err error
	end chan struct{}
}

// maxGroup bounds how many transactions share a commit, so that the first of
// them does not wait too long.
const maxGroup = 64

var errClosed = errors.New("store: closed")

func newGroup(db *handle) *group {
	g := &group{db: db, work: make(chan *member), stop: make(chan struct{})}
	g.done.Add(1)
	go g.loop()
	return g
}

// do runs f in a transaction and returns when it is committed.
func (g *group) do(ctx context.Context, f func(*sql.Tx) error) error {
	m := &member{ctx: ctx, run: f, end: make(chan struct{})}
	select {
	case g.work <- m:
	case <-ctx.Done():
		return fmt.Errorf("store: begin: %w", ctx.Err())
	case <-g.stop:
		return errClosed
	}
	// From here on it is running or about to; its outcome must be known.
	<-m.end
	return m.err
}

func (g *group) loop() {
	defer g.done.Done()
	for {
		var batch []*member
		select {
		case m := <-g.work:
			batch = append(batch, m)
		case <-g.stop:
			return
		}
		g.commit(batch)
		g.db.prepared.catchUp(context.WithoutCancel(batch[0].ctx))
	}
}

// commit runs first and whatever else arrives while it runs, in one transaction.
func (g *group) commit(batch []*member) {
	defer func() {
		for _, m := range batch {
			close(m.end)
		}
	}()
	fail := func(what string, err error) {
		for _, m := range batch {
			if m.err == nil {
				m.err = fmt.Errorf("store: %s: %w", what, err)
			}
		}
	}
	tx, err := g.db.BeginTx(context.WithoutCancel(batch[0].ctx), nil)
	if err != nil {
		fail("begin", err)
		return
	}
	for i := 0; i < len(batch); i++ {
		if broken := g.member(conn{Tx: tx, prepared: g.db.prepared, statements: &g.db.statements}, batch[i]); broken != nil {
			_ = tx.Rollback()
			fail("savepoint", broken)
			return
		}
		if len(batch) < maxGroup {
			select {
			case m := <-g.work:
				batch = append(batch, m)
			default:
			}
		}
	}
	if err := tx.Commit(); err != nil {
		fail("commit", err)
	}
}

// member runs one transaction in a savepoint. The error it returns is about the
// savepoint: then the whole group is lost.
func (g *group) member(tx conn, m *member) error {
	// A statement that is interrupted would roll back everybody's work, so a
	// caller that gives up does not interrupt; see sqlite.org/c3ref/interrupt.html.
	if m.ctx.Err() != nil {
		m.err = fmt.Errorf("store: begin: %w", m.ctx.Err())
		return nil //nolint:nilerr // the member failed, not the group
	}
	ctx := context.WithoutCancel(m.ctx)
	if _, err := tx.ExecContext(ctx, "SAVEPOINT member"); err != nil {
		return err
	}
	m.err = protect(tx.Tx, m.run)
	if m.err == nil {
		_, err := tx.ExecContext(ctx, "RELEASE member")
		return err
	}
	if _, err := tx.ExecContext(ctx, "ROLLBACK TO member"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "RELEASE member")
	return err
}

// protect turns a panic into an error: the goroutine is everybody's.
func protect(tx *sql.Tx, f func(*sql.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("store: panic in transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return f(tx)
}

func (g *group) close() {
	g.once.Do(func() { close(g.stop) })
	g.done.Wait()
}
