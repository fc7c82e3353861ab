package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"tributary/internal/optional"
	"tributary/internal/validate"
	"tributary/store"
	"tributary/wording"
)

// Jobs that delete what a platform app asked for.
const (
	JobDeleteUser    = "user.delete"
	JobDeleteAccount = "account.delete"
)

// UserJob is the payload of JobDeleteUser.
type UserJob struct {
	UserID int64 `json:"user_id"`
}

// AccountJob is the payload of JobDeleteAccount.
type AccountJob struct {
	AccountID int64 `json:"account_id"`
}

// CreatePlatformApp makes a platform app and gives its id and its API token.
func (d *Desk) CreatePlatformApp(ctx context.Context, name string) (id int64, token string, err error) {
	if err := checkAppName(name); err != nil {
		return 0, "", err
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		id, token, err = tx.InsertPlatformApp(ctx, name)
		return err
	})
	return id, token, err
}

// RenamePlatformApp gives an app another name; store.ErrNotFound when there is none
// of that id.
func (d *Desk) RenamePlatformApp(ctx context.Context, id int64, name string) error {
	if err := checkAppName(name); err != nil {
		return err
	}
	return d.mustBe(ctx, func(tx *store.Tx) (bool, error) { return tx.RenamePlatformApp(ctx, id, name) })
}

// DeletePlatformApp deletes an app; its token is nobody's then, what it made stays.
// store.ErrNotFound when there is none of that id.
func (d *Desk) DeletePlatformApp(ctx context.Context, id int64) error {
	return d.mustBe(ctx, func(tx *store.Tx) (bool, error) { return tx.DeletePlatformApp(ctx, id) })
}

func (d *Desk) mustBe(ctx context.Context, change func(*store.Tx) (was bool, err error)) error {
	return d.again(ctx, func(tx *store.Tx) error {
		was, err := change(tx)
		if err == nil && !was {
			err = store.ErrNotFound
		}
		return err
	})
}

func checkAppName(name string) error {
	var errs validate.Errors
	errs.Present("name", name)
	errs.MaxLen("name", name, validate.ShortText)
	return errs.Err()
}

// UserChange is what somebody who runs users says about one; what is not sent stays.
type UserChange struct {
	Email, Password   optional.Value[string]
	Name, DisplayName optional.Value[string]
	// CustomAttributes are merged with those that are there.
	CustomAttributes optional.Value[map[string]json.RawMessage]
}

// check tells what is wrong with the change; all is required of a new user.
func (in UserChange) check(isNew bool) error {
	var errs validate.Errors
	if in.Email.Sent || isNew {
		errs.Email("email", NormalEmail(in.Email.V))
	}
	if _, ok := in.Password.Get(); ok || isNew {
		CheckPassword(&errs, in.Password.V, nil)
	}
	errs.MaxLen("name", in.Name.V, validate.ShortText)
	errs.MaxLen("display_name", in.DisplayName.V, validate.ShortText)
	return errs.Err()
}

// apply changes the profile of a user.
func (in UserChange) apply(ctx context.Context, tx *store.Tx, userID int64) error {
	p, err := tx.LockProfile(ctx, userID)
	if err != nil {
		return err
	}
	in.Name.Apply(&p.Name)
	in.DisplayName.ApplyPtr(&p.DisplayName)
	if attributes, ok := in.CustomAttributes.Get(); ok {
		p.CustomAttributes = Merge(p.CustomAttributes, attributes)
	}
	return tx.SetProfile(ctx, userID, p)
}

// CreatePlatformUser makes a user of whom a platform app vouches, and lets it act on
// them. Nobody is written to. Who is a user already is confirmed and stays as they are.
func (d *Desk) CreatePlatformUser(ctx context.Context, appID int64, in UserChange) (userID int64, err error) {
	email, hash := NormalEmail(in.Email.V), ""
	_, err = d.Store.LoginByEmail(ctx, email)
	if errors.Is(err, store.ErrNotFound) {
		if err := in.check(true); err != nil {
			return 0, err
		}
		hash, err = d.passwords.hash(ctx, in.Password.V)
	}
	if err != nil {
		return 0, err
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		userID, err = tx.LockUserByEmail(ctx, email)
		switch {
		case err == nil:
			err = tx.ConfirmUser(ctx, userID)
		case errors.Is(err, store.ErrNotFound) && hash != "":
			userID, err = tx.InsertUser(ctx, store.NewUser{Email: email, Name: in.Name.V, PasswordHash: hash, ConfirmedAt: tx.Now})
			if errors.Is(err, store.ErrTaken) {
				err = store.ErrConflict // by somebody who was first: they are found now
			}
			if err == nil {
				err = in.apply(ctx, tx, userID)
			}
		}
		if err != nil {
			return err
		}
		return tx.Grant(ctx, appID, store.GrantUser, userID)
	})
	return userID, err
}

