package route_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tributary/api/route"
	"tributary/chat"
)

type none struct{}

type withID struct {
	ID int64 `path:"id"`
}

type who struct {
	User    int64  `json:"user"`
	Account int64  `json:"account"`
	Role    string `json:"role"`
	Bot     string `json:"bot"`
	App     string `json:"app"`
}

func tellWho(c *route.Call) (who, error) {
	w := who{User: c.User.ID, Account: c.Account.ID, Role: c.Membership.Role}
	if c.Bot != nil {
		w.Bot = c.Bot.Name
	}
	if c.App != nil {
		w.App = c.App.Name
	}
	return w, nil
}

func whoAmI(_ context.Context, c *route.Call, _ none) (who, error)    { return tellWho(c) }
func whoByID(_ context.Context, c *route.Call, _ withID) (who, error) { return tellWho(c) }

func only7(_ context.Context, _ *route.Call, id int64) error {
	if id != 7 {
		return chat.NotFound()
	}
	return nil
}

func accessRows() []route.Row {
	const account = "/api/v1/accounts/{account_id}"
	return []route.Row{
		route.Get("/api", route.Public, whoAmI),
		route.Get("/api/v1/profile", route.SignedIn, whoAmI),
		route.Get(account+"/labels", route.Member, whoAmI),
		route.Post(account+"/labels", route.Admin, whoAmI),
		route.Get(account+"/labels/{id}", route.Member, whoByID),
		route.Delete(account+"/labels/{id}", route.Admin, whoByID).Finds("id", only7),
		route.Get(account+"/labels/popular", route.Member, whoAmI),
		route.Get(account+"/reports", route.Permission("report_manage"), whoAmI),
		route.Post(account+"/conversations", route.Member, whoAmI).AdmitBots(),
		route.Get("/api/v1/accounts/{id}", route.Member, whoAmI).OwnAccount(),
		route.Get("/platform/api/v1/users/{id}", route.Platform, whoByID),
	}
}

