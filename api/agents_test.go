package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/presence"
)

// agentText is the object of a member that was just invited.
func (w *world) agentText(id int64, email, name, role, availability string, autoOffline bool) string {
	return fmt.Sprintf(`{"id":%d,"account_id":%d,"availability_status":%q,"auto_offline":%t,"confirmed":false,"email":%q,"provider":"email",
		"available_name":%q,"name":%q,"role":%q,"thumbnail":"","custom_role_id":null}`, id, w.account, availability, autoOffline, email, name, name, role)
}

func TestAgents(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		list := w.call("agent", "GET", "{A}/agents", "").list()
		same(t, "agents", list, fmt.Sprintf(`[{"id":%d,"account_id":%d,"availability_status":"offline","auto_offline":true,"confirmed":true,
			"email":"ada@example.com","provider":"email","available_name":"Ada","name":"Ada","role":"administrator","thumbnail":"","custom_role_id":null},
			{"id":%d,"account_id":%d,"availability_status":"online","auto_offline":false,"confirmed":true,"email":"bo@example.com","provider":"email",
			"available_name":"Bo","name":"Bo","role":"agent","thumbnail":"","custom_role_id":null}]`, w.admin, w.account, w.agent, w.account))
		w.exec(`UPDATE users SET name = 'bea', display_name = 'B', custom_attributes = '{"a":1}' WHERE id = $1`, w.agent)
		w.exec(`UPDATE users SET name = 'Carl' WHERE id = $1`, w.admin)
		list = w.call("agent", "GET", "{A}/agents", "").list()
		compare(t, "the first by name", list[0].(map[string]any), `{"name":"bea","available_name":"B","custom_attributes":{"a":1}}`)
		w.call("stranger", "GET", "{A}/agents", "").want(401, `{"error":"You are not authorized to access this account"}`)
	})
}

func TestInviteAgent(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		// Flat, as dashboards send it; under its key; and as a form.
		zoe := w.call("admin", "POST", "{A}/agents", `{"email":" Zoe@Example.com ","name":"Zoe","role":"administrator","availability":"busy","auto_offline":false,
			"availability_status":"online"}`).object()
		same(t, "invited", zoe, w.agentText(id(zoe["id"]), "zoe@example.com", "Zoe", "administrator", "busy", false))
		ann := w.call("admin", "POST", "{A}/agents", `{"agent":{"email":"ann@example.com","name":"Ann","role":null,"availability":null,"auto_offline":null},"email":"x@example.com"}`).object()
		same(t, "by default", ann, w.agentText(id(ann["id"]), "ann@example.com", "Ann", "agent", "offline", true))
		form := w.send("admin", "POST", "{A}/agents", "application/x-www-form-urlencoded", "agent[email]=form@example.com&agent[name]=Form&agent[role]=1&agent[availability]=2&agent[auto_offline]=0").object()
		compare(t, "of a form", form, `{"role":"administrator","availability_status":"busy"}`)

		w.eq("has no password and is not confirmed", w.text(`SELECT password_hash || COALESCE(CAST(confirmed_at AS TEXT), 'never') FROM users WHERE id = $1`, id(zoe["id"])), "never")
		w.eq("inviter", w.text(`SELECT CAST(inviter_id AS TEXT) FROM account_users WHERE user_id = $1`, id(zoe["id"])), fmt.Sprint(w.admin))
		w.eq("events", w.text(`SELECT kind FROM outbox WHERE kind LIKE 'agent.%' ORDER BY id`), "agent.added agent.added agent.added")
		w.eq("of whom", w.text(`SELECT payload FROM outbox WHERE kind = 'agent.added' ORDER BY id LIMIT 1`), fmt.Sprintf(`{"user_id":%d}`, id(zoe["id"])))
		w.eq("mails", w.text(`SELECT kind FROM jobs WHERE kind LIKE '%mail%'`), "user.mail user.mail user.mail")
		first, _, _ := strings.Cut(w.audits("AccountUser"), "\n")
		w.eq("audit", first, fmt.Sprintf(`create {"account_id":%d,"availability":2,"inviter_id":%d,"role":1,"user_id":%d}`, w.account, w.admin, id(zoe["id"])))

		// Somebody who is a user already joins as they are.
		w.exec(`UPDATE users SET name = 'Di', confirmed_at = 1 WHERE id = $1`, w.stranger)
		di := w.call("admin", "POST", "{A}/agents", `{"email":"DI@example.com","name":"Other"}`).object()
		compare(t, "a known user", di, fmt.Sprintf(`{"id":%d,"name":"Di","confirmed":true,"email":"di@example.com"}`, w.stranger))
		w.eq("mails to them", w.text(`SELECT CAST(COUNT(*) AS TEXT) FROM jobs WHERE kind LIKE '%mail%'`), "3")
		w.call("stranger", "GET", "{A}/agents", "").list()
		for _, email := range []string{"di@example.com", " Ada@example.com"} {
			w.call("admin", "POST", "{A}/agents", `{"email":"`+email+`","name":"Again"}`).want(422, invalidText("user_id", "User has already been taken"))
		}
	})
}

func TestInviteAgentRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		w.call("agent", "POST", "{A}/agents", `{"email":"x@example.com","name":"X"}`).want(401, refusedText)
		w.call("stranger", "POST", "{A}/agents", `{"email":"x@example.com","name":"X"}`).want(401, `{"error":"You are not authorized to access this account"}`)
		const bad = `{"message":"Email is invalid, Email is not an email","attributes":["email"]}`
		for _, c := range []struct{ body, want string }{
			{`{}`, paramText("agent")},
			{``, paramText("agent")},
			{`{"agent":{}}`, paramText("agent")},
			{`{"agent":null}`, paramText("agent")},
			{`{"agent":"x"}`, invalidText("agent", "Agent is invalid")},
			{`{"name":"X"}`, invalidText("email", "Email can't be blank")},
			{`{"email":"x","name":"X"}`, bad},
			{`{"email":"x@y","name":"X"}`, invalidText("email", "Email is not an email")},
			{`{"email":"x@example.com"}`, invalidText("name", "Name can't be blank")},
			{`{"email":"x","name":""}`, `{"message":"Email is invalid, Email is not an email, Name can't be blank","attributes":["email","name"]}`},
			{`{"email":["x@example.com"],"name":"X"}`, invalidText("email", "Email is invalid")},
			{`{"email":"x@example.com","name":"` + strings.Repeat("x", 256) + `"}`, invalidText("name", "Name is too long (maximum is 255 characters)")},
			{`{"email":"x@example.com","name":"X","role":"owner"}`, invalidText("role", "Role is not included in the list")},
			{`{"email":"x@example.com","name":"X","role":2}`, invalidText("role", "Role is not included in the list")},
			{`{"email":"x@example.com","name":"X","availability":"away"}`, invalidText("availability", "Availability is not included in the list")},
			{`{"email":"x@example.com","name":"X","auto_offline":[1]}`, invalidText("auto_offline", "Auto offline is invalid")},
			{`{"email":"x@example.com","name":"X","custom_role_id":99}`, invalidText("custom_role", "Custom role must exist")},
			{`{"email":"x@example.com","name":"X","custom_role_id":"x"}`, invalidText("custom_role_id", "Custom role is not a number")},
		} {
			w.call("admin", "POST", "{A}/agents", c.body).want(422, c.want)
		}
		w.call("admin", "POST", "{A}/agents", `{"email":"a\u0000b@example.com"}`).want(400, `{"status":400,"error":"Bad Request"}`)
		w.eq("users made by refused requests", w.text(`SELECT email FROM users WHERE email LIKE 'x%'`), "")
	})
}

