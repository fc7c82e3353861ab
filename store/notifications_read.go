package store

import (
	"context"
	"fmt"
)

// Which message of a conversation a notification quotes, where it is about none.
const (
	QuoteFirst  = 1 // the first that there was
	QuoteLatest = 2 // the contact's latest, else the latest that was sent
)

// QuotedMessages reads one message of each conversation of an account, by
// conversation: the one that want says. Conversations without such a message are
// absent.
func (s *Store) QuotedMessages(ctx context.Context, accountID int64, want map[int64]int) (map[int64]MessageRow, error) {
	out := make(map[int64]MessageRow, len(want))
	if len(want) == 0 {
		return out, nil
	}
	keys := make([][]any, 0, len(want))
	for id, which := range want {
		keys = append(keys, []any{id, which})
	}
	set, err := rowSet(keys)
	if err != nil {
		return nil, fmt.Errorf("store: quoted messages: %w", err)
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+messageColumns+` FROM `+s.d.rows("$2", "id bigint", "which integer")+` CROSS JOIN messages m
		WHERE m.account_id = $1 AND m.id = CASE WHEN x.which = 1
			THEN (SELECT k.id FROM messages k WHERE k.conversation_id = x.id ORDER BY k.id LIMIT 1)
			ELSE COALESCE(
				(SELECT k.id FROM messages k WHERE k.conversation_id = x.id AND k.message_type = 0 ORDER BY k.id DESC LIMIT 1),
				(SELECT k.id FROM messages k WHERE k.conversation_id = x.id AND k.message_type = 1 ORDER BY k.id DESC LIMIT 1)) END`,
		accountID, set)
	if err != nil {
		return nil, fmt.Errorf("store: quoted messages: %w", err)
	}
	list, err := collect(rows, "quoted messages", (*MessageRow).fields)
	if err != nil {
		return nil, err
	}
	if err := s.addAttachments(ctx, list); err != nil {
		return nil, err
	}
	for _, m := range list {
		out[m.ConversationID] = m
	}
	return out, nil
}

// HasConversation tells whether an account has a conversation with that id in the
// database.
func (s *Store) HasConversation(ctx context.Context, accountID, id int64) (bool, error) {
	found, err := exists(ctx, s.r, `SELECT 1 FROM conversations WHERE id = $1 AND account_id = $2`, id, accountID)
	if err != nil {
		return false, fmt.Errorf("store: has conversation: %w", err)
	}
	return found, nil
}
