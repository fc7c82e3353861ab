package chat

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
	"time"

	"tributary/wording"
)

// Millis is a moment in unix milliseconds: the unit of the queue and of most
// providers. Zero means unknown.
type Millis int64

// MillisOf converts t; the zero time becomes 0.
func MillisOf(t time.Time) Millis {
	if t.IsZero() {
		return 0
	}
	return Millis(t.UnixMilli())
}

// Time converts m to UTC; 0 becomes the zero time.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// ProviderTime reads the time stamps that providers send: seconds,
// milliseconds, either as number or as text, or RFC 3339. Numbers below 10^12
// are seconds. What cannot be read is 0.
func ProviderTime(raw string) Millis {
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil {
		if n < 0 {
			return 0
		}
		if n < 1e12 {
			return Millis(n * 1000)
		}
		return Millis(n)
	}
	if t, err := time.Parse(time.RFC3339Nano, raw); err == nil {
		return MillisOf(t)
	}
	return 0
}

// Kind says what an inbound event is.
type Kind string

// The kinds of inbound events. Content nobody can render is a KindMessage with
// Flags.Unsupported, so that an agent sees that something arrived.
const (
	KindMessage        Kind = "message"
	KindEcho           Kind = "echo"
	KindEdit           Kind = "edit"
	KindDelete         Kind = "delete"
	KindReaction       Kind = "reaction"
	KindStatus         Kind = "status"
	KindWatermark      Kind = "watermark"
	KindTyping         Kind = "typing"
	KindInteraction    Kind = "interaction"
	KindReferral       Kind = "referral"
	KindOptIn          Kind = "opt_in"
	KindOptOut         Kind = "opt_out"
	KindFollow         Kind = "follow"
	KindBlock          Kind = "block"
	KindContactChanged Kind = "contact_changed"
	KindThreadControl  Kind = "thread_control"
	KindProviderError  Kind = "provider_error"
	KindAccountEvent   Kind = "account_event"
	KindCall           Kind = "call"
	KindTest           Kind = "test"
	KindIgnored        Kind = "ignored"
)

// Address names one channel in the language of a provider: a page id, a phone
// number, the hash of a bot token. Kind separates the name spaces.
type Address struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// Event is one thing that happened at a provider, normalised. A driver decodes
// a webhook into events without knowing the store: Address says which channel
// each belongs to, and the edge fills in AccountID, InboxID and Delivery.
type Event struct {
	// Key identifies the event inside its inbox (the ingest key); the same
	// provider event decoded twice has the same key.
	Key       string  `json:"ingest_key"`
	Channel   string  `json:"channel"`             // "line", "twilio_sms", … (contract 09 §3.1)
	Transport string  `json:"transport,omitempty"` // e.g. "wa_cloud", "ig_login"
	Address   Address `json:"address"`
	AccountID int64   `json:"account_id,omitempty"`
	InboxID   int64   `json:"inbox_id,omitempty"`
	// Delivery is the id of the webhook request, Path the JSON pointer of the
	// event inside its body.
	Delivery string `json:"raw_delivery_id,omitempty"`
	Path     string `json:"raw_path,omitempty"`

	Kind       Kind   `json:"kind"`
	Reason     string `json:"reason,omitempty"` // why it is ignored
	OccurredAt Millis `json:"occurred_at,omitempty"`
	ReceivedAt Millis `json:"received_at,omitempty"`

	Contact  *Contact  `json:"contact,omitempty"` // absent only for account_event, test, ignored, status
	Thread   *Thread   `json:"thread,omitempty"`
	Message  *Message  `json:"message,omitempty"` // message, echo, edit, interaction
	Target   *Target   `json:"target,omitempty"`  // edit, delete, reaction, status
	Status   *Status   `json:"status,omitempty"`  // status, watermark
	Reaction *Reaction `json:"reaction,omitempty"`
	Typing   *Typing   `json:"typing,omitempty"`
	Referral *Referral `json:"referral,omitempty"`
	Account  *Account  `json:"account_event,omitempty"`

	// Proof is how the request was authenticated: ok, missing, bad, no_secret.
	// Anything but ok was admitted by signature mode "observe".
	Proof string `json:"proof,omitempty"`

	// Raw is the provider's JSON of this one event, untouched. Only events that
	// are not plain text need it; the whole request body travels with the first
	// event of a delivery in any case.
	Raw json.RawMessage `json:"raw,omitempty"`
}

