package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// eventDetails are what the payload of an outbox row tells beside its ids.
type eventDetails struct {
	// Changed are the columns that an update is about.
	Changed json.RawMessage `json:"changed_attributes"`
	// UserID and BotID are who types; both 0: the contact.
	UserID    int64 `json:"user_id"`
	BotID     int64 `json:"bot_id"`
	ContactID int64 `json:"contact_id"`
	Private   bool  `json:"is_private"`
}

// changed are the columns for a payload: null where nobody said.
func (e eventDetails) changed() any {
	if len(e.Changed) == 0 {
		return nil
	}
	return e.Changed
}

// toldEvent is a delivery whose payload is to be built.
type toldEvent struct {
	store.WebhookDelivery
	eventDetails
}

func (t *toldEvent) aboutContact() bool { return strings.HasPrefix(t.Event, "contact_") }
func (t *toldEvent) aboutInbox() bool   { return strings.HasPrefix(t.Event, "inbox_") }

// BuildWebhooks gives the JSON that deliveries post, by id (contract 06 §1.5); empty
// where there is nothing to tell any more. Of each account it reads once what all its
// deliveries are about.
func (d *Desk) BuildWebhooks(ctx context.Context, list []store.WebhookDelivery) (map[int64]string, error) {
	byAccount := map[int64][]*toldEvent{}
	out := make(map[int64]string, len(list))
	for _, delivery := range list {
		one := &toldEvent{WebhookDelivery: delivery}
		out[delivery.ID] = ""
		if err := json.Unmarshal([]byte(delivery.Details), &one.eventDetails); err != nil {
			d.Log.Error("a webhook is not told: what happened cannot be read", "event", delivery.Event, "delivery", delivery.Delivery, "error", err)
			continue
		}
		byAccount[delivery.AccountID] = append(byAccount[delivery.AccountID], one)
	}
	for accountID, list := range byAccount {
		s, err := d.readSubjects(ctx, accountID, list)
		if err != nil {
			return nil, err
		}
		// An event has one payload, whoever is told.
		built := map[[2]string]string{}
		for _, one := range list {
			key := [2]string{one.EventKey, one.Event}
			payload, known := built[key]
			if !known {
				if payload, err = s.payload(ctx, one); err != nil {
					return nil, err
				}
				built[key] = payload
			}
			out[one.ID] = payload
		}
	}
	return out, nil
}

// subjects are what the deliveries of an account are about.
type subjects struct {
	desk     *Desk
	account  store.AccountRow
	messages map[int64]store.MessageView
	threads  map[int64]store.ThreadView
	contacts map[int64]store.ContactRow
	users    map[int64]store.AgentRow
	bots     map[int64]store.BotView
	pushes   map[int64]map[string]any // threads as payloads show them
}

// readSubjects reads them with one query for each kind.
func (d *Desk) readSubjects(ctx context.Context, accountID int64, list []*toldEvent) (*subjects, error) {
	var messages, threads, contacts, users, bots []int64
	for _, t := range list {
		switch {
		case t.MessageID != 0:
			messages = append(messages, t.MessageID)
		case t.aboutContact():
			contacts = append(contacts, t.ContactID)
		case !t.aboutInbox():
			threads = append(threads, t.ConversationID)
			users, bots = append(users, t.UserID), append(bots, t.BotID)
		}
	}
	s := &subjects{desk: d, pushes: map[int64]map[string]any{}}
	var err error
	if len(messages) > 0 {
		if s.messages, err = d.Store.MessageViews(ctx, accountID, distinct(messages)); err != nil {
			return nil, err
		}
	}
	if len(threads) > 0 {
		if s.threads, err = d.Store.ThreadViews(ctx, accountID, distinct(threads)); err != nil {
			return nil, err
		}
	}
	if s.users, err = d.Store.Agents(ctx, accountID, distinct(users)); err != nil {
		return nil, err
	}
	if s.bots, err = d.Store.BotViews(ctx, distinct(bots)); err != nil {
		return nil, err
	}
	if len(contacts) == 0 {
		return s, nil
	}
	if s.account, err = d.Store.Account(ctx, accountID); err != nil {
		return nil, err
	}
	s.contacts, err = d.Store.Contacts(ctx, accountID, distinct(contacts))
	return s, err
}

