package storetest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/store"
)

func whatsappCases() []Case {
	return []Case{
		{"WhatsApp numbers adopted", []string{"Tx.AdoptWhatsAppNumbers", "Store.AdoptedWhatsAppNumbers", "Store.WhatsAppNumber", "Store.WhatsAppNumberOfInbox"}, testAdopt},
		{"a WhatsApp account before its numbers", []string{"Store.EnsureWhatsAppBusiness"}, testEnsureBusiness},
		{"WhatsApp numbers of channels that go", []string{"Tx.AdoptWhatsAppNumbers", "Tx.OrphanWhatsAppNumbers", "Store.WhatsAppNumbersOf"}, testOrphan},
		{"a WhatsApp number saved", []string{"Tx.SaveWhatsAppNumber", "Store.WhatsAppNumber"}, testSaveNumber},
		{"a WhatsApp number that moved meanwhile", []string{"Tx.SaveWhatsAppNumber", "Tx.BeginWhatsAppAttempt"}, testMovedNumber},
		{"PINs are sealed", []string{"Tx.SaveWhatsAppNumber"}, testSealedPIN},
		{"signals of WhatsApp numbers", []string{"Tx.SignalWhatsApp", "Store.WhatsAppSignals", "Store.DueWhatsAppNumbers"}, testSignals},
		{"a WhatsApp account stored", []string{"Tx.PutWhatsAppBusiness", "Store.WhatsAppBusiness"}, testBusiness},
		{"management webhooks once", []string{"Tx.NewWhatsAppEvent"}, testEvents},
		{"readings of WhatsApp numbers", []string{"Tx.StoreWhatsAppReading"}, testReading},
		{"a reading while a number is looked at", []string{"Tx.StoreWhatsAppReading", "Tx.SaveWhatsAppNumber"}, testReadingMeanwhile},
		{"snapshots of WhatsApp numbers", []string{"Tx.InsertWhatsAppSnapshot", "Store.WhatsAppSnapshots", "Store.PruneWhatsApp"}, testSnapshots},
		{"the standing of a channel", []string{"Tx.SetChannelStanding"}, testStanding},
		{"gauges of WhatsApp numbers", []string{"Store.WhatsAppGauges"}, testGauges},
		{"a channel about to be deleted", []string{"Tx.MarkDeleting", "Store.SetRegistration", "Tx.UpdateChannelSettings"}, testMarkDeleting},
	}
}

// adopt makes numbers known and gives the ids of those that are new or changed.
func (w *World) adopt(list ...store.AdoptedNumber) []string {
	w.t.Helper()
	ids := in(w, func(ctx context.Context, tx *store.Tx) ([]string, error) { return tx.AdoptWhatsAppNumbers(ctx, list) })
	slices.Sort(ids)
	return ids
}

// numberOn is a number as an inbox has it.
func numberOn(l Line, waba, phone string) store.AdoptedNumber {
	return store.AdoptedNumber{PhoneID: phone, WABA: waba, AccountID: l.Account, InboxID: l.Inbox, ChannelID: l.Channel, TokenDigest: "token"}
}

// phone makes an inbox with a number, which is known.
func (w *World) phone(waba, phone string) store.AdoptedNumber {
	w.t.Helper()
	n := numberOn(w.line(w.Mine.Account, "line of "+phone), waba, phone)
	want(w.t, "adopted", w.adopt(n), []string{phone})
	return n
}

func (w *World) readNumber(phone string) store.WhatsAppNumber {
	w.t.Helper()
	n, err := w.WhatsAppNumber(w.t.Context(), phone)
	noErr(w.t, "WhatsAppNumber", err)
	return n
}

func (w *World) adopted() []store.AdoptedNumber {
	w.t.Helper()
	list, err := w.AdoptedWhatsAppNumbers(w.t.Context())
	noErr(w.t, "AdoptedWhatsAppNumbers", err)
	return list
}

// save stores a number; the account's lease is taken for it.
func (w *World) save(n store.WhatsAppNumber, handled ...int64) {
	w.t.Helper()
	w.hold(n.WABA, "saver")
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SaveWhatsAppNumber(ctx, "saver", n, handled) })
	noErr(w.t, "ReleaseWhatsAppBusiness", w.ReleaseWhatsAppBusiness(w.t.Context(), n.WABA, "saver", time.Time{}))
}

func phonesOf(list []store.WhatsAppNumber) []string {
	out := []string{}
	for _, n := range list {
		out = append(out, n.PhoneID)
	}
	return out
}

