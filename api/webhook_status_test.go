package api_test

import (
	"fmt"
	"testing"
	"time"
)

func TestWebhookStatus(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox, other := w.line("l", true), w.line("other", false)
		path := fmt.Sprintf("{A}/inboxes/%d/webhook_status", inbox)
		status := func() map[string]any {
			t.Helper()
			w.desk.Webhooks.Flush(t.Context())
			return w.call("admin", "GET", path, "").object()
		}
		told := func() string {
			t.Helper()
			return w.text(`SELECT payload FROM outbox WHERE kind = 'inbox.webhook_received' AND account_id = $1 ORDER BY id`, w.account)
		}
		second := func(us int64) string { return time.UnixMicro(us).UTC().Format("2006-01-02T15:04:05.000Z") }
		const nothing = `"verified_at":null,"first_event_at":null,"last_event_at":null,"last_conversation_id":null,"rejected_24h":{}}`
		w.call("admin", "GET", path, "").want(200, `{"callback_url":"https://desk.example/webhooks/line/c-l",`+nothing)
		w.eq("told of nothing", told(), "")

		// The provider's test: proven, without an event. Refusals are counted beside it.
		at := w.now.Load()
		w.desk.Webhooks.Proven(inbox)
		for range 3 {
			w.desk.Webhooks.Refused(inbox, "bad")
		}
		w.desk.Webhooks.Refused(inbox, "format")
		same(t, "verified", status(), fmt.Sprintf(`{"callback_url":"https://desk.example/webhooks/line/c-l","verified_at":%q,"first_event_at":null,
			"last_event_at":null,"last_conversation_id":null,"rejected_24h":{"bad":3,"format":1}}`, second(at)))
		w.eq("told of the proof", told(), fmt.Sprintf(`{"audience":"administrators","first_event_at":null,"inbox_id":%d,"last_event_at":null,"verified_at":%d}`, inbox, at/1e6))

		// A process's first news is written at once; what follows rests for a while.
		w.now.Add(6e6)
		w.receive(inbox, "U1", "hello")
		first := w.now.Load()
		got := status()
		compare(t, "the first event", got, fmt.Sprintf(`{"verified_at":%q,"last_conversation_id":1,"rejected_24h":{"bad":3,"format":1}}`, second(at)))
		if got["first_event_at"] != got["last_event_at"] || got["first_event_at"] == nil {
			t.Errorf("the first event is not the last: %v", got)
		}
		events := len(w.texts(`SELECT payload FROM outbox WHERE kind = 'inbox.webhook_received'`))
		same(t, "told of the first event", events, "2")
		w.receive(inbox, "U2", "hello")
		compare(t, "right after it", status(), `{"last_conversation_id":1}`)
		w.now.Store(first + 7e6)
		w.desk.Webhooks.Refused(inbox, "bad")
		got = status()
		compare(t, "a while after it", got, `{"last_conversation_id":2,"rejected_24h":{"bad":4,"format":1}}`)
		if got["last_event_at"] == got["first_event_at"] {
			t.Error("the last event is the first")
		}
		same(t, "nobody is told of later events", len(w.texts(`SELECT payload FROM outbox WHERE kind = 'inbox.webhook_received'`)), "2")
		w.now.Add(70e6)
		w.receive(inbox, "U2", "later")
		status()
		same(t, "but once a minute", len(w.texts(`SELECT payload FROM outbox WHERE kind = 'inbox.webhook_received'`)), "3")
		w.now.Add(int64(25 * time.Hour / time.Microsecond))
		compare(t, "a day later", status(), `{"rejected_24h":{}}`)

		w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d/webhook_status", other), "").
			want(200, `{"callback_url":"https://desk.example/webhooks/line/c-other",`+nothing)
		w.call("agent", "GET", path, "").want(401, refusedText)
		w.call("stranger", "GET", path, "").want(401, `{"error":"You are not authorized to access this account"}`)
		w.call("", "GET", path, "").want(401, `{"errors":["You need to sign in or sign up before continuing."]}`)
		w.exec(`UPDATE inboxes SET account_id = (SELECT MAX(id) FROM accounts) WHERE id = $1`, other)
		for _, role := range []string{"admin", "agent"} {
			for _, missing := range []string{"999", "x", fmt.Sprint(other)} {
				w.call(role, "GET", "{A}/inboxes/"+missing+"/webhook_status", "").want(404, missingText)
			}
		}
	})
}

// Where the inbox has no address of its own, the one that all share is shown; one that
// holds a token is not.
func TestCallbackURLs(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.graph()
		for _, c := range []struct{ body, want string }{
			{`{"channel":{"type":"telegram","bot_token":"7:abc"}}`, `null`},
			{`{"name":"Api","channel":{"type":"api"}}`, `null`},
			{
				`{"name":"WA","channel":{"type":"whatsapp","phone_number":"+15550002","provider":"whatsapp_cloud","provider_config":{"api_key":"k","phone_number_id":"1","business_account_id":"2"}}}`,
				`"https://desk.example/webhooks/whatsapp/+15550002"`,
			},
		} {
			inbox := id(w.call("admin", "POST", "{A}/inboxes", c.body).object()["id"])
			same(t, c.body, w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d/webhook_status", inbox), "").object()["callback_url"], c.want)
		}
		inbox := id(w.call("admin", "POST", "{A}/callbacks/register_facebook_page", `{"page_id":"9","page_access_token":"p","user_access_token":"u","inbox_name":"Page"}`).object()["id"])
		same(t, "Facebook", w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d/webhook_status", inbox), "").object()["callback_url"], `"https://desk.example/bot"`)
	})
}

// News of an inbox that is deleted meanwhile does not keep that of others from being
// written.
func TestWebhookStatusOfDeletedInbox(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		gone, stays := w.line("gone", false), w.line("stays", false)
		w.desk.Webhooks.Proven(gone)
		w.desk.Webhooks.Refused(gone, "bad")
		w.desk.Webhooks.Proven(stays)
		w.call("admin", "DELETE", fmt.Sprintf("{A}/inboxes/%d", gone), "").object()
		w.bulk()
		w.desk.Webhooks.Flush(t.Context())
		if w.call("admin", "GET", fmt.Sprintf("{A}/inboxes/%d/webhook_status", stays), "").object()["verified_at"] == nil {
			t.Error("the other inbox is not verified")
		}
		w.eq("rows", w.text(`SELECT CAST(inbox_id AS TEXT) FROM inbox_webhooks`), fmt.Sprint(stays))
		w.eq("events", w.text(`SELECT CAST(inbox_id AS TEXT) FROM outbox WHERE kind = 'inbox.webhook_received'`), fmt.Sprint(stays))
	})
}
