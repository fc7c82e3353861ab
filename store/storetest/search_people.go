package storetest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/store"
)

// person makes a contact.
func (w *World) person(account int64, values string, active any) int64 {
	w.t.Helper()
	w.exec(`INSERT INTO contacts (account_id, created_at, updated_at, last_activity_at, name, email, phone_number, identifier, additional_attributes)
		VALUES ($1, 1, 1, $2, `+values+`)`, account, active)
	return w.number(`SELECT MAX(id) FROM contacts`)
}

func testSearchContacts(t *testing.T, w *World) {
	w.tenants()
	ada := w.person(w.Mine.Account, `'Ada Lovelace', 'ada@example.test', '+4915112345', 'CRM-7', '{"company_name":"Engines"}'`, 5)
	bo := w.person(w.Mine.Account, `'Bo', NULL, NULL, 'crm-8', '{}'`, nil)
	nobody := w.person(w.Mine.Account, `'Lovely', NULL, NULL, NULL, '{"company_name":7}'`, 9)
	w.person(w.Theirs.Account, `'Ada Lovelace', 'ada@example.test', '+4915112345', 'CRM-7', '{}'`, 7)
	last := w.person(w.Mine.Account, `'Émile Love', 'e@example.test', NULL, NULL, '[]'`, 7)
	for _, c := range []struct {
		name string
		q    store.ContactSearch
		want []int64
	}{
		{"name", store.ContactSearch{Text: "LOVE"}, []int64{nobody, last, ada}},
		{"resolved", store.ContactSearch{Text: "love", Resolution: store.ResolvedContacts}, []int64{last, ada}},
		{"another case", store.ContactSearch{Text: "éMILE"}, []int64{last}},
		{"email", store.ContactSearch{Text: "ADA@"}, []int64{ada}},
		{"phone", store.ContactSearch{Text: "5112"}, []int64{ada}},
		{"identifier", store.ContactSearch{Text: "crm-"}, []int64{ada, bo}},
		{"exact identifier", store.ContactSearch{Text: "crm-", ExactIdentifier: true}, []int64{bo}},
		{"company", store.ContactSearch{Text: "engine", Company: true}, []int64{ada}},
		{"not the company", store.ContactSearch{Text: "engine"}, []int64{}},
		{"not across fields", store.ContactSearch{Text: "lovelaceada"}, []int64{}},
		{"everybody", store.ContactSearch{Text: ""}, []int64{nobody, last, ada, bo}},
		{"nobody", store.ContactSearch{Text: "zz"}, []int64{}},
	} {
		c.q.AccountID = w.Mine.Account
		got, all, err := w.MatchContacts(t.Context(), c.q)
		noErr(t, "MatchContacts", err)
		want(t, c.name+": all of them", all, true)
		want(t, c.name, got, c.want)
		list, err := w.SearchContacts(t.Context(), c.q, 2, 1)
		noErr(t, "SearchContacts", err)
		page := []int64{}
		for _, p := range list {
			page = append(page, p.ID)
		}
		want(t, c.name+": a page", page, append([]int64{}, c.want[min(1, len(c.want)):min(3, len(c.want))]...))
	}
	w.exec(`UPDATE contacts SET deleted_at = 1 WHERE id = $1`, last)
	w.exec(`UPDATE contacts SET contact_type = 1 WHERE id = $1`, bo)
	for resolution, wanted := range map[store.Resolution][]int64{store.AnyContact: {nobody, ada, bo}, store.ResolvedContacts: {ada, bo}, store.LeadContacts: {bo}} {
		got, _, err := w.MatchContacts(t.Context(), store.ContactSearch{AccountID: w.Mine.Account, Text: "", Resolution: resolution})
		noErr(t, "MatchContacts", err)
		want(t, "without who is deleted", got, wanted)
	}
	list, err := w.SearchContacts(t.Context(), store.ContactSearch{AccountID: w.Mine.Account, Text: "ada"}, 15, 0)
	noErr(t, "SearchContacts", err)
	want(t, "a contact", list[0].Name+" "+*list[0].Email+" "+*list[0].Identifier, "Ada Lovelace ada@example.test CRM-7")
}

