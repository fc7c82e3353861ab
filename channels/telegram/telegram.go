// Package telegram connects Telegram bots, including bots that answer for a
// business account. Source of the provider's rules: Telegram Bot API 9.2
// (15 August 2025).
package telegram

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/yuin/goldmark/parser"

	"tributary/channels"
	"tributary/chat"
)

const (
	slug         = "telegram"
	publicAPI    = "https://api.telegram.org"
	baseSetting  = "TELEGRAM_API_URL"
	hookPath     = "/webhooks/telegram/"
	secretHeader = "X-Telegram-Bot-Api-Secret-Token"
)

// driver implements channels.Driver and the capabilities below.
type driver struct {
	env      *channels.Env
	markdown parser.Parser
}

var (
	_ channels.Driver       = (*driver)(nil)
	_ channels.Sender       = (*driver)(nil)
	_ channels.Creator      = (*driver)(nil)
	_ channels.Registrar    = (*driver)(nil)
	_ channels.Presenter    = (*driver)(nil)
	_ channels.Acknowledger = (*driver)(nil)
	_ channels.MediaFetcher = (*driver)(nil)
	_ channels.Profiler     = (*driver)(nil)
	_ channels.Inspector    = (*driver)(nil)
)

// New makes the driver.
func New(env *channels.Env) channels.Driver {
	return &driver{env: env, markdown: newMarkdown()}
}

// config is what the store keeps of a bot.
type config struct {
	BotToken string `json:"bot_token"`
	BotName  string `json:"bot_name"` // user name of the bot, without @
	// WebhookSecret is what Telegram sends back in secretHeader.
	WebhookSecret string `json:"webhook_secret"`
}

// Info implements channels.Driver. Telegram takes about 30 messages a second of
// one bot (Bots FAQ, "Broadcasting to users").
func (d *driver) Info() channels.Info {
	return channels.Info{
		Slug:        slug,
		ChannelType: "Channel::Telegram",
		Title:       "Telegram",
		CreateType:  "telegram",
		Hooks: []channels.Hook{{
			Name:    "webhook",
			Method:  http.MethodPost,
			Path:    hookPath + "{bot_token}",
			Success: channels.Response{Status: http.StatusOK},
		}},
		Rate:    channels.Rate{PerSecond: 30, Burst: 5},
		Secrets: []string{"bot_token", "webhook_secret"},

		Editable: []string{"bot_token"}, Named: true,
	}
}

// Parse implements channels.Driver.
func (d *driver) Parse(settings json.RawMessage) (any, error) {
	return channels.ParseSettings[config](slug, settings)
}

// configOf gives the settings of a channel; a channel whose settings could not
// be parsed has none.
func configOf(ch *channels.Channel) *config { return channels.ConfigOf[config](ch) }

// Addresses implements channels.Driver. The bot token is a secret, so its digest
// stands for it.
func (d *driver) Addresses(ch *channels.Channel) []channels.Binding {
	token := configOf(ch).BotToken
	if token == "" {
		return nil
	}
	return []channels.Binding{{Address: address(token)}}
}

func address(token string) chat.Address {
	return chat.Address{Kind: slug, Value: channels.Digest(token)}
}

// Locate implements channels.Driver.
func (d *driver) Locate(r *channels.Request) (chat.Address, bool) {
	return address(r.Param("bot_token")), true
}

// Verify implements channels.Driver.
func (d *driver) Verify(r *channels.Request, ch *channels.Channel) channels.Proof {
	want := configOf(ch).WebhookSecret
	got := r.Header(secretHeader)
	switch {
	case want == "":
		return channels.Proof{Result: channels.ProofNoSecret, Detail: "webhook_secret is missing: save the inbox to register the webhook again"}
	case got == "":
		return channels.Proof{Result: channels.ProofMissing}
	case !channels.Equal(got, want):
		return channels.Proof{Result: channels.ProofBad}
	}
	return channels.Proof{Result: channels.ProofOK, SecretID: "webhook_secret"}
}

// Present implements channels.Presenter.
func (d *driver) Present(ch *channels.Channel, _ bool) map[string]any {
	return map[string]any{"bot_name": configOf(ch).BotName}
}

// endpoint is the URL of an API method. It holds the token: never log it.
func (d *driver) endpoint(token, method string) string {
	return d.env.Base(baseSetting, publicAPI) + "/bot" + token + "/" + method
}

// hide removes the token from a text of the provider.
func hide(text, token string) string {
	if token == "" {
		return text
	}
	return strings.ReplaceAll(text, token, "[token]")
}
