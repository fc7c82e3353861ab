// Package relay sends what agents answer to the providers. A reply is an order
// in the store, written in the transaction that made the message; it is tried
// until a verdict: sent, refused for good, or out of time.
package relay

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tributary/channels"
	"tributary/desk"
	"tributary/internal/gather"
	"tributary/store"
)

// Options of New.
type Options struct {
	Store     *store.Store
	Directory *desk.Directory
	Desk      *desk.Desk
	Metrics   *Metrics
	Log       *slog.Logger
	Now       func() time.Time
	// Owner names this process in leases.
	Owner string
	// Base is the first waiting time after a failure; it doubles with each
	// attempt. 0: 5 s (contract 09 §2.8).
	Base time.Duration
	// Timeout bounds one call to a provider; 0: 20 s.
	Timeout time.Duration
	// PerChannel bounds the sends of one channel under way; 0: 16. It is what
	// keeps a provider that hangs from holding everybody's sends.
	PerChannel int
	// Total bounds all sends under way; 0: 1024.
	Total int
	// BreakerAfter opens a channel's circuit breaker after so many failures in a
	// row; 0: 5. BreakerFor is how long it stays open; 0: 15 s.
	BreakerAfter uint32
	// Refused is told of replies that a provider refused for good, with the provider's
	// code; nil: nobody cares.
	Refused    func(ctx context.Context, inboxID int64, code string)
	BreakerFor time.Duration
}

// maxTries of a retryable failure (contract 09 §2.8).
const maxTries = 6

// sweep is how often the store is asked for what no wake-up announced.
const sweep = time.Second

// Relay sends messages. Wake tells it that there is something to send.
type Relay struct {
	opt     Options
	wake    chan struct{}
	answers *gather.Gatherer[desk.SentPart, struct{}]

	mu    sync.Mutex
	lanes map[int64]*lane // by channel
	busy  int
	// attempts is a ring of the last ones, which begins at oldest.
	attempts []Attempt
	oldest   int
}

// New makes a relay.
func New(opt Options) *Relay {
	if opt.Base == 0 {
		opt.Base = 5 * time.Second
	}
	if opt.Timeout == 0 {
		opt.Timeout = 20 * time.Second
	}
	if opt.PerChannel == 0 {
		opt.PerChannel = 16
	}
	if opt.Total == 0 {
		opt.Total = 1024
	}
	if opt.BreakerAfter == 0 {
		opt.BreakerAfter = 5
	}
	if opt.BreakerFor == 0 {
		opt.BreakerFor = 15 * time.Second
	}
	if opt.Refused == nil {
		opt.Refused = func(context.Context, int64, string) {}
	}
	// Providers answer many replies at about the same time.
	record := func(ctx context.Context, list []desk.SentPart) ([]struct{}, error) {
		return make([]struct{}, len(list)), opt.Desk.Sent(ctx, list)
	}
	return &Relay{opt: opt, wake: make(chan struct{}, 1), answers: gather.New(record, store.Transient), lanes: map[int64]*lane{}}
}

// Name implements the worker contract.
func (r *Relay) Name() string { return "relay" }

// Wake makes the relay look for work now.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// lease is how long the messages of a process that died stay with it. A process
// that lives renews.
const lease = 10 * time.Second

// mendLines is how often it is looked whether somebody waits behind nobody.
const mendLines = 10 * time.Second

// renew keeps what this process is sending from being claimed by others.
func (r *Relay) renew(ctx context.Context) {
	tick, mend := time.NewTicker(lease/4), time.NewTicker(mendLines)
	defer tick.Stop()
	defer mend.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-mend.C:
			if err := r.opt.Store.MendLines(ctx); err != nil && ctx.Err() == nil {
				r.opt.Log.Warn("lines of replies not looked at", "error", err)
			}
		case <-tick.C:
			// Most are sent before they have to be renewed.
			soon := r.opt.Now().Add(lease - lease/4)
			if err := r.opt.Store.RenewDeliveries(ctx, r.opt.Owner, lease, soon); err != nil && ctx.Err() == nil {
				r.opt.Log.Warn("deliveries not renewed", "error", err)
			}
		}
	}
}

