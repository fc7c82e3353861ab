package store

import (
	"context"
	"fmt"
)

// UpdateConversation stores what agents change about a conversation: its status,
// priority, assignee, team, snooze, clocks of waiting, first reply and activity, and
// attributes.
// The moment of the change is c.UpdatedAt, which never goes back: the caller has the
// row locked.
func (t *Tx) UpdateConversation(ctx context.Context, c ConversationRow) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE conversations SET status = $2, priority = $3, assignee_id = $4, team_id = $5,
			snoozed_until = $6, first_reply_created_at = $7, waiting_since = $8, additional_attributes = $9, custom_attributes = $10,
			last_activity_at = $11, updated_at = $12
		WHERE id = $1`, c.ID, c.Status, c.Priority, c.AssigneeID, c.TeamID, c.SnoozedUntil, c.FirstReplyAt, c.WaitingSince,
		jsonObject(c.Attributes), jsonObject(c.CustomAttributes), c.LastActivityAt, c.UpdatedAt)
	if err != nil {
		return fmt.Errorf("store: update conversation: %w", asConflict(err))
	}
	return nil
}

// ConversationLabels reads the labels of a conversation, in the order of the alphabet.
func (t *Tx) ConversationLabels(ctx context.Context, conversationID int64) ([]string, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT label FROM conversation_labels WHERE conversation_id = $1 ORDER BY label`, conversationID)
	if err != nil {
		return nil, fmt.Errorf("store: labels: %w", err)
	}
	return collect(rows, "labels", func(s *string) []any { return []any{s} })
}

// ChangeConversationLabels adds and takes off labels of a conversation that the caller
// has locked.
func (t *Tx) ChangeConversationLabels(ctx context.Context, c ConversationRow, add, remove []string) error {
	if len(add) > 0 {
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO conversation_labels (conversation_id, account_id, label)
			SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), x.v FROM `+t.s.d.rows("$3", "v text")+` WHERE TRUE ON CONFLICT DO NOTHING`,
			c.ID, c.AccountID, ids(add)); err != nil {
			return fmt.Errorf("store: add labels: %w", asConflict(err))
		}
	}
	if len(remove) > 0 {
		if _, err := t.tx.ExecContext(ctx, `DELETE FROM conversation_labels WHERE conversation_id = $1
			AND label IN (SELECT x.v FROM `+t.s.d.rows("$2", "v text")+`)`, c.ID, ids(remove)); err != nil {
			return fmt.Errorf("store: remove labels: %w", err)
		}
	}
	return nil
}

// BlockContact blocks a contact, or lets them write again.
func (t *Tx) BlockContact(ctx context.Context, contactID int64, blocked bool) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE contacts SET blocked = $2, updated_at = $3 WHERE id = $1`, contactID, blocked, t.now())
	if err != nil {
		return fmt.Errorf("store: block contact: %w", err)
	}
	return nil
}

// Assignee is a member of an account to whom a conversation may be given.
type Assignee struct {
	ID   int64
	Name string
	// Inbox: they see the conversation's inbox, as its members and administrators do.
	Inbox bool
}

// Assignee reads a member of an account; ErrNotFound when they are none.
func (t *Tx) Assignee(ctx context.Context, accountID, inboxID, userID int64) (Assignee, error) {
	a := Assignee{ID: userID}
	err := t.tx.QueryRowContext(ctx, `SELECT u.name, m.role = 1 OR EXISTS (SELECT 1 FROM inbox_members i WHERE i.inbox_id = $3 AND i.user_id = $2)
		FROM account_users m JOIN users u ON u.id = m.user_id WHERE m.account_id = $1 AND m.user_id = $2`, accountID, userID, inboxID).
		Scan(&a.Name, &a.Inbox)
	if isNoRows(err) {
		return a, ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("store: assignee: %w", err)
	}
	return a, nil
}

// TeamHas tells whether a user is in a team.
func (t *Tx) TeamHas(ctx context.Context, teamID, userID int64) (bool, error) {
	var has bool
	err := t.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM team_members WHERE team_id = $1 AND user_id = $2)`, teamID, userID).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("store: team member: %w", err)
	}
	return has, nil
}

// AddParticipants makes users take part in a conversation, as far as they see its
// inbox, and gives those who did not before, in ascending order.
func (t *Tx) AddParticipants(ctx context.Context, c ConversationRow, userIDs []int64) ([]int64, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	rows, err := t.tx.QueryContext(ctx, `INSERT INTO conversation_participants (conversation_id, user_id, account_id, created_at)
		SELECT CAST($1 AS BIGINT), m.user_id, m.account_id, CAST($4 AS BIGINT) FROM `+t.s.d.rows("$5", "id bigint")+` CROSS JOIN account_users m
		WHERE m.account_id = $2 AND m.user_id = x.id
			AND (m.role = 1 OR EXISTS (SELECT 1 FROM inbox_members i WHERE i.inbox_id = $3 AND i.user_id = m.user_id))
		ORDER BY m.user_id
		ON CONFLICT DO NOTHING RETURNING user_id`, c.ID, c.AccountID, c.InboxID, t.now(), ids(userIDs))
	if err != nil {
		return nil, fmt.Errorf("store: add participants: %w", asConflict(err))
	}
	return collect(rows, "add participants", func(id *int64) []any { return []any{id} })
}
