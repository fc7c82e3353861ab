package route

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"tributary/chat"
)

// adaptor serves one row.
type adaptor struct {
	row    Row
	opts   Options
	params []string
	nested map[string]bool // keys under FlatKey that the handler reads
}

func newAdaptor(row Row, opts Options) *adaptor {
	a := &adaptor{row: row, opts: opts, params: params(row.Path)}
	if row.FlatKey != "" {
		a.nested = row.decoder.nestedNames(row.FlatKey)
	}
	return a
}

// serve is the way of every request.
func (a *adaptor) serve(ctx *fasthttp.RequestCtx) {
	e := begin(ctx, a.opts, a.row.Path)
	deadline, cancel := context.WithTimeout(a.opts.Base, a.opts.Timeout)
	defer cancel()
	res, err := a.answer(deadline, e)
	if err != nil {
		p, internal := problemOf(err, a.row.Path, a.row.Plain)
		if !internal {
			err = nil
		}
		var broken error
		if res, broken = p.response(); broken != nil {
			err = errors.Join(err, broken)
			res, _ = byNumber(http.StatusInternalServerError).response() // plain data
		}
	}
	e.write(res)
	e.finish(err)
}

// answer runs the steps in their fixed order. A panic anywhere in them is an
// error like others.
func (a *adaptor) answer(ctx context.Context, e *exchange) (res response, err error) {
	defer func() {
		if p := recover(); p != nil {
			a.opts.Panicked(a.row.Path)
			res, err = response{}, fmt.Errorf("route: panic in %s: %v\n%s", a.row.Handler, p, debug.Stack())
		}
	}()
	if err := a.readPath(e); err != nil {
		return response{}, err
	}
	caller, err := a.identify(ctx, e)
	if err != nil {
		return response{}, err
	}
	if err := a.admit(ctx, e, caller); err != nil {
		return response{}, err
	}
	if err := a.authorize(ctx, e); err != nil {
		return response{}, err
	}
	b, err := a.collect(e)
	if err != nil {
		return response{}, err
	}
	e.call.Locale = a.locale(e.call, b)
	out, err := a.row.call(ctx, e.call, b)
	if err != nil {
		return response{}, err
	}
	if s, ok := out.(Stream); ok {
		res.contentType = s.ContentType
		res.stream, err = s.open(a.opts.Base, e.ctx)
	} else {
		res, err = responseOf(out)
	}
	if err != nil {
		return response{}, err
	}
	if !e.call.ended && res.status < http.StatusBadRequest {
		for name, value := range caller.Echo {
			e.ctx.Response.Header.Set(name, value)
		}
	}
	for _, h := range e.call.header {
		e.ctx.Response.Header.Add(h[0], h[1])
	}
	return res, nil
}

// readPath copies the path parameters, percent-decoded.
func (a *adaptor) readPath(e *exchange) error {
	for _, name := range a.params {
		text, _ := e.ctx.UserValue(name).(string)
		value, err := url.PathUnescape(text)
		if err != nil {
			return byNumber(http.StatusNotFound)
		}
		e.path[name] = strings.Clone(value)
	}
	return nil
}

// identify finds out who calls.
func (a *adaptor) identify(ctx context.Context, e *exchange) (Caller, error) {
	if a.row.Auth == AuthNone && !a.row.Optional {
		return Caller{}, nil
	}
	cr := credentials(e.ctx, &a.row, e.started)
	switch a.row.Auth {
	case AuthPlatform:
		return a.identifyApp(ctx, e, cr)
	case AuthConsole:
		return a.identifyOperator(ctx, e, cr)
	}
	if cr.Empty() {
		return Caller{}, a.notSignedIn()
	}
	caller, err := a.opts.Auth.Authenticate(ctx, cr)
	switch {
	case errors.Is(err, ErrBadToken):
		return Caller{}, refuse(textBadToken)
	case errors.Is(err, ErrNotSignedIn):
		return Caller{}, a.notSignedIn()
	case err != nil:
		return Caller{}, fmt.Errorf("route: authenticate: %w", err)
	case caller.User != nil:
		e.call.User, e.call.Client = *caller.User, caller.Client
	case caller.Bot != nil && a.row.Bots:
		e.call.Bot = caller.Bot
	default:
		return Caller{}, refuse(textNotForBots)
	}
	return caller, nil
}

// notSignedIn is what the row answers to who has not signed in; nil where that is
// nobody's duty.
func (a *adaptor) notSignedIn() error {
	switch {
	case a.row.Optional:
		return nil
	case a.row.unsigned != nil:
		return a.row.unsigned
	}
	return &Problem{Status: http.StatusUnauthorized, Body: errorsBody{[]string{textSignIn}}}
}

