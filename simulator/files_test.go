package simulator_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"tributary/simulator"
)

// find is the first text in a webhook that begins with a prefix.
func find(t *testing.T, d *simulator.Delivery, prefix string) string {
	t.Helper()
	for _, text := range texts(t, d) {
		if strings.HasPrefix(text, prefix) {
			return text
		}
	}
	t.Fatalf("nothing begins with %q in %s", prefix, d.Body)
	return ""
}

// TestFilesOfEvents downloads what the events bring, the way each provider wants
// it done.
func TestFilesOfEvents(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	set := s.Settings()
	build := func(kind simulator.Kind, event simulator.EventKind) *simulator.Delivery {
		c := s.Channel(kind)
		register(t, s, c)
		d, err := s.BuildEvent(c, simulator.Event{Kind: event, From: c.Person(1).From, Name: "Ana Prieto"}, public)
		if err != nil {
			t.Fatalf("%s %s: %v", kind, event, err)
		}
		return d
	}
	get := func(url string, header ...string) []byte {
		res := do(t, http.MethodGet, url, "", header...)
		if res.status != http.StatusOK {
			t.Errorf("GET %s = %d %s", url, res.status, res.body)
		}
		return []byte(res.body)
	}
	named := func(answer []byte, name string) string {
		var v map[string]any
		if err := json.Unmarshal(answer, &v); err != nil {
			t.Fatal(err)
		}
		if inner, ok := v["result"].(map[string]any); ok {
			v = inner
		}
		text, _ := v[name].(string)
		return text
	}
	is := func(what string, file []byte, magic string) {
		if !strings.HasPrefix(string(file), magic) {
			t.Errorf("%s: got %.16q, want %q", what, file, magic)
		}
	}
	const picture, document, vcard = "\x89PNG", "%PDF", "BEGIN:VCARD"

	for _, kind := range []simulator.Kind{simulator.Facebook, simulator.InstagramLogin, simulator.Twitter} {
		is(string(kind), get(find(t, build(kind, simulator.EventImage), s.URL()+"/media/")), picture)
	}
	is("facebook file", get(find(t, build(simulator.Facebook, simulator.EventFile), s.URL()+"/media/")), document)

	cloud := secrets(t, s.Channel(simulator.WhatsAppCloud))
	id := find(t, build(simulator.WhatsAppCloud, simulator.EventFile), "70")
	where := named(get(set["WHATSAPP_CLOUD_BASE_URL"]+"/v22.0/"+id, "Authorization", "Bearer "+cloud["api_key"]), "url")
	is("whatsapp", get(where), document)

	dialog := secrets(t, s.Channel(simulator.WhatsApp360))
	id = find(t, build(simulator.WhatsApp360, simulator.EventImage), "70")
	is("360dialog", get(set["WHATSAPP_360_BASE_URL"]+"/media/"+id, "D360-API-KEY", dialog["api_key"]), picture)

	bot := secrets(t, s.Channel(simulator.Telegram))["bot_token"]
	id = find(t, build(simulator.Telegram, simulator.EventImage), "AgAC")
	where = named(get(set["TELEGRAM_API_URL"]+"/bot"+bot+"/getFile?file_id="+id), "file_path")
	is("telegram", get(set["TELEGRAM_API_URL"]+"/file/bot"+bot+"/"+where), picture)
	if res := do(t, http.MethodGet, set["TELEGRAM_API_URL"]+"/file/bot1:x/"+where, ""); res.status == http.StatusOK {
		t.Error("telegram gives a file to anybody")
	}

	d := build(simulator.Line, simulator.EventImage)
	content := set["LINE_DATA_API_URL"] + "/v2/bot/message/" + d.IDs[0] + "/content"
	is("line", get(content, "Authorization", "Bearer "+secrets(t, s.Channel(simulator.Line))["line_channel_token"]), picture)
	if res := do(t, http.MethodGet, content, ""); res.status == http.StatusOK {
		t.Error("line gives a file to anybody")
	}

	link := find(t, build(simulator.SMS, simulator.EventContact), s.URL()+"/bandwidth/")
	if res := do(t, http.MethodGet, link, ""); res.status == http.StatusOK {
		t.Error("bandwidth gives a file to anybody")
	}
	p := secrets(t, s.Channel(simulator.SMS))
	link = strings.Replace(link, "layout.smil", "0/file.vcf", 1)
	is("bandwidth", get(strings.Replace(link, "://", "://"+p["api_key"]+":"+p["api_secret"]+"@", 1)), vcard)

	link = find(t, build(simulator.TwilioSMS, simulator.EventContact), s.URL()+"/twilio/")
	p = secrets(t, s.Channel(simulator.TwilioSMS))
	with := strings.Replace(link, "://", "://"+p["account_sid"]+":"+p["auth_token"]+"@", 1)
	is("twilio", get(with), vcard)
	if res := do(t, http.MethodGet, link, ""); res.status != http.StatusUnauthorized {
		t.Errorf("twilio gives a file to anybody: %d", res.status)
	}
	where = elsewhere(t, with)
	if where == "" || strings.HasPrefix(where, s.URL()) {
		t.Fatalf("twilio's files are at %q, want another host", where)
	}
	is("the network of twilio's files", get(where), vcard)
	for name, header := range map[string]string{"Authorization": "Basic eDp5", "Cookie": "a=b"} {
		if res := do(t, http.MethodGet, where, "", name, header); res.status != http.StatusBadRequest {
			t.Errorf("the network of twilio's files takes the header %s: %d", name, res.status)
		}
	}
	if handedOut, turnedAway := s.Files(); handedOut != 2 || turnedAway != 2 {
		t.Errorf("the network of twilio's files counts %d and %d, want 2 and 2", handedOut, turnedAway)
	}
	if res := do(t, http.MethodGet, strings.Replace(where, "/ME", "x/ME", 1), ""); res.status != http.StatusForbidden {
		t.Errorf("the network of twilio's files gives one to anybody: %d", res.status)
	}
}

// elsewhere is where an address redirects to.
func elsewhere(t *testing.T, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	return res.Header.Get("Location")
}

func TestEventsNobodyHas(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	for kind, event := range map[simulator.Kind]simulator.EventKind{
		simulator.SMS: simulator.EventReaction, simulator.Line: simulator.EventEdit, simulator.Twitter: simulator.EventSticker,
		simulator.TwilioSMS: simulator.EventLocation, simulator.API: simulator.EventDelete, simulator.Facebook: "hologram",
	} {
		c := s.Channel(kind)
		if _, err := s.BuildEvent(c, simulator.Event{Kind: event, From: c.Person(1).From}, public); !errors.Is(err, simulator.ErrUnplayable) {
			t.Errorf("%s %s: error = %v, want ErrUnplayable", kind, event, err)
		}
	}
}
