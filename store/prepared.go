package store

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
)

// handle is a pool that keeps the statements it runs prepared, where the driver
// does not do so itself: compiling the text is most of what a small statement
// costs on SQLite.
type handle struct {
	*sql.DB
	prepared *prepared // nil: pgx caches statements per connection
	// statements counts what was run, in transactions too.
	statements atomic.Int64
}

// prepared are the statements of a pool by their text. Texts are constants of
// this package and few variations of them, so nothing is ever dropped; what goes
// beyond maxPrepared is run as text.
type prepared struct {
	db     *sql.DB
	mu     sync.RWMutex
	known  map[string]*sql.Stmt
	wanted map[string]struct{}
}

const maxPrepared = 512

func newPrepared(db *sql.DB) *prepared {
	return &prepared{db: db, known: map[string]*sql.Stmt{}, wanted: map[string]struct{}{}}
}

// get gives the statement of a text, preparing it when it is new. It must not be
// called by whoever holds the pool's only connection. nil: run the text.
func (p *prepared) get(ctx context.Context, query string) *sql.Stmt {
	if p == nil {
		return nil
	}
	p.mu.RLock()
	s, full := p.known[query], len(p.known) >= maxPrepared
	p.mu.RUnlock()
	if s != nil || full {
		return s
	}
	s, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil // running the text says what is wrong
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.known[query]; other != nil {
		_ = s.Close()
		return other
	}
	p.known[query] = s
	return s
}

// ready gives the statement of a text if it is prepared, and else notes that it
// is wanted: for transactions, which hold the connection that preparing takes.
func (p *prepared) ready(query string) *sql.Stmt {
	if p == nil {
		return nil
	}
	p.mu.RLock()
	s := p.known[query]
	p.mu.RUnlock()
	if s == nil {
		p.mu.Lock()
		p.wanted[query] = struct{}{}
		p.mu.Unlock()
	}
	return s
}

// catchUp prepares what transactions wanted.
func (p *prepared) catchUp(ctx context.Context) {
	if p == nil {
		return
	}
	p.mu.Lock()
	wanted := p.wanted
	if len(wanted) > 0 {
		p.wanted = map[string]struct{}{}
	}
	p.mu.Unlock()
	for query := range wanted {
		p.get(ctx, query)
	}
}

// ExecContext implements the methods of sql.DB that are used here.
func (h *handle) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	h.statements.Add(1)
	if s := h.prepared.get(ctx, query); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return h.DB.ExecContext(ctx, query, args...)
}

// QueryContext is sql.DB's.
func (h *handle) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	h.statements.Add(1)
	if s := h.prepared.get(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return h.DB.QueryContext(ctx, query, args...)
}

// QueryRowContext is sql.DB's.
func (h *handle) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	h.statements.Add(1)
	if s := h.prepared.get(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return h.DB.QueryRowContext(ctx, query, args...)
}

// varied runs a query whose text depends on what a client asked for: there are too many to
// keep them prepared.
func (h *handle) varied(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	h.statements.Add(1)
	return h.DB.QueryContext(ctx, query, args...)
}

// variedRow is varied for a query that gives one row.
func (h *handle) variedRow(ctx context.Context, query string, args ...any) *sql.Row {
	h.statements.Add(1)
	return h.DB.QueryRowContext(ctx, query, args...)
}