func (a *adaptor) identifyApp(ctx context.Context, e *exchange, cr Credentials) (Caller, error) {
	if cr.APIToken == "" {
		return Caller{}, refuse(textBadApp)
	}
	caller, err := a.opts.Auth.Authenticate(ctx, cr)
	switch {
	case errors.Is(err, ErrBadToken), errors.Is(err, ErrNotSignedIn), err == nil && caller.App == nil:
		return Caller{}, refuse(textBadApp)
	case err != nil:
		return Caller{}, fmt.Errorf("route: authenticate: %w", err)
	}
	e.call.App = caller.App
	return caller, nil
}

// identifyOperator finds out which super admin calls. Who is none is asked to sign
// in.
func (a *adaptor) identifyOperator(ctx context.Context, e *exchange, cr Credentials) (Caller, error) {
	caller, err := a.opts.Auth.Authenticate(ctx, cr)
	switch {
	case errors.Is(err, ErrNotSignedIn), err == nil && caller.User == nil:
		return Caller{}, &Problem{Status: http.StatusFound, Location: ConsoleSignIn}
	case err != nil:
		return Caller{}, fmt.Errorf("route: authenticate: %w", err)
	}
	e.call.User = *caller.User
	return caller, nil
}

// admit checks the account: it exists, is active, and the caller belongs to it.
func (a *adaptor) admit(ctx context.Context, e *exchange, caller Caller) error {
	param := "account_id"
	switch a.row.Auth {
	case AuthAccount:
	case AuthOwnAccount:
		param = "id"
	default:
		return nil
	}
	if !isID(e.path[param]) {
		return chat.NotFound()
	}
	id, err := strconv.ParseInt(e.path[param], 10, 64)
	if err != nil {
		return chat.NotFound()
	}
	scope, err := a.opts.Auth.Scope(ctx, caller, id)
	switch {
	case err != nil:
		return fmt.Errorf("route: account: %w", err)
	case scope.Account.ID == 0:
		return chat.NotFound()
	case a.row.Auth == AuthOwnAccount:
		if scope.Membership.Role == "" {
			return chat.NotFound()
		}
	case !scope.Account.Active:
		return refuse(textSuspended)
	case caller.Bot != nil && !scope.BotLinked:
		return refuse(textBotNotLinked)
	case caller.Bot == nil && scope.Membership.Role == "":
		return refuse(textNotMember)
	}
	e.call.Account, e.call.Membership = scope.Account, scope.Membership
	return nil
}

// authorize applies the policy. A caller it refuses still learns first that the
// record does not exist.
func (a *adaptor) authorize(ctx context.Context, e *exchange) error {
	if a.row.Policy.allows(e.call) {
		return nil
	}
	if a.row.find != nil {
		if !isID(e.path[a.row.param]) {
			return chat.NotFound()
		}
		id, err := strconv.ParseInt(e.path[a.row.param], 10, 64)
		if err != nil {
			return chat.NotFound()
		}
		if err := a.row.find(ctx, e.call, id); err != nil {
			return err
		}
	}
	if a.row.findSent != nil {
		if err := a.findSent(ctx, e); err != nil {
			return err
		}
	}
	return Refused()
}

// findSent looks for the record that a parameter of the body names.
func (a *adaptor) findSent(ctx context.Context, e *exchange) error {
	b, err := a.collect(e)
	if err != nil {
		return err
	}
	v := b.top[a.row.sentParam]
	if v == nil || v == "" {
		return nil
	}
	id, ok := asInt(v)
	if !ok {
		return chat.NotFound()
	}
	return a.row.findSent(ctx, e.call, id)
}

// collect reads the parameters.
func (a *adaptor) collect(e *exchange) (*bag, error) {
	limit := a.row.BodyLimit
	if limit == 0 {
		limit = a.opts.BodyLimit
	}
	if tooLarge(e.ctx, limit) {
		return nil, &chat.Error{Code: chat.CodeTooLarge, Message: "the body is too large"}
	}
	b, err := newBag(e.ctx, e.path, len(a.row.decoder.body) > 0, a.row.Opaque)
	if err != nil {
		return nil, err
	}
	if a.row.FlatKey != "" {
		b.flatten(a.row.FlatKey, a.nested)
	}
	if a.row.NullText {
		b.nullTexts()
	}
	if key := a.row.RequireKey; key != "" && b.blank(key) {
		return nil, MissingParam(key)
	}
	return b, nil
}

func tooLarge(ctx *fasthttp.RequestCtx, limit int) bool {
	if ctx.Request.Header.ContentLength() > limit {
		return true
	}
	// The body of a parsed form is not looked at: asking for it writes the form
	// out again.
	return len(ctx.Request.Header.MultipartFormBoundary()) == 0 && len(ctx.PostBody()) > limit
}

// locale is the language of the answer's texts.
func (a *adaptor) locale(c *Call, b *bag) string {
	if a.row.Auth == AuthAccount || a.row.Auth == AuthOwnAccount {
		return localeOf(c.User.Locale, c.Account.Locale, a.opts.Locale)
	}
	asked, _ := b.top["locale"].(string)
	return localeOf(asked, c.User.Locale, a.opts.Locale)
}
