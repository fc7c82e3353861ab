package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/optional"
	"tributary/internal/validate"
	"tributary/presence"
	"tributary/store"
)

// ContactValues is what is told about a contact. What was not sent stays as it is;
// null takes a value away.
type ContactValues struct {
	Name, Email, Phone, Identifier optional.Value[string]
	Blocked                        optional.Value[bool]
	// Attributes are put into the stored ones, key by key: a nested object replaces the
	// one that was there.
	AdditionalAttributes, CustomAttributes map[string]any
	// AvatarID is a picture that nothing uses yet; 0: none.
	AvatarID int64
	// AvatarURL is where a picture can be fetched; what is no web address is nowhere.
	AvatarURL string
}

// apply changes c by what was sent.
func (v ContactValues) apply(c *store.ContactView) {
	for _, x := range []struct {
		to   **string
		from optional.Value[string]
	}{{&c.Email, optional.Value[string]{Sent: v.Email.Sent, Null: v.Email.Null, V: strings.ToLower(v.Email.V)}}, {&c.Phone, v.Phone}, {&c.Identifier, v.Identifier}} {
		if !x.from.Sent {
			continue
		}
		*x.to = nil
		if value := filled(channels.Clean(x.from.V)); value != "" {
			*x.to = &value
		}
	}
	if v.Name.Sent {
		c.Name = channels.Clean(v.Name.V)
	}
	v.Blocked.Apply(&c.Blocked)
	c.AdditionalAttributes = merged(c.AdditionalAttributes, v.AdditionalAttributes)
	c.CustomAttributes = merged(c.CustomAttributes, v.CustomAttributes)
}

// merged is a stored object with other members put into it; to the letter the stored
// one when there are none.
func merged(stored string, more map[string]any) string {
	if len(more) == 0 {
		return stored
	}
	out := parse(stored)
	maps.Copy(out, more)
	return object(out)
}

// checkContact tells what a contact's record cannot hold, and which of its values
// another contact of the account has (contract 03 §3).
func checkContact(ctx context.Context, tx *store.Tx, accountID int64, c store.ContactView) error {
	var errs validate.Errors
	value := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	email, phone, identifier := value(c.Email), value(c.Phone), value(c.Identifier)
	errs.MaxLen("name", c.Name, validate.ShortText)
	taken := func(attribute string, key store.IdentityKey, value string) error {
		owner, err := tx.ContactOf(ctx, accountID, key, value)
		if err == nil && owner != 0 && owner != c.ID {
			errs.Add(attribute, validate.Taken)
		}
		return err
	}
	errs.MaxLen("email", email, validate.ShortText)
	if err := taken("email", store.ByEmail, email); err != nil {
		return err
	}
	if email != "" && !validEmail(email) {
		errs.AddWhole("email", "Email Invalid email")
	}
	errs.MaxLen("identifier", identifier, validate.ShortText)
	if err := taken("identifier", store.ByIdentifier, identifier); err != nil {
		return err
	}
	errs.MaxLen("phone_number", phone, validate.ShortText)
	if err := taken("phone_number", store.ByPhone, phone); err != nil {
		return err
	}
	if phone != "" && !validPhone(phone) {
		errs.Add("phone_number", "should be in e164 format")
	}
	return errs.Err()
}

// NewContact is a contact that a member of an account makes.
type NewContact struct {
	By        Actor
	AccountID int64
	ContactValues
	// InboxID is through which inbox they are reached from now on; 0: none.
	InboxID  int64
	SourceID optional.Value[string]
}

