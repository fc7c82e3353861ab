package store

import (
	"context"
	"fmt"
	"time"
)

// Presence is what a driver needs to tell a contact that an agent is typing or has
// read.
type Presence struct {
	Outgoing              // without a message; LastIncomingID is set
	LastAttributes string // content_attributes of the last incoming message
}

// LoadPresence reads it for a conversation; ErrNotFound when it is gone.
func (s *Store) LoadPresence(ctx context.Context, conversationID int64) (Presence, error) {
	var p Presence
	c := &p.Conversation
	err := s.r.QueryRowContext(ctx, `SELECT c.id, c.account_id, c.inbox_id, c.contact_id, c.contact_inbox_id, c.display_id,
			c.additional_attributes, c.provider_state, c.last_incoming_at, ci.source_id, p.name, ci.opted_out_at IS NOT NULL,
			p.additional_attributes
		FROM conversations c JOIN contact_inboxes ci ON ci.id = c.contact_inbox_id JOIN contacts p ON p.id = c.contact_id
		WHERE c.id = $1`, conversationID).
		Scan(&c.ID, &c.AccountID, &c.InboxID, &c.ContactID, &c.ContactInboxID, &c.DisplayID, &c.Attributes, &c.State, &c.LastIncomingAt,
			&c.SourceID, &c.ContactName, &c.OptedOut, &c.ContactAttribute)
	if isNoRows(err) {
		return p, ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("store: load presence: %w", err)
	}
	p.AccountID, p.InboxID, p.ConversationID = c.AccountID, c.InboxID, c.ID
	err = s.r.QueryRowContext(ctx, `SELECT m.source_id, m.content_attributes FROM messages m
		WHERE m.conversation_id = $1 AND m.message_type = 0 AND m.source_id IS NOT NULL ORDER BY m.id DESC LIMIT 1`, conversationID).
		Scan(&p.LastIncomingID, &p.LastAttributes)
	if err != nil && !isNoRows(err) {
		return p, fmt.Errorf("store: load presence: %w", err)
	}
	return p, nil
}

// ShowTyping notes that the provider of a conversation is asked to show typing
// now, and tells whether it has to be: not while it still shows the last time,
// which lasts so long or until a reply arrives. updated_at stays.
func (t *Tx) ShowTyping(ctx context.Context, conversationID int64, lasts time.Duration) (bool, error) {
	// A reply among the newest messages is near enough: older ones are older than
	// any indicator.
	return t.changed(ctx, "show typing", `UPDATE conversations SET typing_shown_at = $2
		WHERE id = $1 AND (typing_shown_at IS NULL OR typing_shown_at <= $3 OR EXISTS (
			SELECT 1 FROM (SELECT m.message_type, m.private, m.created_at FROM messages m WHERE m.conversation_id = $1
				ORDER BY m.id DESC LIMIT 20) AS newest
			WHERE newest.message_type IN (1, 3) AND newest.private = FALSE AND newest.created_at > conversations.typing_shown_at))`,
		conversationID, t.now(), micros(t.Now.Add(-lasts)))
}

// EndTyping takes that back, and tells whether the provider still shows it.
func (t *Tx) EndTyping(ctx context.Context, conversationID int64, lasts time.Duration) (bool, error) {
	return t.changed(ctx, "end typing", `UPDATE conversations SET typing_shown_at = NULL WHERE id = $1 AND typing_shown_at > $2`,
		conversationID, micros(t.Now.Add(-lasts)))
}

// MarkRead notes that the provider of a conversation is told that the newest
// incoming message was read, and tells whether it has to be: not when it knows.
// updated_at stays.
func (t *Tx) MarkRead(ctx context.Context, conversationID int64) (bool, error) {
	return t.changed(ctx, "mark read", `UPDATE conversations SET read_marked_id = newest.id
		FROM (SELECT m.id FROM messages m WHERE m.conversation_id = $1 AND m.message_type = 0 AND m.source_id IS NOT NULL
			ORDER BY m.id DESC LIMIT 1) AS newest
		WHERE conversations.id = $1 AND COALESCE(conversations.read_marked_id, 0) < newest.id`, conversationID)
}

func (t *Tx) changed(ctx context.Context, what, query string, args ...any) (bool, error) {
	res, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return false, fmt.Errorf("store: %s: %w", what, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("store: %s: %w", what, err)
	}
	return n > 0, nil
}

// SeenByAgent notes that an agent has seen a conversation up to now; assignee says
// that it is the one to whom it is assigned. updated_at stays.
func (t *Tx) SeenByAgent(ctx context.Context, conversationID int64, assignee bool) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE conversations SET agent_last_seen_at = $2,
		assignee_last_seen_at = CASE WHEN $3 THEN $2 ELSE assignee_last_seen_at END WHERE id = $1`,
		conversationID, t.now(), assignee); err != nil {
		return fmt.Errorf("store: seen by agent: %w", err)
	}
	return nil
}

// UnseenByAgents makes the last incoming message of a conversation unread: it was
// seen until a second before. updated_at stays.
func (t *Tx) UnseenByAgents(ctx context.Context, conversationID int64) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE conversations SET agent_last_seen_at = seen.at, assignee_last_seen_at = seen.at
		FROM (SELECT (SELECT m.created_at - 1000000 FROM messages m WHERE m.conversation_id = $1 AND m.message_type = 0
			ORDER BY m.id DESC LIMIT 1) AS at) AS seen
		WHERE conversations.id = $1`, conversationID); err != nil {
		return fmt.Errorf("store: unseen by agents: %w", err)
	}
	return nil
}
