package storetest

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"tributary/store"
)

func testReading(t *testing.T, w *World) {
	w.tenants()
	w.phone("waba1", "n1")
	w.phone("waba1", "n2")
	untouched := w.readNumber("n2")
	n := w.readNumber("n1")
	read := func(phone string, began time.Time, snapshot, failure string) bool {
		t.Helper()
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.StoreWhatsAppReading(ctx, phone, began, json.RawMessage(snapshot), json.RawMessage(failure))
		})
	}
	first := w.Clock.Now()
	w.Clock.Advance(time.Second)
	want(t, "the first reading", read("n1", first, `{"v":1}`, ""), true)
	n.Snapshot, n.SnapshotAt, n.ReadStarted = json.RawMessage(`{"v":1}`), w.Clock.Now(), first
	want(t, "the number", w.readNumber("n1"), n)

	want(t, "one that began at the same time", read("n1", first, `{"v":0}`, ""), false)
	want(t, "one that began before", read("n1", first.Add(-time.Second), `{"v":0}`, ""), false)
	want(t, "one that began before and failed", read("n1", first.Add(-time.Second), "", `{"code":190}`), false)
	want(t, "the number", w.readNumber("n1"), n)

	second := w.Clock.Now()
	w.Clock.Advance(time.Second)
	want(t, "one that failed", read("n1", second, "", `{"code":190}`), true)
	n.ReadError, n.ReadErrorAt, n.ReadStarted = json.RawMessage(`{"code":190}`), w.Clock.Now(), second
	want(t, "the last good snapshot stays", w.readNumber("n1"), n)

	third := w.Clock.Now()
	w.Clock.Advance(time.Second)
	want(t, "one that worked again", read("n1", third, `{"v":2}`, ""), true)
	n.Snapshot, n.SnapshotAt, n.ReadStarted = json.RawMessage(`{"v":2}`), w.Clock.Now(), third
	n.ReadError, n.ReadErrorAt = nil, time.Time{}
	want(t, "the number", w.readNumber("n1"), n)
	want(t, "a reading of a number that nobody knows", read("n9", third, `{}`, ""), false)
	want(t, "another number", w.readNumber("n2"), untouched)
}

// While the holder of the lease looks at a number, somebody else reads its health:
// whoever began later is right.
func testReadingMeanwhile(t *testing.T, w *World) {
	w.tenants()
	w.phone("waba1", "n1")
	n := w.readNumber("n1")
	at := w.Clock.Now()
	n.ReadStarted, n.Snapshot, n.SnapshotAt, n.State = at, json.RawMessage(`{"v":1}`), at, "registering"
	n.ReadError, n.ReadErrorAt = json.RawMessage(`{"code":1}`), at
	w.do(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.StoreWhatsAppReading(ctx, "n1", at.Add(time.Second), json.RawMessage(`{"v":2}`), nil)
		return err
	})
	w.save(n)
	newer := n
	newer.Snapshot, newer.SnapshotAt, newer.ReadStarted = json.RawMessage(`{"v":2}`), at, at.Add(time.Second)
	newer.ReadError, newer.ReadErrorAt = nil, time.Time{}
	want(t, "an older reading of the holder", w.readNumber("n1"), newer)

	n.ReadStarted = at.Add(time.Second) // it read that one, and does not know the reading
	w.save(n)
	want(t, "the holder's own reading", w.readNumber("n1"), n)
	n.ReadStarted, n.Snapshot = at.Add(2*time.Second), json.RawMessage(`{"v":3}`)
	w.save(n)
	want(t, "a newer reading of the holder", w.readNumber("n1"), n)
}

