package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"
)

const lineInbox = `{"name":"Line","channel":{"type":"line","line_channel_id":"c1","line_channel_secret":"s","line_channel_token":"t"}}`

func TestInboxObject(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		made := w.call("admin", "POST", "{A}/inboxes/", lineInbox).object()
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, id(made["id"]), w.agent)
		weekday := func(day int) string {
			return fmt.Sprintf(`{"day_of_week":%d,"closed_all_day":false,"open_hour":9,"open_minutes":0,"close_hour":17,"close_minutes":0,"open_all_day":false}`, day)
		}
		free := func(day int) string {
			return fmt.Sprintf(`{"day_of_week":%d,"closed_all_day":true,"open_hour":null,"open_minutes":null,"close_hour":null,"close_minutes":null,"open_all_day":false}`, day)
		}
		want := fmt.Sprintf(`{"id":%d,"avatar_url":"","channel_id":%d,"name":"Line","channel_type":"Channel::Line","greeting_enabled":false,
			"greeting_message":null,"working_hours_enabled":false,"enable_email_collect":true,"csat_survey_enabled":false,"csat_config":{},
			"enable_auto_assignment":true,"auto_assignment_config":{},"out_of_office_message":null,
			"working_hours":[%s],"timezone":"UTC","callback_webhook_url":"https://desk.example/webhooks/line/c1",
			"allow_messages_after_resolved":true,"lock_to_single_conversation":false,"sender_name_type":"friendly","business_name":null,
			"allowed_domains":null,"widget_color":null,"website_url":null,"hmac_mandatory":null,"welcome_title":null,"welcome_tagline":null,
			"web_widget_script":null,"website_token":null,"selected_feature_flags":null,"reply_time":null,"messaging_service_sid":null,
			"phone_number":null,"provider":null`, id(made["id"]), id(made["channel_id"]),
			strings.Join([]string{free(0), weekday(1), weekday(2), weekday(3), weekday(4), weekday(5), free(6)}, ","))
		same(t, "created", made, want+`,"registration":"pending","registration_error":"","signature_mode":""}`)
		same(t, "shown to an agent", w.call("agent", "GET", fmt.Sprintf("{A}/inboxes/%d", id(made["id"])), "").object(), want+"}")
		same(t, "listed", w.call("agent", "GET", "{A}/inboxes.json", "").object(), `{"payload":[`+want+"}]}")
	})
}

