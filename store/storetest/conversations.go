package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func conversationCases() []Case {
	return []Case{
		{"current conversations", []string{"Tx.CurrentConversations"}, testCurrentConversations},
		{"insert conversations", []string{"Tx.InsertConversations", "Store.ConversationHead"}, testInsertConversations},
		{"touch conversations", []string{"Tx.TouchConversations"}, testTouchConversations},
		{"lock a conversation", []string{"Tx.LockConversation", "Tx.ConversationByID"}, testLockConversation},
		{"conversation of a source", []string{"Tx.ConversationOfSource"}, testConversationOfSource},
		{"touch replied", []string{"Tx.TouchReplied"}, testTouchReplied},
	}
}

// setStatus moves a conversation directly.
func (w *World) setStatus(conversation int64, status chat.ConversationStatus) {
	w.t.Helper()
	w.exec(`UPDATE conversations SET status = $1 WHERE id = $2`, status.Code(), conversation)
}

func testCurrentConversations(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	thread := in(w, func(ctx context.Context, tx *store.Tx) (Chat, error) { return w.converse(ctx, tx, a, "tweet-1") })
	second := in(w, func(ctx context.Context, tx *store.Tx) (Chat, error) { return w.converse(ctx, tx, a, "") })
	w.setStatus(second.Conversation, chat.Resolved)
	w.setStatus(b.Conversation, chat.Resolved)
	w.exec(`UPDATE conversations SET last_incoming_at = 77, additional_attributes = '{"a":1}' WHERE id = $1`, thread.Conversation)

	current := func(locked bool, keys ...store.ThreadKey) map[store.ThreadKey]store.ConversationRef {
		return in(w, func(ctx context.Context, tx *store.Tx) (map[store.ThreadKey]store.ConversationRef, error) {
			flags := make([]bool, len(keys))
			for i := range flags {
				flags[i] = locked
			}
			return tx.CurrentConversations(ctx, keys, flags)
		})
	}
	direct, tweet := store.ThreadKey{ContactInboxID: a.ContactInbox}, store.ThreadKey{ContactInboxID: a.ContactInbox, Thread: "tweet-1"}
	other, unknown := store.ThreadKey{ContactInboxID: b.ContactInbox}, store.ThreadKey{ContactInboxID: a.ContactInbox, Thread: "tweet-2"}
	now := start.UnixMicro()
	w.exec(`UPDATE conversations SET waiting_since = NULL WHERE id = $1`, thread.Conversation)
	got := current(false, direct, tweet, other, unknown)
	want(t, "number of conversations", len(got), 2)
	want(t, "the newest that is not resolved", got[direct], store.ConversationRef{ID: a.Conversation, DisplayID: a.Display, Attributes: "{}", WaitingSince: &now, UpdatedAt: now})
	want(t, "the thread", got[tweet], store.ConversationRef{ID: thread.Conversation, DisplayID: thread.Display, LastIncomingAt: 77, Attributes: `{"a":1}`, UpdatedAt: now})
	got = current(true, direct, other)
	want(t, "the newest", got[direct].ID, second.Conversation)
	want(t, "status", got[direct].Status, chat.Resolved.Code())
	want(t, "the resolved one", got[other].ID, b.Conversation)
	for _, s := range []chat.ConversationStatus{chat.Snoozed, chat.Pending, chat.Open} {
		w.setStatus(b.Conversation, s)
		want(t, "status", current(false, other)[other], store.ConversationRef{
			ID: b.Conversation, DisplayID: b.Display, Status: s.Code(), Attributes: "{}", WaitingSince: &now, UpdatedAt: now,
		})
	}
	want(t, "nothing asked", len(current(false)), 0)
}

