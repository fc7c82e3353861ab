package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// TokenHolder is who an API token belongs to. Name and the fields after it are
// of a user, Name also of a platform app and of a bot.
type TokenHolder struct {
	OwnerType  string // OwnerUser, OwnerPlatform, OwnerBot
	OwnerID    int64
	Name       string
	Email      string
	UISettings string // JSON
	SuperAdmin bool   // they run the installation
}

// HolderOfToken finds who calls with an API token, with what every request needs
// to know of them; ErrNotFound when nobody has it.
func (s *Store) HolderOfToken(ctx context.Context, token string) (TokenHolder, error) {
	var h TokenHolder
	err := firstOf(s.sealer.Digests(token), func(digest string) error {
		return s.r.QueryRowContext(ctx, `SELECT t.owner_type, t.owner_id, COALESCE(u.name, p.name, b.name, ''), COALESCE(u.email, ''), COALESCE(u.ui_settings, '{}'),
			COALESCE(u.type, '') = '`+UserSuperAdmin+`'
		FROM access_tokens t
			LEFT JOIN users u ON t.owner_type = 'User' AND u.id = t.owner_id
			LEFT JOIN platform_apps p ON t.owner_type = 'PlatformApp' AND p.id = t.owner_id
			LEFT JOIN agent_bots b ON t.owner_type = 'AgentBot' AND b.id = t.owner_id
		WHERE t.digest = $1 AND (t.owner_type <> 'AgentBot' OR b.id IS NOT NULL)`, digest).
			Scan(&h.OwnerType, &h.OwnerID, &h.Name, &h.Email, &h.UISettings, &h.SuperAdmin)
	})
	if isNoRows(err) {
		return h, ErrNotFound
	}
	if err != nil {
		return h, fmt.Errorf("store: token holder: %w", err)
	}
	return h, nil
}

// AccountScope is an account and one user's membership in it.
type AccountScope struct {
	ID           int64
	Name         string
	Status       int // 0 active, 1 suspended
	Locale       int
	Features     int64
	Member       bool
	Role         int // 0 agent, 1 administrator
	CustomRoleID int64
	Permissions  []string // of the custom role
}

// ScopeOf reads an account as userID sees it; ErrNotFound when there is no such
// account. Member is false when the user does not belong to it.
func (s *Store) ScopeOf(ctx context.Context, accountID, userID int64) (AccountScope, error) {
	var a AccountScope
	err := s.r.QueryRowContext(ctx, `SELECT a.id, a.name, a.status, a.locale, a.features, m.id IS NOT NULL, COALESCE(m.role, 0), COALESCE(m.custom_role_id, 0),
			r.permissions
		FROM accounts a LEFT JOIN account_users m ON m.account_id = a.id AND m.user_id = $2
			LEFT JOIN custom_roles r ON r.id = m.custom_role_id AND r.account_id = a.id
		WHERE a.id = $1`, accountID, userID).
		Scan(&a.ID, &a.Name, &a.Status, &a.Locale, &a.Features, &a.Member, &a.Role, &a.CustomRoleID, (*texts)(&a.Permissions))
	if isNoRows(err) {
		return a, ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("store: account scope: %w", err)
	}
	return a, nil
}

// AccountLimits reads an account's limits, a JSON object.
func (s *Store) AccountLimits(ctx context.Context, accountID int64) (string, error) {
	var limits string
	err := s.r.QueryRowContext(ctx, `SELECT limits FROM accounts WHERE id = $1`, accountID).Scan(&limits)
	if isNoRows(err) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("store: account limits: %w", err)
	}
	return limits, nil
}

// UserRow is a user.
type UserRow struct {
	ID               int64
	Email            string
	Name             string
	DisplayName      *string
	Type             *string
	Provider         string
	Confirmed        bool
	PubsubToken      string
	MessageSignature *string
	UISettings       string // JSON
	CustomAttributes string // JSON
	AvatarBlobID     int64  // 0: none
	CreatedAt        int64  // microseconds
}

