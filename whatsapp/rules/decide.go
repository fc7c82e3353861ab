package rules

import (
	"slices"
	"strings"
	"time"

	"tributary/whatsapp/graph"
)

// rereadAfter is how long Meta may take to show the throughput of a number that it
// has just provisioned.
const rereadAfter = 2 * time.Minute

// facts are the words of a reading that decisions look at. "" is a word that Meta
// left out or sent as null.
type facts struct {
	status, platform, throughput, code, name, newName, review string
}

func factsOf(r Reading) facts {
	n := r.Number
	if n == nil {
		return facts{}
	}
	return facts{
		status:     word(n.Status),
		platform:   word(n.PlatformType),
		throughput: upper(n.ThroughputLevel()),
		code:       word(n.CodeVerification),
		name:       word(n.NameStatus),
		newName:    word(n.NewNameStatus),
		review:     upper(r.Review),
	}
}

func word(s *string) string {
	if s == nil {
		return ""
	}
	return upper(*s)
}

func upper(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// provisioned tells that Meta runs the number: it is hosted in the cloud and has a
// capacity. A level that is not known yet is a capacity, too.
func (f facts) provisioned() bool {
	return f.platform == "CLOUD_API" && f.throughput != "" && f.throughput != "NOT_APPLICABLE" && f.throughput != "UNKNOWN"
}

// Provisioned tells whether a number is registered and can work. Neither the status
// nor the proof of ownership says so: CONNECTED numbers exist that never were
// registered, and the proof lapses on live ones.
func Provisioned(n *graph.Number) bool {
	return factsOf(Reading{Number: n}).provisioned()
}

// Signature is the part of a reading whose change may let a registration succeed. It
// is "" when nothing was read.
func Signature(r Reading) string {
	if r.Number == nil {
		return ""
	}
	f := factsOf(r)
	return strings.Join([]string{f.code, f.name, f.newName, f.status, f.platform, f.throughput, f.review}, "|")
}

// Changed tells whether two signatures differ. The review of the business account is
// read by a call of its own and may be missing from either: that is no change.
func Changed(before, after string) bool {
	b, a := strings.LastIndexByte(before, '|'), strings.LastIndexByte(after, '|')
	if b < 0 || a < 0 {
		return before != after
	}
	if before[:b] != after[:a] {
		return true
	}
	was, is := before[b+1:], after[a+1:]
	return was != is && was != "" && is != ""
}

// Decide finds the row of the decision table for a reading that is not older than a
// minute. The first row that matches wins; above all, provisioned is tested before
// verified, and what cannot be read is never registered.
func Decide(r Reading, h History, now time.Time) Decision {
	if r.Number == nil {
		d := Decision{Row: "D0", Move: KeepState}
		if r.Err != nil {
			react := Health(r.Err)
			d.State, d.Action, d.FlagCredentials = react.State, react.Action, react.FlagCredentials
			d.TellAdmin = react.State != "" && react.State != Unknown
		}
		return d
	}
	f := factsOf(r)
	d := row(f, r.Number, h)
	switch {
	case d.Row == "" || d.Row == "D13":
		// Nothing is known now; what is known from before is not forgotten for it.
		if h.State != "" && h.State != Registered && h.State != NotNeeded {
			d.State = ""
		}
	case !d.Register:
	case f.review == "REJECTED" && d.Row != "D5":
		// No number of an account that Meta turned down can work.
		return Decision{Row: d.Row, Move: TellAdmin, State: NeedsAdmin, Action: ContactMeta, TellAdmin: true}
	case h.confirming(now):
		// It was registered a moment ago, and Meta takes a while to show it.
		d = Decision{Row: d.Row, Move: Wait}
		if h.State == Registered && !f.provisioned() {
			d.State = Registering // Meta said that it was, and health does not show it yet
		}
		return d
	case d.Row == "D7":
		d.RereadAfter = rereadAfter
		if !h.Reread.IsZero() {
			d.RereadAfter = max(0, h.Reread.Add(rereadAfter).Sub(now))
		}
	case d.Row == "D12":
		if ok, _, _, _ := automatic(d.Row, Signature(r), h, now); !ok {
			d.Move, d.Register = Wait, false
			d.State, d.Action = h.rest(d.Row, now)
		}
	}
	return d
}

// row is the table itself.
func row(f facts, n *graph.Number, h History) Decision {
	unregistered := f.platform == "NOT_APPLICABLE"
	verified := unregistered && f.code == "VERIFIED"
	switch {
	case in(f.status, "BANNED", "DELETED", "MIGRATED"):
		return Decision{Row: "D1", Move: TellAdminStop, State: NeedsAdmin, Action: terminal[f.status], TellAdmin: true}
	case h.Coexistence, n.IsOnBizApp != nil && *n.IsOnBizApp:
		// Registering it would throw the WhatsApp Business app off the number.
		return Decision{Row: "D2", Move: SkipForever, State: NotNeeded, TellAdmin: !in(f.status, "", "CONNECTED")}
	case word(n.AccountMode) == "SANDBOX":
		return Decision{Row: "D3", Move: Skip, State: NotNeeded}
	case f.platform == "ON_PREMISE":
		return Decision{Row: "D4", Move: TellAdmin, State: NeedsAdmin, Action: MigrateFromOnPrem, TellAdmin: true}
	case f.provisioned() && f.newName == "APPROVED":
		return Decision{Row: "D5", Move: RegisterOnce, Register: true, State: Registering}
	case f.provisioned():
		return Decision{Row: "D6", Move: Skip, State: Registered}
	case f.platform == "CLOUD_API" && in(f.status, "CONNECTED", "PENDING") && in(f.throughput, "", "NOT_APPLICABLE"):
		return Decision{Row: "D7", Move: Reread, Register: true, State: Registering}
	case in(f.platform, "", "NOT_APPLICABLE") && declined(f.name):
		return Decision{Row: "D8", Move: TellAdmin, State: NeedsAdmin, Action: EditDisplayName, TellAdmin: true}
	case unregistered && f.name == "EXPIRED":
		return Decision{Row: "D9", Move: TellAdmin, State: NeedsAdmin, Action: ResubmitDisplayName, TellAdmin: true}
	case unregistered && in(f.code, "", "NOT_VERIFIED", "UNVERIFIED", "EXPIRED"):
		return Decision{Row: "D10", Move: RegisterOnce, Register: true, State: Registering}
	case verified && in(f.name, "APPROVED", "AVAILABLE_WITHOUT_REVIEW"):
		return Decision{Row: "D11", Move: RegisterNow, Register: true, State: Registering}
	case verified && in(f.name, "", "PENDING_REVIEW", "NONE", "NON_EXISTS"):
		return Decision{Row: "D12", Move: RegisterSignup, Register: true, State: Registering}
	case f.platform+f.throughput+f.status == "":
		return Decision{Row: "D13", Move: Poll, State: Unknown}
	}
	return Decision{Move: Poll, State: Unknown}
}

func in(word string, words ...string) bool { return slices.Contains(words, word) }

// declined tells a display name that Meta turned down. REJECTED is how webhooks
// spell it.
func declined(name string) bool { return in(name, "DECLINED", "REJECTED") }

// terminal says what is left to do for the statuses of D1.
var terminal = map[string]Action{"BANNED": AppealRestriction, "DELETED": Reconnect, "MIGRATED": ContactMeta}
