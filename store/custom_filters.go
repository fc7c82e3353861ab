package store

import (
	"context"
	"errors"
	"fmt"
)

// ErrFull says that there are as many as there may be.
var ErrFull = errors.New("store: no room for another")

// CustomFilterRow is a filter that a user has saved.
type CustomFilterRow struct {
	ID        int64
	AccountID int64
	UserID    int64
	Name      string
	Type      int    // 0 conversation, 1 contact, 2 report
	Query     string // JSON
	CreatedAt int64  // microseconds
	UpdatedAt int64
}

const customFilterColumns = `SELECT id, account_id, user_id, name, filter_type, query, created_at, updated_at FROM custom_filters
	WHERE user_id = $1 AND account_id = $2 `

func (r *CustomFilterRow) fields() []any {
	return []any{&r.ID, &r.AccountID, &r.UserID, &r.Name, &r.Type, &r.Query, &r.CreatedAt, &r.UpdatedAt}
}

// CustomFilters reads the filters of a type that a user has saved in an account, by id.
func (s *Store) CustomFilters(ctx context.Context, accountID, userID int64, kind int) ([]CustomFilterRow, error) {
	rows, err := s.r.QueryContext(ctx, customFilterColumns+`AND filter_type = $3 ORDER BY id`, userID, accountID, kind)
	if err != nil {
		return nil, fmt.Errorf("store: custom filters: %w", err)
	}
	return collect(rows, "custom filters", (*CustomFilterRow).fields)
}

// CustomFilter reads one; ErrNotFound when the user has none of that id in the account.
func (s *Store) CustomFilter(ctx context.Context, accountID, userID, id int64) (CustomFilterRow, error) {
	return readCustomFilter(ctx, s.r, accountID, userID, id, "")
}

func readCustomFilter(ctx context.Context, q queryer, accountID, userID, id int64, lock string) (CustomFilterRow, error) {
	var r CustomFilterRow
	err := q.QueryRowContext(ctx, customFilterColumns+`AND id = $3 `+lock, userID, accountID, id).Scan(r.fields()...)
	if isNoRows(err) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("store: custom filter: %w", err)
	}
	return r, nil
}

// InsertCustomFilter saves a filter and gives its id; ErrFull when the user has saved most
// of them in the account.
func (s *Store) InsertCustomFilter(ctx context.Context, r CustomFilterRow, most int) (id int64, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		// One at a time, so that two cannot both be the last one.
		if _, err := exists(ctx, t.tx, `SELECT 1 FROM account_users WHERE user_id = $1 AND account_id = $2 `+t.s.d.lockRow, r.UserID, r.AccountID); err != nil {
			return fmt.Errorf("store: insert custom filter: %w", err)
		}
		var n int
		query := `SELECT COUNT(*) FROM custom_filters WHERE user_id = $1 AND account_id = $2`
		if err := t.tx.QueryRowContext(ctx, query, r.UserID, r.AccountID).Scan(&n); err != nil {
			return fmt.Errorf("store: insert custom filter: %w", err)
		}
		if n >= most {
			return ErrFull
		}
		if err := t.tx.QueryRowContext(ctx, `INSERT INTO custom_filters (account_id, user_id, name, filter_type, query, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id`, r.AccountID, r.UserID, r.Name, r.Type, jsonObject(r.Query), t.now()).Scan(&id); err != nil {
			return fmt.Errorf("store: insert custom filter: %w", err)
		}
		return nil
	})
	return id, err
}

// ChangeCustomFilter lets change alter a filter and stores it; ErrNotFound when the user has none
// of that id in the account. An error of change's is given back, and nothing is stored.
func (s *Store) ChangeCustomFilter(ctx context.Context, accountID, userID, id int64, change func(*CustomFilterRow) error) error {
	return s.Transact(ctx, func(t *Tx) error {
		r, err := readCustomFilter(ctx, t.tx, accountID, userID, id, t.s.d.lock)
		if err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		if _, err := t.tx.ExecContext(ctx, `UPDATE custom_filters SET name = $2, filter_type = $3, query = $4, updated_at = $5 WHERE id = $1`,
			id, r.Name, r.Type, jsonObject(r.Query), t.now()); err != nil {
			return fmt.Errorf("store: update custom filter: %w", err)
		}
		return nil
	})
}

// DeleteCustomFilter deletes a filter; ErrNotFound when the user has none of that id in the
// account.
func (s *Store) DeleteCustomFilter(ctx context.Context, accountID, userID, id int64) error {
	return s.Transact(ctx, func(t *Tx) error {
		gone, err := t.changed(ctx, "delete custom filter", `DELETE FROM custom_filters WHERE user_id = $1 AND account_id = $2 AND id = $3`, userID, accountID, id)
		if err == nil && !gone {
			err = ErrNotFound
		}
		return err
	})
}
