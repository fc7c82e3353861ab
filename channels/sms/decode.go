package sms

import (
	"bytes"
	"encoding/json"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"tributary/channels"
	"tributary/chat"
)

// mediaLife is how long Bandwidth keeps the media of a received message.
const mediaLife = 48 * time.Hour

// item is one callback of a delivery ("Messaging callbacks").
type item struct {
	Type        string          `json:"type"`
	Time        string          `json:"time"`
	Description string          `json:"description"`
	To          json.RawMessage `json:"to"`
	ErrorCode   json.RawMessage `json:"errorCode"` // number or text
	Message     *struct {
		ID        string   `json:"id"`
		Owner     string   `json:"owner"`
		Direction string   `json:"direction"`
		To        []string `json:"to"`
		From      string   `json:"from"`
		Text      string   `json:"text"`
		Media     []string `json:"media"`
	} `json:"message"`
}

// states are the delivery states that callbacks tell.
var states = map[string]chat.MessageStatus{
	"message-sending":   chat.StatusSent,
	"message-sent":      chat.StatusSent,
	"message-delivered": chat.StatusDelivered,
	"message-read":      chat.StatusRead,
	"message-failed":    chat.StatusFailed,
}

// Decode implements channels.Driver. Bandwidth sends an array; a single object
// counts as an array of one.
func (d *Driver) Decode(r *channels.Request) ([]chat.Event, error) {
	body := bytes.TrimSpace(r.Body)
	var items []json.RawMessage
	if len(body) > 0 && body[0] == '{' {
		if !json.Valid(body) {
			return nil, channels.ErrFormat
		}
		items = []json.RawMessage{bytes.Clone(body)}
	} else if err := json.Unmarshal(body, &items); err != nil || items == nil {
		return nil, channels.ErrFormat
	}
	to := address(normalise(r.Param("phone_number")))
	var out []chat.Event
	for i, raw := range items {
		base := chat.Event{
			Key: "raw:" + channels.Digest(string(raw)), Channel: slug, Transport: "bandwidth", Address: to,
			Path: "/" + strconv.Itoa(i), ReceivedAt: chat.MillisOf(r.ReceivedAt), Raw: raw,
		}
		out = append(out, channels.Guard(base, func() []chat.Event { return d.decodeItem(base) })...)
	}
	return out, nil
}

// decodeItem completes ev, which so far holds its raw JSON.
func (d *Driver) decodeItem(ev chat.Event) []chat.Event {
	var in item
	if err := json.Unmarshal(ev.Raw, &in); err != nil {
		return ignore(ev, "malformed")
	}
	ev.OccurredAt = chat.ProviderTime(in.Time)
	state, status := states[in.Type]
	switch {
	case !status && in.Type != "message-received":
		return ignore(ev, "unknown_event")
	case in.Message == nil || in.Message.ID == "":
		return ignore(ev, "malformed")
	}
	// The number that the item names must be the one in the path: the gateway
	// proves an item for another channel with that channel's own credentials.
	if own := in.own(); own != "" {
		ev.Address = address(own)
	}
	if status {
		return []chat.Event{in.status(ev, state)}
	}
	if in.Message.From == "" {
		return ignore(ev, "malformed")
	}
	return d.received(ev, &in)
}

// own is our number: the owner of the message, else the end of it that is ours.
func (in *item) own() string {
	m := in.Message
	ends := []string{m.Owner}
	if m.Direction == "out" {
		ends = append(ends, m.From)
	} else {
		var to string
		if json.Unmarshal(in.To, &to) == nil {
			ends = append(ends, to)
		}
	}
	for _, end := range ends {
		if number := normalise(end); number != "" {
			return number
		}
	}
	return ""
}

func ignore(ev chat.Event, reason string) []chat.Event {
	ev.Kind, ev.Reason = chat.KindIgnored, reason
	return []chat.Event{ev}
}

// status completes a delivery state. Group messages have one per recipient,
// under one id.
func (in *item) status(ev chat.Event, state chat.MessageStatus) chat.Event {
	id := in.Message.ID
	ev.Kind, ev.Key = chat.KindStatus, "st:"+id+":"+string(state)
	ev.Target = &chat.Target{SourceIDs: []string{id}}
	ev.Status = &chat.Status{State: state}
	if state != chat.StatusFailed {
		return ev
	}
	code := strings.Trim(string(in.ErrorCode), `"`)
	if code == "null" {
		code = ""
	}
	description := channels.Clean(in.Description)
	ev.Status.Text = strings.Trim(code+" - "+description, " -")
	ev.Status.Errors = []chat.Err{{Code: code, Title: description, Class: classOf(code)}}
	return ev
}

