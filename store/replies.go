package store

import (
	"context"
	"fmt"
	"time"
)

// ConversationRow is a conversation as a use-case needs it.
type ConversationRow struct {
	ID               int64
	AccountID        int64
	InboxID          int64
	ContactID        int64
	ContactInboxID   int64
	DisplayID        int64
	Status           int
	Priority         *int
	AssigneeID       *int64
	TeamID           *int64
	CampaignID       *int64 // which made it; nil: none did
	Attributes       string // additional_attributes
	CustomAttributes string
	State            string // of the driver
	FirstReplyAt     *int64
	WaitingSince     *int64
	LastIncomingAt   *int64
	SnoozedUntil     *int64
	LastActivityAt   int64
	UpdatedAt        int64
	SourceID         string
	ContactName      string
	ContactBlocked   bool
	OptedOut         bool
	ContactAttribute string // contact additional_attributes
}

// LockConversation reads a conversation by its display id and locks it until the
// transaction ends.
func (t *Tx) LockConversation(ctx context.Context, accountID, displayID int64) (ConversationRow, error) {
	return t.conversation(ctx, `c.account_id = $1 AND c.display_id = $2`, accountID, displayID)
}

// ConversationByID reads one by its database id, locked.
func (t *Tx) ConversationByID(ctx context.Context, id int64) (ConversationRow, error) {
	return t.conversation(ctx, `c.id = $1`, id)
}

const conversationRowColumns = `SELECT c.id, c.account_id, c.inbox_id, c.contact_id, c.contact_inbox_id, c.display_id, c.status,
		c.priority, c.assignee_id, c.team_id, c.campaign_id, c.additional_attributes, c.custom_attributes, c.first_reply_created_at, c.waiting_since,
		c.last_incoming_at, c.snoozed_until, c.last_activity_at, c.updated_at, ci.source_id, p.name, p.blocked, ci.opted_out_at IS NOT NULL, p.additional_attributes
	FROM conversations c JOIN contact_inboxes ci ON ci.id = c.contact_inbox_id JOIN contacts p ON p.id = c.contact_id `

func (c *ConversationRow) fields() []any {
	return []any{
		&c.ID, &c.AccountID, &c.InboxID, &c.ContactID, &c.ContactInboxID, &c.DisplayID, &c.Status,
		&c.Priority, &c.AssigneeID, &c.TeamID, &c.CampaignID, &c.Attributes, &c.CustomAttributes, &c.FirstReplyAt, &c.WaitingSince, &c.LastIncomingAt,
		&c.SnoozedUntil, &c.LastActivityAt, &c.UpdatedAt, &c.SourceID, &c.ContactName, &c.ContactBlocked, &c.OptedOut, &c.ContactAttribute,
	}
}

func (t *Tx) conversation(ctx context.Context, where string, args ...any) (ConversationRow, error) {
	var c ConversationRow
	err := t.tx.QueryRowContext(ctx, conversationRowColumns+`WHERE `+where+` `+t.s.d.lockOf("c"), args...).Scan(c.fields()...)
	if isNoRows(err) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("store: conversation: %w", err)
	}
	return c, nil
}

// Written is a message written here, by an agent, a bot or the desk itself.
type Written struct {
	AccountID            int64
	InboxID              int64
	ConversationID       int64
	Type                 int
	ContentType          int
	Content              *string
	Attributes           string // content_attributes
	AdditionalAttributes string
	Private              bool
	SourceID             string
	IngestKey            string
	SenderType           string
	SenderID             int64
}

// InsertWritten stores it and gives its id.
func (t *Tx) InsertWritten(ctx context.Context, m Written) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO messages (account_id, inbox_id, conversation_id, message_type, content_type, content,
			content_attributes, additional_attributes, private, source_id, ingest_key, sender_type, sender_id, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14) RETURNING id`,
		m.AccountID, m.InboxID, m.ConversationID, m.Type, m.ContentType, m.Content, jsonObject(m.Attributes),
		jsonObject(m.AdditionalAttributes), m.Private, nilIfEmpty(m.SourceID), nilIfEmpty(m.IngestKey),
		nilIfEmpty(m.SenderType), nilIfZero(m.SenderID), t.now()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("store: insert message: %w", asConflict(err))
	}
	return id, nil
}

// ConversationReplied updates the clocks of a conversation after a message was
// written in it.
type ConversationReplied struct {
	ID           int64
	FirstReply   bool // this is the first answer of a person
	ClearWaiting bool
	Incoming     bool // API inbox: it was the contact's message
	Reopen       bool
	ReopenAs     int // the status then
}

// TouchReplied applies it. Neither the last activity nor the last change goes back.
func (t *Tx) TouchReplied(ctx context.Context, c ConversationReplied) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE conversations SET
			last_activity_at = CASE WHEN last_activity_at > $2 THEN last_activity_at ELSE $2 END,
			updated_at = CASE WHEN updated_at > $2 THEN updated_at ELSE $2 END,
			first_reply_created_at = CASE WHEN $3 THEN $2 ELSE first_reply_created_at END,
			waiting_since = CASE WHEN $4 THEN NULL WHEN $5 THEN COALESCE(waiting_since, $2) ELSE waiting_since END,
			last_incoming_at = CASE WHEN $5 THEN $2 ELSE last_incoming_at END,
			status = CASE WHEN $6 THEN CAST($7 AS INTEGER) ELSE status END,
			snoozed_until = CASE WHEN $6 THEN NULL ELSE snoozed_until END
		WHERE id = $1`, c.ID, t.now(), c.FirstReply, c.ClearWaiting, c.Incoming, c.Reopen, c.ReopenAs)
	if err != nil {
		return fmt.Errorf("store: touch conversation: %w", err)
	}
	return nil
}

