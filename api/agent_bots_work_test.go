package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tributary/store"
)

// While a bot works in an inbox, what is new in it waits for the bot.
func TestBotGetsConversations(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox, locked := w.line("l", true), w.line("locked", true)
		w.exec(`UPDATE inboxes SET lock_to_single_conversation = TRUE WHERE id = $1`, locked)
		api, contacts := w.shop(shop, nil)
		robot := w.bot("robot")
		for _, i := range []int64{inbox, locked, api} {
			w.linkBot(i, robot)
		}
		status := func(display int) string {
			return w.text(`SELECT CAST(status AS TEXT) FROM conversations WHERE display_id = $1`, display)
		}
		resolve := func(display int) { w.exec(`UPDATE conversations SET status = 1 WHERE display_id = $1`, display) }
		w.receive(inbox, "U1", "one")
		w.receive(inbox, "U1", "two")
		w.eq("a conversation from a provider", status(1), "2")
		w.public("POST", contacts, `{"source_id":"s1","name":"Ann"}`).object()
		same(t, "one from the public API", w.public("POST", contacts+"/s1/conversations", "").object()["status"], `"pending"`)
		w.eq("its status", status(2), "2")
		w.public("POST", contacts, `{"source_id":"s2","name":"Bob"}`).object()
		w.exec(`UPDATE contacts SET blocked = TRUE WHERE name = 'Bob'`)
		same(t, "one of somebody who is blocked", w.public("POST", contacts+"/s2/conversations", "").object()["status"], `"resolved"`)
		same(t, "listed", at(w.call("agent", "GET", "{A}/conversations?status=pending", "").object(), "data", "meta", "all_count"), "1")

		// One that ended is the bot's again; one that was put off is the agents'.
		w.receive(locked, "U9", "one")
		w.eq("in the locked inbox", status(4), "2")
		resolve(4)
		w.exec(`DELETE FROM outbox`)
		w.receive(locked, "U9", "two")
		w.eq("reopened", status(4), "2")
		w.eq("events", w.text(`SELECT kind FROM outbox ORDER BY id`), "message.created contact.updated conversation.status_changed conversation.updated")
		w.exec(`UPDATE conversations SET status = 3 WHERE display_id = 4`)
		w.receive(locked, "U9", "three")
		w.eq("woken", status(4), "0")
		resolve(2)
		w.exec(`DELETE FROM outbox`)
		w.public("POST", contacts+"/s1/conversations/2/messages", `{"content":"again"}`).object()
		w.eq("reopened by the public API", status(2), "2")
		w.eq("events", w.text(`SELECT kind FROM outbox ORDER BY id`), "message.created contact.updated conversation.status_changed conversation.updated")

		for _, i := range []int64{inbox, locked, api} {
			w.call("admin", "POST", fmt.Sprintf("{A}/inboxes/%d/set_agent_bot", i), `{"agent_bot":null}`).want(200, "")
		}
		w.receive(inbox, "U2", "one")
		w.eq("without a bot", status(5), "0")
		same(t, "without a bot", w.public("POST", contacts+"/s1/conversations", "").object()["status"], `"open"`)
		resolve(4)
		w.receive(locked, "U9", "four")
		w.eq("reopened without a bot", status(4), "0")
		resolve(2)
		w.public("POST", contacts+"/s1/conversations/2/messages", `{"content":"once more"}`).object()
		w.eq("reopened without a bot", status(2), "0")

		// A link that is switched off is none.
		w.linkBot(inbox, robot)
		w.exec(`UPDATE agent_bot_inboxes SET status = 1`)
		w.exec(`UPDATE change_versions SET version = version + 1`)
		w.must(w.desk.Directory.Refresh(t.Context()))
		w.receive(inbox, "U3", "one")
		w.eq("with an inactive bot", w.text(`SELECT CAST(status AS TEXT) FROM conversations ORDER BY id DESC LIMIT 1`), "0")
	})
}

func TestBotTokens(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "hello")
		robot, system := w.bot("robot"), w.systemBot()
		write := func(role string) answer { return w.call(role, "POST", messagesOf1, `{"content":"hi"}`) }
		for _, role := range []string{"robot", "system"} {
			write(role).want(401, unlinkedText)
			w.call(role, "POST", "/api/v1/accounts/999/conversations/1/messages", "{}").want(404, missingText)
			w.call(role, "POST", fmt.Sprintf("/api/v1/accounts/%d/conversations/1/messages", w.account+1), "{}").want(401, unlinkedText)
			w.call(role, "GET", messagesOf1, "").want(401, forBotsText)
			w.call(role, "GET", "/api/v1/accounts/999/inboxes", "").want(401, forBotsText)
			w.call(role, "GET", "/api/v1/profile", "").want(401, forBotsText)
			w.call(role, "POST", "/api/v1/accounts", "{}").want(401, forBotsText)
		}
		w.linkBot(inbox, system)
		write("robot").want(401, unlinkedText)
		write("system").object()
		w.linkBot(inbox, robot)
		write("system").want(401, unlinkedText)
		write("robot").object()
		w.call("robot", "POST", fmt.Sprintf("/api/v1/accounts/%d/conversations/1/messages", w.account+1), "{}").want(401, unlinkedText)
		w.call("robot", "POST", "{A}/conversations/99/messages", "{}").want(404, missingText)
		w.exec(`UPDATE agent_bot_inboxes SET status = 1`)
		write("robot").want(401, unlinkedText)
		w.exec(`UPDATE agent_bot_inboxes SET status = 0`)
		w.exec(`UPDATE accounts SET status = 1 WHERE id = $1`, w.account)
		write("robot").want(401, `{"error":"Account is suspended"}`)
		w.exec(`UPDATE accounts SET status = 0 WHERE id = $1`, w.account)

		// Bots may do what the contract lists, as far as it is there, and nothing else.
		allowed := []string{
			"POST /conversations", "PATCH /conversations/{id}", "PUT /conversations/{id}", "POST /conversations/{id}/toggle_status",
			"POST /conversations/{id}/toggle_priority", "POST /conversations/{id}/custom_attributes", "POST /conversations/{conversation_id}/messages",
			"POST /conversations/{conversation_id}/assignments",
		}
		admitted := 0
		for _, row := range w.api.Rows() {
			for _, method := range row.Methods {
				name := method + " " + strings.TrimPrefix(row.Path, "/api/v1/accounts/{account_id}")
				if row.Bots != slices.Contains(allowed, name) {
					t.Errorf("%s: bots %t", name, row.Bots)
				}
				if row.Bots {
					admitted++
				}
			}
		}
		if admitted == 0 {
			t.Error("bots may call nothing")
		}
	})
}