func testSnapshots(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	snapshot := func(phone, text string) {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertWhatsAppSnapshot(ctx, phone, json.RawMessage(text))
		})
	}
	history := func(phone string, limit int) []store.WhatsAppSnapshot {
		t.Helper()
		list, err := w.WhatsAppSnapshots(ctx, phone, limit)
		noErr(t, "WhatsAppSnapshots", err)
		return list
	}
	at := w.Clock.Now()
	of := func(text string, after time.Duration) store.WhatsAppSnapshot {
		return store.WhatsAppSnapshot{Snapshot: json.RawMessage(text), At: at.Add(after)}
	}
	snapshot("n1", `{"v":1}`)
	snapshot("n2", `{"v":9}`)
	w.Clock.Advance(time.Hour)
	snapshot("n1", `{"v":2}`)
	w.Clock.Advance(time.Hour)
	snapshot("n1", `{"v":3}`)
	want(t, "snapshots", history("n1", 9), []store.WhatsAppSnapshot{of(`{"v":3}`, 2*time.Hour), of(`{"v":2}`, time.Hour), of(`{"v":1}`, 0)})
	want(t, "the newest", history("n1", 1), []store.WhatsAppSnapshot{of(`{"v":3}`, 2*time.Hour)})
	want(t, "of a number that nobody knows", len(history("n9", 9)), 0)

	noErr(t, "PruneWhatsApp", w.PruneWhatsApp(ctx, 2*time.Hour, 0))
	want(t, "snapshots that are just old enough to stay", len(history("n1", 9)), 3)
	noErr(t, "PruneWhatsApp", w.PruneWhatsApp(ctx, time.Hour, 0))
	want(t, "snapshots of the last hour", history("n1", 9), []store.WhatsAppSnapshot{of(`{"v":3}`, 2*time.Hour), of(`{"v":2}`, time.Hour)})
	want(t, "the only snapshot", history("n2", 9), []store.WhatsAppSnapshot{of(`{"v":9}`, 0)})
	w.Clock.Advance(1000 * time.Hour)
	noErr(t, "PruneWhatsApp", w.PruneWhatsApp(ctx, time.Hour, 0))
	want(t, "the newest stays", history("n1", 9), []store.WhatsAppSnapshot{of(`{"v":3}`, 2*time.Hour)})
	want(t, "the only snapshot", history("n2", 9), []store.WhatsAppSnapshot{of(`{"v":9}`, 0)})
}

func testStanding(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, other := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "other")
	untouched, err := w.ChannelOfInbox(ctx, other.Inbox)
	noErr(t, "ChannelOfInbox", err)
	version, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	set := func(what string, s store.ChannelStanding, changed bool) store.ChannelRow {
		t.Helper()
		got := in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.SetChannelStanding(ctx, l.Channel, s) })
		want(t, what+": changed", got, changed)
		if changed {
			version++
		}
		now, err := w.Version(ctx, store.TopicChannels)
		noErr(t, "Version", err)
		want(t, what+": version", now, version)
		row, err := w.ChannelOfInbox(ctx, l.Inbox)
		noErr(t, "ChannelOfInbox", err)
		want(t, what+": what was stored", []any{row.RegistrationIncomplete, row.SendHold, row.SendHoldReason}, []any{s.Incomplete, s.Hold, s.HoldReason})
		return row
	}
	flag := func() {
		w.do(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.CountAuthorizationError(ctx, l.Channel, 1)
			return err
		})
	}
	set("as it was", store.ChannelStanding{}, false)
	set("as it was, and valid", store.ChannelStanding{CredentialsInvalid: ptr(false)}, false)
	set("incomplete", store.ChannelStanding{Incomplete: true}, true)
	w.Clock.Advance(time.Minute)
	updated := w.number(`SELECT updated_at FROM channels WHERE id = $1`, l.Channel)
	set("incomplete again", store.ChannelStanding{Incomplete: true}, false)
	want(t, "updated_at of a channel that did not change", w.number(`SELECT updated_at FROM channels WHERE id = $1`, l.Channel), updated)
	set("held", store.ChannelStanding{Incomplete: true, Hold: "held", HoldReason: "a reason"}, true)
	set("another reason", store.ChannelStanding{Incomplete: true, Hold: "held", HoldReason: "another"}, true)
	set("blocked", store.ChannelStanding{Hold: "blocked", HoldReason: "another"}, true)
	set("blocked again", store.ChannelStanding{Hold: "blocked", HoldReason: "another"}, false)

	flag()
	version++
	row := set("nil leaves the flag", store.ChannelStanding{}, true)
	want(t, "flag and count", []any{row.ReauthorizationRequired, row.AuthorizationErrors}, []any{true, 1})
	row = set("nil leaves the flag again", store.ChannelStanding{}, false)
	want(t, "flag and count", []any{row.ReauthorizationRequired, row.AuthorizationErrors}, []any{true, 1})
	set("invalid as it was", store.ChannelStanding{CredentialsInvalid: ptr(true)}, false)
	row = set("valid", store.ChannelStanding{CredentialsInvalid: ptr(false)}, true)
	want(t, "flag and count", []any{row.ReauthorizationRequired, row.AuthorizationErrors}, []any{false, 0})
	row = set("invalid", store.ChannelStanding{CredentialsInvalid: ptr(true)}, true)
	want(t, "flag", row.ReauthorizationRequired, true)
	row = set("nil leaves the flag once more", store.ChannelStanding{Hold: "held"}, true)
	want(t, "flag", row.ReauthorizationRequired, true)

	changed := in(w, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return tx.SetChannelStanding(ctx, 999, store.ChannelStanding{Incomplete: true})
	})
	want(t, "a channel that is gone", changed, false)
	row, err = w.ChannelOfInbox(ctx, other.Inbox)
	noErr(t, "ChannelOfInbox", err)
	want(t, "another channel", row, untouched)
}

