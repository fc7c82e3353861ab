package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// JobInboxWebhook posts an event to the webhook of an API inbox.
const JobInboxWebhook = "inbox.webhook"

// InboxWebhookJob is the payload of JobInboxWebhook.
type InboxWebhookJob struct {
	InboxID        int64       `json:"inbox_id"`
	ConversationID int64       `json:"conversation_id"`
	MessageID      int64       `json:"message_id,omitempty"`
	Event          string      `json:"event"`
	At             chat.Millis `json:"at"` // when it happened
	eventDetails
}

// eventDetails are what the payload of an outbox row tells beside its ids.
type eventDetails struct {
	// Changed are the columns that conversation_updated is about, see
	// conversationEvents.
	Changed json.RawMessage `json:"changed_attributes,omitempty"`
	// UserID is who types; 0: the contact.
	UserID  int64 `json:"user_id,omitempty"`
	Private bool  `json:"is_private,omitempty"`
}

// Names of the events that their handling asks for.
const (
	eventMessageCreated = "message_created"
	eventTypingOn       = "conversation_typing_on"
	eventTypingOff      = "conversation_typing_off"
)

// inboxEvents are the kinds of the outbox of which an API inbox's webhook learns,
// by the names that it calls them (contract 06 §1.4).
var inboxEvents = map[string]string{
	"message.created":             eventMessageCreated,
	"message.updated":             "message_updated",
	"conversation.created":        "conversation_created",
	"conversation.updated":        "conversation_updated",
	"conversation.status_changed": "conversation_status_changed",
	"conversation.typing_on":      eventTypingOn,
	"conversation.typing_off":     eventTypingOff,
}

const (
	// webhookTries of an event (contract 09 §12).
	webhookTries = 3
	// webhookTypingStale is when it is no use any more to say that somebody types.
	webhookTypingStale = 30 * time.Second
	// webhookPatience is the longest that an endpoint can put an event off.
	webhookPatience = 30 * time.Minute
)

func (in *InboxWebhookJob) typing() bool {
	return in.Event == eventTypingOn || in.Event == eventTypingOff
}

// stale tells that the news came too late to be told.
func (in *InboxWebhookJob) stale(now time.Time) bool {
	return in.typing() && now.Sub(in.At.Time()) > webhookTypingStale
}

// announcer gives the driver of an inbox whose owner is told what happens in it.
func (d *Desk) announcer(inboxID int64) (channels.Announcer, *channels.Channel, bool) {
	driver, ch, ok := d.Directory.Inbox(inboxID)
	a, can := driver.(channels.Announcer)
	if !ok || !can || !a.Announces(ch) {
		return nil, nil, false
	}
	return a, ch, true
}

// apiInboxWebhook orders the webhook of an API inbox. A message that goes to the
// contact is handed over by the relay.
func (d *Desk) apiInboxWebhook(ctx context.Context, tx *store.Tx, row store.OutboxRow) (bool, error) {
	event, told := inboxEvents[row.Kind]
	if !told {
		return false, nil
	}
	if _, _, ok := d.announcer(row.InboxID); !ok {
		return false, nil
	}
	in := InboxWebhookJob{
		InboxID: row.InboxID, ConversationID: row.ConversationID, MessageID: row.MessageID, Event: event,
		At: chat.MillisOf(time.UnixMicro(row.CreatedAt)),
	}
	if err := json.Unmarshal([]byte(row.Payload), &in.eventDetails); err != nil {
		return false, fmt.Errorf("desk: inbox webhook: %w", err)
	}
	if in.stale(tx.Now) {
		return false, nil
	}
	if event == eventMessageCreated {
		if announced, err := tx.Announced(ctx, row.MessageID); err != nil || !announced {
			return false, err
		}
	}
	payload, err := json.Marshal(in)
	if err != nil {
		return false, fmt.Errorf("desk: inbox webhook: %w", err)
	}
	job := store.Job{Kind: JobInboxWebhook, Lane: store.LaneWebhooks, AccountID: row.AccountID, Payload: payload, MaxAttempts: webhookTries}
	if in.typing() {
		job.MaxAttempts = 1
	}
	return true, tx.InsertJob(ctx, job)
}

