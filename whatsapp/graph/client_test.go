package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tributary/whatsapp/graph"
)

const (
	token   = "EAAtokenOfThisTest123"
	waba    = "900100200300401"
	phoneID = "500100200300401"
	pin     = "004821"
	code    = "AQsignupCode-of_this.test"
	verify  = "0123456789abcdef0123456789abcdef"
)

var to = graph.Target{Token: token, WABA: waba, PhoneID: phoneID}

// calls are all that the client can do, by their names in metrics.
var calls = map[string]func(context.Context, *graph.Client) error{
	"exchange": func(ctx context.Context, c *graph.Client) error {
		_, err := c.Exchange(ctx, code)
		return err
	},
	"debug_token": func(ctx context.Context, c *graph.Client) error {
		_, err := c.TokenScopes(ctx, token)
		return err
	},
	"phone_numbers": func(ctx context.Context, c *graph.Client) error {
		_, err := c.PhoneNumbers(ctx, to)
		return err
	},
	"number": func(ctx context.Context, c *graph.Client) error {
		_, err := c.Number(ctx, to)
		return err
	},
	"business": func(ctx context.Context, c *graph.Client) error {
		_, err := c.Business(ctx, to)
		return err
	},
	"register":    func(ctx context.Context, c *graph.Client) error { return c.Register(ctx, to, pin) },
	"deregister":  func(ctx context.Context, c *graph.Client) error { return c.Deregister(ctx, to) },
	"subscribe":   func(ctx context.Context, c *graph.Client) error { return c.Subscribe(ctx, to, nil) },
	"unsubscribe": func(ctx context.Context, c *graph.Client) error { return c.Unsubscribe(ctx, to) },
	"override": func(ctx context.Context, c *graph.Client) error {
		return c.Override(ctx, to, "https://support.example.com/webhooks/whatsapp/+15035550141", verify)
	},
	"set_pin": func(ctx context.Context, c *graph.Client) error { return c.SetPIN(ctx, to, pin) },
	"subscriptions": func(ctx context.Context, c *graph.Client) error {
		return c.Subscriptions(ctx, "https://support.example.com/webhooks/whatsapp", verify, []string{"account_update"})
	},
	"sync_app":     func(ctx context.Context, c *graph.Client) error { return c.SyncApp(ctx, to, "history") },
	"set_calling":  func(ctx context.Context, c *graph.Client) error { return c.SetCalling(ctx, to, false) },
	"request_code": func(ctx context.Context, c *graph.Client) error { return c.RequestCode(ctx, to, "VOICE", "pt_BR") },
	"verify_code":  func(ctx context.Context, c *graph.Client) error { return c.VerifyCode(ctx, to, pin) },
}

func asError(t *testing.T, err error) *graph.Error {
	t.Helper()
	e, ok := err.(*graph.Error) //nolint:errorlint // the type itself is promised
	if !ok {
		t.Fatalf("the error is %T: %v", err, err)
	}
	return e
}

// TestSecretsStayInside has Meta quote every secret it was sent, in every text, and
// looks for them in whatever the error gives away.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	secrets := []string{token, appSecret, code, verify, pin, "EAAotherTokenOfMeta"}
	quote := strings.Join(secrets, " ") + " and " + appID + "|" + appSecret + " and " + url.QueryEscape(appID+"|"+appSecret) +
		" of https://graph.facebook.com/?access_token=foreignToken&client_secret=foreignSecret"
	secrets = append(secrets, "foreignToken", "foreignSecret")
	long := strings.Repeat("x", 990) + " " + quote // the text is cut within the first secret
	for _, text := range []string{quote, long} {
		body, err := json.Marshal(map[string]any{"error": map[string]any{
			"message": text, "code": 190, "error_user_title": text, "error_user_msg": text,
			"error_data": map[string]any{"details": text}, "fbtrace_id": text,
		}})
		if err != nil {
			t.Fatal(err)
		}
		m := serve(t, always(http.StatusUnauthorized, nil, string(body)))
		c := client(t, m)
		for name, call := range calls {
			e := asError(t, call(t.Context(), c))
			all := fmt.Sprintf("%v %+v %#v %s", e, *e, *e, e.Text())
			for _, secret := range secrets {
				if sent := secretsOf(name); !slices.Contains(sent, secret) {
					continue
				}
				if strings.Contains(all, secret[:min(len(secret), 8)]) {
					t.Errorf("%s: %q is in %s", name, secret, all)
				}
			}
			if !strings.Contains(e.Message, "[reda") || e.Code != 190 || len(e.Error()) > 200 {
				t.Errorf("%s: %d bytes, %+v", name, len(e.Error()), e)
			}
		}
	}
}

