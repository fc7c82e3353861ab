package api_test

import (
	"fmt"
	"testing"
)

func TestConversationObject(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "hello")
		got := w.call("agent", "GET", "{A}/conversations/1", "").object()
		uuid, _ := got["uuid"].(string)
		if len(uuid) != 36 {
			t.Errorf("uuid %q", uuid)
		}
		updated, _ := got["updated_at"].(float64)
		created := id(got["created_at"])
		if created < 1738317600 || updated < float64(created) {
			t.Errorf("created_at %d, updated_at %v", created, updated)
		}
		contact := id(at(got, "meta", "sender", "id"))
		push := fmt.Sprintf(`{"id":%d,"content":"hello","inbox_id":%d,"conversation_id":1,"message_type":0,"content_type":"text","status":"sent",
			"content_attributes":%s,"created_at":%d,"private":false,"source_id":"p-U1-hello","account_id":%d,"updated_at":%q,"sender_type":"Contact",
			"sender_id":%d,"external_source_ids":{},"additional_attributes":{},"processed_message_content":"hello","sentiment":{},
			"conversation":{"assignee_id":null,"unread_count":1,"last_activity_at":%d,"contact_inbox":{"source_id":"U1"}},
			"sender":{"additional_attributes":{},"custom_attributes":{},"email":null,"id":%d,"identifier":null,"name":"Contact U1","phone_number":null,
			"thumbnail":"","blocked":false,"type":"contact"}}`, id(at(got, "messages", 0, "id")), inbox, raw(t, at(got, "messages", 0, "content_attributes")), created,
			w.account, at(got, "messages", 0, "updated_at"), contact, created, contact)
		same(t, "conversation", got, fmt.Sprintf(`{"meta":{"sender":{"additional_attributes":{},"availability_status":"offline","email":null,"id":%d,
			"name":"Contact U1","phone_number":null,"blocked":false,"identifier":null,"thumbnail":"","custom_attributes":{},"last_activity_at":%d,
			"created_at":%d},"channel":"Channel::Line","hmac_verified":false},"id":1,"messages":[%s],"account_id":%d,"uuid":%q,
			"additional_attributes":{},"agent_last_seen_at":0,"assignee_last_seen_at":0,"can_reply":true,"contact_last_seen_at":0,
			"custom_attributes":{},"inbox_id":%d,"labels":[],"muted":false,"snoozed_until":null,"status":"open","created_at":%d,"updated_at":%v,
			"timestamp":%d,"first_reply_created_at":0,"unread_count":1,"last_non_activity_message":%s,"last_activity_at":%d,"priority":null,
			"waiting_since":%d,"sla_policy_id":null}`, contact, created, id(at(got, "meta", "sender", "created_at")), push, w.account, uuid, inbox,
			created, fmt.Sprintf("%.6f", updated), created, push, created, created))

		w.exec(`UPDATE conversations SET status = 3, snoozed_until = 1738317600123456, priority = 3, assignee_id = $1, agent_last_seen_at = 1738317600000000,
			first_reply_created_at = 1738317600000000, custom_attributes = '{"b":1,"a":2}' WHERE display_id = 1`, w.agent)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'vip' FROM conversations`)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'billing' FROM conversations`)
		w.exec(`UPDATE contacts SET blocked = TRUE`)
		got = w.call("agent", "GET", "{A}/conversations/1", "").object()
		compare(t, "filled", got, `{"status":"snoozed","snoozed_until":"2025-01-31T10:00:00.123Z","priority":"urgent","agent_last_seen_at":1738317600,
			"first_reply_created_at":1738317600,"labels":["billing","vip"],"muted":true,"custom_attributes":{"a":2,"b":1}}`)
		same(t, "assignee", at(got, "meta", "assignee"), fmt.Sprintf(`{"id":%d,"account_id":%d,"availability_status":"online","auto_offline":false,
			"confirmed":true,"email":"bo@example.com","provider":"email","available_name":"Bo","name":"Bo","role":"agent","thumbnail":"",
			"custom_role_id":null}`, w.agent, w.account))
		if got := at(got, "messages", 0, "conversation", "assignee_id"); id(got) != w.agent {
			t.Errorf("the message's assignee is %v", got)
		}
		w.exec(`DELETE FROM account_users WHERE account_id = $1 AND user_id = $2`, w.account, w.agent)
		if got := at(w.call("admin", "GET", "{A}/conversations/1", "").object(), "meta", "assignee"); got != nil {
			t.Errorf("an assignee who left is shown: %v", got)
		}
	})
}

