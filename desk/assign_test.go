package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"tributary/channels/all"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/optional"
	"tributary/internal/testkit"
	"tributary/presence"
	"tributary/store"
	"tributary/store/storetest"
)

// shift is a world in which agents work: what happens is followed, and jobs run.
type shift struct{ *world }

func newShift(t *testing.T, b testkit.Backend) *shift {
	t.Helper()
	return &shift{newWorld(t, b)}
}

// exec changes the tables directly, for states that take long to reach.
func (w *shift) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(w.t.Context(), query, args...); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

// number reads one number from the tables.
func (w *shift) number(query string, args ...any) int64 {
	w.t.Helper()
	n, err := strconv.ParseInt(w.rows(query, args...)[0], 10, 64)
	if err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// agent makes an agent who is seen as online, whoever is connected.
func (w *shift) agent(name string, inboxes ...int64) int64 {
	w.t.Helper()
	var id int64
	err := w.store.Transact(w.t.Context(), func(tx *store.Tx) error {
		var err error
		if id, err = tx.InsertUser(w.t.Context(), store.NewUser{Email: name + "@example.test", Name: name}); err != nil {
			return err
		}
		if _, err := tx.InsertMembership(w.t.Context(), store.Membership{AccountID: w.account, UserID: id}); err != nil {
			return err
		}
		for _, inbox := range inboxes {
			if _, err := tx.AddInboxMembers(w.t.Context(), inbox, []int64{id}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *shift) available(user int64, availability int) {
	w.t.Helper()
	w.exec(`UPDATE account_users SET availability = $2 WHERE user_id = $1`, user, availability)
}

// happen hands what happened to its followers and runs all jobs that are due, until
// nothing is left.
func (w *shift) happen() {
	w.t.Helper()
	dispatcher := desk.NewDispatcher(w.desk, slog.New(slog.DiscardHandler), func() {})
	for range 20 {
		if err := dispatcher.Drain(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		if !w.work(w.desk) {
			return
		}
	}
	w.t.Fatal("it never ends")
}

// work runs the jobs that are due, and tells whether there were any.
func (w *shift) work(d *desk.Desk) bool {
	w.t.Helper()
	worked := false
	for _, lane := range []string{store.LaneDeferred, store.LaneNumbers, store.LaneBulk} {
		jobs, err := w.store.ClaimJobs(w.t.Context(), lane, "test", time.Minute, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, j := range jobs {
			handler, ok := d.Handlers()[j.Kind]
			worked = true
			if !ok || j.Kind == desk.JobRegister {
				handler = func(context.Context, store.Job) error { return nil } // of others
			}
			if err := handler(w.t.Context(), j); err != nil {
				w.t.Fatalf("%s: %v", j.Kind, err)
			}
			if err := w.store.FinishJob(w.t.Context(), j.ID); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return worked
}

// arrives makes a conversation of somebody who writes, and gives its id.
func (w *shift) arrives(inbox int64, from string) int64 {
	w.t.Helper()
	w.clock.Advance(time.Second)
	w.receive(w.message(inbox, from, from+strconv.FormatInt(w.clock.Now().UnixMicro(), 36), "hello"))
	w.happen()
	return w.number(`SELECT MAX(c.id) FROM conversations c JOIN contact_inboxes i ON i.id = c.contact_inbox_id WHERE i.source_id = $1`, from)
}

// has is who has a conversation; 0: nobody.
func (w *shift) has(id int64) int64 {
	w.t.Helper()
	return w.number(`SELECT COALESCE(assignee_id, 0) FROM conversations WHERE id = $1`, id)
}

func (w *shift) edit(id int64, f func(context.Context, *desk.Edit) error) {
	w.t.Helper()
	ctx := w.t.Context()
	if err := w.desk.EditByID(ctx, id, desk.Author{UserID: w.user, Name: "A"}, func(e *desk.Edit) error { return f(ctx, e) }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *shift) status(id int64, to chat.ConversationStatus) {
	w.t.Helper()
	w.edit(id, func(_ context.Context, e *desk.Edit) error {
		e.Status(to, nil)
		return nil
	})
}

func TestRoundRobin(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		inbox := w.line(1)
		if got := w.has(w.arrives(inbox, "nobody there")); got != 0 {
			t.Errorf("without members: %d", got)
		}
		a, z, c := w.agent("ann", inbox), w.agent("zoe", inbox), w.agent("cat", inbox)
		w.agent("stranger")
		order := []int64{}
		for i := range 4 {
			order = append(order, w.has(w.arrives(inbox, fmt.Sprint("first ", i))))
		}
		if want := []int64{a, z, c, a}; !slices.Equal(order, want) {
			t.Errorf("got %v, want %v", order, want)
		}
		// Whoever is away is passed over, and comes first afterwards.
		w.available(z, 2)
		if got := w.has(w.arrives(inbox, "busy")); got != c {
			t.Errorf("while Zoe is busy: %d, want %d", got, c)
		}
		w.available(z, 0)
		if got := w.has(w.arrives(inbox, "back")); got != z {
			t.Errorf("when Zoe is back: %d, want %d", got, z)
		}
		// A new member has waited longest.
		d := w.agent("dan", inbox)
		one := w.arrives(inbox, "new member")
		if got := w.has(one); got != d {
			t.Errorf("a new member: %d, want %d", got, d)
		}
		// Nobody who could take it.
		w.exec(`UPDATE account_users SET availability = 1`)
		nobody := w.arrives(inbox, "nobody")
		if got := w.has(nobody); got != 0 {
			t.Errorf("everybody offline: %d", got)
		}
		w.exec(`UPDATE account_users SET availability = 0`)
		w.status(nobody, chat.Pending)
		w.status(nobody, chat.Open)
		if got := w.has(nobody); got != a {
			t.Errorf("opened again: %d, want %d", got, a)
		}
		// What somebody has who is a member stays; what a stranger has does not.
		w.status(one, chat.Resolved)
		w.arrives(inbox, "new member")
		if got := w.has(one); got != d {
			t.Errorf("reopened: %d, want %d", got, d)
		}
		// The members and what they follow.
		w.want(fmt.Sprintf(`SELECT user_id FROM conversation_participants WHERE conversation_id = %d`, one), strconv.FormatInt(d, 10))
		w.exec(`UPDATE inboxes SET enable_auto_assignment = FALSE`)
		if got := w.has(w.arrives(inbox, "by hand")); got != 0 {
			t.Errorf("an inbox that gives nothing away: %d", got)
		}
	})
}

// A conversation that its contact reopens goes to somebody else where whoever had it
// is no member any more; one that an agent opens and takes stays theirs.
func TestReopenedByContact(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		inbox := w.inbox("Channel::Line", "L", map[string]any{"line_channel_id": "2000000001", "line_channel_secret": "s", "line_channel_token": "t"},
			func(i *store.Inbox) { i.LockToSingleConversation = true })
		a := w.agent("ann", inbox)
		id := w.arrives(inbox, "U1")
		w.edit(id, func(ctx context.Context, e *desk.Edit) error {
			e.Status(chat.Resolved, nil)
			return e.Assign(ctx, w.user)
		})
		w.happen()
		if got := w.has(w.arrives(inbox, "U1")); got != a {
			t.Errorf("reopened by the contact: %d, want %d", got, a)
		}
		w.status(id, chat.Resolved)
		w.edit(id, func(ctx context.Context, e *desk.Edit) error {
			e.Status(chat.Open, nil)
			return e.Assign(ctx, w.user)
		})
		w.happen()
		if got := w.has(id); got != w.user {
			t.Errorf("taken by an administrator: %d, want %d", got, w.user)
		}
	})
}

func TestPresenceDecides(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		options := w.desk.Options
		options.Presence = presence.NewLocal(w.clock.Now, presence.Duration)
		w.desk = desk.New(options)
		inbox := w.line(1)
		a, z := w.agent("ann", inbox), w.agent("zoe", inbox)
		w.exec(`UPDATE account_users SET auto_offline = TRUE WHERE user_id = $1`, a)
		if got := w.has(w.arrives(inbox, "1")); got != z {
			t.Errorf("Ann is not connected: %d, want %d", got, z)
		}
		if err := w.desk.UserBeat(t.Context(), w.account, a); err != nil {
			t.Fatal(err)
		}
		if got := w.has(w.arrives(inbox, "2")); got != a {
			t.Errorf("Ann is connected: %d, want %d", got, a)
		}
	})
}

func TestAssignmentLimit(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		for _, config := range []string{`{"max_assignment_limit":1}`, `{"max_assignment_limit":"1"}`} {
			w := newShift(t, testkit.Backend{Name: b.Name, DatabaseURL: b.DatabaseURL})
			inbox, other := w.line(1), w.line(2)
			a := w.agent("ann", inbox, other)
			w.exec(`UPDATE inboxes SET auto_assignment_config = $1`, config)
			one, two := w.arrives(inbox, "1"), w.arrives(inbox, "2")
			if w.has(one) != a || w.has(two) != 0 {
				t.Errorf("got %d, %d", w.has(one), w.has(two))
			}
			if got := w.has(w.arrives(other, "3")); got != a {
				t.Errorf("the other inbox: %d", got)
			}
			w.status(one, chat.Resolved)
			w.status(two, chat.Snoozed)
			w.status(two, chat.Open)
			if got := w.has(two); got != a {
				t.Errorf("after the first was resolved: %d", got)
			}
			if b.DatabaseURL != "" {
				return // one database
			}
		}
	})
}

func TestTeams(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		w := newShift(t, b)
		inbox := w.line(1)
		a, z, c := w.agent("ann", inbox), w.agent("zoe", inbox), w.agent("cat")
		w.exec(`INSERT INTO teams (id, account_id, name, allow_auto_assign, created_at, updated_at)
			VALUES (1, $1, 'sales', TRUE, 1, 1), (2, $1, 'quiet', FALSE, 1, 1), (3, $1, 'outside', TRUE, 1, 1)`, w.account)
		w.exec(`INSERT INTO team_members (team_id, user_id, created_at) VALUES (1, $1, 1), (1, $2, 1), (3, $2, 1)`, z, c)
		w.exec(`UPDATE inboxes SET enable_auto_assignment = FALSE`)
		team := func(id, to int64) int64 {
			t.Helper()
			w.edit(id, func(ctx context.Context, e *desk.Edit) error { return e.Team(ctx, to) })
			return w.has(id)
		}
		id := w.arrives(inbox, "1")
		w.edit(id, func(ctx context.Context, e *desk.Edit) error { return e.Assign(ctx, a) })
		// Ann is not in the team, Cat not in the inbox. The inbox gives nothing away itself.
		if got := team(id, 1); got != z {
			t.Errorf("team: %d, want %d", got, z)
		}
		if got := team(id, 0); got != z {
			t.Errorf("no team: %d, want %d", got, z)
		}
		if got := team(id, 2); got != 0 {
			t.Errorf("a team that gives nothing away: %d", got)
		}
		if got := team(id, 3); got != 0 {
			t.Errorf("a team of others: %d", got)
		}
		w.exec(`UPDATE inboxes SET auto_assignment_config = '{"max_assignment_limit":1}'`)
		if got := team(id, 1); got != z {
			t.Errorf("team again: %d, want %d", got, z)
		}
		if got := team(w.arrives(inbox, "2"), 1); got != 0 {
			t.Errorf("a team whose member has enough: %d", got)
		}
		w.exec(`UPDATE inboxes SET auto_assignment_config = '{}'`)
		// What an agent begins: whoever was named has to be of the team.
		for _, c := range []struct{ team, named, want int64 }{{1, 0, z}, {1, z, z}, {1, a, z}, {2, 0, 0}, {2, a, 0}, {3, 0, 0}, {99, a, a}, {0, a, a}} {
			display, err := w.desk.StartConversation(t.Context(), desk.NewConversation{
				AccountID: w.account, By: desk.Author{UserID: w.user, Name: "A"}, InboxID: inbox, SourceID: optional.Of("1"), TeamID: c.team, AssigneeID: c.named,
			})
			if err != nil {
				t.Fatal(err)
			}
			w.happen()
			if got := w.number(`SELECT COALESCE(assignee_id, 0) FROM conversations WHERE display_id = $1`, display); got != c.want {
				t.Errorf("begun for team %d and agent %d: %d, want %d", c.team, c.named, got, c.want)
			}
		}
		w.exec(`UPDATE inboxes SET enable_auto_assignment = TRUE`)
		// What opens goes to its team, or to nobody where that wants no choice.
		for of, want := range map[int64]int64{1: z, 2: 0, 3: 0, 99: a} {
			w.exec(`UPDATE conversations SET status = 1, assignee_id = NULL, team_id = $2 WHERE id = $1`, id, of)
			w.status(id, chat.Open)
			if got := w.has(id); got != want && of != 99 || of == 99 && got == 0 {
				t.Errorf("opened, of team %d: %d, want %d", of, got, want)
			}
		}
		w.want(`SELECT content FROM messages WHERE message_type = 2 AND content LIKE '%of team%' ORDER BY id`,
			"A assigned the conversation to zoe of team sales", "A assigned the conversation to zoe of team sales")
	})
}

