package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// happened reads what the outbox has, a row a line, and empties it: the kind, the
// columns that changed, and the rest of the payload.
func (w *world) happened() string {
	w.t.Helper()
	var out []string
	for _, row := range w.texts(`SELECT kind || ' ' || payload FROM outbox ORDER BY id`) {
		kind, text, _ := strings.Cut(row, " ")
		var payload map[string]any
		w.must(json.Unmarshal([]byte(text), &payload))
		delete(payload, "assignment_considered") // told to the assignment alone
		if changed, ok := payload["changed_attributes"].([]any); ok {
			delete(payload, "changed_attributes")
			var columns []string
			for _, one := range changed {
				for column, values := range one.(map[string]any) {
					if column == "updated_at" || column == "last_activity_at" {
						continue
					}
					before, after := raw(w.t, at(values, "previous_value")), raw(w.t, at(values, "current_value"))
					if strings.HasSuffix(column, "_since") || strings.HasSuffix(column, "created_at") {
						before, after = fmt.Sprint(before != "null"), fmt.Sprint(after != "null")
					}
					columns = append(columns, column+":"+before+">"+after)
				}
			}
			kind += " " + strings.Join(columns, ",")
		}
		if len(payload) > 0 {
			kind += " " + raw(w.t, payload)
		}
		out = append(out, strings.TrimSpace(kind))
	}
	w.exec(`DELETE FROM outbox`)
	return strings.Join(out, "\n")
}

// follows compares what happened.
func (w *world) follows(what string, want ...string) {
	w.t.Helper()
	if got := w.happened(); got != strings.Join(want, "\n") {
		w.t.Errorf("%s: events\n%s\nwant\n%s", what, got, strings.Join(want, "\n"))
	}
}

// notes are the activity messages so far, which are forgotten.
func (w *world) notes() string {
	w.t.Helper()
	list := w.texts(`SELECT content FROM messages WHERE message_type = 2 ORDER BY id`)
	w.exec(`DELETE FROM messages WHERE message_type = 2`)
	return strings.Join(list, "|")
}

func (w *world) noted(what, want string) {
	w.t.Helper()
	if got := w.notes(); got != want {
		w.t.Errorf("%s: notes %q, want %q", what, got, want)
	}
}

// talking is a world with conversation 1 in an inbox of the agent's, conversation 2 in
// one that is not, and a bot in the first.
func talking(w *world) (inbox int64) {
	w.t.Helper()
	inbox = w.line("l", true)
	w.receive(inbox, "U1", "hello")
	w.receive(w.line("others", false), "U2", "hello")
	bot := w.bot("bot")
	w.call("admin", "POST", fmt.Sprintf("{A}/inboxes/%d/set_agent_bot", inbox), fmt.Sprintf(`{"agent_bot":%d}`, bot)).want(200, "")
	w.exec(`DELETE FROM outbox`)
	return inbox
}

// shut calls a path of conversation 2 and of one that is not there, as the agent.
func (w *world) shut(method, action, body string) {
	w.t.Helper()
	w.call("agent", method, "{A}/conversations/2"+action, body).want(401, refusedBody)
	w.call("agent", method, "{A}/conversations/99"+action, body).want(404, missingBody)
}

