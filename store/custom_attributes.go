package store

import (
	"context"
	"fmt"

	"tributary/chat/filter"
)

// AttributeModel is what kind of record has a custom attribute, as it is stored.
type AttributeModel int

// Models of custom attributes.
const (
	ConversationAttribute AttributeModel = iota
	ContactAttribute
)

// CustomAttributeRow is a custom attribute that an account has defined.
type CustomAttributeRow struct {
	ID           int64
	AccountID    int64
	DisplayName  string
	Description  *string
	DisplayType  int // 0 text, 1 number, 2 currency, 3 percent, 4 link, 5 date, 6 list, 7 checkbox
	Key          string
	Model        AttributeModel
	RegexPattern *string
	RegexCue     *string
	Values       string // a list, as JSON
	CreatedAt    int64  // microseconds
	UpdatedAt    int64
}

const customAttributeColumns = `SELECT id, account_id, attribute_display_name, attribute_description, attribute_display_type, attribute_key,
	attribute_model, regex_pattern, regex_cue, attribute_values, created_at, updated_at FROM custom_attribute_definitions WHERE account_id = $1 `

func (r *CustomAttributeRow) fields() []any {
	return []any{
		&r.ID, &r.AccountID, &r.DisplayName, &r.Description, &r.DisplayType, &r.Key, &r.Model, &r.RegexPattern, &r.RegexCue, &r.Values,
		&r.CreatedAt, &r.UpdatedAt,
	}
}

// CustomAttributes reads the custom attributes of an account by id.
func (s *Store) CustomAttributes(ctx context.Context, accountID int64) ([]CustomAttributeRow, error) {
	rows, err := s.r.QueryContext(ctx, customAttributeColumns+`ORDER BY id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: custom attributes: %w", err)
	}
	return collect(rows, "custom attributes", (*CustomAttributeRow).fields)
}

// FilterDefinitions reads the custom attributes of an account as filters know them.
func (s *Store) FilterDefinitions(ctx context.Context, accountID int64) ([]filter.Definition, error) {
	list, err := s.CustomAttributes(ctx, accountID)
	out := make([]filter.Definition, 0, len(list))
	for _, r := range list {
		d := filter.Definition{Key: r.Key, Of: filter.Conversation}
		if r.Model == ContactAttribute {
			d.Of = filter.Contact
		}
		if r.DisplayType >= 0 && r.DisplayType < len(filter.DisplayKinds) {
			d.Kind = filter.DisplayKinds[r.DisplayType]
		}
		out = append(out, d)
	}
	return out, err
}

// CustomAttribute reads one; ErrNotFound when the account has none of that id.
func (s *Store) CustomAttribute(ctx context.Context, accountID, id int64) (CustomAttributeRow, error) {
	return readCustomAttribute(ctx, s.r, accountID, id, "")
}

// LockCustomAttribute reads one that is about to be changed.
func (t *Tx) LockCustomAttribute(ctx context.Context, accountID, id int64) (CustomAttributeRow, error) {
	return readCustomAttribute(ctx, t.tx, accountID, id, t.s.d.lock)
}

func readCustomAttribute(ctx context.Context, q queryer, accountID, id int64, lock string) (CustomAttributeRow, error) {
	var r CustomAttributeRow
	err := q.QueryRowContext(ctx, customAttributeColumns+`AND id = $2 `+lock, accountID, id).Scan(r.fields()...)
	if isNoRows(err) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("store: custom attribute: %w", err)
	}
	return r, nil
}

// InsertCustomAttribute stores a custom attribute and gives its id; ErrTaken when its model has
// one of that key.
func (t *Tx) InsertCustomAttribute(ctx context.Context, r CustomAttributeRow) (id int64, err error) {
	err = t.tx.QueryRowContext(ctx, `INSERT INTO custom_attribute_definitions (account_id, attribute_display_name, attribute_description,
			attribute_display_type, attribute_key, attribute_model, regex_pattern, regex_cue, attribute_values, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) ON CONFLICT DO NOTHING RETURNING id`,
		r.AccountID, r.DisplayName, r.Description, r.DisplayType, r.Key, r.Model, r.RegexPattern, r.RegexCue, r.Values, t.now()).Scan(&id)
	if isNoRows(err) {
		return 0, ErrTaken
	}
	if err != nil {
		return 0, fmt.Errorf("store: insert custom attribute: %w", err)
	}
	return id, nil
}

// UpdateCustomAttribute stores a custom attribute; ErrTaken when its model has another of that
// key.
func (t *Tx) UpdateCustomAttribute(ctx context.Context, r CustomAttributeRow) error {
	taken, err := exists(ctx, t.tx, `SELECT 1 FROM custom_attribute_definitions
		WHERE account_id = $1 AND attribute_model = $2 AND attribute_key = $3 AND id <> $4`,
		r.AccountID, r.Model, r.Key, r.ID)
	if err != nil {
		return fmt.Errorf("store: update custom attribute: %w", err)
	}
	if taken {
		return ErrTaken
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE custom_attribute_definitions SET attribute_display_name = $2, attribute_description = $3,
			attribute_display_type = $4, attribute_key = $5, attribute_model = $6, regex_pattern = $7, regex_cue = $8, attribute_values = $9,
			updated_at = $10 WHERE id = $1`,
		r.ID, r.DisplayName, r.Description, r.DisplayType, r.Key, r.Model, r.RegexPattern, r.RegexCue, r.Values, t.now()); err != nil {
		return fmt.Errorf("store: update custom attribute: %w", asConflict(err))
	}
	return nil
}

// DeleteCustomAttribute deletes one; values of it stay with their records.
func (t *Tx) DeleteCustomAttribute(ctx context.Context, id int64) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM custom_attribute_definitions WHERE id = $1`, id); err != nil {
		return fmt.Errorf("store: delete custom attribute: %w", err)
	}
	return nil
}
