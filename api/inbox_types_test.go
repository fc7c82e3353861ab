package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"strings"
	"testing"

	"tributary/desk"
	"tributary/store"
)

// common are the keys of every inbox as it is made.
const common = `{"avatar_url":"","greeting_enabled":false,"greeting_message":null,"working_hours_enabled":false,"enable_email_collect":true,
	"csat_survey_enabled":false,"csat_config":{},"enable_auto_assignment":true,"auto_assignment_config":{},"out_of_office_message":null,"timezone":"UTC",
	"callback_webhook_url":null,"allow_messages_after_resolved":true,"lock_to_single_conversation":false,"sender_name_type":"friendly","business_name":null,
	"allowed_domains":null,"widget_color":null,"website_url":null,"hmac_mandatory":null,"welcome_title":null,"welcome_tagline":null,
	"web_widget_script":null,"website_token":null,"selected_feature_flags":null,"reply_time":null,"messaging_service_sid":null,"phone_number":null,"provider":null}`

// inboxOf checks a whole inbox: the common keys, with those of want in their place.
// Ids, hours and the keys that differ each time are checked to be there.
func inboxOf(t *testing.T, name string, got map[string]any, want string, each ...string) {
	t.Helper()
	var wanted, more map[string]any
	for text, into := range map[string]*map[string]any{common: &wanted, want: &more} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	maps.Copy(wanted, more)
	for _, key := range append(each, "id", "channel_id", "working_hours") {
		if v := got[key]; v == nil || v == "" {
			t.Errorf("%s: %s is %v", name, key, v)
		}
		wanted[key] = got[key]
	}
	b, err := json.Marshal(wanted)
	if err != nil {
		t.Fatal(err)
	}
	same(t, name, got, string(b))
}

// asAgent reads an inbox as an agent who is its member.
func (w *world) asAgent(inbox map[string]any) map[string]any {
	w.t.Helper()
	w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, id(inbox["id"]), w.agent)
	return w.call("agent", "GET", fmt.Sprintf("{A}/inboxes/%d", id(inbox["id"])), "").object()
}

const websiteInbox = `{"name":"Site","channel":{"type":"web_widget","website_url":"https://shop.example"}}`

func TestWebsiteInbox(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const shown = `"name":"Site","channel_type":"Channel::WebWidget","website_url":"https://shop.example","widget_color":"#1f93ff","allowed_domains":"",
			"hmac_mandatory":false,"selected_feature_flags":["attachments","emoji_picker","end_conversation"],"reply_time":"in_a_few_minutes",
			"pre_chat_form_enabled":false,"continuity_via_email":true,"pre_chat_form_options":{"pre_chat_message":"Please tell us who you are before we start.","pre_chat_fields":[
				{"field_type":"standard","label":"Email Id","name":"emailAddress","type":"email","required":true,"enabled":false},
				{"field_type":"standard","label":"Full name","name":"fullName","type":"text","required":false,"enabled":false},
				{"field_type":"standard","label":"Phone number","name":"phoneNumber","type":"text","required":false,"enabled":false}]}`
		made := w.call("admin", "POST", "{A}/inboxes", websiteInbox).object()
		inboxOf(t, "made", made, `{`+shown+`,"signature_mode":""}`, "website_token", "web_widget_script", "hmac_token")
		inboxOf(t, "as an agent sees it", w.asAgent(made), `{`+shown+`}`, "website_token", "web_widget_script")
		w.call("admin", "POST", "{A}/inboxes", `{"name":"Site","channel":{"type":"web_widget"}}`).want(422, invalidText("website_url", "Website url can't be blank"))

		path := fmt.Sprintf("{A}/inboxes/%d", id(made["id"]))
		contentType, body := w.form(map[string]string{
			"name": "Shop", "channel[website_url]": "https://b.example", "channel[welcome_title]": "Hi", "channel[reply_time]": "in_a_day",
			"channel[selected_feature_flags][]": "emoji_picker", "channel[hmac_mandatory]": "true", "channel[continuity_via_email]": "false",
			"channel[pre_chat_form_enabled]": "1", "channel[allowed_domains]": "b.example", "channel[widget_color]": "#000", "channel[welcome_tagline]": "there",
		})
		got := w.send("admin", "PATCH", path, contentType, body).object()
		compare(t, "multipart", got, `{"name":"Shop","website_url":"https://b.example","welcome_title":"Hi","welcome_tagline":"there","reply_time":"in_a_day",
			"selected_feature_flags":["emoji_picker"],"hmac_mandatory":true,"continuity_via_email":false,"pre_chat_form_enabled":true,"allowed_domains":"b.example","widget_color":"#000"}`)
		got = w.call("admin", "PUT", path, `{"channel":{"pre_chat_form_options":{"pre_chat_message":"M","pre_chat_fields":[{"name":"n","values":["a"]}]},"selected_feature_flags":[""]}}`).object()
		compare(t, "json", got, `{"selected_feature_flags":[],"website_url":"https://b.example","pre_chat_form_options":{"pre_chat_message":"M","pre_chat_fields":[{"name":"n","values":["a"]}]}}`)
		if got["website_token"] != made["website_token"] || got["hmac_token"] != made["hmac_token"] {
			t.Error("a change made new tokens")
		}
		w.call("admin", "PATCH", path, `{"name":"lost","channel":{"website_url":""}}`).want(422, invalidText("website_url", "Website url can't be blank"))
		compare(t, "after a refusal", w.call("admin", "GET", path, "").object(), `{"name":"Shop","website_url":"https://b.example"}`)
	})
}

