package storetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/store"
)

func webhookCases() []Case {
	return []Case{
		{"webhooks", []string{
			"Store.AccountWebhooks", "Store.AccountWebhook", "Tx.LockAccountWebhook", "Tx.InsertAccountWebhook", "Tx.UpdateAccountWebhook",
			"Tx.DeleteAccountWebhook", "Tx.Subscribers", "Store.WebhookTargets",
		}, testWebhooks},
		{"bots that are told", []string{"Tx.HookedBots", "Store.BotTargets"}, testHookedBots},
		{"webhook deliveries", []string{
			"Tx.InsertWebhookDeliveries", "Store.NewWebhookDeliveries", "Store.BuildWebhookDeliveries", "Store.WaitingEndpoints",
			"Store.ClaimWebhookDeliveries", "Tx.JudgeWebhookDelivery",
		}, testWebhookDeliveries},
		{"leases of webhook deliveries", []string{
			"Store.RenewWebhookDeliveries", "Store.PutOffWebhookDeliveries", "Store.ClaimExpiredWebhookDeliveries", "Store.ExpireLeases",
		}, testWebhookLeases},
		{"the log of webhooks", []string{
			"Store.WebhookLog", "Store.WebhookDelivery", "Store.PruneWebhookDeliveries", "Store.DropWebhookDeliveries",
		}, testWebhookLog},
		{"messages of webhooks", []string{"Store.MessageViews"}, testMessageViews},
	}
}

func (w *World) webhook(hook store.AccountWebhook) int64 {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.InsertAccountWebhook(ctx, hook) })
}

func testWebhooks(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	long := "https://example.test/" + strings.Repeat("ä", 10_000)
	one := store.AccountWebhook{
		AccountID: w.Mine.Account, InboxID: l.Inbox, URL: long, Subscriptions: []string{"message_created", "contact_created"}, Secret: "s3cret of one",
	}
	one.ID = w.webhook(one)
	one.InboxName = "l"
	two := store.AccountWebhook{AccountID: w.Mine.Account, URL: "https://example.test/two", Subscriptions: []string{"message_updated"}, Secret: "two"}
	two.ID = w.webhook(two)
	theirs := store.AccountWebhook{AccountID: w.Theirs.Account, URL: two.URL, Subscriptions: []string{"inbox_created"}, Secret: "three"}
	theirs.ID = w.webhook(theirs)
	list, err := w.AccountWebhooks(ctx, w.Mine.Account)
	noErr(t, "AccountWebhooks", err)
	want(t, "AccountWebhooks", list, []store.AccountWebhook{one, two})
	got, err := w.AccountWebhook(ctx, w.Mine.Account, one.ID)
	noErr(t, "AccountWebhook", err)
	want(t, "AccountWebhook", got, one)
	_, err = w.AccountWebhook(ctx, w.Mine.Account, theirs.ID)
	wantErr(t, "AccountWebhook of others", err, store.ErrNotFound)
	want(t, "secrets in the table", w.number(`SELECT COUNT(*) FROM webhooks WHERE secret LIKE '%s3cret%'`), 0)

	w.do(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.InsertAccountWebhook(ctx, two); !errors.Is(err, store.ErrTaken) {
			t.Errorf("an address again: %v", err)
		}
		locked, err := tx.LockAccountWebhook(ctx, w.Mine.Account, one.ID)
		if err != nil {
			return err
		}
		want(t, "LockAccountWebhook", locked, one)
		one.InboxID, one.InboxName, one.URL, one.Subscriptions = 0, "", "https://example.test/one", []string{"inbox_updated"}
		return tx.UpdateAccountWebhook(ctx, one)
	})
	got, err = w.AccountWebhook(ctx, w.Mine.Account, one.ID)
	noErr(t, "AccountWebhook", err)
	want(t, "a changed webhook", got, one)
	w.fails("an address that another webhook has", store.ErrTaken, func(ctx context.Context, tx *store.Tx) error {
		again := one
		again.URL = two.URL
		return tx.UpdateAccountWebhook(ctx, again)
	})
	w.fails("LockAccountWebhook of others", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.LockAccountWebhook(ctx, w.Mine.Account, theirs.ID)
		return err
	})
	want(t, "Subscribers", in(w, func(ctx context.Context, tx *store.Tx) ([]store.Subscriber, error) {
		return tx.Subscribers(ctx, []int64{w.Mine.Account, w.Theirs.Account, 999})
	}), []store.Subscriber{
		{ID: one.ID, AccountID: w.Mine.Account, Subscriptions: one.Subscriptions}, {ID: two.ID, AccountID: w.Mine.Account, Subscriptions: two.Subscriptions},
		{ID: theirs.ID, AccountID: w.Theirs.Account, Subscriptions: theirs.Subscriptions},
	})
	targets, err := w.WebhookTargets(ctx, []int64{one.ID, theirs.ID, 999})
	noErr(t, "WebhookTargets", err)
	want(t, "WebhookTargets", targets, map[int64]store.WebhookTarget{
		one.ID: {URL: one.URL, Secret: one.Secret}, theirs.ID: {URL: theirs.URL, Secret: theirs.Secret},
	})
	targets, err = w.WebhookTargets(ctx, nil)
	noErr(t, "WebhookTargets", err)
	want(t, "WebhookTargets of none", len(targets), 0)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAccountWebhook(ctx, one.ID) })
	list, err = w.AccountWebhooks(ctx, w.Mine.Account)
	noErr(t, "AccountWebhooks", err)
	want(t, "after a deletion", list, []store.AccountWebhook{two})
}

