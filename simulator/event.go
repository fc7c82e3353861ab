package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// EventKind is a kind of thing that happens at a provider.
type EventKind string

// The kinds of events. Which of them a channel has says Kind.Events.
const (
	EventText           EventKind = "text"
	EventImage          EventKind = "image"
	EventAudio          EventKind = "audio"
	EventVideo          EventKind = "video"
	EventFile           EventKind = "file"
	EventShare          EventKind = "share" // a link with a title
	EventLocation       EventKind = "location"
	EventContact        EventKind = "contact" // a contact card
	EventSticker        EventKind = "sticker"
	EventReaction       EventKind = "reaction"        // Payload on Target
	EventUnreact        EventKind = "reaction_remove" // takes it back
	EventReply          EventKind = "reply"           // Text as an answer to Target
	EventEdit           EventKind = "edit"            // Text instead of Target's
	EventDelete         EventKind = "delete"          // Target is taken back
	EventPostback       EventKind = "postback"        // Text is the title, Payload what it carries
	EventQuickReply     EventKind = "quick_reply"
	EventButton         EventKind = "button"
	EventList           EventKind = "list"
	EventCallback       EventKind = "callback" // Telegram: a button of Target
	EventFlow           EventKind = "flow"     // a filled-in form; API: answers to Target
	EventOrder          EventKind = "order"
	EventReferral       EventKind = "referral" // an ad or link led here
	EventStoryMention   EventKind = "story_mention"
	EventStoryReply     EventKind = "story_reply"
	EventEcho           EventKind = "echo" // our side wrote in the provider's own app
	EventMention        EventKind = "mention"
	EventTyping         EventKind = "typing"
	EventRead           EventKind = "read" // everything up to Target
	EventOptOut         EventKind = "opt_out"
	EventOptIn          EventKind = "opt_in"
	EventBlock          EventKind = "block"
	EventFollow         EventKind = "follow"
	EventContactChanged EventKind = "contact_changed" // Payload is the new address
	EventUnsupported    EventKind = "unsupported"     // content that no API can carry
)

// Event is something that a person does on a channel.
type Event struct {
	Kind EventKind
	From string // the person's address at the provider, see Channel.Person
	Name string // display name; empty: none is told
	Text string // text, caption or title
	// ID is the provider's id of the new message; empty: a fresh one. Telegram's
	// are numbers.
	ID string
	// Target is the provider's id of the message that the event is about.
	Target string
	// Payload is what a tap carries, or the emoji of a reaction.
	Payload string
	// Media is address or id of a file at the provider; empty: a made-up one.
	Media string
	At    time.Time // zero: now
}

// Events lists the kinds of events that reach the program from a kind of
// channel.
func (k Kind) Events() []EventKind {
	media := []EventKind{EventText, EventImage, EventAudio, EventVideo, EventFile}
	with := func(more ...EventKind) []EventKind { return slices.Concat(media, more) }
	switch k {
	case Facebook:
		return with(EventShare, EventLocation, EventSticker, EventReaction, EventUnreact, EventReply, EventEdit, EventDelete,
			EventPostback, EventQuickReply, EventFlow, EventReferral, EventEcho, EventRead, EventOptIn, EventUnsupported)
	case InstagramLogin, InstagramPage:
		return with(EventShare, EventSticker, EventReaction, EventUnreact, EventReply, EventEdit, EventDelete, EventPostback,
			EventQuickReply, EventReferral, EventStoryMention, EventStoryReply, EventEcho, EventRead, EventUnsupported)
	case WhatsAppCloud:
		return with(EventLocation, EventContact, EventSticker, EventReaction, EventUnreact, EventReply, EventEdit, EventDelete,
			EventButton, EventList, EventFlow, EventOrder, EventReferral, EventEcho, EventOptOut, EventOptIn, EventContactChanged, EventUnsupported)
	case WhatsApp360:
		return with(EventLocation, EventContact, EventSticker, EventReaction, EventUnreact, EventReply, EventEdit, EventDelete,
			EventButton, EventList, EventFlow, EventOrder, EventReferral, EventContactChanged, EventUnsupported)
	case Telegram:
		return with(EventLocation, EventContact, EventSticker, EventReaction, EventUnreact, EventReply, EventEdit, EventDelete,
			EventCallback, EventFlow, EventReferral, EventStoryReply, EventEcho, EventOptOut, EventOptIn, EventUnsupported)
	case Line:
		return with(EventLocation, EventSticker, EventReply, EventDelete, EventPostback, EventFollow, EventBlock, EventUnsupported)
	case SMS:
		return with(EventContact, EventOptOut, EventOptIn)
	case TwilioSMS:
		return with(EventContact, EventOptOut, EventOptIn)
	case TwilioWhatsApp:
		return with(EventLocation, EventContact, EventSticker, EventReply, EventButton, EventList, EventFlow, EventReferral, EventOptOut, EventOptIn)
	case Twitter:
		return []EventKind{
			EventText, EventImage, EventVideo, EventLocation, EventQuickReply, EventMention, EventReply, EventDelete,
			EventEcho, EventTyping, EventRead, EventBlock, EventUnsupported,
		}
	case API:
		return []EventKind{EventText, EventImage, EventFile, EventTyping, EventRead, EventFlow}
	}
	return nil
}

