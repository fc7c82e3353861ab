package localq

import (
	"database/sql/driver"
	"fmt"
)

// tables of the file. log_<n> are made per partition. at, due and died are
// microseconds since 1970 UTC. delayed.pending tells that the entry came due and
// was handed to a reader. totals.live counts the bytes not acknowledged.
var tables = [...]string{
	`CREATE TABLE IF NOT EXISTS cursors(
		partition INTEGER PRIMARY KEY,
		acked INTEGER NOT NULL DEFAULT 0,
		read INTEGER NOT NULL DEFAULT 0,
		released INTEGER NOT NULL DEFAULT 0)`,
	`CREATE TABLE IF NOT EXISTS totals(
		id INTEGER PRIMARY KEY CHECK (id = 1),
		bytes INTEGER NOT NULL,
		live INTEGER NOT NULL)`,
	`INSERT OR IGNORE INTO totals(id, bytes, live) VALUES (1, 0, 0)`,
	`CREATE TABLE IF NOT EXISTS delayed(
		partition INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
		key TEXT NOT NULL, channel TEXT NOT NULL, payload BLOB NOT NULL, attempts INTEGER NOT NULL,
		due INTEGER NOT NULL, reason TEXT NOT NULL, pending INTEGER NOT NULL DEFAULT 0)`,
	`CREATE UNIQUE INDEX IF NOT EXISTS delayed_seq ON delayed(partition, seq)`,
	`CREATE INDEX IF NOT EXISTS delayed_due ON delayed(partition, pending, due, seq)`,
	`CREATE TABLE IF NOT EXISTS dead(
		partition INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
		key TEXT NOT NULL, channel TEXT NOT NULL, payload BLOB NOT NULL, attempts INTEGER NOT NULL,
		reason TEXT NOT NULL, died INTEGER NOT NULL)`,
	`CREATE UNIQUE INDEX IF NOT EXISTS dead_seq ON dead(partition, seq)`,
	`CREATE INDEX IF NOT EXISTS dead_channel ON dead(channel, died)`,
	`CREATE INDEX IF NOT EXISTS dead_died ON dead(died)`,
}

// migrate makes the tables and fits their number to the partitions.
func (w *writer) migrate(partitions int) error {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := w.tables(partitions)
	if err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		w.rollback()
	}
	return err
}

func (w *writer) tables(partitions int) error {
	for _, t := range tables {
		if err := w.exec(t); err != nil {
			return err
		}
	}
	var had, live int64
	err := w.query(`SELECT (SELECT count(*) FROM cursors), live FROM totals`, func(v []driver.Value) {
		had, live = v[0].(int64), v[1].(int64)
	})
	if err != nil {
		return err
	}
	if had != 0 && had != int64(partitions) && live > 0 {
		return fmt.Errorf("it has %d partitions and entries that are not applied: %d partitions are possible once it is drained", had, partitions)
	}
	for p := range int64(partitions) {
		if p < had {
			continue
		}
		if err := w.exec(fmt.Sprintf(`CREATE TABLE log_%d(
			seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, key TEXT NOT NULL, channel TEXT NOT NULL,
			payload BLOB NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0)`, p)); err != nil {
			return err
		}
		// Sequence numbers go on after those of dead letters of an earlier
		// partition of this number.
		if err := w.exec(`INSERT INTO cursors(partition, acked, read)
			SELECT ?1, m, m FROM (SELECT coalesce(max(seq), 0) AS m FROM dead WHERE partition = ?1)`, p); err != nil {
			return err
		}
	}
	for p := int64(partitions); p < had; p++ {
		if err := w.drop(p); err != nil {
			return err
		}
	}
	return nil
}

// drop removes a partition that is no longer wanted, with what was acknowledged
// in it.
func (w *writer) drop(p int64) error {
	size := fmt.Sprintf(`UPDATE totals SET bytes = bytes - (SELECT coalesce(sum(%s), 0) FROM log_%d)`, sizeSQL, p)
	if err := w.exec(size); err != nil {
		return err
	}
	if err := w.exec(fmt.Sprintf(`DROP TABLE log_%d`, p)); err != nil {
		return err
	}
	return w.exec(`DELETE FROM cursors WHERE partition = ?`, p)
}
