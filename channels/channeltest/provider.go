package channeltest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var errUnexpected = errors.New("channeltest: unexpected call")

// script is a stand-in of a provider that answers the calls of a case in order.
type script struct {
	tb    testing.TB
	calls []providerCall
	fill  func(string) string // resolves placeholders

	mu   sync.Mutex
	next int
}

// left is how many calls are still expected.
func (s *script) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls) - s.next
}

// RoundTrip implements http.RoundTripper.
func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		if err := req.Body.Close(); err != nil {
			return nil, err
		}
	}
	if s.next >= len(s.calls) {
		s.tb.Errorf("unexpected provider call: %s %s\n%s", req.Method, req.URL, body)
		return nil, errUnexpected
	}
	call := &s.calls[s.next]
	s.compare(call, req, body)
	s.next++
	return respond(req, call.Response.Status, responseBody(s.tb, call), responseHeader(call)), nil
}

func (s *script) compare(call *providerCall, req *http.Request, body []byte) {
	s.tb.Helper()
	n := "provider call " + strconv.Itoa(s.next+1) + ": "
	if req.Method != call.Request.Method {
		s.tb.Errorf("%smethod: got %s, want %s", n, req.Method, call.Request.Method)
	}
	want, err := url.Parse(s.fill(call.Request.URL))
	if err != nil {
		s.tb.Errorf("%sthe case's URL: %v", n, err)
		return
	}
	if req.URL.Scheme != want.Scheme || req.URL.Host != want.Host || req.URL.Path != want.Path {
		s.tb.Errorf("%sURL: got %s, want %s", n, req.URL, want)
	}
	for key, values := range want.Query() {
		if got := req.URL.Query().Get(key); got != values[0] {
			s.tb.Errorf("%squery %s: got %q, want %q", n, key, got, values[0])
		}
	}
	for key, value := range call.Request.Headers {
		if got := req.Header.Get(key); got != s.fill(value) {
			s.tb.Errorf("%sheader %s: got %q, want %q", n, key, got, s.fill(value))
		}
	}
	if len(call.Request.Body) > 0 {
		got, err := parseJSON(body)
		if err != nil {
			s.tb.Errorf("%sbody %q: %v", n, body, err)
			return
		}
		for _, d := range (matcher{strict: true}).diff("", decodeJSON(s.tb, call.Request.Body), got) {
			s.tb.Errorf("%sbody %s", n, d)
		}
	}
	s.compareForm(n, call, body)
}

func (s *script) compareForm(n string, call *providerCall, body []byte) {
	s.tb.Helper()
	if call.Request.Form == nil {
		return
	}
	got, err := url.ParseQuery(string(body))
	if err != nil {
		s.tb.Errorf("%sform %q: %v", n, body, err)
		return
	}
	for key, want := range formValues(s.tb, call.Request.Form) {
		if g := got[key]; strings.Join(g, "\x00") != strings.Join(want, "\x00") {
			s.tb.Errorf("%sform %s: got %q, want %q", n, key, g, want)
		}
	}
}

func responseBody(tb testing.TB, call *providerCall) []byte {
	tb.Helper()
	if len(call.Response.Body) == 0 {
		return nil
	}
	if text, ok := decodeJSON(tb, call.Response.Body).(string); ok {
		return []byte(text)
	}
	var b bytes.Buffer
	if err := json.Compact(&b, call.Response.Body); err != nil {
		tb.Errorf("channeltest: response body: %v", err)
	}
	return b.Bytes()
}

func responseHeader(call *providerCall) http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	if call.Response.ContentType != "" {
		h.Set("Content-Type", call.Response.ContentType)
	}
	for k, v := range call.Response.Headers {
		h.Set(k, v)
	}
	return h
}

func respond(req *http.Request, status int, body []byte, header http.Header) *http.Response {
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

var placeholder = regexp.MustCompile(`<([a-z_]+)(?::([a-z_]+))?>`)

// filler resolves <job_id>, <setting> and <setting:setting>.
func filler(jobID string, settings any) func(string) string {
	return func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(m string) string {
			names := placeholder.FindStringSubmatch(m)
			if names[1] == "job_id" {
				return jobID
			}
			first := find(settings, names[1])
			if names[2] == "" {
				return first
			}
			return base64.StdEncoding.EncodeToString([]byte(first + ":" + find(settings, names[2])))
		})
	}
}

// find is the first text of that name anywhere in a JSON tree.
func find(v any, name string) string {
	switch v := v.(type) {
	case map[string]any:
		if s, ok := v[name].(string); ok {
			return s
		}
		for _, child := range v {
			if s := find(child, name); s != "" {
				return s
			}
		}
	case []any:
		for _, child := range v {
			if s := find(child, name); s != "" {
				return s
			}
		}
	}
	return ""
}
