package wacloud_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"tributary/channels"
	"tributary/chat"
	"tributary/wording"
)

const cloudSettings = `{"phone_number":"+15035550122","provider":"whatsapp_cloud","message_templates":[{"name":"old"}],"future":1,
	"provider_config":{"api_key":"EAA+key","phone_number_id":"33","business_account_id":"99"}}`

// paged is a stand-in that answers each address with its own page.
func paged(t *testing.T, pages map[string]string) (*httptest.Server, *[]string) {
	t.Helper()
	calls := &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*calls = append(*calls, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("D360-Api-Key")+r.Header.Get("Authorization"))
		page, ok := pages[r.URL.RequestURI()]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = fmt.Fprint(w, strings.ReplaceAll(page, "BASE", "http://"+r.Host))
	}))
	t.Cleanup(s.Close)
	return s, calls
}

// stored are the keys that a synchronisation writes.
type stored struct {
	Templates []struct {
		Name string `json:"name"`
	} `json:"message_templates"`
	Updated string `json:"message_templates_last_updated"`
	Future  int    `json:"future"`
}

func templates(t *testing.T, raw json.RawMessage) (stored, string) {
	t.Helper()
	var s stored
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatalf("settings %s: %v", raw, err)
	}
	names := make([]string, len(s.Templates))
	for i, one := range s.Templates {
		names[i] = one.Name
	}
	return s, strings.Join(names, " ")
}

func TestTemplatesOfCloudFollowPages(t *testing.T) {
	t.Parallel()
	const path = "/v14.0/99/message_templates"
	p, calls := paged(t, map[string]string{
		path:              `{"data":[{"name":"a"},{"name":"b"}],"paging":{"next":"https://graph.facebook.com` + path + `?access_token=EAA%2Bkey&after=2"}}`,
		path + "?after=2": `{"data":[{"name":"c"}],"paging":{"next":"BASE/elsewhere?access_token=other&after=3"}}`,
		path + "?after=3": `{"data":[{"name":"d","components":[{"type":"BODY","text":"<b>"}]}]}`,
	})
	d := newDriver(p.URL)
	got, err := d.Templates(t.Context(), load(t, d, json.RawMessage(cloudSettings)))
	if err != nil {
		t.Fatalf("Templates: %v", err)
	}
	s, names := templates(t, got)
	if names != "a b c d" || s.Future != 1 || len(s.Updated) != len("2026-03-01T10:00:00Z") {
		t.Errorf("settings: got %s", got)
	}
	// The token is in a header: addresses end up in logs.
	const bearer = " Bearer EAA+key"
	if want := []string{"GET " + path + bearer, "GET " + path + "?after=2" + bearer, "GET " + path + "?after=3" + bearer}; !slices.Equal(*calls, want) {
		t.Errorf("calls: got %q, want %q", *calls, want)
	}
	if cfg := load(t, d, got).Config; cfg == nil {
		t.Errorf("the settings cannot be read: %s", got)
	}
}

func TestTemplatesStopWhereTheyMust(t *testing.T) {
	t.Parallel()
	const path = "/v14.0/99/message_templates"
	for name, c := range map[string]struct {
		pages map[string]string
		class chat.ErrorClass // of the error
		calls int
	}{
		"a foreign next page":   {map[string]string{path: `{"data":[{"name":"a"}],"paging":{"next":"https://evil.example.test/?after=2"}}`}, chat.Permanent, 1},
		"the same host by http": {map[string]string{path: `{"data":[{"name":"a"}],"paging":{"next":"http://graph.facebook.com/?after=2"}}`}, chat.Permanent, 1},
		"a page without a list": {map[string]string{path: `<html>`}, chat.Retryable, 1},
		"no such account":       {map[string]string{}, chat.Permanent, 1},
	} {
		p, calls := paged(t, c.pages)
		d := newDriver(p.URL)
		got, err := d.Templates(t.Context(), load(t, d, json.RawMessage(cloudSettings)))
		if err == nil || channels.AsSendError(err).Class != c.class {
			t.Errorf("%s: got %s %v, want class %s", name, got, err, c.class)
		}
		if len(*calls) != c.calls {
			t.Errorf("%s: calls %q, want %d", name, *calls, c.calls)
		}
	}
	// A page that names itself is the last one.
	p, calls := paged(t, map[string]string{
		path:          `{"data":[{"name":"a"}],"paging":{"next":"BASE/?x=1"}}`,
		path + "?x=1": `{"data":[{"name":"b"}],"paging":{"next":"BASE/?x=1"}}`,
	})
	d := newDriver(p.URL)
	got, err := d.Templates(t.Context(), load(t, d, json.RawMessage(cloudSettings)))
	if err != nil || len(*calls) != 2 {
		t.Fatalf("a page that names itself: %v after %q", err, *calls)
	}
	if _, names := templates(t, got); names != "a b" {
		t.Errorf("a page that names itself: got %s", got)
	}
}