// The text of the form is in the account's language.
func TestWebsiteInboxOfAnotherLanguage(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.exec(`UPDATE accounts SET locale = 3 WHERE id = $1`, w.account)
		made := w.call("admin", "POST", "{A}/inboxes", websiteInbox).object()
		same(t, "French", at(made, "pre_chat_form_options", "pre_chat_message"), `"Dites-nous qui vous êtes avant de commencer."`)
	})
}

func TestEmailInbox(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.settings["MAILER_INBOUND_EMAIL_DOMAIN"] = "in.desk.example"
		const shown = `"name":"Mail","channel_type":"Channel::Email","email":"help@acme.example"`
		const secret = `"imap_login":"","imap_password":"","imap_address":"","imap_port":0,"imap_enabled":false,"imap_enable_ssl":true,
			"smtp_login":"","smtp_password":"","smtp_address":"","smtp_port":0,"smtp_enabled":false,"smtp_domain":"","smtp_enable_ssl_tls":false,
			"smtp_enable_starttls_auto":true,"smtp_openssl_verify_mode":"none","smtp_authentication":"login"`
		made := w.call("admin", "POST", "{A}/inboxes", `{"name":"Mail","channel":{"type":"email","email":"help@acme.example"}}`).object()
		inboxOf(t, "made", made, `{`+shown+`,`+secret+`,"signature_mode":""}`, "forward_to_email")
		inboxOf(t, "as an agent sees it", w.asAgent(made), `{`+shown+`}`, "forward_to_email")
		if forward, _ := made["forward_to_email"].(string); !strings.HasSuffix(forward, "@in.desk.example") || len(forward) != 32+len("@in.desk.example") {
			t.Errorf("forward_to_email %q", forward)
		}
		w.exec(`UPDATE accounts SET domain = 'acme.example' WHERE id = $1`, w.account)
		other := w.call("admin", "POST", "{A}/inboxes", `{"name":"Mail","channel":{"type":"email","email":"sales@acme.example","imap_port":"993","imap_enabled":true}}`).object()
		if forward, _ := other["forward_to_email"].(string); !strings.HasSuffix(forward, "@acme.example") {
			t.Errorf("forward_to_email %q, want one of the account's domain", forward)
		}
		compare(t, "created without a test", other, `{"imap_port":993,"imap_enabled":true}`)

		// Addresses are unique on the whole server, whatever their case.
		taken := invalidText("email", "Email has already been taken")
		w.call("admin", "POST", "{A}/inboxes", `{"name":"Mail","channel":{"type":"email","email":"HELP@acme.example"}}`).want(422, taken)
		w.call("admin", "PATCH", fmt.Sprintf("{A}/inboxes/%d", id(other["id"])), `{"channel":{"email":"help@acme.example"}}`).want(422, taken)
		theirs := strings.Replace("{A}/inboxes", "{A}", "/api/v1/accounts/"+w.text(`SELECT CAST(account_id AS TEXT) FROM account_users WHERE user_id = $1`, w.stranger), 1)
		w.call("stranger", "POST", theirs, `{"name":"Mail","channel":{"type":"email","email":"help@acme.example"}}`).want(422, taken)
		w.call("admin", "POST", "{A}/inboxes", `{"name":"Mail","channel":{"type":"email"}}`).want(422, invalidText("email", "Email can't be blank"))
	})
}

