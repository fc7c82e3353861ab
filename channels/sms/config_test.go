package sms_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/sms"
	"tributary/chat"
)

func newDriver() *sms.Driver {
	return sms.New(&channels.Env{
		Setting: func(string) string { return "" }, PublicURL: "https://desk.example.test",
		HTTP: http.DefaultClient, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

func load(t *testing.T, d *sms.Driver, settings json.RawMessage) *channels.Channel {
	t.Helper()
	config, err := d.Parse(settings)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return &channels.Channel{Type: "Channel::Sms", Settings: settings, Config: config, AccountActive: true}
}

func credentials(t *testing.T, d *sms.Driver, settings json.RawMessage) (user, password string) {
	t.Helper()
	shown, ok := d.Present(load(t, d, settings), true)["provider_config"].(map[string]any)
	if !ok || len(shown) != 2 {
		t.Fatalf("provider_config: got %v, want two credentials", shown)
	}
	user, _ = shown["webhook_username"].(string)
	password, _ = shown["webhook_password"].(string)
	return user, password
}

func TestCreate(t *testing.T) {
	t.Parallel()
	d := newDriver()
	for _, c := range []struct{ name, params, number, user, password, message string }{
		{"given", `{"phone_number":"+15035550100","provider_config":{"account_id":5500123,"webhook_username":"u","webhook_password":"p"}}`, "+15035550100", "u", "p", ""},
		{"given by their other names", `{"phone_number":"+15035550100","provider_config":{"callback_username":"u","callback_password":"p"}}`, "+15035550100", "u", "p", ""},
		{"number without plus", `{"phone_number":"15035550100","provider_config":{"webhook_username":"u","webhook_password":"p"}}`, "+15035550100", "u", "p", ""},
		{"no number", `{"provider_config":{}}`, "", "", "", "Phone number can't be blank"},
		{"no digits", `{"phone_number":"call me"}`, "", "", "", "Phone number is invalid"},
	} {
		draft, err := d.Create(context.Background(), json.RawMessage(c.params))
		if c.message != "" {
			var e *chat.Error
			if !errors.As(err, &e) || e.Message != c.message || !reflect.DeepEqual(e.Attributes, []string{"phone_number"}) {
				t.Errorf("%s: got %v, want %q", c.name, err, c.message)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := d.Present(load(t, d, draft.Settings), false)["phone_number"]; got != c.number {
			t.Errorf("%s: number: got %v, want %s", c.name, got, c.number)
		}
		if user, password := credentials(t, d, draft.Settings); user != c.user || password != c.password {
			t.Errorf("%s: credentials: got %q %q, want %q %q", c.name, user, password, c.user, c.password)
		}
	}
}

// Inboxes without given credentials get their own, and keep them.
func TestGeneratedCredentials(t *testing.T) {
	t.Parallel()
	d := newDriver()
	params := json.RawMessage(`{"phone_number":"+15035550100","provider_config":{"account_id":"1","api_key":"k","api_secret":"s","application_id":"a"}}`)
	first, err := d.Create(context.Background(), params)
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	second, err := d.Create(context.Background(), params)
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	user, password := credentials(t, d, first.Settings)
	if len(user) < 16 || len(password) < 32 {
		t.Errorf("credentials %q %q are too short to be secret", user, password)
	}
	if _, other := credentials(t, d, second.Settings); other == password {
		t.Errorf("two inboxes have the same password")
	}
	updated, err := d.Update(context.Background(), load(t, d, first.Settings), json.RawMessage(`{"provider_config":{"account_id":"2"}}`))
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	if u, p := credentials(t, d, updated); u != user || p != password {
		t.Errorf("an update changes the credentials")
	}
	var kept struct {
		Number string `json:"phone_number"`
		Config struct {
			Account string `json:"account_id"`
			Key     string `json:"api_key"`
		} `json:"provider_config"`
	}
	if err := json.Unmarshal(updated, &kept); err != nil {
		t.Fatalf("settings: %v", err)
	}
	if kept.Number != "+15035550100" || kept.Config.Account != "2" || kept.Config.Key != "" {
		t.Errorf("got %+v, want provider_config replaced and the number kept", kept)
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	d := newDriver()
	ch := load(t, d, json.RawMessage(`{"phone_number":"+15035550100","provider_config":{"api_key":"k","api_secret":"s","webhook_username":"u","webhook_password":"p"}}`))
	want := map[string]any{
		"phone_number": "+15035550100", "provider": "default",
		"callback_webhook_url": "https://desk.example.test/webhooks/sms/15035550100",
	}
	if got := d.Present(ch, false); !reflect.DeepEqual(got, want) {
		t.Errorf("member: got %v, want %v", got, want)
	}
	want["provider_config"] = map[string]any{"webhook_username": "u", "webhook_password": "p"}
	if got := d.Present(ch, true); !reflect.DeepEqual(got, want) {
		t.Errorf("administrator: got %v, want %v", got, want)
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	got := newDriver().Refuse(channels.Proof{Result: channels.ProofMissing})
	if got.Status != http.StatusUnauthorized || got.Header["WWW-Authenticate"] == "" {
		t.Errorf("got %+v, want 401 with WWW-Authenticate", got)
	}
}

func TestSourceFor(t *testing.T) {
	t.Parallel()
	d := newDriver()
	for phone, want := range map[string]string{"+15035550177": "+15035550177", "": "", "72345": "", "+0123": ""} {
		got, err := d.SourceFor(nil, phone, "")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("SourceFor(%q): got %q %v, want %q", phone, got, err, want)
		}
	}
}
