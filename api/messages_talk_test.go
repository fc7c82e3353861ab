package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestEraseMessage(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		sent := id(w.call("agent", "POST", messagesOf1, `{"content":"wrong","content_type":"input_select","content_attributes":{"items":[{"title":"a","value":"b"}]}}`).object()["id"])
		w.exec(`INSERT INTO attachments (account_id, message_id, file_type, created_at, updated_at) VALUES ($1, $2, 0, 1, 1)`, w.account, sent)
		w.happened()
		path := fmt.Sprintf("%s/%d", messagesOf1, sent)
		got := w.call("agent", "DELETE", path, "").object()
		compare(t, "erased", got, `{"content":"This message was deleted","content_type":"text","content_attributes":{"deleted":true},"attachments":null}`)
		w.follows("erased", fmt.Sprintf(`message.updated {"performer_id":%d}`, w.agent))
		if n := w.count(`SELECT COUNT(*) FROM deliveries`); n != 0 {
			t.Errorf("%d orders to send what was erased", n)
		}
		w.call("agent", "DELETE", messagesOf1+"/999", "").want(404, missingBody)
		other := w.ids()[1]
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", messagesOf1, other), "").want(404, missingBody)
		w.shut("DELETE", fmt.Sprintf("/messages/%d", other), "")
		w.exec(`UPDATE accounts SET locale = 5`)
		w.exec(`UPDATE change_versions SET version = version + 1`)
		w.must(w.desk.Directory.Refresh(t.Context()))
		compare(t, "in the account's language", w.call("agent", "DELETE", path, "").object(), `{"content":"Diese Nachricht wurde gelöscht"}`)
	})
}

func TestTranslateMessage(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		talking(w)
		first := w.ids()[0]
		path := fmt.Sprintf("%s/%d/translate", messagesOf1, first)
		w.call("agent", "POST", path, `{"target_language":"de"}`).want(200, `{"content":null}`)
		w.exec(`UPDATE messages SET content_attributes = '{"translations":{"de":"hallo"}}' WHERE id = $1`, first)
		w.call("agent", "POST", path, `{"target_language":"de"}`).want(200, "")
		w.call("agent", "POST", path, `{"target_language":"fr"}`).want(200, `{"content":null}`)
		w.call("agent", "POST", path, `{}`).want(200, `{"content":null}`)
		w.call("agent", "POST", messagesOf1+"/999/translate", `{}`).want(404, missingBody)
		w.call("agent", "POST", fmt.Sprintf("%s/%d/translate", messagesOf1, w.ids()[1]), `{}`).want(404, missingBody)
		w.shut("POST", fmt.Sprintf("/messages/%d/translate", first), `{}`)
	})
}

// A message that is posted again, because its answer was lost, is not written twice.
func TestPostAgain(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := talking(w)
		w.receive(inbox, "U9", "other") // conversation 3
		post := func(role, path, body string) int64 {
			t.Helper()
			return id(w.call(role, "POST", path, body).object()["id"])
		}
		first := post("agent", messagesOf1, `{"content":"Hi","echo_id":"e-1"}`)
		w.happened()
		for _, c := range []struct {
			name, role, path, body string
			same                   bool
		}{
			{"again", "agent", messagesOf1, `{"content":"Hi","echo_id":"e-1"}`, true},
			{"whatever it says", "agent", messagesOf1, `{"content":"Hi!","private":true,"echo_id":"e-1"}`, true},
			{"somebody else", "admin", messagesOf1, `{"content":"Hi","echo_id":"e-1"}`, false},
			{"another conversation", "agent", "{A}/conversations/3/messages", `{"content":"Hi","echo_id":"e-1"}`, false},
			{"another name", "agent", messagesOf1, `{"content":"Hi","echo_id":"e-2"}`, false},
			{"no name", "agent", messagesOf1, `{"content":"Hi"}`, false},
			{"no name again", "agent", messagesOf1, `{"content":"Hi","echo_id":null}`, false},
		} {
			if got := post(c.role, c.path, c.body); (got == first) != c.same {
				t.Errorf("%s: message %d, the first is %d", c.name, got, first)
			}
			if c.same {
				w.follows(c.name, "")
			}
		}
		compare(t, "its answer", w.call("agent", "POST", messagesOf1, `{"content":"Hi","echo_id":"e-1"}`).object(), `{"content":"Hi","echo_id":"e-1","private":false}`)
		w.now.Add(int64(24 * time.Hour / time.Microsecond))
		if got := post("agent", messagesOf1, `{"content":"Hi","echo_id":"e-1"}`); got == first {
			t.Error("the name is the message's for ever")
		}
		w.happened()
		post("agent", messagesOf1, `{"content":"x","echo_id":17,"private":true}`)
		w.follows("a number", fmt.Sprintf(`message.created {"echo_id":17,"performer_id":%d}`, w.agent))
	})
}

