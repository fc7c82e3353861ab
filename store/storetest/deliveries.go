package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tributary/store"
)

func deliveryCases() []Case {
	return []Case{
		{"a parked channel", []string{"Store.ParkChannel"}, testParkChannel},
		{"claim deliveries", []string{"Tx.InsertDelivery", "Store.ClaimDeliveries", "Store.NextDelivery", "Tx.FinishDelivery"}, testClaimDeliveries},
		{"give deliveries back", []string{"Store.DeferDelivery", "Store.ReleaseDeliveries", "Store.ExpireLeases"}, testGiveBack},
	}
}

func partCases() []Case {
	return []Case{
		{"a part was sent", []string{"Tx.PartsSent", "Store.RenewDeliveries"}, testPartSent},
		{"lines of conversations", []string{"Tx.InsertDelivery", "Tx.FinishDelivery", "Tx.PartsSent", "Store.MendLines"}, testLines},
		{"one comes while the one before goes", []string{"Tx.InsertDelivery", "Tx.FinishDelivery"}, testLineMeanwhile},
		{"a clock that runs ahead", []string{"Tx.InsertDelivery"}, testClockAhead},
		{"parts of several messages", []string{"Tx.PartsSent"}, testPartsSent},
		{"the echo of a part", []string{"Tx.PartsSent"}, testEcho},
	}
}

// claim leases everything that is due for a minute.
func (w *World) claim(owner string, limit int, skip ...int64) map[int64]store.Delivery {
	w.t.Helper()
	list, err := w.ClaimDeliveries(w.t.Context(), owner, time.Minute, limit, skip)
	noErr(w.t, "ClaimDeliveries", err)
	out := map[int64]store.Delivery{}
	for _, d := range list {
		out[d.MessageID] = d
	}
	want(w.t, "each claimed once", len(out), len(list))
	return out
}

func (w *World) finish(message int64) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.FinishDelivery(ctx, message) })
}

func (w *World) wantNext(wanted time.Time, skip ...int64) {
	w.t.Helper()
	at, err := w.NextDelivery(w.t.Context(), skip)
	noErr(w.t, "NextDelivery", err)
	if !at.Equal(wanted) {
		w.t.Errorf("NextDelivery %s, want %s", at, wanted)
	}
}

// messages are the keys of claimed deliveries that are among ids, in the order
// of ids.
func messages(claimed map[int64]store.Delivery, ids ...int64) []int64 {
	out := []int64{}
	for _, id := range ids {
		if _, ok := claimed[id]; ok {
			out = append(out, id)
		}
	}
	return out
}

func testClaimDeliveries(t *testing.T, w *World) {
	w.tenants()
	l, paused := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "paused")
	a, b, p := w.chat(l, "A"), w.chat(l, "B"), w.chat(paused, "P")
	w.wantNext(time.Time{})
	a1, a2 := w.outgoing(a, w.Mine.User, "a1"), w.outgoing(a, w.Mine.User, "a2")
	b1, p1 := w.outgoing(b, w.Mine.User, "b1"), w.outgoing(p, w.Mine.User, "p1")
	w.deliver(a, a2, start)
	w.deliver(a, a1, start)
	w.deliver(b, b1, start.Add(time.Second))
	w.deliver(p, p1, start)
	all := []int64{a1, a2, b1, p1}
	w.wantNext(start)
	w.wantNext(start, paused.Channel, 999)
	w.wantNext(start, l.Channel)
	w.wantNext(time.Time{}, paused.Channel, l.Channel)

	got := w.claim("one", 10, paused.Channel, 999)
	want(t, "the oldest of each conversation that is due", messages(got, all...), []int64{a1})
	d := got[a1]
	want(t, "delivery", store.Delivery{
		MessageID: d.MessageID, AccountID: d.AccountID, InboxID: d.InboxID, ChannelID: d.ChannelID, ConversationID: d.ConversationID,
		JobID: d.JobID, PartsSent: d.PartsSent, Attempts: d.Attempts, Crashes: d.Crashes, LastError: d.LastError,
	},
		store.Delivery{MessageID: a1, AccountID: a.Account, InboxID: l.Inbox, ChannelID: l.Channel, ConversationID: a.Conversation, JobID: fmt.Sprintf("job-%d", a1)})
	if !d.NextAt.Equal(start) || !d.Deadline.Equal(start.Add(time.Hour)) || !d.CreatedAt.Equal(start) {
		t.Errorf("times of a delivery: %s, %s, %s", d.NextAt, d.Deadline, d.CreatedAt)
	}
	want(t, "claimed again", len(w.claim("two", 10, paused.Channel)), 0)
	w.Clock.Advance(time.Second)
	want(t, "what became due", messages(w.claim("two", 10, paused.Channel), all...), []int64{b1})
	want(t, "the channel that was skipped", messages(w.claim("two", 1), all...), []int64{p1})
	w.finish(a1)
	want(t, "the next of a conversation", messages(w.claim("two", 10), all...), []int64{a2})
	want(t, "nothing left", len(w.claim("two", 10)), 0)
	w.wantNext(start.Add(time.Second + time.Minute))

	// A lease that ended was its owner's crash.
	w.Clock.Advance(time.Minute)
	got = w.claim("three", 10)
	want(t, "after the leases", messages(got, all...), []int64{a2, b1, p1})
	want(t, "crashes", got[b1].Crashes, 1)
	for _, id := range all {
		w.finish(id)
	}
	w.wantNext(time.Time{})
	want(t, "limit 0", len(w.claim("one", 0)), 0)
}

