package store

import (
	"context"
	"fmt"
	"time"
)

// AnsweredBefore tells whether somebody in person, and no campaign, wrote to the
// contact of a conversation before a message.
func (t *Tx) AnsweredBefore(ctx context.Context, conversationID, messageID int64) (bool, error) {
	before, err := exists(ctx, t.tx, `SELECT 1 FROM messages WHERE conversation_id = $1 AND id < $2 AND message_type = 1 AND private = FALSE
		AND sender_type <> 'AgentBot' AND additional_attributes NOT LIKE '%"campaign_id"%' LIMIT 1`, conversationID, messageID)
	if err != nil {
		return false, fmt.Errorf("store: earlier answers: %w", err)
	}
	return before, nil
}

// SentTemplates is what the desk itself wrote in a conversation.
type SentTemplates struct {
	LatestAt   int64 // microseconds; 0: it wrote nothing
	AskedEmail bool  // it asked for the contact's address
}

// SentTemplates reads it.
func (t *Tx) SentTemplates(ctx context.Context, conversationID int64) (SentTemplates, error) {
	var out SentTemplates
	var asked int
	err := t.tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(created_at), 0), COALESCE(SUM(CASE WHEN content_type = 3 THEN 1 ELSE 0 END), 0)
		FROM messages WHERE conversation_id = $1 AND message_type = 3`, conversationID).Scan(&out.LatestAt, &asked)
	if err != nil {
		return out, fmt.Errorf("store: sent templates: %w", err)
	}
	out.AskedEmail = asked > 0
	return out, nil
}

// recentMessages is how many of a conversation's newest messages are looked at for
// what was written a few minutes ago.
const recentMessages = 2000

// Answered tells whether anybody wrote in a conversation that is not the contact: ever,
// with a zero since, else to the contact after that moment.
func (t *Tx) Answered(ctx context.Context, conversationID int64, since time.Time) (bool, error) {
	query, args := `SELECT 1 FROM messages WHERE conversation_id = $1 AND message_type = 1 LIMIT 1`, []any{conversationID}
	if !since.IsZero() {
		query = `SELECT 1 FROM (SELECT message_type, private, created_at FROM messages WHERE conversation_id = $1 ORDER BY id DESC LIMIT $2) AS newest
			WHERE message_type = 1 AND private = FALSE AND created_at > $3 LIMIT 1`
		args = append(args, recentMessages, micros(since))
	}
	answered, err := exists(ctx, t.tx, query, args...)
	if err != nil {
		return false, fmt.Errorf("store: answers: %w", err)
	}
	return answered, nil
}

// LetterFacts are what words in a message can stand for.
type LetterFacts struct {
	ContactID         int64
	ContactName       string
	ContactEmail      *string
	ContactPhone      *string
	ContactAttributes string // custom_attributes
	InboxName         string
	AccountName       string
	// UserName and UserDisplayName are of the user who writes; nil: nobody in person does.
	UserID          int64
	UserName        *string
	UserDisplayName *string
}

// LetterFacts reads them for a conversation and the user who writes in it, 0: nobody.
func (t *Tx) LetterFacts(ctx context.Context, conversationID, userID int64) (LetterFacts, error) {
	f := LetterFacts{UserID: userID}
	err := t.tx.QueryRowContext(ctx, `SELECT p.id, p.name, p.email, p.phone_number, p.custom_attributes, i.name, a.name, u.name, u.display_name
		FROM conversations c JOIN contacts p ON p.id = c.contact_id JOIN inboxes i ON i.id = c.inbox_id JOIN accounts a ON a.id = c.account_id
			LEFT JOIN users u ON u.id = $2
		WHERE c.id = $1`, conversationID, userID).
		Scan(&f.ContactID, &f.ContactName, &f.ContactEmail, &f.ContactPhone, &f.ContactAttributes, &f.InboxName, &f.AccountName, &f.UserName, &f.UserDisplayName)
	if isNoRows(err) {
		return f, ErrNotFound
	}
	if err != nil {
		return f, fmt.Errorf("store: facts for a message: %w", err)
	}
	return f, nil
}
