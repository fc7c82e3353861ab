package store

import (
	"context"
	"fmt"
	"time"
)

// Delivery is an order to send a message to its provider.
type Delivery struct {
	MessageID      int64
	AccountID      int64
	InboxID        int64
	ChannelID      int64
	ConversationID int64
	JobID          string // idempotency key, the same on every attempt
	PartsSent      int
	Attempts       int
	NextAt         time.Time
	Deadline       time.Time
	Crashes        int // how often its sender died while it held it
	LastError      string
	CreatedAt      time.Time
}

// InsertDelivery orders the sending of a message, in the transaction that made
// it.
func (t *Tx) InsertDelivery(ctx context.Context, d Delivery) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO deliveries (message_id, account_id, inbox_id, channel_id, conversation_id, job_id,
		parts_sent, next_at, deadline, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		d.MessageID, d.AccountID, d.InboxID, d.ChannelID, d.ConversationID, d.JobID, d.PartsSent,
		micros(d.NextAt), micros(d.Deadline), t.now()); err != nil {
		return fmt.Errorf("store: insert delivery: %w", err)
	}
	return nil
}

// ClaimDeliveries leases due messages: of each conversation only the oldest that
// waits, so that replies leave in order, and none of the channels in skip. An
// owner that died while it held one is counted in Crashes.
func (s *Store) ClaimDeliveries(ctx context.Context, owner string, lease time.Duration, limit int, skip []int64) ([]Delivery, error) {
	var out []Delivery
	err := s.statement(ctx, func(q queryer) (err error) {
		out, err = s.claimDeliveries(ctx, q, owner, lease, limit, skip)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Store) claimDeliveries(ctx context.Context, q queryer, owner string, lease time.Duration, limit int, skip []int64) ([]Delivery, error) {
	now := s.now()
	rows, err := q.QueryContext(ctx, `UPDATE deliveries SET lease_owner = $1, lease_until = $2,
			crashes = crashes + CASE WHEN lease_owner <> '' THEN 1 ELSE 0 END
		WHERE message_id IN (
			SELECT d.message_id FROM deliveries d
			WHERE d.next_at <= $3 AND d.lease_until <= $3
				AND d.message_id = (SELECT MIN(o.message_id) FROM deliveries o WHERE o.conversation_id = d.conversation_id)
				AND d.channel_id NOT IN (SELECT x.id FROM `+s.d.rows("$5", "id bigint")+`)
			ORDER BY d.next_at LIMIT $4 `+s.d.skipLocked+`)
		RETURNING message_id, account_id, inbox_id, channel_id, conversation_id, job_id, parts_sent, attempts, crashes, next_at, deadline,
			last_error, created_at`,
		owner, micros(now.Add(lease)), micros(now), limit, ids(skip))
	if err != nil {
		return nil, fmt.Errorf("store: claim deliveries: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Delivery
	for rows.Next() {
		var d Delivery
		var next, deadline, created int64
		if err := rows.Scan(&d.MessageID, &d.AccountID, &d.InboxID, &d.ChannelID, &d.ConversationID, &d.JobID, &d.PartsSent,
			&d.Attempts, &d.Crashes, &next, &deadline, &d.LastError, &created); err != nil {
			return nil, fmt.Errorf("store: claim deliveries: %w", err)
		}
		d.NextAt, d.Deadline, d.CreatedAt = time.UnixMicro(next), time.UnixMicro(deadline), time.UnixMicro(created)
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: claim deliveries: %w", err)
	}
	return out, nil
}

// RenewDeliveries prolongs the leases of an owner that is alive.
func (s *Store) RenewDeliveries(ctx context.Context, owner string, lease time.Duration) error {
	if _, err := s.w.ExecContext(ctx, `UPDATE deliveries SET lease_until = $2 WHERE lease_owner = $1`,
		owner, micros(s.now().Add(lease))); err != nil {
		return fmt.Errorf("store: renew deliveries: %w", err)
	}
	return nil
}

// ParkChannel puts off everything of a channel that nobody is sending: the claims
// of other channels do not have to step over it.
func (s *Store) ParkChannel(ctx context.Context, channelID int64, until time.Time) error {
	if _, err := s.w.ExecContext(ctx, `UPDATE deliveries SET next_at = $2 WHERE channel_id = $1 AND next_at < $2 AND lease_owner = ''`,
		channelID, micros(until)); err != nil {
		return fmt.Errorf("store: park channel: %w", err)
	}
	return nil
}

// NextDelivery is when the next delivery becomes due of a channel that is not in
// skip: the zero time when none waits. A message behind an older one of its
// conversation is not waited for.
func (s *Store) NextDelivery(ctx context.Context, skip []int64) (time.Time, error) {
	var at *int64
	err := s.r.QueryRowContext(ctx, `SELECT MIN(CASE WHEN d.lease_until > d.next_at THEN d.lease_until ELSE d.next_at END) FROM deliveries d
		WHERE d.channel_id NOT IN (SELECT x.id FROM `+s.d.rows("$1", "id bigint")+`)
			AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.conversation_id = d.conversation_id AND o.message_id < d.message_id)`,
		ids(skip)).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("store: next delivery: %w", err)
	}
	if at == nil {
		return time.Time{}, nil
	}
	return time.UnixMicro(*at), nil
}

// PartSent records what the provider answered to one part of a message, before
// the next part is sent. The first id becomes the message's source id. When the
// provider's echo of the same part was stored meanwhile, that copy goes.
func (t *Tx) PartSent(ctx context.Context, d Delivery, part int, providerIDs []string) error {
	for _, id := range providerIDs {
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO message_provider_ids (inbox_id, provider_id, message_id, part)
			VALUES ($1, $2, $3, $4) ON CONFLICT (inbox_id, provider_id) DO UPDATE SET message_id = excluded.message_id, part = excluded.part`,
			d.InboxID, id, d.MessageID, part); err != nil {
			return fmt.Errorf("store: insert provider id: %w", err)
		}
		if err := t.dropEchoes(ctx, d, id); err != nil {
			return err
		}
	}
	if len(providerIDs) > 0 {
		if _, err := t.tx.ExecContext(ctx, `UPDATE messages SET source_id = $2 WHERE id = $1 AND source_id IS NULL`,
			d.MessageID, providerIDs[0]); err != nil {
			return fmt.Errorf("store: set source id: %w", err)
		}
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE deliveries SET parts_sent = $2, crashes = 0 WHERE message_id = $1`,
		d.MessageID, part+1); err != nil {
		return fmt.Errorf("store: record part: %w", err)
	}
	return nil
}

// dropEchoes removes what the provider's echo of a part was stored as.
func (t *Tx) dropEchoes(ctx context.Context, d Delivery, providerID string) error {
	const echoes = `conversation_id = $1 AND source_id = $2 AND message_type = 1 AND sender_id IS NULL AND id <> $3`
	rows, err := t.tx.QueryContext(ctx, `SELECT id FROM messages WHERE `+echoes, d.ConversationID, providerID, d.MessageID)
	if err != nil {
		return fmt.Errorf("store: drop echo: %w", err)
	}
	list, err := collect(rows, "drop echo", func(id *int64) []any { return []any{id} })
	if err != nil {
		return err
	}
	for _, id := range list {
		if err := t.dropAttachments(ctx, id); err != nil {
			return err
		}
		if _, err := t.tx.ExecContext(ctx, `DELETE FROM messages WHERE id = $1`, id); err != nil {
			return fmt.Errorf("store: drop echo: %w", err)
		}
	}
	return nil
}

// MarkPartsFailed notes which parts a provider took and could not deliver after
// all: LockMessage counts the message as sent up to the first of them.
func (t *Tx) MarkPartsFailed(ctx context.Context, refs []ProviderRef) error {
	if len(refs) == 0 {
		return nil
	}
	rows := make([][]any, len(refs))
	for i, p := range refs {
		rows[i] = []any{p.InboxID, p.ProviderID}
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: mark failed parts: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, t.s.q.failParts, set); err != nil {
		return fmt.Errorf("store: mark failed parts: %w", err)
	}
	return nil
}

// ResendParts prepares a message to be sent again from a part on: what the
// provider called the former attempt is forgotten, so that nothing that is still
// told of it concerns the new one.
func (t *Tx) ResendParts(ctx context.Context, messageID int64, from int) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM message_provider_ids WHERE message_id = $1 AND part >= $2`, messageID, from); err != nil {
		return fmt.Errorf("store: forget parts: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE messages SET resent_at = $2, source_id = CASE WHEN $3 THEN NULL ELSE source_id END WHERE id = $1`,
		messageID, t.now(), from == 0); err != nil {
		return fmt.Errorf("store: resend: %w", err)
	}
	return nil
}

// FinishDelivery ends the order: its verdict stands in the message.
func (t *Tx) FinishDelivery(ctx context.Context, messageID int64) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM deliveries WHERE message_id = $1`, messageID); err != nil {
		return fmt.Errorf("store: finish delivery: %w", err)
	}
	return nil
}

// DeferDelivery gives a delivery back until at. counted says whether this was an
// attempt.
func (s *Store) DeferDelivery(ctx context.Context, messageID int64, at time.Time, reason string, counted bool) error {
	add := 0
	if counted {
		add = 1
	}
	if _, err := s.w.ExecContext(ctx, `UPDATE deliveries SET lease_owner = '', lease_until = 0, crashes = 0, next_at = $2,
		last_error = $3, attempts = attempts + $4 WHERE message_id = $1`, messageID, micros(at), reason, add); err != nil {
		return fmt.Errorf("store: defer delivery: %w", err)
	}
	return nil
}

// ExpireLeases ends the leases that a process which is surely dead left behind:
// the embedded database has one process at a time. Their owner stays, so that
// the crash is counted.
func (s *Store) ExpireLeases(ctx context.Context) error {
	for _, table := range []string{"deliveries", "jobs", "whatsapp_businesses"} {
		if _, err := s.w.ExecContext(ctx, `UPDATE `+table+` SET lease_until = 0 WHERE lease_until > 0`); err != nil {
			return fmt.Errorf("store: expire leases: %w", err)
		}
	}
	if _, err := s.w.ExecContext(ctx, `UPDATE webhook_deliveries SET run_at = 0 WHERE lease_owner <> ''`); err != nil {
		return fmt.Errorf("store: expire leases: %w", err)
	}
	return nil
}

// ReleaseDeliveries gives back what an owner holds, when it stops.
func (s *Store) ReleaseDeliveries(ctx context.Context, owner string) error {
	if _, err := s.w.ExecContext(ctx, `UPDATE deliveries SET lease_owner = '', lease_until = 0 WHERE lease_owner = $1`, owner); err != nil {
		return fmt.Errorf("store: release deliveries: %w", err)
	}
	return nil
}
