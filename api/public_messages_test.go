package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestPublicMessages(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		_, contacts := w.shop(shop, nil)
		w.public("POST", contacts, `{"source_id":"s1","name":"Ann"}`).object()
		w.public("POST", contacts+"/s1/conversations", "").object()
		path := contacts + "/s1/conversations/1/messages"
		w.public("GET", path, "").want(200, `[]`)
		got := w.public("POST", path, `{"content":"two <b> & 😢","echo_id":"e1","message_type":"outgoing","private":true,"source_id":"x"}`).object()
		contact := fmt.Sprint(id(at(got, "sender", "id")))
		same(t, "made", got, fmt.Sprintf(`{"id":%d,"content":"two <b> & 😢","message_type":0,"content_type":"text","content_attributes":{},"created_at":%d,"conversation_id":1,
			"sender":{"additional_attributes":{},"custom_attributes":{},"email":null,"id":%s,"identifier":null,"name":"Ann","phone_number":null,"thumbnail":"","blocked":false,"type":"contact"}}`,
			id(got["id"]), id(got["created_at"]), contact))
		w.eq("waiting", w.text(`SELECT CASE WHEN c.last_incoming_at = m.created_at AND p.last_activity_at = m.created_at THEN 'touched' ELSE 'not' END
			FROM conversations c JOIN messages m ON m.conversation_id = c.id JOIN contacts p ON p.id = c.contact_id`), "touched")
		if empty := w.public("POST", path, `{}`).object(); empty["content"] != nil {
			t.Errorf("empty: got %v", empty)
		}
		contentType, body := form(t, map[string]string{"content": "from a form", "echo_id": "e2"}, "")
		if got := w.send("", "POST", path, contentType, body).object(); got["content"] != "from a form" {
			t.Errorf("form: got %v", got)
		}
		w.public("POST", path, `{"attachments":["nonsense"]}`).want(422, `{"message":"Attachments signed id is invalid","attributes":["base"]}`)
		w.public("POST", path, `{"content":"`+strings.Repeat("é", 150_001)+`"}`).want(422, `{"message":"Content is too long (maximum is 150000 characters)","attributes":["content"]}`)

		w.call("admin", "POST", "{A}/conversations/1/messages", `{"content":"note","private":true}`).object()
		w.call("admin", "POST", "{A}/conversations/1/messages", `{"content":"answer"}`).object()
		for i := range 17 {
			w.public("POST", path, fmt.Sprintf(`{"content":"m%d"}`, i)).object()
		}
		contents := func(query string) (list []string, ids []int64) {
			for _, m := range w.public("GET", path+query, "").array() {
				list = append(list, fmt.Sprint(at(m, "content")))
				ids = append(ids, id(at(m, "id")))
			}
			return list, ids
		}
		page, ids := contents("")
		if len(page) != 20 || page[0] != "<nil>" || page[2] != "answer" || page[19] != "m16" {
			t.Errorf("latest: got %q", page)
		}
		earlier, _ := contents(fmt.Sprint("?before=", ids[3]))
		if strings.Join(earlier, ",") != "two <b> & 😢,<nil>,from a form,answer" {
			t.Errorf("before: got %q", earlier)
		}
		for _, p := range []string{contacts + "/s1/conversations/2/messages", contacts + "/s2/conversations/1/messages"} {
			w.public("POST", p, `{"content":"x"}`).want(404, notFoundByNumber)
			w.public("GET", p, "").want(404, notFoundByNumber)
		}
		for range 200 - 21 - 1 {
			w.exec(`INSERT INTO messages (account_id, inbox_id, conversation_id, message_type, created_at, updated_at)
				SELECT account_id, inbox_id, id, 0, $1, $1 FROM conversations`, w.now.Load())
		}
		w.public("POST", path, `{"content":"flood"}`).want(422, `{"message":"Too many messages","attributes":["base"]}`)
	})
}

