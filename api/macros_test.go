package api_test

import (
	"fmt"
	"strings"
	"testing"

	"tributary/store"
)

func (w *world) macro(role, name, visibility, actions string) int64 {
	w.t.Helper()
	made := w.call(role, "POST", "{A}/macros", fmt.Sprintf(`{"name":%q,"visibility":%q,"actions":%s}`, name, visibility, actions)).object()
	return id(at(made, "payload", "id"))
}

const resolveIt = `[{"action_name":"resolve_conversation","action_params":[]}]`

func TestMacros(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.call("agent", "GET", "{A}/macros", "").want(200, `{"payload":[]}`)
		agents := w.call("admin", "GET", "{A}/agents", "").list()
		text := func(id int64, name, visibility string, by any) string {
			return fmt.Sprintf(`{"payload":{"id":%d,"name":%q,"visibility":%q,"created_by":%s,"updated_by":%[4]s,"account_id":%d,"actions":%s}}`,
				id, name, visibility, show(t, by), w.account, resolveIt)
		}
		mine := w.call("agent", "POST", "{A}/macros", `{"name":"mine","visibility":"global","actions":`+resolveIt+`,"x":1}`).object()
		own := id(at(mine, "payload", "id"))
		same(t, "agents' are personal", mine, text(own, "mine", "personal", agents[1]))
		all := w.macro("admin", "all", "global", resolveIt)
		same(t, "shown", w.call("agent", "GET", fmt.Sprintf("{A}/macros/%d", all), "").object(), text(all, "all", "global", agents[0]))
		hers := w.macro("admin", "hers", "personal", resolveIt)
		list := func(role string) string {
			var out []string
			for _, m := range at(w.call(role, "GET", "{A}/macros", "").object(), "payload").([]any) {
				out = append(out, fmt.Sprint(at(m, "name")))
			}
			return strings.Join(out, " ")
		}
		w.eq("the agent's", list("agent"), "mine all")
		w.eq("the administrator's", list("admin"), "all hers")
		same(t, "kept visibility", at(w.call("admin", "PATCH", fmt.Sprintf("{A}/macros/%d", all), `{"name":"for all"}`).object(), "payload", "visibility"), `"global"`)
		same(t, "changed visibility", at(w.call("admin", "PUT", fmt.Sprintf("{A}/macros/%d", all), `{"visibility":0}`).object(), "payload", "visibility"), `"personal"`)
		w.call("admin", "PUT", fmt.Sprintf("{A}/macros/%d", all), `{"visibility":"global"}`).object()

		// Whose they are.
		foreign := fmt.Sprintf("{A}/macros/%d", hers)
		w.call("agent", "GET", foreign, "").want(401, refusedText)
		w.call("agent", "PATCH", foreign, `{"name":"x"}`).want(401, refusedText)
		w.call("agent", "DELETE", foreign, "").want(401, refusedText)
		w.call("agent", "POST", foreign+"/execute", `{"conversation_ids":[1]}`).want(401, refusedText)
		w.call("agent", "PATCH", fmt.Sprintf("{A}/macros/%d", all), `{"name":"x"}`).want(401, refusedText)
		w.call("agent", "DELETE", fmt.Sprintf("{A}/macros/%d", all), "").want(401, refusedText)
		w.call("admin", "GET", fmt.Sprintf("{A}/macros/%d", own), "").want(401, refusedText)
		w.call("admin", "GET", "{A}/macros/999", "").want(404, "")
		w.call("admin", "PATCH", "{A}/macros/999", `{"name":"x"}`).want(404, missingText)
		w.call("admin", "DELETE", "{A}/macros/999", "").want(404, missingText)
		w.call("admin", "POST", "{A}/macros/999/execute", `{"conversation_ids":[1]}`).want(404, missingText)
		w.call("stranger", "GET", foreign, "").want(401, `{"error":"You are not authorized to access this account"}`)

		for body, want := range map[string]string{
			`{"actions":[]}`:                  `{"error":{"name":["can't be blank"]}}`,
			`{"name":"x","actions":5}`:        `{"error":{"actions":["is invalid"]}}`,
			`{"name":"x","visibility":"all"}`: `{"error":{"visibility":["is not included in the list"]}}`,
			`{"name":"x","actions":[{"action_name":"fly"},{"action_name":"send_email_to_team"},{"action_name":5}]}`: `{"error":{"actions":["Macro execution actions fly,send_email_to_team, not supported."]}}`,
			`{"name":"x","actions":[{"action_name":"send_attachment","action_params":[999]}]}`:                      `{"error":{"actions":["The attachment was not uploaded."]}}`,
		} {
			w.call("admin", "POST", "{A}/macros", body).want(422, want)
		}
		w.call("admin", "PATCH", fmt.Sprintf("{A}/macros/%d", all), `{"name":""}`).want(422, `{"error":{"name":["can't be blank"]}}`)

		// One whose author is gone can be deleted by administrators.
		w.exec(`UPDATE macros SET created_by_id = NULL, visibility = 1 WHERE id = $1`, own)
		w.call("admin", "DELETE", fmt.Sprintf("{A}/macros/%d", own), "").want(200, "")
		w.call("admin", "DELETE", foreign, "").want(200, "")
		if got := w.audits("Macro"); strings.Count(got, "create ") != 3 || strings.Count(got, "destroy ") != 2 {
			t.Errorf("audits:\n%s", got)
		}
	})
}