// ChangeUser changes a user; another address is theirs at once. store.ErrNotFound
// when there is none of that id. Another password ends sessions, see
// store.Tx.KeepLatestUserSession.
func (d *Desk) ChangeUser(ctx context.Context, userID int64, in UserChange) error {
	if _, err := d.Store.LoginByID(ctx, userID); err != nil {
		return err
	}
	if err := in.check(false); err != nil {
		return err
	}
	hash := ""
	if password, ok := in.Password.Get(); ok {
		var err error
		if hash, err = d.passwords.hash(ctx, password); err != nil {
			return err
		}
	}
	return d.again(ctx, func(tx *store.Tx) error {
		if err := in.apply(ctx, tx, userID); err != nil {
			return err
		}
		if in.Email.Sent {
			err := tx.SetEmail(ctx, userID, NormalEmail(in.Email.V))
			if errors.Is(err, store.ErrTaken) {
				return validate.Fail("email", validate.Taken)
			}
			if err != nil {
				return err
			}
		}
		if hash == "" {
			return nil
		}
		if err := tx.SetPassword(ctx, userID, hash); err != nil {
			return err
		}
		return tx.KeepLatestUserSession(ctx, userID)
	})
}

// DeleteUser orders the deletion of a user; a bulk job carries it out.
func (d *Desk) DeleteUser(ctx context.Context, userID int64) error {
	return d.orderDeletion(ctx, JobDeleteUser, 0, userID, UserJob{userID}, nil)
}