func testInsertConversations(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b := w.chat(w.line(w.Mine.Account, "a"), "A"), w.chat(w.line(w.Theirs.Account, "b"), "B")
	fresh := func(c Chat, thread string, status chat.ConversationStatus) store.NewConversation {
		return store.NewConversation{
			ThreadKey: store.ThreadKey{ContactInboxID: c.ContactInbox, Thread: thread}, AccountID: c.Account, InboxID: c.Inbox,
			ContactID: c.Contact, UUID: store.NewToken(), Status: status.Code(), At: 55,
		}
	}
	list := []store.NewConversation{fresh(a, "1", chat.Open), fresh(b, "1", chat.Pending), fresh(a, "2", chat.Open), fresh(b, "2", chat.Open)}
	list[2].Attributes, list[2].State = `{"chat_id":"9"}`, `{"token":"t"}`
	refs := in(w, func(ctx context.Context, tx *store.Tx) ([]store.ConversationRef, error) {
		return tx.InsertConversations(ctx, list)
	})
	for i, c := range []struct {
		account, display int64
		row              Chat
	}{{a.Account, 2, a}, {b.Account, 2, b}, {a.Account, 3, a}, {b.Account, 3, b}} {
		want(t, "display id", refs[i].DisplayID, c.display)
		head, err := w.ConversationHead(ctx, c.account, c.display)
		noErr(t, "ConversationHead", err)
		want(t, "ConversationHead", head, store.ConversationHead{ID: refs[i].ID, InboxID: c.row.Inbox, ContactID: c.row.Contact})
		want(t, "attributes", refs[i].Attributes, map[bool]string{true: `{"chat_id":"9"}`, false: "{}"}[i == 2])
	}
	want(t, "status", refs[1].Status, chat.Pending.Code())
	want(t, "states of drivers", w.number(`SELECT COUNT(*) FROM conversations WHERE provider_state = '{}'`), 5)
	want(t, "state of a driver", w.number(`SELECT display_id FROM conversations WHERE provider_state = $1`, list[2].State), 3)
	row, err := w.ConversationListedBy(ctx, a.Account, 3)
	noErr(t, "ConversationListedBy", err)
	want(t, "waiting since", *row.WaitingSince, 55)
	want(t, "last activity", row.LastActivityAt, 55)
	want(t, "created", row.CreatedAt, 55)
	want(t, "uuid", row.UUID, list[2].UUID)
	_, err = w.ConversationHead(ctx, a.Account, 4)
	wantErr(t, "ConversationHead of no number", err, store.ErrNotFound)
	_, err = w.ConversationHead(ctx, 999, 1)
	wantErr(t, "ConversationHead of no account", err, store.ErrNotFound)

	// A transaction that fails gives its numbers back.
	w.fails("a taken uuid", store.ErrConflict, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertConversations(ctx, list[:1])
		return err
	})
	next := in(w, func(ctx context.Context, tx *store.Tx) ([]store.ConversationRef, error) {
		return tx.InsertConversations(ctx, []store.NewConversation{fresh(a, "3", chat.Open)})
	})
	want(t, "display id after a failure", next[0].DisplayID, 4)
	none := in(w, func(ctx context.Context, tx *store.Tx) ([]store.ConversationRef, error) {
		return tx.InsertConversations(ctx, nil)
	})
	want(t, "nothing inserted", len(none), 0)
}

