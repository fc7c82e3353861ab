package api

import (
	"context"
	"encoding/json"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/store"
)

// messageOut is a message.
type messageOut struct {
	ID                int64           `json:"id"`
	Content           *string         `json:"content"`
	InboxID           int64           `json:"inbox_id"`
	EchoID            json.RawMessage `json:"echo_id,omitempty"`
	ConversationID    int64           `json:"conversation_id"` // display id
	MessageType       int             `json:"message_type"`
	ContentType       string          `json:"content_type"`
	Status            string          `json:"status"`
	ContentAttributes json.RawMessage `json:"content_attributes"`
	CreatedAt         route.Unix      `json:"created_at"`
	Private           bool            `json:"private"`
	SourceID          *string         `json:"source_id"`
	Sender            any             `json:"sender,omitempty"`
	Attachments       []attachmentOut `json:"attachments,omitempty"`
}

// attachmentOut has other keys for every file type.
type attachmentOut map[string]any

// messagePush is a message inside a conversation.
type messagePush struct {
	messageOut
	AccountID               int64             `json:"account_id"`
	UpdatedAt               route.ISO         `json:"updated_at"`
	SenderType              *string           `json:"sender_type"`
	SenderID                *int64            `json:"sender_id"`
	ExternalSourceIDs       struct{}          `json:"external_source_ids"`
	AdditionalAttributes    json.RawMessage   `json:"additional_attributes"`
	ProcessedMessageContent *string           `json:"processed_message_content"`
	Sentiment               struct{}          `json:"sentiment"`
	Conversation            messageThreadPush `json:"conversation"`
}

// messageThreadPush is what a pushed message tells of its conversation.
type messageThreadPush struct {
	AssigneeID     *int64     `json:"assignee_id"`
	UnreadCount    int        `json:"unread_count"`
	LastActivityAt route.Unix `json:"last_activity_at"`
	ContactInbox   struct {
		SourceID string `json:"source_id"`
	} `json:"contact_inbox"`
}

// Kinds of senders, as stored.
const (
	senderUser    = "User"
	senderBot     = "AgentBot"
	senderContact = "Contact"
)

// senders are the people behind a set of messages.
type senders struct {
	users    map[int64]store.AgentRow
	contacts map[int64]store.ContactRow
	bots     map[int64]store.BotView
}

// sendersOf reads the senders of messages, and further users, with a query for
// each kind.
func (a *API) sendersOf(ctx context.Context, accountID int64, list []store.MessageRow, users ...int64) (senders, error) {
	var contacts, bots []int64
	seen := map[int64]bool{}
	for _, m := range list {
		if m.SenderType == nil || m.SenderID == nil {
			continue
		}
		switch *m.SenderType {
		case senderUser:
			users = append(users, *m.SenderID)
		case senderBot:
			bots = append(bots, *m.SenderID)
		case senderContact:
			if !seen[*m.SenderID] {
				contacts = append(contacts, *m.SenderID)
			}
			seen[*m.SenderID] = true
		}
	}
	var s senders
	var err error
	if s.users, err = a.Store.Agents(ctx, accountID, unique(users)); err != nil {
		return s, err
	}
	if s.contacts, err = a.Store.Contacts(ctx, accountID, contacts); err != nil {
		return s, err
	}
	s.bots, err = a.Store.BotViews(ctx, unique(bots))
	return s, err
}

func unique(list []int64) []int64 {
	seen := make(map[int64]bool, len(list))
	var out []int64
	for _, v := range list {
		if !seen[v] {
			out = append(out, v)
		}
		seen[v] = true
	}
	return out
}

// senderOf is the sender of a message, nil when there is none any more.
func (a *API) senderOf(ctx context.Context, s senders, m store.MessageRow) any {
	if m.SenderType == nil || m.SenderID == nil {
		return nil
	}
	switch *m.SenderType {
	case senderUser:
		if u, ok := s.users[*m.SenderID]; ok {
			return a.newUserPush(ctx, m.AccountID, u)
		}
	case senderBot:
		if b, ok := s.bots[*m.SenderID]; ok {
			return a.Desk.BotPush(b)
		}
	case senderContact:
		if c, ok := s.contacts[*m.SenderID]; ok {
			return a.newContactPush(c.ContactView)
		}
	}
	return nil
}

func (a *API) newMessageOut(ctx context.Context, m store.MessageRow, displayID int64, people senders) messageOut {
	out := messageOut{
		ID: m.ID, Content: m.Content, InboxID: m.InboxID, ConversationID: displayID, MessageType: m.Type,
		ContentType: nameAt(chat.ContentTypes, m.ContentType), Status: string(chat.MessageStatusOf(m.Status)),
		ContentAttributes: object(m.Attributes), CreatedAt: unix(&m.CreatedAt), Private: m.Private, SourceID: m.SourceID,
		Sender: a.senderOf(ctx, people, m),
	}
	for _, file := range m.Attachments {
		out.Attachments = append(out.Attachments, a.newAttachmentOut(file, m.AccountID))
	}
	return out
}

func (a *API) newMessagePush(ctx context.Context, m store.MessageRow, c store.ConversationListed, people senders) messagePush {
	out := messagePush{
		messageOut: a.newMessageOut(ctx, m, c.DisplayID, people), AccountID: m.AccountID, UpdatedAt: iso(&m.UpdatedAt), SenderType: m.SenderType,
		SenderID: m.SenderID, AdditionalAttributes: object(m.AdditionalAttributes), ProcessedMessageContent: m.Content,
		Conversation: messageThreadPush{AssigneeID: c.AssigneeID, UnreadCount: c.UnreadCount, LastActivityAt: unix(&c.LastActivityAt)},
	}
	out.Conversation.ContactInbox.SourceID = c.SourceID
	return out
}

func (a *API) newAttachmentOut(f store.AttachmentRow, accountID int64) attachmentOut {
	kind := nameAt(chat.FileTypes, f.FileType)
	out := attachmentOut{"id": f.ID, "message_id": f.MessageID, "file_type": kind, "account_id": accountID}
	switch kind {
	case "location":
		out["coordinates_lat"], out["coordinates_long"] = f.Lat, f.Long
		out["fallback_title"], out["data_url"] = f.Title, f.ExternalURL
	case "fallback":
		out["fallback_title"], out["data_url"] = f.Title, f.ExternalURL
	case "contact":
		out["fallback_title"], out["meta"] = f.Title, object(f.Meta)
		if f.BlobID != 0 {
			out["data_url"], _ = a.Desk.FileURLs(f.AttachmentView)
		}
	default:
		out["data_url"], out["thumb_url"] = a.Desk.FileURLs(f.AttachmentView)
		out["extension"], out["file_size"], out["width"], out["height"] = desk.Extension(f.FileName), f.FileSize, f.Width, f.Height
		if kind == "audio" {
			out["transcribed_text"] = ""
		}
	}
	return out
}
