package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/chat/filter"
	"tributary/store"
)

func filterCases() []Case {
	return []Case{
		{"custom attributes", []string{
			"Store.CustomAttributes", "Store.FilterDefinitions", "Store.CustomAttribute", "Tx.LockCustomAttribute", "Tx.InsertCustomAttribute",
			"Tx.UpdateCustomAttribute", "Tx.DeleteCustomAttribute",
		}, testCustomAttributes},
		{"custom filters", []string{
			"Store.CustomFilters", "Store.CustomFilter", "Store.InsertCustomFilter", "Store.ChangeCustomFilter", "Store.DeleteCustomFilter",
		}, testCustomFilters},
		{"imports of contacts", []string{
			"Store.ContactImports", "Store.ContactImport", "Tx.LockContactImport", "Tx.InsertContactImport", "Tx.UpdateContactImport",
			"Tx.InsertImportFailures", "Store.ImportFailures", "Store.DropImportFailures",
		}, testContactImports},
		{"imported contacts", []string{"Tx.ContactsKnownBy", "Tx.InsertImported", "Store.ContactsAfter"}, testImportedContacts},
		{"the exported file", []string{"Tx.SetContactsExport"}, testContactsExport},
		{"administrators of an account", []string{"Tx.Administrators"}, testAdministrators},
	}
}

// try runs f in a transaction and gives its error.
func (w *World) try(f func(context.Context, *store.Tx) error) error {
	w.t.Helper()
	return w.Transact(w.t.Context(), func(tx *store.Tx) error { return f(w.t.Context(), tx) })
}

func testCustomAttributes(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	row := store.CustomAttributeRow{AccountID: w.Mine.Account, DisplayName: "Plan", DisplayType: 6, Key: "plan", Model: store.ContactAttribute, Values: `["a"]`, RegexCue: ptr("c")}
	insert := func(r store.CustomAttributeRow) (id int64, err error) {
		err = w.try(func(ctx context.Context, tx *store.Tx) error { id, err = tx.InsertCustomAttribute(ctx, r); return err })
		return id, err
	}
	id, err := insert(row)
	noErr(t, "InsertCustomAttribute", err)
	_, err = insert(row)
	wantErr(t, "the same key", err, store.ErrTaken)
	row.Model, row.DisplayType = store.ConversationAttribute, 2
	second, err := insert(row)
	noErr(t, "of another model", err)
	row.AccountID = w.Theirs.Account
	_, err = insert(row)
	noErr(t, "of another account", err)

	list, err := w.CustomAttributes(ctx, w.Mine.Account)
	noErr(t, "CustomAttributes", err)
	now := w.Clock.Now().UnixMicro()
	want(t, "CustomAttributes", list, []store.CustomAttributeRow{
		{ID: id, AccountID: w.Mine.Account, DisplayName: "Plan", DisplayType: 6, Key: "plan", Model: store.ContactAttribute, Values: `["a"]`, RegexCue: ptr("c"), CreatedAt: now, UpdatedAt: now},
		{ID: second, AccountID: w.Mine.Account, DisplayName: "Plan", DisplayType: 2, Key: "plan", Values: `["a"]`, RegexCue: ptr("c"), CreatedAt: now, UpdatedAt: now},
	})
	defined, err := w.FilterDefinitions(ctx, w.Mine.Account)
	noErr(t, "FilterDefinitions", err)
	want(t, "FilterDefinitions", defined, []filter.Definition{{Key: "plan", Of: filter.Contact, Kind: filter.Folded}, {Key: "plan", Of: filter.Conversation, Kind: filter.Number}})

	w.Clock.Advance(time.Minute)
	change := func(id int64, change func(*store.CustomAttributeRow)) error {
		return w.try(func(ctx context.Context, tx *store.Tx) error {
			r, err := tx.LockCustomAttribute(ctx, w.Mine.Account, id)
			if err != nil {
				return err
			}
			change(&r)
			return tx.UpdateCustomAttribute(ctx, r)
		})
	}
	wantErr(t, "the key of another", change(second, func(r *store.CustomAttributeRow) { r.Model = store.ContactAttribute }), store.ErrTaken)
	noErr(t, "UpdateCustomAttribute", change(second, func(r *store.CustomAttributeRow) {
		r.DisplayName, r.Description, r.DisplayType, r.Key, r.RegexPattern, r.RegexCue, r.Values = "Seats", ptr("d"), 1, "seats", ptr("p"), nil, `[]`
	}))
	got, err := w.CustomAttribute(ctx, w.Mine.Account, second)
	noErr(t, "CustomAttribute", err)
	want(t, "CustomAttribute", got, store.CustomAttributeRow{
		ID: second, AccountID: w.Mine.Account, DisplayName: "Seats", Description: ptr("d"), DisplayType: 1, Key: "seats", RegexPattern: ptr("p"), Values: `[]`,
		CreatedAt: now, UpdatedAt: w.Clock.Now().UnixMicro(),
	})
	_, err = w.CustomAttribute(ctx, w.Theirs.Account, second)
	wantErr(t, "another account's", err, store.ErrNotFound)
	noErr(t, "DeleteCustomAttribute", w.try(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCustomAttribute(ctx, second) }))
	_, err = w.CustomAttribute(ctx, w.Mine.Account, second)
	wantErr(t, "deleted", err, store.ErrNotFound)
	wantErr(t, "lock a deleted one", change(second, func(*store.CustomAttributeRow) {}), store.ErrNotFound)
}

