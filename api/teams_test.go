package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func (w *world) teamText(id int64, name, description string, auto, member bool) string {
	return fmt.Sprintf(`{"id":%d,"name":%q,"description":%s,"allow_auto_assign":%t,"account_id":%d,"is_member":%t}`, id, name, description, auto, w.account, member)
}

func TestTeams(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.call("agent", "GET", "{A}/teams", "").want(200, "[]")
		first := w.call("admin", "POST", "{A}/teams", `{"name":" SALES Élan ","unknown":1}`).object()
		sales := id(first["id"])
		same(t, "flat", first, w.teamText(sales, "sales élan", "null", true, false))
		second := w.call("admin", "POST", "{A}/teams", `{"team":{"name":"Help","description":"d","allow_auto_assign":false}}`).object()
		help := id(second["id"])
		same(t, "under its key", second, w.teamText(help, "help", `"d"`, false, false))
		form := w.send("admin", "POST", "{A}/teams", "application/x-www-form-urlencoded", "team[name]=Form&team[allow_auto_assign]=0").object()
		w.call("admin", "DELETE", fmt.Sprintf("{A}/teams/%d", id(form["id"])), "").want(200, "")
		w.call("admin", "POST", fmt.Sprintf("{A}/teams/%d/team_members", help), fmt.Sprintf(`{"user_ids":[%d]}`, w.agent)).list()
		same(t, "listed", w.call("agent", "GET", "{A}/teams", "").list(),
			"["+w.teamText(sales, "sales élan", "null", true, false)+","+w.teamText(help, "help", `"d"`, false, true)+"]")
		same(t, "shown to who is not in it", w.call("admin", "GET", fmt.Sprintf("{A}/teams/%d", help), "").object(), w.teamText(help, "help", `"d"`, false, false))

		path := fmt.Sprintf("{A}/teams/%d", help)
		same(t, "changed", w.call("admin", "PATCH", path, `{"description":null,"allow_auto_assign":true}`).object(), w.teamText(help, "help", "null", true, false))
		same(t, "renamed", w.call("admin", "PUT", path, `{"team":{"name":"HELP desk"}}`).object(), w.teamText(help, "help desk", "null", true, false))
		w.call("admin", "PUT", path, `{"name":"Help desk"}`).object()
		want := []string{
			fmt.Sprintf(`create {"account_id":%d,"allow_auto_assign":true,"description":null,"name":"sales élan"}`, w.account),
			fmt.Sprintf(`create {"account_id":%d,"allow_auto_assign":false,"description":"d","name":"help"}`, w.account),
			fmt.Sprintf(`create {"account_id":%d,"allow_auto_assign":false,"description":null,"name":"form"}`, w.account),
			fmt.Sprintf(`destroy {"account_id":%d,"allow_auto_assign":false,"description":null,"name":"form"}`, w.account),
			`update {"allow_auto_assign":[false,true],"description":["d",null]}`,
			`update {"name":["help","help desk"]}`,
		}
		w.eq("audit", w.audits("Team"), strings.Join(want, "\n"))
		w.eq("whose", w.text(`SELECT DISTINCT CAST(user_id AS TEXT) || ' ' || username || ' ' || remote_address FROM audits WHERE auditable_type = 'Team'`), fmt.Sprintf("%d ada@example.com 0.0.0.0", w.admin))
	})
}

func TestTeamRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"sales"}`).object()["id"])
		other := id(w.call("admin", "POST", "{A}/teams", `{"name":"help"}`).object()["id"])
		path := fmt.Sprintf("{A}/teams/%d", team)
		for _, c := range []struct{ body, want string }{
			{`{"team":"x"}`, invalidText("team", "Team is invalid")},
			{`{"name":""}`, invalidText("name", "Name must not be blank")},
			{`{"name":"  "}`, invalidText("name", "Name must not be blank")},
			{`{"name":null}`, invalidText("name", "Name must not be blank")},
			{`{"name":["x"]}`, invalidText("name", "Name is invalid")},
			{`{"name":"HELP"}`, invalidText("name", "Name has already been taken")},
			{`{"name":"` + strings.Repeat("x", 256) + `"}`, invalidText("name", "Name is too long (maximum is 255 characters)")},
			{`{"name":"x","description":"` + strings.Repeat("x", 20001) + `"}`, invalidText("description", "Description is too long (maximum is 20000 characters)")},
			{`{"name":"x","allow_auto_assign":null}`, invalidText("allow_auto_assign", "Allow auto assign can't be blank")},
			{`{}`, paramText("team")},
			{`{"team":{}}`, paramText("team")},
			{`{"foo":1}`, paramText("team")},
		} {
			w.call("admin", "POST", "{A}/teams", c.body).want(422, c.want)
			w.call("admin", "PATCH", path, c.body).want(422, c.want)
		}
		w.call("admin", "POST", "{A}/teams", `{"description":"d"}`).want(422, invalidText("name", "Name must not be blank"))
		w.call("agent", "POST", "{A}/teams", `{"name":"x"}`).want(401, refusedText)
		w.exec(`UPDATE teams SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, other)
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			for _, missing := range []string{"999", "x", "-1", fmt.Sprint(other)} {
				w.call("admin", method, "{A}/teams/"+missing, `{}`).want(404, missingText)
				w.call("agent", method, "{A}/teams/"+missing, `{}`).want(404, missingText)
				w.call("admin", method, "{A}/teams/"+missing+"/team_members", `{}`).want(404, map[bool]string{true: `{"status":404,"error":"Not Found"}`, false: missingText}[method == "PUT"])
			}
			w.call("stranger", method, path, `{"name":"x"}`).want(401, `{"error":"You are not authorized to access this account"}`)
			if method != "GET" {
				w.call("agent", method, path, `{"name":"x"}`).want(401, refusedText)
			}
		}
		w.call("admin", "GET", "{A}/teams/new", "").want(404, missingText)
		w.call("admin", "GET", path+"/edit", "").want(404, `{"status":404,"error":"Not Found"}`)
		// The name of a team of another account is free.
		w.call("admin", "POST", "{A}/teams", `{"name":"help"}`).object()
		same(t, "teams", len(w.call("agent", "GET", "{A}/teams", "").list()), "2")
	})
}

