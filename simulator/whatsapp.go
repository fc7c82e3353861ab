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

// whatsapp serves the Cloud API.
func (s *Simulator) whatsapp(c *call) {
	path := graphPath(c.rest)
	switch path {
	case "oauth/access_token":
		c.json(http.StatusOK, map[string]any{"access_token": s.firstToken(WhatsAppCloud), "token_type": "bearer"})
		return
	case "debug_token":
		s.debugToken(c)
		return
	}
	ch := s.byToken[c.bearer()]
	if ch == nil || ch.Kind != WhatsAppCloud {
		c.graphError(http.StatusUnauthorized, 190, 0, "Error validating access token")
		return
	}
	node, edge, _ := strings.Cut(path, "/")
	if kind, ok := kindOfFile(node, "70"); ok && edge == "" && c.r.Method == http.MethodGet {
		c.json(http.StatusOK, map[string]any{
			"messaging_product": "whatsapp", "id": node, "url": s.base + "/media/" + node + extension(kind),
			"mime_type": mediaType(kind), "file_size": len(content(kind)),
		})
		return
	}
	if node != ch.app && node != ch.account {
		c.graphError(http.StatusBadRequest, 100, 33, "Unsupported request: the object does not exist or is not visible")
		return
	}
	switch edge {
	case "messages":
		s.whatsappSend(c, ch)
	case "message_templates":
		s.whatsappTemplates(c, ch)
	case "phone_numbers":
		c.json(http.StatusOK, map[string]any{"data": []any{phoneHealth(ch)}})
	case "subscribed_apps":
		if c.r.Method == http.MethodPost {
			ch.register(Registration{URL: c.param("override_callback_uri"), Fields: c.list("subscribed_fields")})
		}
		c.json(http.StatusOK, map[string]any{"success": true})
	case "":
		switch {
		case c.r.Method != http.MethodGet:
			c.json(http.StatusOK, map[string]any{"success": true})
		case node == ch.account:
			c.json(http.StatusOK, map[string]any{"id": ch.account, "name": ch.Name, "account_review_status": "APPROVED"})
		default:
			c.json(http.StatusOK, phoneHealth(ch))
		}
	default: // register, deregister, settings, request_code, verify_code, …
		c.json(http.StatusOK, map[string]any{"success": true})
	}
}

// whatsappTemplates lists message templates, 25 at a time unless the caller says
// otherwise. Like Meta it repeats the token in the address of the next page.
func (s *Simulator) whatsappTemplates(c *call, ch *Channel) {
	const usual = 25
	after, _ := strconv.Atoi(c.query.Get("after")) // anything else is the beginning
	limit, err := strconv.Atoi(c.query.Get("limit"))
	if err != nil {
		limit = usual
	}
	list, more := ch.templatePage(after, limit)
	paging := map[string]any{}
	if more {
		query := c.query
		query.Set("after", strconv.Itoa(after+len(list)))
		paging["next"] = s.base + c.r.URL.Path + "?" + query.Encode()
	}
	c.json(http.StatusOK, map[string]any{"data": list, "paging": paging})
}

func (s *Simulator) firstToken(k Kind) string {
	if ch := s.Channel(k); ch != nil {
		return ch.token
	}
	return token(16)
}

func (s *Simulator) debugToken(c *call) {
	ch := s.byToken[c.param("input_token")]
	if ch == nil {
		c.json(http.StatusOK, map[string]any{"data": map[string]any{"is_valid": false}})
		return
	}
	c.json(http.StatusOK, map[string]any{"data": map[string]any{
		"app_id": s.settings["WHATSAPP_APP_ID"], "is_valid": true, "type": "SYSTEM_USER", "expires_at": 0,
		"granular_scopes": []any{map[string]any{
			"scope": "whatsapp_business_management", "target_ids": []string{ch.account},
		}},
	}})
}

// phoneHealth is a number that is registered, live and well.
func phoneHealth(ch *Channel) map[string]any {
	return map[string]any{
		"id": ch.app, "display_phone_number": ch.Address, "verified_name": ch.Name,
		"name_status": "APPROVED", "quality_rating": "GREEN", "messaging_limit_tier": "TIER_1K",
		"account_mode": "LIVE", "code_verification_status": "VERIFIED", "platform_type": "CLOUD_API",
		"status": "CONNECTED", "throughput": map[string]any{"level": "STANDARD"}, "is_on_biz_app": false,
	}
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
		list, _ := ch.templatePage(0, math.MaxInt32)
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
