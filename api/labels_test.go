package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tributary/desk"
	"tributary/store"
)

func (w *world) label(body string) (id1 int64, object map[string]any) {
	w.t.Helper()
	made := w.call("admin", "POST", "{A}/labels", body).object()
	return id(made["id"]), made
}

func TestLabels(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.call("agent", "GET", "{A}/labels", "").want(200, `{"payload":[]}`)
		vip, first := w.label(`{"title":"VIP","unknown":1}`)
		vipText := fmt.Sprintf(`{"id":%d,"title":"vip","description":null,"color":"#1f93ff","show_on_sidebar":null}`, vip)
		same(t, "flat", first, vipText)
		late, second := w.label(`{"label":{"title":"Élan_2-x","description":"d","color":"#000","show_on_sidebar":true}}`)
		lateText := fmt.Sprintf(`{"id":%d,"title":"élan_2-x","description":"d","color":"#000","show_on_sidebar":true}`, late)
		same(t, "under its key", second, lateText)
		form := w.send("admin", "POST", "{A}/labels", "application/x-www-form-urlencoded", "label[title]=1a&label[show_on_sidebar]=0").object()
		same(t, "form", form["show_on_sidebar"], "false")
		same(t, "by title", w.call("agent", "GET", "{A}/labels", "").object(), fmt.Sprintf(`{"payload":[%s,%s,%s]}`, show(t, form), vipText, lateText))
		path := fmt.Sprintf("{A}/labels/%d", vip)
		same(t, "shown", w.call("admin", "GET", path, "").object(), vipText)
		events := w.cacheKeys()
		same(t, "changed", w.call("admin", "PATCH", path, `{"description":"most important","show_on_sidebar":true}`).object(),
			fmt.Sprintf(`{"id":%d,"title":"vip","description":"most important","color":"#1f93ff","show_on_sidebar":true}`, vip))
		w.call("admin", "PUT", path, `{"label":{"title":"vip","description":null,"show_on_sidebar":null}}`).want(200, vipText)
		w.call("admin", "DELETE", fmt.Sprintf("{A}/labels/%d", late), "").want(200, "")
		if got := w.cacheKeys() - events; got != 3 {
			t.Errorf("%d times told that the labels changed, want 3", got)
		}
		if key := w.cacheKey("label"); key == "0000000000" {
			t.Error("no cache key of the labels")
		}
		same(t, "left", len(at(w.call("agent", "GET", "{A}/labels", "").object(), "payload").([]any)), "2")
	})
}

