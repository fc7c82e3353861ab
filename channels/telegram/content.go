package telegram

import (
	"encoding/json"
	"slices"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/vcard"
)

// content normalises what a message says.
func content(m *message) *chat.Message {
	out := &chat.Message{
		SourceID:    decimal(m.ID),
		GroupID:     channels.Clean(m.MediaGroupID),
		ReplyTo:     replyTo(m),
		Attachments: attachments(m),
	}
	switch {
	case m.Text != nil:
		out.Content = channels.Clean(*m.Text)
	case m.Caption != nil:
		out.Content = channels.Clean(*m.Caption)
	case m.Sticker != nil:
		out.Content = channels.Clean(m.Sticker.Emoji)
	}
	if m.WebApp != nil {
		data := channels.Clean(m.WebApp.Data)
		out.Content = data
		out.Interaction = &chat.Interaction{Kind: "web_app", ID: decimal(m.ID), Title: channels.Clean(m.WebApp.ButtonText), Payload: data}
		var form map[string]json.RawMessage
		if json.Unmarshal([]byte(data), &form) == nil && form != nil {
			out.Interaction.Form = json.RawMessage(data)
		}
	}
	if len(m.ForwardOrigin) > 0 {
		out.Forwarded = "once"
	}
	if out.Content == "" && len(out.Attachments) == 0 && out.Interaction == nil {
		out.Flags = &chat.Flags{Unsupported: true}
	}
	return out
}

// replyTo names what a message answers. Messages of other chats
// (external_reply) have ids of their own and are not known here; the quoted text
// stays.
func replyTo(m *message) *chat.ReplyTo {
	var r chat.ReplyTo
	if m.ReplyToMessage != nil && m.ReplyToMessage.ID != 0 {
		r.SourceID = decimal(m.ReplyToMessage.ID)
	}
	if m.Quote != nil {
		r.Quote = channels.Clean(m.Quote.Text)
	}
	if s := m.ReplyToStory; s != nil {
		r.Story = &chat.Story{ID: decimal(s.Chat.ID) + ":" + decimal(s.ID)}
		if name := channels.Clean(s.Chat.Username); name != "" {
			r.Story.URL = "https://t.me/" + name + "/s/" + decimal(s.ID)
		}
	}
	if r == (chat.ReplyTo{}) {
		return nil
	}
	return &r
}

func attachments(m *message) []chat.Attachment {
	var out []chat.Attachment
	add := func(kind, mime string, f *file) {
		if f == nil || f.ID == "" {
			return
		}
		if f.MIME != "" {
			mime = channels.Clean(f.MIME)
		}
		out = append(out, chat.Attachment{
			Kind: kind, MIME: mime, Filename: channels.Clean(f.Name), Size: max(f.Size, 0),
			DurationMS: max(f.Duration, 0) * 1000, Fetch: fetch(f.ID),
		})
	}
	if n := len(m.Photo); n > 0 {
		add("image", "image/jpeg", &m.Photo[n-1]) // sizes ascend
	}
	add("video", "", m.Video)
	add("video", "video/mp4", m.VideoNote)
	add("video", "video/mp4", m.Animation)
	add("audio", "audio/ogg", m.Voice)
	add("audio", "", m.Audio)
	if m.Document != nil && m.Animation == nil { // an animation comes as both
		add(kindOf(m.Document.MIME), "", m.Document)
	}
	if s := m.Sticker; s != nil {
		mime, picture := s.picture()
		add("sticker", mime, picture)
	}
	switch {
	case m.Venue != nil:
		out = append(out, place(m.Venue.Location, m.Venue.Title))
	case m.Location != nil:
		out = append(out, place(*m.Location, ""))
	}
	if m.Contact != nil {
		out = append(out, card(m.Contact))
	}
	return out
}

func fetch(id string) *chat.Fetch {
	return &chat.Fetch{Strategy: "telegram_file_id", Ref: id}
}

// picture is what of a sticker a browser can show: the file of a static one,
// else the thumbnail.
func (s *sticker) picture() (mime string, f *file) {
	if !s.Animated && !s.Video {
		return "image/webp", &s.file
	}
	if s.Thumbnail != nil {
		return "", s.Thumbnail
	}
	return "", s.Thumb
}

func place(l location, title string) chat.Attachment {
	return chat.Attachment{Kind: "location", Lat: l.Latitude, Long: l.Longitude, Title: channels.Clean(title)}
}

func card(c *sharedCard) chat.Attachment {
	first, last := channels.Clean(c.FirstName), channels.Clean(c.LastName)
	phone := channels.Clean(c.Phone)
	out := chat.Attachment{
		Kind:  "contact",
		Title: phone,
		Card: &chat.Card{
			FirstName:     first,
			LastName:      last,
			FormattedName: strings.TrimSpace(first + " " + last),
			VCard:         channels.Clean(c.VCard),
		},
	}
	if phone != "" {
		out.Card.Phones = []string{phone}
	}
	detail(out.Card, c.VCard)
	return out
}

// detail adds what the vCard of a shared contact says beyond its number and name
// ("additional data about the contact", Bot API, Contact). It may be cut off:
// Telegram keeps 2048 bytes.
func detail(to *chat.Card, text string) {
	cards, err := vcard.Parse([]byte(text), "")
	if err != nil {
		return // the number and the name are there
	}
	c := cards[0]
	to.Emails, to.Org = c.Emails, c.Organization
	for _, phone := range c.Phones {
		if !slices.ContainsFunc(to.Phones, func(known string) bool { return digits(known) == digits(phone) }) {
			to.Phones = append(to.Phones, phone)
		}
	}
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// kindOf is the attachment kind of a MIME type (contract of the desk: whatever
// browsers cannot show is a file).
func kindOf(mime string) string {
	switch mime {
	case "image/jpeg", "image/png", "image/gif", "image/bmp", "image/webp":
		return "image"
	case "video/ogg", "video/mp4", "video/webm", "video/quicktime":
		return "video"
	}
	if strings.HasPrefix(mime, "audio/") {
		return "audio"
	}
	return "file"
}