// OrderKey is what order is kept by: events with the same key are applied one
// after the other. It is the contact within the inbox; events that name no
// contact are ordered by inbox.
func (e *Event) OrderKey() string {
	key := strconv.FormatInt(e.InboxID, 10)
	if e.Contact != nil && e.Contact.SourceID != "" {
		return key + ":" + e.Contact.SourceID
	}
	return key
}

// Partition maps OrderKey onto one of n partitions.
func (e *Event) Partition(n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(e.OrderKey()))
	return int(h.Sum32() % uint32(n))
}

// AltID is another name of the same person in the provider's world, e.g.
// scheme "wa_bsuid".
type AltID struct {
	Scheme string `json:"scheme"`
	Value  string `json:"value"`
}

// Contact is the person at the other end, as far as the payload knows.
type Contact struct {
	SourceID   string         `json:"source_id"` // address within the inbox
	AltIDs     []AltID        `json:"alt_ids,omitempty"`
	Name       string         `json:"name,omitempty"`
	FirstName  string         `json:"first_name,omitempty"`
	LastName   string         `json:"last_name,omitempty"`
	Username   string         `json:"username,omitempty"`
	Phone      string         `json:"phone_e164,omitempty"` // only when valid E.164
	Email      string         `json:"email,omitempty"`
	AvatarURL  string         `json:"avatar_url,omitempty"`
	Avatar     *Fetch         `json:"avatar,omitempty"` // instead of AvatarURL, where the address would hold a secret
	Language   string         `json:"language,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`     // contact additional_attributes
	Lookup     string         `json:"profile_lookup,omitempty"` // needed: the provider has a profile to ask for
	Self       bool           `json:"is_self,omitempty"`        // it is the inbox's own identity
}

// Thread is the provider's notion of a conversation.
type Thread struct {
	Type                 string         `json:"type,omitempty"` // direct (default) | tweet | email | call | group
	Key                  string         `json:"key,omitempty"`
	ChatID               string         `json:"chat_id,omitempty"`
	BusinessConnectionID string         `json:"business_connection_id,omitempty"`
	ReplyToken           string         `json:"reply_token,omitempty"`
	ReplyTokenExpiresAt  Millis         `json:"reply_token_expires_at,omitempty"`
	Standby              bool           `json:"standby,omitempty"`                 // another app (a bot) owns the thread
	Attributes           map[string]any `json:"conversation_attributes,omitempty"` // conversation additional_attributes
}

// Message is the content of a message, echo, edit or interaction.
type Message struct {
	SourceID    string          `json:"source_id,omitempty"` // the provider's public id
	Direction   string          `json:"direction,omitempty"` // incoming (default) | outgoing
	Content     string          `json:"content,omitempty"`
	Placeholder *wording.Text   `json:"placeholder,omitempty"`  // instead of Content: words of our own
	ContentType string          `json:"content_type,omitempty"` // text (default) | sticker | …
	Attachments []Attachment    `json:"attachments,omitempty"`
	ReplyTo     *ReplyTo        `json:"reply_to,omitempty"`
	Interaction *Interaction    `json:"interaction,omitempty"`
	GroupID     string          `json:"group_id,omitempty"`  // album
	Forwarded   string          `json:"forwarded,omitempty"` // once | many
	Attributes  map[string]any  `json:"extra,omitempty"`     // content_attributes of the channel
	Order       json.RawMessage `json:"order,omitempty"`     // catalogue order, as the provider wrote it
	Flags       *Flags          `json:"flags,omitempty"`
}

// Flags mark what a message is beyond its content.
type Flags struct {
	Unsupported bool   `json:"is_unsupported,omitempty"` // content nobody can render
	Deleted     bool   `json:"is_deleted,omitempty"`
	Ephemeral   bool   `json:"is_ephemeral,omitempty"`
	AppID       string `json:"sent_from_app_id,omitempty"` // echo: which app wrote it
}

// Words is the content, in the language of whoever reads it.
func (m *Message) Words(l wording.Locale) string { return words(m.Content, m.Placeholder, l) }

// words is what somebody said, else what we say instead.
func words(said string, placeholder *wording.Text, l wording.Locale) string {
	if said == "" && placeholder != nil {
		return l.Say(*placeholder)
	}
	return said
}

// Unsupported tells whether the message is marked as such.
func (m *Message) Unsupported() bool { return m.Flags != nil && m.Flags.Unsupported }

// Target names messages by their provider ids.
type Target struct {
	SourceIDs []string `json:"source_ids"`
	// AndEarlier extends a status to every earlier message of the conversation
	// (Instagram's "seen" names only the last one).
	AndEarlier bool `json:"and_earlier,omitempty"`
}

// Typing is a typing indicator.
type Typing struct {
	State string `json:"state"` // on | off
}

