package storetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/store"
)

func signInCases() []Case {
	return []Case{
		{
			"user sessions",
			[]string{"Tx.InsertUserSession", "Store.UserSession", "Store.HasUserSession", "Tx.DeleteUserSession", "Tx.KeepLatestUserSession", "Tx.EndUserSessions"},
			testUserSessions,
		},
		{"user tokens", []string{"Tx.InsertUserToken", "Store.UserToken", "Tx.TakeUserToken", "Tx.DropUserTokens"}, testUserTokens},
		{"a token is taken once", []string{"Tx.TakeUserToken"}, testTokenRace},
		{"logins", []string{"Store.LoginByEmail", "Store.LoginByID", "Tx.LockLogin", "Tx.CountSignIn", "Tx.UserAccounts"}, testLogins},
		{"passwords", []string{"Tx.SetPassword", "Tx.RehashPassword"}, testUserPasswords},
		{"addresses", []string{"Tx.EmailOwner", "Tx.SetEmail", "Tx.SetUnconfirmedEmail", "Tx.ConfirmUser"}, testUserAddresses},
		{"profiles", []string{"Tx.LockProfile", "Tx.SetProfile"}, testUserProfiles},
		{"another API token", []string{"Tx.RotateAccessToken"}, testRotate},
		{"what is over", []string{"Store.PruneSignIn"}, testPruneSignIn},
		{"sign-up", []string{"Tx.InsertAccount"}, testInsertAccount},
		{"signing keys", []string{"Store.SigningKey"}, testSigningKey},
	}
}

func (w *World) session(user int64, client, token string, life time.Duration) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertUserSession(ctx, user, client, token, tx.Now.Add(life))
	})
}

func testUserSessions(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.exec(`UPDATE users SET ui_settings = '{"locale":"de"}' WHERE id = $1`, w.Mine.User)
	w.session(w.Mine.User, "laptop", "t0k3n", time.Hour)
	got, err := w.UserSession(ctx, w.Mine.Email, "laptop", "t0k3n")
	noErr(t, "UserSession", err)
	want(t, "UserSession", got, store.UserSession{
		UserID: w.Mine.User, Name: "User mine", Email: w.Mine.Email, UISettings: `{"locale":"de"}`, Client: "laptop", ExpiresAt: start.Add(time.Hour),
	})
	for what, try := range map[string][3]string{
		"another token": {w.Mine.Email, "laptop", "t0k3N"}, "no token": {w.Mine.Email, "laptop", ""}, "another device": {w.Mine.Email, "phone", "t0k3n"},
		"another user": {w.Theirs.Email, "laptop", "t0k3n"}, "nobody": {"", "laptop", "t0k3n"},
	} {
		_, err := w.UserSession(ctx, try[0], try[1], try[2])
		wantErr(t, what, err, store.ErrNotFound)
	}
	if strings.Contains(w.text(`SELECT digest FROM user_sessions`), "t0k3n") {
		t.Error("the token is stored")
	}
	w.session(w.Mine.User, "laptop", "other", 2*time.Hour)
	_, err = w.UserSession(ctx, w.Mine.Email, "laptop", "t0k3n")
	wantErr(t, "the token before", err, store.ErrNotFound)
	w.Clock.Advance(2 * time.Hour)
	_, err = w.UserSession(ctx, w.Mine.Email, "laptop", "other")
	wantErr(t, "after its end", err, store.ErrNotFound)

	for i := range store.MaxUserSessions + 2 {
		w.session(w.Mine.User, "device "+itoa(i), "x", time.Duration(i+1)*time.Hour)
	}
	w.session(w.Theirs.User, "device 0", "x", time.Hour)
	want(t, "sessions", w.number(`SELECT COUNT(*) FROM user_sessions WHERE user_id = $1`, w.Mine.User), int64(store.MaxUserSessions))
	holds := func(user int64, client string) bool {
		t.Helper()
		is, err := w.HasUserSession(ctx, user, client)
		noErr(t, "HasUserSession", err)
		return is
	}
	want(t, "the one that expired first", holds(w.Mine.User, "device 1"), false)
	want(t, "the next one", holds(w.Mine.User, "device 2"), true)
	for _, expected := range []bool{true, false} {
		was := in(w, func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.DeleteUserSession(ctx, w.Mine.User, "device 26")
		})
		want(t, "DeleteUserSession", was, expected)
	}
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.KeepLatestUserSession(ctx, w.Mine.User) })
	want(t, "the latest", holds(w.Mine.User, "device 25"), true)
	want(t, "those left", w.number(`SELECT COUNT(*) FROM user_sessions WHERE user_id = $1`, w.Mine.User), 1)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.EndUserSessions(ctx, w.Mine.User) })
	want(t, "the latest, signed out everywhere", holds(w.Mine.User, "device 25"), false)
	want(t, "theirs", holds(w.Theirs.User, "device 0"), true)
}

