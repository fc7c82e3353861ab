package route_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"tributary/api/route"
)

// desk is a number of processes that count together.
type desk struct {
	t         *testing.T
	now       time.Time
	processes []fasthttp.RequestHandler
	refused   []string
	logs      syncBuffer
}

// counter is what they share.
type counter struct {
	mu    sync.Mutex
	sums  map[string]int64
	calls int
	away  bool
}

// CountHits implements route.Counter.
func (c *counter) CountHits(_ context.Context, name string, n int64, ends time.Time) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.away {
		return 0, errors.New("no counter today")
	}
	key := fmt.Sprint(name, " ", ends.Unix())
	c.sums[key] += n
	return c.sums[key], nil
}

func throttled(t *testing.T, processes int, change func(*route.ThrottleOptions)) *desk {
	t.Helper()
	d := &desk{t: t, now: time.Date(2025, 1, 31, 10, 20, 30, 0, time.UTC)}
	opt := route.ThrottleOptions{
		Log: slog.New(slog.NewTextHandler(&d.logs, nil)), Now: func() time.Time { return d.now },
		Requests: 100_000, ContactSearch: 100, ReportsUser: 20, ReportsAccount: 50, Widget: true,
		Refused: func(rule string) { d.refused = append(d.refused, rule) },
	}
	if change != nil {
		change(&opt)
	}
	for range processes {
		d.processes = append(d.processes, route.NewThrottle(opt).Handler(func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(200) }))
	}
	return d
}

// request is one, as a process gets it.
type request struct {
	process           int
	method, path      string
	body, contentType string
	peer              string
	headers           []string
}

func (d *desk) send(r request) *fasthttp.Response {
	d.t.Helper()
	var ctx fasthttp.RequestCtx
	peer := r.peer
	if peer == "" {
		peer = "203.0.113.9"
	}
	ctx.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.ParseIP(peer)}, nil)
	ctx.Request.Header.SetMethod(r.method)
	ctx.Request.SetRequestURI(r.path)
	if r.contentType == "" {
		r.contentType = "application/json"
	}
	ctx.Request.Header.SetContentType(r.contentType)
	for _, h := range r.headers {
		name, value, _ := strings.Cut(h, ": ")
		ctx.Request.Header.Add(name, value)
	}
	ctx.Request.SetBodyString(r.body)
	d.processes[r.process](&ctx)
	var res fasthttp.Response
	ctx.Response.CopyTo(&res)
	return &res
}

// passes counts how many of n requests, made by make, are let in.
func (d *desk) passes(n int, one func(i int) request) int {
	d.t.Helper()
	passed := 0
	for i := range n {
		if d.send(one(i)).StatusCode() == 200 {
			passed++
		}
	}
	return passed
}

func login(email string) string { return `{"email":"` + email + `","password":"x"}` }

