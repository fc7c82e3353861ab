package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/files"
	"tributary/store"
)

// JobAvatar stores a copy of a contact's picture.
const JobAvatar = "contact.avatar"

// AvatarJob is the payload of JobAvatar.
type AvatarJob struct {
	ContactID int64 `json:"contact_id"`
	InboxID   int64 `json:"inbox_id"` // whose provider has the picture
}

// Limits of avatars (contract 09 §2.4).
const (
	maxAvatar  = 15 << 20 // bytes
	avatarRest = time.Minute
)

// avatarTypes are the pictures that are taken.
var avatarTypes = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// orderAvatar orders the job. An order while it runs stands for a run after it:
// the picture may be another one.
func orderAvatar(ctx context.Context, tx *store.Tx, accountID int64, in AvatarJob) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("desk: avatar: %w", err)
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: JobAvatar, Lane: store.LaneMedia, UniqueKey: JobAvatar + ":" + strconv.FormatInt(in.ContactID, 10),
		AccountID: accountID, Payload: payload, MaxAttempts: preparingTries,
	})
}

// contactAvatar orders the job for a contact of whom something was told.
func (d *Desk) contactAvatar(ctx context.Context, tx *store.Tx, row store.OutboxRow) (bool, error) {
	if row.Kind != "contact.created" && row.Kind != "contact.updated" {
		return false, nil
	}
	told := parse(row.Payload)
	id, ok := integer(told["contact_id"])
	if !ok || told["avatar"] == true {
		return false, nil
	}
	return true, orderAvatar(ctx, tx, row.AccountID, AvatarJob{ContactID: id, InboxID: row.InboxID})
}

// picture is where a contact's picture can be had.
func picture(attributes map[string]any) (chat.Fetch, bool) {
	var from chat.Fetch
	if told, err := json.Marshal(attributes["provider_avatar"]); err == nil {
		_ = json.Unmarshal(told, &from) // of another shape: it names no picture
	}
	if from.Strategy != "" && from.Ref != "" {
		return from, true
	}
	address, _ := attributes["provider_avatar_url"].(string)
	return chat.Fetch{Strategy: "url", Ref: address}, address != ""
}

// pictureDigest names a picture by where it is, like noteAvatar.
func pictureDigest(from chat.Fetch) string {
	if from.Strategy == "url" {
		return channels.Digest(from.Ref)
	}
	return channels.Digest(from.Strategy + ":" + from.Ref)
}

// avatar is the handler of JobAvatar.
func (f *Fetcher) avatar(ctx context.Context, j store.Job) error {
	var in AvatarJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	state, err := f.desk.Store.AvatarState(ctx, j.AccountID, in.ContactID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	from, ok := picture(parse(state.Attributes))
	source := pictureDigest(from)
	if !ok || source == state.Source {
		return nil
	}
	if next := state.SyncedAt.Add(avatarRest); !state.SyncedAt.IsZero() && next.After(f.desk.Now()) {
		return Later{next}
	}
	leave, err := f.enter(in.InboxID)
	if err != nil {
		return err
	}
	defer leave()
	file, err := f.download(ctx, j, wanted{Fetch: from, accountID: j.AccountID, inboxID: in.InboxID, kind: "avatar", maxBytes: maxAvatar})
	if e, ok := errors.AsType[*fetchError](err); ok {
		if err := f.failed(ctx, j, in.InboxID, e); err != nil {
			return done(err)
		}
		return Declined{e}
	}
	if err != nil {
		return done(err)
	}
	return f.wear(ctx, j.AccountID, in, file.File, source)
}

// wear gives the contact the picture; what is none is noted, so that it is not
// fetched again.
func (f *Fetcher) wear(ctx context.Context, accountID int64, in AvatarJob, file files.File, source string) error {
	usable := slices.Contains(avatarTypes, file.ContentType)
	err := f.desk.again(ctx, func(tx *store.Tx) error {
		locked, err := tx.LockContacts(ctx, accountID, in.ContactID)
		if err != nil {
			return err
		}
		contact, ok := locked[in.ContactID]
		if !ok {
			return store.ErrNotFound
		}
		if err := tx.SetAvatarSource(ctx, in.ContactID, source); err != nil || !usable {
			return err
		}
		if err := tx.SetAvatar(ctx, store.AvatarContact, accountID, in.ContactID, file.ID); err != nil {
			return err
		}
		attributes := parse(contact.AdditionalAttributes)
		attributes["avatar_url_hash"], attributes["last_avatar_sync_at"] = source, tx.Now.UTC().Format(time.RFC3339)
		contact.AdditionalAttributes = object(attributes)
		if err := tx.UpdateContact(ctx, contact.ContactView); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{{
			AccountID: accountID, Kind: "contact.updated", InboxID: in.InboxID,
			Payload: object(map[string]any{"contact_id": in.ContactID, "avatar": true}),
		}})
	})
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !usable:
		return f.desk.Files.Delete(ctx, file.ID)
	case err != nil:
		return err
	}
	f.desk.WakeJobs()
	return nil
}
