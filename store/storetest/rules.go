package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"tributary/store"
)

func ruleCases() []Case {
	return []Case{
		{"labels that accounts define", []string{"Tx.InsertLabel", "Tx.UpdateLabel", "Tx.LockLabel", "Tx.DeleteLabel", "Store.Label", "Store.Labels"}, testLabels},
		{"a renamed label", []string{"Tx.RenameConversationLabel", "Tx.RenameContactLabel"}, testRenamedLabel},
		{"canned responses", []string{
			"Tx.InsertCannedResponse", "Tx.UpdateCannedResponse", "Tx.LockCannedResponse", "Tx.DeleteCannedResponse", "Store.CannedResponse", "Store.CannedResponses",
		}, testCannedResponses},
		{"kept files", []string{"Tx.KeepFiles", "Tx.AddKeptFiles", "Tx.Uploaded", "Store.KeptFiles"}, testKeptFiles},
		{"macros", []string{"Tx.InsertMacro", "Tx.UpdateMacro", "Tx.LockMacro", "Tx.DeleteMacro", "Store.Macro", "Store.Macros"}, testMacros},
		{"automation rules", []string{
			"Tx.InsertRule", "Tx.UpdateRule", "Tx.LockRule", "Tx.DeleteRule", "Tx.FailRule", "Tx.RuledEvents", "Store.Rule", "Store.Rules",
			"Store.ActiveRules", "Store.RulesByID",
		}, testRules},
		{"what rules look at", []string{"Store.RuleSubjects", "Store.RuleSubjectBy", "Store.RuleMessages", "Store.EachRuleMessage"}, testRuleSubjects},
		{"bulk actions", []string{
			"Tx.InsertBulkAction", "Tx.ProgressBulkAction", "Store.BulkAction", "Store.DropBulkActions", "Store.ConversationNumbers",
		}, testBulkActions},
		{"jobs that note how far they are", []string{"Tx.SpendJob", "Tx.AdvanceJob"}, testAdvancedJobs},
	}
}

func testLabels(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	row := store.LabelRow{AccountID: w.Mine.Account, Title: "vip", Color: "#fff", ShowOnSidebar: ptr(true)}
	insert := func(r store.LabelRow) int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InsertLabel(ctx, r) })
	}
	row.ID = insert(row)
	early := store.LabelRow{AccountID: w.Mine.Account, Title: "a", Description: ptr("d"), Color: "#000"}
	early.ID = insert(early)
	theirs := insert(store.LabelRow{AccountID: w.Theirs.Account, Title: "vip", Color: "#000"})
	list, err := w.Labels(ctx, w.Mine.Account)
	noErr(t, "Labels", err)
	want(t, "by title", list, []store.LabelRow{early, row})
	got, err := w.Label(ctx, w.Mine.Account, row.ID)
	noErr(t, "Label", err)
	want(t, "Label", got, row)
	_, err = w.Label(ctx, w.Mine.Account, theirs)
	wantErr(t, "another account's", err, store.ErrNotFound)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.InsertLabel(ctx, store.LabelRow{AccountID: w.Mine.Account, Title: "vip", Color: "#000"}); !errors.Is(err, store.ErrTaken) {
			t.Errorf("a title again: %v", err)
		}
		r, err := tx.LockLabel(ctx, w.Mine.Account, row.ID)
		if err != nil {
			return err
		}
		r.Title, r.ShowOnSidebar = "z", nil
		return tx.UpdateLabel(ctx, r)
	})
	w.fails("a title that another one has", store.ErrTaken, func(ctx context.Context, tx *store.Tx) error {
		r := early
		r.Title = "z"
		return tx.UpdateLabel(ctx, r)
	})
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteLabel(ctx, early.ID) })
	list, err = w.Labels(ctx, w.Mine.Account)
	noErr(t, "Labels", err)
	row.Title, row.ShowOnSidebar = "z", nil
	want(t, "left", list, []store.LabelRow{row})
}

