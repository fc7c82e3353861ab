package storetest

import (
	"context"
	"testing"
	"time"

	"tributary/chat"
	"tributary/store"
)

func assignmentCases() []Case {
	return []Case{
		{"turns of an inbox", []string{"Tx.HoldAssignment", "Tx.TakeTurn", "Tx.Candidates", "Tx.CountRecents", "Tx.AssignmentInbox", "Tx.AssignmentRules"}, testTurns},
		{"what members have", []string{"Tx.CountAssigned", "Store.LeftBehind", "Tx.IsInboxMember"}, testAssigned},
		{"what waits for members", []string{"Tx.WaitingForAgents", "Store.Unassigned", "Store.InboxesToSweep", "Tx.LockConversations"}, testUnassigned},
		{"clocks of conversations", []string{"Store.DueSnoozed", "Store.ResolvingAccounts", "Store.IdleConversations"}, testClocks},
		{"surveys", []string{"Tx.ToSurvey", "Tx.SurveyConfig"}, testSurveys},
		{"reporting events", []string{"Tx.InsertReportingEvents", "Tx.ReportedConversations", "Tx.ReportedMessages", "Tx.InboxHours"}, testReporting},
	}
}

// member makes a member of an inbox.
func (w *World) member(l Line, name string) int64 {
	w.t.Helper()
	id := w.user(name+"@example.com", name)
	w.join(l.Account, id)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AddInboxMembers(ctx, l.Inbox, []int64{id})
		return err
	})
	return id
}

func testTurns(t *testing.T, w *World) {
	w.tenants()
	l, other := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "m")
	a, b := w.member(l, "ann"), w.member(l, "bob")
	outsider := w.user("x@example.com", "x")
	w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, l.Inbox, outsider)
	w.exec(`UPDATE inboxes SET enable_auto_assignment = FALSE, auto_assignment_config = '{"x":1}' WHERE id = $1`, l.Inbox)
	w.exec(`UPDATE account_users SET availability = 2, auto_offline = FALSE WHERE user_id = $1`, b)
	inbox := in(w, func(ctx context.Context, tx *store.Tx) (store.AssignmentInbox, error) {
		return tx.AssignmentInbox(ctx, l.Inbox)
	})
	want(t, "AssignmentInbox", inbox, store.AssignmentInbox{AccountID: w.Mine.Account, Config: `{"x":1}`})
	w.fails("AssignmentInbox of none", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.AssignmentInbox(ctx, 999)
		return err
	})
	candidates := func(team int64) []store.Candidate {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) ([]store.Candidate, error) {
			return tx.Candidates(ctx, w.Mine.Account, l.Inbox, team)
		})
	}
	ann := store.Candidate{UserID: a, Name: "ann", AutoOffline: true}
	bob := store.Candidate{UserID: b, Name: "bob", Availability: 2}
	want(t, "at first", candidates(0), []store.Candidate{ann, bob})
	held := func() int64 {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.HoldAssignment(ctx, l.Inbox) })
	}
	take := func(user int64, recent bool) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.HoldAssignment(ctx, l.Inbox); err != nil {
				return err
			}
			return tx.TakeTurn(ctx, l.Inbox, user, recent)
		})
	}
	want(t, "no turn yet", held(), 0)
	take(a, false)
	w.Clock.Advance(time.Minute)
	take(b, true)
	take(a, true)
	w.Clock.Advance(time.Minute)
	take(a, true)
	want(t, "turns", held(), 4)
	ann.Turn, bob.Turn = 4, 2
	want(t, "in turn", candidates(0), []store.Candidate{bob, ann})
	team := w.team(w.Mine.Account, "help")
	w.inTeam(team, a)
	want(t, "of a team", candidates(team), []store.Candidate{ann})
	recents := func(of int64, since time.Duration) map[int64]int64 {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) (map[int64]int64, error) {
			return tx.CountRecents(ctx, of, tx.Now.Add(-since))
		})
	}
	want(t, "recents of another inbox", recents(other.Inbox, time.Hour), map[int64]int64{})
	want(t, "recents", recents(l.Inbox, time.Hour), map[int64]int64{a: 2, b: 1})
	want(t, "recents of a minute", recents(l.Inbox, time.Minute), map[int64]int64{a: 1})
	want(t, "what was forgotten", recents(l.Inbox, time.Hour), map[int64]int64{a: 1})

	policy := w.policy(w.Mine.Account, "one")
	_, err := w.SetInboxPolicy(t.Context(), w.Mine.Account, l.Inbox, policy.ID)
	noErr(t, "SetInboxPolicy", err)
	outside, err := w.AssignmentRules(t.Context(), l.Inbox)
	noErr(t, "AssignmentRules", err)
	inside := in(w, func(ctx context.Context, tx *store.Tx) (store.AssignmentRules, error) {
		return tx.AssignmentRules(ctx, l.Inbox)
	})
	want(t, "rules", inside, outside)
}

