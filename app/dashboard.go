package app

import (
	"context"
	"fmt"
	"time"

	"github.com/fasthttp/router"

	"tributary/api"
	"tributary/dashboard"
)

// mountDashboard adds the agents' page where the process serves agents.
func (a *App) mountDashboard(r *router.Router) error {
	if !a.cfg.Has(RoleAPI) {
		return nil
	}
	page, err := dashboard.New(dashboard.Options{
		Setting: a.settings.Get, PublicURL: a.cfg.FrontendURL, Locale: a.cfg.DefaultLocale, Version: api.CompatibleVersion, Release: Version(),
		SignupOpen: a.settings.signupOpen, MFA: func() bool { return a.desk.MFAAvailable() == nil }, PushKey: a.pushKey, APIOnly: a.cfg.APIOnly,
	})
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	page.Mount(r)
	return nil
}

// pushKeyTimeout bounds the look at the database for it.
const pushKeyTimeout = 2 * time.Second

// pushKey is what browsers subscribe to pushes with. A page without it is better
// than none.
func (a *App) pushKey() string {
	ctx, cancel := context.WithTimeout(a.life, pushKeyTimeout)
	defer cancel()
	key, err := a.desk.VAPIDPublicKey(ctx)
	if err != nil {
		a.log.Warn("the page is told no key for pushes", "error", err)
	}
	return key
}
