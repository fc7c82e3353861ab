package store

import (
	"context"
	"fmt"
	"time"
)

// ContactRecord is a contact with what only dumps of the whole row show.
type ContactRecord struct {
	ContactRow
	AccountID   int64
	UpdatedAt   int64 // microseconds
	Type        int   // see ContactTypes
	Location    string
	CountryCode string
}

const recordColumns = contactColumns + `, p.account_id, p.updated_at, p.contact_type, p.location, p.country_code`

func (c *ContactRecord) fields() []any {
	return append(c.ContactRow.fields(), &c.AccountID, &c.UpdatedAt, &c.Type, &c.Location, &c.CountryCode)
}

// Session is a contact inbox with its contact: for whom a client of the public
// API acts.
type Session struct {
	ID           int64 // of the contact inbox
	InboxID      int64
	SourceID     string
	PubsubToken  string
	HMACVerified bool
	Contact      ContactRecord
}

const sessionQuery = `SELECT ci.id, ci.inbox_id, ci.source_id, ci.pubsub_token, ci.hmac_verified, ` + recordColumns + `
	FROM contact_inboxes ci JOIN contacts p ON p.id = ci.contact_id
	WHERE ci.inbox_id = $1 AND ci.source_id = $2`

func readSession(ctx context.Context, q queryer, inboxID int64, sourceID string) (Session, error) {
	var s Session
	err := q.QueryRowContext(ctx, sessionQuery, inboxID, sourceID).
		Scan(append([]any{&s.ID, &s.InboxID, &s.SourceID, &s.PubsubToken, &s.HMACVerified}, s.Contact.fields()...)...)
	if isNoRows(err) {
		return s, ErrNotFound
	}
	if err != nil {
		return s, fmt.Errorf("store: session: %w", err)
	}
	return s, nil
}

// Session reads one by its source id; ErrNotFound when the inbox has none.
func (s *Store) Session(ctx context.Context, inboxID int64, sourceID string) (Session, error) {
	return readSession(ctx, s.r, inboxID, sourceID)
}

// Session is Store.Session inside the transaction. It locks nothing.
func (t *Tx) Session(ctx context.Context, inboxID int64, sourceID string) (Session, error) {
	return readSession(ctx, t.tx, inboxID, sourceID)
}

// VerifySession records that the session's identity was proven.
func (t *Tx) VerifySession(ctx context.Context, sessionID int64) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE contact_inboxes SET hmac_verified = TRUE, updated_at = $2
		WHERE id = $1 AND hmac_verified = FALSE`, sessionID, t.now()); err != nil {
		return fmt.Errorf("store: verify session: %w", err)
	}
	return nil
}

// SessionConversation is a conversation as the contact's side sees it.
type SessionConversation struct {
	ID                int64
	DisplayID         int64
	UUID              string
	InboxID           int64
	Status            int
	ContactLastSeenAt *int64 // microseconds
	AgentLastSeenAt   *int64
}

// Sees tells whether the session may see a conversation: its own, and when it is
// verified every one of its contact.
func (s Session) Sees(c ConversationRow) bool {
	return c.ContactInboxID == s.ID || s.HMACVerified && c.ContactID == s.Contact.ID
}

// SessionConversations reads what the session may see, see Sees, by id. With a
// displayID that is not 0 it is only that conversation.
func (s *Store) SessionConversations(ctx context.Context, of Session, displayID int64) ([]SessionConversation, error) {
	c := &clause{d: s.d}
	c.add("c.account_id = ?", of.Contact.AccountID)
	if of.HMACVerified {
		c.add("c.contact_id = ?", of.Contact.ID)
	} else {
		c.add("c.contact_inbox_id = ?", of.ID)
	}
	if displayID != 0 {
		c.add("c.display_id = ?", displayID)
	}
	rows, err := s.r.QueryContext(ctx, `SELECT c.id, c.display_id, c.uuid, c.inbox_id, c.status, c.contact_last_seen_at, c.agent_last_seen_at
		FROM conversations c WHERE `+c.where()+` ORDER BY c.id`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("store: conversations of session: %w", err)
	}
	return collect(rows, "conversations of session", func(v *SessionConversation) []any {
		return []any{&v.ID, &v.DisplayID, &v.UUID, &v.InboxID, &v.Status, &v.ContactLastSeenAt, &v.AgentLastSeenAt}
	})
}

// PublicMessages reads everything that the contact may read in conversations:
// neither private notes nor activity. Each conversation's are in the order in
// which they were written.
func (s *Store) PublicMessages(ctx context.Context, conversationIDs []int64) ([]MessageRow, error) {
	if len(conversationIDs) == 0 {
		return nil, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+messageColumns+` FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN messages m
		WHERE m.conversation_id = x.id AND m.private = FALSE AND m.message_type <> 2
		ORDER BY m.conversation_id, m.created_at, m.id`, ids(conversationIDs))
	if err != nil {
		return nil, fmt.Errorf("store: public messages: %w", err)
	}
	list, err := collect(rows, "public messages", (*MessageRow).fields)
	if err != nil {
		return nil, err
	}
	return list, s.addAttachments(ctx, list)
}

// SetConversationCustomAttributes replaces them; attributes is a JSON object.
func (t *Tx) SetConversationCustomAttributes(ctx context.Context, id int64, attributes string) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE conversations SET custom_attributes = $2,
			updated_at = CASE WHEN updated_at > $3 THEN updated_at ELSE $3 END WHERE id = $1`,
		id, jsonObject(attributes), t.now()); err != nil {
		return fmt.Errorf("store: set custom attributes: %w", err)
	}
	return nil
}