// BuildEvent makes the webhook that tells of an event; ErrUnplayable where the
// provider has no such event. public is as for Build.
func (s *Simulator) BuildEvent(c *Channel, ev Event, public string) (*Delivery, error) {
	if !slices.Contains(c.Kind.Events(), ev.Kind) {
		return nil, fmt.Errorf("%w: %s on %s", ErrUnplayable, ev.Kind, c.Kind)
	}
	if ev.At.IsZero() {
		ev.At = time.Now()
	}
	if ev.Kind == EventText {
		return s.Build(c, Incoming{From: ev.From, Name: ev.Name, Text: ev.Text, ID: ev.ID, At: ev.At}, public)
	}
	s.profiles.put(ev.From, ev.Name)
	b := &batch{channel: c, public: public}
	switch c.Kind {
	case Facebook, InstagramLogin, InstagramPage:
		return s.metaEvents(b, &ev)
	case WhatsAppCloud, WhatsApp360:
		return s.whatsappEvent(b, &ev)
	case Telegram:
		return s.telegramEvent(b, &ev)
	case Line:
		return s.lineHappening(b, &ev)
	case SMS:
		return s.bandwidthEvent(b, &ev)
	case TwilioSMS, TwilioWhatsApp:
		return s.twilioEvent(b, &ev)
	case Twitter:
		return s.twitterEvent(b, &ev)
	case API:
		return s.customerEvent(b, &ev)
	}
	return nil, fmt.Errorf("%w: kind %q", ErrUnplayable, c.Kind)
}

// DeliverEvent builds, signs and sends one event. For an API channel it first
// makes the customer's contact and conversation.
func (s *Simulator) DeliverEvent(ctx context.Context, base string, c *Channel, ev Event) (*Answer, error) {
	if c.Kind == API {
		if err := s.open(ctx, base, c, Incoming{From: ev.From, Name: ev.Name}); err != nil {
			return nil, err
		}
	}
	d, err := s.BuildEvent(c, ev, s.Public(c, base))
	if err != nil {
		return nil, err
	}
	return s.Post(ctx, base, d)
}

// object is a JSON object under construction.
type object = map[string]any

// fresh gives the event an id where it has none, and notes it.
func (b *batch) fresh(ev *Event, id string) string {
	if ev.ID == "" {
		ev.ID = id
	}
	b.ids = append(b.ids, ev.ID)
	return ev.ID
}

// file is the address of the event's file: the one that was asked for, or one
// at the stand-in.
func (s *Simulator) file(ev *Event, id, extension string) string {
	if ev.Media != "" {
		return ev.Media
	}
	return s.base + "/media/" + id + extension
}

// extensions are the endings of the made-up files.
func extension(k EventKind) string {
	switch k {
	case EventAudio:
		return ".mp3"
	case EventVideo:
		return ".mp4"
	case EventFile:
		return ".pdf"
	case EventContact:
		return ".vcf"
	default:
		return ".png"
	}
}

// mediaType is the MIME type of the made-up files.
func mediaType(k EventKind) string {
	switch k {
	case EventAudio:
		return "audio/mpeg"
	case EventVideo:
		return "video/mp4"
	case EventFile:
		return "application/pdf"
	case EventContact:
		return "text/vcard"
	case EventSticker:
		return "image/webp"
	default:
		return "image/png"
	}
}

// appendObject writes v as JSON; ascii: as Meta does, see appendMeta.
func appendObject(b []byte, v any, ascii bool) []byte {
	var buffer bytes.Buffer
	e := json.NewEncoder(&buffer)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) //nolint:errchkjson // maps of strings, numbers and lists always encode
	raw := bytes.TrimSpace(buffer.Bytes())
	if !ascii {
		return append(b, raw...)
	}
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		switch {
		case r == '/':
			b = append(b, `\/`...)
		case r < utf8.RuneSelf:
			b = append(b, raw[0])
		default:
			quoted := appendMeta(nil, string(raw[:size]))
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		raw = raw[size:]
	}
	return b
}
