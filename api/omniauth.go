package api

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tributary/api/route"
	"tributary/desk"
)

func (a *API) omniauth() []route.Row {
	rows := []route.Row{
		route.Post("/api/v1/auth/saml_login", route.Public, a.samlLogin).Limit(route.MaxSignIn).
			Answers(http.StatusFound).Answers(http.StatusTemporaryRedirect).Answers(http.StatusBadRequest, errorOut{}),
	}
	for _, one := range []struct {
		path string
		f    func(string) route.Row
	}{
		{"/auth/{provider}", getAndPost(a.toProvider, http.StatusTemporaryRedirect)},
		{"/omniauth/{provider}", getAndPost(a.startProvider)},
		{"/omniauth/{provider}/callback", getAndPost(a.answerProvider, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect)},
		{"/auth/{provider}/callback", getAndPost(a.enterByProvider)},
		{"/auth/failure", getAndPost(a.providerFailed)},
		{"/omniauth/failure", getAndPost(a.providerFailed)},
	} {
		rows = append(rows, one.f(one.path))
	}
	return rows
}

// getAndPost makes rows for both methods, which redirect with the statuses where they
// are not the usual one.
func getAndPost[In, Out any](f route.Func[In, Out], statuses ...int) func(path string) route.Row {
	return func(path string) route.Row {
		row := route.Get(path, route.Public, f).Limit(route.MaxSignIn)
		row.Methods = []string{http.MethodGet, http.MethodPost}
		for _, status := range statuses {
			row = row.Answers(status)
		}
		return row
	}
}

type samlLoginIn struct {
	Email string `json:"email"`
}

// samlLogin sends a browser to the service of the company that an address is of.
func (a *API) samlLogin(ctx context.Context, _ *route.Call, in samlLoginIn) (route.Redirect, error) {
	if strings.TrimSpace(in.Email) == "" {
		return route.Redirect{}, &route.Problem{Status: http.StatusBadRequest, Body: errorOut{"Please enter a valid email address"}}
	}
	account, err := a.Desk.SAMLAccount(ctx, in.Email)
	if errors.Is(err, desk.ErrSAMLOff) {
		return route.Redirect{URL: a.Desk.PublicURL + "/app/login/sso?error=" + desk.RefusedSAML}, nil
	}
	return route.Redirect{
		Code: http.StatusTemporaryRedirect, URL: "/auth/saml?account_id=" + strconv.FormatInt(account, 10),
	}, err
}

type providerIn struct {
	Provider string `path:"provider"`
}

// check tells whether there is such a service.
func (a *API) check(provider string) error {
	switch {
	case provider == desk.ServiceSAML:
		return nil
	case provider == desk.ServiceGoogle && a.Desk.GoogleReady():
		return nil
	}
	return route.Numbered(http.StatusNotFound)
}

func (a *API) toProvider(_ context.Context, c *route.Call, in providerIn) (route.Redirect, error) {
	return route.Redirect{Code: http.StatusTemporaryRedirect, URL: providerURL(in.Provider, c.Query)}, a.check(in.Provider)
}

// providerURL is where a sign-in at a service starts, with the query that came.
func providerURL(provider, query string) string {
	if query != "" {
		query += "&"
	}
	return "/omniauth/" + url.PathEscape(provider) + "?" + query + "resource_class=User"
}

type startProviderIn struct {
	Provider  string `path:"provider"`
	AccountID string `json:"account_id"`
	Cookie    string `header:"Cookie"`
}

