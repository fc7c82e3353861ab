package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/store"
)

const isoMillis = "2006-01-02T15:04:05.000Z"

// TestListNotifications: filters, counters, order and pages.
func TestListNotifications(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.talk("ana")
		for second := range int64(18) {
			w.noticed(w.agent, c, 1000+second)
		}
		read, snoozed, both := w.noticed(w.agent, c, 2001), w.noticed(w.agent, c, 2002), w.noticed(w.agent, c, 2003)
		w.exec(`UPDATE notifications SET read_at = 5000000 WHERE id IN ($1, $2)`, read, both)
		w.exec(`UPDATE notifications SET snoozed_until = 9000000000000000 WHERE id IN ($1, $2)`, snoozed, both)
		w.noticed(w.admin, c, 3000)
		for _, x := range []struct {
			query, meta string
			first, last int64 // last activity
			n           int
		}{
			{"", `{"unread_count":18,"count":18,"current_page":1}`, 1017, 1003, 15},
			{"?page=2", `{"unread_count":18,"count":18,"current_page":"2"}`, 1002, 1000, 3},
			{"?page=3", `{"unread_count":18,"count":18,"current_page":"3"}`, 0, 0, 0},
			{"?page=0&sort_order=desc", `{"unread_count":18,"count":18,"current_page":"0"}`, 1017, 1003, 15},
			{"?page=x&sort_order=asc", `{"unread_count":18,"count":18,"current_page":"x"}`, 1000, 1014, 15},
			{"?includes[]=read", `{"unread_count":18,"count":19,"current_page":1}`, 2001, 1004, 15},
			{"?includes[]=snoozed", `{"unread_count":19,"count":19,"current_page":1}`, 2002, 1004, 15},
			{"?includes[]=snoozed&includes[]=read", `{"unread_count":19,"count":21,"current_page":1}`, 2003, 1006, 15},
			{"?includes=read", `{"unread_count":18,"count":19,"current_page":1}`, 2001, 1004, 15},
			{"?includes[]=nonsense&includes[]=", `{"unread_count":18,"count":18,"current_page":1}`, 1017, 1003, 15},
		} {
			answer := w.call("agent", "GET", "{A}/notifications"+x.query, "").object()
			same(t, x.query, at(answer, "data", "meta"), x.meta)
			list, _ := at(answer, "data", "payload").([]any)
			if len(list) != x.n {
				t.Errorf("%s: %d notifications, want %d", x.query, len(list), x.n)
			}
			if len(list) > 0 && (id(at(list[0], "last_activity_at")) != x.first || id(at(list[len(list)-1], "last_activity_at")) != x.last) {
				t.Errorf("%s: from %v to %v", x.query, at(list[0], "last_activity_at"), at(list[len(list)-1], "last_activity_at"))
			}
		}
		w.call("agent", "GET", "{A}/notifications?page=9", "").want(200, `{"data":{"meta":{"unread_count":18,"count":18,"current_page":"9"},"payload":[]}}`)
		same(t, "read_at", at(w.payload("agent", "?includes[]=read"), 0, "read_at"), `"1970-01-01T00:00:05.000Z"`)
		w.call("agent", "GET", "{A}/notifications?sort_order=sideways", "").
			want(422, `{"message":"Sort order is not included in the list","attributes":["sort_order"]}`)
		w.call("agent", "GET", "{A}/notifications?sort_order[]=asc", "").want(422, `{"message":"Sort order is invalid","attributes":["sort_order"]}`)

		w.call("agent", "GET", "{A}/notifications/unread_count", "").want(200, `18`)
		w.call("agent", "GET", "{A}/notifications/unread_count.json?includes[]=snoozed", "").want(200, `19`)
		w.call("admin", "GET", "{A}/notifications/unread_count", "").want(200, `1`)
	})
}

