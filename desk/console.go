package desk

import (
	"context"
	"errors"
	"strings"
	"time"

	"tributary/internal/validate"
	"tributary/store"
	"tributary/wording"
)

// consoleLife is how long a super admin is signed in to the console. It does not
// grow with use.
const consoleLife = 12 * time.Hour

// ConsoleEntry is what came of a sign-in to the console: a token that lasts until a
// moment, or the one with which the second factor is asked for.
type ConsoleEntry struct {
	Token    string
	Until    time.Time
	MFAToken string
}

// EnterConsole signs a super admin in to the operators' console. ErrCredentials: the
// password is wrong, or the user is no super admin, or may not sign in by password;
// how long it takes does not tell which. ErrMFAToken, ErrMFACode: as for SignIn, and
// the address must be the same in both steps.
func (d *Desk) EnterConsole(ctx context.Context, in SignIn) (ConsoleEntry, error) {
	user, err := d.Store.LoginByEmail(ctx, NormalEmail(in.Email))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return ConsoleEntry{}, err
	}
	if strings.TrimSpace(in.MFAToken) != "" {
		if id := d.readMFAToken(in.MFAToken); id == 0 || id != user.UserID || !user.MFA {
			return ConsoleEntry{}, ErrMFAToken
		}
		spend, err := d.spender(ctx, user.UserID, in)
		if err != nil {
			return ConsoleEntry{}, err
		}
		return d.openConsole(ctx, user, in.IP, spend)
	}
	matches, err := d.passwords.matches(ctx, user.PasswordHash, in.Password)
	if err != nil {
		return ConsoleEntry{}, err
	}
	if !matches || !user.Confirmed || user.Provider == ProviderSAML {
		return ConsoleEntry{}, ErrCredentials
	}
	if user.MFA {
		is, err := d.isSuperAdmin(ctx, user.UserID)
		if err == nil && !is {
			err = ErrCredentials
		}
		if err != nil {
			return ConsoleEntry{}, err
		}
		token, err := d.newMFAToken(user.UserID)
		return ConsoleEntry{MFAToken: token}, err
	}
	return d.openConsole(ctx, user, in.IP, nil)
}

func (d *Desk) isSuperAdmin(ctx context.Context, userID int64) (bool, error) {
	u, err := d.Store.User(ctx, userID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return u.Type != nil && *u.Type == store.UserSuperAdmin, err
}

// openConsole starts the session of who has shown everything; spend uses a code up.
func (d *Desk) openConsole(ctx context.Context, user store.Login, ip string, spend func(*store.Tx) (bool, error)) (ConsoleEntry, error) {
	is, err := d.isSuperAdmin(ctx, user.UserID)
	if err == nil && !is {
		err = ErrCredentials
	}
	if err != nil {
		return ConsoleEntry{}, err
	}
	out := ConsoleEntry{Token: urlToken(32)}
	err = d.again(ctx, func(tx *store.Tx) error {
		now, err := tx.LockLogin(ctx, user.UserID)
		if errors.Is(err, store.ErrNotFound) || err == nil && (now.PasswordHash != user.PasswordHash || now.MFA != user.MFA) {
			return ErrCredentials // changed while we looked
		}
		if err != nil {
			return err
		}
		if spend != nil {
			ok, err := spend(tx)
			if err == nil && !ok {
				err = ErrMFACode
			}
			if err != nil {
				return err
			}
		}
		if err := d.countSignIn(ctx, tx, user.UserID, user.Email, ip); err != nil {
			return err
		}
		out.Until = tx.Now.Add(consoleLife)
		return tx.InsertConsoleSession(ctx, user.UserID, out.Token, out.Until)
	})
	return out, err
}

// LeaveConsole ends the session of a token.
func (d *Desk) LeaveConsole(ctx context.Context, token string) error {
	return d.again(ctx, func(tx *store.Tx) error { return tx.DeleteConsoleSession(ctx, token) })
}

// ErrOnboarded says that the installation has its first administrator.
var ErrOnboarded = errors.New("desk: the installation has its first administrator")

// FirstAdmin is who sets an installation up, with their company as its first account.
type FirstAdmin struct {
	Name, Company, Email, Password string
	Locale                         wording.Locale // of the account
	IP                             string
}

// Onboard makes the first account of an installation, and its administrator, who is
// a super admin and needs to confirm nothing. Of several who try, one succeeds:
// ErrOnboarded. A *chat.Error says what is wrong with the input.
func (d *Desk) Onboard(ctx context.Context, in FirstAdmin) error {
	pending, err := d.Store.OnboardingPending(ctx)
	if err == nil && !pending {
		err = ErrOnboarded
	}
	if err != nil {
		return err
	}
	var errs validate.Errors
	for _, field := range []struct{ name, value string }{{"name", in.Name}, {"company", in.Company}} {
		errs.Present(field.name, field.value)
		errs.MaxLen(field.name, field.value, validate.ShortText)
	}
	email := NormalEmail(in.Email)
	errs.Email("email", email)
	if CheckPassword(&errs, in.Password, nil); errs.Any() {
		return errs.Err()
	}
	hash, err := d.passwords.hash(ctx, in.Password)
	if err != nil {
		return err
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		first, err := tx.EndOnboarding(ctx)
		if err == nil && !first {
			err = ErrOnboarded
		}
		if err != nil {
			return err
		}
		by := Actor{Email: email, IP: in.IP}
		by.UserID, err = tx.InsertUser(ctx, store.NewUser{Email: email, Name: strings.TrimSpace(in.Name), PasswordHash: hash, ConfirmedAt: tx.Now})
		if errors.Is(err, store.ErrTaken) {
			return validate.Fail("email", validate.Taken)
		}
		if err != nil {
			return err
		}
		if err := tx.SetUserType(ctx, by.UserID, store.UserSuperAdmin); err != nil {
			return err
		}
		company := strings.TrimSpace(in.Company)
		account, err := tx.InsertAccount(ctx, store.NewAccount{Name: company, Locale: in.Locale.Number(), Features: d.defaultFeatures()})
		if err != nil {
			return err
		}
		if err := d.AddMember(ctx, tx, by, store.Membership{AccountID: account, UserID: by.UserID, Role: 1, AutoOffline: true}); err != nil {
			return err
		}
		return d.accountCreated(ctx, tx, account, company, by.UserID)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// OperatorChange is what a super admin changes about a user, beside UserChange.
type OperatorChange struct {
	Confirm    bool // the address counts as theirs
	SuperAdmin bool // they run the installation
}

// OperateUser changes a user; store.ErrNotFound when there is none of that id.
func (d *Desk) OperateUser(ctx context.Context, userID int64, in OperatorChange) error {
	return d.again(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockLogin(ctx, userID); err != nil {
			return err
		}
		if in.Confirm {
			if err := tx.ConfirmUser(ctx, userID); err != nil {
				return err
			}
		}
		kind := ""
		if in.SuperAdmin {
			kind = store.UserSuperAdmin
		}
		return tx.SetUserType(ctx, userID, kind)
	})
}
