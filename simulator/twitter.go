package simulator

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // OAuth 1.0a signs with it
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// X Account Activity API v1.1: one envelope per profile with arrays of events.

func (s *Simulator) twitterMessages(b *batch, in []Incoming, at func(int) time.Time) (*Delivery, error) {
	c := b.channel
	body := twitterOpen(c, "direct_message_events", 1024*len(in))
	for i := range in {
		id := in[i].ID
		if id == "" {
			id = s.decimalID(1_000_000)
		}
		b.ids = append(b.ids, id)
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"type":"message_create","id":`...)
		body = appendQuoted(body, id)
		body = append(body, `,"created_timestamp":"`...)
		body = strconv.AppendInt(body, at(i).UnixMilli(), 10)
		body = append(body, `","message_create":{"target":{"recipient_id":`...)
		body = appendQuoted(body, c.Address)
		body = append(body, `},"sender_id":`...)
		body = appendQuoted(body, in[i].From)
		body = append(body, `,"message_data":{"text":`...)
		body = appendQuoted(body, in[i].Text)
		body = append(body, `,"entities":{"hashtags":[],"symbols":[],"user_mentions":[],"urls":[]}}}}`...)
	}
	body = append(body, `],"users":{`...)
	seen := make(map[string]bool, len(in))
	for i := range in {
		if seen[in[i].From] {
			continue
		}
		seen[in[i].From] = true
		body = append(twitterUser(body, in[i].From, in[i].Name), ',')
	}
	body = append(twitterUser(body, c.Address, c.Name), '}')
	return s.twitterClose(b, body), nil
}

func (s *Simulator) twitterStatus(b *batch, r Receipt) (*Delivery, error) {
	c := b.channel
	if r.State != Read {
		return nil, noReceipt(c, r)
	}
	body := twitterOpen(c, "direct_message_mark_read_events", 256)
	body = append(body, `{"created_timestamp":"`...)
	body = strconv.AppendInt(body, r.At.UnixMilli(), 10)
	body = append(body, `","sender_id":`...)
	body = appendQuoted(body, r.To)
	body = append(body, `,"target":{"recipient_id":`...)
	body = appendQuoted(body, c.Address)
	body = append(body, `},"last_read_event_id":`...)
	body = appendQuoted(body, r.ID)
	return s.twitterClose(b, append(body, `}]`...)), nil
}

func (s *Simulator) twitterUnknown(b *batch) (*Delivery, error) {
	body := twitterOpen(b.channel, "hologram_events", 128)
	body = append(body, `{"id":"`...)
	body = append(body, s.decimalID(1_000_000)...)
	return s.twitterClose(b, append(body, `","depth":3}]`...)), nil
}

func twitterOpen(c *Channel, array string, size int) []byte {
	b := append(make([]byte, 0, size+512), `{"for_user_id":`...)
	b = appendQuoted(b, c.Address)
	b = append(b, `,"`...)
	b = append(b, array...)
	return append(b, `":[`...)
}

func twitterUser(b []byte, id, name string) []byte {
	b = appendQuoted(b, id)
	b = append(b, `:{"id":`...)
	b = appendQuoted(b, id)
	b = append(b, `,"name":`...)
	b = appendQuoted(b, name)
	b = append(b, `,"screen_name":"user_`...)
	b = append(b, id...)
	return append(b, `","followers_count":12,"friends_count":40}`...)
}

func (s *Simulator) twitterClose(b *batch, body []byte) *Delivery {
	body = append(body, '}')
	h := jsonHeader(1)
	h["X-Twitter-Webhooks-Signature"] = []string{"sha256=" + base64Signature(s.settings["TWITTER_CONSUMER_SECRET"], body)}
	return &Delivery{Method: http.MethodPost, Path: "/webhooks/twitter", Header: h, Body: body, IDs: b.ids}
}

// twitter serves API v1.1 in user context.
func (s *Simulator) twitter(c *call) {
	ch, err := s.oauth1(c)
	if err != nil {
		c.json(http.StatusUnauthorized, twitterFault(32, "Could not authenticate you."))
		return
	}
	activity := "1.1/account_activity/all/" + s.settings["TWITTER_ENVIRONMENT"]
	switch {
	case c.rest == "1.1/direct_messages/events/new.json" && c.r.Method == http.MethodPost:
		s.twitterDirect(c, ch)
	case c.rest == "1.1/statuses/update.json" && c.r.Method == http.MethodPost:
		s.twitterStatusUpdate(c, ch)
	case c.rest == activity+"/webhooks.json" && c.r.Method == http.MethodGet:
		rows := []any{}
		if r, ok := ch.Registration(); ok {
			rows = append(rows, map[string]any{"id": ch.Address, "url": r.URL, "valid": true})
		}
		c.json(http.StatusOK, rows)
	case c.rest == activity+"/webhooks.json":
		ch.register(Registration{URL: c.param("url")})
		c.json(http.StatusOK, map[string]any{"id": ch.Address, "url": c.param("url"), "valid": true})
	case strings.HasPrefix(c.rest, activity+"/webhooks/"): // PUT: new CRC; DELETE
		c.empty(http.StatusNoContent)
	case strings.HasPrefix(c.rest, activity+"/subscriptions"):
		c.empty(http.StatusNoContent)
	case c.rest == "1.1/users/show.json" || c.rest == "1.1/account/verify_credentials.json":
		c.json(http.StatusOK, map[string]any{"id_str": ch.Address, "name": ch.Name, "screen_name": "user_" + ch.Address})
	default:
		c.json(http.StatusNotFound, twitterFault(34, "Sorry, that page does not exist."))
	}
}

