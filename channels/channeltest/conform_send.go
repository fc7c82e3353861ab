package channeltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// statuses are what a provider, its gateway or a proxy may answer.
var statuses = []int{
	200, 201, 202, 204, 206, 300, 301, 302, 304, 307, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410,
	412, 413, 414, 415, 418, 422, 423, 424, 425, 426, 428, 429, 431, 451, 499,
	500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 521, 522, 523, 524, 525, 526, 530, 598, 599,
}

var bodies = map[string]string{
	"empty":     "",
	"object":    "{}",
	"array":     "[]",
	"null":      "null",
	"text":      "no",
	"truncated": `{"error":{"message":"n`,
	"types":     `{"error":7,"message":{"a":[1]},"id":{"b":null},"messages":"x","sentMessages":[null],"result":[],"code":"x","description":[1],"details":[3]}`,
	"json":      `{"message":"refused","error":{"message":"refused"},"description":"refused"}`,
	"html":      "<html><body><h1>Bad gateway</h1></body></html>",
}

var classes = map[chat.ErrorClass]bool{
	chat.Retryable: true, chat.Throttled: true, chat.Permanent: true, chat.WindowClosed: true,
	chat.OptedOut: true, chat.Reauthorize: true, chat.Config: true,
}

// transport is a provider made of a function.
type transport func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
		if err := req.Body.Close(); err != nil {
			return nil, err
		}
	}
	return f(req)
}

// sample is a message to send in a world.
type sample struct {
	c    *testCase
	name string
	make func(ch *channels.Channel) *chat.Outbound
}

// conformSender checks what every driver that sends must do.
func (s *suite) conformSender(t *testing.T) {
	t.Helper()
	if _, ok := s.build(newEnv(nil, refuseCalls{t})).(channels.Sender); !ok {
		return
	}
	samples := s.samples(t)
	for _, sm := range samples {
		t.Run("conformance/send/"+sm.name, func(t *testing.T) {
			t.Run("plan", func(t *testing.T) { s.checkPlan(t, sm) })
			t.Run("answers", func(t *testing.T) { s.checkAnswers(t, sm) })
			t.Run("no answer", func(t *testing.T) { s.checkNoAnswer(t, sm) })
		})
	}
}

// samples are the messages of the outbound cases and some that no case has.
func (s *suite) samples(t *testing.T) []sample {
	t.Helper()
	var out []sample
	var home *testCase
	for _, c := range s.cases {
		if s.newWorld(t, c, refuseCalls{t}).own() == nil {
			continue
		}
		if home == nil || c.outbound() && !home.outbound() {
			home = c
		}
		if c.outbound() {
			out = append(out, sample{c, c.name(), func(ch *channels.Channel) *chat.Outbound { return newOutbound(t, c, ch) }})
		}
	}
	if home == nil {
		t.Fatalf("channeltest: no case has an inbox of the driver's type")
	}
	add := func(name string, change func(m *chat.Outbound)) {
		out = append(out, sample{home, name, func(ch *channels.Channel) *chat.Outbound {
			m := blank(ch)
			change(m)
			return m
		}})
	}
	add("text", func(m *chat.Outbound) { m.Content = "hello" })
	add("long text", func(m *chat.Outbound) {
		m.Content = strings.Repeat("Grüße 👩‍👩‍👧‍👦 \n\nпривет ", 1500)
	})
	add("long word", func(m *chat.Outbound) { m.Content = strings.Repeat("ě👍🏽", 9000) })
	add("nothing", func(*chat.Outbound) {})
	add("white space", func(m *chat.Outbound) { m.Content = " \n\t " })
	add("bad template", func(m *chat.Outbound) {
		m.Content, m.Template = "x", map[string]any{"name": 7, "processed_params": []any{nil, 3}}
	})
	add("items", func(m *chat.Outbound) {
		m.Content, m.ContentType = "choose", "input_select"
		for range 14 {
			m.Items = append(m.Items, chat.Item{Title: strings.Repeat("ü", 60), Value: strings.Repeat("v", 300)}, chat.Item{})
		}
	})
	add("attachments", func(m *chat.Outbound) {
		m.Content, m.ReplyTo = "files", "not-a-number"
		for i := range 15 {
			kind := []string{"image", "audio", "video", "file", "location"}[i%5]
			m.Attachments = append(m.Attachments, chat.OutAttachment{
				ID: int64(i), Kind: kind, URL: fmt.Sprintf("%s/blob/%d", frontend, i), Filename: "f",
			})
		}
	})
	return out
}

// checkPlan plans twice: the same parts, and the message untouched.
func (s *suite) checkPlan(t *testing.T, sm sample) {
	w := s.newWorld(t, sm.c, refuseCalls{t})
	ch := w.own()
	sender, m := w.driver.(channels.Sender), sm.make(ch)
	first, err := sender.Plan(ch, m)
	if err != nil {
		w.checkSendError(t, ch, "plan", err)
	}
	if again := sm.make(ch); !reflect.DeepEqual(again, m) {
		t.Errorf("Plan changes the message:\n%+v\n%+v", again, m)
	}
	second, _ := sender.Plan(ch, sm.make(ch))
	if !reflect.DeepEqual(first, second) {
		t.Errorf("Plan twice differs:\n%+v\n%+v", first, second)
	}
	raw, err := json.Marshal(first)
	if err != nil {
		t.Errorf("the parts cannot be stored: %v", err)
	}
	var back []chat.Part
	if err := json.Unmarshal(raw, &back); err != nil || len(back) != len(first) {
		t.Errorf("the parts cannot be read back: %v", err)
	}
}

