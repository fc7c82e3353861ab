package twilio_test

import (
	"errors"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

func TestMediaRequest(t *testing.T) {
	t.Parallel()
	const settings = `{"account_sid":"AC1","auth_token":"secret","phone_number":"+15005550006","medium":"sms"}`
	const keyed = `{"account_sid":"AC1","auth_token":"secret","api_key_sid":"SK1","phone_number":"+15005550006","medium":"sms"}`
	const path = "/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
	for _, c := range []struct{ base, settings, ref, user string }{
		{"", settings, "https://api.twilio.com" + path, "AC1"},
		{"", keyed, "https://api.twilio.com" + path, "SK1"},
		{"", settings, "https://api.dublin.ie1.twilio.com" + path, "AC1"},
		{"http://127.0.0.1:9/twilio", settings, "http://127.0.0.1:9/twilio" + path, "AC1"},
	} {
		d := newDriver(c.base)
		req, err := d.MediaRequest(t.Context(), load(t, d, c.settings), &chat.Fetch{Strategy: "url", Ref: c.ref, Auth: "basic"})
		if err != nil {
			t.Errorf("%s: %v", c.ref, err)
			continue
		}
		if user, password, _ := req.BasicAuth(); user != c.user || password != "secret" || req.URL.String() != c.ref {
			t.Errorf("got %s with %q %q, want %s", req.URL, user, password, c.user)
		}
	}
	for name, c := range map[string]struct {
		settings, ref string
		class         chat.ErrorClass
	}{
		"another host":   {settings, "https://files.example.test/a", chat.Permanent},
		"another scheme": {settings, "http://api.twilio.com" + path, chat.Permanent},
		"host as user":   {settings, "https://api.twilio.com@files.example.test/a", chat.Permanent},
		"a name like it": {settings, "https://api.example.test/twilio.com", chat.Permanent},
		"with a port":    {settings, "https://api.twilio.com:444" + path, chat.Permanent},
		"no credentials": {`{"phone_number":"+15005550006"}`, "https://api.twilio.com" + path, chat.Config},
	} {
		d := newDriver("")
		var e *channels.SendError
		if _, err := d.MediaRequest(t.Context(), load(t, d, c.settings), &chat.Fetch{Strategy: "url", Ref: c.ref}); !errors.As(err, &e) || e.Class != c.class {
			t.Errorf("%s: got %v, want class %s", name, err, c.class)
		}
	}
}
