package desk

import (
	"context"
	"errors"

	"tributary/internal/validate"
	"tributary/store"
)

// CannedResponse is a canned response as it shall be.
type CannedResponse struct {
	store.CannedResponseRow
	// Files are the blobs of its files; nil: it has those that it had.
	Files []int64
}

// stored words what the store refuses about a canned response.
func (c *CannedResponse) stored(err error) error {
	if errors.Is(err, store.ErrTaken) {
		return validate.Fail("short_code", validate.Taken)
	}
	return err
}

func (c *CannedResponse) keepFiles(ctx context.Context, tx *store.Tx, id int64) error {
	if c.Files == nil {
		return nil
	}
	err := tx.KeepFiles(ctx, c.AccountID, store.KeptByCannedResponse, id, c.Files)
	if errors.Is(err, store.ErrNotFound) {
		return validate.Fail("attachments", validate.Invalid)
	}
	return err
}

// CreateCannedResponse stores a canned response and gives its id.
func (d *Desk) CreateCannedResponse(ctx context.Context, in CannedResponse) (id int64, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		if id, err = tx.InsertCannedResponse(ctx, in.CannedResponseRow); err != nil {
			return in.stored(err)
		}
		return in.keepFiles(ctx, tx, id)
	})
	return id, err
}

// ChangeCannedResponse lets change alter a canned response and stores it;
// store.ErrNotFound when the account has none of that id. An error of change's is given
// back, and nothing is stored.
func (d *Desk) ChangeCannedResponse(ctx context.Context, accountID, id int64, change func(*CannedResponse) error) error {
	return d.again(ctx, func(tx *store.Tx) error {
		before, err := tx.LockCannedResponse(ctx, accountID, id)
		if err != nil {
			return err
		}
		after := CannedResponse{CannedResponseRow: before}
		if err := change(&after); err != nil {
			return err
		}
		if err := tx.UpdateCannedResponse(ctx, after.CannedResponseRow); err != nil {
			return after.stored(err)
		}
		return after.keepFiles(ctx, tx, id)
	})
}

// DeleteCannedResponse deletes a canned response; its files go unless messages carry
// them. store.ErrNotFound when the account has none of that id.
func (d *Desk) DeleteCannedResponse(ctx context.Context, accountID, id int64) error {
	return d.again(ctx, func(tx *store.Tx) error {
		r, err := tx.LockCannedResponse(ctx, accountID, id)
		if err != nil {
			return err
		}
		return tx.DeleteCannedResponse(ctx, r)
	})
}

// KeepUpload keeps an uploaded file for as long as the account exists, so that its
// address can be written anywhere.
func (d *Desk) KeepUpload(ctx context.Context, accountID, blobID int64) error {
	return d.again(ctx, func(tx *store.Tx) error {
		return tx.AddKeptFiles(ctx, accountID, store.KeptByAccount, accountID, []int64{blobID})
	})
}