func TestAccessIsCheckedInOrder(t *testing.T) {
	t.Parallel()
	s := start(t, accessRows())
	const (
		signIn    = `{"errors":["You need to sign in or sign up before continuing."]}`
		badToken  = `{"error":"Invalid Access Token"}`
		forBots   = `{"error":"Access to this endpoint is not authorized for bots"}`
		missing   = `{"error":"Resource could not be found"}`
		suspended = `{"error":"Account is suspended"}`
		notMember = `{"error":"You are not authorized to access this account"}`
		notLinked = `{"error":"Bot is not authorized to access this account"}`
		refused   = `{"error":"You are not authorized to do this action"}`
		badApp    = `{"error":"Invalid access_token"}`
		noRoute   = `{"status":404,"error":"Not Found"}`
		broken    = `{"status":500,"error":"Internal Server Error"}`
		adminIn1  = `{"user":1,"account":1,"role":"administrator","bot":"","app":""}`
		agentIn1  = `{"user":2,"account":1,"role":"agent","bot":"","app":""}`
	)
	for _, c := range []struct {
		name, method, path, token string
		status                    int
		body                      string
	}{
		{"public needs nobody", "GET", "/api", "", 200, `{"user":0,"account":0,"role":"","bot":"","app":""}`},
		{"no credentials", "GET", "/api/v1/profile", "", 401, signIn},
		{"no credentials come before the account", "GET", "/api/v1/accounts/99/labels", "", 401, signIn},
		{"unknown token", "GET", "/api/v1/accounts/1/labels", "who?", 401, badToken},
		{"user outside accounts", "GET", "/api/v1/profile", "agent", 200, `{"user":2,"account":0,"role":"","bot":"","app":""}`},
		{"bot where none may", "GET", "/api/v1/accounts/1/labels", "bot", 401, forBots},
		{"bot where none may, account unknown", "GET", "/api/v1/accounts/99/labels", "bot", 401, forBots},
		{"platform app on the API", "GET", "/api/v1/accounts/1/labels", "app", 401, forBots},
		{"platform app where bots may", "POST", "/api/v1/accounts/1/conversations", "app", 401, forBots},
		{"linked bot", "POST", "/api/v1/accounts/1/conversations", "bot", 200, `{"user":0,"account":1,"role":"","bot":"Helper","app":""}`},
		{"bot of nobody", "POST", "/api/v1/accounts/1/conversations", "loosebot", 401, notLinked},
		{"bot in a suspended account", "POST", "/api/v1/accounts/2/conversations", "bot", 401, suspended},
		{"unknown account", "GET", "/api/v1/accounts/99/labels", "agent", 404, missing},
		{"account id that is no number", "GET", "/api/v1/accounts/acme/labels", "agent", 404, missing},
		{"account id beyond int64", "GET", "/api/v1/accounts/99999999999999999999/labels", "agent", 404, missing},
		{"suspended comes before membership", "GET", "/api/v1/accounts/2/labels", "stranger", 401, suspended},
		{"not a member", "GET", "/api/v1/accounts/1/labels", "stranger", 401, notMember},
		{"member", "GET", "/api/v1/accounts/1/labels", "agent", 200, agentIn1},
		{"agent on an administrator's route", "POST", "/api/v1/accounts/1/labels", "agent", 401, refused},
		{"administrator", "POST", "/api/v1/accounts/1/labels", "admin", 200, adminIn1},
		{"refused, record there", "DELETE", "/api/v1/accounts/1/labels/7", "agent", 401, refused},
		{"refused, record missing", "DELETE", "/api/v1/accounts/1/labels/8", "agent", 404, missing},
		{"refused, id no number", "DELETE", "/api/v1/accounts/1/labels/x", "agent", 404, missing},
		{"permission by custom role", "GET", "/api/v1/accounts/1/reports", "reporter", 200, `{"user":3,"account":1,"role":"agent","bot":"","app":""}`},
		{"permission lacking", "GET", "/api/v1/accounts/1/reports", "agent", 401, refused},
		{"permission of an administrator", "GET", "/api/v1/accounts/1/reports", "admin", 200, adminIn1},
		{"own account", "GET", "/api/v1/accounts/2", "agent", 200, `{"user":2,"account":2,"role":"agent","bot":"","app":""}`},
		{"own account of a stranger", "GET", "/api/v1/accounts/1", "stranger", 404, missing},
		{"literal beats parameter", "GET", "/api/v1/accounts/1/labels/popular", "agent", 200, agentIn1},
		{"a prefix of the literal is a parameter", "GET", "/api/v1/accounts/1/labels/pop", "agent", 404, missing},
		{"suffix", "GET", "/api/v1/accounts/1/labels.json", "agent", 200, agentIn1},
		{"suffix after a parameter", "GET", "/api/v1/accounts/1/labels/5.json", "agent", 200, agentIn1},
		{"trailing slash", "GET", "/api/v1/accounts/1/labels/", "agent", 200, agentIn1},
		{"trailing slash on a write", "POST", "/api/v1/accounts/1/labels/", "admin", 200, adminIn1},
		{"suffix of the version route", "GET", "/api.json", "", 200, `{"user":0,"account":0,"role":"","bot":"","app":""}`},
		{"no such route", "GET", "/api/v1/accounts/1/nothing", "agent", 404, noRoute},
		{"no such method", "POST", "/api/v1/profile", "agent", 404, noRoute},
		{"wrong case is another path", "GET", "/API/v1/profile", "agent", 404, noRoute},
		{"platform without token", "GET", "/platform/api/v1/users/1", "", 401, badApp},
		{"platform with a user's token", "GET", "/platform/api/v1/users/1", "admin", 401, badApp},
		{"platform with an unknown token", "GET", "/platform/api/v1/users/1", "who?", 401, badApp},
		{"platform", "GET", "/platform/api/v1/users/1", "app", 200, `{"user":0,"account":0,"role":"","bot":"","app":"Shop"}`},
		{"platform, id no number", "GET", "/platform/api/v1/users/x", "app", 404, noRoute},
		{"look-up of the caller fails", "GET", "/api/v1/profile", "broken", 500, broken},
		{"look-up of the platform app fails", "GET", "/platform/api/v1/users/1", "broken", 500, broken},
		{"look-up of the account fails", "GET", "/api/v1/accounts/13/labels", "agent", 500, broken},
	} {
		var headers []string
		if c.token != "" {
			headers = append(headers, as(c.token))
		}
		s.do(t, c.method, c.path, "", headers...).want(t, c.name, c.status, c.body)
	}
}

