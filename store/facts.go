package store

import (
	"context"
	"fmt"
	"time"
)

// Facts are what an operator may have set wrong in a database.
type Facts struct {
	Version string
	Now     time.Time // its clock
	// Settings are those of PostgreSQL, as pg_settings has them; of SQLite journal_mode
	// and synchronous.
	Settings map[string]string
	// Connections are those that are open now, of everybody; PostgreSQL only.
	Connections int
	// Standby tells that it only follows another PostgreSQL.
	Standby bool
}

// durability are the settings of PostgreSQL that decide whether what was committed is
// there after a power cut, and how many may connect.
const durability = `'fsync', 'synchronous_commit', 'full_page_writes', 'max_connections', 'superuser_reserved_connections', 'server_version_num'`

// Facts asks the database.
func (s *Store) Facts(ctx context.Context) (Facts, error) {
	f := Facts{Settings: map[string]string{}}
	if s.group != nil {
		var synchronous, mode string
		if err := s.r.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&f.Version); err != nil {
			return f, fmt.Errorf("store: facts: %w", err)
		}
		if err := s.r.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
			return f, fmt.Errorf("store: facts: %w", err)
		}
		if err := s.r.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&synchronous); err != nil {
			return f, fmt.Errorf("store: facts: %w", err)
		}
		f.Settings["journal_mode"], f.Settings["synchronous"] = mode, synchronous
		f.Now = time.Now() // it has none of its own
		return f, nil
	}
	var micros int64
	if err := s.r.QueryRowContext(ctx, `SELECT current_setting('server_version'), CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT),
			(SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), pg_is_in_recovery()`).
		Scan(&f.Version, &micros, &f.Connections, &f.Standby); err != nil {
		return f, fmt.Errorf("store: facts: %w", err)
	}
	f.Now = time.UnixMicro(micros).UTC()
	rows, err := s.r.QueryContext(ctx, `SELECT name, setting FROM pg_settings WHERE name IN (`+durability+`)`)
	if err != nil {
		return f, fmt.Errorf("store: facts: %w", err)
	}
	list, err := collect(rows, "facts", func(kv *[2]string) []any { return []any{&kv[0], &kv[1]} })
	for _, kv := range list {
		f.Settings[kv[0]] = kv[1]
	}
	return f, err
}