// ReplyTo points at what the message answers.
type ReplyTo struct {
	SourceID string `json:"source_id,omitempty"`
	Story    *Story `json:"story,omitempty"`
	Quote    string `json:"quote_text,omitempty"`
}

// Story is the story that a message answers or mentions.
type Story struct {
	ID  string `json:"id,omitempty"`
	URL string `json:"url,omitempty"`
}

// Interaction is a tap on something the desk or the provider offered.
type Interaction struct {
	Kind        string          `json:"kind"` // postback | quick_reply | button | list | callback | flow | web_app
	ID          string          `json:"id,omitempty"`
	Title       string          `json:"title,omitempty"`
	Payload     string          `json:"payload,omitempty"`
	Description string          `json:"description,omitempty"`
	Form        json.RawMessage `json:"form_json,omitempty"`
}

// Attachment is a file, place or card that came with a message.
type Attachment struct {
	Kind        string  `json:"kind"` // image | audio | video | file | location | contact | fallback | share | story_mention | ig_reel | sticker
	MIME        string  `json:"mime,omitempty"`
	Filename    string  `json:"filename,omitempty"`
	Size        int64   `json:"size,omitempty"`
	SHA256      string  `json:"sha256,omitempty"`
	DurationMS  int64   `json:"duration_ms,omitempty"`
	Title       string  `json:"title,omitempty"` // fallback_title
	ExternalURL string  `json:"external_url,omitempty"`
	Lat         float64 `json:"lat,omitempty"`
	Long        float64 `json:"long,omitempty"`
	Card        *Card   `json:"contact_card,omitempty"`
	Fetch       *Fetch  `json:"fetch,omitempty"`
	// Placeholder stands instead of Title: words of our own.
	Placeholder *wording.Text `json:"placeholder,omitempty"`
}

// Words is the title, in the language of whoever reads it.
func (a *Attachment) Words(l wording.Locale) string { return words(a.Title, a.Placeholder, l) }

// Card is a contact card that somebody sent.
type Card struct {
	FirstName     string   `json:"first_name,omitempty"`
	LastName      string   `json:"last_name,omitempty"`
	FormattedName string   `json:"formatted_name,omitempty"`
	Phones        []string `json:"phones,omitempty"`
	Emails        []string `json:"emails,omitempty"`
	Org           string   `json:"org,omitempty"`
	VCard         string   `json:"vcard,omitempty"`
}

// Fetch says how the bytes of an attachment are obtained.
type Fetch struct {
	Strategy  string `json:"strategy"` // url | meta_media_id | telegram_file_id | line_content_id
	Ref       string `json:"ref"`
	Auth      string `json:"auth,omitempty"` // bearer | basic | d360 | oauth1; empty: none
	ExpiresAt Millis `json:"expires_at,omitempty"`
}

// Status is a delivery state of something the desk sent.
type Status struct {
	State       MessageStatus `json:"state"`
	WatermarkAt Millis        `json:"watermark_at,omitempty"` // watermark: everything up to here
	// Text is what the agent reads in external_error, in the channel's format.
	Text   string `json:"external_error,omitempty"`
	Errors []Err  `json:"errors,omitempty"`
}

// Err is an error that a provider reported.
type Err struct {
	Code    string     `json:"code"`
	Subcode string     `json:"subcode,omitempty"`
	Title   string     `json:"title,omitempty"`
	Detail  string     `json:"detail,omitempty"`
	Class   ErrorClass `json:"class,omitempty"`
}

// Reaction is an emoji put on or taken off a message.
type Reaction struct {
	Emoji  string `json:"emoji,omitempty"`
	Action string `json:"action"` // add | remove
	Name   string `json:"name,omitempty"`
}

// Referral says what brought the contact: an ad, a link, a post.
type Referral struct {
	Ref       string          `json:"ref,omitempty"`
	Source    string          `json:"source,omitempty"`
	Type      string          `json:"type,omitempty"`
	AdID      string          `json:"ad_id,omitempty"`
	SourceURL string          `json:"source_url,omitempty"`
	Headline  string          `json:"headline,omitempty"`
	Body      string          `json:"body,omitempty"`
	MediaURL  string          `json:"media_url,omitempty"`
	ClickID   string          `json:"ctwa_clid,omitempty"`
	Raw       json.RawMessage `json:"raw,omitempty"`
}

// Account is news about the channel itself (a business connection, a revoked
// app, a template's review) in the provider's words.
type Account struct {
	Field string          `json:"field"`
	Value json.RawMessage `json:"value,omitempty"`
}
