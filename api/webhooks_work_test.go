package api_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/internal/httpx"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/webhooks"
)

// Whoever subscribed is told, once, signed; the log shows it.
func TestWebhookDelivery(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.hooks("one", nil)
		r := newReceiver(t)
		path, secret := w.hook(r.URL+"/hook", "message_created", "contact_created")
		other := newReceiver(t)
		w.hook(other.URL, "conversation_typing_on", "conversation_created", "message_updated")
		inbox := w.line("l", true)
		w.receive(inbox, "U", "hello")
		w.settled()
		got := r.take()
		if len(got) != 2 || got[0].event["event"] != "contact_created" || got[1].event["event"] != "message_created" {
			t.Fatalf("told %v", got)
		}
		seen := map[string]bool{}
		for _, p := range got {
			if !p.proven(secret) || len(p.Get("X-Chatwoot-Delivery")) != 36 || seen[p.Get("X-Chatwoot-Delivery")] {
				t.Errorf("headers %v", p.Header)
			}
			seen[p.Get("X-Chatwoot-Delivery")] = true
		}
		contact := w.number(`SELECT MAX(id) FROM contacts`)
		same(t, "contact_created", got[0].event, fmt.Sprintf(`{"event":"contact_created","account":{"id":%d,"name":"Acme"},"additional_attributes":{},"avatar":"",
			"custom_attributes":{},"email":null,"id":%d,"identifier":null,"name":"Contact U","phone_number":null,"thumbnail":"","blocked":false}`, w.account, contact))
		for key, want := range map[string]string{
			"content": `"hello"`, "message_type": `"incoming"`, "private": "false", "account": fmt.Sprintf(`{"id":%d,"name":"Acme"}`, w.account),
			"inbox": fmt.Sprintf(`{"id":%d,"name":"l"}`, inbox), "content_type": `"text"`,
		} {
			same(t, key, got[1].event[key], want)
		}
		if other.events() != "conversation_created" {
			t.Error("the other one was not told of the conversation")
		}
		w.eq("log", w.hookLog(path), "message_created delivered 1 200 <nil>\ncontact_created delivered 1 200 <nil>")

		// The agent types, an activity is nobody's business, a note is.
		w.call("agent", "POST", "{A}/conversations/1/toggle_typing_status", `{"typing_status":"on","is_private":true}`)
		w.call("agent", "POST", "{A}/conversations/1/messages", `{"content":"a note","private":true}`).object()
		w.call("agent", "POST", "{A}/conversations/1/toggle_status", `{"status":"resolved"}`)
		w.settled()
		if got := r.events(); got != "message_created" {
			t.Errorf("told %s", got)
		}
		typed := other.take()
		if len(typed) != 1 || len(typed[0].event) != 4 {
			t.Fatalf("told %v", typed)
		}
		same(t, "who types", typed[0].event["user"], fmt.Sprintf(`{"id":%d,"name":"Bo","email":"bo@example.com","type":"user"}`, w.agent))
		same(t, "in private", typed[0].event["is_private"], "true")

		// A webhook that is gone is told nothing, and its log goes with it.
		w.receive(inbox, "U", "more")
		w.call("admin", "DELETE", path, "").want(200, "")
		w.settled()
		w.bulk()
		if got := r.events(); got != "" {
			t.Errorf("told %s", got)
		}
		w.eq("its log", w.text(`SELECT event FROM webhook_deliveries WHERE target_id = 1`), "")
	})
}

