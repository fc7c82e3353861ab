package simulator

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Webhooks of WhatsApp numbers: the Cloud API's envelope, and the bare value at
// top level that 360dialog's API v1 posts.

func (s *Simulator) whatsappMessages(b *batch, in []Incoming, at func(int) time.Time) (*Delivery, error) {
	c := b.channel
	body := whatsappOpen(c, 256*len(in))
	body = append(body, `"contacts":[`...)
	for i := range in {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"profile":{"name":`...)
		body = whatsappText(body, c, in[i].Name)
		body = append(body, `},"wa_id":`...)
		body = whatsappText(body, c, in[i].From)
		body = append(body, '}')
	}
	body = append(body, `],"messages":[`...)
	for i := range in {
		id := in[i].ID
		if id == "" {
			id = s.hexID(whatsappIDPrefix(c))
		}
		b.ids = append(b.ids, id)
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"from":`...)
		body = whatsappText(body, c, in[i].From)
		body = append(body, `,"id":`...)
		body = whatsappText(body, c, id)
		body = append(body, `,"timestamp":"`...)
		body = strconv.AppendInt(body, at(i).Unix(), 10)
		body = append(body, `","type":"text","text":{"body":`...)
		body = whatsappText(body, c, in[i].Text)
		body = append(body, `}}`...)
	}
	return s.whatsappClose(b, append(body, ']'), "messages")
}

func (s *Simulator) whatsappStatus(b *batch, r Receipt) (*Delivery, error) {
	c := b.channel
	switch r.State {
	case "sent", Delivered, Read, Failed, "deleted":
	default:
		return nil, noReceipt(c, r)
	}
	body := append(whatsappOpen(c, 256), `"statuses":[{"id":`...)
	body = whatsappText(body, c, r.ID)
	body = append(body, `,"status":"`...)
	body = append(body, r.State...)
	body = append(body, `","timestamp":"`...)
	body = strconv.AppendInt(body, r.At.Unix(), 10)
	body = append(body, `","recipient_id":`...)
	body = whatsappText(body, c, r.To)
	if r.State == Failed {
		body = append(body, `,"errors":[{"code":`...)
		body = strconv.AppendInt(body, int64(r.ErrorCode), 10)
		body = append(body, `,"title":`...)
		body = whatsappText(body, c, r.ErrorText)
		body = append(body, `,"message":`...)
		body = whatsappText(body, c, r.ErrorText)
		body = append(body, `}]`...)
	}
	return s.whatsappClose(b, append(body, `}]`...), "messages")
}

func (s *Simulator) whatsappUnknown(b *batch) (*Delivery, error) {
	body := append(whatsappOpen(b.channel, 128), `"holograms":[{"id":"`...)
	body = append(body, s.hexID("h_")...)
	return s.whatsappClose(b, append(body, `","depth":3}]`...), "holograms")
}

func whatsappIDPrefix(c *Channel) string {
	if c.Kind == WhatsApp360 {
		return "ABGG"
	}
	return "wamid.HBgM"
}

// whatsappText: Meta escapes, 360dialog does not.
func whatsappText(b []byte, c *Channel, s string) []byte {
	return appendJSON(b, s, c.Kind == WhatsAppCloud)
}

func whatsappOpen(c *Channel, size int) []byte {
	b := make([]byte, 0, size+384)
	if c.Kind == WhatsApp360 {
		return append(b, '{')
	}
	b = append(b, `{"object":"whatsapp_business_account","entry":[{"id":"`...)
	b = append(b, c.account...)
	b = append(b, `","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"`...)
	b = append(b, c.digits()...)
	b = append(b, `","phone_number_id":"`...)
	b = append(b, c.app...)
	return append(b, `"},`...)
}

func (s *Simulator) whatsappClose(b *batch, body []byte, field string) (*Delivery, error) {
	c, h := b.channel, jsonHeader(1)
	if c.Kind == WhatsApp360 {
		r, ok := c.Registration()
		if !ok {
			return nil, ErrNotRegistered
		}
		body = append(body, '}')
		if r.Secret != "" {
			h["Authorization"] = []string{r.Secret}
		}
	} else {
		body = append(body, `},"field":"`...)
		body = append(body, field...)
		body = append(body, `"}]}]}`...)
		h["X-Hub-Signature-256"] = []string{hubSignature(s.settings["WHATSAPP_APP_SECRET"], body)}
	}
	return &Delivery{
		Method: http.MethodPost, Path: "/webhooks/whatsapp/" + c.Address, Header: h, Body: body, IDs: b.ids,
	}, nil
}

