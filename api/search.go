package api

import (
	"context"
	"encoding/json"
	"strings"

	"tributary/api/route"
	"tributary/desk"
	"tributary/store"
)

func (a *API) search() []route.Row {
	const search = account + "/search"
	return []route.Row{
		route.Get(search, route.Member, a.searchAll),
		route.Get(search+"/conversations", route.Member, a.searchConversationHits),
		route.Get(search+"/messages", route.Member, a.searchMessages),
		route.Get(search+"/contacts", route.Member, a.searchContactHits),
		route.Get(search+"/articles", route.Member, a.searchArticleHits),
	}
}

// searchPage is how many results of a kind a page has.
const searchPage = 15

// searchMonths is how far back messages are found.
const searchMonths = 3

type searchIn struct {
	Q    string     `query:"q"`
	Page route.Page `query:"page"`
}

func (in searchIn) text() string { return strings.TrimSpace(in.Q) }

type searchConversations struct {
	Conversations []conversationHit `json:"conversations"`
}

type searchMessages struct {
	Messages []messageOut `json:"messages"`
}

type searchContacts struct {
	Contacts []contactHit `json:"contacts"`
}

type searchArticles struct {
	Articles []articleHit `json:"articles"`
}

type searchOut struct {
	searchConversations
	searchContacts
	searchMessages
	searchArticles
}

// conversationHit is a conversation that was found.
type conversationHit struct {
	ID                   int64           `json:"id"` // display id
	AccountID            int64           `json:"account_id"`
	CreatedAt            route.Unix      `json:"created_at"`
	Message              *messageOut     `json:"message,omitempty"` // the oldest
	Contact              contactHit      `json:"contact"`
	Inbox                inboxMini       `json:"inbox"`
	Agent                *agentHit       `json:"agent,omitempty"`
	AdditionalAttributes json.RawMessage `json:"additional_attributes,omitempty"`
}

type contactHit struct {
	Email       *string `json:"email"`
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	PhoneNumber *string `json:"phone_number"`
	Identifier  *string `json:"identifier"`
}

func newContactHit(c store.ContactRow) contactHit {
	return contactHit{Email: c.Email, ID: c.ID, Name: c.Name, PhoneNumber: c.Phone, Identifier: c.Identifier}
}

type inboxMini struct {
	ID          int64  `json:"id"`
	ChannelID   int64  `json:"channel_id"`
	Name        string `json:"name"`
	ChannelType string `json:"channel_type"`
}

type agentHit struct {
	ID            int64  `json:"id"`
	AvailableName string `json:"available_name"`
	Email         string `json:"email"`
	Name          string `json:"name"`
	Role          string `json:"role"`
}

// articleHit is an article of a help center that was found.
type articleHit struct {
	ID           int64   `json:"id"`
	Title        string  `json:"title"`
	Locale       string  `json:"locale"`
	Content      *string `json:"content"`
	Slug         string  `json:"slug"`
	PortalSlug   string  `json:"portal_slug"`
	AccountID    int64   `json:"account_id"`
	CategoryName *string `json:"category_name"`
}

// searchAll looks for the same everywhere.
func (a *API) searchAll(ctx context.Context, c *route.Call, in searchIn) (payload[searchOut], error) {
	var out searchOut
	conversations, err := a.findConversations(ctx, c, in)
	if err != nil {
		return payload[searchOut]{}, err
	}
	for i := range conversations {
		conversations[i].AdditionalAttributes = nil
	}
	out.Conversations = conversations
	if out.Contacts, err = a.findContacts(ctx, c, in); err != nil {
		return payload[searchOut]{}, err
	}
	if out.Messages, err = a.findMessages(ctx, c, in); err != nil {
		return payload[searchOut]{}, err
	}
	out.Articles, err = a.findArticles(ctx, c, in)
	return payload[searchOut]{out}, err
}

func (a *API) searchConversationHits(ctx context.Context, c *route.Call, in searchIn) (payload[searchConversations], error) {
	list, err := a.findConversations(ctx, c, in)
	return payload[searchConversations]{searchConversations{list}}, err
}

func (a *API) searchMessages(ctx context.Context, c *route.Call, in searchIn) (payload[searchMessages], error) {
	list, err := a.findMessages(ctx, c, in)
	return payload[searchMessages]{searchMessages{list}}, err
}

func (a *API) searchContactHits(ctx context.Context, c *route.Call, in searchIn) (payload[searchContacts], error) {
	list, err := a.findContacts(ctx, c, in)
	return payload[searchContacts]{searchContacts{list}}, err
}

