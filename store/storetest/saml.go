package storetest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/store"
)

func samlCases() []Case {
	return []Case{
		{
			"saml settings",
			[]string{"Store.SAMLSettings", "Tx.SAMLSettings", "Tx.SetSAMLSettings", "Tx.DeleteSAMLSettings", "Store.SAMLAccount"},
			testSAMLSettings,
		},
		{
			"providers",
			[]string{"Tx.SetProvider", "Store.ConvertToSAML", "Store.ReleaseFromSAML", "Tx.ReleaseUserFromSAML"},
			testProviders,
		},
		{"an assertion is taken once", []string{"Tx.TakeAssertion"}, testAssertions},
	}
}

func (w *World) samlSettings(account int64) store.SAMLSettings {
	return store.SAMLSettings{
		AccountID: account, SSOURL: "https://idp.test/sso", Certificate: "pem", IDPEntityID: "idp", SPEntityID: "sp", RoleMappings: `{"a":{"role":1}}`,
	}
}

func (w *World) setSAML(in store.SAMLSettings) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SetSAMLSettings(ctx, in) })
}

func testSAMLSettings(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	_, err := w.SAMLSettings(ctx, w.Mine.Account)
	wantErr(t, "none yet", err, store.ErrNotFound)
	in1 := w.samlSettings(w.Mine.Account)
	w.setSAML(in1)
	got, err := w.SAMLSettings(ctx, w.Mine.Account)
	noErr(t, "SAMLSettings", err)
	in1.ID, in1.CreatedAt, in1.UpdatedAt = got.ID, start.UnixMicro(), start.UnixMicro()
	want(t, "SAMLSettings", got, in1)
	w.Clock.Advance(time.Minute)
	in1.SSOURL, in1.RoleMappings = "https://other.test", ""
	w.setSAML(in1)
	in1.RoleMappings, in1.UpdatedAt = "{}", start.Add(time.Minute).UnixMicro()
	got = in(w, func(ctx context.Context, tx *store.Tx) (store.SAMLSettings, error) {
		return tx.SAMLSettings(ctx, w.Mine.Account)
	})
	want(t, "after a change", got, in1)
	_, err = w.SAMLSettings(ctx, w.Theirs.Account)
	wantErr(t, "of another account", err, store.ErrNotFound)

	const flag = int64(1) << 53
	account := func(what string, user, wanted int64) {
		t.Helper()
		got, err := w.SAMLAccount(ctx, user, flag)
		if wanted == 0 {
			wantErr(t, what, err, store.ErrNotFound)
			return
		}
		noErr(t, what, err)
		want(t, what, got, wanted)
	}
	account("without the feature", w.Mine.User, 0)
	w.exec(`UPDATE accounts SET features = features | 9007199254740992`)
	account("with it", w.Mine.User, w.Mine.Account)
	account("of nobody", 999, 0)
	account("of an account without settings", w.Theirs.User, 0)
	w.join(w.Mine.Account, w.Theirs.User)
	account("of the second account", w.Theirs.User, w.Mine.Account)
	w.setSAML(w.samlSettings(w.Theirs.Account))
	account("of the first account", w.Theirs.User, w.Theirs.Account)

	for _, expected := range []bool{true, false} {
		was := in(w, func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.DeleteSAMLSettings(ctx, w.Mine.Account)
		})
		want(t, "DeleteSAMLSettings", was, expected)
	}
	_, err = w.SAMLSettings(ctx, w.Theirs.Account)
	noErr(t, "those of the other account", err)
}

func (w *World) provider(user int64) string {
	w.t.Helper()
	return w.text(`SELECT provider FROM users WHERE id = $1`, user)
}

func testProviders(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	both := w.user("both@example.test", "Both")
	w.join(w.Mine.Account, both)
	w.join(w.Theirs.Account, both)
	convert := func(what string, expected bool) {
		t.Helper()
		done, err := w.ConvertToSAML(ctx, w.Mine.Account, 1)
		noErr(t, what, err)
		want(t, what, done, expected)
	}
	release := func(what string, expected bool) {
		t.Helper()
		done, err := w.ReleaseFromSAML(ctx, w.Mine.Account, 1)
		noErr(t, what, err)
		want(t, what, done, expected)
	}
	convert("convert without settings", true)
	want(t, "nobody is converted", w.provider(both)+w.provider(w.Mine.User), "emailemail")
	w.setSAML(w.samlSettings(w.Mine.Account))
	w.setSAML(w.samlSettings(w.Theirs.Account))
	convert("the first one", false)
	convert("the second one", false)
	convert("the rest", true)
	want(t, "all are", w.provider(both)+w.provider(w.Mine.User)+w.provider(w.Theirs.User), "samlsamlemail")
	release("release with settings", true)
	want(t, "nobody is released", w.provider(both)+w.provider(w.Mine.User), "samlsaml")

	w.do(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.DeleteSAMLSettings(ctx, w.Mine.Account); err != nil {
			return err
		}
		return tx.ReleaseUserFromSAML(ctx, both)
	})
	want(t, "who has another account with settings", w.provider(both), "saml")
	release("release one", false)
	release("release the rest", true)
	want(t, "released", w.provider(both)+w.provider(w.Mine.User), "samlemail")
	w.exec(`DELETE FROM account_users WHERE account_id = $1 AND user_id = $2`, w.Theirs.Account, both)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseUserFromSAML(ctx, both) })
	want(t, "who left the last such account", w.provider(both), "email")
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SetProvider(ctx, both, store.ProviderSAML) })
	want(t, "SetProvider", w.provider(both), "saml")
	wantErr(t, "SetProvider of nobody", w.Transact(ctx, func(tx *store.Tx) error { return tx.SetProvider(ctx, 999, "saml") }), store.ErrNotFound)

	id := in(w, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.InsertUser(ctx, store.NewUser{Email: "new@example.test", Name: "New", DisplayName: "N", Provider: store.ProviderSAML})
	})
	want(t, "a new user", w.text(`SELECT provider || display_name FROM users WHERE id = $1`, id), "samlN")
}

func testAssertions(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	take := func(account int64, id string, life time.Duration) bool {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.TakeAssertion(ctx, account, id, tx.Now.Add(life))
		})
	}
	want(t, "the first time", take(w.Mine.Account, "a", time.Minute), true)
	want(t, "the second time", take(w.Mine.Account, "a", time.Minute), false)
	want(t, "another one", take(w.Mine.Account, "b", time.Hour), true)
	want(t, "of another account", take(w.Theirs.Account, "a", time.Hour), true)
	w.Clock.Advance(2 * time.Minute)
	noErr(t, "PruneSignIn", w.PruneSignIn(ctx, time.Hour))
	want(t, "what is kept", w.number(`SELECT COUNT(*) FROM saml_assertions`), 2)

	var won atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := w.Transact(ctx, func(tx *store.Tx) error {
				ok, err := tx.TakeAssertion(ctx, w.Mine.Account, "race", tx.Now.Add(time.Hour))
				if ok {
					won.Add(1)
				}
				return err
			}); err != nil {
				t.Errorf("TakeAssertion: %v", err)
			}
		})
	}
	wg.Wait()
	want(t, "who won", won.Load(), int64(1))
}
