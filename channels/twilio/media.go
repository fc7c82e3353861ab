package twilio

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

// mediaHost is where the addresses of webhooks point; it redirects to a signed
// address of the CDN, which must not see our credentials ("Media resource", "Fetch
// a Media resource").
const mediaHost = "api.twilio.com"

// MediaRequest implements channels.MediaFetcher: a GET with Basic credentials, which
// go to no other host than Twilio's API.
func (d *Driver) MediaRequest(ctx context.Context, ch *channels.Channel, f *chat.Fetch) (*http.Request, error) {
	u, err := url.Parse(f.Ref)
	if err != nil || f.Strategy != "url" || !d.holdsMedia(u) {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "media", Text: "the attachment is not at Twilio"}
	}
	cfg := config(ch)
	if cfg.user() == "" || cfg.AuthToken == "" {
		return nil, &channels.SendError{Class: chat.Config, Code: "config", Text: "the inbox has no credentials"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "media", Text: "the address of the attachment is invalid"}
	}
	req.SetBasicAuth(cfg.user(), cfg.AuthToken)
	return req, nil
}

// holdsMedia tells whether u is at Twilio's API, in whichever region, or at the
// address that stands in for it.
func (d *Driver) holdsMedia(u *url.URL) bool {
	if base, err := url.Parse(d.env.Base("TWILIO_API_URL", "")); err == nil && base.Host != "" && base.Host == u.Host && base.Scheme == u.Scheme {
		return true
	}
	host := strings.ToLower(u.Host)
	return u.Scheme == "https" && u.User == nil && (host == mediaHost || strings.HasPrefix(host, "api.") && strings.HasSuffix(host, ".twilio.com"))
}
