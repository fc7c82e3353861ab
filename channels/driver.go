// Package channels is the contract between the gateway and the drivers of the
// messaging providers. A driver lives in a folder of its own, implements Driver
// and whichever capabilities its provider has, and is listed once in
// channels/all. Drivers import this package and chat, never the store or the
// queue.
package channels

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"tributary/chat"
	"tributary/wording"
)

// Driver is what every channel must be able to do.
//
// The edge calls, in this order: Locate (whose webhook is this?), Verify (is it
// authentic?), Decode (what happened?). None of the three may do I/O, block,
// keep r or any slice of it, or look at the clock other than r.ReceivedAt.
type Driver interface {
	// Info describes the driver. It is constant.
	Info() Info
	// Parse turns the stored settings of a channel into the driver's own config
	// struct, once per load; it becomes Channel.Config.
	Parse(settings json.RawMessage) (any, error)
	// Addresses are the names under which webhooks find the channel.
	Addresses(ch *Channel) []Binding
	// Locate names the one channel that r is addressed to, where it can be read
	// without trusting r (from the path, or Twilio's form). ok is false for hooks
	// that many channels share and that an installation-wide secret proves.
	Locate(r *Request) (address chat.Address, ok bool)
	// Verify proves r on its exact bytes. ch is the located channel, nil on a
	// shared hook. It fails closed: no secret, no proof. Comparisons are
	// constant-time; an empty secret counts as none.
	Verify(r *Request, ch *Channel) Proof
	// Decode normalises the request. Content it does not understand becomes an
	// event of kind ignored or a message with Unsupported, never an error; only
	// a body that is not the provider's format at all gives ErrFormat (400), or
	// *Refusal for another answer. Every event has Channel, Key, Kind and
	// Address set.
	Decode(r *Request) ([]chat.Event, error)
}

// ErrFormat says that the body is not the provider's format: 400.
var ErrFormat = errors.New("channels: not the provider's format")

// Refusal is an answer that Decode wants instead of 200 or 400.
type Refusal struct {
	Response
	Reason string // metrics label
}

// Error implements error.
func (r *Refusal) Error() string { return "channels: refused: " + r.Reason }

// Info describes a driver.
type Info struct {
	Slug        string   // "line": metrics label, Event.Channel of most drivers
	ChannelType string   // "Channel::Line"
	Title       string   // for people: "LINE"
	CreateType  string   // channel.type of POST inboxes; empty: created elsewhere
	Hooks       []Hook   // webhook endpoints
	Rate        Rate     // provider's limit on calls of one channel
	Threshold   int      // authorisation errors before reauthorization_required; 0: 1
	Secrets     []string // names of settings never shown or logged
	// Editable are the parameters that PATCH inboxes takes (contract 05 §3). A change
	// that has none of them leaves the channel alone: dashboards send those of a
	// website to inboxes of every kind.
	Editable []string
	// Named tells that Create names the inbox when its maker does not.
	Named bool
}

// Hook is one webhook endpoint. Path is written for fasthttp/router:
// "/webhooks/line/{line_channel_id}".
type Hook struct {
	Name    string // "webhook", "status": Request.Hook
	Method  string
	Path    string
	Success Response // answer once the events are durable
}

// Response is an HTTP answer.
type Response struct {
	Status      int
	ContentType string
	Body        string
	Header      map[string]string
}

// Rate is a provider's limit: calls per second of one channel, and how many may
// come at once. Zero: no limit.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Request is a webhook request as drivers see it. Nothing of it may be kept
// after the call returns; strings made by json.Unmarshal are copies and safe.
type Request struct {
	Hook       string // Hook.Name
	Method     string
	Path       string
	Param      func(name string) string // path parameter, percent-decoded
	Query      func(name string) string
	RawQuery   string
	Header     func(name string) string
	Body       []byte
	PublicURL  string // FRONTEND_URL + path + query: what the provider called
	ReceivedAt time.Time
}

// Channel is a configured channel of an inbox.
type Channel struct {
	ID        int64
	InboxID   int64
	AccountID int64
	Type      string          // "Channel::Line"
	Name      string          // of the inbox
	Settings  json.RawMessage // plain text; lives in memory only
	Config    any             // what Driver.Parse made of Settings
	// SignatureMode is enforce, observe, or empty for the installation's.
	SignatureMode           string
	AccountActive           bool
	Locale                  wording.Locale // of the account: what its agents read
	ReauthorizationRequired bool
	// RegistrationIncomplete is a WhatsApp number that cannot work yet.
	RegistrationIncomplete bool
	// Deleting is a channel whose inbox is about to be deleted.
	Deleting bool
	// SendHold is HoldReplies, BlockReplies or empty; SendHoldReason is what agents
	// read of it.
	SendHold       string
	SendHoldReason wording.Text
}

