package redisq

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/queue"
)

const (
	// waitSlice is how long one blocking read lasts at most: how late a reader can
	// be with what does not show in the stream, such as a lost lease.
	waitSlice = time.Second
	// ackChunk keeps the arguments of a script below Lua's limit.
	ackChunk = 1000
)

// Lease implements queue.Log.
func (l *Log) Lease(ctx context.Context, partition int, owner string, ttl time.Duration) (queue.Reader, error) {
	if partition < 0 || partition >= l.opt.Partitions {
		return nil, fmt.Errorf("queue: partition %d is not in 0..%d", partition, l.opt.Partitions-1)
	}
	if owner == "" || ttl < time.Millisecond {
		return nil, fmt.Errorf("queue: a lease needs an owner and a time, not %q and %v", owner, ttl)
	}
	if l.isClosed() {
		return nil, queue.ErrClosed
	}
	var token [16]byte
	if _, err := rand.Read(token[:]); err != nil {
		return nil, fmt.Errorf("redisq: lease token: %w", err)
	}
	r := &reader{log: l, partition: partition, token: hex.EncodeToString(token[:]), ttl: ttl, after: "0-0"}
	if err := l.ensureGroup(ctx, partition); err != nil {
		return nil, err
	}
	k := &l.keys
	lost, err := l.scripts.lease.Run(ctx, l.client, []string{k.lease[partition], k.released[partition], k.given[partition]},
		r.token, owner, ttl.Milliseconds()).Int()
	if err != nil {
		return nil, failed("lease", err)
	}
	if lost < 0 {
		return nil, queue.ErrLeased
	}
	if err := r.adopt(ctx, lost); err != nil {
		return nil, err
	}
	return r, nil
}

// reader reads a leased partition. after is the last entry that it got in the
// order of the stream; received are the due entries of the last answer, whose
// arrival the next call confirms.
type reader struct {
	log       *Log
	partition int
	token     string
	ttl       time.Duration
	after     string
	received  []string
}

// adopt takes over what is pending.
func (r *reader) adopt(ctx context.Context, lost int) error {
	k := &r.log.keys
	cursor := "0-0"
	for {
		next, err := r.run(ctx, "adopt", r.log.scripts.adopt, []string{k.stream[r.partition], k.tries[r.partition]},
			consumerGroup, consumer(r.partition), cursor, lost)
		if err != nil {
			return err
		}
		cursor, _ = next.(string)
		if cursor == "0-0" || cursor == "" {
			return nil
		}
	}
}

// run runs a script of this reader: the lease and the token come first. A
// consumer group that Redis has lost is made again.
func (r *reader) run(ctx context.Context, what string, s *redis.Script, keys []string, args ...any) (any, error) {
	if r.log.isClosed() {
		return nil, queue.ErrClosed
	}
	keys = append([]string{r.log.keys.lease[r.partition]}, keys...)
	args = append([]any{r.token}, args...)
	v, err := s.Run(ctx, r.log.client, keys, args...).Result()
	if isNoGroup(err) {
		if err := r.log.ensureGroup(ctx, r.partition); err != nil {
			return nil, err
		}
		v, err = s.Run(ctx, r.log.client, keys, args...).Result()
	}
	if err != nil {
		return nil, failed(what, err)
	}
	return v, nil
}

// Next implements queue.Reader.
func (r *reader) Next(ctx context.Context, max int, wait time.Duration) ([]queue.Entry, error) {
	if max <= 0 {
		return nil, fmt.Errorf("queue: Next of %d entries", max)
	}
	until := time.Now().Add(wait)
	for {
		entries, due, err := r.take(ctx, max)
		if err != nil || len(entries) > 0 {
			return entries, err
		}
		left := min(time.Until(until), waitSlice)
		if left <= 0 {
			return nil, nil
		}
		if due >= 0 {
			left = min(left, time.UnixMilli(due).Sub(r.log.opt.Now()))
		}
		if err := r.await(ctx, left); err != nil {
			return nil, err
		}
	}
}

// take reads what is at hand, or tells when the next delayed entry is due, in ms,
// or -1.
func (r *reader) take(ctx context.Context, max int) (entries []queue.Entry, due int64, err error) {
	k, p := &r.log.keys, r.partition
	args := []any{consumerGroup, consumer(p), max, r.log.opt.Now().UnixMilli(), r.after}
	for _, id := range r.received {
		args = append(args, id)
	}
	v, err := r.run(ctx, "read", r.log.scripts.next,
		[]string{k.stream[p], k.due[p], k.delayed[p], k.tries[p], k.given[p]}, args...)
	if err != nil {
		return nil, -1, err
	}
	answer, _ := v.([]any)
	if len(answer) != 4 {
		return nil, -1, fmt.Errorf("redisq: the script answered %d parts", len(answer))
	}
	kind, _ := answer[0].(int64)
	list, _ := answer[1].([]any)
	entries, ids, err := r.log.scriptEntries(p, list)
	if err != nil {
		return nil, -1, err
	}
	r.received = nil
	if kind == 1 {
		r.after = ids[len(ids)-1]
		return entries, -1, nil
	}
	if kind == 2 {
		r.received = ids
	}
	r.after, _ = answer[2].(string)
	return entries, dueTime(answer[3]), nil
}