func testEnsureBusiness(t *testing.T, w *World) {
	w.tenants()
	noErr(t, "EnsureWhatsAppBusiness", w.EnsureWhatsAppBusiness(t.Context(), "waba1"))
	want(t, "due without a number", len(w.claimed("p1", 9)), 0)
	w.hold("waba1", "p1")
	noErr(t, "EnsureWhatsAppBusiness again", w.EnsureWhatsAppBusiness(t.Context(), "waba1"))
	w.adopt(numberOn(w.line(w.Mine.Account, "a"), "waba1", "n1"))
	want(t, "claimed while it is held", len(w.claimed("p2", 9)), 0)
	w.release("waba1", "p1", time.Time{})
	want(t, "claimed afterwards", w.claimed("p2", 9), []string{"waba1"})
}

func testAdopt(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	at := w.Clock.Now()
	a, b := w.line(w.Mine.Account, "a"), w.line(w.Theirs.Account, "b")
	n1, n2 := numberOn(a, "waba1", "n1"), numberOn(b, "waba1", "n2")
	want(t, "adopted of none", len(w.adopt()), 0)
	want(t, "adopted", w.adopt(n2, n1, n1), []string{"n1", "n2"})
	want(t, "AdoptedWhatsAppNumbers", w.adopted(), []store.AdoptedNumber{n1, n2})
	fresh := store.WhatsAppNumber{
		PhoneID: "n1", WABA: "waba1", AccountID: a.Account, InboxID: a.Inbox, ChannelID: a.Channel, TokenDigest: "token", State: "unknown",
		StateSince: at, ObserveAt: at, Memory: json.RawMessage(`{}`), Alerts: json.RawMessage(`[]`), CreatedAt: at,
	}
	want(t, "a new number", w.readNumber("n1"), fresh)
	business, err := w.WhatsAppBusiness(ctx, "waba1")
	noErr(t, "WhatsAppBusiness", err)
	want(t, "a new account", business, store.WhatsAppBusiness{WABA: "waba1", DueAt: time.UnixMicro(0).UTC()})
	_, err = w.WhatsAppNumber(ctx, "n9")
	wantErr(t, "WhatsAppNumber of none", err, store.ErrNotFound)
	of, err := w.WhatsAppNumberOfInbox(ctx, b.Inbox)
	noErr(t, "WhatsAppNumberOfInbox", err)
	want(t, "number of an inbox", of.PhoneID, "n2")
	_, err = w.WhatsAppNumberOfInbox(ctx, 999)
	wantErr(t, "WhatsAppNumberOfInbox of none", err, store.ErrNotFound)

	// What it knows of itself stays with it.
	saved := fresh
	saved.PIN, saved.PINState, saved.State, saved.ObserveAt = "493817", "trusted", "registered", at.Add(time.Hour)
	saved.Memory = json.RawMessage(`{"m":1}`)
	w.save(saved)
	want(t, "a saved number", w.readNumber("n1"), saved)
	w.Clock.Advance(time.Minute)
	want(t, "adopted as it was", len(w.adopt(n1, n2)), 0)
	want(t, "a number adopted as it was", w.readNumber("n1"), saved)

	n1.TokenDigest = "another token"
	want(t, "a new token", w.adopt(n1, n2), []string{"n1"})
	saved.TokenDigest, saved.ObserveAt = "another token", w.Clock.Now()
	want(t, "a number with a new token", w.readNumber("n1"), saved)

	w.Clock.Advance(time.Minute)
	c := w.line(w.Theirs.Account, "c")
	moved := numberOn(c, "waba2", "n1")
	want(t, "another inbox and account", w.adopt(moved), []string{"n1"})
	saved.TokenDigest, saved.WABA, saved.ObserveAt = "token", "waba2", w.Clock.Now()
	saved.AccountID, saved.InboxID, saved.ChannelID = c.Account, c.Inbox, c.Channel
	want(t, "a number that moved", w.readNumber("n1"), saved)
	want(t, "AdoptedWhatsAppNumbers", w.adopted(), []store.AdoptedNumber{moved, n2})
	_, err = w.WhatsAppNumberOfInbox(ctx, a.Inbox)
	wantErr(t, "the number of its former inbox", err, store.ErrNotFound)
}

