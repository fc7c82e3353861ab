package rules

import (
	"slices"
	"time"
)

// AfterRead is the history once a reading was decided on. If the verdict lets an
// attempt go, AfterSend follows; if not, State and Action are where the number stands
// now.
func (h History) AfterRead(d Decision, v Verdict, now time.Time) History {
	registers := d.Register || d.Move == Wait
	switch {
	case d.Row == "D0", d.Row == "D13", d.Row == "":
		// Not a reading: it forgets nothing.
	case !registers:
		h.Signature, h.RetryAt, h.Tries = "", time.Time{}, 0
		h.Reread, h.Confirming = time.Time{}, time.Time{}
		if d.State == Registered || d.State == NotNeeded {
			h.Deregistered = time.Time{}
		}
		if d.Row == "D2" {
			h.Coexistence = true
		}
	case d.Row != "D7":
		h.Reread = time.Time{}
	case h.Reread.IsZero():
		h.Reread = now
	}
	switch {
	case v.OK:
		return h
	case !d.Register:
		if d.State == "" {
			return h
		}
		return h.enter(d.State, d.Action, now)
	case v.Reason == RereadFirst && (h.State == Registered || h.State == Registering):
		return h // of a live number it is likely to be a slip of Meta's
	case v.Reason == RereadFirst && (h.State == "" || h.State == Unknown):
		return h.enter(Registering, "", now)
	}
	s, a := h.rest(d.Row, now)
	return h.enter(s, a, now)
}

// AfterSend is the history once an attempt is about to be sent. It has to be on disk
// before the call is made: a call counts whatever becomes of it.
func (h History) AfterSend(v Verdict, sig string, now time.Time) History {
	h.Calls = slices.DeleteFunc(slices.Clone(h.Calls), func(c Call) bool { return !counted(c, now) })
	h.Calls = append(h.Calls, Call{At: now, Automatic: v.Trigger.Automatic(), Trigger: v.Trigger})
	h.LastAttempt, h.Signature = now, sig
	h.RetryAt, h.Confirming = time.Time{}, time.Time{}
	return h.enter(Registering, "", now)
}

// AfterAnswer is the history once the attempt was answered. Before is the history from
// before AfterSend: an outcome that changes nothing gives its state back.
func (h History) AfterAnswer(o Outcome, before History, now time.Time) History {
	switch {
	case o.Transient:
		h.Tries++
	case !o.PauseWABA:
		h.Tries = 0
	}
	if o.Confirm {
		h.Confirming = now
	}
	if until := now.Add(o.Freeze); o.Freeze > 0 && until.After(h.FrozenUntil) {
		h.FrozenUntil = until
	}
	if o.RetryIn > 0 {
		h.RetryAt = now.Add(o.RetryIn)
	}
	if o.Deregister {
		h.Deregistered = now
	}
	if o.State != "" {
		return h.enter(o.State, o.Action, now)
	}
	switch before.State {
	case Registered, Waiting, NeedsAdmin:
		h.State, h.Action, h.PendingSince = before.State, before.Action, before.PendingSince
	}
	return h
}

// AfterToken is the history once the channel has a new token: what stood in the way
// for want of one is gone, and the next look acts at once.
func (h History) AfterToken(now time.Time) History {
	if h.State == AuthError || (h.State == NeedsAdmin && h.Action == Reconnect) {
		h.PendingSince = time.Time{}
		h = h.enter(Unknown, "", now)
	}
	h.Signature, h.RetryAt, h.Tries = "", time.Time{}, 0
	return h
}

// enter changes the state. The wait for a registration begins when a number stops
// being live or unread, and anew after a person had to act or everybody had given up.
func (h History) enter(s State, a Action, now time.Time) History {
	goesOn := s == Registering || s == Waiting
	switch {
	case s == Registered || s == NotNeeded:
		h.PendingSince = time.Time{}
	case h.PendingSince.IsZero(),
		(h.State == "" || h.State == Unknown) && s != Unknown,
		(h.State == NeedsAdmin || h.State == Abandoned) && goesOn:
		h.PendingSince = now
	}
	h.State, h.Action = s, a
	return h
}

// rest is where a number stands whose row registers while nothing is done about it.
func (h History) rest(row Row, now time.Time) (State, Action) {
	switch h.State {
	case AuthError, Abandoned:
		return h.State, h.Action
	case NeedsAdmin:
		if !outdated(h.Action, row) {
			return h.State, h.Action
		}
	case RateLimited:
		if h.FrozenUntil.After(now) {
			return h.State, h.Action
		}
	case Registering:
		if row != "D5" && (h.confirming(now) || h.RetryAt.After(now)) {
			return h.State, h.Action
		}
	}
	switch {
	case row == "D5":
		return Registered, "" // live; only its new name waits
	case h.over(now):
		return Abandoned, ContactMeta
	case row == "D12":
		return Waiting, WaitForDisplayName
	case h.State == Waiting:
		return Waiting, h.Action
	}
	return Waiting, ""
}

// outdated tells an action that the reading has overtaken: what asked for it is no
// longer so. Actions that an answer of register asked for stand until a person acts.
func outdated(a Action, row Row) bool {
	switch a {
	case EditDisplayName, ResubmitDisplayName, MigrateFromOnPrem, Reconnect:
		return true
	case VerifyPhoneNumber:
		return row != "D10"
	}
	return false
}
