package api

import (
	"context"
	"encoding/json"
	"errors"

	"tributary/api/route"
	"tributary/chat"
	"tributary/store"
)

var _ route.Authenticator = (*API)(nil)

// Authenticate implements route.Authenticator: it knows API tokens and sessions.
func (a *API) Authenticate(ctx context.Context, c route.Credentials) (route.Caller, error) {
	if c.Auth == route.AuthConsole {
		return a.byConsole(ctx, c.Console)
	}
	if c.APIToken == "" {
		return a.bySession(ctx, c)
	}
	h, err := a.Store.HolderOfToken(ctx, c.APIToken)
	if errors.Is(err, store.ErrNotFound) {
		return route.Caller{}, route.ErrBadToken
	}
	if err != nil {
		return route.Caller{}, err
	}
	switch h.OwnerType {
	case store.OwnerBot:
		return route.Caller{Bot: &route.Bot{ID: h.OwnerID, Name: h.Name}}, nil
	case store.OwnerPlatform:
		return route.Caller{App: &route.App{ID: h.OwnerID, Name: h.Name}}, nil
	}
	return route.Caller{User: &route.User{ID: h.OwnerID, Name: h.Name, Email: h.Email, Locale: chosenLocale(h.UISettings), Operator: h.SuperAdmin}}, nil
}

// chosenLocale is the language in the settings of a user's dashboard.
func chosenLocale(uiSettings string) string {
	var settings struct {
		Locale string `json:"locale"`
	}
	_ = json.Unmarshal([]byte(uiSettings), &settings) // free JSON of the user: no locale in it
	return settings.Locale
}

// Scope implements route.Authenticator.
func (a *API) Scope(ctx context.Context, caller route.Caller, accountID int64) (route.Scope, error) {
	var userID int64
	if caller.User != nil {
		userID = caller.User.ID
	}
	s, err := a.Store.ScopeOf(ctx, accountID, userID)
	if errors.Is(err, store.ErrNotFound) {
		return route.Scope{}, nil
	}
	if err != nil {
		return route.Scope{}, err
	}
	out := route.Scope{Account: route.Account{
		ID: s.ID, Name: s.Name, Active: s.Status == accountActive, Locale: route.LocaleName(s.Locale), Features: uint64(s.Features), //nolint:gosec // a bit set
	}}
	if s.Member {
		out.Membership = route.Membership{Role: roleName(s.Role), CustomRoleID: s.CustomRoleID, Permissions: s.Permissions}
	}
	if caller.Bot != nil {
		out.BotLinked, err = a.Store.BotLinked(ctx, accountID, caller.Bot.ID)
	}
	return out, err
}

// accountActive is the stored status of an account that is not suspended.
const accountActive = 0

func roleName(stored int) string {
	if stored == 1 {
		return chat.RoleAdministrator
	}
	return chat.RoleAgent
}

// seesInbox tells whether the caller may work in an inbox: administrators and
// bots in every one of the account, agents in those they are members of.
func (a *API) seesInbox(ctx context.Context, c *route.Call, inboxID int64) error {
	if c.Admin() || c.Bot != nil {
		return nil
	}
	member, err := a.Store.InboxMember(ctx, inboxID, c.User.ID)
	if err != nil {
		return err
	}
	if !member {
		return route.Refused()
	}
	return nil
}

// seesConversation tells whether the caller may work in a conversation: one of an
// inbox that they work in, assigned as their custom role wants it.
func (a *API) seesConversation(ctx context.Context, c *route.Call, inboxID int64, assigneeID *int64) error {
	if err := a.seesInbox(ctx, c, inboxID); err != nil {
		return err
	}
	mine := assigneeID != nil && *assigneeID == c.User.ID
	switch visibility(c) {
	case store.VisibleAll:
		return nil
	case store.VisibleMineAndNobody:
		if mine || assigneeID == nil {
			return nil
		}
	case store.VisibleMine:
		if mine {
			return nil
		}
	}
	return route.Refused()
}