func testGiveBack(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	a1, b1 := w.outgoing(a, w.Mine.User, "a1"), w.outgoing(b, w.Mine.User, "b1")
	w.deliver(a, a1, start)
	w.deliver(b, b1, start)
	want(t, "claimed", len(w.claim("one", 10)), 2)
	noErr(t, "DeferDelivery", w.DeferDelivery(ctx, a1, start.Add(2*time.Second), "try later", true))
	noErr(t, "DeferDelivery", w.DeferDelivery(ctx, 999, start, "none", true))
	w.wantNext(start.Add(2 * time.Second))
	want(t, "before it is due", len(w.claim("two", 10)), 0)
	w.Clock.Advance(2 * time.Second)
	got := w.claim("two", 10)
	want(t, "deferred", messages(got, a1, b1), []int64{a1})
	want(t, "attempts", got[a1].Attempts, 1)
	want(t, "crashes", got[a1].Crashes, 0)
	want(t, "last error", got[a1].LastError, "try later")
	noErr(t, "DeferDelivery", w.DeferDelivery(ctx, a1, w.Clock.Now(), "wait for the limit", false))
	got = w.claim("two", 10)
	want(t, "attempts when none was counted", got[a1].Attempts, 1)

	noErr(t, "ReleaseDeliveries", w.ReleaseDeliveries(ctx, "one"))
	got = w.claim("three", 10)
	want(t, "released", messages(got, a1, b1), []int64{b1})
	want(t, "crashes after a release", got[b1].Crashes, 0)
	noErr(t, "ReleaseDeliveries", w.ReleaseDeliveries(ctx, "nobody"))
	want(t, "held by others", len(w.claim("four", 10)), 0)

	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.InsertJob(ctx, store.Job{Kind: "k"}) })
	jobs, err := w.ClaimJobs(ctx, store.LaneDeferred, "one", time.Minute, 10)
	noErr(t, "ClaimJobs", err)
	want(t, "jobs", len(jobs), 1)
	noErr(t, "ExpireLeases", w.ExpireLeases(ctx))
	got = w.claim("five", 10)
	want(t, "after ExpireLeases", messages(got, a1, b1), []int64{a1, b1})
	want(t, "crashes after ExpireLeases", got[a1].Crashes, 1)
	jobs, err = w.ClaimJobs(ctx, store.LaneDeferred, "two", time.Minute, 10)
	noErr(t, "ClaimJobs", err)
	want(t, "jobs after ExpireLeases", len(jobs), 1)
}

func testPartSent(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	m := w.outgoing(c, w.Mine.User, "two parts")
	w.deliver(c, m, start)
	w.claim("dies", 10)
	w.Clock.Advance(time.Minute)
	d := w.claim("one", 10)[m]
	want(t, "crashes", d.Crashes, 1)
	sent := func(part int, ids ...string) {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.PartsSent(ctx, []store.PartAnswer{{Delivery: d, Part: part, ProviderIDs: ids}})
		})
	}
	source := func() *string {
		rows, err := w.MessagesByID(ctx, c.Account, []int64{m})
		noErr(t, "MessagesByID", err)
		return rows[m].SourceID
	}
	sent(0)
	want(t, "source id without an answer's id", source(), nil)
	sent(0, "p1", "p2")
	sent(1, "p3")
	want(t, "source id", source(), ptr("p1"))
	want(t, "provider ids", w.number(`SELECT COUNT(*) FROM message_provider_ids WHERE message_id = $1 AND inbox_id = $2`, m, c.Inbox), 3)
	want(t, "part of p3", w.number(`SELECT part FROM message_provider_ids WHERE provider_id = 'p3'`), 1)

	// The lease stays; its owner prolongs it.
	w.wantNext(start.Add(2 * time.Minute))
	noErr(t, "RenewDeliveries", w.RenewDeliveries(ctx, "nobody", time.Hour, start.Add(time.Hour)))
	w.wantNext(start.Add(2 * time.Minute))
	w.Clock.Advance(30 * time.Second)
	noErr(t, "RenewDeliveries", w.RenewDeliveries(ctx, "one", time.Minute, start.Add(2*time.Minute)))
	w.wantNext(start.Add(2 * time.Minute)) // it does not end before that
	noErr(t, "RenewDeliveries", w.RenewDeliveries(ctx, "one", time.Minute, start.Add(2*time.Minute+time.Microsecond)))
	w.wantNext(start.Add(150 * time.Second))
	w.Clock.Advance(time.Minute)
	d = w.claim("two", 10)[m]
	want(t, "parts sent", d.PartsSent, 2)
	want(t, "crashes since the last part", d.Crashes, 1)
}

