package api

import (
	"context"
	"errors"
	"net/http"

	"tributary/api/route"
	"tributary/desk"
)

func (a *API) sessions() []route.Row {
	return []route.Row{
		route.Get("/auth/sign_in", route.Public, a.signInPage),
		route.Post("/auth/sign_in", route.Public, a.signIn).Limit(route.MaxSignIn).
			Answers(http.StatusOK, dataOut[userOut]{}).Answers(http.StatusPartialContent, mfaRequiredOut{}).
			Answers(http.StatusUnauthorized, unsuccessfulOut{}, errorOut{}).Answers(http.StatusBadRequest, errorOut{}),
		route.Delete("/auth/sign_out", route.SignedIn, a.signOut).SessionOnly().Unsigned(unsuccessful(http.StatusNotFound, textNoSession)),
		route.Get("/auth/validate_token", route.SignedIn, a.validateToken).SessionOnly().
			Unsigned(unsuccessful(http.StatusUnauthorized, "Invalid login credentials")),
	}
}

// What people read who cannot sign in. The second one is compared by clients.
const (
	textNoSession     = "You are not signed in."
	textCredentials   = "Invalid login credentials. Please try again."
	textSAMLSignIn    = "Your company signs you in: please use single sign-on."
	textSAMLPassword  = "Your company signs you in: the password is changed there."
	textUnconfirmed   = "Please confirm your e-mail address first. We have sent a mail with instructions to "
	textInvalidMFA    = "Invalid or expired MFA token"
	textInvalidSecond = "Invalid verification code"
)

// unsuccessfulOut is how /auth says no.
type unsuccessfulOut struct {
	Success bool     `json:"success"`
	Message string   `json:"message,omitempty"`
	Errors  []string `json:"errors"`
}

func unsuccessful(status int, text string) *route.Problem {
	return &route.Problem{Status: status, Body: unsuccessfulOut{Errors: []string{text}}}
}

// forSAML refuses who has another way to sign in.
func forSAML(status int, text string) *route.Problem {
	return &route.Problem{Status: status, Body: unsuccessfulOut{Message: text, Errors: []string{text}}}
}

// errorOut is {"error": text}, for statuses that no error code has.
type errorOut struct {
	Error string `json:"error"`
}

func (a *API) signInPage(context.Context, *route.Call, none) (route.Redirect, error) {
	return route.Redirect{URL: a.Desk.PublicURL + "/app/login?error=access-denied"}, nil
}

type signInIn struct {
	Email      string `json:"email"`
	Password   string `json:"password"`
	SSOToken   string `json:"sso_auth_token"`
	MFAToken   string `json:"mfa_token"`
	OTPCode    string `json:"otp_code"`
	BackupCode string `json:"backup_code"`
}

// dataOut is {"data": …}.
type dataOut[T any] struct {
	Data T `json:"data"`
}

// mfaRequiredOut asks for the second factor.
type mfaRequiredOut struct {
	MFARequired bool   `json:"mfa_required"`
	MFAToken    string `json:"mfa_token"`
}

func (a *API) signIn(ctx context.Context, c *route.Call, in signInIn) (any, error) {
	out, err := a.Desk.SignIn(ctx, desk.SignIn{
		Email: in.Email, Password: in.Password, SSOToken: in.SSOToken, MFAToken: in.MFAToken, OTPCode: in.OTPCode, BackupCode: in.BackupCode, IP: c.IP,
	})
	switch {
	case errors.Is(err, desk.ErrSAML):
		return nil, forSAML(http.StatusUnauthorized, textSAMLSignIn)
	case errors.Is(err, desk.ErrUnconfirmed):
		return nil, unsuccessful(http.StatusUnauthorized, textUnconfirmed+desk.NormalEmail(in.Email)+".")
	case errors.Is(err, desk.ErrCredentials):
		return nil, unsuccessful(http.StatusUnauthorized, textCredentials)
	case errors.Is(err, desk.ErrMFAToken):
		return nil, &route.Problem{Status: http.StatusUnauthorized, Body: errorOut{textInvalidMFA}}
	case errors.Is(err, desk.ErrMFACode):
		return nil, &route.Problem{Status: http.StatusBadRequest, Body: errorOut{textInvalidSecond}}
	case err != nil:
		return nil, err
	}
	return a.entered(ctx, c, out)
}

// entered answers who was let in: with themselves, and the tokens of the session. Who
// has a second factor is asked for it first.
func (a *API) entered(ctx context.Context, c *route.Call, in desk.SignedIn) (any, error) {
	if in.MFAToken != "" {
		return route.Status(http.StatusPartialContent, mfaRequiredOut{true, in.MFAToken}), nil
	}
	user, err := a.user(ctx, in.Session.UserID)
	if err != nil {
		return nil, err
	}
	start(c, in.Session)
	return dataOut[userOut]{user}, nil
}

type successOut struct {
	Success bool `json:"success"`
}

func (a *API) signOut(ctx context.Context, c *route.Call, _ none) (successOut, error) {
	c.EndSession()
	return successOut{true}, a.Desk.SignOut(ctx, c.User.ID, c.User.Email, c.Client, c.IP)
}

// validatedOut is the signed-in user with their age, two objects deep.
type validatedOut struct {
	Payload struct {
		Success bool `json:"success"`
		Data    struct {
			userOut
			CreatedAt route.ISO `json:"created_at"`
		} `json:"data"`
	} `json:"payload"`
}

func (a *API) validateToken(ctx context.Context, c *route.Call, _ none) (validatedOut, error) {
	var out validatedOut
	row, err := a.Store.User(ctx, c.User.ID)
	if err != nil {
		return out, err
	}
	out.Payload.Success, out.Payload.Data.CreatedAt = true, iso(&row.CreatedAt)
	out.Payload.Data.userOut, err = a.userOf(ctx, row)
	return out, err
}
