package graph

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxCallback is the longest callback URL of an override, in characters (Meta,
// "Override webhooks", 2026).
const maxCallback = 200

// Subscribe subscribes the app to a WABA: its webhooks, and what an override needs
// first. fields are those that are wanted of the WABA, for all of its numbers; nil
// leaves them as they are.
func (c *Client) Subscribe(ctx context.Context, t Target, fields []string) error {
	if e := t.own(t.WABA, "WhatsApp Business Account id"); e != nil {
		return e
	}
	body := map[string]any{}
	if fields != nil {
		body["subscribed_fields"] = fields
	}
	return c.do(ctx, &request{
		call: "subscribe", target: t, method: http.MethodPost, path: []string{t.WABA, "subscribed_apps"}, token: t.Token,
		body: body,
	}, accepted)
}

// Unsubscribe takes the app off a WABA, and with it the webhooks of every number of
// it.
func (c *Client) Unsubscribe(ctx context.Context, t Target) error {
	if e := t.own(t.WABA, "WhatsApp Business Account id"); e != nil {
		return e
	}
	return c.do(ctx, &request{
		call: "unsubscribe", target: t, method: http.MethodDelete, path: []string{t.WABA, "subscribed_apps"}, token: t.Token,
	}, accepted)
}

// Override has the messages of one number delivered to a URL of its own; "" lifts
// that. Meta asks the URL for the verify token before it answers, so the channel
// must be stored already, and refuses while the app is not subscribed.
func (c *Client) Override(ctx context.Context, t Target, callback, verifyToken string) error {
	if n := utf8.RuneCountInString(callback); n > maxCallback {
		return &Error{
			Class: Callback, Message: fmt.Sprintf("the callback URL has %d characters, Meta takes %d", n, maxCallback),
		}
	}
	configuration := map[string]string{"override_callback_uri": callback}
	if callback != "" {
		configuration["verify_token"] = verifyToken
	}
	return c.post(ctx, "override", t, "", map[string]any{"webhook_configuration": configuration}, verifyToken)
}

// Subscriptions subscribes the app's own callback URL to fields: those about
// accounts and numbers reach no other. An error of class Credentials is about the
// app's secret, not about anybody's token.
func (c *Client) Subscriptions(ctx context.Context, callback, verifyToken string, fields []string) error {
	id, app, e := c.app()
	if e != nil {
		return e
	}
	return c.do(ctx, &request{
		call: "subscriptions", method: http.MethodPost, path: []string{id, "subscriptions"}, token: app,
		form: url.Values{
			"object": {"whatsapp_business_account"}, "callback_url": {callback}, "verify_token": {verifyToken},
			"fields": {strings.Join(fields, ",")}, "include_values": {"true"},
		},
		secrets: []string{verifyToken, value(c.opts.AppSecret)},
	}, accepted)
}