// secretsOf are the secrets that a call knows, and those that have a form.
func secretsOf(call string) []string {
	known := []string{"EAAotherTokenOfMeta", "foreignToken", "foreignSecret", token}
	switch call {
	case "exchange":
		return append(known, appSecret, code)
	case "debug_token":
		return append(known, appSecret)
	case "subscriptions":
		return append(known, appSecret, verify)
	case "override":
		return append(known, verify)
	case "register", "set_pin", "verify_code":
		return append(known, pin)
	}
	return known
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	cut := serve(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `{"success":`)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	silent := serve(t, func(http.ResponseWriter, *http.Request, string) { panic(http.ErrAbortHandler) })
	for name, base := range map[string]string{"refused": closed.URL, "cut": cut.URL, "reset": silent.URL} {
		c := client(t, cut, func(o *graph.Options) { o.Base = constant(base) })
		for call, do := range calls {
			e := asError(t, do(t.Context(), c))
			if e.Class != graph.Transient || !e.Ambiguous || e.Err == nil || e.Code != 0 {
				t.Errorf("%s, %s: %+v", name, call, e)
			}
			for _, secret := range []string{token, appSecret, url.QueryEscape(code), code, pin, "access_token", "?"} {
				if strings.Contains(fmt.Sprintf("%v %+v", e, *e), secret) {
					t.Errorf("%s, %s: %q is in %+v", name, call, secret, e)
				}
			}
			if want := name == "cut"; want != (e.HTTPStatus == http.StatusOK) {
				t.Errorf("%s, %s: status %d", name, call, e.HTTPStatus)
			}
		}
	}
}

func TestCallersContext(t *testing.T) {
	t.Parallel()
	m := serve(t, always(http.StatusOK, nil, "{}"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := asError(t, client(t, m).Register(ctx, to, pin))
	if e.Class != graph.Transient || !errors.Is(e, context.Canceled) {
		t.Errorf("%+v", e)
	}
}

// TestTimeLimits runs on a clock of its own: 5 s to connect, 15 s for everything,
// with a transport that has no limits.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dial func(ctx context.Context, network, address string) (net.Conn, error)
		want time.Duration
	}{
		"no connection": {
			func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}, 5 * time.Second,
		},
		"no answer":      {answering(""), 15 * time.Second},
		"half an answer": {answering("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"succ"), 15 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := &http.Client{Transport: &http.Transport{DialContext: c.dial}}
				var observed time.Duration
				g := graph.New(graph.Options{
					Base: constant("http://graph.test"), HTTP: h,
					Observe: func(_, _ string, d time.Duration) { observed = d },
				})
				began := time.Now()
				e := asError(t, g.Register(t.Context(), to, pin))
				if d := time.Since(began); d != c.want || observed != d {
					t.Errorf("it took %s (observed %s), want %s", d, observed, c.want)
				}
				if e.Class != graph.Transient || !e.Ambiguous {
					t.Errorf("%+v", e)
				}
				if want := name == "no connection"; want != strings.Contains(e.Error(), "no connection within 5s") {
					t.Errorf("%v", e)
				}
				h.CloseIdleConnections()
			})
		})
	}
}

// answering dials a server that reads the request, sends answer and says no more.
func answering(answer string) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			req, err := http.ReadRequest(bufio.NewReader(theirs))
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			io.WriteString(theirs, answer)
			io.Copy(io.Discard, theirs) // until the client hangs up
		}()
		return ours, nil
	}
}