func (d *Desk) orderDeletion(ctx context.Context, kind string, accountID, id int64, payload any, first func(*store.Tx) error) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("desk: order deletion: %w", err)
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		if first != nil {
			if err := first(tx); err != nil {
				return err
			}
		}
		return tx.InsertJob(ctx, store.Job{
			Kind: kind, Lane: store.LaneBulk, UniqueKey: kind + ":" + strconv.FormatInt(id, 10), AccountID: accountID, Payload: body,
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// deleteUser carries out JobDeleteUser: the user leaves their accounts, then their
// conversations, and is gone.
func (d *Desk) deleteUser(ctx context.Context, j store.Job) error {
	var in UserJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	list, err := d.Store.Memberships(ctx, in.UserID)
	if err != nil {
		return err
	}
	for _, m := range list {
		err := d.removeMember(ctx, Actor{}, MemberJob{AccountID: m.AccountID, UserID: in.UserID, Keep: true})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if err := d.inChunks(func() (bool, error) { return d.Store.UnassignUser(ctx, in.UserID, releaseChunk) }); err != nil {
		return err
	}
	return d.again(ctx, func(tx *store.Tx) error {
		done, err := tx.DeleteUser(ctx, in.UserID)
		if err == nil && !done {
			err = fmt.Errorf("desk: delete user %d: somebody made them a member meanwhile", in.UserID)
		}
		return err
	})
}

// CreatePlatformAccount makes an account without members for a platform app, and lets
// it act on the account. change says what is different from a new account; its error
// is given back, and nothing is stored.
func (d *Desk) CreatePlatformAccount(ctx context.Context, appID int64, change func(*store.AccountRow) error) (id int64, err error) {
	row := store.AccountRow{
		Locale: wording.Match(d.DefaultLocale).Number(), Features: d.defaultFeatures(), Limits: "{}", Settings: "{}", CustomAttributes: "{}",
	}
	if err := change(&row); err != nil {
		return 0, err
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		row.ID, err = tx.InsertAccount(ctx, store.NewAccount{
			Name: row.Name, Locale: row.Locale, Features: row.Features, CustomAttributes: row.CustomAttributes,
		})
		if err != nil {
			return err
		}
		if err := tx.UpdateAccount(ctx, row); err != nil {
			return err
		}
		if err := tx.Grant(ctx, appID, store.GrantAccount, row.ID); err != nil {
			return err
		}
		return d.accountCreated(ctx, tx, row.ID, row.Name, 0)
	})
	if err == nil {
		d.WakeJobs()
	}
	return row.ID, err
}

// DeleteAccount suspends an account, which ends its traffic, and orders its deletion;
// a bulk job carries it out. store.ErrNotFound when there is none of that id.
func (d *Desk) DeleteAccount(ctx context.Context, accountID int64) error {
	err := d.orderDeletion(ctx, JobDeleteAccount, accountID, accountID, AccountJob{accountID}, func(tx *store.Tx) error {
		a, err := tx.LockAccount(ctx, accountID)
		if err != nil {
			return err
		}
		a.Status = accountSuspended
		return tx.UpdateAccount(ctx, a)
	})
	if err == nil {
		d.changed(ctx)
	}
	return err
}

// accountSuspended is the stored status of an account that nobody works in.
const accountSuspended = 1

// deleteAccount carries out JobDeleteAccount: first its inboxes go, then what is left,
// then the account.
func (d *Desk) deleteAccount(ctx context.Context, j store.Job) error {
	var in AccountJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	inboxes, err := d.Store.AccountInboxIDs(ctx, in.AccountID)
	if err != nil {
		return err
	}
	for begun, i := d.Now(), 0; i < len(inboxes); i++ {
		if d.Now().Sub(begun) > jobTimeout/4 {
			return ErrAgain // the next inbox may take as long as a job's half
		}
		if err := d.deleteInboxOf(ctx, j, inboxes[i]); err != nil {
			return err
		}
	}
	err = d.inChunks(func() (bool, error) { return d.Store.DeleteAccountChunk(ctx, in.AccountID, deleteChunk) })
	if err == nil {
		d.changed(ctx)
	}
	return err
}

// deleteInboxOf deletes an inbox of an account that is deleted, and what is
// remembered of it.
func (d *Desk) deleteInboxOf(ctx context.Context, j store.Job, inboxID int64) error {
	if err := d.again(ctx, func(tx *store.Tx) error { return tx.MarkDeleting(ctx, inboxID) }); err != nil {
		return err
	}
	payload, err := json.Marshal(InboxJob{InboxID: inboxID})
	if err != nil {
		return fmt.Errorf("desk: inbox job: %w", err)
	}
	if err := d.deleteInbox(ctx, store.Job{Kind: JobDeleteInbox, AccountID: j.AccountID, Payload: payload, Attempts: j.Attempts}); err != nil {
		return err
	}
	return d.inChunks(func() (bool, error) { return d.Store.ClearInboxHistory(ctx, inboxID, deleteChunk) })
}

// PutMember makes a user a member of an account, or gives a member another role; nil:
// an agent, or the role that they have. store.ErrNotFound when there is no such
// account.
func (d *Desk) PutMember(ctx context.Context, by Actor, accountID, userID int64, role *int) error {
	return d.again(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockAccount(ctx, accountID); err != nil {
			return err
		}
		_, err := tx.LockLogin(ctx, userID)
		if errors.Is(err, store.ErrNotFound) {
			return validate.Fail("user", validate.MustExist)
		}
		if err != nil {
			return err
		}
		m, err := tx.LockMembership(ctx, accountID, userID)
		if errors.Is(err, store.ErrNotFound) {
			m = store.Membership{AccountID: accountID, UserID: userID, AutoOffline: true}
			if role != nil {
				m.Role = *role
			}
			if err = d.AddMember(ctx, tx, by, m); errors.Is(err, store.ErrTaken) {
				err = store.ErrConflict
			}
			return err
		}
		if err != nil || role == nil || *role == m.Role {
			return err
		}
		changes := map[string]any{"role": [2]int{m.Role, *role}}
		m.Role = *role
		if err := tx.UpdateMembership(ctx, m); err != nil {
			return err
		}
		return insertAudit(ctx, tx, by, accountID, "AccountUser", m.ID, auditUpdate, changes)
	})
}

// ExpelMember is RemoveMember, and keeps the user whatever accounts they have left.
func (d *Desk) ExpelMember(ctx context.Context, by Actor, accountID, userID int64) error {
	return d.removeMember(ctx, by, MemberJob{AccountID: accountID, UserID: userID, Keep: true})
}
