package store

import (
	"context"
	"fmt"
	"slices"
)

// LabelRow is a label that an account defined. Conversations and contacts may carry
// names that none of them has.
type LabelRow struct {
	ID            int64
	AccountID     int64
	Title         string // in small letters
	Description   *string
	Color         string
	ShowOnSidebar *bool
}

func (l *LabelRow) fields() []any {
	return []any{&l.ID, &l.AccountID, &l.Title, &l.Description, &l.Color, &l.ShowOnSidebar}
}

const labelColumns = `SELECT l.id, l.account_id, l.title, l.description, l.color, l.show_on_sidebar FROM labels l WHERE l.account_id = $1 `

// Labels reads the labels of an account by title.
func (s *Store) Labels(ctx context.Context, accountID int64) ([]LabelRow, error) {
	rows, err := s.r.QueryContext(ctx, labelColumns+`ORDER BY l.title`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: labels: %w", err)
	}
	return collect(rows, "labels", (*LabelRow).fields)
}

// Label reads one; ErrNotFound when the account has none of that id.
func (s *Store) Label(ctx context.Context, accountID, id int64) (LabelRow, error) {
	return readLabel(ctx, s.r, accountID, id, "")
}

// LockLabel reads a label for a change.
func (t *Tx) LockLabel(ctx context.Context, accountID, id int64) (LabelRow, error) {
	return readLabel(ctx, t.tx, accountID, id, t.s.d.lockOf("l"))
}

func readLabel(ctx context.Context, q queryer, accountID, id int64, lock string) (LabelRow, error) {
	var out LabelRow
	err := q.QueryRowContext(ctx, labelColumns+`AND l.id = $2 `+lock, accountID, id).Scan(out.fields()...)
	if isNoRows(err) {
		return out, ErrNotFound
	}
	if err != nil {
		return out, fmt.Errorf("store: label: %w", err)
	}
	return out, nil
}

// InsertLabel stores a label; ErrTaken when the account has one of that title.
func (t *Tx) InsertLabel(ctx context.Context, in LabelRow) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO labels (account_id, title, description, color, show_on_sidebar, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (account_id, title) DO NOTHING RETURNING id`,
		in.AccountID, in.Title, in.Description, in.Color, in.ShowOnSidebar, t.now()).Scan(&id)
	if isNoRows(err) {
		return 0, ErrTaken
	}
	if err != nil {
		return 0, fmt.Errorf("store: insert label: %w", err)
	}
	return id, nil
}

// UpdateLabel stores a label as it shall be; ErrTaken when another one has its title.
// The transaction is over then.
func (t *Tx) UpdateLabel(ctx context.Context, in LabelRow) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE labels SET title = $2, description = $3, color = $4, show_on_sidebar = $5, updated_at = $6 WHERE id = $1`,
		in.ID, in.Title, in.Description, in.Color, in.ShowOnSidebar, t.now())
	if uniqueViolation(err) {
		return ErrTaken
	}
	if err != nil {
		return fmt.Errorf("store: update label: %w", err)
	}
	return nil
}

// DeleteLabel deletes a label. What carries its name keeps it.
func (t *Tx) DeleteLabel(ctx context.Context, id int64) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM labels WHERE id = $1`, id); err != nil {
		return fmt.Errorf("store: delete label: %w", err)
	}
	return nil
}

// Relabelled is a conversation of which a label has another name now.
type Relabelled struct {
	ConversationID int64
	InboxID        int64
	// Labels it carries now, in the order of the alphabet.
	Labels []string
	// Had tells that it carried the new name before as well.
	Had bool
}

// RenameConversationLabel gives a label of at most limit conversations of an account
// another name, and gives those conversations by id. When they are fewer than limit,
// none is left.
func (t *Tx) RenameConversationLabel(ctx context.Context, accountID int64, from, to string, limit int) ([]Relabelled, error) {
	// The conversations first, as everybody locks who changes their labels.
	rows, err := t.tx.QueryContext(ctx, `SELECT c.id, c.inbox_id FROM conversations c WHERE c.id IN (
			SELECT l.conversation_id FROM conversation_labels l WHERE l.account_id = $1 AND l.label = $2 LIMIT $3)
		ORDER BY c.id `+t.s.d.lockOf("c"), accountID, from, limit)
	if err != nil {
		return nil, fmt.Errorf("store: rename label: %w", err)
	}
	list, err := collect(rows, "rename label", func(r *Relabelled) []any { return []any{&r.ConversationID, &r.InboxID} })
	if err != nil || len(list) == 0 {
		return nil, err
	}
	at := make(map[int64]int, len(list))
	keys := make([]int64, len(list))
	for i, r := range list {
		at[r.ConversationID], keys[i] = i, r.ConversationID
	}
	set := ids(keys)
	had, err := t.labelled(ctx, set, to)
	if err != nil {
		return nil, err
	}
	for _, id := range had {
		list[at[id]].Had = true
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO conversation_labels (conversation_id, account_id, label)
		SELECT x.id, CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM `+t.s.d.rows("$1", "id bigint")+` WHERE TRUE ON CONFLICT DO NOTHING`,
		set, accountID, to); err != nil {
		return nil, fmt.Errorf("store: rename label: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM conversation_labels WHERE label = $2
		AND conversation_id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)`, set, from); err != nil {
		return nil, fmt.Errorf("store: rename label: %w", err)
	}
	// A conversation never seems older than it was.
	if _, err := t.tx.ExecContext(ctx, `UPDATE conversations SET updated_at = CASE WHEN updated_at < $2 THEN $2 ELSE updated_at END
		WHERE id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)`, set, t.now()); err != nil {
		return nil, fmt.Errorf("store: rename label: %w", err)
	}
	labels, err := conversationLabels(ctx, t.tx, t.s.d, set)
	for _, l := range labels {
		i := at[l.conversation]
		list[i].Labels = append(list[i].Labels, l.text)
	}
	return list, err
}

// labelled are those of a set of conversations that carry a label.
func (t *Tx) labelled(ctx context.Context, set, label string) ([]int64, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT l.conversation_id FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN conversation_labels l
		WHERE l.conversation_id = x.id AND l.label = $2`, set, label)
	if err != nil {
		return nil, fmt.Errorf("store: labelled: %w", err)
	}
	return collect(rows, "labelled", func(id *int64) []any { return []any{id} })
}

