package storetest

import (
	"strings"
	"testing"

	"tributary/store"
)

func accountCases() []Case {
	return []Case{
		{"bootstrap", []string{"Store.Bootstrap", "Store.Empty"}, testBootstrap},
		{"tokens", []string{"Store.AccessToken", "Store.TokenOwner", "Store.HolderOfToken"}, testTokens},
		{"accounts and members", []string{"Store.ScopeOf", "Store.AccountLimits", "Store.Memberships"}, testMembers},
		{"users and agents", []string{"Store.User", "Store.Agents"}, testUsers},
		{"administrators", []string{"Store.AccountAdmins"}, testAdmins},
	}
}

func testBootstrap(t *testing.T, w *World) {
	ctx := t.Context()
	empty, err := w.Empty(ctx)
	noErr(t, "Empty", err)
	want(t, "Empty at first", empty, true)

	first, err := w.Bootstrap(ctx, "  Boss@Example.test ", "Boss", "$2a$hash", "Acme")
	noErr(t, "Bootstrap", err)
	if first.AccountID == 0 || first.UserID == 0 || len(first.AccessToken) != 24 || len(first.PlatformToken) != 24 || first.AccessToken == first.PlatformToken {
		t.Errorf("Bootstrap made %+v", first)
	}
	want(t, "Created", first.Created, true)
	again, err := w.Bootstrap(ctx, "boss@example.test", "Other", "other", "Other")
	noErr(t, "Bootstrap again", err)
	first.Created = false
	want(t, "Bootstrap again", again, first)
	second, err := w.Bootstrap(ctx, "second@example.test", "Second", "x", "Second")
	noErr(t, "Bootstrap of a second account", err)
	want(t, "the platform app is one", second.PlatformToken, first.PlatformToken)
	if second.AccountID == first.AccountID || second.AccessToken == first.AccessToken {
		t.Errorf("second account shares with the first: %+v, %+v", second, first)
	}
	empty, err = w.Empty(ctx)
	noErr(t, "Empty", err)
	want(t, "Empty afterwards", empty, false)

	scope, err := w.ScopeOf(ctx, first.AccountID, first.UserID)
	noErr(t, "ScopeOf", err)
	want(t, "ScopeOf", scope, store.AccountScope{ID: first.AccountID, Name: "Acme", Features: store.DefaultFeatures, Member: true, Role: 1})
}

func testTokens(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	token, err := w.AccessToken(ctx, store.OwnerUser, w.Mine.User)
	noErr(t, "AccessToken", err)
	want(t, "AccessToken", token, w.Mine.Token)
	_, err = w.AccessToken(ctx, store.OwnerUser, 999)
	wantErr(t, "AccessToken of nobody", err, store.ErrNotFound)
	_, err = w.AccessToken(ctx, store.OwnerBot, w.Mine.User)
	wantErr(t, "AccessToken of another kind", err, store.ErrNotFound)

	kind, id, err := w.TokenOwner(ctx, token)
	noErr(t, "TokenOwner", err)
	want(t, "TokenOwner kind", kind, store.OwnerUser)
	want(t, "TokenOwner id", id, w.Mine.User)
	for _, bad := range []string{"", "nobody's", token[:23]} {
		_, _, err = w.TokenOwner(ctx, bad)
		wantErr(t, "TokenOwner of "+bad, err, store.ErrNotFound)
		_, err = w.HolderOfToken(ctx, bad)
		wantErr(t, "HolderOfToken of "+bad, err, store.ErrNotFound)
	}
	w.exec(`UPDATE users SET ui_settings = '{"a":1}' WHERE id = $1`, w.Mine.User)
	holder, err := w.HolderOfToken(ctx, token)
	noErr(t, "HolderOfToken", err)
	want(t, "HolderOfToken", holder, store.TokenHolder{
		OwnerType: store.OwnerUser, OwnerID: w.Mine.User, Name: "User mine",
		Email: w.Mine.Email, UISettings: `{"a":1}`,
	})

	app := w.number(`SELECT id FROM platform_apps`)
	platform, err := w.AccessToken(ctx, store.OwnerPlatform, app)
	noErr(t, "AccessToken of the platform app", err)
	holder, err = w.HolderOfToken(ctx, platform)
	noErr(t, "HolderOfToken of the platform app", err)
	want(t, "HolderOfToken of the platform app", holder,
		store.TokenHolder{OwnerType: store.OwnerPlatform, OwnerID: app, Name: "bootstrap", UISettings: "{}"})
}

