package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/store"
)

func contactListCases() []Case {
	return []Case{
		{"list contacts", []string{"Store.ListContacts", "Store.CountContacts"}, testListContacts},
		{"labels of contacts", []string{"Tx.SetContactLabels", "Store.ContactLabels"}, testContactLabels},
		{"notes about contacts", []string{
			"Store.InsertContactNote", "Store.ContactNote", "Store.ContactNotes", "Store.UpdateContactNote", "Store.DeleteContactNote",
		}, testContactNotes},
		{"a deleted contact", []string{"Tx.DeleteContact", "Store.EmptyContactChunk"}, testDeletedContact},
		{"addresses of a contact", []string{"Tx.ReplaceSource", "Store.LatestContactInboxes", "Store.DeleteStaleContactInboxes"}, testContactAddresses},
	}
}

// known makes a contact of an account.
func (w *World) known(account int64, c store.ContactView) int64 {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InsertContact(ctx, account, c) })
}

func testListContacts(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	mine := w.Mine.Account
	ana := w.known(mine, store.ContactView{Name: "ana", Email: ptr("z@example.test"), AdditionalAttributes: `{"company_name":"Beta","city":"Bonn","country":"Peru"}`})
	bo := w.known(mine, store.ContactView{Name: "Bo", Phone: ptr("+49"), AdditionalAttributes: `{"company_name":"Alpha","city":5}`})
	social := w.known(mine, store.ContactView{Name: "so", AdditionalAttributes: `{"social_x":"y"}`})
	blank := w.known(mine, store.ContactView{Name: "blank", Email: ptr(" "), Phone: ptr(""), Identifier: ptr("")})
	w.known(w.Theirs.Account, store.ContactView{Name: "ana", Email: ptr("z@example.test"), Identifier: ptr("i")})
	w.exec(`UPDATE contacts SET last_activity_at = 5 WHERE id = $1`, bo)
	list := func(f store.ContactFilter, o store.ContactOrder, limit, offset int) (out []int64) {
		t.Helper()
		f.AccountID = mine
		rows, err := w.ListContacts(ctx, f, o, limit, offset)
		noErr(t, "ListContacts", err)
		for _, r := range rows {
			out = append(out, r.ID)
		}
		n, err := w.CountContacts(ctx, f)
		noErr(t, "CountContacts", err)
		if limit == 0 {
			want(t, "CountContacts", n, len(rows))
		}
		return out
	}
	resolved := store.ContactFilter{Resolution: store.ResolvedContacts}
	want(t, "all", list(store.ContactFilter{}, nil, 0, 0), []int64{ana, bo, social, blank})
	want(t, "resolved", list(resolved, nil, 0, 0), []int64{ana, bo})
	want(t, "leads", list(store.ContactFilter{Resolution: store.LeadContacts}, nil, 0, 0), []int64{ana, bo, social})
	want(t, "some", list(store.ContactFilter{IDs: []int64{blank, ana, 999}}, store.ContactOrder{store.SortName: store.Descending}, 0, 0), []int64{blank, ana})
	want(t, "none", list(store.ContactFilter{IDs: []int64{}}, nil, 0, 0), []int64(nil))
	want(t, "a page", list(store.ContactFilter{}, store.ContactOrder{store.SortCreated: store.Ascending}, 2, 1), []int64{bo, social})
	for key, c := range map[store.ContactKey][2][]int64{
		store.SortName: {{ana, bo}, {bo, ana}}, store.SortEmail: {{ana, bo}, {bo, ana}}, store.SortPhone: {{bo, ana}, {ana, bo}},
		store.SortActivity: {{bo, ana}, {bo, ana}}, store.SortCompany: {{bo, ana}, {ana, bo}}, store.SortCity: {{ana, bo}, {ana, bo}}, store.SortCountry: {{ana, bo}, {ana, bo}},
	} {
		want(t, "ascending by "+itoa(int(key)), list(resolved, store.ContactOrder{key: store.Ascending}, 0, 0), c[0])
		want(t, "descending by "+itoa(int(key)), list(resolved, store.ContactOrder{key: store.Descending}, 0, 0), c[1])
	}
	want(t, "text", list(store.ContactFilter{Text: "ALPH"}, nil, 0, 0), []int64{bo})
	want(t, "text that is a pattern", list(store.ContactFilter{Text: "%"}, nil, 0, 0), []int64(nil))
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, _, err := tx.SetContactLabels(ctx, mine, bo, []string{"VIP"})
		return err
	})
	want(t, "labelled", list(store.ContactFilter{Labels: []string{"none", "vip"}}, nil, 0, 0), []int64{bo})
	want(t, "with no label of none", list(store.ContactFilter{Labels: []string{}}, nil, 0, 0), []int64(nil))
}

