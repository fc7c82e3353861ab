package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/optional"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
	"tributary/webhooks"
)

// owner is the system behind an API inbox: it takes the webhook's events.
type owner struct {
	*httptest.Server
	mu     sync.Mutex
	events []map[string]any
	status int
	header map[string]string
	// hold makes it answer only when it is closed.
	hold chan struct{}
}

func (w *world) owner() *owner {
	w.t.Helper()
	o := &owner{status: http.StatusOK}
	o.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		event := map[string]any{}
		if err == nil {
			err = json.Unmarshal(body, &event)
		}
		if err != nil {
			w.t.Errorf("webhook: %v: %s", err, body)
		}
		o.mu.Lock()
		o.events = append(o.events, event)
		status, header, hold := o.status, o.header, o.hold
		o.mu.Unlock()
		if hold != nil {
			<-hold
		}
		for name, value := range header {
			rw.Header().Set(name, value)
		}
		rw.WriteHeader(status)
	}))
	w.t.Cleanup(o.Close)
	return o
}

func (o *owner) answer(status int, header map[string]string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.status, o.header = status, header
}

// take gives the events since the last time, sorted by name: they come in any
// order.
func (o *owner) take() []map[string]any {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := o.events
	o.events = nil
	slices.SortStableFunc(out, func(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a["event"]), fmt.Sprint(b["event"])) })
	return out
}

// names are those of events.
func names(events []map[string]any) string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = fmt.Sprint(e["event"])
	}
	return strings.Join(out, " ")
}

// shop is an API inbox with a contact.
type shop struct {
	w       *world
	inbox   desk.PublicInbox
	session store.Session
}

func (w *world) shop(name, webhook string) *shop {
	w.t.Helper()
	w.inbox("Channel::Api", name, map[string]any{"identifier": name, "hmac_token": "key", "webhook_url": webhook}, nil)
	inbox, err := w.desk.PublicInbox(name)
	if err != nil {
		w.t.Fatal(err)
	}
	source, err := w.desk.OpenSession(w.t.Context(), inbox, optional.Value[string]{}, desk.Identity{Name: "Ana"})
	if err != nil {
		w.t.Fatal(err)
	}
	session, err := w.store.Session(w.t.Context(), inbox.ID, source)
	if err != nil {
		w.t.Fatal(err)
	}
	return &shop{w: w, inbox: inbox, session: session}
}

// open makes a conversation in which the contact wrote.
func (s *shop) open() int64 {
	s.w.t.Helper()
	id, err := s.w.desk.OpenConversation(s.w.t.Context(), s.inbox, s.session.SourceID, nil)
	if err != nil {
		s.w.t.Fatal(err)
	}
	s.writes(id, "hello")
	return id
}

func (s *shop) writes(displayID int64, text string) int64 {
	s.w.t.Helper()
	return s.w.write(desk.Reply{AccountID: s.w.account, DisplayID: displayID, Type: chat.Incoming, Content: &text})
}

func (w *world) write(r desk.Reply) int64 {
	w.t.Helper()
	id, err := w.desk.Reply(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// imported is an outgoing message that came by another way than the relay.
func (s *shop) imported(displayID int64, source string) int64 {
	return s.w.write(desk.Reply{
		AccountID: s.w.account, DisplayID: displayID, Type: chat.Outgoing, Content: &source, SourceID: source,
		SenderType: "User", SenderID: s.w.user,
	})
}

// told dispatches what happened, waits until what is due was tried, and tells how
// many deliveries wait for another attempt.
func (s *shop) told() int {
	s.w.t.Helper()
	s.w.dispatched()
	s.w.settle()
	return len(s.w.rows(`SELECT event FROM webhook_deliveries WHERE state = 'pending'`))
}

// engine starts what makes the deliveries.
func (w *world) engine() *webhooks.Engine {
	w.t.Helper()
	e := webhooks.New(webhooks.Options{
		Store: w.store, Desk: w.desk, Guarded: http.DefaultClient, HTTP: http.DefaultClient, Metrics: webhooks.NewMetrics(prometheus.NewRegistry()),
		Log: w.desk.Log, Now: w.clock.Now, Owner: "test", BreakerAfter: 1000,
	})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("webhooks: %v", err)
		}
	})
	return e
}

// settle waits until nothing is due.
func (w *world) settle() {
	w.t.Helper()
	testkit.Wait(w.t, 20*time.Second, "the webhooks to be told", func() bool {
		return len(w.rows(`SELECT event FROM webhook_deliveries WHERE state = 'new' OR lease_owner <> '' OR state = 'pending' AND run_at <= $1`,
			w.clock.Now().UnixMicro())) == 0
	})
}

