// Package email is the inbox of a mail address: its settings, and whether its servers
// let us in. Mails are neither fetched nor sent yet; a reply fails, and says so.
package email

import (
	"encoding/json"
	"maps"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

const slug = "email"

// driver implements channels.Driver and the capabilities below.
type driver struct {
	channels.Hookless
	env *channels.Env
}

var (
	_ channels.Driver         = (*driver)(nil)
	_ channels.Creator        = (*driver)(nil)
	_ channels.AccountCreator = (*driver)(nil)
	_ channels.Presenter      = (*driver)(nil)
	_ channels.Unique         = (*driver)(nil)
	_ channels.SourceMaker    = (*driver)(nil)
)

// New makes the driver.
func New(env *channels.Env) channels.Driver { return &driver{env: env} }

// Info implements channels.Driver. A mailbox is flagged when its token could not be
// renewed ten times (contract 05 §11).
func (d *driver) Info() channels.Info {
	return channels.Info{
		Slug: slug, ChannelType: "Channel::Email", Title: "Email", CreateType: "email", Threshold: 10,
		Secrets: []string{"imap_password", "smtp_password", "provider_config"},
		Editable: []string{
			"email", "provider", "verified_for_sending",
			imapEnabled, "imap_login", "imap_password", "imap_address", "imap_port", "imap_enable_ssl",
			smtpEnabled, "smtp_login", "smtp_password", "smtp_address", "smtp_port", "smtp_domain", "smtp_enable_starttls_auto",
			"smtp_enable_ssl_tls", "smtp_openssl_verify_mode", "smtp_authentication",
		},
	}
}

// Parse implements channels.Driver.
func (d *driver) Parse(settings json.RawMessage) (any, error) {
	return channels.ParseSettings[config](slug, settings)
}

// configOf gives the settings of a channel; one whose settings could not be parsed has
// none.
func configOf(ch *channels.Channel) *config { return channels.ConfigOf[config](ch) }

// Addresses implements channels.Driver: a mail is for the inbox whose address, or whose
// address for forwarding, is among its recipients.
func (d *driver) Addresses(ch *channels.Channel) []channels.Binding {
	c := configOf(ch)
	var out []channels.Binding
	for _, address := range []string{c.Email, c.forwardTo()} {
		if address = strings.ToLower(strings.TrimSpace(address)); address != "" {
			out = append(out, channels.Binding{Address: chat.Address{Kind: slug, Value: address}})
		}
	}
	return out
}

// UniqueAttribute implements channels.Unique.
func (d *driver) UniqueAttribute() (name, human string) { return "email", "Email" }

// SourceFor implements channels.SourceMaker: contacts are known by their address.
func (d *driver) SourceFor(_ *channels.Channel, _, email string) (string, error) {
	if email = strings.TrimSpace(email); email == "" {
		return "", chat.Unprocessable("param is missing or the value is empty: contact email")
	}
	return email, nil
}

// Present implements channels.Presenter.
func (d *driver) Present(ch *channels.Channel, admin bool) map[string]any {
	c := configOf(ch)
	out := map[string]any{"email": c.Email, "forward_to_email": c.forwardTo(), "provider": c.Provider}
	if !admin {
		return out
	}
	maps.Copy(out, map[string]any{
		"imap_login": c.IMAPLogin, "imap_password": c.IMAPPassword, "imap_address": c.IMAPAddress, "imap_port": c.IMAPPort,
		imapEnabled: c.IMAPEnabled, "imap_enable_ssl": c.IMAPEnableSSL,
		"smtp_login": c.SMTPLogin, "smtp_password": c.SMTPPassword, "smtp_address": c.SMTPAddress, "smtp_port": c.SMTPPort,
		smtpEnabled: c.SMTPEnabled, "smtp_domain": c.SMTPDomain, "smtp_enable_ssl_tls": c.SMTPEnableTLS,
		"smtp_enable_starttls_auto": c.SMTPStartTLS, "smtp_openssl_verify_mode": c.SMTPVerifyMode, "smtp_authentication": c.SMTPAuthentication,
	})
	if c.authorizes() {
		out["reauthorization_required"] = len(c.ProviderConfig) == 0 || ch.ReauthorizationRequired
	}
	return out
}