// text reads one text from the tables.
func (w *World) text(query string, args ...any) string {
	w.t.Helper()
	var s string
	if err := w.SQL.QueryRowContext(w.t.Context(), query, args...).Scan(&s); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return s
}

func testUserTokens(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	insert := func(u store.UserToken, token string) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.InsertUserToken(ctx, u, token) })
	}
	confirm := store.UserToken{Kind: store.TokenConfirm, UserID: w.Mine.User, Email: "new@example.test"}
	reset := store.UserToken{Kind: store.TokenReset, UserID: w.Mine.User, ExpiresAt: start.Add(time.Hour)}
	insert(confirm, "same")
	insert(reset, "same")
	for _, u := range []store.UserToken{confirm, reset} {
		got, err := w.UserToken(ctx, u.Kind, "same")
		noErr(t, "UserToken", err)
		want(t, "UserToken", got, u)
	}
	_, err := w.UserToken(ctx, store.TokenSSO, "same")
	wantErr(t, "of another kind", err, store.ErrNotFound)
	if strings.Contains(w.text(`SELECT digest FROM user_tokens LIMIT 1`), "same") {
		t.Error("the token is stored")
	}
	take := func(kind store.TokenKind, token string) error {
		return w.Transact(ctx, func(tx *store.Tx) error {
			_, err := tx.TakeUserToken(ctx, kind, token)
			return err
		})
	}
	noErr(t, "TakeUserToken", take(store.TokenReset, "same"))
	wantErr(t, "TakeUserToken again", take(store.TokenReset, "same"), store.ErrNotFound)
	insert(reset, "late")
	w.Clock.Advance(time.Hour)
	wantErr(t, "TakeUserToken too late", take(store.TokenReset, "late"), store.ErrNotFound)
	_, err = w.UserToken(ctx, store.TokenReset, "late")
	wantErr(t, "UserToken too late", err, store.ErrNotFound)

	for i := range 12 {
		w.Clock.Advance(time.Second)
		insert(confirm, "c"+itoa(i))
	}
	_, err = w.UserToken(ctx, store.TokenConfirm, "c1")
	wantErr(t, "the eleventh newest", err, store.ErrNotFound)
	_, err = w.UserToken(ctx, store.TokenConfirm, "c2")
	noErr(t, "the tenth newest", err)
	insert(store.UserToken{Kind: store.TokenConfirm, UserID: w.Theirs.User}, "theirs")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.DropUserTokens(ctx, w.Mine.User, store.TokenConfirm)
	})
	_, err = w.UserToken(ctx, store.TokenConfirm, "c11")
	wantErr(t, "a dropped one", err, store.ErrNotFound)
	_, err = w.UserToken(ctx, store.TokenConfirm, "theirs")
	noErr(t, "somebody else's", err)
}

// Of several who use a token at once, one has it.
func testTokenRace(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertUserToken(ctx, store.UserToken{Kind: store.TokenSSO, UserID: w.Mine.User, ExpiresAt: start.Add(time.Hour)}, "once")
	})
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			errs[i] = w.Transact(ctx, func(tx *store.Tx) error {
				_, err := tx.TakeUserToken(ctx, store.TokenSSO, "once")
				return err
			})
		})
	}
	wg.Wait()
	took := 0
	for _, err := range errs {
		if err == nil {
			took++
		} else {
			wantErr(t, "one who came second", err, store.ErrNotFound)
		}
	}
	want(t, "those who had it", took, 1)
}