func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	m := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		for r.Context().Err() == nil {
			io.WriteString(w, strings.Repeat(" ", 1<<16))
		}
	})
	e := asError(t, client(t, m).Register(t.Context(), to, pin))
	if e.Class != graph.Transient || !e.Ambiguous || e.HTTPStatus != http.StatusOK || !strings.Contains(e.Error(), "longer than 1048576 bytes") {
		t.Errorf("%+v", e)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, always(http.StatusOK, nil, `{"success":true}`))
	m := serve(t, always(http.StatusTemporaryRedirect, http.Header{"Location": {elsewhere.URL}}, ""))
	e := asError(t, client(t, m).Register(t.Context(), to, pin))
	if e.Class != graph.Unknown || e.Ambiguous || len(elsewhere.requests()) != 0 {
		t.Errorf("%+v, %d requests elsewhere", e, len(elsewhere.requests()))
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for body, class := range map[string]graph.Class{
		`{"success":true}`: "",
		`{"messaging_product":"whatsapp","request_id":"x"}`: "",
		`true`:                                  "",
		`{"success":false}`:                     graph.Unknown,
		`{"success":"false"}`:                   graph.Unknown,
		``:                                      graph.Transient,
		`null`:                                  graph.Transient,
		`[]`:                                    graph.Transient,
		`"success"`:                             graph.Transient,
		`{"success":true} junk`:                 graph.Transient,
		`{"error":{"message":"no","code":190}}`: graph.Credentials, // under a 200
		`{"error":{"message":"no"}}`:            graph.Unknown,
		`{"error":"no"}`:                        graph.Unknown,
	} {
		m := serve(t, always(http.StatusOK, nil, body))
		err := client(t, m).Register(t.Context(), to, pin)
		if class == "" {
			if err != nil {
				t.Errorf("%s: %v", body, err)
			}
			continue
		}
		if e := asError(t, err); e.Class != class || e.HTTPStatus != http.StatusOK || e.Ambiguous != (class == graph.Transient) {
			t.Errorf("%s: %+v, want %s", body, e, class)
		}
	}
}

