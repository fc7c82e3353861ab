package facebook_test

import (
	"slices"
	"testing"

	"tributary/channels"
	"tributary/channels/facebook"
	"tributary/chat"
)

func TestTypingAndReadMarks(t *testing.T) {
	t.Parallel()
	address, calls := graph(t, `{"recipient_id":"9"}`)
	d := facebook.New(newEnv(map[string]string{"FACEBOOK_GRAPH_URL": address, "FB_APP_SECRET": "app"}))
	typist, _ := d.(channels.Typist)
	reader, ok := d.(channels.MarkReader)
	if typist == nil || !ok {
		t.Fatal("no Typist or MarkReader")
	}
	ch := newChannel(t, d)
	page, linked := &chat.Outbound{To: "9"}, &chat.Outbound{To: "8", ThreadType: "instagram_direct_message"}
	for i, err := range []error{
		typist.Typing(t.Context(), ch, page, true), typist.Typing(t.Context(), ch, page, false), reader.MarkRead(t.Context(), ch, page),
		typist.Typing(t.Context(), ch, linked, true), reader.MarkRead(t.Context(), ch, linked),
	} {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	want := []string{
		`POST /v18.0/me/messages tok {"recipient":{"id":"9"},"sender_action":"typing_on"}`,
		`POST /v18.0/me/messages tok {"recipient":{"id":"9"},"sender_action":"typing_off"}`,
		`POST /v18.0/me/messages tok {"recipient":{"id":"9"},"sender_action":"mark_seen"}`,
		`POST /v18.0/me/messages tok {"recipient":{"id":"8"},"sender_action":"typing_on"}`,
		`POST /v18.0/me/messages tok {"recipient":{"id":"8"},"sender_action":"mark_seen"}`,
	}
	if !slices.Equal(*calls, want) {
		t.Errorf("calls\n got %q\nwant %q", *calls, want)
	}
	refused, _ := graph(t, `{"error":{"message":"bad","code":190}}`)
	d = facebook.New(newEnv(map[string]string{"FACEBOOK_GRAPH_URL": refused, "FB_APP_SECRET": "app"}))
	if reader, ok = d.(channels.MarkReader); !ok || channels.AsSendError(reader.MarkRead(t.Context(), newChannel(t, d), page)).Class != chat.Reauthorize {
		t.Error("a dead token is not told")
	}
}
