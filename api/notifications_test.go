package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/desk"
	"tributary/store"
)

// TestNotificationOfANewConversation: its form in the list, and in the event.
func TestNotificationOfANewConversation(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.wants("agent", "", "conversation_creation")
		inbox := w.line("Shop", true)
		w.receive(inbox, "ana", "Hi **there**, see [our @page](https://x.example/p(1)) one two three four five six seven eight")
		w.notify()
		conversation := w.number(`SELECT MAX(id) FROM conversations`)
		news := w.news()
		wantText(t, "events", heard(news), fmt.Sprint("notification.created to ", w.agent, " by 0"))

		answer := w.call("agent", "GET", "{A}/notifications", "").object()
		same(t, "meta", at(answer, "data", "meta"), `{"unread_count":1,"count":1,"current_page":1}`)
		item, _ := at(answer, "data", "payload", 0).(map[string]any)
		wantText(t, "keys", strings.Join(slices.Sorted(maps.Keys(item)), " "),
			"created_at id last_activity_at meta notification_type primary_actor primary_actor_id primary_actor_type push_message_body push_message_title "+
				"read_at secondary_actor snoozed_until user")
		push := item["primary_actor"]
		delete(item, "primary_actor")
		created := w.number(`SELECT created_at / 1000000 FROM notifications`)
		notification := w.number(`SELECT id FROM notifications`)
		want := `"id":` + strconv.FormatInt(notification, 10) + `,"notification_type":"conversation_creation",
			"push_message_body":"Contact ana: Hi there, see our @page one two three four five",
			"primary_actor_type":"Conversation","primary_actor_id":` + strconv.FormatInt(conversation, 10) + `,"read_at":null,"secondary_actor":null,
			"user":{"id":` + strconv.FormatInt(w.agent, 10) + `,"name":"Bo","available_name":"Bo","avatar_url":"","type":"user","availability_status":"online","thumbnail":""},
			"created_at":` + strconv.FormatInt(created, 10) + `,"last_activity_at":` + strconv.FormatInt(created, 10) + `,
			"snoozed_until":null,"meta":{"last_snoozed_at":null}`
		same(t, "item", item, `{`+want+`,"push_message_title":"New conversation (#1) in Shop"}`)
		if at(push, "id") != 1.0 || at(push, "meta", "sender", "name") != "Contact ana" || at(push, "inbox_id") != float64(inbox) ||
			at(push, "messages", 0, "message_type") != 0.0 {
			t.Errorf("primary_actor: %v", push)
		}

		user, data, err := w.desk.NotificationEvent(t.Context(), news[0])
		w.must(err)
		if user != w.agent {
			t.Errorf("the event is for %d", user)
		}
		event := decoded(t, data)
		same(t, "counters", []any{event["unread_count"], event["count"], event["account_id"]}, fmt.Sprintf(`[1,1,%d]`, w.account))
		e, _ := event["notification"].(map[string]any)
		if _, there := event["performer"]; there || at(e, "primary_actor", "id") != 1.0 {
			t.Errorf("event: %v", event)
		}
		delete(e, "primary_actor")
		same(t, "the event's notification", e, `{`+want+`,"account_id":`+strconv.FormatInt(w.account, 10)+`,
			"push_message_title":"Contact ana: Hi there, see our @page one two three four five"}`)

		// In the reader's language.
		w.exec(`UPDATE users SET ui_settings = '{"locale":"fi"}' WHERE id = $1`, w.agent)
		w.exec(`UPDATE messages SET content = NULL`)
		item, _ = w.payload("agent", "")[0].(map[string]any)
		wantText(t, "title", fmt.Sprint(item["push_message_title"]), "Uusi keskustelu (#1) postilaatikossa Shop")
		wantText(t, "body", fmt.Sprint(item["push_message_body"]), "Contact ana: Ei sisältöä")
	})
}

