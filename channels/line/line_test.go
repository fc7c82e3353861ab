package line_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"tributary/channels"
	"tributary/channels/channeltest"
	"tributary/channels/line"
	"tributary/chat"
)

func build(env *channels.Env) channels.Driver { return line.New(env) }

func TestDriver(t *testing.T) { channeltest.Run(t, build) }

// Every part has a retry key of its own, the same on every attempt: with one key
// for two parts, LINE would take the second for a repetition of the first.
func TestRetryKeys(t *testing.T) {
	t.Parallel()
	var keys []string
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("X-Line-Retry-Key"))
	}))
	defer api.Close()
	d := newDriver(api.URL)
	ch := load(t, d, []byte(`{"line_channel_id":"2001","line_channel_secret":"s","line_channel_token":"t"}`))
	m := &chat.Outbound{To: "U1", Content: strings.Repeat(strings.Repeat("a", 4000)+"\n\n", 12)}
	for _, job := range []string{"5f2b6c1e-4a7d-4b0e-9c3f-0d1e2f3a4b5c", "job 17"} {
		m.JobID = job
		keys = nil
		parts, err := d.Plan(ch, m)
		if err != nil || len(parts) != 3 {
			t.Fatalf("Plan: got %d parts, %v, want 3", len(parts), err)
		}
		for range 2 {
			for _, p := range parts {
				if _, err := d.SendPart(context.Background(), ch, m, p); err != nil {
					t.Fatalf("SendPart: %v", err)
				}
			}
		}
		for i, key := range keys {
			if _, err := uuid.Parse(key); err != nil {
				t.Errorf("key %q is no UUID", key)
			}
			for j, other := range keys[:i] {
				if (key == other) != (i%3 == j%3) {
					t.Errorf("%s: calls %d and %d have the keys %q and %q", job, j, i, other, key)
				}
			}
		}
	}
}
