package simulator

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Answer is what the program answered to a webhook.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte        // at most 1 MiB
	IDs    []string      // provider ids that were delivered
	Took   time.Duration // from the first byte sent to the last one read
}

// OK tells a 2xx: the provider considers the webhook taken.
func (a *Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Post sends a webhook to the program at base, once.
func (s *Simulator) Post(ctx context.Context, base string, d *Delivery) (*Answer, error) {
	req, err := d.Request(ctx, strings.TrimRight(base, "/"))
	if err != nil {
		return nil, err
	}
	started := time.Now()
	res, err := s.client.Do(req)
	if err != nil {
		// The address may hold a bot token, which must not end up in a log.
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return nil, fmt.Errorf("simulator: deliver: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("simulator: deliver: %w", err)
	}
	return &Answer{Status: res.StatusCode, Header: res.Header, Body: body, IDs: d.IDs, Took: time.Since(started)}, nil
}

// Deliver builds, signs and sends one message. For an API channel it first
// makes the customer's contact and conversation.
func (s *Simulator) Deliver(ctx context.Context, base string, c *Channel, in Incoming) (*Answer, error) {
	if c.Kind == API {
		if err := s.open(ctx, base, c, in); err != nil {
			return nil, err
		}
	}
	d, err := s.Build(c, in, s.Public(c, base))
	if err != nil {
		return nil, err
	}
	return s.Post(ctx, base, d)
}

// DeliverStatus builds, signs and sends one receipt.
func (s *Simulator) DeliverStatus(ctx context.Context, base string, c *Channel, r Receipt) (*Answer, error) {
	d, err := s.BuildStatus(c, r, s.Public(c, base))
	if err != nil {
		return nil, err
	}
	return s.Post(ctx, base, d)
}

// Public is the program's public address as a provider knows it: the
// configured one, else what the program registered, else base.
func (s *Simulator) Public(c *Channel, base string) string {
	if p := s.target.Load().public; p != "" {
		return p
	}
	if r, ok := c.Registration(); ok {
		if u, err := url.Parse(r.URL); err == nil && u.Host != "" {
			return u.Scheme + "://" + u.Host
		}
	}
	return strings.TrimRight(base, "/")
}

// receiptPatience is how long a receipt is offered to a program that does not
// take it; real providers try for hours.
const receiptPatience = time.Minute

// report delivers the receipts of an accepted message in the background, in
// order, with the persistence of a provider.
func (s *Simulator) report(rec Sent) {
	states := rec.Kind.Receipts()
	if len(states) == 0 || s.target.Load().base == "" || !s.begin() {
		return
	}
	go func() {
		defer s.work.Done()
		for _, state := range states {
			r := Receipt{ID: rec.ProviderID, To: rec.To, State: state, Callback: rec.Callback}
			if err := s.persist(rec.Channel, r); err != nil {
				if s.ctx.Err() == nil {
					s.receiptErrors.Add(1)
					s.log.Warn("receipt not delivered", "kind", rec.Kind, "state", state, "error", err)
				}
				return
			}
		}
	}()
}

func (s *Simulator) persist(c *Channel, r Receipt) error {
	ctx, cancel := context.WithTimeout(s.ctx, receiptPatience)
	defer cancel()
	wait := 100 * time.Millisecond
	for {
		a, err := s.DeliverStatus(ctx, s.target.Load().base, c, r)
		if err == nil && a.OK() {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("simulator: the program answered %d", a.Status)
		}
		if errors.Is(err, ErrUnplayable) {
			return err
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
			wait = min(2*wait, 5*time.Second)
		case <-ctx.Done():
			t.Stop()
			return err
		}
	}
}

// ErrHandshake says that the program did not answer a provider's challenge as
// it must.
var ErrHandshake = errors.New("simulator: handshake failed")

// Handshake plays the check that a provider makes before it delivers: Meta's
// GET challenge, X's CRC, LINE's empty webhook. Kinds without one succeed.
func (s *Simulator) Handshake(ctx context.Context, base string, c *Channel) error {
	challenge := decimal(int64(s.tick())) + "7"
	var d *Delivery
	want := challenge
	switch c.Kind {
	case Facebook:
		d = metaHandshake("/bot", s.settings["FB_VERIFY_TOKEN"], challenge)
	case InstagramPage:
		d = metaHandshake("/webhooks/instagram", s.settings["IG_VERIFY_TOKEN"], challenge)
	case InstagramLogin:
		d = metaHandshake("/webhooks/instagram", s.settings["INSTAGRAM_VERIFY_TOKEN"], challenge)
	case WhatsAppCloud:
		d = metaHandshake("/webhooks/whatsapp/"+c.Address, c.verify, challenge)
	case Twitter:
		q := url.Values{"crc_token": {challenge}, "nonce": {token(8)}}
		d = &Delivery{Method: http.MethodGet, Path: "/webhooks/twitter?" + q.Encode(), Header: http.Header{}}
		sum := mac(sha256.New, s.settings["TWITTER_CONSUMER_SECRET"], []byte(challenge))
		want = "sha256=" + base64.StdEncoding.EncodeToString(sum)
	case Line:
		d, want = lineClose(&batch{channel: c}, lineOpen(c, 0)), ""
	default:
		return nil
	}
	a, err := s.Post(ctx, base, d)
	if err != nil {
		return err
	}
	got := string(a.Body)
	if c.Kind == Twitter {
		var body struct {
			Token string `json:"response_token"`
		}
		_ = json.Unmarshal(a.Body, &body) // an unreadable answer does not match
		got = body.Token
	}
	if a.Status != http.StatusOK || c.Kind != Line && got != want {
		return fmt.Errorf("%w: %s answered %d", ErrHandshake, c.Kind, a.Status)
	}
	return nil
}

// credential is what names the channel in calls of the program.
func (c *Channel) credential() string {
	switch c.Kind {
	case TwilioSMS, TwilioWhatsApp:
		return c.account
	case API:
		return c.Address
	default:
		return c.token
	}
}