// dueTime reads the due time of an answer: a number, or a score as text.
func dueTime(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil && f >= 0 && f < math.MaxInt64 {
			return int64(f)
		}
	}
	return -1
}

// await waits until something follows the last entry read, or d is over. The
// blocking read runs in a goroutine of its own: the client does not end it with
// the context, and it changes nothing when nobody wants its answer any more.
func (r *reader) await(ctx context.Context, d time.Duration) error {
	l := r.log
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return queue.ErrClosed
	}
	l.waits.Add(1)
	l.mu.Unlock()
	read := make(chan error, 1)
	go func() {
		defer l.waits.Done()
		read <- l.client.XRead(context.WithoutCancel(ctx), &redis.XReadArgs{
			Streams: []string{l.keys.stream[r.partition], r.after}, Count: 1, Block: max(d, time.Millisecond).Round(time.Millisecond),
		}).Err()
	}()
	select {
	case err := <-read:
		if err != nil && !errors.Is(err, redis.Nil) {
			return failed("wait", err)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.closing:
		return queue.ErrClosed
	}
}

// Ack implements queue.Reader.
func (r *reader) Ack(ctx context.Context, entries ...queue.Entry) error {
	k, p := &r.log.keys, r.partition
	for len(entries) > 0 {
		n := min(len(entries), ackChunk)
		args := make([]any, 0, n+1)
		args = append(args, consumerGroup)
		for i := range entries[:n] {
			id, err := r.streamID(entries[i].ID)
			if err != nil {
				return err
			}
			args = append(args, id)
		}
		if _, err := r.run(ctx, "acknowledge", r.log.scripts.ack, []string{k.stream[p], k.tries[p], k.given[p]}, args...); err != nil {
			return err
		}
		entries = entries[n:]
	}
	return nil
}

// Delay implements queue.Reader. due is kept to the millisecond.
func (r *reader) Delay(ctx context.Context, e queue.Entry, due time.Time, reason string) error {
	id, err := r.streamID(e.ID)
	if err != nil {
		return err
	}
	k, p := &r.log.keys, r.partition
	v, err := r.run(ctx, "delay", r.log.scripts.delay,
		[]string{k.stream[p], k.due[p], k.delayed[p], k.tries[p], k.given[p]},
		consumerGroup, id, member(id), due.UnixMilli(), note(e.Key, reason))
	return settled(e.ID, v, err)
}

// Dead implements queue.Reader.
func (r *reader) Dead(ctx context.Context, e queue.Entry, reason string) error {
	id, err := r.streamID(e.ID)
	if err != nil {
		return err
	}
	k, p := &r.log.keys, r.partition
	v, err := r.run(ctx, "dead-letter", r.log.scripts.dead,
		[]string{k.stream[p], k.tries[p], k.given[p], k.dead, k.letter + e.ID, k.deadCounts},
		consumerGroup, id, e.ID, reason, r.log.opt.Now().UnixMilli())
	return settled(e.ID, v, err)
}

func settled(id string, answer any, err error) error {
	if err != nil {
		return err
	}
	if answer != int64(1) {
		return fmt.Errorf("redisq: %s is not pending: %w", id, queue.ErrNotFound)
	}
	return nil
}

// Delayed implements queue.Reader.
func (r *reader) Delayed(ctx context.Context) (map[string]time.Time, error) {
	held, err := r.log.client.Get(ctx, r.log.keys.lease[r.partition]).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, failed("delayed", err)
	}
	if len(held) < len(r.token) || held[:len(r.token)] != r.token {
		return nil, queue.ErrLeaseLost
	}
	all, err := r.log.delayed(ctx, r.partition)
	if err != nil {
		return nil, err
	}
	keys := map[string]time.Time{}
	for _, d := range all {
		if d.due.After(keys[d.key]) {
			keys[d.key] = d.due
		}
	}
	return keys, nil
}

// Renew implements queue.Reader.
func (r *reader) Renew(ctx context.Context) error {
	_, err := r.run(ctx, "renew", r.log.scripts.renew, nil, r.ttl.Milliseconds())
	return err
}

// Release implements queue.Reader.
func (r *reader) Release(ctx context.Context) error {
	_, err := r.run(ctx, "release", r.log.scripts.release, []string{r.log.keys.released[r.partition]})
	return err
}

func (r *reader) streamID(id string) (string, error) {
	p, streamID, err := parseID(id)
	if err != nil {
		return "", err
	}
	if p != r.partition {
		return "", fmt.Errorf("redisq: entry %s is not of partition %d: %w", id, r.partition, queue.ErrNotFound)
	}
	return streamID, nil
}
