package facebook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tributary/channels"
	"tributary/channels/meta"
	"tributary/chat"
)

// lookupTimeout bounds the look at the page while an inbox is created.
const lookupTimeout = 5 * time.Second

// fields are the webhook fields that the page is subscribed to.
var fields = [...]string{
	"messages", "message_deliveries", "message_echoes", "message_reads", "message_edits", "message_reactions",
	"messaging_postbacks", "messaging_referrals", "messaging_optins", "messaging_handovers", "standby",
}

// Create implements channels.Creator. Parameters are page_id,
// page_access_token, user_access_token and optionally instagram_id; the linked
// Instagram account is asked for when it is not given, and a page that does not
// answer has none.
func (d driver) Create(ctx context.Context, params json.RawMessage) (channels.Draft, error) {
	var s settings
	if err := json.Unmarshal(params, &s); err != nil {
		return channels.Draft{}, &chat.Error{Code: chat.CodeUnprocessable, Message: "the channel's parameters are malformed", Err: err}
	}
	for _, required := range []struct{ value, attribute, label string }{
		{string(s.PageID), "page_id", "Page"},
		{s.PageToken, "page_access_token", "Page access token"},
		{s.UserToken, "user_access_token", "User access token"},
	} {
		if strings.TrimSpace(required.value) == "" {
			return channels.Draft{}, chat.Invalid(required.attribute, required.label+" can't be blank")
		}
	}
	name := "Facebook"
	if s.Instagram == "" {
		page, _ := d.look(ctx, s.PageToken)
		s.Instagram = page.Instagram.ID
		if page.Name != "" {
			name = page.Name
		}
	}
	stored, err := json.Marshal(s)
	if err != nil {
		return channels.Draft{}, fmt.Errorf("facebook: settings: %w", err)
	}
	return channels.Draft{Settings: stored, Name: name}, nil
}

type page struct {
	Name      string `json:"name"`
	Instagram struct {
		ID meta.ID `json:"id"`
	} `json:"instagram_business_account"`
}

// look reads the page's name and linked account; a failure is no obstacle. ok tells
// whether the page answered.
func (d driver) look(ctx context.Context, token string) (found page, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	query := url.Values{"fields": {"name,instagram_business_account"}}
	if err := meta.Page(d.env, token).Call(ctx, http.MethodGet, "/me", query, nil, &found); err != nil {
		d.env.Log.WarnContext(ctx, "facebook: the page's details could not be read", "error", err)
		return page{}, false
	}
	return found, true
}

// Inspect implements channels.Inspector.
func (d driver) Inspect(ctx context.Context, ch *channels.Channel) error {
	var found page
	return meta.Page(d.env, config(ch).PageToken).Call(ctx, http.MethodGet, "/me", url.Values{"fields": {"name"}}, nil, &found)
}

// Update implements channels.Creator: a page has no editable key.
func (driver) Update(_ context.Context, ch *channels.Channel, _ json.RawMessage) (json.RawMessage, error) {
	return ch.Settings, nil
}

// Register implements channels.Registrar: it subscribes our app to the page.
func (d driver) Register(ctx context.Context, ch *channels.Channel) error {
	token := config(ch).PageToken
	body := map[string]any{"access_token": token, "subscribed_fields": fields}
	return meta.Page(d.env, token).Call(ctx, http.MethodPost, "/me/subscribed_apps", nil, body, nil)
}

// Unregister implements channels.Registrar.
func (d driver) Unregister(ctx context.Context, ch *channels.Channel) error {
	return meta.Page(d.env, config(ch).PageToken).Call(ctx, http.MethodDelete, "/me/subscribed_apps", nil, nil, nil)
}
