package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"tributary/chat"
	"tributary/live"
	"tributary/store"
)

// tap is a live wire that keeps what it is given.
type tap struct {
	heard   live.Interest
	packets []live.Packet
}

func (p *tap) Interest(_ context.Context, accounts []int64) (map[int64]live.Interest, error) {
	out := map[int64]live.Interest{}
	for _, id := range accounts {
		if p.heard.Any() {
			out[id] = p.heard
		}
	}
	return out, nil
}

func (p *tap) Publish(_ context.Context, list []live.Packet) error {
	p.packets = append(p.packets, list...)
	return nil
}
func (p *tap) Listen(context.Context, live.Listener) error { return nil }
func (p *tap) Name() string                                { return "tap" }
func (p *tap) Run(context.Context) error                   { return nil }

// frame is what a packet tells.
type frame struct {
	live.Packet
	event string
	data  map[string]any
}

// listening makes the desk tell a tap.
func (w *world) listening() *tap {
	p := &tap{heard: live.Interest{Users: true, Contacts: true}}
	w.desk.Live = p
	return p
}

// frames dispatches what waits, and gives what was told of it.
func (w *world) frames(p *tap) (out []frame) {
	w.t.Helper()
	p.packets = nil
	w.dispatch()
	for _, packet := range p.packets {
		if packet.Payload == nil {
			out = append(out, frame{Packet: packet, event: "recheck"})
			continue
		}
		var m struct {
			Event string         `json:"event"`
			Data  map[string]any `json:"data"`
		}
		w.must(json.Unmarshal(packet.Payload, &m))
		if m.Data["account_id"] != float64(w.account) || packet.AccountID != w.account {
			w.t.Errorf("%s of account %v: %v", m.Event, packet.AccountID, m.Data["account_id"])
		}
		out = append(out, frame{packet, m.Event, m.Data})
	}
	return out
}

// said are events with whom they are for.
func (w *world) said(list []frame) string {
	names := map[int64]string{w.admin: "admin", w.agent: "agent"}
	var out []string
	for _, f := range list {
		var to []string
		for _, u := range f.Users {
			to = append(to, names[u])
		}
		if f.Everyone {
			to = append(to, "all")
		}
		for _, c := range f.Contacts {
			to = append(to, fmt.Sprint("c", c))
		}
		if f.data["performer"] != nil {
			to = append(to, "by "+fmt.Sprint(at(f.data, "performer", "name")))
		}
		out = append(out, f.event+": "+strings.Join(to, " "))
	}
	return strings.Join(out, "\n")
}

