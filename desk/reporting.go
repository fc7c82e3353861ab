package desk

import (
	"context"
	"slices"
	"time"

	"tributary/store"
)

// report writes the rows that reports are made of (contract 02 §12, 04 §2), in the
// transaction that takes the events.
func report(ctx context.Context, tx *store.Tx, rows []store.OutboxRow) (bool, error) {
	var conversations, messages []int64
	rows = slices.DeleteFunc(slices.Clone(rows), func(row store.OutboxRow) bool { return !reported[row.Kind] })
	for _, row := range rows {
		conversations = append(conversations, row.ConversationID)
		if row.MessageID != 0 {
			messages = append(messages, row.MessageID)
		}
	}
	if len(conversations) == 0 {
		return false, nil
	}
	r := &reporter{conversations: map[int64]*store.ReportedConversation{}, messages: map[int64]store.ReportedMessage{}}
	slices.Sort(conversations)
	list, err := tx.ReportedConversations(ctx, slices.Compact(conversations))
	if err != nil {
		return false, err
	}
	var inboxes []int64
	for i, c := range list {
		r.conversations[c.ID] = &list[i]
		inboxes = append(inboxes, c.InboxID)
	}
	if len(messages) > 0 {
		written, err := tx.ReportedMessages(ctx, messages)
		if err != nil {
			return false, err
		}
		for _, m := range written {
			r.messages[m.ID] = m
		}
	}
	if r.hours, err = tx.InboxHours(ctx, inboxes); err != nil {
		return false, err
	}
	for _, row := range rows {
		r.add(row)
	}
	return false, tx.InsertReportingEvents(ctx, r.out)
}

var reported = map[string]bool{
	"conversation.resolved": true, "conversation.opened": true, "conversation.bot_handoff": true, "first.reply.created": true, "reply.created": true,
}

// reporter makes reporting events of what happened, in its order.
type reporter struct {
	conversations map[int64]*store.ReportedConversation
	messages      map[int64]store.ReportedMessage
	hours         map[int64]store.InboxHours
	out           []store.ReportingEvent
}

func (r *reporter) add(row store.OutboxRow) {
	c := r.conversations[row.ConversationID]
	if c == nil {
		return // deleted
	}
	switch row.Kind {
	case "conversation.resolved":
		r.event(c, store.ReportResolved, c.AssigneeID, c.CreatedAt, row.CreatedAt)
		c.Resolved = row.CreatedAt
		if c.BotActive && !c.Answered {
			r.event(c, store.ReportBotResolved, c.AssigneeID, c.CreatedAt, row.CreatedAt)
			c.BotResolved = row.CreatedAt
		}
	case "conversation.opened":
		if c.Resolved == 0 {
			// Opened for the first time: that took no time.
			r.lasting(c, store.ReportOpened, c.AssigneeID, c.CreatedAt, row.CreatedAt, 0, 0)
		} else {
			r.event(c, store.ReportOpened, c.AssigneeID, c.Resolved, row.CreatedAt)
		}
		c.Opened = row.CreatedAt
	case "conversation.bot_handoff":
		if c.Handoff == 0 {
			r.event(c, store.ReportBotHandoff, c.AssigneeID, c.CreatedAt, row.CreatedAt)
			c.Handoff = row.CreatedAt
		}
	default:
		if m, ok := r.messages[row.MessageID]; ok {
			r.reply(c, row, m)
		}
	}
}

// reply is the event of an answer of a user.
func (r *reporter) reply(c *store.ReportedConversation, row store.OutboxRow, m store.ReportedMessage) {
	if row.Kind == "first.reply.created" {
		since := max(c.Handoff, c.Opened)
		if since == 0 {
			since = c.BotResolved
		}
		if since == 0 {
			since = c.CreatedAt
		}
		r.event(c, store.ReportFirstResponse, m.UserID, since, m.CreatedAt)
		return
	}
	if since, ok := integer(parse(row.Payload)["waiting_since"]); ok && since > 0 {
		if since < unixMicros {
			since *= 1e6
		}
		r.event(c, store.ReportReplyTime, c.AssigneeID, since, m.CreatedAt)
	}
}

// unixMicros is less than any moment in microseconds, and more than any in seconds: the
// event has either.
const unixMicros = 1e12

// event adds one that lasted from start to end, in microseconds.
func (r *reporter) event(c *store.ReportedConversation, name string, user, start, end int64) {
	const second = int64(time.Second / time.Microsecond)
	value := max(end/second-start/second, 0)
	hours, open := r.hours[c.InboxID], int64(0)
	if hours.Enabled {
		zone, err := time.LoadLocation(hours.Timezone)
		if err != nil {
			zone = time.UTC // a zone that this machine does not know
		}
		open = BusinessSeconds(hours.Days, zone, time.Unix(start/second, 0), time.Unix(end/second, 0))
	}
	r.lasting(c, name, user, start, end, value, open)
}

func (r *reporter) lasting(c *store.ReportedConversation, name string, user, start, end, value, open int64) {
	const second = int64(time.Second / time.Microsecond)
	r.out = append(r.out, store.ReportingEvent{
		AccountID: c.AccountID, InboxID: c.InboxID, UserID: user, ConversationID: c.ID, Name: name, Value: value, InBusinessHours: open,
		Start: start - start%second, End: end - end%second,
	})
}
