package store

import (
	"context"
	"fmt"
)

// ContactRow is a contact.
type ContactRow struct {
	ContactView
	LastActivityAt *int64 // microseconds
	CreatedAt      int64
}

const contactColumns = `p.id, p.name, p.email, p.phone_number, p.identifier, p.blocked, p.avatar_url,
	COALESCE(p.avatar_blob_id, 0), p.additional_attributes, p.custom_attributes,
	p.last_activity_at, p.created_at`

func (c *ContactRow) fields() []any {
	return []any{
		&c.ID, &c.Name, &c.Email, &c.Phone, &c.Identifier, &c.Blocked, &c.AvatarURL, &c.AvatarBlobID, &c.AdditionalAttributes, &c.CustomAttributes,
		&c.LastActivityAt, &c.CreatedAt,
	}
}

// Contact reads one; ErrNotFound when the account has none of that id.
func (s *Store) Contact(ctx context.Context, accountID, id int64) (ContactRow, error) {
	var c ContactRow
	err := s.r.QueryRowContext(ctx, `SELECT `+contactColumns+` FROM contacts p WHERE p.account_id = $1 AND p.id = $2`, accountID, id).Scan(c.fields()...)
	if isNoRows(err) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("store: contact: %w", err)
	}
	return c, nil
}

// Contacts reads contacts of an account by id.
func (s *Store) Contacts(ctx context.Context, accountID int64, contactIDs []int64) (map[int64]ContactRow, error) {
	out := make(map[int64]ContactRow, len(contactIDs))
	if len(contactIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+contactColumns+` FROM `+s.d.rows("$2", "id bigint")+` CROSS JOIN contacts p
		WHERE p.id = x.id AND p.account_id = $1`, accountID, ids(contactIDs))
	if err != nil {
		return nil, fmt.Errorf("store: contacts: %w", err)
	}
	list, err := collect(rows, "contacts", (*ContactRow).fields)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		out[c.ID] = c
	}
	return out, nil
}

// ContactInboxRow is an address of a contact in an inbox, with what is shown of
// the inbox.
type ContactInboxRow struct {
	ContactID    int64
	SourceID     string
	InboxID      int64
	ChannelID    int64
	InboxName    string
	ChannelType  string
	AvatarBlobID int64 // of the inbox; 0: none
}

// InboxesOfContact reads the addresses of a contact by inbox.
func (s *Store) InboxesOfContact(ctx context.Context, contactID int64) ([]ContactInboxRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT ci.contact_id, ci.source_id, i.id, i.channel_id, i.name, i.channel_type, COALESCE(i.avatar_blob_id, 0)
		FROM contact_inboxes ci JOIN inboxes i ON i.id = ci.inbox_id
		WHERE ci.contact_id = $1 ORDER BY ci.id`, contactID)
	if err != nil {
		return nil, fmt.Errorf("store: inboxes of contact: %w", err)
	}
	return collect(rows, "inboxes of contact", func(c *ContactInboxRow) []any {
		return []any{&c.ContactID, &c.SourceID, &c.InboxID, &c.ChannelID, &c.InboxName, &c.ChannelType, &c.AvatarBlobID}
	})
}
