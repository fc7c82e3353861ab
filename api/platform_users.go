package api

import (
	"context"
	"encoding/json"

	"tributary/api/route"
	"tributary/desk"
	"tributary/store"
)

func (a *API) platformUsers() []route.Row {
	const users = platform + "/users"
	return []route.Row{
		route.Post(users, route.Platform, a.createPlatformUser).Limit(maxPlatform),
		route.Get(users+"/{id}", route.Platform, a.showPlatformUser),
		route.Patch(users+"/{id}", route.Platform, a.updatePlatformUser).Limit(maxPlatform),
		route.Delete(users+"/{id}", route.Platform, a.deletePlatformUser),
		route.Get(users+"/{id}/login", route.Platform, a.showPlatformLogin),
		route.Post(users+"/{id}/token", route.Platform, a.showPlatformToken),
	}
}

// platformUser reads a user on whom the app that calls may act.
func (a *API) platformUser(ctx context.Context, c *route.Call, id int64) (store.UserRow, error) {
	u, err := a.Store.User(ctx, id)
	if err != nil {
		return u, found(err)
	}
	return u, a.permitted(ctx, c, store.GrantUser, id)
}

func (a *API) newPlatformUserOut(ctx context.Context, id int64) (platformUserOut, error) {
	u, err := a.user(ctx, id)
	if err != nil {
		return platformUserOut{}, found(err)
	}
	out := platformUserOut{
		ID: u.ID, Name: u.Name, DisplayName: u.DisplayName, AvailableName: u.AvailableName, Email: u.Email, UID: u.UID, Provider: u.Provider,
		Confirmed: u.Confirmed, AvatarURL: u.AvatarURL, MessageSignature: u.MessageSignature, AccessToken: u.AccessToken,
		PubsubToken: u.PubsubToken, UISettings: u.UISettings, AccountID: u.AccountID, Role: u.Role, CustomAttributes: u.CustomAttributes,
		Accounts: make([]platformMembershipOut, len(u.Accounts)),
	}
	for i, m := range u.Accounts {
		out.Accounts[i] = platformMembershipOut{m.ID, m.Name, m.ActiveAt, m.Role}
	}
	return out, nil
}

type platformUserIn struct {
	Name             route.Opt[string]                     `json:"name"`
	DisplayName      route.Opt[string]                     `json:"display_name"`
	Email            route.Opt[string]                     `json:"email"`
	Password         route.Opt[string]                     `json:"password"`
	CustomAttributes route.Opt[map[string]json.RawMessage] `json:"custom_attributes"`
}

func (in platformUserIn) change() desk.UserChange {
	return desk.UserChange{
		Name: in.Name, DisplayName: in.DisplayName, Email: in.Email, Password: in.Password, CustomAttributes: in.CustomAttributes,
	}
}

func (a *API) createPlatformUser(ctx context.Context, c *route.Call, in platformUserIn) (platformUserOut, error) {
	id, err := a.Desk.CreatePlatformUser(ctx, c.App.ID, in.change())
	if err != nil {
		return platformUserOut{}, err
	}
	return a.newPlatformUserOut(ctx, id)
}

func (a *API) showPlatformUser(ctx context.Context, c *route.Call, in byID) (platformUserOut, error) {
	if _, err := a.platformUser(ctx, c, in.ID); err != nil {
		return platformUserOut{}, err
	}
	return a.newPlatformUserOut(ctx, in.ID)
}

type updatePlatformUserIn struct {
	ID int64 `path:"id"`
	platformUserIn
}

func (a *API) updatePlatformUser(ctx context.Context, c *route.Call, in updatePlatformUserIn) (platformUserOut, error) {
	if _, err := a.platformUser(ctx, c, in.ID); err != nil {
		return platformUserOut{}, err
	}
	if err := a.Desk.ChangeUser(ctx, in.ID, in.change()); err != nil {
		return platformUserOut{}, found(err)
	}
	return a.newPlatformUserOut(ctx, in.ID)
}

func (a *API) deletePlatformUser(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	if _, err := a.platformUser(ctx, c, in.ID); err != nil {
		return route.Empty{}, err
	}
	return route.Empty{}, a.Desk.DeleteUser(ctx, in.ID)
}

type platformLoginOut struct {
	URL string `json:"url"`
}

func (a *API) showPlatformLogin(ctx context.Context, c *route.Call, in byID) (platformLoginOut, error) {
	u, err := a.platformUser(ctx, c, in.ID)
	if err != nil {
		return platformLoginOut{}, err
	}
	token, err := a.Desk.NewSSOToken(ctx, u.ID)
	return platformLoginOut{a.Desk.SSOURL(u.Email, token)}, err
}

// platformTokenOut is a user's API token, which never expires.
type platformTokenOut struct {
	AccessToken string            `json:"access_token"`
	Expiry      *string           `json:"expiry"`
	User        platformTokenUser `json:"user"`
}

type platformTokenUser struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	DisplayName *string `json:"display_name"`
	Email       string  `json:"email"`
	PubsubToken string  `json:"pubsub_token"`
}

func (a *API) showPlatformToken(ctx context.Context, c *route.Call, in byID) (platformTokenOut, error) {
	u, err := a.platformUser(ctx, c, in.ID)
	if err != nil {
		return platformTokenOut{}, err
	}
	token, err := a.Store.AccessToken(ctx, store.OwnerUser, u.ID)
	return platformTokenOut{
		AccessToken: token, User: platformTokenUser{u.ID, u.Name, u.DisplayName, u.Email, u.PubsubToken},
	}, found(err)
}
