// Package apichannel is the API inbox: a client of the public API brings the
// contact's messages, and a webhook of the inbox gets the agent's, and what else
// happens in its conversations.
package apichannel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/httpx"
	"tributary/wording"
)

const (
	slug            = "api"
	timeout         = 5 * time.Second
	maxTries        = 3
	signatureHeader = "X-Chatwoot-Signature"
)

// driver implements channels.Driver and the capabilities below.
type driver struct {
	channels.Hookless
	env *channels.Env
}

var (
	_ channels.Driver    = (*driver)(nil)
	_ channels.Sender    = (*driver)(nil)
	_ channels.Creator   = (*driver)(nil)
	_ channels.Presenter = (*driver)(nil)
	_ channels.Windowed  = (*driver)(nil)
	_ channels.Announcer = (*driver)(nil)
)

// New makes the driver.
func New(env *channels.Env) channels.Driver { return &driver{env: env} }

// Info implements channels.Driver. There are no webhooks: messages come in by
// the public API.
func (d *driver) Info() channels.Info {
	return channels.Info{
		Slug:        slug,
		ChannelType: "Channel::Api",
		Title:       "API",
		CreateType:  "api",
		Secrets:     []string{"hmac_token"},
		Editable:    []string{"webhook_url", "hmac_mandatory", "additional_attributes"},
	}
}

// Parse implements channels.Driver.
func (d *driver) Parse(settings json.RawMessage) (any, error) {
	return channels.ParseSettings[config](slug, settings)
}

// configOf gives the settings of a channel; a channel whose settings could not
// be parsed has none.
func configOf(ch *channels.Channel) *config { return channels.ConfigOf[config](ch) }

// Addresses implements channels.Driver: the identifier is the inbox's name in
// the paths of the public API.
func (d *driver) Addresses(ch *channels.Channel) []channels.Binding {
	identifier := configOf(ch).Identifier
	if identifier == "" {
		return nil
	}
	return []channels.Binding{{Address: chat.Address{Kind: slug, Value: identifier}}}
}

// Present implements channels.Presenter.
func (d *driver) Present(ch *channels.Channel, admin bool) map[string]any {
	c := configOf(ch)
	out := map[string]any{
		"webhook_url":           c.WebhookURL,
		"inbox_identifier":      c.Identifier,
		"additional_attributes": map[string]any{},
		"hmac_mandatory":        c.HMACMandatory,
	}
	if c.Attributes != nil {
		out["additional_attributes"] = c.Attributes
	}
	if admin {
		out["hmac_token"] = c.HMACToken
	}
	return out
}

// Window implements channels.Windowed.
func (d *driver) Window(ch *channels.Channel) time.Duration {
	hours, ok := windowHours(configOf(ch).Attributes)
	if !ok || hours <= 0 {
		return 0
	}
	return time.Duration(min(hours, maxWindowHours) * float64(time.Hour))
}

// Plan implements channels.Sender. An inbox without a webhook has nobody to
// call: its client reads the messages over the API.
func (d *driver) Plan(ch *channels.Channel, _ *chat.Outbound) ([]chat.Part, error) {
	if configOf(ch).url() == "" {
		return nil, nil
	}
	return []chat.Part{{Kind: "webhook", First: true, Last: true}}, nil
}

// SendPart implements channels.Sender: it posts the message_created payload that
// the relay made.
func (d *driver) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, _ chat.Part) (channels.Receipt, error) {
	if len(m.Webhook) == 0 {
		return channels.Receipt{}, &channels.SendError{Class: chat.Config, Code: "payload", Say: wording.FailureInternal.Text()}
	}
	return channels.Receipt{}, d.post(ctx, configOf(ch), m.Webhook)
}

// Announces implements channels.Announcer.
func (d *driver) Announces(ch *channels.Channel) bool { return configOf(ch).url() != "" }

// Announce implements channels.Announcer.
func (d *driver) Announce(ctx context.Context, ch *channels.Channel, event []byte) error {
	return d.post(ctx, configOf(ch), event)
}

// post calls the webhook. With additional_attributes.sign_webhooks the header
// X-Chatwoot-Signature holds the lower-case hex HMAC-SHA256 of the body under the
// inbox's hmac_token.
func (d *driver) post(ctx context.Context, c *config, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url(), bytes.NewReader(payload))
	if err != nil {
		return &channels.SendError{Class: chat.Permanent, Code: "url", Say: wording.FailureWebhookURL.Text()}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if c.signs() {
		req.Header.Set(signatureHeader, channels.HexSHA256(c.HMACToken, payload))
	}
	// The same reading and redaction of answers, by the client for URLs that
	// users typed in.
	guarded := *d.env
	guarded.HTTP = d.env.Guarded
	answer, err := guarded.Do(req)
	if err != nil {
		return unreachable(err)
	}
	if !answer.OK() {
		return refused(answer, d.env.Now())
	}
	return nil
}

// unreachable words the failure of a call that got no answer.
func unreachable(err error) *channels.SendError {
	s := channels.AsSendError(err)
	out := &channels.SendError{Class: chat.Retryable, Code: "network", MaxTries: maxTries, Err: s.Err, Say: wording.FailureWebhookUnreachable.Text()}
	var late interface{ Timeout() bool }
	switch {
	case errors.Is(err, httpx.ErrForbidden):
		out.Class, out.Code, out.MaxTries = chat.Permanent, "forbidden", 0
		out.Say = wording.FailureWebhookForbidden.Text()
	case errors.Is(err, httpx.ErrRedirects):
		out.Class, out.Code, out.MaxTries = chat.Permanent, "redirects", 0
		out.Say = wording.FailureWebhookRedirects.Text()
	case errors.As(err, &late) && late.Timeout():
		out.Code, out.Say = "timeout", wording.FailureWebhookTimeout.Text()
	}
	return out
}

// refused words an answer that is no success. Its body is the stranger's and is
// not shown.
func refused(a *channels.Answer, now time.Time) *channels.SendError {
	code := strconv.Itoa(a.Status)
	out := &channels.SendError{Class: channels.ByStatus(a.Status), Code: code, Text: code}
	if text := http.StatusText(a.Status); text != "" {
		out.Text += " " + text
	}
	switch out.Class {
	case chat.Reauthorize: // the channel has no authorisation to renew
		out.Class = chat.Permanent
	case chat.Throttled:
		out.RetryAfter, out.MaxTries = a.RetryAfter(now), maxTries
	case chat.Retryable:
		out.MaxTries = maxTries
	}
	return out
}
