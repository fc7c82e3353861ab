// Package webwidget is the inbox of a website: a widget that a script puts into the
// site's pages. What agents answer is stored; the widget reads it from here, nobody is
// called.
package webwidget

import (
	"context"
	"encoding/json"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const slug = "web_widget"

// driver implements channels.Driver and the capabilities below.
type driver struct {
	channels.Hookless
	env *channels.Env
}

var (
	_ channels.Driver         = (*driver)(nil)
	_ channels.Sender         = (*driver)(nil)
	_ channels.Creator        = (*driver)(nil)
	_ channels.AccountCreator = (*driver)(nil)
	_ channels.Presenter      = (*driver)(nil)
)

// New makes the driver.
func New(env *channels.Env) channels.Driver { return &driver{env: env} }

// Info implements channels.Driver. There are no webhooks: visitors write through the
// widget's own API.
func (d *driver) Info() channels.Info {
	return channels.Info{
		Slug: slug, ChannelType: "Channel::WebWidget", Title: "Website", CreateType: "web_widget",
		Secrets: []string{"hmac_token"},
		Editable: []string{
			"website_url", "widget_color", "welcome_title", "welcome_tagline", "reply_time", "pre_chat_form_enabled", "continuity_via_email",
			"hmac_mandatory", "allowed_domains", "pre_chat_form_options", "selected_feature_flags",
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

// Addresses implements channels.Driver: the widget names its inbox by the token.
func (d *driver) Addresses(ch *channels.Channel) []channels.Binding {
	token := configOf(ch).Token
	if token == "" {
		return nil
	}
	return []channels.Binding{{Address: chat.Address{Kind: slug, Value: token}}}
}

// Plan implements channels.Sender: there is nobody to call.
func (d *driver) Plan(*channels.Channel, *chat.Outbound) ([]chat.Part, error) { return nil, nil }

// SendPart implements channels.Sender; Plan makes no parts.
func (d *driver) SendPart(context.Context, *channels.Channel, *chat.Outbound, chat.Part) (channels.Receipt, error) {
	return channels.Receipt{}, &channels.SendError{Class: chat.Config, Code: "no_part", Say: wording.FailureInternal.Text()}
}

// Present implements channels.Presenter.
func (d *driver) Present(ch *channels.Channel, admin bool) map[string]any {
	c := configOf(ch)
	out := map[string]any{
		"allowed_domains": c.AllowedDomains, "widget_color": c.Color, "website_url": c.URL, "hmac_mandatory": c.HMACMandatory,
		"welcome_title": c.Title, "welcome_tagline": c.Tagline, "web_widget_script": d.script(c.Token), "website_token": c.Token,
		"selected_feature_flags": c.features(), "reply_time": c.replyTime(), "pre_chat_form_enabled": c.PreChatEnabled,
		"pre_chat_form_options": c.PreChat, "continuity_via_email": c.Continuity,
	}
	if admin {
		out["hmac_token"] = c.HMACToken
	}
	return out
}

// script is what the site's owner puts into its pages: it loads the widget, and starts
// it for this inbox.
func (d *driver) script(token string) string {
	return strings.NewReplacer("{base}", quoted(d.env.PublicURL), "{token}", quoted(token)).Replace(`<script>
  (function () {
    var BASE_URL = {base};
    var script = document.createElement("script");
    var first = document.getElementsByTagName("script")[0];
    script.src = BASE_URL + "/packs/js/sdk.js";
    script.async = true;
    script.onload = function () {
      window.chatwootSDK.run({websiteToken: {token}, baseUrl: BASE_URL});
    };
    first.parentNode.insertBefore(script, first);
  })();
</script>
`)
}

// quoted is s as a literal of JavaScript inside a script element.
func quoted(s string) string {
	b, _ := json.Marshal(s) //nolint:errchkjson // a string always encodes; <, > and & are escaped
	return "'" + strings.ReplaceAll(string(b[1:len(b)-1]), "'", `\u0027`) + "'"
}
