package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tributary/store"
)

// rule makes an automation rule and gives its number.
func (w *world) rule(name, event, conditions, actions string) int64 {
	w.t.Helper()
	return id(w.call("admin", "POST", "{A}/automation_rules",
		fmt.Sprintf(`{"name":%q,"event_name":%q,"conditions":%s,"actions":%s}`, name, event, conditions, actions)).object()["id"])
}

// automate lets rules run until nothing happens any more.
func (w *world) automate() {
	w.t.Helper()
	for range 10 {
		w.dispatch()
		if w.number(`SELECT COUNT(*) FROM jobs WHERE lane = 'rules' AND state = 'ready'`) == 0 {
			return
		}
		w.run(store.LaneRules)
	}
	w.t.Fatal("rules start each other")
}

// labelsOf are the labels of a conversation.
func (w *world) labelsOf(display int) string {
	w.t.Helper()
	return w.text(`SELECT l.label FROM conversation_labels l JOIN conversations c ON c.id = l.conversation_id WHERE c.display_id = $1 ORDER BY l.label`, display)
}

func label(title string) string {
	return fmt.Sprintf(`[{"action_name":"add_label","action_params":[%q]}]`, title)
}

const statusOpen = `[{"attribute_key":"status","filter_operator":"equal_to","values":["open"],"query_operator":null}]`

func TestAutomationRules(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.call("admin", "GET", "{A}/automation_rules", "").want(200, `{"payload":[]}`)
		made := w.call("admin", "POST", "{A}/automation_rules", `{"name":"VIP","description":"d","event_name":"conversation_created","active":false,
			"conditions":`+statusOpen+`,"actions":[{"action_name":"resolve_conversation"},{"action_name":"add_label","action_params":["vip"],"x":1}],"x":1}`).object()
		text := func(id int64, name, event, active string) string {
			return fmt.Sprintf(`{"id":%d,"account_id":%d,"name":%q,"description":"d","event_name":%q,"conditions":%s,"created_on":1738317600,"active":%s,
				"actions":[{"action_name":"resolve_conversation","action_params":[]},{"action_name":"add_label","action_params":["vip"]}]}`, id, w.account, name, event, statusOpen, active)
		}
		rule := id(made["id"])
		same(t, "made", made, text(rule, "VIP", "conversation_created", "false"))
		path := fmt.Sprintf("{A}/automation_rules/%d", rule)
		same(t, "shown", w.call("admin", "GET", path, "").object(), `{"payload":`+text(rule, "VIP", "conversation_created", "false")+`}`)
		same(t, "changed", w.call("admin", "PATCH", path, `{"active":true,"event_name":"message_created"}`).object(), `{"payload":`+text(rule, "VIP", "message_created", "true")+`}`)
		same(t, "renamed", w.call("admin", "PUT", path, `{"name":"Very"}`).object(), `{"payload":`+text(rule, "Very", "message_created", "true")+`}`)
		copied := w.call("admin", "POST", path+"/clone", "").object()
		same(t, "cloned", copied, `{"payload":`+text(id(at(copied, "payload", "id")), "Very", "message_created", "true")+`}`)
		same(t, "listed", len(at(w.call("admin", "GET", "{A}/automation_rules", "").object(), "payload").([]any)), "2")
		w.call("admin", "DELETE", path, "").want(200, "")
		w.call("admin", "GET", path, "").want(404, missingText)
		if got := w.audits("AutomationRule"); strings.Count(got, "create ") != 2 || strings.Count(got, "update ") != 2 || strings.Count(got, "destroy ") != 1 {
			t.Errorf("audits:\n%s", got)
		}
	})
}

func TestAutomationRuleRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		rule := w.rule("r", "message_created", statusOpen, label("x"))
		path := fmt.Sprintf("{A}/automation_rules/%d", rule)
		condition := func(key, join string) string {
			return fmt.Sprintf(`{"attribute_key":%q,"filter_operator":"equal_to","values":["x"],"query_operator":%s}`, key, join)
		}
		for body, want := range map[string]string{
			`"name":""`: `{"error":{"name":["can't be blank"]}}`,
			`"name":"` + strings.Repeat("x", 256) + `"`: `{"error":{"name":["is too long (maximum is 255 characters)"]}}`,
			`"event_name":"x"`:                          `{"error":{"event_name":["is not included in the list"]}}`,
			`"active":null`:                             `{"error":{"active":["can't be blank"]}}`,
			`"conditions":[` + condition("foo", `"AND"`) + `,` + condition("bar", "null") + `]`:      `{"error":{"conditions":["Automation conditions foo,bar not supported."]}}`,
			`"conditions":[` + condition("name", "null") + `]`:                                       `{"error":{"conditions":["Automation conditions name not supported."]}}`,
			`"conditions":[` + condition("email", "null") + `,` + condition("status", "null") + `]`:  `{"error":{"conditions":["Automation conditions should have query operator."]}}`,
			`"conditions":[` + condition("email", `"XOR"`) + `,` + condition("status", "null") + `]`: `{"error":{"conditions":["Query operator must be either \"AND\" or \"OR\""]}}`,
			`"conditions":5`:   `{"error":{"conditions":["Automation conditions are invalid."]}}`,
			`"conditions":[5]`: `{"error":{"conditions":["Automation conditions are invalid."]}}`,
			`"actions":[{"action_name":"fly"},{"action_name":"remove_assigned_team"}]`: `{"error":{"actions":["Automation actions fly,remove_assigned_team not supported."]}}`,
			`"actions":"x"`: `{"error":{"actions":["is invalid"]}}`,
			`"actions":[{"action_name":"send_attachment","action_params":[999]}]`:               `{"error":{"actions":["The attachment was not uploaded."]}}`,
			`"conditions":[` + condition("foo", `null`) + `],"actions":[{"action_name":"fly"}]`: `{"error":{"actions":["Automation actions fly not supported."],"conditions":["Automation conditions foo not supported."]}}`,
		} {
			w.call("admin", "PATCH", path, "{"+body+"}").want(422, want)
			if !strings.Contains(body, `"name"`) && !strings.Contains(body, `"event_name"`) {
				w.call("admin", "POST", "{A}/automation_rules", `{"name":"n","event_name":"message_created",`+body+"}").want(422, want)
			}
		}
		w.call("admin", "POST", "{A}/automation_rules", `{}`).want(422, `{"error":{"event_name":["is not included in the list"],"name":["can't be blank"]}}`)
		w.call("admin", "POST", "{A}/automation_rules", fmt.Sprintf(`{"name":"n","event_name":"message_created","conditions":[%s]}`, condition("sla_policy_id", "null"))).object()
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			w.call("admin", method, "{A}/automation_rules/999", `{}`).want(404, missingText)
			w.call("agent", method, path, `{}`).want(401, refusedText)
		}
		w.call("admin", "POST", "{A}/automation_rules/999/clone", `{}`).want(404, missingText)
		for _, route := range []string{"GET {A}/automation_rules", "POST {A}/automation_rules", "POST " + path + "/clone"} {
			method, path, _ := strings.Cut(route, " ")
			w.call("agent", method, path, `{}`).want(401, refusedText)
			w.call("stranger", method, path, `{}`).want(401, `{"error":"You are not authorized to access this account"}`)
		}
		// A key of a custom attribute is one.
		w.call("admin", "POST", "{A}/custom_attribute_definitions", `{"attribute_display_name":"Plan","attribute_key":"plan","attribute_display_type":0,"attribute_model":0}`).object()
		w.call("admin", "PATCH", path, `{"conditions":[`+condition("plan", "null")+`]}`).object()
	})
}

