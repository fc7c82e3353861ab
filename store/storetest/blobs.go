package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tributary/store"
)

func blobCases() []Case {
	return []Case{
		{"a blob", []string{"Store.InsertBlob", "Store.CompleteBlob", "Store.Blob", "Store.Blobs", "Store.DeleteBlob"}, testBlob},
		{"attach a blob", []string{"Tx.AttachBlob", "Tx.DetachBlob", "Store.ExpiredBlobs"}, testAttachBlob},
		{"expired blobs", []string{"Store.ExpiredBlobs"}, testExpiredBlobs},
		{"fill an attachment", []string{"Tx.FillAttachment"}, testFillAttachment},
		{"avatars", []string{"Tx.SetAvatar"}, testAvatars},
		{"blob variants", []string{"Store.InsertBlobVariant", "Store.BlobVariant", "Store.BlobVariants"}, testBlobVariants},
	}
}

// announced is a file whose bytes are yet to come; it expires in an hour.
func (w *World) announced(account int64, key string) store.Blob {
	w.t.Helper()
	b, err := w.InsertBlob(w.t.Context(), store.Blob{
		Key: key, Filename: key + ".png", ContentType: "application/octet-stream", Size: 3, Checksum: "sum", ServiceName: "local",
		AccountID: account, ExpiresAt: w.Clock.Now().Add(time.Hour),
	})
	noErr(w.t, "InsertBlob", err)
	return b
}

// kept is a file whose bytes are stored.
func (w *World) kept(account int64, key string) store.Blob {
	w.t.Helper()
	b := w.announced(account, key)
	b.ContentType, b.Size, b.Checksum, b.SHA256, b.Width, b.Height = "image/png", 7, "md5", "sha", ptr(4), ptr(5)
	b, err := w.CompleteBlob(w.t.Context(), b)
	noErr(w.t, "CompleteBlob", err)
	return b
}

func testBlob(t *testing.T, w *World) {
	ctx := t.Context()
	b := w.announced(7, "a")
	wanted := store.Blob{
		ID: b.ID, Key: "a", Filename: "a.png", ContentType: "application/octet-stream", Size: 3, Checksum: "sum", ServiceName: "local",
		Metadata: "{}", AccountID: 7, CreatedAt: start, ExpiresAt: start.Add(time.Hour),
	}
	want(t, "InsertBlob", b, wanted)
	w.Clock.Advance(time.Minute)
	b.ContentType, b.Size, b.Checksum, b.SHA256, b.Width, b.Height = "image/png", 7, "md5", "sha", ptr(4), ptr(5)
	b.Key, b.AccountID = "ignored", 9
	done, err := w.CompleteBlob(ctx, b)
	noErr(t, "CompleteBlob", err)
	wanted.ContentType, wanted.Size, wanted.Checksum, wanted.SHA256, wanted.Width, wanted.Height = "image/png", 7, "md5", "sha", ptr(4), ptr(5)
	wanted.StoredAt = start.Add(time.Minute)
	want(t, "CompleteBlob", done, wanted)
	read, err := w.Blob(ctx, b.ID)
	noErr(t, "Blob", err)
	want(t, "Blob", read, wanted)

	other, err := w.InsertBlob(ctx, store.Blob{Key: "b", Filename: "b", ContentType: "x/y", ServiceName: "amazon", Metadata: `{"a":1}`})
	noErr(t, "InsertBlob", err)
	want(t, "a file in use from the beginning", other, store.Blob{
		ID: other.ID, Key: "b", Filename: "b", ContentType: "x/y", ServiceName: "amazon", Metadata: `{"a":1}`, CreatedAt: start.Add(time.Minute),
	})
	if _, err := w.InsertBlob(ctx, store.Blob{Key: "a", ServiceName: "local"}); err == nil {
		t.Error("two files have one key")
	}
	list, err := w.Blobs(ctx, []int64{b.ID, other.ID, 999})
	noErr(t, "Blobs", err)
	want(t, "Blobs", list, map[int64]store.Blob{b.ID: wanted, other.ID: other})
	list, err = w.Blobs(ctx, nil)
	noErr(t, "Blobs of no ids", err)
	want(t, "Blobs of no ids", len(list), 0)

	noErr(t, "DeleteBlob", w.DeleteBlob(ctx, b.ID))
	noErr(t, "DeleteBlob again", w.DeleteBlob(ctx, b.ID))
	_, err = w.Blob(ctx, b.ID)
	wantErr(t, "Blob that was deleted", err, store.ErrNotFound)
	_, err = w.CompleteBlob(ctx, b)
	wantErr(t, "CompleteBlob that was deleted", err, store.ErrNotFound)
	_, err = w.Blob(ctx, other.ID)
	noErr(t, "the other blob", err)
}

