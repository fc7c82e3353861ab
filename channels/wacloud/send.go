package wacloud

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Limits of the Cloud API, in characters ("Messages" reference).
const (
	maxText        = 4096
	maxCaption     = 1024
	maxButtonsBody = 1024
	maxListBody    = 4096
	maxButtons     = 3
	maxRows        = 10
	maxButtonTitle = 20
	maxButtonID    = 256
	maxRowTitle    = 24
	maxRowID       = 200
	maxRowDetail   = 72
)

const (
	window         = 24 * time.Hour
	defaultVersion = "v22.0"
	cloudPublic    = "https://graph.facebook.com"
	d360Public     = "https://waba.360dialog.io/v1"
)

// Window is Meta's customer service window.
func (d *Driver) Window(*channels.Channel) time.Duration { return window }

// Plan splits a message into calls: files first, the text as caption of the
// first one where it fits, choices with the last piece of text.
func (d *Driver) Plan(ch *channels.Channel, m *chat.Outbound) ([]chat.Part, error) {
	cfg := config(ch)
	if _, _, err := d.endpoint(cfg); err != nil {
		return nil, err
	}
	if len(m.Template) > 0 {
		if _, err := buildTemplate(cfg, m.Template); err != nil {
			return nil, err
		}
		return []chat.Part{{Kind: "template", First: true, Last: true}}, nil
	}
	if m.LastIncomingAt.IsZero() || m.Now.Sub(m.LastIncomingAt) > window {
		// Outside the window only a template goes through, and none is named.
		return nil, &channels.SendError{Class: chat.WindowClosed, Code: "window_closed", Say: wording.FailureTemplateInvalid.Text()}
	}
	var parts []chat.Part
	content, items := strings.TrimSpace(m.Content), m.Items
	for i, a := range m.Attachments {
		p := chat.Part{Kind: mediaType(a.Kind), Attachments: []chat.OutAttachment{a}}
		if i == 0 && p.Kind != "audio" && len(items) == 0 && channels.Runes(content) <= maxCaption {
			p.Text, content = content, ""
		}
		parts = append(parts, p)
	}
	parts = append(parts, textParts(content, items, ch.Locale.Say(wording.CustomerChooseItem.Text()))...)
	if len(parts) == 0 {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "empty", Say: wording.FailureEmpty.Text()}
	}
	parts[0].First, parts[len(parts)-1].Last = true, true
	return parts, nil
}

// textParts are the text and the choices; invitation stands for a text that there
// is none of, because the provider wants one beside choices.
func textParts(content string, items []chat.Item, invitation string) []chat.Part {
	kind, limit := "text", maxText
	items = choices(items)
	switch {
	case len(items) > maxRows:
		content = strings.TrimSpace(content + "\n\n" + numbered(items))
	case len(items) > maxButtons:
		kind, limit = "list", maxListBody
	case len(items) > 0:
		kind, limit = "buttons", maxButtonsBody
	}
	if kind != "text" && content == "" {
		content = invitation
	}
	var parts []chat.Part
	for _, piece := range channels.Split(content, limit, channels.Runes) {
		parts = append(parts, chat.Part{Kind: "text", Text: piece})
	}
	if kind != "text" && len(parts) > 0 {
		last := &parts[len(parts)-1]
		last.Kind, last.Items = kind, items
	}
	return parts
}

// choices drops what cannot be shown and completes the rest.
func choices(items []chat.Item) []chat.Item {
	var out []chat.Item
	for _, it := range items {
		it.Title, it.Value = strings.TrimSpace(it.Title), strings.TrimSpace(it.Value)
		it.Title, it.Value = firstOf(it.Title, it.Value), firstOf(it.Value, it.Title)
		if it.Title != "" {
			out = append(out, it)
		}
	}
	return out
}

func numbered(items []chat.Item) string {
	lines := make([]string, len(items))
	for i, it := range items {
		lines[i] = strconv.Itoa(i+1) + ". " + it.Title
	}
	return strings.Join(lines, "\n")
}

