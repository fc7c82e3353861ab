package route_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/fasthttp/router"

	"tributary/api/route"
)

func takeAnything(context.Context, *route.Call, struct {
	X any `json:"x"`
},
) (route.Empty, error) {
	return route.Empty{}, nil
}

func TestMountRefusesFaultyRows(t *testing.T) {
	t.Parallel()
	type loop struct {
		Next []*loop `json:"next"`
	}
	ok := route.Get("/api/v1/accounts/{account_id}/labels", route.Member, whoAmI)
	for _, c := range []struct {
		name, want string
		rows       []route.Row
	}{
		{"no policy", "no policy", []route.Row{route.Get("/api", "", whoAmI)}},
		{"unknown policy", "unknown policy", []route.Row{route.Get("/api", "everybody", whoAmI)}},
		{"nameless permission", "unknown policy", []route.Row{route.Get("/api", route.Permission(""), whoAmI)}},
		{"policy without account", "needs an account", []route.Row{route.Get("/api/v1/profile", route.Admin, whoAmI)}},
		{"relative path", "begins with a slash", []route.Row{route.Get("api", route.Public, whoAmI)}},
		{"trailing slash", "begins with a slash", []route.Row{route.Get("/api/", route.Public, whoAmI)}},
		{"made by hand", "without a constructor", []route.Row{{Methods: []string{"GET"}, Path: "/", Policy: route.Public}}},
		{"twice", "also mounted", []route.Row{ok, route.Get("/api/v1/accounts/{account_id}/labels", route.Admin, whoAmI)}},
		{"twice under other names", "also mounted", []route.Row{
			route.Get("/public/{a}", route.Public, func(context.Context, *route.Call, struct {
				A string `path:"a"`
			},
			) (route.Empty, error) {
				return route.Empty{}, nil
			}),
			route.Get("/public/{b}", route.Public, func(context.Context, *route.Call, struct {
				B string `path:"b"`
			},
			) (route.Empty, error) {
				return route.Empty{}, nil
			}),
		}},
		{"parameter nobody reads", `"id" is not read`, []route.Row{route.Get("/api/{id}", route.Public, whoAmI)}},
		{"parameter that is not there", `wants path parameter "id"`, []route.Row{route.Get("/api", route.Public, whoByID)}},
		{"input without tags", "no source tag", []route.Row{route.Get("/api", route.Public, func(context.Context, *route.Call, struct{ X int }) (route.Empty, error) {
			return route.Empty{}, nil
		})}},
		{"input that is no struct", "not a struct", []route.Row{route.Get("/api", route.Public, func(context.Context, *route.Call, int) (route.Empty, error) {
			return route.Empty{}, nil
		})}},
		{"input of channels", "cannot be read", []route.Row{route.Get("/api", route.Public, func(context.Context, *route.Call, struct {
			X chan int `json:"x"`
		},
		) (route.Empty, error) {
			return route.Empty{}, nil
		})}},
		{"recursive input", "recursive", []route.Row{route.Get("/api", route.Public, func(context.Context, *route.Call, struct {
			X loop `json:"x"`
		},
		) (route.Empty, error) {
			return route.Empty{}, nil
		})}},
		{"hidden field", "not exported", []route.Row{route.Get("/api", route.Public, func(context.Context, *route.Call, struct {
			x int //nolint:unused // that is the point
		},
		) (route.Empty, error) {
			return route.Empty{}, nil
		})}},
	} {
		err := route.Mount(router.New(), c.rows, route.Options{Base: context.Background(), Auth: people{}, Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
	if err := route.Mount(router.New(), nil, route.Options{}); err == nil {
		t.Error("mounted without an authenticator")
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	rows := append(accessRows(),
		route.Patch("/api/v1/x", route.Public, takeAnything),
		route.Patch("/api/v1/y", route.Public, takeAnything).Only("PATCH"),
		route.Put("/api/v1/z", route.SignedIn, takeAnything),
		route.Get("/hc/{slug}/articles/{article}.png", route.Public, func(context.Context, *route.Call, struct {
			Slug    string `path:"slug"`
			Article string `path:"article"`
		},
		) (route.Empty, error) {
			return route.Empty{}, nil
		}),
		route.Get("/app/{rest:*}", route.Public, func(context.Context, *route.Call, struct {
			Rest string `path:"rest"`
		},
		) (route.Empty, error) {
			return route.Empty{}, nil
		}),
	)
	text, err := route.List(rows, false)
	if err != nil {
		t.Fatal(err)
	}
	want := `GET	/api	public	public
GET	/api/v1/accounts/:account_id/labels	account	member
POST	/api/v1/accounts/:account_id/labels	account	administrator
DELETE	/api/v1/accounts/:account_id/labels/:id	account	administrator
GET	/api/v1/accounts/:account_id/labels/:id	account	member
GET	/api/v1/accounts/:account_id/labels/popular	account	member
GET	/api/v1/accounts/:account_id/reports	account	report_manage
GET	/api/v1/accounts/:id	own_account	member
GET	/api/v1/profile	user	signed_in
PATCH	/api/v1/x	public	public
PUT	/api/v1/x	public	public
PATCH	/api/v1/y	public	public
PUT	/api/v1/z	user	signed_in
GET	/app/*rest	public	public
GET	/hc/:slug/articles/:article.png	public	public
GET	/platform/api/v1/users/:id	platform	platform
`
	if got := strings.Replace(string(text), "POST\t/api/v1/accounts/:account_id/conversations\taccount\tmember\n", "", 1); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b, err := route.List(rows, true)
	if err != nil {
		t.Fatal(err)
	}
	var lines []map[string]any
	if err := json.Unmarshal(b, &lines); err != nil {
		t.Fatal(err)
	}
	if len(lines) != strings.Count(string(text), "\n") || lines[0]["path"] != "/api" {
		t.Errorf("got %d lines, first %v", len(lines), lines[0])
	}
	if rows[1].Handler != "whoAmI" || rows[1].In.Name() != "none" || rows[1].Out.Name() != "who" {
		t.Errorf("row describes its handler as %s(%s) %s", rows[1].Handler, rows[1].In, rows[1].Out)
	}
}