// inboxWebhook carries out JobInboxWebhook.
func (d *Desk) inboxWebhook(ctx context.Context, j store.Job) error {
	var in InboxWebhookJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	a, ch, ok := d.announcer(in.InboxID)
	if !ok || in.stale(d.Now()) {
		return nil
	}
	wait, ok := d.endpoints.enter(in.InboxID)
	if !ok {
		return Later{d.Now().Add(wait)}
	}
	started := time.Now()
	defer func() { d.endpoints.leave(in.InboxID, time.Since(started)) }()
	body, err := d.inboxEvent(ctx, &in)
	if errors.Is(err, store.ErrNotFound) || err == nil && body == nil {
		return nil
	}
	if err != nil {
		return err
	}
	if err = a.Announce(ctx, ch, body); err == nil {
		return nil
	}
	e := channels.AsSendError(err)
	if again := e.Class == chat.Retryable || e.Class == chat.Throttled; again && j.Attempts+1 < j.MaxAttempts {
		if e.RetryAfter > 0 {
			return After{e, min(e.RetryAfter, webhookPatience)}
		}
		return e
	}
	d.Log.Warn("the webhook of an inbox was not told", "inbox_id", in.InboxID, "event", in.Event, "message_id", in.MessageID, "error", e)
	if in.MessageID == 0 {
		return nil
	}
	return d.notAnnounced(ctx, &in, e.Words(ch.Locale))
}

// inboxEvent builds what is posted; nil when nothing is.
func (d *Desk) inboxEvent(ctx context.Context, in *InboxWebhookJob) ([]byte, error) {
	switch {
	case in.MessageID != 0:
		m, err := d.Store.MessageView(ctx, in.MessageID)
		if err != nil || m.Type == int(chat.Activity) {
			return nil, err
		}
		return d.messageEvent(ctx, in.Event, m)
	case in.typing():
		return d.typingEvent(ctx, in)
	}
	return d.conversationEvent(ctx, in)
}

// notAnnounced shows the agent that the owner's system did not learn of a message
// that was sent to the contact. What the contact wrote and notes among agents did
// not fail, and a message that the relay still sends gets its verdict there.
func (d *Desk) notAnnounced(ctx context.Context, in *InboxWebhookJob, reason string) error {
	failed := false
	err := d.again(ctx, func(tx *store.Tx) error {
		failed = false
		c, err := tx.ConversationByID(ctx, in.ConversationID)
		if err != nil {
			return err
		}
		m, err := tx.LockMessage(ctx, c.ID, in.MessageID)
		if err != nil {
			return err
		}
		sent := m.Type == int(chat.Outgoing) || m.Type == int(chat.Template)
		if failed = sent && !m.Private && !m.Queued && m.Status == chat.StatusSent.Code(); !failed {
			return nil
		}
		attributes, err := tx.MessageAttributes(ctx, m.ID)
		if err != nil {
			return err
		}
		if err := tx.SetStatus(ctx, m.ID, chat.StatusFailed.Code(), withAttribute(attributes, "external_error", reason)); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{about("message.updated", c, m.ID)})
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && failed {
		d.WakeJobs()
	}
	return err
}

// WebhookSlots is how many endpoints a process calls at once.
const WebhookSlots = 32

const (
	// slotsPerInbox leaves some to others when an endpoint hangs.
	slotsPerInbox = WebhookSlots / 2
	// A call that finds no slot is put off: for a moment behind an endpoint that
	// answers at once, for longer behind one that takes its time.
	slotWait     = 250 * time.Millisecond
	slotWaitSlow = 10 * time.Second
	slowCall     = time.Second
)

// endpoints counts the calls under way to each inbox's webhook.
type endpoints struct {
	mu   sync.Mutex
	busy map[int64]int
	slow map[int64]bool // the last call was
}

func newEndpoints() *endpoints { return &endpoints{busy: map[int64]int{}, slow: map[int64]bool{}} }

// enter takes a slot; without a free one it says how long to wait.
func (e *endpoints) enter(inboxID int64) (wait time.Duration, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy[inboxID] < slotsPerInbox {
		e.busy[inboxID]++
		return 0, true
	}
	if e.slow[inboxID] {
		return slotWaitSlow, false
	}
	return slotWait, false
}

// leave gives it back after a call of that length.
func (e *endpoints) leave(inboxID int64, took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy[inboxID]--; e.busy[inboxID] == 0 {
		delete(e.busy, inboxID)
	}
	if took >= slowCall {
		e.slow[inboxID] = true
	} else {
		delete(e.slow, inboxID)
	}
}
