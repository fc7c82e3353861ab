package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"tributary/chat"
	"tributary/store"
)

func channelCases() []Case {
	return []Case{
		{"channels", []string{"Tx.InsertChannel", "Store.Channels", "Store.ChannelOfInbox"}, testChannels},
		{"channel addresses", []string{"Store.AddressTaken", "Tx.UpdateChannelSettings"}, testAddresses},
		{"registration and authorisation", []string{"Store.SetRegistration", "Tx.SetSignatureMode", "Tx.CountAuthorizationError", "Store.Version"}, testRegistration},
	}
}

func secretCases() []Case {
	return []Case{
		{"settings", []string{"Store.Settings", "Store.PutSetting"}, testSettings},
		{"secrets are sealed", []string{"Tx.InsertChannel", "Tx.UpdateChannelSettings", "Store.PutSetting", "Store.Bootstrap"}, testSealed},
	}
}

func address(value string, scope int64) store.Address {
	return store.Address{Address: chat.Address{Kind: "sms", Value: value}, Scope: scope}
}

func testChannels(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	none, err := w.Channels(ctx)
	noErr(t, "Channels", err)
	want(t, "Channels at first", len(none), 0)
	a, b := w.line(w.Mine.Account, "a"), w.line(w.Theirs.Account, "b")
	w.exec(`UPDATE accounts SET status = 1, locale = 16 WHERE id = $1`, w.Theirs.Account)
	w.exec(`UPDATE inboxes SET lock_to_single_conversation = TRUE WHERE id = $1`, a.Inbox)

	rowA := store.ChannelRow{
		ID: a.Channel, AccountID: a.Account, InboxID: a.Inbox, InboxName: "a", Type: "Channel::Line",
		Settings: json.RawMessage(`{"line_channel_id":"a","line_channel_secret":"secret of a"}`), AccountActive: true, LockToSingle: true,
	}
	rowB := store.ChannelRow{
		ID: b.Channel, AccountID: b.Account, InboxID: b.Inbox, InboxName: "b", Type: "Channel::Line",
		Settings: json.RawMessage(`{"line_channel_id":"b","line_channel_secret":"secret of b"}`), Locale: 16,
	}
	list, err := w.Channels(ctx)
	noErr(t, "Channels", err)
	want(t, "Channels", list, []store.ChannelRow{rowA, rowB})
	one, err := w.ChannelOfInbox(ctx, b.Inbox)
	noErr(t, "ChannelOfInbox", err)
	want(t, "ChannelOfInbox", one, rowB)
	_, err = w.ChannelOfInbox(ctx, 999)
	wantErr(t, "ChannelOfInbox of none", err, store.ErrNotFound)

	other, err := store.Open(ctx, w.Options(t, "another SECRET_KEY_BASE"))
	noErr(t, "open with another secret", err)
	defer func() { noErr(t, "close", other.Close()) }()
	if _, err := other.Channels(ctx); err == nil || !strings.Contains(err.Error(), "SECRET_KEY_BASE") {
		t.Errorf("Channels with another secret: error %v", err)
	}
	if _, err := other.ChannelOfInbox(ctx, a.Inbox); err == nil {
		t.Error("ChannelOfInbox with another secret: no error")
	}
	if _, _, err := other.TokenOwner(ctx, w.Mine.Token); err == nil {
		t.Error("TokenOwner with another secret: no error")
	}
}

