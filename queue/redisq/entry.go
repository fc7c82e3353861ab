package redisq

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tributary/queue"
)

// An entry's id is "<partition>-<stream id>".

func formatID(partition int, streamID string) string {
	return strconv.Itoa(partition) + "-" + streamID
}

func parseID(id string) (partition int, streamID string, err error) {
	p, s, _ := strings.Cut(id, "-")
	ms, seq, _ := strings.Cut(s, "-")
	partition, err = strconv.Atoi(p)
	if err == nil {
		_, err = strconv.ParseUint(ms, 10, 64)
	}
	if err == nil {
		_, err = strconv.ParseUint(seq, 10, 64)
	}
	if err != nil || partition < 0 {
		return 0, "", fmt.Errorf("redisq: entry %q: %w", id, queue.ErrNotFound)
	}
	return partition, s, nil
}

// position is a stream id that can be compared.
type position struct{ ms, seq uint64 }

func positionOf(streamID string) position {
	ms, seq, _ := strings.Cut(streamID, "-")
	var p position
	p.ms, _ = strconv.ParseUint(ms, 10, 64)
	p.seq, _ = strconv.ParseUint(seq, 10, 64)
	return p
}

func (p position) after(o position) bool {
	return p.ms > o.ms || p.ms == o.ms && p.seq > o.seq
}

func (p position) time() time.Time { return time.UnixMilli(int64(p.ms)).UTC() }

// member is a stream id as a member of a sorted set, where members of one score
// are in the order of their bytes.
func member(streamID string) string {
	p := positionOf(streamID)
	return fmt.Sprintf("%d-%020d", p.ms, p.seq)
}

// note is what is kept of a delayed entry beside the stream: its order key and
// the reason.
func note(key, reason string) string {
	return strconv.Itoa(len(key)) + ":" + key + reason
}

func parseNote(s string) (key, reason string) {
	n, rest, _ := strings.Cut(s, ":")
	size, err := strconv.Atoi(n)
	if err != nil || size < 0 || size > len(rest) {
		return "", rest
	}
	return rest[:size], rest[size:]
}

func (l *Log) entry(partition int, streamID string, field func(name string) string) queue.Entry {
	return queue.Entry{
		ID: formatID(partition, streamID),
		Record: queue.Record{
			Partition: partition, Key: field("k"), Channel: field("c"), Payload: []byte(field("p")),
		},
		AppendedAt: positionOf(streamID).time(),
	}
}

// scriptEntries reads the entries of a script's answer: {id, fields, attempts}.
func (l *Log) scriptEntries(partition int, list []any) ([]queue.Entry, []string, error) {
	entries := make([]queue.Entry, 0, len(list))
	ids := make([]string, 0, len(list))
	for _, item := range list {
		parts, _ := item.([]any)
		if len(parts) != 3 {
			return nil, nil, fmt.Errorf("redisq: the script answered %d parts of an entry", len(parts))
		}
		id, _ := parts[0].(string)
		fields, _ := parts[1].([]any)
		attempts, _ := parts[2].(string)
		e := l.entry(partition, id, func(name string) string {
			for i := 0; i+1 < len(fields); i += 2 {
				if fields[i] == name {
					value, _ := fields[i+1].(string)
					return value
				}
			}
			return ""
		})
		e.State = queue.StatePending
		n, err := strconv.Atoi(attempts)
		if err != nil {
			return nil, nil, fmt.Errorf("redisq: attempts of %s: %w", e.ID, err)
		}
		e.Attempts = n
		entries = append(entries, e)
		ids = append(ids, id)
	}
	return entries, ids, nil
}
