package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/golang-jwt/jwt/v5"

	"tributary/internal/validate"
	"tributary/store"
)

// Services that say who somebody is.
const (
	ServiceGoogle = "google_oauth2"
	ServiceSAML   = "saml"
)

const (
	// requestLife is how long a person may take at such a service.
	requestLife = 15 * time.Minute
	// identityLife is how long a browser may take from one page of ours to the next.
	identityLife = 2 * time.Minute
	// maxRequests is how many requests of a browser wait at once: in as many windows.
	maxRequests = 4
)

// Person is who a service says that somebody is.
type Person struct {
	Provider  string `json:"p"`
	Email     string `json:"e,omitempty"`
	Verified  bool   `json:"v,omitempty"` // the service knows that the address is theirs
	Name      string `json:"n,omitempty"`
	FirstName string `json:"f,omitempty"`
	Picture   string `json:"i,omitempty"` // an address
	AccountID int64  `json:"a,omitempty"` // whose service has said so; 0: everybody's
	Group     string `json:"g,omitempty"` // of role mappings, the first that they are in
	// Refusal is why nobody is signed in, as dashboards know it; empty: somebody is.
	Refusal string `json:"r,omitempty"`
}

// Reasons why nobody is signed in, as dashboards know them.
const (
	RefusedDenied       = "access-denied"
	RefusedNoAccount    = "no-account-found"
	RefusedBusinessOnly = "business-account-only"
	RefusedSAML         = "saml-authentication-failed"
	RefusedSAMLOff      = "saml-not-enabled"
)

// SignInRequest is a sign-in at a service that we have sent a browser to.
type SignInRequest struct {
	Provider  string `json:"p"`
	ID        string `json:"id"` // what the service has to repeat
	AccountID int64  `json:"a,omitempty"`
	Until     int64  `json:"u"` // seconds since 1970
}

// identityClaims is a Person on its way through a browser.
type identityClaims struct {
	Person
	jwt.RegisteredClaims
}

// requestClaims are the requests of a browser that wait for an answer.
type requestClaims struct {
	Requests []SignInRequest `json:"requests"`
	jwt.RegisteredClaims
}

// What the two are signed for.
const (
	signedIdentity = "identity from a sign-in service"
	signedRequests = "requests to sign-in services"
)

// SealPerson is an identity that a browser carries for a moment and cannot change.
func (d *Desk) SealPerson(id Person) (string, error) {
	id.Name, id.FirstName = shortName(id.Name), shortName(id.FirstName)
	if len(id.Picture) > maxPicture {
		id.Picture = ""
	}
	if len(id.Email) > validate.ShortText {
		id.Email = "" // nobody's
	}
	return sealClaims(identityClaims{id, jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(d.Now().Add(identityLife))}}, d.Store.SigningKey(signedIdentity))
}

// All of an identity has to fit into a cookie: the address of a picture in bytes, a name
// in characters.
const (
	maxPicture    = 512
	maxPersonName = 128
)

// shortName is a name without what is no character of one, and not too long.
func shortName(text string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text))
	return string(runes[:min(len(runes), maxPersonName)])
}

// OpenPerson reads it; ok is false for what SealPerson has not made a moment ago.
func (d *Desk) OpenPerson(sealed string) (id Person, ok bool) {
	var c identityClaims
	ok = openClaims(sealed, &c, d.Store.SigningKeys(signedIdentity), d.Now)
	return c.Person, ok
}

// SealRequests is what a browser carries while it waits for answers: the requests that
// it carried, but those that are over, and another one.
func (d *Desk) SealRequests(waiting []SignInRequest, another ...SignInRequest) (string, error) {
	list := append(slices.Clone(waiting), another...)
	list = list[max(0, len(list)-maxRequests):]
	return sealClaims(requestClaims{list, jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(d.Now().Add(requestLife))}}, d.Store.SigningKey(signedRequests))
}

// OpenRequests reads them, none from what SealRequests has not made.
func (d *Desk) OpenRequests(sealed string) []SignInRequest {
	var c requestClaims
	if !openClaims(sealed, &c, d.Store.SigningKeys(signedRequests), d.Now) {
		return nil
	}
	now := d.Now().Unix()
	return slices.DeleteFunc(c.Requests, func(r SignInRequest) bool { return r.Until <= now })
}

func sealClaims(claims jwt.Claims, key []byte) (string, error) {
	sealed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(key)
	if err != nil {
		return "", fmt.Errorf("desk: sign-in: %w", err)
	}
	return sealed, nil
}

