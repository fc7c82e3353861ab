package httpx_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"tributary/internal/httpx"
	"tributary/internal/testkit"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"8.8.8.8":                true,
		"1.1.1.1":                true,
		"2606:4700:4700::1111":   true,
		"::ffff:8.8.8.8":         true,
		"64:ff9b::8.8.8.8":       true,
		"172.15.255.255":         true,
		"172.32.0.1":             true,
		"100.63.255.255":         true,
		"100.128.0.1":            true,
		"0.0.0.0":                false,
		"0.1.2.3":                false,
		"127.0.0.1":              false,
		"127.255.0.9":            false,
		"10.0.0.1":               false,
		"172.16.0.1":             false,
		"172.31.255.255":         false,
		"192.168.1.1":            false,
		"100.64.0.1":             false,
		"100.127.255.255":        false,
		"169.254.169.254":        false,
		"192.0.0.192":            false,
		"198.18.0.1":             false,
		"224.0.0.1":              false,
		"239.255.255.250":        false,
		"255.255.255.255":        false,
		"::":                     false,
		"::1":                    false,
		"::7f00:1":               false,
		"::ffff:127.0.0.1":       false,
		"::ffff:169.254.169.254": false,
		"::ffff:10.1.2.3":        false,
		"64:ff9b::127.0.0.1":     false,
		"64:ff9b::169.254.1.1":   false,
		"64:ff9b:1::8.8.8.8":     false,
		"2002:7f00:1::":          false,
		"2001::1":                false,
		"2001:db8::1":            false,
		"fe80::1":                false,
		"fe80::1%eth0":           false,
		"fec0::1":                false,
		"fc00::1":                false,
		"fd00:ec2::254":          false,
		"ff02::1":                false,
	}
	for address, want := range tests {
		if got := httpx.Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("Public(%s) = %v, want %v", address, got, want)
		}
	}
	if httpx.Public(netip.Addr{}) {
		t.Error("Public(zero Addr) = true, want false")
	}
}

func TestGuardedRefusesLiteralAddresses(t *testing.T) {
	t.Parallel()
	client := httpx.NewGuarded(false)
	for _, address := range []string{
		"https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
		"https://169.254.169.254/latest", "https://[fd00:ec2::254]/", "https://0.0.0.0/",
		"https://10.0.0.1:8443/", "https://[64:ff9b::7f00:1]/", "https://localhost/",
	} {
		_, err := get(t, client, address)
		if !errors.Is(err, httpx.ErrForbidden) {
			t.Errorf("GET %s: got %v, want ErrForbidden", address, err)
		}
	}
}

func TestGuardedRefusesPlainHTTP(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://example.test/", "ftp://example.test/", "file:///etc/passwd"} {
		_, err := get(t, httpx.NewGuarded(false), address)
		if !errors.Is(err, httpx.ErrForbidden) {
			t.Errorf("GET %s: got %v, want ErrForbidden", address, err)
		}
	}
}

func TestGuardedRefusesNamesOfPrivateAddresses(t *testing.T) {
	t.Parallel()
	resolver := testkit.Resolver(map[string]string{
		"loop.example.test.": "127.0.0.1",
		"meta.example.test.": "169.254.169.254",
		"lan.example.test.":  "192.168.7.7",
		"six.example.test.":  "fd00:ec2::254",
	})
	client := httpx.NewGuarded(false, httpx.Resolver(resolver))
	for _, host := range []string{"loop", "meta", "lan", "six"} {
		_, err := get(t, client, "https://"+host+".example.test/hook?token=s3cret")
		if !errors.Is(err, httpx.ErrForbidden) {
			t.Errorf("%s: got %v, want ErrForbidden", host, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error holds the query: %v", host, err)
		}
	}
}

// A name that is public when it is looked at and private when it is called: what counts
// is the address of the connection.
func TestGuardedRefusesRebinding(t *testing.T) {
	t.Parallel()
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the private server was reached")
	}))
	defer inside.Close()
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	resolver := testkit.ResolverOf(func(string) string {
		if asked.Add(1) <= 2 { // A and AAAA of who looks first
			return "8.8.8.8"
		}
		return "127.0.0.1"
	})
	if found, err := resolver.LookupHost(t.Context(), "moving.example.test"); err != nil || len(found) != 1 || found[0] != "8.8.8.8" {
		t.Fatalf("at first: %v, %v", found, err)
	}
	_, err = get(t, httpx.NewGuarded(false, httpx.Resolver(resolver)), "https://moving.example.test:"+port+"/")
	if !errors.Is(err, httpx.ErrForbidden) {
		t.Errorf("then: got %v, want ErrForbidden", err)
	}
	if asked.Load() <= 2 {
		t.Error("the name was not asked again")
	}
}

// A public server that redirects inside cannot be had in a test; the redirect
// comes from a TLS server reached through a transport of its own, which hands
// over to the guarded client's rules for the second hop.
func TestGuardedRefusesRedirectInside(t *testing.T) {
	t.Parallel()
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the private server was reached")
	}))
	defer inside.Close()
	client := httpx.NewGuarded(false)
	guarded := client.Transport
	client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "public.example.test" {
			return answer(r, http.StatusFound, strings.Replace(inside.URL, "http:", r.URL.Query().Get("scheme")+":", 1)), nil
		}
		return guarded.RoundTrip(r)
	})
	for _, scheme := range []string{"http", "https"} {
		_, err := get(t, client, "https://public.example.test/?scheme="+scheme)
		if !errors.Is(err, httpx.ErrForbidden) {
			t.Errorf("redirect to %s: got %v, want ErrForbidden", scheme, err)
		}
	}
}

