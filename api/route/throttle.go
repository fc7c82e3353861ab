package route

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// Counter counts in windows that processes share.
type Counter interface {
	// CountHits adds n to the counter of a name that ends at a moment and gives its
	// sum.
	CountHits(ctx context.Context, name string, n int64, ends time.Time) (int64, error)
}

// ThrottleOptions of NewThrottle.
type ThrottleOptions struct {
	// Shared counts for all processes; nil: this one is alone.
	Shared Counter
	Log    *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Requests is how many requests a minute one address may make.
	Requests int
	// ContactSearch is how often a minute an account may search its contacts.
	ContactSearch int
	// ReportsUser and ReportsAccount are how often a minute a user, or an account, may
	// ask for reports.
	ReportsUser, ReportsAccount int
	// Widget limits what visitors of a website may begin.
	Widget bool
	// Allowed are clients that are never refused; nor is loopback.
	Allowed []netip.Prefix
	// TrustedProxies are as in Options.
	TrustedProxies []netip.Prefix
	// Exempt tells the paths that anybody may call as often as they like: what is lost
	// when it is refused.
	Exempt func(path []byte) bool
	// Refused is told of every request that is refused, by the name of the rule.
	Refused func(rule string)
}

// Throttle refuses who comes too often, before anything else is done for them. It
// counts in windows that begin at multiples of their length since 1970.
type Throttle struct {
	ThrottleOptions
	rules []rule

	mu    sync.Mutex
	hits  map[string]*window
	swept time.Time
	away  time.Time // until when Shared is not asked, because it failed
}

// window is a counter. own are hits that Shared has not been told of, known is its
// sum without them.
type window struct {
	ends       time.Time
	own, known int64
}

// Limits of the memory and the patience of a throttle.
const (
	maxWindows   = 200_000
	sweepWindows = time.Minute
	sharedWait   = 500 * time.Millisecond
	sharedRest   = 5 * time.Second
	// hitsShare is the part of a limit by which processes may be wrong about each
	// other's hits, so that not every request asks Shared: small limits are exact.
	hitsShare = 100
)

// NewThrottle makes one.
func NewThrottle(opt ThrottleOptions) *Throttle {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Exempt == nil {
		opt.Exempt = func([]byte) bool { return false }
	}
	if opt.Refused == nil {
		opt.Refused = func(string) {}
	}
	return &Throttle{ThrottleOptions: opt, rules: throttleRules(opt), hits: map[string]*window{}}
}

// Handler stands before next.
func (t *Throttle) Handler(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if !t.Exempt(ctx.Path()) && t.refuses(ctx) {
			ctx.Response.Header.SetContentType("text/plain")
			ctx.SetStatusCode(http.StatusTooManyRequests)
			ctx.SetBodyString(textRetryLater)
			return
		}
		next(ctx)
	}
}

// refuses counts a request under every rule that it falls under, until one is
// broken.
func (t *Throttle) refuses(ctx *fasthttp.RequestCtx) bool {
	ip := clientIP(ctx, t.TrustedProxies)
	if ip.IsLoopback() || slices.ContainsFunc(t.Allowed, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return false
	}
	v := visit{ctx: ctx, method: string(ctx.Method()), ip: network(ip)}
	v.path, _, _ = strings.Cut(string(ctx.Path()), ".")
	now := t.Now()
	for i := range t.rules {
		r := &t.rules[i]
		who := r.who(&v)
		if who == "" {
			continue
		}
		ends := now.Truncate(r.period).Add(r.period)
		sum := t.count(ctx, r.name+":"+digest(who), int64(r.limit), ends, now)
		if sum <= int64(r.limit) {
			continue
		}
		if sum == int64(r.limit)+1 {
			t.Log.Info("requests are refused: too many", "rule", r.name, "ip", ip, "until", ends)
		}
		t.Refused(r.name)
		return true
	}
	return false
}

// network is who an address stands for: with IPv6 everybody has a network of 64
// bits of addresses.
func network(ip netip.Addr) string {
	const subscriber = 64
	if p, err := ip.Prefix(subscriber); ip.Is6() && err == nil {
		return p.String()
	}
	return ip.String()
}

// digest is a name for who is counted: addresses and tokens are not stored.
func digest(who string) string {
	const half = sha256.Size / 2
	sum := sha256.Sum256([]byte(who))
	return hex.EncodeToString(sum[:half])
}

// count adds a hit and gives the sum of all processes, or, while they cannot be
// asked, of this one and what is known of the others.
func (t *Throttle) count(ctx context.Context, name string, limit int64, ends, now time.Time) int64 {
	t.mu.Lock()
	w := t.window(name, ends, now)
	w.own++
	n := w.own
	if t.Shared == nil || n < max(1, limit/hitsShare) || now.Before(t.away) {
		sum := w.known + w.own
		t.mu.Unlock()
		return sum
	}
	w.own = 0
	t.mu.Unlock()

	call, cancel := context.WithTimeout(ctx, sharedWait)
	defer cancel()
	sum, err := t.Shared.CountHits(call, name, n, ends)

	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		if !now.Before(t.away) {
			t.Log.Warn("processes do not count together; each counts alone for a while", "error", err)
			t.away = now.Add(sharedRest)
		}
		w.known += n
		return w.known + w.own
	}
	w.known = max(w.known, sum)
	return sum + w.own
}

// window finds a counter. The caller holds the lock.
func (t *Throttle) window(name string, ends, now time.Time) *window {
	w := t.hits[name]
	if w == nil || !w.ends.Equal(ends) {
		if now.Sub(t.swept) >= sweepWindows || len(t.hits) >= maxWindows {
			t.sweep(now)
		}
		w = &window{ends: ends}
		t.hits[name] = w
	}
	return w
}

// sweep forgets counters that have ended, and some others where there are still too
// many: somebody has that many addresses.
func (t *Throttle) sweep(now time.Time) {
	t.swept = now
	for name, w := range t.hits {
		if !now.Before(w.ends) {
			delete(t.hits, name)
		}
	}
	if len(t.hits) < maxWindows {
		return
	}
	for name := range t.hits {
		if len(t.hits) <= maxWindows/2 {
			return
		}
		delete(t.hits, name)
	}
}
