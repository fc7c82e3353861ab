package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"tributary/api/pages"
	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/wording"
)

// onboarding is where the first administrator is made.
const onboarding = "/installation/onboarding"

// maxOnboarding is how long that form may be, in bytes.
const maxOnboarding = 64 << 10

func (a *API) installation() []route.Row {
	return []route.Row{
		route.Get(onboarding, route.Public, a.showOnboarding),
		route.Post(onboarding, route.Public, a.onboard).Limit(maxOnboarding),
	}
}

// onboardingPage is what the form shows again after it was refused.
type onboardingPage struct{ Name, Company, Email string }

func (a *API) showOnboarding(ctx context.Context, c *route.Call, in consoleIn) (any, error) {
	pending, err := a.Store.OnboardingPending(ctx)
	if err != nil {
		return nil, err
	}
	if !pending {
		return route.Redirect{URL: "/"}, nil
	}
	told := a.takeFlash(c, in)
	return a.pageAfter(c, in, told, http.StatusOK, "onboarding", pages.Frame{
		Title: "Welcome", Data: onboardingPage{told.Values["name"], told.Values["company"], told.Values["email"]},
	})
}

type onboardIn struct {
	consoleIn
	Site   string `header:"Sec-Fetch-Site"`
	Origin string `header:"Origin"`
	Host   string `header:"Host"`
	User   struct {
		Name     string `json:"name"`
		Company  string `json:"company"`
		Email    string `json:"email"`
		Password string `json:"password"`
	} `json:"user"`
}

// foreign tells whether another site's page sends the form. A script is no page: it
// needs no proof that it has seen the form, so that an installation can be set up by
// one.
func (in onboardIn) foreign() bool {
	switch in.Site {
	case "same-origin", "none":
		return false
	case "":
	default:
		return true
	}
	if in.Origin == "" {
		return false
	}
	u, err := url.Parse(in.Origin)
	return err != nil || !strings.EqualFold(u.Host, in.Host)
}

func (a *API) onboard(ctx context.Context, c *route.Call, in onboardIn) (any, error) {
	const root = "/"
	values := map[string]string{"name": in.User.Name, "company": in.User.Company, "email": in.User.Email}
	for name, v := range values {
		values[name] = clip(v, 300)
	}
	if in.foreign() {
		return a.redirect(c, root, flash{Alert: textExpired, Values: values})
	}
	err := a.Desk.Onboard(ctx, desk.FirstAdmin{
		Name: in.User.Name, Company: in.User.Company, Email: in.User.Email, Password: in.User.Password,
		Locale: wording.Match(a.Desk.DefaultLocale), IP: c.IP,
	})
	refused, ok := errors.AsType[*chat.Error](err)
	switch {
	case errors.Is(err, desk.ErrOnboarded):
		return route.Redirect{URL: root}, nil
	case ok && refused.Code == chat.CodeInvalid:
		return a.redirect(c, root, flash{Alert: refused.Message, Values: values})
	case err != nil:
		return nil, err
	}
	a.Desk.Log.Info("the first administrator was made", "ip", c.IP)
	return route.Redirect{URL: root}, nil
}
