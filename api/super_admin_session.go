package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tributary/api/pages"
	"tributary/api/route"
	"tributary/desk"
)

func (a *API) superAdminSession() []route.Row {
	return []route.Row{
		route.Get(route.ConsoleSignIn, route.Public, a.consoleSignInPage),
		route.Post(route.ConsoleSignIn, route.Public, a.consoleSignIn).Limit(route.MaxSignIn),
		route.Get(console+"/sign_out", route.Public, a.consoleSignOut),
		route.Get(console+"/logout", route.Public, a.consoleSignOut),
	}
}

// What people read who are not let in.
const (
	textConsoleCredentials = "Invalid credentials. Please try again."
	textConsoleCode        = "The code is not valid. Please try again."
)

// signInPage is what the page to sign in shows.
type signInPage struct {
	Email      string
	Onboarding bool
}

func (a *API) consoleSignInPage(ctx context.Context, c *route.Call, in consoleIn) (any, error) {
	pending, err := a.Store.OnboardingPending(ctx)
	if err != nil {
		return nil, err
	}
	return a.page(c, in, http.StatusOK, "sign_in", pages.Frame{Title: "Sign in", Data: signInPage{Onboarding: pending}})
}

type consoleSignInIn struct {
	consoleForm
	SuperAdmin struct {
		Email      string `json:"email"`
		Password   string `json:"password"`
		MFAToken   string `json:"mfa_token"`
		OTPCode    string `json:"otp_code"`
		BackupCode string `json:"backup_code"`
	} `json:"super_admin"`
}

// secondFactorPage is what the page about the second factor shows.
type secondFactorPage struct{ Email, MFAToken string }

func (a *API) consoleSignIn(ctx context.Context, c *route.Call, in consoleSignInIn) (any, error) {
	if !a.genuine(in.consoleForm) {
		return a.redirect(c, route.ConsoleSignIn, flash{Alert: textExpired})
	}
	form := in.SuperAdmin
	entry, err := a.Desk.EnterConsole(ctx, desk.SignIn{
		Email: form.Email, Password: form.Password, MFAToken: form.MFAToken, OTPCode: form.OTPCode, BackupCode: form.BackupCode, IP: c.IP,
	})
	second := secondFactorPage{Email: form.Email, MFAToken: form.MFAToken}
	switch {
	case errors.Is(err, desk.ErrCredentials), errors.Is(err, desk.ErrMFAToken):
		return a.redirect(c, route.ConsoleSignIn, flash{Alert: textConsoleCredentials})
	case errors.Is(err, desk.ErrMFACode):
		return a.page(c, in.consoleIn, http.StatusUnprocessableEntity, "second_factor",
			pages.Frame{Title: "Second factor", Alert: textConsoleCode, Data: second})
	case err != nil:
		return nil, err
	case entry.MFAToken != "":
		second.MFAToken = entry.MFAToken
		return a.page(c, in.consoleIn, http.StatusOK, "second_factor", pages.Frame{Title: "Second factor", Data: second})
	}
	a.setCookie(c, route.ConsoleCookie, a.signedToken(entry.Token), entry.Until.Sub(c.Now))
	return route.Redirect{URL: console + "/users"}, nil
}

// consoleSignOut ends the session, whoever asks: that is all that it does.
func (a *API) consoleSignOut(ctx context.Context, c *route.Call, in consoleIn) (any, error) {
	if token := a.readToken(in.cookie(route.ConsoleCookie)); token != "" {
		if err := a.Desk.LeaveConsole(ctx, token); err != nil {
			return nil, err
		}
	}
	a.setCookie(c, route.ConsoleCookie, "", -time.Second)
	return route.Redirect{URL: "/"}, nil
}