func TestConversationAccess(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		w.receive(w.line("others", false), "U1", "hello")
		const refused, missing = `{"error":"You are not authorized to do this action"}`, `{"error":"Resource could not be found"}`
		w.call("agent", "GET", "{A}/conversations/1", "").want(401, refused)
		w.call("agent", "GET", "{A}/conversations/2", "").want(404, missing)
		w.call("agent", "GET", "{A}/conversations/1/messages", "").want(401, refused)
		w.call("agent", "GET", "{A}/conversations/2/messages", "").want(404, missing)
		w.call("agent", "POST", "{A}/conversations/1/messages", `{"content":"x"}`).want(401, refused)
		w.call("agent", "POST", "{A}/conversations/2/messages", `{"content":"x"}`).want(404, missing)
		w.call("agent", "POST", "{A}/conversations/1/messages/1/retry", ``).want(401, refused)
		w.call("agent", "GET", "{A}/conversations", "").want(200, `{"data":{"meta":{"mine_count":0,"assigned_count":0,"unassigned_count":0,"all_count":0},"payload":[]}}`)
		w.call("admin", "GET", "{A}/conversations/1", "").object()
	})
}

// listing makes five conversations: 1 to 4 in the agent's inbox, 5 in another.
// 1 is open and unassigned, 2 the agent's, 3 the administrator's and urgent, 4
// resolved, 5 open.
func listing(w *world) (mine, other int64) {
	mine, other = w.line("mine", true), w.line("other", false)
	for _, c := range []string{"U1", "U2", "U3", "U4"} {
		w.receive(mine, c, "hello from "+c)
	}
	w.receive(other, "U5", "100% sure_thing")
	w.exec(`UPDATE conversations SET assignee_id = $1 WHERE display_id = 2`, w.agent)
	w.exec(`UPDATE conversations SET assignee_id = $1, priority = 3 WHERE display_id = 3`, w.admin)
	w.exec(`UPDATE conversations SET priority = 0 WHERE display_id = 1`)
	w.exec(`UPDATE conversations SET status = 1, waiting_since = NULL, first_reply_created_at = 1 WHERE display_id = 4`)
	w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'vip' FROM conversations WHERE display_id IN (1, 4)`)
	w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'bug' FROM conversations WHERE display_id = 3`)
	w.receive(mine, "U1", "again") // 1 is the most recent
	return mine, other
}

