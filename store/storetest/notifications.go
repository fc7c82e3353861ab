package storetest

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func notificationCases() []Case {
	return []Case{
		{"notifications", []string{
			"Store.Notifications", "Store.CountNotifications", "Store.Notification", "Tx.LockNotification", "Tx.UpdateNotification",
			"Tx.DeleteNotification", "Store.ReadNotifications", "Tx.DeleteNotifications", "Tx.LastNotification", "Store.HasConversation",
		}, testNotifications},
		{"notifications that come back or go", []string{"Tx.ReopenNotifications", "Tx.ExpireNotifications"}, testTendedNotifications},
		{"who is notified", []string{
			"Store.NotifiedMessages", "Store.NotifiedConversations", "Store.Followers", "Store.MentionedUsers",
		}, testNotified},
		{"new notifications", []string{
			"Tx.LockNotified", "Tx.InsertNotifications", "Tx.InsertCreationNotifications", "Tx.DropOlderNotifications", "Tx.TakeJob",
		}, testNewNotifications},
		{"what notifications are about", []string{"Store.ThreadViews", "Store.QuotedMessages"}, testNotificationSubjects},
	}
}

// noticed stores a notification.
func (w *World) noticed(c Chat, user int64, kind chat.NotificationType, at time.Time) store.NotificationRow {
	w.t.Helper()
	us := at.UnixMicro()
	w.exec(`INSERT INTO notifications (account_id, user_id, notification_type, conversation_id, last_activity_at, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $5, $5)`, c.Account, user, int(kind), c.Conversation, us)
	id := w.number(`SELECT MAX(id) FROM notifications`)
	return store.NotificationRow{
		ID: id, AccountID: c.Account, UserID: user, Type: int(kind), ConversationID: c.Conversation, LastActivityAt: us, CreatedAt: us, UpdatedAt: us,
	}
}

func notificationIDs(list []store.NotificationRow) []int64 {
	out := []int64{}
	for _, n := range list {
		out = append(out, n.ID)
	}
	return out
}

