package desk

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"tributary/chat"
	"tributary/internal/optional"
	"tributary/internal/validate"
	"tributary/store"
)

// Refusals of tokens that come from mails.
var (
	ErrToken            = errors.New("desk: no such token, or none any more")
	ErrAlreadyConfirmed = errors.New("desk: the address was confirmed before")
	ErrNotConfirmed     = errors.New("desk: the address cannot be confirmed any more")
)

// ForgotPassword orders the mail by which a user chooses another password.
// store.ErrNotFound: nobody has the address; ErrSAML: another service has the
// password.
func (d *Desk) ForgotPassword(ctx context.Context, email string) error {
	user, err := d.Store.LoginByEmail(ctx, NormalEmail(email))
	if err != nil {
		return err
	}
	if user.Provider == ProviderSAML {
		return ErrSAML
	}
	err = d.again(ctx, func(tx *store.Tx) error { return d.OrderPasswordReset(ctx, tx, user.UserID) })
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// ResetPassword gives the owner of a token another password and signs them in, as far
// as their second factor lets them; all their other sessions end. Who has the token reads the mails, so that the address
// counts as confirmed. ErrToken: the token is none; a *chat.Error says what is wrong
// with the password, and the token holds on.
func (d *Desk) ResetPassword(ctx context.Context, token, password string, confirmation *string, ip string) (SignedIn, error) {
	var held store.UserToken
	err := store.ErrNotFound
	for _, kind := range []store.TokenKind{store.TokenReset, store.TokenInvite} {
		if held, err = d.Store.UserToken(ctx, kind, token); !errors.Is(err, store.ErrNotFound) {
			break
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		return SignedIn{}, ErrToken
	}
	if err != nil {
		return SignedIn{}, err
	}
	hash, err := d.newPassword(ctx, password, confirmation)
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	err = d.again(ctx, func(tx *store.Tx) error {
		if _, err := tx.TakeUserToken(ctx, held.Kind, token); err != nil {
			return err
		}
		user, err := tx.LockLogin(ctx, held.UserID)
		if err != nil {
			return err
		}
		if err := tx.ConfirmUser(ctx, user.UserID); err != nil {
			return err
		}
		if err := tx.SetPassword(ctx, user.UserID, hash); err != nil {
			return err
		}
		if err := tx.EndUserSessions(ctx, user.UserID); err != nil {
			return err
		}
		out, err = d.arriveByMail(ctx, tx, user, ip)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return SignedIn{}, ErrToken
	}
	return out, err
}

// arriveByMail signs in who followed a link of a mail: a mailbox is one factor, as a
// password is.
func (d *Desk) arriveByMail(ctx context.Context, tx *store.Tx, user store.Login, ip string) (out SignedIn, err error) {
	if user.MFA {
		out.MFAToken, err = d.newMFAToken(user.UserID)
		return out, err
	}
	out.Session, err = d.arrive(ctx, tx, user.UserID, user.Email, ip)
	return out, err
}

func (d *Desk) newPassword(ctx context.Context, password string, confirmation *string) (hash string, err error) {
	var errs validate.Errors
	if CheckPassword(&errs, password, confirmation); errs.Any() {
		return "", errs.Err()
	}
	return d.passwords.hash(ctx, password)
}

// ConfirmEmail makes the address to which a token was sent its owner's, and signs
// them in, as far as their second factor lets them. The token may be shown again: ErrAlreadyConfirmed. ErrToken: it is none,
// or of an address that the user does not want any more. ErrNotConfirmed: somebody
// else has the address meanwhile.
func (d *Desk) ConfirmEmail(ctx context.Context, token, ip string) (SignedIn, error) {
	held, err := d.Store.UserToken(ctx, store.TokenConfirm, token)
	if errors.Is(err, store.ErrNotFound) {
		return SignedIn{}, ErrToken
	}
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	err = d.again(ctx, func(tx *store.Tx) error {
		user, err := tx.LockLogin(ctx, held.UserID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return ErrToken
		case err != nil:
			return err
		case held.Email == user.UnconfirmedEmail:
			err = tx.SetEmail(ctx, user.UserID, held.Email)
		case held.Email != user.Email:
			err = ErrToken
		case user.Confirmed:
			err = ErrAlreadyConfirmed
		}
		if errors.Is(err, store.ErrTaken) {
			return ErrNotConfirmed
		}
		if err != nil {
			return err
		}
		if err := tx.ConfirmUser(ctx, user.UserID); err != nil {
			return err
		}
		user.Email = held.Email
		out, err = d.arriveByMail(ctx, tx, user, ip)
		return err
	})
	return out, err
}

// ResendConfirmation orders the mail once more in which a user confirms the address,
// unless there is nothing to confirm.
func (d *Desk) ResendConfirmation(ctx context.Context, userID int64) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		user, err := tx.LockLogin(ctx, userID)
		if err != nil || user.Confirmed && user.UnconfirmedEmail == "" {
			return err
		}
		return d.OrderConfirmation(ctx, tx, userID)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// ProfileChange is what users change about themselves; what is not sent stays.
type ProfileChange struct {
	UserID                              int64
	Email                               optional.Value[string]
	Name, DisplayName, MessageSignature optional.Value[string]
	UISettings                          optional.Value[json.RawMessage] // replaced as a whole
	Phone                               optional.Value[string]
	AvatarID                            int64 // of a file that nothing uses yet; 0: no change
	// Password is the new one, empty: no change. Current is the one until now.
	Password, Current string
	Confirmation      *string
}

// maxUISettings is how long the settings of a dashboard may be, in bytes.
const maxUISettings = 256 << 10

// errCurrentPassword is what somebody reads who does not know the password.
var errCurrentPassword = chat.Unprocessable("Invalid current password")

// ChangeProfile changes what a user says about themselves, all of it or nothing.
// Another address waits until it is confirmed, unless the user never confirmed one.
// Another password ends all sessions but the one that lasts longest.
func (d *Desk) ChangeProfile(ctx context.Context, in ProfileChange) error {
	user, err := d.Store.LoginByID(ctx, in.UserID)
	if err != nil {
		return err
	}
	hash := ""
	if in.Password != "" {
		matches, err := d.passwords.matches(ctx, user.PasswordHash, in.Current)
		if err != nil {
			return err
		}
		if !matches {
			return errCurrentPassword
		}
	}
	if err := in.check(); err != nil {
		return err
	}
	if in.Password != "" {
		if hash, err = d.passwords.hash(ctx, in.Password); err != nil {
			return err
		}
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		profile, err := tx.LockProfile(ctx, in.UserID)
		if err != nil {
			return err
		}
		in.apply(&profile)
		if err := tx.SetProfile(ctx, in.UserID, profile); err != nil {
			return err
		}
		if in.AvatarID != 0 {
			if err := tx.SetAvatar(ctx, store.AvatarUser, 0, in.UserID, in.AvatarID); err != nil {
				return err
			}
		}
		if err := d.changeEmail(ctx, tx, in); err != nil || hash == "" {
			return err
		}
		if err := tx.SetPassword(ctx, in.UserID, hash); err != nil {
			return err
		}
		return tx.KeepLatestUserSession(ctx, in.UserID)
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// check tells what is wrong with the change, whoever makes it.
func (in *ProfileChange) check() error {
	var errs validate.Errors
	if in.Password != "" {
		CheckPassword(&errs, in.Password, in.Confirmation)
	}
	if in.Email.Sent {
		errs.Email("email", NormalEmail(in.Email.V))
	}
	errs.MaxLen("name", in.Name.V, validate.ShortText)
	errs.MaxLen("display_name", in.DisplayName.V, validate.ShortText)
	errs.MaxLen("message_signature", in.MessageSignature.V, validate.LongText)
	errs.MaxLen("phone_number", in.Phone.V, validate.ShortText)
	if settings, ok := in.UISettings.Get(); ok {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(settings, &members); err != nil || len(settings) > maxUISettings {
			errs.Add("ui_settings", validate.Invalid)
		}
	}
	return errs.Err()
}

func (in *ProfileChange) apply(p *store.UserProfile) {
	in.Name.Apply(&p.Name)
	in.DisplayName.ApplyPtr(&p.DisplayName)
	in.MessageSignature.ApplyPtr(&p.MessageSignature)
	if in.UISettings.Sent {
		p.UISettings = string(in.UISettings.V)
	}
	if in.Phone.Sent {
		attributes := parse(p.CustomAttributes)
		attributes["phone_number"] = in.Phone.V
		p.CustomAttributes = object(attributes)
	}
}

// changeEmail notes another address, and writes to it.
func (d *Desk) changeEmail(ctx context.Context, tx *store.Tx, in ProfileChange) error {
	email := NormalEmail(in.Email.V)
	if !in.Email.Sent {
		return nil
	}
	user, err := tx.LockLogin(ctx, in.UserID)
	if err != nil || email == user.Email {
		return err
	}
	owner, err := tx.EmailOwner(ctx, email)
	if err != nil {
		return err
	}
	if owner != 0 {
		return validate.Fail("email", validate.Taken)
	}
	if user.Confirmed {
		err = tx.SetUnconfirmedEmail(ctx, in.UserID, email)
	} else {
		err = tx.SetEmail(ctx, in.UserID, email)
	}
	if errors.Is(err, store.ErrTaken) {
		return validate.Fail("email", validate.Taken)
	}
	if err != nil {
		return err
	}
	return d.OrderConfirmation(ctx, tx, in.UserID)
}

// RemoveAvatar takes a user's picture away.
func (d *Desk) RemoveAvatar(ctx context.Context, userID int64) error {
	return d.again(ctx, func(tx *store.Tx) error { return tx.SetAvatar(ctx, store.AvatarUser, 0, userID, 0) })
}

// RenewAccessToken gives a user another API token.
func (d *Desk) RenewAccessToken(ctx context.Context, userID int64) error {
	return d.again(ctx, func(tx *store.Tx) error {
		_, err := tx.RotateAccessToken(ctx, store.OwnerUser, userID)
		return err
	})
}

// SetAvailability notes what a member chose to be; store.ErrNotFound when the user
// is no member of the account.
func (d *Desk) SetAvailability(ctx context.Context, by Actor, accountID int64, status string) error {
	code, ok := AvailabilityCode(status)
	if !ok {
		return validate.Fail("availability", validate.NotListed)
	}
	return d.again(ctx, func(tx *store.Tx) error {
		m, err := tx.LockMembership(ctx, accountID, by.UserID)
		if err != nil || m.Availability == code {
			return err
		}
		changes := map[string]any{"availability": [2]int{m.Availability, code}}
		m.Availability = code
		if err := tx.UpdateMembership(ctx, m); err != nil {
			return err
		}
		return insertAudit(ctx, tx, by, accountID, "AccountUser", m.ID, auditUpdate, changes)
	})
}

// SetAutoOffline notes whether a member is seen as offline without a live
// connection; store.ErrNotFound when the user is no member of the account.
func (d *Desk) SetAutoOffline(ctx context.Context, accountID, userID int64, on bool) error {
	return d.again(ctx, func(tx *store.Tx) error {
		m, err := tx.LockMembership(ctx, accountID, userID)
		if err != nil {
			return err
		}
		m.AutoOffline = on
		return tx.UpdateMembership(ctx, m)
	})
}

// InAccount tells whether a user is a member of an account: store.ErrNotFound when
// not.
func (d *Desk) InAccount(ctx context.Context, accountID, userID int64) error {
	list, err := d.Store.Memberships(ctx, userID)
	if err == nil && !slices.ContainsFunc(list, func(m store.MembershipRow) bool { return m.AccountID == accountID }) {
		err = store.ErrNotFound
	}
	return err
}
