package twilio_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const whatsappSettings = `{"account_sid":"AC1","auth_token":"secret","phone_number":"whatsapp:+15035550100","medium":"whatsapp","content_templates":{},"future":1}`

// contents is a stand-in of Twilio that answers the calls in turn.
func contents(t *testing.T, status int, pages ...string) (*httptest.Server, *[]string) {
	t.Helper()
	calls := &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		*calls = append(*calls, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+user+":"+password+" "+string(body)))
		w.WriteHeader(status)
		if n := len(*calls); n <= len(pages) {
			_, _ = fmt.Fprint(w, strings.ReplaceAll(pages[n-1], "BASE", "http://"+r.Host))
		}
	}))
	t.Cleanup(s.Close)
	return s, calls
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	s, calls := contents(t, http.StatusOK, `{"contents":[
		{"sid":"HX1","friendly_name":"order_ready","language":"en","variables":{"1":"Ana"},"types":{"twilio/text":{"body":"Hello {{1}}"}},
		 "date_created":"2025-01-01T00:00:00Z","date_updated":"2025-01-02T00:00:00Z"},
		{"sid":"HX2","friendly_name":"Summer SALE","language":"en","types":{"twilio/media":{"body":"Look","media":["https://x.example.test/{{1}}.jpg"]}}}],
		"meta":{"next_page_url":"https://content.twilio.com/v1/Content?PageSize=100&Page=1&PageToken=t"}}`, `{"contents":[
		{"sid":"HX3","friendly_name":"login_otp","language":"de","variables":null,"types":{"twilio/quick-reply":{"body":"Ja?"},"twilio/text":{"body":"Ja"}}},
		{"sid":"HX4","friendly_name":"menu","language":"en","types":{"twilio/catalog":{"body":"Menu"}}},
		{"sid":"HX5","friendly_name":"clip","language":"en","types":{"twilio/media":{"video":"v","image":"i","media":["x.pdf"]}}},
		{"sid":"HX6","friendly_name":"card","language":"en","types":{"twilio/card":{"title":"t"}}},{"friendly_name":"nobody"},
		{"sid":"HX7","friendly_name":"tributary_choice_v1_buttons_2_l","language":"en","types":{"twilio/quick-reply":{"body":"{{1}}"}}}],
		"meta":{"next_page_url":null}}`)
	d := newDriver(s.URL)
	ch := load(t, d, whatsappSettings)
	if !d.HasTemplates(ch) || d.HasTemplates(load(t, d, `{"medium":"sms"}`)) {
		t.Errorf("HasTemplates does not tell WhatsApp from SMS")
	}
	got, err := d.Templates(t.Context(), ch)
	if err != nil {
		t.Fatalf("Templates: %v", err)
	}
	if want := []string{"GET /v1/Content?PageSize=100 AC1:secret", "GET /v1/Content?Page=1&PageSize=100&PageToken=t AC1:secret"}; !slices.Equal(*calls, want) {
		t.Errorf("calls: got %q, want %q", *calls, want)
	}
	var stored struct {
		Content struct {
			Templates []json.RawMessage `json:"templates"`
		} `json:"content_templates"`
		Updated string `json:"content_templates_last_updated"`
		Future  int    `json:"future"`
	}
	if err := json.Unmarshal(got, &stored); err != nil {
		t.Fatal(err)
	}
	if len(stored.Content.Templates) != 6 || stored.Updated == "" || stored.Future != 1 {
		t.Fatalf("settings: got %s", got)
	}
	want := `{"content_sid":"HX1","friendly_name":"order_ready","language":"en","status":"approved","template_type":"text","media_type":null,` +
		`"variables":{"1":"Ana"},"category":"utility","body":"Hello {{1}}","types":{"twilio/text":{"body":"Hello {{1}}"}},` +
		`"created_at":"2025-01-01T00:00:00Z","updated_at":"2025-01-02T00:00:00Z"}`
	if string(stored.Content.Templates[0]) != want {
		t.Errorf("first template\n got %s\nwant %s", stored.Content.Templates[0], want)
	}
	for i, want := range []string{
		"text <nil> utility Hello {{1}} map[1:Ana]", "media image marketing Look map[]", "quick_reply <nil> authentication Ja map[]",
		"catalog <nil> utility Menu map[]", "media image utility  map[]", "text <nil> utility  map[]",
	} {
		var m map[string]any
		if err := json.Unmarshal(stored.Content.Templates[i], &m); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%v %v %v %v %v", m["template_type"], m["media_type"], m["category"], m["body"], m["variables"]); got != want {
			t.Errorf("template %d: got %q, want %q", i, got, want)
		}
	}

	// What was read is what can be sent.
	ch = load(t, d, string(got))
	for _, c := range []struct{ name, language, value, want string }{
		{"order_ready", "en", "Ana", ""},
		{"order_ready", "en", " ", "Missing template parameter"},
		{"order_ready", "de", "Ana", "Template not found"},
		{"nobody", "en", "Ana", "Template not found"},
	} {
		text := ""
		if _, err := d.Plan(ch, &chat.Outbound{Template: map[string]any{"name": c.name, "language": c.language, "processed_params": map[string]any{"1": c.value}}}); err != nil {
			text = channels.AsSendError(err).Words(wording.English)
		}
		if text != c.want {
			t.Errorf("%+v: got %q", c, text)
		}
	}
}

func TestTemplatesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		page   string
		class  chat.ErrorClass
	}{
		"refused":             {http.StatusUnauthorized, `{"code":20003,"message":"Authenticate","status":401}`, chat.Reauthorize},
		"away":                {http.StatusServiceUnavailable, ``, chat.Retryable},
		"not a list":          {http.StatusOK, `<html>`, chat.Retryable},
		"a foreign next page": {http.StatusOK, `{"contents":[{"sid":"HX1"}],"meta":{"next_page_url":"https://evil.example.test/v1/Content?Page=1"}}`, chat.Permanent},
	} {
		s, calls := contents(t, c.status, c.page)
		d := newDriver(s.URL)
		got, err := d.Templates(t.Context(), load(t, d, whatsappSettings))
		if err == nil || channels.AsSendError(err).Class != c.class || len(*calls) != 1 {
			t.Errorf("%s: got %s %v after %q, want %s", name, got, err, *calls, c.class)
		}
	}
	s, _ := contents(t, http.StatusOK, `{"contents":[],"meta":{}}`)
	d := newDriver(s.URL)
	if got, err := d.Templates(t.Context(), load(t, d, whatsappSettings)); err != nil || string(got) != whatsappSettings {
		t.Errorf("an empty list: got %s %v, want the settings untouched", got, err)
	}
	if _, err := d.Templates(t.Context(), load(t, d, `{"medium":"whatsapp"}`)); channels.AsSendError(err).Class != chat.Config {
		t.Errorf("without credentials: got %v", err)
	}
}

func TestTyping(t *testing.T) {
	t.Parallel()
	s, calls := contents(t, http.StatusOK, `{"success":true}`)
	d := newDriver(s.URL)
	ch, m := load(t, d, whatsappSettings), &chat.Outbound{To: "whatsapp:+1503", LastIncomingID: "SM1"}
	sms := load(t, d, `{"account_sid":"AC1","auth_token":"secret","medium":"sms"}`)
	for i, err := range []error{
		d.Typing(t.Context(), ch, m, true), d.Typing(t.Context(), ch, m, false), d.Typing(t.Context(), sms, m, true), d.Typing(t.Context(), ch, &chat.Outbound{}, true),
	} {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	if want := []string{`POST /v3/Indicators/Typing.json AC1:secret {"channel":"WHATSAPP","messageId":"SM1"}`}; !slices.Equal(*calls, want) {
		t.Errorf("calls: got %q, want %q", *calls, want)
	}
	if lasts, _ := d.TypingPace(sms); lasts != 0 {
		t.Errorf("SMS shows typing for %s", lasts)
	}
	refusing, _ := contents(t, http.StatusUnauthorized, `{"code":20003}`)
	d = newDriver(refusing.URL)
	if err := d.Typing(t.Context(), ch, m, true); channels.AsSendError(err).Class != chat.Reauthorize {
		t.Errorf("refused: got %v", err)
	}
}
