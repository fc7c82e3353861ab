package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
)

var (
	_ channels.TemplateSource = (*Driver)(nil)
	_ channels.TemplateScope  = (*Driver)(nil)
)

// Limits of one synchronisation. Twilio gives up to 1,000 entries a page ("Content
// API: fetch all content resources"); smaller pages keep each answer readable.
const (
	contentAddress = "https://content.twilio.com/v1/Content"
	contentHost    = "content.twilio.com"
	pageSize       = "100"
	maxTemplates   = 1000
)

// HasTemplates implements channels.TemplateScope.
func (d *Driver) HasTemplates(ch *channels.Channel) bool { return config(ch).whatsApp() }

// Templates implements channels.TemplateSource. The list replaces the stored one
// as a whole; an empty list leaves the settings as they are.
func (d *Driver) Templates(ctx context.Context, ch *channels.Channel) (json.RawMessage, error) {
	cfg := config(ch)
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	began := d.env.Now().UTC()
	list, err := d.approved(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return ch.Settings, nil
	}
	settings := map[string]json.RawMessage{}
	if err := json.Unmarshal(ch.Settings, &settings); err != nil {
		return nil, fmt.Errorf("twilio: settings: %w", err)
	}
	if settings["content_templates"], err = json.Marshal(map[string]any{"templates": list}); err != nil {
		return nil, fmt.Errorf("twilio: templates: %w", err)
	}
	if settings["content_templates_last_updated"], err = json.Marshal(began.Format(time.RFC3339)); err != nil {
		return nil, fmt.Errorf("twilio: templates: %w", err)
	}
	out, err := json.Marshal(settings)
	if err != nil {
		return nil, fmt.Errorf("twilio: settings: %w", err)
	}
	return out, nil
}

// approved lists up to maxTemplates entries without the templates of choices, which
// are of no use to agents: they hold nothing but variables, and WhatsApp takes them
// within the window only.
func (d *Driver) approved(ctx context.Context, cfg *Config) ([]syncedTemplate, error) {
	var all []syncedTemplate
	err := d.eachContent(ctx, cfg, func(c *remoteContent) bool {
		if c.SID != "" && !strings.HasPrefix(c.Name, choicePrefix) {
			all = append(all, c.synced())
		}
		return len(all) < maxTemplates
	})
	return all, err
}

// eachContent shows the account's contents to visit until it has seen enough. Of the
// address of a next page only the query is used, so that nobody can lead the
// credentials elsewhere.
func (d *Driver) eachContent(ctx context.Context, cfg *Config, visit func(*remoteContent) (more bool)) error {
	_, s := d.handler(ctx, cfg)
	query := url.Values{"PageSize": {pageSize}}
	seen := map[string]bool{}
	for !seen[query.Encode()] {
		seen[query.Encode()] = true
		var page struct {
			Contents []remoteContent `json:"contents"`
			Meta     struct {
				Next string `json:"next_page_url"`
			} `json:"meta"`
		}
		answer, err := s.SendRequest(http.MethodGet, contentAddress, query, nil)
		if err != nil {
			return verdict(err)
		}
		raw, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || json.Unmarshal(raw, &page) != nil {
			return &channels.SendError{Class: chat.Retryable, Code: "answer", Text: "Twilio's list of templates cannot be read"}
		}
		for i := range page.Contents {
			if !visit(&page.Contents[i]) {
				return nil
			}
		}
		if page.Meta.Next == "" {
			return nil
		}
		next, err := url.Parse(page.Meta.Next)
		if err != nil || !d.ours(next) {
			return &channels.SendError{Class: chat.Permanent, Code: "paging", Text: "Twilio's list of templates goes on at a foreign address"}
		}
		query = next.Query()
	}
	return nil
}

// ours tells whether an address is Twilio's, or of what stands in for it.
func (d *Driver) ours(u *url.URL) bool {
	if u.Scheme == "https" && strings.EqualFold(u.Host, contentHost) {
		return true
	}
	base, err := url.Parse(d.env.Base("TWILIO_API_URL", contentAddress))
	return err == nil && u.Scheme == base.Scheme && strings.EqualFold(u.Host, base.Host)
}