func testRenamedLabel(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	var chats []Chat
	for i := range 3 {
		chats = append(chats, w.chat(l, "S"+itoa(i)))
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, 'old')`, chats[i].Conversation, w.Mine.Account)
	}
	w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, 'new'), ($1, $2, 'a')`, chats[0].Conversation, w.Mine.Account)
	w.Clock.Advance(time.Minute)
	rename := func() []store.Relabelled {
		return in(w, func(ctx context.Context, tx *store.Tx) ([]store.Relabelled, error) {
			return tx.RenameConversationLabel(ctx, w.Mine.Account, "old", "new", 2)
		})
	}
	first := rename()
	want(t, "the first share", len(first), 2)
	second := rename()
	want(t, "the second share", len(second), 1)
	want(t, "nothing is left", len(rename()), 0)
	all := map[int64]store.Relabelled{}
	for _, r := range append(first, second...) {
		all[r.ConversationID] = r
	}
	want(t, "one that had the name", all[chats[0].Conversation], store.Relabelled{ConversationID: chats[0].Conversation, InboxID: l.Inbox, Labels: []string{"a", "new"}, Had: true})
	want(t, "one that had not", all[chats[1].Conversation], store.Relabelled{ConversationID: chats[1].Conversation, InboxID: l.Inbox, Labels: []string{"new"}})
	want(t, "renamed", w.number(`SELECT COUNT(*) FROM conversation_labels WHERE label = 'new'`), 3)

	for i, name := range []string{"Old", "old"} {
		w.exec(`INSERT INTO contact_labels (contact_id, account_id, label) SELECT contact_id, account_id, $2 FROM conversations WHERE id = $1`, chats[i].Conversation, name)
	}
	w.exec(`INSERT INTO contact_labels (contact_id, account_id, label) SELECT contact_id, account_id, 'new' FROM conversations WHERE id = $1`, chats[1].Conversation)
	people := in(w, func(ctx context.Context, tx *store.Tx) ([]store.RelabelledContact, error) {
		return tx.RenameContactLabel(ctx, w.Mine.Account, "old", "new", 5)
	})
	want(t, "contacts", people, []store.RelabelledContact{
		{ContactID: w.number(`SELECT contact_id FROM conversations WHERE id = $1`, chats[0].Conversation), Labels: []string{"new"}},
		{ContactID: w.number(`SELECT contact_id FROM conversations WHERE id = $1`, chats[1].Conversation), Labels: []string{"new"}, Had: true},
	})
	want(t, "labels of contacts", w.number(`SELECT COUNT(*) FROM contact_labels WHERE label = 'new'`), 2)
}

func testCannedResponses(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	insert := func(account int64, code string) int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.InsertCannedResponse(ctx, store.CannedResponseRow{AccountID: account, ShortCode: code, Content: "c"})
		})
	}
	one, two := insert(w.Mine.Account, "one"), insert(w.Mine.Account, "two")
	theirs := insert(w.Theirs.Account, "one")
	at := start.UnixMicro()
	row := store.CannedResponseRow{ID: one, AccountID: w.Mine.Account, ShortCode: "one", Content: "c", CreatedAt: at, UpdatedAt: at}
	got, err := w.CannedResponse(ctx, w.Mine.Account, one)
	noErr(t, "CannedResponse", err)
	want(t, "CannedResponse", got, row)
	_, err = w.CannedResponse(ctx, w.Mine.Account, theirs)
	wantErr(t, "another account's", err, store.ErrNotFound)
	w.Clock.Advance(time.Second)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.InsertCannedResponse(ctx, row); !errors.Is(err, store.ErrTaken) {
			t.Errorf("a short code again: %v", err)
		}
		r, err := tx.LockCannedResponse(ctx, w.Mine.Account, one)
		if err != nil {
			return err
		}
		r.Content = "d"
		return tx.UpdateCannedResponse(ctx, r)
	})
	w.fails("a short code that another one has", store.ErrTaken, func(ctx context.Context, tx *store.Tx) error {
		return tx.UpdateCannedResponse(ctx, store.CannedResponseRow{ID: two, ShortCode: "one"})
	})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteCannedResponse(ctx, store.CannedResponseRow{ID: two, AccountID: w.Mine.Account})
	})
	list, err := w.CannedResponses(ctx, w.Mine.Account)
	noErr(t, "CannedResponses", err)
	row.Content, row.UpdatedAt = "d", at+1e6
	want(t, "left", list, []store.CannedResponseRow{row})
}

