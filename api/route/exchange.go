package route

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"
)

// exchange is one request and its answer, as far as every route is the same.
type exchange struct {
	ctx      *fasthttp.RequestCtx
	opts     Options
	template string
	path     map[string]string
	started  time.Time
	call     *Call
}

func begin(ctx *fasthttp.RequestCtx, opts Options, template string) *exchange {
	e := &exchange{ctx: ctx, opts: opts, template: template, path: map[string]string{}, started: opts.Now().UTC()}
	e.call = &Call{
		RequestID: requestID(string(ctx.Request.Header.Peek("X-Request-Id"))),
		Now:       e.started,
		Locale:    localeOf(opts.Locale),
		IP:        clientIP(ctx, opts.TrustedProxies).String(),
		UserAgent: string(ctx.UserAgent()),
		Query:     string(ctx.URI().QueryString()),
	}
	h := &ctx.Response.Header
	h.Set("X-Request-Id", e.call.RequestID)
	h.Set("X-Content-Type-Options", "nosniff")
	return e
}

// requestID takes over the client's id when it is one that may be logged.
func requestID(sent string) string {
	const longest = 255
	if len(sent) > longest {
		sent = sent[:longest]
	}
	id := strings.Map(func(r rune) rune {
		if r == '-' || r == '@' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, sent)
	if id == "" {
		return uuid.NewString()
	}
	return id
}

// clientIP is the peer, or, when the peer is a proxy that is trusted, the last
// address that proxies have noted and that is none of them.
func clientIP(ctx *fasthttp.RequestCtx, proxies []netip.Prefix) netip.Addr {
	peer, ok := netip.AddrFromSlice(ctx.RemoteIP())
	peer = peer.Unmap()
	if !ok || !trusted(peer, proxies) {
		return peer
	}
	// A proxy may add a line of its own to the client's.
	noted := bytes.Join(ctx.Request.Header.PeekAll("X-Forwarded-For"), []byte{','})
	for _, hop := range slices.Backward(strings.Split(string(noted), ",")) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if peer = ip.Unmap(); !trusted(peer, proxies) {
			break
		}
	}
	return peer
}

// trusted tells whether an address is a proxy's, whose word counts; nil proxies:
// everything in private networks is one.
func trusted(ip netip.Addr, proxies []netip.Prefix) bool {
	if proxies == nil {
		return ip.IsPrivate() || ip.IsLoopback()
	}
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// write puts the answer on the wire, with its ETag where it has one.
func (e *exchange) write(r response) {
	if r.stream != nil {
		r.stream.write(e.ctx, r.contentType)
		return
	}
	h := &e.ctx.Response.Header
	if r.contentType != "" {
		h.SetContentType(r.contentType)
	} else {
		h.SetNoDefaultContentType(true)
	}
	if r.location != "" {
		h.Set("Location", r.location)
	}
	reads := e.ctx.IsGet() || e.ctx.IsHead()
	if reads && r.status == http.StatusOK && len(r.body) > 0 {
		tag := etag(r.body)
		h.Set("ETag", tag)
		if len(h.Peek("Cache-Control")) == 0 {
			h.Set("Cache-Control", "max-age=0, private, must-revalidate")
		}
		if matches(string(e.ctx.Request.Header.Peek("If-None-Match")), tag) {
			e.ctx.Response.SetStatusCode(http.StatusNotModified)
			h.SetNoDefaultContentType(true)
			h.Del("Content-Type")
			return
		}
	}
	e.ctx.Response.SetStatusCode(r.status)
	e.ctx.Response.SetBodyRaw(r.body)
}

// etag is the weak tag of a body.
func etag(body []byte) string {
	const half = sha256.Size / 2
	sum := sha256.Sum256(body)
	return `W/"` + hex.EncodeToString(sum[:half]) + `"`
}

// matches compares an If-None-Match header weakly.
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || one != "" && strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// finish logs and counts the answer. err is why the server failed, if it did.
func (e *exchange) finish(err error) {
	status := e.ctx.Response.StatusCode()
	took := e.opts.Now().Sub(e.started)
	method := methodLabel(string(e.ctx.Method()))
	e.opts.Observe(method, e.template, status, took)
	level, text := slog.LevelInfo, "request"
	attrs := []slog.Attr{
		slog.String("method", method),
		slog.String("path", e.redacted()),
		slog.Int("status", status),
		slog.Duration("took", took),
		slog.String("request_id", e.call.RequestID),
		slog.String("ip", e.call.IP),
	}
	if e.call.Account.ID != 0 {
		attrs = append(attrs, slog.Int64("account_id", e.call.Account.ID))
	}
	if e.call.User.ID != 0 {
		attrs = append(attrs, slog.Int64("user_id", e.call.User.ID))
	}
	if err != nil {
		level, text = slog.LevelError, "request failed"
		attrs = append(attrs, slog.Any("error", err))
	}
	e.opts.Log.LogAttrs(context.WithoutCancel(e.opts.Base), level, text, attrs...)
}

// methodLabel keeps invented methods out of metrics and logs.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "OTHER"
}

// redacted is the path as it may be logged: numbers are shown, other
// parameters, which may be tokens, only by name.
func (e *exchange) redacted() string {
	segments := strings.Split(e.template, "/")
	for i, s := range segments {
		name, _, suffix, ok := splitParam(s)
		if !ok {
			continue
		}
		segments[i] = ":" + name + suffix
		if _, err := strconv.ParseInt(e.path[name], 10, 64); err == nil {
			segments[i] = e.path[name] + suffix
		}
	}
	return strings.Join(segments, "/")
}
