package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"tributary/api/pages"
	"tributary/api/route"
	"tributary/store"
)

func (a *API) superAdmin() []route.Row {
	return []route.Row{
		route.Get(console, route.Console, a.consoleOverview),
		route.Get(console+"/mails", route.Console, a.listConsoleMails),
		route.Get(console+"/mails/{id}", route.Console, a.showConsoleMail),
		route.Get(console+"/mails/{id}/html", route.Console, a.showConsoleMailPage),
	}
}

// overviewPage is what the first page of the console shows.
type overviewPage struct {
	Counts   store.Counts
	URL      string
	Database string
	Queue    bool
	Mail     string // the mail server; empty: there is none
	Signup   bool
}

func (a *API) consoleOverview(ctx context.Context, c *route.Call, in consoleIn) (any, error) {
	counts, err := a.Store.Counts(ctx)
	if err != nil {
		return nil, err
	}
	return a.page(c, in, http.StatusOK, "overview", pages.Frame{Title: "Overview", Section: "overview", Data: overviewPage{
		Counts: counts, URL: a.Desk.PublicURL, Database: a.Store.Dialect(), Queue: a.Queue(ctx) == nil, Mail: a.Setting("SMTP_ADDRESS"),
		Signup: a.SignupOpen(),
	}})
}

// mailsShown is how many mails a page lists.
const mailsShown = 50

type consoleMailsIn struct {
	consoleIn
	Before route.Opt[int64] `query:"before"`
}

// mailsPage is a part of the list of held mails; Before is where the next one begins,
// 0: there is none.
type mailsPage struct {
	Mails  []store.HeldMail
	Before int64
}

func (a *API) listConsoleMails(ctx context.Context, c *route.Call, in consoleMailsIn) (any, error) {
	list, err := a.heldMails(ctx, in.Before)
	if err != nil {
		return nil, err
	}
	data := mailsPage{Mails: list}
	if len(list) > mailsShown {
		data.Mails = list[:mailsShown]
		data.Before = data.Mails[mailsShown-1].ID
	}
	return a.page(c, in.consoleIn, http.StatusOK, "mails", pages.Frame{Title: "Held mails", Section: "mails", Data: data})
}

func (a *API) heldMails(ctx context.Context, before route.Opt[int64]) ([]store.HeldMail, error) {
	if id, ok := before.Get(); ok {
		return a.Store.HeldMailsBefore(ctx, id, mailsShown+1)
	}
	return a.Store.HeldMails(ctx, mailsShown+1)
}

func (a *API) showConsoleMail(ctx context.Context, c *route.Call, in pageID) (any, error) {
	m, err := a.Store.HeldMail(ctx, in.ID)
	if errors.Is(err, store.ErrNotFound) {
		return a.missing(c, in.consoleIn)
	}
	if err != nil {
		return nil, err
	}
	return a.page(c, in.consoleIn, http.StatusOK, "mail", pages.Frame{Title: m.Subject, Section: "mails", Data: m})
}

// showConsoleMailPage is the page of a mail itself. Its links open beside the console.
func (a *API) showConsoleMailPage(ctx context.Context, c *route.Call, in pageID) (any, error) {
	m, err := a.Store.HeldMail(ctx, in.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && m.HTML == "" {
		return a.missing(c, in.consoleIn)
	}
	if err != nil {
		return nil, err
	}
	a.pageHeaders(c, pages.MailPolicy, "SAMEORIGIN")
	return route.HTML(http.StatusOK, []byte(strings.Replace(m.HTML, "<head>", `<head><base target="_blank">`, 1))), nil
}