func TestWordsInMessages(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		w.exec(`UPDATE contacts SET name = 'ann marie LEE', email = 'ann@example.com', custom_attributes = '{"plan":"pro"}'
			WHERE id = (SELECT contact_id FROM conversations WHERE display_id = 1 AND account_id = $1)`, w.account)
		w.exec(`UPDATE conversations SET custom_attributes = '{"order":7}'`)
		long := `{% assign a = "` + strings.Repeat("x", 1000) + `" %}` + strings.Repeat(`{% assign a = a | append: a %}`, 40) + `{{ a }}`
		for _, c := range [][2]string{
			{`Hi {{contact.name}}`, "Hi Ann Marie Lee"},
			{`{{ contact.first_name }} {{ contact.last_name }} {{contact.email}} {{contact.phone_number}}.`, "Ann Lee ann@example.com ."},
			{`{{ contact.custom_attribute.plan }} {{ conversation.custom_attribute.order }} {{conversation.display_id}} {{conversation.contact_name}}`, "pro 7 1 Ann Marie Lee"},
			{`{{agent.name}} {{agent.available_name}} {{agent.first_name}}.`, "Bo Bo ."},
			{`{{inbox.name}} of {{account.name}}`, "l of Acme"},
			{"see `{{ contact.name }}` {{agent.name}}", "see `{{ contact.name }}` Bo"},
			{`{{ contact.name`, `{{ contact.name`},
			{`{% if %}`, `{% if %}`},
			{`{% if contact.email %}mail{% else %}none{% endif %}`, "mail"},
			{`{{ nothing.there | default: "friend" }}`, "friend"},
			{`{% for i in (1..9) %}x{% endfor %}`, `{% for i in (1..9) %}x{% endfor %}`},
			{`{{ contact.name | json }}`, `{{ contact.name | json }}`},
			{`{{ "a b" | split: " " | join: "-" }} {{ "aa" | replace: "a", "b" }}`, "a-b bb"},
			{long, long},
			{"no places", "no places"},
		} {
			compare(t, c[0], w.call("agent", "POST", messagesOf1, `{"content":`+raw(t, c[0])+`}`).object(), `{"content":`+raw(t, c[1])+`}`)
		}
		compare(t, "by a bot", w.call("bot", "POST", messagesOf1, `{"content":"I am {{agent.name}}."}`).object(), `{"content":"I am ."}`)
		w.call("agent", "POST", messagesOf1, `{"content":"t","template_params":{"name":"t","processed_params":{"body":{"1":"{{contact.first_name}}"},"2":["{{agent.name}}",3]}}}`).object()
		if got := w.texts(`SELECT additional_attributes FROM messages ORDER BY id DESC LIMIT 1`)[0]; !strings.Contains(got, `"body":{"1":"Ann"}`) || !strings.Contains(got, `["Bo",3]`) {
			t.Errorf("parameters %s", got)
		}
	})
}

