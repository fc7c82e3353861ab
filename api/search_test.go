package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"tributary/store"
)

// shelf is five conversations to be found: 1 to 3 in the agent's inbox, 4 and 5 in
// another. 2 is the agent's, 3 the administrator's.
func shelf(w *world) (mine, other int64) {
	mine, other = w.line("mine", true), w.line("other", false)
	for i, c := range []string{"Anna", "Bert", "Cleo", "Anton", "Zoe"} {
		inbox := mine
		if i > 2 {
			inbox = other
		}
		w.receive(inbox, c, "Hello from "+c)
	}
	w.exec(`UPDATE conversations SET assignee_id = $1 WHERE display_id = 2`, w.agent)
	w.exec(`UPDATE conversations SET assignee_id = $1 WHERE display_id = 3`, w.admin)
	w.exec(`UPDATE contacts SET email = 'bert@example.com', phone_number = '+49777', identifier = 'Crm-2' WHERE name = 'Contact Bert'`)
	w.exec(`UPDATE contacts SET email = 'anna@example.com' WHERE name = 'Contact Anna'`)
	w.exec(`UPDATE contacts SET identifier = 'crm-5' WHERE name = 'Contact Zoe'`)
	return mine, other
}

func TestSearchConversations(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		mine, _ := shelf(w)
		find := func(role, q string) string {
			return displayed(at(w.call(role, "GET", "{A}/search/conversations?q="+url.QueryEscape(q), "").object(), "payload", "conversations"))
		}
		for _, c := range []struct{ role, q, ids string }{
			{"admin", "AN", "4 1"},
			{"agent", "an", "1"},
			{"agent", " bert@ ", "2"},
			{"agent", "+4977", "2"},
			{"agent", "CRM", "2"},
			{"admin", "crm", "5 2"},
			{"admin", "3", "3"},
			{"agent", "5", ""},
			{"agent", "nobody", ""},
			{"admin", "", "5 4 3 2 1"},
		} {
			if got := find(c.role, c.q); got != c.ids {
				t.Errorf("%s %q: %q, want %q", c.role, c.q, got, c.ids)
			}
		}
		hit := at(w.call("agent", "GET", "{A}/search/conversations?q=bert", "").object(), "payload", "conversations", 0)
		shown := w.call("agent", "GET", "{A}/conversations/2", "").object()
		message := w.call("agent", "GET", "{A}/conversations/2/messages", "").object()
		channel := id(w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d", mine), "").object()["channel_id"])
		same(t, "a hit", hit, fmt.Sprintf(`{"id":2,"account_id":%d,"created_at":%d,"message":%s,"additional_attributes":{},
			"contact":{"email":"bert@example.com","id":%d,"name":"Contact Bert","phone_number":"+49777","identifier":"Crm-2"},
			"inbox":{"id":%d,"channel_id":%d,"name":"mine","channel_type":"Channel::Line"},
			"agent":{"id":%d,"available_name":"Bo","email":"bo@example.com","name":"Bo","role":"agent"}}`, w.account, id(shown["created_at"]),
			raw(t, at(message, "payload", 0)), id(at(shown, "meta", "sender", "id")), mine, channel, w.agent))
		w.exec(`DELETE FROM messages WHERE content = 'Hello from Anna'`)
		hit = at(w.call("agent", "GET", "{A}/search/conversations?q=anna", "").object(), "payload", "conversations", 0)
		for _, key := range []string{"message", "agent"} {
			if _, there := hit.(map[string]any)[key]; there {
				t.Errorf("a conversation without it has %s: %v", key, hit)
			}
		}
		w.exec(`DELETE FROM account_users WHERE user_id = $1 AND account_id = $2`, w.agent, w.account)
		if got := at(w.call("admin", "GET", "{A}/search/conversations?q=bert", "").object(), "payload", "conversations", 0, "agent"); got != nil {
			t.Errorf("an agent who left: %v", got)
		}
	})
}