// remoteContent is one entry of Twilio's list; Types holds its forms by name
// ("twilio/text").
type remoteContent struct {
	SID       string                     `json:"sid"`
	Name      string                     `json:"friendly_name"`
	Language  string                     `json:"language"`
	Variables json.RawMessage            `json:"variables"`
	Types     map[string]json.RawMessage `json:"types"`
	CreatedAt json.RawMessage            `json:"date_created"`
	UpdatedAt json.RawMessage            `json:"date_updated"`
}

// syncedTemplate is what is kept of it, in the form that clients know (contract 09
// §11.4). Twilio's list does not say what Meta decided: every entry counts as
// approved, and Meta refuses what is not.
type syncedTemplate struct {
	SID       string                     `json:"content_sid"`
	Name      string                     `json:"friendly_name"`
	Language  string                     `json:"language"`
	Status    string                     `json:"status"`
	Type      string                     `json:"template_type"`
	MediaType *string                    `json:"media_type"`
	Variables json.RawMessage            `json:"variables"`
	Category  string                     `json:"category"`
	Body      string                     `json:"body"`
	Types     map[string]json.RawMessage `json:"types"`
	CreatedAt json.RawMessage            `json:"created_at"`
	UpdatedAt json.RawMessage            `json:"updated_at"`
}

func (c *remoteContent) synced() syncedTemplate {
	t := syncedTemplate{
		SID: c.SID, Name: c.Name, Language: c.Language, Status: "approved", Type: c.kind(), Variables: orNull(c.Variables, `{}`),
		Category: category(c.Name), Body: c.body(), Types: c.Types, CreatedAt: orNull(c.CreatedAt, `null`), UpdatedAt: orNull(c.UpdatedAt, `null`),
	}
	if t.Types == nil {
		t.Types = map[string]json.RawMessage{}
	}
	if media := c.media(); media != "" {
		t.MediaType = &media
	}
	return t
}

func orNull(raw json.RawMessage, fallback string) json.RawMessage {
	if len(raw) == 0 || string(raw) == "null" {
		return json.RawMessage(fallback)
	}
	return raw
}

const (
	formText       = "twilio/text"
	formMedia      = "twilio/media"
	formQuickReply = "twilio/quick-reply"
	formCatalog    = "twilio/catalog"
)

// kind is the template_type.
func (c *remoteContent) kind() string {
	for _, k := range []struct{ form, name string }{
		{formMedia, "media"}, {formQuickReply, "quick_reply"}, {formCatalog, "catalog"},
	} {
		if _, ok := c.Types[k.form]; ok {
			return k.name
		}
	}
	return "text"
}

// media is the media_type: what the media form names, else what its first file is
// by its extension; empty: unknown, or no media.
func (c *remoteContent) media() string {
	var form map[string]json.RawMessage
	if json.Unmarshal(c.Types[formMedia], &form) != nil {
		return ""
	}
	for _, kind := range []string{"image", "video", "document"} {
		if _, ok := form[kind]; ok {
			return kind
		}
	}
	var files []string
	if json.Unmarshal(form["media"], &files) != nil || len(files) == 0 {
		return ""
	}
	u, err := url.Parse(files[0])
	if err != nil {
		return "" // {{1}} and the like
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".jpg", ".jpeg", ".png", ".webp":
		return "image"
	case ".mp4", ".3gp":
		return "video"
	case ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".txt":
		return "document"
	}
	return ""
}

// body is the text of the first form that has one.
func (c *remoteContent) body() string {
	for _, form := range []string{formText, formMedia, formQuickReply, formCatalog} {
		var content struct {
			Body string `json:"body"`
		}
		if json.Unmarshal(c.Types[form], &content) == nil && content.Body != "" {
			return content.Body
		}
	}
	return ""
}

// category is guessed from the name, because Twilio's list does not tell it.
func category(name string) string {
	name = strings.ToLower(name)
	has := func(word string) bool { return strings.Contains(name, word) }
	switch {
	case slices.ContainsFunc([]string{"marketing", "promo", "offer", "sale"}, has):
		return "marketing"
	case slices.ContainsFunc([]string{"auth", "otp", "verify", "code"}, has):
		return "authentication"
	}
	return "utility"
}
