package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func talkCases() []Case {
	return []Case{
		{"who takes part", []string{"Store.ParticipantAgents", "Tx.RemoveParticipants", "Tx.KeepParticipants"}, testParticipants},
		{"who was named", []string{"Tx.InsertMentions", "Tx.MentionedUsers"}, testMentions},
		{"drafts", []string{"Store.Draft", "Tx.PutDraft", "Tx.DropDraft"}, testDrafts},
		{"files of a conversation", []string{"Store.ConversationFiles"}, testConversationFiles},
		{"delete a conversation", []string{"Store.EmptyConversationChunk", "Tx.DeleteConversation"}, testDeleteConversation},
		{"erase a message", []string{"Tx.EraseMessage"}, testEraseMessage},
		{"what was said before", []string{"Tx.AnsweredBefore", "Tx.Answered", "Tx.SentTemplates"}, testSaidBefore},
		{"facts for a message", []string{"Tx.LetterFacts", "Tx.Inbox"}, testLetterFacts},
		{"teams by id", []string{"Store.TeamsByID", "Tx.TeamTimes"}, testTeamsByID},
		{"the inbox of an address", []string{"Store.InboxOfSource"}, testInboxOfSource},
	}
}

// agents are an administrator, a member of the inbox and a member of none.
func (w *World) agents(l Line) (member, agent int64) {
	w.t.Helper()
	member, agent = w.user("m@example.com", "Mia"), w.user("a@example.com", "Ana")
	w.join(w.Mine.Account, member)
	w.join(w.Mine.Account, agent)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddInboxMembers(ctx, l.Inbox, []int64{member})
		return err
	})
	return member, agent
}

func testParticipants(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	member, _ := w.agents(l)
	add := func(c Chat) {
		row := w.row(c)
		w.do(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.AddParticipants(ctx, row, []int64{w.Mine.User, member})
			return err
		})
	}
	there := func(c Chat, users ...int64) {
		t.Helper()
		list, err := w.ParticipantAgents(t.Context(), c.Account, c.Conversation)
		noErr(t, "ParticipantAgents", err)
		var got []int64
		for _, u := range list {
			got = append(got, u.ID)
		}
		want(t, "participants", got, users)
	}
	add(a)
	add(b)
	there(a, w.Mine.User, member)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.RemoveParticipants(ctx, a.Conversation, []int64{member, 99})
	})
	there(a, w.Mine.User)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.KeepParticipants(ctx, b.Conversation, []int64{member})
	})
	there(b, member)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.KeepParticipants(ctx, b.Conversation, nil) })
	there(b)
	there(a, w.Mine.User)
	followers, err := w.Followers(t.Context(), []int64{a.Conversation, b.Conversation})
	noErr(t, "Followers", err)
	want(t, "followers", followers, []store.Follower{{ConversationID: a.Conversation, UserID: w.Mine.User}})
	w.exec(`UPDATE conversations SET assignee_id = $1 WHERE id = $2`, w.Mine.User, a.Conversation)
	add(a)
	followers, err = w.Followers(t.Context(), []int64{a.Conversation})
	noErr(t, "Followers", err)
	want(t, "the assignee first", followers, []store.Follower{
		{ConversationID: a.Conversation, UserID: w.Mine.User, Assigned: true}, {ConversationID: a.Conversation, UserID: member},
	})
	list, err := w.ListConversations(t.Context(), store.ConversationFilter{AccountID: w.Mine.Account, UserID: member, Participating: true}, store.ByActivityDesc, 25, 0)
	noErr(t, "ListConversations", err)
	want(t, "conversations with me", len(list), 1)
}

func testMentions(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	member, agent := w.agents(l)
	row := w.row(a)
	mention := store.Mention{MessageID: 7, AccountID: w.Mine.Account, InboxID: l.Inbox}
	named := in(w, func(ctx context.Context, tx *store.Tx) ([]store.Mentioned, error) {
		var list []store.Mention
		for _, id := range []int64{member, agent, w.Theirs.User, w.Mine.User} {
			mention.ID = id
			list = append(list, mention)
		}
		return tx.MentionedUsers(ctx, list)
	})
	want(t, "those who see the inbox", named, []store.Mentioned{{MessageID: 7, UserID: w.Mine.User}, {MessageID: 7, UserID: member}})
	for range 2 {
		w.Clock.Advance(time.Second)
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertMentions(ctx, row, []int64{member, w.Mine.User, member})
		})
	}
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.InsertMentions(ctx, row, nil) })
	want(t, "once each", w.number(`SELECT COUNT(*) FROM mentions WHERE mentioned_at = $1`, w.Clock.Now().UnixMicro()), 2)
	list, err := w.ListConversations(t.Context(), store.ConversationFilter{AccountID: w.Mine.Account, UserID: member, Mentioned: true}, store.ByActivityDesc, 25, 0)
	noErr(t, "ListConversations", err)
	if len(list) != 1 || list[0].ID != a.Conversation || b.Conversation == a.Conversation {
		t.Errorf("where the member was named: %s", show(list))
	}
}

