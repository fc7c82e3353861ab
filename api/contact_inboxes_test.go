package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// channelInboxes makes an inbox of every channel that agents can connect, and gives
// their ids by name.
func (w *world) channelInboxes() map[string]int64 {
	w.t.Helper()
	made := map[string]int64{"line": w.line("line", false)}
	for name, body := range map[string]string{
		"api": `{"name":"api","channel":{"type":"api"}}`, "site": websiteInbox, "mail": `{"name":"mail","channel":{"type":"email","email":"help@acme.example"}}`,
		"sms":      `{"name":"sms","channel":{"type":"sms","phone_number":"+15550001","provider_config":{"api_key":"k","api_secret":"s","application_id":"a","account_id":"1"}}}`,
		"wa":       `{"name":"wa","channel":{"type":"whatsapp","phone_number":"+15550003","provider_config":{"api_key":"k"}}}`,
		"telegram": `{"channel":{"type":"telegram","bot_token":"123456:ABC"}}`,
	} {
		made[name] = id(w.call("admin", "POST", "{A}/inboxes", body).object()["id"])
	}
	made["tsms"] = id(w.call("admin", "POST", "{A}/channels/twilio_channel", twilio("sms", "+15550009")).object()["id"])
	made["twa"] = id(w.call("admin", "POST", "{A}/channels/twilio_channel", twilio("whatsapp", "+15550010")).object()["id"])
	return made
}

