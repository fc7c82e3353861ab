package route_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"

	"tributary/api/route"
	"tributary/chat"
	"tributary/internal/validate"
)

// fixed is a row whose handler gives out and err whatever it is sent.
func fixed[Out any](path string, out Out, err error) route.Row {
	return route.Get(path, route.Public, func(context.Context, *route.Call, none) (Out, error) { return out, err })
}

func TestErrorsBecomeAnswers(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		err    error
		status int
		body   string
	}{
		{"not found", chat.NotFound(), 404, `{"error":"Resource could not be found"}`},
		{"wrapped", fmt.Errorf("desk: reply: %w", chat.NotFound()), 404, `{"error":"Resource could not be found"}`},
		{"invalid", validate.Fail("name", validate.Blank), 422, `{"message":"Name can't be blank","attributes":["name"]}`},
		{"invalid without attributes", &chat.Error{Code: chat.CodeInvalid, Message: "no"}, 422, `{"message":"no"}`},
		{"unprocessable", chat.Unprocessable("a <b> & c"), 422, `{"error":"a <b> & c"}`},
		{"missing parameter", route.MissingParam("team"), 422, `{"error":"param is missing or the value is empty: team"}`},
		{"refused", route.Refused(), 401, `{"error":"You are not authorized to do this action"}`},
		{"forbidden", &chat.Error{Code: chat.CodeForbidden, Message: "Only for API inboxes"}, 403, `{"error":"Only for API inboxes"}`},
		{"conflict", &chat.Error{Code: chat.CodeConflict, Message: "taken"}, 409, `{"error":"taken"}`},
		{"payment", &chat.Error{Code: chat.CodePayment, Message: "Account limit exceeded"}, 402, `{"error":"Account limit exceeded"}`},
		{"too large", &chat.Error{Code: chat.CodeTooLarge}, 413, `{"status":413,"error":"Content Too Large"}`},
		{"throttled", &chat.Error{Code: chat.CodeThrottled}, 429, "Retry later\n"},
		{"bad request", &chat.Error{Code: chat.CodeBadRequest}, 400, `{"status":400,"error":"Bad Request"}`},
		{"bad request with text", &chat.Error{Code: chat.CodeBadRequest, Message: "no IMAP"}, 400, `{"error":"no IMAP"}`},
		{"internal", &chat.Error{Code: chat.CodeInternal, Message: "secret"}, 500, `{"status":500,"error":"Internal Server Error"}`},
		{"stranger", errors.New("dial tcp 10.0.0.1: secret"), 500, `{"status":500,"error":"Internal Server Error"}`},
		{"deadline", context.DeadlineExceeded, 500, `{"status":500,"error":"Internal Server Error"}`},
		{"problem", &route.Problem{Status: 422, Body: map[string]string{"message": "IMAP says no"}}, 422, `{"message":"IMAP says no"}`},
		{"problem without body", &route.Problem{Status: 404}, 404, ``},
		{"problem of the server", &route.Problem{Status: 502, Body: map[string]string{"error": "down"}, Err: errors.New("secret")}, 502, `{"error":"down"}`},
		{"problem that cannot be written", &route.Problem{Status: 422, Body: func() {}}, 500, `{"status":500,"error":"Internal Server Error"}`},
	}
	var rows []route.Row
	for i, c := range cases {
		rows = append(rows, fixed(fmt.Sprintf("/api/v1/e%d", i), none{}, c.err))
	}
	rows = append(rows, fixed("/platform/api/v1/x", none{}, chat.NotFound()), fixed("/public/api/v1/x", none{}, chat.NotFound()))
	s := start(t, rows)
	for i, c := range cases {
		s.do(t, "GET", fmt.Sprintf("/api/v1/e%d", i), "").want(t, c.name, c.status, c.body)
	}
	s.do(t, "GET", "/platform/api/v1/x", "").want(t, "platform", 404, `{"status":404,"error":"Not Found"}`)
	s.do(t, "GET", "/public/api/v1/x", "").want(t, "public", 404, `{"status":404,"error":"Not Found"}`)
	if n := strings.Count(s.logs.String(), "request failed"); n != 5 {
		t.Errorf("%d failures logged, want the five of the server once each:\n%s", n, s.logs)
	}
	throttled := s.do(t, "GET", "/api/v1/e11", "")
	if got := throttled.header.Get("Content-Type"); got != "text/plain" {
		t.Errorf("throttled: Content-Type %q", got)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	type inner struct {
		Items []string `json:"items"`
	}
	type embedded struct {
		Tags []int `json:"tags"`
	}
	type object struct {
		embedded
		List   []int               `json:"list"`
		Maps   map[string]any      `json:"maps"`
		Ptr    *inner              `json:"ptr"`
		Set    *inner              `json:"set"`
		Any    any                 `json:"any"`
		Inner  []inner             `json:"inner"`
		Map    map[string][]string `json:"map"`
		Left   []int               `json:"left,omitzero"`
		Out    []int               `json:"out,omitempty"`
		Array  [1][]int            `json:"array"`
		Bytes  []byte              `json:"bytes"`
		Text   string              `json:"text"`
		Absent route.Opt[int]      `json:"absent,omitzero"`
		Null   route.Opt[int]      `json:"null,omitzero"`
		Unix   route.Unix          `json:"unix"`
		Unset  route.Unix          `json:"unset"`
		Gone   route.Unix          `json:"gone,omitzero"`
		Float  route.UnixFloat     `json:"float"`
		Never  route.UnixFloat     `json:"never"`
		ISO    route.ISO           `json:"iso"`
		Nil    route.ISO           `json:"nil"`
	}
	at := time.Date(2025, 1, 31, 10, 20, 30, 123456000, time.FixedZone("CET", 3600))
	shared := map[string]any{"nothing": []string(nil), "k": 1}
	full := object{
		Set: &inner{}, Any: shared, Inner: []inner{{}, {Items: []string{"a"}}}, Map: map[string][]string{"x": nil},
		Text: "<a&b>", Null: route.Opt[int]{Sent: true, Null: true},
		Unix: route.Unix(at), Float: route.UnixFloat(at), ISO: route.ISO(at),
	}
	s := start(t, []route.Row{
		fixed("/api/v1/object", full, nil),
		fixed("/api/v1/list", []inner(nil), nil),
		fixed("/api/v1/null", (*inner)(nil), nil),
		fixed("/api/v1/any", any(nil), nil),
		fixed("/api/v1/empty", route.Empty{}, nil),
		fixed("/api/v1/nocontent", route.NoContent{}, nil),
		fixed("/api/v1/raw", route.Raw([]byte("a,b\n"), "text/csv"), nil),
		fixed("/api/v1/status", route.Status(http.StatusPartialContent, inner{}), nil),
		fixed("/api/v1/choice", any(route.Status(http.StatusAccepted, "later")), nil),
		fixed("/api/v1/redirect", route.Redirect{URL: "/app/login?x=1"}, nil),
		fixed("/api/v1/moved", route.Redirect{Code: 307, URL: "/x"}, nil),
		fixed("/api/v1/unwritable", func() {}, nil),
	})
	s.do(t, "GET", "/api/v1/object", "").want(t, "object", 200,
		`{"tags":[],"list":[],"maps":{},"ptr":null,"set":{"items":[]},"any":{"k":1,"nothing":[]},"inner":[{"items":[]},{"items":["a"]}],`+
			`"map":{"x":[]},"array":[[]],"bytes":null,"text":"<a&b>","null":null,"unix":1738315230,"unset":0,"float":1738315230.123456,"never":0.0,`+
			`"iso":"2025-01-31T09:20:30.123Z","nil":null}`)
	if shared["nothing"].([]string) != nil || full.Set.Items != nil {
		t.Error("encoding changed what the handler returned")
	}
	for path, want := range map[string]struct {
		status            int
		body, contentType string
	}{
		"list": {200, "[]", "application/json; charset=utf-8"}, "null": {200, "null", "application/json; charset=utf-8"},
		"any": {200, "null", "application/json; charset=utf-8"}, "empty": {200, "", ""}, "nocontent": {204, "", ""},
		"raw": {200, "a,b\n", "text/csv"}, "status": {206, `{"items":[]}`, "application/json; charset=utf-8"},
		"choice": {202, `"later"`, "application/json; charset=utf-8"}, "redirect": {302, "", ""}, "moved": {307, "", ""},
		"unwritable": {500, `{"status":500,"error":"Internal Server Error"}`, "application/json; charset=utf-8"},
	} {
		a := s.do(t, "GET", "/api/v1/"+path, "")
		a.want(t, path, want.status, want.body)
		if got := a.header.Get("Content-Type"); got != want.contentType {
			t.Errorf("%s: Content-Type %q, want %q", path, got, want.contentType)
		}
	}
	if got := s.do(t, "GET", "/api/v1/redirect", "").header.Get("Location"); got != "/app/login?x=1" {
		t.Errorf("Location %q", got)
	}
}

