package twilio_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/twilio"
	"tributary/chat"
)

// provider is a stand-in that remembers what it was asked.
type provider struct {
	*httptest.Server
	status int
	answer string
	calls  []string
	forms  []url.Values
	user   string
	secret string
}

func newProvider(t *testing.T, status int, answer string) *provider {
	t.Helper()
	p := &provider{status: status, answer: answer}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		form, err := url.ParseQuery(string(raw))
		if err != nil {
			t.Errorf("form %q: %v", raw, err)
		}
		p.calls, p.forms = append(p.calls, r.Method+" "+r.URL.RequestURI()), append(p.forms, form)
		p.user, p.secret, _ = r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(p.status)
		if _, err := io.WriteString(w, p.answer); err != nil {
			t.Errorf("write answer: %v", err)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func newDriver(base string) *twilio.Driver {
	settings := map[string]string{"TWILIO_API_URL": base}
	return twilio.New(&channels.Env{
		Setting: func(name string) string { return settings[name] }, PublicURL: "https://desk.example.test",
		HTTP: &http.Client{Timeout: 10 * time.Second}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

func load(t *testing.T, d *twilio.Driver, raw string) *channels.Channel {
	t.Helper()
	cfg, err := d.Parse(json.RawMessage(raw))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return &channels.Channel{ID: 1, InboxID: 1, Settings: json.RawMessage(raw), Config: cfg}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		params, user string
		want         map[string]any
		address      chat.Address
	}{
		"number": {
			`{"name":"Shop","medium":"sms","account_sid":"AC1","auth_token":"to-ken","phone_number":"+14155550160"}`, "AC1",
			map[string]any{"phone_number": "+14155550160", "messaging_service_sid": nil, "medium": "sms"},
			chat.Address{Kind: twilio.AddressNumber, Value: "AC1:+14155550160"},
		},
		"WhatsApp": {
			`{"name":"Shop","medium":"whatsapp","account_sid":"AC1","auth_token":"t","phone_number":"+14155550160"}`, "AC1",
			map[string]any{"phone_number": "whatsapp:+14155550160", "medium": "whatsapp"},
			chat.Address{Kind: twilio.AddressNumber, Value: "AC1:whatsapp:+14155550160"},
		},
		"service wins": {
			`{"name":"Shop","medium":"sms","account_sid":"AC1","auth_token":"s","api_key_sid":"SK1","webhook_auth_token":"w","messaging_service_sid":"MG1","phone_number":"+14155550160"}`, "SK1",
			map[string]any{"phone_number": nil, "messaging_service_sid": "MG1", "api_key_sid": "SK1", "webhook_auth_token": "w"},
			chat.Address{Kind: twilio.AddressService, Value: "MG1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, http.StatusOK, `{"messages":[]}`)
			d := newDriver(p.URL)
			draft, err := d.Create(t.Context(), json.RawMessage(c.params))
			if err != nil {
				t.Fatalf("Create: %v", err)
			}
			if want := []string{"GET /2010-04-01/Accounts/AC1/Messages.json?PageSize=1"}; !slices.Equal(p.calls, want) || p.user != c.user {
				t.Errorf("got calls %q as %s, want %q as %s", p.calls, p.user, want, c.user)
			}
			if draft.Name != "Shop" {
				t.Errorf("name: got %q, want Shop", draft.Name)
			}
			var got map[string]any
			if err := json.Unmarshal(draft.Settings, &got); err != nil {
				t.Fatalf("settings: %v", err)
			}
			for key, value := range c.want {
				if got[key] != value {
					t.Errorf("%s: got %v, want %v", key, got[key], value)
				}
			}
			bindings := d.Addresses(load(t, d, string(draft.Settings)))
			if len(bindings) != 1 || bindings[0].Address != c.address || bindings[0].PerAccount {
				t.Errorf("addresses: got %+v, want %+v for the installation", bindings, c.address)
			}
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	const good = `{"medium":"sms","account_sid":"AC1","auth_token":"t","phone_number":"+1415"}`
	for name, c := range map[string]struct {
		params, answer, want string
		status               int
		code                 chat.Code
	}{
		"no account":  {strings.Replace(good, "AC1", "", 1), "", "Account sid can't be blank", 200, chat.CodeInvalid},
		"no address":  {strings.Replace(good, "+1415", "", 1), "", "Messaging service sid can't be blank, Phone number can't be blank", 200, chat.CodeInvalid},
		"medium":      {strings.Replace(good, "sms", "fax", 1), "", "'fax' is not a valid medium", 200, chat.CodeUnprocessable},
		"credentials": {good, `{"code":20003,"message":"Authenticate","status":401}`, "[HTTP 401] 20003 : Authenticate", 401, chat.CodeUnprocessable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, c.status, c.answer)
			_, err := newDriver(p.URL).Create(t.Context(), json.RawMessage(c.params))
			var e *chat.Error
			if !errors.As(err, &e) || e.Code != c.code || e.Message != c.want {
				t.Errorf("got %v, want %s %q", err, c.code, c.want)
			}
		})
	}
	p := newProvider(t, http.StatusOK, "")
	p.Close()
	if _, err := newDriver(p.URL).Create(t.Context(), json.RawMessage(good)); err == nil || err.Error() != "The provider could not be reached" {
		t.Errorf("Twilio is away: got %v", err)
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK, `{"incoming_phone_numbers":[{"sid":"PN1"}],"sid":"x"}`)
	d := newDriver(p.URL)
	if err := d.Register(t.Context(), load(t, d, `{"account_sid":"AC1","auth_token":"s","api_key_sid":"SK1","phone_number":"+14155550160","medium":"sms"}`)); err != nil {
		t.Fatalf("number: %v", err)
	}
	if err := d.Register(t.Context(), load(t, d, `{"account_sid":"AC1","auth_token":"t","messaging_service_sid":"MG1","medium":"sms"}`)); err != nil {
		t.Fatalf("service: %v", err)
	}
	if err := d.Register(t.Context(), load(t, d, `{"account_sid":"AC1","auth_token":"t","phone_number":"whatsapp:+1","medium":"whatsapp"}`)); err != nil {
		t.Fatalf("WhatsApp: %v", err)
	}
	want := []string{
		"GET /2010-04-01/Accounts/AC1/IncomingPhoneNumbers.json?PhoneNumber=%2B14155550160",
		"POST /2010-04-01/Accounts/AC1/IncomingPhoneNumbers/PN1.json",
		"POST /v1/Services/MG1",
	}
	if !slices.Equal(p.calls, want) {
		t.Fatalf("calls: got %q, want %q", p.calls, want)
	}
	const callback = "https://desk.example.test/twilio/callback"
	if f := p.forms[1]; f.Get("SmsUrl") != callback || f.Get("SmsMethod") != "POST" {
		t.Errorf("number: got %v", f)
	}
	if f := p.forms[2]; f.Get("InboundRequestUrl") != callback || f.Get("InboundMethod") != "POST" || f.Get("UseInboundWebhookOnNumber") != "false" {
		t.Errorf("service: got %v", f)
	}
}

func TestRegisterUnknownNumberAndRefusal(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK, `{"incoming_phone_numbers":[]}`)
	d := newDriver(p.URL)
	ch := load(t, d, `{"account_sid":"AC1","auth_token":"t","phone_number":"+14155550160","medium":"sms"}`)
	if err := d.Register(t.Context(), ch); err != nil || len(p.calls) != 1 {
		t.Errorf("unknown number: got %v after %q, want one call and no error", err, p.calls)
	}
	p.status, p.answer = http.StatusUnauthorized, `{"code":20003,"message":"Authenticate"}`
	var refused *channels.SendError
	if err := d.Register(t.Context(), ch); !errors.As(err, &refused) || refused.Class != chat.Reauthorize {
		t.Errorf("refused: got %v, want reauthorize", err)
	}
}

func TestUpdateChangesCredentialsOnly(t *testing.T) {
	t.Parallel()
	d := newDriver("")
	ch := load(t, d, `{"account_sid":"AC1","auth_token":"t","phone_number":"+14155550160","medium":"sms","content_templates":{"templates":[]},"kept":1}`)
	raw, err := d.Update(t.Context(), ch, json.RawMessage(`{"auth_token":"new","phone_number":"+1","medium":"whatsapp"}`))
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	want := `{"account_sid":"AC1","api_key_sid":null,"auth_token":"new","content_templates":{"templates":[]},"kept":1,"medium":"sms",` +
		`"messaging_service_sid":null,"phone_number":"+14155550160","webhook_auth_token":null}`
	if string(raw) != want {
		t.Errorf("got %s, want %s", raw, want)
	}
	if _, err := d.Update(t.Context(), ch, json.RawMessage(`{"auth_token":""}`)); chat.CodeOf(err) != chat.CodeInvalid {
		t.Errorf("blank token: got %v, want invalid", err)
	}
}

func TestPresentAndWindow(t *testing.T) {
	t.Parallel()
	d := newDriver("")
	ch := load(t, d, `{"account_sid":"AC1","auth_token":"s","api_key_sid":"SK1","phone_number":"whatsapp:+1415","medium":"whatsapp"}`)
	member, err := json.Marshal(d.Present(ch, false))
	if err != nil {
		t.Fatalf("Present: %v", err)
	}
	want := `{"callback_webhook_url":"https://desk.example.test/twilio/callback","content_templates":{},"medium":"whatsapp",` +
		`"messaging_service_sid":null,"phone_number":"whatsapp:+1415"}`
	if string(member) != want {
		t.Errorf("member: got %s, want %s", member, want)
	}
	if admin := d.Present(ch, true); admin["auth_token"] != "s" || admin["account_sid"] != "AC1" {
		t.Errorf("admin: got %v", admin)
	}
	if got := channels.MissingSecret(d, ch); !strings.Contains(got, "webhook_auth_token") {
		t.Errorf("missing secret: got %q, want the setting's name in it", got)
	}
	if got := d.Window(ch); got != 24*time.Hour {
		t.Errorf("WhatsApp window: got %v, want 24h", got)
	}
	sms := load(t, d, `{"account_sid":"AC1","auth_token":"s","phone_number":"+1415","medium":"sms"}`)
	if got := d.Window(sms); got != 0 {
		t.Errorf("SMS window: got %v, want none", got)
	}
	for ch, want := range map[*channels.Channel]string{ch: "whatsapp:+39333", sms: "+39333"} {
		if got, err := d.SourceFor(ch, "+39333", ""); err != nil || got != want {
			t.Errorf("SourceFor: got %q, %v, want %q", got, err, want)
		}
	}
	if _, err := d.SourceFor(sms, "", ""); chat.CodeOf(err) != chat.CodeUnprocessable {
		t.Errorf("SourceFor without a number: got %v, want unprocessable", err)
	}
}