// A server that does not let us in is told, and nothing is stored.
func TestEmailServersAreTried(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		made := w.call("admin", "POST", "{A}/inboxes", `{"name":"Mail","channel":{"type":"email","email":"help@acme.example","imap_login":"old"}}`).object()
		path := fmt.Sprintf("{A}/inboxes/%d", id(made["id"]))
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		w.must(err)
		w.must(closed.Close())
		_, port, err := net.SplitHostPort(closed.Addr().String())
		w.must(err)
		for _, kind := range []string{"imap", "smtp"} {
			w.call("admin", "PATCH", path, fmt.Sprintf(`{"channel":{"%s_enabled":true,"%s_address":"127.0.0.1","%s_port":%s,"imap_login":"new","%s_password":"s3cret"}}`, kind, kind, kind, port, kind)).
				want(422, fmt.Sprintf(`{"message":"%s: 127.0.0.1:%s takes no connections"}`, strings.ToUpper(kind), port))
		}
		compare(t, "after the refusals", w.call("admin", "GET", path, "").object(), `{"imap_login":"old","imap_enabled":false,"smtp_enabled":false,"smtp_address":""}`)
		w.postOffice()
		got := w.call("admin", "PATCH", path, fmt.Sprintf(`{"channel":{"smtp_enabled":true,"smtp_address":%q,"smtp_port":%s,"imap_login":"new"}}`, w.settings["SMTP_ADDRESS"], w.settings["SMTP_PORT"])).object()
		compare(t, "let in", got, `{"smtp_enabled":true,"smtp_address":"127.0.0.1","imap_login":"new"}`)
	})
}

func TestVoiceInbox(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		voice := func(number string) string {
			return fmt.Sprintf(`{"name":"Calls","channel":{"type":"voice","phone_number":%q,"provider_config":{"account_sid":"AC1","auth_token":"s3cret","api_key_sid":"SK1","api_key_secret":"k3y"}}}`, number)
		}
		const shown = `"name":"Calls","channel_type":"Channel::Voice","phone_number":"+15550001","provider":"twilio",
			"voice_call_webhook_url":"https://desk.example/twilio/voice/call/15550001","voice_status_webhook_url":"https://desk.example/twilio/voice/status/15550001"`
		made := w.call("admin", "POST", "{A}/inboxes", voice("+15550001")).object()
		inboxOf(t, "made", made, `{`+shown+`,"signature_mode":""}`)
		inboxOf(t, "as an agent sees it", w.asAgent(made), `{`+shown+`}`)
		w.call("admin", "POST", "{A}/inboxes", voice("+15550001")).want(422, invalidText("phone_number", "Phone number has already been taken"))
		w.call("admin", "POST", "{A}/inboxes", voice("15550001")).want(422,
			`{"message":"Phone number is invalid, Provider config twiml_app_sid is required for Twilio provider","attributes":["phone_number","provider_config"]}`)
		w.call("admin", "POST", "{A}/inboxes", `{"name":"x","channel":{"type":"voice","phone_number":"+1555"}}`).want(422, invalidText("provider_config", "Provider config can't be blank"))
		w.refuse.Store(true)
		w.call("admin", "POST", "{A}/inboxes", voice("+15550002")).want(422,
			`{"message":"Twilio setup failed: [HTTP 401] 20003 : Authenticate, Provider config twiml_app_sid is required for Twilio provider","attributes":["base","provider_config"]}`)
		if n := w.count(`SELECT COUNT(*) FROM inboxes`); n != 1 {
			t.Errorf("%d inboxes, want one", n)
		}
	})
}

// Only the keys of the inbox's own channel are read: dashboards send those of a website
// to every inbox, and a change without any of its own leaves the channel alone.
func TestKeysOfOtherChannels(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const others = `{"channel":{"type":"api","website_url":"https://x.example","widget_color":"#fff","welcome_title":"","selected_feature_flags":[""]}}`
		whatsapp := id(w.call("admin", "POST", "{A}/inboxes", `{"name":"WA","channel":{"type":"whatsapp","phone_number":"+15550002","provider":"whatsapp_cloud",
			"provider_config":{"api_key":"k","phone_number_id":"1","business_account_id":"2"}}}`).object()["id"])
		line := w.line("l", false)
		w.exec(`UPDATE channels SET authorization_errors = 1, reauthorization_required = TRUE, registration = 'registered'`)
		w.refuse.Store(true) // whoever asks the provider is refused
		for _, inbox := range []int64{whatsapp, line} {
			w.call("admin", "PATCH", fmt.Sprintf("{A}/inboxes/%d", inbox), others).object()
		}
		w.eq("channels", w.text(`SELECT registration FROM channels WHERE authorization_errors = 1 ORDER BY id`), "registered registered")

		// A change of the channel is checked by the provider each time, and takes the flag
		// away although it is refused.
		path := fmt.Sprintf("{A}/inboxes/%d", whatsapp)
		w.exec(`UPDATE change_versions SET version = version + 1`)
		compare(t, "flagged", w.call("admin", "GET", path, "").object(), `{"reauthorization_required":true}`)
		w.call("admin", "PATCH", path, `{"channel":{"provider":"whatsapp_cloud"}}`).want(422, invalidText("provider_config", "Provider config Invalid Credentials"))
		compare(t, "not flagged", w.call("admin", "GET", path, "").object(), `{"reauthorization_required":false}`)
		w.refuse.Store(false)
		w.call("admin", "PATCH", path, `{"channel":{"provider":"whatsapp_cloud"}}`).object()
	})
}

