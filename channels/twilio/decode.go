package twilio

import (
	"encoding/json"
	"mime"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"tributary/channels"
	"tributary/chat"
)

const maxMedia = 10

var (
	e164 = regexp.MustCompile(`^\+[1-9]\d{1,14}$`)
	// Types that clients show as pictures and films; the rest are files.
	images = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/bmp": true, "image/webp": true}
	films  = map[string]bool{"video/ogg": true, "video/mp4": true, "video/webm": true, "video/quicktime": true}
)

// Decode reads a form: one message or one delivery state.
func (d *Driver) Decode(r *channels.Request) ([]chat.Event, error) {
	form := parseForm(r.Body)
	all := addresses(form, r.Hook)
	if len(all) == 0 {
		return nil, channels.ErrFormat
	}
	f := fields{form}
	base := chat.Event{Channel: f.channel(), Transport: "twilio", Address: all[0]}
	sid := f.first("MessageSid", "SmsSid", "SmsMessageSid")
	if sid == "" {
		base.Key, base.Raw = "raw:"+channels.Digest(string(r.Body)), f.raw()
		return ignored(base, "no_message_sid"), nil
	}
	decode := f.message
	base.Key = "msg:" + sid
	if r.Hook == hookStatus {
		decode, base.Key = f.status, "st:"+sid+":"+f.state()
	}
	events := channels.Guard(base, func() []chat.Event { return decode(base, sid) })
	for i := range events {
		if !plain(&events[i]) {
			events[i].Raw = f.raw()
		}
	}
	return events, nil
}

// plain tells whether the normalised event says all that the form said.
func plain(ev *chat.Event) bool {
	switch ev.Kind {
	case chat.KindMessage:
		return ev.Message != nil && len(ev.Message.Attachments) == 0 && ev.Referral == nil
	case chat.KindStatus:
		return ev.Status != nil && ev.Status.State != chat.StatusFailed
	case chat.KindOptIn, chat.KindOptOut:
		return true // the message or status beside it has the form
	}
	return false
}

func ignored(ev chat.Event, reason string) []chat.Event {
	ev.Kind, ev.Reason = chat.KindIgnored, reason
	return []chat.Event{ev}
}

// fields reads the parameters of a webhook.
type fields struct{ url.Values }

// text is a parameter as it can be stored.
func (f fields) text(name string) string { return channels.Clean(f.Get(name)) }

func (f fields) first(names ...string) string {
	for _, name := range names {
		if v := f.text(name); v != "" {
			return v
		}
	}
	return ""
}

func (f fields) channel() string {
	if strings.HasPrefix(f.Get("From"), prefix) || strings.HasPrefix(f.Get("To"), prefix) {
		return channelWhatsApp
	}
	return channelSMS
}

// raw is the form as JSON, one value per name.
func (f fields) raw() json.RawMessage {
	flat := make(map[string]string, len(f.Values))
	for name := range f.Values {
		flat[channels.Clean(name)] = f.text(name)
	}
	b, err := json.Marshal(flat)
	if err != nil {
		return nil // texts always encode
	}
	return b
}

func (f fields) message(ev chat.Event, sid string) []chat.Event {
	from := f.text("From")
	if from == "" {
		return ignored(ev, "no_sender")
	}
	msg := &chat.Message{SourceID: sid, Content: f.text("Body"), Attachments: f.attachments(), Interaction: f.interaction()}
	ev.Kind, ev.Message, ev.Contact = chat.KindMessage, msg, f.contact(from)
	if msg.Interaction != nil {
		ev.Kind = chat.KindInteraction
		if msg.Content == "" {
			msg.Content = msg.Interaction.Title
		}
	}
	if msg.Content == "" && len(msg.Attachments) == 0 && msg.Interaction == nil {
		ev.Message = nil
		return ignored(ev, "empty")
	}
	if id := f.text("OriginalRepliedMessageSid"); id != "" {
		msg.ReplyTo = &chat.ReplyTo{SourceID: id}
	}
	switch {
	case f.flag("FrequentlyForwarded"):
		msg.Forwarded = "many"
	case f.flag("Forwarded"):
		msg.Forwarded = "once"
	}
	ev.Referral = f.referral()
	if len(ev.Contact.Attributes) > 0 {
		ev.Thread = &chat.Thread{Attributes: ev.Contact.Attributes}
	}
	events := []chat.Event{ev}
	kinds := map[string]chat.Kind{"STOP": chat.KindOptOut, "START": chat.KindOptIn}
	if kind, ok := kinds[strings.ToUpper(f.Get("OptOutType"))]; ok {
		events = append(events, chat.Event{
			Key: "op:" + sid, Channel: ev.Channel, Transport: ev.Transport, Address: ev.Address, Kind: kind, Contact: ev.Contact,
		})
	}
	return events
}