func testCustomFilters(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, u := w.Mine.Account, w.Mine.User
	one, err := w.InsertCustomFilter(ctx, store.CustomFilterRow{AccountID: a, UserID: u, Name: "one", Query: `{"b":1,"a":2}`}, 2)
	noErr(t, "InsertCustomFilter", err)
	two, err := w.InsertCustomFilter(ctx, store.CustomFilterRow{AccountID: a, UserID: u, Name: "two", Type: 1}, 2)
	noErr(t, "InsertCustomFilter", err)
	_, err = w.InsertCustomFilter(ctx, store.CustomFilterRow{AccountID: a, UserID: u, Name: "three"}, 2)
	wantErr(t, "one too many", err, store.ErrFull)
	_, err = w.InsertCustomFilter(ctx, store.CustomFilterRow{AccountID: w.Theirs.Account, UserID: u, Name: "elsewhere"}, 2)
	noErr(t, "in another account", err)
	now := w.Clock.Now().UnixMicro()
	list, err := w.CustomFilters(ctx, a, u, 0)
	noErr(t, "CustomFilters", err)
	want(t, "CustomFilters", list, []store.CustomFilterRow{{ID: one, AccountID: a, UserID: u, Name: "one", Query: `{"b":1,"a":2}`, CreatedAt: now, UpdatedAt: now}})
	w.Clock.Advance(time.Minute)
	noErr(t, "ChangeCustomFilter", w.ChangeCustomFilter(ctx, a, u, two, func(r *store.CustomFilterRow) error {
		r.Name, r.Type, r.Query = "zwei", 2, `{"x":1}`
		return nil
	}))
	got, err := w.CustomFilter(ctx, a, u, two)
	noErr(t, "CustomFilter", err)
	want(t, "CustomFilter", got, store.CustomFilterRow{ID: two, AccountID: a, UserID: u, Name: "zwei", Type: 2, Query: `{"x":1}`, CreatedAt: now, UpdatedAt: w.Clock.Now().UnixMicro()})
	refusal := store.ErrTaken
	wantErr(t, "an error of change's", w.ChangeCustomFilter(ctx, a, u, two, func(*store.CustomFilterRow) error { return refusal }), refusal)
	for name, of := range map[string][3]int64{"another user's": {a, w.Theirs.User, two}, "another account's": {w.Theirs.Account, u, two}, "none": {a, u, 999}} {
		_, err := w.CustomFilter(ctx, of[0], of[1], of[2])
		wantErr(t, name, err, store.ErrNotFound)
		wantErr(t, name, w.ChangeCustomFilter(ctx, of[0], of[1], of[2], func(*store.CustomFilterRow) error { return nil }), store.ErrNotFound)
		wantErr(t, name, w.DeleteCustomFilter(ctx, of[0], of[1], of[2]), store.ErrNotFound)
	}
	noErr(t, "DeleteCustomFilter", w.DeleteCustomFilter(ctx, a, u, two))
	_, err = w.CustomFilter(ctx, a, u, two)
	wantErr(t, "deleted", err, store.ErrNotFound)
}