// d360 serves 360dialog's API v1.
func (s *Simulator) d360(c *call) {
	ch := s.byToken[c.r.Header.Get("D360-API-KEY")]
	if ch == nil || ch.Kind != WhatsApp360 {
		c.json(http.StatusUnauthorized, d360Fault(http.StatusUnauthorized, "Invalid api key"))
		return
	}
	if id, ok := strings.CutPrefix(c.rest, "media/"); ok && c.r.Method == http.MethodGet {
		if kind, ok := kindOfFile(id, "70"); ok {
			c.file(kind)
			return
		}
	}
	switch c.rest {
	case "configs/webhook":
		headers := map[string]string{}
		c.decode("headers", &headers)
		r := Registration{URL: c.param("url")}
		for name, v := range headers {
			if strings.EqualFold(name, "Authorization") {
				r.Secret = v
			}
		}
		if c.r.Method == http.MethodPost {
			if r.URL == "" {
				c.json(http.StatusBadRequest, d360Fault(http.StatusBadRequest, "url is required"))
				return
			}
			ch.register(r)
		}
		c.json(http.StatusOK, map[string]any{"url": r.URL, "headers": headers})
	case "configs/templates":
		list, _ := templatePage(ch.templates.Load(), 0, math.MaxInt32)
		c.json(http.StatusOK, map[string]any{"waba_templates": list, "count": len(list), "total": len(list)})
	case "messages":
		s.whatsappSend(c, ch)
	default:
		c.json(http.StatusNotFound, d360Fault(http.StatusNotFound, "Not found"))
	}
}

func d360Fault(status int, text string) map[string]any {
	return map[string]any{"meta": map[string]any{
		"success": false, "http_code": status, "developer_message": text, "360dialog_trace_id": token(8),
	}}
}

// whatsappSend takes a message; both providers use the same body.
func (s *Simulator) whatsappSend(c *call, ch *Channel) {
	if c.param("status") != "" { // read marks and typing indicators
		c.json(http.StatusOK, map[string]any{"success": true})
		return
	}
	to := c.param("to")
	if to == "" {
		to = c.param("recipient") // business-scoped user ids
	}
	m := sending{to: to}
	m.text, m.media = whatsappContent(c)
	badProduct := ch.Kind == WhatsAppCloud && c.param("messaging_product") != "whatsapp"
	if to == "" || m.text == "" && len(m.media) == 0 || badProduct {
		status, body := refusal(ch, Failure{Refuse: true}, to)
		c.json(status, body)
		return
	}
	s.send(c, ch, m, func(id string) (int, any) {
		body := map[string]any{"messages": []any{map[string]any{"id": id}}}
		if ch.Kind == WhatsApp360 {
			return http.StatusCreated, body
		}
		body["messaging_product"] = "whatsapp"
		body["contacts"] = []any{map[string]any{"input": to, "wa_id": strings.TrimPrefix(to, "+")}}
		return http.StatusOK, body
	})
}

func whatsappContent(c *call) (text string, media []string) {
	kind := c.param("type")
	if kind == "" {
		kind = "text"
	}
	var v struct {
		Body    json.RawMessage `json:"body"` // text: string; interactive: object
		Name    string          `json:"name"` // template
		Emoji   string          `json:"emoji"`
		Link    string          `json:"link"`
		ID      string          `json:"id"`
		Caption string          `json:"caption"`
	}
	c.decode(kind, &v)
	var body struct {
		Text string `json:"text"`
	}
	switch {
	case kind == "interactive":
		_ = json.Unmarshal(v.Body, &body) // refused as empty by the caller
		text = body.Text
	case len(v.Body) > 0:
		text = rawString(v.Body)
	case v.Name != "":
		text = "template " + v.Name
	case v.Emoji != "":
		text = v.Emoji
	default:
		text = v.Caption
	}
	for _, m := range []string{v.Link, v.ID} {
		if m != "" {
			media = append(media, m)
		}
	}
	return text, media
}