func testAddresses(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	insert := func(account int64, addresses ...store.Address) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.InsertChannel(ctx, store.NewChannel{AccountID: account, Type: "Channel::Sms", Settings: []byte(`{}`), Addresses: addresses})
			return err
		}
	}
	l := w.line(w.Mine.Account, "l")
	w.do(insert(w.Mine.Account, address("+1", 0), address("+2", w.Mine.Account)))
	w.fails("an address of the installation", store.ErrAddressTaken, insert(w.Theirs.Account, address("+9", 0), address("+1", 0)))
	w.fails("an address of the account", store.ErrAddressTaken, insert(w.Mine.Account, address("+2", w.Mine.Account)))
	w.do(insert(w.Theirs.Account, address("+2", w.Theirs.Account)))
	want(t, "channels", w.number(`SELECT COUNT(*) FROM channels`), 3)

	for _, c := range []struct {
		address store.Address
		want    bool
	}{
		{address("+1", 0), true},
		{address("+1", w.Mine.Account), false},
		{address("+2", w.Mine.Account), true},
		{address("+2", 0), false},
		{address("+9", 0), false},
		{store.Address{Address: chat.Address{Kind: "line", Value: "l"}}, true},
		{store.Address{Address: chat.Address{Kind: "line", Value: "L"}}, false},
	} {
		taken, err := w.AddressTaken(ctx, c.address)
		noErr(t, "AddressTaken", err)
		want(t, "AddressTaken "+show(c.address), taken, c.want)
	}

	w.do(func(ctx context.Context, tx *store.Tx) error {
		for range 2 {
			if _, err := tx.CountAuthorizationError(ctx, l.Channel, 2); err != nil {
				return err
			}
		}
		return tx.UpdateChannelSettings(ctx, l.Channel, []byte(`{"n":2}`), []store.Address{address("+3", 0)}, true)
	})
	row, err := w.ChannelOfInbox(ctx, l.Inbox)
	noErr(t, "ChannelOfInbox", err)
	want(t, "updated channel", row, store.ChannelRow{
		ID: l.Channel, AccountID: l.Account, InboxID: l.Inbox, InboxName: "l", Type: "Channel::Line",
		Settings: json.RawMessage(`{"n":2}`), Registration: "pending", AccountActive: true,
	})
	taken, err := w.AddressTaken(ctx, store.Address{Address: chat.Address{Kind: "line", Value: "l"}})
	noErr(t, "AddressTaken", err)
	want(t, "the old address is taken", taken, false)
	w.fails("an update to a taken address", store.ErrAddressTaken, func(ctx context.Context, tx *store.Tx) error {
		return tx.UpdateChannelSettings(ctx, l.Channel, []byte(`{"n":3}`), []store.Address{address("+1", 0)}, false)
	})
	row, err = w.ChannelOfInbox(ctx, l.Inbox)
	noErr(t, "ChannelOfInbox", err)
	want(t, "settings after a refused update", string(row.Settings), `{"n":2}`)
}

func testRegistration(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	version := func(topic string) int64 {
		v, err := w.Version(ctx, topic)
		noErr(t, "Version", err)
		return v
	}
	v0, s0 := version(store.TopicChannels), version(store.TopicSettings)
	l, other := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "other")
	v1 := version(store.TopicChannels)
	if v1 <= v0 {
		t.Errorf("version after new channels %d, before %d", v1, v0)
	}
	noErr(t, "SetRegistration", w.SetRegistration(ctx, l.Channel, "failed", "no such token"))
	row, err := w.ChannelOfInbox(ctx, l.Inbox)
	noErr(t, "ChannelOfInbox", err)
	want(t, "Registration", row.Registration, "failed")
	want(t, "RegistrationError", row.RegistrationError, "no such token")
	if v := version(store.TopicChannels); v <= v1 {
		t.Errorf("version after SetRegistration %d, before %d", v, v1)
	}

	mode := func(mode string) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SetSignatureMode(ctx, l.Channel, mode) })
	}
	mode("observe")
	row, err = w.ChannelOfInbox(ctx, l.Inbox)
	noErr(t, "ChannelOfInbox", err)
	want(t, "SignatureMode", row.SignatureMode, "observe")
	mode("")
	list, err := w.Channels(ctx)
	noErr(t, "Channels", err)
	want(t, "SignatureModes", list[0].SignatureMode+list[1].SignatureMode, "")

	v2 := version(store.TopicChannels)
	count := func(channel int64) bool {
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.CountAuthorizationError(ctx, channel, 2)
		})
	}
	want(t, "flagged at the first error", count(l.Channel), false)
	want(t, "version after the first error", version(store.TopicChannels), v2)
	want(t, "flagged at the second error", count(l.Channel), true)
	want(t, "flagged at the third error", count(l.Channel), false)
	want(t, "version after the flag", version(store.TopicChannels), v2+1)
	want(t, "flagged: no such channel", count(999), false)
	row, err = w.ChannelOfInbox(ctx, l.Inbox)
	noErr(t, "ChannelOfInbox", err)
	want(t, "AuthorizationErrors", row.AuthorizationErrors, 3)
	want(t, "ReauthorizationRequired", row.ReauthorizationRequired, true)
	row, err = w.ChannelOfInbox(ctx, other.Inbox)
	noErr(t, "ChannelOfInbox", err)
	want(t, "AuthorizationErrors of another channel", row.AuthorizationErrors, 0)
	want(t, "version of the settings", version(store.TopicSettings), s0)
	if _, err := w.Version(ctx, "weather"); err == nil {
		t.Error("Version of an unknown topic: no error")
	}
}

