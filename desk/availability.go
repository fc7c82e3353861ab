package desk

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tributary/presence"
)

// seenFor is how long a process goes by what it last heard about who is there: much
// less than a heartbeat lasts.
const seenFor = time.Second

// lookTimeout bounds asking who is there: an answer without it is better than none.
const lookTimeout = 500 * time.Millisecond

// attendance is who is there, as this process heard it last.
type attendance struct {
	tracker presence.Tracker // nil: nobody is ever there
	now     func() time.Time
	log     *slog.Logger
	failing atomic.Bool

	mu   sync.Mutex
	sets map[attended]attendees
}

type attended struct {
	account int64
	kind    presence.Kind
}

type attendees struct {
	ids   map[int64]struct{}
	until time.Time
}

func newAttendance(tracker presence.Tracker, now func() time.Time, log *slog.Logger) *attendance {
	return &attendance{tracker: tracker, now: now, log: log, sets: map[attended]attendees{}}
}

// has tells whether somebody is there. Where that cannot be learned nobody is.
func (a *attendance) has(ctx context.Context, accountID int64, kind presence.Kind, id int64) bool {
	_, there := a.known(ctx, accountID, kind).ids[id]
	return there
}

// all are those who are there.
func (a *attendance) all(ctx context.Context, accountID int64, kind presence.Kind) []int64 {
	return slices.Collect(maps.Keys(a.known(ctx, accountID, kind).ids))
}

func (a *attendance) known(ctx context.Context, accountID int64, kind presence.Kind) attendees {
	if a.tracker == nil {
		return attendees{}
	}
	key, now := attended{accountID, kind}, a.now()
	a.mu.Lock()
	known, ok := a.sets[key]
	a.mu.Unlock()
	if !ok || !now.Before(known.until) {
		known = a.look(ctx, key, now)
	}
	return known
}

func (a *attendance) look(ctx context.Context, key attended, now time.Time) attendees {
	call, cancel := context.WithTimeout(ctx, lookTimeout)
	list, err := a.tracker.Present(call, key.account, key.kind)
	cancel()
	switch {
	case err == nil:
		a.failing.Store(false)
	case ctx.Err() == nil && !a.failing.Swap(true):
		a.log.Warn("who is online cannot be learned: everybody counts as offline", "error", err)
	}
	known := attendees{ids: make(map[int64]struct{}, len(list)), until: now.Add(seenFor)}
	for _, id := range list {
		known.ids[id] = struct{}{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, replaces := a.sets[key]; !replaces {
		// A new account comes: those that nobody asked about are forgotten.
		for other, set := range a.sets {
			if !now.Before(set.until) {
				delete(a.sets, other)
			}
		}
	}
	a.sets[key] = known
	return known
}

// forget makes the next look go to the tracker.
func (a *attendance) forget(accountID int64, kind presence.Kind) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sets, attended{accountID, kind})
}

// UserBeat notes that a member of an account is connected now.
func (d *Desk) UserBeat(ctx context.Context, accountID, userID int64) error {
	return d.beat(ctx, accountID, presence.Users, userID)
}

// ContactBeat notes that a contact is connected now.
func (d *Desk) ContactBeat(ctx context.Context, accountID, contactID int64) error {
	return d.beat(ctx, accountID, presence.Contacts, contactID)
}

func (d *Desk) beat(ctx context.Context, accountID int64, kind presence.Kind, id int64) error {
	if d.Presence == nil {
		return nil
	}
	defer d.attendance.forget(accountID, kind)
	return d.Presence.Beat(ctx, accountID, kind, id)
}

// AvailabilityStatus is what colleagues see of a member: what the member chose to
// be, unless they are away and want to be seen as offline then. stored is a number
// of Availabilities.
func (d *Desk) AvailabilityStatus(ctx context.Context, accountID, userID int64, stored int, autoOffline bool) string {
	if autoOffline && !d.attendance.has(ctx, accountID, presence.Users, userID) {
		return Offline
	}
	return AvailabilityName(stored)
}

// ContactStatus is online for a contact who is connected now, else offline.
func (d *Desk) ContactStatus(ctx context.Context, accountID, contactID int64) string {
	if d.attendance.has(ctx, accountID, presence.Contacts, contactID) {
		return availabilityNames[0]
	}
	return Offline
}
