package storetest

import (
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func liveCases() []Case {
	return []Case{
		{"who may listen", []string{"Store.LiveMemberTokens", "Store.LiveSessionOf", "Store.LiveSessions", "Store.VerifiedSessions"}, testListeners},
		{"who hears of inboxes", []string{"Store.InboxAudience", "Store.AvailableMembers"}, testAudiences},
		{"owners of notifications", []string{"Store.NotificationsByID", "Store.NotificationOwners"}, testNotificationOwners},
		{"bots where they work", []string{"Store.BotsInInboxes"}, testBotsInInboxes},
	}
}

func testListeners(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	mine, theirs := store.LiveMember{AccountID: w.Mine.Account, UserID: w.Mine.User}, store.LiveMember{AccountID: w.Theirs.Account, UserID: w.Theirs.User}
	stranger := store.LiveMember{AccountID: w.Mine.Account, UserID: w.Theirs.User}
	token := func(user int64) string { return w.text(`SELECT pubsub_token FROM users WHERE id = $1`, user) }
	tokens, err := w.LiveMemberTokens(ctx, []store.LiveMember{mine, stranger, theirs})
	noErr(t, "LiveMemberTokens", err)
	want(t, "tokens of members", tokens, map[store.LiveMember]string{mine: token(w.Mine.User), theirs: token(w.Theirs.User)})
	tokens, err = w.LiveMemberTokens(ctx, nil)
	noErr(t, "LiveMemberTokens of nobody", err)
	want(t, "tokens of nobody", len(tokens), 0)

	a, b := w.chat(w.line(w.Mine.Account, "a"), "A"), w.chat(w.line(w.Theirs.Account, "b"), "B")
	session := func(c Chat) store.LiveSession {
		return store.LiveSession{
			ID: c.ContactInbox, ContactID: c.Contact, AccountID: c.Account,
			Token: w.text(`SELECT pubsub_token FROM contact_inboxes WHERE id = $1`, c.ContactInbox),
		}
	}
	got, err := w.LiveSessionOf(ctx, session(a).Token)
	noErr(t, "LiveSessionOf", err)
	want(t, "a session by its token", got, session(a))
	for _, none := range []string{"", "x", token(w.Mine.User)} {
		_, err = w.LiveSessionOf(ctx, none)
		wantErr(t, "LiveSessionOf another token", err, store.ErrNotFound)
	}
	list, err := w.LiveSessions(ctx, []int64{a.ContactInbox, b.ContactInbox, 999})
	noErr(t, "LiveSessions", err)
	want(t, "sessions", list, map[int64]store.LiveSession{a.ContactInbox: session(a), b.ContactInbox: session(b)})
	list, err = w.LiveSessions(ctx, nil)
	noErr(t, "LiveSessions of none", err)
	want(t, "no sessions", len(list), 0)

	w.exec(`UPDATE contact_inboxes SET hmac_verified = TRUE WHERE id = $1`, b.ContactInbox)
	proven, err := w.VerifiedSessions(ctx, []int64{a.Contact, b.Contact})
	noErr(t, "VerifiedSessions", err)
	want(t, "proven sessions", proven, map[int64][]int64{b.Contact: {b.ContactInbox}})
	proven, err = w.VerifiedSessions(ctx, nil)
	noErr(t, "VerifiedSessions of nobody", err)
	want(t, "no proven sessions", len(proven), 0)
}

func testAudiences(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b, theirs := w.line(w.Mine.Account, "a"), w.line(w.Mine.Account, "b"), w.line(w.Theirs.Account, "c")
	agent, other := w.user("agent@example.test", "Agent"), w.user("other@example.test", "Other")
	w.join(w.Mine.Account, agent)
	w.join(w.Mine.Account, other)
	member := func(l Line, user int64) {
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, l.Inbox, user)
	}
	member(a, agent)
	member(a, other)
	member(b, other)
	member(b, w.Theirs.User) // not of the account any more
	member(theirs, agent)
	members, admins, err := w.InboxAudience(ctx, w.Mine.Account, []int64{a.Inbox, b.Inbox})
	noErr(t, "InboxAudience", err)
	want(t, "administrators", admins, []int64{w.Mine.User})
	want(t, "members", members, map[int64][]int64{a.Inbox: {agent, other}, b.Inbox: {other}})
	members, admins, err = w.InboxAudience(ctx, w.Mine.Account, nil)
	noErr(t, "InboxAudience of no inbox", err)
	want(t, "administrators alone", admins, []int64{w.Mine.User})
	want(t, "no members", len(members), 0)

	w.exec(`UPDATE account_users SET availability = 2, auto_offline = FALSE WHERE user_id = $1`, other)
	w.exec(`UPDATE account_users SET availability = 1 WHERE user_id = $1`, agent)
	for _, c := range []struct {
		present []int64
		want    map[int64]int
	}{
		{nil, map[int64]int{other: 2}},
		{[]int64{agent, w.Theirs.User}, map[int64]int{other: 2, agent: 1}},
	} {
		got, err := w.AvailableMembers(ctx, w.Mine.Account, c.present)
		noErr(t, "AvailableMembers", err)
		want(t, "who is available", got, c.want)
	}
}

