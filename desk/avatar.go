package desk

import (
	"context"
	"crypto/md5" //nolint:gosec // see gravatar
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	// URL is where somebody said that the picture is; empty: as additional_attributes
	// tell.
	URL string `json:"url,omitempty"`
	// Email makes it a look for the picture that belongs to an address: for a contact
	// who has the address and no picture.
	Email string `json:"email,omitempty"`
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
	return insertAvatarJob(ctx, tx, accountID, "", in, time.Time{})
}

func insertAvatarJob(ctx context.Context, tx *store.Tx, accountID int64, kind string, in AvatarJob, at time.Time) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("desk: avatar: %w", err)
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: JobAvatar, Lane: store.LaneMedia, UniqueKey: JobAvatar + kind + ":" + strconv.FormatInt(in.ContactID, 10),
		AccountID: accountID, Payload: payload, MaxAttempts: preparingTries, RunAt: at,
	})
}

// orderAvatarURL orders the picture at an address that somebody told; an address that
// is none orders nothing.
func orderAvatarURL(ctx context.Context, tx *store.Tx, accountID, contactID, inboxID int64, address string) error {
	if !webAddress(address) {
		return nil
	}
	return insertAvatarJob(ctx, tx, accountID, ":url", AvatarJob{ContactID: contactID, InboxID: inboxID, URL: address}, time.Time{})
}

// Settings of the pictures that belong to e-mail addresses.
const (
	gravatarOff = "DISABLE_GRAVATAR"
	gravatarURL = "GRAVATAR_URL"
)

// ContactSettings are the installation settings that contacts read.
var ContactSettings = []string{gravatarOff, gravatarURL}

// gravatarRest is how long after an address was told its picture is looked for:
// whoever told it may send a picture next.
const gravatarRest = 30 * time.Second

// orderGravatar orders a look for the picture of an e-mail address that is new at a
// contact; none where there is no new one, or the operator wants none.
func (d *Desk) orderGravatar(ctx context.Context, tx *store.Tx, accountID, contactID int64, before, after *string) error {
	if after == nil || *after == "" || before != nil && *before == *after || d.Setting(gravatarOff) != "" {
		return nil
	}
	return insertAvatarJob(ctx, tx, accountID, ":gravatar", AvatarJob{ContactID: contactID, Email: *after}, tx.Now.Add(gravatarRest))
}

// gravatar is where the picture of an address is; ok is false when the contact needs
// none any more.
func (f *Fetcher) gravatar(ctx context.Context, accountID int64, in AvatarJob) (from chat.Fetch, ok bool, err error) {
	c, err := f.desk.Store.Contact(ctx, accountID, in.ContactID)
	if errors.Is(err, store.ErrNotFound) {
		return from, false, nil
	}
	if err != nil || c.Email == nil || *c.Email != in.Email || c.AvatarBlobID != 0 || f.desk.Setting(gravatarOff) != "" {
		return from, false, err
	}
	base := f.desk.Setting(gravatarURL)
	if base == "" {
		base = "https://www.gravatar.com"
	}
	// Gravatar names its pictures by the MD5 of the address (docs.gravatar.com, "Creating
	// the Hash", as it was until 2023 and still is taken).
	sum := md5.Sum([]byte(in.Email)) //nolint:gosec // a name, no secret
	return chat.Fetch{Strategy: "url", Ref: strings.TrimRight(base, "/") + "/avatar/" + hex.EncodeToString(sum[:]) + "?d=404"}, true, nil
}

// contactAvatar orders the job for a contact of whom something was told.
func (d *Desk) contactAvatar(ctx context.Context, tx *store.Tx, row store.OutboxRow) (bool, error) {
	if row.Kind != "contact.created" && row.Kind != "contact.updated" {
		return false, nil
	}
	told := parse(row.Payload)
	id, ok := integer(told["contact_id"])
	if !ok || row.InboxID == 0 || told["avatar"] == true || !mayHavePicture(told) {
		return false, nil
	}
	return true, orderAvatar(ctx, tx, row.AccountID, AvatarJob{ContactID: id, InboxID: row.InboxID})
}

// mayHavePicture tells whether a row about a contact is about what says where the
// picture is: most rows tell of a message.
func mayHavePicture(told map[string]any) bool {
	list, listed := told["changed_attributes"].([]any)
	return !listed || slices.ContainsFunc(list, func(v any) bool {
		one, _ := v.(map[string]any)
		_, is := one["additional_attributes"]
		return is
	})
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
	switch {
	case in.URL != "":
		from, ok = chat.Fetch{Strategy: "url", Ref: in.URL}, true
	case in.Email != "":
		if from, ok, err = f.gravatar(ctx, j.AccountID, in); err != nil {
			return err
		}
	}
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
