package redisq

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/queue"
)

// trimChunk is how many entries one script of a Trim removes: Redis does nothing
// else meanwhile.
const trimChunk = 200

// noCutoff is a time, in ms, that every entry is older than.
const noCutoff = int64(1) << 50

// Trim implements queue.Log.
func (l *Log) Trim(ctx context.Context, maxAge time.Duration, maxBytes int64) (removed int64, err error) {
	if l.isClosed() {
		return 0, queue.ErrClosed
	}
	cutoff := l.opt.Now().Add(-maxAge).UnixMilli()
	for p := range l.opt.Partitions {
		for {
			n, err := l.trim(ctx, p, cutoff, trimChunk)
			removed += n
			if err != nil {
				return removed, err
			}
			if n < trimChunk {
				break
			}
		}
	}
	if maxBytes <= 0 {
		return removed, nil
	}
	n, err := l.trimToSize(ctx, maxBytes)
	return removed + n, err
}

func (l *Log) trim(ctx context.Context, partition int, cutoff, count int64) (int64, error) {
	n, err := l.scripts.trim.Run(ctx, l.client, []string{l.keys.stream[partition], l.keys.delayed[partition]},
		consumerGroup, cutoff, count).Int64()
	if err != nil {
		return 0, failed("trim", err)
	}
	return n, nil
}

// stream is what trimming to a size knows of a partition.
type stream struct {
	bytes, entries int64
	oldest         uint64 // time of the first entry; the largest number: nothing to remove
}

// trimToSize removes the oldest acknowledged entries of all partitions until the
// streams fit, or nothing can be removed.
func (l *Log) trimToSize(ctx context.Context, maxBytes int64) (removed int64, err error) {
	streams := make([]stream, l.opt.Partitions)
	for p := range streams {
		if streams[p], err = l.head(ctx, p); err != nil {
			return 0, err
		}
	}
	for {
		total, p := int64(0), 0
		for i := range streams {
			total += streams[i].bytes
			if streams[i].oldest < streams[p].oldest {
				p = i
			}
		}
		s := &streams[p]
		if total <= maxBytes || s.oldest == math.MaxUint64 {
			return removed, nil
		}
		// Not more than it takes, by the average size of an entry.
		excess := (total-maxBytes)*s.entries/max(s.bytes, 1) + 1
		n, err := l.trim(ctx, p, noCutoff, min(excess, trimChunk))
		removed += n
		if err != nil {
			return removed, err
		}
		if *s, err = l.head(ctx, p); err != nil {
			return removed, err
		}
		if n == 0 {
			s.oldest = math.MaxUint64
		}
	}
}

// head looks at the stream of a partition.
func (l *Log) head(ctx context.Context, partition int) (stream, error) {
	pipe := l.client.Pipeline()
	usage := pipe.MemoryUsage(ctx, l.keys.stream[partition])
	length := pipe.XLen(ctx, l.keys.stream[partition])
	first := pipe.XRangeN(ctx, l.keys.stream[partition], "-", "+", 1)
	if err := exec(ctx, pipe); err != nil {
		return stream{}, failed("trim", err)
	}
	s := stream{bytes: usage.Val(), entries: length.Val(), oldest: math.MaxUint64}
	if len(first.Val()) > 0 {
		s.oldest = positionOf(first.Val()[0].ID).ms
	}
	return s, nil
}

// Replay implements queue.Log.
func (l *Log) Replay(ctx context.Context, id string) error {
	if l.isClosed() {
		return queue.ErrClosed
	}
	p, streamID, err := parseID(id)
	if err != nil {
		return err
	}
	target := p % l.opt.Partitions
	if target != p {
		// A dead letter may be older than a change to fewer partitions. The done
		// entries of that time are gone: no entry has this id.
		streamID = "0-0"
	}
	k := &l.keys
	n, err := l.scripts.replay.Run(ctx, l.client,
		[]string{k.dead, k.letter + id, k.deadCounts, k.stream[target], k.stream[target], k.delayed[target]},
		id, consumerGroup, streamID).Int()
	if err != nil && !missing(err) {
		return failed("replay", err)
	}
	if n == 0 {
		return fmt.Errorf("redisq: %s is neither dead nor done: %w", id, queue.ErrNotFound)
	}
	return nil
}

// Discard implements queue.Log.
func (l *Log) Discard(ctx context.Context, id string) error {
	if l.isClosed() {
		return queue.ErrClosed
	}
	if _, _, err := parseID(id); err != nil {
		return err
	}
	k := &l.keys
	n, err := l.scripts.discard.Run(ctx, l.client, []string{k.dead, k.letter + id, k.deadCounts}, id).Int()
	if err != nil && !errors.Is(err, redis.Nil) {
		return failed("discard", err)
	}
	if n == 0 {
		return fmt.Errorf("redisq: %s is not dead: %w", id, queue.ErrNotFound)
	}
	return nil
}