func TestThrottleRules(t *testing.T) {
	t.Parallel()
	ip := func(i int) string { return fmt.Sprintf("198.51.%d.%d", 100+i/250, i%250+1) }
	form := "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		limit  int
		period time.Duration
		rule   string
		one    func(i int) request
	}{
		"sign-in of an address": {5, 5 * time.Minute, "login/ip", func(i int) request {
			return request{method: "POST", path: "/auth/sign_in", body: login(fmt.Sprint("u", i, "@x"))}
		}},
		"sign-in of an e-mail": {10, 15 * time.Minute, "login/email", func(i int) request {
			return request{method: "POST", path: "/auth/sign_in", body: login([]string{"ada@x", " Ada@X", "a d a@x"}[i%3]), peer: ip(i)}
		}},
		"sign-in by form": {10, 15 * time.Minute, "login/email", func(i int) request {
			return request{method: "POST", path: "/auth/sign_in", body: "email=ada%40x", contentType: form, peer: ip(i)}
		}},
		"with an extension": {5, 5 * time.Minute, "login/ip", func(int) request { return request{method: "POST", path: "/auth/sign_in.json", body: `{}`} }},
		"codes of an address": {10, time.Minute, "mfa_login/ip", func(i int) request {
			return request{method: "POST", path: "/auth/sign_in", body: fmt.Sprintf(`{"mfa_token":"t%d"}`, i)}
		}},
		"codes of a token": {10, time.Minute, "mfa_login/token", func(i int) request {
			return request{method: "POST", path: "/auth/sign_in", body: `{"mfa_token":"t"}`, peer: ip(i)}
		}},
		"codes in the query": {10, time.Minute, "mfa_login/token", func(i int) request {
			return request{method: "POST", path: "/auth/sign_in?mfa_token=t", peer: ip(i)}
		}},
		"resets of an address": {5, 30 * time.Minute, "reset_password/ip", func(i int) request {
			return request{method: "POST", path: "/auth/password", body: login(fmt.Sprint("u", i))}
		}},
		"resets of an e-mail": {5, time.Hour, "reset_password/email", func(i int) request {
			return request{method: "POST", path: "/auth/password", body: login("ada@x"), peer: ip(i)}
		}},
		"confirmations": {5, 30 * time.Minute, "resend_confirmation/ip", func(int) request {
			return request{method: "POST", path: "/api/v1/profile/resend_confirmation"}
		}},
		"second factor": {5, time.Minute, "mfa_verification/ip", func(i int) request {
			return [3]request{
				{method: "DELETE", path: "/api/v1/profile/mfa"},
				{method: "POST", path: "/api/v1/profile/mfa/verify"},
				{method: "POST", path: "/api/v1/profile/mfa/backup_codes"},
			}[i%3]
		}},
		"sign-up": {5, 30 * time.Minute, "accounts/ip", func(int) request { return request{method: "POST", path: "/api/v1/accounts"} }},
		"onboarding": {20, 5 * time.Minute, "onboarding/ip", func(int) request {
			return request{method: "POST", path: "/installation/onboarding"}
		}},
		"super admins": {5, 5 * time.Minute, "super_admin_login/ip", func(int) request {
			return request{method: "POST", path: "/super_admin/sign_in"}
		}},
		"a super admin": {5, 15 * time.Minute, "super_admin_login/email", func(i int) request {
			return request{method: "POST", path: "/super_admin/sign_in", body: "super_admin[email]=Root@x", contentType: form, peer: ip(i)}
		}},
		"transcripts": {30, time.Hour, "transcript", func(i int) request {
			return request{method: "POST", path: fmt.Sprintf("/api/v1/accounts/1/conversations/%d/transcript", i), peer: ip(i)}
		}},
		"uploads": {60, time.Hour, "upload", func(i int) request { return request{method: "POST", path: "/api/v1/accounts/1/upload", peer: ip(i)} }},
		"searches": {100, time.Minute, "contact_search", func(i int) request {
			return request{method: "GET", path: "/api/v1/accounts/1/contacts/search?q=x", peer: ip(i)}
		}},
		"reports of a user": {20, time.Minute, "reports/user", func(i int) request {
			return request{method: "GET", path: "/api/v2/accounts/1/reports/summary", peer: ip(i), headers: []string{"uid: ada@x"}}
		}},
		"reports by token": {20, time.Minute, "reports/user", func(i int) request {
			return request{method: "GET", path: "/api/v2/accounts/1/reports", peer: ip(i), headers: []string{"api_access_token: t"}}
		}},
		"reports of an account": {50, time.Minute, "reports/account", func(i int) request {
			return request{method: "GET", path: "/api/v2/accounts/1/reports", headers: []string{fmt.Sprint("uid: u", i)}}
		}},
		"visitors": {6, 12 * time.Hour, "widget/conversations", func(int) request {
			return request{method: "POST", path: "/api/v1/widget/conversations"}
		}},
		"pages of visitors": {5, time.Hour, "widget/page", func(int) request { return request{method: "GET", path: "/widget?website_token=x"} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := throttled(t, 1, nil)
			d.now = d.now.Truncate(24 * time.Hour).Add(24*time.Hour - c.period) // the last window of a day
			if got := d.passes(c.limit*3, c.one); got != c.limit {
				t.Errorf("%d pass, want %d", got, c.limit)
			}
			if len(d.refused) == 0 || d.refused[0] != c.rule {
				t.Errorf("refused by %v, want %s", d.refused[:min(1, len(d.refused))], c.rule)
			}
			d.now = d.now.Add(c.period - time.Second)
			if got := d.passes(1, c.one); got != 0 {
				t.Error("the window ended too early")
			}
			d.now = d.now.Add(time.Second)
			if got := d.passes(c.limit*3, c.one); got != c.limit {
				t.Errorf("%d pass in the next window, want %d", got, c.limit)
			}
		})
	}
}

