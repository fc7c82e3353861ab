package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// Names of the events that their handling asks for.
const (
	eventMessageCreated     = "message_created"
	eventTypingOn           = "conversation_typing_on"
	eventTypingOff          = "conversation_typing_off"
	eventAccountCreated     = "account_created"
	eventConversationUpdate = "conversation_updated"
	eventStatusChanged      = "conversation_status_changed"
	eventContactUpdated     = "contact_updated"
	eventInboxUpdated       = "inbox_updated"
)

// WebhookEvents are the events that a webhook of an account may subscribe to
// (contract 06 §1.2): the first eight are those of one that does not say.
var WebhookEvents = []string{
	"conversation_status_changed", "conversation_updated", "conversation_created", "contact_created", "contact_updated",
	"message_created", "message_updated", "webwidget_triggered",
	"inbox_created", "inbox_updated", "conversation_typing_on", "conversation_typing_off",
}

// DefaultWebhookEvents are how many of them a webhook has that does not say.
const DefaultWebhookEvents = 8

// Who is told of which kind of the outbox, by what the event is called there
// (contract 06 §1.4).
var (
	accountEvents = map[string]string{
		"message.created":             eventMessageCreated,
		"message.updated":             "message_updated",
		"conversation.created":        "conversation_created",
		"conversation.updated":        eventConversationUpdate,
		"conversation.status_changed": eventStatusChanged,
		"conversation.typing_on":      eventTypingOn,
		"conversation.typing_off":     eventTypingOff,
		"contact.created":             "contact_created",
		"contact.updated":             eventContactUpdated,
		"inbox.created":               "inbox_created",
		"inbox.updated":               eventInboxUpdated,
	}
	inboxEvents = map[string]string{
		"message.created":             eventMessageCreated,
		"message.updated":             "message_updated",
		"conversation.created":        "conversation_created",
		"conversation.updated":        eventConversationUpdate,
		"conversation.status_changed": eventStatusChanged,
		"conversation.typing_on":      eventTypingOn,
		"conversation.typing_off":     eventTypingOff,
	}
	botEvents = map[string]string{
		"message.created":       eventMessageCreated,
		"message.updated":       "message_updated",
		"conversation.opened":   "conversation_opened",
		"conversation.resolved": "conversation_resolved",
	}
)

// webhookTypingStale is when it is no use any more to say that somebody types.
const webhookTypingStale = 30 * time.Second

// endurance is how long the deliveries of a kind are tried.
type endurance struct {
	tries    int
	patience time.Duration
}

// endurances of the kinds of webhooks. What talks in conversations is given up soon;
// where it fails, people are told (contract 09 §12), or the next message says more.
var endurances = map[string]endurance{
	store.HookAccount:      {10, 24 * time.Hour},
	store.HookInbox:        {3, 30 * time.Minute},
	store.HookBot:          {3, 30 * time.Minute},
	store.HookRule:         {6, 24 * time.Hour},
	store.HookInstallation: {10, 24 * time.Hour},
}

func typing(event string) bool { return event == eventTypingOn || event == eventTypingOff }

// newDelivery is an event for an endpoint, at the moment when it happened.
func newDelivery(kind string, target int64, event, key string, at time.Time) store.WebhookDelivery {
	e := endurances[kind]
	if typing(event) {
		e = endurance{1, webhookTypingStale}
	}
	return store.WebhookDelivery{
		Delivery: uuid.NewString(), Kind: kind, Endpoint: kind + "/" + strconv.FormatInt(target, 10), TargetID: target, Event: event, EventKey: key,
		MaxAttempts: e.tries, ExpiresAt: at.Add(e.patience).UnixMicro(),
	}
}

// deliveryOf is what happened for an endpoint.
func deliveryOf(kind string, target int64, event string, row store.OutboxRow) store.WebhookDelivery {
	// CreatedAt belongs to the key: where a database is restored, numbers come again.
	key := "outbox/" + strconv.FormatInt(row.ID, 10) + "/" + strconv.FormatInt(row.CreatedAt, 10)
	d := newDelivery(kind, target, event, key, time.UnixMicro(row.CreatedAt))
	d.AccountID, d.InboxID, d.ConversationID, d.MessageID, d.Details = row.AccountID, row.InboxID, row.ConversationID, row.MessageID, row.Payload
	return d
}

// announcer gives who is told what happens in an inbox by a webhook of the inbox.
func (d *Desk) announcer(inboxID int64) (channels.Endpoint, bool) {
	driver, ch, ok := d.Directory.Inbox(inboxID)
	a, can := driver.(channels.Announcer)
	if !ok || !can {
		return channels.Endpoint{}, false
	}
	return a.Announces(ch)
}

// audience is who is told what a batch of the outbox is about.
type audience struct {
	subscribers map[int64][]store.Subscriber // by account
	bots        map[int64]int64              // by inbox
	messages    map[int64]store.ToldMessage
}

// audienceOf reads it, with one query for each kind of row.
func (d *Desk) audienceOf(ctx context.Context, tx *store.Tx, rows []store.OutboxRow) (audience, error) {
	out := audience{subscribers: map[int64][]store.Subscriber{}}
	var accounts, inboxes, messages []int64
	for _, row := range rows {
		if accountEvents[row.Kind] != "" {
			accounts = append(accounts, row.AccountID)
		}
		if botEvents[row.Kind] != "" && row.InboxID != 0 {
			inboxes = append(inboxes, row.InboxID)
		}
		if row.MessageID != 0 && inboxEvents[row.Kind] != "" {
			messages = append(messages, row.MessageID)
		}
	}
	if list := distinct(accounts); len(list) > 0 {
		subscribers, err := tx.Subscribers(ctx, list)
		if err != nil {
			return out, err
		}
		for _, s := range subscribers {
			out.subscribers[s.AccountID] = append(out.subscribers[s.AccountID], s)
		}
	}
	var err error
	if list := distinct(inboxes); len(list) > 0 {
		if out.bots, err = tx.HookedBots(ctx, list); err != nil {
			return out, err
		}
	}
	if list := distinct(messages); len(list) > 0 {
		out.messages, err = tx.ToldMessages(ctx, list)
	}
	return out, err
}

