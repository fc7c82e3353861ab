package desk

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/google/uuid"

	"tributary/chat"
	"tributary/internal/optional"
	"tributary/internal/validate"
	"tributary/store"
)

// NewConversation is a conversation that somebody begins.
type NewConversation struct {
	AccountID int64
	By        Author
	InboxID   int64
	// ContactID is with whom; 0: whoever has the address SourceID in the inbox.
	ContactID int64
	// SourceID is the contact's address in the inbox; absent: what the channel derives.
	SourceID optional.Value[string]
	// Verified says of a new address that its owner's identity is proven.
	Verified bool
	// Additional and Custom are attributes.
	Additional map[string]any
	Custom     map[string]any
	// Status is the one that is wanted; empty: open. Until is as in StatusWish.
	Status chat.ConversationStatus
	Until  *time.Time
	// AssigneeID and TeamID are whose it is; who is none of the account's is nobody.
	AssigneeID int64
	TeamID     int64
	// Message is the first one; nil: none.
	Message *Reply
}

// StartConversation makes a conversation, with its first message, and gives its display
// id. An inbox that is locked to a single conversation gives the contact's last one
// there, if there is one: then only the message is new. store.ErrNotFound when there is
// no such contact or address.
func (d *Desk) StartConversation(ctx context.Context, in NewConversation) (displayID int64, err error) {
	in.Additional = withReferer(in.Additional)
	var errs validate.Errors
	checkAttributes(&errs, "additional_attributes", in.Additional)
	checkAttributes(&errs, "custom_attributes", in.Custom)
	if err := errs.Err(); err != nil {
		return 0, err
	}
	if in.TeamID != 0 {
		// Asked outside of the transaction, which would wait for the answer.
		d.AvailabilityStatus(ctx, in.AccountID, 0, 0, true)
	}
	var w written
	err = d.again(ctx, func(tx *store.Tx) error {
		link, contact, err := d.startFrom(ctx, tx, in)
		if err != nil {
			return err
		}
		c, err := d.startOrFind(ctx, tx, in, link, contact)
		if err != nil {
			return err
		}
		displayID, w = c.DisplayID, written{}
		if in.Message == nil {
			return nil
		}
		message := *in.Message
		message.AccountID = in.AccountID
		w, err = d.write(ctx, tx, c, message)
		return err
	})
	if err != nil {
		return 0, err
	}
	d.wakeFor(w)
	return displayID, nil
}

// errSourceTaken is an address that is somebody else's.
var errSourceTaken = chat.Unprocessable("source_id should be unique")

// startFrom finds or makes the address of the contact, who is locked.
func (d *Desk) startFrom(ctx context.Context, tx *store.Tx, in NewConversation) (contactInboxID int64, contact store.ContactView, err error) {
	if in.ContactID == 0 {
		s, err := tx.Session(ctx, in.InboxID, in.SourceID.V)
		if err != nil {
			return 0, contact, err
		}
		locked, err := lockContact(ctx, tx, in.AccountID, s.Contact.ID)
		return s.ID, locked.ContactView, err
	}
	locked, err := lockContact(ctx, tx, in.AccountID, in.ContactID)
	if err != nil {
		return 0, contact, err
	}
	link, err := d.ContactInboxFor(ctx, tx, ContactAddress{
		AccountID: in.AccountID, Contact: locked.ContactView, InboxID: in.InboxID, SourceID: in.SourceID, Verified: in.Verified,
	})
	if taken := validate.Fail("source_id", validate.Taken); err != nil && err.Error() == taken.Error() {
		err = errSourceTaken
	}
	return link.ID, locked.ContactView, err
}

