package desk

import (
	"context"
	"encoding/json"
	"reflect"

	"tributary/store"
)

// ChangeAccount lets change alter an account and stores it, with an entry in the
// audit log of what is different. It gives the account as it is then. An error of
// change's is given back, and nothing is stored.
func (d *Desk) ChangeAccount(ctx context.Context, by Actor, accountID int64, change func(*store.AccountRow) error) (store.AccountRow, error) {
	var before, after store.AccountRow
	err := d.again(ctx, func(tx *store.Tx) error {
		var err error
		if before, err = tx.LockAccount(ctx, accountID); err != nil {
			return err
		}
		after = before
		if err := change(&after); err != nil {
			return err
		}
		changes := accountChanges(before, after)
		if len(changes) == 0 {
			return nil
		}
		if err := tx.UpdateAccount(ctx, after); err != nil {
			return err
		}
		return insertAudit(ctx, tx, by, accountID, "Account", accountID, auditUpdate, changes)
	})
	if err == nil && (before.Locale != after.Locale || before.Status != after.Status) {
		d.changed(ctx) // its channels work in the account's language, while it is active
	}
	return after, err
}

// accountChanges is what differs, [old, new] by column.
func accountChanges(before, after store.AccountRow) map[string]any {
	out := map[string]any{}
	note := func(name string, was, is any) {
		if !reflect.DeepEqual(was, is) {
			out[name] = [2]any{was, is}
		}
	}
	note("name", before.Name, after.Name)
	note("status", before.Status, after.Status)
	note("locale", before.Locale, after.Locale)
	note("domain", before.Domain, after.Domain)
	note("support_email", before.SupportEmail, after.SupportEmail)
	note("feature_flags", before.Features, after.Features)
	note("limits", parse(before.Limits), parse(after.Limits))
	note("settings", parse(before.Settings), parse(after.Settings))
	note("custom_attributes", parse(before.CustomAttributes), parse(after.CustomAttributes))
	return out
}

// Merge sets members of a stored JSON object; nil removes one. What is not named
// stays as it is, to the byte.
func Merge(stored string, changes map[string]json.RawMessage) string {
	members := map[string]json.RawMessage{}
	_ = json.Unmarshal([]byte(stored), &members) // not an object: no members
	for key, value := range changes {
		if value == nil {
			delete(members, key)
			continue
		}
		members[key] = value
	}
	b, err := json.Marshal(members)
	if err != nil {
		return stored // a change is no JSON
	}
	return string(b)
}

// noSeatLimit is as many members as an account may have where nobody set a limit.
const noSeatLimit = 100000

// seats is how many members an account may have: as many as were paid for, else
// the account's own limit, else the installation's.
func (d *Desk) seats(a store.AccountRow) int64 {
	for _, limit := range []any{
		parse(a.CustomAttributes)["subscribed_quantity"], parse(a.Limits)["agents"], d.Setting("ACCOUNT_AGENTS_LIMIT"),
	} {
		if n, ok := integer(limit); ok {
			return n
		}
	}
	return noSeatLimit
}

// FreeSeats is how many more members an account may have.
func (d *Desk) FreeSeats(ctx context.Context, accountID int64) (int64, error) {
	a, err := d.Store.Account(ctx, accountID)
	if err != nil {
		return 0, err
	}
	n, err := d.Store.CountMembers(ctx, accountID)
	return d.seats(a) - int64(n), err
}

// lockSeats is FreeSeats for a transaction that takes some: others wait for it.
func (d *Desk) lockSeats(ctx context.Context, tx *store.Tx, accountID int64) (int64, error) {
	a, err := tx.LockAccount(ctx, accountID)
	if err != nil {
		return 0, err
	}
	n, err := tx.CountMembers(ctx, accountID)
	return d.seats(a) - int64(n), err
}
