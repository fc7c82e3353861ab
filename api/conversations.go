package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"tributary/api/route"
	"tributary/chat"
	"tributary/store"
)

func (a *API) conversations() []route.Row {
	return []route.Row{
		route.Get(account+"/conversations", route.Member, a.listConversations),
		route.Get(account+"/conversations/meta", route.Member, a.countConversations),
		route.Get(account+"/conversations/search", route.Member, a.searchConversations),
		route.Get(account+"/conversations/unread_counts", route.Member, a.countUnread),
		route.Get(account+"/conversations/{id}", route.Member, a.showConversation),
		route.Post(account+"/conversations", route.Member, a.createConversation).AdmitBots(),
	}
}

// conversationQuery are the filters of the list and of its counts.
type conversationQuery struct {
	Status           route.Many       `query:"status"`
	AssigneeType     string           `query:"assignee_type"`
	InboxID          route.Opt[int64] `query:"inbox_id"`
	TeamID           route.Opt[int64] `query:"team_id"`
	Labels           route.Many       `query:"labels"`
	ConversationType string           `query:"conversation_type"`
	Q                string           `query:"q"`
	Unread           route.Opt[bool]  `query:"unread"`
	SourceID         string           `query:"source_id"`
	SortBy           string           `query:"sort_by"`
	Page             route.Page       `query:"page"`
	UpdatedWithin    route.Opt[int64] `query:"updated_within"`
}

type conversationCounts struct {
	Mine       int `json:"mine_count"`
	Assigned   int `json:"assigned_count"`
	Unassigned int `json:"unassigned_count"`
	All        int `json:"all_count"`
}

type conversationList struct {
	Data struct {
		Meta    conversationCounts `json:"meta"`
		Payload []conversationOut  `json:"payload"`
	} `json:"data"`
}

func (a *API) listConversations(ctx context.Context, c *route.Call, in conversationQuery) (conversationList, error) {
	var out conversationList
	filter, err := a.conversationFilter(ctx, c, in)
	if err != nil {
		return out, err
	}
	if _, err := a.sayings(ctx, &filter, in.Q); err != nil {
		return out, err
	}
	limit, offset := a.conversationPage(filter, in)
	list, counts, err := a.Store.ConversationPage(ctx, filter, orderOf(in.SortBy), limit, offset)
	if err != nil {
		return out, err
	}
	out.Data.Meta = conversationCounts(counts)
	out.Data.Payload, err = a.conversationsOut(ctx, c, list)
	return out, err
}

// conversationPage is which part of the list is asked for; changes are shown all together.
func (a *API) conversationPage(f store.ConversationFilter, in conversationQuery) (limit, offset int) {
	if f.UpdatedAfter != 0 {
		return 0, 0
	}
	return a.ConversationsPerPage, in.Page.Offset(a.ConversationsPerPage)
}

type conversationMetaOut struct {
	Meta conversationCounts `json:"meta"`
}

func (a *API) countConversations(ctx context.Context, c *route.Call, in conversationQuery) (conversationMetaOut, error) {
	filter, err := a.conversationFilter(ctx, c, in)
	if err != nil {
		return conversationMetaOut{}, err
	}
	if _, err := a.sayings(ctx, &filter, in.Q); err != nil {
		return conversationMetaOut{}, err
	}
	counts, err := a.Store.CountConversations(ctx, filter)
	return conversationMetaOut{conversationCounts(counts)}, err
}

