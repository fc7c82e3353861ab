package store

import (
	"context"
	"fmt"
	"time"
)

// Kinds of outgoing webhooks.
const (
	HookAccount      = "account"      // a webhook of an account
	HookInbox        = "inbox"        // of an API inbox
	HookBot          = "bot"          // of an agent bot
	HookRule         = "rule"         // an address in an automation rule or a macro
	HookInstallation = "installation" // of the operator
)

// States of a delivery.
const (
	HookNew       = "new" // its payload is not built yet
	HookPending   = "pending"
	HookDelivered = "delivered"
	HookFailed    = "failed"
)

// WebhookDelivery is one event that one endpoint is told.
type WebhookDelivery struct {
	ID int64
	// Delivery names it to the receiver, the same on every attempt.
	Delivery  string
	AccountID int64
	Kind      string
	// Endpoint is what shares places and a circuit breaker ("account/12").
	Endpoint string
	// TargetID is the webhook, the inbox or the bot, by Kind. A rule's and the
	// operator's have their address in URL, or in a setting.
	TargetID int64
	URL      string
	Event    string // as the payload calls it
	// EventKey tells what happened apart: there is one delivery of it for an endpoint.
	EventKey                           string
	InboxID, ConversationID, MessageID int64
	Details                            string // JSON object: what else the payload is made of
	Payload                            string // empty: not built yet
	State                              string
	Attempts, MaxAttempts              int
	RunAt, ExpiresAt                   int64 // microseconds
	ResponseStatus                     int   // 0: there was no answer
	Error                              string
	DurationMS                         int64
	RedeliveryOf                       int64 // the delivery that was ordered again; 0: none
	CreatedAt                          int64
	FinishedAt                         *int64
}

const hookColumns = `id, delivery, account_id, kind, endpoint, target_id, url, event, event_key, inbox_id, conversation_id,
	message_id, details, payload, state, attempts, max_attempts, run_at, expires_at, response_status, error, duration_ms,
	redelivery_of, created_at, finished_at`

func (d *WebhookDelivery) fields() []any {
	return []any{
		&d.ID, &d.Delivery, &d.AccountID, &d.Kind, &d.Endpoint, &d.TargetID, &d.URL, &d.Event, &d.EventKey, &d.InboxID, &d.ConversationID,
		&d.MessageID, &d.Details, &d.Payload, &d.State, &d.Attempts, &d.MaxAttempts, &d.RunAt, &d.ExpiresAt, &d.ResponseStatus, &d.Error, &d.DurationMS,
		&d.RedeliveryOf, &d.CreatedAt, &d.FinishedAt,
	}
}

// InsertWebhookDeliveries orders deliveries, from now, and gives the ids of those
// that are new: an event that its endpoint is told already is left out.
func (t *Tx) InsertWebhookDeliveries(ctx context.Context, list []WebhookDelivery) ([]int64, error) {
	if len(list) == 0 {
		return nil, nil
	}
	rows := make([][]any, len(list))
	for i, d := range list {
		state := HookNew
		if d.Payload != "" {
			state = HookPending
		}
		rows[i] = []any{
			i, d.Delivery, d.AccountID, d.Kind, d.Endpoint, d.TargetID, d.URL, d.Event, d.EventKey, d.InboxID, d.ConversationID, d.MessageID,
			jsonObject(d.Details), d.Payload, state, d.MaxAttempts, d.ExpiresAt, d.RedeliveryOf,
		}
	}
	set, err := rowSet(rows)
	if err != nil {
		return nil, fmt.Errorf("store: insert webhook deliveries: %w", err)
	}
	made, err := t.tx.QueryContext(ctx, `INSERT INTO webhook_deliveries (delivery, account_id, kind, endpoint, target_id, url, event, event_key, inbox_id,
			conversation_id, message_id, details, payload, state, max_attempts, expires_at, redelivery_of, run_at, created_at)
		SELECT delivery, account_id, kind, endpoint, target_id, url, event, event_key, inbox_id, conversation_id, message_id, details, payload, state,
			max_attempts, expires_at, redelivery_of, CAST($2 AS BIGINT), CAST($2 AS BIGINT)
		FROM `+t.s.d.rows("$1", "i bigint", "delivery text", "account_id bigint", "kind text", "endpoint text", "target_id bigint", "url text",
		"event text", "event_key text", "inbox_id bigint", "conversation_id bigint", "message_id bigint", "details text", "payload text",
		"state text", "max_attempts bigint", "expires_at bigint", "redelivery_of bigint")+` WHERE TRUE ORDER BY i
		ON CONFLICT (endpoint, event_key) DO NOTHING RETURNING id`, set, t.now())
	if err != nil {
		return nil, fmt.Errorf("store: insert webhook deliveries: %w", err)
	}
	return collect(made, "insert webhook deliveries", func(id *int64) []any { return []any{id} })
}

