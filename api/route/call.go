package route

import (
	"context"
	"errors"
	"time"

	"tributary/chat"
)

// Call is what a handler knows about the request besides its input. It holds
// copies only and may be kept.
type Call struct {
	User       User       // zero for public routes, bots and platform apps
	Bot        *Bot       // set when a bot calls
	App        *App       // set when a platform app calls
	Account    Account    // zero outside accounts
	Membership Membership // of User in Account
	RequestID  string
	Now        time.Time // when the request arrived, UTC
	Locale     string    // language of texts for the caller
	IP         string    // of the client, behind proxies that are trusted
	UserAgent  string
	Client     string // the device of the session that calls; empty: there is none
	Query      string // of the URL, as it came

	header [][2]string
	ended  bool // see EndSession
}

// User is a person who signed in.
type User struct {
	ID     int64
	Name   string
	Email  string
	Locale string // ui_settings.locale; empty: not chosen
	// Operator tells that they run the installation: a super admin.
	Operator bool
}

// Bot is an agent bot.
type Bot struct {
	ID   int64
	Name string
}

// App is a platform app.
type App struct {
	ID   int64
	Name string
}

// Account is the account of an account-scoped route.
type Account struct {
	ID       int64
	Name     string
	Locale   string
	Active   bool
	Features uint64 // bit n-1 is feature n of the fixed list
}

// Membership is a user's place in an account. An empty Role is none.
type Membership struct {
	Role         string // chat.RoleAgent, chat.RoleAdministrator
	CustomRoleID int64
	Permissions  []string // of the custom role
}

// Admin tells whether the caller is an administrator of the account.
func (c *Call) Admin() bool { return c.Membership.Role == chat.RoleAdministrator }

// SetHeader adds a header to a successful answer.
func (c *Call) SetHeader(name, value string) { c.header = append(c.header, [2]string{name, value}) }

// EndSession keeps the tokens of the caller's session out of the answer: the session
// is over.
func (c *Call) EndSession() { c.ended = true }

// Credentials is what a request carries to say who calls.
type Credentials struct {
	Auth        Auth   // what the route wants
	APIToken    string // header api_access_token in any spelling; when set it decides
	AccessToken string // session: header or parameter access-token
	Client      string // session: header or parameter client
	UID         string // session: header or parameter uid
	Bearer      string // Authorization: Bearer, empty when APIToken is set
	Console     string // the cookie of the operators' console, of its routes alone
	Now         time.Time
}

// Empty tells that nothing was sent.
func (c Credentials) Empty() bool {
	return c.APIToken == "" && c.AccessToken == "" && c.Bearer == ""
}

// Caller is who calls: exactly one of User, Bot and App is set.
type Caller struct {
	User *User
	Bot  *Bot
	App  *App
	// Client is the device of the session by which a user calls.
	Client string
	// Echo are headers for successful answers: the tokens of a session.
	Echo map[string]string
}

// Scope is an account as one caller sees it.
type Scope struct {
	Account    Account // zero ID: no such account
	Membership Membership
	BotLinked  bool // the calling bot is linked to an inbox of the account
}

// Authenticator finds callers and accounts. It reports ErrNotSignedIn or
// ErrBadToken for credentials that do not hold; other errors are failures of
// the server.
type Authenticator interface {
	Authenticate(ctx context.Context, c Credentials) (Caller, error)
	// Scope never fails because an account is missing or closed to the caller:
	// that shows in its result.
	Scope(ctx context.Context, caller Caller, accountID int64) (Scope, error)
}

// What Authenticate says about credentials.
var (
	// ErrNotSignedIn means no or an expired session.
	ErrNotSignedIn = errors.New("route: not signed in")
	// ErrBadToken means an API token that nobody has.
	ErrBadToken = errors.New("route: unknown API token")
)
