package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/store"
)

func editCases() []Case {
	return []Case{
		{"update a conversation", []string{"Tx.UpdateConversation"}, testUpdateConversation},
		{"labels of a conversation", []string{"Tx.ConversationLabels", "Tx.ChangeConversationLabels"}, testChangeLabels},
		{"block a contact", []string{"Tx.BlockContact"}, testBlockContact},
		{"assignees", []string{"Tx.Assignee", "Tx.TeamHas", "Tx.HoldTeam"}, testAssignee},
		{"participants", []string{"Tx.AddParticipants"}, testAddParticipants},
	}
}

// row reads a conversation as an edit gets it.
func (w *World) row(c Chat) store.ConversationRow {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (store.ConversationRow, error) {
		return tx.ConversationByID(ctx, c.Conversation)
	})
}

func testUpdateConversation(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	other := w.row(b)
	row := w.row(a)
	row.Status, row.Priority, row.AssigneeID, row.TeamID = 3, ptr(2), &w.Mine.User, ptr[int64](8)
	row.SnoozedUntil, row.FirstReplyAt, row.WaitingSince = ptr[int64](11), ptr[int64](12), ptr[int64](13)
	row.Attributes, row.CustomAttributes, row.LastActivityAt, row.UpdatedAt = `{"a":1}`, `{"b":2}`, 14, 15
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateConversation(ctx, row) })
	want(t, "changed", w.row(a), row)
	want(t, "the other", w.row(b), other)
	row.Status, row.Priority, row.AssigneeID, row.TeamID, row.SnoozedUntil, row.FirstReplyAt, row.WaitingSince = 0, nil, nil, nil, nil, nil, nil
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateConversation(ctx, row) })
	want(t, "emptied", w.row(a), row)
}

func testChangeLabels(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	change := func(c Chat, add, remove []string) {
		t.Helper()
		row := w.row(c)
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.ChangeConversationLabels(ctx, row, add, remove)
		})
	}
	labels := func(c Chat) []string {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) ([]string, error) {
			return tx.ConversationLabels(ctx, c.Conversation)
		})
	}
	change(a, []string{"b", "a", "ü"}, nil)
	change(b, []string{"a"}, nil)
	want(t, "added", labels(a), []string{"a", "b", "ü"})
	change(a, []string{"a", "c"}, []string{"b", "never"})
	want(t, "changed", labels(a), []string{"a", "c", "ü"})
	change(a, nil, nil)
	want(t, "the other's", labels(b), []string{"a"})
	want(t, "account", w.number(`SELECT COUNT(*) FROM conversation_labels WHERE account_id = $1`, w.Mine.Account), 4)
}

func testBlockContact(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	w.Clock.Advance(time.Second)
	for _, blocked := range []bool{true, false, true} {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.BlockContact(ctx, a.Contact, blocked) })
		want(t, "blocked", w.row(a).ContactBlocked, blocked)
	}
	want(t, "the other", w.row(b).ContactBlocked, false)
	want(t, "updated", w.number(`SELECT updated_at FROM contacts WHERE id = $1`, a.Contact), w.Clock.Now().UnixMicro())
}

func testAssignee(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	member, agent := w.user("m@example.com", "Mia"), w.user("a@example.com", "Ana")
	w.join(w.Mine.Account, member)
	w.join(w.Mine.Account, agent)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddInboxMembers(ctx, l.Inbox, []int64{member})
		return err
	})
	team, theirs := w.team(w.Mine.Account, "help"), w.team(w.Theirs.Account, "help")
	w.inTeam(team, member)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		for user, wanted := range map[int64]store.Assignee{
			w.Mine.User: {ID: w.Mine.User, Name: w.text(`SELECT name FROM users WHERE id = $1`, w.Mine.User), Inbox: true},
			member:      {ID: member, Name: "Mia", Inbox: true},
			agent:       {ID: agent, Name: "Ana"},
		} {
			a, err := tx.Assignee(ctx, w.Mine.Account, l.Inbox, user)
			if err != nil {
				return err
			}
			want(t, "assignee", a, wanted)
			has, err := tx.TeamHas(ctx, team, user)
			if err != nil {
				return err
			}
			want(t, "in the team", has, user == member)
		}
		held, err := tx.HoldTeam(ctx, w.Mine.Account, team)
		want(t, "team", held.Name, "help")
		return err
	})
	w.fails("a user of others", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Assignee(ctx, w.Mine.Account, l.Inbox, w.Theirs.User)
		return err
	})
	w.fails("a team of others", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.HoldTeam(ctx, w.Mine.Account, theirs)
		return err
	})
}

func testAddParticipants(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c := w.chat(l, "A")
	member, agent := w.user("m@example.com", "Mia"), w.user("a@example.com", "Ana")
	w.join(w.Mine.Account, member)
	w.join(w.Mine.Account, agent)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddInboxMembers(ctx, l.Inbox, []int64{member})
		return err
	})
	row := w.row(c)
	add := func(users ...int64) []int64 {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.AddParticipants(ctx, row, users) })
	}
	want(t, "nobody", add(), nil)
	want(t, "those who see the inbox", add(member, agent, w.Theirs.User, w.Mine.User, 999, member), []int64{w.Mine.User, member})
	want(t, "again", add(member), nil)
	want(t, "rows", w.number(`SELECT COUNT(*) FROM conversation_participants WHERE conversation_id = $1 AND account_id = $2`, c.Conversation, c.Account), 2)
}