// TestWhoHearsOfANewConversation: members of the inbox who want to, by mail or push;
// nobody of one that a bot keeps or whose contact is blocked.
func TestWhoHearsOfANewConversation(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.wants("admin", "conversation_creation", "") // no member of the inbox
		shop := w.line("Shop", true)
		w.receive(shop, "ana", "1")
		w.notify()
		wantText(t, "without the wish", kinds(w.payload("agent", "")), "")

		w.wants("agent", "conversation_creation", "")
		w.receive(shop, "bea", "1")
		w.notify()
		wantText(t, "with the wish", kinds(w.payload("agent", "")), "conversation_creation 2")
		wantText(t, "who is in no inbox", kinds(w.payload("admin", "")), "")
		wantText(t, "mails ordered", fmt.Sprint(len(w.jobs(store.LaneMail))), "1")

		w.receive(shop, "cleo", "1")
		w.exec(`UPDATE conversations SET status = 2 WHERE display_id = 3`)
		w.receive(shop, "dora", "1")
		w.exec(`UPDATE contacts SET blocked = TRUE WHERE name = 'Contact dora'`)
		w.notify()
		wantText(t, "pending, blocked", kinds(w.payload("agent", "")), "conversation_creation 2")

		// The bot hands the third over.
		w.exec(`UPDATE conversations SET status = 0 WHERE display_id = 3`)
		third := w.number(`SELECT id FROM conversations WHERE display_id = 3`)
		w.raise(store.OutboxRow{AccountID: w.account, Kind: "conversation.bot_handoff", InboxID: shop, ConversationID: third})
		w.notify()
		wantText(t, "handed over", kinds(w.payload("agent", "")), "conversation_creation 3, conversation_creation 2")
	})
}