func testNotifications(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c, d := w.chat(w.line(w.Mine.Account, "l"), "a"), w.chat(w.line(w.Theirs.Account, "k"), "b")
	other := w.user("u@example.test", "U")
	waiting := w.noticed(c, w.Mine.User, chat.NotifyAssignment, start)
	newer := w.noticed(c, w.Mine.User, chat.NotifyMention, start.Add(time.Second))
	read := w.noticed(c, w.Mine.User, chat.NotifyMention, start.Add(2*time.Second))
	snoozed := w.noticed(c, w.Mine.User, chat.NotifyMention, start.Add(3*time.Second))
	elsewhere := w.noticed(d, w.Mine.User, chat.NotifyMention, start)
	others := w.noticed(c, other, chat.NotifyMention, start)
	w.exec(`UPDATE notifications SET read_at = 5 WHERE id = $1`, read.ID)
	w.exec(`UPDATE notifications SET snoozed_until = 6, secondary_actor_type = 'User', secondary_actor_id = 9 WHERE id = $1`, snoozed.ID)
	f := store.NotificationFilter{UserID: w.Mine.User, AccountID: w.Mine.Account}
	for _, x := range []struct {
		read, snoozed, ascending bool
		limit, offset            int
		list                     []int64
		all, unread              int64
	}{
		{false, false, false, 10, 0, []int64{newer.ID, waiting.ID}, 2, 2},
		{false, false, true, 10, 0, []int64{waiting.ID, newer.ID}, 2, 2},
		{false, false, false, 1, 1, []int64{waiting.ID}, 2, 2},
		{true, false, false, 10, 0, []int64{read.ID, newer.ID, waiting.ID}, 3, 2},
		{false, true, false, 10, 0, []int64{snoozed.ID, newer.ID, waiting.ID}, 3, 3},
		{true, true, false, 10, 0, []int64{snoozed.ID, read.ID, newer.ID, waiting.ID}, 4, 3},
	} {
		f.Read, f.Snoozed = x.read, x.snoozed
		list, err := w.Notifications(ctx, f, x.ascending, x.limit, x.offset)
		noErr(t, "Notifications", err)
		want(t, "Notifications", notificationIDs(list), x.list)
		all, unread, err := w.CountNotifications(ctx, f)
		noErr(t, "CountNotifications", err)
		want(t, "counts", []int64{all, unread}, []int64{x.all, x.unread})
	}
	got, err := w.Notification(ctx, snoozed.ID)
	noErr(t, "Notification", err)
	snoozed.SnoozedUntil, snoozed.ActorType, snoozed.ActorID = ptr(int64(6)), ptr("User"), ptr(int64(9))
	want(t, "Notification", got, snoozed)
	_, err = w.Notification(ctx, 999)
	wantErr(t, "Notification", err, store.ErrNotFound)

	w.Clock.Advance(time.Minute)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.LockNotification(ctx, w.Mine.User, waiting.ID)
		if err != nil {
			return err
		}
		want(t, "LockNotification", n, waiting)
		n.ReadAt, n.SnoozedUntil, n.LastSnoozedAt = ptr(int64(1)), ptr(int64(2)), ptr(int64(3))
		after, err := tx.UpdateNotification(ctx, n)
		n.UpdatedAt = tx.Now.UnixMicro()
		want(t, "UpdateNotification", after, n)
		return err
	})
	w.fails("another user's", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.LockNotification(ctx, other, waiting.ID)
		return err
	})
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteNotification(ctx, waiting.ID) })
	_, err = w.Notification(ctx, waiting.ID)
	wantErr(t, "deleted", err, store.ErrNotFound)

	unread := func() int64 { return w.number(`SELECT COUNT(*) FROM notifications WHERE read_at IS NULL`) }
	noErr(t, "ReadNotifications", w.ReadNotifications(ctx, w.Mine.User, w.Mine.Account, 999))
	want(t, "of another conversation", unread(), 4)
	noErr(t, "ReadNotifications", w.ReadNotifications(ctx, w.Mine.User, w.Mine.Account, c.Conversation))
	want(t, "of the conversation", unread(), 2)
	want(t, "read before", w.number(`SELECT read_at FROM notifications WHERE id = $1`, read.ID), 5)
	w.exec(`UPDATE notifications SET read_at = NULL WHERE id <> $1`, read.ID)
	noErr(t, "ReadNotifications", w.ReadNotifications(ctx, w.Mine.User, w.Mine.Account, 0))
	want(t, "of the account", unread(), 2)

	for _, x := range []struct {
		account, id int64
		has         bool
	}{{c.Account, c.Conversation, true}, {d.Account, c.Conversation, false}, {c.Account, 999, false}} {
		has, err := w.HasConversation(ctx, x.account, x.id)
		noErr(t, "HasConversation", err)
		want(t, "HasConversation", has, x.has)
	}

	w.do(func(ctx context.Context, tx *store.Tx) error {
		last, err := tx.LastNotification(ctx)
		want(t, "LastNotification", last, others.ID)
		return err
	})
	w.exec(`UPDATE notifications SET read_at = NULL WHERE id = $1`, newer.ID)
	drop := func(upTo int64, onlyRead bool, limit int) []int64 {
		t.Helper()
		gone := notificationIDs(in(w, func(ctx context.Context, tx *store.Tx) ([]store.NotificationRow, error) {
			return tx.DeleteNotifications(ctx, w.Mine.User, upTo, onlyRead, limit)
		}))
		slices.Sort(gone)
		return gone
	}
	want(t, "a share", len(drop(elsewhere.ID, true, 1)), 1)
	want(t, "read ones before", len(drop(elsewhere.ID-1, true, 10)), 1)
	want(t, "all", drop(elsewhere.ID, false, 10), []int64{newer.ID, elsewhere.ID})
	_, err = w.Notification(ctx, others.ID)
	noErr(t, "of others", err)
}

