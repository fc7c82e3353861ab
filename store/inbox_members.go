package store

import (
	"context"
	"fmt"
)

// InboxMember is a user's place in an inbox.
type InboxMember struct {
	ID      int64
	InboxID int64
	UserID  int64
}

func (m *InboxMember) fields() []any { return []any{&m.ID, &m.InboxID, &m.UserID} }

func (t *Tx) inboxMembers(ctx context.Context, what, query string, args ...any) ([]InboxMember, error) {
	rows, err := t.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return collect(rows, what, (*InboxMember).fields)
}

// InboxAgents reads the members of an account who are members of an inbox, by id.
func (s *Store) InboxAgents(ctx context.Context, accountID, inboxID int64) ([]AgentRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+agentColumns+`
		FROM inbox_members t JOIN account_users m ON m.account_id = $1 AND m.user_id = t.user_id JOIN users u ON u.id = m.user_id
		WHERE t.inbox_id = $2 ORDER BY u.id`, accountID, inboxID)
	if err != nil {
		return nil, fmt.Errorf("store: agents of inbox: %w", err)
	}
	return collect(rows, "agents of inbox", (*AgentRow).fields)
}

// AddInboxMembers adds users to an inbox and gives the new memberships: those who
// are in it stay what they are.
func (t *Tx) AddInboxMembers(ctx context.Context, inboxID int64, userIDs []int64) ([]InboxMember, error) {
	return t.inboxMembers(ctx, "add inbox members", `INSERT INTO inbox_members (inbox_id, user_id, created_at)
		SELECT CAST($2 AS BIGINT), u.id, CAST($3 AS BIGINT)
		FROM (SELECT DISTINCT x.id FROM `+t.s.d.rows("$1", "id bigint")+`) AS u
		WHERE TRUE ORDER BY u.id
		ON CONFLICT (inbox_id, user_id) DO NOTHING RETURNING id, inbox_id, user_id`, ids(userIDs), inboxID, t.now())
}

// RemoveInboxMembers takes users off an inbox and gives the memberships that ended.
func (t *Tx) RemoveInboxMembers(ctx context.Context, inboxID int64, userIDs []int64) ([]InboxMember, error) {
	return t.inboxMembers(ctx, "remove inbox members", `DELETE FROM inbox_members
		WHERE inbox_id = $2 AND user_id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`) RETURNING id, inbox_id, user_id`, ids(userIDs), inboxID)
}

// KeepInboxMembers takes all but these users off an inbox and gives the memberships
// that ended.
func (t *Tx) KeepInboxMembers(ctx context.Context, inboxID int64, userIDs []int64) ([]InboxMember, error) {
	return t.inboxMembers(ctx, "keep inbox members", `DELETE FROM inbox_members
		WHERE inbox_id = $2 AND user_id NOT IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`) RETURNING id, inbox_id, user_id`, ids(userIDs), inboxID)
}
