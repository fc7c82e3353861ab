package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"tributary/queue"
	"tributary/store"
)

const operatorPath = "/api/v1/operator"

// superAdmin makes the world's administrator run the installation.
func (w *world) superAdmin() {
	w.t.Helper()
	w.exec(`UPDATE users SET type = 'SuperAdmin' WHERE id = $1`, w.admin)
}

func TestOperatorEvents(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("shop", false)
		ids := w.bury(
			letter{inbox, "one", "row 1: no", `{"events":[{"replyToken":"r3ply"}],"x":"the secret is c-shop"}`},
			letter{inbox, "two", "row 22: no", ""}, letter{inbox, "three", "too long", ""},
		)
		w.call("admin", "GET", operatorPath+"/events", "").want(401, refusedText)
		w.superAdmin()

		list := w.call("admin", "GET", operatorPath+"/events", "").object()
		same(t, "groups", at(list, "groups", 0, "reason"), `"row #: no"`)
		same(t, "count", at(list, "groups", 0, "count"), `2`)
		same(t, "example", at(list, "groups", 0, "example"), `"row 22: no"`)
		same(t, "newest first", []any{at(list, "events", 0, "id"), at(list, "events", 1, "summary"), at(list, "events", 2, "inbox_name")},
			fmt.Sprintf(`[%q,"two","shop"]`, ids[2]))
		same(t, "numbers", []any{list["total"], list["more"], list["partial"], list["page"]}, `[3,false,false,1]`)
		group := url.Values{"channel": {"line"}, "reason": {"row #: no"}}
		same(t, "of a group", w.call("admin", "GET", operatorPath+"/events?"+group.Encode(), "").object()["total"], `2`)
		same(t, "of another channel", w.call("admin", "GET", operatorPath+"/events?channel=sms", "").object()["total"], `0`)
		same(t, "pending", w.call("admin", "GET", operatorPath+"/events?state=pending", "").object()["events"], `[]`)
		w.call("admin", "GET", operatorPath+"/events?state=x", "").want(422, invalidText("state", "State is not included in the list"))

		one := w.call("admin", "GET", operatorPath+"/events/"+ids[0], "").object()
		same(t, "reason", []any{one["reason"], one["group"], one["attempts"], one["kind"]}, `["row 1: no","row #: no",1,"message"]`)
		same(t, "the event's secrets", at(one, "event", "thread", "reply_token"), `"[FILTERED]"`)
		same(t, "the body's secrets", one["body"], `"{\"events\":[{\"replyToken\":\"[FILTERED]\"}],\"x\":\"the secret is c-shop\"}"`)
		w.call("admin", "GET", operatorPath+"/events/0-999", "").want(404, missingText)

		w.call("admin", "POST", operatorPath+"/events/"+ids[2]+"/discard", `{"reason":" "}`).want(422, invalidText("reason", "Reason can't be blank"))
		w.call("admin", "POST", operatorPath+"/events/"+ids[2]+"/discard", `{"reason":"a test of ours"}`).want(200, "")
		w.call("admin", "POST", operatorPath+"/events/"+ids[2]+"/discard", `{"reason":"again"}`).want(404, missingText)
		w.call("admin", "POST", operatorPath+"/events/"+ids[1]+"/replay", "").want(200, "")
		w.call("admin", "POST", operatorPath+"/events/"+ids[1]+"/replay", "").want(404, missingText)
		same(t, "left", at(w.call("admin", "GET", operatorPath+"/events", "").object(), "events", 0, "id"), fmt.Sprintf("%q", ids[0]))
		same(t, "waits again", at(w.call("admin", "GET", operatorPath+"/events?state=waiting", "").object(), "events", 0, "summary"), `"two"`)

		audits, err := w.store.Audits(t.Context(), w.account, 2, 0)
		w.must(err)
		for i, want := range []struct{ action, changes string }{
			{"replay", fmt.Sprintf(`{"queue_entries":[%q]}`, ids[1])},
			{"discard", fmt.Sprintf(`{"queue_entries":[%q],"reason":"a test of ours"}`, ids[2])},
		} {
			a := audits[i]
			if a.Action != want.action || string(a.Changes) != want.changes || a.Type != "Inbox" || a.ID != inbox || a.UserID != w.admin {
				t.Errorf("audit log: %+v, want %+v", a, want)
			}
		}
	})
}

