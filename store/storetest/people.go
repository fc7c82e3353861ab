package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"tributary/store"
)

func peopleCases() []Case {
	return []Case{
		{"an account's settings", []string{"Store.Account", "Tx.LockAccount", "Tx.UpdateAccount"}, testAccountSettings},
		{"cache keys", []string{"Tx.InvalidateCache", "Store.CacheKeys"}, testCacheKeys},
		{"new users", []string{"Tx.InsertUser", "Tx.LockUserByEmail", "Tx.RenameUser"}, testNewUsers},
		{"a user without accounts", []string{"Tx.DeleteLoneUser"}, testLoneUser},
		{"memberships", []string{
			"Tx.InsertMembership", "Tx.LockMembership", "Tx.UpdateMembership", "Store.SetActive", "Store.CountMembers", "Tx.CountMembers",
		}, testMemberships},
		{"members who leave", []string{"Tx.DeleteMembership", "Store.UnassignMember"}, testLeaving},
		{"agents of an account", []string{"Store.AccountAgents", "Store.AssignableAgents", "Store.AccountInboxIDs"}, testAccountAgents},
		{"custom roles", []string{
			"Store.InsertCustomRole", "Store.CustomRole", "Store.CustomRoles", "Store.ChangeCustomRole", "Store.DeleteCustomRole",
			"Tx.LockCustomRole", "Store.ScopeOf", "Store.Memberships",
		}, testCustomRoles},
	}
}

// user makes a user who is a member of no account.
func (w *World) user(email, name string) int64 {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.InsertUser(ctx, store.NewUser{Email: email, Name: name})
	})
}

// join makes a user a member of an account.
func (w *World) join(account, user int64) store.Membership {
	w.t.Helper()
	return in(w, func(ctx context.Context, tx *store.Tx) (store.Membership, error) {
		m := store.Membership{AccountID: account, UserID: user, AutoOffline: true}
		var err error
		m.ID, err = tx.InsertMembership(ctx, m)
		return m, err
	})
}

func testAccountSettings(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	a, err := w.Account(ctx, w.Mine.Account)
	noErr(t, "Account", err)
	fresh := store.AccountRow{
		ID: w.Mine.Account, Name: "Account mine", Features: store.DefaultFeatures, Limits: "{}", Settings: "{}", CustomAttributes: "{}",
		CreatedAt: start.UnixMicro(),
	}
	want(t, "Account", a, fresh)
	_, err = w.Account(ctx, 999)
	wantErr(t, "Account of no id", err, store.ErrNotFound)
	w.fails("LockAccount of no id", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.LockAccount(ctx, 999)
		return err
	})

	version := func() int64 {
		t.Helper()
		v, err := w.Version(ctx, store.TopicChannels)
		noErr(t, "Version", err)
		return v
	}
	change := func(f func(*store.AccountRow)) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error {
			a, err := tx.LockAccount(ctx, w.Mine.Account)
			if err != nil {
				return err
			}
			f(&a)
			return tx.UpdateAccount(ctx, a)
		})
	}
	before := version()
	change(func(a *store.AccountRow) {
		a.Name, a.Domain, a.SupportEmail, a.Features, a.Limits = "New", ptr("acme.test"), ptr("help@acme.test"), 5, `{"agents":2}`
		a.Settings, a.CustomAttributes = `{"auto_resolve_after":30}`, `{"industry":"x"}`
	})
	want(t, "channels need not be read again", version(), before)
	a, err = w.Account(ctx, w.Mine.Account)
	noErr(t, "Account", err)
	changed := fresh
	changed.Name, changed.Domain, changed.SupportEmail, changed.Features, changed.Limits = "New", ptr("acme.test"), ptr("help@acme.test"), 5, `{"agents":2}`
	changed.Settings, changed.CustomAttributes = `{"auto_resolve_after":30}`, `{"industry":"x"}`
	want(t, "the changed account", a, changed)
	for i, f := range []func(*store.AccountRow){
		func(a *store.AccountRow) { a.Locale = 4 }, func(a *store.AccountRow) { a.Status = 1 },
	} {
		change(f)
		want(t, "channels have to be read again", version(), before+int64(i)+1)
	}
	a, err = w.Account(ctx, w.Mine.Account)
	noErr(t, "Account", err)
	want(t, "locale and status", [2]int{a.Locale, a.Status}, [2]int{4, 1})
	other, err := w.Account(ctx, w.Theirs.Account)
	noErr(t, "Account of others", err)
	want(t, "the other account's name", other.Name, "Account theirs")
}