func TestETag(t *testing.T) {
	t.Parallel()
	s := start(t, []route.Row{
		fixed("/api/v1/a", "a", nil), fixed("/api/v1/b", "b", nil), fixed("/api/v1/empty", route.Empty{}, nil),
		route.Post("/api/v1/a", route.Public, func(context.Context, *route.Call, none) (string, error) { return "a", nil }),
	})
	first := s.do(t, "GET", "/api/v1/a", "")
	tag := first.header.Get("ETag")
	if !regexp.MustCompile(`^W/"[0-9a-f]{32}"$`).MatchString(tag) || first.header.Get("Cache-Control") != "max-age=0, private, must-revalidate" {
		t.Fatalf("ETag %q, Cache-Control %q", tag, first.header.Get("Cache-Control"))
	}
	for _, sent := range []string{tag, strings.TrimPrefix(tag, "W/"), `"x", ` + tag, "*"} {
		a := s.do(t, "GET", "/api/v1/a", "", "If-None-Match: "+sent)
		if a.status != 304 || a.body != "" || a.header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: got %d %q", sent, a.status, a.body)
		}
	}
	for _, sent := range []string{"", `"x"`, s.do(t, "GET", "/api/v1/b", "").header.Get("ETag")} {
		s.do(t, "GET", "/api/v1/a", "", "If-None-Match: "+sent).want(t, sent, 200, `"a"`)
	}
	if got := s.do(t, "POST", "/api/v1/a", "", "If-None-Match: "+tag); got.status != 200 || got.header.Get("ETag") != "" {
		t.Errorf("POST: got %d, ETag %q", got.status, got.header.Get("ETag"))
	}
	if got := s.do(t, "GET", "/api/v1/empty", "").header.Get("ETag"); got != "" {
		t.Errorf("an empty body has ETag %q", got)
	}
}

