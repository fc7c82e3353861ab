package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"unicode/utf8"

	"tributary/api/route"
	"tributary/chat"
	"tributary/internal/validate"
	"tributary/store"
)

func (a *API) agentBots() []route.Row {
	const bots = account + "/agent_bots"
	return []route.Row{
		route.Get(bots, route.Member, a.listAgentBots),
		route.Get(bots+"/{id}", route.Member, a.showAgentBot),
		route.Post(bots, route.Admin, a.createAgentBot).Limit(maxProfile),
		route.Patch(bots+"/{id}", route.Admin, a.updateAgentBot).Limit(maxProfile).Finds("id", a.ownBotExists),
		route.Delete(bots+"/{id}", route.Admin, a.deleteAgentBot).Finds("id", a.ownBotExists),
		route.Delete(bots+"/{id}/avatar", route.Admin, a.deleteAgentBotAvatar).Finds("id", a.ownBotExists),
		route.Post(bots+"/{id}/reset_access_token", route.Admin, a.resetAgentBotToken).Finds("id", a.ownBotExists),
		route.Get(account+"/inboxes/{id}/agent_bot", route.Member, a.showInboxBot),
		route.Post(account+"/inboxes/{id}/set_agent_bot", route.Admin, a.setInboxBot).NullTexts().
			Finds("id", a.inboxExists).FindsSent("agent_bot", a.botExists),
	}
}

// botTypes are in the order of their stored numbers.
var botTypes = []string{"webhook"}

// maxBotURL is how long an address may be, in characters.
const maxBotURL = 2048

// agentBotOut is a bot as members see it. System bots tell neither their address nor
// their token.
type agentBotOut struct {
	ID          int64             `json:"id"`
	Name        *string           `json:"name"`
	Description *string           `json:"description"`
	Thumbnail   string            `json:"thumbnail"`
	OutgoingURL route.Opt[string] `json:"outgoing_url,omitzero"`
	BotType     string            `json:"bot_type"`
	BotConfig   json.RawMessage   `json:"bot_config"`
	AccountID   *int64            `json:"account_id"`
	AccessToken string            `json:"access_token,omitempty"`
	SystemBot   bool              `json:"system_bot"`
}

func (a *API) newAgentBotOut(b store.AgentBotRow) agentBotOut {
	out := agentBotOut{
		ID: b.ID, Name: b.Name, Description: b.Description, Thumbnail: a.Desk.UserAvatarURL(b.AvatarBlobID), BotType: nameAt(botTypes, b.BotType),
		BotConfig: object(b.BotConfig), AccountID: b.AccountID, AccessToken: b.AccessToken, SystemBot: b.AccountID == nil,
	}
	switch {
	case b.AccountID == nil:
	case b.OutgoingURL == nil:
		out.OutgoingURL = route.Opt[string]{Sent: true, Null: true}
	default:
		out.OutgoingURL = route.Opt[string]{Sent: true, V: *b.OutgoingURL}
	}
	return out
}

func (a *API) listAgentBots(ctx context.Context, c *route.Call, _ none) ([]agentBotOut, error) {
	list, err := a.Store.AgentBots(ctx, c.Account.ID)
	out := make([]agentBotOut, len(list))
	for i, b := range list {
		out[i] = a.newAgentBotOut(b)
	}
	return out, err
}

func (a *API) showAgentBot(ctx context.Context, c *route.Call, in byID) (agentBotOut, error) {
	b, err := a.Store.AgentBot(ctx, c.Account.ID, in.ID)
	return a.newAgentBotOut(b), found(err)
}

func (a *API) botExists(ctx context.Context, c *route.Call, id int64) error {
	_, err := a.Store.AgentBot(ctx, c.Account.ID, id)
	return found(err)
}

// ownBotExists finds a bot that the account's administrators may change.
func (a *API) ownBotExists(ctx context.Context, c *route.Call, id int64) error {
	b, err := a.Store.AgentBot(ctx, c.Account.ID, id)
	if err == nil && b.AccountID == nil {
		return chat.NotFound()
	}
	return found(err)
}

type agentBotIn struct {
	Name        route.Opt[string]          `json:"name"`
	Description route.Opt[string]          `json:"description"`
	OutgoingURL route.Opt[string]          `json:"outgoing_url"`
	Avatar      route.Upload               `json:"avatar"`
	AvatarURL   route.Opt[string]          `json:"avatar_url"`
	BotType     route.Opt[string]          `json:"bot_type"`
	BotConfig   route.Opt[json.RawMessage] `json:"bot_config"`
}

