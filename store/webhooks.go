package store

import (
	"context"
	"fmt"
	"slices"
)

// ThreadView is a conversation with everything that a webhook tells about it.
type ThreadView struct {
	AccountID    int64
	AccountName  string
	InboxID      int64
	InboxName    string
	ChannelType  string
	Conversation ConversationView
	Contact      ContactView
	ContactInbox ContactInboxView
	Labels       []string
	// Last is the newest message that is neither private nor activity; nil: none.
	Last *MessageRow
	// Agents are the assignee and the user who wrote Last, by id.
	Agents map[int64]AgentRow
	// Bot is the bot that wrote Last; nil: none did.
	Bot *BotView
}

// MessageView is a message with everything that a webhook tells about it.
type MessageView struct {
	ThreadView
	ID                   int64
	Type                 int
	ContentType          int
	Content              *string
	Attributes           string
	AdditionalAttributes string
	Private              bool
	Status               int
	SourceID             *string
	SenderType           string
	SenderID             int64
	SenderName           string
	SenderEmail          string
	CreatedAt            int64
	UpdatedAt            int64
	Attachments          []AttachmentView
}

// ConversationView is a conversation as webhooks show it.
type ConversationView struct {
	ID, DisplayID        int64
	Status               int
	Priority             *int
	AdditionalAttributes string
	CustomAttributes     string
	SnoozedUntil         *int64
	FirstReplyCreatedAt  *int64
	WaitingSince         *int64
	AgentLastSeenAt      *int64
	ContactLastSeenAt    *int64
	LastActivityAt       int64
	LastIncomingAt       *int64
	CreatedAt, UpdatedAt int64
	AssigneeID           *int64
	UnreadCount          int
}

// ContactView is a contact as webhooks show it.
type ContactView struct {
	ID                   int64
	Name                 string
	Email                *string
	Phone                *string
	Identifier           *string
	Blocked              bool
	AvatarURL            string // at the provider or the customer
	AvatarBlobID         int64  // our copy; 0: none
	AdditionalAttributes string
	CustomAttributes     string
}

// ContactInboxView is a contact inbox as webhooks show it.
type ContactInboxView struct {
	ID           int64
	SourceID     string
	HMACVerified bool
	PubsubToken  string
	CreatedAt    int64
	UpdatedAt    int64
}

const (
	threadColumns = `c.account_id, a.name, c.inbox_id, i.name, i.channel_type,
		c.id, c.display_id, c.status, c.priority, c.additional_attributes, c.custom_attributes, c.snoozed_until,
		c.first_reply_created_at, c.waiting_since, c.agent_last_seen_at, c.contact_last_seen_at, c.last_activity_at,
		c.last_incoming_at, c.created_at, c.updated_at, c.assignee_id,
		` + unreadColumn + `,
		p.id, p.name, p.email, p.phone_number, p.identifier, p.blocked, p.avatar_url, COALESCE(p.avatar_blob_id, 0), p.additional_attributes, p.custom_attributes,
		l.id, l.source_id, l.hmac_verified, l.pubsub_token, l.created_at, l.updated_at`

	threadJoins = ` JOIN accounts a ON a.id = c.account_id JOIN inboxes i ON i.id = c.inbox_id JOIN contacts p ON p.id = c.contact_id
		JOIN contact_inboxes l ON l.id = c.contact_inbox_id `
)

func (v *ThreadView) fields() []any {
	c, p, l := &v.Conversation, &v.Contact, &v.ContactInbox
	return []any{
		&v.AccountID, &v.AccountName, &v.InboxID, &v.InboxName, &v.ChannelType,
		&c.ID, &c.DisplayID, &c.Status, &c.Priority, &c.AdditionalAttributes, &c.CustomAttributes, &c.SnoozedUntil,
		&c.FirstReplyCreatedAt, &c.WaitingSince, &c.AgentLastSeenAt, &c.ContactLastSeenAt, &c.LastActivityAt,
		&c.LastIncomingAt, &c.CreatedAt, &c.UpdatedAt, &c.AssigneeID, &c.UnreadCount,
		&p.ID, &p.Name, &p.Email, &p.Phone, &p.Identifier, &p.Blocked, &p.AvatarURL, &p.AvatarBlobID, &p.AdditionalAttributes, &p.CustomAttributes,
		&l.ID, &l.SourceID, &l.HMACVerified, &l.PubsubToken, &l.CreatedAt, &l.UpdatedAt,
	}
}