func (a *API) searchArticleHits(ctx context.Context, c *route.Call, in searchIn) (payload[searchArticles], error) {
	list, err := a.findArticles(ctx, c, in)
	return payload[searchArticles]{searchArticles{list}}, err
}

// sight is what the caller may see of the account's conversations.
func (a *API) sight(ctx context.Context, c *route.Call) (store.Sight, error) {
	inboxes, err := a.inboxesOf(ctx, c)
	return store.Sight{AccountID: c.Account.ID, UserID: c.User.ID, InboxIDs: inboxes, Visible: visibility(c)}, err
}

// findConversations finds conversations by their number and by their contact.
func (a *API) findConversations(ctx context.Context, c *route.Call, in searchIn) ([]conversationHit, error) {
	sight, err := a.sight(ctx, c)
	if err != nil {
		return nil, err
	}
	list, err := a.Store.SearchConversations(ctx, sight, in.text(), searchPage, in.Page.Offset(searchPage))
	if err != nil {
		return nil, err
	}
	var oldest, assignees []int64
	for _, hit := range list {
		if hit.OldestMessageID != 0 {
			oldest = append(oldest, hit.OldestMessageID)
		}
		if hit.AssigneeID != nil {
			assignees = append(assignees, *hit.AssigneeID)
		}
	}
	messages, err := a.Store.MessagesByID(ctx, c.Account.ID, oldest)
	if err != nil {
		return nil, err
	}
	flat := make([]store.MessageRow, 0, len(messages))
	for _, m := range messages {
		flat = append(flat, m)
	}
	people, err := a.sendersOf(ctx, c.Account.ID, flat, assignees...)
	if err != nil {
		return nil, err
	}
	out := make([]conversationHit, len(list))
	for i, hit := range list {
		out[i] = conversationHit{
			ID: hit.DisplayID, AccountID: c.Account.ID, CreatedAt: unix(&hit.CreatedAt), Contact: newContactHit(hit.Contact),
			Inbox:                inboxMini{ID: hit.InboxID, ChannelID: hit.ChannelID, Name: hit.InboxName, ChannelType: hit.ChannelType},
			AdditionalAttributes: object(hit.AdditionalAttributes),
		}
		if m, ok := messages[hit.OldestMessageID]; ok {
			message := a.newMessageOut(ctx, m, hit.DisplayID, people)
			out[i].Message = &message
		}
		if hit.AssigneeID == nil {
			continue
		}
		if u, ok := people.users[*hit.AssigneeID]; ok && u.Member {
			out[i].Agent = &agentHit{
				ID: u.ID, AvailableName: desk.AvailableName(u.DisplayName, u.Name), Email: u.Email, Name: u.Name, Role: roleName(u.Role),
			}
		}
	}
	return out, nil
}

// findMessages finds what was written lately.
func (a *API) findMessages(ctx context.Context, c *route.Call, in searchIn) ([]messageOut, error) {
	sight, err := a.sight(ctx, c)
	if err != nil {
		return nil, err
	}
	list, err := a.Store.SearchMessages(ctx, store.MessageSearch{
		Sight: sight, Text: in.text(), Since: c.Now.AddDate(0, -searchMonths, 0).UnixMicro(),
	}, searchPage, in.Page.Offset(searchPage))
	if err != nil {
		return nil, err
	}
	conversations := make([]int64, len(list))
	for i, m := range list {
		conversations[i] = m.ConversationID
	}
	displayed, err := a.Store.DisplayIDs(ctx, c.Account.ID, unique(conversations))
	if err != nil {
		return nil, err
	}
	people, err := a.sendersOf(ctx, c.Account.ID, list)
	if err != nil {
		return nil, err
	}
	out := make([]messageOut, len(list))
	for i, m := range list {
		out[i] = a.newMessageOut(ctx, m, displayed[m.ConversationID], people)
	}
	return out, nil
}

// findContacts finds contacts in the whole account.
func (a *API) findContacts(ctx context.Context, c *route.Call, in searchIn) ([]contactHit, error) {
	list, err := a.Store.SearchContacts(ctx, store.ContactSearch{AccountID: c.Account.ID, Text: in.text(), Resolution: resolved(c)},
		searchPage, in.Page.Offset(searchPage))
	out := make([]contactHit, len(list))
	for i, contact := range list {
		out[i] = newContactHit(contact)
	}
	return out, err
}

// findArticles finds articles of the account's help centers. There are no help centers
// yet, and so no articles: this is the one place that has to know them, with all
// states, by words that begin with those asked for, in title, description and content
// in this order of weight; nothing for a blank text.
func (a *API) findArticles(context.Context, *route.Call, searchIn) ([]articleHit, error) {
	return []articleHit{}, nil
}
