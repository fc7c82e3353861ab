package api_test

import (
	"fmt"
	"strings"
	"testing"
)

const capacities = "{A}/agent_capacity_policies"

// capacity makes a capacity policy and gives its id.
func (w *world) capacity(name string) int64 {
	w.t.Helper()
	return id(w.call("admin", "POST", capacities, fmt.Sprintf(`{"name":%q}`, name)).object()["id"])
}

func (w *world) capacityText(id int64, name, description, rules string, agents int, limits string) string {
	return fmt.Sprintf(`{"id":%d,"name":%q,"description":%s,"exclusion_rules":%s,"account_id":%d,"assigned_agent_count":%d,"inbox_capacity_limits":[%s]}`,
		id, name, description, rules, w.account, agents, limits)
}

func TestCapacityPolicies(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		show := func(what string, a answer, want string) {
			t.Helper()
			got := a.object()
			w.seconds(got)
			same(t, what, got, want)
		}
		w.call("admin", "GET", capacities, "").want(200, "[]")
		made := w.call("admin", "POST", capacities, `{"name":"Small","unknown":1}`)
		first := id(made.object()["id"])
		show("with defaults", made, w.capacityText(first, "Small", "null", "{}", 0, ""))
		made = w.call("admin", "POST", capacities, `{"agent_capacity_policy":{"name":"Small","description":"d",
			"exclusion_rules":{"exclude_older_than_hours":24,"excluded_labels":["vip","spam",5],"other":1}}}`)
		second := id(made.object()["id"])
		whole := w.capacityText(second, "Small", `"d"`, `{"exclude_older_than_hours":24,"excluded_labels":["vip","spam","5"]}`, 0, "")
		show("filled", made, whole)
		path := fmt.Sprintf("%s/%d", capacities, second)
		show("shown", w.call("admin", "GET", path, ""), whole)
		list := w.call("admin", "GET", capacities, "").list()
		w.seconds(object(list[0]), object(list[1]))
		same(t, "listed", list, "["+w.capacityText(first, "Small", "null", "{}", 0, "")+","+whole+"]")
		for _, c := range [][2]string{
			{`{"exclude_older_than_hours":"1.5"}`, `{"exclude_older_than_hours":1.5}`},
			{`{"excluded_labels":[]}`, `{"excluded_labels":[]}`},
			{`{"exclude_older_than_hours":null,"excluded_labels":[]}`, `{"excluded_labels":[]}`},
			{`{"excluded_labels":null}`, `{}`},
			{`{"other":1}`, `{}`},
			{`{}`, `{}`},
			{`null`, `{}`},
		} {
			show(c[0], w.call("admin", "PATCH", path, `{"exclusion_rules":`+c[0]+`}`), w.capacityText(second, "Small", `"d"`, c[1], 0, ""))
		}
		show("changed", w.call("admin", "PUT", path, `{"agent_capacity_policy":{"name":"Large","description":null}}`), w.capacityText(second, "Large", "null", "{}", 0, ""))
		form := w.send("admin", "PATCH", path, "application/x-www-form-urlencoded",
			"agent_capacity_policy[exclusion_rules][exclude_older_than_hours]=2&agent_capacity_policy[exclusion_rules][excluded_labels][]=a")
		show("by form", form, w.capacityText(second, "Large", "null", `{"exclude_older_than_hours":2,"excluded_labels":["a"]}`, 0, ""))
		w.call("admin", "DELETE", path, "").want(200, "")
		w.call("admin", "GET", path, "").want(404, missingText)
		if n := w.count(`SELECT COUNT(*) FROM audits`); n != 0 {
			t.Errorf("%d audits", n)
		}
	})
}

func TestCapacityPolicyRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		first := w.capacity("first")
		w.bot("robot")
		path := fmt.Sprintf("%s/%d", capacities, first)
		for _, c := range []struct{ body, want string }{
			{`{"agent_capacity_policy":"x"}`, invalidText("agent_capacity_policy", "Agent capacity policy is invalid")},
			{`{"name":""}`, invalidText("name", "Name can't be blank")},
			{`{"name":null}`, invalidText("name", "Name can't be blank")},
			{`{"name":["x"]}`, invalidText("name", "Name is invalid")},
			{`{"name":"` + strings.Repeat("x", 256) + `"}`, invalidText("name", "Name is too long (maximum is 255 characters)")},
			{`{"name":"x","description":"` + strings.Repeat("x", 20001) + `"}`, invalidText("description", "Description is too long (maximum is 20000 characters)")},
			{`{"name":"x","exclusion_rules":[1]}`, invalidText("exclusion_rules", "Exclusion rules is invalid")},
			{`{"name":"x","exclusion_rules":"x"}`, invalidText("exclusion_rules", "Exclusion rules is invalid")},
			{`{"name":"x","exclusion_rules":{"exclude_older_than_hours":"x"}}`, invalidText("exclude_older_than_hours", "Exclude older than hours is not a number")},
			{`{"name":"x","exclusion_rules":{"exclude_older_than_hours":"1e400"}}`, invalidText("exclude_older_than_hours", "Exclude older than hours is not a number")},
			{`{"name":"x","exclusion_rules":{"excluded_labels":"x"}}`, invalidText("excluded_labels", "Excluded labels is invalid")},
			{`{}`, paramText("agent_capacity_policy")},
			{`{"agent_capacity_policy":{}}`, paramText("agent_capacity_policy")},
			{`{"foo":1}`, paramText("agent_capacity_policy")},
		} {
			w.call("admin", "POST", capacities, c.body).want(422, c.want)
			w.call("admin", "PATCH", path, c.body).want(422, c.want)
		}
		w.call("admin", "POST", capacities, `{"description":"d"}`).want(422, invalidText("name", "Name can't be blank"))
		w.call("agent", "POST", capacities, `{"name":"x"}`).want(401, refusedText)
		w.call("agent", "GET", capacities, "").want(401, refusedText)

		inbox := w.line("l", true)
		w.exec(`INSERT INTO agent_capacity_policies (id, account_id, name, created_at, updated_at) VALUES (77, (SELECT MAX(id) FROM accounts), 'x', 1, 1)`)
		body := fmt.Sprintf(`{"name":"x","user_id":%d,"inbox_id":%d,"conversation_limit":1}`, w.agent, inbox)
		for _, r := range [][2]string{
			{"GET", "%s"},
			{"PUT", "%s"},
			{"PATCH", "%s"},
			{"DELETE", "%s"},
			{"GET", "%s/users"},
			{"POST", "%s/users"},
			{"DELETE", fmt.Sprintf("%%s/users/%d", w.agent)},
			{"POST", "%s/inbox_limits"},
			{"PUT", "%s/inbox_limits/1"},
			{"PATCH", "%s/inbox_limits/1"},
			{"DELETE", "%s/inbox_limits/1"},
		} {
			for _, missing := range []string{"999", "77", "x", "-1", "0"} {
				w.call("admin", r[0], capacities+"/"+fmt.Sprintf(r[1], missing), body).want(404, missingText)
				w.call("agent", r[0], capacities+"/"+fmt.Sprintf(r[1], missing), body).want(404, missingText)
			}
			path := capacities + "/" + fmt.Sprintf(r[1], fmt.Sprint(first))
			w.call("agent", r[0], path, body).want(401, refusedText)
			w.call("stranger", r[0], path, body).want(401, strangerText)
			w.call("robot", r[0], path, body).want(401, forBotsText)
			w.call("", r[0], path, body).want(401, notSignedInYet)
		}
	})
}

