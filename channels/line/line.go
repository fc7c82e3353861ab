// Package line connects LINE Official Accounts through the LINE Messaging API
// (LINE Developers, "Messaging API reference", read November 2025).
package line

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/fastjson"
)

const (
	slug        = "line"
	addressKind = "line_channel_id"
	signature   = "X-Line-Signature"
	publicAPI   = "https://api.line.me"
)

// Driver speaks with LINE on behalf of all LINE channels of an installation.
type Driver struct{ env *channels.Env }

var (
	_ channels.Driver       = (*Driver)(nil)
	_ channels.Sender       = (*Driver)(nil)
	_ channels.Creator      = (*Driver)(nil)
	_ channels.Registrar    = (*Driver)(nil)
	_ channels.Presenter    = (*Driver)(nil)
	_ channels.MediaFetcher = (*Driver)(nil)
	_ channels.Unique       = (*Driver)(nil)
	_ channels.Profiler     = (*Driver)(nil)
	_ channels.Inspector    = (*Driver)(nil)
)

// New makes the driver for an installation.
func New(env *channels.Env) *Driver { return &Driver{env: env} }

// Config is what a LINE channel is configured with.
type Config struct {
	ChannelID     text `json:"line_channel_id"`
	ChannelSecret text `json:"line_channel_secret"`
	ChannelToken  text `json:"line_channel_token"`
}

// text is a string that clients may also write as a number.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	if number := bytes.TrimLeft(raw, "-0123456789"); len(number) == 0 {
		*t = text(raw)
		return nil
	}
	if s, ok := fastjson.String(raw); ok {
		*t = text(strings.TrimSpace(s))
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	*t = text(s)
	return nil
}

// Info implements channels.Driver. LINE admits 2,000 calls a second of most
// endpoints to one channel (Messaging API reference, "Rate limits").
func (d *Driver) Info() channels.Info {
	return channels.Info{
		Slug: slug, ChannelType: "Channel::Line", Title: "LINE", CreateType: "line",
		Hooks: []channels.Hook{{
			Name: "webhook", Method: http.MethodPost, Path: "/webhooks/line/{line_channel_id}",
			Success: channels.Response{Status: http.StatusOK},
		}},
		Rate:    channels.Rate{PerSecond: 2000, Burst: 2000},
		Secrets: []string{"line_channel_secret", "line_channel_token"},

		Editable: []string{"line_channel_id", "line_channel_secret", "line_channel_token"},
	}
}

// Parse implements channels.Driver.
func (d *Driver) Parse(settings json.RawMessage) (any, error) {
	var c Config
	if err := json.Unmarshal(settings, &c); err != nil {
		return nil, fmt.Errorf("line: settings: %w", err)
	}
	return &c, nil
}

// Addresses implements channels.Driver.
func (d *Driver) Addresses(ch *channels.Channel) []channels.Binding {
	id := configOf(ch).ChannelID
	if id == "" {
		return nil
	}
	return []channels.Binding{{Address: address(string(id))}}
}

// Locate implements channels.Driver: the channel id is in the path.
func (d *Driver) Locate(r *channels.Request) (chat.Address, bool) {
	return address(r.Param("line_channel_id")), true
}

// Verify implements channels.Driver: base64 of the HMAC-SHA256 of the body under
// the channel secret ("Verify webhook signature").
func (d *Driver) Verify(r *channels.Request, ch *channels.Channel) channels.Proof {
	secret := string(configOf(ch).ChannelSecret)
	if secret == "" {
		return channels.Proof{Result: channels.ProofNoSecret, Detail: "line_channel_secret is not set"}
	}
	got := r.Header(signature)
	switch {
	case got == "":
		return channels.Proof{Result: channels.ProofMissing, Detail: signature + " is missing"}
	case !channels.Equal(got, channels.Base64SHA256(secret, r.Body)):
		return channels.Proof{Result: channels.ProofBad, Detail: signature + " does not match line_channel_secret"}
	}
	return channels.Proof{Result: channels.ProofOK, SecretID: "line_channel_secret"}
}

func address(id string) chat.Address { return chat.Address{Kind: addressKind, Value: id} }

// configOf is the config of ch; a channel that was not loaded has an empty one.
func configOf(ch *channels.Channel) *Config { return channels.ConfigOf[Config](ch) }
