package desk

import (
	"context"
	"encoding/json"
	"errors"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

// notAnnounced shows the agent that the owner of an API inbox did not learn of a
// message that was sent to the contact, and tells whether it does. What the contact
// wrote and notes among agents did not fail, and a message that the relay still sends
// gets its verdict there.
func notAnnounced(ctx context.Context, tx *store.Tx, one store.WebhookDelivery, reason string) (bool, error) {
	c, err := tx.ConversationByID(ctx, one.ConversationID)
	if err != nil {
		return false, absent(err)
	}
	m, err := tx.LockMessage(ctx, c.ID, one.MessageID)
	if err != nil {
		return false, absent(err)
	}
	sent := m.Type == int(chat.Outgoing) || m.Type == int(chat.Template)
	if !sent || m.Private || m.Queued || m.Status != chat.StatusSent.Code() {
		return false, nil
	}
	attributes, err := tx.MessageAttributes(ctx, m.ID)
	if err != nil {
		return false, err
	}
	if err := tx.SetStatus(ctx, m.ID, chat.StatusFailed.Code(), withAttribute(attributes, "external_error", reason)); err != nil {
		return false, err
	}
	return true, tx.InsertOutbox(ctx, []store.OutboxRow{about("message.updated", c, m.ID)})
}

// absent makes an error of what is gone none.
func absent(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// storedFailure keeps why a delivery failed, for readers of any language.
func storedFailure(e *channels.SendError) string {
	if e.Say.Zero() {
		return e.Text
	}
	b, err := json.Marshal(e.Say)
	if err != nil { // a key and its arguments can be encoded
		return e.Words(wording.English)
	}
	return string(b)
}

// WebhookFailure is what storedFailure kept, in a language.
func WebhookFailure(l wording.Locale, stored string) string {
	var say wording.Text
	if json.Unmarshal([]byte(stored), &say) == nil && !say.Zero() {
		return l.Say(say)
	}
	return stored
}
