package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
)

// JobTemplates asks a provider for the message templates of a channel.
const JobTemplates = "channel.templates"

const (
	// templatesEvery is how long a list of templates is good, templatesBatch how
	// many channels one round of ScheduleTemplates asks (contract 05 §3.7).
	templatesEvery = 3 * time.Hour
	templatesBatch = 25
	// templatesTries are few: the next round comes anyhow.
	templatesTries = 3
)

// templatesOf gives what lists the templates of ch; ok is false for channels that
// have none.
func templatesOf(driver channels.Driver, ch *channels.Channel) (source channels.TemplateSource, ok bool) {
	if source, ok = driver.(channels.TemplateSource); !ok {
		return nil, false
	}
	if scope, narrowed := driver.(channels.TemplateScope); narrowed && !scope.HasTemplates(ch) {
		return nil, false
	}
	return source, true
}

// orderTemplates orders the templates of a channel that is being stored with these
// settings, if it has any.
func orderTemplates(ctx context.Context, tx *store.Tx, driver channels.Driver, accountID, inboxID int64, settings json.RawMessage) error {
	config, err := driver.Parse(settings)
	if err != nil {
		return fmt.Errorf("desk: channel settings: %w", err)
	}
	ch := &channels.Channel{AccountID: accountID, InboxID: inboxID, Type: driver.Info().ChannelType, Settings: settings, Config: config}
	if _, ok := templatesOf(driver, ch); !ok {
		return nil
	}
	return insertTemplatesJob(ctx, tx, accountID, inboxID)
}

// OrderTemplates orders the templates of an inbox, in the transaction that makes that
// necessary.
func OrderTemplates(ctx context.Context, tx *store.Tx, accountID, inboxID int64) error {
	return insertTemplatesJob(ctx, tx, accountID, inboxID)
}

func insertTemplatesJob(ctx context.Context, tx *store.Tx, accountID, inboxID int64) error {
	payload, err := json.Marshal(InboxJob{InboxID: inboxID})
	if err != nil {
		return fmt.Errorf("desk: templates: %w", err)
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: JobTemplates, UniqueKey: JobTemplates + ":" + strconv.FormatInt(inboxID, 10),
		AccountID: accountID, Payload: payload, MaxAttempts: templatesTries,
	})
}

// SyncTemplates orders the templates of an inbox; an inbox without templates is
// refused.
func (d *Desk) SyncTemplates(ctx context.Context, accountID, inboxID int64) error {
	driver, ch, ok := d.Directory.Inbox(inboxID)
	if ok {
		_, ok = templatesOf(driver, ch)
	}
	if !ok {
		return chat.Unprocessable("Template sync is only available for WhatsApp channels")
	}
	err := d.Store.Transact(ctx, func(tx *store.Tx) error { return insertTemplatesJob(ctx, tx, accountID, inboxID) })
	if err != nil {
		return err
	}
	d.WakeJobs()
	return nil
}

// ScheduleTemplates orders the templates of the channels that have waited longest,
// and tells of how many. Channels that have to be authorised again, and those of
// suspended accounts, are left out.
func (d *Desk) ScheduleTemplates(ctx context.Context) (int, error) {
	list := map[int64]*channels.Channel{}
	var ids []int64
	for _, e := range d.Directory.current.Load().byInbox {
		ch := e.channel
		if _, ok := templatesOf(e.driver, ch); ok && ch.AccountActive && !ch.ReauthorizationRequired {
			list[ch.ID] = ch
			ids = append(ids, ch.ID)
		}
	}
	due, err := d.Store.TemplatesDue(ctx, ids, d.Now().Add(-templatesEvery), templatesBatch)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	err = d.Store.Transact(ctx, func(tx *store.Tx) error {
		for _, id := range due {
			if err := insertTemplatesJob(ctx, tx, list[id].AccountID, list[id].InboxID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	d.WakeJobs()
	return len(due), nil
}

// syncTemplates carries out JobTemplates. What the provider answers is stored only
// if the channel's settings are still those that it was asked with.
func (d *Desk) syncTemplates(ctx context.Context, j store.Job) error {
	var in InboxJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	if err := d.Directory.Refresh(ctx); err != nil {
		return err
	}
	driver, ch, ok := d.Directory.Inbox(in.InboxID)
	if !ok {
		return nil // deleted meanwhile
	}
	source, ok := templatesOf(driver, ch)
	if !ok {
		return nil
	}
	if err := d.Store.StampTemplates(ctx, ch.ID); err != nil {
		return err
	}
	settings, err := source.Templates(ctx, ch)
	if err != nil {
		return d.templatesFailed(ctx, j, driver, ch, err)
	}
	if bytes.Equal(settings, ch.Settings) {
		return nil
	}
	var swapped bool
	err = d.Store.Transact(ctx, func(tx *store.Tx) error {
		var err error
		swapped, err = tx.SwapSettings(ctx, ch.ID, ch.Settings, settings)
		return err
	})
	if err != nil {
		return err
	}
	if !swapped {
		return ErrAgain // an administrator changed the channel while we asked
	}
	if err := d.Directory.Refresh(ctx); err != nil {
		d.Log.Warn("channel directory not refreshed", "error", err)
	}
	return nil
}

// templatesFailed counts a dead token, and has what may get better tried again.
// The rest waits for the next round: the list there is stays in force.
func (d *Desk) templatesFailed(ctx context.Context, j store.Job, driver channels.Driver, ch *channels.Channel, err error) error {
	refused := channels.AsSendError(err)
	if refused.Class == chat.Reauthorize {
		flagged := false
		if e := d.Store.Transact(ctx, func(tx *store.Tx) error {
			var err error
			flagged, err = authorizationError(ctx, tx, driver, ch)
			return err
		}); e != nil {
			return errors.Join(err, e)
		}
		if flagged {
			d.authorizationLost(ctx, ch)
		}
	}
	if (refused.Class == chat.Retryable || refused.Class == chat.Throttled) && j.Attempts+1 < j.MaxAttempts {
		return err
	}
	d.Log.Warn("message templates not read", "inbox_id", ch.InboxID, "channel", driver.Info().Slug,
		"class", string(refused.Class), "code", refused.Code, "error", refused)
	return nil
}