// Who stands behind somebody comes to the front when all before are gone, however they go.
func testLines(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	var m []int64
	for range 5 {
		m = append(m, w.outgoing(c, w.Mine.User, "x"))
	}
	for _, i := range []int{1, 2, 3, 4} {
		w.deliver(c, m[i], start)
	}
	front := func(what string, ids ...int64) {
		t.Helper()
		got := w.claim("one", 10)
		want(t, what, messages(got, m...), ids)
		noErr(t, "ReleaseDeliveries", w.ReleaseDeliveries(ctx, "one"))
	}
	front("the first", m[1])
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.FinishDelivery(ctx, m[1]) })
	front("the second", m[2])
	w.deliver(c, m[0], start) // an older one is sent again
	front("the older one", m[0])
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.PartsSent(ctx, []store.PartAnswer{{Delivery: store.Delivery{MessageID: m[0], InboxID: c.Inbox, ConversationID: c.Conversation}, Last: true}})
	})
	front("the second again", m[2])
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.FinishDelivery(ctx, m[3]) }) // from the middle
	front("still the second", m[2])
	w.exec(`DELETE FROM deliveries WHERE message_id = $1`, m[2]) // as an older binary does
	front("nobody", []int64{}...)
	noErr(t, "MendLines", w.MendLines(ctx))
	front("the last", m[4])
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.FinishDelivery(ctx, 999_999) }) // nothing was ordered
}

// Whichever of the two transactions is first, the one that came is in front afterwards.
func testLineMeanwhile(t *testing.T, w *World) {
	if w.URL == "" {
		return // the embedded database has one writer at a time
	}
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	m := []int64{w.outgoing(c, w.Mine.User, "1"), w.outgoing(c, w.Mine.User, "2"), w.outgoing(c, w.Mine.User, "3")}
	come := func(id int64) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			return tx.InsertDelivery(t.Context(), store.Delivery{
				MessageID: id, AccountID: c.Account, InboxID: c.Inbox, ChannelID: c.Channel, ConversationID: c.Conversation, JobID: "j",
				NextAt: start, Deadline: start.Add(time.Hour),
			})
		}
	}
	leave := func(id int64) func(tx *store.Tx) error {
		return func(tx *store.Tx) error { return tx.FinishDelivery(t.Context(), id) }
	}
	both := func(first, second func(tx *store.Tx) error) {
		held, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 2)
		go func() {
			done <- w.Transact(t.Context(), func(tx *store.Tx) error {
				err := first(tx)
				close(held)
				<-release
				return err
			})
		}()
		<-held
		go func() { done <- w.Transact(t.Context(), second) }()
		w.waitBlocked(1)
		close(release)
		for range 2 {
			noErr(t, "transaction", <-done)
		}
	}
	w.deliver(c, m[0], start)
	both(come(m[1]), leave(m[0]))
	want(t, "came first", messages(w.claim("one", 10), m...), []int64{m[1]})
	noErr(t, "ReleaseDeliveries", w.ReleaseDeliveries(t.Context(), "one"))
	both(leave(m[1]), come(m[2]))
	want(t, "left first", messages(w.claim("one", 10), m...), []int64{m[2]})
}

// A reply that a process took whose clock runs ahead does not wait until the others' are
// as late.
func testClockAhead(t *testing.T, w *World) {
	if w.URL == "" {
		return // the embedded database has the clock of its one process
	}
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "A")
	w.deliver(c, w.outgoing(c, w.Mine.User, "now"), time.Now().Add(10*time.Minute))
	at, err := w.NextDelivery(t.Context(), nil)
	noErr(t, "NextDelivery", err)
	if at.IsZero() || at.After(time.Now().Add(time.Minute)) {
		t.Errorf("due at %s, ten minutes ahead", at)
	}
}

