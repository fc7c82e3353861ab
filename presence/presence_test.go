package presence_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/presence"
)

// each runs f on every tracker, with a clock that it controls.
func each(t *testing.T, f func(t *testing.T, a, b presence.Tracker, wait func(time.Duration))) {
	t.Helper()
	clock := func() (func() time.Time, func(time.Duration)) {
		var now atomic.Int64
		now.Store(time.Date(2025, 1, 31, 10, 0, 0, 0, time.UTC).UnixNano())
		return func() time.Time { return time.Unix(0, now.Load()).UTC() }, func(d time.Duration) { now.Add(int64(d)) }
	}
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		now, wait := clock()
		one := presence.NewLocal(now, presence.Duration)
		f(t, one, one, wait)
	})
	address := os.Getenv("TEST_REDIS_URL")
	if address == "" {
		return
	}
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		opt, err := redis.ParseURL(address)
		if err != nil {
			t.Fatal(err)
		}
		client := redis.NewClient(opt)
		t.Cleanup(func() { _ = client.Close() })
		now, wait := clock()
		prefix := "{presence-" + strconv.FormatInt(time.Now().UnixNano(), 36) + "}"
		t.Cleanup(func() {
			keys, err := client.Keys(context.Background(), prefix+"*").Result()
			if err == nil && len(keys) > 0 {
				client.Del(context.Background(), keys...)
			}
		})
		// Two processes share what they know.
		f(t, presence.NewRedis(client, prefix, now, presence.Duration), presence.NewRedis(client, prefix, now, presence.Duration), wait)
	})
}

func TestTracker(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, a, b presence.Tracker, wait func(time.Duration)) {
		ctx := t.Context()
		beat := func(account int64, kind presence.Kind, id int64) {
			t.Helper()
			if err := a.Beat(ctx, account, kind, id); err != nil {
				t.Fatal(err)
			}
		}
		there := func(account int64, kind presence.Kind, want ...int64) {
			t.Helper()
			got, err := b.Present(ctx, account, kind)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s of account %d: %v, want %v", kind, account, got, want)
			}
		}
		there(1, presence.Users)
		beat(1, presence.Users, 7)
		beat(1, presence.Contacts, 31)
		beat(2, presence.Users, 8)
		wait(19 * time.Second)
		beat(1, presence.Users, 9)
		there(1, presence.Users, 7, 9)
		there(1, presence.Contacts, 31)
		there(2, presence.Users, 8)
		wait(time.Second) // the first heartbeats are 20 seconds old
		there(1, presence.Users, 9)
		there(1, presence.Contacts)
		there(2, presence.Users)
		beat(1, presence.Users, 7)
		there(1, presence.Users, 7, 9)
		wait(time.Minute)
		there(1, presence.Users)
		beat(1, presence.Users, 7)
		there(1, presence.Users, 7)
	})
}
