package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"tributary/store"
)

// health answers /livez and /readyz.
type health struct {
	app      *App
	migrated atomic.Bool

	mu     sync.Mutex
	broken map[string]string // workers that ended, and why
}

func newHealth(a *App) *health { return &health{app: a, broken: map[string]string{}} }

// failed records that a worker ended; nil: it runs again.
func (h *health) failed(name string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		delete(h.broken, name)
		return
	}
	h.broken[name] = err.Error()
}

// part is one line of /readyz.
type part struct {
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// readiness is what /readyz answers.
type readiness struct {
	Parts  map[string]part `json:"parts"`
	Status string          `json:"status" enum:"ready,not ready"`
}

const probeTimeout = 2 * time.Second

// parts asks everything that serving depends on, at once.
func (h *health) parts(ctx context.Context) map[string]part {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	out := map[string]part{}
	var mu sync.Mutex
	var probes sync.WaitGroup
	probe := func(name string, f func() error) {
		probes.Go(func() {
			err := f()
			mu.Lock()
			defer mu.Unlock()
			out[name] = part{OK: err == nil, Detail: detail(err)}
		})
	}
	probe("database", func() error { return h.app.store.Ping(ctx) })
	probe("migrations", func() error {
		if h.migrated.Load() {
			return nil
		}
		ok, err := h.app.store.Migrated(ctx)
		if err == nil && !ok {
			return errPending
		}
		h.migrated.Store(ok)
		return err
	})
	probe("queue", func() error { return h.app.queue.Ping(ctx) })
	probes.Wait()
	if h.app.inbound != nil {
		reason := h.app.inbound.Stalled()
		out["worker"] = part{OK: reason == "", Detail: reason}
	}
	if h.app.spool != nil {
		// A spool in use is not a failure: webhooks are still answered durably.
		p := part{OK: true}
		if h.app.spool.Spooling() {
			p.Detail = "queue away, webhooks are kept in the local spool"
		}
		out["spool"] = p
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, reason := range h.broken {
		out[name] = part{Detail: reason}
	}
	return out
}

type plainError string

func (e plainError) Error() string { return string(e) }

const errPending = plainError("migrations are pending; run tributary migrate")

func detail(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// InstallationHeader of /livez tells which installation answers, so that `tributary
// doctor` can tell whether FRONTEND_URL leads to this one. It says nothing else.
const InstallationHeader = "X-Tributary-Installation"

// installationNames are what an installation calls itself there: the first, or for a
// while what it did before its key was changed.
func installationNames(s *store.Store) []string {
	var list []string
	for _, key := range s.SigningKeys("name of the installation") {
		list = append(list, hex.EncodeToString(key[:8]))
	}
	return list
}

func (h *health) live(ctx *fasthttp.RequestCtx) {
	ctx.Response.Header.Set(InstallationHeader, installationNames(h.app.store)[0])
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString("ok\n")
}

func (h *health) ready(ctx *fasthttp.RequestCtx) {
	parts := h.parts(h.app.life)
	ok := true
	for _, p := range parts {
		ok = ok && p.OK
	}
	status, word := http.StatusOK, "ready"
	if !ok {
		status, word = http.StatusServiceUnavailable, "not ready"
	}
	body, err := json.Marshal(readiness{Parts: parts, Status: word})
	if err != nil {
		status = http.StatusInternalServerError
	}
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/json")
	ctx.SetBody(body)
}
