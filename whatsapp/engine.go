// Package whatsapp looks after WhatsApp numbers on Meta's Cloud API: it reads their
// health on a schedule, completes their registration by itself as soon as Meta
// allows it, keeps their webhooks set up, and tells administrators what only they
// can do.
//
// What to do is decided by package rules; this package carries it out. All numbers
// of a WhatsApp Business Account are looked after by whoever holds the account's
// lease in the database, so that any number of processes may run. Others leave word
// in signals.
package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"tributary/channels"
	"tributary/channels/wacloud"
	"tributary/mail"
	"tributary/store"
	"tributary/whatsapp/graph"
)

// Directory finds the channel of an inbox.
type Directory interface {
	Inbox(inboxID int64) (channels.Driver, *channels.Channel, bool)
	Refresh(ctx context.Context) error
	// Version changes when a channel does.
	Version() int64
	// All gives every channel.
	All() []*channels.Channel
	DriverOf(channelType string) (channels.Driver, bool)
}

// Mailer sends mails.
type Mailer interface {
	Configured() bool
	Send(ctx context.Context, m mail.Message) error
}

// How long the past is kept: attempts and snapshots, and the management webhooks
// that were applied, which Meta repeats for a week.
const (
	KeepHistory = 90 * 24 * time.Hour
	KeepEvents  = 8 * 24 * time.Hour
)

// Options of New.
type Options struct {
	Store     *store.Store
	Directory Directory
	// HTTP calls Meta.
	HTTP    *http.Client
	Setting func(name string) string
	// PublicURL is FRONTEND_URL without a trailing slash.
	PublicURL string
	Now       func() time.Time
	Log       *slog.Logger
	Metrics   *Metrics
	// Owner names this process in leases.
	Owner string
	// Slots is how many business accounts are looked after at once; 0: 16.
	Slots int
	// WakeJobs is called after a commit that ordered jobs.
	WakeJobs func()
	// WakeNumbers wakes the engine that looks after numbers, in whichever process it is;
	// nil: this one.
	WakeNumbers func()
	// Mail sends what administrators are told; nil: nobody is told by mail.
	Mail Mailer
	// Patience is how long requests of people wait for what they started; it goes on
	// in the background afterwards. 0: 5 s.
	Patience time.Duration
}

// Engine looks after the numbers. It is safe for concurrent use.
type Engine struct {
	Options
	graph *graph.Client
	reads singleflight.Group
	wake  chan struct{}
	lease atomic.Uint64
	// paused is until when this process may not call Meta about an account.
	paused sync.Map

	// life ends when the process stops; what people started goes on until then.
	life     context.Context //nolint:containedctx // it is the engine's life, not a call's
	kill     context.CancelFunc
	under    sync.WaitGroup
	adopting sync.Mutex
	// adoptedAt is the directory's version that was adopted, guarded by adopting.
	adoptedAt int64
}

const (
	// leaseFor is longer than what one number takes (a call to Meta ends after 15 s), and
	// renewed between numbers when a third of it is over.
	leaseFor = 90 * time.Second
	// perLook is how many numbers of an account are looked at before its lease is
	// given back.
	perLook = 50
	// sweep is how often due numbers are looked for when nothing woke the engine.
	sweep = time.Second
)

// New makes an engine.
func New(ctx context.Context, opt Options) *Engine {
	if opt.Slots == 0 {
		opt.Slots = 16
	}
	if opt.Patience == 0 {
		opt.Patience = 5 * time.Second
	}
	if opt.WakeJobs == nil {
		opt.WakeJobs = func() {}
	}
	if opt.Metrics == nil {
		opt.Metrics = NewMetrics()
	}
	e := &Engine{Options: opt, wake: make(chan struct{}, 1)}
	if e.WakeNumbers == nil {
		e.WakeNumbers = e.Wake
	}
	e.life, e.kill = context.WithCancel(context.WithoutCancel(ctx))
	e.graph = graph.New(graph.Options{
		Base:    func() string { return e.Setting("WHATSAPP_CLOUD_BASE_URL") },
		Version: func() string { return e.Setting("WHATSAPP_API_VERSION") },
		AppID:   func() string { return e.Setting("WHATSAPP_APP_ID") },
		AppSecret: func() string {
			return e.Setting("WHATSAPP_APP_SECRET")
		},
		HTTP: opt.HTTP, Now: opt.Now, OnUsage: e.usage, Observe: opt.Metrics.call,
	})
	return e
}

