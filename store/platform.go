package store

import (
	"context"
	"database/sql"
	"fmt"
)

// PlatformApp is a program that manages users and accounts of the installation.
type PlatformApp struct {
	ID        int64
	Name      string
	CreatedAt int64 // microseconds
}

func (p *PlatformApp) fields() []any { return []any{&p.ID, &p.Name, &p.CreatedAt} }

// InsertPlatformApp makes an app and gives its id and its API token.
func (t *Tx) InsertPlatformApp(ctx context.Context, name string) (id int64, token string, err error) {
	if err := t.tx.QueryRowContext(ctx, `INSERT INTO platform_apps (name, created_at) VALUES ($1, $2) RETURNING id`, name, t.now()).Scan(&id); err != nil {
		return 0, "", fmt.Errorf("store: insert platform app: %w", err)
	}
	token, err = t.newToken(ctx, OwnerPlatform, id)
	return id, token, err
}

// RenamePlatformApp tells whether there was one of that id.
func (t *Tx) RenamePlatformApp(ctx context.Context, id int64, name string) (bool, error) {
	return t.changed(ctx, "rename platform app", `UPDATE platform_apps SET name = $2 WHERE id = $1`, id, name)
}

// DeletePlatformApp deletes an app, with its token and what it was granted, and
// tells whether there was one of that id. What it made stays.
func (t *Tx) DeletePlatformApp(ctx context.Context, id int64) (bool, error) {
	was, err := t.changed(ctx, "delete platform app", `DELETE FROM platform_apps WHERE id = $1`, id)
	if err != nil || !was {
		return false, err
	}
	return true, t.dropAccessToken(ctx, OwnerPlatform, id)
}

func (t *Tx) dropAccessToken(ctx context.Context, ownerType string, ownerID int64) error {
	_, err := t.changed(ctx, "drop access token", `DELETE FROM access_tokens WHERE owner_type = $1 AND owner_id = $2`, ownerType, ownerID)
	return err
}

// PlatformApps reads all by id.
func (s *Store) PlatformApps(ctx context.Context) ([]PlatformApp, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT id, name, created_at FROM platform_apps ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("store: platform apps: %w", err)
	}
	return collect(rows, "platform apps", (*PlatformApp).fields)
}

// PlatformApp reads one; ErrNotFound when there is none of that id.
func (s *Store) PlatformApp(ctx context.Context, id int64) (PlatformApp, error) {
	var p PlatformApp
	err := s.r.QueryRowContext(ctx, `SELECT id, name, created_at FROM platform_apps WHERE id = $1`, id).Scan(p.fields()...)
	if isNoRows(err) {
		return p, ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("store: platform app: %w", err)
	}
	return p, nil
}

// GrantKind is a kind of record that platform apps act on.
type GrantKind string

// Kinds of records.
const (
	GrantUser    GrantKind = "User"
	GrantAccount GrantKind = "Account"
	GrantBot     GrantKind = "AgentBot"
)

// Grant lets a platform app act on a record; once more is no matter.
func (t *Tx) Grant(ctx context.Context, appID int64, kind GrantKind, recordID int64) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO platform_permissions (platform_app_id, kind, record_id, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (platform_app_id, kind, record_id) DO NOTHING`, appID, string(kind), recordID, t.now()); err != nil {
		return fmt.Errorf("store: grant: %w", err)
	}
	return nil
}

// DropGrants takes a record that is gone from all platform apps.
func (t *Tx) DropGrants(ctx context.Context, kind GrantKind, recordID int64) error {
	_, err := t.changed(ctx, "drop grants", `DELETE FROM platform_permissions WHERE kind = $1 AND record_id = $2`, string(kind), recordID)
	return err
}

// Granted tells whether a platform app may act on a record.
func (s *Store) Granted(ctx context.Context, appID int64, kind GrantKind, recordID int64) (bool, error) {
	may, err := exists(ctx, s.r, `SELECT 1 FROM platform_permissions WHERE platform_app_id = $1 AND kind = $2 AND record_id = $3`,
		appID, string(kind), recordID)
	if err != nil {
		return false, fmt.Errorf("store: granted: %w", err)
	}
	return may, nil
}

// GrantedIDs are the records of a kind that a platform app may act on, by id.
func (s *Store) GrantedIDs(ctx context.Context, appID int64, kind GrantKind) ([]int64, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT record_id FROM platform_permissions WHERE platform_app_id = $1 AND kind = $2 ORDER BY record_id`,
		appID, string(kind))
	if err != nil {
		return nil, fmt.Errorf("store: grants: %w", err)
	}
	return collect(rows, "grants", func(id *int64) []any { return []any{id} })
}

