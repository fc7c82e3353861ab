package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tributary/api/pages"
	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/store"
)

const consoleUsers = console + "/users"

func (a *API) superAdminUsers() []route.Row {
	return []route.Row{
		route.Get(consoleUsers, route.Console, a.listConsoleUsers),
		route.Get(consoleUsers+"/{id}", route.Console, a.showConsoleUser),
		route.Patch(consoleUsers+"/{id}", route.Console, a.updateConsoleUser),
		route.Post(consoleUsers+"/{id}", route.Console, a.postConsoleUser),
		route.Post(consoleUsers+"/{id}/impersonate", route.Console, a.impersonate),
	}
}

// consolePageSize is how many records a page of a list has.
const consolePageSize = 20

// consoleListIn asks for a page of a list. Text that ends in a colon is the name of a
// filter.
type consoleListIn struct {
	consoleIn
	Search string     `query:"search"`
	Page   route.Page `query:"_page"`
}

// query is what to look for, and one record more, which tells whether there is a next
// page.
func (in consoleListIn) query() store.Search {
	s := store.Search{Text: strings.TrimSpace(in.Search), Limit: consolePageSize + 1, Offset: in.Page.Offset(consolePageSize)}
	if name, ok := strings.CutSuffix(s.Text, ":"); ok {
		s.Text, s.Filter = "", name
	}
	return s
}

// listPage is a page of a list.
type listPage[T any] struct {
	Search         string
	Rows           []T
	Previous, Next string // addresses; empty: there is none
}

// newListPage makes a page of the rows that query has found.
func newListPage[T any](in consoleListIn, path string, rows []T) listPage[T] {
	at := func(page int) string {
		return path + "?" + url.Values{"search": {in.Search}, "_page": {strconv.Itoa(page)}}.Encode()
	}
	out := listPage[T]{Search: in.Search, Rows: rows}
	if n := in.Page.Number(); n > 1 {
		out.Previous = at(n - 1)
	}
	if len(rows) > consolePageSize {
		out.Rows, out.Next = rows[:consolePageSize], at(in.Page.Number()+1)
	}
	return out
}

// userLine is a user in the list.
type userLine struct {
	ID          int64
	Name, Email string
	Accounts    int
	SuperAdmin  bool
	Confirmed   bool
	Created     time.Time
}

func (a *API) listConsoleUsers(ctx context.Context, c *route.Call, in consoleListIn) (any, error) {
	list, err := a.Store.SearchUsers(ctx, in.query())
	if err != nil {
		return nil, err
	}
	rows := make([]userLine, len(list))
	for i, u := range list {
		rows[i] = userLine{u.ID, u.Name, u.Email, u.Accounts, u.Type == store.UserSuperAdmin, u.Confirmed, at(&u.CreatedAt)}
	}
	return a.page(c, in.consoleIn, http.StatusOK, "users", pages.Frame{Title: "Users", Section: "users", Data: newListPage(in, consoleUsers, rows)})
}

// userPage is a user as their page shows them.
type userPage struct {
	ID                       int64
	Name, DisplayName, Email string
	Provider                 string
	Confirmed, MFA           bool
	SuperAdmin               bool
	Created                  time.Time
	Accounts                 []userPageAccount
}

type userPageAccount struct {
	ID                 int64
	Name, Role, Status string
}