// orderWebhooks orders what the webhooks of accounts, API inboxes and bots are told.
func (d *Desk) orderWebhooks(ctx context.Context, tx *store.Tx, rows []store.OutboxRow) (bool, error) {
	told, err := d.audienceOf(ctx, tx, rows)
	if err != nil {
		return false, err
	}
	var list []store.WebhookDelivery
	for _, row := range rows {
		if typing(accountEvents[row.Kind]) && tx.Now.Sub(time.UnixMicro(row.CreatedAt)) > webhookTypingStale {
			continue
		}
		list = append(list, d.tellings(told, row)...)
	}
	made, err := tx.InsertWebhookDeliveries(ctx, list)
	return len(made) > 0, err
}

// tellings are the deliveries of one thing that happened.
func (d *Desk) tellings(told audience, row store.OutboxRow) []store.WebhookDelivery {
	message, known := told.messages[row.MessageID]
	if row.MessageID != 0 && (!known || message.Type == int(chat.Activity)) {
		return nil // it is gone, or nobody's business outside
	}
	var list []store.WebhookDelivery
	if event := accountEvents[row.Kind]; event != "" {
		for _, s := range told.subscribers[row.AccountID] {
			if slices.Contains(s.Subscriptions, event) {
				list = append(list, deliveryOf(store.HookAccount, s.ID, event, row))
			}
		}
	}
	// A message that goes to the contact is handed over by the relay.
	if event := inboxEvents[row.Kind]; event != "" && (event != eventMessageCreated || !message.Relayed) {
		if _, ok := d.announcer(row.InboxID); ok {
			list = append(list, deliveryOf(store.HookInbox, row.InboxID, event, row))
		}
	}
	if event := botEvents[row.Kind]; event != "" {
		if bot, ok := told.bots[row.InboxID]; ok {
			list = append(list, deliveryOf(store.HookBot, bot, event, row))
		}
	}
	return list
}

// RuleWebhook is what an automation rule or a macro tells an address.
type RuleWebhook struct {
	AccountID      int64
	URL            string
	Event          string // "automation_event.message_created", "macro.executed"
	ConversationID int64
	// Key tells this run of the rule from others: an address is told once by each.
	Key string
}

// OrderRuleWebhook orders it, in the transaction of the rule. Whoever calls it wakes
// the jobs afterwards.
func (d *Desk) OrderRuleWebhook(ctx context.Context, tx *store.Tx, in RuleWebhook) error {
	out := newDelivery(store.HookRule, 0, in.Event, in.Key, tx.Now)
	// The address is not part of a name that is logged and counted.
	out.Endpoint = store.HookRule + "/" + strconv.FormatInt(in.AccountID, 10) + "/" + channels.Digest(in.URL)
	out.AccountID, out.URL, out.ConversationID = in.AccountID, in.URL, in.ConversationID
	_, err := tx.InsertWebhookDeliveries(ctx, []store.WebhookDelivery{out})
	return err
}

// orderAccountCreated orders what the operator's endpoint is told about a new account.
func orderAccountCreated(ctx context.Context, tx *store.Tx, accountID int64, payload map[string]any) error {
	out := newDelivery(store.HookInstallation, 0, eventAccountCreated, "account/"+strconv.FormatInt(accountID, 10), tx.Now)
	b, err := encodeEvent(payload)
	if err != nil {
		return err
	}
	out.AccountID, out.Payload = accountID, string(b)
	_, err = tx.InsertWebhookDeliveries(ctx, []store.WebhookDelivery{out})
	return err
}

// JobInboxWebhook is how earlier versions ordered what an API inbox is told.
const JobInboxWebhook = "inbox.webhook"

// inboxWebhook orders what such a job was about.
func (d *Desk) inboxWebhook(ctx context.Context, j store.Job) error {
	var in struct {
		InboxID        int64       `json:"inbox_id"`
		ConversationID int64       `json:"conversation_id"`
		MessageID      int64       `json:"message_id"`
		Event          string      `json:"event"`
		At             chat.Millis `json:"at"`
	}
	if err := readJob(j, &in); err != nil {
		return err
	}
	out := newDelivery(store.HookInbox, in.InboxID, in.Event, "job/"+strconv.FormatInt(j.ID, 10), in.At.Time())
	out.AccountID, out.InboxID, out.ConversationID, out.MessageID, out.Details = j.AccountID, in.InboxID, in.ConversationID, in.MessageID, string(j.Payload)
	return d.again(ctx, func(tx *store.Tx) error {
		_, err := tx.InsertWebhookDeliveries(ctx, []store.WebhookDelivery{out})
		return err
	})
}

// JobInstallationEvent is how earlier versions ordered what the operator's endpoint is
// told.
const JobInstallationEvent = "installation.event"

// installationEvent orders what such a job was about.
func (d *Desk) installationEvent(ctx context.Context, j store.Job) error {
	payload := map[string]any{}
	if err := json.Unmarshal(j.Payload, &payload); err != nil {
		return Final{fmt.Errorf("desk: installation event: %w", err)}
	}
	return d.again(ctx, func(tx *store.Tx) error { return orderAccountCreated(ctx, tx, j.AccountID, payload) })
}
