package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"
)

// Incoming is a message from a person to a channel.
type Incoming struct {
	From string // the person's address at the provider, see Channel.Person
	Name string // display name; empty: none is told
	Text string
	// ID is the provider's message id; empty: a fresh one. Telegram's are
	// numbers.
	ID string
	At time.Time // zero: now
}

// Receipt is a delivery report on a message that the program sent.
type Receipt struct {
	ID    string // provider id of the message
	To    string // the person it was sent to
	State string
	// ErrorCode and ErrorText explain Failed in the provider's terms.
	ErrorCode int
	ErrorText string
	At        time.Time // zero: now
	// Callback is the address that the send asked reports to (Twilio); empty:
	// the program's usual one.
	Callback string
}

// States of a receipt.
const (
	Delivered = "delivered"
	Read      = "read"
	Failed    = "failed"
)

// Delivery is a webhook request ready to be sent: signed, below the program's
// address. It may be sent any number of times.
type Delivery struct {
	Method string
	Path   string // with query
	Header http.Header
	Body   []byte
	IDs    []string // provider ids of the messages in it
}

// Request turns the delivery into a request to the program at base.
func (d *Delivery) Request(ctx context.Context, base string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, d.Method, base+d.Path, bytes.NewReader(d.Body))
	if err != nil {
		return nil, fmt.Errorf("simulator: request: %w", err)
	}
	maps.Copy(req.Header, d.Header)
	return req, nil
}

// ErrUnplayable says that the provider has no such request.
var ErrUnplayable = errors.New("simulator: the provider does not have this")

// batch is a webhook under construction.
type batch struct {
	channel *Channel
	public  string // the program's public address
	ids     []string
}

// Build makes the webhook that delivers one message. public is the program's
// public address, which Twilio signs; other kinds ignore it. API channels need
// a conversation first, which Deliver makes.
func (s *Simulator) Build(c *Channel, in Incoming, public string) (*Delivery, error) {
	return s.BuildBatch(c, []Incoming{in}, public)
}

// BuildBatch makes one webhook of several messages, for the kinds that batch.
func (s *Simulator) BuildBatch(c *Channel, in []Incoming, public string) (*Delivery, error) {
	if len(in) == 0 || len(in) > 1 && !c.Kind.Batches() {
		return nil, fmt.Errorf("%w: a batch of %d on %s", ErrUnplayable, len(in), c.Kind)
	}
	for i := range in {
		s.profiles.put(in[i].From, in[i].Name)
	}
	now := time.Now()
	b := &batch{channel: c, public: public, ids: make([]string, 0, len(in))}
	at := func(i int) time.Time {
		if in[i].At.IsZero() {
			return now
		}
		return in[i].At
	}
	switch c.Kind {
	case Facebook, InstagramLogin, InstagramPage:
		return s.metaMessages(b, in, at)
	case WhatsAppCloud, WhatsApp360:
		return s.whatsappMessages(b, in, at)
	case Twitter:
		return s.twitterMessages(b, in, at)
	case Line:
		return s.lineMessages(b, in, at)
	case SMS:
		return s.bandwidthMessages(b, in, at)
	case Telegram:
		return s.telegramMessage(b, &in[0], at(0))
	case TwilioSMS, TwilioWhatsApp:
		return s.twilioMessage(b, &in[0])
	case API:
		return s.customerMessage(b, &in[0])
	}
	return nil, fmt.Errorf("%w: kind %q", ErrUnplayable, c.Kind)
}

// BuildStatus makes the webhook that reports on a sent message; see
// Kind.Receipts for the states that a provider has beside Failed.
func (s *Simulator) BuildStatus(c *Channel, r Receipt, public string) (*Delivery, error) {
	if r.At.IsZero() {
		r.At = time.Now()
	}
	b := &batch{channel: c, public: public, ids: []string{r.ID}}
	switch c.Kind {
	case Facebook, InstagramLogin, InstagramPage:
		return s.metaStatus(b, r)
	case WhatsAppCloud, WhatsApp360:
		return s.whatsappStatus(b, r)
	case Twitter:
		return s.twitterStatus(b, r)
	case SMS:
		return s.bandwidthStatus(b, r)
	case TwilioSMS, TwilioWhatsApp:
		return s.twilioStatus(b, r)
	case API:
		return s.customerStatus(b, r)
	case Line, Telegram:
	}
	return nil, noReceipt(c, r)
}

func noReceipt(c *Channel, r Receipt) error {
	return fmt.Errorf("%w: %s has no receipt %q", ErrUnplayable, c.Kind, r.State)
}

// BuildUnknown makes an authentic webhook with an event of a kind that nobody
// knows yet.
func (s *Simulator) BuildUnknown(c *Channel, public string) (*Delivery, error) {
	b := &batch{channel: c, public: public}
	switch c.Kind {
	case Facebook, InstagramLogin, InstagramPage:
		return s.metaUnknown(b)
	case WhatsAppCloud, WhatsApp360:
		return s.whatsappUnknown(b)
	case Twitter:
		return s.twitterUnknown(b)
	case Line:
		return s.lineUnknown(b)
	case SMS:
		return s.bandwidthUnknown(b)
	case Telegram:
		return s.telegramUnknown(b)
	case TwilioSMS, TwilioWhatsApp:
		return s.twilioUnknown(b)
	case API:
	}
	return nil, fmt.Errorf("%w: unknown events on %s", ErrUnplayable, c.Kind)
}

// BuildBadSignature makes a message whose proof does not match: every kind but
// the API channel must refuse it.
func (s *Simulator) BuildBadSignature(c *Channel, in Incoming, public string) (*Delivery, error) {
	if c.Kind == API {
		return s.customerForged(c, in)
	}
	d, err := s.Build(c, in, public)
	if err != nil {
		return nil, err
	}
	for _, name := range proofHeaders() {
		if v := d.Header.Get(name); v != "" {
			d.Header.Set(name, forge(v))
		}
	}
	return d, nil
}

func proofHeaders() []string {
	return []string{
		"X-Hub-Signature-256", "X-Hub-Signature", "X-Twitter-Webhooks-Signature", "X-Line-Signature",
		"X-Telegram-Bot-Api-Secret-Token", "Authorization", "X-Twilio-Signature",
	}
}

// forge changes a proof and keeps its form: the digits and letters of the
// second half are rotated.
func forge(v string) string {
	b := []byte(v)
	for i := len(b) / 2; i < len(b); i++ {
		switch c := b[i]; {
		case c >= '0' && c < '9', c >= 'a' && c < 'f', c >= 'A' && c < 'F':
			b[i]++
		case c == '9':
			b[i] = '0'
		case c == 'f':
			b[i] = 'a'
		case c == 'F':
			b[i] = 'A'
		}
	}
	return string(b)
}

func jsonHeader(n int) http.Header {
	h := make(http.Header, n+1)
	h["Content-Type"] = []string{"application/json"}
	return h
}
