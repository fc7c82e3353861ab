package simulator

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// call is one request of the program to a provider.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	rest   string // path below the provider's prefix
	body   []byte
	query  url.Values
	form   url.Values                 // form and multipart bodies
	fields map[string]json.RawMessage // JSON bodies
}

func (s *Simulator) routes() http.Handler {
	mux := http.NewServeMux()
	s.graphRoutes(mux)
	s.handle(mux, "/whatsapp/", s.whatsapp)
	s.handle(mux, "/d360/v1/", s.d360)
	s.handle(mux, "/telegram/", s.telegram)
	s.handle(mux, "/line/", s.line)
	s.handle(mux, "/line-data/", s.lineData)
	s.handle(mux, "/twilio/", s.twilio)
	s.handle(mux, "/bandwidth/", s.bandwidth)
	s.handle(mux, "/twitter/", s.twitter)
	s.handle(mux, "/customer/", s.customer)
	s.handle(mux, "/media/", s.media)
	return mux
}

// handle reads the request whole, so that a caller who hangs up is noticed,
// and understands the three encodings that providers take.
func (s *Simulator) handle(mux *http.ServeMux, prefix string, f func(*call)) {
	mux.HandleFunc(prefix, func(w http.ResponseWriter, r *http.Request) {
		if !s.begin() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer s.work.Done()
		body, err := readBody(r)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c := &call{w: w, r: r, rest: strings.TrimPrefix(r.URL.Path, prefix), body: body, query: r.URL.Query()}
		c.parse()
		f(c)
	})
}

func (c *call) parse() {
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	switch {
	case err != nil:
	case kind == "application/json":
		_ = json.Unmarshal(c.body, &c.fields) // the handler refuses what is missing
	case kind == "application/x-www-form-urlencoded":
		c.form, _ = url.ParseQuery(string(c.body))
	case kind == "multipart/form-data":
		c.form = multipartFields(c.body, params["boundary"])
	}
}

// param finds a parameter in body or query.
func (c *call) param(name string) string {
	if v, ok := c.fields[name]; ok {
		return rawString(v)
	}
	if v := c.form.Get(name); v != "" {
		return v
	}
	return c.query.Get(name)
}

// decode reads a structured parameter: a JSON value, or a form value that is
// JSON text.
func (c *call) decode(name string, into any) {
	if v, ok := c.fields[name]; ok {
		_ = json.Unmarshal(v, into) // the handler refuses what is missing
		return
	}
	if v := c.param(name); v != "" {
		_ = json.Unmarshal([]byte(v), into)
	}
}

// list reads a parameter that is a JSON array or a comma-separated text.
func (c *call) list(name string) []string {
	var out []string
	c.decode(name, &out)
	if out == nil {
		if v := c.param(name); v != "" {
			out = strings.Split(v, ",")
		}
	}
	return out
}

// bearer finds the access token where Graph and others look for it.
func (c *call) bearer() string {
	if v, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer "); ok {
		return v
	}
	return c.param("access_token")
}

func (c *call) json(status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		c.w.WriteHeader(http.StatusInternalServerError)
		return
	}
	c.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(b)
}

func (c *call) empty(status int) { c.w.WriteHeader(status) }

// sending is a message that the program asks a provider to send.
type sending struct {
	to, text string
	media    []string
	choices  []Choice
	key      string // provider's idempotency key
	callback string
	id       string // provider id to give; empty: a fresh one
}

// send lets an authorised and well-formed message meet the failures in force,
// records it and answers.
func (s *Simulator) send(c *call, ch *Channel, m sending, success func(id string) (int, any)) {
	rec := Sent{
		Kind: ch.Kind, Channel: ch, To: m.to, Text: m.text, Media: m.media, Choices: m.choices,
		IdempotencyKey: m.key, Callback: m.callback, At: time.Now(),
	}
	rec.Attempt = s.journal.attempt(s.seed, ch, append([]string{m.to, m.text, m.key}, m.media...)...)
	if !s.pause(c) {
		s.journal.add(rec)
		abandon()
	}
	if f := s.faults.take(ch); f != nil {
		if !s.misbehave(c, ch, f, &rec) {
			return
		}
	}
	if m.key != "" {
		if id, seen := s.retries.accept(ch, m.key, m.id); seen {
			rec.ProviderID, rec.Duplicate, rec.Status = id, true, http.StatusConflict
			s.journal.add(rec)
			c.conflict(id)
			return
		}
	}
	rec.ProviderID = m.id
	if rec.ProviderID == "" {
		rec.ProviderID = s.sentID(ch)
	}
	status, body := success(rec.ProviderID)
	rec.Status = status
	s.journal.add(rec)
	if body == nil {
		c.empty(status)
	} else {
		c.json(status, body)
	}
	if s.options.Receipts {
		s.report(rec)
	}
}

// pause plays Options.Latency; false: the caller is gone.
func (s *Simulator) pause(c *call) bool {
	if s.options.Latency <= 0 {
		return true
	}
	t := time.NewTimer(s.options.Latency)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.r.Context().Done():
		return false
	}
}

// misbehave plays a failure and records the call. It returns true when the
// call is to be answered as usual after all.
func (s *Simulator) misbehave(c *call, ch *Channel, f *fault, rec *Sent) bool {
	switch {
	case f.Hang:
		s.journal.add(*rec)
		if !f.hang(c.r.Context()) {
			abandon()
		}
		return true
	case f.Reset:
		s.journal.add(*rec)
		resetConn(c.w)
		return false
	}
	status, body := refusal(ch, f.Failure, rec.To)
	rec.Status = status
	s.journal.add(*rec)
	setRetryAfter(c.w.Header(), f.RetryAfter)
	c.json(status, body)
	return false
}

// abandon drops the connection without an answer: returning from the handler
// would say 200.
func abandon() { panic(http.ErrAbortHandler) }

// sentID makes the id that a provider gives to a message it accepts.
func (s *Simulator) sentID(ch *Channel) string {
	switch ch.Kind {
	case Facebook:
		return s.hexID("m_out")
	case InstagramLogin, InstagramPage:
		return s.hexID("aWdfout")
	case Twitter:
		return s.decimalID(1_000_000)
	case Line:
		return s.decimalID(100_000)
	case Telegram:
		return decimal(s.telegramID())
	case WhatsAppCloud:
		return s.hexID("wamid.HBgL")
	case WhatsApp360:
		return s.hexID("gBG")
	default:
		return s.hexID("SM")
	}
}
