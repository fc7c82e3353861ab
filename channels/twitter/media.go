package twitter

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/dghubble/oauth1"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// mediaHosts are where X keeps the files of direct messages, which only the two
// parties may see ("Retrieving media", X API v1.1). Pictures of tweets need no
// signature.
var mediaHosts = []string{"ton.twitter.com", "video.twimg.com", "pbs.twimg.com"}

// MediaRequest implements channels.MediaFetcher: a GET that is signed with OAuth
// 1.0a in the name of the profile. X's credentials go to no other host.
func (d driver) MediaRequest(ctx context.Context, ch *channels.Channel, f *chat.Fetch) (*http.Request, error) {
	u, err := url.Parse(f.Ref)
	if err != nil || f.Strategy != "url" || !d.holdsMedia(u) {
		return nil, refused("media", wording.FailureAttachmentAddress.Text())
	}
	c, err := d.client(ctx, ch)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.Ref, nil)
	if err != nil {
		return nil, refused("media", wording.FailureAttachmentAddress.Text())
	}
	transport, ok := c.env.HTTP.Transport.(*oauth1.Transport)
	if !ok {
		return nil, refused("media", wording.FailureInternal.Text())
	}
	return sign(transport, req)
}

// sign lets the library sign a request without sending it.
func sign(by *oauth1.Transport, req *http.Request) (*http.Request, error) {
	kept := &keep{}
	signing := *by
	signing.Base = kept
	res, err := signing.RoundTrip(req)
	if err != nil || kept.req == nil {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "media", Say: wording.FailureInternal.Text(), Err: err}
	}
	_ = res.Body.Close()
	return kept.req, nil
}

// keep is a transport that keeps the request.
type keep struct{ req *http.Request }

// RoundTrip implements http.RoundTripper.
func (k *keep) RoundTrip(req *http.Request) (*http.Response, error) {
	k.req = req
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: req}, nil
}

// holdsMedia tells whether u is at a host of X, or at the address that stands in
// for it.
func (d driver) holdsMedia(u *url.URL) bool {
	if base, err := url.Parse(d.env.Base("TWITTER_API_URL", "")); err == nil && base.Host != "" && base.Host == u.Host && base.Scheme == u.Scheme {
		return true
	}
	if u.Scheme != "https" {
		return false
	}
	for _, host := range mediaHosts {
		if strings.EqualFold(u.Host, host) {
			return true
		}
	}
	return false
}