// TestLiveEvents: each event of the table, its audience and its data.
func TestLiveEvents(t *testing.T) { //nolint:funlen // a table
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		p := w.listening()
		ours, others := w.line("ours", true), w.line("others", false)
		w.news()
		step := func(name, want string, do func()) []frame {
			t.Helper()
			do()
			got := w.frames(p)
			wantText(t, name, w.said(got), want)
			return got
		}
		raise := func(kind, payload string) func() {
			return func() {
				w.raise(store.OutboxRow{AccountID: w.account, Kind: kind, InboxID: ours, ConversationID: 1, Payload: payload})
			}
		}
		got := step("a contact writes first", "contact.created: all\nconversation.created: admin agent c1\nmessage.created: admin agent c1",
			func() { w.receive(ours, "U1", "hello") })
		at1 := w.now.Load() / 1e6
		token := w.texts(`SELECT pubsub_token FROM contact_inboxes`)[0]
		iso := func(query string) string {
			return time.UnixMicro(w.number(query)).UTC().Format("2006-01-02T15:04:05.000Z")
		}
		const contact = `{"additional_attributes":{},"custom_attributes":{},"email":null,"id":1,"identifier":null,"name":"Contact U1","phone_number":null,
			"thumbnail":"","blocked":false,"type":"contact"`
		message := fmt.Sprintf(`{"id":1,"content":"hello","account_id":%d,"inbox_id":%d,"conversation_id":1,"message_type":0,"created_at":%d,"updated_at":%q,
			"private":false,"status":"sent","source_id":"p-U1-hello","content_type":"text","content_attributes":{},"additional_attributes":{},
			"sender_type":"Contact","sender_id":1,"sender":%s},"external_source_ids":{},"processed_message_content":"hello","sentiment":{},
			"conversation":{"assignee_id":null,"unread_count":1,"last_activity_at":%d,"contact_inbox":{"source_id":"U1"}}}`,
			w.account, ours, at1, iso(`SELECT updated_at FROM messages`), contact, at1)
		same(t, "ContactPush", got[0].data, contact+fmt.Sprintf(`,"account_id":%d}`, w.account))
		same(t, "MessagePush", got[2].data, message)
		same(t, "ConversationPush", got[1].data, fmt.Sprintf(`{"additional_attributes":{},"custom_attributes":{},"can_reply":true,"channel":"Channel::Line","id":1,
			"inbox_id":%d,"account_id":%d,"contact_inbox":{"id":1,"contact_id":1,"inbox_id":%d,"source_id":"U1","hmac_verified":false,"pubsub_token":%q,
			"created_at":%q,"updated_at":%q},"messages":[%s],"labels":[],"meta":{"sender":%s},"assignee":null,"team":null,"hmac_verified":false},
			"status":"open","snoozed_until":null,"unread_count":1,"first_reply_created_at":null,"priority":null,"waiting_since":%d,"agent_last_seen_at":0,
			"contact_last_seen_at":0,"last_activity_at":%d,"timestamp":%d,"created_at":%d,"updated_at":%v}`,
			ours, w.account, ours, token, iso(`SELECT created_at FROM contact_inboxes`), iso(`SELECT updated_at FROM contact_inboxes`), message, contact, at1, at1, at1,
			at1, float64(w.number(`SELECT updated_at FROM conversations`))/1e6))

		step("in an inbox of which the agent is no member", "contact.created: all\nconversation.created: admin c2\nmessage.created: admin c2",
			func() { w.receive(others, "U2", "hello") })
		got = step("an answer", "message.created: admin agent c1 by Bo\nfirst.reply.created: admin agent by Bo\nconversation.updated: admin agent c1", func() {
			w.call("agent", "POST", "{A}/conversations/1/messages", `{"content":"hi","echo_id":{"a":[1]}}`).object()
		})
		same(t, "echo_id", got[0].data["echo_id"], `{"a":[1]}`)
		if _, told := got[1].data["echo_id"]; told {
			t.Error("first.reply.created has an echo_id")
		}
		same(t, "sender", at(got[0].data, "sender", "type"), `"user"`)
		same(t, "the first reply was told with the newest state", got[2].data["waiting_since"], `0`)
		answer := w.number(`SELECT MAX(id) FROM messages`)
		got = step("the answer fails", "message.updated: admin agent c1", func() {
			w.must(w.desk.SendFailed(t.Context(), store.Delivery{MessageID: answer, AccountID: w.account, InboxID: ours, ConversationID: 1}, chat.Permanent, "no"))
		})
		same(t, "previous_changes", got[0].data["previous_changes"], `{"status":["sent","failed"],"content_attributes":[{},{"external_error":"no"}]}`)
		got = step("a note", "message.created: admin agent by Bo", func() {
			w.call("agent", "POST", "{A}/conversations/1/messages", `{"content":"psst","private":true,"echo_id":"7"}`).object()
		})
		same(t, "echo_id as text", got[0].data["echo_id"], `"7"`)
		same(t, "the last message is no note", got[0].data["private"], `true`)
		step("the contact writes again", "message.created: admin agent c1\ncontact.updated: all\nconversation.updated: admin agent c1",
			func() { w.receive(ours, "U1", "more") })
		w.exec(`UPDATE conversations SET status = 3 WHERE id = 1`)
		got = step("and wakes a conversation", "message.created: admin agent c1\ncontact.updated: all\nconversation.status_changed: admin agent c1\nconversation.updated: admin agent c1",
			func() { w.receive(ours, "U1", "wake up") })
		same(t, "status", got[2].data["status"], `"open"`)
		w.exec(`UPDATE messages SET message_type = 2 WHERE id = 1`)
		step("an activity", "message.updated: admin agent", func() {
			w.raise(store.OutboxRow{AccountID: w.account, Kind: "message.updated", InboxID: ours, ConversationID: 1, MessageID: 1})
		})
		w.exec(`UPDATE messages SET message_type = 0 WHERE id = 1`)
		got = step("a changed message", "message.updated: admin agent c1", func() {
			w.raise(store.OutboxRow{
				AccountID: w.account, Kind: "message.updated", InboxID: ours, ConversationID: 1, MessageID: 1, Payload: `{"previous_changes":{"status":["sent","read"]}}`,
			})
		})
		same(t, "previous_changes", got[0].data["previous_changes"], `{"status":["sent","read"]}`)

		by := fmt.Sprintf(`{"performer_id":%d}`, w.agent)
		for kind, want := range map[string]string{
			"conversation.read": "admin agent", "conversation.updated": "admin agent c1", "conversation.status_changed": "admin agent c1",
			"assignee.changed": "admin agent", "team.changed": "admin agent",
			"conversation.contact_changed": "admin agent by Bo", "conversation.created": "admin agent c1 by Bo",
		} {
			step(kind, kind+": "+want, raise(kind, by))
		}
		step("the newest state is told once", "conversation.updated: admin agent c1\nconversation.read: admin agent", func() {
			for range 3 {
				raise("conversation.updated", by)()
			}
			raise("conversation.read", "{}")()
		})
		w.exec(`INSERT INTO teams (account_id, name, created_at, updated_at) VALUES ($1, 'night', 1, 1)`, w.account)
		w.exec(`UPDATE conversations SET team_id = (SELECT MAX(id) FROM teams), assignee_id = $1 WHERE id = 1`, w.agent)
		got = step("a team", "team.changed: admin agent", raise("team.changed", by))
		same(t, "meta.team", at(got[0].data, "meta", "team"), fmt.Sprintf(`{"id":%d,"name":"night"}`, w.number(`SELECT MAX(id) FROM teams`)))
		same(t, "meta.assignee", at(got[0].data, "meta", "assignee", "name"), `"Bo"`)

		got = step("an agent types", "conversation.typing_on: admin c1 by Bo", func() {
			w.call("agent", "POST", "{A}/conversations/1/toggle_typing_status", `{"typing_status":"on"}`).want(200, "")
		})
		same(t, "who types", []any{at(got[0].data, "user", "type"), at(got[0].data, "conversation", "id"), got[0].data["is_private"]}, `["user",1,false]`)
		step("a note is typed", "conversation.typing_off: admin by Bo", func() {
			w.call("agent", "POST", "{A}/conversations/1/toggle_typing_status", `{"typing_status":"off","is_private":true}`).want(200, "")
		})
		got = step("the contact types", "conversation.typing_on: admin agent", raise("conversation.typing_on", `{"contact_id":1,"is_private":false}`))
		same(t, "who types", at(got[0].data, "user", "type"), `"contact"`)
		step("somebody typed long ago", "", func() {
			raise("conversation.typing_on", `{"contact_id":1,"is_private":false}`)()
			w.now.Add(int64(11 * time.Second / time.Microsecond))
		})

		step("a mention", "conversation.mentioned: agent by Ada", raise("conversation.mentioned", fmt.Sprintf(`{"user_id":%d,"performer_id":%d}`, w.agent, w.admin)))
		got = step("who looks at it", "conversation.viewers: admin agent", raise("conversation.viewers", `{"viewers":[{"id":7}]}`))
		same(t, "viewers", got[0].data, fmt.Sprintf(`{"account_id":%d,"conversation_id":1,"viewers":[{"id":7}]}`, w.account))
		got = step("news of a webhook", "inbox.webhook_received: admin", raise("inbox.webhook_received", `{"audience":"administrators","inbox_id":1,"verified_at":5}`))
		same(t, "webhook", got[0].data, fmt.Sprintf(`{"account_id":%d,"inbox_id":1,"verified_at":5}`, w.account))
		got = step("a list changes", "account.cache_invalidated: all", func() {
			w.call("admin", "POST", "{A}/teams", `{"name":"day"}`).object()
		})
		same(t, "cache keys", got[0].data, fmt.Sprintf(`{"account_id":%d,"cache_keys":{"label":"0000000000","inbox":"%d","team":"%d"}}`, w.account,
			w.number(`SELECT changed_at FROM account_cache_keys WHERE kind = 'inbox'`)/1e6, w.number(`SELECT changed_at FROM account_cache_keys WHERE kind = 'team'`)/1e6))

		got = step("contacts", "contact.merged: all by Ada\ncontact.deleted: all\ncontact.deleted: all", func() {
			raise("contact.merged", fmt.Sprintf(`{"contact_id":1,"performer_id":%d}`, w.admin))()
			raise("contact.updated", `{"contact_id":99}`)() // is gone meanwhile
			raise("contact.deleted", `{"contact_id":99,"contact":{"id":99,"name":"X"}}`)()
			raise("contact.deleted", `{"contact_id":98}`)()
		})
		same(t, "a contact that is gone", got[1].data, fmt.Sprintf(`{"account_id":%d,"id":99,"name":"X"}`, w.account))
		same(t, "one of whom nothing is known", got[2].data["id"], `98`)

		step("what is gone, or of no interest", "", func() {
			w.raise(store.OutboxRow{AccountID: w.account, Kind: "message.updated", InboxID: ours, ConversationID: 1, MessageID: 999})
			w.raise(store.OutboxRow{AccountID: w.account, Kind: "conversation.updated", InboxID: ours, ConversationID: 999})
			w.raise(store.OutboxRow{AccountID: w.account, Kind: "conversation.typing_on", InboxID: ours, ConversationID: 999, Payload: `{"contact_id":1}`})
			raise("conversation.opened", by)()
			raise("agent.added", `{"user_id":1}`)()
		})
		step("who may listen is looked at", "recheck: agent\nrecheck: admin", func() {
			raise("agent.removed", fmt.Sprintf(`{"user_id":%d}`, w.admin))()
			w.raise(store.OutboxRow{Kind: store.KindTokenChanged, Payload: fmt.Sprintf(`{"user_id":%d}`, w.agent)})
		})
	})
}

