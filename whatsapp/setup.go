package whatsapp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"tributary/channels"
	"tributary/store"
	"tributary/whatsapp/graph"
	"tributary/whatsapp/rules"
)

// setUp subscribes our app to the account and points the number at our webhook,
// where that is not done yet. It depends on no registration, and its failure
// changes no state.
func (n *number) setUp(ctx context.Context) {
	want := n.setupDigest()
	s := &n.m.Setup
	if s.Done == want || s.At.After(n.now) || !n.fresh() || n.decided.Row == "D1" || n.h.State == rules.AuthError {
		return
	}
	if err := n.e.spend(ctx, n.b, 2); err != nil {
		if p, ok := errors.AsType[pausedError](err); ok {
			s.At = p.until
		}
		return
	}
	if err := n.subscribe(ctx); err != nil {
		n.notSetUp(asError(err))
		return
	}
	*s = setup{Done: want}
}

// notSetUp notes what went wrong. Only a dead token is a matter of credentials.
func (n *number) notSetUp(failed *graph.Error) {
	s := &n.m.Setup
	react, again := rules.Setup(failed, s.Tries)
	n.e.Log.Warn("webhook of a WhatsApp number not set up", "inbox_id", n.InboxID, "phone_number_id", n.PhoneID, "tries", s.Tries+1, "error", failed)
	if react.State != "" {
		n.h.State, n.h.Action = react.State, react.Action
		n.LastError = shownError(failed, n.now)
		return
	}
	if react.PauseWABA {
		n.e.pause(n.e.life, n.WABA, pauseOf(react.Pause))
	}
	s.At, s.Tries = n.now.Add(again), s.Tries+1
	if react.Action == rules.FixCallbackURL {
		s.Error = callbackText(failed)
	}
}

// callbackText is why Meta could not reach our webhook, without its own wording in
// front.
func callbackText(failed *graph.Error) string {
	m := message(failed)
	if _, rest, ok := strings.Cut(m, "following errors: "); ok {
		return "Callback verification failed: " + rest
	}
	return m
}

// setupDigest identifies what has to be set up.
func (n *number) setupDigest() string {
	sum := sha256.Sum256([]byte(n.WABA + "\n" + n.e.callback(n.cfg) + "\n" + string(n.cfg.ProviderConfig.VerifyToken)))
	return hex.EncodeToString(sum[:8])
}

// subscribe makes the two calls: the app has to be subscribed before a number's
// override is accepted. The number's own override leaves its siblings alone
// (precedence: number, account, app).
func (n *number) subscribe(ctx context.Context) error {
	if err := n.e.graph.Subscribe(ctx, n.target(), nil); err != nil {
		return err
	}
	return n.e.graph.Override(ctx, n.target(), n.e.callback(n.cfg), string(n.cfg.ProviderConfig.VerifyToken))
}

// appData are the parts of a WhatsApp Business app's data that can be asked for,
// once each and within a day of onboarding (Meta, "Onboarding WhatsApp Business app
// users").
var appData = []string{"smb_app_state_sync", "history"}

const appDataWithin = 24 * time.Hour

// syncApp asks for the contacts and the history of a number that the WhatsApp
// Business app shares.
func (n *number) syncApp(ctx context.Context) {
	if !n.h.Coexistence || !n.fresh() || n.now.Sub(n.CreatedAt) > appDataWithin {
		return
	}
	for _, part := range appData {
		if slices.Contains(n.m.Synced, part) {
			continue
		}
		if n.e.spend(ctx, n.b, 1) != nil {
			return
		}
		if err := n.e.graph.SyncApp(ctx, n.target(), part); err != nil {
			n.e.Log.Warn("data of a WhatsApp Business app not asked for", "phone_number_id", n.PhoneID, "part", part, "error", err)
			if asError(err).Class == graph.Transient || asError(err).Class == graph.Throttled {
				return // in order: the next look tries again
			}
		}
		n.m.Synced = append(n.m.Synced, part)
	}
}