// How a contact is addressed in an inbox of every channel, when nothing is said and
// when something is.
func TestContactAddresses(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inboxes := w.channelInboxes()
		full := w.contact(`{"email":"ana@example.com","phone_number":"+49301"}`)
		bare := w.contact(`{"name":"bare"}`)
		const (
			noPhone = `{"error":"param is missing or the value is empty: contact phone number"}`
			noMail  = `{"error":"param is missing or the value is empty: contact email"}`
			blank   = "Source can't be blank"
		)
		link := func(contact int64, inbox, more string) answer {
			return w.call("admin", "POST", fmt.Sprintf("{A}/contacts/%d/contact_inboxes", contact), overlay(t, fmt.Sprintf(`{"inbox_id":%d}`, inboxes[inbox]), more))
		}
		for inbox, c := range map[string]struct{ derived, without, form string }{
			"mail": {"ana@example.com", noMail, ""}, "sms": {"+49301", noPhone, ""}, "wa": {"49301", noPhone, "whatsapp inbox. valid Regex ^\\d{1,15}$"},
			"tsms": {"+49301", noPhone, "twilio sms inbox. valid Regex ^\\+\\d{1,15}$"}, "twa": {"whatsapp:+49301", noPhone, "twilio whatsapp inbox. valid Regex ^whatsapp:\\+\\d{1,15}$"},
			"line":     {"", `{"error":"Unsupported operation for this channel: Channel::Line"}`, ""},
			"telegram": {"", `{"error":"Unsupported operation for this channel: Channel::Telegram"}`, ""},
		} {
			link(bare, inbox, `{}`).want(422, c.without)
			link(bare, inbox, `{"source_id":""}`).want(422, invalidText("source_id", blank))
			link(bare, inbox, `{"source_id":"`+strings.Repeat("1", 256)+`"}`).want(422, invalidText("source_id", "Source is too long (maximum is 255 characters)"))
			if c.form != "" {
				link(bare, inbox, `{"source_id":"x"}`).want(422, invalidText("source_id", "Source invalid source id for "+c.form))
			}
			// The same of a new contact, who is not made then.
			count := w.number(`SELECT COUNT(*) FROM contacts`)
			w.call("agent", "POST", "{A}/contacts", fmt.Sprintf(`{"name":"x","inbox_id":%d}`, inboxes[inbox])).want(422, c.without)
			if n := w.number(`SELECT COUNT(*) FROM contacts`); n != count {
				t.Errorf("%s: %d contacts, want %d", inbox, n, count)
			}
			if c.derived == "" {
				link(full, inbox, `{}`).want(422, c.without)
				continue
			}
			got := link(full, inbox, `{"source_id":null}`).object()
			if got["source_id"] != c.derived || id(at(got, "inbox", "id")) != inboxes[inbox] {
				t.Errorf("%s: %v", inbox, got)
			}
			link(full, inbox, `{"hmac_verified":true}`).object()
			w.eq("of "+inbox, w.text(`SELECT source_id || ' ' || CASE WHEN hmac_verified THEN 'verified' ELSE 'not' END FROM contact_inboxes WHERE inbox_id = $1`, inboxes[inbox]), c.derived+" not")
			// Somebody else gets the address: it is theirs from then on.
			link(bare, inbox, `{"source_id":"`+c.derived+`"}`).object()
			w.eq("taken over", w.text(`SELECT CAST(contact_id AS TEXT) FROM contact_inboxes WHERE inbox_id = $1 AND source_id = $2`, inboxes[inbox], c.derived), fmt.Sprint(bare))
			former := w.text(`SELECT source_id FROM contact_inboxes WHERE inbox_id = $1 AND contact_id = $2`, inboxes[inbox], full)
			if inbox == "mail" && (len(former) != len(c.derived)+1 || !strings.HasSuffix(former, c.derived)) || inbox != "mail" && !strings.HasPrefix(former, "whatsapp:"+c.derived) {
				t.Errorf("%s: the former address is %q", inbox, former)
			}
		}
		for _, inbox := range []string{"api", "site"} {
			first := link(full, inbox, `{}`).object()["source_id"].(string)
			if second := link(full, inbox, `{}`).object()["source_id"]; len(first) != 36 || second == first {
				t.Errorf("%s: %v and %v", inbox, first, second)
			}
			link(bare, inbox, `{"source_id":"mine","hmac_verified":true}`).object()
			link(full, inbox, `{"source_id":"mine"}`).want(422, invalidText("source_id", "Source has already been taken"))
			w.eq("verified", w.text(`SELECT source_id FROM contact_inboxes WHERE hmac_verified AND inbox_id = $1`, inboxes[inbox]), "mine")
		}
		same(t, "shown", link(bare, "line", `{"source_id":"U1"}`).object(), fmt.Sprintf(
			`{"source_id":"U1","inbox":{"id":%d,"avatar_url":"","channel_id":%s,"name":"line","channel_type":"Channel::Line","provider":null}}`,
			inboxes["line"], w.text(`SELECT CAST(channel_id AS TEXT) FROM inboxes WHERE id = $1`, inboxes["line"])))

		// With a new contact.
		got := w.call("agent", "POST", "{A}/contacts", fmt.Sprintf(`{"name":"new","inbox_id":"%d","source_id":"s1"}`, inboxes["api"])).object()
		compare(t, "address", at(got, "payload", "contact_inbox").(map[string]any), `{"source_id":"s1"}`)
		record := at(got, "payload", "contact_inbox", "inbox").(map[string]any)
		stamps := fmt.Sprintf(`{"created_at":%q,"updated_at":%q}`, record["created_at"], record["updated_at"])
		same(t, "inbox", record, overlay(t, fmt.Sprintf(`{"id":%d,"channel_id":%d,"account_id":%d,"name":"api","channel_type":"Channel::Api","enable_auto_assignment":true,
			"greeting_enabled":false,"greeting_message":null,"email_address":null,"working_hours_enabled":false,"out_of_office_message":null,"timezone":"UTC","enable_email_collect":true,
			"csat_survey_enabled":false,"allow_messages_after_resolved":true,"auto_assignment_config":{},"lock_to_single_conversation":false,"portal_id":null,
			"sender_name_type":"friendly","business_name":null,"csat_config":{}}`, inboxes["api"], w.number(`SELECT channel_id FROM inboxes WHERE id = $1`, inboxes["api"]), w.account), stamps))
		same(t, "with it", at(got, "payload", "contact", "contact_inboxes", 0, "source_id"), `"s1"`)

		// Who may.
		path := fmt.Sprintf("{A}/contacts/%d/contact_inboxes", full)
		w.call("agent", "POST", path, fmt.Sprintf(`{"inbox_id":%d}`, inboxes["api"])).want(401, refusedText)
		for _, body := range []string{`{}`, `{"inbox_id":999}`, `{"inbox_id":null}`} {
			w.call("agent", "POST", path, body).want(404, missingText)
		}
		w.call("agent", "POST", path, `{"inbox_id":"x"}`).want(422, invalidText("inbox_id", "Inbox is not a number"))
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, inboxes["api"], w.agent)
		w.call("agent", "POST", path, fmt.Sprintf(`{"inbox_id":%d}`, inboxes["api"])).object()
	})
}

