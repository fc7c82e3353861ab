package app

import (
	"bytes"
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// OnboardingPath is where a browser makes the first administrator.
const OnboardingPath = "/installation/onboarding"

// Onboards tells whether this process serves that page.
func (a *App) Onboards() bool { return a.cfg.Has(RoleAPI) }

// pendingTimeout bounds the look at the database for it.
const pendingTimeout = 2 * time.Second

// onboardingPending tells whether the installation still waits for its first
// administrator. Once it does not, that stays so, and nobody is asked any more. A
// database that does not answer is no reason to send people there.
func (a *App) onboardingPending(over *atomic.Bool) bool {
	if over.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(a.life, pendingTimeout)
	defer cancel()
	pending, err := a.store.OnboardingPending(ctx)
	if err != nil {
		return false
	}
	if !pending {
		over.Store(true)
	}
	return pending
}

// onboarding stands before the router: while there is no administrator, it leads who
// opens the dashboard to where one is made.
func (a *App) onboarding(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	if !a.Onboards() {
		return next
	}
	over := new(atomic.Bool)
	return func(ctx *fasthttp.RequestCtx) {
		if (ctx.IsGet() || ctx.IsHead()) && isDashboard(ctx.Path()) && a.onboardingPending(over) {
			ctx.Response.Header.Set("Location", OnboardingPath)
			ctx.Response.Header.Set("Cache-Control", "no-store")
			ctx.Response.Header.SetNoDefaultContentType(true)
			ctx.SetStatusCode(http.StatusFound)
			return
		}
		next(ctx)
	}
}

// isDashboard tells the pages of the dashboard by their path.
func isDashboard(path []byte) bool {
	return len(path) == 1 && path[0] == '/' || bytes.Equal(path, []byte("/app")) || bytes.HasPrefix(path, []byte("/app/"))
}
