package desk

import (
	"context"
	"errors"
	"slices"
	"strings"

	"tributary/chat"
	"tributary/internal/optional"
	"tributary/store"
)

// share is a part of an import: rows of the file, and its bytes that they are.
type share struct {
	importID int64
	rows     [][]string
	from, to int64
}

// takeRows takes rows in, in one transaction with how far the import is then. ErrAgain: another
// process has gone on with the import meanwhile.
func (d *Desk) takeRows(ctx context.Context, s share) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		locked, err := tx.LockContactImport(ctx, s.importID)
		if err != nil {
			return err
		}
		if locked.Status != store.ImportProcessing || locked.Position != s.from {
			return ErrAgain
		}
		rows := s.rows
		c := &intake{tx: tx, account: locked.AccountID, headers: locked.Headers, records: map[int64]*knownContact{}}
		if err := c.take(ctx, rows, locked.Row); err != nil {
			return err
		}
		locked.Position = s.to
		locked.Row += int64(len(rows))
		locked.Failed += int64(len(c.failures))
		locked.Processed += int64(len(rows) - len(c.failures))
		if err := tx.InsertImportFailures(ctx, locked.ID, c.failures); err != nil {
			return err
		}
		return tx.UpdateContactImport(ctx, locked)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// intake is one chunk of an import.
type intake struct {
	tx       *store.Tx
	account  int64
	headers  []string
	owners   map[store.Identity]int64 // who has a value
	records  map[int64]*knownContact
	changed  []int64 // ids of records, in the order in which they changed first
	made     []store.ContactView
	failures []store.ImportFailure
}

// knownContact is a contact that is there already.
type knownContact struct{ before, after store.ContactRecord }

// imported is a row as values of a contact.
type imported struct {
	values ContactValues
	// keys are the values by which the contact may be known already, in the order in which
	// they decide.
	keys []store.Identity
}

// read makes values of a row. Every column but those that a contact has itself becomes a custom
// attribute; empty fields say nothing.
func (c *intake) read(row []string) imported {
	var out imported
	out.values.CustomAttributes, out.values.AdditionalAttributes = map[string]any{}, map[string]any{}
	own := map[string]string{}
	for i, header := range c.headers {
		if i >= len(row) || header == "" || strings.TrimSpace(row[i]) == "" {
			continue
		}
		switch header {
		case "identifier", "email", "phone_number", "name":
			own[header] = row[i]
			continue
		case "company", "city":
			out.values.AdditionalAttributes[header] = row[i]
		}
		out.values.CustomAttributes[header] = row[i]
	}
	if v := own["identifier"]; v != "" {
		out.values.Identifier = optional.Of(v)
		out.keys = append(out.keys, store.Identity{Key: store.ByIdentifier, Value: v})
	}
	if v := strings.ToLower(own["email"]); v != "" {
		out.values.Email = optional.Of(v)
		out.keys = append(out.keys, store.Identity{Key: store.ByEmail, Value: v})
	}
	if v := own["phone_number"]; v != "" {
		if !strings.HasPrefix(v, "+") {
			v = "+" + v
		}
		out.values.Phone = optional.Of(v)
		out.keys = append(out.keys, store.Identity{Key: store.ByPhone, Value: v})
	}
	if v := own["name"]; v != "" {
		out.values.Name = optional.Of(v)
	}
	return out
}

// take takes rows in; first is how many rows of the file came before them.
func (c *intake) take(ctx context.Context, rows [][]string, first int64) error {
	list := make([]imported, len(rows))
	var keys []store.Identity
	for i, row := range rows {
		list[i] = c.read(row)
		keys = append(keys, list[i].keys...)
	}
	if err := c.look(ctx, keys); err != nil {
		return err
	}
	for i, one := range list {
		err := c.one(one)
		refused, isRefused := errors.AsType[*chat.Error](err)
		if err != nil && !isRefused {
			return err
		}
		if isRefused {
			c.failures = append(c.failures, store.ImportFailure{Row: first + int64(i) + 1, Record: rows[i], Errors: refused.Message})
		}
	}
	return c.write(ctx)
}

// look finds who is known by any of the values, and locks them.
func (c *intake) look(ctx context.Context, keys []store.Identity) (err error) {
	if c.owners, err = c.tx.ContactsKnownBy(ctx, c.account, keys); err != nil {
		return err
	}
	var ids []int64
	for _, id := range c.owners {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return nil
	}
	locked, err := c.tx.LockContacts(ctx, c.account, ids...)
	if err != nil {
		return err
	}
	for id, r := range locked {
		c.records[id] = &knownContact{r, r}
	}
	return nil
}

// one takes one row. A *chat.Error says why not.
func (c *intake) one(in imported) error {
	known := c.known(in.keys)
	if known == nil {
		view := store.ContactView{AdditionalAttributes: "{}", CustomAttributes: "{}"}
		in.values.apply(&view)
		err := checkValues(view, func(store.IdentityKey, string) (int64, error) { return 0, nil })
		if err == nil {
			c.made = append(c.made, view)
		}
		return err
	}
	after := known.after
	in.values.apply(&after.ContactView)
	err := checkValues(after.ContactView, func(key store.IdentityKey, value string) (int64, error) {
		return c.owners[store.Identity{Key: key, Value: value}], nil
	})
	if err != nil {
		return err
	}
	for _, i := range identities(known.after.ContactView) {
		delete(c.owners, i)
	}
	for _, i := range identities(after.ContactView) {
		c.owners[i] = after.ID
	}
	known.after = after
	if !slices.Contains(c.changed, after.ID) {
		c.changed = append(c.changed, after.ID)
	}
	return nil
}

// known is who has one of the values, nil: nobody.
func (c *intake) known(keys []store.Identity) *knownContact {
	for _, k := range keys {
		if r := c.records[c.owners[k]]; r != nil {
			return r
		}
	}
	return nil
}

// identities are the values by which a contact is known.
func identities(v store.ContactView) (list []store.Identity) {
	for key, value := range map[store.IdentityKey]*string{store.ByIdentifier: v.Identifier, store.ByEmail: v.Email, store.ByPhone: v.Phone} {
		if value != nil && *value != "" {
			list = append(list, store.Identity{Key: key, Value: *value})
		}
	}
	return list
}

// write stores what the rows said.
func (c *intake) write(ctx context.Context) error {
	var rows []store.OutboxRow
	for _, id := range c.changed {
		r := c.records[id]
		row, changed := contactUpdated(r.before, r.after, 0, Actor{}, c.tx.Now)
		if !changed {
			continue
		}
		if err := c.tx.UpdateContact(ctx, r.after.ContactView); err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		if err := c.tx.InsertOutbox(ctx, rows); err != nil {
			return err
		}
	}
	return c.tx.InsertImported(ctx, c.account, c.made)
}
