package desk

import (
	"context"
	"slices"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

// changes applies the events that change something there already is, one by one
// and in order. Each sets a state; one that is repeated, or comes late, must not
// bring back a state that is over.
func (r *reception) changes(ctx context.Context) error {
	for i, e := range r.events {
		var apply func(context.Context, *chat.Event, store.ContactRef) error
		switch e.Kind {
		case chat.KindEdit:
			apply = r.edit
		case chat.KindDelete:
			apply = r.remove
		case chat.KindReaction:
			apply = r.react
		case chat.KindWatermark:
			apply = r.watermark
		case chat.KindOptOut, chat.KindBlock:
			apply = r.optOut
		case chat.KindOptIn, chat.KindFollow:
			apply = r.optIn
		default:
			continue
		}
		if e.Contact == nil || e.Contact.SourceID == "" {
			continue
		}
		if _, _, ok := r.desk.Directory.Inbox(e.InboxID); !ok {
			r.outcomes[i].Reason = "inbox deleted"
			continue
		}
		key := store.SourceKey{InboxID: e.InboxID, SourceID: e.Contact.SourceID}
		found, err := r.tx.ContactInboxes(ctx, []store.SourceKey{key})
		if err != nil {
			return err
		}
		contact, ok := found[key]
		if !ok {
			continue // about somebody who never wrote: nothing to change
		}
		if err := apply(ctx, e, contact); err != nil {
			return err
		}
	}
	return nil
}

// accounts hands on what providers tell about their accounts, and tells whether
// there was any.
func (r *reception) accounts(ctx context.Context) (bool, error) {
	told := false
	for _, e := range r.events {
		if e.Kind != chat.KindAccountEvent || r.desk.AccountEvent == nil {
			continue
		}
		due, err := r.due(ctx, e, "account "+e.Key) // whatever is told later: each counts, once
		if err != nil {
			return false, err
		}
		if !due {
			continue
		}
		if err := r.desk.AccountEvent(ctx, r.tx, e); err != nil {
			return false, err
		}
		told = true
	}
	return told, nil
}

// targets finds the messages that an event is about.
func (r *reception) targets(ctx context.Context, e *chat.Event, c store.ContactRef) ([]store.MessageRef, error) {
	if e.Target == nil {
		return nil, nil
	}
	var out []store.MessageRef
	for _, id := range e.Target.SourceIDs {
		m, ok, err := r.tx.SourceMessage(ctx, e.InboxID, c.ContactInboxID, id)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, m)
		}
	}
	return out, nil
}

// due notes that an event is about to be applied to what it is about, and tells
// whether it has to be. An event that finds nothing to change is not noted: what it
// is about may still come, and the event once more.
func (r *reception) due(ctx context.Context, e *chat.Event, subject string) (bool, error) {
	return r.tx.RecordChange(ctx, store.Change{
		IngestKey: store.IngestKey{InboxID: e.InboxID, Key: e.Key}, Subject: subject, At: int64(e.OccurredAt),
	})
}

// subject names what an event changes of a message: within the contact, since
// Telegram's message ids are unique within a chat only.
func subject(what string, e *chat.Event) string {
	return what + " " + e.Contact.SourceID + " " + strings.Join(e.Target.SourceIDs, " ")
}

func (r *reception) updated(e *chat.Event, m store.MessageRef, attributes string) {
	r.note("message.updated", m.AccountID, e.InboxID, m.ConversationID, m.ID)
	last := len(r.outbox) - 1
	r.outbox[last] = messageChanged(r.outbox[last], movedAttributes(m.Attributes, attributes))
}

// edit replaces the content.
func (r *reception) edit(ctx context.Context, e *chat.Event, c store.ContactRef) error {
	list, err := r.targets(ctx, e, c)
	if err != nil || e.Message == nil {
		return err
	}
	// Nothing comes back from a deletion.
	list = slices.DeleteFunc(list, func(m store.MessageRef) bool { return parse(m.Attributes)["deleted"] == true })
	if len(list) == 0 {
		return nil
	}
	if due, err := r.due(ctx, e, subject("edit", e)); err != nil || !due {
		return err
	}
	content := clip(channels.Clean(e.Message.Content))
	for _, m := range list {
		attributes := withAttribute(m.Attributes, "edited_at", int64(e.OccurredAt)/1000)
		if err := r.tx.RewriteMessage(ctx, m.ID, &content, attributes, false); err != nil {
			return err
		}
		r.updated(e, m, attributes)
	}
	return nil
}

// remove takes content and files away and leaves a note.
func (r *reception) remove(ctx context.Context, e *chat.Event, c store.ContactRef) error {
	list, err := r.targets(ctx, e, c)
	if err != nil || len(list) == 0 {
		return err
	}
	if due, err := r.due(ctx, e, subject("delete", e)); err != nil || !due {
		return err
	}
	text := r.desk.Directory.Locale(e.InboxID).Say(wording.PlaceholderDeleted.Text())
	for _, m := range list {
		attributes := withAttribute(m.Attributes, "deleted", true)
		if err := r.tx.RewriteMessage(ctx, m.ID, &text, attributes, true); err != nil {
			return err
		}
		r.updated(e, m, attributes)
	}
	return nil
}

// react keeps who reacted with what in content_attributes.reactions.
func (r *reception) react(ctx context.Context, e *chat.Event, c store.ContactRef) error {
	if e.Reaction == nil {
		return nil
	}
	list, err := r.targets(ctx, e, c)
	if err != nil || len(list) == 0 {
		return err
	}
	what := "reaction"
	if reactionSets(e) {
		what += " " + e.Reaction.Emoji
	}
	if due, err := r.due(ctx, e, subject(what, e)); err != nil || !due {
		return err
	}
	for _, m := range list {
		attributes := withReaction(m.Attributes, e)
		if attributes == m.Attributes {
			continue
		}
		if err := r.tx.RewriteMessage(ctx, m.ID, nil, attributes, false); err != nil {
			return err
		}
		r.updated(e, m, attributes)
	}
	return nil
}

// watermark moves everything up to a moment to delivered or read.
func (r *reception) watermark(ctx context.Context, e *chat.Event, c store.ContactRef) error {
	if e.Status == nil || e.Status.WatermarkAt == 0 {
		return nil
	}
	code := e.Status.State.Code()
	if code != chat.StatusDelivered.Code() && code != chat.StatusRead.Code() {
		return nil
	}
	moved, err := r.tx.Watermark(ctx, c.ContactInboxID, e.Status.WatermarkAt.Time().UnixMicro(), code)
	if err != nil {
		return err
	}
	for _, m := range moved {
		r.note("message.updated", m.AccountID, e.InboxID, m.ConversationID, m.MessageID)
	}
	return nil
}

func (r *reception) optOut(ctx context.Context, e *chat.Event, c store.ContactRef) error {
	return r.wish(ctx, e, c, true)
}

func (r *reception) optIn(ctx context.Context, e *chat.Event, c store.ContactRef) error {
	return r.wish(ctx, e, c, false)
}

// wish notes whether the contact forbids us to write.
func (r *reception) wish(ctx context.Context, e *chat.Event, c store.ContactRef, out bool) error {
	if due, err := r.due(ctx, e, "wish "+e.Contact.SourceID); err != nil || !due {
		return err
	}
	return r.tx.MarkOptedOut(ctx, c.ContactInboxID, out)
}
