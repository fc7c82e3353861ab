package redisq_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"tributary/queue"
	"tributary/queue/queuetest"
	"tributary/queue/redisq"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client connects to the Redis of the test environment.
func client(t testing.TB, partitions int) redis.UniversalClient {
	t.Helper()
	address := os.Getenv("TEST_REDIS_URL")
	if address == "" {
		t.Skip("TEST_REDIS_URL not set")
	}
	c, err := redisq.NewClient(address, partitions)
	if err != nil {
		t.Fatalf("NewClient: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close client: %v", err)
		}
	})
	return c
}

// prefix gives keys of the test's own and removes them at its end.
func prefix(t testing.TB, c redis.UniversalClient) string {
	t.Helper()
	p := "{test-" + uuid.NewString() + "}"
	t.Cleanup(func() {
		ctx := context.Background()
		iter := c.Scan(ctx, 0, p+"*", 1000).Iterator()
		for iter.Next(ctx) {
			c.Del(ctx, iter.Val())
		}
		if err := iter.Err(); err != nil {
			t.Errorf("remove keys: %v", err)
		}
	})
	return p
}

func open(t testing.TB, c redis.UniversalClient, opt redisq.Options) *redisq.Log {
	t.Helper()
	log, err := redisq.New(c, opt)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return log
}

func TestConformance(t *testing.T) {
	t.Parallel()
	c := client(t, 128)
	var prefixes sync.Map // of the logs
	queuetest.Run(t, func(t *testing.T, partitions int, now func() time.Time) queue.Log {
		p := prefix(t, c)
		log := open(t, c, redisq.Options{Partitions: partitions, Prefix: p, Now: now})
		prefixes.Store(log, p)
		return log
	}, func(t *testing.T, old queue.Log, partitions int, now func() time.Time) queue.Log {
		if err := old.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		p, _ := prefixes.Load(old)
		log := open(t, c, redisq.Options{Partitions: partitions, Prefix: p.(string), Now: now})
		prefixes.Store(log, p)
		return log
	})
}