// CreateContact makes a contact. The address is that in the inbox, zero where none was
// asked for. store.ErrNotFound when the account has no such inbox; see
// ContactInboxFor for what else may be wrong with the address.
func (d *Desk) CreateContact(ctx context.Context, in NewContact) (id int64, address ContactLink, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		c := store.ContactView{AdditionalAttributes: "{}", CustomAttributes: "{}"}
		in.apply(&c)
		if err := checkContact(ctx, tx, in.AccountID, c); err != nil {
			return err
		}
		if id, err = tx.InsertContact(ctx, in.AccountID, c); err != nil {
			return err
		}
		c.ID = id
		if err := d.picturesOf(ctx, tx, in.AccountID, c, nil, in.ContactValues); err != nil {
			return err
		}
		if in.InboxID != 0 {
			address, err = d.ContactInboxFor(ctx, tx, ContactAddress{AccountID: in.AccountID, Contact: c, InboxID: in.InboxID, SourceID: in.SourceID})
			if err != nil {
				return err
			}
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{contactEvent("contact.created", in.AccountID, 0, id, in.By, nil)})
	})
	if err == nil {
		d.WakeJobs()
	}
	return id, address, err
}

// picturesOf gives a contact the picture that was sent, and orders those that have to
// be fetched.
func (d *Desk) picturesOf(ctx context.Context, tx *store.Tx, accountID int64, c store.ContactView, email *string, in ContactValues) error {
	if in.AvatarID != 0 {
		err := tx.SetAvatar(ctx, store.AvatarContact, accountID, c.ID, in.AvatarID)
		if errors.Is(err, store.ErrNotFound) {
			return validate.Fail("avatar", validate.Invalid) // somebody else used the file meanwhile
		}
		if err != nil {
			return err
		}
	}
	if err := orderAvatarURL(ctx, tx, accountID, c.ID, 0, in.AvatarURL); err != nil {
		return err
	}
	return d.orderGravatar(ctx, tx, accountID, c.ID, email, c.Email)
}

// changeContact lets change alter a contact and stores it with what follows;
// store.ErrNotFound when the account has none of that id.
func (d *Desk) changeContact(ctx context.Context, by Actor, accountID, id int64, in ContactValues, change func(*store.ContactView)) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		before, err := lockContact(ctx, tx, accountID, id)
		if err != nil {
			return err
		}
		after := before
		change(&after.ContactView)
		row, changed := contactUpdated(before, after, 0, by, tx.Now)
		if changed {
			if err := checkContact(ctx, tx, accountID, after.ContactView); err != nil {
				return err
			}
			if err := tx.UpdateContact(ctx, after.ContactView); err != nil {
				return err
			}
		}
		if err := d.picturesOf(ctx, tx, accountID, after.ContactView, before.Email, in); err != nil {
			return err
		}
		switch {
		case changed:
		case in.AvatarID != 0:
			row = contactEvent("contact.updated", accountID, 0, id, by, withUpdatedAt(nil, before.UpdatedAt, tx.Now))
		default:
			return nil
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{row})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// lockContact reads one contact for a change; store.ErrNotFound when the account has
// none of that id.
func lockContact(ctx context.Context, tx *store.Tx, accountID, id int64) (store.ContactRecord, error) {
	locked, err := tx.LockContacts(ctx, accountID, id)
	if err != nil {
		return store.ContactRecord{}, err
	}
	c, there := locked[id]
	if !there {
		return c, store.ErrNotFound
	}
	return c, nil
}

// ChangeContact changes what was sent; store.ErrNotFound when the account has no such
// contact.
func (d *Desk) ChangeContact(ctx context.Context, by Actor, accountID, id int64, in ContactValues) error {
	return d.changeContact(ctx, by, accountID, id, in, func(c *store.ContactView) { in.apply(c) })
}

// DropContactAttributes takes custom attributes off a contact; store.ErrNotFound as in
// ChangeContact.
func (d *Desk) DropContactAttributes(ctx context.Context, by Actor, accountID, id int64, keys []string) error {
	return d.changeContact(ctx, by, accountID, id, ContactValues{}, func(c *store.ContactView) {
		values := parse(c.CustomAttributes)
		for _, key := range keys {
			delete(values, key)
		}
		c.CustomAttributes = object(values)
	})
}