func testGauges(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	at := w.Clock.Now()
	n1, n2 := w.phone("waba1", "n1"), w.phone("waba2", "n2")
	gone := w.phone("waba2", "n3")
	n := w.readNumber("n1")
	n.State, n.Action, n.StateSince, n.ObserveAt = "needs_admin", "enter_pin", at.Add(-time.Hour), at.Add(time.Hour)
	n.Snapshot, n.SnapshotAt, n.ReadError, n.ReadErrorAt = json.RawMessage(`{"v":1}`), at.Add(-time.Minute), json.RawMessage(`{}`), at
	n.NextAttemptAt = at.Add(2 * time.Hour)
	w.save(n)
	w.attempt("waba1", store.WhatsAppAttempt{PhoneID: "n1", Call: store.CallRegister})
	w.Clock.Advance(71 * time.Hour)
	w.attempt("waba1", store.WhatsAppAttempt{PhoneID: "n1", Call: store.CallRegister})
	w.attempt("waba1", store.WhatsAppAttempt{PhoneID: "n1", Call: store.CallDeregister})
	w.attempt("waba2", store.WhatsAppAttempt{PhoneID: "n3", Call: store.CallRegister})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.MarkDeleting(ctx, gone.InboxID); err != nil {
			return err
		}
		return tx.OrphanWhatsAppNumbers(ctx, []string{"n3"})
	})
	wanted := []store.WhatsAppGauge{
		{
			AccountID: n1.AccountID, InboxID: n1.InboxID, PhoneID: "n1", State: "needs_admin", Action: "enter_pin", StateSince: n.StateSince,
			Snapshot: n.Snapshot, SnapshotAt: n.SnapshotAt, ReadFailed: true, ObserveAt: n.ObserveAt,
			NextAttemptAt: n.NextAttemptAt, Calls72h: 2,
		},
		{AccountID: n2.AccountID, InboxID: n2.InboxID, PhoneID: "n2", State: "unknown", StateSince: at, ObserveAt: at},
	}
	list, err := w.WhatsAppGauges(ctx)
	noErr(t, "WhatsAppGauges", err)
	want(t, "gauges", list, wanted)
	w.Clock.Advance(time.Hour)
	wanted[0].Calls72h = 1
	list, err = w.WhatsAppGauges(ctx)
	noErr(t, "WhatsAppGauges", err)
	want(t, "gauges when the first call is 72 hours old", list, wanted)
}

func testMarkDeleting(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	l, other := w.line(w.Mine.Account, "l"), w.line(w.Mine.Account, "other")
	registrations := func() []string {
		t.Helper()
		var out []string
		for _, l := range []Line{l, other} {
			row, err := w.ChannelOfInbox(ctx, l.Inbox)
			noErr(t, "ChannelOfInbox", err)
			out = append(out, row.Registration)
		}
		return out
	}
	before, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.MarkDeleting(ctx, l.Inbox) })
	want(t, "registrations", registrations(), []string{store.Deleting, ""})
	after, err := w.Version(ctx, store.TopicChannels)
	noErr(t, "Version", err)
	want(t, "version", after, before+1)

	// Whatever was on its way does not take the mark back.
	noErr(t, "SetRegistration", w.SetRegistration(ctx, l.Channel, "registered", ""))
	noErr(t, "SetRegistration", w.SetRegistration(ctx, other.Channel, "registered", ""))
	want(t, "registrations", registrations(), []string{store.Deleting, "registered"})
	w.do(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.UpdateChannelSettings(ctx, l.Channel, []byte(`{"n":1}`), nil, true); err != nil {
			return err
		}
		return tx.UpdateChannelSettings(ctx, other.Channel, []byte(`{"n":1}`), nil, true)
	})
	want(t, "registrations", registrations(), []string{store.Deleting, "pending"})
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.MarkDeleting(ctx, 999) })
	want(t, "registrations", registrations(), []string{store.Deleting, "pending"})
}
