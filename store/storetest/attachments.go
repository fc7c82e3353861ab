package storetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"tributary/store"
)

func attachmentCases() []Case {
	return []Case{
		{"jobs of pending attachments", []string{"Tx.InsertAttachments", "Store.PendingAttachment"}, testPendingAttachments},
		{"lose an attachment", []string{"Tx.LoseAttachment", "Tx.TouchMessage"}, testLoseAttachment},
		{"files of a message", []string{"Tx.InsertFiles"}, testInsertFiles},
		{"files of deleted messages", []string{"Tx.RewriteMessage", "Tx.PartsSent", "Store.EmptyInboxChunk"}, testReleasedFiles},
		{"source of an avatar", []string{"Store.AvatarState", "Tx.SetAvatarSource"}, testAvatarSource},
		{"avatar of an absorbed contact", []string{"Tx.AbsorbContact"}, testAbsorbedAvatar},
	}
}

// attach stores attachments in a transaction.
func (w *World) attach(list ...store.NewAttachment) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.InsertAttachments(ctx, list) })
}

func testPendingAttachments(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	m := w.incoming(c, "m", "x")
	pending := func(name string, by time.Time) store.NewAttachment {
		return store.NewAttachment{
			AccountID: c.Account, InboxID: c.Inbox, MessageID: m, FileType: 3, State: "pending", FileName: name,
			MIME: "image/png", ExternalURL: "https://x.example/" + name, Fetch: `{"strategy":"url","ref":"` + name + `"}`, FetchBy: by,
		}
	}
	w.attach(pending("unknown", time.Time{}), pending("week", start.Add(8*24*time.Hour)), pending("soon", start.Add(time.Minute)),
		store.NewAttachment{AccountID: c.Account, MessageID: m, State: "ready"}, pending("gone", start.Add(-time.Minute)))
	jobs := w.jobs(store.LaneMedia, 2)
	var order []string
	for _, j := range append(jobs, w.jobs(store.LaneMedia, 10)...) {
		var in store.MediaJob
		noErr(t, "payload", json.Unmarshal(j.Payload, &in))
		a, err := w.PendingAttachment(ctx, in.AttachmentID)
		noErr(t, "PendingAttachment", err)
		order = append(order, a.FileName)
		want(t, "job", []any{j.Kind, j.AccountID, j.UniqueKey, in.InboxID}, []any{
			store.JobMedia, c.Account,
			"media.fetch:" + itoa(int(c.Inbox)) + ":" + itoa(int(a.ID)), c.Inbox,
		})
		want(t, "PendingAttachment", a, store.PendingAttachment{
			ID: a.ID, AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation,
			MessageID: m, FileType: 3, Fetch: `{"strategy":"url","ref":"` + a.FileName + `"}`, ExternalURL: "https://x.example/" + a.FileName,
			FileName: a.FileName, ContentType: "image/png",
		})
	}
	if len(order) != 4 || len(jobs) != 2 {
		t.Fatalf("jobs %v", order)
	}
	soon := map[string]bool{order[0]: true, order[1]: true}
	if !soon["gone"] || !soon["soon"] {
		t.Errorf("claimed first: %v, want what goes away first", order)
	}
	_, err := w.PendingAttachment(ctx, 999)
	want(t, "PendingAttachment of none", err, store.ErrNotFound)
	ready := w.number(`SELECT id FROM attachments WHERE state = 'ready'`)
	_, err = w.PendingAttachment(ctx, ready)
	want(t, "PendingAttachment of one that is ready", err, store.ErrNotFound)
}

func testLoseAttachment(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	m := w.incoming(c, "m", "x")
	w.attach(store.NewAttachment{AccountID: c.Account, InboxID: c.Inbox, MessageID: m, State: "pending", FileName: "f", ExternalURL: "https://x.example/"})
	id := w.number(`SELECT id FROM attachments`)
	lose := func(a store.LostAttachment) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error { return tx.LoseAttachment(ctx, a) }
	}
	w.fails("another account's", store.ErrNotFound, lose(store.LostAttachment{ID: id, AccountID: w.Theirs.Account}))
	w.Clock.Advance(time.Minute)
	w.do(lose(store.LostAttachment{ID: id, AccountID: c.Account, FileType: 5, Title: "f"}))
	w.fails("one that does not wait", store.ErrNotFound, lose(store.LostAttachment{ID: id, AccountID: c.Account, FileType: 5}))
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.TouchMessage(ctx, m) })
	rows, err := w.MessagesByID(t.Context(), c.Account, []int64{m})
	noErr(t, "MessagesByID", err)
	zero := 0.0
	want(t, "lost", rows[m].Attachments, []store.AttachmentRow{{AttachmentView: store.AttachmentView{
		ID: id, FileType: 5, Title: ptr("f"), Meta: "{}",
		Lat: &zero, Long: &zero,
	}, MessageID: m}})
	want(t, "updated", rows[m].UpdatedAt, w.Clock.Now().UnixMicro())
}