func testAttachBlob(t *testing.T, w *World) {
	ctx := t.Context()
	mine, free, coming := w.kept(7, "mine"), w.kept(0, "free"), w.announced(7, "coming")
	attach := func(account, id int64) error {
		return w.Transact(ctx, func(tx *store.Tx) error { return tx.AttachBlob(ctx, account, id) })
	}
	wantErr(t, "of another account", attach(8, mine.ID), store.ErrNotFound)
	wantErr(t, "of no id", attach(7, 999), store.ErrNotFound)
	wantErr(t, "without bytes", attach(7, coming.ID), store.ErrNotFound)
	noErr(t, "AttachBlob", attach(7, mine.ID))
	noErr(t, "AttachBlob again", attach(7, mine.ID))
	noErr(t, "AttachBlob of no account", attach(8, free.ID))
	wantErr(t, "a second account", attach(7, free.ID), store.ErrNotFound)
	for _, x := range []struct{ id, account int64 }{{mine.ID, 7}, {free.ID, 8}} {
		b, err := w.Blob(ctx, x.id)
		noErr(t, "Blob", err)
		want(t, "account", b.AccountID, x.account)
		want(t, "expiry", b.ExpiresAt.IsZero(), true)
	}
	// What is used outside accounts stays outside.
	picture := w.kept(0, "picture")
	noErr(t, "AttachBlob outside accounts", attach(0, picture.ID))
	wantErr(t, "AttachBlob of what is used outside", attach(7, picture.ID), store.ErrNotFound)
	b, err := w.Blob(ctx, picture.ID)
	noErr(t, "Blob", err)
	want(t, "account", b.AccountID, 0)

	late := w.kept(7, "late")
	w.Clock.Advance(time.Hour)
	wantErr(t, "expired", attach(7, late.ID), store.ErrNotFound)
	w.Clock.Advance(time.Minute)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DetachBlob(ctx, mine.ID) })
	list, err := w.ExpiredBlobs(ctx, 10)
	noErr(t, "ExpiredBlobs", err)
	var keys []string
	for _, b := range list {
		keys = append(keys, b.Key)
	}
	want(t, "ExpiredBlobs", fmt.Sprint(keys), "[coming late mine]")
	wantErr(t, "detached", attach(7, mine.ID), store.ErrNotFound)
}

func testExpiredBlobs(t *testing.T, w *World) {
	ctx := t.Context()
	for _, key := range []string{"a", "b", "c"} {
		w.announced(0, key)
		w.Clock.Advance(time.Minute)
	}
	for _, x := range []struct {
		after time.Duration
		limit int
		want  int
	}{{0, 10, 0}, {57 * time.Minute, 10, 1}, {time.Minute, 10, 2}, {0, 1, 1}, {time.Hour, 10, 3}} {
		w.Clock.Advance(x.after)
		list, err := w.ExpiredBlobs(ctx, x.limit)
		noErr(t, "ExpiredBlobs", err)
		want(t, "ExpiredBlobs", len(list), x.want)
	}
}

func testFillAttachment(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "a"), "U1")
	message := w.incoming(c, "m1", "photo")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertAttachments(ctx, []store.NewAttachment{
			{AccountID: c.Account, MessageID: message, FileType: 3, State: "pending", ExternalURL: "https://cdn.example/1", Title: "t", Meta: `{"a":1}`},
			{AccountID: c.Account, MessageID: message, FileType: 3, State: "pending"},
		})
	})
	first := w.number(`SELECT MIN(id) FROM attachments`)
	b, foreign := w.kept(w.Mine.Account, "photo"), w.kept(w.Theirs.Account, "foreign")
	w.Clock.Advance(time.Minute)
	fill := func(f store.FilledAttachment) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error { return tx.FillAttachment(ctx, f) }
	}
	for what, f := range map[string]store.FilledAttachment{
		"another account's file":       {ID: first, AccountID: w.Mine.Account, BlobID: foreign.ID},
		"another account's attachment": {ID: first, AccountID: w.Theirs.Account, BlobID: foreign.ID},
		"no attachment":                {ID: 999, AccountID: w.Mine.Account, BlobID: b.ID},
		"no file":                      {ID: first, AccountID: w.Mine.Account, BlobID: 999},
	} {
		w.fails(what, store.ErrNotFound, fill(f))
	}
	read, err := w.Blob(ctx, b.ID)
	noErr(t, "Blob", err)
	want(t, "expiry after failures", read.ExpiresAt, start.Add(time.Hour))
	w.do(fill(store.FilledAttachment{ID: first, AccountID: w.Mine.Account, BlobID: b.ID, FileType: 0}))
	list, err := w.MessagesByID(ctx, w.Mine.Account, []int64{message})
	noErr(t, "MessagesByID", err)
	a := list[message].Attachments[0]
	want(t, "name, type and size", []any{*a.FileName, *a.ContentType, a.FileSize, *a.Width, *a.Height, a.FileType},
		[]any{"photo.png", "image/png", int64(7), 4, 5, 0})
	want(t, "title and meta", []any{*a.Title, a.Meta}, []any{"t", `{"a":1}`})
	want(t, "filled", w.number(`SELECT COUNT(*) FROM attachments WHERE blob_id = $1 AND state = 'ready' AND file_key = 'photo'`, b.ID), 1)
	want(t, "waiting", w.number(`SELECT COUNT(*) FROM attachments WHERE blob_id IS NULL AND state = 'pending'`), 1)
	read, err = w.Blob(ctx, b.ID)
	noErr(t, "Blob", err)
	want(t, "expiry", read.ExpiresAt.IsZero(), true)
	w.do(fill(store.FilledAttachment{
		ID: w.number(`SELECT MAX(id) FROM attachments`), AccountID: w.Mine.Account, BlobID: w.kept(w.Mine.Account, "card").ID, FileType: 8,
		Title: "+1", Meta: `{"firstName":"A"}`,
	}))
	list, err = w.MessagesByID(ctx, w.Mine.Account, []int64{message})
	noErr(t, "MessagesByID", err)
	a = list[message].Attachments[1]
	want(t, "card", []any{a.FileType, *a.Title, a.Meta}, []any{8, "+1", `{"firstName":"A"}`})
}

