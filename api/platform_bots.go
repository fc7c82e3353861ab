package api

import (
	"context"

	"tributary/api/route"
	"tributary/store"
)

func (a *API) platformBots() []route.Row {
	const bots = platform + "/agent_bots"
	return []route.Row{
		route.Get(bots, route.Platform, a.listPlatformBots),
		route.Post(bots, route.Platform, a.createPlatformBot).Limit(maxProfile),
		route.Get(bots+"/{id}", route.Platform, a.showPlatformBot),
		route.Patch(bots+"/{id}", route.Platform, a.updatePlatformBot).Limit(maxProfile),
		route.Delete(bots+"/{id}", route.Platform, a.deletePlatformBot),
		route.Delete(bots+"/{id}/avatar", route.Platform, a.deletePlatformBotAvatar),
	}
}

// platformBotOut is a bot as platform apps see it.
type platformBotOut struct {
	ID          int64   `json:"id"`
	Name        *string `json:"name"`
	Description *string `json:"description"`
	OutgoingURL *string `json:"outgoing_url"`
	AccountID   *int64  `json:"account_id"`
	AccessToken string  `json:"access_token"`
}

func newPlatformBotOut(b store.AgentBotRow) platformBotOut {
	return platformBotOut{b.ID, b.Name, b.Description, b.OutgoingURL, b.AccountID, b.AccessToken}
}

// platformBot reads a bot on which the app that calls may act.
func (a *API) platformBot(ctx context.Context, c *route.Call, id int64) (store.AgentBotRow, error) {
	b, err := a.Store.AnyAgentBot(ctx, id)
	if err != nil {
		return b, found(err)
	}
	return b, a.permitted(ctx, c, store.GrantBot, id)
}

// ownerOf is the account of a bot, 0: the installation.
func ownerOf(b store.AgentBotRow) int64 {
	if b.AccountID == nil {
		return 0
	}
	return *b.AccountID
}

func (a *API) listPlatformBots(ctx context.Context, c *route.Call, _ none) ([]platformBotOut, error) {
	list, err := a.Store.GrantedBots(ctx, c.App.ID)
	out := make([]platformBotOut, len(list))
	for i, b := range list {
		out[i] = newPlatformBotOut(b)
	}
	return out, err
}

func (a *API) showPlatformBot(ctx context.Context, c *route.Call, in byID) (platformBotOut, error) {
	b, err := a.platformBot(ctx, c, in.ID)
	if err != nil {
		return platformBotOut{}, err
	}
	return newPlatformBotOut(b), nil
}

type platformBotIn struct {
	Name        route.Opt[string] `json:"name"`
	Description route.Opt[string] `json:"description"`
	OutgoingURL route.Opt[string] `json:"outgoing_url"`
	Avatar      route.Upload      `json:"avatar"`
	AvatarURL   route.Opt[string] `json:"avatar_url"`
	AccountID   route.Opt[int64]  `json:"account_id"` // null: the installation's
}

// bot is the same as an account's administrators say it.
func (in platformBotIn) bot() agentBotIn {
	return agentBotIn{Name: in.Name, Description: in.Description, OutgoingURL: in.OutgoingURL, Avatar: in.Avatar, AvatarURL: in.AvatarURL}
}

func (a *API) createPlatformBot(ctx context.Context, c *route.Call, in platformBotIn) (platformBotOut, error) {
	b := store.AgentBotRow{AccountID: in.AccountID.Ptr()}
	bot := in.bot()
	if err := bot.apply(&b); err != nil {
		return platformBotOut{}, err
	}
	err := bot.save(ctx, a, func(avatarID int64) (err error) {
		b.ID, err = a.Desk.CreatePlatformBot(ctx, c.App.ID, b, avatarID)
		return err
	})
	if err != nil {
		return platformBotOut{}, err
	}
	return a.showPlatformBot(ctx, c, byID{ID: b.ID})
}

type updatePlatformBotIn struct {
	ID int64 `path:"id"`
	platformBotIn
}

func (a *API) updatePlatformBot(ctx context.Context, c *route.Call, in updatePlatformBotIn) (platformBotOut, error) {
	b, err := a.platformBot(ctx, c, in.ID)
	if err != nil {
		return platformBotOut{}, err
	}
	owner, bot := ownerOf(b), in.bot()
	if err := bot.apply(&b); err != nil {
		return platformBotOut{}, err
	}
	err = bot.save(ctx, a, func(avatarID int64) error {
		if to := in.AccountID; to.Sent && to.V != owner {
			if err := a.Desk.MoveBot(ctx, owner, in.ID, to.Ptr()); err != nil {
				return err
			}
			owner = to.V
		}
		return a.Desk.ChangeBot(ctx, owner, in.ID, avatarID, bot.apply)
	})
	if err != nil {
		return platformBotOut{}, found(err)
	}
	return a.showPlatformBot(ctx, c, byID{ID: in.ID})
}

func (a *API) deletePlatformBot(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	b, err := a.platformBot(ctx, c, in.ID)
	if err != nil {
		return route.Empty{}, err
	}
	return route.Empty{}, found(a.Desk.DeleteBot(ctx, ownerOf(b), in.ID))
}

func (a *API) deletePlatformBotAvatar(ctx context.Context, c *route.Call, in byID) (platformBotOut, error) {
	b, err := a.platformBot(ctx, c, in.ID)
	if err != nil {
		return platformBotOut{}, err
	}
	if err := a.Desk.RemoveBotAvatar(ctx, ownerOf(b), in.ID); err != nil {
		return platformBotOut{}, found(err)
	}
	return a.showPlatformBot(ctx, c, in)
}