// What is told about who types.
func TestTypingWebhook(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		w.dispatching()
		w.engine()
		o := w.owner()
		s := w.shop("shop", o.URL)
		id := s.open()
		s.told()
		o.take()
		w.types(id, true, false)
		w.types(id, false, true)
		if err := w.desk.TypingByContact(t.Context(), s.session, id, true); err != nil {
			t.Fatal(err)
		}
		s.told()
		var got []string
		for _, e := range o.take() {
			user, err := json.Marshal(e["user"])
			if c, _ := e["conversation"].(map[string]any); err != nil || c["id"] != float64(id) || len(e) != 4 {
				t.Errorf("event %v: %v", e, err)
			}
			got = append(got, fmt.Sprint(e["event"], " ", e["is_private"], " ", string(user)))
		}
		slices.Sort(got)
		want := []string{
			`conversation_typing_off true {"email":"a@example.test","id":1,"name":"A","type":"user"}`,
			`conversation_typing_on false {"account":{"id":1,"name":"Acme"},"additional_attributes":{},"avatar":"","blocked":false,` +
				`"custom_attributes":{},"email":null,"id":1,"identifier":null,"name":"Ana","phone_number":null,"thumbnail":""}`,
			`conversation_typing_on false {"email":"a@example.test","id":1,"name":"A","type":"user"}`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("events\n got %q\nwant %q", got, want)
		}
		w.want(`SELECT event FROM webhook_deliveries`)
	})
}

// News of somebody typing is told once, and not when it is none any more.
func TestTypingWebhookIsNotLate(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		o := w.owner()
		s := w.shop("shop", o.URL)
		id := s.open()
		w.types(id, true, false)
		w.clock.Advance(31 * time.Second) // nobody dispatched
		w.types(id, false, false)
		w.dispatching()
		w.dispatched()
		w.want(`SELECT event FROM webhook_deliveries ORDER BY event`, "conversation_created", "conversation_typing_off", "message_created")
		w.types(id, true, false)
		w.dispatched()
		w.clock.Advance(31 * time.Second) // nobody worked
		e := w.engine()
		if got := s.told(); got != 0 {
			t.Errorf("worked late: %d wait", got)
		}
		if got := names(o.take()); got != "conversation_created message_created" {
			t.Errorf("worked late: %s", got)
		}
		w.types(id, true, false)
		if got := s.told(); got != 0 || names(o.take()) != "conversation_typing_on" {
			t.Errorf("just in time: %d wait", got)
		}
		o.answer(http.StatusServiceUnavailable, nil)
		w.types(id, false, false)
		s.told()
		if got := names(o.take()); got != "conversation_typing_off" {
			t.Errorf("refused: %s", got)
		}
		w.clock.Advance(time.Minute)
		e.Wake()
		if got := s.told(); got != 0 || names(o.take()) != "" {
			t.Errorf("afterwards: %d wait", got)
		}
	})
}

