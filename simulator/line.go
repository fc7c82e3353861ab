package simulator

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// LINE Messaging API: batched webhooks signed with the channel secret, pushes
// with a retry key, replies with the token of the event.

func (s *Simulator) lineMessages(b *batch, in []Incoming, at func(int) time.Time) (*Delivery, error) {
	body := lineOpen(b.channel, 512*len(in))
	for i := range in {
		id := in[i].ID
		if id == "" {
			id = s.decimalID(100_000)
		}
		b.ids = append(b.ids, id)
		if i > 0 {
			body = append(body, ',')
		}
		body = s.lineEvent(body, "message", in[i].From, id, at(i))
		body = append(body, `,"replyToken":"`...)
		body = appendReplyToken(body, s.tick(), at(i), in[i].From)
		body = append(body, `","message":{"id":`...)
		body = appendQuoted(body, id)
		body = append(body, `,"type":"text","quoteToken":"q`...)
		body = append(body, id...)
		body = append(body, `","text":`...)
		body = appendQuoted(body, in[i].Text)
		body = append(body, `}}`...)
	}
	return lineClose(b, body), nil
}

func (s *Simulator) lineUnknown(b *batch) (*Delivery, error) {
	body := s.lineEvent(lineOpen(b.channel, 512), "hologram", b.channel.Person(0).From, s.decimalID(100_000), time.Now())
	return lineClose(b, append(body, `,"hologram":{"depth":3}}`...)), nil
}

func lineOpen(c *Channel, size int) []byte {
	b := append(make([]byte, 0, size+128), `{"destination":"Ub07`...)
	b = append(b, c.Address...)
	return append(b, `","events":[`...)
}

// lineEvent writes what all events have; the event id is derived from the
// message's, so that a redelivery repeats it.
func (s *Simulator) lineEvent(b []byte, kind, user, id string, at time.Time) []byte {
	b = append(b, `{"type":"`...)
	b = append(b, kind...)
	b = append(b, `","mode":"active","timestamp":`...)
	b = strconv.AppendInt(b, at.UnixMilli(), 10)
	b = append(b, `,"source":{"type":"user","userId":`...)
	b = appendQuoted(b, user)
	b = append(b, `},"webhookEventId":"01K`...)
	for n := len(id); n < 23; n++ {
		b = append(b, '0')
	}
	b = append(b, id...)
	return append(b, `","deliveryContext":{"isRedelivery":false}`...)
}

func lineClose(b *batch, body []byte) *Delivery {
	body = append(body, `]}`...)
	h := jsonHeader(1)
	h["X-Line-Signature"] = []string{base64Signature(b.channel.secret, body)}
	return &Delivery{Method: http.MethodPost, Path: "/webhooks/line/" + b.channel.Address, Header: h, Body: body, IDs: b.ids}
}

// Reply tokens name the user they belong to, so that nothing has to be
// remembered until one is used: seconds, sequence, user.
func appendReplyToken(b []byte, seq uint64, at time.Time, user string) []byte {
	b = appendHex(b, uint64(at.Unix()))
	b = appendHex(b, seq)
	return hex.AppendEncode(b, []byte(user))
}

// replyTokenLife is how long LINE lets a reply token be used ("within one
// minute", Messaging API reference, send reply message).
const replyTokenLife = time.Minute

func readReplyToken(v string) (user string, ok bool) {
	if len(v) < 34 {
		return "", false
	}
	at, err := strconv.ParseInt(v[:16], 16, 64)
	if err != nil || time.Since(time.Unix(at, 0)) > replyTokenLife {
		return "", false
	}
	b, err := hex.DecodeString(v[32:])
	return string(b), err == nil
}

// retryKeys remembers the idempotency keys that were accepted, and the reply
// tokens that were used.
type retryKeys struct {
	mu   sync.Mutex
	seen map[string]string
}

// accept registers key; seen tells that it was accepted before, as id.
func (k *retryKeys) accept(c *Channel, key, id string) (first string, seen bool) {
	key = c.Address + " " + key
	k.mu.Lock()
	defer k.mu.Unlock()
	if first, seen = k.seen[key]; seen {
		return first, true
	}
	if k.seen == nil {
		k.seen = map[string]string{}
	}
	k.seen[key] = id
	return id, false
}

// known tells whether key was accepted before.
func (k *retryKeys) known(c *Channel, key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, seen := k.seen[c.Address+" "+key]
	return seen
}

