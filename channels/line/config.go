package line

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

// Create implements channels.Creator. Nothing is asked of LINE: the operator may
// create the inbox before the channel is published.
func (d *Driver) Create(_ context.Context, params json.RawMessage) (channels.Draft, error) {
	settings, err := settingsFrom(Config{}, params)
	return channels.Draft{Settings: settings}, err
}

// Update implements channels.Creator; what params leaves out stays.
func (d *Driver) Update(_ context.Context, ch *channels.Channel, params json.RawMessage) (json.RawMessage, error) {
	return settingsFrom(*configOf(ch), params)
}

// settingsFrom lays params over c and checks the result.
func settingsFrom(c Config, params json.RawMessage) (json.RawMessage, error) {
	if err := json.Unmarshal(params, &c); err != nil {
		return nil, &chat.Error{Code: chat.CodeInvalid, Message: "Channel is invalid", Attributes: []string{"channel"}, Err: err}
	}
	var messages, attributes []string
	for _, field := range []struct {
		attribute, label string
		value            text
	}{
		{"line_channel_id", "Line channel", c.ChannelID},
		{"line_channel_secret", "Line channel secret", c.ChannelSecret},
		{"line_channel_token", "Line channel token", c.ChannelToken},
	} {
		if field.value == "" {
			messages = append(messages, field.label+" can't be blank")
			attributes = append(attributes, field.attribute)
		}
	}
	if len(messages) > 0 {
		return nil, &chat.Error{Code: chat.CodeInvalid, Message: strings.Join(messages, ", "), Attributes: attributes}
	}
	settings, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("line: settings: %w", err)
	}
	return settings, nil
}

// Register implements channels.Registrar: it sets the webhook URL of the channel
// ("Set webhook endpoint URL"). The operator still has to switch webhooks on in
// the console.
func (d *Driver) Register(ctx context.Context, ch *channels.Channel) error {
	answer, err := d.call(ctx, ch, http.MethodPut, "/v2/bot/channel/webhook/endpoint", nil,
		map[string]string{"endpoint": d.webhookURL(ch)})
	if err != nil {
		return fmt.Errorf("line: set webhook: %w", err)
	}
	if !answer.OK() {
		return fmt.Errorf("line: set webhook: %w", refused(answer, d.env.Now()))
	}
	return nil
}

// Unregister implements channels.Registrar. LINE cannot forget a webhook URL;
// what it goes on sending is answered with 404.
func (d *Driver) Unregister(context.Context, *channels.Channel) error { return nil }

// Present implements channels.Presenter. The secret and the token are never
// shown.
func (d *Driver) Present(ch *channels.Channel, _ bool) map[string]any {
	return map[string]any{"callback_webhook_url": d.webhookURL(ch)}
}

// UniqueAttribute implements channels.Unique.
func (d *Driver) UniqueAttribute() (name, human string) { return "line_channel_id", "Line channel" }

func (d *Driver) webhookURL(ch *channels.Channel) string {
	return d.env.PublicURL + "/webhooks/line/" + url.PathEscape(string(configOf(ch).ChannelID))
}

// Inspect implements channels.Inspector.
func (d *Driver) Inspect(ctx context.Context, ch *channels.Channel) error {
	answer, err := d.call(ctx, ch, http.MethodGet, "/v2/bot/info", nil, nil)
	if err == nil && !answer.OK() {
		err = fmt.Errorf("LINE answered with HTTP status %d", answer.Status)
	}
	return err
}

// call asks the Messaging API.
func (d *Driver) call(ctx context.Context, ch *channels.Channel, method, path string, header map[string]string, body any) (*channels.Answer, error) {
	all := map[string]string{"Authorization": "Bearer " + string(configOf(ch).ChannelToken)}
	maps.Copy(all, header)
	return d.env.JSON(ctx, method, d.env.Base("LINE_API_URL", publicAPI)+path, all, body)
}
