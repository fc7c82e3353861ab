package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/optional"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) sessionPasswords() []route.Row {
	noUser := &route.Problem{Status: http.StatusNotFound, Body: refusedSignUpOut{"error", new(bool), []string{"User not found."}}}
	return []route.Row{
		route.Post("/auth/password", route.Public, a.forgotPassword).Limit(route.MaxSignIn).
			Answers(http.StatusForbidden, unsuccessfulOut{}),
		route.Patch("/auth/password", route.Public, a.resetPassword).Limit(route.MaxSignIn).
			Answers(http.StatusOK, dataOut[userOut]{}).Answers(http.StatusPartialContent, mfaRequiredOut{}).
			Answers(http.StatusUnprocessableEntity, tokenOut{}).Answers(http.StatusForbidden, unsuccessfulOut{}),
		route.Get("/auth/password/new", route.Public, a.to("/app/auth/reset/password", false)),
		route.Get("/auth/password/edit", route.Public, a.to("/app/auth/password/edit", true)),
		route.Post("/auth/confirmation", route.Public, a.confirm).Limit(route.MaxSignIn).
			Answers(http.StatusOK, dataOut[userOut]{}).Answers(http.StatusPartialContent, mfaRequiredOut{}).
			Answers(http.StatusUnprocessableEntity, tokenOut{}).Answers(http.StatusUnauthorized, unsuccessfulOut{}),
		route.Get("/auth/confirmation", route.Public, a.to("/app/auth/confirmation", true)),
		route.Get("/auth/confirmation/new", route.Public, a.to("/app/auth/confirmation", true)),
		route.Post("/auth", route.Public, a.register).Limit(route.MaxSignIn).Answers(http.StatusUnprocessableEntity, refusedSignUpOut{}),
		route.Patch("/auth", route.SignedIn, a.updateRegistration).SessionOnly().Unsigned(noUser).Limit(route.MaxSignIn).
			Answers(http.StatusUnprocessableEntity, fieldErrorsOut{}),
		route.Delete("/auth", route.SignedIn, a.deleteRegistration).SessionOnly().Unsigned(noUser).Answers(http.StatusNotFound, route.NumberedBody{}),
	}
}

// to sends browsers to a page of the dashboard.
func (a *API) to(path string, withQuery bool) route.Func[none, route.Redirect] {
	return func(_ context.Context, c *route.Call, _ none) (route.Redirect, error) {
		if withQuery && c.Query != "" {
			return route.Redirect{URL: a.Desk.PublicURL + path + "?" + c.Query}, nil
		}
		return route.Redirect{URL: a.Desk.PublicURL + path}, nil
	}
}

type forgotPasswordIn struct {
	Email string `json:"email"`
}

func (a *API) forgotPassword(ctx context.Context, _ *route.Call, in forgotPasswordIn) (messageText, error) {
	err := a.Desk.ForgotPassword(ctx, in.Email)
	switch {
	case errors.Is(err, desk.ErrSAML):
		return messageText{}, forSAML(http.StatusForbidden, textSAMLPassword)
	case errors.Is(err, store.ErrNotFound):
		err = nil // the same answer: who asks does not learn who has an account
	}
	return messageText{"If there is an account with this address, we have sent it a mail by which you can choose a new password."}, err
}

// tokenOut refuses what came from a link.
type tokenOut struct {
	Message     string `json:"message"`
	RedirectURL string `json:"redirect_url"`
}

func refusedToken(text string) error {
	return &route.Problem{Status: http.StatusUnprocessableEntity, Body: tokenOut{text, "/"}}
}

const textInvalidToken = "Invalid token"

type resetPasswordIn struct {
	Token        string            `json:"reset_password_token"`
	Password     string            `json:"password"`
	Confirmation route.Opt[string] `json:"password_confirmation"`
}

func (a *API) resetPassword(ctx context.Context, c *route.Call, in resetPasswordIn) (any, error) {
	s, err := a.Desk.ResetPassword(ctx, in.Token, in.Password, in.Confirmation.Ptr(), c.IP)
	switch {
	case errors.Is(err, desk.ErrToken):
		return nil, refusedToken(textInvalidToken)
	case errors.Is(err, desk.ErrSAML):
		return nil, forSAML(http.StatusForbidden, textSAMLPassword)
	case err != nil:
		return nil, err
	}
	return a.entered(ctx, c, s)
}

