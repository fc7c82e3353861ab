package relay

import (
	"slices"
	"time"

	"github.com/sony/gobreaker/v2"

	"tributary/channels"
	"tributary/store"
)

// Attempt is what came of one try to send a message.
type Attempt struct {
	At             time.Time
	MessageID      int64
	AccountID      int64
	InboxID        int64
	ConversationID int64
	Channel        string
	// Verdict is "sent", "breaker_open", "held", the class of the provider's refusal
	// where it is tried again, or "failed".
	Verdict string
	Class   string // of the refusal
	Code    string // the provider's
	Error   string // as agents read it
	Number  int    // of the try, from 1
	// NextAt is when it is tried again; zero: it is not.
	NextAt time.Time
}

// Verdicts of attempts that are no class of a refusal.
const (
	verdictSent    = "sent"
	verdictFailed  = "failed"
	verdictBreaker = "breaker_open"
	verdictHeld    = "held"
)

// attemptsKept is how many attempts are remembered, for operators.
const attemptsKept = 500

// note remembers an attempt in place of the oldest.
func (r *Relay) note(l *lane, d store.Delivery, a Attempt) {
	a.At, a.Channel, a.Number = r.opt.Now(), l.slug, d.Attempts+1
	a.MessageID, a.AccountID, a.InboxID, a.ConversationID = d.MessageID, d.AccountID, d.InboxID, d.ConversationID
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.attempts) < attemptsKept {
		r.attempts = append(r.attempts, a)
		return
	}
	r.attempts[r.oldest] = a
	r.oldest = (r.oldest + 1) % attemptsKept
}

// refusal is an attempt that the provider refused.
func (r *Relay) refusal(d store.Delivery, verdict string, e *channels.SendError, next time.Time) Attempt {
	return Attempt{Verdict: verdict, Class: string(e.Class), Code: e.Code, Error: r.words(d, e), NextAt: next}
}

// Attempts are the last ones of this process, newest first.
func (r *Relay) Attempts() []Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := slices.Concat(r.attempts[r.oldest:], r.attempts[:r.oldest])
	slices.Reverse(out)
	return out
}

// Lane is how the sends of one inbox are doing in this process.
type Lane struct {
	InboxID int64
	Channel string
	Breaker string // closed, half-open, open
	Busy    int    // messages being sent
	// Paused is until when nothing of it is sent; zero: it is not paused.
	Paused time.Time
}

// Lanes are those of inboxes that something was sent from since the process began.
func (r *Relay) Lanes() []Lane {
	now := r.opt.Now()
	r.mu.Lock()
	out, breakers := make([]Lane, 0, len(r.lanes)), make([]func() gobreaker.State, 0, len(r.lanes))
	for _, l := range r.lanes {
		lane := Lane{InboxID: l.inboxID, Channel: l.slug, Busy: l.busy}
		if now.Before(l.paused) {
			lane.Paused = l.paused
		}
		out, breakers = append(out, lane), append(breakers, l.breaker.State)
	}
	r.mu.Unlock()
	// Asking may end a breaker's pause, of which it tells us: not under our lock.
	for i := range out {
		out[i].Breaker = breakers[i]().String()
	}
	return out
}