// TestNotificationRow: what single notifications answer when they are changed.
func TestNotificationRow(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.talk("ana")
		n := w.noticed(w.agent, c, 1000)
		w.exec(`UPDATE notifications SET secondary_actor_type = 'User', secondary_actor_id = $1`, w.admin)
		path := fmt.Sprintf("{A}/notifications/%d", n)
		row := func(a answer, read, snoozed, meta string) {
			t.Helper()
			m := a.object()
			updated, err := time.Parse(isoMillis, fmt.Sprint(m["updated_at"]))
			if err != nil || updated.UnixMilli() > w.now.Load()/1000 || updated.UnixMilli() < w.now.Load()/1000-1000 {
				t.Errorf("%s: updated_at %v: %v", a.name, m["updated_at"], err)
			}
			if read == "now" {
				at, err := time.Parse(isoMillis, fmt.Sprint(m["read_at"]))
				if err != nil || updated.Sub(at) > time.Second {
					t.Errorf("%s: read_at %v: %v", a.name, m["read_at"], err)
				}
				delete(m, "read_at")
				read = ""
			} else {
				read = `"read_at":` + read + `,`
			}
			delete(m, "updated_at")
			same(t, a.name, m, fmt.Sprintf(`{"id":%d,"account_id":%d,"user_id":%d,"notification_type":"conversation_assignment","primary_actor_type":"Conversation",
				"primary_actor_id":%d,"secondary_actor_type":"User","secondary_actor_id":%d,%s"snoozed_until":%s,"meta":{"last_snoozed_at":%s},
				"last_activity_at":"1970-01-01T00:16:40.000Z","created_at":"1970-01-01T00:16:40.000Z"}`,
				n, w.account, w.agent, c.id, w.admin, read, snoozed, meta))
			if news := heard(w.news()); news != fmt.Sprintf("notification.updated to %d by %d", w.agent, w.agent) {
				t.Errorf("%s: events %q", a.name, news)
			}
		}
		row(w.call("agent", "PATCH", path, `{"read_at":null,"notification_type":3}`), "now", "null", "null")
		row(w.call("agent", "POST", path+"/unread", ``), "null", "null", "null")
		row(w.call("agent", "PUT", path, ``), "now", "null", "null")
		row(w.call("agent", "POST", path+"/unread", `{}`), "null", "null", "null")
		w.exec(`UPDATE notifications SET last_snoozed_at = 1000000`)
		row(w.call("agent", "POST", path+"/snooze", `{"snoozed_until":1893456000}`), "null", `"2030-01-01T00:00:00.000Z"`, "null")
		row(w.call("agent", "POST", path+"/snooze", `{"snoozed_until":"1893456001"}`), "null", `"2030-01-01T00:00:01.000Z"`, "null")
		row(w.send("agent", "POST", path+"/snooze", "application/x-www-form-urlencoded", "snoozed_until=0"), "null", `"1970-01-01T00:00:00.000Z"`, "null")
		for _, body := range []string{``, `{}`, `{"snoozed_until":null}`, `{"snoozed_until":""}`} {
			a := w.call("agent", "POST", path+"/snooze", body).object()
			same(t, body, a["snoozed_until"], `"1970-01-01T00:00:00.000Z"`)
		}
		for _, body := range []string{`"soon"`, `"2030-01-01"`, `-1`, `1.5`, `1e30`, `253402300800`, `99999999999999999999`, `[]`, `{}`, `true`, `[1893456000]`} {
			w.call("agent", "POST", path+"/snooze", `{"snoozed_until":`+body+`}`).
				want(422, `{"message":"Snoozed until is invalid","attributes":["snoozed_until"]}`)
		}
		wantText(t, "events of what changed nothing", heard(w.news()), "")

		// In whichever account: Bo has one in an account of their own.
		own := w.number(`SELECT MIN(account_id) FROM account_users WHERE user_id = $1 AND account_id <> $2`, w.agent, w.account)
		elsewhere := fmt.Sprintf("/api/v1/accounts/%d/notifications/%d", own, n)
		if a := w.call("agent", "PATCH", elsewhere, ""); a.status != http.StatusOK {
			t.Errorf("in another account: %d %s", a.status, a.body)
		}
		w.news()

		const missing = `{"error":"Resource could not be found"}`
		for _, x := range [][2]string{{"PATCH", ""}, {"PUT", ""}, {"DELETE", ""}, {"POST", "/unread"}, {"POST", "/snooze"}} {
			w.call("admin", x[0], path+x[1], `{"snoozed_until":1}`).want(404, missing)
			w.call("agent", x[0], "{A}/notifications/999999"+x[1], `{"snoozed_until":"x"}`).want(404, missing)
			w.call("agent", x[0], "{A}/notifications/abc"+x[1], ``).want(404, missing)
			w.call("agent", x[0], "{A}/notifications/99999999999999999999"+x[1], ``).want(404, missing)
		}
		wantText(t, "events of nothing", heard(w.news()), "")
		w.call("agent", "DELETE", path, "").want(200, "")
		news := w.news()
		wantText(t, "events", heard(news), fmt.Sprintf("notification.deleted to %d by %d", w.agent, w.agent))
		user, data, err := w.desk.NotificationEvent(t.Context(), news[0])
		w.must(err)
		event := decoded(t, data)
		wantText(t, "whom the performer is", fmt.Sprint(user, at(event, "performer", "name")), fmt.Sprint(w.agent, "Bo"))
		delete(event, "performer")
		same(t, "the event", event, fmt.Sprintf(`{"notification":{"id":%d},"unread_count":0,"count":0,"account_id":%d}`, n, w.account))
		w.call("agent", "DELETE", path, "").want(404, missing)
	})
}

