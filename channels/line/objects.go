package line

import (
	"slices"
	"strings"

	"tributary/channels"
	"tributary/chat"
)

// Limits of message objects in UTF-16 units (Messaging API reference, "Message
// objects" and "Action objects").
const (
	maxText   = 5000
	maxChoice = 2000 // text above buttons: a bubble has a limit of 30 KB in all
	maxAlt    = 400
	maxLabel  = 20
	maxAction = 300
)

// unknownDuration stands for the length of an audio file that nobody measured:
// LINE demands one and only shows it.
const unknownDuration = 1000

func textLimit(items []chat.Item) int {
	if len(items) > 0 {
		return maxChoice
	}
	return maxText
}

// usable drops options that have neither title nor value and fills in the one
// from the other.
func usable(items []chat.Item) []chat.Item {
	var out []chat.Item
	for _, item := range items {
		title, value := strings.TrimSpace(item.Title), strings.TrimSpace(item.Value)
		if title == "" {
			title = value
		}
		if value == "" {
			value = title
		}
		if title != "" {
			out = append(out, chat.Item{Title: title, Value: value})
		}
	}
	return out
}

// object is a message object. LINE refuses a call with a null among them.
type object map[string]any

// objects are the message objects of a part.
func objects(m *chat.Outbound, p chat.Part) []object {
	pieces := channels.Split(p.Text, textLimit(p.Items), channels.UTF16)
	caption := ""
	if n := len(pieces); n > 0 && len(p.Items) > 0 {
		caption, pieces = pieces[n-1], pieces[:n-1]
	}
	var out []object
	for _, piece := range pieces {
		out = append(out, object{"type": "text", "text": piece})
	}
	if p.First && m.QuoteToken != "" && len(out) > 0 {
		out[0]["quoteToken"] = m.QuoteToken
	}
	for i := range p.Attachments {
		out = append(out, file(&p.Attachments[i]))
	}
	if len(p.Items) > 0 {
		out = append(out, choice(caption, p.Items))
	}
	return out
}

// file is the object of an attachment. What LINE has no object for, or cannot
// play, goes as a link.
func file(a *chat.OutAttachment) object {
	switch {
	case a.Kind == "image" && oneOf(a.MIME, "image/jpeg", "image/png", "image/jpg"):
		return object{"type": "image", "originalContentUrl": a.URL, "previewImageUrl": a.URL}
	case a.Kind == "video" && oneOf(a.MIME, "video/mp4"):
		// A preview must be named; there is no still of the video to offer.
		return object{"type": "video", "originalContentUrl": a.URL, "previewImageUrl": a.URL}
	case a.Kind == "audio" && oneOf(a.MIME, "audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/aac"):
		duration := a.DurationMS
		if duration <= 0 {
			duration = unknownDuration
		}
		return object{"type": "audio", "originalContentUrl": a.URL, "duration": duration}
	}
	return object{"type": "text", "text": a.URL}
}

// oneOf tells whether mime, when it is known, is one that LINE plays.
func oneOf(mime string, known ...string) bool {
	mime, _, _ = strings.Cut(mime, ";")
	return mime == "" || slices.Contains(known, mime)
}

// choice is a bubble with a button per option; a tap sends the option's value.
func choice(caption string, items []chat.Item) object {
	var contents []object
	alt := caption
	if caption != "" {
		contents = append(contents, object{"type": "text", "text": caption, "wrap": true})
	}
	for _, item := range items {
		if caption == "" {
			alt = strings.TrimPrefix(alt+", "+item.Title, ", ")
		}
		contents = append(contents, object{
			"type": "button", "style": "link", "height": "sm",
			"action": object{
				"type":  "message",
				"label": channels.Clip(item.Title, maxLabel, channels.UTF16),
				"text":  channels.Clip(item.Value, maxAction, channels.UTF16),
			},
		})
	}
	return object{
		"type":    "flex",
		"altText": channels.Clip(alt, maxAlt, channels.UTF16),
		"contents": object{
			"type": "bubble",
			"body": object{"type": "box", "layout": "vertical", "contents": contents},
		},
	}
}
