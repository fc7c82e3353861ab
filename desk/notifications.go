package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"tributary/store"
)

// JobNotificationsDeleted deletes notifications of a user.
const JobNotificationsDeleted = "notifications.deleted"

// notificationsDeletedJob is the payload of JobNotificationsDeleted.
type notificationsDeletedJob struct {
	UserID   int64 `json:"user_id"`
	UpTo     int64 `json:"up_to"` // an id: what came later stays
	OnlyRead bool  `json:"only_read,omitempty"`
}

const (
	// notificationChunk is how many notifications one transaction deletes or reopens.
	notificationChunk = 500
	// notificationMonths is how long notifications are kept.
	notificationMonths = 1
)

// Events about notifications, of the owner's live connection.
const (
	eventNotificationCreated = "notification.created"
	eventNotificationUpdated = "notification.updated"
	eventNotificationDeleted = "notification.deleted"
)

// notificationEvent is what a row of the outbox tells about a notification.
type notificationEvent struct {
	ID     int64 `json:"notification_id"`
	UserID int64 `json:"user_id"`                // whose it is
	By     int64 `json:"performer_id,omitempty"` // the user who did it; 0: nobody
}

func notificationEvents(kind string, by int64, list ...store.NotificationRow) []store.OutboxRow {
	out := make([]store.OutboxRow, len(list))
	for i, n := range list {
		about := map[string]any{"notification_id": n.ID, "user_id": n.UserID}
		if by != 0 {
			about["performer_id"] = by
		}
		out[i] = store.OutboxRow{AccountID: n.AccountID, Kind: kind, ConversationID: n.ConversationID, Payload: object(about)}
	}
	return out
}

// changeNotification lets change alter a notification of a user and gives it as it
// is then; store.ErrNotFound when they have none of that id.
func (d *Desk) changeNotification(ctx context.Context, userID, id int64, change func(*store.NotificationRow)) (n store.NotificationRow, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		if n, err = tx.LockNotification(ctx, userID, id); err != nil {
			return err
		}
		change(&n)
		if n, err = tx.UpdateNotification(ctx, n); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, notificationEvents(eventNotificationUpdated, userID, n))
	})
	if err == nil {
		d.WakeJobs()
	}
	return n, err
}

// ReadNotification marks a notification as read now.
func (d *Desk) ReadNotification(ctx context.Context, userID, id int64) (store.NotificationRow, error) {
	now := d.Now().UnixMicro()
	return d.changeNotification(ctx, userID, id, func(n *store.NotificationRow) { n.ReadAt = &now })
}

// UnreadNotification marks a notification as not read.
func (d *Desk) UnreadNotification(ctx context.Context, userID, id int64) (store.NotificationRow, error) {
	return d.changeNotification(ctx, userID, id, func(n *store.NotificationRow) { n.ReadAt = nil })
}

// SnoozeNotification puts a notification off.
func (d *Desk) SnoozeNotification(ctx context.Context, userID, id int64, until time.Time) (store.NotificationRow, error) {
	at := until.UnixMicro()
	return d.changeNotification(ctx, userID, id, func(n *store.NotificationRow) { n.SnoozedUntil, n.LastSnoozedAt = &at, nil })
}

// DeleteNotification deletes a notification of a user; store.ErrNotFound when they
// have none of that id.
func (d *Desk) DeleteNotification(ctx context.Context, userID, id int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		n, err := tx.LockNotification(ctx, userID, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteNotification(ctx, id); err != nil {
			return err
		}
		return tx.InsertOutbox(ctx, notificationEvents(eventNotificationDeleted, userID, n))
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// DeleteNotifications deletes the notifications that a user has now, in all accounts
// and in the background: all of them, or those that were read by then.
func (d *Desk) DeleteNotifications(ctx context.Context, userID int64, onlyRead bool) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		last, err := tx.LastNotification(ctx)
		if err != nil || last == 0 {
			return err
		}
		payload, err := json.Marshal(notificationsDeletedJob{UserID: userID, UpTo: last, OnlyRead: onlyRead})
		if err != nil {
			return fmt.Errorf("desk: notifications job: %w", err)
		}
		return tx.InsertJob(ctx, store.Job{
			Kind: JobNotificationsDeleted, Lane: store.LaneBulk, Payload: payload,
			UniqueKey: JobNotificationsDeleted + ":" + strconv.FormatInt(userID, 10) + ":" + strconv.FormatBool(onlyRead),
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// notificationsDeleted carries out JobNotificationsDeleted.
func (d *Desk) notificationsDeleted(ctx context.Context, j store.Job) error {
	var in notificationsDeletedJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	return d.inChunks(func() (bool, error) {
		return d.dropNotifications(ctx, func(tx *store.Tx) ([]store.NotificationRow, error) {
			return tx.DeleteNotifications(ctx, in.UserID, in.UpTo, in.OnlyRead, notificationChunk)
		})
	})
}

// dropNotifications deletes a chunk of notifications, whose owners are told. done
// says that it was the last.
func (d *Desk) dropNotifications(ctx context.Context, drop func(*store.Tx) ([]store.NotificationRow, error)) (done bool, err error) {
	return d.turnNotifications(ctx, eventNotificationDeleted, drop)
}

func (d *Desk) turnNotifications(ctx context.Context, kind string, turn func(*store.Tx) ([]store.NotificationRow, error)) (done bool, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		list, err := turn(tx)
		if err != nil {
			return err
		}
		done = len(list) < notificationChunk
		return tx.InsertOutbox(ctx, notificationEvents(kind, 0, list...))
	})
	if err == nil {
		d.WakeJobs()
	}
	return done, err
}

// TendNotifications brings back what was put off until now, and deletes what is
// older than a month.
func (d *Desk) TendNotifications(ctx context.Context) error {
	err := untilDone(func() (bool, error) {
		return d.turnNotifications(ctx, eventNotificationUpdated, func(tx *store.Tx) ([]store.NotificationRow, error) {
			return tx.ReopenNotifications(ctx, notificationChunk)
		})
	})
	if err != nil {
		return err
	}
	return untilDone(func() (bool, error) {
		return d.dropNotifications(ctx, func(tx *store.Tx) ([]store.NotificationRow, error) {
			return tx.ExpireNotifications(ctx, tx.Now.AddDate(0, -notificationMonths, 0), notificationChunk)
		})
	})
}

func untilDone(share func() (done bool, err error)) error {
	for {
		if done, err := share(); err != nil || done {
			return err
		}
	}
}
