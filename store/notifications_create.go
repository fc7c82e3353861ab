package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// NotifiedMessage is what decides who is notified of a message.
type NotifiedMessage struct {
	ID             int64
	AccountID      int64
	InboxID        int64
	ConversationID int64
	Type           int
	Private        bool
	SenderID       int64  // of a user; 0: somebody else wrote it
	Note           string // what a private message says; empty for others
	Blocked        bool   // the contact is
}

// NotifiedMessages reads messages by id, in the order in which they were written.
// Those that are gone are absent.
func (s *Store) NotifiedMessages(ctx context.Context, messageIDs []int64) ([]NotifiedMessage, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT m.id, m.account_id, m.inbox_id, m.conversation_id, m.message_type, m.private,
			CASE WHEN m.sender_type = 'User' THEN COALESCE(m.sender_id, 0) ELSE 0 END,
			CASE WHEN m.private THEN COALESCE(m.content, '') ELSE '' END, p.blocked
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN messages m CROSS JOIN conversations c CROSS JOIN contacts p
		WHERE m.id = x.id AND c.id = m.conversation_id AND p.id = c.contact_id ORDER BY m.id`, ids(messageIDs))
	if err != nil {
		return nil, fmt.Errorf("store: notified messages: %w", err)
	}
	return collect(rows, "notified messages", func(m *NotifiedMessage) []any {
		return []any{&m.ID, &m.AccountID, &m.InboxID, &m.ConversationID, &m.Type, &m.Private, &m.SenderID, &m.Note, &m.Blocked}
	})
}

// NotifiedConversation is what decides who is notified of a conversation.
type NotifiedConversation struct {
	ID         int64
	AccountID  int64
	Status     int
	AssigneeID int64 // 0: nobody
	Blocked    bool  // the contact is
	// Awaited tells that a member of its inbox wants to hear of new conversations.
	Awaited bool
}

// NotifiedConversations reads conversations by id. Those that are gone are absent.
func (s *Store) NotifiedConversations(ctx context.Context, conversationIDs []int64) ([]NotifiedConversation, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT c.id, c.account_id, c.status, COALESCE(c.assignee_id, 0), p.blocked,
			EXISTS (SELECT 1 FROM notification_settings n WHERE n.account_id = c.account_id AND `+wantsCreation+`
				AND EXISTS (SELECT 1 FROM inbox_members i WHERE i.inbox_id = c.inbox_id AND i.user_id = n.user_id))
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN conversations c CROSS JOIN contacts p
		WHERE c.id = x.id AND p.id = c.contact_id ORDER BY c.id`, ids(conversationIDs))
	if err != nil {
		return nil, fmt.Errorf("store: notified conversations: %w", err)
	}
	return collect(rows, "notified conversations", func(c *NotifiedConversation) []any {
		return []any{&c.ID, &c.AccountID, &c.Status, &c.AssigneeID, &c.Blocked, &c.Awaited}
	})
}

// Follower is somebody who hears of every message of a conversation.
type Follower struct {
	ConversationID int64
	UserID         int64
	Assigned       bool // the conversation is theirs
}