// people makes many contacts; every thousandth is called Waldo.
func (w *World) people(account int64, n int) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error {
		list := make([]store.NewContact, n)
		for i := range list {
			list[i] = store.NewContact{AccountID: account, Name: "Person " + itoa(i)}
			if i%1000 == 5 {
				list[i].Name = "Waldo " + itoa(i)
			}
		}
		_, _, err := tx.EnsureContacts(ctx, list)
		return err
	})
}

func testContactIndex(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c := w.chat(l, "Waldo's friend")
	w.people(w.Mine.Account, segment+100)
	match := func(text string) int {
		t.Helper()
		got, _, err := w.MatchContacts(t.Context(), store.ContactSearch{AccountID: w.Mine.Account, Text: text})
		noErr(t, "MatchContacts", err)
		return len(got)
	}
	conversations := func(text string) int {
		t.Helper()
		got, err := w.SearchConversations(t.Context(), w.all(), text, 15, 0)
		noErr(t, "SearchConversations", err)
		return len(got)
	}
	look := func(when string) {
		t.Helper()
		want(t, when+": a name", match("WALDO"), 6)
		want(t, when+": a frequent one", match("person"), segment+95)
		want(t, when+": conversations of a name", conversations("waldo"), 1)
		want(t, when+": of a frequent one", conversations("e"), 1)
	}
	look("without an index")
	w.Clock.Advance(2 * time.Minute)
	want(t, "work", w.build(), []int64{0})
	look("with the index")
	touch := func(name string) {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.TouchContacts(ctx, []store.TouchContact{{ID: c.Contact, At: w.Clock.Now().UnixMicro(), Name: name}})
		})
	}
	touch("")
	want(t, "activity is no change of a text", w.number(`SELECT COUNT(*) FROM search_changes`), 0)
	touch("Valdemar")
	want(t, "a changed name", match("valdemar")*10+match("waldo"), 15)
	want(t, "its conversation", conversations("valdemar"), 1)
	want(t, "work after a change", w.build(), []int64{0})
	want(t, "a changed name that the index knows", match("valdemar")*10+match("waldo"), 15)
	want(t, "noted changes", w.number(`SELECT COUNT(*) FROM search_changes`), 0)
	w.exec(`UPDATE contacts SET additional_attributes = '{"company_name":"Looking Ltd"}' WHERE id = $1`, c.Contact)
	got, _, err := w.MatchContacts(t.Context(), store.ContactSearch{AccountID: w.Mine.Account, Text: "ltd", Company: true})
	noErr(t, "MatchContacts", err)
	want(t, "a new company", got, []int64{c.Contact})
}

