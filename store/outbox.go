package store

import (
	"context"
	"fmt"
)

// DrainOutbox hands the oldest rows of the outbox to f and removes them when f
// succeeds, all in one transaction: what f orders through the Tx happens exactly
// once. It gives the number of rows.
func (s *Store) DrainOutbox(ctx context.Context, limit int, f func(*Tx, []OutboxRow) error) (int, error) {
	n := 0
	err := s.Transact(ctx, func(t *Tx) error {
		list, err := t.takeOutbox(ctx, limit)
		if err != nil {
			return err
		}
		n = len(list)
		if n == 0 {
			return nil
		}
		return f(t, list)
	})
	return n, err
}

func (t *Tx) takeOutbox(ctx context.Context, limit int) ([]OutboxRow, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT id, account_id, kind, inbox_id, conversation_id, message_id, payload, created_at
		FROM outbox ORDER BY id LIMIT $1 `+t.s.d.skipLocked, limit)
	if err != nil {
		return nil, fmt.Errorf("store: take outbox: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []OutboxRow
	var taken []int64
	for rows.Next() {
		var o OutboxRow
		if err := rows.Scan(&o.ID, &o.AccountID, &o.Kind, &o.InboxID, &o.ConversationID, &o.MessageID, &o.Payload, &o.CreatedAt); err != nil {
			return nil, fmt.Errorf("store: take outbox: %w", err)
		}
		list = append(list, o)
		taken = append(taken, o.ID)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: take outbox: %w", err)
	}
	if len(taken) == 0 {
		return nil, nil
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM outbox WHERE id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)`,
		ids(taken)); err != nil {
		return nil, fmt.Errorf("store: take outbox: %w", err)
	}
	return list, nil
}
