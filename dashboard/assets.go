package dashboard

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/valyala/fasthttp"
)

// assetsPath holds the files whose names carry the hash of their content.
const assetsPath = "/app/assets/"

// asset is a file of the build. It is compressed when somebody first asks for it
// compressed, and kept.
type asset struct {
	contentType string
	immutable   bool
	version     string // of the content; also the ETag
	plain       []byte
	gzip        func() []byte
	brotli      func() []byte
}

// Levels of compression: the best of gzip, and the highest of brotli that does not
// let a first visitor wait.
const (
	gzipLevel   = 9
	brotliLevel = 9
)

// contentTypes are of what a build holds; the machine's table of types is not
// asked, since it differs between machines.
var contentTypes = map[string]string{
	".js":    "text/javascript; charset=utf-8",
	".css":   "text/css; charset=utf-8",
	".svg":   "image/svg+xml",
	".html":  "text/html; charset=utf-8",
	".json":  "application/json",
	".png":   "image/png",
	".woff2": "font/woff2",
}

func readAssets(files fs.FS) (map[string]*asset, error) {
	assets := map[string]*asset{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == shellFile {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		kind, ok := contentTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("dashboard: %s: no content type is known", name)
		}
		assets["/app/"+name] = newAsset(content, kind, strings.HasPrefix("/app/"+name, assetsPath))
		return nil
	})
	return assets, err
}

func newAsset(content []byte, kind string, immutable bool) *asset {
	return &asset{
		contentType: kind, immutable: immutable, version: version(content), plain: content,
		gzip:   sync.OnceValue(func() []byte { return fasthttp.AppendGzipBytesLevel(nil, content, gzipLevel) }),
		brotli: sync.OnceValue(func() []byte { return fasthttp.AppendBrotliBytesLevel(nil, content, brotliLevel) }),
	}
}

// version is a short name of a content.
func version(content []byte) string {
	sum := sha256.Sum256(content)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func (a *asset) serve(ctx *fasthttp.RequestCtx) {
	h := &ctx.Response.Header
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	if a.immutable || string(ctx.QueryArgs().Peek("v")) == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "public, no-cache")
	}
	if a.contentType == contentTypes[".svg"] {
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	}
	if unchanged(ctx, `"`+a.version+`"`) {
		return
	}
	ctx.SetContentType(a.contentType)
	body := a.plain
	switch r := &ctx.Request.Header; {
	case r.HasAcceptEncoding("br"):
		body = a.brotli()
		h.Set("Content-Encoding", "br")
	case r.HasAcceptEncoding("gzip"):
		body = a.gzip()
		h.Set("Content-Encoding", "gzip")
	}
	ctx.SetBody(body)
}

// unchanged sets the ETag and, when the client has that content, answers 304.
func unchanged(ctx *fasthttp.RequestCtx, etag string) bool {
	ctx.Response.Header.Set("Etag", etag)
	for known := range strings.SplitSeq(string(ctx.Request.Header.Peek("If-None-Match")), ",") {
		if known = strings.TrimSpace(known); known == "*" || strings.TrimPrefix(known, "W/") == strings.TrimPrefix(etag, "W/") {
			ctx.Response.Header.SetNoDefaultContentType(true)
			ctx.SetStatusCode(http.StatusNotModified)
			return true
		}
	}
	return false
}
