package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func searchCases() []Case {
	return []Case{
		{"search messages", []string{"Store.SearchMessages", "Store.Sayings", "Store.DisplayIDs"}, testSearchMessages},
		{"the search index", []string{"Store.SearchWork", "Store.BuildSearch", "Store.SearchMessages", "Store.Sayings"}, testSearchIndex},
		{"search while the index is built", []string{"Store.BuildSearch", "Store.SearchMessages"}, testSearchMeanwhile},
		{"search contacts", []string{"Store.SearchContacts", "Store.MatchContacts"}, testSearchContacts},
		{"the index of contacts", []string{"Store.SearchWork", "Store.BuildSearch", "Store.MatchContacts", "Store.SearchConversations"}, testContactIndex},
		{"search conversations", []string{"Store.SearchConversations"}, testSearchConversations},
		{"search among many conversations", []string{"Store.SearchConversations"}, testSearchManyConversations},
		{"unread conversations", []string{"Store.CountUnread"}, testCountUnread},
	}
}

// found are the numbers of the messages that contain a text.
func (w *World) found(q store.MessageSearch, limit, offset int) []int64 {
	w.t.Helper()
	list, err := w.SearchMessages(w.t.Context(), q, limit, offset)
	noErr(w.t, "SearchMessages", err)
	out := []int64{}
	for _, m := range list {
		out = append(out, m.ID)
	}
	return out
}

func (w *World) all() store.Sight { return store.Sight{AccountID: w.Mine.Account, UserID: w.Mine.User} }

func testSearchMessages(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	one, two := w.line(w.Mine.Account, "one"), w.line(w.Mine.Account, "two")
	a, b := w.chat(one, "A"), w.chat(two, "B")
	theirs := w.chat(w.line(w.Theirs.Account, "theirs"), "T")
	write := func(c Chat, text string) int64 {
		w.Clock.Advance(time.Second)
		return w.incoming(c, text+show(w.Clock.Now()), text)
	}
	order, upper, umlaut := write(a, "Where is my order?"), write(b, "ORDER_1 is 100% lost"), write(a, "Ärger mit Straße")
	write(theirs, "an order of theirs")
	late := write(b, "the order again")
	note, activity := w.outgoing(a, w.Mine.User, "order noted"), w.outgoing(b, w.Mine.User, "order closed")
	w.exec(`UPDATE messages SET private = TRUE WHERE id = $1`, note)
	w.exec(`UPDATE messages SET message_type = 2, created_at = created_at - 1 WHERE id = $1`, activity)
	w.exec(`UPDATE messages SET content = NULL WHERE id = $1`, write(a, "order"))
	w.exec(`UPDATE conversations SET assignee_id = $1 WHERE id = $2`, w.Mine.User, a.Conversation)
	w.exec(`UPDATE conversations SET assignee_id = $1 WHERE id = $2`, w.Theirs.User, b.Conversation)

	sight := func(change func(*store.Sight)) store.Sight {
		s := w.all()
		change(&s)
		return s
	}
	var since int64
	if err := w.SQL.QueryRowContext(ctx, `SELECT created_at FROM messages WHERE id = $1`, late).Scan(&since); err != nil {
		t.Fatal(err)
	}
	many := make([]int64, 40)
	for i := range many {
		many[i] = one.Inbox + int64(i)*1000
	}
	for _, c := range []struct {
		name string
		q    store.MessageSearch
		want []int64
	}{
		{"a word", store.MessageSearch{Text: "order"}, []int64{note, late, activity, upper, order}},
		{"two letters", store.MessageSearch{Text: "RD"}, []int64{note, late, activity, upper, order}},
		{"one letter", store.MessageSearch{Text: "ß"}, []int64{umlaut}},
		{"another case", store.MessageSearch{Text: "äRGER MIT s"}, []int64{umlaut}},
		{"signs", store.MessageSearch{Text: "100%"}, []int64{upper}},
		{"no wildcard", store.MessageSearch{Text: "order%"}, []int64{}},
		{"an underscore", store.MessageSearch{Text: "r_1"}, []int64{upper}},
		{"everything", store.MessageSearch{Text: "", Since: since}, []int64{note, late}},
		{"what was said", store.MessageSearch{Text: "order", Said: true}, []int64{note, late, upper, order}},
		{"an inbox", store.MessageSearch{Text: "order", Sight: store.Sight{InboxIDs: []int64{one.Inbox}}}, []int64{note, order}},
		{"many inboxes", store.MessageSearch{Text: "order", Sight: store.Sight{InboxIDs: many}}, []int64{note, order}},
		{"no inbox", store.MessageSearch{Text: "order", Sight: store.Sight{InboxIDs: []int64{}}}, []int64{}},
		{"since", store.MessageSearch{Text: "order", Since: since}, []int64{note, late}},
		{"mine", store.MessageSearch{Text: "order", Sight: store.Sight{Visible: store.VisibleMine}}, []int64{note, order}},
		{"mine and nobody's", store.MessageSearch{Text: "order", Sight: store.Sight{Visible: store.VisibleMineAndNobody}}, []int64{note, order}},
		{"none", store.MessageSearch{Text: "order", Sight: store.Sight{Visible: store.VisibleNone}}, []int64{}},
	} {
		c.q.Sight = sight(func(s *store.Sight) { s.InboxIDs, s.Visible = c.q.InboxIDs, c.q.Visible })
		want(t, c.name, w.found(c.q, 10, 0), c.want)
	}
	q := store.MessageSearch{Sight: w.all(), Text: "order"}
	want(t, "a page", w.found(q, 2, 1), []int64{late, activity})
	want(t, "past the end", w.found(q, 2, 9), []int64{})
	list, err := w.SearchMessages(ctx, q, 1, 0)
	noErr(t, "SearchMessages", err)
	want(t, "a message", *list[0].Content+" "+list[0].Attributes, "order noted {}")

	said, err := w.Sayings(ctx, q)
	noErr(t, "Sayings", err)
	want(t, "Sayings", said, store.Sayings{a.Conversation: {order, note}, b.Conversation: {upper, late}})
	want(t, "their conversations", said.Conversations(), []int64{a.Conversation, b.Conversation})
	q.Visible = store.VisibleNone
	said, err = w.Sayings(ctx, q)
	noErr(t, "Sayings", err)
	want(t, "Sayings of nothing seen", said.Conversations(), []int64{})

	displayed, err := w.DisplayIDs(ctx, w.Mine.Account, []int64{a.Conversation, theirs.Conversation, 999})
	noErr(t, "DisplayIDs", err)
	want(t, "DisplayIDs", displayed, map[int64]int64{a.Conversation: a.Display})
	displayed, err = w.DisplayIDs(ctx, w.Mine.Account, nil)
	noErr(t, "DisplayIDs", err)
	want(t, "DisplayIDs of none", displayed, map[int64]int64{})
}