func testContactLabels(t *testing.T, w *World) {
	w.tenants()
	a, b := w.known(w.Mine.Account, store.ContactView{Name: "a"}), w.known(w.Mine.Account, store.ContactView{Name: "b"})
	theirs := w.known(w.Theirs.Account, store.ContactView{Name: "c"})
	set := func(account, contact int64, labels ...string) (before, after []string) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) (err error) {
			before, after, err = tx.SetContactLabels(ctx, account, contact, labels)
			return err
		})
		stored, err := w.ContactLabels(t.Context(), contact)
		noErr(t, "ContactLabels", err)
		want(t, "stored", stored, after)
		return before, after
	}
	_, after := set(w.Mine.Account, a, "Vip", "a", "VIP")
	want(t, "first", after, []string{"Vip", "a"})
	before, after := set(w.Mine.Account, a, "b")
	want(t, "before", before, []string{"Vip", "a"})
	want(t, "after", after, []string{"b"})
	_, after = set(w.Mine.Account, b, "B", "vip")
	want(t, "the account's spelling", after, []string{"b", "vip"})
	_, after = set(w.Theirs.Account, theirs, "B")
	want(t, "another account's", after, []string{"B"})
	_, after = set(w.Mine.Account, b)
	want(t, "none", len(after), 0)
}

func testContactNotes(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b := w.known(w.Mine.Account, store.ContactView{Name: "a"}), w.known(w.Mine.Account, store.ContactView{Name: "b"})
	insert := func(contact int64, text string) store.NoteRow {
		t.Helper()
		n, err := w.InsertContactNote(ctx, store.NoteRow{AccountID: w.Mine.Account, ContactID: contact, UserID: &w.Mine.User, Content: text})
		noErr(t, "InsertContactNote", err)
		want(t, "InsertContactNote", n, store.NoteRow{
			ID: n.ID, AccountID: w.Mine.Account, ContactID: contact, UserID: &w.Mine.User, Content: text, CreatedAt: w.Clock.Now().UnixMicro(), UpdatedAt: w.Clock.Now().UnixMicro(),
		})
		return n
	}
	first, other := insert(a, "one"), insert(b, "other")
	second := insert(a, "two")
	_, err := w.InsertContactNote(ctx, store.NoteRow{AccountID: w.Theirs.Account, ContactID: a, Content: "x"})
	wantErr(t, "a note about a contact of others", err, store.ErrNotFound)
	list, err := w.ContactNotes(ctx, a)
	noErr(t, "ContactNotes", err)
	want(t, "ContactNotes", list, []store.NoteRow{second, first})
	one, err := w.ContactNote(ctx, a, first.ID)
	noErr(t, "ContactNote", err)
	want(t, "ContactNote", one, first)
	_, err = w.ContactNote(ctx, a, other.ID)
	wantErr(t, "ContactNote of another contact", err, store.ErrNotFound)
	w.Clock.Advance(time.Minute)
	first.Content, first.UserID = "three", nil
	one, err = w.UpdateContactNote(ctx, first)
	noErr(t, "UpdateContactNote", err)
	first.UpdatedAt = w.Clock.Now().UnixMicro()
	want(t, "UpdateContactNote", one, first)
	_, err = w.UpdateContactNote(ctx, store.NoteRow{ID: other.ID, ContactID: a})
	wantErr(t, "UpdateContactNote of another contact", err, store.ErrNotFound)
	noErr(t, "DeleteContactNote", w.DeleteContactNote(ctx, a, first.ID))
	wantErr(t, "DeleteContactNote again", w.DeleteContactNote(ctx, a, first.ID), store.ErrNotFound)
	wantErr(t, "DeleteContactNote of another contact", w.DeleteContactNote(ctx, a, other.ID), store.ErrNotFound)
}

