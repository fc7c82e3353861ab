package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Providers of users: who says that they are who they say.
const (
	ProviderEmail = "email" // we do, by their password
	ProviderSAML  = "saml"  // their company's service does
)

// SAMLSettings say which service signs the users of an account in.
type SAMLSettings struct {
	ID           int64
	AccountID    int64
	SSOURL       string // where browsers are sent
	Certificate  string // PEM: whose signature is believed
	IDPEntityID  string // what the service calls itself
	SPEntityID   string // what it calls us
	RoleMappings string // JSON
	CreatedAt    int64  // microseconds
	UpdatedAt    int64
}

const samlColumns = `SELECT id, account_id, sso_url, certificate, idp_entity_id, sp_entity_id, role_mappings, created_at, updated_at FROM saml_settings `

func (s *SAMLSettings) fields() []any {
	return []any{
		&s.ID, &s.AccountID, &s.SSOURL, &s.Certificate, &s.IDPEntityID, &s.SPEntityID, &s.RoleMappings, &s.CreatedAt, &s.UpdatedAt,
	}
}

// SAMLSettings reads those of an account; ErrNotFound when it has none.
func (s *Store) SAMLSettings(ctx context.Context, accountID int64) (SAMLSettings, error) {
	return readSAMLSettings(ctx, s.r, accountID)
}

// SAMLSettings is Store's, inside the transaction: after LockAccount they stay as they
// are.
func (t *Tx) SAMLSettings(ctx context.Context, accountID int64) (SAMLSettings, error) {
	return readSAMLSettings(ctx, t.tx, accountID)
}

func readSAMLSettings(ctx context.Context, q queryer, accountID int64) (SAMLSettings, error) {
	var out SAMLSettings
	err := q.QueryRowContext(ctx, samlColumns+`WHERE account_id = $1`, accountID).Scan(out.fields()...)
	if isNoRows(err) {
		return out, ErrNotFound
	}
	if err != nil {
		return out, fmt.Errorf("store: saml settings: %w", err)
	}
	return out, nil
}

// SetSAMLSettings gives an account these settings instead of those that it has, which
// keep their id and age.
func (t *Tx) SetSAMLSettings(ctx context.Context, in SAMLSettings) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO saml_settings
			(account_id, sso_url, certificate, idp_entity_id, sp_entity_id, role_mappings, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
		ON CONFLICT (account_id) DO UPDATE SET sso_url = excluded.sso_url, certificate = excluded.certificate, idp_entity_id = excluded.idp_entity_id,
			sp_entity_id = excluded.sp_entity_id, role_mappings = excluded.role_mappings, updated_at = excluded.updated_at`,
		in.AccountID, in.SSOURL, in.Certificate, in.IDPEntityID, in.SPEntityID, jsonObject(in.RoleMappings), t.now()); err != nil {
		return fmt.Errorf("store: set saml settings: %w", err)
	}
	return nil
}

// DeleteSAMLSettings takes them from an account, and tells whether there were some.
func (t *Tx) DeleteSAMLSettings(ctx context.Context, accountID int64) (bool, error) {
	return t.changed(ctx, "delete saml settings", `DELETE FROM saml_settings WHERE account_id = $1`, accountID)
}

// SAMLAccount finds the first of a user's accounts that has settings and in which one
// of these features is on; ErrNotFound when there is none.
func (s *Store) SAMLAccount(ctx context.Context, userID, features int64) (int64, error) {
	var id int64
	err := s.r.QueryRowContext(ctx, `SELECT m.account_id FROM account_users m
		JOIN accounts a ON a.id = m.account_id JOIN saml_settings s ON s.account_id = m.account_id
		WHERE m.user_id = $1 AND (a.features & CAST($2 AS BIGINT)) <> 0 ORDER BY m.id LIMIT 1`, userID, features).Scan(&id)
	if isNoRows(err) {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("store: saml account: %w", err)
	}
	return id, nil
}

// SetProvider notes who says that a user is who they say.
func (t *Tx) SetProvider(ctx context.Context, userID int64, provider string) error {
	return t.setUser(ctx, "set provider", userID, `provider = $3`, provider)
}

// notBySAML is true for a user u none of whose accounts has settings. It counts, since
// the planner would make of NOT EXISTS a join with all members of all accounts.
const notBySAML = `0 = (SELECT COUNT(*) FROM account_users o JOIN saml_settings s ON s.account_id = o.account_id WHERE o.user_id = u.id)`

// ConvertToSAML makes ProviderSAML the provider of at most limit members of an
// account, if it has settings. done tells that none is left.
func (s *Store) ConvertToSAML(ctx context.Context, accountID int64, limit int) (done bool, err error) {
	return s.releaseChunk(ctx, "convert to saml", `UPDATE users SET provider = '`+ProviderSAML+`', updated_at = $1 WHERE id IN (
		SELECT u.id FROM account_users m JOIN users u ON u.id = m.user_id
		WHERE m.account_id = $3 AND u.provider <> '`+ProviderSAML+`' AND EXISTS (SELECT 1 FROM saml_settings s WHERE s.account_id = $3)
		ORDER BY u.id LIMIT $2 `+s.d.lockOf("u")+`)`, limit, accountID)
}

// ReleaseFromSAML makes ProviderEmail the provider of at most limit members of an
// account none of whose accounts has settings. done tells that none is left.
func (s *Store) ReleaseFromSAML(ctx context.Context, accountID int64, limit int) (done bool, err error) {
	return s.releaseChunk(ctx, "release from saml", `UPDATE users SET provider = '`+ProviderEmail+`', updated_at = $1 WHERE id IN (
		SELECT u.id FROM account_users m JOIN users u ON u.id = m.user_id
		WHERE m.account_id = $3 AND u.provider = '`+ProviderSAML+`' AND `+notBySAML+`
		ORDER BY u.id LIMIT $2 `+s.d.lockOf("u")+`)`, limit, accountID)
}

// ReleaseUserFromSAML is ReleaseFromSAML for one user, who has left an account.
func (t *Tx) ReleaseUserFromSAML(ctx context.Context, userID int64) error {
	_, err := t.changed(ctx, "release user from saml", `UPDATE users SET provider = '`+ProviderEmail+`', updated_at = $2 WHERE id IN (
		SELECT u.id FROM users u WHERE u.id = $1 AND u.provider = '`+ProviderSAML+`' AND `+notBySAML+`)`, userID, t.now())
	return err
}

// TakeAssertion uses an assertion of an account's service up, which holds until a
// moment: of several who show it, true is one's answer.
func (t *Tx) TakeAssertion(ctx context.Context, accountID int64, assertionID string, until time.Time) (bool, error) {
	digests := t.s.sealer.digestsOnly("assertion:" + assertionID)
	// With each key, in the same order everywhere: while one key takes the place of
	// another, two processes may not write with the same one.
	slices.Sort(digests)
	for _, digest := range digests {
		if taken, err := t.changed(ctx, "take assertion", `INSERT INTO saml_assertions (account_id, digest, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (account_id, digest) DO NOTHING`, accountID, digest, micros(until)); err != nil || !taken {
			return false, err
		}
	}
	return true, nil
}