func TestToggleStatus(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		const path = "{A}/conversations/1/toggle_status"
		toggled := func(role, body, success, status, until string) {
			t.Helper()
			w.call(role, "POST", path, body).want(200, fmt.Sprintf(
				`{"meta":{},"payload":{"success":%s,"conversation_id":1,"current_status":%q,"snoozed_until":%s}}`, success, status, until))
		}
		toggled("admin", `{}`, "true", "resolved", "null")
		by := fmt.Sprintf(`{"performer_id":%d}`, w.admin)
		w.follows("resolve", "conversation.resolved "+by, "conversation.status_changed "+by,
			`conversation.updated status:"open">"resolved",waiting_since:true>false `+by, "message.created "+by)
		w.noted("resolve", "Conversation was resolved by Ada")
		toggled("admin", `{"status":"resolved"}`, "true", "resolved", "null")
		w.follows("resolved already", "")
		toggled("admin", `{}`, "true", "open", "null")
		w.follows("open", "conversation.opened "+by, "conversation.status_changed "+by, `conversation.updated status:"resolved">"open" `+by, "message.created "+by)
		if n := w.count(`SELECT COUNT(*) FROM conversations WHERE assignee_id IS NOT NULL`); n != 0 {
			t.Error("an administrator was assigned")
		}
		toggled("admin", `{"status":"snoozed","snoozed_until":1893456000}`, "true", "snoozed", `"2030-01-01T00:00:00.000Z"`)
		w.follows("snooze", "conversation.status_changed "+by, `conversation.updated status:"open">"snoozed",snoozed_until:null>"2030-01-01T00:00:00.000Z" `+by,
			"message.created "+by)
		toggled("admin", `{"status":"snoozed","snoozed_until":"1893456001"}`, "true", "snoozed", `"2030-01-01T00:00:01.000Z"`)
		toggled("admin", `{"status":3,"snoozed_until":null}`, "true", "snoozed", "null")
		toggled("admin", `{"status":"pending","snoozed_until":1893456000}`, "true", "pending", "null")
		w.happened()
		w.notes()

		toggled("bot", `{"status":"open"}`, "null", "open", "null")
		var bot int64
		w.must(w.db.QueryRowContext(t.Context(), `SELECT MAX(id) FROM agent_bots`).Scan(&bot))
		byBot := fmt.Sprintf(`{"bot_id":%d}`, bot)
		w.follows("handoff", "conversation.opened "+byBot, "conversation.status_changed "+byBot, `conversation.updated status:"pending">"open" `+byBot,
			"conversation.bot_handoff "+byBot, "message.created "+byBot)
		w.noted("handoff", "Conversation was reopened by bot")
		toggled("bot", `{"status":"pending"}`, "true", "pending", "null")
		toggled("bot", `{}`, "true", "open", "null")
		w.happened()
		w.notes()

		toggled("agent", `{"status":"pending"}`, "true", "pending", "null")
		w.happened()
		w.notes()
		toggled("agent", `{"status":"open"}`, "true", "open", "null")
		mine := fmt.Sprintf(`{"performer_id":%d}`, w.agent)
		w.follows("taken", "conversation.opened "+mine, "conversation.status_changed "+mine,
			fmt.Sprintf(`conversation.updated status:"pending">"open",assignee_id:null>%d `, w.agent)+mine, "assignee.changed "+mine,
			"message.created "+mine, "message.created "+mine)
		w.noted("taken", "Conversation was reopened by Bo|Bo took the conversation")
		if n := w.count(`SELECT COUNT(*) FROM conversation_participants WHERE user_id = $1`, w.agent); n != 1 {
			t.Errorf("the assignee takes part %d times", n)
		}
		for _, c := range [][2]string{
			{`{"status":"gone"}`, `{"message":"Status is not included in the list","attributes":["status"]}`},
			{`{"status":4}`, `{"message":"Status is not included in the list","attributes":["status"]}`},
			{`{"snoozed_until":"tomorrow"}`, `{"message":"Snoozed until is not a number","attributes":["snoozed_until"]}`},
			{`{"snoozed_until":-1}`, `{"message":"Snoozed until is invalid","attributes":["snoozed_until"]}`},
		} {
			w.call("agent", "POST", path, c[0]).want(422, c[1])
		}
		w.follows("refused", "")
		w.shut("POST", "/toggle_status", `{}`)
	})
}

