package twitter_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/channels/twitter"
	"tributary/chat"
)

func fetcher(t *testing.T, env *channels.Env) (channels.MediaFetcher, *channels.Channel) {
	t.Helper()
	d := twitter.New(env)
	f, ok := d.(channels.MediaFetcher)
	if !ok {
		t.Fatal("no MediaFetcher")
	}
	return f, newChannel(t, d, true)
}

// TestMediaRequest: files of direct messages are asked for with a signature that
// the stand-in accepts.
func TestMediaRequest(t *testing.T) {
	t.Parallel()
	env, calls := api(t, map[string]string{"GET /1.1/ton/data/dm/1/2/a+b.jpg?x=1%202": "picture"})
	f, ch := fetcher(t, env)
	req, err := f.MediaRequest(t.Context(), ch, &chat.Fetch{Strategy: "url", Ref: env.Setting("TWITTER_API_URL") + "/1.1/ton/data/dm/1/2/a+b.jpg?x=1%202", Auth: "oauth1"})
	if err != nil {
		t.Fatalf("MediaRequest: %v", err)
	}
	if len(*calls) != 0 {
		t.Errorf("X was called while the request was made: %q", *calls)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil || string(body) != "picture" {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestMediaRequestRefused(t *testing.T) {
	t.Parallel()
	keys := map[string]string{"TWITTER_CONSUMER_KEY": "conkey", "TWITTER_CONSUMER_SECRET": "consec"}
	for name, c := range map[string]struct {
		settings map[string]string
		ref      string
		class    chat.ErrorClass
	}{
		"X":              {keys, "https://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg", ""},
		"a film":         {keys, "https://video.twimg.com/dm_video/1/vid/a.mp4", ""},
		"another host":   {keys, "https://files.example.test/a.jpg", chat.Permanent},
		"without TLS":    {keys, "http://ton.twitter.com/a.jpg", chat.Permanent},
		"a name like it": {keys, "https://ton.twitter.com.example.test/a.jpg", chat.Permanent},
		"no keys":        {nil, "https://ton.twitter.com/a.jpg", chat.Config},
	} {
		f, ch := fetcher(t, newEnv(c.settings))
		_, err := f.MediaRequest(t.Context(), ch, &chat.Fetch{Strategy: "url", Ref: c.ref, Auth: "oauth1"})
		if c.class == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var e *channels.SendError
		if !errors.As(err, &e) || e.Class != c.class {
			t.Errorf("%s: got %v, want class %s", name, err, c.class)
		}
	}
}

// TestUploadOfStoredFile: what can be read here is not loaded from our public
// address.
func TestUploadOfStoredFile(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.Write(body)
		switch {
		case strings.Contains(string(body), "INIT"):
			_, _ = io.WriteString(w, `{"media_id_string":"77"}`)
		case strings.HasSuffix(r.URL.Path, "/new.json"):
			_, _ = io.WriteString(w, `{"event":{"id":"1900"}}`)
		default:
			_, _ = io.WriteString(w, `{}`)
		}
	}))
	t.Cleanup(s.Close)
	d := twitter.New(newEnv(map[string]string{"TWITTER_API_URL": s.URL, "TWITTER_CONSUMER_KEY": "conkey", "TWITTER_CONSUMER_SECRET": "consec"}))
	sender, ok := d.(channels.Sender)
	if !ok {
		t.Fatal("no Sender")
	}
	const bytes = "\x89PNG\r\n\x1a\n the stored bytes"
	file := chat.OutAttachment{
		Kind: "image", MIME: "image/png", Filename: "a.png", URL: "http://127.0.0.1:1/unreachable", Size: int64(len(bytes)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(bytes)), nil },
	}
	m := &chat.Outbound{To: "9", Attachments: []chat.OutAttachment{file}, LastIncomingAt: now, Now: now}
	receipt, err := sender.SendPart(t.Context(), newChannel(t, d, true), m, chat.Part{Kind: "image", Attachments: m.Attachments})
	if err != nil || len(receipt.ProviderIDs) != 1 || !strings.Contains(got.String(), "the stored bytes") {
		t.Errorf("got %+v, %v", receipt, err)
	}
	file.Open = func(context.Context) (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }
	m.Attachments = []chat.OutAttachment{file}
	_, err = sender.SendPart(t.Context(), newChannel(t, d, true), m, chat.Part{Kind: "image", Attachments: m.Attachments})
	if class := channels.AsSendError(err).Class; class != chat.Retryable {
		t.Errorf("a file that cannot be read: %v, class %s", err, class)
	}
}
