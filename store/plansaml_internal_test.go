package store

import (
	"context"
	"strconv"
	"time"
)

// fillSAML gives every account settings but the first one, and the second many
// assertions. Every second member's provider is another service.
func (p *planned) fillSAML(series func(int) string) {
	p.t.Helper()
	n := planContacts
	if p.s.d.name == "sqlite" {
		n /= 20
	}
	end := strconv.FormatInt(time.Now().Add(24*time.Hour).UnixMicro(), 10) + " + n"
	p.exec(`INSERT INTO accounts (name, created_at, updated_at) SELECT 's', 1, 1 FROM ` + series(n/10))
	p.exec(`INSERT INTO saml_settings (account_id, sso_url, certificate, idp_entity_id, sp_entity_id, created_at, updated_at)
		SELECT id, 'u', 'c', 'i', 's', 1, 1 FROM accounts WHERE id > 1`)
	p.exec(`INSERT INTO saml_assertions (account_id, digest, expires_at) SELECT 2, 'd' || n, ` + end + ` FROM ` + series(n))
	p.exec(`UPDATE users SET provider = 'saml' WHERE id % 2 = 0`)
}

func samlPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error {
			if err := f(ctx, p.s); err != nil && err != ErrNotFound { //nolint:errorlint // returned as it is
				return err
			}
			return nil
		}
	}
	return []planCase{
		{name: "SAMLSettings", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.SAMLSettings(ctx, 2)
			return err
		})},
		{name: "SAMLAccount", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.SAMLAccount(ctx, 7, 1)
			return err
		})},
		{name: "SetSAMLSettings", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.SetSAMLSettings(ctx, SAMLSettings{AccountID: 1})
		})},
		{name: "DeleteSAMLSettings", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.DeleteSAMLSettings(ctx, 2)
			return err
		})},
		{name: "ConvertToSAML", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ConvertToSAML(ctx, 2, 5)
			return err
		})},
		{name: "ReleaseFromSAML", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ReleaseFromSAML(ctx, 1, 5)
			return err
		})},
		{name: "ReleaseUserFromSAML", call: inTx(func(ctx context.Context, t *Tx) error { return t.ReleaseUserFromSAML(ctx, 8) })},
		{name: "EndUserSessions", call: inTx(func(ctx context.Context, t *Tx) error { return t.EndUserSessions(ctx, 7) })},
		{name: "TakeAssertion", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.TakeAssertion(ctx, 2, "x", t.Now)
			return err
		})},
	}
}
