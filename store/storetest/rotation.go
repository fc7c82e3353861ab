package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/store"
)

func rotationCases() []Case {
	return []Case{
		{
			"a key takes the place of another",
			[]string{
				"Store.AdoptKey", "Store.AdoptedKey", "Store.UseFirstKey", "Store.Reseal", "Store.EndKeyChange", "Store.KeyChange", "Store.KeyUse",
				"Store.SigningKeys", "Store.SigningKeyOf", "Store.SigningKeyID",
			},
			testRotation,
		},
		{"values are sealed again while they change", []string{"Store.Reseal"}, testResealBesideTraffic},
		{"facts about the database", []string{"Store.Facts"}, testFacts},
		{"one device under two keys", []string{"Store.Reseal"}, testDeviceTwice},
	}
}

const newSecret = "the SECRET_KEY_BASE after it"

// with opens the database once more, with keys.
func (w *World) with(secret string, previous ...string) *World {
	w.t.Helper()
	opt := w.Options(w.t, secret)
	var err error
	opt.Sealer, err = store.NewSealer(secret, previous...)
	noErr(w.t, "NewSealer", err)
	s, err := store.Open(w.t.Context(), opt)
	noErr(w.t, "Open", err)
	w.t.Cleanup(func() { noErr(w.t, "Close", s.Close()) })
	d := *w.DB
	d.Store = s
	out := *w
	out.DB = &d
	return &out
}

func keyID(t testing.TB, secret string) string {
	t.Helper()
	id, err := store.KeyID(secret)
	noErr(t, "KeyID", err)
	return id
}

// secrets makes one value of every kind that is sealed or digested.
func (w *World) secrets() (foreign func(string, ...string) *store.Foreign) {
	w.t.Helper()
	ctx := w.t.Context()
	w.tenants()
	w.line(w.Mine.Account, "line")
	noErr(w.t, "PutSetting", w.PutSetting(ctx, "A_SECRET", "an installation's"))
	w.phone("waba1", "n1")
	n := w.readNumber("n1")
	n.PIN, n.PINState = "493817", "trusted"
	w.save(n)
	foreign = func(secret string, previous ...string) *store.Foreign {
		sealer, err := store.NewSealer(secret, previous...)
		noErr(w.t, "NewSealer", err)
		return &store.Foreign{Sealer: sealer, Purpose: func(id int64) string { return fmt.Sprintf("totp:%d", id) }}
	}
	f := foreign("the keys of second factors")
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.InsertAccountWebhook(ctx, store.AccountWebhook{AccountID: w.Mine.Account, URL: "https://hook.example", Secret: "of a webhook"}); err != nil {
			return err
		}
		if _, err := tx.PutSubscription(ctx, store.SubscriptionRow{
			UserID: w.Mine.User, Type: store.SubscriptionFCM, Identifier: "device", PushToken: "push", Attributes: json.RawMessage(`{}`),
		}); err != nil {
			return err
		}
		if err := tx.HoldMail(ctx, store.HeldMail{Kind: "k", To: "a@example.test", Text: "text", HTML: "<p>page"}); err != nil {
			return err
		}
		if _, err := tx.SetTOTP(ctx, w.Mine.User, f.Sealer.Seal(f.Purpose(w.Mine.User), []byte("totp"))); err != nil {
			return err
		}
		if err := tx.InsertUserSession(ctx, w.Mine.User, "client", "session", tx.Now.Add(time.Hour)); err != nil {
			return err
		}
		if err := tx.InsertConsoleSession(ctx, w.Mine.User, "console", tx.Now.Add(time.Hour)); err != nil {
			return err
		}
		if err := tx.SetUserType(ctx, w.Mine.User, store.UserSuperAdmin); err != nil {
			return err
		}
		if err := tx.InsertUserToken(ctx, store.UserToken{Kind: store.TokenConfirm, UserID: w.Mine.User, Email: w.Mine.Email}, "link"); err != nil {
			return err
		}
		if _, err := tx.TakeAssertion(ctx, w.Mine.Account, "assertion", tx.Now.Add(time.Hour)); err != nil {
			return err
		}
		return tx.ReplaceBackupCodes(ctx, w.Mine.User, []string{"one", "two", "three"})
	})
	return foreign
}

