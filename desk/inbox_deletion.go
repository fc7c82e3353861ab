package desk

import (
	"context"
	"errors"

	"tributary/channels"
	"tributary/store"
)

// deleteChunk is how many messages, and how many conversations, one transaction
// deletes.
const deleteChunk = 200

// deleteInbox carries out JobDeleteInbox: the provider is told, what the inbox holds
// goes in small shares, then the inbox itself.
func (d *Desk) deleteInbox(ctx context.Context, j store.Job) error {
	var in InboxJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	// A large inbox takes several runs.
	if _, parted := d.parted.LoadOrStore(in.InboxID, struct{}{}); !parted && j.Attempts == 0 {
		d.part(ctx, in.InboxID)
	}
	if err := d.inChunks(ctx, func() (bool, error) { return d.Store.EmptyInboxChunk(ctx, in.InboxID, deleteChunk) }); err != nil {
		return err
	}
	err := d.again(ctx, func(tx *store.Tx) error {
		inbox, err := tx.LockInbox(ctx, in.InboxID)
		if err != nil {
			return err
		}
		members, err := tx.DeleteInbox(ctx, in.InboxID)
		if err != nil {
			return err
		}
		if err := auditPlaces(ctx, tx, in.By, inbox.AccountID, inboxPlace, auditDestroy, members); err != nil {
			return err
		}
		if err := insertAudit(ctx, tx, in.By, inbox.AccountID, "Inbox", inbox.ID, auditDestroy, inboxValues(inbox)); err != nil {
			return err
		}
		return tx.InvalidateCache(ctx, inbox.AccountID, store.CacheInboxes)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted by a run before this one
	}
	if err == nil {
		d.changed(ctx)
	}
	return err
}

// part parts an inbox from its provider. A provider that refuses, or is away, keeps no
// inbox alive.
func (d *Desk) part(ctx context.Context, inboxID int64) {
	driver, ch, ok := d.Directory.Inbox(inboxID)
	if !ok {
		return
	}
	if d.BeforeDelete != nil {
		if err := d.BeforeDelete(ctx, ch); err != nil {
			d.Log.Warn("inbox not parted from its provider", "inbox_id", inboxID, "error", err)
		}
	}
	if r, can := driver.(channels.Registrar); can {
		if err := r.Unregister(ctx, ch); err != nil {
			d.Log.Warn("webhook not removed at the provider", "inbox_id", inboxID, "error", err)
		}
	}
}
