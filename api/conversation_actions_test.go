package api_test

import (
	"fmt"
	"testing"
	"time"
)

const (
	refusedBody = `{"error":"You are not authorized to do this action"}`
	missingBody = `{"error":"Resource could not be found"}`
)

// texts reads one text column.
func (w *world) texts(query string, args ...any) []string {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.t.Context(), query, args...)
	w.must(err)
	defer func() { _ = rows.Close() }()
	out := []string{}
	for rows.Next() {
		var s string
		w.must(rows.Scan(&s))
		out = append(out, s)
	}
	w.must(rows.Err())
	return out
}

func TestToggleTyping(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.receive(w.line("l", true), "U1", "hello")
		w.receive(w.line("others", false), "U2", "hello")
		const path = "{A}/conversations/1/toggle_typing_status"
		typings := func() string {
			t.Helper()
			return fmt.Sprint(w.texts(`SELECT kind || ' ' || payload FROM outbox WHERE kind LIKE 'conversation.typing%' ORDER BY id`))
		}
		for _, body := range []string{`{"typing_status":"maybe"}`, `{}`} {
			w.call("agent", "POST", path, body).want(200, "")
		}
		if got := typings(); got != "[]" {
			t.Errorf("without a state: %s", got)
		}
		w.call("agent", "POST", path, `{"typing_status":"on","is_private":false}`).want(200, "")
		w.call("admin", "POST", path, `{"typing_status":"off","is_private":"true"}`).want(200, "")
		want := fmt.Sprintf(`[conversation.typing_on {"is_private":false,"user_id":%d} conversation.typing_off {"is_private":true,"user_id":%d}]`, w.agent, w.admin)
		if got := typings(); got != want {
			t.Errorf("events\n got %s\nwant %s", got, want)
		}
		if got := w.texts(`SELECT kind FROM jobs WHERE kind = 'conversation.typing'`); len(got) != 1 {
			t.Errorf("the contact is told %d times, want once", len(got))
		}
		w.call("agent", "POST", "{A}/conversations/2/toggle_typing_status", `{"typing_status":"on"}`).want(401, refusedBody)
		w.call("agent", "POST", "{A}/conversations/3/toggle_typing_status", `{"typing_status":"on"}`).want(404, missingBody)
		if got := w.call("stranger", "POST", path, `{"typing_status":"on"}`).status; got != 401 {
			t.Errorf("a stranger: got %d", got)
		}
	})
}

func TestSeenAndUnread(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "hello")
		w.receive(w.line("others", false), "U2", "hello")
		created := id(at(w.call("agent", "GET", "{A}/conversations/1", "").object(), "messages", 0, "created_at"))
		show := func(role, action string) (agent, assignee, unread int64, updated any) {
			t.Helper()
			got := w.call(role, "POST", "{A}/conversations/1/"+action, "").object()
			if id(got["id"]) != 1 || at(got, "meta", "sender", "name") != "Contact U1" {
				t.Errorf("%s: no conversation: %v", action, got)
			}
			return id(got["agent_last_seen_at"]), id(got["assignee_last_seen_at"]), id(got["unread_count"]), got["updated_at"]
		}
		_, _, _, before := show("agent", "unread")
		w.now.Add(int64(time.Minute / time.Microsecond))
		now := w.now.Load() / 1e6
		agent, assignee, unread, updated := show("agent", "update_last_seen")
		if agent != now || assignee != 0 && assignee >= created || unread != 0 || updated != before {
			t.Errorf("seen by an agent: %d %d unread %d updated %v", agent, assignee, unread, updated)
		}
		w.exec(`UPDATE conversations SET assignee_id = $1`, w.agent)
		if agent, assignee, _, updated := show("agent", "update_last_seen"); agent != now || assignee != now || updated != before {
			t.Errorf("seen by the assignee: %d %d updated %v", agent, assignee, updated)
		}
		w.now.Add(int64(time.Minute / time.Microsecond))
		if agent, assignee, _, _ := show("admin", "update_last_seen"); agent != now+60 || assignee != now {
			t.Errorf("seen by somebody else: %d %d", agent, assignee)
		}
		if agent, assignee, unread, updated := show("agent", "unread"); agent != created-1 || assignee != created-1 || unread != 1 || updated != before {
			t.Errorf("unread: %d %d, %d unread, updated %v; the message is of %d", agent, assignee, unread, updated, created)
		}
		w.exec(`DELETE FROM messages WHERE conversation_id = (SELECT id FROM conversations WHERE display_id = 1)`)
		if agent, assignee, unread, _ := show("agent", "unread"); agent != 0 || assignee != 0 || unread != 0 {
			t.Errorf("unread without a message: %d %d, %d unread", agent, assignee, unread)
		}
		if got := w.texts(`SELECT kind FROM outbox WHERE conversation_id = 1 AND kind NOT IN ('conversation.created', 'message.created')`); len(got) != 0 {
			t.Errorf("events: %v", got)
		}
		// LINE has read marks: one for the one message.
		if got := w.texts(`SELECT kind FROM jobs WHERE kind = 'conversation.mark_read'`); len(got) != 1 {
			t.Errorf("%d read marks are ordered, want 1", len(got))
		}
		for _, action := range []string{"update_last_seen", "unread"} {
			w.call("agent", "POST", "{A}/conversations/2/"+action, "").want(401, refusedBody)
			w.call("agent", "POST", "{A}/conversations/9/"+action, "").want(404, missingBody)
		}
	})
}

