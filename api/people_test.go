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
	}
	eachStore(t, func(t *testing.T, w *world) {
		w.call("admin", "POST", "{A}/teams", `{"name":"t"}`).object()
		w.call("admin", "POST", "{A}/custom_roles", `{"name":"r"}`).object()
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
