package app

import (
	"fmt"

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
		SignupOpen: a.settings.signupOpen, MFA: func() bool { return a.desk.MFAAvailable() == nil }, APIOnly: a.cfg.APIOnly,
	})
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	page.Mount(r)
	return nil
}
