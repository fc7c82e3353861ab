package storetest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func readCases() []Case {
	return []Case{
		{"contacts", []string{"Store.Contact", "Store.Contacts", "Store.InboxesOfContacts"}, testContacts},
		{"messages of a conversation", []string{"Store.Messages"}, testMessages},
		{"messages by id", []string{"Store.MessagesByID"}, testMessagesByID},
		{"message view", []string{"Store.MessageView"}, testMessageView},
		{"thread view", []string{"Store.ThreadView"}, testThreadView},
	}
}

func testContacts(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, second := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "second")
	a, b := w.chat(l, "A"), w.chat(w.line(w.Theirs.Account, "o"), "B")
	w.exec(`UPDATE contacts SET email = 'a@example.test', phone_number = '+1', identifier = 'i', blocked = TRUE, avatar_url = 'https://a.example.test/a',
		additional_attributes = '{"a":1}', custom_attributes = '{"b":2}', last_activity_at = 9 WHERE id = $1`, a.Contact)
	wanted := store.ContactRow{
		ContactView: store.ContactView{
			ID: a.Contact, Name: "Name of A", Email: ptr("a@example.test"), Phone: ptr("+1"),
			Identifier: ptr("i"), Blocked: true, AvatarURL: "https://a.example.test/a", AdditionalAttributes: `{"a":1}`, CustomAttributes: `{"b":2}`,
		},
		LastActivityAt: ptr[int64](9), CreatedAt: start.UnixMicro(),
	}
	got, err := w.Contact(ctx, a.Account, a.Contact)
	noErr(t, "Contact", err)
	want(t, "Contact", got, wanted)
	_, err = w.Contact(ctx, a.Account, b.Contact)
	wantErr(t, "Contact of another account", err, store.ErrNotFound)
	_, err = w.Contact(ctx, a.Account, 999)
	wantErr(t, "Contact of no id", err, store.ErrNotFound)

	rows, err := w.Contacts(ctx, a.Account, []int64{a.Contact, b.Contact, 999, a.Contact})
	noErr(t, "Contacts", err)
	want(t, "Contacts", rows, map[int64]store.ContactRow{a.Contact: wanted})
	rows, err = w.Contacts(ctx, a.Account, nil)
	noErr(t, "no Contacts", err)
	want(t, "no Contacts", len(rows), 0)

	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertContactInboxes(ctx, []store.NewContactInbox{{SourceKey: store.SourceKey{InboxID: second.Inbox, SourceID: "A2"}, ContactID: a.Contact, Token: "t"}})
		return err
	})
	list, err := w.InboxesOfContacts(ctx, []int64{a.Contact, b.Contact, 999})
	noErr(t, "InboxesOfContacts", err)
	want(t, "contacts with addresses", len(list), 2)
	want(t, "InboxesOfContacts", list[a.Contact], []store.ContactInboxRow{
		{ContactID: a.Contact, SourceID: "A", InboxID: l.Inbox, ChannelID: l.Channel, InboxName: "l", ChannelType: "Channel::Line"},
		{ContactID: a.Contact, SourceID: "A2", InboxID: second.Inbox, ChannelID: second.Channel, InboxName: "second", ChannelType: "Channel::Line"},
	})
	list, err = w.InboxesOfContacts(ctx, nil)
	noErr(t, "InboxesOfContacts of none", err)
	want(t, "InboxesOfContacts of none", len(list), 0)
}

// many stores n incoming messages of a conversation at once and gives their ids.
func (w *World) many(c Chat, key string, n int) []int64 {
	w.t.Helper()
	list := make([]store.NewMessage, n)
	for i := range list {
		list[i] = store.NewMessage{
			IngestKey: store.IngestKey{InboxID: c.Inbox, Key: key + itoa(i)}, AccountID: c.Account, ConversationID: c.Conversation,
			Type: int(chat.Incoming), Content: ptr("text " + itoa(i)), SourceID: key + itoa(i), SenderType: "Contact", SenderID: c.Contact, At: start.UnixMicro(),
		}
	}
	made := in(w, func(ctx context.Context, tx *store.Tx) (map[store.IngestKey]int64, error) {
		return tx.InsertMessages(ctx, list)
	})
	ids := make([]int64, n)
	for i, m := range list {
		ids[i] = made[m.IngestKey]
	}
	return ids
}

