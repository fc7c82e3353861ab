package desk

import (
	"context"
	"encoding/json"
	"time"

	"tributary/chat"
	"tributary/store"
)

// Outbound builds what a driver sends.
func (d *Desk) Outbound(ctx context.Context, o store.Outgoing) (*chat.Outbound, error) {
	conversation := parse(o.Conversation.Attributes)
	contact := parse(o.Conversation.ContactAttribute)
	attributes := parse(o.Attributes)
	out := &chat.Outbound{
		JobID: o.JobID, MessageID: o.MessageID, ConversationID: o.ConversationID, InboxID: o.InboxID, AccountID: o.AccountID,
		To: o.Conversation.SourceID, ContactName: o.Conversation.ContactName, Conversation: conversation,
		Content: o.Content, ContentType: chat.ContentTypes[o.ContentType], LastIncomingID: o.LastIncomingID, Now: d.Now(),
	}
	out.ThreadType, _ = conversation["type"].(string)
	out.ChatID = text(conversation["chat_id"])
	out.BusinessConnectionID, _ = conversation["business_connection_id"].(string)
	state := parse(o.Conversation.State)
	out.ReplyToken, _ = state["reply_token"].(string)
	if ms, ok := integer(state["reply_token_expires_at"]); ok {
		out.ReplyTokenExpiresAt = chat.Millis(ms).Time()
	}
	out.ScreenName = text(contact["screen_name"])
	if o.Conversation.LastIncomingAt != nil {
		out.LastIncomingAt = time.UnixMicro(*o.Conversation.LastIncomingAt).UTC()
	}
	out.ReplyTo, _ = attributes["in_reply_to_external_id"].(string)
	if id, ok := integer(attributes["in_reply_to"]); ok && out.ReplyTo != "" {
		quoted, err := d.Store.AttributesOfMessage(ctx, id)
		if err != nil {
			return nil, err
		}
		out.QuoteToken = text(parse(quoted)["quote_token"])
	}
	if items, err := json.Marshal(attributes["items"]); err == nil {
		_ = json.Unmarshal(items, &out.Items) // options of another shape are no options
	}
	if params, ok := parse(o.AdditionalAttributes)["template_params"].(map[string]any); ok {
		out.Template = params
	}
	if o.HasAttachments {
		if err := d.attach(ctx, out); err != nil {
			return nil, err
		}
	}
	_, ch, ok := d.Directory.Inbox(o.InboxID)
	if out.ContentType == surveyType && ok && ch.Type != "Channel::WebWidget" {
		out.Content = d.surveyed(out.Content, o.UUID)
	}
	if ok && ch.Type == "Channel::Api" {
		payload, err := d.MessageWebhook(ctx, "message_created", o.MessageID)
		if err != nil {
			return nil, err
		}
		out.Webhook = payload
	}
	return out, nil
}

func parse(object string) map[string]any {
	m := map[string]any{}
	_ = json.Unmarshal([]byte(object), &m) // not an object: empty
	return m
}

// text reads a JSON string or number as text.
func text(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case float64:
		b, err := json.Marshal(x)
		if err == nil {
			return string(b)
		}
	}
	return ""
}

