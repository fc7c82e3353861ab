package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"tributary/channels"
	"tributary/internal/validate"
	"tributary/store"
)

// typeWebWidget is the channel type of websites.
const typeWebWidget = "Channel::WebWidget"

// attributeTaken words the conflict of two keys.
func attributeTaken(err error) error {
	if errors.Is(err, store.ErrTaken) || errors.Is(err, store.ErrConflict) {
		return validate.Fail("attribute_key", validate.Taken)
	}
	return err
}

// CreateCustomAttribute stores a custom attribute and gives its id.
func (d *Desk) CreateCustomAttribute(ctx context.Context, in store.CustomAttributeRow) (id int64, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		id, err = tx.InsertCustomAttribute(ctx, in)
		return attributeTaken(err)
	})
	return id, err
}

// ChangeCustomAttribute lets change alter a custom attribute and stores it; the forms before a
// chat on websites of the account that ask for it follow. store.ErrNotFound when the account has
// none of that id. An error of change's is given back, and nothing is stored.
func (d *Desk) ChangeCustomAttribute(ctx context.Context, accountID, id int64, change func(*store.CustomAttributeRow) error) error {
	return d.withForms(ctx, accountID, func(tx *store.Tx, forms func(edit func(fields []any) []any) error) error {
		r, err := tx.LockCustomAttribute(ctx, accountID, id)
		if err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		if err := tx.UpdateCustomAttribute(ctx, r); err != nil {
			return attributeTaken(err)
		}
		var values any
		if err := json.Unmarshal([]byte(r.Values), &values); err != nil {
			return fmt.Errorf("desk: values of a custom attribute: %w", err)
		}
		return forms(func(fields []any) []any {
			for _, f := range fields {
				if field, ok := f.(map[string]any); ok && field["name"] == r.Key {
					field["label"], field["placeholder"], field["values"] = r.DisplayName, r.DisplayName, values
					field["regex_pattern"], field["regex_cue"] = r.RegexPattern, r.RegexCue
				}
			}
			return fields
		})
	})
}

// DeleteCustomAttribute deletes a custom attribute and takes it out of the forms before a chat.
// Values stay with their records. store.ErrNotFound when the account has none of that id.
func (d *Desk) DeleteCustomAttribute(ctx context.Context, accountID, id int64) error {
	return d.withForms(ctx, accountID, func(tx *store.Tx, forms func(edit func(fields []any) []any) error) error {
		r, err := tx.LockCustomAttribute(ctx, accountID, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteCustomAttribute(ctx, id); err != nil {
			return err
		}
		return forms(func(fields []any) []any {
			return slices.DeleteFunc(fields, func(f any) bool {
				field, ok := f.(map[string]any)
				return ok && field["name"] == r.Key
			})
		})
	})
}

// withForms runs f in a transaction. What f is given edits the fields of the form before a chat
// of every website of the account.
func (d *Desk) withForms(ctx context.Context, accountID int64, f func(tx *store.Tx, forms func(func([]any) []any) error) error) error {
	changed := false
	err := store.ErrConflict
	for try := 0; try < transactions && (errors.Is(err, store.ErrConflict) || store.Transient(err)); try++ {
		// The settings that are about to be replaced have to be the newest.
		if err = d.Directory.Refresh(ctx); err != nil {
			return err
		}
		err = d.Store.Transact(ctx, func(tx *store.Tx) error {
			changed = false
			return f(tx, func(edit func([]any) []any) error {
				for _, ch := range d.Directory.All() {
					if ch.AccountID != accountID || ch.Type != typeWebWidget {
						continue
					}
					swapped, err := editForm(ctx, tx, ch, edit)
					if err != nil {
						return err
					}
					changed = changed || swapped
				}
				return nil
			})
		})
	}
	if err == nil && changed {
		d.changed(ctx)
	}
	return err
}

// editForm edits the fields of the form before a chat of a website, and tells whether anything
// changed. store.ErrConflict: somebody else has changed the website meanwhile.
func editForm(ctx context.Context, tx *store.Tx, ch *channels.Channel, edit func([]any) []any) (bool, error) {
	var settings map[string]json.RawMessage
	if err := json.Unmarshal(ch.Settings, &settings); err != nil {
		return false, fmt.Errorf("desk: settings of channel %d: %w", ch.ID, err)
	}
	var form map[string]any
	decoder := json.NewDecoder(bytes.NewReader(settings["pre_chat_form_options"]))
	decoder.UseNumber()
	if err := decoder.Decode(&form); err != nil || form == nil {
		return false, nil //nolint:nilerr // there is no form
	}
	fields, _ := form["pre_chat_fields"].([]any)
	before, err := json.Marshal(fields)
	if err != nil {
		return false, fmt.Errorf("desk: form of channel %d: %w", ch.ID, err)
	}
	form["pre_chat_fields"] = edit(fields)
	after, err := json.Marshal(form["pre_chat_fields"])
	if err != nil {
		return false, fmt.Errorf("desk: form of channel %d: %w", ch.ID, err)
	}
	if bytes.Equal(before, after) {
		return false, nil
	}
	if settings["pre_chat_form_options"], err = json.Marshal(form); err != nil {
		return false, fmt.Errorf("desk: form of channel %d: %w", ch.ID, err)
	}
	all, err := json.Marshal(settings)
	if err != nil {
		return false, fmt.Errorf("desk: settings of channel %d: %w", ch.ID, err)
	}
	swapped, err := tx.SwapSettings(ctx, ch.ID, ch.Settings, all)
	if err == nil && !swapped {
		err = store.ErrConflict
	}
	return swapped, err
}
