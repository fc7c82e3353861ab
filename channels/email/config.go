package email

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tributary/channels"
	"tributary/internal/validate"
)

const (
	imapEnabled = "imap_enabled"
	smtpEnabled = "smtp_enabled"

	inboundDomain = "MAILER_INBOUND_EMAIL_DOMAIN"
	forwardBytes  = 16 // 32 hex digits
	maxPort       = 65535
	gmail         = "imap.gmail.com"

	defaultVerifyMode     = "none"
	defaultAuthentication = "login"
)

// Providers that let us in by OAuth.
const (
	google    = "google"
	microsoft = "microsoft"
)

var (
	verifyModes     = []string{defaultVerifyMode, "peer", "client_once", "fail_if_no_peer_cert"}
	authentications = []string{defaultAuthentication, "plain", "cram_md5"}
)

// config is what the store keeps of a mail address.
type config struct {
	Email string `json:"email"`
	// ForwardTo is where mail for Email may be forwarded to. It ends with the @ as long
	// as there is no domain that takes mail.
	ForwardTo          string         `json:"forward_to_email"`
	Provider           *string        `json:"provider"`
	ProviderConfig     map[string]any `json:"provider_config,omitempty"` // tokens of OAuth
	VerifiedForSending bool           `json:"verified_for_sending"`

	IMAPEnabled   bool   `json:"imap_enabled"`
	IMAPLogin     string `json:"imap_login"`
	IMAPPassword  string `json:"imap_password"`
	IMAPAddress   string `json:"imap_address"`
	IMAPPort      int    `json:"imap_port"`
	IMAPEnableSSL bool   `json:"imap_enable_ssl"`

	SMTPEnabled        bool   `json:"smtp_enabled"`
	SMTPLogin          string `json:"smtp_login"`
	SMTPPassword       string `json:"smtp_password"`
	SMTPAddress        string `json:"smtp_address"`
	SMTPPort           int    `json:"smtp_port"`
	SMTPDomain         string `json:"smtp_domain"`
	SMTPEnableTLS      bool   `json:"smtp_enable_ssl_tls"`
	SMTPStartTLS       bool   `json:"smtp_enable_starttls_auto"`
	SMTPVerifyMode     string `json:"smtp_openssl_verify_mode"`
	SMTPAuthentication string `json:"smtp_authentication"`
}

// forwardTo is the address for forwarding, empty while nothing takes mail.
func (c *config) forwardTo() string {
	if strings.HasSuffix(c.ForwardTo, "@") {
		return ""
	}
	return c.ForwardTo
}

// authorizes tells whether the mailbox is one that OAuth opens.
func (c *config) authorizes() bool {
	if c.Provider != nil && (*c.Provider == google || *c.Provider == microsoft) {
		return true
	}
	return c.IMAPEnabled && strings.EqualFold(c.IMAPAddress, gmail)
}

// defaults are the settings of an address that nothing was said about.
func defaults() config {
	return config{
		ForwardTo: channels.Token(forwardBytes) + "@", IMAPEnableSSL: true, SMTPStartTLS: true, SMTPVerifyMode: defaultVerifyMode,
		SMTPAuthentication: defaultAuthentication,
	}
}

// Create implements channels.Creator.
func (d *driver) Create(ctx context.Context, params json.RawMessage) (channels.Draft, error) {
	return d.CreateFor(ctx, channels.Account{InboundDomain: d.env.Setting(inboundDomain)}, params)
}

// CreateFor implements channels.AccountCreator. Nothing is asked of the servers.
func (d *driver) CreateFor(_ context.Context, account channels.Account, params json.RawMessage) (channels.Draft, error) {
	c := defaults()
	c.ForwardTo += account.InboundDomain
	p, err := channels.ReadParams(params)
	if err != nil {
		return channels.Draft{}, err
	}
	settings, err := c.apply(p)
	return channels.Draft{Settings: settings}, err
}

