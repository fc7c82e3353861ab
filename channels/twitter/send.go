package twitter

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"github.com/rivo/uniseg"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Limits of X.
const (
	maxDirect   = 10000 // characters of a direct message
	maxTweet    = 280   // weighted characters of a tweet
	linkWeight  = 23    // of any link, which X shortens
	maxOptions  = 20    // quick reply options
	maxLabel    = 36    // characters of an option
	maxMetadata = 1000  // characters of an option's metadata
)

var link = regexp.MustCompile(`(?i)https?://[^\s]+`)

// weight is the length of a tweet by the rules of twitter-text (configuration
// version 3, 2018), in simple form: a link counts 23, an emoji 2, a character of
// the Latin and the other scripts up to U+10FF and of general punctuation 1,
// anything else 2. Unlike there, only links with a scheme count as links; bare
// domains weigh what they are long, or less once X shortens them.
func weight(s string) int {
	total, from := 0, 0
	for _, at := range link.FindAllStringIndex(s, -1) {
		total += plainWeight(s[from:at[0]]) + linkWeight
		from = at[1]
	}
	return total + plainWeight(s[from:])
}

func plainWeight(s string) int {
	total, state := 0, -1
	for s != "" {
		var cluster string
		var width int
		cluster, s, width, state = uniseg.FirstGraphemeClusterInString(s, state)
		runes := []rune(cluster)
		if len(runes) > 1 && width == 2 && emoji(runes) {
			total += 2
			continue
		}
		for _, r := range runes {
			total += runeWeight(r)
		}
	}
	return total
}

func runeWeight(r rune) int {
	switch {
	case r <= 0x10FF, r >= 0x2000 && r <= 0x200D, r >= 0x2010 && r <= 0x201F, r >= 0x2032 && r <= 0x2037:
		return 1
	}
	return 2
}

// emoji tells a cluster that is one picture, however many code points it takes.
func emoji(cluster []rune) bool {
	for _, r := range cluster {
		if r >= 0x1F000 || r == 0xFE0F || r == 0x20E3 {
			return true
		}
	}
	return false
}

// Plan implements channels.Sender.
func (driver) Plan(_ *channels.Channel, m *chat.Outbound) ([]chat.Part, error) {
	limit, measure := maxDirect, channels.Runes
	if m.ThreadType == typeTweet {
		limit, measure = maxTweet-weight(mention(m)), weight
	}
	content := m.Content
	items := m.Items
	if m.ContentType != "input_select" {
		items = nil
	}
	// A tweet has no options, and a direct message only so many.
	if m.ThreadType == typeTweet && len(items) > 0 || len(items) > maxOptions {
		for _, item := range items {
			content += "\n" + item.Title
		}
		items = items[:min(len(items), maxOptions)]
	}
	var parts []chat.Part
	for _, a := range m.Attachments {
		parts = append(parts, chat.Part{Kind: a.Kind, Attachments: []chat.OutAttachment{a}})
	}
	for _, piece := range channels.Split(content, limit, measure) {
		parts = append(parts, chat.Part{Kind: "text", Text: piece})
	}
	if len(parts) == 0 {
		return nil, &channels.SendError{Class: chat.Permanent, Code: "empty", Say: wording.FailureEmpty.Text()}
	}
	parts[0].First = true
	last := &parts[len(parts)-1]
	last.Last = true
	if m.ThreadType != typeTweet {
		last.Items = items
	}
	return parts, nil
}

// mention is what a tweet begins with, so that it reaches the contact.
func mention(m *chat.Outbound) string {
	if m.ScreenName == "" {
		return ""
	}
	return "@" + strings.TrimPrefix(m.ScreenName, "@") + " "
}

// SendPart implements channels.Sender.
func (d driver) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	c, err := d.client(ctx, ch)
	if err != nil {
		return channels.Receipt{}, err
	}
	var file string
	for _, a := range p.Attachments {
		if file, err = c.attach(ctx, d.env, a, m.ThreadType == typeTweet); err != nil {
			return channels.Receipt{}, err
		}
	}
	if m.ThreadType == typeTweet {
		return c.tweet(ctx, m, p, file)
	}
	return c.direct(ctx, m, p, file)
}

func receipt(provider id) channels.Receipt {
	if provider == "" {
		return channels.Receipt{}
	}
	return channels.Receipt{ProviderIDs: []string{string(provider)}}
}

// tweet answers the replied-to tweet, else the last one of the contact.
func (c *client) tweet(ctx context.Context, m *chat.Outbound, p chat.Part, file string) (channels.Receipt, error) {
	form := url.Values{"status": {mention(m) + p.Text}}
	parent := m.ReplyTo
	if parent == "" {
		parent = m.LastIncomingID
	}
	if parent == "" {
		parent, _ = m.Conversation["tweet_id"].(string)
	}
	if parent != "" {
		form.Set("in_reply_to_status_id", parent)
		// Without a name to mention, X adds those of the thread.
		if m.ScreenName == "" {
			form.Set("auto_populate_reply_metadata", "true")
		}
	}
	if file != "" {
		form.Set("media_ids", file)
	}
	var answer struct {
		ID    id `json:"id"`
		IDStr id `json:"id_str"`
	}
	if err := c.form(ctx, c.api("/1.1/statuses/update.json"), form, &answer); err != nil {
		return channels.Receipt{}, err
	}
	return receipt(id(either(answer.IDStr, answer.ID))), nil
}

type (
	outOption struct {
		Label    string `json:"label"`
		Metadata string `json:"metadata,omitempty"`
	}
	outQuickReply struct {
		Type    string      `json:"type"`
		Options []outOption `json:"options"`
	}
	outMedia struct {
		Type  string `json:"type"`
		Media struct {
			ID string `json:"id"`
		} `json:"media"`
	}
	outData struct {
		Text       string         `json:"text"`
		Attachment *outMedia      `json:"attachment,omitempty"`
		QuickReply *outQuickReply `json:"quick_reply,omitempty"`
	}
	outCreate struct {
		Target target  `json:"target"`
		Data   outData `json:"message_data"`
	}
	outEvent struct {
		Type   string    `json:"type"`
		Create outCreate `json:"message_create"`
	}
)

// direct sends a direct message.
func (c *client) direct(ctx context.Context, m *chat.Outbound, p chat.Part, file string) (channels.Receipt, error) {
	data := outData{Text: p.Text}
	if file != "" {
		data.Attachment = &outMedia{Type: "media"}
		data.Attachment.Media.ID = file
	}
	for _, item := range p.Items {
		if data.QuickReply == nil {
			data.QuickReply = &outQuickReply{Type: "options"}
		}
		data.QuickReply.Options = append(data.QuickReply.Options, outOption{
			Label:    channels.Clip(item.Title, maxLabel, channels.Runes),
			Metadata: channels.Clip(item.Value, maxMetadata, channels.Runes),
		})
	}
	body := map[string]outEvent{"event": {
		Type: "message_create", Create: outCreate{Target: target{Recipient: id(m.To)}, Data: data},
	}}
	var answer struct {
		Event struct {
			ID id `json:"id"`
		} `json:"event"`
	}
	if err := c.post(ctx, c.api("/1.1/direct_messages/events/new.json"), body, &answer); err != nil {
		return channels.Receipt{}, err
	}
	return receipt(answer.Event.ID), nil
}
