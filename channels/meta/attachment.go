package meta

import (
	"tributary/channels"
	"tributary/chat"
)

// maxExternalURL is the longest external_url that is stored; CDN links may be
// longer.
const maxExternalURL = 2048

// attachment is one element of message.attachments. Title and URL stand beside
// the payload or inside it, depending on type and version.
type attachment struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	URL     string `json:"url"`
	Payload struct {
		URL         string `json:"url"`
		Title       string `json:"title"`
		StickerID   ID     `json:"sticker_id"`
		Coordinates struct {
			Lat  float64 `json:"lat"`
			Long float64 `json:"long"`
		} `json:"coordinates"`
	} `json:"payload"`
}

// converted is what an attachment becomes: a file, a text, or neither.
type converted struct {
	attachment  *chat.Attachment
	text        string // stands for the attachment when there is no other text
	unsupported bool
}

func (a *attachment) convert() converted {
	switch a.Type {
	case "image":
		c := a.media("image")
		if thumb(a.Payload.StickerID) {
			c.text = "👍"
		}
		return c
	case "audio", "video", "file":
		return a.media(a.Type)
	case "reel", "ig_reel":
		return a.media("ig_reel")
	case "share", "post", "ig_post", "ig_story":
		return a.media("share")
	case "story_mention":
		return a.media("story_mention")
	case "like_heart":
		return converted{text: "❤️"}
	case "location":
		at := a.Payload.Coordinates
		return converted{attachment: &chat.Attachment{
			Kind: "location", Lat: at.Lat, Long: at.Long, Title: a.title(), ExternalURL: external(a.url()),
		}}
	case "fallback":
		if a.url() == "" && a.title() == "" {
			return converted{unsupported: true}
		}
		return a.link()
	case "template", "unsupported_type", "ephemeral":
		return converted{unsupported: true}
	}
	c := converted{unsupported: true}
	if a.url() != "" {
		c.attachment = a.link().attachment
	}
	return c
}

func (a *attachment) link() converted {
	return converted{attachment: &chat.Attachment{Kind: "fallback", Title: a.title(), ExternalURL: external(a.url())}}
}

// media is a file behind a signed link of the CDN, which expires: it is to be
// fetched at once and needs no credentials.
func (a *attachment) media(kind string) converted {
	if a.url() == "" {
		return converted{unsupported: true}
	}
	return converted{attachment: &chat.Attachment{
		Kind: kind, Title: a.title(), ExternalURL: external(a.url()),
		Fetch: &chat.Fetch{Strategy: "url", Ref: a.url()},
	}}
}

func (a *attachment) url() string {
	if a.Payload.URL != "" {
		return channels.Clean(a.Payload.URL)
	}
	return channels.Clean(a.URL)
}

func (a *attachment) title() string {
	if a.Payload.Title != "" {
		return channels.Clean(a.Payload.Title)
	}
	return channels.Clean(a.Title)
}

func external(url string) string {
	if len(url) > maxExternalURL {
		return ""
	}
	return url
}

// thumb tells the three sizes of the "like" sticker.
func thumb(sticker ID) bool {
	switch sticker {
	case "369239263222822", "369239343222814", "369239383222810":
		return true
	}
	return false
}
