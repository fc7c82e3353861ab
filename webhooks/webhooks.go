// Package webhooks tells customers' systems what happens: webhooks of accounts and of
// API inboxes, agent bots, addresses in rules and macros, the operator's own endpoint.
// What they are told is ordered in the store, in the transaction that dispatches the
// event; each endpoint is told each event once, by attempts that carry one name, until
// there is a verdict.
package webhooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"tributary/desk"
	"tributary/store"
)

// Options of New.
type Options struct {
	Store *store.Store
	Desk  *desk.Desk
	// Guarded calls addresses that users typed in, HTTP the operator's own.
	Guarded, HTTP *http.Client
	Metrics       *Metrics
	Log           *slog.Logger
	Now           func() time.Time
	// Owner names this process in leases.
	Owner string
	// Base is the first waiting time after a failure, three times as long after each
	// further one; 0: 5 s.
	Base time.Duration
	// PerEndpoint bounds the calls of one endpoint under way; 0: 8. Total bounds all; 0:
	// 512. One that hangs thus leaves the others their places.
	PerEndpoint, Total int
	// BreakerAfter opens an endpoint's circuit breaker after so many failures in a row; 0:
	// 5. BreakerFor is how long it stays open; 0: 30 s.
	BreakerAfter uint32
	BreakerFor   time.Duration
}

const (
	// lease is how long what a process held stays with it when it dies. One that lives
	// renews.
	lease = 20 * time.Second
	// sweep is how often the store is asked for what no wake-up announced.
	sweep = time.Second
	// gatherFor is how long a wake-up waits for others before the store is asked.
	gatherFor = 5 * time.Millisecond
	// buildSize is how many payloads are built at once.
	buildSize = 500
	// claimEndpoints is of how many endpoints one claim takes.
	claimEndpoints = 64
	// heldPerPlace is how many deliveries of an endpoint are held for each of its places.
	heldPerPlace = 8
	// expireSize is how many deliveries are given up at once.
	expireSize = 256
)

// Engine makes the deliveries. Wake tells it that there is something to tell.
type Engine struct {
	opt  Options
	wake chan struct{}

	mu    sync.Mutex
	lanes map[string]*lane // by endpoint
	held  map[int64]struct{}
	busy  int
	calls sync.WaitGroup

	swept time.Time // the last look for what has expired; of Run alone
}

// New makes an engine.
func New(opt Options) *Engine {
	if opt.Base == 0 {
		opt.Base = 5 * time.Second
	}
	if opt.PerEndpoint == 0 {
		opt.PerEndpoint = 8
	}
	if opt.Total == 0 {
		opt.Total = 512
	}
	if opt.BreakerAfter == 0 {
		opt.BreakerAfter = 5
	}
	if opt.BreakerFor == 0 {
		opt.BreakerFor = 30 * time.Second
	}
	return &Engine{opt: opt, wake: make(chan struct{}, 1), lanes: map[string]*lane{}, held: map[int64]struct{}{}}
}

// Name implements the worker contract.
func (e *Engine) Name() string { return "outgoing webhooks" }

// Wake makes it look for work now.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, then waits for the calls under way and gives back what has
// not begun.
func (e *Engine) Run(ctx context.Context) error {
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var renewer sync.WaitGroup
	renewer.Go(func() { e.renew(renewing) })
	defer func() {
		left := e.clear()
		e.calls.Wait()
		stop()
		renewer.Wait()
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := e.opt.Store.PutOffWebhookDeliveries(release, e.opt.Owner, left, e.opt.Now()); err != nil {
			e.opt.Log.Warn("webhook deliveries not given back; their leases will end", "error", err)
		}
	}()
	for {
		wait, err := e.round(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			e.opt.Log.Warn("webhooks not looked at", "error", err)
			wait = sweep
		}
		if wait <= 0 {
			continue
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-e.wake:
			t.Reset(gatherFor) // what is ordered in the next moment is claimed along
			select {
			case <-ctx.Done():
				t.Stop()
				return nil
			case <-t.C:
			}
		case <-t.C:
		}
	}
}

