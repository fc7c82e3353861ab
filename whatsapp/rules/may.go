package rules

import (
	"slices"
	"time"
)

// Meta takes ten calls of register for a number in any 72 hours, and then none for
// 72 hours (Cloud API, "Registering phone numbers", limits; error 133016). Four of
// them are kept for people.
const (
	window        = 72 * time.Hour
	perWindow     = 10
	automatically = 6
	betweenTimers = 10 * time.Minute
	betweenClicks = time.Minute
	confirmFor    = time.Hour
	giveUpAfter   = 30 * 24 * time.Hour
)

// Reason says why an attempt is not made.
type Reason string

// The reasons.
const (
	ByTable     Reason = "table"       // the row does not register
	Unconfirmed Reason = "confirming"  // the last one succeeded and is being confirmed
	Frozen      Reason = "frozen"      // Meta wants none for a while, whoever asks
	RereadFirst Reason = "reread"      // D7 wants a second read
	TokenDead   Reason = "auth_error"  // only a new token helps
	NeedsPerson Reason = "needs_admin" // a person has to act at Meta first
	GivenUp     Reason = "abandoned"   // after 30 days only a change starts one
	NotDue      Reason = "not_due"     // nothing changed, and the schedule says later
	TooSoon     Reason = "too_soon"    // too close to the last one of its kind
	NoBudget    Reason = "budget"      // the calls of the last 72 hours are used up
	NoReason    Reason = ""            // it is made
)

// Verdict says whether an attempt may be made now.
type Verdict struct {
	OK bool
	// Trigger is what the attempt log should say: a timer that finds something changed
	// acts for the change.
	Trigger Trigger
	Reason  Reason
	// NextAt is when an attempt of this kind will be allowed if nothing changes; zero:
	// time alone does not help.
	NextAt time.Time
}

// May tells whether an attempt may be made now, for the reason t. A management
// webhook is a reason only if it lifts an obstacle (the name or the account was
// approved, a ban ended); looks that other webhooks cause are looks of the timer.
// TriggerReauth stands for every new token.
func May(d Decision, sig string, t Trigger, h History, now time.Time) Verdict {
	no := func(why Reason, at time.Time) Verdict { return Verdict{Trigger: t, Reason: why, NextAt: at} }
	switch {
	case h.Coexistence, !d.Register && d.Move != Wait:
		return no(ByTable, time.Time{})
	case h.confirming(now):
		return no(Unconfirmed, h.Confirming.Add(confirmFor))
	case h.FrozenUntil.After(now):
		return no(Frozen, h.FrozenUntil)
	case d.RereadAfter > 0:
		return no(RereadFirst, now.Add(d.RereadAfter))
	case h.State == AuthError && t != TriggerReauth && t != TriggerSignup:
		return no(TokenDead, time.Time{})
	}
	budget := h.free(now, t.Automatic())
	switch {
	case !t.Automatic():
		if again := h.last(TriggerAdmin).Add(betweenClicks); t == TriggerAdmin && again.After(now) {
			return no(TooSoon, again)
		}
	case t.webhook():
		if h.State == NeedsAdmin && !h.helps(d.Row) {
			return no(NeedsPerson, time.Time{})
		}
	default:
		ok, timed, why, at := automatic(d.Row, sig, h, now)
		switch {
		case timed:
			t = TriggerTimer
		case d.Row == "D5":
			t = TriggerRename
		default:
			t = TriggerHealth
		}
		if !ok {
			if !at.IsZero() && budget.After(at) {
				at = budget
			}
			return no(why, at)
		}
	}
	if budget.After(now) {
		return no(NoBudget, budget)
	}
	return Verdict{OK: true, Trigger: t}
}

// automatic tells whether an attempt is due by itself: because something changed, or,
// timed, because of the time. The budget is not asked.
func automatic(row Row, sig string, h History, now time.Time) (ok, timed bool, why Reason, at time.Time) {
	changed := Changed(h.Signature, sig)
	switch h.State {
	case AuthError:
		return false, !changed, TokenDead, time.Time{}
	case NeedsAdmin:
		// An attempt of a person that met a transient failure is repeated: a timer may
		// finish what a person began.
		if !h.RetryAt.IsZero() {
			changed = false
		} else if !changed || !h.helps(row) {
			return false, !changed, NeedsPerson, time.Time{}
		}
	case Abandoned:
		if !changed {
			return false, true, GivenUp, time.Time{}
		}
	}
	if changed {
		return true, false, NoReason, time.Time{}
	}
	at, tooSoon := h.due(row, now)
	switch {
	case at.IsZero():
		return false, true, NotDue, at
	case at.After(now) && tooSoon:
		return false, true, TooSoon, at
	case at.After(now):
		return false, true, NotDue, at
	}
	return true, true, NoReason, time.Time{}
}