// Macros and rules send files that were uploaded for them.
func TestMacroFiles(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		contentType, body := w.form(nil, upload{"attachment", "way.txt", "text/plain", "left"})
		blob := id(w.send("agent", "POST", "{A}/upload", contentType, body).object()["blob_id"])
		actions := fmt.Sprintf(`[{"action_name":"send_attachment","action_params":[%d]}]`, blob)
		macro := w.macro("agent", "way", "personal", actions)
		path := fmt.Sprintf("{A}/macros/%d", macro)
		file := at(w.call("agent", "GET", path, "").object(), "payload", "files", 0)
		compare(t, "file", object(file), fmt.Sprintf(`{"macro_id":%d,"account_id":%d,"blob_id":%d,"filename":"way.txt","file_type":"text/plain"}`, macro, w.account, blob))
		if got := w.served(at(file, "file_url")); got.body != "left" {
			t.Errorf("file_url: %d", got.status)
		}
		w.call("agent", "PATCH", path, `{"name":"the way"}`).object()
		w.call("agent", "POST", path+"/execute", `{"conversation_ids":[1]}`).want(200, "")
		w.run(store.LaneRules)
		last := at(w.call("agent", "GET", messagesOf1, "").object(), "payload", 1)
		if at(last, "content") != nil || len(at(last, "attachments").([]any)) != 1 || id(at(last, "sender", "id")) != w.agent {
			t.Errorf("sent %v", last)
		}
		w.dispatch()
		rule := w.rule("way", "message_created", `[]`, actions)
		same(t, "file of a rule", at(w.call("admin", "GET", fmt.Sprintf("{A}/automation_rules/%d", rule), "").object(), "payload", "files", 0, "automation_rule_id"), fmt.Sprint(rule))
		w.receive(w.number(`SELECT id FROM inboxes`), "U1", "again")
		w.automate()
		if n := w.number(`SELECT COUNT(*) FROM attachments WHERE blob_id = $1`, blob); n != 2 {
			t.Errorf("sent %d times, want 2", n)
		}
		w.call("agent", "PATCH", path, `{"actions":[]}`).object()
		if at(w.call("agent", "GET", path, "").object(), "payload", "files") != nil {
			t.Error("it keeps what it does not send any more")
		}
		// A file of a message is not one that was uploaded for this.
		secret := w.stored("secret.txt", "x")
		w.call("agent", "PATCH", path, fmt.Sprintf(`{"actions":[{"action_name":"send_attachment","action_params":[%d]}]}`, secret.ID)).
			want(422, `{"error":{"actions":["The attachment was not uploaded."]}}`)
	})
}

