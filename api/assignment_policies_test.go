package api_test

import (
	"fmt"
	"strings"
	"testing"
)

const (
	policies       = "{A}/assignment_policies"
	noPolicyText   = `{"error":"Assignment policy not found"}`
	noActionText   = `{"status":404,"error":"Not Found"}`
	notSignedInYet = `{"errors":["You need to sign in or sign up before continuing."]}`
)

// policy makes an assignment policy and gives its id.
func (w *world) policy(name string) int64 {
	w.t.Helper()
	return id(w.call("admin", "POST", policies, fmt.Sprintf(`{"name":%q}`, name)).object()["id"])
}

// seconds replaces the times of records, which must be unix seconds of the test's day.
func (w *world) seconds(list ...map[string]any) {
	w.t.Helper()
	for _, m := range list {
		for _, key := range []string{"created_at", "updated_at"} {
			if n := id(m[key]); n < w.now.Load()/1e6-60 || n > w.now.Load()/1e6 {
				w.t.Errorf("%s %v", key, m[key])
			}
			delete(m, key)
		}
	}
}

func policyText(id int64, name, description, order, priority string, limit, window int, enabled bool, inboxes int) string {
	return fmt.Sprintf(`{"id":%d,"name":%q,"description":%s,"assignment_order":%q,"conversation_priority":%q,"fair_distribution_limit":%d,
		"fair_distribution_window":%d,"enabled":%t,"assigned_inbox_count":%d}`, id, name, description, order, priority, limit, window, enabled, inboxes)
}

func TestAssignmentPolicies(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		show := func(what string, a answer, want string) {
			t.Helper()
			got := a.object()
			w.seconds(got)
			same(t, what, got, want)
		}
		w.call("admin", "GET", policies, "").want(200, "[]")
		made := w.call("admin", "POST", policies, `{"name":"Fair","unknown":1}`)
		first := id(made.object()["id"])
		show("with defaults", made, policyText(first, "Fair", "null", "round_robin", "earliest_created", 100, 3600, true, 0))
		made = w.call("admin", "POST", policies, `{"assignment_policy":{"name":"fair","description":"d","assignment_order":"balanced","conversation_priority":1,
			"fair_distribution_limit":"5","fair_distribution_window":60,"enabled":false}}`)
		second := id(made.object()["id"])
		whole := policyText(second, "fair", `"d"`, "balanced", "longest_waiting", 5, 60, false, 0)
		show("filled", made, whole)
		path := fmt.Sprintf("%s/%d", policies, second)
		show("shown", w.call("admin", "GET", path, ""), whole)
		list := w.call("admin", "GET", policies, "").list()
		w.seconds(object(list[0]), object(list[1]))
		same(t, "listed", list, "["+policyText(first, "Fair", "null", "round_robin", "earliest_created", 100, 3600, true, 0)+","+whole+"]")
		form := w.send("admin", "POST", policies, "application/x-www-form-urlencoded", "assignment_policy[name]=Form&assignment_policy[enabled]=0").object()
		same(t, "by form", form["enabled"], "false")
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", policies, id(form["id"])), "").want(200, "")

		show("changed", w.call("admin", "PATCH", path, `{"description":null,"enabled":true}`), policyText(second, "fair", "null", "balanced", "longest_waiting", 5, 60, true, 0))
		show("changed", w.call("admin", "PUT", path, `{"assignment_policy":{"assignment_order":"0","conversation_priority":"earliest_created","fair_distribution_limit":9007199254740993}}`),
			policyText(second, "fair", "null", "round_robin", "earliest_created", 9007199254740992, 60, true, 0))
		show("its own name", w.call("admin", "PUT", path, `{"name":"fair","fair_distribution_limit":1}`), policyText(second, "fair", "null", "round_robin", "earliest_created", 1, 60, true, 0))
		if n := w.count(`SELECT COUNT(*) FROM audits`); n != 0 {
			t.Errorf("%d audits", n)
		}
	})
}

func TestAssignmentPolicyRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		first, other := w.policy("first"), w.policy("other")
		inbox := w.line("l", true)
		robot := w.bot("robot")
		w.linkBot(inbox, robot)
		path := fmt.Sprintf("%s/%d", policies, first)
		for _, c := range []struct{ body, want string }{
			{`{"assignment_policy":"x"}`, invalidText("assignment_policy", "Assignment policy is invalid")},
			{`{"name":""}`, invalidText("name", "Name can't be blank")},
			{`{"name":" "}`, invalidText("name", "Name can't be blank")},
			{`{"name":null}`, invalidText("name", "Name can't be blank")},
			{`{"name":"other"}`, invalidText("name", "Name has already been taken")},
			{`{"name":"` + strings.Repeat("x", 256) + `"}`, invalidText("name", "Name is too long (maximum is 255 characters)")},
			{`{"name":"x","description":"` + strings.Repeat("x", 20001) + `"}`, invalidText("description", "Description is too long (maximum is 20000 characters)")},
			{`{"name":"x","assignment_order":"random"}`, invalidText("assignment_order", "Assignment order is not included in the list")},
			{`{"name":"x","assignment_order":2}`, invalidText("assignment_order", "Assignment order is not included in the list")},
			{`{"name":"x","assignment_order":null}`, invalidText("assignment_order", "Assignment order is not included in the list")},
			{`{"name":"x","conversation_priority":"x"}`, invalidText("conversation_priority", "Conversation priority is not included in the list")},
			{`{"name":"x","fair_distribution_limit":0}`, invalidText("fair_distribution_limit", "Fair distribution limit must be greater than 0")},
			{`{"name":"x","fair_distribution_limit":-1}`, invalidText("fair_distribution_limit", "Fair distribution limit must be greater than 0")},
			{`{"name":"x","fair_distribution_limit":null}`, invalidText("fair_distribution_limit", "Fair distribution limit is not a number")},
			{`{"name":"x","fair_distribution_limit":"x"}`, invalidText("fair_distribution_limit", "Fair distribution limit is not a number")},
			{`{"name":"x","fair_distribution_window":0}`, invalidText("fair_distribution_window", "Fair distribution window must be greater than 0")},
			{`{"name":"x","enabled":null}`, invalidText("enabled", "Enabled can't be blank")},
			{`{"name":"","fair_distribution_limit":0}`, `{"message":"Name can't be blank, Fair distribution limit must be greater than 0","attributes":["name","fair_distribution_limit"]}`},
			{`{}`, paramText("assignment_policy")},
			{`{"assignment_policy":{}}`, paramText("assignment_policy")},
			{`{"foo":1}`, paramText("assignment_policy")},
		} {
			w.call("admin", "POST", policies, c.body).want(422, c.want)
			w.call("admin", "PATCH", path, c.body).want(422, c.want)
		}
		w.call("admin", "POST", policies, `{"description":"d"}`).want(422, invalidText("name", "Name can't be blank"))
		w.call("agent", "POST", policies, `{"name":"x"}`).want(401, refusedText)
		w.call("agent", "GET", policies, "").want(401, refusedText)

		w.exec(`UPDATE assignment_policies SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, other)
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			for _, missing := range []string{"999", "x", "-1", "0", fmt.Sprint(other)} {
				w.call("admin", method, policies+"/"+missing, `{}`).want(404, missingText)
				w.call("agent", method, policies+"/"+missing, `{}`).want(404, missingText)
			}
			w.call("agent", method, path, `{"name":"x"}`).want(401, refusedText)
			w.call("stranger", method, path, `{"name":"x"}`).want(401, strangerText)
			w.call("robot", method, path, `{"name":"x"}`).want(401, forBotsText)
			w.call("", method, path, `{"name":"x"}`).want(401, notSignedInYet)
		}
		w.call("admin", "GET", policies+"/new", "").want(404, missingText)
		w.call("admin", "GET", path+"/edit", "").want(404, noActionText)
		w.policy("other") // the name of a policy of another account is free
	})
}

func TestInboxAssignmentPolicy(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox, second := w.line("l", true), w.line("m", false)
		one, two := w.policy("one"), w.policy("two")
		of := fmt.Sprintf("{A}/inboxes/%d/assignment_policy", inbox)
		in := func(policy int64) string { return fmt.Sprintf("%s/%d/inboxes", policies, policy) }
		show := func(what string, a answer, want string) {
			t.Helper()
			got := a.object()
			w.seconds(got)
			same(t, what, got, want)
		}
		text := func(id int64, name string, inboxes int) string {
			return policyText(id, name, "null", "round_robin", "earliest_created", 100, 3600, true, inboxes)
		}
		w.call("admin", "GET", of, "").want(404, noPolicyText)
		w.call("admin", "DELETE", of, "").want(404, noPolicyText)
		w.call("admin", "GET", in(one), "").want(200, `{"inboxes":[]}`)
		show("set", w.call("admin", "POST", of, fmt.Sprintf(`{"assignment_policy_id":%d}`, one)), text(one, "one", 1))
		show("shown", w.call("admin", "GET", of, ""), text(one, "one", 1))
		show("replaced", w.call("admin", "POST", of, fmt.Sprintf(`{"assignment_policy_id":"%d"}`, two)), text(two, "two", 1))
		show("the one before", w.call("admin", "GET", fmt.Sprintf("%s/%d", policies, one), ""), text(one, "one", 0))

		link := w.call("admin", "POST", in(one), fmt.Sprintf(`{"inbox_id":%d}`, second)).object()
		w.seconds(link)
		same(t, "linked", link, fmt.Sprintf(`{"id":%d,"inbox_id":%d,"assignment_policy_id":%d}`, id(link["id"]), second, one))
		link = w.call("admin", "POST", in(one), fmt.Sprintf(`{"inbox_id":%d}`, inbox)).object()
		w.seconds(link)
		same(t, "linked instead", link, fmt.Sprintf(`{"id":%d,"inbox_id":%d,"assignment_policy_id":%d}`, id(link["id"]), inbox, one))
		whole := fmt.Sprintf(`{"inboxes":[%s,%s]}`, w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d", inbox), "").body,
			w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d", second), "").body)
		same(t, "inboxes", w.call("admin", "GET", in(one), "").object(), whole)
		w.call("admin", "GET", in(two), "").want(200, `{"inboxes":[]}`)

		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", in(two), inbox), "").want(404, missingText) // it has the other one
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", in(0), inbox), "").want(404, missingText)
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", in(one), second), "").want(200, "")
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", in(one), second), "").want(404, missingText)
		w.call("admin", "DELETE", of, "").want(200, "")
		w.call("admin", "GET", of, "").want(404, noPolicyText)

		// Who may not, and what is not there.
		w.exec(`INSERT INTO assignment_policies (id, account_id, name, created_at, updated_at) VALUES (77, (SELECT MAX(id) FROM accounts), 'x', 1, 1)`)
		for _, missing := range []string{`999`, `77`, `0`, `null`, `-1`} {
			w.call("admin", "POST", of, `{"assignment_policy_id":`+missing+`}`).want(404, missingText)
			w.call("admin", "POST", in(one), `{"inbox_id":`+missing+`}`).want(404, missingText)
		}
		w.call("admin", "POST", of, `{}`).want(404, missingText)
		w.call("admin", "POST", in(one), `{}`).want(404, missingText)
		w.call("admin", "POST", of, `{"assignment_policy_id":"x"}`).want(422, invalidText("assignment_policy_id", "Assignment policy is not a number"))
		w.call("admin", "POST", in(one), `{"inbox_id":[1]}`).want(422, invalidText("inbox_id", "Inbox is not a number"))
		for _, r := range [][2]string{
			{"GET", "{A}/inboxes/%s/assignment_policy"},
			{"POST", "{A}/inboxes/%s/assignment_policy"},
			{"DELETE", "{A}/inboxes/%s/assignment_policy"},
			{"GET", policies + "/%s/inboxes"},
			{"POST", policies + "/%s/inboxes"},
			{"DELETE", policies + "/%s/inboxes/1"},
		} {
			body := fmt.Sprintf(`{"assignment_policy_id":%d,"inbox_id":%d}`, one, inbox)
			for _, missing := range []string{"999", "77", "x", "0"} {
				w.call("admin", r[0], fmt.Sprintf(r[1], missing), body).want(404, missingText)
				w.call("agent", r[0], fmt.Sprintf(r[1], missing), body).want(404, missingText)
			}
			path := fmt.Sprintf(r[1], "1")
			w.call("agent", r[0], path, body).want(401, refusedText)
			w.call("stranger", r[0], path, body).want(401, strangerText)
			w.call("", r[0], path, body).want(401, notSignedInYet)
		}

		// Nothing is left of what is deleted.
		for _, i := range []int64{inbox, second} {
			w.call("admin", "POST", in(one), fmt.Sprintf(`{"inbox_id":%d}`, i)).object()
		}
		w.call("admin", "DELETE", fmt.Sprintf("{A}/inboxes/%d", inbox), "").object()
		w.bulk()
		show("without the inbox", w.call("admin", "GET", fmt.Sprintf("%s/%d", policies, one), ""), text(one, "one", 1))
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d", policies, one), "").want(200, "")
		w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d/assignment_policy", second), "").want(404, noPolicyText)
		if n := w.count(`SELECT COUNT(*) FROM inbox_assignment_policies`); n != 0 {
			t.Errorf("%d links", n)
		}
	})
}
