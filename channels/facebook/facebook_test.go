package facebook_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/channeltest"
	"tributary/channels/facebook"
	"tributary/channels/meta"
	"tributary/chat"
)

func TestDriver(t *testing.T) { channeltest.Run(t, facebook.New) }

func FuzzDriver(f *testing.F) { channeltest.Fuzz(f, facebook.New) }

var now = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func newEnv(settings map[string]string) *channels.Env {
	return &channels.Env{
		Setting: func(name string) string { return settings[name] },
		HTTP:    http.DefaultClient,
		Now:     func() time.Time { return now },
		Log:     slog.New(slog.DiscardHandler),
	}
}

type directory []*channels.Channel

func (d directory) Find(chat.Address) []*channels.Channel { return d }

func newChannel(t *testing.T, d channels.Driver) *channels.Channel {
	t.Helper()
	ch := &channels.Channel{
		InboxID: 41, AccountID: 7, Type: "Channel::FacebookPage", AccountActive: true,
		Settings: json.RawMessage(`{"page_id":"200","page_access_token":"tok","user_access_token":"u","instagram_id":"1784"}`),
	}
	config, err := d.Parse(ch.Settings)
	if err != nil {
		t.Fatal(err)
	}
	ch.Config = config
	return ch
}

func post(body string, header map[string]string) *channels.Request {
	return &channels.Request{
		Hook: "webhook", Method: http.MethodPost, Path: "/bot", Body: []byte(body), ReceivedAt: now,
		Header: func(name string) string { return header[name] }, Query: func(string) string { return "" },
	}
}

func accept(d channels.Driver, dir channels.Directory, r *channels.Request) channels.Verdict {
	return channels.Accept(d, d.Info().Hooks[1], r, dir, channels.Enforce)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	const secret = "s"
	sha1Of := func(body string) string {
		mac := hmac.New(sha1.New, []byte(secret))
		mac.Write([]byte(body))
		return "sha1=" + hex.EncodeToString(mac.Sum(nil))
	}
	sha256Of := func(body string) string { return "sha256=" + channels.HexSHA256(secret, []byte(body)) }
	text := `{"object":"page","entry":[{"id":"200","messaging":[{"sender":{"id":"u"},"recipient":{"id":"200"},"timestamp":1760000000001,"message":{"mid":"m","text":"hi"}}]}]}`
	for _, c := range []struct {
		name, body string
		header     map[string]string
		status     int
		answer     string
		events     int
	}{
		{"only the older signature", text, map[string]string{"X-Hub-Signature": sha1Of(text)}, 200, "", 1},
		{"garbage, signed", "no json", map[string]string{"X-Hub-Signature-256": sha256Of("no json")}, 400, "Error parsing request body format", 0},
		{"garbage, not signed", "no json", nil, 400, "Error getting integrity signature", 0},
		{"another object", `{"object":"user","entry":[{"id":"200"}]}`, map[string]string{"X-Hub-Signature-256": sha256Of(`{"object":"user","entry":[{"id":"200"}]}`)}, 200, "", 1},
		{"nothing", `{"object":"page"}`, map[string]string{"X-Hub-Signature-256": sha256Of(`{"object":"page"}`)}, 200, "", 0},
	} {
		d := facebook.New(newEnv(map[string]string{"FB_APP_SECRET": secret}))
		v := accept(d, directory{newChannel(t, d)}, post(c.body, c.header))
		if v.Response.Status != c.status || v.Response.Body != c.answer || len(v.Events) != c.events {
			t.Errorf("%s: got %d %q %d events, want %d %q %d", c.name, v.Response.Status, v.Response.Body, len(v.Events), c.status, c.answer, c.events)
		}
	}
	d := facebook.New(newEnv(nil))
	if v := accept(d, directory{newChannel(t, d)}, post(text, map[string]string{"X-Hub-Signature-256": sha256Of(text)})); v.Rejected != channels.ProofNoSecret || v.Response.Status != 400 {
		t.Errorf("without a secret: got %d %s", v.Response.Status, v.Rejected)
	}
}

