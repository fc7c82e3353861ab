package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func messageCases() []Case {
	return []Case{
		{"insert messages", []string{"Tx.InsertMessages", "Tx.IngestedMessage", "Tx.ReleaseIngestKey"}, testInsertMessages},
		{"insert attachments", []string{"Tx.InsertAttachments", "Store.MessageAttachments"}, testInsertAttachments},
		{"message of a source", []string{"Tx.SourceMessage"}, testSourceMessage},
		{"rewrite a message", []string{"Tx.RewriteMessage", "Tx.MessageAttributes", "Tx.MessageMoment", "Store.AttributesOfMessage"}, testRewrite},
	}
}

func testInsertMessages(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	message := func(c Chat, key string) store.NewMessage {
		return store.NewMessage{IngestKey: store.IngestKey{InboxID: l.Inbox, Key: key}, AccountID: l.Account, ConversationID: c.Conversation, At: 40}
	}
	insert := func(list ...store.NewMessage) map[store.IngestKey]int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (map[store.IngestKey]int64, error) {
			return tx.InsertMessages(ctx, list)
		})
	}
	full := message(a, "k1")
	full.Content, full.ContentType, full.Attributes, full.SourceID = ptr("héllo \"<&>\" 🙂\n"), 3, `{"a":"\u0000<"}`, "m1"
	full.Type, full.SenderType, full.SenderID = int(chat.Incoming), "Contact", a.Contact
	echo := message(b, "k2")
	echo.Type = int(chat.Outgoing)
	made := insert(full, echo, message(a, "k3"), message(a, "k1"))
	want(t, "messages made", len(made), 3)
	k1, k2, k3 := made[full.IngestKey], made[echo.IngestKey], made[store.IngestKey{InboxID: l.Inbox, Key: "k3"}]
	if k1 <= 0 || k2 <= k1 || k3 <= k2 {
		t.Errorf("ids in the order of the input: %d, %d, %d", k1, k2, k3)
	}
	again := insert(message(a, "k3"), message(b, "k4"))
	want(t, "messages made the second time", len(again), 1)
	want(t, "messages", w.number(`SELECT COUNT(*) FROM messages`), 4)
	want(t, "nothing inserted", len(insert()), 0)

	rows, err := w.MessagesByID(t.Context(), l.Account, []int64{k1, k2})
	noErr(t, "MessagesByID", err)
	want(t, "a full message", rows[k1], store.MessageRow{
		ID: k1, AccountID: l.Account, InboxID: l.Inbox, ConversationID: a.Conversation,
		ContentType: 3, Content: full.Content, Attributes: full.Attributes, AdditionalAttributes: "{}", SourceID: ptr("m1"),
		SenderType: ptr("Contact"), SenderID: &a.Contact, CreatedAt: 40, UpdatedAt: start.UnixMicro(),
	})
	want(t, "an empty message", rows[k2], store.MessageRow{
		ID: k2, AccountID: l.Account, InboxID: l.Inbox, ConversationID: b.Conversation, Type: 1,
		Attributes: "{}", AdditionalAttributes: "{}", CreatedAt: 40, UpdatedAt: start.UnixMicro(),
	})

	ingested := func(inbox int64, key string) int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
			return tx.IngestedMessage(ctx, store.IngestKey{InboxID: inbox, Key: key})
		})
	}
	want(t, "IngestedMessage", ingested(l.Inbox, "k2"), k2)
	want(t, "IngestedMessage of a new event", ingested(l.Inbox, "k9"), 0)
	want(t, "IngestedMessage of another inbox", ingested(999, "k2"), 0)

	release := func(inbox int64, key string, until time.Time) bool {
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.ReleaseIngestKey(ctx, store.IngestKey{InboxID: inbox, Key: key}, until)
		})
	}
	made40 := time.UnixMicro(40)
	want(t, "released too early", release(l.Inbox, "k3", made40.Add(-time.Microsecond)), false)
	want(t, "released in another inbox", release(999, "k3", made40), false)
	want(t, "still there", ingested(l.Inbox, "k3"), k3)
	want(t, "released", release(l.Inbox, "k3", made40), true)
	want(t, "free", ingested(l.Inbox, "k3"), 0)
	want(t, "messages with the free key", len(insert(message(a, "k3"))), 1)

	// The same key in another inbox is another event.
	other := w.chat(w.line(w.Theirs.Account, "o"), "A")
	m := message(other, "k1")
	m.InboxID, m.AccountID = other.Inbox, other.Account
	want(t, "messages of another inbox", len(insert(m)), 1)
}