// Who is refused learns first that what they name is not there: by the path, then by
// the body.
func TestFindsSent(t *testing.T) {
	t.Parallel()
	known := func(ids ...int64) func(context.Context, *route.Call, int64) error {
		return func(_ context.Context, _ *route.Call, id int64) error {
			if !slices.Contains(ids, id) {
				return chat.NotFound()
			}
			return nil
		}
	}
	s := start(t, []route.Row{
		route.Post("/api/v1/accounts/{account_id}/things/{id}", route.Admin, whoByID).Finds("id", known(7)).FindsSent("other", known(3)),
	})
	const (
		missing = `{"error":"Resource could not be found"}`
		refused = `{"error":"You are not authorized to do this action"}`
		path    = "/api/v1/accounts/1/things/"
	)
	for _, c := range []struct {
		id, body string
		status   int
		want     string
	}{
		{"7", `{"other":3}`, 401, refused},
		{"7", `{"other":"3"}`, 401, refused},
		{"7", `{}`, 401, refused},
		{"7", `{"other":null}`, 401, refused},
		{"7", `{"other":""}`, 401, refused},
		{"7", `{"other":4}`, 404, missing},
		{"7", `{"other":"x"}`, 404, missing},
		{"7", `{"other":[3]}`, 404, missing},
		{"8", `{"other":3}`, 404, missing},
		{"7", `{`, 400, `{"status":400,"error":"Bad Request"}`},
	} {
		s.do(t, "POST", path+c.id, c.body, as("agent"), "Content-Type: application/json").want(t, c.body, c.status, c.want)
	}
	if a := s.do(t, "POST", path+"8", `{"other":4}`, as("admin"), "Content-Type: application/json"); a.status != 200 {
		t.Errorf("nothing is looked up for who may call: %d %s", a.status, a.body)
	}
}

func TestTokenHeaderSpellings(t *testing.T) {
	t.Parallel()
	s := start(t, accessRows())
	for _, name := range []string{"api_access_token", "Api_access_token", "API_ACCESS_TOKEN", "api-access-token", "Api-Access-Token", "API-ACCESS-TOKEN"} {
		a := s.do(t, "GET", "/api/v1/profile", "", name+": agent", "Authorization: Bearer agent")
		if a.status != 200 || !strings.Contains(a.body, `"user":2`) {
			t.Errorf("%s: got %d %s", name, a.status, a.body)
		}
	}
	a := s.do(t, "GET", "/api/v1/profile", "", as("who?"), "access-token: session", "client: laptop", "uid: admin@example.com")
	a.want(t, "the token decides over a good session", 401, `{"error":"Invalid Access Token"}`)
	a = s.do(t, "GET", "/api/v1/profile", "", as(""), "access-token: session", "client: laptop", "uid: admin@example.com")
	if a.status != 200 || a.header.Get("access-token") != "session" {
		t.Errorf("an empty token header: got %d, echo %q", a.status, a.header.Get("access-token"))
	}
	a = s.do(t, "GET", "/api/v1/profile?access-token=session&client=laptop&uid=admin%40example.com", "")
	if a.status != 200 {
		t.Errorf("session by parameters: got %d %s", a.status, a.body)
	}
	a = s.do(t, "GET", "/api/v1/profile", "", "Authorization: Bearer nonsense")
	a.want(t, "a bearer that is no session", 401, `{"errors":["You need to sign in or sign up before continuing."]}`)
}

func TestHeadAnswersLikeGet(t *testing.T) {
	t.Parallel()
	s := start(t, accessRows())
	a := s.do(t, http.MethodHead, "/api/v1/profile", "", as("agent"))
	if a.status != 200 || a.body != "" || a.header.Get("ETag") == "" {
		t.Errorf("got %d %q, ETag %q", a.status, a.body, a.header.Get("ETag"))
	}
}
