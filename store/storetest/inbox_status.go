package storetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"tributary/store"
)

func inboxStatusCases() []Case {
	return []Case{
		{"changes of inbox members", []string{
			"Store.InboxAgents", "Tx.AddInboxMembers", "Tx.RemoveInboxMembers", "Tx.KeepInboxMembers",
		}, testChangeInboxMembers},
		{"audit log", []string{"Tx.InsertAudit", "Tx.InsertAudits", "Store.Audits", "Store.CountAudits", "Store.MembershipsByID", "Store.Names"}, testAudits},
		{"news of webhooks", []string{"Tx.LockWebhooks", "Tx.NoteWebhooks", "Store.WebhookStatus"}, testWebhookNews},
		{"refused webhooks", []string{"Tx.CountRefusals", "Store.WebhookStatus", "Store.PruneRefusals"}, testRefusals},
	}
}

func testChangeInboxMembers(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	var users []int64
	for i := range 3 {
		users = append(users, w.user("u"+itoa(i)+"@example.test", "U"+itoa(i)))
		w.join(w.Mine.Account, users[i])
	}
	one, two := w.line(w.Mine.Account, "one").Inbox, w.line(w.Mine.Account, "two").Inbox
	change := func(f func(ctx context.Context, tx *store.Tx) ([]store.Place, error)) (out []int64) {
		t.Helper()
		for _, m := range in(w, f) {
			if m.ID == 0 || m.In != one {
				t.Errorf("a member %+v of inbox %d", m, one)
			}
			out = append(out, m.UserID)
		}
		return out
	}
	add := func(list ...int64) []int64 {
		t.Helper()
		return change(func(ctx context.Context, tx *store.Tx) ([]store.Place, error) {
			return tx.AddInboxMembers(ctx, one, list)
		})
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddInboxMembers(ctx, two, users)
		return err
	})
	want(t, "the first members", add(users[1], users[0], users[1]), []int64{users[0], users[1]})
	want(t, "only who is new", add(users...), []int64{users[2]})
	want(t, "nobody is new", len(add()), 0)
	agents := func(account int64) (out []int64) {
		t.Helper()
		list, err := w.InboxAgents(ctx, account, one)
		noErr(t, "InboxAgents", err)
		for _, a := range list {
			want(t, "is a member of the account", a.Member, true)
			out = append(out, a.ID)
		}
		return out
	}
	want(t, "InboxAgents", agents(w.Mine.Account), users)
	want(t, "InboxAgents of another account", len(agents(w.Theirs.Account)), 0)
	w.exec(`DELETE FROM account_users WHERE user_id = $1`, users[2])
	want(t, "who left the account is not shown", agents(w.Mine.Account), users[:2])
	want(t, "removed", change(func(ctx context.Context, tx *store.Tx) ([]store.Place, error) {
		return tx.RemoveInboxMembers(ctx, one, []int64{users[2], w.Mine.User, 999})
	}), []int64{users[2]})
	want(t, "all but one are removed", change(func(ctx context.Context, tx *store.Tx) ([]store.Place, error) {
		return tx.KeepInboxMembers(ctx, one, []int64{users[1], 999})
	}), []int64{users[0]})
	want(t, "all are removed", change(func(ctx context.Context, tx *store.Tx) ([]store.Place, error) {
		return tx.KeepInboxMembers(ctx, one, nil)
	}), []int64{users[1]})
	want(t, "members of the other inbox", w.number(`SELECT COUNT(*) FROM inbox_members WHERE inbox_id = $1`, two), 3)
}

