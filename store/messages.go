package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// NewMessage is a message to be stored as it came from a provider.
type NewMessage struct {
	IngestKey
	AccountID      int64
	ConversationID int64
	Type           int
	ContentType    int
	Content        *string
	Attributes     string // content_attributes, JSON
	SourceID       string
	SenderType     string
	SenderID       int64
	At             int64 // created_at, microseconds
}

// InsertMessages stores messages in order and gives the ids of those that were
// not there yet; a message whose ingest key is known is left out.
func (t *Tx) InsertMessages(ctx context.Context, list []NewMessage) (map[IngestKey]int64, error) {
	rows := make([][]any, len(list))
	for i, m := range list {
		rows[i] = []any{
			i, m.AccountID, m.InboxID, m.ConversationID, m.Type, m.ContentType, m.Content,
			jsonObject(m.Attributes), nilIfEmpty(m.SourceID), m.Key, nilIfEmpty(m.SenderType), nilIfZero(m.SenderID), m.At,
		}
	}
	made := make(map[IngestKey]int64, len(list))
	err := t.each(ctx, "insert messages", t.s.q.insertMessages, rows, t.now(), func(r *sql.Rows) error {
		var id int64
		var k IngestKey
		if err := r.Scan(&id, &k.InboxID, &k.Key); err != nil {
			return err
		}
		made[k] = id
		return nil
	})
	return made, err
}

// OutboxRow is something that happened.
type OutboxRow struct {
	ID             int64
	AccountID      int64
	Kind           string // "message.created"
	InboxID        int64
	ConversationID int64
	MessageID      int64
	Payload        string // JSON object
	CreatedAt      int64  // microseconds; of a row that was read
}

// InsertOutbox records them in order.
func (t *Tx) InsertOutbox(ctx context.Context, list []OutboxRow) error {
	rows := make([][]any, len(list))
	for i, o := range list {
		rows[i] = []any{i, o.AccountID, o.Kind, o.InboxID, o.ConversationID, o.MessageID, jsonObject(o.Payload)}
	}
	return t.run(ctx, "insert outbox", t.s.q.insertOutbox, rows)
}

// SourceMessage finds a message by its provider id: among the ids of what we
// sent, else among what the contact sent. It locks nothing.
func (t *Tx) SourceMessage(ctx context.Context, inboxID, contactInboxID int64, sourceID string) (MessageRef, bool, error) {
	m := MessageRef{}
	err := t.tx.QueryRowContext(ctx, `SELECT m.id, m.account_id, m.conversation_id, m.content_attributes, m.message_type, m.status
		FROM message_provider_ids p JOIN messages m ON m.id = p.message_id
		WHERE p.inbox_id = $1 AND p.provider_id = $2`, inboxID, sourceID).
		Scan(&m.ID, &m.AccountID, &m.ConversationID, &m.Attributes, &m.Type, &m.Status)
	if isNoRows(err) {
		err = t.tx.QueryRowContext(ctx, `SELECT m.id, m.account_id, m.conversation_id, m.content_attributes, m.message_type, m.status
			FROM conversations c JOIN messages m ON m.conversation_id = c.id
			WHERE c.contact_inbox_id = $1 AND m.source_id = $2 ORDER BY m.id DESC LIMIT 1`, contactInboxID, sourceID).
			Scan(&m.ID, &m.AccountID, &m.ConversationID, &m.Attributes, &m.Type, &m.Status)
	}
	switch {
	case isNoRows(err):
		return m, false, nil
	case err != nil:
		return m, false, fmt.Errorf("store: message by provider id: %w", err)
	}
	return m, true, nil
}

// MessageRef is a message about to be changed.
type MessageRef struct {
	ID             int64
	AccountID      int64
	ConversationID int64
	Attributes     string
	Type           int
	Status         int
}

