package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func writerCases() []Case {
	return []Case{
		{"display ids of eight writers", []string{"Tx.InsertConversations"}, testDisplayIDs},
		{"messages of eight writers", []string{"Tx.InsertMessages", "Tx.EnsureContacts"}, testSameEvents},
		{"a conversation resolved meanwhile", []string{"Tx.CurrentConversations"}, testResolvedMeanwhile},
		{"batches in opposite orders", []string{"Tx.CurrentConversations", "Tx.TouchConversations", "Tx.TouchContacts", "Tx.MoveStatuses"}, testOppositeOrders},
		{"migrations of three processes", []string{"Store.Migrate"}, testMigrateTogether},
	}
}

// parallel runs f n times at once.
func parallel(t testing.TB, n int, f func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("worker %d: %v", i, err)
		}
	}
}

// waitBlocked waits until n of the test's connections to PostgreSQL wait for a
// lock.
func (w *World) waitBlocked(n int64) {
	w.t.Helper()
	end := time.Now().Add(20 * time.Second)
	for {
		got := w.number(`SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = current_setting('application_name') AND wait_event_type = 'Lock'`)
		if got >= n {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("%d connections wait for a lock, want %d", got, n)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func testDisplayIDs(t *testing.T, w *World) {
	const writers, each = 8, 12
	w.tenants()
	mine, theirs := w.chat(w.line(w.Mine.Account, "m"), "A"), w.chat(w.line(w.Theirs.Account, "o"), "A")
	fresh := func(c Chat, worker, n int) store.NewConversation {
		return store.NewConversation{
			ThreadKey: store.ThreadKey{ContactInboxID: c.ContactInbox, Thread: fmt.Sprintf("%d-%d", worker, n)}, AccountID: c.Account,
			InboxID: c.Inbox, ContactID: c.Contact, UUID: store.NewToken(), At: 1,
		}
	}
	gaveUp := fmt.Errorf("a writer that gives up")
	parallel(t, writers, func(i int) error {
		for n := range each {
			err := w.Transact(t.Context(), func(tx *store.Tx) error {
				list := []store.NewConversation{fresh(mine, i, n), fresh(theirs, i, n), fresh(mine, i, 1000+n)}
				if i%2 == 0 {
					slices.Reverse(list)
				}
				if _, err := tx.InsertConversations(t.Context(), list); err != nil {
					return err
				}
				if n%4 == 3 {
					return gaveUp // its numbers are given out again
				}
				return nil
			})
			if err != nil && (n%4 != 3 || err.Error() != gaveUp.Error()) {
				return err
			}
		}
		return nil
	})
	for account, made := range map[int64]int64{w.Mine.Account: 1 + 2*writers*each*3/4, w.Theirs.Account: 1 + writers*each*3/4} {
		want(t, "conversations", w.number(`SELECT COUNT(*) FROM conversations WHERE account_id = $1`, account), made)
		want(t, "highest display id", w.number(`SELECT MAX(display_id) FROM conversations WHERE account_id = $1`, account), made)
		want(t, "distinct display ids", w.number(`SELECT COUNT(DISTINCT display_id) FROM conversations WHERE account_id = $1`, account), made)
	}
}

// Eight processes get the same events in batches that overlap: everything is
// stored once, after as many new attempts as the database asks for.
func testSameEvents(t *testing.T, w *World) {
	const workers, events = 8, 40
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "m"), "A")
	again := func(f func(*store.Tx) error) error {
		for {
			err := w.Transact(t.Context(), f)
			if err == nil || !store.Transient(err) && !isConflict(err) {
				return err
			}
		}
	}
	var mu sync.Mutex
	made, contacts := 0, 0
	parallel(t, workers, func(i int) error {
		for first := 0; first < events; first += 10 {
			var people []store.NewContact
			var list []store.NewMessage
			for n := first; n < first+10; n++ {
				people = append(people, store.NewContact{AccountID: c.Account, Phone: "+" + itoa(n)})
				list = append(list, store.NewMessage{
					IngestKey: store.IngestKey{InboxID: c.Inbox, Key: itoa(n)}, AccountID: c.Account,
					ConversationID: c.Conversation, Type: int(chat.Incoming), At: 1,
				})
			}
			if i%2 == 0 {
				slices.Reverse(people)
				slices.Reverse(list)
			}
			newMessages, newContacts := 0, 0
			err := again(func(tx *store.Tx) error {
				newMessages, newContacts = 0, 0
				_, created, err := tx.EnsureContacts(t.Context(), people)
				if err != nil {
					return err
				}
				for _, c := range created {
					if c {
						newContacts++
					}
				}
				ids, err := tx.InsertMessages(t.Context(), list)
				newMessages = len(ids)
				return err
			})
			if err != nil {
				return err
			}
			mu.Lock()
			made += newMessages
			contacts += newContacts
			mu.Unlock()
		}
		return nil
	})
	want(t, "messages said to be made", made, events)
	want(t, "messages", w.number(`SELECT COUNT(*) FROM messages`), events)
	want(t, "contacts said to be made", contacts, events)
	want(t, "contacts", w.number(`SELECT COUNT(*) FROM contacts WHERE phone_number IS NOT NULL`), events)
}

// An agent resolves the conversation while a message of the contact waits for
// it: the message has no current conversation any more.
func testResolvedMeanwhile(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "m"), "A")
	held, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 2)
	go func() {
		done <- w.Transact(t.Context(), func(tx *store.Tx) error {
			row, err := tx.LockConversation(t.Context(), c.Account, c.Display)
			if err != nil {
				return err
			}
			close(held)
			<-release
			row.Status = chat.Resolved.Code()
			return tx.UpdateConversation(t.Context(), row)
		})
	}()
	<-held
	found := -1
	go func() {
		keys := []store.ThreadKey{{ContactInboxID: c.ContactInbox}}
		done <- w.Transact(t.Context(), func(tx *store.Tx) error {
			got, err := tx.CurrentConversations(t.Context(), keys, []bool{false})
			found = len(got)
			return err
		})
	}()
	if w.URL != "" {
		w.waitBlocked(1)
	}
	close(release)
	for range 2 {
		noErr(t, "transaction", <-done)
	}
	want(t, "current conversations", found, 0)
}