func testAssigned(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, other := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "m")
	a, b := w.member(l, "ann"), w.member(l, "bob")
	give := func(c Chat, user int64, status chat.ConversationStatus) Chat {
		w.exec(`UPDATE conversations SET assignee_id = $2, status = $3 WHERE id = $1`, c.Conversation, user, status.Code())
		return c
	}
	old := give(w.chat(l, "old"), a, chat.Open)
	w.Clock.Advance(48 * time.Hour)
	labelled := give(w.chat(l, "labelled"), a, chat.Open)
	plain := give(w.chat(l, "plain"), a, chat.Open)
	give(w.chat(l, "resolved"), a, chat.Resolved)
	elsewhere := give(w.chat(other, "elsewhere"), a, chat.Open)
	give(w.chat(l, "bob's"), b, chat.Open)
	w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, 'vip')`, labelled.Conversation, w.Mine.Account)
	hours, labels := 24.0, []string{"vip", "ü"}
	for name, x := range map[string]struct {
		rules  store.ExclusionRules
		wanted int64
	}{
		"all":                 {store.ExclusionRules{}, 3},
		"the young":           {store.ExclusionRules{ExcludeOlderThanHours: &hours}, 2},
		"without labels":      {store.ExclusionRules{ExcludedLabels: &labels}, 2},
		"both":                {store.ExclusionRules{ExcludeOlderThanHours: &hours, ExcludedLabels: &labels}, 1},
		"of a very long time": {store.ExclusionRules{ExcludeOlderThanHours: ptr(1e300)}, 3},
	} {
		got := in(w, func(ctx context.Context, tx *store.Tx) (map[int64]int64, error) {
			return tx.CountAssigned(ctx, w.Mine.Account, l.Inbox, []int64{a, w.Mine.User}, x.rules)
		})
		want(t, name, got, map[int64]int64{a: x.wanted})
	}
	left := func(inbox, after int64, limit int) []int64 {
		t.Helper()
		list, err := w.LeftBehind(ctx, w.Mine.Account, inbox, a, after, limit)
		noErr(t, "LeftBehind", err)
		return list
	}
	want(t, "left in the account", left(0, 0, 10), []int64{old.Conversation, labelled.Conversation, plain.Conversation, elsewhere.Conversation})
	want(t, "left in an inbox", left(l.Inbox, old.Conversation, 10), []int64{labelled.Conversation, plain.Conversation})
	want(t, "a share", left(l.Inbox, 0, 1), []int64{old.Conversation})
	for user, is := range map[int64]bool{a: true, w.Mine.User: false} {
		got := in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.IsInboxMember(ctx, l.Inbox, user) })
		want(t, "a member", got, is)
	}
}

func testUnassigned(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, empty, by := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "empty"), w.line(w.Mine.Account, "by hand")
	a := w.member(l, "ann")
	w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, by.Inbox, a)
	w.exec(`UPDATE inboxes SET enable_auto_assignment = FALSE WHERE id = $1`, by.Inbox)
	one, mine, foreign, resolved := w.chat(l, "one"), w.chat(l, "mine"), w.chat(l, "foreign"), w.chat(l, "resolved")
	two := w.chat(l, "two")
	w.exec(`UPDATE conversations SET assignee_id = $2 WHERE id = $1`, mine.Conversation, a)
	w.exec(`UPDATE conversations SET assignee_id = $2 WHERE id = $1`, foreign.Conversation, w.Mine.User)
	w.exec(`UPDATE conversations SET status = 1 WHERE id = $1`, resolved.Conversation)
	w.exec(`UPDATE conversations SET last_activity_at = last_activity_at + 1 WHERE id = $1`, one.Conversation)
	all := []int64{
		two.Conversation, one.Conversation, mine.Conversation, foreign.Conversation, resolved.Conversation,
		w.chat(empty, "x").Conversation, w.chat(by, "y").Conversation, 999,
	}
	waiting := in(w, func(ctx context.Context, tx *store.Tx) ([]store.Unassigned, error) {
		return tx.WaitingForAgents(ctx, all)
	})
	var wanted []store.Unassigned
	for _, c := range []Chat{one, foreign, two} {
		wanted = append(wanted, store.Unassigned{AccountID: w.Mine.Account, InboxID: l.Inbox, ID: c.Conversation})
	}
	want(t, "WaitingForAgents", waiting, wanted)
	locked := in(w, func(ctx context.Context, tx *store.Tx) ([]store.ConversationRow, error) {
		return tx.LockConversations(ctx, []int64{two.Conversation, 999, one.Conversation})
	})
	want(t, "LockConversations", locked, []store.ConversationRow{w.row(one), w.row(two)})
	none := in(w, func(ctx context.Context, tx *store.Tx) ([]store.ConversationRow, error) {
		return tx.LockConversations(ctx, nil)
	})
	want(t, "LockConversations of none", none, nil)
	list, err := w.Unassigned(ctx, l.Inbox, false, 10)
	noErr(t, "Unassigned", err)
	want(t, "made first", list, []int64{one.Conversation, two.Conversation})
	list, err = w.Unassigned(ctx, l.Inbox, true, 10)
	noErr(t, "Unassigned", err)
	want(t, "idle first", list, []int64{two.Conversation, one.Conversation})
	list, err = w.Unassigned(ctx, l.Inbox, false, 1)
	noErr(t, "Unassigned", err)
	want(t, "one", list, []int64{one.Conversation})

	const feature = 1 << 50
	sweep := func() []store.SweptInbox {
		t.Helper()
		list, err := w.InboxesToSweep(ctx, feature)
		noErr(t, "InboxesToSweep", err)
		return list
	}
	want(t, "without feature or policy", sweep(), nil)
	mineOnly := []store.SweptInbox{{AccountID: w.Mine.Account, InboxID: l.Inbox}}
	w.exec(`UPDATE accounts SET features = $2 WHERE id = $1`, w.Mine.Account, int64(feature|1))
	want(t, "with the feature", sweep(), mineOnly)
	w.exec(`UPDATE accounts SET features = 1`)
	policy := w.policy(w.Mine.Account, "one")
	_, err = w.SetInboxPolicy(ctx, w.Mine.Account, l.Inbox, policy.ID)
	noErr(t, "SetInboxPolicy", err)
	want(t, "with a policy", sweep(), mineOnly)
	w.exec(`UPDATE assignment_policies SET enabled = FALSE`)
	want(t, "with one that is off", sweep(), nil)
	w.exec(`UPDATE assignment_policies SET enabled = TRUE`)
	w.exec(`UPDATE accounts SET status = 1 WHERE id = $1`, w.Mine.Account)
	want(t, "suspended", sweep(), nil)
}

func testClocks(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	now := w.Clock.Now()
	at := func(source string, status, snoozed, activity, waiting any) int64 {
		c := w.chat(l, source)
		w.exec(`UPDATE conversations SET status = $2, snoozed_until = $3, last_activity_at = $4, waiting_since = $5 WHERE id = $1`,
			c.Conversation, status, snoozed, activity, waiting)
		return c.Conversation
	}
	micro := func(d time.Duration) int64 { return now.Add(d).UnixMicro() }
	due, first := at("due", 3, micro(0), micro(0), nil), at("first", 3, micro(-time.Hour), micro(0), nil)
	at("later", 3, micro(1000), micro(0), nil)
	at("long ago", 3, micro(-72*time.Hour), micro(0), nil)
	at("until the next message", 3, nil, micro(0), nil)
	at("open", 0, micro(-time.Hour), micro(0), nil)
	list, err := w.DueSnoozed(ctx, now.Add(-72*time.Hour), now, 10)
	noErr(t, "DueSnoozed", err)
	want(t, "DueSnoozed", list, []int64{first, due})
	list, err = w.DueSnoozed(ctx, now.Add(-72*time.Hour), now, 1)
	noErr(t, "DueSnoozed", err)
	want(t, "one", list, []int64{first})

	waits, idle := at("waits", 0, nil, micro(-2*time.Hour), int64(1)), at("idle", 0, nil, micro(-time.Hour-time.Millisecond), nil)
	at("fresh", 0, nil, micro(-time.Hour), nil)
	at("resolved", 1, nil, micro(-2*time.Hour), nil)
	for answered, wanted := range map[bool][]int64{false: {waits, idle}, true: {idle}} {
		list, err := w.IdleConversations(ctx, w.Mine.Account, now.Add(-time.Hour), answered, 10)
		noErr(t, "IdleConversations", err)
		want(t, "IdleConversations", list, wanted)
	}
	list, err = w.IdleConversations(ctx, w.Mine.Account, now, false, 1)
	noErr(t, "IdleConversations", err)
	want(t, "one", list, []int64{waits})
	list, err = w.IdleConversations(ctx, w.Theirs.Account, now, false, 10)
	noErr(t, "IdleConversations", err)
	want(t, "of others", list, nil)

	accounts := func() []store.ResolvingAccount {
		t.Helper()
		list, err := w.ResolvingAccounts(ctx)
		noErr(t, "ResolvingAccounts", err)
		return list
	}
	want(t, "nobody resolves", accounts(), nil)
	w.exec(`UPDATE accounts SET settings = '{"auto_resolve_after":10}'`)
	w.exec(`UPDATE accounts SET status = 1 WHERE id = $1`, w.Theirs.Account)
	want(t, "one", accounts(), []store.ResolvingAccount{{ID: w.Mine.Account, Settings: `{"auto_resolve_after":10}`}})
}

func testSurveys(t *testing.T, w *World) {
	w.tenants()
	l, quiet := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "quiet")
	w.exec(`UPDATE inboxes SET csat_survey_enabled = TRUE, csat_config = '{"message":"?"}' WHERE id = $1`, l.Inbox)
	asked, fresh, silent := w.chat(l, "asked"), w.chat(l, "fresh"), w.chat(quiet, "silent")
	w.exec(`UPDATE messages SET content_type = 9 WHERE id = $1`, w.outgoing(asked, w.Mine.User, "how was it?"))
	w.outgoing(fresh, w.Mine.User, "hello")
	got := in(w, func(ctx context.Context, tx *store.Tx) ([]store.Surveyed, error) {
		return tx.ToSurvey(ctx, []int64{asked.Conversation, fresh.Conversation, silent.Conversation, 999})
	})
	want(t, "ToSurvey", got, []store.Surveyed{{AccountID: w.Mine.Account, ID: fresh.Conversation}})
	config := in(w, func(ctx context.Context, tx *store.Tx) (string, error) { return tx.SurveyConfig(ctx, l.Inbox) })
	want(t, "SurveyConfig", config, `{"message":"?"}`)
	w.fails("SurveyConfig of none", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.SurveyConfig(ctx, 999)
		return err
	})
}

func testReporting(t *testing.T, w *World) {
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	incoming := w.incoming(a, "k", "hello")
	answer := w.outgoing(a, w.Mine.User, "hi")
	w.exec(`UPDATE conversations SET assignee_id = $2 WHERE id = $1`, a.Conversation, w.Mine.User)
	event := func(c Chat, user int64, name string, end int64) store.ReportingEvent {
		return store.ReportingEvent{
			AccountID: c.Account, InboxID: c.Inbox, UserID: user, ConversationID: c.Conversation, Name: name, Value: 7, InBusinessHours: 3, Start: 1, End: end,
		}
	}
	w.Clock.Advance(time.Second)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertReportingEvents(ctx, nil); err != nil {
			return err
		}
		return tx.InsertReportingEvents(ctx, []store.ReportingEvent{
			event(a, w.Mine.User, store.ReportResolved, 11), event(a, 0, store.ReportResolved, 10), event(a, 0, store.ReportOpened, 12),
			event(a, 0, store.ReportBotResolved, 13), event(a, 0, store.ReportBotHandoff, 14), event(a, 999, store.ReportFirstResponse, 15),
		})
	})
	want(t, "rows", w.number(`SELECT COUNT(*) FROM reporting_events`), 5) // none of a user who is gone
	want(t, "a row", w.number(`SELECT COUNT(*) FROM reporting_events WHERE user_id = $1 AND account_id = $2 AND inbox_id = $3 AND conversation_id = $4
		AND name = 'conversation_resolved' AND value = 7 AND value_in_business_hours = 3 AND event_start_time = 1 AND event_end_time = 11
		AND created_at = $5 AND updated_at = $5`, w.Mine.User, a.Account, a.Inbox, a.Conversation, w.Clock.Now().UnixMicro()), 1)
	read := func() []store.ReportedConversation {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) ([]store.ReportedConversation, error) {
			return tx.ReportedConversations(ctx, []int64{b.Conversation, a.Conversation, 999})
		})
	}
	facts := store.ReportedConversation{
		ID: a.Conversation, AccountID: a.Account, InboxID: a.Inbox, AssigneeID: w.Mine.User, CreatedAt: start.UnixMicro(), Answered: true,
		Resolved: 11, Opened: 12, BotResolved: 13, Handoff: 14,
	}
	plain := store.ReportedConversation{ID: b.Conversation, AccountID: b.Account, InboxID: b.Inbox, CreatedAt: start.UnixMicro()}
	want(t, "conversations", read(), []store.ReportedConversation{facts, plain})
	w.exec(`INSERT INTO agent_bots (id, account_id, created_at, updated_at) VALUES (5, $1, 1, 1)`, a.Account)
	w.exec(`INSERT INTO agent_bot_inboxes (inbox_id, agent_bot_id, account_id, created_at, updated_at) VALUES ($1, 5, $2, 1, 1)`, a.Inbox, a.Account)
	want(t, "with a bot", read()[1].BotActive, true)
	w.exec(`UPDATE agent_bot_inboxes SET status = 1`)
	want(t, "with one that rests", read()[1].BotActive, false)
	messages := in(w, func(ctx context.Context, tx *store.Tx) ([]store.ReportedMessage, error) {
		return tx.ReportedMessages(ctx, []int64{answer, incoming, 999})
	})
	want(t, "messages", messages, []store.ReportedMessage{
		{ID: incoming, CreatedAt: start.UnixMicro()}, {ID: answer, UserID: w.Mine.User, CreatedAt: start.UnixMicro()},
	})
	hours := in(w, func(ctx context.Context, tx *store.Tx) (map[int64]store.InboxHours, error) {
		return tx.InboxHours(ctx, []int64{a.Inbox, 999})
	})
	inbox, err := w.Inbox(t.Context(), a.Account, a.Inbox)
	noErr(t, "Inbox", err)
	want(t, "hours", hours, map[int64]store.InboxHours{a.Inbox: {InboxID: a.Inbox, Timezone: "UTC", Days: inbox.WorkingHours}})
	w.exec(`DELETE FROM conversations WHERE id = $1`, a.Conversation)
	want(t, "rows of a conversation that is gone", w.number(`SELECT COUNT(*) FROM reporting_events`), 0)
}
