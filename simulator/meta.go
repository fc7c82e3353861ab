package simulator

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Webhooks of Messenger and Instagram (Messenger Platform and Instagram
// Platform references, webhook events). Both share envelope and signature.

func (s *Simulator) metaMessages(b *batch, in []Incoming, at func(int) time.Time) (*Delivery, error) {
	c := b.channel
	body := s.metaOpen(c, 256*len(in))
	for i := range in {
		id := in[i].ID
		if id == "" {
			id = s.hexID(metaIDPrefix(c.Kind))
		}
		b.ids = append(b.ids, id)
		if i > 0 {
			body = append(body, ',')
		}
		body = metaEvent(body, in[i].From, c.Address, at(i))
		body = append(body, `,"message":{"mid":`...)
		body = appendMeta(body, id)
		body = append(body, `,"text":`...)
		body = appendMeta(body, in[i].Text)
		body = append(body, `}}`...)
	}
	return s.metaClose(b, body), nil
}

// metaStatus: Messenger reports delivery by ids and watermark and reading by
// watermark; Instagram only tells the message that was seen.
func (s *Simulator) metaStatus(b *batch, r Receipt) (*Delivery, error) {
	c := b.channel
	body := metaEvent(s.metaOpen(c, 256), r.To, c.Address, r.At)
	switch {
	case c.Kind == Facebook && r.State == Delivered:
		body = append(body, `,"delivery":{"mids":[`...)
		body = appendMeta(body, r.ID)
		body = append(body, `],"watermark":`...)
		body = strconv.AppendInt(body, r.At.UnixMilli(), 10)
	case c.Kind == Facebook && r.State == Read:
		body = append(body, `,"read":{"watermark":`...)
		body = strconv.AppendInt(body, r.At.UnixMilli(), 10)
	case r.State == Read:
		body = append(body, `,"read":{"mid":`...)
		body = appendMeta(body, r.ID)
	default:
		return nil, noReceipt(c, r)
	}
	return s.metaClose(b, append(body, `}}`...)), nil
}

func (s *Simulator) metaUnknown(b *batch) (*Delivery, error) {
	c := b.channel
	body := metaEvent(s.metaOpen(c, 256), c.Person(0).From, c.Address, time.Now())
	body = append(body, `,"hologram":{"id":`...)
	body = appendMeta(body, s.hexID("h_"))
	return s.metaClose(b, append(body, `,"depth":3}}`...)), nil
}

func metaIDPrefix(k Kind) string {
	if k == Facebook {
		return "m_"
	}
	return "aWdf"
}

func (s *Simulator) metaOpen(c *Channel, size int) []byte {
	b := make([]byte, 0, size+128)
	if c.Kind == Facebook {
		b = append(b, `{"object":"page","entry":[{"id":"`...)
	} else {
		b = append(b, `{"object":"instagram","entry":[{"id":"`...)
	}
	b = append(b, c.Address...)
	b = append(b, `","time":`...)
	b = strconv.AppendInt(b, time.Now().UnixMilli(), 10)
	return append(b, `,"messaging":[`...)
}

func metaEvent(b []byte, from, to string, at time.Time) []byte {
	b = append(b, `{"sender":{"id":`...)
	b = appendMeta(b, from)
	b = append(b, `},"recipient":{"id":`...)
	b = appendMeta(b, to)
	b = append(b, `},"timestamp":`...)
	return strconv.AppendInt(b, at.UnixMilli(), 10)
}

func (s *Simulator) metaClose(b *batch, body []byte) *Delivery {
	body = append(body, `]}]}`...)
	h := jsonHeader(2)
	d := &Delivery{Method: http.MethodPost, Header: h, Body: body, IDs: b.ids}
	switch b.channel.Kind {
	case Facebook:
		secret := s.settings["FB_APP_SECRET"]
		d.Path = "/bot"
		h["X-Hub-Signature-256"] = []string{hubSignature(secret, body)}
		h["X-Hub-Signature"] = []string{hubSignatureSHA1(secret, body)}
	case InstagramPage:
		d.Path = "/webhooks/instagram"
		h["X-Hub-Signature-256"] = []string{hubSignature(s.settings["FB_APP_SECRET"], body)}
	default:
		d.Path = "/webhooks/instagram"
		h["X-Hub-Signature-256"] = []string{hubSignature(s.settings["INSTAGRAM_APP_SECRET"], body)}
	}
	return d
}

// metaHandshake is the GET with which Meta checks a callback address.
func metaHandshake(path, verify, challenge string) *Delivery {
	q := url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {verify}, "hub.challenge": {challenge}}
	return &Delivery{Method: http.MethodGet, Path: path + "?" + q.Encode(), Header: http.Header{}}
}