func TestPanicIsCaught(t *testing.T) {
	t.Parallel()
	s := start(t, []route.Row{
		route.Get("/api/v1/boom/{id}", route.Public, func(context.Context, *route.Call, withID) (none, error) { panic("the wheels came off") }),
	})
	s.do(t, "GET", "/api/v1/boom/7?token=hush", "", "X-Request-Id: r-1").want(t, "panic", 500, `{"status":500,"error":"Internal Server Error"}`)
	logs := s.logs.String()
	for _, want := range []string{"level=ERROR", "the wheels came off", "transport_test.go", "request_id=r-1", "path=/api/v1/boom/7 "} {
		if !strings.Contains(logs, want) {
			t.Errorf("no %q in the log:\n%s", want, logs)
		}
	}
	if strings.Contains(logs, "hush") {
		t.Error("the query was logged")
	}
	s.seen.mu.Lock()
	defer s.seen.mu.Unlock()
	if len(s.seen.panics) != 1 || s.seen.panics[0] != "/api/v1/boom/{id}" {
		t.Errorf("panics %v", s.seen.panics)
	}
	if len(s.seen.lines) != 1 || s.seen.lines[0] != "GET /api/v1/boom/{id} Internal Server Error" {
		t.Errorf("observed %v", s.seen.lines)
	}
}