// Followers reads who follows conversations: whoever is assigned, then those who take
// part. A user is there once for each.
func (s *Store) Followers(ctx context.Context, conversationIDs []int64) ([]Follower, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT c.id, c.assignee_id, TRUE
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN conversations c
		WHERE c.id = x.id AND c.assignee_id IS NOT NULL
		UNION ALL
		SELECT c.id, p.user_id, FALSE
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN conversations c CROSS JOIN conversation_participants p
		WHERE c.id = x.id AND p.conversation_id = c.id AND (c.assignee_id IS NULL OR c.assignee_id <> p.user_id)
		ORDER BY 1, 3 DESC, 2`, ids(conversationIDs))
	if err != nil {
		return nil, fmt.Errorf("store: followers: %w", err)
	}
	return collect(rows, "followers", func(f *Follower) []any { return []any{&f.ConversationID, &f.UserID, &f.Assigned} })
}

// Mention names a user or a team in a note.
type Mention struct {
	MessageID int64
	AccountID int64
	InboxID   int64 // of the conversation
	Team      bool
	ID        int64 // of the user or the team
}

// Mentioned is a user who is named in a note.
type Mentioned struct {
	MessageID int64
	UserID    int64
}

// MentionedUsers reads who is meant by mentions: users and members of teams who are
// administrators of the account or members of the inbox.
func (s *Store) MentionedUsers(ctx context.Context, list []Mention) ([]Mentioned, error) {
	return s.mentionedUsers(ctx, s.r, list)
}

// MentionedUsers is Store.MentionedUsers inside the transaction.
func (t *Tx) MentionedUsers(ctx context.Context, list []Mention) ([]Mentioned, error) {
	return t.s.mentionedUsers(ctx, t.tx, list)
}

func (s *Store) mentionedUsers(ctx context.Context, q queryer, list []Mention) ([]Mentioned, error) {
	var out []Mentioned
	users := [][]any{}
	for _, m := range list {
		if !m.Team {
			users = append(users, []any{m.MessageID, m.AccountID, m.InboxID, m.ID})
			continue
		}
		// Teams one by one: there is hardly ever more than one, and each may be large.
		found, err := mentioned(ctx, q, `SELECT CAST($1 AS BIGINT), tm.user_id FROM teams t CROSS JOIN team_members tm
			WHERE t.id = $4 AND t.account_id = $2 AND tm.team_id = t.id AND `+mayBeMentioned("CAST($2 AS BIGINT)", "CAST($3 AS BIGINT)", "tm.user_id")+`
			ORDER BY tm.user_id`, m.MessageID, m.AccountID, m.InboxID, m.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	if len(users) == 0 {
		return out, nil
	}
	set, err := rowSet(users)
	if err != nil {
		return nil, fmt.Errorf("store: mentioned users: %w", err)
	}
	found, err := mentioned(ctx, q, `SELECT DISTINCT x.message_id, x.id
		FROM `+s.d.rows("$1", "message_id bigint", "account_id bigint", "inbox_id bigint", "id bigint")+`
		WHERE `+mayBeMentioned("x.account_id", "x.inbox_id", "x.id")+` ORDER BY x.message_id, x.id`, set)
	return append(found, out...), err
}

// mayBeMentioned is a condition of scalars, so that few mentions are looked up one by
// one in accounts of any size.
func mayBeMentioned(account, inbox, user string) string {
	return `(SELECT m.role = 1 OR (SELECT COUNT(*) FROM inbox_members i WHERE i.inbox_id = ` + inbox + ` AND i.user_id = ` + user + `) > 0
		FROM account_users m WHERE m.account_id = ` + account + ` AND m.user_id = ` + user + `)`
}

func mentioned(ctx context.Context, q queryer, query string, args ...any) ([]Mentioned, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: mentioned users: %w", err)
	}
	return collect(rows, "mentioned users", func(m *Mentioned) []any { return []any{&m.MessageID, &m.UserID} })
}

// NewNotification is one that is about to be stored. Its account is the
// conversation's.
type NewNotification struct {
	UserID         int64
	Type           int
	ConversationID int64
	ActorType      string // "Message", "User", empty: nobody
	ActorID        int64
}

// MadeNotification is one that was stored, and how its user wants to hear of it.
type MadeNotification struct {
	NotificationRow
	Email bool
	Push  bool
}

// LockNotified orders everybody who is about to store notifications of these
// conversations, until the transaction ends.
func (t *Tx) LockNotified(ctx context.Context, conversationIDs []int64) error {
	if t.s.d.lockText == "" || len(conversationIDs) == 0 {
		return nil
	}
	keys := make([]string, len(conversationIDs))
	for i, id := range conversationIDs {
		keys[i] = "notifications " + strconv.FormatInt(id, 10)
	}
	rows, err := t.tx.QueryContext(ctx, t.s.d.lockText, ids(keys))
	if err != nil {
		return fmt.Errorf("store: lock notified: %w", err)
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return fmt.Errorf("store: lock notified: %w", err)
	}
	return nil
}

// InsertNotifications stores notifications for members of the account; others are
// left out, and whoever was told of that message or a later one of the conversation.
// There is one for each user and conversation.
func (t *Tx) InsertNotifications(ctx context.Context, list []NewNotification) ([]MadeNotification, error) {
	if len(list) == 0 {
		return nil, nil
	}
	rows := make([][]any, len(list))
	for i, n := range list {
		rows[i] = []any{i, n.UserID, n.Type, n.ConversationID, nilIfEmpty(n.ActorType), nilIfZero(n.ActorID)}
	}
	set, err := rowSet(rows)
	if err != nil {
		return nil, fmt.Errorf("store: insert notifications: %w", err)
	}
	made, err := t.notifications(ctx, "insert notifications", `INSERT INTO notifications (account_id, user_id, notification_type, conversation_id,
			secondary_actor_type, secondary_actor_id, last_activity_at, created_at, updated_at)
		SELECT c.account_id, x.user_id, x.type, x.conversation_id, x.actor_type, x.actor_id, CAST($2 AS BIGINT), CAST($2 AS BIGINT), CAST($2 AS BIGINT)
		FROM `+t.s.d.rows("$1", "i bigint", "user_id bigint", "type integer", "conversation_id bigint", "actor_type text", "actor_id bigint")+`
			CROSS JOIN conversations c
		WHERE c.id = x.conversation_id
			AND EXISTS (SELECT 1 FROM account_users m WHERE m.account_id = c.account_id AND m.user_id = x.user_id)
			AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.conversation_id = x.conversation_id AND n.user_id = x.user_id
				AND x.actor_type = 'Message' AND n.secondary_actor_type = 'Message' AND n.secondary_actor_id >= x.actor_id)
		ORDER BY x.i RETURNING `+notificationColumns, set, t.now())
	if err != nil {
		return nil, err
	}
	return t.wished(ctx, made)
}

// InsertCreationNotifications tells members of the inbox who want to hear of new
// conversations of one, at most limit of them with ids above after. None is told of
// one that a bot keeps (pending) or whose contact is blocked. actor is the user who
// made it; 0: nobody.
func (t *Tx) InsertCreationNotifications(ctx context.Context, n NewNotification, pending int, after int64, limit int) ([]MadeNotification, error) {
	made, err := t.notifications(ctx, "insert creation notifications", `INSERT INTO notifications (account_id, user_id, notification_type, conversation_id,
			secondary_actor_type, secondary_actor_id, last_activity_at, created_at, updated_at)
		SELECT c.account_id, n.user_id, CAST($3 AS INTEGER), c.id, CAST($4 AS TEXT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($6 AS BIGINT), CAST($6 AS BIGINT)
		FROM conversations c CROSS JOIN contacts p CROSS JOIN notification_settings n
		WHERE c.id = $1 AND c.status <> $7 AND p.id = c.contact_id AND NOT p.blocked
			AND n.account_id = c.account_id AND n.user_id > $2 AND `+wantsCreation+`
			AND EXISTS (SELECT 1 FROM inbox_members i WHERE i.inbox_id = c.inbox_id AND i.user_id = n.user_id)
			AND EXISTS (SELECT 1 FROM account_users m WHERE m.account_id = c.account_id AND m.user_id = n.user_id)
		ORDER BY n.user_id LIMIT $8 RETURNING `+notificationColumns,
		n.ConversationID, after, n.Type, nilIfEmpty(n.ActorType), nilIfZero(n.ActorID), t.now(), pending, limit)
	if err != nil {
		return nil, err
	}
	return t.wished(ctx, made)
}

// wished adds how users want to hear of notifications.
func (t *Tx) wished(ctx context.Context, list []NotificationRow) ([]MadeNotification, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]MadeNotification, len(list))
	keys := make([][]any, len(list))
	for i, n := range list {
		out[i].NotificationRow = n
		keys[i] = []any{i, n.AccountID, n.UserID}
	}
	set, err := rowSet(keys)
	if err != nil {
		return nil, fmt.Errorf("store: wishes of notified: %w", err)
	}
	rows, err := t.tx.QueryContext(ctx, `SELECT x.i, n.email_flags, n.push_flags
		FROM `+t.s.d.rows("$1", "i bigint", "account_id bigint", "user_id bigint")+` CROSS JOIN notification_settings n
		WHERE n.account_id = x.account_id AND n.user_id = x.user_id`, set)
	if err != nil {
		return nil, fmt.Errorf("store: wishes of notified: %w", err)
	}
	flags, err := collect(rows, "wishes of notified", func(f *[3]int64) []any { return []any{&f[0], &f[1], &f[2]} })
	for _, f := range flags {
		n := &out[f[0]]
		bit := int64(1) << (n.Type - 1)
		n.Email, n.Push = f[1]&bit != 0, f[2]&bit != 0
	}
	return out, err
}

// DropOlderNotifications deletes what users were told of a conversation before the
// given notifications of theirs, and gives what it was.
func (t *Tx) DropOlderNotifications(ctx context.Context, list []MadeNotification) ([]NotificationRow, error) {
	if len(list) == 0 {
		return nil, nil
	}
	rows := make([][]any, len(list))
	for i, n := range list {
		rows[i] = []any{n.ID, n.ConversationID, n.UserID}
	}
	set, err := rowSet(rows)
	if err != nil {
		return nil, fmt.Errorf("store: drop older notifications: %w", err)
	}
	return t.notifications(ctx, "drop older notifications", `DELETE FROM notifications WHERE id IN (SELECT n.id
			FROM `+t.s.d.rows("$1", "id bigint", "conversation_id bigint", "user_id bigint")+` CROSS JOIN notifications n
			WHERE n.conversation_id = x.conversation_id AND n.user_id = x.user_id AND n.id < x.id)
		RETURNING `+notificationColumns, set)
}
