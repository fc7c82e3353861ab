package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrTaken says that a name or a place that may exist once is taken.
var ErrTaken = errors.New("store: taken")

// NewUser is a user about to be stored.
type NewUser struct {
	Email        string
	Name         string
	PasswordHash string    // bcrypt's
	ConfirmedAt  time.Time // zero: the e-mail address is not confirmed
	DisplayName  string    // empty: none
	Provider     string    // empty: ProviderEmail
}

// InsertUser stores a user with an API token of their own; ErrTaken when somebody
// has the e-mail address, which is kept in small letters. The transaction goes on
// after that.
func (t *Tx) InsertUser(ctx context.Context, u NewUser) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO users (email, name, password_hash, confirmed_at, pubsub_token, created_at, updated_at, display_name, provider)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8) ON CONFLICT (email) DO NOTHING RETURNING id`,
		normalEmail(u.Email), u.Name, u.PasswordHash, nullMicros(u.ConfirmedAt), NewToken(), t.now(), nilIfEmpty(u.DisplayName),
		cmp.Or(u.Provider, ProviderEmail)).Scan(&id)
	if isNoRows(err) {
		return 0, ErrTaken
	}
	if err != nil {
		return 0, fmt.Errorf("store: insert user: %w", err)
	}
	_, err = t.newToken(ctx, OwnerUser, id)
	return id, err
}

func normalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// LockUserByEmail finds a user by e-mail address and keeps others from changing or
// deleting them until the transaction ends; ErrNotFound when nobody has it.
func (t *Tx) LockUserByEmail(ctx context.Context, email string) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `SELECT id FROM users WHERE email = $1 `+t.s.d.lockRow, normalEmail(email)).Scan(&id)
	if isNoRows(err) {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("store: user by email: %w", err)
	}
	return id, nil
}

// RenameUser gives a user another name, in all their accounts.
func (t *Tx) RenameUser(ctx context.Context, id int64, name string) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE users SET name = $2, updated_at = $3 WHERE id = $1`, id, name, t.now()); err != nil {
		return fmt.Errorf("store: rename user: %w", err)
	}
	return nil
}

// DeleteLoneUser deletes a user who is a member of no account, with what is theirs
// alone: tokens and picture. What they wrote stays. done is false when they are a
// member again, are a super admin, or are gone.
func (t *Tx) DeleteLoneUser(ctx context.Context, id int64) (done bool, err error) {
	var avatar sql.NullInt64
	err = t.tx.QueryRowContext(ctx, `SELECT avatar_blob_id FROM users WHERE id = $1 AND COALESCE(type, '') <> 'SuperAdmin' `+t.s.d.lock, id).
		Scan(&avatar)
	if isNoRows(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store: delete user: %w", err)
	}
	// After the lock: whoever adds them to an account holds it too.
	member, err := exists(ctx, t.tx, `SELECT 1 FROM account_users WHERE user_id = $1 LIMIT 1`, id)
	if err != nil || member {
		return false, err
	}
	return true, t.deleteUser(ctx, id, avatar)
}

// Membership is a user's place in an account.
type Membership struct {
	ID           int64
	AccountID    int64
	UserID       int64
	Role         int // 0 agent, 1 administrator
	InviterID    *int64
	Availability int // 0 online, 1 offline, 2 busy
	AutoOffline  bool
	CustomRoleID *int64
}

// InsertMembership adds a user to an account; ErrTaken when they are a member. The
// transaction goes on after that.
func (t *Tx) InsertMembership(ctx context.Context, m Membership) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO account_users (account_id, user_id, role, inviter_id, availability, auto_offline, custom_role_id,
			created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (account_id, user_id) DO NOTHING RETURNING id`,
		m.AccountID, m.UserID, m.Role, m.InviterID, m.Availability, m.AutoOffline, m.CustomRoleID, t.now()).Scan(&id)
	if isNoRows(err) {
		return 0, ErrTaken
	}
	if err != nil {
		return 0, fmt.Errorf("store: insert membership: %w", err)
	}
	return id, nil
}

// LockMembership reads a membership for a change; ErrNotFound when there is none.
func (t *Tx) LockMembership(ctx context.Context, accountID, userID int64) (Membership, error) {
	m := Membership{AccountID: accountID, UserID: userID}
	err := t.tx.QueryRowContext(ctx, `SELECT id, role, inviter_id, availability, auto_offline, custom_role_id FROM account_users
		WHERE account_id = $1 AND user_id = $2 `+t.s.d.lockRow, accountID, userID).
		Scan(&m.ID, &m.Role, &m.InviterID, &m.Availability, &m.AutoOffline, &m.CustomRoleID)
	if isNoRows(err) {
		return m, ErrNotFound
	}
	if err != nil {
		return m, fmt.Errorf("store: membership: %w", err)
	}
	return m, nil
}

// UpdateMembership stores role, availability and custom role of a membership.
func (t *Tx) UpdateMembership(ctx context.Context, m Membership) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE account_users SET role = $2, availability = $3, auto_offline = $4, custom_role_id = $5, updated_at = $6
		WHERE id = $1`, m.ID, m.Role, m.Availability, m.AutoOffline, m.CustomRoleID, t.now()); err != nil {
		return fmt.Errorf("store: update membership: %w", err)
	}
	return nil
}

// LeftPlaces are what a member who left an account was a member of in it.
type LeftPlaces struct {
	Teams   []Place
	Inboxes []Place
}

