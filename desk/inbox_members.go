package desk

import (
	"context"

	"tributary/internal/validate"
	"tributary/store"
)

// InboxStep says what ChangeInboxMembers does with the users that it is given.
type InboxStep int

// Steps.
const (
	InboxAdd    InboxStep = iota
	InboxRemove           // those who are in it
	InboxSet              // they alone are in it afterwards
)

// ChangeInboxMembers changes who is a member of an inbox. store.ErrNotFound when the
// account has no such inbox; a refusal when somebody who shall be a member is none of
// the account. Nothing is changed then.
func (d *Desk) ChangeInboxMembers(ctx context.Context, by Actor, accountID, inboxID int64, step InboxStep, userIDs []int64) error {
	return d.again(ctx, func(tx *store.Tx) error {
		inbox, err := tx.LockInbox(ctx, inboxID)
		if err != nil {
			return err
		}
		if inbox.AccountID != accountID {
			return store.ErrNotFound
		}
		joined, left, err := changeInboxMembers(ctx, tx, accountID, inboxID, step, userIDs)
		if err != nil || len(joined)+len(left) == 0 {
			return err
		}
		if err := auditPlaces(ctx, tx, by, accountID, inboxPlace, auditDestroy, left); err != nil {
			return err
		}
		if err := auditPlaces(ctx, tx, by, accountID, inboxPlace, auditCreate, joined); err != nil {
			return err
		}
		return tx.InvalidateCache(ctx, accountID, store.CacheInboxes)
	})
}

func changeInboxMembers(
	ctx context.Context, tx *store.Tx, accountID, inboxID int64, step InboxStep, userIDs []int64,
) (joined, left []store.Place, err error) {
	if step == InboxRemove {
		left, err = tx.RemoveInboxMembers(ctx, inboxID, userIDs)
		return nil, left, err
	}
	outsiders, err := tx.Outsiders(ctx, accountID, userIDs)
	if err != nil {
		return nil, nil, err
	}
	if len(outsiders) > 0 {
		return nil, nil, validate.Fail("user", validate.MustExist)
	}
	if step == InboxSet {
		if left, err = tx.KeepInboxMembers(ctx, inboxID, userIDs); err != nil {
			return nil, nil, err
		}
	}
	joined, err = tx.AddInboxMembers(ctx, inboxID, userIDs)
	return joined, left, err
}
