package wacloud

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"tributary/channels"
	"tributary/chat"
)

// Transports: which API delivered an event.
const (
	transportCloud  = "wa_cloud"
	transportD360V1 = "d360_v1"
	transportD360V2 = "d360_v2"
)

// envelope is both shapes of a webhook: Meta's, which 360dialog's version 2
// passes on, and 360dialog's version 1, which has the value at top level.
type envelope struct {
	Object text    `json:"object"`
	Entry  []entry `json:"entry"`
	value
}

type entry struct {
	ID      text     `json:"id"` // WhatsApp business account
	Time    text     `json:"time"`
	Changes []change `json:"changes"`
	// Meta sometimes leaves the list out and writes the change here.
	Field text            `json:"field"`
	Value json.RawMessage `json:"value"`
}

type change struct {
	Field text            `json:"field"`
	Value json.RawMessage `json:"value"`
	// Rejection is meant to be in Value, and is beside it at times.
	Rejection json.RawMessage `json:"rejection_info,omitempty"`
}

type value struct {
	Metadata    metadata          `json:"metadata"`
	Contacts    []contact         `json:"contacts"`
	Messages    []json.RawMessage `json:"messages"`
	Statuses    []json.RawMessage `json:"statuses"`
	Errors      []json.RawMessage `json:"errors"`
	Echoes      []json.RawMessage `json:"message_echoes"`
	Preferences []json.RawMessage `json:"user_preferences"`
}

type metadata struct {
	Display text `json:"display_phone_number"`
	PhoneID text `json:"phone_number_id"`
}

func (v *value) empty() bool {
	return len(v.Messages)+len(v.Statuses)+len(v.Errors)+len(v.Echoes)+len(v.Preferences) == 0
}

// decoder collects the events of one request.
type decoder struct {
	transport string
	path      chat.Address // of the number in the request path
	app       bool         // it came to the app's own webhook
	seen      map[string]struct{}
	events    []chat.Event
}

// Decode handles every message, status and error of every change.
func (d *Driver) Decode(r *channels.Request) ([]chat.Event, error) {
	address := numberAddress(r.Param("phone_number"))
	if d.inactive(address) {
		return nil, &channels.Refusal{Response: d.Refuse(channels.Proof{Result: proofInactive}), Reason: proofInactive}
	}
	body := bytes.TrimLeft(r.Body, " \t\r\n")
	var e envelope
	if len(body) == 0 || body[0] != '{' || !lenient(body, &e) {
		return nil, channels.ErrFormat
	}
	dec := &decoder{transport: transportOf(&e), path: address, app: r.Hook == hookApp, seen: map[string]struct{}{}}
	for i := range e.Entry {
		dec.entry(&e.Entry[i], "/entry/"+strconv.Itoa(i))
	}
	dec.value(&e.value, address, "")
	if len(dec.events) == 0 {
		dec.add(chat.Event{
			Key: "raw:" + channels.Digest(string(r.Body)), Address: address,
			Kind: chat.KindIgnored, Reason: "empty", Raw: bytes.Clone(body),
		})
	}
	return dec.events, nil
}

// transportOf tells by the shape; which of the two that send Meta's envelope it
// was is the channel's to know, see Tailor.
func transportOf(e *envelope) string {
	if len(e.Entry) == 0 && e.Object == "" {
		return transportD360V1
	}
	return transportCloud
}

// Tailor names the transport after the channel's provider, and with it the
// credentials that a download needs.
func (d *Driver) Tailor(ev *chat.Event, ch *channels.Channel) {
	auth := "bearer"
	if config(ch).Provider == ProviderCloud {
		ev.Transport = transportCloud
	} else {
		auth = "d360"
		if ev.Transport == transportCloud {
			ev.Transport = transportD360V2
		}
	}
	if ev.Message == nil || len(ev.Message.Attachments) == 0 {
		return
	}
	msg := *ev.Message
	msg.Attachments = slices.Clone(msg.Attachments)
	for i := range msg.Attachments {
		if f := msg.Attachments[i].Fetch; f != nil {
			fetch := *f
			fetch.Auth = auth
			msg.Attachments[i].Fetch = &fetch
		}
	}
	ev.Message = &msg
}

// add keeps ev unless the same request brought it already.
func (d *decoder) add(ev chat.Event) {
	if _, twice := d.seen[ev.Key]; twice {
		return
	}
	d.seen[ev.Key] = struct{}{}
	ev.Channel, ev.Transport = slug, d.transport
	d.events = append(d.events, ev)
}

