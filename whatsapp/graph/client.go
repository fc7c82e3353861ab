package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"tributary/internal/httpx"
)

const (
	defaultBase    = "https://graph.facebook.com"
	defaultVersion = "v22.0"

	connectWithin = 5 * time.Second
	answerWithin  = 15 * time.Second
	maxAnswer     = 1 << 20 // bytes of a body; the longest known are a few KiB
)

// Options are what a Client needs. Functions are asked at every call, so that a
// changed setting counts at once; nil ones give the default.
type Options struct {
	Base    func() string // scheme and host, perhaps a path; "" is https://graph.facebook.com
	Version func() string // of the Graph API, "v22.0"; anything that does not begin with v is the default
	// AppID and AppSecret are those of the installation's app, for the calls that
	// speak as the app: Exchange, TokenScopes, Subscriptions.
	AppID, AppSecret func() string
	// HTTP sends the calls; nil is httpx.NewProvider. The client's own limits, 5 s to
	// connect and 15 s for the whole call, hold whatever its transport allows.
	HTTP *http.Client
	Now  func() time.Time
	// OnUsage is told what is used up of a WABA's quota after each answer that says
	// so, successes included, at any level.
	OnUsage func(ctx context.Context, t Target, u Usage)
	// Observe is told each call's name, its result ("ok" or a Class) and how long it
	// took. A read that is repeated without a field is several calls.
	Observe func(call, result string, d time.Duration)
}

// Client calls the Graph API. It keeps nothing but the fields that Meta said it
// does not know; it is safe for concurrent use.
type Client struct {
	opts    Options
	unknown unknownFields
}

// New makes a client.
func New(o Options) *Client {
	if o.HTTP == nil {
		o.HTTP = httpx.NewProvider()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Client{opts: o}
}

// request is one call.
type request struct {
	call    string // its name in metrics
	target  Target
	version string // "" is the setting's
	method  string
	path    []string // unescaped segments after the version
	token   string   // for the Authorization header; "" sends none
	query   url.Values
	form    url.Values
	body    any      // sent as JSON, when not nil
	secrets []string // what else must not show in texts, besides the token
}

// do makes one call and decodes its answer, if it succeeded. Its errors are
// *Error.
func (c *Client) do(ctx context.Context, r *request, decode func(body []byte) error) error {
	began := c.opts.Now()
	e := c.attempt(ctx, r, decode)
	result := "ok"
	if e != nil {
		result = string(e.Class)
	}
	if c.opts.Observe != nil {
		c.opts.Observe(r.call, result, c.opts.Now().Sub(began))
	}
	if e == nil {
		return nil
	}
	e.redact(append(r.secrets, r.token))
	return e
}

func (c *Client) attempt(ctx context.Context, r *request, decode func([]byte) error) *Error {
	limited, stop := limits(ctx)
	defer stop()
	req, err := c.build(limited, r)
	if err != nil {
		return &Error{Class: OurRequest, Message: "the call could not be put together", Err: err}
	}
	res, err := httpx.Do(c.opts.HTTP, req)
	if err != nil {
		if errors.Is(context.Cause(limited), errConnect) {
			err = errConnect
		}
		return &Error{Class: Transient, Ambiguous: true, Err: err}
	}
	defer res.Body.Close()
	if trace, ok := ctx.Value(traceKey{}).(*string); ok {
		*trace = clean(res.Header.Get("X-FB-Trace-ID"))
	}
	if u, ok := readUsage(res.Header, r.target.WABA); ok && c.opts.OnUsage != nil {
		c.opts.OnUsage(ctx, r.target, u)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("graph: the answer is longer than %d bytes", maxAnswer)
	}
	if err != nil {
		return unreadable(res.StatusCode, res.Header, r.target.WABA, httpx.Redact(err))
	}
	if e := classify(res.StatusCode, res.Header, r.target.WABA, body); e != nil {
		return e
	}
	err = decode(body)
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		e.HTTPStatus = res.StatusCode
		return e
	}
	return unreadable(res.StatusCode, res.Header, r.target.WABA, err)
}

type traceKey struct{}

// Traced has the trace of the next call's answer put into trace, which Meta's support
// asks for; errors have it in any case. It stays empty where Meta gives none.
func Traced(ctx context.Context, trace *string) context.Context {
	return context.WithValue(ctx, traceKey{}, trace)
}

var errConnect = fmt.Errorf("graph: no connection within %s", connectWithin)

// limits gives a call its time limits: one for the whole, one until there is a
// connection, whatever the transport's own are.
func limits(ctx context.Context) (limited context.Context, stop func()) {
	whole, cancelWhole := context.WithTimeout(ctx, answerWithin)
	connecting, cancel := context.WithCancelCause(whole)
	timer := time.AfterFunc(connectWithin, func() { cancel(errConnect) })
	limited = httptrace.WithClientTrace(connecting, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { timer.Stop() },
	})
	return limited, func() {
		timer.Stop()
		cancel(nil)
		cancelWhole()
	}
}

// build makes the HTTP request. Its errors hold no URL: two calls cannot do
// without a secret in it.
func (c *Client) build(ctx context.Context, r *request) (*http.Request, error) {
	base := strings.TrimRight(strings.TrimSpace(value(c.opts.Base)), "/")
	if base == "" {
		base = defaultBase
	}
	version := r.version
	if version == "" {
		version = c.version()
	}
	address := base + "/" + url.PathEscape(version)
	for _, segment := range r.path {
		address += "/" + url.PathEscape(segment)
	}
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	var body io.Reader
	contentType := ""
	switch {
	case r.body != nil:
		raw, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("graph: encode the body: %w", err)
		}
		body, contentType = bytes.NewReader(raw), "application/json"
	case r.form != nil:
		body, contentType = strings.NewReader(r.form.Encode()), "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("graph: request: %w", httpx.Redact(err))
	}
	req.Header.Set("Accept", "application/json")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	return req, nil
}

func value(f func() string) string {
	if f == nil {
		return ""
	}
	return f()
}

// accepted is the answer to a call that changes something: {"success":true}, or an
// object that says something else.
func accepted(body []byte) error {
	if string(bytes.TrimSpace(body)) == "true" { // the old form of the same
		return nil
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("graph: decode the answer: %w", err)
	}
	switch string(answer["success"]) {
	case "false", `"false"`, "0":
		return &Error{Class: Unknown, Message: "Meta answered success: false"}
	}
	return nil
}

// own checks what a call needs of its target before it is made. An empty token
// would only cost the quota of an account that is stuck already.
func (t Target) own(id, name string) *Error {
	switch {
	case !sendable(t.Token):
		return &Error{Class: Credentials, Message: "there is no access token, or it has characters that none has"}
	case id == "":
		return &Error{Class: OurRequest, Message: "there is no " + name}
	}
	return nil
}

// sendable tells that s can stand in a header.
func sendable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}
