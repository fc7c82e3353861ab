package channeltest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

// conformProfiler lets the provider answer a look-up in every way it can: the
// outcome is a profile or a verdict, and no secret shows.
func (s *suite) conformProfiler(t *testing.T) {
	t.Helper()
	var c *testCase
	for _, one := range s.cases {
		w := s.newWorld(t, one, refuseCalls{t})
		if _, ok := w.driver.(channels.Profiler); ok && w.own() != nil && w.configured(t) {
			c = one
			break
		}
	}
	if c == nil {
		return
	}
	ask := func(t *testing.T, what string, way transport) *channels.SendError {
		w := s.newWorld(t, c, way)
		ch := w.own()
		found, err := w.driver.(channels.Profiler).Profile(context.Background(), ch, someone(ch), "")
		if err != nil {
			return w.checkSendError(t, ch, what, err)
		}
		for name, secret := range w.secrets(t, ch) {
			if strings.Contains(found.AvatarURL, secret) || found.Avatar != nil && strings.Contains(found.Avatar.Ref, secret) {
				t.Errorf("%s: the avatar shows the secret %s", what, name)
			}
		}
		return nil
	}
	t.Run("conformance/profile", func(t *testing.T) {
		for _, status := range statuses {
			for name, body := range bodies {
				what := strconv.Itoa(status) + " " + name
				e := ask(t, what, func(req *http.Request) (*http.Response, error) {
					return respond(req, status, []byte(body), http.Header{"Content-Type": {"application/json"}}), nil
				})
				switch {
				case e == nil && (status < 200 || status > 299):
					t.Errorf("%s counts as a profile", what)
				case e != nil && status >= 500 && status <= 504 && e.Class != chat.Retryable:
					t.Errorf("%s: got class %s, want retryable", what, e.Class)
				case e != nil && status == http.StatusTooManyRequests && e.Class != chat.Throttled:
					t.Errorf("%s: got class %s, want throttled", what, e.Class)
				}
			}
		}
		if e := ask(t, "no answer", func(*http.Request) (*http.Response, error) { return nil, errors.New("reset") }); e == nil || e.Class != chat.Retryable {
			t.Errorf("no answer: got %v, want retryable", e)
		}
	})
}

// configured tells whether the case's own channel has all its secrets.
func (w *world) configured(t *testing.T) bool {
	t.Helper()
	return len(w.secrets(t, w.own())) > 0
}
