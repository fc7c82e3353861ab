package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"tributary/api/route"
	"tributary/chat"
	"tributary/desk"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) agents() []route.Row {
	const agents = account + "/agents"
	return []route.Row{
		route.Get(agents, route.Member, a.listAgents),
		route.Post(agents, route.Admin, a.createAgent).Flat("agent").Fails(http.StatusPaymentRequired),
		route.Post(agents+"/bulk_create", route.Admin, a.createAgents).Fails(http.StatusPaymentRequired),
		route.Patch(agents+"/{id}", route.Admin, a.updateAgent).Flat("agent").Finds("id", a.agentExists),
		route.Delete(agents+"/{id}", route.Admin, a.deleteAgent).Finds("id", a.agentExists),
		route.Get(account+"/assignable_agents", route.Member, a.listAssignableAgents),
		route.Get(account+"/inboxes/{id}/assignable_agents", route.Member, a.listInboxAssignableAgents),
	}
}

// actor is who calls, for the audit log.
func actor(c *route.Call) desk.Actor {
	return desk.Actor{UserID: c.User.ID, Email: c.User.Email, IP: c.IP, RequestID: c.RequestID}
}

func (a *API) newAgentsOut(ctx context.Context, accountID int64, list []store.AgentRow) []agentOut {
	out := make([]agentOut, len(list))
	for i, u := range list {
		out[i] = a.newAgentOut(ctx, accountID, u)
	}
	return out
}

func (a *API) listAgents(ctx context.Context, c *route.Call, _ none) ([]agentOut, error) {
	list, err := a.Store.AccountAgents(ctx, c.Account.ID)
	return a.newAgentsOut(ctx, c.Account.ID, list), err
}

// agent reads one member as colleagues see them.
func (a *API) agent(ctx context.Context, c *route.Call, userID int64) (agentOut, error) {
	list, err := a.Store.Agents(ctx, c.Account.ID, []int64{userID})
	if err != nil {
		return agentOut{}, err
	}
	u, ok := list[userID]
	if !ok {
		return agentOut{}, chat.NotFound()
	}
	return a.newAgentOut(ctx, c.Account.ID, u), nil
}

// agentExists tells whether a user is a member of the account.
func (a *API) agentExists(ctx context.Context, c *route.Call, userID int64) error {
	list, err := a.Store.Agents(ctx, c.Account.ID, []int64{userID})
	if err != nil {
		return err
	}
	if !list[userID].Member {
		return chat.NotFound()
	}
	return nil
}

// agentIn is a member as an administrator describes them.
type agentIn struct {
	Name         route.Opt[string] `json:"name"`
	Email        route.Opt[string] `json:"email"`
	Role         route.Opt[string] `json:"role"`
	Availability route.Opt[string] `json:"availability"`
	AutoOffline  route.Opt[bool]   `json:"auto_offline"`
	// CustomRoleID is read beside this object, and is here so that a flat body with
	// nothing else is an agent.
	CustomRoleID route.Opt[string] `json:"custom_role_id"`
}

// roles are in the order of their stored numbers.
var roles = []string{chat.RoleAgent, chat.RoleAdministrator}

// listed reads one of names, or its place among them.
func listed(names []string, text string) (int, bool) {
	if i := slices.Index(names, text); i >= 0 {
		return i, true
	}
	i, err := strconv.Atoi(text)
	return i, err == nil && i >= 0 && i < len(names)
}

// change translates the input; what is null is left alone.
func (in agentIn) change(errs *validate.Errors) desk.MemberChange {
	out := desk.MemberChange{Name: in.Name.Ptr(), AutoOffline: in.AutoOffline.Ptr()}
	errs.MaxLen("name", in.Name.V, validate.ShortText)
	if text, ok := in.Role.Get(); ok {
		role, known := listed(roles, text)
		if !known {
			errs.Add("role", validate.NotListed)
		}
		out.Role = &role
	}
	if text, ok := in.Availability.Get(); ok {
		availability, known := listed(desk.Availabilities(), text)
		if !known {
			errs.Add("availability", validate.NotListed)
		}
		out.Availability = &availability
	}
	return out
}

type createAgentIn struct {
	Agent        agentIn          `json:"agent"`
	CustomRoleID route.Opt[int64] `json:"custom_role_id"`
}

