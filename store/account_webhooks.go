package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// AccountWebhook is an endpoint of a customer's that is told what happens in their
// account.
type AccountWebhook struct {
	ID        int64
	AccountID int64
	InboxID   int64  // 0: none; it does not narrow what is told
	InboxName string // of a webhook that was read
	URL       string
	// Subscriptions are the events that it is told ("message_created").
	Subscriptions []string
	// Secret signs what is posted.
	Secret string
}

// webhookPurpose is what secrets of webhooks are sealed for.
const webhookPurpose = "webhook"

// webhookColumns end where the condition begins.
const webhookColumns = `SELECT w.id, w.account_id, COALESCE(w.inbox_id, 0), COALESCE(i.name, ''), w.url, w.subscriptions, w.secret
	FROM webhooks w LEFT JOIN inboxes i ON i.id = w.inbox_id `

// storedWebhook is a row as it lies in the table.
type storedWebhook struct {
	AccountWebhook
	subscriptions, sealed string
}

func (w *storedWebhook) fields() []any {
	return []any{&w.ID, &w.AccountID, &w.InboxID, &w.InboxName, &w.URL, &w.subscriptions, &w.sealed}
}

func (w *storedWebhook) open(s *Store) (AccountWebhook, error) {
	secret, err := s.sealer.Open(webhookPurpose, w.sealed)
	if err != nil {
		return w.AccountWebhook, fmt.Errorf("store: secret of webhook: %w", err)
	}
	if err := json.Unmarshal([]byte(w.subscriptions), &w.Subscriptions); err != nil {
		return w.AccountWebhook, fmt.Errorf("store: subscriptions of webhook: %w", err)
	}
	w.Secret = string(secret)
	return w.AccountWebhook, nil
}

func (s *Store) openWebhooks(list []storedWebhook) ([]AccountWebhook, error) {
	out := make([]AccountWebhook, len(list))
	for i := range list {
		var err error
		if out[i], err = list[i].open(s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// urlDigest is by what addresses are compared.
func urlDigest(url string) string {
	sum := sha256.Sum256([]byte(url))
	return hex.EncodeToString(sum[:])
}

// AccountWebhooks reads those of an account, by id.
func (s *Store) AccountWebhooks(ctx context.Context, accountID int64) ([]AccountWebhook, error) {
	rows, err := s.r.QueryContext(ctx, webhookColumns+`WHERE w.account_id = $1 ORDER BY w.id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: webhooks: %w", err)
	}
	list, err := collect(rows, "webhooks", (*storedWebhook).fields)
	if err != nil {
		return nil, err
	}
	return s.openWebhooks(list)
}

// AccountWebhook reads one; ErrNotFound when the account has none of that id.
func (s *Store) AccountWebhook(ctx context.Context, accountID, id int64) (AccountWebhook, error) {
	return s.readWebhook(ctx, s.r, accountID, id, "")
}

// LockAccountWebhook reads one for a change.
func (t *Tx) LockAccountWebhook(ctx context.Context, accountID, id int64) (AccountWebhook, error) {
	return t.s.readWebhook(ctx, t.tx, accountID, id, t.s.d.lockOf("w"))
}

func (s *Store) readWebhook(ctx context.Context, q queryer, accountID, id int64, lock string) (AccountWebhook, error) {
	var w storedWebhook
	err := q.QueryRowContext(ctx, webhookColumns+`WHERE w.account_id = $1 AND w.id = $2 `+lock, accountID, id).Scan(w.fields()...)
	if isNoRows(err) {
		return w.AccountWebhook, ErrNotFound
	}
	if err != nil {
		return w.AccountWebhook, fmt.Errorf("store: webhook: %w", err)
	}
	return w.open(s)
}

// InsertAccountWebhook stores a webhook and gives its id; ErrTaken when the account
// has one of that address.
func (t *Tx) InsertAccountWebhook(ctx context.Context, w AccountWebhook) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO webhooks (account_id, inbox_id, url, url_digest, subscriptions, secret, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (account_id, url_digest) DO NOTHING RETURNING id`,
		w.AccountID, nilIfZero(w.InboxID), w.URL, urlDigest(w.URL), textList(w.Subscriptions),
		t.s.sealer.Seal(webhookPurpose, []byte(w.Secret)), t.now()).Scan(&id)
	if isNoRows(err) {
		return 0, ErrTaken
	}
	if err != nil {
		return 0, fmt.Errorf("store: insert webhook: %w", err)
	}
	return id, nil
}

// UpdateAccountWebhook stores a webhook as it shall be, but for its account and its
// secret; ErrTaken when another one of the account has its address. The transaction
// is over then.
func (t *Tx) UpdateAccountWebhook(ctx context.Context, w AccountWebhook) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE webhooks SET inbox_id = $2, url = $3, url_digest = $4, subscriptions = $5, updated_at = $6 WHERE id = $1`,
		w.ID, nilIfZero(w.InboxID), w.URL, urlDigest(w.URL), textList(w.Subscriptions), t.now())
	if uniqueViolation(err) {
		return ErrTaken
	}
	if err != nil {
		return fmt.Errorf("store: update webhook: %w", err)
	}
	return nil
}

// DeleteAccountWebhook deletes one. What it was told stays for
// DropWebhookDeliveries.
func (t *Tx) DeleteAccountWebhook(ctx context.Context, id int64) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM webhooks WHERE id = $1`, id); err != nil {
		return fmt.Errorf("store: delete webhook: %w", err)
	}
	return nil
}

// textList is a list of texts as JSON.
func textList(list []string) string {
	if list == nil {
		list = []string{}
	}
	b, err := json.Marshal(list)
	if err != nil { // strings can be encoded
		return "[]"
	}
	return string(b)
}

// Subscriber is a webhook by what it wants to hear.
type Subscriber struct {
	ID, AccountID int64
	Subscriptions []string
}

// Subscribers reads the webhooks of accounts, by id.
func (t *Tx) Subscribers(ctx context.Context, accountIDs []int64) ([]Subscriber, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT w.id, w.account_id, w.subscriptions
		FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN webhooks w WHERE w.account_id = x.id ORDER BY w.id`, ids(accountIDs))
	if err != nil {
		return nil, fmt.Errorf("store: subscribers: %w", err)
	}
	type stored struct {
		Subscriber
		list string
	}
	list, err := collect(rows, "subscribers", func(w *stored) []any { return []any{&w.ID, &w.AccountID, &w.list} })
	if err != nil {
		return nil, err
	}
	out := make([]Subscriber, len(list))
	for i := range list {
		out[i] = list[i].Subscriber
		if err := json.Unmarshal([]byte(list[i].list), &out[i].Subscriptions); err != nil {
			return nil, fmt.Errorf("store: subscribers: %w", err)
		}
	}
	return out, nil
}

// HookedBots tells which bots work in inboxes and are told so by an address of their
// own, by inbox.
func (t *Tx) HookedBots(ctx context.Context, inboxIDs []int64) (map[int64]int64, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT l.inbox_id, l.agent_bot_id
		FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN agent_bot_inboxes l CROSS JOIN agent_bots b
		WHERE l.inbox_id = x.id AND l.status = 0 AND b.id = l.agent_bot_id AND COALESCE(b.outgoing_url, '') <> ''`, ids(inboxIDs))
	if err != nil {
		return nil, fmt.Errorf("store: bots with an address: %w", err)
	}
	type link struct{ inbox, bot int64 }
	list, err := collect(rows, "bots with an address", func(l *link) []any { return []any{&l.inbox, &l.bot} })
	out := make(map[int64]int64, len(list))
	for _, l := range list {
		out[l.inbox] = l.bot
	}
	return out, err
}

