package api_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"tributary/store"
)

func TestPublicConversations(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		inbox, contacts := w.shop(shop, nil)
		_, elsewhere := w.shop(`{"identifier":"else","hmac_token":"key"}`, nil)
		w.public("POST", contacts, `{"source_id":"s1","identifier":"c1","name":"Ann"}`).object()
		w.public("GET", contacts+"/s1/conversations", "").want(200, `[]`)
		made := w.public("POST", contacts+"/s1/conversations", `{"custom_attributes":{"order":9},"status":"resolved","additional_attributes":{"x":1}}`).object()
		contact := w.public("PATCH", contacts+"/s1", `{}`).object()
		uuid := made["uuid"]
		same(t, "made", made, fmt.Sprintf(`{"id":1,"uuid":%q,"inbox_id":%d,"contact_last_seen_at":0,"status":"open","agent_last_seen_at":0,"messages":[],"contact":%s}`,
			uuid, inbox, toJSON(t, made["contact"])))
		if !uuidText.MatchString(fmt.Sprint(uuid)) || at(made, "contact", "id") != contact["id"] {
			t.Errorf("got %v", made)
		}
		w.eq("attributes", w.text(`SELECT custom_attributes || additional_attributes FROM conversations`), `{"order":9}{}`)
		w.eq("events", w.text(`SELECT kind FROM outbox WHERE kind LIKE 'conversation%'`), "conversation.created")
		if second := w.public("POST", contacts+"/s1/conversations", "").object(); id(second["id"]) != 2 {
			t.Errorf("second: got %v", second)
		}
		w.public("POST", contacts+"/s1/conversations", `{"custom_attributes":{"k":"`+strings.Repeat("x", 1501)+`"}}`).
			want(422, `{"message":"Custom attributes k length should be < 1500","attributes":["custom_attributes"]}`)

		// The same contact elsewhere: another session does not see them, unless its
		// identity is proven.
		w.public("POST", elsewhere, `{"source_id":"e1","identifier":"c1"}`).object()
		w.public("GET", elsewhere+"/e1/conversations", "").want(200, `[]`)
		w.public("GET", elsewhere+"/e1/conversations/1", "").want(404, notFoundByNumber)
		for _, path := range []string{"/conversations/1/toggle_status", "/conversations/1/toggle_typing", "/conversations/1/update_last_seen", "/conversations/1/messages"} {
			w.public("POST", elsewhere+"/e1"+path, `{"typing_status":"on","content":"x"}`).want(404, notFoundByNumber)
			w.public("POST", elsewhere+"/e1"+path, `{"typing_status":"?"}`).want(404, notFoundByNumber)
		}
		w.public("GET", elsewhere+"/e1?identifier=c1&identifier_hash="+hash("c1"), "").object()
		if list := w.public("GET", elsewhere+"/e1/conversations", ""); strings.Count(list.body, `"uuid"`) != 2 {
			t.Errorf("verified: got %s", list.body)
		}
		same(t, "one", w.public("GET", elsewhere+"/e1/conversations/1", "").object()["uuid"], toJSON(t, uuid))
		for _, path := range []string{"/conversations/0", "/conversations/99", "/conversations/x", "/conversations/0/messages"} {
			w.public("GET", contacts+"/s1"+path, "").want(404, notFoundByNumber)
		}

		w.exec(`UPDATE contacts SET blocked = TRUE`)
		if blocked := w.public("POST", contacts+"/s1/conversations", "").object(); blocked["status"] != "resolved" {
			t.Errorf("blocked: got %v", blocked["status"])
		}
	})
}

func TestPublicConversationLocked(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		_, contacts := w.shop(shop, func(i *store.Inbox) { i.LockToSingleConversation = true })
		w.public("POST", contacts, `{"source_id":"s1"}`).object()
		made := w.public("POST", contacts+"/s1/conversations", "").object()
		w.public("POST", fmt.Sprintf("%s/s1/conversations/%d/toggle_status", contacts, id(made["id"])), "").object()
		again := w.public("POST", contacts+"/s1/conversations", `{"custom_attributes":{"k":1}}`).object()
		if again["uuid"] != made["uuid"] || again["status"] != "resolved" {
			t.Errorf("got %v, want the first one", again)
		}
		w.eq("attributes", w.text(`SELECT custom_attributes FROM conversations`), `{}`)
	})
}

