package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"tributary/queue"
)

func TestMask(t *testing.T) {
	t.Parallel()
	m := newMask(json.RawMessage(`{"line_channel_secret":"s3cr3t-value","phone":"+4912345678","config":{"webhook_verify_token":"verify-me"}}`), []string{"line_channel_secret"})
	for _, c := range []struct{ name, body, want string }{
		{"members by name, in their order", `{"b":{"access_token":"x","n":1.50},"a":["y"],"Signature":7}`, `{"b":{"access_token":"[FILTERED]","n":1.50},"a":["y"],"Signature":"[FILTERED]"}`},
		{"all below a secret", `{"credentials":{"a":"x","b":[1,null,true]}}`, `{"credentials":{"a":"[FILTERED]","b":["[FILTERED]",null,true]}}`},
		{"what settings hold, anywhere", `{"text":"it is s3cr3t-value or verify-me, call +4912345678"}`, `{"text":"it is [FILTERED] or [FILTERED], call +4912345678"}`},
		{"names that only begin so", `{"pinned_message":"a","keyboard":"b","pin":"1234"}`, `{"pinned_message":"a","keyboard":"b","pin":"[FILTERED]"}`},
		{"parameters of addresses", `{"url":"https://a.example/b?id=1&access_token=abc&x=<2>"}`, `{"url":"https://a.example/b?id=1&access_token=[FILTERED]&x=<2>"}`},
		{"a bot's token", `{"url":"https://api.telegram.org/file/bot123456:AAbbCCddEEffGGhhIIjjKKllMMnnOO/x.jpg"}`, `{"url":"https://api.telegram.org/file/bot[FILTERED]/x.jpg"}`},
		{"a form", `Body=Hello+s3cr3t-value&ApiToken=abc&To=%2B1`, `Body=Hello+%5BFILTERED%5D&ApiToken=%5BFILTERED%5D&To=%2B1`},
		{"text", "Authorization: Bearer abcdefghijk s3cr3t-value", "Authorization: Bearer [FILTERED] [FILTERED]"},
		{"broken JSON", `{"text":"s3cr3t-value"`, `{"text":"[FILTERED]"`},
		{"no text", "\xff\xfe s3cr3t-value", "\uFFFD [FILTERED]"},
	} {
		if got := m.body([]byte(c.body)); got != c.want {
			t.Errorf("%s: got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add(`{"a":{"token":"x"}}`)
	f.Add(`a=1&token=2`)
	f.Add(`[1,"s3cr3t-value"]`)
	m := newMask(json.RawMessage(`{"secret":"s3cr3t-value"}`), nil)
	f.Fuzz(func(t *testing.T, body string) {
		out := m.body([]byte(body))
		if strings.Contains(out, "s3cr3t-value") {
			t.Errorf("%q keeps the secret: %q", body, out)
		}
		if json.Valid([]byte(body)) && !json.Valid([]byte(out)) {
			t.Errorf("%q is no JSON any more: %q", body, out)
		}
	})
}

func TestGroupOf(t *testing.T) {
	t.Parallel()
	if a, b := GroupOf("row 17 of 3: no"), GroupOf("row 9 of 1234: no"); a != b || a != "row # of #: no" {
		t.Errorf("groups %q and %q", a, b)
	}
	if long := GroupOf(strings.Repeat("äöü", 500)); len(long) > longestReason || !strings.HasPrefix(long, "äöü") {
		t.Errorf("%d bytes: %q", len(long), long)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	h := Histogram{Bounds: []float64{1, 2, 4}, Counts: []uint64{50, 90, 100}, Total: 100}
	for share, want := range map[float64]float64{0.5: 1, 0.7: 1.5, 0.9: 2, 0.99: 3.8} {
		if got, ok := h.quantile(share); !ok || fmt.Sprintf("%.3f", got) != fmt.Sprintf("%.3f", want) {
			t.Errorf("%v: got %v, want %v", share, got, want)
		}
	}
	if _, ok := h.since(h).quantile(0.99); ok {
		t.Error("a latency of nothing")
	}
	beyond := Histogram{Bounds: []float64{1}, Counts: []uint64{0}, Total: 3}
	if got, ok := beyond.quantile(0.99); !ok || got != 1 {
		t.Errorf("beyond the last bound: %v", got)
	}
}

// counting is a queue that has one number to tell.
type counting struct {
	Queue
	depth int64
	err   error
}

func (c *counting) Stats(context.Context) (queue.Stats, error) {
	return queue.Stats{Partitions: []queue.PartitionStats{{Waiting: c.depth, OldestAge: time.Second}}}, c.err
}

// The history is an hour long however long the process lives, and does not tell what
// nobody here knows.
func TestHistory(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0)
	q := &counting{}
	applied := 0.0
	s := New(Options{Queue: q, Now: func() time.Time { return at }, Here: Process{Worker: true, Read: func() Reading { return Reading{Applied: applied} }}})
	for i := range 600 {
		q.depth, applied = int64(i), applied+30
		q.err = nil
		if i == 599 {
			q.err = queue.ErrUnavailable
		}
		s.Sample(t.Context())
		at = at.Add(SampleEvery)
	}
	list := s.history()
	if len(list) != samplesKept-1 {
		t.Fatalf("%d moments, want %d", len(list), samplesKept-1)
	}
	first, last := list[0], list[len(list)-2]
	if *first.Depth != 360 || *last.Depth != 598 || *last.EventsPerSecond != 2 || last.RefusedPerMinute != nil || last.VisibleP99 != nil {
		t.Errorf("first %+v, last %+v", first.Figures, last.Figures)
	}
	if away := list[len(list)-1]; away.Depth != nil || away.OldestSeconds != nil {
		t.Errorf("the queue was away: %+v", away.Figures)
	}
}