func TestHandshakeNeedsConfiguredToken(t *testing.T) {
	t.Parallel()
	query := map[string]string{"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}
	r := &channels.Request{Query: func(name string) string { return query[name] }}
	challenger, ok := facebook.New(newEnv(nil)).(channels.Challenger)
	if !ok {
		t.Fatal("no Challenger")
	}
	if got := challenger.Challenge(r, nil); got.Status != http.StatusUnauthorized || got.Body != "Error; wrong verify token" {
		t.Errorf("got %+v, want 401", got)
	}
}

func TestDeliveryAndStickers(t *testing.T) {
	t.Parallel()
	d := facebook.New(newEnv(nil))
	event := func(fields string) string {
		return `{"sender":{"id":"u"},"recipient":{"id":"200"},"timestamp":1760000000001,` + fields + `}`
	}
	body := `{"object":"page","entry":[{"id":"200","messaging":[` + strings.Join([]string{
		event(`"delivery":{"mids":["a","b"],"watermark":1}`),
		event(`"delivery":{"watermark":1760000000000}`),
		event(`"message":{"mid":"s","attachments":[{"type":"image","payload":{"url":"https://c.example.test/l.png","sticker_id":369239343222814}}]}`),
		event(`"take_thread_control":{"previous_owner_app_id":"1","metadata":"x"}`),
		event(`"messaging_feedback":{"feedback_screens":[{"screen_id":0,"questions":{"q1":{"type":"csat","payload":"5","follow_up":{"type":"free_form","payload":"great"}}}}]}`),
		event(`"policy_enforcement":{"action":"warning","reason":"spam"}`),
		event(`"message":{"mid":"t","text":"see","attachments":[{"type":"template","payload":{}}]}`),
	}, ",") + `]}]}`
	events, err := d.Decode(post(body, nil))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range events {
		e := &events[i]
		line := string(e.Kind) + " " + e.Key
		if strings.HasPrefix(e.Key, "ev:") {
			line = string(e.Kind)
		}
		if e.Message != nil {
			line += " " + e.Message.Content + fmt.Sprint(" ", e.Message.Unsupported())
		}
		got = append(got, line)
	}
	want := []string{
		"status st:a:delivered", "status st:b:delivered", "watermark wm:delivery:u:1760000000000",
		"message msg:s 👍 false", "thread_control", "interaction q1: 5\ngreat false", "account_event", "message msg:t see true",
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// graph is a stand-in of graph.facebook.com that notes the calls.
func graph(t *testing.T, answer string) (address string, calls *[]string) {
	t.Helper()
	calls = &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("body: %v", err)
		}
		*calls = append(*calls, r.Method+" "+r.URL.Path+" "+r.URL.Query().Get("access_token")+" "+string(body))
		if got, want := r.URL.Query().Get("appsecret_proof"), meta.AppSecretProof("app", "tok"); got != want {
			t.Errorf("appsecret_proof: got %q, want %q", got, want)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

func TestLinkedInstagramReply(t *testing.T) {
	t.Parallel()
	address, calls := graph(t, `{"message_id":"ig1"}`)
	d := facebook.New(newEnv(map[string]string{"FACEBOOK_GRAPH_URL": address, "FB_APP_SECRET": "app", "FACEBOOK_API_VERSION": "v21.0"}))
	sender, ok := d.(channels.Sender)
	if !ok {
		t.Fatal("no Sender")
	}
	m := &chat.Outbound{
		To: "9", Content: "hej", ThreadType: "instagram_direct_message", ReplyTo: "mid.1", LastIncomingAt: now, Now: now,
	}
	ch := newChannel(t, d)
	parts, err := sender.Plan(ch, m)
	if err != nil || len(parts) != 1 {
		t.Fatalf("Plan: %v %v", parts, err)
	}
	receipt, err := sender.SendPart(t.Context(), ch, m, parts[0])
	if err != nil || len(receipt.ProviderIDs) != 1 || receipt.ProviderIDs[0] != "ig1" {
		t.Fatalf("SendPart: %+v %v", receipt, err)
	}
	want := `POST /v21.0/me/messages tok {"recipient":{"id":"9"},"message":{"text":"hej"},"reply_to":{"mid":"mid.1"}}`
	if (*calls)[0] != want {
		t.Errorf("got  %s\nwant %s", (*calls)[0], want)
	}
}

func TestSetup(t *testing.T) {
	t.Parallel()
	address, calls := graph(t, `{"name":"Maple","instagram_business_account":{"id":"1784"},"success":true}`)
	d := facebook.New(newEnv(map[string]string{"FACEBOOK_GRAPH_URL": address, "FB_APP_SECRET": "app"}))
	creator, ok := d.(channels.Creator)
	if !ok {
		t.Fatal("no Creator")
	}
	if _, err := creator.Create(t.Context(), json.RawMessage(`{"page_id":"200"}`)); chat.CodeOf(err) != chat.CodeInvalid {
		t.Errorf("without tokens: got %v, want invalid", err)
	}
	draft, err := creator.Create(t.Context(), json.RawMessage(`{"page_id":200,"page_access_token":"tok","user_access_token":"u"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(draft.Settings), `{"page_id":"200","page_access_token":"tok","user_access_token":"u","instagram_id":"1784"}`; got != want || draft.Name != "Maple" {
		t.Errorf("got %s %s, want %s", got, draft.Name, want)
	}
	registrar, ok := d.(channels.Registrar)
	if !ok {
		t.Fatal("no Registrar")
	}
	ch := newChannel(t, d)
	if err := registrar.Register(t.Context(), ch); err != nil {
		t.Errorf("Register: %v", err)
	}
	if err := registrar.Unregister(t.Context(), ch); err != nil {
		t.Errorf("Unregister: %v", err)
	}
	if got := (*calls)[1]; !strings.HasPrefix(got, "POST /v18.0/me/subscribed_apps tok {") || !strings.Contains(got, `"message_reactions"`) {
		t.Errorf("subscribe: got %s", got)
	}
	if got, want := (*calls)[2], "DELETE /v18.0/me/subscribed_apps tok "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