// NewWebhookDeliveries reads deliveries whose payload is not built yet, the oldest
// first.
func (s *Store) NewWebhookDeliveries(ctx context.Context, limit int) ([]WebhookDelivery, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+hookColumns+` FROM webhook_deliveries d WHERE d.state = 'new' ORDER BY d.id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("store: new webhook deliveries: %w", err)
	}
	return collect(rows, "new webhook deliveries", (*WebhookDelivery).fields)
}

// BuildWebhookDeliveries gives deliveries their payloads, by id, which makes them
// due; those with an empty one are dropped. What somebody else built stays.
func (s *Store) BuildWebhookDeliveries(ctx context.Context, payloads map[int64]string) error {
	var built [][]any
	var gone []int64
	for id, payload := range payloads {
		if payload == "" {
			gone = append(gone, id)
			continue
		}
		built = append(built, []any{id, payload})
	}
	return s.Transact(ctx, func(t *Tx) error {
		if len(built) > 0 {
			set, err := rowSet(built)
			if err != nil {
				return fmt.Errorf("store: build webhook deliveries: %w", err)
			}
			if _, err := t.tx.ExecContext(ctx, `UPDATE webhook_deliveries SET payload = x.payload, state = 'pending'
				FROM `+s.d.rows("$1", "id bigint", "payload text")+` WHERE webhook_deliveries.id = x.id AND webhook_deliveries.state = 'new'`, set); err != nil {
				return fmt.Errorf("store: build webhook deliveries: %w", err)
			}
		}
		if len(gone) == 0 {
			return nil
		}
		if _, err := t.tx.ExecContext(ctx, `DELETE FROM webhook_deliveries
			WHERE id IN (SELECT x.id FROM `+s.d.rows("$1", "id bigint")+`) AND state = 'new'`, ids(gone)); err != nil {
			return fmt.Errorf("store: drop webhook deliveries: %w", err)
		}
		return nil
	})
}

// WaitingEndpoint is an endpoint that is to be told something.
type WaitingEndpoint struct {
	Endpoint string
	RunAt    int64 // when the first of its deliveries is due, microseconds
}

// WaitingEndpoints are all of them: a step of the index for each, however much waits.
func (s *Store) WaitingEndpoints(ctx context.Context) ([]WaitingEndpoint, error) {
	rows, err := s.r.QueryContext(ctx, `WITH RECURSIVE e (endpoint) AS (
			SELECT MIN(d.endpoint) FROM webhook_deliveries d WHERE d.state = 'pending'
			UNION ALL
			SELECT (SELECT MIN(d.endpoint) FROM webhook_deliveries d WHERE d.state = 'pending' AND d.endpoint > e.endpoint) FROM e WHERE e.endpoint IS NOT NULL)
		SELECT e.endpoint, COALESCE((SELECT MIN(d.run_at) FROM webhook_deliveries d WHERE d.state = 'pending' AND d.endpoint = e.endpoint), 0)
		FROM e WHERE e.endpoint IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("store: waiting endpoints: %w", err)
	}
	return collect(rows, "waiting endpoints", func(e *WaitingEndpoint) []any { return []any{&e.Endpoint, &e.RunAt} })
}

