package desk

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// EventWebhookReceived tells administrators of an account that an inbox's webhooks
// came to life: its first proof and its first event at once, later ones once a minute
// at most.
const EventWebhookReceived = "inbox.webhook_received"

const (
	// webhookRound is how often what was noted is written.
	webhookRound = 500 * time.Millisecond
	// webhookRest is how long an inbox's news waits after it was written: the first
	// of a process is written at once.
	webhookRest = 5 * time.Second
	// webhookGather is how long first news waits for that of other inboxes.
	webhookGather = 20 * time.Millisecond
	// webhookNotice is how long administrators hear nothing more of an inbox.
	webhookNotice = time.Minute
	// webhookBatch is how many inboxes one transaction writes.
	webhookBatch = 500
)

// Webhooks notes how the webhooks of inboxes are doing. Noting costs a look at a map:
// the edge, the workers and the relay do it for all that comes and goes. What was noted is written
// by Run, in small sets, outside of everybody's transactions; a process that dies
// takes half a second of it along.
type Webhooks struct {
	store     *store.Store
	directory *Directory
	log       *slog.Logger
	now       func() time.Time
	told      func() // there is something in the outbox
	wake      chan struct{}

	mu      sync.Mutex
	news    map[int64]store.WebhookNews // by inbox, not written yet
	refused map[store.Refusals]int64    // by inbox and cause, not written yet
	rests   map[int64]time.Time         // when an inbox that was written may be again
	proven  map[int64]bool              // inboxes that are known to be verified
}

func newWebhooks(opt *Options) *Webhooks {
	return &Webhooks{
		store: opt.Store, directory: opt.Directory, log: opt.Log, now: opt.Now, told: opt.WakeJobs, wake: make(chan struct{}, 1),
		news: map[int64]store.WebhookNews{}, refused: map[store.Refusals]int64{}, rests: map[int64]time.Time{}, proven: map[int64]bool{},
	}
}

// Refused counts a webhook of an inbox that was refused.
func (w *Webhooks) Refused(inboxID int64, cause string) {
	w.mu.Lock()
	w.refused[store.Refusals{InboxID: inboxID, Cause: cause}]++
	w.mu.Unlock()
}

// Proven notes that a provider knows an inbox's address and secret, of a request that
// brought no event: a handshake, or a test.
func (w *Webhooks) Proven(inboxID int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.proven[inboxID] {
		w.note(store.WebhookNews{InboxID: inboxID, VerifiedAt: w.now().UnixMicro()})
	}
}

// Sent notes that a provider took a message.
func (w *Webhooks) Sent(inboxID int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(store.WebhookNews{InboxID: inboxID, LastSentAt: w.now().UnixMicro()})
}

// note adds news and has it written soon when it is the inbox's first. The caller
// holds the lock.
func (w *Webhooks) note(n store.WebhookNews) {
	known, waits := w.news[n.InboxID]
	w.news[n.InboxID] = later(known, n)
	if _, written := w.rests[n.InboxID]; !waits && !written {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// later joins what was known first with what came after.
func later(known, n store.WebhookNews) store.WebhookNews {
	known.InboxID = n.InboxID
	if known.VerifiedAt == 0 {
		known.VerifiedAt = n.VerifiedAt
	}
	if known.FirstEventAt == 0 {
		known.FirstEventAt = n.FirstEventAt
	}
	known.LastEventAt = max(known.LastEventAt, n.LastEventAt)
	known.LastSentAt = max(known.LastSentAt, n.LastSentAt)
	if n.ConversationID != 0 {
		known.ConversationID = n.ConversationID
	}
	return known
}

// applied notes events that were applied; conversations are those of their messages.
func (w *Webhooks) applied(events []*chat.Event, outcomes []Outcome, conversations map[int64]int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, e := range events {
		if e.InboxID == 0 || !outcomes[i].Until.IsZero() {
			continue
		}
		at := e.ReceivedAt.Time().UnixMicro()
		n := store.WebhookNews{InboxID: e.InboxID, FirstEventAt: at, LastEventAt: at, ConversationID: conversations[e.InboxID]}
		if e.Proof == channels.ProofOK {
			n.VerifiedAt = at
		}
		w.note(n)
	}
}

// Name implements the worker contract.
func (w *Webhooks) Name() string { return "webhook status" }

// Run writes what is noted until ctx ends, and then what is left.
func (w *Webhooks) Run(ctx context.Context) error {
	tick := time.NewTicker(webhookRound)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			w.write(last, true)
			return nil
		case <-tick.C:
		case <-w.wake:
			if !pause(ctx, webhookGather) {
				continue
			}
		}
		w.write(ctx, false)
	}
}

