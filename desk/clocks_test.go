package desk_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"tributary/chat"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

func (w *shift) tend(desks ...*desk.Desk) {
	w.t.Helper()
	if len(desks) == 0 {
		desks = []*desk.Desk{w.desk}
	}
	var running sync.WaitGroup
	for _, d := range desks {
		running.Go(func() {
			if err := d.TendConversations(w.t.Context()); err != nil {
				w.t.Error(err)
			}
		})
	}
	running.Wait()
}

func (w *shift) snooze(id int64, d time.Duration) {
	w.t.Helper()
	until := w.clock.Now().Add(d)
	w.edit(id, func(_ context.Context, e *desk.Edit) error {
		e.Status(chat.Snoozed, &until)
		return nil
	})
}

// Two processes open what is due, each conversation once.
func TestSnoozedOpen(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		inbox := w.line(1)
		due, later := w.arrives(inbox, "1"), w.arrives(inbox, "2")
		w.snooze(due, time.Hour)
		w.snooze(later, 2*time.Hour)
		w.happen()
		w.tend()
		w.want(`SELECT status FROM conversations ORDER BY id`, "3", "3")
		w.clock.Advance(time.Hour)
		w.tend(w.desk, w.second(b), w.desk, w.second(b))
		w.want(`SELECT status FROM conversations ORDER BY id`, "0", "3")
		w.want(`SELECT COALESCE(snoozed_until, 0) FROM conversations WHERE status = 0`, "0")
		w.want(fmt.Sprintf(`SELECT COUNT(*) FROM outbox WHERE kind = 'conversation.opened' AND conversation_id = %d`, due), "1")
		// A process that was away for long opens nothing that was due three days before.
		w.clock.Advance(73 * time.Hour)
		w.tend()
		w.want(fmt.Sprintf(`SELECT status FROM conversations WHERE id = %d`, later), "3")
	})
}

func TestIdleConversationsEnd(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		inbox, page := w.line(1), w.page()
		idle := w.arrives(inbox, "1")
		w.tend()
		w.exec(`UPDATE accounts SET settings = '{"auto_resolve_after":60,"auto_resolve_message":"Bye!","auto_resolve_label":"idle"}'`)
		w.clock.Advance(59 * time.Minute)
		fresh := w.arrives(inbox, "2")
		w.tend()
		w.want(`SELECT status FROM conversations ORDER BY id`, "0", "0")
		w.clock.Advance(2 * time.Minute)
		w.tend(w.desk, w.second(b))
		w.want(`SELECT status FROM conversations ORDER BY id`, "1", "0")
		of := func(id int64) string {
			return fmt.Sprintf(`SELECT message_type || ' ' || content FROM messages WHERE conversation_id = %d ORDER BY id`, id)
		}
		w.want(of(idle), "0 hello", "3 Bye!", "2 Conversation was resolved after 1 hour without activity")
		w.want(`SELECT conversation_id || label FROM conversation_labels`, fmt.Sprint(idle, "idle"))
		w.want(`SELECT COUNT(*) FROM deliveries`, "1")
		// Where the contact may not be written to, there is a note.
		closed := w.arrives(page, "9")
		w.exec(`UPDATE accounts SET settings = '{"auto_resolve_after":2880,"auto_resolve_message":"Bye!","auto_resolve_ignore_waiting":true}'`)
		w.exec(`UPDATE conversations SET waiting_since = NULL WHERE id = $1`, closed)
		w.clock.Advance(49 * time.Hour)
		w.tend()
		w.want(of(closed), "0 hello", "2 Conversation was resolved after 2 days without activity",
			"2 Auto-resolve message not sent due to outgoing message restrictions")
		w.want(fmt.Sprintf(`SELECT status FROM conversations WHERE id = %d`, fresh), "0") // the contact waits
		w.exec(`UPDATE accounts SET status = 1, settings = '{"auto_resolve_after":10}'`)
		w.tend()
		w.want(fmt.Sprintf(`SELECT status FROM conversations WHERE id = %d`, fresh), "0")
	})
}

