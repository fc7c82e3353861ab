package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// attemptWindow is the window of Meta's cap on registrations: 72 hours (Cloud API,
// "Registration": 10 requests per number).
const attemptWindow = 72 * time.Hour

// Refusals of BeginWhatsAppAttempt.
var (
	// ErrAttemptBudget says that the number has no call left in the window.
	ErrAttemptBudget = errors.New("store: no registration attempt left")
	// ErrAttemptRunning says that a call of this number is under way.
	ErrAttemptRunning = errors.New("store: a registration attempt is under way")
)

// Calls that are counted, each kind for itself.
const (
	CallRegister   = "register"
	CallDeregister = "deregister"
)

// WhatsAppAttempt is one call of register or deregister.
type WhatsAppAttempt struct {
	ID            int64
	AccountID     int64
	InboxID       int64
	PhoneID       string
	Call          string
	Automatic     bool
	Trigger       string
	ActorID       int64 // 0: nobody
	Row           string
	HealthBefore  json.RawMessage
	HTTPStatus    int // 0: no answer
	Code          int // 0: none
	Subcode       int
	Title         string
	Message       string
	Trace         string
	Result        string // in_flight until the answer is known
	NextAttemptAt time.Time
	StartedAt     time.Time
	FinishedAt    time.Time // zero: under way, or unknown
}

// InFlight is the result of a call that is under way.
const InFlight = "in_flight"

// BeginWhatsAppAttempt writes down a call before it is made. The count of the
// window is taken here, with the number locked: whatever else goes wrong, no more
// than total calls of the kind are made in it, and no more than automatic without
// a person. While a call of either kind is under way there is no other. Only the
// holder of the account's lease may begin one.
func (t *Tx) BeginWhatsAppAttempt(ctx context.Context, owner, waba string, a WhatsAppAttempt, total, automatic int) (int64, error) {
	if err := t.holdsLease(ctx, owner, waba); err != nil {
		return 0, err
	}
	var of string
	err := t.tx.QueryRowContext(ctx, `SELECT n.waba_id FROM whatsapp_numbers n WHERE n.phone_number_id = $1 `+t.s.d.lockOf("n"), a.PhoneID).Scan(&of)
	if isNoRows(err) {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("store: begin WhatsApp attempt: %w", err)
	}
	if of != waba {
		return 0, ErrLeaseLost
	}
	var all, unattended, running int
	if err := t.tx.QueryRowContext(ctx, `SELECT COALESCE(SUM(CASE WHEN call = $2 THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN call = $2 AND automatic THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN finished_at IS NULL THEN 1 ELSE 0 END), 0)
		FROM whatsapp_attempts WHERE phone_number_id = $1 AND started_at > $3`,
		a.PhoneID, a.Call, micros(t.Now.Add(-attemptWindow))).Scan(&all, &unattended, &running); err != nil {
		return 0, fmt.Errorf("store: begin WhatsApp attempt: %w", err)
	}
	switch {
	case running > 0:
		return 0, ErrAttemptRunning
	case all >= total || a.Automatic && unattended >= automatic:
		return 0, ErrAttemptBudget
	}
	var id int64
	if err := t.tx.QueryRowContext(ctx, `INSERT INTO whatsapp_attempts (account_id, inbox_id, phone_number_id, call, automatic, trigger_name,
			actor_id, decision_row, health_before, started_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
		a.AccountID, a.InboxID, a.PhoneID, a.Call, a.Automatic, a.Trigger, nilIfZero(a.ActorID), a.Row,
		jsonObject(string(a.HealthBefore)), t.now()).Scan(&id); err != nil {
		return 0, fmt.Errorf("store: begin WhatsApp attempt: %w", err)
	}
	return id, nil
}

// FinishWhatsAppAttempt writes down what came of a call. One that is finished
// already stays as it is.
func (t *Tx) FinishWhatsAppAttempt(ctx context.Context, a WhatsAppAttempt) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE whatsapp_attempts SET http_status = $2, code = $3, subcode = $4, title = $5, message = $6,
			fbtrace_id = $7, result = $8, next_attempt_at = $9, finished_at = $10
		WHERE id = $1 AND finished_at IS NULL`,
		a.ID, nilIfZero(int64(a.HTTPStatus)), nilIfZero(int64(a.Code)), nilIfZero(int64(a.Subcode)), nilIfEmpty(a.Title), nilIfEmpty(a.Message),
		nilIfEmpty(a.Trace), a.Result, nullMicros(a.NextAttemptAt), t.now()); err != nil {
		return fmt.Errorf("store: finish WhatsApp attempt: %w", err)
	}
	return nil
}

