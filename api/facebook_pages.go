package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"tributary/api/route"
	"tributary/channels"
	"tributary/desk"
)

// facebookPages are the routes that a dashboard calls with what Facebook's own dialog
// gave it.
func (a *API) facebookPages() []route.Row {
	const callbacks = account + "/callbacks"
	return []route.Row{
		route.Post(callbacks+"/facebook_pages", route.Admin, a.listFacebookPages),
		route.Post(callbacks+"/register_facebook_page", route.Admin, a.registerFacebookPage).PlainErrors(),
		route.Get(callbacks+"/register_facebook_page", route.Admin, a.registerFacebookPage).PlainErrors(),
		route.Post(callbacks+"/reauthorize_page", route.Admin, a.reauthorizePage).Answers(http.StatusUnprocessableEntity),
	}
}

type facebookPagesIn struct {
	Token string `json:"omniauth_token"`
}

// pageDetails are pages as the Graph API told them, and whether the account has them.
type pageDetails struct {
	Pages     []json.RawMessage `json:"page_details"`
	UserToken string            `json:"user_access_token"`
}

// data is the envelope of a single object.
type data[T any] struct {
	Data T `json:"data"`
}

func (a *API) listFacebookPages(ctx context.Context, c *route.Call, in facebookPagesIn) (data[pageDetails], error) {
	out := data[pageDetails]{pageDetails{Pages: []json.RawMessage{}}}
	if in.Token == "" {
		return out, route.MissingParam("omniauth_token")
	}
	pages, userToken, err := a.Desk.FacebookPages(ctx, c.Account.ID, in.Token)
	if err != nil {
		return out, provided(c, err)
	}
	out.Data.UserToken = userToken
	for _, p := range pages {
		details := map[string]json.RawMessage{}
		if err := json.Unmarshal(p.Details, &details); err != nil {
			continue // it had an id a moment ago
		}
		details["exists"] = json.RawMessage("false")
		if p.Exists {
			details["exists"] = json.RawMessage("true")
		}
		b, err := json.Marshal(details)
		if err != nil {
			return out, err
		}
		out.Data.Pages = append(out.Data.Pages, b)
	}
	return out, nil
}

type registerPageIn struct {
	UserToken string `json:"user_access_token"`
	PageToken string `json:"page_access_token"`
	PageID    string `json:"page_id"`
	Name      string `json:"inbox_name"`
}

// pageInbox is the part of a new inbox that is shown.
type pageInbox struct {
	ID                   int64  `json:"id"`
	ChannelID            int64  `json:"channel_id"`
	Name                 string `json:"name"`
	ChannelType          string `json:"channel_type"`
	AvatarURL            string `json:"avatar_url"`
	PageID               string `json:"page_id"`
	EnableAutoAssignment bool   `json:"enable_auto_assignment"`
}

func (a *API) registerFacebookPage(ctx context.Context, c *route.Call, in registerPageIn) (pageInbox, error) {
	id, err := a.Desk.ConnectPage(ctx, desk.NewPage{
		By: actor(c), AccountID: c.Account.ID, Name: in.Name, PageID: in.PageID, PageToken: in.PageToken, UserToken: in.UserToken,
	})
	if err != nil {
		return pageInbox{}, provided(c, err)
	}
	i, err := a.Store.Inbox(ctx, c.Account.ID, id)
	return pageInbox{
		ID: i.ID, ChannelID: i.ChannelID, Name: i.Name, ChannelType: i.ChannelType, AvatarURL: a.Desk.InboxAvatarURL(i.AvatarBlobID), PageID: in.PageID,
		EnableAutoAssignment: i.EnableAutoAssignment,
	}, found(err)
}

type reauthorizePageIn struct {
	InboxID int64  `json:"inbox_id"`
	Token   string `json:"omniauth_token"`
}

// reauthorizePage answers 422 without a word when the page cannot be connected again
// by this sign-in.
func (a *API) reauthorizePage(ctx context.Context, c *route.Call, in reauthorizePageIn) (data[inboxOut], error) {
	err := a.Desk.ReconnectPage(ctx, actor(c), c.Account.ID, in.InboxID, in.Token)
	var refused *channels.SendError
	if errors.Is(err, desk.ErrNoPage) || errors.As(err, &refused) {
		return data[inboxOut]{}, &route.Problem{Status: http.StatusUnprocessableEntity, Err: err}
	}
	if err != nil {
		return data[inboxOut]{}, err
	}
	out, err := a.inbox(ctx, c, in.InboxID)
	return data[inboxOut]{out}, err
}
