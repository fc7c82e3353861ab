package store

import (
	"context"
	"fmt"
)

// Visibilities of macros.
const (
	MacroPersonal = 0 // its author's
	MacroGlobal   = 1 // everybody's in the account
)

// MacroRow is a list of actions that a member carries out at once.
type MacroRow struct {
	ID          int64
	AccountID   int64
	Name        string
	Visibility  int
	CreatedByID *int64 // nil: the author is gone
	UpdatedByID *int64
	Actions     string // JSON list
}

func (m *MacroRow) fields() []any {
	return []any{&m.ID, &m.AccountID, &m.Name, &m.Visibility, &m.CreatedByID, &m.UpdatedByID, &m.Actions}
}

const macroColumns = `SELECT m.id, m.account_id, m.name, m.visibility, m.created_by_id, m.updated_by_id, m.actions FROM macros m
	WHERE m.account_id = $1 `

// Macros reads those of an account that a user may run, by id: everybody's and their
// own.
func (s *Store) Macros(ctx context.Context, accountID, userID int64) ([]MacroRow, error) {
	rows, err := s.r.QueryContext(ctx, macroColumns+`AND (m.visibility = 1 OR m.created_by_id = $2) ORDER BY m.id`, accountID, userID)
	if err != nil {
		return nil, fmt.Errorf("store: macros: %w", err)
	}
	return collect(rows, "macros", (*MacroRow).fields)
}

// Macro reads one; ErrNotFound when the account has none of that id.
func (s *Store) Macro(ctx context.Context, accountID, id int64) (MacroRow, error) {
	return readMacro(ctx, s.r, accountID, id, "")
}

// LockMacro reads a macro for a change.
func (t *Tx) LockMacro(ctx context.Context, accountID, id int64) (MacroRow, error) {
	return readMacro(ctx, t.tx, accountID, id, t.s.d.lockOf("m"))
}

func readMacro(ctx context.Context, q queryer, accountID, id int64, lock string) (MacroRow, error) {
	var out MacroRow
	err := q.QueryRowContext(ctx, macroColumns+`AND m.id = $2 `+lock, accountID, id).Scan(out.fields()...)
	if isNoRows(err) {
		return out, ErrNotFound
	}
	if err != nil {
		return out, fmt.Errorf("store: macro: %w", err)
	}
	return out, nil
}

// InsertMacro stores a macro and gives its id.
func (t *Tx) InsertMacro(ctx context.Context, m MacroRow) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO macros (account_id, name, visibility, created_by_id, updated_by_id, actions, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING id`,
		m.AccountID, m.Name, m.Visibility, m.CreatedByID, m.UpdatedByID, m.Actions, t.now()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("store: insert macro: %w", err)
	}
	return id, nil
}

// UpdateMacro stores a macro as it shall be.
func (t *Tx) UpdateMacro(ctx context.Context, m MacroRow) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE macros SET name = $2, visibility = $3, updated_by_id = $4, actions = $5, updated_at = $6 WHERE id = $1`,
		m.ID, m.Name, m.Visibility, m.UpdatedByID, m.Actions, t.now()); err != nil {
		return fmt.Errorf("store: update macro: %w", err)
	}
	return nil
}

// DeleteMacro deletes a macro with its hold on its files.
func (t *Tx) DeleteMacro(ctx context.Context, m MacroRow) error {
	if err := t.KeepFiles(ctx, m.AccountID, KeptByMacro, m.ID, nil); err != nil {
		return err
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM macros WHERE id = $1`, m.ID); err != nil {
		return fmt.Errorf("store: delete macro: %w", err)
	}
	return nil
}
