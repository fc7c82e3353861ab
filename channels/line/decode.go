package line

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/fastjson"
)

// replyTokenLife is how long a reply token can be used after the webhook came
// (Messaging API reference, "Send reply message").
const replyTokenLife = time.Minute

// webhook is a delivery: events of several users ("Webhook Event Objects").
type webhook struct {
	Events []json.RawMessage `json:"events"`
}

type event struct {
	Type      string `json:"type"`
	Mode      string `json:"mode"`
	Timestamp text   `json:"timestamp"`
	Source    struct {
		Type   string `json:"type"`
		UserID string `json:"userId"`
	} `json:"source"`
	ID         string   `json:"webhookEventId"`
	ReplyToken string   `json:"replyToken"`
	Message    *message `json:"message"`
	Unsend     struct {
		MessageID string `json:"messageId"`
	} `json:"unsend"`
	Postback struct {
		Data   string          `json:"data"`
		Params json.RawMessage `json:"params"`
	} `json:"postback"`
}

// Decode implements channels.Driver.
func (d *Driver) Decode(r *channels.Request) ([]chat.Event, error) {
	var w webhook
	if err := fastjson.Unmarshal(r.Body, &w); err != nil || w.Events == nil {
		return nil, channels.ErrFormat
	}
	to := address(r.Param("line_channel_id"))
	var out []chat.Event
	for i, raw := range w.Events {
		base := chat.Event{
			Channel: slug, Transport: slug, Address: to,
			Path: "/events/" + strconv.Itoa(i), ReceivedAt: chat.MillisOf(r.ReceivedAt), Raw: raw,
		}
		events := channels.Guard(base, func() []chat.Event {
			return []chat.Event{decodeEvent(base, r.ReceivedAt)}
		})
		for j := range events {
			if events[j].Key == "" { // an event without an id: a repeated delivery has the same bytes
				events[j].Key = "raw:" + channels.Digest(string(raw))
			}
		}
		out = append(out, events...)
	}
	return out, nil
}

// Events that concern the channel itself, not a user.
var accountEvents = []string{"module", "activated", "deactivated", "botSuspended", "botResumed"}

// Events that mean nothing to a conversation.
var ignoredEvents = []string{
	"videoPlayComplete", "beacon", "accountLink", "membership", "delivery",
	"join", "leave", "memberJoined", "memberLeft",
}

// decodeEvent completes ev, which so far holds its raw JSON.
func decodeEvent(ev chat.Event, receivedAt time.Time) chat.Event {
	var in event
	if err := fastjson.Unmarshal(ev.Raw, &in); err != nil {
		return ignore(ev, "malformed")
	}
	ev.OccurredAt = chat.ProviderTime(string(in.Timestamp))
	if in.ID != "" {
		ev.Key = "ev:" + in.ID
	}
	switch {
	case in.Mode == "standby": // another channel of the module is in charge
		return ignore(ev, "standby")
	case in.Source.Type == "group" || in.Source.Type == "room":
		return ignore(ev, "group")
	case slices.Contains(accountEvents, in.Type):
		ev.Kind, ev.Account = chat.KindAccountEvent, &chat.Account{Field: in.Type, Value: ev.Raw}
		return ev
	case slices.Contains(ignoredEvents, in.Type):
		return ignore(ev, in.Type)
	}
	return decodeUserEvent(ev, &in, receivedAt)
}