func testMessages(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c, other := w.chat(l, "A"), w.chat(l, "B")
	w.many(other, "o", 3)
	m := w.many(c, "m", 1130)
	w.many(other, "p", 3)
	read := func(r store.MessageRange) []int64 {
		t.Helper()
		list, err := w.Messages(t.Context(), c.Conversation, r)
		noErr(t, "Messages", err)
		ids := []int64{}
		for _, x := range list {
			ids = append(ids, x.ID)
			if x.ConversationID != c.Conversation {
				t.Errorf("message %d is of conversation %d", x.ID, x.ConversationID)
			}
		}
		return ids
	}
	want(t, "the latest 20", read(store.MessageRange{}), m[1110:])
	want(t, "20 before", read(store.MessageRange{Before: m[100]}), m[80:100])
	want(t, "before the third", read(store.MessageRange{Before: m[2]}), m[:2])
	want(t, "100 after", read(store.MessageRange{After: m[4]}), m[5:105])
	want(t, "after the last", read(store.MessageRange{After: m[1129]}), []int64{})
	want(t, "between two", read(store.MessageRange{After: m[4], Before: m[8]}), m[4:8])
	want(t, "1000 between two", read(store.MessageRange{After: m[4], Before: m[1120]}), m[4:1004])

	w.exec(`UPDATE messages SET private = TRUE WHERE id = $1`, m[1129])
	w.exec(`UPDATE messages SET message_type = 2 WHERE id = $1`, m[1128])
	want(t, "the latest public 20", read(store.MessageRange{Public: true}), m[1108:1128])
	want(t, "the latest 20 of all kinds", read(store.MessageRange{}), m[1110:])

	// A page is shown in the order in which its messages were written.
	w.exec(`UPDATE messages SET created_at = created_at - 5 WHERE id = $1`, m[3])
	want(t, "the order", read(store.MessageRange{Before: m[5]}), []int64{m[3], m[0], m[1], m[2], m[4]})
	list, err := w.Messages(t.Context(), 999, store.MessageRange{})
	noErr(t, "Messages of none", err)
	want(t, "Messages of none", len(list), 0)
}

func testMessagesByID(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b := w.chat(w.line(w.Mine.Account, "a"), "A"), w.chat(w.line(w.Theirs.Account, "b"), "B")
	m, theirs := w.incoming(a, "m", "x"), w.incoming(b, "m", "x")
	rows, err := w.MessagesByID(ctx, w.Mine.Account, []int64{m, theirs, 999, m})
	noErr(t, "MessagesByID", err)
	want(t, "number of messages", len(rows), 1)
	want(t, "conversation", rows[m].ConversationID, a.Conversation)
	rows, err = w.MessagesByID(ctx, w.Mine.Account, nil)
	noErr(t, "no MessagesByID", err)
	want(t, "no messages", len(rows), 0)
}

func testMessageView(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c := w.chat(l, "A")
	w.many(c, "m", 12)
	id := w.outgoing(c, w.Mine.User, "answer")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertAttachments(ctx, []store.NewAttachment{{AccountID: c.Account, MessageID: id, FileType: 3, State: "ready", Title: "t", Size: 5}}); err != nil {
			return err
		}
		return tx.TouchConversations(ctx, []store.TouchConversation{{ID: c.Conversation, At: start.UnixMicro(), IncomingAt: start.UnixMicro()}})
	})
	w.exec(`UPDATE conversations SET priority = 2, custom_attributes = '{"c":1}', assignee_id = $1 WHERE id = $2`, w.Mine.User, c.Conversation)
	got, err := w.MessageView(ctx, id)
	noErr(t, "MessageView", err)
	now := start.UnixMicro()
	zero := 0.0
	thread, err := w.ThreadView(ctx, c.Conversation)
	noErr(t, "ThreadView", err)
	wanted := store.MessageView{
		ThreadView: thread, ID: id, Type: 1,
		Content: ptr("answer"), Attributes: "{}", AdditionalAttributes: "{}", SenderType: "User", SenderID: w.Mine.User, SenderName: "User mine",
		SenderEmail: w.Mine.Email, CreatedAt: now, UpdatedAt: now,
	}
	if len(got.Attachments) == 1 {
		wanted.Attachments = []store.AttachmentView{{ID: got.Attachments[0].ID, FileType: 3, Title: ptr("t"), Lat: &zero, Long: &zero, Meta: "{}", FileSize: 5}}
	}
	want(t, "MessageView", got, wanted)
	want(t, "attachments", len(got.Attachments), 1)

	w.exec(`UPDATE conversations SET agent_last_seen_at = $1 WHERE id = $2`, now, c.Conversation)
	got, err = w.MessageView(ctx, id)
	noErr(t, "MessageView", err)
	want(t, "unread when all was seen", got.Conversation.UnreadCount, 0)
	w.Clock.Advance(time.Second)
	in1 := w.incoming(c, "new", "x")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		at := w.Clock.Now().UnixMicro()
		return tx.TouchConversations(ctx, []store.TouchConversation{{ID: c.Conversation, At: at, IncomingAt: at}})
	})
	got, err = w.MessageView(ctx, in1)
	noErr(t, "MessageView", err)
	want(t, "unread after one more", got.Conversation.UnreadCount, 1)
	want(t, "sender of a contact's message", got.SenderType+got.SenderName, "Contact")
	_, err = w.MessageView(ctx, 999)
	wantErr(t, "MessageView of none", err, store.ErrNotFound)
}

