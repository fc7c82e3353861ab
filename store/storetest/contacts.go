package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/store"
)

func contactCases() []Case {
	return []Case{
		{"known keys", []string{"Tx.KnownKeys"}, testKnownKeys},
		{"contact inboxes", []string{"Tx.ContactInboxes", "Tx.InsertContactInboxes", "Tx.MarkOptedOut"}, testContactInboxes},
		{"ensure contacts", []string{"Tx.EnsureContacts"}, testEnsureContacts},
		{"contacts that share an address", []string{"Tx.EnsureContacts"}, testSharedAddress},
		{"touch contacts", []string{"Tx.TouchContacts"}, testTouchContacts},
	}
}

func testKnownKeys(t *testing.T, w *World) {
	w.tenants()
	a, b := w.line(w.Mine.Account, "a"), w.line(w.Theirs.Account, "b")
	w.incoming(w.chat(a, "U"), `k"1é`, "x")
	w.incoming(w.chat(b, "U"), "k2", "x")
	asked := []store.IngestKey{{InboxID: a.Inbox, Key: `k"1é`}, {InboxID: b.Inbox, Key: `k"1é`}, {InboxID: b.Inbox, Key: "k2"}, {InboxID: a.Inbox, Key: ""}}
	got := in(w, func(ctx context.Context, tx *store.Tx) (map[store.IngestKey]bool, error) {
		return tx.KnownKeys(ctx, asked)
	})
	if len(got) != 2 || !got[asked[0]] || !got[asked[2]] {
		t.Errorf("KnownKeys = %v", got)
	}
	got = in(w, func(ctx context.Context, tx *store.Tx) (map[store.IngestKey]bool, error) {
		return tx.KnownKeys(ctx, nil)
	})
	want(t, "KnownKeys of nothing", len(got), 0)
}

func testContactInboxes(t *testing.T, w *World) {
	w.tenants()
	a, b := w.line(w.Mine.Account, "a"), w.line(w.Theirs.Account, "b")
	mine, theirs := w.chat(a, "U1"), w.chat(b, "U1")
	w.exec(`UPDATE contacts SET phone_number = '+123', blocked = TRUE WHERE id = $1`, mine.Contact)
	key := func(l Line, source string) store.SourceKey {
		return store.SourceKey{InboxID: l.Inbox, SourceID: source}
	}
	find := func(keys ...store.SourceKey) map[store.SourceKey]store.ContactRef {
		return in(w, func(ctx context.Context, tx *store.Tx) (map[store.SourceKey]store.ContactRef, error) {
			return tx.ContactInboxes(ctx, keys)
		})
	}
	got := find(key(a, "U1"), key(a, "U2"), key(b, "U1"), key(a, "u1"))
	want(t, "number of ContactInboxes", len(got), 2)
	want(t, "mine", got[key(a, "U1")], store.ContactRef{ContactInboxID: mine.ContactInbox, ContactID: mine.Contact, Name: "Name of U1", Phone: "+123", Blocked: true, UpdatedAt: start.UnixMicro()})
	want(t, "theirs", got[key(b, "U1")], store.ContactRef{ContactInboxID: theirs.ContactInbox, ContactID: theirs.Contact, Name: "Name of U1", UpdatedAt: start.UnixMicro()})
	want(t, "ContactInboxes of nothing", len(find()), 0)

	link := func(keys ...store.SourceKey) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			links := make([]store.NewContactInbox, len(keys))
			for i, k := range keys {
				links[i] = store.NewContactInbox{SourceKey: k, ContactID: mine.Contact, Token: store.NewToken()}
			}
			_, err := tx.InsertContactInboxes(ctx, links)
			return err
		}
	}
	w.do(link(key(a, "U3"), key(a, "U4")))
	w.fails("a link that exists", store.ErrConflict, link(key(a, "U5"), key(a, "U3")))
	got = find(key(a, "U3"), key(a, "U4"), key(a, "U5"))
	want(t, "links", len(got), 2)
	want(t, "contact of a link", got[key(a, "U4")].ContactID, mine.Contact)

	opted := func() int64 {
		return w.number(`SELECT COALESCE(opted_out_at, 0) FROM contact_inboxes WHERE id = $1`, mine.ContactInbox)
	}
	mark := func(out bool) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.MarkOptedOut(ctx, mine.ContactInbox, out) })
	}
	mark(true)
	want(t, "opted_out_at", opted(), start.UnixMicro())
	want(t, "others that opted out", w.number(`SELECT COUNT(*) FROM contact_inboxes WHERE opted_out_at IS NOT NULL`), 1)
	mark(false)
	want(t, "opted_out_at afterwards", opted(), 0)
}

func ensure(w *World, wanted ...store.NewContact) ([]store.ContactRef, []bool) {
	w.t.Helper()
	type both struct {
		refs    []store.ContactRef
		created []bool
	}
	b := in(w, func(ctx context.Context, tx *store.Tx) (b both, err error) {
		b.refs, b.created, err = tx.EnsureContacts(ctx, wanted)
		return b, err
	})
	return b.refs, b.created
}