func TestSurveys(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		inbox, page := w.line(1), w.page()
		ended := func(inbox int64, from string, labels ...string) int64 {
			t.Helper()
			id := w.arrives(inbox, from)
			w.edit(id, func(ctx context.Context, e *desk.Edit) error { return e.SetLabels(ctx, labels) })
			w.status(id, chat.Resolved)
			w.happen()
			return id
		}
		surveys := func(id int64) string {
			return fmt.Sprintf(`SELECT message_type || ' ' || content || ' ' || content_attributes FROM messages
				WHERE conversation_id = %d AND (content_type = 9 OR content LIKE '%%survey%%') ORDER BY id`, id)
		}
		quiet := ended(inbox, "1")
		w.want(surveys(quiet))
		w.exec(`UPDATE inboxes SET csat_survey_enabled = TRUE`)
		asked := ended(inbox, "2")
		const usual = `3 Please rate this conversation {"display_type":"emoji"}`
		w.want(surveys(asked), usual)
		w.status(asked, chat.Open)
		w.status(asked, chat.Resolved)
		w.happen()
		w.want(surveys(asked), usual)
		// Elsewhere than on a website the contact gets a link.
		uuid := w.rows(fmt.Sprintf(`SELECT uuid FROM conversations WHERE id = %d`, asked))[0]
		sent := w.outbound(w.number(`SELECT MAX(id) FROM messages WHERE content_type = 9`))
		if want := "Please rate this conversation https://desk.example.test/survey/responses/" + uuid; sent.Content != want {
			t.Errorf("sent %q, want %q", sent.Content, want)
		}
		config := func(json string) { w.exec(`UPDATE inboxes SET csat_config = $1`, json) }
		config(`{"display_type":"star","message":"How was it?","survey_rules":{"operator":"contains","values":["vip","new"]}}`)
		w.want(surveys(ended(inbox, "3", "old")))
		w.want(surveys(ended(inbox, "4", "old", "vip")), `3 How was it? {"display_type":"star"}`)
		config(`{"survey_rules":{"operator":"does_not_contain","values":["vip"]}}`)
		w.want(surveys(ended(inbox, "5", "vip")))
		w.want(surveys(ended(inbox, "6", "old")), usual)
		config(`{"survey_rules":{"operator":"does_not_contain","values":[]}}`)
		w.want(surveys(ended(inbox, "7", "vip")), usual)
		// A tweet gets none, nor does who may not be written to.
		id := w.arrives(inbox, "8")
		w.exec(`UPDATE conversations SET additional_attributes = '{"type":"tweet"}' WHERE id = $1`, id)
		w.status(id, chat.Resolved)
		w.happen()
		w.want(surveys(id))
		id = w.arrives(page, "9")
		w.clock.Advance(25 * time.Hour)
		w.status(id, chat.Resolved)
		w.happen()
		w.want(surveys(id), "2 CSAT survey not sent due to outgoing message restrictions {}")
	})
}

