package store

import (
	"context"
	"fmt"
	"strconv"
)

// MessageRow is a message as lists show it.
type MessageRow struct {
	ID                   int64
	AccountID            int64
	InboxID              int64
	ConversationID       int64
	Type                 int
	ContentType          int
	Content              *string
	Attributes           string // content_attributes, JSON
	AdditionalAttributes string // JSON
	Private              bool
	Status               int
	SourceID             *string
	SenderType           *string
	SenderID             *int64
	CreatedAt            int64 // microseconds
	UpdatedAt            int64
	Attachments          []AttachmentRow
}

// AttachmentRow is an attachment with its message.
type AttachmentRow struct {
	AttachmentView
	MessageID int64
}

const messageColumns = `m.id, m.account_id, m.inbox_id, m.conversation_id, m.message_type, m.content_type, m.content, m.content_attributes,
	m.additional_attributes, m.private, m.status, m.source_id, m.sender_type, m.sender_id, m.created_at, m.updated_at`

func (m *MessageRow) fields() []any {
	return []any{
		&m.ID, &m.AccountID, &m.InboxID, &m.ConversationID, &m.Type, &m.ContentType, &m.Content, &m.Attributes,
		&m.AdditionalAttributes, &m.Private, &m.Status, &m.SourceID, &m.SenderType, &m.SenderID, &m.CreatedAt, &m.UpdatedAt,
	}
}

// MessageRange says which messages of a conversation are wanted. Ids are 0 where
// there is no bound.
type MessageRange struct {
	Before int64 // id < Before
	After  int64 // id > After, or with Before id >= After
	// Public leaves private and activity messages out.
	Public bool
}

// Sizes of the three kinds of ranges.
const (
	latestMessages  = 20
	newerMessages   = 100
	betweenMessages = 1000
)

// Messages reads messages of a conversation in the order in which they were
// written: the latest 20, the latest 20 before a message, the first 100 after
// one, or up to 1000 between two.
func (s *Store) Messages(ctx context.Context, conversationID int64, r MessageRange) ([]MessageRow, error) {
	c := &clause{d: s.d}
	c.add("m.conversation_id = ?", conversationID)
	order, limit := "DESC", latestMessages
	if r.Before != 0 {
		c.add("m.id < ?", r.Before)
	}
	switch {
	case r.After != 0 && r.Before != 0:
		c.add("m.id >= ?", r.After)
		order, limit = "ASC", betweenMessages
	case r.After != 0:
		c.add("m.id > ?", r.After)
		order, limit = "ASC", newerMessages
	}
	if r.Public {
		c.text = append(c.text, "m.private = FALSE AND m.message_type <> 2")
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+messageColumns+` FROM (SELECT * FROM messages m WHERE `+c.where()+`
		ORDER BY m.id `+order+` LIMIT `+strconv.Itoa(limit)+`) AS m ORDER BY m.created_at, m.id`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("store: messages: %w", err)
	}
	list, err := collect(rows, "messages", (*MessageRow).fields)
	if err != nil {
		return nil, err
	}
	return list, s.addAttachments(ctx, list)
}

// MessagesByID reads messages of an account.
func (s *Store) MessagesByID(ctx context.Context, accountID int64, messageIDs []int64) (map[int64]MessageRow, error) {
	out := make(map[int64]MessageRow, len(messageIDs))
	if len(messageIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+messageColumns+` FROM `+s.d.rows("$2", "id bigint")+` CROSS JOIN messages m
		WHERE m.id = x.id AND m.account_id = $1`, accountID, ids(messageIDs))
	if err != nil {
		return nil, fmt.Errorf("store: messages by id: %w", err)
	}
	list, err := collect(rows, "messages by id", (*MessageRow).fields)
	if err != nil {
		return nil, err
	}
	if err := s.addAttachments(ctx, list); err != nil {
		return nil, err
	}
	for _, m := range list {
		out[m.ID] = m
	}
	return out, nil
}

// addAttachments fills Attachments of all messages with one query.
func (s *Store) addAttachments(ctx context.Context, list []MessageRow) error {
	if len(list) == 0 {
		return nil
	}
	at := make(map[int64]int, len(list))
	keys := make([]int64, len(list))
	for i := range list {
		at[list[i].ID], keys[i] = i, list[i].ID
	}
	rows, err := s.r.QueryContext(ctx, `SELECT a.message_id, `+attachmentColumns+`
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN attachments a
		WHERE a.message_id = x.id ORDER BY a.id`, ids(keys))
	if err != nil {
		return fmt.Errorf("store: attachments: %w", err)
	}
	files, err := collect(rows, "attachments", func(a *AttachmentRow) []any { return append([]any{&a.MessageID}, a.fields()...) })
	if err != nil {
		return err
	}
	for _, a := range files {
		i := at[a.MessageID]
		list[i].Attachments = append(list[i].Attachments, a)
	}
	return nil
}
