package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"
	messaging "github.com/twilio/twilio-go/rest/messaging/v1"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/wording"
)

// parameters are what the API takes for a channel.
type parameters struct {
	Name                string  `json:"name"`
	Medium              string  `json:"medium"`
	AccountSID          *string `json:"account_sid"`
	AuthToken           *string `json:"auth_token"`
	APIKeySID           *string `json:"api_key_sid"`
	WebhookAuthToken    *string `json:"webhook_auth_token"`
	MessagingServiceSID string  `json:"messaging_service_sid"`
	PhoneNumber         string  `json:"phone_number"`
}

// Create checks the credentials by listing one message. A messaging service
// wins over a number. Twilio's refusal is worded as Twilio worded it.
func (d *Driver) Create(ctx context.Context, params json.RawMessage) (channels.Draft, error) {
	p, err := read(params)
	if err != nil {
		return channels.Draft{}, err
	}
	cfg := &Config{Medium: p.Medium, MessagingServiceSID: strings.TrimSpace(p.MessagingServiceSID)}
	p.apply(cfg)
	if number := strings.TrimSpace(p.PhoneNumber); cfg.MessagingServiceSID == "" && number != "" {
		cfg.PhoneNumber = number
		if cfg.whatsApp() {
			cfg.PhoneNumber = prefix + strings.TrimPrefix(number, prefix)
		}
	}
	if err := check(cfg); err != nil {
		return channels.Draft{}, err
	}
	list := (&openapi.ListMessageParams{}).SetPathAccountSid(cfg.AccountSID).SetPageSize(1)
	handler, s := d.handler(ctx, cfg)
	if _, err := openapi.NewApiService(handler).PageMessage(list, "", ""); err != nil && (s.last == nil || !s.last.OK()) {
		return channels.Draft{}, unprocessable(err)
	}
	settings, err := json.Marshal(stored(cfg))
	if err != nil {
		return channels.Draft{}, fmt.Errorf("twilio: settings: %w", err)
	}
	return channels.Draft{Settings: settings, Name: strings.TrimSpace(p.Name)}, nil
}

// Update changes the credentials; the number stays what it is.
func (d *Driver) Update(_ context.Context, ch *channels.Channel, params json.RawMessage) (json.RawMessage, error) {
	p, err := read(params)
	if err != nil {
		return nil, err
	}
	settings := map[string]any{}
	if err := json.Unmarshal(ch.Settings, &settings); err != nil {
		return nil, fmt.Errorf("twilio: settings: %w", err)
	}
	cfg := *config(ch)
	p.apply(&cfg)
	if err := check(&cfg); err != nil {
		return nil, err
	}
	for key, value := range stored(&cfg) {
		if key != "content_templates" {
			settings[key] = value
		}
	}
	out, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("twilio: settings: %w", err)
	}
	return out, nil
}

func read(params json.RawMessage) (*parameters, error) {
	p := &parameters{}
	if err := json.Unmarshal(params, p); err != nil {
		return nil, &chat.Error{Code: chat.CodeUnprocessable, Message: "invalid channel parameters", Err: err}
	}
	return p, nil
}

// apply takes the keys that were sent.
func (p *parameters) apply(cfg *Config) {
	for _, one := range []struct {
		sent *string
		to   *string
	}{
		{p.AccountSID, &cfg.AccountSID},
		{p.AuthToken, &cfg.AuthToken},
		{p.APIKeySID, &cfg.APIKeySID},
		{p.WebhookAuthToken, &cfg.WebhookAuthToken},
	} {
		if one.sent != nil {
			*one.to = strings.TrimSpace(*one.sent)
		}
	}
}

func check(cfg *Config) error {
	var e validate.Errors
	e.Present("account_sid", cfg.AccountSID)
	e.Present("auth_token", cfg.AuthToken)
	e.Present("medium", cfg.Medium)
	if cfg.MessagingServiceSID == "" && cfg.PhoneNumber == "" {
		e.Present("messaging_service_sid", "")
		e.Present("phone_number", "")
	}
	if e.Any() {
		return e.Err()
	}
	if cfg.Medium != MediumSMS && cfg.Medium != MediumWhatsApp {
		return chat.Unprocessable(fmt.Sprintf("'%s' is not a valid medium", cfg.Medium))
	}
	return nil
}

