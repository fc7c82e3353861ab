package apichannel_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"tributary/channels"
	apichannel "tributary/channels/api"
	"tributary/chat"
	"tributary/internal/httpx"
)

// Events are posted as they are, signed like what is sent to the contact, and with
// the same verdicts.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	const event = `{"event":"conversation_typing_on","is_private":false}`
	var calls []string
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		calls = append(calls, fmt.Sprintf("%s %s %s %s %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("X-Chatwoot-Signature"), body))
		w.WriteHeader(status)
	}))
	defer server.Close()
	d := apichannel.New(newEnv(httpx.NewGuarded(true)))
	announcer, ok := d.(channels.Announcer)
	if !ok {
		t.Fatal("no Announcer")
	}
	for _, settings := range []string{`{}`, `{"webhook_url":null}`, `{"webhook_url":" "}`} {
		if announcer.Announces(load(t, d, settings)) {
			t.Errorf("%s: there is nobody to tell", settings)
		}
	}
	for attributes, signature := range map[string]string{`{}`: "", `{"sign_webhooks":true}`: channels.HexSHA256("key", []byte(event))} {
		ch := load(t, d, `{"hmac_token":"key","webhook_url":"`+server.URL+`/hook","additional_attributes":`+attributes+`}`)
		if !announcer.Announces(ch) {
			t.Errorf("%s: somebody is to be told", attributes)
		}
		calls = nil
		if err := announcer.Announce(t.Context(), ch, []byte(event)); err != nil {
			t.Errorf("%s: %v", attributes, err)
		}
		if want := "POST /hook application/json " + signature + " " + event; len(calls) != 1 || calls[0] != want {
			t.Errorf("%s: calls\n got %q\nwant %q", attributes, calls, want)
		}
	}
	ch := load(t, d, `{"webhook_url":"`+server.URL+`/hook"}`)
	for answer, class := range map[int]chat.ErrorClass{503: chat.Retryable, 429: chat.Throttled, 404: chat.Permanent, 401: chat.Permanent} {
		status = answer
		err := announcer.Announce(t.Context(), ch, []byte(event))
		var e *channels.SendError
		if !errors.As(err, &e) || e.Class != class {
			t.Errorf("%d: got %v, want %s", answer, err, class)
		}
	}
}
