package route

import (
	"bytes"
	"net"
	"net/http"
	"strings"

	"github.com/valyala/fasthttp"
)

// CORS says for which paths browsers of any origin may call. /public/api, /packs
// and /audio are always open.
type CORS struct {
	API bool // /api too: ENABLE_API_CORS
	All bool // every path: CW_API_ONLY_SERVER
}

// apiPrefixes are the paths under which ".json" is accepted and unknown routes
// answer 404 whatever the method.
var apiPrefixes = [...]string{"/api", "/auth", "/platform", "/public", "/enterprise"}

func isAPI(path string) bool {
	for _, p := range apiPrefixes {
		if rest, ok := strings.CutPrefix(path, p); ok && (rest == "" || rest[0] == '/' || rest[0] == '.') {
			return true
		}
	}
	return false
}

// Front stands before the router: it drops a trailing slash and, under the API
// prefixes, the suffix ".json", and speaks CORS. What was really called is
// still in ctx.RequestURI.
func Front(next fasthttp.RequestHandler, cors CORS) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		trimPath(ctx)
		if len(ctx.Request.Header.Peek("Origin")) == 0 || !cors.open(string(ctx.Path()), string(ctx.Method())) {
			next(ctx)
			return
		}
		if ctx.IsOptions() && len(ctx.Request.Header.Peek("Access-Control-Request-Method")) > 0 {
			cors.headers(ctx)
			ctx.Response.Header.SetNoDefaultContentType(true)
			ctx.SetStatusCode(http.StatusOK)
			return
		}
		next(ctx)
		cors.headers(ctx)
	}
}

func trimPath(ctx *fasthttp.RequestCtx) {
	original := ctx.URI().PathOriginal()
	path := original
	for len(path) > 1 && path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	}
	if isAPI(string(path)) {
		path = bytes.TrimSuffix(path, []byte(".json"))
	}
	if len(path) != len(original) {
		ctx.URI().SetPath(string(path))
	}
}

const publicAPI = "/public/api/"

func (c CORS) open(path, method string) bool {
	switch {
	case c.All, strings.HasPrefix(path, publicAPI):
		return true
	case strings.HasPrefix(path, "/packs/"), strings.HasPrefix(path, "/audio/"):
		return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
	}
	return c.API && strings.HasPrefix(path, "/api/")
}

func (c CORS) headers(ctx *fasthttp.RequestCtx) {
	h := &ctx.Response.Header
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD")
	h.Set("Access-Control-Max-Age", "7200")
	if wanted := ctx.Request.Header.Peek("Access-Control-Request-Headers"); len(wanted) > 0 {
		h.SetBytesV("Access-Control-Allow-Headers", wanted)
	}
	if c.API || c.All {
		h.Set("Access-Control-Expose-Headers", "access-token, client, uid, expiry")
	}
}

// ServerError answers requests that fasthttp itself refuses, for
// fasthttp.Server.ErrorHandler.
func ServerError(ctx *fasthttp.RequestCtx, err error) {
	status := http.StatusBadRequest
	switch e := err.(type) { //nolint:errorlint // fasthttp hands these over unwrapped
	case *fasthttp.ErrSmallBuffer:
		status = http.StatusRequestHeaderFieldsTooLarge
	case *net.OpError:
		if e.Timeout() {
			status = http.StatusRequestTimeout
		}
	}
	if err == fasthttp.ErrBodyTooLarge { //nolint:errorlint // see above
		status = http.StatusRequestEntityTooLarge
	}
	body, _ := encode(byNumber(status).Body) // a struct of an int and a text
	ctx.Response.Reset()
	ctx.SetStatusCode(status)
	ctx.SetContentType(jsonType)
	ctx.SetBody(body)
}