const userColumns = `SELECT u.id, u.email, u.name, u.display_name, u.type, u.provider, u.confirmed_at IS NOT NULL, u.pubsub_token,
	u.message_signature, u.ui_settings, u.custom_attributes, COALESCE(u.avatar_blob_id, 0), u.created_at `

func (u *UserRow) fields() []any {
	return []any{
		&u.ID, &u.Email, &u.Name, &u.DisplayName, &u.Type, &u.Provider, &u.Confirmed, &u.PubsubToken,
		&u.MessageSignature, &u.UISettings, &u.CustomAttributes, &u.AvatarBlobID, &u.CreatedAt,
	}
}

// Users reads users by id, in the order of their ids.
func (s *Store) Users(ctx context.Context, userIDs []int64) ([]UserRow, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	rows, err := s.r.QueryContext(ctx, userColumns+`FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN users u WHERE u.id = x.id ORDER BY u.id`, ids(userIDs))
	if err != nil {
		return nil, fmt.Errorf("store: users: %w", err)
	}
	return collect(rows, "users", (*UserRow).fields)
}

// User reads one.
func (s *Store) User(ctx context.Context, id int64) (UserRow, error) {
	var u UserRow
	err := s.r.QueryRowContext(ctx, userColumns+`FROM users u WHERE u.id = $1`, id).Scan(u.fields()...)
	if isNoRows(err) {
		return u, ErrNotFound
	}
	if err != nil {
		return u, fmt.Errorf("store: user: %w", err)
	}
	return u, nil
}

// MembershipRow is a user's membership with its account.
type MembershipRow struct {
	AccountID     int64
	AccountName   string
	AccountStatus int
	AccountLocale int
	ActiveAt      sql.NullInt64 // microseconds
	Role          int
	InviterID     *int64
	Availability  int
	AutoOffline   bool
	CustomRoleID  *int64
	// What follows is of the custom role; RoleName is nil without one.
	RoleName        *string
	RoleDescription *string
	RolePermissions []string
}

const membershipColumns = `a.id, a.name, a.status, a.locale, m.active_at, m.role, m.inviter_id, m.availability, m.auto_offline,
	m.custom_role_id, r.name, r.description, r.permissions`

const membershipJoins = ` JOIN accounts a ON a.id = m.account_id LEFT JOIN custom_roles r ON r.id = m.custom_role_id AND r.account_id = a.id `

func (m *MembershipRow) fields() []any {
	return []any{
		&m.AccountID, &m.AccountName, &m.AccountStatus, &m.AccountLocale, &m.ActiveAt, &m.Role, &m.InviterID, &m.Availability, &m.AutoOffline, &m.CustomRoleID,
		&m.RoleName, &m.RoleDescription, (*texts)(&m.RolePermissions),
	}
}

// Memberships reads all memberships of a user, by account.
func (s *Store) Memberships(ctx context.Context, userID int64) ([]MembershipRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+membershipColumns+` FROM account_users m`+membershipJoins+`WHERE m.user_id = $1 ORDER BY a.id`, userID)
	if err != nil {
		return nil, fmt.Errorf("store: memberships: %w", err)
	}
	return collect(rows, "memberships", (*MembershipRow).fields)
}

// MembershipsOf reads those of several users, each user's by account.
func (s *Store) MembershipsOf(ctx context.Context, userIDs []int64) (map[int64][]MembershipRow, error) {
	out := make(map[int64][]MembershipRow, len(userIDs))
	if len(userIDs) == 0 {
		return out, nil
	}
	// Joined from the list on, so that only the rows of these users are read.
	rows, err := s.r.QueryContext(ctx, `SELECT m.user_id, `+membershipColumns+` FROM `+s.d.rows("$1", "id bigint")+`
		CROSS JOIN account_users m`+membershipJoins+`WHERE m.user_id = x.id ORDER BY a.id`, ids(userIDs))
	if err != nil {
		return nil, fmt.Errorf("store: memberships of users: %w", err)
	}
	type member struct {
		userID int64
		MembershipRow
	}
	list, err := collect(rows, "memberships of users", func(m *member) []any { return append([]any{&m.userID}, m.fields()...) })
	for _, m := range list {
		out[m.userID] = append(out[m.userID], m.MembershipRow)
	}
	return out, err
}

