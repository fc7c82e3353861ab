package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// allowedUpdates are the updates we ask for. Reactions are not sent unless asked
// for.
func allowedUpdates() []string {
	return []string{
		"message", "edited_message", "business_connection", "business_message", "edited_business_message",
		"deleted_business_messages", "callback_query", "message_reaction", "my_chat_member",
	}
}

// maxConnections is how many webhook requests Telegram may make at once. Its
// default: more would only reorder the messages of one chat.
const maxConnections = 40

// secretBytes makes a webhook secret of 64 characters; Telegram takes up to 256.
const secretBytes = 32

// params are the channel parameters of the API.
type params struct {
	BotToken *string `json:"bot_token"`
}

// Create implements channels.Creator.
func (d *driver) Create(ctx context.Context, raw json.RawMessage) (channels.Draft, error) {
	var in params
	if err := json.Unmarshal(raw, &in); err != nil {
		return channels.Draft{}, chat.Invalid("bot_token", "Bot token is invalid")
	}
	var token string
	if in.BotToken != nil {
		token = strings.TrimSpace(*in.BotToken)
	}
	c, err := d.check(ctx, token)
	if err != nil {
		return channels.Draft{}, err
	}
	settings, err := json.Marshal(c)
	if err != nil {
		return channels.Draft{}, fmt.Errorf("telegram: encode settings: %w", err)
	}
	return channels.Draft{Settings: settings, Name: c.BotName}, nil
}

// Update implements channels.Creator. A channel that has no webhook secret yet
// gets one.
func (d *driver) Update(ctx context.Context, ch *channels.Channel, raw json.RawMessage) (json.RawMessage, error) {
	var in params
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, chat.Invalid("bot_token", "Bot token is invalid")
	}
	c := *configOf(ch)
	if in.BotToken != nil {
		if token := strings.TrimSpace(*in.BotToken); token != c.BotToken {
			changed, err := d.check(ctx, token)
			if err != nil {
				return nil, err
			}
			c = *changed
		}
	}
	if c.WebhookSecret == "" {
		c.WebhookSecret = channels.Token(secretBytes)
	}
	settings, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("telegram: encode settings: %w", err)
	}
	return settings, nil
}

// check asks Telegram whose token it is.
func (d *driver) check(ctx context.Context, token string) (*config, error) {
	if token == "" {
		return nil, chat.Invalid("bot_token", "Bot token can't be blank")
	}
	invalid := chat.Invalid("bot_token", "Bot token invalid token")
	// Whatever else is no part of a path segment, so getMe could not be called.
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/?#%\`, r) }) {
		return nil, invalid
	}
	answer, err := d.env.JSON(ctx, http.MethodGet, d.endpoint(token, "getMe"), nil, nil)
	if err != nil {
		return nil, &chat.Error{
			Code: chat.CodeInvalid, Message: "Bot token could not be checked, Telegram did not answer",
			Attributes: []string{"bot_token"}, Err: channels.AsSendError(err).Err,
		}
	}
	result, err := d.result(answer, token)
	if err != nil {
		return nil, invalid
	}
	var me user
	if err := json.Unmarshal(result, &me); err != nil {
		return nil, invalid
	}
	return &config{BotToken: token, BotName: channels.Clean(me.Username), WebhookSecret: channels.Token(secretBytes)}, nil
}

// Inspect implements channels.Inspector.
func (d *driver) Inspect(ctx context.Context, ch *channels.Channel) error {
	_, err := d.check(ctx, configOf(ch).BotToken)
	return err
}

// Register implements channels.Registrar.
func (d *driver) Register(ctx context.Context, ch *channels.Channel) error {
	c := configOf(ch)
	if c.BotToken == "" || c.WebhookSecret == "" {
		return &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureSettingMissing.With("setting", "bot_token")}
	}
	if err := d.Unregister(ctx, ch); err != nil {
		return err
	}
	return d.command(ctx, c.BotToken, "setWebhook", map[string]any{
		"url":             d.env.PublicURL + hookPath + c.BotToken,
		"secret_token":    c.WebhookSecret,
		"allowed_updates": allowedUpdates(),
		"max_connections": maxConnections,
	})
}

// Unregister implements channels.Registrar.
func (d *driver) Unregister(ctx context.Context, ch *channels.Channel) error {
	token := configOf(ch).BotToken
	if token == "" {
		return nil
	}
	return d.command(ctx, token, "deleteWebhook", map[string]any{})
}

// Acknowledge implements channels.Acknowledger: it stops the progress bar on a
// pressed button.
func (d *driver) Acknowledge(ctx context.Context, ch *channels.Channel, ev *chat.Event) error {
	token := configOf(ch).BotToken
	if token == "" || ev.Message == nil || ev.Message.Interaction == nil || ev.Message.Interaction.Kind != "callback" {
		return nil
	}
	err := d.command(ctx, token, "answerCallbackQuery", map[string]any{"callback_query_id": ev.Message.Interaction.ID})
	// After a while the query is gone, and the progress bar with it.
	if refused(err, "query is too old") || refused(err, "query ID is invalid") {
		return nil
	}
	return err
}

// command calls a method that answers true.
func (d *driver) command(ctx context.Context, token, method string, fields map[string]any) error {
	answer, err := d.env.JSON(ctx, http.MethodPost, d.endpoint(token, method), nil, fields)
	if err != nil {
		return err
	}
	_, err = d.result(answer, token)
	return err
}
