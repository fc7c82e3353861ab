package api_test

import (
	"fmt"
	"testing"
	"time"
)

func TestWorkingHour(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.line("first", false)
		inbox := w.line("second", true)
		path := func(day int64) string { return fmt.Sprintf("{A}/working_hours/%d", (inbox-1)*7+1+day) }
		row := func(day int64) string {
			return show(t, at(w.call("agent", "GET", fmt.Sprintf("{A}/inboxes/%d", inbox), "").object(), "working_hours", int(day)))
		}
		const monday = `{"day_of_week":1,"closed_all_day":false,"open_hour":10,"open_minutes":30,"close_hour":12,"close_minutes":0,"open_all_day":false}`
		before := w.cacheKey("inbox")
		w.pass(5 * time.Second)
		same(t, "changed", w.call("admin", "PATCH", path(1), `{"working_hour":{"open_hour":"10","open_minutes":30,"close_hour":12,"inbox_id":99}}`).object(), monday)
		if w.cacheKey("inbox") == before {
			t.Error("clients are not told that the inbox changed")
		}
		same(t, "flat", w.call("admin", "PUT", path(0), `{"closed_all_day":false,"open_hour":1,"open_minutes":0,"close_hour":2,"close_minutes":0}`).object(),
			`{"day_of_week":0,"closed_all_day":false,"open_hour":1,"open_minutes":0,"close_hour":2,"close_minutes":0,"open_all_day":false}`)
		same(t, "all day", w.call("admin", "PATCH", path(2), `{"open_all_day":true}`).object(),
			`{"day_of_week":2,"closed_all_day":false,"open_hour":0,"open_minutes":0,"close_hour":23,"close_minutes":59,"open_all_day":true}`)
		same(t, "closed", w.call("admin", "PATCH", path(3), `{"closed_all_day":true,"open_hour":null}`).object(),
			`{"day_of_week":3,"closed_all_day":true,"open_hour":null,"open_minutes":0,"close_hour":17,"close_minutes":0,"open_all_day":false}`)
		for _, c := range []struct{ body, want string }{
			{`{"open_hour":24}`, invalidText("open_hour", "Open hour must be less than or equal to 23")},
			{`{"open_hour":-1}`, invalidText("open_hour", "Open hour must be greater than or equal to 0")},
			{`{"open_minutes":60}`, invalidText("open_minutes", "Open minutes must be less than or equal to 59")},
			{`{"close_hour":null}`, invalidText("close_hour", "Close hour can't be blank")},
			{`{"close_minutes":"x"}`, invalidText("close_minutes", "Close minutes is not a number")},
			{`{"close_hour":10,"close_minutes":30}`, invalidText("close_hour", "Close hour Closing time cannot be before opening time")},
			{`{"closed_all_day":true,"open_all_day":true}`, invalidText("base", "A day is either closed or open all day")},
			{`{}`, paramText("working_hour")},
			{`{"working_hour":{}}`, paramText("working_hour")},
			{`{"working_hour":"x"}`, invalidText("working_hour", "Working hour is invalid")},
		} {
			w.call("admin", "PATCH", path(1), c.body).want(422, c.want)
		}
		same(t, "after the refusals", object(at(w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d", inbox), "").object(), "working_hours", 1)), monday)
		w.call("agent", "PATCH", path(1), `{"open_hour":1}`).want(401, refusedText)
		w.call("stranger", "PATCH", path(1), `{"open_hour":1}`).want(401, `{"error":"You are not authorized to access this account"}`)
		unchanged := row(4)
		for _, missing := range []string{"0", "-1", "x", "999", "9223372036854775807", "99999999999999999999"} {
			for _, role := range []string{"admin", "agent"} {
				w.call(role, "PATCH", "{A}/working_hours/"+missing, `{"open_hour":1}`).want(404, missingText)
			}
		}
		w.exec(`UPDATE inboxes SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, inbox)
		w.call("admin", "PATCH", path(4), `{"open_hour":1}`).want(404, missingText)
		w.exec(`UPDATE inboxes SET account_id = $2 WHERE id = $1`, inbox, w.account)
		w.eq("a day of another account", row(4), unchanged)
	})
}
