package chat

import (
	"encoding/json"
	"reflect"
	"strconv"

	"tributary/internal/fastjson"
)

// AppendJSON appends the event as json.Marshal writes it, up to the escaping of
// characters that need none. A text message, which is what nearly every event is,
// is written without reflection; the edge does this for every webhook.
func (e *Event) AppendJSON(b []byte) ([]byte, error) {
	if !e.plain() {
		encoded, err := json.Marshal(e)
		return append(b, encoded...), err
	}
	w := writer{b: append(b, '{')}
	w.text("ingest_key", e.Key, true)
	w.text("channel", e.Channel, true)
	w.text("transport", e.Transport, false)
	w.open("address")
	w.text("kind", e.Address.Kind, true)
	w.text("value", e.Address.Value, true)
	w.close()
	w.number("account_id", e.AccountID)
	w.number("inbox_id", e.InboxID)
	w.text("raw_delivery_id", e.Delivery, false)
	w.text("raw_path", e.Path, false)
	w.text("kind", string(e.Kind), true)
	w.text("reason", e.Reason, false)
	w.number("occurred_at", int64(e.OccurredAt))
	w.number("received_at", int64(e.ReceivedAt))
	if c := e.Contact; c != nil {
		w.open("contact")
		w.text("source_id", c.SourceID, true)
		w.text("name", c.Name, false)
		w.text("first_name", c.FirstName, false)
		w.text("last_name", c.LastName, false)
		w.text("username", c.Username, false)
		w.text("phone_e164", c.Phone, false)
		w.attributes("attributes", c.Attributes)
		w.text("profile_lookup", c.Lookup, false)
		w.close()
	}
	if t := e.Thread; t != nil {
		w.open("thread")
		w.text("type", t.Type, false)
		w.text("key", t.Key, false)
		w.text("chat_id", t.ChatID, false)
		w.text("reply_token", t.ReplyToken, false)
		w.number("reply_token_expires_at", int64(t.ReplyTokenExpiresAt))
		w.attributes("conversation_attributes", t.Attributes)
		w.close()
	}
	if m := e.Message; m != nil {
		w.open("message")
		w.text("source_id", m.SourceID, false)
		w.text("direction", m.Direction, false)
		w.text("content", m.Content, false)
		w.text("content_type", m.ContentType, false)
		w.attributes("extra", m.Attributes)
		w.close()
	}
	w.text("proof", e.Proof, false)
	w.close()
	return w.b, w.err
}

// plain tells whether AppendJSON writes all that the event holds: what is left
// without the members that it knows must be empty, so that a member that is added
// later is not lost.
func (e *Event) plain() bool {
	rest := *e
	rest.Key, rest.Channel, rest.Transport, rest.Address, rest.AccountID, rest.InboxID = "", "", "", Address{}, 0, 0
	rest.Delivery, rest.Path, rest.Kind, rest.Reason, rest.OccurredAt, rest.ReceivedAt, rest.Proof = "", "", "", "", 0, 0, ""
	rest.Contact, rest.Thread, rest.Message = nil, nil, nil
	if !reflect.ValueOf(&rest).Elem().IsZero() {
		return false
	}
	if e.Contact != nil {
		c := *e.Contact
		c.SourceID, c.Name, c.FirstName, c.LastName, c.Username, c.Phone, c.Attributes, c.Lookup = "", "", "", "", "", "", nil, ""
		if !reflect.ValueOf(&c).Elem().IsZero() {
			return false
		}
	}
	if e.Thread != nil {
		t := *e.Thread
		t.Type, t.Key, t.ChatID, t.ReplyToken, t.ReplyTokenExpiresAt, t.Attributes = "", "", "", "", 0, nil
		if !reflect.ValueOf(&t).Elem().IsZero() {
			return false
		}
	}
	if e.Message != nil {
		m := *e.Message
		m.SourceID, m.Direction, m.Content, m.ContentType, m.Attributes = "", "", "", "", nil
		if !reflect.ValueOf(&m).Elem().IsZero() {
			return false
		}
	}
	return true
}

// writer writes one JSON object.
type writer struct {
	b   []byte
	err error
}

func (w *writer) name(name string) {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

func (w *writer) open(name string) {
	w.name(name)
	w.b = append(w.b, '{')
}

func (w *writer) close() { w.b = append(w.b, '}') }

// text writes a string; an empty one only when always is set.
func (w *writer) text(name, s string, always bool) {
	if s == "" && !always {
		return
	}
	w.name(name)
	w.b = fastjson.AppendString(w.b, s)
}

// number writes a number that is not 0.
func (w *writer) number(name string, n int64) {
	if n != 0 {
		w.name(name)
		w.b = strconv.AppendInt(w.b, n, 10)
	}
}

// attributes writes a map that is not empty. One pair of strings is what drivers
// add to nearly every message.
func (w *writer) attributes(name string, m map[string]any) {
	if len(m) == 0 {
		return
	}
	w.name(name)
	if len(m) == 1 {
		for k, v := range m {
			if s, ok := v.(string); ok {
				w.b = append(w.b, '{')
				w.b = append(fastjson.AppendString(w.b, k), ':')
				w.b = append(fastjson.AppendString(w.b, s), '}')
				return
			}
		}
	}
	encoded, err := json.Marshal(m)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.b = append(w.b, encoded...)
}
