package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"tributary/store"
)

func identityCases() []Case {
	return []Case{
		{"contact of a value", []string{"Tx.ContactOf", "Tx.InsertContact", "Tx.UpdateContact"}, testContactOf},
		{"absorb a contact", []string{"Tx.LockContacts", "Tx.AbsorbContact"}, testAbsorb},
	}
}

func sessionCases() []Case {
	return []Case{
		{"sessions", []string{"Store.Session", "Tx.Session", "Tx.VerifySession", "Store.SessionConversations"}, testSessions},
		{"what the contact reads", []string{"Store.PublicMessages", "Tx.SeenByContact", "Tx.LockAnswerable"}, testPublicMessages},
		{"what the contact changes", []string{"Tx.SetConversationCustomAttributes"}, testContactsAttributes},
		{"lock provider ids", []string{"Tx.LockProviderIDs"}, testLockProviderIDs},
	}
}

func testContactOf(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	mine, theirs := w.Mine.Account, w.Theirs.Account
	insert := func(account int64, c store.ContactView) int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InsertContact(ctx, account, c) })
	}
	full := store.ContactView{
		Name: "N", Email: ptr("a@example.test"), Phone: ptr("+1"), Identifier: ptr("i1"), AvatarURL: "https://a.example.test/a",
		AdditionalAttributes: `{"a":1}`, CustomAttributes: `{"b":2}`,
	}
	full.ID = insert(mine, full)
	other := insert(theirs, store.ContactView{Name: "O", Email: full.Email, Phone: full.Phone, Identifier: full.Identifier})
	bare := insert(mine, store.ContactView{})
	got, err := w.Contact(ctx, mine, full.ID)
	noErr(t, "Contact", err)
	want(t, "InsertContact", got.ContactView, full)

	of := func(account int64, key store.IdentityKey, value string) int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.ContactOf(ctx, account, key, value) })
	}
	for key, value := range map[store.IdentityKey]string{store.ByIdentifier: "i1", store.ByEmail: "a@example.test", store.ByPhone: "+1"} {
		want(t, "ContactOf "+value, of(mine, key, value), full.ID)
		want(t, "their ContactOf "+value, of(theirs, key, value), other)
		want(t, "ContactOf nobody's value", of(mine, key, "x"), 0)
		want(t, "ContactOf an empty value", of(mine, key, ""), 0)
		want(t, "ContactOf in no account", of(999, key, value), 0)
	}
	for what, c := range map[string]store.ContactView{"e-mail": {Email: full.Email}, "phone": {Phone: full.Phone}, "identifier": {Identifier: full.Identifier}} {
		w.fails("InsertContact with a taken "+what, store.ErrConflict, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertContact(ctx, mine, c)
			return err
		})
		c.ID = bare
		w.fails("UpdateContact to a taken "+what, store.ErrConflict, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateContact(ctx, c) })
	}
	w.Clock.Advance(time.Second)
	changed := store.ContactView{ID: full.ID, Name: "M", Email: ptr("b@example.test"), AvatarURL: full.AvatarURL, AdditionalAttributes: `{}`, CustomAttributes: `{"c":3}`}
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateContact(ctx, changed) })
	got, err = w.Contact(ctx, mine, full.ID)
	noErr(t, "Contact", err)
	want(t, "UpdateContact", got.ContactView, changed)
	want(t, "the value that went", of(mine, store.ByEmail, "a@example.test"), 0)
}

func testAbsorb(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	base, gone, third := w.chat(l, "A"), w.chat(l, "B"), w.chat(l, "C")
	theirs := w.chat(w.line(w.Theirs.Account, "o"), "A")
	said, answered, elsewhere := w.incoming(gone, "m1", "x"), w.outgoing(gone, gone.Contact, "by a user of the same number"), w.incoming(third, "m2", "x")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.LockContacts(ctx, w.Mine.Account, gone.Contact, base.Contact, theirs.Contact, 999)
		if err != nil {
			return err
		}
		want(t, "LockContacts", rows, map[int64]store.ContactRecord{
			base.Contact: record(base), gone.Contact: record(gone),
		})
		moved, err := tx.AbsorbContact(ctx, base.Contact, gone.Contact)
		want(t, "moved conversations", moved, []store.MovedConversation{{ID: gone.Conversation, InboxID: l.Inbox}})
		return err
	})
	_, err := w.Contact(ctx, w.Mine.Account, gone.Contact)
	wantErr(t, "the absorbed contact", err, store.ErrNotFound)
	head, err := w.ConversationHead(ctx, w.Mine.Account, gone.Display)
	noErr(t, "ConversationHead", err)
	want(t, "contact of the moved conversation", head.ContactID, base.Contact)
	rows, err := w.MessagesByID(ctx, w.Mine.Account, []int64{said, answered, elsewhere})
	noErr(t, "MessagesByID", err)
	want(t, "who said it", *rows[said].SenderID, base.Contact)
	want(t, "the user who answered", *rows[answered].SenderID, gone.Contact)
	want(t, "who said something else", *rows[elsewhere].SenderID, third.Contact)
	list, err := w.InboxesOfContacts(ctx, []int64{base.Contact})
	noErr(t, "InboxesOfContacts", err)
	want(t, "addresses", len(list[base.Contact]), 2)
}