// AgentRow is a user as colleagues see it. The membership fields are of one
// account; Member is false when the user left it.
type AgentRow struct {
	ID               int64
	Email            string
	Name             string
	DisplayName      *string
	Provider         string
	Confirmed        bool
	CustomAttributes string // JSON
	AvatarBlobID     int64  // 0: none
	Member           bool
	Role             int
	Availability     int
	AutoOffline      bool
	CustomRoleID     *int64
}

const agentColumns = `u.id, u.email, u.name, u.display_name, u.provider, u.confirmed_at IS NOT NULL, u.custom_attributes,
	COALESCE(u.avatar_blob_id, 0), m.id IS NOT NULL, COALESCE(m.role, 0), COALESCE(m.availability, 0), COALESCE(m.auto_offline, TRUE), m.custom_role_id`

func (a *AgentRow) fields() []any {
	return []any{
		&a.ID, &a.Email, &a.Name, &a.DisplayName, &a.Provider, &a.Confirmed, &a.CustomAttributes,
		&a.AvatarBlobID, &a.Member, &a.Role, &a.Availability, &a.AutoOffline, &a.CustomRoleID,
	}
}

// Agents reads users by id, as members of an account.
func (s *Store) Agents(ctx context.Context, accountID int64, userIDs []int64) (map[int64]AgentRow, error) {
	out := make(map[int64]AgentRow, len(userIDs))
	if len(userIDs) == 0 {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+agentColumns+`
		FROM `+s.d.rows("$2", "id bigint")+` CROSS JOIN users u
			LEFT JOIN account_users m ON m.account_id = $1 AND m.user_id = u.id
		WHERE u.id = x.id`, accountID, ids(userIDs))
	if err != nil {
		return nil, fmt.Errorf("store: agents: %w", err)
	}
	list, err := collect(rows, "agents", (*AgentRow).fields)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		out[a.ID] = a
	}
	return out, nil
}

// collect scans and closes rows; fields gives the destinations of one row in
// the order of the columns.
func collect[T any](rows *sql.Rows, what string, fields func(*T) []any) ([]T, error) {
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		var one T
		if err := rows.Scan(fields(&one)...); err != nil {
			return nil, fmt.Errorf("store: %s: %w", what, err)
		}
		out = append(out, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return out, nil
}

// AdminRow is an administrator of an account who can be written to.
type AdminRow struct {
	UserID int64
	Email  string
}

// AccountAdmins reads the administrators of an account whose e-mail address is
// confirmed, by user. Of those with the same address the first is given.
func (s *Store) AccountAdmins(ctx context.Context, accountID int64) ([]AdminRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT u.id, u.email
		FROM account_users m JOIN users u ON u.id = m.user_id
		WHERE m.account_id = $1 AND m.role = 1 AND u.confirmed_at IS NOT NULL AND u.email <> ''
		ORDER BY u.id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: administrators: %w", err)
	}
	list, err := collect(rows, "administrators", func(a *AdminRow) []any { return []any{&a.UserID, &a.Email} })
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(a AdminRow) bool {
		address := strings.ToLower(a.Email)
		again := seen[address]
		seen[address] = true
		return again
	}), err
}

// Administrators are the ids of the users who administer an account, in order.
func (t *Tx) Administrators(ctx context.Context, accountID int64) ([]int64, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT user_id FROM account_users WHERE account_id = $1 AND role = 1 ORDER BY user_id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: administrators: %w", err)
	}
	return collect(rows, "administrators", func(id *int64) []any { return []any{id} })
}