func TestPriorityAndUpdate(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		const conversation = "{A}/conversations/1"
		by := fmt.Sprintf(`{"performer_id":%d}`, w.agent)
		w.call("agent", "POST", conversation+"/toggle_priority", `{"priority":"high"}`).want(200, "")
		w.follows("set", `conversation.updated priority:null>"high" `+by, "message.created "+by)
		w.noted("set", "Bo set the priority to high")
		w.call("bot", "POST", conversation+"/toggle_priority", `{"priority":0}`).want(200, "")
		w.noted("changed", "bot changed the priority from high to low")
		for _, body := range []string{`{}`, `{"priority":null}`, `{"priority":""}`} {
			w.call("agent", "POST", conversation+"/toggle_priority", body).want(200, "")
		}
		w.noted("removed", "Bo removed the priority")
		w.happened()
		for _, role := range []string{"agent", "bot"} {
			compare(t, "update as "+role, w.call(role, "PATCH", conversation, `{"priority":"urgent","status":"resolved"}`).object(), `{"id":1,"priority":"urgent","status":"open","sla_policy_id":null}`)
		}
		compare(t, "nothing", w.call("agent", "PUT", conversation, `{"sla_policy_id":null}`).object(), `{"priority":"urgent"}`)
		compare(t, "null", w.call("agent", "PUT", conversation, `{"priority":null}`).object(), `{"priority":null}`)
		w.call("agent", "PATCH", conversation, `{"priority":"soon"}`).want(422, `{"message":"Priority is not included in the list","attributes":["priority"]}`)
		w.call("agent", "POST", conversation+"/toggle_priority", `{"priority":4}`).want(422, `{"message":"Priority is not included in the list","attributes":["priority"]}`)
		w.call("agent", "PATCH", conversation, `{"sla_policy_id":5}`).want(422, `{"message":"Sla policy sla policy account mismatch","attributes":["sla_policy"]}`)
		w.shut("POST", "/toggle_priority", `{}`)
		w.shut("PATCH", "", `{}`)
	})
}

func TestMuteAndAttributes(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		const conversation = "{A}/conversations/1"
		contact := id(at(w.call("admin", "GET", conversation, "").object(), "meta", "sender", "id"))
		by := fmt.Sprintf(`{"performer_id":%d}`, w.agent)
		ofContact := fmt.Sprintf(`{"contact_id":%d,"performer_id":%d}`, contact, w.agent)
		w.call("agent", "POST", conversation+"/mute", "").want(200, "")
		w.follows("mute", "conversation.resolved "+by, "conversation.status_changed "+by, `conversation.updated status:"open">"resolved",waiting_since:true>false `+by,
			"contact.updated blocked:false>true "+ofContact, "message.created "+by, "message.created "+by)
		w.noted("mute", "Conversation was resolved by Bo|Bo muted the conversation")
		compare(t, "muted", w.call("agent", "GET", conversation, "").object(), `{"muted":true,"status":"resolved"}`)
		w.receive(id(w.call("admin", "GET", conversation, "").object()["inbox_id"]), "U1", "let me in")
		compare(t, "not reopened", w.call("agent", "GET", conversation, "").object(), `{"muted":true,"status":"resolved"}`)
		w.happened()
		w.call("agent", "POST", conversation+"/unmute", "").want(200, "")
		w.follows("unmute", "contact.updated blocked:true>false "+ofContact, "message.created "+by)
		w.noted("unmute", "Bo unmuted the conversation")
		w.call("agent", "POST", conversation+"/unmute", "").want(200, "")
		w.follows("unmuted already", "")
		w.shut("POST", "/mute", "")
		w.shut("POST", "/unmute", "")

		w.call("agent", "POST", conversation+"/custom_attributes", `{"custom_attributes":{"plan":"pro","n":1.50}}`).want(200, `{"custom_attributes":{"n":1.50,"plan":"pro"}}`)
		w.follows("attributes", `conversation.updated custom_attributes:{}>{"n":1.5,"plan":"pro"} `+by)
		w.call("bot", "POST", conversation+"/custom_attributes", `{"custom_attributes":{"x":"y"}}`).want(200, `{"custom_attributes":{"x":"y"}}`)
		compare(t, "replaced", w.call("agent", "GET", conversation, "").object(), `{"custom_attributes":{"x":"y"}}`)
		w.call("agent", "POST", conversation+"/custom_attributes", `{"custom_attributes":{}}`).want(200, `{"custom_attributes":{}}`)
		for _, body := range []string{`{}`, `{"custom_attributes":null}`} {
			w.call("agent", "POST", conversation+"/custom_attributes", body).want(422, `{"error":"param is missing or the value is empty: custom_attributes"}`)
		}
		w.call("agent", "POST", conversation+"/custom_attributes", `{"custom_attributes":{"a":"`+strings.Repeat("x", 1501)+`"}}`).
			want(422, `{"message":"Custom attributes a length should be < 1500","attributes":["custom_attributes"]}`)
		w.call("agent", "POST", conversation+"/custom_attributes", `{"custom_attributes":{"a":10000000000}}`).
			want(422, `{"message":"Custom attributes a value should be < 9999999999","attributes":["custom_attributes"]}`)
		w.shut("POST", "/custom_attributes", `{"custom_attributes":{}}`)
	})
}

