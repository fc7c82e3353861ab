// Package wacloud is the driver of WhatsApp Business numbers, over Meta's Cloud
// API (provider "whatsapp_cloud") and over 360dialog (provider "default").
package wacloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

// Providers of a WhatsApp number.
const (
	ProviderCloud     = "whatsapp_cloud"
	Provider360dialog = "default"
)

// Kinds of the addresses under which webhooks find a number.
const (
	AddressNumber  = "whatsapp"          // "+" and digits, as in the webhook path
	AddressPhoneID = "whatsapp_phone_id" // metadata.phone_number_id
)

const (
	slug        = "whatsapp"
	channelType = "Channel::Whatsapp"
	hookPath    = "/webhooks/whatsapp/{phone_number}"
	// Meta tells what concerns numbers and business accounts to the app's own
	// webhook, whatever a number's override says.
	appHookPath    = "/webhooks/whatsapp"
	hookApp        = "app"
	hookAppVerify  = "app_verify"
	appVerifyToken = "WHATSAPP_WEBHOOK_VERIFY_TOKEN" //nolint:gosec // the name of a setting
	appSecretName  = "WHATSAPP_APP_SECRET"           //nolint:gosec // the name of a setting
	wrongToken     = `{"error":"Error; wrong verify token"}`
	inactiveNumber = `{"error":"Inactive WhatsApp number"}`
	// proofInactive is the proof of a webhook for a number that the operator
	// switched off: refused whoever sent it.
	proofInactive = "inactive_number"
	jsonType      = "application/json"
)

var (
	_ channels.Driver         = (*Driver)(nil)
	_ channels.Inspector      = (*Driver)(nil)
	_ channels.Challenger     = (*Driver)(nil)
	_ channels.Refuser        = (*Driver)(nil)
	_ channels.Tailor         = (*Driver)(nil)
	_ channels.Sender         = (*Driver)(nil)
	_ channels.MediaFetcher   = (*Driver)(nil)
	_ channels.Creator        = (*Driver)(nil)
	_ channels.Registrar      = (*Driver)(nil)
	_ channels.Presenter      = (*Driver)(nil)
	_ channels.Windowed       = (*Driver)(nil)
	_ channels.SourceMaker    = (*Driver)(nil)
	_ channels.SourceChecker  = (*Driver)(nil)
	_ channels.SourceVariants = (*Driver)(nil)
	_ channels.Unique         = (*Driver)(nil)
)

// Driver serves every WhatsApp number of the installation.
type Driver struct{ env *channels.Env }

// New makes the driver.
func New(env *channels.Env) *Driver { return &Driver{env: env} }

// Config is what a channel's settings hold.
type Config struct {
	PhoneNumber      text            `json:"phone_number"` // "+" and digits
	Provider         text            `json:"provider"`
	ProviderConfig   ProviderConfig  `json:"provider_config"`
	MessageTemplates json.RawMessage `json:"message_templates"`

	// templates are MessageTemplates decoded; synced is false until the first
	// synchronisation, when nothing is known about the number's templates.
	templates []template
	synced    bool
}

// ProviderConfig holds the credentials of a number and the secrets that prove
// its webhooks.
type ProviderConfig struct {
	APIKey            text `json:"api_key"` // access token or D360-API-KEY
	PhoneNumberID     text `json:"phone_number_id"`
	BusinessAccountID text `json:"business_account_id"`
	// VerifyToken answers the GET handshake; made by the server.
	VerifyToken text `json:"webhook_verify_token"`
	// AppSecret is the secret of the Meta app that owns the webhook, for numbers
	// set up by hand; others use the installation's WHATSAPP_APP_SECRET.
	AppSecret text `json:"app_secret"`
	// Authorization is the header value that 360dialog sends with each webhook;
	// made by the server.
	Authorization text `json:"webhook_authorization"`
	Source        text `json:"source"` // "embedded_signup" or empty
}

// embedded tells whether the number was connected by Embedded Signup.
func (c *Config) embedded() bool { return string(c.ProviderConfig.Source) == embeddedSignup }

// Info describes the driver. Throughput is Meta's default of 80 messages a
// second and number (Cloud API documentation, "Throughput").
func (d *Driver) Info() channels.Info {
	ok := channels.Response{Status: http.StatusOK}
	return channels.Info{
		Slug:        slug,
		ChannelType: channelType,
		Title:       "WhatsApp",
		CreateType:  "whatsapp",
		Hooks: []channels.Hook{
			{Name: "verify", Method: http.MethodGet, Path: hookPath, Success: ok},
			{Name: "webhook", Method: http.MethodPost, Path: hookPath, Success: ok},
			{Name: hookAppVerify, Method: http.MethodGet, Path: appHookPath, Success: ok},
			{Name: hookApp, Method: http.MethodPost, Path: appHookPath, Success: ok},
		},
		Rate:      channels.Rate{PerSecond: 80, Burst: 80},
		Threshold: 2,
		Secrets:   []string{"api_key", "app_secret", "webhook_verify_token", "webhook_authorization", "verification_pin"},
		Editable:  []string{"phone_number", "provider", "provider_config"},
	}
}

// Parse decodes the settings.
func (d *Driver) Parse(settings json.RawMessage) (any, error) {
	cfg := &Config{}
	if err := json.Unmarshal(settings, cfg); err != nil {
		return nil, fmt.Errorf("wacloud: settings: %w", err)
	}
	if cfg.Provider == "" {
		cfg.Provider = Provider360dialog
	}
	cfg.templates, cfg.synced = parseTemplates(cfg.MessageTemplates)
	return cfg, nil
}

