package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// StoreWhatsAppReading stores a health read that somebody without the lease made,
// unless a newer one is there. snapshot nil: the read failed with readError, and
// the last good snapshot stays.
func (t *Tx) StoreWhatsAppReading(ctx context.Context, phoneID string, began time.Time, snapshot, readError json.RawMessage) (bool, error) {
	res, err := t.tx.ExecContext(ctx, `UPDATE whatsapp_numbers SET read_started = $2,
			snapshot = COALESCE($3, snapshot), snapshot_at = CASE WHEN CAST($3 AS TEXT) IS NULL THEN snapshot_at ELSE $5 END,
			read_error = $4, read_error_at = CASE WHEN CAST($4 AS TEXT) IS NOT NULL THEN CAST($5 AS BIGINT) END
		WHERE phone_number_id = $1 AND read_started < $2`,
		phoneID, micros(began), nilIfEmpty(string(snapshot)), nilIfEmpty(string(readError)), t.now())
	if err != nil {
		return false, fmt.Errorf("store: WhatsApp reading: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("store: WhatsApp reading: %w", err)
	}
	return n > 0, nil
}

// InsertWhatsAppSnapshot keeps a changed health of a number.
func (t *Tx) InsertWhatsAppSnapshot(ctx context.Context, phoneID string, snapshot json.RawMessage) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO whatsapp_snapshots (phone_number_id, snapshot, created_at) VALUES ($1, $2, $3)`,
		phoneID, string(snapshot), t.now()); err != nil {
		return fmt.Errorf("store: insert WhatsApp snapshot: %w", err)
	}
	return nil
}

// WhatsAppSnapshot is the health of a number as it was from At on.
type WhatsAppSnapshot struct {
	Snapshot json.RawMessage
	At       time.Time
}

// WhatsAppSnapshots reads the history of a number's health, newest first.
func (s *Store) WhatsAppSnapshots(ctx context.Context, phoneID string, limit int) ([]WhatsAppSnapshot, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT snapshot, created_at FROM whatsapp_snapshots WHERE phone_number_id = $1
		ORDER BY id DESC LIMIT $2`, phoneID, limit)
	if err != nil {
		return nil, fmt.Errorf("store: WhatsApp snapshots: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []WhatsAppSnapshot
	for rows.Next() {
		var snapshot string
		var at int64
		if err := rows.Scan(&snapshot, &at); err != nil {
			return nil, fmt.Errorf("store: WhatsApp snapshots: %w", err)
		}
		out = append(out, WhatsAppSnapshot{json.RawMessage(snapshot), time.UnixMicro(at).UTC()})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: WhatsApp snapshots: %w", err)
	}
	return out, nil
}

// ChannelStanding is what a channel's health says about using it.
type ChannelStanding struct {
	// CredentialsInvalid is reauthorization_required; nil leaves it as it is.
	CredentialsInvalid *bool
	Incomplete         bool // a number that is not registered yet
	// Hold is "held" (replies wait), "blocked" (replies fail) or "".
	Hold       string
	HoldReason string
}

// SetChannelStanding stores it and tells whether it changed. A channel that did not
// change is not touched, so that plain polls reload no cache.
func (t *Tx) SetChannelStanding(ctx context.Context, channelID int64, c ChannelStanding) (bool, error) {
	var invalid any
	if c.CredentialsInvalid != nil {
		invalid = *c.CredentialsInvalid
	}
	res, err := t.tx.ExecContext(ctx, `UPDATE channels SET reauthorization_required = COALESCE($2, reauthorization_required),
			authorization_errors = CASE WHEN $2 = FALSE THEN 0 ELSE authorization_errors END,
			registration_incomplete = $3, send_hold = $4, send_hold_reason = $5, updated_at = $6
		WHERE id = $1 AND (reauthorization_required <> COALESCE($2, reauthorization_required) OR registration_incomplete <> $3
			OR send_hold <> $4 OR send_hold_reason <> $5)`,
		channelID, invalid, c.Incomplete, c.Hold, c.HoldReason, t.now())
	if err != nil {
		return false, fmt.Errorf("store: channel standing: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("store: channel standing: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	return true, t.bump(ctx, TopicChannels)
}

// WhatsAppGauge is what metrics and operators see of a number.
type WhatsAppGauge struct {
	AccountID, InboxID int64
	PhoneID            string
	State              string
	Action             string
	StateSince         time.Time
	Snapshot           json.RawMessage
	SnapshotAt         time.Time
	ReadFailed         bool
	ObserveAt          time.Time
	NextAttemptAt      time.Time // zero: none is planned
	Calls72h           int
}

// WhatsAppGauges reads all numbers that have inboxes.
func (s *Store) WhatsAppGauges(ctx context.Context) ([]WhatsAppGauge, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT n.account_id, n.inbox_id, n.phone_number_id, n.state, n.required_action, n.state_since,
			COALESCE(n.snapshot, ''), n.snapshot_at, n.read_error IS NOT NULL, n.observe_at, n.next_attempt_at,
			(SELECT COUNT(*) FROM whatsapp_attempts a WHERE a.phone_number_id = n.phone_number_id AND a.call = 'register' AND a.started_at > $1)
		FROM whatsapp_numbers n WHERE n.inbox_id <> 0 ORDER BY n.phone_number_id`, micros(s.now().Add(-attemptWindow)))
	if err != nil {
		return nil, fmt.Errorf("store: WhatsApp gauges: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []WhatsAppGauge
	for rows.Next() {
		var g WhatsAppGauge
		var snapshot string
		var since int64
		var at, observe, next sql.NullInt64
		if err := rows.Scan(&g.AccountID, &g.InboxID, &g.PhoneID, &g.State, &g.Action, &since, &snapshot, &at, &g.ReadFailed, &observe, &next,
			&g.Calls72h); err != nil {
			return nil, fmt.Errorf("store: WhatsApp gauges: %w", err)
		}
		g.StateSince, g.Snapshot = time.UnixMicro(since).UTC(), rawOrNil(snapshot)
		g.SnapshotAt, g.ObserveAt, g.NextAttemptAt = fromMicros(at), fromMicros(observe), fromMicros(next)
		out = append(out, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: WhatsApp gauges: %w", err)
	}
	return out, nil
}