// Bots are told by an address of their own what concerns them.
func TestBotWebhook(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.hooks("one", nil)
		r := newReceiver(t)
		inbox := w.line("l", true)
		bot := id(w.call("admin", "POST", "{A}/agent_bots", fmt.Sprintf(`{"name":"Bo","outgoing_url":%q}`, r.URL)).object()["id"])
		w.call("admin", "POST", fmt.Sprintf("{A}/inboxes/%d/set_agent_bot", inbox), fmt.Sprintf(`{"agent_bot":%d}`, bot))
		w.receive(inbox, "U", "hello")
		w.call("agent", "POST", "{A}/conversations/1/messages", `{"content":"a note","private":true}`).object()
		w.settled()
		if got := r.events(); got != "message_created message_created" {
			t.Errorf("told %s", got)
		}
		conversation := w.number(`SELECT MAX(id) FROM conversations`)
		for _, kind := range []string{"conversation.opened", "conversation.resolved"} {
			w.must(w.store.Transact(t.Context(), func(tx *store.Tx) error {
				return tx.InsertOutbox(t.Context(), []store.OutboxRow{{AccountID: w.account, Kind: kind, InboxID: inbox, ConversationID: conversation}})
			}))
			w.settled()
			got := r.take()
			if len(got) != 1 || got[0].event["event"] != strings.Replace(kind, ".", "_", 1) || got[0].event["id"] != 1.0 || got[0].event["status"] != "pending" {
				t.Errorf("told %v", got)
			}
		}
		w.eq("nothing is kept", w.text(`SELECT event FROM webhook_deliveries`), "")
		r.answers(func(int, *http.Request) int { return http.StatusNotFound })
		w.receive(inbox, "U", "more")
		w.settled()
		w.eq("what failed is", w.text(`SELECT kind || ' ' || event || ' ' || state || ' ' || error FROM webhook_deliveries WHERE event = 'message_created'`),
			"bot message_created failed 404 Not Found")
	})
}

// Inboxes are told about where the operator wants that, and without their secrets.
func TestInboxEvents(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.hooks("one", nil)
		r := newReceiver(t)
		w.hook(r.URL, "inbox_created", "inbox_updated")
		w.line("silent", false)
		w.settled()
		if got := r.events(); got != "" {
			t.Errorf("told %s", got)
		}
		w.settings["ENABLE_INBOX_EVENTS"] = "true"
		inbox := w.line("told", false)
		w.call("admin", "PATCH", fmt.Sprintf("{A}/inboxes/%d", inbox), `{"name":"renamed","greeting_enabled":true}`).object()
		w.call("admin", "PATCH", fmt.Sprintf("{A}/inboxes/%d", inbox), `{"name":"renamed"}`).object()
		w.settled()
		got := r.take()
		if len(got) != 2 || got[0].event["event"] != "inbox_created" || got[1].event["event"] != "inbox_updated" {
			t.Fatalf("told %v", got)
		}
		for _, p := range got {
			same(t, "id", p.event["id"], fmt.Sprint(inbox))
			same(t, "days", len(p.event["working_hours"].([]any)), "7") //nolint:forcetypeassert // a wrong shape fails the test
			if strings.Contains(p.body, "line_channel_secret") || strings.Contains(p.body, "line_channel_token") || !strings.Contains(p.body, `"line_channel_id"`) {
				t.Errorf("channel: %s", p.body)
			}
		}
		list, _ := got[1].event["changed_attributes"].([]any)
		b, err := json.Marshal(list[:min(2, len(list))])
		w.must(err)
		w.eq("changed", string(b), `[{"greeting_enabled":{"current_value":true,"previous_value":false}},{"name":{"current_value":"renamed","previous_value":"told"}}]`)
		if len(list) != 3 || at(list[2], "updated_at") == nil {
			t.Errorf("changed %v", list)
		}
	})
}

// A contact that changed is told with what changed.
func TestContactUpdatedWebhook(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.hooks("one", nil)
		r := newReceiver(t)
		w.hook(r.URL, "contact_updated")
		inbox := w.line("l", false)
		w.receive(inbox, "U", "hello")
		contact := w.number(`SELECT MAX(id) FROM contacts`)
		w.must(w.store.Transact(t.Context(), func(tx *store.Tx) error {
			return tx.InsertOutbox(t.Context(), []store.OutboxRow{
				{AccountID: w.account, Kind: "contact.updated", Payload: fmt.Sprintf(`{"contact_id":%d,"changed_attributes":[{"name":{"previous_value":"a","current_value":"b"}}]}`, contact)},
				{AccountID: w.account, Kind: "contact.updated", Payload: `{"contact_id":999}`},
			})
		}))
		w.settled()
		got := r.take()
		if len(got) != 1 || got[0].event["id"] != float64(contact) {
			t.Fatalf("told %v", got)
		}
		same(t, "changed", got[0].event["changed_attributes"], `[{"name":{"previous_value":"a","current_value":"b"}}]`)
	})
}

