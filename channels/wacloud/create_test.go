package wacloud_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/wacloud"
	"tributary/chat"
)

// provider is a stand-in that remembers what it was asked.
type provider struct {
	*httptest.Server
	status int
	calls  []string
	bodies []map[string]any
	header http.Header
}

func newProvider(t *testing.T, status int) *provider {
	t.Helper()
	p := &provider{status: status}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		var body map[string]any
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &body); err != nil {
				t.Errorf("request body %q: %v", raw, err)
			}
		}
		p.calls = append(p.calls, r.Method+" "+r.URL.RequestURI())
		p.bodies, p.header = append(p.bodies, body), r.Header
		w.WriteHeader(p.status)
		if _, err := io.WriteString(w, `{"data":[]}`); err != nil {
			t.Errorf("write answer: %v", err)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func newDriver(base string) *wacloud.Driver {
	settings := map[string]string{"WHATSAPP_CLOUD_BASE_URL": base, "WHATSAPP_360_BASE_URL": base}
	return wacloud.New(&channels.Env{
		Setting: func(name string) string { return settings[name] }, PublicURL: "https://desk.example.test",
		HTTP: &http.Client{Timeout: 10 * time.Second}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

const cloudParams = `{"type":"whatsapp","phone_number":"+15035550122","provider":"whatsapp_cloud",
	"provider_config":{"api_key":"EAA+key","phone_number_id":"33","business_account_id":"99"}}`

const dialogParams = `{"phone_number":"+4930555001","provider_config":{"api_key":"d360"}}`

type settings struct {
	PhoneNumber    string         `json:"phone_number"`
	Provider       string         `json:"provider"`
	ProviderConfig map[string]any `json:"provider_config"`
}

func decode(t *testing.T, raw json.RawMessage) settings {
	t.Helper()
	var s settings
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatalf("settings %s: %v", raw, err)
	}
	return s
}

func load(t *testing.T, d *wacloud.Driver, raw json.RawMessage) *channels.Channel {
	t.Helper()
	cfg, err := d.Parse(raw)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return &channels.Channel{ID: 1, InboxID: 1, Settings: raw, Config: cfg}
}

func TestCreateCloud(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK)
	d := newDriver(p.URL)
	draft, err := d.Create(t.Context(), json.RawMessage(cloudParams))
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	if want := []string{"GET /v14.0/99/message_templates"}; !slices.Equal(p.calls, want) {
		t.Errorf("calls: got %q, want %q", p.calls, want)
	}
	if got := p.header.Get("Authorization"); got != "Bearer EAA+key" {
		t.Errorf("Authorization: got %q, want the token there and in no address", got)
	}
	s := decode(t, draft.Settings)
	if token, _ := s.ProviderConfig["webhook_verify_token"].(string); len(token) != 32 || strings.Trim(token, "0123456789abcdef") != "" {
		t.Errorf("webhook_verify_token: got %q, want 32 hex digits", token)
	}
	if s.PhoneNumber != "+15035550122" || s.Provider != wacloud.ProviderCloud || s.ProviderConfig["phone_number_id"] != "33" {
		t.Errorf("settings: got %+v", s)
	}
	if _, made := s.ProviderConfig["webhook_authorization"]; made {
		t.Errorf("a Cloud number needs no webhook_authorization")
	}
	if err := d.Register(t.Context(), load(t, d, draft.Settings)); err != nil || len(p.calls) != 1 {
		t.Errorf("Register: got %v after calls %q, want no call: the operator subscribes", err, p.calls)
	}
}

func TestCreate360dialogInstallsAProvenWebhook(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK)
	d := newDriver(p.URL + "/v1")
	draft, err := d.Create(t.Context(), json.RawMessage(dialogParams))
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	s := decode(t, draft.Settings)
	secret, _ := s.ProviderConfig["webhook_authorization"].(string)
	if len(secret) < 32 || s.Provider != wacloud.Provider360dialog {
		t.Fatalf("settings: got %+v, want provider default and a webhook_authorization", s)
	}
	ch := load(t, d, draft.Settings)
	if err := d.Register(t.Context(), ch); err != nil {
		t.Errorf("Register: %v", err)
	}
	if want := []string{"POST /v1/configs/webhook", "POST /v1/configs/webhook"}; !slices.Equal(p.calls, want) {
		t.Errorf("calls: got %q, want %q", p.calls, want)
	}
	if got := p.header.Get("D360-API-KEY"); got != "d360" {
		t.Errorf("D360-API-KEY: got %q, want d360", got)
	}
	for _, body := range p.bodies {
		headers, _ := body["headers"].(map[string]any)
		if body["url"] != "https://desk.example.test/webhooks/whatsapp/+4930555001" || headers["Authorization"] != secret {
			t.Errorf("registration: got %v, want our address and the secret", body)
		}
	}
	request := func(authorization string) *channels.Request {
		return &channels.Request{
			Method: http.MethodPost, Body: []byte(`{}`),
			Param:  func(string) string { return "+4930555001" },
			Header: http.Header{"Authorization": {authorization}}.Get,
		}
	}
	if got := d.Verify(request(secret), ch).Result; got != channels.ProofOK {
		t.Errorf("with the registered header: got %s, want ok", got)
	}
	if got := d.Verify(request("Bearer other"), ch).Result; got != channels.ProofBad {
		t.Errorf("with another header: got %s, want bad", got)
	}
	other, err := d.Create(t.Context(), json.RawMessage(dialogParams))
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	if decode(t, other.Settings).ProviderConfig["webhook_authorization"] == secret {
		t.Errorf("two inboxes share a secret")
	}
}

func TestRegisterReportsARefusal(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK)
	d := newDriver(p.URL)
	draft, err := d.Create(t.Context(), json.RawMessage(dialogParams))
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	p.status = http.StatusServiceUnavailable
	var refused *channels.SendError
	if err := d.Register(t.Context(), load(t, d, draft.Settings)); !errors.As(err, &refused) || refused.Class != chat.Retryable {
		t.Errorf("Register: got %v, want a retryable error", err)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	replace := func(old, with string) string { return strings.Replace(cloudParams, old, with, 1) }
	for name, c := range map[string]struct {
		params, message, attribute string
		status                     int
		calls                      int
	}{
		"no number":          {`{"provider_config":{"api_key":"k"}}`, "Phone number can't be blank", "phone_number", 200, 0},
		"no E.164":           {replace("+15035550122", "5550122"), "Phone number is invalid", "phone_number", 200, 0},
		"provider":           {replace("whatsapp_cloud", "smoke"), "Provider is not included in the list", "provider", 200, 0},
		"no key":             {replace("EAA+key", ""), "Provider config Invalid Credentials", "provider_config", 200, 0},
		"refused":            {cloudParams, "Provider config Invalid Credentials", "provider_config", 401, 1},
		"refused 360dialog":  {dialogParams, "Provider config Invalid Credentials", "provider_config", 403, 1},
		"provider is broken": {cloudParams, "Provider config could not be checked: the provider answered with HTTP status 502", "provider_config", 502, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, c.status)
			_, err := newDriver(p.URL).Create(t.Context(), json.RawMessage(c.params))
			checkInvalid(t, err, c.message, c.attribute)
			if len(p.calls) != c.calls {
				t.Errorf("calls: got %q, want %d", p.calls, c.calls)
			}
		})
	}
}

