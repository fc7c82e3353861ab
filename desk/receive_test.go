package desk_test

import (
	"fmt"
	"testing"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

func TestReceiveKeepsOrderAndAppliesOnce(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		batch := []*chat.Event{
			w.message(inbox, "U1", "1", "one"), w.message(inbox, "U2", "2", "two"), w.message(inbox, "U1", "3", "three"),
			w.message(inbox, "U1", "1", "one again"),
		}
		out := w.receive(batch...)
		if out[0].MessageID == 0 || out[0].MessageID >= out[2].MessageID {
			t.Errorf("ids of one contact not ascending: %+v", out)
		}
		if out[3].MessageID != 0 {
			t.Errorf("a duplicate within the batch was stored: %+v", out[3])
		}
		for _, o := range w.receive(batch...) {
			if o.MessageID != 0 {
				t.Errorf("a duplicate was stored: %+v", o)
			}
		}
		w.want(`SELECT content FROM messages ORDER BY id`, "one", "two", "three")
		w.want(`SELECT name FROM contacts ORDER BY id`, "Name of U1", "Name of U2")
		w.want(`SELECT display_id FROM conversations ORDER BY display_id`, "1", "2")
		w.want(`SELECT kind FROM outbox WHERE kind = 'message.created'`, "message.created", "message.created", "message.created")
	})
}

func TestReceiveChoosesTheConversation(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		free := w.line(1)
		locked := w.inbox("Channel::Line", "locked", map[string]any{"line_channel_id": "77", "line_channel_secret": "s", "line_channel_token": "t"},
			func(i *store.Inbox) { i.LockToSingleConversation = true })
		w.receive(w.message(free, "U1", "1", "a"), w.message(locked, "U1", "1", "b"))
		for _, status := range []int{chat.Resolved.Code(), chat.Snoozed.Code()} {
			if _, err := w.db.Exec(fmt.Sprintf(`UPDATE conversations SET status = %d`, status)); err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(time.Minute)
			key := fmt.Sprint(10 + status)
			w.receive(w.message(free, "U1", key, "more"), w.message(locked, "U1", key, "more"))
		}
		// Resolved: a new conversation where the inbox is not locked; snoozed and
		// locked ones are opened again.
		w.want(fmt.Sprintf(`SELECT status FROM conversations WHERE inbox_id = %d ORDER BY id`, free), "3", "0")
		w.want(fmt.Sprintf(`SELECT status FROM conversations WHERE inbox_id = %d ORDER BY id`, locked), "0")
		w.want(fmt.Sprintf(`SELECT COUNT(*) FROM messages WHERE inbox_id = %d`, locked), "3")
	})
}

func TestReceiveMatchesContactsByPhone(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		one, two := w.line(1), w.line(2)
		first := w.message(one, "U1", "1", "a")
		first.Contact.Phone, first.Contact.Name = "+14155550100", "+1 415-555-0100"
		second := w.message(two, "V1", "1", "b")
		second.Contact.Phone, second.Contact.Name = "+14155550100", "Ada"
		w.receive(first, second)
		w.want(`SELECT COUNT(*) FROM contacts`, "1")
		w.want(`SELECT COUNT(*) FROM contact_inboxes`, "2")
		third := w.message(two, "V1", "2", "c")
		third.Contact.Name = "Ada"
		w.receive(third)
		w.want(`SELECT name FROM contacts`, "Ada") // it was only a number before
	})
}

func TestStatusesMoveForwardOnly(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		w.receive(w.message(inbox, "U1", "1", "hello"))
		id := w.reply(1, "hi")
		early := w.status(inbox, "p1", chat.StatusRead, "")
		w.receive(early) // overtakes the answer to the send
		w.want(`SELECT COUNT(*) FROM parked_statuses`, "1")
		w.sent(id, "p1")
		w.want(`SELECT status FROM messages WHERE message_type = 1`, "2")
		w.want(`SELECT COUNT(*) FROM parked_statuses`, "0")
		w.receive(w.status(inbox, "p1", chat.StatusDelivered, ""), w.status(inbox, "p1", chat.StatusSent, ""), w.status(inbox, "p1", chat.StatusFailed, "late"))
		w.want(`SELECT status FROM messages WHERE message_type = 1`, "2")

		failing := w.reply(1, "again")
		w.sent(failing, "p2")
		w.receive(w.status(inbox, "p2", chat.StatusFailed, "63016 - outside the window"))
		w.want(fmt.Sprintf(`SELECT status FROM messages WHERE id = %d`, failing), "3")
		w.want(fmt.Sprintf(`SELECT content_attributes FROM messages WHERE id = %d`, failing), `{"external_error":"63016 - outside the window"}`)
		if err := w.desk.Retry(t.Context(), w.account, 1, failing); err != nil {
			t.Fatalf("Retry: %v", err)
		}
		w.want(fmt.Sprintf(`SELECT content_attributes FROM messages WHERE id = %d`, failing), `{}`)
		w.want(fmt.Sprintf(`SELECT parts_sent FROM deliveries WHERE message_id = %d`, failing), "0")
	})
}

