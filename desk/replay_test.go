package desk_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tributary/chat"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// change is an event of U1 about something that is there already, at a moment in
// seconds after the world began.
func (w *world) change(inbox int64, kind chat.Kind, key, target string, second int, set func(*chat.Event)) *chat.Event {
	e := &chat.Event{
		Key: key, AccountID: w.account, InboxID: inbox, Kind: kind, Contact: &chat.Contact{SourceID: "U1"},
		OccurredAt: chat.MillisOf(time.Date(2026, 3, 1, 10, 0, second, 0, time.UTC)),
	}
	if target != "" {
		e.Target = &chat.Target{SourceIDs: []string{target}}
	}
	if set != nil {
		set(e)
	}
	return e
}

func edited(text string) func(*chat.Event) {
	return func(e *chat.Event) { e.Message = &chat.Message{Content: text} }
}

func reacted(action, emoji string) func(*chat.Event) {
	return func(e *chat.Event) { e.Reaction = &chat.Reaction{Action: action, Emoji: emoji} }
}

// everything is what receiving may change.
func (w *world) everything() []string {
	w.t.Helper()
	var out []string
	for _, query := range []string{
		`SELECT 'message ' || id || ' ' || COALESCE(content, '') || ' ' || content_attributes || ' ' || status || ' ' || updated_at FROM messages ORDER BY id`,
		`SELECT 'person ' || id || ' ' || COALESCE(opted_out_at, 0) || ' ' || updated_at FROM contact_inboxes ORDER BY id`,
		`SELECT 'conversation ' || id || ' ' || updated_at FROM conversations ORDER BY id`,
		`SELECT 'event ' || id || ' ' || kind FROM outbox ORDER BY id`,
		`SELECT 'parked ' || provider_id || ' ' || status FROM parked_statuses ORDER BY id`,
	} {
		out = append(out, w.rows(query)...)
	}
	return out
}

// again applies events that were applied before, a minute later, each alone and
// all together backwards: nothing changes.
func (w *world) again(events ...*chat.Event) {
	w.t.Helper()
	before := fmt.Sprint(w.everything())
	w.clock.Advance(time.Minute)
	backwards := make([]*chat.Event, 0, len(events))
	for i := range events {
		w.receive(events[i])
		if after := fmt.Sprint(w.everything()); after != before {
			w.t.Fatalf("%s again:\n was %s\n  is %s", events[i].Key, before, after)
		}
		backwards = append(backwards, events[len(events)-1-i])
	}
	w.receive(backwards...)
	if after := fmt.Sprint(w.everything()); after != before {
		w.t.Fatalf("all again, backwards:\n was %s\n  is %s", before, after)
	}
}

func TestRepeatedChangesChangeNothing(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		events := []*chat.Event{
			w.message(inbox, "U1", "1", "first"), w.message(inbox, "U1", "2", "second"), w.message(inbox, "U1", "3", "third"),
			w.change(inbox, chat.KindEdit, "ed:1:1", "1", 1, edited("first, edited once")),
			w.change(inbox, chat.KindEdit, "ed:1:2", "1", 1, edited("first, edited twice")), // in the same second
			w.change(inbox, chat.KindEdit, "ed:2:1", "2", 1, edited("second, edited")),
			w.change(inbox, chat.KindDelete, "del:2", "2", 2, nil),
			w.change(inbox, chat.KindReaction, "re:1", "3", 1, reacted("add", "❤️")),
			w.change(inbox, chat.KindReaction, "re:2", "3", 1, reacted("remove", "")),
			w.change(inbox, chat.KindReaction, "re:3", "3", 1, reacted("add", "👍")),
			w.change(inbox, chat.KindOptOut, "out:1", "", 1, nil),
			w.change(inbox, chat.KindOptIn, "in:1", "", 2, nil),
			w.change(inbox, chat.KindBlock, "out:2", "", 3, nil),
			w.status(inbox, "nobody's", chat.StatusRead, ""),
		}
		for _, e := range events {
			w.receive(e)
		}
		w.want(`SELECT content FROM messages ORDER BY id`, "first, edited twice", "This message was deleted", "third")
		w.want(`SELECT content_attributes FROM messages WHERE source_id = '3'`, `{"reactions":[{"emoji":"👍","source_id":"U1"}]}`)
		w.again(events...)
		// What the same person does later still counts.
		w.receive(w.change(inbox, chat.KindEdit, "ed:1:3", "1", 9, edited("first, edited thrice")), w.change(inbox, chat.KindOptIn, "in:2", "", 9, nil))
		w.want(`SELECT content FROM messages WHERE source_id = '1'`, "first, edited thrice")
		w.want(`SELECT COUNT(*) FROM contact_inboxes WHERE opted_out_at IS NULL`, "1")
		// Who blocked us and follows us again may be written to.
		w.receive(w.change(inbox, chat.KindBlock, "out:3", "", 10, nil), w.change(inbox, chat.KindFollow, "in:3", "", 11, nil))
		w.want(`SELECT COUNT(*) FROM contact_inboxes WHERE opted_out_at IS NULL`, "1")
	})
}

// What is delivered late does not undo what happened after it.
func TestLateChangesChangeNothing(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		w.receive(w.message(inbox, "U1", "1", "first"), w.message(inbox, "U1", "2", "second"),
			w.change(inbox, chat.KindEdit, "ed:1:2", "1", 5, edited("first, edited twice")),
			w.change(inbox, chat.KindDelete, "del:2", "2", 5, nil),
			w.change(inbox, chat.KindReaction, "re:2", "1", 5, reacted("remove", "")),
			w.change(inbox, chat.KindOptIn, "in:1", "", 5, nil))
		w.again(
			w.change(inbox, chat.KindEdit, "ed:1:1", "1", 4, edited("first, edited once")),
			w.change(inbox, chat.KindEdit, "ed:2:1", "2", 6, edited("second, edited")), // nothing comes back from a deletion
			w.change(inbox, chat.KindReaction, "re:1", "1", 4, reacted("add", "❤️")),
			w.change(inbox, chat.KindOptOut, "out:1", "", 4, nil))
	})
}