func testDeletedContact(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	gone, stays := w.chat(l, "U"), w.chat(l, "V")
	for i := range 5 {
		w.incoming(gone, "k"+itoa(i), "x")
	}
	w.incoming(stays, "s", "x")
	w.exec(`UPDATE contacts SET email = 'a@example.test', contact_type = 1 WHERE id = $1`, gone.Contact)
	_, err := w.EmptyContactChunk(ctx, gone.Contact, 2)
	noErr(t, "EmptyContactChunk of one that is there", err)
	_, err = w.Contact(ctx, w.Mine.Account, gone.Contact)
	noErr(t, "a contact that nobody deleted", err)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteContact(ctx, gone.Contact) })
	_, err = w.Contact(ctx, w.Mine.Account, gone.Contact)
	wantErr(t, "Contact", err, store.ErrNotFound)
	_, err = w.Session(ctx, l.Inbox, "U")
	wantErr(t, "Session", err, store.ErrNotFound)
	n, err := w.CountContacts(ctx, store.ContactFilter{AccountID: w.Mine.Account})
	noErr(t, "CountContacts", err)
	want(t, "contacts", n, 1)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		locked, err := tx.LockContacts(ctx, w.Mine.Account, gone.Contact)
		want(t, "LockContacts", len(locked), 0)
		if err != nil {
			return err
		}
		id, err := tx.ContactOf(ctx, w.Mine.Account, store.ByEmail, "a@example.test")
		want(t, "ContactOf", id, 0)
		return err
	})
	shares := 0
	for done := false; !done && shares < 20; shares++ {
		done, err = w.EmptyContactChunk(ctx, gone.Contact, 2)
		noErr(t, "EmptyContactChunk", err)
	}
	want(t, "shares", shares, 4)
	want(t, "messages", w.number(`SELECT COUNT(*) FROM messages`), 1)
	want(t, "contacts that are stored", w.number(`SELECT COUNT(*) FROM contacts`), 1)
	done, err := w.EmptyContactChunk(ctx, gone.Contact, 2)
	noErr(t, "EmptyContactChunk again", err)
	want(t, "done again", done, true)
}

func testContactAddresses(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, second := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "second")
	a := w.chat(l, "A")
	link := func(inbox int64, source string) int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
			key := store.SourceKey{InboxID: inbox, SourceID: source}
			made, err := tx.InsertContactInboxes(ctx, []store.NewContactInbox{{SourceKey: key, ContactID: a.Contact, Token: store.NewToken()}})
			return made[key], err
		})
	}
	unused, other := link(l.Inbox, "A2"), link(second.Inbox, "B")
	latest, err := w.LatestContactInboxes(ctx, a.Contact)
	noErr(t, "LatestContactInboxes", err)
	want(t, "LatestContactInboxes", latest, map[int64]store.LatestContactInbox{
		l.Inbox: {ID: unused, InboxID: l.Inbox, SourceID: "A2"}, second.Inbox: {ID: other, InboxID: second.Inbox, SourceID: "B"},
	})
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.ReplaceSource(ctx, unused, "A3") })
	want(t, "the new source", w.number(`SELECT id FROM contact_inboxes WHERE source_id = 'A3'`), unused)
	w.fails("a source that is there", store.ErrConflict, func(ctx context.Context, tx *store.Tx) error { return tx.ReplaceSource(ctx, unused, "A") })

	before := w.Clock.Now().Add(time.Second)
	w.Clock.Advance(time.Minute)
	young := link(second.Inbox, "young")
	sweep := func(before time.Time, after int64, limit int) (int64, int) {
		t.Helper()
		last, n, err := w.DeleteStaleContactInboxes(ctx, before, after, limit)
		noErr(t, "DeleteStaleContactInboxes", err)
		return last, n
	}
	last, n := sweep(before, 0, 2)
	want(t, "where to go on", last, unused)
	want(t, "deleted of the first two", n, 1)
	last, n = sweep(before, last, 2)
	want(t, "nothing is left", last, int64(0))
	want(t, "deleted of the others", n, 1)
	last, n = sweep(start, 0, 100)
	want(t, "nothing is so old", last+int64(n), int64(0))
	want(t, "what stays", w.number(`SELECT COUNT(*) FROM contact_inboxes WHERE id IN ($1, $2)`, a.ContactInbox, young), 2)
}
