// Package httpx makes the two HTTP clients of the gateway: one for providers,
// whose addresses the operator chose, and one for addresses that users typed in,
// which must not be able to reach the operator's own network.
//
// Neither client has an overall time-out: the deadline of a call comes from its
// context.
package httpx

import (
	"net"
	"net/http"
	"time"
)

// Time-outs of the phases of a call, and what idle connections are kept.
const (
	dialTimeout   = 10 * time.Second
	tlsTimeout    = 10 * time.Second
	headerTimeout = 30 * time.Second
	keepAlive     = 30 * time.Second
	pingAfter     = 15 * time.Second

	providerIdle    = 90 * time.Second
	providerHosts   = 2048
	providerPerHost = 64

	guardedIdle    = 15 * time.Second
	guardedHosts   = 256
	guardedPerHost = 8
)

// Option changes how a client is made.
type Option func(*options)

type options struct {
	resolver *net.Resolver
}

// Resolver replaces the resolver of the system.
func Resolver(r *net.Resolver) Option { return func(o *options) { o.resolver = r } }

// NewProvider makes the client for calls to providers. It keeps up to 64 idle
// connections per host, follows no redirects (a provider's API never redirects,
// and credentials must not travel on), and honours HTTPS_PROXY, HTTP_PROXY and
// NO_PROXY: an operator whose network has no other way out needs them, and the
// addresses are the operator's own.
func NewProvider(opts ...Option) *http.Client {
	t := transport(opts, nil)
	t.Proxy = http.ProxyFromEnvironment
	t.MaxIdleConns = providerHosts
	t.MaxIdleConnsPerHost = providerPerHost
	t.IdleConnTimeout = providerIdle
	return &http.Client{
		Transport: t,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// transport makes a transport without proxy; control, if any, judges the address
// of every connection just before it is made.
func transport(opts []Option, control control) *http.Transport {
	return &http.Transport{
		DialContext:           dialer(opts, control).DialContext,
		TLSHandshakeTimeout:   tlsTimeout,
		ResponseHeaderTimeout: headerTimeout,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
		// A dead HTTP/2 connection would otherwise swallow calls until the
		// kernel gives it up.
		HTTP2: &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
	}
}

func dialer(opts []Option, control control) *net.Dialer {
	var o options
	for _, apply := range opts {
		apply(&o)
	}
	return &net.Dialer{
		Timeout:   dialTimeout,
		KeepAlive: keepAlive,
		Resolver:  o.resolver,
		Control:   control,
	}
}
