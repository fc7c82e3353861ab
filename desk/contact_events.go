package desk

import (
	"context"
	"reflect"
	"time"

	"tributary/store"
)

// contactEvent is a row of the outbox about a contact. inboxID is the inbox by which
// it came about, 0: none. The zero Actor is nobody in particular.
func contactEvent(kind string, accountID, inboxID, contactID int64, by Actor, more map[string]any) store.OutboxRow {
	payload := map[string]any{"contact_id": contactID}
	if by.UserID != 0 {
		payload["performer_id"] = by.UserID
	}
	for k, v := range more {
		payload[k] = v
	}
	return store.OutboxRow{AccountID: accountID, Kind: kind, InboxID: inboxID, Payload: object(payload)}
}

// contactUpdated is the row that tells what changed of a contact; ok is false when
// nothing did.
func contactUpdated(before, after store.ContactRecord, inboxID int64, by Actor, at time.Time) (row store.OutboxRow, ok bool) {
	changed := contactChanges(before, after)
	if changed == nil {
		return row, false
	}
	return contactEvent("contact.updated", before.AccountID, inboxID, before.ID, by, withUpdatedAt(changed, before.UpdatedAt, at)), true
}

// withUpdatedAt makes changed_attributes of changes.
func withUpdatedAt(changed []map[string]any, before int64, at time.Time) map[string]any {
	return map[string]any{"changed_attributes": append(changed, change{"updated_at", iso(before), iso(at.UnixMicro())}.attribute())}
}

// contactChanges are the columns that differ, as webhooks show them.
func contactChanges(before, after store.ContactRecord) []map[string]any {
	was, is := before.Derived(before.Type), after.Derived(before.Type)
	var out []map[string]any
	for _, x := range []change{
		{"name", before.Name, after.Name},
		{"email", textOrNil(before.Email), textOrNil(after.Email)},
		{"phone_number", textOrNil(before.Phone), textOrNil(after.Phone)},
		{"identifier", textOrNil(before.Identifier), textOrNil(after.Identifier)},
		{"additional_attributes", parse(before.AdditionalAttributes), parse(after.AdditionalAttributes)},
		{"custom_attributes", parse(before.CustomAttributes), parse(after.CustomAttributes)},
		{"blocked", before.Blocked, after.Blocked},
		{"contact_type", store.ContactTypes[was.Type], store.ContactTypes[is.Type]},
		{"location", was.Location, is.Location},
		{"country_code", was.CountryCode, is.CountryCode},
	} {
		if !reflect.DeepEqual(x.before, x.after) {
			out = append(out, x.attribute())
		}
	}
	return out
}

func textOrNil(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// contactActive is the row about a contact who did something: it comes with every
// message of theirs.
func contactActive(accountID, inboxID int64, c store.ContactRef, t store.TouchContact, now time.Time) store.OutboxRow {
	var before any
	if c.LastActivityAt != 0 {
		before = iso(c.LastActivityAt)
	}
	var changed []map[string]any
	if t.Name != "" && t.Name != c.Name {
		changed = append(changed, change{"name", c.Name, t.Name}.attribute())
	}
	if t.At > c.LastActivityAt {
		changed = append(changed, change{"last_activity_at", before, iso(t.At)}.attribute())
	}
	return contactEvent("contact.updated", accountID, inboxID, t.ID, Actor{}, withUpdatedAt(changed, c.UpdatedAt, now))
}

// touchContact notes that the contact of a conversation did something now, and gives
// the rows that tell of it.
func touchContact(ctx context.Context, tx *store.Tx, c store.ConversationRow) ([]store.OutboxRow, error) {
	locked, err := tx.LockContacts(ctx, c.AccountID, c.ContactID)
	if err != nil {
		return nil, err
	}
	known, there := locked[c.ContactID]
	if !there {
		return nil, nil // deleted: what is left goes soon
	}
	touch := store.TouchContact{ID: c.ContactID, At: tx.Now.UnixMicro()}
	if err := tx.TouchContacts(ctx, []store.TouchContact{touch}); err != nil {
		return nil, err
	}
	ref := store.ContactRef{UpdatedAt: known.UpdatedAt}
	if known.LastActivityAt != nil {
		ref.LastActivityAt = *known.LastActivityAt
	}
	return []store.OutboxRow{contactActive(c.AccountID, c.InboxID, ref, touch, tx.Now)}, nil
}
