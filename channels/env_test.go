package channels_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"tributary/channels"
)

func TestReplaced(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"TELEGRAM_API_URL": "http://10.0.0.7:8081/bots/", "LINE_API_URL": "https://line.example.test", "OTHER_URL": "http://10.0.0.8"}
	env := &channels.Env{Setting: func(name string) string { return settings[name] }}
	for address, want := range map[string]bool{
		"http://10.0.0.7:8081/file/a": true, "https://LINE.example.test/x": true,
		"https://10.0.0.7:8081/": false, "http://10.0.0.7/": false, "http://10.0.0.8/": false, "http://u:p@10.0.0.9:8081/": false, "/file/a": false,
		"https://line.example.test.evil.test/": false, "https://api.telegram.org/": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := env.Replaced(u); got != want {
			t.Errorf("Replaced(%s) = %t", address, got)
		}
	}
}

// A provider that quotes what it was called with gives no credential away: its refusals
// are shown to agents.
func TestRefusalsHideCredentials(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, "no: %s %s %s %s %s", r.URL, r.Header, r.URL.Query().Get("access_token"), user, password)
	}))
	defer server.Close()
	e := &channels.Env{HTTP: server.Client()}
	for name, header := range map[string]map[string]string{
		"bearer": {"Authorization": "Bearer s3cret/token+of=bearer"},
		"basic":  {"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("someone:s3cret password"))},
		"key":    {"D360-Api-Key": "s3cret-key-of-360dialog"},
		"query":  {},
	} {
		address := server.URL + "/v1/messages"
		if name == "query" {
			address += "?" + url.Values{"access_token": {"s3cret|of+the=query"}}.Encode()
		}
		answer, err := e.JSON(t.Context(), http.MethodPost, address, header, map[string]string{"a": "b"})
		if err != nil {
			t.Fatal(err)
		}
		body := string(answer.Body)
		if strings.Contains(body, "s3cret") || !strings.Contains(body, "no: /v1/messages") || !strings.Contains(body, "[hidden]") {
			t.Errorf("%s: %s", name, body)
		}
		for _, v := range header {
			if _, credentials, _ := strings.Cut(v, " "); credentials != "" && strings.Contains(body, credentials) {
				t.Errorf("%s: the header is in %s", name, body)
			}
		}
	}
}