func testNotificationOwners(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c, d := w.chat(w.line(w.Mine.Account, "l"), "a"), w.chat(w.line(w.Theirs.Account, "k"), "b")
	first := w.noticed(c, w.Mine.User, chat.NotifyAssignment, start)
	read := w.noticed(c, w.Mine.User, chat.NotifyMention, start.Add(time.Second))
	snoozed := w.noticed(c, w.Mine.User, chat.NotifyMention, start.Add(2*time.Second))
	theirs := w.noticed(d, w.Theirs.User, chat.NotifyMention, start)
	w.exec(`UPDATE notifications SET read_at = 1 WHERE id = $1`, read.ID)
	w.exec(`UPDATE notifications SET snoozed_until = 1 WHERE id = $1`, snoozed.ID)
	w.exec(`UPDATE users SET ui_settings = '{"locale":"de"}' WHERE id = $1`, w.Mine.User)
	got, err := w.NotificationsByID(ctx, w.Mine.Account, []int64{first.ID, theirs.ID, 999})
	noErr(t, "NotificationsByID", err)
	want(t, "notifications", got, map[int64]store.NotificationRow{first.ID: first})
	got, err = w.NotificationsByID(ctx, w.Mine.Account, nil)
	noErr(t, "NotificationsByID of none", err)
	want(t, "no notifications", len(got), 0)
	owners, err := w.NotificationOwners(ctx, w.Mine.Account, []int64{w.Mine.User, w.Theirs.User})
	noErr(t, "NotificationOwners", err)
	want(t, "owners", owners, map[int64]store.NotificationOwner{w.Mine.User: {UserID: w.Mine.User, UISettings: `{"locale":"de"}`, Waiting: 1}})
	owners, err = w.NotificationOwners(ctx, w.Mine.Account, nil)
	noErr(t, "NotificationOwners of none", err)
	want(t, "no owners", len(owners), 0)
}

func testBotsInInboxes(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, plain := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "plain")
	faceless, pictured := w.bot(w.Mine.Account, "faceless"), w.bot(w.Mine.Account, "pictured")
	ofInbox, ofBot := w.kept(w.Mine.Account, "inbox"), w.kept(w.Mine.Account, "bot")
	w.exec(`UPDATE inboxes SET avatar_blob_id = $2 WHERE id = $1`, l.Inbox, ofInbox.ID)
	w.exec(`UPDATE agent_bots SET avatar_blob_id = $2 WHERE id = $1`, pictured, ofBot.ID)
	place := func(bot int64, l Line) store.BotPlace { return store.BotPlace{BotID: bot, InboxID: l.Inbox} }
	view := func(id int64, name string, avatar int64) store.BotView {
		return store.BotView{ID: id, Name: &name, AvatarBlobID: avatar}
	}
	got, err := w.BotsInInboxes(ctx, []store.BotPlace{place(faceless, l), place(faceless, plain), place(pictured, l), {BotID: 999, InboxID: l.Inbox}})
	noErr(t, "BotsInInboxes", err)
	want(t, "number of bots", len(got), 3)
	want(t, "one with the inbox's picture", got[place(faceless, l)], view(faceless, "faceless", ofInbox.ID))
	want(t, "one without any", got[place(faceless, plain)], view(faceless, "faceless", 0))
	want(t, "one with its own", got[place(pictured, l)], view(pictured, "pictured", ofBot.ID))
	got, err = w.BotsInInboxes(ctx, nil)
	noErr(t, "BotsInInboxes of none", err)
	want(t, "no bots", len(got), 0)
}
