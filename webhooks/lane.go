package webhooks

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"tributary/channels"
	"tributary/chat"
	"tributary/desk"
	"tributary/store"
	"tributary/wording"
)

// item is a delivery and where it goes; known is false when its endpoint is gone.
type item struct {
	store.WebhookDelivery
	target desk.WebhookTarget
	known  bool
}

// lane is what the engine knows of one endpoint. Queue and busy are guarded by
// Engine.mu. The breaker has a lock of its own, under which it tells of changes: what
// is done then must not wait for Engine.mu.
type lane struct {
	queue   []item
	busy    int
	paused  atomic.Int64 // nothing is claimed before, microseconds
	breaker *gobreaker.CircuitBreaker[int]
}

func (e *Engine) newLane(endpoint, kind string) *lane {
	l := &lane{}
	l.breaker = gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
		Name:         endpoint,
		MaxRequests:  1,
		Timeout:      e.opt.BreakerFor,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= e.opt.BreakerAfter },
		IsSuccessful: answered,
		OnStateChange: func(_ string, from, to gobreaker.State) {
			if from == gobreaker.StateClosed {
				e.opt.Metrics.Open.Inc()
			}
			if to == gobreaker.StateClosed {
				e.opt.Metrics.Open.Dec()
			}
			e.opt.Log.Warn("circuit breaker of a webhook", "kind", kind, "endpoint", endpoint, "from", from.String(), "to", to.String())
			if to == gobreaker.StateOpen {
				l.pause(e.opt.Now().Add(e.opt.BreakerFor))
			}
		},
	})
	return l
}

// free is how many deliveries the lane can take; one that does not exist yet is empty.
func (l *lane) free(places int) int {
	if l == nil {
		return places * heldPerPlace
	}
	if l.breaker.State() != gobreaker.StateClosed {
		return 1 - l.busy - len(l.queue) // the next call tells whether the endpoint is back
	}
	return places*heldPerPlace - l.busy - len(l.queue)
}

// idle tells that nothing would be lost with the lane.
func (l *lane) idle(now time.Time) bool {
	return l.busy == 0 && len(l.queue) == 0 && !l.pausedUntil().After(now) && l.breaker.State() == gobreaker.StateClosed && l.breaker.Counts().ConsecutiveFailures == 0
}

// pause keeps deliveries of an endpoint from being claimed until a moment.
func (l *lane) pause(until time.Time) {
	for {
		was := l.paused.Load()
		if until.UnixMicro() <= was || l.paused.CompareAndSwap(was, until.UnixMicro()) {
			return
		}
	}
}

// pausedUntil is that moment; of a lane that does not exist yet long ago.
func (l *lane) pausedUntil() time.Time {
	if l == nil {
		return time.Time{}
	}
	return time.UnixMicro(l.paused.Load())
}

// answered: an endpoint that refuses one event is alive; one that does not answer or
// answers 5xx is not.
func answered(err error) bool {
	if err == nil {
		return true
	}
	s, ok := errors.AsType[*channels.SendError](err)
	return ok && s.Class != chat.Retryable
}

// open tells that the breaker refused to call.
func open(err error) bool {
	return errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests)
}