func TestSeats(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		const full = `{"error":"Account limit exceeded. Please purchase more licenses"}`
		n := 0
		invite := func() answer {
			n++
			return w.call("admin", "POST", "{A}/agents", fmt.Sprintf(`{"email":"u%d@example.com","name":"U"}`, n))
		}
		w.settings["ACCOUNT_AGENTS_LIMIT"] = "2"
		invite().want(402, full)
		w.call("admin", "POST", "{A}/agents", `{}`).want(402, full)
		w.call("admin", "POST", "{A}/agents/bulk_create", `{"emails":["a@example.com"]}`).want(402, full)
		w.exec(`UPDATE accounts SET limits = '{"agents":3,"inboxes":1}' WHERE id = $1`, w.account)
		invite().object()
		invite().want(402, full)
		w.exec(`UPDATE accounts SET custom_attributes = '{"subscribed_quantity":"4"}' WHERE id = $1`, w.account)
		invite().object()
		invite().want(402, full)
		w.exec(`UPDATE accounts SET custom_attributes = '{"subscribed_quantity":null}', limits = '{"agents":""}' WHERE id = $1`, w.account)
		w.settings["ACCOUNT_AGENTS_LIMIT"] = "6"
		w.call("admin", "POST", "{A}/agents/bulk_create", `{"emails":["a@example.com","b@example.com","c@example.com"]}`).want(402, full)
		w.call("admin", "POST", "{A}/agents/bulk_create", `{"emails":["a@example.com","b@example.com"]}`).want(200, "")
		invite().want(402, full)
		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", w.agent), "").want(200, "")

		// Those who come at once share what is left.
		var wait sync.WaitGroup
		statuses := make([]int, 8)
		for i := range statuses {
			wait.Go(func() {
				statuses[i] = w.call("admin", "POST", "{A}/agents", fmt.Sprintf(`{"email":"racer%d@example.com","name":"R"}`, i)).status
			})
		}
		wait.Wait()
		got := map[int]int{}
		for _, s := range statuses {
			got[s]++
		}
		if got[200] != 1 || got[402] != 7 {
			t.Errorf("of eight at once for one place: %v", got)
		}
		delete(w.settings, "ACCOUNT_AGENTS_LIMIT")
		invite().object()
	})
}

// Two administrators invite the same person at once: one of them does, and nobody
// sees a failure of the server.
func TestInviteTwice(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		for round := range 5 {
			var wait sync.WaitGroup
			statuses := make([]int, 4)
			for i := range statuses {
				wait.Go(func() {
					statuses[i] = w.call("admin", "POST", "{A}/agents", fmt.Sprintf(`{"email":"twin%d@example.com","name":"T"}`, round)).status
				})
			}
			wait.Wait()
			got := map[int]int{}
			for _, s := range statuses {
				got[s]++
			}
			if got[200] != 1 || got[422] != 3 {
				t.Errorf("statuses %v", statuses)
			}
		}
	})
}

func TestBulkCreateAgents(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.exec(`UPDATE accounts SET custom_attributes = '{"onboarding_step":"invite_team","industry":"x"}' WHERE id = $1`, w.account)
		w.call("agent", "POST", "{A}/agents/bulk_create", `{"emails":["a@example.com"]}`).want(401, refusedText)
		w.call("admin", "POST", "{A}/agents/bulk_create", `{}`).want(422, paramText("emails"))
		w.call("admin", "POST", "{A}/agents/bulk_create", `{"emails":null}`).want(422, paramText("emails"))
		w.call("admin", "POST", "{A}/agents/bulk_create", `{"emails":"a@example.com"}`).want(422, invalidText("emails", "Emails is invalid"))
		w.call("admin", "POST", "{A}/agents/bulk_create", `{"emails":[{"a":1}]}`).want(422, invalidText("emails", "Emails is invalid"))
		w.call("admin", "POST", "{A}/agents/bulk_create",
			`{"emails":["Cy@Example.com","nonsense","bo@example.com","di@example.com","cy@example.com","", " dee.dee@example.com "]}`).want(200, "")
		var names []string
		for _, a := range w.call("admin", "GET", "{A}/agents", "").list() {
			names = append(names, fmt.Sprint(at(a, "email"), " ", at(a, "name"), " ", at(a, "role")))
		}
		w.eq("agents", strings.Join(names, ", "),
			"ada@example.com Ada administrator, bo@example.com Bo agent, cy@example.com Cy agent, dee.dee@example.com dee.dee agent, di@example.com Di agent")
		w.eq("mails", w.text(`SELECT CAST(COUNT(*) AS TEXT) FROM jobs WHERE kind = 'user.mail'`), "2")
		compare(t, "the account", w.call("admin", "GET", "{A}", "").object(), `{"custom_attributes":{"plan_name":null,"subscribed_quantity":null,
			"subscription_status":null,"subscription_ends_on":null,"industry":"x"}}`)
		w.call("admin", "POST", "{A}/agents/bulk_create", `{"emails":[]}`).want(200, "")
		var many []string
		for i := range 120 {
			many = append(many, fmt.Sprintf(`"many%d@example.com"`, i))
		}
		w.call("admin", "POST", "{A}/agents/bulk_create", `{"emails":[`+strings.Join(many, ",")+`]}`).want(200, "")
		if n := len(w.call("admin", "GET", "{A}/agents", "").list()); n != 125 {
			t.Errorf("%d agents", n)
		}
	})
}

