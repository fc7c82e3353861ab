package store

import (
	"context"
	"fmt"
	"time"
)

// AccountRow is an account.
type AccountRow struct {
	ID               int64
	Name             string
	Status           int // 0 active, 1 suspended
	Locale           int
	Domain           *string
	SupportEmail     *string
	Features         int64  // a set, see chat.Features
	Limits           string // JSON
	Settings         string // JSON
	CustomAttributes string // JSON
	CreatedAt        int64  // microseconds
}

const accountColumns = `SELECT id, name, status, locale, domain, support_email, features, limits, settings, custom_attributes, created_at
	FROM accounts `

func (a *AccountRow) fields() []any {
	return []any{
		&a.ID, &a.Name, &a.Status, &a.Locale, &a.Domain, &a.SupportEmail, &a.Features, &a.Limits, &a.Settings, &a.CustomAttributes, &a.CreatedAt,
	}
}

// Account reads one; ErrNotFound when there is none of that id.
func (s *Store) Account(ctx context.Context, id int64) (AccountRow, error) {
	return readAccount(ctx, s.r, `WHERE id = $1`, id)
}

// LockAccount reads an account and keeps others from changing it until the
// transaction ends.
func (t *Tx) LockAccount(ctx context.Context, id int64) (AccountRow, error) {
	return readAccount(ctx, t.tx, `WHERE id = $1 `+t.s.d.lockRow, id)
}

func readAccount(ctx context.Context, q queryer, where string, id int64) (AccountRow, error) {
	var a AccountRow
	err := q.QueryRowContext(ctx, accountColumns+where, id).Scan(a.fields()...)
	if isNoRows(err) {
		return a, ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("store: account: %w", err)
	}
	return a, nil
}

// UpdateAccount stores an account as it shall be. Channels, which work in the
// account's language and while it is active, learn of a change of either.
func (t *Tx) UpdateAccount(ctx context.Context, a AccountRow) error {
	moved, err := t.changed(ctx, "update account", `UPDATE accounts SET status = $2, locale = $3 WHERE id = $1 AND (status <> $2 OR locale <> $3)`,
		a.ID, a.Status, a.Locale)
	if err != nil {
		return err
	}
	if moved {
		if err := t.bump(ctx, TopicChannels); err != nil {
			return err
		}
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE accounts SET name = $2, domain = $3, support_email = $4, features = $5, limits = $6, settings = $7,
			custom_attributes = $8, updated_at = $9 WHERE id = $1`,
		a.ID, a.Name, a.Domain, a.SupportEmail, a.Features, a.Limits, a.Settings, a.CustomAttributes, t.now()); err != nil {
		return fmt.Errorf("store: update account: %w", err)
	}
	return nil
}

// Lists of an account that clients keep until they are told of a change.
const (
	CacheLabels  = "label"
	CacheInboxes = "inbox"
	CacheTeams   = "team"
)

// cacheLife is how long a change of such a list is remembered.
const cacheLife = 72 * time.Hour

// InvalidateCache notes that lists of an account changed, and raises the event by
// which clients learn it. For an account that is gone there is nothing to note.
func (t *Tx) InvalidateCache(ctx context.Context, accountID int64, lists ...string) error {
	for _, list := range lists {
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO account_cache_keys (account_id, kind, changed_at)
			SELECT a.id, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM accounts a WHERE a.id = $1
			ON CONFLICT (account_id, kind) DO UPDATE SET changed_at = excluded.changed_at`, accountID, list, t.now()); err != nil {
			return fmt.Errorf("store: invalidate cache: %w", err)
		}
	}
	return t.InsertOutbox(ctx, []OutboxRow{{AccountID: accountID, Kind: "account.cache_invalidated"}})
}

// CacheKeys says when each list of an account was last changed (microseconds), by
// its name. Lists that were not changed for long are absent.
func (s *Store) CacheKeys(ctx context.Context, accountID int64) (map[string]int64, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT kind, changed_at FROM account_cache_keys WHERE account_id = $1 AND changed_at > $2`,
		accountID, micros(s.now().Add(-cacheLife)))
	if err != nil {
		return nil, fmt.Errorf("store: cache keys: %w", err)
	}
	type key struct {
		kind string
		at   int64
	}
	list, err := collect(rows, "cache keys", func(k *key) []any { return []any{&k.kind, &k.at} })
	out := make(map[string]int64, len(list))
	for _, k := range list {
		out[k.kind] = k.at
	}
	return out, err
}
