package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func statusCases() []Case {
	return []Case{
		{"move statuses", []string{"Tx.Providers", "Tx.MoveStatuses", "Tx.SetStatus"}, testMoveStatuses},
		{"parked statuses", []string{"Tx.ParkStatuses", "Tx.TakeParked", "Store.ExpireParked"}, testParked},
		{"watermark", []string{"Tx.Watermark"}, testWatermark},
		{"send again", []string{"Tx.MarkPartsFailed", "Tx.ResendParts", "Tx.LockMessage"}, testResend},
		{"changes", []string{"Tx.RecordChange", "Store.ForgetChanges"}, testChanges},
	}
}

func testMoveStatuses(t *testing.T, w *World) {
	w.tenants()
	a, b := w.chat(w.line(w.Mine.Account, "a"), "A"), w.chat(w.line(w.Theirs.Account, "b"), "B")
	m1, m2, m3 := w.outgoing(a, w.Mine.User, "1"), w.outgoing(a, w.Mine.User, "2"), w.outgoing(b, w.Theirs.User, "3")
	for id, m := range map[string]int64{"p1": m1, "p1b": m1, "p2": m2} {
		d := store.Delivery{MessageID: m, InboxID: a.Inbox, ConversationID: a.Conversation}
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.PartsSent(ctx, []store.PartAnswer{{Delivery: d, Part: 0, ProviderIDs: []string{id}}})
		})
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.PartsSent(ctx, []store.PartAnswer{{Delivery: store.Delivery{MessageID: m3, InboxID: b.Inbox, ConversationID: b.Conversation}, Part: 0, ProviderIDs: []string{"p1"}}})
	})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.MoveStatuses(ctx, []store.StatusMove{{MessageID: m2, Status: 3, Attributes: `{"external_error":"no"}`}, {MessageID: m1, Status: 1}})
	})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.MoveStatuses(ctx, nil); err != nil {
			return err
		}
		return tx.SetStatus(ctx, m3, 2, `{"c":3}`)
	})
	at := func(l Chat, id string) store.ProviderRef { return store.ProviderRef{InboxID: l.Inbox, ProviderID: id} }
	w.do(func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.Providers(ctx, []store.ProviderRef{at(a, "p1"), at(a, "p1b"), at(a, "p2"), at(a, "p3"), at(b, "p1"), at(b, "p2")})
		want(t, "found", len(got), 4)
		one := store.StatusRef{MessageID: m1, Status: 1, ConversationID: a.Conversation, AccountID: a.Account}
		want(t, "p1", got[at(a, "p1")], one)
		want(t, "p1b", got[at(a, "p1b")], one)
		want(t, "p2", got[at(a, "p2")], store.StatusRef{MessageID: m2, Status: 3, ConversationID: a.Conversation, AccountID: a.Account})
		want(t, "theirs", got[at(b, "p1")], store.StatusRef{MessageID: m3, Status: 2, ConversationID: b.Conversation, AccountID: b.Account})
		return err
	})
	for m, wanted := range map[int64]string{m1: `{}`, m2: `{"external_error":"no"}`, m3: `{"c":3}`} {
		got, err := w.AttributesOfMessage(t.Context(), m)
		noErr(t, "AttributesOfMessage", err)
		want(t, "attributes", got, wanted)
	}
}

