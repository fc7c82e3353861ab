package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// CustomRoleRow is a custom role of an account.
type CustomRoleRow struct {
	ID          int64
	AccountID   int64
	Name        string
	Description *string
	Permissions []string
	CreatedAt   int64 // microseconds
	UpdatedAt   int64
}

// texts is a stored list of texts, as JSON; NULL is none.
type texts []string

// Scan implements sql.Scanner.
func (l *texts) Scan(v any) error {
	*l = nil
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), l)
	case []byte:
		return json.Unmarshal(v, l)
	}
	return fmt.Errorf("a list is stored as %T", v)
}

// stored is the list as JSON.
func (l texts) stored() (string, error) {
	if l == nil {
		return "[]", nil
	}
	b, err := json.Marshal(l)
	return string(b), err
}

const customRoleColumns = `SELECT id, account_id, name, description, permissions, created_at, updated_at FROM custom_roles WHERE account_id = $1 `

func (r *CustomRoleRow) fields() []any {
	return []any{&r.ID, &r.AccountID, &r.Name, &r.Description, (*texts)(&r.Permissions), &r.CreatedAt, &r.UpdatedAt}
}

// CustomRoles reads the custom roles of an account by id.
func (s *Store) CustomRoles(ctx context.Context, accountID int64) ([]CustomRoleRow, error) {
	rows, err := s.r.QueryContext(ctx, customRoleColumns+`ORDER BY id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: custom roles: %w", err)
	}
	return collect(rows, "custom roles", (*CustomRoleRow).fields)
}

// CustomRole reads one; ErrNotFound when the account has none of that id.
func (s *Store) CustomRole(ctx context.Context, accountID, id int64) (CustomRoleRow, error) {
	return readCustomRole(ctx, s.r, accountID, id, "")
}

// LockCustomRole reads a custom role that is about to be changed or given to a
// member: nobody deletes it until the transaction ends.
func (t *Tx) LockCustomRole(ctx context.Context, accountID, id int64) (CustomRoleRow, error) {
	return readCustomRole(ctx, t.tx, accountID, id, t.s.d.lockRow)
}

func readCustomRole(ctx context.Context, q queryer, accountID, id int64, lock string) (CustomRoleRow, error) {
	var r CustomRoleRow
	err := q.QueryRowContext(ctx, customRoleColumns+`AND id = $2 `+lock, accountID, id).Scan(r.fields()...)
	if isNoRows(err) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("store: custom role: %w", err)
	}
	return r, nil
}

// InsertCustomRole stores a custom role and gives its id.
func (s *Store) InsertCustomRole(ctx context.Context, r CustomRoleRow) (id int64, err error) {
	permissions, err := texts(r.Permissions).stored()
	if err != nil {
		return 0, fmt.Errorf("store: insert custom role: %w", err)
	}
	err = s.Transact(ctx, func(t *Tx) error {
		if err := t.tx.QueryRowContext(ctx, `INSERT INTO custom_roles (account_id, name, description, permissions, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $5) RETURNING id`, r.AccountID, r.Name, r.Description, permissions, t.now()).Scan(&id); err != nil {
			return fmt.Errorf("store: insert custom role: %w", err)
		}
		return nil
	})
	return id, err
}

// ChangeCustomRole lets change alter a custom role and stores it; ErrNotFound when
// the account has none of that id. An error of change's is given back, and nothing
// is stored.
func (s *Store) ChangeCustomRole(ctx context.Context, accountID, id int64, change func(*CustomRoleRow) error) error {
	return s.Transact(ctx, func(t *Tx) error {
		r, err := t.LockCustomRole(ctx, accountID, id)
		if err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		permissions, err := texts(r.Permissions).stored()
		if err != nil {
			return fmt.Errorf("store: update custom role: %w", err)
		}
		if _, err := t.tx.ExecContext(ctx, `UPDATE custom_roles SET name = $2, description = $3, permissions = $4, updated_at = $5 WHERE id = $1`,
			id, r.Name, r.Description, permissions, t.now()); err != nil {
			return fmt.Errorf("store: update custom role: %w", err)
		}
		return nil
	})
}

// DeleteCustomRole deletes a custom role; who has it has none afterwards.
// ErrNotFound when the account has none of that id.
func (s *Store) DeleteCustomRole(ctx context.Context, accountID, id int64) error {
	return s.Transact(ctx, func(t *Tx) error {
		gone, err := t.changed(ctx, "delete custom role", `DELETE FROM custom_roles WHERE account_id = $1 AND id = $2`, accountID, id)
		if err != nil {
			return err
		}
		if !gone {
			return ErrNotFound
		}
		// After it, so that a member who was just given the role is seen.
		if _, err := t.tx.ExecContext(ctx, `UPDATE account_users SET custom_role_id = NULL, updated_at = $3
			WHERE account_id = $1 AND custom_role_id = $2`, accountID, id, t.now()); err != nil {
			return fmt.Errorf("store: delete custom role: %w", err)
		}
		return nil
	})
}
