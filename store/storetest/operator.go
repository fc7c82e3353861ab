package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/store"
)

func operatorCases() []Case {
	return []Case{
		{"lanes of jobs", []string{"Store.JobLanes"}, testJobLanes},
		{"what waits for providers", []string{"Store.DeliveryCounts", "Store.OpenDeliveries"}, testOpenDeliveries},
		{"messages that were not sent", []string{"Store.FailedMessages"}, testFailedMessages},
		{"traffic of inboxes", []string{"Store.InboxTraffic", "Store.AllRefusals"}, testInboxTraffic},
		{"who runs the installation", []string{"Store.HolderOfToken", "Store.UserSession"}, testSuperAdminCalls},
	}
}

func testJobLanes(t *testing.T, w *World) {
	ctx := t.Context()
	lanes := func() []store.JobLane {
		t.Helper()
		list, err := w.JobLanes(ctx, []string{store.LaneMedia, store.LaneMail})
		noErr(t, "JobLanes", err)
		return list
	}
	want(t, "at first", lanes(), []store.JobLane{{Lane: store.LaneMail}, {Lane: store.LaneMedia}})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		for _, at := range []time.Duration{-time.Minute, -time.Second, time.Hour} {
			if err := tx.InsertJob(ctx, store.Job{Kind: "k", Lane: store.LaneMail, RunAt: start.Add(at)}); err != nil {
				return err
			}
		}
		return tx.InsertJob(ctx, store.Job{Kind: "k", Lane: store.LanePush})
	})
	due := start.Add(-time.Minute)
	want(t, "two are due", lanes()[0], store.JobLane{Lane: store.LaneMail, Due: 2, Later: 1, OldestDue: due})
	_, err := w.ClaimJobs(ctx, store.LaneMail, "me", time.Minute, 1)
	noErr(t, "ClaimJobs", err)
	want(t, "one runs", lanes()[0], store.JobLane{Lane: store.LaneMail, Due: 2, Running: 1, Later: 1, OldestDue: start.Add(-time.Second)})
	w.exec(`UPDATE jobs SET state = 'dead' WHERE lease_owner <> ''`)
	want(t, "one is given up", lanes()[0], store.JobLane{Lane: store.LaneMail, Due: 1, Later: 1, Dead: 1, OldestDue: start.Add(-time.Second)})
}

func testOpenDeliveries(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, other := w.line(w.Mine.Account, "l"), w.line(w.Theirs.Account, "o")
	a, b := w.chat(l, "A"), w.chat(other, "B")
	counts := func() store.DeliveryCounts {
		t.Helper()
		c, err := w.DeliveryCounts(ctx)
		noErr(t, "DeliveryCounts", err)
		return c
	}
	open := func(channel int64, limit, offset int) []store.OpenDelivery {
		t.Helper()
		list, err := w.OpenDeliveries(ctx, channel, limit, offset)
		noErr(t, "OpenDeliveries", err)
		return list
	}
	want(t, "nothing waits", counts(), store.DeliveryCounts{})
	want(t, "nothing is open", len(open(0, 9, 0)), 0)
	a1, a2 := w.outgoing(a, w.Mine.User, "a1"), w.outgoing(a, w.Mine.User, "a2")
	b1 := w.outgoing(b, w.Theirs.User, "b1")
	w.deliver(a, a1, start)
	w.deliver(a, a2, start)
	w.deliver(b, b1, start.Add(time.Minute))
	want(t, "one is due, one waits behind it", counts(), store.DeliveryCounts{Waiting: 3, Overdue: 1, OverdueSince: start, Oldest: start})
	w.claim("me", 9)
	want(t, "it is being sent", counts(), store.DeliveryCounts{Waiting: 3, Oldest: start})
	list := open(0, 9, 0)
	want(t, "oldest first", []int64{list[0].MessageID, list[1].MessageID, list[2].MessageID}, []int64{a1, a2, b1})
	want(t, "who sends it", []string{list[0].Owner, list[1].Owner, list[2].Owner}, []string{"me", "", ""})
	want(t, "its conversation", list[0].DisplayID, a.Display)
	want(t, "its channel", list[2].ChannelID, other.Channel)
	want(t, "times", []time.Time{list[2].NextAt, list[2].CreatedAt}, []time.Time{start.Add(time.Minute), start})
	want(t, "a page", open(0, 1, 1)[0].MessageID, a2)
	want(t, "of a channel", open(other.Channel, 9, 0)[0].MessageID, b1)
	noErr(t, "DeferDelivery", w.DeferDelivery(ctx, a1, start.Add(time.Hour), "no answer", true))
	want(t, "tried before", counts(), store.DeliveryCounts{Waiting: 3, Retrying: 1, Oldest: start})
	again := open(0, 1, 0)[0]
	want(t, "why", again.LastError, "no answer")
	want(t, "how often", again.Attempts, 1)
}

