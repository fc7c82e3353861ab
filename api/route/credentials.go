package route

import (
	"bytes"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// Names of the values that make a session, as headers and as parameters.
const (
	nameAccessToken = "access-token"
	nameClient      = "client"
	nameUID         = "uid"
)

// The operators' console: the cookie by which super admins are known, and where they
// sign in.
const (
	ConsoleCookie = "_chatwoot_session"
	ConsoleSignIn = "/super_admin/sign_in"
)

// MaxSignIn is how long a body may be in which somebody says who they are, in bytes:
// rows that sign people in take no more, so that every attempt is counted.
const MaxSignIn = 1 << 20

// credentials copies what a request says about its caller. The header names
// with underscore and with hyphen are two different headers. An API token decides
// where the row takes one: the rest is not looked at.
func credentials(ctx *fasthttp.RequestCtx, row *Row, now time.Time) Credentials {
	h := &ctx.Request.Header
	cr := Credentials{Auth: row.Auth, Now: now}
	if row.Auth == AuthConsole {
		cr.Console = string(h.Cookie(ConsoleCookie))
		return cr
	}
	if !row.Session {
		for _, name := range []string{"api_access_token", "api-access-token"} {
			if cr.APIToken = strings.TrimSpace(string(h.Peek(name))); cr.APIToken != "" {
				return cr
			}
		}
	}
	one := func(name string) string {
		if v := h.Peek(name); len(v) > 0 {
			return string(v)
		}
		return string(ctx.QueryArgs().Peek(name))
	}
	cr.AccessToken, cr.Client, cr.UID = one(nameAccessToken), one(nameClient), one(nameUID)
	const scheme = "bearer "
	if v := string(h.Peek("Authorization")); len(v) > len(scheme) && strings.EqualFold(v[:len(scheme)], scheme) {
		cr.Bearer = strings.TrimSpace(v[len(scheme):])
	}
	if cr.Empty() {
		cr.fromBody(ctx)
	}
	return cr
}

// fromBody looks for a session among the parameters of the body, where nothing was
// said elsewhere. A body in which there is none is not read for it.
func (cr *Credentials) fromBody(ctx *fasthttp.RequestCtx) {
	one := func(string) string { return "" }
	contentType := string(ctx.Request.Header.ContentType())
	switch {
	case strings.HasPrefix(contentType, "application/x-www-form-urlencoded"):
		one = func(name string) string { return string(ctx.PostArgs().Peek(name)) }
	case strings.HasPrefix(contentType, "multipart/form-data"):
		form, err := ctx.MultipartForm()
		if err != nil {
			return // what reads the parameters says so
		}
		one = func(name string) string {
			if values := form.Value[name]; len(values) > 0 {
				return strings.Clone(values[0])
			}
			return ""
		}
	case strings.HasPrefix(contentType, "application/json"):
		body := ctx.PostBody()
		if len(body) > MaxSignIn || !bytes.Contains(body, []byte(`"`+nameAccessToken+`"`)) {
			return
		}
		object, err := parseJSON(body)
		if err != nil {
			return
		}
		one = func(name string) string {
			text, _ := object[name].(string)
			return text
		}
	}
	cr.AccessToken = one(nameAccessToken)
	if cr.Client == "" {
		cr.Client = one(nameClient)
	}
	if cr.UID == "" {
		cr.UID = one(nameUID)
	}
}