func TestUpdateAgent(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		bo := fmt.Sprintf("{A}/agents/%d", w.agent)
		role := id(w.call("admin", "POST", "{A}/custom_roles", `{"name":"Reader","permissions":["report_manage"]}`).object()["id"])
		got := w.call("admin", "PATCH", bo, fmt.Sprintf(`{"name":"Robert","role":"administrator","availability":"busy","auto_offline":true,"email":"eve@example.com","custom_role_id":%d}`, role)).object()
		same(t, "changed", got, fmt.Sprintf(`{"id":%d,"account_id":%d,"availability_status":"offline","auto_offline":true,"confirmed":true,
			"email":"bo@example.com","provider":"email","available_name":"Robert","name":"Robert","role":"administrator","thumbnail":"","custom_role_id":%d}`, w.agent, w.account, role))
		w.eq("audit", w.audits("AccountUser"), `update {"availability":[0,2],"role":[0,1]}`)
		// Colleagues see it as long as the person is there.
		seen := func() any {
			return w.call("admin", "GET", "{A}/agents", "").list()[1].(map[string]any)["availability_status"]
		}
		w.must(w.desk.UserBeat(t.Context(), w.account, w.agent))
		w.eq("while they are there", fmt.Sprint(seen()), "busy")
		w.now.Add(int64(presence.Duration / time.Microsecond))
		w.eq("20 seconds later", fmt.Sprint(seen()), "offline")
		// In the other account the person has the new name and the old role.
		compare(t, "their profile", w.call("agent", "GET", "/api/v1/profile", "").object(), `{"name":"Robert","email":"bo@example.com"}`)

		got = w.call("admin", "PUT", bo, fmt.Sprintf(`{"agent":{"name":null,"role":null,"availability":null,"auto_offline":null,"email":"x"},"custom_role_id":"%d"}`, role)).object()
		compare(t, "nulls", got, fmt.Sprintf(`{"name":"Robert","role":"administrator","auto_offline":true,"custom_role_id":%d}`, role))
		compare(t, "the role is read beside the agent", w.call("admin", "PUT", bo, fmt.Sprintf(`{"agent":{"role":0,"custom_role_id":%d}}`, role)).object(), `{"role":"agent","custom_role_id":null}`)
		w.call("admin", "PUT", bo, fmt.Sprintf(`{"custom_role_id":%d}`, role)).object()
		compare(t, "a role that is not sent", w.call("admin", "PUT", bo, `{"auto_offline":false}`).object(), `{"auto_offline":false,"custom_role_id":null}`)
		w.call("admin", "PUT", bo, fmt.Sprintf(`{"custom_role_id":%d}`, role)).object()
		compare(t, "null", w.call("admin", "PUT", bo, `{"role":"agent","custom_role_id":null}`).object(), `{"custom_role_id":null}`)

		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			w.call("agent", method, bo, `{"role":"administrator"}`).want(401, refusedText)
			w.call("agent", method, fmt.Sprintf("{A}/agents/%d", w.stranger), `{"role":"agent"}`).want(404, missingText)
			w.call("admin", method, fmt.Sprintf("{A}/agents/%d", w.stranger), `{}`).want(404, missingText)
			w.call("admin", method, "{A}/agents/999", `{}`).want(404, missingText)
			w.call("admin", method, "{A}/agents/x", `{}`).want(404, missingText)
		}
		theirs := w.text(`SELECT CAST(account_id AS TEXT) FROM account_users WHERE user_id = $1`, w.stranger)
		w.exec(`INSERT INTO custom_roles (account_id, name, created_at, updated_at) VALUES (CAST($1 AS BIGINT), 'theirs', 1, 1)`, theirs)
		other := w.text(`SELECT CAST(MAX(id) AS TEXT) FROM custom_roles`)
		for _, c := range []struct{ body, want string }{
			{`{}`, paramText("agent")},
			{`{"agent":{}}`, paramText("agent")},
			{`{"role":"owner"}`, invalidText("role", "Role is not included in the list")},
			{`{"availability":9}`, invalidText("availability", "Availability is not included in the list")},
			{`{"name":"` + strings.Repeat("x", 256) + `"}`, invalidText("name", "Name is too long (maximum is 255 characters)")},
			{`{"name":"Changed","custom_role_id":` + other + `}`, invalidText("custom_role", "Custom role must exist")},
		} {
			w.call("admin", "PATCH", bo, c.body).want(422, c.want)
		}
		compare(t, "after refusals", w.call("agent", "GET", "/api/v1/profile", "").object(), `{"name":"Robert"}`)
	})
}

