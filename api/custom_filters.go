package api

import (
	"context"
	"encoding/json"
	"errors"

	"tributary/api/route"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) customFilters() []route.Row {
	const filters = account + "/custom_filters"
	return []route.Row{
		route.Get(filters, route.Member, a.listCustomFilters),
		route.Get(filters+"/{id}", route.Member, a.showCustomFilter),
		route.Post(filters, route.Member, a.createCustomFilter).Flat("custom_filter").Require("custom_filter"),
		route.Patch(filters+"/{id}", route.Member, a.updateCustomFilter).Flat("custom_filter"),
		route.Delete(filters+"/{id}", route.Member, a.deleteCustomFilter),
	}
}

// customFilterTypes are in the order of the stored numbers.
var customFilterTypes = []string{"conversation", "contact", "report"}

// maxCustomFilters is how many filters a user may save in an account.
const maxCustomFilters = 50

// customFilterOut is a filter that the caller has saved.
type customFilterOut struct {
	ID        int64           `json:"id"`
	Name      string          `json:"name"`
	Type      string          `json:"filter_type"`
	Query     json.RawMessage `json:"query" schema:"object"`
	CreatedAt route.ISO       `json:"created_at"`
	UpdatedAt route.ISO       `json:"updated_at"`
}

func newCustomFilterOut(r store.CustomFilterRow) customFilterOut {
	return customFilterOut{
		ID: r.ID, Name: r.Name, Type: nameAt(customFilterTypes, r.Type), Query: object(r.Query), CreatedAt: iso(&r.CreatedAt), UpdatedAt: iso(&r.UpdatedAt),
	}
}

type listCustomFiltersIn struct {
	Type string `query:"filter_type"`
}

func (a *API) listCustomFilters(ctx context.Context, c *route.Call, in listCustomFiltersIn) ([]customFilterOut, error) {
	kind := 0
	if in.Type != "" {
		i, known := listed(customFilterTypes, in.Type)
		if !known {
			return nil, validate.Fail("filter_type", validate.NotListed)
		}
		kind = i
	}
	list, err := a.Store.CustomFilters(ctx, c.Account.ID, c.User.ID, kind)
	out := make([]customFilterOut, len(list))
	for i, r := range list {
		out[i] = newCustomFilterOut(r)
	}
	return out, err
}

func (a *API) showCustomFilter(ctx context.Context, c *route.Call, in byID) (customFilterOut, error) {
	r, err := a.Store.CustomFilter(ctx, c.Account.ID, c.User.ID, in.ID)
	return newCustomFilterOut(r), found(err)
}

type customFilterIn struct {
	Name  route.Opt[string]         `json:"name"`
	Type  route.Opt[string]         `json:"filter_type"`
	Query route.Opt[map[string]any] `json:"query"`
}

// apply changes r by what was sent.
func (in customFilterIn) apply(r *store.CustomFilterRow) error {
	var errs validate.Errors
	in.Name.Apply(&r.Name)
	errs.Present("name", r.Name)
	errs.MaxLen("name", r.Name, validate.ShortText)
	applyListed(&errs, "filter_type", in.Type, customFilterTypes, &r.Type)
	if in.Query.Sent {
		stored, err := json.Marshal(in.Query.V)
		if err != nil {
			errs.Add("query", validate.Invalid)
		}
		if r.Query = string(stored); in.Query.V == nil {
			r.Query = "{}"
		}
	}
	return errs.Err()
}

type createCustomFilterIn struct {
	Filter customFilterIn `json:"custom_filter"`
}

func (a *API) createCustomFilter(ctx context.Context, c *route.Call, in createCustomFilterIn) (customFilterOut, error) {
	r := store.CustomFilterRow{AccountID: c.Account.ID, UserID: c.User.ID, Query: "{}"}
	if err := in.Filter.apply(&r); err != nil {
		return customFilterOut{}, err
	}
	id, err := a.Store.InsertCustomFilter(ctx, r, maxCustomFilters)
	if errors.Is(err, store.ErrFull) {
		return customFilterOut{}, chat.Invalid("account_id",
			"Account Limit reached. The maximum number of allowed custom filters for a user per account is 50.")
	}
	if err != nil {
		return customFilterOut{}, err
	}
	return a.showCustomFilter(ctx, c, byID{ID: id})
}

type updateCustomFilterIn struct {
	ID     int64          `path:"id"`
	Filter customFilterIn `json:"custom_filter"`
}

func (a *API) updateCustomFilter(ctx context.Context, c *route.Call, in updateCustomFilterIn) (customFilterOut, error) {
	err := a.Store.ChangeCustomFilter(ctx, c.Account.ID, c.User.ID, in.ID, func(r *store.CustomFilterRow) error {
		if sent := in.Filter; !sent.Name.Sent && !sent.Type.Sent && !sent.Query.Sent {
			return route.MissingParam("custom_filter")
		}
		return in.Filter.apply(r)
	})
	if err != nil {
		return customFilterOut{}, found(err)
	}
	return a.showCustomFilter(ctx, c, byID{ID: in.ID})
}

func (a *API) deleteCustomFilter(ctx context.Context, c *route.Call, in byID) (route.NoContent, error) {
	return route.NoContent{}, found(a.Store.DeleteCustomFilter(ctx, c.Account.ID, c.User.ID, in.ID))
}
