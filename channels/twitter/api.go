package twitter

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/dghubble/oauth1"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Public hosts. TWITTER_API_URL replaces both.
const (
	publicAPI    = "https://api.twitter.com"
	publicUpload = "https://upload.twitter.com"
)

// client calls X in the name of one profile.
type client struct {
	env *channels.Env // whose HTTP client signs with OAuth 1.0a, HMAC-SHA1
}

// client makes the client of a channel. The signature covers the URL that is
// really called, whatever TWITTER_API_URL says.
func (d driver) client(ctx context.Context, ch *channels.Channel) (*client, error) {
	key, secret, s := d.env.Setting("TWITTER_CONSUMER_KEY"), d.env.Setting("TWITTER_CONSUMER_SECRET"), config(ch)
	missing := ""
	switch "" {
	case key:
		missing = "TWITTER_CONSUMER_KEY"
	case secret:
		missing = "TWITTER_CONSUMER_SECRET"
	case s.Token:
		missing = "twitter_access_token"
	case s.TokenSecret:
		missing = "twitter_access_token_secret"
	}
	if missing != "" {
		return nil, &channels.SendError{Class: chat.Config, Code: "no_token", Say: wording.FailureSettingMissing.With("setting", missing)}
	}
	ctx = context.WithValue(ctx, oauth1.HTTPClient, d.env.HTTP)
	signing := oauth1.NewConfig(key, secret).Client(ctx, oauth1.NewToken(s.Token, s.TokenSecret))
	signing.Timeout, signing.CheckRedirect = d.env.HTTP.Timeout, d.env.HTTP.CheckRedirect
	env := *d.env
	env.HTTP = signing
	return &client{env: &env}, nil
}

// Inspect implements channels.Inspector.
func (d driver) Inspect(ctx context.Context, ch *channels.Channel) error {
	c, err := d.client(ctx, ch)
	if err != nil {
		return err
	}
	var found json.RawMessage
	return c.get(ctx, c.api("/1.1/account/verify_credentials.json"), &found)
}

func (c *client) api(path string) string { return c.env.Base("TWITTER_API_URL", publicAPI) + path }
func (c *client) upload() string {
	return c.env.Base("TWITTER_API_URL", publicUpload) + uploadPath
}

// post sends JSON and decodes the answer.
func (c *client) post(ctx context.Context, address string, body, out any) error {
	a, err := c.env.JSON(ctx, http.MethodPost, address, nil, body)
	return c.read(a, err, out)
}

// form sends a form and decodes the answer.
func (c *client) form(ctx context.Context, address string, form url.Values, out any) error {
	a, err := c.env.Form(ctx, http.MethodPost, address, nil, form)
	return c.read(a, err, out)
}

// get reads an answer.
func (c *client) get(ctx context.Context, address string, out any) error {
	a, err := c.env.JSON(ctx, http.MethodGet, address, nil, nil)
	return c.read(a, err, out)
}

func (c *client) read(a *channels.Answer, err error, out any) error {
	if err != nil {
		return err
	}
	if refused := classify(a, c.env.Now()); refused != nil {
		return refused
	}
	if out == nil || len(a.Body) == 0 && a.Status == http.StatusNoContent {
		return nil
	}
	if err := json.Unmarshal(a.Body, out); err != nil {
		return &channels.SendError{Class: chat.Permanent, Code: "answer", Say: wording.FailureUnreadable.Text(), Err: err}
	}
	return nil
}

// classify gives the verdict of an answer, nil when it is a success. Codes are
// those of "Response codes", X API v1.1; external_error is "<code> - <message>".
func classify(a *channels.Answer, now time.Time) *channels.SendError {
	var body struct {
		Errors []struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	unreadable := json.Unmarshal(a.Body, &body)
	if a.OK() && len(body.Errors) == 0 {
		return nil
	}
	e := &channels.SendError{Class: channels.ByStatus(a.Status), Code: strconv.Itoa(a.Status), Text: "HTTP " + strconv.Itoa(a.Status), Err: unreadable}
	if a.OK() {
		e.Class = chat.Permanent
	}
	if len(body.Errors) > 0 {
		first := body.Errors[0]
		e.Code, e.Text, e.Err = strconv.Itoa(first.Code), strconv.Itoa(first.Code)+" - "+channels.Clean(first.Message), nil
		if class, ok := byCode(first.Code); ok {
			e.Class = class
		}
	}
	if e.Class == chat.Throttled || e.Class == chat.Retryable {
		e.RetryAfter = retryAfter(a, now)
	}
	return e
}

func byCode(code int) (chat.ErrorClass, bool) {
	switch code {
	case 32, 89: // could not authenticate; invalid or expired token
		return chat.Reauthorize, true
	case 88, 185: // rate limit; daily limit of tweets
		return chat.Throttled, true
	case 130, 131: // over capacity; internal error
		return chat.Retryable, true
	case 349, 150: // the user cannot be sent direct messages
		return chat.OptedOut, true
	case 186, 187, 354: // too long; duplicate; too long
		return chat.Permanent, true
	}
	return "", false
}

// retryAfter reads Retry-After, else the moment at which the rate limit starts
// anew.
func retryAfter(a *channels.Answer, now time.Time) time.Duration {
	if wait := a.RetryAfter(now); wait > 0 {
		return wait
	}
	if reset, err := strconv.ParseInt(a.Header.Get("x-rate-limit-reset"), 10, 64); err == nil {
		if wait := time.Unix(reset, 0).Sub(now); wait > 0 {
			return wait
		}
	}
	return 0
}
