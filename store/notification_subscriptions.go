package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// Types of subscriptions.
const (
	SubscriptionBrowser = 1 // web push
	SubscriptionFCM     = 2 // Firebase, of the mobile app
)

// MaxSubscriptions is how many devices a user may have; a further one takes the
// place of the one that was silent for longest.
const MaxSubscriptions = 100

// SubscriptionRow is a device of a user that is told of notifications.
type SubscriptionRow struct {
	ID     int64
	UserID int64
	Type   int // SubscriptionBrowser, SubscriptionFCM
	// Identifier is the device's, unique in the installation.
	Identifier string
	// Attributes are what the device said about itself, a JSON object. Whoever knows
	// them can write to the device.
	Attributes json.RawMessage
	// PushToken is the one among them by which the mobile app takes itself off; empty:
	// there is none.
	PushToken            string
	CreatedAt, UpdatedAt int64 // microseconds
}

// subscriptionContent is what is sealed.
type subscriptionContent struct {
	Identifier string          `json:"identifier"`
	Attributes json.RawMessage `json:"attributes"`
	PushToken  string          `json:"push_token,omitempty"`
}

const subscriptionPurpose = "notification subscription"

const subscriptionColumns = `id, user_id, subscription_type, content, created_at, updated_at`

// sealedSubscription is a row before its content is opened.
type sealedSubscription struct {
	SubscriptionRow
	content string
}

func (r *sealedSubscription) fields() []any {
	return []any{&r.ID, &r.UserID, &r.Type, &r.content, &r.CreatedAt, &r.UpdatedAt}
}

func (s *Store) openSubscription(r sealedSubscription) (SubscriptionRow, error) {
	plain, err := s.sealer.Open(subscriptionPurpose, r.content)
	if err != nil {
		return r.SubscriptionRow, fmt.Errorf("store: notification subscription %d: %w", r.ID, err)
	}
	var c subscriptionContent
	if err := json.Unmarshal(plain, &c); err != nil {
		return r.SubscriptionRow, fmt.Errorf("store: notification subscription %d: %w", r.ID, err)
	}
	r.Identifier, r.Attributes, r.PushToken = c.Identifier, c.Attributes, c.PushToken
	return r.SubscriptionRow, nil
}