// apply changes b by what was sent.
func (in agentBotIn) apply(b *store.AgentBotRow) error {
	var errs validate.Errors
	in.Name.ApplyPtr(&b.Name)
	errs.MaxLen("name", in.Name.V, validate.ShortText)
	in.Description.ApplyPtr(&b.Description)
	errs.MaxLen("description", in.Description.V, validate.LongText)
	in.OutgoingURL.ApplyPtr(&b.OutgoingURL)
	checkURL(&errs, "outgoing_url", in.OutgoingURL.V)
	checkURL(&errs, "avatar_url", in.AvatarURL.V)
	if in.AvatarURL.V != "" {
		b.AvatarFrom = in.AvatarURL.Ptr()
	}
	if in.BotType.Sent {
		kind, known := listed(botTypes, in.BotType.V)
		if !known {
			errs.Add("bot_type", validate.NotListed)
		}
		b.BotType = kind
	}
	if in.BotConfig.Sent {
		b.BotConfig = string(in.BotConfig.V)
		if in.BotConfig.Null {
			b.BotConfig = "{}"
		} else if !bytes.HasPrefix(in.BotConfig.V, []byte("{")) {
			errs.Add("bot_config", validate.Invalid)
		}
	}
	return errs.Err()
}

// checkURL demands that a text is empty or an address that can be called.
func checkURL(errs *validate.Errors, attribute, text string) {
	if text == "" {
		return
	}
	if utf8.RuneCountInString(text) > maxBotURL {
		errs.MaxLen(attribute, text, maxBotURL)
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		errs.Add(attribute, validate.Invalid)
	}
}

// save takes the picture in that came with a bot and has store keep both.
func (in agentBotIn) save(ctx context.Context, a *API, store func(avatarID int64) error) error {
	avatar, err := a.avatar(ctx, in.Avatar)
	if err != nil {
		return err
	}
	err = store(avatar)
	if err != nil && avatar != 0 {
		err = errors.Join(err, a.Files.Delete(context.WithoutCancel(ctx), avatar))
	}
	return err
}

func (a *API) createAgentBot(ctx context.Context, c *route.Call, in agentBotIn) (agentBotOut, error) {
	b := store.AgentBotRow{AccountID: &c.Account.ID}
	if err := in.apply(&b); err != nil {
		return agentBotOut{}, err
	}
	err := in.save(ctx, a, func(avatarID int64) (err error) {
		b.ID, err = a.Desk.CreateBot(ctx, b, avatarID)
		return err
	})
	if err != nil {
		return agentBotOut{}, err
	}
	return a.showAgentBot(ctx, c, byID{ID: b.ID})
}

type updateAgentBotIn struct {
	ID int64 `path:"id"`
	agentBotIn
}

func (a *API) updateAgentBot(ctx context.Context, c *route.Call, in updateAgentBotIn) (agentBotOut, error) {
	if err := a.ownBotExists(ctx, c, in.ID); err != nil {
		return agentBotOut{}, err
	}
	err := in.save(ctx, a, func(avatarID int64) error {
		return a.Desk.ChangeBot(ctx, c.Account.ID, in.ID, avatarID, in.apply)
	})
	if err != nil {
		return agentBotOut{}, found(err)
	}
	return a.showAgentBot(ctx, c, byID{ID: in.ID})
}

func (a *API) deleteAgentBot(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.DeleteBot(ctx, c.Account.ID, in.ID))
}

func (a *API) deleteAgentBotAvatar(ctx context.Context, c *route.Call, in byID) (agentBotOut, error) {
	if err := a.Desk.RemoveBotAvatar(ctx, c.Account.ID, in.ID); err != nil {
		return agentBotOut{}, found(err)
	}
	return a.showAgentBot(ctx, c, in)
}

func (a *API) resetAgentBotToken(ctx context.Context, c *route.Call, in byID) (agentBotOut, error) {
	if err := a.Desk.RenewBotToken(ctx, c.Account.ID, in.ID); err != nil {
		return agentBotOut{}, found(err)
	}
	return a.showAgentBot(ctx, c, in)
}

// inboxBotOut is the bot of an inbox, if any.
type inboxBotOut struct {
	AgentBot *agentBotOut `json:"agent_bot,omitempty"`
}

func (a *API) showInboxBot(ctx context.Context, c *route.Call, in byID) (inboxBotOut, error) {
	if err := a.inboxExists(ctx, c, in.ID); err != nil {
		return inboxBotOut{}, err
	}
	if err := a.seesInbox(ctx, c, in.ID); err != nil {
		return inboxBotOut{}, err
	}
	b, err := a.Store.AgentBotOfInbox(ctx, c.Account.ID, in.ID)
	if errors.Is(err, store.ErrNotFound) {
		return inboxBotOut{}, nil
	}
	out := a.newAgentBotOut(b)
	return inboxBotOut{&out}, err
}

type setInboxBotIn struct {
	ID       int64             `path:"id"`
	AgentBot route.Opt[string] `json:"agent_bot"` // id
}

func (a *API) setInboxBot(ctx context.Context, c *route.Call, in setInboxBotIn) (route.Empty, error) {
	var bot int64
	if text, ok := in.AgentBot.Get(); ok && text != "" {
		var err error
		if bot, err = strconv.ParseInt(text, 10, 64); err != nil || bot == 0 {
			return route.Empty{}, chat.NotFound()
		}
	}
	return route.Empty{}, found(a.Desk.SetInboxBot(ctx, c.Account.ID, in.ID, bot))
}