func testCacheKeys(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	keys := func(account int64) map[string]int64 {
		t.Helper()
		k, err := w.CacheKeys(ctx, account)
		noErr(t, "CacheKeys", err)
		return k
	}
	invalidate := func(account int64, lists ...string) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.InvalidateCache(ctx, account, lists...) })
	}
	want(t, "at first", keys(w.Mine.Account), map[string]int64{})
	invalidate(w.Mine.Account, store.CacheTeams, store.CacheInboxes)
	w.Clock.Advance(time.Hour)
	invalidate(w.Mine.Account, store.CacheTeams)
	want(t, "changed", keys(w.Mine.Account), map[string]int64{store.CacheTeams: start.Add(time.Hour).UnixMicro(), store.CacheInboxes: start.UnixMicro()})
	want(t, "of others", keys(w.Theirs.Account), map[string]int64{})
	want(t, "events", w.number(`SELECT COUNT(*) FROM outbox WHERE kind = 'account.cache_invalidated' AND account_id = $1`, w.Mine.Account), 2)
	w.Clock.Advance(71*time.Hour + time.Second)
	want(t, "after three days", keys(w.Mine.Account), map[string]int64{store.CacheTeams: start.Add(time.Hour).UnixMicro()})
	w.Clock.Advance(time.Hour)
	want(t, "later", keys(w.Mine.Account), map[string]int64{})
	invalidate(999, store.CacheTeams)
	want(t, "of no account", keys(999), map[string]int64{})
}

func testNewUsers(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	id := w.user(" Ada@Example.TEST ", "Ada")
	u, err := w.User(ctx, id)
	noErr(t, "User", err)
	want(t, "a new user", u, store.UserRow{
		ID: id, Email: "ada@example.test", Name: "Ada", Provider: "email", PubsubToken: u.PubsubToken, UISettings: "{}", CustomAttributes: "{}",
		CreatedAt: u.CreatedAt,
	})
	token, err := w.AccessToken(ctx, store.OwnerUser, id)
	noErr(t, "AccessToken", err)
	if len(token) != 24 || len(u.PubsubToken) != 24 {
		t.Errorf("tokens %q and %q", token, u.PubsubToken)
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.InsertUser(ctx, store.NewUser{Email: "ADA@example.test", Name: "Eve"}); !errors.Is(err, store.ErrTaken) {
			t.Errorf("the same address again: %v", err)
		}
		if found, err := tx.LockUserByEmail(ctx, "Ada@example.test "); err != nil || found != id {
			t.Errorf("LockUserByEmail: %d, %v", found, err)
		}
		if _, err := tx.LockUserByEmail(ctx, "nobody@example.test"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("LockUserByEmail of nobody: %v", err)
		}
		return tx.RenameUser(ctx, id, "Countess")
	})
	confirmed := in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.InsertUser(ctx, store.NewUser{Email: "bo@example.test", Name: "Bo", PasswordHash: "$2a$x", ConfirmedAt: tx.Now})
	})
	want(t, "confirmed with a password", w.number(`SELECT COUNT(*) FROM users WHERE id = $1 AND confirmed_at = $2 AND password_hash = '$2a$x'`,
		confirmed, start.UnixMicro()), 1)
	u, err = w.User(ctx, id)
	noErr(t, "User", err)
	want(t, "the new name", u.Name, "Countess")
	u, err = w.User(ctx, confirmed)
	noErr(t, "User", err)
	want(t, "the other name", u.Name, "Bo")
}