func testInsertAttachments(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	m, other := w.incoming(c, "m", "x"), w.incoming(c, "o", "x")
	full := store.NewAttachment{
		AccountID: c.Account, MessageID: m, FileType: 2, State: "pending", ExternalURL: "https://f.example.test/?a=1&b=2", Title: "t",
		Lat: -12.25, Long: 7, Meta: `{"firstName":"A"}`, Fetch: `{"strategy":"url"}`, FileName: "f.png", MIME: "image/png", Size: 1 << 40,
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertAttachments(ctx, nil); err != nil {
			return err
		}
		return tx.InsertAttachments(ctx, []store.NewAttachment{full, {AccountID: c.Account, MessageID: m, State: "ready"}, {AccountID: c.Account, MessageID: other, State: "ready"}})
	})
	rows, err := w.MessagesByID(t.Context(), c.Account, []int64{m})
	noErr(t, "MessagesByID", err)
	files := rows[m].Attachments
	if len(files) != 2 || files[0].ID >= files[1].ID {
		t.Fatalf("attachments %s", show(files))
	}
	zero := 0.0
	want(t, "a full attachment", files[0], store.AttachmentRow{AttachmentView: store.AttachmentView{
		ID: files[0].ID, FileType: 2,
		ExternalURL: &full.ExternalURL, Title: &full.Title, Lat: &full.Lat, Long: &full.Long, Meta: full.Meta, FileSize: full.Size,
		FileName: &full.FileName, ContentType: &full.MIME,
	}, MessageID: m})
	want(t, "an empty attachment", files[1], store.AttachmentRow{AttachmentView: store.AttachmentView{ID: files[1].ID, Lat: &zero, Long: &zero, Meta: "{}"}, MessageID: m})
	list, err := w.MessageAttachments(t.Context(), m)
	noErr(t, "MessageAttachments", err)
	want(t, "MessageAttachments", list, []store.AttachmentView{files[0].AttachmentView, files[1].AttachmentView})
	want(t, "attachments to fetch", w.number(`SELECT COUNT(*) FROM attachments WHERE state = 'pending' AND fetch_from = $1`, full.Fetch), 1)
}

func testSourceMessage(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	theirs := w.incoming(a, "m1", "x")
	ours := w.outgoing(a, w.Mine.User, "y")
	w.exec(`UPDATE messages SET content_attributes = '{"x":1}', status = 1 WHERE id = $1`, ours)
	d := w.deliver(a, ours, start)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.PartsSent(ctx, []store.PartAnswer{{Delivery: d, Part: 0, ProviderIDs: []string{"p1"}}})
	})
	for _, c := range []struct {
		inbox, contactInbox int64
		source              string
		want                store.MessageRef
		ok                  bool
	}{
		{l.Inbox, a.ContactInbox, "m1", store.MessageRef{ID: theirs, AccountID: l.Account, ConversationID: a.Conversation, Attributes: "{}"}, true},
		{l.Inbox, a.ContactInbox, "p1", store.MessageRef{ID: ours, AccountID: l.Account, ConversationID: a.Conversation, Attributes: `{"x":1}`, Type: 1, Status: 1}, true},
		{l.Inbox, a.ContactInbox, "m2", store.MessageRef{}, false},
		{l.Inbox, b.ContactInbox, "m1", store.MessageRef{}, false},
		{999, b.ContactInbox, "p1", store.MessageRef{}, false},
	} {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			got, ok, err := tx.SourceMessage(ctx, c.inbox, c.contactInbox, c.source)
			want(t, "SourceMessage "+c.source, got, c.want)
			want(t, "found "+c.source, ok, c.ok)
			return err
		})
	}
}

func testRewrite(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	m, other := w.incoming(c, "m", "old"), w.incoming(c, "o", "old")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertAttachments(ctx, []store.NewAttachment{{AccountID: c.Account, MessageID: m, State: "ready"}, {AccountID: c.Account, MessageID: other, State: "ready"}})
	})
	w.Clock.Advance(time.Second)
	row := func(id int64) store.MessageRow {
		rows, err := w.MessagesByID(ctx, c.Account, []int64{id})
		noErr(t, "MessagesByID", err)
		return rows[id]
	}
	rewrite := func(content *string, attributes string, drop bool) {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.RewriteMessage(ctx, m, content, attributes, drop)
		})
	}
	rewrite(nil, `{"a":1}`, false)
	want(t, "content", *row(m).Content, "old")
	want(t, "attachments", len(row(m).Attachments), 1)
	rewrite(ptr("new"), `{"a":2}`, true)
	want(t, "content", *row(m).Content, "new")
	want(t, "attachments", len(row(m).Attachments), 0)
	want(t, "updated", row(m).UpdatedAt, w.Clock.Now().UnixMicro())
	want(t, "created", row(m).CreatedAt, start.UnixMicro())
	want(t, "the other's content", *row(other).Content, "old")
	want(t, "the other's attachments", len(row(other).Attachments), 1)

	got, err := w.AttributesOfMessage(ctx, m)
	noErr(t, "AttributesOfMessage", err)
	want(t, "AttributesOfMessage", got, `{"a":2}`)
	got, err = w.AttributesOfMessage(ctx, 999)
	noErr(t, "AttributesOfMessage of none", err)
	want(t, "AttributesOfMessage of none", got, "")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		attributes, err := tx.MessageAttributes(ctx, m)
		want(t, "MessageAttributes", attributes, `{"a":2}`)
		if err != nil {
			return err
		}
		contactInbox, at, err := tx.MessageMoment(ctx, m)
		want(t, "contact inbox of a message", contactInbox, c.ContactInbox)
		want(t, "moment of a message", at, start.UnixMicro())
		return err
	})
	w.fails("MessageAttributes of none", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.MessageAttributes(ctx, 999)
		return err
	})
	w.fails("MessageMoment of none", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, _, err := tx.MessageMoment(ctx, 999)
		return err
	})
}
