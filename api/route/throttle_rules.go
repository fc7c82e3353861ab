package route

import (
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/valyala/fasthttp"
)

// rule is a limit on how often somebody may do something.
type rule struct {
	name   string
	limit  int
	period time.Duration
	who    func(*visit) string // empty: the request is not about that
}

// visit is a request as rules look at it.
type visit struct {
	ctx    *fasthttp.RequestCtx
	method string
	path   string // without what follows a point
	ip     string
	params *bag // read when a rule asks for them
}

func (v *visit) post(path string) bool { return v.method == http.MethodPost && v.path == path }

// param is a top-level parameter as text, wherever it was sent. Of a request that
// cannot be read there is none: it is refused later.
func (v *visit) param(name string) string {
	if v.params == nil {
		v.params = &bag{}
		if !tooLarge(v.ctx, MaxSignIn) {
			if b, err := newBag(v.ctx, nil, false, false); err == nil {
				v.params = b
			}
		}
	}
	text, _ := v.params.top[name].(string)
	return text
}

// email is the parameter of that name, however it is written.
func (v *visit) email(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToLower(text))
}

// account is the account of a path that holds what pattern says; its group is the
// number.
func (v *visit) account(pattern *regexp.Regexp) string {
	if m := pattern.FindStringSubmatch(v.path); m != nil {
		return m[1]
	}
	return ""
}

var (
	transcriptPath = regexp.MustCompile(`/api/v1/accounts/(\d+)/conversations/\d+/transcript`)
	uploadPath     = regexp.MustCompile(`/api/v1/accounts/(\d+)/upload`)
	searchPath     = regexp.MustCompile(`/api/v1/accounts/(\d+)/contacts/search`)
	reportsPath    = regexp.MustCompile(`/api/v2/accounts/(\d+)/reports`)
)

// throttleRules are all limits, in the order in which they are looked at.
func throttleRules(opt ThrottleOptions) []rule {
	const mfa = "/api/v1/profile/mfa"
	byIP := func(is func(*visit) bool) func(*visit) string {
		return func(v *visit) string {
			if is(v) {
				return v.ip
			}
			return ""
		}
	}
	posts := func(path string) func(*visit) bool { return func(v *visit) bool { return v.post(path) } }
	byParam := func(path, name string) func(*visit) string {
		return func(v *visit) string {
			if !v.post(path) {
				return ""
			}
			return v.email(v.param(name))
		}
	}
	login := func(second bool) func(*visit) bool {
		return func(v *visit) bool {
			return v.post("/auth/sign_in") && (strings.TrimSpace(v.param("mfa_token")) != "") == second
		}
	}
	ofLogin := func(second bool, name string) func(*visit) string {
		return func(v *visit) string {
			if !login(second)(v) {
				return ""
			}
			if second {
				return strings.TrimSpace(v.param(name))
			}
			return v.email(v.param(name))
		}
	}
	rules := []rule{
		{"req/ip", opt.Requests, time.Minute, func(v *visit) string { return v.ip }},
		{"super_admin_login/ip", 5, 5 * time.Minute, byIP(posts("/super_admin/sign_in"))},
		{"super_admin_login/email", 5, 15 * time.Minute, func(v *visit) string {
			if !v.post("/super_admin/sign_in") {
				return ""
			}
			admin, _ := v.object("super_admin")["email"].(string)
			return v.email(admin)
		}},
		{"login/ip", 5, 5 * time.Minute, byIP(login(false))},
		{"login/email", 10, 15 * time.Minute, ofLogin(false, "email")},
		{"mfa_login/ip", 10, time.Minute, byIP(login(true))},
		{"mfa_login/token", 10, time.Minute, ofLogin(true, "mfa_token")},
		{"reset_password/ip", 5, 30 * time.Minute, byIP(posts("/auth/password"))},
		{"reset_password/email", 5, time.Hour, byParam("/auth/password", "email")},
		{"resend_confirmation/ip", 5, 30 * time.Minute, byIP(posts("/api/v1/profile/resend_confirmation"))},
		{"mfa_verification/ip", 5, time.Minute, byIP(func(v *visit) bool {
			return v.method == http.MethodDelete && v.path == mfa || v.post(mfa+"/verify") || v.post(mfa+"/backup_codes")
		})},
		{"onboarding/ip", 20, 5 * time.Minute, byIP(posts("/installation/onboarding"))},
		{"accounts/ip", 5, 30 * time.Minute, byIP(posts("/api/v1/accounts"))},
		{"transcript", 30, time.Hour, func(v *visit) string { return v.account(transcriptPath) }},
		{"upload", 60, time.Hour, func(v *visit) string { return v.account(uploadPath) }},
		{"contact_search", opt.ContactSearch, time.Minute, func(v *visit) string { return v.account(searchPath) }},
		{"reports/user", opt.ReportsUser, time.Minute, func(v *visit) string {
			account := v.account(reportsPath)
			if account == "" {
				return ""
			}
			return v.caller() + " " + account
		}},
		{"reports/account", opt.ReportsAccount, time.Minute, func(v *visit) string { return v.account(reportsPath) }},
	}
	if !opt.Widget {
		return rules
	}
	return append(rules,
		rule{"widget/conversations", 6, 12 * time.Hour, byIP(posts("/api/v1/widget/conversations"))},
		rule{"widget/page", 5, time.Hour, byIP(func(v *visit) bool {
			return v.path == "/widget" && len(v.ctx.QueryArgs().Peek("cw_conversation")) == 0
		})},
	)
}

// object is a top-level parameter that is an object.
func (v *visit) object(name string) map[string]any {
	_ = v.param(name) // reads the parameters
	object, _ := v.params.top[name].(map[string]any)
	return object
}

// caller is who asks for reports: the user's address in the session, else the API
// token.
func (v *visit) caller() string {
	h := &v.ctx.Request.Header
	for _, name := range []string{nameUID, "api_access_token", "api-access-token"} {
		if value := h.Peek(name); len(value) > 0 {
			return string(value)
		}
	}
	return v.ip
}