func TestCreateWhenTheProviderIsAway(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK)
	p.Close()
	_, err := newDriver(p.URL).Create(t.Context(), json.RawMessage(cloudParams))
	checkInvalid(t, err, "Provider config could not be checked: The provider could not be reached", "provider_config")
	if err != nil && strings.Contains(err.Error(), "EAA") {
		t.Errorf("the error shows the key: %v", err)
	}
}

func checkInvalid(t *testing.T, err error, message, attribute string) {
	t.Helper()
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != chat.CodeInvalid || e.Message != message || !slices.Equal(e.Attributes, []string{attribute}) {
		t.Errorf("got %v, want invalid %q of %s", err, message, attribute)
	}
}

func TestUpdateKeepsWhatTheServerMade(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK)
	d := newDriver(p.URL)
	stored := json.RawMessage(`{"phone_number":"+15035550122","provider":"whatsapp_cloud","message_templates":[{"name":"a"}],
		"provider_config":{"api_key":"old","phone_number_id":"33","business_account_id":"99","app_secret":"s","source":"embedded_signup",
		"webhook_verify_token":"kept","verification_pin":"012345","calling_enabled":true}}`)
	raw, err := d.Update(t.Context(), load(t, d, stored), json.RawMessage(`{"provider_config":{"api_key":"new","phone_number_id":"33","business_account_id":"99"}}`))
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	s := decode(t, raw)
	want := map[string]any{
		"api_key": "new", "phone_number_id": "33", "business_account_id": "99",
		"webhook_verify_token": "kept", "verification_pin": "012345", "calling_enabled": true,
	}
	if len(s.ProviderConfig) != len(want) {
		t.Errorf("provider_config: got %v, want %v", s.ProviderConfig, want)
	}
	for key, value := range want {
		if s.ProviderConfig[key] != value {
			t.Errorf("provider_config.%s: got %v, want %v", key, s.ProviderConfig[key], value)
		}
	}
	if len(p.calls) != 1 || !strings.Contains(string(raw), `"message_templates":[{"name":"a"}]`) {
		t.Errorf("got calls %q and settings %s, want one check and the templates kept", p.calls, raw)
	}
	p.status = http.StatusUnauthorized
	_, err = d.Update(t.Context(), load(t, d, stored), json.RawMessage(`{"phone_number":"+15035550123"}`))
	checkInvalid(t, err, "Provider config Invalid Credentials", "provider_config")
}