// Every action does what it says, in order and each on its own.
func TestMacroActions(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		outsider := w.member("cy", "cy@example.com", false)
		w.receive(inbox, "U1", "hello")
		w.exec(`UPDATE contacts SET email = 'ana@example.com'`)
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"t","allow_auto_assign":false}`).object()["id"])
		act := func(actions string) {
			t.Helper()
			macro := w.macro("agent", "m", "personal", actions)
			w.call("agent", "POST", fmt.Sprintf("{A}/macros/%d/execute", macro), `{"conversation_ids":[1,"1",77]}`).want(200, "")
			w.run(store.LaneRules)
		}
		one := func(name, params string) {
			t.Helper()
			act(fmt.Sprintf(`[{"action_name":%q,"action_params":%s}]`, name, params))
		}
		state := func(want string) {
			t.Helper()
			w.eq("state", w.text(`SELECT CAST(status AS TEXT) || ' ' || COALESCE(CAST(priority AS TEXT), '-') || ' ' || COALESCE(CAST(assignee_id AS TEXT), '-') || ' ' || COALESCE(CAST(team_id AS TEXT), '-') FROM conversations`), want)
		}
		state("0 - - -")
		one("assign_agent", `["self"]`)
		state(fmt.Sprintf("0 - %d -", w.agent))
		one("assign_agent", `["nil"]`)
		state("0 - - -")
		one("assign_agent", fmt.Sprintf(`[%d]`, outsider)) // does not see the inbox
		one("assign_agent", `[999]`)
		one("assign_agent", `["x"]`)
		state("0 - - -")
		one("assign_agent", fmt.Sprintf(`["%d"]`, w.admin))
		state(fmt.Sprintf("0 - %d -", w.admin))
		one("assign_agent", `["nil"]`)
		one("assign_team", fmt.Sprintf(`[%d]`, team))
		state(fmt.Sprintf("0 - - %d", team))
		one("assign_team", `[999]`)
		state(fmt.Sprintf("0 - - %d", team))
		one("assign_team", `["nil"]`)
		state("0 - - -")
		one("assign_team", fmt.Sprintf(`[%d]`, team))
		one("remove_assigned_team", `[]`)
		state("0 - - -")
		one("change_priority", `["high"]`)
		one("change_priority", `["odd"]`)
		state("0 2 - -")
		one("change_priority", `["nil"]`)
		one("change_status", `["pending"]`)
		state("2 - - -")
		one("change_status", `["odd"]`)
		one("snooze_conversation", `[]`)
		state("3 - - -")
		one("resolve_conversation", `[]`)
		state("1 - - -")
		one("change_status", `["open"]`)
		one("add_label", `["a","b, c"]`)
		one("remove_label", `["b"]`)
		w.eq("labels", w.labelsOf(1), "a c")
		one("mute_conversation", `[]`)
		state("1 - - -")
		w.eq("blocked", w.text(`SELECT CASE WHEN blocked THEN 'yes' ELSE 'no' END FROM contacts`), "yes")
		w.exec(`UPDATE contacts SET blocked = FALSE`)
		w.exec(`UPDATE conversations SET status = 0`)

		// In order; what fails is left out.
		long := strings.Repeat("x", 150001)
		act(fmt.Sprintf(`[{"action_name":"send_message","action_params":["one"]},{"action_name":"send_message","action_params":[%q]},
			{"action_name":"add_private_note","action_params":["two"]},{"action_name":"send_message","action_params":[""]},{"action_name":"add_label","action_params":["done"]}]`, long))
		w.eq("written", w.text(`SELECT content || CASE WHEN private THEN '!' ELSE '' END FROM messages WHERE message_type = 1 AND sender_type = 'User' AND sender_id = $1 ORDER BY id`, w.agent), "one two!")
		w.eq("labels", w.labelsOf(1), "a c done")

		// What leaves the house.
		one("send_webhook_event", `["https://hooks.example/x"]`)
		one("send_webhook_event", `["ftp://hooks.example/x"]`)
		w.eq("webhook", w.text(`SELECT event FROM webhook_deliveries WHERE kind = 'rule'`), "macro.executed")
		one("send_email_transcript", `["{{contact.email}}, boss@example.com,nobody"]`)
		w.eq("transcripts", w.text(`SELECT CAST(COUNT(*) AS TEXT) FROM jobs WHERE kind LIKE '%transcript%'`), "2")

		// Nobody writes to tweets.
		w.exec(`UPDATE conversations SET additional_attributes = '{"type":"tweet"}'`)
		one("send_message", `["tweet"]`)
		one("add_private_note", `["tweet"]`)
		if n := w.number(`SELECT COUNT(*) FROM messages WHERE content = 'tweet'`); n != 0 {
			t.Errorf("%d messages to a tweet", n)
		}
		// Nor does anybody act where they do not see the inbox.
		macro := w.macro("admin", "g", "global", `[{"action_name":"add_label","action_params":["unseen"]}]`)
		w.call("cy", "POST", fmt.Sprintf("{A}/macros/%d/execute", macro), `{"conversation_ids":1}`).want(200, "")
		w.run(store.LaneRules)
		w.eq("labels", w.labelsOf(1), "a c done")
		w.call("agent", "POST", fmt.Sprintf("{A}/macros/%d/execute", macro), `{"conversation_ids":["x"]}`).want(422, `{"error":"conversation_ids is invalid"}`)
	})
}

// The actions that automation rules alone have.
func TestRuleActions(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		post := w.postOffice()
		inbox := w.line("l", true)
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"t"}`).object()["id"])
		w.call("admin", "POST", fmt.Sprintf("{A}/teams/%d/team_members", team), fmt.Sprintf(`{"user_ids":[%d]}`, w.agent)).list()
		w.rule("all", "conversation_created", `[]`, fmt.Sprintf(`[{"action_name":"resolve_conversation"},{"action_name":"add_sla","action_params":[1]},{"action_name":"open_conversation"},
			{"action_name":"send_email_to_team","action_params":[{"team_ids":[%d,999],"message":"Look at this"}]},
			{"action_name":"send_webhook_event","action_params":["https://hooks.example/x"]},{"action_name":"assign_agent","action_params":["self"]}]`, team))
		w.receive(inbox, "U1", "hello")
		w.automate()
		w.eq("status", w.text(`SELECT CAST(status AS TEXT) FROM conversations`), "0")
		w.eq("activity", w.text(`SELECT CAST(COUNT(*) AS TEXT) FROM messages WHERE message_type = 2 AND content LIKE '% by Automation%'`), "2")
		w.eq("webhook", w.text(`SELECT event FROM webhook_deliveries WHERE kind = 'rule'`), "automation_event.conversation_created")
		w.run(store.LaneMail)
		if mails := post.all(); len(mails) != 1 || !strings.Contains(mails[0], "bo@example.com") || !strings.Contains(mails[0], "Look at this") {
			t.Errorf("mails %q", mails)
		}
	})
}
