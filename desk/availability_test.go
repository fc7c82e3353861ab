package desk_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"tributary/desk"
	"tributary/presence"
)

// Who cannot be asked about is offline, and the log says so once.
func TestAvailabilityWithoutRedis(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	var log bytes.Buffer
	now := time.Date(2025, 1, 31, 10, 0, 0, 0, time.UTC)
	clock := func() time.Time { now = now.Add(time.Minute); return now }
	d := desk.New(desk.Options{Now: clock, Log: slog.New(slog.NewTextHandler(&log, nil)), Presence: presence.NewRedis(client, "{test}", clock, presence.Duration)})
	for range 3 {
		if got := d.AvailabilityStatus(t.Context(), 1, 2, 0, true); got != "offline" {
			t.Errorf("got %q", got)
		}
		if got := d.ContactStatus(t.Context(), 1, 2); got != "offline" {
			t.Errorf("a contact: %q", got)
		}
	}
	if got := d.AvailabilityStatus(t.Context(), 1, 2, 2, false); got != "busy" {
		t.Errorf("always shown: %q", got)
	}
	if n := strings.Count(log.String(), "cannot be learned"); n != 1 {
		t.Errorf("logged %d times: %s", n, log.String())
	}
	if err := d.UserBeat(t.Context(), 1, 2); err == nil {
		t.Error("a heartbeat that nobody heard")
	}
}
