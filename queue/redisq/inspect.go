package redisq

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/queue"
)

// tokenSize is the length of a lease's token in its value, before the owner.
const tokenSize = 32

// Stats implements queue.Log. Bytes is the memory of the streams as Redis
// estimates it.
func (l *Log) Stats(ctx context.Context) (queue.Stats, error) {
	if l.isClosed() {
		return queue.Stats{}, queue.ErrClosed
	}
	n := len(l.keys.stream)
	s := queue.Stats{Dead: map[string]int64{}, Partitions: make([]queue.PartitionStats, n)}
	type commands struct {
		groups  *redis.XInfoGroupsCmd
		pending *redis.XPendingCmd
		delayed *redis.StringSliceCmd
		lease   *redis.StringCmd
		bytes   *redis.IntCmd
	}
	cmds := make([]commands, n)
	pipe := l.client.Pipeline()
	for p := range n {
		cmds[p] = commands{
			groups: pipe.XInfoGroups(ctx, l.keys.stream[p]), pending: pipe.XPending(ctx, l.keys.stream[p], consumerGroup),
			delayed: pipe.HKeys(ctx, l.keys.delayed[p]), lease: pipe.Get(ctx, l.keys.lease[p]),
			bytes: pipe.MemoryUsage(ctx, l.keys.stream[p]),
		}
	}
	dead := pipe.HGetAll(ctx, l.keys.deadCounts)
	if err := exec(ctx, pipe); err != nil {
		return queue.Stats{}, failed("stats", err)
	}
	for p, c := range cmds {
		oldest := position{}
		older := func(id string) {
			if at := positionOf(id); oldest == (position{}) || oldest.after(at) {
				oldest = at
			}
		}
		ps := &s.Partitions[p]
		ps.Partition = p
		if pending, err := c.pending.Result(); err == nil && pending.Count > 0 {
			ps.Pending = pending.Count
			older(pending.Lower)
		}
		ps.Delayed = int64(len(c.delayed.Val()))
		for _, id := range c.delayed.Val() {
			older(id)
		}
		if held := c.lease.Val(); len(held) > tokenSize {
			ps.Owner = held[tokenSize:]
		}
		s.Bytes += c.bytes.Val()
		g := workers(c.groups.Val())
		waiting, first, err := l.waiting(ctx, p, g)
		if err != nil {
			return queue.Stats{}, err
		}
		ps.Waiting = waiting
		if first != "" {
			older(first)
		}
		if oldest != (position{}) {
			ps.OldestAge = max(l.opt.Now().Sub(oldest.time()), 0)
		}
	}
	for channel, count := range dead.Val() {
		if v, err := strconv.ParseInt(count, 10, 64); err == nil && v > 0 {
			s.Dead[channel] = v
		}
	}
	return s, nil
}

// exec runs a pipeline. What is missing shows in the commands and is no error.
func exec(ctx context.Context, pipe redis.Pipeliner) error {
	cmds, err := pipe.Exec(ctx)
	if err == nil || len(cmds) == 0 {
		return err
	}
	for _, c := range cmds {
		if err := c.Err(); err != nil && !missing(err) {
			return err
		}
	}
	return nil
}

// workers picks the consumer group out of a stream's groups. Without one,
// everything is unread.
func workers(groups []redis.XInfoGroup) redis.XInfoGroup {
	for _, g := range groups {
		if g.Name == consumerGroup {
			return g
		}
	}
	return redis.XInfoGroup{LastDeliveredID: "0-0", Lag: -1}
}

