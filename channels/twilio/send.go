package twilio

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"tributary/channels"
	"tributary/chat"
)

const (
	window  = 24 * time.Hour
	maxBody = 1600 // characters, "Message resource"
)

// Texts that agents see when a message cannot be sent.
const (
	noTemplate       = "Template not found"
	missingParameter = "Missing template parameter"
	closedWindow     = "The contact's last message is more than 24 hours old: send a template"
)

// Plan splits a message into calls. An SMS takes its text and up to ten files
// in one; WhatsApp takes one file a message and shows text only beside pictures
// ("Sending media with WhatsApp").
func (d *Driver) Plan(ch *channels.Channel, m *chat.Outbound) ([]chat.Part, error) {
	cfg := config(ch)
	if cfg.AccountSID == "" || cfg.AuthToken == "" {
		return nil, &channels.SendError{Class: chat.Config, Code: "config", Text: "The inbox has no Twilio credentials"}
	}
	if len(m.Template) > 0 {
		if _, _, err := content(cfg, m.Template); err != nil {
			return nil, err
		}
		return []chat.Part{{Kind: "template", First: true, Last: true}}, nil
	}
	if cfg.whatsApp() && (m.LastIncomingAt.IsZero() || m.Now.Sub(m.LastIncomingAt) > window) {
		return nil, &channels.SendError{Class: chat.WindowClosed, Code: "window_closed", Text: closedWindow}
	}
	texts := channels.Split(withItems(m), maxBody, channels.Runes)
	var parts []chat.Part
	if cfg.whatsApp() {
		parts = whatsAppParts(texts, m.Attachments)
	} else {
		parts = smsParts(texts, m.Attachments)
	}
	if len(parts) == 0 {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "empty", Text: "There is nothing to send"}
	}
	parts[0].First, parts[len(parts)-1].Last = true, true
	return parts, nil
}

// withItems is the text with the choices as a numbered list: neither medium has
// buttons outside of templates.
func withItems(m *chat.Outbound) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(m.Content))
	n := 0
	for _, it := range m.Items {
		title := strings.TrimSpace(it.Title)
		if title == "" {
			continue
		}
		if n++; n == 1 && b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString("\n" + strconv.Itoa(n) + ". " + title)
	}
	return b.String()
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

func whatsAppParts(texts []string, files []chat.OutAttachment) []chat.Part {
	var parts []chat.Part
	for i, a := range files {
		p := chat.Part{Kind: a.Kind, Attachments: []chat.OutAttachment{a}}
		if i == 0 && a.Kind == "image" && len(texts) == 1 {
			p.Text, texts = texts[0], nil
		}
		parts = append(parts, p)
	}
	for _, piece := range texts {
		parts = append(parts, chat.Part{Kind: "text", Text: piece})
	}
	return parts
}

// SendPart makes one call.
func (d *Driver) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	cfg := config(ch)
	params := (&openapi.CreateMessageParams{}).
		SetPathAccountSid(cfg.AccountSID).
		SetTo(m.To).
		SetStatusCallback(d.env.PublicURL + pathStatus)
	if cfg.MessagingServiceSID != "" {
		params.SetMessagingServiceSid(cfg.MessagingServiceSID)
	} else {
		params.SetFrom(cfg.PhoneNumber)
	}
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