// claimHooks ends where the rows are chosen: ids of deliveries that are pending. A
// lease that ran out counts as an attempt.
const claimHooks = `UPDATE webhook_deliveries SET lease_owner = $1, run_at = $2, attempts = attempts + CASE WHEN lease_owner <> '' THEN 1 ELSE 0 END
	WHERE id IN (SELECT id FROM webhook_deliveries WHERE state = 'pending' `

// ClaimWebhookDeliveries leases due deliveries: of each endpoint at most as many as
// shares says, the oldest first.
func (s *Store) ClaimWebhookDeliveries(ctx context.Context, owner string, lease time.Duration, shares map[string]int) ([]WebhookDelivery, error) {
	var out []WebhookDelivery
	err := s.Transact(ctx, func(t *Tx) error {
		out = nil
		for endpoint, limit := range shares {
			list, err := t.claimHooks(ctx, `AND endpoint = $3 AND run_at <= $4 ORDER BY run_at LIMIT $5 `,
				owner, micros(t.Now.Add(lease)), endpoint, t.now(), limit)
			if err != nil {
				return err
			}
			out = append(out, list...)
		}
		return nil
	})
	return out, err
}

// ClaimExpiredWebhookDeliveries leases deliveries whose time is over, due or not,
// that nobody works on.
func (s *Store) ClaimExpiredWebhookDeliveries(ctx context.Context, owner string, lease time.Duration, limit int) ([]WebhookDelivery, error) {
	var out []WebhookDelivery
	err := s.Transact(ctx, func(t *Tx) (err error) {
		out, err = t.claimHooks(ctx, `AND expires_at <= $3 AND (lease_owner = '' OR run_at <= $3) ORDER BY expires_at LIMIT $4 `,
			owner, micros(t.Now.Add(lease)), t.now(), limit)
		return err
	})
	return out, err
}

func (t *Tx) claimHooks(ctx context.Context, which string, args ...any) ([]WebhookDelivery, error) {
	rows, err := t.tx.QueryContext(ctx, claimHooks+which+t.s.d.skipLocked+`) RETURNING `+hookColumns, args...)
	if err != nil {
		return nil, fmt.Errorf("store: claim webhook deliveries: %w", err)
	}
	return collect(rows, "claim webhook deliveries", (*WebhookDelivery).fields)
}

// RenewWebhookDeliveries keeps what owner holds from being claimed by others.
func (s *Store) RenewWebhookDeliveries(ctx context.Context, owner string, deliveryIDs []int64, lease time.Duration) error {
	return s.moveHooks(ctx, "renew webhook deliveries", `lease_owner`, owner, deliveryIDs, s.now().Add(lease))
}

// PutOffWebhookDeliveries gives deliveries back that owner holds, to be made at a
// moment; no attempt is counted.
func (s *Store) PutOffWebhookDeliveries(ctx context.Context, owner string, deliveryIDs []int64, at time.Time) error {
	return s.moveHooks(ctx, "put off webhook deliveries", `''`, owner, deliveryIDs, at)
}

func (s *Store) moveHooks(ctx context.Context, what, holder, owner string, deliveryIDs []int64, at time.Time) error {
	if len(deliveryIDs) == 0 {
		return nil
	}
	return s.statement(ctx, func(q queryer) error {
		if _, err := q.ExecContext(ctx, `UPDATE webhook_deliveries SET lease_owner = `+holder+`, run_at = $3
			WHERE id IN (SELECT x.id FROM `+s.d.rows("$2", "id bigint")+`) AND lease_owner = $1`, owner, ids(deliveryIDs), micros(at)); err != nil {
			return fmt.Errorf("store: %s: %w", what, err)
		}
		return nil
	})
}

// HookVerdict is what became of an attempt.
type HookVerdict struct {
	// State is HookPending when it is tried again, at RunAt.
	State          string
	RunAt          time.Time
	ResponseStatus int
	Error          string
	Duration       time.Duration
	// Forget removes the delivery, of which nobody wants to know any more.
	Forget bool
}

