package desk

import (
	"context"
	"slices"

	"tributary/internal/validate"
	"tributary/store"
)

// Identification is what somebody tells about the contact of a session.
type Identification struct {
	Identity
	AccountID int64
	InboxID   int64
	SourceID  string // of the session
	// RetainName keeps the name of a contact who is known already: who fills in a form
	// need not write theirs as we know it.
	RetainName bool
	// DiscardInvalid leaves an e-mail or a phone number that is none alone; without it,
	// it is refused.
	DiscardInvalid bool
}

// IdentifyContact tells more about the contact of a session (contract 03 §4.4) and
// gives whose session it is then: a contact who has the identifier, the e-mail or the
// phone number already absorbs the session's, unless both are known by different
// identifiers, or for a phone number by different e-mails. store.ErrNotFound when
// there is no such session.
func (d *Desk) IdentifyContact(ctx context.Context, in Identification) (contactID int64, err error) {
	in.Identity = in.normal()
	if in.DiscardInvalid {
		if in.Email != "" && !validEmail(in.Email) {
			in.Email = ""
		}
		if in.Phone != "" && !validPhone(in.Phone) {
			in.Phone = ""
		}
	}
	var errs validate.Errors
	in.check(&errs)
	if err := errs.Err(); err != nil {
		return 0, err
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		told := in.Identity // a run that is repeated begins with what was told
		m, err := d.lockMerge(ctx, tx, in)
		if err != nil {
			return err
		}
		if err := m.run(ctx, &told, in.RetainName); err != nil {
			return err
		}
		before := m.stored[m.current.ID]
		c := m.current
		assign(&c.ContactView, told)
		c.AdditionalAttributes = object(deepMerge(parse(c.AdditionalAttributes), told.AdditionalAttributes))
		c.CustomAttributes = object(deepMerge(parse(c.CustomAttributes), told.CustomAttributes))
		contactID = c.ID
		return d.finishMerge(ctx, tx, m, before, c, told.AvatarURL)
	})
	if err == nil {
		d.WakeJobs()
	}
	return contactID, err
}

// finishMerge stores what became of the current contact of a merge, with all that
// follows.
func (d *Desk) finishMerge(ctx context.Context, tx *store.Tx, m *merge, before, after store.ContactRecord, avatarURL string) error {
	row, changed := contactUpdated(before, after, m.inboxID, m.by, tx.Now)
	if changed {
		if err := tx.UpdateContact(ctx, after.ContactView); err != nil {
			return err
		}
		m.events = append(m.events, row)
	}
	if after.AvatarBlobID == 0 {
		if err := orderAvatarURL(ctx, tx, m.accountID, after.ID, m.inboxID, avatarURL); err != nil {
			return err
		}
	}
	if err := d.orderGravatar(ctx, tx, m.accountID, after.ID, before.Email, after.Email); err != nil {
		return err
	}
	return tx.InsertOutbox(ctx, m.events)
}

// merge joins contacts of an account.
type merge struct {
	desk      *Desk
	tx        *store.Tx
	accountID int64
	inboxID   int64 // by which it came about; 0: none
	by        Actor
	stored    map[int64]store.ContactRecord // as they were
	current   store.ContactRecord
	owners    [3]int64 // of the identifier, the e-mail and the phone number
	events    []store.OutboxRow
}

// lockMerge finds and locks all contacts that may be joined.
func (d *Desk) lockMerge(ctx context.Context, tx *store.Tx, in Identification) (*merge, error) {
	s, err := tx.Session(ctx, in.InboxID, in.SourceID)
	if err != nil {
		return nil, err
	}
	m := &merge{desk: d, tx: tx, accountID: in.AccountID, inboxID: in.InboxID}
	wanted := []int64{s.Contact.ID}
	for key, value := range in.keys() {
		if m.owners[key], err = tx.ContactOf(ctx, in.AccountID, store.IdentityKey(key), value); err != nil {
			return nil, err
		}
		if m.owners[key] != 0 {
			wanted = append(wanted, m.owners[key])
		}
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	if m.stored, err = tx.LockContacts(ctx, in.AccountID, wanted...); err != nil {
		return nil, err
	}
	if len(m.stored) != len(wanted) {
		return nil, store.ErrConflict // one of them went before we had it
	}
	m.current = m.stored[s.Contact.ID]
	return m, nil
}

// run joins the owners of what was told with the current contact. What stays theirs is
// told no more.
func (m *merge) run(ctx context.Context, in *Identity, retainName bool) error {
	identifier, email := in.Identifier, in.Email
	other := func(s *string, told string) bool { return told != "" && s != nil && *s != "" && *s != told }
	for key, to := range []*string{store.ByIdentifier: &in.Identifier, store.ByEmail: &in.Email, store.ByPhone: &in.Phone} {
		id := m.owners[key]
		if id == 0 || id == m.current.ID {
			continue
		}
		// An owner absorbed the current contact, never the other way round: all owners
		// are still there.
		owner := m.stored[id]
		if other(owner.Identifier, identifier) || store.IdentityKey(key) == store.ByPhone && other(owner.Email, email) {
			*to = ""
			continue
		}
		if err := m.absorb(ctx, owner); err != nil {
			return err
		}
		if retainName {
			in.Name = ""
		}
	}
	return nil
}

// absorb makes base the current contact: it keeps what it has and gets what it
// lacks (contract 03 §4.6).
func (m *merge) absorb(ctx context.Context, base store.ContactRecord) error {
	from := m.current
	moved, err := m.tx.AbsorbContact(ctx, base.ID, from.ID)
	if err != nil {
		return err
	}
	for _, c := range moved {
		m.events = append(m.events, store.OutboxRow{
			AccountID: m.accountID, Kind: "conversation.contact_changed", InboxID: c.InboxID, ConversationID: c.ID,
			Payload: contactEvent("", m.accountID, 0, base.ID, m.by, nil).Payload,
		})
	}
	for _, v := range []struct{ to, from **string }{
		{&base.Identifier, &from.Identifier}, {&base.Email, &from.Email}, {&base.Phone, &from.Phone},
	} {
		if *v.to == nil || **v.to == "" {
			*v.to = *v.from
		}
	}
	if base.Name == "" {
		base.Name = from.Name
	}
	base.AdditionalAttributes = object(deepMerge(parse(from.AdditionalAttributes), parse(base.AdditionalAttributes)))
	base.CustomAttributes = object(deepMerge(parse(from.CustomAttributes), parse(base.CustomAttributes)))
	m.events = append(m.events,
		m.desk.contactGone(from.ContactRow, m.accountID, m.inboxID, m.by),
		contactEvent("contact.merged", m.accountID, m.inboxID, base.ID, m.by, nil))
	m.current = base
	return nil
}

// MergeContacts makes one contact of two: the base gets what the other has and it
// lacks, and all conversations; the other is deleted. Two that are the same already
// stay as they are. store.ErrNotFound when the account lacks one of them.
func (d *Desk) MergeContacts(ctx context.Context, by Actor, accountID, baseID, mergeeID int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		locked, err := tx.LockContacts(ctx, accountID, baseID, mergeeID)
		if err != nil {
			return err
		}
		base, there := locked[baseID]
		mergee, too := locked[mergeeID]
		if !there || !too {
			return store.ErrNotFound
		}
		if baseID == mergeeID {
			return nil
		}
		m := &merge{desk: d, tx: tx, accountID: accountID, by: by, current: mergee}
		if err := m.absorb(ctx, base); err != nil {
			return err
		}
		return d.finishMerge(ctx, tx, m, base, m.current, "")
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}