// classOf sorts error codes ("Messaging error codes"): 478x are volume limits of
// carriers. The rest is over for this message, also 5xxx and 9902 (no receipt
// came), which may have reached the contact.
func classOf(code string) chat.ErrorClass {
	if len(code) == 4 && strings.HasPrefix(code, "478") {
		return chat.Throttled
	}
	return chat.Permanent
}

// Words that carriers and the CTIA messaging principles treat as a wish to stop
// or to start. YES is left out: it answers questions, too.
var (
	stopWords  = []string{"STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "OPT OUT", "REVOKE"}
	startWords = []string{"START", "UNSTOP", "OPTIN", "OPT IN", "SUBSCRIBE"}
)

// received completes an incoming message, and what it asks for.
func (d *Driver) received(ev chat.Event, in *item) []chat.Event {
	m := in.Message
	ev.Kind, ev.Key = chat.KindMessage, "msg:"+m.ID
	ev.Contact, ev.Thread = contactOf(channels.Clean(m.From)), &chat.Thread{}
	ev.Message = &chat.Message{SourceID: m.ID, Content: channels.Clean(m.Text)}
	if len(m.To) > 1 {
		ev.Thread.Type = "group"
	}
	for _, link := range m.Media {
		if a, ok := d.attachment(link, ev.OccurredAt); ok {
			ev.Message.Attachments = append(ev.Message.Attachments, a)
		}
	}
	events := []chat.Event{ev}
	word := strings.Trim(strings.ToUpper(strings.Join(strings.Fields(m.Text), " ")), ".!\"' ")
	wish := chat.Event{
		Channel: ev.Channel, Transport: ev.Transport, Address: ev.Address, Path: ev.Path,
		OccurredAt: ev.OccurredAt, ReceivedAt: ev.ReceivedAt, Contact: ev.Contact, Thread: ev.Thread,
	}
	switch {
	case slices.Contains(stopWords, word):
		wish.Kind, wish.Key = chat.KindOptOut, "opt_out:"+m.ID
		events = append(events, wish)
	case slices.Contains(startWords, word):
		wish.Kind, wish.Key = chat.KindOptIn, "opt_in:"+m.ID
		events = append(events, wish)
	}
	if len(ev.Message.Attachments) == 0 && len(m.To) < 2 {
		events[0].Raw = nil
	}
	return events
}

// contactOf describes a sender: a phone number, a short code or a name.
func contactOf(from string) *chat.Contact {
	c := &chat.Contact{SourceID: from, Name: from}
	if !e164.MatchString(from) {
		return c
	}
	c.Phone = from
	if number, err := phonenumbers.Parse(from, ""); err == nil {
		c.Name = phonenumbers.Format(number, phonenumbers.INTERNATIONAL)
	}
	return c
}

// kinds sorts media by the extension that Bandwidth gives it.
var kinds = map[string]string{
	".jpg": "image", ".jpeg": "image", ".png": "image", ".gif": "image", ".bmp": "image", ".webp": "image",
	".mp4": "video", ".webm": "video", ".mov": "video", ".3gp": "video", ".3gpp": "video", ".ogv": "video",
	".vcf": "contact", ".vcard": "contact",
	".mp3": "audio", ".m4a": "audio", ".wav": "audio", ".amr": "audio", ".ogg": "audio", ".aac": "audio",
}

// attachment describes a media link. Layout files of MMS are none.
func (d *Driver) attachment(link string, at chat.Millis) (chat.Attachment, bool) {
	link = channels.Clean(link)
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return chat.Attachment{}, false
	}
	name := path.Base(u.Path)
	extension := strings.ToLower(path.Ext(name))
	if extension == ".smil" || extension == ".xml" {
		return chat.Attachment{}, false
	}
	a := chat.Attachment{Kind: "file", Filename: name, Fetch: &chat.Fetch{Strategy: "url", Ref: link}}
	if kind := kinds[extension]; kind != "" {
		a.Kind = kind
	}
	// The account's credentials go to Bandwidth only.
	if d.atProvider(u) {
		a.Fetch.Auth = "basic"
		if at != 0 {
			a.Fetch.ExpiresAt = at + chat.Millis(mediaLife.Milliseconds())
		}
	}
	return a, true
}
