package line_test

import (
	"errors"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

func TestMediaRequest(t *testing.T) {
	t.Parallel()
	d := newDriver("")
	ch := load(t, d, []byte(`{"line_channel_id":"2001","line_channel_secret":"s","line_channel_token":"t"}`))
	req, err := d.MediaRequest(t.Context(), ch, &chat.Fetch{Strategy: "line_content_id", Ref: "56/1"})
	if err != nil {
		t.Fatalf("MediaRequest: %v", err)
	}
	if got, want := req.URL.String(), "https://api-data.line.me/v2/bot/message/56%2F1/content"; got != want {
		t.Errorf("URL: got %s, want %s", got, want)
	}
	if got := req.Header.Get("Authorization"); got != "Bearer t" {
		t.Errorf("Authorization: got %q, want the channel token", got)
	}
	for name, c := range map[string]struct {
		ch    *channels.Channel
		f     chat.Fetch
		class chat.ErrorClass
	}{
		"elsewhere":  {ch, chat.Fetch{Strategy: "url", Ref: "https://files.example.test/a"}, chat.Permanent},
		"no content": {ch, chat.Fetch{Strategy: "line_content_id"}, chat.Permanent},
		"no token":   {&channels.Channel{}, chat.Fetch{Strategy: "line_content_id", Ref: "1"}, chat.Config},
	} {
		var e *channels.SendError
		if _, err := d.MediaRequest(t.Context(), c.ch, &c.f); !errors.As(err, &e) || e.Class != c.class {
			t.Errorf("%s: got %v, want class %s", name, err, c.class)
		}
	}
}