func testOrphan(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	at := w.Clock.Now()
	n1, n2 := w.phone("waba1", "n1"), w.phone("waba1", "n2")
	saved := w.readNumber("n1")
	saved.PIN, saved.PINState, saved.State, saved.NextAttemptAt = "493817", "trusted", "registered", at.Add(time.Hour)
	w.save(saved)
	orphan := func(phones ...string) {
		w.t.Helper()
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.OrphanWhatsAppNumbers(ctx, phones) })
	}
	numbersOf := func(waba string) []string {
		t.Helper()
		list, err := w.WhatsAppNumbersOf(ctx, waba)
		noErr(t, "WhatsAppNumbersOf", err)
		return phonesOf(list)
	}
	orphan()
	orphan("n1", "n2", "n9")
	want(t, "numbers whose inboxes are there", w.adopted(), []store.AdoptedNumber{n1, n2})
	want(t, "WhatsAppNumbersOf", numbersOf("waba1"), []string{"n1", "n2"})

	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.MarkDeleting(ctx, n1.InboxID) })
	orphan("n1", "n2")
	want(t, "numbers after a deletion was ordered", w.adopted(), []store.AdoptedNumber{n2})
	want(t, "WhatsAppNumbersOf", numbersOf("waba1"), []string{"n2"})
	parted := saved
	parted.AccountID, parted.InboxID, parted.ChannelID, parted.TokenDigest = 0, 0, 0, ""
	parted.ObserveAt, parted.NextAttemptAt = time.Time{}, time.Time{}
	want(t, "a parted number", w.readNumber("n1"), parted)
	_, err := w.WhatsAppNumberOfInbox(ctx, 0)
	wantErr(t, "the number of no inbox", err, store.ErrNotFound)

	// Somebody with an old list of channels does not bring it back, nor its account.
	stale := n1
	stale.WABA = "waba7"
	want(t, "adopted by a channel about to be deleted", len(w.adopt(n1, stale)), 0)
	want(t, "the number of a channel about to be deleted", w.readNumber("n1"), parted)
	_, err = w.WhatsAppBusiness(ctx, "waba7")
	wantErr(t, "the account of a channel about to be deleted", err, store.ErrNotFound)

	for {
		done, err := w.DeleteInboxChunk(ctx, n2.InboxID, 10)
		noErr(t, "DeleteInboxChunk", err)
		if done {
			break
		}
	}
	want(t, "adopted by a channel that is gone", len(w.adopt(n2)), 0)
	orphan("n2")
	want(t, "numbers after a deletion", len(w.adopted()), 0)

	w.Clock.Advance(time.Hour)
	again := numberOn(w.line(w.Theirs.Account, "again"), "waba1", "n1")
	want(t, "back in another inbox", w.adopt(again), []string{"n1"})
	saved.AccountID, saved.InboxID, saved.ChannelID = again.AccountID, again.InboxID, again.ChannelID
	saved.ObserveAt, saved.NextAttemptAt = w.Clock.Now(), time.Time{}
	want(t, "a number that came back", w.readNumber("n1"), saved)
}

func testSaveNumber(t *testing.T, w *World) {
	w.tenants()
	a := w.phone("waba1", "n1")
	other := w.phone("waba1", "n2")
	untouched := w.readNumber("n2")
	at := w.Clock.Now()
	n := store.WhatsAppNumber{
		PhoneID: "n1", WABA: "waba1", AccountID: a.AccountID, InboxID: a.InboxID, ChannelID: a.ChannelID, TokenDigest: a.TokenDigest,
		PIN: "004217", PINState: "stale", State: "needs_admin", StateSince: at.Add(-time.Hour), Action: "enter_pin",
		LastError: json.RawMessage(`{"code":133005}`), NextAttemptAt: at.Add(time.Minute), ObserveAt: at.Add(2 * time.Minute),
		Memory: json.RawMessage(`{"a":[1]}`), Snapshot: json.RawMessage(`{"id":"n1"}`), SnapshotAt: at.Add(-time.Second),
		ReadError: json.RawMessage(`{"code":190}`), ReadErrorAt: at, ReadStarted: at.Add(-2 * time.Second), Alerts: json.RawMessage(`["x"]`), CreatedAt: at,
	}
	stranger := n
	stranger.InboxID, stranger.AccountID, stranger.TokenDigest = 999, 999, "nobody's"
	w.save(stranger) // which inbox has it is not what a look decides
	want(t, "everything", w.readNumber("n1"), n)
	least := store.WhatsAppNumber{PhoneID: "n1", WABA: "waba1", State: "unknown", StateSince: at, ReadStarted: n.ReadStarted}
	w.save(least)
	least.AccountID, least.InboxID, least.ChannelID, least.TokenDigest = a.AccountID, a.InboxID, a.ChannelID, a.TokenDigest
	least.Memory, least.Alerts, least.CreatedAt = json.RawMessage(`{}`), json.RawMessage(`[]`), at
	want(t, "nothing", w.readNumber("n1"), least)
	want(t, "another number", w.readNumber(other.PhoneID), untouched)

	// Without the lease nothing is stored.
	save := func(owner string, n store.WhatsAppNumber) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error { return tx.SaveWhatsAppNumber(ctx, owner, n, nil) }
	}
	w.fails("save without a lease", store.ErrLeaseLost, save("one", n))
	w.fails("save as nobody", store.ErrLeaseLost, save("", n))
	w.hold("waba1", "one")
	w.fails("save beside somebody's lease", store.ErrLeaseLost, save("two", n))
	w.do(save("one", n))
	w.Clock.Advance(lease) // it ended, and nobody took it
	w.do(save("one", least))
	w.hold("waba1", "two")
	w.fails("save with a lease that was taken over", store.ErrLeaseLost, save("one", n))
	n.WABA, n.PhoneID = "waba9", "n1"
	w.fails("save with the lease of no account", store.ErrLeaseLost, save("two", n))
	want(t, "the number", w.readNumber("n1"), least)
}

