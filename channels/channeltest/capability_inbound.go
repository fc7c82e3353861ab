package channeltest

import (
	"bytes"
	"strings"
	"unicode"

	"tributary/channels"
	"tributary/chat"
)

// inboundRow recognises one capability in a decoded event. body is the request,
// for what a driver turns into something plainer (a sticker into an image).
type inboundRow struct {
	name string
	seen func(ev *chat.Event, d channels.Driver, body []byte) (facets []string, ok bool)
}

// simple makes a row without facets.
func simple(name string, seen func(ev *chat.Event) bool) inboundRow {
	return inboundRow{name, func(ev *chat.Event, _ channels.Driver, _ []byte) ([]string, bool) { return nil, seen(ev) }}
}

// faceted makes a row that is seen when it has a facet.
func faceted(name string, seen func(ev *chat.Event) []string) inboundRow {
	return inboundRow{name, func(ev *chat.Event, _ channels.Driver, _ []byte) ([]string, bool) {
		facets := seen(ev)
		return facets, len(facets) > 0
	}}
}

// inboundRows are the rows that are read from events, in the order of the table.
var inboundRows = []inboundRow{
	simple("text", func(ev *chat.Event) bool {
		return ev.Kind == chat.KindMessage && ev.Message.Content != "" && len(ev.Message.Attachments) == 0 && ev.Message.ContentType == ""
	}),
	faceted("media", func(ev *chat.Event) []string { return attached(ev, "image", "audio", "video", "file") }),
	faceted("location", func(ev *chat.Event) []string { return attached(ev, "location") }),
	faceted("contact card", func(ev *chat.Event) []string { return attached(ev, "contact") }),
	{"sticker", stickerSeen},
	faceted("reaction", func(ev *chat.Event) []string {
		if ev.Kind != chat.KindReaction || ev.Reaction == nil {
			return nil
		}
		return []string{ev.Reaction.Action}
	}),
	simple("reply", func(ev *chat.Event) bool {
		return ev.Kind == chat.KindMessage && ev.Message.ReplyTo != nil && ev.Message.ReplyTo.SourceID != ""
	}),
	simple("edit", func(ev *chat.Event) bool { return ev.Kind == chat.KindEdit }),
	simple("delete", func(ev *chat.Event) bool { return ev.Kind == chat.KindDelete }),
	faceted("choice", func(ev *chat.Event) []string {
		return interaction(ev, "postback", "quick_reply", "button", "list", "callback")
	}),
	{"form", func(ev *chat.Event, _ channels.Driver, _ []byte) ([]string, bool) {
		facets := interaction(ev, "flow", "web_app")
		if ev.Message != nil && len(ev.Message.Order) > 0 {
			facets = append(facets, "order")
		}
		return facets, len(facets) > 0
	}},
	simple("referral", func(ev *chat.Event) bool { return ev.Referral != nil }),
	faceted("story", func(ev *chat.Event) []string {
		facets := attached(ev, "story_mention")
		if len(facets) > 0 {
			facets = []string{"mention"}
		}
		if ev.Kind == chat.KindMessage && ev.Message.ReplyTo != nil && ev.Message.ReplyTo.Story != nil {
			facets = append(facets, "reply")
		}
		return facets
	}),
	simple("echo", func(ev *chat.Event) bool { return ev.Kind == chat.KindEcho }),
	simple("delivered", func(ev *chat.Event) bool { return reports(ev, chat.StatusDelivered) }),
	simple("read", func(ev *chat.Event) bool { return reports(ev, chat.StatusRead) }),
	faceted("failed", func(ev *chat.Event) []string {
		if !reports(ev, chat.StatusFailed) {
			return nil
		}
		return []string{"later"}
	}),
	simple("typing", func(ev *chat.Event) bool { return ev.Kind == chat.KindTyping }),
	faceted("opt-out", func(ev *chat.Event) []string {
		switch ev.Kind {
		case chat.KindOptIn, chat.KindOptOut, chat.KindBlock, chat.KindFollow:
			return []string{strings.ReplaceAll(string(ev.Kind), "_", "-")}
		}
		return nil
	}),
	simple("unsupported", func(ev *chat.Event) bool { return ev.Kind == chat.KindMessage && ev.Message.Unsupported() }),
	{"profile", profileSeen},
}

// attached are the wanted kinds of attachment that the event has.
func attached(ev *chat.Event, wanted ...string) []string {
	if ev.Kind != chat.KindMessage || ev.Message == nil {
		return nil
	}
	var out []string
	for i := range ev.Message.Attachments {
		for _, kind := range wanted {
			if ev.Message.Attachments[i].Kind == kind {
				out = append(out, kind)
			}
		}
	}
	return out
}

// interaction is the event's kind of interaction, if it is a wanted one.
func interaction(ev *chat.Event, wanted ...string) []string {
	if ev.Message == nil || ev.Message.Interaction == nil {
		return nil
	}
	for _, kind := range wanted {
		if ev.Message.Interaction.Kind == kind {
			return []string{strings.ReplaceAll(kind, "_", " ")}
		}
	}
	return nil
}

func reports(ev *chat.Event, state chat.MessageStatus) bool {
	return (ev.Kind == chat.KindStatus || ev.Kind == chat.KindWatermark) && ev.Status != nil && ev.Status.State == state
}

// stickerMarks are how the providers name stickers that become an image or text.
var stickerMarks = [][]byte{[]byte(`"sticker_id"`), []byte(`"sticker"`), []byte(`"like_heart"`), []byte("image%2Fwebp")}

// stickerSeen tells whether the event was a sticker and became something that an
// agent sees.
func stickerSeen(ev *chat.Event, _ channels.Driver, body []byte) ([]string, bool) {
	m := ev.Message
	if ev.Kind != chat.KindMessage || m == nil || m.Unsupported() {
		return nil, false
	}
	if m.ContentType == "sticker" || len(attached(ev, "sticker")) > 0 {
		return []string{"sticker"}, true
	}
	for _, mark := range stickerMarks {
		if bytes.Contains(body, mark) && (len(attached(ev, "image")) > 0 || m.Content != "") {
			if len(m.Attachments) == 0 {
				return []string{"text"}, true
			}
			return []string{"image"}, true
		}
	}
	return nil, false
}

// profileSeen tells where the name of a contact comes from.
func profileSeen(ev *chat.Event, d channels.Driver, _ []byte) ([]string, bool) {
	if ev.Contact == nil || ev.Contact.Self {
		return nil, false
	}
	if _, asks := d.(channels.Profiler); asks && ev.Contact.Lookup == "needed" {
		return []string{"look-up"}, true
	}
	named := ev.Contact.Name != ev.Contact.SourceID && strings.ContainsFunc(ev.Contact.Name, unicode.IsLetter)
	if named || len(ev.Contact.Attributes) > 0 {
		return []string{"payload"}, true
	}
	return nil, false
}