// helps tells whether a change can have removed what an administrator was asked to
// do. A wrong PIN is never tried again by itself: Meta counts the guesses. A number
// that has to be verified first must read as verified.
func (h History) helps(row Row) bool {
	return h.Action != EnterPIN && (h.Action != VerifyPhoneNumber || row != "D10")
}

// retry is one line of the schedule: between which ages of the wait an attempt is
// made how long after the last one.
type retry struct{ from, to, every time.Duration }

// schedule is a safety net: what lets a registration succeed is a change at Meta.
// There are no timed attempts in the first hour and after thirty days.
var schedule = []retry{
	{time.Hour, 24 * time.Hour, 8 * time.Hour},
	{24 * time.Hour, 7 * 24 * time.Hour, 24 * time.Hour},
	{7 * 24 * time.Hour, giveUpAfter, 72 * time.Hour},
}

// due is when the next timed attempt may be made; zero: none will. It says, too,
// whether only its distance from the last one holds it back.
func (h History) due(row Row, now time.Time) (at time.Time, tooSoon bool) {
	switch {
	case !h.RetryAt.IsZero():
		at = h.RetryAt
	case row == "D5":
		// An approved rename is applied once; the number is live without it.
	default:
		at = h.scheduled()
	}
	if at.IsZero() || h.over(at) || h.over(now) {
		return time.Time{}, false
	}
	if again := h.last(TriggerTimer).Add(betweenTimers); again.After(at) {
		return again, true
	}
	return at, false
}

// over tells whether the wait has lasted so long that timers give up.
func (h History) over(at time.Time) bool {
	return !h.PendingSince.IsZero() && at.Sub(h.PendingSince) > giveUpAfter
}

func (h History) scheduled() time.Time {
	if h.PendingSince.IsZero() || h.LastAttempt.IsZero() {
		return time.Time{}
	}
	for _, s := range schedule {
		at := h.LastAttempt.Add(s.every)
		if from := h.PendingSince.Add(s.from); at.Before(from) {
			at = from
		}
		if at.Before(h.PendingSince.Add(s.to)) {
			return at
		}
	}
	return time.Time{}
}

// confirming tells whether a registration succeeded so recently that Meta may not
// show it yet.
func (h History) confirming(now time.Time) bool {
	return !h.Confirming.IsZero() && now.Before(h.Confirming.Add(confirmFor))
}

// last is when a call was sent for a reason; zero: not in the last 72 hours.
func (h History) last(t Trigger) time.Time {
	var at time.Time
	for _, c := range h.Calls {
		if c.Trigger == t && c.At.After(at) {
			at = c.At
		}
	}
	return at
}

// Left counts the calls of the last 72 hours, and how many are left to people. While
// Meta blocks the number for having been called too often, none are.
func Left(h History, now time.Time) (used72h, left int) {
	for _, c := range h.Calls {
		if counted(c, now) {
			used72h++
		}
	}
	if h.State == RateLimited && h.FrozenUntil.After(now) {
		return used72h, 0
	}
	return used72h, max(0, perWindow-used72h)
}

func counted(c Call, now time.Time) bool { return c.At.After(now.Add(-window)) }

// free is when the budget lets the next call through: now or earlier if it does.
func (h History) free(now time.Time, automatic bool) time.Time {
	all := room(h.Calls, perWindow, now, func(Call) bool { return true })
	if !automatic {
		return all
	}
	own := room(h.Calls, automatically, now, func(c Call) bool { return c.Automatic })
	if own.After(all) {
		return own
	}
	return all
}

// room is when fewer than limit of the calls lie within the window; zero: they do.
func room(calls []Call, limit int, now time.Time, which func(Call) bool) time.Time {
	var at []time.Time
	for _, c := range calls {
		if counted(c, now) && which(c) {
			at = append(at, c.At)
		}
	}
	if len(at) < limit {
		return time.Time{}
	}
	slices.SortFunc(at, time.Time.Compare)
	return at[len(at)-limit].Add(window)
}