func TestInboxAccess(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		mine, other := w.line("mine", true), w.line("other", false)
		path := func(id int64) string { return fmt.Sprintf("{A}/inboxes/%d", id) }
		const refused, missing = `{"error":"You are not authorized to do this action"}`, `{"error":"Resource could not be found"}`

		if got := at(w.call("agent", "GET", "{A}/inboxes", "").object(), "payload", 1); got != nil {
			t.Errorf("an agent lists an inbox of others: %v", got)
		}
		if got := at(w.call("admin", "GET", "{A}/inboxes", "").object(), "payload", 1, "id"); id(got) != other {
			t.Errorf("an administrator's second inbox is %v", got)
		}
		w.call("agent", "GET", path(mine), "").object()
		w.call("agent", "GET", path(other), "").want(401, refused)
		w.call("agent", "GET", path(99), "").want(404, missing)
		w.call("agent", "GET", "{A}/inboxes/new", "").want(404, missing)
		w.call("agent", "POST", "{A}/inboxes", lineInbox).want(401, refused)
		w.call("agent", "PATCH", path(mine), "{}").want(401, refused)
		w.call("agent", "PUT", path(99), "{}").want(404, missing)
		w.call("agent", "DELETE", path(mine), "").want(401, refused)
		w.call("agent", "DELETE", path(99), "").want(404, missing)
		w.call("admin", "PATCH", path(99), "{}").want(404, missing)
		w.call("admin", "DELETE", path(99), "").want(404, missing)

		w.exec(`UPDATE inboxes SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, other)
		w.call("admin", "GET", path(other), "").want(404, missing)
		w.call("admin", "PATCH", path(other), `{"name":"stolen"}`).want(404, missing)
		w.call("admin", "DELETE", path(other), "").want(404, missing)
	})
}

func TestCreateInboxRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		invalid := func(attr, text string) string { return `{"message":"` + text + `","attributes":["` + attr + `"]}` }
		channel := `"channel":{"type":"line","line_channel_id":"c1","line_channel_secret":"s","line_channel_token":"t"}`
		for _, c := range []struct{ body, want string }{
			{`{}`, invalid("channel", "Channel must exist")},
			{`{"name":"x","channel":null}`, invalid("channel", "Channel must exist")},
			{`{"name":"x","channel":"line"}`, invalid("channel", "Channel must exist")},
			{`{"name":"x","channel":{"type":"fax"}}`, invalid("channel", "Channel must exist")},
			{`{"name":"x","channel":{"type":""}}`, invalid("channel", "Channel must exist")},
			{`{` + channel + `}`, invalid("name", "Name can't be blank")},
			{`{"name":"null",` + channel + `}`, invalid("name", "Name can't be blank")},
			{`{"name":"` + strings.Repeat("x", 256) + `",` + channel + `}`, invalid("name", "Name is too long (maximum is 255 characters)")},
			{`{"name":"x","greeting_message":"` + strings.Repeat("x", 10001) + `",` + channel + `}`, invalid("greeting_message", "Greeting message is too long (maximum is 10000 characters)")},
			{`{"name":"x","timezone":"Mars/Base",` + channel + `}`, invalid("timezone", "Timezone is not included in the list")},
			{`{"name":"x","timezone":"Local",` + channel + `}`, invalid("timezone", "Timezone is not included in the list")},
			{`{"name":"x","sender_name_type":"rude",` + channel + `}`, invalid("sender_name_type", "Sender name type is not included in the list")},
			{`{"name":"x","greeting_enabled":null,` + channel + `}`, invalid("greeting_enabled", "Greeting enabled can't be blank")},
			{`{"name":"x","portal_id":4,` + channel + `}`, invalid("portal", "Portal must exist")},
			{
				`{"name":"x","auto_assignment_config":{"max_assignment_limit":0},` + channel + `}`,
				invalid("auto_assignment_config", "Auto assignment config max_assignment_limit must be greater than 0"),
			},
			{`{"name":"x","auto_assignment_config":[1],` + channel + `}`, invalid("auto_assignment_config", "Auto assignment config is invalid")},
			{
				`{"name":"x","channel":{"type":"line"}}`,
				`{"message":"Line channel can't be blank, Line channel secret can't be blank, Line channel token can't be blank","attributes":["line_channel_id","line_channel_secret","line_channel_token"]}`,
			},
		} {
			w.call("admin", "POST", "{A}/inboxes", c.body).want(422, c.want)
		}
		w.call("admin", "POST", "{A}/inboxes", `{"name":`).want(400, `{"status":400,"error":"Bad Request"}`)
		w.call("admin", "POST", "{A}/inboxes", lineInbox).object()
		if a := w.call("admin", "POST", "{A}/inboxes", lineInbox); a.status != 422 || !strings.Contains(a.body, "has already been taken") {
			w.t.Errorf("the same channel again: got %d %s", a.status, a.body)
		}
		const full = `{"error":"Account limit exceeded. Upgrade to a higher plan"}`
		second := strings.ReplaceAll(lineInbox, "c1", "c2")
		w.settings["ACCOUNT_INBOXES_LIMIT"] = "1"
		w.call("admin", "POST", "{A}/inboxes", second).want(402, full)
		w.exec(`UPDATE accounts SET limits = '{"inboxes":2}' WHERE id = $1`, w.account)
		w.call("admin", "POST", "{A}/inboxes", second).object()
		w.call("admin", "POST", "{A}/inboxes", strings.ReplaceAll(lineInbox, "c1", "c3")).want(402, full)
	})
}

func TestCreateInboxOfEveryType(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		for _, c := range []struct{ body, shown, hidden string }{
			{
				`{"name":"Api","channel":{"type":"api","webhook_url":"https://x.example/h","additional_attributes":{"agent_reply_time_window":"12"}}}`,
				`{"channel_type":"Channel::Api","webhook_url":"https://x.example/h","hmac_mandatory":false,"additional_attributes":{"agent_reply_time_window":"12"},"callback_webhook_url":null}`,
				`hmac_token`,
			},
			{
				`{"channel":{"type":"telegram","bot_token":"7:abc"}}`,
				`{"channel_type":"Channel::Telegram","name":"desk_bot","bot_name":"desk_bot","callback_webhook_url":null}`, ``,
			},
			{`{"name":"Bot","channel":{"type":"telegram","bot_token":"8:abc"}}`, `{"name":"Bot","bot_name":"desk_bot"}`, ``},
			{
				`{"name":"Sms","channel":{"type":"sms","phone_number":"+15550001","provider_config":{"api_key":"k","api_secret":"s","application_id":"a","account_id":"1"}}}`,
				`{"channel_type":"Channel::Sms","phone_number":"+15550001","provider":"default","callback_webhook_url":"https://desk.example/webhooks/sms/15550001"}`, `provider_config`,
			},
			{
				`{"name":"WA","channel":{"type":"whatsapp","phone_number":"+15550002","provider":"whatsapp_cloud","provider_config":{"api_key":"k","phone_number_id":"1","business_account_id":"2"}}}`,
				`{"channel_type":"Channel::Whatsapp","phone_number":"+15550002","provider":"whatsapp_cloud","callback_webhook_url":"https://desk.example/webhooks/whatsapp/+15550002"}`,
				`provider_config`,
			},
		} {
			got := w.call("admin", "POST", "{A}/inboxes", c.body).object()
			compare(t, c.body, got, c.shown)
			if c.hidden == "" {
				continue
			}
			if _, shown := got[c.hidden]; !shown {
				t.Errorf("%s: an administrator does not see %s", c.body, c.hidden)
			}
			w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, id(got["id"]), w.agent)
			if v, shown := w.call("agent", "GET", fmt.Sprintf("{A}/inboxes/%d", id(got["id"])), "").object()[c.hidden]; shown {
				t.Errorf("%s: an agent sees %s: %v", c.body, c.hidden, v)
			}
		}
		for _, a := range []string{"bot_token", "7:abc", "8:abc"} {
			if list := w.call("admin", "GET", "{A}/inboxes", ""); strings.Contains(list.body, a) {
				t.Errorf("the list shows %s", a)
			}
		}
	})
}

// compare checks the keys of want only.
func compare(t *testing.T, name string, got map[string]any, want string) {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(want), &m); err != nil {
		t.Fatal(err)
	}
	part := map[string]any{}
	for k := range m {
		part[k] = got[k]
	}
	same(t, name, part, want)
}

func TestProviderRefusesCredentials(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const telegram = `{"channel":{"type":"telegram","bot_token":"7:abc"}}`
		w.refuse.Store(true)
		w.call("admin", "POST", "{A}/inboxes", telegram).want(422, `{"message":"Bot token invalid token","attributes":["bot_token"]}`)
		w.call("admin", "POST", "{A}/channels/twilio_channel", twilio("sms", "+15550009")).want(422, `{"error":"[HTTP 401] 20003 : Authenticate"}`)
		w.refuse.Store(false)
		w.silent.Store(true)
		if a := w.call("admin", "POST", "{A}/inboxes", telegram); a.status != 422 || strings.Contains(a.body, "abc") {
			t.Errorf("a provider that is away: got %d %s", a.status, a.body)
		}
		if a := w.call("admin", "POST", "{A}/channels/twilio_channel", twilio("sms", "+15550009")); a.status != 422 || strings.Contains(a.body, "s3cret") {
			t.Errorf("a provider that is away: got %d %s", a.status, a.body)
		}
		w.call("admin", "GET", "{A}/inboxes", "").want(200, `{"payload":[]}`)
	})
}

func twilio(medium, number string) string {
	return fmt.Sprintf(`{"twilio_channel":{"name":"Tw","medium":%q,"account_sid":"AC1","auth_token":"s3cret","phone_number":%q}}`, medium, number)
}

func TestTwilioChannel(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const path = "{A}/channels/twilio_channel"
		w.call("agent", "POST", path, twilio("sms", "+15550009")).want(401, `{"error":"You are not authorized to do this action"}`)
		for _, c := range []struct{ body, want string }{
			{`{}`, `{"error":"param is missing or the value is empty: twilio_channel"}`},
			{`{"twilio_channel":{}}`, `{"error":"param is missing or the value is empty: twilio_channel"}`},
			{strings.Replace(twilio("sms", "+1"), `"Tw"`, `" "`, 1), `{"error":"Validation failed: Name can't be blank"}`},
			{strings.Replace(twilio("sms", "+1"), `"AC1"`, `""`, 1), `{"error":"Validation failed: Account sid can't be blank"}`},
			{twilio("fax", "+1"), `{"error":"'fax' is not a valid medium"}`},
			{twilio("sms", ""), `{"error":"Validation failed: Messaging service sid can't be blank, Phone number can't be blank"}`},
		} {
			w.call("admin", "POST", path, c.body).want(422, c.want)
		}
		got := w.call("admin", "POST", path, twilio("whatsapp", "+15550009")).object()
		compare(t, "whatsapp", got, `{"name":"Tw","channel_type":"Channel::TwilioSms","medium":"whatsapp","phone_number":"whatsapp:+15550009",
			"messaging_service_sid":null,"account_sid":"AC1","auth_token":"s3cret","content_templates":{},"callback_webhook_url":"https://desk.example/twilio/callback"}`)
		if a := w.call("admin", "POST", path, twilio("whatsapp", "+15550009")); a.status != 422 || !strings.Contains(a.body, `{"error":"Validation failed: `) {
			t.Errorf("the same number again: got %d %s", a.status, a.body)
		}
	})
}