func TestPresent(t *testing.T) {
	t.Parallel()
	d := newDriver("")
	ch := load(t, d, json.RawMessage(`{"phone_number":"+15035550122","provider":"whatsapp_cloud",
		"provider_config":{"api_key":"k","verification_pin":"012345"}}`))
	ch.ReauthorizationRequired = true
	member := present(t, d.Present(ch, false))
	want := `{"callback_webhook_url":"https://desk.example.test/webhooks/whatsapp/+15035550122","message_templates":{},` +
		`"phone_number":"+15035550122","provider":"whatsapp_cloud","reauthorization_required":true}`
	if member != want {
		t.Errorf("member: got %s, want %s", member, want)
	}
	admin := present(t, d.Present(ch, true))
	if want := `"provider_config":{"api_key":"k"}`; !strings.Contains(admin, want) {
		t.Errorf("admin: got %s, want %s in it", admin, want)
	}
	if got := channels.MissingSecret(d, ch); !strings.Contains(got, "provider_config.app_secret") {
		t.Errorf("missing secret: got %q, want the setting's name in it", got)
	}
}

func present(t *testing.T, keys map[string]any) string {
	t.Helper()
	raw, err := json.Marshal(keys)
	if err != nil {
		t.Fatalf("Present: %v", err)
	}
	return string(raw)
}

func TestVariants(t *testing.T) {
	t.Parallel()
	d := newDriver("")
	for _, pair := range [][2]string{
		{"551187654321", "5511987654321"}, // Brazil
		{"5491155550000", "541155550000"}, // Argentina
		{"5215512345678", "525512345678"}, // Mexico
	} {
		for _, way := range [][2]string{pair, {pair[1], pair[0]}} {
			if got := d.Variants(way[0]); !slices.Equal(got, []string{way[1]}) {
				t.Errorf("Variants(%s): got %q, want %s", way[0], got, way[1])
			}
		}
	}
	for _, none := range []string{"351912000111", "PT.4812", ""} {
		if got := d.Variants(none); len(got) > 0 {
			t.Errorf("Variants(%s): got %q, want none", none, got)
		}
	}
}

func TestSourceFor(t *testing.T) {
	t.Parallel()
	d := newDriver("")
	if got, err := d.SourceFor(nil, "+351 912-000-111", ""); err != nil || got != "351912000111" {
		t.Errorf("got %q, %v, want 351912000111", got, err)
	}
	if _, err := d.SourceFor(nil, "", "a@example.test"); chat.CodeOf(err) != chat.CodeUnprocessable {
		t.Errorf("without a number: got %v, want unprocessable", err)
	}
}
