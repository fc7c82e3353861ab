package desk

import (
	"context"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// changes applies the events that change something there already is. They come
// one by one and in order; each sets a state, so that applying one twice changes
// nothing.
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
		case chat.KindOptIn:
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

func (r *reception) updated(e *chat.Event, m store.MessageRef) {
	r.note("message.updated", m.AccountID, e.InboxID, m.ConversationID, m.ID)
}

// edit replaces the content.
func (r *reception) edit(ctx context.Context, e *chat.Event, c store.ContactRef) error {
	list, err := r.targets(ctx, e, c)
	if err != nil || e.Message == nil {
		return err
	}
	content := clip(channels.Clean(e.Message.Content))
	for _, m := range list {
		attributes := withAttribute(m.Attributes, "edited_at", int64(e.OccurredAt)/1000)
		if err := r.tx.RewriteMessage(ctx, m.ID, &content, attributes, false); err != nil {
			return err
		}
		r.updated(e, m)
	}
	return nil
}

// deletedText stands where a contact took a message back.
const deletedText = "This message was deleted"

// remove takes content and files away and leaves a note.
func (r *reception) remove(ctx context.Context, e *chat.Event, c store.ContactRef) error {
	list, err := r.targets(ctx, e, c)
	if err != nil {
		return err
	}
	text := deletedText
	for _, m := range list {
		if err := r.tx.RewriteMessage(ctx, m.ID, &text, withAttribute(m.Attributes, "deleted", true), true); err != nil {
			return err
		}
		r.updated(e, m)
	}
	return nil
}

// react keeps who reacted with what in content_attributes.reactions.
func (r *reception) react(ctx context.Context, e *chat.Event, c store.ContactRef) error {
	if e.Reaction == nil {
		return nil
	}
	list, err := r.targets(ctx, e, c)
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := r.tx.RewriteMessage(ctx, m.ID, nil, withReaction(m.Attributes, e), false); err != nil {
			return err
		}
		r.updated(e, m)
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

func (r *reception) optOut(ctx context.Context, _ *chat.Event, c store.ContactRef) error {
	return r.tx.MarkOptedOut(ctx, c.ContactInboxID, true)
}

func (r *reception) optIn(ctx context.Context, _ *chat.Event, c store.ContactRef) error {
	return r.tx.MarkOptedOut(ctx, c.ContactInboxID, false)
}
