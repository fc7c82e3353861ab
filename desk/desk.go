// Package desk holds the use-cases that touch several tables or raise events:
// receiving what a contact wrote, replying, connecting an inbox. Each runs in one
// transaction, with what has to happen afterwards (sends, jobs, events) written
// by the same transaction.
package desk

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/files"
	"tributary/live"
	"tributary/presence"
	"tributary/store"
)

// Options of New.
type Options struct {
	Store     *store.Store
	Directory *Directory
	// Files holds what came with messages and goes out with them.
	Files *files.Service
	Log   *slog.Logger
	Now   func() time.Time
	// MessagesPerMinute is the flood guard of one conversation; 0: none.
	MessagesPerMinute int
	// WakeRelay and WakeJobs are called after a commit that left something to do.
	WakeRelay func()
	WakeJobs  func()
	// Setting reads an installation setting.
	Setting func(name string) string
	// PublicURL is FRONTEND_URL without a trailing slash.
	PublicURL string
	// AccountEvent takes in what a provider tells about an account of its own, in
	// the transaction that applies it; nil: nobody cares.
	AccountEvent func(context.Context, *store.Tx, *chat.Event) error
	// BeforeDelete is told of an inbox that is about to be deleted, so that it can be
	// parted from its provider; nil: the driver does that.
	BeforeDelete func(context.Context, *channels.Channel) error
	// Invite orders the mail by which a user who was just made for an account chooses a
	// password, in the transaction that makes them; nil: OrderInvitation.
	Invite func(ctx context.Context, tx *store.Tx, userID, accountID int64) error
	// Mail sends mails to users; nil: all are held for the operator.
	Mail Mailer
	// HTTP calls the operator's own endpoints; nil: none is called.
	HTTP *http.Client
	// Guarded calls addresses that users supplied: the push services of their devices;
	// nil: none is called.
	Guarded *http.Client
	// DefaultLocale is the language of those who chose none.
	DefaultLocale string
	// PasswordCost is bcrypt's; 0: 11. Less is for tests only.
	PasswordCost int
	// WebhooksKept is how long the log of webhooks keeps a delivery; 0: three days.
	WebhooksKept time.Duration
	// Presence knows who is connected now; nil: nobody is.
	Presence presence.Tracker
	// Live takes news to those who listen; nil: nobody does.
	Live live.Wire
}

// Desk runs the use-cases. It is safe for concurrent use.
type Desk struct {
	Options
	// Webhooks notes how the webhooks of inboxes are doing; its Run writes that down.
	Webhooks   *Webhooks
	flood      *flood
	passwords  *passwords
	attendance *attendance
	wire       *wire
	parted     sync.Map // ids of inboxes under deletion whose providers were told
}

// New makes a desk.
func New(opt Options) *Desk {
	if opt.WakeRelay == nil {
		opt.WakeRelay = func() {}
	}
	if opt.WakeJobs == nil {
		opt.WakeJobs = func() {}
	}
	if opt.Setting == nil {
		opt.Setting = func(string) string { return "" }
	}
	if opt.WebhooksKept == 0 {
		opt.WebhooksKept = 72 * time.Hour
	}
	d := &Desk{Options: opt, flood: newFlood(opt.MessagesPerMinute), passwords: newPasswords(opt.PasswordCost)}
	d.attendance = newAttendance(opt.Presence, opt.Now, opt.Log)
	d.wire = newWire(d)
	d.Webhooks = newWebhooks(&d.Options)
	if d.Invite == nil {
		d.Invite = d.OrderInvitation
	}
	return d
}

// Driver gives the driver and channel of an inbox.
func (d *Desk) Driver(inboxID int64) (channels.Driver, *channels.Channel, bool) {
	return d.Directory.Inbox(inboxID)
}