// Sent records what the provider answered to a part; last ends the delivery.
// part -1 records no part. Receipts that were waiting for one of the ids are
// applied at once.
//
//nolint:cyclop // one transaction, step by step
func (d *Desk) Sent(ctx context.Context, o store.Delivery, part int, providerIDs []string, status chat.MessageStatus, last bool) error {
	refs := make([]store.ProviderRef, len(providerIDs))
	for i, id := range providerIDs {
		refs[i] = store.ProviderRef{InboxID: o.InboxID, ProviderID: id}
	}
	changed := false
	err := d.Store.Transact(ctx, func(tx *store.Tx) error {
		if err := tx.LockProviderIDs(ctx, refs); err != nil {
			return err
		}
		if part >= 0 {
			if err := tx.PartSent(ctx, o, part, providerIDs); err != nil {
				return err
			}
		}
		if last {
			if err := tx.FinishDelivery(ctx, o.MessageID); err != nil {
				return err
			}
		}
		s, err := answered(ctx, tx, o.MessageID, refs)
		if err != nil {
			return err
		}
		s.apply(status.Code(), "")
		var failed []store.ProviderRef
		for _, ref := range refs {
			parked, err := tx.TakeParked(ctx, ref)
			if err != nil {
				return err
			}
			for _, p := range parked {
				s.apply(p.Status, p.Error)
				if p.Status == chat.StatusFailed.Code() && s.now == p.Status {
					failed = append(failed, ref)
				}
			}
		}
		if err := tx.MarkPartsFailed(ctx, failed); err != nil {
			return err
		}
		if s.now != s.Status {
			attributes := ""
			if s.text != "" {
				current, err := tx.MessageAttributes(ctx, o.MessageID)
				if err != nil {
					return err
				}
				attributes = withAttribute(current, "external_error", s.text)
			}
			if err := tx.SetStatus(ctx, o.MessageID, s.now, attributes); err != nil {
				return err
			}
		}
		// A webhook gives no ids: then the message is what it was.
		changed = len(providerIDs) > 0 || part > 0 || o.PartsSent > 0 || s.now != chat.StatusSent.Code()
		if !last || !changed {
			return nil
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{{
			AccountID: o.AccountID, Kind: "message.updated",
			InboxID: o.InboxID, ConversationID: o.ConversationID, MessageID: o.MessageID,
		}})
	})
	if err == nil && last && changed {
		d.WakeJobs()
	}
	return err
}

// answered is a message to a part of which the provider answered with these ids;
// of an earlier part it may have reported more already.
func answered(ctx context.Context, tx *store.Tx, messageID int64, refs []store.ProviderRef) (*statusState, error) {
	s := &statusState{StatusRef: store.StatusRef{MessageID: messageID}}
	if len(refs) == 0 {
		return s, nil
	}
	found, err := tx.Providers(ctx, refs)
	if err != nil {
		return nil, err
	}
	if ref, ok := found[refs[0]]; ok && ref.MessageID == messageID {
		s.StatusRef, s.now = ref, ref.Status
	}
	return s, nil
}

// SendFailed ends a delivery with a refusal: the message is failed and says why.
// A dead token counts against the channel, a contact who stopped us is marked.
func (d *Desk) SendFailed(ctx context.Context, o store.Delivery, class chat.ErrorClass, reason string) error {
	driver, ch, known := d.Directory.Inbox(o.InboxID)
	flagged := false
	err := d.Store.Transact(ctx, func(tx *store.Tx) error {
		attributes, err := tx.MessageAttributes(ctx, o.MessageID)
		if err != nil {
			return err
		}
		failed := withAttribute(attributes, "external_error", reason)
		if err := tx.SetStatus(ctx, o.MessageID, chat.StatusFailed.Code(), failed); err != nil {
			return err
		}
		if err := tx.FinishDelivery(ctx, o.MessageID); err != nil {
			return err
		}
		switch {
		case class == chat.OptedOut:
			c, err := tx.ConversationByID(ctx, o.ConversationID)
			if err != nil {
				return err
			}
			if err := tx.MarkOptedOut(ctx, c.ContactInboxID, true); err != nil {
				return err
			}
		case class == chat.Reauthorize && known:
			if flagged, err = authorizationError(ctx, tx, driver, ch); err != nil {
				return err
			}
		}
		event := store.OutboxRow{
			AccountID: o.AccountID, Kind: "message.updated",
			InboxID: o.InboxID, ConversationID: o.ConversationID, MessageID: o.MessageID,
		}
		// What waits to be sent counts as sent.
		return tx.InsertOutbox(ctx, []store.OutboxRow{
			messageChanged(event, movedStatus(chat.StatusSent.Code(), chat.StatusFailed.Code()), movedAttributes(attributes, failed)),
		})
	})
	if err != nil {
		return err
	}
	if flagged {
		d.authorizationLost(ctx, ch)
	}
	d.WakeJobs()
	return nil
}
