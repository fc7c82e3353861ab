package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// MessageWebhook is the JSON that a customer's endpoint gets about a message
// (contract 02 §1, MessageWebhook).
func (d *Desk) MessageWebhook(ctx context.Context, event string, messageID int64) ([]byte, error) {
	m, err := d.Store.MessageView(ctx, messageID)
	if err != nil {
		return nil, err
	}
	return d.messageEvent(ctx, event, m)
}

func (d *Desk) messageEvent(ctx context.Context, event string, m store.MessageView) ([]byte, error) {
	return encodeEvent(d.messageBody(event, m, d.conversationPush(ctx, m.ThreadView)))
}

// messageBody is that before it is encoded; conversation is the message's.
func (d *Desk) messageBody(event string, m store.MessageView, conversation map[string]any) map[string]any {
	payload := map[string]any{
		"event": event, "id": m.ID, "content": m.Content, "content_type": chat.ContentTypes[m.ContentType],
		"content_attributes": json.RawMessage(m.Attributes), "additional_attributes": json.RawMessage(m.AdditionalAttributes),
		"message_type": chat.MessageType(m.Type).String(), "private": m.Private, "source_id": m.SourceID,
		"created_at": iso(m.CreatedAt), "account": map[string]any{"id": m.AccountID, "name": m.AccountName},
		"inbox": map[string]any{"id": m.InboxID, "name": m.InboxName}, "sender": d.senderWebhook(m),
		"conversation": conversation,
	}
	if len(m.Attachments) > 0 {
		payload["attachments"] = d.attachmentsPush(m.ID, m.AccountID, m.Attachments)
	}
	return payload
}

func encodeEvent(payload map[string]any) ([]byte, error) {
	b, err := json.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("desk: webhook: %w", err)
	}
	return b, nil
}

func (d *Desk) senderWebhook(m store.MessageView) any {
	switch m.SenderType {
	case "User":
		return userWebhook(m.SenderID, m.SenderName, m.SenderEmail)
	case "AgentBot":
		return botWebhook(m.SenderID, &m.SenderName)
	case "Contact":
		return d.contactWebhook(m.AccountID, m.AccountName, m.Contact)
	}
	return nil
}

func userWebhook(id int64, name, email string) map[string]any {
	return map[string]any{"id": id, "name": name, "email": email, "type": "user"}
}

func botWebhook(id int64, name *string) map[string]any {
	return map[string]any{"id": id, "name": name, "type": "agent_bot"}
}

func (d *Desk) contactWebhook(accountID int64, accountName string, c store.ContactView) map[string]any {
	return map[string]any{
		"account":               map[string]any{"id": accountID, "name": accountName},
		"additional_attributes": json.RawMessage(c.AdditionalAttributes), "custom_attributes": json.RawMessage(c.CustomAttributes),
		"avatar": d.AvatarURL(c), "thumbnail": d.AvatarURL(c), "email": c.Email, "id": c.ID, "identifier": c.Identifier,
		"name": c.Name, "phone_number": c.Phone, "blocked": c.Blocked,
	}
}

// conversationPush is the conversation as webhooks and the live wire show it
// (contract 02 §1, ConversationPush).
func (d *Desk) conversationPush(ctx context.Context, t store.ThreadView) map[string]any {
	c, p, l := t.Conversation, t.Contact, t.ContactInbox
	messages, labels := []any{}, t.Labels
	if t.Last != nil {
		messages = append(messages, d.messagePush(ctx, *t.Last, t))
	}
	if labels == nil {
		labels = []string{}
	}
	var assignee, team any
	if t.Team != nil {
		team = map[string]any{"id": t.Team.ID, "name": t.Team.Name}
	}
	if c.AssigneeID != nil {
		if u, ok := t.Agents[*c.AssigneeID]; ok {
			assignee = d.userPush(ctx, t.AccountID, u)
		}
	}
	return map[string]any{
		"additional_attributes": json.RawMessage(c.AdditionalAttributes), "custom_attributes": json.RawMessage(c.CustomAttributes),
		"can_reply": d.CanReply(t.InboxID, c.LastIncomingAt), "channel": t.ChannelType, "id": c.DisplayID, "inbox_id": t.InboxID,
		"contact_inbox": map[string]any{
			"id": l.ID, "contact_id": p.ID, "inbox_id": t.InboxID, "source_id": l.SourceID, "hmac_verified": l.HMACVerified,
			"pubsub_token": l.PubsubToken, "created_at": iso(l.CreatedAt), "updated_at": iso(l.UpdatedAt),
		},
		"messages": messages, "labels": labels,
		"meta":   map[string]any{"sender": d.contactPush(p), "assignee": assignee, "team": team, "hmac_verified": l.HMACVerified},
		"status": chat.ConversationStatusOf(c.Status), "snoozed_until": isoOrNil(c.SnoozedUntil), "unread_count": c.UnreadCount,
		"first_reply_created_at": isoOrNil(c.FirstReplyCreatedAt), "priority": priority(c.Priority),
		"waiting_since": seconds(c.WaitingSince), "agent_last_seen_at": seconds(c.AgentLastSeenAt),
		"contact_last_seen_at": seconds(c.ContactLastSeenAt), "last_activity_at": c.LastActivityAt / 1e6,
		"timestamp": c.LastActivityAt / 1e6, "created_at": c.CreatedAt / 1e6, "updated_at": float64(c.UpdatedAt) / 1e6,
	}
}