// stored are the settings of cfg; what is not set is null.
func stored(cfg *Config) map[string]any {
	return map[string]any{
		"account_sid":           cfg.AccountSID,
		"auth_token":            cfg.AuthToken,
		"api_key_sid":           nullable(cfg.APIKeySID),
		"webhook_auth_token":    nullable(cfg.WebhookAuthToken),
		"messaging_service_sid": nullable(cfg.MessagingServiceSID),
		"phone_number":          nullable(cfg.PhoneNumber),
		"medium":                cfg.Medium,
		"content_templates":     map[string]any{},
	}
}

// nullable is s, or null when it is empty.
func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func unprocessable(err error) error {
	return &chat.Error{Code: chat.CodeUnprocessable, Message: channels.AsSendError(verdict(err)).Words(wording.English)}
}

// Register installs the inbound webhook of an SMS channel, at its service or
// number. WhatsApp senders have no API for it: the operator pastes the address.
func (d *Driver) Register(ctx context.Context, ch *channels.Channel) error {
	cfg := config(ch)
	if cfg.whatsApp() {
		return nil
	}
	handler, s := d.handler(ctx, cfg)
	callback := d.env.PublicURL + pathMessage
	if cfg.MessagingServiceSID != "" {
		_, err := messaging.NewApiService(handler).UpdateService(cfg.MessagingServiceSID, (&messaging.UpdateServiceParams{}).
			SetInboundMethod("POST").SetInboundRequestUrl(callback).SetUseInboundWebhookOnNumber(false))
		return s.Outcome(err)
	}
	api := openapi.NewApiService(handler)
	found, err := api.PageIncomingPhoneNumber((&openapi.ListIncomingPhoneNumberParams{}).
		SetPathAccountSid(cfg.AccountSID).SetPhoneNumber(cfg.PhoneNumber), "", "")
	if err != nil {
		return verdict(err)
	}
	if len(found.IncomingPhoneNumbers) == 0 || found.IncomingPhoneNumbers[0].Sid == nil {
		d.env.Log.Warn("twilio: the account has no such number, its webhook is not set", slog.Int64("inbox_id", ch.InboxID))
		return nil
	}
	_, err = api.UpdateIncomingPhoneNumber(*found.IncomingPhoneNumbers[0].Sid, (&openapi.UpdateIncomingPhoneNumberParams{}).
		SetPathAccountSid(cfg.AccountSID).SetSmsMethod("POST").SetSmsUrl(callback))
	return s.Outcome(err)
}

// Outcome forgives an accepted call whose answer the library cannot read.
func (s *Session) Outcome(err error) error {
	if err == nil {
		return nil
	}
	var refused *channels.SendError
	if !errors.As(err, &refused) && s.last != nil && s.last.OK() {
		return nil
	}
	return verdict(err)
}

// Unregister does nothing: a service or number may have been pointed elsewhere
// since, and an unknown number is answered politely.
func (d *Driver) Unregister(context.Context, *channels.Channel) error { return nil }

// Present gives the keys of the Inbox JSON.
func (d *Driver) Present(ch *channels.Channel, admin bool) map[string]any {
	cfg := config(ch)
	templates := cfg.ContentTemplates
	if len(templates) == 0 || string(templates) == "null" {
		templates = json.RawMessage(`{}`)
	}
	out := map[string]any{
		"messaging_service_sid": nullable(cfg.MessagingServiceSID),
		"phone_number":          nullable(cfg.PhoneNumber),
		"medium":                cfg.Medium,
		"content_templates":     templates,
		"callback_webhook_url":  d.env.PublicURL + pathMessage,
	}
	if admin {
		out["account_sid"], out["auth_token"] = cfg.AccountSID, cfg.AuthToken
	}
	return out
}