// Events are tried three times. An outgoing message of which the owner did not
// learn is failed; nothing else is.
func TestInboxWebhookFails(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		w.dispatching()
		engine := w.engine()
		o := w.owner()
		s := w.shop("shop", o.URL)
		id := s.open()
		s.told()
		o.take()
		// tries are the events that the owner is told, and how many wait afterwards.
		tries := func(what string, waiting int, want string) {
			t.Helper()
			left := s.told()
			if got := names(o.take()); got != want || left != waiting {
				t.Errorf("%s: got %q and %d, want %q and %d", what, got, left, want, waiting)
			}
			w.clock.Advance(20 * time.Second)
			engine.Wake()
		}
		status := func(message int64, want string) {
			t.Helper()
			w.want(fmt.Sprintf(`SELECT status || ' ' || content_attributes FROM messages WHERE id = %d`, message), want)
		}

		o.answer(http.StatusServiceUnavailable, nil)
		imported := s.imported(id, "m1")
		tries("an outgoing message, first", 2, "conversation_updated message_created")
		tries("second", 2, "conversation_updated message_created")
		tries("third", 0, "conversation_updated message_created")
		status(imported, `3 {"external_error":"503 Service Unavailable"}`)
		for range 2 {
			tries("the failure itself", 1, "message_updated")
		}
		tries("the failure itself, given up", 0, "message_updated")
		tries("afterwards", 0, "")

		o.answer(http.StatusNotFound, nil)
		private := "a note"
		note := w.write(desk.Reply{
			AccountID: w.account, DisplayID: id, Type: chat.Outgoing, Content: &private, Private: true, SenderType: "User", SenderID: w.user,
		})
		incoming := s.writes(id, "are you there?")
		tries("what did not go to the contact", 0, "conversation_updated message_created message_created")
		status(note, "0 {}")
		status(incoming, "0 {}")

		// A message that the relay still sends gets its verdict there, and one that
		// was read did not fail.
		text := "an answer"
		sent := w.write(desk.Reply{AccountID: w.account, DisplayID: id, Type: chat.Outgoing, Content: &text, SenderType: "User", SenderID: w.user})
		o.answer(http.StatusOK, nil)
		s.told()
		o.take()
		o.answer(http.StatusNotFound, nil)
		report := func(to chat.MessageStatus, message int64) {
			t.Helper()
			if err := w.desk.ReportStatus(t.Context(), w.account, id, message, to, ""); err != nil {
				t.Fatal(err)
			}
		}
		change := func(message int64) {
			t.Helper()
			if err := w.desk.AnswerMessage(t.Context(), s.session, id, message, desk.Answer{Values: []any{fmt.Sprint(w.clock.Now())}}); err != nil {
				t.Fatal(err)
			}
		}
		change(sent)
		tries("while it is sent", 0, "message_updated")
		w.want(fmt.Sprintf(`SELECT status || '' FROM messages WHERE id = %d`, sent), "0")
		report(chat.StatusRead, sent)
		tries("when it was read", 0, "message_updated")
		w.want(fmt.Sprintf(`SELECT status || '' FROM messages WHERE id = %d`, sent), "2")

		other := s.imported(id, "m2")
		o.answer(http.StatusOK, nil)
		s.told()
		o.take()
		o.answer(http.StatusNotFound, nil)
		change(other)
		tries("a change that is not told", 0, "message_updated")
		w.want(fmt.Sprintf(`SELECT status || '' FROM messages WHERE id = %d AND content_attributes LIKE '%%"external_error":"404 Not Found"%%'`, other), "3")
		o.answer(http.StatusOK, nil)
		s.told()
		o.take()

		// An endpoint that has enough says how long to wait.
		o.answer(http.StatusTooManyRequests, map[string]string{"Retry-After": "60"})
		change(sent)
		s.w.dispatched()
		w.settle()
		o.take()
		w.clock.Advance(59 * time.Second)
		engine.Wake()
		w.settle()
		if got := names(o.take()); got != "" {
			t.Errorf("before its time: %s", got)
		}
		o.answer(http.StatusOK, nil)
		w.clock.Advance(2 * time.Second)
		engine.Wake()
		w.settle()
		if got := names(o.take()); got != "message_updated" {
			t.Errorf("afterwards: %s", got)
		}
		w.want(`SELECT kind FROM jobs WHERE state = 'dead'`)
	})
}

