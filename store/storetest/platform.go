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

func platformCases() []Case {
	return []Case{
		{"platform apps", []string{
			"Tx.InsertPlatformApp", "Tx.RenamePlatformApp", "Tx.DeletePlatformApp", "Store.PlatformApps", "Store.PlatformApp",
		}, testPlatformApps},
		{"grants", []string{"Tx.Grant", "Tx.DropGrants", "Store.Granted", "Store.GrantedIDs", "Store.GrantedAccounts"}, testGrants},
		{"account users", []string{"Store.AccountUsers", "Store.AccountUser"}, testAccountUsers},
		{"a deleted user", []string{"Store.UnassignUser", "Tx.DeleteUser"}, testDeletedUser},
		{"a deleted account", []string{"Store.ClearInboxHistory", "Store.DeleteAccountChunk"}, testDeletedAccount},
		{"bots of platform apps", []string{"Store.AnyAgentBot", "Store.GrantedBots", "Tx.MoveAgentBot"}, testPlatformBots},
		{"onboarding", []string{"Store.OnboardingPending", "Tx.EndOnboarding"}, testOnboarding},
		{"console sessions", []string{
			"Tx.InsertConsoleSession", "Store.ConsoleUser", "Tx.DeleteConsoleSession", "Tx.SetUserType", "Tx.SetPassword", "Store.PruneSignIn",
		}, testConsoleSessions},
		{"counts", []string{"Store.Counts"}, testCounts},
		{"lists of the console", []string{"Store.SearchUsers", "Store.SearchAccounts"}, testConsoleLists},
	}
}

// app makes a platform app.
func (w *World) app(name string) int64 {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		id, _, err := tx.InsertPlatformApp(ctx, name)
		return id, err
	})
}

func testPlatformApps(t *testing.T, w *World) {
	ctx := t.Context()
	var first, second int64
	var token string
	w.do(func(ctx context.Context, tx *store.Tx) (err error) {
		first, token, err = tx.InsertPlatformApp(ctx, "billing")
		return err
	})
	w.Clock.Advance(time.Second)
	second = w.app("billing")
	owner, id, err := w.TokenOwner(ctx, token)
	noErr(t, "TokenOwner", err)
	want(t, "whose token", owner+itoa(id), store.OwnerPlatform+itoa(first))
	list, err := w.PlatformApps(ctx)
	noErr(t, "PlatformApps", err)
	one := store.PlatformApp{ID: first, Name: "billing", CreatedAt: start.UnixMicro()}
	two := store.PlatformApp{ID: second, Name: "billing", CreatedAt: start.Add(time.Second).UnixMicro()}
	want(t, "PlatformApps", list, []store.PlatformApp{one, two})
	was := func(f func(context.Context, *store.Tx) (bool, error)) bool { return in(w, f) }
	want(t, "RenamePlatformApp", was(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.RenamePlatformApp(ctx, second, "crm") }), true)
	want(t, "RenamePlatformApp of none", was(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.RenamePlatformApp(ctx, 99, "crm") }), false)
	two.Name = "crm"
	got, err := w.PlatformApp(ctx, second)
	noErr(t, "PlatformApp", err)
	want(t, "PlatformApp", got, two)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.Grant(ctx, first, store.GrantUser, 7) })
	remove := func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.DeletePlatformApp(ctx, first) }
	want(t, "DeletePlatformApp", was(remove), true)
	want(t, "DeletePlatformApp again", was(remove), false)
	_, err = w.PlatformApp(ctx, first)
	wantErr(t, "PlatformApp that is gone", err, store.ErrNotFound)
	_, _, err = w.TokenOwner(ctx, token)
	wantErr(t, "its token", err, store.ErrNotFound)
	want(t, "its grants", w.number(`SELECT COUNT(*) FROM platform_permissions`), 0)
	want(t, "the other's token", w.number(`SELECT COUNT(*) FROM access_tokens`), 1)
}

