package voice

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"tributary/channels"
	"tributary/internal/validate"
)

const (
	providerTwilio = "twilio"
	applicationKey = "twiml_app_sid"
)

// e164 is a telephone number (contract 05 §3.8).
var e164 = regexp.MustCompile(`^\+[1-9]\d{1,14}$`)

// required are the keys of a provider_config that Twilio needs. The last one is made by
// provisioning.
var required = [...]string{"account_sid", "auth_token", "api_key_sid", "api_key_secret", applicationKey}

// config is what the store keeps of a number.
type config struct {
	PhoneNumber    string         `json:"phone_number"`
	Provider       string         `json:"provider"`
	ProviderConfig map[string]any `json:"provider_config"`
}

// key is a text of the provider_config.
func (c *config) key(name string) string {
	s, _ := c.ProviderConfig[name].(string)
	return strings.TrimSpace(s)
}

// Create implements channels.Creator: it sets the number up at Twilio.
func (d *driver) Create(ctx context.Context, params json.RawMessage) (channels.Draft, error) {
	p, err := channels.ReadParams(params)
	if err != nil {
		return channels.Draft{}, err
	}
	c := &config{Provider: providerTwilio}
	c.set(p)
	settings, err := d.save(ctx, c, true)
	return channels.Draft{Settings: settings}, err
}

// Update implements channels.Creator. A given provider_config replaces the old one,
// except for the application that was made at Twilio, which no client is told of. A
// number or an account that is another one is set up like a new one.
func (d *driver) Update(ctx context.Context, ch *channels.Channel, params json.RawMessage) (json.RawMessage, error) {
	p, err := channels.ReadParams(params)
	if err != nil {
		return nil, err
	}
	old := configOf(ch)
	c := *old
	c.ProviderConfig = maps.Clone(old.ProviderConfig)
	c.set(p)
	moved := c.PhoneNumber != old.PhoneNumber || c.key("account_sid") != old.key("account_sid")
	if len(c.ProviderConfig) > 0 && !moved && c.key(applicationKey) == "" {
		c.ProviderConfig[applicationKey] = old.key(applicationKey)
	}
	return d.save(ctx, &c, moved)
}

// set sets what the parameters contain.
func (c *config) set(p channels.Params) {
	p.Line("phone_number", &c.PhoneNumber)
	p.Line("provider", &c.Provider)
	if sent, ok := p.Object("provider_config"); ok {
		c.ProviderConfig = sent
	} else if v, ok := p["provider_config"]; ok && (v == nil || v == "") {
		c.ProviderConfig = nil
	}
}

// save checks the settings, sets the number up at Twilio where that is wanted, and
// encodes them. Twilio is asked only when nothing else is wrong.
func (d *driver) save(ctx context.Context, c *config, provision bool) (json.RawMessage, error) {
	var errs validate.Errors
	switch {
	case c.PhoneNumber == "":
		errs.Add("phone_number", validate.Blank)
		errs.Add("phone_number", validate.Invalid)
	case !e164.MatchString(c.PhoneNumber):
		errs.Add("phone_number", validate.Invalid)
	}
	switch c.Provider {
	case "":
		errs.Add("provider", validate.Blank)
	case providerTwilio:
	default:
		errs.Add("provider", validate.NotListed)
	}
	if len(c.ProviderConfig) == 0 {
		errs.Add("provider_config", validate.Blank)
	}
	if !errs.Any() && provision && c.provisionable() {
		if err := d.provision(ctx, c); err != nil {
			errs.Add(validate.Base, "Twilio setup failed: "+channels.AsSendError(err).Words(english))
		}
	}
	if len(c.ProviderConfig) > 0 {
		for _, name := range required {
			if c.key(name) == "" {
				errs.Add("provider_config", name+" is required for Twilio provider")
			}
		}
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	settings, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("voice: encode settings: %w", err)
	}
	return settings, nil
}

// provisionable tells whether Twilio can be asked at all. What provisioning made
// before is forgotten.
func (c *config) provisionable() bool {
	delete(c.ProviderConfig, applicationKey)
	for _, name := range required {
		if name != applicationKey && c.key(name) == "" {
			return false
		}
	}
	return true
}