// What a channel's standing at its provider does to replies.
const (
	HoldReplies  = "held"    // they wait
	BlockReplies = "blocked" // they fail
)

// Binding is an address of a channel. Global addresses belong to one channel of
// the installation; the others to one channel per account.
type Binding struct {
	chat.Address
	PerAccount bool
}

// Installation is the address of news that concern no single channel: what a
// provider tells the installation's own app. Such events come without an inbox, and
// only when they are proven.
var Installation = chat.Address{Kind: "installation"} //nolint:gochecknoglobals // a constant in all but name

// Proof is the outcome of Verify.
type Proof struct {
	Result   string // ProofOK and its siblings
	SecretID string // which secret matched, where a driver has several
	Detail   string // names the missing setting, never a secret
}

// Results of Verify.
const (
	ProofOK       = "ok"
	ProofMissing  = "missing"   // the request carries no proof
	ProofBad      = "bad"       // it does not match
	ProofNoSecret = "no_secret" // nothing to check it with
)

// OK tells whether the request is proven.
func (p Proof) OK() bool { return p.Result == ProofOK }

// Challenger answers the GET handshake of a provider. ch is the located
// channel, nil on a shared hook or when the address is unknown.
type Challenger interface {
	Challenge(r *Request, ch *Channel) Response
}

// Refuser words the refusal of an unproven request; without it the answer is
// 401 with an empty body.
type Refuser interface {
	Refuse(p Proof) Response
}

// Chooser narrows the channels that carry the address of an event, when not all
// of them shall get it.
type Chooser interface {
	Choose(candidates []*Channel, ev *chat.Event, p Proof) []*Channel
}

// Tailor fits an event to the channel that gets it, where the payload alone does
// not say enough: which of two transports it came by, or that the channel wants
// none of it (kind ignored). ev is a shallow copy: Tailor replaces what its
// pointers lead to and changes nothing behind them, because other channels get
// the same event.
type Tailor interface {
	Tailor(ev *chat.Event, ch *Channel)
}

// Alternates gives further addresses of the one channel that r is addressed to,
// in order, for requests that name it more than once (Twilio: the messaging
// service, else the number). They are tried when no channel has the address of
// Locate.
type Alternates interface {
	Alternates(r *Request) []chat.Address
}

// Sender sends replies. Plan is pure and deterministic: it splits a message
// into the calls that the provider needs, or refuses it with a *SendError, worded
// by Say. The relay then calls SendPart for each part that has not been sent yet, in
// order, and stores the receipt before the next one.
type Sender interface {
	Plan(ch *Channel, m *chat.Outbound) ([]chat.Part, error)
	SendPart(ctx context.Context, ch *Channel, m *chat.Outbound, p chat.Part) (Receipt, error)
}

// Receipt is what the provider answered to one part.
type Receipt struct {
	ProviderIDs []string
	// Status is set when the provider has no receipts and acceptance is all
	// there will ever be (LINE: delivered); else sent is assumed.
	Status chat.MessageStatus
}

// SendError is a refused send with its verdict. Words is what the agent reads in
// external_error; it never holds a secret.
type SendError struct {
	Class chat.ErrorClass
	Code  string
	// Text are the provider's words, in the channel's own format; of look-ups, which
	// only logs tell about, also ours. Say is what we say to agents, and wins.
	Text       string
	Say        wording.Text
	RetryAfter time.Duration // throttled: when the provider said so
	MaxTries   int           // retryable: fewer tries than usual; 0: usual
	Err        error
}

// Words is what the agent reads, in the agent's language.
func (e *SendError) Words(l wording.Locale) string {
	if e.Say.Zero() {
		return e.Text
	}
	return l.Say(e.Say)
}

// Error implements error.
func (e *SendError) Error() string { return string(e.Class) + ": " + e.Words(wording.English) }

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }

// Creator makes a channel from the parameters of the API (contract 05 §3) and
// changes one. Both may call the provider to check credentials; what they find
// wrong is a *chat.Error naming the attribute.
type Creator interface {
	Create(ctx context.Context, params json.RawMessage) (Draft, error)
	// Update returns the new settings.
	Update(ctx context.Context, ch *Channel, params json.RawMessage) (json.RawMessage, error)
}

// Account is what a driver may know of the account that a channel is made for.
type Account struct {
	ID     int64
	Locale wording.Locale
	// InboundDomain takes the account's mail; empty: it takes none.
	InboundDomain string
}

// AccountCreator is a Creator whose new channels depend on their account.
type AccountCreator interface {
	CreateFor(ctx context.Context, account Account, params json.RawMessage) (Draft, error)
}

// Draft is a channel about to be stored.
type Draft struct {
	Settings json.RawMessage
	Name     string // inbox name when the caller gave none
}

// Registrar installs our webhook at the provider. It runs as a job after the
// inbox is stored: its failure shows on the inbox and is retried.
type Registrar interface {
	Register(ctx context.Context, ch *Channel) error
	Unregister(ctx context.Context, ch *Channel) error
}