func testTendedNotifications(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "a")
	due, soon, later := w.noticed(c, w.Mine.User, 1, start), w.noticed(c, w.Mine.User, 1, start), w.noticed(c, w.Mine.User, 1, start)
	for i, n := range []store.NotificationRow{due, soon, later} {
		w.exec(`UPDATE notifications SET read_at = 1, snoozed_until = $2 WHERE id = $1`, n.ID, start.Add(time.Duration(i)*time.Hour).UnixMicro())
	}
	w.Clock.Advance(time.Hour)
	reopen := func() []store.NotificationRow {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) ([]store.NotificationRow, error) {
			return tx.ReopenNotifications(ctx, 1)
		})
	}
	due.LastSnoozedAt = ptr(start.UnixMicro())
	due.LastActivityAt, due.UpdatedAt = w.Clock.Now().UnixMicro(), w.Clock.Now().UnixMicro()
	want(t, "the first that is due", reopen(), []store.NotificationRow{due})
	want(t, "the second", notificationIDs(reopen()), []int64{soon.ID})
	want(t, "no more", len(reopen()), 0)

	old, older := w.noticed(c, w.Mine.User, 1, start.Add(-time.Hour)), w.noticed(c, w.Mine.User, 1, start.Add(-2*time.Hour))
	expire := func() []int64 {
		t.Helper()
		return notificationIDs(in(w, func(ctx context.Context, tx *store.Tx) ([]store.NotificationRow, error) {
			return tx.ExpireNotifications(ctx, start, 1)
		}))
	}
	want(t, "the oldest", expire(), []int64{older.ID})
	want(t, "the next", expire(), []int64{old.ID})
	want(t, "no more", expire(), []int64{})
}

func testNotified(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c, d := w.chat(l, "a"), w.chat(l, "b")
	incoming, outgoing := w.incoming(c, "k", "from the contact"), w.outgoing(c, w.Mine.User, "from us")
	note := w.outgoing(d, w.Mine.User, "a note")
	w.exec(`UPDATE messages SET private = TRUE WHERE id = $1`, note)
	w.exec(`UPDATE contacts SET blocked = TRUE WHERE id = $1`, d.Contact)
	list, err := w.NotifiedMessages(ctx, []int64{note, 999, outgoing, incoming})
	noErr(t, "NotifiedMessages", err)
	want(t, "NotifiedMessages", list, []store.NotifiedMessage{
		{ID: incoming, AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation, Type: 0},
		{ID: outgoing, AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation, Type: 1, SenderID: w.Mine.User},
		{ID: note, AccountID: c.Account, InboxID: c.Inbox, ConversationID: d.Conversation, Type: 1, SenderID: w.Mine.User, Private: true, Note: "a note", Blocked: true},
	})

	agent := w.user("u@example.test", "U")
	w.join(w.Mine.Account, agent)
	w.exec(`UPDATE conversations SET assignee_id = $1, status = 3 WHERE id = $2`, agent, c.Conversation)
	w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, l.Inbox, agent)
	conversations := func(awaited bool) {
		t.Helper()
		list, err := w.NotifiedConversations(ctx, []int64{d.Conversation, c.Conversation, 999})
		noErr(t, "NotifiedConversations", err)
		want(t, "NotifiedConversations", list, []store.NotifiedConversation{
			{ID: c.Conversation, AccountID: c.Account, Status: 3, AssigneeID: agent, Awaited: awaited},
			{ID: d.Conversation, AccountID: d.Account, Blocked: true, Awaited: awaited},
		})
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		// The administrator wants to hear of new conversations, and is in no inbox.
		if err := tx.PutNotificationSettings(ctx, store.NotificationSettings{AccountID: w.Mine.Account, UserID: w.Mine.User, PushFlags: 1}); err != nil {
			return err
		}
		return tx.PutNotificationSettings(ctx, store.NotificationSettings{AccountID: w.Mine.Account, UserID: agent, EmailFlags: 254, PushFlags: 254})
	})
	conversations(false)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutNotificationSettings(ctx, store.NotificationSettings{AccountID: w.Mine.Account, UserID: agent, EmailFlags: 1})
	})
	conversations(true)

	followers, err := w.Followers(ctx, []int64{c.Conversation, d.Conversation, 999})
	noErr(t, "Followers", err)
	want(t, "Followers", followers, []store.Follower{{ConversationID: c.Conversation, UserID: agent, Assigned: true}})

	outsider := w.user("o@example.test", "O")
	w.join(w.Mine.Account, outsider)
	team, theirs := w.team(w.Mine.Account, "team"), w.team(w.Theirs.Account, "team")
	w.inTeam(team, agent, outsider, w.Mine.User, w.Theirs.User)
	w.inTeam(theirs, agent)
	mention := func(message int64, isTeam bool, id int64) store.Mention {
		return store.Mention{MessageID: message, AccountID: w.Mine.Account, InboxID: l.Inbox, Team: isTeam, ID: id}
	}
	named, err := w.MentionedUsers(ctx, []store.Mention{
		mention(1, false, agent), mention(1, false, agent), mention(2, false, w.Mine.User), mention(2, false, outsider), mention(2, false, w.Theirs.User),
		mention(3, true, team), mention(4, true, theirs), mention(5, false, 999), mention(5, true, 999),
	})
	noErr(t, "MentionedUsers", err)
	want(t, "MentionedUsers", named, []store.Mentioned{
		{MessageID: 1, UserID: agent}, {MessageID: 2, UserID: w.Mine.User}, {MessageID: 3, UserID: w.Mine.User}, {MessageID: 3, UserID: agent},
	})
	none, err := w.MentionedUsers(ctx, nil)
	noErr(t, "MentionedUsers", err)
	want(t, "of nobody", len(none), 0)
}