// segment is how many ids a segment of the index has.
const segment = 4096

// fillSegments writes messages until the index may have segments that are built: every
// third says "often", every 500th "seldom". It gives them in their order.
func (w *World) fillSegments(c Chat, segments int) (often, seldom []int64) {
	w.t.Helper()
	n := 0
	for last := int64(0); last < int64(segments)*segment; {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			list := make([]store.NewMessage, 0, 500)
			for range 500 {
				text := "message " + itoa(n) + " says"
				if n%3 == 0 {
					text += " Often"
				}
				if n%500 == 7 {
					text += " SELDOM"
				}
				list = append(list, store.NewMessage{
					IngestKey: store.IngestKey{InboxID: c.Inbox, Key: "s" + itoa(n)}, AccountID: c.Account, ConversationID: c.Conversation,
					Type: int(chat.Incoming), Content: &text, At: tx.Now.UnixMicro() + int64(n),
				})
				n++
			}
			made, err := tx.InsertMessages(ctx, list)
			for i, m := range list {
				id := made[m.IngestKey]
				last = max(last, id)
				if (n-500+i)%3 == 0 {
					often = append(often, id)
				}
				if (n-500+i)%500 == 7 {
					seldom = append(seldom, id)
				}
			}
			return err
		})
	}
	slices.Reverse(often)
	slices.Reverse(seldom)
	return often, seldom
}

// build builds what the index lacks, and tells which segments that were.
func (w *World) build() []int64 {
	w.t.Helper()
	work, err := w.SearchWork(w.t.Context())
	noErr(w.t, "SearchWork", err)
	out := []int64{}
	for _, one := range work {
		noErr(w.t, "BuildSearch", w.BuildSearch(w.t.Context(), one))
		out = append(out, one.Segment)
	}
	return out
}

