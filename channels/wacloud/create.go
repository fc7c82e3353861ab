package wacloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/wording"
)

const (
	tokenBytes = 16 // 32 hex digits
	// The credential check and the list of templates are pinned to this version,
	// as in Chatwoot.
	templatesVersion = "v14.0"
	badCredentials   = "Invalid Credentials"
	embeddedSignup   = "embedded_signup"
)

// Server-made keys of provider_config: a client that sends the object back
// without them does not mean to lose them (contract 10 §8).
var serverKeys = []string{"webhook_verify_token", "webhook_authorization", "verification_pin"}

// parameters are what the API takes for a number.
type parameters struct {
	PhoneNumber    *string                    `json:"phone_number"`
	Provider       *string                    `json:"provider"`
	ProviderConfig map[string]json.RawMessage `json:"provider_config"`
}

// Create checks the credentials with the provider. At 360dialog the check is
// the call that installs our webhook (and with it the Authorization header that
// proves it), so callers look for a number that is taken before they call
// Create: installing twice replaces the header of the inbox that has the number.
func (d *Driver) Create(ctx context.Context, params json.RawMessage) (channels.Draft, error) {
	settings, err := d.save(ctx, nil, params)
	return channels.Draft{Settings: settings}, err
}

// Update replaces what was sent and checks the credentials again.
func (d *Driver) Update(ctx context.Context, ch *channels.Channel, params json.RawMessage) (json.RawMessage, error) {
	return d.save(ctx, ch.Settings, params)
}

func (d *Driver) save(ctx context.Context, stored, params json.RawMessage) (json.RawMessage, error) {
	var p parameters
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, &chat.Error{Code: chat.CodeBadRequest, Message: "invalid channel parameters", Err: err}
	}
	settings := map[string]json.RawMessage{}
	if len(stored) > 0 {
		if err := json.Unmarshal(stored, &settings); err != nil {
			return nil, fmt.Errorf("wacloud: settings: %w", err)
		}
	}
	if p.PhoneNumber != nil {
		settings["phone_number"] = quote(strings.TrimSpace(*p.PhoneNumber))
	}
	if p.Provider != nil && *p.Provider != "" || len(settings["provider"]) == 0 {
		provider := Provider360dialog
		if p.Provider != nil {
			provider = firstOf(*p.Provider, provider)
		}
		settings["provider"] = quote(provider)
	}
	if err := mergeProviderConfig(settings, p.ProviderConfig); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("wacloud: settings: %w", err)
	}
	parsed, err := d.Parse(raw)
	if err != nil {
		return nil, err
	}
	cfg, ok := parsed.(*Config)
	if !ok {
		return nil, errors.New("wacloud: settings: unexpected type")
	}
	if err := validateConfig(cfg); err != nil {
		return nil, err
	}
	return raw, d.checkCredentials(ctx, cfg)
}

// mergeProviderConfig takes the new object, keeps the server's own keys and
// makes those that are missing.
func mergeProviderConfig(settings, sent map[string]json.RawMessage) error {
	old := map[string]json.RawMessage{}
	if raw := settings["provider_config"]; len(raw) > 0 {
		if err := json.Unmarshal(raw, &old); err != nil {
			return fmt.Errorf("wacloud: provider_config: %w", err)
		}
	}
	merged := map[string]json.RawMessage{}
	if sent == nil {
		sent = old
	}
	maps.Copy(merged, sent)
	for key, value := range old {
		if _, given := merged[key]; !given && (strings.HasPrefix(key, "calling") || slices.Contains(serverKeys, key)) {
			merged[key] = value
		}
	}
	var made ProviderConfig
	raw, err := json.Marshal(merged)
	if err != nil {
		return fmt.Errorf("wacloud: provider_config: %w", err)
	}
	lenient(raw, &made)
	switch provider := string(settings["provider"]); {
	case provider == `"`+ProviderCloud+`"` && made.VerifyToken == "":
		merged["webhook_verify_token"] = quote(channels.Token(tokenBytes))
	case provider == `"`+Provider360dialog+`"` && made.Authorization == "":
		merged["webhook_authorization"] = quote("Bearer " + channels.Token(tokenBytes))
	}
	if settings["provider_config"], err = json.Marshal(merged); err != nil {
		return fmt.Errorf("wacloud: provider_config: %w", err)
	}
	return nil
}

func validateConfig(cfg *Config) error {
	var e validate.Errors
	if cfg.PhoneNumber == "" {
		e.Add("phone_number", validate.Blank)
	} else if !e164.MatchString(string(cfg.PhoneNumber)) {
		e.Add("phone_number", validate.Invalid)
	}
	e.OneOf("provider", string(cfg.Provider), Provider360dialog, ProviderCloud)
	return e.Err()
}

