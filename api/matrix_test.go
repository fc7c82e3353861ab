package api_test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tributary/api/route"
	"tributary/store"
)

// verdict is what somebody gets who calls a route. status 0: the call is admitted, its
// answer is neither 401, 403 nor 500.
type verdict struct {
	status int
	body   string // exactly
}

// Refusals that every caller gets in the same words.
var (
	admitted     = verdict{}
	signInFirst  = verdict{401, `{"errors":["You need to sign in or sign up before continuing."]}`}
	unknownToken = verdict{401, `{"error":"Invalid Access Token"}`}
	notForBots   = verdict{401, `{"error":"Access to this endpoint is not authorized for bots"}`}
	botNotLinked = verdict{401, `{"error":"Bot is not authorized to access this account"}`}
	notMember    = verdict{401, `{"error":"You are not authorized to access this account"}`}
	policySays   = verdict{401, refusedText}
	notTheirs    = verdict{404, missingText}
	noApp        = verdict{401, `{"error":"Invalid access_token"}`}
	noLogin      = verdict{401, `{"success":false,"errors":["Invalid login credentials. Please try again."]}`}
	noUser       = verdict{404, `{"status":"error","success":false,"errors":["User not found."]}`}
	noSession    = verdict{404, `{"success":false,"errors":["You are not signed in."]}`}
	noLoginShort = verdict{401, `{"success":false,"errors":["Invalid login credentials"]}`}
)

// exception is a route that answers otherwise than its policy says.
type exception struct {
	verdict
	roles  []string // nil: all
	reason string
}

// exceptions are by METHOD and path as `tributary routes` writes them. Of several
// exceptions of a route the first with the caller's role holds.
var exceptions = map[string][]exception{
	"POST /auth/sign_in":    {{noLogin, nil, "nobody's password was sent"}},
	"PATCH /auth":           {{noUser, notInSession, "API tokens are no session"}},
	"PUT /auth":             {{noUser, notInSession, "API tokens are no session"}},
	"DELETE /auth":          {{noUser, notInSession, "API tokens are no session"}},
	"DELETE /auth/sign_out": {{noSession, notInSession, "API tokens are no session"}},
	"PATCH /api/v1/accounts/:account_id/conversations/:conversation_id/messages/:id": {{verdict{status: 403}, members, "the inbox is of another channel"}},
	"PUT /api/v1/accounts/:account_id/conversations/:conversation_id/messages/:id":   {{verdict{status: 403}, members, "the inbox is of another channel"}},
	"PATCH /api/v1/accounts/:account_id/macros/:id":                                  {{policySays, workers, "a macro is its author's"}},
	"PUT /api/v1/accounts/:account_id/macros/:id":                                    {{policySays, workers, "a macro is its author's"}},
	"DELETE /api/v1/accounts/:account_id/macros/:id":                                 {{policySays, workers, "a macro is its author's"}},
	"GET /auth/validate_token":                                                       {{noLoginShort, notInSession, "API tokens are no session"}},
	"POST /api/v1/accounts":                                                          {{verdict{status: 403}, append([]string{asNobody}, users...), "sign-up is refused with 403"}},
	"POST /api/v2/accounts":                                                          {{verdict{status: 403}, []string{asNobody}, "sign-up is refused with 403"}},
}

var (
	// users are who calls as a person, members who works in the inbox.
	users   = []string{asStranger, asAgent, asInsider, asCustom, asAdmin, asSession, asOperator}
	members = []string{asInsider, asCustom, asAdmin, asSession}
	workers = []string{asAgent, asInsider, asCustom}
)

var notInSession = slices.DeleteFunc(slices.Clone(everybody), func(role string) bool { return role == asSession })

// expected derives what a caller gets from the row alone, and from exceptions.
func (m *matrix) expected(r *route.Row, method, role string) verdict {
	for _, e := range exceptions[method+" "+strings.NewReplacer("{", ":", "}", "").Replace(r.Template())] {
		if e.roles == nil || slices.Contains(e.roles, role) {
			return e.verdict
		}
	}
	switch r.Auth {
	case route.AuthNone:
		switch {
		case !r.Optional, role != asGarbage && role != asBot && role != asPlatform:
			return admitted
		case role == asGarbage:
			return unknownToken
		}
		return notForBots
	case route.AuthPlatform:
		if role == asPlatform {
			return admitted
		}
		return noApp
	case route.AuthUser, route.AuthAccount, route.AuthOwnAccount:
	}
	switch role {
	case asNobody:
		return signInFirst
	case asGarbage:
		return unknownToken
	case asPlatform:
		return notForBots
	case asBot:
		switch {
		case !r.Bots:
			return notForBots
		case !m.botLinked:
			return botNotLinked
		}
		return admitted
	}
	switch r.Auth {
	case route.AuthUser:
		if r.Policy == route.Operator && role != asOperator {
			return policySays
		}
		return admitted
	case route.AuthOwnAccount:
		if role == asStranger || role == asOperator {
			return notTheirs
		}
	default:
		if role == asStranger || role == asOperator {
			return notMember
		}
	}
	return policyOf(r, role)
}

