// Package twitter is the driver of X (Twitter) profiles: direct messages and
// tweets by the Account Activity API and the REST API v1.1, with OAuth 1.0a.
package twitter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

const (
	slug        = "twitter"
	channelType = "Channel::TwitterProfile"
	transport   = "account_activity"
	hookPath    = "/webhooks/twitter"
)

// Types of a conversation, its additional_attributes.type.
const (
	typeTweet  = "tweet"
	typeDirect = "direct_message"
)

// driver implements channels.Driver.
type driver struct{ env *channels.Env }

var (
	_ channels.Driver       = driver{}
	_ channels.Inspector    = driver{}
	_ channels.Challenger   = driver{}
	_ channels.Tailor       = driver{}
	_ channels.Sender       = driver{}
	_ channels.MediaFetcher = driver{}
	_ channels.Creator      = driver{}
	_ channels.Registrar    = driver{}
	_ channels.Presenter    = driver{}
)

// New makes the driver of an installation.
func New(env *channels.Env) channels.Driver { return driver{env: env} }

// settings are what is stored of a profile. Tweets says whether tweets become
// conversations; absent: yes.
type settings struct {
	ProfileID   id     `json:"profile_id"`
	Token       string `json:"twitter_access_token"`
	TokenSecret string `json:"twitter_access_token_secret"`
	Tweets      *flag  `json:"tweets_enabled,omitempty"`
}

func (s settings) tweets() bool { return s.Tweets == nil || bool(*s.Tweets) }

func config(ch *channels.Channel) settings {
	s, _ := ch.Config.(settings)
	return s
}

// Info implements channels.Driver. The limits of X are per day and per three
// hours, which no rate per second can express: its 429 pauses the channel.
func (driver) Info() channels.Info {
	return channels.Info{
		Slug: slug, ChannelType: channelType, Title: "Twitter",
		Hooks: []channels.Hook{
			{Name: "verify", Method: http.MethodGet, Path: hookPath, Success: channels.Response{Status: http.StatusOK}},
			{Name: "webhook", Method: http.MethodPost, Path: hookPath, Success: channels.Response{Status: http.StatusOK}},
		},
		Secrets:  []string{"twitter_access_token", "twitter_access_token_secret"},
		Editable: []string{"tweets_enabled"},
	}
}

// Parse implements channels.Driver.
func (driver) Parse(raw json.RawMessage) (any, error) {
	var s settings
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("twitter: settings: %w", err)
	}
	return s, nil
}

// Addresses implements channels.Driver: a profile may be connected in several
// accounts.
func (driver) Addresses(ch *channels.Channel) []channels.Binding {
	if profile := config(ch).ProfileID; profile != "" {
		return []channels.Binding{{Address: chat.Address{Kind: slug, Value: string(profile)}, PerAccount: true}}
	}
	return nil
}

// Locate implements channels.Driver: all profiles share one hook.
func (driver) Locate(*channels.Request) (chat.Address, bool) { return chat.Address{}, false }

// Verify implements channels.Driver ("Securing webhooks", Account Activity
// API).
func (d driver) Verify(r *channels.Request, _ *channels.Channel) channels.Proof {
	secret := d.env.Setting("TWITTER_CONSUMER_SECRET")
	if secret == "" {
		return channels.Proof{Result: channels.ProofNoSecret, Detail: "TWITTER_CONSUMER_SECRET is not set"}
	}
	sent, ok := strings.CutPrefix(r.Header("x-twitter-webhooks-signature"), "sha256=")
	switch {
	case !ok:
		return channels.Proof{Result: channels.ProofMissing}
	case !channels.Equal(sent, channels.Base64SHA256(secret, r.Body)):
		return channels.Proof{Result: channels.ProofBad}
	}
	return channels.Proof{Result: channels.ProofOK}
}

