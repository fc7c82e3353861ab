package api

import (
	"context"
	"strings"

	"tributary/api/route"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) teams() []route.Row {
	const teams = account + "/teams"
	const members = teams + "/{team_id}/team_members"
	return []route.Row{
		route.Get(teams, route.Member, a.listTeams),
		route.Get(teams+"/{id}", route.Member, a.showTeam),
		route.Post(teams, route.Admin, a.createTeam).Flat("team").Require("team"),
		route.Patch(teams+"/{id}", route.Admin, a.updateTeam).Flat("team").Finds("id", a.teamExists),
		route.Delete(teams+"/{id}", route.Admin, a.deleteTeam).Finds("id", a.teamExists),
		route.Get(members, route.Member, a.listTeamMembers),
		route.Post(members, route.Admin, a.addTeamMembers).Finds("team_id", a.teamExists),
		route.Patch(members, route.Admin, a.setTeamMembers).Only("PATCH").Finds("team_id", a.teamExists),
		route.Delete(members, route.Admin, a.removeTeamMembers).Finds("team_id", a.teamExists),
	}
}

// teamOut is a team as the caller sees it.
type teamOut struct {
	ID              int64   `json:"id"`
	Name            string  `json:"name"`
	Description     *string `json:"description"`
	AllowAutoAssign bool    `json:"allow_auto_assign"`
	AccountID       int64   `json:"account_id"`
	IsMember        bool    `json:"is_member"`
}

func newTeamOut(t store.TeamRow) teamOut {
	return teamOut{
		ID: t.ID, Name: t.Name, Description: t.Description, AllowAutoAssign: t.AllowAutoAssign, AccountID: t.AccountID, IsMember: t.IsMember,
	}
}

func (a *API) listTeams(ctx context.Context, c *route.Call, _ none) ([]teamOut, error) {
	list, err := a.Store.Teams(ctx, c.Account.ID, c.User.ID)
	out := make([]teamOut, len(list))
	for i, t := range list {
		out[i] = newTeamOut(t)
	}
	return out, err
}

func (a *API) showTeam(ctx context.Context, c *route.Call, in byID) (teamOut, error) {
	t, err := a.Store.Team(ctx, c.Account.ID, in.ID, c.User.ID)
	return newTeamOut(t), found(err)
}

func (a *API) teamExists(ctx context.Context, c *route.Call, id int64) error {
	_, err := a.Store.Team(ctx, c.Account.ID, id, 0)
	return found(err)
}

type teamIn struct {
	Name            route.Opt[string] `json:"name"`
	Description     route.Opt[string] `json:"description"`
	AllowAutoAssign route.Opt[bool]   `json:"allow_auto_assign"`
}

// apply changes t by what was sent.
func (in teamIn) apply(t *store.TeamRow) error {
	var errs validate.Errors
	if in.Name.Sent {
		t.Name = strings.ToLower(strings.TrimSpace(in.Name.V))
	}
	if t.Name == "" {
		errs.Add("name", "must not be blank")
	}
	errs.MaxLen("name", t.Name, validate.ShortText)
	in.Description.ApplyPtr(&t.Description)
	errs.MaxLen("description", in.Description.V, validate.LongText)
	if in.AllowAutoAssign.Null {
		errs.Add("allow_auto_assign", validate.Blank)
	}
	in.AllowAutoAssign.Apply(&t.AllowAutoAssign)
	return errs.Err()
}

type createTeamIn struct {
	Team teamIn `json:"team"`
}

func (a *API) createTeam(ctx context.Context, c *route.Call, in createTeamIn) (teamOut, error) {
	t := store.TeamRow{AccountID: c.Account.ID, AllowAutoAssign: true}
	if err := in.Team.apply(&t); err != nil {
		return teamOut{}, err
	}
	id, err := a.Desk.CreateTeam(ctx, actor(c), t)
	if err != nil {
		return teamOut{}, err
	}
	return a.showTeam(ctx, c, byID{ID: id})
}

type updateTeamIn struct {
	ID   int64  `path:"id"`
	Team teamIn `json:"team"`
}

func (a *API) updateTeam(ctx context.Context, c *route.Call, in updateTeamIn) (teamOut, error) {
	err := a.Desk.ChangeTeam(ctx, actor(c), c.Account.ID, in.ID, func(t *store.TeamRow) error {
		if in.Team == (teamIn{}) {
			return route.MissingParam("team")
		}
		return in.Team.apply(t)
	})
	if err != nil {
		return teamOut{}, found(err)
	}
	return a.showTeam(ctx, c, byID{ID: in.ID})
}

func (a *API) deleteTeam(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.DeleteTeam(ctx, actor(c), c.Account.ID, in.ID))
}

type byTeam struct {
	TeamID int64 `path:"team_id"`
}

func (a *API) listTeamMembers(ctx context.Context, c *route.Call, in byTeam) ([]agentOut, error) {
	if err := a.teamExists(ctx, c, in.TeamID); err != nil {
		return nil, err
	}
	list, err := a.Store.TeamAgents(ctx, c.Account.ID, in.TeamID)
	return a.newAgentsOut(ctx, c.Account.ID, list), err
}

type teamMembersIn struct {
	TeamID  int64              `path:"team_id"`
	UserIDs route.Opt[[]int64] `json:"user_ids"`
}

func (a *API) changeTeamMembers(ctx context.Context, c *route.Call, step desk.TeamStep, in teamMembersIn) ([]int64, error) {
	if err := a.teamExists(ctx, c, in.TeamID); err != nil {
		return nil, err
	}
	users, ok := in.UserIDs.Get()
	if !ok {
		return nil, route.MissingParam("user_ids")
	}
	added, err := a.Desk.ChangeTeamMembers(ctx, actor(c), c.Account.ID, in.TeamID, step, users)
	return added, found(err)
}

// addTeamMembers gives those who are new in the team.
func (a *API) addTeamMembers(ctx context.Context, c *route.Call, in teamMembersIn) ([]agentOut, error) {
	added, err := a.changeTeamMembers(ctx, c, desk.TeamAdd, in)
	if err != nil {
		return nil, err
	}
	people, err := a.Store.Agents(ctx, c.Account.ID, added)
	out := make([]agentOut, 0, len(added))
	for _, id := range added {
		if u, ok := people[id]; ok {
			out = append(out, a.newAgentOut(ctx, c.Account.ID, u))
		}
	}
	return out, err
}

// setTeamMembers gives all members.
func (a *API) setTeamMembers(ctx context.Context, c *route.Call, in teamMembersIn) ([]agentOut, error) {
	if _, err := a.changeTeamMembers(ctx, c, desk.TeamSet, in); err != nil {
		return nil, err
	}
	return a.listTeamMembers(ctx, c, byTeam{in.TeamID})
}

func (a *API) removeTeamMembers(ctx context.Context, c *route.Call, in teamMembersIn) (route.Empty, error) {
	_, err := a.changeTeamMembers(ctx, c, desk.TeamRemove, in)
	return route.Empty{}, err
}