// TestLiveSessions: a contact that is proven to be the same one hears at all places.
func TestLiveSessions(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		p := w.listening()
		w.receive(w.line("a", true), "U1", "hello")
		w.receive(w.line("b", true), "U2", "hello")
		w.receive(w.line("c", true), "U3", "hello")
		w.news()
		w.exec(`UPDATE contact_inboxes SET contact_id = 1`)
		w.exec(`UPDATE contact_inboxes SET hmac_verified = TRUE WHERE id <> 2`)
		for conversation, want := range map[int64]string{1: "admin agent c1 c3", 3: "admin agent c1 c3"} {
			w.exec(`UPDATE conversations SET contact_id = 1 WHERE id = $1`, conversation)
			w.raise(store.OutboxRow{AccountID: w.account, Kind: "conversation.updated", ConversationID: conversation})
			wantText(t, "proven", w.said(w.frames(p)), "conversation.updated: "+want)
		}
		w.raise(store.OutboxRow{AccountID: w.account, Kind: "conversation.updated", ConversationID: 2})
		wantText(t, "not proven", w.said(w.frames(p)), "conversation.updated: admin agent c2")

		// Nothing is made for those who do not listen.
		p.heard = live.Interest{Contacts: true}
		w.receive(w.number(`SELECT MIN(id) FROM inboxes`), "U1", "again")
		w.raise(store.OutboxRow{AccountID: w.account, Kind: "assignee.changed", ConversationID: 1})
		for _, f := range w.frames(p) {
			if f.Everyone || len(f.Users) > 0 || len(f.Contacts) == 0 {
				t.Errorf("%s", w.said([]frame{f}))
			}
		}
		p.heard = live.Interest{}
		w.raise(store.OutboxRow{AccountID: w.account, Kind: "conversation.updated", ConversationID: 1})
		wantText(t, "nobody listens", w.said(w.frames(p)), "")
	})
}