func testDrafts(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	_, err := w.Draft(t.Context(), a.Conversation)
	wantErr(t, "no draft", err, store.ErrNotFound)
	for _, text := range []string{"Hel", "Hello", ""} {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.PutDraft(ctx, a.Conversation, text) })
		got, err := w.Draft(t.Context(), a.Conversation)
		noErr(t, "Draft", err)
		want(t, "draft", got, text)
	}
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.PutDraft(ctx, b.Conversation, "other") })
	for range 2 {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DropDraft(ctx, a.Conversation) })
	}
	_, err = w.Draft(t.Context(), a.Conversation)
	wantErr(t, "dropped", err, store.ErrNotFound)
	want(t, "the other", w.number(`SELECT COUNT(*) FROM conversation_drafts`), 1)
}

func testConversationFiles(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	first, second, other := w.incoming(a, "1", "x"), w.outgoing(a, w.Mine.User, "y"), w.incoming(b, "2", "z")
	for _, message := range []int64{first, second, second, other} {
		w.exec(`INSERT INTO attachments (account_id, message_id, file_type, created_at, updated_at) VALUES ($1, $2, 0, 1, 1)`, a.Account, message)
	}
	list, total, err := w.ConversationFiles(t.Context(), a.Conversation, 2, 0)
	noErr(t, "ConversationFiles", err)
	want(t, "total", total, 3)
	if len(list) != 2 || list[0].MessageID != second || list[0].ID < list[1].ID || *list[0].SenderType != "User" || *list[0].SenderID != w.Mine.User {
		t.Errorf("the newest: %s", show(list))
	}
	list, total, err = w.ConversationFiles(t.Context(), a.Conversation, 2, 2)
	noErr(t, "ConversationFiles", err)
	if total != 3 || len(list) != 1 || list[0].MessageID != first || list[0].AccountID != a.Account || list[0].SentAt != w.Clock.Now().UnixMicro() {
		t.Errorf("the rest: %d %s", total, show(list))
	}
}

func testDeleteConversation(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	for i := range 5 {
		w.incoming(a, itoa(i), "x")
	}
	kept := w.incoming(b, "b", "x")
	row := w.row(a)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.AddParticipants(ctx, row, []int64{w.Mine.User}); err != nil {
			return err
		}
		if err := tx.PutDraft(ctx, a.Conversation, "d"); err != nil {
			return err
		}
		return tx.InsertMentions(ctx, row, []int64{w.Mine.User})
	})
	for _, c := range []struct {
		done bool
		left int64
	}{{false, 4}, {false, 2}, {true, 1}} {
		done, err := w.EmptyConversationChunk(t.Context(), a.Conversation, 2)
		noErr(t, "EmptyConversationChunk", err)
		want(t, "done", done, c.done)
		want(t, "left", w.number(`SELECT COUNT(*) FROM messages`), c.left)
	}
	w.incoming(a, "late", "x")
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteConversation(ctx, a.Conversation) })
	for _, table := range []string{"conversation_participants", "conversation_drafts", "mentions"} {
		want(t, table, w.number(`SELECT COUNT(*) FROM `+table), 0)
	}
	want(t, "the other", w.number(`SELECT COUNT(*) FROM messages WHERE id = $1`, kept), 1)
	want(t, "messages", w.number(`SELECT COUNT(*) FROM messages`), 1)
	w.fails("again", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteConversation(ctx, a.Conversation) })
}

func testEraseMessage(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	message := w.outgoing(c, w.Mine.User, "secret")
	w.deliver(c, message, w.Clock.Now())
	w.exec(`UPDATE messages SET content_type = 4, content_attributes = '{"items":[1]}' WHERE id = $1`, message)
	w.exec(`INSERT INTO attachments (account_id, message_id, file_type, created_at, updated_at) VALUES ($1, $2, 0, 1, 1)`, c.Account, message)
	w.Clock.Advance(time.Second)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.EraseMessage(ctx, message, "gone") })
	list, err := w.MessagesByID(t.Context(), c.Account, []int64{message})
	noErr(t, "MessagesByID", err)
	m := list[message]
	if *m.Content != "gone" || m.ContentType != 0 || m.Attributes != `{"deleted":true}` || len(m.Attachments) != 0 || m.UpdatedAt != w.Clock.Now().UnixMicro() {
		t.Errorf("erased: %s", show(m))
	}
	want(t, "deliveries", w.number(`SELECT COUNT(*) FROM deliveries`), 0)
}

