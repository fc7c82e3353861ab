package apichannel_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	apichannel "tributary/channels/api"
	"tributary/channels/channeltest"
	"tributary/chat"
	"tributary/internal/httpx"
	"tributary/wording"
)

func TestDriver(t *testing.T) {
	channeltest.Run(t, func(env *channels.Env) channels.Driver {
		env.Guarded = env.HTTP
		return relayed{apichannel.New(env)}
	}, channeltest.Cases("testdata/out_webhook_ok.json"))
}

// relayed adds the payload that the relay makes of a message.
type relayed struct{ channels.Driver }

func (r relayed) Plan(ch *channels.Channel, m *chat.Outbound) ([]chat.Part, error) {
	return r.Driver.(channels.Sender).Plan(ch, m)
}

func (r relayed) SendPart(ctx context.Context, ch *channels.Channel, m *chat.Outbound, p chat.Part) (channels.Receipt, error) {
	with := *m
	var err error
	with.Webhook, err = json.Marshal(map[string]any{
		"event": "message_created", "id": m.MessageID, "content": m.Content,
		"message_type": "outgoing", "private": false, "source_id": nil,
	})
	if err != nil {
		return channels.Receipt{}, err
	}
	return r.Driver.(channels.Sender).SendPart(ctx, ch, &with, p)
}