// Challenge implements channels.Challenger: the challenge-response check that X
// repeats every hour.
func (d driver) Challenge(r *channels.Request, _ *channels.Channel) channels.Response {
	secret, token := d.env.Setting("TWITTER_CONSUMER_SECRET"), r.Query("crc_token")
	switch {
	case secret == "":
		return answer(http.StatusServiceUnavailable, `{"error":"TWITTER_CONSUMER_SECRET is not set"}`)
	case token == "":
		return answer(http.StatusBadRequest, `{"error":"crc_token is missing"}`)
	}
	// Base64 needs no escaping in JSON.
	return answer(http.StatusOK, `{"response_token":"sha256=`+channels.Base64SHA256(secret, []byte(token))+`"}`)
}

func answer(status int, body string) channels.Response {
	return channels.Response{Status: status, ContentType: "application/json; charset=utf-8", Body: body}
}

// Tailor implements channels.Tailor: an inbox may want no tweets.
func (driver) Tailor(ev *chat.Event, ch *channels.Channel) {
	if ev.Thread == nil || ev.Thread.Type != typeTweet || ev.Kind == chat.KindIgnored || config(ch).tweets() {
		return
	}
	ev.Kind, ev.Reason = chat.KindIgnored, "tweets_disabled"
	ev.Message, ev.Target = nil, nil
}

// Present implements channels.Presenter.
func (driver) Present(ch *channels.Channel, _ bool) map[string]any {
	return map[string]any{"tweets_enabled": config(ch).tweets()}
}

// Create implements channels.Creator. Parameters are profile_id,
// twitter_access_token, twitter_access_token_secret, optionally tweets_enabled
// (default true) and screen_name (which names the inbox).
func (driver) Create(_ context.Context, params json.RawMessage) (channels.Draft, error) {
	var in struct {
		settings
		ScreenName string `json:"screen_name"`
	}
	if err := json.Unmarshal(params, &in); err != nil {
		return channels.Draft{}, malformed(err)
	}
	for _, required := range []struct{ value, attribute, label string }{
		{string(in.ProfileID), "profile_id", "Profile"},
		{in.Token, "twitter_access_token", "Twitter access token"},
		{in.TokenSecret, "twitter_access_token_secret", "Twitter access token secret"},
	} {
		if strings.TrimSpace(required.value) == "" {
			return channels.Draft{}, chat.Invalid(required.attribute, required.label+" can't be blank")
		}
	}
	name := in.ScreenName
	if name == "" {
		name = "Twitter"
	}
	return draft(in.settings, name)
}

func draft(s settings, name string) (channels.Draft, error) {
	on := flag(s.tweets())
	s.Tweets = &on
	stored, err := json.Marshal(s)
	if err != nil {
		return channels.Draft{}, fmt.Errorf("twitter: settings: %w", err)
	}
	return channels.Draft{Settings: stored, Name: name}, nil
}

// Update implements channels.Creator: tweets_enabled is all that can change.
func (driver) Update(_ context.Context, ch *channels.Channel, params json.RawMessage) (json.RawMessage, error) {
	var in struct {
		Tweets *flag `json:"tweets_enabled"`
	}
	if err := json.Unmarshal(params, &in); err != nil {
		return nil, malformed(err)
	}
	s := config(ch)
	if in.Tweets != nil {
		s.Tweets = in.Tweets
	}
	changed, err := draft(s, "")
	return changed.Settings, err
}

func malformed(err error) error {
	return &chat.Error{Code: chat.CodeUnprocessable, Message: "the channel's parameters are malformed", Err: err}
}

// flag is a boolean of a form or of JSON: what a form calls false is false, any
// other value is true.
type flag bool

// UnmarshalJSON never fails.
func (f *flag) UnmarshalJSON(b []byte) error {
	switch strings.ToLower(strings.Trim(string(b), `"`)) {
	case "false", "0", "f", "off":
		*f = false
	default:
		*f = true
	}
	return nil
}

// id is an identifier. X's exceed 2⁵³, so the digits of a number are kept as
// they are written.
type id string

// UnmarshalJSON keeps a string's content and a number's digits, and never
// fails.
func (i *id) UnmarshalJSON(b []byte) error {
	*i = ""
	if len(b) == 0 {
		return nil
	}
	switch c := b[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(b, &s); err == nil {
			*i = id(channels.Clean(s))
		}
	case c == '-', c >= '0' && c <= '9':
		*i = id(b)
	}
	return nil
}