// Update implements channels.Creator. Servers that are switched on are tried first,
// with what the request says of them and not with what is stored; when one does not let
// us in nothing is stored.
func (d *driver) Update(ctx context.Context, ch *channels.Channel, params json.RawMessage) (json.RawMessage, error) {
	p, err := channels.ReadParams(params)
	if err != nil {
		return nil, err
	}
	c := *configOf(ch)
	if strings.HasSuffix(c.ForwardTo, "@") {
		c.ForwardTo += d.env.Setting(inboundDomain)
	}
	settings, err := c.apply(p)
	if err != nil {
		return nil, err
	}
	asked := defaults()
	if _, err := asked.set(p); err != nil {
		return nil, err
	}
	if p.True(imapEnabled) {
		if err := d.checkIMAP(ctx, &asked); err != nil {
			return nil, err
		}
	}
	if p.True(smtpEnabled) {
		if err := d.checkSMTP(ctx, &asked); err != nil {
			return nil, err
		}
	}
	return settings, nil
}

// apply sets what the parameters contain, checks the result and encodes the settings.
func (c *config) apply(p channels.Params) (json.RawMessage, error) {
	errs, err := c.set(p)
	if err != nil {
		return nil, err
	}
	errs.Email("email", c.Email)
	if err := errs.Err(); err != nil {
		return nil, err
	}
	settings, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("email: encode settings: %w", err)
	}
	return settings, nil
}

// set sets what the parameters contain. What is wrong is an error; errs is empty, for
// more.
func (c *config) set(p channels.Params) (errs *validate.Errors, err error) {
	errs = &validate.Errors{}
	for name, dst := range map[string]*string{
		"email": &c.Email, "imap_address": &c.IMAPAddress, "smtp_address": &c.SMTPAddress, "smtp_domain": &c.SMTPDomain,
		"imap_login": &c.IMAPLogin, "smtp_login": &c.SMTPLogin,
	} {
		p.Line(name, dst)
	}
	p.Text("imap_password", &c.IMAPPassword)
	p.Text("smtp_password", &c.SMTPPassword)
	p.NullableText("provider", &c.Provider)
	for name, dst := range map[string]*bool{
		"verified_for_sending": &c.VerifiedForSending, imapEnabled: &c.IMAPEnabled, "imap_enable_ssl": &c.IMAPEnableSSL,
		smtpEnabled: &c.SMTPEnabled, "smtp_enable_ssl_tls": &c.SMTPEnableTLS, "smtp_enable_starttls_auto": &c.SMTPStartTLS,
	} {
		p.Bool(name, dst)
	}
	p.Number("imap_port", &c.IMAPPort, maxPort, errs)
	p.Number("smtp_port", &c.SMTPPort, maxPort, errs)
	choose(p, "smtp_openssl_verify_mode", &c.SMTPVerifyMode, verifyModes, errs)
	choose(p, "smtp_authentication", &c.SMTPAuthentication, authentications, errs)
	for _, text := range []struct{ name, value string }{
		{"imap_address", c.IMAPAddress},
		{"imap_login", c.IMAPLogin},
		{"imap_password", c.IMAPPassword},
		{"smtp_address", c.SMTPAddress},
		{"smtp_login", c.SMTPLogin},
		{"smtp_password", c.SMTPPassword},
		{"smtp_domain", c.SMTPDomain},
	} {
		errs.MaxLen(text.name, text.value, validate.ShortText)
	}
	if c.Provider != nil {
		errs.MaxLen("provider", *c.Provider, validate.ShortText)
	}
	return errs, errs.Err()
}

// choose sets *dst to one of list; nothing is the first one.
func choose(p channels.Params, name string, dst *string, list []string, errs *validate.Errors) {
	p.Line(name, dst)
	if *dst == "" {
		*dst = list[0]
	}
	if !slices.Contains(list, *dst) {
		errs.Add(name, validate.NotListed)
	}
}
