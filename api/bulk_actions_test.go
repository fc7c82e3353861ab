package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// bulkAct orders a bulk action, lets it run and shows how it went.
func (w *world) bulkAct(role, body string) map[string]any {
	w.t.Helper()
	w.call(role, "POST", "{A}/bulk_actions", body).want(200, "")
	w.bulk()
	return w.call(role, "GET", fmt.Sprintf("{A}/bulk_actions/%d", w.number(`SELECT MAX(id) FROM bulk_actions`)), "").object()
}

func TestBulkActions(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		for i := range 45 {
			w.receive(inbox, fmt.Sprint("U", i), "hello")
		}
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"t","allow_auto_assign":false}`).object()["id"])
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'old' FROM conversations`)
		w.exec(`DELETE FROM outbox`)
		got := w.bulkAct("agent", fmt.Sprintf(`{"type":"Conversation","ids":[1,"2",3,3,999],"fields":{"status":"snoozed","assignee_id":%d,"team_id":%d},
			"labels":{"add":["new"],"remove":["old"]},"snoozed_until":1738400000}`, w.agent, team))
		compare(t, "progress", got, `{"state":"done","total":4,"done":3,"failed":1,"failures":[{"id":999,"error":"Resource could not be found"}]}`)
		w.eq("changed", w.text(`SELECT CAST(display_id AS TEXT) FROM conversations WHERE status = 3 AND snoozed_until = 1738400000000000 AND assignee_id = $1 AND team_id = $2 ORDER BY display_id`, w.agent, team), "1 2 3")
		w.eq("labels", w.labelsOf(2), "new")
		w.eq("of others", w.labelsOf(4), "old")
		if n := w.number(`SELECT COUNT(*) FROM outbox WHERE kind = 'conversation.status_changed' AND payload LIKE $1`, fmt.Sprintf(`%%"performer_id":%d%%`, w.agent)); n != 3 {
			t.Errorf("%d events by the agent, want 3", n)
		}
		w.bulkAct("admin", `{"type":"Conversation","ids":1,"fields":{"status":null,"assignee_id":null,"team_id":0}}`)
		w.eq("taken back", w.text(`SELECT CAST(status AS TEXT) || COALESCE(CAST(assignee_id AS TEXT), '-') || COALESCE(CAST(team_id AS TEXT), '-') FROM conversations WHERE display_id = 1`), "3--")
		got = w.bulkAct("admin", `{"type":"Conversation","ids":[4],"fields":{"assignee_id":99999}}`)
		compare(t, "nobody", got, `{"done":0,"failed":1,"failures":[{"id":4,"error":"Assignee must exist"}]}`)
		compare(t, "nothing", w.bulkAct("admin", `{"type":"Conversation"}`), `{"state":"done","total":0,"done":0,"failed":0,"failures":[]}`)

		// All that a filter finds, in what the caller sees.
		open := `{"type":"Conversation","filter":[{"attribute_key":"status","filter_operator":"equal_to","values":["open"],"query_operator":null}],"fields":{"status":"resolved"}}`
		hidden := w.line("hidden", false)
		w.receive(hidden, "H", "hello")
		got = w.bulkAct("agent", open)
		compare(t, "by filter", got, `{"state":"done","total":42,"done":42,"failed":0}`)
		w.eq("left open", w.text(`SELECT CAST(display_id AS TEXT) FROM conversations WHERE status = 0`), "46")
		compare(t, "the administrator's", w.bulkAct("admin", open), `{"total":1,"done":1}`)
	})
}

func TestBulkActionRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		for body, want := range map[string]string{
			`{}`:                                  `{"success":false}`,
			`{"type":"Contact","ids":[1]}`:        `{"success":false}`,
			`{"type":"Conversation","ids":["x"]}`: invalidText("ids", "Ids is invalid"),
			`{"type":"Conversation","ids":[1],"fields":{"status":"odd"}}`:                                                                     `{"error":"'odd' is not a valid status"}`,
			`{"type":"Conversation","ids":[1],"snoozed_until":999999999999}`:                                                                  invalidText("snoozed_until", "Snoozed until is invalid"),
			`{"type":"Conversation","filter":[{"attribute_key":"status","filter_operator":"contains","values":["x"],"query_operator":null}]}`: `{"error":"Invalid operator. The allowed operators for status are [equal_to,not_equal_to]."}`,
		} {
			w.call("agent", "POST", "{A}/bulk_actions", body).want(422, want)
		}
		w.call("stranger", "POST", "{A}/bulk_actions", `{"type":"Conversation"}`).want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("admin", "GET", "{A}/bulk_actions/999", "").want(404, missingText)
		w.bulkAct("admin", `{"type":"Conversation"}`)
		last := fmt.Sprintf("{A}/bulk_actions/%d", w.number(`SELECT MAX(id) FROM bulk_actions`))
		w.call("agent", "GET", last, "").want(404, missingText)
		// The number comes with the answer.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://desk.example/api/v1/accounts/%d/bulk_actions", w.account), strings.NewReader(`{"type":"Conversation"}`))
		w.must(err)
		req.Header["api_access_token"] = []string{w.tokens["admin"]}
		req.Header.Set("Content-Type", "application/json")
		res, err := w.client.Do(req)
		w.must(err)
		_ = res.Body.Close()
		if got := res.Header.Get("X-Bulk-Action-Id"); got != fmt.Sprint(w.number(`SELECT MAX(id) FROM bulk_actions`)) {
			t.Errorf("number %q", got)
		}
	})
}

// A run that ends in the middle is gone on with where it was.
func TestBulkActionGoesOn(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		for i := range 6 {
			w.receive(inbox, fmt.Sprint("U", i), "hello")
		}
		w.call("admin", "POST", "{A}/bulk_actions", `{"type":"Conversation","ids":[1,2,3,4,5,6],"labels":{"add":["x"]}}`).want(200, "")
		w.exec(`UPDATE bulk_actions SET cursor_id = 4, done = 3, failed = 1, failures = '[{"id":2,"error":"e"}]'`)
		w.bulk()
		compare(t, "progress", w.call("admin", "GET", fmt.Sprintf("{A}/bulk_actions/%d", w.number(`SELECT id FROM bulk_actions`)), "").object(),
			`{"state":"done","total":6,"done":5,"failed":1,"failures":[{"id":2,"error":"e"}]}`)
		w.eq("done now", w.text(`SELECT CAST(c.display_id AS TEXT) FROM conversation_labels l JOIN conversations c ON c.id = l.conversation_id ORDER BY c.id`), "5 6")
		w.pass(31 * 24 * 3600e9)
		w.must(w.desk.ForgetBulkActions(t.Context()))
		if n := w.number(`SELECT COUNT(*) FROM bulk_actions`); n != 0 {
			t.Errorf("%d are remembered", n)
		}
	})
}