func TestAssignments(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		const path = "{A}/conversations/1/assignments"
		by := fmt.Sprintf(`{"performer_id":%d}`, w.admin)
		got := w.call("admin", "POST", path, fmt.Sprintf(`{"assignee_id":"%d"}`, w.agent)).object()
		compare(t, "assignee", got, fmt.Sprintf(`{"id":%d,"name":"Bo","account_id":%d,"role":"agent"}`, w.agent, w.account))
		w.follows("assign", fmt.Sprintf(`conversation.updated assignee_id:null>%d `, w.agent)+by, "assignee.changed "+by, "message.created "+by)
		w.noted("assign", "Ada assigned the conversation to Bo")
		w.call("admin", "POST", path, "{}").want(200, "null")
		w.follows("nothing", "")
		for i, body := range []string{`{"assignee_id":0}`, `{"assignee_id":null}`, fmt.Sprintf(`{"assignee_id":%d}`, w.stranger), `{"assignee_id":"nobody"}`} {
			w.call("admin", "POST", path, body).want(200, "null")
			if i == 0 {
				w.follows("unassign", fmt.Sprintf(`conversation.updated assignee_id:%d>null `, w.agent)+by, "assignee.changed "+by, "message.created "+by)
				w.noted("unassign", "Ada removed the assignee")
			}
		}
		w.follows("unassigned already", "")

		team := w.call("admin", "POST", "{A}/teams", `{"name":"help","allow_auto_assign":false}`).object()
		w.happened()
		got = w.call("bot", "POST", path, fmt.Sprintf(`{"team_id":%d}`, id(team["id"]))).object()
		created, _ := got["created_at"].(string)
		same(t, "team", got, fmt.Sprintf(`{"id":%d,"name":"help","description":null,"allow_auto_assign":false,"account_id":%d,"created_at":%q,"updated_at":%q}`,
			id(team["id"]), w.account, created, created))
		if !strings.HasSuffix(created, "Z") {
			t.Errorf("the team was made at %q", created)
		}
		w.noted("team", "bot assigned the conversation to team help")
		shown := w.call("agent", "GET", "{A}/conversations/1", "").object()
		same(t, "team card", at(shown, "meta", "team"), fmt.Sprintf(`{"id":%d,"name":"help","description":null,"allow_auto_assign":false,"account_id":%d,"is_member":false}`,
			id(team["id"]), w.account))
		w.happened()
		w.call("admin", "POST", path, `{"team_id":999}`).want(200, "null")
		w.follows("no team", fmt.Sprintf(`conversation.updated team_id:%d>null `, id(team["id"]))+by, "team.changed "+by, "message.created "+by)
		if m, _ := at(w.call("agent", "GET", "{A}/conversations/1", "").object(), "meta").(map[string]any); m["team"] != nil {
			t.Errorf("still of a team: %v", m)
		}
		w.shut("POST", "/assignments", `{}`)
	})
}

