package desk

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"tributary/channels"
	"tributary/chat"
	"tributary/files"
	"tributary/store"
)

// replyDeadline is how long a reply is tried before it fails (contract 09 §2.8).
const replyDeadline = 30 * time.Minute

// Reply is a message that somebody writes in a conversation through the API.
type Reply struct {
	AccountID   int64
	DisplayID   int64 // of the conversation
	Type        chat.MessageType
	Content     *string
	ContentType string
	Private     bool
	// Attributes are the content_attributes that clients may set: in_reply_to,
	// items, automation_rule_id, external_created_at, the e-mail lists.
	Attributes map[string]any
	// Additional are additional_attributes: campaign_id, template_params.
	Additional map[string]any
	// SourceID marks the message as delivered already; it is not sent out.
	SourceID string
	// EchoID is what the client calls its message, empty: nothing. Posted again within a
	// day it is the message that is there: in the account API whatever it says, by the same
	// Caller; in the public API, whose clients may call all their messages the same, where
	// it says the same.
	EchoID string
	// Caller is who posts through the account API ("User 7"); empty: the public API.
	Caller string
	// Echo is the same as the client sent it, a JSON value: those who listen are told it
	// with the message. nil: nothing.
	Echo json.RawMessage
	// SenderType is "User" or "AgentBot"; an incoming message has the contact.
	SenderType string
	SenderID   int64
	// Files are attached, in order; they are stored already.
	Files []files.File

	own bool // the desk itself writes: no limit holds it back
}

// maxAttachments is how many files a message may carry (contract 02 §2.3).
const maxAttachments = 15

// CheckAttachments refuses more files than a message may carry.
func CheckAttachments(n int) error {
	if n > maxAttachments {
		return chat.Unprocessable("Validation failed: Attachments exceeded maximum allowed")
	}
	return nil
}

// check refuses what no conversation takes.
func (in *Reply) check() error {
	if in.Content != nil && utf8.RuneCountInString(*in.Content) > maxContent {
		return chat.Unprocessable("Validation failed: Content is too long (maximum is 150000 characters)")
	}
	if in.ContentType != "" && chat.IndexOf(chat.ContentTypes, in.ContentType) < 0 {
		return chat.Unprocessable("'" + in.ContentType + "' is not a valid content_type")
	}
	return CheckAttachments(len(in.Files))
}

// Reply stores the message and, when it has to leave the house, the order to
// send it, in one transaction. It gives the id of the message.
func (d *Desk) Reply(ctx context.Context, in Reply) (int64, error) {
	var w written
	err := d.again(ctx, func(tx *store.Tx) error {
		conversation, err := tx.LockConversation(ctx, in.AccountID, in.DisplayID)
		if err != nil {
			return err
		}
		w, err = d.write(ctx, tx, conversation, in)
		return err
	})
	if err != nil {
		return 0, err
	}
	d.wakeFor(w)
	return w.id, nil
}

// wakeFor is called after the commit of messages.
func (d *Desk) wakeFor(list ...written) {
	if slices.ContainsFunc(list, func(w written) bool { return w.sends }) {
		d.WakeRelay()
	}
	d.WakeJobs()
}

// attachFiles gives a message its files, which are kept from then on.
func attachFiles(ctx context.Context, tx *store.Tx, in Reply, messageID int64) error {
	list := make([]store.NewFile, len(in.Files))
	for i, f := range in.Files {
		list[i] = store.NewFile{BlobID: f.ID, FileType: f.FileType}
	}
	err := tx.InsertFiles(ctx, in.AccountID, messageID, list)
	if errors.Is(err, store.ErrNotFound) {
		return chat.Unprocessable("Validation failed: Attachments file is not there any more")
	}
	return err
}

// mayWrite applies the rules that refuse a message.
func (d *Desk) mayWrite(ctx context.Context, tx *store.Tx, c store.ConversationRow, in Reply) error {
	_, ch, ok := d.Directory.Inbox(c.InboxID)
	if in.Type == chat.Incoming && (!ok || ch.Type != "Channel::Api") {
		return chat.Unprocessable("Incoming messages are only allowed in Api inboxes")
	}
	if ok && ch.Type == "Channel::WebWidget" {
		if err := checkWidgetFiles(in.Files); err != nil {
			return err
		}
	}
	if d.MessagesPerMinute > 0 {
		n, err := tx.WrittenSince(ctx, c.ID, tx.Now.Add(-time.Minute), d.MessagesPerMinute)
		if err != nil {
			return err
		}
		if n >= d.MessagesPerMinute {
			return chat.Unprocessable("Validation failed: Too many messages")
		}
	}
	return nil
}

