package httpx

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
)

// ErrForbidden says that a URL leads where user-supplied URLs may not lead: to
// a private address, or there without TLS. What was refused is in the text, the
// URL is not.
var ErrForbidden = errors.New("httpx: address not allowed")

// ErrRedirects says that there were more than MaxRedirects redirects.
var ErrRedirects = errors.New("httpx: too many redirects")

// MaxRedirects is how many redirects a guarded client follows.
const MaxRedirects = 3

// control is net.Dialer.Control.
type control func(network, address string, c syscall.RawConn) error

// NewGuarded makes the client for URLs that users supplied. Unless allowPrivate
// is set it speaks https only and connects to public addresses only. The address
// is judged when the connection is made, after all name resolution, so a name
// that answers differently the second time gains nothing; every redirect is
// judged the same way. It uses no proxy, because a proxy would hide the address
// that is really reached.
//
// A redirect that would turn a POST into a GET is not followed: the answer is
// the redirect itself. A redirect to another host carries on only headers that
// hold no secret.
func NewGuarded(allowPrivate bool, opts ...Option) *http.Client {
	var judge control
	if !allowPrivate {
		judge = func(_, address string, _ syscall.RawConn) error { return checkAddress(address) }
	}
	t := transport(opts, judge)
	t.MaxIdleConns = guardedHosts
	t.MaxIdleConnsPerHost = guardedPerHost
	t.IdleConnTimeout = guardedIdle
	return &http.Client{
		Transport:     &guard{next: t, allowPlain: allowPrivate},
		CheckRedirect: redirect,
	}
}

// NewGuardedDialer makes what connects to servers that users named and that do not
// speak HTTP, under the same rule: public addresses only, unless allowPrivate is set.
func NewGuardedDialer(allowPrivate bool, opts ...Option) *net.Dialer {
	var judge control
	if !allowPrivate {
		judge = func(_, address string, _ syscall.RawConn) error { return checkAddress(address) }
	}
	return dialer(opts, judge)
}

// guard checks the scheme of every request, redirects included.
type guard struct {
	next       *http.Transport
	allowPlain bool
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && (r.URL.Scheme != "http" || !g.allowPlain) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, fmt.Errorf("%w: scheme", ErrForbidden)
	}
	res, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	// net/http quotes a Location it cannot parse in its error, with whatever
	// token is in it.
	if location := res.Header.Get("Location"); location != "" && res.StatusCode/100 == 3 {
		if _, err := url.Parse(location); err != nil {
			_, _ = io.CopyN(io.Discard, res.Body, 4<<10)
			_ = res.Body.Close()
			return nil, errors.New("httpx: redirect to an invalid address")
		}
	}
	return res, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the pool.
func (g *guard) CloseIdleConnections() { g.next.CloseIdleConnections() }

// redirect decides about following a redirect. via holds the requests made
// before, oldest first.
func redirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	if next.Method != first.Method {
		return http.ErrUseLastResponse
	}
	if len(via) > MaxRedirects {
		return ErrRedirects
	}
	// The previous URL may hold a token in its query.
	next.Header.Del("Referer")
	for _, r := range append(via[1:len(via):len(via)], next) {
		if r.URL.Host != first.URL.Host || r.URL.Scheme != first.URL.Scheme {
			keepHarmless(next.Header)
			break
		}
	}
	return nil
}

// keepHarmless drops every header that may hold a credential; which of a
// provider's own header names do is not known here.
func keepHarmless(h http.Header) {
	for name := range h {
		switch name {
		case "Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Range", "User-Agent":
		default:
			h.Del(name)
		}
	}
}

// checkAddress refuses "ip:port" unless the ip is public.
func checkAddress(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: unreadable", ErrForbidden)
	}
	if !Public(ap.Addr()) {
		return fmt.Errorf("%w: not a public address", ErrForbidden)
	}
	return nil
}
