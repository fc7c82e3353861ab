package wacloud

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

var _ channels.TemplateSource = (*Driver)(nil)

// maxPages bounds one synchronisation: a business account has at most 6,000
// templates (Business Management API, "Message templates: limits"), of which Meta
// gives 25 at a time.
const maxPages = 240

// Templates implements channels.TemplateSource. The list replaces the stored one
// as a whole; an empty list, which Meta also gives while it is in trouble, leaves
// the settings as they are.
func (d *Driver) Templates(ctx context.Context, ch *channels.Channel) (json.RawMessage, error) {
	cfg := config(ch)
	began := d.env.Now().UTC()
	list, err := d.listTemplates(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return ch.Settings, nil
	}
	settings := map[string]json.RawMessage{}
	if err := json.Unmarshal(ch.Settings, &settings); err != nil {
		return nil, fmt.Errorf("wacloud: settings: %w", err)
	}
	if settings["message_templates"], err = json.Marshal(list); err != nil {
		return nil, fmt.Errorf("wacloud: templates: %w", err)
	}
	settings["message_templates_last_updated"] = quote(began.Format(time.RFC3339))
	out, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("wacloud: settings: %w", err)
	}
	return out, nil
}

func (d *Driver) listTemplates(ctx context.Context, cfg *Config) ([]json.RawMessage, error) {
	pc := &cfg.ProviderConfig
	switch {
	case pc.APIKey == "":
		return nil, &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureSettingMissing.With("setting", "provider_config.api_key")}
	case cfg.Provider != ProviderCloud:
		var page struct {
			Templates []json.RawMessage `json:"waba_templates"`
		}
		err := d.read(ctx, cfg, d.dialog()+"/configs/templates", dialogKey(cfg), &page)
		return page.Templates, err
	case pc.BusinessAccountID == "":
		return nil, &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureSettingMissing.With("setting", "provider_config.business_account_id")}
	}
	return d.cloudTemplates(ctx, cfg)
}

// cloudTemplates follows paging.next. Of that address only the query is used,
// without the token that Meta writes into it, and with our own host and path:
// whoever wrote it cannot lead the token elsewhere, and no URL holds it.
func (d *Driver) cloudTemplates(ctx context.Context, cfg *Config) ([]json.RawMessage, error) {
	address := d.cloud() + "/" + templatesVersion + "/" + url.PathEscape(string(cfg.ProviderConfig.BusinessAccountID)) + "/message_templates"
	query := url.Values{}
	var all []json.RawMessage
	seen := map[string]bool{}
	for range maxPages {
		if seen[query.Encode()] {
			return all, nil // a page that leads to itself
		}
		seen[query.Encode()] = true
		var page struct {
			Data   []json.RawMessage `json:"data"`
			Paging struct {
				Next text `json:"next"`
			} `json:"paging"`
		}
		if err := d.read(ctx, cfg, withQuery(address, query), bearer(cfg), &page); err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if page.Paging.Next == "" {
			return all, nil
		}
		next, err := url.Parse(string(page.Paging.Next))
		if err != nil || !d.ours(next) {
			return nil, &channels.SendError{Class: chat.Permanent, Code: "paging", Text: "The list of templates goes on at a foreign address"}
		}
		query = url.Values{}
		maps.Copy(query, next.Query())
		query.Del("access_token")
	}
	return nil, &channels.SendError{Class: chat.Permanent, Code: "paging", Text: "The list of templates does not end"}
}

func withQuery(address string, query url.Values) string {
	if len(query) == 0 {
		return address
	}
	return address + "?" + query.Encode()
}

// ours tells whether an address is the provider's: Meta's, or the one that stands
// in for it.
func (d *Driver) ours(u *url.URL) bool {
	for _, base := range []string{d.cloud(), cloudPublic} {
		if b, err := url.Parse(base); err == nil && u.Scheme == b.Scheme && strings.EqualFold(u.Host, b.Host) {
			return true
		}
	}
	return false
}

// read gets an answer in JSON. Errors are *channels.SendError.
func (d *Driver) read(ctx context.Context, cfg *Config, address string, header map[string]string, page any) error {
	answer, err := d.env.JSON(ctx, http.MethodGet, address, header, nil)
	if err != nil {
		return err
	}
	if !answer.OK() {
		return d.sendError(answer, cfg)
	}
	if err := json.Unmarshal(answer.Body, page); err != nil {
		return &channels.SendError{Class: chat.Retryable, Code: "answer", Say: wording.FailureUnreadable.Text(), Err: err}
	}
	return nil
}
