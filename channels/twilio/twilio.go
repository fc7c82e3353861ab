// Package twilio is the driver of Twilio's Programmable Messaging: SMS and
// WhatsApp, through a number or a messaging service.
package twilio

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Media of a channel.
const (
	MediumSMS      = "sms"
	MediumWhatsApp = "whatsapp"
)

// Kinds of the addresses under which webhooks find a channel.
const (
	AddressService = "twilio_service" // MessagingServiceSid
	AddressNumber  = "twilio"         // AccountSid, ":" and the number as Twilio writes it
)

const (
	channelType = "Channel::TwilioSms"
	// prefix marks WhatsApp addresses in Twilio's API.
	prefix = "whatsapp:"

	hookMessage = "webhook"
	hookStatus  = "status"
	pathMessage = "/twilio/callback"
	pathStatus  = "/twilio/delivery_status"
)

// Values of Event.Channel.
const (
	channelSMS      = "twilio_sms"
	channelWhatsApp = "twilio_whatsapp"
)

var (
	_ channels.Driver        = (*Driver)(nil)
	_ channels.Alternates    = (*Driver)(nil)
	_ channels.Refuser       = (*Driver)(nil)
	_ channels.Sender        = (*Driver)(nil)
	_ channels.MediaFetcher  = (*Driver)(nil)
	_ channels.Creator       = (*Driver)(nil)
	_ channels.Registrar     = (*Driver)(nil)
	_ channels.Presenter     = (*Driver)(nil)
	_ channels.Windowed      = (*Driver)(nil)
	_ channels.SourceMaker   = (*Driver)(nil)
	_ channels.SourceChecker = (*Driver)(nil)
)

// Driver serves every Twilio channel of the installation.
type Driver struct {
	env      *channels.Env
	contents contentBook
}

// New makes the driver.
func New(env *channels.Env) *Driver { return &Driver{env: env} }

// Config is what a channel's settings hold.
type Config struct {
	AccountSID string `json:"account_sid"`
	// AuthToken is the account's token, or the secret of the API key when
	// APIKeySID is set.
	AuthToken string `json:"auth_token"`
	APIKeySID string `json:"api_key_sid"`
	// WebhookAuthToken is the account's token where AuthToken is an API key's
	// secret: Twilio signs webhooks with the account's token only.
	WebhookAuthToken string `json:"webhook_auth_token"`
	// Exactly one of the two is set.
	MessagingServiceSID string `json:"messaging_service_sid"`
	PhoneNumber         string `json:"phone_number"` // "whatsapp:+…" for WhatsApp
	Medium              string `json:"medium"`

	ContentTemplates json.RawMessage `json:"content_templates"`
	templates        []contentTemplate
}

// complete refuses a channel that lacks what calls are made with.
func (c *Config) complete() error {
	for _, s := range []struct{ name, value string }{{"account_sid", c.AccountSID}, {"auth_token", c.AuthToken}} {
		if s.value == "" {
			return &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureSettingMissing.With("setting", s.name)}
		}
	}
	return nil
}

// whatsApp tells the medium.
func (c *Config) whatsApp() bool { return c.Medium == MediumWhatsApp }

// signingToken is the secret of webhook signatures.
func (c *Config) signingToken() string {
	if c.APIKeySID != "" {
		return c.WebhookAuthToken
	}
	return c.AuthToken
}

// missingSecret names the setting without which no webhook of this channel can
// be proven; empty when there is one.
func (c *Config) missingSecret() string {
	switch {
	case c.signingToken() != "":
		return ""
	case c.APIKeySID != "":
		return "webhook_auth_token"
	}
	return "auth_token"
}

// user is the name for HTTP Basic; AuthToken is the password.
func (c *Config) user() string {
	if c.APIKeySID != "" {
		return c.APIKeySID
	}
	return c.AccountSID
}

// Info describes the driver.
func (d *Driver) Info() channels.Info {
	ok := channels.Response{Status: http.StatusNoContent}
	return channels.Info{
		Slug:        "twilio",
		ChannelType: channelType,
		Title:       "Twilio",
		Hooks: []channels.Hook{
			{Name: hookMessage, Method: http.MethodPost, Path: pathMessage, Success: ok},
			{Name: hookStatus, Method: http.MethodPost, Path: pathStatus, Success: ok},
		},
		Rate:    channels.Rate{PerSecond: 80, Burst: 80},
		Secrets: []string{"auth_token", "webhook_auth_token"},
		// The last two are for accounts that use an API key.
		Editable: []string{"account_sid", "auth_token", "api_key_sid", "webhook_auth_token"},
	}
}

// Parse decodes the settings.
func (d *Driver) Parse(settings json.RawMessage) (any, error) {
	cfg := &Config{}
	if err := json.Unmarshal(settings, cfg); err != nil {
		return nil, fmt.Errorf("twilio: settings: %w", err)
	}
	if cfg.Medium == "" {
		cfg.Medium = MediumSMS
	}
	cfg.templates = parseTemplates(cfg.ContentTemplates)
	return cfg, nil
}

