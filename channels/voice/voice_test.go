package voice_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/voice"
	"tributary/chat"
)

// provider stands for Twilio. Its account has one number.
type provider struct {
	mu     sync.Mutex
	calls  []string
	number string
	fails  string // the part of a call's path that is refused
	broken bool   // applications come without a sid
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = r.ParseForm()
	user, password, _ := r.BasicAuth()
	p.calls = append(p.calls, strings.TrimRight(fmt.Sprintf("%s %s %s:%s %s", r.Method, r.URL.Path, user, password, r.Form.Encode()), " "))
	w.Header().Set("Content-Type", "application/json")
	switch {
	case p.fails != "" && strings.Contains(r.Method+" "+r.URL.Path, p.fails):
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, `{"code":20003,"message":"Authenticate","status":401}`)
	case strings.HasSuffix(r.URL.Path, "/Applications.json"):
		if p.broken {
			_, _ = fmt.Fprint(w, `{}`)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprint(w, `{"sid":"AP7"}`)
	case r.Method == http.MethodGet && r.Form.Get("PhoneNumber") == p.number:
		_, _ = fmt.Fprintf(w, `{"incoming_phone_numbers":[{"sid":"PN7","phone_number":%q}]}`, p.number)
	case r.Method == http.MethodGet:
		_, _ = fmt.Fprint(w, `{"incoming_phone_numbers":[]}`)
	default:
		_, _ = fmt.Fprint(w, `{"sid":"PN7"}`)
	}
}

// took gives the calls since the last time.
func (p *provider) took() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.calls
	p.calls = nil
	return out
}