func testLoneUser(t *testing.T, w *World) {
	w.tenants()
	remove := func(id int64) (done bool) {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.DeleteLoneUser(ctx, id) })
	}
	want(t, "a member is deleted", remove(w.Mine.User), false)
	want(t, "nobody is deleted", remove(999), false)

	c := w.chat(w.line(w.Mine.Account, "l"), "S1")
	lone := w.user("lone@example.test", "Lone")
	message := w.outgoing(c, lone, "written before")
	blob := w.kept(0, "picture").ID
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetAvatar(ctx, store.AvatarUser, 0, lone, blob)
	})
	w.exec(`UPDATE conversations SET assignee_id = $2 WHERE id = $1`, c.Conversation, lone)
	w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, c.Inbox, lone)
	w.exec(`UPDATE users SET type = 'SuperAdmin' WHERE id = $1`, lone)
	want(t, "a super admin is deleted", remove(lone), false)
	w.exec(`UPDATE users SET type = NULL WHERE id = $1`, lone)
	want(t, "deleted", remove(lone), true)
	for what, query := range map[string]string{
		"users":         `SELECT COUNT(*) FROM users WHERE id = $1`,
		"tokens":        `SELECT COUNT(*) FROM access_tokens WHERE owner_type = 'User' AND owner_id = $1`,
		"inbox members": `SELECT COUNT(*) FROM inbox_members WHERE user_id = $1`,
		"conversations": `SELECT COUNT(*) FROM conversations WHERE assignee_id = $1`,
	} {
		want(t, "left of "+what, w.number(query, lone), 0)
	}
	want(t, "the message", w.number(`SELECT COUNT(*) FROM messages WHERE id = $1 AND sender_id = $2`, message, lone), 1)
	want(t, "the picture is in use", w.number(`SELECT COUNT(*) FROM blobs WHERE id = $1 AND expires_unattached_at IS NULL`, blob), 0)
	want(t, "once more", remove(lone), false)
}

func testMemberships(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	user := w.user("ada@example.test", "Ada")
	m := store.Membership{
		AccountID: w.Mine.Account, UserID: user, Role: 1, InviterID: &w.Mine.User, Availability: 2, AutoOffline: true, CustomRoleID: ptr[int64](4),
	}
	w.do(func(ctx context.Context, tx *store.Tx) (err error) {
		if m.ID, err = tx.InsertMembership(ctx, m); err != nil {
			return err
		}
		if _, err := tx.InsertMembership(ctx, m); !errors.Is(err, store.ErrTaken) {
			t.Errorf("a member again: %v", err)
		}
		n, err := tx.CountMembers(ctx, w.Mine.Account)
		want(t, "members, inside", n, 2)
		return err
	})
	lock := func() store.Membership {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) (store.Membership, error) {
			return tx.LockMembership(ctx, w.Mine.Account, user)
		})
	}
	want(t, "LockMembership", lock(), m)
	w.fails("a membership of others", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.LockMembership(ctx, w.Theirs.Account, user)
		return err
	})
	m.Role, m.Availability, m.AutoOffline, m.CustomRoleID = 0, 1, false, nil
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateMembership(ctx, m) })
	want(t, "UpdateMembership", lock(), m)
	for account, members := range map[int64]int{w.Mine.Account: 2, w.Theirs.Account: 1, 999: 0} {
		n, err := w.CountMembers(ctx, account)
		noErr(t, "CountMembers", err)
		want(t, "CountMembers", n, members)
	}

	w.join(w.Theirs.Account, user)
	w.Clock.Advance(time.Minute)
	noErr(t, "SetActive", w.SetActive(ctx, w.Mine.Account, user))
	list, err := w.Memberships(ctx, user)
	noErr(t, "Memberships", err)
	want(t, "active in mine", list[0].ActiveAt.Int64, start.Add(time.Minute).UnixMicro())
	want(t, "active in theirs", list[1].ActiveAt.Valid, false)
}