func testSettings(t *testing.T, w *World) {
	ctx := t.Context()
	list, err := w.Settings(ctx)
	noErr(t, "Settings", err)
	want(t, "Settings at first", list, map[string]string{})
	before, err := w.Version(ctx, store.TopicSettings)
	noErr(t, "Version", err)
	for _, v := range []string{"one", "two", ""} {
		noErr(t, "PutSetting", w.PutSetting(ctx, "FB_APP_SECRET", v))
		noErr(t, "PutSetting", w.PutSetting(ctx, "X", "ü"+v))
		list, err = w.Settings(ctx)
		noErr(t, "Settings", err)
		want(t, "Settings", list, map[string]string{"FB_APP_SECRET": v, "X": "ü" + v})
	}
	after, err := w.Version(ctx, store.TopicSettings)
	noErr(t, "Version", err)
	want(t, "version", after, before+6)
	other, err := store.Open(ctx, w.Options(t, "another SECRET_KEY_BASE"))
	noErr(t, "open with another secret", err)
	defer func() { noErr(t, "close", other.Close()) }()
	if _, err := other.Settings(ctx); err == nil {
		t.Error("Settings with another secret: no error")
	}
}

func testSealed(t *testing.T, w *World) {
	ctx := t.Context()
	const old, secret, setting = "plain-old-channel-secret", "plain-channel-secret", "plain-installation-secret"
	w.tenants()
	platform, err := w.AccessToken(ctx, store.OwnerPlatform, w.number(`SELECT id FROM platform_apps`))
	noErr(t, "AccessToken", err)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		id, err := tx.InsertChannel(ctx, store.NewChannel{AccountID: w.Mine.Account, Type: "Channel::Line", Settings: []byte(`{"s":"` + old + `"}`)})
		if err != nil {
			return err
		}
		return tx.UpdateChannelSettings(ctx, id, []byte(`{"s":"`+secret+`"}`), nil, false)
	})
	noErr(t, "PutSetting", w.PutSetting(ctx, "A_SECRET", setting))

	var stored []byte
	if w.URL == "" {
		stored = w.Files(t)
		if !bytes.Contains(stored, []byte("A_SECRET")) { // names are plain: the bytes are the right ones
			t.Fatal("the database's files hold nothing of what was stored")
		}
	} else {
		stored = w.everyRow(t)
	}
	for _, plain := range []string{old, secret, setting, w.Mine.Token, w.Theirs.Token, platform, Secret} {
		if bytes.Contains(stored, []byte(plain)) {
			t.Errorf("the database holds %q in plain", plain)
		}
	}
	for _, column := range []string{"channels.settings", "access_tokens.sealed", "installation_settings.sealed"} {
		table, name, _ := strings.Cut(column, ".")
		want(t, "rows of "+column+" that are not sealed", w.number(`SELECT COUNT(*) FROM `+table+` WHERE `+name+` NOT LIKE 'v1:%'`), 0)
	}
}

// tables are the names of the schema's tables.
func (w *World) tables(t *testing.T) []string {
	t.Helper()
	rows, err := w.SQL.QueryContext(t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`)
	noErr(t, "tables", err)
	defer func() { noErr(t, "tables", rows.Close()) }()
	var names []string
	for rows.Next() {
		var name string
		noErr(t, "tables", rows.Scan(&name))
		names = append(names, name)
	}
	noErr(t, "tables", rows.Err())
	return names
}

// everyRow is the text of every row of every table of the schema.
func (w *World) everyRow(t *testing.T) []byte {
	t.Helper()
	var all []byte
	for _, name := range w.tables(t) {
		var text string
		noErr(t, "rows of "+name, w.SQL.QueryRowContext(t.Context(), `SELECT COALESCE(string_agg(x::text, chr(10)), '') FROM `+name+` x`).Scan(&text))
		all = append(all, text...)
	}
	if !bytes.Contains(all, []byte("A_SECRET")) {
		t.Fatal("the rows hold nothing of what was stored")
	}
	return all
}