func (a *API) createAgent(ctx context.Context, c *route.Call, in createAgentIn) (agentOut, error) {
	free, err := a.Desk.FreeSeats(ctx, c.Account.ID)
	if err != nil {
		return agentOut{}, err
	}
	if free < 1 {
		return agentOut{}, desk.ErrNoSeat
	}
	if in.Agent == (agentIn{}) {
		return agentOut{}, route.MissingParam("agent")
	}
	var errs validate.Errors
	change := in.Agent.change(&errs)
	if err := errs.Err(); err != nil {
		return agentOut{}, err
	}
	member := store.Membership{AccountID: c.Account.ID, InviterID: &c.User.ID, AutoOffline: true, CustomRoleID: in.CustomRoleID.Ptr()}
	if change.Role != nil {
		member.Role = *change.Role
	}
	if change.Availability != nil {
		member.Availability = *change.Availability
	}
	if change.AutoOffline != nil {
		member.AutoOffline = *change.AutoOffline
	}
	id, err := a.Desk.InviteAgent(ctx, actor(c), desk.Invitation{Email: in.Agent.Email.V, Name: in.Agent.Name.V, Member: member})
	if err != nil {
		return agentOut{}, err
	}
	return a.agent(ctx, c, id)
}

type createAgentsIn struct {
	Emails route.Opt[[]string] `json:"emails"`
}

func (a *API) createAgents(ctx context.Context, c *route.Call, in createAgentsIn) (route.Empty, error) {
	emails, ok := in.Emails.Get()
	if !ok {
		return route.Empty{}, route.MissingParam("emails")
	}
	return route.Empty{}, a.Desk.InviteAgents(ctx, actor(c), c.Account.ID, emails)
}

type updateAgentIn struct {
	ID           int64            `path:"id"`
	Agent        agentIn          `json:"agent"`
	CustomRoleID route.Opt[int64] `json:"custom_role_id"`
}

func (a *API) updateAgent(ctx context.Context, c *route.Call, in updateAgentIn) (agentOut, error) {
	if err := a.agentExists(ctx, c, in.ID); err != nil {
		return agentOut{}, err
	}
	if in.Agent == (agentIn{}) {
		return agentOut{}, route.MissingParam("agent")
	}
	var errs validate.Errors
	change := in.Agent.change(&errs)
	if err := errs.Err(); err != nil {
		return agentOut{}, err
	}
	change.CustomRoleID = in.CustomRoleID.Ptr()
	if err := a.Desk.ChangeMember(ctx, actor(c), c.Account.ID, in.ID, change); err != nil {
		return agentOut{}, found(err)
	}
	return a.agent(ctx, c, in.ID)
}

func (a *API) deleteAgent(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.RemoveMember(ctx, actor(c), c.Account.ID, in.ID))
}

type assignableAgentsIn struct {
	InboxIDs route.Many `query:"inbox_ids"`
}

func (a *API) listAssignableAgents(ctx context.Context, c *route.Call, in assignableAgentsIn) (payload[[]agentOut], error) {
	var inboxes []int64
	for _, text := range in.InboxIDs {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return payload[[]agentOut]{}, chat.NotFound()
		}
		inboxes = append(inboxes, id)
	}
	return a.assignable(ctx, c, unique(inboxes))
}

func (a *API) listInboxAssignableAgents(ctx context.Context, c *route.Call, in byID) (payload[[]agentOut], error) {
	return a.assignable(ctx, c, []int64{in.ID})
}

// assignable are the members to whom conversations of all these inboxes can be
// assigned.
func (a *API) assignable(ctx context.Context, c *route.Call, inboxes []int64) (payload[[]agentOut], error) {
	var out payload[[]agentOut]
	known, err := a.Store.AccountInboxIDs(ctx, c.Account.ID)
	if err != nil {
		return out, err
	}
	if len(inboxes) == 0 || !containsAll(known, inboxes) {
		return out, chat.NotFound()
	}
	if !c.Admin() {
		mine, err := a.Store.InboxIDs(ctx, c.Account.ID, c.User.ID)
		if err != nil {
			return out, err
		}
		if !containsAll(mine, inboxes) {
			return out, route.Refused()
		}
	}
	list, err := a.Store.AssignableAgents(ctx, c.Account.ID, inboxes)
	out.Payload = a.newAgentsOut(ctx, c.Account.ID, list)
	return out, err
}

func containsAll(list, wanted []int64) bool {
	return !slices.ContainsFunc(wanted, func(id int64) bool { return !slices.Contains(list, id) })
}
