package store

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"
)

// MaxUserSessions is on how many devices a user is signed in at once.
const MaxUserSessions = 25

// UserSession is a device on which a user is signed in, with what every request
// needs to know of them.
type UserSession struct {
	UserID     int64
	Name       string
	Email      string
	UISettings string // JSON
	Client     string // names the device
	ExpiresAt  time.Time
	SuperAdmin bool // they run the installation
}

// InsertUserSession signs a user in on a device with a token, of which only the
// digest is kept. Of more than MaxUserSessions those that expire first end.
func (t *Tx) InsertUserSession(ctx context.Context, userID int64, client, token string, expires time.Time) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO user_sessions (user_id, client, digest, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (user_id, client) DO UPDATE SET digest = excluded.digest, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		userID, client, t.s.sealer.Digest("session:"+token), t.now(), micros(expires)); err != nil {
		return fmt.Errorf("store: insert session: %w", err)
	}
	return t.keepUserSessions(ctx, userID, MaxUserSessions)
}

// KeepLatestUserSession ends all sessions of a user but the one that expires last.
func (t *Tx) KeepLatestUserSession(ctx context.Context, userID int64) error {
	return t.keepUserSessions(ctx, userID, 1)
}

// EndUserSessions signs a user out everywhere.
func (t *Tx) EndUserSessions(ctx context.Context, userID int64) error {
	return t.keepUserSessions(ctx, userID, 0)
}

func (t *Tx) keepUserSessions(ctx context.Context, userID int64, number int) error {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM user_sessions WHERE user_id = $1 AND id NOT IN (
		SELECT id FROM user_sessions WHERE user_id = $1 ORDER BY expires_at DESC, id DESC LIMIT $2)`, userID, number); err != nil {
		return fmt.Errorf("store: end sessions: %w", err)
	}
	return nil
}

// DeleteUserSession signs a user out on a device, and tells whether they were
// signed in there.
func (t *Tx) DeleteUserSession(ctx context.Context, userID int64, client string) (bool, error) {
	return t.changed(ctx, "delete session", `DELETE FROM user_sessions WHERE user_id = $1 AND client = $2`, userID, client)
}

// HasUserSession tells whether a user is still signed in on a device.
func (s *Store) HasUserSession(ctx context.Context, userID int64, client string) (bool, error) {
	is, err := exists(ctx, s.r, `SELECT 1 FROM user_sessions WHERE user_id = $1 AND client = $2`, userID, client)
	if err != nil {
		return false, fmt.Errorf("store: session: %w", err)
	}
	return is, nil
}

// UserSession finds who is signed in with an e-mail address, a device and its token;
// ErrNotFound when nobody is, or not any more.
func (s *Store) UserSession(ctx context.Context, email, client, token string) (UserSession, error) {
	var u UserSession
	var digest string
	var expires int64
	err := s.r.QueryRowContext(ctx, `SELECT u.id, u.name, u.email, u.ui_settings, x.client, x.expires_at, x.digest, COALESCE(u.type, '') = '`+UserSuperAdmin+`'
		FROM users u JOIN user_sessions x ON x.user_id = u.id
		WHERE u.email = $1 AND x.client = $2 AND x.expires_at > $3`, email, client, micros(s.now())).
		Scan(&u.UserID, &u.Name, &u.Email, &u.UISettings, &u.Client, &expires, &digest, &u.SuperAdmin)
	if isNoRows(err) {
		return UserSession{}, ErrNotFound
	}
	if err != nil {
		return UserSession{}, fmt.Errorf("store: session: %w", err)
	}
	same := 0
	for _, d := range s.sealer.digestsOnly("session:" + token) {
		same |= subtle.ConstantTimeCompare([]byte(digest), []byte(d))
	}
	if same != 1 {
		return UserSession{}, ErrNotFound
	}
	u.ExpiresAt = time.UnixMicro(expires).UTC()
	return u, nil
}