func testInsertFiles(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	m := w.outgoing(c, w.Mine.User, "x")
	a, b, foreign := w.kept(c.Account, "a"), w.kept(0, "b"), w.kept(w.Theirs.Account, "f")
	insert := func(list ...store.NewFile) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error { return tx.InsertFiles(ctx, c.Account, m, list) }
	}
	w.do(insert())
	w.fails("another account's file", store.ErrNotFound, insert(store.NewFile{BlobID: a.ID}, store.NewFile{BlobID: foreign.ID}))
	want(t, "attachments after a failure", w.number(`SELECT COUNT(*) FROM attachments`), 0)
	w.do(insert(store.NewFile{BlobID: b.ID, FileType: 3}, store.NewFile{BlobID: a.ID}, store.NewFile{BlobID: b.ID, FileType: 3}))
	list, err := w.MessageAttachments(t.Context(), m)
	noErr(t, "MessageAttachments", err)
	if len(list) != 3 {
		t.Fatalf("attachments %s", show(list))
	}
	want(t, "in order", []any{list[0].BlobID, list[1].BlobID, list[2].BlobID}, []any{b.ID, a.ID, b.ID})
	want(t, "a file", list[1], store.AttachmentView{
		ID: list[1].ID, FileName: ptr("a.png"), ContentType: ptr("image/png"), FileSize: 7,
		Width: list[1].Width, Height: list[1].Height, BlobID: a.ID, Meta: "{}",
	})
	want(t, "its size", []int{*list[1].Width, *list[1].Height}, []int{4, 5})
	want(t, "files that expire", w.number(`SELECT COUNT(*) FROM blobs WHERE expires_unattached_at IS NOT NULL`), 1)
}

// testReleasedFiles: a file goes with the last message that has it.
func testReleasedFiles(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c := w.chat(l, "A")
	first, second, echo := w.outgoing(c, w.Mine.User, "1"), w.outgoing(c, w.Mine.User, "2"), w.outgoing(c, w.Mine.User, "3")
	shared, own, copied := w.kept(c.Account, "shared"), w.kept(c.Account, "own"), w.kept(c.Account, "copied")
	put := func(message int64, blobs ...store.Blob) {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			list := make([]store.NewFile, len(blobs))
			for i, b := range blobs {
				list[i].BlobID = b.ID
			}
			return tx.InsertFiles(ctx, c.Account, message, list)
		})
	}
	put(first, shared, own)
	put(second, shared)
	put(echo, copied)
	gone := func(b store.Blob) bool {
		read, err := w.Blob(t.Context(), b.ID)
		noErr(t, "Blob", err)
		return !read.ExpiresAt.IsZero()
	}
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.RewriteMessage(ctx, first, nil, "{}", true) })
	want(t, "after the first message was taken back", []bool{gone(shared), gone(own), gone(copied)}, []bool{false, true, false})

	w.exec(`UPDATE messages SET sender_id = NULL, source_id = 'p1' WHERE id = $1`, echo)
	d := store.Delivery{MessageID: second, InboxID: l.Inbox, ConversationID: c.Conversation}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.PartsSent(ctx, []store.PartAnswer{{Delivery: d, Part: 0, ProviderIDs: []string{"p1"}}})
	})
	want(t, "messages", w.number(`SELECT COUNT(*) FROM messages`), 2)
	want(t, "after the echo was dropped", []bool{gone(shared), gone(copied)}, []bool{false, true})

	for done := false; !done; {
		var err error
		done, err = w.EmptyInboxChunk(t.Context(), l.Inbox, 10)
		noErr(t, "EmptyInboxChunk", err)
	}
	want(t, "after the inbox was deleted", gone(shared), true)
}

func testAvatarSource(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	w.exec(`UPDATE contacts SET additional_attributes = '{"a":1}' WHERE id = $1`, c.Contact)
	state, err := w.AvatarState(ctx, c.Account, c.Contact)
	noErr(t, "AvatarState", err)
	want(t, "before", state, store.AvatarState{Attributes: `{"a":1}`})
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SetAvatarSource(ctx, c.Contact, "digest") })
	state, err = w.AvatarState(ctx, c.Account, c.Contact)
	noErr(t, "AvatarState", err)
	want(t, "after", state, store.AvatarState{Source: "digest", SyncedAt: start, Attributes: `{"a":1}`})
	_, err = w.AvatarState(ctx, w.Theirs.Account, c.Contact)
	want(t, "of another account", err, store.ErrNotFound)
}

func testAbsorbedAvatar(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	picture := w.kept(a.Account, "p")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetAvatar(ctx, store.AvatarContact, a.Account, a.Contact, picture.ID)
	})
	contact, err := w.Contact(ctx, a.Account, a.Contact)
	noErr(t, "Contact", err)
	want(t, "avatar", contact.AvatarBlobID, picture.ID)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AbsorbContact(ctx, b.Contact, a.Contact)
		return err
	})
	read, err := w.Blob(ctx, picture.ID)
	noErr(t, "Blob", err)
	want(t, "expiry", read.ExpiresAt, w.Clock.Now())
}
