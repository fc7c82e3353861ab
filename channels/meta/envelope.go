package meta

import (
	"bytes"
	"encoding/json"
	"strconv"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/fastjson"
)

// Envelope is the body of a messaging webhook: a batch of events of several
// pages or accounts.
type Envelope struct {
	Object string  `json:"object"`
	Entry  []Entry `json:"entry"`
}

// Entry holds the events of one page or Instagram account.
type Entry struct {
	ID        ID                `json:"id"`
	Messaging []json.RawMessage `json:"messaging"`
	// Standby replaces Messaging while another app owns the thread.
	Standby []json.RawMessage `json:"standby"`
	Changes []json.RawMessage `json:"changes"`
}

// Open reads an envelope. Only a body that is no JSON object at all is an
// error (channels.ErrFormat): members of an unexpected type are left out, so
// that one odd entry does not cost the rest of the batch.
func Open(body []byte) (*Envelope, error) {
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, channels.ErrFormat
	}
	var e Envelope
	if err := lenient(fastjson.Unmarshal(body, &e)); err != nil {
		return nil, channels.ErrFormat
	}
	return &e, nil
}

// lenient forgives members of another type than the documented one:
// json.Unmarshal has decoded everything else by the time it reports them.
func lenient(err error) error {
	if fastjson.Mismatch(err) {
		return nil
	}
	return err
}

// Decoder turns messaging events into chat events.
type Decoder struct {
	Channel   string // chat.Event.Channel and the kind of its Address
	Transport string
	// OwnApp is the app whose echoes are our own sends; empty: they are told
	// apart by the message ids that the desk knows.
	OwnApp string
}

// Entry decodes the messaging events of one entry; index is its place in the
// envelope.
func (d Decoder) Entry(index int, e *Entry) []chat.Event {
	events := make([]chat.Event, 0, len(e.Messaging)+len(e.Standby))
	base := "/entry/" + strconv.Itoa(index)
	for i, raw := range e.Messaging {
		events = append(events, d.one(e, raw, base+"/messaging/"+strconv.Itoa(i), false)...)
	}
	for i, raw := range e.Standby {
		events = append(events, d.one(e, raw, base+"/standby/"+strconv.Itoa(i), true)...)
	}
	return events
}

// Ignored stands for an entry that is of no use to the desk.
func (d Decoder) Ignored(e *Entry, index int, reason string) chat.Event {
	return d.Of(e, "/entry/"+strconv.Itoa(index), chat.KindIgnored, reason, nil)
}

// Changes are the page's or account's news that are no messages: one ignored
// event each.
func (d Decoder) Changes(index int, e *Entry, reason string) []chat.Event {
	events := make([]chat.Event, 0, len(e.Changes))
	for i, raw := range e.Changes {
		path := "/entry/" + strconv.Itoa(index) + "/changes/" + strconv.Itoa(i)
		events = append(events, d.Of(e, path, chat.KindIgnored, reason, raw))
	}
	return events
}

// Of is an event about an entry as a whole, or about a part of it that names no
// contact.
func (d Decoder) Of(e *Entry, path string, kind chat.Kind, reason string, raw json.RawMessage) chat.Event {
	return chat.Event{
		Key:       rawKey([]byte(string(e.ID) + path + string(raw))),
		Channel:   d.Channel,
		Transport: d.Transport,
		Address:   chat.Address{Kind: d.Channel, Value: string(e.ID)},
		Path:      path,
		Kind:      kind,
		Reason:    reason,
		Raw:       raw,
	}
}

// rawKey identifies an event that carries no id: a repeated delivery has the
// same bytes.
func rawKey(raw []byte) string { return "ev:" + channels.Digest(string(raw)) }

// one decodes one messaging event on its own.
func (d Decoder) one(e *Entry, raw json.RawMessage, path string, standby bool) []chat.Event {
	var m messaging
	if err := lenient(fastjson.Unmarshal(raw, &m)); err != nil {
		return []chat.Event{d.Of(e, path, chat.KindIgnored, "unknown_event", raw)}
	}
	own, contact, outgoing := m.sides(string(e.ID))
	base := chat.Event{
		Channel:    d.Channel,
		Transport:  d.Transport,
		Address:    chat.Address{Kind: d.Channel, Value: own},
		Path:       path,
		OccurredAt: chat.ProviderTime(string(m.Timestamp)),
		Raw:        raw,
	}
	if contact != "" {
		base.Contact = &chat.Contact{SourceID: contact, Self: contact == own}
		// A user_ref has no profile until its owner writes.
		if contact != own && contact != string(m.Sender.UserRef) {
			base.Contact.Lookup = "needed"
		}
	}
	if standby {
		base.Thread = &chat.Thread{Standby: true}
	}
	x := decoding{Decoder: d, in: &m, base: base, own: own, outgoing: outgoing}
	events := channels.Guard(base, x.events)
	for i := range events {
		if events[i].Key == "" {
			events[i].Key = rawKey(raw)
		}
	}
	return events
}