// Addresses are the messaging service, or the number within its account.
func (d *Driver) Addresses(ch *channels.Channel) []channels.Binding {
	cfg := config(ch)
	if cfg.MessagingServiceSID != "" {
		return []channels.Binding{{Address: chat.Address{Kind: AddressService, Value: cfg.MessagingServiceSID}}}
	}
	return []channels.Binding{{Address: numberAddress(cfg.AccountSID, cfg.PhoneNumber)}}
}

func numberAddress(account, number string) chat.Address {
	return chat.Address{Kind: AddressNumber, Value: account + ":" + number}
}

// addresses of a request, the preferred one first: a message through a service
// also names the number that it was sent to.
func addresses(form url.Values, hook string) []chat.Address {
	account := form.Get("AccountSid")
	if account == "" {
		return nil
	}
	ours := form.Get("To")
	if hook == hookStatus {
		ours = form.Get("From")
	}
	var out []chat.Address
	if service := form.Get("MessagingServiceSid"); service != "" {
		out = append(out, chat.Address{Kind: AddressService, Value: service})
	}
	return append(out, numberAddress(account, ours))
}

// Locate reads the form. A body without an account is none of Twilio's; Refuse
// says so.
func (d *Driver) Locate(r *channels.Request) (chat.Address, bool) {
	all := addresses(parseForm(r.Body), r.Hook)
	if len(all) == 0 {
		return chat.Address{}, false
	}
	return all[0], true
}

// Alternates is the number, where Locate gave the service.
func (d *Driver) Alternates(r *channels.Request) []chat.Address {
	all := addresses(parseForm(r.Body), r.Hook)
	if len(all) < 2 {
		return nil
	}
	return all[1:]
}

// Verify checks Twilio's signature over the public URL and every parameter
// ("Webhooks security", HMAC-SHA1), and that the request is about the channel's
// account.
func (d *Driver) Verify(r *channels.Request, ch *channels.Channel) channels.Proof {
	if ch == nil {
		if parseForm(r.Body).Get("AccountSid") == "" {
			return channels.Proof{Result: channels.RejectFormat}
		}
		return channels.Proof{Result: channels.ProofNoSecret, Detail: "no channel"}
	}
	cfg := config(ch)
	if missing := cfg.missingSecret(); missing != "" {
		return channels.Proof{Result: channels.ProofNoSecret, Detail: missing + " is not set"}
	}
	signature := r.Header("X-Twilio-Signature")
	if signature == "" {
		return channels.Proof{Result: channels.ProofMissing}
	}
	form, err := url.ParseQuery(string(r.Body))
	if err != nil || !channels.Equal(form.Get("AccountSid"), cfg.AccountSID) {
		return channels.Proof{Result: channels.ProofBad}
	}
	parameters := make(map[string]string, len(form))
	for name, values := range form {
		parameters[name] = values[0] // as decoding reads it
	}
	validator := client.NewRequestValidator(cfg.signingToken())
	if !validator.Validate(r.PublicURL, parameters, signature) {
		return channels.Proof{Result: channels.ProofBad}
	}
	return channels.Proof{Result: channels.ProofOK}
}

// Refuse answers 401, or 400 to what is no form of Twilio's.
func (d *Driver) Refuse(p channels.Proof) channels.Response {
	if p.Result == channels.RejectFormat {
		return channels.Response{Status: http.StatusBadRequest}
	}
	return channels.Response{Status: http.StatusUnauthorized}
}

// Window is WhatsApp's customer service window; SMS has none.
func (d *Driver) Window(ch *channels.Channel) time.Duration {
	if config(ch).whatsApp() {
		return window
	}
	return 0
}

// parseForm keeps what can be read.
func parseForm(body []byte) url.Values {
	form, err := url.ParseQuery(string(body))
	if form == nil || err != nil && form.Get("AccountSid") == "" {
		return url.Values{}
	}
	return form
}

// config is the parsed settings of ch; a channel without any has no secret and
// no credentials.
func config(ch *channels.Channel) *Config {
	if cfg, ok := ch.Config.(*Config); ok && cfg != nil {
		return cfg
	}
	return &Config{}
}

// The forms of Twilio's addresses (Twilio, "E.164", 2025).
var (
	smsSource      = regexp.MustCompile(`^\+\d{1,15}$`)
	whatsAppSource = regexp.MustCompile(`^whatsapp:\+\d{1,15}$`)
)

// CheckSource implements channels.SourceChecker.
func (d *Driver) CheckSource(ch *channels.Channel, sourceID string) string {
	form, name := smsSource, "sms"
	if config(ch).whatsApp() {
		form, name = whatsAppSource, "whatsapp"
	}
	if form.MatchString(sourceID) {
		return ""
	}
	return "invalid source id for twilio " + name + " inbox. valid Regex " + form.String()
}

// SourceFor is the number, with Twilio's prefix for WhatsApp.
func (d *Driver) SourceFor(ch *channels.Channel, phone, _ string) (string, error) {
	phone = strings.TrimSpace(phone)
	if phone == "" {
		return "", chat.Unprocessable("param is missing or the value is empty: contact phone number")
	}
	if config(ch).whatsApp() {
		return prefix + phone, nil
	}
	return phone, nil
}
