package chat

import (
	"context"
	"io"
	"time"
)

// Outbound is one message on its way to a provider.
type Outbound struct {
	JobID          string // idempotency key, the same on every attempt
	MessageID      int64
	ConversationID int64
	InboxID        int64
	AccountID      int64

	To                   string // contact inbox source id
	ChatID               string // conversation additional_attributes.chat_id
	BusinessConnectionID string
	ReplyToken           string
	ReplyTokenExpiresAt  time.Time
	ThreadType           string         // additional_attributes.type: "", tweet, direct_message, instagram_direct_message
	Conversation         map[string]any // conversation additional_attributes

	Content     string
	ContentType string
	Items       []Item // input_select options
	Attachments []OutAttachment
	ReplyTo     string // provider id of the quoted message
	QuoteToken  string // LINE: token kept from the quoted message
	ReadToken   string // LINE: token kept from the last incoming message
	// LastIncomingAt opens the messaging window; zero: nothing came in yet.
	LastIncomingAt time.Time
	LastIncomingID string // provider id of the last incoming message
	ContactName    string
	ScreenName     string         // twitter handle of the contact
	Template       map[string]any // additional_attributes.template_params
	Now            time.Time      // the relay's clock
	// Webhook is the message_created payload, for the API channel.
	Webhook []byte
}

// Item is one option offered to the contact.
type Item struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

// OutAttachment is a file the provider can download from URL without cookies
// or redirects.
type OutAttachment struct {
	ID         int64
	Kind       string // image | audio | video | file
	MIME       string
	Filename   string
	URL        string
	Size       int64 // bytes; 0: unknown
	DurationMS int64
	// Open reads the file, for drivers that upload it: our own public address need
	// not be one that we can call. nil: URL is the only way.
	Open func(ctx context.Context) (io.ReadCloser, error) `json:"-"`
}

// Part is one call to the provider. A message becomes an ordered list of parts;
// the relay stores what each returned, so a retry repeats no part.
type Part struct {
	Index       int    // position in the plan: parts of one message may be alike
	Kind        string // text | image | audio | video | file | album | buttons | list | template | webhook
	Text        string // text, or the caption of an attachment
	Attachments []OutAttachment
	Items       []Item
	First       bool // carries the reply reference
	Last        bool // carries the buttons
}
