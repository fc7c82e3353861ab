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
	// Team has the conversation; nil: none has.
	Team *TeamName

	teamName *string
}

// TeamName is what is shown of a team where it is named.
type TeamName struct {
	ID   int64
	Name string
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
	TeamID               *int64
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
		c.last_incoming_at, c.created_at, c.updated_at, c.assignee_id, c.team_id, ct.name,
		` + unreadColumn + `,
		p.id, p.name, p.email, p.phone_number, p.identifier, p.blocked, p.avatar_url, COALESCE(p.avatar_blob_id, 0), p.additional_attributes, p.custom_attributes,
		l.id, l.source_id, l.hmac_verified, l.pubsub_token, l.created_at, l.updated_at`

	threadJoins = ` JOIN accounts a ON a.id = c.account_id JOIN inboxes i ON i.id = c.inbox_id JOIN contacts p ON p.id = c.contact_id
		JOIN contact_inboxes l ON l.id = c.contact_inbox_id LEFT JOIN teams ct ON ct.id = c.team_id `
)

func (v *ThreadView) fields() []any {
	c, p, l := &v.Conversation, &v.Contact, &v.ContactInbox
	return []any{
		&v.AccountID, &v.AccountName, &v.InboxID, &v.InboxName, &v.ChannelType,
		&c.ID, &c.DisplayID, &c.Status, &c.Priority, &c.AdditionalAttributes, &c.CustomAttributes, &c.SnoozedUntil,
		&c.FirstReplyCreatedAt, &c.WaitingSince, &c.AgentLastSeenAt, &c.ContactLastSeenAt, &c.LastActivityAt,
		&c.LastIncomingAt, &c.CreatedAt, &c.UpdatedAt, &c.AssigneeID, &c.TeamID, &v.teamName, &c.UnreadCount,
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

// ThreadViews reads conversations of an account as ThreadView does. Those that are
// gone are absent.
func (s *Store) ThreadViews(ctx context.Context, accountID int64, conversationIDs []int64) (map[int64]ThreadView, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+threadColumns+`
		FROM `+s.d.rows("$2", "id bigint")+` CROSS JOIN conversations c`+threadJoins+`WHERE c.id = x.id AND c.account_id = $1`,
		accountID, ids(conversationIDs))
	if err != nil {
		return nil, fmt.Errorf("store: thread views: %w", err)
	}
	list, err := collect(rows, "thread views", (*ThreadView).fields)
	if err != nil {
		return nil, err
	}
	views := make([]*ThreadView, len(list))
	for i := range list {
		views[i] = &list[i]
	}
	if err := s.completeThreads(ctx, accountID, views); err != nil {
		return nil, err
	}
	out := make(map[int64]ThreadView, len(list))
	for _, v := range list {
		out[v.Conversation.ID] = v
	}
	return out, nil
}

// completeThread reads what stands in other rows than the conversation's.
func (s *Store) completeThread(ctx context.Context, v *ThreadView) error {
	return s.completeThreads(ctx, v.AccountID, []*ThreadView{v})
}

// completeThreads is completeThread for different conversations of an account, with
// a query for each kind of row.
func (s *Store) completeThreads(ctx context.Context, accountID int64, list []*ThreadView) error {
	if len(list) == 0 {
		return nil
	}
	views := make(map[int64]*ThreadView, len(list))
	keys := make([]int64, len(list))
	for i, v := range list {
		v.Conversation.UnreadCount = min(v.Conversation.UnreadCount, maxUnread)
		if v.Conversation.TeamID != nil && v.teamName != nil {
			v.Team = &TeamName{*v.Conversation.TeamID, *v.teamName}
		}
		v.teamName = nil
		views[v.Conversation.ID], keys[i] = v, v.Conversation.ID
	}
	set := ids(keys)
	rows, err := s.r.QueryContext(ctx, `SELECT l.conversation_id, l.label FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN conversation_labels l
		WHERE l.conversation_id = x.id ORDER BY l.label`, set)
	if err != nil {
		return fmt.Errorf("store: labels: %w", err)
	}
	type labelled struct {
		id    int64
		label string
	}
	labels, err := collect(rows, "labels", func(l *labelled) []any { return []any{&l.id, &l.label} })
	if err != nil {
		return err
	}
	for _, l := range labels {
		views[l.id].Labels = append(views[l.id].Labels, l.label)
	}
	rows, err = s.r.QueryContext(ctx, `SELECT `+messageColumns+` FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN messages m
		WHERE m.id = (SELECT k.id FROM messages k WHERE k.conversation_id = x.id AND k.private = FALSE AND k.message_type <> 2
			ORDER BY k.id DESC LIMIT 1)`, set)
	if err != nil {
		return fmt.Errorf("store: last messages: %w", err)
	}
	last, err := collect(rows, "last messages", (*MessageRow).fields)
	if err != nil {
		return err
	}
	if err := s.addAttachments(ctx, last); err != nil {
		return err
	}
	for i := range last {
		views[last[i].ConversationID].Last = &last[i]
	}
	return s.addAgents(ctx, accountID, list)
}

// addAgents fills Agents and Bot of all threads with a query each.
func (s *Store) addAgents(ctx context.Context, accountID int64, list []*ThreadView) error {
	of := make([][]int64, len(list))
	var users []int64
	for i, v := range list {
		if v.Conversation.AssigneeID != nil {
			of[i] = append(of[i], *v.Conversation.AssigneeID)
		}
		if m := v.Last; m != nil && m.SenderType != nil && *m.SenderType == OwnerUser && m.SenderID != nil {
			of[i] = append(of[i], *m.SenderID)
		}
		users = append(users, of[i]...)
	}
	slices.Sort(users)
	agents, err := s.Agents(ctx, accountID, slices.Compact(users))
	if err != nil {
		return err
	}
	var bots []BotPlace
	for i, v := range list {
		v.Agents = make(map[int64]AgentRow, len(of[i]))
		for _, id := range of[i] {
			if a, ok := agents[id]; ok {
				v.Agents[id] = a
			}
		}
		if m := v.Last; m != nil && m.SenderType != nil && *m.SenderType == OwnerBot && m.SenderID != nil {
			bots = append(bots, BotPlace{*m.SenderID, v.InboxID})
		}
	}
	known, err := s.BotsInInboxes(ctx, bots)
	if err != nil {
		return err
	}
	for _, v := range list {
		if m := v.Last; m != nil && m.SenderType != nil && *m.SenderType == OwnerBot && m.SenderID != nil {
			if b, ok := known[BotPlace{*m.SenderID, v.InboxID}]; ok {
				v.Bot = &b
			}
		}
	}
	return nil
}

// The columns of a MessageView, and what they are joined from.
const (
	messageViewColumns = `m.id, m.message_type, m.content_type,
			m.content, m.content_attributes, m.additional_attributes, m.private, m.status, m.source_id,
			COALESCE(m.sender_type, ''), COALESCE(m.sender_id, 0), COALESCE(u.name, b.name, ''), COALESCE(u.email, ''), m.created_at, m.updated_at,
			` + threadColumns

	messageViewJoins = ` JOIN conversations c ON c.id = m.conversation_id` + threadJoins + `
			LEFT JOIN users u ON m.sender_type = 'User' AND u.id = m.sender_id
			LEFT JOIN agent_bots b ON m.sender_type = 'AgentBot' AND b.id = m.sender_id `
)

func (m *MessageView) fields() []any {
	return append([]any{
		&m.ID, &m.Type, &m.ContentType,
		&m.Content, &m.Attributes, &m.AdditionalAttributes, &m.Private, &m.Status, &m.SourceID,
		&m.SenderType, &m.SenderID, &m.SenderName, &m.SenderEmail, &m.CreatedAt, &m.UpdatedAt,
	}, m.ThreadView.fields()...)
}

// MessageView reads a message for a webhook; ErrNotFound when it is gone.
func (s *Store) MessageView(ctx context.Context, id int64) (MessageView, error) {
	var m MessageView
	err := s.r.QueryRowContext(ctx, `SELECT `+messageViewColumns+` FROM messages m`+messageViewJoins+`WHERE m.id = $1`, id).Scan(m.fields()...)
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

// MessageViews reads messages of an account as MessageView does. Those that are gone
// are absent.
func (s *Store) MessageViews(ctx context.Context, accountID int64, messageIDs []int64) (map[int64]MessageView, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+messageViewColumns+`
		FROM `+s.d.rows("$2", "id bigint")+` CROSS JOIN messages m`+messageViewJoins+`WHERE m.id = x.id AND m.account_id = $1`,
		accountID, ids(messageIDs))
	if err != nil {
		return nil, fmt.Errorf("store: message views: %w", err)
	}
	list, err := collect(rows, "message views", (*MessageView).fields)
	if err != nil {
		return nil, err
	}
	// Messages of one conversation share what is read of it.
	threads := map[int64]*ThreadView{}
	var different []*ThreadView
	files := make([]MessageRow, len(list))
	for i := range list {
		files[i].ID = list[i].ID
		if id := list[i].Conversation.ID; threads[id] == nil {
			threads[id] = &list[i].ThreadView
			different = append(different, threads[id])
		}
	}
	if err := s.completeThreads(ctx, accountID, different); err != nil {
		return nil, err
	}
	if err := s.addAttachments(ctx, files); err != nil {
		return nil, err
	}
	out := make(map[int64]MessageView, len(list))
	for i, m := range list {
		m.ThreadView = *threads[m.Conversation.ID]
		for _, a := range files[i].Attachments {
			m.Attachments = append(m.Attachments, a.AttachmentView)
		}
		out[m.ID] = m
	}
	return out, nil
}
