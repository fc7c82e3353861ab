package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
	"tributary/wording"
)

// Jobs of an inbox.
const (
	JobRegister    = "channel.register" // install our webhook at the provider
	JobDeleteInbox = "inbox.delete"
)

// ErrNoInbox says that an account has as many inboxes as it may have.
var ErrNoInbox = &chat.Error{Code: chat.CodePayment, Message: "Account limit exceeded. Upgrade to a higher plan"}

// InboxJob is the payload of the jobs above.
type InboxJob struct {
	InboxID int64 `json:"inbox_id"`
	By      Actor `json:"by,omitzero"` // who had the inbox deleted
}

// NewInbox is an inbox to be connected. Inbox.Name may be empty when the
// provider tells one.
type NewInbox struct {
	By       Actor
	Inbox    store.Inbox
	Params   json.RawMessage // the channel's parameters, as the API got them
	Limit    int             // inboxes that the account may have; 0: any number
	Settings json.RawMessage // instead of Params: settings as the driver stores them
	// SignatureMode is the inbox's own, enforce or observe; empty: the
	// installation's.
	SignatureMode string
	// AvatarID is the inbox's picture, a file that nothing uses yet; 0: none.
	AvatarID int64
}

// CreateInbox connects a channel: the driver checks the parameters (at the
// provider, where it can), then channel, inbox and the order to install our
// webhook are stored together. A provider that refuses our webhook never loses
// the inbox; the failure shows on it and is tried again.
func (d *Desk) CreateInbox(ctx context.Context, driver channels.Driver, in NewInbox) (int64, error) {
	draft := channels.Draft{Settings: in.Settings, Name: in.Inbox.Name}
	if in.Settings == nil {
		creator, ok := driver.(channels.Creator)
		if !ok {
			return 0, chat.Invalid("channel", "Channel must exist")
		}
		// Create may install our webhook at the provider; for a number that is
		// connected already that would cut the other inbox off.
		if d.connected(ctx, driver, in) {
			return 0, taken(driver)
		}
		var err error
		if draft, err = d.draft(ctx, creator, in); err != nil {
			return 0, err
		}
	}
	if in.Inbox.Name == "" {
		in.Inbox.Name = draft.Name
	}
	if in.Inbox.Name == "" {
		return 0, chat.Invalid("name", "Name can't be blank")
	}
	addresses, err := d.addresses(driver, in.Inbox.AccountID, draft.Settings)
	if err != nil {
		return 0, err
	}
	_, registers := driver.(channels.Registrar)
	var id int64
	err = d.Store.Transact(ctx, func(tx *store.Tx) error {
		if in.Limit > 0 {
			n, err := tx.CountInboxes(ctx, in.Inbox.AccountID)
			if err != nil {
				return err
			}
			if n >= in.Limit {
				return ErrNoInbox
			}
		}
		channel := store.NewChannel{
			AccountID: in.Inbox.AccountID, Type: driver.Info().ChannelType, Settings: draft.Settings, Addresses: addresses,
			SignatureMode: in.SignatureMode,
		}
		if registers {
			channel.Registration = "pending"
		}
		channelID, err := tx.InsertChannel(ctx, channel)
		if err != nil {
			return err
		}
		in.Inbox.ChannelID, in.Inbox.ChannelType = channelID, channel.Type
		if id, err = tx.InsertInbox(ctx, in.Inbox); err != nil {
			return err
		}
		if err := setInboxAvatar(ctx, tx, in.Inbox.AccountID, id, in.AvatarID); err != nil {
			return err
		}
		if err := insertAudit(ctx, tx, in.By, in.Inbox.AccountID, "Inbox", id, auditCreate, inboxValues(in.Inbox)); err != nil {
			return err
		}
		if err := tx.InvalidateCache(ctx, in.Inbox.AccountID, store.CacheInboxes); err != nil {
			return err
		}
		in.Inbox.ID = id
		if err := tx.InsertOutbox(ctx, d.inboxEvent("inbox.created", in.Inbox, nil)); err != nil {
			return err
		}
		if err := orderTemplates(ctx, tx, driver, in.Inbox.AccountID, id, draft.Settings); err != nil {
			return err
		}
		if !registers {
			return nil
		}
		return insertInboxJob(ctx, tx, JobRegister, store.LaneDeferred, in.Inbox.AccountID, InboxJob{InboxID: id})
	})
	if errors.Is(err, store.ErrAddressTaken) {
		return 0, taken(driver)
	}
	if err != nil {
		return 0, err
	}
	d.changed(ctx)
	return id, nil
}

