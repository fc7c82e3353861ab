package desk

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"tributary/store"
)

// Lives of what lets somebody in.
const (
	sessionMonths = 2
	ssoLife       = 5 * time.Minute
	mfaTokenLife  = 5 * time.Minute
)

// ProviderSAML is the provider of users whom their company's service signs in.
const ProviderSAML = store.ProviderSAML

// Session is what a client shows to be signed in. It stays the same until it ends.
type Session struct {
	UserID    int64
	UID       string // the e-mail address
	Client    string // names the device
	Token     string
	ExpiresAt time.Time
}

// startSession signs a user in on a new device.
func (d *Desk) startSession(ctx context.Context, tx *store.Tx, userID int64, email string) (Session, error) {
	s := Session{UserID: userID, UID: email, Client: urlToken(16), Token: urlToken(24), ExpiresAt: tx.Now.AddDate(0, sessionMonths, 0)}
	return s, tx.InsertUserSession(ctx, userID, s.Client, s.Token, s.ExpiresAt)
}

// urlToken is a random text of so many bytes that needs no escape in a URL.
func urlToken(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}

// Refusals of SignIn.
var (
	ErrSAML        = errors.New("desk: the user signs in at their company's service")
	ErrCredentials = errors.New("desk: wrong address or password")
	ErrUnconfirmed = errors.New("desk: the address is not confirmed")
	ErrMFAToken    = errors.New("desk: the sign-in that this code belongs to is over")
	ErrMFACode     = errors.New("desk: wrong code")
)

// SignIn is what somebody shows who wants in.
type SignIn struct {
	Email, Password string
	SSOToken        string
	// MFAToken is from a sign-in with a password; it comes with one of the codes.
	MFAToken, OTPCode, BackupCode string
	IP                            string
}

// SignedIn is what came of it: a session, or the token with which the second factor
// is asked for.
type SignedIn struct {
	Session  Session
	MFAToken string
}

// SignIn signs a user in. Refusals are the errors above; how long one takes does not
// tell whether there is such a user.
func (d *Desk) SignIn(ctx context.Context, in SignIn) (SignedIn, error) {
	user, err := d.Store.LoginByEmail(ctx, NormalEmail(in.Email))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return SignedIn{}, err
	}
	sso, err := d.holdsSSO(ctx, user.UserID, in.SSOToken)
	switch {
	case err != nil:
		return SignedIn{}, err
	case user.Provider == ProviderSAML && !sso:
		return SignedIn{}, ErrSAML
	case strings.TrimSpace(in.MFAToken) != "":
		return d.secondFactor(ctx, in)
	case sso:
		return d.enter(ctx, user, in.IP, func(tx *store.Tx) error {
			_, err := tx.TakeUserToken(ctx, store.TokenSSO, in.SSOToken)
			if errors.Is(err, store.ErrNotFound) {
				return ErrCredentials // somebody was faster
			}
			return err
		})
	}
	return d.byPassword(ctx, user, in)
}

// holdsSSO tells whether a token signs that user in.
func (d *Desk) holdsSSO(ctx context.Context, userID int64, token string) (bool, error) {
	if token == "" || userID == 0 {
		return false, nil
	}
	held, err := d.Store.UserToken(ctx, store.TokenSSO, token)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return held.UserID == userID, err
}

// byPassword signs in who knows the password; user is zero where nobody has the
// address.
func (d *Desk) byPassword(ctx context.Context, user store.Login, in SignIn) (SignedIn, error) {
	matches, err := d.passwords.matches(ctx, user.PasswordHash, in.Password)
	switch {
	case err != nil:
		return SignedIn{}, err
	case user.UserID != 0 && !user.Confirmed:
		return SignedIn{}, ErrUnconfirmed
	case !matches:
		return SignedIn{}, ErrCredentials
	case user.MFA:
		token, err := d.newMFAToken(user.UserID)
		return SignedIn{MFAToken: token}, err
	}
	better := ""
	if d.passwords.outdated(user.PasswordHash) {
		if better, err = d.passwords.hash(ctx, in.Password); err != nil {
			return SignedIn{}, err
		}
	}
	return d.enter(ctx, user, in.IP, func(tx *store.Tx) error {
		if better == "" {
			return nil
		}
		return tx.RehashPassword(ctx, user.UserID, user.PasswordHash, better)
	})
}

// enter starts the session of a user who has shown everything; first runs in its
// transaction.
func (d *Desk) enter(ctx context.Context, user store.Login, ip string, first func(*store.Tx) error) (SignedIn, error) {
	var out SignedIn
	err := d.again(ctx, func(tx *store.Tx) error {
		if err := first(tx); err != nil {
			return err
		}
		var err error
		out.Session, err = d.arrive(ctx, tx, user.UserID, user.Email, ip)
		return err
	})
	return out, err
}

// arrive counts a sign-in, notes it in the audit logs of the user's accounts, and
// starts the session.
func (d *Desk) arrive(ctx context.Context, tx *store.Tx, userID int64, email, ip string) (Session, error) {
	if err := d.countSignIn(ctx, tx, userID, email, ip); err != nil {
		return Session{}, err
	}
	return d.startSession(ctx, tx, userID, email)
}

