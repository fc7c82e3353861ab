package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

// Config is what an SMS channel is configured with.
type Config struct {
	PhoneNumber text     `json:"phone_number"` // + and digits
	Provider    Provider `json:"provider_config"`
}

// Provider is the account at Bandwidth, and the credentials that Bandwidth must
// send with its callbacks.
type Provider struct {
	AccountID       text `json:"account_id"`
	ApplicationID   text `json:"application_id"`
	APIKey          text `json:"api_key"`
	APISecret       text `json:"api_secret"`
	WebhookUsername text `json:"webhook_username"`
	WebhookPassword text `json:"webhook_password"`
	// Other names for the two above, accepted on input.
	CallbackUsername text `json:"callback_username,omitempty"`
	CallbackPassword text `json:"callback_password,omitempty"`
}

// adopt takes the webhook credentials from their other names.
func (p *Provider) adopt() {
	if p.WebhookUsername == "" && p.WebhookPassword == "" {
		p.WebhookUsername, p.WebhookPassword = p.CallbackUsername, p.CallbackPassword
	}
	p.CallbackUsername, p.CallbackPassword = "", ""
}

// text is a string that clients may also write as a number.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	if number := bytes.TrimLeft(raw, "-0123456789"); len(number) == 0 {
		*t = text(raw)
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	*t = text(strings.TrimSpace(s))
	return nil
}

// Create implements channels.Creator. Nothing is asked of Bandwidth.
func (d *Driver) Create(_ context.Context, params json.RawMessage) (channels.Draft, error) {
	settings, err := settingsFrom(Config{}, params)
	return channels.Draft{Settings: settings}, err
}

// Update implements channels.Creator. A given provider_config replaces the old
// one, except for the webhook credentials that it leaves out: Bandwidth is
// configured with those.
func (d *Driver) Update(_ context.Context, ch *channels.Channel, params json.RawMessage) (json.RawMessage, error) {
	return settingsFrom(*configOf(ch), params)
}

// settingsFrom lays params over old, makes missing webhook credentials and
// checks the result.
func settingsFrom(old Config, params json.RawMessage) (json.RawMessage, error) {
	var in struct {
		PhoneNumber *text     `json:"phone_number"`
		Provider    *Provider `json:"provider_config"`
	}
	if err := json.Unmarshal(params, &in); err != nil {
		return nil, &chat.Error{Code: chat.CodeInvalid, Message: "Channel is invalid", Attributes: []string{"channel"}, Err: err}
	}
	c := old
	if in.PhoneNumber != nil {
		c.PhoneNumber = *in.PhoneNumber
	}
	if c.PhoneNumber == "" {
		return nil, chat.Invalid("phone_number", "Phone number can't be blank")
	}
	c.PhoneNumber = text(normalise(string(c.PhoneNumber)))
	if c.PhoneNumber == "" {
		return nil, chat.Invalid("phone_number", "Phone number is invalid")
	}
	if in.Provider != nil {
		c.Provider = *in.Provider
		c.Provider.adopt()
		if c.Provider.WebhookUsername == "" {
			c.Provider.WebhookUsername = old.Provider.WebhookUsername
		}
		if c.Provider.WebhookPassword == "" {
			c.Provider.WebhookPassword = old.Provider.WebhookPassword
		}
	}
	if c.Provider.WebhookUsername == "" {
		c.Provider.WebhookUsername = text(channels.Token(8))
	}
	if c.Provider.WebhookPassword == "" {
		c.Provider.WebhookPassword = text(channels.Token(24))
	}
	settings, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("sms: settings: %w", err)
	}
	return settings, nil
}

// Present implements channels.Presenter. Administrators see the credentials that
// they have to type in at Bandwidth beside the callback URL, and no others.
func (d *Driver) Present(ch *channels.Channel, admin bool) map[string]any {
	c := configOf(ch)
	out := map[string]any{
		"phone_number":         string(c.PhoneNumber),
		"provider":             "default",
		"callback_webhook_url": d.env.PublicURL + "/webhooks/sms/" + strings.TrimPrefix(normalise(string(c.PhoneNumber)), "+"),
	}
	if admin {
		out["provider_config"] = map[string]any{
			"webhook_username": string(c.Provider.WebhookUsername),
			"webhook_password": string(c.Provider.WebhookPassword),
		}
	}
	return out
}

// UniqueAttribute implements channels.Unique.
func (d *Driver) UniqueAttribute() (name, human string) { return "phone_number", "Phone number" }

// SourceFor implements channels.SourceMaker: contacts are addressed by number.
func (d *Driver) SourceFor(_ *channels.Channel, phone, _ string) (string, error) {
	if phone == "" {
		return "", chat.Unprocessable("param is missing or the value is empty: contact phone number")
	}
	if !e164.MatchString(phone) {
		return "", chat.Unprocessable("contact phone number is invalid")
	}
	return phone, nil
}