// AbandonedWhatsAppAttempts reads a number's calls that are under way. Whoever
// holds the lease and made none of them finds those of a process that died.
func (s *Store) AbandonedWhatsAppAttempts(ctx context.Context, phoneID string) ([]WhatsAppAttempt, error) {
	return s.attempts(ctx, "abandoned WhatsApp attempts", `WHERE phone_number_id = $1 AND finished_at IS NULL ORDER BY id`, phoneID)
}

// WhatsAppCalls reads a number's calls of the window, oldest first.
func (s *Store) WhatsAppCalls(ctx context.Context, phoneID, call string) ([]WhatsAppAttempt, error) {
	return s.attempts(ctx, "WhatsApp calls", `WHERE phone_number_id = $1 AND call = $2 AND started_at > $3 ORDER BY id`,
		phoneID, call, micros(s.now().Add(-attemptWindow)))
}

// LastWhatsAppCall reads a number's newest call of a kind; ErrNotFound when there
// is none.
func (s *Store) LastWhatsAppCall(ctx context.Context, phoneID, call string) (WhatsAppAttempt, error) {
	list, err := s.attempts(ctx, "last WhatsApp call", `WHERE phone_number_id = $1 AND call = $2 ORDER BY started_at DESC, id DESC LIMIT 1`, phoneID, call)
	if err != nil {
		return WhatsAppAttempt{}, err
	}
	if len(list) == 0 {
		return WhatsAppAttempt{}, ErrNotFound
	}
	return list[0], nil
}

// WhatsAppAttempts reads the calls of an inbox, newest first.
func (s *Store) WhatsAppAttempts(ctx context.Context, inboxID int64, limit, offset int) ([]WhatsAppAttempt, error) {
	return s.attempts(ctx, "WhatsApp attempts", `WHERE inbox_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3`, inboxID, limit, offset)
}

func (s *Store) attempts(ctx context.Context, what, where string, args ...any) ([]WhatsAppAttempt, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT id, account_id, inbox_id, phone_number_id, call, automatic, trigger_name, COALESCE(actor_id, 0),
			decision_row, health_before, COALESCE(http_status, 0), COALESCE(code, 0), COALESCE(subcode, 0), COALESCE(title, ''),
			COALESCE(message, ''), COALESCE(fbtrace_id, ''), result, next_attempt_at, started_at, finished_at
		FROM whatsapp_attempts `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	defer func() { _ = rows.Close() }()
	var out []WhatsAppAttempt
	for rows.Next() {
		var a WhatsAppAttempt
		var health string
		var next, finished sql.NullInt64
		var started int64
		if err := rows.Scan(&a.ID, &a.AccountID, &a.InboxID, &a.PhoneID, &a.Call, &a.Automatic, &a.Trigger, &a.ActorID, &a.Row, &health,
			&a.HTTPStatus, &a.Code, &a.Subcode, &a.Title, &a.Message, &a.Trace, &a.Result, &next, &started, &finished); err != nil {
			return nil, fmt.Errorf("store: %s: %w", what, err)
		}
		a.HealthBefore = json.RawMessage(health)
		a.NextAttemptAt, a.StartedAt, a.FinishedAt = fromMicros(next), time.UnixMicro(started).UTC(), fromMicros(finished)
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return out, nil
}
