package storetest

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/store"
)

func mfaCases() []Case {
	return []Case{
		{"second factor", []string{"Store.MFA", "Tx.SetTOTP", "Tx.SpendTOTPStep", "Tx.EnableMFA", "Tx.DisableMFA"}, testMFA},
		{"backup codes", []string{"Tx.ReplaceBackupCodes", "Tx.SpendBackupCode"}, testBackupCodes},
		{"hits", []string{"Store.CountHits"}, testHits},
		{"held mails", []string{"Tx.HoldMail", "Store.HeldMails", "Store.HeldMailsBefore", "Store.HeldMail"}, testHeldMails},
	}
}

func testMFA(t *testing.T, w *World) {
	ctx := t.Context()
	w.tenants()
	is := func(what string, expected store.MFA) {
		t.Helper()
		m, err := w.MFA(ctx, w.Mine.User)
		noErr(t, "MFA", err)
		want(t, what, m, expected)
	}
	yes := func(f func(context.Context, *store.Tx) (bool, error)) bool { return in(w, f) }
	set := func(secret string) bool {
		return yes(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.SetTOTP(ctx, w.Mine.User, secret) })
	}
	enable := func() bool {
		return yes(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.EnableMFA(ctx, w.Mine.User) })
	}
	spend := func(step int64) bool {
		return yes(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.SpendTOTPStep(ctx, w.Mine.User, step) })
	}
	is("at first", store.MFA{})
	want(t, "EnableMFA without a secret", enable(), false)
	want(t, "SetTOTP", set("sealed"), true)
	want(t, "SpendTOTPStep", spend(7), true)
	want(t, "SpendTOTPStep again", spend(7), false)
	want(t, "SpendTOTPStep of one before", spend(6), false)
	want(t, "SetTOTP anew", set("other"), true)
	is("anew", store.MFA{Secret: "other"})
	want(t, "EnableMFA", enable(), true)
	want(t, "EnableMFA again", enable(), false)
	want(t, "SetTOTP when it is on", set("third"), false)
	want(t, "SpendTOTPStep", spend(9), true)
	w.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.ReplaceBackupCodes(ctx, w.Mine.User, []string{"A", "B"})
	})
	is("on", store.MFA{Enabled: true, Secret: "other", Step: 9, Codes: 2})
	theirs, err := w.MFA(ctx, w.Theirs.User)
	noErr(t, "MFA", err)
	want(t, "somebody else's", theirs, store.MFA{})
	w.do(func(ctx context.Context, tx *store.Tx) error { return tx.DisableMFA(ctx, w.Mine.User) })
	is("off", store.MFA{})
	_, err = w.MFA(ctx, 999)
	wantErr(t, "MFA of nobody", err, store.ErrNotFound)
}

func testBackupCodes(t *testing.T, w *World) {
	w.tenants()
	replace := func(user int64, codes ...string) {
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.ReplaceBackupCodes(ctx, user, codes) })
	}
	spend := func(user int64, code string) bool {
		return in(w, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.SpendBackupCode(ctx, user, code) })
	}
	replace(w.Mine.User, "AAAA", "BBBB")
	replace(w.Theirs.User, "AAAA")
	want(t, "a wrong code", spend(w.Mine.User, "CCCC"), false)
	want(t, "a code", spend(w.Mine.User, "AAAA"), true)
	want(t, "the code again", spend(w.Mine.User, "AAAA"), false)
	want(t, "somebody else's", spend(w.Theirs.User, "AAAA"), true)
	replace(w.Mine.User, "AAAA")
	want(t, "a code of the set before", spend(w.Mine.User, "BBBB"), false)
	want(t, "a code of the new set", spend(w.Mine.User, "AAAA"), true)
	want(t, "digests differ by user", w.number(`SELECT COUNT(DISTINCT digest) FROM mfa_backup_codes`), 2)
	if strings.Contains(w.text(`SELECT digest FROM mfa_backup_codes LIMIT 1`), "AAAA") {
		t.Error("the code is stored")
	}
}

func testHits(t *testing.T, w *World) {
	ctx := t.Context()
	ends := start.Add(time.Minute)
	add := func(name string, n int64, ends time.Time) int64 {
		t.Helper()
		sum, err := w.CountHits(ctx, name, n, ends)
		noErr(t, "CountHits", err)
		return sum
	}
	want(t, "the first", add("a", 1, ends), 1)
	want(t, "more", add("a", 3, ends), 4)
	want(t, "another name", add("b", 1, ends), 1)
	want(t, "another window", add("a", 1, ends.Add(time.Minute)), 1)
	var wg sync.WaitGroup
	sums := make([]int64, 20)
	for i := range sums {
		wg.Go(func() { sums[i] = add("c", 1, ends) })
	}
	wg.Wait()
	seen := map[int64]bool{}
	for _, s := range sums {
		seen[s] = true
	}
	want(t, "every hit has a sum of its own", len(seen), len(sums))
}

func testHeldMails(t *testing.T, w *World) {
	ctx := t.Context()
	mail := store.HeldMail{Kind: "confirmation", To: "a@example.test", Subject: "Hello", Text: "open s3cr3t"}
	for i := range 3 {
		w.Clock.Advance(time.Second)
		m := mail
		m.Subject += " " + itoa(i)
		w.do(func(ctx context.Context, tx *store.Tx) error { return tx.HoldMail(ctx, m) })
	}
	list, err := w.HeldMails(ctx, 2)
	noErr(t, "HeldMails", err)
	if len(list) != 2 || list[0].Subject != "Hello 2" || list[1].Subject != "Hello 1" || list[0].Text != "" {
		t.Fatalf("HeldMails: %+v", list)
	}
	before, err := w.HeldMailsBefore(ctx, list[1].ID, 2)
	noErr(t, "HeldMailsBefore", err)
	if len(before) != 1 || before[0].Subject != "Hello 0" {
		t.Errorf("HeldMailsBefore: %+v", before)
	}
	one, err := w.HeldMail(ctx, list[0].ID)
	noErr(t, "HeldMail", err)
	want(t, "HeldMail", one, store.HeldMail{
		ID: list[0].ID, Kind: "confirmation", To: "a@example.test", Subject: "Hello 2", Text: "open s3cr3t", CreatedAt: start.Add(3 * time.Second),
	})
	_, err = w.HeldMail(ctx, 999)
	wantErr(t, "HeldMail of none", err, store.ErrNotFound)
	if w.Dir != "" && bytes.Contains(w.Files(t), []byte("s3cr3t")) {
		t.Error("the text is readable in the file of the database")
	}
}
