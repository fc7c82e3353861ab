package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

// Directory keeps every channel of the installation in memory, found by the
// address that a webhook names or by inbox. It is refreshed when the store's
// change feed says so; a look-up costs no I/O.
type Directory struct {
	store   *store.Store
	log     *slog.Logger
	drivers map[string]channels.Driver // by channel type
	ctx     context.Context            //nolint:containedctx // a miss in Find asks the store, and Find has no context

	current atomic.Pointer[snapshot]
	refresh sync.Mutex

	missing sync.Mutex
	looked  time.Time // last look at the change feed because of a miss
	seen    bool      // it succeeded
	gone    sync.Map  // ids of inboxes that were deleted
}

// snapshot is one state of the directory; it never changes.
type snapshot struct {
	version   int64
	byAddress map[chat.Address][]*channels.Channel
	byInbox   map[int64]*entry
}

type entry struct {
	channel *channels.Channel
	driver  channels.Driver
	row     store.ChannelRow
}

// missInterval is the least time between two looks at the change feed because of
// unknown addresses, and the most that such a request waits.
const missInterval = 50 * time.Millisecond

// NewDirectory makes an empty directory; Refresh fills it. ctx is the process's
// life.
func NewDirectory(ctx context.Context, s *store.Store, drivers []channels.Driver, log *slog.Logger) *Directory {
	d := &Directory{store: s, log: log, ctx: ctx, drivers: map[string]channels.Driver{}}
	for _, driver := range drivers {
		d.drivers[driver.Info().ChannelType] = driver
	}
	d.current.Store(&snapshot{version: -1})
	return d
}

// Find implements channels.Directory. An address that is not there may belong to
// a channel that another process has just made, so the change feed is asked
// first: a provider that gets 404 may never deliver again.
func (d *Directory) Find(a chat.Address) []*channels.Channel {
	if found := d.current.Load().byAddress[a]; len(found) > 0 {
		return found
	}
	d.catchUp(time.Now())
	return d.current.Load().byAddress[a]
}

// catchUp looks at the change feed for something that was missed, and tells
// whether it could. Those who miss something meanwhile wait and share the next
// look: looks are missInterval apart, so that unknown addresses cost the database
// nothing to speak of.
func (d *Directory) catchUp(missed time.Time) bool {
	d.missing.Lock()
	defer d.missing.Unlock()
	if d.looked.After(missed) {
		return d.seen
	}
	if wait := missInterval - time.Since(d.looked); wait > 0 && !pause(d.ctx, wait) {
		return false
	}
	d.looked = time.Now()
	ctx, cancel := context.WithTimeout(d.ctx, time.Second)
	defer cancel()
	err := d.Refresh(ctx)
	if err != nil {
		d.log.Warn("channel directory not refreshed", "error", err)
	}
	d.seen = err == nil
	return d.seen
}

// Inbox finds the channel of an inbox and its driver. An inbox that is not there
// may be another process's newest: the change feed is asked once. Whoever asks
// for an inbox has seen a row that belongs to it, so one that is missing after
// that look was deleted.
func (d *Directory) Inbox(id int64) (channels.Driver, *channels.Channel, bool) {
	e := d.current.Load().byInbox[id]
	if _, gone := d.gone.Load(id); e == nil && !gone {
		if d.catchUp(time.Now()) {
			if e = d.current.Load().byInbox[id]; e == nil {
				d.gone.Store(id, struct{}{})
			}
		}
	}
	if e == nil {
		return nil, nil, false
	}
	return e.driver, e.channel, true
}

// Row gives what the store knows of the inbox's channel beyond the driver's
// view: registration state, counters.
func (d *Directory) Row(inboxID int64) (store.ChannelRow, bool) {
	e := d.current.Load().byInbox[inboxID]
	if e == nil {
		return store.ChannelRow{}, false
	}
	return e.row, true
}

// Locale is the language of the account that an inbox belongs to, English when the
// inbox is gone.
func (d *Directory) Locale(inboxID int64) wording.Locale {
	if _, ch, ok := d.Inbox(inboxID); ok {
		return ch.Locale
	}
	return wording.English
}

// Version is the change feed's position of what the directory holds.
func (d *Directory) Version() int64 { return d.current.Load().version }

// All gives every channel that has a driver.
func (d *Directory) All() []*channels.Channel {
	current := d.current.Load()
	out := make([]*channels.Channel, 0, len(current.byInbox))
	for _, e := range current.byInbox {
		out = append(out, e.channel)
	}
	return out
}

// DriverOf finds the driver of a channel type.
func (d *Directory) DriverOf(channelType string) (channels.Driver, bool) {
	driver, ok := d.drivers[channelType]
	return driver, ok
}

// DriverFor finds the driver that POST inboxes creates with channel.type.
func (d *Directory) DriverFor(createType string) (channels.Driver, bool) {
	for _, driver := range d.drivers {
		if createType != "" && driver.Info().CreateType == createType {
			return driver, true
		}
	}
	return nil, false
}

// Refresh reads the channels again when the change feed moved.
func (d *Directory) Refresh(ctx context.Context) error {
	d.refresh.Lock()
	defer d.refresh.Unlock()
	version, err := d.store.Version(ctx, store.TopicChannels)
	if err != nil {
		return fmt.Errorf("desk: channel directory: %w", err)
	}
	if version == d.current.Load().version {
		return nil
	}
	rows, err := d.store.Channels(ctx)
	if err != nil {
		return fmt.Errorf("desk: channel directory: %w", err)
	}
	next := &snapshot{version: version, byAddress: map[chat.Address][]*channels.Channel{}, byInbox: map[int64]*entry{}}
	for _, row := range rows {
		driver, ok := d.drivers[row.Type]
		if !ok {
			continue // a channel type without a driver takes no webhooks
		}
		ch := channelOf(row)
		if ch.Config, err = driver.Parse(row.Settings); err != nil {
			// One damaged channel must not take the others away.
			d.log.Error("channel settings unreadable", "channel_id", row.ID, "inbox_id", row.InboxID, "error", err)
			continue
		}
		next.byInbox[row.InboxID] = &entry{channel: ch, driver: driver, row: row}
		for _, b := range driver.Addresses(ch) {
			next.byAddress[b.Address] = append(next.byAddress[b.Address], ch)
		}
	}
	d.current.Store(next)
	return nil
}

func channelOf(row store.ChannelRow) *channels.Channel {
	return &channels.Channel{
		ID: row.ID, InboxID: row.InboxID, AccountID: row.AccountID, Type: row.Type, Name: row.InboxName,
		Settings: row.Settings, SignatureMode: row.SignatureMode, AccountActive: row.AccountActive, Locale: wording.LocaleOf(row.Locale),
		ReauthorizationRequired: row.ReauthorizationRequired, RegistrationIncomplete: row.RegistrationIncomplete,
		Deleting: row.Registration == store.Deleting, SendHold: row.SendHold, SendHoldReason: heldBecause(row.SendHoldReason),
	}
}

// heldBecause reads why replies are held; what cannot be read is said by nobody.
func heldBecause(stored string) wording.Text {
	var t wording.Text
	if stored != "" {
		_ = json.Unmarshal([]byte(stored), &t)
	}
	return t
}

// Name implements the worker contract.
func (d *Directory) Name() string { return "channel directory" }

// Run follows the change feed, so that other processes' changes arrive within a
// second.
func (d *Directory) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := d.Refresh(ctx); err != nil && ctx.Err() == nil && !store.Transient(err) {
				d.log.Warn("channel directory not refreshed", "error", err)
			}
		}
	}
}