func testContactImports(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	file, theirs := w.kept(w.Mine.Account, "file"), w.kept(w.Theirs.Account, "theirs")
	insert := func(blob int64) (id int64, err error) {
		err = w.try(func(ctx context.Context, tx *store.Tx) error {
			id, err = tx.InsertContactImport(ctx, w.Mine.Account, w.Mine.User, blob)
			return err
		})
		return id, err
	}
	_, err := insert(theirs.ID)
	wantErr(t, "another account's file", err, store.ErrNotFound)
	id, err := insert(file.ID)
	noErr(t, "InsertContactImport", err)
	now := w.Clock.Now().UnixMicro()
	got, err := w.ContactImport(ctx, id)
	noErr(t, "ContactImport", err)
	want(t, "ContactImport", got, store.ContactImport{ID: id, AccountID: w.Mine.Account, UserID: w.Mine.User, BlobID: file.ID, Headers: []string{}, CreatedAt: now, UpdatedAt: now})
	_, err = w.ContactImport(ctx, 999)
	wantErr(t, "none", err, store.ErrNotFound)
	w.Clock.Advance(time.Minute)
	err = w.try(func(ctx context.Context, tx *store.Tx) error {
		i, err := tx.LockContactImport(ctx, id)
		if err != nil {
			return err
		}
		i.Status, i.FailedBlobID, i.Total, i.Processed, i.Failed, i.Position, i.Row = store.ImportCompleted, 7, 1, 2, 3, 4, 5
		i.Headers, i.CheckedAt, i.FinishedAt = []string{"a", "b"}, ptr[int64](6), ptr[int64](7)
		if err := tx.UpdateContactImport(ctx, i); err != nil {
			return err
		}
		if err := tx.InsertImportFailures(ctx, id, nil); err != nil {
			return err
		}
		return tx.InsertImportFailures(ctx, id, []store.ImportFailure{{Row: 2, Record: []string{"x", `"`}, Errors: "e"}, {Row: 1, Record: []string{}, Errors: "f"}, {Row: 3, Errors: "g"}})
	})
	noErr(t, "UpdateContactImport", err)
	second, err := insert(file.ID)
	noErr(t, "a second one", err)
	list, err := w.ContactImports(ctx, w.Mine.Account, 2)
	noErr(t, "ContactImports", err)
	if len(list) != 2 || list[0].ID != second {
		t.Fatalf("imports %s", show(list))
	}
	want(t, "the changed one", list[1], store.ContactImport{
		ID: id, AccountID: w.Mine.Account, UserID: w.Mine.User, Status: store.ImportCompleted, BlobID: file.ID, FailedBlobID: 7, Total: 1, Processed: 2, Failed: 3,
		Position: 4, Row: 5, Headers: []string{"a", "b"}, CheckedAt: ptr[int64](6), FinishedAt: ptr[int64](7), CreatedAt: now, UpdatedAt: w.Clock.Now().UnixMicro(),
	})
	list, err = w.ContactImports(ctx, w.Theirs.Account, 2)
	noErr(t, "ContactImports", err)
	want(t, "theirs", len(list), 0)

	failures, err := w.ImportFailures(ctx, id, 1, 1)
	noErr(t, "ImportFailures", err)
	want(t, "ImportFailures", failures, []store.ImportFailure{{Row: 2, Record: []string{"x", `"`}, Errors: "e"}})
	for _, last := range []bool{false, true} {
		done, err := w.DropImportFailures(ctx, id, 2)
		noErr(t, "DropImportFailures", err)
		want(t, "DropImportFailures", done, last)
	}
	failures, err = w.ImportFailures(ctx, id, 0, 10)
	noErr(t, "ImportFailures", err)
	want(t, "dropped", len(failures), 0)
}

