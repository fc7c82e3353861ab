package live_test

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/internal/testkit"
	"tributary/live"
)

// between makes wires that share a Redis; nil: there is none.
func between(t *testing.T) func(name string) func(*live.Hub) live.Wire {
	t.Helper()
	address := os.Getenv("TEST_REDIS_URL")
	if address == "" {
		return nil
	}
	prefix := "{live-" + strconv.FormatInt(time.Now().UnixNano(), 36) + "}"
	return func(name string) func(*live.Hub) live.Wire {
		opt, err := redis.ParseURL(address)
		if err != nil {
			t.Fatal(err)
		}
		opt.ClientName = name
		client := redis.NewClient(opt)
		t.Cleanup(func() {
			client.Del(context.WithoutCancel(t.Context()), prefix+":live:interest")
			_ = client.Close()
		})
		return func(h *live.Hub) live.Wire {
			return live.NewRedis(live.RedisOptions{Client: client, Prefix: prefix, Now: time.Now, Log: slog.New(slog.DiscardHandler), Hub: h})
		}
	}
}

func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	wires := between(t)
	if wires == nil {
		return
	}
	one, two := start(t, live.Options{}, wires("one")), start(t, live.Options{}, wires("two"))
	worker := wires("worker")(nil) // a process without clients
	interest := func() live.Interest {
		t.Helper()
		got, err := worker.Interest(t.Context(), []int64{1, 2})
		if err != nil {
			t.Fatal(err)
		}
		if got[2].Any() {
			t.Error("somebody listens to account 2")
		}
		return got[1]
	}
	if interest().Any() {
		t.Error("somebody listens before anybody does")
	}
	c, d := one.dial(), two.dial()
	c.subscribe(ada)
	if got := interest(); got != (live.Interest{Users: true}) {
		t.Errorf("interest %v", got)
	}
	d.subscribe(visitor)
	if got := interest(); got != (live.Interest{Users: true, Contacts: true}) {
		t.Errorf("interest %v", got)
	}
	var packets []live.Packet
	for n := range 300 {
		packets = append(packets, live.Packet{AccountID: 1, Users: []int64{7}, Contacts: []int64{31}, Payload: news(n)})
	}
	if err := worker.Publish(t.Context(), packets); err != nil {
		t.Fatal(err)
	}
	for n := range 300 {
		c.want(frame(ada, told(n)))
		d.want(frame(visitor, told(n)))
	}
	one.gate.revoke("ada")
	if err := worker.Publish(t.Context(), []live.Packet{{AccountID: 1, Users: []int64{7}, Recheck: true}}); err != nil {
		t.Fatal(err)
	}
	c.want(frame(ada, `"type":"reject_subscription"`))
}

// TestRedisLost: a process that may have missed something makes its clients come back.
func TestRedisLost(t *testing.T) {
	t.Parallel()
	wires := between(t)
	if wires == nil {
		return
	}
	name := "lost-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	p := start(t, live.Options{}, wires(name))
	c := p.dial()
	c.subscribe(ada)
	opt, err := redis.ParseURL(os.Getenv("TEST_REDIS_URL"))
	if err != nil {
		t.Fatal(err)
	}
	admin := redis.NewClient(opt)
	defer func() { _ = admin.Close() }()
	list, err := admin.ClientList(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for line := range strings.Lines(list) {
		if id, _, ok := strings.Cut(line, " "); ok && strings.Contains(line, " name="+name+" ") && strings.Contains(line, " sub=1 ") {
			if err := admin.ClientKillByFilter(t.Context(), "ID", strings.TrimPrefix(id, "id=")).Err(); err != nil {
				t.Fatal(err)
			}
			killed++
		}
	}
	if killed != 1 {
		t.Fatalf("%d connections follow the channel", killed)
	}
	c.want(`{"type":"disconnect","reason":"remote","reconnect":true}`)
	testkit.Wait(t, 20*time.Second, "the socket to go", func() bool { return p.server.Stats.Open.Load() == 0 })
	again := p.dial()
	again.subscribe(ada)
	p.publish(live.Packet{AccountID: 1, Everyone: true, Payload: news(1)})
	again.want(frame(ada, told(1)))
}