// Part is called before an inbox is deleted: the number's override is cleared, a
// number from Embedded Signup deregistered, and our app unsubscribed from the
// account when no other inbox uses it. Failures are logged and stop nothing; PIN
// and history stay.
func (e *Engine) Part(ctx context.Context, ch *channels.Channel) error {
	cfg, ok := config(ch)
	if !ok || cfg.ProviderConfig.PhoneNumberID == "" || cfg.ProviderConfig.APIKey == "" {
		return nil
	}
	pc := &cfg.ProviderConfig
	t := graph.Target{Token: string(pc.APIKey), WABA: string(pc.BusinessAccountID), PhoneID: string(pc.PhoneNumberID)}
	row, err := e.Store.WhatsAppNumber(ctx, t.PhoneID)
	known := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	warn := func(what string, err error) {
		if err != nil {
			e.Log.Warn("WhatsApp number not parted from Meta", "step", what, "phone_number_id", t.PhoneID, "error", err)
		}
	}
	warn("override", e.graph.Override(ctx, t, "", ""))
	embedded := string(pc.Source) == sourceEmbedded
	if embedded && known && rules.State(row.State) == rules.Registered {
		warn("deregister", e.deregisterParting(ctx, t, row))
	}
	if embedded && !e.sharesAccount(ch, t.WABA) {
		warn("subscription", e.graph.Unsubscribe(ctx, t))
	}
	return e.Store.Transact(ctx, func(tx *store.Tx) error { return tx.OrphanWhatsAppNumbers(ctx, []string{t.PhoneID}) })
}

const sourceEmbedded = "embedded_signup"

// deregisterParting counts the call like every other.
func (e *Engine) deregisterParting(ctx context.Context, t graph.Target, row store.WhatsAppNumber) error {
	m, err := readMemory(row)
	if err != nil || m.History.Coexistence {
		return err
	}
	owner, _, err := e.hold(ctx, row.WABA, func() error { return nil })
	if err != nil {
		return err
	}
	defer e.release(ctx, row.WABA, owner, time.Time{})
	a := store.WhatsAppAttempt{
		AccountID: row.AccountID, InboxID: row.InboxID, PhoneID: row.PhoneID, Call: store.CallDeregister, Trigger: "inbox_deleted",
	}
	lost, err := e.Store.AbandonedWhatsAppAttempts(ctx, row.PhoneID)
	if err != nil {
		return err
	}
	if err := e.Store.Transact(ctx, func(tx *store.Tx) error {
		for _, l := range lost { // a dead process's: we hold the lease
			l.Result = resultUnknown
			if err := tx.FinishWhatsAppAttempt(ctx, l); err != nil {
				return err
			}
		}
		a.ID, err = tx.BeginWhatsAppAttempt(ctx, owner, row.WABA, a, budget, budget)
		return err
	}); err != nil {
		return err
	}
	failed := e.graph.Deregister(ctx, t)
	a.Result, a.HTTPStatus = resultSuccess, 200
	if failed != nil {
		g := asError(failed)
		a.Result, a.HTTPStatus, a.Code, a.Subcode, a.Message, a.Trace = string(g.Class), g.HTTPStatus, g.Code, g.Subcode, message(g), g.Trace
	}
	return errors.Join(failed, e.Store.Transact(ctx, func(tx *store.Tx) error {
		if err := tx.FinishWhatsAppAttempt(ctx, a); err != nil {
			return err
		}
		row.State, row.Action, row.StateSince = string(rules.Unknown), "", e.Now()
		return tx.SaveWhatsAppNumber(ctx, owner, row, nil)
	}))
}

// sharesAccount tells whether another inbox has a number of the account.
func (e *Engine) sharesAccount(ch *channels.Channel, waba string) bool {
	return slices.ContainsFunc(e.Directory.All(), func(other *channels.Channel) bool {
		cfg, ok := config(other)
		return ok && other.ID != ch.ID && string(cfg.ProviderConfig.BusinessAccountID) == waba
	})
}