func testHookedBots(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	var inboxes []int64
	var bots []int64
	for i, address := range []*string{ptr("https://bot.example"), ptr(""), nil} {
		l := w.line(w.Mine.Account, "l"+itoa(i))
		bot := in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
			id, err := tx.InsertAgentBot(ctx, store.AgentBotRow{AccountID: &w.Mine.Account, Name: ptr("b"), OutgoingURL: address})
			if err == nil {
				err = tx.LinkAgentBot(ctx, w.Mine.Account, l.Inbox, id)
			}
			return id, err
		})
		inboxes, bots = append(inboxes, l.Inbox), append(bots, bot)
	}
	hooked := func() map[int64]int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (map[int64]int64, error) {
			return tx.HookedBots(ctx, append(inboxes, 999))
		})
	}
	want(t, "HookedBots", hooked(), map[int64]int64{inboxes[0]: bots[0]})
	targets, err := w.BotTargets(ctx, append(bots, 999))
	noErr(t, "BotTargets", err)
	want(t, "BotTargets", targets, map[int64]string{bots[0]: "https://bot.example"})
	targets, err = w.BotTargets(ctx, nil)
	noErr(t, "BotTargets", err)
	want(t, "BotTargets of none", len(targets), 0)
	w.exec(`UPDATE agent_bot_inboxes SET status = 1`)
	want(t, "of a link that is off", hooked(), map[int64]int64{})
}

// telling is a delivery to an endpoint.
func (w *World) telling(endpoint string, target int64, key string) store.WebhookDelivery {
	return store.WebhookDelivery{
		Delivery: "uuid of " + key, AccountID: w.Mine.Account, Kind: store.HookAccount, Endpoint: endpoint, TargetID: target, URL: "https://x.example", Event: "message_created",
		EventKey: key, InboxID: 3, ConversationID: 4, MessageID: 5, Details: `{"a":1}`, State: store.HookNew, MaxAttempts: 3,
		ExpiresAt: w.Clock.Now().Add(time.Hour).UnixMicro(),
	}
}

func (w *World) tell(list ...store.WebhookDelivery) []int64 {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.InsertWebhookDeliveries(ctx, list) })
}

// built orders deliveries whose payloads are built.
func (w *World) built(list ...store.WebhookDelivery) []int64 {
	w.t.Helper()
	for i := range list {
		list[i].Payload = `{}`
	}
	return w.tell(list...)
}

func (w *World) claimHooks(owner string, shares map[string]int) []int64 {
	w.t.Helper()
	list, err := w.ClaimWebhookDeliveries(w.t.Context(), owner, time.Minute, shares)
	noErr(w.t, "ClaimWebhookDeliveries", err)
	return hookIDs(list)
}