// GrantedAccounts are the accounts that a platform app may act on, by id.
func (s *Store) GrantedAccounts(ctx context.Context, appID int64) ([]AccountRow, error) {
	rows, err := s.r.QueryContext(ctx, accountColumns+`WHERE id IN (
		SELECT record_id FROM platform_permissions WHERE platform_app_id = $1 AND kind = $2) ORDER BY id`, appID, string(GrantAccount))
	if err != nil {
		return nil, fmt.Errorf("store: granted accounts: %w", err)
	}
	return collect(rows, "granted accounts", (*AccountRow).fields)
}

const anyBotColumns = `SELECT b.id, b.account_id, b.name, b.description, b.outgoing_url, b.bot_type, b.bot_config, COALESCE(b.avatar_blob_id, 0),
		b.avatar_from, COALESCE(t.sealed, '')
	FROM agent_bots b LEFT JOIN access_tokens t ON t.owner_type = 'AgentBot' AND t.owner_id = b.id `

// AnyAgentBot reads a bot of whatever account, or a system bot, with its token;
// ErrNotFound when there is none of that id.
func (s *Store) AnyAgentBot(ctx context.Context, id int64) (AgentBotRow, error) {
	return s.agentBot(ctx, s.r, anyBotColumns+`WHERE b.id = $1`, id)
}