func testTouchConversations(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b, c := w.chat(l, "A"), w.chat(l, "B"), w.chat(l, "C")
	at := start.UnixMicro()
	w.exec(`UPDATE conversations SET status = 3, snoozed_until = 9, waiting_since = NULL WHERE id IN ($1, $2)`, a.Conversation, b.Conversation)
	w.Clock.Advance(time.Second)
	touch := func(list ...store.TouchConversation) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.TouchConversations(ctx, list) })
	}
	open := chat.Open.Code()
	touch(store.TouchConversation{ID: b.Conversation, At: at + 4},
		store.TouchConversation{ID: a.Conversation, At: at + 5, IncomingAt: at + 5, Status: &open, Attributes: `{"x":1}`, State: `{"s":1}`})
	touch(store.TouchConversation{ID: a.Conversation, At: at + 2, IncomingAt: at + 2}) // late: nothing goes back
	touch()

	row := func(c Chat) store.ConversationListed {
		r, err := w.ConversationListedBy(ctx, c.Account, c.Display)
		noErr(t, "ConversationListedBy", err)
		return r
	}
	got := row(a)
	want(t, "a: last activity", got.LastActivityAt, at+5)
	want(t, "a: last incoming", *got.LastIncomingAt, at+5)
	want(t, "a: waiting since", *got.WaitingSince, at+5)
	want(t, "a: status", got.Status, open)
	want(t, "a: snoozed until", got.SnoozedUntil, nil)
	want(t, "a: attributes", got.AdditionalAttributes, `{"x":1}`)
	want(t, "a: updated", got.UpdatedAt, w.Clock.Now().UnixMicro())
	got = row(b)
	want(t, "b: last activity", got.LastActivityAt, at+4)
	want(t, "b: last incoming", got.LastIncomingAt, nil)
	want(t, "b: waiting since", got.WaitingSince, nil)
	want(t, "b: status", got.Status, chat.Snoozed.Code())
	want(t, "b: snoozed until", got.SnoozedUntil, ptr[int64](9))
	want(t, "b: attributes", got.AdditionalAttributes, `{}`)
	want(t, "states of drivers", w.number(`SELECT COUNT(*) FROM conversations WHERE provider_state = '{}'`), 2)
	want(t, "a: state of the driver", w.number(`SELECT id FROM conversations WHERE provider_state = '{"s":1}'`), a.Conversation)
	want(t, "c: updated", row(c).UpdatedAt, at)
}

func testLockConversation(t *testing.T, w *World) {
	w.tenants()
	a, b := w.chat(w.line(w.Mine.Account, "a"), "A"), w.chat(w.line(w.Theirs.Account, "b"), "B")
	w.exec(`UPDATE conversations SET assignee_id = $1, first_reply_created_at = 3, waiting_since = NULL, last_incoming_at = 4, status = 2,
		snoozed_until = 6, last_activity_at = 9, updated_at = 7, additional_attributes = '{"a":1}', priority = 2, team_id = 8, custom_attributes = '{"c":3}' WHERE id = $2`, w.Mine.User, a.Conversation)
	w.exec(`UPDATE contacts SET blocked = TRUE, additional_attributes = '{"b":2}' WHERE id = $1`, a.Contact)
	w.exec(`UPDATE contact_inboxes SET opted_out_at = 5 WHERE id = $1`, a.ContactInbox)
	wanted := store.ConversationRow{
		ID: a.Conversation, AccountID: a.Account, InboxID: a.Inbox, ContactID: a.Contact, ContactInboxID: a.ContactInbox,
		DisplayID: a.Display, Status: 2, Priority: ptr(2), AssigneeID: &w.Mine.User, TeamID: ptr[int64](8), Attributes: `{"a":1}`,
		CustomAttributes: `{"c":3}`, FirstReplyAt: ptr[int64](3), LastIncomingAt: ptr[int64](4),
		SnoozedUntil: ptr[int64](6), LastActivityAt: 9, UpdatedAt: 7, SourceID: "A", ContactName: "Name of A", ContactBlocked: true, OptedOut: true, ContactAttribute: `{"b":2}`,
	}
	lock := func(account, display int64) func(context.Context, *store.Tx) (store.ConversationRow, error) {
		return func(ctx context.Context, tx *store.Tx) (store.ConversationRow, error) {
			return tx.LockConversation(ctx, account, display)
		}
	}
	byID := func(id int64) func(context.Context, *store.Tx) (store.ConversationRow, error) {
		return func(ctx context.Context, tx *store.Tx) (store.ConversationRow, error) {
			return tx.ConversationByID(ctx, id)
		}
	}
	want(t, "LockConversation", in(w, lock(a.Account, a.Display)), wanted)
	want(t, "ConversationByID", in(w, byID(a.Conversation)), wanted)
	want(t, "their conversation of the same number", in(w, lock(b.Account, a.Display)).ID, b.Conversation)
	for what, f := range map[string]func(context.Context, *store.Tx) (store.ConversationRow, error){
		"LockConversation of no number":  lock(a.Account, 99),
		"LockConversation of no account": lock(999, 1),
		"ConversationByID of none":       byID(999),
	} {
		w.fails(what, store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
			_, err := f(ctx, tx)
			return err
		})
	}
}