func testLogins(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.exec(`INSERT INTO account_users (account_id, user_id, created_at, updated_at) VALUES ($1, $2, 1, 1)`, w.Theirs.Account, w.Mine.User)
	w.exec(`UPDATE users SET unconfirmed_email = 'n@example.test', mfa_enabled = TRUE, provider = 'saml', confirmed_at = NULL, custom_attributes = '{"a":1}'
		WHERE id = $1`, w.Mine.User)
	expected := store.Login{
		UserID: w.Mine.User, Email: w.Mine.Email, UnconfirmedEmail: "n@example.test", Name: "User mine", PasswordHash: "$2a$hash", Provider: "saml",
		MFA: true, PubsubToken: w.text(`SELECT pubsub_token FROM users WHERE id = $1`, w.Mine.User), UISettings: "{}", CustomAttributes: `{"a":1}`,
	}
	byEmail, err := w.LoginByEmail(ctx, w.Mine.Email)
	noErr(t, "LoginByEmail", err)
	want(t, "LoginByEmail", byEmail, expected)
	byID, err := w.LoginByID(ctx, w.Mine.User)
	noErr(t, "LoginByID", err)
	want(t, "LoginByID", byID, expected)
	locked := in(w, func(ctx context.Context, tx *store.Tx) (store.Login, error) { return tx.LockLogin(ctx, w.Mine.User) })
	want(t, "LockLogin", locked, expected)
	theirs, err := w.LoginByID(ctx, w.Theirs.User)
	noErr(t, "LoginByID", err)
	want(t, "theirs", [3]any{theirs.Confirmed, theirs.MFA, theirs.UnconfirmedEmail}, [3]any{true, false, ""})
	_, err = w.LoginByEmail(ctx, "nobody@example.test")
	wantErr(t, "LoginByEmail of nobody", err, store.ErrNotFound)
	_, err = w.LoginByID(ctx, 999)
	wantErr(t, "LoginByID of nobody", err, store.ErrNotFound)
	w.fails("LockLogin of nobody", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.LockLogin(ctx, 999)
		return err
	})

	accounts := in(w, func(ctx context.Context, tx *store.Tx) ([]int64, error) { return tx.UserAccounts(ctx, w.Mine.User) })
	want(t, "UserAccounts", accounts, []int64{w.Mine.Account, w.Theirs.Account})

	count := func(ip string) {
		t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.CountSignIn(ctx, w.Mine.User, ip) })
	}
	counters := func() string {
		return w.text(`SELECT sign_in_count || ' ' || last_sign_in_at || ' ' || last_sign_in_ip || ' ' || current_sign_in_at || ' ' || current_sign_in_ip
			FROM users WHERE id = $1`, w.Mine.User)
	}
	count("192.0.2.1")
	first := itoa(start.UnixMicro())
	want(t, "after the first sign-in", counters(), "1 "+first+" 192.0.2.1 "+first+" 192.0.2.1")
	w.Clock.Advance(time.Minute)
	count("192.0.2.2")
	want(t, "after the second one", counters(), "2 "+first+" 192.0.2.1 "+itoa(start.Add(time.Minute).UnixMicro())+" 192.0.2.2")
	w.fails("CountSignIn of nobody", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.CountSignIn(ctx, 999, "") })
}

