package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// WhatsAppNumber is a WhatsApp number with what Meta says of it and where its
// registration stands. It lives in memory only: PIN is in plain text.
type WhatsAppNumber struct {
	PhoneID       string
	WABA          string
	AccountID     int64
	InboxID       int64 // 0: no inbox has it any more
	ChannelID     int64
	TokenDigest   string
	PIN           string
	PINState      string
	State         string
	StateSince    time.Time
	Action        string
	LastError     json.RawMessage // nil: none
	NextAttemptAt time.Time
	ObserveAt     time.Time // zero: it is not looked at any more
	Memory        json.RawMessage
	Snapshot      json.RawMessage // nil: Meta was never heard
	SnapshotAt    time.Time
	ReadError     json.RawMessage // why the newest read failed; nil: it did not
	ReadErrorAt   time.Time
	ReadStarted   time.Time
	Alerts        json.RawMessage
	CreatedAt     time.Time
}

const numberColumns = `n.phone_number_id, n.waba_id, n.account_id, n.inbox_id, n.channel_id, n.token_digest, n.pin, n.pin_state,
	n.state, n.state_since, n.required_action, COALESCE(n.last_error, ''), n.next_attempt_at, n.observe_at, n.memory, COALESCE(n.snapshot, ''),
	n.snapshot_at, COALESCE(n.read_error, ''), n.read_error_at, n.read_started, n.alerts, n.created_at`

func (s *Store) scanNumber(r interface{ Scan(...any) error }) (WhatsAppNumber, error) {
	var n WhatsAppNumber
	var pin, lastError, memory, snapshot, readError, alerts string
	var since, started, created int64
	var next, observe, snapshotAt, errorAt sql.NullInt64
	if err := r.Scan(&n.PhoneID, &n.WABA, &n.AccountID, &n.InboxID, &n.ChannelID, &n.TokenDigest, &pin, &n.PINState,
		&n.State, &since, &n.Action, &lastError, &next, &observe, &memory, &snapshot,
		&snapshotAt, &readError, &errorAt, &started, &alerts, &created); err != nil {
		return n, err
	}
	if pin != "" {
		plain, err := s.sealer.Open("pin", pin)
		if err != nil {
			return n, fmt.Errorf("PIN of WhatsApp number %s: %w", n.PhoneID, err)
		}
		n.PIN = string(plain)
	}
	n.StateSince, n.CreatedAt = time.UnixMicro(since).UTC(), time.UnixMicro(created).UTC()
	n.NextAttemptAt, n.ObserveAt, n.SnapshotAt, n.ReadErrorAt = fromMicros(next), fromMicros(observe), fromMicros(snapshotAt), fromMicros(errorAt)
	if started > 0 {
		n.ReadStarted = time.UnixMicro(started).UTC()
	}
	n.LastError, n.Snapshot, n.ReadError = rawOrNil(lastError), rawOrNil(snapshot), rawOrNil(readError)
	n.Memory, n.Alerts = json.RawMessage(memory), json.RawMessage(alerts)
	return n, nil
}

