package redisq

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"tributary/queue"
)

const (
	defaultLimit = 100
	scanPage     = 500
	readWhole    = 20 // letters with payloads, each of up to a megabyte
)

// state is what tells the states of a partition's entries apart.
type state struct {
	partition int
	last      position // the last entry that was read
	lastID    string
	pending   map[string]struct{}
	delayed   map[string]delayedEntry
	tries     map[string]string
}

func (l *Log) state(ctx context.Context, partition int) (*state, error) {
	groups, err := l.client.XInfoGroups(ctx, l.keys.stream[partition]).Result()
	if err != nil && !missing(err) {
		return nil, failed("read state", err)
	}
	s := &state{partition: partition, lastID: workers(groups).LastDeliveredID, pending: map[string]struct{}{}}
	s.last = positionOf(s.lastID)
	for from := "-"; ; {
		page, err := l.client.XPendingExt(ctx, &redis.XPendingExtArgs{
			Stream: l.keys.stream[partition], Group: consumerGroup, Start: from, End: "+", Count: scanPage,
		}).Result()
		if err != nil && !missing(err) {
			return nil, failed("read pending", err)
		}
		for _, p := range page {
			s.pending[p.ID] = struct{}{}
		}
		if len(page) < scanPage {
			break
		}
		from = "(" + page[len(page)-1].ID
	}
	if s.delayed, err = l.delayed(ctx, partition); err != nil {
		return nil, err
	}
	if s.tries, err = l.client.HGetAll(ctx, l.keys.tries[partition]).Result(); err != nil {
		return nil, failed("read attempts", err)
	}
	return s, nil
}

// entry makes an entry of a stream's message.
func (s *state) entry(l *Log, m redis.XMessage) queue.Entry {
	e := l.entry(s.partition, m.ID, func(name string) string {
		v, _ := m.Values[name].(string)
		return v
	})
	if n, err := strconv.Atoi(s.tries[m.ID]); err == nil {
		e.Attempts = n
	}
	_, pending := s.pending[m.ID]
	d, delayed := s.delayed[m.ID]
	switch {
	case pending:
		e.State = queue.StatePending
	case delayed:
		e.State, e.Due, e.Reason = queue.StateDelayed, d.due, d.reason
	case positionOf(m.ID).after(s.last):
		e.State = queue.StateWaiting
	default:
		e.State = queue.StateDone
	}
	return e
}

// List implements queue.Log.
func (l *Log) List(ctx context.Context, f queue.Filter) ([]queue.Entry, error) {
	if l.isClosed() {
		return nil, queue.ErrClosed
	}
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	if f.State == queue.StateDead {
		return l.listDead(ctx, f)
	}
	var all []queue.Entry
	for p := range l.opt.Partitions {
		entries, err := l.listPartition(ctx, p, f)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	if f.State == "" {
		dead, err := l.listDead(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, dead...)
	}
	slices.SortStableFunc(all, func(a, b queue.Entry) int { return a.AppendedAt.Compare(b.AppendedAt) })
	return all[:min(len(all), f.Limit)], nil
}

func (l *Log) listDead(ctx context.Context, f queue.Filter) ([]queue.Entry, error) {
	var out []queue.Entry
	for from := int64(0); ; from += scanPage {
		ids, err := l.client.ZRevRange(ctx, l.keys.dead, from, from+scanPage-1).Result()
		if err != nil {
			return nil, failed("list dead letters", err)
		}
		// Those of a page are read at once; with their payloads that may be much.
		read := readWhole
		if f.Brief {
			read = scanPage
		}
		for chunk := range slices.Chunk(ids, read) {
			letters, err := l.letters(ctx, chunk, f.Brief)
			if err != nil {
				return nil, err
			}
			for _, e := range letters {
				if f.Channel != "" && e.Channel != f.Channel {
					continue
				}
				if out = append(out, e); len(out) == f.Limit {
					return out, nil
				}
			}
		}
		if len(ids) < scanPage {
			return out, nil
		}
	}
}

// letters reads dead letters; those that were discarded or replayed meanwhile are
// absent.
func (l *Log) letters(ctx context.Context, ids []string, brief bool) ([]queue.Entry, error) {
	names := []string{"k", "c", "r", "d", "a", "p"}
	if brief {
		names = names[:len(names)-1]
	}
	pipe := l.client.Pipeline()
	cmds := make([]*redis.SliceCmd, len(ids))
	for i, id := range ids {
		cmds[i] = pipe.HMGet(ctx, l.keys.letter+id, names...)
	}
	if err := exec(ctx, pipe); err != nil {
		return nil, failed("list dead letters", err)
	}
	out := make([]queue.Entry, 0, len(ids))
	for i, c := range cmds {
		fields := make(map[string]string, len(names))
		for n, v := range c.Val() {
			if text, there := v.(string); there {
				fields[names[n]] = text
			}
		}
		if len(fields) == 0 {
			continue
		}
		e, err := l.deadLetter(ids[i], fields)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (l *Log) listPartition(ctx context.Context, partition int, f queue.Filter) ([]queue.Entry, error) {
	s, err := l.state(ctx, partition)
	if err != nil {
		return nil, err
	}
	switch f.State {
	case queue.StatePending:
		return l.listIDs(ctx, s, slices.Collect(maps.Keys(s.pending)), f)
	case queue.StateDelayed:
		return l.listIDs(ctx, s, slices.Collect(maps.Keys(s.delayed)), f)
	case queue.StateWaiting:
		return l.listRange(ctx, s, "("+s.lastID, "+", f)
	case queue.StateDone:
		return l.listRange(ctx, s, "-", s.lastID, f)
	}
	return l.listRange(ctx, s, "-", "+", f)
}

// listIDs shows the oldest of some entries.
func (l *Log) listIDs(ctx context.Context, s *state, ids []string, f queue.Filter) ([]queue.Entry, error) {
	slices.SortFunc(ids, func(a, b string) int {
		if positionOf(a).after(positionOf(b)) {
			return 1
		}
		return -1
	})
	var out []queue.Entry
	for chunk := range slices.Chunk(ids, scanPage) {
		pipe := l.client.Pipeline()
		cmds := make([]*redis.XMessageSliceCmd, len(chunk))
		for i, id := range chunk {
			cmds[i] = pipe.XRange(ctx, l.keys.stream[s.partition], id, id)
		}
		if err := exec(ctx, pipe); err != nil {
			return nil, failed("list", err)
		}
		for _, c := range cmds {
			if out = s.collect(l, out, c.Val(), f); len(out) == f.Limit {
				return out, nil
			}
		}
	}
	return out, nil
}

// listRange shows the oldest entries of a part of the stream that match.
func (l *Log) listRange(ctx context.Context, s *state, from, to string, f queue.Filter) ([]queue.Entry, error) {
	var out []queue.Entry
	for {
		got, err := l.client.XRangeN(ctx, l.keys.stream[s.partition], from, to, scanPage).Result()
		if err != nil {
			return nil, failed("list", err)
		}
		if out = s.collect(l, out, got, f); len(out) == f.Limit || len(got) < scanPage {
			return out, nil
		}
		from = "(" + got[len(got)-1].ID
	}
}

func (s *state) collect(l *Log, out []queue.Entry, got []redis.XMessage, f queue.Filter) []queue.Entry {
	for _, m := range got {
		e := s.entry(l, m)
		if len(out) < f.Limit && (f.State == "" || e.State == f.State) && (f.Channel == "" || e.Channel == f.Channel) {
			if f.Brief {
				e.Payload = nil
			}
			out = append(out, e)
		}
	}
	return out
}