// A customer's system that is not sure posts its message again: the answer is the
// message that there is.
func TestPublicMessagesAreStoredOnce(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		_, contacts := w.shop(shop, nil)
		for _, source := range []string{"s1", "s2"} {
			w.public("POST", contacts, `{"source_id":"`+source+`"}`).object()
			w.public("POST", contacts+"/"+source+"/conversations", "").object()
		}
		path := contacts + "/s1/conversations/1/messages"
		post := func(path, body string) int64 { return id(w.public("POST", path, body).object()["id"]) }
		first := post(path, `{"content":"hello","echo_id":"e1"}`)
		contentType, body := form(t, map[string]string{"content": "a file", "echo_id": "e2"}, "a.txt")
		file := id(w.send("", "POST", path, contentType, body).object()["id"])
		events := w.text(`SELECT COUNT(*) FROM outbox`)
		if again := post(path, `{"content":"hello","echo_id":"e1"}`); again != first {
			t.Errorf("again: got %d, want %d", again, first)
		}
		if again := id(w.send("", "POST", path, contentType, body).object()["id"]); again != file {
			t.Errorf("the file again: got %d, want %d", again, file)
		}
		w.eq("messages", w.text(`SELECT COUNT(*) FROM messages`), "2")
		w.eq("attachments", w.text(`SELECT COUNT(*) FROM attachments`), "1")
		w.eq("files", w.text(`SELECT COUNT(*) FROM blobs`), "1")
		w.eq("events", w.text(`SELECT COUNT(*) FROM outbox`), events)

		// Another content, another conversation, no name, or another day: another
		// message.
		number := post(path, `{"content":"hello","echo_id":1}`)
		if again := post(path, `{"content":"hello","echo_id":1}`); again != number {
			t.Errorf("a number again: got %d, want %d", again, number)
		}
		for _, other := range []string{`{"content":"hello!","echo_id":"e1"}`, `{"content":"hello","echo_id":""}`, `{"content":"hello","echo_id":null}`, `{"content":"hello"}`} {
			if made := post(path, other); made <= number {
				t.Errorf("%s: got %d", other, made)
			}
		}
		if made := post(contacts+"/s2/conversations/2/messages", `{"content":"hello","echo_id":"e1"}`); made <= number {
			t.Errorf("in another conversation: got %d", made)
		}
		w.after(1)
		next := post(path, `{"content":"hello","echo_id":"e1"}`)
		if next <= number || post(path, `{"content":"hello","echo_id":"e1"}`) != next {
			t.Errorf("the next day: got %d", next)
		}
	})
}

