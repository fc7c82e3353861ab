package storetest

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/store"
)

func testOnboarding(t *testing.T, w *World) {
	ctx := t.Context()
	pending := func() bool {
		t.Helper()
		is, err := w.OnboardingPending(ctx)
		noErr(t, "OnboardingPending", err)
		return is
	}
	want(t, "of a new database", pending(), true)
	var ended atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			err := w.Transact(ctx, func(tx *store.Tx) error {
				did, err := tx.EndOnboarding(ctx)
				if did {
					ended.Add(1)
				}
				return err
			})
			if err != nil {
				t.Errorf("EndOnboarding: %v", err)
			}
		})
	}
	all.Wait()
	want(t, "who ended it", ended.Load(), 1)
	want(t, "afterwards", pending(), false)
	w.exec(`INSERT INTO installation_marks (name) VALUES ('onboarding')`)
	w.tenants()
	want(t, "after Bootstrap", pending(), false)
}

func testConsoleSessions(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	enter := func(token string, life time.Duration) {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertConsoleSession(ctx, w.Mine.User, token, tx.Now.Add(life))
		})
	}
	kind := func(k string) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SetUserType(ctx, w.Mine.User, k) })
	}
	nobody := func(what, token string) {
		t.Helper()
		_, err := w.ConsoleUser(ctx, token)
		wantErr(t, what, err, store.ErrNotFound)
	}
	somebody := func(what, token string) {
		t.Helper()
		u, err := w.ConsoleUser(ctx, token)
		noErr(t, what, err)
		want(t, what, u, store.ConsoleUser{UserID: w.Mine.User, Name: "User mine", Email: w.Mine.Email, UISettings: "{}"})
	}
	enter("t0k3n", time.Hour)
	nobody("who is no super admin", "t0k3n")
	kind(store.UserSuperAdmin)
	somebody("a super admin", "t0k3n")
	nobody("another token", "t0k3N")
	if strings.Contains(w.text(`SELECT digest FROM console_sessions`), "t0k3n") {
		t.Error("the token is stored")
	}
	kind("")
	kind(store.UserSuperAdmin)
	nobody("who was none for a while", "t0k3n")
	enter("one", time.Hour)
	enter("two", time.Hour)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteConsoleSession(ctx, "one") })
	nobody("who left", "one")
	somebody("who stayed", "two")
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, w.Mine.User, "$2a$other") })
	nobody("after another password", "two")
	enter("short", time.Minute)
	enter("long", time.Hour)
	w.Clock.Advance(time.Minute)
	nobody("too late", "short")
	noErr(t, "PruneSignIn", w.PruneSignIn(ctx, time.Hour))
	want(t, "what is left", w.number(`SELECT COUNT(*) FROM console_sessions`), 1)
	w.fails("SetUserType of nobody", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.SetUserType(ctx, 999, "") })
}

func testCounts(t *testing.T, w *World) {
	w.tenants()
	w.chat(w.line(w.Mine.Account, "l"), "a")
	w.user("o@example.test", "O")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.HoldMail(ctx, store.HeldMail{Subject: "s", HTML: "<p>s3cr3t"})
	})
	got, err := w.Counts(t.Context())
	noErr(t, "Counts", err)
	want(t, "Counts", got, store.Counts{Accounts: 2, Users: 3, Inboxes: 1, Conversations: 1, HeldMails: 1})
	mail, err := w.HeldMail(t.Context(), 1)
	noErr(t, "HeldMail", err)
	want(t, "its page", mail.HTML, "<p>s3cr3t")
	if w.Dir != "" && bytes.Contains(w.Files(t), []byte("s3cr3t")) {
		t.Error("the page is readable in the file of the database")
	}
}

func testConsoleLists(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.Clock.Advance(40 * 24 * time.Hour)
	late := w.user("100%_late@example.test", "Zoë")
	w.chat(w.line(w.Mine.Account, "l"), "a")
	w.exec(`UPDATE accounts SET status = 1, domain = 'shop.example' WHERE id = $1`, w.Theirs.Account)
	w.exec(`UPDATE users SET type = 'SuperAdmin' WHERE id = $1`, w.Mine.User)
	users := func(s store.Search) (out []int64) {
		t.Helper()
		if s.Limit == 0 {
			s.Limit = 10
		}
		list, err := w.SearchUsers(ctx, s)
		noErr(t, "SearchUsers", err)
		for _, u := range list {
			out = append(out, u.ID)
		}
		return out
	}
	mine, theirs := w.Mine.User, w.Theirs.User
	for _, c := range []struct {
		what string
		in   store.Search
		want []int64
	}{
		{"all", store.Search{}, []int64{late, theirs, mine}},
		{"a page", store.Search{Limit: 1, Offset: 1}, []int64{theirs}},
		{"by name", store.Search{Text: "uSER m"}, []int64{mine}},
		{"by address", store.Search{Text: "LATE@"}, []int64{late}},
		{"signs of patterns", store.Search{Text: "100%_"}, []int64{late}},
		{"nothing but signs", store.Search{Text: "_"}, []int64{late}},
		{"super admins", store.Search{Filter: "super_admin"}, []int64{mine}},
		{"confirmed", store.Search{Filter: "confirmed"}, []int64{theirs, mine}},
		{"unconfirmed", store.Search{Filter: "unconfirmed"}, []int64{late}},
		{"recent", store.Search{Filter: "recent"}, []int64{late}},
		{"an unknown filter", store.Search{Filter: "x' OR 1=1"}, []int64{late, theirs, mine}},
	} {
		want(t, c.what, users(c.in), c.want)
	}
	list, err := w.SearchUsers(ctx, store.Search{Limit: 1, Offset: 2})
	noErr(t, "SearchUsers", err)
	want(t, "a user", list, []store.ListedUser{{
		ID: mine, Name: "User mine", Email: w.Mine.Email, Type: store.UserSuperAdmin, Confirmed: true, Accounts: 1, CreatedAt: start.UnixMicro(),
	}})
	accounts, err := w.SearchAccounts(ctx, store.Search{Limit: 10})
	noErr(t, "SearchAccounts", err)
	other := store.ListedAccount{ID: w.Theirs.Account, Name: "Account theirs", Status: 1, Users: 1, CreatedAt: start.UnixMicro()}
	want(t, "SearchAccounts", accounts, []store.ListedAccount{other, {
		ID: w.Mine.Account, Name: "Account mine", Users: 1, Inboxes: 1, Conversations: 1, CreatedAt: start.UnixMicro(),
	}})
	for _, s := range []store.Search{{Text: "SHOP."}, {Filter: "suspended"}, {Text: "theirs", Filter: "suspended"}} {
		s.Limit = 10
		accounts, err := w.SearchAccounts(ctx, s)
		noErr(t, "SearchAccounts", err)
		want(t, "SearchAccounts "+s.Text+s.Filter, accounts, []store.ListedAccount{other})
	}
	for _, s := range []store.Search{{Filter: "recent"}, {Text: "theirs", Filter: "active"}} {
		s.Limit = 10
		accounts, err := w.SearchAccounts(ctx, s)
		noErr(t, "SearchAccounts", err)
		want(t, "SearchAccounts "+s.Text+s.Filter, len(accounts), 0)
	}
}
