// Package dashboard serves the agents' page: the shell under /app, built from
// src into dist, which is embedded. It knows what the page is told, not what it
// does; the page calls the API like any other client.
package dashboard

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"
)

// dist is what `npm run build` makes of src. It is committed, so that the program
// builds with Go alone; CI checks that it is the build of what lies beside it.
//
//go:embed all:dist
var dist embed.FS

// Options say what the page is told, and whether it is shown.
type Options struct {
	// Setting reads an installation setting by its environment name.
	Setting func(name string) string
	// PublicURL is FRONTEND_URL.
	PublicURL string
	// Locale is DEFAULT_LOCALE.
	Locale string
	// Version is the version of the API that the program speaks.
	Version string
	// Release is the program's own version.
	Release string
	// SignupOpen tells whether anybody may make an account.
	SignupOpen func() bool
	// MFA tells whether the installation has the keys for a second factor.
	MFA func() bool
	// PushKey is the public key under which browsers subscribe to pushes, in
	// base64url; empty where there is none.
	PushKey func() string
	// APIOnly serves no page: "/" answers as /api does.
	APIOnly bool
}

// Dashboard serves the page and what belongs to it.
type Dashboard struct {
	opts   Options
	shell  shell
	assets map[string]*asset // by path
	router *router.Router
}

// New reads what is embedded.
func New(opts Options) (*Dashboard, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	d := &Dashboard{opts: opts}
	if d.assets, err = readAssets(files); err != nil {
		return nil, err
	}
	d.shell, err = readShell(files, d.assets)
	return d, err
}

// Mount adds the routes to r.
func (d *Dashboard) Mount(r *router.Router) {
	d.router = r
	if d.opts.APIOnly {
		r.GET("/", d.asAPI)
		r.HEAD("/", d.asAPI)
		return
	}
	for _, page := range []struct {
		path  string
		serve fasthttp.RequestHandler
	}{
		// The router wants a path before what lies below it.
		{"/", d.serveRoot},
		{"/app", d.serveApp},
		{"/app/{path:*}", d.serveApp},
		{"/manifest.json", d.serveManifest},
		{"/brand-assets/{name}", d.serveBrand},
	} {
		r.GET(page.path, page.serve)
		r.HEAD(page.path, page.serve)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		r.Handle(method, "/app/{path:*}", notFound)
	}
}

// asAPI answers "/" where there is no page.
func (d *Dashboard) asAPI(ctx *fasthttp.RequestCtx) {
	ctx.URI().SetPath("/api")
	d.router.Handler(ctx)
}

func (d *Dashboard) serveRoot(ctx *fasthttp.RequestCtx) {
	if !d.page(ctx) {
		return
	}
	redirect(ctx, "/app")
}

// page tells whether a page may be shown; otherwise it has answered.
func (d *Dashboard) page(ctx *fasthttp.RequestCtx) bool {
	if wantsJSON(ctx) {
		ctx.SetStatusCode(http.StatusNotAcceptable)
		ctx.SetContentType("application/json; charset=utf-8")
		ctx.SetBodyString(`{"error":"Please use API routes instead of dashboard routes for JSON requests"}`)
		return false
	}
	return true
}

// serveApp serves a file of the build, else the page: it knows its own paths.
func (d *Dashboard) serveApp(ctx *fasthttp.RequestCtx) {
	path := string(ctx.Path())
	if a, ok := d.assets[path]; ok {
		a.serve(ctx)
		return
	}
	if strings.HasPrefix(path, assetsPath) { // a former build's, or nobody's
		notFound(ctx)
		return
	}
	if d.page(ctx) {
		d.serveShell(ctx)
	}
}

// serveBrand serves the logos at the addresses that settings name by default.
func (d *Dashboard) serveBrand(ctx *fasthttp.RequestCtx) {
	name, _ := ctx.UserValue("name").(string)
	if a, ok := d.assets["/app/"+name]; ok && strings.HasPrefix(name, "logo") {
		a.serve(ctx)
		return
	}
	notFound(ctx)
}

func notFound(ctx *fasthttp.RequestCtx) {
	ctx.SetStatusCode(http.StatusNotFound)
	ctx.SetContentType("application/json; charset=utf-8")
	ctx.SetBodyString(`{"status":404,"error":"Not Found"}`)
}

// redirect leads on inside this host. The address is relative, whatever name the
// program is called by.
func redirect(ctx *fasthttp.RequestCtx, to string) {
	ctx.Response.Header.Set("Location", to)
	ctx.Response.Header.Set("Cache-Control", "no-store")
	ctx.SetStatusCode(http.StatusFound)
}

// wantsJSON tells a program from a browser: it asks for JSON before it takes HTML.
func wantsJSON(ctx *fasthttp.RequestCtx) bool {
	if strings.HasSuffix(string(ctx.Path()), ".json") {
		return true
	}
	for kind := range strings.SplitSeq(string(ctx.Request.Header.Peek("Accept")), ",") {
		kind, _, _ = strings.Cut(kind, ";")
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "application/json", "text/json":
			return true
		case "text/html", "application/xhtml+xml":
			return false
		}
	}
	return false
}
