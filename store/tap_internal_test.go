package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
)

// statement is one that the database was asked to run.
type statement struct {
	query string
	args  []any
}

// tap is a driver that remembers the statements which pass through it, so that
// their plans can be asked for without their text being repeated here.
type tap struct {
	driver driver.Driver
	source string
	mu     sync.Mutex
	list   []statement
}

// take gives what passed since the last call.
func (t *tap) take() []statement {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.list
	t.list = nil
	return list
}

func (t *tap) note(query string, args []driver.NamedValue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := statement{query: query}
	for _, a := range args {
		s.args = append(s.args, a.Value)
	}
	t.list = append(t.list, s)
}

// Driver implements driver.Connector.
func (t *tap) Driver() driver.Driver { return t.driver }

// Connect implements driver.Connector.
func (t *tap) Connect(context.Context) (driver.Conn, error) {
	c, err := t.driver.Open(t.source)
	return &tapped{c, t}, err
}

// open gives a handle whose statements pass through the tap.
func (t *tap) open(conns int) *sql.DB {
	db := sql.OpenDB(t)
	db.SetMaxOpenConns(conns)
	return db
}

type tapped struct {
	driver.Conn
	tap *tap
}

func (c *tapped) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

func (c *tapped) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.tap.note(query, args)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *tapped) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.tap.note(query, args)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *tapped) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}