func testAudits(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	mine, theirs := w.Mine.Account, w.Theirs.Account
	changes := json.RawMessage(`{"state":["a","b"]}`)
	whole := store.Audit{
		AccountID: mine, Type: "Inbox", ID: 7, Action: "update", Changes: changes,
		UserID: w.Mine.User, Username: "ana@example.test", RemoteAddress: "203.0.113.9", RequestID: "req-1",
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertAudit(ctx, whole); err != nil {
			return err
		}
		return tx.InsertAudit(ctx, store.Audit{AccountID: theirs, Type: "Inbox", ID: 8, Action: "registration"})
	})
	w.Clock.Advance(time.Second)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertAudits(ctx, []store.Audit{
			{AccountID: mine, Type: "Inbox", ID: 7, Action: "b"},
			{AccountID: mine, Type: "Team", ID: 7, Action: "c"},
			{AccountID: mine, Type: "Inbox", ID: 7, Action: "d"},
		})
	})
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.InsertAudits(ctx, nil) })
	list, err := w.Audits(ctx, mine, 9, 0)
	noErr(t, "Audits", err)
	want(t, "entries", len(list), 4)
	type seen struct {
		Action  string
		Version int64
	}
	var got []seen
	for i, a := range list {
		got = append(got, seen{a.Action, a.Version})
		if a.EntryID == 0 || i > 0 && a.EntryID >= list[i-1].EntryID || a.RequestID == "" {
			t.Errorf("entry %d: %+v", i, a)
		}
	}
	want(t, "newest first, with their versions", got, []seen{{"d", 3}, {"c", 1}, {"b", 2}, {"update", 1}})
	want(t, "an entry of a user", list[3], store.AuditRow{Audit: whole, EntryID: list[3].EntryID, Version: 1, CreatedAt: start.UnixMicro()})
	server := list[0]
	want(t, "an entry of the server", server, store.AuditRow{
		Audit:   store.Audit{AccountID: mine, Type: "Inbox", ID: 7, Action: "d", Changes: json.RawMessage(`{}`), RequestID: server.RequestID},
		EntryID: server.EntryID, Version: 3, CreatedAt: start.Add(time.Second).UnixMicro(),
	})
	page, err := w.Audits(ctx, mine, 2, 1)
	noErr(t, "Audits", err)
	want(t, "a page", page, list[1:3])
	page, err = w.Audits(ctx, mine, 2, 4)
	noErr(t, "Audits", err)
	want(t, "past the end", len(page), 0)
	for account, entries := range map[int64]int64{mine: 4, theirs: 1, 999: 0} {
		n, err := w.CountAudits(ctx, account)
		noErr(t, "CountAudits", err)
		want(t, "CountAudits", n, entries)
	}

	m := w.join(mine, w.user("bo@example.test", "Bo"))
	other := w.join(theirs, m.UserID)
	found, err := w.MembershipsByID(ctx, mine, []int64{m.ID, other.ID, 999})
	noErr(t, "MembershipsByID", err)
	want(t, "MembershipsByID", found, map[int64]store.Membership{m.ID: m})
	inbox, team := w.line(mine, "desk").Inbox, w.team(mine, "sales")
	foreign := w.line(theirs, "far").Inbox
	for table, wanted := range map[string]map[int64]string{
		store.NamesOfInboxes: {inbox: "desk"}, store.NamesOfTeams: {team: "sales"}, "users": {},
	} {
		record := inbox
		if table == store.NamesOfTeams {
			record = team
		}
		names, err := w.Names(ctx, table, mine, []int64{record, foreign + 1000})
		noErr(t, "Names", err)
		want(t, "Names of "+table, names, wanted)
	}
	names, err := w.Names(ctx, store.NamesOfInboxes, mine, []int64{foreign})
	noErr(t, "Names", err)
	want(t, "names of others", names, map[int64]string{})
}