func testAvatars(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "a"), "U1")
	for owner, id := range map[store.AvatarOwner]int64{
		store.AvatarContact: c.Contact, store.AvatarInbox: c.Inbox, store.AvatarUser: w.Mine.User,
	} {
		account := w.Mine.Account
		if owner == store.AvatarUser {
			account = 0
		}
		old, next := w.kept(account, "old of "+string(owner)), w.kept(account, "new of "+string(owner))
		set := func(account, id, blob int64) func(context.Context, *store.Tx) error {
			return func(ctx context.Context, tx *store.Tx) error { return tx.SetAvatar(ctx, owner, account, id, blob) }
		}
		shown := func() int64 {
			return w.number(`SELECT COALESCE(avatar_blob_id, 0) FROM `+string(owner)+` WHERE id = $1`, id)
		}
		inUse := func(id int64) bool {
			b, err := w.Blob(ctx, id)
			noErr(t, "Blob", err)
			return b.ExpiresAt.IsZero()
		}
		w.fails("no owner", store.ErrNotFound, set(account, 999, old.ID))
		w.fails("no file", store.ErrNotFound, set(account, id, 999))
		if owner != store.AvatarUser {
			w.fails("another account", store.ErrNotFound, set(w.Theirs.Account, id, old.ID))
		}
		w.do(set(account, id, old.ID))
		w.do(set(account, id, old.ID))
		want(t, string(owner)+": first", []any{shown(), inUse(old.ID)}, []any{old.ID, true})
		w.do(set(account, id, next.ID))
		want(t, string(owner)+": second", []any{shown(), inUse(old.ID), inUse(next.ID)}, []any{next.ID, false, true})
		w.do(set(account, id, 0))
		want(t, string(owner)+": none", []any{shown(), inUse(next.ID)}, []any{int64(0), false})
	}
}

func testBlobVariants(t *testing.T, w *World) {
	ctx := t.Context()
	b := w.kept(0, "a")
	v := store.BlobVariant{BlobID: b.ID, Variation: "thumb", Key: "k1", ServiceName: "local", ContentType: "image/jpeg", Size: 9, Width: 2, Height: 3}
	_, err := w.BlobVariant(ctx, b.ID, "thumb")
	wantErr(t, "BlobVariant before it is made", err, store.ErrNotFound)
	made, err := w.InsertBlobVariant(ctx, v)
	noErr(t, "InsertBlobVariant", err)
	want(t, "made", made, true)
	second := v
	second.Key = "k2"
	made, err = w.InsertBlobVariant(ctx, second)
	noErr(t, "InsertBlobVariant", err)
	want(t, "made again", made, false)
	orphan := v
	orphan.BlobID, orphan.Key = 999, "k3"
	made, err = w.InsertBlobVariant(ctx, orphan)
	noErr(t, "InsertBlobVariant of no blob", err)
	want(t, "made of no blob", made, false)
	read, err := w.BlobVariant(ctx, b.ID, "thumb")
	noErr(t, "BlobVariant", err)
	want(t, "BlobVariant", read, v)
	list, err := w.BlobVariants(ctx, b.ID)
	noErr(t, "BlobVariants", err)
	want(t, "BlobVariants", list, []store.BlobVariant{v})
	noErr(t, "DeleteBlob", w.DeleteBlob(ctx, b.ID))
	want(t, "variants of a deleted blob", w.number(`SELECT COUNT(*) FROM blob_variants`), 0)
}
