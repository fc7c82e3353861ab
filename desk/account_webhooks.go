package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

// JobWebhookDeleted removes what a webhook that is deleted was told.
const JobWebhookDeleted = "webhook.deleted"

// WebhookJob is the payload of JobWebhookDeleted.
type WebhookJob struct {
	WebhookID int64 `json:"webhook_id"`
}

// webhookSecret is the length of a webhook's secret, in bytes.
const webhookSecret = 24

// webhookTaken words the conflict of two addresses.
func webhookTaken(err error) error {
	if errors.Is(err, store.ErrTaken) {
		return validate.Fail("url", validate.Taken)
	}
	return err
}

// webhookValues are what the audit log tells of a webhook: the secret is not in it.
func webhookValues(w store.AccountWebhook) map[string]any {
	var inbox any
	if w.InboxID != 0 {
		inbox = w.InboxID
	}
	return map[string]any{
		"account_id": w.AccountID, "inbox_id": inbox, "url": w.URL, "subscriptions": w.Subscriptions, "webhook_type": 0,
	}
}

// holdWebhookInbox keeps the inbox of a webhook from being deleted meanwhile.
func holdWebhookInbox(ctx context.Context, tx *store.Tx, w store.AccountWebhook) error {
	if w.InboxID == 0 {
		return nil
	}
	err := tx.HoldInbox(ctx, w.AccountID, w.InboxID)
	if errors.Is(err, store.ErrNotFound) {
		return validate.Fail("inbox", validate.MustExist)
	}
	return err
}

// CreateWebhook stores a webhook with a secret of its own and gives its id.
func (d *Desk) CreateWebhook(ctx context.Context, by Actor, in store.AccountWebhook) (id int64, err error) {
	in.Secret = channels.Token(webhookSecret)
	err = d.again(ctx, func(tx *store.Tx) error {
		if err := holdWebhookInbox(ctx, tx, in); err != nil {
			return err
		}
		if id, err = tx.InsertAccountWebhook(ctx, in); err != nil {
			return webhookTaken(err)
		}
		return insertAudit(ctx, tx, by, in.AccountID, "Webhook", id, auditCreate, webhookValues(in))
	})
	return id, err
}

// ChangeWebhook lets change alter a webhook and stores it; store.ErrNotFound when the
// account has none of that id. An error of change's is given back, and nothing is
// stored.
func (d *Desk) ChangeWebhook(ctx context.Context, by Actor, accountID, id int64, change func(*store.AccountWebhook) error) error {
	return d.again(ctx, func(tx *store.Tx) error {
		before, err := tx.LockAccountWebhook(ctx, accountID, id)
		if err != nil {
			return err
		}
		after := before
		after.Subscriptions = slices.Clone(before.Subscriptions)
		if err := change(&after); err != nil {
			return err
		}
		changes := valueChanges(webhookValues(before), webhookValues(after))
		if len(changes) == 0 {
			return nil
		}
		if after.InboxID != before.InboxID {
			if err := holdWebhookInbox(ctx, tx, after); err != nil {
				return err
			}
		}
		if err := tx.UpdateAccountWebhook(ctx, after); err != nil {
			return webhookTaken(err)
		}
		return insertAudit(ctx, tx, by, accountID, "Webhook", id, auditUpdate, changes)
	})
}