// Each event starts its own rules, and nothing else does.
func TestRuleEvents(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		for _, event := range []string{"conversation_created", "conversation_updated", "conversation_opened", "conversation_resolved", "message_created"} {
			w.rule(event, event, `[]`, label(event))
		}
		w.exec(`UPDATE outbox SET kind = kind`)
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "hello")
		w.automate()
		w.eq("a new conversation", w.labelsOf(1), "conversation_created message_created")
		clear := func() { w.exec(`DELETE FROM conversation_labels`) }
		clear()
		w.call("admin", "POST", "{A}/conversations/1/toggle_status", `{"status":"resolved"}`).object()
		w.automate()
		w.eq("resolved", w.labelsOf(1), "conversation_resolved conversation_updated")
		clear()
		w.call("admin", "POST", "{A}/conversations/1/toggle_status", `{"status":"open"}`).object()
		w.automate()
		w.eq("opened", w.labelsOf(1), "conversation_opened conversation_updated")
		clear()
		w.call("admin", "POST", "{A}/conversations/1/toggle_priority", `{"priority":"high"}`).want(200, "")
		w.automate()
		w.eq("updated", w.labelsOf(1), "conversation_updated")
		clear()
		w.call("agent", "POST", messagesOf1, `{"content":"hi","private":true}`).object()
		w.automate()
		w.eq("a note", w.labelsOf(1), "message_created")
		// What began with a mail that a machine wrote is nobody's wish.
		clear()
		w.exec(`UPDATE conversations SET additional_attributes = '{"auto_reply":true}'`)
		w.call("admin", "POST", "{A}/conversations/1/toggle_status", `{"status":"snoozed"}`).object()
		w.call("admin", "POST", "{A}/conversations/1/toggle_status", `{"status":"open"}`).object()
		w.automate()
		w.eq("opened after an auto-reply", w.labelsOf(1), "conversation_updated")
		clear()
		w.receive(inbox, "U1", "auto")
		w.exec(`UPDATE messages SET content_attributes = '{"email":{"auto_reply":true}}' WHERE content = 'auto'`)
		w.automate()
		if got := w.labelsOf(1); strings.Contains(got, "message_created") {
			t.Errorf("a machine's mail: %s", got)
		}
	})
}

// Rules whose actions are what other rules wait for do not run in circles.
func TestRulesStartNoRules(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		w.dispatch()
		w.rule("resolve", "conversation_opened", `[]`, `[{"action_name":"resolve_conversation"}]`)
		w.rule("open", "conversation_resolved", `[]`, `[{"action_name":"open_conversation"}]`)
		w.rule("more", "conversation_updated", `[]`, `[{"action_name":"change_priority","action_params":["urgent"]},{"action_name":"add_label","action_params":["seen"]}]`)
		w.rule("echo", "message_created", `[]`, `[{"action_name":"send_message","action_params":["echo"]},{"action_name":"add_private_note","action_params":["noted"]}]`)
		w.call("agent", "POST", messagesOf1, `{"content":"hi"}`).object()
		w.call("admin", "POST", "{A}/conversations/1/toggle_status", `{"status":"resolved"}`).object()
		w.automate()
		w.eq("status", w.text(`SELECT CAST(status AS TEXT) || ' ' || CAST(priority AS TEXT) FROM conversations`), "0 3")
		w.eq("labels", w.labelsOf(1), "seen")
		w.eq("what rules wrote", w.text(`SELECT content FROM messages WHERE content IN ('echo', 'noted') ORDER BY id`), "echo noted")
		for _, column := range []string{"echo", "noted"} {
			if n := w.number(`SELECT COUNT(*) FROM messages WHERE content = $1 AND sender_id IS NULL AND content_attributes LIKE '%automation_rule_id%'`, column); n != 1 {
				t.Errorf("%s was not written by the rule", column)
			}
		}
		w.eq("sent", w.text(`SELECT m.content FROM deliveries d JOIN messages m ON m.id = d.message_id ORDER BY m.id`), "hi echo")
	})
}

