package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
)

// DefaultFeatures are the feature flags of a new account as a bit set, bit n-1
// for feature n of contract 00 §5.
const DefaultFeatures = int64(0b1111) | // 1-4 inbound_emails, channel_email, channel_facebook, channel_twitter
	0b1111_1111_1111<<7 | // 8-19 help_center … voice_recorder
	0b11111<<20 | // 21-25 channel_website … auto_resolve_conversations
	0b111<<37 | // 38-40 chatwoot_v4, report_v4, contact_chatwoot_support_team
	1<<42 // 43 channel_instagram

// Token owners.
const (
	OwnerUser     = "User"
	OwnerPlatform = "PlatformApp"
	OwnerBot      = "AgentBot"
)

// Bootstrapped is what Bootstrap made or found.
type Bootstrapped struct {
	AccountID     int64
	UserID        int64
	AccessToken   string
	PlatformToken string
	Created       bool
}

// Bootstrap makes the first account, its administrator and a platform app in one
// transaction. With an e-mail that exists it changes nothing and gives the same
// ids and tokens. passwordHash is bcrypt's. Nobody is asked in a browser then.
func (s *Store) Bootstrap(ctx context.Context, email, name, passwordHash, account string) (Bootstrapped, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	var b Bootstrapped
	err := s.Transact(ctx, func(t *Tx) error {
		err := t.tx.QueryRowContext(ctx, `SELECT u.id, m.account_id FROM users u JOIN account_users m ON m.user_id = u.id
			WHERE u.email = $1 ORDER BY m.id LIMIT 1`, email).Scan(&b.UserID, &b.AccountID)
		switch {
		case isNoRows(err):
			b.Created = true
			return t.bootstrap(ctx, &b, email, name, passwordHash, account)
		case err != nil:
			return fmt.Errorf("store: bootstrap: %w", err)
		}
		if b.AccessToken, err = t.token(ctx, OwnerUser, b.UserID); err != nil {
			return err
		}
		b.PlatformToken, err = t.platformToken(ctx)
		return err
	})
	return b, err
}

func (t *Tx) bootstrap(ctx context.Context, b *Bootstrapped, email, name, passwordHash, account string) error {
	if err := t.tx.QueryRowContext(ctx, `INSERT INTO accounts (name, features, created_at, updated_at) VALUES ($1, $2, $3, $3) RETURNING id`,
		account, DefaultFeatures, t.now()).Scan(&b.AccountID); err != nil {
		return fmt.Errorf("store: insert account: %w", err)
	}
	if err := t.tx.QueryRowContext(ctx, `INSERT INTO users (email, name, password_hash, confirmed_at, pubsub_token, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $4, $4) RETURNING id`, email, name, passwordHash, t.now(), NewToken()).Scan(&b.UserID); err != nil {
		return fmt.Errorf("store: insert user: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO account_users (account_id, user_id, role, active_at, created_at, updated_at)
		VALUES ($1, $2, 1, $3, $3, $3)`, b.AccountID, b.UserID, t.now()); err != nil {
		return fmt.Errorf("store: insert membership: %w", err)
	}
	err := t.InsertNotificationSettings(ctx, DefaultNotificationSettings(b.AccountID, b.UserID))
	if err != nil {
		return err
	}
	if _, err := t.EndOnboarding(ctx); err != nil {
		return err
	}
	if b.AccessToken, err = t.newToken(ctx, OwnerUser, b.UserID); err != nil {
		return err
	}
	b.PlatformToken, err = t.platformToken(ctx)
	return err
}

// platformToken gives the token of the first platform app, which it makes when
// there is none.
func (t *Tx) platformToken(ctx context.Context) (string, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `SELECT id FROM platform_apps ORDER BY id LIMIT 1`).Scan(&id)
	if isNoRows(err) {
		if err := t.tx.QueryRowContext(ctx, `INSERT INTO platform_apps (name, created_at) VALUES ($1, $2) RETURNING id`,
			"bootstrap", t.now()).Scan(&id); err != nil {
			return "", fmt.Errorf("store: insert platform app: %w", err)
		}
		return t.newToken(ctx, OwnerPlatform, id)
	}
	if err != nil {
		return "", fmt.Errorf("store: platform app: %w", err)
	}
	return t.token(ctx, OwnerPlatform, id)
}

func (t *Tx) newToken(ctx context.Context, ownerType string, ownerID int64) (string, error) {
	token := NewToken()
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO access_tokens (owner_type, owner_id, digest, sealed, created_at)
		VALUES ($1, $2, $3, $4, $5)`, ownerType, ownerID, t.s.sealer.Digest(token), t.s.sealer.Seal("token", []byte(token)), t.now()); err != nil {
		return "", fmt.Errorf("store: insert access token: %w", err)
	}
	return token, nil
}

func (t *Tx) token(ctx context.Context, ownerType string, ownerID int64) (string, error) {
	return t.s.accessToken(ctx, t.tx, ownerType, ownerID)
}

func (s *Store) accessToken(ctx context.Context, q queryer, ownerType string, ownerID int64) (string, error) {
	var sealed string
	err := q.QueryRowContext(ctx, `SELECT sealed FROM access_tokens WHERE owner_type = $1 AND owner_id = $2`,
		ownerType, ownerID).Scan(&sealed)
	if isNoRows(err) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("store: access token: %w", err)
	}
	plain, err := s.sealer.Open("token", sealed)
	if err != nil {
		return "", fmt.Errorf("store: access token: %w", err)
	}
	return string(plain), nil
}

// AccessToken is the API token of a user, bot or platform app; ErrNotFound when
// it has none.
func (s *Store) AccessToken(ctx context.Context, ownerType string, ownerID int64) (string, error) {
	return s.accessToken(ctx, s.r, ownerType, ownerID)
}

// TokenOwner finds who a token belongs to; ErrNotFound when nobody.
func (s *Store) TokenOwner(ctx context.Context, token string) (ownerType string, ownerID int64, err error) {
	err = firstOf(s.sealer.Digests(token), func(digest string) error {
		return s.r.QueryRowContext(ctx, `SELECT owner_type, owner_id FROM access_tokens WHERE digest = $1`, digest).Scan(&ownerType, &ownerID)
	})
	if isNoRows(err) {
		return "", 0, ErrNotFound
	}
	if err != nil {
		return "", 0, fmt.Errorf("store: token owner: %w", err)
	}
	return ownerType, ownerID, nil
}

// tokenAlphabet is base58: no characters that look alike.
const tokenAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// NewToken makes a random token of 24 characters (140 bits).
func NewToken() string {
	out := make([]byte, 0, 24)
	buf := make([]byte, 32)
	for len(out) < 24 {
		_, _ = rand.Read(buf) // never fails, see crypto/rand
		for _, b := range buf {
			// 232 = 4*58: the rest would favour some characters.
			if b < 232 && len(out) < 24 {
				out = append(out, tokenAlphabet[b%58])
			}
		}
	}
	return string(out)
}

// Empty tells that there is no account yet.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	some, err := exists(ctx, s.r, `SELECT 1 FROM accounts LIMIT 1`)
	if err != nil {
		return false, fmt.Errorf("store: accounts: %w", err)
	}
	return !some, nil
}
