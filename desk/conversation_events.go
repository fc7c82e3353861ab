package desk

import (
	"encoding/json"
	"reflect"
	"time"

	"tributary/chat"
	"tributary/store"
)

// change is a column of a conversation before and after: values as webhooks show
// them.
type change struct {
	column        string
	before, after any
}

// same tells that nothing changed.
func (x change) same() bool { return reflect.DeepEqual(x.before, x.after) }

func changedStatus(c store.ConversationRow, to chat.ConversationStatus) change {
	return change{"status", string(chat.ConversationStatusOf(c.Status)), string(to)}
}

// changedTime is about a moment in microseconds; nil: none.
func changedTime(column string, before, after *int64) change {
	return change{column, isoOrNil(before), isoOrNil(after)}
}

// conversationEvents are what follows from a change of a conversation: nothing when
// no column is different. A new status is told by events of its own as well.
func conversationEvents(c store.ConversationRow, at time.Time, list ...change) []store.OutboxRow {
	var events []store.OutboxRow
	var attributes []map[string]any
	for _, x := range list {
		if x.same() {
			continue
		}
		attributes = append(attributes, x.attribute())
		if x.column != "status" {
			continue
		}
		switch x.after {
		case string(chat.Open):
			events = append(events, about("conversation.opened", c, 0))
		case string(chat.Resolved):
			events = append(events, about("conversation.resolved", c, 0))
		}
		events = append(events, about("conversation.status_changed", c, 0))
	}
	if attributes == nil {
		return nil
	}
	attributes = append(attributes, change{"updated_at", iso(c.UpdatedAt), iso(at.UnixMicro())}.attribute())
	updated := about("conversation.updated", c, 0)
	updated.Payload = object(map[string]any{"changed_attributes": attributes})
	return append(events, updated)
}

// messageChanged is the event of a message of which columns changed: before and after,
// as the live wire shows them. What did not change is left out.
func messageChanged(event store.OutboxRow, list ...change) store.OutboxRow {
	previous := map[string]any{}
	for _, x := range list {
		if !reflect.DeepEqual(x.before, x.after) {
			previous[x.column] = [2]any{x.before, x.after}
		}
	}
	if len(previous) > 0 {
		event.Payload = object(map[string]any{"previous_changes": previous})
	}
	return event
}

// movedStatus is about a message's status, by the numbers that are stored.
func movedStatus(before, after int) change {
	return change{"status", chat.MessageStatusOf(before), chat.MessageStatusOf(after)}
}

// movedAttributes is about its content_attributes, JSON.
func movedAttributes(before, after string) change {
	return change{"content_attributes", json.RawMessage(before), json.RawMessage(after)}
}

func (x change) attribute() map[string]any {
	return map[string]any{x.column: map[string]any{"previous_value": x.before, "current_value": x.after}}
}

// repliedEvents are what follows from TouchReplied.
func repliedEvents(c store.ConversationRow, touched store.ConversationReplied, at time.Time) []store.OutboxRow {
	now := at.UnixMicro()
	first, waiting, snoozed, status := c.FirstReplyAt, c.WaitingSince, c.SnoozedUntil, chat.ConversationStatusOf(c.Status)
	if touched.FirstReply {
		first = &now
	}
	switch {
	case touched.ClearWaiting:
		waiting = nil
	case touched.Incoming && waiting == nil:
		waiting = &now
	}
	if touched.Reopen {
		status, snoozed = chat.ConversationStatusOf(touched.ReopenAs), nil
	}
	return conversationEvents(c, at, changedStatus(c, status), changedTime("snoozed_until", c.SnoozedUntil, snoozed),
		changedTime("first_reply_created_at", c.FirstReplyAt, first), changedTime("waiting_since", c.WaitingSince, waiting))
}
