package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// Look-ups are calls that ask a provider for what a webhook left out. They run
// as jobs: a message never waits for one, and none is lost because one fails.

// authorizationWait is how long a look-up waits for a channel that has to be
// authorised again. The authorisation itself makes it run at once, see
// resumeLookups; the wait only bounds what that may miss.
const authorizationWait = time.Hour

// lookupKey is the unique key of a look-up; resumeLookups finds it by inbox.
func lookupKey(kind string, inboxID, id int64) string {
	return lookupPrefix(kind, inboxID) + strconv.FormatInt(id, 10)
}

func lookupPrefix(kind string, inboxID int64) string {
	return kind + ":" + strconv.FormatInt(inboxID, 10) + ":"
}

// resumeLookups makes the look-ups run that wait for the authorisation of an
// inbox.
func resumeLookups(ctx context.Context, tx *store.Tx, inboxID int64) error {
	for _, kind := range []string{JobProfile, JobEnrich} {
		if err := tx.HastenJobs(ctx, store.LaneDeferred, kind, lookupPrefix(kind, inboxID)); err != nil {
			return err
		}
	}
	return nil
}

// authorized gives driver and channel for a look-up; ok is false when there is
// nothing to ask: the inbox is gone, or the job was put off until the channel is
// authorised again.
func (d *Desk) authorized(ctx context.Context, j store.Job, inboxID int64) (driver channels.Driver, ch *channels.Channel, ok bool, err error) {
	driver, ch, ok = d.Directory.Inbox(inboxID)
	if !ok || ch.ReauthorizationRequired {
		// Another process may have connected or authorised it a moment ago.
		if err := d.Directory.Refresh(ctx); err != nil {
			return nil, nil, false, err
		}
		driver, ch, ok = d.Directory.Inbox(inboxID)
	}
	if ok && ch.ReauthorizationRequired {
		return nil, nil, false, d.putOff(ctx, j, authorizationWait)
	}
	return driver, ch, ok, nil
}

// putOff orders the job that is running once more for later: no attempt is
// counted.
func (d *Desk) putOff(ctx context.Context, j store.Job, wait time.Duration) error {
	j.RunAt = d.Now().Add(wait)
	return d.Store.Transact(ctx, func(tx *store.Tx) error { return tx.InsertJob(ctx, j) })
}

// lookupFailed decides what becomes of a look-up that the provider refused.
func (d *Desk) lookupFailed(ctx context.Context, j store.Job, driver channels.Driver, ch *channels.Channel, err error) error {
	switch refused := channels.AsSendError(err); refused.Class {
	case chat.Retryable, chat.Throttled:
		if refused.RetryAfter > 0 {
			return d.putOff(ctx, j, refused.RetryAfter)
		}
		return err
	case chat.Config:
		return d.putOff(ctx, j, authorizationWait)
	case chat.Reauthorize:
		var flagged bool
		if e := d.Store.Transact(ctx, func(tx *store.Tx) error {
			var e error
			flagged, e = authorizationError(ctx, tx, driver, ch)
			return e
		}); e != nil {
			return e
		}
		if flagged {
			d.authorizationLost(ctx, ch)
		}
		return err
	default:
		return Declined{err}
	}
}

// authorizationError counts an authorisation error of a channel, and tells whether it
// is flagged for re-authorisation from now on: dashboards read the inbox again then.
func authorizationError(ctx context.Context, tx *store.Tx, driver channels.Driver, ch *channels.Channel) (flagged bool, err error) {
	flagged, err = tx.CountAuthorizationError(ctx, ch.ID, max(1, driver.Info().Threshold))
	if err != nil || !flagged {
		return false, err
	}
	return true, tx.InvalidateCache(ctx, ch.AccountID, store.CacheInboxes)
}

// authorizationLost makes it known that a channel was flagged for
// re-authorisation.
func (d *Desk) authorizationLost(ctx context.Context, ch *channels.Channel) {
	d.Log.Warn("channel needs to be authorised again", "inbox_id", ch.InboxID, "channel_id", ch.ID)
	if err := d.Directory.Refresh(ctx); err != nil {
		d.Log.Warn("channel directory not refreshed", "error", err)
	}
}

// readJob decodes a payload; what cannot be read never will be.
func readJob(j store.Job, into any) error {
	if err := json.Unmarshal(j.Payload, into); err != nil {
		return Final{fmt.Errorf("desk: job %s: %w", j.Kind, err)}
	}
	return nil
}
