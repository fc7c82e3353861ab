package api

import (
	"context"

	"tributary/api/route"
	"tributary/desk"
)

func (a *API) conversationActions() []route.Row {
	const conversation = account + "/conversations/{id}"
	return []route.Row{
		route.Post(conversation+"/toggle_typing_status", route.Member, a.toggleTyping),
		route.Post(conversation+"/update_last_seen", route.Member, a.seeConversation),
		route.Post(conversation+"/unread", route.Member, a.unseeConversation),
	}
}

type toggleTypingIn struct {
	ID           int64  `path:"id"` // display id
	TypingStatus string `json:"typing_status"`
	Private      bool   `json:"is_private"`
}

func (a *API) toggleTyping(ctx context.Context, c *route.Call, in toggleTypingIn) (route.Empty, error) {
	if _, err := a.conversationOf(ctx, c, in.ID); err != nil {
		return route.Empty{}, err
	}
	if in.TypingStatus != "on" && in.TypingStatus != "off" {
		return route.Empty{}, nil
	}
	return route.Empty{}, found(a.Desk.TypingByAgent(ctx, desk.Typing{
		AccountID: c.Account.ID, DisplayID: in.ID, UserID: c.User.ID, On: in.TypingStatus == "on", Private: in.Private,
	}))
}

func (a *API) seeConversation(ctx context.Context, c *route.Call, in byID) (conversationOut, error) {
	if _, err := a.conversationOf(ctx, c, in.ID); err != nil {
		return conversationOut{}, err
	}
	if err := a.Desk.SeenByAgent(ctx, c.Account.ID, in.ID, c.User.ID); err != nil {
		return conversationOut{}, found(err)
	}
	return a.showConversation(ctx, c, in)
}

func (a *API) unseeConversation(ctx context.Context, c *route.Call, in byID) (conversationOut, error) {
	if _, err := a.conversationOf(ctx, c, in.ID); err != nil {
		return conversationOut{}, err
	}
	if err := a.Desk.UnseenByAgents(ctx, c.Account.ID, in.ID); err != nil {
		return conversationOut{}, found(err)
	}
	return a.showConversation(ctx, c, in)
}
