package instagram_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/channeltest"
	"tributary/channels/facebook"
	"tributary/channels/instagram"
	"tributary/chat"
)

func TestDriver(t *testing.T) { channeltest.Run(t, instagram.New, channeltest.With(facebook.New)) }

func FuzzDriver(f *testing.F) {
	channeltest.Fuzz(f, instagram.New, channeltest.With(facebook.New))
}

var now = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func newEnv(settings map[string]string) *channels.Env {
	return &channels.Env{
		Setting: func(name string) string { return settings[name] },
		HTTP:    http.DefaultClient,
		Now:     func() time.Time { return now },
		Log:     slog.New(slog.DiscardHandler),
	}
}

// directory finds every channel under the one address of these tests.
type directory []*channels.Channel

func (d directory) Find(a chat.Address) []*channels.Channel {
	if a == (chat.Address{Kind: "instagram", Value: "1784"}) {
		return d
	}
	return nil
}

func newChannel(t *testing.T, d channels.Driver, inbox int64, settings string) *channels.Channel {
	t.Helper()
	ch := &channels.Channel{
		InboxID: inbox, AccountID: inbox, Type: d.Info().ChannelType, AccountActive: true, Settings: json.RawMessage(settings),
	}
	config, err := d.Parse(ch.Settings)
	if err != nil {
		t.Fatal(err)
	}
	ch.Config = config
	return ch
}

func post(body, secret string) *channels.Request {
	header := map[string]string{}
	if secret != "" {
		header["X-Hub-Signature-256"] = "sha256=" + channels.HexSHA256(secret, []byte(body))
	}
	return &channels.Request{
		Hook: "webhook", Method: http.MethodPost, Path: "/webhooks/instagram", Body: []byte(body), ReceivedAt: now,
		Header: func(name string) string { return header[name] }, Query: func(string) string { return "" },
	}
}

const storyReply = `{"object":"Instagram","entry":[{"id":"1784","messaging":[{"sender":{"id":"u"},"recipient":{"id":"1784"},
	"timestamp":1760000000001,"message":{"mid":"m","text":"hi","reply_to":{"story":{"id":"18","url":"https://c.example.test/s"}}}}]}]}`

func TestSecretLimitsTransport(t *testing.T) {
	t.Parallel()
	const page, login = "page-secret", "login-secret"
	for _, c := range []struct {
		name              string
		pageKey, loginKey string
		signedWith        string
		channels          string // l: Instagram Login, p: pages of two accounts
		inboxes           []int64
		transport         string
		status            int
	}{
		{"Instagram Login", page, login, login, "lp", []int64{1}, "ig_login", 200},
		{"its key does not speak for pages", page, login, login, "p", nil, "", 200},
		{"page", page, login, page, "p", []int64{2, 3}, "ig_page", 200},
		{"its key does not speak for logins", page, login, page, "l", nil, "", 200},
		{"its key passes a login by", page, login, page, "lp", []int64{2, 3}, "ig_page", 200},
		{"one key for both", page, page, page, "lp", []int64{1}, "ig_login", 200},
		{"one key for both, pages only", page, page, page, "p", []int64{2, 3}, "ig_page", 200},
		{"a foreign key", page, login, "other", "lp", nil, "", 401},
		{"no signature", page, login, "", "lp", nil, "", 401},
		{"nothing configured", "", "", "other", "lp", nil, "", 401},
	} {
		env := newEnv(map[string]string{"FB_APP_SECRET": c.pageKey, "INSTAGRAM_APP_SECRET": c.loginKey})
		d, pages := instagram.New(env), facebook.New(env)
		var dir directory
		for _, kind := range c.channels {
			if kind == 'l' {
				dir = append(dir, newChannel(t, d, 1, `{"instagram_id":"1784","access_token":"tok"}`))
				continue
			}
			for _, inbox := range []int64{2, 3} {
				dir = append(dir, newChannel(t, pages, inbox, `{"page_id":"200","instagram_id":"1784"}`))
			}
		}
		v := channels.Accept(d, d.Info().Hooks[1], post(storyReply, c.signedWith), dir, channels.Enforce)
		if v.Response.Status != c.status {
			t.Errorf("%s: status %d, want %d", c.name, v.Response.Status, c.status)
		}
		var inboxes []int64
		for i := range v.Events {
			e := &v.Events[i]
			inboxes = append(inboxes, e.InboxID)
			if e.Transport != c.transport {
				t.Errorf("%s: transport %s, want %s", c.name, e.Transport, c.transport)
			}
			marked := e.Thread != nil && e.Thread.Attributes["type"] == "instagram_direct_message"
			if marked != (c.transport == "ig_page") {
				t.Errorf("%s: thread %+v", c.name, e.Thread)
			}
			if e.Message.Attributes["story_id"] != "18" || e.Message.Attributes["story_sender"] != "1784" {
				t.Errorf("%s: attributes %v", c.name, e.Message.Attributes)
			}
		}
		if !slices.Equal(inboxes, c.inboxes) {
			t.Errorf("%s: inboxes %v, want %v", c.name, inboxes, c.inboxes)
		}
	}
}