func hookIDs(list []store.WebhookDelivery) []int64 {
	out := []int64{}
	for _, d := range list {
		out = append(out, d.ID)
	}
	slices.Sort(out)
	return out
}

func (w *World) judge(owner string, id int64, v store.HookVerdict) bool {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return tx.JudgeWebhookDelivery(ctx, owner, id, v)
	})
}

func testWebhookDeliveries(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	now := w.Clock.Now().UTC().Truncate(time.Microsecond)
	a1, a2, b1 := w.telling("account/1", 1, "k1"), w.telling("account/1", 1, "k2"), w.telling("account/2", 2, "k1")
	ids := w.tell(a1, a2, b1, a1)
	want(t, "an event is told once", len(ids), 3)
	want(t, "nor later", len(w.tell(a1)), 0)
	want(t, "nothing", len(w.tell()), 0)
	list, err := w.NewWebhookDeliveries(ctx, 2)
	noErr(t, "NewWebhookDeliveries", err)
	a1.ID, a1.RunAt, a1.CreatedAt = ids[0], now.UnixMicro(), now.UnixMicro()
	a2.ID, a2.RunAt, a2.CreatedAt = ids[1], now.UnixMicro(), now.UnixMicro()
	want(t, "NewWebhookDeliveries", list, []store.WebhookDelivery{a1, a2})
	waiting, err := w.WaitingEndpoints(ctx)
	noErr(t, "WaitingEndpoints", err)
	want(t, "what is not built does not wait", len(waiting), 0)
	want(t, "nor is it claimed", w.claimHooks("me", map[string]int{"account/1": 5}), []int64{})

	noErr(t, "BuildWebhookDeliveries", w.BuildWebhookDeliveries(ctx, map[int64]string{ids[0]: `{"n":"ä"}`, ids[1]: "", ids[2]: `{"n":2}`}))
	noErr(t, "BuildWebhookDeliveries again", w.BuildWebhookDeliveries(ctx, map[int64]string{ids[0]: `{"n":"other"}`, ids[2]: ""}))
	waiting, err = w.WaitingEndpoints(ctx)
	noErr(t, "WaitingEndpoints", err)
	want(t, "WaitingEndpoints", waiting, []store.WaitingEndpoint{{Endpoint: "account/1", RunAt: now.UnixMicro()}, {Endpoint: "account/2", RunAt: now.UnixMicro()}})

	claimed, err := w.ClaimWebhookDeliveries(ctx, "me", time.Minute, map[string]int{"account/1": 5, "account/3": 5})
	noErr(t, "ClaimWebhookDeliveries", err)
	a1.Payload, a1.State, a1.RunAt = `{"n":"ä"}`, store.HookPending, now.Add(time.Minute).UnixMicro()
	want(t, "ClaimWebhookDeliveries", claimed, []store.WebhookDelivery{a1})
	want(t, "what is leased", w.claimHooks("you", map[string]int{"account/1": 5}), []int64{})
	want(t, "a verdict of somebody else", w.judge("you", ids[0], store.HookVerdict{State: store.HookDelivered}), false)

	retry := store.HookVerdict{State: store.HookPending, RunAt: now.Add(10 * time.Second), ResponseStatus: 503, Error: "503 Service Unavailable", Duration: 1500 * time.Millisecond}
	want(t, "a verdict", w.judge("me", ids[0], retry), true)
	want(t, "the same verdict", w.judge("me", ids[0], retry), false)
	want(t, "before its time", w.claimHooks("me", map[string]int{"account/1": 5}), []int64{})
	w.Clock.Advance(10 * time.Second)
	claimed, err = w.ClaimWebhookDeliveries(ctx, "me", time.Minute, map[string]int{"account/1": 5})
	noErr(t, "ClaimWebhookDeliveries", err)
	a1.Attempts, a1.ResponseStatus, a1.Error, a1.DurationMS, a1.RunAt = 1, 503, "503 Service Unavailable", 1500, now.Add(70*time.Second).UnixMicro()
	want(t, "the second attempt", claimed, []store.WebhookDelivery{a1})
	want(t, "delivered", w.judge("me", ids[0], store.HookVerdict{State: store.HookDelivered, ResponseStatus: 200, Duration: time.Millisecond}), true)
	a1.State, a1.Attempts, a1.ResponseStatus, a1.Error, a1.DurationMS = store.HookDelivered, 2, 200, "", 1
	a1.RunAt = now.Add(10 * time.Second).UnixMicro()
	a1.FinishedAt = &a1.RunAt
	got, err := w.WebhookDelivery(ctx, w.Mine.Account, 1, ids[0])
	noErr(t, "WebhookDelivery", err)
	want(t, "a finished delivery", got, a1)

	w.claimHooks("me", map[string]int{"account/2": 1})
	want(t, "forgotten", w.judge("me", ids[2], store.HookVerdict{Forget: true}), true)
	want(t, "what is left", w.number(`SELECT COUNT(*) FROM webhook_deliveries`), 1)

	// A share is a bound, and the oldest come first.
	var many []store.WebhookDelivery
	for i := range 5 {
		many = append(many, w.telling("account/5", 5, "m"+itoa(i)))
	}
	made := w.built(many...)
	want(t, "a share", w.claimHooks("me", map[string]int{"account/5": 2}), made[:2])
	want(t, "the next share", w.claimHooks("you", map[string]int{"account/5": 2}), made[2:4])
}

