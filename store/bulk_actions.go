package store

import (
	"context"
	"fmt"
)

// States of bulk actions.
const (
	BulkWaiting = "waiting"
	BulkRunning = "running"
	BulkDone    = "done"
)

// BulkAction is a change of many conversations.
type BulkAction struct {
	ID         int64
	AccountID  int64
	UserID     int64 // who wants it
	State      string
	Request    string // JSON
	Failures   string // JSON list
	Total      int64
	Done       int64
	Failed     int64
	Cursor     int64  // where it goes on
	CreatedAt  int64  // microseconds
	FinishedAt *int64 // nil: not yet
}

func (b *BulkAction) fields() []any {
	return []any{
		&b.ID, &b.AccountID, &b.UserID, &b.State, &b.Request, &b.Failures, &b.Total, &b.Done, &b.Failed, &b.Cursor, &b.CreatedAt, &b.FinishedAt,
	}
}

// InsertBulkAction stores one that waits and gives its id.
func (t *Tx) InsertBulkAction(ctx context.Context, b BulkAction) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO bulk_actions (account_id, user_id, state, request, total, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id`, b.AccountID, b.UserID, BulkWaiting, b.Request, b.Total, t.now()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("store: insert bulk action: %w", err)
	}
	return id, nil
}

// BulkAction reads one; ErrNotFound when the account has none of that id.
func (s *Store) BulkAction(ctx context.Context, accountID, id int64) (BulkAction, error) {
	var b BulkAction
	err := s.r.QueryRowContext(ctx, `SELECT b.id, b.account_id, b.user_id, b.state, b.request, b.failures, b.total, b.done, b.failed, b.cursor_id,
			b.created_at, b.finished_at
		FROM bulk_actions b WHERE b.account_id = $1 AND b.id = $2`, accountID, id).Scan(b.fields()...)
	if isNoRows(err) {
		return b, ErrNotFound
	}
	if err != nil {
		return b, fmt.Errorf("store: bulk action: %w", err)
	}
	return b, nil
}

// ProgressBulkAction stores how far one is: its State, Failures, Total, Done, Failed
// and Cursor.
func (t *Tx) ProgressBulkAction(ctx context.Context, b BulkAction) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE bulk_actions SET state = $2, failures = $3, total = $4, done = $5, failed = $6, cursor_id = $7,
			updated_at = $8, finished_at = CASE WHEN CAST($2 AS TEXT) = 'done' THEN CAST($8 AS BIGINT) END
		WHERE id = $1`, b.ID, b.State, b.Failures, b.Total, b.Done, b.Failed, b.Cursor, t.now()); err != nil {
		return fmt.Errorf("store: progress of bulk action: %w", err)
	}
	return nil
}

// DropBulkActions forgets at most limit bulk actions that ended before a moment
// (microseconds) and gives how many those were.
func (s *Store) DropBulkActions(ctx context.Context, before int64, limit int) (int64, error) {
	res, err := s.w.ExecContext(ctx, `DELETE FROM bulk_actions WHERE id IN (
		SELECT id FROM bulk_actions WHERE finished_at IS NOT NULL AND finished_at < $1 ORDER BY finished_at LIMIT $2)`, before, limit)
	if err != nil {
		return 0, fmt.Errorf("store: drop bulk actions: %w", err)
	}
	return res.RowsAffected()
}

// ConversationNumbers are the display ids of the conversations that a filter finds, in
// ascending order.
func (s *Store) ConversationNumbers(ctx context.Context, f ConversationFilter) ([]int64, error) {
	c := s.conversationClause(f)
	c.assignee(f)
	rows, err := s.reading(f.Matching)(ctx, `SELECT c.display_id FROM conversations c WHERE `+c.where()+` ORDER BY c.display_id`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("store: numbers of conversations: %w", err)
	}
	return collect(rows, "numbers of conversations", func(id *int64) []any { return []any{id} })
}
