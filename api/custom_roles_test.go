package api_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tributary/api/route"
)

func TestCustomRoles(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.call("admin", "GET", "{A}/custom_roles", "").want(200, "[]")
		made := w.call("admin", "POST", "{A}/custom_roles", `{"name":"Lead","description":"d","permissions":["conversation_manage","report_manage","conversation_manage"],"id":77}`).object()
		for _, key := range []string{"created_at", "updated_at"} {
			if s, _ := made[key].(string); !regexp.MustCompile(`^2025-01-31T10:00:\d\d\.\d{3}Z$`).MatchString(s) {
				t.Errorf("%s %v", key, made[key])
			}
			delete(made, key)
		}
		one := id(made["id"])
		same(t, "flat", made, fmt.Sprintf(`{"id":%d,"name":"Lead","description":"d","permissions":["conversation_manage","report_manage"]}`, one))
		two := w.call("admin", "POST", "{A}/custom_roles", `{"custom_role":{"name":"Lead"}}`).object()
		compare(t, "under its key", two, `{"name":"Lead","description":null,"permissions":[]}`)
		form := w.send("admin", "POST", "{A}/custom_roles", "application/x-www-form-urlencoded", "custom_role[name]=Form&custom_role[permissions][]=").object()
		compare(t, "of a form", form, `{"permissions":[]}`)
		w.call("admin", "DELETE", fmt.Sprintf("{A}/custom_roles/%d", id(form["id"])), "").want(200, "")
		same(t, "listed", ids(any(w.call("admin", "GET", "{A}/custom_roles", "").list())), fmt.Sprintf("[%d,%d]", one, id(two["id"])))

		path := fmt.Sprintf("{A}/custom_roles/%d", one)
		w.now.Add(60_000_000)
		got := w.call("admin", "PATCH", path, `{"permissions":["knowledge_base_manage"]}`).object()
		compare(t, "changed", got, `{"name":"Lead","description":"d","permissions":["knowledge_base_manage"]}`)
		if got["updated_at"] == got["created_at"] {
			t.Errorf("updated_at %v", got["updated_at"])
		}
		compare(t, "cleared", w.call("admin", "PUT", path, `{"custom_role":{"name":"Other","description":null,"permissions":null}}`).object(), `{"name":"Other","description":null,"permissions":[]}`)
		same(t, "shown", w.call("admin", "GET", path, "").object(), raw(t, w.call("admin", "GET", "{A}/custom_roles", "").list()[0]))
		w.call("admin", "PATCH", fmt.Sprintf("{A}/agents/%d", w.agent), fmt.Sprintf(`{"custom_role_id":%d}`, one)).object()
		w.call("admin", "DELETE", path, "").want(200, "")
		w.call("admin", "GET", path, "").want(404, missingText)
		compare(t, "who had it", w.call("admin", "GET", "{A}/agents", "").list()[1].(map[string]any), `{"name":"Bo","custom_role_id":null}`)
	})
}

func TestCustomRoleRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		role := id(w.call("admin", "POST", "{A}/custom_roles", `{"name":"Lead"}`).object()["id"])
		other := id(w.call("admin", "POST", "{A}/custom_roles", `{"name":"Theirs"}`).object()["id"])
		w.exec(`UPDATE custom_roles SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, other)
		path := fmt.Sprintf("{A}/custom_roles/%d", role)
		for _, c := range []struct{ body, want string }{
			{`{}`, paramText("custom_role")},
			{`{"custom_role":{}}`, paramText("custom_role")},
			{`{"foo":1}`, paramText("custom_role")},
			{`{"custom_role":[1]}`, invalidText("custom_role", "Custom role is invalid")},
			{`{"name":""}`, invalidText("name", "Name can't be blank")},
			{`{"name":null}`, invalidText("name", "Name can't be blank")},
			{`{"name":{"a":1}}`, invalidText("name", "Name is invalid")},
			{`{"name":"` + strings.Repeat("x", 256) + `"}`, invalidText("name", "Name is too long (maximum is 255 characters)")},
			{`{"name":"x","permissions":["conversation_manage","fly"]}`, invalidText("permissions", "Permissions is not included in the list")},
			{`{"name":"x","permissions":"fly"}`, invalidText("permissions", "Permissions is invalid")},
			{`{"name":"x","permissions":[[]]}`, invalidText("permissions", "Permissions is invalid")},
		} {
			w.call("admin", "POST", "{A}/custom_roles", c.body).want(422, c.want)
			w.call("admin", "PATCH", path, c.body).want(422, c.want)
		}
		w.call("admin", "POST", "{A}/custom_roles", `{"description":"d"}`).want(422, invalidText("name", "Name can't be blank"))
		w.call("agent", "GET", "{A}/custom_roles", "").want(401, refusedText)
		w.call("agent", "POST", "{A}/custom_roles", `{"name":"x"}`).want(401, refusedText)
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			for _, missing := range []string{"999", "x", fmt.Sprint(other)} {
				w.call("admin", method, "{A}/custom_roles/"+missing, `{}`).want(404, missingText)
			}
			w.call("agent", method, path, `{"name":"x"}`).want(401, refusedText)
			w.call("stranger", method, path, `{"name":"x"}`).want(401, `{"error":"You are not authorized to access this account"}`)
		}
	})
}

// What a custom role opens and closes.
func TestCustomRoleLimits(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		mine, other := w.line("mine", true), w.line("other", false)
		for i, inbox := range []int64{mine, mine, mine, other} {
			w.receive(inbox, fmt.Sprint("U", i+1), "hello")
		}
		// 1 is the agent's, 2 nobody's, 3 the administrator's, 4 the agent's in an inbox of others.
		w.exec(`UPDATE conversations SET assignee_id = $1 WHERE display_id IN (1, 4)`, w.agent)
		w.exec(`UPDATE conversations SET assignee_id = $1 WHERE display_id = 3`, w.admin)
		role := id(w.call("admin", "POST", "{A}/custom_roles", `{"name":"Role"}`).object()["id"])
		path := fmt.Sprintf("{A}/custom_roles/%d", role)
		w.call("admin", "PATCH", fmt.Sprintf("{A}/agents/%d", w.agent), fmt.Sprintf(`{"custom_role_id":%d}`, role)).object()

		for _, c := range []struct {
			permissions string
			sees        []int64
			counts      string // mine, assigned, unassigned, all
		}{
			{`[]`, nil, `[0,0,0,0]`},
			{`["contact_manage","report_manage","knowledge_base_manage"]`, nil, `[0,0,0,0]`},
			{`["conversation_participating_manage"]`, []int64{1}, `[1,1,0,1]`},
			{`["conversation_participating_manage","conversation_unassigned_manage"]`, []int64{1, 2}, `[1,1,1,2]`},
			{`["conversation_unassigned_manage","conversation_manage"]`, []int64{1, 2, 3}, `[1,2,1,3]`},
		} {
			w.call("admin", "PATCH", path, `{"permissions":`+c.permissions+`}`).object()
			list := w.call("agent", "GET", "{A}/conversations?status=all", "").object()
			got := []int64{}
			for _, one := range at(list, "data", "payload").([]any) {
				got = append(got, id(at(one, "id")))
			}
			slices.Sort(got) // what was written above moved them
			same(t, c.permissions+": listed", got, strings.ReplaceAll(raw(t, c.sees), "null", "[]"))
			meta := at(w.call("agent", "GET", "{A}/conversations/meta?status=all", "").object(), "meta")
			counts := []any{at(meta, "mine_count"), at(meta, "assigned_count"), at(meta, "unassigned_count"), at(meta, "all_count")}
			same(t, c.permissions+": counted", counts, c.counts)
			for n := int64(1); n <= 4; n++ {
				sees := strings.Contains(raw(t, c.sees), fmt.Sprint(n))
				for _, r := range [][3]string{
					{"GET", "", ""},
					{"GET", "/messages", ""},
					{"POST", "/messages", `{"content":"x","private":true}`},
					{"POST", "/toggle_typing_status", `{"typing_status":"on"}`},
					{"POST", "/update_last_seen", ""},
					{"POST", "/unread", ""},
				} {
					got := w.call("agent", r[0], fmt.Sprintf("{A}/conversations/%d%s", n, r[1]), r[2])
					if sees && got.status != 200 {
						t.Errorf("%s: %s: %d %s", c.permissions, got.name, got.status, got.body)
					}
					if !sees {
						got.want(401, refusedText)
					}
				}
			}
			w.call("agent", "GET", "{A}/conversations/99", "").want(404, missingText)
			w.call("agent", "GET", fmt.Sprintf("{A}/inboxes/%d", mine), "").object() // everything else as an agent
		}

		me := w.call("agent", "GET", "/api/v1/profile", "").object()
		var membership map[string]any
		for _, m := range me["accounts"].([]any) {
			if id(at(m, "id")) == w.account {
				membership = m.(map[string]any)
			}
		}
		compare(t, "profile", membership, fmt.Sprintf(`{"permissions":["conversation_unassigned_manage","conversation_manage","custom_role"],"custom_role_id":%d,"role":"agent",
			"custom_role":{"id":%d,"name":"Role","description":null,"permissions":["conversation_unassigned_manage","conversation_manage"]}}`, role, role))
		// An administrator with a custom role stays one.
		w.call("admin", "PATCH", path, `{"permissions":[]}`).object()
		w.call("admin", "PATCH", fmt.Sprintf("{A}/agents/%d", w.agent), fmt.Sprintf(`{"role":"administrator","custom_role_id":%d}`, role)).object()
		w.call("agent", "GET", "{A}/conversations/4", "").object()
		w.call("agent", "GET", "{A}/custom_roles", "").list()
		// Without a role an agent sees all of their inboxes.
		w.call("admin", "PATCH", fmt.Sprintf("{A}/agents/%d", w.agent), `{"role":"agent"}`).object()
		w.call("agent", "GET", "{A}/conversations/3", "").object()
		w.call("agent", "GET", "{A}/conversations/4", "").want(401, refusedText)
	})
}

// Permissions of a custom role reach the policies of routes.
func TestCustomRolePermissions(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		role := id(w.call("admin", "POST", "{A}/custom_roles", `{"name":"Role","permissions":["report_manage"]}`).object()["id"])
		w.call("admin", "PATCH", fmt.Sprintf("{A}/agents/%d", w.agent), fmt.Sprintf(`{"custom_role_id":%d}`, role)).object()
		for user, want := range map[int64]string{w.agent: `["report_manage"]`, w.admin: `null`} {
			scope, err := w.api.Scope(t.Context(), route.Caller{User: &route.User{ID: user}}, w.account)
			w.must(err)
			same(t, "permissions", scope.Membership.Permissions, want)
		}
	})
}
