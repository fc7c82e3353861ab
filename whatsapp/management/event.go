// Package management reads what Meta tells about WhatsApp Business Accounts and their
// numbers by webhook: names and accounts that were approved, bans, restrictions,
// limits, templates. It turns each piece of news into plain data, which says what
// follows from it; carrying that out is somebody else's business. It reads whatever
// arrives: nothing is an error but a body that is no JSON object.
package management

import (
	"encoding/json"
	"time"

	"tributary/internal/waphone"
	"tributary/whatsapp/rules"
)

// Event is one piece of news.
type Event struct {
	Field string // as Meta's reference names it, also if it was misplaced
	Event string // what happened: the event, decision or alert type; "" where there is none
	// WABA is the account that it is about. It is not always the entry's id, which for
	// partners' events is our own portfolio.
	WABA string
	// Phone (digits) and PhoneID narrow it to one of the account's numbers; both ""
	// mean all of them.
	Phone   string
	PhoneID string
	// EntityType and EntityID are what an alert is about, as Meta says.
	EntityType string
	EntityID   string
	// At is when it happened, to the second; zero when Meta does not say.
	At time.Time
	// Hash is the same for each delivery of one event: Meta repeats them for days.
	Hash string
	// Aspect names what the event is news of. Of a number, or of an account if it is
	// narrowed to none, events of an aspect that are older than the last one applied are
	// ignored.
	Aspect  string
	Effects Effects
	// ConfirmByHealth asks for one read of the health of every number concerned.
	ConfirmByHealth bool
	// Value is the news as Meta put it.
	Value json.RawMessage
}

// About tells whether an event of a number's account concerns the number.
func (e Event) About(phone, phoneID string) bool {
	switch {
	case e.PhoneID != "":
		return e.PhoneID == phoneID
	case e.Phone != "":
		return SamePhone(e.Phone, phone)
	}
	return true
}

// SamePhone tells whether two phone numbers are one, however they are formatted and
// spelt: some numbers of Brazil, Argentina and Mexico have two spellings.
func SamePhone(a, b string) bool {
	x, y := waphone.Digits(a), waphone.Digits(b)
	return x != "" && waphone.Same(x, y)
}

// TierScope says what a messaging limit is the limit of.
type TierScope string

// The scopes.
const (
	TierOfNumber    TierScope = "number"
	TierOfPortfolio TierScope = "portfolio" // all numbers of all accounts of the business
)

// PIN is what became of a number's two-step PIN.
type PIN string

// What may become of it.
const (
	// PINStale says that somebody set another: only an administrator may replace it.
	PINStale PIN = "stale"
	// PINFree says that two-step verification was turned off: what is stored is stale,
	// and a new one may be set.
	PINFree PIN = "free"
	// PINResetRequested says that somebody asked for it to be turned off; it still holds.
	PINResetRequested PIN = "reset_requested"
)

// Effects is what follows from an event. The zero value of each means: nothing.
type Effects struct {
	// NameStatus is the display name's, as health spells it.
	NameStatus      string
	RequestedName   string
	RejectionReason string

	Tier       string // TIER_…
	TierScope  TierScope
	Throughput string // HIGH
	Review     string // account_review_status of the account

	Ban          *Ban
	Restrictions []Restriction
	Violation    string // its type
	Deleted      bool   // the account

	// CredentialsInvalid says that the token opens this account no more; AppID is whose
	// token, "" where Meta does not say. Customers have other apps, too.
	CredentialsInvalid bool
	AppID              string
	// Disconnection is why a number that was shared with the WhatsApp Business app left
	// us, and who did it (USER or SYSTEM); the idle are asked to open the app.
	Disconnection string
	DisconnectBy  string
	// Coexistence says that the number is, or was, shared with the WhatsApp Business app:
	// it is never registered.
	Coexistence bool

	// HoldSends says that replies have to wait for Reconnected. Nothing is registered
	// meanwhile.
	HoldSends   bool
	Reconnected bool
	// BlockSends says that Meta lets nothing be sent; Unblock ends it.
	BlockSends bool
	Unblock    bool

	// Rearm says that an obstacle is gone: every number concerned that waits is
	// registered now if the decision table agrees, whatever its schedule says, and an
	// approved rename of a live one is applied.
	Rearm bool
	// State and Action are where the numbers concerned stand until the health read, if
	// they are not live (PendingOnly) or in any case.
	State       rules.State
	Action      rules.Action
	PendingOnly bool

	Alerts   []Alert
	PIN      PIN
	Template *Template
	Calling  string // whether calls are on: ENABLED, DISABLED
}

// Ban is what Meta says of banning an account. Date is a text for people.
type Ban struct {
	State string // DISABLE, REINSTATE, SCHEDULE_FOR_DISABLE
	Date  string
}

// Restriction is something that an account may not do for a while.
type Restriction struct {
	Type  string
	Until time.Time // zero: not said
	// Replies says that even answers to customers are restricted.
	Replies bool
}

// Severities of alerts, as Meta spells them.
const (
	Critical      = "CRITICAL"
	Warning       = "WARNING"
	Informational = "INFORMATIONAL"
)

// Alert is something to show beside a number's health.
type Alert struct {
	Type     string // Meta's alert type, restriction type or event
	Severity string
	Status   string // ACTIVE or NONE
	Text     string // Meta's, plain text: markup in it is not markup; "" where it says none
	Until    time.Time
	// Mail says that administrators are told by mail, too.
	Mail bool
}

// Template is what changed about a message template. It is known by its id, or by
// name and language (underscores: en_US).
type Template struct {
	ID       string
	Name     string
	Language string

	Status   string
	Reason   string // why it was rejected or paused, Meta's word
	Advice   string // the same as a text for people, and what to do
	Category string
	// NextCategory is what the category becomes at CategoryAt.
	NextCategory string
	CategoryAt   time.Time
	Quality      string // GREEN, YELLOW, RED
}