func (a *API) showConsoleUser(ctx context.Context, c *route.Call, in pageID) (any, error) {
	u, err := a.Store.User(ctx, in.ID)
	if errors.Is(err, store.ErrNotFound) {
		return a.missing(c, in.consoleIn)
	}
	if err != nil {
		return nil, err
	}
	mfa, err := a.Store.MFA(ctx, in.ID)
	if err != nil {
		return a.told(c, in.consoleIn, consoleUsers, err)
	}
	list, err := a.Store.Memberships(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	data := userPage{
		ID: u.ID, Name: u.Name, Email: u.Email, Provider: u.Provider, Confirmed: u.Confirmed, MFA: mfa.Enabled, Created: at(&u.CreatedAt),
		SuperAdmin: u.Type != nil && *u.Type == store.UserSuperAdmin,
	}
	if u.DisplayName != nil {
		data.DisplayName = *u.DisplayName
	}
	for _, m := range list {
		data.Accounts = append(data.Accounts, userPageAccount{m.AccountID, m.AccountName, roleName(m.Role), accountStatus(m.AccountStatus)})
	}
	title := u.Name
	if title == "" {
		title = u.Email
	}
	return a.page(c, in.consoleIn, http.StatusOK, "user", pages.Frame{Title: title, Section: "users", Data: data})
}

// consoleUserIn is what the form about a user sends; what is not sent stays.
type consoleUserIn struct {
	consoleForm
	User struct {
		Name        route.Opt[string] `json:"name"`
		DisplayName route.Opt[string] `json:"display_name"`
		Email       route.Opt[string] `json:"email"`
		Password    string            `json:"password"`
		ConfirmedAt string            `json:"confirmed_at"`
		Type        route.Opt[string] `json:"type"`
	} `json:"user"`
}

type updateConsoleUserIn struct {
	ID int64 `path:"id"`
	consoleUserIn
}

// textOwnType is what super admins read who would lock themselves out.
const textOwnType = "You cannot take the type from yourself: another super admin can."

func (a *API) updateConsoleUser(ctx context.Context, c *route.Call, in updateConsoleUserIn) (any, error) {
	page := consoleUsers + "/" + strconv.FormatInt(in.ID, 10)
	if !a.genuine(in.consoleForm) {
		return a.redirect(c, page, flash{Alert: textExpired})
	}
	u, err := a.Store.User(ctx, in.ID)
	if err != nil {
		return a.told(c, in.consoleIn, page, err)
	}
	super := u.Type != nil && *u.Type == store.UserSuperAdmin
	if in.User.Type.Sent {
		super = in.User.Type.V == store.UserSuperAdmin
		if in.User.Type.V != "" && !super {
			return a.redirect(c, page, flash{Alert: "Type is not included in the list"})
		}
	}
	if in.ID == c.User.ID && !super {
		return a.redirect(c, page, flash{Alert: textOwnType})
	}
	change := desk.UserChange{Name: in.User.Name, DisplayName: in.User.DisplayName, Email: in.User.Email}
	if in.User.Password != "" {
		change.Password = route.Opt[string]{Sent: true, V: in.User.Password}
	}
	if err := a.Desk.ChangeUser(ctx, in.ID, change); err != nil {
		return a.told(c, in.consoleIn, page, err)
	}
	if err := a.Desk.OperateUser(ctx, in.ID, desk.OperatorChange{Confirm: in.User.ConfirmedAt != "", SuperAdmin: super}); err != nil {
		return a.told(c, in.consoleIn, page, err)
	}
	a.Desk.Log.Info("user changed in the console", "user_id", in.ID, "by", c.User.ID)
	return a.redirect(c, page, flash{Notice: "The user was saved."})
}

// postConsoleUserIn is what forms send, which know one method only.
type postConsoleUserIn struct {
	ID int64 `path:"id"`
	consoleUserIn
	Method string `json:"_method"`
}

func (a *API) postConsoleUser(ctx context.Context, c *route.Call, in postConsoleUserIn) (any, error) {
	if !changes(in.Method) {
		return nil, route.Numbered(http.StatusNotFound)
	}
	return a.updateConsoleUser(ctx, c, updateConsoleUserIn{in.ID, in.consoleUserIn})
}

// impersonate opens the dashboard as somebody else, who is not asked.
func (a *API) impersonate(ctx context.Context, c *route.Call, in formID) (any, error) {
	page := consoleUsers + "/" + strconv.FormatInt(in.ID, 10)
	if !a.genuine(in.consoleForm) {
		return a.redirect(c, page, flash{Alert: textExpired})
	}
	u, err := a.Store.User(ctx, in.ID)
	if err != nil {
		return a.told(c, in.consoleIn, consoleUsers, err)
	}
	token, err := a.Desk.NewSSOToken(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	a.Desk.Log.Info("a super admin signs in as a user", "user_id", u.ID, "by", c.User.ID)
	return route.Redirect{URL: a.Desk.SSOURL(u.Email, token) + "&impersonation=true"}, nil
}

// feature is a feature of an account.
type feature struct {
	Name string
	On   bool
}

// allFeatures are those that there are, as an account has them.
func allFeatures(of chat.Features) []feature {
	names := (^chat.Features(0)).Names()
	out := make([]feature, len(names))
	for i, name := range names {
		out[i] = feature{name, of.Has(name)}
	}
	return out
}
