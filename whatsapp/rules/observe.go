package rules

import (
	"hash/fnv"
	"strconv"
	"time"
)

// early are the looks after a number began to wait, sure those after a registration
// that succeeded.
var (
	early = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
	sure  = []time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}
)

// Observe says when a number is looked at next. Looks are cheap; attempts are made at
// looks, so that there is one as soon as an attempt is due. Every delay varies by a
// fifth, and each number has an offset of its own, so that the numbers of an account
// spread out; the same arguments give the same moment.
func Observe(state State, pendingSince, now time.Time, h History) time.Time {
	settled := state == Registered || state == NotNeeded
	if !settled && h.confirming(now) {
		if at := step(sure, h.Confirming, now, h.PhoneID); !at.IsZero() {
			return at
		}
	}
	next := now.Add(spread(pace(state, pendingSince, now), h.PhoneID, now))
	if !settled && state != AuthError && state != Abandoned && !pendingSince.IsZero() {
		if at := step(early, pendingSince, now, h.PhoneID); !at.IsZero() {
			next = at
		}
	}
	sooner := func(at time.Time) {
		if at.After(now) {
			// Never before the time: that would be a look in vain.
			if at = at.Add(late(at.Sub(now), h.PhoneID, now)); at.Before(next) {
				next = at
			}
		}
	}
	if !h.Reread.IsZero() {
		sooner(h.Reread.Add(rereadAfter))
	}
	if state == RateLimited {
		sooner(h.FrozenUntil)
	}
	sooner(h.RetryAt)
	if state == Waiting || state == Registering || state == RateLimited {
		h.State, h.PendingSince = state, pendingSince
		if at, _ := h.due("", now); !at.IsZero() {
			if free := h.free(now, true); free.After(at) {
				at = free
			}
			if h.FrozenUntil.After(at) {
				at = h.FrozenUntil
			}
			sooner(at)
		}
	}
	return next
}

// pace is how long the looks at a number lie apart.
func pace(state State, pendingSince, now time.Time) time.Duration {
	age := now.Sub(pendingSince)
	switch {
	case state == Registered, state == NotNeeded:
		return 6 * time.Hour
	case state == AuthError, state == Abandoned:
		return 24 * time.Hour
	case pendingSince.IsZero(), age < 24*time.Hour:
		return time.Hour
	case age < 7*24*time.Hour:
		return 3 * time.Hour
	case age <= giveUpAfter:
		return 12 * time.Hour
	}
	return 24 * time.Hour
}

// step is the first of the steps after from that lies after now; zero: all are over.
func step(steps []time.Duration, from, now time.Time, id string) time.Time {
	for _, s := range steps {
		if at := from.Add(spread(s, id, from)); at.After(now) {
			return at
		}
	}
	return time.Time{}
}

// spread is d ± 20 %, other for every moment, and up to 5 % that a number always has.
func spread(d time.Duration, id string, at time.Time) time.Duration {
	return scaled(d, 0.8+0.4*share(id, strconv.FormatInt(at.UnixNano(), 36)+d.String())+own(id))
}

// late is what is added to a delay d that must not be shortened.
func late(d time.Duration, id string, at time.Time) time.Duration {
	return scaled(d, 0.15*share(id, strconv.FormatInt(at.UnixNano(), 36))+own(id))
}

func own(id string) float64 { return 0.05 * share(id, "") }

func scaled(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }

// share is a number in [0, 1) that stands for its arguments.
func share(id, key string) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id + "/" + key))
	x := h.Sum64()
	// FNV leaves the upper bits of short, similar words alike.
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}