// Every key with every operator, against one conversation: those hold that are said to.
func TestRuleConditions(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "first")
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"t"}`).object()["id"])
		w.call("admin", "POST", "{A}/custom_attribute_definitions", `{"attribute_display_name":"Plan","attribute_key":"plan","attribute_display_type":0,"attribute_model":0}`).object()
		w.call("admin", "POST", "{A}/custom_attribute_definitions", `{"attribute_display_name":"Age","attribute_key":"age","attribute_display_type":1,"attribute_model":1}`).object()
		w.exec(`UPDATE contacts SET email = 'Ana@example.com', phone_number = '+4915', additional_attributes = '{"city":"Bonn","company":"ACME"}', custom_attributes = '{"age":40}'`)
		w.exec(`UPDATE conversations SET priority = 2, assignee_id = $1, custom_attributes = '{"plan":"Gold"}',
			additional_attributes = '{"country_code":"DE","browser_language":"de","conversation_language":"en","referer":"https://shop.example/cart","mail_subject":"Order"}'`, w.agent)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'vip' FROM conversations`)
		w.dispatch()
		values := func(list ...any) string { return show(t, list) }
		var n int
		var want, all []string
		hold := func(key, operator, values, more string, holds bool) {
			n++
			title := fmt.Sprintf("hit%03d", n)
			w.rule(title, "message_created", fmt.Sprintf(`[{"attribute_key":%q,"filter_operator":%q,"values":%s,"query_operator":null%s}]`, key, operator, values, more), label(title))
			all = append(all, title+" "+key+" "+operator+" "+values)
			if holds {
				want = append(want, title)
			}
		}
		equality := func(key string, has, other any) {
			hold(key, "equal_to", values(has), "", true)
			hold(key, "equal_to", values(other, has), "", true)
			hold(key, "equal_to", values(other), "", false)
			hold(key, "not_equal_to", values(has), "", false)
			hold(key, "not_equal_to", values(other), "", true)
		}
		inside := func(key, part string) {
			hold(key, "contains", values(part), "", true)
			hold(key, "contains", values(strings.ToUpper(part)), "", true)
			hold(key, "contains", values("zzz"), "", false)
			hold(key, "does_not_contain", values("zzz"), "", true)
			hold(key, "does_not_contain", values(part), "", false)
		}
		present := func(key string, is bool) {
			hold(key, "is_present", `[]`, "", is)
			hold(key, "is_not_present", `[]`, "", !is)
		}
		equality("message_type", "incoming", "outgoing")
		equality("content", "i need help", "nothing")
		inside("content", "need")
		equality("email", "Ana@example.com", "ana@example.com")
		inside("email", "@example")
		equality("phone_number", "+4915", "+1")
		inside("phone_number", "491")
		hold("phone_number", "starts_with", values("+49"), "", true)
		hold("phone_number", "starts_with", values("49"), "", true)
		hold("phone_number", "starts_with", values("15"), "", false)
		for key, has := range map[string]string{"city": "Bonn", "company": "ACME", "referer": "https://shop.example/cart", "mail_subject": "Order"} {
			equality(key, has, "x")
			inside(key, has[1:4])
		}
		equality("country_code", "DE", "FR")
		equality("browser_language", "de", "fr")
		equality("conversation_language", "en", "fr")
		equality("status", "open", "resolved")
		equality("priority", "high", "low")
		equality("inbox_id", inbox, inbox+1000)
		present("inbox_id", true)
		equality("assignee_id", w.agent, w.agent+1000)
		present("assignee_id", true)
		hold("team_id", "equal_to", values(team), "", false)
		hold("team_id", "not_equal_to", values(team), "", false) // nothing is not another team
		present("team_id", false)
		equality("labels", "vip", "other") // the first value alone counts
		want = slicesWithout(want, fmt.Sprintf("hit%03d", n-3))
		present("labels", true)
		hold("sla_policy_id", "equal_to", values(1), "", false)
		hold("sla_policy_id", "is_not_present", `[]`, "", false)
		hold("plan", "equal_to", values("gold"), `,"custom_attribute_type":"conversation_attribute"`, true)
		hold("plan", "not_equal_to", values("silver"), `,"custom_attribute_type":"conversation_attribute"`, true)
		hold("age", "is_greater_than", values(30), `,"custom_attribute_type":"contact_attribute"`, true)
		hold("age", "is_less_than", values(30), "", false)
		hold("status", "attribute_changed", `{"from":["open"],"to":["resolved"]}`, "", false)

		w.receive(inbox, "U1", "I need help")
		w.automate()
		got := strings.Fields(w.labelsOf(1))
		for _, line := range all {
			title, _, _ := strings.Cut(line, " ")
			if a, b := slices.Contains(got, title), slices.Contains(want, title); a != b {
				t.Errorf("%s: %t, want %t", line, a, b)
			}
		}
	})
}

