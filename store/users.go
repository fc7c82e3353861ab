package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
)

// Login is what signing in asks about a user.
type Login struct {
	UserID           int64
	Email            string
	UnconfirmedEmail string // waits to be confirmed; empty: none
	Name             string
	PasswordHash     string // bcrypt's; empty: there is no password
	Provider         string // "email", "saml"
	Confirmed        bool
	MFA              bool // a second factor is needed
	PubsubToken      string
	UISettings       string // JSON
	CustomAttributes string // JSON
}

const loginColumns = `id, email, COALESCE(unconfirmed_email, ''), name, password_hash, provider, confirmed_at IS NOT NULL, mfa_enabled,
	pubsub_token, ui_settings, custom_attributes`

func scanLogin(row *sql.Row) (Login, error) {
	var l Login
	err := row.Scan(&l.UserID, &l.Email, &l.UnconfirmedEmail, &l.Name, &l.PasswordHash, &l.Provider, &l.Confirmed, &l.MFA,
		&l.PubsubToken, &l.UISettings, &l.CustomAttributes)
	if isNoRows(err) {
		return Login{}, ErrNotFound
	}
	if err != nil {
		return Login{}, fmt.Errorf("store: login: %w", err)
	}
	return l, nil
}

// LoginByEmail reads a user by address, in small letters; ErrNotFound when nobody
// has it.
func (s *Store) LoginByEmail(ctx context.Context, email string) (Login, error) {
	return scanLogin(s.r.QueryRowContext(ctx, `SELECT `+loginColumns+` FROM users WHERE email = $1`, email))
}

// LoginByID reads a user; ErrNotFound when there is none.
func (s *Store) LoginByID(ctx context.Context, userID int64) (Login, error) {
	return scanLogin(s.r.QueryRowContext(ctx, `SELECT `+loginColumns+` FROM users WHERE id = $1`, userID))
}

// LockLogin is LoginByID and keeps the user from being changed by others until the
// transaction ends.
func (t *Tx) LockLogin(ctx context.Context, userID int64) (Login, error) {
	return scanLogin(t.tx.QueryRowContext(ctx, `SELECT `+loginColumns+` FROM users WHERE id = $1 `+t.s.d.lockRow, userID))
}

// EmailOwner finds who has an address, 0: nobody.
func (t *Tx) EmailOwner(ctx context.Context, email string) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `SELECT id FROM users WHERE email = $1`, email).Scan(&id)
	if err != nil && !isNoRows(err) {
		return 0, fmt.Errorf("store: owner of an address: %w", err)
	}
	return id, nil
}

// UserProfile is what users say about themselves.
type UserProfile struct {
	Name             string
	DisplayName      *string
	MessageSignature *string
	UISettings       string // JSON
	CustomAttributes string // JSON
}

// LockProfile reads a profile that is about to be changed; ErrNotFound when there is
// no such user.
func (t *Tx) LockProfile(ctx context.Context, userID int64) (UserProfile, error) {
	var p UserProfile
	err := t.tx.QueryRowContext(ctx, `SELECT name, display_name, message_signature, ui_settings, custom_attributes FROM users WHERE id = $1 `+t.s.d.lockRow,
		userID).Scan(&p.Name, &p.DisplayName, &p.MessageSignature, &p.UISettings, &p.CustomAttributes)
	if isNoRows(err) {
		return p, ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("store: profile: %w", err)
	}
	return p, nil
}

// SetProfile writes it back.
func (t *Tx) SetProfile(ctx context.Context, userID int64, p UserProfile) error {
	return t.setUser(ctx, "set profile", userID, `name = $3, display_name = $4, message_signature = $5, ui_settings = $6, custom_attributes = $7`,
		p.Name, p.DisplayName, p.MessageSignature, jsonObject(p.UISettings), jsonObject(p.CustomAttributes))
}

// setUser changes columns of a user; assignments begin with $3.
func (t *Tx) setUser(ctx context.Context, what string, userID int64, assignments string, args ...any) error {
	ok, err := t.changed(ctx, what, `UPDATE users SET updated_at = $2, `+assignments+` WHERE id = $1`, append([]any{userID, t.now()}, args...)...)
	if err == nil && !ok {
		return ErrNotFound
	}
	return err
}

