package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Lanes keep kinds of deferred work apart, so that none waits for another.
const (
	LaneDeferred = "deferred" // webhook registrations, profiles
	LaneMedia    = "media"    // downloads of what came with messages, and of avatars
	LaneBulk     = "bulk"     // imports, deletions
	LaneNumbers  = "numbers"  // what waits for nobody's answer: news about WhatsApp numbers, whom to notify
	LaneMail     = "mail"     // mails
	LanePush     = "push"     // calls of the push services of members' devices
)

// Job is work to be done later, at least once.
type Job struct {
	ID          int64
	Kind        string
	Lane        string
	UniqueKey   string // a second job with the same key is not made while one waits
	AccountID   int64
	Payload     json.RawMessage
	RunAt       time.Time
	Attempts    int
	MaxAttempts int
	LastError   string
}

// InsertJob orders work in the transaction that makes it necessary. While a job
// of the same key runs, the order stands for a run after it.
func (t *Tx) InsertJob(ctx context.Context, j Job) error {
	j = j.withDefaults()
	if j.RunAt.IsZero() {
		j.RunAt = t.Now
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO jobs (kind, lane, unique_key, account_id, payload, run_at, max_attempts, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (unique_key) DO UPDATE SET payload = excluded.payload, run_at = excluded.run_at, state = 'ready', attempts = 0,
			renewed = jobs.lease_owner <> ''`,
		j.Kind, j.Lane, nilIfEmpty(j.UniqueKey), j.AccountID, jsonObject(string(j.Payload)), micros(j.RunAt), j.MaxAttempts, t.now()); err != nil {
		return fmt.Errorf("store: insert job: %w", err)
	}
	return nil
}

// OrderJobs orders jobs, all of which have unique keys, to run at RunAt or now. A
// job of the same key that waits or runs stays as it is; one that is dead is made
// again when it has rested so long.
func (t *Tx) OrderJobs(ctx context.Context, list []Job, rest time.Duration) error {
	rows := make([][]any, 0, len(list))
	seen := make(map[string]bool, len(list))
	for _, j := range list {
		if seen[j.UniqueKey] {
			continue
		}
		seen[j.UniqueKey] = true
		j = j.withDefaults()
		if j.RunAt.IsZero() {
			j.RunAt = t.Now
		}
		rows = append(rows, []any{j.Kind, j.Lane, j.UniqueKey, j.AccountID, jsonObject(string(j.Payload)), micros(j.RunAt), j.MaxAttempts})
	}
	if len(rows) == 0 {
		return nil
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: order jobs: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, t.s.q.orderJobs, set, t.now(), micros(t.Now.Add(-rest))); err != nil {
		return fmt.Errorf("store: order jobs: %w", err)
	}
	return nil
}

// HastenJobs makes jobs of a kind that wait for a later moment run now: those
// whose unique key begins with prefix.
func (t *Tx) HastenJobs(ctx context.Context, lane, kind, prefix string) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE jobs SET run_at = $4
		WHERE lane = $1 AND state = 'ready' AND run_at > $4 AND kind = $2
			AND SUBSTR(unique_key, 1, LENGTH(CAST($3 AS TEXT))) = CAST($3 AS TEXT)`, lane, kind, prefix, t.now()); err != nil {
		return fmt.Errorf("store: hasten jobs: %w", err)
	}
	return nil
}

func (j Job) withDefaults() Job {
	if j.Lane == "" {
		j.Lane = LaneDeferred
	}
	if j.MaxAttempts == 0 {
		j.MaxAttempts = 10
	}
	return j
}

// ClaimJobs leases due jobs of a lane. A lease that ran out counts as an attempt:
// a job that takes its process with it comes to an end too.
func (s *Store) ClaimJobs(ctx context.Context, lane, owner string, lease time.Duration, limit int) ([]Job, error) {
	now := s.now()
	rows, err := s.w.QueryContext(ctx, `UPDATE jobs SET lease_owner = $1, lease_until = $2, renewed = FALSE,
			attempts = attempts + CASE WHEN lease_owner <> '' THEN 1 ELSE 0 END
		WHERE id IN (SELECT id FROM jobs WHERE lane = $3 AND state = 'ready' AND run_at <= $4 AND lease_until <= $4
			ORDER BY run_at LIMIT $5 `+s.d.skipLocked+`)
		RETURNING id, kind, lane, COALESCE(unique_key, ''), account_id, payload, run_at, attempts, max_attempts, last_error`,
		owner, micros(now.Add(lease)), lane, micros(now), limit)
	if err != nil {
		return nil, fmt.Errorf("store: claim jobs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Job
	for rows.Next() {
		var j Job
		var runAt int64
		var payload string
		if err := rows.Scan(&j.ID, &j.Kind, &j.Lane, &j.UniqueKey, &j.AccountID, &payload, &runAt, &j.Attempts, &j.MaxAttempts, &j.LastError); err != nil {
			return nil, fmt.Errorf("store: claim jobs: %w", err)
		}
		j.Payload, j.RunAt = json.RawMessage(payload), time.UnixMicro(runAt)
		out = append(out, j)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: claim jobs: %w", err)
	}
	return out, nil
}

// FinishJob removes a job that is done, or gives it back when it was ordered
// again while it ran.
func (s *Store) FinishJob(ctx context.Context, id int64) error {
	res, err := s.w.ExecContext(ctx, `DELETE FROM jobs WHERE id = $1 AND NOT renewed`, id)
	if err != nil {
		return fmt.Errorf("store: finish job: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	if _, err := s.w.ExecContext(ctx, `UPDATE jobs SET lease_owner = '', lease_until = 0, renewed = FALSE WHERE id = $1 AND renewed`, id); err != nil {
		return fmt.Errorf("store: finish job: %w", err)
	}
	return nil
}

// RetryJob gives a failed job back until at, or lets it rest as dead when its
// attempts are used up. It tells which. A job that was ordered again while it ran
// starts anew.
func (s *Store) RetryJob(ctx context.Context, j Job, at time.Time, reason string) (dead bool, err error) {
	state := "ready"
	if j.Attempts+1 >= j.MaxAttempts {
		state = "dead"
	}
	err = s.w.QueryRowContext(ctx, `UPDATE jobs SET lease_owner = '', lease_until = 0, last_error = $3, renewed = FALSE,
			attempts = CASE WHEN renewed THEN 0 ELSE attempts + 1 END,
			run_at = CASE WHEN renewed THEN run_at ELSE $2 END,
			state = CASE WHEN renewed THEN 'ready' ELSE $4 END
		WHERE id = $1 RETURNING state`, j.ID, micros(at), reason, state).Scan(&state)
	if err != nil && !isNoRows(err) {
		return false, fmt.Errorf("store: retry job: %w", err)
	}
	return state == "dead", nil
}

// ContinueJob gives a job back that wants to go on at a moment; no attempt is
// counted.
func (s *Store) ContinueJob(ctx context.Context, id int64, at time.Time) error {
	if _, err := s.w.ExecContext(ctx, `UPDATE jobs SET lease_owner = '', lease_until = 0, run_at = $2, last_error = '' WHERE id = $1`,
		id, micros(at)); err != nil {
		return fmt.Errorf("store: continue job: %w", err)
	}
	return nil
}

// NextJob is when the next job of a lane becomes due; zero when none waits.
func (s *Store) NextJob(ctx context.Context, lane string) (time.Time, error) {
	var at *int64
	err := s.r.QueryRowContext(ctx, `SELECT MIN(CASE WHEN lease_until > run_at THEN lease_until ELSE run_at END)
		FROM jobs WHERE lane = $1 AND state = 'ready'`, lane).Scan(&at)
	if err != nil {
		return time.Time{}, fmt.Errorf("store: next job: %w", err)
	}
	if at == nil {
		return time.Time{}, nil
	}
	return time.UnixMicro(*at), nil
}

// ExpireParked drops receipts whose message never appeared.
func (s *Store) ExpireParked(ctx context.Context) (int64, error) {
	res, err := s.w.ExecContext(ctx, `DELETE FROM parked_statuses WHERE expires_at <= $1`, micros(s.now()))
	if err != nil {
		return 0, fmt.Errorf("store: expire parked statuses: %w", err)
	}
	return res.RowsAffected()
}
