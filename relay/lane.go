package relay

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"tributary/channels"
	"tributary/chat"
	"tributary/store"
	"tributary/wording"
)

// lane is what the relay knows of one channel: how much is under way, its rate
// limit, its circuit breaker. busy and paused are guarded by Relay.mu.
type lane struct {
	slug    string
	inboxID int64
	busy    int
	paused  time.Time
	limiter *rate.Limiter
	breaker *gobreaker.CircuitBreaker[channels.Receipt]
}

func newLane(r *Relay, d store.Delivery, info channels.Info) *lane {
	slug, inbox := info.Slug, strconv.FormatInt(d.InboxID, 10)
	l := &lane{slug: slug, inboxID: d.InboxID}
	if info.Rate.PerSecond > 0 {
		l.limiter = rate.NewLimiter(rate.Limit(info.Rate.PerSecond), max(1, info.Rate.Burst))
	}
	state := r.opt.Metrics.Breaker.WithLabelValues(slug, inbox)
	l.breaker = gobreaker.NewCircuitBreaker[channels.Receipt](gobreaker.Settings{
		Name:         slug + "/" + inbox,
		MaxRequests:  1,
		Timeout:      r.opt.BreakerFor,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= r.opt.BreakerAfter },
		IsSuccessful: answered,
		OnStateChange: func(_ string, from, to gobreaker.State) {
			state.Set(float64(to))
			r.opt.Log.Warn("circuit breaker", "channel", slug, "inbox_id", inbox, "from", from.String(), "to", to.String())
			if to == gobreaker.StateOpen {
				r.pause(l, r.opt.Now().Add(r.opt.BreakerFor))
			}
		},
	})
	return l
}

// answered: a provider that refuses one message is alive; one that does not
// answer or answers 5xx is not.
func answered(err error) bool {
	if err == nil {
		return true
	}
	var s *channels.SendError
	return errors.As(err, &s) && s.Class != chat.Retryable
}

// call sends one part through the limiter and the breaker.
func (l *lane) call(ctx context.Context, r *Relay, send func(context.Context) (channels.Receipt, error)) (channels.Receipt, error) {
	if l.limiter != nil && !l.limiter.Allow() {
		r.opt.Metrics.Waits.WithLabelValues(l.slug).Inc()
		if err := l.limiter.Wait(ctx); err != nil {
			return channels.Receipt{}, &channels.SendError{Class: chat.Throttled, Say: wording.FailureRateLimit.Text(), Err: err}
		}
	}
	return l.breaker.Execute(func() (channels.Receipt, error) {
		ctx, cancel := context.WithTimeout(ctx, r.opt.Timeout)
		defer cancel()
		start := time.Now()
		receipt, err := send(ctx)
		r.opt.Metrics.Send.WithLabelValues(l.slug).Observe(time.Since(start).Seconds())
		if err != nil {
			return receipt, channels.AsSendError(err)
		}
		return receipt, nil
	})
}

// open tells that the breaker refused to call.
func open(err error) bool {
	return errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests)
}