// What an endpoint does not take is tried again when that can help, and the log says
// how it went.
func TestWebhookRetries(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.hooks("one", func(o *webhooks.Options) { o.BreakerAfter = 1000 })
		r := newReceiver(t)
		path, _ := w.hook(r.URL, "message_created")
		inbox := w.line("l", false)
		r.answers(func(n int, _ *http.Request) int {
			return map[int]int{1: 500, 2: 503}[n] + map[bool]int{n > 2: 200}[true]
		})
		w.receive(inbox, "U", "hello")
		w.settled()
		w.eq("after the first attempt", w.hookLog(path), "message_created pending 1 500 500 Internal Server Error")
		w.pass(7 * time.Second)
		w.settled()
		w.eq("after the second", w.hookLog(path), "message_created pending 2 503 503 Service Unavailable")
		w.pass(19 * time.Second)
		w.settled()
		w.eq("after the third", w.hookLog(path), "message_created delivered 3 200 <nil>")
		got := r.take()
		if len(got) != 3 || got[0].body != got[2].body || got[0].Get("X-Chatwoot-Delivery") != got[2].Get("X-Chatwoot-Delivery") {
			t.Errorf("the attempts differ: %v", got)
		}

		for status, want := range map[int]string{404: "404 Not Found", 301: "301 Moved Permanently", 307: "307 Temporary Redirect", 410: "410 Gone"} {
			r.answers(func(int, *http.Request) int { return status })
			w.receive(inbox, "U", fmt.Sprint("answered ", status))
			w.settled()
			first, _, _ := strings.Cut(w.hookLog(path), "\n")
			w.eq("no use to try again", first, fmt.Sprintf("message_created failed 1 %d %s", status, want))
		}
		if n := r.count(); n != 4 {
			t.Errorf("called %d times", n)
		}

		// In the end it is given up.
		r.answers(func(int, *http.Request) int { return http.StatusBadGateway })
		w.receive(inbox, "U", "for nothing")
		for range 10 {
			w.settled()
			w.pass(75 * time.Minute)
		}
		w.settled()
		first, _, _ := strings.Cut(w.hookLog(path), "\n")
		w.eq("given up", first, "message_created failed 10 502 502 Bad Gateway")
	})
}

// An endpoint of which there is nothing to be heard for a day is not waited for longer.
func TestWebhookExpires(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		path, _ := w.hook("https://hook.example", "message_created")
		w.receive(w.line("l", false), "U", "hello")
		w.dispatch()
		w.pass(25 * time.Hour)
		w.hooks("one", nil)
		w.settled()
		w.eq("log", w.hookLog(path), "message_created failed 1 <nil> The message could not be sent in time")
	})
}

// The log is paged, shows what was posted, and can deliver again under the same name.
func TestWebhookLog(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		r := newReceiver(t)
		path, secret := w.hook(r.URL, "message_created")
		inbox := w.line("l", false)
		for n := range 30 {
			w.receive(inbox, "U", fmt.Sprint("text ", n))
		}
		w.dispatch()
		pending := w.call("admin", "GET", path+"/deliveries?state=pending", "").object()
		newest := at(pending, "payload", "deliveries", 0)
		same(t, "not built yet", at(w.call("admin", "GET", fmt.Sprintf("%s/deliveries/%d", path, id(at(newest, "id"))), "").object(), "payload", "delivery", "payload"), "null")
		w.call("admin", "POST", fmt.Sprintf("%s/deliveries/%d/redeliver", path, id(at(newest, "id"))), "").want(422, `{"error":"The delivery is still under way"}`)
		w.hooks("one", nil)
		w.settled()

		var numbers []int64
		cursor := ""
		for pages := 0; ; pages++ {
			page := w.call("admin", "GET", path+"/deliveries?state=delivered"+cursor, "").object()
			list, _ := at(page, "payload", "deliveries").([]any)
			for _, d := range list {
				numbers = append(numbers, id(at(d, "id")))
			}
			next := id(at(page, "meta", "next_cursor"))
			if next == 0 || pages > 5 {
				break
			}
			cursor = fmt.Sprint("&cursor=", next)
		}
		for i := range numbers {
			if i > 0 && numbers[i] >= numbers[i-1] {
				t.Errorf("order: %v", numbers)
			}
		}
		same(t, "all", len(numbers), "30")
		same(t, "failed", len(at(w.call("admin", "GET", path+"/deliveries?state=failed", "").object(), "payload", "deliveries").([]any)), "0")

		shown := at(w.call("admin", "GET", fmt.Sprintf("%s/deliveries/%d", path, numbers[0]), "").object(), "payload", "delivery")
		same(t, "content", at(shown, "payload", "content"), `"text 29"`)
		for _, key := range []string{"error", "redelivery_of", "next_attempt_at"} {
			same(t, key, at(shown, key), "null")
		}
		if at(shown, "created_at") == nil || at(shown, "finished_at") == nil || at(shown, "duration_ms") == nil {
			t.Errorf("shown: %v", shown)
		}
		r.take()
		again := at(w.call("admin", "POST", fmt.Sprintf("%s/deliveries/%d/redeliver", path, numbers[0]), "").object(), "payload", "delivery")
		w.settled()
		got := r.take()
		if len(got) != 1 || got[0].Get("X-Chatwoot-Delivery") != at(shown, "delivery") || !got[0].proven(secret) || got[0].event["content"] != "text 29" {
			t.Fatalf("delivered again: %v", got)
		}
		same(t, "of which", at(again, "redelivery_of"), fmt.Sprint(numbers[0]))
		same(t, "the other name", at(again, "delivery"), fmt.Sprintf("%q", at(shown, "delivery")))

		test := at(w.call("admin", "POST", path+"/test", "").object(), "payload", "delivery")
		same(t, "what a test is", at(test, "event"), `"test"`)
		same(t, "its state", at(test, "state"), `"pending"`)
		w.settled()
		got = r.take()
		if len(got) != 1 || got[0].event["event"] != "test" || !got[0].proven(secret) {
			t.Fatalf("tested: %v", got)
		}
		r.answers(func(int, *http.Request) int { return http.StatusServiceUnavailable })
		w.call("admin", "POST", path+"/test", "").object()
		w.settled()
		first, _, _ := strings.Cut(w.hookLog(path), "\n")
		w.eq("a test is not repeated", first, "test failed 1 503 503 Service Unavailable")

		// The log is kept for a while.
		w.pass(71 * time.Hour)
		w.must(w.desk.TendWebhooks(t.Context()))
		same(t, "kept", w.number(`SELECT COUNT(*) FROM webhook_deliveries`), "33")
		w.pass(2 * time.Hour)
		w.must(w.desk.TendWebhooks(t.Context()))
		same(t, "old", w.number(`SELECT COUNT(*) FROM webhook_deliveries`), "0")
	})
}