// Flush writes what does not rest now.
func (w *Webhooks) Flush(ctx context.Context) { w.write(ctx, false) }

// write writes what is noted; all: also what rests.
func (w *Webhooks) write(ctx context.Context, all bool) {
	for {
		news, refused := w.take(all)
		if len(news)+len(refused) == 0 {
			return
		}
		if err := w.commit(ctx, news, refused); err != nil {
			w.back(news, refused)
			if ctx.Err() == nil && !store.Transient(err) {
				w.log.Warn("status of webhooks not written; it is tried again", "error", err)
			}
			return
		}
		if len(news) < webhookBatch && len(refused) < webhookBatch {
			return // what came meanwhile is for the next round
		}
	}
}

// take takes a batch of what is noted.
func (w *Webhooks) take(all bool) (news []store.WebhookNews, refused []store.Refusals) {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, n := range w.news {
		if w.rests[id].After(now) && !all {
			continue
		}
		if len(news) == webhookBatch {
			break
		}
		news = append(news, n)
		delete(w.news, id)
		w.rests[id] = now.Add(webhookRest)
	}
	for key, n := range w.refused {
		if len(refused) == webhookBatch {
			break
		}
		refused = append(refused, store.Refusals{InboxID: key.InboxID, Cause: key.Cause, Count: n})
		delete(w.refused, key)
	}
	return news, refused
}

// back gives back what could not be written. Its inboxes rest, so that a database
// that is away is not asked all the time.
func (w *Webhooks) back(news []store.WebhookNews, refused []store.Refusals) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range news {
		after, waits := w.news[n.InboxID]
		if waits {
			n = later(n, after)
		}
		w.news[n.InboxID] = n
	}
	for _, r := range refused {
		w.refused[store.Refusals{InboxID: r.InboxID, Cause: r.Cause}] += r.Count
	}
}

// commit writes a batch, with the events that follow from it.
func (w *Webhooks) commit(ctx context.Context, news []store.WebhookNews, refused []store.Refusals) error {
	inboxes := make([]int64, len(news))
	for i, n := range news {
		inboxes[i] = n.InboxID
	}
	slices.Sort(inboxes)
	accounts := make(map[int64]int64, len(news))
	for _, id := range inboxes {
		if _, ch, ok := w.directory.Inbox(id); ok {
			accounts[id] = ch.AccountID
		}
	}
	var events []store.OutboxRow
	err := w.store.Transact(ctx, func(tx *store.Tx) error {
		events = nil
		known, err := tx.LockWebhooks(ctx, inboxes)
		if err != nil {
			return err
		}
		noted := slices.Clone(news)
		for i, n := range noted {
			before := known[n.InboxID]
			after := later(before, n)
			first := before.VerifiedAt == 0 && after.VerifiedAt != 0 || before.FirstEventAt == 0 && after.FirstEventAt != 0
			account, ok := accounts[n.InboxID]
			heard := n.VerifiedAt != 0 || n.LastEventAt != 0 // nobody is told of what we sent
			if !ok || !heard || !first && tx.Now.UnixMicro()-before.AnnouncedAt < webhookNotice.Microseconds() {
				continue
			}
			noted[i].AnnouncedAt = tx.Now.UnixMicro()
			events = append(events, webhookEvent(account, after))
		}
		if err := tx.NoteWebhooks(ctx, noted); err != nil {
			return err
		}
		if err := tx.CountRefusals(ctx, refused); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, events)
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	for _, n := range news {
		if n.VerifiedAt != 0 {
			w.proven[n.InboxID] = true
		}
	}
	w.mu.Unlock()
	if len(events) > 0 {
		w.told()
	}
	return nil
}

// webhookEvent is what administrators of an account hear. Times are unix seconds.
func webhookEvent(accountID int64, n store.WebhookNews) store.OutboxRow {
	payload := map[string]any{
		"audience": "administrators", "inbox_id": n.InboxID, "verified_at": nil, "first_event_at": nil, "last_event_at": nil,
	}
	for name, at := range map[string]int64{"verified_at": n.VerifiedAt, "first_event_at": n.FirstEventAt, "last_event_at": n.LastEventAt} {
		if at != 0 {
			payload[name] = time.UnixMicro(at).Unix()
		}
	}
	return store.OutboxRow{AccountID: accountID, Kind: EventWebhookReceived, InboxID: n.InboxID, ConversationID: n.ConversationID, Payload: object(payload)}
}