// PutSubscription stores a device as its user's. One of the same identifier is
// changed, and is that user's from now on. It gives the row as it is stored.
func (t *Tx) PutSubscription(ctx context.Context, in SubscriptionRow) (SubscriptionRow, error) {
	plain, err := json.Marshal(subscriptionContent{Identifier: in.Identifier, Attributes: in.Attributes, PushToken: in.PushToken})
	if err != nil {
		return in, fmt.Errorf("store: put notification subscription: %w", err)
	}
	var token *string
	if in.PushToken != "" {
		digest := t.s.sealer.Digest(in.PushToken)
		token = &digest
	}
	digests := t.s.sealer.Digests(in.Identifier)
	for _, other := range digests[1:] { // it may be known by a key that does not write any more
		if _, err := t.tx.ExecContext(ctx, `UPDATE notification_subscriptions SET identifier_digest = $1 WHERE identifier_digest = $2
			AND NOT EXISTS (SELECT 1 FROM notification_subscriptions o WHERE o.identifier_digest = $1)`, digests[0], other); err != nil {
			return in, fmt.Errorf("store: put notification subscription: %w", err)
		}
	}
	var r sealedSubscription
	err = t.tx.QueryRowContext(ctx, `INSERT INTO notification_subscriptions (user_id, subscription_type, identifier_digest, push_token_digest, content,
			created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $6)
		ON CONFLICT (identifier_digest) DO UPDATE SET user_id = excluded.user_id, subscription_type = excluded.subscription_type,
			push_token_digest = excluded.push_token_digest, content = excluded.content, updated_at = excluded.updated_at
		RETURNING `+subscriptionColumns,
		in.UserID, in.Type, digests[0], token, t.s.sealer.Seal(subscriptionPurpose, plain), t.now()).Scan(r.fields()...)
	if err != nil {
		return in, fmt.Errorf("store: put notification subscription: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM notification_subscriptions WHERE id IN (SELECT id FROM notification_subscriptions
		WHERE user_id = $1 AND id <> $2 ORDER BY updated_at DESC, id DESC LIMIT 1000 OFFSET $3)`, in.UserID, r.ID, MaxSubscriptions-1); err != nil {
		return in, fmt.Errorf("store: put notification subscription: %w", err)
	}
	return t.s.openSubscription(r)
}

// DeletePushToken deletes the first device of a user that has this push token.
func (t *Tx) DeletePushToken(ctx context.Context, userID int64, token string) error {
	_, err := anyOf(t.s.sealer.Digests(token), func(digest string) (bool, error) {
		return t.changed(ctx, "delete push token", `DELETE FROM notification_subscriptions WHERE id = (SELECT MIN(id) FROM notification_subscriptions
			WHERE user_id = $1 AND push_token_digest = $2)`, userID, digest)
	})
	return err
}

// Subscription reads a device; ErrNotFound when it is gone.
func (s *Store) Subscription(ctx context.Context, id int64) (SubscriptionRow, error) {
	var r sealedSubscription
	err := s.r.QueryRowContext(ctx, `SELECT `+subscriptionColumns+` FROM notification_subscriptions WHERE id = $1`, id).Scan(r.fields()...)
	if isNoRows(err) {
		return r.SubscriptionRow, ErrNotFound
	}
	if err != nil {
		return r.SubscriptionRow, fmt.Errorf("store: notification subscription: %w", err)
	}
	return s.openSubscription(r)
}

// DropSubscription deletes a device that can be reached no more, unless it told its
// address anew since it was read.
func (s *Store) DropSubscription(ctx context.Context, r SubscriptionRow) error {
	return s.Transact(ctx, func(t *Tx) error {
		if _, err := t.tx.ExecContext(ctx, `DELETE FROM notification_subscriptions WHERE id = $1 AND updated_at = $2`, r.ID, r.UpdatedAt); err != nil {
			return fmt.Errorf("store: drop notification subscription: %w", err)
		}
		return nil
	})
}

// SubscriptionIDs are the devices of a type that users have, by user.
func (t *Tx) SubscriptionIDs(ctx context.Context, userIDs []int64, kind int) (map[int64][]int64, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT n.user_id, n.id FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN notification_subscriptions n
		WHERE n.user_id = x.id AND n.subscription_type = $2 ORDER BY n.id`, ids(userIDs), kind)
	if err != nil {
		return nil, fmt.Errorf("store: notification subscriptions: %w", err)
	}
	list, err := collect(rows, "notification subscriptions", func(p *[2]int64) []any { return []any{&p[0], &p[1]} })
	out := make(map[int64][]int64, len(list))
	for _, p := range list {
		out[p[0]] = append(out[p[0]], p[1])
	}
	return out, err
}

// InitSetting stores an installation setting unless it has a value, and gives the
// value that it has.
func (s *Store) InitSetting(ctx context.Context, name, value string) (string, error) {
	err := s.Transact(ctx, func(t *Tx) error {
		made, err := t.changed(ctx, "init setting", `INSERT INTO installation_settings (name, sealed, updated_at) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO NOTHING`, name, s.sealer.Seal("setting", []byte(value)), t.now())
		if err != nil || !made {
			return err
		}
		return t.bump(ctx, TopicSettings)
	})
	if err != nil {
		return "", err
	}
	var sealed string
	if err := s.r.QueryRowContext(ctx, `SELECT sealed FROM installation_settings WHERE name = $1`, name).Scan(&sealed); err != nil {
		return "", fmt.Errorf("store: init setting: %w", err)
	}
	plain, err := s.sealer.Open("setting", sealed)
	if err != nil {
		return "", fmt.Errorf("store: setting %s: %w", name, err)
	}
	return string(plain), nil
}
