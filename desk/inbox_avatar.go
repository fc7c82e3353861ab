package desk

import (
	"context"
	"errors"
	"slices"

	"tributary/chat"
	"tributary/store"
)

// JobInboxAvatar stores a copy of the picture that an inbox has at its provider.
const JobInboxAvatar = "inbox.avatar"

// InboxAvatarJob is the payload of JobInboxAvatar. URL holds no secret.
type InboxAvatarJob struct {
	InboxID int64  `json:"inbox_id"`
	URL     string `json:"url"`
}

// inboxAvatar is the handler of JobInboxAvatar.
func (f *Fetcher) inboxAvatar(ctx context.Context, j store.Job) error {
	var in InboxAvatarJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	if _, err := f.desk.Store.Inbox(ctx, j.AccountID, in.InboxID); errors.Is(err, store.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	leave, err := f.enter(in.InboxID)
	if err != nil {
		return err
	}
	defer leave()
	file, err := f.download(ctx, j, wanted{
		Fetch: chat.Fetch{Strategy: "url", Ref: in.URL}, accountID: j.AccountID, inboxID: in.InboxID, kind: "avatar", maxBytes: maxAvatar,
	})
	if e, ok := errors.AsType[*fetchError](err); ok {
		if err := f.failed(ctx, j, in.InboxID, e); err != nil {
			return done(err)
		}
		return Declined{e}
	}
	if err != nil {
		return done(err)
	}
	if !slices.Contains(avatarTypes, file.ContentType) {
		return f.desk.Files.Delete(ctx, file.ID)
	}
	err = f.desk.again(ctx, func(tx *store.Tx) error {
		if err := tx.SetAvatar(ctx, store.AvatarInbox, j.AccountID, in.InboxID, file.ID); err != nil {
			return err
		}
		return tx.InvalidateCache(ctx, j.AccountID, store.CacheInboxes)
	})
	if errors.Is(err, store.ErrNotFound) {
		return f.desk.Files.Delete(ctx, file.ID)
	}
	return err
}