func (d *Desk) countSignIn(ctx context.Context, tx *store.Tx, userID int64, email, ip string) error {
	if err := tx.CountSignIn(ctx, userID, ip); err != nil {
		return err
	}
	return auditEverywhere(ctx, tx, store.Audit{Type: "User", ID: userID, Action: "sign_in", UserID: userID, Username: email, RemoteAddress: ip})
}

// auditEverywhere notes something that a user did in every account of theirs.
func auditEverywhere(ctx context.Context, tx *store.Tx, entry store.Audit) error {
	accounts, err := tx.UserAccounts(ctx, entry.UserID)
	if err != nil {
		return err
	}
	for _, entry.AccountID = range accounts {
		if err := tx.InsertAudit(ctx, entry); err != nil {
			return err
		}
	}
	return nil
}

// SignOut ends a user's session on a device.
func (d *Desk) SignOut(ctx context.Context, userID int64, email, client, ip string) error {
	return d.again(ctx, func(tx *store.Tx) error {
		was, err := tx.DeleteUserSession(ctx, userID, client)
		if err != nil || !was {
			return err
		}
		return auditEverywhere(ctx, tx, store.Audit{Type: "User", ID: userID, Action: "sign_out", UserID: userID, Username: email, RemoteAddress: ip})
	})
}

// NewSession signs a user in on a new device without counting it as a sign-in: after
// they made an account.
func (d *Desk) NewSession(ctx context.Context, userID int64, email string) (s Session, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		s, err = d.startSession(ctx, tx, userID, email)
		return err
	})
	return s, err
}

// NewSSOToken makes a token with which a user signs in once within five minutes,
// without password or second factor: for services that have proven who they are.
func (d *Desk) NewSSOToken(ctx context.Context, userID int64) (token string, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		token, err = newSSOToken(ctx, tx, userID)
		return err
	})
	return token, err
}

// newSSOToken is NewSSOToken in a transaction.
func newSSOToken(ctx context.Context, tx *store.Tx, userID int64) (string, error) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	token := hex.EncodeToString(b)
	return token, tx.InsertUserToken(ctx, store.UserToken{Kind: store.TokenSSO, UserID: userID, ExpiresAt: tx.Now.Add(ssoLife)}, token)
}

// SSOURL is the page of the dashboard that signs a user in with a token of
// NewSSOToken.
func (d *Desk) SSOURL(email, token string) string {
	return d.PublicURL + "/app/login?email=" + url.QueryEscape(email) + "&sso_auth_token=" + token
}

// SSOCallbackURL is SSOURL as the callbacks of sign-in services send browsers there:
// the address is encoded once more, which dashboards undo.
func (d *Desk) SSOCallbackURL(email, token string) string {
	return d.SSOURL(url.QueryEscape(email), token)
}

// mfaClaims are what the token between password and second factor says.
type mfaClaims struct {
	UserID int64 `json:"user_id"`
	jwt.RegisteredClaims
}

func (d *Desk) newMFAToken(userID int64) (string, error) {
	claims := mfaClaims{userID, jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(d.Now().Add(mfaTokenLife))}}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(d.Store.SigningKey(mfaTokens))
	if err != nil {
		return "", fmt.Errorf("desk: mfa token: %w", err)
	}
	return token, nil
}

// mfaTokens is what those tokens are signed for.
const mfaTokens = "sign-in between its factors"

// readMFAToken gives the user who has shown the password; 0: the token does not hold.
func (d *Desk) readMFAToken(token string) int64 {
	var claims mfaClaims
	if !openClaims(strings.TrimSpace(token), &claims, d.Store.SigningKeys(mfaTokens), d.Now) {
		return 0
	}
	return claims.UserID
}

// secondFactor ends a sign-in that a password began.
func (d *Desk) secondFactor(ctx context.Context, in SignIn) (SignedIn, error) {
	userID := d.readMFAToken(in.MFAToken)
	if userID == 0 {
		return SignedIn{}, ErrMFAToken
	}
	user, err := d.Store.LoginByID(ctx, userID)
	if errors.Is(err, store.ErrNotFound) || err == nil && !user.MFA {
		return SignedIn{}, ErrMFAToken
	}
	if err != nil {
		return SignedIn{}, err
	}
	spend, err := d.spender(ctx, userID, in)
	if err != nil {
		return SignedIn{}, err
	}
	return d.enter(ctx, user, in.IP, func(tx *store.Tx) error {
		ok, err := spend(tx)
		if err == nil && !ok {
			err = ErrMFACode
		}
		return err
	})
}

// spender gives what uses the code of a second factor up, and tells whether it still
// could. ErrMFACode: the code is none of the user's.
func (d *Desk) spender(ctx context.Context, userID int64, in SignIn) (func(*store.Tx) (bool, error), error) {
	if in.OTPCode == "" && in.BackupCode != "" {
		return func(tx *store.Tx) (bool, error) {
			return tx.SpendBackupCode(ctx, userID, normalBackupCode(in.BackupCode))
		}, nil
	}
	step, ok, err := d.totpStep(ctx, userID, in.OTPCode)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrMFACode
	}
	return func(tx *store.Tx) (bool, error) { return tx.SpendTOTPStep(ctx, userID, step) }, nil
}