// policyOf is what members get.
func policyOf(r *route.Row, role string) verdict {
	switch {
	case role == asAdmin || role == asSession:
		return admitted
	case r.Policy == route.Admin:
		return policySays
	case r.Policy != route.Member && role != asCustom: // a permission of custom roles
		return policySays
	case role == asAgent && inInbox(r.Path):
		return policySays
	}
	return admitted
}

// inInbox tells whether a path is about something in one inbox, whose members alone
// may come.
func inInbox(path string) bool {
	for _, resource := range []string{"/inboxes/{", "/conversations/{", "/inbox_members/{"} {
		if strings.Contains(path, resource) {
			return true
		}
	}
	return false
}

// as calls a path. Sessions begin anew when the last one may be over.
func (m *matrix) as(role, method, path, body string) answer {
	m.t.Helper()
	switch {
	case role == asSession:
		return m.visit(method, path, body, m.signIn().tokens()...).answer
	case m.tokens[role] == "":
		return m.visit(method, path, body).answer
	}
	return m.visit(method, path, body, "api_access_token: "+m.tokens[role]).answer
}

// renew reads the tokens of all callers again, and links the bot: routes change that.
func (m *matrix) renew(c matrixCall) {
	m.t.Helper()
	for role, user := range map[string]int64{asStranger: m.stranger, asAgent: m.agent, asInsider: m.insider, asCustom: m.custom, asAdmin: m.admin, asOperator: m.superAdmin} {
		token, err := m.store.AccessToken(m.t.Context(), store.OwnerUser, user)
		m.must(err)
		m.tokens[role] = token
	}
	if c.row.Bots || strings.HasSuffix(c.path, "_bot") {
		m.linkBot()
	}
}

// matrixCall is a route by one of its methods.
type matrixCall struct {
	row    *route.Row
	method string
	path   string
}

func (c matrixCall) body() string {
	if c.method == http.MethodGet {
		return ""
	}
	if key := c.row.RequireKey; key != "" {
		return `{"` + key + `":{"name":""}}` // who may call is looked at first in the handler, what is missing before it
	}
	return "{}"
}

// calls are all routes, deletions last, and of these the longest paths first: so that
// records live as long as they are needed.
func (m *matrix) calls() []matrixCall {
	m.t.Helper()
	var list []matrixCall
	for i := range m.rows {
		row := &m.rows[i]
		path, missing := m.path(row, "")
		if missing != "" {
			m.t.Errorf("%s %s cannot be called: there is no record of %q. Add %q to fixtures in matrix_fixtures_test.go: a function that makes one and gives its number; "+
				"or make POST of the collection take the body of matrix.generic", row.Methods, row.Path, missing, missing)
			continue
		}
		for _, method := range row.Methods {
			list = append(list, matrixCall{row, method, path})
		}
	}
	slices.SortStableFunc(list, func(a, b matrixCall) int {
		da, db := a.method == http.MethodDelete, b.method == http.MethodDelete
		switch {
		case da && !db:
			return 1
		case db && !da:
			return -1
		case da:
			return cmp.Compare(strings.Count(b.path, "/"), strings.Count(a.path, "/"))
		}
		return 0
	})
	return list
}

func (m *matrix) check(c matrixCall, role string, want verdict) {
	m.t.Helper()
	got := m.as(role, c.method, c.path, c.body())
	name := fmt.Sprintf("%s %s as %q (%s %s)", c.method, c.path, role, c.row.Auth, c.row.Policy)
	switch {
	case want == admitted:
		if got.status == 401 || got.status == 403 || got.status >= 500 {
			m.t.Errorf("%s: %d %s; the row admits the caller. Where that is meant, say so in exceptions (matrix_test.go)", name, got.status, got.body)
		}
	case got.status != want.status || want.body != "" && got.body != want.body:
		m.t.Errorf("%s: %d %s\nwant %d %s\nWhere that is meant, say so in exceptions (matrix_test.go)", name, got.status, got.body, want.status, want.body)
	}
}

// Every route, called by everybody: who may not is told in the words of the contract,
// who may is served.
func TestMatrix(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		m := newMatrix(t, w)
		calls := m.calls()
		for key := range exceptions {
			method, path, _ := strings.Cut(key, " ")
			if !slices.ContainsFunc(calls, func(c matrixCall) bool {
				return c.method == method && strings.NewReplacer("{", ":", "}", "").Replace(c.row.Template()) == path
			}) {
				t.Errorf("exceptions (matrix_test.go) has %s, which is not mounted: take it out", key)
			}
		}
		for _, c := range calls {
			for _, role := range everybody {
				if want := m.expected(c.row, c.method, role); want.status != 0 {
					m.check(c, role, want)
				}
			}
			if c.row.Finder() == "" {
				continue
			}
			// Who may not learns first that there is no such record.
			path, _ := m.path(c.row, "999999999")
			if got := m.as(asInsider, c.method, path, c.body()); got.status != 404 {
				t.Errorf("%s: %d %s, want 404", got.name, got.status, got.body)
			}
		}
		for _, c := range calls {
			for _, role := range everybody {
				if want := m.expected(c.row, c.method, role); want.status == 0 {
					m.check(c, role, want)
					if c.method != http.MethodGet {
						m.renew(c)
					}
				}
			}
		}
	})
}