func TestThrottleAnswer(t *testing.T) {
	t.Parallel()
	d := throttled(t, 1, func(o *route.ThrottleOptions) { o.Requests = 2 })
	get := request{method: "GET", path: "/api"}
	d.passes(2, func(int) request { return get })
	res := d.send(get)
	if res.StatusCode() != 429 || string(res.Body()) != "Retry later\n" || string(res.Header.ContentType()) != "text/plain" || len(res.Header.Peek("Retry-After")) > 0 {
		t.Errorf("got %d %q %s", res.StatusCode(), res.Body(), res.Header.ContentType())
	}
	for range 3 {
		d.send(get)
	}
	if n := strings.Count(d.logs.String(), "rule=req/ip"); n != 1 {
		t.Errorf("the log says so %d times:\n%s", n, d.logs.String())
	}
}

// What is not limited: others, other methods, who is allowed.
func TestThrottleLetsOthersIn(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	d := throttled(t, 1, func(o *route.ThrottleOptions) {
		o.Requests, o.TrustedProxies = 3, proxies
		o.Allowed = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/28")}
		o.Exempt = func(path []byte) bool { return string(path) == "/webhooks/x" }
	})
	for name, c := range map[string]struct {
		want int
		one  func(i int) request
	}{
		"loopback":               {9, func(int) request { return request{peer: "127.0.0.1"} }},
		"loopback of six":        {9, func(int) request { return request{peer: "::1"} }},
		"who is allowed":         {9, func(int) request { return request{peer: "203.0.113.15"} }},
		"who is not":             {3, func(int) request { return request{peer: "203.0.113.16"} }},
		"what providers deliver": {9, func(int) request { return request{peer: "203.0.113.17", path: "/webhooks/x"} }},
		"clients of a proxy": {9, func(i int) request {
			return request{peer: "10.1.2.3", headers: []string{fmt.Sprint("X-Forwarded-For: 198.51.100.", i)}}
		}},
		"one client of a proxy": {3, func(int) request {
			return request{peer: "10.1.2.3", headers: []string{"X-Forwarded-For: 198.51.101.1"}}
		}},
		"who claims to be somebody": {3, func(i int) request {
			return request{peer: "10.2.0.1", headers: []string{fmt.Sprint("X-Forwarded-For: 198.51.102.", i)}}
		}},
		"who claims to be loopback": {3, func(int) request { return request{peer: "10.2.0.2", headers: []string{"X-Forwarded-For: 127.0.0.1"}} }},
		"who prepends addresses": {3, func(i int) request {
			return request{peer: "10.1.2.3", headers: []string{fmt.Sprintf("X-Forwarded-For: 198.51.103.%d, 198.51.104.1", i)}}
		}},
		"who sends a line of theirs": {3, func(i int) request {
			return request{peer: "10.1.2.3", headers: []string{fmt.Sprint("X-Forwarded-For: 198.51.105.", i), "X-Forwarded-For: 198.51.106.1"}}
		}},
		"a network of six": {3, func(i int) request { return request{peer: fmt.Sprintf("2001:db8:1:2::%x", i+1)} }},
		"networks of six":  {9, func(i int) request { return request{peer: fmt.Sprintf("2001:db8:1:%x::1", i+16)} }},
	} {
		if got := d.passes(9, func(i int) request {
			r := c.one(i)
			r.method = "GET"
			if r.path == "" {
				r.path = "/api"
			}
			return r
		}); got != c.want {
			t.Errorf("%s: %d pass, want %d", name, got, c.want)
		}
	}
	d = throttled(t, 1, func(o *route.ThrottleOptions) { o.Widget = false })
	for _, r := range []request{
		{method: "GET", path: "/auth/sign_in"},
		{method: "PUT", path: "/auth/password"},
		{method: "POST", path: "/auth/sign_in/x"},
		{method: "GET", path: "/api/v1/profile/mfa"},
		{method: "POST", path: "/api/v1/profile/mfa"},
		{method: "POST", path: "/api/v2/accounts"},
		{method: "POST", path: "/api/v1/widget/conversations"},
		{method: "GET", path: "/widget"},
		{method: "GET", path: "/api/v1/accounts/1/contacts"},
	} {
		if got := d.passes(200, func(int) request { return r }); got != 200 {
			t.Errorf("%s %s: %d pass", r.method, r.path, got)
		}
	}
}