// TestNotSent are calls that cannot succeed and cost nothing.
func TestNotSent(t *testing.T) {
	t.Parallel()
	m := serve(t, always(http.StatusOK, nil, `{"success":true}`))
	c := client(t, m)
	bare := client(t, m, func(o *graph.Options) { o.AppID, o.AppSecret = nil, nil })
	misplaced := client(t, m, func(o *graph.Options) { o.Base = constant("http://\x7f") })
	ctx := t.Context()
	noToken, badToken, noPhone, noWABA := to, to, to, to
	noToken.Token, badToken.Token, noPhone.PhoneID, noWABA.WABA = "", "EAA\r\nX: y", "", ""
	for i, n := range []struct {
		class graph.Class
		err   error
	}{
		{graph.Credentials, c.Register(ctx, noToken, pin)},
		{graph.Credentials, c.Register(ctx, badToken, pin)},
		{graph.Credentials, last(c.Number(ctx, noToken))},
		{graph.Credentials, last(c.TokenScopes(ctx, ""))},
		{graph.OurRequest, last(c.Number(ctx, noPhone))},
		{graph.OurRequest, c.Deregister(ctx, noPhone)},
		{graph.OurRequest, last(c.PhoneNumbers(ctx, noWABA))},
		{graph.OurRequest, last(c.Business(ctx, noWABA))},
		{graph.OurRequest, c.Subscribe(ctx, noWABA, nil)},
		{graph.OurRequest, c.Unsubscribe(ctx, noWABA)},
		{graph.OurRequest, last(c.Exchange(ctx, ""))},
		{graph.OurRequest, last(bare.Exchange(ctx, code))},
		{graph.OurRequest, last(bare.TokenScopes(ctx, token))},
		{graph.OurRequest, bare.Subscriptions(ctx, "https://x.example", verify, nil)},
		{graph.OurRequest, c.Register(ctx, to, "12345")},
		{graph.OurRequest, c.Register(ctx, to, "12345x")},
		{graph.OurRequest, c.SetPIN(ctx, to, "1234567")},
		{graph.OurRequest, c.RequestCode(ctx, to, "EMAIL", "en_US")},
		{graph.OurRequest, c.RequestCode(ctx, to, "SMS", "")},
		{graph.OurRequest, c.VerifyCode(ctx, to, "12-34")},
		{graph.OurRequest, c.VerifyCode(ctx, to, "")},
		{graph.Callback, c.Override(ctx, to, "https://support.example.com/"+strings.Repeat("ü", 173), verify)},
		{graph.OurRequest, last(misplaced.Exchange(ctx, code))},
	} {
		e := asError(t, n.err)
		if e.Class != n.class || e.Ambiguous || e.HTTPStatus != 0 || e.Text() == "" {
			t.Errorf("%d: %+v", i, e)
		}
		if strings.Contains(fmt.Sprintf("%+v", *e), appSecret) || strings.Contains(e.Error(), code) {
			t.Errorf("%d: a secret is in %+v", i, e)
		}
	}
	if n := len(m.requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
	if err := c.Override(ctx, to, "https://support.example.com/"+strings.Repeat("ü", 172), verify); err != nil {
		t.Errorf("200 characters: %v", err)
	}
}

func last[T any](_ T, err error) error { return err }

func TestSettings(t *testing.T) {
	t.Parallel()
	m := serve(t, always(http.StatusOK, nil, `{"id":"500100200300401","success":true,"data":[]}`))
	for version, want := range map[string]struct{ call, read string }{
		"":        {"v22.0", "v24.0"},
		"22.0":    {"v22.0", "v24.0"},
		"v21.0":   {"v21.0", "v24.0"},
		"v24":     {"v24", "v24"},
		"v24.0":   {"v24.0", "v24.0"},
		"v25.0":   {"v25.0", "v25.0"},
		"v100.0":  {"v100.0", "v100.0"},
		" v23.0/": {"v23.0", "v24.0"}, //nolint:gocritic // the space is what is tested
		"v9.9":    {"v9.9", "v24.0"},
		"vNext":   {"vNext", "v24.0"},
	} {
		base := m.URL + "/sim/"
		c := client(t, m, func(o *graph.Options) { o.Version, o.Base = constant(version), func() string { return base } })
		before := len(m.requests())
		for _, do := range []string{"number", "business", "phone_numbers", "register"} {
			if err := calls[do](t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		base = m.URL // a changed setting counts at once
		if err := c.Register(t.Context(), to, pin); err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, r := range m.requests()[before:] {
			paths = append(paths, r.Path)
		}
		if want := []string{
			"/sim/" + want.read + "/" + phoneID, "/sim/" + want.read + "/" + waba, "/sim/" + want.call + "/" + waba + "/phone_numbers",
			"/sim/" + want.call + "/" + phoneID + "/register", "/" + want.call + "/" + phoneID + "/register",
		}; !slices.Equal(paths, want) {
			t.Errorf("%q: %v, want %v", version, paths, want)
		}
	}
}

func TestIDsStayInTheirSegment(t *testing.T) {
	t.Parallel()
	m := serve(t, always(http.StatusOK, nil, `{"success":true}`))
	odd := to
	odd.PhoneID = "1/../2?access_token=x#"
	if err := client(t, m).Deregister(t.Context(), odd); err != nil {
		t.Fatal(err)
	}
	if r := m.requests()[0]; r.URI != "/v22.0/1%2F..%2F2%3Faccess_token=x%23/deregister" {
		t.Errorf("asked %s", r.URI)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	m := serve(t, always(http.StatusOK, nil, `{"success":true}`))
	c := client(t, m)
	ctx := t.Context()
	for i, n := range []struct {
		err  error
		want string
	}{
		{c.Subscribe(ctx, to, nil), "POST /v22.0/" + waba + "/subscribed_apps {}"},
		{c.Subscribe(ctx, to, []string{"messages", "calls"}), "POST /v22.0/" + waba + `/subscribed_apps {"subscribed_fields":["messages","calls"]}`},
		{c.Override(ctx, to, "", verify), "POST /v22.0/" + phoneID + ` {"webhook_configuration":{"override_callback_uri":""}}`},
		{c.Unsubscribe(ctx, to), "DELETE /v22.0/" + waba + "/subscribed_apps "},
		{c.Deregister(ctx, to), "POST /v22.0/" + phoneID + "/deregister "},
		{c.SetCalling(ctx, to, false), "POST /v22.0/" + phoneID + `/settings {"calling":{"status":"DISABLED"}}`},
	} {
		if n.err != nil {
			t.Errorf("%d: %v", i, n.err)
		}
		if r := m.requests()[i]; r.Method+" "+r.Path+" "+r.Body != n.want {
			t.Errorf("%d: %s %s %s, want %s", i, r.Method, r.Path, r.Body, n.want)
		}
	}
}

// TestUnknownFields has Meta know neither of two fields.
func TestUnknownFields(t *testing.T) {
	t.Parallel()
	unknown := map[string]bool{"health_status": true, "is_on_biz_app": true}
	m := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		for field := range strings.SplitSeq(r.URL.Query().Get("fields"), ",") {
			if unknown[field] {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, `{"error":{"message":"(#100) Tried accessing nonexisting field (%s) on node type (X)","code":100}}`, field)
				return
			}
		}
		io.WriteString(w, `{"id":"500100200300401","data":[{"id":"500100200300401"}]}`)
	})
	now, version := time.Unix(1_700_000_000, 0), "v24.0"
	var observed []string
	c := client(t, m, func(o *graph.Options) {
		o.Now = func() time.Time { return now }
		o.Version = func() string { return version }
		o.Observe = func(call, result string, _ time.Duration) { observed = append(observed, call+" "+result) }
	})
	asked := func() int {
		t.Helper()
		before := len(m.requests())
		n, err := c.Number(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(n.Dropped)
		if !slices.Equal(n.Dropped, []string{"health_status", "is_on_biz_app"}) {
			t.Errorf("dropped %v", n.Dropped)
		}
		return len(m.requests()) - before
	}
	if n := asked(); n != 3 {
		t.Errorf("%d requests at first, want 3", n)
	}
	if want := []string{"number our_request", "number our_request", "number ok"}; !slices.Equal(observed, want) {
		t.Errorf("observed %v", observed)
	}
	now = now.Add(time.Hour - time.Second)
	if n := asked(); n != 1 {
		t.Errorf("%d requests within the hour, want 1", n)
	}
	// The list asks the same node at the same version.
	list, err := c.PhoneNumbers(t.Context(), to)
	if err != nil || len(list) != 1 || !slices.Equal(list[0].Dropped, []string{"is_on_biz_app"}) || len(m.requests()) != 5 {
		t.Errorf("%v, %v after %d requests", list, err, len(m.requests()))
	}
	version = "v25.0"
	if n := asked(); n != 3 {
		t.Errorf("%d requests with another version, want 3", n)
	}
	version = "v24.0"
	now = now.Add(time.Second)
	if n := asked(); n != 3 {
		t.Errorf("%d requests after an hour, want 3", n)
	}
	delete(unknown, "health_status")
	delete(unknown, "is_on_biz_app")
	now = now.Add(time.Hour)
	if n, err := c.Number(t.Context(), to); err != nil || n.Dropped != nil {
		t.Errorf("dropped %v, %v after Meta learned the fields", n.Dropped, err)
	}
}

// TestNoEndlessRetry: an error about a field that was not asked for, or about every
// field, ends the read.
func TestNoEndlessRetry(t *testing.T) {
	t.Parallel()
	m := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		w.WriteHeader(http.StatusBadRequest)
		first, _, _ := strings.Cut(r.URL.Query().Get("fields"), ",")
		fmt.Fprintf(w, `{"error":{"message":"Tried accessing nonexisting field (%s)","code":100}}`, first)
	})
	e := asError(t, last(client(t, m).Business(t.Context(), to)))
	if e.Class != graph.OurRequest || len(m.requests()) != 4 {
		t.Errorf("%+v after %d requests", e, len(m.requests()))
	}
	m = serve(t, always(http.StatusBadRequest, nil, `{"error":{"message":"Tried accessing nonexisting field (certificate)","code":100}}`))
	e = asError(t, last(client(t, m).Number(t.Context(), to)))
	if e.Field != "certificate" || len(m.requests()) != 1 {
		t.Errorf("%+v after %d requests", e, len(m.requests()))
	}
}

