package store

import (
	"context"
	"fmt"
)

// ParticipantAgents reads the members of an account who take part in a conversation,
// by id.
func (s *Store) ParticipantAgents(ctx context.Context, accountID, conversationID int64) ([]AgentRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+agentColumns+`
		FROM conversation_participants p JOIN account_users m ON m.account_id = $1 AND m.user_id = p.user_id JOIN users u ON u.id = m.user_id
		WHERE p.conversation_id = $2 ORDER BY u.id`, accountID, conversationID)
	if err != nil {
		return nil, fmt.Errorf("store: participants: %w", err)
	}
	return collect(rows, "participants", (*AgentRow).fields)
}

// RemoveParticipants takes users off a conversation.
func (t *Tx) RemoveParticipants(ctx context.Context, conversationID int64, userIDs []int64) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM conversation_participants
		WHERE conversation_id = $1 AND user_id IN (SELECT x.id FROM `+t.s.d.rows("$2", "id bigint")+`)`, conversationID, ids(userIDs))
	if err != nil {
		return fmt.Errorf("store: remove participants: %w", err)
	}
	return nil
}

// KeepParticipants takes all but these users off a conversation.
func (t *Tx) KeepParticipants(ctx context.Context, conversationID int64, userIDs []int64) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM conversation_participants
		WHERE conversation_id = $1 AND user_id NOT IN (SELECT x.id FROM `+t.s.d.rows("$2", "id bigint")+`)`, conversationID, ids(userIDs))
	if err != nil {
		return fmt.Errorf("store: keep participants: %w", err)
	}
	return nil
}

// InsertMentions notes that users were named in a conversation just now: each once,
// with the last time.
func (t *Tx) InsertMentions(ctx context.Context, c ConversationRow, userIDs []int64) error {
	if len(userIDs) == 0 {
		return nil
	}
	_, err := t.tx.ExecContext(ctx, `INSERT INTO mentions (conversation_id, user_id, account_id, mentioned_at)
		SELECT CAST($1 AS BIGINT), u.id, CAST($2 AS BIGINT), CAST($3 AS BIGINT)
		FROM (SELECT DISTINCT x.id FROM `+t.s.d.rows("$4", "id bigint")+`) AS u WHERE TRUE ORDER BY u.id
		ON CONFLICT (conversation_id, user_id) DO UPDATE SET mentioned_at = excluded.mentioned_at`, c.ID, c.AccountID, t.now(), ids(userIDs))
	if err != nil {
		return fmt.Errorf("store: insert mentions: %w", asConflict(err))
	}
	return nil
}