// SeenByContact notes that the contact has seen a conversation up to now, and
// moves what we sent in it to read. It gives the messages that moved.
func (t *Tx) SeenByContact(ctx context.Context, id int64) ([]int64, error) {
	if _, err := t.tx.ExecContext(ctx, `UPDATE conversations SET contact_last_seen_at = $2,
			updated_at = CASE WHEN updated_at > $2 THEN updated_at ELSE $2 END WHERE id = $1`, id, t.now()); err != nil {
		return nil, fmt.Errorf("store: seen by contact: %w", err)
	}
	rows, err := t.tx.QueryContext(ctx, `UPDATE messages SET status = 2, updated_at = $2
		WHERE conversation_id = $1 AND message_type IN (1, 3) AND private = FALSE AND status < 2 RETURNING id`, id, t.now())
	if err != nil {
		return nil, fmt.Errorf("store: seen by contact: %w", err)
	}
	return collect(rows, "seen by contact", func(id *int64) []any { return []any{id} })
}

// Answerable is a message that the contact may answer in place: a form, a survey.
type Answerable struct {
	ID          int64
	ContentType int
	Attributes  string // content_attributes, JSON
	CreatedAt   int64  // microseconds
}

// LockAnswerable reads a message of a conversation that the contact can see, for
// a change.
func (t *Tx) LockAnswerable(ctx context.Context, conversationID, id int64) (Answerable, error) {
	var m Answerable
	err := t.tx.QueryRowContext(ctx, `SELECT m.id, m.content_type, m.content_attributes, m.created_at FROM messages m
		WHERE m.conversation_id = $1 AND m.id = $2 AND m.private = FALSE AND m.message_type <> 2 `+t.s.d.lockOf("m"), conversationID, id).
		Scan(&m.ID, &m.ContentType, &m.Attributes, &m.CreatedAt)
	if isNoRows(err) {
		return m, ErrNotFound
	}
	if err != nil {
		return m, fmt.Errorf("store: message: %w", err)
	}
	return m, nil
}

// ReleaseIngestKey gives the name of a message free that was made until a moment:
// a later one may have it. It tells whether there was such a message.
func (t *Tx) ReleaseIngestKey(ctx context.Context, k IngestKey, until time.Time) (bool, error) {
	res, err := t.tx.ExecContext(ctx, `UPDATE messages SET ingest_key = NULL WHERE inbox_id = $1 AND ingest_key = $2 AND created_at <= $3`,
		k.InboxID, k.Key, micros(until))
	if err != nil {
		return false, fmt.Errorf("store: release ingest key: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("store: release ingest key: %w", err)
	}
	return n > 0, nil
}

// IngestedMessage finds the message that an event became; 0 when it is new.
func (t *Tx) IngestedMessage(ctx context.Context, k IngestKey) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `SELECT id FROM messages WHERE inbox_id = $1 AND ingest_key = $2`, k.InboxID, k.Key).Scan(&id)
	if err != nil && !isNoRows(err) {
		return 0, fmt.Errorf("store: ingested message: %w", err)
	}
	return id, nil
}
