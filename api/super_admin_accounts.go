package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tributary/api/pages"
	"tributary/api/route"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

const consoleAccounts = console + "/accounts"

func (a *API) superAdminAccounts() []route.Row {
	return []route.Row{
		route.Get(consoleAccounts, route.Console, a.listConsoleAccounts),
		route.Get(consoleAccounts+"/{id}", route.Console, a.showConsoleAccount),
		route.Patch(consoleAccounts+"/{id}", route.Console, a.updateConsoleAccount),
		route.Post(consoleAccounts+"/{id}", route.Console, a.postConsoleAccount),
	}
}

// accountLine is an account in the list.
type accountLine struct {
	ID             int64
	Name, Locale   string
	Users, Inboxes int
	Conversations  int64
	Suspended      bool
	Created        time.Time
}

func (a *API) listConsoleAccounts(ctx context.Context, c *route.Call, in consoleListIn) (any, error) {
	list, err := a.Store.SearchAccounts(ctx, in.query())
	if err != nil {
		return nil, err
	}
	rows := make([]accountLine, len(list))
	for i, r := range list {
		rows[i] = accountLine{
			r.ID, r.Name, route.LocaleName(r.Locale), r.Users, r.Inboxes, r.Conversations, r.Status != accountActive, at(&r.CreatedAt),
		}
	}
	return a.page(c, in.consoleIn, http.StatusOK, "accounts",
		pages.Frame{Title: "Accounts", Section: "accounts", Data: newListPage(in, consoleAccounts, rows)})
}

// accountPage is an account as its page shows it.
type accountPage struct {
	ID           int64
	Name, Locale string
	Suspended    bool
	Members      int
	Created      time.Time
	Limits       []limitField
	Features     []feature
}

// limitField is a limit in the form, empty where there is none.
type limitField struct{ Name, Label, Value string }

func (a *API) showConsoleAccount(ctx context.Context, c *route.Call, in pageID) (any, error) {
	r, err := a.Store.Account(ctx, in.ID)
	if errors.Is(err, store.ErrNotFound) {
		return a.missing(c, in.consoleIn)
	}
	if err != nil {
		return nil, err
	}
	members, err := a.Store.CountMembers(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	data := accountPage{
		ID: r.ID, Name: r.Name, Locale: route.LocaleName(r.Locale), Suspended: r.Status != accountActive, Members: members, Created: at(&r.CreatedAt),
		Features: allFeatures(chat.Features(r.Features)), //nolint:gosec // a bit set
	}
	limits, _ := rawObject(json.RawMessage(r.Limits)) // not an object: no limits
	for _, name := range limitNames {
		data.Limits = append(data.Limits, limitField{name, validate.Humanize(name), string(limits[name])})
	}
	return a.page(c, in.consoleIn, http.StatusOK, "account", pages.Frame{Title: r.Name, Section: "accounts", Data: data})
}

// consoleAccountIn is what the forms about an account send.
type consoleAccountIn struct {
	consoleForm
	Account struct {
		Name   route.Opt[string] `json:"name"`
		Status route.Opt[string] `json:"status"`
		Limits map[string]string `json:"limits"`
		// Whole says that features are off that are not named, as forms tell it.
		Whole    bool            `json:"whole"`
		Features map[string]bool `json:"enabled_features"` // by "feature_" and its name
	} `json:"account"`
}

// featurePrefix begins the names of features in forms.
const featurePrefix = "feature_"

// apply changes r by what was sent.
func (in consoleAccountIn) apply(r *store.AccountRow) error {
	form := in.Account
	if err := (platformAccountIn{Name: form.Name, Status: form.Status}).apply(r); err != nil {
		return err
	}
	var errs validate.Errors
	if form.Limits != nil {
		limits := map[string]int64{}
		for name, text := range form.Limits {
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 0 {
				errs.Add("limits", textLimits)
				return errs.Err()
			}
			limits[name] = n
		}
		raw, err := json.Marshal(limits)
		if err != nil {
			return err
		}
		putLimits(r, raw, &errs)
	}
	if form.Whole {
		r.Features = 0
	}
	for key, on := range form.Features {
		name, _ := strings.CutPrefix(key, featurePrefix)
		changed, known := chat.Features(r.Features).Set(name, on) //nolint:gosec // a bit set
		if !known {
			errs.Add("features", validate.NotListed)
			break
		}
		r.Features = int64(changed) //nolint:gosec // a bit set
	}
	return errs.Err()
}

type updateConsoleAccountIn struct {
	ID int64 `path:"id"`
	consoleAccountIn
}

func (a *API) updateConsoleAccount(ctx context.Context, c *route.Call, in updateConsoleAccountIn) (any, error) {
	page := consoleAccounts + "/" + strconv.FormatInt(in.ID, 10)
	if !a.genuine(in.consoleForm) {
		return a.redirect(c, page, flash{Alert: textExpired})
	}
	if _, err := a.Desk.ChangeAccount(ctx, actor(c), in.ID, in.apply); err != nil {
		return a.told(c, in.consoleIn, page, err)
	}
	a.Desk.Log.Info("account changed in the console", "account_id", in.ID, "by", c.User.ID)
	return a.redirect(c, page, flash{Notice: "The account was saved."})
}

// postConsoleAccountIn is what forms send, which know one method only.
type postConsoleAccountIn struct {
	ID int64 `path:"id"`
	consoleAccountIn
	Method string `json:"_method"`
}

func (a *API) postConsoleAccount(ctx context.Context, c *route.Call, in postConsoleAccountIn) (any, error) {
	if !changes(in.Method) {
		return nil, route.Numbered(http.StatusNotFound)
	}
	return a.updateConsoleAccount(ctx, c, updateConsoleAccountIn{in.ID, in.consoleAccountIn})
}
