package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a time that only the test moves: each look at it is a microsecond later,
// as two moments never are one.
type clock struct{ micros atomic.Int64 }

func (c *clock) Now() time.Time { return time.UnixMicro(c.micros.Add(1)).UTC() }

// set turns it to a moment, "2026-11-18T09:00:00Z".
func (c *clock) set(at string) {
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err) // a slip of the test's author
	}
	c.micros.Store(when.UnixMicro())
}

func (c *clock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// payload is a file of whatsapp/testdata: a request and the answer to it.
type payload struct {
	name    string
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Query   map[string]string `json:"query"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"request"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	BodyRaw *string           `json:"body_raw"`
	Expect  json.RawMessage   `json:"expect"`
}

const payloads = "../whatsapp/testdata"

// payloadFile reads a file; one that is about number 48 can be read as if it were
// about another of the given numbers.
func payloadFile(t testing.TB, name string) *payload {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(payloads, name))
	if err != nil {
		t.Fatal(err)
	}
	p := &payload{name: name}
	if err := json.Unmarshal(raw, p); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return p
}

// payloadFiles are the names of the files that begin like this.
func payloadFiles(t testing.TB, prefix string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(payloads, prefix+"*.json"))
	if err != nil || len(list) == 0 {
		t.Fatalf("no payloads %s: %v", prefix, err)
	}
	for i := range list {
		list[i] = filepath.Base(list[i])
	}
	return list
}

// sent is the body of the request as it is signed: compact, in the order of the file.
func (p *payload) sent(t testing.TB) []byte {
	t.Helper()
	return compact(t, p.Request.Body)
}

func compact(t testing.TB, raw []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return out.Bytes()
}

// graphAnswer is one answer of Meta's.
type graphAnswer struct {
	status int
	header map[string]string
	body   []byte
	takes  time.Duration // how far the clock goes on meanwhile
	hold   <-chan struct{}
	cut    bool // the connection ends without an answer
}

// answerOption changes how a file is answered.
type answerOption func(*graphAnswer)

// takes lets the clock go on while Meta answers.
func takes(d time.Duration) answerOption { return func(a *graphAnswer) { a.takes = d } }

// until holds the answer back.
func until(open <-chan struct{}) answerOption { return func(a *graphAnswer) { a.hold = open } }

// cut ends the connection instead.
func cut(a *graphAnswer) { a.cut = true }

// with replaces a text of the answer: the files of our answers have other traces than
// those of Meta's.
func with(old, text string) answerOption {
	return func(a *graphAnswer) {
		if !bytes.Contains(a.body, []byte(old)) {
			panic("no " + old + " in the answer")
		}
		a.body = bytes.ReplaceAll(a.body, []byte(old), []byte(text))
	}
}

// graphCall is a call that the program made.
type graphCall struct {
	Name   string // "GET /500…", without the version
	URL    string
	Query  url.Values
	Header http.Header
	Body   string
	At     time.Time // by the machine's clock
}

// meta stands in for Meta: it answers each call as the file says that was played
// last for it, and remembers all calls.
type meta struct {
	*httptest.Server
	t     testing.TB
	clock *clock

	mu     sync.Mutex
	played map[string][]graphAnswer
	calls  []graphCall
}

func newMeta(t testing.TB, c *clock) *meta {
	t.Helper()
	m := &meta{t: t, clock: c, played: map[string][]graphAnswer{}}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

// key names a call. What is sent to a number itself sets one of two things.
func key(method, path string, query url.Values, body []byte) string {
	_, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/") // the version
	name := method + " /" + path
	if after := query.Get("after"); after != "" {
		name += "?after=" + after
	}
	var set map[string]json.RawMessage
	if method == http.MethodPost && !strings.Contains(path, "/") && json.Unmarshal(body, &set) == nil {
		for k := range set {
			name += " " + k
		}
	}
	return name
}

// play has Meta answer as a file says from now on.
func (m *meta) play(file string, how ...answerOption) { m.playAs(48, file, how...) }

// playAs is play for another of the given numbers than the one of the file.
func (m *meta) playAs(inbox int, file string, how ...answerOption) {
	m.t.Helper()
	name, a := m.read(inbox, file, how)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.played[name] = []graphAnswer{a}
}

// answer has Meta answer a call, "POST /1/messages", with a body that is in no file.
func (m *meta) answer(name string, status int, body string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.played[name] = []graphAnswer{{status: status, body: []byte(body)}}
}

func (m *meta) read(inbox int, file string, how []answerOption) (string, graphAnswer) {
	m.t.Helper()
	p := payloadFile(m.t, file)
	a := graphAnswer{status: p.Status, header: p.Headers, body: p.Body}
	if p.BodyRaw != nil {
		a.body = []byte(*p.BodyRaw)
	}
	a.body = as(inbox, a.body)
	query := url.Values{}
	for k, v := range p.Request.Query {
		query.Set(k, v)
	}
	for _, h := range how {
		h(&a)
	}
	return key(p.Request.Method, string(as(inbox, []byte(p.Request.Path))), query, p.Request.Body), a
}

// ServeHTTP implements http.Handler.
func (m *meta) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		m.t.Errorf("Meta: %s %s: %v", r.Method, r.URL.Path, err)
	}
	name := key(r.Method, r.URL.Path, r.URL.Query(), body)
	m.mu.Lock()
	m.calls = append(m.calls, graphCall{name, r.URL.RequestURI(), r.URL.Query(), r.Header.Clone(), string(body), time.Now()})
	list := m.played[name]
	if len(list) > 1 {
		m.played[name] = list[1:]
	}
	m.mu.Unlock()
	if len(list) == 0 {
		m.t.Errorf("Meta: nobody said how to answer %s", name)
		w.WriteHeader(http.StatusNotFound)
		return
	}
	a := list[0]
	if a.hold != nil {
		select {
		case <-a.hold:
		case <-r.Context().Done():
			return
		}
	}
	m.clock.advance(a.takes)
	if a.cut {
		panic(http.ErrAbortHandler)
	}
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	}
	w.WriteHeader(a.status)
	if _, err := w.Write(a.body); err != nil {
		m.t.Errorf("Meta: answer %s: %v", name, err)
	}
}

// seen are the names of the calls since a mark, without those that do not matter.
func (m *meta) seen(since int, which func(string) bool) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, c := range m.calls[since:] {
		if which == nil || which(c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

// mark is how many calls were made so far.
func (m *meta) mark() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.calls)
}

// all are the calls since a mark.
func (m *meta) all(since int) []graphCall {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.calls[since:])
}

// registers counts calls of register.
func (m *meta) registers(since int) int {
	return len(m.seen(since, func(name string) bool { return strings.HasSuffix(name, "/register") }))
}

// reads are the given inboxes whose health was read since a mark, each once.
func (m *meta) reads(since int) []int {
	var out []int
	for _, name := range m.seen(since, nil) {
		for _, g := range givenInboxes(m.t) {
			if id := g.Provider.PhoneID; id != "" && name == "GET /"+id && !slices.Contains(out, g.ID) {
				out = append(out, g.ID)
			}
		}
	}
	slices.Sort(out)
	return out
}