// deliver makes one attempt and records what became of it.
func (e *Engine) deliver(ctx context.Context, l *lane, one item) {
	started := e.opt.Now()
	late := one.ExpiresAt <= started.UnixMicro()
	typing := strings.HasPrefix(one.Event, "conversation_typing")
	switch {
	case !one.known:
		e.judge(ctx, one, store.HookVerdict{Forget: true}, nil, "gone")
		return
	case late && typing:
		e.judge(ctx, one, store.HookVerdict{Forget: true}, nil, "expired")
		return
	case late:
		failure := &channels.SendError{Class: chat.Permanent, Code: "late", Say: wording.FailureTooLate.Text()}
		if one.Error != "" {
			failure = &channels.SendError{Class: chat.Permanent, Code: "late", Text: desk.WebhookFailure(wording.English, one.Error)}
		}
		e.judge(ctx, one, store.HookVerdict{State: store.HookFailed, ResponseStatus: one.ResponseStatus}, failure, "expired")
		return
	}
	client := e.opt.Guarded
	if one.target.Operator {
		client = e.opt.HTTP
	}
	begun := time.Now()
	status := 0
	_, err := l.breaker.Execute(func() (int, error) {
		var err error
		status, err = channels.Post(ctx, client, started, one.target.Endpoint, one.Delivery, []byte(one.Payload))
		return status, err
	})
	if open(err) {
		e.opt.Metrics.Attempts.WithLabelValues(one.Kind, "breaker_open").Inc()
		e.putOff(ctx, []store.WebhookDelivery{one.WebhookDelivery}, e.resumes(l))
		return
	}
	took := time.Since(begun)
	e.opt.Metrics.Seconds.WithLabelValues(one.Kind).Observe(took.Seconds())
	v := store.HookVerdict{State: store.HookDelivered, ResponseStatus: status, Duration: took}
	if err == nil {
		e.opt.Metrics.Age.WithLabelValues(one.Kind).Observe(max(0, e.opt.Now().Sub(time.UnixMicro(one.CreatedAt)).Seconds()))
		e.judge(ctx, one, v, nil, "delivered")
		return
	}
	failure := channels.AsSendError(err)
	v.State = store.HookFailed
	if again := failure.Class == chat.Retryable || failure.Class == chat.Throttled; again && one.Attempts+1 < one.MaxAttempts {
		wait := e.backOff(one.Attempts)
		if failure.RetryAfter > 0 {
			wait = min(failure.RetryAfter, maxRetryAfter)
			l.pause(e.opt.Now().Add(wait))
		}
		if v.RunAt = e.opt.Now().Add(wait); v.RunAt.UnixMicro() < one.ExpiresAt {
			v.State = store.HookPending
		}
	}
	if v.State == store.HookPending {
		e.judge(ctx, one, v, failure, "retry")
		return
	}
	e.opt.Log.Warn("a webhook was not told", "kind", one.Kind, "endpoint", one.Endpoint, "event", one.Event, "delivery", one.Delivery,
		"attempt", one.Attempts+1, "error", failure)
	e.judge(ctx, one, v, failure, "failed")
}

const (
	// maxBackOff is the longest time between two attempts.
	maxBackOff = time.Hour
	// maxRetryAfter is the longest that an endpoint can put an event off.
	maxRetryAfter = 30 * time.Minute
)

// backOff is the time to the next attempt after so many before the one that failed: it
// grows by three, and is spread by a fifth to both sides.
func (e *Engine) backOff(attempts int) time.Duration {
	wait := e.opt.Base
	for range attempts {
		if wait *= 3; wait >= maxBackOff {
			wait = maxBackOff
			break
		}
	}
	return time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // spreads load
}

// resumes is when an endpoint is called again whose breaker refused.
func (e *Engine) resumes(l *lane) time.Time {
	now := e.opt.Now()
	if until := l.pausedUntil(); until.After(now) {
		return until
	}
	return now.Add(sweep)
}

// judgeTries is how often a verdict is written while the database is away. What stays
// without one is delivered again, under the same name.
const judgeTries = 10

func (e *Engine) judge(ctx context.Context, one item, v store.HookVerdict, failure *channels.SendError, outcome string) {
	e.opt.Metrics.Attempts.WithLabelValues(one.Kind, outcome).Inc()
	wait := 20 * time.Millisecond
	for try := 1; ; try++ {
		err := e.opt.Desk.JudgeWebhook(ctx, e.opt.Owner, one.WebhookDelivery, v, failure)
		if err == nil {
			return
		}
		if try == judgeTries || !store.Transient(err) {
			e.opt.Log.Error("what became of a webhook is not stored; it is told again", "endpoint", one.Endpoint, "delivery", one.Delivery,
				"outcome", outcome, "error", err)
			return
		}
		t := time.NewTimer(wait)
		<-t.C
		wait = min(2*wait, time.Second)
	}
}