// Addresses are the number and, on the Cloud API, its phone number id.
func (d *Driver) Addresses(ch *channels.Channel) []channels.Binding {
	cfg := config(ch)
	out := []channels.Binding{{Address: numberAddress(string(cfg.PhoneNumber))}}
	if id := string(cfg.ProviderConfig.PhoneNumberID); id != "" {
		out = append(out, channels.Binding{Address: chat.Address{Kind: AddressPhoneID, Value: id}})
	}
	return out
}

// Locate reads the number from the path. Webhooks of numbers that the operator
// switched off name no channel, so that they are refused in the same words
// whether the number is known or not.
func (d *Driver) Locate(r *channels.Request) (chat.Address, bool) {
	if r.Hook == hookApp || r.Hook == hookAppVerify {
		return chat.Address{}, false
	}
	address := numberAddress(r.Param("phone_number"))
	if r.Method != http.MethodGet && d.inactive(address) {
		return address, false
	}
	return address, true
}

// Verify checks Meta's signature (Graph API, "Webhooks: Validating payloads"),
// or the Authorization header that 360dialog was told to send.
func (d *Driver) Verify(r *channels.Request, ch *channels.Channel) channels.Proof {
	if r.Hook == hookApp {
		secret := d.env.Setting(appSecretName)
		if secret == "" {
			return channels.Proof{Result: channels.ProofNoSecret, Detail: appSecretName + " is not set"}
		}
		return signed(r, secret, appSecretName)
	}
	if d.inactive(numberAddress(r.Param("phone_number"))) {
		return channels.Proof{Result: proofInactive}
	}
	if ch == nil {
		return channels.Proof{Result: channels.ProofNoSecret, Detail: "no channel"}
	}
	cfg := config(ch)
	if missing := d.missingSecret(cfg); missing != "" {
		return channels.Proof{Result: channels.ProofNoSecret, Detail: missing + " is not set"}
	}
	if cfg.Provider != ProviderCloud {
		return compare(r.Header("Authorization"), string(cfg.ProviderConfig.Authorization), "webhook_authorization")
	}
	secret, id := d.appSecret(cfg)
	return signed(r, secret, id)
}

// signed checks Meta's signature over the exact bytes.
func signed(r *channels.Request, secret, id string) channels.Proof {
	signature := r.Header("X-Hub-Signature-256")
	if signature == "" {
		return channels.Proof{Result: channels.ProofMissing}
	}
	digest, ok := strings.CutPrefix(signature, "sha256=")
	if !ok {
		return channels.Proof{Result: channels.ProofBad}
	}
	return compare(digest, channels.HexSHA256(secret, r.Body), id)
}

// Refuse answers 401, or 422 for a number that was switched off.
func (d *Driver) Refuse(p channels.Proof) channels.Response {
	if p.Result == proofInactive {
		return channels.Response{Status: http.StatusUnprocessableEntity, ContentType: jsonType, Body: inactiveNumber}
	}
	return channels.Response{Status: http.StatusUnauthorized}
}

func compare(got, want, id string) channels.Proof {
	switch {
	case got == "":
		return channels.Proof{Result: channels.ProofMissing}
	case !channels.Equal(got, want):
		return channels.Proof{Result: channels.ProofBad}
	}
	return channels.Proof{Result: channels.ProofOK, SecretID: id}
}

func (d *Driver) appSecret(cfg *Config) (secret, id string) {
	if s := string(cfg.ProviderConfig.AppSecret); s != "" {
		return s, "app_secret"
	}
	return d.env.Setting(appSecretName), appSecretName
}

// missingSecret names the setting without which no webhook of this number can
// be proven; empty when there is one.
func (d *Driver) missingSecret(cfg *Config) string {
	if cfg.Provider != ProviderCloud {
		if cfg.ProviderConfig.Authorization == "" {
			return "provider_config.webhook_authorization"
		}
		return ""
	}
	if secret, _ := d.appSecret(cfg); secret == "" {
		return "provider_config.app_secret"
	}
	return ""
}

// Challenge answers Meta's handshake with the token of the number, or of the
// installation's app.
func (d *Driver) Challenge(r *channels.Request, ch *channels.Channel) channels.Response {
	want := ""
	switch {
	case r.Hook == hookAppVerify:
		want = d.env.Setting(appVerifyToken)
	case ch != nil:
		want = string(config(ch).ProviderConfig.VerifyToken)
	}
	if !channels.Equal(r.Query("hub.verify_token"), want) {
		return channels.Response{Status: http.StatusUnauthorized, ContentType: jsonType, Body: wrongToken}
	}
	return channels.Response{Status: http.StatusOK, ContentType: jsonType, Body: r.Query("hub.challenge")}
}

// inactive tells whether the operator listed the number in
// INACTIVE_WHATSAPP_NUMBERS (comma-separated).
func (d *Driver) inactive(address chat.Address) bool {
	for list := d.env.Setting("INACTIVE_WHATSAPP_NUMBERS"); list != ""; {
		var number string
		number, list, _ = strings.Cut(list, ",")
		if n := digits(number); n != "" && address.Value == "+"+n {
			return true
		}
	}
	return false
}

// config is the parsed settings of ch; a channel without any has no secret and
// no credentials.
func config(ch *channels.Channel) *Config {
	if cfg, ok := ch.Config.(*Config); ok && cfg != nil {
		return cfg
	}
	return &Config{}
}

func numberAddress(number string) chat.Address {
	return chat.Address{Kind: AddressNumber, Value: "+" + digits(number)}
}