func slicesWithout(list []string, s string) (out []string) {
	for _, one := range list {
		if one != s {
			out = append(out, one)
		}
	}
	return out
}

// Conditions are joined, ask about all messages of a conversation, and about what changed.
func TestRuleConditionsTogether(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "an invoice please")
		w.receive(inbox, "U1", "thanks")
		w.dispatch()
		c := func(key, operator, values, join string) string {
			return fmt.Sprintf(`{"attribute_key":%q,"filter_operator":%q,"values":%s,"query_operator":%s}`, key, operator, values, join)
		}
		said, not := c("content", "contains", `["invoice"]`, "null"), c("content", "contains", `["refund"]`, "null")
		w.rule("said", "conversation_updated", "["+said+"]", label("said"))
		w.rule("not", "conversation_updated", "["+not+"]", label("not"))
		w.rule("one message", "conversation_updated", "["+c("content", "contains", `["invoice"]`, `"and"`)+","+c("content", "contains", `["thanks"]`, "null")+"]", label("both"))
		w.rule("or", "conversation_updated", "["+c("content", "contains", `["refund"]`, `"or"`)+","+c("status", "equal_to", `["resolved"]`, "null")+"]", label("or"))
		w.rule("binds", "conversation_updated", "["+c("status", "equal_to", `["resolved"]`, `"OR"`)+","+c("status", "equal_to", `["open"]`, `"AND"`)+","+not+"]", label("binds"))
		w.rule("moved", "conversation_updated", "["+c("status", "attribute_changed", `{"from":["open","pending"],"to":["resolved"]}`, "null")+"]", label("moved"))
		w.rule("elsewhere", "conversation_updated", "["+c("status", "attribute_changed", `{"from":["snoozed"],"to":["resolved"]}`, "null")+"]", label("elsewhere"))
		w.rule("by name", "conversation_updated", "["+c("assignee_id", "attribute_changed", fmt.Sprintf(`{"from":[],"to":[%d]}`, w.agent), "null")+"]", label("none"))
		w.call("admin", "POST", "{A}/conversations/1/toggle_status", `{"status":"resolved"}`).object()
		w.automate()
		w.eq("labels", w.labelsOf(1), "binds moved or said")
		w.rule("given", "conversation_updated", "["+c("assignee_id", "attribute_changed", fmt.Sprintf(`{"from":[null],"to":[%d]}`, w.agent), "null")+"]", label("given"))
		w.exec(`DELETE FROM conversation_labels`)
		w.call("admin", "POST", "{A}/conversations/1/assignments", fmt.Sprintf(`{"assignee_id":%d}`, w.agent)).object()
		w.automate()
		w.eq("labels", w.labelsOf(1), "binds given or said")
	})
}