func TestTemplatesEmptyKeepsTheOld(t *testing.T) {
	t.Parallel()
	p, _ := paged(t, map[string]string{"/v14.0/99/message_templates": `{"data":[]}`})
	d := newDriver(p.URL)
	got, err := d.Templates(t.Context(), load(t, d, json.RawMessage(cloudSettings)))
	if err != nil || string(got) != cloudSettings {
		t.Errorf("got %s %v, want the settings untouched", got, err)
	}
}

func TestTemplatesRefused(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, `{"error":{"message":"Malformed access token EAA+key","code":190}}`)
	}))
	t.Cleanup(s.Close)
	d := newDriver(s.URL)
	_, err := d.Templates(t.Context(), load(t, d, json.RawMessage(cloudSettings)))
	if e := channels.AsSendError(err); e.Class != chat.Reauthorize || strings.Contains(e.Text, "EAA+key") {
		t.Errorf("got %s %q, want reauthorize without the key", e.Class, e.Text)
	}
	for _, settings := range []string{
		`{"provider":"whatsapp_cloud","provider_config":{"api_key":"k"}}`, `{"provider":"whatsapp_cloud","provider_config":{"business_account_id":"9"}}`,
		`{"provider":"default","provider_config":{}}`,
	} {
		if _, err := d.Templates(t.Context(), load(t, d, json.RawMessage(settings))); channels.AsSendError(err).Class != chat.Config {
			t.Errorf("%s: got %v, want config", settings, err)
		}
	}
}

func TestTemplatesOf360dialog(t *testing.T) {
	t.Parallel()
	p, calls := paged(t, map[string]string{"/v1/configs/templates": `{"waba_templates":[{"name":"x","namespace":"n"}],"count":1}`})
	d := newDriver(p.URL + "/v1")
	got, err := d.Templates(t.Context(), load(t, d, json.RawMessage(`{"phone_number":"+49","provider_config":{"api_key":"d360"}}`)))
	if err != nil {
		t.Fatal(err)
	}
	if _, names := templates(t, got); names != "x" {
		t.Errorf("got %s", got)
	}
	if want := []string{"GET /v1/configs/templates d360"}; !slices.Equal(*calls, want) {
		t.Errorf("calls: got %q, want %q", *calls, want)
	}
}

func TestTypingAndReadMarks(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK)
	d := newDriver(p.URL)
	cloud := load(t, d, json.RawMessage(cloudSettings))
	m := &chat.Outbound{To: "1503", LastIncomingID: "wamid.1"}
	steps := []error{
		d.Typing(t.Context(), cloud, m, true), d.MarkRead(t.Context(), cloud, m),
		// Nothing to call for:
		d.Typing(t.Context(), cloud, m, false), d.MarkRead(t.Context(), cloud, &chat.Outbound{To: "1503"}),
	}
	for i, err := range steps {
		if err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
	if want := []string{"POST /v22.0/33/messages", "POST /v22.0/33/messages"}; !slices.Equal(p.calls, want) {
		t.Errorf("calls: got %q, want %q", p.calls, want)
	}
	wantJSON(t, "typing", p.bodies[0], `{"message_id":"wamid.1","messaging_product":"whatsapp","status":"read","typing_indicator":{"type":"text"}}`)
	wantJSON(t, "read", p.bodies[1], `{"message_id":"wamid.1","messaging_product":"whatsapp","status":"read"}`)

	dialog := newDriver(p.URL + "/v1")
	if err := dialog.MarkRead(t.Context(), load(t, dialog, json.RawMessage(`{"provider_config":{"api_key":"d360"}}`)), m); err != nil {
		t.Errorf("360dialog: %v", err)
	}
	if p.calls[2] != "POST /v1/messages" || p.header.Get("D360-Api-Key") != "d360" {
		t.Errorf("360dialog: got %q", p.calls[2])
	}
	wantJSON(t, "360dialog", p.bodies[2], `{"message_id":"wamid.1","status":"read"}`)
	refusing := newProvider(t, http.StatusUnauthorized)
	d = newDriver(refusing.URL)
	if err := d.MarkRead(t.Context(), load(t, d, json.RawMessage(cloudSettings)), m); channels.AsSendError(err).Class != chat.Reauthorize {
		t.Errorf("refused: got %v", err)
	}
}

