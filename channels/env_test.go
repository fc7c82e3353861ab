package channels_test

import (
	"net/url"
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
