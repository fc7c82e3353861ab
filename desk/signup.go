package desk

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
	"tributary/wording"
)

// NormalEmail is an address as it is stored.
func NormalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// SignUp is a new account with its first administrator.
type SignUp struct {
	AccountName string
	Locale      wording.Locale
	// OnboardingStep is what the account still has to be asked; empty: nothing.
	OnboardingStep string
	// By makes the account for themselves where there is a UserID; else a user is made
	// with what follows.
	By Actor
	// InSession tells that By is signed in on the device already.
	InSession       bool
	Email, Password string
	Name            string
}

// ErrKnownEmail says that somebody has the address already.
var ErrKnownEmail = errors.New("desk: the address has a user")

// SignUp makes an account, and a user for it unless one asks, who gets a mail to
// confirm the address and is signed in all the same. ErrKnownEmail: the address is
// somebody's; a *chat.Error says what is wrong with the password.
func (d *Desk) SignUp(ctx context.Context, in SignUp) (accountID int64, s Session, err error) {
	hash := ""
	if in.By.UserID == 0 {
		var errs validate.Errors
		if CheckPassword(&errs, in.Password, nil); errs.Any() {
			return 0, s, errs.Err()
		}
		if hash, err = d.passwords.hash(ctx, in.Password); err != nil {
			return 0, s, err
		}
	}
	attributes := map[string]any{}
	if in.OnboardingStep != "" {
		attributes["onboarding_step"] = in.OnboardingStep
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		by := in.By
		if by.UserID == 0 {
			by.Email = NormalEmail(in.Email)
			if by.UserID, err = tx.InsertUser(ctx, store.NewUser{Email: by.Email, Name: in.Name, PasswordHash: hash}); err != nil {
				return err
			}
		}
		accountID, err = tx.InsertAccount(ctx, store.NewAccount{
			Name: in.AccountName, Locale: in.Locale.Number(), Features: d.defaultFeatures(), CustomAttributes: object(attributes),
		})
		if err != nil {
			return err
		}
		if err := d.AddMember(ctx, tx, by, store.Membership{AccountID: accountID, UserID: by.UserID, Role: 1, AutoOffline: true}); err != nil {
			return err
		}
		if in.By.UserID == 0 {
			if err := d.OrderConfirmation(ctx, tx, by.UserID); err != nil {
				return err
			}
		}
		if err := d.accountCreated(ctx, tx, accountID, in.AccountName, by.UserID); err != nil {
			return err
		}
		if !in.InSession {
			s, err = d.startSession(ctx, tx, by.UserID, by.Email)
		}
		return err
	})
	if errors.Is(err, store.ErrTaken) {
		return 0, s, ErrKnownEmail
	}
	if err == nil {
		d.WakeJobs()
	}
	return accountID, s, err
}

// defaultFeatures are the features of a new account: those of the program, changed
// by the installation's list [{"name": …, "enabled": …}].
func (d *Desk) defaultFeatures() int64 {
	features := chat.Features(store.DefaultFeatures)
	var list []struct {
		Name    string `json:"name"`
		Enabled bool   `json:"enabled"`
	}
	_ = json.Unmarshal([]byte(d.Setting("ACCOUNT_LEVEL_FEATURE_DEFAULTS")), &list) // no list: nothing is different
	for _, f := range list {
		if changed, ok := features.Set(f.Name, f.Enabled); ok {
			features = changed
		}
	}
	return int64(features) //nolint:gosec // a bit set
}

// accountCreated raises account.created, and orders the call of the operator's
// endpoint where there is one. userID is the administrator, 0: there is none yet.
func (d *Desk) accountCreated(ctx context.Context, tx *store.Tx, accountID int64, name string, userID int64) error {
	made, users := map[string]any{}, []map[string]any{}
	if userID != 0 {
		made["user_id"] = userID
	}
	if err := tx.InsertOutbox(ctx, []store.OutboxRow{{
		AccountID: accountID, Kind: "account.created", Payload: object(made),
	}}); err != nil || d.Setting("INSTALLATION_EVENTS_WEBHOOK_URL") == "" {
		return err
	}
	if userID != 0 {
		user, err := tx.LockLogin(ctx, userID)
		if err != nil {
			return err
		}
		users = append(users, map[string]any{"id": userID, "name": user.Name, "email": user.Email, "type": "user"})
	}
	return orderAccountCreated(ctx, tx, accountID, map[string]any{"id": accountID, "name": name, "event": eventAccountCreated, "users": users})
}