func TestConversationLabels(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		talking(w)
		const path = "{A}/conversations/1/labels"
		by := fmt.Sprintf(`{"performer_id":%d}`, w.agent)
		w.call("agent", "GET", path, "").want(200, `{"payload":[]}`)
		w.call("agent", "POST", path, `{"labels":[" vip ,new","vip",""]}`).want(200, `{"payload":["new","vip"]}`)
		w.follows("added", `conversation.updated label_list:[]>["vip","new"] `+by, "message.created "+by)
		w.noted("added", "Bo added vip, new")
		w.call("agent", "POST", path, `{"labels":["new","old"]}`).want(200, `{"payload":["new","old"]}`)
		w.noted("changed", "Bo added old|Bo removed vip")
		w.call("agent", "GET", path, "").want(200, `{"payload":["new","old"]}`)
		w.happened()
		w.call("agent", "POST", path, `{"labels":["old","new"]}`).want(200, `{"payload":["new","old"]}`)
		w.follows("the same", "")
		w.call("agent", "POST", path, `{"labels":["`+strings.Repeat("x", 256)+`"]}`).want(422, `{"message":"Labels is too long (maximum is 255 characters)","attributes":["labels"]}`)
		w.call("agent", "POST", path, `{}`).want(200, `{"payload":[]}`)
		w.call("bot", "POST", path, `{}`).want(401, `{"error":"Access to this endpoint is not authorized for bots"}`)
		w.shut("POST", "/labels", `{}`)
		w.shut("GET", "/labels", "")
	})
}

func TestParticipantsAndDrafts(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		outsider := w.member("outsider", "out@example.com", false)
		const path = "{A}/conversations/1/participants"
		names := func(a answer) string {
			t.Helper()
			var list []map[string]any
			if a.status != 200 || json.Unmarshal([]byte(a.body), &list) != nil {
				t.Fatalf("%s: %d %s", a.name, a.status, a.body)
			}
			var out []string
			for _, u := range list {
				out = append(out, fmt.Sprint(u["name"]))
			}
			return strings.Join(out, " ")
		}
		users := func(list ...any) string { return `{"user_ids":` + raw(t, list) + `}` }
		for _, c := range []struct {
			method, body, want, all string
		}{
			{"POST", users(w.agent, outsider, 999), "Bo", "Bo"},
			{"POST", users(fmt.Sprint(w.admin), w.agent), "Ada", "Ada Bo"},
			{"PATCH", users(w.admin), "Ada", "Ada"},
			{"PUT", users(w.agent, outsider), "Bo", "Bo"},
			{"PATCH", `{"user_ids":[]}`, "", ""},
			{"POST", users(w.agent, w.admin), "Ada Bo", "Ada Bo"},
		} {
			if got := names(w.call("agent", c.method, path, c.body)); got != c.want {
				t.Errorf("%s %s: %q, want %q", c.method, c.body, got, c.want)
			}
			if got := names(w.call("agent", "GET", path, "")); got != c.all {
				t.Errorf("after %s %s: %q, want %q", c.method, c.body, got, c.all)
			}
		}
		if got := displayed(at(w.call("agent", "GET", "{A}/conversations?conversation_type=participating&status=all", "").object(), "data", "payload")); got != "1" {
			t.Errorf("conversations that the agent takes part in: %q", got)
		}
		w.call("agent", "DELETE", path, users(w.agent)).want(200, "")
		if got := names(w.call("agent", "GET", path, "")); got != "Ada" {
			t.Errorf("after the deletion: %q", got)
		}
		for _, method := range []string{"POST", "PATCH", "DELETE"} {
			w.call("agent", method, path, `{}`).want(422, `{"error":"param is missing or the value is empty: user_ids"}`)
			w.shut(method, "/participants", users(w.agent))
		}
		w.shut("GET", "/participants", "")
		w.follows("participants", "")

		const draft = "{A}/conversations/1/draft_messages"
		w.call("agent", "GET", draft, "").want(200, `{"has_draft":false}`)
		w.call("agent", "PATCH", draft, `{"draft_message":{"message":"Hel"}}`).want(200, "")
		w.call("admin", "GET", draft, "").want(200, `{"has_draft":true,"message":"Hel"}`)
		w.call("admin", "PUT", draft, `{"message":"Hello"}`).want(200, "")
		w.call("agent", "GET", draft, "").want(200, `{"has_draft":true,"message":"Hello"}`)
		w.call("admin", "PUT", draft, `{}`).want(200, "")
		w.call("agent", "GET", draft, "").want(200, `{"has_draft":true,"message":""}`)
		w.call("agent", "DELETE", draft, "").want(200, "")
		w.call("agent", "GET", draft, "").want(200, `{"has_draft":false}`)
		w.call("agent", "PATCH", draft, `{"message":"`+strings.Repeat("x", 150001)+`"}`).
			want(422, `{"message":"Message is too long (maximum is 150000 characters)","attributes":["message"]}`)
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			w.shut(method, "/draft_messages", "")
		}
	})
}