func TestDeadlineEndsRequests(t *testing.T) {
	t.Parallel()
	s := start(t, []route.Row{
		route.Get("/api/v1/slow", route.Public, func(ctx context.Context, _ *route.Call, _ none) (none, error) {
			<-ctx.Done()
			return none{}, fmt.Errorf("store: %w", ctx.Err())
		}),
	}, func(o *route.Options) { o.Timeout = time.Millisecond })
	s.do(t, "GET", "/api/v1/slow", "").want(t, "slow", 500, `{"status":500,"error":"Internal Server Error"}`)
	if !strings.Contains(s.logs.String(), "deadline exceeded") {
		t.Errorf("log:\n%s", s.logs)
	}
}

func TestRequestFacts(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 1, 31, 10, 20, 30, 0, time.UTC)
	s := start(t, []route.Row{
		route.Get("/api/v1/facts", route.SignedIn, func(_ context.Context, c *route.Call, _ none) (string, error) {
			c.SetHeader("X-Extra", "1")
			return c.RequestID + " " + c.Now.Format(time.RFC3339) + " " + c.Locale + " " + c.UserAgent + " " + c.IP, nil
		}),
		route.Get("/api/v1/accounts/{account_id}/locale", route.Member, func(_ context.Context, c *route.Call, _ none) (string, error) {
			return c.Locale, nil
		}),
		route.Get("/public/{token}/x", route.Public, func(context.Context, *route.Call, struct {
			Token string `path:"token"`
		},
		) (none, error) {
			return none{}, nil
		}),
	}, func(o *route.Options) {
		o.Now = func() time.Time { return now }
		o.Locale = "nl"
	})
	a := s.do(t, "GET", "/api/v1/facts", "", as("agent"), "X-Request-Id: ab\"c d;1", "User-Agent: probe")
	a.want(t, "facts", 200, `"abcd1 2025-01-31T10:20:30Z nl probe 0.0.0.0"`)
	if a.header.Get("X-Request-Id") != "abcd1" || a.header.Get("X-Extra") != "1" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", a.header)
	}
	if got := s.do(t, "GET", "/api/v1/facts", "", as("agent")).header.Get("X-Request-Id"); len(got) != 36 {
		t.Errorf("made request id %q", got)
	}
	long := s.do(t, "GET", "/api/v1/facts", "", as("agent"), "X-Request-Id: "+strings.Repeat("x", 300)).header.Get("X-Request-Id")
	if len(long) != 255 {
		t.Errorf("long request id kept %d characters", len(long))
	}
	for path, want := range map[string]string{
		"/api/v1/facts?locale=pt_BR": " pt_BR ", "/api/v1/facts?locale=fr_CA": " fr ", "/api/v1/facts?locale=xx": " en ", "/api/v1/facts": " nl ",
	} {
		if got := s.do(t, "GET", path, "", as("agent")).body; !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want%s", path, got, want)
		}
	}
	s.do(t, "GET", "/api/v1/accounts/1/locale?locale=de", "", as("agent")).want(t, "the account's", 200, `"pt_BR"`)
	s.do(t, "GET", "/api/v1/accounts/1/locale?locale=de", "", as("admin")).want(t, "the user's", 200, `"fr"`)

	s.do(t, "GET", "/public/s3cr3t/x", "")
	logs := s.logs.String()
	if strings.Contains(logs, "s3cr3t") || !strings.Contains(logs, "path=/public/:token/x") {
		t.Errorf("log:\n%s", logs)
	}
	if !strings.Contains(logs, "account_id=1 user_id=2") {
		t.Errorf("log lacks the caller:\n%s", logs)
	}
	s.do(t, "GET", "/nowhere/s3cr3t", "").want(t, "unknown", 404, `{"status":404,"error":"Not Found"}`)
	s.do(t, "BREW", "/nowhere", "").want(t, "an invented method", 404, `{"status":404,"error":"Not Found"}`)
	if logs := s.logs.String(); !strings.Contains(logs, "method=OTHER") || strings.Contains(logs, "BREW") {
		t.Errorf("log:\n%s", logs)
	}
	if logs := s.logs.String(); strings.Contains(logs, "s3cr3t") || !strings.Contains(logs, "path=unknown") {
		t.Errorf("log:\n%s", logs)
	}
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	take := func(context.Context, *route.Call, none) (route.Empty, error) { return route.Empty{}, nil }
	s := start(t, []route.Row{
		route.Post("/api/v1/small", route.Public, take).Limit(10),
		route.Post("/api/v1/usual", route.Public, take),
	}, func(o *route.Options) { o.BodyLimit = 100 })
	const tooLarge = `{"status":413,"error":"Content Too Large"}`
	s.do(t, "POST", "/api/v1/small", strings.Repeat(" ", 10), jsonBody).want(t, "at the limit", 200, "")
	s.do(t, "POST", "/api/v1/small", strings.Repeat(" ", 11), jsonBody).want(t, "over the row's limit", 413, tooLarge)
	s.do(t, "POST", "/api/v1/usual", strings.Repeat(" ", 100), jsonBody).want(t, "at the usual limit", 200, "")
	s.do(t, "POST", "/api/v1/usual", strings.Repeat(" ", 101), jsonBody).want(t, "over the usual limit", 413, tooLarge)

	form := "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n" + strings.Repeat("y", 100) + "\r\n--b--\r\n"
	s.do(t, "POST", "/api/v1/usual", form, "Content-Type: multipart/form-data; boundary=b").want(t, "multipart over the limit", 413, tooLarge)
}