// payload builds one; empty when what it is about is gone.
func (s *subjects) payload(ctx context.Context, t *toldEvent) (string, error) {
	var body map[string]any
	switch {
	case t.MessageID != 0:
		m, ok := s.messages[t.MessageID]
		if !ok || m.Type == int(chat.Activity) {
			return "", nil
		}
		body = s.desk.messageBody(t.Event, m, s.push(ctx, m.ThreadView))
	case t.aboutContact():
		c, ok := s.contacts[t.ContactID]
		if !ok {
			return "", nil
		}
		body = s.desk.contactWebhook(s.account.ID, s.account.Name, c.ContactView)
		body["event"] = t.Event
		if t.Event == eventContactUpdated {
			body["changed_attributes"] = t.changed()
		}
	case t.aboutInbox():
		var err error
		if body, err = s.desk.inboxBody(ctx, t); err != nil || body == nil {
			return "", err
		}
	default:
		thread, ok := s.threads[t.ConversationID]
		if !ok {
			return "", nil
		}
		if body = s.conversation(ctx, t, thread); body == nil {
			return "", nil
		}
	}
	b, err := encodeEvent(body)
	return string(b), err
}

// push is a conversation as payloads show it, built once.
func (s *subjects) push(ctx context.Context, thread store.ThreadView) map[string]any {
	known, ok := s.pushes[thread.Conversation.ID]
	if !ok {
		known = s.desk.conversationPush(ctx, thread)
		s.pushes[thread.Conversation.ID] = known
	}
	return known
}

// conversation is the payload about a conversation, which stands at the top level, or
// about somebody who types in it, or stopped; nil when they are gone.
func (s *subjects) conversation(ctx context.Context, t *toldEvent, thread store.ThreadView) map[string]any {
	if !typing(t.Event) {
		body := maps.Clone(s.push(ctx, thread))
		body["event"] = t.Event
		switch t.Event {
		case eventConversationUpdate:
			body["changed_attributes"] = t.changed()
		case eventStatusChanged:
			body["changed_attributes"] = nil // they are in conversation_updated
		}
		return body
	}
	who := s.desk.contactWebhook(thread.AccountID, thread.AccountName, thread.Contact)
	if t.UserID != 0 {
		u, ok := s.users[t.UserID]
		if !ok {
			return nil
		}
		who = userWebhook(u.ID, u.Name, u.Email)
	} else if t.BotID != 0 {
		b, ok := s.bots[t.BotID]
		if !ok {
			return nil
		}
		who = botWebhook(b.ID, b.Name)
	}
	return map[string]any{"event": t.Event, "user": who, "conversation": s.push(ctx, thread), "is_private": t.Private}
}

// inboxBody is the payload about an inbox; nil when it is gone. What its channel keeps
// secret is not in it.
func (d *Desk) inboxBody(ctx context.Context, t *toldEvent) (map[string]any, error) {
	i, err := d.Store.Inbox(ctx, t.AccountID, t.InboxID)
	if err != nil {
		return nil, absent(err)
	}
	hours := make([]map[string]any, len(i.WorkingHours))
	for n, h := range i.WorkingHours {
		hours[n] = map[string]any{
			"inbox_id": i.ID, "account_id": i.AccountID, "day_of_week": h.DayOfWeek, "closed_all_day": h.ClosedAllDay, "open_all_day": h.OpenAllDay,
			"open_hour": h.OpenHour, "open_minutes": h.OpenMinutes, "close_hour": h.CloseHour, "close_minutes": h.CloseMinutes,
			// The days have no numbers of their own: those of an inbox follow each other.
			"id": (i.ID-1)*weekdays + int64(h.DayOfWeek) + 1, "created_at": iso(i.CreatedAt), "updated_at": iso(i.UpdatedAt),
		}
	}
	channel := map[string]any{}
	if driver, ch, ok := d.Directory.Inbox(i.ID); ok {
		for name, value := range document(string(ch.Settings)) {
			if !secret(name, driver.Info().Secrets) {
				channel[name] = filtered(name, value, driver.Info().Secrets)
			}
		}
	}
	channel["id"], channel["account_id"] = i.ChannelID, i.AccountID
	body := map[string]any{
		"event": t.Event, "id": i.ID, "name": i.Name, "allow_messages_after_resolved": i.AllowMessagesAfterResolved,
		"lock_to_single_conversation": i.LockToSingleConversation, "auto_assignment_config": document(i.AutoAssignmentConfig),
		"enable_auto_assignment": i.EnableAutoAssignment, "enable_email_collect": i.EnableEmailCollect, "greeting_enabled": i.GreetingEnabled,
		"greeting_message": i.GreetingMessage, "csat_survey_enabled": i.CSATSurveyEnabled, "business_name": i.BusinessName,
		"sender_name_type": senderNameType(i.SenderNameType), "timezone": i.Timezone, "out_of_office_message": i.OutOfOfficeMessage,
		"working_hours_enabled": i.WorkingHoursEnabled, "working_hours": hours, "created_at": iso(i.CreatedAt), "updated_at": iso(i.UpdatedAt),
		"channel": channel,
	}
	if t.Event == eventInboxUpdated {
		body["changed_attributes"] = t.changed()
	}
	return body, nil
}