func TestMentions(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		outsider := w.member("outsider", "out@example.com", false)
		mention := func(user int64) string { return fmt.Sprintf("[@x](mention://user/%d/x)", user) }
		by := fmt.Sprintf(`"performer_id":%d`, w.admin)
		text := mention(w.agent) + " " + mention(outsider) + " " + mention(w.stranger) + " " + mention(999) + " " + mention(w.agent)
		w.call("admin", "POST", messagesOf1, `{"content":`+raw(t, text)+`}`).object()
		if n := w.count(`SELECT COUNT(*) FROM mentions`); n != 0 {
			t.Errorf("a message to the contact names %d", n)
		}
		w.happened()
		w.call("admin", "POST", messagesOf1, `{"private":true,"content":`+raw(t, text)+`}`).object()
		w.follows("note", "message.created {"+by+"}", fmt.Sprintf(`conversation.mentioned {%s,"user_id":%d}`, by, w.agent))
		if got := displayed(at(w.call("agent", "GET", "{A}/conversations?conversation_type=mention", "").object(), "data", "payload")); got != "1" {
			t.Errorf("where the agent is named: %q", got)
		}
		if got := displayed(at(w.call("admin", "GET", "{A}/conversations?conversation_type=mention", "").object(), "data", "payload")); got != "" {
			t.Errorf("where the administrator is named: %q", got)
		}
		if n := w.count(`SELECT COUNT(*) FROM conversation_participants WHERE user_id = $1`, w.agent); n != 1 {
			t.Errorf("who is named takes part %d times", n)
		}
		w.call("admin", "POST", messagesOf1, `{"private":true,"content":`+raw(t, text)+`}`).object()
		if n := w.count(`SELECT COUNT(*) FROM mentions`); n != 1 {
			t.Errorf("%d mentions of one user in one conversation", n)
		}
	})
}

// What a reply does to the clocks of its conversation, and what is told of it.
func TestReplyClocks(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := id(w.call("admin", "POST", "{A}/inboxes", `{"name":"Api","channel":{"type":"api"}}`).object()["id"])
		w.receive(inbox, "U1", "hello")
		w.exec(`DELETE FROM outbox`)
		by := fmt.Sprintf(`"performer_id":%d`, w.admin)
		post := func(body string) { t.Helper(); w.call("admin", "POST", messagesOf1, body).object() }
		post(`{"content":"note","private":true}`)
		w.follows("a note", "message.created {"+by+"}")
		post(`{"content":"rule","content_attributes":{"automation_rule_id":3}}`)
		w.follows("a rule", `message.created {"rule_id":3}`)
		post(`{"content":"campaign","campaign_id":4}`)
		w.follows("a campaign", "message.created {"+by+"}")
		post(`{"content":"first"}`)
		w.follows("the first answer", "message.created {"+by+"}", "first.reply.created {"+by+"}",
			"conversation.updated first_reply_created_at:false>true,waiting_since:true>false {"+by+"}")
		post(`{"content":"second"}`)
		w.follows("nobody waits", "message.created {"+by+"}")
		post(`{"content":"more","message_type":"incoming"}`)
		since := w.count(`SELECT CAST(waiting_since / 1000000 AS INTEGER) FROM conversations`)
		w.happened()
		w.now.Add(int64(time.Minute / time.Microsecond))
		post(`{"content":"third"}`)
		w.follows("the next answer", "message.created {"+by+"}", fmt.Sprintf(`reply.created {%s,"waiting_since":%d}`, by, since),
			"conversation.updated waiting_since:true>false {"+by+"}")

		// Somebody answered already, though nobody noted when.
		w.exec(`UPDATE conversations SET first_reply_created_at = NULL, status = 1`)
		post(`{"content":"back","message_type":"incoming"}`)
		if got := w.notes(); got != "The system reopened the conversation because a new message came in" {
			t.Errorf("note %q", got)
		}
		w.happened()
		post(`{"content":"fourth"}`)
		if got := w.happened(); strings.Contains(got, "first.reply.created") || !strings.Contains(got, "reply.created") {
			t.Errorf("a late first answer: %s", got)
		}
		// A clock that goes back takes nothing with it.
		before := w.text(`SELECT CAST(updated_at AS TEXT) FROM conversations`)
		w.now.Add(-int64(time.Hour / time.Microsecond))
		post(`{"content":"fifth"}`)
		w.eq("updated_at", w.text(`SELECT CAST(updated_at AS TEXT) FROM conversations`), before)
	})
}