// TestLiveNotifications: the owner is told, with how many wait.
func TestLiveNotifications(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		p := w.listening()
		c := w.talk("U1")
		w.exec(`UPDATE conversations SET assignee_id = $1 WHERE id = $2`, w.agent, c.id)
		w.raise(store.OutboxRow{AccountID: w.account, Kind: "assignee.changed", InboxID: c.inbox, ConversationID: c.id, Payload: fmt.Sprintf(`{"performer_id":%d}`, w.admin)})
		w.notify()
		got := w.frames(p)
		wantText(t, "created", w.said(got), "notification.created: agent")
		n := got[0].data
		first := id(at(n, "notification", "id"))
		same(t, "counts", []any{n["count"], n["unread_count"], at(n, "notification", "notification_type"), at(n, "notification", "account_id")},
			fmt.Sprintf(`[1,1,"conversation_assignment",%d]`, w.account))
		if at(n, "notification", "push_message_title") != at(n, "notification", "push_message_body") {
			t.Errorf("title %v", n["notification"])
		}
		w.call("agent", "PATCH", fmt.Sprintf("{A}/notifications/%d", first), "").object()
		got = w.frames(p)
		wantText(t, "read", w.said(got), "notification.updated: agent by Bo")
		same(t, "counts", []any{got[0].data["count"], at(got[0].data, "notification", "id")}, fmt.Sprintf(`[0,%d]`, first))
		w.call("agent", "DELETE", fmt.Sprintf("{A}/notifications/%d", first), "").want(200, "")
		got = w.frames(p)
		wantText(t, "deleted", w.said(got), "notification.deleted: agent by Bo")
		same(t, "what is told of it", got[0].data["notification"], fmt.Sprintf(`{"id":%d}`, first))
	})
}