// TestReadAllNotifications: of the account, or of one of its conversations.
func TestReadAllNotifications(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		one, two := w.talk("ana"), w.talk("bea")
		elsewhere := w.number(`SELECT MIN(account_id) FROM account_users WHERE user_id = $1 AND account_id <> $2`, w.agent, w.account)
		reset := func() {
			w.exec(`DELETE FROM notifications`)
			w.noticed(w.agent, one, 1)
			w.noticed(w.agent, two, 1)
			w.noticed(w.admin, one, 1)
			w.exec(`UPDATE notifications SET account_id = $2 WHERE id = $1`, w.noticed(w.agent, one, 1), elsewhere)
		}
		for body, left := range map[string]string{
			``:   "0 1 1",
			`{}`: "0 1 1",
			fmt.Sprintf(`{"primary_actor_type":"Conversation","primary_actor_id":%d}`, one.id):   "1 1 1",
			fmt.Sprintf(`{"primary_actor_type":"Conversation","primary_actor_id":"%d"}`, two.id): "1 1 1",
			`{"primary_actor_type":"Conversation","primary_actor_id":999999}`:                    "0 1 1",
			`{"primary_actor_type":"Conversation"}`:                                              "0 1 1",
			`{"primary_actor_type":"Conversation","primary_actor_id":"x"}`:                       "0 1 1",
			`{"primary_actor_type":"Conversation","primary_actor_id":[1]}`:                       "0 1 1",
			fmt.Sprintf(`{"primary_actor_type":"Message","primary_actor_id":%d}`, one.id):        "0 1 1",
		} {
			reset()
			w.call("agent", "POST", "{A}/notifications/read_all", body).want(200, "")
			const unread = `SELECT COUNT(*) FROM notifications WHERE read_at IS NULL AND user_id = $1 AND account_id = $2`
			wantText(t, body, fmt.Sprint(w.number(unread, w.agent, w.account), w.number(unread, w.admin, w.account), w.number(unread, w.agent, elsewhere)), left)
		}
		wantText(t, "events", heard(w.news()), "")
	})
}

