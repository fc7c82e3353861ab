package rules

import (
	"time"

	"tributary/whatsapp/graph"
)

// Severity is how urgently administrators have to know.
type Severity string

// The severities. None is "".
const (
	Critical Severity = "critical"
	Warning  Severity = "warning"
	Info     Severity = "info"
)

// Reaction is what a failed call other than register means for a number.
type Reaction struct {
	// State and Action are the number's next ones; an empty State keeps both.
	State  State
	Action Action
	// FlagCredentials says that the token is dead: re-authorisation.
	FlagCredentials bool
	// Alert is how urgently administrators have to know; "": they need not.
	Alert Severity
	// PauseWABA says that calls about the whole account have to pause; Pause is for how
	// long, 0 when Meta does not say.
	PauseWABA bool
	Pause     time.Duration
	// Drop is a field that Meta does not know: ask once more without it.
	Drop string
	// Again asks for a health read at once.
	Again bool
	// Defect says that the request was wrong: a line for the log.
	Defect bool
	// Backoff says that the call is worth repeating later.
	Backoff bool
}

// Health says what a failed health read, or a failed send, means for a number. The
// last good reading is kept whatever it is.
func Health(err *graph.Error) Reaction {
	if err == nil {
		return Reaction{}
	}
	if err.Code == 133010 {
		return Reaction{State: Unknown, Again: true}
	}
	switch err.Class {
	case graph.Credentials:
		return Reaction{State: AuthError, Action: Reconnect, FlagCredentials: true, Alert: Critical}
	case graph.ObjectGone:
		return Reaction{State: NeedsAdmin, Action: Reconnect, Alert: Warning}
	case graph.AccountBlock:
		return Reaction{State: NeedsAdmin, Action: AppealRestriction, Alert: Critical}
	case graph.OurRequest:
		return Reaction{Drop: err.Field, Defect: true}
	case graph.Throttled:
		return Reaction{PauseWABA: true, Pause: err.Regain}
	case graph.Transient:
		return Reaction{Backoff: true}
	}
	return Reaction{Backoff: err.Ambiguous}
}

// setupAgain are the waits after failed set-ups of the webhook in a row.
var setupAgain = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 6 * time.Hour}

// Setup says what a failed subscription or callback override means, and when it is
// tried again; failures is how many failed before it in a row. Only a dead token asks
// for re-authorisation: nearly always something before our address keeps Meta's
// verifying request away.
func Setup(err *graph.Error, failures int) (react Reaction, retryIn time.Duration) {
	if err == nil {
		return Reaction{}, 0
	}
	react = Health(err)
	switch {
	case err.Class == graph.Callback, err.HTTPStatus == 0 && err.Ambiguous:
		// Meta calls the address while our request is open: silence may be ours.
		react = Reaction{Action: FixCallbackURL, Alert: Warning, Backoff: true}
	case react.State != "":
		return react, 0
	}
	return react, setupAgain[min(max(failures, 0), len(setupAgain)-1)]
}