// readSecrets reads all that secrets made; code is the backup code that it uses up.
func (w *World) readSecrets(what, code string, f *store.Foreign) {
	w.t.Helper()
	t, ctx := w.t, w.t.Context()
	channels, err := w.Channels(ctx)
	noErr(t, what+": Channels", err)
	want(t, what+": channel", string(channels[0].Settings), `{"line_channel_id":"line","line_channel_secret":"secret of line"}`)
	settings, err := w.Settings(ctx)
	noErr(t, what+": Settings", err)
	want(t, what+": setting", settings, map[string]string{"A_SECRET": "an installation's"})
	owner, id, err := w.TokenOwner(ctx, w.Mine.Token)
	noErr(t, what+": TokenOwner", err)
	want(t, what+": token", owner+fmt.Sprint(id), store.OwnerUser+fmt.Sprint(w.Mine.User))
	holder, err := w.HolderOfToken(ctx, w.Mine.Token)
	noErr(t, what+": HolderOfToken", err)
	want(t, what+": holder", holder.OwnerID, w.Mine.User)
	token, err := w.AccessToken(ctx, store.OwnerUser, w.Mine.User)
	noErr(t, what+": AccessToken", err)
	want(t, what+": shown token", token, w.Mine.Token)
	want(t, what+": PIN", w.readNumber("n1").PIN, "493817")
	hooks, err := w.AccountWebhooks(ctx, w.Mine.Account)
	noErr(t, what+": AccountWebhooks", err)
	want(t, what+": webhook", hooks[0].Secret, "of a webhook")
	device, err := w.Subscription(ctx, w.number(`SELECT id FROM notification_subscriptions`))
	noErr(t, what+": Subscription", err)
	want(t, what+": device", device.Identifier+device.PushToken, "devicepush")
	mail, err := w.HeldMail(ctx, w.number(`SELECT id FROM mails_held`))
	noErr(t, what+": HeldMail", err)
	want(t, what+": mail", mail.Text+mail.HTML, "text<p>page")
	m, err := w.MFA(ctx, w.Mine.User)
	noErr(t, what+": MFA", err)
	plain, err := f.Sealer.Open(f.Purpose(w.Mine.User), m.Secret)
	noErr(t, what+": secret of the second factor", err)
	want(t, what+": second factor", string(plain), "totp")
	_, err = w.UserSession(ctx, w.Mine.Email, "client", "session")
	noErr(t, what+": UserSession", err)
	_, err = w.UserSession(ctx, w.Mine.Email, "client", "another")
	wantErr(t, what+": UserSession", err, store.ErrNotFound)
	_, err = w.ConsoleUser(ctx, "console")
	noErr(t, what+": ConsoleUser", err)
	_, err = w.UserToken(ctx, store.TokenConfirm, "link")
	noErr(t, what+": UserToken", err)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		again, err := tx.TakeAssertion(ctx, w.Mine.Account, "assertion", tx.Now.Add(time.Hour))
		if err != nil || again {
			return errors.Join(err, errors.New(what+": an assertion was taken twice"))
		}
		spent, err := tx.SpendBackupCode(ctx, w.Mine.User, code)
		if err != nil || !spent {
			return errors.Join(err, errors.New(what+": a backup code was not taken"))
		}
		if spent, err = tx.SpendBackupCode(ctx, w.Mine.User, code); err != nil || spent {
			return errors.Join(err, errors.New(what+": a backup code was taken twice"))
		}
		// The same device tells its address anew: it stays one.
		_, err = tx.PutSubscription(ctx, store.SubscriptionRow{
			UserID: w.Mine.User, Type: store.SubscriptionFCM, Identifier: "device", PushToken: "push", Attributes: json.RawMessage(`{}`),
		})
		return err
	})
	want(t, what+": devices", w.number(`SELECT COUNT(*) FROM notification_subscriptions`), 1)
}

