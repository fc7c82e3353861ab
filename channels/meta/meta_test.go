package meta_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/meta"
	"tributary/chat"
)

var now = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func newEnv(settings map[string]string) *channels.Env {
	return &channels.Env{
		Setting: func(name string) string { return settings[name] },
		HTTP:    http.DefaultClient,
		Now:     func() time.Time { return now },
		Log:     slog.New(slog.DiscardHandler),
	}
}

func signed(body string, header map[string]string) *channels.Request {
	return &channels.Request{Body: []byte(body), Header: func(name string) string { return header[name] }}
}

func TestProve(t *testing.T) {
	t.Parallel()
	// HMACs of "The quick brown fox jumps over the lazy dog" under "key", as
	// listed in Wikipedia's article on HMAC.
	const (
		body = "The quick brown fox jumps over the lazy dog"
		s256 = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
		s1   = "sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"
	)
	for _, c := range []struct {
		name, secret string
		header       map[string]string
		sha1         bool
		want         string
	}{
		{"sha256", "key", map[string]string{"X-Hub-Signature-256": s256}, false, channels.ProofOK},
		{"sha1 where it is allowed", "key", map[string]string{"X-Hub-Signature": s1}, true, channels.ProofOK},
		{"sha1 where it is not", "key", map[string]string{"X-Hub-Signature": s1}, false, channels.ProofMissing},
		{"the better one decides", "key", map[string]string{"X-Hub-Signature-256": "sha256=00", "X-Hub-Signature": s1}, true, channels.ProofBad},
		{"none", "key", nil, true, channels.ProofMissing},
		{"wrong prefix", "key", map[string]string{"X-Hub-Signature-256": s256[7:]}, true, channels.ProofMissing},
		{"empty", "key", map[string]string{"X-Hub-Signature-256": "sha256="}, true, channels.ProofBad},
		{"no secret", "", map[string]string{"X-Hub-Signature-256": s256}, true, channels.ProofNoSecret},
	} {
		if got := meta.Prove(c.secret, signed(body, c.header), c.sha1); got.Result != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got.Result, c.want)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   chat.ErrorClass
		tries  int
	}{
		{400, `{"error":{"code":1}}`, chat.Retryable, 0},
		{400, `{"error":{"code":2}}`, chat.Retryable, 0},
		{400, `{"error":{"code":1200}}`, chat.Retryable, 0},
		{503, `<html>`, chat.Retryable, 0},
		{500, `{"error":{"code":77}}`, chat.Retryable, 0},
		{400, `{"error":{"code":77,"is_transient":true}}`, chat.Retryable, 0},
		{400, `{"error":{"code":4}}`, chat.Throttled, 0},
		{400, `{"error":{"code":4,"error_subcode":2018022}}`, chat.Throttled, 0},
		{400, `{"error":{"code":17}}`, chat.Throttled, 0},
		{400, `{"error":{"code":32}}`, chat.Throttled, 0},
		{400, `{"error":{"code":613}}`, chat.Throttled, 0},
		{400, `{"error":{"code":80006}}`, chat.Throttled, 0},
		{429, ``, chat.Throttled, 0},
		{400, `{"error":{"code":10,"error_subcode":2018278}}`, chat.WindowClosed, 0},
		{400, `{"error":{"code":10,"error_subcode":2018065}}`, chat.WindowClosed, 0},
		{400, `{"error":{"code":551}}`, chat.OptedOut, 0},
		{400, `{"error":{"code":200,"error_subcode":1545041}}`, chat.OptedOut, 0},
		{400, `{"error":{"code":10,"error_subcode":2018108}}`, chat.OptedOut, 0},
		{400, `{"error":{"code":100,"error_subcode":2018001}}`, chat.Permanent, 0},
		{400, `{"error":{"code":100,"error_subcode":2018109}}`, chat.Permanent, 0},
		{400, `{"error":{"code":100}}`, chat.Permanent, 0},
		{400, `{"error":{"code":100,"error_subcode":2018008}}`, chat.Retryable, 2},
		{400, `{"error":{"code":100,"error_subcode":2018047}}`, chat.Retryable, 2},
		{400, `{"error":{"code":190,"error_subcode":460}}`, chat.Reauthorize, 0},
		{400, `{"error":{"code":10}}`, chat.Reauthorize, 0},
		{400, `{"error":{"code":200}}`, chat.Reauthorize, 0},
		{400, `{"error":{"code":230}}`, chat.Reauthorize, 0},
		{400, `{"error":{"code":299}}`, chat.Reauthorize, 0},
		{400, `{"error":{"code":368}}`, chat.Permanent, 0},
		{400, `{"error":{"code":12345}}`, chat.Permanent, 0},
		{200, `{"error":{"code":12345}}`, chat.Permanent, 0},
	} {
		e := meta.Classify(&channels.Answer{Status: c.status, Header: http.Header{}, Body: []byte(c.body)}, now)
		if e == nil || e.Class != c.want || e.MaxTries != c.tries {
			t.Errorf("%d %s: got %+v, want %s", c.status, c.body, e, c.want)
		}
	}
	if e := meta.Classify(&channels.Answer{Status: 200, Body: []byte(`{"message_id":"m"}`)}, now); e != nil {
		t.Errorf("a success is refused: %v", e)
	}
}

