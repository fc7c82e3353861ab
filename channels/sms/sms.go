// Package sms connects phone numbers of Bandwidth through its Messaging API
// (Bandwidth, "Messaging API v2" and "Messaging callbacks", read November 2025).
package sms

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

const (
	slug        = "sms"
	addressKind = "sms_number"
	publicAPI   = "https://messaging.bandwidth.com"
)

// Driver speaks with Bandwidth on behalf of all SMS channels of an installation.
type Driver struct{ env *channels.Env }

var (
	_ channels.Driver       = (*Driver)(nil)
	_ channels.Refuser      = (*Driver)(nil)
	_ channels.Sender       = (*Driver)(nil)
	_ channels.Creator      = (*Driver)(nil)
	_ channels.Presenter    = (*Driver)(nil)
	_ channels.SourceMaker  = (*Driver)(nil)
	_ channels.MediaFetcher = (*Driver)(nil)
	_ channels.Unique       = (*Driver)(nil)
)

// New makes the driver for an installation.
func New(env *channels.Env) *Driver { return &Driver{env: env} }

// Info implements channels.Driver. There is no rate: Bandwidth queues what it
// accepts and answers 429 beyond that.
func (d *Driver) Info() channels.Info {
	return channels.Info{
		Slug: slug, ChannelType: "Channel::Sms", Title: "SMS", CreateType: "sms",
		Hooks: []channels.Hook{{
			Name: "webhook", Method: http.MethodPost, Path: "/webhooks/sms/{phone_number}",
			Success: channels.Response{Status: http.StatusOK},
		}},
		Secrets: []string{
			"provider_config.api_key", "provider_config.api_secret", "provider_config.webhook_password",
			"provider_config.callback_password",
		},
		Editable: []string{"phone_number", "provider_config"},
	}
}

// Parse implements channels.Driver.
func (d *Driver) Parse(settings json.RawMessage) (any, error) {
	var c Config
	if err := json.Unmarshal(settings, &c); err != nil {
		return nil, fmt.Errorf("sms: settings: %w", err)
	}
	c.Provider.adopt()
	return &c, nil
}

// Addresses implements channels.Driver.
func (d *Driver) Addresses(ch *channels.Channel) []channels.Binding {
	number := normalise(string(configOf(ch).PhoneNumber))
	if number == "" {
		return nil
	}
	return []channels.Binding{{Address: address(number)}}
}

// Locate implements channels.Driver: the digits of the number are in the path.
func (d *Driver) Locate(r *channels.Request) (chat.Address, bool) {
	return address(normalise(r.Param("phone_number"))), true
}

// Verify implements channels.Driver. Bandwidth signs nothing, but sends the Basic
// credentials that its application was given for callbacks ("Callback
// authentication").
func (d *Driver) Verify(r *channels.Request, ch *channels.Channel) channels.Proof {
	c := configOf(ch).Provider
	if c.WebhookUsername == "" || c.WebhookPassword == "" {
		return channels.Proof{
			Result: channels.ProofNoSecret,
			Detail: "provider_config.webhook_username and webhook_password are not set",
		}
	}
	header := r.Header("Authorization")
	if header == "" {
		return channels.Proof{Result: channels.ProofMissing, Detail: "Authorization is missing"}
	}
	user, password := basic(header)
	// Both are compared always: the time tells nothing about either.
	userOK := channels.Equal(user, string(c.WebhookUsername))
	passwordOK := channels.Equal(password, string(c.WebhookPassword))
	if !userOK || !passwordOK {
		return channels.Proof{Result: channels.ProofBad, Detail: "Authorization does not match provider_config.webhook_username and webhook_password"}
	}
	return channels.Proof{Result: channels.ProofOK, SecretID: "webhook_password"}
}

// Refuse implements channels.Refuser: Bandwidth sends credentials when asked.
func (d *Driver) Refuse(channels.Proof) channels.Response {
	return channels.Response{
		Status: http.StatusUnauthorized,
		Header: map[string]string{"WWW-Authenticate": `Basic realm="webhooks"`},
	}
}

// basic reads Basic credentials; anything else is empty.
func basic(header string) (user, password string) {
	scheme, encoded, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", ""
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", ""
	}
	user, password, _ = strings.Cut(string(raw), ":")
	return user, password
}

func address(number string) chat.Address { return chat.Address{Kind: addressKind, Value: number} }

// normalise writes a number as + and digits; empty when it has no digits.
func normalise(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
	if digits == "" {
		return ""
	}
	return "+" + digits
}

// e164 is what counts as a phone number of a contact: short codes and
// alphanumeric senders do not.
var e164 = regexp.MustCompile(`^\+[1-9]\d{1,14}$`)

// configOf is the config of ch; a channel that was not loaded has an empty one.
func configOf(ch *channels.Channel) *Config { return channels.ConfigOf[Config](ch) }