func TestRemoveAgent(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		for i := range 3 {
			w.receive(inbox, fmt.Sprint("U", i), "hello")
		}
		lone := id(w.call("admin", "POST", "{A}/agents", `{"email":"lone@example.com","name":"Lone"}`).object()["id"])
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"t"}`).object()["id"])
		w.call("admin", "POST", fmt.Sprintf("{A}/teams/%d/team_members", team), fmt.Sprintf(`{"user_ids":[%d,%d]}`, w.agent, lone)).list()
		w.exec(`UPDATE conversations SET assignee_id = $1 WHERE display_id <= 2`, w.agent)
		w.exec(`UPDATE conversations SET assignee_id = $1 WHERE display_id = 3`, lone)
		// More than one transaction takes.
		w.exec(`INSERT INTO conversations (account_id, inbox_id, contact_id, contact_inbox_id, display_id, uuid, assignee_id, last_activity_at, created_at, updated_at)
			WITH RECURSIVE g(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM g WHERE n < 1200)
			SELECT c.account_id, c.inbox_id, c.contact_id, c.contact_inbox_id, g.n, 'u' || g.n, c.assignee_id, 1, 1, 1
			FROM conversations c CROSS JOIN g WHERE c.display_id = 1`)
		w.exec(`DELETE FROM audits`)
		w.exec(`DELETE FROM outbox`)

		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", w.agent), "").want(200, "")
		w.call("agent", "GET", "{A}/agents", "").want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", w.agent), "").want(404, missingText)
		w.eq("events", w.text(`SELECT kind FROM outbox ORDER BY kind`), "account.cache_invalidated agent.removed")
		w.eq("audit", w.audits("TeamMember"), fmt.Sprintf(`destroy {"team_id":%d,"user_id":%d}`, team, w.agent))
		w.eq("inboxes", w.text(`SELECT CAST(COUNT(*) AS TEXT) FROM inbox_members WHERE user_id = $1`, w.agent), "0")
		w.bulk()
		w.eq("conversations of those who stay", w.text(`SELECT CAST(assignee_id AS TEXT) FROM conversations WHERE assignee_id IS NOT NULL`), fmt.Sprint(lone))
		w.call("agent", "GET", "/api/v1/profile", "").object() // has another account

		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", lone), "").want(200, "")
		w.eq("the user before the job", w.text(`SELECT email FROM users WHERE id = $1`, lone), "lone@example.com")
		w.bulk()
		w.eq("the user after it", w.text(`SELECT email FROM users WHERE id = $1`, lone), "")
		w.eq("assigned", w.text(`SELECT CAST(assignee_id AS TEXT) FROM conversations WHERE assignee_id IS NOT NULL`), "")

		// Who is invited again before the job runs stays.
		back := id(w.call("admin", "POST", "{A}/agents", `{"email":"back@example.com","name":"Back"}`).object()["id"])
		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", back), "").want(200, "")
		again := w.call("admin", "POST", "{A}/agents", `{"email":"back@example.com","name":"Other"}`).object()
		w.bulk()
		if id(again["id"]) != back || again["name"] != "Back" || w.text(`SELECT email FROM users WHERE id = $1`, back) == "" {
			t.Errorf("invited again: %v", again)
		}

		// Nobody is asked whether an administrator is left.
		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", w.admin), "").want(200, "")
		w.call("admin", "GET", "{A}/agents", "").want(401, `{"error":"You are not authorized to access this account"}`)
		w.bulk()
		w.call("admin", "GET", "{A}/agents", "").want(401, `{"error":"Invalid Access Token"}`)
	})
}

func TestAssignableAgents(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		one, two := w.line("one", true), w.line("two", false)
		cy := w.member("cy", "cy@example.com", false)
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, two, cy)
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, one, w.stranger) // left the account
		assignable := func(role, query string) []int64 {
			t.Helper()
			return ids(w.call(role, "GET", "{A}/assignable_agents"+query, "").object()["payload"])
		}
		same(t, "of one inbox", assignable("agent", fmt.Sprintf("?inbox_ids[]=%d", one)), fmt.Sprintf("[%d,%d]", w.admin, w.agent))
		same(t, "of another", assignable("admin", fmt.Sprintf("?inbox_ids[]=%d", two)), fmt.Sprintf("[%d,%d]", w.admin, cy))
		same(t, "of both", assignable("admin", fmt.Sprintf("?inbox_ids[]=%d&inbox_ids[]=%d&inbox_ids[]=%d", one, two, one)), fmt.Sprintf("[%d]", w.admin))
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, one, cy)
		same(t, "of both for a member of both", assignable("cy", fmt.Sprintf("?inbox_ids[]=%d&inbox_ids[]=%d", one, two)), fmt.Sprintf("[%d,%d]", w.admin, cy))
		got := w.call("agent", "GET", fmt.Sprintf("{A}/inboxes/%d/assignable_agents", one), "").object()
		same(t, "of the inbox itself", ids(got["payload"]), fmt.Sprintf("[%d,%d,%d]", w.admin, w.agent, cy))
		same(t, "an agent", at(got, "payload", 1), raw(t, w.call("agent", "GET", "{A}/agents", "").list()[1]))

		for _, query := range []string{"", "?inbox_ids[]=", "?inbox_ids[]=x", "?inbox_ids[]=999", "?inbox_ids[]=-1", "?inbox_ids[]=99999999999999999999", fmt.Sprintf("?inbox_ids[]=%d&inbox_ids[]=999", one)} {
			w.call("admin", "GET", "{A}/assignable_agents"+query, "").want(404, missingText)
			w.call("agent", "GET", "{A}/assignable_agents"+query, "").want(404, missingText)
		}
		w.call("admin", "GET", "{A}/assignable_agents?inbox_ids[a]=1", "").want(422, invalidText("inbox_ids", "Inbox ids is invalid"))
		w.call("agent", "GET", fmt.Sprintf("{A}/assignable_agents?inbox_ids[]=%d&inbox_ids[]=%d", one, two), "").want(401, refusedText)
		w.call("agent", "GET", fmt.Sprintf("{A}/inboxes/%d/assignable_agents", two), "").want(401, refusedText)
		w.call("agent", "GET", "{A}/inboxes/999/assignable_agents", "").want(404, missingText)
		w.call("stranger", "GET", fmt.Sprintf("{A}/inboxes/%d/assignable_agents", one), "").want(401, `{"error":"You are not authorized to access this account"}`)
	})
}
