package api_test

import (
	"fmt"
	"strings"
	"testing"

	"tributary/store"
)

// Lists take as many statements however long they are: none costs a query per row.
func TestListsCountTheirQueries(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("desk", true)
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"help"}`).object()["id"])
		fine := func(a answer) answer {
			t.Helper()
			if a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
			return a
		}
		w.exec(`INSERT INTO team_members (team_id, user_id, created_at) VALUES ($1, $2, 1)`, team, w.agent)
		n := 0
		// one more of everything that lists show
		more := func() {
			n++
			name := fmt.Sprint("P", n)
			w.receive(inbox, name, "hello from "+name)
			conversation, contact := fmt.Sprint("{A}/conversations/", 2*n-1), w.number(`SELECT MAX(id) FROM contacts`)
			fine(w.call("admin", "POST", conversation+"/assignments", fmt.Sprintf(`{"assignee_id":%d}`, w.agent)))
			fine(w.call("admin", "POST", conversation+"/assignments", fmt.Sprintf(`{"team_id":%d}`, team)))
			fine(w.call("admin", "POST", conversation+"/labels", fmt.Sprintf(`{"labels":["l%d","all"]}`, n)))
			kind, body := w.form(map[string]string{"content": "answer"}, upload{field: "attachments[]", name: "a.txt", body: "text"})
			fine(w.send("admin", "POST", "{A}/conversations/1/messages", kind, body))
			fine(w.send("admin", "POST", conversation+"/messages", kind, body))
			fine(w.call("admin", "POST", conversation+"/messages", `{"content":"again","private":true}`))
			fine(w.call("admin", "POST", "{A}/conversations/1/messages", `{"content":"more"}`))
			person := fmt.Sprint("{A}/contacts/", contact)
			fine(w.call("admin", "POST", person+"/labels", `{"labels":["vip"]}`))
			w.call("admin", "POST", "{A}/contacts/1/notes", `{"content":"note"}`)
			w.line(name, true)
			other := id(fine(w.call("admin", "POST", "{A}/inboxes", fmt.Sprintf(`{"name":%q,"channel":{"type":"api"}}`, name))).object()["id"])
			fine(w.call("admin", "POST", "{A}/conversations", fmt.Sprintf(`{"contact_id":1,"inbox_id":%d}`, other)))
			w.exec(`UPDATE contacts SET email = $1 WHERE id = $2`, strings.ToLower(name)+"@example.com", contact)
			mate := w.member("agent", name+"@example.com", false)
			w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, inbox, mate)
			w.exec(`INSERT INTO team_members (team_id, user_id, created_at) VALUES ($1, $2, 1)`, team, mate)
			w.exec(`INSERT INTO conversation_participants (conversation_id, user_id, account_id, created_at) VALUES (1, $1, $2, 1)`, mate, w.account)
			for path, body := range map[string]string{
				"teams": `{"name":"t%s"}`, "labels": `{"title":"t%s"}`, "canned_responses": `{"short_code":"c%s","content":"c"}`,
				"macros": `{"name":"%s","visibility":"global","actions":[{"action_name":"mute_conversation"}]}`,
				"automation_rules": `{"name":"%s","event_name":"message_created","conditions":[{"attribute_key":"content","filter_operator":"contains","values":["x"],"query_operator":null}],
					"actions":[{"action_name":"mute_conversation"}]}`,
				"custom_filters":               `{"name":"%s","type":"conversation","query":{"payload":[]}}`,
				"custom_attribute_definitions": `{"attribute_display_name":"%s","attribute_key":"k%[1]s","attribute_model":0,"attribute_display_type":0}`,
				"webhooks":                     `{"url":"https://hooks.example/%s"}`,
				"agent_bots":                   `{"name":"%s"}`,
			} {
				fine(w.call("admin", "POST", "{A}/"+path, fmt.Sprintf(body, strings.ToLower(name))))
			}
			w.notify()
		}
		everything := `{"payload":[{"attribute_key":"status","filter_operator":"equal_to","values":["all"],"query_operator":null}]}`
		lists := []struct{ role, method, path, body string }{
			{"admin", "GET", "{A}/conversations?assignee_type=all", ""},
			{"agent", "GET", "{A}/conversations?assignee_type=me", ""},
			{"admin", "GET", "{A}/conversations?q=hello", ""},
			{"admin", "GET", "{A}/conversations/meta", ""},
			{"admin", "POST", "{A}/conversations/filter", everything},
			{"admin", "GET", "{A}/conversations/1/messages", ""},
			{"admin", "GET", "{A}/conversations/1/attachments", ""},
			{"admin", "GET", "{A}/conversations/1/participants", ""},
			{"admin", "GET", "{A}/contacts", ""},
			{"admin", "GET", "{A}/contacts/search?q=P", ""},
			{"admin", "POST", "{A}/contacts/filter", `{"payload":[{"attribute_key":"name","filter_operator":"contains","values":["P"],"query_operator":null}]}`},
			{"admin", "GET", "{A}/contacts/1/conversations", ""},
			{"admin", "GET", "{A}/contacts/1/notes", ""},
			{"admin", "GET", "{A}/contacts/1/contactable_inboxes", ""},
			{"admin", "GET", "{A}/search?q=hello", ""},
			{"admin", "GET", "{A}/search/conversations?q=P", ""},
			{"admin", "GET", "{A}/search/messages?q=answer", ""},
			{"admin", "GET", "{A}/search/contacts?q=P", ""},
			{"agent", "GET", "{A}/notifications", ""},
			{"admin", "GET", "{A}/inboxes", ""},
			{"admin", "GET", fmt.Sprintf("{A}/inbox_members/%d", inbox), ""},
			{"admin", "GET", "{A}/assignable_agents?inbox_ids[]=" + fmt.Sprint(inbox), ""},
			{"admin", "GET", "{A}/agents", ""},
			{"admin", "GET", "{A}/teams", ""},
			{"admin", "GET", fmt.Sprintf("{A}/teams/%d/team_members", team), ""},
			{"admin", "GET", "{A}/labels", ""},
			{"admin", "GET", "{A}/canned_responses", ""},
			{"admin", "GET", "{A}/macros", ""},
			{"admin", "GET", "{A}/automation_rules", ""},
			{"admin", "GET", "{A}/custom_filters?filter_type=conversation", ""},
			{"admin", "GET", "{A}/custom_attribute_definitions", ""},
			{"admin", "GET", "{A}/webhooks", ""},
			{"admin", "GET", "{A}/agent_bots", ""},
		}
		// what each costs, and how much it says; the second call finds what the first kept
		cost := func() (statements []int64, lengths []int) {
			for _, l := range lists {
				fine(w.call(l.role, l.method, l.path, l.body))
				before := w.store.Statements()
				got := fine(w.call(l.role, l.method, l.path, l.body))
				statements, lengths = append(statements, w.store.Statements()-before), append(lengths, len(got.body))
			}
			return statements, lengths
		}
		more()
		more()
		few, short := cost()
		for range 10 {
			more()
		}
		many, long := cost()
		for i, l := range lists {
			if many[i] > few[i] || many[i] == 0 {
				t.Errorf("%s %s: %d statements for 2 rows, %d for 12", l.method, l.path, few[i], many[i])
			}
			if long[i] <= short[i] {
				t.Errorf("%s %s says no more of 12 than of 2: %s", l.method, l.path, w.call(l.role, l.method, l.path, l.body).body)
			}
		}
	})
}

// What follows from a batch of events takes as many statements however long it is: the
// live wire, webhooks, reports, and rules that do not act.
func TestEventsCountTheirQueries(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("desk", true)
		for i := range 3 {
			w.rule(fmt.Sprint("r", i), "message_created", `[{"attribute_key":"content","filter_operator":"contains","values":["never"],"query_operator":"and"},
				{"attribute_key":"email","filter_operator":"contains","values":["@"],"query_operator":null}]`, label("x"))
			w.call("admin", "POST", "{A}/webhooks", fmt.Sprintf(`{"url":"https://hooks.example/%d"}`, i))
		}
		w.wants("agent", "conversation_creation", "conversation_creation")
		p := w.listening()
		people := 0
		cost := func(n int) int64 {
			t.Helper()
			for range n {
				people++
				w.receive(inbox, fmt.Sprint("C", people), "hello")
			}
			before := w.store.Statements()
			if frames := w.frames(p); len(frames) < 2*n {
				t.Errorf("%d frames of %d messages", len(frames), n)
			}
			w.run(store.LaneRules)
			return w.store.Statements() - before
		}
		cost(1)
		few, many := cost(2), cost(30)
		// The dispatcher looks once or twice more; each of 28 more messages would show.
		if many > few+14 {
			t.Errorf("%d statements for 2 messages, %d for 30", few, many)
		}
	})
}
