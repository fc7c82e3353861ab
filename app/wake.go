package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// wake tells the relay and the job runners that there is something to do: in
// this process directly, in others through Redis. A wake-up that is lost costs at
// most the sweep of a second.
type wake struct {
	redis      redis.UniversalClient
	channel    string // of wake-ups between processes that share a Redis
	log        *slog.Logger
	localRelay func()
	localJobs  func()
	// localNumbers is the engine of WhatsApp numbers.
	localNumbers func()
	publish      chan string
}

func newWake(client redis.UniversalClient, prefix string, log *slog.Logger) *wake {
	return &wake{redis: client, channel: prefix + ":wake", log: log, publish: make(chan string, 64)}
}

func (w *wake) relay() { w.one(w.localRelay, "relay") }

func (w *wake) jobs() { w.one(w.localJobs, "jobs") }

func (w *wake) numbers() { w.one(w.localNumbers, "numbers") }

func (w *wake) one(local func(), name string) {
	if local != nil {
		local()
		return
	}
	if w.redis == nil {
		return // no process of this kind shares our database
	}
	select {
	case w.publish <- name:
	default: // many are on their way already
	}
}

// Name implements the worker contract.
func (w *wake) Name() string { return "wake-ups" }

// Run publishes our wake-ups and follows those of others.
func (w *wake) Run(ctx context.Context) error {
	if w.redis == nil {
		<-ctx.Done()
		return nil
	}
	sub := w.redis.Subscribe(ctx, w.channel)
	defer func() { _ = sub.Close() }()
	messages := sub.Channel()
	for {
		select {
		case <-ctx.Done():
			return nil
		case name := <-w.publish:
			call, cancel := context.WithTimeout(ctx, time.Second)
			if err := w.redis.Publish(call, w.channel, name).Err(); err != nil && ctx.Err() == nil {
				w.log.Debug("wake-up not published", "error", err)
			}
			cancel()
		case m, ok := <-messages:
			if !ok {
				return ctx.Err()
			}
			switch {
			case m.Payload == "relay" && w.localRelay != nil:
				w.localRelay()
			case m.Payload == "jobs" && w.localJobs != nil:
				w.localJobs()
			case m.Payload == "numbers" && w.localNumbers != nil:
				w.localNumbers()
			}
		}
	}
}