func wantJSON(t *testing.T, name string, got any, want string) {
	t.Helper()
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != want {
		t.Errorf("%s: got %s, want %s", name, b, want)
	}
}

// A number whose list is known sends only what is on it.
func TestSyncedListIsBinding(t *testing.T) {
	t.Parallel()
	p, _ := paged(t, map[string]string{"/v14.0/99/message_templates": `{"data":[
		{"name":"ready","language":"en_US","status":"APPROVED","components":[{"type":"BODY","text":"Hello {{1}}"}]},
		{"name":"soon","language":"en_US","status":"PENDING"}]}`})
	d := newDriver(p.URL)
	settings, err := d.Templates(t.Context(), load(t, d, json.RawMessage(cloudSettings)))
	if err != nil {
		t.Fatal(err)
	}
	ch := load(t, d, settings)
	plan := func(params map[string]any) string {
		_, err := d.Plan(ch, &chat.Outbound{To: "1", Template: params})
		if err == nil {
			return ""
		}
		return channels.AsSendError(err).Words(wording.English)
	}
	body := func(v string) map[string]any { return map[string]any{"body": map[string]any{"1": v}} }
	for _, c := range []struct {
		params map[string]any
		want   string
	}{
		{map[string]any{"name": "ready", "language": "en_US", "processed_params": body("Ana")}, ""},
		{map[string]any{"name": "ready", "language": "en_US", "processed_params": body(" ")}, "Missing template parameter"},
		{map[string]any{"name": "ready", "language": "en_US"}, "Missing template parameter"},
		{map[string]any{"name": "ready", "language": "de", "processed_params": body("Ana")}, "Template not found or invalid template name"},
		{map[string]any{"name": "soon", "language": "en_US"}, "Template not found or invalid template name"},
		{map[string]any{"name": "never"}, "Template not found or invalid template name"},
	} {
		if got := plan(c.params); got != c.want {
			t.Errorf("%v: got %q, want %q", c.params, got, c.want)
		}
	}
}

// TestTemplatesAsMetaSendsThem plays the payload files about message templates: lists,
// pages and failures in the shapes that Meta has.
func TestTemplatesAsMetaSendsThem(t *testing.T) {
	t.Parallel()
	const path = "/v14.0/99/message_templates"
	type file struct {
		Status int             `json:"status"`
		Body   json.RawMessage `json:"body"`
	}
	read := func(name string) file {
		var f file
		raw, err := os.ReadFile("../../whatsapp/testdata/graph-message-templates" + name + ".json")
		if err == nil {
			err = json.Unmarshal(raw, &f)
		}
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, c := range []struct {
		first, then string // files; then is what follows the first page
		want        string // names; "old" is what was there
		class       chat.ErrorClass
	}{
		{"", "", "order_ready weekly_offer login_code", ""},
		{"-page1", "-empty", "order_ready", ""},
		{"-empty", "", "old", ""},
		{"-error-503", "", "", chat.Retryable},
		{"-error-190", "", "", chat.Reauthorize},
	} {
		answers := []file{read(c.first), read(c.then)}
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := answers[0]
			if r.URL.Path != path {
				a = file{Status: http.StatusNotFound}
			} else if r.URL.Query().Get("after") != "" {
				a = answers[1]
			}
			w.WriteHeader(a.Status)
			_, _ = w.Write(a.Body)
		}))
		d := newDriver(s.URL)
		got, err := d.Templates(t.Context(), load(t, d, json.RawMessage(cloudSettings)))
		s.Close()
		if c.class != "" {
			if class := channels.AsSendError(err).Class; err == nil || class != c.class {
				t.Errorf("%q: error %v of class %s, want %s", c.first, err, class, c.class)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.first, err)
			continue
		}
		if _, names := templates(t, got); names != c.want {
			t.Errorf("%q: templates %q, want %q", c.first, names, c.want)
		}
	}
}