// round builds, gives up and claims once, and tells how long there is nothing to do.
func (e *Engine) round(ctx context.Context) (time.Duration, error) {
	built, err := e.build(ctx)
	if err != nil {
		return 0, err
	}
	if now := e.opt.Now(); now.Sub(e.swept) >= sweep || now.Before(e.swept) {
		expired, err := e.opt.Store.ClaimExpiredWebhookDeliveries(ctx, e.opt.Owner, lease, expireSize)
		if err != nil {
			return 0, err
		}
		e.take(ctx, expired)
		if len(expired) < expireSize {
			e.swept = now
		}
	}
	wait, err := e.claim(ctx)
	if built == buildSize {
		wait = 0
	}
	return wait, err
}

// build makes payloads, and tells how many.
func (e *Engine) build(ctx context.Context) (int, error) {
	list, err := e.opt.Store.NewWebhookDeliveries(ctx, buildSize)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	payloads, err := e.payloads(ctx, list)
	if err != nil {
		if store.Transient(err) || ctx.Err() != nil {
			return 0, err
		}
		// One of them cannot be built, and shall not hold up the others.
		payloads = make(map[int64]string, len(list))
		for _, one := range list {
			alone, err := e.payloads(ctx, []store.WebhookDelivery{one})
			if err != nil && (store.Transient(err) || ctx.Err() != nil) {
				return 0, err
			}
			if err != nil {
				e.opt.Log.Error("a webhook is not told: its payload cannot be built", "endpoint", one.Endpoint, "event", one.Event,
					"delivery", one.Delivery, "error", err)
				e.opt.Metrics.Attempts.WithLabelValues(one.Kind, "failed").Inc()
			}
			payloads[one.ID] = alone[one.ID]
		}
	}
	return len(list), e.opt.Store.BuildWebhookDeliveries(ctx, payloads)
}

