package store

import (
	"context"
	"fmt"
	"slices"
)

// DrainOutbox takes up to limit rows of the outbox, the oldest first, and hands them to f in
// the transaction that removes them. seen, where it is given, gets them as soon as they are
// known, before that: what it does goes on beside f. A drain that fails leaves the rows
// where they are, so that seen gets them once more.
func (s *Store) DrainOutbox(ctx context.Context, limit int, seen func([]OutboxRow), f func(*Tx, []OutboxRow) error) (int, error) {
	if seen == nil {
		seen = func([]OutboxRow) {}
	}
	var list []OutboxRow
	var err error
	if s.group != nil {
		// All rows are this process's. They are read where nobody waits for the writer.
		if list, err = readOutbox(ctx, s.r, limit, ""); err != nil || len(list) == 0 {
			return 0, err
		}
		seen(list)
	}
	n := 0
	err = s.Transact(ctx, func(t *Tx) error {
		taken := list
		if s.group == nil {
			if taken, err = readOutbox(ctx, t.tx, limit, s.d.skipLocked); err != nil || len(taken) == 0 {
				return err
			}
			seen(taken)
		}
		if taken, err = t.removeOutbox(ctx, taken); err != nil || len(taken) == 0 {
			return err
		}
		n = len(taken)
		return f(t, taken)
	})
	return n, err
}

// readOutbox reads the oldest rows that nobody else has taken.
func readOutbox(ctx context.Context, q queryer, limit int, locked string) ([]OutboxRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, account_id, kind, inbox_id, conversation_id, message_id, payload, created_at
		FROM outbox ORDER BY id LIMIT $1 `+locked, limit)
	if err != nil {
		return nil, fmt.Errorf("store: take outbox: %w", err)
	}
	return collect(rows, "outbox", func(o *OutboxRow) []any {
		return []any{&o.ID, &o.AccountID, &o.Kind, &o.InboxID, &o.ConversationID, &o.MessageID, &o.Payload, &o.CreatedAt}
	})
}

// removeOutbox removes rows and gives those that were still there.
func (t *Tx) removeOutbox(ctx context.Context, list []OutboxRow) ([]OutboxRow, error) {
	all := make([]int64, len(list))
	for i, o := range list {
		all[i] = o.ID
	}
	rows, err := t.tx.QueryContext(ctx, `DELETE FROM outbox WHERE id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`) RETURNING id`, ids(all))
	if err != nil {
		return nil, fmt.Errorf("store: take outbox: %w", err)
	}
	removed, err := collect(rows, "outbox", func(id *int64) []any { return []any{id} })
	if err != nil || len(removed) == len(list) {
		return list, err
	}
	there := make(map[int64]bool, len(removed))
	for _, id := range removed {
		there[id] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(o OutboxRow) bool { return !there[o.ID] }), nil
}