func testSearchIndex(t *testing.T, w *World) {
	w.tenants()
	one, two := w.line(w.Mine.Account, "one"), w.line(w.Mine.Account, "two")
	a, b := w.chat(one, "A"), w.chat(two, "B")
	early := w.incoming(b, "early", "the B inbox says SELDOM things")
	often, seldom := w.fillSegments(a, 2)
	if len(seldom) < 16 {
		t.Fatalf("only %d", len(seldom))
	}
	look := func(when string) {
		t.Helper()
		for _, c := range []struct {
			name, text string
			inboxes    []int64
			want       []int64
			limit      int
			offset     int
		}{
			{"seldom", "seldom", nil, append(slices.Clone(seldom), early), 100, 0},
			{"a page of seldom", "seldom", nil, seldom[3:8], 5, 3},
			{"two letters", "OM", nil, append(slices.Clone(seldom), early), 100, 0},
			{"often", "often", nil, often[:15], 15, 0},
			{"a late page of often", "often", nil, often[1500:1515], 15, 1500},
			{"a long text", "the b inbox says seldom things", nil, []int64{early}, 15, 0},
			{"the other inbox", "seldom", []int64{two.Inbox}, []int64{early}, 15, 0},
			{"not in that inbox", "often", []int64{two.Inbox}, []int64{}, 15, 0},
			{"pieces, but not the text", "says often seldom and", nil, []int64{}, 15, 0},
			{"never", "never", nil, []int64{}, 15, 0},
		} {
			sight := w.all()
			sight.InboxIDs = c.inboxes
			want(t, when+": "+c.name, w.found(store.MessageSearch{Sight: sight, Text: c.text}, c.limit, c.offset), c.want)
		}
		theirs := store.MessageSearch{Sight: store.Sight{AccountID: w.Theirs.Account}, Text: "seldom"}
		want(t, when+": of another account", w.found(theirs, 15, 0), []int64{})
		said, err := w.Sayings(t.Context(), store.MessageSearch{Sight: w.all(), Text: "seldom"})
		noErr(t, "Sayings", err)
		want(t, when+": conversations", said.Conversations(), []int64{a.Conversation, b.Conversation})
		want(t, when+": sayings", len(said[a.Conversation]), len(seldom))
	}
	look("without an index")
	want(t, "work before all transactions are over", w.build(), []int64{})
	w.Clock.Advance(2 * time.Minute)
	want(t, "work", w.build(), []int64{1, 0})
	want(t, "work when it is done", w.build(), []int64{})
	look("with the index")
	w.exec(`DELETE FROM search_segments WHERE segment = 0`)
	look("with half of the index")
	want(t, "the lost half is built", w.build(), []int64{0})
	look("with the index again")

	// A text that changes is found as it is now, at once and after the segment was built anew.
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.RewriteMessage(ctx, seldom[0], ptr("rewritten"), "{}", false)
	})
	forget := func(id int64) {
		is := func(other int64) bool { return other == id }
		often, seldom = slices.DeleteFunc(often, is), slices.DeleteFunc(seldom, is)
	}
	forget(seldom[0])
	edited := func(when string) {
		want(t, when+": the new text", w.found(store.MessageSearch{Sight: w.all(), Text: "rewritten"}, 15, 0), []int64{w.number(`SELECT id FROM messages WHERE content = 'rewritten'`)})
		look(when)
	}
	edited("after an edit")
	want(t, "work after an edit", w.build(), []int64{1})
	edited("after an edit that the index knows")
	want(t, "noted changes", w.number(`SELECT COUNT(*) FROM search_changes`), 0)

	// What is gone is not found, and leaves the index after a while.
	w.exec(`DELETE FROM messages WHERE id = $1`, seldom[2])
	forget(seldom[2])
	look("after a deletion")
	want(t, "work right after it", w.build(), []int64{})
	w.Clock.Advance(time.Hour)
	want(t, "work later", len(w.build()), 1)
	want(t, "work when it was seen to", w.build(), []int64{})
	look("after a deletion that the index knows")
	w.exec(`DELETE FROM messages WHERE id < $1`, segment)
	w.Clock.Advance(time.Hour)
	want(t, "work when all is gone", w.build(), []int64{0})
	want(t, "grams of nothing", w.number(`SELECT COUNT(*) FROM search_grams WHERE kind = 1 AND segment = 0`), 0)
	want(t, "found of nothing", w.found(store.MessageSearch{Sight: w.all(), Text: "the b inbox"}, 15, 0), []int64{})
	w.exec(`DELETE FROM inboxes`)
	want(t, "after the inboxes", w.found(store.MessageSearch{Sight: w.all(), Text: "says"}, 15, 0), []int64{})
}

// While a segment is built anew, searches find what is in it.
func testSearchMeanwhile(t *testing.T, w *World) {
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	_, seldom := w.fillSegments(c, 1)
	w.Clock.Advance(2 * time.Minute)
	want(t, "work", w.build(), []int64{0})
	var stop sync.WaitGroup
	done := make(chan struct{})
	stop.Go(func() {
		defer close(done)
		for i := range 4 {
			w.exec(`UPDATE messages SET content = $2 WHERE id = $1`, seldom[0], "SELDOM "+itoa(i))
			w.Clock.Advance(time.Second)
			w.build()
		}
	})
	for i := 0; ; i++ {
		select {
		case <-done:
			stop.Wait()
			return
		default:
		}
		want(t, fmt.Sprint("search ", i), w.found(store.MessageSearch{Sight: w.all(), Text: "seldom"}, 100, 0), seldom)
	}
}