func TestUpdateInbox(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		path := fmt.Sprintf("{A}/inboxes/%d", w.line("l", false))
		got := w.call("admin", "PATCH", path, `{"name":" Renamed ","greeting_enabled":"true","greeting_message":"Hi <b>","timezone":"Europe/Berlin",
			"sender_name_type":"1","business_name":"Acme","enable_email_collect":0,"csat_config":{"message":"How?"},"csat_survey_enabled":true,
			"auto_assignment_config":{"max_assignment_limit":"10","other":1},"lock_to_single_conversation":true,"portal_id":null,
			"allow_messages_after_resolved":false,"out_of_office_message":"Away","working_hours_enabled":true,"enable_auto_assignment":false}`).object()
		compare(t, "settings", got, `{"name":"Renamed","greeting_enabled":true,"greeting_message":"Hi <b>","timezone":"Europe/Berlin","sender_name_type":"professional",
			"business_name":"Acme","enable_email_collect":false,"csat_config":{"display_type":"emoji","message":"How?","survey_rules":{"operator":"contains","values":[]}},
			"csat_survey_enabled":true,"auto_assignment_config":{"max_assignment_limit":"10"},"lock_to_single_conversation":true,
			"allow_messages_after_resolved":false,"out_of_office_message":"Away","working_hours_enabled":true,"enable_auto_assignment":false}`)
		got = w.call("admin", "PUT", path, `{"csat_config":{},"greeting_message":"null","business_name":null,"auto_assignment_config":null}`).object()
		compare(t, "kept and cleared", got, `{"name":"Renamed","greeting_message":null,"business_name":null,"auto_assignment_config":{},
			"csat_config":{"display_type":"emoji","message":"How?","survey_rules":{"operator":"contains","values":[]}},"timezone":"Europe/Berlin"}`)
		w.call("admin", "PATCH", path, `{"name":""}`).want(422, `{"message":"Name can't be blank","attributes":["name"]}`)
		w.call("admin", "PATCH", path, `{"name":"lost","timezone":"x"}`).want(422, `{"message":"Timezone is not included in the list","attributes":["timezone"]}`)
		if got := w.call("admin", "GET", path, "").object()["name"]; got != "Renamed" {
			t.Errorf("a refused change was stored: %v", got)
		}
	})
}