type confirmIn struct {
	Token string `json:"confirmation_token"`
}

func (a *API) confirm(ctx context.Context, c *route.Call, in confirmIn) (any, error) {
	s, err := a.Desk.ConfirmEmail(ctx, in.Token, c.IP)
	switch {
	case errors.Is(err, desk.ErrToken):
		return nil, refusedToken(textInvalidToken)
	case errors.Is(err, desk.ErrAlreadyConfirmed):
		return nil, refusedToken("Already confirmed")
	case errors.Is(err, desk.ErrNotConfirmed):
		return nil, refusedToken("Failure")
	case errors.Is(err, desk.ErrSAML):
		return nil, forSAML(http.StatusUnauthorized, textSAMLSignIn)
	case err != nil:
		return nil, err
	}
	return a.entered(ctx, c, s)
}

// refusedSignUpOut is what is answered at the place where other programs sign up.
type refusedSignUpOut struct {
	Status  string   `json:"status"`
	Success *bool    `json:"success,omitempty"`
	Errors  []string `json:"errors"`
}

// register refuses: accounts are made elsewhere, with what this place does not ask
// for.
func (a *API) register(context.Context, *route.Call, none) (none, error) {
	return none{}, &route.Problem{
		Status: http.StatusUnprocessableEntity, Body: refusedSignUpOut{"error", new(bool), []string{"Please sign up at /api/v1/accounts."}},
	}
}

type updateRegistrationIn struct {
	Email        route.Opt[string] `json:"email"`
	Password     string            `json:"password"`
	Confirmation route.Opt[string] `json:"password_confirmation"`
	Current      string            `json:"current_password"`
}

// statusData is {"status", "data"}.
type statusData struct {
	Status string  `json:"status"`
	Data   userOut `json:"data"`
}

// updateRegistration changes address and password of who is signed in, as the
// profile does.
func (a *API) updateRegistration(ctx context.Context, c *route.Call, in updateRegistrationIn) (statusData, error) {
	change := desk.ProfileChange{
		UserID: c.User.ID, Email: in.Email, Password: in.Password, Current: in.Current, Confirmation: in.Confirmation.Ptr(),
	}
	if in.Email.Null || in.Email.V == "" {
		change.Email = optional.Value[string]{}
	}
	if err := a.changeProfile(ctx, c, change); err != nil {
		return statusData{}, fieldErrors(err)
	}
	user, err := a.user(ctx, c.User.ID)
	return statusData{"success", user}, err
}

// fieldErrors words a refusal as this place does: by field, and all together.
func fieldErrors(err error) error {
	e, ok := errors.AsType[*chat.Error](err)
	if !ok || e.Code != chat.CodeInvalid && e.Code != chat.CodeUnprocessable {
		return err
	}
	if e.Code == chat.CodeUnprocessable {
		e = &chat.Error{Message: "Current password " + validate.Invalid, Attributes: []string{"current_password"}}
	}
	full := strings.Split(e.Message, ", ")
	fields := map[string][]string{"full_messages": full}
	for _, text := range full {
		name, rest := "", ""
		for _, attribute := range e.Attributes { // "Password confirmation …" is not about the password
			if r, is := strings.CutPrefix(text, validate.Humanize(attribute)+" "); is && len(attribute) > len(name) {
				name, rest = attribute, r
			}
		}
		if name != "" {
			fields[name] = append(fields[name], rest)
		}
	}
	return &route.Problem{Status: http.StatusUnprocessableEntity, Body: fieldErrorsOut{"error", fields}}
}

// fieldErrorsOut is the refusal of an input, by field.
type fieldErrorsOut struct {
	Status string              `json:"status"`
	Errors map[string][]string `json:"errors"`
}

// deleteRegistration refuses: users leave accounts, and go with the last one.
func (a *API) deleteRegistration(context.Context, *route.Call, none) (none, error) {
	return none{}, route.Numbered(http.StatusNotFound)
}
