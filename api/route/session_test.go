package route_test

import (
	"context"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"tributary/api/route"
	"tributary/chat"
)

func sessionRows() []route.Row {
	out := &route.Problem{Status: http.StatusNotFound, Body: map[string]bool{"success": false}}
	return []route.Row{
		route.Get("/api/v1/profile", route.SignedIn, whoAmI),
		route.Post("/api/v1/profile", route.SignedIn, whoAmI),
		route.Post("/api/v1/accounts", route.Public, whoAmI).MaySignIn(),
		route.Get("/auth/validate_token", route.SignedIn, whoAmI).SessionOnly().Unsigned(out),
		route.Delete("/auth/sign_out", route.SignedIn, func(_ context.Context, c *route.Call, _ none) (string, error) {
			c.EndSession()
			return c.Client, nil
		}).SessionOnly(),
		route.Get("/auth/refused", route.SignedIn, func(context.Context, *route.Call, none) (any, error) {
			return route.Status(http.StatusUnprocessableEntity, "no"), nil
		}),
		route.Get("/auth/missing", route.SignedIn, func(context.Context, *route.Call, none) (none, error) { return none{}, chat.NotFound() }),
		route.Get("/auth/query", route.Public, func(_ context.Context, c *route.Call, _ none) (string, error) { return c.Query, nil }),
	}
}

var session = []string{"access-token: session", "client: laptop", "uid: admin@example.com"}

func TestSessions(t *testing.T) {
	t.Parallel()
	s := start(t, sessionRows())
	const (
		admin  = `{"user":1,"account":0,"role":"","bot":"","app":""}`
		nobody = `{"user":0,"account":0,"role":"","bot":"","app":""}`
		signIn = `{"errors":["You need to sign in or sign up before continuing."]}`
	)
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		want               string
		echo               bool
	}{
		"a session":              {"GET", "/api/v1/profile", "", session, 200, admin, true},
		"none":                   {"GET", "/api/v1/profile", "", nil, 401, signIn, false},
		"another one":            {"GET", "/api/v1/profile", "", []string{"access-token: x"}, 401, signIn, false},
		"may, and does":          {"POST", "/api/v1/accounts", "", session, 200, admin, true},
		"may, and does not":      {"POST", "/api/v1/accounts", "", nil, 200, nobody, false},
		"may, and is nobody":     {"POST", "/api/v1/accounts", "", []string{"access-token: x"}, 200, nobody, false},
		"may, with a bad token":  {"POST", "/api/v1/accounts", "", []string{as("nobody's")}, 401, `{"error":"Invalid Access Token"}`, false},
		"may, as a bot":          {"POST", "/api/v1/accounts", "", []string{as("bot")}, 401, `{"error":"Access to this endpoint is not authorized for bots"}`, false},
		"a broken authenticator": {"POST", "/api/v1/accounts", "", []string{as("broken")}, 500, `{"status":500,"error":"Internal Server Error"}`, false},
		"no token is looked at":  {"GET", "/auth/validate_token", "", append([]string{as("agent")}, session...), 200, admin, true},
		"a token does not do":    {"GET", "/auth/validate_token", "", []string{as("agent")}, 404, `{"success":false}`, false},
		"an own refusal":         {"GET", "/auth/validate_token", "", nil, 404, `{"success":false}`, false},
		"the end":                {"DELETE", "/auth/sign_out", "", session, 200, `"laptop"`, false},
		"a refusal":              {"GET", "/auth/refused", "", session, 422, `"no"`, false},
		"an error":               {"GET", "/auth/missing", "", session, 404, `{"error":"Resource could not be found"}`, false},
		"in the body":            {"POST", "/api/v1/profile", `{"access-token":"session","client":"laptop","uid":"admin@example.com"}`, []string{jsonBody}, 200, admin, true},
		"in a broken body":       {"POST", "/api/v1/profile", `{"access-token":"session",`, []string{jsonBody}, 401, signIn, false},
		"in a form": {
			"POST", "/api/v1/profile", "access-token=session&client=laptop&uid=admin%40example.com",
			[]string{"Content-Type: application/x-www-form-urlencoded"},
			200, admin, true,
		},
		"in a form by halves": {
			"POST", "/api/v1/profile?client=laptop", "access-token=session&client=x",
			[]string{"Content-Type: application/x-www-form-urlencoded", "uid: admin@example.com"},
			200, admin, true,
		},
		"the query": {"GET", "/auth/query?a=%20b&c", "", nil, 200, `"a=%20b&c"`, false},
	} {
		a := s.do(t, c.method, c.path, c.body, c.headers...)
		a.want(t, name, c.status, c.want)
		if got := a.header.Get("access-token"); (got == "session") != c.echo {
			t.Errorf("%s: header %q", name, got)
		}
	}
	var form strings.Builder
	mw := multipart.NewWriter(&form)
	for _, h := range session {
		name, value, _ := strings.Cut(h, ": ")
		_ = mw.WriteField(name, value)
	}
	_ = mw.Close()
	s.do(t, "POST", "/api/v1/profile", form.String(), "Content-Type: "+mw.FormDataContentType()).want(t, "multipart", 200, admin)
}
