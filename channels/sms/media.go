package sms

import (
	"context"
	"net/http"
	"net/url"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// MediaRequest implements channels.MediaFetcher ("Get media"): media at Bandwidth
// is opened with the account's credentials, which go to no other host.
func (d *Driver) MediaRequest(ctx context.Context, ch *channels.Channel, f *chat.Fetch) (*http.Request, error) {
	u, err := url.Parse(f.Ref)
	if err != nil || f.Strategy != "url" || !d.atProvider(u) {
		return nil, &channels.SendError{Class: chat.Permanent, Text: "the attachment is not at Bandwidth"}
	}
	c := configOf(ch)
	if missing := c.missing(); missing != "" {
		return nil, &channels.SendError{Class: chat.Config, Say: wording.FailureSettingMissing.With("setting", missing)}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &channels.SendError{Class: chat.Permanent, Say: wording.FailureAttachmentAddress.Text()}
	}
	req.SetBasicAuth(string(c.Provider.APIKey), string(c.Provider.APISecret))
	return req, nil
}

// atProvider tells whether u is at Bandwidth's media host.
func (d *Driver) atProvider(u *url.URL) bool {
	api, err := url.Parse(d.env.Base(baseSetting, publicAPI))
	return err == nil && u.Host != "" && u.Host == api.Host && u.Scheme == api.Scheme
}