func rawOrNil(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

// AdoptedNumber is a number as its inbox has it.
type AdoptedNumber struct {
	PhoneID     string
	WABA        string
	AccountID   int64
	InboxID     int64
	ChannelID   int64
	TokenDigest string
}

// liveChannel is true of a channel that exists and is not about to be deleted: the
// caller's idea of the channels may be a second old.
const liveChannel = `EXISTS (SELECT 1 FROM channels c JOIN inboxes i ON i.channel_id = c.id WHERE i.id = %s AND c.registration <> '` + Deleting + `')`

// AdoptWhatsAppNumbers makes the numbers known, with their accounts, or tells them
// their new inbox. New ones are due at once. PIN and history of a number that comes
// back stay. A number that is named twice is the first one's. It gives the ids of
// those that are new or changed.
func (t *Tx) AdoptWhatsAppNumbers(ctx context.Context, list []AdoptedNumber) ([]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	rows := make([][]any, 0, len(list))
	seen := map[string]bool{} // PostgreSQL refuses to change a row twice
	for _, n := range list {
		if !seen[n.PhoneID] {
			seen[n.PhoneID] = true
			rows = append(rows, []any{n.PhoneID, n.WABA, n.AccountID, n.InboxID, n.ChannelID, n.TokenDigest})
		}
	}
	set, err := rowSet(rows)
	if err != nil {
		return nil, fmt.Errorf("store: adopt WhatsApp numbers: %w", err)
	}
	source := t.s.d.rows("$1", "phone text", "waba text", "account_id bigint", "inbox_id bigint", "channel_id bigint", "token text")
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO whatsapp_businesses (waba_id, due_at, created_at, updated_at)
		SELECT DISTINCT x.waba, 0, CAST($2 AS BIGINT), CAST($2 AS BIGINT) FROM `+source+`
		WHERE `+fmt.Sprintf(liveChannel, "x.inbox_id")+` ORDER BY x.waba
		ON CONFLICT (waba_id) DO UPDATE SET due_at = 0`, set, t.now()); err != nil {
		return nil, fmt.Errorf("store: adopt WhatsApp businesses: %w", err)
	}
	found, err := t.tx.QueryContext(ctx, `INSERT INTO whatsapp_numbers (phone_number_id, waba_id, account_id, inbox_id, channel_id, token_digest,
			state_since, observe_at, created_at, updated_at)
		SELECT x.phone, x.waba, x.account_id, x.inbox_id, x.channel_id, x.token, CAST($2 AS BIGINT), CAST($2 AS BIGINT), CAST($2 AS BIGINT), CAST($2 AS BIGINT)
		FROM `+source+` WHERE `+fmt.Sprintf(liveChannel, "x.inbox_id")+` ORDER BY x.phone
		ON CONFLICT (phone_number_id) DO UPDATE SET waba_id = excluded.waba_id, account_id = excluded.account_id, inbox_id = excluded.inbox_id,
			channel_id = excluded.channel_id, token_digest = excluded.token_digest, observe_at = excluded.observe_at, updated_at = excluded.updated_at
			WHERE whatsapp_numbers.waba_id <> excluded.waba_id OR whatsapp_numbers.inbox_id <> excluded.inbox_id
				OR whatsapp_numbers.channel_id <> excluded.channel_id OR whatsapp_numbers.account_id <> excluded.account_id
				OR whatsapp_numbers.token_digest <> excluded.token_digest
		RETURNING phone_number_id`, set, t.now())
	if err != nil {
		return nil, fmt.Errorf("store: adopt WhatsApp numbers: %w", err)
	}
	return collect(found, "adopt WhatsApp numbers", func(id *string) []any { return []any{id} })
}

// OrphanWhatsAppNumbers parts numbers from inboxes that are gone or about to be.
// Nobody looks at them any more; PIN and history stay.
func (t *Tx) OrphanWhatsAppNumbers(ctx context.Context, phoneIDs []string) error {
	if len(phoneIDs) == 0 {
		return nil
	}
	set := ids(phoneIDs)
	if err := t.lockBusinesses(ctx, set); err != nil {
		return err
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE whatsapp_numbers SET inbox_id = 0, channel_id = 0, account_id = 0, token_digest = '',
			observe_at = NULL, next_attempt_at = NULL, updated_at = $2
		WHERE phone_number_id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id text")+`)
			AND NOT `+fmt.Sprintf(liveChannel, "whatsapp_numbers.inbox_id"), set, t.now()); err != nil {
		return fmt.Errorf("store: orphan WhatsApp numbers: %w", err)
	}
	return nil
}

// AdoptedWhatsAppNumbers lists the numbers that have inboxes.
func (s *Store) AdoptedWhatsAppNumbers(ctx context.Context) ([]AdoptedNumber, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT phone_number_id, waba_id, account_id, inbox_id, channel_id, token_digest
		FROM whatsapp_numbers WHERE inbox_id <> 0 ORDER BY phone_number_id`)
	if err != nil {
		return nil, fmt.Errorf("store: adopted WhatsApp numbers: %w", err)
	}
	return collect(rows, "adopted WhatsApp numbers", func(n *AdoptedNumber) []any {
		return []any{&n.PhoneID, &n.WABA, &n.AccountID, &n.InboxID, &n.ChannelID, &n.TokenDigest}
	})
}

// WhatsAppSignal is word of something that happened to a number.
type WhatsAppSignal struct {
	ID      int64
	PhoneID string
	Kind    string
	Payload json.RawMessage
	At      time.Time
}

// DueWhatsAppNumbers reads the numbers of an account that are due by now or about
// which there is word, those first.
func (s *Store) DueWhatsAppNumbers(ctx context.Context, waba string, limit int) ([]WhatsAppNumber, error) {
	return s.numbers(ctx, "due WhatsApp numbers", `WHERE n.waba_id = $1
			AND (n.observe_at <= $2 OR EXISTS (SELECT 1 FROM whatsapp_signals g WHERE g.phone_number_id = n.phone_number_id))
		ORDER BY CASE WHEN EXISTS (SELECT 1 FROM whatsapp_signals g WHERE g.phone_number_id = n.phone_number_id) THEN 0 ELSE 1 END,
			COALESCE(n.observe_at, 0), n.phone_number_id LIMIT $3`, waba, micros(s.now()), limit)
}

// WhatsAppNumber reads one by its phone_number_id.
func (s *Store) WhatsAppNumber(ctx context.Context, phoneID string) (WhatsAppNumber, error) {
	return s.oneNumber(ctx, `WHERE n.phone_number_id = $1`, phoneID)
}

// WhatsAppNumberOfInbox reads the number of an inbox.
func (s *Store) WhatsAppNumberOfInbox(ctx context.Context, inboxID int64) (WhatsAppNumber, error) {
	return s.oneNumber(ctx, `WHERE n.inbox_id = $1 AND n.inbox_id <> 0 ORDER BY n.updated_at DESC LIMIT 1`, inboxID)
}