func testNewNotifications(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c, d := w.chat(l, "a"), w.chat(l, "b")
	agent := w.user("u@example.test", "U")
	w.join(w.Mine.Account, agent)
	settings := func(user, email, push int64) {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutNotificationSettings(ctx, store.NotificationSettings{AccountID: w.Mine.Account, UserID: user, EmailFlags: email, PushFlags: push})
		})
	}
	settings(agent, 4, 0)
	settings(w.Mine.User, 2, 1+4)
	first := w.noticed(c, agent, chat.NotifyCreation, start)
	insert := func(list ...store.NewNotification) (made []store.MadeNotification, older []int64) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error {
			if err := tx.LockNotified(ctx, []int64{c.Conversation, d.Conversation}); err != nil {
				return err
			}
			var err error
			if made, err = tx.InsertNotifications(ctx, list); err != nil {
				return err
			}
			gone, err := tx.DropOlderNotifications(ctx, made)
			older = notificationIDs(gone)
			return err
		})
		slices.SortFunc(made, func(a, b store.MadeNotification) int { return int(a.ID - b.ID) })
		return made, older
	}
	message := func(user int64, c Chat, id int64) store.NewNotification {
		return store.NewNotification{UserID: user, Type: int(chat.NotifyAssignedMessage), ConversationID: c.Conversation, ActorType: "Message", ActorID: id}
	}
	made, older := insert(message(agent, c, 7), message(w.Mine.User, c, 7), message(w.Theirs.User, c, 7), message(999, c, 7),
		message(agent, Chat{Conversation: 999}, 7), store.NewNotification{UserID: agent, Type: int(chat.NotifyAssignment), ConversationID: d.Conversation})
	us := w.Clock.Now().UnixMicro()
	row := func(i int, user int64, c Chat, kind chat.NotificationType) store.NotificationRow {
		return store.NotificationRow{
			ID: made[i].ID, AccountID: w.Mine.Account, UserID: user, Type: int(kind), ConversationID: c.Conversation,
			LastActivityAt: us, CreatedAt: us, UpdatedAt: us,
		}
	}
	if len(made) != 3 {
		t.Fatalf("%d were made: %s", len(made), show(made))
	}
	a, b := row(0, agent, c, chat.NotifyAssignedMessage), row(1, w.Mine.User, c, chat.NotifyAssignedMessage)
	a.ActorType, a.ActorID, b.ActorType, b.ActorID = ptr("Message"), ptr(int64(7)), ptr("Message"), ptr(int64(7))
	want(t, "made", made, []store.MadeNotification{
		{NotificationRow: a, Email: true}, {NotificationRow: b, Push: true}, {NotificationRow: row(2, agent, d, chat.NotifyAssignment)},
	})
	want(t, "older ones go", older, []int64{first.ID})
	made, older = insert(message(agent, c, 7), message(agent, c, 6))
	want(t, "told of it, or of a later one", len(made)+len(older), 0)
	made, older = insert(message(agent, c, 8), message(w.Mine.User, d, 3))
	want(t, "later ones", len(made)*10+len(older), 21)
	made, older = insert()
	want(t, "nothing", len(made)+len(older), 0)

	// Of a new conversation.
	w.exec(`DELETE FROM notifications`)
	var members []int64
	for i := range 5 {
		members = append(members, w.user("m"+itoa(i)+"@example.test", "M"))
		w.join(w.Mine.Account, members[i])
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, l.Inbox, members[i])
		settings(members[i], 1, 0)
	}
	settings(members[2], 0, 254)
	settings(members[3], 0, 1)
	w.exec(`DELETE FROM account_users WHERE user_id = $1`, members[4])
	create := func(after int64, limit int) (users []int64) {
		t.Helper()
		list := in(w, func(ctx context.Context, tx *store.Tx) ([]store.MadeNotification, error) {
			return tx.InsertCreationNotifications(ctx, store.NewNotification{
				Type: int(chat.NotifyCreation), ConversationID: c.Conversation, ActorType: "User", ActorID: 4,
			}, chat.Pending.Code(), after, limit)
		})
		for _, n := range list {
			users = append(users, n.UserID)
			want(t, "wishes of "+itoa(n.UserID), []bool{n.Email, n.Push}, []bool{n.UserID != members[3], n.UserID == members[3]})
			want(t, "the actor", *n.ActorType+itoa(*n.ActorID), "User4")
		}
		slices.Sort(users)
		return users
	}
	want(t, "the first share", create(0, 2), members[:2])
	want(t, "the second", create(members[1], 2), members[3:4])
	w.exec(`UPDATE conversations SET status = $1`, chat.Pending.Code())
	want(t, "of one that a bot keeps", len(create(0, 9)), 0)
	w.exec(`UPDATE conversations SET status = 0`)
	w.exec(`UPDATE contacts SET blocked = TRUE`)
	want(t, "of a blocked contact's", len(create(0, 9)), 0)

	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.InsertJob(ctx, store.Job{Kind: "k"}) })
	jobs, err := w.ClaimJobs(ctx, store.LaneDeferred, "o", time.Minute, 1)
	noErr(t, "ClaimJobs", err)
	for _, first := range []bool{true, false} {
		taken := in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.TakeJob(ctx, jobs[0].ID) })
		want(t, "TakeJob", taken, first)
	}
	noErr(t, "FinishJob of one that was taken", w.FinishJob(ctx, jobs[0].ID))
}