func TestSearchMessages(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		mine, other := shelf(w)
		for i := range 16 {
			w.receive(mine, "Bert", fmt.Sprint("Ordering number ", i))
		}
		w.receive(other, "Zoe", "my ORDER, 100%")
		w.call("admin", "POST", "{A}/conversations/5/messages", `{"content":"An order? I see","private":true}`).object()
		find := func(role, query string) []any {
			list, _ := at(w.call(role, "GET", "{A}/search/messages?"+query, "").object(), "payload", "messages").([]any)
			return list
		}
		texts := func(list []any) string {
			var out []string
			for _, m := range list {
				out = append(out, fmt.Sprint(at(m, "content")))
			}
			return strings.Join(out, "|")
		}
		if got := texts(find("admin", "q=%20order%20")); !strings.HasPrefix(got, "An order? I see|my ORDER, 100%|Ordering number 15|Ordering number 14") {
			t.Errorf("the newest first: %s", got)
		}
		if got := find("admin", "q=order"); len(got) != 15 {
			t.Errorf("a page of %d", len(got))
		}
		if got := texts(find("admin", "q=order&page=2")); got != "Ordering number 2|Ordering number 1|Ordering number 0" {
			t.Errorf("the second page: %s", got)
		}
		if got := find("admin", "q=order&page=3"); got == nil || len(got) != 0 {
			t.Errorf("past the end: %v", got)
		}
		if got := find("agent", "q=order"); len(got) != 15 || strings.Contains(texts(got), "100%") {
			t.Errorf("an agent finds what others got: %s", texts(got))
		}
		if got := texts(find("admin", "q=100%25")); got != "my ORDER, 100%" {
			t.Errorf("signs: %s", got)
		}
		same(t, "a message", find("agent", "q=number+15")[0], raw(t, at(w.call("agent", "GET", "{A}/conversations/2/messages", "").object(), "payload", 16)))
		if got := id(at(find("admin", "q=my+order")[0], "conversation_id")); got != 5 {
			t.Errorf("conversation_id %d", got)
		}
		// Three months are looked back.
		w.exec(`UPDATE messages SET created_at = created_at - $1 WHERE content = 'Ordering number 15'`, 88*24*3600*int64(1e6))
		w.exec(`UPDATE messages SET created_at = created_at - $1 WHERE content = 'Ordering number 14'`, 93*24*3600*int64(1e6))
		if got := texts(find("admin", "q=ordering+number+1")); got != "Ordering number 13|Ordering number 12|Ordering number 11|Ordering number 10|Ordering number 1|Ordering number 15" {
			t.Errorf("of three months: %s", got)
		}
		// Custom roles see less.
		for permission, want := range map[string]string{
			"conversation_manage": "Hello from Cleo|Hello from Bert|Hello from Anna", "conversation_unassigned_manage": "Hello from Bert|Hello from Anna",
			"conversation_participating_manage": "Hello from Bert", "report_manage": "",
		} {
			w.customRole(w.agent, permission)
			if got := texts(find("agent", "q=hello")); got != want {
				t.Errorf("with %s: %q, want %q", permission, got, want)
			}
			conversations := at(w.call("agent", "GET", "{A}/search/conversations?q=contact", "").object(), "payload", "conversations").([]any)
			if len(conversations) != len(find("agent", "q=hello")) {
				t.Errorf("with %s: %d conversations", permission, len(conversations))
			}
		}
	})
}

// customRole gives a member a role of one permission.
func (w *world) customRole(user int64, permission string) {
	w.t.Helper()
	role := id(w.call("admin", "POST", "{A}/custom_roles", fmt.Sprintf(`{"name":%q,"permissions":[%q]}`, permission, permission)).object()["id"])
	w.exec(`UPDATE account_users SET custom_role_id = $1 WHERE account_id = $2 AND user_id = $3`, role, w.account, user)
}

func TestSearchContacts(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		shelf(w)
		find := func(query string) string {
			list, _ := at(w.call("agent", "GET", "{A}/search/contacts?"+query, "").object(), "payload", "contacts").([]any)
			var out []string
			for _, c := range list {
				out = append(out, fmt.Sprint(at(c, "name")))
			}
			return strings.Join(out, "|")
		}
		for query, want := range map[string]string{
			"q=CONTACT": "Contact Zoe|Contact Bert|Contact Anna", // who has no address is left out
			"q=crm":     "Contact Zoe|Contact Bert", "q=example.com": "Contact Bert|Contact Anna", "q=%2B49": "Contact Bert", "q=anton": "",
			"q=": "Contact Zoe|Contact Bert|Contact Anna", "": "Contact Zoe|Contact Bert|Contact Anna", "q=crm&page=2": "",
		} {
			if got := find(query); got != want {
				t.Errorf("?%s: %q, want %q", query, got, want)
			}
		}
		same(t, "a contact", at(w.call("agent", "GET", "{A}/search/contacts?q=bert", "").object(), "payload", "contacts", 0),
			fmt.Sprintf(`{"email":"bert@example.com","id":%d,"name":"Contact Bert","phone_number":"+49777","identifier":"Crm-2"}`,
				id(at(w.call("agent", "GET", "{A}/conversations/2", "").object(), "meta", "sender", "id"))))
		w.exec(`UPDATE contacts SET last_activity_at = NULL WHERE name = 'Contact Zoe'`)
		if got := find("q=crm"); got != "Contact Bert|Contact Zoe" {
			t.Errorf("who was never active comes last: %s", got)
		}
	})
}

