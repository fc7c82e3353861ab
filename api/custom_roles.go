package api

import (
	"context"
	"slices"
	"strings"

	"tributary/api/route"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) customRoles() []route.Row {
	const customRoles = account + "/custom_roles"
	return []route.Row{
		route.Get(customRoles, route.Admin, a.listCustomRoles),
		route.Get(customRoles+"/{id}", route.Admin, a.showCustomRole).Finds("id", a.customRoleExists),
		route.Post(customRoles, route.Admin, a.createCustomRole).Flat("custom_role").Require("custom_role"),
		route.Patch(customRoles+"/{id}", route.Admin, a.updateCustomRole).Flat("custom_role").Finds("id", a.customRoleExists),
		route.Delete(customRoles+"/{id}", route.Admin, a.deleteCustomRole).Finds("id", a.customRoleExists),
	}
}

// customRoleOut is a custom role.
type customRoleOut struct {
	ID          int64     `json:"id"`
	Name        string    `json:"name"`
	Description *string   `json:"description"`
	Permissions []string  `json:"permissions"`
	CreatedAt   route.ISO `json:"created_at"`
	UpdatedAt   route.ISO `json:"updated_at"`
}

func newCustomRoleOut(r store.CustomRoleRow) customRoleOut {
	return customRoleOut{
		ID: r.ID, Name: r.Name, Description: r.Description, Permissions: r.Permissions, CreatedAt: iso(&r.CreatedAt), UpdatedAt: iso(&r.UpdatedAt),
	}
}

func (a *API) listCustomRoles(ctx context.Context, c *route.Call, _ none) ([]customRoleOut, error) {
	list, err := a.Store.CustomRoles(ctx, c.Account.ID)
	out := make([]customRoleOut, len(list))
	for i, r := range list {
		out[i] = newCustomRoleOut(r)
	}
	return out, err
}

func (a *API) showCustomRole(ctx context.Context, c *route.Call, in byID) (customRoleOut, error) {
	r, err := a.Store.CustomRole(ctx, c.Account.ID, in.ID)
	return newCustomRoleOut(r), found(err)
}

func (a *API) customRoleExists(ctx context.Context, c *route.Call, id int64) error {
	_, err := a.Store.CustomRole(ctx, c.Account.ID, id)
	return found(err)
}

type customRoleIn struct {
	Name        route.Opt[string]   `json:"name"`
	Description route.Opt[string]   `json:"description"`
	Permissions route.Opt[[]string] `json:"permissions"`
}

// apply changes r by what was sent.
func (in customRoleIn) apply(r *store.CustomRoleRow) error {
	var errs validate.Errors
	if in.Name.Sent {
		r.Name = strings.TrimSpace(in.Name.V)
	}
	errs.Present("name", r.Name)
	errs.MaxLen("name", r.Name, validate.ShortText)
	in.Description.ApplyPtr(&r.Description)
	errs.MaxLen("description", in.Description.V, validate.LongText)
	if in.Permissions.Sent {
		r.Permissions = nil
		for _, p := range in.Permissions.V {
			if p == "" || slices.Contains(r.Permissions, p) { // forms send an empty list as one empty text
				continue
			}
			r.Permissions = append(r.Permissions, p)
		}
		if slices.ContainsFunc(r.Permissions, func(p string) bool { return !chat.IsPermission(p) }) {
			errs.Add("permissions", validate.NotListed)
		}
	}
	return errs.Err()
}

type createCustomRoleIn struct {
	CustomRole customRoleIn `json:"custom_role"`
}

func (a *API) createCustomRole(ctx context.Context, c *route.Call, in createCustomRoleIn) (customRoleOut, error) {
	r := store.CustomRoleRow{AccountID: c.Account.ID}
	if err := in.CustomRole.apply(&r); err != nil {
		return customRoleOut{}, err
	}
	id, err := a.Store.InsertCustomRole(ctx, r)
	if err != nil {
		return customRoleOut{}, err
	}
	return a.showCustomRole(ctx, c, byID{ID: id})
}

type updateCustomRoleIn struct {
	ID         int64        `path:"id"`
	CustomRole customRoleIn `json:"custom_role"`
}

func (a *API) updateCustomRole(ctx context.Context, c *route.Call, in updateCustomRoleIn) (customRoleOut, error) {
	err := a.Store.ChangeCustomRole(ctx, c.Account.ID, in.ID, func(r *store.CustomRoleRow) error {
		if sent := in.CustomRole; !sent.Name.Sent && !sent.Description.Sent && !sent.Permissions.Sent {
			return route.MissingParam("custom_role")
		}
		return in.CustomRole.apply(r)
	})
	if err != nil {
		return customRoleOut{}, found(err)
	}
	return a.showCustomRole(ctx, c, byID{ID: in.ID})
}

func (a *API) deleteCustomRole(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Store.DeleteCustomRole(ctx, c.Account.ID, in.ID))
}