// A number gets a new account while the holder of its former one looks at it.
func testMovedNumber(t *testing.T, w *World) {
	w.tenants()
	a := w.phone("waba1", "n1")
	w.phone("waba1", "n2")
	w.hold("waba1", "one")
	before := w.readNumber("n1")
	a.WABA = "waba2"
	want(t, "adopted", w.adopt(a), []string{"n1"})
	moved := w.readNumber("n1")
	before.State = "registered"
	w.fails("save", store.ErrLeaseLost, func(ctx context.Context, tx *store.Tx) error { return tx.SaveWhatsAppNumber(ctx, "one", before, nil) })
	w.fails("begin", store.ErrLeaseLost, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.BeginWhatsAppAttempt(ctx, "one", "waba1", store.WhatsAppAttempt{PhoneID: "n1", Call: store.CallRegister}, 10, 10)
		return err
	})
	want(t, "the number", w.readNumber("n1"), moved)
}

func testSealedPIN(t *testing.T, w *World) {
	const pin = "493817"
	w.tenants()
	w.phone("waba1", "n1")
	n := w.readNumber("n1")
	n.PIN, n.PINState = pin, "trusted"
	w.save(n)
	want(t, "PIN", w.readNumber("n1").PIN, pin)
	var stored string
	noErr(t, "the row", w.SQL.QueryRowContext(t.Context(), `SELECT pin FROM whatsapp_numbers WHERE phone_number_id = 'n1'`).Scan(&stored))
	if !strings.HasPrefix(stored, "v1:") || strings.Contains(stored, pin) {
		t.Errorf("the PIN is stored as %q", stored)
	}
	for _, column := range []string{"pin_state", "memory", "alerts", "required_action", "COALESCE(snapshot, '')", "COALESCE(last_error, '')"} {
		want(t, "rows with the PIN in "+column, w.number(`SELECT COUNT(*) FROM whatsapp_numbers WHERE `+column+` LIKE '%`+pin+`%'`), 0)
	}

	other, err := store.Open(t.Context(), w.Options(t, "another SECRET_KEY_BASE"))
	noErr(t, "open with another secret", err)
	defer func() { noErr(t, "close", other.Close()) }()
	if _, err := other.WhatsAppNumber(t.Context(), "n1"); err == nil || strings.Contains(err.Error(), pin) || !strings.Contains(err.Error(), "SECRET_KEY_BASE") {
		t.Errorf("WhatsAppNumber with another secret: error %v", err)
	}
}