func TestCapacityUsers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.settings["CHATWOOT_INBOX_HMAC_KEY"] = "key"
		one, two := w.capacity("one"), w.capacity("two")
		users := func(policy int64) string { return fmt.Sprintf("%s/%d/users", capacities, policy) }
		count := func(policy int64) any {
			return w.call("admin", "GET", fmt.Sprintf("%s/%d", capacities, policy), "").object()["assigned_agent_count"]
		}
		w.call("admin", "GET", users(one), "").want(200, "[]")
		// A colleague is shown as they see themselves, without the keys to their account.
		want := w.call("agent", "GET", "/api/v1/profile", "").object()
		want["access_token"], want["pubsub_token"] = "", ""
		delete(want, "hmac_identifier")
		added := w.call("admin", "POST", users(one), fmt.Sprintf(`{"user_id":%d,"capacity":5}`, w.agent))
		same(t, "added", added.object(), raw(t, want))
		if body := added.body; !strings.Contains(body, `"access_token":""`) || !strings.Contains(body, `"pubsub_token":""`) {
			t.Errorf("the keys stay: %s", body)
		}
		same(t, "listed", w.call("admin", "GET", users(one), "").list(), "["+raw(t, want)+"]")
		w.call("admin", "POST", users(one), fmt.Sprintf(`{"user_id":"%d"}`, w.admin)).object()
		list := w.call("admin", "GET", users(one), "")
		same(t, "both", ids(any(list.list())), fmt.Sprintf("[%d,%d]", w.admin, w.agent))
		for _, role := range []string{"admin", "agent"} {
			if strings.Contains(list.body, w.tokens[role]) {
				t.Errorf("the token of %s is shown", role)
			}
		}
		for _, token := range w.texts(`SELECT pubsub_token FROM users`) {
			if strings.Contains(list.body, token) || strings.Contains(added.body, token) {
				t.Error("the name of a user at the websocket is shown")
			}
		}
		same(t, "counted", count(one), "2")

		// A member has one policy.
		w.call("admin", "POST", users(two), fmt.Sprintf(`{"user_id":%d}`, w.agent)).object()
		same(t, "moved", []any{count(one), count(two)}, "[1,1]")
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", users(one), w.agent), "").want(200, "") // whatever it has
		same(t, "taken off", []any{count(one), count(two)}, "[1,0]")
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", users(one), w.agent), "").want(200, "")
		for _, missing := range []string{"999", "0", "null", fmt.Sprint(w.stranger)} {
			w.call("admin", "POST", users(one), `{"user_id":`+missing+`}`).want(404, missingText)
			if missing != "null" {
				w.call("admin", "DELETE", users(one)+"/"+missing, "").want(404, missingText)
			}
		}
		w.call("admin", "DELETE", users(one)+"/x", "").want(404, missingText)
		w.call("admin", "POST", users(one), `{}`).want(404, missingText)
		w.call("admin", "POST", users(one), `{"user_id":"x"}`).want(422, invalidText("user_id", "User is not a number"))

		// Who leaves the account, and what is deleted, leaves nothing.
		w.call("admin", "POST", users(one), fmt.Sprintf(`{"user_id":%d}`, w.agent)).object()
		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", w.agent), "").want(200, "")
		same(t, "without who left", count(one), "1")
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", capacities, one), "").want(200, "")
		if n := w.count(`SELECT COUNT(*) FROM account_users WHERE agent_capacity_policy_id IS NOT NULL`); n != 0 {
			t.Errorf("%d members have a policy", n)
		}
	})
}

