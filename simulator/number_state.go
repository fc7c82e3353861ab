package simulator

import (
	"strconv"
	"strings"
	"time"
)

// NumberState is how a number begins.
type NumberState string

// The states. What register answers in each is in the comment.
const (
	Live                     NumberState = "live"          // registered; success with the PIN it has
	Approved                 NumberState = "approved"      // success
	PendingName              NumberState = "pending_name"  // 100/2388001 until the display name is approved
	Declined                 NumberState = "declined"      // 100/2388001, the name was not approved
	ExpiredName              NumberState = "expired_name"  // 100/2388001, the approval ran out
	NotVerified              NumberState = "not_verified"  // 133006 until the code is verified
	PINElsewhere             NumberState = "pin_elsewhere" // 133005 until it is the right PIN, or a new one is set
	Banned                   NumberState = "banned"        // 368; registered once
	RateLimited              NumberState = "rate_limited"  // 133016 for 72 h
	Coexistence              NumberState = "coexistence"   // refused: shared with the phone app, which registered it
	Sandbox                  NumberState = "sandbox"       // refused: Meta registers test numbers itself
	OnPremise                NumberState = "on_premise"    // success, which moves the number to the Cloud API
	NotProvisioned           NumberState = "not_provisioned"
	ExistingAccount          NumberState = "existing_account"          // 100/2388001, an account on a phone has the number
	Restricted               NumberState = "restricted"                // 131031
	IncompleteDeregistration NumberState = "incomplete_deregistration" // 133000 until 5 min after one deregister
	Hang                     NumberState = "hang"                      // no answer until Heal
	TokenDead                NumberState = "token_dead"                // 190 on every call, until a new token is granted
)

// Flaky is a state in which register answers 503/133004 so many times, and then
// success.
func Flaky(times int) NumberState { return NumberState(flakyPrefix + strconv.Itoa(times)) }

const flakyPrefix = "flaky:"

func (s NumberState) flaky() (times int, ok bool) {
	v, ok := strings.CutPrefix(string(s), flakyPrefix)
	times, _ = strconv.Atoi(v) // Flaky wrote it
	return times, ok
}

// Facts is what Meta thinks of a number; the words are the Graph API's. An empty
// text is a field that its answers leave out.
type Facts struct {
	VerifiedName     string // display name, approved or not
	NameStatus       string
	NewName          string // a rename under way
	NewNameStatus    string
	CodeVerification string
	Platform         string
	Throughput       string // level
	Status           string
	Quality          string
	Tier             string // TIER_…
	Mode             string
	OnBizApp         bool
	PINEnabled       bool
	Registered       bool
	Onboarded        time.Time // last_onboarded_time; zero: never
}

const (
	approved      = "APPROVED"
	pendingReview = "PENDING_REVIEW"
	declined      = "DECLINED"
	verified      = "VERIFIED"
	notVerified   = "NOT_VERIFIED"
	notApplicable = "NOT_APPLICABLE"
	cloudAPI      = "CLOUD_API"
	standard      = "STANDARD"
	connected     = "CONNECTED"
	pending       = "PENDING"
)

// fresh is a number in the account that was never registered, and could be.
func fresh(name string) Facts {
	return Facts{
		VerifiedName: name, NameStatus: approved, CodeVerification: verified, Platform: notApplicable,
		Throughput: notApplicable, Status: pending, Quality: "UNKNOWN", Tier: "TIER_NOT_SET", Mode: "LIVE",
	}
}

// live is a number that is registered and well.
func live(name string, at time.Time) Facts {
	return Facts{
		VerifiedName: name, NameStatus: approved, CodeVerification: verified, Platform: cloudAPI, Throughput: standard,
		Status: connected, Quality: "GREEN", Tier: "TIER_2K", Mode: "LIVE", PINEnabled: true, Registered: true, Onboarded: at,
	}
}

// begin puts the number into its first state.
func (n *Number) begin(spec NumberSpec, name string, now time.Time) {
	f := fresh(name)
	state := spec.State
	if times, ok := state.flaky(); ok {
		state = Approved
		if times > 0 {
			n.faults.arm("register", KnownFault("133004"), times)
		}
	}
	switch state {
	case "", Live:
		f = live(name, now)
	case Approved, TokenDead:
	case PendingName:
		f.NameStatus = pendingReview
	case Declined:
		f.NameStatus = declined
	case ExpiredName:
		f.NameStatus = "EXPIRED"
	case NotVerified:
		f.CodeVerification, f.NameStatus = notVerified, pendingReview
	case PINElsewhere:
		f.PINEnabled = true
	case Banned:
		f = live(name, now)
		f.Status, f.Quality = "BANNED", "RED"
	case RateLimited:
		n.register.blocked = now.Add(registerWindow)
		n.deregister.blocked = n.register.blocked
	case Coexistence:
		f = live(name, now)
		f.OnBizApp, f.CodeVerification = true, notVerified
	case Sandbox:
		f = live(name, now)
		f.Mode, f.CodeVerification, f.NameStatus, f.Tier = "SANDBOX", notVerified, "NONE", "TIER_250"
	case OnPremise:
		f = live(name, now)
		f.Platform, f.Throughput, f.Registered = "ON_PREMISE", notApplicable, false
	case NotProvisioned:
		f = live(name, now)
		n.lag = lag{reads: spec.ProvisionReads, until: spec.ProvisionUntil, onlyThroughput: true}
		if n.lag.reads == 0 && n.lag.until.IsZero() {
			n.lag.until = now.Add(provisioning)
		}
	case ExistingAccount:
		n.existing = true
	case Restricted:
		n.locked = true
	case IncompleteDeregistration:
		n.incomplete = true
	case Hang:
		n.faults.arm("register", Fault{Hang: true}, 0)
	}
	if spec.Change != nil {
		spec.Change(&f)
	}
	switch {
	case spec.PIN != "":
		n.pin, f.PINEnabled = n.hashPIN(spec.PIN), true
	case f.PINEnabled:
		n.pin = n.hashPIN(token(16)) // no 6 digits match it
	}
	n.facts = f
}

const provisioning = 90 * time.Second

// lag is a time during which Meta's answers do not show yet that a number is
// registered.
type lag struct {
	reads          int // health reads that still show the old state
	until          time.Time
	onlyThroughput bool // CLOUD_API is shown, its capacity is not
}

// over counts one read and tells whether it shows the truth.
func (l *lag) over(now time.Time, read bool) bool {
	if now.Before(l.until) {
		return false
	}
	if l.reads > 0 {
		if read {
			l.reads--
		}
		return false
	}
	return true
}

// shown are the facts as answers give them. The caller holds waba.mu.
func (n *Number) shown(now time.Time, read bool) Facts {
	f := n.facts
	if n.lag.over(now, read) {
		return f
	}
	f.Throughput = notApplicable
	if !n.lag.onlyThroughput {
		f.Platform, f.Status, f.Registered, f.Onboarded = notApplicable, pending, false, time.Time{}
	}
	return f
}