func TestDeleteConversation(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		w.call("agent", "DELETE", "{A}/conversations/1", "").want(401, refusedBody)
		w.call("agent", "DELETE", "{A}/conversations/99", "").want(404, missingBody)
		w.call("admin", "DELETE", "{A}/conversations/99", "").want(404, missingBody)
		w.call("admin", "DELETE", "{A}/conversations/1", "").want(200, "")
		w.call("admin", "DELETE", "{A}/conversations/1", "").want(200, "") // it waits for the first
		w.follows("deletion", "")
		w.run("bulk")
		w.call("admin", "GET", "{A}/conversations/1", "").want(404, missingBody)
		w.call("admin", "GET", "{A}/conversations/2", "").object()
		if n := w.count(`SELECT COUNT(*) FROM messages`); n != 1 {
			t.Errorf("%d messages are left", n)
		}
		if got := w.texts(`SELECT action || ' ' || username FROM audits WHERE auditable_type = 'Conversation'`); fmt.Sprint(got) != "[destroy ada@example.com]" {
			t.Errorf("audits: %v", got)
		}
		// Numbers are not given again.
		w.receive(w.line("third", true), "U3", "hello")
		w.call("admin", "GET", "{A}/conversations/1", "").want(404, missingBody)
		w.call("admin", "GET", "{A}/conversations/3", "").object()
	})
}

func TestConversationFiles(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		const path = "{A}/conversations/1/attachments"
		w.call("agent", "GET", path, "").want(200, `{"meta":{"total_count":0},"payload":[]}`)
		first := w.ids()[0]
		sent := id(w.call("agent", "POST", messagesOf1, `{"content":"r"}`).object()["id"])
		file := func(message int64, kind int, url string) {
			w.exec(`INSERT INTO attachments (account_id, message_id, file_type, external_url, file_name, file_size, width, height, created_at, updated_at)
				VALUES ($1, $2, $3, $4, 'a.png', 12, 3, 4, 1, 1)`, w.account, message, kind, url)
		}
		file(first, 0, "https://f.example/a.png")
		file(sent, 3, "https://f.example/b")
		got := w.call("agent", "GET", path, "").object()
		list := at(got, "payload").([]any)
		if id(at(got, "meta", "total_count")) != 2 || len(list) != 2 {
			t.Fatalf("files: %v", got)
		}
		compare(t, "newest", list[0].(map[string]any), fmt.Sprintf(`{"message_id":%d,"data_url":"https://f.example/b","thumb_url":"","file_type":"file","file_size":12,
			"extension":"png","width":3,"height":4}`, sent))
		if at(list[0], "sender", "type") != "user" || at(list[1], "sender", "type") != "contact" || id(at(list[1], "created_at")) == 0 || len(list[0].(map[string]any)) != 10 {
			t.Errorf("senders: %v", list)
		}
		compare(t, "oldest", list[1].(map[string]any), fmt.Sprintf(`{"message_id":%d,"data_url":"https://f.example/a.png","thumb_url":"https://f.example/a.png","file_type":"image"}`, first))
		w.call("agent", "GET", path+"?page=2", "").want(200, `{"meta":{"total_count":2},"payload":[]}`)
		w.call("agent", "GET", "{A}/conversations/1/inbox_assistant", "").want(200, `{"assistant":null}`)
		for _, action := range []string{"/attachments", "/inbox_assistant"} {
			w.shut("GET", action, "")
		}
	})
}

