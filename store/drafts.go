package store

import (
	"context"
	"fmt"
)

// Draft reads the draft of a conversation; ErrNotFound when there is none.
func (s *Store) Draft(ctx context.Context, conversationID int64) (string, error) {
	var message string
	err := s.r.QueryRowContext(ctx, `SELECT message FROM conversation_drafts WHERE conversation_id = $1`, conversationID).Scan(&message)
	if isNoRows(err) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("store: draft: %w", err)
	}
	return message, nil
}

// PutDraft stores the draft of a conversation that the caller has locked.
func (t *Tx) PutDraft(ctx context.Context, conversationID int64, message string) error {
	_, err := t.tx.ExecContext(ctx, `INSERT INTO conversation_drafts (conversation_id, message, updated_at) VALUES ($1, $2, $3)
		ON CONFLICT (conversation_id) DO UPDATE SET message = excluded.message, updated_at = excluded.updated_at`, conversationID, message, t.now())
	if err != nil {
		return fmt.Errorf("store: put draft: %w", err)
	}
	return nil
}

// DropDraft deletes the draft of a conversation, if there is one.
func (t *Tx) DropDraft(ctx context.Context, conversationID int64) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM conversation_drafts WHERE conversation_id = $1`, conversationID); err != nil {
		return fmt.Errorf("store: drop draft: %w", err)
	}
	return nil
}
