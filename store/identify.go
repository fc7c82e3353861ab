package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// IdentityKey is a value that only one contact of an account has.
type IdentityKey int

// Identity keys, in the order in which they decide.
const (
	ByIdentifier IdentityKey = iota
	ByEmail
	ByPhone
)

// ContactOf finds the contact of an account that has a value; 0 when there is
// none or the value is empty.
func (t *Tx) ContactOf(ctx context.Context, accountID int64, key IdentityKey, value string) (int64, error) {
	if value == "" {
		return 0, nil
	}
	column := [...]string{ByIdentifier: "identifier", ByEmail: "email", ByPhone: "phone_number"}[key]
	var id int64
	err := t.tx.QueryRowContext(ctx, `SELECT id FROM contacts WHERE account_id = $1 AND `+column+` = $2`, accountID, value).Scan(&id)
	if isNoRows(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("store: contact by %s: %w", column, err)
	}
	return id, nil
}

// LockContacts reads contacts of an account for a change. They are locked in the
// order of their ids, so that two transactions cannot wait for each other.
// Nothing can be made for a locked contact until the transaction ends.
func (t *Tx) LockContacts(ctx context.Context, accountID int64, contactIDs ...int64) (map[int64]ContactRecord, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT `+recordColumns+` FROM contacts p
		WHERE p.account_id = $1 AND p.deleted_at IS NULL AND p.id IN (SELECT x.id FROM `+t.s.d.rows("$2", "id bigint")+`)
		ORDER BY p.id `+t.s.d.lockOf("p"), accountID, ids(contactIDs))
	if err != nil {
		return nil, fmt.Errorf("store: lock contacts: %w", err)
	}
	list, err := collect(rows, "lock contacts", (*ContactRecord).fields)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]ContactRecord, len(list))
	for _, c := range list {
		out[c.ID] = c
	}
	return out, nil
}

// InsertContact makes a contact and gives its id; ErrConflict when one of its
// values belongs to another meanwhile. Blank values are none.
func (t *Tx) InsertContact(ctx context.Context, accountID int64, c ContactView) (int64, error) {
	c.blankless()
	d := c.Derived(ContactVisitor)
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO contacts (account_id, name, email, phone_number, identifier, avatar_url, blocked,
			additional_attributes, custom_attributes, contact_type, location, country_code, company_name, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14) RETURNING id`,
		accountID, c.Name, c.Email, c.Phone, c.Identifier, c.AvatarURL, c.Blocked, jsonObject(c.AdditionalAttributes), jsonObject(c.CustomAttributes),
		d.Type, d.Location, d.CountryCode, d.Company, t.now()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("store: insert contact: %w", asConflict(err))
	}
	return id, nil
}

// UpdateContact replaces the values of a contact; ErrConflict when one of them
// belongs to another meanwhile. Blank values are none.
func (t *Tx) UpdateContact(ctx context.Context, c ContactView) error {
	c.blankless()
	d := c.Derived(ContactVisitor)
	if _, err := t.tx.ExecContext(ctx, `UPDATE contacts SET name = $2, email = $3, phone_number = $4, identifier = $5, blocked = $6,
			additional_attributes = $7, custom_attributes = $8, contact_type = CASE WHEN contact_type = 0 THEN $9 ELSE contact_type END,
			location = $10, country_code = $11, company_name = $12, updated_at = $13 WHERE id = $1`,
		c.ID, c.Name, c.Email, c.Phone, c.Identifier, c.Blocked, jsonObject(c.AdditionalAttributes), jsonObject(c.CustomAttributes),
		d.Type, d.Location, d.CountryCode, d.Company, t.now()); err != nil {
		return fmt.Errorf("store: update contact: %w", asConflict(err))
	}
	return nil
}

// blankless makes blank values none: only one contact could have a blank one.
func (c *ContactView) blankless() {
	for _, v := range []**string{&c.Email, &c.Phone, &c.Identifier} {
		if *v != nil && strings.TrimSpace(**v) == "" {
			*v = nil
		}
	}
}

// MovedConversation is one that has another contact now.
type MovedConversation struct{ ID, InboxID int64 }

// AbsorbContact moves everything of one contact to another and deletes it. Both
// must be locked. It gives the conversations that moved.
func (t *Tx) AbsorbContact(ctx context.Context, base, absorbed int64) ([]MovedConversation, error) {
	rows, err := t.tx.QueryContext(ctx, `UPDATE conversations SET contact_id = $1, updated_at = $3 WHERE contact_id = $2
		RETURNING id, inbox_id`, base, absorbed, t.now())
	if err != nil {
		return nil, fmt.Errorf("store: absorb contact: %w", err)
	}
	moved, err := collect(rows, "absorb contact", func(c *MovedConversation) []any { return []any{&c.ID, &c.InboxID} })
	if err != nil {
		return nil, err
	}
	for _, query := range []string{
		`UPDATE messages SET sender_id = $1 WHERE sender_type = 'Contact' AND sender_id = $2
			AND conversation_id IN (SELECT id FROM conversations WHERE contact_id = $1)`,
		`UPDATE contact_inboxes SET contact_id = $1 WHERE contact_id = $2`,
		`UPDATE contact_notes SET contact_id = $1 WHERE contact_id = $2`,
	} {
		if _, err := t.tx.ExecContext(ctx, query, base, absorbed); err != nil {
			return nil, fmt.Errorf("store: absorb contact: %w", err)
		}
	}
	var avatar sql.NullInt64
	err = t.tx.QueryRowContext(ctx, `DELETE FROM contacts WHERE id = $1 RETURNING avatar_blob_id`, absorbed).Scan(&avatar)
	if err != nil && !isNoRows(err) {
		return nil, fmt.Errorf("store: absorb contact: %w", err)
	}
	if avatar.Valid {
		return moved, t.DetachBlob(ctx, avatar.Int64)
	}
	return moved, nil
}

// ReplaceSource gives an address of a contact another source id; ErrConflict when
// the inbox has that one already.
func (t *Tx) ReplaceSource(ctx context.Context, contactInboxID int64, sourceID string) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE contact_inboxes SET source_id = $2, updated_at = $3 WHERE id = $1`, contactInboxID, sourceID, t.now()); err != nil {
		return fmt.Errorf("store: replace source: %w", asConflict(err))
	}
	return nil
}
