package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tributary/chat"
	"tributary/store"
)

func lifeCases() []Case {
	return []Case{
		{"migrate and migrated", []string{"Store.Migrate", "Store.Migrated", "Store.Ping", "Store.Close", "Store.Dialect", "Store.Stats", "Store.Statements"}, testLife},
		{"a transaction is whole", []string{"Store.Transact"}, testTransact},
		{"a second writer's row is a conflict", []string{"Tx.InsertWritten"}, testConflict},
	}
}

func testLife(t *testing.T, w *World) {
	ctx := t.Context()
	name := "sqlite"
	pools := []string{"read", "write"}
	if w.URL != "" {
		name, pools = "postgres", []string{"write"}
	}
	want(t, "Dialect", w.Dialect(), name)
	noErr(t, "Ping", w.Ping(ctx))
	before := w.Statements()
	_, err := w.Agents(ctx, 1, []int64{1})
	noErr(t, "Agents", err)
	want(t, "statements", w.Statements()-before, 1)
	noErr(t, "Migrate again", w.Migrate(ctx))
	current, err := w.Migrated(ctx)
	noErr(t, "Migrated", err)
	want(t, "Migrated", current, true)
	stats := w.Stats()
	want(t, "number of pools", len(stats), len(pools))
	for _, p := range pools {
		if stats[p].MaxOpenConnections < 1 {
			t.Errorf("pool %s allows %d connections", p, stats[p].MaxOpenConnections)
		}
	}
	if w.URL == "" {
		want(t, "connections that write", stats["write"].MaxOpenConnections, 1)
	}

	s, err := store.Open(ctx, w.Options(t, Secret))
	noErr(t, "open again", err)
	noErr(t, "Close", s.Close())
	noErr(t, "Close twice", s.Close())
	if err := s.Ping(ctx); err == nil {
		t.Error("Ping of a closed store: no error")
	}
	if err := s.Transact(ctx, func(*store.Tx) error { return nil }); err == nil {
		t.Error("Transact of a closed store: no error")
	}
}

func testTransact(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	jobs := func() int64 { return w.number(`SELECT COUNT(*) FROM jobs`) }
	insert := func(tx *store.Tx, kind string) error { return tx.InsertJob(t.Context(), store.Job{Kind: kind}) }

	boom := errors.New("boom")
	w.fails("an error takes everything back", boom, func(_ context.Context, tx *store.Tx) error {
		if err := insert(tx, "a"); err != nil {
			return err
		}
		return fmt.Errorf("wrapped: %w", boom)
	})
	want(t, "jobs after an error", jobs(), 0)

	func() {
		defer func() { _ = recover() }() // PostgreSQL: the panic is the caller's own
		err := w.Transact(t.Context(), func(tx *store.Tx) error {
			if err := insert(tx, "b"); err != nil {
				return err
			}
			panic("out of paper")
		})
		if err == nil || !strings.Contains(err.Error(), "out of paper") {
			t.Errorf("a panic gives the error %v", err)
		}
	}()
	want(t, "jobs after a panic", jobs(), 0)

	// A statement that the database refuses spoils its own transaction only.
	w.fails("a taken address", store.ErrAddressTaken, func(ctx context.Context, tx *store.Tx) error {
		if err := insert(tx, "c"); err != nil {
			return err
		}
		_, err := tx.InsertChannel(ctx, store.NewChannel{
			AccountID: l.Account, Type: "Channel::Line", Settings: []byte(`{}`),
			Addresses: []store.Address{{Address: chat.Address{Kind: "line", Value: "l"}}},
		})
		return err
	})
	want(t, "jobs after a refused statement", jobs(), 0)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := w.Transact(ctx, func(tx *store.Tx) error { return insert(tx, "d") })
	wantErr(t, "Transact of a caller that gave up", err, context.Canceled)
	want(t, "jobs after a cancelled transaction", jobs(), 0)

	w.do(func(_ context.Context, tx *store.Tx) error { return insert(tx, "e") })
	want(t, "jobs after a commit", jobs(), 1)
	want(t, "moment of the transaction", in(w, func(_ context.Context, tx *store.Tx) (int64, error) { return tx.Now.UnixMicro(), nil }),
		w.Clock.Now().UnixMicro())
}

func testConflict(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "U1")
	write := func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertWritten(ctx, store.Written{
			AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation,
			Type: int(chat.Incoming), IngestKey: "k1",
		})
		return err
	}
	w.do(write)
	w.fails("the same ingest key", store.ErrConflict, write)
	want(t, "messages", w.number(`SELECT COUNT(*) FROM messages`), 1)
	if store.Transient(store.ErrConflict) {
		t.Error("ErrConflict is transient")
	}
	if !store.Transient(context.DeadlineExceeded) || store.Transient(nil) {
		t.Error("Transient mistakes a deadline or nil")
	}
}
