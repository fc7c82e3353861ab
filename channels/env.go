package channels

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tributary/chat"
	"tributary/wording"
)

// Env is what the installation gives to drivers. It is shared and read-only.
type Env struct {
	// Setting reads an installation setting by its environment name
	// ("FB_APP_SECRET"); unset settings are empty. It may change at any time.
	Setting func(name string) string
	// PublicURL is FRONTEND_URL without a trailing slash.
	PublicURL string
	// HTTP calls providers. It has time-outs and follows no redirects.
	HTTP *http.Client
	// Guarded calls addresses that users typed in (webhooks, media links): it
	// refuses private networks and follows few redirects, see internal/httpx.
	Guarded *http.Client
	// Dial connects to servers that users typed in and that do not speak HTTP; it
	// refuses the same addresses as Guarded.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the authorities that such servers' certificates are checked with; nil:
	// the system's.
	Roots *x509.CertPool
	// Now is the clock.
	Now func() time.Time
	Log *slog.Logger
}

// Base is the address of a provider: the setting when the operator replaced it,
// else the public one. It has no trailing slash.
func (e *Env) Base(setting, public string) string {
	if v := strings.TrimRight(e.Setting(setting), "/"); v != "" {
		return v
	}
	return public
}

// replaceable are the settings that replace the public address of a provider.
var replaceable = []string{
	"FACEBOOK_GRAPH_URL", "INSTAGRAM_GRAPH_URL", "WHATSAPP_CLOUD_BASE_URL", "WHATSAPP_360_BASE_URL", "TELEGRAM_API_URL",
	"LINE_API_URL", "LINE_DATA_API_URL", "TWILIO_API_URL", "BANDWIDTH_MESSAGING_URL", "TWITTER_API_URL",
}

// Replaced tells whether u is at an address that the operator put in the place of a
// provider's: it may be called although it is private.
func (e *Env) Replaced(u *url.URL) bool {
	for _, name := range replaceable {
		base, err := url.Parse(e.Base(name, ""))
		if err == nil && base.Host != "" && base.Scheme == u.Scheme && strings.EqualFold(base.Host, u.Host) {
			return true
		}
	}
	return false
}

// Enabled reads a boolean setting the way the environment of Chatwoot is read.
func (e *Env) Enabled(setting string) bool {
	switch strings.ToLower(e.Setting(setting)) {
	case "", "0", "f", "false", "off", "no":
		return false
	}
	return true
}

// Answer is a provider's answer, read whole (at most 1 MiB).
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// OK tells a 2xx.
func (a *Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// RetryAfter reads the header of that name, in seconds or as a date; 0 when
// absent.
func (a *Answer) RetryAfter(now time.Time) time.Duration {
	v := a.Header.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

const maxAnswer = 1 << 20

// Do calls a provider. An error means that there was no answer and is a
// retryable *SendError whose text names no URL (URLs may hold tokens).
func (e *Env) Do(req *http.Request) (*Answer, error) {
	res, err := e.HTTP.Do(req)
	if err != nil {
		return nil, networkError(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, networkError(err)
	}
	answer := &Answer{Status: res.StatusCode, Header: res.Header, Body: body}
	if !answer.OK() {
		answer.Body = conceal(req, body)
	}
	return answer, nil
}

// shortestSecret is how long a credential must be to be looked for: a shorter one is a
// word of what is said, too.
const shortestSecret = 8

// secretQuery are the parameters of addresses that prove who calls.
var secretQuery = []string{"access_token", "appsecret_proof", "client_secret", "input_token", "code", "token"}

// conceal takes the credentials of a request out of its refusal: some providers, and
// proxies before them, quote what they were called with, and refusals are shown to
// agents and logged.
func conceal(req *http.Request, body []byte) []byte {
	var secrets []string
	for name, values := range req.Header {
		switch name {
		case "Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Range", "User-Agent", "X-Line-Retry-Key":
			continue
		}
		for _, v := range values {
			if scheme, credentials, ok := strings.Cut(v, " "); ok && name == "Authorization" {
				v = credentials
				if plain, err := base64.StdEncoding.DecodeString(v); err == nil && strings.EqualFold(scheme, "Basic") {
					_, password, _ := strings.Cut(string(plain), ":")
					secrets = append(secrets, password)
				}
			}
			secrets = append(secrets, v)
		}
	}
	query := req.URL.Query()
	for _, name := range secretQuery {
		secrets = append(secrets, query[name]...)
	}
	for _, secret := range secrets {
		if len(secret) >= shortestSecret {
			body = bytes.ReplaceAll(body, []byte(secret), []byte("[hidden]"))
			body = bytes.ReplaceAll(body, []byte(url.QueryEscape(secret)), []byte("[hidden]"))
		}
	}
	return body
}

// JSON sends v (nil: no body) and reads the answer.
func (e *Env) JSON(ctx context.Context, method, address string, header map[string]string, v any) (*Answer, error) {
	var body io.Reader
	if v != nil {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, &SendError{Class: chat.Permanent, Say: wording.FailureInternal.Text(), Err: err}
		}
		body = bytes.NewReader(b)
	}
	return e.send(ctx, method, address, "application/json", header, body, v != nil)
}

// Form posts a form.
func (e *Env) Form(ctx context.Context, method, address string, header map[string]string, form url.Values) (*Answer, error) {
	return e.send(ctx, method, address, "application/x-www-form-urlencoded", header, strings.NewReader(form.Encode()), true)
}

func (e *Env) send(ctx context.Context, method, address, contentType string, header map[string]string, body io.Reader, typed bool) (*Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, &SendError{Class: chat.Config, Say: wording.FailureProviderAddress.Text(), Err: redact(err)}
	}
	if typed {
		req.Header.Set("Content-Type", contentType)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	return e.Do(req)
}

func networkError(err error) *SendError {
	say := wording.FailureUnreachable.Text()
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		say = wording.FailureTimeout.Text()
	}
	return &SendError{Class: chat.Retryable, Code: "network", Say: say, Err: redact(err)}
}

// redact drops the URL that net/http puts in front of its errors.
func redact(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// AsSendError gives the verdict of err; an error without one is retryable, and
// its text is not shown.
func AsSendError(err error) *SendError {
	if s, ok := errors.AsType[*SendError](err); ok {
		return s
	}
	return &SendError{Class: chat.Retryable, Say: wording.FailureInternal.Text(), Err: err}
}

// ByStatus is the class of an HTTP status when the body says nothing more
// precise.
func ByStatus(status int) chat.ErrorClass {
	switch {
	case status == http.StatusTooManyRequests:
		return chat.Throttled
	case status == http.StatusUnauthorized:
		return chat.Reauthorize
	case status >= 500, status == http.StatusRequestTimeout:
		return chat.Retryable
	default:
		return chat.Permanent
	}
}