// Changes of a conversation name what was and what is.
func TestConversationWebhooks(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		w.dispatching()
		w.engine()
		o := w.owner()
		s := w.shop("shop", o.URL)
		id := s.open()
		s.told()
		if got := o.take(); names(got) != "conversation_created message_created" || got[0]["id"] != float64(id) || got[0]["status"] != "open" {
			t.Errorf("opened: %v", got)
		}
		step := func(what, want, changed string, f func()) []map[string]any {
			t.Helper()
			w.clock.Advance(time.Minute)
			f()
			s.told()
			got := o.take()
			if names(got) != want {
				t.Errorf("%s: got %s, want %s", what, names(got), want)
			}
			for _, e := range got {
				shown, err := json.Marshal(e["changed_attributes"])
				if err != nil {
					t.Fatal(err)
				}
				switch e["event"] {
				case "conversation_updated":
					if string(shown) != changed {
						t.Errorf("%s: changed\n got %s\nwant %s", what, shown, changed)
					}
				case "conversation_status_changed":
					if string(shown) != "null" {
						t.Errorf("%s: a change of the status says %s", what, shown)
					}
				}
			}
			return got
		}
		answer := "an answer"
		reply := desk.Reply{AccountID: w.account, DisplayID: id, Type: chat.Outgoing, Content: &answer, SenderType: "User", SenderID: w.user}
		step("the first answer", "conversation_updated",
			`[{"first_reply_created_at":{"current_value":"2026-03-01T10:01:00.000Z","previous_value":null}},`+
				`{"waiting_since":{"current_value":null,"previous_value":"2026-03-01T10:00:00.000Z"}},`+
				`{"updated_at":{"current_value":"2026-03-01T10:01:00.000Z","previous_value":"2026-03-01T10:00:00.000Z"}}]`,
			func() { w.write(reply) })
		step("the next answer", "", "", func() { w.write(reply) })
		step("the contact again", "conversation_updated message_created",
			`[{"waiting_since":{"current_value":"2026-03-01T10:03:00.000Z","previous_value":null}},`+
				`{"updated_at":{"current_value":"2026-03-01T10:03:00.000Z","previous_value":"2026-03-01T10:02:00.000Z"}}]`,
			func() { s.writes(id, "more") })
		got := step("resolved by the contact", "conversation_status_changed conversation_updated",
			`[{"status":{"current_value":"resolved","previous_value":"open"}},`+
				`{"waiting_since":{"current_value":null,"previous_value":"2026-03-01T10:03:00.000Z"}},`+
				`{"updated_at":{"current_value":"2026-03-01T10:04:00.000Z","previous_value":"2026-03-01T10:03:00.000Z"}}]`,
			func() {
				if err := w.desk.ResolveByContact(t.Context(), s.session, id); err != nil {
					t.Fatal(err)
				}
			})
		// Everybody may see the last message that is shown: no activity, no note.
		if list, _ := got[0]["messages"].([]any); got[0]["status"] != "resolved" || len(list) != 1 || list[0].(map[string]any)["content"] != "more" { //nolint:forcetypeassert // a wrong shape fails the test
			t.Errorf("resolved: %v", got[0])
		}
		step("an activity is nobody's business outside", "", "", func() {
			activity, err := strconv.ParseInt(w.rows(`SELECT id FROM messages WHERE message_type = 2`)[0], 10, 64)
			if err == nil {
				err = w.store.Transact(t.Context(), func(tx *store.Tx) error {
					return tx.InsertOutbox(t.Context(), []store.OutboxRow{{
						AccountID: w.account, Kind: "message.updated", InboxID: s.inbox.ID, ConversationID: 1, MessageID: activity,
					}})
				})
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		if _, err := w.db.Exec(`UPDATE conversations SET status = 3, snoozed_until = 1767225600000000`); err != nil {
			t.Fatal(err)
		}
		step("woken by the contact", "conversation_status_changed conversation_updated message_created",
			`[{"status":{"current_value":"open","previous_value":"snoozed"}},`+
				`{"snoozed_until":{"current_value":null,"previous_value":"2026-01-01T00:00:00.000Z"}},`+
				`{"waiting_since":{"current_value":"2026-03-01T10:06:00.000Z","previous_value":null}},`+
				`{"updated_at":{"current_value":"2026-03-01T10:06:00.000Z","previous_value":"2026-03-01T10:04:00.000Z"}}]`,
			func() { s.writes(id, "and one more") })
		w.want(`SELECT event FROM webhook_deliveries`)
	})
}

// An inbox without a webhook, and a channel that has none, make no work; what is
// gone is not told.
func TestInboxWebhookOfNobody(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		w.dispatching()
		o := w.owner()
		w.receive(w.message(w.line(1), "U1", "1", "hello"))
		w.types(1, true, false)
		w.shop("silent", "").open()
		w.dispatched()
		w.want(`SELECT event FROM webhook_deliveries`)
		s := w.shop("shop", o.URL)
		id := s.open()
		w.types(id, true, false)
		w.dispatched()
		if _, err := w.db.Exec(`DELETE FROM conversations WHERE inbox_id = (SELECT MAX(id) FROM inboxes)`); err != nil {
			t.Fatal(err)
		}
		w.engine()
		if got := s.told(); got != 0 || names(o.take()) != "" {
			t.Errorf("of a conversation that is gone: %d wait", got)
		}
		w.want(`SELECT event FROM webhook_deliveries`)
	})
}

// An endpoint that hangs keeps its own places only; others are told meanwhile.
func TestHangingEndpoint(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		w.dispatching()
		stuck, quick := w.owner(), w.owner()
		stuck.hold = make(chan struct{})
		release := sync.OnceFunc(func() { close(stuck.hold) })
		t.Cleanup(release)
		bad, good := w.shop("bad", stuck.URL), w.shop("good", quick.URL)
		id := bad.open()
		const written = 100
		for n := range written {
			bad.writes(id, fmt.Sprint(n))
		}
		w.dispatched()
		e := w.engine()
		t.Cleanup(release) // before the engine waits for its calls
		count := func(o *owner) int {
			o.mu.Lock()
			defer o.mu.Unlock()
			return len(o.events)
		}
		const places = 8
		testkit.Wait(t, 20*time.Second, "the endpoint to hang", func() bool { return count(stuck) == places })
		good.open()
		testkit.Wait(t, 20*time.Second, "the other one to be told", func() bool { return count(quick) == 2 })
		if n := count(stuck); n != places {
			t.Errorf("the endpoint that hangs was called %d times", n)
		}
		release()
		testkit.Wait(t, 20*time.Second, "everything to be told", func() bool {
			w.clock.Advance(7 * time.Second) // what timed out comes again
			e.Wake()
			return len(w.rows(`SELECT event FROM webhook_deliveries`)) == 0
		})
		different := map[string]bool{}
		stuck.mu.Lock()
		defer stuck.mu.Unlock()
		for _, event := range stuck.events {
			different[fmt.Sprint(event["event"], event["content"])] = true
		}
		if len(different) != written+2 {
			t.Errorf("the endpoint was told %d events in the end", len(different))
		}
	})
}
