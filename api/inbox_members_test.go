package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func (w *world) cacheKeys() int64 {
	w.t.Helper()
	var n int64
	w.must(w.db.QueryRowContext(w.t.Context(), `SELECT COUNT(*) FROM outbox WHERE kind = 'account.cache_invalidated' AND account_id = $1`, w.account).Scan(&n))
	return n
}

func TestInboxMembers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		cy := w.member("cy", "cy@example.com", false)
		inbox, other := w.line("l", false), w.line("other", false)
		const path = "{A}/inbox_members"
		shown := fmt.Sprintf("%s/%d", path, inbox)
		body := func(users ...int64) string {
			return fmt.Sprintf(`{"inbox_id":%d,"user_ids":%s}`, inbox, raw(t, append([]int64{}, users...)))
		}
		listed := func(a answer) string {
			t.Helper()
			return raw(t, ids(a.object()["payload"]))
		}
		w.call("admin", "GET", shown, "").want(200, `{"payload":[]}`)
		before := w.cacheKeys()
		added := w.call("admin", "POST", path, body(w.agent, w.agent)).object()
		same(t, "added", added, fmt.Sprintf(`{"payload":%s}`, raw(t, w.call("agent", "GET", "{A}/agents", "").list()[1:2])))
		w.eq("the whole list", listed(w.call("admin", "POST", path, body(cy, w.agent))), fmt.Sprintf("[%d,%d]", w.agent, cy))
		changes := w.cacheKeys()
		same(t, "cache keys", changes-before, "2")
		w.call("admin", "POST", path, body(cy)).object()
		w.call("admin", "POST", path, body()).object()
		w.call("admin", "DELETE", path, body(w.admin, 999, w.stranger)).want(200, "")
		same(t, "cache keys when nothing changes", w.cacheKeys()-changes, "0")
		w.eq("seen by a member", listed(w.call("agent", "GET", shown, "")), fmt.Sprintf("[%d,%d]", w.agent, cy))
		w.eq("replaced", listed(w.call("admin", "PATCH", path, body(w.admin, cy))), fmt.Sprintf("[%d,%d]", w.admin, cy))
		w.call("agent", "GET", shown, "").want(401, refusedText)
		w.call("admin", "DELETE", path, body(w.admin, w.agent)).want(200, "")
		w.eq("left", listed(w.call("cy", "GET", shown, "")), fmt.Sprintf("[%d]", cy))
		w.eq("a form", listed(w.send("admin", "POST", path, "application/x-www-form-urlencoded", fmt.Sprintf("inbox_id=%d&user_ids[]=%d", inbox, w.agent))),
			fmt.Sprintf("[%d,%d]", w.agent, cy))
		w.call("admin", "PATCH", path, `{"inbox_id":"`+fmt.Sprint(inbox)+`","user_ids":[]}`).want(200, `{"payload":[]}`)
		w.eq("the list of clients", w.text(`SELECT kind FROM account_cache_keys WHERE account_id = $1 AND kind = 'inbox'`, w.account), "inbox")

		entry := func(action string, user int64) string {
			return fmt.Sprintf(`%s {"inbox_id":%d,"user_id":%d}`, action, inbox, user)
		}
		got := strings.Split(w.audits("InboxMember"), "\n")
		want := []string{
			entry("create", w.agent), entry("create", cy), entry("destroy", w.agent), entry("create", w.admin), entry("destroy", w.admin),
			entry("create", w.agent),
		}
		if len(got) != len(want)+2 || strings.Join(got[:len(want)], "\n") != strings.Join(want, "\n") {
			t.Errorf("audit:\n%s", strings.Join(got, "\n"))
		}
		w.eq("whose", w.text(`SELECT DISTINCT CAST(user_id AS TEXT) || ' ' || username || ' ' || remote_address FROM audits WHERE auditable_type = 'InboxMember'`),
			fmt.Sprintf("%d ada@example.com 0.0.0.0", w.admin))

		missing := func(method, body string) {
			t.Helper()
			w.call("admin", method, path, body).want(404, missingText)
		}
		w.exec(`UPDATE inboxes SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, other)
		for _, method := range []string{"POST", "PATCH", "DELETE"} {
			for _, inbox := range []string{"null", "999", "0", `""`, fmt.Sprint(other)} {
				missing(method, fmt.Sprintf(`{"inbox_id":%s,"user_ids":[%d]}`, inbox, w.agent))
			}
			missing(method, `{"user_ids":[1]}`)
			missing(method, `{}`)
			w.call("admin", method, path, fmt.Sprintf(`{"inbox_id":%d}`, inbox)).want(422, paramText("user_ids"))
			w.call("admin", method, path, fmt.Sprintf(`{"inbox_id":%d,"user_ids":null}`, inbox)).want(422, paramText("user_ids"))
			w.call("admin", method, path, fmt.Sprintf(`{"inbox_id":%d,"user_ids":["x"]}`, inbox)).want(422, invalidText("user_ids", "User ids is not a number"))
			w.call("admin", method, path, fmt.Sprintf(`{"inbox_id":%d,"user_ids":5}`, inbox)).want(422, invalidText("user_ids", "User ids is invalid"))
			w.call("agent", method, path, body(w.agent)).want(401, refusedText)
			w.call("stranger", method, path, body(w.agent)).want(401, `{"error":"You are not authorized to access this account"}`)
			w.call("", method, path, body(w.agent)).want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
			if method != "DELETE" {
				w.call("admin", method, path, body(w.agent, w.stranger)).want(422, invalidText("user", "User must exist"))
				w.call("admin", method, path, body(w.agent, 999)).want(422, invalidText("user", "User must exist"))
			}
		}
		w.call("admin", "GET", shown, "").want(200, `{"payload":[]}`)
		for _, role := range []string{"admin", "agent"} {
			w.call(role, "GET", path+"/999", "").want(404, missingText)
			w.call(role, "GET", path+"/x", "").want(404, missingText)
			w.call(role, "GET", fmt.Sprintf("%s/%d", path, other), "").want(404, missingText)
		}
		w.call("agent", "GET", shown, "").want(401, refusedText)
	})
}

// Whoever leaves the account leaves its inboxes, and the log tells.
func TestMemberLeavesInboxes(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		inbox := w.line("l", true)
		w.call("admin", "DELETE", fmt.Sprintf("{A}/agents/%d", w.agent), "").want(200, "")
		w.eq("audit", w.audits("InboxMember"), fmt.Sprintf(`destroy {"inbox_id":%d,"user_id":%d}`, inbox, w.agent))
	})
}