func testUserPasswords(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	before, err := w.LoginByID(ctx, w.Mine.User)
	noErr(t, "LoginByID", err)
	token := func(kind store.TokenKind) error {
		_, err := w.UserToken(ctx, kind, "t")
		return err
	}
	for _, kind := range []store.TokenKind{store.TokenReset, store.TokenInvite, store.TokenConfirm} {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertUserToken(ctx, store.UserToken{Kind: kind, UserID: w.Mine.User}, "t")
		})
	}
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, w.Mine.User, "$2a$new") })
	after, err := w.LoginByID(ctx, w.Mine.User)
	noErr(t, "LoginByID", err)
	want(t, "PasswordHash", after.PasswordHash, "$2a$new")
	if after.PubsubToken == before.PubsubToken || len(after.PubsubToken) != 24 {
		t.Errorf("PubsubToken %q after %q", after.PubsubToken, before.PubsubToken)
	}
	want(t, "who listens by the old one is looked at", w.text(`SELECT payload FROM outbox WHERE kind = $1`, store.KindTokenChanged),
		`{"user_id":`+itoa(w.Mine.User)+`}`)
	wantErr(t, "the token to reset", token(store.TokenReset), store.ErrNotFound)
	wantErr(t, "the invitation", token(store.TokenInvite), store.ErrNotFound)
	noErr(t, "the token to confirm", token(store.TokenConfirm))
	w.fails("SetPassword of nobody", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.SetPassword(ctx, 999, "x") })

	rehash := func(old, hash string) string {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.RehashPassword(ctx, w.Mine.User, old, hash) })
		l, err := w.LoginByID(ctx, w.Mine.User)
		noErr(t, "LoginByID", err)
		want(t, "PubsubToken", l.PubsubToken, after.PubsubToken)
		return l.PasswordHash
	}
	want(t, "RehashPassword of another one", rehash("$2a$hash", "$2a$stale"), "$2a$new")
	want(t, "RehashPassword", rehash("$2a$new", "$2a$better"), "$2a$better")
}

func testUserAddresses(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	owner := func(email string) int64 {
		return in(w, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.EmailOwner(ctx, email) })
	}
	want(t, "EmailOwner", owner(w.Mine.Email), w.Mine.User)
	want(t, "EmailOwner of nobody's", owner("x@example.test"), 0)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertUserToken(ctx, store.UserToken{Kind: store.TokenReset, UserID: w.Mine.User}, "t"); err != nil {
			return err
		}
		return tx.SetUnconfirmedEmail(ctx, w.Mine.User, "new@example.test")
	})
	l, err := w.LoginByID(ctx, w.Mine.User)
	noErr(t, "LoginByID", err)
	want(t, "the wanted address", [2]string{l.Email, l.UnconfirmedEmail}, [2]string{w.Mine.Email, "new@example.test"})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetEmail(ctx, w.Mine.User, w.Theirs.Email); err == nil || err.Error() != store.ErrTaken.Error() {
			return fmt.Errorf("SetEmail to somebody's: %w", err)
		}
		return tx.SetEmail(ctx, w.Mine.User, "new@example.test")
	})
	l, err = w.LoginByID(ctx, w.Mine.User)
	noErr(t, "LoginByID", err)
	want(t, "the new address", [2]string{l.Email, l.UnconfirmedEmail}, [2]string{"new@example.test", ""})
	_, err = w.UserToken(ctx, store.TokenReset, "t")
	wantErr(t, "what was sent to the old one", err, store.ErrNotFound)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetUnconfirmedEmail(ctx, w.Mine.User, "again@example.test"); err != nil {
			return err
		}
		return tx.SetUnconfirmedEmail(ctx, w.Mine.User, "")
	})
	want(t, "taken back", w.number(`SELECT COUNT(*) FROM users WHERE unconfirmed_email IS NOT NULL`), 0)

	w.exec(`UPDATE users SET confirmed_at = NULL WHERE id = $1`, w.Mine.User)
	confirm := func() int64 {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.ConfirmUser(ctx, w.Mine.User) })
		return w.number(`SELECT confirmed_at FROM users WHERE id = $1`, w.Mine.User)
	}
	first := confirm()
	want(t, "ConfirmUser", first, start.UnixMicro())
	w.Clock.Advance(time.Minute)
	want(t, "ConfirmUser again", confirm(), first)
}