func testWebhookNews(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, other := w.line(w.Mine.Account, "a"), w.line(w.Theirs.Account, "b")
	c := w.chat(l, "S")
	status := func(inbox int64) store.WebhookStatus {
		t.Helper()
		s, err := w.WebhookStatus(ctx, inbox)
		noErr(t, "WebhookStatus", err)
		return s
	}
	note := func(list ...store.WebhookNews) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.NoteWebhooks(ctx, list) })
	}
	empty := func(inbox int64) store.WebhookStatus {
		return store.WebhookStatus{WebhookNews: store.WebhookNews{InboxID: inbox}, Refused: map[string]int64{}}
	}
	want(t, "at first", status(l.Inbox), empty(l.Inbox))
	note()
	note(store.WebhookNews{InboxID: 999, VerifiedAt: 5}, store.WebhookNews{InboxID: l.Inbox, VerifiedAt: 5})
	wanted := empty(l.Inbox)
	wanted.VerifiedAt = 5
	want(t, "verified", status(l.Inbox), wanted)
	note(store.WebhookNews{InboxID: l.Inbox, VerifiedAt: 9, FirstEventAt: 10, LastEventAt: 20, ConversationID: c.Conversation, AnnouncedAt: 30})
	wanted.FirstEventAt, wanted.LastEventAt, wanted.ConversationID, wanted.DisplayID, wanted.AnnouncedAt = 10, 20, c.Conversation, c.Display, 30
	want(t, "the first event", status(l.Inbox), wanted)
	note(store.WebhookNews{InboxID: l.Inbox, FirstEventAt: 12, LastEventAt: 19, AnnouncedAt: 29})
	want(t, "older news", status(l.Inbox), wanted)
	note(store.WebhookNews{InboxID: l.Inbox, FirstEventAt: 12, LastEventAt: 40, AnnouncedAt: 41})
	wanted.LastEventAt, wanted.AnnouncedAt = 40, 41
	want(t, "a later event", status(l.Inbox), wanted)
	note(store.WebhookNews{InboxID: other.Inbox, VerifiedAt: 1})
	locked := in(w, func(ctx context.Context, tx *store.Tx) (map[int64]store.WebhookNews, error) {
		return tx.LockWebhooks(ctx, []int64{l.Inbox, other.Inbox, 999})
	})
	want(t, "LockWebhooks", locked, map[int64]store.WebhookNews{l.Inbox: wanted.WebhookNews, other.Inbox: {InboxID: other.Inbox, VerifiedAt: 1}})
	w.exec(`DELETE FROM conversations WHERE id = $1`, c.Conversation)
	wanted.ConversationID, wanted.DisplayID = 0, 0
	want(t, "the conversation is gone", status(l.Inbox), wanted)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteInbox(ctx, l.Inbox)
		return err
	})
	want(t, "the inbox is gone", status(l.Inbox), empty(l.Inbox))
}

func testRefusals(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b := w.line(w.Mine.Account, "a").Inbox, w.line(w.Mine.Account, "b").Inbox
	refuse := func(list ...store.Refusals) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.CountRefusals(ctx, list) })
	}
	refused := func(inbox int64) map[string]int64 {
		t.Helper()
		s, err := w.WebhookStatus(ctx, inbox)
		noErr(t, "WebhookStatus", err)
		return s.Refused
	}
	refuse()
	refuse(store.Refusals{InboxID: a, Cause: "bad", Count: 2}, store.Refusals{InboxID: a, Cause: "format", Count: 1}, store.Refusals{InboxID: 999, Cause: "bad", Count: 9})
	refuse(store.Refusals{InboxID: b, Cause: "bad", Count: 4}, store.Refusals{InboxID: a, Cause: "bad", Count: 3})
	w.Clock.Advance(time.Hour)
	refuse(store.Refusals{InboxID: a, Cause: "bad", Count: 10})
	want(t, "of a", refused(a), map[string]int64{"bad": 15, "format": 1})
	want(t, "of b", refused(b), map[string]int64{"bad": 4})
	want(t, "rows", w.number(`SELECT COUNT(*) FROM inbox_webhook_refusals`), 4)
	w.Clock.Advance(23*time.Hour - time.Minute)
	want(t, "within a day", refused(a), map[string]int64{"bad": 15, "format": 1})
	w.Clock.Advance(12 * time.Minute)
	want(t, "after a day", refused(a), map[string]int64{"bad": 10})
	want(t, "of b after a day", refused(b), map[string]int64{})
	n, err := w.PruneRefusals(ctx)
	noErr(t, "PruneRefusals", err)
	want(t, "pruned", n, 3)
	want(t, "after it", refused(a), map[string]int64{"bad": 10})
	n, err = w.PruneRefusals(ctx)
	noErr(t, "PruneRefusals", err)
	want(t, "pruned again", n, 0)
}
