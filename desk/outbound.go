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

// SentPart is what a provider answered to a part of a message.
type SentPart struct {
	store.PartAnswer
	Status chat.MessageStatus
}

// Sent records answers to parts of different messages. Receipts that were waiting for
// one of the ids are applied at once.
//
//nolint:cyclop // one transaction, step by step
func (d *Desk) Sent(ctx context.Context, list []SentPart) error {
	var refs []store.ProviderRef
	parts := make([]store.PartAnswer, len(list))
	for i, a := range list {
		parts[i] = a.PartAnswer
		for _, id := range a.ProviderIDs {
			refs = append(refs, store.ProviderRef{InboxID: a.InboxID, ProviderID: id})
		}
	}
	told := false
	err := d.Store.Transact(ctx, func(tx *store.Tx) error {
		if err := tx.LockProviderIDs(ctx, refs); err != nil {
			return err
		}
		if err := tx.PartsSent(ctx, parts); err != nil {
			return err
		}
		found, err := tx.Providers(ctx, refs)
		if err != nil {
			return err
		}
		waiting, err := tx.TakeParked(ctx, refs)
		if err != nil {
			return err
		}
		parked := map[store.ProviderRef][]store.ParkedStatus{}
		for _, p := range waiting {
			parked[p.ProviderRef] = append(parked[p.ProviderRef], p)
		}
		var moves []store.StatusMove
		var failed []store.ProviderRef
		var events []store.OutboxRow
		for _, a := range list {
			s, lost := a.verdict(found, parked)
			failed = append(failed, lost...)
			if s.now != s.Status {
				move := store.StatusMove{MessageID: a.MessageID, Status: s.now}
				if s.text != "" {
					current, err := tx.MessageAttributes(ctx, a.MessageID)
					if err != nil {
						return err
					}
					move.Attributes = withAttribute(current, "external_error", s.text)
				}
				moves = append(moves, move)
			}
			// A webhook gives no ids: then the message is what it was.
			if a.Last && (len(a.ProviderIDs) > 0 || a.Part > 0 || a.PartsSent > 0 || s.now != chat.StatusSent.Code()) {
				events = append(events, store.OutboxRow{
					AccountID: a.AccountID, Kind: "message.updated",
					InboxID: a.InboxID, ConversationID: a.ConversationID, MessageID: a.MessageID,
				})
			}
		}
		if err := tx.MarkPartsFailed(ctx, failed); err != nil {
			return err
		}
		if err := tx.MoveStatuses(ctx, moves); err != nil {
			return err
		}
		told = len(events) > 0
		return tx.InsertOutbox(ctx, events)
	})
	if err == nil && told {
		d.WakeJobs()
	}
	return err
}

// verdict is what becomes of the message, and the parts that were lost after all: of an
// earlier part the provider may have reported more already, and of this one, too.
func (a SentPart) verdict(found map[store.ProviderRef]store.StatusRef, parked map[store.ProviderRef][]store.ParkedStatus) (
	s *statusState, failed []store.ProviderRef,
) {
	s = &statusState{StatusRef: store.StatusRef{MessageID: a.MessageID}}
	if len(a.ProviderIDs) > 0 {
		if ref, ok := found[store.ProviderRef{InboxID: a.InboxID, ProviderID: a.ProviderIDs[0]}]; ok && ref.MessageID == a.MessageID {
			s.StatusRef, s.now = ref, ref.Status
		}
	}
	s.apply(a.Status.Code(), "")
	for _, id := range a.ProviderIDs {
		ref := store.ProviderRef{InboxID: a.InboxID, ProviderID: id}
		for _, p := range parked[ref] {
			s.apply(p.Status, p.Error)
			if p.Status == chat.StatusFailed.Code() && s.now == p.Status {
				failed = append(failed, ref)
			}
		}
	}
	return s, failed
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