// TestLivePresence: who is there is told to who asks.
func TestLivePresence(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		p := w.listening()
		w.receive(w.line("a", true), "U1", "hello")
		user := func(id int64) live.Listener {
			token := w.texts(`SELECT pubsub_token FROM users WHERE id = $1`, id)[0]
			who, err := w.desk.Admit(t.Context(), live.Claim{Token: token, User: true, UserID: id, AccountID: w.account})
			w.must(err)
			return who
		}
		visitor, err := w.desk.Admit(t.Context(), live.Claim{Token: w.texts(`SELECT pubsub_token FROM contact_inboxes`)[0]})
		w.must(err)
		same(t, "visitor", []int64{visitor.AccountID, visitor.UserID, visitor.ContactID, visitor.ContactInboxID}, fmt.Sprintf(`[%d,0,1,1]`, w.account))
		beat := func(who live.Listener, want string) {
			t.Helper()
			p.packets = nil
			w.must(w.desk.Beat(t.Context(), who))
			if len(p.packets) != 1 {
				t.Fatalf("%d packets", len(p.packets))
			}
			wantText(t, "presence", string(p.packets[0].Payload), want)
			if got := p.packets[0]; got.Everyone || len(got.Users)+len(got.Contacts) != 1 || who.UserID != 0 && got.Users[0] != who.UserID || who.UserID == 0 && got.Contacts[0] != 1 {
				t.Errorf("sent to %+v", got)
			}
		}
		// The agent of the account is never shown as away.
		beat(visitor, fmt.Sprintf(`{"event":"presence.update","data":{"account_id":%d,"users":{"%d":"online"}}}`, w.account, w.agent))
		w.exec(`UPDATE account_users SET availability = 2 WHERE user_id = $1 AND account_id = $2`, w.agent, w.account)
		beat(user(w.admin), fmt.Sprintf(`{"event":"presence.update","data":{"account_id":%d,"contacts":{"1":"online"},"users":{"%d":"online","%d":"busy"}}}`,
			w.account, w.admin, w.agent))
		w.now.Add(int64(21 * time.Second / time.Microsecond))
		beat(user(w.agent), fmt.Sprintf(`{"event":"presence.update","data":{"account_id":%d,"contacts":{},"users":{"%d":"busy"}}}`, w.account, w.agent))

		for name, claim := range map[string]live.Claim{
			"nobody's token": {Token: "x"}, "a user's without the user": {Token: user(w.admin).Token},
			"another user's":      {Token: user(w.admin).Token, User: true, UserID: w.agent, AccountID: w.account},
			"of another account":  {Token: user(w.agent).Token, User: true, UserID: w.stranger, AccountID: w.account},
			"a contact's as user": {Token: visitor.Token, User: true, UserID: 1, AccountID: w.account},
			"no account":          {Token: user(w.admin).Token, User: true, UserID: w.admin, AccountID: 999},
		} {
			if _, err := w.desk.Admit(t.Context(), claim); err != live.ErrRefused { //nolint:errorlint // it is given as it is
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