func testThreadView(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c := w.chat(l, "A")
	now := start.UnixMicro()
	got, err := w.ThreadView(ctx, c.Conversation)
	noErr(t, "ThreadView", err)
	wanted := store.ThreadView{
		AccountID: c.Account, AccountName: "Account mine", InboxID: l.Inbox, InboxName: "l", ChannelType: "Channel::Line",
		Conversation: store.ConversationView{
			ID: c.Conversation, DisplayID: c.Display, AdditionalAttributes: "{}", CustomAttributes: "{}",
			WaitingSince: &now, LastActivityAt: now, CreatedAt: now, UpdatedAt: now,
		},
		Contact:      store.ContactView{ID: c.Contact, Name: "Name of A", AdditionalAttributes: "{}", CustomAttributes: "{}"},
		ContactInbox: store.ContactInboxView{ID: c.ContactInbox, SourceID: "A", PubsubToken: got.ContactInbox.PubsubToken, CreatedAt: now, UpdatedAt: now},
		Agents:       map[int64]store.AgentRow{},
	}
	want(t, "ThreadView of an empty conversation", got, wanted)

	w.many(c, "m", 12)
	answer := w.outgoing(c, w.Mine.User, "answer")
	note, activity := w.outgoing(c, w.Mine.User, "note"), w.outgoing(c, w.Mine.User, "resolved")
	w.exec(`UPDATE messages SET private = TRUE WHERE id = $1`, note)
	w.exec(`UPDATE messages SET message_type = 2 WHERE id = $1`, activity)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertAttachments(ctx, []store.NewAttachment{{AccountID: c.Account, MessageID: answer, FileType: 3, State: "ready", Title: "t"}})
	})
	w.exec(`UPDATE conversations SET priority = 2, custom_attributes = '{"c":1}', assignee_id = $1, last_incoming_at = $2 WHERE id = $3`,
		w.Theirs.User, now, c.Conversation)
	for _, label := range []string{"vip", "b2b"} {
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, $3)`, c.Conversation, c.Account, label)
	}
	got, err = w.ThreadView(ctx, c.Conversation)
	noErr(t, "ThreadView", err)
	wanted.Conversation.Priority, wanted.Conversation.CustomAttributes, wanted.Conversation.AssigneeID = ptr(2), `{"c":1}`, &w.Theirs.User
	wanted.Conversation.LastIncomingAt, wanted.Conversation.UnreadCount = &now, 10
	want(t, "ThreadView", got.Conversation, wanted.Conversation)
	want(t, "labels", got.Labels, []string{"b2b", "vip"})
	if got.Last == nil {
		t.Fatal("no last message")
	}
	want(t, "the last message for everybody", got.Last.ID, answer)
	want(t, "its files", len(got.Last.Attachments), 1)
	want(t, "its sender is a member", got.Agents[w.Mine.User].Member, true)
	want(t, "the assignee, who left", got.Agents[w.Theirs.User].Email+" "+strconv.FormatBool(got.Agents[w.Theirs.User].Member), w.Theirs.Email+" false")
	_, err = w.ThreadView(ctx, 999)
	wantErr(t, "ThreadView of none", err, store.ErrNotFound)
}