// account is the account that a request names; 0: none.
func (in startProviderIn) account() int64 {
	id, err := strconv.ParseInt(in.AccountID, 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// startProvider sends a browser to a service. What it has to bring back goes along in
// a cookie. Anybody may make a browser start: it signs in as nobody but who it is at
// the service.
func (a *API) startProvider(ctx context.Context, c *route.Call, in startProviderIn) (route.Redirect, error) {
	if err := a.check(in.Provider); err != nil {
		return route.Redirect{}, err
	}
	var address string
	var request desk.SignInRequest
	if in.Provider == desk.ServiceGoogle {
		address, request = a.Desk.StartGoogle()
	} else {
		var err error
		address, request, err = a.Desk.StartSAML(ctx, in.account())
		if errors.Is(err, desk.ErrSAMLOff) {
			return a.refuse(c, desk.RefusedSAMLOff), nil
		}
		if err != nil {
			return route.Redirect{}, err
		}
	}
	sealed, err := a.Desk.SealRequests(a.waiting(in.Cookie), request)
	if err != nil {
		return route.Redirect{}, err
	}
	a.setSignInCookie(c, requestCookie, sealed)
	return route.Redirect{URL: address}, nil
}

// refuse sends a browser to the page that says why nobody is signed in.
func (a *API) refuse(c *route.Call, refusal string) route.Redirect {
	c.SetHeader("Cache-Control", "no-store")
	return route.Redirect{URL: a.Desk.RefusalURL(refusal)}
}

type answerProviderIn struct {
	startProviderIn
	Code         string `json:"code"`
	State        string `json:"state"`
	Error        string `json:"error"`
	SAMLResponse string `json:"SAMLResponse"`
	RelayState   string `json:"RelayState"`
}

// answerProvider takes what a service sent along with a browser, and keeps who it is
// for the page where they are signed in.
func (a *API) answerProvider(ctx context.Context, c *route.Call, in answerProviderIn) (route.Redirect, error) {
	if err := a.check(in.Provider); err != nil {
		return route.Redirect{}, err
	}
	if in.Provider == desk.ServiceGoogle {
		return a.answerGoogle(ctx, c, in)
	}
	return a.answerSAML(ctx, c, in)
}

// answerGoogle checks the state where we have sent the browser; who comes from the link
// of a dashboard has none.
func (a *API) answerGoogle(ctx context.Context, c *route.Call, in answerProviderIn) (route.Redirect, error) {
	waiting := a.waiting(in.Cookie)
	rest, answered := without(waiting, desk.ServiceGoogle, in.State)
	if asked := len(rest) < len(waiting) || in.State != ""; asked {
		if err := a.keepWaiting(c, rest); err != nil {
			return route.Redirect{}, err
		}
		if !answered {
			return failure(c, in.Provider, "csrf_detected"), nil
		}
	}
	switch {
	case in.Error != "":
		return failure(c, in.Provider, in.Error), nil
	case in.Code == "":
		return failure(c, in.Provider, "invalid_credentials"), nil
	}
	person, err := a.Desk.AnswerGoogle(ctx, in.Code)
	if errors.Is(err, desk.ErrGoogle) {
		a.Desk.Log.Info("a sign-in by Google was refused", "reason", err)
		return failure(c, in.Provider, "invalid_credentials"), nil
	}
	if err != nil {
		return route.Redirect{}, err
	}
	return a.keepPerson(c, http.StatusTemporaryRedirect, person)
}

// answerSAML asks the service where its answer is one to no question.
func (a *API) answerSAML(ctx context.Context, c *route.Call, in answerProviderIn) (route.Redirect, error) {
	waiting := a.waiting(in.Cookie)
	person, answered, err := a.Desk.AnswerSAML(ctx, desk.SAMLAnswer{
		AccountID: in.account(), Response: in.SAMLResponse, RelayState: in.RelayState, Requests: waiting,
	})
	switch {
	case errors.Is(err, desk.ErrSAMLOff):
		person = desk.Person{Provider: desk.ServiceSAML, Refusal: desk.RefusedSAMLOff}
	case errors.Is(err, desk.ErrSAMLResponse):
		person = desk.Person{Provider: desk.ServiceSAML, Refusal: desk.RefusedSAML}
	case err != nil:
		return route.Redirect{}, err
	case answered == "":
		return route.Redirect{
			Code: http.StatusSeeOther, URL: providerURL(desk.ServiceSAML, "account_id="+strconv.FormatInt(person.AccountID, 10)),
		}, nil
	default:
		rest, _ := without(waiting, desk.ServiceSAML, answered)
		if err := a.keepWaiting(c, rest); err != nil {
			return route.Redirect{}, err
		}
	}
	return a.keepPerson(c, http.StatusSeeOther, person)
}

type enterIn struct {
	Provider string `path:"provider"`
	Cookie   string `header:"Cookie"`
}

// enterByProvider signs in, or up, who a service has said that the browser's user is.
func (a *API) enterByProvider(ctx context.Context, c *route.Call, in enterIn) (route.Redirect, error) {
	if in.Provider != desk.ServiceSAML && in.Provider != desk.ServiceGoogle {
		return route.Redirect{}, route.Numbered(http.StatusNotFound)
	}
	person, ok := a.Desk.OpenPerson(cookie(in.Cookie, a.cookieName(personCookie)))
	a.setSignInCookie(c, personCookie, "")
	switch {
	case ok && person.Provider == in.Provider:
	case in.Provider == desk.ServiceSAML:
		return a.refuse(c, desk.RefusedSAMLOff), nil // of no account
	default:
		return a.refuse(c, desk.RefusedDenied), nil
	}
	to, err := a.Desk.Enter(ctx, person, a.SignupOpen())
	c.SetHeader("Cache-Control", "no-store")
	return route.Redirect{URL: to}, err
}

type providerFailedIn struct {
	Message string `json:"message"`
}

// maxMessage is how much of a message is shown, in characters.
const maxMessage = 200

// providerFailed says that a service could not say who somebody is.
func (a *API) providerFailed(_ context.Context, c *route.Call, in providerFailedIn) (route.Content, error) {
	text := []rune(in.Message)
	text = text[:min(len(text), maxMessage)]
	c.SetHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	page := "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Sign-in failed</title></head><body><p>" +
		html.EscapeString(string(text)) + "</p></body></html>\n"
	return route.Raw([]byte(page), "text/html; charset=utf-8"), nil
}

// failure sends a browser to that page.
func failure(c *route.Call, provider, message string) route.Redirect {
	c.SetHeader("Cache-Control", "no-store")
	return route.Redirect{URL: "/omniauth/failure?" + url.Values{"message": {message}, "strategy": {provider}}.Encode()}
}
