package store

import (
	"context"
	"fmt"
)

// ConversationFile is an attachment with who sent it, and when.
type ConversationFile struct {
	AttachmentRow
	AccountID  int64
	SenderType *string
	SenderID   *int64
	SentAt     int64 // microseconds
}

// ConversationFiles reads a page of what was attached to the messages of a
// conversation, newest first, and how much there is.
func (s *Store) ConversationFiles(ctx context.Context, conversationID int64, limit, offset int) ([]ConversationFile, int, error) {
	var total int
	err := s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM messages m JOIN attachments a ON a.message_id = m.id WHERE m.conversation_id = $1`,
		conversationID).Scan(&total)
	if err != nil {
		return nil, 0, fmt.Errorf("store: count files of conversation: %w", err)
	}
	rows, err := s.r.QueryContext(ctx, `SELECT a.message_id, m.account_id, m.sender_type, m.sender_id, m.created_at, `+attachmentColumns+`
		FROM messages m JOIN attachments a ON a.message_id = m.id WHERE m.conversation_id = $1
		ORDER BY m.id DESC, a.id DESC LIMIT $2 OFFSET $3`, conversationID, limit, offset)
	if err != nil {
		return nil, 0, fmt.Errorf("store: files of conversation: %w", err)
	}
	list, err := collect(rows, "files of conversation", func(f *ConversationFile) []any {
		return append([]any{&f.MessageID, &f.AccountID, &f.SenderType, &f.SenderID, &f.SentAt}, f.fields()...)
	})
	return list, total, err
}
