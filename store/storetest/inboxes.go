package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/store"
)

func inboxCases() []Case {
	return []Case{
		{"inboxes", []string{"Tx.InsertInbox", "Store.Inbox", "Store.Inboxes", "Tx.CountInboxes"}, testInboxes},
		{"update an inbox", []string{"Tx.UpdateInbox", "Tx.PutWorkingHour"}, testUpdateInbox},
		{"inbox members", []string{"Store.InboxMember", "Store.InboxIDs", "Store.Inboxes"}, testInboxMembers},
		{"delete an inbox", []string{"Store.DeleteInboxChunk"}, testDeleteInbox},
	}
}

func testInboxes(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b, c := w.line(w.Mine.Account, "a"), w.line(w.Mine.Account, "b"), w.line(w.Theirs.Account, "c")
	row, err := w.Inbox(ctx, w.Mine.Account, a.Inbox)
	noErr(t, "Inbox", err)
	hours := row.WorkingHours
	row.WorkingHours = nil
	wanted := store.DefaultInbox()
	wanted.ID, wanted.AccountID, wanted.ChannelID, wanted.ChannelType, wanted.Name = a.Inbox, a.Account, a.Channel, "Channel::Line", "a"
	wanted.CreatedAt, wanted.UpdatedAt = start.UnixMicro(), start.UnixMicro()
	want(t, "Inbox", row, store.InboxRow{Inbox: wanted})
	var days []store.WorkingHour
	for day := range 7 {
		h := store.WorkingHour{DayOfWeek: day, ClosedAllDay: true}
		if day >= 1 && day <= 5 {
			h = store.WorkingHour{DayOfWeek: day, OpenHour: ptr(9), OpenMinutes: ptr(0), CloseHour: ptr(17), CloseMinutes: ptr(0)}
		}
		days = append(days, h)
	}
	want(t, "opening hours", hours, days)

	_, err = w.Inbox(ctx, w.Mine.Account, c.Inbox)
	wantErr(t, "Inbox of another account", err, store.ErrNotFound)
	_, err = w.Inbox(ctx, w.Mine.Account, 999)
	wantErr(t, "Inbox of no id", err, store.ErrNotFound)

	list, err := w.Inboxes(ctx, w.Mine.Account, 0)
	noErr(t, "Inboxes", err)
	var got []int64
	for _, i := range list {
		got = append(got, i.ID)
		want(t, "days of opening hours", len(i.WorkingHours), 7)
	}
	want(t, "Inboxes", got, []int64{a.Inbox, b.Inbox})
	list, err = w.Inboxes(ctx, 999, 0)
	noErr(t, "Inboxes of no account", err)
	want(t, "Inboxes of no account", len(list), 0)
	count := in(w, func(ctx context.Context, tx *store.Tx) (int, error) { return tx.CountInboxes(ctx, w.Mine.Account) })
	want(t, "CountInboxes", count, 2)
}

