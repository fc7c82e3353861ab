package sms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const (
	baseSetting = "BANDWIDTH_MESSAGING_URL"
	// maxText is the length of a text in characters ("Create message").
	maxText = 2048
)

// Plan implements channels.Sender: long texts are split, media travels with the
// last piece.
func (d *Driver) Plan(ch *channels.Channel, m *chat.Outbound) ([]chat.Part, error) {
	if missing := configOf(ch).missing(); missing != "" {
		return nil, &channels.SendError{Class: chat.Config, Say: wording.FailureSettingMissing.With("setting", missing)}
	}
	if m.To == "" {
		return nil, &channels.SendError{Class: chat.Permanent, Say: wording.FailureNoAddress.Text()}
	}
	pieces := channels.Split(withItems(m), maxText, channels.Runes)
	if len(pieces) == 0 && len(m.Attachments) > 0 {
		pieces = []string{""}
	}
	if len(pieces) == 0 {
		return nil, &channels.SendError{Class: chat.Permanent, Say: wording.FailureEmpty.Text()}
	}
	parts := make([]chat.Part, len(pieces))
	for i, piece := range pieces {
		parts[i] = chat.Part{Index: i, Kind: "text", Text: piece}
	}
	parts[0].First = true
	last := &parts[len(parts)-1]
	last.Last = true
	if len(m.Attachments) > 0 {
		last.Kind, last.Attachments = "album", m.Attachments
	}
	return parts, nil
}

// withItems is the text with the choices as a numbered list: SMS has no buttons.
func withItems(m *chat.Outbound) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(m.Content))
	n := 0
	for _, item := range m.Items {
		title := strings.TrimSpace(item.Title)
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

// missing names the first setting that sending needs and that is not there.
func (c *Config) missing() string {
	for _, s := range []struct {
		name  string
		value text
	}{
		{"phone_number", c.PhoneNumber},
		{"provider_config.account_id", c.Provider.AccountID},
		{"provider_config.application_id", c.Provider.ApplicationID},
		{"provider_config.api_key", c.Provider.APIKey},
		{"provider_config.api_secret", c.Provider.APISecret},
	} {
		if s.value == "" {
			return s.name
		}
	}
	return ""
}

// outgoing is the body of "Create message".
type outgoing struct {
	To          string   `json:"to"`
	From        string   `json:"from"`
	Text        string   `json:"text,omitempty"`
	Application string   `json:"applicationId"`
	Media       []string `json:"media,omitempty"`
}

// SendPart implements channels.Sender. Bandwidth knows no idempotency key.
func (d *Driver) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	c := configOf(ch)
	body := outgoing{
		To: m.To, From: string(c.PhoneNumber), Text: p.Text, Application: string(c.Provider.ApplicationID),
	}
	for i := range p.Attachments {
		body.Media = append(body.Media, p.Attachments[i].URL)
	}
	credentials := base64.StdEncoding.EncodeToString([]byte(string(c.Provider.APIKey) + ":" + string(c.Provider.APISecret)))
	answer, err := d.env.JSON(ctx, http.MethodPost,
		d.env.Base(baseSetting, publicAPI)+"/api/v2/users/"+url.PathEscape(string(c.Provider.AccountID))+"/messages",
		map[string]string{"Authorization": "Basic " + credentials}, body)
	if err != nil {
		return channels.Receipt{}, err
	}
	if !answer.OK() {
		return channels.Receipt{}, refused(answer, d.env.Now())
	}
	var accepted struct {
		ID string `json:"id"`
	}
	// The message is accepted even if its id cannot be read.
	_ = json.Unmarshal(answer.Body, &accepted)
	if accepted.ID == "" {
		return channels.Receipt{}, nil
	}
	return channels.Receipt{ProviderIDs: []string{accepted.ID}}, nil
}

// refused words a refusal with Bandwidth's description.
func refused(answer *channels.Answer, now time.Time) *channels.SendError {
	var body struct {
		Type        string `json:"type"`
		Description string `json:"description"`
	}
	_ = json.Unmarshal(answer.Body, &body) // what is missing is judged by the status
	e := &channels.SendError{
		Class: channels.ByStatus(answer.Status), Code: body.Type, Text: body.Description,
		RetryAfter: answer.RetryAfter(now),
	}
	if e.Code == "" {
		e.Code = strconv.Itoa(answer.Status)
	}
	if e.Text == "" {
		e.Say = wording.FailureStatus.With("provider", "Bandwidth", "status", strconv.Itoa(answer.Status))
	}
	return e
}