func testLeaving(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	user := w.user("ada@example.test", "Ada")
	m := w.join(w.Mine.Account, user)
	w.join(w.Theirs.Account, user)
	mine, theirs := w.line(w.Mine.Account, "mine"), w.line(w.Theirs.Account, "theirs")
	var teams []int64
	for _, l := range []Line{mine, theirs} {
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, l.Inbox, user)
		team := w.team(l.Account, "sales")
		w.inTeam(team, user)
		teams = append(teams, team)
	}
	var assigned []Chat
	for i := range 5 {
		assigned = append(assigned, w.chat(mine, "S"+itoa(i)))
	}
	other := w.chat(theirs, "S")
	w.exec(`UPDATE conversations SET assignee_id = $1`, user)
	w.exec(`UPDATE conversations SET assignee_id = $1 WHERE id = $2`, w.Mine.User, assigned[4].Conversation)
	count := func() int64 {
		t.Helper()
		return w.number(`SELECT COUNT(*) FROM conversations WHERE account_id = $1 AND assignee_id = $2`, w.Mine.Account, user)
	}
	unassign := func() bool {
		t.Helper()
		done, err := w.UnassignMember(ctx, w.Mine.Account, user, 3)
		noErr(t, "UnassignMember", err)
		return done
	}
	want(t, "a member is done with at once", unassign(), true)
	want(t, "conversations of a member", count(), 4)

	left := in(w, func(ctx context.Context, tx *store.Tx) (store.LeftPlaces, error) { return tx.DeleteMembership(ctx, m) })
	want(t, "left", left, store.LeftPlaces{Teams: []store.Place{{ID: left.Teams[0].ID, In: teams[0], UserID: user}}, Inboxes: []store.Place{{ID: left.Inboxes[0].ID, In: mine.Inbox, UserID: user}}})
	want(t, "team of the other account", w.number(`SELECT COUNT(*) FROM team_members WHERE user_id = $1`, user), 1)
	want(t, "inbox of the other account", w.number(`SELECT COUNT(*) FROM inbox_members WHERE user_id = $1`, user), 1)

	w.Clock.Advance(time.Minute)
	want(t, "the first share", unassign(), false)
	want(t, "left of it", count(), 1)
	want(t, "the second share", unassign(), true)
	want(t, "left of them", count(), 0)
	want(t, "changed", w.number(`SELECT COUNT(*) FROM conversations WHERE assignee_id IS NULL AND updated_at = $1`, start.Add(time.Minute).UnixMicro()), 4)
	want(t, "somebody else's", w.number(`SELECT assignee_id FROM conversations WHERE id = $1`, assigned[4].Conversation), w.Mine.User)
	want(t, "of the other account", w.number(`SELECT assignee_id FROM conversations WHERE id = $1`, other.Conversation), user)
}