// TestNewConversationInALargeInbox: all members are told, share by share.
func TestNewConversationInALargeInbox(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		shop := w.line("Shop", false)
		const members = 1203
		for i := range members {
			w.exec(`INSERT INTO users (email, name, pubsub_token, created_at, updated_at) VALUES ($1, 'm', $1, 1, 1)`, fmt.Sprint("m", i, "@example.com"))
		}
		w.exec(`INSERT INTO account_users (account_id, user_id, created_at, updated_at) SELECT $1, id, 1, 1 FROM users WHERE name = 'm'`, w.account)
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) SELECT $1, id, 1 FROM users WHERE name = 'm'`, shop)
		w.exec(`INSERT INTO notification_settings (account_id, user_id, email_flags, push_flags, created_at, updated_at)
			SELECT $1, id, 0, 1, 1, 1 FROM users WHERE name = 'm'`, w.account)
		w.receive(shop, "ana", "1")
		w.notify()
		if n := w.number(`SELECT COUNT(DISTINCT user_id) FROM notifications WHERE notification_type = 1`); n != members {
			t.Errorf("%d members were told, want %d", n, members)
		}
		if n := w.number(`SELECT COUNT(*) FROM notifications`); n != members {
			t.Errorf("%d notifications, want %d", n, members)
		}
		if n := w.number(`SELECT COUNT(*) FROM outbox WHERE kind = 'notification.created'`); n != members {
			t.Errorf("%d events, want %d", n, members)
		}
	})
}

// raise writes an event as a use-case does.
func (w *world) raise(row store.OutboxRow) {
	w.t.Helper()
	w.must(w.store.Transact(w.t.Context(), func(tx *store.Tx) error { return tx.InsertOutbox(w.t.Context(), []store.OutboxRow{row}) }))
}

// TestWhoHearsOfAMessage: who has the conversation, unless they wrote it; nobody of a
// blocked contact's.
func TestWhoHearsOfAMessage(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.talk("ana")
		messages := fmt.Sprintf("{A}/conversations/%d/messages", c.display)
		w.receive(c.inbox, "ana", "nobody's")
		w.notify()
		wantText(t, "of nobody's conversation", kinds(w.payload("agent", "")), "")

		w.exec(`UPDATE conversations SET assignee_id = $1`, w.agent)
		w.receive(c.inbox, "ana", "yours")
		w.notify()
		wantText(t, "of theirs", kinds(w.payload("agent", "")), "assigned_conversation_new_message 1")
		wantText(t, "others", kinds(w.payload("admin", "")), "")
		first := w.payload("agent", "")[0]
		wantText(t, "body", fmt.Sprint(at(first, "push_message_body")), "Contact ana: yours")
		wantText(t, "title", fmt.Sprint(at(first, "push_message_title")), "New message in your conversation (#1)")
		message := w.number(`SELECT MAX(id) FROM messages`)
		if at(first, "secondary_actor", "id") != float64(message) || at(first, "secondary_actor", "sender", "type") != "contact" {
			t.Errorf("secondary_actor: %v", at(first, "secondary_actor"))
		}
		wantText(t, "events", heard(w.news()), fmt.Sprint("notification.created to ", w.agent, " by 0"))

		// A colleague's word, and a note: older ones go.
		w.call("admin", "POST", messages, `{"content":"I did that"}`).object()
		w.notify()
		wantText(t, "a colleague's", kinds(w.payload("agent", "")), "assigned_conversation_new_message 1")
		list := w.payload("agent", "")
		wantText(t, "body", fmt.Sprint(at(list[0], "push_message_body")), "Ada: I did that")
		wantText(t, "events", heard(w.news()), fmt.Sprintf("notification.deleted to %d by 0, notification.created to %d by 0", w.agent, w.agent))
		w.call("admin", "POST", messages, `{"content":"a note","private":true}`).object()
		w.notify()
		wantText(t, "a note", fmt.Sprint(at(w.payload("agent", "")[0], "push_message_body")), "Ada: a note")
		w.exec(`INSERT INTO agent_bots (account_id, name, created_at, updated_at) VALUES ($1, 'Robo', 1, 1)`, w.account)
		w.exec(`UPDATE messages SET sender_type = 'AgentBot', sender_id = $1 WHERE content = 'a note'`, w.number(`SELECT MAX(id) FROM agent_bots`))
		byBot := w.payload("agent", "")[0]
		wantText(t, "a bot's", fmt.Sprint(at(byBot, "push_message_body"), at(byBot, "secondary_actor", "sender", "type")), "Robo: a noteagent_bot")
		w.news()

		// Their own, an activity, a template.
		before := w.number(`SELECT MAX(id) FROM notifications`)
		w.call("agent", "POST", messages, `{"content":"mine"}`).object()
		w.call("admin", "POST", messages, `{"content":"moved","message_type":"activity"}`)
		w.call("admin", "POST", messages, `{"content":"hello","message_type":"template"}`)
		w.notify()
		w.exec(`UPDATE contacts SET blocked = TRUE`)
		w.receive(c.inbox, "ana", "spam")
		w.notify()
		if after := w.number(`SELECT MAX(id) FROM notifications`); after != before {
			t.Errorf("own, activity, template or blocked: notification %d after %d", after, before)
		}
		// Who left the account is told nothing.
		w.exec(`UPDATE contacts SET blocked = FALSE`)
		w.exec(`DELETE FROM account_users WHERE user_id = $1 AND account_id = $2`, w.agent, w.account)
		w.receive(c.inbox, "ana", "anybody?")
		w.notify()
		if after := w.number(`SELECT MAX(id) FROM notifications`); after != before {
			t.Errorf("somebody who left: notification %d after %d", after, before)
		}
	})
}

// TestWhoHearsOfAMention: users and teams who may see the conversation, also where the
// contact is blocked, and once.
func TestWhoHearsOfAMention(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.talk("ana")
		w.exec(`UPDATE contacts SET blocked = TRUE`)
		messages := fmt.Sprintf("{A}/conversations/%d/messages", c.display)
		say := func(content string, private bool) {
			t.Helper()
			w.call("admin", "POST", messages, fmt.Sprintf(`{"content":%q,"private":%t}`, content, private)).object()
			w.notify()
		}
		mention := func(kind string, id int64, name string) string {
			return fmt.Sprintf("[@%s](mention://%s/%d/%s)", name, kind, id, name)
		}
		say("look "+mention("user", w.agent, "Bo"), false)
		wantText(t, "in what the contact reads", kinds(w.payload("agent", "")), "")
		say("look "+mention("user", w.agent, "Bo")+" and again "+mention("user", w.agent, "Bo"), true)
		list := w.payload("agent", "")
		wantText(t, "in a note", kinds(list), "conversation_mention 1")
		wantText(t, "body", fmt.Sprint(at(list[0], "push_message_body")), "Ada: look @Bo and again @Bo")
		wantText(t, "title", fmt.Sprint(at(list[0], "push_message_title")), "You were mentioned in conversation (#1)")
		w.news()

		// An administrator is in no inbox; others must be.
		w.exec(`DELETE FROM inbox_members`)
		before := w.number(`SELECT MAX(id) FROM notifications`)
		say(mention("user", w.agent, "Bo")+mention("user", w.stranger, "Di")+mention("user", 999999, "x")+mention("user", 999999999999999999, "x"), true)
		if after := w.number(`SELECT MAX(id) FROM notifications`); after != before {
			t.Errorf("who may not see it: notification %d after %d", after, before)
		}
		say(mention("user", w.admin, "Ada"), true)
		wantText(t, "an administrator", kinds(w.payload("admin", "")), "conversation_mention 1")

		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, c.inbox, w.agent)
		team := id(w.call("admin", "POST", "{A}/teams", `{"name":"sales"}`).object()["id"])
		w.call("admin", "POST", fmt.Sprintf("{A}/teams/%d/team_members", team), fmt.Sprintf(`{"user_ids":[%d]}`, w.agent))
		w.dispatch()
		say("all of "+mention("team", team, "sales"), true)
		list = w.payload("agent", "")
		wantText(t, "a team", kinds(list), "conversation_mention 1")
		wantText(t, "body", fmt.Sprint(at(list[0], "push_message_body")), "Ada: all of @sales")

		// Whoever has the conversation hears of the mention, not of the message as well.
		w.exec(`UPDATE contacts SET blocked = FALSE`)
		w.exec(`UPDATE conversations SET assignee_id = $1`, w.agent)
		w.news()
		say("you "+mention("user", w.agent, "Bo"), true)
		wantText(t, "named and assigned", kinds(w.payload("agent", "")), "conversation_mention 1")
		wantText(t, "events", heard(w.news()), fmt.Sprintf("notification.deleted to %d by 0, notification.created to %d by 0", w.agent, w.agent))
	})
}

// TestWhoHearsOfAnAssignment: who has the conversation now, unless they took it.
func TestWhoHearsOfAnAssignment(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.talk("ana")
		row := store.ConversationRow{ID: c.id, AccountID: w.account, InboxID: c.inbox}
		before := w.number(`SELECT COALESCE(MAX(id), 0) FROM notifications`)
		w.raise(desk.AssigneeChanged(row, w.admin))
		w.exec(`UPDATE conversations SET assignee_id = $1`, w.agent)
		w.raise(desk.AssigneeChanged(row, w.agent))
		w.exec(`UPDATE conversations SET assignee_id = NULL`)
		w.notify()
		w.exec(`UPDATE conversations SET assignee_id = $1`, w.agent)
		w.raise(desk.AssigneeChanged(row, w.agent))
		w.notify()
		w.exec(`UPDATE conversations SET status = 2`)
		w.raise(desk.AssigneeChanged(row, w.admin))
		w.notify()
		if after := w.number(`SELECT COALESCE(MAX(id), 0) FROM notifications`); after != before {
			t.Errorf("nobody's, their own or a bot's: notification %d after %d", after, before)
		}
		w.exec(`UPDATE conversations SET status = 0`)
		w.raise(desk.AssigneeChanged(row, w.admin))
		w.notify()
		list := w.payload("agent", "")
		wantText(t, "given by a colleague", kinds(list), "conversation_assignment 1")
		wantText(t, "title", fmt.Sprint(at(list[0], "push_message_title")), "Conversation (#1) is yours now")
		wantText(t, "body", fmt.Sprint(at(list[0], "push_message_body")), "Contact ana: Hello from the first message with a link in it")
		same(t, "secondary_actor", at(list[0], "secondary_actor"), fmt.Sprintf(`{"id":%d,"name":"Ada","available_name":"Ada","avatar_url":"",
			"type":"user","availability_status":"offline","thumbnail":""}`, w.admin))
		w.raise(desk.AssigneeChanged(row, 0))
		w.notify()
		if at(w.payload("agent", "")[0], "secondary_actor") != nil {
			t.Error("given by nobody, and there is somebody")
		}
	})
}

// TestNotifiedOnce: a job that runs again, also one that was overtaken, notifies
// nobody again.
func TestNotifiedOnce(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		w.wants("agent", "conversation_creation", "")
		shop := w.line("Shop", true)
		handlers := w.desk.Handlers()
		again := func(jobs []store.Job) {
			t.Helper()
			for range 2 {
				for _, j := range jobs {
					w.must(handlers[j.Kind](t.Context(), j))
				}
			}
		}
		w.receive(shop, "ana", "1")
		w.dispatch()
		again(w.jobs(store.LaneNumbers)) // orders the share of the inbox
		shares := w.jobs(store.LaneNumbers)
		again(shares)
		wantText(t, "shares", fmt.Sprint(len(shares), w.number(`SELECT COUNT(*) FROM notifications`)), "1 1")
		wantText(t, "mails", fmt.Sprint(len(w.jobs(store.LaneMail))), "1")
		wantText(t, "jobs left", fmt.Sprint(w.number(`SELECT COUNT(*) FROM jobs WHERE lane = 'numbers'`)), "0")

		w.exec(`UPDATE conversations SET assignee_id = $1`, w.agent)
		w.news()
		w.receive(shop, "ana", "2")
		w.dispatch()
		late := w.jobs(store.LaneNumbers)
		w.receive(shop, "ana", "3")
		w.notify()
		newest := w.number(`SELECT MAX(id) FROM notifications`)
		again(late)
		wantText(t, "after a later one", fmt.Sprint(w.number(`SELECT COUNT(*) FROM notifications`), w.number(`SELECT MAX(id) FROM notifications`)), fmt.Sprint(1, newest))
		wantText(t, "body", fmt.Sprint(at(w.payload("agent", "")[0], "push_message_body")), "Contact ana: 3")
	})
}

// TestTendNotifications: what was put off comes back when it is due, and what is older
// than a month goes.
func TestTendNotifications(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		c := w.talk("ana")
		now := w.now.Load() / 1e6
		due, later, old := w.noticed(w.agent, c, now), w.noticed(w.agent, c, now), w.noticed(w.agent, c, now-32*24*3600)
		w.exec(`UPDATE notifications SET snoozed_until = $2, read_at = 1 WHERE id = $1`, due, (now+60)*1e6)
		w.exec(`UPDATE notifications SET snoozed_until = $2 WHERE id = $1`, later, (now+3600)*1e6)
		w.pass(2 * time.Minute)
		w.must(w.desk.TendNotifications(t.Context()))
		list := w.payload("agent", "")
		if len(list) != 1 || id(at(list[0], "id")) != due {
			t.Fatalf("brought back: %v", list)
		}
		same(t, "brought back", []any{at(list[0], "read_at"), at(list[0], "snoozed_until"), at(list[0], "meta")},
			`[null,null,{"last_snoozed_at":"`+time.Unix(now+60, 0).UTC().Format("2006-01-02T15:04:05.000Z")+`"}]`)
		if moved := id(at(list[0], "last_activity_at")); moved < now+120 {
			t.Errorf("last activity at %d, want %d", moved, now+120)
		}
		wantText(t, "the one that is too old", fmt.Sprint(w.number(`SELECT COUNT(*) FROM notifications WHERE id = $1`, old)), "0")
		wantText(t, "events", heard(w.news()), fmt.Sprintf("notification.updated to %d by 0, notification.deleted to %d by 0", w.agent, w.agent))
		w.must(w.desk.TendNotifications(t.Context()))
		wantText(t, "nothing is due", heard(w.news()), "")
	})
}
