package channels

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"tributary/chat"
	"tributary/internal/httpx"
	"tributary/wording"
)

// Endpoint is a customer's system that is told what happens, by POST.
type Endpoint struct {
	URL string
	// Secret signs what is posted; empty: nothing is signed.
	Secret string
}

// Headers of what is posted, as later versions of Chatwoot send them (pull request
// 13573 of its repository, February 2026).
const (
	// signatureHeader holds "sha256=" and the lower-case hex HMAC-SHA256 of the
	// timestamp, a full stop and the body, under the endpoint's secret.
	signatureHeader = "X-Chatwoot-Signature"
	// timestampHeader is when it was signed, unix seconds.
	timestampHeader = "X-Chatwoot-Timestamp"
	// deliveryHeader names the delivery, the same on every attempt.
	deliveryHeader = "X-Chatwoot-Delivery"
)

const (
	// postTimeout bounds one call.
	postTimeout = 5 * time.Second
	// postTries of one that may succeed later.
	postTries = 3
	// maxPosted is how much of an answer is read; nothing is done with it.
	maxPosted = 64 << 10
)

// Post tells an endpoint an event, once, and gives the status of the answer, 0 when
// there was none. An error is a *SendError: what the answer says is not in it, since
// it is a stranger's, and neither is the address, which may hold a token.
//
// Only 200 to 207 are a success. Of the redirects only 303 is followed, with GET: the
// others would have the event posted where nobody meant it to go.
func Post(ctx context.Context, client *http.Client, now time.Time, e Endpoint, delivery string, payload []byte) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(payload))
	if err != nil || req.URL.Host == "" {
		return 0, &SendError{Class: chat.Permanent, Code: "url", Say: wording.FailureWebhookURL.Text()}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if delivery != "" {
		req.Header.Set(deliveryHeader, delivery)
	}
	if e.Secret != "" {
		stamp := strconv.FormatInt(now.Unix(), 10)
		req.Header.Set(timestampHeader, stamp)
		req.Header.Set(signatureHeader, "sha256="+HexSHA256(e.Secret, append([]byte(stamp+"."), payload...)))
	}
	posting := *client
	posting.CheckRedirect = seeOther
	res, err := posting.Do(req)
	if err != nil {
		return 0, unreachable(redact(err))
	}
	defer func() { _ = res.Body.Close() }()
	// Read, so that the connection can be used again; an answer that is cut off is none.
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, maxPosted)); err != nil {
		return 0, unreachable(redact(err))
	}
	if res.StatusCode >= http.StatusOK && res.StatusCode <= http.StatusMultiStatus {
		return res.StatusCode, nil
	}
	return res.StatusCode, refused(&Answer{Status: res.StatusCode, Header: res.Header}, now)
}

// seeOther follows 303 with GET, and from there on what a GET follows.
func seeOther(next *http.Request, via []*http.Request) error {
	if next.Method != http.MethodGet || len(via) == 1 && next.Response.StatusCode != http.StatusSeeOther {
		return http.ErrUseLastResponse
	}
	if len(via) > httpx.MaxRedirects {
		return httpx.ErrRedirects
	}
	for _, name := range []string{"Referer", signatureHeader, timestampHeader, deliveryHeader} {
		next.Header.Del(name)
	}
	return nil
}

// unreachable words the failure of a call that got no answer.
func unreachable(err error) *SendError {
	out := &SendError{Class: chat.Retryable, Code: "network", MaxTries: postTries, Err: err, Say: wording.FailureWebhookUnreachable.Text()}
	var late interface{ Timeout() bool }
	switch {
	case errors.Is(err, httpx.ErrForbidden):
		out.Class, out.Code, out.MaxTries = chat.Permanent, "forbidden", 0
		out.Say = wording.FailureWebhookForbidden.Text()
	case errors.Is(err, httpx.ErrRedirects):
		out.Class, out.Code, out.MaxTries = chat.Permanent, "redirects", 0
		out.Say = wording.FailureWebhookRedirects.Text()
	case errors.As(err, &late) && late.Timeout():
		out.Code, out.Say = "timeout", wording.FailureWebhookTimeout.Text()
	}
	return out
}

// refused words an answer that is no success.
func refused(a *Answer, now time.Time) *SendError {
	code := strconv.Itoa(a.Status)
	out := &SendError{Class: ByStatus(a.Status), Code: code, Text: code}
	if text := http.StatusText(a.Status); text != "" {
		out.Text += " " + text
	}
	switch out.Class {
	case chat.Reauthorize: // there is no authorisation to renew
		out.Class = chat.Permanent
	case chat.Throttled:
		out.RetryAfter, out.MaxTries = a.RetryAfter(now), postTries
	case chat.Retryable:
		out.MaxTries = postTries
	}
	return out
}
