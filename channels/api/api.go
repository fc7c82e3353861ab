// Package apichannel is the API inbox: a client of the public API brings the
// contact's messages, and a webhook of the inbox gets the agent's, and what else
// happens in its conversations.
package apichannel

import (
	"context"
	"encoding/json"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const slug = "api"

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
	_, err := channels.Post(ctx, d.env.Guarded, d.env.Now(), configOf(ch).endpoint(), m.JobID, m.Webhook)
	return channels.Receipt{}, err
}

// Announces implements channels.Announcer. With additional_attributes.sign_webhooks
// what is posted is signed with the inbox's hmac_token.
func (d *driver) Announces(ch *channels.Channel) (channels.Endpoint, bool) {
	e := configOf(ch).endpoint()
	return e, e.URL != ""
}
