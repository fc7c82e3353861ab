package store

import (
	"context"
	"fmt"
	"time"
)

// Change is something that a provider told about what there is already.
type Change struct {
	IngestKey
	// Subject is what changed, in words of the caller's: a later change of the same
	// subject outdates an earlier one.
	Subject string
	// At is when it happened at the provider, in milliseconds; 0: unknown.
	At int64
}

// RecordChange notes that a change is about to be applied. due tells whether it
// has to be: it is the first time, and nothing later about the same subject was
// applied. Of several processes that record the same change, one has it to apply.
func (t *Tx) RecordChange(ctx context.Context, c Change) (due bool, err error) {
	overtaken := false
	if c.At > 0 {
		if overtaken, err = exists(ctx, t.tx, `SELECT 1 FROM applied_changes WHERE inbox_id = $1 AND subject = $2 AND happened_at > $3`,
			c.InboxID, c.Subject, c.At); err != nil {
			return false, fmt.Errorf("store: record change: %w", err)
		}
	}
	res, err := t.tx.ExecContext(ctx, `INSERT INTO applied_changes (inbox_id, ingest_key, subject, happened_at, applied_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (inbox_id, ingest_key) DO NOTHING`, c.InboxID, c.Key, c.Subject, c.At, t.now())
	if err != nil {
		return false, fmt.Errorf("store: record change: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("store: record change: %w", err)
	}
	return n > 0 && !overtaken, nil
}

// ForgetChanges removes the notes of changes that were applied before a moment,
// when no provider repeats them any more. It gives their number.
func (s *Store) ForgetChanges(ctx context.Context, before time.Time) (int64, error) {
	res, err := s.w.ExecContext(ctx, `DELETE FROM applied_changes WHERE applied_at < $1`, micros(before))
	if err != nil {
		return 0, fmt.Errorf("store: forget changes: %w", err)
	}
	return res.RowsAffected()
}