// Inspect implements channels.Inspector. 360dialog has no call that changes nothing.
func (d *Driver) Inspect(ctx context.Context, ch *channels.Channel) error {
	cfg := config(ch)
	if cfg.Provider != ProviderCloud {
		return nil
	}
	return d.checkCredentials(ctx, cfg)
}

// checkCredentials asks the provider. Being unable to ask refuses too, in other
// words: the credentials may be fine.
func (d *Driver) checkCredentials(ctx context.Context, cfg *Config) error {
	pc := &cfg.ProviderConfig
	if pc.APIKey == "" || cfg.Provider == ProviderCloud && (pc.BusinessAccountID == "" || pc.PhoneNumberID == "") {
		return validate.Fail("provider_config", badCredentials)
	}
	var answer *channels.Answer
	var err error
	if cfg.Provider == ProviderCloud {
		address := d.cloud() + "/" + templatesVersion + "/" + url.PathEscape(string(pc.BusinessAccountID)) +
			"/message_templates"
		answer, err = d.env.JSON(ctx, http.MethodGet, address, bearer(cfg), nil)
	} else {
		answer, err = d.installWebhook(ctx, cfg)
	}
	switch {
	case err != nil:
		return validate.Fail("provider_config", "could not be checked: "+channels.AsSendError(err).Words(wording.English))
	case answer.Status >= http.StatusInternalServerError:
		return validate.Fail("provider_config", fmt.Sprintf("could not be checked: the provider answered with HTTP status %d", answer.Status))
	case !answer.OK():
		return validate.Fail("provider_config", badCredentials)
	}
	return nil
}

// installWebhook tells 360dialog where to deliver and what to prove it with.
func (d *Driver) installWebhook(ctx context.Context, cfg *Config) (*channels.Answer, error) {
	return d.env.JSON(ctx, http.MethodPost, d.dialog()+"/configs/webhook", dialogKey(cfg), map[string]any{
		"url":     d.callback(cfg),
		"headers": map[string]string{"Authorization": string(cfg.ProviderConfig.Authorization)},
	})
}

func (d *Driver) callback(cfg *Config) string {
	return d.env.PublicURL + "/webhooks/whatsapp/" + string(cfg.PhoneNumber)
}

// UniqueAttribute names what two inboxes cannot share.
func (d *Driver) UniqueAttribute() (name, human string) { return "phone_number", "Phone number" }

// Register installs the webhook at 360dialog once more, now that the inbox is
// stored. On the Cloud API the operator, or embedded signup, subscribes it.
func (d *Driver) Register(ctx context.Context, ch *channels.Channel) error {
	cfg := config(ch)
	if cfg.Provider == ProviderCloud {
		return nil
	}
	answer, err := d.installWebhook(ctx, cfg)
	if err != nil {
		return err
	}
	if !answer.OK() {
		return d.sendError(answer, cfg)
	}
	return nil
}

// Unregister does nothing: tearing down a subscription of the Cloud API takes
// knowledge of the other numbers of the business account, which the number's
// life cycle has (package whatsapp), and 360dialog keeps one webhook per number
// that the next owner of the key replaces.
func (d *Driver) Unregister(context.Context, *channels.Channel) error { return nil }

// Present gives the keys of the Inbox JSON. The two-step PIN is never shown.
func (d *Driver) Present(ch *channels.Channel, admin bool) map[string]any {
	cfg := config(ch)
	templates := cfg.MessageTemplates
	if len(templates) == 0 || string(templates) == "null" {
		templates = json.RawMessage(`{}`)
	}
	out := map[string]any{
		"phone_number":             string(cfg.PhoneNumber),
		"provider":                 string(cfg.Provider),
		"callback_webhook_url":     d.callback(cfg),
		"message_templates":        templates,
		"reauthorization_required": ch.ReauthorizationRequired || cfg.embedded() && ch.RegistrationIncomplete,
	}
	if admin {
		out["provider_config"] = shownConfig(ch.Settings)
	}
	return out
}

func shownConfig(settings json.RawMessage) map[string]json.RawMessage {
	var s struct {
		ProviderConfig map[string]json.RawMessage `json:"provider_config"`
	}
	lenient(settings, &s)
	if s.ProviderConfig == nil {
		s.ProviderConfig = map[string]json.RawMessage{}
	}
	delete(s.ProviderConfig, "verification_pin")
	return s.ProviderConfig
}

// quote is s as JSON text.
func quote(s string) json.RawMessage {
	b, _ := json.Marshal(s) //nolint:errchkjson // a string always encodes
	return b
}