// Transactions that touch the same rows in opposite orders do not wait for each
// other in a circle.
func testOppositeOrders(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "m")
	var chats []Chat
	var sent []int64
	for i := range 12 {
		c := w.chat(l, "S"+itoa(i))
		chats, sent = append(chats, c), append(sent, w.outgoing(c, w.Mine.User, "x"))
	}
	parallel(t, 6, func(i int) error {
		order := make([]int, len(chats))
		for n := range order {
			order[n] = (n*5 + i*7) % len(chats) // a different order in every worker
		}
		for range 15 {
			err := w.Transact(t.Context(), func(tx *store.Tx) error { return touchAll(t.Context(), tx, chats, sent, order) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func touchAll(ctx context.Context, tx *store.Tx, chats []Chat, sent []int64, order []int) error {
	var keys []store.ThreadKey
	var conversations []store.TouchConversation
	var contacts []store.TouchContact
	var moves []store.StatusMove
	for _, n := range order {
		keys = append(keys, store.ThreadKey{ContactInboxID: chats[n].ContactInbox})
		conversations = append(conversations, store.TouchConversation{ID: chats[n].Conversation, At: 1})
		contacts = append(contacts, store.TouchContact{ID: chats[n].Contact, At: 1})
		moves = append(moves, store.StatusMove{MessageID: sent[n], Status: 1})
	}
	switch order[0] % 3 {
	case 1:
		return tx.TouchContacts(ctx, contacts)
	case 2:
		return tx.MoveStatuses(ctx, moves)
	}
	if _, err := tx.CurrentConversations(ctx, keys, make([]bool, len(keys))); err != nil {
		return err
	}
	if err := tx.TouchConversations(ctx, conversations); err != nil {
		return err
	}
	if err := tx.TouchContacts(ctx, contacts); err != nil {
		return err
	}
	return tx.MoveStatuses(ctx, moves)
}

func testMigrateTogether(t *testing.T, w *World) {
	if w.URL == "" {
		noErr(t, "Migrate", w.Migrate(t.Context())) // the embedded database has one process
		return
	}
	w.exec(`DROP TABLE goose_db_version`)
	for _, name := range w.tables(t) {
		w.exec(`DROP TABLE ` + name + ` CASCADE`)
	}
	current, err := w.Migrated(t.Context())
	noErr(t, "Migrated", err)
	want(t, "Migrated without a schema", current, false)
	parallel(t, 3, func(int) error { return w.Migrate(t.Context()) })
	current, err = w.Migrated(t.Context())
	noErr(t, "Migrated", err)
	want(t, "Migrated", current, true)
}
