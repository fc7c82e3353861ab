package store

import (
	"context"
	"fmt"
)

// InboxOfSource finds the inbox of an account in which a contact has an address, the
// first of several; ErrNotFound when there is none.
func (s *Store) InboxOfSource(ctx context.Context, accountID int64, sourceID string) (int64, error) {
	var id int64
	// Inbox by inbox, as the index on source ids wants it.
	err := s.r.QueryRowContext(ctx, `SELECT n.id FROM inboxes n CROSS JOIN contact_inboxes s
		WHERE n.account_id = $1 AND s.inbox_id = n.id AND s.source_id = $2 ORDER BY n.id LIMIT 1`, accountID, sourceID).Scan(&id)
	if isNoRows(err) {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("store: inbox of source: %w", err)
	}
	return id, nil
}