// draft lets the driver make the channel.
func (d *Desk) draft(ctx context.Context, creator channels.Creator, in NewInbox) (channels.Draft, error) {
	particular, ok := creator.(channels.AccountCreator)
	if !ok {
		return creator.Create(ctx, in.Params)
	}
	row, err := d.Store.Account(ctx, in.Inbox.AccountID)
	if err != nil {
		return channels.Draft{}, err
	}
	account := channels.Account{ID: row.ID, Locale: wording.LocaleOf(row.Locale), InboundDomain: d.Setting("MAILER_INBOUND_EMAIL_DOMAIN")}
	if row.Domain != nil && *row.Domain != "" {
		account.InboundDomain = *row.Domain
	}
	return particular.CreateFor(ctx, account, in.Params)
}

// setInboxAvatar gives an inbox a picture; blobID 0 takes it away.
func setInboxAvatar(ctx context.Context, tx *store.Tx, accountID, inboxID, blobID int64) error {
	err := tx.SetAvatar(ctx, store.AvatarInbox, accountID, inboxID, blobID)
	if errors.Is(err, store.ErrNotFound) && blobID != 0 {
		return validate.Fail("avatar", validate.Invalid) // used up, or gone meanwhile
	}
	return err
}

// RemoveInboxAvatar takes an inbox's picture away; store.ErrNotFound when the account
// has no such inbox.
func (d *Desk) RemoveInboxAvatar(ctx context.Context, accountID, inboxID int64) error {
	return d.again(ctx, func(tx *store.Tx) error {
		if err := setInboxAvatar(ctx, tx, accountID, inboxID, 0); err != nil {
			return err
		}
		return tx.InvalidateCache(ctx, accountID, store.CacheInboxes)
	})
}

// ChangeWorkingHour stores the hours of one day of an inbox.
func (d *Desk) ChangeWorkingHour(ctx context.Context, accountID, inboxID int64, h store.WorkingHour) error {
	return d.again(ctx, func(tx *store.Tx) error {
		if err := tx.PutWorkingHour(ctx, inboxID, h); err != nil {
			return err
		}
		return tx.InvalidateCache(ctx, accountID, store.CacheInboxes)
	})
}

// addresses are the names of a channel with these settings, as the store keeps
// them.
func (d *Desk) addresses(driver channels.Driver, accountID int64, settings json.RawMessage) ([]store.Address, error) {
	config, err := driver.Parse(settings)
	if err != nil {
		return nil, fmt.Errorf("desk: channel settings: %w", err)
	}
	ch := &channels.Channel{AccountID: accountID, Type: driver.Info().ChannelType, Settings: settings, Config: config}
	var out []store.Address
	for _, b := range driver.Addresses(ch) {
		a := store.Address{Address: b.Address}
		if b.PerAccount {
			a.Scope = accountID
		}
		out = append(out, a)
	}
	return out, nil
}

// connected tells whether another channel has an address that the parameters
// name already. Parameters that name none are Create's to refuse.
func (d *Desk) connected(ctx context.Context, driver channels.Driver, in NewInbox) bool {
	addresses, err := d.addresses(driver, in.Inbox.AccountID, in.Params)
	if err != nil {
		return false
	}
	for _, a := range addresses {
		if a.Value == "" {
			continue
		}
		if exists, err := d.Store.AddressTaken(ctx, a); err == nil && exists {
			return true
		}
	}
	return false
}

// taken words the conflict for the attribute that names the channel.
func taken(driver channels.Driver) error {
	attribute, human := "address", "Address"
	if u, ok := driver.(channels.Unique); ok {
		attribute, human = u.UniqueAttribute()
	}
	return chat.Invalid(attribute, human+" has already been taken")
}