// waiting counts what was not read yet and gives the first of it. Redis knows the
// number except after some deletions; then it is counted.
func (l *Log) waiting(ctx context.Context, partition int, g redis.XInfoGroup) (n int64, first string, err error) {
	if g.Lag == 0 {
		return 0, "", nil
	}
	from, page := "("+g.LastDeliveredID, int64(1)
	if g.Lag < 0 {
		page = scanPage
	}
	for {
		got, err := l.client.XRangeN(ctx, l.keys.stream[partition], from, "+", page).Result()
		if err != nil {
			return 0, "", failed("count waiting", err)
		}
		if first == "" && len(got) > 0 {
			first = got[0].ID
		}
		if g.Lag > 0 {
			return g.Lag, first, nil
		}
		n += int64(len(got))
		if int64(len(got)) < page {
			return n, first, nil
		}
		from = "(" + got[len(got)-1].ID
	}
}

// delayedEntry is what is known of a delayed entry beside the stream.
type delayedEntry struct {
	key, reason string
	due         time.Time
}

// delayed gives the delayed entries of a partition by stream id.
func (l *Log) delayed(ctx context.Context, partition int) (map[string]delayedEntry, error) {
	pipe := l.client.TxPipeline()
	notes := pipe.HGetAll(ctx, l.keys.delayed[partition])
	scores := pipe.ZRangeWithScores(ctx, l.keys.due[partition], 0, -1)
	if err := exec(ctx, pipe); err != nil {
		return nil, failed("delayed entries", err)
	}
	due := map[string]time.Time{}
	for _, z := range scores.Val() {
		if m, ok := z.Member.(string); ok {
			p := positionOf(m)
			due[fmt.Sprintf("%d-%d", p.ms, p.seq)] = time.UnixMilli(int64(z.Score)).UTC()
		}
	}
	out := map[string]delayedEntry{}
	for id, n := range notes.Val() {
		key, reason := parseNote(n)
		out[id] = delayedEntry{key: key, reason: reason, due: due[id]}
	}
	return out, nil
}

// Show implements queue.Log.
func (l *Log) Show(ctx context.Context, id string) (queue.Entry, error) {
	if l.isClosed() {
		return queue.Entry{}, queue.ErrClosed
	}
	p, streamID, err := parseID(id)
	if err != nil {
		return queue.Entry{}, err
	}
	e, err := l.letter(ctx, id)
	if err == nil || !errors.Is(err, queue.ErrNotFound) || p >= l.opt.Partitions {
		return e, err
	}
	got, err := l.client.XRange(ctx, l.keys.stream[p], streamID, streamID).Result()
	if err != nil {
		return queue.Entry{}, failed("show", err)
	}
	if len(got) == 0 {
		return queue.Entry{}, fmt.Errorf("redisq: %s: %w", id, queue.ErrNotFound)
	}
	st, err := l.state(ctx, p)
	if err != nil {
		return queue.Entry{}, err
	}
	return st.entry(l, got[0]), nil
}

// letter reads a dead letter.
func (l *Log) letter(ctx context.Context, id string) (queue.Entry, error) {
	if _, _, err := parseID(id); err != nil {
		return queue.Entry{}, err
	}
	f, err := l.client.HGetAll(ctx, l.keys.letter+id).Result()
	if err != nil {
		return queue.Entry{}, failed("read dead letter", err)
	}
	if len(f) == 0 {
		return queue.Entry{}, fmt.Errorf("redisq: %s: %w", id, queue.ErrNotFound)
	}
	return l.deadLetter(id, f)
}

// deadLetter makes an entry of a letter's fields.
func (l *Log) deadLetter(id string, f map[string]string) (queue.Entry, error) {
	p, streamID, err := parseID(id)
	if err != nil {
		return queue.Entry{}, err
	}
	e := l.entry(p, streamID, func(name string) string { return f[name] })
	e.State, e.Reason = queue.StateDead, f["r"]
	died, errDied := strconv.ParseInt(f["d"], 10, 64)
	attempts, errAttempts := strconv.Atoi(f["a"])
	if err := errors.Join(errDied, errAttempts); err != nil {
		return queue.Entry{}, fmt.Errorf("redisq: dead letter %s: %w", id, err)
	}
	e.DiedAt, e.Attempts = time.UnixMilli(died).UTC(), attempts
	return e, nil
}