// DeleteMembership takes a user off an account, its teams and its inboxes. Their
// conversations stay theirs, see UnassignMember.
func (t *Tx) DeleteMembership(ctx context.Context, m Membership) (LeftPlaces, error) {
	var left LeftPlaces
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM account_users WHERE id = $1`, m.ID); err != nil {
		return left, fmt.Errorf("store: delete membership: %w", err)
	}
	var err error
	if left.Teams, err = t.changePlaces(ctx, "leave teams", `DELETE FROM team_members
		WHERE user_id = $1 AND team_id IN (SELECT id FROM teams WHERE account_id = $2)`+teamPlaces.returning(), m.UserID, m.AccountID); err != nil {
		return left, err
	}
	left.Inboxes, err = t.changePlaces(ctx, "leave inboxes", `DELETE FROM inbox_members
		WHERE user_id = $1 AND inbox_id IN (SELECT id FROM inboxes WHERE account_id = $2)`+inboxPlaces.returning(), m.UserID, m.AccountID)
	return left, err
}

// UnassignMember takes a user who is no member of an account any more off at most
// limit of its conversations. done tells that none is left.
func (s *Store) UnassignMember(ctx context.Context, accountID, userID int64, limit int) (done bool, err error) {
	return s.releaseChunk(ctx, "unassign member", `UPDATE conversations SET assignee_id = NULL, updated_at = $1
		WHERE id IN (SELECT id FROM conversations WHERE account_id = $3 AND assignee_id = $4
			AND NOT EXISTS (SELECT 1 FROM account_users WHERE account_id = $3 AND user_id = $4)
			ORDER BY id LIMIT $2 `+s.d.lock+`)`, limit, accountID, userID)
}

// releaseChunk runs an UPDATE of at most limit conversations, whose first two
// arguments are the moment and the limit.
func (s *Store) releaseChunk(ctx context.Context, what, query string, limit int, args ...any) (done bool, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		res, err := t.tx.ExecContext(ctx, query, append([]any{t.now(), limit}, args...)...)
		if err != nil {
			return fmt.Errorf("store: %s: %w", what, err)
		}
		n, err := res.RowsAffected()
		done = n < int64(limit)
		return err
	})
	return done, err
}

// SetActive notes that a user works in an account now.
func (s *Store) SetActive(ctx context.Context, accountID, userID int64) error {
	return s.Transact(ctx, func(t *Tx) error {
		if _, err := t.tx.ExecContext(ctx, `UPDATE account_users SET active_at = $3 WHERE account_id = $1 AND user_id = $2`,
			accountID, userID, t.now()); err != nil {
			return fmt.Errorf("store: set active: %w", err)
		}
		return nil
	})
}

// CountMembers counts the members of an account.
func (s *Store) CountMembers(ctx context.Context, accountID int64) (int, error) {
	return countMembers(ctx, s.r, accountID)
}

// CountMembers is Store's, inside the transaction: after LockAccount the number
// stays as it is.
func (t *Tx) CountMembers(ctx context.Context, accountID int64) (int, error) {
	return countMembers(ctx, t.tx, accountID)
}

func countMembers(ctx context.Context, q queryer, accountID int64) (int, error) {
	var n int
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM account_users WHERE account_id = $1`, accountID).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: count members: %w", err)
	}
	return n, nil
}

// Outsiders are those of the users who are no members of an account, by id.
func (t *Tx) Outsiders(ctx context.Context, accountID int64, userIDs []int64) ([]int64, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT DISTINCT x.id FROM `+t.s.d.rows("$2", "id bigint")+`
		WHERE NOT EXISTS (SELECT 1 FROM account_users m WHERE m.account_id = $1 AND m.user_id = x.id) ORDER BY x.id`, accountID, ids(userIDs))
	if err != nil {
		return nil, fmt.Errorf("store: outsiders: %w", err)
	}
	return collect(rows, "outsiders", func(id *int64) []any { return []any{id} })
}

// AccountAgents reads all members of an account by name, without regard to case.
func (s *Store) AccountAgents(ctx context.Context, accountID int64) ([]AgentRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+agentColumns+` FROM account_users m JOIN users u ON u.id = m.user_id WHERE m.account_id = $1`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: agents of account: %w", err)
	}
	list, err := collect(rows, "agents of account", (*AgentRow).fields)
	// Here, since the databases order letters in different ways.
	slices.SortFunc(list, func(a, b AgentRow) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// AssignableAgents reads the members of an account to whom conversations of all
// these inboxes can be assigned: members of each of them, and administrators. The
// ids are of different inboxes.
func (s *Store) AssignableAgents(ctx context.Context, accountID int64, inboxIDs []int64) ([]AgentRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+agentColumns+` FROM account_users m JOIN users u ON u.id = m.user_id
		WHERE m.account_id = $1 AND (m.role = 1 OR $3 = (SELECT COUNT(*) FROM `+s.d.rows("$2", "id bigint")+`
			JOIN inbox_members i ON i.inbox_id = x.id AND i.user_id = m.user_id))
		ORDER BY u.id`, accountID, ids(inboxIDs), len(inboxIDs))
	if err != nil {
		return nil, fmt.Errorf("store: assignable agents: %w", err)
	}
	return collect(rows, "assignable agents", (*AgentRow).fields)
}

// AccountInboxIDs are all inboxes of an account.
func (s *Store) AccountInboxIDs(ctx context.Context, accountID int64) ([]int64, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT id FROM inboxes WHERE account_id = $1 ORDER BY id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: inboxes of account: %w", err)
	}
	return collect(rows, "inboxes of account", func(id *int64) []any { return []any{id} })
}