func TestDashboardTestStoresNothing(t *testing.T) {
	t.Parallel()
	body := `{"object":"instagram","entry":[{"id":"0","changes":[
		{"field":"messages","value":{"sender":{"id":"12334"},"recipient":{"id":"23245"},"message":{"mid":"random_mid","text":"random_text"}}},
		{"field":"comments","value":{"id":"5"}}]}]}`
	d := instagram.New(newEnv(map[string]string{"INSTAGRAM_APP_SECRET": "s"}))
	dir := directory{newChannel(t, d, 1, `{"instagram_id":"1784","access_token":"tok"}`)}
	r := post(body, "s")
	events, err := d.Decode(r)
	if err != nil || len(events) != 2 || events[0].Kind != chat.KindTest || events[1].Kind != chat.KindIgnored {
		t.Errorf("got %+v %v, want a test and an ignored event", events, err)
	}
	v := channels.Accept(d, d.Info().Hooks[1], r, dir, channels.Enforce)
	if v.Response.Status != http.StatusOK || v.Response.Body != `"ok"` || len(v.Events) != 0 {
		t.Errorf("got %+v, want 200 and nothing to store", v)
	}
}

func TestWrongObjectNeedsProof(t *testing.T) {
	t.Parallel()
	d := instagram.New(newEnv(map[string]string{"INSTAGRAM_APP_SECRET": "s"}))
	for secret, want := range map[string]int{"s": 422, "": 401} {
		if v := channels.Accept(d, d.Info().Hooks[1], post(`{"entry":[]}`, secret), directory{}, channels.Enforce); v.Response.Status != want {
			t.Errorf("signed with %q: got %d, want %d", secret, v.Response.Status, want)
		}
	}
}

func TestExpiredTokenIsNotUsed(t *testing.T) {
	t.Parallel()
	d := instagram.New(newEnv(nil))
	sender, ok := d.(channels.Sender)
	if !ok {
		t.Fatal("no Sender")
	}
	ch := newChannel(t, d, 1, `{"instagram_id":"1784","access_token":"tok","expires_at":"2026-03-02T11:00:00Z"}`)
	_, err := sender.SendPart(t.Context(), ch, &chat.Outbound{LastIncomingAt: now, Now: now}, chat.Part{Kind: "text", Text: "x"})
	if e := channels.AsSendError(err); err == nil || e.Class != chat.Reauthorize {
		t.Errorf("got %v, want reauthorize", err)
	}
}

func TestSetup(t *testing.T) {
	t.Parallel()
	var calls []string
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Method+" "+r.URL.Path+" "+r.URL.Query().Get("subscribed_fields")+" "+r.URL.Query().Get("access_token"))
		_, _ = io.WriteString(w, `{"success":true}`)
	}))
	t.Cleanup(graph.Close)
	d := instagram.New(newEnv(map[string]string{"INSTAGRAM_GRAPH_URL": graph.URL}))
	creator, ok := d.(channels.Creator)
	if !ok {
		t.Fatal("no Creator")
	}
	if _, err := creator.Create(t.Context(), json.RawMessage(`{"access_token":"tok"}`)); chat.CodeOf(err) != chat.CodeInvalid {
		t.Errorf("without id: got %v, want invalid", err)
	}
	draft, err := creator.Create(t.Context(), json.RawMessage(`{"instagram_id":"1784","access_token":"tok","expires_at":1772452800,"username":"maple"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(draft.Settings), `{"instagram_id":"1784","access_token":"tok","expires_at":"2026-03-02T12:00:00Z"}`; got != want || draft.Name != "maple" {
		t.Errorf("got %s %s, want %s", got, draft.Name, want)
	}
	registrar, ok := d.(channels.Registrar)
	if !ok {
		t.Fatal("no Registrar")
	}
	ch := newChannel(t, d, 1, string(draft.Settings))
	if err := registrar.Register(t.Context(), ch); err != nil {
		t.Error(err)
	}
	if err := registrar.Unregister(t.Context(), ch); err != nil {
		t.Error(err)
	}
	want := []string{
		"POST /v22.0/1784/subscribed_apps messages,message_reactions,messaging_seen,messaging_postbacks,messaging_referral,message_edit,standby tok",
		"DELETE /v22.0/1784/subscribed_apps  tok",
	}
	if !slices.Equal(calls, want) {
		t.Errorf("got %q, want %q", calls, want)
	}
}
