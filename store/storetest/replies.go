package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func replyCases() []Case {
	return []Case{
		{"written messages", []string{"Tx.InsertWritten", "Tx.WrittenSince"}, testWritten},
		{"quoted messages", []string{"Tx.MessageInConversation"}, testQuoted},
		{"lock a message", []string{"Tx.LockMessage"}, testLockMessage},
		{"load outgoing", []string{"Store.LoadOutgoing"}, testLoadOutgoing},
		{"messages to be told", []string{"Tx.ToldMessages"}, testToldMessages},
	}
}

func testWritten(t *testing.T, w *World) {
	w.tenants()
	c, other := w.chat(w.line(w.Mine.Account, "l"), "A"), w.chat(w.line(w.Mine.Account, "m"), "B")
	full := store.Written{
		AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation, Type: int(chat.Template), ContentType: 2,
		Content: ptr("hi"), Attributes: `{"a":1}`, AdditionalAttributes: `{"b":2}`, Private: true, SourceID: "s", IngestKey: "k", SenderType: "User", SenderID: w.Mine.User,
	}
	write := func(m store.Written) int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InsertWritten(ctx, m) })
	}
	id := write(full)
	rows, err := w.MessagesByID(t.Context(), c.Account, []int64{id})
	noErr(t, "MessagesByID", err)
	now := start.UnixMicro()
	want(t, "a full message", rows[id], store.MessageRow{
		ID: id, AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation, Type: 3,
		ContentType: 2, Content: ptr("hi"), Attributes: `{"a":1}`, AdditionalAttributes: `{"b":2}`, Private: true, SourceID: ptr("s"),
		SenderType: ptr("User"), SenderID: &w.Mine.User, CreatedAt: now, UpdatedAt: now,
	})
	plain := store.Written{AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation, Type: int(chat.Activity)}
	w.Clock.Advance(time.Minute)
	id = write(plain)
	write(plain) // no ingest key: nothing to be unique by
	rows, err = w.MessagesByID(t.Context(), c.Account, []int64{id})
	noErr(t, "MessagesByID", err)
	now = w.Clock.Now().UnixMicro()
	want(t, "an empty message", rows[id], store.MessageRow{
		ID: id, AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation, Type: 2,
		Attributes: "{}", AdditionalAttributes: "{}", CreatedAt: now, UpdatedAt: now,
	})
	w.outgoing(other, w.Mine.User, "elsewhere")

	for _, x := range []struct {
		since time.Time
		limit int
		want  int
	}{{start.Add(-time.Second), 10, 3}, {start, 10, 2}, {start.Add(-time.Second), 2, 2}, {w.Clock.Now(), 10, 0}} {
		got := in(w, func(ctx context.Context, tx *store.Tx) (int, error) {
			return tx.WrittenSince(ctx, c.Conversation, x.since, x.limit)
		})
		want(t, "WrittenSince", got, x.want)
	}
}

func testQuoted(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	first := w.incoming(a, "m1", "x")
	none := w.outgoing(a, w.Mine.User, "y")
	elsewhere := w.incoming(b, "m2", "z")
	w.exec(`UPDATE messages SET source_id = 'same' WHERE id IN ($1, $2)`, first, elsewhere)
	latest := w.incoming(a, "same", "the newest of that id")
	for _, c := range []struct {
		id     int64
		source string
		wantID int64
		want   string
	}{
		{first, "", first, "same"},
		{first, "nonsense", first, "same"},
		{none, "", none, ""},
		{0, "same", latest, "same"},
		{0, "m9", 0, ""},
		{0, "", 0, ""},
		{elsewhere, "same", 0, ""},
		{999, "same", 0, ""},
	} {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			id, source, err := tx.MessageInConversation(ctx, a.Conversation, c.id, c.source)
			want(t, "id", id, c.wantID)
			want(t, "source", source, c.want)
			return err
		})
	}
}

func testLockMessage(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	m := w.outgoing(a, w.Mine.User, "x")
	lock := func(conversation, id int64) func(context.Context, *store.Tx) (store.SendableMessage, error) {
		return func(ctx context.Context, tx *store.Tx) (store.SendableMessage, error) {
			return tx.LockMessage(ctx, conversation, id)
		}
	}
	wanted := store.SendableMessage{ID: m, ConversationID: a.Conversation, InboxID: l.Inbox, Type: 1}
	want(t, "LockMessage", in(w, lock(a.Conversation, m)), wanted)
	d := w.deliver(a, m, start)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.PartsSent(ctx, []store.PartAnswer{{Delivery: d, Part: 0, ProviderIDs: []string{"p1", "p1b"}}}); err != nil {
			return err
		}
		if err := tx.PartsSent(ctx, []store.PartAnswer{{Delivery: d, Part: 1, ProviderIDs: []string{"p2"}}}); err != nil {
			return err
		}
		return tx.SetStatus(ctx, m, 3, "")
	})
	wanted.Status, wanted.SourceID, wanted.PartsSent, wanted.Queued = 3, "p1", 2, true
	want(t, "LockMessage after two parts", in(w, lock(a.Conversation, m)), wanted)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.FinishDelivery(ctx, m) })
	wanted.Queued = false
	want(t, "LockMessage after its delivery", in(w, lock(a.Conversation, m)), wanted)
	for what, f := range map[string]func(context.Context, *store.Tx) (store.SendableMessage, error){
		"LockMessage in another conversation": lock(b.Conversation, m), "LockMessage of none": lock(a.Conversation, 999),
	} {
		w.fails(what, store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
			_, err := f(ctx, tx)
			return err
		})
	}
}