func TestUpdateWorkingHours(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		path := fmt.Sprintf("{A}/inboxes/%d", w.line("l", false))
		got := w.call("admin", "PATCH", path, `{"working_hours":[
			{"day_of_week":0,"closed_all_day":false,"open_hour":"10","open_minutes":30,"close_hour":12,"close_minutes":0},
			{"day_of_week":1,"open_hour":18},
			{"day_of_week":2,"open_all_day":true,"closed_all_day":false},
			{"day_of_week":3,"closed_all_day":true},
			{"day_of_week":4,"open_hour":25},
			{"day_of_week":5,"open_hour":null},
			{"day_of_week":6,"open_all_day":true}]}`).object()
		day := func(n int, closed, all bool, hours string) string {
			return fmt.Sprintf(`{"day_of_week":%d,"closed_all_day":%v,"open_all_day":%v,%s}`, n, closed, all, hours)
		}
		const usual = `"open_hour":9,"open_minutes":0,"close_hour":17,"close_minutes":0`
		same(t, "hours", got["working_hours"], "["+strings.Join([]string{
			day(0, false, false, `"open_hour":10,"open_minutes":30,"close_hour":12,"close_minutes":0`),
			day(1, false, false, usual), // would close before it opens: skipped
			day(2, false, true, `"open_hour":0,"open_minutes":0,"close_hour":23,"close_minutes":59`),
			day(3, true, false, usual),
			day(4, false, false, usual), // no such hour: skipped
			day(5, false, false, usual), // no hour: skipped
			day(6, true, false, `"open_hour":null,"open_minutes":null,"close_hour":null,"close_minutes":null`), // open and closed: skipped
		}, ",")+"]")
		for _, body := range []string{`{"working_hours":[{"day_of_week":7}]}`, `{"working_hours":[{}]}`} {
			w.call("admin", "PATCH", path, body).want(422, `{"message":"Day of week is not included in the list","attributes":["day_of_week"]}`)
		}
	})
}