// line serves the Messaging API.
func (s *Simulator) line(c *call) {
	ch := s.byToken[c.bearer()]
	if ch == nil || ch.Kind != Line {
		c.json(http.StatusUnauthorized, lineFault("Authentication failed. Confirm that the access token in the authorization header is valid."))
		return
	}
	path := strings.TrimPrefix(c.rest, "v2/bot/")
	switch {
	case path == "message/push":
		s.linePush(c, ch)
	case path == "message/reply":
		s.lineReply(c, ch)
	case strings.HasPrefix(path, "profile/"):
		s.lineProfile(c, strings.TrimPrefix(path, "profile/"))
	case path == "info":
		c.json(http.StatusOK, map[string]any{"userId": "Ub07" + ch.Address, "basicId": "@" + ch.Address, "displayName": ch.Name})
	case path == "channel/webhook/endpoint" && c.r.Method == http.MethodPut:
		ch.register(Registration{URL: c.param("endpoint")})
		c.json(http.StatusOK, map[string]any{})
	case path == "channel/webhook/endpoint":
		r, ok := ch.Registration()
		c.json(http.StatusOK, map[string]any{"endpoint": r.URL, "active": ok})
	case path == "channel/webhook/test":
		s.lineTest(c, ch)
	case path == "chat/loading/start":
		c.json(http.StatusAccepted, map[string]any{})
	case path == "chat/markAsRead", path == "message/markAsRead":
		c.json(http.StatusOK, map[string]any{})
	default:
		c.json(http.StatusNotFound, lineFault("Not found"))
	}
}

// lineData serves the content API: whatever was sent, it is a picture.
func (s *Simulator) lineData(c *call) {
	if ch := s.byToken[c.bearer()]; ch == nil || ch.Kind != Line || !strings.HasSuffix(c.rest, "/content") {
		c.json(http.StatusNotFound, lineFault("Not found"))
		return
	}
	c.file(EventImage)
}

func (s *Simulator) lineProfile(c *call, user string) {
	name, ok := s.profile(c, user)
	if !ok {
		c.json(http.StatusNotFound, lineFault("Not found"))
		return
	}
	c.json(http.StatusOK, map[string]any{"userId": user, "displayName": name, "language": "ja"})
}

func (s *Simulator) linePush(c *call, ch *Channel) {
	if key := c.r.Header.Get("X-Line-Retry-Key"); key != "" && len(key) != 36 {
		c.json(http.StatusBadRequest, lineFault("The value for the 'X-Line-Retry-Key' parameter is invalid"))
		return
	}
	s.lineSend(c, ch, c.param("to"), c.r.Header.Get("X-Line-Retry-Key"), func(string) {})
}

func (s *Simulator) lineReply(c *call, ch *Channel) {
	reply := c.param("replyToken")
	user, ok := readReplyToken(reply)
	if !ok || s.retries.known(ch, reply) {
		c.json(http.StatusBadRequest, lineFault("Invalid reply token"))
		return
	}
	s.lineSend(c, ch, user, "", func(id string) { s.retries.accept(ch, reply, id) })
}

// lineSend takes a message; accepted is called when it is.
func (s *Simulator) lineSend(c *call, ch *Channel, to, key string, accepted func(id string)) {
	var messages []json.RawMessage
	c.decode("messages", &messages)
	if to == "" || len(messages) == 0 || len(messages) > 5 {
		c.json(http.StatusBadRequest, map[string]any{
			"message": "The request body has 1 error(s)",
			"details": []any{map[string]any{"message": "Size must be between 1 and 5", "property": "messages"}},
		})
		return
	}
	m := sending{to: to, key: key, id: s.decimalID(100_000)}
	for _, raw := range messages {
		var v struct {
			Text string `json:"text"`
			Alt  string `json:"altText"`
			URL  string `json:"originalContentUrl"`
		}
		if string(raw) == "null" || json.Unmarshal(raw, &v) != nil {
			c.json(http.StatusBadRequest, lineFault("The request body has 1 error(s)"))
			return
		}
		if m.text == "" {
			m.text = v.Text + v.Alt
		}
		if v.URL != "" {
			m.media = append(m.media, v.URL)
		}
	}
	s.send(c, ch, m, func(id string) (int, any) {
		accepted(id)
		return http.StatusOK, lineSent(id)
	})
}

func lineSent(id string) map[string]any {
	return map[string]any{"sentMessages": []any{map[string]any{"id": id, "quoteToken": "q" + id}}}
}

// conflict is LINE's answer to a retry key that it has accepted before.
func (c *call) conflict(id string) {
	c.w.Header().Set("X-Line-Accepted-Request-Id", id)
	body := lineSent(id)
	body["message"] = "The retry key is already accepted"
	c.json(http.StatusConflict, body)
}

// lineTest calls the registered endpoint with no events, as the console's
// verify button does.
func (s *Simulator) lineTest(c *call, ch *Channel) {
	started := time.Now()
	d := lineClose(&batch{channel: ch}, lineOpen(ch, 0))
	ctx, cancel := context.WithTimeout(c.r.Context(), 5*time.Second)
	defer cancel()
	a, err := s.Post(ctx, s.target.Load().base, d)
	status, reason := 0, "COULD_NOT_CONNECT"
	if err == nil {
		status, reason = a.Status, http.StatusText(a.Status)
	}
	c.json(http.StatusOK, map[string]any{
		"success": status == http.StatusOK, "timestamp": started.UTC().Format(time.RFC3339Nano),
		"statusCode": status, "reason": reason, "detail": strconv.Itoa(status),
	})
}

func lineFault(text string) map[string]any { return map[string]any{"message": text} }