func TestPublicConversationState(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		_, contacts := w.shop(shop, nil)
		w.public("POST", contacts, `{"source_id":"s1","name":"Ann"}`).object()
		w.public("POST", contacts+"/s1/conversations", "").object()
		path := contacts + "/s1/conversations/1"
		events := func() string {
			list := w.text(`SELECT kind FROM outbox ORDER BY id`)
			w.exec(`DELETE FROM outbox`)
			return list
		}
		events()

		for status, want := range map[string]string{"on": "conversation.typing_on", "off": "conversation.typing_off", "maybe": ""} {
			w.public("POST", path+"/toggle_typing", fmt.Sprintf(`{"typing_status":%q}`, status)).want(200, "")
			w.eq("typing "+status, events(), want)
		}

		w.call("admin", "POST", "{A}/conversations/1/messages", `{"content":"to you"}`).object()
		w.call("admin", "POST", "{A}/conversations/1/messages", `{"content":"note","private":true}`).object()
		w.call("admin", "POST", "{A}/conversations/1/messages", `{"content":"lost"}`).object()
		w.exec(`UPDATE messages SET status = 3 WHERE content = 'lost'`)
		events()
		w.public("POST", path+"/update_last_seen", "").want(200, "")
		w.eq("seen", events(), "conversation.read message.updated")
		w.eq("statuses", w.text(`SELECT CAST(status AS TEXT) FROM messages ORDER BY id`), "2 0 3")
		if seen := w.public("GET", path, "").object(); seen["contact_last_seen_at"] == float64(0) {
			t.Errorf("not seen: %v", seen)
		}
		w.public("POST", path+"/update_last_seen", "").want(200, "")
		w.eq("seen again", events(), "conversation.read")

		w.exec(`UPDATE conversations SET status = 3, snoozed_until = 5`)
		got := w.public("POST", path+"/toggle_status", "").object()
		if got["status"] != "resolved" || len(got["messages"].([]any)) != 2 {
			t.Errorf("resolved: got %v", got)
		}
		w.eq("resolve", events(), "conversation.resolved conversation.status_changed conversation.updated message.created")
		w.eq("note", w.text(`SELECT content FROM messages WHERE message_type = 2`), "Conversation was resolved by Ann")
		w.eq("clocks", w.text(`SELECT COALESCE(CAST(snoozed_until AS TEXT), '-') || COALESCE(CAST(waiting_since AS TEXT), '-') FROM conversations`), "--")
		w.public("POST", path+"/toggle_status", "").object()
		w.eq("resolve again", events(), "")
		// What the contact writes next opens it again.
		w.public("POST", path+"/messages", `{"content":"wait"}`).object()
		same(t, "reopened", w.public("GET", path, "").object()["status"], `"open"`)

		// The inbox's webhook learns of notes and of what the contact writes; the
		// relay brings the rest, and activity stays inside.
		announced, ids := map[string]bool{}, map[string]int64{}
		for _, m := range w.call("admin", "GET", "{A}/conversations/1/messages", "").object()["payload"].([]any) {
			ids[fmt.Sprint(at(m, "content"))] = id(at(m, "id"))
		}
		w.must(w.store.Transact(t.Context(), func(tx *store.Tx) error {
			told, err := tx.ToldMessages(t.Context(), slices.Collect(maps.Values(ids)))
			for content, id := range ids {
				announced[content] = !told[id].Relayed && told[id].Type != 2
			}
			return err
		}))
		same(t, "announced", announced, `{"to you":false,"note":true,"lost":false,"wait":true,"Conversation was resolved by Ann":false}`)
	})
}

// Clients that do the same thing at the same moment get the same thing.
func TestPublicConcurrent(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		_, contacts := w.shop(shop, func(i *store.Inbox) { i.LockToSingleConversation = true })
		together := func(path, body string) {
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					res, err := w.client.Post("http://desk.test"+path, "application/json", strings.NewReader(body))
					if err != nil {
						t.Error(err)
						return
					}
					defer func() { _ = res.Body.Close() }()
					if got, err := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || err != nil {
						t.Errorf("%s: got %d %s %v", path, res.StatusCode, got, err)
					}
				})
			}
			all.Wait()
		}
		together(contacts, `{"source_id":"s1","identifier":"c1","email":"a@example.com"}`)
		together(contacts, `{"identifier":"c2","phone_number":"+4930123"}`)
		w.eq("contacts", w.text(`SELECT identifier FROM contacts ORDER BY identifier`), "c1 c2")
		together(contacts+"/s1/conversations", `{}`)
		w.eq("conversations", w.text(`SELECT COUNT(*) FROM conversations`), "1")
		together(contacts+"/s1/conversations/1/toggle_status", ``)
		w.eq("notes", w.text(`SELECT COUNT(*) FROM messages`), "1")
	})
}

// A bridge that posts with the agents' API may post twice.
func TestBridgePostsTwice(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, w *world) {
		_, contacts := w.shop(shop, nil)
		w.public("POST", contacts, `{"source_id":"s1"}`).object()
		w.public("POST", contacts+"/s1/conversations", "").object()
		const body = `{"content":"via bridge","message_type":"incoming","source_id":"ext-1"}`
		first := w.call("admin", "POST", "{A}/conversations/1/messages", body).object()
		again := w.call("admin", "POST", "{A}/conversations/1/messages", body).object()
		if first["id"] != again["id"] {
			t.Errorf("got %v and %v, want one message", first["id"], again["id"])
		}
		w.eq("events", w.text(`SELECT kind FROM outbox WHERE kind = 'message.created'`), "message.created")
	})
}