// put makes many open conversations in an inbox that have nobody, and gives their ids.
func (w *shift) put(inbox int64, n int) []int64 {
	w.t.Helper()
	w.receive(w.message(inbox, "many", "many", "hello"))
	w.exec(`DELETE FROM outbox`)
	series := `generate_series(1, ` + strconv.Itoa(n-1) + `) AS g(n)`
	if w.store.Dialect() == "sqlite" {
		series = `(WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < ` + strconv.Itoa(n-1) + `) SELECT n FROM g) AS g`
	}
	w.exec(`INSERT INTO conversations (account_id, inbox_id, contact_id, contact_inbox_id, display_id, uuid, last_activity_at, created_at, updated_at)
		SELECT c.account_id, c.inbox_id, c.contact_id, c.contact_inbox_id, 1000000 + g.n, 'many' || g.n, c.last_activity_at, c.created_at, c.updated_at
		FROM conversations c CROSS JOIN ` + series)
	var ids []int64
	for _, id := range w.rows(`SELECT id FROM conversations ORDER BY id`) {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, n)
	}
	return ids
}

// second is another process on the same database; on SQLite there is none, and it is
// the first.
func (w *shift) second(b testkit.Backend) *desk.Desk {
	w.t.Helper()
	if b.DatabaseURL == "" {
		return w.desk
	}
	sealer, err := store.NewSealer("a test key")
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := store.Open(w.t.Context(), store.Options{URL: b.DatabaseURL, Sealer: sealer, Now: w.clock.Now, Conns: 8})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close() })
	options := w.desk.Options
	options.Store = s
	options.Directory = desk.NewDirectory(w.t.Context(), s, all.New(w.env), options.Log)
	return desk.New(options)
}