func testSearchConversations(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	one, two := w.line(w.Mine.Account, "one"), w.line(w.Mine.Account, "two")
	list := make([]Chat, 0, 12)
	for i := range 12 {
		w.Clock.Advance(time.Second)
		l := one
		if i%2 == 1 {
			l = two
		}
		list = append(list, w.chat(l, fmt.Sprintf("Source %c", 'a'+i)))
	}
	w.chat(w.line(w.Theirs.Account, "theirs"), "Source a")
	w.exec(`UPDATE contacts SET email = 'x@example.test', phone_number = '+4977', identifier = 'id-1' WHERE id = $1`, list[3].Contact)
	w.exec(`UPDATE conversations SET assignee_id = $1, additional_attributes = '{"a":1}' WHERE id = $2`, w.Mine.User, list[3].Conversation)
	w.exec(`UPDATE conversations SET assignee_id = $1 WHERE id = $2`, w.Theirs.User, list[11].Conversation)
	first := w.incoming(list[3], "k", "first")
	w.incoming(list[3], "k2", "second")
	find := func(sight store.Sight, text string, limit, offset int) (out []int64) {
		t.Helper()
		hits, err := w.SearchConversations(ctx, sight, text, limit, offset)
		noErr(t, "SearchConversations", err)
		for _, h := range hits {
			out = append(out, h.DisplayID)
		}
		return out
	}
	sight := w.all()
	inbox, mine, nobodys, none := sight, sight, sight, sight
	inbox.InboxIDs, mine.Visible, nobodys.Visible, none.Visible = []int64{two.Inbox}, store.VisibleMine, store.VisibleMineAndNobody, store.VisibleNone
	empty := sight
	empty.InboxIDs = []int64{}
	for _, c := range []struct {
		name          string
		sight         store.Sight
		text          string
		limit, offset int
		want          []int64
	}{
		{"a name", sight, "SOURCE C", 15, 0, []int64{3}},
		{"an address", sight, "X@", 15, 0, []int64{4}},
		{"a phone number, which is no number of a conversation", sight, "4977", 15, 0, []int64{4}},
		{"an identifier", sight, "ID-1", 15, 0, []int64{4}},
		{"numbers, and a phone number", sight, "1", 15, 0, []int64{12, 11, 10, 4, 1}},
		{"a number", sight, "12", 15, 0, []int64{12}},
		{"all", sight, "source", 15, 0, []int64{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"a page", sight, "source", 3, 3, []int64{9, 8, 7}},
		{"past the end", sight, "source", 3, 30, nil},
		{"everything", sight, "", 2, 1, []int64{11, 10}},
		{"an inbox", inbox, "source", 15, 0, []int64{12, 10, 8, 6, 4, 2}},
		{"numbers in an inbox", inbox, "1", 15, 0, []int64{12, 10, 4}},
		{"mine", mine, "source", 15, 0, []int64{4}},
		{"mine and nobody's", nobodys, "1", 15, 0, []int64{11, 10, 4, 1}},
		{"none", none, "source", 15, 0, nil},
		{"no inbox", empty, "source", 15, 0, nil},
		{"nothing", sight, "zzz", 15, 0, nil},
		{"a zero", sight, "0", 15, 0, []int64{10}},
		{"too large a number", sight, "99999999999999999999999", 15, 0, nil},
	} {
		want(t, c.name, find(c.sight, c.text, c.limit, c.offset), c.want)
	}
	hits, err := w.SearchConversations(ctx, sight, "x@example", 15, 0)
	noErr(t, "SearchConversations", err)
	contact, err := w.Contact(ctx, w.Mine.Account, list[3].Contact)
	noErr(t, "Contact", err)
	want(t, "a conversation", hits, []store.ConversationHit{{
		ID: list[3].Conversation, DisplayID: 4, CreatedAt: start.Add(4 * time.Second).UnixMicro(), AdditionalAttributes: `{"a":1}`,
		AssigneeID: &w.Mine.User, InboxID: two.Inbox, InboxName: "two", ChannelID: two.Channel, ChannelType: "Channel::Line", OldestMessageID: first,
		Contact: contact,
	}})
}

// Where more contains the text than can be looked up one by one, the latest
// conversations are looked at.
func testSearchManyConversations(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "common")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		list := make([]store.NewConversation, 4000)
		for i := range list {
			list[i] = store.NewConversation{
				ThreadKey: store.ThreadKey{ContactInboxID: c.ContactInbox, Thread: itoa(i)}, AccountID: c.Account, InboxID: c.Inbox,
				ContactID: c.Contact, UUID: store.NewToken(), At: tx.Now.UnixMicro() + int64(i),
			}
		}
		_, err := tx.InsertConversations(ctx, list)
		return err
	})
	w.people(w.Mine.Account, segment+1000)
	w.Clock.Advance(time.Second)
	other := w.chat(c.Line, "Person of all")
	w.Clock.Advance(2 * time.Minute)
	w.build()
	for _, text := range []string{"common", "1", "12", "123", "4001", "person", "n", "no such"} {
		var wanted []int64
		for n := int64(4002); n > 0; n-- {
			name := "name of common"
			if n == other.Display {
				name = "name of person of all"
			}
			if strings.Contains(name, text) || strings.Contains(strconv.FormatInt(n, 10), text) {
				wanted = append(wanted, n)
			}
		}
		for _, page := range []int{0, 1, 20} {
			hits, err := w.SearchConversations(t.Context(), w.all(), text, 15, page*15)
			noErr(t, "SearchConversations", err)
			var got []int64
			for _, h := range hits {
				got = append(got, h.DisplayID)
			}
			part := wanted[min(page*15, len(wanted)):min(page*15+15, len(wanted))]
			want(t, fmt.Sprint(text, " page ", page), len(got), len(part))
			// The very first was made at another moment than the first of the many.
			slices.Sort(got)
			part = slices.Clone(part)
			slices.Sort(part)
			want(t, fmt.Sprint(text, " page ", page), append([]int64{}, got...), append([]int64{}, part...))
		}
	}
}