// ThreadView reads a conversation for a webhook; ErrNotFound when it is gone.
func (s *Store) ThreadView(ctx context.Context, conversationID int64) (ThreadView, error) {
	var v ThreadView
	err := s.r.QueryRowContext(ctx, `SELECT `+threadColumns+` FROM conversations c`+threadJoins+`WHERE c.id = $1`, conversationID).
		Scan(v.fields()...)
	if isNoRows(err) {
		return v, ErrNotFound
	}
	if err != nil {
		return v, fmt.Errorf("store: thread view: %w", err)
	}
	return v, s.completeThread(ctx, &v)
}

// completeThread reads what stands in other rows than the conversation's.
func (s *Store) completeThread(ctx context.Context, v *ThreadView) error {
	v.Conversation.UnreadCount = min(v.Conversation.UnreadCount, maxUnread)
	rows, err := s.r.QueryContext(ctx, `SELECT label FROM conversation_labels WHERE conversation_id = $1 ORDER BY label`, v.Conversation.ID)
	if err != nil {
		return fmt.Errorf("store: labels: %w", err)
	}
	if v.Labels, err = collect(rows, "labels", func(l *string) []any { return []any{l} }); err != nil {
		return err
	}
	rows, err = s.r.QueryContext(ctx, `SELECT `+messageColumns+` FROM messages m
		WHERE m.conversation_id = $1 AND m.private = FALSE AND m.message_type <> 2 ORDER BY m.id DESC LIMIT 1`, v.Conversation.ID)
	if err != nil {
		return fmt.Errorf("store: last message: %w", err)
	}
	last, err := collect(rows, "last message", (*MessageRow).fields)
	if err != nil {
		return err
	}
	if err := s.addAttachments(ctx, last); err != nil {
		return err
	}
	var users []int64
	if v.Conversation.AssigneeID != nil {
		users = append(users, *v.Conversation.AssigneeID)
	}
	if len(last) > 0 {
		v.Last = &last[0]
		if v.Last.SenderType != nil && *v.Last.SenderType == "User" && v.Last.SenderID != nil && !slices.Contains(users, *v.Last.SenderID) {
			users = append(users, *v.Last.SenderID)
		}
		if v.Last.SenderType != nil && *v.Last.SenderType == OwnerBot && v.Last.SenderID != nil {
			if v.Bot, err = s.botInInbox(ctx, *v.Last.SenderID, v.InboxID); err != nil {
				return err
			}
		}
	}
	v.Agents, err = s.Agents(ctx, v.AccountID, users)
	return err
}

// MessageView reads a message for a webhook; ErrNotFound when it is gone.
func (s *Store) MessageView(ctx context.Context, id int64) (MessageView, error) {
	var m MessageView
	err := s.r.QueryRowContext(ctx, `SELECT m.id, m.message_type, m.content_type,
			m.content, m.content_attributes, m.additional_attributes, m.private, m.status, m.source_id,
			COALESCE(m.sender_type, ''), COALESCE(m.sender_id, 0), COALESCE(u.name, b.name, ''), COALESCE(u.email, ''), m.created_at, m.updated_at,
			`+threadColumns+`
		FROM messages m JOIN conversations c ON c.id = m.conversation_id`+threadJoins+`
			LEFT JOIN users u ON m.sender_type = 'User' AND u.id = m.sender_id
			LEFT JOIN agent_bots b ON m.sender_type = 'AgentBot' AND b.id = m.sender_id
		WHERE m.id = $1`, id).
		Scan(append([]any{
			&m.ID, &m.Type, &m.ContentType,
			&m.Content, &m.Attributes, &m.AdditionalAttributes, &m.Private, &m.Status, &m.SourceID,
			&m.SenderType, &m.SenderID, &m.SenderName, &m.SenderEmail, &m.CreatedAt, &m.UpdatedAt,
		}, m.fields()...)...)
	if isNoRows(err) {
		return m, ErrNotFound
	}
	if err != nil {
		return m, fmt.Errorf("store: message view: %w", err)
	}
	if err := s.completeThread(ctx, &m.ThreadView); err != nil {
		return m, err
	}
	m.Attachments, err = s.MessageAttachments(ctx, id)
	return m, err
}
