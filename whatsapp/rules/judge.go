package rules

import (
	"strconv"
	"time"

	"tributary/whatsapp/graph"
)

// Outcome is what an answer to register means.
type Outcome struct {
	Name   string // of the kind of answer: "success", "2388001_display_name", "133005", …
	Result string // the word of the attempt log
	// State and Action are the number's next ones; an empty State gives those from
	// before the attempt back.
	State  State
	Action Action
	// Counts is false for an answer that was not one of register.
	Counts bool
	// FlagCredentials says that the token is dead: re-authorisation.
	FlagCredentials bool
	// Freeze is how long nobody may register the number, the button included.
	Freeze time.Duration
	// RetryIn is when a timer tries again; 0: only the schedule or a change does.
	RetryIn time.Duration
	// Transient says that the failure adds to History.Tries.
	Transient bool
	// PauseWABA says that calls about the whole account have to pause for RetryIn; the
	// number is not to blame.
	PauseWABA bool
	// Deregister asks for one call of deregister; RetryIn later the number is registered
	// again.
	Deregister bool
	// Confirm says that health reads have to show the number as live; Observe plans them.
	Confirm bool
	// HealthFirst says that the answer leaves open what is true: health is read before
	// anything else, at once.
	HealthFirst bool
	// Defect says that the request was wrong: a line for the log, nothing for a person.
	Defect bool
	// Text is what Meta says about it to people, plain text; "" for a success.
	Text string
}

// backoff are the waits after transient failures in a row. When they are used up the
// schedule goes on: an outage of Meta's must not cost the whole budget.
var backoff = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// certificate is the subcode of code 100 for a registration whose certificate Meta did
// not make.
const certificate = 2388001

// Judge says what an answer to register means; err is nil for a success. Before is the
// reading that the attempt was decided on. Codes decide, never titles or the HTTP
// status; only where one code has several causes their texts are read.
func Judge(err *graph.Error, before Reading, h History, now time.Time) Outcome {
	if err == nil {
		return Outcome{Name: "success", Result: "success", State: Registering, Counts: true, Confirm: true}
	}
	o := answered(err, before, h)
	o.Counts = err.Code != 133010
	o.Text = err.Text()
	if factsOf(before).provisioned() && o.State == Waiting {
		// The number is live; only the approved rename was not applied.
		o.State, o.Action = "", ""
		if h.Tries < len(backoff) {
			o.RetryIn, o.Transient = 24*time.Hour, true
		}
	}
	if o.Deregister && !h.Deregistered.IsZero() && now.Sub(h.Deregistered) < window {
		o.Deregister, o.Freeze, o.RetryIn = false, 0, 0
		o.State, o.Action = NeedsAdmin, ContactMeta
	}
	return o
}

func answered(err *graph.Error, before Reading, h History) Outcome {
	if err.AlreadyRegistered() {
		return Outcome{Name: "already_registered", Result: "already_registered", State: Registered, Confirm: true, HealthFirst: true}
	}
	if err.Code == 100 && err.Subcode == certificate {
		return certificateRefused(err, before)
	}
	code := strconv.Itoa(err.Code)
	switch err.Code {
	case 133000:
		o := Outcome{Name: code, Result: "incomplete_deregistration", State: Registering}
		if factsOf(before).provisioned() {
			// To deregister a live number would cut it off.
			o.State, o.Action = NeedsAdmin, ContactMeta
			return o
		}
		o.Deregister, o.Freeze, o.RetryIn = true, 5*time.Minute, 5*time.Minute
		return o
	case 133004:
		return transient(code, err, h)
	case 133005:
		return Outcome{Name: code, Result: "pin_mismatch", State: NeedsAdmin, Action: EnterPIN}
	case 133006:
		return Outcome{Name: code, Result: "verification_needed", State: NeedsAdmin, Action: VerifyPhoneNumber}
	case 133008:
		return Outcome{Name: code, Result: "pin_guesses", State: NeedsAdmin, Action: EnterPIN, Freeze: delay(err, 24*time.Hour)}
	case 133009:
		wait := delay(err, 10*time.Minute)
		return Outcome{Name: code, Result: "pin_too_fast", Freeze: wait, RetryIn: wait}
	case 133010:
		return Outcome{Name: code, Result: "not_registered", State: Unknown, HealthFirst: true}
	case 133015:
		wait := max(5*time.Minute, delay(err, 0))
		return Outcome{Name: code, Result: "recently_deleted", Freeze: wait, RetryIn: wait}
	case 133016:
		return Outcome{Name: code, Result: "rate_limited", State: RateLimited, Action: WaitRateLimit, Freeze: window, RetryIn: window}
	case 131031, 368:
		return Outcome{Name: code, Result: "account_blocked", State: NeedsAdmin, Action: AppealRestriction}
	case 131037:
		return Outcome{Name: code, Result: "display_name", State: Waiting, Action: WaitForDisplayName}
	}
	return byClass(err, h)
}

func byClass(err *graph.Error, h History) Outcome {
	switch err.Class {
	case graph.Credentials:
		return Outcome{Name: "credentials", Result: "credentials", State: AuthError, Action: Reconnect, FlagCredentials: true}
	case graph.ObjectGone:
		return Outcome{Name: "object_gone", Result: "object_gone", State: NeedsAdmin, Action: Reconnect}
	case graph.AccountBlock:
		return Outcome{Name: "account_block", Result: "account_blocked", State: NeedsAdmin, Action: AppealRestriction}
	case graph.OurRequest:
		return Outcome{Name: "our_request", Result: "our_request", Defect: true}
	case graph.Throttled:
		wait := err.Regain
		if wait <= 0 {
			wait = time.Hour // Meta counts by the hour
		}
		return Outcome{Name: "throttled", Result: "throttled", PauseWABA: true, RetryIn: wait}
	case graph.Transient:
		return transient("transient", err, h)
	}
	if err.Ambiguous {
		return transient("transient", err, h)
	}
	return Outcome{Name: "unknown", Result: "refused"}
}

func transient(name string, err *graph.Error, h History) Outcome {
	o := Outcome{Name: name, Result: "transient", Transient: true, HealthFirst: true}
	if err.HTTPStatus == 0 && err.Ambiguous {
		o.Result = "unknown" // no answer: it may have worked
	}
	if h.Tries >= 0 && h.Tries < len(backoff) {
		o.RetryIn = backoff[h.Tries]
	}
	return o
}

func certificateRefused(err *graph.Error, before Reading) Outcome {
	if err.ExistingAccount() {
		return Outcome{Name: "2388001_existing_account", Result: "existing_account", State: NeedsAdmin, Action: DetachFromApp}
	}
	o := Outcome{Name: "2388001_display_name", Result: "display_name", State: Waiting, Action: WaitForDisplayName}
	f := factsOf(before)
	switch {
	case f.provisioned():
	case declined(f.name):
		o.State, o.Action = NeedsAdmin, EditDisplayName
	case f.name == "EXPIRED":
		o.State, o.Action = NeedsAdmin, ResubmitDisplayName
	}
	return o
}

// longest is the longest wait that is believed.
const longest = 7 * 24 * time.Hour

// delay is how long Meta says to wait ("Please try again in 7 hours."), otherwise when
// it does not say.
func delay(err *graph.Error, otherwise time.Duration) time.Duration {
	if d := min(err.Delay(), longest); d > 0 {
		return d
	}
	return otherwise
}
