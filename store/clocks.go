package store

import (
	"context"
	"fmt"
	"time"
)

// DueSnoozed are at most limit snoozed conversations that are to open at a moment
// after since and not after until, those that are due first.
func (s *Store) DueSnoozed(ctx context.Context, since, until time.Time, limit int) ([]int64, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT c.id FROM conversations c WHERE c.snoozed_until > $1 AND c.snoozed_until <= $2 AND c.status = 3
		ORDER BY c.snoozed_until, c.id LIMIT $3`, micros(since), micros(until), limit)
	if err != nil {
		return nil, fmt.Errorf("store: due snoozed: %w", err)
	}
	return collect(rows, "due snoozed", func(id *int64) []any { return []any{id} })
}

// ResolvingAccount is an account that may end conversations in which nothing happens.
type ResolvingAccount struct {
	ID       int64
	Settings string // JSON
}

// ResolvingAccounts reads the active accounts whose settings name auto_resolve_after.
func (s *Store) ResolvingAccounts(ctx context.Context) ([]ResolvingAccount, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT id, settings FROM accounts WHERE status = 0 AND settings LIKE '%"auto_resolve_after"%' ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("store: resolving accounts: %w", err)
	}
	return collect(rows, "resolving accounts", func(a *ResolvingAccount) []any { return []any{&a.ID, &a.Settings} })
}

// IdleConversations are at most limit open conversations of an account in which nothing
// happened since a moment, with answered only those in which nobody waits; those in
// which nothing happened for longest first.
func (s *Store) IdleConversations(ctx context.Context, accountID int64, since time.Time, answered bool, limit int) ([]int64, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT c.id FROM conversations c WHERE c.account_id = $1 AND c.status = 0 AND c.last_activity_at < $2
		AND (NOT $3 OR c.waiting_since IS NULL) ORDER BY c.last_activity_at, c.id LIMIT $4`, accountID, micros(since), answered, limit)
	if err != nil {
		return nil, fmt.Errorf("store: idle conversations: %w", err)
	}
	return collect(rows, "idle conversations", func(id *int64) []any { return []any{id} })
}

// Surveyed is a conversation whose contact is to be asked how it went.
type Surveyed struct{ AccountID, ID int64 }

// ToSurvey are those of the conversations whose inbox asks and that were not asked
// about yet, by id.
func (t *Tx) ToSurvey(ctx context.Context, conversationIDs []int64) ([]Surveyed, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT c.account_id, c.id
		FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN conversations c CROSS JOIN inboxes i
		WHERE c.id = x.id AND i.id = c.inbox_id AND i.csat_survey_enabled = TRUE
			AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND m.content_type = 9)
		ORDER BY c.id`, ids(conversationIDs))
	if err != nil {
		return nil, fmt.Errorf("store: conversations to survey: %w", err)
	}
	return collect(rows, "conversations to survey", func(s *Surveyed) []any { return []any{&s.AccountID, &s.ID} })
}

// SurveyConfig reads how an inbox asks: csat_config, as JSON.
func (t *Tx) SurveyConfig(ctx context.Context, inboxID int64) (string, error) {
	var config string
	err := t.tx.QueryRowContext(ctx, `SELECT csat_config FROM inboxes WHERE id = $1`, inboxID).Scan(&config)
	if isNoRows(err) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("store: survey config: %w", err)
	}
	return config, nil
}
