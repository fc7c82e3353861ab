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
	}
}

func testMoveStatuses(t *testing.T, w *World) {
	w.tenants()
	a, b := w.chat(w.line(w.Mine.Account, "a"), "A"), w.chat(w.line(w.Theirs.Account, "b"), "B")
	m1, m2, m3 := w.outgoing(a, w.Mine.User, "1"), w.outgoing(a, w.Mine.User, "2"), w.outgoing(b, w.Theirs.User, "3")
	for id, m := range map[string]int64{"p1": m1, "p1b": m1, "p2": m2} {
		d := store.Delivery{MessageID: m, InboxID: a.Inbox, ConversationID: a.Conversation}
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.PartSent(ctx, d, 0, []string{id}) })
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.PartSent(ctx, store.Delivery{MessageID: m3, InboxID: b.Inbox, ConversationID: b.Conversation}, 0, []string{"p1"})
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
			return tx.TakeParked(ctx, store.ProviderRef{InboxID: l.Inbox, ProviderID: id})
		})
	}
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