func TestConcurrentReads(t *testing.T) {
	t.Parallel()
	m := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		if strings.Contains(r.URL.Query().Get("fields"), "health_status") {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error":{"message":"Tried accessing nonexisting field (health_status)","code":100}}`)
			return
		}
		io.WriteString(w, `{"id":"1"}`)
	})
	c := client(t, m)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Number(t.Context(), to); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestPaging(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		page  func(after string) string
		class graph.Class
		ids   []string
		calls int
	}{
		"the address of the next page is not used": {
			func(after string) string {
				switch after {
				case "":
					return `{"data":[{"id":"1"}],"paging":{"cursors":{"after":"A=&"},"next":"http://169.254.169.254/?access_token=x"}}`
				case "A=&":
					return `{"data":[],"paging":{"next":"https://graph.facebook.com/x?after=B%3D&access_token=x"}}`
				}
				return `{"data":[{"id":"2"}],"paging":{"cursors":{"after":"C"}}}`
			}, "", []string{"1", "2"}, 3,
		},
		"a cursor that leads to itself": {
			func(string) string { return `{"data":[],"paging":{"cursors":{"after":"A"},"next":"x"}}` }, graph.Unknown, nil, 2,
		},
		"no end": {
			func(after string) string {
				return fmt.Sprintf(`{"data":[{"id":"1"}],"paging":{"cursors":{"after":"%sA"},"next":"x"}}`, after)
			}, graph.Unknown, nil, 30,
		},
		"a next page without a cursor": {
			func(string) string { return `{"data":[{"id":"1"}],"paging":{"next":"https://graph.facebook.com/x"}}` }, graph.Transient, nil, 1,
		},
		"no list":                {func(string) string { return `{"id":"1"}` }, graph.Transient, nil, 1},
		"a number without an id": {func(string) string { return `{"data":[{"status":"CONNECTED"}]}` }, graph.Transient, nil, 1},
		"no number":              {func(string) string { return `{"data":[null]}` }, graph.Transient, nil, 1},
		"an error on page two": {
			func(after string) string {
				if after == "" {
					return `{"data":[{"id":"1"}],"paging":{"cursors":{"after":"A"},"next":"x"}}`
				}
				return `{"error":{"code":4,"message":"limit"}}`
			}, graph.Throttled, nil, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := serve(t, func(w http.ResponseWriter, r *http.Request, _ string) {
				io.WriteString(w, c.page(r.URL.Query().Get("after")))
			})
			numbers, err := client(t, m).PhoneNumbers(t.Context(), to)
			if c.class != "" {
				if e := asError(t, err); e.Class != c.class || numbers != nil {
					t.Errorf("%+v, %v", e, numbers)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, n := range numbers {
				ids = append(ids, n.ID)
			}
			seen := m.requests()
			if !slices.Equal(ids, c.ids) || len(seen) != c.calls {
				t.Errorf("%v after %d calls, want %v after %d", ids, len(seen), c.ids, c.calls)
			}
			for _, r := range seen {
				if r.Auth != "Bearer "+token || r.Path != "/v22.0/"+waba+"/phone_numbers" || strings.Contains(r.URI, token) {
					t.Errorf("asked %s with %s", r.URI, r.Auth)
				}
			}
		})
	}
}