func TestContactableInboxes(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inboxes := w.channelInboxes()
		full := w.contact(`{"email":"ana@example.com","phone_number":"+49301"}`)
		bare := w.contact(`{"name":"bare"}`)
		list := func(role string, contact int64) map[int64]string {
			t.Helper()
			out := map[int64]string{}
			got := w.call(role, "GET", fmt.Sprintf("{A}/contacts/%d/contactable_inboxes", contact), "").object()["payload"].([]any)
			last := int64(0)
			for _, one := range got {
				inbox := id(at(one, "inbox", "id"))
				if inbox <= last {
					t.Errorf("not in order: %v", got)
				}
				last = inbox
				out[inbox], _ = at(one, "source_id").(string)
			}
			return out
		}
		fresh := func(got map[int64]string) {
			t.Helper()
			if len(got[inboxes["api"]]) != 36 {
				t.Errorf("api: %v", got)
			}
			delete(got, inboxes["api"])
		}
		got := list("admin", full)
		fresh(got)
		same(t, "all", got, raw(t, map[int64]string{inboxes["mail"]: "ana@example.com", inboxes["sms"]: "+49301", inboxes["wa"]: "49301", inboxes["tsms"]: "+49301", inboxes["twa"]: "whatsapp:+49301"}))
		got = list("admin", bare)
		fresh(got)
		same(t, "of a contact without addresses", got, `{}`)
		w.eq("none is stored", w.text(`SELECT source_id FROM contact_inboxes`), "")

		for _, source := range []string{"first", "second"} {
			for _, inbox := range []string{"api", "site"} {
				w.call("admin", "POST", fmt.Sprintf("{A}/contacts/%d/contact_inboxes", bare), fmt.Sprintf(`{"inbox_id":%d,"source_id":%q}`, inboxes[inbox], source)).object()
			}
		}
		same(t, "the latest", list("admin", bare), raw(t, map[int64]string{inboxes["api"]: "second", inboxes["site"]: "second"}))
		w.exec(`INSERT INTO conversations (account_id, inbox_id, contact_id, contact_inbox_id, display_id, uuid, last_activity_at, created_at, updated_at)
			SELECT $1, inbox_id, contact_id, id, id, 'u' || id, 1, 1, 1 FROM contact_inboxes WHERE source_id = 'second'`, w.account)
		same(t, "used ones", list("admin", bare), raw(t, map[int64]string{inboxes["api"]: "second"}))
		same(t, "of no inbox", list("agent", bare), `{}`)
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, inboxes["sms"], w.agent)
		same(t, "of their own inboxes", list("agent", full), raw(t, map[int64]string{inboxes["sms"]: "+49301"}))
		compare(t, "shown", at(w.call("agent", "GET", fmt.Sprintf("{A}/contacts/%d/contactable_inboxes", full), "").object(), "payload", 0).(map[string]any),
			fmt.Sprintf(`{"source_id":"+49301","inbox":{"id":%d,"avatar_url":"","channel_id":%d,"name":"sms","channel_type":"Channel::Sms","provider":"default"}}`,
				inboxes["sms"], w.number(`SELECT channel_id FROM inboxes WHERE id = $1`, inboxes["sms"])))
	})
}

func TestContactOfAddress(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		mine, others := w.line("mine", true), w.line("others", false)
		w.receive(mine, "U1", "x")
		w.receive(others, "V1", "x")
		const path = "{A}/contact_inboxes/filter"
		contact := w.number(`SELECT contact_id FROM contact_inboxes WHERE source_id = 'U1'`)
		got := w.call("agent", "POST", path, fmt.Sprintf(`{"inbox_id":%d,"source_id":"U1"}`, mine)).object()
		same(t, "found", got, raw(t, w.call("agent", "GET", fmt.Sprintf("{A}/contacts/%d", contact), "").object()["payload"]))
		if at(got, "contact_inboxes", 0, "source_id") != "U1" {
			t.Errorf("without inboxes: %v", got)
		}
		for _, body := range []string{fmt.Sprintf(`{"inbox_id":%d,"source_id":"V1"}`, mine), fmt.Sprintf(`{"inbox_id":%d}`, mine), fmt.Sprintf(`{"inbox_id":%d,"source_id":""}`, mine)} {
			w.call("agent", "POST", path, body).want(404, "")
		}
		w.call("agent", "POST", path, fmt.Sprintf(`{"inbox_id":%d,"source_id":"V1"}`, others)).want(401, refusedText)
		for _, body := range []string{`{}`, `{"inbox_id":999,"source_id":"U1"}`} {
			w.call("admin", "POST", path, body).want(404, missingText)
		}
		w.call("stranger", "POST", path, `{}`).want(401, `{"error":"You are not authorized to access this account"}`)
	})
}