func TestSearchEverything(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		shelf(w)
		all := w.call("agent", "GET", "{A}/search?q=bert&page=1", "").object()
		parts := map[string]any{}
		for _, kind := range []string{"conversations", "contacts", "messages", "articles"} {
			one := w.call("agent", "GET", "{A}/search/"+kind+"?q=bert&page=1", "").object()
			parts[kind] = at(one, "payload", kind)
			if list, ok := parts[kind].([]any); !ok || kind != "articles" && len(list) != 1 {
				t.Errorf("%s: %v", kind, one)
			}
		}
		delete(at(parts["conversations"], 0).(map[string]any), "additional_attributes")
		same(t, "everything", all, raw(t, map[string]any{"payload": parts}))
		w.call("agent", "GET", "{A}/search?q=nobody", "").want(200, `{"payload":{"conversations":[],"contacts":[],"messages":[],"articles":[]}}`)
		w.call("agent", "GET", "{A}/search/articles", "").want(200, `{"payload":{"articles":[]}}`)
	})
}

// The list's search shows what was said.
func TestConversationSearch(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		mine, other := listing(w)
		w.call("agent", "POST", "{A}/conversations/1/messages", `{"content":"HELLO again"}`).object()
		w.exec(`UPDATE messages SET message_type = 2 WHERE content = 'hello from U2'`)
		for _, c := range []struct{ role, query, ids, counts string }{
			{"agent", "q=hello", "1 4 3", "0 2 3"},
			{"admin", "q=hello&sort_by=created_at_asc", "1 3 4", "1 2 3"},
			{"agent", "q=again&assignee_type=me", "", "0 1 1"},
			{"admin", "q=sure", "5", "0 1 1"},
			{"agent", "q=sure", "", "0 0 0"},
			{"admin", fmt.Sprint("q=hello&inbox_id=", other), "", "0 0 0"},
			{"admin", "q=hello&page=2", "", "1 2 3"},
			{"agent", "", "1 3 2", "1 1 3"},
			{"agent", "q=hello&labels=bug", "3", "0 0 1"},
		} {
			got := w.call(c.role, "GET", "{A}/conversations/search?"+c.query, "").object()
			counts := fmt.Sprint(id(at(got, "meta", "mine_count")), id(at(got, "meta", "unassigned_count")), id(at(got, "meta", "all_count")))
			if ids := displayed(got["payload"]); ids != c.ids || counts != c.counts || len(at(got, "meta").(map[string]any)) != 3 {
				t.Errorf("%s ?%s: %q with %q, want %q with %q", c.role, c.query, ids, counts, c.ids, c.counts)
			}
		}
		got := at(w.call("agent", "GET", "{A}/conversations/search?q=hello", "").object(), "payload", 0)
		shown := w.call("agent", "GET", "{A}/conversations/1", "").object()
		list := w.call("agent", "GET", "{A}/conversations/1/messages", "").object()
		same(t, "a hit", got, fmt.Sprintf(`{"id":1,"uuid":%q,"created_at":%d,"contact":{"id":%d,"name":"Contact U1"},
			"inbox":{"id":%d,"name":"mine","channel_type":"Channel::Line"},"account_id":%d,"messages":[
			{"content":"hello from U1","id":%d,"sender_name":"Contact U1","message_type":0,"created_at":%d},
			{"content":"HELLO again","id":%d,"sender_name":"Bo","message_type":1,"created_at":%d}]}`, shown["uuid"], id(shown["created_at"]),
			id(at(shown, "meta", "sender", "id")), mine, w.account, id(at(list, "payload", 0, "id")), id(at(list, "payload", 0, "created_at")),
			id(at(list, "payload", 2, "id")), id(at(list, "payload", 2, "created_at"))))
		if messages := at(w.call("agent", "GET", "{A}/conversations/search", "").object(), "payload", 0, "messages"); len(messages.([]any)) != 0 {
			t.Errorf("messages without a text: %v", messages)
		}
		w.call("admin", "GET", "{A}/conversations/search?team_id=4", "").want(404, `{"error":"Resource could not be found"}`)
		w.call("admin", "GET", "{A}/conversations/search?inbox_id=x", "").want(422, `{"message":"Inbox is not a number","attributes":["inbox_id"]}`)
	})
}