func testEnsureContacts(t *testing.T, w *World) {
	w.tenants()
	mine, theirs := w.Mine.Account, w.Theirs.Account
	first, created := ensure(w,
		store.NewContact{AccountID: mine, Name: "nameless address"},
		store.NewContact{AccountID: mine, Name: "phone", Phone: "+1"},
		store.NewContact{AccountID: mine, Name: "mail", Email: "m@example.test", Attributes: `{"city":"Bonn"}`},
		store.NewContact{AccountID: mine, Name: "the same phone", Phone: "+1"},
		store.NewContact{AccountID: theirs, Name: "their phone", Phone: "+1"},
		store.NewContact{AccountID: mine, Name: "nameless address"},
	)
	want(t, "created", created, []bool{true, true, true, false, true, true})
	want(t, "the same phone", first[3].ContactID, first[1].ContactID)
	want(t, "name that stays", first[3].Name, "phone")
	seen := map[int64]bool{}
	for _, r := range first {
		seen[r.ContactID] = true
	}
	want(t, "different contacts", len(seen), 5)
	want(t, "contacts", w.number(`SELECT COUNT(*) FROM contacts`), 5)
	want(t, "their account", w.number(`SELECT account_id FROM contacts WHERE id = $1`, first[4].ContactID), theirs)
	row, err := w.Contact(t.Context(), mine, first[2].ContactID)
	noErr(t, "Contact", err)
	want(t, "attributes and mail", row, store.ContactRow{ContactView: store.ContactView{
		ID: first[2].ContactID, Name: "mail", Email: ptr("m@example.test"),
		AdditionalAttributes: `{"city":"Bonn"}`, CustomAttributes: "{}",
	}, CreatedAt: start.UnixMicro()})

	w.exec(`UPDATE contacts SET blocked = TRUE WHERE id = $1`, first[2].ContactID)
	again, created := ensure(w,
		store.NewContact{AccountID: mine, Name: "x", Email: "m@example.test", Phone: "+1"}, // two contacts fit: the phone decides
		store.NewContact{AccountID: mine, Name: "x", Email: "m@example.test", Phone: "+9"},
		store.NewContact{AccountID: theirs, Name: "x", Email: "m@example.test"},
	)
	want(t, "created", created, []bool{false, false, true})
	want(t, "found by phone", again[0], store.ContactRef{ContactID: first[1].ContactID, Name: "phone", Phone: "+1", UpdatedAt: start.UnixMicro()})
	want(t, "found by mail", again[1], store.ContactRef{ContactID: first[2].ContactID, Name: "mail", Blocked: true, UpdatedAt: start.UnixMicro()})
	refs, created := ensure(w)
	want(t, "nobody", len(refs)+len(created), 0)
}

// Two persons of one batch may be the same by phone or by mail; neither may be
// made twice.
func testSharedAddress(t *testing.T, w *World) {
	w.tenants()
	refs, created := ensure(w,
		store.NewContact{AccountID: w.Mine.Account, Name: "both", Phone: "+1", Email: "m@example.test"},
		store.NewContact{AccountID: w.Mine.Account, Name: "mail only", Email: "m@example.test"},
		store.NewContact{AccountID: w.Mine.Account, Name: "another phone", Phone: "+2", Email: "m@example.test"},
		store.NewContact{AccountID: w.Mine.Account, Name: "that phone", Phone: "+2"},
		store.NewContact{AccountID: w.Theirs.Account, Name: "theirs", Email: "m@example.test"},
	)
	want(t, "created", created, []bool{true, false, false, true, true})
	want(t, "found by mail", refs[1].ContactID, refs[0].ContactID)
	want(t, "found by mail with another phone", refs[2].ContactID, refs[0].ContactID)
	want(t, "name", refs[2].Name, "both")
	want(t, "contacts", w.number(`SELECT COUNT(*) FROM contacts`), 3)
}

func testTouchContacts(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b, c := w.chat(l, "A"), w.chat(l, "B"), w.chat(l, "C")
	touch := func(list ...store.TouchContact) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.TouchContacts(ctx, list) })
	}
	at := start.UnixMicro()
	w.Clock.Advance(time.Second)
	touch(store.TouchContact{ID: b.Contact, At: at + 5}, store.TouchContact{ID: a.Contact, At: at + 7, Name: "renamed"})
	touch(store.TouchContact{ID: a.Contact, At: at + 3}, store.TouchContact{ID: 999, At: at})
	touch()
	rows, err := w.Contacts(t.Context(), w.Mine.Account, []int64{a.Contact, b.Contact, c.Contact})
	noErr(t, "Contacts", err)
	want(t, "newest activity", *rows[a.Contact].LastActivityAt, at+7)
	want(t, "name", rows[a.Contact].Name, "renamed")
	want(t, "activity of the other", *rows[b.Contact].LastActivityAt, at+5)
	want(t, "name of the other", rows[b.Contact].Name, "Name of B")
	if rows[c.Contact].LastActivityAt != nil {
		t.Errorf("a contact that nobody touched has activity at %d", *rows[c.Contact].LastActivityAt)
	}
}