func TestTranscript(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		office := w.postOffice()
		w.call("agent", "POST", messagesOf1, `{"content":"An answer <b>"}`).object()
		w.call("agent", "POST", messagesOf1, `{"content":"a note","private":true}`).object()
		w.call("agent", "POST", "{A}/conversations/1/toggle_priority", `{"priority":"high"}`).want(200, "")
		const path = "{A}/conversations/1/transcript"
		for _, body := range []string{`{}`, `{"email":""}`, `{"email":null}`} {
			w.call("agent", "POST", path, body).want(422, `{"error":"email param missing"}`)
		}
		w.call("agent", "POST", path, `{"email":"ann@example.com"}`).want(200, "")
		w.run("mail")
		if len(office.mails) != 1 {
			t.Fatalf("%d mails", len(office.mails))
		}
		header, texts := parts(t, office.mails[0])
		w.eq("to", header.Get("To"), "<ann@example.com>")
		w.eq("subject", header.Get("Subject"), "[#1] Conversation Transcript")
		plain, page := texts["text/plain"], texts["text/html"]
		for _, part := range []string{"Contact U1, 2025-01-31 ", ":\nhello\n", "Bo, 2025-01-31 ", ":\nAn answer <b>\n"} {
			if !strings.Contains(plain, part) {
				t.Errorf("the mail lacks %q:\n%s", part, plain)
			}
		}
		if !strings.Contains(page, "An answer &lt;b&gt;") || strings.Contains(plain+page, "a note") || strings.Contains(plain+page, "priority") {
			t.Errorf("the page:\n%s\nthe text:\n%s", page, plain)
		}
		w.shut("POST", "/transcript", `{"email":"ann@example.com"}`)
	})
}

func TestViewing(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		talking(w)
		const path = "{A}/conversations/1/viewing"
		viewers := func() string {
			t.Helper()
			var names []string
			for _, row := range w.texts(`SELECT payload FROM outbox WHERE kind = 'conversation.viewers' ORDER BY id`) {
				var payload struct {
					AccountID      int64 `json:"account_id"`
					ConversationID int64 `json:"conversation_id"`
					Users          []struct{ Name, Type string }
				}
				w.must(json.Unmarshal([]byte(row), &payload))
				if payload.AccountID != w.account || payload.ConversationID != 1 {
					t.Errorf("payload %s", row)
				}
				var one []string
				for _, u := range payload.Users {
					one = append(one, u.Name+":"+u.Type)
				}
				slices.Sort(one)
				names = append(names, strings.Join(one, ","))
			}
			w.exec(`DELETE FROM outbox`)
			return strings.Join(names, " ")
		}
		w.call("agent", "POST", path, "").want(200, "")
		w.call("admin", "POST", path, "").want(200, "")
		w.eq("both", viewers(), "Bo:user Ada:user,Bo:user")
		w.now.Add(int64(14 * time.Second / time.Microsecond))
		w.call("admin", "POST", path, "").want(200, "")
		w.eq("still", viewers(), "Ada:user,Bo:user")
		w.now.Add(int64(2 * time.Second / time.Microsecond))
		w.call("admin", "POST", path, "").want(200, "")
		w.eq("one left", viewers(), "Ada:user")
		w.shut("POST", "/viewing", "")
	})
}
