package api

import (
	"context"

	"tributary/api/route"
	"tributary/chat/filter"
	"tributary/store"
)

func (a *API) conversationFilters() []route.Row {
	return []route.Row{
		route.Post(account+"/conversations/filter", route.Member, a.filterConversations),
	}
}

type filterConversationsIn struct {
	Payload any        `json:"payload"`
	Page    route.Page `query:"page"`
}

// filterCounts are the totals beside a filtered list.
type filterCounts struct {
	Mine       int `json:"mine_count"`
	Unassigned int `json:"unassigned_count"`
	All        int `json:"all_count"`
}

type filteredConversations struct {
	Meta    filterCounts      `json:"meta"`
	Payload []conversationOut `json:"payload"`
}

func (a *API) filterConversations(ctx context.Context, c *route.Call, in filterConversationsIn) (filteredConversations, error) {
	var out filteredConversations
	f, err := a.seen(ctx, c)
	if err != nil {
		return out, err
	}
	if f.Matching, err = a.parseFilter(ctx, c, &filter.Conversations, in.Payload); err != nil {
		return out, err
	}
	list, counts, err := a.Store.ConversationPage(ctx, f, store.ByActivityDesc, a.ConversationsPerPage, in.Page.Offset(a.ConversationsPerPage))
	if err != nil {
		return out, err
	}
	out.Meta = filterCounts{Mine: counts.Mine, Unassigned: counts.Unassigned, All: counts.All}
	out.Payload, err = a.conversationsOut(ctx, c, list)
	return out, err
}

// seen finds all conversations that the caller may see.
func (a *API) seen(ctx context.Context, c *route.Call) (store.ConversationFilter, error) {
	inboxes, err := a.inboxesOf(ctx, c)
	return store.ConversationFilter{AccountID: c.Account.ID, UserID: c.User.ID, Visible: visibility(c), InboxIDs: inboxes}, err
}

// parseFilter reads the conditions that a client sent.
func (a *API) parseFilter(ctx context.Context, c *route.Call, g *filter.Grammar, payload any) (filter.Query, error) {
	defined, err := a.Store.FilterDefinitions(ctx, c.Account.ID)
	if err != nil {
		return filter.Query{}, err
	}
	return g.Parse(payload, defined, c.Now)
}
