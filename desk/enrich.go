package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

// JobEnrich completes a message with what only the provider can tell.
const JobEnrich = "message.enrich"

// EnrichJob is the payload of JobEnrich.
type EnrichJob struct {
	MessageID      int64       `json:"message_id"`
	ConversationID int64       `json:"conversation_id"`
	Event          *chat.Event `json:"event"`
}

// enrichment orders the job for a message whose driver wants it.
func (r *reception) enrichment(ctx context.Context, a *arrival, messageID int64) error {
	enricher, ok := a.driver.(channels.Enricher)
	if !ok || !enricher.Wants(a.event) {
		return nil
	}
	payload, err := json.Marshal(EnrichJob{MessageID: messageID, ConversationID: a.conversation.ID, Event: a.event})
	if err != nil {
		return fmt.Errorf("desk: enrich: %w", err)
	}
	return r.tx.InsertJob(ctx, store.Job{
		Kind: JobEnrich, UniqueKey: lookupKey(JobEnrich, a.event.InboxID, messageID),
		AccountID: a.event.AccountID, Payload: payload,
	})
}

// Enrich is the handler of JobEnrich.
func (d *Desk) Enrich(ctx context.Context, j store.Job) error {
	var in EnrichJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	if in.Event == nil || in.Event.Message == nil {
		return Final{errors.New("desk: enrich: no message in the job")}
	}
	driver, ch, ok, err := d.authorized(ctx, j, in.Event.InboxID)
	if err != nil || !ok {
		return err
	}
	enricher, ok := driver.(channels.Enricher)
	if !ok {
		return nil
	}
	m, err := enricher.Enrich(ctx, ch, in.Event)
	if err != nil {
		return d.lookupFailed(ctx, j, driver, ch, err)
	}
	err = d.again(ctx, func(tx *store.Tx) error { return applyEnrichment(ctx, tx, &in, m, ch.Locale) })
	if errors.Is(err, store.ErrNotFound) {
		return nil // the conversation was deleted meanwhile
	}
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// applyEnrichment changes the stored message. What the contact did to it since it
// was received stays: a message taken back is not completed, an edited text is
// kept.
func applyEnrichment(ctx context.Context, tx *store.Tx, in *EnrichJob, m *chat.Message, l wording.Locale) error {
	if _, err := tx.LockMessage(ctx, in.ConversationID, in.MessageID); err != nil {
		return err
	}
	before, err := tx.MessageAttributes(ctx, in.MessageID)
	if err != nil {
		return err
	}
	attributes := parse(before)
	if attributes["deleted"] == true {
		return nil
	}
	var content *string
	if text := clip(channels.Clean(m.Words(l))); text != "" && attributes["edited_at"] == nil {
		content = &text
	}
	maps.Copy(attributes, m.Attributes)
	// Files that stay keep their rows: one may be downloading.
	replace := !reflect.DeepEqual(m.Attachments, in.Event.Message.Attachments)
	if err := tx.RewriteMessage(ctx, in.MessageID, content, object(attributes), replace); err != nil {
		return err
	}
	if replace {
		files := make([]store.NewAttachment, 0, len(m.Attachments))
		for i := range m.Attachments {
			files = append(files, attachment(in.Event, in.MessageID, &m.Attachments[i], l))
		}
		if err := tx.InsertAttachments(ctx, files); err != nil {
			return err
		}
	}
	return tx.InsertOutbox(ctx, []store.OutboxRow{{
		AccountID: in.Event.AccountID, Kind: "message.updated", InboxID: in.Event.InboxID,
		ConversationID: in.ConversationID, MessageID: in.MessageID,
	}})
}
