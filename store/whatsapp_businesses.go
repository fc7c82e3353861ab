package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrLeaseLost says that another process looks after a WhatsApp business account
// by now: what the caller was about to store is void.
var ErrLeaseLost = errors.New("store: lease lost")

// WhatsAppBusiness is a WhatsApp Business Account, as far as its numbers' health
// needs it.
type WhatsAppBusiness struct {
	WABA          string
	Name          string
	PortfolioID   string
	PortfolioName string
	ReviewStatus  string
	ReadAt        time.Time // zero: Meta was never asked
	DueAt         time.Time
	PausedUntil   time.Time
	Registered    bool // one of its numbers is
}

const businessColumns = `waba_id, name, portfolio_id, portfolio_name, review_status, read_at, due_at, paused_until,
	EXISTS (SELECT 1 FROM whatsapp_numbers r WHERE r.waba_id = whatsapp_businesses.waba_id AND r.state = 'registered')`

func scanBusiness(r interface{ Scan(...any) error }) (WhatsAppBusiness, error) {
	var b WhatsAppBusiness
	var read sql.NullInt64
	var due, paused int64
	err := r.Scan(&b.WABA, &b.Name, &b.PortfolioID, &b.PortfolioName, &b.ReviewStatus, &read, &due, &paused, &b.Registered)
	b.ReadAt, b.DueAt = fromMicros(read), time.UnixMicro(due).UTC()
	if paused > 0 {
		b.PausedUntil = time.UnixMicro(paused).UTC()
	}
	return b, err
}

// ClaimWhatsAppBusinesses leases accounts of which a number is due, the longest
// waiting first.
func (s *Store) ClaimWhatsAppBusinesses(ctx context.Context, owner string, lease time.Duration, limit int) ([]WhatsAppBusiness, error) {
	now := s.now()
	rows, err := s.w.QueryContext(ctx, `UPDATE whatsapp_businesses SET lease_owner = $1, lease_until = $2
		WHERE waba_id IN (SELECT waba_id FROM whatsapp_businesses WHERE due_at <= $3 AND lease_until <= $3
			ORDER BY due_at LIMIT $4 `+s.d.skipLocked+`)
		RETURNING `+businessColumns, owner, micros(now.Add(lease)), micros(now), limit)
	if err != nil {
		return nil, fmt.Errorf("store: claim WhatsApp businesses: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []WhatsAppBusiness
	for rows.Next() {
		b, err := scanBusiness(rows)
		if err != nil {
			return nil, fmt.Errorf("store: claim WhatsApp businesses: %w", err)
		}
		out = append(out, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: claim WhatsApp businesses: %w", err)
	}
	// RETURNING gives the rows in any order.
	slices.SortFunc(out, func(a, b WhatsAppBusiness) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.WABA, b.WABA))
	})
	return out, nil
}

// EnsureWhatsAppBusiness makes an account known, so that it can be leased before it
// has a number.
func (s *Store) EnsureWhatsAppBusiness(ctx context.Context, waba string) error {
	return s.statement(ctx, func(q queryer) error {
		if _, err := q.ExecContext(ctx, `INSERT INTO whatsapp_businesses (waba_id, due_at, created_at, updated_at)
			VALUES ($1, `+never+`, $2, $2) ON CONFLICT (waba_id) DO NOTHING`, waba, micros(s.now())); err != nil {
			return fmt.Errorf("store: ensure WhatsApp business: %w", err)
		}
		return nil
	})
}