// reply writes an answer in a conversation.
func (w *world) reply(displayID int64, text string) int64 {
	w.t.Helper()
	id, err := w.desk.Reply(w.t.Context(), desk.Reply{
		AccountID: w.account, DisplayID: displayID, Type: chat.Outgoing, Content: &text,
		SenderType: "User", SenderID: w.user,
	})
	if err != nil {
		w.t.Fatalf("Reply: %v", err)
	}
	return id
}

// sent plays the relay: the provider accepted the message under an id.
func (w *world) sent(messageID int64, providerID string) {
	w.t.Helper()
	list, err := w.store.ClaimDeliveries(w.t.Context(), "test", time.Minute, 10, nil)
	if err != nil {
		w.t.Fatalf("ClaimDeliveries: %v", err)
	}
	for _, d := range list {
		if d.MessageID == messageID {
			w.answered(d, 0, providerID, true)
			return
		}
	}
	w.t.Fatalf("message %d has no delivery that is due, got %+v", messageID, list)
}

// answered plays the relay: the provider took a part.
func (w *world) answered(d store.Delivery, part int, providerID string, last bool) {
	w.t.Helper()
	err := w.desk.Sent(w.t.Context(), []desk.SentPart{{
		PartAnswer: store.PartAnswer{Delivery: d, Part: part, ProviderIDs: []string{providerID}, Last: last}, Status: chat.StatusSent,
	}})
	if err != nil {
		w.t.Fatalf("Sent: %v", err)
	}
}

func (w *world) status(inbox int64, providerID string, state chat.MessageStatus, text string) *chat.Event {
	return &chat.Event{
		Key: "st:" + providerID + ":" + string(state), Channel: "line", AccountID: w.account, InboxID: inbox,
		Kind: chat.KindStatus, Target: &chat.Target{SourceIDs: []string{providerID}}, Status: &chat.Status{State: state, Text: text},
	}
}

func TestChangesOfMessages(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		change := func(kind chat.Kind, target string, set func(*chat.Event)) *chat.Event {
			e := &chat.Event{
				Key: string(kind) + target, AccountID: w.account, InboxID: inbox, Kind: kind, Contact: &chat.Contact{SourceID: "U1"},
				Target: &chat.Target{SourceIDs: []string{target}},
			}
			if set != nil {
				set(e)
			}
			return e
		}
		w.receive(w.message(inbox, "U1", "1", "first"), w.message(inbox, "U1", "2", "second"), w.message(inbox, "U1", "3", "third"),
			change(chat.KindEdit, "1", func(e *chat.Event) { e.Message = &chat.Message{Content: "first, edited"} }),
			change(chat.KindDelete, "2", nil),
			change(chat.KindReaction, "3", func(e *chat.Event) { e.Reaction = &chat.Reaction{Emoji: "👍", Action: "add"} }),
			change(chat.KindDelete, "unknown", nil),
			change(chat.KindTyping, "", func(e *chat.Event) { e.Typing = &chat.Typing{State: "on"} }))
		w.want(`SELECT content FROM messages ORDER BY id`, "first, edited", "This message was deleted", "third")
		w.want(`SELECT content_attributes FROM messages WHERE source_id = '3'`, `{"reactions":[{"emoji":"👍","source_id":"U1"}]}`)
		w.receive(change(chat.KindReaction, "3", func(e *chat.Event) { e.Key, e.Reaction = "re:3:2", &chat.Reaction{Action: "remove"} }))
		w.want(`SELECT content_attributes FROM messages WHERE source_id = '3'`, `{}`)
	})
}

func TestFloodIsPutOffNotLost(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		var events []*chat.Event
		for i := range 205 {
			events = append(events, w.message(inbox, "U1", fmt.Sprint(i), "x"))
		}
		out := w.receive(events...)
		w.want(`SELECT COUNT(*) FROM messages`, "200")
		if out[199].MessageID == 0 || out[200].Until.IsZero() {
			t.Fatalf("outcomes around the limit: %+v %+v", out[199], out[200])
		}
		w.clock.Advance(time.Minute)
		w.receive(events[200:]...)
		w.want(`SELECT COUNT(*) FROM messages`, "205")
	})
}
