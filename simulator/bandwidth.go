package simulator

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Bandwidth Messaging v2: arrays of callbacks with HTTP Basic credentials.

const bandwidthTime = "2006-01-02T15:04:05.000Z"

func (s *Simulator) bandwidthMessages(b *batch, in []Incoming, at func(int) time.Time) (*Delivery, error) {
	c := b.channel
	body := append(make([]byte, 0, 512*len(in)), '[')
	for i := range in {
		id := in[i].ID
		if id == "" {
			id = s.bandwidthID()
		}
		b.ids = append(b.ids, id)
		if i > 0 {
			body = append(body, ',')
		}
		body = bandwidthItem(body, "message-received", c.Address, "Incoming message received", 0, at(i))
		body = bandwidthMessage(body, c, id, "in", in[i].From, c.Address, in[i].Text, at(i))
	}
	return bandwidthClose(b, append(body, ']')), nil
}

func (s *Simulator) bandwidthStatus(b *batch, r Receipt) (*Delivery, error) {
	c := b.channel
	switch r.State {
	case "sending", "sent", Delivered, Read, Failed:
	default:
		return nil, noReceipt(c, r)
	}
	text := r.ErrorText
	if text == "" {
		text = "ok"
	}
	body := bandwidthItem([]byte{'['}, "message-"+r.State, r.To, text, r.ErrorCode, r.At)
	body = bandwidthMessage(body, c, r.ID, "out", c.Address, r.To, "", r.At)
	return bandwidthClose(b, append(body, ']')), nil
}

func (s *Simulator) bandwidthUnknown(b *batch) (*Delivery, error) {
	c, now := b.channel, time.Now()
	body := bandwidthItem([]byte{'['}, "message-hologram", c.Address, "Hologram received", 0, now)
	body = bandwidthMessage(body, c, s.bandwidthID(), "in", c.Person(0).From, c.Address, "", now)
	return bandwidthClose(b, append(body, ']')), nil
}

func (s *Simulator) bandwidthID() string {
	b := strconv.AppendUint(make([]byte, 0, 40), s.run, 10)
	b = append(b, '-')
	return string(appendHex(b, s.tick()))
}

func bandwidthItem(b []byte, kind, to, text string, code int, at time.Time) []byte {
	b = append(b, `{"time":"`...)
	b = at.UTC().AppendFormat(b, bandwidthTime)
	b = append(b, `","type":"`...)
	b = append(b, kind...)
	b = append(b, `","to":`...)
	b = appendQuoted(b, to)
	b = append(b, `,"description":`...)
	b = appendQuoted(b, text)
	if code != 0 {
		b = append(b, `,"errorCode":`...)
		b = strconv.AppendInt(b, int64(code), 10)
	}
	return b
}

func bandwidthMessage(b []byte, c *Channel, id, direction, from, to, text string, at time.Time) []byte {
	b = append(b, `,"message":{"id":`...)
	b = appendQuoted(b, id)
	b = append(b, `,"time":"`...)
	b = at.UTC().AppendFormat(b, bandwidthTime)
	b = append(b, `","owner":`...)
	b = appendQuoted(b, c.Address)
	b = append(b, `,"applicationId":`...)
	b = appendQuoted(b, c.app)
	b = append(b, `,"segmentCount":1,"direction":"`...)
	b = append(b, direction...)
	b = append(b, `","to":[`...)
	b = appendQuoted(b, to)
	b = append(b, `],"from":`...)
	b = appendQuoted(b, from)
	b = append(b, `,"text":`...)
	b = appendQuoted(b, text)
	return append(b, `}}`...)
}

func bandwidthClose(b *batch, body []byte) *Delivery {
	h := jsonHeader(1)
	h["Authorization"] = []string{basic(b.channel.user, b.channel.password)}
	return &Delivery{Method: http.MethodPost, Path: "/webhooks/sms/" + b.channel.digits(), Header: h, Body: body, IDs: b.ids}
}

// bandwidth serves the messages API.
func (s *Simulator) bandwidth(c *call) {
	key, secret, _ := c.r.BasicAuth()
	ch := s.byToken[key]
	if ch == nil || ch.Kind != SMS || ch.secret != secret {
		c.json(http.StatusUnauthorized, bandwidthFault("authentication-error", "Access is denied"))
		return
	}
	account, rest, _ := strings.Cut(strings.TrimPrefix(c.rest, "api/v2/users/"), "/")
	switch {
	case account != ch.account:
		c.json(http.StatusForbidden, bandwidthFault("forbidden", "Access is denied"))
	case strings.HasPrefix(rest, "media/") && !strings.HasSuffix(rest, ".smil"):
		c.file(kindOfName(rest))
	case strings.HasPrefix(rest, "media"):
		c.json(http.StatusNotFound, bandwidthFault("media-not-found", "The requested media does not exist"))
	case rest != "messages" || c.r.Method != http.MethodPost:
		c.json(http.StatusNotFound, bandwidthFault("not-found", "Resource not found"))
	default:
		s.bandwidthSend(c, ch)
	}
}

func (s *Simulator) bandwidthSend(c *call, ch *Channel) {
	m := sending{text: c.param("text"), media: c.list("media"), id: s.bandwidthID()}
	var many []string
	if c.decode("to", &many); len(many) > 0 {
		m.to = many[0]
	} else {
		m.to = c.param("to")
	}
	switch {
	case c.param("from") != ch.Address:
		c.json(http.StatusBadRequest, bandwidthFault("request-validation", "'from' "+c.param("from")+" is not owned by the account"))
		return
	case c.param("applicationId") != ch.app:
		c.json(http.StatusBadRequest, bandwidthFault("request-validation", "'applicationId' is not valid"))
		return
	case !strings.HasPrefix(m.to, "+") || m.text == "" && len(m.media) == 0:
		status, body := refusal(ch, Failure{Refuse: true}, m.to)
		c.json(status, body)
		return
	}
	s.send(c, ch, m, func(id string) (int, any) {
		return http.StatusAccepted, map[string]any{
			"id": id, "owner": ch.Address, "applicationId": ch.app, "time": time.Now().UTC().Format(bandwidthTime),
			"segmentCount": 1, "direction": "out", "to": []string{m.to}, "from": ch.Address, "text": m.text,
		}
	})
}

func bandwidthFault(kind, text string) map[string]any {
	return map[string]any{"type": kind, "description": text}
}
