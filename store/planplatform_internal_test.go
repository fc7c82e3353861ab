package store

import (
	"context"
	"strconv"
	"time"
)

// fillPlatform makes grants, sessions of the console, and what accounts leave.
func (p *planned) fillPlatform(series func(int) string) {
	p.t.Helper()
	n := planContacts
	if p.s.d.name == "sqlite" {
		n /= 20
	}
	account := "n % " + strconv.Itoa(planAccounts) + " + 1"
	end := strconv.FormatInt(time.Now().Add(24*time.Hour).UnixMicro(), 10) + " + n"
	p.exec(`INSERT INTO platform_apps (name, created_at) SELECT 'a', 1 FROM ` + series(planAccounts))
	p.exec(`INSERT INTO platform_permissions (platform_app_id, kind, record_id, created_at) SELECT ` + account + `, 'User', n, 1 FROM ` + series(n))
	p.exec(`INSERT INTO console_sessions (digest, user_id, created_at, expires_at) SELECT 'd' || n, n % 50 + 1, 1, ` + end + ` FROM ` + series(n))
	p.exec(`INSERT INTO audits (account_id, auditable_type, auditable_id, action, created_at) SELECT ` + account + `, 'Team', 1, 'create', 1 FROM ` + series(n))
	p.exec(`INSERT INTO blobs (key, filename, content_type, service_name, account_id, created_at) SELECT 'k' || n, 'f', 't', 's', ` + account + `, 1 FROM ` + series(n))
	p.exec(`INSERT INTO applied_changes (inbox_id, ingest_key, subject, happened_at, applied_at) SELECT n % 40 + 1, 'k' || n, 's', 1, n FROM ` + series(n))
}

func platformPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error {
			if err := f(ctx, p.s); err != nil && err != ErrNotFound { //nolint:errorlint // returned as it is
				return err
			}
			return nil
		}
	}
	return []planCase{
		{name: "grants", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.Granted(ctx, 1, GrantUser, 11); err != nil {
				return err
			}
			if _, err := s.GrantedIDs(ctx, 1, GrantBot); err != nil {
				return err
			}
			_, err := s.GrantedAccounts(ctx, 1)
			return err
		})},
		{name: "lists of the console", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.SearchUsers(ctx, Search{Limit: 25}); err != nil {
				return err
			}
			_, err := s.SearchAccounts(ctx, Search{Limit: 25})
			return err
		})},
		{name: "bots of platform apps", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.AnyAgentBot(ctx, 1); err != nil && err != ErrNotFound { //nolint:errorlint // returned as it is
				return err
			}
			_, err := s.GrantedBots(ctx, 1)
			return err
		})},
		{name: "account users", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.AccountUsers(ctx, 1); err != nil {
				return err
			}
			_, err := s.AccountUser(ctx, 1, 7)
			return err
		})},
		{name: "ConsoleUser", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ConsoleUser(ctx, "x")
			return err
		})},
		{name: "SetUserType", call: inTx(func(ctx context.Context, t *Tx) error { return t.SetUserType(ctx, 7, "") })},
		{name: "UnassignUser", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.UnassignUser(ctx, 7, 5)
			return err
		})},
		{name: "DeleteUser", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.DeleteUser(ctx, 7)
			return err
		})},
		{name: "ClearInboxHistory", call: read(func(ctx context.Context, s *Store) error {
			for range 2 {
				if _, err := s.ClearInboxHistory(ctx, 39, 20_000); err != nil {
					return err
				}
			}
			return nil
		})},
		{name: "what an account leaves", call: inTx(func(ctx context.Context, t *Tx) error {
			for _, query := range accountRests {
				if _, err := t.rows(ctx, "clear", query, 9, 5); err != nil {
					return err
				}
			}
			_, err := t.rows(ctx, "release", releaseFiles, 9, 5, 1)
			return err
		})},
		{name: "HeldMailsBefore", page: true, call: read(func(ctx context.Context, s *Store) error {
			_, err := s.HeldMailsBefore(ctx, 1000, 50)
			return err
		})},
	}
}