func (f fields) flag(name string) bool { return strings.EqualFold(f.Get(name), "true") }

// contact is the person at address, who may have no number: WhatsApp users with
// a name of their own have an opaque id, and SMS senders may be short codes or
// words.
func (f fields) contact(address string) *chat.Contact {
	number := strings.TrimPrefix(address, prefix)
	c := &chat.Contact{SourceID: address, Name: f.text("ProfileName")}
	if e164.MatchString(number) {
		c.Phone = number
	}
	if c.Name == "" {
		c.Name = international(number)
	}
	if id := f.text("WaId"); id != "" {
		c.AltIDs = append(c.AltIDs, chat.AltID{Scheme: "wa_id", Value: id})
	}
	if id := f.text("ExternalUserId"); id != "" && id != address {
		c.AltIDs = append(c.AltIDs, chat.AltID{Scheme: "twilio_external_user_id", Value: id})
	}
	if f.channel() == channelSMS {
		for attribute, name := range map[string]string{"from_zip_code": "FromZip", "from_country": "FromCountry", "from_state": "FromState"} {
			if v := f.text(name); v != "" {
				if c.Attributes == nil {
					c.Attributes = map[string]any{}
				}
				c.Attributes[attribute] = v
			}
		}
	}
	return c
}

// international writes a number as people read it: "+1 415-555-0188".
func international(number string) string {
	if !e164.MatchString(number) {
		return number
	}
	parsed, err := phonenumbers.Parse(number, "")
	if err != nil {
		return number
	}
	return phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL)
}

func (f fields) attachments() []chat.Attachment {
	var out []chat.Attachment
	for i := range maxMedia {
		n := strconv.Itoa(i)
		if address := f.text("MediaUrl" + n); address != "" {
			out = append(out, attachment(address, f.text("MediaContentType"+n)))
		}
	}
	if place, ok := f.location(); ok {
		out = append(out, place)
	}
	return out
}

func attachment(address, contentType string) chat.Attachment {
	kind := "file"
	bare, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		bare = strings.ToLower(contentType)
	}
	switch {
	case bare == "text/vcard" || bare == "text/x-vcard":
		kind = "contact"
	case images[bare]:
		kind = "image"
	case films[bare]:
		kind = "video"
	case strings.HasPrefix(bare, "audio/"):
		kind = "audio"
	}
	return chat.Attachment{Kind: kind, MIME: contentType, Fetch: &chat.Fetch{Strategy: "url", Ref: address, Auth: "basic"}}
}

func (f fields) location() (chat.Attachment, bool) {
	lat, okLat := coordinate(f.Get("Latitude"), 90)
	long, okLong := coordinate(f.Get("Longitude"), 180)
	if !okLat || !okLong {
		return chat.Attachment{}, false
	}
	title := f.text("Label")
	if address := f.text("Address"); address != "" {
		title = strings.TrimPrefix(title+", "+address, ", ")
	}
	return chat.Attachment{Kind: "location", Lat: lat, Long: long, Title: title}, true
}

// coordinate also refuses what JSON cannot hold.
func coordinate(s string, limit float64) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && v >= -limit && v <= limit
}

// interaction is a tap on the buttons, list or flow of a content template.
func (f fields) interaction() *chat.Interaction {
	switch {
	case f.first("ButtonText", "ButtonPayload") != "":
		return &chat.Interaction{Kind: "button", Title: f.text("ButtonText"), Payload: f.text("ButtonPayload")}
	case f.first("ListId", "ListTitle") != "":
		return &chat.Interaction{Kind: "list", ID: f.text("ListId"), Title: f.text("ListTitle"), Description: f.text("ListDescription")}
	}
	if data := f.text("InteractiveData"); data != "" {
		i := &chat.Interaction{Kind: "flow"}
		if json.Valid([]byte(data)) {
			i.Form = json.RawMessage(data)
		}
		return i
	}
	return nil
}

// referral says which advertisement led to the message.
func (f fields) referral() *chat.Referral {
	r := chat.Referral{
		Source: f.text("ReferralSourceType"), Type: f.text("ReferralSourceType"), AdID: f.text("ReferralSourceId"),
		SourceURL: f.text("ReferralSourceUrl"), Headline: f.text("ReferralHeadline"), Body: f.text("ReferralBody"),
		MediaURL: f.text("ReferralMediaUrl"), ClickID: f.text("ReferralCtwaClid"),
	}
	if r.AdID+r.SourceURL+r.Headline+r.Body+r.MediaURL+r.ClickID+r.Source == "" {
		return nil
	}
	return &r
}
