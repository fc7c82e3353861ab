package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/channels"
	"tributary/internal/testkit"
	"tributary/simulator"
	"tributary/store/storetest"
)

// bridge is the system behind an API inbox, which lives on the inbox's webhook.
type bridge struct {
	*httptest.Server
	t      testing.TB
	secret string // the inbox's hmac_token

	mu     sync.Mutex
	events []map[string]any
}

func newBridge(t testing.TB) *bridge {
	t.Helper()
	b := &bridge{t: t}
	b.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		event := map[string]any{}
		if err == nil {
			err = json.Unmarshal(body, &event)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("webhook: %s %v, %v: %s", r.Method, r.Header, err, body)
		}
		signed := r.Header.Get("X-Chatwoot-Timestamp") + "." + string(body)
		if r.Header.Get("X-Chatwoot-Signature") != "sha256="+channels.HexSHA256(b.secret, []byte(signed)) || r.Header.Get("X-Chatwoot-Delivery") == "" {
			t.Errorf("webhook: the signature of %v is wrong", event["event"])
		}
		b.events = append(b.events, event)
	}))
	t.Cleanup(b.Close)
	return b
}

// summary is what a test says about an event: its name and what it is about.
func summary(e map[string]any) string {
	out := fmt.Sprint(e["event"])
	switch {
	case strings.HasPrefix(out, "message_"):
		out += fmt.Sprint(" ", e["message_type"], " ", e["content"], " private=", e["private"])
	case strings.HasPrefix(out, "conversation_typing"):
		user, _ := e["user"].(map[string]any)
		out += fmt.Sprint(" ", user["name"], " private=", e["is_private"])
	default:
		out += fmt.Sprint(" ", e["status"])
		list, _ := e["changed_attributes"].([]any)
		for _, one := range list {
			columns, _ := one.(map[string]any)
			for name := range columns {
				out += " " + name
			}
		}
	}
	return out
}

// expect waits for exactly these events, in any order.
func (b *bridge) expect(what string, want ...string) []map[string]any {
	b.t.Helper()
	slices.Sort(want)
	var got []string
	var events []map[string]any
	testkit.Wait(b.t, 20*time.Second, what, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		events, got = slices.Clone(b.events), nil
		for _, e := range events {
			got = append(got, summary(e))
		}
		return len(got) >= len(want)
	})
	slices.Sort(got)
	if !slices.Equal(got, want) {
		b.t.Errorf("%s: events\n got %q\nwant %q", what, got, want)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = b.events[len(events):]
	return events
}

