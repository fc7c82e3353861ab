package simulator

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
)

// Events of Bandwidth numbers and API channels beside texts.

func (s *Simulator) bandwidthEvent(b *batch, ev *Event) (*Delivery, error) {
	c := b.channel
	message := object{
		"id": b.fresh(ev, s.bandwidthID()), "time": ev.At.UTC().Format(bandwidthTime), "owner": c.Address, "applicationId": c.app,
		"segmentCount": 1, "direction": "in", "to": []string{c.Address}, "from": ev.From, "text": ev.Text,
	}
	switch ev.Kind {
	case EventOptOut:
		message["text"] = "STOP"
	case EventOptIn:
		message["text"] = "START"
	default:
		media := ev.Media
		if media == "" {
			media = s.base + "/bandwidth/api/v2/users/" + c.account + "/media/" + ev.ID + "/0/file" + extension(ev.Kind)
		}
		message["media"] = []string{s.base + "/bandwidth/api/v2/users/" + c.account + "/media/" + ev.ID + "/layout.smil", media}
	}
	item := object{
		"time": message["time"], "type": "message-received", "to": c.Address, "description": "Incoming message received", "message": message,
	}
	return bandwidthClose(b, append(appendObject([]byte{'['}, item, false), ']')), nil
}

// customerEvent: what a customer's own system tells of the customer.
func (s *Simulator) customerEvent(b *batch, ev *Event) (*Delivery, error) {
	path, err := s.conversationPath(b.channel, ev.From)
	if err != nil {
		return nil, err
	}
	d := &Delivery{Method: http.MethodPost, Header: jsonHeader(0)}
	switch ev.Kind {
	case EventTyping:
		d.Path, d.Body = path+"/toggle_typing", []byte(`{"typing_status":"on"}`)
	case EventImage, EventFile:
		d.Path = path + "/messages"
		return d, s.customerFile(b, ev, d)
	case EventRead:
		d.Path, d.Body = path+"/update_last_seen", []byte("{}")
	default: // answers to a question of the agent
		d.Method, d.Path = http.MethodPatch, path+"/messages/"+ev.Target
		d.Body = appendObject(nil, object{"submitted_values": []any{object{"title": ev.Text, "value": ev.Payload}}}, false)
	}
	return d, nil
}

// customerFile makes d a form with a file.
func (s *Simulator) customerFile(b *batch, ev *Event, d *Delivery) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range map[string]string{"content": ev.Text, "echo_id": b.fresh(ev, s.hexID("echo-"))} {
		if err := form.WriteField(name, value); err != nil {
			return fmt.Errorf("simulator: form: %w", err)
		}
	}
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="attachments[]"; filename="file` + extension(ev.Kind) + `"`},
		"Content-Type":        {mediaType(ev.Kind)},
	})
	if err == nil {
		_, err = part.Write(content(ev.Kind))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return fmt.Errorf("simulator: form: %w", err)
	}
	d.Body, d.IDs = body.Bytes(), b.ids
	d.Header.Set("Content-Type", form.FormDataContentType())
	return nil
}
