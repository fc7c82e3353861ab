package wacloud_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

const dialogSettings = `{"phone_number":"+4930555001","provider_config":{"api_key":"d360"}}`

// TestMediaRequest: who is asked, and which hosts see the credentials.
func TestMediaRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings string
		path     string // below the stand-in's address
		answer   string
		fetch    chat.Fetch
		asked    string
		want     string
		header   string
	}{
		"cloud": {
			cloudSettings, "", `{"url":"https://lookaside.fbsbx.com/m/1"}`,
			chat.Fetch{Strategy: "meta_media_id", Ref: "7/1"},
			"/v22.0/7%2F1?phone_number_id=33 Bearer EAA+key", "https://lookaside.fbsbx.com/m/1", "Bearer EAA+key",
		},
		"cloud, at the stand-in": {
			cloudSettings, "", `{"url":"BASE/m/1"}`,
			chat.Fetch{Strategy: "meta_media_id", Ref: "7"},
			"/v22.0/7?phone_number_id=33 Bearer EAA+key", "BASE/m/1", "Bearer EAA+key",
		},
		"cloud, elsewhere": {
			cloudSettings, "", `{"url":"https://fbsbx.com.example.test/m/1"}`,
			chat.Fetch{Strategy: "meta_media_id", Ref: "7"},
			"/v22.0/7?phone_number_id=33 Bearer EAA+key", "https://fbsbx.com.example.test/m/1", "",
		},
		"cloud, without TLS": {
			cloudSettings, "", `{"url":"http://lookaside.fbsbx.com/m/1"}`,
			chat.Fetch{Strategy: "meta_media_id", Ref: "7"},
			"/v22.0/7?phone_number_id=33 Bearer EAA+key", "http://lookaside.fbsbx.com/m/1", "",
		},
		"cloud, disguised": {
			cloudSettings, "", `{"url":"https://lookaside.fbsbx.com@example.test/m/1"}`,
			chat.Fetch{Strategy: "meta_media_id", Ref: "7"},
			"/v22.0/7?phone_number_id=33 Bearer EAA+key", "https://lookaside.fbsbx.com@example.test/m/1", "",
		},
		"cloud, address in the webhook": {
			cloudSettings, "", "", chat.Fetch{Strategy: "url", Ref: "https://scontent.whatsapp.net/v/1", Auth: "bearer"}, "", "https://scontent.whatsapp.net/v/1", "Bearer EAA+key",
		},
		"360dialog v1": {
			dialogSettings, "/v1", "", chat.Fetch{Strategy: "meta_media_id", Ref: "m-1"}, "", "BASE/v1/media/m-1", "d360",
		},
		"360dialog v2": {
			dialogSettings, "", `{"url":"https://lookaside.fbsbx.com/m/1?x=2"}`,
			chat.Fetch{Strategy: "meta_media_id", Ref: "m-1"},
			"/m-1 d360", "BASE/m/1?x=2", "d360",
		},
		"360dialog, elsewhere": {
			dialogSettings, "", `{"url":"https://example.test/m/1"}`, chat.Fetch{Strategy: "meta_media_id", Ref: "m-1"}, "/m-1 d360", "https://example.test/m/1", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := ""
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.RequestURI() + " " + r.Header.Get("Authorization") + r.Header.Get("D360-API-KEY")
				_, _ = fmt.Fprint(w, strings.ReplaceAll(c.answer, "BASE", "http://"+r.Host+c.path))
			}))
			t.Cleanup(s.Close)
			d := newDriver(s.URL + c.path)
			req, err := d.MediaRequest(t.Context(), load(t, d, json.RawMessage(c.settings)), &c.fetch)
			if err != nil {
				t.Fatalf("MediaRequest: %v", err)
			}
			if asked != c.asked {
				t.Errorf("asked %q, want %q", asked, c.asked)
			}
			if got, want := req.URL.String(), strings.ReplaceAll(c.want, "BASE", s.URL); got != want || req.Method != http.MethodGet {
				t.Errorf("got %s %s, want %s", req.Method, got, want)
			}
			if got := req.Header.Get("Authorization") + req.Header.Get("D360-API-KEY"); got != c.header {
				t.Errorf("credentials: got %q, want %q", got, c.header)
			}
			if c.header == "" && len(req.Header) != 0 {
				t.Errorf("headers %v, want none", req.Header)
			}
		})
	}
}

func TestMediaRequestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings, answer string
		status           int
		fetch            chat.Fetch
		class            chat.ErrorClass
	}{
		"another strategy": {cloudSettings, "", 200, chat.Fetch{Strategy: "line_content_id", Ref: "7"}, chat.Permanent},
		"no reference":     {cloudSettings, "", 200, chat.Fetch{Strategy: "meta_media_id"}, chat.Permanent},
		"no key":           {`{"phone_number":"+1","provider":"whatsapp_cloud","provider_config":{}}`, "", 200, chat.Fetch{Strategy: "meta_media_id", Ref: "7"}, chat.Config},
		"no address":       {cloudSettings, `{}`, 200, chat.Fetch{Strategy: "meta_media_id", Ref: "7"}, chat.Permanent},
		"no host":          {cloudSettings, `{"url":"/m/1"}`, 200, chat.Fetch{Strategy: "meta_media_id", Ref: "7"}, chat.Permanent},
		"dead token":       {cloudSettings, `{"error":{"code":190,"message":"token EAA+key is dead"}}`, 401, chat.Fetch{Strategy: "meta_media_id", Ref: "7"}, chat.Reauthorize},
		"outage":           {cloudSettings, ``, 503, chat.Fetch{Strategy: "meta_media_id", Ref: "7"}, chat.Retryable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.answer)
			}))
			t.Cleanup(s.Close)
			d := newDriver(s.URL)
			_, err := d.MediaRequest(t.Context(), load(t, d, json.RawMessage(c.settings)), &c.fetch)
			var e *channels.SendError
			if !errors.As(err, &e) || e.Class != c.class || strings.Contains(err.Error(), "EAA+key") {
				t.Errorf("got %v, want class %s without the key", err, c.class)
			}
		})
	}
}
