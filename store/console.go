package store

import (
	"context"
	"fmt"
	"time"
)

// markOnboarding says that a browser may make the first administrator.
const markOnboarding = "onboarding"

// OnboardingPending tells whether the installation still waits for its first
// administrator.
func (s *Store) OnboardingPending(ctx context.Context) (bool, error) {
	pending, err := exists(ctx, s.r, `SELECT 1 FROM installation_marks WHERE name = $1`, markOnboarding)
	if err != nil {
		return false, fmt.Errorf("store: onboarding: %w", err)
	}
	return pending, nil
}

// EndOnboarding takes the mark away and tells whether it was there: of several who
// try, one has it.
func (t *Tx) EndOnboarding(ctx context.Context) (bool, error) {
	return t.changed(ctx, "end onboarding", `DELETE FROM installation_marks WHERE name = $1`, markOnboarding)
}

// ConsoleUser is a super admin who is signed in to the operators' console.
type ConsoleUser struct {
	UserID     int64
	Name       string
	Email      string
	UISettings string // JSON
}

// consoleText is what is digested of the token of a session of the console.
func consoleText(token string) string { return "console:" + token }

// InsertConsoleSession signs a super admin in to the console with a token, of which
// only the digest is kept.
func (t *Tx) InsertConsoleSession(ctx context.Context, userID int64, token string, expires time.Time) error {
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO console_sessions (digest, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
		t.s.sealer.Digest(consoleText(token)), userID, t.now(), micros(expires)); err != nil {
		return fmt.Errorf("store: insert console session: %w", err)
	}
	return nil
}

// ConsoleUser finds who is signed in with a token; ErrNotFound when nobody is, or the
// user is no super admin any more.
func (s *Store) ConsoleUser(ctx context.Context, token string) (ConsoleUser, error) {
	var u ConsoleUser
	err := firstOf(s.sealer.digestsOnly(consoleText(token)), func(digest string) error {
		return s.r.QueryRowContext(ctx, `SELECT u.id, u.name, u.email, u.ui_settings FROM console_sessions c JOIN users u ON u.id = c.user_id
			WHERE c.digest = $1 AND c.expires_at > $2 AND u.type = $3`, digest, micros(s.now()), UserSuperAdmin).
			Scan(&u.UserID, &u.Name, &u.Email, &u.UISettings)
	})
	if isNoRows(err) {
		return u, ErrNotFound
	}
	if err != nil {
		return u, fmt.Errorf("store: console session: %w", err)
	}
	return u, nil
}

// DeleteConsoleSession signs out of the console.
func (t *Tx) DeleteConsoleSession(ctx context.Context, token string) error {
	_, err := anyOf(t.s.sealer.digestsOnly(consoleText(token)), func(digest string) (bool, error) {
		return t.changed(ctx, "delete console session", `DELETE FROM console_sessions WHERE digest = $1`, digest)
	})
	return err
}

func (t *Tx) dropConsoleSessions(ctx context.Context, userID int64) error {
	_, err := t.changed(ctx, "drop console sessions", `DELETE FROM console_sessions WHERE user_id = $1`, userID)
	return err
}

// Counts are how many records the installation has.
type Counts struct{ Accounts, Users, Inboxes, Conversations, HeldMails int64 }