// TestInboxWebhook: the webhook of an API inbox learns of everything that happens
// in its conversations, signed, and of nothing else.
func TestInboxWebhook(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, back testkit.Backend) {
		p := start(t, back, options{sim: simulator.Options{Kinds: []simulator.Kind{simulator.API}}})
		b := newBridge(t)
		var inbox struct {
			ID         int64  `json:"id"`
			Identifier string `json:"inbox_identifier"`
			Secret     string `json:"hmac_token"`
		}
		p.want(http.MethodPost, "inboxes", map[string]any{"name": "Bridge", "channel": map[string]any{
			"type": "api", "webhook_url": b.URL + "/hook", "additional_attributes": map[string]any{"sign_webhooks": true},
		}}, http.StatusOK, &inbox)
		b.mu.Lock()
		b.secret = inbox.Secret
		b.mu.Unlock()

		contacts := "/public/api/v1/inboxes/" + inbox.Identifier + "/contacts"
		public := func(path string, body any, out any) {
			t.Helper()
			status, answer := p.request(http.MethodPost, contacts+path, body)
			if status != http.StatusOK {
				t.Fatalf("POST %s: %d %s", path, status, answer)
			}
			if out == nil {
				return
			}
			if err := json.Unmarshal(answer, out); err != nil {
				t.Fatalf("POST %s: %v: %s", path, err, answer)
			}
		}
		var contact struct {
			Source string `json:"source_id"`
		}
		public("", map[string]any{"name": "Ana", "email": "ana@example.test"}, &contact)
		var thread struct {
			ID int64 `json:"id"`
		}
		public("/"+contact.Source+"/conversations", nil, &thread)
		opened := b.expect("the conversation", "conversation_created open")
		wantKeys(t, "conversation_created", opened[0], "additional_attributes agent_last_seen_at can_reply channel contact_inbox contact_last_seen_at "+
			"created_at custom_attributes event first_reply_created_at id inbox_id labels last_activity_at messages meta priority snoozed_until status "+
			"timestamp unread_count updated_at waiting_since")
		if opened[0]["id"] != float64(thread.ID) || opened[0]["channel"] != "Channel::Api" || opened[0]["inbox_id"] != float64(inbox.ID) {
			t.Errorf("conversation_created: %v", opened[0])
		}

		mine := fmt.Sprintf("/%s/conversations/%d", contact.Source, thread.ID)
		public(mine+"/messages", map[string]any{"content": "are you open?"}, nil)
		written := b.expect("what the contact wrote", "message_created incoming are you open? private=false")
		wantKeys(t, "message_created", written[0], "account additional_attributes content content_attributes content_type conversation created_at event "+
			"id inbox message_type private sender source_id")

		public(mine+"/toggle_typing", map[string]any{"typing_status": "on"}, nil)
		public(mine+"/toggle_typing", map[string]any{"typing_status": "off"}, nil)
		typed := b.expect("the contact's typing", "conversation_typing_on Ana private=false", "conversation_typing_off Ana private=false")
		wantKeys(t, "conversation_typing", typed[0], "conversation event is_private user")

		conversation := fmt.Sprintf("conversations/%d", thread.ID)
		for _, body := range []map[string]any{{"typing_status": "on"}, {"typing_status": "off"}, {"typing_status": "on", "is_private": true}} {
			p.want(http.MethodPost, conversation+"/toggle_typing_status", body, http.StatusOK, nil)
		}
		b.expect("the agent's typing", "conversation_typing_on Owner private=false", "conversation_typing_off Owner private=false",
			"conversation_typing_on Owner private=true")

		p.want(http.MethodPost, conversation+"/messages", map[string]any{"content": "ask Bea", "private": true}, http.StatusOK, nil)
		b.expect("a note", "message_created outgoing ask Bea private=true")

		reply := p.reply(thread.ID, "yes")
		b.expect("the answer", "message_created outgoing yes private=false",
			"conversation_updated open first_reply_created_at waiting_since updated_at")

		p.want(http.MethodPatch, fmt.Sprintf("%s/messages/%d", conversation, reply.ID), map[string]any{"status": "delivered"}, http.StatusOK, nil)
		b.expect("a receipt", "message_updated outgoing yes private=false")

		public(mine+"/update_last_seen", nil, nil)
		b.expect("the contact read", "message_updated outgoing yes private=false")

		public(mine+"/toggle_status", nil, nil)
		b.expect("the contact ended it", "conversation_status_changed resolved", "conversation_updated resolved status updated_at")

		public(mine+"/messages", map[string]any{"content": "one more thing"}, nil)
		again := b.expect("the contact came back", "conversation_status_changed open", "conversation_updated open status waiting_since updated_at",
			"message_created incoming one more thing private=false")
		for _, e := range again {
			if e["event"] != "message_created" {
				continue
			}
			c, _ := e["conversation"].(map[string]any)
			list, _ := c["messages"].([]any)
			if c["status"] != "open" || len(list) != 1 {
				t.Fatalf("message_created: %v", e)
			}
			last, _ := list[0].(map[string]any)
			sender, _ := last["sender"].(map[string]any)
			if last["message_type"] != 0.0 || last["status"] != "sent" || sender["type"] != "contact" || sender["email"] != "ana@example.test" {
				t.Errorf("the conversation's message: %v", last)
			}
		}

		// Nobody is told of what an agent saw, nor of other inboxes.
		p.want(http.MethodPost, conversation+"/update_last_seen", nil, http.StatusOK, nil)
		ch := p.sim.Channel(simulator.API)
		p.connect(ch)
		other := p.deliver(ch, incoming(ch, 1, "elsewhere"))
		p.reply(other, "there")
		p.sent(ch, "there")
		p.reply(thread.ID, "the end")
		b.expect("the end", "message_created outgoing the end private=false", "conversation_updated open waiting_since updated_at")
	})
}

func wantKeys(t *testing.T, what string, event map[string]any, want string) {
	t.Helper()
	keys := make([]string, 0, len(event))
	for k := range event {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("%s: keys\n got %s\nwant %s", what, got, want)
	}
}
