package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// TokenKind is what a token lets its holder do.
type TokenKind string

// Kinds of tokens.
const (
	TokenConfirm TokenKind = "confirm" // confirm an e-mail address; it says afterwards that this was done
	TokenReset   TokenKind = "reset"   // choose another password, once
	TokenInvite  TokenKind = "invite"  // choose the first password, once
	TokenSSO     TokenKind = "sso"     // sign in, once
	TokenSetup   TokenKind = "setup"   // choose the first password, once; it was not sent by mail and proves no address
)

// maxUserTokens is how many of a kind a user can have: of those that never expire
// the oldest go.
const maxUserTokens = 10

// UserToken is what a token stands for.
type UserToken struct {
	Kind      TokenKind
	UserID    int64
	Email     string    // TokenConfirm: the address that was written to
	ExpiresAt time.Time // zero: never
}

// tokenText is what is digested of a token. The same text is another token of another
// kind.
func tokenText(kind TokenKind, token string) string { return string(kind) + ":" + token }

// InsertUserToken lets the holder of a token do what its kind says.
func (t *Tx) InsertUserToken(ctx context.Context, u UserToken, token string) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO user_tokens (digest, kind, user_id, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		t.s.sealer.Digest(tokenText(u.Kind, token)), string(u.Kind), u.UserID, u.Email, t.now(), nullMicros(u.ExpiresAt)); err != nil {
		return fmt.Errorf("store: insert token: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM user_tokens WHERE user_id = $1 AND kind = $2 AND digest NOT IN (
		SELECT digest FROM user_tokens WHERE user_id = $1 AND kind = $2 ORDER BY created_at DESC, digest LIMIT $3)`,
		u.UserID, string(u.Kind), maxUserTokens); err != nil {
		return fmt.Errorf("store: old tokens: %w", err)
	}
	return nil
}

// UserToken reads what a token stands for, without using it up; ErrNotFound when it
// is none of that kind, or none any more.
func (s *Store) UserToken(ctx context.Context, kind TokenKind, token string) (UserToken, error) {
	u := UserToken{Kind: kind}
	var expires sql.NullInt64
	err := firstOf(s.sealer.digestsOnly(tokenText(kind, token)), func(digest string) error {
		return s.r.QueryRowContext(ctx, `SELECT user_id, email, expires_at FROM user_tokens
			WHERE digest = $1 AND (expires_at IS NULL OR expires_at > $2)`, digest, micros(s.now())).Scan(&u.UserID, &u.Email, &expires)
	})
	if isNoRows(err) {
		return UserToken{}, ErrNotFound
	}
	if err != nil {
		return UserToken{}, fmt.Errorf("store: token: %w", err)
	}
	u.ExpiresAt = fromMicros(expires)
	return u, nil
}

// TakeUserToken is UserToken and uses the token up: of several who try, one has it.
func (t *Tx) TakeUserToken(ctx context.Context, kind TokenKind, token string) (UserToken, error) {
	u := UserToken{Kind: kind}
	var expires sql.NullInt64
	err := firstOf(t.s.sealer.digestsOnly(tokenText(kind, token)), func(digest string) error {
		return t.tx.QueryRowContext(ctx, `DELETE FROM user_tokens WHERE digest = $1 AND (expires_at IS NULL OR expires_at > $2)
			RETURNING user_id, email, expires_at`, digest, t.now()).Scan(&u.UserID, &u.Email, &expires)
	})
	if isNoRows(err) {
		return UserToken{}, ErrNotFound
	}
	if err != nil {
		return UserToken{}, fmt.Errorf("store: take token: %w", err)
	}
	u.ExpiresAt = fromMicros(expires)
	return u, nil
}

// DropUserTokens takes all tokens of a kind from a user.
func (t *Tx) DropUserTokens(ctx context.Context, userID int64, kind TokenKind) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM user_tokens WHERE user_id = $1 AND kind = $2`, userID, string(kind)); err != nil {
		return fmt.Errorf("store: drop tokens: %w", err)
	}
	return nil
}