func TestTemplatesOfTheDesk(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		w.call("admin", "PATCH", fmt.Sprintf("{A}/inboxes/%d", inbox), `{"greeting_enabled":true,"greeting_message":"Welcome {{contact.name}}"}`).object()
		said := func() string {
			t.Helper()
			return strings.Join(w.texts(`SELECT content FROM messages WHERE message_type = 3 ORDER BY id`), "|")
		}
		w.receive(inbox, "U1", "hello")
		w.eq("a greeting", said(), "Welcome Contact U1")
		if n := w.count(`SELECT COUNT(*) FROM deliveries d JOIN messages m ON m.id = d.message_id WHERE m.message_type = 3`); n != 1 {
			t.Errorf("%d greetings leave the house", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM conversations WHERE waiting_since IS NULL OR first_reply_created_at IS NOT NULL`); n != 0 {
			t.Error("a greeting is no answer")
		}
		w.receive(inbox, "U1", "anybody?")
		w.eq("once", said(), "Welcome Contact U1")
		w.exec(`DELETE FROM messages WHERE message_type = 3`)
		w.call("agent", "POST", messagesOf1, `{"content":"yes"}`).object()
		w.receive(inbox, "U1", "good")
		w.eq("nobody new", said(), "")

		// It is Friday, ten o'clock in UTC.
		w.call("admin", "PATCH", fmt.Sprintf("{A}/inboxes/%d", inbox), `{"greeting_enabled":false,"working_hours_enabled":true,"out_of_office_message":"We are closed",
			"timezone":"America/New_York"}`).object()
		w.receive(inbox, "U1", "still there?")
		w.eq("somebody answered a moment ago", said(), "")
		w.now.Add(int64(6 * time.Minute / time.Microsecond))
		w.receive(inbox, "U1", "hm")
		w.eq("closed", said(), "We are closed")
		w.receive(inbox, "U1", "hm hm")
		w.eq("once a day", said(), "We are closed")
		w.now.Add(int64(24 * time.Hour / time.Microsecond))
		w.receive(inbox, "U1", "and today")
		w.eq("the next day", said(), "We are closed|We are closed")
		w.exec(`DELETE FROM messages WHERE message_type = 3`)
		w.now.Add(int64(48 * time.Hour / time.Microsecond)) // Monday
		w.now.Add(int64(5 * time.Hour / time.Microsecond))  // ten in New York
		w.receive(inbox, "U1", "hello again")
		w.eq("open", said(), "")
	})
}

func TestMailListsAndSenders(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := talking(w)
		_ = inbox
		mail := id(w.call("admin", "POST", "{A}/inboxes", `{"name":"Mail","channel":{"type":"email","email":"help@example.com"}}`).object()["id"])
		w.receive(mail, "ann@example.com", "hello")
		const path = "{A}/conversations/3/messages"
		compare(t, "lists", w.call("admin", "POST", path, `{"content":"x","cc_emails":"a@example.com, b@example.com","bcc_emails":""}`).object(),
			`{"content_attributes":{"cc_emails":["a@example.com","b@example.com"],"bcc_emails":[],"to_emails":[]}}`)
		w.call("admin", "POST", path, `{"content":"x","to_emails":"a@example.com,nobody"}`).want(422, `{"error":"Invalid email address"}`)
		compare(t, "elsewhere", w.call("admin", "POST", messagesOf1, `{"content":"x","cc_emails":"a@example.com"}`).object(), `{"content_attributes":{}}`)
		w.exec(`UPDATE accounts SET features = features | $1`, int64(1)<<56)
		compare(t, "quoted", w.call("admin", "POST", path, `{"content":"a <b>\nc"}`).object(), `{"content_attributes":{"cc_emails":[],"bcc_emails":[],"to_emails":[],
			"email":{"html_content":{"full":"<p>a &lt;b&gt;<br>c</p>","reply":"<p>a &lt;b&gt;<br>c</p>"},"text_content":{"full":"a <b>\nc","reply":"a <b>\nc"}}}}`)

		var bot int64
		w.must(w.db.QueryRowContext(t.Context(), `SELECT MAX(id) FROM agent_bots`).Scan(&bot))
		got := w.call("agent", "POST", messagesOf1, fmt.Sprintf(`{"content":"x","sender_type":"AgentBot","sender_id":"%d"}`, bot)).object()
		if at(got, "sender", "type") != "agent_bot" || id(at(got, "sender", "id")) != bot {
			t.Errorf("in a bot's name: %v", got)
		}
		for _, body := range []string{`{"content":"x","sender_type":"AgentBot","sender_id":999}`, `{"content":"x","sender_type":"User","sender_id":1}`} {
			if got := w.call("agent", "POST", messagesOf1, body).object(); at(got, "sender", "type") != "user" || id(at(got, "sender", "id")) != w.agent {
				t.Errorf("%s: %v", body, got)
			}
		}
	})
}