func testWebhookLeases(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	ids := w.built(w.telling("account/1", 1, "k1"), w.telling("account/1", 1, "k2"), w.telling("account/1", 1, "k3"))
	all := map[string]int{"account/1": 9}
	want(t, "claimed", w.claimHooks("me", all), ids)
	w.Clock.Advance(50 * time.Second)
	noErr(t, "RenewWebhookDeliveries", w.RenewWebhookDeliveries(ctx, "me", ids[:1], time.Minute))
	noErr(t, "RenewWebhookDeliveries", w.RenewWebhookDeliveries(ctx, "you", ids[1:], time.Minute))
	noErr(t, "RenewWebhookDeliveries", w.RenewWebhookDeliveries(ctx, "me", nil, time.Minute))
	noErr(t, "PutOffWebhookDeliveries", w.PutOffWebhookDeliveries(ctx, "me", ids[1:2], w.Clock.Now().Add(time.Minute)))
	noErr(t, "PutOffWebhookDeliveries", w.PutOffWebhookDeliveries(ctx, "you", ids[:1], w.Clock.Now()))
	w.Clock.Advance(20 * time.Second)
	want(t, "of a lease that ran out", w.claimHooks("you", all), ids[2:])
	want(t, "the crash is counted", w.number(`SELECT attempts FROM webhook_deliveries WHERE id = $1`, ids[2]), 1)
	w.Clock.Advance(45 * time.Second)
	want(t, "renewed and put off", w.claimHooks("you", all), ids[:2])
	want(t, "putting off is no attempt", w.number(`SELECT attempts FROM webhook_deliveries WHERE id = $1`, ids[1]), 0)

	noErr(t, "ExpireLeases", w.ExpireLeases(ctx))
	want(t, "after the process died", w.claimHooks("new", all), ids)

	expired := func(owner string, limit int) []int64 {
		t.Helper()
		list, err := w.ClaimExpiredWebhookDeliveries(ctx, owner, time.Minute, limit)
		noErr(t, "ClaimExpiredWebhookDeliveries", err)
		return hookIDs(list)
	}
	noErr(t, "PutOffWebhookDeliveries", w.PutOffWebhookDeliveries(ctx, "new", ids[:2], w.Clock.Now().Add(24*time.Hour)))
	want(t, "nothing has expired", expired("me", 9), []int64{})
	w.exec(`UPDATE webhook_deliveries SET expires_at = $1`, w.Clock.Now().UnixMicro())
	want(t, "expired, one", expired("me", 1), ids[:1])
	want(t, "expired, but for what somebody works on", expired("me", 9), ids[1:2])
	w.Clock.Advance(time.Minute)
	want(t, "expired, with what nobody works on any more", expired("me", 9), ids)
}

