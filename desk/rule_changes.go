package desk

import (
	"context"
	"encoding/json"

	"tributary/store"
)

// RuleChange is an automation rule as it shall be.
type RuleChange struct {
	store.RuleRow
	// Files are the blobs that its actions send.
	Files []int64
}

func ruleValues(r store.RuleRow) map[string]any {
	return map[string]any{
		"account_id": r.AccountID, "name": r.Name, "description": r.Description, "event_name": r.EventName,
		"conditions": json.RawMessage(r.Conditions), "actions": json.RawMessage(r.Actions), "active": r.Active,
	}
}

// CreateRule stores an automation rule and gives its id. NotUploaded tells a refusal.
func (d *Desk) CreateRule(ctx context.Context, by Actor, in RuleChange) (id int64, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		if id, err = tx.InsertRule(ctx, in.RuleRow); err != nil {
			return err
		}
		if err := keepFiles(ctx, tx, in.AccountID, store.KeptByRule, id, nil, in.Files); err != nil {
			return err
		}
		return insertAudit(ctx, tx, by, in.AccountID, "AutomationRule", id, auditCreate, ruleValues(in.RuleRow))
	})
	return id, err
}

// ChangeRule lets change alter an automation rule and stores it; store.ErrNotFound when
// the account has none of that id. An error of change's is given back, and nothing is
// stored. Other conditions, and being switched on again, are a new beginning: earlier
// failures count no more.
func (d *Desk) ChangeRule(ctx context.Context, by Actor, accountID, id int64, change func(*RuleChange) error) error {
	had, err := d.Store.KeptFiles(ctx, store.KeptByRule, []int64{id})
	if err != nil {
		return err
	}
	return d.again(ctx, func(tx *store.Tx) error {
		before, err := tx.LockRule(ctx, accountID, id)
		if err != nil {
			return err
		}
		after := RuleChange{RuleRow: before}
		if err := change(&after); err != nil {
			return err
		}
		if before.Conditions != after.Conditions || after.Active && !before.Active {
			after.Failures = 0
		}
		if err := tx.UpdateRule(ctx, after.RuleRow); err != nil {
			return err
		}
		if after.Files != nil {
			if err := keepFiles(ctx, tx, accountID, store.KeptByRule, id, had[id], after.Files); err != nil {
				return err
			}
		}
		changes := valueChanges(ruleValues(before), ruleValues(after.RuleRow))
		if len(changes) == 0 {
			return nil
		}
		return insertAudit(ctx, tx, by, accountID, "AutomationRule", id, auditUpdate, changes)
	})
}

// DeleteRule deletes an automation rule; store.ErrNotFound when the account has none of
// that id.
func (d *Desk) DeleteRule(ctx context.Context, by Actor, accountID, id int64) error {
	return d.again(ctx, func(tx *store.Tx) error {
		r, err := tx.LockRule(ctx, accountID, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteRule(ctx, r); err != nil {
			return err
		}
		return insertAudit(ctx, tx, by, accountID, "AutomationRule", id, auditDestroy, ruleValues(r))
	})
}
