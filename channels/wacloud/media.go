package wacloud

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

// metaHosts end the names of the hosts from which Meta serves the files of WhatsApp
// messages.
var metaHosts = []string{".fbsbx.com", ".fbcdn.net", ".whatsapp.net", ".facebook.com"}

// dialogRoot is the host that version 2 of 360dialog's API stands in for.
const dialogRoot = "https://lookaside.fbsbx.com"

// MediaRequest implements channels.MediaFetcher. The Cloud API and version 2 of
// 360dialog's name the address of a file, for five minutes ("Media", "Retrieve
// media URL"); version 1 of 360dialog's gives the file at once. An address that is
// not the provider's is called without credentials.
func (d *Driver) MediaRequest(ctx context.Context, ch *channels.Channel, f *chat.Fetch) (*http.Request, error) {
	cfg := config(ch)
	if f.Ref == "" || f.Strategy != "meta_media_id" && f.Strategy != "url" {
		return nil, noMedia("The attachment is no WhatsApp media")
	}
	if _, _, err := d.endpoint(cfg); err != nil {
		return nil, err
	}
	header := bearer(cfg)
	if cfg.Provider != ProviderCloud {
		header = dialogKey(cfg)
	}
	address := f.Ref
	switch {
	case f.Strategy == "url":
	case cfg.Provider != ProviderCloud && strings.HasSuffix(d.dialog(), "/v1"):
		return d.mediaRequest(ctx, d.dialog()+"/media/"+url.PathEscape(f.Ref), header)
	default:
		var err error
		if address, err = d.mediaAddress(ctx, cfg, f.Ref, header); err != nil {
			return nil, err
		}
	}
	if cfg.Provider != ProviderCloud {
		if rest, ok := strings.CutPrefix(address, dialogRoot); ok {
			address = d.dialog() + rest
		}
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, noMedia("The address of the attachment is invalid")
	}
	if !d.holdsMedia(cfg, u) {
		header = nil
	}
	return d.mediaRequest(ctx, address, header)
}

// mediaAddress asks where a file is.
func (d *Driver) mediaAddress(ctx context.Context, cfg *Config, id string, header map[string]string) (string, error) {
	address := d.dialog() + "/" + url.PathEscape(id)
	if cfg.Provider == ProviderCloud {
		address = d.cloud() + "/" + d.version() + "/" + url.PathEscape(id) +
			"?" + url.Values{"phone_number_id": {string(cfg.ProviderConfig.PhoneNumberID)}}.Encode()
	}
	var found struct {
		URL text `json:"url"`
	}
	if err := d.read(ctx, cfg, address, header, &found); err != nil {
		return "", err
	}
	if found.URL == "" {
		return "", noMedia("WhatsApp does not say where the attachment is")
	}
	return string(found.URL), nil
}

func (d *Driver) mediaRequest(ctx context.Context, address string, header map[string]string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, noMedia("The address of the attachment is invalid")
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	return req, nil
}

// holdsMedia tells whether the credentials may go to u: to the provider's own
// hosts, over TLS, or to the address that stands in for it.
func (d *Driver) holdsMedia(cfg *Config, u *url.URL) bool {
	if cfg.Provider != ProviderCloud {
		base, err := url.Parse(d.dialog())
		return err == nil && u.User == nil && u.Scheme == base.Scheme && strings.EqualFold(u.Host, base.Host)
	}
	if u.User != nil {
		return false
	}
	if d.ours(u) {
		return true
	}
	host := strings.ToLower(u.Host)
	for _, suffix := range metaHosts {
		if u.Scheme == "https" && strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

func noMedia(reason string) *channels.SendError {
	return &channels.SendError{Class: chat.Permanent, Code: "media", Text: reason}
}