func testRotation(t *testing.T, w *World) {
	ctx := t.Context()
	noErr(t, "AdoptedKey of a database that has none", w.AdoptedKey(ctx))
	want(t, "settings", w.number(`SELECT COUNT(*) FROM installation_settings`), 0)
	noErr(t, "AdoptKey", w.AdoptKey(ctx))
	noErr(t, "AdoptedKey", w.AdoptedKey(ctx))
	foreign := w.secrets()
	old, next := keyID(t, Secret), keyID(t, newSecret)
	oldTOTP, nextTOTP := "the keys of second factors", "others"

	stranger := w.with("another")
	wantErr(t, "another key", stranger.AdoptKey(ctx), store.ErrOtherKey)
	wantErr(t, "another key", stranger.AdoptedKey(ctx), store.ErrOtherKey)
	wantErr(t, "the new key alone, too early", w.with(newSecret).AdoptKey(ctx), store.ErrOtherKey)

	// A process that knows both goes on with the one that the installation writes with.
	both := w.with(newSecret, Secret)
	noErr(t, "AdoptKey", both.AdoptKey(ctx))
	want(t, "writes before", both.SigningKeyID(), old)
	both.readSecrets("both keys", "one", foreign(nextTOTP, oldTOTP))
	noErr(t, "PutSetting", both.PutSetting(ctx, "A_SECRET", "an installation's"))
	_, err := w.Settings(ctx)
	noErr(t, "what both wrote, with the old key alone", err)

	noErr(t, "UseFirstKey", both.UseFirstKey(ctx))
	want(t, "writes after", both.SigningKeyID(), next)
	change, err := both.KeyChange(ctx)
	noErr(t, "KeyChange", err)
	want(t, "KeyChange", change, store.KeyChange{Writes: next, From: []string{old}})
	other := w.with(newSecret, Secret) // another process, which has not heard of it yet
	if !bytes.Equal(both.SigningKeyOf(old, "p"), w.SigningKey("p")) || both.SigningKeyOf("", "p") == nil || both.SigningKeyOf("none", "p") != nil {
		t.Error("SigningKeyOf does not give the old key")
	}
	want(t, "SigningKeys", both.SigningKeys("p"), [][]byte{both.SigningKey("p"), w.SigningKey("p")})
	if err := w.with(newSecret).AdoptKey(ctx); err == nil || !strings.Contains(err.Error(), old) {
		t.Errorf("the new key alone before all is sealed again: %v", err)
	}

	// Broken off after the first of many: what was done stays, and it goes on.
	short, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := both.Reseal(short, nil); err == nil {
		t.Error("Reseal with a context that has ended: no error")
	}
	both.readSecrets("between the keys", "two", foreign(nextTOTP, oldTOTP))
	noErr(t, "AdoptKey", other.AdoptKey(ctx))
	f := foreign(nextTOTP, oldTOTP)
	first, err := both.Reseal(ctx, f)
	noErr(t, "Reseal", err)
	for _, k := range first {
		if k.Unreadable != 0 || k.Resealed+k.Current == 0 {
			t.Errorf("Reseal: %+v", k)
		}
	}
	again, err := both.Reseal(ctx, f)
	noErr(t, "Reseal again", err)
	for _, k := range again {
		if k.Resealed != 0 || k.Current == 0 {
			t.Errorf("Reseal again: %+v", k)
		}
	}
	noErr(t, "EndKeyChange", both.EndKeyChange(ctx))

	use, err := both.KeyUse(ctx, f)
	noErr(t, "KeyUse", err)
	for _, u := range use {
		if u.Kind != store.TOTPKind && !u.Digest && u.Key != next {
			t.Errorf("sealed by another key: %+v", u)
		}
	}
	if !slices.Contains(use, store.KeyUse{Kind: "backup codes", Key: old, Digest: true, Values: 1}) {
		t.Errorf("KeyUse does not show the digests of the old key: %+v", use)
	}
	w.noSealed(t, Secret, oldTOTP)

	alone := w.with(newSecret)
	noErr(t, "the new key alone", alone.AdoptKey(ctx))
	alone.readSecrets("the new key", "three", foreign(nextTOTP))
	wantErr(t, "the old key alone", w.with(Secret).AdoptKey(ctx), store.ErrOtherKey)

	// Digests of the old key are over: their key goes, too.
	w.Clock.Advance(2 * time.Hour)
	w.exec(`DELETE FROM user_tokens`)
	noErr(t, "EndKeyChange", alone.EndKeyChange(ctx))
	if use, err = alone.KeyUse(ctx, f); err != nil || slices.ContainsFunc(use, func(u store.KeyUse) bool { return u.Key == old }) {
		t.Errorf("the old key is used: %+v, %v", use, err)
	}
}