// No address of the operator's own network is called.
func TestWebhookPrivateAddress(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.hooks("one", func(o *webhooks.Options) { o.Guarded = httpx.NewGuarded(false) })
		r := newReceiver(t)
		paths := []string{}
		for _, url := range []string{r.URL, "https://127.0.0.1:9", "https://169.254.169.254/latest", "https://localhost:9", "https://[::1]/"} {
			path, _ := w.hook(url, "message_created")
			paths = append(paths, path)
		}
		w.receive(w.line("l", false), "U", "hello")
		w.settled()
		for _, path := range paths {
			if got := w.hookLog(path); !strings.HasPrefix(got, "message_created failed 1 <nil> ") || strings.Contains(got, "127.0.0.1") {
				t.Errorf("log: %s", got)
			}
		}
		if n := r.count(); n != 0 {
			t.Errorf("called %d times", n)
		}
	})
}

// An endpoint that fails is left alone for a while; others are not, and it gets
// everything when it is back.
func TestWebhookBreaker(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		e, _ := w.hooks("one", func(o *webhooks.Options) { o.BreakerAfter, o.BreakerFor, o.PerEndpoint = 3, time.Second, 1 })
		bad, good := newReceiver(t), newReceiver(t)
		path, _ := w.hook(bad.URL, "message_created")
		w.hook(good.URL, "message_created")
		bad.answers(func(int, *http.Request) int { return http.StatusInternalServerError })
		inbox := w.line("l", false)
		for n := range 20 {
			w.receive(inbox, "U", fmt.Sprint("text ", n))
		}
		w.dispatch()
		e.Wake()
		testkit.Wait(t, 30*time.Second, "the other one to be told", func() bool {
			return good.count() == 20 && w.number(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'new' OR lease_owner <> ''`) == 0
		})
		failures := bad.count()
		if failures < 3 || failures > 8 { // now and then it is asked whether it is back
			t.Errorf("the one that fails was called %d times", failures)
		}
		bad.answers(func(int, *http.Request) int { return http.StatusOK })
		testkit.Wait(t, 30*time.Second, "everything to be told", func() bool {
			w.pass(time.Second)
			e.Wake()
			return w.number(`SELECT COUNT(*) FROM webhook_deliveries WHERE state <> 'delivered'`) == 0
		})
		if n := bad.count(); n != failures+20 {
			t.Errorf("the one that failed was called %d times in the end: %s", n, w.hookLog(path))
		}
	})
}

// What a process was telling when it died is told again under the same name, and
// nothing else is told twice.
func TestWebhookRestart(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		r := newReceiver(t)
		w.hook(r.URL, "message_created")
		inbox := w.line("l", false)
		const written = 40
		for n := range written {
			w.receive(inbox, "U", fmt.Sprint("text ", n))
		}
		w.dispatch()
		// The process that dies has told eight events, and was never heard of again.
		hold := make(chan struct{})
		release := sync.OnceFunc(func() { close(hold) })
		r.hold = hold
		_, stop := w.hooks("dies", nil)
		t.Cleanup(release)
		testkit.Wait(t, 20*time.Second, "the calls to be under way", func() bool { return r.count() == 8 })
		w.exec(`UPDATE webhook_deliveries SET lease_owner = 'dead' WHERE lease_owner = 'dies'`)
		r.mu.Lock()
		r.hold = nil
		r.mu.Unlock()
		release()
		stop()
		w.hooks("lives", nil)
		w.pass(time.Minute)
		w.settled()
		r.mu.Lock()
		defer r.mu.Unlock()
		told := map[string]map[string]bool{}
		for _, p := range r.got {
			name := p.Get("X-Chatwoot-Delivery")
			if told[name] == nil {
				told[name] = map[string]bool{}
			}
			told[name][fmt.Sprint(p.event["content"])] = true
		}
		if len(told) != written || len(r.got) < written+8 {
			t.Errorf("told %d events by %d calls", len(told), len(r.got))
		}
		for name, contents := range told {
			if len(contents) != 1 {
				t.Errorf("%s names %v", name, contents)
			}
		}
		same(t, "delivered", w.number(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'delivered'`), fmt.Sprint(written))
	})
}

