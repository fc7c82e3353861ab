// Package graph calls the parts of Meta's Graph API that a WhatsApp number's life
// goes through: health, registration, two-step PIN, webhook subscriptions and the
// steps of Embedded Signup. It sends messages and media nowhere; channels/wacloud
// does.
//
// Every error is an *Error: it says what the failure means (Class), whether the
// call may have taken effect all the same (Ambiguous), and is safe to log.
package graph

import (
	"encoding/json"
	"log/slog"
	"time"
)

// Target names what a call is about, and the token that opens it. Its token never
// appears in an error, a log line or a URL.
type Target struct {
	Token   string `json:"-"`
	WABA    string // WhatsApp Business Account id; counts the calls made to it
	PhoneID string // phone_number_id
}

// String leaves the token out.
func (t Target) String() string { return "waba " + t.WABA + ", number " + t.PhoneID }

// GoString leaves the token out.
func (t Target) GoString() string { return t.String() }

// LogValue leaves the token out.
func (t Target) LogValue() slog.Value {
	return slog.GroupValue(slog.String("waba", t.WABA), slog.String("phone_number_id", t.PhoneID))
}

// Number is what Meta tells of a phone number (Graph API reference, "WhatsApp
// Business Phone Number"). A nil pointer: Meta left the field out or sent null.
// Decoding one accepts Meta's answers and what encoding one gave.
type Number struct {
	ID                 string          `json:"id"`
	DisplayPhoneNumber *string         `json:"display_phone_number"`
	VerifiedName       *string         `json:"verified_name"`
	NameStatus         *string         `json:"name_status"`
	NewDisplayName     *string         `json:"new_display_name"`
	NewNameStatus      *string         `json:"new_name_status"`
	QualityRating      *string         `json:"quality_rating"`
	MessagingLimit     *string         `json:"messaging_limit_tier"` // whichever field of the two Meta gave
	AccountMode        *string         `json:"account_mode"`
	CodeVerification   *string         `json:"code_verification_status"`
	Throughput         json.RawMessage `json:"throughput"` // an object as Meta sent it; nil when absent or null
	LastOnboardedTime  *string         `json:"last_onboarded_time"`
	PlatformType       *string         `json:"platform_type"`
	Status             *string         `json:"status"`
	IsOnBizApp         *bool           `json:"is_on_biz_app"`
	IsPINEnabled       *bool           `json:"is_pin_enabled"`
	Webhook            json.RawMessage `json:"webhook_configuration"` // an object, or nil
	Health             json.RawMessage `json:"health_status"`         // an object, or nil
	Calling            json.RawMessage `json:"calling,omitempty"`
	// Dropped are the fields that were not asked for because Meta had said that it
	// does not know them: nil there means "cannot be known" rather than "not set".
	Dropped []string `json:"-"`
}

// Business is what Meta tells of a WhatsApp Business Account. "" stands for what
// Meta did not say.
type Business struct {
	ID            string
	Name          string
	PortfolioID   string // owner_business_info.id
	PortfolioName string
	ReviewStatus  string // account_review_status
}

// Class is what an error of the Graph API means for whoever called. The values
// label metrics.
type Class string

// The classes of errors. Meta documents the codes in "Cloud API: error codes" and
// "Graph API: handling errors".
const (
	Credentials     Class = "credentials"      // the token is dead or may not do this
	ObjectGone      Class = "object_gone"      // number or account does not exist for us
	OurRequest      Class = "our_request"      // a defect of this program
	Throttled       Class = "throttled"        // wait; no failure of the number
	Transient       Class = "transient"        // try again; the call may have worked
	AccountBlock    Class = "account_block"    // Meta locked or restricted the account
	NameCertificate Class = "name_certificate" // display name or certificate
	Registration    Class = "registration"     // 133000 to 133016
	Callback        Class = "callback"         // Meta cannot reach or verify our webhook
	Unknown         Class = "unknown"          // a code that is not documented, or a page that is not Meta's
)

// Error is a call that did not succeed. Its texts are Meta's, without any token,
// without control characters and of limited length; its Error method gives none of
// them.
type Error struct {
	Class      Class
	HTTPStatus int // 0: no answer, or the call was not sent
	Code       int
	Subcode    int
	Title      string // error_user_title
	UserText   string // error_user_msg
	Message    string // error.message
	Details    string // error_data.details
	Trace      string // fbtrace_id, for Meta's support
	// Field is the field that Meta does not know, when the error says so (codes 100
	// and 12).
	Field string
	// Regain is how long Meta wants the account's calls to pause; 0: not said.
	Regain time.Duration
	// Ambiguous says that the call may have taken effect: there was no complete
	// answer, or a 5xx whose code gives no reason.
	Ambiguous bool
	Err       error // the cause, when there was no answer or an unreadable one
}

// Usage is how much of a quota is used up, read from the headers of an answer
// (Graph API, "Rate limits": X-Business-Use-Case-Usage, X-App-Usage).
type Usage struct {
	Percent int           // the fullest of its counters; more than 100 is possible
	Regain  time.Duration // until calls are possible again, when Meta says so
}