func testUserProfiles(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	p := store.UserProfile{Name: "N", DisplayName: ptr("D"), MessageSignature: ptr("S"), UISettings: `{"b":1,"a":2}`, CustomAttributes: `{"c":3}`}
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SetProfile(ctx, w.Mine.User, p) })
	got := in(w, func(ctx context.Context, tx *store.Tx) (store.UserProfile, error) {
		return tx.LockProfile(ctx, w.Mine.User)
	})
	want(t, "LockProfile", got, p)
	got = in(w, func(ctx context.Context, tx *store.Tx) (store.UserProfile, error) {
		return tx.LockProfile(ctx, w.Theirs.User)
	})
	want(t, "somebody else's", got, store.UserProfile{Name: "User theirs", UISettings: "{}", CustomAttributes: "{}"})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.SetProfile(ctx, w.Mine.User, store.UserProfile{})
	})
	u, err := w.User(ctx, w.Mine.User)
	noErr(t, "User", err)
	want(t, "an empty one", [3]any{u.Name, u.UISettings, u.CustomAttributes}, [3]any{"", "{}", "{}"})
	w.fails("SetProfile of nobody", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error { return tx.SetProfile(ctx, 999, p) })
	w.fails("LockProfile of nobody", store.ErrNotFound, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.LockProfile(ctx, 999)
		return err
	})
}

func testRotate(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	fresh := in(w, func(ctx context.Context, tx *store.Tx) (string, error) {
		return tx.RotateAccessToken(ctx, store.OwnerUser, w.Mine.User)
	})
	stored, err := w.AccessToken(ctx, store.OwnerUser, w.Mine.User)
	noErr(t, "AccessToken", err)
	want(t, "AccessToken", stored, fresh)
	_, _, err = w.TokenOwner(ctx, w.Mine.Token)
	wantErr(t, "the old token", err, store.ErrNotFound)
	_, id, err := w.TokenOwner(ctx, fresh)
	noErr(t, "TokenOwner", err)
	want(t, "TokenOwner", id, w.Mine.User)
	_, _, err = w.TokenOwner(ctx, w.Theirs.Token)
	noErr(t, "somebody else's token", err)
}

func testPruneSignIn(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	for i, life := range []time.Duration{time.Minute, time.Hour} {
		w.session(w.Mine.User, "d"+itoa(i), "x", life)
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertUserToken(ctx, store.UserToken{Kind: store.TokenSSO, UserID: w.Mine.User, ExpiresAt: tx.Now.Add(life)}, itoa(i))
		})
		_, err := w.CountHits(ctx, "a", 1, start.Add(life))
		noErr(t, "CountHits", err)
	}
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.HoldMail(ctx, store.HeldMail{Subject: "old"}); err != nil {
			return err
		}
		return tx.InsertUserToken(ctx, store.UserToken{Kind: store.TokenConfirm, UserID: w.Mine.User}, "for good")
	})
	w.Clock.Advance(time.Minute)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.HoldMail(ctx, store.HeldMail{Subject: "new"}) })
	noErr(t, "PruneSignIn", w.PruneSignIn(ctx, time.Minute))
	for query, left := range map[string]int64{
		`SELECT COUNT(*) FROM user_sessions`: 1, `SELECT COUNT(*) FROM user_tokens`: 2, `SELECT COUNT(*) FROM throttle_hits`: 1,
		`SELECT COUNT(*) FROM mails_held WHERE subject = 'new'`: 1, `SELECT COUNT(*) FROM mails_held`: 1,
	} {
		want(t, query, w.number(query), left)
	}
}

func testInsertAccount(t *testing.T, w *World) {
	ctx := t.Context()
	id := in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.InsertAccount(ctx, store.NewAccount{Name: "", Locale: 16, Features: 5, CustomAttributes: `{"a":1}`})
	})
	scope, err := w.ScopeOf(ctx, id, 0)
	noErr(t, "ScopeOf", err)
	want(t, "InsertAccount", scope, store.AccountScope{ID: id, Locale: 16, Features: 5})
	want(t, "its attributes", w.text(`SELECT custom_attributes FROM accounts WHERE id = $1`, id), `{"a":1}`)
	plain := in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.InsertAccount(ctx, store.NewAccount{Name: "Acme", Features: store.DefaultFeatures})
	})
	want(t, "no attributes", w.text(`SELECT custom_attributes FROM accounts WHERE id = $1`, plain), `{}`)
}

func testSigningKey(t *testing.T, w *World) {
	one, same, other := w.SigningKey("one"), w.SigningKey("one"), w.SigningKey("other")
	if len(one) != 32 || !bytes.Equal(one, same) || bytes.Equal(one, other) {
		t.Errorf("keys %x %x %x", one, same, other)
	}
}
