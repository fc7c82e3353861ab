package twitter_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/channeltest"
	"tributary/channels/twitter"
	"tributary/chat"
)

func TestDriver(t *testing.T) { channeltest.Run(t, twitter.New) }

func FuzzDriver(f *testing.F) { channeltest.Fuzz(f, twitter.New) }

var now = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func newEnv(settings map[string]string) *channels.Env {
	return &channels.Env{
		Setting:   func(name string) string { return settings[name] },
		PublicURL: "https://desk.example.test",
		HTTP:      http.DefaultClient,
		Now:       func() time.Time { return now },
		Log:       slog.New(slog.DiscardHandler),
	}
}

func newChannel(t *testing.T, d channels.Driver, tweets bool) *channels.Channel {
	t.Helper()
	ch := &channels.Channel{
		InboxID: 44, AccountID: 7, Type: "Channel::TwitterProfile", AccountActive: true,
		Settings: json.RawMessage(fmt.Sprintf(
			`{"profile_id":"15","twitter_access_token":"tok","twitter_access_token_secret":"toksec","tweets_enabled":%t}`, tweets)),
	}
	config, err := d.Parse(ch.Settings)
	if err != nil {
		t.Fatal(err)
	}
	ch.Config = config
	return ch
}

type directory []*channels.Channel

func (d directory) Find(chat.Address) []*channels.Channel { return d }

func post(body string) *channels.Request {
	sum := "sha256=" + channels.Base64SHA256("consec", []byte(body))
	return &channels.Request{
		Hook: "webhook", Method: http.MethodPost, Path: "/webhooks/twitter", Body: []byte(body), ReceivedAt: now,
		Header: func(name string) string {
			if name == "x-twitter-webhooks-signature" {
				return sum
			}
			return ""
		},
		Query: func(string) string { return "" },
	}
}

func tweet(id, author, rest string) string {
	return `{"id_str":"` + id + `","text":"hi &amp; bye","created_at":"Thu Oct 09 08:53:20 +0000 2025","user":{"id_str":"` + author + `","screen_name":"a"}` + rest + `}`
}