func TestUpdateChannel(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		made := w.call("admin", "POST", "{A}/inboxes", `{"name":"Api","channel":{"type":"api","webhook_url":"https://a.example"}}`).object()
		path := fmt.Sprintf("{A}/inboxes/%d", id(made["id"]))
		got := w.call("admin", "PATCH", path, `{"channel":{"type":"line","webhook_url":"https://b.example","hmac_mandatory":"1","additional_attributes":{"k":1}}}`).object()
		compare(t, "json", got, `{"channel_type":"Channel::Api","webhook_url":"https://b.example","hmac_mandatory":true,"additional_attributes":{"k":1}}`)
		if got["hmac_token"] != made["hmac_token"] || got["inbox_identifier"] != made["inbox_identifier"] {
			t.Error("the change made new tokens")
		}

		var form bytes.Buffer
		mw := multipart.NewWriter(&form)
		for _, kv := range [][2]string{{"name", "Form"}, {"greeting_enabled", "true"}, {"greeting_message", "null"}, {"channel[webhook_url]", "https://c.example"}, {"channel[hmac_mandatory]", "false"}} {
			w.must(mw.WriteField(kv[0], kv[1]))
		}
		w.must(mw.Close())
		got = w.send("admin", "PATCH", path, mw.FormDataContentType(), form.String()).object()
		compare(t, "multipart", got, `{"name":"Form","greeting_enabled":true,"greeting_message":null,"webhook_url":"https://c.example","hmac_mandatory":false,"additional_attributes":{"k":1}}`)

		w.call("admin", "PATCH", path, `{"channel":{"additional_attributes":{"agent_reply_time_window":-1}}}`).
			want(422, `{"message":"Agent reply time window must be greater than 0","attributes":["agent_reply_time_window"]}`)
		for _, body := range []string{`{"channel":{}}`, `{"channel":{"type":"x"}}`, `{"channel":null}`, `{"channel":"x"}`, `{"channel":[1]}`} {
			compare(t, body, w.call("admin", "PATCH", path, body).object(), `{"webhook_url":"https://c.example"}`)
		}
	})
}

func TestDeleteInbox(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		path := fmt.Sprintf("{A}/inboxes/%d", w.line("l", false))
		const accepted = `{"message":"Your inbox deletion request will be processed in some time."}`
		w.call("admin", "DELETE", path, "").want(200, accepted)
		w.call("admin", "DELETE", path, "").want(200, accepted) // ordered twice is ordered once
		w.call("admin", "GET", path, "").object()               // until the job has run
	})
}
