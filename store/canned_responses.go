package store

import (
	"context"
	"fmt"
)

// CannedResponseRow is a text that agents insert by its short code.
type CannedResponseRow struct {
	ID        int64
	AccountID int64
	ShortCode string
	Content   string
	CreatedAt int64 // microseconds
	UpdatedAt int64
}

func (r *CannedResponseRow) fields() []any {
	return []any{&r.ID, &r.AccountID, &r.ShortCode, &r.Content, &r.CreatedAt, &r.UpdatedAt}
}

const cannedColumns = `SELECT r.id, r.account_id, r.short_code, r.content, r.created_at, r.updated_at FROM canned_responses r WHERE r.account_id = $1 `

// CannedResponses reads those of an account, by id.
func (s *Store) CannedResponses(ctx context.Context, accountID int64) ([]CannedResponseRow, error) {
	rows, err := s.r.QueryContext(ctx, cannedColumns+`ORDER BY r.id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: canned responses: %w", err)
	}
	return collect(rows, "canned responses", (*CannedResponseRow).fields)
}

// CannedResponse reads one; ErrNotFound when the account has none of that id.
func (s *Store) CannedResponse(ctx context.Context, accountID, id int64) (CannedResponseRow, error) {
	return readCanned(ctx, s.r, accountID, id, "")
}

// LockCannedResponse reads one for a change.
func (t *Tx) LockCannedResponse(ctx context.Context, accountID, id int64) (CannedResponseRow, error) {
	return readCanned(ctx, t.tx, accountID, id, t.s.d.lockOf("r"))
}

func readCanned(ctx context.Context, q queryer, accountID, id int64, lock string) (CannedResponseRow, error) {
	var out CannedResponseRow
	err := q.QueryRowContext(ctx, cannedColumns+`AND r.id = $2 `+lock, accountID, id).Scan(out.fields()...)
	if isNoRows(err) {
		return out, ErrNotFound
	}
	if err != nil {
		return out, fmt.Errorf("store: canned response: %w", err)
	}
	return out, nil
}

// InsertCannedResponse stores one; ErrTaken when the account has one of that short
// code.
func (t *Tx) InsertCannedResponse(ctx context.Context, in CannedResponseRow) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO canned_responses (account_id, short_code, content, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $4) ON CONFLICT (account_id, short_code) DO NOTHING RETURNING id`,
		in.AccountID, in.ShortCode, in.Content, t.now()).Scan(&id)
	if isNoRows(err) {
		return 0, ErrTaken
	}
	if err != nil {
		return 0, fmt.Errorf("store: insert canned response: %w", err)
	}
	return id, nil
}

// UpdateCannedResponse stores one as it shall be; ErrTaken when another one has its
// short code. The transaction is over then.
func (t *Tx) UpdateCannedResponse(ctx context.Context, in CannedResponseRow) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE canned_responses SET short_code = $2, content = $3, updated_at = $4 WHERE id = $1`,
		in.ID, in.ShortCode, in.Content, t.now())
	if uniqueViolation(err) {
		return ErrTaken
	}
	if err != nil {
		return fmt.Errorf("store: update canned response: %w", err)
	}
	return nil
}

// DeleteCannedResponse deletes one with its hold on its files.
func (t *Tx) DeleteCannedResponse(ctx context.Context, in CannedResponseRow) error {
	if err := t.KeepFiles(ctx, in.AccountID, KeptByCannedResponse, in.ID, nil); err != nil {
		return err
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM canned_responses WHERE id = $1`, in.ID); err != nil {
		return fmt.Errorf("store: delete canned response: %w", err)
	}
	return nil
}
