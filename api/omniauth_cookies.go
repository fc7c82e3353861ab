package api

import (
	"net/http"
	"slices"
	"strings"

	"tributary/api/route"
	"tributary/desk"
)

// Cookies of a sign-in at a service: the requests that wait for its answer, and who it
// has said that somebody is.
const (
	requestCookie = "tributary_sign_in"
	personCookie  = "tributary_person"
)

// secure tells whether browsers reach us by TLS only.
func (a *API) secure() bool { return strings.HasPrefix(a.Desk.PublicURL, "https://") }

// cookieName keeps neighbouring hosts from setting our cookies.
func (a *API) cookieName(name string) string {
	if a.secure() {
		return "__Host-" + name
	}
	return name
}

// setSignInCookie gives a browser a cookie; an empty one takes it away.
func (a *API) setSignInCookie(c *route.Call, name, value string) {
	k := http.Cookie{ //nolint:gosec // Secure wherever there is TLS
		Name: a.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: a.secure(), SameSite: http.SameSiteLaxMode,
	}
	if name == requestCookie {
		// The services of companies answer with a form, which is of another site: no
		// browser sends others along. Without TLS it may not say so; browsers send
		// what says nothing for two minutes.
		k.SameSite = http.SameSiteDefaultMode
		if a.secure() {
			k.SameSite = http.SameSiteNoneMode
		}
	}
	if value == "" {
		k.MaxAge = -1
	}
	c.SetHeader("Set-Cookie", k.String())
	if name == personCookie {
		return
	}
	c.SetHeader("Cache-Control", "no-store")
}

// cookie reads one of a Cookie header; empty when it is not there, or cannot be read.
func cookie(header, name string) string {
	for part := range strings.SplitSeq(header, ";") {
		if key, value, _ := strings.Cut(strings.TrimSpace(part), "="); key == name {
			return value
		}
	}
	return ""
}

// waiting are the requests of a browser that wait for an answer.
func (a *API) waiting(header string) []desk.SignInRequest {
	return a.Desk.OpenRequests(cookie(header, a.cookieName(requestCookie)))
}

// keepWaiting lets a browser wait for these answers only.
func (a *API) keepWaiting(c *route.Call, rest []desk.SignInRequest) error {
	if len(rest) == 0 {
		a.setSignInCookie(c, requestCookie, "")
		return nil
	}
	sealed, err := a.Desk.SealRequests(rest)
	if err == nil {
		a.setSignInCookie(c, requestCookie, sealed)
	}
	return err
}

// without takes the requests to a service that an answer ends off a list: all of Google,
// the one of that id of others. answered tells whether it was among them.
func without(waiting []desk.SignInRequest, provider, id string) (rest []desk.SignInRequest, answered bool) {
	rest = slices.DeleteFunc(slices.Clone(waiting), func(r desk.SignInRequest) bool {
		if r.Provider != provider {
			return false
		}
		answered = answered || r.ID == id
		return r.ID == id || provider == desk.ServiceGoogle
	})
	return rest, answered
}

// keepPerson lets a browser carry who a service has said that its user is to the page
// where they are signed in.
func (a *API) keepPerson(c *route.Call, status int, p desk.Person) (route.Redirect, error) {
	sealed, err := a.Desk.SealPerson(p)
	if err != nil {
		return route.Redirect{}, err
	}
	a.setSignInCookie(c, personCookie, sealed)
	return route.Redirect{Code: status, URL: "/auth/" + p.Provider + "/callback"}, nil
}
