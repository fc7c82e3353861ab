package webwidget_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/channels"
	"tributary/channels/webwidget"
	"tributary/chat"
	"tributary/wording"
)

func newDriver(publicURL string) channels.Driver {
	return webwidget.New(&channels.Env{
		Setting: func(string) string { return "" }, PublicURL: publicURL, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

func load(t *testing.T, d channels.Driver, settings json.RawMessage) *channels.Channel {
	t.Helper()
	config, err := d.Parse(settings)
	if err != nil {
		t.Fatal(err)
	}
	return &channels.Channel{ID: 1, InboxID: 1, AccountID: 1, Type: "Channel::WebWidget", Settings: settings, Config: config, AccountActive: true, Locale: german}
}

// german is the language of the account.
var german = wording.Match("de")

func create(t *testing.T, d channels.Driver, params string) *channels.Channel {
	t.Helper()
	draft, err := d.(channels.AccountCreator).CreateFor(t.Context(), channels.Account{ID: 1, Locale: german}, json.RawMessage(params))
	if err != nil {
		t.Fatalf("%s: %v", params, err)
	}
	return load(t, d, draft.Settings)
}

// shown is what clients see, as JSON.
func shown(t *testing.T, d channels.Driver, ch *channels.Channel, admin bool) map[string]any {
	t.Helper()
	b, err := json.Marshal(d.(channels.Presenter).Present(ch, admin))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *testing.T, name string, got any, want string) {
	t.Helper()
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !reflect.DeepEqual(got, wanted) {
		b, _ := json.Marshal(got)
		t.Errorf("%s: got\n%s\nwant\n%s", name, b, want)
	}
}

// emptyForm is the form of a website that nobody made one for, in the account's
// language.
const emptyForm = `{"pre_chat_message":"Bitte sagen Sie uns, wer Sie sind, bevor wir beginnen.","pre_chat_fields":[
	{"field_type":"standard","label":"Email Id","name":"emailAddress","type":"email","required":true,"enabled":false},
	{"field_type":"standard","label":"Full name","name":"fullName","type":"text","required":false,"enabled":false},
	{"field_type":"standard","label":"Phone number","name":"phoneNumber","type":"text","required":false,"enabled":false}]}`

func TestDefaults(t *testing.T) {
	t.Parallel()
	d := newDriver("https://desk.example")
	ch := create(t, d, `{"type":"web_widget","website_url":" https://shop.example "}`)
	got := shown(t, d, ch, true)
	token, _ := got["website_token"].(string)
	secret, _ := got["hmac_token"].(string)
	base58 := regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{24}$`)
	if !base58.MatchString(token) || !base58.MatchString(secret) || token == secret {
		t.Errorf("website_token %q, hmac_token %q: want two base58 tokens of 24", token, secret)
	}
	if want := []channels.Binding{{Address: chat.Address{Kind: "web_widget", Value: token}}}; !slices.Equal(d.Addresses(ch), want) {
		t.Errorf("addresses %v, want %v", d.Addresses(ch), want)
	}
	agents := shown(t, d, ch, false)
	if _, seen := agents["hmac_token"]; seen {
		t.Error("an agent sees hmac_token")
	}
	script, _ := agents["web_widget_script"].(string)
	delete(agents, "web_widget_script")
	delete(agents, "website_token")
	same(t, "defaults", agents, `{"allowed_domains":"","widget_color":"#1f93ff","website_url":"https://shop.example","hmac_mandatory":false,
		"welcome_title":null,"welcome_tagline":null,"selected_feature_flags":["attachments","emoji_picker","end_conversation"],
		"reply_time":"in_a_few_minutes","pre_chat_form_enabled":false,"pre_chat_form_options":`+emptyForm+`,"continuity_via_email":true}`)
	for _, part := range []string{
		"<script>", "</script>", `BASE_URL = 'https://desk.example'`, `.src = BASE_URL + "/packs/js/sdk.js"`, ".async = true",
		"insertBefore(", "window.chatwootSDK.run({websiteToken: '" + token + "', baseUrl: BASE_URL})",
	} {
		if strings.Count(script, part) != 1 {
			t.Errorf("the script has %q %d times, want once:\n%s", part, strings.Count(script, part), script)
		}
	}
	if other := create(t, d, `{"website_url":"x"}`); shown(t, d, other, true)["website_token"] == token {
		t.Error("two websites have the same token")
	}
}

// What is public in the address cannot end the script.
func TestScriptIsQuoted(t *testing.T) {
	t.Parallel()
	d := newDriver(`https://x.example/'</script>"\`)
	script, _ := shown(t, d, create(t, d, `{"website_url":"x"}`), false)["web_widget_script"].(string)
	if strings.Count(script, "</script>") != 1 || strings.Contains(script, `/'<`) || strings.Count(script, "'")%2 != 0 {
		t.Errorf("script:\n%s", script)
	}
}

func TestEverythingGiven(t *testing.T) {
	t.Parallel()
	d := newDriver("https://desk.example")
	ch := create(t, d, `{"website_url":"w","widget_color":"#fff","welcome_title":"T","welcome_tagline":"L","reply_time":"in_a_day","pre_chat_form_enabled":"true",
		"continuity_via_email":"false","hmac_mandatory":1,"allowed_domains":"a.example,b.example","selected_feature_flags":["use_inbox_avatar_for_bot","unknown","attachments",7,null],
		"pre_chat_form_options":{"pre_chat_message":"M","require_email":true,"other":1,"pre_chat_fields":[
			{"field_type":"custom","label":"L","placeholder":"P","name":"n","enabled":true,"type":"list","required":false,"locale":"en","values":["a",1],"regex_pattern":"^x","regex_cue":"c","other":{}},7]}}`)
	got := shown(t, d, ch, false)
	for _, key := range []string{"website_token", "web_widget_script"} {
		delete(got, key)
	}
	const form = `{"pre_chat_message":"M","require_email":true,"pre_chat_fields":[{"field_type":"custom","label":"L","placeholder":"P","name":"n","enabled":true,
		"type":"list","required":false,"locale":"en","values":["a",1],"regex_pattern":"^x","regex_cue":"c"}]}`
	same(t, "created", got, `{"allowed_domains":"a.example,b.example","widget_color":"#fff","website_url":"w","hmac_mandatory":true,"welcome_title":"T","welcome_tagline":"L",
		"selected_feature_flags":["attachments","use_inbox_avatar_for_bot"],"reply_time":"in_a_day","pre_chat_form_enabled":true,
		"pre_chat_form_options":`+form+`,"continuity_via_email":false}`)

	before := shown(t, d, ch, true)
	for _, c := range []struct{ params, key, want string }{
		{`{"website_url":"v"}`, "pre_chat_form_options", form},
		{`{"website_url":"v"}`, "selected_feature_flags", `["attachments","use_inbox_avatar_for_bot"]`},
		{`{"website_url":"v"}`, "website_url", `"v"`},
		{`{"selected_feature_flags":[""]}`, "selected_feature_flags", `[]`},
		{`{"selected_feature_flags":[]}`, "selected_feature_flags", `[]`},
		{`{"selected_feature_flags":null}`, "selected_feature_flags", `[]`},
		{`{"selected_feature_flags":"emoji_picker"}`, "selected_feature_flags", `["emoji_picker"]`},
		{`{"selected_feature_flags":{"a":1}}`, "selected_feature_flags", `["attachments","use_inbox_avatar_for_bot"]`},
		{`{"selected_feature_flags":["end_conversation","emoji_picker"]}`, "selected_feature_flags", `["emoji_picker","end_conversation"]`},
		{`{"pre_chat_form_options":{"pre_chat_message":"only this"}}`, "pre_chat_form_options", emptyForm},
		{`{"pre_chat_form_options":{"pre_chat_fields":[]}}`, "pre_chat_form_options", emptyForm},
		{`{"pre_chat_form_options":{"pre_chat_fields":[{"name":"n"}]}}`, "pre_chat_form_options", `{"pre_chat_fields":[{"name":"n"}]}`},
		{`{"pre_chat_form_options":"x"}`, "pre_chat_form_options", form},
		{`{"welcome_title":null}`, "welcome_title", `null`},
		{`{"welcome_title":"null"}`, "welcome_title", `"null"`},
		{`{"allowed_domains":null}`, "allowed_domains", `""`},
		{`{"reply_time":"1"}`, "reply_time", `"in_a_few_hours"`},
		{`{"reply_time":0}`, "reply_time", `"in_a_few_minutes"`},
		{`{"reply_time":null}`, "reply_time", `"in_a_day"`},
		{`{"hmac_mandatory":"off"}`, "hmac_mandatory", `false`},
		{`{"continuity_via_email":"no"}`, "continuity_via_email", `true`},
		{`{"pre_chat_form_enabled":""}`, "pre_chat_form_enabled", `false`},
	} {
		settings, err := d.(channels.Creator).Update(t.Context(), ch, json.RawMessage(c.params))
		if err != nil {
			t.Errorf("%s: %v", c.params, err)
			continue
		}
		after := shown(t, d, load(t, d, settings), true)
		same(t, c.params, after[c.key], c.want)
		if after["website_token"] != before["website_token"] || after["hmac_token"] != before["hmac_token"] {
			t.Errorf("%s: the tokens changed", c.params)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	d := newDriver("https://desk.example")
	ch := create(t, d, `{"website_url":"w"}`)
	long := strings.Repeat("ü", 256)
	for _, c := range []struct{ params, message, attribute string }{
		{`{"website_url":" "}`, "Website url can't be blank", "website_url"},
		{`{"website_url":null}`, "Website url can't be blank", "website_url"},
		{`{"website_url":"w","widget_color":""}`, "Widget color can't be blank", "widget_color"},
		{`{"website_url":"` + long + `"}`, "Website url is too long (maximum is 255 characters)", "website_url"},
		{`{"website_url":"w","welcome_title":"` + long + `"}`, "Welcome title is too long (maximum is 255 characters)", "welcome_title"},
		{`{"website_url":"w","welcome_tagline":"` + long + `"}`, "Welcome tagline is too long (maximum is 255 characters)", "welcome_tagline"},
		{`{"website_url":"w","allowed_domains":"` + strings.Repeat("x", 20001) + `"}`, "Allowed domains is too long (maximum is 20000 characters)", "allowed_domains"},
		{`{"website_url":"w","reply_time":"never"}`, "Reply time is not included in the list", "reply_time"},
		{`{"website_url":"w","reply_time":3}`, "Reply time is not included in the list", "reply_time"},
		{`{"website_url":"w","reply_time":"01"}`, "Reply time is not included in the list", "reply_time"},
		{`[1]`, "Channel is invalid", "channel"},
	} {
		_, made := d.(channels.Creator).Create(t.Context(), json.RawMessage(c.params))
		_, changed := d.(channels.Creator).Update(t.Context(), ch, json.RawMessage(c.params))
		for _, err := range []error{made, changed} {
			var e *chat.Error
			if !errors.As(err, &e) || e.Code != chat.CodeInvalid || e.Message != c.message || !slices.Equal(e.Attributes, []string{c.attribute}) {
				t.Errorf("%.60s: got %v, want %q", c.params, err, c.message)
			}
		}
	}
	if _, err := d.(channels.Creator).Create(t.Context(), nil); err == nil {
		t.Error("a website without an address was made")
	}
}

// A reply is stored and shown; nobody has to be called.
func TestReply(t *testing.T) {
	t.Parallel()
	d := newDriver("https://desk.example")
	parts, err := d.(channels.Sender).Plan(create(t, d, `{"website_url":"w"}`), &chat.Outbound{Content: "x"})
	if err != nil || len(parts) != 0 {
		t.Errorf("got %v, %v, want no parts", parts, err)
	}
}