func TestTeamMembers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		cy := w.member("cy", "cy@example.com", false)
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"sales"}`).object()["id"])
		path := fmt.Sprintf("{A}/teams/%d/team_members", team)
		users := func(list ...int64) string { return fmt.Sprintf(`{"user_ids":%s}`, raw(t, list)) }
		w.call("agent", "GET", path, "").want(200, "[]")
		added := w.call("admin", "POST", path, users(w.agent, w.agent)).list()
		same(t, "added", added, raw(t, w.call("agent", "GET", "{A}/agents", "").list()[1:2]))
		same(t, "only who is new", ids(any(w.call("admin", "POST", path, users(cy, w.agent)).list())), fmt.Sprintf("[%d]", cy))
		w.call("admin", "POST", path, users(cy)).want(200, "[]")
		w.call("admin", "POST", path, `{"user_ids":[]}`).want(200, "[]")
		same(t, "all", ids(any(w.call("cy", "GET", path, "").list())), fmt.Sprintf("[%d,%d]", w.agent, cy))
		same(t, "replaced", ids(any(w.call("admin", "PATCH", path, users(w.admin, cy)).list())), fmt.Sprintf("[%d,%d]", w.admin, cy))
		w.call("admin", "DELETE", path, users(w.admin, w.agent)).want(200, "")
		same(t, "left", ids(any(w.call("agent", "GET", path, "").list())), fmt.Sprintf("[%d]", cy))
		w.send("admin", "POST", path, "application/x-www-form-urlencoded", fmt.Sprintf("user_ids[]=%d", w.agent)).list()
		w.call("admin", "PATCH", path, `{"user_ids":[]}`).want(200, "[]")
		entry := func(action string, user int64) string {
			return fmt.Sprintf(`%s {"team_id":%d,"user_id":%d}`, action, team, user)
		}
		got := strings.Split(w.audits("TeamMember"), "\n")
		want := []string{
			entry("create", w.agent), entry("create", cy), entry("destroy", w.agent), entry("create", w.admin), entry("destroy", w.admin), entry("create", w.agent),
		}
		if len(got) != len(want)+2 || strings.Join(got[:len(want)], "\n") != strings.Join(want, "\n") {
			t.Errorf("audit:\n%s", strings.Join(got, "\n"))
		}

		const outsider = `{"error":"Invalid User IDs"}`
		for _, method := range []string{"POST", "PATCH", "DELETE"} {
			w.call("admin", method, path, users(w.agent, w.stranger)).want(401, outsider)
			w.call("admin", method, path, users(999)).want(401, outsider)
			w.call("admin", method, path, users(0)).want(401, outsider)
			w.call("admin", method, path, `{}`).want(422, paramText("user_ids"))
			w.call("admin", method, path, `{"user_ids":null}`).want(422, paramText("user_ids"))
			w.call("admin", method, path, `{"user_ids":5}`).want(422, invalidText("user_ids", "User ids is invalid"))
			w.call("admin", method, path, `{"user_ids":["x"]}`).want(422, invalidText("user_ids", "User ids is not a number"))
			w.call("agent", method, path, users(w.agent)).want(401, refusedText)
			w.call("agent", method, "{A}/teams/999/team_members", users(w.agent)).want(404, missingText)
			w.call("stranger", method, path, users(w.agent)).want(401, `{"error":"You are not authorized to access this account"}`)
		}
		w.call("agent", "GET", path, "").want(200, "[]")
	})
}

func TestDeleteTeam(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		for i := range 3 {
			w.receive(inbox, fmt.Sprint("U", i), "hello")
		}
		one := id(w.call("admin", "POST", "{A}/teams", `{"name":"one"}`).object()["id"])
		two := id(w.call("admin", "POST", "{A}/teams", `{"name":"two"}`).object()["id"])
		w.call("admin", "POST", fmt.Sprintf("{A}/teams/%d/team_members", one), fmt.Sprintf(`{"user_ids":[%d]}`, w.agent)).list()
		w.exec(`UPDATE conversations SET team_id = $1 WHERE display_id < 3`, one)
		w.exec(`UPDATE conversations SET team_id = $1 WHERE display_id = 3`, two)
		of := func(team int64) string { return fmt.Sprintf("{A}/conversations?team_id=%d", team) }
		same(t, "conversations of the team", len(at(w.call("agent", "GET", of(one), "").object(), "data", "payload").([]any)), "2")
		same(t, "counts", at(w.call("agent", "GET", fmt.Sprintf("{A}/conversations/meta?team_id=%d", one), "").object(), "meta", "all_count"), "2")
		w.call("agent", "GET", of(999), "").want(404, missingText)

		w.call("admin", "DELETE", fmt.Sprintf("{A}/teams/%d", one), "").want(200, "")
		w.call("agent", "GET", of(one), "").want(404, missingText)
		w.eq("audit of the member", w.text(`SELECT action FROM audits WHERE auditable_type = 'TeamMember' ORDER BY id`), "create destroy")
		w.bulk()
		w.eq("conversations", w.text(`SELECT CAST(display_id AS TEXT) || ':' || COALESCE(CAST(team_id AS TEXT), 'none') FROM conversations ORDER BY display_id`), fmt.Sprintf("1:none 2:none 3:%d", two))
		same(t, "of the other team", len(at(w.call("agent", "GET", of(two), "").object(), "data", "payload").([]any)), "1")
	})
}
