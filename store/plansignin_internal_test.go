package store

import (
	"context"
	"strconv"
	"time"
)

// fillSignIn makes the rows of signing in: of few users, since few are there.
func (p *planned) fillSignIn(series func(int) string) {
	p.t.Helper()
	n := planContacts
	if p.s.d.name == "sqlite" {
		n /= 20
	}
	end := strconv.FormatInt(time.Now().Add(24*time.Hour).UnixMicro(), 10) + " + n"
	p.exec(`INSERT INTO user_sessions (user_id, client, digest, created_at, expires_at) SELECT n % 50 + 1, 'c' || n, 'd' || n, n, ` + end + ` FROM ` + series(n))
	p.exec(`INSERT INTO user_tokens (digest, kind, user_id, created_at, expires_at) SELECT 'd' || n, 'confirm', n % 50 + 1, n, ` + end + ` FROM ` + series(n))
	p.exec(`INSERT INTO mfa_backup_codes (user_id, digest) SELECT n % 50 + 1, 'd' || n FROM ` + series(n))
	p.exec(`INSERT INTO throttle_hits (name, ends_at, hits) SELECT 'h' || n, ` + end + `, 1 FROM ` + series(n))
	p.exec(`INSERT INTO mails_held (kind, recipient, subject, content, created_at) SELECT 'k', 'r', 's', 'c', ` + end + ` FROM ` + series(n))
}

func signInPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error {
			if err := f(ctx, p.s); err != nil && err != ErrNotFound { //nolint:errorlint // returned as it is
				return err
			}
			return nil
		}
	}
	return []planCase{
		{name: "UserSession", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.UserSession(ctx, "u7", "c56", "x")
			return err
		})},
		{name: "HasUserSession", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.HasUserSession(ctx, 7, "c56")
			return err
		})},
		{name: "InsertUserSession", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.InsertUserSession(ctx, 7, "new", "x", t.Now.Add(time.Hour))
		})},
		{name: "DeleteUserSession", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.DeleteUserSession(ctx, 7, "c56")
			return err
		})},
		{name: "UserToken", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.UserToken(ctx, TokenConfirm, "x")
			return err
		})},
		{name: "InsertUserToken", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.InsertUserToken(ctx, UserToken{Kind: TokenConfirm, UserID: 7}, "x")
		})},
		{name: "TakeUserToken", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.TakeUserToken(ctx, TokenConfirm, "x")
			if err == ErrNotFound { //nolint:errorlint // returned as it is
				err = nil
			}
			return err
		})},
		{name: "MFA", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.MFA(ctx, 7)
			return err
		})},
		{name: "SpendBackupCode", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.SpendBackupCode(ctx, 7, "x")
			return err
		})},
		{name: "CountHits", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.CountHits(ctx, "h", 1, time.Now().Add(time.Hour))
			return err
		})},
		{name: "PruneSignIn", call: read(func(ctx context.Context, s *Store) error { return s.PruneSignIn(ctx, time.Hour) })},
		{name: "HeldMails", page: true, call: read(func(ctx context.Context, s *Store) error {
			_, err := s.HeldMails(ctx, 50)
			return err
		})},
	}
}
