package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// ThreadKey asks for the conversation that a message of a contact belongs to.
type ThreadKey struct {
	ContactInboxID int64
	// Thread separates conversations of one contact in one inbox (a tweet's
	// thread); empty for a direct conversation.
	Thread string
}

// ConversationRef is what receiving a message needs to know.
type ConversationRef struct {
	ID             int64
	DisplayID      int64
	Status         int
	LastIncomingAt int64
	Attributes     string // additional_attributes, JSON
	WaitingSince   *int64 // microseconds, as the others
	SnoozedUntil   *int64
	UpdatedAt      int64
}

// CurrentConversations finds the newest conversation of each thread that is not
// resolved, or, where locked says so, whatever its status. The rows are locked
// until the transaction ends.
func (t *Tx) CurrentConversations(ctx context.Context, keys []ThreadKey, locked []bool) (map[ThreadKey]ConversationRef, error) {
	rows := make([][]any, len(keys))
	for i, k := range keys {
		rows[i] = []any{i, k.ContactInboxID, k.Thread, locked[i]}
	}
	found := map[ThreadKey]ConversationRef{}
	err := t.each(ctx, "current conversations", t.s.q.openConversations, rows, nil, func(r *sql.Rows) error {
		var i int
		var c ConversationRef
		if err := r.Scan(&i, &c.ID, &c.DisplayID, &c.Status, &c.LastIncomingAt, &c.Attributes, &c.WaitingSince, &c.SnoozedUntil, &c.UpdatedAt); err != nil {
			return err
		}
		found[keys[i]] = c
		return nil
	})
	return found, err
}

// NewConversation is a conversation to be made.
type NewConversation struct {
	ThreadKey
	AccountID  int64
	InboxID    int64
	ContactID  int64
	UUID       string
	Status     int
	Attributes string // additional_attributes, JSON
	State      string // what the driver needs to answer, JSON
	At         int64  // microseconds
}

// InsertConversations makes them, numbering each account's, and gives the refs
// in the order of the input.
func (t *Tx) InsertConversations(ctx context.Context, list []NewConversation) ([]ConversationRef, error) {
	counts := map[int64]int64{}
	for _, c := range list {
		counts[c.AccountID]++
	}
	next, err := t.nextDisplayIDs(ctx, counts)
	if err != nil {
		return nil, err
	}
	type number struct{ account, display int64 }
	index := map[number]int{}
	refs := make([]ConversationRef, len(list))
	rows := make([][]any, len(list))
	for i, c := range list {
		display := next[c.AccountID]
		next[c.AccountID]++
		index[number{c.AccountID, display}] = i
		refs[i] = ConversationRef{DisplayID: display, Status: c.Status, Attributes: jsonObject(c.Attributes)}
		rows[i] = []any{
			c.AccountID, c.InboxID, c.ContactID, c.ContactInboxID, display, c.UUID, c.Status,
			nilIfEmpty(c.Thread), refs[i].Attributes, jsonObject(c.State), c.At,
		}
	}
	err = t.each(ctx, "insert conversations", t.s.q.insertConversations, rows, t.now(), func(r *sql.Rows) error {
		var id int64
		var n number
		if err := r.Scan(&id, &n.account, &n.display); err != nil {
			return err
		}
		refs[index[n]].ID = id
		return nil
	})
	return refs, err
}

// nextDisplayIDs reserves numbers and gives the first of each account. Accounts
// are locked in ascending order, so that two transactions cannot wait for each
// other.
func (t *Tx) nextDisplayIDs(ctx context.Context, counts map[int64]int64) (map[int64]int64, error) {
	accounts := make([]int64, 0, len(counts))
	for a := range counts {
		accounts = append(accounts, a)
	}
	slices.Sort(accounts)
	next := make(map[int64]int64, len(counts))
	for _, a := range accounts {
		var last int64
		err := t.tx.QueryRowContext(ctx, `INSERT INTO account_sequences (account_id, last_display_id) VALUES ($1, $2)
			ON CONFLICT (account_id) DO UPDATE SET last_display_id = account_sequences.last_display_id + excluded.last_display_id
			RETURNING last_display_id`, a, counts[a]).Scan(&last)
		if err != nil {
			return nil, fmt.Errorf("store: number conversations: %w", err)
		}
		next[a] = last - counts[a] + 1
	}
	return next, nil
}

// TouchConversation records activity in a conversation.
type TouchConversation struct {
	ID         int64
	At         int64  // last activity, microseconds
	IncomingAt int64  // last incoming message; 0: none
	Status     *int   // new status: it also ends a snooze
	Attributes string // new additional_attributes; empty: unchanged
	State      string // new state of the driver; empty: unchanged
}

// TouchConversations applies them. Several must be locked before, by
// CurrentConversations, or be new.
func (t *Tx) TouchConversations(ctx context.Context, list []TouchConversation) error {
	rows := make([][]any, len(list))
	for i, c := range list {
		var status any
		if c.Status != nil {
			status = *c.Status
		}
		rows[i] = []any{c.ID, c.At, nilIfZero(c.IncomingAt), status, nilIfEmpty(c.Attributes), nilIfEmpty(c.State)}
	}
	return t.run(ctx, "touch conversations", t.s.q.touchConversations, byID(rows))
}

// ConversationOfSource finds the thread of the conversation that holds a message
// with this provider id; ok is false when none does.
func (t *Tx) ConversationOfSource(ctx context.Context, inboxID int64, contactInboxID int64, sourceID string) (thread string, ok bool, err error) {
	var found sql.NullString
	err = t.tx.QueryRowContext(ctx, `SELECT c.identifier FROM conversations c JOIN messages m ON m.conversation_id = c.id
		WHERE c.contact_inbox_id = $1 AND c.inbox_id = $2 AND m.source_id = $3 ORDER BY c.id DESC LIMIT 1`,
		contactInboxID, inboxID, sourceID).Scan(&found)
	switch {
	case isNoRows(err):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("store: thread of message: %w", err)
	}
	return found.String, true, nil
}