func (d *Desk) contactPush(p store.ContactView) map[string]any {
	return map[string]any{
		"additional_attributes": json.RawMessage(p.AdditionalAttributes), "custom_attributes": json.RawMessage(p.CustomAttributes),
		"email": p.Email, "id": p.ID, "identifier": p.Identifier, "name": p.Name, "phone_number": p.Phone,
		"thumbnail": d.AvatarURL(p), "blocked": p.Blocked, "type": "contact",
	}
}

func (d *Desk) userPush(ctx context.Context, accountID int64, u store.AgentRow) map[string]any {
	avatar := d.UserAvatarURL(u.AvatarBlobID)
	out := map[string]any{
		"id": u.ID, "name": u.Name, "available_name": AvailableName(u.DisplayName, u.Name), "avatar_url": avatar, "thumbnail": avatar,
		"type": "user", "availability_status": nil,
	}
	if u.Member {
		out["availability_status"] = d.AvailabilityStatus(ctx, accountID, u.ID, u.Availability, u.AutoOffline)
	}
	return out
}

// BotPush is a bot inside messages and events.
func (d *Desk) BotPush(b store.BotView) map[string]any {
	return map[string]any{"id": b.ID, "name": b.Name, "avatar_url": d.UserAvatarURL(b.AvatarBlobID), "type": "agent_bot"}
}

func (d *Desk) messagePush(ctx context.Context, m store.MessageRow, t store.ThreadView) map[string]any {
	out := map[string]any{
		"id": m.ID, "content": m.Content, "account_id": m.AccountID, "inbox_id": m.InboxID, "conversation_id": t.Conversation.DisplayID,
		"message_type": m.Type, "created_at": m.CreatedAt / 1e6, "updated_at": iso(m.UpdatedAt), "private": m.Private,
		"status": chat.MessageStatusOf(m.Status), "source_id": m.SourceID, "content_type": chat.ContentTypes[m.ContentType],
		"content_attributes": json.RawMessage(m.Attributes), "additional_attributes": json.RawMessage(m.AdditionalAttributes),
		"sender_type": m.SenderType, "sender_id": m.SenderID, "external_source_ids": map[string]any{},
		"processed_message_content": m.Content, "sentiment": map[string]any{},
		"conversation": map[string]any{
			"assignee_id": t.Conversation.AssigneeID, "unread_count": t.Conversation.UnreadCount,
			"last_activity_at": t.Conversation.LastActivityAt / 1e6, "contact_inbox": map[string]any{"source_id": t.ContactInbox.SourceID},
		},
	}
	if m.SenderType != nil && m.SenderID != nil {
		switch *m.SenderType {
		case "Contact":
			out["sender"] = d.contactPush(t.Contact)
		case "User":
			if u, ok := t.Agents[*m.SenderID]; ok {
				out["sender"] = d.userPush(ctx, m.AccountID, u)
			}
		case store.OwnerBot:
			if t.Bot != nil && t.Bot.ID == *m.SenderID {
				out["sender"] = d.BotPush(*t.Bot)
			}
		}
	}
	if len(m.Attachments) > 0 {
		list := make([]store.AttachmentView, len(m.Attachments))
		for i, a := range m.Attachments {
			list[i] = a.AttachmentView
		}
		out["attachments"] = d.attachmentsPush(m.ID, m.AccountID, list)
	}
	return out
}

func (d *Desk) attachmentsPush(messageID, accountID int64, attachments []store.AttachmentView) []map[string]any {
	list := make([]map[string]any, 0, len(attachments))
	for _, a := range attachments {
		x := map[string]any{"id": a.ID, "message_id": messageID, "account_id": accountID, "file_type": chat.FileTypes[a.FileType]}
		switch chat.FileTypes[a.FileType] {
		case "location":
			x["coordinates_lat"], x["coordinates_long"] = a.Lat, a.Long
			x["fallback_title"], x["data_url"] = a.Title, a.ExternalURL
		case "fallback":
			x["fallback_title"], x["data_url"] = a.Title, a.ExternalURL
		case "contact":
			x["fallback_title"], x["meta"] = a.Title, json.RawMessage(a.Meta)
			if a.BlobID != 0 {
				x["data_url"], _ = d.FileURLs(a)
			}
		default:
			x["data_url"], x["thumb_url"] = d.FileURLs(a)
			x["extension"], x["file_size"], x["width"], x["height"] = Extension(a.FileName), a.FileSize, a.Width, a.Height
			if chat.FileTypes[a.FileType] == "audio" {
				x["transcribed_text"] = ""
			}
		}
		list = append(list, x)
	}
	return list
}

// CanReply tells whether the messaging window of a conversation is open
// (contract 02 §2.5). lastIncoming is in microseconds.
func (d *Desk) CanReply(inboxID int64, lastIncoming *int64) bool {
	driver, ch, ok := d.Directory.Inbox(inboxID)
	if !ok {
		return true
	}
	w, limited := driver.(channels.Windowed)
	if !limited {
		return true
	}
	window := w.Window(ch)
	if window == 0 {
		return true
	}
	return lastIncoming != nil && d.Now().Sub(time.UnixMicro(*lastIncoming)) < window
}

var priorities = []string{"low", "medium", "high", "urgent"}

func priority(p *int) any {
	if p == nil || *p < 0 || *p >= len(priorities) {
		return nil
	}
	return priorities[*p]
}

// iso is the time format of the API: UTC with milliseconds.
func iso(us int64) string { return time.UnixMicro(us).UTC().Format("2006-01-02T15:04:05.000Z") }

func isoOrNil(us *int64) any {
	if us == nil {
		return nil
	}
	return iso(*us)
}

// seconds is unix seconds, 0 when unset.
func seconds(us *int64) int64 {
	if us == nil {
		return 0
	}
	return *us / 1e6
}