func testMembers(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.exec(`UPDATE accounts SET status = 1, locale = 5, limits = '{"inboxes":3}' WHERE id = $1`, w.Mine.Account)
	w.exec(`UPDATE account_users SET custom_role_id = 8, role = 0 WHERE user_id = $1`, w.Mine.User)
	scope, err := w.ScopeOf(ctx, w.Mine.Account, w.Mine.User)
	noErr(t, "ScopeOf", err)
	want(t, "ScopeOf", scope, store.AccountScope{
		ID: w.Mine.Account, Name: "Account mine", Status: 1, Locale: 5,
		Features: store.DefaultFeatures, Member: true, CustomRoleID: 8,
	})
	scope, err = w.ScopeOf(ctx, w.Mine.Account, w.Theirs.User)
	noErr(t, "ScopeOf a stranger", err)
	want(t, "a stranger is a member", scope.Member, false)
	want(t, "a stranger's role", scope.Role, 0)
	_, err = w.ScopeOf(ctx, 999, w.Mine.User)
	wantErr(t, "ScopeOf no account", err, store.ErrNotFound)

	limits, err := w.AccountLimits(ctx, w.Mine.Account)
	noErr(t, "AccountLimits", err)
	want(t, "AccountLimits", limits, `{"inboxes":3}`)
	limits, err = w.AccountLimits(ctx, w.Theirs.Account)
	noErr(t, "AccountLimits", err)
	want(t, "AccountLimits by default", limits, `{}`)
	_, err = w.AccountLimits(ctx, 999)
	wantErr(t, "AccountLimits of no account", err, store.ErrNotFound)

	w.exec(`INSERT INTO account_users (account_id, user_id, inviter_id, availability, auto_offline, created_at, updated_at)
		VALUES ($1, $2, $3, 2, FALSE, 1, 1)`, w.Theirs.Account, w.Mine.User, w.Theirs.User)
	list, err := w.Memberships(ctx, w.Mine.User)
	noErr(t, "Memberships", err)
	at := list[0].ActiveAt
	want(t, "ActiveAt", at.Int64, start.UnixMicro())
	want(t, "Memberships", list, []store.MembershipRow{
		{AccountID: w.Mine.Account, AccountName: "Account mine", AccountStatus: 1, AccountLocale: 5, ActiveAt: at, AutoOffline: true, CustomRoleID: ptr[int64](8)},
		{AccountID: w.Theirs.Account, AccountName: "Account theirs", InviterID: &w.Theirs.User, Availability: 2},
	})
	list, err = w.Memberships(ctx, 999)
	noErr(t, "Memberships of nobody", err)
	want(t, "Memberships of nobody", len(list), 0)
}

func testUsers(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.exec(`UPDATE users SET display_name = 'M', type = 'SuperAdmin', message_signature = 'bye', custom_attributes = '{"b":2}', confirmed_at = NULL
		WHERE id = $1`, w.Mine.User)
	u, err := w.User(ctx, w.Mine.User)
	noErr(t, "User", err)
	if len(u.PubsubToken) != 24 {
		t.Errorf("PubsubToken %q", u.PubsubToken)
	}
	want(t, "User", u, store.UserRow{
		ID: w.Mine.User, Email: w.Mine.Email, Name: "User mine", DisplayName: ptr("M"), Type: ptr("SuperAdmin"),
		Provider: "email", PubsubToken: u.PubsubToken, MessageSignature: ptr("bye"), UISettings: "{}", CustomAttributes: `{"b":2}`,
		CreatedAt: start.UnixMicro(),
	})
	u, err = w.User(ctx, w.Theirs.User)
	noErr(t, "User", err)
	want(t, "Confirmed", u.Confirmed, true)
	if u.DisplayName != nil || u.Type != nil || u.MessageSignature != nil {
		t.Errorf("a user's absent values are %v %v %v", u.DisplayName, u.Type, u.MessageSignature)
	}
	_, err = w.User(ctx, 999)
	wantErr(t, "User of no id", err, store.ErrNotFound)

	agents, err := w.Agents(ctx, w.Mine.Account, []int64{w.Mine.User, w.Theirs.User, 999})
	noErr(t, "Agents", err)
	want(t, "Agents", agents, map[int64]store.AgentRow{
		w.Mine.User: {
			ID: w.Mine.User, Email: w.Mine.Email, Name: "User mine", DisplayName: ptr("M"), Provider: "email",
			CustomAttributes: `{"b":2}`, Member: true, Role: 1, AutoOffline: true,
		},
		w.Theirs.User: {
			ID: w.Theirs.User, Email: w.Theirs.Email, Name: "User theirs", Provider: "email", Confirmed: true,
			CustomAttributes: "{}", AutoOffline: true,
		},
	})
	agents, err = w.Agents(ctx, w.Mine.Account, nil)
	noErr(t, "no Agents", err)
	want(t, "no Agents", len(agents), 0)
}

func testAdmins(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	admins := func(account int64) []store.AdminRow {
		t.Helper()
		list, err := w.AccountAdmins(ctx, account)
		noErr(t, "AccountAdmins", err)
		return list
	}
	join := func(user int64, role int) {
		t.Helper()
		w.exec(`INSERT INTO account_users (account_id, user_id, role, created_at, updated_at) VALUES ($1, $2, $3, 1, 1)`, w.Mine.Account, user, role)
	}
	mine := store.AdminRow{UserID: w.Mine.User, Email: w.Mine.Email}
	theirs := store.AdminRow{UserID: w.Theirs.User, Email: w.Theirs.Email}
	want(t, "the first", admins(w.Mine.Account), []store.AdminRow{mine})
	join(theirs.UserID, 0)
	want(t, "an agent is none", admins(w.Mine.Account), []store.AdminRow{mine})
	w.exec(`UPDATE account_users SET role = 1 WHERE account_id = $1`, w.Mine.Account)
	want(t, "two", admins(w.Mine.Account), []store.AdminRow{mine, theirs})
	want(t, "of another account", admins(w.Theirs.Account), []store.AdminRow{theirs})
	third := w.tenant("third")
	w.exec(`UPDATE users SET email = $2 WHERE id = $1`, third.User, strings.ToUpper(mine.Email))
	join(third.User, 1)
	want(t, "an address in other letters", admins(w.Mine.Account), []store.AdminRow{mine, theirs})
	w.exec(`UPDATE users SET confirmed_at = NULL WHERE id = $1`, theirs.UserID)
	want(t, "one is not confirmed", admins(w.Mine.Account), []store.AdminRow{mine})
	want(t, "of no account", len(admins(999)), 0)
}