// changed tells this process at once and the workers that a channel changed;
// other processes learn it from the change feed.
func (d *Desk) changed(ctx context.Context) {
	if err := d.Directory.Refresh(ctx); err != nil {
		d.Log.Warn("channel directory not refreshed", "error", err)
	}
	d.WakeJobs()
}

func insertInboxJob(ctx context.Context, tx *store.Tx, kind, lane string, accountID int64, in InboxJob) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("desk: inbox job: %w", err)
	}
	return tx.InsertJob(ctx, store.Job{
		Kind: kind, Lane: lane, UniqueKey: kind + ":" + strconv.FormatInt(in.InboxID, 10),
		AccountID: accountID, Payload: payload, MaxAttempts: 12,
	})
}

// InboxChange is what UpdateInbox stores.
type InboxChange struct {
	By    Actor
	Inbox store.Inbox // all settings as they shall be
	Hours []store.WorkingHour
	// Params are the channel's parameters; nil: the channel stays.
	Params json.RawMessage
	// Settings replace the channel's as they are, instead of Params: whoever made them
	// has proven them at the provider.
	Settings json.RawMessage
	// SignatureMode replaces the inbox's own; nil: it stays.
	SignatureMode *string
	// AvatarID replaces the inbox's picture, 0 takes it away; nil: it stays.
	AvatarID *int64
}

// changedChannel is a channel as a change wants it, checked by its driver. settings are
// nil when it stays as it is.
func (d *Desk) changedChannel(
	ctx context.Context, driver channels.Driver, ch *channels.Channel, change InboxChange,
) (settings json.RawMessage, addresses []store.Address, err error) {
	if settings = change.Settings; driver == nil {
		return settings, nil, nil
	}
	if creator, can := driver.(channels.Creator); can && change.Params != nil {
		if err := d.clearAuthorization(ctx, ch); err != nil {
			return nil, nil, err
		}
		if settings, err = creator.Update(ctx, ch, change.Params); err != nil {
			return nil, nil, err
		}
	}
	if settings != nil {
		addresses, err = d.addresses(driver, change.Inbox.AccountID, settings)
	}
	return settings, addresses, err
}

// UpdateInbox stores the settings of an inbox and, when parameters are given, the
// channel's, which the driver checks first.
func (d *Desk) UpdateInbox(ctx context.Context, change InboxChange) error {
	inbox := change.Inbox
	driver, ch, ok := d.Directory.Inbox(inbox.ID)
	settings, addresses, err := d.changedChannel(ctx, driver, ch, change)
	if err != nil {
		return err
	}
	err = d.Store.Transact(ctx, func(tx *store.Tx) error {
		before, err := tx.LockInbox(ctx, inbox.ID)
		if err != nil {
			return err
		}
		if err := tx.UpdateInbox(ctx, inbox); err != nil {
			return err
		}
		if err := auditInboxUpdate(ctx, tx, change.By, before, inbox); err != nil {
			return err
		}
		if changes := valueChanges(inboxValues(before), inboxValues(inbox)); len(changes) > 0 {
			changes["updated_at"] = [2]any{iso(before.UpdatedAt), iso(tx.Now.UnixMicro())}
			if err := tx.InsertOutbox(ctx, d.inboxEvent("inbox.updated", before, changes)); err != nil {
				return err
			}
		}
		if err := tx.InvalidateCache(ctx, inbox.AccountID, store.CacheInboxes); err != nil {
			return err
		}
		if change.AvatarID != nil {
			if err := setInboxAvatar(ctx, tx, inbox.AccountID, inbox.ID, *change.AvatarID); err != nil {
				return err
			}
		}
		if change.SignatureMode != nil && ok {
			if err := tx.SetSignatureMode(ctx, ch.ID, *change.SignatureMode); err != nil {
				return err
			}
		}
		for _, h := range change.Hours {
			if err := tx.PutWorkingHour(ctx, inbox.ID, h); err != nil {
				return err
			}
		}
		if settings == nil {
			return nil
		}
		if err := auditChannelUpdate(ctx, tx, change.By, driver, ch, settings); err != nil {
			return err
		}
		_, registers := driver.(channels.Registrar)
		if err := tx.UpdateChannelSettings(ctx, ch.ID, settings, addresses, registers); err != nil {
			return err
		}
		if err := orderTemplates(ctx, tx, driver, inbox.AccountID, inbox.ID, settings); err != nil {
			return err
		}
		if err := resumeLookups(ctx, tx, inbox.ID); err != nil {
			return err
		}
		if err := resumeFetches(ctx, tx, inbox.ID); err != nil {
			return err
		}
		if !registers {
			return nil
		}
		return insertInboxJob(ctx, tx, JobRegister, store.LaneDeferred, inbox.AccountID, InboxJob{InboxID: inbox.ID})
	})
	if errors.Is(err, store.ErrAddressTaken) {
		return taken(driver)
	}
	if err != nil {
		return err
	}
	d.changed(ctx)
	return nil
}

