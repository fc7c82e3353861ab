package storetest

import (
	"context"
	"slices"
	"testing"

	"tributary/chat"
	"tributary/store"
)

func listCases() []Case {
	return []Case{
		{"list conversations", []string{"Store.ListConversations", "Store.CountConversations", "Store.ConversationPage"}, testListConversations},
		{"order of conversations", []string{"Store.ListConversations"}, testListOrder},
		{"a listed conversation", []string{"Store.ConversationListedBy", "Store.ListConversations"}, testListed},
	}
}

// desk is five conversations that differ in what lists filter by.
func (w *World) desk() (list []Chat, lines []Line) {
	w.t.Helper()
	w.tenants()
	one, two := w.line(w.Mine.Account, "one"), w.line(w.Mine.Account, "two")
	for i, l := range []Line{one, one, two, two, one} {
		list = append(list, w.chat(l, "S"+itoa(i)))
	}
	for i, change := range []string{
		"assignee_id = 1, team_id = 5, updated_at = 100, first_reply_created_at = 1, waiting_since = NULL",
		"assignee_id = 2, updated_at = 200, first_reply_created_at = 1",
		"updated_at = 300",
		"status = 1, updated_at = 400, first_reply_created_at = 1, waiting_since = NULL",
		"status = 3, assignee_id = 1, updated_at = 500, first_reply_created_at = 1, waiting_since = NULL",
	} {
		w.exec(`UPDATE conversations SET `+change+` WHERE id = $1`, list[i].Conversation)
	}
	for i, label := range []string{"vip", "vip", "late"} {
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, $3)`, list[i].Conversation, w.Mine.Account, label)
	}
	w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, 'a')`, list[0].Conversation, w.Mine.Account)
	w.incoming(list[0], "k0", "Where is my ORDER, 100% lost?")
	w.incoming(list[1], "k1", "order_now")
	note := w.outgoing(list[2], w.Mine.User, "order")
	w.exec(`UPDATE messages SET message_type = 2 WHERE id = $1`, note)
	// Who was seen last: 0 and 3 are unread.
	for i, seen := range []string{
		"last_incoming_at = 5", "last_incoming_at = 5, agent_last_seen_at = 5", "agent_last_seen_at = 5",
		"last_incoming_at = 6, agent_last_seen_at = 5", "last_incoming_at = 5, agent_last_seen_at = 6",
	} {
		w.exec(`UPDATE conversations SET `+seen+` WHERE id = $1`, list[i].Conversation)
	}
	// The other account has the same of everything.
	o := w.chat(w.line(w.Theirs.Account, "other"), "S0")
	w.incoming(o, "k", "ORDER 100%")
	w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, 'vip')`, o.Conversation, w.Theirs.Account)
	w.exec(`UPDATE conversations SET assignee_id = 1, team_id = 5 WHERE id = $1`, o.Conversation)
	return list, []Line{one, two}
}

func testListConversations(t *testing.T, w *World) {
	list, lines := w.desk()
	account, me := w.Mine.Account, w.Mine.User
	for _, c := range []struct {
		name   string
		filter store.ConversationFilter
		want   []int // indexes in list
		counts store.ConversationCounts
	}{
		{"all", store.ConversationFilter{}, []int{0, 1, 2, 3, 4}, store.ConversationCounts{Mine: 2, Assigned: 3, Unassigned: 2, All: 5}},
		{"open", store.ConversationFilter{Statuses: []int{0}}, []int{0, 1, 2}, store.ConversationCounts{Mine: 1, Assigned: 2, Unassigned: 1, All: 3}},
		{"open or snoozed", store.ConversationFilter{Statuses: store.StatusCodes([]string{"open", "snoozed"})}, []int{0, 1, 2, 4}, store.ConversationCounts{Mine: 2, Assigned: 3, Unassigned: 1, All: 4}},
		{"an unknown status", store.ConversationFilter{Statuses: store.StatusCodes([]string{"asleep"})}, nil, store.ConversationCounts{}},
		{"no status", store.ConversationFilter{Statuses: []int{}}, nil, store.ConversationCounts{}},
		{"inbox", store.ConversationFilter{InboxID: lines[1].Inbox}, []int{2, 3}, store.ConversationCounts{Unassigned: 2, All: 2}},
		{"inboxes", store.ConversationFilter{InboxIDs: []int64{lines[0].Inbox, 999}}, []int{0, 1, 4}, store.ConversationCounts{Mine: 2, Assigned: 3, All: 3}},
		{"no inboxes", store.ConversationFilter{InboxIDs: []int64{}}, nil, store.ConversationCounts{}},
		{"team", store.ConversationFilter{TeamID: 5}, []int{0}, store.ConversationCounts{Mine: 1, Assigned: 1, All: 1}},
		{"labels", store.ConversationFilter{Labels: []string{"late", "vip", "a"}}, []int{0, 1, 2}, store.ConversationCounts{Mine: 1, Assigned: 2, Unassigned: 1, All: 3}},
		{"one label", store.ConversationFilter{Labels: []string{"late"}}, []int{2}, store.ConversationCounts{Unassigned: 1, All: 1}},
		{"unattended", store.ConversationFilter{Unattended: true}, []int{1, 2}, store.ConversationCounts{Assigned: 1, Unassigned: 1, All: 2}},
		{"among some", store.ConversationFilter{Among: []int64{list[1].Conversation, list[3].Conversation, 999}}, []int{1, 3}, store.ConversationCounts{Assigned: 1, Unassigned: 1, All: 2}},
		{"among none", store.ConversationFilter{Among: []int64{}}, nil, store.ConversationCounts{}},
		{"unread", store.ConversationFilter{Unread: true}, []int{0, 3}, store.ConversationCounts{Mine: 1, Assigned: 1, Unassigned: 1, All: 2}},
		{"source", store.ConversationFilter{SourceID: "S0"}, []int{0}, store.ConversationCounts{Mine: 1, Assigned: 1, All: 1}},
		{"source of nobody", store.ConversationFilter{SourceID: "S9"}, nil, store.ConversationCounts{}},
		{"updated after", store.ConversationFilter{UpdatedAfter: 300}, []int{3, 4}, store.ConversationCounts{Mine: 1, Assigned: 1, Unassigned: 1, All: 2}},
		{"mine and nobody's", store.ConversationFilter{Visible: store.VisibleMineAndNobody}, []int{0, 2, 3, 4}, store.ConversationCounts{Mine: 2, Assigned: 2, Unassigned: 2, All: 4}},
		{"mine", store.ConversationFilter{Visible: store.VisibleMine}, []int{0, 4}, store.ConversationCounts{Mine: 2, Assigned: 2, All: 2}},
		{"none", store.ConversationFilter{Visible: store.VisibleNone}, nil, store.ConversationCounts{}},
		{"assigned to me", store.ConversationFilter{Assignee: "me"}, []int{0, 4}, store.ConversationCounts{Mine: 2, Assigned: 3, Unassigned: 2, All: 5}},
		{"assigned", store.ConversationFilter{Assignee: "assigned"}, []int{0, 1, 4}, store.ConversationCounts{Mine: 2, Assigned: 3, Unassigned: 2, All: 5}},
		{"unassigned", store.ConversationFilter{Assignee: "unassigned", Statuses: []int{0}}, []int{2}, store.ConversationCounts{Mine: 1, Assigned: 2, Unassigned: 1, All: 3}},
		{
			"everything at once",
			store.ConversationFilter{
				Statuses: []int{0, 1}, InboxIDs: []int64{lines[0].Inbox}, InboxID: lines[0].Inbox, TeamID: 5,
				Labels: []string{"vip"}, Among: []int64{list[0].Conversation, list[1].Conversation}, Unread: true, SourceID: "S0", UpdatedAfter: 1, Visible: store.VisibleMine, Assignee: "me",
			},
			[]int{0},
			store.ConversationCounts{Mine: 1, Assigned: 1, All: 1},
		},
	} {
		c.filter.AccountID, c.filter.UserID = account, me
		rows, err := w.ListConversations(t.Context(), c.filter, store.ByCreatedAsc, 0, 0)
		noErr(t, c.name, err)
		var got []int
		for _, r := range rows {
			want(t, c.name+": account", r.AccountID, account)
			got = append(got, slices.IndexFunc(list, func(x Chat) bool { return x.Conversation == r.ID }))
		}
		want(t, c.name, got, c.want)
		counts, err := w.CountConversations(t.Context(), c.filter)
		noErr(t, c.name, err)
		want(t, c.name+": counts", counts, c.counts)
		page, counts, err := w.ConversationPage(t.Context(), c.filter, store.ByCreatedAsc, 0, 0)
		noErr(t, c.name+": both", err)
		want(t, c.name+": both", []any{len(page), counts}, []any{len(rows), c.counts})
	}
}

func testListOrder(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	var list []Chat
	for i, change := range []string{
		"priority = 1, last_activity_at = 10, created_at = 3, waiting_since = NULL",
		"priority = NULL, last_activity_at = 30, created_at = 1, waiting_since = 7",
		"priority = 3, last_activity_at = 20, created_at = 2, waiting_since = 9",
		"priority = NULL, last_activity_at = 40, created_at = 4, waiting_since = NULL",
		"priority = 3, last_activity_at = 20, created_at = 5, waiting_since = 9",
	} {
		c := w.chat(l, "S"+itoa(i))
		w.exec(`UPDATE conversations SET `+change+` WHERE id = $1`, c.Conversation)
		list = append(list, c)
	}
	for order, wanted := range map[store.ConversationOrder][]int{
		store.ByActivityDesc: {3, 1, 4, 2, 0}, store.ByActivityAsc: {0, 2, 4, 1, 3}, "nonsense": {3, 1, 4, 2, 0},
		store.ByCreatedDesc: {4, 3, 0, 2, 1}, store.ByCreatedAsc: {1, 2, 0, 3, 4},
		store.ByPriorityDesc: {4, 2, 0, 3, 1}, store.ByPriorityAsc: {0, 4, 2, 3, 1},
		store.ByWaitingDesc: {2, 4, 1, 0, 3}, store.ByWaitingAsc: {1, 2, 4, 0, 3},
	} {
		for _, page := range []struct{ limit, offset int }{{0, 0}, {2, 0}, {2, 2}, {2, 4}, {2, 6}} {
			rows, err := w.ListConversations(t.Context(), store.ConversationFilter{AccountID: w.Mine.Account}, order, page.limit, page.offset)
			noErr(t, "ListConversations", err)
			got := []int{}
			for _, r := range rows {
				got = append(got, slices.IndexFunc(list, func(x Chat) bool { return x.Conversation == r.ID }))
			}
			part := wanted
			if page.limit > 0 {
				part = wanted[min(page.offset, 5):min(page.offset+page.limit, 5)]
			}
			want(t, string(order)+" "+show(page), got, append([]int{}, part...))
		}
	}
}

func testListed(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c, theirs := w.chat(w.line(w.Mine.Account, "l"), "A"), w.chat(w.line(w.Theirs.Account, "o"), "B")
	bare, err := w.ConversationListedBy(ctx, c.Account, c.Display)
	noErr(t, "ConversationListedBy", err)
	want(t, "newest message of an empty conversation", bare.LastMessageID.Valid || bare.LastNonActivityID.Valid, false)
	want(t, "labels of a bare conversation", len(bare.Labels), 0)
	want(t, "unread", bare.UnreadCount, 0)

	w.many(c, "m", 12)
	last := w.outgoing(c, w.Mine.User, "answer")
	activity := in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.InsertWritten(ctx, store.Written{AccountID: c.Account, InboxID: c.Inbox, ConversationID: c.Conversation, Type: int(chat.Activity)})
	})
	w.exec(`UPDATE conversations SET priority = 1, custom_attributes = '{"c":1}', additional_attributes = '{"a":1}', snoozed_until = 2, first_reply_created_at = 3,
		waiting_since = 4, agent_last_seen_at = 5, contact_last_seen_at = 6, last_activity_at = 7, last_incoming_at = 8, assignee_id = $1, team_id = 9,
		assignee_last_seen_at = 10, updated_at = 11, status = 3 WHERE id = $2`, w.Mine.User, c.Conversation)
	w.exec(`UPDATE contact_inboxes SET hmac_verified = TRUE WHERE id = $1`, c.ContactInbox)
	for _, label := range []string{"z", "a", "ä"} {
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, $3)`, c.Conversation, c.Account, label)
	}
	p := func(n int64) *int64 { return &n }
	wanted := store.ConversationListed{
		ConversationView: store.ConversationView{
			ID: c.Conversation, DisplayID: c.Display, Status: 3, Priority: ptr(1), AdditionalAttributes: `{"a":1}`,
			CustomAttributes: `{"c":1}`, SnoozedUntil: p(2), FirstReplyCreatedAt: p(3), WaitingSince: p(4), AgentLastSeenAt: p(5), ContactLastSeenAt: p(6),
			LastActivityAt: 7, LastIncomingAt: p(8), CreatedAt: start.UnixMicro(), UpdatedAt: 11, AssigneeID: &w.Mine.User, UnreadCount: 10,
		},
		AccountID: c.Account, InboxID: c.Inbox, ChannelType: "Channel::Line", InboxName: "l", UUID: bare.UUID, TeamID: p(9), AssigneeLastSeenAt: p(10), SourceID: "A", HMACVerified: true,
		Contact: store.ContactRow{
			ContactView: store.ContactView{ID: c.Contact, Name: "Name of A", AdditionalAttributes: "{}", CustomAttributes: "{}"},
			CreatedAt:   start.UnixMicro(),
		},
		LastMessageID: bare.LastMessageID, LastNonActivityID: bare.LastNonActivityID, Labels: []string{"a", "z", "ä"},
	}
	wanted.LastMessageID.Int64, wanted.LastMessageID.Valid = activity, true
	wanted.LastNonActivityID.Int64, wanted.LastNonActivityID.Valid = last, true
	got, err := w.ConversationListedBy(ctx, c.Account, c.Display)
	noErr(t, "ConversationListedBy", err)
	want(t, "ConversationListedBy", got, wanted)
	list, err := w.ListConversations(ctx, store.ConversationFilter{AccountID: c.Account}, store.ByActivityDesc, 25, 0)
	noErr(t, "ListConversations", err)
	want(t, "ListConversations", list, []store.ConversationListed{wanted})

	w.exec(`UPDATE conversations SET agent_last_seen_at = 8 WHERE id = $1`, c.Conversation)
	got, err = w.ConversationListedBy(ctx, c.Account, c.Display)
	noErr(t, "ConversationListedBy", err)
	want(t, "unread when all was seen", got.UnreadCount, 0)
	got, err = w.ConversationListedBy(ctx, theirs.Account, c.Display)
	noErr(t, "their conversation", err)
	want(t, "their conversation of the same number", got.ID, theirs.Conversation)
	_, err = w.ConversationListedBy(ctx, c.Account, 99)
	wantErr(t, "ConversationListedBy of no number", err, store.ErrNotFound)
}