// RewriteMessage replaces content (nil: unchanged) and content_attributes, and
// with dropFiles removes the attachments.
func (t *Tx) RewriteMessage(ctx context.Context, id int64, content *string, attributes string, dropFiles bool) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE messages SET content = COALESCE($2, content), content_attributes = $3, updated_at = $4
		WHERE id = $1`, id, content, attributes, t.now()); err != nil {
		return fmt.Errorf("store: rewrite message: %w", err)
	}
	if dropFiles {
		return t.dropAttachments(ctx, id)
	}
	return nil
}

// ProviderRef asks for a message by the id that the provider gave to a part of
// it.
type ProviderRef struct {
	InboxID    int64
	ProviderID string
}

// LockProviderIDs makes this transaction the only one that looks at or stores
// these ids until it ends. Without it, a receipt that finds no message and the
// transaction that stores the id could miss each other.
func (t *Tx) LockProviderIDs(ctx context.Context, refs []ProviderRef) error {
	if t.s.d.lockText == "" || len(refs) == 0 {
		return nil
	}
	keys := make([]string, len(refs))
	for i, r := range refs {
		keys[i] = strconv.FormatInt(r.InboxID, 10) + " " + r.ProviderID
	}
	rows, err := t.tx.QueryContext(ctx, t.s.d.lockText, ids(keys))
	if err != nil {
		return fmt.Errorf("store: lock provider ids: %w", err)
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return fmt.Errorf("store: lock provider ids: %w", err)
	}
	return nil
}

// StatusRef is a sent message and its present status.
type StatusRef struct {
	MessageID      int64
	Status         int
	ConversationID int64
	AccountID      int64
}

// Providers finds messages by provider ids.
func (t *Tx) Providers(ctx context.Context, refs []ProviderRef) (map[ProviderRef]StatusRef, error) {
	rows := make([][]any, len(refs))
	for i, p := range refs {
		rows[i] = []any{i, p.InboxID, p.ProviderID}
	}
	found := map[ProviderRef]StatusRef{}
	err := t.each(ctx, "messages by provider id", t.s.q.providerIDs, rows, nil, func(r *sql.Rows) error {
		var i int
		var s StatusRef
		if err := r.Scan(&i, &s.MessageID, &s.Status, &s.ConversationID, &s.AccountID); err != nil {
			return err
		}
		found[refs[i]] = s
		return nil
	})
	return found, err
}

// StatusMove sets a message's status; Attributes replaces content_attributes
// when not empty.
type StatusMove struct {
	MessageID  int64
	Status     int
	Attributes string
}

// MoveStatuses applies them, one for each message.
func (t *Tx) MoveStatuses(ctx context.Context, list []StatusMove) error {
	rows := make([][]any, len(list))
	for i, m := range list {
		rows[i] = []any{m.MessageID, m.Status, nilIfEmpty(m.Attributes)}
	}
	if err := t.inOrder(ctx, "messages", rows); err != nil {
		return err
	}
	return t.run(ctx, "move statuses", t.s.q.moveStatuses, rows)
}

// MessageAttributes reads content_attributes of one message.
func (t *Tx) MessageAttributes(ctx context.Context, id int64) (string, error) {
	var attributes string
	err := t.tx.QueryRowContext(ctx, `SELECT content_attributes FROM messages WHERE id = $1`, id).Scan(&attributes)
	if isNoRows(err) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("store: message attributes: %w", err)
	}
	return attributes, nil
}

// MessageMoment tells whose conversation a message is in (contact inbox) and when
// it was made, in microseconds.
func (t *Tx) MessageMoment(ctx context.Context, id int64) (contactInboxID, at int64, err error) {
	err = t.tx.QueryRowContext(ctx, `SELECT c.contact_inbox_id, m.created_at FROM messages m
		JOIN conversations c ON c.id = m.conversation_id WHERE m.id = $1`, id).Scan(&contactInboxID, &at)
	if isNoRows(err) {
		return 0, 0, ErrNotFound
	}
	if err != nil {
		return 0, 0, fmt.Errorf("store: moment of message: %w", err)
	}
	return contactInboxID, at, nil
}

// ParkedStatus is a receipt for a provider id that nobody knows yet.
type ParkedStatus struct {
	ProviderRef
	Status int
	Error  string
}

// ParkStatuses keeps receipts until expires (microseconds); one that waits
// already is not kept twice.
func (t *Tx) ParkStatuses(ctx context.Context, list []ParkedStatus, expires int64) error {
	rows := make([][]any, len(list))
	for i, p := range list {
		rows[i] = []any{i, p.InboxID, p.ProviderID, p.Status, p.Error}
	}
	if len(rows) == 0 {
		return nil
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: park statuses: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, t.s.q.insertParked, set, expires); err != nil {
		return fmt.Errorf("store: park statuses: %w", err)
	}
	return nil
}

// TakeParked removes and gives the receipts that wait for provider ids, oldest first.
func (t *Tx) TakeParked(ctx context.Context, refs []ProviderRef) ([]ParkedStatus, error) {
	type parked struct {
		id int64
		ParkedStatus
	}
	var list []parked
	err := t.each(ctx, "take parked statuses", t.s.q.takeParked, refRows(refs), nil, func(r *sql.Rows) error {
		var p parked
		err := r.Scan(&p.id, &p.InboxID, &p.ProviderID, &p.Status, &p.Error)
		list = append(list, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	// RETURNING has no order.
	slices.SortFunc(list, func(a, b parked) int { return cmp.Compare(a.id, b.id) })
	out := make([]ParkedStatus, len(list))
	for i, p := range list {
		out[i] = p.ParkedStatus
	}
	return out, nil
}

func refRows(refs []ProviderRef) [][]any {
	rows := make([][]any, len(refs))
	for i, p := range refs {
		rows[i] = []any{p.InboxID, p.ProviderID}
	}
	return rows
}

// Watermark moves what we sent to the contact before at (microseconds) to
// status, where that is forward: what was sent again counts from then on. It
// gives the messages that moved.
func (t *Tx) Watermark(ctx context.Context, contactInboxID, at int64, status int) ([]StatusRef, error) {
	r, err := t.tx.QueryContext(ctx, `UPDATE messages SET status = $1, updated_at = $2
		WHERE conversation_id IN (SELECT id FROM conversations WHERE contact_inbox_id = $3)
			AND message_type IN (1, 3) AND private = FALSE AND status < $1 AND COALESCE(resent_at, created_at) <= $4
		RETURNING id, conversation_id, account_id`, status, t.now(), contactInboxID, at)
	if err != nil {
		return nil, fmt.Errorf("store: watermark: %w", err)
	}
	defer func() { _ = r.Close() }()
	var out []StatusRef
	for r.Next() {
		m := StatusRef{Status: status}
		if err := r.Scan(&m.MessageID, &m.ConversationID, &m.AccountID); err != nil {
			return nil, fmt.Errorf("store: watermark: %w", err)
		}
		out = append(out, m)
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("store: watermark: %w", err)
	}
	return out, nil
}

// MarkOptedOut records whether the contact forbade us to write.
func (t *Tx) MarkOptedOut(ctx context.Context, contactInboxID int64, out bool) error {
	var at any
	if out {
		at = t.now()
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE contact_inboxes SET opted_out_at = $2, updated_at = $3 WHERE id = $1`,
		contactInboxID, at, t.now()); err != nil {
		return fmt.Errorf("store: mark opted out: %w", err)
	}
	return nil
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