// clearAuthorization lets a channel try again that somebody is changing: its flag is
// gone even when the change is refused, as clients are used to.
func (d *Desk) clearAuthorization(ctx context.Context, ch *channels.Channel) error {
	cleared := false
	err := d.again(ctx, func(tx *store.Tx) error {
		var err error
		if cleared, err = tx.ClearAuthorization(ctx, ch.ID); err != nil || !cleared {
			return err
		}
		return tx.InvalidateCache(ctx, ch.AccountID, store.CacheInboxes)
	})
	if cleared && err == nil {
		d.changed(ctx)
	}
	return err
}

// DeleteInbox orders the deletion of an inbox; a bulk job carries it out.
func (d *Desk) DeleteInbox(ctx context.Context, by Actor, accountID, inboxID int64) error {
	err := d.Store.Transact(ctx, func(tx *store.Tx) error {
		if err := tx.MarkDeleting(ctx, inboxID); err != nil {
			return err
		}
		return insertInboxJob(ctx, tx, JobDeleteInbox, store.LaneBulk, accountID, InboxJob{InboxID: inboxID, By: by})
	})
	if err != nil {
		return err
	}
	d.changed(ctx)
	return nil
}

// Handlers are the jobs that the desk carries out.
func (d *Desk) Handlers() map[string]Handler {
	return map[string]Handler{
		JobRegister: d.register, JobDeleteInbox: d.deleteInbox, JobTemplates: d.syncTemplates,
		JobTyping: d.typing, JobMarkRead: d.markRead, JobInboxWebhook: d.inboxWebhook, JobMemberLeft: d.memberLeft, JobTeamDeleted: d.teamDeleted,
		JobUserMail: d.userMail, JobInstallationEvent: d.installationEvent,
		JobNotify: d.notify, JobNotifyCreation: d.notifyCreation, JobNotificationMail: d.mailNotification, JobPush: d.push,
		JobNotificationsDeleted: d.notificationsDeleted,
		JobDeleteUser:           d.deleteUser, JobDeleteAccount: d.deleteAccount,
		JobBotDeleted:     d.botDeleted,
		JobSAMLMembers:    d.samlMembers,
		JobWebhookDeleted: d.webhookDeleted,
	}
}

// register installs our webhook at the provider and records how that went.
func (d *Desk) register(ctx context.Context, j store.Job) error {
	var in InboxJob
	if err := json.Unmarshal(j.Payload, &in); err != nil {
		return Final{fmt.Errorf("desk: register: %w", err)}
	}
	driver, ch, ok := d.Directory.Inbox(in.InboxID)
	if !ok {
		if err := d.Directory.Refresh(ctx); err != nil {
			return err
		}
		if driver, ch, ok = d.Directory.Inbox(in.InboxID); !ok {
			return nil // deleted meanwhile
		}
	}
	registrar, ok := driver.(channels.Registrar)
	if !ok {
		return nil
	}
	err := registrar.Register(ctx, ch)
	state, reason := "registered", ""
	if err != nil {
		state, reason = "failed", channels.AsSendError(err).Words(ch.Locale)
		if shown, ok := errors.AsType[*chat.Error](err); ok {
			reason = shown.Message
		}
	}
	if e := d.Store.SetRegistration(ctx, ch.ID, state, reason); e != nil {
		return errors.Join(err, e)
	}
	if e := d.Directory.Refresh(ctx); e != nil {
		d.Log.Warn("channel directory not refreshed", "error", e)
	}
	return err
}