// keepable stores a file.
func (w *World) keepable(account int64, key string) int64 {
	w.t.Helper()
	b, err := w.InsertBlob(w.t.Context(), store.Blob{
		Key: key, Filename: key + ".txt", ContentType: "text/plain", ServiceName: "disk", AccountID: account, ExpiresAt: w.Clock.Now().Add(time.Hour),
	})
	noErr(w.t, "InsertBlob", err)
	b.Size = 4
	_, err = w.CompleteBlob(w.t.Context(), b)
	noErr(w.t, "CompleteBlob", err)
	return b.ID
}

func testKeptFiles(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b, foreign := w.keepable(w.Mine.Account, "a"), w.keepable(w.Mine.Account, "b"), w.keepable(w.Theirs.Account, "f")
	keep := func(owner int64, blobs ...int64) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.KeepFiles(ctx, w.Mine.Account, store.KeptByMacro, owner, blobs)
		})
	}
	keep(1, b, a, b)
	keep(2, a)
	kept := func() map[int64][]int64 {
		t.Helper()
		list, err := w.KeptFiles(ctx, store.KeptByMacro, []int64{1, 2, 3})
		noErr(t, "KeptFiles", err)
		out := map[int64][]int64{}
		for owner, files := range list {
			for _, f := range files {
				want(t, "a file", f, store.KeptFile{ID: f.ID, OwnerID: owner, BlobID: f.BlobID, Filename: f.Filename, ContentType: "text/plain", Size: 4})
				out[owner] = append(out[owner], f.BlobID)
			}
		}
		return out
	}
	want(t, "kept", kept(), map[int64][]int64{1: {b, a}, 2: {a}})
	w.fails("another account's file", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		return tx.KeepFiles(ctx, w.Mine.Account, store.KeptByMacro, 1, []int64{foreign})
	})
	keep(1)
	want(t, "kept", kept(), map[int64][]int64{2: {a}})
	expiring := func(blob int64) bool {
		got, err := w.Blob(ctx, blob)
		noErr(t, "Blob", err)
		return !got.ExpiresAt.IsZero()
	}
	want(t, "what somebody else keeps goes", expiring(a), false)
	want(t, "what nobody keeps goes", expiring(b), true)

	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AddKeptFiles(ctx, w.Mine.Account, store.KeptByAccount, w.Mine.Account, []int64{a}); err != nil {
			return err
		}
		list, err := tx.Uploaded(ctx, w.Mine.Account, []int64{a, b, 999})
		want(t, "Uploaded", list, []int64{a})
		return err
	})
}

func testMacros(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	insert := func(m store.MacroRow) store.MacroRow {
		m.ID = in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InsertMacro(ctx, m) })
		return m
	}
	mine := insert(store.MacroRow{AccountID: w.Mine.Account, Name: "mine", CreatedByID: &w.Mine.User, UpdatedByID: &w.Mine.User, Actions: `[{"action_name":"x"}]`})
	all := insert(store.MacroRow{AccountID: w.Mine.Account, Name: "all", Visibility: store.MacroGlobal, Actions: "[]"})
	insert(store.MacroRow{AccountID: w.Mine.Account, Name: "hers", CreatedByID: &w.Theirs.User, Actions: "[]"})
	theirs := insert(store.MacroRow{AccountID: w.Theirs.Account, Name: "theirs", Visibility: store.MacroGlobal, Actions: "[]"})
	list, err := w.Macros(ctx, w.Mine.Account, w.Mine.User)
	noErr(t, "Macros", err)
	want(t, "Macros", list, []store.MacroRow{mine, all})
	_, err = w.Macro(ctx, w.Mine.Account, theirs.ID)
	wantErr(t, "another account's", err, store.ErrNotFound)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		m, err := tx.LockMacro(ctx, w.Mine.Account, mine.ID)
		if err != nil {
			return err
		}
		want(t, "LockMacro", m, mine)
		m.Name, m.Visibility, m.Actions = "now", store.MacroGlobal, "[]"
		mine = m
		if err := tx.UpdateMacro(ctx, m); err != nil {
			return err
		}
		return tx.DeleteMacro(ctx, all)
	})
	got, err := w.Macro(ctx, w.Mine.Account, mine.ID)
	noErr(t, "Macro", err)
	want(t, "Macro", got, mine)
	_, err = w.Macro(ctx, w.Mine.Account, all.ID)
	wantErr(t, "a deleted one", err, store.ErrNotFound)
}