// LeaseWhatsAppBusiness leases one account, due or not; ok is false while somebody
// else has it. Whoever has it already gets it for longer.
func (s *Store) LeaseWhatsAppBusiness(ctx context.Context, waba, owner string, lease time.Duration) (b WhatsAppBusiness, ok bool, err error) {
	now := s.now()
	err = s.statement(ctx, func(q queryer) (err error) {
		b, err = scanBusiness(q.QueryRowContext(ctx, `UPDATE whatsapp_businesses SET lease_owner = $2, lease_until = $3
			WHERE waba_id = $1 AND (lease_until <= $4 OR lease_owner = $2) RETURNING `+businessColumns,
			waba, owner, micros(now.Add(lease)), micros(now)))
		if ok = err == nil; isNoRows(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return b, false, fmt.Errorf("store: lease WhatsApp business: %w", err)
	}
	return b, ok, nil
}

// ReleaseWhatsAppBusiness gives the lease back and has the account claimed again
// when the next of its numbers is due, or not before notBefore.
func (s *Store) ReleaseWhatsAppBusiness(ctx context.Context, waba, owner string, notBefore time.Time) error {
	floor := int64(0)
	if !notBefore.IsZero() {
		floor = micros(notBefore)
	}
	return s.Transact(ctx, func(t *Tx) error {
		// Locked by a statement of its own, so that the next one sees what a signal
		// or a new number that had the lock before has committed.
		if err := t.holdsLease(ctx, owner, waba); errors.Is(err, ErrLeaseLost) {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := t.tx.ExecContext(ctx, `UPDATE whatsapp_businesses SET lease_owner = '', lease_until = 0,
				due_at = CASE WHEN `+nextDue+` < $2 THEN $2 ELSE `+nextDue+` END
			WHERE waba_id = $1`, waba, floor); err != nil {
			return fmt.Errorf("store: release WhatsApp business: %w", err)
		}
		return nil
	})
}

// holdsLease locks the account until the transaction ends, or gives ErrLeaseLost
// when it is not the owner's.
func (t *Tx) holdsLease(ctx context.Context, owner, waba string) error {
	var holder string
	err := t.tx.QueryRowContext(ctx, `SELECT b.lease_owner FROM whatsapp_businesses b WHERE b.waba_id = $1 `+t.s.d.lockOf("b"), waba).Scan(&holder)
	if isNoRows(err) || err == nil && (holder != owner || holder == "") {
		return ErrLeaseLost
	}
	if err != nil {
		return fmt.Errorf("store: lease of WhatsApp business: %w", err)
	}
	return nil
}

// lockBusinesses locks the accounts of numbers, in order, until the transaction
// ends: before the numbers, as whoever holds a lease does. phones is made by ids.
func (t *Tx) lockBusinesses(ctx context.Context, phones string) error {
	if t.s.d.lock == "" {
		return nil // SQLite: the writer is alone
	}
	rows, err := t.tx.QueryContext(ctx, `SELECT b.waba_id FROM whatsapp_businesses b
		WHERE b.waba_id IN (SELECT n.waba_id FROM `+t.s.d.rows("$1", "id text")+` CROSS JOIN whatsapp_numbers n
			WHERE n.phone_number_id = x.id)
		ORDER BY b.waba_id `+t.s.d.lockOf("b"), phones)
	if err != nil {
		return fmt.Errorf("store: lock WhatsApp businesses: %w", err)
	}
	_, err = collect(rows, "lock WhatsApp businesses", func(waba *string) []any { return []any{waba} })
	return err
}

// never is a moment that does not come.
const never = "9000000000000000000"

// nextDue is when the account needs its next look: at once when something happened
// to one of its numbers, else when the first of them is due.
const nextDue = `CASE WHEN EXISTS (SELECT 1 FROM whatsapp_signals g JOIN whatsapp_numbers m ON m.phone_number_id = g.phone_number_id
		WHERE m.waba_id = whatsapp_businesses.waba_id) THEN 0
	ELSE COALESCE((SELECT MIN(n.observe_at) FROM whatsapp_numbers n WHERE n.waba_id = whatsapp_businesses.waba_id), ` + never + `) END`

// SpendWhatsAppCalls takes n calls out of an account's quota. The quota refills
// evenly, every is the time for one call; burst is how many can be spent at once:
// in any window w no more than burst + w/every are. ok is false when there is not
// enough of it, and at is when there will be; never, when n is more than burst.
func (s *Store) SpendWhatsAppCalls(ctx context.Context, waba string, n int, every time.Duration, burst int) (ok bool, at time.Time, err error) {
	now, cost, limit := micros(s.now()), int64(n)*every.Microseconds(), int64(burst)*every.Microseconds()
	var filled int64
	err = s.statement(ctx, func(q queryer) error {
		err := q.QueryRowContext(ctx, `UPDATE whatsapp_businesses
			SET quota_at = CASE WHEN quota_at < $2 THEN $2 ELSE quota_at END + $3
			WHERE waba_id = $1 AND CASE WHEN quota_at < $2 THEN $2 ELSE quota_at END + $3 <= $2 + $4 RETURNING quota_at`,
			waba, now, cost, limit).Scan(&filled)
		if ok = err == nil; isNoRows(err) {
			return nil
		}
		return err
	})
	if err != nil || ok {
		if err != nil {
			err = fmt.Errorf("store: spend WhatsApp calls: %w", err)
		}
		return ok, time.Time{}, err
	}
	err = s.r.QueryRowContext(ctx, `SELECT quota_at FROM whatsapp_businesses WHERE waba_id = $1`, waba).Scan(&filled)
	if isNoRows(err) {
		return false, time.Time{}, ErrNotFound
	}
	if err != nil {
		return false, time.Time{}, fmt.Errorf("store: spend WhatsApp calls: %w", err)
	}
	return false, time.UnixMicro(max(filled, now) + cost - limit).UTC(), nil
}

// PauseWhatsAppBusiness keeps everybody from calling Meta about an account until a
// moment; an earlier one changes nothing.
func (s *Store) PauseWhatsAppBusiness(ctx context.Context, waba string, until time.Time) error {
	return s.statement(ctx, func(q queryer) error {
		if _, err := q.ExecContext(ctx, `UPDATE whatsapp_businesses SET paused_until = $2 WHERE waba_id = $1 AND paused_until < $2`,
			waba, micros(until)); err != nil {
			return fmt.Errorf("store: pause WhatsApp business: %w", err)
		}
		return nil
	})
}

// WhatsAppBusiness reads one account.
func (s *Store) WhatsAppBusiness(ctx context.Context, waba string) (WhatsAppBusiness, error) {
	b, err := scanBusiness(s.r.QueryRowContext(ctx, `SELECT `+businessColumns+` FROM whatsapp_businesses WHERE waba_id = $1`, waba))
	if isNoRows(err) {
		return b, ErrNotFound
	}
	if err != nil {
		return b, fmt.Errorf("store: WhatsApp business: %w", err)
	}
	return b, nil
}

// PutWhatsAppBusiness stores what Meta tells of an account: names, owner, review.
func (t *Tx) PutWhatsAppBusiness(ctx context.Context, b WhatsAppBusiness) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE whatsapp_businesses SET name = $2, portfolio_id = $3, portfolio_name = $4,
		review_status = $5, read_at = $6, updated_at = $7 WHERE waba_id = $1`,
		b.WABA, b.Name, b.PortfolioID, b.PortfolioName, b.ReviewStatus, nullMicros(b.ReadAt), t.now()); err != nil {
		return fmt.Errorf("store: put WhatsApp business: %w", err)
	}
	return nil
}

// SignalWhatsApp leaves word of something that happened to numbers, and has their
// accounts looked after at once. Numbers that nobody knows are left out.
func (t *Tx) SignalWhatsApp(ctx context.Context, phoneIDs []string, kind, payload string) error {
	if len(phoneIDs) == 0 {
		return nil
	}
	set := ids(slices.Compact(slices.Sorted(slices.Values(phoneIDs))))
	if err := t.lockBusinesses(ctx, set); err != nil {
		return err
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO whatsapp_signals (phone_number_id, kind, payload, created_at)
		SELECT n.phone_number_id, $2, $3, $4 FROM `+t.s.d.rows("$1", "id text")+` CROSS JOIN whatsapp_numbers n
		WHERE n.phone_number_id = x.id`, set, kind, jsonObject(payload), t.now()); err != nil {
		return fmt.Errorf("store: signal WhatsApp numbers: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE whatsapp_businesses SET due_at = 0
		WHERE waba_id IN (SELECT n.waba_id FROM `+t.s.d.rows("$1", "id text")+` CROSS JOIN whatsapp_numbers n
			WHERE n.phone_number_id = x.id)`, set); err != nil {
		return fmt.Errorf("store: signal WhatsApp numbers: %w", err)
	}
	return nil
}

// NewWhatsAppEvent tells whether a management webhook of this digest was never
// applied, and notes that it is now.
func (t *Tx) NewWhatsAppEvent(ctx context.Context, digest string) (bool, error) {
	res, err := t.tx.ExecContext(ctx, `INSERT INTO whatsapp_events (digest, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, digest, t.now())
	if err != nil {
		return false, fmt.Errorf("store: WhatsApp event: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("store: WhatsApp event: %w", err)
	}
	return n > 0, nil
}

// PruneWhatsApp removes attempts and snapshots older than history, and events
// older than events. The newest snapshot of a number stays.
func (s *Store) PruneWhatsApp(ctx context.Context, history, events time.Duration) error {
	return s.Transact(ctx, func(t *Tx) error {
		for _, q := range []struct {
			sql string
			age time.Duration
		}{
			{`DELETE FROM whatsapp_attempts WHERE started_at < $1`, history},
			{`DELETE FROM whatsapp_snapshots WHERE created_at < $1 AND id < (SELECT MAX(newest.id) FROM whatsapp_snapshots newest
				WHERE newest.phone_number_id = whatsapp_snapshots.phone_number_id)`, history},
			{`DELETE FROM whatsapp_events WHERE created_at < $1`, events},
		} {
			if _, err := t.tx.ExecContext(ctx, q.sql, micros(t.Now.Add(-q.age))); err != nil {
				return fmt.Errorf("store: prune WhatsApp history: %w", err)
			}
		}
		return nil
	})
}
