package route_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"tributary/api/route"
	"tributary/chat"
)

// people is an Authenticator over fixed callers: tokens "admin", "agent",
// "reporter", "stranger", "bot", "loosebot", "app"; accounts 1 (active) and 2
// (suspended). Users are members of both, the stranger of none.
type people struct{}

func (people) Authenticate(_ context.Context, c route.Credentials) (route.Caller, error) {
	token := c.APIToken
	if token == "" && c.AccessToken == "session" && c.Client == "laptop" && c.UID == "admin@example.com" {
		return route.Caller{User: &route.User{ID: 1}, Client: "laptop", Echo: map[string]string{"access-token": "session"}}, nil
	}
	switch token {
	case "":
		return route.Caller{}, route.ErrNotSignedIn
	case "admin":
		return route.Caller{User: &route.User{ID: 1, Name: "Ada", Locale: "fr"}}, nil
	case "agent":
		return route.Caller{User: &route.User{ID: 2, Name: "Bo"}}, nil
	case "reporter":
		return route.Caller{User: &route.User{ID: 3, Name: "Cy"}}, nil
	case "stranger":
		return route.Caller{User: &route.User{ID: 4, Name: "Di"}}, nil
	case "bot":
		return route.Caller{Bot: &route.Bot{ID: 1, Name: "Helper"}}, nil
	case "loosebot":
		return route.Caller{Bot: &route.Bot{ID: 2, Name: "Loose"}}, nil
	case "app":
		return route.Caller{App: &route.App{ID: 1, Name: "Shop"}}, nil
	case "broken":
		return route.Caller{}, io.ErrUnexpectedEOF
	}
	return route.Caller{}, route.ErrBadToken
}

func (people) Scope(_ context.Context, caller route.Caller, id int64) (route.Scope, error) {
	var s route.Scope
	switch id {
	case 1:
		s.Account = route.Account{ID: 1, Name: "Acme", Locale: "pt_BR", Active: true}
	case 2:
		s.Account = route.Account{ID: 2, Name: "Gone"}
	case 13:
		return s, io.ErrUnexpectedEOF
	default:
		return s, nil
	}
	if caller.Bot != nil {
		s.BotLinked = caller.Bot.ID == 1
		return s, nil
	}
	switch caller.User.ID {
	case 1:
		s.Membership = route.Membership{Role: chat.RoleAdministrator}
	case 2:
		s.Membership = route.Membership{Role: chat.RoleAgent}
	case 3:
		s.Membership = route.Membership{Role: chat.RoleAgent, CustomRoleID: 7, Permissions: []string{"report_manage"}}
	}
	return s, nil
}

// server is a running set of routes.
type server struct {
	client *http.Client
	logs   *syncBuffer
	seen   *observations
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type observations struct {
	mu     sync.Mutex
	lines  []string
	panics []string
}

func start(t testing.TB, rows []route.Row, change ...func(*route.Options)) *server {
	t.Helper()
	s := &server{logs: &syncBuffer{}, seen: &observations{}}
	opts := options(s)
	for _, f := range change {
		f(&opts)
	}
	r := router.New()
	if err := route.Mount(r, rows, opts); err != nil {
		t.Fatalf("mount: %v", err)
	}
	return s.listen(t, route.Front(r.Handler, route.CORS{}))
}

func options(s *server) route.Options {
	return route.Options{
		Base: context.Background(),
		Auth: people{},
		Log:  slog.New(slog.NewTextHandler(s.logs, nil)),
		Observe: func(method, template string, status int, _ time.Duration) {
			s.seen.mu.Lock()
			defer s.seen.mu.Unlock()
			s.seen.lines = append(s.seen.lines, method+" "+template+" "+http.StatusText(status))
		},
		Panicked: func(template string) {
			s.seen.mu.Lock()
			defer s.seen.mu.Unlock()
			s.seen.panics = append(s.seen.panics, template)
		},
	}
}

func (s *server) listen(t testing.TB, h fasthttp.RequestHandler) *server {
	t.Helper()
	ln := fasthttputil.NewInmemoryListener()
	srv := &fasthttp.Server{Handler: h, ErrorHandler: route.ServerError, MaxRequestBodySize: 1 << 20}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	s.client = &http.Client{
		Timeout:       5 * time.Second,
		Transport:     &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return ln.Dial() }},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		if err := srv.Shutdown(); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s
}

type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; headers come as "Name: value".
func (s *server) do(t testing.TB, method, path, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, "http://desk.test"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, ok := strings.Cut(h, ": ")
		if !ok {
			continue
		}
		req.Header[name] = []string{value} // as written, not canonical
	}
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

const jsonBody = "Content-Type: application/json"

func as(token string) string { return "api_access_token: " + token }

func (a answer) want(t testing.TB, name string, status int, body string) {
	t.Helper()
	if a.status != status || a.body != body {
		t.Errorf("%s: got %d %s\nwant %d %s", name, a.status, a.body, status, body)
	}
}

// post sends anything as query and content type, also what a well-behaved
// client would not.
func (s *server) post(t testing.TB, path, query, contentType, body string) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://desk.test"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.RawQuery = strings.Map(func(r rune) rune {
		if r <= ' ' || r == '#' || r == 0x7f {
			return '+'
		}
		return r
	}, query)
	req.Header.Set("Content-Type", contentType)
	res, err := s.client.Do(req)
	if err != nil {
		if strings.Contains(err.Error(), "invalid header field") {
			return answer{status: http.StatusBadRequest}
		}
		t.Fatalf("%s: %v", path, err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}