func testAccountAgents(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	zoe, bea, ann := w.user("z@example.test", "zoe"), w.user("b@example.test", "Bea"), w.user("a@example.test", "ann")
	for _, u := range []int64{zoe, bea, ann} {
		w.join(w.Mine.Account, u)
	}
	blob := w.kept(0, "picture").ID
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetAvatar(ctx, store.AvatarUser, 0, bea, blob)
	})
	list, err := w.AccountAgents(ctx, w.Mine.Account)
	noErr(t, "AccountAgents", err)
	var got []int64
	for _, a := range list {
		got = append(got, a.ID)
	}
	want(t, "by name", got, []int64{ann, bea, w.Mine.User, zoe})
	want(t, "an agent", list[1], store.AgentRow{
		ID: bea, Email: "b@example.test", Name: "Bea", Provider: "email", CustomAttributes: "{}", AvatarBlobID: blob, Member: true, AutoOffline: true,
	})
	list, err = w.AccountAgents(ctx, 999)
	noErr(t, "AccountAgents of no account", err)
	want(t, "AccountAgents of no account", len(list), 0)

	one, two := w.line(w.Mine.Account, "one"), w.line(w.Mine.Account, "two")
	w.line(w.Theirs.Account, "three")
	known, err := w.AccountInboxIDs(ctx, w.Mine.Account)
	noErr(t, "AccountInboxIDs", err)
	want(t, "AccountInboxIDs", known, []int64{one.Inbox, two.Inbox})
	for _, p := range []struct{ inbox, user int64 }{
		{one.Inbox, zoe}, {two.Inbox, zoe}, {one.Inbox, ann}, {one.Inbox, w.Theirs.User}, {two.Inbox, w.Theirs.User}, {one.Inbox, w.Mine.User},
	} {
		w.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) VALUES ($1, $2, 1)`, p.inbox, p.user)
	}
	for _, c := range []struct {
		inboxes, want []int64
	}{
		{[]int64{one.Inbox}, []int64{w.Mine.User, zoe, ann}},
		{[]int64{two.Inbox}, []int64{w.Mine.User, zoe}},
		{[]int64{one.Inbox, two.Inbox}, []int64{w.Mine.User, zoe}},
	} {
		list, err := w.AssignableAgents(ctx, w.Mine.Account, c.inboxes)
		noErr(t, "AssignableAgents", err)
		var got []int64
		for _, a := range list {
			got = append(got, a.ID)
		}
		want(t, "AssignableAgents", got, c.want)
	}
}

func testCustomRoles(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	insert := func(r store.CustomRoleRow) store.CustomRoleRow {
		t.Helper()
		id, err := w.InsertCustomRole(ctx, r)
		noErr(t, "InsertCustomRole", err)
		r.ID, r.CreatedAt, r.UpdatedAt = id, start.UnixMicro(), start.UnixMicro()
		return r
	}
	one := insert(store.CustomRoleRow{AccountID: w.Mine.Account, Name: "One", Description: ptr("first"), Permissions: []string{"b", "a"}})
	two := insert(store.CustomRoleRow{AccountID: w.Mine.Account, Name: "One", Permissions: []string{}})
	insert(store.CustomRoleRow{AccountID: w.Theirs.Account, Name: "Theirs"})
	list, err := w.CustomRoles(ctx, w.Mine.Account)
	noErr(t, "CustomRoles", err)
	want(t, "CustomRoles", list, []store.CustomRoleRow{one, two})
	_, err = w.CustomRole(ctx, w.Theirs.Account, one.ID)
	wantErr(t, "a role of others", err, store.ErrNotFound)

	w.Clock.Advance(time.Minute)
	noErr(t, "ChangeCustomRole", w.ChangeCustomRole(ctx, w.Mine.Account, one.ID, func(r *store.CustomRoleRow) error {
		r.Name, r.Description, r.Permissions = "New", nil, []string{"c"}
		return nil
	}))
	one.Name, one.Description, one.Permissions, one.UpdatedAt = "New", nil, []string{"c"}, start.Add(time.Minute).UnixMicro()
	got, err := w.CustomRole(ctx, w.Mine.Account, one.ID)
	noErr(t, "CustomRole", err)
	want(t, "a changed role", got, one)
	refusal := errors.New("no")
	wantErr(t, "a change that is refused", w.ChangeCustomRole(ctx, w.Mine.Account, one.ID, func(r *store.CustomRoleRow) error {
		r.Name = "never"
		return refusal
	}), refusal)
	never := func(*store.CustomRoleRow) error { t.Error("a role of others is changed"); return nil }
	wantErr(t, "ChangeCustomRole of others", w.ChangeCustomRole(ctx, w.Theirs.Account, one.ID, never), store.ErrNotFound)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		locked, err := tx.LockCustomRole(ctx, w.Mine.Account, one.ID)
		want(t, "LockCustomRole", locked, one)
		return err
	})

	w.exec(`UPDATE account_users SET custom_role_id = $1 WHERE user_id = $2`, one.ID, w.Mine.User)
	scope, err := w.ScopeOf(ctx, w.Mine.Account, w.Mine.User)
	noErr(t, "ScopeOf", err)
	want(t, "permissions", scope.Permissions, []string{"c"})
	memberships, err := w.Memberships(ctx, w.Mine.User)
	noErr(t, "Memberships", err)
	m := memberships[0]
	want(t, "the role of a membership", []any{*m.CustomRoleID, *m.RoleName, m.RoleDescription, m.RolePermissions}, []any{one.ID, "New", (*string)(nil), []string{"c"}})

	wantErr(t, "DeleteCustomRole of others", w.DeleteCustomRole(ctx, w.Theirs.Account, one.ID), store.ErrNotFound)
	noErr(t, "DeleteCustomRole", w.DeleteCustomRole(ctx, w.Mine.Account, one.ID))
	wantErr(t, "DeleteCustomRole again", w.DeleteCustomRole(ctx, w.Mine.Account, one.ID), store.ErrNotFound)
	scope, err = w.ScopeOf(ctx, w.Mine.Account, w.Mine.User)
	noErr(t, "ScopeOf", err)
	want(t, "the role of the scope", scope.CustomRoleID, 0)
	list, err = w.CustomRoles(ctx, w.Mine.Account)
	noErr(t, "CustomRoles", err)
	want(t, "the others", list, []store.CustomRoleRow{two})
}