func TestOperatorReplay(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("shop", false)
		w.superAdmin()
		list := make([]letter, 0, 230)
		for i := range 230 {
			list = append(list, letter{inbox, fmt.Sprint("m", i), "row: no", ""})
		}
		w.bury(append(list, letter{inbox, "other", "something else", ""})...)
		replay := func(more string) map[string]any {
			t.Helper()
			return w.call("admin", "POST", operatorPath+"/events/replay", `{"channel":"line","reason":"row: no"`+more+`}`).object()
		}
		counted := replay(`,"dry_run":true`)
		same(t, "counted", []any{counted["matched"], counted["replayed"], counted["left"], counted["dry_run"]}, `[230,0,230,true]`)
		before, _ := counted["before"].(string)
		w.bury(letter{inbox, "late", "row: no", ""})
		first := replay(fmt.Sprintf(`,"before":%q`, before))
		same(t, "the first round", []any{first["matched"], first["replayed"], first["left"]}, `[230,200,30]`)
		same(t, "the rest", []any{replay(fmt.Sprintf(`,"before":%q`, before))["replayed"]}, `[30]`)
		same(t, "what died since is left", w.call("admin", "GET", operatorPath+"/events", "").object()["total"], `2`)
		waiting, err := w.queue.List(t.Context(), queue.Filter{State: queue.StateWaiting, Limit: 300, Brief: true})
		w.must(err)
		if len(waiting) != 230 {
			t.Errorf("%d events wait, want 230", len(waiting))
		}
		same(t, "in their order", at(w.call("admin", "GET", operatorPath+"/events?state=waiting", "").object(), "events", 0, "summary"), `"m0"`)
		w.call("admin", "POST", operatorPath+"/events/replay", `{"before":"yesterday"}`).want(422, invalidText("before", "Before is no moment"))
		same(t, "all that are left", w.call("admin", "POST", operatorPath+"/events/replay", `{}`).object()["replayed"], `2`)
	})
}

// What other processes know is unknown here, and nothing is made of it.
func TestOperatorOverview(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.superAdmin()
		part := func(name string) map[string]any {
			t.Helper()
			parts, _ := w.call("admin", "GET", operatorPath+"/overview", "").object()["parts"].([]any)
			for _, p := range parts {
				if m, _ := p.(map[string]any); m["name"] == name {
					return m
				}
			}
			t.Fatalf("no part %s", name)
			return nil
		}
		state := func(name, want, code string) {
			t.Helper()
			if p := part(name); p["state"] != want || at(p, "reasons", 0, "code") != code {
				t.Errorf("%s is %v, want %s because of %s", name, p, want, code)
			}
		}
		state("edge", "unknown", "edge_elsewhere")
		same(t, "what an edge knows", part("edge")["figures"], `{"received":null,"refused":null}`)
		state("realtime", "unknown", "realtime_elsewhere")
		state("relay", "good", "relay_elsewhere")
		same(t, "breakers", at(part("relay"), "figures", "breakers"), `null`)
		state("workers", "bad", "workers_none")
		state("queue", "good", "queue_ok")
		w.bury(letter{w.line("shop", false), "one", "no", ""})
		state("queue", "warning", "queue_dead")
		all := w.call("admin", "GET", operatorPath+"/overview", "").object()
		same(t, "the worst part is first", []any{all["state"], at(all, "parts", 0, "name"), all["dead"]}, `["bad","workers",1]`)
		same(t, "figures", all["figures"], `{"depth":0,"oldest_seconds":0,"visible_p99_seconds":null,"events_per_second":null,"refused_per_minute":null}`)

		w.must(w.store.Transact(t.Context(), func(tx *store.Tx) error {
			return tx.InsertJob(t.Context(), store.Job{Kind: "k", Lane: store.LaneMail, RunAt: tx.Now.Add(-time.Hour)})
		}))
		reasons := fmt.Sprint(part("workers")["reasons"])
		if !strings.Contains(reasons, "jobs_late") || !strings.Contains(reasons, "detail:mail") {
			t.Errorf("a late job: %s", reasons)
		}
		q := w.call("admin", "GET", operatorPath+"/queue", "").object()
		same(t, "lanes with work come first", at(q, "lanes", 0, "lane"), `"mail"`)
		same(t, "partitions", at(q, "partitions", 0, "owner"), `null`)
	})
}