func testFailedMessages(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, other := w.line(w.Mine.Account, "l"), w.line(w.Theirs.Account, "o")
	a, b := w.chat(l, "A"), w.chat(other, "B")
	sent, failed, theirs := w.outgoing(a, w.Mine.User, "sent"), w.outgoing(a, w.Mine.User, "failed"), w.outgoing(b, w.Theirs.User, "theirs")
	w.exec(`UPDATE messages SET status = 3, content_attributes = '{"external_error":"131026: no"}' WHERE id IN ($1, $2)`, failed, theirs)
	read := func(inbox int64, limit, offset int) []int64 {
		t.Helper()
		list, err := w.FailedMessages(ctx, inbox, limit, offset)
		noErr(t, "FailedMessages", err)
		var out []int64
		for _, m := range list {
			out = append(out, m.MessageID)
			want(t, "why", m.Error, "131026: no")
		}
		return out
	}
	want(t, "newest first", read(0, 9, 0), []int64{theirs, failed})
	want(t, "a page", read(0, 1, 1), []int64{failed})
	want(t, "of an inbox", read(l.Inbox, 9, 0), []int64{failed})
	list, err := w.FailedMessages(ctx, l.Inbox, 1, 0)
	noErr(t, "FailedMessages", err)
	want(t, "its conversation", []int64{list[0].AccountID, list[0].ConversationID, list[0].DisplayID}, []int64{a.Account, a.Conversation, a.Display})
	w.exec(`UPDATE messages SET status = 0 WHERE id <> $1`, sent)
	want(t, "none any more", len(read(0, 9, 0)), 0)
}

func testInboxTraffic(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, other := w.line(w.Mine.Account, "l"), w.line(w.Theirs.Account, "o")
	note := func(list ...store.WebhookNews) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.NoteWebhooks(ctx, list) })
	}
	note(store.WebhookNews{InboxID: l.Inbox, VerifiedAt: 3, FirstEventAt: 4, LastEventAt: 5, LastSentAt: 9})
	note(store.WebhookNews{InboxID: l.Inbox, LastSentAt: 7}, store.WebhookNews{InboxID: other.Inbox, LastSentAt: 8})
	got, err := w.InboxTraffic(ctx, []int64{l.Inbox, other.Inbox, 999})
	noErr(t, "InboxTraffic", err)
	want(t, "InboxTraffic", got, map[int64]store.InboxTraffic{
		l.Inbox: {InboxID: l.Inbox, VerifiedAt: 3, LastIn: 5, LastOut: 9}, other.Inbox: {InboxID: other.Inbox, LastOut: 8},
	})
	count := func(list ...store.Refusals) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.CountRefusals(ctx, list) })
	}
	count(store.Refusals{InboxID: l.Inbox, Cause: "signature", Count: 2})
	w.Clock.Advance(time.Hour)
	count(store.Refusals{InboxID: l.Inbox, Cause: "signature", Count: 1}, store.Refusals{InboxID: other.Inbox, Cause: "busy", Count: 4})
	all := func() []store.Refusals {
		t.Helper()
		list, err := w.AllRefusals(ctx)
		noErr(t, "AllRefusals", err)
		return list
	}
	want(t, "AllRefusals", all(), []store.Refusals{{InboxID: l.Inbox, Cause: "signature", Count: 3}, {InboxID: other.Inbox, Cause: "busy", Count: 4}})
	w.Clock.Advance(24*time.Hour - 30*time.Minute)
	want(t, "those of a day ago are forgotten", all()[0].Count, 1)
}

func testSuperAdminCalls(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.session(w.Mine.User, "laptop", "t0k3n", time.Hour)
	is := func(wanted bool) {
		t.Helper()
		token, err := w.AccessToken(ctx, store.OwnerUser, w.Mine.User)
		noErr(t, "AccessToken", err)
		holder, err := w.HolderOfToken(ctx, token)
		noErr(t, "HolderOfToken", err)
		want(t, "by token", holder.SuperAdmin, wanted)
		session, err := w.UserSession(ctx, w.Mine.Email, "laptop", "t0k3n")
		noErr(t, "UserSession", err)
		want(t, "by session", session.SuperAdmin, wanted)
	}
	is(false)
	w.exec(`UPDATE users SET type = 'SuperAdmin' WHERE id = $1`, w.Mine.User)
	is(true)
}