func TestTweets(t *testing.T) {
	t.Parallel()
	const us = `,"entities":{"user_mentions":[{"id_str":"15"}]}`
	body := `{"for_user_id":"15","tweet_create_events":[` + strings.Join([]string{
		tweet("1", "7", us),
		tweet("2", "7", us+`,"retweeted_status":`+tweet("3", "15", "")),
		tweet("4", "7", us+`,"retweeted_status":`+tweet("5", "8", us)),
		tweet("6", "7", `,"quoted_status":`+tweet("7", "15", "")),
		tweet("8", "7", us+`,"quoted_status":`+tweet("9", "15", "")),
		tweet("10", "15", `,"in_reply_to_status_id_str":"1","in_reply_to_user_id_str":"7"`),
		tweet("11", "15", ``),
		`"no tweet"`,
	}, ",") + `],"tweet_delete_events":[{"status":{"id":"1","user_id":"7"},"timestamp_ms":"1760000000000"}],
		"block_events":[{"type":"block","created_timestamp":"1760000000000","source":{"id":"15"},"target":{"id":"7"}}],"favorite_events":[{}]}`
	for _, enabled := range []bool{true, false} {
		d := twitter.New(newEnv(map[string]string{"TWITTER_CONSUMER_SECRET": "consec"}))
		v := channels.Accept(d, d.Info().Hooks[1], post(body), directory{newChannel(t, d, enabled)}, channels.Enforce)
		var got []string
		for i := range v.Events {
			e := &v.Events[i]
			line := string(e.Kind) + " " + e.Reason
			if e.Contact != nil {
				line += " from " + e.Contact.SourceID
			}
			if e.Thread != nil {
				line += " in " + e.Thread.Key
			}
			got = append(got, line)
			if e.Message != nil && e.Message.Content != "hi & bye" {
				t.Errorf("content: got %q", e.Message.Content)
			}
		}
		want := []string{
			"message  from 7 in 1", "ignored retweet", "message  from 7 in 4", "ignored quote", "message  from 7 in 8",
			"echo  from 7 in 1", "echo  from 15 in 11", "ignored unknown_event", "delete  from 7 in ", "block  from 7", "ignored favorite",
		}
		if !enabled {
			for i, line := range want {
				if kind, rest, _ := strings.Cut(line, " "); kind == "message" || kind == "echo" || kind == "delete" {
					want[i] = "ignored tweets_disabled" + rest
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("tweets %t:\ngot  %q\nwant %q", enabled, got, want)
		}
	}
}

func TestDirectMessageParts(t *testing.T) {
	t.Parallel()
	dm := func(id, data string) string {
		return `{"type":"message_create","id":"` + id + `","created_timestamp":"1760000000000","message_create":{"sender_id":"7","target":{"recipient_id":"15"},"message_data":` + data + `}}`
	}
	body := `{"for_user_id":"15","direct_message_events":[` + strings.Join([]string{
		dm("1", `{"text":"","attachment":{"type":"media","media":{"type":"video","media_url_https":"https://p.example.test/t.jpg","video_info":{"duration_millis":900,"variants":[
			{"content_type":"application/x-mpegURL","url":"https://v.example.test/p.m3u8"},{"bitrate":1,"content_type":"video/mp4","url":"https://v.example.test/1.mp4"},{"bitrate":2,"content_type":"video/mp4","url":"https://v.example.test/2.mp4"}]}}}}`),
		dm("2", `{"text":"here","attachment":{"type":"location","location":{"type":"shared_coordinate","shared_coordinate":{"coordinates":{"type":"Point","coordinates":[-8.6,41.1]}}}}}`),
		dm("3", `{"text":"Large","quick_reply_response":{"type":"options","metadata":"l"}}`),
		dm("4", `{}`),
	}, ",") + `]}`
	events, err := twitter.New(newEnv(nil)).Decode(post(body))
	if err != nil || len(events) != 4 {
		t.Fatalf("got %d events, %v", len(events), err)
	}
	if a := events[0].Message.Attachments; len(a) != 1 || a[0].Kind != "video" || a[0].Fetch.Ref != "https://v.example.test/2.mp4" || a[0].Fetch.Auth != "oauth1" {
		t.Errorf("video: got %+v", a)
	}
	if a := events[1].Message.Attachments; len(a) != 1 || a[0].Lat != 41.1 || a[0].Long != -8.6 {
		t.Errorf("location: got %+v", a)
	}
	if i := events[2].Message.Interaction; i == nil || i.Payload != "l" || i.Title != "Large" {
		t.Errorf("quick reply: got %+v", i)
	}
	if !events[3].Message.Unsupported() {
		t.Error("a message without content is not marked")
	}
}

func TestTweetLength(t *testing.T) {
	t.Parallel()
	d := twitter.New(newEnv(nil))
	sender, ok := d.(channels.Sender)
	if !ok {
		t.Fatal("no Sender")
	}
	const room = 280 - len("@ada ")
	link := "https://example.test/" + strings.Repeat("x", 100)
	for _, c := range []struct {
		name, text string
		parts      int
	}{
		{"Latin fits", strings.Repeat("é", room), 1},
		{"one too many", strings.Repeat("é", room+1), 2},
		{"CJK counts twice", strings.Repeat("字", room/2), 1},
		{"CJK, one too many", strings.Repeat("字", room/2+1), 2},
		{"an emoji family counts two", strings.Repeat("👩‍👩‍👧‍👦", room/2), 1},
		{"a flag counts two", strings.Repeat("🇸🇪", room/2), 1},
		{"a link counts 23", strings.Repeat("a", room-24) + " " + link, 1},
	} {
		parts, err := sender.Plan(nil, &chat.Outbound{Content: c.text, ThreadType: "tweet", ScreenName: "ada"})
		if err != nil || len(parts) != c.parts {
			t.Errorf("%s: got %d parts, %v; want %d", c.name, len(parts), err, c.parts)
		}
	}
	if parts, err := sender.Plan(nil, &chat.Outbound{Content: strings.Repeat("字", 10001), ThreadType: "direct_message"}); err != nil || len(parts) != 2 {
		t.Errorf("direct message: got %d parts, %v; want 2", len(parts), err)
	}
}

// signature computes the OAuth 1.0a signature of a request anew (RFC 5849,
// section 3.4), over the URL that the server was called by.
func signature(r *http.Request, form url.Values) string {
	auth := map[string]string{}
	for field := range strings.SplitSeq(strings.TrimPrefix(r.Header.Get("Authorization"), "OAuth "), ", ") {
		key, value, _ := strings.Cut(field, "=")
		plain, err := url.PathUnescape(strings.Trim(value, `"`))
		if err == nil {
			auth[key] = plain
		}
	}
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	var pairs []string
	for key, value := range auth {
		if key != "oauth_signature" {
			pairs = append(pairs, escape(key)+"="+escape(value))
		}
	}
	for _, values := range []url.Values{form, r.URL.Query()} {
		for key := range values {
			pairs = append(pairs, escape(key)+"="+escape(values.Get(key)))
		}
	}
	slices.Sort(pairs)
	base := r.Method + "&" + escape("http://"+r.Host+r.URL.Path) + "&" + escape(strings.Join(pairs, "&"))
	mac := hmac.New(sha1.New, []byte("consec&toksec"))
	mac.Write([]byte(base))
	if got, want := auth["oauth_signature"], base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want {
		return "bad signature"
	}
	if auth["oauth_consumer_key"] != "conkey" || auth["oauth_token"] != "tok" || auth["oauth_signature_method"] != "HMAC-SHA1" {
		return "bad parameters"
	}
	return "signed"
}

// api is a stand-in of X that checks signatures and notes the calls.
func api(t *testing.T, answers map[string]string) (*channels.Env, *[]string) {
	t.Helper()
	calls := &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("body: %v", err)
		}
		var form url.Values
		if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
			if form, err = url.ParseQuery(string(body)); err != nil {
				t.Errorf("form: %v", err)
			}
		}
		if got := signature(r, form); got != "signed" {
			t.Errorf("%s %s: %s", r.Method, r.URL, got)
		}
		call := r.Method + " " + r.URL.RequestURI()
		*calls = append(*calls, strings.TrimSpace(call+" "+string(body)))
		answer, ok := answers[call]
		if !ok {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if status, text, ok := strings.Cut(answer, "|"); ok {
			answer = text
			if status == "404" {
				w.WriteHeader(http.StatusNotFound)
			}
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return newEnv(map[string]string{
		"TWITTER_API_URL": s.URL, "TWITTER_CONSUMER_KEY": "conkey", "TWITTER_CONSUMER_SECRET": "consec", "TWITTER_ENVIRONMENT": "prod",
	}), calls
}

func TestSignedTweet(t *testing.T) {
	t.Parallel()
	env, calls := api(t, map[string]string{"POST /1.1/statuses/update.json": `{"id":1900000000000001999}`})
	d := twitter.New(env)
	sender, ok := d.(channels.Sender)
	if !ok {
		t.Fatal("no Sender")
	}
	ch := newChannel(t, d, true)
	m := &chat.Outbound{Content: "Ladies + Gentlemen, it's 100 % ☃", ThreadType: "tweet", Conversation: map[string]any{"tweet_id": "77"}}
	receipt, err := sender.SendPart(t.Context(), ch, m, chat.Part{Kind: "text", Text: m.Content})
	if err != nil || !slices.Equal(receipt.ProviderIDs, []string{"1900000000000001999"}) {
		t.Errorf("got %+v %v", receipt, err)
	}
	want := "POST /1.1/statuses/update.json " + url.Values{
		"status": {m.Content}, "in_reply_to_status_id": {"77"}, "auto_populate_reply_metadata": {"true"},
	}.Encode()
	if (*calls)[0] != want {
		t.Errorf("got  %s\nwant %s", (*calls)[0], want)
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	const base = "/1.1/account_activity/all/prod"
	env, calls := api(t, map[string]string{
		"GET " + base + "/webhooks.json":      `200|[{"id":"9","url":"https://other.example.test/hook"}]`,
		"GET " + base + "/subscriptions.json": `404|{"errors":[{"code":34,"message":"Sorry, that page does not exist."}]}`,
	})
	d := twitter.New(env)
	registrar, ok := d.(channels.Registrar)
	if !ok {
		t.Fatal("no Registrar")
	}
	ch := newChannel(t, d, true)
	if err := registrar.Register(t.Context(), ch); err != nil {
		t.Fatal(err)
	}
	if err := registrar.Unregister(t.Context(), ch); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET " + base + "/webhooks.json",
		"DELETE " + base + "/webhooks/9.json",
		"POST " + base + "/webhooks.json?url=https%3A%2F%2Fdesk.example.test%2Fwebhooks%2Ftwitter",
		"GET " + base + "/subscriptions.json",
		"POST " + base + "/subscriptions.json",
		"DELETE " + base + "/subscriptions.json",
	}
	if !slices.Equal(*calls, want) {
		t.Errorf("got  %q\nwant %q", *calls, want)
	}
}

func TestCreateAndUpdate(t *testing.T) {
	t.Parallel()
	d := twitter.New(newEnv(nil))
	creator, ok := d.(channels.Creator)
	if !ok {
		t.Fatal("no Creator")
	}
	if _, err := creator.Create(t.Context(), json.RawMessage(`{"profile_id":"15"}`)); chat.CodeOf(err) != chat.CodeInvalid {
		t.Errorf("without token: got %v, want invalid", err)
	}
	draft, err := creator.Create(t.Context(), json.RawMessage(`{"profile_id":15,"twitter_access_token":"a","twitter_access_token_secret":"b","screen_name":"mapleandrye"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(draft.Settings), `{"profile_id":"15","twitter_access_token":"a","twitter_access_token_secret":"b","tweets_enabled":true}`; got != want || draft.Name != "mapleandrye" {
		t.Errorf("got %s %s, want %s", got, draft.Name, want)
	}
	changed, err := creator.Update(t.Context(), newChannel(t, d, true), json.RawMessage(`{"tweets_enabled":"false","profile_id":"99"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(changed), `{"profile_id":"15","twitter_access_token":"tok","twitter_access_token_secret":"toksec","tweets_enabled":false}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestChallengeNeedsSecretAndToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		secret, token string
		want          int
	}{{"", "x", 503}, {"s", "", 400}, {"s", "x", 200}} {
		challenger, ok := twitter.New(newEnv(map[string]string{"TWITTER_CONSUMER_SECRET": c.secret})).(channels.Challenger)
		if !ok {
			t.Fatal("no Challenger")
		}
		r := &channels.Request{Query: func(string) string { return c.token }}
		if got := challenger.Challenge(r, nil); got.Status != c.want {
			t.Errorf("%+v: got %d, want %d", c, got.Status, c.want)
		}
	}
}
