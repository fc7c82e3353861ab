package api_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"
)

const newConversation = "{A}/conversations"

func TestCreateConversation(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := id(w.call("admin", "POST", "{A}/inboxes", `{"name":"Api","channel":{"type":"api"}}`).object()["id"])
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, inbox, w.agent)
		contact := id(at(w.call("admin", "POST", "{A}/contacts", `{"name":"Ann"}`).object(), "payload", "contact", "id"))
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"help","allow_auto_assign":false}`).object()["id"])
		w.exec(`INSERT INTO team_members (team_id, user_id, created_at) VALUES ($1, $2, 1)`, team, w.agent)
		w.exec(`DELETE FROM outbox`)
		body := func(more string) string {
			return fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d%s}`, inbox, contact, more)
		}
		by := fmt.Sprintf(`{"performer_id":%d}`, w.agent)

		got := w.call("agent", "POST", newConversation, body(fmt.Sprintf(`,"source_id":"S1","additional_attributes":{"referer":"no page","x":1},
			"custom_attributes":{"plan":"pro"},"assignee_id":%d,"team_id":"%d","hmac_verified":true,"message":{"content":"Hello"}`, w.agent, team))).object()
		compare(t, "created", got, `{"id":1,"status":"open","additional_attributes":{"referer":null,"x":1},"custom_attributes":{"plan":"pro"},"labels":[]}`)
		if at(got, "meta", "sender", "name") != "Ann" || id(at(got, "meta", "assignee", "id")) != w.agent || id(at(got, "meta", "team", "id")) != team ||
			at(got, "meta", "hmac_verified") != true || at(got, "messages", 0, "content") != "Hello" {
			t.Errorf("created: %v", got)
		}
		w.follows("created", "conversation.created "+by, "team.changed "+by, "assignee.changed "+by, "message.created "+by, "first.reply.created "+by,
			"conversation.updated first_reply_created_at:false>true,waiting_since:true>false "+by)
		if n := w.count(`SELECT COUNT(*) FROM conversation_participants WHERE user_id = $1`, w.agent); n != 1 {
			t.Errorf("the assignee takes part %d times", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM messages WHERE message_type = 2`); n != 0 {
			t.Errorf("%d notes", n)
		}

		// The same address again, by itself, and one that is made.
		compare(t, "by the address", w.call("agent", "POST", newConversation, `{"source_id":"S1"}`).object(), `{"id":2,"messages":[],"inbox_id":`+fmt.Sprint(inbox)+`}`)
		compare(t, "a made one", w.call("admin", "POST", newConversation, body("")).object(), `{"id":3,"status":"open"}`)
		if n := w.count(`SELECT COUNT(DISTINCT contact_inbox_id) FROM conversations`); n != 2 {
			t.Errorf("%d addresses", n)
		}
		for _, c := range [][2]string{
			{`,"status":"snoozed","snoozed_until":"2030-01-01T00:00:00Z"`, `{"status":"snoozed","snoozed_until":"2030-01-01T00:00:00.000Z"}`},
			{`,"status":"snoozed","snoozed_until":"2030-01-01"`, `{"status":"snoozed","snoozed_until":"2030-01-01T00:00:00.000Z"}`},
			{`,"status":"pending","snoozed_until":"2030-01-01"`, `{"status":"pending","snoozed_until":null}`},
			{`,"status":1`, `{"status":"resolved","waiting_since":0}`},
			{`,"assignee_id":0,"team_id":"none","additional_attributes":"text"`, `{"status":"open","additional_attributes":{}}`},
			{fmt.Sprintf(`,"assignee_id":%d,"team_id":999`, w.stranger), `{"status":"open"}`},
		} {
			got := w.call("agent", "POST", newConversation, body(c[0])).object()
			compare(t, c[0], got, c[1])
			if at(got, "meta", "assignee") != nil || at(got, "meta", "team") != nil {
				t.Errorf("%s: %v", c[0], got["meta"])
			}
		}
		w.happened()
		before := w.count(`SELECT COUNT(*) FROM conversations`)
		other := id(at(w.call("admin", "POST", "{A}/contacts", `{"name":"Other"}`).object(), "payload", "contact", "id"))
		w.exec(`DELETE FROM outbox`)
		for _, c := range []struct {
			role, body string
			status     int
			want       string
		}{
			{"agent", `{}`, 404, missingBody},
			{"agent", `{"source_id":"nobody"}`, 404, missingBody},
			{"agent", fmt.Sprintf(`{"inbox_id":%d}`, inbox), 404, missingBody},
			{"agent", `{"inbox_id":999,"contact_id":1}`, 404, missingBody},
			{"agent", fmt.Sprintf(`{"inbox_id":%d,"contact_id":999}`, inbox), 404, missingBody},
			{"agent", fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d}`, w.line("others", false), contact), 401, refusedBody},
			{"agent", fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d,"source_id":"S1"}`, inbox, other), 422, `{"error":"source_id should be unique"}`},
			{"agent", body(`,"status":"gone"`), 422, `{"message":"Status is not included in the list","attributes":["status"]}`},
			{"agent", body(`,"status":"snoozed","snoozed_until":"soon"`), 422, `{"message":"Snoozed until is invalid","attributes":["snoozed_until"]}`},
			{"agent", body(`,"custom_attributes":{"a":10000000000}`), 422, `{"message":"Custom attributes a value should be < 9999999999","attributes":["custom_attributes"]}`},
			{
				"agent", body(`,"additional_attributes":{"a":"` + strings.Repeat("x", 1501) + `"}`), 422,
				`{"message":"Additional attributes a length should be < 1500","attributes":["additional_attributes"]}`,
			},
			{"agent", body(`,"message":{"content":"x","content_type":"fax"}`), 422, `{"error":"'fax' is not a valid content_type"}`},
			{
				"agent", body(`,"message":{"content":"` + strings.Repeat("x", 150001) + `"}`), 422,
				`{"error":"Validation failed: Content is too long (maximum is 150000 characters)"}`,
			},
		} {
			w.call(c.role, "POST", newConversation, c.body).want(c.status, c.want)
		}
		if n := w.count(`SELECT COUNT(*) FROM conversations`); n != before {
			t.Errorf("refusals made %d conversations", n-before)
		}
		w.exec(`DELETE FROM outbox WHERE kind LIKE 'account.%'`)
		w.follows("refused", "")
	})
}

func TestCreateConversationRules(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := id(w.call("admin", "POST", "{A}/inboxes", `{"name":"Api","lock_to_single_conversation":true,"channel":{"type":"api"}}`).object()["id"])
		contact := id(at(w.call("admin", "POST", "{A}/contacts", `{"name":"Ann"}`).object(), "payload", "contact", "id"))
		bot := w.bot("bot")
		w.call("admin", "POST", fmt.Sprintf("{A}/inboxes/%d/set_agent_bot", inbox), fmt.Sprintf(`{"agent_bot":%d}`, bot)).want(200, "")
		w.exec(`DELETE FROM outbox`)
		body := func(more string) string {
			return fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d,"source_id":"S"%s}`, inbox, contact, more)
		}
		by := fmt.Sprintf(`{"bot_id":%d}`, bot)
		compare(t, "for the bot", w.call("bot", "POST", newConversation, body(`,"status":"resolved","message":{"content":"Hi"}`)).object(), `{"id":1,"status":"pending"}`)
		w.follows("by the bot", "conversation.created "+by, "message.created "+by)
		w.exec(`UPDATE conversations SET status = 1`)
		got := w.call("admin", "POST", newConversation, body(`,"status":"open","custom_attributes":{"x":1},"message":{"content":"Again"}`)).object()
		compare(t, "the one there is", got, `{"id":1,"status":"resolved","custom_attributes":{}}`)
		if at(got, "messages", 0, "content") != "Again" {
			t.Errorf("its message: %v", got["messages"])
		}
		w.exec(`DELETE FROM conversations`)
		w.exec(`UPDATE contacts SET blocked = TRUE`)
		compare(t, "with a blocked contact", w.call("admin", "POST", newConversation, body(`,"status":"open"`)).object(), `{"status":"resolved","muted":true}`)

		line := w.line("l", false)
		w.call("admin", "POST", newConversation, fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d}`, line, contact)).
			want(422, `{"error":"Unsupported operation for this channel: Channel::Line"}`)
		var form bytes.Buffer
		mw := multipart.NewWriter(&form)
		for _, kv := range [][2]string{{"inbox_id", fmt.Sprint(line)}, {"contact_id", fmt.Sprint(contact)}, {"source_id", "U9"}, {"message[content]", "Look"}, {"message[private]", "false"}} {
			w.must(mw.WriteField(kv[0], kv[1]))
		}
		part, err := mw.CreateFormFile("message[attachments][]", "a.txt")
		w.must(err)
		_, err = part.Write([]byte("text"))
		w.must(err)
		w.must(mw.Close())
		got = w.send("admin", "POST", newConversation, mw.FormDataContentType(), form.String()).object()
		if at(got, "messages", 0, "content") != "Look" || at(got, "messages", 0, "attachments", 0, "file_type") != "file" {
			t.Errorf("by a form: %v", got["messages"])
		}
		if n := w.count(`SELECT COUNT(*) FROM deliveries d JOIN conversations c ON c.id = d.conversation_id`); n != 1 {
			t.Errorf("%d messages leave the house", n)
		}
	})
}