// RemoveContactAvatar takes a contact's picture away; store.ErrNotFound as in
// ChangeContact.
func (d *Desk) RemoveContactAvatar(ctx context.Context, by Actor, accountID, id int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := lockContact(ctx, tx, accountID, id)
		if err != nil || c.AvatarBlobID == 0 {
			return err
		}
		if err := tx.SetAvatar(ctx, store.AvatarContact, accountID, id, 0); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, []store.OutboxRow{contactEvent("contact.updated", accountID, 0, id, by, withUpdatedAt(nil, c.UpdatedAt, tx.Now))})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// LabelContact gives a contact these labels and no others, and gives them as they are
// stored; store.ErrNotFound as in ChangeContact.
func (d *Desk) LabelContact(ctx context.Context, by Actor, accountID, id int64, labels []string) (after []string, err error) {
	var errs validate.Errors
	for _, label := range labels {
		errs.MaxLen("labels", label, validate.ShortText)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		c, err := lockContact(ctx, tx, accountID, id)
		if err != nil {
			return err
		}
		var before []string
		if before, after, err = tx.SetContactLabels(ctx, accountID, id, labels); err != nil || slices.Equal(before, after) {
			return err
		}
		changed := []map[string]any{change{"label_list", listed(before), listed(after)}.attribute()}
		return tx.InsertOutbox(ctx, []store.OutboxRow{
			contactEvent("contact.updated", accountID, 0, id, by, withUpdatedAt(changed, c.UpdatedAt, tx.Now)),
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return after, err
}

// listed is a list that is written as one when it is empty.
func listed[T any](of []T) []T {
	if of == nil {
		return []T{}
	}
	return of
}

// JobContactDeleted removes what a deleted contact left.
const JobContactDeleted = "contact.deleted"

// ContactJob is the payload of JobContactDeleted.
type ContactJob struct {
	ContactID int64 `json:"contact_id"`
}

// DeleteContact makes a contact disappear; conversations and all else that is theirs
// goes in the background. One who is online stays, and the refusal says so.
// store.ErrNotFound as in ChangeContact.
func (d *Desk) DeleteContact(ctx context.Context, by Actor, accountID, id int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		c, err := lockContact(ctx, tx, accountID, id)
		if err != nil {
			return err
		}
		if d.attendance.has(ctx, accountID, presence.Contacts, id) {
			return &chat.Error{Code: chat.CodeInvalid, Message: capitalized(c.Name) + " is Online, please try again later"}
		}
		if err := tx.DeleteContact(ctx, id); err != nil {
			return err
		}
		if err := tx.InsertOutbox(ctx, []store.OutboxRow{d.contactGone(c.ContactRow, accountID, 0, by)}); err != nil {
			return err
		}
		payload, err := json.Marshal(ContactJob{ContactID: id})
		if err != nil {
			return fmt.Errorf("desk: contact job: %w", err)
		}
		return tx.InsertJob(ctx, store.Job{
			Kind: JobContactDeleted, Lane: store.LaneBulk, UniqueKey: JobContactDeleted + ":" + strconv.FormatInt(id, 10),
			AccountID: accountID, Payload: payload,
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// contactGone is the row about a contact who is no more. It tells who they were:
// nobody can look that up afterwards.
func (d *Desk) contactGone(c store.ContactRow, accountID, inboxID int64, by Actor) store.OutboxRow {
	return contactEvent("contact.deleted", accountID, inboxID, c.ID, by, map[string]any{"contact": d.contactPush(c.ContactView)})
}

// capitalized has its first letter large and all others small.
func capitalized(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + strings.ToLower(s[size:])
}

// contactDeleted carries out JobContactDeleted.
func (d *Desk) contactDeleted(ctx context.Context, j store.Job) error {
	var in ContactJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	return d.inChunks(ctx, func() (bool, error) { return d.Store.EmptyContactChunk(ctx, in.ContactID, deleteChunk) })
}

// PresentContacts are the contacts of an account who are online now, in no order.
func (d *Desk) PresentContacts(ctx context.Context, accountID int64) []int64 {
	return d.attendance.all(ctx, accountID, presence.Contacts)
}