func testCountUnread(t *testing.T, w *World) {
	w.tenants()
	one, two := w.line(w.Mine.Account, "one"), w.line(w.Mine.Account, "two")
	theirs := w.chat(w.line(w.Theirs.Account, "theirs"), "T")
	all := []Chat{theirs}
	for i, change := range []string{
		"assignee_id = 1, team_id = 5",                     // mine
		"assignee_id = 2",                                  // another's
		"first_reply_created_at = 1, waiting_since = NULL", // nobody's, attended
		"agent_last_seen_at = 20",                          // read
		"status = 1",                                       // resolved
		"status = 2",
		"status = 3, assignee_id = 1",
		"last_incoming_at = NULL",
		"team_id = 5", // in the other inbox
	} {
		l := one
		if i == 8 {
			l = two
		}
		c := w.chat(l, "S"+itoa(i))
		w.exec(`UPDATE conversations SET last_incoming_at = 20, agent_last_seen_at = CASE WHEN id % 2 = 0 THEN 19 END WHERE id = $1`, c.Conversation)
		w.exec(`UPDATE conversations SET `+change+` WHERE id = $1`, c.Conversation)
		all = append(all, c)
	}
	w.exec(`UPDATE conversations SET last_incoming_at = 20 WHERE id = $1`, theirs.Conversation)
	for i, c := range all {
		w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, $3)`, c.Conversation, c.Account, []string{"vip", "bug"}[i%2])
	}
	w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, 'bug')`, all[2].Conversation, one.Account)
	for _, i := range []int{1, 4, 5, 9} {
		w.exec(`INSERT INTO conversation_participants (conversation_id, user_id, account_id, created_at) VALUES ($1, $2, $3, 1)`,
			all[i].Conversation, w.Mine.User, one.Account)
	}
	for _, i := range []int{1, 2, 4, 9} {
		w.exec(`INSERT INTO mentions (conversation_id, user_id, account_id, mentioned_at) VALUES ($1, $2, $3, 1)`, all[i].Conversation, w.Mine.User, one.Account)
	}
	w.exec(`INSERT INTO conversation_participants (conversation_id, user_id, account_id, created_at) VALUES ($1, $2, $3, 1)`,
		all[2].Conversation, w.Theirs.User, one.Account)
	count := func(change func(*store.Sight)) store.UnreadCounts {
		t.Helper()
		sight := w.all()
		change(&sight)
		got, err := w.CountUnread(t.Context(), sight)
		noErr(t, "CountUnread", err)
		return got
	}
	want(t, "all", count(func(*store.Sight) {}), store.UnreadCounts{
		All: 4, Mine: 1, Unassigned: 2, Unattended: 3, Mentioned: 3, Participating: 2, Pending: 1, Snoozed: 1, Inboxes: map[int64]int{one.Inbox: 3, two.Inbox: 1},
		Teams: map[int64]int{5: 2}, Labels: map[string]int{"bug": 4, "vip": 1},
	})
	want(t, "one inbox", count(func(s *store.Sight) { s.InboxIDs = []int64{two.Inbox} }), store.UnreadCounts{
		All: 1, Unassigned: 1, Unattended: 1, Mentioned: 1, Participating: 2, Inboxes: map[int64]int{two.Inbox: 1}, Teams: map[int64]int{5: 1}, Labels: map[string]int{"bug": 1},
	})
	want(t, "mine", count(func(s *store.Sight) { s.Visible = store.VisibleMine }), store.UnreadCounts{
		All: 1, Mine: 1, Unattended: 1, Mentioned: 1, Participating: 2, Snoozed: 1, Inboxes: map[int64]int{one.Inbox: 1}, Teams: map[int64]int{5: 1}, Labels: map[string]int{"bug": 1},
	})
	nothing := store.UnreadCounts{Participating: 2, Inboxes: map[int64]int{}, Teams: map[int64]int{}, Labels: map[string]int{}}
	want(t, "none", count(func(s *store.Sight) { s.Visible = store.VisibleNone }), nothing)
	want(t, "no inbox", count(func(s *store.Sight) { s.InboxIDs = []int64{} }), nothing)
}
