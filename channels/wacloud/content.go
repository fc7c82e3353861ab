package wacloud

import (
	"encoding/json"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// attachmentKinds maps the media types of WhatsApp to kinds of attachments.
var attachmentKinds = map[string]string{
	"image": "image", "video": "video", "audio": "audio", "voice": "audio", "document": "file", "sticker": "sticker",
}

type media struct {
	ID       text `json:"id"`
	MIME     text `json:"mime_type"`
	SHA256   text `json:"sha256"`
	Caption  text `json:"caption"`
	Filename text `json:"filename"`
	URL      text `json:"url"`
}

func (m *message) media(kind string) *media {
	switch kind {
	case "image":
		return m.Image
	case "video":
		return m.Video
	case "audio":
		return m.Audio
	case "voice":
		return m.Voice
	case "document":
		return m.Document
	case "sticker":
		return m.Sticker
	}
	return nil
}

// attach adds the file; without an id or address there is nothing to show.
func (f *media) attach(kind string, ev *chat.Event) {
	ev.Message.Content = channels.Clean(string(f.Caption))
	fetch := &chat.Fetch{Strategy: "meta_media_id", Ref: string(f.ID)} // Auth: see Tailor
	if f.ID == "" {
		fetch.Strategy, fetch.Ref = "url", string(f.URL)
	}
	if fetch.Ref == "" {
		ev.Message.Flags = &chat.Flags{Unsupported: true}
		return
	}
	if ev.OccurredAt > 0 {
		fetch.ExpiresAt = ev.OccurredAt + chat.Millis(mediaLife.Milliseconds())
	}
	ev.Message.Attachments = []chat.Attachment{{
		Kind: kind, MIME: string(f.MIME), Filename: channels.Clean(string(f.Filename)), SHA256: string(f.SHA256), Fetch: fetch,
	}}
}

type location struct {
	Latitude  float `json:"latitude"`
	Longitude float `json:"longitude"`
	Name      text  `json:"name"`
	Address   text  `json:"address"`
	URL       text  `json:"url"`
}

func (l *location) attachment() chat.Attachment {
	title := string(l.Name)
	if l.Address != "" {
		title = strings.TrimPrefix(title+", "+string(l.Address), ", ")
	}
	return chat.Attachment{
		Kind: "location", Lat: float64(l.Latitude), Long: float64(l.Longitude),
		Title: channels.Clean(title), ExternalURL: string(l.URL),
	}
}

type card struct {
	Name struct {
		Formatted text `json:"formatted_name"`
		First     text `json:"first_name"`
		Last      text `json:"last_name"`
	} `json:"name"`
	Phones []struct {
		Phone text `json:"phone"`
		WaID  text `json:"wa_id"`
	} `json:"phones"`
	Emails []struct {
		Email text `json:"email"`
	} `json:"emails"`
}

func (c *card) name() string {
	if c.Name.Formatted != "" {
		return channels.Clean(string(c.Name.Formatted))
	}
	return channels.Clean(strings.TrimSpace(string(c.Name.First) + " " + string(c.Name.Last)))
}

// attachments are one per phone number, at least one.
func (c *card) attachments() []chat.Attachment {
	base := chat.Card{FirstName: channels.Clean(string(c.Name.First)), LastName: channels.Clean(string(c.Name.Last)), FormattedName: c.name()}
	for _, e := range c.Emails {
		if e.Email != "" {
			base.Emails = append(base.Emails, channels.Clean(string(e.Email)))
		}
	}
	one := func(title string, phones ...string) chat.Attachment {
		card := base
		card.Phones = phones
		return chat.Attachment{Kind: "contact", Title: title, Card: &card}
	}
	var out []chat.Attachment
	for _, p := range c.Phones {
		phone := channels.Clean(string(p.Phone))
		if phone == "" && p.WaID != "" {
			phone = "+" + digits(string(p.WaID))
		}
		if phone != "" {
			out = append(out, one(phone, phone))
		}
	}
	if len(out) == 0 {
		none, missing := one(""), wording.PlaceholderNoPhoneNumber.Text()
		none.Placeholder = &missing
		out = append(out, none)
	}
	return out
}

// button is a tap on the quick reply of a template.
type button struct {
	Text    text `json:"text"`
	Payload text `json:"payload"`
}

func (b *button) fill(ev *chat.Event) {
	ev.Kind = chat.KindInteraction
	ev.Message.Content = channels.Clean(string(b.Text))
	ev.Message.Interaction = &chat.Interaction{Kind: "button", Title: ev.Message.Content, Payload: channels.Clean(string(b.Payload))}
}

// interactive is a tap on buttons, a list or a finished flow.
type interactive struct {
	Type   text   `json:"type"`
	Button *reply `json:"button_reply"`
	List   *reply `json:"list_reply"`
	Flow   *struct {
		Name text `json:"name"`
		Body text `json:"body"`
		JSON text `json:"response_json"`
	} `json:"nfm_reply"`
}

type reply struct {
	ID          text `json:"id"`
	Title       text `json:"title"`
	Description text `json:"description"`
}

// fill tells whether the reply is of a kind that it knows.
func (i *interactive) fill(ev *chat.Event) bool {
	if i == nil {
		return false
	}
	msg := ev.Message
	switch {
	case i.Button != nil:
		msg.Interaction = i.Button.interaction("button")
	case i.List != nil:
		msg.Interaction = i.List.interaction("list")
	case i.Flow != nil:
		msg.Interaction = &chat.Interaction{Kind: "flow", Title: channels.Clean(string(i.Flow.Name))}
		if form := json.RawMessage(i.Flow.JSON); json.Valid(form) {
			msg.Interaction.Form = form
		}
		msg.Content = channels.Clean(string(i.Flow.Body))
		ev.Kind = chat.KindInteraction
		return true
	default:
		return false
	}
	msg.Content = msg.Interaction.Title
	ev.Kind = chat.KindInteraction
	return true
}

func (r *reply) interaction(kind string) *chat.Interaction {
	return &chat.Interaction{
		Kind: kind, ID: channels.Clean(string(r.ID)), Title: channels.Clean(string(r.Title)), Description: channels.Clean(string(r.Description)),
	}
}

// quoted is the context of a message: what it answers, whether it was passed on.
type quoted struct {
	ID                  text            `json:"id"`
	Forwarded           bool            `json:"forwarded"`
	FrequentlyForwarded bool            `json:"frequently_forwarded"`
	Product             json.RawMessage `json:"referred_product"`
}

// common reads what every type of message may carry.
func (m *message) common(ev *chat.Event) {
	msg := ev.Message
	if c := m.Context; c != nil {
		if c.ID != "" {
			msg.ReplyTo = &chat.ReplyTo{SourceID: string(c.ID)}
		}
		switch {
		case c.FrequentlyForwarded:
			msg.Forwarded = "many"
		case c.Forwarded:
			msg.Forwarded = "once"
		}
		if len(c.Product) > 0 && c.Product[0] == '{' {
			msg.Attributes = map[string]any{"referred_product": c.Product}
		}
	}
	if len(m.Referral) > 0 && m.Referral[0] == '{' {
		ev.Referral = referral(m.Referral)
	}
}

// referral says which advertisement or post led to the message.
func referral(raw json.RawMessage) *chat.Referral {
	var r struct {
		SourceURL  text `json:"source_url"`
		SourceID   text `json:"source_id"`
		SourceType text `json:"source_type"`
		Headline   text `json:"headline"`
		Body       text `json:"body"`
		ImageURL   text `json:"image_url"`
		VideoURL   text `json:"video_url"`
		Thumbnail  text `json:"thumbnail_url"`
		ClickID    text `json:"ctwa_clid"`
	}
	lenient(raw, &r)
	return &chat.Referral{
		Source: string(r.SourceType), Type: string(r.SourceType), AdID: string(r.SourceID), SourceURL: string(r.SourceURL),
		Headline: channels.Clean(string(r.Headline)), Body: channels.Clean(string(r.Body)), ClickID: string(r.ClickID),
		MediaURL: firstOf(string(r.ImageURL), string(r.VideoURL), string(r.Thumbnail)),
		Raw:      raw,
	}
}