// payloads are the desk's; a panic is a failure of these deliveries only.
func (e *Engine) payloads(ctx context.Context, list []store.WebhookDelivery) (out map[int64]string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("webhooks: building payloads panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return e.opt.Desk.BuildWebhooks(ctx, list)
}

// claim leases what is due of endpoints that have places, and tells how long nothing
// can become due.
func (e *Engine) claim(ctx context.Context) (time.Duration, error) {
	waiting, err := e.opt.Store.WaitingEndpoints(ctx)
	if err != nil {
		return 0, err
	}
	shares, wait := e.shares(waiting)
	if len(shares) == 0 {
		return max(wait, gatherFor), nil
	}
	list, err := e.opt.Store.ClaimWebhookDeliveries(ctx, e.opt.Owner, lease, shares)
	if err != nil {
		return 0, err
	}
	e.take(ctx, list)
	if len(list) == 0 { // somebody else was faster
		return max(wait, gatherFor), nil
	}
	return 0, nil
}

// shares are how many deliveries of which endpoints can be taken now; wait is how long
// nothing else becomes due. An endpoint that is full wakes us when a call ends.
func (e *Engine) shares(waiting []store.WaitingEndpoint) (shares map[string]int, wait time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.opt.Now()
	wait, shares = sweep, map[string]int{}
	room := e.opt.Total*heldPerPlace - len(e.held)
	known := make(map[string]bool, len(waiting))
	for _, w := range waiting {
		known[w.Endpoint] = true
		at := time.UnixMicro(w.RunAt)
		l := e.lanes[w.Endpoint]
		if until := l.pausedUntil(); until.After(at) {
			at = until
		}
		if at.After(now) {
			wait = min(wait, at.Sub(now))
			continue
		}
		n := min(l.free(e.opt.PerEndpoint), room)
		if n <= 0 || len(shares) == claimEndpoints {
			continue
		}
		shares[w.Endpoint] = n
		room -= n
	}
	// An endpoint that nothing waits for, and that is well, is forgotten.
	for name, l := range e.lanes {
		if !known[name] && l.idle(now) {
			delete(e.lanes, name)
		}
	}
	return shares, wait
}

// take finds out where deliveries go and hands them to the lanes of their endpoints.
func (e *Engine) take(ctx context.Context, list []store.WebhookDelivery) {
	if len(list) == 0 {
		return
	}
	e.hold(list)
	targets, err := e.opt.Desk.WebhookTargets(ctx, list)
	if err != nil {
		e.opt.Log.Warn("webhooks put off: where they go is not known", "error", err)
		e.putOff(ctx, list, e.opt.Now().Add(sweep))
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range list {
		target, ok := targets[one.ID]
		l := e.lanes[one.Endpoint]
		if l == nil {
			l = e.newLane(one.Endpoint, one.Kind)
			e.lanes[one.Endpoint] = l
		}
		l.queue = append(l.queue, item{one, target, ok})
		e.start(ctx, l)
	}
}

// start gives a lane a place, if it wants one and one is free. mu is held.
func (e *Engine) start(ctx context.Context, l *lane) {
	if len(l.queue) == 0 || l.busy >= e.opt.PerEndpoint || e.busy >= e.opt.Total {
		return
	}
	l.busy++
	e.busy++
	e.opt.Metrics.InFlight.Set(float64(e.busy))
	// A call that has begun is finished although the process stops.
	e.calls.Go(func() { e.work(context.WithoutCancel(ctx), l) })
}

// work makes the deliveries of a lane until none is left.
func (e *Engine) work(ctx context.Context, l *lane) {
	for {
		one, ok := e.next(ctx, l)
		if !ok {
			return
		}
		e.deliver(ctx, l, one)
		e.drop(one.ID)
	}
}

// next takes the lane's next delivery, or gives its place back.
func (e *Engine) next(ctx context.Context, l *lane) (item, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(l.queue) > 0 {
		one := l.queue[0]
		l.queue = l.queue[1:]
		if len(l.queue) == e.opt.PerEndpoint {
			e.Wake() // so that the lane never runs dry
		}
		return one, true
	}
	l.queue = nil
	l.busy--
	full := e.busy == e.opt.Total
	e.busy--
	e.opt.Metrics.InFlight.Set(float64(e.busy))
	if full {
		for _, other := range e.lanes {
			e.start(ctx, other)
		}
	}
	e.Wake()
	return item{}, false
}

// clear empties the lanes and gives what has not begun.
func (e *Engine) clear() []int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	var left []int64
	for _, l := range e.lanes {
		for _, one := range l.queue {
			left = append(left, one.ID)
			delete(e.held, one.ID)
		}
		l.queue = nil
	}
	return left
}

func (e *Engine) hold(list []store.WebhookDelivery) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range list {
		e.held[one.ID] = struct{}{}
	}
}

func (e *Engine) drop(ids ...int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range ids {
		delete(e.held, id)
	}
}

// putOff gives deliveries back until a moment.
func (e *Engine) putOff(ctx context.Context, list []store.WebhookDelivery, at time.Time) {
	ids := make([]int64, len(list))
	for i, one := range list {
		ids[i] = one.ID
	}
	e.drop(ids...)
	if err := e.opt.Store.PutOffWebhookDeliveries(ctx, e.opt.Owner, ids, at); err != nil && !errors.Is(err, context.Canceled) {
		e.opt.Log.Warn("webhook deliveries not given back; their leases will end", "error", err)
	}
}

// renew keeps what this process holds from being claimed by others.
func (e *Engine) renew(ctx context.Context) {
	tick := time.NewTicker(lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.mu.Lock()
			ids := make([]int64, 0, len(e.held))
			for id := range e.held {
				ids = append(ids, id)
			}
			e.mu.Unlock()
			if len(ids) == 0 {
				continue
			}
			if err := e.opt.Store.RenewWebhookDeliveries(ctx, e.opt.Owner, ids, lease); err != nil && ctx.Err() == nil {
				e.opt.Log.Warn("webhook deliveries not renewed", "error", err)
			}
		}
	}
}
