package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestContactMerge(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("shop", true)
		w.receive(inbox, "U1", "one")
		mergee := w.number(`SELECT contact_id FROM contact_inboxes`)
		w.call("agent", "PATCH", fmt.Sprintf("{A}/contacts/%d", mergee), `{"name":"Gone","email":"gone@example.com","identifier":"gone","blocked":true,
			"additional_attributes":{"a":{"x":1,"y":1},"only":1,"empty":"theirs"},"custom_attributes":{"c":1,"d":1}}`).object()
		w.call("agent", "POST", fmt.Sprintf("{A}/contacts/%d/notes", mergee), `{"content":"note"}`).object()
		w.call("agent", "POST", fmt.Sprintf("{A}/contacts/%d/labels", mergee), `{"labels":["gone"]}`).object()
		base := w.contact(`{"phone_number":"+491","identifier":"base","additional_attributes":{"a":{"x":2,"z":2},"empty":""},"custom_attributes":{"c":2}}`)
		w.news()
		const path = "{A}/actions/contact_merge"
		body := fmt.Sprintf(`{"base_contact_id":%d,"mergee_contact_id":"%d"}`, base, mergee)
		got := w.call("agent", "POST", path, body).object()
		const values = `{"name":"Gone","email":"gone@example.com","phone_number":"+491","identifier":"base",
			"additional_attributes":{"a":{"x":2,"y":1,"z":2},"only":1,"empty":""},"custom_attributes":{"c":2,"d":1}}`
		same(t, "merged", got, w.contactText(base, values))
		w.eq("events", w.contactNews(), strings.Join([]string{
			fmt.Sprintf("conversation.contact_changed %d by %d []", base, w.agent), fmt.Sprintf("contact.deleted %d by %d []", mergee, w.agent),
			fmt.Sprintf("contact.merged %d by %d []", base, w.agent),
			fmt.Sprintf("contact.updated %d by %d [name email additional_attributes custom_attributes updated_at]", base, w.agent),
		}, "\n"))
		w.call("agent", "GET", fmt.Sprintf("{A}/contacts/%d", mergee), "").want(404, missingText)
		same(t, "notes", at(any(w.call("agent", "GET", fmt.Sprintf("{A}/contacts/%d/notes", base), "").list()), 0, "contact_id"), fmt.Sprint(base))
		w.call("agent", "GET", fmt.Sprintf("{A}/contacts/%d/labels", base), "").want(200, `{"payload":[]}`)
		w.eq("conversation and sender", w.text(`SELECT c.contact_id || ' ' || m.sender_id || ' ' || i.contact_id FROM conversations c JOIN messages m ON m.conversation_id = c.id
			JOIN contact_inboxes i ON i.id = c.contact_inbox_id`), fmt.Sprintf("%d %d %d", base, base, base))
		w.eq("the survivor is not blocked", w.text(`SELECT CASE WHEN blocked THEN 'blocked' ELSE 'free' END FROM contacts WHERE id = $1`, base), "free")

		same(t, "the same", w.call("agent", "POST", path, fmt.Sprintf(`{"base_contact_id":%d,"mergee_contact_id":%d}`, base, base)).object(), w.contactText(base, values))
		w.eq("no events", w.contactNews(), "")
		theirs := w.contact(`{}`)
		w.exec(`UPDATE contacts SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, theirs)
		for _, body := range []string{
			body, `{}`, fmt.Sprintf(`{"base_contact_id":%d}`, base), fmt.Sprintf(`{"base_contact_id":%d,"mergee_contact_id":%d}`, base, theirs),
			fmt.Sprintf(`{"base_contact_id":%d,"mergee_contact_id":%d}`, theirs, base), `{"base_contact_id":999,"mergee_contact_id":999}`,
		} {
			w.call("agent", "POST", path, body).want(404, missingText)
		}
		w.call("agent", "POST", path, `{"base_contact_id":"x"}`).want(422, invalidText("base_contact_id", "Base contact is not a number"))
		w.call("stranger", "POST", path, body).want(401, `{"error":"You are not authorized to access this account"}`)
	})
}

func TestContactLabels(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		made, other := w.contact(`{"name":"a"}`), w.contact(`{"name":"b"}`)
		path := fmt.Sprintf("{A}/contacts/%d/labels", made)
		w.call("agent", "GET", path, "").want(200, `{"payload":[]}`)
		w.news()
		set := func(body, want string) {
			t.Helper()
			w.call("agent", "POST", path, body).want(200, `{"payload":`+want+`}`)
			w.call("agent", "GET", path, "").want(200, `{"payload":`+want+`}`)
		}
		set(`{"labels":["b, a ,,","\"x, y\"","'z,1', b","A"," "]}`, `["a","b","x, y","z,1"]`)
		w.eq("events", w.contactNews(), fmt.Sprintf("contact.updated %d by %d [label_list updated_at]", made, w.agent))
		set(`{"labels":["z,1","a","b","\"x, y\"","'z,1'"]}`, `["1","a","b","x, y","z","z,1"]`)
		w.news()
		set(`{"labels":["B"]}`, `["b"]`)
		set(`{"labels":["b"]}`, `["b"]`)
		w.eq("once", w.contactNews(), fmt.Sprintf("contact.updated %d by %d [label_list updated_at]", made, w.agent))
		w.call("agent", "POST", fmt.Sprintf("{A}/contacts/%d/labels", other), `{"labels":["B","New"]}`).want(200, `{"payload":["New","b"]}`)
		set(`{"labels":["NEW"]}`, `["New"]`)
		for _, body := range []string{`{}`, `{"labels":null}`, `{"labels":"b"}`, `{"labels":5}`, `{"labels":[]}`, `{"labels":[null,{},[1]]}`} {
			set(`{"labels":["b"]}`, `["b"]`)
			set(body, `[]`)
		}
		w.send("agent", "POST", path, "application/x-www-form-urlencoded", "labels[]=f&labels[]=g").want(200, `{"payload":["f","g"]}`)
		w.call("agent", "POST", path, `{"labels":["`+strings.Repeat("x", 256)+`"]}`).want(422, invalidText("labels", "Labels is too long (maximum is 255 characters)"))
		for _, label := range []string{`"open`, `a"b`, `"a"b`, `"`} {
			if got := at(w.call("agent", "POST", path, `{"labels":[`+raw(t, label)+`]}`).object(), "payload"); len(got.([]any)) != 1 {
				t.Errorf("%s: %v", label, got)
			}
		}
	})
}