// WrittenSince counts the messages of a conversation after a moment, up to
// limit.
func (t *Tx) WrittenSince(ctx context.Context, conversationID int64, since time.Time, limit int) (int, error) {
	var n int
	err := t.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT created_at FROM messages WHERE conversation_id = $1
		ORDER BY id DESC LIMIT $2) AS newest WHERE created_at > $3`, conversationID, limit, micros(since)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: count messages: %w", err)
	}
	return n, nil
}

// MessageInConversation finds a message by id or, with id 0, by source id, for
// replies that quote it.
func (t *Tx) MessageInConversation(ctx context.Context, conversationID, id int64, sourceID string) (foundID int64, foundSource string, err error) {
	// Two statements, since one with OR would read the whole conversation.
	query, key := `SELECT id, COALESCE(source_id, '') FROM messages WHERE conversation_id = $1 AND id = $2`, any(id)
	if id == 0 {
		query, key = `SELECT id, source_id FROM messages WHERE conversation_id = $1 AND source_id = $2 ORDER BY id DESC LIMIT 1`, any(sourceID)
	}
	err = t.tx.QueryRowContext(ctx, query, conversationID, key).Scan(&foundID, &foundSource)
	if isNoRows(err) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("store: quoted message: %w", err)
	}
	return foundID, foundSource, nil
}

// SendableMessage is a stored message that a retry wants to send again.
type SendableMessage struct {
	ID             int64
	ConversationID int64
	InboxID        int64
	Type           int
	Private        bool
	Status         int
	SourceID       string
	PartsSent      int
	Queued         bool // its delivery waits, or is under way
}

// LockMessage reads a message of a conversation for a change.
func (t *Tx) LockMessage(ctx context.Context, conversationID, id int64) (SendableMessage, error) {
	var m SendableMessage
	err := t.tx.QueryRowContext(ctx, `SELECT m.id, m.conversation_id, m.inbox_id, m.message_type, m.private, m.status, COALESCE(m.source_id, ''),
			(SELECT COALESCE(MIN(CASE WHEN p.failed THEN p.part END), MAX(p.part) + 1, 0) FROM message_provider_ids p WHERE p.message_id = m.id),
			EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id)
		FROM messages m WHERE m.conversation_id = $1 AND m.id = $2 `+t.s.d.lockOf("m"), conversationID, id).
		Scan(&m.ID, &m.ConversationID, &m.InboxID, &m.Type, &m.Private, &m.Status, &m.SourceID, &m.PartsSent, &m.Queued)
	if isNoRows(err) {
		return m, ErrNotFound
	}
	if err != nil {
		return m, fmt.Errorf("store: message: %w", err)
	}
	return m, nil
}

// SetStatus moves one message to a status and replaces content_attributes when
// attributes is not empty.
func (t *Tx) SetStatus(ctx context.Context, id int64, status int, attributes string) error {
	return t.MoveStatuses(ctx, []StatusMove{{MessageID: id, Status: status, Attributes: attributes}})
}

// Outgoing is everything a driver may need to send a message.
type Outgoing struct {
	Delivery
	Content              string
	ContentType          int
	Attributes           string
	AdditionalAttributes string
	Status               int
	Conversation         ConversationRow
	LastIncomingID       string
	HasAttachments       bool
	UUID                 string // of the conversation
}

// LoadOutgoing reads the messages that deliveries are about, by their ids; those that are
// gone are not among them.
func (s *Store) LoadOutgoing(ctx context.Context, list []Delivery) (map[int64]Outgoing, error) {
	orders := make(map[int64]Delivery, len(list))
	numbers := make([]int64, len(list))
	for i, d := range list {
		orders[d.MessageID], numbers[i] = d, d.MessageID
	}
	rows, err := s.r.QueryContext(ctx, s.q.outgoing, numberList(numbers))
	if err != nil {
		return nil, fmt.Errorf("store: load outgoing: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := make(map[int64]Outgoing, len(list))
	for rows.Next() {
		var o Outgoing
		var id int64
		c := &o.Conversation
		if err := rows.Scan(&id, &o.Content, &o.ContentType, &o.Attributes, &o.AdditionalAttributes, &o.Status,
			&c.ID, &c.AccountID, &c.InboxID, &c.ContactID, &c.ContactInboxID, &c.DisplayID, &c.Attributes, &c.State, &c.LastIncomingAt,
			&c.SourceID, &c.ContactName, &c.OptedOut, &c.ContactAttribute, &o.LastIncomingID, &o.HasAttachments, &o.UUID); err != nil {
			return nil, fmt.Errorf("store: load outgoing: %w", err)
		}
		o.Delivery = orders[id]
		out[id] = o
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: load outgoing: %w", err)
	}
	return out, nil
}

// AttributesOfMessage reads content_attributes; empty when there is none.
func (s *Store) AttributesOfMessage(ctx context.Context, id int64) (string, error) {
	var attributes string
	err := s.r.QueryRowContext(ctx, `SELECT content_attributes FROM messages WHERE id = $1`, id).Scan(&attributes)
	if isNoRows(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("store: message attributes: %w", err)
	}
	return attributes, nil
}