func TestAllowPrivateAdmitsLoopbackAndHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/again" {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, "inside")
	}))
	defer server.Close()
	client := httpx.NewGuarded(true, httpx.Resolver(testkit.Resolver(map[string]string{"home.example.test.": "127.0.0.1"})))
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(server.URL, "http://"))
	for _, address := range []string{server.URL, server.URL + "/again", "http://home.example.test:" + port} {
		got, err := get(t, client, address)
		if err != nil || got != "inside" {
			t.Errorf("GET %s = %q, %v, want %q", address, got, err, "inside")
		}
	}
}

func TestGuardedRedirectLimit(t *testing.T) {
	t.Parallel()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		left := strings.TrimPrefix(r.URL.Path, "/")
		if left == "" {
			_, _ = io.WriteString(w, "end")
			return
		}
		http.Redirect(w, r, server.URL+"/"+left[1:], http.StatusFound)
	}))
	defer server.Close()
	client := httpx.NewGuarded(true)
	if got, err := get(t, client, server.URL+"/xxx"); err != nil || got != "end" {
		t.Errorf("three redirects: %q, %v, want %q", got, err, "end")
	}
	if _, err := get(t, client, server.URL+"/xxxx"); !errors.Is(err, httpx.ErrRedirects) {
		t.Errorf("four redirects: %v, want ErrRedirects", err)
	}
}

func TestGuardedRedirectHeaders(t *testing.T) {
	t.Parallel()
	headers := make(chan http.Header, 1)
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		headers <- r.Header.Clone()
	}))
	defer target.Close()
	var source *httptest.Server
	source = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, target.URL, http.StatusTemporaryRedirect)
		case "/round":
			http.Redirect(w, r, source.URL+"/same", http.StatusTemporaryRedirect)
		default:
			headers <- r.Header.Clone()
		}
	}))
	defer source.Close()
	client := httpx.NewGuarded(true)
	for _, test := range []struct {
		path string
		want string
	}{{"/away", ""}, {"/round", "Bearer s3cret"}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, source.URL+test.path+"?token=s3cret", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer s3cret")
		req.Header.Set("X-Signature", "s3cret")
		req.Header.Set("Accept", "image/png")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		got := <-headers
		if got.Get("Authorization") != test.want {
			t.Errorf("%s: Authorization %q, want %q", test.path, got.Get("Authorization"), test.want)
		}
		if (got.Get("X-Signature") == "") != (test.want == "") {
			t.Errorf("%s: X-Signature %q", test.path, got.Get("X-Signature"))
		}
		if got.Get("Referer") != "" || got.Get("Accept") != "image/png" {
			t.Errorf("%s: Referer %q, Accept %q", test.path, got.Get("Referer"), got.Get("Accept"))
		}
	}
}

func TestGuardedKeepsPOST(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			t.Error("the POST became a GET")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := httpx.Do(httpx.NewGuarded(true), req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusFound {
		t.Errorf("status %d, want 302", res.StatusCode)
	}
}

func TestProviderFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := httpx.NewProvider().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusFound {
		t.Errorf("status %d, want 302", res.StatusCode)
	}
}

func TestErrorsHoldNoURL(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://s3cret.example.test/%zz?s3cret")
		w.WriteHeader(http.StatusFound)
	}))
	defer server.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	client := httpx.NewGuarded(true)
	for _, address := range []string{server.URL, closed.URL + "/bots3cret/x?key=s3cret", strings.Replace(closed.URL, "//", "//u:s3cret@", 1)} {
		_, err := get(t, client, address)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("GET %s: error %v, want one without the URL", address, err)
		}
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	req, err := http.NewRequestWithContext(canceled, http.MethodGet, closed.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := httpx.Do(client, req); !errors.Is(err, context.Canceled) {
		if err == nil {
			_ = res.Body.Close()
		}
		t.Errorf("canceled: %v, want context.Canceled in the chain", err)
	}
	if got := httpx.Redact(io.EOF); got != io.EOF { //nolint:errorlint // the very same error
		t.Errorf("Redact(io.EOF) = %v", got)
	}
}

func get(t *testing.T, client *http.Client, address string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := httpx.Do(client, req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(r *http.Request, status int, location string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Location": {location}}, Body: http.NoBody, Request: r}
}

// Servers that speak no HTTP are judged like those that do.
func TestGuardedDialer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	address := server.Listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	resolver := testkit.Resolver(map[string]string{"mail.example.test.": "127.0.0.1", "meta.example.test.": "169.254.169.254"})
	for _, target := range []string{address, "[::1]:" + port, "169.254.169.254:25", "10.0.0.1:993", "mail.example.test:" + port, "meta.example.test:25"} {
		conn, err := httpx.NewGuardedDialer(false, httpx.Resolver(resolver)).DialContext(t.Context(), "tcp", target)
		if !errors.Is(err, httpx.ErrForbidden) {
			t.Errorf("%s: got %v, %v, want ErrForbidden", target, conn, err)
		}
	}
	conn, err := httpx.NewGuardedDialer(true, httpx.Resolver(resolver)).DialContext(t.Context(), "tcp", "mail.example.test:"+port)
	if err != nil {
		t.Fatalf("with private addresses allowed: %v", err)
	}
	_ = conn.Close()
}
