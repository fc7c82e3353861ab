package presence

import (
	"context"
	"sync"
	"time"
)

// Local keeps the heartbeats of one process.
type Local struct {
	now  func() time.Time
	life time.Duration

	mu    sync.Mutex
	sets  map[room]*beats
	swept time.Time // when rooms were looked through in which nobody is any more
}

// room is what the heartbeats of one kind in one account are kept by.
type room struct {
	account int64
	kind    Kind
}

type beats struct {
	at     map[int64]time.Time
	pruned time.Time
}

// NewLocal makes a tracker of this process; life is Duration but for operators who
// want another.
func NewLocal(now func() time.Time, life time.Duration) *Local {
	return &Local{now: now, life: life, sets: map[room]*beats{}}
}

// Beat implements Tracker.
func (l *Local) Beat(_ context.Context, accountID int64, kind Kind, id int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, key := l.now(), room{accountID, kind}
	l.sweep(now)
	set := l.sets[key]
	if set == nil {
		set = &beats{at: map[int64]time.Time{}, pruned: now}
		l.sets[key] = set
	}
	set.at[id] = now
	if now.Sub(set.pruned) >= l.life {
		set.prune(now.Add(-l.life))
		set.pruned = now
	}
	return nil
}

// sweep forgets the rooms in which nobody is any more, now and then: nobody may ask for
// them again.
func (l *Local) sweep(now time.Time) {
	const rarely = 10
	if now.Sub(l.swept) < rarely*l.life {
		return
	}
	l.swept = now
	for key, set := range l.sets {
		if set.prune(now.Add(-l.life)); len(set.at) == 0 {
			delete(l.sets, key)
		}
	}
}

// Present implements Tracker.
func (l *Local) Present(_ context.Context, accountID int64, kind Kind) ([]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := room{accountID, kind}
	set := l.sets[key]
	if set == nil {
		return nil, nil
	}
	set.prune(l.now().Add(-l.life))
	if len(set.at) == 0 {
		delete(l.sets, key)
		return nil, nil
	}
	out := make([]int64, 0, len(set.at))
	for id := range set.at {
		out = append(out, id)
	}
	return out, nil
}

// prune forgets whose last heartbeat is not later than since.
func (b *beats) prune(since time.Time) {
	for id, at := range b.at {
		if !at.After(since) {
			delete(b.at, id)
		}
	}
}
