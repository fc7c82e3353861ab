package channels_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/httpx"
	"tributary/wording"
)

// What is posted is what it says, signed in the way that receivers check.
func TestPostSigns(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r, string(b)
	}))
	defer server.Close()
	now := time.Unix(1_767_225_600, 5)
	status, err := channels.Post(t.Context(), server.Client(), now, channels.Endpoint{URL: server.URL + "/hook?a=b", Secret: "s3cret"}, "uuid", []byte(`{"event":"x"}`))
	if err != nil || status != http.StatusOK {
		t.Fatalf("got %d, %v", status, err)
	}
	// printf '1767225600.{"event":"x"}' | openssl dgst -sha256 -hmac s3cret
	const signature = "sha256=62d3b1810d70c5ce86f56014588ee4ad22f462ef125ba0b3dd176409865fe50d"
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json", "X-Chatwoot-Timestamp": "1767225600", "X-Chatwoot-Delivery": "uuid",
		"X-Chatwoot-Signature": signature,
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s: got %q, want %q", name, v, want)
		}
	}
	if got.Method != http.MethodPost || got.URL.String() != "/hook?a=b" || body != `{"event":"x"}` {
		t.Errorf("got %s %s %s", got.Method, got.URL, body)
	}
	if _, err := channels.Post(t.Context(), server.Client(), now, channels.Endpoint{URL: server.URL}, "uuid", nil); err != nil {
		t.Fatal(err)
	}
	if got.Header.Get("X-Chatwoot-Signature") != "" || got.Header.Get("X-Chatwoot-Timestamp") != "" {
		t.Error("signed without a secret")
	}
}

// Verdicts of what an endpoint answers (contract 06 §1.3).
func TestPostVerdicts(t *testing.T) {
	t.Parallel()
	var followed []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/landed" {
			followed = append(followed, r.Method+r.Header.Get("X-Chatwoot-Delivery"))
			return
		}
		if r.URL.Path == "/around" {
			http.Redirect(w, r, "/around", http.StatusFound)
			return
		}
		var status int
		for _, digit := range strings.TrimPrefix(r.URL.Path, "/") {
			status = status*10 + int(digit-'0')
		}
		if status/100 == 3 {
			target := "/landed"
			if status == http.StatusNotModified {
				target, status = "/around", http.StatusSeeOther
			}
			w.Header().Set("Location", target)
		}
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "9")
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	for path, want := range map[string]struct {
		status int
		class  chat.ErrorClass
		text   string
	}{
		"/200": {status: 200}, "/201": {status: 201}, "/204": {status: 204}, "/207": {status: 207}, "/303": {status: 200},
		"/208": {208, chat.Permanent, "208 Already Reported"}, "/301": {301, chat.Permanent, "301 Moved Permanently"}, "/302": {302, chat.Permanent, "302 Found"},
		"/307": {307, chat.Permanent, "307 Temporary Redirect"}, "/308": {308, chat.Permanent, "308 Permanent Redirect"},
		"/304": {0, chat.Permanent, "The webhook redirects too often"},
		"/401": {401, chat.Permanent, "401 Unauthorized"}, "/404": {404, chat.Permanent, "404 Not Found"}, "/410": {410, chat.Permanent, "410 Gone"},
		"/408": {408, chat.Retryable, "408 Request Timeout"}, "/429": {429, chat.Throttled, "429 Too Many Requests"},
		"/500": {500, chat.Retryable, "500 Internal Server Error"}, "/503": {503, chat.Retryable, "503 Service Unavailable"},
	} {
		status, err := channels.Post(t.Context(), httpx.NewGuarded(true), time.Now(), channels.Endpoint{URL: server.URL + path + "?key=s3cret", Secret: "k"}, "uuid", []byte(`{}`))
		if want.class == "" {
			if err != nil || status != want.status {
				t.Errorf("%s: got %d, %v", path, status, err)
			}
			continue
		}
		e, ok := errors.AsType[*channels.SendError](err)
		if !ok || status != want.status || e.Class != want.class || e.Words(wording.English) != want.text {
			t.Errorf("%s: got %d, %v, want %+v", path, status, err, want)
		}
		if e != nil && e.Class == chat.Throttled && e.RetryAfter != 9*time.Second {
			t.Errorf("%s: again after %v", path, e.RetryAfter)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s: an error shows the query: %v", path, err)
			}
		}
	}
	if strings.Join(followed, " ") != "GET" {
		t.Errorf("followed %q, want one GET that carries nothing", followed)
	}
}

// What gets no answer.
func TestPostUnreachable(t *testing.T) {
	t.Parallel()
	post := func(client *http.Client, address string) *channels.SendError {
		t.Helper()
		status, err := channels.Post(t.Context(), client, time.Now(), channels.Endpoint{URL: address}, "", nil)
		e, ok := errors.AsType[*channels.SendError](err)
		if !ok || status != 0 {
			t.Fatalf("%s: got %d, %v", address, status, err)
		}
		return e
	}
	for _, address := range []string{
		"https://127.0.0.1/", "https://10.1.2.3/", "https://169.254.169.254/", "https://[::1]/", "https://localhost/", "http://example.test/",
	} {
		if e := post(httpx.NewGuarded(false), address); e.Class != chat.Permanent || e.Code != "forbidden" {
			t.Errorf("%s: got %s %s", address, e.Class, e.Code)
		}
	}
	for _, address := range []string{"", "x", "https://", "://", "https://a b/"} {
		if e := post(httpx.NewGuarded(true), address); e.Class != chat.Permanent || e.Code != "url" {
			t.Errorf("%q: got %s %s", address, e.Class, e.Code)
		}
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if e := post(httpx.NewGuarded(true), gone.URL); e.Class != chat.Retryable || e.Code != "network" {
		t.Errorf("nobody listens: got %s %s", e.Class, e.Code)
	}
	var limit time.Duration
	late := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if deadline, ok := r.Context().Deadline(); ok {
			limit = time.Until(deadline)
		}
		return nil, context.DeadlineExceeded
	})}
	if e := post(late, "https://example.test/"); e.Class != chat.Retryable || e.Code != "timeout" || limit <= 0 || limit > 5*time.Second {
		t.Errorf("too late: got %s %s after %v", e.Class, e.Code, limit)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
