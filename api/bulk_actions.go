package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"tributary/api/route"
	"tributary/chat"
	"tributary/chat/filter"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) bulkActions() []route.Row {
	const bulk = account + "/bulk_actions"
	return []route.Row{
		route.Post(bulk, route.Member, a.createBulkAction).Answers(http.StatusUnprocessableEntity, bulkRefused{}),
		route.Get(bulk+"/{id}", route.Member, a.showBulkAction),
	}
}

// bulkRefused is the answer to a change of what cannot be changed together.
type bulkRefused struct {
	Success bool `json:"success"`
}

// HeaderBulkAction carries the number under which the progress of a bulk action is
// shown.
const HeaderBulkAction = "X-Bulk-Action-Id"

type bulkActionIn struct {
	Type string `json:"type"`
	IDs  any    `json:"ids"`
	// Filter are conditions as conversations are filtered by: it is applied to all that
	// they find among those that the caller sees.
	Filter any `json:"filter"`
	Fields struct {
		Status     route.Opt[string] `json:"status"`
		AssigneeID route.Opt[int64]  `json:"assignee_id"`
		TeamID     route.Opt[int64]  `json:"team_id"`
	} `json:"fields"`
	Labels struct {
		Add    route.Many `json:"add"`
		Remove route.Many `json:"remove"`
	} `json:"labels"`
	SnoozedUntil route.Opt[int64] `json:"snoozed_until"` // unix seconds
}

// maxUnix keeps moments inside the calendar: the end of the year 9999.
const maxUnix = 253402300799

func (a *API) createBulkAction(ctx context.Context, c *route.Call, in bulkActionIn) (route.Empty, error) {
	if in.Type != "Conversation" {
		return route.Empty{}, &route.Problem{Status: http.StatusUnprocessableEntity, Body: bulkRefused{}}
	}
	out := desk.BulkAction{
		Status: in.Fields.Status.V, AssigneeID: in.Fields.AssigneeID, TeamID: in.Fields.TeamID,
		AddLabels: desk.ParseLabels(in.Labels.Add), Remove: desk.ParseLabels(in.Labels.Remove),
	}
	if _, known := filter.Statuses[out.Status]; !known && out.Status != "" {
		return route.Empty{}, chat.Unprocessable("'" + out.Status + "' is not a valid status")
	}
	if at, ok := in.SnoozedUntil.Get(); ok {
		if at < 0 || at > maxUnix {
			return route.Empty{}, validate.Fail("snoozed_until", validate.Invalid)
		}
		until := time.Unix(at, 0)
		out.SnoozedUntil = &until
	}
	var err error
	if out.Display, err = a.bulkTargets(ctx, c, in); err != nil {
		return route.Empty{}, err
	}
	id, err := a.Desk.OrderBulkAction(ctx, c.Account.ID, c.User.ID, out)
	if err == nil {
		c.SetHeader(HeaderBulkAction, strconv.FormatInt(id, 10))
	}
	return route.Empty{}, err
}

// bulkTargets are the display ids that are meant, each once.
func (a *API) bulkTargets(ctx context.Context, c *route.Call, in bulkActionIn) ([]int64, error) {
	if in.Filter != nil {
		f, err := a.seen(ctx, c)
		if err != nil {
			return nil, err
		}
		if f.Matching, err = a.parseFilter(ctx, c, &filter.Conversations, in.Filter); err != nil {
			return nil, err
		}
		return a.Store.ConversationNumbers(ctx, f)
	}
	return displayIDs(in.IDs)
}

// bulkActionOut is how far a bulk action is. Done and failed conversations make the
// total in the end.
type bulkActionOut struct {
	ID         int64              `json:"id"`
	State      string             `json:"state"`
	Total      int64              `json:"total"`
	Done       int64              `json:"done"`
	Failed     int64              `json:"failed"`
	Failures   []desk.BulkFailure `json:"failures"`
	CreatedAt  int64              `json:"created_at"` // unix seconds
	FinishedAt *int64             `json:"finished_at"`
}

func (a *API) showBulkAction(ctx context.Context, c *route.Call, in byID) (bulkActionOut, error) {
	b, err := a.Store.BulkAction(ctx, c.Account.ID, in.ID)
	if err != nil {
		return bulkActionOut{}, found(err)
	}
	if b.UserID != c.User.ID && !c.Admin() {
		return bulkActionOut{}, found(store.ErrNotFound)
	}
	out := bulkActionOut{ID: b.ID, State: b.State, Total: b.Total, Done: b.Done, Failed: b.Failed, CreatedAt: b.CreatedAt / 1e6}
	if b.FinishedAt != nil {
		at := *b.FinishedAt / 1e6
		out.FinishedAt = &at
	}
	return out, json.Unmarshal([]byte(b.Failures), &out.Failures)
}