// SetPassword gives a user another password and another name at the websocket, so
// that who knew the old one hears no more. Tokens to choose a password end, and
// sessions of the console.
func (t *Tx) SetPassword(ctx context.Context, userID int64, hash string) error {
	if err := t.setUser(ctx, "set password", userID, `password_hash = $3, pubsub_token = $4`, hash, NewToken()); err != nil {
		return err
	}
	if err := t.dropConsoleSessions(ctx, userID); err != nil {
		return err
	}
	if err := t.InsertOutbox(ctx, []OutboxRow{{Kind: KindTokenChanged, Payload: `{"user_id":` + strconv.FormatInt(userID, 10) + `}`}}); err != nil {
		return err
	}
	return t.dropPasswordTokens(ctx, userID)
}

// KindTokenChanged is the event of a user who has another name at the websocket. It is
// of no account.
const KindTokenChanged = "user.token_changed"

func (t *Tx) dropPasswordTokens(ctx context.Context, userID int64) error {
	for _, kind := range []TokenKind{TokenReset, TokenInvite, TokenSetup} {
		if err := t.DropUserTokens(ctx, userID, kind); err != nil {
			return err
		}
	}
	return nil
}

// RehashPassword stores another hash of the same password, unless it was changed
// meanwhile.
func (t *Tx) RehashPassword(ctx context.Context, userID int64, old, hash string) error {
	_, err := t.changed(ctx, "rehash password", `UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, userID, old, hash)
	return err
}

// SetEmail gives a user another address. What was sent to the old one to choose a
// password ends. ErrTaken: somebody has the address.
func (t *Tx) SetEmail(ctx context.Context, userID int64, email string) error {
	owner, err := t.EmailOwner(ctx, email)
	if err != nil {
		return err
	}
	if owner != 0 && owner != userID {
		return ErrTaken
	}
	err = t.setUser(ctx, "set address", userID, `email = $3, unconfirmed_email = NULL`, email)
	if uniqueViolation(err) {
		return ErrTaken
	}
	if err != nil {
		return err
	}
	return t.dropPasswordTokens(ctx, userID)
}

// SetUnconfirmedEmail notes the address that a user wants; empty: none.
func (t *Tx) SetUnconfirmedEmail(ctx context.Context, userID int64, email string) error {
	return t.setUser(ctx, "set wanted address", userID, `unconfirmed_email = $3`, nilIfEmpty(email))
}

// ConfirmUser notes that a user's address is theirs.
func (t *Tx) ConfirmUser(ctx context.Context, userID int64) error {
	return t.setUser(ctx, "confirm user", userID, `confirmed_at = COALESCE(confirmed_at, $2)`)
}

// CountSignIn notes that a user signed in, from an address.
func (t *Tx) CountSignIn(ctx context.Context, userID int64, ip string) error {
	return t.setUser(ctx, "count sign-in", userID, `sign_in_count = sign_in_count + 1, last_sign_in_at = COALESCE(current_sign_in_at, $2),
		last_sign_in_ip = COALESCE(current_sign_in_ip, $3), current_sign_in_at = $2, current_sign_in_ip = $3`, ip)
}

// RotateAccessToken replaces the API token of a user, bot or platform app and gives
// the new one.
func (t *Tx) RotateAccessToken(ctx context.Context, ownerType string, ownerID int64) (string, error) {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM access_tokens WHERE owner_type = $1 AND owner_id = $2`, ownerType, ownerID); err != nil {
		return "", fmt.Errorf("store: drop access token: %w", err)
	}
	return t.newToken(ctx, ownerType, ownerID)
}

// UserAccounts are the ids of a user's accounts.
func (t *Tx) UserAccounts(ctx context.Context, userID int64) ([]int64, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT account_id FROM account_users WHERE user_id = $1 ORDER BY account_id`, userID)
	if err != nil {
		return nil, fmt.Errorf("store: accounts of a user: %w", err)
	}
	return collect(rows, "accounts of a user", func(id *int64) []any { return []any{id} })
}
