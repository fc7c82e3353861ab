package api

import (
	"context"

	"tributary/api/route"
	"tributary/chat"
	"tributary/store"
)

func (a *API) publicConversations() []route.Row {
	return []route.Row{
		route.Get(publicContact+"/conversations", route.Public, a.listPublicConversations),
		route.Get(publicContact+"/conversations/{id}", route.Public, a.showPublicConversation),
		route.Post(publicContact+"/conversations", route.Public, a.createPublicConversation),
		route.Post(publicContact+"/conversations/{id}/toggle_status", route.Public, a.resolvePublicConversation),
		route.Post(publicContact+"/conversations/{id}/toggle_typing", route.Public, a.typeInPublicConversation),
		route.Post(publicContact+"/conversations/{id}/update_last_seen", route.Public, a.seePublicConversation),
	}
}

// publicConversationOut is a conversation as its contact sees it, with
// everything that was said.
type publicConversationOut struct {
	ID                int64              `json:"id"` // display id
	UUID              string             `json:"uuid"`
	InboxID           int64              `json:"inbox_id"`
	ContactLastSeenAt route.Unix         `json:"contact_last_seen_at"`
	Status            string             `json:"status"`
	AgentLastSeenAt   route.Unix         `json:"agent_last_seen_at"`
	Messages          []publicMessageOut `json:"messages"`
	Contact           rawContactOut      `json:"contact"`
}

// publicConversationsOut reads conversations that a session may see; displayID
// 0: all of them.
func (a *API) publicConversationsOut(ctx context.Context, s store.Session, displayID int64) ([]publicConversationOut, error) {
	list, err := a.Store.SessionConversations(ctx, s, displayID)
	if err != nil {
		return nil, err
	}
	out := make([]publicConversationOut, len(list))
	at := make(map[int64]int, len(list))
	ids := make([]int64, len(list))
	for i, c := range list {
		at[c.ID], ids[i] = i, c.ID
		out[i] = publicConversationOut{
			ID: c.DisplayID, UUID: c.UUID, InboxID: c.InboxID, ContactLastSeenAt: unix(c.ContactLastSeenAt), AgentLastSeenAt: unix(c.AgentLastSeenAt),
			Status: string(chat.ConversationStatusOf(c.Status)), Contact: newRawContactOut(s.Contact),
		}
	}
	messages, err := a.Store.PublicMessages(ctx, ids)
	if err != nil {
		return nil, err
	}
	people, err := a.sendersOf(ctx, s.Contact.AccountID, messages)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		c := &out[at[m.ConversationID]]
		c.Messages = append(c.Messages, a.newPublicMessageOut(ctx, m, c.ID, people))
	}
	return out, nil
}

// publicConversationOut reads one.
func (a *API) publicConversationOut(ctx context.Context, s store.Session, displayID int64) (publicConversationOut, error) {
	list, err := a.publicConversationsOut(ctx, s, displayID)
	if err != nil {
		return publicConversationOut{}, err
	}
	if len(list) == 0 {
		return publicConversationOut{}, chat.NotFound()
	}
	return list[0], nil
}

func (a *API) listPublicConversations(ctx context.Context, _ *route.Call, in publicPath) ([]publicConversationOut, error) {
	_, s, err := a.session(ctx, in)
	if err != nil {
		return nil, err
	}
	return a.publicConversationsOut(ctx, s, 0)
}

type publicConversationIn struct {
	publicPath
	ID int64 `path:"id"` // display id
}

func (a *API) showPublicConversation(ctx context.Context, _ *route.Call, in publicConversationIn) (publicConversationOut, error) {
	_, s, err := a.session(ctx, in.publicPath)
	if err != nil {
		return publicConversationOut{}, err
	}
	if in.ID == 0 {
		return publicConversationOut{}, chat.NotFound()
	}
	return a.publicConversationOut(ctx, s, in.ID)
}

type createPublicConversationIn struct {
	publicPath
	CustomAttributes map[string]any `json:"custom_attributes"`
}

func (a *API) createPublicConversation(ctx context.Context, _ *route.Call, in createPublicConversationIn) (publicConversationOut, error) {
	inbox, s, err := a.session(ctx, in.publicPath)
	if err != nil {
		return publicConversationOut{}, err
	}
	id, err := a.Desk.OpenConversation(ctx, inbox, in.ContactID, in.CustomAttributes)
	if err != nil {
		return publicConversationOut{}, found(err)
	}
	return a.publicConversationOut(ctx, s, id)
}

func (a *API) resolvePublicConversation(ctx context.Context, _ *route.Call, in publicConversationIn) (publicConversationOut, error) {
	_, s, err := a.session(ctx, in.publicPath)
	if err != nil {
		return publicConversationOut{}, err
	}
	if err := a.Desk.ResolveByContact(ctx, s, in.ID); err != nil {
		return publicConversationOut{}, found(err)
	}
	return a.publicConversationOut(ctx, s, in.ID)
}

type publicTypingIn struct {
	publicConversationIn
	TypingStatus string `json:"typing_status"`
}

func (a *API) typeInPublicConversation(ctx context.Context, _ *route.Call, in publicTypingIn) (route.Empty, error) {
	_, s, err := a.session(ctx, in.publicPath)
	if err != nil {
		return route.Empty{}, err
	}
	if in.TypingStatus != "on" && in.TypingStatus != "off" {
		_, err := a.visibleConversation(ctx, s, in.ID)
		return route.Empty{}, err
	}
	return route.Empty{}, found(a.Desk.TypingByContact(ctx, s, in.ID, in.TypingStatus == "on"))
}

func (a *API) seePublicConversation(ctx context.Context, _ *route.Call, in publicConversationIn) (route.Empty, error) {
	_, s, err := a.session(ctx, in.publicPath)
	if err != nil {
		return route.Empty{}, err
	}
	return route.Empty{}, found(a.Desk.SeenByContact(ctx, s, in.ID))
}

// visibleConversation finds a conversation that the session may see.
func (a *API) visibleConversation(ctx context.Context, s store.Session, displayID int64) (store.SessionConversation, error) {
	if displayID == 0 {
		return store.SessionConversation{}, chat.NotFound()
	}
	list, err := a.Store.SessionConversations(ctx, s, displayID)
	if err != nil {
		return store.SessionConversation{}, err
	}
	if len(list) == 0 {
		return store.SessionConversation{}, chat.NotFound()
	}
	return list[0], nil
}
