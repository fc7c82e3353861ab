package store

import (
	"context"
	"database/sql"
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
// it. It is due by the database's clock at the latest: a process whose clock runs ahead
// would hold back this reply, and all that follow in its conversation.
//
// It stands in line behind an older one of its conversation. That one is held until the
// transaction ends: who takes it away then sees this one, and lets it come to the front.
func (t *Tx) InsertDelivery(ctx context.Context, d Delivery) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO deliveries (message_id, account_id, inbox_id, channel_id, conversation_id, job_id,
		parts_sent, next_at, deadline, created_at, waits) VALUES ($1, $2, $3, $4, $5, $6, $7, `+t.s.d.byNow("$8")+`, $9, $10,
			EXISTS (SELECT 1 FROM (SELECT message_id FROM deliveries WHERE conversation_id = $5 AND message_id < $1
				ORDER BY message_id DESC LIMIT 1 `+t.s.d.hold+`) AS older))`,
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
			WHERE d.waits = FALSE AND d.next_at <= $3 AND d.lease_until <= $3
				AND d.message_id = (SELECT MIN(o.message_id) FROM deliveries o WHERE o.conversation_id = d.conversation_id)
				AND d.channel_id NOT IN (SELECT x.id FROM `+s.d.rows("$5", "id bigint")+`)
			ORDER BY d.next_at LIMIT $4 `+s.d.leaseRow+`)
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

// RenewDeliveries prolongs the leases of an owner that is alive: those that end before
// until. What is being recorded just now is let be; it ends, or is renewed the next time.
func (s *Store) RenewDeliveries(ctx context.Context, owner string, lease time.Duration, until time.Time) error {
	if _, err := s.w.ExecContext(ctx, `UPDATE deliveries SET lease_until = $2 WHERE message_id IN (
			SELECT message_id FROM deliveries WHERE lease_owner = $1 AND lease_until < $3 `+s.d.leaseRow+`)`,
		owner, micros(s.now().Add(lease)), micros(until)); err != nil {
		return fmt.Errorf("store: renew deliveries: %w", err)
	}
	return nil
}

// ParkChannel puts off everything of a channel that nobody is sending and that is in front
// of its line: the claims of other channels do not have to step over it.
func (s *Store) ParkChannel(ctx context.Context, channelID int64, until time.Time) error {
	if _, err := s.w.ExecContext(ctx, `UPDATE deliveries SET next_at = $2 WHERE channel_id = $1 AND waits = FALSE AND next_at < $2 AND lease_owner = ''`,
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
		WHERE d.waits = FALSE AND d.channel_id NOT IN (SELECT x.id FROM `+s.d.rows("$1", "id bigint")+`)
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

// PartAnswer is what a provider answered to one part of a message.
type PartAnswer struct {
	Delivery
	Part        int // -1: none, there was nothing to send
	ProviderIDs []string
	Last        bool // the order ends: its verdict stands in the message
}

// PartsSent records answers to parts of different messages, before the next part of any
// is sent. The first id becomes the message's source id. When the provider's echo of the
// same part was stored meanwhile, that copy goes.
func (t *Tx) PartsSent(ctx context.Context, list []PartAnswer) error {
	var known, first, sent, ended, lines [][]any
	place := map[ProviderRef]int{} // in known: an id that is told twice is written once
	for _, a := range list {
		for _, id := range a.ProviderIDs {
			ref, row := ProviderRef{a.InboxID, id}, []any{a.InboxID, id, a.MessageID, a.Part, a.ConversationID}
			if i, ok := place[ref]; ok {
				known[i] = row
				continue
			}
			place[ref] = len(known)
			known = append(known, row)
		}
		if len(a.ProviderIDs) > 0 {
			first = append(first, []any{a.MessageID, a.ProviderIDs[0]})
		}
		switch {
		case a.Last:
			ended, lines = append(ended, []any{a.MessageID}), append(lines, []any{a.ConversationID})
		case a.Part >= 0:
			sent = append(sent, []any{a.MessageID, a.Part + 1})
		}
	}
	q := &t.s.q
	if err := t.exec(ctx, "insert provider ids", q.insertProviderIDs, known); err != nil {
		return err
	}
	if err := t.dropEchoes(ctx, known); err != nil {
		return err
	}
	if err := t.inOrder(ctx, "messages", first); err != nil {
		return err
	}
	if err := t.exec(ctx, "set source ids", q.setSources, first); err != nil {
		return err
	}
	if err := t.exec(ctx, "record parts", q.recordParts, byID(sent)); err != nil {
		return err
	}
	if err := t.exec(ctx, "finish deliveries", q.finishDeliveries, byID(ended)); err != nil {
		return err
	}
	return t.exec(ctx, "move lines up", q.moveLines, byID(lines))
}

// dropEchoes removes what the providers' echoes of parts were stored as.
func (t *Tx) dropEchoes(ctx context.Context, parts [][]any) error {
	var list []int64
	err := t.each(ctx, "drop echoes", t.s.q.echoes, parts, nil, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		list = append(list, id)
		return err
	})
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
	return t.exec(ctx, "mark failed parts", t.s.q.failParts, refRows(refs))
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
	var conversationID int64
	err := t.tx.QueryRowContext(ctx, `DELETE FROM deliveries WHERE message_id = $1 RETURNING conversation_id`, messageID).Scan(&conversationID)
	if isNoRows(err) {
		return nil // nothing was ordered
	}
	if err != nil {
		return fmt.Errorf("store: finish delivery: %w", err)
	}
	return t.exec(ctx, "move a line up", t.s.q.moveLines, [][]any{{conversationID}})
}

// MendLines lets those come to the front that nobody is in front of any more: messages of
// lines were removed with what they belonged to, or sent by a binary that knows no lines.
func (s *Store) MendLines(ctx context.Context) error {
	if _, err := s.w.ExecContext(ctx, `UPDATE deliveries SET waits = FALSE WHERE waits = TRUE
		AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.conversation_id = deliveries.conversation_id AND o.message_id < deliveries.message_id)`); err != nil {
		return fmt.Errorf("store: mend lines: %w", err)
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
