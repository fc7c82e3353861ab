package channeltest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// outboundRows are the rows about sending, in the order of the table.
var outboundRows = []string{
	"send text", "send attachment", "send several", "send choice", "send reply", "send template",
	"presence", "split", "retry", "re-authorise", "window",
}

// surveyOutbound sends the message of a case and notes what arrived.
func (s *suite) surveyOutbound(t *testing.T, one *testCase, found Capabilities) {
	t.Helper()
	provider := &script{tb: t, calls: one.Calls}
	w := s.newWorld(t, one, provider)
	ch := w.own()
	sender, ok := w.driver.(channels.Sender)
	if !ok {
		return
	}
	provider.fill = filler(jobID, decodeJSON(t, ch.Settings))
	m := newOutbound(t, one, ch)
	parts, _ := sender.Plan(ch, m)
	got := send(t, sender, ch, m, provider.left)
	if got.err != nil {
		if len(one.Calls) > 0 && got.err.Words(wording.English) != "" {
			found.note("failed", "on sending", one.name())
		}
		return
	}
	if m.Content != "" {
		found.note("send text", "", one.name())
	}
	for _, a := range m.Attachments {
		found.note("send attachment", a.Kind, one.name())
	}
	if len(m.Attachments) > 1 {
		found.note("send several", "", one.name())
	}
	if len(m.Items) > 0 {
		found.note("send choice", choiceForm(parts), one.name())
	}
	if m.Template != nil && len(parts) > 0 && parts[0].Kind == "template" {
		found.note("send template", "", one.name())
	}
	if m.ReplyTo != "" || m.QuoteToken != "" {
		bare := *m
		bare.ReplyTo, bare.QuoteToken = "", ""
		if s.firstCall(t, one, m) != s.firstCall(t, one, &bare) {
			found.note("send reply", "", one.name())
		}
	}
}

// choiceForm tells whether options became buttons, or text to answer by hand.
func choiceForm(parts []chat.Part) string {
	for _, p := range parts {
		if p.Kind == "buttons" || p.Kind == "list" || len(p.Items) > 0 || p.Kind == "webhook" {
			return "buttons"
		}
	}
	return "text"
}

// firstCall is what the provider is sent first for m.
func (s *suite) firstCall(t *testing.T, one *testCase, m *chat.Outbound) string {
	t.Helper()
	sent := ""
	w := s.newWorld(t, one, recorder(func(text string) {
		if sent == "" {
			sent = text
		}
	}))
	sender, _ := w.driver.(channels.Sender)
	parts, err := sender.Plan(w.own(), m)
	if err != nil || len(parts) == 0 {
		return ""
	}
	_, _ = sender.SendPart(context.Background(), w.own(), m, parts[0])
	return sent
}

// recorder is a provider that is busy and remembers what it was sent.
type recorder func(sent string)

// RoundTrip implements http.RoundTripper.
func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
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
	r(req.URL.String() + "\n" + string(body))
	return respond(req, http.StatusServiceUnavailable, nil, http.Header{}), nil
}

// surveyDriver asks the driver itself: which optional interfaces it has for the
// channel, how it splits, and which verdicts it gives.
func (s *suite) surveyDriver(t *testing.T, c Column, found Capabilities) {
	t.Helper()
	var home *testCase
	for _, one := range s.cases {
		if one.outbound() && c.owns(s.newWorld(t, one, refuseCalls{t}).own()) {
			home = one
			break
		}
	}
	if home == nil {
		return
	}
	w := s.newWorld(t, home, refuseCalls{t})
	ch := w.own()
	if sender, ok := w.driver.(channels.Sender); ok {
		m := blank(ch)
		m.Content = strings.TrimSpace(strings.Repeat("many words ", 3000))
		if parts, err := sender.Plan(ch, m); err == nil && len(parts) > 1 {
			found.note("split", "", "a text of 33,000 characters")
		}
		s.surveyWebhook(t, home, found)
		if s.verdict(t, home, http.StatusServiceUnavailable) == chat.Retryable {
			found.note("retry", "", "the provider answers 503")
		}
		if s.verdict(t, home, http.StatusUnauthorized) == chat.Reauthorize {
			found.note("re-authorise", "", "the provider answers 401")
		}
	}
	if _, ok := w.driver.(channels.Typist); ok && shows(w.driver, ch) {
		found.note("presence", "typing", "channels.Typist")
	}
	if _, ok := w.driver.(channels.MarkReader); ok {
		found.note("presence", "read", "channels.MarkReader")
	}
	if windowed, ok := w.driver.(channels.Windowed); ok && windowed.Window(ch) > 0 {
		found.note("window", "", "channels.Windowed")
	}
}

// surveyWebhook notes what a channel carries that is given the whole message as
// the API shows it: everything that a message can hold.
func (s *suite) surveyWebhook(t *testing.T, home *testCase, found Capabilities) {
	t.Helper()
	w := s.newWorld(t, home, refuseCalls{t})
	m := blank(w.own())
	m.Webhook = []byte(`{"event":"message_created","content":"a","attachments":[{"id":1},{"id":2}]}`)
	sender, _ := w.driver.(channels.Sender)
	parts, err := sender.Plan(w.own(), m)
	if err != nil || len(parts) != 1 || parts[0].Kind != "webhook" {
		return
	}
	if sent := s.firstCall(t, home, m); strings.HasSuffix(sent, "\n"+string(m.Webhook)) {
		for _, row := range []string{"send text", "send attachment", "send several", "send choice", "send reply"} {
			facet := ""
			if row == "send choice" {
				facet = "buttons"
			}
			found.note(row, facet, "the whole message_created payload is posted")
		}
	}
}

// shows tells whether the channel has a typing indicator at all.
func shows(d channels.Driver, ch *channels.Channel) bool {
	pace, ok := d.(channels.TypingPace)
	if !ok {
		return true
	}
	lasts, _ := pace.TypingPace(ch)
	return lasts > 0
}

// verdict is the class of the error when the provider answers a text with status.
func (s *suite) verdict(t *testing.T, one *testCase, status int) chat.ErrorClass {
	t.Helper()
	w := s.newWorld(t, one, transport(func(req *http.Request) (*http.Response, error) {
		// In the words of a provider that repeats the status in the body (Telegram).
		body := fmt.Sprintf(`{"ok":false,"error_code":%d,"description":"refused"}`, status)
		return respond(req, status, []byte(body), http.Header{"Content-Type": {"application/json"}}), nil
	}))
	sender, _ := w.driver.(channels.Sender)
	m := blank(w.own())
	m.Content, m.Webhook = "hello", json.RawMessage(`{"event":"message_created"}`)
	parts, err := sender.Plan(w.own(), m)
	if err != nil || len(parts) == 0 {
		return ""
	}
	_, err = sender.SendPart(context.Background(), w.own(), m, parts[0])
	if err == nil {
		return ""
	}
	return channels.AsSendError(err).Class
}
