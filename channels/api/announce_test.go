package apichannel_test

import (
	"testing"

	"tributary/channels"
	apichannel "tributary/channels/api"
	"tributary/internal/httpx"
)

// Whoever is behind the inbox's webhook is told what happens; with a secret where the
// inbox says so.
func TestAnnounces(t *testing.T) {
	t.Parallel()
	d := apichannel.New(newEnv(httpx.NewGuarded(true)))
	announcer, ok := d.(channels.Announcer)
	if !ok {
		t.Fatal("no Announcer")
	}
	for _, settings := range []string{`{}`, `{"webhook_url":null}`, `{"webhook_url":" "}`} {
		if _, ok := announcer.Announces(load(t, d, settings)); ok {
			t.Errorf("%s: there is nobody to tell", settings)
		}
	}
	for attributes, secret := range map[string]string{`{}`: "", `{"sign_webhooks":true}`: "key"} {
		ch := load(t, d, `{"hmac_token":"key","webhook_url":" https://hook.example/a ","additional_attributes":`+attributes+`}`)
		e, ok := announcer.Announces(ch)
		if want := (channels.Endpoint{URL: "https://hook.example/a", Secret: secret}); !ok || e != want {
			t.Errorf("%s: got %+v, want %+v", attributes, e, want)
		}
	}
}
