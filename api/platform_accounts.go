package api

import (
	"context"
	"encoding/json"
	"errors"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) platformAccounts() []route.Row {
	const accounts = platform + "/accounts"
	const users = accounts + "/{account_id}/account_users"
	return []route.Row{
		route.Get(accounts, route.Platform, a.listPlatformAccounts),
		route.Post(accounts, route.Platform, a.createPlatformAccount).Limit(maxPlatform),
		route.Get(accounts+"/{id}", route.Platform, a.showPlatformAccount),
		route.Patch(accounts+"/{id}", route.Platform, a.updatePlatformAccount).Limit(maxPlatform),
		route.Delete(accounts+"/{id}", route.Platform, a.deletePlatformAccount),
		route.Get(users, route.Platform, a.listAccountUsers),
		route.Post(users, route.Platform, a.putAccountUser).Limit(maxPlatform),
		route.Delete(users, route.Platform, a.deleteAccountUser).Limit(maxPlatform),
	}
}

// platformAccount reads an account on which the app that calls may act.
func (a *API) platformAccount(ctx context.Context, c *route.Call, id int64) (store.AccountRow, error) {
	r, err := a.Store.Account(ctx, id)
	if err != nil {
		return r, found(err)
	}
	return r, a.permitted(ctx, c, store.GrantAccount, id)
}

func (a *API) newPlatformAccountOut(r store.AccountRow) platformAccountOut {
	out := platformAccountOut{
		ID: r.ID, Name: r.Name, Locale: route.LocaleName(r.Locale), Domain: r.Domain, SupportEmail: a.supportEmail(r), Features: map[string]bool{},
		CustomAttributes: object(r.CustomAttributes), Limits: object(r.Limits), Status: accountStatus(r.Status),
	}
	for _, name := range chat.Features(r.Features).Names() { //nolint:gosec // a bit set
		out.Features[name] = true
	}
	return out
}

func (a *API) listPlatformAccounts(ctx context.Context, c *route.Call, _ none) ([]platformAccountOut, error) {
	list, err := a.Store.GrantedAccounts(ctx, c.App.ID)
	out := make([]platformAccountOut, len(list))
	for i, r := range list {
		out[i] = a.newPlatformAccountOut(r)
	}
	return out, err
}

func (a *API) showPlatformAccount(ctx context.Context, c *route.Call, in byID) (platformAccountOut, error) {
	r, err := a.platformAccount(ctx, c, in.ID)
	if err != nil {
		return platformAccountOut{}, err
	}
	return a.newPlatformAccountOut(r), nil
}

type platformAccountIn struct {
	Name         route.Opt[string] `json:"name"`
	Locale       route.Opt[string] `json:"locale"`
	Domain       route.Opt[string] `json:"domain"`
	SupportEmail route.Opt[string] `json:"support_email"`
	Status       route.Opt[string] `json:"status"`
	// What follows is read as it was sent.
	Features         json.RawMessage `json:"features"`
	Limits           json.RawMessage `json:"limits"`
	CustomAttributes json.RawMessage `json:"custom_attributes"`
}

// accountStatuses are in the order of their stored numbers.
var accountStatuses = []string{"active", "suspended"}

// apply changes r by what was sent.
func (in platformAccountIn) apply(r *store.AccountRow) error {
	var errs validate.Errors
	in.Name.Apply(&r.Name)
	errs.Present("name", r.Name)
	errs.MaxLen("name", r.Name, validate.ShortText)
	if in.Locale.Sent {
		number, ok := localeNumber(in.Locale.V)
		if !ok {
			errs.Add("locale", validate.NotListed)
		}
		r.Locale = number
	}
	in.Domain.ApplyPtr(&r.Domain)
	errs.MaxLen("domain", in.Domain.V, maxDomain)
	in.SupportEmail.ApplyPtr(&r.SupportEmail)
	errs.MaxLen("support_email", in.SupportEmail.V, validate.ShortText)
	if in.Status.Sent {
		status, ok := listed(accountStatuses, in.Status.V)
		if !ok {
			errs.Add("status", validate.NotListed)
		}
		r.Status = status
	}
	if in.Features != nil {
		putFeatures(r, in.Features, &errs)
	}
	if in.Limits != nil {
		putLimits(r, in.Limits, &errs)
	}
	if in.CustomAttributes != nil {
		attributes, ok := rawObject(in.CustomAttributes)
		if !ok {
			errs.Add("custom_attributes", validate.Invalid)
		}
		r.CustomAttributes = desk.Merge("{}", attributes)
	}
	return errs.Err()
}

