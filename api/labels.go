package api

import (
	"context"
	"regexp"
	"strings"

	"tributary/api/route"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) labels() []route.Row {
	const labels = account + "/labels"
	return []route.Row{
		route.Get(labels, route.Member, a.listLabels),
		route.Get(labels+"/{id}", route.Admin, a.showLabel).Finds("id", a.labelExists),
		route.Post(labels, route.Admin, a.createLabel).Flat("label").Require("label"),
		route.Patch(labels+"/{id}", route.Admin, a.updateLabel).Flat("label").Finds("id", a.labelExists),
		route.Delete(labels+"/{id}", route.Admin, a.deleteLabel).Finds("id", a.labelExists),
	}
}

// labelOut is a label that the account defined.
type labelOut struct {
	ID            int64   `json:"id"`
	Title         string  `json:"title"`
	Description   *string `json:"description"`
	Color         string  `json:"color"`
	ShowOnSidebar *bool   `json:"show_on_sidebar"`
}

func newLabelOut(l store.LabelRow) labelOut {
	return labelOut{ID: l.ID, Title: l.Title, Description: l.Description, Color: l.Color, ShowOnSidebar: l.ShowOnSidebar}
}

func (a *API) listLabels(ctx context.Context, c *route.Call, _ none) (payload[[]labelOut], error) {
	list, err := a.Store.Labels(ctx, c.Account.ID)
	out := make([]labelOut, len(list))
	for i, l := range list {
		out[i] = newLabelOut(l)
	}
	return payload[[]labelOut]{out}, err
}

func (a *API) showLabel(ctx context.Context, c *route.Call, in byID) (labelOut, error) {
	l, err := a.Store.Label(ctx, c.Account.ID, in.ID)
	return newLabelOut(l), found(err)
}

func (a *API) labelExists(ctx context.Context, c *route.Call, id int64) error {
	_, err := a.Store.Label(ctx, c.Account.ID, id)
	return found(err)
}

// labelColor is that of labels for which nobody chose one.
const labelColor = "#1f93ff"

// labelTitle is what labels may be called: letters and digits of any script, then also
// underscores and hyphens.
var labelTitle = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}_-]+$`)

type labelIn struct {
	Title         route.Opt[string] `json:"title"`
	Description   route.Opt[string] `json:"description"`
	Color         route.Opt[string] `json:"color"`
	ShowOnSidebar route.Opt[bool]   `json:"show_on_sidebar"`
}

// apply changes l by what was sent.
func (in labelIn) apply(l *store.LabelRow) error {
	var errs validate.Errors
	if in.Title.Sent {
		l.Title = strings.ToLower(in.Title.V)
	}
	switch {
	case strings.TrimSpace(l.Title) == "":
		errs.Add("title", "must not be blank")
	case !labelTitle.MatchString(l.Title):
		errs.Add("title", validate.Invalid)
	}
	errs.MaxLen("title", l.Title, validate.ShortText)
	in.Description.ApplyPtr(&l.Description)
	errs.MaxLen("description", in.Description.V, validate.LongText)
	if in.Color.Null {
		errs.Add("color", validate.Blank)
	}
	in.Color.Apply(&l.Color)
	errs.MaxLen("color", l.Color, validate.ShortText)
	in.ShowOnSidebar.ApplyPtr(&l.ShowOnSidebar)
	return errs.Err()
}

type createLabelIn struct {
	Label labelIn `json:"label"`
}

func (a *API) createLabel(ctx context.Context, c *route.Call, in createLabelIn) (labelOut, error) {
	l := store.LabelRow{AccountID: c.Account.ID, Color: labelColor}
	if err := in.Label.apply(&l); err != nil {
		return labelOut{}, err
	}
	id, err := a.Desk.CreateLabel(ctx, l)
	if err != nil {
		return labelOut{}, err
	}
	return a.showLabel(ctx, c, byID{ID: id})
}

type updateLabelIn struct {
	ID    int64   `path:"id"`
	Label labelIn `json:"label"`
}

func (a *API) updateLabel(ctx context.Context, c *route.Call, in updateLabelIn) (labelOut, error) {
	err := a.Desk.ChangeLabel(ctx, actor(c), c.Account.ID, in.ID, func(l *store.LabelRow) error {
		if in.Label == (labelIn{}) {
			return route.MissingParam("label")
		}
		return in.Label.apply(l)
	})
	if err != nil {
		return labelOut{}, found(err)
	}
	return a.showLabel(ctx, c, byID{ID: in.ID})
}

func (a *API) deleteLabel(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.DeleteLabel(ctx, c.Account.ID, in.ID))
}
