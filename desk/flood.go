package desk

import (
	"sync"
	"time"
)

// flood counts what contacts write per conversation and minute. More than the
// limit is put off, not lost: the guard keeps a runaway sender from drowning the
// desk.
type flood struct {
	limit int
	mu    sync.Mutex
	start int64 // minute
	seen  map[int64]int
}

func newFlood(limit int) *flood { return &flood{limit: limit, seen: map[int64]int{}} }

// admit counts one message; when the conversation is over its limit it gives
// the moment from which the next may come.
func (f *flood) admit(conversationID int64, now time.Time) (until time.Time, ok bool) {
	if f.limit <= 0 {
		return time.Time{}, true
	}
	minute := now.Unix() / 60
	f.mu.Lock()
	defer f.mu.Unlock()
	if minute != f.start {
		f.start = minute
		clear(f.seen)
	}
	if f.seen[conversationID] >= f.limit {
		return time.Unix((minute+1)*60, 0), false
	}
	f.seen[conversationID]++
	return time.Time{}, true
}