func TestReporting(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		inbox := w.line(1)
		a := w.agent("ann", inbox)
		w.clock.Advance(900 * time.Millisecond) // whole seconds count, not the time between
		w.exec(`UPDATE inboxes SET working_hours_enabled = TRUE`)
		// Sunday, 1 March: the hours begin on Monday at 9.
		id := w.arrives(inbox, "1")
		event := func(kind string, message int64, payload string) {
			t.Helper()
			err := w.store.Transact(t.Context(), func(tx *store.Tx) error {
				return tx.InsertOutbox(t.Context(), []store.OutboxRow{{
					AccountID: w.account, Kind: kind, InboxID: inbox, ConversationID: id, MessageID: message, Payload: payload,
				}})
			})
			if err != nil {
				t.Fatal(err)
			}
			w.happen()
		}
		rows := func() []string {
			return w.rows(`SELECT name || ' ' || CAST(value AS INTEGER) || ' ' || CAST(value_in_business_hours AS INTEGER) || ' ' || COALESCE(user_id, 0)
				|| ' ' || ((event_end_time - event_start_time) / 1000000) FROM reporting_events ORDER BY id`)
		}
		var want []string
		expect := func(what string, next ...string) {
			t.Helper()
			want = append(want, next...)
			if got := rows(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%s\n got %q\nwant %q", what, got, want)
			}
		}
		line := func(name string, value, open int, user int64, lasted int) string {
			return fmt.Sprintf("%s %d %d %d %d", name, value, open, user, lasted)
		}
		expect("made")
		w.exec(`INSERT INTO messages (account_id, inbox_id, conversation_id, message_type, created_at, updated_at) VALUES (1, 1, $1, 1, 1, 1)`, id) // by nobody
		w.exec(`INSERT INTO agent_bots (id, account_id, created_at, updated_at) VALUES (5, $1, 1, 1)`, w.account)
		w.exec(`INSERT INTO agent_bot_inboxes (inbox_id, agent_bot_id, account_id, created_at, updated_at) VALUES ($1, 5, $2, 1, 1)`, inbox, w.account)
		w.clock.Advance(10 * time.Second)
		w.status(id, chat.Resolved)
		w.happen()
		expect("ended by the bot", line("conversation_resolved", 10, 0, a, 10), line("conversation_bot_resolved", 10, 0, a, 10))
		w.clock.Advance(5 * time.Second)
		w.status(id, chat.Open)
		w.happen()
		expect("opened", line("conversation_opened", 5, 0, a, 5))
		w.clock.Advance(5 * time.Second)
		event("conversation.bot_handoff", 0, "{}")
		event("conversation.bot_handoff", 0, "{}")
		expect("handed to people, once", line("conversation_bot_handoff", 20, 0, a, 20))
		// On Monday, 25 minutes after nine.
		w.clock.Advance(time.Date(2026, 3, 2, 9, 25, 0, 0, time.UTC).Sub(w.clock.Now()))
		answer := func(at time.Time) {
			t.Helper()
			w.exec(`INSERT INTO messages (account_id, inbox_id, conversation_id, message_type, sender_type, sender_id, created_at, updated_at)
				VALUES (1, 1, $1, 1, 'User', $2, $3, $3)`, id, w.user, at.UnixMicro())
		}
		answer(w.clock.Now())
		since := int(w.clock.Now().Unix() - (w.number(`SELECT MAX(event_end_time) FROM reporting_events`) / 1e6))
		event("first.reply.created", w.number(`SELECT MAX(id) FROM messages`), "")
		expect("first response", line("first_response", since, 25*60, w.user, since))
		waiting := w.clock.Now()
		w.clock.Advance(time.Minute)
		answer(w.clock.Now())
		message := w.number(`SELECT MAX(id) FROM messages`)
		event("reply.created", message, fmt.Sprintf(`{"waiting_since":%d}`, waiting.UnixMicro()))
		event("reply.created", message, fmt.Sprintf(`{"waiting_since":%d}`, waiting.Unix()))
		expect("replies", line("reply_time", 60, 60, a, 60), line("reply_time", 60, 60, a, 60))
		event("reply.created", message, `{}`)
		event("reply.created", 9999, fmt.Sprintf(`{"waiting_since":%d}`, waiting.UnixMicro()))
		expect("nobody waited, or the message is gone")
		w.exec(`UPDATE inboxes SET working_hours_enabled = FALSE`)
		age := int(w.clock.Now().Unix() - w.number(`SELECT created_at FROM conversations WHERE id = $1`, id)/1e6)
		w.edit(id, func(ctx context.Context, e *desk.Edit) error {
			e.Status(chat.Resolved, nil)
			return e.Assign(ctx, 0)
		})
		w.happen()
		expect("ended by people", line("conversation_resolved", age, 0, 0, age))
		// What is deleted is reported no more.
		w.exec(`DELETE FROM agent_bot_inboxes`)
		fresh := w.arrives(inbox, "2")
		w.status(fresh, chat.Pending)
		w.status(fresh, chat.Open)
		w.happen()
		expect("opened for the first time", line("conversation_opened", 0, 0, a, 0))
		w.status(fresh, chat.Resolved)
		w.exec(`DELETE FROM reporting_events`)
		w.exec(`DELETE FROM messages`)
		w.exec(`DELETE FROM conversations`)
		w.happen()
		want = nil
		expect("deleted")
	})
}