// TestDestroyAllNotifications: in the background, in all accounts, and nothing that
// came later.
func TestDestroyAllNotifications(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.talk("ana")
		elsewhere := w.number(`SELECT MIN(account_id) FROM account_users WHERE user_id = $1 AND account_id <> $2`, w.agent, w.account)
		for i := range int64(510) {
			w.noticed(w.agent, c, 1000+i)
		}
		w.exec(`UPDATE notifications SET account_id = $1 WHERE last_activity_at = 1005000000`, elsewhere)
		read := w.number(`SELECT MAX(id) FROM notifications`)
		w.exec(`UPDATE notifications SET read_at = 1 WHERE id = $1`, read)
		others := w.noticed(w.admin, c, 1)
		w.call("agent", "POST", "{A}/notifications/destroy_all", `{"type":"read"}`).want(200, "")
		if n := w.number(`SELECT COUNT(*) FROM notifications`); n != 511 {
			t.Errorf("%d notifications before the job ran", n)
		}
		w.run(store.LaneBulk)
		wantText(t, "read ones", fmt.Sprint(w.number(`SELECT COUNT(*) FROM notifications`), w.number(`SELECT COUNT(*) FROM notifications WHERE id = $1`, read)), "510 0")
		wantText(t, "events", heard(w.news()), fmt.Sprintf("notification.deleted to %d by 0", w.agent))

		w.call("agent", "POST", "{A}/notifications/destroy_all", `{"type":["read"]}`).want(200, "")
		later := w.noticed(w.agent, c, 5000)
		w.run(store.LaneBulk)
		wantText(t, "all", fmt.Sprint(w.number(`SELECT COUNT(*) FROM notifications`), w.number(`SELECT COUNT(*) FROM notifications WHERE id IN ($1, $2)`, others, later)), "2 2")
		if n := len(w.news()); n != 509 {
			t.Errorf("%d events", n)
		}
	})
}

// TestNotificationCallers: members, for themselves; nobody else.
func TestNotificationCallers(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.talk("ana")
		n := w.noticed(w.agent, c, 1)
		w.tokens["unknown"] = "nonsense"
		one := fmt.Sprintf("{A}/notifications/%d", n)
		const flags = `{"notification_settings":{"selected_email_flags":[]}}`
		inAccount := [][3]string{
			{"GET", "{A}/notifications", ""},
			{"GET", "{A}/notifications/unread_count", ""},
			{"POST", "{A}/notifications/read_all", ""},
			{"POST", "{A}/notifications/destroy_all", ""},
			{"PATCH", one, ""},
			{"PUT", one, ""},
			{"POST", one + "/unread", ""},
			{"POST", one + "/snooze", `{"snoozed_until":1}`},
			{"GET", "{A}/notification_settings", ""},
			{"PATCH", "{A}/notification_settings", flags},
			{"PUT", "{A}/notification_settings", flags},
			{"DELETE", one, ""},
		}
		outside := [][3]string{
			{"POST", "/api/v1/notification_subscriptions", `{"subscription_type":"browser_push","subscription_attributes":{"endpoint":"https://p.example/1"}}`},
			{"DELETE", "/api/v1/notification_subscriptions", `{"push_token":"t"}`},
		}
		refused := func(list [][3]string, role, body string) {
			t.Helper()
			for _, x := range list {
				w.call(role, x[0], x[1], x[2]).want(401, body)
			}
		}
		const anonymous = `{"errors":["You need to sign in or sign up before continuing."]}`
		const outsider = `{"error":"You are not authorized to access this account"}`
		refused(inAccount, "nobody", anonymous)
		refused(inAccount, "unknown", `{"error":"Invalid Access Token"}`)
		refused(inAccount, "stranger", outsider)
		refused(inAccount, "platform", `{"error":"Access to this endpoint is not authorized for bots"}`)
		refused(outside, "nobody", anonymous)
		refused(outside, "unknown", `{"error":"Invalid Access Token"}`)
		refused(outside, "platform", `{"error":"Access to this endpoint is not authorized for bots"}`)
		for _, x := range outside {
			for _, role := range []string{"admin", "agent", "stranger"} {
				if a := w.call(role, x[0], x[1], x[2]); a.status != http.StatusOK {
					t.Errorf("%s: %d %s", a.name, a.status, a.body)
				}
			}
		}
		for _, x := range inAccount {
			if a := w.call("agent", x[0], x[1], x[2]); a.status != http.StatusOK {
				t.Errorf("%s: %d %s", a.name, a.status, a.body)
			}
			if strings.HasPrefix(x[1], one) {
				continue // the agent's own
			}
			if a := w.call("admin", x[0], x[1], x[2]); a.status != http.StatusOK {
				t.Errorf("%s: %d %s", a.name, a.status, a.body)
			}
		}
		w.exec(`UPDATE accounts SET status = 1 WHERE id = $1`, w.account)
		refused(inAccount, "agent", `{"error":"Account is suspended"}`)
	})
}
