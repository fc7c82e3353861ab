package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/channels"
	"tributary/internal/httpx"
	"tributary/internal/testkit"
	"tributary/webhooks"
)

// posted is what a receiver got.
type posted struct {
	http.Header
	body  string
	event map[string]any
}

// receiver is a customer's system that is told what happens.
type receiver struct {
	*httptest.Server
	t testing.TB

	mu     sync.Mutex
	got    []posted
	answer func(n int, r *http.Request) int // the status for the nth request
	hold   chan struct{}                    // it answers when this is closed; nil: at once
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{t: t, answer: func(int, *http.Request) int { return http.StatusOK }}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(req.Body)
		p := posted{Header: req.Header, body: string(b), event: map[string]any{}}
		if err == nil {
			err = json.Unmarshal(b, &p.event)
		}
		if err != nil || req.Method != http.MethodPost || req.Header.Get("Content-Type") != "application/json" {
			t.Errorf("posted %s %v: %v: %s", req.Method, req.Header, err, b)
		}
		r.mu.Lock()
		r.got = append(r.got, p)
		status, hold := r.answer(len(r.got), req), r.hold
		r.mu.Unlock()
		if hold != nil {
			<-hold
		}
		if status/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(f func(n int, r *http.Request) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

// take gives what it got since the last time, by event.
func (r *receiver) take() []posted {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.got
	r.got = nil
	slices.SortStableFunc(out, func(a, b posted) int {
		return strings.Compare(fmt.Sprint(a.event["event"]), fmt.Sprint(b.event["event"]))
	})
	return out
}

// events are the names of what it got, and forgets it.
func (r *receiver) events() string {
	var out []string
	for _, p := range r.take() {
		out = append(out, fmt.Sprint(p.event["event"]))
	}
	return strings.Join(out, " ")
}

func (w *world) clock() time.Time { return time.UnixMicro(w.now.Add(1)).UTC() }

// hooks starts an engine; change alters its options.
func (w *world) hooks(owner string, change func(*webhooks.Options)) (e *webhooks.Engine, stop func()) {
	w.t.Helper()
	opt := webhooks.Options{
		Store: w.store, Desk: w.desk, Guarded: httpx.NewGuarded(true), HTTP: w.providers.Client(), Metrics: webhooks.NewMetrics(prometheus.NewRegistry()),
		Log: w.desk.Log, Now: w.clock, Owner: owner,
	}
	if change != nil {
		change(&opt)
	}
	e = webhooks.New(opt)
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("webhooks: %v", err)
		}
	})
	w.t.Cleanup(stop)
	w.desk.WakeJobs = e.Wake
	return e, stop
}

// settled dispatches what happened and waits until nothing is due.
func (w *world) settled() {
	w.t.Helper()
	w.dispatch()
	w.desk.WakeJobs()
	testkit.Wait(w.t, 60*time.Second, "the webhooks to be told", func() bool {
		return w.number(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'new' OR lease_owner <> '' OR state = 'pending' AND run_at <= $1`, w.now.Load()) == 0
	})
}

// hook makes a webhook of the account and gives its path and its secret.
func (w *world) hook(url string, events ...string) (path, secret string) {
	w.t.Helper()
	body := map[string]any{"url": url}
	if len(events) > 0 {
		body["subscriptions"] = events
	}
	made := at(w.call("admin", "POST", "{A}/webhooks", raw(w.t, body)).object(), "payload", "webhook")
	secret, _ = at(made, "secret").(string)
	return fmt.Sprintf("{A}/webhooks/%d", id(at(made, "id"))), secret
}

// log is what the webhook was told, the newest first: event, state, attempts, status,
// error.
func (w *world) hookLog(path string) string {
	w.t.Helper()
	list, _ := at(w.call("admin", "GET", path+"/deliveries", "").object(), "payload", "deliveries").([]any)
	var out []string
	for _, d := range list {
		out = append(out, fmt.Sprintf("%v %v %v %v %v", at(d, "event"), at(d, "state"), at(d, "attempts"), at(d, "response_status"), at(d, "error")))
	}
	return strings.Join(out, "\n")
}

// proven tells whether what was posted is signed with the secret.
func (p posted) proven(secret string) bool {
	return p.Get("X-Chatwoot-Signature") == "sha256="+channels.HexSHA256(secret, []byte(p.Get("X-Chatwoot-Timestamp")+"."+p.body))
}
