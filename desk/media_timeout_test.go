package desk_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"tributary/internal/testkit"
	"tributary/store/storetest"
)

// slow are hosts that never come to an end; each gives up when the caller does.
type slow struct {
	mu        sync.Mutex
	calls     map[string]int
	deadlines []time.Time
}

// RoundTrip implements http.RoundTripper.
func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	host, _, _ := strings.Cut(r.URL.Host, ".")
	deadline, _ := r.Context().Deadline()
	s.mu.Lock()
	s.calls[host]++
	s.deadlines = append(s.deadlines, deadline)
	s.mu.Unlock()
	res := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"image/png"}}, ContentLength: -1, Request: r, Body: http.NoBody}
	switch host {
	case "silent": // takes the request and says nothing
		<-r.Context().Done()
		return nil, r.Context().Err()
	case "redirects": // to where nothing is said
		res.StatusCode = http.StatusFound
		res.Header.Set("Location", "https://silent.example.test/x.png")
	case "stalls": // after a few bytes
		res.Body = io.NopCloser(io.MultiReader(strings.NewReader("\x89PNG"), waiting{r.Context()}))
	case "trickles": // when a part of it is stored already
		res.Body = io.NopCloser(io.MultiReader(iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 5000))), waiting{r.Context()}))
	}
	return res, nil
}

// waiting is a body that never comes.
type waiting struct{ ctx context.Context } //nolint:containedctx // it stands for a connection

// Read implements io.Reader.
func (w waiting) Read([]byte) (int, error) {
	<-w.ctx.Done()
	return 0, w.ctx.Err()
}

// TestMediaThatDoesNotEnd: the time of a download is limited as a whole, however its
// source spends it. What cannot be had in time becomes a link.
func TestMediaThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		hosts := &slow{calls: map[string]int{}}
		runner := w.fetching(&outside{next: hosts, limit: 100 * time.Millisecond})
		inbox := w.line(1)
		var want []string
		for _, name := range []string{"silent", "redirects", "stalls", "trickles"} {
			address := "https://" + name + ".example.test/" + name + ".png"
			w.receive(w.file(inbox, name, link("image", address)))
			want = append(want, "5 ready - "+name+".png "+address+" -")
		}
		for range 20 {
			w.fetched(runner)
			w.clock.Advance(5 * time.Minute)
		}
		w.fetched(runner)
		w.want(attachments, want...)
		w.want(`SELECT COUNT(*) || '' FROM jobs WHERE lane = 'media'`, "0")
		w.want(`SELECT COUNT(*) || '' FROM blobs WHERE expires_unattached_at IS NULL`, "0")
		w.want(`SELECT COUNT(*) || '' FROM messages`, "4")
		if hosts.calls["redirects"] != 4 || hosts.calls["silent"] != 8 || hosts.calls["stalls"] != 4 || hosts.calls["trickles"] < 4 {
			t.Errorf("called %v, want each download to be begun four times", hosts.calls)
		}
	})
}

// TestMediaTimeLimit: nobody waits for it, it is in every request.
func TestMediaTimeLimit(t *testing.T) {
	t.Parallel()
	for configured, want := range map[time.Duration]time.Duration{0: time.Minute, 7 * time.Hour: 7 * time.Hour} {
		t.Run(fmt.Sprint(want), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testkit.Backend{Name: "embedded"})
			hosts := &slow{calls: map[string]int{}}
			runner := w.fetching(&outside{next: hosts, limit: configured})
			begin := time.Now()
			w.receive(w.file(w.line(1), "1", link("image", "https://empty.example.test/a.png")))
			w.fetched(runner)
			if len(hosts.deadlines) != 1 {
				t.Fatalf("%d requests", len(hosts.deadlines))
			}
			if d := hosts.deadlines[0]; d.Before(begin.Add(want)) || d.After(time.Now().Add(want)) {
				t.Errorf("a request that began after %s may take until %s, want %s", begin, d, want)
			}
		})
	}
}