// mediaType is the type of the API for a kind of attachment.
func mediaType(kind string) string {
	switch kind {
	case "image", "video", "audio":
		return kind
	}
	return "document"
}

// SendPart makes one call.
func (d *Driver) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	cfg := config(ch)
	address, header, err := d.endpoint(cfg)
	if err != nil {
		return channels.Receipt{}, err
	}
	body, err := d.payload(ch, m, p)
	if err != nil {
		return channels.Receipt{}, err
	}
	answer, err := d.env.JSON(ctx, http.MethodPost, address, header, body)
	if err != nil {
		return channels.Receipt{}, err
	}
	if !answer.OK() {
		return channels.Receipt{}, d.sendError(answer, config(ch))
	}
	var sent struct {
		Messages []struct {
			ID text `json:"id"`
		} `json:"messages"`
	}
	lenient(answer.Body, &sent)
	var receipt channels.Receipt
	for _, one := range sent.Messages {
		if one.ID != "" {
			receipt.ProviderIDs = append(receipt.ProviderIDs, string(one.ID))
		}
	}
	return receipt, nil
}

// endpoint is where messages are posted, with the credentials.
func (d *Driver) endpoint(cfg *Config) (address string, header map[string]string, err error) {
	pc := &cfg.ProviderConfig
	missing := ""
	switch {
	case pc.APIKey == "":
		missing = "provider_config.api_key"
	case cfg.Provider == ProviderCloud && pc.PhoneNumberID == "":
		missing = "provider_config.phone_number_id"
	}
	if missing != "" {
		return "", nil, &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureSettingMissing.With("setting", missing)}
	}
	if cfg.Provider == ProviderCloud {
		return d.cloud() + "/" + d.version() + "/" + string(pc.PhoneNumberID) + "/messages", bearer(cfg), nil
	}
	return d.dialog() + "/messages", dialogKey(cfg), nil
}

func (d *Driver) cloud() string  { return d.env.Base("WHATSAPP_CLOUD_BASE_URL", cloudPublic) }
func (d *Driver) dialog() string { return d.env.Base("WHATSAPP_360_BASE_URL", d360Public) }

func (d *Driver) version() string {
	return firstOf(strings.Trim(d.env.Setting("WHATSAPP_API_VERSION"), "/ "), defaultVersion)
}

func bearer(cfg *Config) map[string]string {
	return map[string]string{"Authorization": "Bearer " + string(cfg.ProviderConfig.APIKey)}
}

func dialogKey(cfg *Config) map[string]string {
	return map[string]string{"D360-API-KEY": string(cfg.ProviderConfig.APIKey)}
}

// payload is the JSON of one call. Version 1 of 360dialog's API knows no
// messaging_product; people without a number are named in recipient.
func (d *Driver) payload(ch *channels.Channel, m *chat.Outbound, p chat.Part) (map[string]any, error) {
	cfg := config(ch)
	body := map[string]any{"recipient_type": "individual"}
	if cfg.Provider == ProviderCloud || !strings.HasSuffix(d.dialog(), "/v1") {
		body["messaging_product"] = "whatsapp"
	}
	if to := m.To; scopedID.MatchString(to) {
		body["recipient"] = to
	} else {
		body["to"] = firstOf(digits(to), to)
	}
	if p.First && m.ReplyTo != "" && p.Kind != "template" {
		body["context"] = map[string]any{"message_id": m.ReplyTo}
	}
	kind := p.Kind
	var content any
	switch p.Kind {
	case "template":
		built, err := buildTemplate(cfg, m.Template)
		if err != nil {
			return nil, err
		}
		content = built
	case "buttons":
		kind, content = "interactive", buttons(p)
	case "list":
		kind, content = "interactive", list(p, ch.Locale.Say(wording.CustomerChooseItem.Text()))
	case "text":
		content = map[string]any{"body": p.Text}
	default:
		file, err := link(p)
		if err != nil {
			return nil, err
		}
		content = file
	}
	body["type"], body[kind] = kind, content
	return body, nil
}

