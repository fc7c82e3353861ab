package sms_test

import (
	"errors"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

func TestMediaRequest(t *testing.T) {
	t.Parallel()
	d := newDriver()
	ch := load(t, d, []byte(`{"phone_number":"+15035550100","provider_config":{"account_id":"1","application_id":"a","api_key":"k","api_secret":"s"}}`))
	const media = "https://messaging.bandwidth.com/api/v2/users/1/media/a/0/p.jpg"
	req, err := d.MediaRequest(t.Context(), ch, &chat.Fetch{Strategy: "url", Ref: media, Auth: "basic"})
	if err != nil {
		t.Fatalf("MediaRequest: %v", err)
	}
	if user, password, _ := req.BasicAuth(); user != "k" || password != "s" || req.URL.String() != media {
		t.Errorf("got %s with %q %q, want the account's credentials", req.URL, user, password)
	}
	for name, c := range map[string]struct {
		ch    *channels.Channel
		ref   string
		class chat.ErrorClass
	}{
		"another host":   {ch, "https://files.example.test/p.jpg", chat.Permanent},
		"another scheme": {ch, "http://messaging.bandwidth.com/p.jpg", chat.Permanent},
		"host as user":   {ch, "https://messaging.bandwidth.com@files.example.test/p.jpg", chat.Permanent},
		"no credentials": {&channels.Channel{}, media, chat.Config},
	} {
		var e *channels.SendError
		if _, err := d.MediaRequest(t.Context(), c.ch, &chat.Fetch{Strategy: "url", Ref: c.ref}); !errors.As(err, &e) || e.Class != c.class {
			t.Errorf("%s: got %v, want class %s", name, err, c.class)
		}
	}
}
