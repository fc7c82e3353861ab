package meta

import (
	"context"
	"net/http"
	"slices"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Limits of the Send API.
const (
	maxQuickReplies = 13
	maxTitle        = 20
	maxPayload      = 1000
)

// Messaging windows: the standard one, and the one of the human agent tag.
const (
	standardWindow = 24 * time.Hour
	humanWindow    = 7 * 24 * time.Hour
)

// Transport is one of the ways to the Send API and what it wants.
type Transport struct {
	Name       string
	Limit      int              // of a text
	Measure    func(string) int // unit of Limit
	MediaFirst bool             // attachments go before the text
	Typed      bool             // messaging_type RESPONSE inside the window
	HumanAgent string           // setting that allows the HUMAN_AGENT tag
	// LateTag is the setting that names another message tag for replies outside
	// the window (ACCOUNT_UPDATE was usual before Meta began to retire the
	// tags); empty: there is none.
	LateTag string
}

// Messenger is the transport of page conversations.
func Messenger() Transport {
	return Transport{
		Name: "messenger", Limit: 2000, Measure: channels.UTF16, Typed: true,
		HumanAgent: "ENABLE_MESSENGER_CHANNEL_HUMAN_AGENT", LateTag: "FACEBOOK_MESSAGE_TAG",
	}
}

// PageDirect is Instagram by way of the Facebook page that owns the account.
func PageDirect() Transport {
	return Transport{
		Name: "ig_page", Limit: 1000, Measure: channels.Bytes, MediaFirst: true,
		HumanAgent: "ENABLE_MESSENGER_CHANNEL_HUMAN_AGENT",
	}
}

// LoginDirect is Instagram by Instagram Login.
func LoginDirect() Transport {
	return Transport{
		Name: "ig_login", Limit: 1000, Measure: channels.Bytes, MediaFirst: true,
		HumanAgent: "ENABLE_INSTAGRAM_CHANNEL_HUMAN_AGENT",
	}
}

// Window is how long after the last incoming message a reply is allowed.
func (t Transport) Window(env *channels.Env) time.Duration {
	if env.Enabled(t.HumanAgent) {
		return humanWindow
	}
	return standardWindow
}

// tagging is how Meta wants a reply to be marked at its age; the error is
// window_closed.
func (t Transport) tagging(env *channels.Env, m *chat.Outbound) (kind, tag string, err error) {
	age := humanWindow + 1
	if !m.LastIncomingAt.IsZero() {
		now := m.Now
		if now.IsZero() {
			now = env.Now()
		}
		age = now.Sub(m.LastIncomingAt)
	}
	switch {
	case age <= standardWindow && t.Typed:
		return "RESPONSE", "", nil
	case age <= standardWindow:
		return "", "", nil
	case age <= t.Window(env):
		return "MESSAGE_TAG", "HUMAN_AGENT", nil
	}
	if t.LateTag != "" {
		if tag := env.Setting(t.LateTag); tag != "" {
			return "MESSAGE_TAG", tag, nil
		}
	}
	return "", "", &channels.SendError{
		Class: chat.WindowClosed, Code: "window_closed",
		Say: wording.FailureWindowClosed.Text(),
	}
}

// Plan splits a message into calls: texts of at most Limit units and one call
// per attachment, quick replies on the last one.
func (t Transport) Plan(env *channels.Env, m *chat.Outbound) ([]chat.Part, error) {
	if _, _, err := t.tagging(env, m); err != nil {
		return nil, err
	}
	content, items := withItems(m)
	var texts, media []chat.Part
	for _, piece := range channels.Split(content, t.Limit, t.Measure) {
		texts = append(texts, chat.Part{Kind: "text", Text: piece})
	}
	for _, a := range m.Attachments {
		media = append(media, chat.Part{Kind: mediaKind(a.Kind), Attachments: []chat.OutAttachment{a}})
	}
	// Quick replies vanish as soon as another message follows, so they go last,
	// with the text.
	parts := slices.Concat(texts, media)
	if t.MediaFirst || len(items) > 0 {
		parts = slices.Concat(media, texts)
	}
	if len(parts) == 0 {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "empty", Say: wording.FailureEmpty.Text()}
	}
	parts[0].First = true
	last := &parts[len(parts)-1]
	last.Last, last.Items = true, items
	return parts, nil
}

// withItems gives the text and the quick replies of a message. Options beyond
// the limit are listed in the text, so that none is lost.
func withItems(m *chat.Outbound) (string, []chat.Item) {
	if m.ContentType != "input_select" || len(m.Items) == 0 {
		return m.Content, nil
	}
	content, items := m.Content, m.Items
	if len(items) > maxQuickReplies {
		for _, item := range items {
			content += "\n" + item.Title
		}
		items = items[:maxQuickReplies]
	}
	return content, items
}

// mediaKind is the attachment type of the Send API.
func mediaKind(kind string) string {
	switch kind {
	case "image", "audio", "video":
		return kind
	}
	return "file"
}

type (
	outPerson struct {
		ID string `json:"id"`
	}
	outReply struct {
		MID string `json:"mid"`
	}
	outPayload struct {
		URL string `json:"url"`
	}
	outFile struct {
		Type    string     `json:"type"`
		Payload outPayload `json:"payload"`
	}
	outOption struct {
		ContentType string `json:"content_type"`
		Title       string `json:"title"`
		Payload     string `json:"payload"`
	}
	outMessage struct {
		Text         string      `json:"text,omitempty"`
		Attachment   *outFile    `json:"attachment,omitempty"`
		QuickReplies []outOption `json:"quick_replies,omitempty"`
	}
	outCall struct {
		Recipient outPerson  `json:"recipient"`
		Message   outMessage `json:"message"`
		Type      string     `json:"messaging_type,omitempty"`
		Tag       string     `json:"tag,omitempty"`
		ReplyTo   *outReply  `json:"reply_to,omitempty"`
	}
)

// Send sends one part to path ("/me/messages").
func (t Transport) Send(ctx context.Context, env *channels.Env, g *Graph, path string, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	kind, tag, err := t.tagging(env, m)
	if err != nil {
		return channels.Receipt{}, err
	}
	call := outCall{Recipient: outPerson{ID: m.To}, Message: outMessage{Text: p.Text}, Type: kind, Tag: tag}
	for _, a := range p.Attachments {
		call.Message.Attachment = &outFile{Type: p.Kind, Payload: outPayload{URL: a.URL}}
	}
	for _, item := range p.Items {
		payload := item.Value
		if payload == "" {
			payload = item.Title
		}
		call.Message.QuickReplies = append(call.Message.QuickReplies, outOption{
			ContentType: "text",
			Title:       channels.Clip(item.Title, maxTitle, channels.Runes),
			Payload:     channels.Clip(payload, maxPayload, channels.Runes),
		})
	}
	if p.First && m.ReplyTo != "" {
		call.ReplyTo = &outReply{MID: m.ReplyTo}
	}
	var answer struct {
		MessageID ID `json:"message_id"`
	}
	if err := g.Call(ctx, http.MethodPost, path, nil, call, &answer); err != nil {
		return channels.Receipt{}, err
	}
	var receipt channels.Receipt
	if answer.MessageID != "" {
		receipt.ProviderIDs = []string{string(answer.MessageID)}
	}
	return receipt, nil
}