func TestConversationList(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		mine, other := listing(w)
		for _, c := range []struct{ role, query, ids, counts string }{
			{"admin", "", "1 5 3 2", "1 2 2 4"},
			{"agent", "", "1 3 2", "1 2 1 3"},
			{"agent", "status=open&assignee_type=me", "2", "1 2 1 3"},
			{"agent", "assignee_type=unassigned", "1", "1 2 1 3"},
			{"agent", "assignee_type=assigned", "3 2", "1 2 1 3"},
			{"agent", "assignee_type=all", "1 3 2", "1 2 1 3"},
			{"agent", "status=resolved", "4", "0 0 1 1"},
			{"agent", "status=all", "1 4 3 2", "1 2 2 4"},
			{"agent", "status[]=open&status[]=resolved", "1 4 3 2", "1 2 2 4"},
			{"agent", "status=lost", "", "0 0 0 0"},
			{"agent", "status[]=lost&status[]=resolved", "4", "0 0 1 1"},
			{"admin", fmt.Sprint("inbox_id=", other), "5", "0 0 1 1"},
			{"agent", fmt.Sprint("inbox_id=", other), "", "0 0 0 0"},
			{"agent", fmt.Sprint("inbox_id=", mine), "1 3 2", "1 2 1 3"},
			{"agent", "inbox_id=99", "", "0 0 0 0"},
			{"agent", "labels=vip", "1", "0 0 1 1"},
			{"agent", "labels=vip,%20bug", "1 3", "0 1 1 2"},
			{"agent", "labels[]=vip&labels[]=bug", "1 3", "0 1 1 2"},
			{"agent", "labels[]=none", "", "0 0 0 0"},
			{"agent", "labels=", "1 3 2", "1 2 1 3"},
			{"agent", "status=all&conversation_type=unattended", "1 3 2", "1 2 1 3"},
			{"agent", "conversation_type=mention", "", "0 0 0 0"},
			{"agent", "conversation_type=participating", "", "0 0 0 0"},
			{"agent", "q=HELLO", "1 4 3 2", "1 2 2 4"},
			{"agent", "q=again", "1", "0 0 1 1"},
			{"agent", "q=sure", "", "0 0 0 0"},
			{"admin", "q=100%25%20sure_", "5", "0 0 1 1"},
			{"admin", "q=%25", "5", "0 0 1 1"},
			{"admin", "q=!", "", "0 0 0 0"},
			{"admin", "source_id=U3", "3", "1 1 0 1"},
			{"admin", "sort_by=last_activity_at_asc", "2 3 5 1", "1 2 2 4"},
			{"admin", "sort_by=created_at_desc", "5 3 2 1", "1 2 2 4"},
			{"admin", "sort_by=created_at_asc", "1 2 3 5", "1 2 2 4"},
			{"admin", "sort_by=sort_on_created_at", "1 2 3 5", "1 2 2 4"},
			{"admin", "sort_by=priority_desc", "3 1 5 2", "1 2 2 4"},
			{"admin", "sort_by=sort_on_priority", "3 1 5 2", "1 2 2 4"},
			{"admin", "sort_by=priority_asc", "1 3 5 2", "1 2 2 4"},
			{"admin", "sort_by=waiting_since_desc&status=all", "5 3 2 1 4", "1 2 3 5"},
			{"admin", "sort_by=waiting_since_asc&status=all", "1 2 3 5 4", "1 2 3 5"},
			{"admin", "sort_by=latest", "1 5 3 2", "1 2 2 4"},
			{"admin", "sort_by=;%20DROP%20TABLE", "1 5 3 2", "1 2 2 4"},
			{"admin", "page=2", "", "1 2 2 4"},
			{"admin", "page=x", "1 5 3 2", "1 2 2 4"},
			{"admin", "updated_within=3600&page=9", "1 5 3 2", "1 2 2 4"},
			{"admin", "updated_within=99999999999999", "1 5 3 2", "1 2 2 4"},
			{"admin", "updated_within=-5", "", "0 0 0 0"},
		} {
			got := w.call(c.role, "GET", "{A}/conversations?"+c.query, "").object()
			if ids := displayed(at(got, "data", "payload")); ids != c.ids {
				t.Errorf("%s ?%s: got %q, want %q", c.role, c.query, ids, c.ids)
			}
			if counts := counted(at(got, "data", "meta")); counts != c.counts {
				t.Errorf("%s ?%s: counts %q, want %q", c.role, c.query, counts, c.counts)
			}
			meta := w.call(c.role, "GET", "{A}/conversations/meta?"+c.query, "").object()
			if counts := counted(meta["meta"]); counts != c.counts || len(meta) != 1 {
				t.Errorf("%s meta ?%s: %v, want %q", c.role, c.query, meta, c.counts)
			}
		}
		w.call("admin", "GET", "{A}/conversations?team_id=4", "").want(404, `{"error":"Resource could not be found"}`)
		w.call("admin", "GET", "{A}/conversations?inbox_id=x", "").want(422, `{"message":"Inbox is not a number","attributes":["inbox_id"]}`)
	})
}

