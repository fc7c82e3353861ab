package store

import (
	"context"
	"fmt"
	"time"
)

// CountHits adds to a counter that ends at a moment, and gives its sum over all
// processes.
func (s *Store) CountHits(ctx context.Context, name string, n int64, ends time.Time) (int64, error) {
	var sum int64
	err := s.statement(ctx, func(q queryer) error {
		return q.QueryRowContext(ctx, `INSERT INTO throttle_hits (name, ends_at, hits) VALUES ($1, $2, $3)
			ON CONFLICT (name, ends_at) DO UPDATE SET hits = throttle_hits.hits + excluded.hits RETURNING hits`, name, micros(ends), n).Scan(&sum)
	})
	if err != nil {
		return 0, fmt.Errorf("store: count hits: %w", err)
	}
	return sum, nil
}

// PruneSignIn removes what is over: sessions and tokens that expired, counters that
// ended, and mails that were held longer than keep.
func (s *Store) PruneSignIn(ctx context.Context, keep time.Duration) error {
	now := s.now()
	for _, one := range []struct {
		query string
		at    time.Time
	}{
		{`DELETE FROM user_sessions WHERE expires_at <= $1`, now},
		{`DELETE FROM user_tokens WHERE expires_at <= $1`, now},
		{`DELETE FROM console_sessions WHERE expires_at <= $1`, now},
		{`DELETE FROM throttle_hits WHERE ends_at <= $1`, now},
		{`DELETE FROM mails_held WHERE created_at <= $1`, now.Add(-keep)},
	} {
		if _, err := s.w.ExecContext(ctx, one.query, micros(one.at)); err != nil {
			return fmt.Errorf("store: prune sign-in: %w", err)
		}
	}
	return nil
}