// A part that failed after all, and its retry.
func testResend(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "a"), "A")
	other := w.chat(w.line(w.Mine.Account, "b"), "B")
	m, elsewhere := w.outgoing(c, w.Mine.User, "1"), w.outgoing(other, w.Mine.User, "2")
	accept := func(l Chat, message int64, part int, ids ...string) {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.PartsSent(ctx, []store.PartAnswer{{Delivery: store.Delivery{MessageID: message, InboxID: l.Inbox, ConversationID: l.Conversation}, Part: part, ProviderIDs: ids}})
		})
	}
	accept(c, m, 0, "p0")
	accept(c, m, 1, "p1", "p1b")
	accept(c, m, 2, "p2")
	accept(other, elsewhere, 0, "p1b")
	parts := func(l Chat, message int64) store.SendableMessage {
		return in(w, func(ctx context.Context, tx *store.Tx) (store.SendableMessage, error) {
			return tx.LockMessage(ctx, l.Conversation, message)
		})
	}
	fail := func(refs ...store.ProviderRef) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.MarkPartsFailed(ctx, refs) })
	}
	fail()
	want(t, "parts sent", parts(c, m).PartsSent, 3)
	fail(store.ProviderRef{InboxID: c.Inbox, ProviderID: "p2"}, store.ProviderRef{InboxID: c.Inbox, ProviderID: "p1b"}, store.ProviderRef{InboxID: c.Inbox, ProviderID: "nobody's"})
	want(t, "parts sent", parts(c, m).PartsSent, 1)
	want(t, "another inbox", parts(other, elsewhere).PartsSent, 1)

	w.Clock.Advance(time.Minute)
	resend := func(from int) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.ResendParts(ctx, m, from) })
	}
	resend(1)
	want(t, "provider ids", w.number(`SELECT COUNT(*) FROM message_provider_ids WHERE message_id = $1`, m), 1)
	want(t, "source id", parts(c, m).SourceID, "p0")
	want(t, "another message", parts(other, elsewhere).SourceID, "p1b")
	resend(0)
	want(t, "parts sent", parts(c, m).PartsSent, 0)
	want(t, "source id", parts(c, m).SourceID, "")
	want(t, "resent", w.number(`SELECT resent_at FROM messages WHERE id = $1`, m), w.Clock.Now().UnixMicro())
	want(t, "others resent", w.number(`SELECT COUNT(*) FROM messages WHERE resent_at IS NOT NULL`), 1)

	// What the contact had seen before the message was sent again, was not it.
	seen := func(at time.Time) int {
		return in(w, func(ctx context.Context, tx *store.Tx) (int, error) {
			moved, err := tx.Watermark(ctx, c.ContactInbox, at.UnixMicro(), 2)
			return len(moved), err
		})
	}
	want(t, "seen before", seen(w.Clock.Now().Add(-time.Second)), 0)
	want(t, "seen since", seen(w.Clock.Now()), 1)
}

func testChanges(t *testing.T, w *World) {
	w.tenants()
	a, b := w.line(w.Mine.Account, "a"), w.line(w.Theirs.Account, "b")
	record := func(l Line, key, subject string, at int64) bool {
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.RecordChange(ctx, store.Change{IngestKey: store.IngestKey{InboxID: l.Inbox, Key: key}, Subject: subject, At: at})
		})
	}
	for _, c := range []struct {
		line         Line
		key, subject string
		at           int64
		due          bool
	}{
		{a, "1", "s", 10, true},
		{a, "1", "s", 10, false}, // again
		{b, "1", "s", 9, true},   // another inbox
		{a, "2", "s", 10, true},  // at the same moment
		{a, "3", "s", 9, false},  // late
		{a, "3", "s", 9, false},
		{a, "4", "t", 9, true}, // about something else
		{a, "5", "s", 0, true}, // nobody knows when
		{a, "5", "s", 0, false},
		{a, "6", "s", 11, true},
		{a, "2", "s", 10, false}, // again, and overtaken
	} {
		want(t, "due: "+c.key+" "+c.subject, record(c.line, c.key, c.subject, c.at), c.due)
	}
	w.Clock.Advance(time.Minute)
	want(t, "due", record(a, "7", "s", 12), true)
	forget := func(before time.Time, wanted int64) {
		n, err := w.ForgetChanges(t.Context(), before)
		noErr(t, "ForgetChanges", err)
		want(t, "forgotten", n, wanted)
	}
	forget(start, 0)
	forget(w.Clock.Now(), 7)
	want(t, "remembered", record(a, "7", "s", 12), false)
	want(t, "forgotten", record(a, "1", "s", 13), true)
}