// Ten thousand events reach one endpoint, each once, with two processes at work.
func TestTenThousandWebhooks(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		r := newReceiver(t)
		w.hook(r.URL, "conversation_updated")
		w.receive(w.line("l", false), "U", "hello")
		w.dispatch()
		const events = 10_000
		rows := make([]store.OutboxRow, events)
		for i := range rows {
			rows[i] = store.OutboxRow{AccountID: w.account, Kind: "conversation.updated", InboxID: 1, ConversationID: 1, Payload: fmt.Sprintf(`{"changed_attributes":[{"n":%d}]}`, i)}
		}
		w.must(w.store.Transact(t.Context(), func(tx *store.Tx) error { return tx.InsertOutbox(t.Context(), rows) }))
		w.hooks("one", nil)
		w.hooks("two", nil)
		w.dispatch()
		testkit.Wait(t, 5*time.Minute, "all to be told", func() bool {
			return w.number(`SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'delivered' AND event = 'conversation_updated'`) >= events
		})
		r.mu.Lock()
		defer r.mu.Unlock()
		names, numbers := map[string]bool{}, map[string]bool{}
		for _, p := range r.got {
			names[p.Get("X-Chatwoot-Delivery")] = true
			numbers[fmt.Sprint(at(p.event["changed_attributes"], 0, "n"))] = true
		}
		if len(r.got) != events || len(names) != events || len(numbers) != events {
			t.Errorf("%d calls, %d names, %d events", len(r.got), len(names), len(numbers))
		}
	})
}

// What goes wrong is logged without addresses and secrets.
func TestWebhookLogsNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	var mu sync.Mutex
	var log strings.Builder
	w.hooks("one", func(o *webhooks.Options) {
		o.Log = slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return log.Write(p)
		}), &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.BreakerAfter = 1
	})
	r := newReceiver(t)
	_, secret := w.hook(r.URL+"/hook?token=t0ken", "message_created")
	gone := newReceiver(t)
	gone.Close()
	w.hook(gone.URL+"/hook?token=t0ken", "message_created")
	r.answers(func(int, *http.Request) int { return http.StatusNotFound })
	w.receive(w.line("l", false), "U", "hello")
	w.settled()
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(log.String(), "a webhook was not told") || !strings.Contains(log.String(), "circuit breaker") {
		t.Errorf("log: %s", log.String())
	}
	for _, bad := range []string{secret, "t0ken", "/hook", "127.0.0.1"} {
		if strings.Contains(log.String(), bad) {
			t.Errorf("the log has %q: %s", bad, log.String())
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