// Requests that cannot be read, or are too long, are still of their address.
func TestThrottleOfUnreadableRequests(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no JSON": `{"email":`, "a list": `[1]`, "another type": `{"email":{"a":1},"mfa_token":7}`, "NUL": "{\"email\":\"\x00\"}",
		"too long": `{"mfa_token":"` + strings.Repeat("x", route.MaxSignIn) + `"}`,
	} {
		d := throttled(t, 1, nil)
		if got := d.passes(20, func(int) request { return request{method: "POST", path: "/auth/sign_in", body: body} }); got != 5 {
			t.Errorf("%s: %d pass", name, got)
		}
	}
}

func TestThrottleTogether(t *testing.T) {
	t.Parallel()
	shared := &counter{sums: map[string]int64{}}
	d := throttled(t, 2, func(o *route.ThrottleOptions) { o.Shared, o.Requests = shared, 1000 })
	both := func(i int) request {
		return request{process: i % 2, method: "POST", path: "/auth/sign_in", body: login(fmt.Sprint("u", i))}
	}
	if got := d.passes(1000, both); got != 5 {
		t.Errorf("of 1000 sign-ins %d pass", got)
	}
	for name := range shared.sums {
		if strings.Contains(name, "203.0.113.9") {
			t.Errorf("the counter %q names the address", name)
		}
	}
	// A large limit is nearly exact, without asking for every request.
	calls := shared.calls
	d.now = d.now.Add(time.Hour)
	got := d.passes(3000, func(i int) request { return request{process: i % 2, method: "GET", path: "/api"} })
	if got < 1000 || got > 1040 {
		t.Errorf("of 3000 requests %d pass", got)
	}
	if asked := shared.calls - calls; asked > 3000/10+2 {
		t.Errorf("asked %d times", asked)
	}
}

// While the counter is away, each process counts alone, and does not wait for it.
func TestThrottleAlone(t *testing.T) {
	t.Parallel()
	shared := &counter{sums: map[string]int64{}, away: true}
	d := throttled(t, 2, func(o *route.ThrottleOptions) { o.Shared = shared })
	both := func(i int) request {
		return request{process: i % 2, method: "POST", path: "/auth/sign_in", body: login(fmt.Sprint("u", i))}
	}
	if got := d.passes(200, both); got != 10 {
		t.Errorf("%d pass, want 5 of each", got)
	}
	if shared.calls != 2 {
		t.Errorf("asked %d times", shared.calls)
	}
	if n := strings.Count(d.logs.String(), "level=WARN"); n != 2 {
		t.Errorf("%d warnings:\n%s", n, d.logs.String())
	}
	shared.away = false
	d.now = d.now.Add(5 * time.Minute)
	if got := d.passes(200, both); got != 5 {
		t.Errorf("%d pass when it is back", got)
	}
}

// Requests that come at the same time: no more than the limit pass, and no fewer.
func TestThrottleAtOnce(t *testing.T) {
	t.Parallel()
	for name, shared := range map[string]route.Counter{"alone": nil, "together": &counter{sums: map[string]int64{}}} {
		d := throttled(t, 1, func(o *route.ThrottleOptions) { o.Shared, o.Refused = shared, nil })
		var wg sync.WaitGroup
		var mu sync.Mutex
		passed := 0
		for range 8 {
			wg.Go(func() {
				n := d.passes(50, func(int) request { return request{method: "POST", path: "/api/v1/accounts"} })
				mu.Lock()
				defer mu.Unlock()
				passed += n
			})
		}
		wg.Wait()
		if passed != 5 {
			t.Errorf("%s: %d pass", name, passed)
		}
	}
}

func BenchmarkThrottle(b *testing.B) {
	h := route.NewThrottle(route.ThrottleOptions{Log: slog.New(slog.DiscardHandler), Requests: 1 << 40}).Handler(func(*fasthttp.RequestCtx) {})
	var ctx fasthttp.RequestCtx
	ctx.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.ParseIP("203.0.113.9")}, nil)
	ctx.Request.SetRequestURI("/api/v1/accounts/1/conversations?status=open")
	b.ReportAllocs()
	for b.Loop() {
		h(&ctx)
	}
}
