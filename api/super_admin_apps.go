package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tributary/api/pages"
	"tributary/api/route"
	"tributary/store"
)

const consoleApps = console + "/platform_apps"

func (a *API) superAdminApps() []route.Row {
	return []route.Row{
		route.Get(consoleApps, route.Console, a.listConsoleApps),
		route.Post(consoleApps, route.Console, a.createConsoleApp),
		route.Get(consoleApps+"/{id}", route.Console, a.showConsoleApp),
		route.Patch(consoleApps+"/{id}", route.Console, a.updateConsoleApp),
		route.Delete(consoleApps+"/{id}", route.Console, a.deleteConsoleApp),
		route.Post(consoleApps+"/{id}", route.Console, a.postConsoleApp),
	}
}

// appPage is a platform app as its page shows it.
type appPage struct {
	ID      int64
	Name    string
	Created time.Time
	Token   string // where the app was made just now
}

func newAppPage(p store.PlatformApp) appPage {
	return appPage{ID: p.ID, Name: p.Name, Created: at(&p.CreatedAt)}
}

func (a *API) listConsoleApps(ctx context.Context, c *route.Call, in consoleIn) (any, error) {
	list, err := a.Store.PlatformApps(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]appPage, len(list))
	for i, p := range list {
		out[i] = newAppPage(p)
	}
	return a.page(c, in, http.StatusOK, "apps", pages.Frame{Title: "Platform apps", Section: "apps", Data: out})
}

// tokenValue is under which name the token of a new app waits for its page.
const tokenValue = "token"

func (a *API) showConsoleApp(ctx context.Context, c *route.Call, in pageID) (any, error) {
	p, err := a.Store.PlatformApp(ctx, in.ID)
	if errors.Is(err, store.ErrNotFound) {
		return a.missing(c, in.consoleIn)
	}
	if err != nil {
		return nil, err
	}
	told, data := a.takeFlash(c, in.consoleIn), newAppPage(p)
	if told.Values["app"] == strconv.FormatInt(p.ID, 10) {
		data.Token = told.Values[tokenValue]
	}
	return a.pageAfter(c, in.consoleIn, told, http.StatusOK, "app", pages.Frame{Title: p.Name, Section: "apps", Data: data})
}

type consoleAppIn struct {
	consoleForm
	App struct {
		Name string `json:"name"`
	} `json:"platform_app"`
}

func (a *API) createConsoleApp(ctx context.Context, c *route.Call, in consoleAppIn) (any, error) {
	if !a.genuine(in.consoleForm) {
		return a.redirect(c, consoleApps, flash{Alert: textExpired})
	}
	id, token, err := a.Desk.CreatePlatformApp(ctx, in.App.Name)
	if err != nil {
		return a.told(c, in.consoleIn, consoleApps, err)
	}
	a.Desk.Log.Info("platform app made", "app_id", id, "by", c.User.ID)
	text := strconv.FormatInt(id, 10)
	return a.redirect(c, consoleApps+"/"+text, flash{Notice: "The app was created.", Values: map[string]string{"app": text, tokenValue: token}})
}

// postConsoleAppIn is what forms send, which know one method only.
type postConsoleAppIn struct {
	ID int64 `path:"id"`
	consoleAppIn
	Method string `json:"_method"`
}

func (a *API) postConsoleApp(ctx context.Context, c *route.Call, in postConsoleAppIn) (any, error) {
	switch {
	case strings.EqualFold(in.Method, http.MethodDelete):
		return a.deleteConsoleApp(ctx, c, formID{in.ID, in.consoleForm})
	case changes(in.Method):
		return a.updateConsoleApp(ctx, c, updateConsoleAppIn{in.ID, in.consoleAppIn})
	}
	return nil, route.Numbered(http.StatusNotFound)
}

type updateConsoleAppIn struct {
	ID int64 `path:"id"`
	consoleAppIn
}

func (a *API) updateConsoleApp(ctx context.Context, c *route.Call, in updateConsoleAppIn) (any, error) {
	page := consoleApps + "/" + strconv.FormatInt(in.ID, 10)
	if !a.genuine(in.consoleForm) {
		return a.redirect(c, page, flash{Alert: textExpired})
	}
	if err := a.Desk.RenamePlatformApp(ctx, in.ID, in.App.Name); err != nil {
		return a.told(c, in.consoleIn, page, err)
	}
	return a.redirect(c, page, flash{Notice: "The app was renamed."})
}

func (a *API) deleteConsoleApp(ctx context.Context, c *route.Call, in formID) (any, error) {
	if !a.genuine(in.consoleForm) {
		return a.redirect(c, consoleApps, flash{Alert: textExpired})
	}
	if err := a.Desk.DeletePlatformApp(ctx, in.ID); err != nil {
		return a.told(c, in.consoleIn, consoleApps, err)
	}
	a.Desk.Log.Info("platform app deleted", "app_id", in.ID, "by", c.User.ID)
	return a.redirect(c, consoleApps, flash{Notice: "The app was deleted. Its token works no more."})
}
