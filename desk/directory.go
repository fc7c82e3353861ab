package desk

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
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
	checked atomic.Int64 // unix nanoseconds of the last look at the change feed
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

// missInterval bounds how often an unknown address makes us look at the change
// feed.
const missInterval = 200 * time.Millisecond

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
// a channel that another process has just made, so the change feed is asked, not
// more often than missInterval.
func (d *Directory) Find(a chat.Address) []*channels.Channel {
	if found := d.current.Load().byAddress[a]; len(found) > 0 {
		return found
	}
	last := d.checked.Load()
	now := time.Now().UnixNano()
	if now-last < int64(missInterval) || !d.checked.CompareAndSwap(last, now) {
		return nil
	}
	ctx, cancel := context.WithTimeout(d.ctx, time.Second)
	defer cancel()
	if err := d.Refresh(ctx); err != nil {
		d.log.Warn("channel directory not refreshed", "error", err)
	}
	return d.current.Load().byAddress[a]
}

// Inbox finds the channel of an inbox and its driver.
func (d *Directory) Inbox(id int64) (channels.Driver, *channels.Channel, bool) {
	e := d.current.Load().byInbox[id]
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
		Settings: row.Settings, SignatureMode: row.SignatureMode, AccountActive: row.AccountActive,
		ReauthorizationRequired: row.ReauthorizationRequired,
	}
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