// putFeatures turns features on and off: false, null and nothing are off, whatever
// else is said is on.
func putFeatures(r *store.AccountRow, sent json.RawMessage, errs *validate.Errors) {
	list, ok := rawObject(sent)
	if !ok {
		errs.Add("features", validate.Invalid)
		return
	}
	features := chat.Features(r.Features) //nolint:gosec // a bit set
	for name, v := range list {
		changed, known := features.Set(name, !blankValue(v))
		if !known {
			errs.Add("features", validate.NotListed)
			return
		}
		features = changed
	}
	r.Features = int64(features) //nolint:gosec // a bit set
}

// blankValue tells whether a JSON value says nothing: false, null, an empty object or
// list, or a text without letters.
func blankValue(raw json.RawMessage) bool {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return true
	}
	switch v := v.(type) {
	case bool:
		return !v
	case string:
		var errs validate.Errors
		errs.Present("x", v)
		return errs.Any()
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return v == nil
}

func (a *API) createPlatformAccount(ctx context.Context, c *route.Call, in platformAccountIn) (platformAccountOut, error) {
	id, err := a.Desk.CreatePlatformAccount(ctx, c.App.ID, in.apply)
	if err != nil {
		return platformAccountOut{}, err
	}
	return a.showPlatformAccount(ctx, c, byID{ID: id})
}

type updatePlatformAccountIn struct {
	ID int64 `path:"id"`
	platformAccountIn
}

func (a *API) updatePlatformAccount(ctx context.Context, c *route.Call, in updatePlatformAccountIn) (platformAccountOut, error) {
	if _, err := a.platformAccount(ctx, c, in.ID); err != nil {
		return platformAccountOut{}, err
	}
	r, err := a.Desk.ChangeAccount(ctx, desk.Actor{IP: c.IP}, in.ID, in.apply)
	if err != nil {
		return platformAccountOut{}, found(err)
	}
	return a.newPlatformAccountOut(r), nil
}

func (a *API) deletePlatformAccount(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	if _, err := a.platformAccount(ctx, c, in.ID); err != nil {
		return route.Empty{}, err
	}
	return route.Empty{}, found(a.Desk.DeleteAccount(ctx, in.ID))
}

func newAccountUserOut(m store.AccountUserRow) accountUserOut {
	return accountUserOut{
		ID: m.ID, AccountID: m.AccountID, UserID: m.UserID, Role: roleName(m.Role), InviterID: m.InviterID, CreatedAt: iso(&m.CreatedAt),
		UpdatedAt: iso(&m.UpdatedAt), ActiveAt: iso(m.ActiveAt), Availability: desk.AvailabilityName(m.Availability), AutoOffline: m.AutoOffline,
		CustomRoleID: m.CustomRoleID, CapacityPolicyID: m.CapacityPolicyID,
	}
}

type byAccount struct {
	AccountID int64 `path:"account_id"`
}

func (a *API) listAccountUsers(ctx context.Context, c *route.Call, in byAccount) ([]accountUserOut, error) {
	if _, err := a.platformAccount(ctx, c, in.AccountID); err != nil {
		return nil, err
	}
	list, err := a.Store.AccountUsers(ctx, in.AccountID)
	out := make([]accountUserOut, len(list))
	for i, m := range list {
		out[i] = newAccountUserOut(m)
	}
	return out, err
}

type accountUserIn struct {
	AccountID int64             `path:"account_id"`
	UserID    int64             `json:"user_id"`
	Role      route.Opt[string] `json:"role"`
}

func (a *API) putAccountUser(ctx context.Context, c *route.Call, in accountUserIn) (accountUserOut, error) {
	if _, err := a.platformAccount(ctx, c, in.AccountID); err != nil {
		return accountUserOut{}, err
	}
	var role *int
	if text, ok := in.Role.Get(); ok {
		number, known := listed(roles, text)
		if !known {
			return accountUserOut{}, validate.Fail("role", validate.NotListed)
		}
		role = &number
	}
	if err := a.Desk.PutMember(ctx, desk.Actor{IP: c.IP}, in.AccountID, in.UserID, role); err != nil {
		return accountUserOut{}, found(err)
	}
	m, err := a.Store.AccountUser(ctx, in.AccountID, in.UserID)
	return newAccountUserOut(m), found(err)
}

type leavingUserIn struct {
	AccountID int64 `path:"account_id"`
	UserID    int64 `json:"user_id"`
}

// deleteAccountUser is content when the user is no member.
func (a *API) deleteAccountUser(ctx context.Context, c *route.Call, in leavingUserIn) (route.Empty, error) {
	if _, err := a.platformAccount(ctx, c, in.AccountID); err != nil {
		return route.Empty{}, err
	}
	err := a.Desk.ExpelMember(ctx, desk.Actor{IP: c.IP}, in.AccountID, in.UserID)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return route.Empty{}, err
}
