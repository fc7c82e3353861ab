package apichannel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"tributary/channels"
	"tributary/chat"
)

const (
	maxURL = 2048 // characters

	// maxWindowHours keeps the window inside a time.Duration; a century.
	maxWindowHours = 100 * 365 * 24
)

// config is what the store keeps of an API inbox.
type config struct {
	Identifier    string         `json:"identifier"`
	HMACToken     string         `json:"hmac_token"`
	HMACMandatory bool           `json:"hmac_mandatory"`
	WebhookURL    *string        `json:"webhook_url"`
	Attributes    map[string]any `json:"additional_attributes"`
}

func (c *config) url() string {
	if c.WebhookURL == nil {
		return ""
	}
	return strings.TrimSpace(*c.WebhookURL)
}

// endpoint is who is told what happens in the inbox; without a URL nobody is.
func (c *config) endpoint() channels.Endpoint {
	e := channels.Endpoint{URL: c.url()}
	if c.signs() {
		e.Secret = c.HMACToken
	}
	return e
}

// signs tells whether webhooks carry a signature.
func (c *config) signs() bool { return truthy(c.Attributes["sign_webhooks"]) && c.HMACToken != "" }

// windowHours reads agent_reply_time_window: a number or its text. ok is false
// when it is not set.
func windowHours(attributes map[string]any) (hours float64, ok bool) {
	switch v := attributes["agent_reply_time_window"].(type) {
	case nil:
		return 0, false
	case float64:
		return v, true
	case string:
		if v = strings.TrimSpace(v); v == "" {
			return 0, false
		}
		hours, err := strconv.ParseFloat(v, 64)
		if err != nil || math.IsNaN(hours) {
			return 0, true
		}
		return hours, true
	default:
		return 0, true
	}
}

// Create implements channels.Creator.
func (d *driver) Create(_ context.Context, params json.RawMessage) (channels.Draft, error) {
	c := config{Identifier: channels.ShortToken(), HMACToken: channels.ShortToken(), Attributes: map[string]any{}}
	settings, err := c.apply(params)
	return channels.Draft{Settings: settings}, err
}

// Update implements channels.Creator. Keys that are absent keep their value;
// additional_attributes is replaced as a whole.
func (d *driver) Update(_ context.Context, ch *channels.Channel, params json.RawMessage) (json.RawMessage, error) {
	c := *configOf(ch)
	return c.apply(params)
}

// apply sets what params contains, checks it and encodes the settings. Values
// may come from a form, where everything is text.
func (c *config) apply(params json.RawMessage) (json.RawMessage, error) {
	var in map[string]any
	if len(bytes.TrimSpace(params)) > 0 {
		if err := json.Unmarshal(params, &in); err != nil {
			return nil, chat.Unprocessable("channel is not an object")
		}
	}
	if v, ok := in["webhook_url"]; ok {
		c.WebhookURL = nil
		if s, ok := v.(string); ok {
			c.WebhookURL = &s
		}
	}
	if v, ok := in["hmac_mandatory"]; ok {
		c.HMACMandatory = truthy(v)
	}
	if v, ok := in["additional_attributes"]; ok {
		c.Attributes, _ = v.(map[string]any)
		if c.Attributes == nil {
			c.Attributes = map[string]any{}
		}
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	settings, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("api: encode settings: %w", err)
	}
	return settings, nil
}

func (c *config) check() error {
	var messages, attributes []string
	if c.WebhookURL != nil && utf8.RuneCountInString(*c.WebhookURL) > maxURL {
		messages = append(messages, "Webhook url is too long (maximum is 2048 characters)")
		attributes = append(attributes, "webhook_url")
	}
	if hours, ok := windowHours(c.Attributes); ok && hours <= 0 {
		messages = append(messages, "Agent reply time window must be greater than 0")
		attributes = append(attributes, "agent_reply_time_window")
	}
	if len(messages) == 0 {
		return nil
	}
	return &chat.Error{Code: chat.CodeInvalid, Message: strings.Join(messages, ", "), Attributes: attributes}
}

// truthy casts as the API does: what is not one of the words for false is true.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case float64:
		return v != 0
	case string:
		switch v {
		case "", "0", "f", "F", "false", "FALSE", "off", "OFF":
			return false
		}
	}
	return true
}
