package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"tributary/channels"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/testkit"
	"tributary/store"
	"tributary/store/storetest"
)

// The request only marks the inbox and orders the job. While the job runs, other
// inboxes receive between its shares, which are small; what is written to the inbox
// meanwhile goes with it.
func TestDeleteLargeInbox(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		large, other := w.line(1), w.line(2)
		var events []*chat.Event
		for i := range 450 { // conversations of one message
			events = append(events, w.message(large, fmt.Sprint("U", i), fmt.Sprint("k", i), "hi"))
		}
		for i := range 900 { // and a long one, within what a minute allows
			if i%150 == 0 {
				w.receive(events...)
				events = nil
				w.clock.Advance(2 * time.Minute)
			}
			events = append(events, w.message(large, "LONG", fmt.Sprint("l", i), "hi"))
		}
		w.receive(events...)
		w.want(`SELECT COUNT(*) FROM messages`, "1350")
		w.want(`SELECT COUNT(*) FROM conversations`, "451")

		by := desk.Actor{UserID: w.user, Email: "a@example.test", IP: "203.0.113.7", RequestID: "r-1"}
		if err := w.desk.DeleteInbox(t.Context(), by, w.account, large); err != nil {
			t.Fatal(err)
		}
		w.want(`SELECT COUNT(*) FROM messages`, "1350")
		w.want(`SELECT lane || ' ' || kind FROM jobs WHERE kind = 'inbox.delete'`, "bulk inbox.delete")
		_, ch, ok := w.desk.Driver(large)
		if !ok || !ch.Deleting {
			t.Fatal("the inbox is not marked")
		}

		// Every look of the desk at the clock, between two shares, is a chance for others.
		count := func() [3]int64 {
			var out [3]int64
			for i, table := range []string{"messages", "conversations", "contact_inboxes"} {
				row := w.db.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM `+table+` WHERE inbox_id = $1`, large)
				if table == "messages" {
					row = w.db.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE c.inbox_id = $1`, large)
				}
				if err := row.Scan(&out[i]); err != nil {
					t.Errorf("count: %v", err)
				}
			}
			return out
		}
		var received atomic.Int64
		last := count()
		w.between = func() {
			now := count()
			for i := range now {
				if gone := last[i] - now[i]; gone > 200 {
					t.Errorf("a share deleted %d rows of kind %d", gone, i)
				}
			}
			last = now
			n := received.Add(1)
			if _, err := w.desk.Receive(context.Background(), []*chat.Event{w.message(other, fmt.Sprint("O", n), fmt.Sprint("o", n), "hi")}); err != nil {
				t.Errorf("another inbox while one is deleted: %v", err)
			}
			if n == 5 {
				if _, err := w.desk.Receive(context.Background(), []*chat.Event{w.message(large, "LATE", "late", "hi")}); err != nil {
					t.Errorf("the inbox while it is deleted: %v", err)
				}
			}
		}
		w.run(t)
		w.between = nil
		if n := received.Load(); n < 9 {
			t.Errorf("others were let in %d times", n)
		}
		w.want(`SELECT name FROM inboxes`, "LINE 2")
		w.want(`SELECT COUNT(*) FROM channels`, "1")
		w.want(fmt.Sprintf(`SELECT COUNT(*) FROM conversations WHERE inbox_id = %d`, other), fmt.Sprint(received.Load()))
		w.want(`SELECT COUNT(*) - `+fmt.Sprint(received.Load())+` FROM messages`, "0")
		w.want(`SELECT COUNT(*) FROM jobs WHERE kind = 'inbox.delete'`, "0")
		w.want(`SELECT action || ' ' || CAST(auditable_id AS TEXT) || ' ' || CAST(user_id AS TEXT) || ' ' || username || ' ' || remote_address || ' ' || request_uuid FROM audits WHERE action = 'destroy'`,
			fmt.Sprintf("destroy %d %d a@example.test 203.0.113.7 r-1", large, w.user))
	})
}

// run runs bulk jobs until none waits, each as often as it wants to go on.
func (w *world) run(t *testing.T) {
	t.Helper()
	for {
		jobs, err := w.store.ClaimJobs(t.Context(), store.LaneBulk, "test", time.Hour, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(jobs) == 0 {
			return
		}
		if err := w.desk.Handlers()[jobs[0].Kind](t.Context(), jobs[0]); err != nil {
			t.Fatal(err)
		}
		if err := w.store.FinishJob(t.Context(), jobs[0].ID); err != nil {
			t.Fatal(err)
		}
	}
}

// A job that takes longer than a job may goes on later; the provider is told once, and
// a second order changes nothing.
func TestDeletionGoesOn(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		w := newWorld(t, b)
		inbox := w.line(1)
		for i := range 3 {
			var events []*chat.Event
			for n := range 150 {
				events = append(events, w.message(inbox, fmt.Sprint("U", i, "-", n), fmt.Sprint("k", i, "-", n), "hi"))
			}
			w.receive(events...)
		}
		parted := 0
		w.parts = func(*channels.Channel) { parted++ }
		if err := w.desk.DeleteInbox(t.Context(), desk.Actor{}, w.account, inbox); err != nil {
			t.Fatal(err)
		}
		payload, err := json.Marshal(desk.InboxJob{InboxID: inbox})
		if err != nil {
			t.Fatal(err)
		}
		job := store.Job{Kind: desk.JobDeleteInbox, AccountID: w.account, Payload: payload}
		w.between = func() { w.clock.Advance(31 * time.Second) }
		runs := 1
		for ; ; runs++ {
			err := w.desk.Handlers()[desk.JobDeleteInbox](t.Context(), job)
			if err == nil {
				break
			}
			if err != desk.ErrAgain { //nolint:errorlint // the runner's contract
				t.Fatal(err)
			}
			if runs > 20 {
				t.Fatal("it never ends")
			}
		}
		if runs < 3 || parted != 1 {
			t.Errorf("%d runs, the provider was told %d times", runs, parted)
		}
		w.want(`SELECT COUNT(*) FROM inboxes`, "0")
		if err := w.desk.Handlers()[desk.JobDeleteInbox](t.Context(), job); err != nil {
			t.Errorf("once more: %v", err)
		}
		w.want(`SELECT COUNT(*) FROM audits WHERE action = 'destroy'`, "1")
	})
}