// record is a fresh contact as LockContacts gives it.
func record(c Chat) store.ContactRecord {
	return store.ContactRecord{AccountID: c.Account, UpdatedAt: start.UnixMicro(), ContactRow: store.ContactRow{
		CreatedAt:   start.UnixMicro(),
		ContactView: store.ContactView{ID: c.Contact, Name: "Name of " + c.SourceID, AdditionalAttributes: "{}", CustomAttributes: "{}"},
	}}
}

func testSessions(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, second := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "second")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	s, err := w.Session(ctx, l.Inbox, "A")
	noErr(t, "Session", err)
	want(t, "Session", s, store.Session{ID: a.ContactInbox, InboxID: l.Inbox, SourceID: "A", PubsubToken: s.PubsubToken, Contact: record(a)})
	want(t, "length of the token", len(s.PubsubToken), 24)
	inTx := func(inbox int64, source string) func(context.Context, *store.Tx) (store.Session, error) {
		return func(ctx context.Context, tx *store.Tx) (store.Session, error) { return tx.Session(ctx, inbox, source) }
	}
	want(t, "Session inside a transaction", in(w, inTx(l.Inbox, "A")), s)
	for _, k := range []store.SourceKey{{InboxID: l.Inbox, SourceID: "Z"}, {InboxID: second.Inbox, SourceID: "A"}, {InboxID: l.Inbox}} {
		_, err = w.Session(ctx, k.InboxID, k.SourceID)
		wantErr(t, "Session of nobody", err, store.ErrNotFound)
		w.fails("Session of nobody inside a transaction", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
			_, err := inTx(k.InboxID, k.SourceID)(ctx, tx)
			return err
		})
	}

	// The same contact has a second address and a conversation there.
	elsewhere := in(w, func(ctx context.Context, tx *store.Tx) (Chat, error) {
		c := Chat{Line: second, Contact: a.Contact, SourceID: "A2"}
		key := store.SourceKey{InboxID: second.Inbox, SourceID: "A2"}
		links, err := tx.InsertContactInboxes(ctx, []store.NewContactInbox{{SourceKey: key, ContactID: a.Contact, Token: "t"}})
		if err != nil {
			return c, err
		}
		c.ContactInbox = links[key]
		return w.converse(ctx, tx, c, "")
	})
	seen := func(s store.Session, display int64) []int64 {
		list, err := w.SessionConversations(ctx, s, display)
		noErr(t, "SessionConversations", err)
		out := []int64{}
		for _, c := range list {
			out = append(out, c.ID)
		}
		return out
	}
	want(t, "seen before the proof", seen(s, 0), []int64{a.Conversation})
	want(t, "seen by number", seen(s, a.Display), []int64{a.Conversation})
	want(t, "another's by number", seen(s, b.Display), []int64{})
	want(t, "the other address by number", seen(s, elsewhere.Display), []int64{})
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.VerifySession(ctx, s.ID) })
	s, err = w.Session(ctx, l.Inbox, "A")
	noErr(t, "Session", err)
	want(t, "verified", s.HMACVerified, true)
	other, err := w.Session(ctx, l.Inbox, "B")
	noErr(t, "Session", err)
	want(t, "the other's session is verified", other.HMACVerified, false)
	want(t, "seen after the proof", seen(s, 0), []int64{a.Conversation, elsewhere.Conversation})
	want(t, "another's by number", seen(s, b.Display), []int64{})
	w.exec(`UPDATE conversations SET contact_last_seen_at = 3, agent_last_seen_at = 4, status = 2 WHERE id = $1`, a.Conversation)
	list, err := w.SessionConversations(ctx, s, a.Display)
	noErr(t, "SessionConversations", err)
	want(t, "a conversation", list, []store.SessionConversation{{
		ID: a.Conversation, DisplayID: a.Display, UUID: list[0].UUID, InboxID: l.Inbox, Status: 2,
		ContactLastSeenAt: ptr[int64](3), AgentLastSeenAt: ptr[int64](4),
	}})
}