func testRules(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	insert := func(account int64, name, event string, active bool) store.RuleRow {
		r := store.RuleRow{AccountID: account, Name: name, EventName: event, Conditions: "[]", Actions: "[]", Active: active, CreatedAt: start.UnixMicro()}
		r.ID = in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InsertRule(ctx, r) })
		return r
	}
	a := insert(w.Mine.Account, "a", "message_created", true)
	b := insert(w.Mine.Account, "b", "conversation_opened", true)
	off := insert(w.Mine.Account, "off", "conversation_updated", false)
	theirs := insert(w.Theirs.Account, "theirs", "message_created", true)
	list, err := w.Rules(ctx, w.Mine.Account)
	noErr(t, "Rules", err)
	want(t, "Rules", list, []store.RuleRow{a, b, off})
	list, err = w.ActiveRules(ctx, w.Mine.Account, []string{"conversation_updated", "message_created"})
	noErr(t, "ActiveRules", err)
	want(t, "ActiveRules", list, []store.RuleRow{a})
	list, err = w.RulesByID(ctx, w.Mine.Account, []int64{off.ID, b.ID, theirs.ID})
	noErr(t, "RulesByID", err)
	want(t, "RulesByID", list, []store.RuleRow{b, off})
	_, err = w.Rule(ctx, w.Mine.Account, theirs.ID)
	wantErr(t, "another account's", err, store.ErrNotFound)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		events, err := tx.RuledEvents(ctx, []int64{w.Mine.Account, w.Theirs.Account, 999})
		want(t, "accounts with rules", len(events), 2)
		want(t, "events of one", events[w.Theirs.Account], []string{"message_created"})
		if err != nil {
			return err
		}
		for i, c := range []struct {
			n   int
			off bool
		}{{1, false}, {1, true}, {1, false}} {
			off, err := tx.FailRule(ctx, a.ID, c.n, 2)
			want(t, "switched off by failure "+itoa(i), off, c.off)
			if err != nil {
				return err
			}
		}
		r, err := tx.LockRule(ctx, w.Mine.Account, b.ID)
		if err != nil {
			return err
		}
		r.Name, r.Description, r.EventName, r.Active, r.Failures = "c", ptr("d"), "message_created", false, 1
		b = r
		if err := tx.UpdateRule(ctx, r); err != nil {
			return err
		}
		return tx.DeleteRule(ctx, off)
	})
	list, err = w.Rules(ctx, w.Mine.Account)
	noErr(t, "Rules", err)
	a.Active, a.Failures = false, 2
	want(t, "Rules", list, []store.RuleRow{a, b})
	got, err := w.Rule(ctx, w.Mine.Account, b.ID)
	noErr(t, "Rule", err)
	want(t, "Rule", got, b)
}

