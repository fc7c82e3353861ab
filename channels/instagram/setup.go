package instagram

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"tributary/channels"
	"tributary/channels/meta"
	"tributary/chat"
)

// fields are the webhook fields that an account is subscribed to.
const fields = "messages,message_reactions,messaging_seen,messaging_postbacks,messaging_referral,message_edit,standby"

// Create implements channels.Creator. Parameters are instagram_id, access_token,
// optionally expires_at and username (which names the inbox).
func (driver) Create(_ context.Context, params json.RawMessage) (channels.Draft, error) {
	s, err := read(params)
	var extra struct {
		Username string `json:"username"`
	}
	if err == nil {
		err = json.Unmarshal(params, &extra)
	}
	switch {
	case err != nil:
		return channels.Draft{}, &chat.Error{Code: chat.CodeUnprocessable, Message: "the channel's parameters are malformed", Err: err}
	case strings.TrimSpace(string(s.InstagramID)) == "":
		return channels.Draft{}, chat.Invalid("instagram_id", "Instagram can't be blank")
	case strings.TrimSpace(s.Token) == "":
		return channels.Draft{}, chat.Invalid("access_token", "Access token can't be blank")
	}
	stored, err := json.Marshal(s)
	if err != nil {
		return channels.Draft{}, fmt.Errorf("instagram: settings: %w", err)
	}
	name := extra.Username
	if name == "" {
		name = "Instagram"
	}
	return channels.Draft{Settings: stored, Name: name}, nil
}

// Update implements channels.Creator: an account has no editable key.
func (driver) Update(_ context.Context, ch *channels.Channel, _ json.RawMessage) (json.RawMessage, error) {
	return ch.Settings, nil
}

// Inspect implements channels.Inspector.
func (d driver) Inspect(ctx context.Context, ch *channels.Channel) error {
	g, err := d.graph(ch)
	if err != nil {
		return err
	}
	var found json.RawMessage
	return g.Call(ctx, http.MethodGet, "/me", url.Values{"fields": {"user_id"}}, nil, &found)
}

// Register implements channels.Registrar: it subscribes our app to the account.
func (d driver) Register(ctx context.Context, ch *channels.Channel) error {
	return d.subscription(ctx, ch, http.MethodPost, url.Values{"subscribed_fields": {fields}})
}

// Unregister implements channels.Registrar.
func (d driver) Unregister(ctx context.Context, ch *channels.Channel) error {
	return d.subscription(ctx, ch, http.MethodDelete, nil)
}

func (d driver) subscription(ctx context.Context, ch *channels.Channel, method string, query url.Values) error {
	s := config(ch)
	path := "/" + url.PathEscape(string(s.InstagramID)) + "/subscribed_apps"
	return meta.Login(d.env, s.Token).InQuery().Call(ctx, method, path, query, nil, nil)
}
