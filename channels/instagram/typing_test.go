package instagram_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"tributary/channels"
	"tributary/channels/instagram"
	"tributary/chat"
)

func TestTypingAndReadMarks(t *testing.T) {
	t.Parallel()
	var calls []string
	answer := `` // without an error is a success
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		calls = append(calls, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Authorization"), body))
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(api.Close)
	d := instagram.New(newEnv(map[string]string{"INSTAGRAM_GRAPH_URL": api.URL}))
	typist, _ := d.(channels.Typist)
	reader, ok := d.(channels.MarkReader)
	if typist == nil || !ok {
		t.Fatal("no Typist or MarkReader")
	}
	ch := newChannel(t, d, 1, `{"instagram_id":"1784","access_token":"tok"}`)
	for _, on := range []bool{true, false} {
		if err := typist.Typing(t.Context(), ch, &chat.Outbound{To: "9"}, on); err != nil {
			t.Errorf("Typing %t: %v", on, err)
		}
	}
	if err := reader.MarkRead(t.Context(), ch, &chat.Outbound{To: "9"}); err != nil {
		t.Errorf("MarkRead: %v", err)
	}
	want := []string{
		`POST /v22.0/1784/messages Bearer tok {"recipient":{"id":"9"},"sender_action":"typing_on"}`,
		`POST /v22.0/1784/messages Bearer tok {"recipient":{"id":"9"},"sender_action":"typing_off"}`,
		`POST /v22.0/1784/messages Bearer tok {"recipient":{"id":"9"},"sender_action":"mark_seen"}`,
	}
	if !slices.Equal(calls, want) {
		t.Errorf("calls\n got %q\nwant %q", calls, want)
	}
	answer = `{"error":{"message":"bad","code":190}}`
	if err := reader.MarkRead(t.Context(), ch, &chat.Outbound{To: "9"}); err == nil || channels.AsSendError(err).Class != chat.Reauthorize {
		t.Errorf("a dead token: got %v", err)
	}
}
