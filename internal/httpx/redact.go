package httpx

import (
	"errors"
	"net/http"
	"net/url"
)

// Do sends r and takes the URL out of the error, if any.
func Do(c *http.Client, r *http.Request) (*http.Response, error) {
	res, err := c.Do(r)
	if err != nil {
		return nil, Redact(err)
	}
	return res, nil
}

// Redact takes the URL that net/http and net/url put into their errors out of
// err: tokens are found in its user info, its query and with some providers its
// path. Method and host stay.
func Redact(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	out := &requestError{op: u.Op, err: Redact(u.Err)}
	if parsed, perr := url.Parse(u.URL); perr == nil {
		out.host = parsed.Host
	}
	return out
}

type requestError struct {
	op, host string
	err      error
}

// Error implements error.
func (e *requestError) Error() string {
	text := e.op
	if e.host != "" {
		text += " " + e.host
	}
	return text + ": " + e.err.Error()
}

// Unwrap gives the cause.
func (e *requestError) Unwrap() error { return e.err }
