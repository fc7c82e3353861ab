package api_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// Whatever is sent to the routes of accounts and people, the server does not fail.
func TestPeopleOddInput(t *testing.T) {
	t.Parallel()
	values := []string{`null`, `""`, `"x"`, `-1`, `0`, `1.5`, `1e400`, `99999999999999999999`, `true`, `[]`, `[null]`, `[[1]]`, `{}`, `{"a":{"b":[1]}}`, `["\u0000"]`, `"\ud800"`}
	assignmentPolicyFields := []string{
		"name", "description", "assignment_order", "conversation_priority", "fair_distribution_limit", "fair_distribution_window", "enabled",
	}
	routes := []struct {
		method, path, key string
		fields            []string
	}{
		{"PATCH", "{A}", "", []string{
			"name", "locale", "domain", "support_email", "industry", "company_size", "timezone", "auto_resolve_after", "auto_resolve_message",
			"auto_resolve_ignore_waiting", "audio_transcriptions", "auto_resolve_label",
		}},
		{"POST", "{A}/update_active_at", "", []string{"id"}},
		{"POST", "{A}/agents", "agent", []string{"email", "name", "role", "availability", "auto_offline", "custom_role_id"}},
		{"PATCH", "{A}/agents/%d", "agent", []string{"email", "name", "role", "availability", "auto_offline", "custom_role_id"}},
		{"POST", "{A}/agents/bulk_create", "", []string{"emails"}},
		{"GET", "{A}/assignable_agents", "", []string{"inbox_ids"}},
		{"POST", "{A}/teams", "team", []string{"name", "description", "allow_auto_assign"}},
		{"PATCH", "{A}/teams/1", "team", []string{"name", "description", "allow_auto_assign"}},
		{"POST", "{A}/teams/1/team_members", "", []string{"user_ids", "team_id"}},
		{"PATCH", "{A}/teams/1/team_members", "", []string{"user_ids", "team_id"}},
		{"DELETE", "{A}/teams/1/team_members", "", []string{"user_ids", "team_id"}},
		{"POST", "{A}/custom_roles", "custom_role", []string{"name", "description", "permissions"}},
		{"PATCH", "{A}/custom_roles/1", "custom_role", []string{"name", "description", "permissions"}},
		{"POST", "{A}/agent_bots", "", []string{"name", "description", "outgoing_url", "avatar", "avatar_url", "bot_type", "bot_config"}},
		{"PATCH", "{A}/agent_bots/1", "", []string{"name", "description", "outgoing_url", "avatar", "avatar_url", "bot_type", "bot_config"}},
		{"POST", "{A}/inboxes/1/set_agent_bot", "", []string{"agent_bot"}},
		{"POST", "{A}/assignment_policies", "assignment_policy", assignmentPolicyFields},
		{"PATCH", "{A}/assignment_policies/1", "assignment_policy", assignmentPolicyFields},
		{"POST", "{A}/assignment_policies/1/inboxes", "", []string{"inbox_id"}},
		{"POST", "{A}/inboxes/1/assignment_policy", "", []string{"assignment_policy_id"}},
		{"POST", "{A}/agent_capacity_policies", "agent_capacity_policy", []string{"name", "description", "exclusion_rules"}},
		{"PATCH", "{A}/agent_capacity_policies/1", "agent_capacity_policy", []string{"name", "description", "exclusion_rules"}},
		{"PATCH", "{A}/agent_capacity_policies/1", "exclusion_rules", []string{"exclude_older_than_hours", "excluded_labels"}},
		{"POST", "{A}/agent_capacity_policies/1/users", "", []string{"user_id", "capacity"}},
		{"POST", "{A}/agent_capacity_policies/1/inbox_limits", "", []string{"inbox_id", "conversation_limit"}},
		{"PATCH", "{A}/agent_capacity_policies/1/inbox_limits/1", "", []string{"inbox_id", "conversation_limit"}},
	}
	eachStore(t, func(t *testing.T, w *world) {
		w.call("admin", "POST", "{A}/teams", `{"name":"t"}`).object()
		w.call("admin", "POST", "{A}/custom_roles", `{"name":"r"}`).object()
		w.bot("b")
		w.policy("p")
		w.call("admin", "POST", fmt.Sprintf("%s/%d/inbox_limits", capacities, w.capacity("c")), fmt.Sprintf(`{"inbox_id":%d,"conversation_limit":1}`, w.line("l", false))).object()
		send := func(method, path, body string) {
			if a := w.call("admin", method, path, body); a.status >= 500 {
				t.Errorf("%s %s: %d %s", a.name, body, a.status, a.body)
			}
		}
		for _, r := range routes {
			path := r.path
			if r.method == "PATCH" && r.key == "agent" {
				path = fmt.Sprintf(path, w.agent)
			}
			for _, v := range values {
				send(r.method, path, v)
				for _, f := range append(r.fields, r.key) {
					send(r.method, path, fmt.Sprintf(`{%q:%s}`, f, v))
					if r.key != "" {
						send(r.method, path, fmt.Sprintf(`{%q:{%q:%s},%q:%s}`, r.key, f, v, f, v))
					}
				}
			}
		}
		for _, path := range []string{
			"{A}/agents/%s", "{A}/teams/%s", "{A}/teams/%s/team_members", "{A}/custom_roles/%s", "{A}/inboxes/%s/assignable_agents",
			"{A}/agent_bots/%s", "{A}/assignment_policies/%s", "{A}/agent_capacity_policies/%s", "{A}/inboxes/%s/agent_bot",
			"{A}/inboxes/%s/set_agent_bot", "{A}/inboxes/%s/assignment_policy", "{A}/assignment_policies/%s/inboxes",
			"{A}/agent_capacity_policies/%s/users", "{A}/agent_capacity_policies/1/inbox_limits/%s",
		} {
			for _, odd := range []string{"0", "99999999999999999999", "9223372036854775807", "1.0", "new"} {
				for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "POST"} {
					if a := w.call("admin", method, fmt.Sprintf(path, odd), `{"user_ids":[1],"name":"x"}`); a.status != 404 {
						t.Errorf("%s: %d %s", a.name, a.status, a.body)
					}
				}
			}
		}
	})
}

func decode(b []byte, into any) error { return json.Unmarshal(b, into) }