// noSealed looks at every text of the database: none may open with a secret that is
// over.
func (w *World) noSealed(t *testing.T, secrets ...string) {
	t.Helper()
	ctx := t.Context()
	query := `SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'`
	if w.URL != "" {
		query = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() AND data_type = 'text'`
	}
	type column struct{ table, name string }
	var columns []column
	rows, err := w.SQL.QueryContext(ctx, query)
	noErr(t, "columns", err)
	for rows.Next() {
		var c column
		noErr(t, "columns", rows.Scan(&c.table, &c.name))
		columns = append(columns, c)
	}
	noErr(t, "columns", errors.Join(rows.Err(), rows.Close()))
	sealed := 0
	for _, c := range columns {
		rows, err := w.SQL.QueryContext(ctx, `SELECT CAST(`+c.name+` AS TEXT) FROM `+c.table+` WHERE CAST(`+c.name+` AS TEXT) LIKE 'v1:%'`)
		noErr(t, c.table+"."+c.name, err)
		for rows.Next() {
			var value string
			noErr(t, c.table+"."+c.name, rows.Scan(&value))
			sealed++
			for _, secret := range secrets {
				s, err := store.NewSealer(secret)
				noErr(t, "NewSealer", err)
				for _, purpose := range []string{
					"channel", "token", "setting", "notification subscription", "mail", "pin", "webhook", fmt.Sprintf("totp:%d", w.Mine.User),
				} {
					if _, err := s.Open(purpose, value); err == nil {
						t.Errorf("%s.%s is sealed with a key that is over", c.table, c.name)
					}
				}
			}
		}
		noErr(t, c.table+"."+c.name, errors.Join(rows.Err(), rows.Close()))
	}
	if sealed < 10 {
		t.Errorf("%d sealed values were found: not all kinds", sealed)
	}
}

// testResealBesideTraffic: many values, changed all the time by a process that has not
// heard of the new key and by one that has, while they are sealed again.
func testResealBesideTraffic(t *testing.T, w *World) {
	ctx := t.Context()
	noErr(t, "AdoptKey", w.AdoptKey(ctx))
	const number = 250
	for i := range number {
		noErr(t, "PutSetting", w.PutSetting(ctx, fmt.Sprintf("S%03d", i), "0"))
	}
	late, early := w.with(newSecret, Secret), w.with(newSecret, Secret)
	noErr(t, "AdoptKey", late.AdoptKey(ctx))
	noErr(t, "AdoptKey", early.AdoptKey(ctx))
	noErr(t, "UseFirstKey", early.UseFirstKey(ctx))
	done := make(chan error, 2)
	for _, s := range []*World{late, early} {
		go func() {
			for i := range number {
				if err := s.PutSetting(ctx, fmt.Sprintf("S%03d", i), "1"); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	_, err := early.Reseal(ctx, nil)
	noErr(t, "Reseal beside traffic", err)
	noErr(t, "traffic", errors.Join(<-done, <-done))
	noErr(t, "AdoptKey", late.AdoptKey(ctx))
	want(t, "the late one has heard of it", late.SigningKeyID(), keyID(t, newSecret))
	_, err = early.Reseal(ctx, nil)
	noErr(t, "Reseal", err)
	noErr(t, "EndKeyChange", early.EndKeyChange(ctx))
	alone := w.with(newSecret)
	noErr(t, "AdoptKey", alone.AdoptKey(ctx))
	settings, err := alone.Settings(ctx)
	noErr(t, "Settings", err)
	want(t, "settings", len(settings), number)
	for name, value := range settings {
		want(t, name, value, "1")
	}
}

// testDeviceTwice: two processes that do not write with the same key yet store the same
// device at once.
func testDeviceTwice(t *testing.T, w *World) {
	ctx := t.Context()
	noErr(t, "AdoptKey", w.AdoptKey(ctx))
	w.tenants()
	both := w.with(newSecret, Secret)
	noErr(t, "AdoptKey", both.AdoptKey(ctx))
	noErr(t, "UseFirstKey", both.UseFirstKey(ctx))
	for _, s := range []*World{both, w} { // w looks for no other digest, like one that comes at the same moment
		s.do(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.PutSubscription(ctx, store.SubscriptionRow{UserID: w.Mine.User, Type: store.SubscriptionBrowser, Identifier: "device", Attributes: json.RawMessage(`{}`)})
			return err
		})
	}
	want(t, "devices before", w.number(`SELECT COUNT(*) FROM notification_subscriptions`), 2)
	_, err := both.Reseal(ctx, nil)
	noErr(t, "Reseal", err)
	want(t, "devices after", w.number(`SELECT COUNT(*) FROM notification_subscriptions`), 1)
}

func testFacts(t *testing.T, w *World) {
	f, err := w.Facts(t.Context())
	noErr(t, "Facts", err)
	if f.Version == "" || time.Since(f.Now).Abs() > time.Minute || f.Standby {
		t.Errorf("Facts: %+v", f)
	}
	want, number := "full_page_writes", 6
	if w.URL == "" {
		want, number = "synchronous", 2
	}
	if len(f.Settings) != number || f.Settings[want] == "" || f.Connections < 0 {
		t.Errorf("Facts: %+v", f)
	}
}