// A change that came before its message is applied when it is told again.
func TestEarlyChangeIsNotUsedUp(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		w.receive(w.message(inbox, "U1", "1", "first"))
		early := w.change(inbox, chat.KindDelete, "del:2", "2", 1, nil)
		w.receive(early)
		w.receive(w.message(inbox, "U1", "2", "second"))
		w.receive(early)
		w.want(`SELECT content FROM messages ORDER BY id`, "first", "This message was deleted")
	})
}

// What a provider tells about an account is handed on once.
func TestAccountEventsAreHandedOnOnce(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		handed := map[string]int{}
		w.desk.AccountEvent = func(_ context.Context, _ *store.Tx, e *chat.Event) error {
			handed[e.Key]++
			return nil
		}
		account := func(key string, second int) *chat.Event {
			e := w.change(inbox, chat.KindAccountEvent, key, "", second, nil)
			e.Contact, e.Account = nil, &chat.Account{Field: "account_update"}
			return e
		}
		w.receive(account("acct:2", 2), account("acct:1", 1)) // late is not never
		w.receive(account("acct:1", 1), account("acct:2", 2), account("acct:3", 3))
		if fmt.Sprint(handed) != "map[acct:1:1 acct:2:1 acct:3:1]" {
			t.Errorf("handed on %v", handed)
		}
	})
}

// A person has one reaction, which the next one replaces; Telegram tells a set
// with its differences.
func TestReactionsOfOnePerson(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		w.receive(w.message(inbox, "U1", "1", "first"), w.message(inbox, "U1", "2", "second"),
			w.change(inbox, chat.KindReaction, "re:1", "1", 1, reacted("add", "❤️")),
			w.change(inbox, chat.KindReaction, "re:2", "1", 2, reacted("add", "👍")))
		w.want(`SELECT content_attributes FROM messages WHERE source_id = '1'`, `{"reactions":[{"emoji":"👍","source_id":"U1"}]}`)
		telegram := func(key string, second int, action, emoji string) *chat.Event {
			e := w.change(inbox, chat.KindReaction, key, "2", second, reacted(action, emoji))
			e.Channel = "telegram"
			return e
		}
		w.receive(telegram("t:1", 1, "add", "❤️"), telegram("t:2", 1, "add", "👍"), telegram("t:3", 2, "remove", "❤️"), telegram("t:4", 2, "add", "🔥"))
		w.want(`SELECT content_attributes FROM messages WHERE source_id = '2'`,
			`{"reactions":[{"emoji":"👍","source_id":"U1"},{"emoji":"🔥","source_id":"U1"}]}`)
	})
}

// A message that failed after the provider had taken it is sent again by a retry,
// and what is still told of the first attempt concerns the second one no more.
func TestReceiptsOfAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		w.receive(w.message(inbox, "U1", "1", "hello"))
		id := w.reply(1, "hi")
		w.sent(id, "p1")
		first := []*chat.Event{w.status(inbox, "p1", chat.StatusDelivered, ""), w.status(inbox, "p1", chat.StatusFailed, "30003 - unreachable")}
		read := &chat.Event{
			Key: "wm:1", Channel: "line", AccountID: w.account, InboxID: inbox, Kind: chat.KindWatermark, Contact: &chat.Contact{SourceID: "U1"},
			Status: &chat.Status{State: chat.StatusRead, WatermarkAt: chat.MillisOf(w.clock.Now().Add(time.Second))},
		}
		w.receive(append(first, read)...)
		status := fmt.Sprintf(`SELECT status FROM messages WHERE id = %d`, id)
		w.want(status, "3")
		w.clock.Advance(time.Minute)
		if err := w.desk.Retry(t.Context(), w.account, 1, id); err != nil {
			t.Fatalf("Retry: %v", err)
		}
		w.want(`SELECT parts_sent FROM deliveries`, "0")
		w.want(`SELECT COALESCE(source_id, 'none') FROM messages WHERE message_type = 1`, "none")
		w.receive(append(first, read)...)
		w.want(status, "0")
		w.sent(id, "p2")
		w.want(`SELECT source_id FROM messages WHERE message_type = 1`, "p2")
		w.receive(append(first, read)...)
		w.want(status, "0")
		w.receive(w.status(inbox, "p2", chat.StatusDelivered, ""))
		w.receive(append(first, read)...)
		w.want(status, "1")
	})
}

// The answer to a later part does not take back what was reported of an earlier
// one.
func TestLaterPartTakesNothingBack(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		w.receive(w.message(inbox, "U1", "1", "hello"))
		id := w.reply(1, "two parts")
		list, err := w.store.ClaimDeliveries(t.Context(), "test", time.Minute, 1, nil)
		if err != nil || len(list) != 1 {
			t.Fatalf("ClaimDeliveries: %v %+v", err, list)
		}
		w.answered(list[0], 0, "p1", false)
		w.receive(w.status(inbox, "p1", chat.StatusRead, ""), w.status(inbox, "p2", chat.StatusDelivered, ""))
		w.answered(list[0], 1, "p2", true)
		w.want(fmt.Sprintf(`SELECT status FROM messages WHERE id = %d`, id), "2")
	})
}