func TestSyncTemplates(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		line := w.line("l", true)
		whatsapp := id(w.call("admin", "POST", "{A}/inboxes", `{"name":"wa","channel":{"type":"whatsapp","phone_number":"+15035550122","provider":"whatsapp_cloud",
			"provider_config":{"api_key":"k","phone_number_id":"33","business_account_id":"99"}}}`).object()["id"])
		twilio := func(medium, number string) int64 {
			return id(w.call("admin", "POST", "{A}/channels/twilio_channel", fmt.Sprintf(
				`{"twilio_channel":{"name":"t","medium":%q,"account_sid":"AC1","auth_token":"t","phone_number":%q}}`, medium, number)).object()["id"])
		}
		orders := func() int { return len(w.texts(`SELECT kind FROM jobs WHERE kind = 'channel.templates'`)) }
		ours, sms := twilio("whatsapp", "+15035550100"), twilio("sms", "+15035550101")
		if n := orders(); n != 2 {
			t.Errorf("%d lists are ordered for two new WhatsApp inboxes", n)
		}
		w.exec(`DELETE FROM jobs`)
		sync := func(role string, inbox int64) answer {
			return w.call(role, "POST", fmt.Sprintf("{A}/inboxes/%d/sync_templates", inbox), "")
		}
		for _, inbox := range []int64{whatsapp, whatsapp, ours} {
			sync("admin", inbox).want(200, `{"message":"Template sync initiated successfully"}`)
		}
		if n := orders(); n != 2 {
			t.Errorf("%d lists are ordered, want one per inbox", n)
		}
		for _, inbox := range []int64{line, sms} {
			sync("admin", inbox).want(422, `{"error":"Template sync is only available for WhatsApp channels"}`)
		}
		sync("agent", whatsapp).want(401, refusedBody)
		sync("agent", 999).want(404, missingBody)
		sync("admin", 999).want(404, missingBody)
		w.exec(`DELETE FROM jobs`)
		w.call("admin", "PATCH", fmt.Sprintf("{A}/inboxes/%d", whatsapp), `{"name":"renamed"}`).object()
		if n := orders(); n != 0 {
			t.Errorf("a change of the inbox alone orders %d lists", n)
		}
		w.call("admin", "PATCH", fmt.Sprintf("{A}/inboxes/%d", whatsapp),
			`{"channel":{"provider_config":{"api_key":"k2","phone_number_id":"33","business_account_id":"99"}}}`).object()
		if n := orders(); n != 1 {
			t.Errorf("a change of the channel orders %d lists, want 1", n)
		}
	})
}