func (s *Store) oneNumber(ctx context.Context, where string, arg any) (WhatsAppNumber, error) {
	n, err := s.scanNumber(s.r.QueryRowContext(ctx, `SELECT `+numberColumns+` FROM whatsapp_numbers n `+where, arg))
	if isNoRows(err) {
		return n, ErrNotFound
	}
	if err != nil {
		return n, fmt.Errorf("store: WhatsApp number: %w", err)
	}
	return n, nil
}

// WhatsAppNumbersOf lists the numbers of an account, that is of a WABA, with the
// inboxes that have them.
func (s *Store) WhatsAppNumbersOf(ctx context.Context, waba string) ([]WhatsAppNumber, error) {
	return s.numbers(ctx, "WhatsApp numbers", `WHERE n.waba_id = $1 AND n.inbox_id <> 0 ORDER BY n.phone_number_id`, waba)
}

func (s *Store) numbers(ctx context.Context, what, where string, args ...any) ([]WhatsAppNumber, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+numberColumns+` FROM whatsapp_numbers n `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	defer func() { _ = rows.Close() }()
	var out []WhatsAppNumber
	for rows.Next() {
		n, err := s.scanNumber(rows)
		if err != nil {
			return nil, fmt.Errorf("store: %s: %w", what, err)
		}
		out = append(out, n)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return out, nil
}

// WhatsAppSignals reads what happened to a number, in order.
func (s *Store) WhatsAppSignals(ctx context.Context, phoneID string) ([]WhatsAppSignal, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT id, phone_number_id, kind, payload, created_at FROM whatsapp_signals
		WHERE phone_number_id = $1 ORDER BY id`, phoneID)
	if err != nil {
		return nil, fmt.Errorf("store: WhatsApp signals: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []WhatsAppSignal
	for rows.Next() {
		var g WhatsAppSignal
		var payload string
		var at int64
		if err := rows.Scan(&g.ID, &g.PhoneID, &g.Kind, &payload, &at); err != nil {
			return nil, fmt.Errorf("store: WhatsApp signals: %w", err)
		}
		g.Payload, g.At = json.RawMessage(payload), time.UnixMicro(at).UTC()
		out = append(out, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: WhatsApp signals: %w", err)
	}
	return out, nil
}

// SaveWhatsAppNumber stores everything about a number except which inbox has it,
// and removes the signals that were acted on. A reading that began before the one
// that is stored is left out. Only the holder of the account's lease may:
// ErrLeaseLost otherwise, also when the number has another account by now.
func (t *Tx) SaveWhatsAppNumber(ctx context.Context, owner string, n WhatsAppNumber, handled []int64) error {
	pin := ""
	if n.PIN != "" {
		pin = t.s.sealer.Seal("pin", []byte(n.PIN))
	}
	started := int64(0)
	if !n.ReadStarted.IsZero() {
		started = micros(n.ReadStarted)
	}
	if err := t.holdsLease(ctx, owner, n.WABA); err != nil {
		return err
	}
	res, err := t.tx.ExecContext(ctx, `UPDATE whatsapp_numbers SET pin = $2, pin_state = $3, state = $4, state_since = $5,
			required_action = $6, last_error = $7, next_attempt_at = $8, observe_at = $9, memory = $10,
			snapshot = CASE WHEN read_started > $15 THEN snapshot ELSE $11 END,
			snapshot_at = CASE WHEN read_started > $15 THEN snapshot_at ELSE $12 END,
			read_error = CASE WHEN read_started > $15 THEN read_error ELSE $13 END,
			read_error_at = CASE WHEN read_started > $15 THEN read_error_at ELSE $14 END,
			read_started = CASE WHEN read_started > $15 THEN read_started ELSE $15 END, alerts = $16, updated_at = $17
		WHERE phone_number_id = $1 AND waba_id = $18`,
		n.PhoneID, pin, n.PINState, n.State, micros(n.StateSince), n.Action, nilIfEmpty(string(n.LastError)), nullMicros(n.NextAttemptAt),
		nullMicros(n.ObserveAt), jsonObject(string(n.Memory)), nilIfEmpty(string(n.Snapshot)), nullMicros(n.SnapshotAt),
		nilIfEmpty(string(n.ReadError)), nullMicros(n.ReadErrorAt), started, jsonList(string(n.Alerts)), t.now(), n.WABA)
	if err != nil {
		return fmt.Errorf("store: save WhatsApp number: %w", err)
	}
	switch n, err := res.RowsAffected(); {
	case err != nil:
		return fmt.Errorf("store: save WhatsApp number: %w", err)
	case n == 0:
		return ErrLeaseLost
	}
	if len(handled) == 0 {
		return nil
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM whatsapp_signals WHERE id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)`,
		ids(handled)); err != nil {
		return fmt.Errorf("store: remove WhatsApp signals: %w", err)
	}
	return nil
}

func jsonList(s string) string {
	if s == "" {
		return "[]"
	}
	return s
}