// Graph gives the client, for the steps of Embedded Signup and for commands.
func (e *Engine) Graph() *graph.Client { return e.graph }

// Name implements the worker contract.
func (e *Engine) Name() string { return "whatsapp engine" }

// Wake makes it look now.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run looks after numbers until ctx ends. An account for which Meta does not answer
// takes one place, and holds up nobody else's numbers.
func (e *Engine) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	places := make(chan struct{}, e.Slots)
	tick := time.NewTicker(sweep)
	defer tick.Stop()
	for {
		if err := e.Adopt(ctx); err != nil && ctx.Err() == nil {
			e.Log.Warn("WhatsApp numbers not adopted", "error", err)
		}
		if free := e.Slots - len(places); free > 0 {
			_, err := e.claim(ctx, free, func(look func()) {
				places <- struct{}{}
				running.Go(func() {
					defer func() { <-places; e.Wake() }() // there may be more than there were places for
					look()
				})
			})
			if err != nil && ctx.Err() == nil {
				e.Log.Warn("WhatsApp numbers not looked after", "error", err)
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.wake:
		case <-tick.C:
		}
	}
}

// Close waits for what people started, no longer than ctx, and ends it.
func (e *Engine) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() { e.under.Wait(); close(done) }()
	defer e.kill()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("whatsapp: %w", ctx.Err())
	}
}

// Round looks after accounts that are due, once, and tells how many there were.
func (e *Engine) Round(ctx context.Context) (int, error) {
	var all sync.WaitGroup
	defer all.Wait()
	return e.claim(ctx, e.Slots, all.Go)
}

// claim leases accounts that are due, at most limit of them, and starts what looks
// after each. It tells how many there were.
func (e *Engine) claim(ctx context.Context, limit int, start func(look func())) (int, error) {
	owner := e.owner()
	due, err := e.Store.ClaimWhatsAppBusinesses(ctx, owner, leaseFor, limit)
	if err != nil {
		return 0, err
	}
	for _, b := range due {
		start(func() { e.business(ctx, owner, b) })
	}
	return len(due), nil
}

// owner makes a name for one lease: two parts of this process must not take each
// other's.
func (e *Engine) owner() string { return e.Owner + "/" + strconv.FormatUint(e.lease.Add(1), 10) }

// business looks after the due numbers of one account, and gives the lease back.
func (e *Engine) business(ctx context.Context, owner string, b store.WhatsAppBusiness) {
	notBefore, err := e.numbers(ctx, owner, b)
	switch {
	case errors.Is(err, store.ErrLeaseLost):
		return
	case err != nil && ctx.Err() == nil:
		e.Log.Warn("WhatsApp account not looked after", "waba_id", b.WABA, "error", err)
		notBefore = e.Now().Add(time.Minute)
	}
	e.release(ctx, b.WABA, owner, notBefore)
}

func (e *Engine) release(ctx context.Context, waba, owner string, notBefore time.Time) {
	// A lease that is not given back costs its length: the process may be stopping.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := e.Store.ReleaseWhatsAppBusiness(ctx, waba, owner, notBefore); err != nil {
		e.Log.Warn("lease of WhatsApp account not given back; it will end", "waba_id", waba, "error", err)
	}
}

