package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"tributary/store"
)

func inboxCases() []Case {
	return []Case{
		{"inboxes", []string{"Tx.InsertInbox", "Store.Inbox", "Store.Inboxes", "Tx.CountInboxes"}, testInboxes},
		{"update an inbox", []string{"Tx.UpdateInbox", "Tx.PutWorkingHour"}, testUpdateInbox},
		{"inbox members", []string{"Store.InboxMember", "Store.InboxIDs", "Store.Inboxes"}, testInboxMembers},
		{"delete an inbox", []string{"Store.EmptyInboxChunk", "Tx.LockInbox", "Tx.DeleteInbox"}, testDeleteInbox},
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
	for n, source := range []string{"U1", "U2", "U3"} {
		c := w.chat(l, source)
		m := w.outgoing(c, w.Mine.User, "answer")
		w.deliver(c, m, start)
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertAttachments(ctx, []store.NewAttachment{{AccountID: c.Account, MessageID: m, State: "ready"}})
		})
		for i := range 4 * n { // the last has nine messages
			w.incoming(c, source+itoa(i), "text")
		}
	}
	w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1), ($3, $2, 1)`, l.Inbox, w.Mine.User, stays.Inbox)
	before, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	count := func() [3]int64 {
		t.Helper()
		return [3]int64{
			w.number(`SELECT COUNT(*) FROM messages`), w.number(`SELECT COUNT(*) FROM conversations`), w.number(`SELECT COUNT(*) FROM contact_inboxes`),
		}
	}
	const limit = 4
	for shares := 0; ; shares++ {
		was := count()
		done, err := w.EmptyInboxChunk(ctx, l.Inbox, limit)
		noErr(t, "EmptyInboxChunk", err)
		now := count()
		for i := range now {
			if gone := was[i] - now[i]; gone > limit {
				t.Errorf("a share deletes %d rows of kind %d", gone, i)
			}
		}
		if now == was != done || shares > 20 {
			t.Fatalf("share %d: %v of %v left, done: %v", shares, now, was, done)
		}
		if done {
			break
		}
	}
	want(t, "left of messages, conversations, addresses", count(), [3]int64{1, 1, 1})
	want(t, "the inbox is still there", w.number(`SELECT COUNT(*) FROM inboxes`), 2)

	late := w.chat(l, "U4")
	w.incoming(late, "late", "written meanwhile")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		inbox, err := tx.LockInbox(ctx, l.Inbox)
		if err != nil {
			return err
		}
		want(t, "LockInbox", [2]any{inbox.Name, inbox.ChannelID}, [2]any{"goes", l.Channel})
		members, err := tx.DeleteInbox(ctx, l.Inbox)
		want(t, "members", len(members), 1)
		want(t, "the member", [2]int64{members[0].In, members[0].UserID}, [2]int64{l.Inbox, w.Mine.User})
		return err
	})
	for table, rows := range map[string]int64{
		"inboxes": 1, "channels": 1, "channel_addresses": 1, "contact_inboxes": 1, "messages": 1, "conversations": 1, "inbox_members": 1,
		"attachments": 0, "deliveries": 0, "contacts": 5,
	} {
		want(t, table, w.number(`SELECT COUNT(*) FROM `+table), rows)
	}
	after, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	want(t, "version", after, before+1)
	w.fails("DeleteInbox again", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteInbox(ctx, l.Inbox)
		return err
	})
	w.fails("LockInbox of one that is gone", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.LockInbox(ctx, l.Inbox)
		return err
	})
	done, err := w.EmptyInboxChunk(ctx, l.Inbox, limit)
	noErr(t, "EmptyInboxChunk of one that is gone", err)
	want(t, "done", done, true)
}

// DeleteInboxChunk deletes a share of what an inbox holds and at last the inbox, as the
// desk's job does. done tells that nothing remains.
func (w *World) DeleteInboxChunk(ctx context.Context, inboxID int64, limit int) (done bool, err error) {
	if done, err = w.EmptyInboxChunk(ctx, inboxID, limit); err != nil || !done {
		return false, err
	}
	err = w.Transact(ctx, func(tx *store.Tx) error {
		_, err := tx.DeleteInbox(ctx, inboxID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return true, err
}