// checkAnswers lets the provider answer everything that HTTP knows.
func (s *suite) checkAnswers(t *testing.T, sm sample) {
	m, part, ok := s.first(t, sm)
	if !ok {
		return
	}
	for _, status := range statuses {
		for name, body := range bodies {
			header := http.Header{"Content-Type": {"application/json"}}
			if status == http.StatusTooManyRequests {
				header.Set("Retry-After", "7")
			}
			w := s.newWorld(t, sm.c, transport(func(req *http.Request) (*http.Response, error) {
				return respond(req, status, []byte(body), header.Clone()), nil
			}))
			what := fmt.Sprintf("%d with body %q", status, name)
			ch := w.own()
			_, err := w.driver.(channels.Sender).SendPart(context.Background(), ch, m, part)
			if err == nil {
				// 409 is what providers with idempotency keys answer to a repetition.
				if status >= 300 && status != http.StatusConflict {
					t.Errorf("%s counts as sent", what)
				}
				continue
			}
			e := w.checkSendError(t, ch, what, err)
			if e == nil {
				continue
			}
			switch {
			case status == http.StatusTooManyRequests && (e.Class != chat.Throttled || e.RetryAfter != 7*time.Second):
				t.Errorf("%s: got class %s after %v, want throttled after 7s", what, e.Class, e.RetryAfter)
			case status >= 500 && e.Class != chat.Retryable:
				t.Errorf("%s: got class %s, want retryable", what, e.Class)
			}
		}
	}
}

// first is the first part of a sample; ok is false when the driver refuses to
// plan it.
func (s *suite) first(t *testing.T, sm sample) (m *chat.Outbound, part chat.Part, ok bool) {
	t.Helper()
	w := s.newWorld(t, sm.c, refuseCalls{t})
	m = sm.make(w.own())
	parts, err := w.driver.(channels.Sender).Plan(w.own(), m)
	if err != nil || len(parts) == 0 {
		return nil, chat.Part{}, false
	}
	return m, parts[0], true
}

// brokenBody is a body that breaks off.
type brokenBody struct{ io.Reader }

// Close implements io.Closer.
func (brokenBody) Close() error { return nil }

// Read implements io.Reader.
func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// checkNoAnswer lets the connection hang, break and be refused.
func (s *suite) checkNoAnswer(t *testing.T, sm sample) {
	ways := map[string]transport{
		"hang": func(req *http.Request) (*http.Response, error) {
			select {
			case <-req.Context().Done():
				return nil, req.Context().Err()
			case <-time.After(10 * time.Second):
				return nil, errors.New("channeltest: the deadline of the context is ignored")
			}
		},
		"reset": func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
		},
		"refused": func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		},
		"no such host": func(req *http.Request) (*http.Response, error) {
			return nil, &net.DNSError{Err: "no such host", Name: req.URL.Hostname(), IsNotFound: true}
		},
		"cut off": func(req *http.Request) (*http.Response, error) {
			res := respond(req, http.StatusOK, nil, http.Header{})
			res.Body, res.ContentLength = brokenBody{strings.NewReader(`{"id":`)}, 100
			return res, nil
		},
	}
	m, part, ok := s.first(t, sm)
	if !ok {
		return
	}
	for name, way := range ways {
		w := s.newWorld(t, sm.c, way)
		ch := w.own()
		ctx := context.Background()
		if name == "hang" {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
		}
		_, err := w.driver.(channels.Sender).SendPart(ctx, ch, m, part)
		if err == nil {
			t.Errorf("%s counts as sent", name)
			continue
		}
		if e := w.checkSendError(t, ch, name, err); e != nil && e.Class != chat.Retryable {
			t.Errorf("%s: got class %s, want retryable", name, e.Class)
		}
	}
}

var anyURL = regexp.MustCompile(`https?://`)

// checkSendError holds an error to the contract of Sender.
func (w *world) checkSendError(t *testing.T, ch *channels.Channel, what string, err error) *channels.SendError {
	t.Helper()
	var e *channels.SendError
	if !errors.As(err, &e) {
		t.Errorf("%s: not a *channels.SendError: %T", what, err)
		return nil
	}
	if !classes[e.Class] {
		t.Errorf("%s: unknown class %q", what, e.Class)
	}
	if words := e.Words(wording.English); words == "" || strings.ContainsAny(words, "<>\x00") {
		t.Errorf("%s: the text is %q, want something to read", what, words)
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		text := cause.Error()
		if anyURL.MatchString(text) {
			t.Errorf("%s: an error names a URL: %s", what, text)
		}
		for name, secret := range w.secrets(t, ch) {
			if strings.Contains(text, secret) {
				t.Errorf("%s: an error shows the secret %s", what, name)
			}
		}
	}
	return e
}

// secrets are the values that may not be shown.
func (w *world) secrets(t *testing.T, ch *channels.Channel) map[string]string {
	t.Helper()
	out := map[string]string{}
	names := secretNames(w.driver)
	var walk func(v any)
	walk = func(v any) {
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		for k, child := range m {
			if text, ok := child.(string); ok && names[k] && len(text) > 5 {
				out[k] = text
			}
			walk(child)
		}
	}
	walk(decodeJSON(t, ch.Settings))
	return out
}