// What several providers answered is recorded at once: orders end or go on, each for
// itself, and an id that is told twice belongs to the last who told it.
func testPartsSent(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, b := w.chat(w.line(w.Mine.Account, "l"), "A"), w.chat(w.line(w.Theirs.Account, "k"), "B")
	m1, m2, m3 := w.outgoing(a, w.Mine.User, "one part"), w.outgoing(b, w.Theirs.User, "first of two"), w.outgoing(a, w.Mine.User, "nothing to send")
	for _, m := range []int64{m1, m3} {
		w.deliver(a, m, start)
	}
	w.deliver(b, m2, start)
	of := func(c Chat, m int64, part int, last bool, ids ...string) store.PartAnswer {
		return store.PartAnswer{
			Delivery: store.Delivery{MessageID: m, InboxID: c.Inbox, ConversationID: c.Conversation}, Part: part, ProviderIDs: ids, Last: last,
		}
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.PartsSent(ctx, []store.PartAnswer{of(b, m2, 0, false, "same", "more", "more"), of(a, m1, 0, true, "same"), of(a, m3, -1, true)})
	})
	rows, err := w.MessagesByID(ctx, a.Account, []int64{m1, m3})
	noErr(t, "MessagesByID", err)
	want(t, "source id", rows[m1].SourceID, ptr("same"))
	want(t, "source id without an id", rows[m3].SourceID, nil)
	want(t, "provider ids of the first", w.number(`SELECT COUNT(*) FROM message_provider_ids WHERE message_id = $1`, m1), 1)
	want(t, "provider ids of the second", w.number(`SELECT COUNT(*) FROM message_provider_ids WHERE message_id = $1`, m2), 2)
	want(t, "orders that go on", w.number(`SELECT COUNT(*) FROM deliveries`), 1)
	want(t, "parts sent", w.number(`SELECT parts_sent FROM deliveries WHERE message_id = $1`, m2), 1)
}

func testEcho(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	c, other := w.chat(l, "A"), w.chat(l, "B")
	m := w.outgoing(c, w.Mine.User, "said once")
	d := w.deliver(c, m, start)
	// The provider reported our own message before it answered our call; others
	// only look alike.
	echo := w.incoming(c, "p1", "said once")
	w.exec(`UPDATE messages SET message_type = 1, sender_type = NULL, sender_id = NULL WHERE id = $1`, echo)
	w.exec(`INSERT INTO message_provider_ids (inbox_id, provider_id, message_id) VALUES ($1, 'p1', $2)`, l.Inbox, echo)
	elsewhere := w.incoming(other, "x", "said once")
	w.exec(`UPDATE messages SET message_type = 1, sender_id = NULL, source_id = 'p1' WHERE id = $1`, elsewhere)
	contact := w.incoming(c, "y", "said once")
	w.exec(`UPDATE messages SET source_id = 'p1' WHERE id = $1`, contact)

	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.PartsSent(ctx, []store.PartAnswer{{Delivery: d, Part: 0, ProviderIDs: []string{"p1"}}})
	})
	want(t, "the echo", w.number(`SELECT COUNT(*) FROM messages WHERE id = $1`, echo), 0)
	want(t, "others", w.number(`SELECT COUNT(*) FROM messages WHERE id IN ($1, $2, $3)`, m, elsewhere, contact), 3)
	want(t, "whose provider id it is", w.number(`SELECT message_id FROM message_provider_ids WHERE provider_id = 'p1'`), m)
}

func testParkChannel(t *testing.T, w *World) {
	w.tenants()
	l, other := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "other")
	a, b, c := w.chat(l, "A"), w.chat(l, "B"), w.chat(other, "C")
	sending, waiting, free := w.outgoing(a, w.Mine.User, "1"), w.outgoing(b, w.Mine.User, "2"), w.outgoing(c, w.Mine.User, "3")
	w.deliver(a, sending, start)
	claimed := w.claim("p", 10)
	w.deliver(b, waiting, start)
	w.deliver(c, free, start)
	until := start.Add(time.Hour)
	noErr(t, "ParkChannel", w.ParkChannel(t.Context(), claimed[sending].ChannelID, until))
	want(t, "claimed beside a parked channel", messages(w.claim("p", 10), waiting, free), []int64{free})
	w.finish(free)
	w.finish(sending)
	w.wantNext(until)
	w.Clock.Advance(time.Hour)
	want(t, "claimed afterwards", messages(w.claim("p", 10), waiting), []int64{waiting})
}