func TestPublicAnswers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		_, contacts := w.shop(shop, nil)
		w.public("POST", contacts, `{"source_id":"s1"}`).object()
		w.public("POST", contacts+"/s1/conversations", "").object()
		path := contacts + "/s1/conversations/1/messages/"
		ask := func(body string) string {
			return fmt.Sprint(path, id(w.call("admin", "POST", "{A}/conversations/1/messages", body).object()["id"]))
		}
		choice := ask(`{"content":"?","content_type":"input_select","content_attributes":{"items":[{"title":"A","value":"a"}]}}`)
		w.exec(`DELETE FROM outbox`)
		got := w.public("PATCH", choice, `{"submitted_values":[{"name":"n","title":"A","value":"a","other":1}]}`).object()
		same(t, "choice", got["content_attributes"], `{"items":[{"title":"A","value":"a"}],"submitted_values":[{"name":"n","title":"A","value":"a"}]}`)
		w.eq("event", w.text(`SELECT kind FROM outbox`), "message.updated")
		w.public("PUT", choice, `{}`).object()
		w.eq("no event", w.text(`SELECT kind FROM outbox`), "message.updated")
		mail := ask(`{"content":"?","content_type":"input_email"}`)
		same(t, "mail", w.public("PATCH", mail, `{"submitted_email":"Ann@Example.com"}`).object()["content_attributes"], `{"submitted_email":"ann@example.com"}`)
		w.public("PATCH", mail, `{"submitted_email":"nobody"}`).want(422, `{"message":"Submitted email is invalid","attributes":["submitted_email"]}`)

		survey := ask(`{"content":"How was it?","content_type":"input_csat"}`)
		w.after(14)
		got = w.public("PATCH", survey, `{"submitted_values":{"csat_survey_response":{"rating":"5","feedback_message":"fine","x":1}}}`).object()
		same(t, "survey", got["content_attributes"], `{"submitted_values":{"csat_survey_response":{"feedback_message":"fine","rating":5}}}`)
		for _, body := range []string{`{"submitted_values":{"csat_survey_response":{"rating":6}}}`, `{"submitted_values":{"csat_survey_response":{"rating":[]}}}`} {
			w.public("PATCH", survey, body).want(422, `{"message":"Rating is not included in the list","attributes":["rating"]}`)
		}
		for _, body := range []string{`{"submitted_values":"x"}`, `{"submitted_values":[1]}`, `{"submitted_values":{"csat_survey_response":1}}`} {
			w.public("PATCH", survey, body).want(422, `{"message":"Submitted values is invalid","attributes":["submitted_values"]}`)
		}
		w.after(1)
		w.public("PATCH", survey, `{"submitted_values":{}}`).want(422, `{"error":"You cannot update the CSAT survey after 14 days"}`)
		w.public("PATCH", choice, `{"submitted_values":[]}`).object()

		note := ask(`{"content":"note","private":true}`)
		w.public("POST", contacts, `{"source_id":"s2"}`).object()
		for _, p := range []string{note, path + "999", strings.Replace(choice, "/s1/", "/s2/", 1)} {
			w.public("PATCH", p, `{"submitted_values":[]}`).want(404, notFoundByNumber)
		}
	})
}

func TestMessageStatus(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox, contacts := w.shop(shop, nil)
		w.public("POST", contacts, `{"source_id":"s1"}`).object()
		w.public("POST", contacts+"/s1/conversations", "").object()
		message := id(w.call("admin", "POST", "{A}/conversations/1/messages", `{"content":"x"}`).object()["id"])
		path := fmt.Sprint("{A}/conversations/1/messages/", message)
		for _, step := range [][3]string{
			{`{"status":"failed","external_error":"offline"}`, "failed", `{"external_error":"offline"}`},
			{`{"status":"lost"}`, "failed", `{"external_error":"offline"}`},
			{`{"status":"delivered","external_error":"ignored"}`, "delivered", `{}`},
			{`{"status":"sent"}`, "delivered", `{}`},
			{`{"status":"read"}`, "read", `{}`},
			{`{"status":"delivered"}`, "read", `{}`},
			{`{"status":"failed"}`, "read", `{}`},
		} {
			got := w.call("admin", "PATCH", path, step[0]).object()
			same(t, step[0], []any{got["status"], got["content_attributes"]}, fmt.Sprintf(`[%q,%s]`, step[1], step[2]))
		}
		w.eq("events", w.text(`SELECT kind FROM outbox WHERE kind = 'message.updated'`), "message.updated message.updated message.updated")
		w.call("agent", "PATCH", path, `{"status":"read"}`).want(401, `{"error":"You are not authorized to do this action"}`)
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, inbox, w.agent)
		w.call("agent", "PUT", path, `{"status":"read"}`).object()
		for _, p := range []string{"{A}/conversations/1/messages/999", "{A}/conversations/9/messages/1"} {
			w.call("admin", "PATCH", p, `{"status":"read"}`).want(404, `{"error":"Resource could not be found"}`)
		}
		w.receive(w.line("l", false), "U1", "hi")
		w.call("admin", "PATCH", "{A}/conversations/2/messages/1", `{"status":"read"}`).want(403, `{"error":"Message status update is only allowed for API inboxes"}`)
	})
}

// array decodes a list.
func (a answer) array() []any {
	a.t.Helper()
	var list []any
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || a.status != 200 {
		a.t.Fatalf("%s: got %d %s: %v", a.name, a.status, a.body, err)
	}
	return list
}