func TestOddShapesCostOnlyThemselves(t *testing.T) {
	t.Parallel()
	body := `{"object":"page","entry":["x",{"id":7,"messaging":[
		{"sender":{"id":"u"},"recipient":{"id":7},"timestamp":"1760000000","message":"no object"},
		42,
		{"sender":{"id":"u"},"recipient":{"id":7},"timestamp":1760000000001,"message":{"mid":"m1","text":"a\u0000b","attachments":{}}},
		{"recipient":{"id":7},"message":{"mid":"m2","text":"from nobody"}}]}]}`
	envelope, err := meta.Open([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	events := meta.Decoder{Channel: "facebook"}.Entry(1, &envelope.Entry[1])
	if len(events) != 4 {
		t.Fatalf("got %d events, want 4", len(events))
	}
	want := []chat.Kind{chat.KindMessage, chat.KindIgnored, chat.KindMessage, chat.KindIgnored}
	for i, ev := range events {
		if ev.Kind != want[i] || ev.Address.Value != "7" || ev.Key == "" {
			t.Errorf("event %d: got %s of %+v key %q, want %s", i, ev.Kind, ev.Address, ev.Key, want[i])
		}
	}
	if !events[0].Message.Unsupported() {
		t.Error("a message without content is not marked")
	}
	if got := events[2].Message.Content; got != "ab" {
		t.Errorf("content: got %q, want %q", got, "ab")
	}
	for _, bad := range []string{"", "[]", `"x"`, "{", "null"} {
		if _, err := meta.Open([]byte(bad)); !errors.Is(err, channels.ErrFormat) {
			t.Errorf("Open(%q): got %v, want ErrFormat", bad, err)
		}
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	const (
		messenger = "ENABLE_MESSENGER_CHANNEL_HUMAN_AGENT"
		login     = "ENABLE_INSTAGRAM_CHANNEL_HUMAN_AGENT"
	)
	for _, c := range []struct {
		name      string
		transport meta.Transport
		settings  map[string]string
		age       time.Duration // negative: nothing ever came in
		kind, tag string
		closed    bool
	}{
		{"inside", meta.Messenger(), nil, 23 * time.Hour, "RESPONSE", "", false},
		{"outside", meta.Messenger(), nil, 25 * time.Hour, "", "", true},
		{"human agent", meta.Messenger(), map[string]string{messenger: "true"}, 6 * 24 * time.Hour, "MESSAGE_TAG", "HUMAN_AGENT", false},
		{"too late for a human agent", meta.Messenger(), map[string]string{messenger: "true"}, 8 * 24 * time.Hour, "", "", true},
		{"nothing came in", meta.Messenger(), nil, -1, "", "", true},
		{"configured tag", meta.Messenger(), map[string]string{"FACEBOOK_MESSAGE_TAG": "ACCOUNT_UPDATE"}, 30 * 24 * time.Hour, "MESSAGE_TAG", "ACCOUNT_UPDATE", false},
		{"Instagram inside", meta.LoginDirect(), map[string]string{login: "1"}, time.Hour, "", "", false},
		{"Instagram human agent", meta.LoginDirect(), map[string]string{login: "1"}, 48 * time.Hour, "MESSAGE_TAG", "HUMAN_AGENT", false},
		{"Instagram by the page has Messenger's switch", meta.PageDirect(), map[string]string{login: "1"}, 48 * time.Hour, "", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var sent struct {
				Type string `json:"messaging_type"`
				Tag  string `json:"tag"`
			}
			graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
					t.Errorf("body: %v", err)
				}
				_, _ = io.WriteString(w, `{"message_id":"m1"}`)
			}))
			defer graph.Close()
			settings := map[string]string{"FACEBOOK_GRAPH_URL": graph.URL}
			maps.Copy(settings, c.settings)
			env := newEnv(settings)
			m := &chat.Outbound{To: "u", Content: "hi", Now: now}
			if c.age >= 0 {
				m.LastIncomingAt = now.Add(-c.age)
			}
			parts, err := c.transport.Plan(env, m)
			if c.closed {
				if e := channels.AsSendError(err); err == nil || e.Class != chat.WindowClosed {
					t.Fatalf("got %v, want window_closed", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.transport.Send(t.Context(), env, meta.Page(env, "tok"), "/me/messages", m, parts[0]); err != nil {
				t.Fatal(err)
			}
			if sent.Type != c.kind || sent.Tag != c.tag {
				t.Errorf("got %q %q, want %q %q", sent.Type, sent.Tag, c.kind, c.tag)
			}
		})
	}
}

func TestPlanOrder(t *testing.T) {
	t.Parallel()
	env := newEnv(nil)
	file := chat.OutAttachment{Kind: "location", URL: "https://desk.example.test/f"}
	m := &chat.Outbound{Content: "pick", Attachments: []chat.OutAttachment{file}, LastIncomingAt: now, Now: now}
	kinds := func(tr meta.Transport) string {
		parts, err := tr.Plan(env, m)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, p := range parts {
			out = append(out, p.Kind)
		}
		return strings.Join(out, " ")
	}
	if got, want := kinds(meta.Messenger()), "text file"; got != want {
		t.Errorf("Messenger: got %s, want %s", got, want)
	}
	if got, want := kinds(meta.PageDirect()), "file text"; got != want {
		t.Errorf("Instagram: got %s, want %s", got, want)
	}
	m.ContentType, m.Items = "input_select", []chat.Item{{Title: "A", Value: "a"}}
	if got, want := kinds(meta.Messenger()), "file text"; got != want {
		t.Errorf("with quick replies: got %s, want %s", got, want)
	}
}

func TestTokensStayOut(t *testing.T) {
	t.Parallel()
	var query map[string][]string
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query = r.URL.Query()
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":190,"message":"Malformed access token EAAsecret"}}`)
	}))
	address := graph.URL
	env := newEnv(map[string]string{"FACEBOOK_GRAPH_URL": address, "FB_APP_SECRET": "app"})
	err := meta.Page(env, "EAAsecret").Call(t.Context(), http.MethodGet, "/me", nil, nil, nil)
	if err == nil || strings.Contains(err.Error(), "EAAsecret") || channels.AsSendError(err).Class != chat.Reauthorize {
		t.Errorf("got %v, want a redacted reauthorize", err)
	}
	if got := query["appsecret_proof"]; len(got) != 1 || got[0] != meta.AppSecretProof("app", "EAAsecret") {
		t.Errorf("appsecret_proof: got %v", got)
	}
	graph.Close()
	err = meta.Page(env, "EAAsecret").Call(t.Context(), http.MethodGet, "/me", nil, nil, nil)
	if err == nil || strings.Contains(err.Error(), "EAAsecret") || channels.AsSendError(err).Class != chat.Retryable {
		t.Errorf("got %v, want a redacted retryable", err)
	}
}

// A reaction that is taken off within the millisecond in which it was put on is an
// event of its own: with the same key it would count as a repetition.
func TestReactionsOfOneMillisecond(t *testing.T) {
	t.Parallel()
	entry := &meta.Entry{ID: "1"}
	for _, action := range []string{`"react","emoji":"❤️"`, `"react","emoji":"👍"`, `"unreact"`} {
		entry.Messaging = append(entry.Messaging, json.RawMessage(
			`{"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1760300000000,"reaction":{"mid":"m1","action":`+action+`}}`))
	}
	keys := map[string]bool{}
	for _, ev := range (meta.Decoder{Channel: "facebook"}).Entry(0, entry) {
		if ev.Kind != chat.KindReaction {
			t.Fatalf("decoded as %s", ev.Kind)
		}
		keys[ev.Key] = true
	}
	if len(keys) != 3 {
		t.Errorf("three reactions have the keys %v", keys)
	}
}