func newDriver(t *testing.T, p *provider) channels.Driver {
	t.Helper()
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return voice.New(&channels.Env{
		Setting:   func(name string) string { return map[string]string{"TWILIO_API_URL": server.URL}[name] },
		PublicURL: "https://desk.example", HTTP: server.Client(), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

func load(t *testing.T, d channels.Driver, settings json.RawMessage) *channels.Channel {
	t.Helper()
	config, err := d.Parse(settings)
	if err != nil {
		t.Fatal(err)
	}
	return &channels.Channel{ID: 1, InboxID: 1, AccountID: 1, Type: "Channel::Voice", Settings: settings, Config: config, AccountActive: true}
}

const (
	number = "+15550001"
	keys   = `"account_sid":"AC1","auth_token":"s3cret","api_key_sid":"SK1","api_key_secret":"k3y"`
	params = `{"type":"voice","phone_number":" +15550001 ","provider_config":{` + keys + `}}`
)

// provisioned are the calls that set a number up.
func provisioned(digits string, found bool) []string {
	base := "/2010-04-01/Accounts/AC1"
	friendly, call, status := "Tributary+%2B"+digits, "https%3A%2F%2Fdesk.example%2Ftwilio%2Fvoice%2Fcall%2F"+digits, "https%3A%2F%2Fdesk.example%2Ftwilio%2Fvoice%2Fstatus%2F"+digits
	out := []string{
		"GET " + base + "/IncomingPhoneNumbers.json AC1:s3cret PageSize=1",
		"POST " + base + "/Applications.json SK1:k3y FriendlyName=" + friendly + "&VoiceMethod=POST&VoiceUrl=" + call,
		"GET " + base + "/IncomingPhoneNumbers.json AC1:s3cret PhoneNumber=%2B" + digits,
	}
	if found {
		out = append(out, "POST "+base+"/IncomingPhoneNumbers/PN7.json AC1:s3cret StatusCallback="+status+"&StatusCallbackMethod=POST&VoiceMethod=POST&VoiceUrl="+call)
	}
	return out
}

func stored(t *testing.T, settings json.RawMessage) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(settings, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func expect(t *testing.T, name string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", name, got, want)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	for _, found := range []bool{true, false} {
		p := &provider{}
		if found {
			p.number = number
		}
		d := newDriver(t, p)
		draft, err := d.(channels.Creator).Create(t.Context(), json.RawMessage(params))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "calls", p.took(), provisioned("15550001", found))
		expect(t, "settings", stored(t, draft.Settings), map[string]any{"phone_number": number, "provider": "twilio", "provider_config": map[string]any{
			"account_sid": "AC1", "auth_token": "s3cret", "api_key_sid": "SK1", "api_key_secret": "k3y", "twiml_app_sid": "AP7",
		}})
		ch := load(t, d, draft.Settings)
		for _, admin := range []bool{true, false} {
			expect(t, "shown", d.(channels.Presenter).Present(ch, admin), map[string]any{
				"phone_number": number, "provider": "twilio", "voice_call_webhook_url": "https://desk.example/twilio/voice/call/15550001",
				"voice_status_webhook_url": "https://desk.example/twilio/voice/status/15550001",
			})
		}
		expect(t, "addresses", d.Addresses(ch), []channels.Binding{{Address: chat.Address{Kind: "voice", Value: number}}})
	}
}

func refused(t *testing.T, name string, err error, message string, attributes ...string) {
	t.Helper()
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != chat.CodeInvalid || e.Message != message || !slices.Equal(e.Attributes, attributes) {
		t.Errorf("%s: got %v\nwant %q %v", name, err, message, attributes)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	p := &provider{number: number}
	d := newDriver(t, p)
	const need = " is required for Twilio provider"
	for _, c := range []struct {
		params, message string
		attributes      []string
	}{
		{`{"provider_config":{` + keys + `}}`, "Phone number can't be blank, Phone number is invalid, Provider config twiml_app_sid" + need, []string{"phone_number", "provider_config"}},
		{`{"phone_number":"15550001","provider_config":{` + keys + `}}`, "Phone number is invalid, Provider config twiml_app_sid" + need, []string{"phone_number", "provider_config"}},
		{`{"phone_number":"+0155500","provider_config":{` + keys + `,"twiml_app_sid":"x"}}`, "Phone number is invalid", []string{"phone_number"}},
		{`{"phone_number":"+15550001"}`, "Provider config can't be blank", []string{"provider_config"}},
		{`{"phone_number":"+15550001","provider_config":{}}`, "Provider config can't be blank", []string{"provider_config"}},
		{`{"phone_number":"+15550001","provider_config":"x"}`, "Provider config can't be blank", []string{"provider_config"}},
		{`{"phone_number":"+15550001","provider":"","provider_config":{` + keys + `,"twiml_app_sid":"x"}}`, "Provider can't be blank", []string{"provider"}},
		{`{"phone_number":"+15550001","provider":"other","provider_config":{` + keys + `,"twiml_app_sid":"x"}}`, "Provider is not included in the list", []string{"provider"}},
		{
			`{"phone_number":"+15550001","provider_config":{"account_sid":" ","auth_token":7,"twiml_app_sid":"theirs"}}`,
			"Provider config account_sid" + need + ", Provider config auth_token" + need + ", Provider config api_key_sid" + need +
				", Provider config api_key_secret" + need + ", Provider config twiml_app_sid" + need,
			[]string{"provider_config"},
		},
		{`[]`, "Channel is invalid", []string{"channel"}},
	} {
		_, err := d.(channels.Creator).Create(t.Context(), json.RawMessage(c.params))
		refused(t, c.params, err, c.message, c.attributes...)
	}
	if calls := p.took(); len(calls) != 0 {
		t.Errorf("Twilio was asked although something else was wrong: %v", calls)
	}
}

// What Twilio refuses is told, without the credentials.
func TestSetupFails(t *testing.T) {
	t.Parallel()
	const missing = ", Provider config twiml_app_sid is required for Twilio provider"
	for fails, calls := range map[string]int{
		"GET /2010-04-01/Accounts/AC1/IncomingPhoneNumbers": 1, "/Applications": 2, "POST /2010-04-01/Accounts/AC1/IncomingPhoneNumbers": 4,
	} {
		p := &provider{number: number, fails: fails}
		d := newDriver(t, p)
		_, err := d.(channels.Creator).Create(t.Context(), json.RawMessage(params))
		refused(t, fails, err, "Twilio setup failed: [HTTP 401] 20003 : Authenticate"+missing, "base", "provider_config")
		if got := p.took(); len(got) != calls {
			t.Errorf("%s: %d calls, want %d: %v", fails, len(got), calls, got)
		}
	}
	p := &provider{number: number, broken: true}
	_, err := newDriver(t, p).(channels.Creator).Create(t.Context(), json.RawMessage(params))
	refused(t, "no sid", err, "Twilio setup failed: The provider's answer could not be read"+missing, "base", "provider_config")

	away := voice.New(&channels.Env{
		Setting: func(string) string { return "http://127.0.0.1:1" }, HTTP: http.DefaultClient, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	_, err = away.(channels.Creator).Create(t.Context(), json.RawMessage(params))
	refused(t, "away", err, "Twilio setup failed: The provider could not be reached"+missing, "base", "provider_config")
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	p := &provider{number: number}
	d := newDriver(t, p)
	draft, err := d.(channels.Creator).Create(t.Context(), json.RawMessage(params))
	if err != nil {
		t.Fatal(err)
	}
	p.took()
	ch := load(t, d, draft.Settings)
	update := func(params string) map[string]any {
		t.Helper()
		settings, err := d.(channels.Creator).Update(t.Context(), ch, json.RawMessage(params))
		if err != nil {
			t.Fatalf("%s: %v", params, err)
		}
		return stored(t, settings)
	}
	config := func(settings map[string]any) map[string]any { return settings["provider_config"].(map[string]any) }
	// Other keys of the same account: the application stays.
	changed := config(update(`{"provider_config":{"account_sid":"AC1","auth_token":"new","api_key_sid":"SK2","api_key_secret":"k"}}`))
	expect(t, "replaced", changed, map[string]any{"account_sid": "AC1", "auth_token": "new", "api_key_sid": "SK2", "api_key_secret": "k", "twiml_app_sid": "AP7"})
	expect(t, "unchanged", update(`{"phone_number":"+15550001"}`), stored(t, draft.Settings))
	expect(t, "calls", p.took(), []string(nil))
	// Another number is set up like a new one.
	expect(t, "moved", update(`{"phone_number":"+15550002"}`)["phone_number"], "+15550002")
	expect(t, "calls", p.took(), provisioned("15550002", false))
	expect(t, "the channel before it is stored", stored(t, draft.Settings)["provider_config"], config(stored(t, ch.Settings)))
	expect(t, "its config", d.(channels.Presenter).Present(ch, true)["phone_number"], number)
	_, err = d.(channels.Creator).Update(t.Context(), ch, json.RawMessage(`{"provider_config":{"account_sid":"AC1"}}`))
	const need = " is required for Twilio provider"
	refused(t, "incomplete", err, "Provider config auth_token"+need+", Provider config api_key_sid"+need+", Provider config api_key_secret"+need, "provider_config")
	_, err = d.(channels.Creator).Update(t.Context(), ch, json.RawMessage(`{"provider_config":null}`))
	refused(t, "none", err, "Provider config can't be blank", "provider_config")
}