const weekdays = 7

// senderNameType is the name of a stored number.
func senderNameType(n int) string {
	if n == 1 {
		return "professional"
	}
	return "friendly"
}

// inboxEvent is what follows from a new or changed inbox: nothing, unless the
// operator wants to hear of inboxes.
func (d *Desk) inboxEvent(kind string, i store.Inbox, changes map[string]any) []store.OutboxRow {
	if d.Setting("ENABLE_INBOX_EVENTS") == "" {
		return nil
	}
	row := store.OutboxRow{AccountID: i.AccountID, Kind: kind, InboxID: i.ID}
	if changes != nil {
		row.Payload = object(map[string]any{"changed_attributes": changedAttributes(changes)})
	}
	return []store.OutboxRow{row}
}

// changedAttributes are changes as the audit log has them ([old, new] by name), the
// way events tell them.
func changedAttributes(changes map[string]any) []map[string]any {
	out := make([]map[string]any, 0, len(changes))
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if pair, ok := changes[name].([2]any); ok {
			out = append(out, change{name, pair[0], pair[1]}.attribute())
		}
	}
	return out
}

// WebhookTarget is where a delivery goes.
type WebhookTarget struct {
	channels.Endpoint
	// Operator says that the address is the operator's own, who may have it anywhere.
	Operator bool
}

// WebhookTargets gives it for deliveries, by id: the addresses as they are now. Those
// whose endpoint is gone are absent.
func (d *Desk) WebhookTargets(ctx context.Context, list []store.WebhookDelivery) (map[int64]WebhookTarget, error) {
	var webhooks, bots []int64
	for _, one := range list {
		switch one.Kind {
		case store.HookAccount:
			webhooks = append(webhooks, one.TargetID)
		case store.HookBot:
			bots = append(bots, one.TargetID)
		}
	}
	byWebhook, err := d.Store.WebhookTargets(ctx, distinct(webhooks))
	if err != nil {
		return nil, err
	}
	byBot, err := d.Store.BotTargets(ctx, distinct(bots))
	if err != nil {
		return nil, err
	}
	out := make(map[int64]WebhookTarget, len(list))
	for _, one := range list {
		var t WebhookTarget
		switch one.Kind {
		case store.HookAccount:
			t.URL, t.Secret = byWebhook[one.TargetID].URL, byWebhook[one.TargetID].Secret
		case store.HookBot:
			t.URL = byBot[one.TargetID]
		case store.HookInbox:
			t.Endpoint, _ = d.announcer(one.TargetID)
		case store.HookRule:
			t.URL = one.URL
		case store.HookInstallation:
			t.URL, t.Operator = d.Setting("INSTALLATION_EVENTS_WEBHOOK_URL"), true
		}
		if t.URL != "" {
			out[one.ID] = t
		}
	}
	return out, nil
}

// JudgeWebhook writes what became of owner's attempt at a delivery. Where an API inbox
// did not learn of a message that was sent to the contact, the message shows that, with
// failure as the reason (contract 06 §1.3). What succeeded and nobody can look at is
// forgotten.
func (d *Desk) JudgeWebhook(ctx context.Context, owner string, one store.WebhookDelivery, v store.HookVerdict, failure *channels.SendError) error {
	v.Forget = v.Forget || v.State == store.HookDelivered && one.Kind != store.HookAccount
	if failure != nil {
		v.Error = storedFailure(failure)
	}
	marked := false
	err := d.again(ctx, func(tx *store.Tx) error {
		marked = false
		ours, err := tx.JudgeWebhookDelivery(ctx, owner, one.ID, v)
		if err != nil || !ours {
			return err
		}
		if v.State != store.HookFailed || failure == nil || one.Kind != store.HookInbox || one.MessageID == 0 {
			return nil
		}
		marked, err = notAnnounced(ctx, tx, one, failure.Words(d.Directory.Locale(one.InboxID)))
		return err
	})
	if err != nil {
		return fmt.Errorf("desk: webhook verdict: %w", err)
	}
	if marked {
		d.WakeJobs()
	}
	return nil
}