func TestCORS(t *testing.T) {
	t.Parallel()
	rows := []route.Row{fixed("/api/v1/x", "x", nil), fixed("/public/api/v1/x", "x", nil), fixed("/packs/sdk.js", "x", nil), fixed("/hc/x", "x", nil)}
	for _, c := range []struct {
		name string
		cors route.CORS
		open map[string]bool
		show string
	}{
		{"default", route.CORS{}, map[string]bool{"/public/api/v1/x": true, "/packs/sdk.js": true}, ""},
		{"API", route.CORS{API: true}, map[string]bool{"/public/api/v1/x": true, "/packs/sdk.js": true, "/api/v1/x": true}, "access-token, client, uid, expiry"},
		{"all", route.CORS{All: true}, map[string]bool{"/public/api/v1/x": true, "/packs/sdk.js": true, "/api/v1/x": true, "/hc/x": true}, "access-token, client, uid, expiry"},
	} {
		s := corsServer(t, rows, c.cors)
		for _, path := range []string{"/api/v1/x", "/public/api/v1/x", "/packs/sdk.js", "/hc/x"} {
			origin := ""
			if c.open[path] {
				origin = "*"
			}
			a := s.do(t, "GET", path, "", "Origin: https://shop.example")
			if got := a.header.Get("Access-Control-Allow-Origin"); got != origin || a.status != 200 {
				t.Errorf("%s, %s: got %d, origin %q, want %q", c.name, path, a.status, got, origin)
			}
			if got := a.header.Get("Access-Control-Expose-Headers"); origin != "" && got != c.show {
				t.Errorf("%s, %s: exposes %q", c.name, path, got)
			}
			pre := s.do(t, "OPTIONS", path, "", "Origin: https://shop.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: api_access_token")
			if got := pre.header.Get("Access-Control-Allow-Headers"); (got == "api_access_token") != c.open[path] {
				t.Errorf("%s, preflight of %s: allows headers %q", c.name, path, got)
			}
			if c.open[path] && (pre.status != 200 || pre.header.Get("Access-Control-Allow-Credentials") != "") {
				t.Errorf("%s, preflight of %s: got %d", c.name, path, pre.status)
			}
			if got := s.do(t, "GET", path, "").header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("%s, %s: CORS without Origin", c.name, path)
			}
		}
		if a := s.do(t, "GET", "/public/api/v1/none", "", "Origin: https://shop.example"); a.status != 404 || a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: unknown route: got %d, origin %q", c.name, a.status, a.header.Get("Access-Control-Allow-Origin"))
		}
	}
}