func testSignals(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.phone("waba1", "n1")
	w.phone("waba1", "n2")
	w.phone("waba2", "n3")
	at := w.Clock.Now()
	for i, phone := range []string{"n1", "n2", "n3"} {
		n := w.readNumber(phone)
		n.ObserveAt = at.Add(time.Duration(i+1) * time.Hour)
		w.save(n)
	}
	due := func(waba string, limit int) []string {
		t.Helper()
		list, err := w.DueWhatsAppNumbers(ctx, waba, limit)
		noErr(t, "DueWhatsAppNumbers", err)
		return phonesOf(list)
	}
	signals := func(phone string) []store.WhatsAppSignal {
		t.Helper()
		list, err := w.WhatsAppSignals(ctx, phone)
		noErr(t, "WhatsAppSignals", err)
		return list
	}
	signal := func(kind, payload string, phones ...string) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.SignalWhatsApp(ctx, phones, kind, payload) })
	}
	want(t, "due at first", due("waba1", 9), []string{})
	signal("of none", "")
	signal("look", "", "n9", "n2", "n2")
	signal("token", `{"t":1}`, "n2")
	list := signals("n2")
	want(t, "signals", list, []store.WhatsAppSignal{
		{ID: list[0].ID, PhoneID: "n2", Kind: "look", Payload: json.RawMessage(`{}`), At: at},
		{ID: list[1].ID, PhoneID: "n2", Kind: "token", Payload: json.RawMessage(`{"t":1}`), At: at},
	})
	want(t, "signals of numbers that nobody knows", w.number(`SELECT COUNT(*) FROM whatsapp_signals WHERE phone_number_id <> 'n2'`), 0)
	want(t, "due with a signal", due("waba1", 9), []string{"n2"})
	w.wantDue("waba1", 0)
	w.wantDue("waba2", at.Add(3*time.Hour).UnixMicro())

	w.Clock.Advance(time.Hour)
	want(t, "those with signals first", due("waba1", 9), []string{"n2", "n1"})
	want(t, "not more than the limit", due("waba1", 1), []string{"n2"})
	want(t, "due of another account", due("waba2", 9), []string{})

	n := w.readNumber("n2")
	w.hold("waba1", "one")
	w.fails("handled without the lease", store.ErrLeaseLost, func(ctx context.Context, tx *store.Tx) error {
		return tx.SaveWhatsAppNumber(ctx, "two", n, []int64{list[0].ID, list[1].ID})
	})
	want(t, "signals", signals("n2"), list)
	noErr(t, "ReleaseWhatsAppBusiness", w.ReleaseWhatsAppBusiness(ctx, "waba1", "one", time.Time{}))
	w.save(n, list[0].ID, 999)
	want(t, "signals left", signals("n2"), list[1:])
	w.wantDue("waba1", 0)
	w.save(n, list[1].ID)
	want(t, "signals left", len(signals("n2")), 0)
	want(t, "due without a signal", due("waba1", 9), []string{"n1"})

	// Numbers that are not looked at any more, in the same order everywhere.
	n.ObserveAt = time.Time{}
	w.save(n)
	signal("look", "", "n1", "n2", "n3")
	want(t, "with signals, one without a next look", due("waba1", 9), []string{"n2", "n1"})
}

func testBusiness(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	w.phone("waba1", "n1")
	w.phone("waba2", "n2")
	b := store.WhatsAppBusiness{
		WABA: "waba1", Name: "Café", PortfolioID: "p1", PortfolioName: "Holding", ReviewStatus: "APPROVED", ReadAt: w.Clock.Now(),
		DueAt: time.UnixMicro(0).UTC(),
	}
	put := func(b store.WhatsAppBusiness) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.PutWhatsAppBusiness(ctx, b) })
	}
	given := b
	given.DueAt, given.PausedUntil = w.Clock.Now(), w.Clock.Now() // not what Meta tells
	put(given)
	read := func(waba string) store.WhatsAppBusiness {
		t.Helper()
		b, err := w.WhatsAppBusiness(ctx, waba)
		noErr(t, "WhatsAppBusiness", err)
		return b
	}
	want(t, "account", read("waba1"), b)
	want(t, "another account", read("waba2"), store.WhatsAppBusiness{WABA: "waba2", DueAt: b.DueAt})
	n := w.readNumber("n1")
	n.State = "registered"
	w.save(n)
	want(t, "registered", []bool{read("waba1").Registered, read("waba2").Registered}, []bool{true, false})
	put(store.WhatsAppBusiness{WABA: "waba1"})
	want(t, "account that was never read", read("waba1"), store.WhatsAppBusiness{WABA: "waba1", DueAt: n.ObserveAt, Registered: true})
	put(store.WhatsAppBusiness{WABA: "waba9", Name: "nobody's"})
	_, err := w.WhatsAppBusiness(ctx, "waba9")
	wantErr(t, "WhatsAppBusiness of none", err, store.ErrNotFound)
}

func testEvents(t *testing.T, w *World) {
	ctx := t.Context()
	fresh := func(digest string) bool {
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.NewWhatsAppEvent(ctx, digest) })
	}
	want(t, "a new event", fresh("d1"), true)
	want(t, "the same again", fresh("d1"), false)
	w.fails("a transaction that is taken back", store.ErrConflict, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.NewWhatsAppEvent(ctx, "d2"); err != nil {
			return err
		}
		return store.ErrConflict
	})
	w.Clock.Advance(time.Hour)
	want(t, "an event of a transaction that was taken back", fresh("d2"), true)
	noErr(t, "PruneWhatsApp", w.PruneWhatsApp(ctx, 0, time.Hour))
	want(t, "an event an hour later", fresh("d1"), false)
	w.Clock.Advance(time.Microsecond)
	noErr(t, "PruneWhatsApp", w.PruneWhatsApp(ctx, 0, time.Hour))
	want(t, "events", []bool{fresh("d1"), fresh("d2")}, []bool{true, false})
}
