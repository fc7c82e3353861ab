package line_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

func TestTypingAndReadMarks(t *testing.T) {
	t.Parallel()
	var calls []string
	status := http.StatusAccepted
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		calls = append(calls, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Authorization"), body))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"message":"no"}`)
	}))
	t.Cleanup(api.Close)
	d := newDriver(api.URL)
	ch := load(t, d, []byte(`{"line_channel_id":"2001","line_channel_secret":"s","line_channel_token":"t"}`))
	m := &chat.Outbound{To: "U1", LastIncomingID: "17", ReadToken: "mr1"}
	for i, err := range []error{
		d.Typing(t.Context(), ch, m, true), d.Typing(t.Context(), ch, m, false),
		d.MarkRead(t.Context(), ch, m), d.MarkRead(t.Context(), ch, &chat.Outbound{To: "U1", LastIncomingID: "17"}),
	} {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	want := []string{
		`POST /v2/bot/chat/loading/start Bearer t {"chatId":"U1","loadingSeconds":20}`,
		`POST /v2/bot/chat/markAsRead Bearer t {"markAsReadToken":"mr1"}`,
	}
	if !slices.Equal(calls, want) {
		t.Errorf("calls\n got %q\nwant %q", calls, want)
	}
	status = http.StatusForbidden
	if e := channels.AsSendError(d.MarkRead(t.Context(), ch, m)); e.Class != chat.Permanent || e.Text != "no" {
		t.Errorf("refused: got %+v", e)
	}
	if e := channels.AsSendError(d.MarkRead(t.Context(), load(t, d, []byte(`{}`)), m)); e.Class != chat.Config {
		t.Errorf("without a token: got %+v", e)
	}
}