// GrantedBots are the bots that a platform app may act on, by id, with their tokens.
func (s *Store) GrantedBots(ctx context.Context, appID int64) ([]AgentBotRow, error) {
	rows, err := s.r.QueryContext(ctx, anyBotColumns+`WHERE b.id IN (
		SELECT record_id FROM platform_permissions WHERE platform_app_id = $1 AND kind = $2) ORDER BY b.id`, appID, string(GrantBot))
	if err != nil {
		return nil, fmt.Errorf("store: granted bots: %w", err)
	}
	list, err := collect(rows, "granted bots", (*AgentBotRow).fields)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := list[i].unseal(s); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// MoveAgentBot gives a bot that LockAgentBot gave to another account, nil: to the
// installation. It leaves the inboxes of accounts that may not use it any more.
func (t *Tx) MoveAgentBot(ctx context.Context, b AgentBotRow, accountID *int64) error {
	for _, one := range []struct{ what, query string }{
		{"move bot", `UPDATE agent_bots SET account_id = $2 WHERE id = $1`},
		{"leave inboxes", `DELETE FROM agent_bot_inboxes WHERE agent_bot_id = $1 AND account_id <> $2`}, // of a system bot none
	} {
		if _, err := t.changed(ctx, one.what, one.query, b.ID, accountID); err != nil {
			return err
		}
	}
	if b.AvatarBlobID != 0 {
		if _, err := t.changed(ctx, "move picture", `UPDATE blobs SET account_id = $2 WHERE id = $1`, b.AvatarBlobID, accountID); err != nil {
			return err
		}
	}
	return t.bump(ctx, TopicChannels)
}

// AccountUserRow is a membership as it is stored.
type AccountUserRow struct {
	ID           int64
	AccountID    int64
	UserID       int64
	Role         int // 0 agent, 1 administrator
	InviterID    *int64
	CreatedAt    int64 // microseconds, as the others
	UpdatedAt    int64
	ActiveAt     *int64
	Availability int
	AutoOffline  bool
	CustomRoleID *int64
	// CapacityPolicyID is the policy that says how much they can do.
	CapacityPolicyID *int64
}

const accountUserColumns = `SELECT id, account_id, user_id, role, inviter_id, created_at, updated_at, active_at, availability, auto_offline, custom_role_id,
		agent_capacity_policy_id
	FROM account_users WHERE account_id = $1 `

func (a *AccountUserRow) fields() []any {
	return []any{
		&a.ID, &a.AccountID, &a.UserID, &a.Role, &a.InviterID, &a.CreatedAt, &a.UpdatedAt, &a.ActiveAt, &a.Availability, &a.AutoOffline, &a.CustomRoleID,
		&a.CapacityPolicyID,
	}
}

// AccountUsers reads the memberships of an account by id.
func (s *Store) AccountUsers(ctx context.Context, accountID int64) ([]AccountUserRow, error) {
	rows, err := s.r.QueryContext(ctx, accountUserColumns+`ORDER BY id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: account users: %w", err)
	}
	return collect(rows, "account users", (*AccountUserRow).fields)
}

// AccountUser reads one; ErrNotFound when the user is no member.
func (s *Store) AccountUser(ctx context.Context, accountID, userID int64) (AccountUserRow, error) {
	var a AccountUserRow
	err := s.r.QueryRowContext(ctx, accountUserColumns+`AND user_id = $2`, accountID, userID).Scan(a.fields()...)
	if isNoRows(err) {
		return a, ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("store: account user: %w", err)
	}
	return a, nil
}

// UserSuperAdmin is the type of a user who runs the installation.
const UserSuperAdmin = "SuperAdmin"

// SetUserType makes a user a super admin, or takes that away with "". Who is none
// any more is signed out of the console.
func (t *Tx) SetUserType(ctx context.Context, userID int64, kind string) error {
	if err := t.setUser(ctx, "set type", userID, `type = $3`, nilIfEmpty(kind)); err != nil || kind == UserSuperAdmin {
		return err
	}
	return t.dropConsoleSessions(ctx, userID)
}

// UnassignUser takes a user who is about to be deleted off at most limit
// conversations, in whatever account. done tells that none is left.
func (s *Store) UnassignUser(ctx context.Context, userID int64, limit int) (done bool, err error) {
	return s.releaseChunk(ctx, "unassign user", `UPDATE conversations SET assignee_id = NULL, updated_at = $1
		WHERE id IN (SELECT id FROM conversations WHERE assignee_id = $3 ORDER BY id LIMIT $2 `+s.d.lock+`)`, limit, userID)
}

// DeleteUser deletes a user who is a member of no account and assigned to nothing,
// with all that is theirs alone. What they wrote stays. done is false when they are a
// member again.
func (t *Tx) DeleteUser(ctx context.Context, id int64) (done bool, err error) {
	var avatar sql.NullInt64
	err = t.tx.QueryRowContext(ctx, `SELECT avatar_blob_id FROM users WHERE id = $1 `+t.s.d.lock, id).Scan(&avatar)
	if isNoRows(err) {
		return true, t.DropGrants(ctx, GrantUser, id)
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

// deleteUser deletes a user with what is theirs alone.
func (t *Tx) deleteUser(ctx context.Context, id int64, avatar sql.NullInt64) error {
	if err := t.dropAccessToken(ctx, OwnerUser, id); err != nil {
		return err
	}
	if err := t.DropGrants(ctx, GrantUser, id); err != nil {
		return err
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM users WHERE id = $1`, id); err != nil {
		return fmt.Errorf("store: delete user: %w", err)
	}
	if avatar.Valid {
		return t.DetachBlob(ctx, avatar.Int64)
	}
	return nil
}

// accountRests are what an account leaves when its inboxes are gone: too many to go
// with its row in one statement. Each takes the account and how many at once.
var accountRests = []string{
	`DELETE FROM access_tokens WHERE id IN (SELECT t.id FROM agent_bots b JOIN access_tokens t ON t.owner_type = 'AgentBot' AND t.owner_id = b.id
		WHERE b.account_id = $1 ORDER BY b.id LIMIT $2)`,
	`DELETE FROM platform_permissions WHERE kind = 'AgentBot' AND record_id IN (SELECT p.record_id
		FROM agent_bots b JOIN platform_permissions p ON p.kind = 'AgentBot' AND p.record_id = b.id WHERE b.account_id = $1 ORDER BY b.id LIMIT $2)`,
	`DELETE FROM contacts WHERE id IN (SELECT id FROM contacts WHERE account_id = $1 ORDER BY id LIMIT $2)`,
	`DELETE FROM audits WHERE id IN (SELECT id FROM audits WHERE account_id = $1 ORDER BY id LIMIT $2)`,
	`DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE account_id = $1 AND state = 'dead' ORDER BY id LIMIT $2)`,
	`DELETE FROM account_users WHERE id IN (SELECT id FROM account_users WHERE account_id = $1 ORDER BY user_id LIMIT $2)`,
}

// releaseFiles leaves the account's files ($1, so many as $2) to be swept from $3 on.
const releaseFiles = `UPDATE blobs SET expires_unattached_at = $3 WHERE id IN (
	SELECT id FROM blobs WHERE account_id = $1 AND expires_unattached_at IS NULL ORDER BY id LIMIT $2)`

// ClearInboxHistory removes at most limit of the notes about what happened to an
// inbox, which outlive it otherwise. done tells that none is left.
func (s *Store) ClearInboxHistory(ctx context.Context, inboxID int64, limit int) (done bool, err error) {
	return s.clearChunk(ctx, []string{
		`DELETE FROM whatsapp_attempts WHERE id IN (SELECT id FROM whatsapp_attempts WHERE inbox_id = $1 ORDER BY id LIMIT $2)`,
		`DELETE FROM applied_changes WHERE inbox_id = $1 AND ingest_key IN (
			SELECT ingest_key FROM applied_changes WHERE inbox_id = $1 ORDER BY ingest_key LIMIT $2)`,
	}, inboxID, limit, nil)
}

// DeleteAccountChunk deletes at most limit records of an account that has no inbox
// any more, and when none is left the account. Its files are left to be swept. done
// tells that nothing remains.
func (s *Store) DeleteAccountChunk(ctx context.Context, accountID int64, limit int) (done bool, err error) {
	return s.clearChunk(ctx, accountRests, accountID, limit, func(t *Tx) (bool, error) {
		released, err := t.rows(ctx, "release files", releaseFiles, accountID, limit, t.now())
		if err != nil || released > 0 {
			return false, err
		}
		if err := t.DropGrants(ctx, GrantAccount, accountID); err != nil {
			return false, err
		}
		if _, err := t.rows(ctx, "delete account", `DELETE FROM accounts WHERE id = $1`, accountID); err != nil {
			return false, err
		}
		return true, t.bump(ctx, TopicChannels)
	})
}

// clearChunk runs the first of the queries that still finds something, in a
// transaction of its own; where none does, last, which tells whether that was all.
func (s *Store) clearChunk(ctx context.Context, queries []string, id int64, limit int, last func(*Tx) (bool, error)) (done bool, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		done = false
		for _, query := range queries {
			n, err := t.rows(ctx, "clear", query, id, limit)
			if err != nil || n > 0 {
				return err
			}
		}
		if done = true; last == nil {
			return nil
		}
		var err error
		done, err = last(t)
		return err
	})
	return done, err
}

// rows runs a statement and tells how many rows it found.
func (t *Tx) rows(ctx context.Context, what, query string, args ...any) (int64, error) {
	res, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("store: %s: %w", what, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("store: %s: %w", what, err)
	}
	return n, nil
}