func link(p chat.Part) (map[string]any, error) {
	if len(p.Attachments) != 1 {
		return nil, &channels.SendError{Class: chat.Permanent, Say: wording.FailureInternal.Text()}
	}
	a := p.Attachments[0]
	file := map[string]any{"link": a.URL}
	if p.Text != "" && p.Kind != "audio" {
		file["caption"] = p.Text
	}
	if p.Kind == "document" && a.Filename != "" {
		file["filename"] = a.Filename
	}
	return file, nil
}

func buttons(p chat.Part) map[string]any {
	list := make([]any, len(p.Items))
	for i, it := range p.Items {
		list[i] = map[string]any{"type": "reply", "reply": map[string]any{
			"id":    channels.Clip(it.Value, maxButtonID, channels.Runes),
			"title": channels.Clip(it.Title, maxButtonTitle, channels.Runes),
		}}
	}
	return map[string]any{"type": "button", "body": map[string]any{"text": p.Text}, "action": map[string]any{"buttons": list}}
}

func list(p chat.Part, button string) map[string]any {
	rows := make([]any, len(p.Items))
	for i, it := range p.Items {
		row := map[string]any{
			"id":    channels.Clip(it.Value, maxRowID, channels.Runes),
			"title": channels.Clip(it.Title, maxRowTitle, channels.Runes),
		}
		if channels.Runes(it.Title) > maxRowTitle {
			row["description"] = channels.Clip(it.Title, maxRowDetail, channels.Runes)
		}
		rows[i] = row
	}
	return map[string]any{
		"type": "list", "body": map[string]any{"text": p.Text},
		"action": map[string]any{"button": channels.Clip(button, maxButtonTitle, channels.Runes), "sections": []any{map[string]any{"rows": rows}}},
	}
}

// sendError words a refusal as the provider does, without the key.
func (d *Driver) sendError(a *channels.Answer, cfg *Config) *channels.SendError {
	var body struct {
		Error *providerError `json:"error"`
		Meta  struct {
			Message text `json:"developer_message"`
		} `json:"meta"` // 360dialog, version 1
		Errors []providerError `json:"errors"` // 360dialog, version 1
	}
	lenient(a.Body, &body)
	e := body.Error
	if e == nil && len(body.Errors) > 0 {
		e = &body.Errors[0]
	}
	if e == nil {
		e = &providerError{}
	}
	out := &channels.SendError{
		Class: channels.ByStatus(a.Status),
		Code:  firstOf(string(e.Code), strconv.Itoa(a.Status)),
		Text:  withoutKey(channels.Clean(firstOf(string(e.Message), string(body.Meta.Message), string(e.Title), string(e.Details))), cfg),
	}
	if out.Text == "" {
		out.Say = wording.FailureStatus.With("provider", "WhatsApp", "status", strconv.Itoa(a.Status))
	}
	if code, err := strconv.Atoi(string(e.Code)); err == nil && a.Status != http.StatusTooManyRequests {
		if class := classOf(code); class != "" {
			out.Class = class
		}
		if code == 131053 { // the file could not be fetched: rarely better later
			out.MaxTries = 2
		}
	}
	if out.Class == chat.Throttled {
		out.RetryAfter = a.RetryAfter(d.env.Now())
	}
	return out
}

// tokens is what Meta's access tokens look like.
var tokens = regexp.MustCompile(`\bEAA[0-9A-Za-z_\-.]{8,}`)

// withoutKey takes the key out of a text of the provider's, which quotes it when it is
// malformed: agents read such texts.
func withoutKey(text string, cfg *Config) string {
	const redacted = "[redacted]"
	if key := string(cfg.ProviderConfig.APIKey); key != "" {
		text = strings.ReplaceAll(text, key, redacted)
	}
	return tokens.ReplaceAllString(text, redacted)
}