// The case of the webhook that does not answer: after three tries the relay
// marks the message failed, and each try gives up after five seconds.
func TestWebhookTimeout(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/out_webhook_timeout.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Given struct {
			Inboxes []json.RawMessage `json:"inboxes"`
		} `json:"given"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	var limit time.Duration
	guarded := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if deadline, ok := r.Context().Deadline(); ok {
			limit = time.Until(deadline)
		}
		return nil, context.DeadlineExceeded
	})}
	d := apichannel.New(newEnv(guarded))
	ch := load(t, d, string(file.Given.Inboxes[0]))
	e := fails(t, d, ch)
	if e.Class != chat.Retryable || e.MaxTries != 3 || e.Code != "timeout" {
		t.Errorf("got class %s, %d tries, code %s, want retryable, 3, timeout", e.Class, e.MaxTries, e.Code)
	}
	if limit <= 0 || limit > 5*time.Second {
		t.Errorf("the call had %v, want at most 5 s", limit)
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	type call struct{ signature, timestamp, contentType, body string }
	calls := make(chan call, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- call{
			r.Header.Get("X-Chatwoot-Signature"), r.Header.Get("X-Chatwoot-Timestamp"), r.Header.Get("Content-Type"), string(body),
		}
	}))
	defer server.Close()
	d := apichannel.New(newEnv(httpx.NewGuarded(true)))
	for attributes, signed := range map[string]bool{
		`{}`: false, `{"sign_webhooks":false}`: false, `{"sign_webhooks":"false"}`: false,
		`{"sign_webhooks":true}`: true, `{"sign_webhooks":"true"}`: true,
	} {
		ch := load(t, d, `{"hmac_token":"key","webhook_url":"`+server.URL+`/hook","additional_attributes":`+attributes+`}`)
		if _, err := send(t, d, ch); err != nil {
			t.Fatalf("%s: %v", attributes, err)
		}
		got := <-calls
		want := ""
		if signed {
			want = "sha256=" + channels.HexSHA256("key", []byte(got.timestamp+"."+got.body))
		}
		if (got.timestamp != "") != signed {
			t.Errorf("%s: the headers are %+v", attributes, got)
		}
		if got.signature != want || got.contentType != "application/json" || got.body != payload {
			t.Errorf("%s: got %+v, want signature %q", attributes, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusTemporaryRedirect)
		case "/401":
			w.WriteHeader(http.StatusUnauthorized)
		case "/429":
			w.Header().Set("Retry-After", "9")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/503":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	tests := []struct {
		path  string
		class chat.ErrorClass
		tries int
		text  string
	}{
		{"/moved", chat.Permanent, 0, "302 Found"},
		{"/loop", chat.Permanent, 0, "307 Temporary Redirect"},
		{"/401", chat.Permanent, 0, "401 Unauthorized"},
		{"/429", chat.Throttled, 3, "429 Too Many Requests"},
		{"/503", chat.Retryable, 3, "503 Service Unavailable"},
	}
	d := apichannel.New(newEnv(httpx.NewGuarded(true)))
	for _, test := range tests {
		e := fails(t, d, load(t, d, `{"webhook_url":"`+server.URL+test.path+`?key=s3cret"}`))
		if e.Class != test.class || e.MaxTries != test.tries || e.Words(wording.English) != test.text {
			t.Errorf("%s: got %s, %d tries, %q, want %s, %d, %q", test.path, e.Class, e.MaxTries, e.Words(wording.English), test.class, test.tries, test.text)
		}
		for err := error(e); err != nil; err = errors.Unwrap(err) {
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s: an error shows the query: %v", test.path, err)
			}
		}
	}
	for _, address := range []string{server.URL, "https://127.0.0.1/", "https://169.254.169.254/", "https://[::1]/"} {
		d := apichannel.New(newEnv(httpx.NewGuarded(false)))
		e := fails(t, d, load(t, d, `{"webhook_url":"`+address+`"}`))
		if e.Class != chat.Permanent || e.Code != "forbidden" {
			t.Errorf("%s: got %s %s, want permanent, forbidden", address, e.Class, e.Code)
		}
	}
}

func TestPlanWithoutWebhook(t *testing.T) {
	t.Parallel()
	d := apichannel.New(newEnv(nil))
	for _, settings := range []string{`{}`, `{"webhook_url":null}`, `{"webhook_url":" "}`} {
		parts, err := d.(channels.Sender).Plan(load(t, d, settings), &chat.Outbound{Content: "x"})
		if err != nil || len(parts) != 0 {
			t.Errorf("%s: got %v, %v, want no parts", settings, parts, err)
		}
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	d := apichannel.New(newEnv(nil))
	creator := d.(channels.Creator)
	draft, err := creator.Create(t.Context(), json.RawMessage(`{"type":"api","webhook_url":"https://x.test/hook",
		"hmac_mandatory":"false","additional_attributes":{"agent_reply_time_window":"24","x":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	ch := load(t, d, string(draft.Settings))
	got := d.(channels.Presenter).Present(ch, true)
	identifier, _ := got["inbox_identifier"].(string)
	secret, _ := got["hmac_token"].(string)
	base58 := regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{24}$`)
	if !base58.MatchString(identifier) || !base58.MatchString(secret) || identifier == secret {
		t.Errorf("identifier %q, hmac_token %q: want two base58 tokens of 24", identifier, secret)
	}
	if url, _ := got["webhook_url"].(*string); url == nil || *url != "https://x.test/hook" || got["hmac_mandatory"] != false {
		t.Errorf("presented %v", got)
	}
	if _, ok := d.(channels.Presenter).Present(ch, false)["hmac_token"]; ok {
		t.Error("an agent sees hmac_token")
	}
	if w := d.(channels.Windowed).Window(ch); w != 24*time.Hour {
		t.Errorf("window %v, want 24 h", w)
	}
	want := []channels.Binding{{Address: chat.Address{Kind: "api", Value: identifier}}}
	if a := d.Addresses(ch); !slices.Equal(a, want) {
		t.Errorf("addresses %v, want %v", a, want)
	}

	settings, err := creator.Update(t.Context(), ch, json.RawMessage(`{"webhook_url":null,"additional_attributes":{"y":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	changed := load(t, d, string(settings))
	after := d.(channels.Presenter).Present(changed, true)
	if url, _ := after["webhook_url"].(*string); url != nil || after["inbox_identifier"] != identifier || after["hmac_token"] != secret {
		t.Errorf("after the update: %v", after)
	}
	if a, _ := after["additional_attributes"].(map[string]any); len(a) != 1 || a["y"] != 2.0 {
		t.Errorf("additional_attributes %v, want only y", a)
	}
	if w := d.(channels.Windowed).Window(changed); w != 0 {
		t.Errorf("window %v, want none", w)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	creator := apichannel.New(newEnv(nil)).(channels.Creator)
	long := strings.Repeat("ü", 2049)
	tests := []struct {
		params     string
		message    string
		attributes []string
	}{
		{`{"webhook_url":"` + long + `"}`, "Webhook url is too long (maximum is 2048 characters)", []string{"webhook_url"}},
		{`{"additional_attributes":{"agent_reply_time_window":0}}`, "Agent reply time window must be greater than 0", []string{"agent_reply_time_window"}},
		{`{"additional_attributes":{"agent_reply_time_window":"-3"}}`, "Agent reply time window must be greater than 0", []string{"agent_reply_time_window"}},
		{`{"additional_attributes":{"agent_reply_time_window":"soon"}}`, "Agent reply time window must be greater than 0", []string{"agent_reply_time_window"}},
		{
			`{"webhook_url":"` + long + `","additional_attributes":{"agent_reply_time_window":-1}}`,
			"Webhook url is too long (maximum is 2048 characters), Agent reply time window must be greater than 0",
			[]string{"webhook_url", "agent_reply_time_window"},
		},
	}
	for _, test := range tests {
		_, err := creator.Create(t.Context(), json.RawMessage(test.params))
		var e *chat.Error
		if !errors.As(err, &e) || e.Code != chat.CodeInvalid || e.Message != test.message || !slices.Equal(e.Attributes, test.attributes) {
			t.Errorf("got %v, want %q %v", err, test.message, test.attributes)
		}
	}
	for _, params := range []string{`{}`, ``, `{"webhook_url":"` + long[:4096] + `"}`, `{"additional_attributes":{"agent_reply_time_window":""}}`, `{"additional_attributes":null}`} {
		if _, err := creator.Create(t.Context(), json.RawMessage(params)); err != nil {
			t.Errorf("%.60s: %v", params, err)
		}
	}
}

const payload = `{"event":"message_created","id":1}`

func send(t *testing.T, d channels.Driver, ch *channels.Channel) (channels.Receipt, error) {
	t.Helper()
	m := &chat.Outbound{Webhook: []byte(payload)}
	parts, err := d.(channels.Sender).Plan(ch, m)
	if err != nil || len(parts) != 1 || parts[0].Kind != "webhook" {
		t.Fatalf("plan: %v, %v, want one webhook", parts, err)
	}
	return d.(channels.Sender).SendPart(t.Context(), ch, m, parts[0])
}

func fails(t *testing.T, d channels.Driver, ch *channels.Channel) *channels.SendError {
	t.Helper()
	_, err := send(t, d, ch)
	var e *channels.SendError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *channels.SendError", err)
	}
	return e
}

func load(t *testing.T, d channels.Driver, settings string) *channels.Channel {
	t.Helper()
	config, err := d.Parse(json.RawMessage(settings))
	if err != nil {
		t.Fatal(err)
	}
	return &channels.Channel{ID: 1, InboxID: 1, AccountID: 1, Type: "Channel::Api", Settings: json.RawMessage(settings), Config: config, AccountActive: true}
}

func newEnv(guarded *http.Client) *channels.Env {
	return &channels.Env{
		Setting: func(string) string { return "" },
		Guarded: guarded,
		Now:     time.Now,
		Log:     slog.New(slog.DiscardHandler),
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