// numbers looks at the due numbers, one after the other. The time that it gives is
// when the account may be looked at again, when Meta or the quota says so.
func (e *Engine) numbers(ctx context.Context, owner string, b store.WhatsAppBusiness) (time.Time, error) {
	due, err := e.Store.DueWhatsAppNumbers(ctx, b.WABA, perLook)
	if err != nil {
		return time.Time{}, err
	}
	leased := e.Now()
	for _, n := range due {
		if ctx.Err() != nil {
			return time.Time{}, nil //nolint:nilerr // the process is stopping; the lease is given back
		}
		if now := e.Now(); now.Sub(leased) > leaseFor/3 {
			var ok bool
			if b, ok, err = e.Store.LeaseWhatsAppBusiness(ctx, b.WABA, owner, leaseFor); err != nil {
				return time.Time{}, err
			} else if !ok {
				return time.Time{}, store.ErrLeaseLost
			}
			leased = now
		}
		_, err := e.look(ctx, owner, b, n, ask{})
		if paused, ok := errors.AsType[pausedError](err); ok {
			return paused.until, nil
		}
		if err != nil {
			return time.Time{}, fmt.Errorf("number %s: %w", n.PhoneID, err)
		}
	}
	return time.Time{}, nil
}

// pausedError says that Meta may not be called about an account before a moment.
type pausedError struct{ until time.Time }

// Error implements error.
func (p pausedError) Error() string {
	return "whatsapp: calls pause until " + p.until.UTC().Format(time.RFC3339)
}

// quota of calls to Meta about one account. The limit is 200 an hour while none of
// its numbers is registered, 5,000 afterwards (Graph API, "Rate limits: WhatsApp
// Business Management API"). Every figure keeps some for template sync, which is
// not counted here.
type quota struct {
	every time.Duration
	burst int
}

var (
	scarce = quota{24 * time.Second, 30}        // 180 an hour
	ample  = quota{900 * time.Millisecond, 300} // 4,300 an hour
)

// spend takes n calls out of the account's quota, or says until when there is none.
func (e *Engine) spend(ctx context.Context, b store.WhatsAppBusiness, n int) error {
	until := b.PausedUntil
	if own, ok := e.paused.Load(b.WABA); ok {
		until = later(until, own.(time.Time)) //nolint:forcetypeassert // nothing else is stored
	}
	if until.After(e.Now()) {
		return pausedError{until}
	}
	q := scarce
	if b.Registered {
		q = ample
	}
	ok, at, err := e.Store.SpendWhatsAppCalls(ctx, b.WABA, n, q.every, q.burst)
	if err != nil {
		return err
	}
	if !ok {
		e.Metrics.Throttled.Inc()
		return pausedError{at}
	}
	return nil
}

// usage pauses an account whose quota is nearly used up, as Meta's headers tell.
func (e *Engine) usage(ctx context.Context, t graph.Target, u graph.Usage) {
	const full = 90 // percent
	if u.Percent < full || t.WABA == "" {
		return
	}
	wait := u.Regain
	if wait <= 0 {
		wait = 5 * time.Minute
	}
	e.pause(ctx, t.WABA, wait)
}

// pause keeps everybody from calling Meta about an account for a while: this process
// at once, others when they lease it.
func (e *Engine) pause(ctx context.Context, waba string, wait time.Duration) {
	until := e.Now().Add(wait)
	e.paused.Store(waba, until)
	if err := e.Store.PauseWhatsAppBusiness(ctx, waba, until); err != nil {
		e.Log.Warn("WhatsApp account not paused", "waba_id", waba, "error", err)
	}
}

// config reads the settings of a WhatsApp Cloud channel; ok is false for other
// channels.
func config(ch *channels.Channel) (*wacloud.Config, bool) {
	if ch == nil {
		return nil, false
	}
	cfg, ok := ch.Config.(*wacloud.Config)
	return cfg, ok && string(cfg.Provider) == wacloud.ProviderCloud
}

// Serves tells whether an inbox is a WhatsApp Cloud API inbox.
func (e *Engine) Serves(inboxID int64) bool {
	_, ch, ok := e.Directory.Inbox(inboxID)
	if ok {
		_, ok = config(ch)
	}
	return ok
}

// callback is where Meta delivers the messages of a number.
func (e *Engine) callback(cfg *wacloud.Config) string {
	return e.PublicURL + "/webhooks/whatsapp/" + string(cfg.PhoneNumber)
}

// enabled tells whether the operator lets the engine register numbers by itself.
func (e *Engine) enabled() bool {
	switch strings.ToLower(e.Setting("WHATSAPP_AUTO_REGISTRATION")) {
	case "0", "f", "false", "off", "no":
		return false
	}
	return true
}