func TestLabelRefusals(t *testing.T) {
	t.Parallel()
	eachStore(t, func(_ *testing.T, w *world) {
		label, _ := w.label(`{"title":"sales"}`)
		other, _ := w.label(`{"title":"help"}`)
		path := fmt.Sprintf("{A}/labels/%d", label)
		for _, c := range []struct{ body, want string }{
			{`{"label":"x"}`, invalidText("label", "Label is invalid")},
			{`{"title":""}`, invalidText("title", "Title must not be blank")},
			{`{"title":" "}`, invalidText("title", "Title must not be blank")},
			{`{"title":null}`, invalidText("title", "Title must not be blank")},
			{`{"title":["x"]}`, invalidText("title", "Title is invalid")},
			{`{"title":"x"}`, invalidText("title", "Title is invalid")},
			{`{"title":"_ab"}`, invalidText("title", "Title is invalid")},
			{`{"title":"a b"}`, invalidText("title", "Title is invalid")},
			{`{"title":"ab\nc"}`, invalidText("title", "Title is invalid")},
			{`{"title":"HELP"}`, invalidText("title", "Title has already been taken")},
			{`{"title":"` + strings.Repeat("x", 256) + `"}`, invalidText("title", "Title is too long (maximum is 255 characters)")},
			{`{"title":"ab","description":"` + strings.Repeat("x", 20001) + `"}`, invalidText("description", "Description is too long (maximum is 20000 characters)")},
			{`{"title":"ab","color":null}`, invalidText("color", "Color can't be blank")},
			{`{}`, paramText("label")},
			{`{"label":{}}`, paramText("label")},
			{`{"foo":1}`, paramText("label")},
		} {
			w.call("admin", "POST", "{A}/labels", c.body).want(422, c.want)
			w.call("admin", "PATCH", path, c.body).want(422, c.want)
		}
		w.call("admin", "POST", "{A}/labels", `{"color":"#fff"}`).want(422, invalidText("title", "Title must not be blank"))
		w.call("agent", "POST", "{A}/labels", `{"title":"ab"}`).want(401, refusedText)
		w.exec(`UPDATE labels SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, other)
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			for _, missing := range []string{"999", "x", fmt.Sprint(other)} {
				w.call("admin", method, "{A}/labels/"+missing, `{}`).want(404, missingText)
				w.call("agent", method, "{A}/labels/"+missing, `{}`).want(404, missingText)
			}
			w.call("agent", method, path, `{"title":"ab"}`).want(401, refusedText)
			w.call("stranger", method, path, `{"title":"ab"}`).want(401, `{"error":"You are not authorized to access this account"}`)
		}
		w.call("stranger", "GET", "{A}/labels", "").want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("admin", "POST", "{A}/labels", `{"title":"help"}`).object() // that of another account is free
	})
}

// What carries a label is called like it afterwards, in shares, and everybody hears.
func TestRenameLabel(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		const many = 203 // more than a share
		for i := range many {
			w.receive(inbox, fmt.Sprint("U", i), "hello")
		}
		label, _ := w.label(`{"title":"old"}`)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'old' FROM conversations`)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'new' FROM conversations WHERE display_id = 1`)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'other' FROM conversations WHERE display_id < 3`)
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT MIN(id), 999, 'theirs' FROM conversations`)
		w.exec(`DELETE FROM outbox`)
		before := w.text(`SELECT CAST(MAX(updated_at) AS TEXT) FROM conversations`)

		path := fmt.Sprintf("{A}/labels/%d", label)
		w.call("admin", "PATCH", path, `{"title":"middle"}`).object()
		w.call("admin", "PATCH", path, `{"title":"new"}`).object()
		w.bulk()
		w.eq("left", w.text(`SELECT COALESCE(MAX(label), '') FROM conversation_labels WHERE label IN ('old', 'middle')`), "")
		if n := w.number(`SELECT COUNT(*) FROM conversation_labels WHERE label = 'new'`); n != many {
			t.Errorf("%d conversations have the new name, want %d", n, many)
		}
		if n := w.number(`SELECT COUNT(*) FROM conversations WHERE updated_at <= $1`, before); n != 0 {
			t.Errorf("%d conversations do not seem to have changed", n)
		}
		told := map[string]int{}
		var first string
		for _, row := range w.news() {
			if row.Kind == "conversation.updated" {
				told[fmt.Sprint(row.ConversationID)]++
				if first == "" {
					first = row.Payload
				}
			}
		}
		if len(told) != many {
			t.Errorf("%d conversations were told of, want %d", len(told), many)
		}
		var payload any
		w.must(json.Unmarshal([]byte(first), &payload))
		same(t, "event", payload, fmt.Sprintf(`{"performer_id":%d,"changed_attributes":[{"label_list":{"previous_value":["new","old","other","theirs"],"current_value":["new","other","theirs"]}}]}`, w.admin))
	})
}

// A label that is renamed back before anything happened changes nothing.
func TestRenameLabelBack(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U", "hello")
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT id, account_id, 'old' FROM conversations`)
		label, _ := w.label(`{"title":"old"}`)
		path := fmt.Sprintf("{A}/labels/%d", label)
		w.call("admin", "PATCH", path, `{"title":"new"}`).object()
		w.call("admin", "PATCH", path, `{"title":"old"}`).object()
		w.bulk()
		w.eq("label", w.text(`SELECT label FROM conversation_labels`), "old")
		// Deleted, it stays on what carries it; a job under way knows the name.
		w.call("admin", "PATCH", path, `{"title":"last"}`).object()
		w.call("admin", "DELETE", path, "").want(200, "")
		w.bulk()
		w.eq("label", w.text(`SELECT label FROM conversation_labels`), "last")
		err := w.desk.Handlers()[desk.JobLabelRenamed](t.Context(), store.Job{Payload: []byte(`[]`)})
		if err == nil {
			t.Error("a job without a payload was done")
		}
	})
}