// ToldMessage is what decides who is told of a message.
type ToldMessage struct {
	Type int // as chat.MessageType
	// Relayed tells that the relay itself hands it over to an API inbox: it is sent to
	// the contact, and was not imported from elsewhere.
	Relayed bool
}

// ToldMessages reads that of messages; those that are gone are absent.
func (t *Tx) ToldMessages(ctx context.Context, messageIDs []int64) (map[int64]ToldMessage, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT m.id, m.message_type, m.message_type IN (1, 3) AND m.private = FALSE
			AND (m.source_id IS NULL OR EXISTS (SELECT 1 FROM message_provider_ids p WHERE p.message_id = m.id))
		FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN messages m WHERE m.id = x.id`, ids(messageIDs))
	if err != nil {
		return nil, fmt.Errorf("store: messages to be told: %w", err)
	}
	type told struct {
		id int64
		ToldMessage
	}
	list, err := collect(rows, "messages to be told", func(m *told) []any { return []any{&m.id, &m.Type, &m.Relayed} })
	out := make(map[int64]ToldMessage, len(list))
	for _, m := range list {
		out[m.id] = m.ToldMessage
	}
	return out, err
}

// WebhookTarget is where a webhook of an account leads.
type WebhookTarget struct{ URL, Secret string }

// WebhookTargets reads that of webhooks, by id; those that are gone are absent.
func (s *Store) WebhookTargets(ctx context.Context, webhookIDs []int64) (map[int64]WebhookTarget, error) {
	out := make(map[int64]WebhookTarget, len(webhookIDs))
	if len(webhookIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT w.id, w.url, w.secret FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN webhooks w WHERE w.id = x.id`,
		ids(webhookIDs))
	if err != nil {
		return nil, fmt.Errorf("store: targets of webhooks: %w", err)
	}
	type stored struct {
		id          int64
		url, sealed string
	}
	list, err := collect(rows, "targets of webhooks", func(w *stored) []any { return []any{&w.id, &w.url, &w.sealed} })
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		secret, err := s.sealer.Open(webhookPurpose, w.sealed)
		if err != nil {
			return nil, fmt.Errorf("store: secret of webhook: %w", err)
		}
		out[w.id] = WebhookTarget{URL: w.url, Secret: string(secret)}
	}
	return out, nil
}

// BotTargets are the addresses of bots, by id; those that have none are absent.
func (s *Store) BotTargets(ctx context.Context, botIDs []int64) (map[int64]string, error) {
	out := make(map[int64]string, len(botIDs))
	if len(botIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT b.id, b.outgoing_url FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN agent_bots b
		WHERE b.id = x.id AND COALESCE(b.outgoing_url, '') <> ''`, ids(botIDs))
	if err != nil {
		return nil, fmt.Errorf("store: addresses of bots: %w", err)
	}
	type bot struct {
		id  int64
		url string
	}
	list, err := collect(rows, "addresses of bots", func(b *bot) []any { return []any{&b.id, &b.url} })
	for _, b := range list {
		out[b.id] = b.url
	}
	return out, err
}