func (s *Simulator) twitterDirect(c *call, ch *Channel) {
	var event struct {
		Create struct {
			Target struct {
				Recipient string `json:"recipient_id"`
			} `json:"target"`
			Data struct {
				Text string `json:"text"`
			} `json:"message_data"`
		} `json:"message_create"`
	}
	c.decode("event", &event)
	m := sending{to: event.Create.Target.Recipient, text: event.Create.Data.Text}
	if m.to == "" || m.text == "" {
		c.json(http.StatusBadRequest, twitterFault(214, "event.message_create is required."))
		return
	}
	s.send(c, ch, m, func(id string) (int, any) {
		return http.StatusOK, map[string]any{"event": map[string]any{
			"type": "message_create", "id": id, "created_timestamp": decimal(time.Now().UnixMilli()),
			"message_create": map[string]any{
				"target": map[string]any{"recipient_id": m.to}, "sender_id": ch.Address,
				"message_data": map[string]any{"text": m.text},
			},
		}}
	})
}

func (s *Simulator) twitterStatusUpdate(c *call, ch *Channel) {
	m := sending{to: c.param("in_reply_to_status_id"), text: c.param("status")}
	if m.text == "" {
		c.json(http.StatusForbidden, twitterFault(170, "Missing required parameter: status."))
		return
	}
	s.send(c, ch, m, func(id string) (int, any) {
		return http.StatusOK, map[string]any{
			"id": json.Number(id), "id_str": id, "text": m.text, "in_reply_to_status_id_str": m.to,
			"user": map[string]any{"id_str": ch.Address, "screen_name": "user_" + ch.Address},
		}
	})
}

func twitterFault(code int, text string) map[string]any {
	return map[string]any{"errors": []any{map[string]any{"code": code, "message": text}}}
}

// oauth1 checks the OAuth 1.0a signature (RFC 5849 §3.4) over the URL that was
// really called and names the profile it was made for.
func (s *Simulator) oauth1(c *call) (*Channel, error) {
	header, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "OAuth ")
	if !ok {
		return nil, errors.New("no OAuth header")
	}
	given := map[string]string{}
	for pair := range strings.SplitSeq(header, ",") {
		name, v, _ := strings.Cut(strings.TrimSpace(pair), "=")
		plain, err := url.PathUnescape(strings.Trim(v, `"`))
		if err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
		given[name] = plain
	}
	ch := s.byToken[given["oauth_token"]]
	if ch == nil || ch.Kind != Twitter || given["oauth_consumer_key"] != s.settings["TWITTER_CONSUMER_KEY"] {
		return nil, errors.New("unknown key or token")
	}
	if given["oauth_nonce"] == "" || given["oauth_signature_method"] != "HMAC-SHA1" {
		return nil, errors.New("nonce or method")
	}
	var pairs []string
	add := func(name, v string) { pairs = append(pairs, percent(name)+"="+percent(v)) }
	for name, v := range given {
		if name != "oauth_signature" && name != "realm" {
			add(name, v)
		}
	}
	for _, values := range []url.Values{c.query, c.form} {
		for name, list := range values {
			for _, v := range list {
				add(name, v)
			}
		}
	}
	slices.Sort(pairs)
	text := strings.Join([]string{
		c.r.Method, percent("http://" + c.r.Host + c.r.URL.EscapedPath()), percent(strings.Join(pairs, "&")),
	}, "&")
	key := percent(s.settings["TWITTER_CONSUMER_SECRET"]) + "&" + percent(ch.secret)
	want := base64.StdEncoding.EncodeToString(mac(sha1.New, key, []byte(text)))
	if !hmac.Equal([]byte(want), []byte(given["oauth_signature"])) {
		return nil, errors.New("signature")
	}
	return ch, nil
}

// percent encodes as RFC 3986 does: all but letters, digits and -._~.
func percent(v string) string {
	b := make([]byte, 0, len(v)+16)
	for i := range len(v) {
		switch c := v[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b = append(b, c)
		default:
			b = append(b, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	return string(b)
}
