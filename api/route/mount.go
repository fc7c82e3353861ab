package route

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"
)

// Options are what the routes of one server share.
type Options struct {
	// Base is the parent of every request's context; ending it ends requests.
	Base context.Context //nolint:containedctx // it is the server's life, not a call's
	Auth Authenticator
	Log  *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Timeout is how long a request may take; 0: 15 s.
	Timeout time.Duration
	// BodyLimit is the largest body in bytes for rows without their own; 0: 48 MiB.
	BodyLimit int
	// Locale is DEFAULT_LOCALE.
	Locale string
	// TrustedProxies are those whose X-Forwarded-For counts; nil: all in private
	// networks.
	TrustedProxies []netip.Prefix
	// Observe is told of every answer, with the route's path as template.
	Observe func(method, template string, status int, d time.Duration)
	// Panicked is told of every handler that panicked, with its route's path.
	Panicked func(template string)
}

const (
	defaultTimeout   = 15 * time.Second
	defaultBodyLimit = 48 << 20
)

// Mount adds rows to r. It fails when a row has no policy, is made for another
// path than its input reads, or when two rows are the same route; then nothing
// is mounted. It turns off the router's own redirects and, where they are not
// set, answers unknown routes.
func Mount(r *router.Router, rows []Row, opts Options) error {
	if opts.Base == nil || opts.Auth == nil || opts.Log == nil {
		return errors.New("route: mount: Base, Auth and Log are required")
	}
	opts = opts.withDefaults()
	if err := checkRows(rows); err != nil {
		return err
	}
	for i := range rows {
		a := newAdaptor(rows[i], opts)
		for _, method := range rows[i].Methods {
			r.Handle(method, rows[i].Path, a.serve)
			if method == fasthttp.MethodGet {
				r.Handle(fasthttp.MethodHead, rows[i].Path, a.serve)
			}
		}
	}
	r.RedirectTrailingSlash = false
	r.RedirectFixedPath = false
	if r.NotFound == nil {
		r.NotFound = func(ctx *fasthttp.RequestCtx) { unknown(ctx, opts, fasthttp.StatusNotFound) }
	}
	if r.MethodNotAllowed == nil {
		r.MethodNotAllowed = func(ctx *fasthttp.RequestCtx) {
			if isAPI(string(ctx.Path())) { // there, a wrong method is just no route
				unknown(ctx, opts, fasthttp.StatusNotFound)
				return
			}
			unknown(ctx, opts, fasthttp.StatusMethodNotAllowed)
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = defaultBodyLimit
	}
	if o.Observe == nil {
		o.Observe = func(string, string, int, time.Duration) {}
	}
	if o.Panicked == nil {
		o.Panicked = func(string) {}
	}
	return o
}

// checkRows checks every row and that no two are the same route, whatever their
// parameters are called.
func checkRows(rows []Row) error {
	seen := map[string]string{}
	for i := range rows {
		if err := rows[i].check(); err != nil {
			return err
		}
		segments := strings.Split(rows[i].Path, "/")
		for j, s := range segments {
			if _, _, suffix, ok := splitParam(s); ok {
				segments[j] = "{}" + suffix
			}
		}
		for _, method := range rows[i].Methods {
			key := method + " " + strings.Join(segments, "/")
			if other, dup := seen[key]; dup {
				return fmt.Errorf("route: %s %s is also mounted as %s", method, rows[i].Path, other)
			}
			seen[key] = rows[i].Path
		}
	}
	return nil
}

// unknown answers a request that no route takes.
func unknown(ctx *fasthttp.RequestCtx, opts Options, status int) {
	e := begin(ctx, opts, "unknown")
	res, err := byNumber(status).response()
	e.write(res)
	e.finish(err)
}