// Inspector asks the provider whether it takes the credentials of a channel, by a call
// that changes nothing and costs little.
type Inspector interface {
	Inspect(ctx context.Context, ch *Channel) error
}

// Presenter gives the channel's own keys of the Inbox JSON (contract 05 §1.1).
type Presenter interface {
	Present(ch *Channel, admin bool) map[string]any
}

// Windowed says how long after the last incoming message a reply is allowed;
// 0: always.
type Windowed interface {
	Window(ch *Channel) time.Duration
}

// SourceMaker builds the source id of a contact that the desk writes to first.
type SourceMaker interface {
	SourceFor(ch *Channel, phone, email string) (string, error)
}

// SourceChecker knows the form of the source ids of a channel, for those that people
// give.
type SourceChecker interface {
	// CheckSource says what is wrong with one; the text continues the attribute's name.
	// Empty: nothing is.
	CheckSource(ch *Channel, sourceID string) string
}

// Acknowledger tells the provider that an event was taken in, where the provider
// shows the contact that it waits (a pressed button). It runs as a job after the
// event is stored, for events of kind interaction, and does nothing for events
// that need no acknowledgement. Errors are *SendError, as in Sender.
type Acknowledger interface {
	Acknowledge(ctx context.Context, ch *Channel, ev *chat.Event) error
}

// MediaFetcher builds the request that downloads an attachment which only its
// provider can give (Fetch.Strategy other than url). It may call the provider to
// find out where the bytes are. The caller sends a request that carries headers
// with Env.HTTP, so that credentials go only where the driver says; one without is
// sent like any address from outside. It limits what it reads, and never stores or
// shows the URL, which may hold a token. Errors are *SendError, as in Sender.
type MediaFetcher interface {
	MediaRequest(ctx context.Context, ch *Channel, f *chat.Fetch) (*http.Request, error)
}

// SourceVariants gives other spellings of a contact's source id under which the
// same person may be stored already.
type SourceVariants interface {
	Variants(sourceID string) []string
}

// Unique names the attribute that identifies a channel, for the message that
// another channel has it already: "line_channel_id", "Line channel".
type Unique interface {
	UniqueAttribute() (name, human string)
}

// Profiler asks the provider who a contact is. It runs as a job after the
// contact was stored: a look-up that fails costs nobody's message.
type Profiler interface {
	// Profile gives what the provider tells: name, avatar address, attributes.
	// threadType is the conversation's additional_attributes.type. An error is a
	// *SendError; class permanent means that the provider will not tell.
	Profile(ctx context.Context, ch *Channel, sourceID, threadType string) (chat.Contact, error)
}

// Typist shows the contact that an agent is typing. m carries the addressing
// fields only.
type Typist interface {
	Typing(ctx context.Context, ch *Channel, m *chat.Outbound, on bool) error
}

// TypingPace says how the provider of ch treats Typing: how long the contact sees
// one call (0: this channel has no indicator), and whether the provider can take it
// back; where it cannot, Typing is only called with on. Without it an indicator
// lasts five seconds and can be taken back.
type TypingPace interface {
	TypingPace(ch *Channel) (lasts time.Duration, ends bool)
}

// MarkReader tells the provider that the conversation was read up to
// m.LastIncomingID.
type MarkReader interface {
	MarkRead(ctx context.Context, ch *Channel, m *chat.Outbound) error
}

// Announcer names whoever runs the other end of a channel and is told what happens in
// it, by Post. What is sent to the contact is not announced: Sender hands that over,
// with its own order and verdict.
type Announcer interface {
	// Announces tells who that is; ok is false when there is nobody to tell.
	Announces(ch *Channel) (e Endpoint, ok bool)
}

// TemplateSource lists the message templates that the provider approved.
type TemplateSource interface {
	// Templates gives the settings with the list in its place, and when it was
	// read.
	Templates(ctx context.Context, ch *Channel) (settings json.RawMessage, err error)
}

// TemplateScope narrows a TemplateSource whose channels do not all have templates
// (Twilio: WhatsApp has, SMS has not).
type TemplateScope interface {
	HasTemplates(ch *Channel) bool
}

// Enricher completes a stored message with what only the provider can tell (the
// story that a mention is about).
type Enricher interface {
	// Wants tells whether the event needs it. It does no I/O.
	Wants(ev *chat.Event) bool
	// Enrich gives the message as it shall be: content, attributes and
	// attachments replace those of the stored one.
	Enrich(ctx context.Context, ch *Channel, ev *chat.Event) (*chat.Message, error)
}

// Placeholder names a contact whom the provider has told nothing about yet;
// without it the desk says "<Info.Title> user <source id>". The name contains
// the source id, and a later look-up replaces it.
type Placeholder interface {
	Placeholder(sourceID string) wording.Text
}
