package store

import (
	"context"
	"fmt"
	"time"
)

// fillWebhooks gives the second account a webhook, and much that it was told, of
// which a part waits; other accounts have one each and hear little.
func (p *planned) fillWebhooks(series func(int) string) {
	p.t.Helper()
	n := planWaiting
	if p.s.d.name == "sqlite" {
		n /= 10
	}
	p.exec(`INSERT INTO accounts (name, created_at, updated_at) SELECT 'w', 1, 1 FROM ` + series(n))
	secret := p.s.sealer.Seal(webhookPurpose, []byte("s"))
	p.exec(`INSERT INTO webhooks (account_id, url, url_digest, secret, created_at, updated_at)
		SELECT n % (SELECT COUNT(*) FROM accounts) + 1, 'u', 'd' || n, ` + literal(secret) + `, 1, 1 FROM ` + series(n))
	p.exec(`INSERT INTO webhook_deliveries (delivery, account_id, kind, endpoint, target_id, event, event_key, state, max_attempts, run_at, expires_at,
			lease_owner, created_at, finished_at)
		SELECT 'd', 2, 'account', 'account/' || (2 + n % 7), 2 + n % 7, 'e', 'k' || n, CASE WHEN n % 10 = 0 THEN 'pending' WHEN n % 10 = 1 THEN 'new' ELSE 'delivered' END,
			3, n, 9000000000000000 + n, CASE WHEN n % 1000 = 0 THEN 'me' ELSE '' END, 1, CASE WHEN n % 10 > 1 THEN n END FROM ` + series(n))
}

func webhookPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error {
			if err := f(ctx, p.s); err != nil && err != ErrNotFound { //nolint:errorlint // returned as it is
				return err
			}
			return nil
		}
	}
	list := keys(30, func(i int) int64 { return int64(i * 17) })
	return []planCase{
		{name: "AccountWebhook", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.AccountWebhook(ctx, 999999, 1)
			return err
		})},
		{name: "AccountWebhooks", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.AccountWebhooks(ctx, 3); err != nil {
				return err
			}
			if _, err := s.WebhookTargets(ctx, list); err != nil {
				return err
			}
			_, err := s.BotTargets(ctx, []int64{1, 2})
			return err
		})},
		{name: "Subscribers", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.Subscribers(ctx, []int64{1, 3})
			return err
		})},
		{name: "ToldMessages", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.ToldMessages(ctx, list)
			return err
		})},
		{name: "HookedBots", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.HookedBots(ctx, []int64{1, 3})
			return err
		})},
		{name: "MessageViews", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.MessageViews(ctx, 1, list)
			return err
		})},
		{name: "InsertWebhookDeliveries", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.InsertWebhookDeliveries(ctx, keys(30, func(i int) WebhookDelivery {
				return WebhookDelivery{Kind: HookAccount, Endpoint: "account/2", EventKey: fmt.Sprint("x", i), MaxAttempts: 1}
			}))
			return err
		})},
		// Whole is the index of those that are new.
		{name: "NewWebhookDeliveries", page: true, whole: "webhook_deliveries", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.NewWebhookDeliveries(ctx, 100)
			return err
		})},
		{name: "BuildWebhookDeliveries", call: read(func(ctx context.Context, s *Store) error {
			return s.BuildWebhookDeliveries(ctx, map[int64]string{1: "{}", 11: ""})
		})},
		{name: "WaitingEndpoints", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.WaitingEndpoints(ctx)
			return err
		})},
		{name: "ClaimWebhookDeliveries", page: true, call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ClaimWebhookDeliveries(ctx, "you", time.Minute, map[string]int{"account/2": 10})
			return err
		})},
		{name: "ClaimExpiredWebhookDeliveries", page: true, call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ClaimExpiredWebhookDeliveries(ctx, "you", time.Minute, 10)
			return err
		})},
		{name: "RenewWebhookDeliveries", call: read(func(ctx context.Context, s *Store) error {
			return s.RenewWebhookDeliveries(ctx, "me", list, time.Minute)
		})},
		{name: "JudgeWebhookDelivery", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.JudgeWebhookDelivery(ctx, "me", 1000, HookVerdict{State: HookDelivered})
			return err
		})},
		{name: "WebhookLog", page: true, call: read(func(ctx context.Context, s *Store) error {
			_, err := s.WebhookLog(ctx, 2, 2, 0, "", 26)
			return err
		})},
		{name: "WebhookLog below", page: true, call: read(func(ctx context.Context, s *Store) error {
			_, err := s.WebhookLog(ctx, 2, 2, 1000, HookPending, 26)
			return err
		})},
		{name: "WebhookDelivery", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.WebhookDelivery(ctx, 2, 2, 7)
			return err
		})},
		{name: "PruneWebhookDeliveries", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.PruneWebhookDeliveries(ctx, time.UnixMicro(500), 10)
			return err
		})},
		{name: "DropWebhookDeliveries", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.DropWebhookDeliveries(ctx, 3, 10)
			return err
		})},
	}
}