func TestBotAsSender(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox := w.line("l", true)
		w.receive(inbox, "U1", "hello")
		contentType, body := w.form(map[string]string{"name": "robot"}, upload{"avatar", "x.png", "image/png", w.picture(2, 2)})
		made := w.send("admin", "POST", bots, contentType, body).object()
		robot := id(made["id"])
		w.tokens["robot"], _ = made["access_token"].(string)
		w.linkBot(inbox, robot)
		push := func(name string, thumbnail any) string {
			return fmt.Sprintf(`{"id":%d,"name":%s,"avatar_url":%q,"type":"agent_bot"}`, robot, name, thumbnail)
		}
		want := push(`"robot"`, made["thumbnail"])
		written := w.call("robot", "POST", messagesOf1, `{"content":"I am a robot"}`).object()
		same(t, "the answer", written["sender"], want)
		same(t, "its type", written["message_type"], "1")
		same(t, "in the list", at(w.call("agent", "GET", messagesOf1, "").object(), "payload", 1, "sender"), want)
		conversation := at(w.call("agent", "GET", "{A}/conversations", "").object(), "data", "payload", 0)
		last := at(conversation, "messages", 0)
		same(t, "in the conversation", []any{at(last, "sender_type"), at(last, "sender_id"), at(last, "sender")}, fmt.Sprintf(`["AgentBot",%d,%s]`, robot, want))
		same(t, "nobody has answered", at(conversation, "first_reply_created_at"), "0")
		if at(conversation, "waiting_since") == 0.0 {
			t.Error("the contact does not wait any more")
		}
		w.eq("stored", w.text(`SELECT sender_type FROM messages ORDER BY id`), "Contact AgentBot")
		if n := w.count(`SELECT COUNT(*) FROM deliveries`); n != 1 {
			t.Errorf("%d deliveries", n)
		}

		// As webhooks tell it.
		thread, err := w.store.ThreadView(t.Context(), id(at(conversation, "messages", 0, "conversation_id")))
		w.must(err)
		if thread.Bot == nil || thread.Bot.ID != robot {
			t.Errorf("the bot of the last message: %+v", thread.Bot)
		}
		event, err := w.desk.MessageWebhook(t.Context(), "message_created", id(written["id"]))
		w.must(err)
		var told map[string]any
		w.must(decode(event, &told))
		same(t, "the sender in a webhook", told["sender"], fmt.Sprintf(`{"id":%d,"name":"robot","type":"agent_bot"}`, robot))
		same(t, "in its conversation", at(told, "conversation", "messages", 0, "sender"), want)

		// A bot without a picture has the inbox's there, and none elsewhere.
		f := w.stored("a.png", w.picture(4, 4))
		w.must(w.store.Transact(t.Context(), func(tx *store.Tx) error {
			return tx.SetAvatar(t.Context(), store.AvatarInbox, w.account, inbox, f.ID)
		}))
		w.call("admin", "DELETE", fmt.Sprintf("%s/%d/avatar", bots, robot), "").object()
		w.call("admin", "PATCH", fmt.Sprintf("%s/%d", bots, robot), `{"name":null}`).object()
		event, err = w.desk.MessageWebhook(t.Context(), "message_created", id(written["id"]))
		w.must(err)
		told = nil
		w.must(decode(event, &told))
		same(t, "with the inbox's picture", at(told, "conversation", "messages", 0, "sender"), push("null", w.files.ThumbURL(f.ID, "avatar")))
		same(t, "without a picture", at(w.call("agent", "GET", messagesOf1, "").object(), "payload", 1, "sender"), push("null", ""))

		// Contacts see who wrote, too.
		api, contacts := w.shop(shop, nil)
		w.public("POST", contacts, `{"source_id":"s1","name":"Ann"}`).object()
		w.linkBot(api, robot)
		w.public("POST", contacts+"/s1/conversations", "").object()
		w.call("robot", "POST", "{A}/conversations/2/messages", `{"content":"hi","private":false}`).object()
		same(t, "for the contact", at(w.public("GET", contacts+"/s1/conversations/2/messages", "").array(), 0, "sender"), push("null", ""))
	})
}
