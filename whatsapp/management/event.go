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
	Field string `json:"field,omitempty"` // as Meta's reference names it, also if it was misplaced
	Event string `json:"event,omitempty"` // what happened: the event, decision or alert type; "" where there is none
	// WABA is the account that it is about. It is not always the entry's id, which for
	// partners' events is our own portfolio.
	WABA string `json:"waba,omitempty"`
	// Phone (digits) and PhoneID narrow it to one of the account's numbers; both ""
	// mean all of them.
	Phone   string `json:"phone,omitempty"`
	PhoneID string `json:"phone_id,omitempty"`
	// EntityType and EntityID are what an alert is about, as Meta says.
	EntityType string `json:"entity_type,omitempty"`
	EntityID   string `json:"entity_id,omitempty"`
	// At is when it happened, to the second; zero when Meta does not say.
	At time.Time `json:"at,omitzero"`
	// Hash is the same for each delivery of one event: Meta repeats them for days.
	Hash string `json:"hash,omitempty"`
	// Aspect names what the event is news of. Of a number, or of an account if it is
	// narrowed to none, events of an aspect that are older than the last one applied are
	// ignored.
	Aspect  string  `json:"aspect,omitempty"`
	Effects Effects `json:"effects,omitzero"`
	// ConfirmByHealth asks for one read of the health of every number concerned.
	ConfirmByHealth bool `json:"confirm_by_health,omitempty"`
	// Value is the news as Meta put it.
	Value json.RawMessage `json:"value,omitempty"`
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
	NameStatus      string `json:"name_status,omitempty"`
	RequestedName   string `json:"requested_name,omitempty"`
	RejectionReason string `json:"rejection_reason,omitempty"`

	Tier       string    `json:"tier,omitempty"` // TIER_…
	TierScope  TierScope `json:"tier_scope,omitempty"`
	Throughput string    `json:"throughput,omitempty"` // HIGH
	Review     string    `json:"review,omitempty"`     // account_review_status of the account

	Ban          *Ban          `json:"ban,omitempty"`
	Restrictions []Restriction `json:"restrictions,omitempty"`
	Violation    string        `json:"violation,omitempty"` // its type
	Deleted      bool          `json:"deleted,omitempty"`   // the account

	// CredentialsInvalid says that the token opens this account no more; AppID is whose
	// token, "" where Meta does not say. Customers have other apps, too.
	CredentialsInvalid bool   `json:"credentials_invalid,omitempty"`
	AppID              string `json:"app_id,omitempty"`
	// Disconnection is why a number that was shared with the WhatsApp Business app left
	// us, and who did it (USER or SYSTEM); the idle are asked to open the app.
	Disconnection string `json:"disconnection,omitempty"`
	DisconnectBy  string `json:"disconnect_by,omitempty"`
	// Coexistence says that the number is, or was, shared with the WhatsApp Business app:
	// it is never registered.
	Coexistence bool `json:"coexistence,omitempty"`

	// HoldSends says that replies have to wait for Reconnected. Nothing is registered
	// meanwhile.
	HoldSends   bool `json:"hold_sends,omitempty"`
	Reconnected bool `json:"reconnected,omitempty"`
	// BlockSends says that Meta lets nothing be sent; Unblock ends it.
	BlockSends bool `json:"block_sends,omitempty"`
	Unblock    bool `json:"unblock,omitempty"`

	// Rearm says that an obstacle is gone: every number concerned that waits is
	// registered now if the decision table agrees, whatever its schedule says, and an
	// approved rename of a live one is applied.
	Rearm bool `json:"rearm,omitempty"`
	// State and Action are where the numbers concerned stand until the health read, if
	// they are not live (PendingOnly) or in any case.
	State       rules.State  `json:"state,omitempty"`
	Action      rules.Action `json:"action,omitempty"`
	PendingOnly bool         `json:"pending_only,omitempty"`

	Alerts   []Alert   `json:"alerts,omitempty"`
	PIN      PIN       `json:"pin,omitempty"`
	Template *Template `json:"template,omitempty"`
	Calling  string    `json:"calling,omitempty"` // whether calls are on: ENABLED, DISABLED
}

// Ban is what Meta says of banning an account. Date is a text for people.
type Ban struct {
	State string `json:"state,omitempty"` // DISABLE, REINSTATE, SCHEDULE_FOR_DISABLE
	Date  string `json:"date,omitempty"`
}

// Restriction is something that an account may not do for a while.
type Restriction struct {
	Type  string    `json:"type,omitempty"`
	Until time.Time `json:"until,omitzero"` // zero: not said
	// Replies says that even answers to customers are restricted.
	Replies bool `json:"replies,omitempty"`
}

// Severities of alerts, as Meta spells them.
const (
	Critical      = "CRITICAL"
	Warning       = "WARNING"
	Informational = "INFORMATIONAL"
)

// Alert is something to show beside a number's health.
type Alert struct {
	Type     string    `json:"type,omitempty"` // Meta's alert type, restriction type or event
	Severity string    `json:"severity,omitempty"`
	Status   string    `json:"status,omitempty"` // ACTIVE or NONE
	Text     string    `json:"text,omitempty"`   // Meta's, plain text: markup in it is not markup; "" where it says none
	Until    time.Time `json:"until,omitzero"`
	// Mail says that administrators are told by mail, too.
	Mail bool `json:"mail,omitempty"`
}

// Template is what changed about a message template. It is known by its id, or by
// name and language (underscores: en_US).
type Template struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Language string `json:"language,omitempty"`

	Status   string `json:"status,omitempty"`
	Reason   string `json:"reason,omitempty"` // why it was rejected or paused, Meta's word
	Advice   string `json:"advice,omitempty"` // the same as a text for people, and what to do
	Category string `json:"category,omitempty"`
	// NextCategory is what the category becomes at CategoryAt.
	NextCategory string    `json:"next_category,omitempty"`
	CategoryAt   time.Time `json:"category_at,omitzero"`
	Quality      string    `json:"quality,omitempty"` // GREEN, YELLOW, RED
}
