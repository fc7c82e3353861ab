package desk

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// Outcome is what became of one event.
type Outcome struct {
	// MessageID is the message that was stored; 0 when the event made none or was
	// known already.
	MessageID int64
	// Until puts the event off; zero: it is done.
	Until  time.Time
	Reason string
}

// Receive applies events in order, in one transaction: all of them or none. The
// same event applied twice changes nothing. An error is about the batch; the
// caller narrows it down by applying the events one by one.
func (d *Desk) Receive(ctx context.Context, events []*chat.Event) ([]Outcome, error) {
	outcomes := make([]Outcome, len(events))
	var effects, sends bool
	conversations := map[int64]int64{} // of the last message, by inbox
	err := d.Store.Transact(ctx, func(tx *store.Tx) error {
		r := &reception{desk: d, tx: tx, events: events, outcomes: outcomes}
		clear(outcomes)
		clear(conversations)
		r.last = conversations
		if err := r.messages(ctx); err != nil {
			return err
		}
		if err := r.statuses(ctx); err != nil {
			return err
		}
		if err := r.changes(ctx); err != nil {
			return err
		}
		news, err := r.accounts(ctx)
		if err != nil {
			return err
		}
		effects = news || len(r.outbox) > 0
		if err := tx.InsertOutbox(ctx, r.outbox); err != nil {
			return err
		}
		sends, err = r.templates(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if effects {
		d.WakeJobs()
	}
	if sends {
		d.WakeRelay()
	}
	d.Webhooks.applied(events, outcomes, conversations)
	return outcomes, nil
}

// reception is the state of one Receive call.
type reception struct {
	desk     *Desk
	tx       *store.Tx
	events   []*chat.Event
	outcomes []Outcome
	outbox   []store.OutboxRow
	last     map[int64]int64 // conversation of the last message, by inbox
	wrote    []int64         // conversations in which contacts wrote where the desk may have something to say
}

// arrival is an event that becomes a message.
type arrival struct {
	index        int
	event        *chat.Event
	driver       channels.Driver
	channel      *channels.Channel
	key          store.IngestKey
	source       store.SourceKey
	contact      store.ContactRef
	thread       store.ThreadKey
	conversation store.ConversationRef
	unknown      bool // the contact is new to the inbox
	fresh        bool // the conversation is new
	at           int64
}

func (a *arrival) echo() bool { return a.event.Kind == chat.KindEcho }

func (r *reception) note(kind string, accountID, inboxID, conversationID, messageID int64) {
	r.outbox = append(r.outbox, store.OutboxRow{
		AccountID: accountID, Kind: kind, InboxID: inboxID,
		ConversationID: conversationID, MessageID: messageID,
	})
}

// messages stores everything that an agent reads.
func (r *reception) messages(ctx context.Context) error {
	arrivals, err := r.arrivals(ctx)
	if err != nil || len(arrivals) == 0 {
		return err
	}
	if err := r.contacts(ctx, arrivals); err != nil {
		return err
	}
	if err := r.profiles(ctx, arrivals); err != nil {
		return err
	}
	if err := r.conversations(ctx, arrivals); err != nil {
		return err
	}
	arrivals = r.admitted(arrivals)
	if err := r.store(ctx, arrivals); err != nil {
		return err
	}
	return r.touch(ctx, arrivals)
}

// arrivals picks the events that become messages and are not stored yet.
func (r *reception) arrivals(ctx context.Context) ([]*arrival, error) {
	var list []*arrival
	var keys []store.IngestKey
	seen := map[store.IngestKey]bool{}
	for i, e := range r.events {
		if e.Message == nil || e.Contact == nil || e.Contact.SourceID == "" {
			continue
		}
		if e.Kind != chat.KindMessage && e.Kind != chat.KindInteraction && e.Kind != chat.KindEcho {
			continue
		}
		driver, channel, ok := r.desk.Directory.Inbox(e.InboxID)
		if !ok {
			r.outcomes[i].Reason = "inbox deleted"
			continue
		}
		a := &arrival{
			index: i, event: e, driver: driver, channel: channel,
			key:    store.IngestKey{InboxID: e.InboxID, Key: e.Key},
			source: store.SourceKey{InboxID: e.InboxID, SourceID: e.Contact.SourceID},
			at:     e.ReceivedAt.Time().UnixMicro(),
		}
		if seen[a.key] {
			continue // delivered twice within one batch
		}
		seen[a.key] = true
		keys = append(keys, a.key)
		list = append(list, a)
	}
	known, err := r.tx.KnownKeys(ctx, keys)
	if err != nil {
		return nil, err
	}
	own, err := r.ownEchoes(ctx, list)
	if err != nil {
		return nil, err
	}
	fresh := list[:0]
	for _, a := range list {
		if !known[a.key] && !own[a] {
			fresh = append(fresh, a)
		}
	}
	return fresh, nil
}

// ownEchoes finds echoes of what we sent ourselves: their provider id is known.
func (r *reception) ownEchoes(ctx context.Context, list []*arrival) (map[*arrival]bool, error) {
	var refs []store.ProviderRef
	for _, a := range list {
		if a.echo() && a.event.Message.SourceID != "" {
			refs = append(refs, store.ProviderRef{InboxID: a.event.InboxID, ProviderID: a.event.Message.SourceID})
		}
	}
	own := map[*arrival]bool{}
	if len(refs) == 0 {
		return own, nil
	}
	found, err := r.tx.Providers(ctx, refs)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if _, ok := found[store.ProviderRef{InboxID: a.event.InboxID, ProviderID: a.event.Message.SourceID}]; ok && a.echo() {
			own[a] = true
		}
	}
	return own, nil
}

// contacts finds or makes the contact of every arrival.
func (r *reception) contacts(ctx context.Context, arrivals []*arrival) error {
	keys := make([]store.SourceKey, 0, len(arrivals))
	seen := map[store.SourceKey]bool{}
	add := func(k store.SourceKey) {
		if !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	for _, a := range arrivals {
		add(a.source)
		for _, v := range variants(a) {
			add(store.SourceKey{InboxID: a.source.InboxID, SourceID: v})
		}
	}
	found, err := r.tx.ContactInboxes(ctx, keys)
	if err != nil {
		return err
	}
	first := map[store.SourceKey]*arrival{}
	var missing []*arrival
	for _, a := range arrivals {
		if ref, ok := lookup(found, a); ok {
			a.contact = ref
			continue
		}
		if first[a.source] == nil {
			first[a.source] = a
			missing = append(missing, a)
		}
	}
	if err := r.newContacts(ctx, missing); err != nil {
		return err
	}
	for _, a := range arrivals {
		if a.contact.ContactID == 0 {
			a.contact = first[a.source].contact
		}
	}
	return nil
}

// variants are other spellings of a contact's address (a Brazilian number with
// and without its ninth digit); an existing one wins.
func variants(a *arrival) []string {
	if v, ok := a.driver.(channels.SourceVariants); ok {
		return v.Variants(a.source.SourceID)
	}
	return nil
}

func lookup(found map[store.SourceKey]store.ContactRef, a *arrival) (store.ContactRef, bool) {
	if ref, ok := found[a.source]; ok {
		return ref, true
	}
	for _, v := range variants(a) {
		if ref, ok := found[store.SourceKey{InboxID: a.source.InboxID, SourceID: v}]; ok {
			return ref, true
		}
	}
	return store.ContactRef{}, false
}

func (r *reception) newContacts(ctx context.Context, missing []*arrival) error {
	if len(missing) == 0 {
		return nil
	}
	wanted := make([]store.NewContact, len(missing))
	for i, a := range missing {
		c := a.event.Contact
		wanted[i] = store.NewContact{
			AccountID: a.event.AccountID, Name: contactName(a), Phone: c.Phone,
			Email: strings.ToLower(c.Email), Attributes: contactAttributes(c),
		}
	}
	refs, created, err := r.tx.EnsureContacts(ctx, wanted)
	if err != nil {
		return err
	}
	links := make([]store.NewContactInbox, len(missing))
	for i, a := range missing {
		a.contact, a.unknown = refs[i], true
		links[i] = store.NewContactInbox{SourceKey: a.source, ContactID: refs[i].ContactID, Token: store.NewToken()}
		if !created[i] {
			continue
		}
		r.outbox = append(r.outbox, contactEvent("contact.created", a.event.AccountID, a.event.InboxID, refs[i].ContactID, Actor{}, nil))
		if c := a.event.Contact; c.AvatarURL != "" || c.Avatar != nil {
			if err := orderAvatar(ctx, r.tx, a.event.AccountID, AvatarJob{ContactID: refs[i].ContactID, InboxID: a.event.InboxID}); err != nil {
				return err
			}
		}
	}
	linked, err := r.tx.InsertContactInboxes(ctx, links)
	if err != nil {
		return err
	}
	for _, a := range missing {
		a.contact.ContactInboxID = linked[a.source]
	}
	return nil
}

// conversations finds or makes the conversation of every arrival.
func (r *reception) conversations(ctx context.Context, arrivals []*arrival) error {
	var keys []store.ThreadKey
	var locked []bool
	seen := map[store.ThreadKey]bool{}
	for _, a := range arrivals {
		thread, err := r.thread(ctx, a)
		if err != nil {
			return err
		}
		a.thread = store.ThreadKey{ContactInboxID: a.contact.ContactInboxID, Thread: thread}
		if !seen[a.thread] {
			seen[a.thread] = true
			row, _ := r.desk.Directory.Row(a.event.InboxID)
			keys = append(keys, a.thread)
			locked = append(locked, row.LockToSingle || thread != "")
		}
	}
	found, err := r.tx.CurrentConversations(ctx, keys, locked)
	if err != nil {
		return err
	}
	var list []store.NewConversation
	var owners []*arrival
	first := map[store.ThreadKey]*arrival{}
	for _, a := range arrivals {
		if c, ok := found[a.thread]; ok {
			a.conversation = c
			continue
		}
		if first[a.thread] != nil {
			continue
		}
		first[a.thread] = a
		a.fresh = true
		owners = append(owners, a)
		list = append(list, store.NewConversation{
			ThreadKey: a.thread, AccountID: a.event.AccountID, InboxID: a.event.InboxID, ContactID: a.contact.ContactID,
			UUID: uuid.NewString(), Status: r.desk.initialStatus(a.event.InboxID, a.contact.Blocked), Attributes: conversationAttributes("{}", a.event),
			State: threadState(a.event), At: a.at,
		})
	}
	refs, err := r.tx.InsertConversations(ctx, list)
	if err != nil {
		return err
	}
	for i, a := range owners {
		refs[i].WaitingSince = &a.at
		a.conversation = refs[i]
		r.note("conversation.created", a.event.AccountID, a.event.InboxID, refs[i].ID, 0)
	}
	for _, a := range arrivals {
		if a.conversation.ID == 0 {
			a.conversation = first[a.thread].conversation
		}
	}
	return nil
}

// thread is the identifier that keeps several conversations of one contact
// apart: empty, or "tweet:<id>". A tweet that answers a message of a known
// thread belongs to that thread.
func (r *reception) thread(ctx context.Context, a *arrival) (string, error) {
	t := a.event.Thread
	if t == nil || t.Type == "" || t.Type == "direct" || t.Key == "" {
		return "", nil
	}
	if parent := a.event.Message.ReplyTo; parent != nil && parent.SourceID != "" {
		thread, ok, err := r.tx.ConversationOfSource(ctx, a.event.InboxID, a.contact.ContactInboxID, parent.SourceID)
		if err != nil || ok {
			return thread, err
		}
	}
	return t.Type + ":" + t.Key, nil
}

// admitted applies the flood guard; what it puts off is not stored now.
func (r *reception) admitted(arrivals []*arrival) []*arrival {
	out := arrivals[:0]
	for _, a := range arrivals {
		if until, ok := r.desk.flood.admit(a.conversation.ID, r.tx.Now); !ok && !a.echo() {
			r.outcomes[a.index] = Outcome{Until: until, Reason: "too many messages in this conversation"}
			continue
		}
		out = append(out, a)
	}
	return out
}