// JudgeWebhookDelivery writes the verdict of owner's attempt. ok is false when the
// delivery is not owner's any more: then nothing is changed.
func (t *Tx) JudgeWebhookDelivery(ctx context.Context, owner string, id int64, v HookVerdict) (ok bool, err error) {
	if v.Forget {
		return t.changed(ctx, "forget webhook delivery", `DELETE FROM webhook_deliveries WHERE id = $1 AND lease_owner = $2`, id, owner)
	}
	finished, runAt := any(t.now()), t.Now
	if v.State == HookPending {
		finished, runAt = nil, v.RunAt
	}
	return t.changed(ctx, "judge webhook delivery", `UPDATE webhook_deliveries SET lease_owner = '', state = $3, attempts = attempts + 1, run_at = $4,
			response_status = $5, error = $6, duration_ms = $7, finished_at = $8
		WHERE id = $1 AND lease_owner = $2`,
		id, owner, v.State, micros(runAt), v.ResponseStatus, v.Error, v.Duration.Milliseconds(), finished)
}

// WebhookLog reads what a webhook of an account was told, the newest first: at most
// limit deliveries with ids below before, 0: from the newest. state narrows to one,
// where HookPending stands for HookNew, too; empty: any.
func (s *Store) WebhookLog(ctx context.Context, accountID, webhookID, before int64, state string, limit int) ([]WebhookDelivery, error) {
	c := &clause{d: s.d, text: []string{"d.kind = 'account'"}}
	c.add("d.target_id = ?", webhookID)
	c.add("d.account_id = ?", accountID)
	if before != 0 {
		c.add("d.id < ?", before)
	}
	switch state {
	case "":
	case HookPending:
		c.text = append(c.text, "d.state IN ('new', 'pending')")
	default:
		c.add("d.state = ?", state)
	}
	c.args = append(c.args, limit)
	rows, err := s.r.QueryContext(ctx, `SELECT `+hookColumns+` FROM webhook_deliveries d WHERE `+c.where()+
		fmt.Sprintf(` ORDER BY d.id DESC LIMIT $%d`, len(c.args)), c.args...)
	if err != nil {
		return nil, fmt.Errorf("store: webhook log: %w", err)
	}
	return collect(rows, "webhook log", (*WebhookDelivery).fields)
}

// WebhookDelivery reads one of them; ErrNotFound when the webhook has none of that
// id.
func (s *Store) WebhookDelivery(ctx context.Context, accountID, webhookID, id int64) (WebhookDelivery, error) {
	var d WebhookDelivery
	err := s.r.QueryRowContext(ctx, `SELECT `+hookColumns+` FROM webhook_deliveries d
		WHERE d.id = $1 AND d.kind = 'account' AND d.target_id = $2 AND d.account_id = $3`, id, webhookID, accountID).Scan(d.fields()...)
	if isNoRows(err) {
		return d, ErrNotFound
	}
	if err != nil {
		return d, fmt.Errorf("store: webhook delivery: %w", err)
	}
	return d, nil
}

// PruneWebhookDeliveries removes at most limit deliveries that were finished before a
// moment and tells how many.
func (s *Store) PruneWebhookDeliveries(ctx context.Context, before time.Time, limit int) (int64, error) {
	return s.dropHooks(ctx, `finished_at < $1 ORDER BY finished_at`, micros(before), limit)
}

// DropWebhookDeliveries removes at most limit deliveries of a webhook that is
// deleted. done tells that none is left.
func (s *Store) DropWebhookDeliveries(ctx context.Context, webhookID int64, limit int) (done bool, err error) {
	n, err := s.dropHooks(ctx, `kind = 'account' AND target_id = $1 ORDER BY id`, webhookID, limit)
	return n < int64(limit), err
}

func (s *Store) dropHooks(ctx context.Context, which string, arg any, limit int) (n int64, err error) {
	err = s.statement(ctx, func(q queryer) error {
		res, err := q.ExecContext(ctx, `DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries WHERE `+which+` LIMIT $2 `+s.d.lock+`)`,
			arg, limit)
		if err != nil {
			return fmt.Errorf("store: drop webhook deliveries: %w", err)
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}
