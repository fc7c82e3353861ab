package telegram_test

import (
	"fmt"
	"slices"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

func TestTypingAndReadMarks(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	d := b.driver()
	ch := b.channel(t, d)
	typist, _ := d.(channels.Typist)
	reader, ok := d.(channels.MarkReader)
	if typist == nil || !ok {
		t.Fatal("no Typist or MarkReader")
	}
	plain := &chat.Outbound{To: "5", LastIncomingID: "81"}
	business := &chat.Outbound{To: "5", ChatID: "6", BusinessConnectionID: "bc", LastIncomingID: "82"}
	b.answers["sendChatAction"] = []string{`{"ok":true,"result":true}`}
	b.answers["readBusinessMessage"] = []string{`{"ok":true,"result":true}`}
	for i, err := range []error{
		typist.Typing(t.Context(), ch, plain, true), typist.Typing(t.Context(), ch, plain, false), typist.Typing(t.Context(), ch, business, true),
		reader.MarkRead(t.Context(), ch, plain), reader.MarkRead(t.Context(), ch, business),
		reader.MarkRead(t.Context(), ch, &chat.Outbound{To: "5", BusinessConnectionID: "bc", LastIncomingID: "x"}),
	} {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	var got []string
	for _, c := range b.calls {
		got = append(got, fmt.Sprint(c.method, " ", c.fields))
	}
	want := []string{
		"sendChatAction map[action:typing chat_id:5]",
		"sendChatAction map[action:typing business_connection_id:bc chat_id:6]",
		"readBusinessMessage map[business_connection_id:bc chat_id:6 message_id:82]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("calls\n got %q\nwant %q", got, want)
	}
	b.answers["sendChatAction"] = []string{`{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}`}
	if e := channels.AsSendError(typist.Typing(t.Context(), ch, plain, true)); e.Class != chat.OptedOut {
		t.Errorf("blocked: got %+v", e)
	}
}