// shares are how many open conversations each member has, in ascending order.
func (w *shift) shares() []string {
	return w.rows(`SELECT COUNT(*) FROM conversations WHERE assignee_id IS NOT NULL AND status = 0 GROUP BY assignee_id ORDER BY 1`)
}

// Eight workers of two processes give 10,000 conversations away: nobody gets more than
// their limit, and until it is reached all get as many.
func TestAssignmentUnderLoad(t *testing.T) {
	t.Parallel()
	storetest.Prepared.Each(t, func(t *testing.T, b testkit.Backend) {
		t.Parallel()
		const conversations, workers, members = 10_000, 8, 10
		w := newShift(t, b)
		inbox := w.line(1)
		for i := range members {
			w.agent(fmt.Sprint("agent", i), inbox)
		}
		ids := w.put(inbox, conversations)
		desks := []*desk.Desk{w.desk, w.second(b)}
		run := func() {
			work := make(chan []int64)
			var running sync.WaitGroup
			for i := range workers {
				running.Go(func() {
					for chunk := range work {
						payload, err := json.Marshal(map[string]any{"inbox_id": inbox, "conversations": chunk})
						if err != nil {
							t.Error(err)
						}
						j := store.Job{Kind: desk.JobAssign, AccountID: w.account, Payload: payload}
						if err := desks[i%2].Handlers()[desk.JobAssign](t.Context(), j); err != nil {
							t.Error(err)
						}
					}
				})
			}
			for chunk := range slices.Chunk(ids, 25) {
				work <- chunk
			}
			close(work)
			running.Wait()
		}
		const last = 250
		for _, limit := range []int{100, last} {
			w.exec(`UPDATE inboxes SET auto_assignment_config = '{"max_assignment_limit":` + strconv.Itoa(limit) + `}'`)
			begun := time.Now()
			run()
			t.Logf("%d conversations looked at in %v", conversations, time.Since(begun))
			want := slices.Repeat([]string{strconv.Itoa(limit)}, members)
			if got := w.shares(); !slices.Equal(got, want) {
				t.Errorf("with a limit of %d: %v", limit, got)
			}
		}
		// Each was given away once.
		given := strconv.Itoa(last * members)
		w.want(`SELECT COUNT(*) FROM outbox WHERE kind = 'assignee.changed'`, given)
		w.want(`SELECT COUNT(*) FROM conversation_participants`, given)
		w.want(`SELECT turn FROM assignment_queues`, given)
	})
}