func testImportedContacts(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	ada := store.ContactView{Name: "Ada", Email: ptr("ada@x.test"), Identifier: ptr("1"), AdditionalAttributes: `{"city":"Rome","company_name":"Acme"}`, CustomAttributes: `{"b":1,"a":2}`}
	bo := store.ContactView{Name: "Bo", Phone: ptr("+491"), AdditionalAttributes: `{}`, CustomAttributes: `{}`}
	noErr(t, "InsertImported", w.try(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertImported(ctx, w.Theirs.Account, []store.ContactView{ada}); err != nil {
			return err
		}
		if err := tx.InsertImported(ctx, w.Mine.Account, nil); err != nil {
			return err
		}
		twice := ada
		twice.Identifier, twice.Name = nil, "Twice"
		return tx.InsertImported(ctx, w.Mine.Account, []store.ContactView{ada, twice, bo})
	}))
	all := store.ContactFilter{AccountID: w.Mine.Account, Resolution: store.ResolvedContacts}
	list, err := w.ContactsAfter(ctx, all, 0, 10)
	noErr(t, "ContactsAfter", err)
	if len(list) != 2 {
		t.Fatalf("contacts %s", show(list))
	}
	want(t, "values", []any{list[0].Name, *list[0].Email, list[0].Location, list[0].Type, list[0].CustomAttributes, *list[1].Phone}, []any{"Ada", "ada@x.test", "Rome", store.ContactVisitor, `{"b":1,"a":2}`, "+491"})
	rest, err := w.ContactsAfter(ctx, all, list[0].ID, 1)
	noErr(t, "ContactsAfter", err)
	want(t, "after the first", rest, list[1:])
	known := in(w, func(ctx context.Context, tx *store.Tx) (map[store.Identity]int64, error) {
		return tx.ContactsKnownBy(ctx, w.Mine.Account, []store.Identity{
			{Key: store.ByEmail, Value: "ada@x.test"}, {Key: store.ByIdentifier, Value: "1"}, {Key: store.ByPhone, Value: "+491"}, {Key: store.ByPhone, Value: "+492"},
		})
	})
	want(t, "ContactsKnownBy", known, map[store.Identity]int64{
		{Key: store.ByEmail, Value: "ada@x.test"}: list[0].ID, {Key: store.ByIdentifier, Value: "1"}: list[0].ID, {Key: store.ByPhone, Value: "+491"}: list[1].ID,
	})
}

func testContactsExport(t *testing.T, w *World) {
	w.tenants()
	one, two, theirs := w.kept(w.Mine.Account, "one"), w.kept(w.Mine.Account, "two"), w.kept(w.Theirs.Account, "theirs")
	set := func(account, blob int64) error {
		return w.try(func(ctx context.Context, tx *store.Tx) error { return tx.SetContactsExport(ctx, account, blob) })
	}
	noErr(t, "SetContactsExport", set(w.Mine.Account, one.ID))
	noErr(t, "the same", set(w.Mine.Account, one.ID))
	noErr(t, "another", set(w.Mine.Account, two.ID))
	wantErr(t, "another account's file", set(w.Mine.Account, theirs.ID), store.ErrNotFound)
	wantErr(t, "no account", set(999, one.ID), store.ErrNotFound)
	old, err := w.Blob(t.Context(), one.ID)
	noErr(t, "Blob", err)
	kept, err := w.Blob(t.Context(), two.ID)
	noErr(t, "Blob", err)
	if old.ExpiresAt.IsZero() || !kept.ExpiresAt.IsZero() {
		t.Errorf("the old file goes at %v, the new one at %v", old.ExpiresAt, kept.ExpiresAt)
	}
}

func testAdministrators(t *testing.T, w *World) {
	w.tenants()
	agent, admin := w.user("agent@x.test", "Agent"), w.user("admin@x.test", "Admin")
	w.join(w.Mine.Account, agent)
	w.join(w.Mine.Account, admin)
	w.exec(`UPDATE account_users SET role = 1 WHERE user_id = $1`, admin)
	w.exec(`UPDATE account_users SET role = 0 WHERE user_id = $1`, agent)
	list := in(w, func(ctx context.Context, tx *store.Tx) ([]int64, error) {
		return tx.Administrators(ctx, w.Mine.Account)
	})
	want(t, "Administrators", list, []int64{w.Mine.User, admin})
}
