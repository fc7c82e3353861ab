package api

import (
	"context"

	"tributary/api/route"
	"tributary/store"
)

// conversationSaying is a conversation with what was said in it.
type conversationSaying struct {
	ID        int64         `json:"id"` // display id
	UUID      string        `json:"uuid"`
	CreatedAt route.Unix    `json:"created_at"`
	Contact   named         `json:"contact"`
	Inbox     sayingInbox   `json:"inbox"`
	Messages  []saidMessage `json:"messages"`
	AccountID int64         `json:"account_id"`
}

type named struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type sayingInbox struct {
	named
	ChannelType string `json:"channel_type"`
}

type saidMessage struct {
	Content     *string    `json:"content"`
	ID          int64      `json:"id"`
	SenderName  string     `json:"sender_name,omitempty"`
	MessageType int        `json:"message_type"`
	CreatedAt   route.Unix `json:"created_at"`
}

type searchConversationsOut struct {
	Meta    searchCounts         `json:"meta"`
	Payload []conversationSaying `json:"payload"`
}

// searchCounts are those of the list, without how many are assigned.
type searchCounts struct {
	Mine       int `json:"mine_count"`
	Unassigned int `json:"unassigned_count"`
	All        int `json:"all_count"`
}

// searchConversations is the list with the messages that contain the text.
func (a *API) searchConversations(ctx context.Context, c *route.Call, in conversationQuery) (searchConversationsOut, error) {
	var out searchConversationsOut
	filter, err := a.conversationFilter(ctx, c, in)
	if err != nil {
		return out, err
	}
	said, err := a.sayings(ctx, &filter, in.Q)
	if err != nil {
		return out, err
	}
	limit, offset := a.conversationPage(filter, in)
	list, counts, err := a.Store.ConversationPage(ctx, filter, orderOf(in.SortBy), limit, offset)
	if err != nil {
		return out, err
	}
	out.Meta = searchCounts{Mine: counts.Mine, Unassigned: counts.Unassigned, All: counts.All}
	var wanted []int64
	for _, row := range list {
		wanted = append(wanted, said[row.ID]...)
	}
	messages, err := a.Store.MessagesByID(ctx, c.Account.ID, wanted)
	if err != nil {
		return out, err
	}
	flat := make([]store.MessageRow, 0, len(messages))
	for _, m := range messages {
		flat = append(flat, m)
	}
	people, err := a.sendersOf(ctx, c.Account.ID, flat)
	if err != nil {
		return out, err
	}
	out.Payload = make([]conversationSaying, len(list))
	for i, row := range list {
		hit := conversationSaying{
			ID: row.DisplayID, UUID: row.UUID, CreatedAt: unix(&row.CreatedAt), Contact: named{row.Contact.ID, row.Contact.Name},
			Inbox: sayingInbox{named{row.InboxID, row.InboxName}, row.ChannelType}, AccountID: row.AccountID, Messages: []saidMessage{},
		}
		for _, id := range said[row.ID] {
			if m, there := messages[id]; there {
				hit.Messages = append(hit.Messages, saidMessage{
					Content: m.Content, ID: m.ID, SenderName: people.nameOf(m), MessageType: m.Type, CreatedAt: unix(&m.CreatedAt),
				})
			}
		}
		out.Payload[i] = hit
	}
	return out, nil
}

// nameOf is the name of who sent a message, empty when there is nobody any more.
func (s senders) nameOf(m store.MessageRow) string {
	if m.SenderType == nil || m.SenderID == nil {
		return ""
	}
	switch *m.SenderType {
	case senderUser:
		return s.users[*m.SenderID].Name
	case senderBot:
		if name := s.bots[*m.SenderID].Name; name != nil {
			return *name
		}
	case senderContact:
		return s.contacts[*m.SenderID].Name
	}
	return ""
}

// unreadCounts are the numbers beside the lists: conversations in which the contact
// wrote something that nobody has seen. Where nothing else is said they are open.
type unreadCounts struct {
	All           int            `json:"all_count"`
	Mine          int            `json:"mine_count"`
	Unassigned    int            `json:"unassigned_count"`
	Unattended    int            `json:"unattended_count"`
	Mentioned     int            `json:"mentions_count"`
	Participating int            `json:"participating_count"`
	Pending       int            `json:"pending_count"`
	Snoozed       int            `json:"snoozed_count"`
	Inboxes       map[int64]int  `json:"inboxes"`
	Teams         map[int64]int  `json:"teams"`
	Labels        map[string]int `json:"labels"`
}

// countUnread counts what the caller sees; inboxes, teams and labels without any are
// left out.
func (a *API) countUnread(ctx context.Context, c *route.Call, _ none) (payload[unreadCounts], error) {
	sight, err := a.sight(ctx, c)
	if err != nil {
		return payload[unreadCounts]{}, err
	}
	counts, err := a.Store.CountUnread(ctx, sight)
	return payload[unreadCounts]{unreadCounts(counts)}, err
}
