package api

import (
	"context"

	"tributary/api/route"
	"tributary/desk"
)

func (a *API) inboxMembers() []route.Row {
	const members = account + "/inbox_members"
	return []route.Row{
		route.Get(members+"/{inbox_id}", route.Member, a.listInboxMembers),
		route.Post(members, route.Admin, a.addInboxMembers),
		route.Patch(members, route.Admin, a.setInboxMembers).Only("PATCH"),
		route.Delete(members, route.Admin, a.removeInboxMembers),
	}
}

func (a *API) listInboxMembers(ctx context.Context, c *route.Call, in byInbox) (payload[[]agentOut], error) {
	if err := a.inboxExists(ctx, c, in.InboxID); err != nil {
		return payload[[]agentOut]{}, err
	}
	if err := a.seesInbox(ctx, c, in.InboxID); err != nil {
		return payload[[]agentOut]{}, err
	}
	return a.inboxAgents(ctx, c, in.InboxID)
}

func (a *API) inboxAgents(ctx context.Context, c *route.Call, inboxID int64) (payload[[]agentOut], error) {
	list, err := a.Store.InboxAgents(ctx, c.Account.ID, inboxID)
	return payload[[]agentOut]{a.newAgentsOut(ctx, c.Account.ID, list)}, err
}

type inboxMembersIn struct {
	InboxID route.Opt[int64]   `json:"inbox_id"`
	UserIDs route.Opt[[]int64] `json:"user_ids"`
}

func (a *API) changeInboxMembers(ctx context.Context, c *route.Call, step desk.InboxStep, in inboxMembersIn) error {
	if err := a.inboxExists(ctx, c, in.InboxID.V); err != nil {
		return err
	}
	users, ok := in.UserIDs.Get()
	if !ok {
		return route.MissingParam("user_ids")
	}
	return found(a.Desk.ChangeInboxMembers(ctx, actor(c), c.Account.ID, in.InboxID.V, step, users))
}

// addInboxMembers gives all members, as setInboxMembers does.
func (a *API) addInboxMembers(ctx context.Context, c *route.Call, in inboxMembersIn) (payload[[]agentOut], error) {
	if err := a.changeInboxMembers(ctx, c, desk.InboxAdd, in); err != nil {
		return payload[[]agentOut]{}, err
	}
	return a.inboxAgents(ctx, c, in.InboxID.V)
}

func (a *API) setInboxMembers(ctx context.Context, c *route.Call, in inboxMembersIn) (payload[[]agentOut], error) {
	if err := a.changeInboxMembers(ctx, c, desk.InboxSet, in); err != nil {
		return payload[[]agentOut]{}, err
	}
	return a.inboxAgents(ctx, c, in.InboxID.V)
}

func (a *API) removeInboxMembers(ctx context.Context, c *route.Call, in inboxMembersIn) (route.Empty, error) {
	return route.Empty{}, a.changeInboxMembers(ctx, c, desk.InboxRemove, in)
}