func TestOperatorDeliveries(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.superAdmin()
		inbox := w.line("shop", false)
		w.receive(inbox, "U1", "hello")
		sent := w.call("admin", "POST", "{A}/conversations/1/messages", `{"content":"hi"}`).object()
		list := w.call("admin", "GET", operatorPath+"/deliveries", "").object()
		one, _ := at(list, "deliveries", 0).(map[string]any)
		same(t, "a reply that waits", []any{one["message_id"], one["inbox_name"], one["channel"], one["conversation_id"], one["verdict"], one["attempts"], one["code"], one["breaker"]},
			fmt.Sprintf(`[%d,"shop","line",1,"waiting",0,null,null]`, id(sent["id"])))
		same(t, "tries are another process's", list["attempts_known"], `false`)
		same(t, "of another inbox", w.call("admin", "GET", operatorPath+"/deliveries?inbox_id=999", "").object()["deliveries"], `[]`)
		w.exec(`UPDATE messages SET status = 3, content_attributes = '{"external_error":"400: no"}' WHERE id = $1`, id(sent["id"]))
		failed := w.call("admin", "GET", operatorPath+"/deliveries?state=failed", "").object()
		same(t, "one that failed", []any{at(failed, "deliveries", 0, "verdict"), at(failed, "deliveries", 0, "error"), at(failed, "deliveries", 0, "attempts")}, `["failed","400: no",null]`)
		same(t, "tries", w.call("admin", "GET", operatorPath+"/deliveries?state=attempts", "").object()["deliveries"], `[]`)
		w.call("admin", "GET", operatorPath+"/deliveries?state=x", "").want(422, invalidText("state", "State is not included in the list"))
	})
}

func TestOperatorChannels(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.superAdmin()
		fine, broken := w.line("fine", false), w.line("broken", false)
		w.receive(fine, "U1", "hello")
		w.desk.Webhooks.Refused(fine, "signature")
		w.desk.Webhooks.Sent(fine)
		w.desk.Webhooks.Flush(t.Context())
		w.exec(`UPDATE channels SET reauthorization_required = TRUE WHERE id = (SELECT channel_id FROM inboxes WHERE id = $1)`, broken)
		w.exec(`UPDATE change_versions SET version = version + 1 WHERE topic = 'channels'`)
		list := w.call("admin", "GET", operatorPath+"/channels", "").object()
		same(t, "the broken one is first", []any{at(list, "channels", 0, "inbox_id"), at(list, "channels", 0, "state"), at(list, "channels", 0, "problems"), at(list, "channels", 0, "token")},
			fmt.Sprintf(`[%d,"bad",["token"],"reauthorization_required"]`, broken))
		other, _ := at(list, "channels", 1).(map[string]any)
		same(t, "the other one", []any{other["state"], other["problems"], other["rejected_24h"], other["token"], other["breaker"], other["whatsapp"]},
			`["warning",["refusals"],{"signature":1},"ok",null,null]`)
		if other["last_in_at"] == nil || other["last_out_at"] == nil {
			t.Errorf("traffic: %v", other)
		}
		same(t, "one alone", w.call("admin", "GET", fmt.Sprintf(operatorPath+"/channels?inbox_id=%d", fine), "").object()["total"], `1`)
	})
}