func testLoadOutgoing(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	d := store.Delivery{MessageID: w.outgoing(c, w.Mine.User, "hi"), JobID: "j", PartsSent: 1}
	gone := store.Delivery{MessageID: 999}
	load := func() map[int64]store.Outgoing {
		out, err := w.LoadOutgoing(ctx, []store.Delivery{d, gone})
		noErr(t, "LoadOutgoing", err)
		return out
	}
	wanted := store.Outgoing{
		Delivery: d, Content: "hi", Attributes: "{}", AdditionalAttributes: "{}", UUID: w.text(`SELECT uuid FROM conversations WHERE id = $1`, c.Conversation),
		Conversation: store.ConversationRow{
			ID: c.Conversation, AccountID: c.Account, InboxID: c.Inbox, ContactID: c.Contact, ContactInboxID: c.ContactInbox,
			DisplayID: c.Display, Attributes: "{}", State: "{}", SourceID: "A", ContactName: "Name of A", ContactAttribute: "{}",
		},
	}
	want(t, "LoadOutgoing", load(), map[int64]store.Outgoing{d.MessageID: wanted})

	w.incoming(c, "m1", "first")
	w.incoming(c, "m2", "second")
	w.exec(`UPDATE conversations SET last_incoming_at = 6, additional_attributes = '{"chat_id":"1"}', provider_state = '{"reply_token":"r"}' WHERE id = $1`, c.Conversation)
	w.exec(`UPDATE contacts SET additional_attributes = '{"n":1}' WHERE id = $1`, c.Contact)
	w.exec(`UPDATE contact_inboxes SET opted_out_at = 5 WHERE id = $1`, c.ContactInbox)
	w.exec(`UPDATE messages SET content = NULL, content_type = 2, status = 3, content_attributes = '{"a":1}', additional_attributes = '{"b":1}' WHERE id = $1`, d.MessageID)
	wanted.Content, wanted.ContentType, wanted.Status, wanted.Attributes, wanted.AdditionalAttributes = "", 2, 3, `{"a":1}`, `{"b":1}`
	wanted.LastIncomingID = "m2"
	wanted.Conversation.LastIncomingAt, wanted.Conversation.Attributes = ptr[int64](6), `{"chat_id":"1"}`
	wanted.Conversation.State = `{"reply_token":"r"}`
	wanted.Conversation.OptedOut, wanted.Conversation.ContactAttribute = true, `{"n":1}`
	want(t, "LoadOutgoing", load(), map[int64]store.Outgoing{d.MessageID: wanted})
}

func testToldMessages(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	of := func(list ...int64) map[int64]store.ToldMessage {
		return in(w, func(ctx context.Context, tx *store.Tx) (map[int64]store.ToldMessage, error) {
			return tx.ToldMessages(ctx, list)
		})
	}
	for change, wanted := range map[string]store.ToldMessage{
		"status = 0": {Type: 1, Relayed: true}, "message_type = 3": {Type: 3, Relayed: true}, "message_type = 0": {Type: 0, Relayed: false}, "message_type = 2": {Type: 2, Relayed: false}, "private = TRUE": {Type: 1, Relayed: false},
		"message_type = 2, private = TRUE": {Type: 2, Relayed: false}, "source_id = 'imported'": {Type: 1, Relayed: false},
	} {
		m := w.outgoing(c, w.Mine.User, "x")
		w.exec(`UPDATE messages SET `+change+` WHERE id = $1`, m)
		want(t, "told with "+change, of(m, 999), map[int64]store.ToldMessage{m: wanted})
	}
	m := w.outgoing(c, w.Mine.User, "sent by us")
	d := w.deliver(c, m, start)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.PartsSent(ctx, []store.PartAnswer{{Delivery: d, Part: 0, ProviderIDs: []string{"p"}}})
	})
	want(t, "told: sent by us", of(m), map[int64]store.ToldMessage{m: {Type: 1, Relayed: true}})
}