func testRuleSubjects(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c, other := w.chat(l, "S"), w.chat(l, "T")
	one := w.incoming(c, "k1", "one")
	two := w.outgoing(c, w.Mine.User, "two")
	w.incoming(other, "k2", "other")
	w.exec(`UPDATE conversations SET status = 2, priority = 1, assignee_id = $2, team_id = 5, additional_attributes = '{"a":1}', custom_attributes = '{"b":2}' WHERE id = $1`, c.Conversation, w.Mine.User)
	w.exec(`UPDATE contacts SET email = 'e', phone_number = '+1', additional_attributes = '{"c":3}', custom_attributes = '{"d":4}'
		WHERE id = (SELECT contact_id FROM conversations WHERE id = $1)`, c.Conversation)
	w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, 1, 'y'), ($1, 1, 'x')`, c.Conversation)
	subject := store.RuleSubject{
		ID: c.Conversation, DisplayID: w.number(`SELECT display_id FROM conversations WHERE id = $1`, c.Conversation), InboxID: l.Inbox, Status: 2,
		Priority: ptr(int64(1)), AssigneeID: &w.Mine.User, TeamID: ptr(int64(5)), Additional: `{"a":1}`, Custom: `{"b":2}`, Labels: []string{"x", "y"},
		ContactEmail: ptr("e"), ContactPhone: ptr("+1"), ContactAdditional: `{"c":3}`, ContactCustom: `{"d":4}`,
	}
	list, err := w.RuleSubjects(ctx, w.Mine.Account, []int64{c.Conversation, other.Conversation, 999})
	noErr(t, "RuleSubjects", err)
	want(t, "how many", len(list), 2)
	want(t, "RuleSubjects", list[c.Conversation], subject)
	list, err = w.RuleSubjects(ctx, w.Theirs.Account, []int64{c.Conversation})
	noErr(t, "RuleSubjects", err)
	want(t, "of another account", len(list), 0)
	got, err := w.RuleSubjectBy(ctx, w.Mine.Account, subject.DisplayID)
	noErr(t, "RuleSubjectBy", err)
	subject.Labels = nil
	want(t, "RuleSubjectBy", got, subject)
	_, err = w.RuleSubjectBy(ctx, w.Mine.Account, 999)
	wantErr(t, "no conversation", err, store.ErrNotFound)

	messages, err := w.RuleMessages(ctx, []int64{two, 999})
	noErr(t, "RuleMessages", err)
	want(t, "RuleMessages", messages, map[int64]store.RuleMessage{two: {ID: two, ConversationID: c.Conversation, Type: 1, Content: ptr("two"), Attributes: messages[two].Attributes}})
	seen := map[int64]bool{}
	noErr(t, "EachRuleMessage", w.EachRuleMessage(ctx, []int64{c.Conversation}, func(m store.RuleMessage) { seen[m.ID] = true }))
	want(t, "EachRuleMessage", seen, map[int64]bool{one: true, two: true})
}

func testBulkActions(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	b := store.BulkAction{AccountID: w.Mine.Account, UserID: w.Mine.User, Request: `{"ids":[1]}`, Total: 3}
	b.ID = in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InsertBulkAction(ctx, b) })
	b.State, b.Failures, b.CreatedAt = store.BulkWaiting, "[]", start.UnixMicro()
	got, err := w.BulkAction(ctx, w.Mine.Account, b.ID)
	noErr(t, "BulkAction", err)
	want(t, "BulkAction", got, b)
	_, err = w.BulkAction(ctx, w.Theirs.Account, b.ID)
	wantErr(t, "another account's", err, store.ErrNotFound)
	progress := func() {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.ProgressBulkAction(ctx, b) })
		got, err := w.BulkAction(ctx, w.Mine.Account, b.ID)
		noErr(t, "BulkAction", err)
		want(t, "progress", got, b)
	}
	b.State, b.Failures, b.Total, b.Done, b.Failed, b.Cursor = store.BulkRunning, `[{"id":1}]`, 4, 1, 1, 2
	progress()
	b.State, b.Done, b.FinishedAt = store.BulkDone, 3, ptr(start.UnixMicro())
	progress()
	for _, c := range []struct{ before, dropped int64 }{{start.UnixMicro(), 0}, {start.UnixMicro() + 1, 1}} {
		n, err := w.DropBulkActions(ctx, c.before, 5)
		noErr(t, "DropBulkActions", err)
		want(t, "dropped", n, c.dropped)
	}
	l := w.line(w.Mine.Account, "l")
	w.chat(l, "S")
	second := w.chat(l, "T")
	w.exec(`UPDATE conversations SET status = 1 WHERE id = $1`, second.Conversation)
	list, err := w.ConversationNumbers(ctx, store.ConversationFilter{AccountID: w.Mine.Account})
	noErr(t, "ConversationNumbers", err)
	want(t, "all", list, []int64{1, 2})
	list, err = w.ConversationNumbers(ctx, store.ConversationFilter{AccountID: w.Mine.Account, Statuses: []int{1}})
	noErr(t, "ConversationNumbers", err)
	want(t, "some", list, []int64{2})
}

func testAdvancedJobs(t *testing.T, w *World) {
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertJob(ctx, store.Job{Kind: "k", Payload: json.RawMessage(`{"step":0}`)})
	})
	id := w.number(`SELECT MAX(id) FROM jobs`)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.AdvanceJob(ctx, id, json.RawMessage(`{"step":0}`), json.RawMessage(`{"step":1}`))
	})
	w.fails("somebody was faster", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		return tx.AdvanceJob(ctx, id, json.RawMessage(`{"step":0}`), json.RawMessage(`{"step":2}`))
	})
	want(t, "the payload", w.number(`SELECT COUNT(*) FROM jobs WHERE payload = '{"step":1}'`), 1)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SpendJob(ctx, id) })
	w.fails("a job that is spent", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.SpendJob(ctx, id) })
}
