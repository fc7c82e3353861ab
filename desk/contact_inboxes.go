package desk

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/google/uuid"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/optional"
	"tributary/internal/validate"
	"tributary/store"
)

// ContactAddress asks for the address of a contact in an inbox.
type ContactAddress struct {
	AccountID int64
	Contact   store.ContactView // who nobody else changes meanwhile: new, or locked
	InboxID   int64
	// SourceID is the address; absent or null: what the channel derives from the
	// contact's phone number or e-mail.
	SourceID optional.Value[string]
	// Verified says of a new address that its owner's identity is proven.
	Verified bool
}

// ContactLink is the address of a contact in an inbox.
type ContactLink struct {
	ID       int64 // of the contact inbox
	InboxID  int64
	SourceID string
}

// ContactInboxFor finds or makes the address of a contact in an inbox, in the
// transaction of what it is made for. store.ErrNotFound when the account has no such
// inbox; a refusal when the channel derives none, or when the address is not of the
// channel's form or somebody else's for good. Where a channel addresses people by
// number or e-mail, an address is taken from who had it before: it is the contact's
// now.
func (d *Desk) ContactInboxFor(ctx context.Context, tx *store.Tx, in ContactAddress) (ContactLink, error) {
	driver, ch, err := d.inboxOf(ctx, in.AccountID, in.InboxID)
	if err != nil {
		return ContactLink{}, err
	}
	source, given := in.SourceID.Get()
	if !given {
		if source, err = deriveSource(driver, ch, in.Contact); err != nil {
			return ContactLink{}, err
		}
	}
	key := store.SourceKey{InboxID: in.InboxID, SourceID: channels.Clean(source)}
	link := ContactLink{InboxID: in.InboxID, SourceID: key.SourceID}
	if err := checkSource(driver, ch, key.SourceID); err != nil {
		return link, err
	}
	known, err := tx.ContactInboxes(ctx, []store.SourceKey{key})
	if err != nil {
		return link, err
	}
	owner, there := known[key]
	switch _, derives := driver.(channels.SourceMaker); {
	case there && owner.ContactID == in.Contact.ID:
		link.ID = owner.ContactInboxID
		return link, nil
	case there && !derives:
		return link, validate.Fail("source_id", validate.Taken)
	case there:
		if err := tx.ReplaceSource(ctx, owner.ContactInboxID, formerSource(ch, key.SourceID)); err != nil {
			return link, err
		}
	}
	made, err := tx.InsertContactInboxes(ctx, []store.NewContactInbox{{SourceKey: key, ContactID: in.Contact.ID, Token: store.NewToken()}})
	if err != nil {
		return link, err
	}
	link.ID = made[key]
	if in.Verified {
		return link, tx.VerifySession(ctx, link.ID)
	}
	return link, nil
}

// inboxOf gives driver and channel of an inbox of an account; store.ErrNotFound when
// there is none of that id.
func (d *Desk) inboxOf(ctx context.Context, accountID, inboxID int64) (channels.Driver, *channels.Channel, error) {
	driver, ch, ok := d.Directory.Inbox(inboxID)
	if !ok {
		// Another process may have connected it a moment ago.
		if err := d.Directory.Refresh(ctx); err != nil {
			return nil, nil, err
		}
		driver, ch, ok = d.Directory.Inbox(inboxID)
	}
	if !ok || ch.AccountID != accountID {
		return nil, nil, store.ErrNotFound
	}
	return driver, ch, nil
}

// anonymous are the channels whose contacts need no address of their own making.
func anonymous(ch *channels.Channel) bool {
	return ch.Type == "Channel::Api" || ch.Type == "Channel::WebWidget"
}

