// Package voice is the inbox of a telephone number at Twilio: its settings, and what
// has to be set up there. Calls are not answered yet, and there is nothing that a text
// could be sent to; a reply fails, and says so.
package voice

import (
	"encoding/json"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

const slug = "voice"

// driver implements channels.Driver and the capabilities below.
type driver struct {
	channels.Hookless
	env *channels.Env
}

var (
	_ channels.Driver    = (*driver)(nil)
	_ channels.Creator   = (*driver)(nil)
	_ channels.Presenter = (*driver)(nil)
	_ channels.Unique    = (*driver)(nil)
)

// New makes the driver.
func New(env *channels.Env) channels.Driver { return &driver{env: env} }

// Info implements channels.Driver.
func (d *driver) Info() channels.Info {
	return channels.Info{
		Slug: slug, ChannelType: "Channel::Voice", Title: "Voice", CreateType: "voice",
		Secrets:  []string{"provider_config.auth_token", "provider_config.api_key_secret"},
		Editable: []string{"phone_number", "provider", "provider_config"},
	}
}

// Parse implements channels.Driver.
func (d *driver) Parse(settings json.RawMessage) (any, error) {
	return channels.ParseSettings[config](slug, settings)
}

// configOf gives the settings of a channel; one whose settings could not be parsed has
// none.
func configOf(ch *channels.Channel) *config { return channels.ConfigOf[config](ch) }

// Addresses implements channels.Driver.
func (d *driver) Addresses(ch *channels.Channel) []channels.Binding {
	number := configOf(ch).PhoneNumber
	if number == "" {
		return nil
	}
	return []channels.Binding{{Address: chat.Address{Kind: slug, Value: number}}}
}

// UniqueAttribute implements channels.Unique.
func (d *driver) UniqueAttribute() (name, human string) { return "phone_number", "Phone number" }

// Present implements channels.Presenter.
func (d *driver) Present(ch *channels.Channel, _ bool) map[string]any {
	c := configOf(ch)
	return map[string]any{
		"phone_number": c.PhoneNumber, "provider": c.Provider,
		"voice_call_webhook_url": d.callURL(c), "voice_status_webhook_url": d.statusURL(c),
	}
}

func (d *driver) callURL(c *config) string {
	return d.env.PublicURL + "/twilio/voice/call/" + strings.TrimPrefix(c.PhoneNumber, "+")
}

func (d *driver) statusURL(c *config) string {
	return d.env.PublicURL + "/twilio/voice/status/" + strings.TrimPrefix(c.PhoneNumber, "+")
}