func testGrants(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	app, other := w.app("a"), w.app("b")
	grant := func(app int64, kind store.GrantKind, id int64) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.Grant(ctx, app, kind, id) })
	}
	may := func(app int64, kind store.GrantKind, id int64) bool {
		t.Helper()
		ok, err := w.Granted(ctx, app, kind, id)
		noErr(t, "Granted", err)
		return ok
	}
	grant(app, store.GrantAccount, w.Mine.Account)
	grant(app, store.GrantAccount, w.Mine.Account)
	grant(app, store.GrantAccount, 99)
	grant(app, store.GrantBot, 5)
	grant(other, store.GrantAccount, w.Theirs.Account)
	want(t, "its own", may(app, store.GrantAccount, w.Mine.Account), true)
	want(t, "of another kind", may(app, store.GrantUser, w.Mine.Account), false)
	want(t, "another app's", may(app, store.GrantAccount, w.Theirs.Account), false)
	ids, err := w.GrantedIDs(ctx, app, store.GrantAccount)
	noErr(t, "GrantedIDs", err)
	want(t, "GrantedIDs", ids, []int64{w.Mine.Account, 99})
	list, err := w.GrantedAccounts(ctx, app)
	noErr(t, "GrantedAccounts", err)
	mine, err := w.Account(ctx, w.Mine.Account)
	noErr(t, "Account", err)
	want(t, "GrantedAccounts", list, []store.AccountRow{mine})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.DropGrants(ctx, store.GrantAccount, w.Mine.Account)
	})
	want(t, "a grant that was dropped", may(app, store.GrantAccount, w.Mine.Account), false)
	want(t, "those left", may(app, store.GrantBot, 5) && may(other, store.GrantAccount, w.Theirs.Account), true)
}

func testAccountUsers(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.Clock.Advance(time.Minute)
	other := w.user("o@example.test", "O")
	m := w.join(w.Mine.Account, other)
	at, active := start.UnixMicro(), start.UnixMicro()
	first := store.AccountUserRow{
		ID: w.number(`SELECT id FROM account_users WHERE user_id = $1`, w.Mine.User), AccountID: w.Mine.Account, UserID: w.Mine.User, Role: 1,
		CreatedAt: at, UpdatedAt: at, ActiveAt: &active, AutoOffline: true,
	}
	at += time.Minute.Microseconds()
	second := store.AccountUserRow{ID: m.ID, AccountID: w.Mine.Account, UserID: other, CreatedAt: at, UpdatedAt: at, AutoOffline: true}
	list, err := w.AccountUsers(ctx, w.Mine.Account)
	noErr(t, "AccountUsers", err)
	want(t, "AccountUsers", list, []store.AccountUserRow{first, second})
	got, err := w.AccountUser(ctx, w.Mine.Account, other)
	noErr(t, "AccountUser", err)
	want(t, "AccountUser", got, second)
	_, err = w.AccountUser(ctx, w.Theirs.Account, other)
	wantErr(t, "AccountUser of no member", err, store.ErrNotFound)
}

func testDeletedUser(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	c := w.chat(w.line(w.Mine.Account, "l"), "a")
	for i := range 2 {
		one := w.chat(c.Line, itoa(i))
		w.exec(`UPDATE conversations SET assignee_id = $2 WHERE id = $1`, one.Conversation, w.Mine.User)
	}
	app, picture := w.app("a"), w.kept(0, "picture")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetAvatar(ctx, store.AvatarUser, 0, w.Mine.User, picture.ID); err != nil {
			return err
		}
		return tx.Grant(ctx, app, store.GrantUser, w.Mine.User)
	})
	remove := func() bool {
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.DeleteUser(ctx, w.Mine.User) })
	}
	want(t, "DeleteUser of a member", remove(), false)
	for i, expected := range []bool{false, false, true} {
		done, err := w.UnassignUser(ctx, w.Mine.User, 1)
		noErr(t, "UnassignUser", err)
		want(t, "UnassignUser "+itoa(i), done, expected)
	}
	w.exec(`DELETE FROM account_users WHERE user_id = $1`, w.Mine.User)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetUserType(ctx, w.Mine.User, store.UserSuperAdmin)
	})
	w.session(w.Mine.User, "d", "x", time.Hour)
	want(t, "DeleteUser", remove(), true)
	for _, table := range []string{"users WHERE id", "access_tokens WHERE owner_type = 'User' AND owner_id", "user_sessions WHERE user_id", "platform_permissions WHERE record_id"} {
		want(t, table, w.number(`SELECT COUNT(*) FROM `+table+` = $1`, w.Mine.User), 0)
	}
	want(t, "the picture waits to be swept", w.number(`SELECT COUNT(*) FROM blobs WHERE id = $1 AND expires_unattached_at IS NOT NULL`, picture.ID), 1)
	want(t, "the conversations", w.number(`SELECT COUNT(*) FROM conversations`), 3)
	want(t, "DeleteUser again", remove(), true)
	want(t, "theirs", w.number(`SELECT COUNT(*) FROM users`), 1)
}

