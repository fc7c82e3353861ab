package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"tributary/live"
	"tributary/store"
)

// liveSubject says what an event of the live wire is about, which is what has to be read
// for it.
type liveSubject int

const (
	aboutMessage liveSubject = iota + 1
	aboutConversation
	aboutTyping
	aboutContact
	aboutNotification
	aboutCache
	aboutInbox
	aboutViewers
)

// liveKind is how an event is told.
type liveKind struct {
	liveSubject
	// contacts: the contact's side hears it, too.
	contacts bool
	// latest: what is told is the newest state, whoever brought it about.
	latest bool
}

// liveKinds are the events of the outbox that are told (contract 02 §11.3).
var liveKinds = map[string]liveKind{
	"message.created":              {liveSubject: aboutMessage, contacts: true},
	"message.updated":              {liveSubject: aboutMessage, contacts: true},
	eventFirstReply:                {liveSubject: aboutMessage},
	"conversation.created":         {liveSubject: aboutConversation, contacts: true},
	"conversation.updated":         {liveSubject: aboutConversation, contacts: true, latest: true},
	"conversation.status_changed":  {liveSubject: aboutConversation, contacts: true, latest: true},
	"conversation.read":            {liveSubject: aboutConversation, latest: true},
	"conversation.contact_changed": {liveSubject: aboutConversation},
	"assignee.changed":             {liveSubject: aboutConversation, latest: true},
	"team.changed":                 {liveSubject: aboutConversation, latest: true},
	eventMentioned:                 {liveSubject: aboutConversation},
	kindTypingOn:                   {liveSubject: aboutTyping, contacts: true},
	kindTypingOff:                  {liveSubject: aboutTyping, contacts: true},
	"contact.created":              {liveSubject: aboutContact},
	"contact.updated":              {liveSubject: aboutContact},
	"contact.merged":               {liveSubject: aboutContact},
	"contact.deleted":              {liveSubject: aboutContact},
	eventNotificationCreated:       {liveSubject: aboutNotification},
	eventNotificationUpdated:       {liveSubject: aboutNotification},
	eventNotificationDeleted:       {liveSubject: aboutNotification},
	"account.cache_invalidated":    {liveSubject: aboutCache},
	EventWebhookReceived:           {liveSubject: aboutInbox},
	"conversation.viewers":         {liveSubject: aboutViewers},
}

// Kinds of the outbox that the wire treats alone.
const (
	eventFirstReply = "first.reply.created"
	eventMentioned  = "conversation.mentioned"
	kindTypingOn    = "conversation.typing_on"
	kindTypingOff   = "conversation.typing_off"
	kindAgentGone   = "agent.removed"
)

// liveDetails are what the payload of a row tells beside its ids.
type liveDetails struct {
	PerformerID int64           `json:"performer_id"`
	UserID      int64           `json:"user_id"` // who types, is mentioned, left
	ContactID   int64           `json:"contact_id"`
	Private     bool            `json:"is_private"`
	Echo        json.RawMessage `json:"echo_id"`
	Previous    json.RawMessage `json:"previous_changes"`
	Contact     json.RawMessage `json:"contact"` // one that is gone, as it was
}

// wire is the part of the desk that tells the live wire what happened.
type wire struct {
	desk *Desk
	lost atomic.Int64
}

func newWire(d *Desk) *wire { return &wire{desk: d} }

// LiveLost is how many events could not be told to those who listen since the process
// started. Their clients were made to connect again.
func (d *Desk) LiveLost() int64 { return d.wire.lost.Load() }

// liveRow is a row of the outbox that somebody may hear of.
type liveRow struct {
	store.OutboxRow
	liveKind
	liveDetails
}

// tellTimeout bounds telling a batch: the next one waits.
const tellTimeout = 10 * time.Second

// tell turns a batch of what happened into packets and sends them off. What nobody
// listens to is not even read.
func (w *wire) tell(ctx context.Context, rows []store.OutboxRow) {
	d := w.desk
	if d.Live == nil {
		return
	}
	// The rows are gone: they are told even when the program stops meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTimeout)
	defer cancel()
	batches, packets := w.sort(rows)
	var accounts []int64
	for id := range batches {
		accounts = append(accounts, id)
	}
	slices.Sort(accounts)
	interest, err := d.Live.Interest(ctx, accounts)
	if err != nil {
		w.lose(len(rows), err)
		return
	}
	for _, id := range accounts {
		heard := interest[id]
		if !heard.Any() {
			continue
		}
		b := &liveBatch{desk: d, account: id, heard: heard, rows: batches[id]}
		if err := b.build(ctx); err != nil {
			// Whoever listens comes back, and asks for what is missing.
			w.lose(len(b.rows), err, slog.Int64("account_id", id))
			packets = append(packets, live.Packet{AccountID: id, Missed: true})
			continue
		}
		packets = append(packets, b.packets...)
	}
	if len(packets) == 0 {
		return
	}
	if err := d.Live.Publish(ctx, packets); err != nil {
		w.lose(len(packets), err)
	}
}

func (w *wire) lose(n int, err error, about ...any) {
	w.lost.Add(int64(n))
	w.desk.Log.Warn("events were not told to those who listen", append([]any{"events", n, "error", err}, about...)...)
}

// sort gives the rows that are told, by account and in their order, and packets about
// users who have to prove themselves again.
func (w *wire) sort(rows []store.OutboxRow) (map[int64][]liveRow, []live.Packet) {
	type state struct {
		kind    string
		subject int64
	}
	batches, packets := map[int64][]liveRow{}, []live.Packet(nil)
	newest := map[state]bool{}
	stale := w.desk.Now().Add(-typingStale).UnixMicro()
	for _, row := range slices.Backward(rows) {
		out := liveRow{OutboxRow: row, liveKind: liveKinds[row.Kind]}
		if out.liveSubject == 0 && row.Kind != kindAgentGone && row.Kind != store.KindTokenChanged {
			continue
		}
		if row.Payload != "" {
			if err := json.Unmarshal([]byte(row.Payload), &out.liveDetails); err != nil {
				w.desk.Log.Warn("an event cannot be read", "kind", row.Kind, "error", err)
				continue
			}
		}
		switch {
		case out.liveSubject == 0:
			packets = append(packets, live.Packet{AccountID: row.AccountID, Users: []int64{out.UserID}, Recheck: true})
			continue
		case out.liveSubject == aboutTyping && row.CreatedAt < stale:
			continue
		}
		// The newest state is told once, however often a batch has it.
		key := state{kind: row.Kind}
		switch {
		case out.latest:
			key.subject = row.ConversationID
		case row.Kind == "contact.updated":
			key.subject = out.ContactID
		case out.liveSubject == aboutCache:
		default:
			key.kind = ""
		}
		if key.kind != "" {
			key.kind = strconv.FormatInt(row.AccountID, 10) + " " + key.kind
			if newest[key] {
				continue
			}
			newest[key] = true
		}
		batches[row.AccountID] = append(batches[row.AccountID], out)
	}
	for _, list := range batches {
		slices.Reverse(list)
	}
	return batches, packets
}

// packet is an event as it is sent; whom to is not said yet.
func packet(event string, accountID int64, data any) (live.Packet, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return live.Packet{}, fmt.Errorf("desk: live event %s: %w", event, err)
	}
	text := make([]byte, 0, len(body)+len(event)+24)
	text = append(text, `{"event":"`+event+`","data":`...)
	text = append(append(text, body...), '}')
	return live.Packet{AccountID: accountID, Payload: text}, nil
}