// Counts counts them, each from an index.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	if err := s.r.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM accounts), (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM inboxes),
			(SELECT COUNT(*) FROM conversations), (SELECT COUNT(*) FROM mails_held)`).
		Scan(&c.Accounts, &c.Users, &c.Inboxes, &c.Conversations, &c.HeldMails); err != nil {
		return c, fmt.Errorf("store: counts: %w", err)
	}
	return c, nil
}

// Search asks for a part of a list of the console, the newest records first.
type Search struct {
	Text   string // is part of a name or an address, whatever its case; empty: all
	Filter string // a named part of the list, see UserFilters and AccountFilters; empty: all
	Limit  int
	Offset int
}

// recently is since when a record is recent.
const recently = 30 * 24 * time.Hour

// UserFilters and AccountFilters are the parts of these lists that have names. $4 is
// since when a record is recent.
var (
	UserFilters = map[string]string{
		"super_admin": `u.type = 'SuperAdmin'`, "confirmed": `u.confirmed_at IS NOT NULL`, "unconfirmed": `u.confirmed_at IS NULL`,
		"recent": `u.created_at > $4`,
	}
	AccountFilters = map[string]string{"active": `a.status = 0`, "suspended": `a.status = 1`, "recent": `a.created_at > $4`}
)

// condition is what a search demands of the columns; $1 is the text's pattern.
func (s *Store) condition(in Search, filters map[string]string, columns ...string) (where string, args []any) {
	where = `(CAST($1 AS TEXT) = ''`
	for _, c := range columns {
		where += ` OR ` + c + ` ` + s.d.ilike + ` $1 ESCAPE '!'`
	}
	where += `) AND CAST($4 AS BIGINT) IS NOT NULL`
	if f, ok := filters[in.Filter]; ok {
		where += ` AND ` + f
	}
	pattern := ""
	if in.Text != "" {
		pattern = "%" + escapeLike(in.Text) + "%"
	}
	return where, []any{pattern, in.Limit, in.Offset, micros(s.now().Add(-recently))}
}

// ListedUser is a user in a list of the console.
type ListedUser struct {
	ID        int64
	Name      string
	Email     string
	Type      string // "SuperAdmin" or empty
	Confirmed bool
	Accounts  int
	CreatedAt int64 // microseconds
}

// SearchUsers reads a part of all users.
func (s *Store) SearchUsers(ctx context.Context, in Search) ([]ListedUser, error) {
	where, args := s.condition(in, UserFilters, "u.name", "u.email")
	rows, err := s.r.QueryContext(ctx, `SELECT u.id, u.name, u.email, COALESCE(u.type, ''), u.confirmed_at IS NOT NULL,
			(SELECT COUNT(*) FROM account_users m WHERE m.user_id = u.id), u.created_at
		FROM users u WHERE `+where+` ORDER BY u.id DESC LIMIT $2 OFFSET $3`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: search users: %w", err)
	}
	return collect(rows, "search users", func(u *ListedUser) []any {
		return []any{&u.ID, &u.Name, &u.Email, &u.Type, &u.Confirmed, &u.Accounts, &u.CreatedAt}
	})
}

// ListedAccount is an account in a list of the console.
type ListedAccount struct {
	ID            int64
	Name          string
	Status        int // 0 active, 1 suspended
	Locale        int
	Users         int
	Inboxes       int
	Conversations int64 // that were ever begun
	CreatedAt     int64 // microseconds
}

// SearchAccounts reads a part of all accounts.
func (s *Store) SearchAccounts(ctx context.Context, in Search) ([]ListedAccount, error) {
	where, args := s.condition(in, AccountFilters, "a.name", "a.domain", "a.support_email")
	rows, err := s.r.QueryContext(ctx, `SELECT a.id, a.name, a.status, a.locale, (SELECT COUNT(*) FROM account_users m WHERE m.account_id = a.id),
			(SELECT COUNT(*) FROM inboxes i WHERE i.account_id = a.id),
			COALESCE((SELECT q.last_display_id FROM account_sequences q WHERE q.account_id = a.id), 0), a.created_at
		FROM accounts a WHERE `+where+` ORDER BY a.id DESC LIMIT $2 OFFSET $3`, args...)
	if err != nil {
		return nil, fmt.Errorf("store: search accounts: %w", err)
	}
	return collect(rows, "search accounts", func(a *ListedAccount) []any {
		return []any{&a.ID, &a.Name, &a.Status, &a.Locale, &a.Users, &a.Inboxes, &a.Conversations, &a.CreatedAt}
	})
}