// The limit is told before the role, and the role before what is wrong.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		const wrong = `{"name":[1],"channel":{"type":"fax"}}`
		w.call("agent", "POST", "{A}/inboxes", wrong).want(401, refusedText)
		w.call("admin", "POST", "{A}/inboxes", wrong).want(422, invalidText("name", "Name is invalid"))
		w.settings["ACCOUNT_INBOXES_LIMIT"] = "0"
		for _, role := range []string{"agent", "admin"} {
			w.call(role, "POST", "{A}/inboxes", wrong).want(402, `{"error":"Account limit exceeded. Upgrade to a higher plan"}`)
		}
		w.call("stranger", "POST", "{A}/inboxes", wrong).want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("", "POST", "{A}/inboxes", wrong).want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
	})
}

// Of a Twilio number the credentials can be changed, of an X profile whether it wants
// tweets, and nothing else.
func TestKeysThatCanBeChanged(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		twilioInbox := id(w.call("admin", "POST", "{A}/channels/twilio_channel", twilio("sms", "+15550009")).object()["id"])
		got := w.call("admin", "PATCH", fmt.Sprintf("{A}/inboxes/%d", twilioInbox),
			`{"channel":{"account_sid":"AC2","auth_token":"new","phone_number":"+15550010","medium":"whatsapp","messaging_service_sid":"MG1"}}`).object()
		compare(t, "Twilio", got, `{"account_sid":"AC2","auth_token":"new","phone_number":"+15550009","medium":"sms","messaging_service_sid":null}`)

		driver, ok := w.desk.Directory.DriverOf("Channel::TwitterProfile")
		if !ok {
			t.Fatal("no driver")
		}
		inbox := store.DefaultInbox()
		inbox.AccountID, inbox.Name = w.account, "X"
		profile, err := w.desk.CreateInbox(t.Context(), driver, desk.NewInbox{
			Inbox: inbox, Settings: json.RawMessage(`{"profile_id":"7","twitter_access_token":"s3cret","twitter_access_token_secret":"s3cret"}`),
		})
		w.must(err)
		path := fmt.Sprintf("{A}/inboxes/%d", profile)
		compare(t, "X", w.call("admin", "GET", path, "").object(), `{"channel_type":"Channel::TwitterProfile","tweets_enabled":true}`)
		a := w.call("admin", "PATCH", path, `{"channel":{"tweets_enabled":"false","profile_id":"8"}}`)
		compare(t, "X", a.object(), `{"tweets_enabled":false}`)
		if strings.Contains(a.body, "s3cret") {
			t.Errorf("a token is shown: %s", a.body)
		}
		w.eq("addresses", w.text(`SELECT value FROM channel_addresses WHERE kind = 'twitter'`), "7")
	})
}

func TestSyncTemplatesOfEveryType(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		path := func(inbox any) string { return fmt.Sprintf("{A}/inboxes/%d/sync_templates", id(inbox)) }
		whatsapp := w.call("admin", "POST", "{A}/inboxes", `{"name":"WA","channel":{"type":"whatsapp","phone_number":"+15550002","provider":"whatsapp_cloud",
			"provider_config":{"api_key":"k","phone_number_id":"1","business_account_id":"2"}}}`).object()["id"]
		dialog := w.call("admin", "POST", "{A}/inboxes", `{"name":"WA","channel":{"type":"whatsapp","phone_number":"+15550003","provider_config":{"api_key":"k"}}}`).object()["id"]
		overTwilio := w.call("admin", "POST", "{A}/channels/twilio_channel", twilio("whatsapp", "+15550009")).object()["id"]
		sms := w.call("admin", "POST", "{A}/channels/twilio_channel", twilio("sms", "+15550010")).object()["id"]
		website := w.call("admin", "POST", "{A}/inboxes", websiteInbox).object()["id"]
		w.exec(`DELETE FROM jobs`)
		for _, inbox := range []any{whatsapp, dialog, overTwilio} {
			w.call("admin", "POST", path(inbox), "").want(200, `{"message":"Template sync initiated successfully"}`)
			w.call("agent", "POST", path(inbox), "").want(401, refusedText)
		}
		if n := w.count(`SELECT COUNT(*) FROM jobs WHERE kind = 'channel.templates'`); n != 3 {
			t.Errorf("%d jobs, want 3", n)
		}
		for _, inbox := range []any{sms, website} {
			w.call("admin", "POST", path(inbox), "").want(422, `{"error":"Template sync is only available for WhatsApp channels"}`)
		}
		for _, role := range []string{"admin", "agent"} {
			w.call(role, "POST", path(999.0), "").want(404, missingText)
		}
		w.call("stranger", "POST", path(whatsapp), "").want(401, `{"error":"You are not authorized to access this account"}`)
	})
}
