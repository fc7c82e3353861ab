package app

import (
	"testing"
	"time"
)

func TestNightly(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		t.Helper()
		v, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for now, want := range map[string]string{
		"2026-03-01T10:00:00Z": "2026-03-01T22:30:00Z", "2026-03-01T22:29:59Z": "2026-03-01T22:30:00Z", "2026-03-01T22:30:00Z": "2026-03-02T22:30:00Z",
		"2026-12-31T23:00:00Z": "2027-01-01T22:30:00Z", "2026-03-01T23:45:00+02:00": "2026-03-01T22:30:00Z",
	} {
		if got := nightly(at(now)); !got.Equal(at(want)) {
			t.Errorf("after %s: %s, want %s", now, got, want)
		}
	}
}