func corsServer(t *testing.T, rows []route.Row, cors route.CORS) *server {
	t.Helper()
	s := &server{logs: &syncBuffer{}, seen: &observations{}}
	r := router.New()
	if err := route.Mount(r, rows, options(s)); err != nil {
		t.Fatal(err)
	}
	return s.listen(t, route.Front(r.Handler, cors))
}

func TestWrongMethodOutsideTheAPI(t *testing.T) {
	t.Parallel()
	s := start(t, []route.Row{fixed("/hc/x", "x", nil)})
	s.do(t, "POST", "/hc/x", "").want(t, "wrong method", 405, `{"status":405,"error":"Method Not Allowed"}`)
}

func TestServerErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		status int
		body   string
	}{
		{"body too large", fasthttp.ErrBodyTooLarge, 413, `{"status":413,"error":"Content Too Large"}`},
		{"headers too large", &fasthttp.ErrSmallBuffer{}, 431, `{"status":431,"error":"Request Header Fields Too Large"}`},
		{"silence", &net.OpError{Err: os.ErrDeadlineExceeded}, 408, `{"status":408,"error":"Request Timeout"}`},
		{"no HTTP", errors.New("garbage"), 400, `{"status":400,"error":"Bad Request"}`},
	} {
		var ctx fasthttp.RequestCtx
		route.ServerError(&ctx, c.err)
		if got := string(ctx.Response.Body()); ctx.Response.StatusCode() != c.status || got != c.body {
			t.Errorf("%s: got %d %s", c.name, ctx.Response.StatusCode(), got)
		}
	}
}

func TestClientIP(t *testing.T) {
	t.Parallel()
	r := router.New()
	s := &server{logs: &syncBuffer{}, seen: &observations{}}
	row := route.Get("/ip", route.Public, func(_ context.Context, c *route.Call, _ none) (string, error) { return c.IP, nil })
	if err := route.Mount(r, []route.Row{row}, options(s)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"203.0.113.9", "", "203.0.113.9"},
		{"203.0.113.9", "198.51.100.1", "203.0.113.9"},
		{"10.0.0.1", "", "10.0.0.1"},
		{"10.0.0.1", "198.51.100.1", "198.51.100.1"},
		{"127.0.0.1", "6.6.6.6, 198.51.100.1, 192.168.0.4", "198.51.100.1"},
		{"127.0.0.1", "192.168.0.9, 192.168.0.4", "192.168.0.9"},
		{"127.0.0.1", "nonsense, 192.168.0.4", "192.168.0.4"},
		{"::1", "2001:db8::7", "2001:db8::7"},
	} {
		var ctx fasthttp.RequestCtx
		ctx.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.ParseIP(c.peer)}, nil)
		ctx.Request.SetRequestURI("/ip")
		ctx.Request.Header.Set("X-Forwarded-For", c.forwarded)
		r.Handler(&ctx)
		if got := string(ctx.Response.Body()); got != `"`+c.want+`"` {
			t.Errorf("%s via %q: got %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}