// conversationFilter translates the query and adds what the caller may see.
func (a *API) conversationFilter(ctx context.Context, c *route.Call, in conversationQuery) (store.ConversationFilter, error) {
	f := store.ConversationFilter{
		AccountID: c.Account.ID, UserID: c.User.ID, InboxID: in.InboxID.V, SourceID: in.SourceID, Unread: in.Unread.V,
		Unattended: in.ConversationType == "unattended", Visible: visibility(c),
	}
	if team, asked := in.TeamID.Get(); asked {
		if err := a.teamExists(ctx, c, team); err != nil {
			return f, err
		}
		f.TeamID = team
	}
	if in.Q == "" {
		f.Statuses = statuses(in.Status)
	}
	for _, text := range in.Labels {
		for label := range strings.SplitSeq(text, ",") {
			if label = strings.TrimSpace(label); label != "" {
				f.Labels = append(f.Labels, label)
			}
		}
	}
	switch in.AssigneeType {
	case "me", "unassigned", "assigned":
		f.Assignee = in.AssigneeType
	}
	f.Mentioned = in.ConversationType == "mention"
	if f.Participating = in.ConversationType == "participating"; f.Participating {
		f.Visible = store.VisibleAll
	}
	if seconds, ok := in.UpdatedWithin.Get(); ok {
		f.UpdatedAfter = max(1, c.Now.Add(-time.Duration(min(seconds, maxWithin))*time.Second).UnixMicro())
	}
	if f.Participating {
		return f, nil
	}
	inboxes, err := a.inboxesOf(ctx, c)
	f.InboxIDs = inboxes
	return f, err
}

// inboxesOf are the inboxes of which the caller sees conversations; nil: all.
func (a *API) inboxesOf(ctx context.Context, c *route.Call) ([]int64, error) {
	if c.Admin() {
		return nil, nil
	}
	inboxes, err := a.Store.InboxIDs(ctx, c.Account.ID, c.User.ID)
	return append([]int64{}, inboxes...), err
}

// sayings finds the conversations of a filter in which the text was said, and narrows
// the filter to them.
func (a *API) sayings(ctx context.Context, f *store.ConversationFilter, text string) (store.Sayings, error) {
	if text == "" {
		return nil, nil
	}
	found, err := a.Store.Sayings(ctx, store.MessageSearch{Sight: f.Sight(), Text: text})
	f.Among = found.Conversations()
	return found, err
}

// maxWithin keeps updated_within, in seconds, inside a duration: a century.
const maxWithin = 100 * 365 * 24 * 3600

// statuses reads the status parameter; without one, open.
func statuses(names []string) []int {
	if len(names) == 0 {
		names = []string{string(chat.Open)}
	}
	if slices.Contains(names, "all") {
		return nil
	}
	return store.StatusCodes(names)
}

// visibility is how far the caller sees the conversations of their inboxes.
func visibility(c *route.Call) store.Visibility {
	switch {
	case c.Admin(), c.Membership.CustomRoleID == 0, c.Can(chat.PermissionConversations):
		return store.VisibleAll
	case c.Can(chat.PermissionUnassigned):
		return store.VisibleMineAndNobody
	case c.Can(chat.PermissionParticipating):
		return store.VisibleMine
	}
	return store.VisibleNone
}

// orderOf reads sort_by with its older names.
func orderOf(name string) store.ConversationOrder {
	switch o := store.ConversationOrder(name); o {
	case store.ByActivityAsc, store.ByCreatedDesc, store.ByCreatedAsc, store.ByPriorityDesc, store.ByPriorityAsc,
		store.ByWaitingDesc, store.ByWaitingAsc:
		return o
	}
	switch name {
	case "sort_on_created_at":
		return store.ByCreatedAsc
	case "sort_on_priority":
		return store.ByPriorityDesc
	case "sort_on_waiting_since":
		return store.ByWaitingAsc
	}
	return store.ByActivityDesc
}

func (a *API) showConversation(ctx context.Context, c *route.Call, in byID) (conversationOut, error) {
	row, err := a.Store.ConversationListedBy(ctx, c.Account.ID, in.ID)
	if err != nil {
		return conversationOut{}, found(err)
	}
	if err := a.seesConversation(ctx, c, row.InboxID, row.AssigneeID); err != nil {
		return conversationOut{}, err
	}
	list, err := a.conversationsOut(ctx, c, []store.ConversationListed{row})
	if err != nil {
		return conversationOut{}, err
	}
	return list[0], nil
}
