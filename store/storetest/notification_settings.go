package storetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"tributary/store"
)

func notificationSettingsCases() []Case {
	return []Case{
		{"notification settings", []string{
			"Store.NotificationSettings", "Tx.InsertNotificationSettings", "Tx.PutNotificationSettings", "Tx.DeleteNotificationSettings",
		}, testNotificationSettings},
		{"notification subscriptions", []string{
			"Tx.PutSubscription", "Tx.DeletePushToken", "Store.Subscription", "Store.DropSubscription", "Tx.SubscriptionIDs",
		}, testSubscriptions},
		{"a setting that is made once", []string{"Store.InitSetting"}, testInitSetting},
	}
}

func testNotificationSettings(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	read := func(what string, want_ store.NotificationSettings) {
		t.Helper()
		n, err := w.NotificationSettings(ctx, w.Mine.Account, w.Mine.User)
		noErr(t, what, err)
		n.ID = 0
		want(t, what, n, want_)
	}
	standard := store.DefaultNotificationSettings(w.Mine.Account, w.Mine.User)
	want(t, "the standard", standard, store.NotificationSettings{AccountID: w.Mine.Account, UserID: w.Mine.User, EmailFlags: 2, PushFlags: 2})
	read("of bootstrap", standard)
	other := store.NotificationSettings{AccountID: w.Mine.Account, UserID: w.Mine.User, EmailFlags: 5, PushFlags: 128}
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.InsertNotificationSettings(ctx, other) })
	read("those that are there stay", standard)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.PutNotificationSettings(ctx, other) })
	read("replaced", other)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteNotificationSettings(ctx, w.Mine.Account, w.Mine.User)
	})
	_, err := w.NotificationSettings(ctx, w.Mine.Account, w.Mine.User)
	wantErr(t, "deleted", err, store.ErrNotFound)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.PutNotificationSettings(ctx, other) })
	read("put where there were none", other)
	_, err = w.NotificationSettings(ctx, w.Theirs.Account, w.Theirs.User)
	noErr(t, "of others", err)
}

func testSubscriptions(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	put := func(user int64, kind int, identifier, token string) store.SubscriptionRow {
		t.Helper()
		w.Clock.Advance(time.Second)
		return in(w, func(ctx context.Context, tx *store.Tx) (store.SubscriptionRow, error) {
			return tx.PutSubscription(ctx, store.SubscriptionRow{
				UserID: user, Type: kind, Identifier: identifier, PushToken: token, Attributes: json.RawMessage(`{"secret":"` + identifier + `"}`),
			})
		})
	}
	first := put(w.Mine.User, store.SubscriptionBrowser, "https://one.example", "")
	want(t, "a new one", first, store.SubscriptionRow{
		ID: first.ID, UserID: w.Mine.User, Type: store.SubscriptionBrowser, Identifier: "https://one.example",
		Attributes: json.RawMessage(`{"secret":"https://one.example"}`), CreatedAt: w.Clock.Now().UnixMicro(), UpdatedAt: w.Clock.Now().UnixMicro(),
	})
	want(t, "sealed", w.number(`SELECT COUNT(*) FROM notification_subscriptions WHERE content LIKE '%one.example%'`), 0)
	moved := put(w.Theirs.User, store.SubscriptionFCM, "https://one.example", "T")
	want(t, "moved", moved, store.SubscriptionRow{
		ID: first.ID, UserID: w.Theirs.User, Type: store.SubscriptionFCM, Identifier: "https://one.example", PushToken: "T",
		Attributes: first.Attributes, CreatedAt: first.CreatedAt, UpdatedAt: w.Clock.Now().UnixMicro(),
	})
	got, err := w.Subscription(ctx, first.ID)
	noErr(t, "Subscription", err)
	want(t, "Subscription", got, moved)
	noErr(t, "DropSubscription", w.DropSubscription(ctx, first)) // as it was before it moved
	_, err = w.Subscription(ctx, first.ID)
	noErr(t, "told its address anew", err)
	token := func(user int64, token string) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DeletePushToken(ctx, user, token) })
	}
	token(w.Mine.User, "T")
	token(w.Theirs.User, "t")
	_, err = w.Subscription(ctx, first.ID)
	noErr(t, "another user's, another token", err)
	second := put(w.Theirs.User, store.SubscriptionFCM, "two", "T")
	token(w.Theirs.User, "T")
	_, err = w.Subscription(ctx, first.ID)
	wantErr(t, "the first with that token", err, store.ErrNotFound)
	_, err = w.Subscription(ctx, second.ID)
	noErr(t, "the second with that token", err)
	noErr(t, "DropSubscription", w.DropSubscription(ctx, second))
	_, err = w.Subscription(ctx, second.ID)
	wantErr(t, "dropped", err, store.ErrNotFound)

	var browsers []int64
	for i := range store.MaxSubscriptions + 2 {
		browsers = append(browsers, put(w.Mine.User, store.SubscriptionBrowser, "b"+itoa(i), "").ID)
	}
	put(w.Theirs.User, store.SubscriptionFCM, "f", "")
	theirs := put(w.Theirs.User, store.SubscriptionBrowser, "g", "")
	ids := in(w, func(ctx context.Context, tx *store.Tx) (map[int64][]int64, error) {
		return tx.SubscriptionIDs(ctx, []int64{w.Mine.User, w.Theirs.User, 999}, store.SubscriptionBrowser)
	})
	want(t, "SubscriptionIDs", ids, map[int64][]int64{w.Mine.User: browsers[2:], w.Theirs.User: {theirs.ID}})
}

func testInitSetting(t *testing.T, w *World) {
	ctx := t.Context()
	before, err := w.Version(ctx, store.TopicSettings)
	noErr(t, "Version", err)
	for _, value := range []string{"first", "second"} {
		got, err := w.InitSetting(ctx, "ONCE", value)
		noErr(t, "InitSetting", err)
		want(t, "the value", got, "first")
	}
	after, err := w.Version(ctx, store.TopicSettings)
	noErr(t, "Version", err)
	want(t, "changes", after-before, 1)
	all, err := w.Settings(ctx)
	noErr(t, "Settings", err)
	want(t, "stored", all["ONCE"], "first")
}
