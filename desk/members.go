package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

// JobMemberLeft takes a member who left off the account's conversations, and
// deletes the user when it was their last account. Who was signed in by the account's
// service has a password again.
const JobMemberLeft = "member.left"

// MemberJob is the payload of JobMemberLeft.
type MemberJob struct {
	AccountID int64 `json:"account_id"`
	UserID    int64 `json:"user_id"`
	Keep      bool  `json:"keep,omitempty"` // the user stays, even without an account
}

// ErrNoSeat says that an account has as many members as it may have.
var ErrNoSeat = &chat.Error{Code: chat.CodePayment, Message: "Account limit exceeded. Please purchase more licenses"}

// AddMember makes a user a member of an account, with everything that comes with
// it; store.ErrTaken when they are one, after which the transaction goes on. A
// custom role must be the account's.
func (d *Desk) AddMember(ctx context.Context, tx *store.Tx, by Actor, m store.Membership) error {
	if err := checkCustomRole(ctx, tx, m); err != nil {
		return err
	}
	id, err := tx.InsertMembership(ctx, m)
	if err != nil {
		return err
	}
	if err := insertAudit(ctx, tx, by, m.AccountID, "AccountUser", id, auditCreate, map[string]any{
		"account_id": m.AccountID, "user_id": m.UserID, "role": m.Role, "inviter_id": m.InviterID, "availability": m.Availability,
	}); err != nil {
		return err
	}
	if err := tx.InsertNotificationSettings(ctx, store.DefaultNotificationSettings(m.AccountID, m.UserID)); err != nil {
		return err
	}
	return tx.InsertOutbox(ctx, []store.OutboxRow{memberEvent("agent.added", m)})
}

func memberEvent(kind string, m store.Membership) store.OutboxRow {
	return store.OutboxRow{AccountID: m.AccountID, Kind: kind, Payload: object(map[string]any{"user_id": m.UserID})}
}

func checkCustomRole(ctx context.Context, tx *store.Tx, m store.Membership) error {
	if m.CustomRoleID == nil {
		return nil
	}
	_, err := tx.LockCustomRole(ctx, m.AccountID, *m.CustomRoleID)
	if errors.Is(err, store.ErrNotFound) {
		return validate.Fail("custom_role", validate.MustExist)
	}
	return err
}

// Invitation asks a person into an account.
type Invitation struct {
	Email string
	Name  string // of a new user
	// Member is what they become; its user is found or made.
	Member store.Membership
}

// InviteAgent makes a person a member of an account and gives their id. Somebody
// who is no user yet becomes one and gets a mail to choose a password by.
func (d *Desk) InviteAgent(ctx context.Context, by Actor, in Invitation) (userID int64, err error) {
	err = d.again(ctx, func(tx *store.Tx) error {
		free, err := d.lockSeats(ctx, tx, in.Member.AccountID)
		if err != nil {
			return err
		}
		if free < 1 {
			return ErrNoSeat
		}
		userID, err = d.invite(ctx, tx, by, in)
		if errors.Is(err, store.ErrTaken) {
			return validate.Fail("user_id", validate.Taken)
		}
		return err
	})
	if err == nil {
		d.WakeJobs()
	}
	return userID, err
}

func (d *Desk) invite(ctx context.Context, tx *store.Tx, by Actor, in Invitation) (userID int64, err error) {
	in.Email = strings.TrimSpace(in.Email)
	userID, err = tx.LockUserByEmail(ctx, in.Email)
	known := err == nil
	if errors.Is(err, store.ErrNotFound) {
		userID, err = d.newUser(ctx, tx, in)
	}
	if err != nil {
		return 0, err
	}
	in.Member.UserID = userID
	if err := d.AddMember(ctx, tx, by, in.Member); err != nil {
		return userID, err
	}
	if err := joinsBySAML(ctx, tx, in.Member); err != nil || known {
		return userID, err
	}
	return userID, d.Invite(ctx, tx, userID, in.Member.AccountID)
}