// deriveSource is the address of a contact who has none in an inbox yet.
func deriveSource(driver channels.Driver, ch *channels.Channel, c store.ContactView) (string, error) {
	if anonymous(ch) {
		return uuid.NewString(), nil
	}
	maker, can := driver.(channels.SourceMaker)
	if !can {
		return "", chat.Unprocessable("Unsupported operation for this channel: " + ch.Type)
	}
	var phone, email string
	if c.Phone != nil {
		phone = *c.Phone
	}
	if c.Email != nil {
		email = *c.Email
	}
	return maker.SourceFor(ch, phone, email)
}

func checkSource(driver channels.Driver, ch *channels.Channel, source string) error {
	var errs validate.Errors
	errs.Present("source_id", source)
	errs.MaxLen("source_id", source, validate.ShortText)
	if checker, can := driver.(channels.SourceChecker); can && !errs.Any() {
		if text := checker.CheckSource(ch, source); text != "" {
			errs.Add("source_id", text)
		}
	}
	return errs.Err()
}

// formerSource is what an address becomes that is somebody else's now. It is no
// address of the channel's form, so that nothing is sent to it.
func formerSource(ch *channels.Channel, source string) string {
	if ch.Type == "Channel::Email" {
		return strconv.Itoa(rand.IntN(10)) + source
	}
	return "whatsapp:" + source + strconv.Itoa(rand.IntN(100))
}

// LinkContact gives a contact an address in an inbox, see ContactInboxFor;
// store.ErrNotFound when the account has no such contact or inbox.
func (d *Desk) LinkContact(ctx context.Context, accountID, contactID int64, in ContactAddress) (link ContactLink, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		c, err := lockContact(ctx, tx, accountID, contactID)
		if err != nil {
			return err
		}
		in.AccountID, in.Contact = accountID, c.ContactView
		link, err = d.ContactInboxFor(ctx, tx, in)
		return err
	})
	return link, err
}

// Contactable are the inboxes by which a new conversation with a contact can be begun,
// in the order of their ids; memberID narrows them to those of a member, 0: all.
func (d *Desk) Contactable(ctx context.Context, accountID, memberID int64, c store.ContactRow) ([]ContactLink, error) {
	ids, err := d.visibleInboxes(ctx, accountID, memberID)
	if err != nil {
		return nil, err
	}
	latest, err := d.Store.LatestContactInboxes(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	var out []ContactLink
	for _, id := range ids {
		driver, ch, ok := d.Directory.Inbox(id)
		if !ok {
			continue
		}
		link := ContactLink{InboxID: id}
		known, there := latest[id]
		switch {
		case ch.Type == "Channel::WebWidget":
			if !there || known.Used {
				continue
			}
			link.ID, link.SourceID = known.ID, known.SourceID
		case there && anonymous(ch):
			link.ID, link.SourceID = known.ID, known.SourceID
		default:
			source, err := deriveSource(driver, ch, c.ContactView)
			if _, refused := errors.AsType[*chat.Error](err); refused {
				continue // not to be reached by this channel
			}
			if err != nil {
				return nil, err
			}
			link.SourceID = source
		}
		out = append(out, link)
	}
	return out, nil
}

func (d *Desk) visibleInboxes(ctx context.Context, accountID, memberID int64) ([]int64, error) {
	if memberID == 0 {
		return d.Store.AccountInboxIDs(ctx, accountID)
	}
	return d.Store.InboxIDs(ctx, accountID, memberID)
}

// staleAfter is how old an address without conversations is that nobody needs.
const staleAfter = 90 * 24 * time.Hour

// staleChunk is how many addresses one transaction looks at.
const staleChunk = 1000

// RemoveStaleContactInboxes deletes addresses of contacts that are older than 90 days
// and never had a conversation, share by share, and gives how many.
func (d *Desk) RemoveStaleContactInboxes(ctx context.Context) (int, error) {
	total := 0
	before := d.Now().Add(-staleAfter)
	for last := int64(0); ; {
		next, n, err := d.Store.DeleteStaleContactInboxes(ctx, before, last, staleChunk)
		total += n
		if err != nil || next == 0 {
			return total, err
		}
		last = next
	}
}