func TestContactNotes(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		made, other := w.contact(`{"name":"a"}`), w.contact(`{"name":"b"}`)
		path := fmt.Sprintf("{A}/contacts/%d/notes", made)
		w.call("agent", "GET", path, "").want(200, `[]`)
		w.news()
		text := func(got map[string]any, content, author string) string {
			return fmt.Sprintf(`{"id":%d,"content":%q,"account_id":%d,"contact_id":%d,"created_at":%d,"updated_at":%d,"user":%s}`,
				id(got["id"]), content, w.account, made, w.now.Load()/1e6, w.now.Load()/1e6, author)
		}
		agents := w.call("admin", "GET", "{A}/agents", "").list()
		ada, bo := raw(t, agents[0]), raw(t, agents[1])
		first := w.call("agent", "POST", path, `{"content":"one","user_id":1}`).object()
		same(t, "flat", first, text(first, "one", bo))
		second := w.call("admin", "POST", path, `{"note":{"content":"two"}}`).object()
		same(t, "under its key", second, text(second, "two", ada))
		w.send("agent", "POST", path, "application/x-www-form-urlencoded", "note[content]=form").object()
		w.send("agent", "POST", path, "application/x-www-form-urlencoded", "content=form").want(422, paramText("note"))
		same(t, "the newest first", len(w.call("agent", "GET", path, "").list()), "3")
		same(t, "listed", w.call("agent", "GET", path, "").list()[2], raw(t, first))
		one := fmt.Sprintf("%s/%d", path, id(first["id"]))
		same(t, "shown", w.call("admin", "GET", one, "").object(), raw(t, first))
		same(t, "changed, by another", w.call("admin", "PATCH", one, `{"content":"three"}`).object(), text(first, "three", ada))
		same(t, "changed", w.call("agent", "PUT", one, `{"note":{"content":"four"}}`).object(), text(first, "four", bo))
		for body, want := range map[string]string{
			`{"content":" "}`: invalidText("content", "Content can't be blank"), `{"content":null}`: invalidText("content", "Content can't be blank"),
			`{"content":"` + strings.Repeat("x", 20001) + `"}`: invalidText("content", "Content is too long (maximum is 20000 characters)"),
			`{"content":[1]}`: invalidText("content", "Content is invalid"), `{}`: paramText("note"), `{"note":{}}`: paramText("note"), `{"note":"x"}`: invalidText("note", "Note is invalid"),
		} {
			w.call("agent", "POST", path, body).want(422, want)
			w.call("agent", "PATCH", one, body).want(422, want)
		}
		for _, missing := range []string{path + "/999", path + "/x", path + "/new", fmt.Sprintf("{A}/contacts/%d/notes/%d", other, id(first["id"])), "{A}/contacts/999/notes/1"} {
			for _, method := range []string{"GET", "PATCH", "PUT", "DELETE"} {
				w.call("agent", method, missing, `{}`).want(404, missingText)
			}
		}
		w.call("agent", "GET", one+"/edit", "").want(404, `{"status":404,"error":"Not Found"}`)
		w.call("stranger", "GET", path, "").want(401, `{"error":"You are not authorized to access this account"}`)
		w.exec(`UPDATE contact_notes SET user_id = NULL WHERE id = $1`, id(second["id"]))
		if got := w.call("agent", "GET", fmt.Sprintf("%s/%d", path, id(second["id"])), "").object(); strings.Contains(raw(t, got), `"user"`) {
			t.Errorf("an author who is gone: %v", got)
		}
		w.call("admin", "DELETE", one, "").want(200, "")
		w.call("admin", "DELETE", one, "").want(404, missingText)
		w.eq("no events", w.contactNews(), "")
	})
}