func TestCapacityLimits(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox, second := w.line("l", true), w.line("m", false)
		policy, other := w.capacity("one"), w.capacity("two")
		path := fmt.Sprintf("%s/%d/inbox_limits", capacities, policy)
		text := func(id, inbox int64, limit int, more string) string {
			return fmt.Sprintf(`{"id":%d,"inbox_id":%d,"agent_capacity_policy_id":%d,"conversation_limit":%d%s}`, id, inbox, policy, limit, more)
		}
		show := func(what string, a answer, want string) {
			t.Helper()
			got := a.object()
			w.seconds(got)
			same(t, what, got, want)
		}
		made := w.call("admin", "POST", path, fmt.Sprintf(`{"inbox_id":%d,"conversation_limit":5}`, inbox))
		limit := id(made.object()["id"])
		show("made", made, text(limit, inbox, 5, ""))
		made = w.send("admin", "POST", path, "application/x-www-form-urlencoded", fmt.Sprintf("inbox_id=%d&conversation_limit=7", second))
		next := id(made.object()["id"])
		show("by form", made, text(next, second, 7, ""))
		one := fmt.Sprintf("%s/%d", path, limit)
		show("changed", w.call("admin", "PATCH", one, `{"conversation_limit":9}`), text(limit, inbox, 9, `,"inbox_name":"l"`))
		show("changed", w.call("admin", "PUT", one, `{"conversation_limit":"10","inbox_id":999}`), text(limit, inbox, 10, `,"inbox_name":"l"`))
		show("not changed", w.call("admin", "PUT", one, `{}`), text(limit, inbox, 10, `,"inbox_name":"l"`))
		show("in the policy", w.call("admin", "GET", fmt.Sprintf("%s/%d", capacities, policy), ""), w.capacityText(policy, "one", "null", "{}", 0,
			fmt.Sprintf(`{"id":%d,"inbox_id":%d,"conversation_limit":10},{"id":%d,"inbox_id":%d,"conversation_limit":7}`, limit, inbox, next, second)))
		same(t, "in the list", at(w.call("admin", "GET", capacities, "").list(), 0, "inbox_capacity_limits", 1, "conversation_limit"), "7")
		same(t, "of the other one", at(w.call("admin", "GET", capacities, "").list(), 1, "inbox_capacity_limits"), "[]")

		const again = `{"error":"Inbox has already been assigned to this policy"}`
		w.call("admin", "POST", path, fmt.Sprintf(`{"inbox_id":%d,"conversation_limit":5}`, inbox)).want(422, again)
		w.call("admin", "POST", path, fmt.Sprintf(`{"inbox_id":%d}`, inbox)).want(422, again)
		third := w.line("n", false)
		for limit, text := range map[string]string{
			`0`: "must be greater than 0", `-5`: "must be greater than 0", `null`: "is not a number", `"x"`: "is not a number", `""`: "is not a number", `1.5`: "is not a number", `[1]`: "is not a number",
		} {
			want := invalidText("conversation_limit", "Conversation limit "+text)
			w.call("admin", "POST", path, fmt.Sprintf(`{"inbox_id":%d,"conversation_limit":%s}`, third, limit)).want(422, want)
			w.call("admin", "PATCH", one, fmt.Sprintf(`{"conversation_limit":%s}`, limit)).want(422, want)
		}
		w.call("admin", "POST", path, fmt.Sprintf(`{"inbox_id":%d}`, third)).want(422, invalidText("conversation_limit", "Conversation limit is not a number"))
		foreign := w.line("foreign", false)
		w.exec(`UPDATE inboxes SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, foreign)
		for _, missing := range []string{"999", "0", "null", fmt.Sprint(foreign)} {
			w.call("admin", "POST", path, `{"inbox_id":`+missing+`,"conversation_limit":1}`).want(404, missingText)
		}
		w.call("admin", "POST", path, `{"conversation_limit":1}`).want(404, missingText)
		elsewhere := fmt.Sprintf("%s/%d/inbox_limits/%d", capacities, other, limit)
		for _, missing := range []string{elsewhere, path + "/999", path + "/x"} {
			for _, method := range []string{"PUT", "PATCH", "DELETE"} {
				w.call("admin", method, missing, `{"conversation_limit":1}`).want(404, missingText)
			}
		}
		w.call("admin", "DELETE", one, "").want(204, "")
		w.call("admin", "DELETE", one, "").want(404, missingText)
		w.call("admin", "POST", path, fmt.Sprintf(`{"inbox_id":%d,"conversation_limit":5}`, inbox)).object()

		// Limits go with their inbox and with their policy.
		w.call("admin", "DELETE", fmt.Sprintf("{A}/inboxes/%d", inbox), "").object()
		w.bulk()
		same(t, "left", len(at(w.call("admin", "GET", fmt.Sprintf("%s/%d", capacities, policy), "").object(), "inbox_capacity_limits").([]any)), "1")
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", capacities, policy), "").want(200, "")
		if n := w.count(`SELECT COUNT(*) FROM inbox_capacity_limits`); n != 0 {
			t.Errorf("%d limits", n)
		}
	})
}