// columnsNamed are the tables that have a column.
func (w *World) columnsNamed(t *testing.T, column string) []string {
	t.Helper()
	query := `SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = $1 ORDER BY 1`
	if w.Dir != "" {
		query = `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = $1 ORDER BY 1`
	}
	rows, err := w.SQL.QueryContext(t.Context(), query, column)
	noErr(t, "columns", err)
	defer func() { noErr(t, "columns", rows.Close()) }()
	var names []string
	for rows.Next() {
		var name string
		noErr(t, "columns", rows.Scan(&name))
		names = append(names, name)
	}
	noErr(t, "columns", rows.Err())
	return names
}

func testDeletedAccount(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	fill := func(me Tenant, name string) Line {
		l := w.line(me.Account, name)
		for i := range 3 {
			c := w.chat(l, itoa(i))
			w.incoming(c, "k"+itoa(i), "text")
			w.deliver(c, w.outgoing(c, me.User, "reply"), w.Clock.Now())
			w.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) VALUES ($1, $2, 'l')`, c.Conversation, me.Account)
			w.exec(`INSERT INTO applied_changes (inbox_id, ingest_key, subject, happened_at, applied_at) VALUES ($1, $2, 's', 1, 1)`, l.Inbox, "c"+itoa(i))
			w.exec(`INSERT INTO whatsapp_attempts (account_id, inbox_id, phone_number_id, call, automatic, trigger_name, decision_row, started_at)
				VALUES ($1, $2, 'p', 'c', TRUE, 't', 'r', 1)`, me.Account, l.Inbox)
			w.kept(me.Account, name+" file "+itoa(i))
			w.exec(`UPDATE blobs SET expires_unattached_at = NULL WHERE account_id = $1`, me.Account)
			w.inTeam(w.team(me.Account, "team "+itoa(i)), me.User)
		}
		w.do(func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertAudit(ctx, store.Audit{AccountID: me.Account, Type: "Team", ID: 1, Action: "create"}); err != nil {
				return err
			}
			return tx.InvalidateCache(ctx, me.Account, store.CacheTeams)
		})
		w.do(func(ctx context.Context, tx *store.Tx) error {
			bot, err := tx.InsertAgentBot(ctx, store.AgentBotRow{AccountID: &me.Account})
			if err != nil {
				return err
			}
			return tx.LinkAgentBot(ctx, me.Account, l.Inbox, bot)
		})
		w.order(store.Job{Kind: "dead", Lane: store.LaneBulk, UniqueKey: "dead " + name, AccountID: me.Account})
		return l
	}
	mine, theirs := fill(w.Mine, "mine"), fill(w.Theirs, "theirs")
	w.exec(`UPDATE jobs SET state = 'dead'`)
	app := w.app("a")
	bot := w.number(`SELECT id FROM agent_bots WHERE account_id = $1`, w.Mine.Account)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Grant(ctx, app, store.GrantBot, bot); err != nil {
			return err
		}
		return tx.Grant(ctx, app, store.GrantAccount, w.Mine.Account)
	})
	before := map[string]int64{}
	tables := w.columnsNamed(t, "account_id")
	for _, table := range tables {
		before[table] = w.number(`SELECT COUNT(*) FROM `+table+` WHERE account_id = $1`, w.Theirs.Account)
	}

	steps := func(what string, f func() (bool, error)) (n int) {
		t.Helper()
		for n = 1; ; n++ {
			done, err := f()
			noErr(t, what, err)
			if done || n > 100 {
				return n
			}
		}
	}
	want(t, "ClearInboxHistory", steps("ClearInboxHistory", func() (bool, error) { return w.ClearInboxHistory(ctx, mine.Inbox, 2) }), 5)
	want(t, "DeleteInboxChunk", steps("DeleteInboxChunk", func() (bool, error) { return w.DeleteInboxChunk(ctx, mine.Inbox, 2) }) > 1, true)
	want(t, "DeleteAccountChunk", steps("DeleteAccountChunk", func() (bool, error) { return w.DeleteAccountChunk(ctx, w.Mine.Account, 2) }), 10)
	for _, table := range tables {
		left := w.number(`SELECT COUNT(*) FROM `+table+` WHERE account_id = $1`, w.Mine.Account)
		switch table {
		case "outbox": // is handed out, and gone then
			continue
		case "blobs":
			left = w.number(`SELECT COUNT(*) FROM blobs WHERE account_id = $1 AND expires_unattached_at IS NULL`, w.Mine.Account)
		}
		want(t, "left of the account in "+table, left, 0)
		want(t, "of the other account in "+table, w.number(`SELECT COUNT(*) FROM `+table+` WHERE account_id = $1`, w.Theirs.Account), before[table])
	}
	_, err := w.Account(ctx, w.Mine.Account)
	wantErr(t, "Account", err, store.ErrNotFound)
	want(t, "changes of its inbox", w.number(`SELECT COUNT(*) FROM applied_changes WHERE inbox_id = $1`, mine.Inbox), 0)
	want(t, "changes of the other inbox", w.number(`SELECT COUNT(*) FROM applied_changes WHERE inbox_id = $1`, theirs.Inbox), 3)
	want(t, "grants", w.number(`SELECT COUNT(*) FROM platform_permissions`), 0)
	want(t, "the bot's token", w.number(`SELECT COUNT(*) FROM access_tokens WHERE owner_type = 'AgentBot' AND owner_id = $1`, bot), 0)
	want(t, "its user", w.number(`SELECT COUNT(*) FROM users WHERE id = $1`, w.Mine.User), 1)
	done, err := w.DeleteAccountChunk(ctx, w.Mine.Account, 2)
	noErr(t, "DeleteAccountChunk again", err)
	want(t, "DeleteAccountChunk again", done, true)
}

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

func testPlatformBots(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	app, name := w.app("a"), "Max"
	insert := func(account *int64) int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
			id, err := tx.InsertAgentBot(ctx, store.AgentBotRow{AccountID: account, Name: &name})
			if err != nil {
				return 0, err
			}
			return id, tx.Grant(ctx, app, store.GrantBot, id)
		})
	}
	own, system := insert(&w.Mine.Account), insert(nil)
	token := func(id int64) string {
		t.Helper()
		text, err := w.AccessToken(ctx, store.OwnerBot, id)
		noErr(t, "AccessToken", err)
		return text
	}
	row := func(id int64, account *int64) store.AgentBotRow {
		return store.AgentBotRow{ID: id, AccountID: account, Name: &name, BotConfig: "{}", AccessToken: token(id)}
	}
	list, err := w.GrantedBots(ctx, app)
	noErr(t, "GrantedBots", err)
	want(t, "GrantedBots", list, []store.AgentBotRow{row(own, &w.Mine.Account), row(system, nil)})
	list, err = w.GrantedBots(ctx, w.app("b"))
	noErr(t, "GrantedBots", err)
	want(t, "of another app", len(list), 0)
	got, err := w.AnyAgentBot(ctx, system)
	noErr(t, "AnyAgentBot", err)
	want(t, "AnyAgentBot", got, row(system, nil))
	_, err = w.AnyAgentBot(ctx, 999)
	wantErr(t, "AnyAgentBot of none", err, store.ErrNotFound)

	picture, inbox := w.kept(w.Mine.Account, "picture"), w.line(w.Mine.Account, "l").Inbox
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetAvatar(ctx, store.AvatarBot, w.Mine.Account, own, picture.ID); err != nil {
			return err
		}
		return tx.LinkAgentBot(ctx, w.Mine.Account, inbox, own)
	})
	links := func() int64 { return w.number(`SELECT COUNT(*) FROM agent_bot_inboxes`) }
	move := func(from int64, to *int64) {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			b, err := tx.LockAgentBot(ctx, from, own)
			if err != nil {
				return err
			}
			return tx.MoveAgentBot(ctx, b, to)
		})
	}
	move(w.Mine.Account, nil)
	want(t, "inboxes of a system bot", links(), 1)
	move(0, &w.Theirs.Account)
	want(t, "inboxes of somebody else's bot", links(), 0)
	want(t, "its picture is theirs", w.number(`SELECT account_id FROM blobs WHERE id = $1`, picture.ID), w.Theirs.Account)
	got, err = w.AnyAgentBot(ctx, own)
	noErr(t, "AnyAgentBot", err)
	want(t, "whose it is", *got.AccountID, w.Theirs.Account)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAgentBot(ctx, got) })
	want(t, "grants", w.number(`SELECT COUNT(*) FROM platform_permissions WHERE record_id = $1`, own), 0)
}