// What the index knows is found like what it does not know yet.
func TestSearchWithTheIndex(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		shelf(w)
		w.exec(`UPDATE messages SET updated_at = 1`)
		w.exec(`UPDATE contacts SET updated_at = 1`)
		// One id far beyond the others makes their segments full.
		w.exec(`INSERT INTO messages (id, account_id, inbox_id, conversation_id, message_type, content, created_at, updated_at)
			SELECT 5000, account_id, inbox_id, conversation_id, 0, 'far away', 1, 1 FROM messages WHERE content = 'Hello from Bert'`)
		w.exec(`INSERT INTO contacts (id, account_id, name, created_at, updated_at) VALUES (5000, $1, 'far', 1, 1)`, w.account)
		w.must(w.desk.TendSearch(t.Context()))
		jobs, err := w.store.ClaimJobs(t.Context(), store.LaneBulk, "test", 1e9, 10)
		w.must(err)
		ran := 0
		for _, j := range jobs {
			if handler, ok := w.desk.Handlers()[j.Kind]; ok && j.Kind == "search_index" {
				w.must(handler(t.Context(), j))
				ran++
			}
		}
		if work, err := w.store.SearchWork(t.Context()); err != nil || len(work) != 0 || ran != 1 {
			t.Fatalf("left to do: %v, %v; %d jobs ran", work, err, ran)
		}
		for path, want := range map[string]int{"messages?q=hello": 5, "messages?q=bert": 1, "contacts?q=bert": 1, "conversations?q=bert": 1, "conversations?q=contact": 5} {
			kind, _, _ := strings.Cut(path, "?")
			if list, _ := at(w.call("admin", "GET", "{A}/search/"+path, "").object(), "payload", kind).([]any); len(list) != want {
				t.Errorf("%s: %d, want %d", path, len(list), want)
			}
		}
		if got := displayed(at(w.call("agent", "GET", "{A}/conversations?q=HELLO", "").object(), "data", "payload")); got != "3 2 1" {
			t.Errorf("list: %q", got)
		}
	})
}

func TestUnreadCounts(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.call("agent", "GET", "{A}/conversations/unread_counts", "").want(200, `{"payload":{"all_count":0,"mine_count":0,"unassigned_count":0,`+
			`"unattended_count":0,"mentions_count":0,"participating_count":0,"pending_count":0,"snoozed_count":0,"inboxes":{},"teams":{},"labels":{}}}`)
		mine, other := shelf(w)
		w.exec(`UPDATE conversations SET agent_last_seen_at = last_incoming_at WHERE display_id = 1`)
		w.exec(`UPDATE conversations SET status = 2, team_id = 9 WHERE display_id = 4`)
		w.exec(`INSERT INTO conversation_participants (conversation_id, user_id, account_id, created_at)
			SELECT id, $1, account_id, 1 FROM conversations WHERE display_id IN (1, 4, 5)`, w.agent)
		w.exec(`UPDATE conversations SET team_id = 9 WHERE display_id IN (2, 5)`)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'vip' FROM conversations`)
		w.call("agent", "GET", "{A}/conversations/unread_counts", "").want(200, fmt.Sprintf(`{"payload":{"all_count":2,"mine_count":1,"unassigned_count":0,`+
			`"unattended_count":2,"mentions_count":0,"participating_count":1,"pending_count":0,"snoozed_count":0,"inboxes":{"%d":2},"teams":{"9":1},"labels":{"vip":2}}}`, mine))
		w.call("admin", "GET", "{A}/conversations/unread_counts", "").want(200, fmt.Sprintf(`{"payload":{"all_count":3,"mine_count":1,"unassigned_count":1,`+
			`"unattended_count":3,"mentions_count":0,"participating_count":0,"pending_count":1,"snoozed_count":0,"inboxes":{"%d":2,"%d":1},"teams":{"9":2},"labels":{"vip":3}}}`, mine, other))
		for query, want := range map[string]string{"unread=true": "5 3 2", "unread=false": "5 3 2 1", "unread=": "5 3 2 1", "unread=true&status=all": "5 4 3 2", "unread=true&team_id=": "5 3 2"} {
			got := w.call("admin", "GET", "{A}/conversations?"+query, "").object()
			if ids := displayed(at(got, "data", "payload")); ids != want || int(id(at(got, "data", "meta", "all_count"))) != len(strings.Fields(want)) {
				t.Errorf("?%s: %q, %v", query, ids, at(got, "data", "meta"))
			}
		}
		w.receive(mine, "Anna", "once more")
		if got := displayed(at(w.call("agent", "GET", "{A}/conversations?unread=true", "").object(), "data", "payload")); got != "1 3 2" {
			t.Errorf("after one more message: %s", got)
		}
		w.customRole(w.agent, "conversation_participating_manage")
		if got := w.call("agent", "GET", "{A}/conversations/unread_counts", "").object(); id(at(got, "payload", "all_count")) != 1 {
			t.Errorf("of what a custom role sees: %v", got)
		}
	})
}
