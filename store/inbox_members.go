package store

import (
	"context"
	"fmt"
)

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

// AddInboxMembers adds users to an inbox and gives the new places: those who are in it
// stay what they are.
func (t *Tx) AddInboxMembers(ctx context.Context, inboxID int64, userIDs []int64) ([]Place, error) {
	return t.addPlaces(ctx, inboxPlaces, inboxID, userIDs)
}

// RemoveInboxMembers takes users off an inbox and gives the places that ended.
func (t *Tx) RemoveInboxMembers(ctx context.Context, inboxID int64, userIDs []int64) ([]Place, error) {
	return t.removePlaces(ctx, inboxPlaces, inboxID, userIDs, "IN")
}

// KeepInboxMembers takes all but these users off an inbox and gives the places that
// ended.
func (t *Tx) KeepInboxMembers(ctx context.Context, inboxID int64, userIDs []int64) ([]Place, error) {
	return t.removePlaces(ctx, inboxPlaces, inboxID, userIDs, "NOT IN")
}