// holdSender keeps the bot that writes from being deleted before its message is
// there: nobody would take the bot off it.
func holdSender(ctx context.Context, tx *store.Tx, in Reply) error {
	if in.SenderType != store.OwnerBot {
		return nil
	}
	err := tx.HoldAgentBot(ctx, in.AccountID, in.SenderID)
	if errors.Is(err, store.ErrNotFound) {
		return &chat.Error{Code: chat.CodeUnauthorized, Message: "Bot is not authorized to access this account"}
	}
	return err
}

// leaves tells whether a message has to be handed to the provider.
func leaves(in Reply) bool {
	return (in.Type == chat.Outgoing || in.Type == chat.Template) && !in.Private && in.SourceID == ""
}

// deliver orders the sending of a message.
func (d *Desk) deliver(ctx context.Context, tx *store.Tx, c store.ConversationRow, messageID int64, partsSent int) error {
	_, ch, ok := d.Directory.Inbox(c.InboxID)
	if !ok {
		return nil // a channel that no driver serves: the message stays in the desk
	}
	return tx.InsertDelivery(ctx, store.Delivery{
		MessageID: messageID, AccountID: c.AccountID, InboxID: c.InboxID, ChannelID: ch.ID, ConversationID: c.ID,
		JobID: uuid.NewString(), PartsSent: partsSent, NextAt: tx.Now, Deadline: tx.Now.Add(replyDeadline),
	})
}

// replyAttributes resolves the quoted message inside the conversation: both
// reference keys are written from what was found.
func replyAttributes(ctx context.Context, tx *store.Tx, c store.ConversationRow, in map[string]any) (map[string]any, error) {
	out := map[string]any{}
	maps.Copy(out, in)
	quoted, asked := integer(out["in_reply_to"])
	external, askedExternal := out["in_reply_to_external_id"].(string)
	if !asked && !askedExternal {
		return out, nil
	}
	id, source, err := tx.MessageInConversation(ctx, c.ID, quoted, external)
	if err != nil {
		return nil, err
	}
	out["in_reply_to"], out["in_reply_to_external_id"] = nil, nil
	if id != 0 {
		out["in_reply_to"] = id
		if source != "" {
			out["in_reply_to_external_id"] = source
		}
	}
	return out, nil
}

// integer reads a JSON number or numeric text.
func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case float64:
		return int64(n), true
	case int64:
		return n, true
	case int:
		return int64(n), true
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	case string:
		i, err := json.Number(n).Int64()
		return i, err == nil
	}
	return 0, false
}

func clean(s *string) *string {
	if s == nil {
		return nil
	}
	c := channels.Clean(*s)
	return &c
}

// Retry sends a message again. Parts that the provider took already are not
// repeated, unless it reported that it could not deliver one of them: then it
// starts there.
func (d *Desk) Retry(ctx context.Context, accountID, displayID, messageID int64) error {
	err := d.Store.Transact(ctx, func(tx *store.Tx) error {
		conversation, err := tx.LockConversation(ctx, accountID, displayID)
		if err != nil {
			return err
		}
		m, err := tx.LockMessage(ctx, conversation.ID, messageID)
		if err != nil {
			return err
		}
		if m.Private || (m.Type != int(chat.Outgoing) && m.Type != int(chat.Template)) {
			return chat.Unprocessable("Only outgoing messages can be sent again")
		}
		if m.Status != chat.StatusFailed.Code() {
			return chat.Unprocessable("Only failed messages can be sent again")
		}
		attributes, err := tx.MessageAttributes(ctx, messageID)
		if err != nil {
			return err
		}
		// Only the error goes: the options and the reference of the message are
		// part of what is sent again.
		cleared := withAttribute(attributes, "external_error", nil)
		if err := tx.SetStatus(ctx, messageID, chat.StatusSent.Code(), cleared); err != nil {
			return err
		}
		if err := tx.FinishDelivery(ctx, messageID); err != nil {
			return err
		}
		if err := tx.ResendParts(ctx, messageID, m.PartsSent); err != nil {
			return err
		}
		if err := d.deliver(ctx, tx, conversation, messageID, m.PartsSent); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{
			messageChanged(about("message.updated", conversation, messageID), movedStatus(m.Status, chat.StatusSent.Code()), movedAttributes(attributes, cleared)),
		})
	})
	if err != nil {
		return err
	}
	d.WakeRelay()
	d.WakeJobs()
	return nil
}
