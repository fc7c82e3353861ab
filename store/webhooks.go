package store

import (
	"context"
	"fmt"
)

// MessageView is a message with everything that a webhook tells about it.
type MessageView struct {
	ID                   int64
	AccountID            int64
	AccountName          string
	InboxID              int64
	InboxName            string
	ChannelType          string
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
	Conversation         ConversationView
	Contact              ContactView
	ContactInbox         ContactInboxView
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

// MessageView reads a message for a webhook; ErrNotFound when it is gone.
func (s *Store) MessageView(ctx context.Context, id int64) (MessageView, error) {
	var m MessageView
	c, p, l := &m.Conversation, &m.Contact, &m.ContactInbox
	err := s.r.QueryRowContext(ctx, `SELECT m.id, m.account_id, a.name, m.inbox_id, i.name, i.channel_type, m.message_type, m.content_type,
			m.content, m.content_attributes, m.additional_attributes, m.private, m.status, m.source_id,
			COALESCE(m.sender_type, ''), COALESCE(m.sender_id, 0), COALESCE(u.name, ''), COALESCE(u.email, ''), m.created_at, m.updated_at,
			c.id, c.display_id, c.status, c.priority, c.additional_attributes, c.custom_attributes, c.snoozed_until,
			c.first_reply_created_at, c.waiting_since, c.agent_last_seen_at, c.contact_last_seen_at, c.last_activity_at,
			c.last_incoming_at, c.created_at, c.updated_at, c.assignee_id,
			`+unreadColumn+`,
			p.id, p.name, p.email, p.phone_number, p.identifier, p.blocked, p.avatar_url, COALESCE(p.avatar_blob_id, 0), p.additional_attributes, p.custom_attributes,
			l.id, l.source_id, l.hmac_verified, l.pubsub_token, l.created_at, l.updated_at
		FROM messages m JOIN accounts a ON a.id = m.account_id JOIN inboxes i ON i.id = m.inbox_id
			JOIN conversations c ON c.id = m.conversation_id JOIN contacts p ON p.id = c.contact_id
			JOIN contact_inboxes l ON l.id = c.contact_inbox_id
			LEFT JOIN users u ON m.sender_type = 'User' AND u.id = m.sender_id
		WHERE m.id = $1`, id).
		Scan(&m.ID, &m.AccountID, &m.AccountName, &m.InboxID, &m.InboxName, &m.ChannelType, &m.Type, &m.ContentType,
			&m.Content, &m.Attributes, &m.AdditionalAttributes, &m.Private, &m.Status, &m.SourceID,
			&m.SenderType, &m.SenderID, &m.SenderName, &m.SenderEmail, &m.CreatedAt, &m.UpdatedAt,
			&c.ID, &c.DisplayID, &c.Status, &c.Priority, &c.AdditionalAttributes, &c.CustomAttributes, &c.SnoozedUntil,
			&c.FirstReplyCreatedAt, &c.WaitingSince, &c.AgentLastSeenAt, &c.ContactLastSeenAt, &c.LastActivityAt,
			&c.LastIncomingAt, &c.CreatedAt, &c.UpdatedAt, &c.AssigneeID, &c.UnreadCount,
			&p.ID, &p.Name, &p.Email, &p.Phone, &p.Identifier, &p.Blocked, &p.AvatarURL, &p.AvatarBlobID, &p.AdditionalAttributes, &p.CustomAttributes,
			&l.ID, &l.SourceID, &l.HMACVerified, &l.PubsubToken, &l.CreatedAt, &l.UpdatedAt)
	if isNoRows(err) {
		return m, ErrNotFound
	}
	if err != nil {
		return m, fmt.Errorf("store: message view: %w", err)
	}
	c.UnreadCount = min(c.UnreadCount, maxUnread)
	if m.Attachments, err = s.MessageAttachments(ctx, id); err != nil {
		return m, err
	}
	return m, nil
}
