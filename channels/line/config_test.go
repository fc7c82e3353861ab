package line_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/line"
	"tributary/chat"
)

func newDriver(api string) *line.Driver {
	return line.New(&channels.Env{
		Setting: func(name string) string {
			if name == "LINE_API_URL" {
				return api
			}
			return ""
		},
		PublicURL: "https://desk.example.test", HTTP: http.DefaultClient,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

func load(t *testing.T, d *line.Driver, settings json.RawMessage) *channels.Channel {
	t.Helper()
	config, err := d.Parse(settings)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return &channels.Channel{Type: "Channel::Line", Settings: settings, Config: config, AccountActive: true}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	d := newDriver("")
	for _, c := range []struct {
		name, params, want, message string
		attributes                  []string
	}{
		{
			"complete", `{"type":"line","line_channel_id":"2001","line_channel_secret":" s ","line_channel_token":"t","x":1}`,
			`{"line_channel_id":"2001","line_channel_secret":"s","line_channel_token":"t"}`, "", nil,
		},
		{
			"id as a number", `{"line_channel_id":2001234567,"line_channel_secret":"s","line_channel_token":"t"}`,
			`{"line_channel_id":"2001234567","line_channel_secret":"s","line_channel_token":"t"}`, "", nil,
		},
		{
			"no token", `{"line_channel_id":"2001","line_channel_secret":"s","line_channel_token":null}`,
			"", "Line channel token can't be blank",
			[]string{"line_channel_token"},
		},
		{
			"nothing", `{}`, "", "Line channel can't be blank, Line channel secret can't be blank, Line channel token can't be blank",
			[]string{"line_channel_id", "line_channel_secret", "line_channel_token"},
		},
		{"wrong type", `{"line_channel_id":{}}`, "", "Channel is invalid", []string{"channel"}},
	} {
		draft, err := d.Create(context.Background(), json.RawMessage(c.params))
		if string(draft.Settings) != c.want {
			t.Errorf("%s: got %s, want %s", c.name, draft.Settings, c.want)
		}
		checkInvalid(t, c.name, err, c.message, c.attributes)
	}
}

func checkInvalid(t *testing.T, name string, err error, message string, attributes []string) {
	t.Helper()
	if message == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != chat.CodeInvalid || e.Message != message || !reflect.DeepEqual(e.Attributes, attributes) {
		t.Errorf("%s: got %v, want %q %v", name, err, message, attributes)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	d := newDriver("")
	ch := load(t, d, json.RawMessage(`{"line_channel_id":"2001","line_channel_secret":"s","line_channel_token":"t"}`))
	got, err := d.Update(context.Background(), ch, json.RawMessage(`{"line_channel_token":"new"}`))
	if want := `{"line_channel_id":"2001","line_channel_secret":"s","line_channel_token":"new"}`; err != nil || string(got) != want {
		t.Errorf("got %s %v, want %s", got, err, want)
	}
	_, err = d.Update(context.Background(), ch, json.RawMessage(`{"line_channel_secret":""}`))
	checkInvalid(t, "blank", err, "Line channel secret can't be blank", []string{"line_channel_secret"})
}

func TestPresent(t *testing.T) {
	t.Parallel()
	d := newDriver("")
	ch := load(t, d, json.RawMessage(`{"line_channel_id":"2001","line_channel_secret":"s","line_channel_token":"t"}`))
	want := map[string]any{"callback_webhook_url": "https://desk.example.test/webhooks/line/2001"}
	for _, admin := range []bool{false, true} {
		if got := d.Present(ch, admin); !reflect.DeepEqual(got, want) {
			t.Errorf("admin %v: got %v, want %v", admin, got, want)
		}
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	var got string
	status := http.StatusOK
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("body: %v", err)
		}
		got = r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization") + " " + string(body)
		w.WriteHeader(status)
	}))
	defer api.Close()
	d := newDriver(api.URL + "/")
	ch := load(t, d, json.RawMessage(`{"line_channel_id":"2001","line_channel_secret":"s","line_channel_token":"t"}`))
	if err := d.Register(context.Background(), ch); err != nil {
		t.Errorf("Register: %v", err)
	}
	want := `PUT /v2/bot/channel/webhook/endpoint Bearer t {"endpoint":"https://desk.example.test/webhooks/line/2001"}`
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	status = http.StatusUnauthorized
	var e *channels.SendError
	if err := d.Register(context.Background(), ch); !errors.As(err, &e) || e.Class != chat.Reauthorize {
		t.Errorf("refused: got %v, want reauthorize", err)
	}
	got = ""
	if err := d.Unregister(context.Background(), ch); err != nil || got != "" {
		t.Errorf("Unregister: got %v %q, want no call", err, got)
	}
}