func testConversationOfSource(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	thread := in(w, func(ctx context.Context, tx *store.Tx) (Chat, error) { return w.converse(ctx, tx, a, "tweet-1") })
	w.incoming(thread, "m1", "x")
	w.incoming(a, "m2", "x")
	for _, c := range []struct {
		inbox, contactInbox int64
		source              string
		thread              string
		ok                  bool
	}{
		{l.Inbox, a.ContactInbox, "m1", "tweet-1", true},
		{l.Inbox, a.ContactInbox, "m2", "", true},
		{l.Inbox, a.ContactInbox, "m3", "", false},
		{l.Inbox, b.ContactInbox, "m1", "", false},
		{999, a.ContactInbox, "m1", "", false},
	} {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			thread, ok, err := tx.ConversationOfSource(ctx, c.inbox, c.contactInbox, c.source)
			want(t, "thread of "+c.source, thread, c.thread)
			want(t, "found "+c.source, ok, c.ok)
			return err
		})
	}
}

func testTouchReplied(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	at := func(d time.Duration) int64 { return start.Add(d).UnixMicro() }
	type clocks struct {
		Activity                   int64
		First, Waiting, In, Snooze *int64
		Status                     int
	}
	w.exec(`UPDATE conversations SET status = 3, snoozed_until = 9, waiting_since = NULL WHERE id = $1`, c.Conversation)
	snooze := ptr[int64](9)
	for i, step := range []struct {
		change store.ConversationReplied
		want   clocks
	}{
		{store.ConversationReplied{}, clocks{Activity: at(time.Second), Snooze: snooze, Status: 3}},
		{store.ConversationReplied{Incoming: true}, clocks{Activity: at(2 * time.Second), Waiting: ptr(at(2 * time.Second)), In: ptr(at(2 * time.Second)), Snooze: snooze, Status: 3}},
		{store.ConversationReplied{Incoming: true, Reopen: true}, clocks{Activity: at(3 * time.Second), Waiting: ptr(at(2 * time.Second)), In: ptr(at(3 * time.Second))}},
		{store.ConversationReplied{FirstReply: true, ClearWaiting: true}, clocks{Activity: at(4 * time.Second), First: ptr(at(4 * time.Second)), In: ptr(at(3 * time.Second))}},
		{store.ConversationReplied{ClearWaiting: true}, clocks{Activity: at(5 * time.Second), First: ptr(at(4 * time.Second)), In: ptr(at(3 * time.Second))}},
		{store.ConversationReplied{ReopenAs: 2}, clocks{Activity: at(6 * time.Second), First: ptr(at(4 * time.Second)), In: ptr(at(3 * time.Second))}},
		{store.ConversationReplied{Reopen: true, ReopenAs: 2}, clocks{Activity: at(7 * time.Second), First: ptr(at(4 * time.Second)), In: ptr(at(3 * time.Second)), Status: 2}},
	} {
		w.Clock.Advance(time.Second)
		step.change.ID = c.Conversation
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.TouchReplied(ctx, step.change) })
		r, err := w.ConversationListedBy(t.Context(), c.Account, c.Display)
		noErr(t, "ConversationListedBy", err)
		got := clocks{r.LastActivityAt, r.FirstReplyCreatedAt, r.WaitingSince, r.LastIncomingAt, r.SnoozedUntil, r.Status}
		want(t, "step "+string(rune('0'+i)), got, step.want)
	}
}