// DeleteWebhook deletes a webhook; what it was told goes in the background.
// store.ErrNotFound when the account has none of that id.
func (d *Desk) DeleteWebhook(ctx context.Context, by Actor, accountID, id int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		w, err := tx.LockAccountWebhook(ctx, accountID, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteAccountWebhook(ctx, id); err != nil {
			return err
		}
		if err := insertAudit(ctx, tx, by, accountID, "Webhook", id, auditDestroy, webhookValues(w)); err != nil {
			return err
		}
		payload, err := json.Marshal(WebhookJob{WebhookID: id})
		if err != nil {
			return fmt.Errorf("desk: webhook job: %w", err)
		}
		return tx.InsertJob(ctx, store.Job{
			Kind: JobWebhookDeleted, Lane: store.LaneBulk, UniqueKey: JobWebhookDeleted + ":" + strconv.FormatInt(id, 10),
			AccountID: accountID, Payload: payload,
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// webhookDeleted carries out JobWebhookDeleted.
func (d *Desk) webhookDeleted(ctx context.Context, j store.Job) error {
	var in WebhookJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	return d.inChunks(ctx, func() (bool, error) { return d.Store.DropWebhookDeliveries(ctx, in.WebhookID, releaseChunk) })
}

// TestWebhook orders a delivery by which administrators see whether an endpoint takes
// what it is told: an event of the name "test" about the account. It gives the
// delivery's id; store.ErrNotFound when the account has no such webhook.
func (d *Desk) TestWebhook(ctx context.Context, accountID, webhookID int64) (int64, error) {
	w, err := d.Store.AccountWebhook(ctx, accountID, webhookID)
	if err != nil {
		return 0, err
	}
	account, err := d.Store.Account(ctx, accountID)
	if err != nil {
		return 0, err
	}
	out := newDelivery(store.HookAccount, w.ID, EventTest, "test/"+uuid.NewString(), d.Now())
	out.MaxAttempts = 1 // who asks wants to know now
	b, err := encodeEvent(map[string]any{
		"event": EventTest, "account": map[string]any{"id": account.ID, "name": account.Name},
		"webhook": map[string]any{"id": w.ID, "subscriptions": w.Subscriptions}, "created_at": iso(d.Now().UnixMicro()),
	})
	if err != nil {
		return 0, err
	}
	out.AccountID, out.Payload = accountID, string(b)
	return d.orderDelivery(ctx, out)
}

// EventTest is the event of TestWebhook.
const EventTest = "test"

// Redeliver orders what a webhook was told, or should have been, once more: the same
// payload under the same name, so that a receiver who has it knows. It gives the new
// delivery's id; store.ErrNotFound when the webhook has no such delivery, a refusal
// while that is still under way.
func (d *Desk) Redeliver(ctx context.Context, accountID, webhookID, deliveryID int64) (int64, error) {
	if _, err := d.Store.AccountWebhook(ctx, accountID, webhookID); err != nil {
		return 0, err
	}
	old, err := d.Store.WebhookDelivery(ctx, accountID, webhookID, deliveryID)
	if err != nil {
		return 0, err
	}
	if old.State == store.HookNew || old.State == store.HookPending {
		return 0, chat.Unprocessable("The delivery is still under way")
	}
	out := newDelivery(store.HookAccount, webhookID, old.Event, "again/"+uuid.NewString(), d.Now())
	if typing(old.Event) { // whoever asks wants to see it arrive
		e := endurances[store.HookAccount]
		out.MaxAttempts, out.ExpiresAt = e.tries, d.Now().Add(e.patience).UnixMicro()
	}
	out.AccountID, out.InboxID, out.ConversationID, out.MessageID = accountID, old.InboxID, old.ConversationID, old.MessageID
	out.Delivery, out.Payload, out.Details, out.RedeliveryOf = old.Delivery, old.Payload, old.Details, old.ID
	return d.orderDelivery(ctx, out)
}

// orderDelivery stores one whose payload is built.
func (d *Desk) orderDelivery(ctx context.Context, in store.WebhookDelivery) (id int64, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		made, err := tx.InsertWebhookDeliveries(ctx, []store.WebhookDelivery{in})
		if err == nil && len(made) == 1 {
			id = made[0]
		}
		return err
	})
	if err == nil {
		d.WakeJobs()
	}
	return id, err
}

// webhookLogChunk is how many old deliveries are removed at once.
const webhookLogChunk = 1000

// TendWebhooks removes what the log of webhooks has kept for WebhooksKept.
func (d *Desk) TendWebhooks(ctx context.Context) error {
	for {
		n, err := d.Store.PruneWebhookDeliveries(ctx, d.Now().Add(-d.WebhooksKept), webhookLogChunk)
		if err != nil || n < webhookLogChunk {
			return err
		}
	}
}