func testNotificationSubjects(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c, d, empty := w.chat(l, "a"), w.chat(l, "b"), w.chat(l, "c")
	theirs := w.chat(w.line(w.Theirs.Account, "k"), "z")
	w.exec(`UPDATE conversations SET assignee_id = $1 WHERE id = $2`, w.Mine.User, d.Conversation)
	w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, 'y'), ($1, $2, 'x')`, c.Conversation, c.Account)
	first, latest := w.incoming(c, "1", "first"), w.incoming(c, "2", "second")
	reply := w.outgoing(c, w.Mine.User, "reply")
	only := w.outgoing(d, w.Mine.User, "only")
	note := w.outgoing(d, w.Mine.User, "note")
	w.exec(`UPDATE messages SET private = TRUE WHERE id = $1`, note)

	all := []int64{c.Conversation, d.Conversation, empty.Conversation}
	views, err := w.ThreadViews(ctx, w.Mine.Account, append(slices.Clone(all), theirs.Conversation, 999))
	noErr(t, "ThreadViews", err)
	want(t, "how many", len(views), len(all))
	for _, id := range all {
		one, err := w.ThreadView(ctx, id)
		noErr(t, "ThreadView", err)
		want(t, "ThreadViews of "+strconv.FormatInt(id, 10), views[id], one)
	}
	want(t, "labels", views[c.Conversation].Labels, []string{"x", "y"})
	want(t, "the last that is no note", []int64{views[c.Conversation].Last.ID, views[d.Conversation].Last.ID}, []int64{reply, only})
	if views[empty.Conversation].Last != nil || len(views[d.Conversation].Agents) != 1 {
		t.Errorf("threads %s", show(views))
	}
	views, err = w.ThreadViews(ctx, w.Mine.Account, nil)
	noErr(t, "ThreadViews", err)
	want(t, "of none", len(views), 0)

	for _, x := range []struct {
		which int
		want  map[int64]int64
	}{
		{store.QuoteFirst, map[int64]int64{c.Conversation: first, d.Conversation: only}},
		{store.QuoteLatest, map[int64]int64{c.Conversation: latest, d.Conversation: note}},
	} {
		quotes, err := w.QuotedMessages(ctx, w.Mine.Account, map[int64]int{
			c.Conversation: x.which, d.Conversation: x.which, empty.Conversation: x.which, theirs.Conversation: x.which,
		})
		noErr(t, "QuotedMessages", err)
		got := map[int64]int64{}
		for id, m := range quotes {
			got[id] = m.ID
		}
		want(t, "QuotedMessages", got, x.want)
	}
	quotes, err := w.QuotedMessages(ctx, w.Mine.Account, nil)
	noErr(t, "QuotedMessages", err)
	want(t, "of none", len(quotes), 0)
}