// openClaims reads what one of the keys has signed.
func openClaims(sealed string, claims jwt.Claims, keys [][]byte, now func() time.Time) bool {
	set := jwt.VerificationKeySet{}
	for _, key := range keys {
		set.Keys = append(set.Keys, key)
	}
	_, err := jwt.ParseWithClaims(sealed, claims, func(*jwt.Token) (any, error) { return set, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(now))
	return err == nil
}

// RefusalURL is the page of the dashboard that says why nobody is signed in.
func (d *Desk) RefusalURL(refusal string) string {
	return d.PublicURL + "/app/login?error=" + url.QueryEscape(refusal)
}

// Enter signs in, or up, who a service says that somebody is, and gives the page of the
// dashboard on which they go on. open tells whether anybody may make an account.
func (d *Desk) Enter(ctx context.Context, id Person, open bool) (string, error) {
	switch {
	case id.Refusal != "":
		return d.RefusalURL(id.Refusal), nil
	case id.Provider == ServiceSAML:
		return d.enterBySAML(ctx, id)
	}
	return d.enterByGoogle(ctx, id, open)
}

// vouched notes that a user's address is theirs, of whom a service has just proven it.
// Where nobody had, whoever chose the password need not be who has the address: their
// password, sessions and tokens end.
func vouched(ctx context.Context, tx *store.Tx, user store.Login) error {
	if user.Confirmed {
		return nil
	}
	if err := tx.SetPassword(ctx, user.UserID, ""); err != nil {
		return err
	}
	if err := tx.EndUserSessions(ctx, user.UserID); err != nil {
		return err
	}
	if err := tx.DisableMFA(ctx, user.UserID); err != nil {
		return err
	}
	for _, kind := range []store.TokenKind{store.TokenConfirm, store.TokenSSO} {
		if err := tx.DropUserTokens(ctx, user.UserID, kind); err != nil {
			return err
		}
	}
	if _, err := tx.RotateAccessToken(ctx, store.OwnerUser, user.UserID); err != nil {
		return err
	}
	return tx.ConfirmUser(ctx, user.UserID)
}

// enterBySAML signs in who the service of an account vouches for, and makes them what
// they are not yet: a user, and a member of the account.
func (d *Desk) enterBySAML(ctx context.Context, id Person) (string, error) {
	var errs validate.Errors
	if errs.Email("email", id.Email); errs.Any() {
		return d.RefusalURL(RefusedSAML), nil
	}
	token := ""
	err := d.again(ctx, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, id.AccountID)
		if errors.Is(err, store.ErrNotFound) {
			return ErrSAMLOff
		}
		if err != nil {
			return err
		}
		settings, uses, err := usesSAML(ctx, tx, a)
		if err != nil {
			return err
		}
		if !uses {
			return ErrSAMLOff
		}
		userID, err := d.samlUser(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := d.samlMember(ctx, tx, settings, id, userID); err != nil {
			return err
		}
		token, err = newSSOToken(ctx, tx, userID)
		return err
	})
	switch {
	case errors.Is(err, ErrSAMLOff):
		return d.RefusalURL(RefusedSAMLOff), nil
	case errors.Is(err, ErrNoSeat):
		d.Log.Info("a sign-in by SAML was refused: the account has no free seat", "account_id", id.AccountID)
		return d.RefusalURL(RefusedSAML), nil
	case err != nil:
		return "", err
	}
	d.WakeJobs()
	return d.SSOCallbackURL(id.Email, token), nil
}

// samlUser finds or makes the user of an address, who signs in at their company's
// service from now on.
func (d *Desk) samlUser(ctx context.Context, tx *store.Tx, id Person) (int64, error) {
	userID, err := tx.LockUserByEmail(ctx, id.Email)
	if errors.Is(err, store.ErrNotFound) {
		local, _, _ := strings.Cut(id.Email, "@")
		userID, err = tx.InsertUser(ctx, store.NewUser{
			Email: id.Email, Name: cmp.Or(id.Name, local), DisplayName: id.FirstName, ConfirmedAt: tx.Now, Provider: ProviderSAML,
		})
		if errors.Is(err, store.ErrTaken) {
			err = store.ErrConflict // by somebody who was first: they are found now
		}
		return userID, err
	}
	if err != nil {
		return 0, err
	}
	user, err := tx.LockLogin(ctx, userID)
	if err != nil {
		return 0, err
	}
	if err := vouched(ctx, tx, user); err != nil || user.Provider == ProviderSAML {
		return userID, err
	}
	return userID, tx.SetProvider(ctx, userID, ProviderSAML)
}

// samlMember makes a user a member of the account and gives them the role of their
// group.
func (d *Desk) samlMember(ctx context.Context, tx *store.Tx, s store.SAMLSettings, id Person, userID int64) error {
	by := Actor{UserID: userID, Email: id.Email}
	before, err := tx.LockMembership(ctx, s.AccountID, userID)
	if errors.Is(err, store.ErrNotFound) {
		free, err := d.lockSeats(ctx, tx, s.AccountID)
		if err != nil {
			return err
		}
		if free < 1 {
			return ErrNoSeat
		}
		if err := d.AddMember(ctx, tx, by, store.Membership{AccountID: s.AccountID, UserID: userID, AutoOffline: true}); err != nil {
			return err
		}
		before, err = tx.LockMembership(ctx, s.AccountID, userID)
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	mappings, err := readMappings(s.RoleMappings)
	if err != nil {
		return nil //nolint:nilerr // of an older version: nobody becomes anything
	}
	mapping := mappings[id.Group]
	after, changes := before, map[string]any{}
	switch {
	case mapping.Role != nil:
		if after.Role = *mapping.Role; after.Role != before.Role {
			changes["role"] = [2]int{before.Role, after.Role}
		}
	case mapping.CustomRoleID != nil:
		_, err := tx.LockCustomRole(ctx, s.AccountID, *mapping.CustomRoleID)
		if errors.Is(err, store.ErrNotFound) {
			return nil // deleted meanwhile: nobody has it
		}
		if err != nil {
			return err
		}
		after.CustomRoleID = mapping.CustomRoleID
	default:
		return nil
	}
	if err := tx.UpdateMembership(ctx, after); err != nil || len(changes) == 0 {
		return err
	}
	return insertAudit(ctx, tx, by, s.AccountID, "AccountUser", before.ID, auditUpdate, changes)
}
