package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

// Session lets Twilio's client library make its calls through the
// installation's HTTP client, within the caller's context and at the address
// that TWILIO_API_URL names. It serves one operation.
type Session struct {
	ctx context.Context //nolint:containedctx // the library's interface has no room for it
	env *channels.Env
	cfg *Config
	// last is the latest answer: what the library makes of a body may fail
	// although Twilio accepted the call.
	last *channels.Answer
}

var _ client.BaseClient = (*Session)(nil)

// Handler is what the library's services are made with, for one operation with the
// credentials of cfg. It is built here and not by the library, which would read edge
// and region from the environment.
func Handler(ctx context.Context, env *channels.Env, cfg *Config) (*client.RequestHandler, *Session) {
	s := &Session{ctx: ctx, env: env, cfg: cfg}
	return &client.RequestHandler{Client: s}, s
}

func (d *Driver) handler(ctx context.Context, cfg *Config) (*client.RequestHandler, *Session) {
	return Handler(ctx, d.env, cfg)
}

// AccountSid implements client.BaseClient.
func (s *Session) AccountSid() string { return s.cfg.AccountSID }

// SetTimeout implements client.BaseClient; the context has the time-out.
func (s *Session) SetTimeout(time.Duration) {}

// SetOauth implements client.BaseClient; we sign in with Basic.
func (s *Session) SetOauth(client.OAuth) {}

// OAuth implements client.BaseClient.
func (s *Session) OAuth() client.OAuth { return nil }

// SendRequest implements client.BaseClient. Errors are *channels.SendError.
func (s *Session) SendRequest(method, address string, data url.Values, headers map[string]any, body ...byte) (*http.Response, error) {
	target, err := s.target(method, address, data)
	if err != nil {
		return nil, &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureProviderAddress.Text()}
	}
	var payload io.Reader
	if method != http.MethodGet && method != http.MethodDelete {
		payload = strings.NewReader(data.Encode())
		if len(body) > 0 {
			payload = bytes.NewReader(body)
		}
	}
	req, err := http.NewRequestWithContext(s.ctx, method, target, payload)
	if err != nil {
		return nil, &channels.SendError{Class: chat.Config, Code: "config", Say: wording.FailureProviderAddress.Text()}
	}
	for name, value := range headers {
		req.Header.Set(name, fmt.Sprint(value))
	}
	req.SetBasicAuth(s.cfg.user(), s.cfg.AuthToken)
	answer, err := s.env.Do(req)
	if err != nil {
		return nil, err
	}
	s.last = answer
	if !answer.OK() {
		return nil, sendError(answer, s.env.Now())
	}
	return &http.Response{StatusCode: answer.Status, Header: answer.Header, Body: io.NopCloser(bytes.NewReader(answer.Body))}, nil
}

// target replaces Twilio's host, whichever it is, by the operator's.
func (s *Session) target(method, address string, data url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	if method == http.MethodGet || method == http.MethodDelete {
		query := u.Query()
		maps.Copy(query, data)
		u.RawQuery = query.Encode()
	}
	base := s.env.Base("TWILIO_API_URL", "")
	if base == "" {
		return u.String(), nil
	}
	return base + u.RequestURI(), nil
}

// sendError words a refusal as Twilio's client libraries do.
func sendError(a *channels.Answer, now time.Time) *channels.SendError {
	var body struct {
		Code    json.Number `json:"code"`
		Message any         `json:"message"`
	}
	if err := json.Unmarshal(a.Body, &body); err != nil {
		body.Code, body.Message = "", nil // not Twilio's own answer
	}
	message, _ := body.Message.(string)
	if message = channels.Clean(message); message == "" {
		message = http.StatusText(a.Status)
	}
	out := &channels.SendError{Class: channels.ByStatus(a.Status), Code: strconv.Itoa(a.Status)}
	out.Text = strings.TrimSpace(fmt.Sprintf("[HTTP %d] %s", a.Status, message))
	if code, err := strconv.Atoi(body.Code.String()); err == nil && code > 0 {
		out.Code = strconv.Itoa(code)
		out.Text = fmt.Sprintf("[HTTP %d] %d : %s", a.Status, code, message)
		if class := classOf(code); class != "" && a.Status != http.StatusTooManyRequests {
			out.Class = class
		}
	}
	if out.Class == chat.Throttled {
		out.RetryAfter = a.RetryAfter(now)
	}
	return out
}

// Verdict makes a *channels.SendError of an error of the library.
func Verdict(err error) error { return verdict(err) }

func verdict(err error) error {
	if err == nil {
		return nil
	}
	if s, ok := errors.AsType[*channels.SendError](err); ok {
		return s
	}
	return &channels.SendError{Class: chat.Retryable, Code: "answer", Say: wording.FailureUnreadable.Text(), Err: err}
}
