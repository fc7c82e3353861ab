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
	err := s.r.QueryRowContext(ctx, `SELECT `+contactColumns+` FROM contacts p WHERE p.account_id = $1 AND p.id = $2 AND p.deleted_at IS NULL`, accountID, id).Scan(c.fields()...)
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
		WHERE p.id = x.id AND p.account_id = $1 AND p.deleted_at IS NULL`, accountID, ids(contactIDs))
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

// InboxesOfContacts reads the addresses of contacts, each contact's in the order in
// which they were made.
func (s *Store) InboxesOfContacts(ctx context.Context, contactIDs []int64) (map[int64][]ContactInboxRow, error) {
	out := make(map[int64][]ContactInboxRow, len(contactIDs))
	if len(contactIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT ci.contact_id, ci.source_id, i.id, i.channel_id, i.name, i.channel_type, COALESCE(i.avatar_blob_id, 0)
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN contact_inboxes ci CROSS JOIN inboxes i
		WHERE ci.contact_id = x.id AND i.id = ci.inbox_id ORDER BY ci.id`, ids(contactIDs))
	if err != nil {
		return nil, fmt.Errorf("store: inboxes of contacts: %w", err)
	}
	list, err := collect(rows, "inboxes of contacts", func(c *ContactInboxRow) []any {
		return []any{&c.ContactID, &c.SourceID, &c.InboxID, &c.ChannelID, &c.InboxName, &c.ChannelType, &c.AvatarBlobID}
	})
	for _, c := range list {
		out[c.ContactID] = append(out[c.ContactID], c)
	}
	return out, err
}

// LatestContactInbox is the newest address of a contact in an inbox.
type LatestContactInbox struct {
	ID       int64
	InboxID  int64
	SourceID string
	Used     bool // it has a conversation
}

// LatestContactInboxes reads them by inbox.
func (s *Store) LatestContactInboxes(ctx context.Context, contactID int64) (map[int64]LatestContactInbox, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT ci.id, ci.inbox_id, ci.source_id, EXISTS (SELECT 1 FROM conversations c WHERE c.contact_inbox_id = ci.id)
		FROM contact_inboxes ci WHERE ci.contact_id = $1 ORDER BY ci.id`, contactID)
	if err != nil {
		return nil, fmt.Errorf("store: latest contact inboxes: %w", err)
	}
	list, err := collect(rows, "latest contact inboxes", func(c *LatestContactInbox) []any { return []any{&c.ID, &c.InboxID, &c.SourceID, &c.Used} })
	out := make(map[int64]LatestContactInbox, len(list))
	for _, c := range list {
		out[c.InboxID] = c
	}
	return out, err
}