// decodeUserEvent completes an event of a user.
func decodeUserEvent(ev chat.Event, in *event, receivedAt time.Time) chat.Event {
	user := channels.Clean(in.Source.UserID)
	contact := &chat.Contact{
		SourceID: user, Lookup: "needed", Attributes: map[string]any{"social_line_user_id": user},
	}
	thread := &chat.Thread{}
	if in.ReplyToken != "" {
		thread.ReplyToken = in.ReplyToken
		thread.ReplyTokenExpiresAt = chat.MillisOf(receivedAt.Add(replyTokenLife))
	}
	switch in.Type {
	case "message":
		if in.Message == nil || in.Message.ID == "" {
			return ignore(ev, "malformed")
		}
		ev.Kind, ev.Key, ev.Message = chat.KindMessage, "msg:"+in.Message.ID, in.Message.decode()
		if in.Message.Type == "text" {
			ev.Raw = nil
		}
	case "unsend":
		if in.Unsend.MessageID == "" {
			return ignore(ev, "malformed")
		}
		ev.Kind, ev.Key = chat.KindDelete, "del:"+in.Unsend.MessageID
		ev.Target = &chat.Target{SourceIDs: []string{in.Unsend.MessageID}}
	case "postback":
		data := channels.Clean(in.Postback.Data)
		ev.Kind = chat.KindInteraction
		ev.Message = &chat.Message{Content: data, Interaction: &chat.Interaction{
			Kind: "postback", Payload: data, Form: in.Postback.Params,
		}}
	case "follow":
		ev.Kind = chat.KindFollow
	case "unfollow":
		// The profile of somebody who blocked us cannot be read.
		ev.Kind, contact.Lookup = chat.KindBlock, ""
	default:
		return ignore(ev, "unknown_event")
	}
	if user == "" {
		ev.Message, ev.Target = nil, nil
		return ignore(ev, "malformed")
	}
	ev.Contact, ev.Thread = contact, thread
	return ev
}

func ignore(ev chat.Event, reason string) chat.Event {
	ev.Kind, ev.Reason = chat.KindIgnored, reason
	return ev
}

// message is a message object of a webhook.
type message struct {
	ID              string `json:"id"`
	Type            string `json:"type"`
	Text            string `json:"text"`
	QuoteToken      string `json:"quoteToken"`
	QuotedMessageID string `json:"quotedMessageId"`
	MarkAsReadToken string `json:"markAsReadToken"`
	Provider        struct {
		Type string `json:"type"`
		URL  string `json:"originalContentUrl"`
	} `json:"contentProvider"`
	ImageSet struct {
		ID string `json:"id"`
	} `json:"imageSet"`
	Duration  float64 `json:"duration"` // milliseconds
	FileName  string  `json:"fileName"`
	FileSize  int64   `json:"fileSize"`
	StickerID string  `json:"stickerId"`
	Title     string  `json:"title"`
	Address   string  `json:"address"`
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// sticker is the picture of a sticker in LINE's public shop.
const sticker = "https://stickershop.line-scdn.net/stickershop/v1/sticker/"

func (m *message) decode() *chat.Message {
	out := &chat.Message{SourceID: m.ID, GroupID: m.ImageSet.ID}
	if m.QuotedMessageID != "" {
		out.ReplyTo = &chat.ReplyTo{SourceID: m.QuotedMessageID}
	}
	for key, token := range map[string]string{"quote_token": m.QuoteToken, "mark_as_read_token": m.MarkAsReadToken} {
		if token == "" {
			continue
		}
		if out.Attributes == nil {
			out.Attributes = map[string]any{}
		}
		out.Attributes[key] = token
	}
	switch m.Type {
	case "text":
		out.Content = channels.Clean(m.Text)
	case "image", "video", "audio", "file":
		out.Attachments = []chat.Attachment{m.media()}
	case "sticker":
		if !digits(m.StickerID) {
			out.Flags = &chat.Flags{Unsupported: true}
			break
		}
		out.ContentType = "sticker"
		out.Content = "![sticker-" + m.StickerID + "](" + sticker + m.StickerID + "/android/sticker.png)"
	case "location":
		out.Attachments = []chat.Attachment{{
			Kind: "location", Title: m.place(), Lat: m.Latitude, Long: m.Longitude,
		}}
	default:
		out.Flags = &chat.Flags{Unsupported: true}
	}
	return out
}

// media is the file of the message: at LINE until it expires, or elsewhere.
func (m *message) media() chat.Attachment {
	a := chat.Attachment{
		Kind: m.Type, Filename: channels.Clean(m.FileName), Size: m.FileSize, DurationMS: int64(m.Duration),
		Fetch: &chat.Fetch{Strategy: "line_content_id", Ref: m.ID, Auth: "bearer"},
	}
	if m.Provider.Type == "external" {
		a.Fetch = &chat.Fetch{Strategy: "url", Ref: channels.Clean(m.Provider.URL)}
	}
	return a
}

func (m *message) place() string {
	var parts []string
	for _, s := range []string{m.Title, m.Address} {
		if s = strings.TrimSpace(channels.Clean(s)); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// digits guards what is written into Markdown.
func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