// startOrFind makes the conversation, or finds the one that an inbox is locked to.
func (d *Desk) startOrFind(ctx context.Context, tx *store.Tx, in NewConversation, link int64, contact store.ContactView) (store.ConversationRow, error) {
	thread := store.ThreadKey{ContactInboxID: link}
	if row, _ := d.Directory.Row(in.InboxID); row.LockToSingle {
		found, err := tx.CurrentConversations(ctx, []store.ThreadKey{thread}, []bool{true})
		if err != nil {
			return store.ConversationRow{}, err
		}
		if c, ok := found[thread]; ok {
			return tx.ConversationByID(ctx, c.ID)
		}
	}
	status := d.initialStatus(in.InboxID, contact.Blocked)
	if status == chat.Open.Code() && in.Status != "" {
		status = in.Status.Code()
	}
	made, err := tx.InsertConversations(ctx, []store.NewConversation{{
		ThreadKey: thread, AccountID: in.AccountID, InboxID: in.InboxID, ContactID: contact.ID, UUID: uuid.NewString(), Status: status,
		Attributes: object(in.Additional), At: tx.Now.UnixMicro(),
	}})
	if err != nil {
		return store.ConversationRow{}, err
	}
	c, err := tx.ConversationByID(ctx, made[0].ID)
	if err != nil {
		return c, err
	}
	events, err := d.settle(ctx, tx, &c, in)
	if err != nil {
		return c, err
	}
	return c, tx.InsertOutbox(ctx, in.By.sign(events))
}

// settle gives a conversation that was just made what was wished for it, and gives the
// events of its beginning.
func (d *Desk) settle(ctx context.Context, tx *store.Tx, c *store.ConversationRow, in NewConversation) ([]store.OutboxRow, error) {
	events := []store.OutboxRow{about("conversation.created", *c, 0)}
	if len(in.Custom) > 0 {
		c.CustomAttributes = object(in.Custom)
	}
	if c.Status == chat.Snoozed.Code() && in.Until != nil {
		at := in.Until.UnixMicro()
		c.SnoozedUntil = &at
	}
	if c.Status == chat.Resolved.Code() {
		c.WaitingSince = nil
	}
	assignee, err := d.settleOwners(ctx, tx, c, in)
	if err != nil {
		return nil, err
	}
	if c.TeamID != nil {
		events = append(events, about("team.changed", *c, 0))
	}
	if assignee != nil {
		c.AssigneeID = &assignee.ID
		events = append(events, AssigneeChanged(*c, in.By.UserID))
		if assignee.Inbox {
			if _, err := tx.AddParticipants(ctx, *c, []int64{assignee.ID}); err != nil {
				return nil, err
			}
		}
	}
	return events, tx.UpdateConversation(ctx, *c)
}

// settleOwners gives a new conversation its team, and tells who shall have it: whoever
// was named, unless the team has others, or the one of the team whose turn it is. Who is
// not there is nobody.
func (d *Desk) settleOwners(ctx context.Context, tx *store.Tx, c *store.ConversationRow, in NewConversation) (assignee *store.Assignee, err error) {
	if in.AssigneeID != 0 {
		a, err := tx.Assignee(ctx, in.AccountID, in.InboxID, in.AssigneeID)
		switch {
		case err == nil:
			assignee = &a
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	if in.TeamID == 0 {
		return assignee, nil
	}
	team, err := tx.HoldTeam(ctx, in.AccountID, in.TeamID)
	if errors.Is(err, store.ErrNotFound) {
		return assignee, nil
	}
	if err != nil {
		return nil, err
	}
	c.TeamID = &in.TeamID
	if assignee != nil {
		if has, err := tx.TeamHas(ctx, in.TeamID, assignee.ID); err != nil || has {
			return assignee, err
		}
	}
	if !team.AllowAutoAssign {
		return nil, nil
	}
	q, err := d.holdQueue(ctx, tx, in.InboxID)
	if err != nil {
		return nil, err
	}
	next, err := q.next(ctx, in.TeamID)
	if err != nil || next == nil {
		return nil, err
	}
	return &store.Assignee{ID: next.UserID, Name: next.Name, Inbox: true}, nil
}

// withReferer takes a referer out of attributes that is no address of a page.
func withReferer(attributes map[string]any) map[string]any {
	referer, ok := attributes["referer"].(string)
	if !ok {
		return attributes
	}
	if u, err := url.Parse(referer); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		attributes["referer"] = nil
	}
	return attributes
}