func TestConversationListWithCustomRole(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		listing(w)
		w.exec(`UPDATE account_users SET custom_role_id = 1 WHERE user_id = $1`, w.agent)
		if got := displayed(at(w.call("agent", "GET", "{A}/conversations?status=all", "").object(), "data", "payload")); got != "" {
			t.Errorf("a custom role without conversation permissions lists %q", got)
		}
	})
}

func displayed(list any) string {
	var out string
	l, _ := list.([]any)
	for i, c := range l {
		if i > 0 {
			out += " "
		}
		out += fmt.Sprint(id(at(c, "id")))
	}
	return out
}

func counted(meta any) string {
	return fmt.Sprint(id(at(meta, "mine_count")), id(at(meta, "assigned_count")), id(at(meta, "unassigned_count")), id(at(meta, "all_count")))
}

func TestUnreadCount(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		unread := func() int64 { return id(w.call("admin", "GET", "{A}/conversations/1", "").object()["unread_count"]) }
		for i := range 12 {
			w.receive(inbox, "U1", fmt.Sprint("text ", i))
		}
		if got := unread(); got != 10 {
			t.Errorf("twelve unread show as %d", got)
		}
		w.exec(`UPDATE conversations SET agent_last_seen_at = (SELECT created_at FROM messages WHERE content = 'text 8')`)
		if got := unread(); got != 3 {
			t.Errorf("three unread show as %d", got)
		}
		w.exec(`UPDATE conversations SET agent_last_seen_at = last_incoming_at`)
		if got := unread(); got != 0 {
			t.Errorf("none unread show as %d", got)
		}
	})
}

func TestContact(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "hello")
		contact := id(at(w.call("admin", "GET", "{A}/conversations/1", "").object(), "meta", "sender", "id"))
		path := fmt.Sprintf("{A}/contacts/%d", contact)
		w.exec(`UPDATE contacts SET email = 'u@example.com', phone_number = '+15550001', identifier = 'crm-1', additional_attributes = '{"city":"Ulm"}',
			avatar_url = 'https://a.example/x.png', last_activity_at = NULL, created_at = 1738317600000000`)
		card := fmt.Sprintf(`"additional_attributes":{"city":"Ulm"},"availability_status":"offline","email":"u@example.com","id":%d,"name":"Contact U1",
			"phone_number":"+15550001","blocked":false,"identifier":"crm-1","thumbnail":"https://a.example/x.png","custom_attributes":{},"created_at":1738317600`, contact)
		inboxes := fmt.Sprintf(`"contact_inboxes":[{"source_id":"U1","inbox":{"id":%d,"avatar_url":"","channel_id":%d,"name":"l","channel_type":"Channel::Line","provider":null}}]`,
			inbox, id(w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d", inbox), "").object()["channel_id"]))
		same(t, "with inboxes", w.call("agent", "GET", path, "").object(), `{"payload":{`+card+`,`+inboxes+`}}`)
		same(t, "asked for", w.call("agent", "GET", path+"?include_contact_inboxes=true", "").object(), `{"payload":{`+card+`,`+inboxes+`}}`)
		same(t, "without", w.call("agent", "GET", path+"?include_contact_inboxes=false", "").object(), `{"payload":{`+card+`}}`)
		w.exec(`DELETE FROM conversations`)
		w.exec(`DELETE FROM contact_inboxes`)
		same(t, "none", w.call("agent", "GET", path, "").object(), `{"payload":{`+card+`,"contact_inboxes":[]}}`)
		w.call("agent", "GET", "{A}/contacts/99", "").want(404, `{"error":"Resource could not be found"}`)
		w.exec(`UPDATE contacts SET account_id = (SELECT MAX(id) FROM accounts)`)
		w.call("agent", "GET", path, "").want(404, `{"error":"Resource could not be found"}`)
	})
}
