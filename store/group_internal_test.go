package store

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"
)

// When the database ends the common transaction, every member of the group is
// told, and the next group works.
func TestGroupLost(t *testing.T) {
	t.Parallel()
	sealer, err := NewSealer("secret")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	setting := func(tx *sql.Tx, topic string) error {
		_, err := tx.ExecContext(context.Background(), `INSERT INTO change_versions (topic, version) VALUES ($1, 1)`, topic)
		return err
	}
	held, free := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	var first, second error
	wg.Go(func() {
		first = s.tx(t.Context(), func(tx *sql.Tx) error {
			close(held)
			<-free
			return setting(tx, "first")
		})
	})
	<-held
	wg.Go(func() {
		second = s.tx(t.Context(), func(tx *sql.Tx) error {
			if err := setting(tx, "second"); err != nil {
				return err
			}
			_, err := tx.ExecContext(context.Background(), `ROLLBACK`) // as a full disk does
			return err
		})
	})
	close(free)
	wg.Wait()
	if second == nil || !strings.HasPrefix(second.Error(), "store: savepoint: ") {
		t.Errorf("the transaction that was ended: error %v", second)
	}
	for topic, err := range map[string]error{"first": first, "second": second} {
		_, missing := s.Version(t.Context(), topic)
		if (err == nil) != (missing == nil) {
			t.Errorf("%s: transaction %v, but reading it %v", topic, err, missing)
		}
	}
	if err := s.tx(t.Context(), func(tx *sql.Tx) error { return setting(tx, "third") }); err != nil {
		t.Errorf("the next transaction: %v", err)
	}
}
