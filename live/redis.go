package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is the wire between processes: packets go over one channel of its pub/sub, and
// a sorted set says for which accounts there is somebody who listens, so that nothing is
// made for others.
type Redis struct {
	client  redis.UniversalClient
	channel string
	key     string // of the sorted set; its scores are when the interest ends, ms
	now     func() time.Time
	log     *slog.Logger
	// Failures counts the packets that could not be published.
	Failures atomic.Int64

	hub    *Hub   // nil: nobody listens in this process
	missed func() // packets may have been missed

	mu    sync.Mutex
	up    chan struct{}        // closed while packets arrive
	noted map[string]time.Time // interests, and when they were written down
}

// RedisOptions are those of NewRedis.
type RedisOptions struct {
	Client redis.UniversalClient
	Prefix string // of keys and channel
	Now    func() time.Time
	Log    *slog.Logger
	// Hub gets what is published; nil: nobody listens in this process.
	Hub *Hub
}

const (
	// interestLife is how long an interest holds that nobody writes down again.
	interestLife = time.Minute
	// interestFresh is when it is.
	interestFresh = 15 * time.Second
	// redisSilence is after how much of it Redis is asked whether it is there, and as
	// much again when it is gone.
	redisSilence = 2 * time.Second
	// redisRetry is the longest wait for it.
	redisRetry = 2 * time.Second
)

// NewRedis makes a wire.
func NewRedis(opt RedisOptions) *Redis {
	return &Redis{
		client: opt.Client, channel: opt.Prefix + ":live", key: opt.Prefix + ":live:interest", now: opt.Now, log: opt.Log, hub: opt.Hub,
		missed: func() {}, up: make(chan struct{}), noted: map[string]time.Time{},
	}
}

// OnMissed says what is to be done when packets may have been missed. It is called
// before Run.
func (r *Redis) OnMissed(f func()) { r.missed = f }

func interestKey(kind byte, account int64) string {
	return string(kind) + strconv.FormatInt(account, 10)
}

// Interest implements Wire.
func (r *Redis) Interest(ctx context.Context, accounts []int64) (map[int64]Interest, error) {
	if len(accounts) == 0 {
		return nil, nil //nolint:nilnil // nobody was asked about
	}
	members := make([]string, 0, 2*len(accounts))
	for _, id := range accounts {
		members = append(members, interestKey('u', id), interestKey('c', id))
	}
	scores, err := r.client.ZMScore(ctx, r.key, members...).Result()
	if err != nil {
		r.Failures.Add(1)
		return nil, fmt.Errorf("live: interest: %w", err)
	}
	now := float64(r.now().UnixMilli())
	out := map[int64]Interest{}
	for i, id := range accounts {
		if in := (Interest{Users: scores[2*i] > now, Contacts: scores[2*i+1] > now}); in.Any() {
			out[id] = in
		}
	}
	return out, nil
}

// Publish implements Wire.
func (r *Redis) Publish(ctx context.Context, packets []Packet) error {
	if len(packets) == 0 {
		return nil
	}
	pipe := r.client.Pipeline()
	for _, p := range packets {
		head, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("live: publish: %w", err)
		}
		pipe.Publish(ctx, r.channel, append(append(head, '\n'), p.Payload...))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		r.Failures.Add(int64(len(packets)))
		return fmt.Errorf("live: publish: %w", err)
	}
	return nil
}

// Listen implements Wire.
func (r *Redis) Listen(ctx context.Context, l Listener) error {
	key := interestKey('c', l.AccountID)
	if l.UserID != 0 {
		key = interestKey('u', l.AccountID)
	}
	r.mu.Lock()
	up, fresh := r.up, r.now().Sub(r.noted[key]) < interestFresh
	r.mu.Unlock()
	select {
	case <-up:
	case <-ctx.Done():
		return fmt.Errorf("live: Redis does not answer: %w", ctx.Err())
	}
	if fresh {
		return nil
	}
	return r.note(ctx, []string{key})
}

func (r *Redis) note(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	now := r.now()
	ends := float64(now.Add(interestLife).UnixMilli())
	list := make([]redis.Z, len(keys))
	for i, k := range keys {
		list[i] = redis.Z{Score: ends, Member: k}
	}
	pipe := r.client.Pipeline()
	pipe.ZAddArgs(ctx, r.key, redis.ZAddArgs{GT: true, Members: list})
	pipe.ZRemRangeByScore(ctx, r.key, "-inf", strconv.FormatInt(now.UnixMilli(), 10))
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("live: note interest: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range keys {
		r.noted[k] = now
	}
	return nil
}

// Name implements Wire.
func (r *Redis) Name() string { return "live wire" }

// Run takes in what other processes publish, until ctx ends.
func (r *Redis) Run(ctx context.Context) error {
	if r.hub == nil {
		<-ctx.Done()
		return nil
	}
	var refresh sync.WaitGroup
	refresh.Go(func() { r.refresh(ctx) })
	defer refresh.Wait()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, redisRetry) {
		was, err := r.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if was {
			wait = 50 * time.Millisecond
			r.log.Warn("live wire: the connection to Redis was lost; clients connect again", "error", err)
			r.missed()
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
	}
}

// follow hands packets to the hub until the connection breaks; was tells that there was
// one.
func (r *Redis) follow(ctx context.Context) (was bool, err error) {
	sub := r.client.Subscribe(ctx, r.channel)
	defer func() { err = errors.Join(err, sub.Close()) }()
	asked := false
	for {
		m, err := sub.ReceiveTimeout(ctx, redisSilence)
		var timeout net.Error
		switch {
		case err != nil && errors.As(err, &timeout) && timeout.Timeout() && was && !asked && ctx.Err() == nil:
			asked = true
			if err = sub.Ping(ctx); err == nil {
				continue
			}
			fallthrough
		case err != nil:
			if was {
				r.setUp(false)
			}
			return was, err
		}
		asked = false
		switch m := m.(type) {
		case *redis.Subscription:
			if was { // the client connected again by itself
				r.setUp(false)
				return true, errors.New("live: Redis was away")
			}
			was = true
			r.setUp(true)
		case *redis.Message:
			r.receive([]byte(m.Payload))
		}
	}
}

func (r *Redis) receive(text []byte) {
	head, payload, _ := bytes.Cut(text, []byte("\n"))
	var p Packet
	if err := json.Unmarshal(head, &p); err != nil {
		r.log.Warn("live wire: a packet cannot be read", "error", err)
		return
	}
	p.Payload = payload
	r.hub.Deliver([]Packet{p})
}

func (r *Redis) setUp(up bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if up {
		close(r.up)
		return
	}
	r.up = make(chan struct{})
	clear(r.noted)
}

// refresh writes down again for which accounts somebody listens here.
func (r *Redis) refresh(ctx context.Context) {
	tick := time.NewTicker(interestFresh)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var keys []string
		r.hub.each(func(account int64, i Interest) {
			if i.Users {
				keys = append(keys, interestKey('u', account))
			}
			if i.Contacts {
				keys = append(keys, interestKey('c', account))
			}
		})
		r.mu.Lock()
		clear(r.noted) // those that nobody listens to any more with them
		r.mu.Unlock()
		call, cancel := context.WithTimeout(ctx, interestFresh)
		if err := r.note(call, keys); err != nil && ctx.Err() == nil {
			r.log.Warn("live wire: interest not noted", "error", err)
		}
		cancel()
	}
}
