package presence

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis keeps the heartbeats of all processes that share a Redis: one sorted set
// for each account and kind, scored by the time of the last heartbeat. The clocks of
// the processes must agree to within a second or two.
type Redis struct {
	client redis.UniversalClient
	prefix string
	now    func() time.Time
	life   time.Duration
}

// NewRedis makes a tracker; prefix begins every key.
func NewRedis(client redis.UniversalClient, prefix string, now func() time.Time, life time.Duration) *Redis {
	return &Redis{client: client, prefix: prefix + ":presence:", now: now, life: life}
}

func (r *Redis) key(accountID int64, kind Kind) string {
	return r.prefix + string(kind) + ":" + strconv.FormatInt(accountID, 10)
}

// Beat implements Tracker.
func (r *Redis) Beat(ctx context.Context, accountID int64, kind Kind, id int64) error {
	now, key := r.now(), r.key(accountID, kind)
	pipe := r.client.Pipeline()
	pipe.ZAdd(ctx, key, redis.Z{Score: float64(now.UnixMilli()), Member: id})
	pipe.ZRemRangeByScore(ctx, key, "-inf", strconv.FormatInt(now.Add(-r.life).UnixMilli(), 10))
	pipe.PExpire(ctx, key, 2*r.life)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("presence: beat: %w", err)
	}
	return nil
}

// Present implements Tracker.
func (r *Redis) Present(ctx context.Context, accountID int64, kind Kind) ([]int64, error) {
	since := strconv.FormatInt(r.now().Add(-r.life).UnixMilli(), 10)
	list, err := r.client.ZRangeArgs(ctx, redis.ZRangeArgs{Key: r.key(accountID, kind), Start: "(" + since, Stop: "+inf", ByScore: true}).Result()
	if err != nil {
		return nil, fmt.Errorf("presence: who is there: %w", err)
	}
	out := make([]int64, 0, len(list))
	for _, text := range list {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			continue // not of ours
		}
		out = append(out, id)
	}
	return out, nil
}