func testUpdateInbox(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b := w.line(w.Mine.Account, "a"), w.line(w.Mine.Account, "b")
	before, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	w.Clock.Advance(time.Minute)
	changed := store.Inbox{
		ID: a.Inbox, AccountID: a.Account, ChannelID: a.Channel, ChannelType: "Channel::Line", Name: "ä",
		GreetingEnabled: true, GreetingMessage: ptr("hello"), EnableEmailCollect: false, CSATSurveyEnabled: true, CSATConfig: `{"x":1}`,
		EnableAutoAssignment: false, AutoAssignmentConfig: `{"max":2}`, OutOfOfficeMessage: ptr(""), WorkingHoursEnabled: true,
		Timezone: "Asia/Tokyo", AllowMessagesAfterResolved: false, LockToSingleConversation: true, SenderNameType: 1,
		BusinessName: ptr("Biz"), PortalID: ptr[int64](4), CreatedAt: start.UnixMicro(), UpdatedAt: w.Clock.Now().UnixMicro(),
	}
	noon := store.WorkingHour{DayOfWeek: 0, OpenHour: ptr(12), OpenMinutes: ptr(30), CloseHour: ptr(13), CloseMinutes: ptr(45)}
	open := store.WorkingHour{DayOfWeek: 1, OpenAllDay: true}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		for _, h := range []store.WorkingHour{noon, open} {
			if err := tx.PutWorkingHour(ctx, a.Inbox, h); err != nil {
				return err
			}
		}
		return tx.UpdateInbox(ctx, changed)
	})
	row, err := w.Inbox(ctx, a.Account, a.Inbox)
	noErr(t, "Inbox", err)
	want(t, "Inbox", row.Inbox, changed)
	want(t, "Sunday and Monday", row.WorkingHours[:2], []store.WorkingHour{noon, open})
	other, err := w.Inbox(ctx, b.Account, b.Inbox)
	noErr(t, "Inbox", err)
	want(t, "name of the other inbox", other.Name, "b")
	want(t, "Sunday of the other inbox", other.WorkingHours[0].ClosedAllDay, true)
	after, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	want(t, "version", after, before+1)
}

func testInboxMembers(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b, c := w.line(w.Mine.Account, "a"), w.line(w.Mine.Account, "b"), w.line(w.Theirs.Account, "c")
	for _, l := range []Line{b, c} {
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, l.Inbox, w.Mine.User)
	}
	for _, x := range []struct {
		inbox, user int64
		want        bool
	}{{b.Inbox, w.Mine.User, true}, {a.Inbox, w.Mine.User, false}, {b.Inbox, w.Theirs.User, false}, {999, 999, false}} {
		member, err := w.InboxMember(ctx, x.inbox, x.user)
		noErr(t, "InboxMember", err)
		want(t, "InboxMember", member, x.want)
	}
	for _, x := range []struct {
		account int64
		want    []int64
	}{{w.Mine.Account, []int64{b.Inbox}}, {w.Theirs.Account, []int64{c.Inbox}}, {999, nil}} {
		ids, err := w.InboxIDs(ctx, x.account, w.Mine.User)
		noErr(t, "InboxIDs", err)
		want(t, "InboxIDs", ids, x.want)
		list, err := w.Inboxes(ctx, x.account, w.Mine.User)
		noErr(t, "Inboxes of a member", err)
		var got []int64
		for _, i := range list {
			got = append(got, i.ID)
		}
		want(t, "Inboxes of a member", got, x.want)
	}
}

func testDeleteInbox(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, stays := w.line(w.Mine.Account, "goes"), w.line(w.Mine.Account, "stays")
	kept := w.chat(stays, "K")
	w.incoming(kept, "k", "kept")
	for _, source := range []string{"U1", "U2", "U3"} {
		c := w.chat(l, source)
		w.incoming(c, source, "text")
		m := w.outgoing(c, w.Mine.User, "answer")
		w.deliver(c, m, start)
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertAttachments(ctx, []store.NewAttachment{{AccountID: c.Account, MessageID: m, State: "ready"}})
		})
	}
	before, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	for i, x := range []struct {
		done bool
		left int64
	}{{false, 2}, {false, 1}, {true, 1}, {true, 1}} {
		done, err := w.DeleteInboxChunk(ctx, l.Inbox, 2)
		noErr(t, "DeleteInboxChunk", err)
		want(t, "done", done, x.done)
		if got := w.number(`SELECT COUNT(*) FROM conversations`); got != x.left {
			t.Errorf("conversations after chunk %d: %d, want %d", i, got, x.left)
		}
	}
	for table, rows := range map[string]int64{
		"inboxes": 1, "channels": 1, "channel_addresses": 1, "contact_inboxes": 1, "messages": 1,
		"attachments": 0, "deliveries": 0, "contacts": 4,
	} {
		want(t, table, w.number(`SELECT COUNT(*) FROM `+table), rows)
	}
	after, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	want(t, "version", after, before+1)
}
