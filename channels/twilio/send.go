package twilio

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const (
	window  = 24 * time.Hour
	maxBody = 1600 // characters, "Message resource"
)

// Plan splits a message into calls. An SMS takes its text and up to ten files
// in one; WhatsApp takes one file a message and shows text only beside pictures
// ("Sending media with WhatsApp").
func (d *Driver) Plan(ch *channels.Channel, m *chat.Outbound) ([]chat.Part, error) {
	cfg := config(ch)
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if len(m.Template) > 0 {
		if _, _, err := content(cfg, m.Template); err != nil {
			return nil, err
		}
		return []chat.Part{{Kind: "template", First: true, Last: true}}, nil
	}
	if cfg.whatsApp() && (m.LastIncomingAt.IsZero() || m.Now.Sub(m.LastIncomingAt) > window) {
		return nil, &channels.SendError{Class: chat.WindowClosed, Code: "window_closed", Say: wording.FailureWindowTemplate.Text()}
	}
	items := options(m.Items)
	var parts []chat.Part
	if cfg.whatsApp() {
		parts = whatsAppParts(ch, m, items)
	} else {
		parts = smsParts(listed(m, items), m.Attachments)
	}
	if len(parts) == 0 {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "empty", Say: wording.FailureEmpty.Text()}
	}
	parts[0].First, parts[len(parts)-1].Last = true, true
	return parts, nil
}

// listed is the text with the options as a numbered list: SMS has no buttons.
func listed(m *chat.Outbound, items []chat.Item) []string {
	return channels.Split(numbered(strings.TrimSpace(m.Content), items), maxBody, channels.Runes)
}

func smsParts(texts []string, files []chat.OutAttachment) []chat.Part {
	var parts []chat.Part
	for len(texts) > 0 || len(files) > 0 {
		p := chat.Part{Kind: "text"}
		if len(texts) > 0 {
			p.Text, texts = texts[0], texts[1:]
		}
		if n := min(len(files), maxMedia); n > 0 {
			p.Kind = "file"
			p.Attachments, files = files[:n:n], files[n:]
		}
		parts = append(parts, p)
	}
	return parts
}

// whatsAppParts: one file a message, the options last.
func whatsAppParts(ch *channels.Channel, m *chat.Outbound, items []chat.Item) []chat.Part {
	kind, above := kindOf(items), ""
	var texts []string
	if kind == "" {
		texts = listed(m, items)
	} else {
		texts, above = question(m.Content)
	}
	var parts []chat.Part
	for i, a := range m.Attachments {
		p := chat.Part{Kind: a.Kind, Attachments: []chat.OutAttachment{a}}
		if i == 0 && a.Kind == "image" && len(texts) == 1 && kind == "" {
			p.Text, texts = texts[0], nil
		}
		parts = append(parts, p)
	}
	for _, piece := range texts {
		parts = append(parts, chat.Part{Kind: "text", Text: piece})
	}
	if kind != "" {
		parts = append(parts, chat.Part{Kind: kind, Text: cmp.Or(above, choose(ch)), Items: items})
	}
	return parts
}

// SendPart makes one call; for options some more, see sendChoice.
func (d *Driver) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	if p.Kind == kindButtons || p.Kind == kindList {
		return d.sendChoice(ctx, ch, m, p)
	}
	cfg := config(ch)
	params := d.params(cfg, m)
	if p.Kind == "template" {
		sid, variables, err := content(cfg, m.Template)
		if err != nil {
			return channels.Receipt{}, err
		}
		params.SetContentSid(sid)
		if variables != "" {
			params.SetContentVariables(variables)
		}
	}
	if p.Text != "" {
		params.SetBody(p.Text)
	}
	if len(p.Attachments) > 0 {
		links := make([]string, len(p.Attachments))
		for i, a := range p.Attachments {
			links[i] = a.URL
		}
		params.SetMediaUrl(links)
	}
	return d.send(ctx, cfg, params)
}

// params address a message.
func (d *Driver) params(cfg *Config, m *chat.Outbound) *openapi.CreateMessageParams {
	params := (&openapi.CreateMessageParams{}).
		SetPathAccountSid(cfg.AccountSID).
		SetTo(m.To).
		SetStatusCallback(d.env.PublicURL + pathStatus)
	if cfg.MessagingServiceSID != "" {
		return params.SetMessagingServiceSid(cfg.MessagingServiceSID)
	}
	return params.SetFrom(cfg.PhoneNumber)
}

// send creates the message.
func (d *Driver) send(ctx context.Context, cfg *Config, params *openapi.CreateMessageParams) (channels.Receipt, error) {
	handler, s := d.handler(ctx, cfg)
	sent, err := openapi.NewApiService(handler).CreateMessage(params)
	sid := ""
	switch {
	case err == nil && sent.Sid != nil:
		sid = *sent.Sid
	case s.last != nil && s.last.OK():
		// Accepted: a body that the library cannot read must not send it twice.
		sid = sidOf(s.last.Body)
	case err != nil:
		return channels.Receipt{}, verdict(err)
	}
	if sid == "" {
		return channels.Receipt{}, nil
	}
	return channels.Receipt{ProviderIDs: []string{sid}}, nil
}

func sidOf(body []byte) string {
	var m struct {
		SID json.RawMessage `json:"sid"`
	}
	var sid string
	if json.Unmarshal(body, &m) != nil || json.Unmarshal(m.SID, &sid) != nil {
		return ""
	}
	return sid
}