// conversationLabel is one label of a conversation.
type conversationLabel struct {
	conversation int64
	text         string
}

// conversationLabels are the labels of a set of conversations, by id and label.
func conversationLabels(ctx context.Context, q queryer, d dialect, set string) ([]conversationLabel, error) {
	rows, err := q.QueryContext(ctx, `SELECT l.conversation_id, l.label FROM `+d.rows("$1", "id bigint")+` CROSS JOIN conversation_labels l
		WHERE l.conversation_id = x.id ORDER BY l.conversation_id, l.label`, set)
	if err != nil {
		return nil, fmt.Errorf("store: labels: %w", err)
	}
	return collect(rows, "labels", func(l *conversationLabel) []any { return []any{&l.conversation, &l.text} })
}

// RelabelledContact is a contact of whom a label has another name now.
type RelabelledContact struct {
	ContactID int64
	Labels    []string // now, in the order of the alphabet
	Had       bool     // they carried the new name before as well
}

// RenameContactLabel is RenameConversationLabel for contacts, of whom labels are the same
// whatever their case.
func (t *Tx) RenameContactLabel(ctx context.Context, accountID int64, from, to string, limit int) ([]RelabelledContact, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT p.id FROM contacts p WHERE p.id IN (
			SELECT l.contact_id FROM contact_labels l WHERE l.account_id = $1 AND LOWER(l.label) = $2 LIMIT $3)
		ORDER BY p.id `+t.s.d.lockOf("p"), accountID, from, limit)
	if err != nil {
		return nil, fmt.Errorf("store: rename label of contacts: %w", err)
	}
	keys, err := collect(rows, "rename label of contacts", func(id *int64) []any { return []any{id} })
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	set := ids(keys)
	rows, err = t.tx.QueryContext(ctx, `DELETE FROM contact_labels WHERE LOWER(label) = $2
		AND contact_id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`) RETURNING contact_id`, set, from)
	if err != nil {
		return nil, fmt.Errorf("store: rename label of contacts: %w", err)
	}
	if _, err := collect(rows, "rename label of contacts", func(id *int64) []any { return []any{id} }); err != nil {
		return nil, err
	}
	before, err := t.contactLabelled(ctx, set)
	if err != nil {
		return nil, err
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO contact_labels (contact_id, account_id, label)
		SELECT x.id, CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM `+t.s.d.rows("$1", "id bigint")+` WHERE TRUE ON CONFLICT DO NOTHING`,
		set, accountID, to); err != nil {
		return nil, fmt.Errorf("store: rename label of contacts: %w", err)
	}
	out := make([]RelabelledContact, len(keys))
	for i, id := range keys {
		had := before[id]
		out[i] = RelabelledContact{ContactID: id, Labels: had, Had: slices.Contains(had, to)}
		if !out[i].Had {
			out[i].Labels = append(out[i].Labels, to)
			slices.Sort(out[i].Labels)
		}
	}
	return out, nil
}

// contactLabelled are the labels of a set of contacts, in the order of the alphabet.
func (t *Tx) contactLabelled(ctx context.Context, set string) (map[int64][]string, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT l.contact_id, l.label FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN contact_labels l
		WHERE l.contact_id = x.id ORDER BY l.contact_id, l.label`, set)
	if err != nil {
		return nil, fmt.Errorf("store: labels of contacts: %w", err)
	}
	list, err := collect(rows, "labels of contacts", func(l *conversationLabel) []any { return []any{&l.conversation, &l.text} })
	out := map[int64][]string{}
	for _, l := range list {
		out[l.conversation] = append(out[l.conversation], l.text)
	}
	return out, err
}