func testWebhookLog(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	var list []store.WebhookDelivery
	for i := range 4 {
		list = append(list, w.telling("account/1", 1, "k"+itoa(i)))
	}
	bot := w.telling("bot/1", 1, "b")
	bot.Kind = store.HookBot
	ids := w.built(append(list, bot, w.telling("account/2", 2, "other"))...)
	fresh := w.tell(w.telling("account/1", 1, "new"))
	w.claimHooks("me", map[string]int{"account/1": 2})
	w.judge("me", ids[0], store.HookVerdict{State: store.HookDelivered})
	w.judge("me", ids[1], store.HookVerdict{State: store.HookFailed})
	log := func(account, before int64, state string, limit int) []int64 {
		t.Helper()
		list, err := w.WebhookLog(ctx, account, 1, before, state, limit)
		noErr(t, "WebhookLog", err)
		out := []int64{}
		for _, d := range list {
			out = append(out, d.ID)
		}
		return out
	}
	want(t, "the newest", log(w.Mine.Account, 0, "", 2), []int64{fresh[0], ids[3]})
	want(t, "the next page", log(w.Mine.Account, ids[3], "", 9), []int64{ids[2], ids[1], ids[0]})
	want(t, "pending", log(w.Mine.Account, 0, store.HookPending, 9), []int64{fresh[0], ids[3], ids[2]})
	want(t, "delivered", log(w.Mine.Account, 0, store.HookDelivered, 9), ids[:1])
	want(t, "failed", log(w.Mine.Account, 0, store.HookFailed, 9), ids[1:2])
	want(t, "of others", log(w.Theirs.Account, 0, "", 9), []int64{})
	_, err := w.WebhookDelivery(ctx, w.Mine.Account, 2, ids[0])
	wantErr(t, "of another webhook", err, store.ErrNotFound)
	_, err = w.WebhookDelivery(ctx, w.Theirs.Account, 1, ids[0])
	wantErr(t, "of another account", err, store.ErrNotFound)
	_, err = w.WebhookDelivery(ctx, w.Mine.Account, 1, ids[4])
	wantErr(t, "a bot's", err, store.ErrNotFound)

	prune := func(limit int) int64 {
		t.Helper()
		n, err := w.PruneWebhookDeliveries(ctx, w.Clock.Now(), limit)
		noErr(t, "PruneWebhookDeliveries", err)
		return n
	}
	want(t, "nothing is old", prune(9), 0)
	w.Clock.Advance(time.Second)
	want(t, "one at once", prune(1), 1)
	want(t, "what is finished", prune(9), 1)
	want(t, "what is left", log(w.Mine.Account, 0, "", 9), []int64{fresh[0], ids[3], ids[2]})
	done, err := w.DropWebhookDeliveries(ctx, 1, 2)
	noErr(t, "DropWebhookDeliveries", err)
	want(t, "not done", done, false)
	done, err = w.DropWebhookDeliveries(ctx, 1, 2)
	noErr(t, "DropWebhookDeliveries", err)
	want(t, "done", done, true)
	want(t, "of others", w.number(`SELECT COUNT(*) FROM webhook_deliveries`), 2)
}

func testMessageViews(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l := w.line(w.Mine.Account, "l")
	a, b := w.chat(l, "A"), w.chat(l, "B")
	w.incoming(a, "m1", "first")
	w.incoming(b, "m2", "second")
	answer := w.outgoing(a, w.Mine.User, "an answer")
	var list []int64
	wanted := map[int64]store.MessageView{}
	for _, c := range []Chat{a, b} {
		messages, err := w.Messages(ctx, c.Conversation, store.MessageRange{})
		noErr(t, "Messages", err)
		for _, m := range messages {
			list = append(list, m.ID)
			one, err := w.MessageView(ctx, m.ID)
			noErr(t, "MessageView", err)
			wanted[m.ID] = one
		}
	}
	got, err := w.MessageViews(ctx, w.Mine.Account, append(list, 999))
	noErr(t, "MessageViews", err)
	want(t, "MessageViews", got, wanted)
	if !slices.Contains(slices.Collect(maps.Keys(got)), answer) {
		t.Error("the answer is not among them")
	}
	got, err = w.MessageViews(ctx, w.Theirs.Account, list)
	noErr(t, "MessageViews", err)
	want(t, "MessageViews of others", len(got), 0)
}
