package wacloud_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
)

// TestRefusalsHideTheKey: Meta quotes tokens that it does not understand; agents and
// logs see the text.
func TestRefusalsHideTheKey(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, `{"error":{"message":"Malformed access token EAA+key, formerly EAAolder0123456789","code":190}}`)
	}))
	t.Cleanup(s.Close)
	d := newDriver(s.URL)
	now := time.Now()
	ch := load(t, d, json.RawMessage(cloudSettings))
	m := &chat.Outbound{To: "15035550170", Content: "hello", LastIncomingID: "wamid.1", LastIncomingAt: now, Now: now}
	parts, err := d.Plan(ch, m)
	if err != nil || len(parts) != 1 {
		t.Fatalf("Plan: %v %v", parts, err)
	}
	_, sending := d.SendPart(t.Context(), ch, m, parts[0])
	_, reading := d.Templates(t.Context(), ch)
	for what, err := range map[string]error{"send": sending, "templates": reading, "read mark": d.MarkRead(t.Context(), ch, m)} {
		const want = "Malformed access token [redacted], formerly [redacted]"
		if got := channels.AsSendError(err); got.Text != want || got.Class != chat.Reauthorize {
			t.Errorf("%s: got %s %q, want %q", what, got.Class, got.Text, want)
		}
	}
}
