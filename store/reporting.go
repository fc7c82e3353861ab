package store

import (
	"context"
	"fmt"
)

// Names of reporting events.
const (
	ReportResolved      = "conversation_resolved"
	ReportBotResolved   = "conversation_bot_resolved"
	ReportOpened        = "conversation_opened"
	ReportBotHandoff    = "conversation_bot_handoff"
	ReportFirstResponse = "first_response"
	ReportReplyTime     = "reply_time"
)

// ReportingEvent is a row that reports are made of: how long something took in a
// conversation.
type ReportingEvent struct {
	AccountID      int64
	InboxID        int64
	UserID         int64 // 0: nobody's
	ConversationID int64
	Name           string
	Value          int64 // seconds
	// InBusinessHours are those of the seconds in which the inbox was open.
	InBusinessHours int64
	Start           int64 // microseconds, whole seconds
	End             int64
}

// InsertReportingEvents stores them in their order.
func (t *Tx) InsertReportingEvents(ctx context.Context, list []ReportingEvent) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([][]any, len(list))
	for i, e := range list {
		rows[i] = []any{i, e.AccountID, e.InboxID, nilIfZero(e.UserID), e.ConversationID, e.Name, e.Value, e.InBusinessHours, e.Start, e.End}
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: insert reporting events: %w", err)
	}
	// Who is deleted meanwhile has no rows any more.
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO reporting_events (account_id, inbox_id, user_id, conversation_id, name, value,
			value_in_business_hours, event_start_time, event_end_time, created_at, updated_at)
		SELECT x.account_id, x.inbox_id, x.user_id, x.conversation_id, x.name, x.value, x.hours, x.started, x.ended, $2, $2
		FROM `+t.s.d.rows("$1", "i bigint", "account_id bigint", "inbox_id bigint", "user_id bigint", "conversation_id bigint", "name text",
		"value bigint", "hours bigint", "started bigint", "ended bigint")+`
		WHERE x.user_id IS NULL OR EXISTS (SELECT 1 FROM users u WHERE u.id = x.user_id)
		ORDER BY x.i`, set, t.now()); err != nil {
		return fmt.Errorf("store: insert reporting events: %w", err)
	}
	return nil
}

// ReportedConversation is what a conversation's reporting events are made from.
type ReportedConversation struct {
	ID         int64
	AccountID  int64
	InboxID    int64
	AssigneeID int64 // 0: nobody
	CreatedAt  int64 // microseconds
	BotActive  bool  // an agent bot works in the inbox
	// Answered: a user wrote to the contact at some time.
	Answered bool
	// When the latest event of each name ended, in microseconds; 0: there is none.
	Resolved, BotResolved, Opened, Handoff int64
}

// ReportedConversations reads those of the conversations that are there, and keeps
// them from being deleted until the transaction ends.
func (t *Tx) ReportedConversations(ctx context.Context, conversationIDs []int64) ([]ReportedConversation, error) {
	last := func(name string) string {
		return `COALESCE((SELECT MAX(e.event_end_time) FROM reporting_events e WHERE e.conversation_id = c.id AND e.name = '` + name + `'), 0)`
	}
	rows, err := t.tx.QueryContext(ctx, `SELECT c.id, c.account_id, c.inbox_id, COALESCE(c.assignee_id, 0), c.created_at,
			EXISTS (SELECT 1 FROM agent_bot_inboxes b WHERE b.inbox_id = c.inbox_id AND b.status = 0),
			EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND m.message_type = 1 AND m.sender_type = 'User'),
			`+last(ReportResolved)+`, `+last(ReportBotResolved)+`, `+last(ReportOpened)+`, `+last(ReportBotHandoff)+`
		FROM conversations c WHERE c.id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`) ORDER BY c.id `+t.s.d.hold, ids(conversationIDs))
	if err != nil {
		return nil, fmt.Errorf("store: reported conversations: %w", err)
	}
	return collect(rows, "reported conversations", func(c *ReportedConversation) []any {
		return []any{
			&c.ID, &c.AccountID, &c.InboxID, &c.AssigneeID, &c.CreatedAt, &c.BotActive, &c.Answered,
			&c.Resolved, &c.BotResolved, &c.Opened, &c.Handoff,
		}
	})
}

// ReportedMessage is a reply that is reported.
type ReportedMessage struct {
	ID        int64
	UserID    int64 // who wrote it; 0: no user
	CreatedAt int64 // microseconds
}

// ReportedMessages reads those of the messages that are there.
func (t *Tx) ReportedMessages(ctx context.Context, messageIDs []int64) ([]ReportedMessage, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT m.id, CASE WHEN m.sender_type = 'User' THEN COALESCE(m.sender_id, 0) ELSE 0 END, m.created_at
		FROM messages m WHERE m.id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`) ORDER BY m.id`, ids(messageIDs))
	if err != nil {
		return nil, fmt.Errorf("store: reported messages: %w", err)
	}
	return collect(rows, "reported messages", func(m *ReportedMessage) []any { return []any{&m.ID, &m.UserID, &m.CreatedAt} })
}

// InboxHours are the opening hours of an inbox.
type InboxHours struct {
	InboxID  int64
	Enabled  bool
	Timezone string // IANA
	Days     []WorkingHour
}

// InboxHours reads the opening hours of inboxes, by inbox.
func (t *Tx) InboxHours(ctx context.Context, inboxIDs []int64) (map[int64]InboxHours, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT i.id, i.working_hours_enabled, i.timezone, w.day_of_week, w.closed_all_day, w.open_all_day,
			w.open_hour, w.open_minutes, w.close_hour, w.close_minutes
		FROM inboxes i JOIN working_hours w ON w.inbox_id = i.id
		WHERE i.id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`) ORDER BY i.id, w.day_of_week`, ids(inboxIDs))
	if err != nil {
		return nil, fmt.Errorf("store: hours of inboxes: %w", err)
	}
	type hour struct {
		InboxHours
		day WorkingHour
	}
	list, err := collect(rows, "hours of inboxes", func(h *hour) []any {
		d := &h.day
		return []any{
			&h.InboxID, &h.Enabled, &h.Timezone, &d.DayOfWeek, &d.ClosedAllDay, &d.OpenAllDay, &d.OpenHour, &d.OpenMinutes, &d.CloseHour, &d.CloseMinutes,
		}
	})
	out := map[int64]InboxHours{}
	for _, h := range list {
		inbox, known := out[h.InboxID]
		if !known {
			inbox = h.InboxHours
		}
		inbox.Days = append(inbox.Days, h.day)
		out[h.InboxID] = inbox
	}
	return out, err
}
