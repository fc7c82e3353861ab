// Package rules decides what to do about a WhatsApp number: pure functions over
// what Meta said and what was done so far. It calls nobody and keeps nothing; the
// clock is an argument.
//
// Whoever looks after a number goes round like this:
//
//	d := Decide(reading, h, now)
//	v := May(d, sig, trigger, h, now)
//	h = h.AfterRead(d, v, now)
//	if v.OK {
//		before := h
//		h = h.AfterSend(v, sig, now)      // stored, then the call is made
//		o := Judge(err, reading, h, now)
//		h = h.AfterAnswer(o, before, now)
//	}
//	next := Observe(h.State, h.PendingSince, now, h)
//
// where sig is Signature(reading). The three After methods are the memory of it: what
// they keep and forget is what makes "once" and "changed" mean anything.
package rules

import (
	"strings"
	"time"

	"tributary/whatsapp/graph"
)

// State is where the registration of a number stands, as clients see it.
type State string

// The states.
const (
	Unknown     State = "unknown"
	NotNeeded   State = "not_needed"
	Registering State = "registering"
	Registered  State = "registered"
	Waiting     State = "waiting_for_meta"
	NeedsAdmin  State = "needs_admin"
	RateLimited State = "rate_limited"
	AuthError   State = "auth_error"
	Abandoned   State = "abandoned"
)

// Action is what a person, or Meta, has to do before the number can go live.
type Action string

// The actions. None is "".
const (
	WaitForDisplayName  Action = "wait_for_display_name"
	EditDisplayName     Action = "edit_display_name"
	ResubmitDisplayName Action = "resubmit_display_name"
	VerifyPhoneNumber   Action = "verify_phone_number"
	EnterPIN            Action = "enter_pin"
	DetachFromApp       Action = "detach_from_whatsapp_app"
	Reconnect           Action = "reconnect"
	AppealRestriction   Action = "appeal_restriction"
	WaitRateLimit       Action = "wait_rate_limit"
	MigrateFromOnPrem   Action = "migrate_from_on_premise"
	ContactMeta         Action = "contact_meta"
	FixCallbackURL      Action = "fix_callback_url"
)

// Trigger says why an attempt is made. "webhook:<field>" names the field of the
// management webhook.
type Trigger string

// The triggers.
const (
	TriggerSignup  Trigger = "signup"
	TriggerReauth  Trigger = "reauthorization"
	TriggerTimer   Trigger = "timer"
	TriggerHealth  Trigger = "health_change"
	TriggerAdmin   Trigger = "admin"
	TriggerRename  Trigger = "rename"
	TriggerWebhook Trigger = "webhook:" // + field
)

// Row is a row of the decision table, "D0" to "D13"; "" when none matches.
type Row string

// Move is what a row says to do.
type Move string

// The moves.
const (
	KeepState      Move = "keep_state_poll_again"   // D0
	TellAdminStop  Move = "tell_admin_stop"         // D1
	SkipForever    Move = "skip_for_ever"           // D2
	Skip           Move = "skip"                    // D3, D6
	TellAdmin      Move = "tell_admin"              // D4, D8, D9
	RegisterOnce   Move = "register_once"           // D5, D10
	Reread         Move = "reread_then_register"    // D7
	RegisterNow    Move = "register_now"            // D11
	RegisterSignup Move = "register_once_at_signup" // D12, an attempt is due
	Wait           Move = "wait"                    // D12, none is due
	Poll           Move = "poll"                    // D13 and no row
)

// Reading is one fresh health read: what Meta said, or why it did not.
type Reading struct {
	Number *graph.Number
	Review string       // account_review_status of the WABA, "" when not known
	Err    *graph.Error // Number is nil then
}

// Decision is what the table says about one reading.
type Decision struct {
	Row      Row
	Move     Move
	Register bool // the row wants a registration (D7: only after the second read)
	// State and Action are the number's next ones; an empty State keeps both. Those of
	// a registration hold once it is made: AfterRead knows what holds until then.
	State  State
	Action Action
	// TellAdmin says that administrators have to know, apart from alerts.
	TellAdmin bool
	// FlagCredentials says that the token is dead: re-authorisation.
	FlagCredentials bool
	// RereadAfter is set by D7: how long until the second read. 0: this was the second.
	RereadAfter time.Duration
}

// History is what the engine remembers of a number when it asks whether to act.
type History struct {
	State        State     `json:"state,omitempty"`
	Action       Action    `json:"action,omitempty"`
	Coexistence  bool      `json:"coexistence,omitempty"`  // by the signup event, or seen once
	PendingSince time.Time `json:"pending_since,omitzero"` // when it began to wait; zero: it does not
	// Signature is the input signature at the last attempt, "" when there was none. A
	// reading that rules a registration out (it is live, a person has to act first)
	// clears it, so that what comes afterwards is a change even if Meta says the same
	// as at the last attempt: a name was edited, a second rename approved.
	Signature string `json:"signature,omitempty"`
	// LastAttempt is when a registration was last sent; zero: never.
	LastAttempt time.Time `json:"last_attempt,omitzero"`
	// Calls are the moments at which calls of register were sent in the last 72 h,
	// and whether a person started them.
	Calls []Call `json:"calls,omitempty"`
	// FrozenUntil is until when Meta wants no registration (133016, 133008, 133009,
	// 133015).
	FrozenUntil time.Time `json:"frozen_until,omitzero"`
	// RetryAt is set after a failure that time cures: the back-off's end.
	RetryAt time.Time `json:"retry_at,omitzero"`
	// Tries counts transient failures in a row.
	Tries int `json:"tries,omitempty"`
	// Reread is when D7 was first seen; zero: it was not.
	Reread time.Time `json:"reread,omitzero"`
	// Confirming is when a registration succeeded that health has not confirmed yet.
	Confirming time.Time `json:"confirming,omitzero"`
	// Deregistered is when the number was deregistered because Meta had an unfinished
	// deregistration (133000); zero: it was not since it last was live.
	Deregistered time.Time `json:"deregistered,omitzero"`
	// PhoneID spreads the numbers over time.
	PhoneID string `json:"phone_id,omitempty"`
}

// Call is one counted call of register.
type Call struct {
	At        time.Time `json:"at,omitzero"`
	Automatic bool      `json:"automatic,omitempty"`
	Trigger   Trigger   `json:"trigger,omitempty"`
}

// Automatic tells whether no person started what a trigger stands for.
func (t Trigger) Automatic() bool {
	return t != TriggerSignup && t != TriggerReauth && t != TriggerAdmin
}

// webhook tells a trigger "webhook:<field>".
func (t Trigger) webhook() bool { return strings.HasPrefix(string(t), string(TriggerWebhook)) }