func TestObserved(t *testing.T) {
	t.Parallel()
	m := serve(t, always(http.StatusServiceUnavailable, http.Header{"X-App-Usage": {`{"call_count":28}`}}, ""))
	var seen []string
	var usage []graph.Usage
	now := time.Unix(1_700_000_000, 0)
	c := client(t, m, func(o *graph.Options) {
		o.Now = func() time.Time { now = now.Add(time.Second); return now }
		o.Observe = func(call, result string, d time.Duration) { seen = append(seen, fmt.Sprint(call, " ", result, " ", d)) }
		o.OnUsage = func(_ context.Context, _ graph.Target, u graph.Usage) { usage = append(usage, u) }
	})
	for name, call := range calls {
		seen = nil
		call(t.Context(), c)
		if want := name + " transient 1s"; !slices.Equal(seen, []string{want}) && name != "number" && name != "business" && name != "phone_numbers" ||
			len(seen) != 1 || !strings.HasPrefix(seen[0], name+" transient ") {
			t.Errorf("observed %v, want %s", seen, want)
		}
	}
	if len(usage) != len(calls) || usage[0] != (graph.Usage{Percent: 28}) {
		t.Errorf("usage %v", usage)
	}
}

func TestTargetHidesItsToken(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	slog.New(slog.NewTextHandler(&out, nil)).Info("target", "target", to, "pointer", &to)
	raw, err := json.Marshal(to)
	if err != nil {
		t.Fatal(err)
	}
	all := out.String() + string(raw) + fmt.Sprintf("%v %+v %#v %s", to, to, to, &to)
	if strings.Contains(all, token) || !strings.Contains(all, phoneID) {
		t.Errorf("shown as %s", all)
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]graph.Class{
		`{"data":{}}`:                  graph.Transient,
		`{}`:                           graph.Transient,
		`{"data":{"is_valid":false}}`:  graph.Credentials,
		`{"data":{"is_valid":"true"}}`: graph.Transient,
	} {
		m := serve(t, always(http.StatusOK, nil, body))
		if e := asError(t, last(client(t, m).TokenScopes(t.Context(), token))); e.Class != want {
			t.Errorf("%s: %+v", body, e)
		}
	}
	m := serve(t, always(http.StatusOK, nil, `{"data":{"is_valid":true,"expires_at":1800000000,"app_id":1,
		"granular_scopes":[{"scope":"whatsapp_business_management","target_ids":[900100200300401,"7"]}]}}`))
	s, err := client(t, m).TokenScopes(t.Context(), token)
	if err != nil || s.For(waba) != graph.Named || s.For("8") != graph.NotNamed || s.Expires.Unix() != 1800000000 || s.AppID != "1" {
		t.Errorf("%+v, %v", s, err)
	}
}