func testParked(t *testing.T, w *World) {
	w.tenants()
	a, b := w.line(w.Mine.Account, "a"), w.line(w.Mine.Account, "b")
	p := func(l Line, id string, status int, text string) store.ParkedStatus {
		return store.ParkedStatus{ProviderRef: store.ProviderRef{InboxID: l.Inbox, ProviderID: id}, Status: status, Error: text}
	}
	park := func(expires time.Duration, list ...store.ParkedStatus) {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.ParkStatuses(ctx, list, start.Add(expires).UnixMicro())
		})
	}
	park(time.Minute, p(a, "x", 1, ""), p(b, "x", 2, ""), p(a, "y", 3, "no"))
	park(2*time.Minute, p(a, "x", 3, "lost"), p(a, "x", 2, ""))
	park(time.Minute)
	take := func(l Line, id string) []store.ParkedStatus {
		return in(w, func(ctx context.Context, tx *store.Tx) ([]store.ParkedStatus, error) {
			return tx.TakeParked(ctx, []store.ProviderRef{{InboxID: l.Inbox, ProviderID: id}})
		})
	}
	park(time.Minute, p(a, "x", 2, ""), p(a, "x", 1, "")) // again: they wait already
	want(t, "TakeParked, oldest first", take(a, "x"), []store.ParkedStatus{p(a, "x", 1, ""), p(a, "x", 3, "lost"), p(a, "x", 2, "")})
	want(t, "TakeParked again", len(take(a, "x")), 0)
	want(t, "those that wait", w.number(`SELECT COUNT(*) FROM parked_statuses`), 2)

	park(2*time.Minute, p(a, "z", 1, ""))
	expire := func(wanted int64) {
		t.Helper()
		n, err := w.ExpireParked(t.Context())
		noErr(t, "ExpireParked", err)
		want(t, "ExpireParked", n, wanted)
	}
	w.Clock.Advance(time.Minute - time.Microsecond)
	expire(0)
	w.Clock.Advance(time.Microsecond)
	expire(2)
	want(t, "not expired", take(a, "z"), []store.ParkedStatus{p(a, "z", 1, "")})
}

func testWatermark(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, other := w.chat(l, "A"), w.chat(l, "B")
	second := in(w, func(ctx context.Context, tx *store.Tx) (Chat, error) { return w.converse(ctx, tx, a, "t") })
	delivered, read := chat.StatusDelivered.Code(), chat.StatusRead.Code()
	message := func(c Chat, change string) int64 {
		m := w.outgoing(c, w.Mine.User, "x")
		if change != "" {
			w.exec(`UPDATE messages SET `+change+` WHERE id = $1`, m)
		}
		return m
	}
	plain, inSecond := message(a, ""), message(second, "status = 1")
	template := message(a, "message_type = 3")
	message(a, "status = 2")                  // read already
	message(a, "status = 3")                  // failed
	message(a, "private = TRUE")              // a note
	message(a, "message_type = 0")            // incoming
	message(a, "message_type = 2")            // an activity
	message(other, "")                        // another contact
	message(a, "created_at = created_at + 1") // later

	mark := func(status int) map[int64]store.StatusRef {
		list := in(w, func(ctx context.Context, tx *store.Tx) ([]store.StatusRef, error) {
			return tx.Watermark(ctx, a.ContactInbox, start.UnixMicro(), status)
		})
		out := map[int64]store.StatusRef{}
		for _, m := range list {
			out[m.MessageID] = m
		}
		want(t, "each moved once", len(out), len(list))
		return out
	}
	ref := func(m int64, c Chat, status int) store.StatusRef {
		return store.StatusRef{MessageID: m, Status: status, ConversationID: c.Conversation, AccountID: c.Account}
	}
	want(t, "delivered", mark(delivered), map[int64]store.StatusRef{plain: ref(plain, a, delivered), template: ref(template, a, delivered)})
	want(t, "read", mark(read), map[int64]store.StatusRef{plain: ref(plain, a, read), template: ref(template, a, read), inSecond: ref(inSecond, second, read)})
	want(t, "read again", len(mark(read)), 0)
	want(t, "back to delivered", len(mark(delivered)), 0)
}