// each decodes the items of a list, each on its own: what panics costs one.
func (d *decoder) each(items []json.RawMessage, address chat.Address, pointer string, decode func(json.RawMessage) []chat.Event) {
	for i, raw := range items {
		path := pointer + "/" + strconv.Itoa(i)
		fallback := chat.Event{Key: "raw:" + channels.Digest(string(raw)), Raw: raw}
		for _, ev := range channels.Guard(fallback, func() []chat.Event { return decode(raw) }) {
			ev.Address, ev.Path = address, path
			d.add(ev)
		}
	}
}

func (d *decoder) entry(e *entry, pointer string) {
	if len(e.Changes) == 0 && len(e.Value) > 0 {
		d.change(e, &change{Field: e.Field, Value: e.Value}, pointer)
		return
	}
	for i := range e.Changes {
		d.change(e, &e.Changes[i], pointer+"/changes/"+strconv.Itoa(i))
	}
}

func (d *decoder) change(e *entry, c *change, pointer string) {
	var v value
	lenient(c.Value, &v)
	switch {
	case c.Field == "messages" || c.Field == "smb_message_echoes" || c.Field == "user_preferences" || c.Field == "" && !v.empty():
		d.value(&v, d.route(v.Metadata), pointer+"/value")
	default:
		d.account(e, c, pointer)
	}
}

// route gives the number that a change belongs to. The path is believed when it
// is the same number however it is written; the phone number id decides
// otherwise, since one app's webhook can serve many numbers.
func (d *decoder) route(m metadata) chat.Address {
	display := digits(string(m.Display))
	switch {
	case display != "" && sameNumber(display, d.path.Value[1:]):
		return d.path
	case m.PhoneID != "":
		return chat.Address{Kind: AddressPhoneID, Value: string(m.PhoneID)}
	case display != "":
		return chat.Address{Kind: AddressNumber, Value: "+" + display}
	}
	return d.path
}

func (d *decoder) value(v *value, address chat.Address, pointer string) {
	d.each(v.Messages, address, pointer+"/messages", func(raw json.RawMessage) []chat.Event {
		return messageEvents(raw, v.Contacts, false)
	})
	d.each(v.Echoes, address, pointer+"/message_echoes", func(raw json.RawMessage) []chat.Event {
		return messageEvents(raw, v.Contacts, true)
	})
	d.each(v.Statuses, address, pointer+"/statuses", statusEvents)
	d.each(v.Preferences, address, pointer+"/user_preferences", preferenceEvents)
	d.each(v.Errors, address, pointer+"/errors", errorEvents)
}

// account keeps news about the number or its business account. Meta sends most
// of them to the app's own webhook, but a number set up by hand gets them here
// ("Webhooks: WhatsApp Business Account" reference).
func (d *decoder) account(e *entry, c *change, pointer string) {
	var v struct {
		Field    text     `json:"field"`
		Metadata metadata `json:"metadata"`
		Display  text     `json:"display_phone_number"`
		Phone    text     `json:"phone_number"`
	}
	lenient(c.Value, &v)
	field := c.Field
	if field == "" {
		field = v.Field // misplaced at times
	}
	m := v.Metadata
	for _, display := range []text{v.Display, v.Phone} {
		if m.Display == "" {
			m.Display = display
		}
	}
	address := d.route(m)
	if d.app {
		address = channels.Installation
	}
	raw, err := json.Marshal(map[string]any{
		"id": e.ID, "time": e.Time, "changes": []change{{Field: field, Value: c.Value, Rejection: c.Rejection}},
	})
	if err != nil {
		raw = nil // c.Value came out of a JSON document
	}
	d.add(chat.Event{
		Key:        "acct:" + channels.Digest(fmt.Sprintf("%s %s %s %s", e.ID, e.Time, field, c.Value)),
		Address:    address,
		Path:       pointer,
		Kind:       chat.KindAccountEvent,
		OccurredAt: chat.ProviderTime(string(e.Time)),
		Account:    &chat.Account{Field: string(field), Value: c.Value},
		Raw:        raw,
	})
}

// errorEvents reports an error that belongs to no message.
func errorEvents(raw json.RawMessage) []chat.Event {
	var e providerError
	lenient(raw, &e)
	return []chat.Event{{
		Key:    "err:" + channels.Digest(string(raw)),
		Kind:   chat.KindProviderError,
		Reason: e.line(),
		Status: &chat.Status{Errors: []chat.Err{e.record()}},
		Raw:    raw,
	}}
}