// newUser makes a user without a password, whose address is not confirmed.
func (d *Desk) newUser(ctx context.Context, tx *store.Tx, in Invitation) (int64, error) {
	var errs validate.Errors
	errs.Email("email", in.Email)
	errs.Present("name", in.Name)
	errs.MaxLen("name", in.Name, validate.ShortText)
	if err := errs.Err(); err != nil {
		return 0, err
	}
	id, err := tx.InsertUser(ctx, store.NewUser{Email: in.Email, Name: in.Name})
	if errors.Is(err, store.ErrTaken) {
		return 0, store.ErrConflict // by somebody who was first: they are found now
	}
	return id, err
}

// inviteChunk is how many invitations share a transaction.
const inviteChunk = 50

// InviteAgents makes persons agents of an account, named after their addresses.
// Addresses that are none, and members, are passed over. An account that is being
// set up is set up then.
func (d *Desk) InviteAgents(ctx context.Context, by Actor, accountID int64, emails []string) error {
	free, err := d.FreeSeats(ctx, accountID)
	if err != nil {
		return err
	}
	if int64(len(emails)) > free {
		return ErrNoSeat
	}
	for chunk := range slices.Chunk(emails, inviteChunk) {
		err := d.again(ctx, func(tx *store.Tx) error {
			free, err := d.lockSeats(ctx, tx, accountID)
			if err != nil {
				return err
			}
			for _, email := range chunk {
				took, err := d.inviteQuietly(ctx, tx, by, accountID, email, free > 0)
				if err != nil {
					return err
				}
				if took {
					free--
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	d.WakeJobs()
	_, err = d.ChangeAccount(ctx, by, accountID, func(a *store.AccountRow) error {
		a.CustomAttributes = Merge(a.CustomAttributes, map[string]json.RawMessage{"onboarding_step": nil})
		return nil
	})
	return err
}

// inviteQuietly invites one of many and tells whether they took a seat.
func (d *Desk) inviteQuietly(ctx context.Context, tx *store.Tx, by Actor, accountID int64, email string, free bool) (bool, error) {
	email = strings.TrimSpace(email)
	var errs validate.Errors
	if errs.Email("email", email); errs.Any() {
		return false, nil
	}
	if !free {
		return false, ErrNoSeat // somebody else took it meanwhile
	}
	name, _, _ := strings.Cut(email, "@")
	_, err := d.invite(ctx, tx, by, Invitation{
		Email: email, Name: name, Member: store.Membership{AccountID: accountID, InviterID: &by.UserID, AutoOffline: true},
	})
	if errors.Is(err, store.ErrTaken) {
		return false, nil
	}
	return err == nil, err
}

// MemberChange is what is to be changed of a member; nil: nothing.
type MemberChange struct {
	Name         *string // of the user, in all their accounts
	Role         *int
	Availability *int
	AutoOffline  *bool
	// CustomRoleID replaces the custom role; nil takes it away.
	CustomRoleID *int64
}

// ChangeMember changes a member of an account; store.ErrNotFound when the user is
// none.
func (d *Desk) ChangeMember(ctx context.Context, by Actor, accountID, userID int64, in MemberChange) error {
	err := d.again(ctx, func(tx *store.Tx) error {
		before, err := tx.LockMembership(ctx, accountID, userID)
		if err != nil {
			return err
		}
		after := before
		after.CustomRoleID = in.CustomRoleID
		if err := checkCustomRole(ctx, tx, after); err != nil {
			return err
		}
		changes := map[string]any{}
		if in.Role != nil && *in.Role != before.Role {
			after.Role, changes["role"] = *in.Role, [2]int{before.Role, *in.Role}
		}
		if in.Availability != nil && *in.Availability != before.Availability {
			after.Availability, changes["availability"] = *in.Availability, [2]int{before.Availability, *in.Availability}
		}
		if in.AutoOffline != nil {
			after.AutoOffline = *in.AutoOffline
		}
		if err := tx.UpdateMembership(ctx, after); err != nil {
			return err
		}
		if in.Name != nil {
			if err := tx.RenameUser(ctx, userID, *in.Name); err != nil {
				return err
			}
		}
		if len(changes) == 0 {
			return nil
		}
		return insertAudit(ctx, tx, by, accountID, "AccountUser", before.ID, auditUpdate, changes)
	})
	return err
}

// RemoveMember takes a user off an account, its teams and its inboxes at once, and
// off its conversations in the background; store.ErrNotFound when they are no
// member. Nobody is asked whether an administrator is left.
func (d *Desk) RemoveMember(ctx context.Context, by Actor, accountID, userID int64) error {
	return d.removeMember(ctx, by, MemberJob{AccountID: accountID, UserID: userID})
}

func (d *Desk) removeMember(ctx context.Context, by Actor, job MemberJob) error {
	accountID, userID := job.AccountID, job.UserID
	err := d.again(ctx, func(tx *store.Tx) error {
		m, err := tx.LockMembership(ctx, accountID, userID)
		if err != nil {
			return err
		}
		left, err := tx.DeleteMembership(ctx, m)
		if err != nil {
			return err
		}
		if err := tx.DeleteNotificationSettings(ctx, accountID, userID); err != nil {
			return err
		}
		if err := auditPlaces(ctx, tx, by, accountID, teamPlace, auditDestroy, left.Teams); err != nil {
			return err
		}
		if err := auditPlaces(ctx, tx, by, accountID, inboxPlace, auditDestroy, left.Inboxes); err != nil {
			return err
		}
		var lists []string
		if len(left.Teams) > 0 {
			lists = append(lists, store.CacheTeams)
		}
		if len(left.Inboxes) > 0 {
			lists = append(lists, store.CacheInboxes)
		}
		if len(lists) > 0 {
			if err := tx.InvalidateCache(ctx, accountID, lists...); err != nil {
				return err
			}
		}
		if err := tx.InsertOutbox(ctx, []store.OutboxRow{memberEvent("agent.removed", m)}); err != nil {
			return err
		}
		payload, err := json.Marshal(job)
		if err != nil {
			return fmt.Errorf("desk: member job: %w", err)
		}
		return tx.InsertJob(ctx, store.Job{
			Kind: JobMemberLeft, Lane: store.LaneBulk, AccountID: accountID, Payload: payload,
			UniqueKey: JobMemberLeft + ":" + strconv.FormatInt(accountID, 10) + ":" + strconv.FormatInt(userID, 10),
		})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// memberLeft carries out JobMemberLeft. A user who is a member again keeps their
// conversations.
func (d *Desk) memberLeft(ctx context.Context, j store.Job) error {
	var in MemberJob
	if err := readJob(j, &in); err != nil {
		return err
	}
	if err := d.inChunks(ctx, func() (bool, error) { return d.Store.UnassignMember(ctx, in.AccountID, in.UserID, releaseChunk) }); err != nil || in.Keep {
		return err
	}
	return d.again(ctx, func(tx *store.Tx) error {
		gone, err := tx.DeleteLoneUser(ctx, in.UserID)
		if err != nil || gone {
			return err
		}
		return tx.ReleaseUserFromSAML(ctx, in.UserID)
	})
}

// releaseChunk is how many conversations one transaction takes off a member or a
// team.
const releaseChunk = 500

// inChunks repeats a share of a job until it is done; ErrAgain when that takes
// longer than a job may. Between two shares it rests for as long as the last one
// took, so that live traffic has the database at least half of the time.
func (d *Desk) inChunks(ctx context.Context, share func() (done bool, err error)) error {
	for begun := d.Now(); ; {
		started := time.Now()
		done, err := share()
		if err != nil || done {
			return err
		}
		if d.Now().Sub(begun) > jobTimeout/2 || !pause(ctx, min(time.Since(started), time.Second)) {
			return ErrAgain
		}
	}
}