func testSaidBefore(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	write := func(m store.Written) int64 {
		t.Helper()
		m.AccountID, m.InboxID, m.ConversationID, m.Content = c.Account, c.Inbox, c.Conversation, ptr("x")
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InsertWritten(ctx, m) })
	}
	type facts struct {
		before, ever, lately bool
		sent                 store.SentTemplates
	}
	look := func(message int64) facts {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) (f facts, err error) {
			if f.before, err = tx.AnsweredBefore(ctx, c.Conversation, message); err != nil {
				return f, err
			}
			if f.ever, err = tx.Answered(ctx, c.Conversation, time.Time{}); err != nil {
				return f, err
			}
			if f.lately, err = tx.Answered(ctx, c.Conversation, w.Clock.Now().Add(-time.Minute)); err != nil {
				return f, err
			}
			f.sent, err = tx.SentTemplates(ctx, c.Conversation)
			return f, err
		})
	}
	first := w.incoming(c, "1", "hello")
	want(t, "nothing", look(first), facts{})
	write(store.Written{Type: int(chat.Outgoing), SenderType: "AgentBot", SenderID: 3})
	write(store.Written{Type: int(chat.Outgoing), SenderType: "User", SenderID: w.Mine.User, AdditionalAttributes: `{"campaign_id":4}`})
	write(store.Written{Type: int(chat.Outgoing), SenderType: "User", SenderID: w.Mine.User, Private: true})
	write(store.Written{Type: int(chat.Activity)})
	answer := write(store.Written{Type: int(chat.Outgoing), SenderType: "User", SenderID: w.Mine.User})
	want(t, "nobody in person", look(answer), facts{ever: true, lately: true})
	w.Clock.Advance(2 * time.Minute)
	write(store.Written{Type: int(chat.Outgoing), SenderType: "User", SenderID: w.Mine.User, Private: true})
	want(t, "long ago", look(answer+1), facts{before: true, ever: true})
	at := w.Clock.Now().UnixMicro()
	write(store.Written{Type: int(chat.Template)})
	want(t, "a greeting", look(answer).sent, store.SentTemplates{LatestAt: at})
	write(store.Written{Type: int(chat.Template), ContentType: 3})
	want(t, "a question", look(answer).sent, store.SentTemplates{LatestAt: at, AskedEmail: true})
}

func testLetterFacts(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c := w.chat(l, "A")
	w.exec(`UPDATE contacts SET email = 'e@example.com', phone_number = '+1', custom_attributes = '{"a":1}'`)
	w.exec(`UPDATE users SET name = 'Ada', display_name = 'Dr. Ada' WHERE id = $1`, w.Mine.User)
	facts := store.LetterFacts{
		ContactID: c.Contact, ContactName: "Name of A", ContactEmail: ptr("e@example.com"), ContactPhone: ptr("+1"), ContactAttributes: `{"a":1}`,
		InboxName: "l", AccountName: "Account mine",
	}
	for _, user := range []int64{0, w.Mine.User} {
		facts.UserID = user
		if user != 0 {
			facts.UserName, facts.UserDisplayName = ptr("Ada"), ptr("Dr. Ada")
		}
		got := in(w, func(ctx context.Context, tx *store.Tx) (store.LetterFacts, error) {
			return tx.LetterFacts(ctx, c.Conversation, user)
		})
		want(t, "facts", got, facts)
	}
	w.fails("no conversation", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.LetterFacts(ctx, 999, 0)
		return err
	})
	outside, err := w.Inbox(t.Context(), l.Account, l.Inbox)
	noErr(t, "Inbox", err)
	want(t, "inbox", in(w, func(ctx context.Context, tx *store.Tx) (store.InboxRow, error) {
		return tx.Inbox(ctx, l.Account, l.Inbox)
	}), outside)
	want(t, "hours", len(outside.WorkingHours), 7)
	w.fails("others' inbox", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Inbox(ctx, w.Theirs.Account, l.Inbox)
		return err
	})
}

func testTeamsByID(t *testing.T, w *World) {
	w.tenants()
	a, b, theirs := w.team(w.Mine.Account, "a"), w.team(w.Mine.Account, "b"), w.team(w.Theirs.Account, "a")
	w.inTeam(b, w.Mine.User)
	got, err := w.TeamsByID(t.Context(), w.Mine.Account, w.Mine.User, []int64{a, b, theirs, 999})
	noErr(t, "TeamsByID", err)
	if len(got) != 2 || got[a].Name != "a" || got[a].IsMember || !got[b].IsMember {
		t.Errorf("teams: %s", show(got))
	}
	got, err = w.TeamsByID(t.Context(), w.Mine.Account, w.Mine.User, nil)
	noErr(t, "TeamsByID", err)
	want(t, "none", len(got), 0)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		created, updated, err := tx.TeamTimes(ctx, a)
		want(t, "times", []int64{created, updated}, []int64{w.Clock.Now().UnixMicro(), w.Clock.Now().UnixMicro()})
		return err
	})
	w.fails("no team", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, _, err := tx.TeamTimes(ctx, 999)
		return err
	})
}

func testInboxOfSource(t *testing.T, w *World) {
	w.tenants()
	one, two, theirs := w.line(w.Mine.Account, "1"), w.line(w.Mine.Account, "2"), w.line(w.Theirs.Account, "3")
	w.chat(theirs, "A")
	w.chat(two, "A")
	w.chat(two, "B")
	w.chat(one, "B")
	for source, inbox := range map[string]int64{"A": two.Inbox, "B": one.Inbox} {
		got, err := w.InboxOfSource(t.Context(), w.Mine.Account, source)
		noErr(t, "InboxOfSource", err)
		want(t, source, got, inbox)
	}
	_, err := w.InboxOfSource(t.Context(), w.Mine.Account, "C")
	wantErr(t, "nobody's", err, store.ErrNotFound)
}