func testPublicMessages(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b, c := w.chat(l, "A"), w.chat(l, "B"), w.chat(l, "C")
	m1, note, m2, activity, m3 := w.incoming(a, "m1", "x"), w.outgoing(a, 1, "note"), w.outgoing(a, 1, "answer"), w.outgoing(a, 1, "activity"), w.incoming(b, "m3", "x")
	failed, other := w.outgoing(a, 1, "failed"), w.outgoing(c, 1, "other")
	w.exec(`UPDATE messages SET private = TRUE WHERE id = $1`, note)
	w.exec(`UPDATE messages SET message_type = 2 WHERE id = $1`, activity)
	w.exec(`UPDATE messages SET status = 3, created_at = created_at - 1 WHERE id = $1`, failed)
	list, err := w.PublicMessages(ctx, []int64{b.Conversation, a.Conversation, 999})
	noErr(t, "PublicMessages", err)
	var got []int64
	for _, m := range list {
		got = append(got, m.ID)
	}
	want(t, "PublicMessages", got, []int64{failed, m1, m2, m3})
	list, err = w.PublicMessages(ctx, nil)
	noErr(t, "PublicMessages of nothing", err)
	want(t, "PublicMessages of nothing", len(list), 0)

	lock := func(conversation, id int64) func(context.Context, *store.Tx) (store.Answerable, error) {
		return func(ctx context.Context, tx *store.Tx) (store.Answerable, error) {
			return tx.LockAnswerable(ctx, conversation, id)
		}
	}
	want(t, "LockAnswerable", in(w, lock(a.Conversation, m2)), store.Answerable{ID: m2, Attributes: "{}", CreatedAt: start.UnixMicro()})
	for what, ids := range map[string][2]int64{
		"a note": {a.Conversation, note}, "an activity": {a.Conversation, activity},
		"another conversation": {b.Conversation, m2}, "none": {a.Conversation, 999},
	} {
		w.fails("LockAnswerable of "+what, store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
			_, err := lock(ids[0], ids[1])(ctx, tx)
			return err
		})
	}

	w.Clock.Advance(time.Second)
	seen := func() []int64 {
		moved := in(w, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.SeenByContact(ctx, a.Conversation) })
		slices.Sort(moved)
		return moved
	}
	want(t, "SeenByContact", seen(), []int64{m2})
	want(t, "SeenByContact again", seen(), nil)
	row, err := w.ConversationListedBy(ctx, a.Account, a.Display)
	noErr(t, "ConversationListedBy", err)
	want(t, "contact last seen", *row.ContactLastSeenAt, w.Clock.Now().UnixMicro())
	rows, err := w.MessagesByID(ctx, a.Account, []int64{m2, note, failed, other})
	noErr(t, "MessagesByID", err)
	want(t, "statuses", []int{rows[m2].Status, rows[note].Status, rows[failed].Status, rows[other].Status}, []int{2, 0, 3, 0})
}

func testContactsAttributes(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	w.Clock.Advance(time.Second)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetConversationCustomAttributes(ctx, a.Conversation, `{"x":1}`)
	})
	row, err := w.ConversationListedBy(ctx, a.Account, a.Display)
	noErr(t, "ConversationListedBy", err)
	want(t, "custom attributes", row.CustomAttributes, `{"x":1}`)
	want(t, "update", row.UpdatedAt, w.Clock.Now().UnixMicro())
	row, err = w.ConversationListedBy(ctx, b.Account, b.Display)
	noErr(t, "ConversationListedBy", err)
	want(t, "the other's custom attributes", row.CustomAttributes, `{}`)
}

// A second transaction that wants the same id waits for the first one; one that
// wants another id does not. SQLite has one writer in any case.
func testLockProviderIDs(t *testing.T, w *World) {
	ref := func(id string) []store.ProviderRef {
		return []store.ProviderRef{{InboxID: 1, ProviderID: id}, {InboxID: 2, ProviderID: id}}
	}
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.LockProviderIDs(ctx, nil) })
	var order []string
	held, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 2)
	go func() {
		done <- w.Transact(t.Context(), func(tx *store.Tx) error {
			if err := tx.LockProviderIDs(t.Context(), ref("p")); err != nil {
				return err
			}
			close(held)
			<-release
			order = append(order, "first")
			return nil
		})
	}()
	<-held
	if w.URL != "" {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.LockProviderIDs(ctx, ref("q")) })
	}
	go func() {
		done <- w.Transact(t.Context(), func(tx *store.Tx) error {
			if err := tx.LockProviderIDs(t.Context(), ref("p")); err != nil {
				return err
			}
			order = append(order, "second")
			return nil
		})
	}()
	if w.URL != "" {
		w.waitBlocked(1)
	}
	close(release)
	for range 2 {
		noErr(t, "LockProviderIDs", <-done)
	}
	want(t, "order", order, []string{"first", "second"})
}
