package api

import (
	"context"
	"encoding/json"

	"tributary/api/route"
	"tributary/chat"
	"tributary/store"
)

// conversationOut is a conversation.
type conversationOut struct {
	Meta                   conversationMeta `json:"meta"`
	ID                     int64            `json:"id"` // display id
	Messages               []messagePush    `json:"messages"`
	AccountID              int64            `json:"account_id"`
	UUID                   string           `json:"uuid"`
	AdditionalAttributes   json.RawMessage  `json:"additional_attributes"`
	AgentLastSeenAt        route.Unix       `json:"agent_last_seen_at"`
	AssigneeLastSeenAt     route.Unix       `json:"assignee_last_seen_at"`
	CanReply               bool             `json:"can_reply"`
	ContactLastSeenAt      route.Unix       `json:"contact_last_seen_at"`
	CustomAttributes       json.RawMessage  `json:"custom_attributes"`
	InboxID                int64            `json:"inbox_id"`
	Labels                 []string         `json:"labels"`
	Muted                  bool             `json:"muted"`
	SnoozedUntil           route.ISO        `json:"snoozed_until"`
	Status                 string           `json:"status"`
	CreatedAt              route.Unix       `json:"created_at"`
	UpdatedAt              route.UnixFloat  `json:"updated_at"`
	Timestamp              route.Unix       `json:"timestamp"`
	FirstReplyCreatedAt    route.Unix       `json:"first_reply_created_at"`
	UnreadCount            int              `json:"unread_count"`
	LastNonActivityMessage *messagePush     `json:"last_non_activity_message"`
	LastActivityAt         route.Unix       `json:"last_activity_at"`
	Priority               *string          `json:"priority"`
	WaitingSince           route.Unix       `json:"waiting_since"`
	SLAPolicyID            *int64           `json:"sla_policy_id"`
}

type conversationMeta struct {
	Sender       contactOut `json:"sender"`
	Channel      string     `json:"channel"`
	Assignee     *agentOut  `json:"assignee,omitempty"`
	Team         *teamOut   `json:"team,omitempty"`
	HMACVerified bool       `json:"hmac_verified"`
}

// conversationsOut presents conversations; what belongs to them is read for all
// of them together.
func (a *API) conversationsOut(ctx context.Context, c *route.Call, list []store.ConversationListed) ([]conversationOut, error) {
	var messageIDs, users, teamIDs []int64
	accountID, caller := c.Account.ID, c.User.ID
	for _, c := range list {
		if c.LastMessageID.Valid {
			messageIDs = append(messageIDs, c.LastMessageID.Int64)
		}
		if c.LastNonActivityID.Valid {
			messageIDs = append(messageIDs, c.LastNonActivityID.Int64)
		}
		if c.AssigneeID != nil {
			users = append(users, *c.AssigneeID)
		}
		if c.TeamID != nil {
			teamIDs = append(teamIDs, *c.TeamID)
		}
	}
	messages, err := a.Store.MessagesByID(ctx, accountID, unique(messageIDs))
	if err != nil {
		return nil, err
	}
	flat := make([]store.MessageRow, 0, len(messages))
	for _, m := range messages {
		flat = append(flat, m)
	}
	people, err := a.sendersOf(ctx, accountID, flat, users...)
	if err != nil {
		return nil, err
	}
	teams, err := a.Store.TeamsByID(ctx, accountID, caller, unique(teamIDs))
	if err != nil {
		return nil, err
	}
	out := make([]conversationOut, len(list))
	for i, c := range list {
		out[i] = a.newConversationOut(ctx, c, messages, people)
		if c.TeamID == nil {
			continue
		}
		if t, ok := teams[*c.TeamID]; ok {
			team := newTeamOut(t)
			out[i].Meta.Team = &team
		}
	}
	return out, nil
}

func (a *API) newConversationOut(ctx context.Context, c store.ConversationListed, messages map[int64]store.MessageRow, people senders) conversationOut {
	out := conversationOut{
		Meta: conversationMeta{Sender: a.newContactOut(ctx, c.AccountID, c.Contact), Channel: c.ChannelType, HMACVerified: c.HMACVerified},
		ID:   c.DisplayID, AccountID: c.AccountID, UUID: c.UUID, AdditionalAttributes: object(c.AdditionalAttributes),
		AgentLastSeenAt: unix(c.AgentLastSeenAt), AssigneeLastSeenAt: unix(c.AssigneeLastSeenAt), ContactLastSeenAt: unix(c.ContactLastSeenAt),
		CanReply: a.Desk.CanReply(c.InboxID, c.LastIncomingAt), CustomAttributes: object(c.CustomAttributes), InboxID: c.InboxID, Labels: c.Labels,
		Muted: c.Contact.Blocked, SnoozedUntil: iso(c.SnoozedUntil), Status: string(chat.ConversationStatusOf(c.Status)),
		CreatedAt: unix(&c.CreatedAt), UpdatedAt: route.UnixFloat(at(&c.UpdatedAt)), Timestamp: unix(&c.LastActivityAt),
		FirstReplyCreatedAt: unix(c.FirstReplyCreatedAt), UnreadCount: c.UnreadCount, LastActivityAt: unix(&c.LastActivityAt),
		Priority: priorityName(c.Priority), WaitingSince: unix(c.WaitingSince),
	}
	if c.AssigneeID != nil {
		if u, ok := people.users[*c.AssigneeID]; ok && u.Member {
			agent := a.newAgentOut(ctx, c.AccountID, u)
			out.Meta.Assignee = &agent
		}
	}
	if m, ok := messages[c.LastMessageID.Int64]; ok {
		out.Messages = []messagePush{a.newMessagePush(ctx, m, c, people)}
	}
	if m, ok := messages[c.LastNonActivityID.Int64]; ok {
		push := a.newMessagePush(ctx, m, c, people)
		out.LastNonActivityMessage = &push
	}
	return out
}

// priorities are in the order of their stored numbers.
var priorities = []string{"low", "medium", "high", "urgent"}

func priorityName(stored *int) *string {
	if stored == nil || *stored < 0 || *stored >= len(priorities) {
		return nil
	}
	name := priorities[*stored]
	return &name
}
