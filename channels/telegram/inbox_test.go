package telegram_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"testing"

	"tributary/channels"
	"tributary/chat"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	b.answers["getMe"] = []string{`{"ok":true,"result":{"id":7000000009,"is_bot":true,"first_name":"Maple","username":"maple_bot"}}`}
	d := b.driver()
	draft, err := d.(channels.Creator).Create(t.Context(), json.RawMessage(`{"type":"telegram","bot_token":" `+token+` "}`))
	if err != nil {
		t.Fatal(err)
	}
	if draft.Name != "maple_bot" {
		t.Errorf("name %q, want the bot's", draft.Name)
	}
	var settings map[string]string
	if err := json.Unmarshal(draft.Settings, &settings); err != nil {
		t.Fatal(err)
	}
	secret := settings["webhook_secret"]
	if settings["bot_token"] != token || settings["bot_name"] != "maple_bot" || !regexp.MustCompile(`^[A-Za-z0-9_-]{64}$`).MatchString(secret) {
		t.Errorf("settings %v", settings)
	}
	ch := load(t, d, string(draft.Settings))
	for _, admin := range []bool{true, false} {
		if got := d.(channels.Presenter).Present(ch, admin); len(got) != 1 || got["bot_name"] != "maple_bot" {
			t.Errorf("presented %v", got)
		}
	}
	same, err := d.(channels.Creator).Update(t.Context(), ch, json.RawMessage(`{"bot_token":"`+token+`"}`))
	if err != nil || string(same) != string(draft.Settings) || len(b.calls) != 1 {
		t.Errorf("update with the same token: %s, %v, %d calls", same, err, len(b.calls))
	}
	old := load(t, d, `{"bot_token":"`+token+`","bot_name":"m"}`)
	renewed, err := d.(channels.Creator).Update(t.Context(), old, json.RawMessage(`{}`))
	if err != nil || json.Unmarshal(renewed, &settings) != nil || len(settings["webhook_secret"]) != 64 || settings["webhook_secret"] == secret {
		t.Errorf("update without secret: %s, %v, want a new secret", renewed, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	b.answers["getMe"] = []string{`{"ok":false,"error_code":401,"description":"Unauthorized"}`}
	d := b.driver()
	for params, message := range map[string]string{
		`{}`:                            "Bot token can't be blank",
		`{"bot_token":null}`:            "Bot token can't be blank",
		`{"bot_token":"  "}`:            "Bot token can't be blank",
		`{"bot_token":"` + token + `"}`: "Bot token invalid token",
		`{"bot_token":"1:a/../b"}`:      "Bot token invalid token",
		`{"bot_token":"1:a?x#y"}`:       "Bot token invalid token",
	} {
		_, err := d.(channels.Creator).Create(t.Context(), json.RawMessage(params))
		var e *chat.Error
		if !errors.As(err, &e) || e.Code != chat.CodeInvalid || e.Message != message || !slices.Equal(e.Attributes, []string{"bot_token"}) {
			t.Errorf("%s: got %v, want %q", params, err, message)
		}
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	d := b.driver()
	ch := b.channel(t, d)
	if err := d.(channels.Registrar).Register(t.Context(), ch); err != nil {
		t.Fatal(err)
	}
	if got := b.methods(); got != "deleteWebhook setWebhook" {
		t.Fatalf("calls %q", got)
	}
	set := b.calls[1].fields
	updates, _ := set["allowed_updates"].([]any)
	if set["url"] != "https://desk.example.test/webhooks/telegram/"+token || set["secret_token"] != "sesame" ||
		!slices.Contains(updates, any("message_reaction")) || set["max_connections"] == nil {
		t.Errorf("setWebhook %v", set)
	}
	if err := d.(channels.Registrar).Unregister(t.Context(), ch); err != nil || b.methods() != "deleteWebhook setWebhook deleteWebhook" {
		t.Errorf("unregister: %v, calls %q", err, b.methods())
	}
	err := d.(channels.Registrar).Register(t.Context(), load(t, d, `{"bot_token":"`+token+`"}`))
	if err == nil || channels.AsSendError(err).Class != chat.Config {
		t.Errorf("without secret: %v, want a config error", err)
	}
}

func TestAcknowledge(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	b.answers["answerCallbackQuery"] = []string{
		`{"ok":true,"result":true}`,
		`{"ok":false,"error_code":400,"description":"Bad Request: query is too old and response timeout expired or query ID is invalid"}`,
		`{"ok":false,"error_code":401,"description":"Unauthorized"}`,
	}
	d := b.driver()
	ch := b.channel(t, d)
	acknowledge := func(kind string) error {
		return d.(channels.Acknowledger).Acknowledge(t.Context(), ch, &chat.Event{
			Kind:    chat.KindInteraction,
			Message: &chat.Message{Interaction: &chat.Interaction{Kind: kind, ID: "23"}},
		})
	}
	for i := range 2 {
		if err := acknowledge("callback"); err != nil {
			t.Errorf("acknowledge %d: %v", i, err)
		}
	}
	if b.calls[0].fields["callback_query_id"] != "23" {
		t.Errorf("call %v", b.calls[0])
	}
	if err := acknowledge("callback"); err == nil {
		t.Error("a refused token is no error")
	}
	n := len(b.calls)
	if err := acknowledge("web_app"); err != nil || len(b.calls) != n {
		t.Errorf("web_app: %v, %d calls", err, len(b.calls)-n)
	}
}

func TestMediaRequest(t *testing.T) {
	t.Parallel()
	b := newBot(t)
	b.answers["getFile"] = []string{
		`{"ok":true,"result":{"file_id":"x","file_path":"photos/file 1.jpg"}}`,
		`{"ok":false,"error_code":400,"description":"Bad Request: file is too big"}`,
	}
	d := b.driver()
	ch := b.channel(t, d)
	req, err := d.(channels.MediaFetcher).MediaRequest(t.Context(), ch, &chat.Fetch{Strategy: "telegram_file_id", Ref: "a&b"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := req.URL.String(), b.URL+"/file/bot"+token+"/photos/file%201.jpg"; got != want {
		t.Errorf("URL %s, want %s", got, want)
	}
	if b.calls[0].fields["file_id"] != "a&b" {
		t.Errorf("file_id %v", b.calls[0].fields)
	}
	if _, err := d.(channels.MediaFetcher).MediaRequest(t.Context(), ch, &chat.Fetch{Ref: "b"}); err == nil || channels.AsSendError(err).Class != chat.Permanent {
		t.Errorf("too big: %v, want permanent", err)
	}
}