// A rule whose conditions mean nothing any more is switched off the second time, its
// administrators hear of it, and other conditions are a new beginning.
func TestRuleFails(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		post := w.postOffice()
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "hello")
		w.dispatch()
		attribute := id(w.call("admin", "POST", "{A}/custom_attribute_definitions", `{"attribute_display_name":"Plan","attribute_key":"plan","attribute_display_type":0,"attribute_model":0}`).object()["id"])
		rule := w.rule("Gold first", "message_created", `[{"attribute_key":"plan","filter_operator":"equal_to","values":["gold"],"query_operator":null}]`, label("gold"))
		w.rule("other", "message_created", `[]`, label("other"))
		w.call("admin", "DELETE", fmt.Sprintf("{A}/custom_attribute_definitions/%d", attribute), "")
		path := fmt.Sprintf("{A}/automation_rules/%d", rule)
		state := func() string {
			return w.text(`SELECT CAST(failures AS TEXT) || ' ' || CASE WHEN active THEN 'on' ELSE 'off' END FROM automation_rules WHERE id = $1`, rule)
		}
		w.receive(inbox, "U1", "one")
		w.automate()
		w.eq("after a failure", state(), "1 on")
		w.call("admin", "PATCH", path, `{"conditions":[{"attribute_key":"email","filter_operator":"starts_with","values":["x"],"query_operator":null}]}`).object()
		w.eq("with other conditions", state(), "0 on")
		w.receive(inbox, "U1", "two")
		w.receive(inbox, "U1", "three")
		w.receive(inbox, "U1", "four")
		w.automate()
		w.eq("after two more", state(), "3 off")
		w.eq("the other rule", w.labelsOf(1), "other")
		if at(w.call("admin", "GET", path, "").object(), "payload", "active") != false {
			t.Error("it is shown as active")
		}
		w.run(store.LaneMail)
		if mails := post.all(); len(mails) != 1 || !strings.Contains(mails[0], "ada@example.com") || !strings.Contains(mails[0], "Gold first") {
			t.Errorf("mails: %q", mails)
		}
		w.call("admin", "PATCH", path, `{"active":true}`).object()
		w.eq("switched on again", state(), "0 on")
	})
}

// all are the mails that arrived.
func (p *postOffice) all() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.mails...)
}

// Fifty rules hold their conditions against a thousand events at once.
func TestManyRulesAndEvents(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		for i := range 20 {
			w.receive(inbox, fmt.Sprint("U", i), "hello")
		}
		w.dispatch()
		for i := range 50 {
			w.rule(fmt.Sprint("r", i), "message_created", fmt.Sprintf(`[{"attribute_key":"content","filter_operator":"equal_to","values":["text %d"],"query_operator":null}]`, i), label(fmt.Sprint("l", i)))
		}
		w.exec(`INSERT INTO messages (account_id, inbox_id, conversation_id, message_type, content, created_at, updated_at)
			SELECT c.account_id, c.inbox_id, c.id, 0, 'text ' || (m.n % 50), 1, 1 FROM conversations c
			CROSS JOIN (SELECT a.id * 10 + b.id - 11 AS n FROM (SELECT ROW_NUMBER() OVER (ORDER BY id) AS id FROM automation_rules LIMIT 5) a
				CROSS JOIN (SELECT ROW_NUMBER() OVER (ORDER BY id) AS id FROM automation_rules LIMIT 10) b) m`)
		w.exec(`INSERT INTO outbox (account_id, kind, inbox_id, conversation_id, message_id, created_at)
			SELECT account_id, 'message.created', inbox_id, conversation_id, id, 1 FROM messages WHERE created_at = 1`)
		if n := w.number(`SELECT COUNT(*) FROM outbox`); n != 1000 {
			t.Fatalf("%d events", n)
		}
		w.automate()
		if n := w.number(`SELECT COUNT(*) FROM conversation_labels`); n != 1000 {
			t.Errorf("%d labels, want 1000", n)
		}
	})
}