// Run sends until ctx ends, then waits for the calls under way.
func (r *Relay) Run(ctx context.Context) error {
	var sending sync.WaitGroup
	// Leases are renewed until the last call is answered, after ctx ends too.
	renewing, stopRenewing := context.WithCancel(context.WithoutCancel(ctx))
	var renewer sync.WaitGroup
	renewer.Go(func() { r.renew(renewing) })
	defer func() {
		sending.Wait()
		stopRenewing()
		renewer.Wait()
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := r.opt.Store.ReleaseDeliveries(release, r.opt.Owner); err != nil {
			r.opt.Log.Warn("deliveries not released", "error", err)
		}
	}()
	for {
		full, err := r.claim(ctx, &sending)
		if ctx.Err() != nil {
			return nil
		}
		wait := sweep
		switch {
		case err != nil:
			r.opt.Log.Warn("no deliveries claimed", "error", err)
		case full:
			wait = 0
		default:
			wait = r.untilNext(ctx)
		}
		if wait <= 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-r.wake:
			timer.Stop()
			// What is accepted or finished in the next moment is claimed along.
			gather := time.NewTimer(gatherFor)
			select {
			case <-ctx.Done():
				gather.Stop()
				return nil
			case <-gather.C:
			}
		case <-timer.C:
		}
	}
}

// gatherFor is how long a wake-up waits for others before the store is asked: a
// claim is a transaction, and every reply and every finished call wakes the relay.
const gatherFor = 2 * time.Millisecond

// claimSize is how many deliveries one claim takes.
const claimSize = 128

// claim leases due deliveries and starts their sending. full tells that there
// may be more.
func (r *Relay) claim(ctx context.Context, sending *sync.WaitGroup) (full bool, err error) {
	limit, skip := r.capacity()
	if limit <= 0 {
		return false, nil
	}
	list, err := r.opt.Store.ClaimDeliveries(ctx, r.opt.Owner, lease, limit, skip)
	if err != nil {
		return false, err
	}
	var out map[int64]store.Outgoing
	var unread error // not the result, which is written while the sends begin
	if len(list) > 0 {
		out, unread = r.opt.Store.LoadOutgoing(context.WithoutCancel(ctx), list)
	}
	for _, d := range list {
		l := r.enter(d)
		sending.Go(func() {
			defer r.Wake() // the conversation's next message, or the freed place
			defer r.leave(l)
			// A call that has begun is finished although the process stops; the stop
			// waits for it.
			ctx := context.WithoutCancel(ctx)
			o, there := out[d.MessageID]
			switch {
			case unread != nil:
				r.postponed(ctx, d, unread)
			case there: // else it was deleted
				r.deliver(ctx, l, o)
			}
		})
	}
	return len(list) == limit, nil
}

// capacity is how much may be claimed now and which channels take nothing.
func (r *Relay) capacity() (limit int, skip []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	limit = min(claimSize, r.opt.Total-r.busy)
	now := r.opt.Now()
	for id, l := range r.lanes {
		if l.busy >= r.opt.PerChannel || now.Before(l.paused) {
			skip = append(skip, id)
		}
	}
	return limit, skip
}

// untilNext is how long nothing can become due, at most sweep. A channel that is
// full wakes us when one of its sends ends.
func (r *Relay) untilNext(ctx context.Context) time.Duration {
	_, skip := r.capacity()
	wait := sweep
	if at, err := r.opt.Store.NextDelivery(ctx, skip); err == nil && !at.IsZero() {
		wait = min(wait, at.Sub(r.opt.Now()))
	}
	now := r.opt.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lanes {
		if now.Before(l.paused) {
			wait = min(wait, l.paused.Sub(now))
		}
	}
	// What is due was claimed a moment ago, or waits for an earlier message of
	// its conversation, whose end wakes us.
	return max(wait, 20*time.Millisecond)
}

func (r *Relay) enter(d store.Delivery) *lane {
	driver, _, ok := r.opt.Directory.Inbox(d.InboxID)
	var info channels.Info
	if ok {
		info = driver.Info()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.lanes[d.ChannelID]
	if l == nil {
		l = newLane(r, d, info)
		r.lanes[d.ChannelID] = l
	}
	l.busy++
	r.busy++
	r.opt.Metrics.InFlight.Set(float64(r.busy))
	return l
}

func (r *Relay) leave(l *lane) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l.busy--
	r.busy--
	r.opt.Metrics.InFlight.Set(float64(r.busy))
}

// pause parks a channel's queue: nothing of it is claimed until then.
func (r *Relay) pause(l *lane, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if until.After(l.paused) {
		l.paused = until
	}
}
