package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tributary/channels"
	"tributary/channels/wacloud"
	"tributary/store"
	"tributary/whatsapp/graph"
	"tributary/whatsapp/rules"
	"tributary/wording"
)

// ask is what somebody who looks at a number wants, besides looking.
type ask struct {
	trigger  rules.Trigger
	actor    int64
	pin      string // replaces the stored one
	resetPIN bool   // sets our PIN at Meta, whatever was there
	// readOnly makes no attempt and sets nothing up.
	readOnly bool
	// decided is called with the verdict: once an attempt is written down and about to
	// be made, or when none will be.
	decided func(rules.Decision, rules.Verdict)
}

// number is a number that is being looked at, with the lease of its account.
type number struct {
	e     *Engine
	owner string
	b     store.WhatsAppBusiness
	store.WhatsAppNumber
	m   memory
	h   rules.History // where the number stands
	ch  *channels.Channel
	cfg *wacloud.Config
	now time.Time
	ask ask

	was     rules.State // before the look
	handled []int64     // signals
	before  *graph.Number
	kept    json.RawMessage // the snapshot before webhooks changed it
	reading rules.Reading
	sig     string
	decided rules.Decision
	verdict rules.Verdict
	// lost are calls whose answer nobody heard.
	lost    []store.WhatsAppAttempt
	notices []notice
	changed bool // Meta said something new
	again   bool // only another health read can tell what came of an attempt
	// wasSetUp says that our webhook was set up before the read.
	wasSetUp bool
}

// look reads a number's health, decides and acts. The lease is the caller's.
func (e *Engine) look(ctx context.Context, owner string, b store.WhatsAppBusiness, row store.WhatsAppNumber, a ask) (*number, error) {
	n := &number{e: e, owner: owner, b: b, WhatsAppNumber: row, now: e.Now(), ask: a, was: rules.State(row.State)}
	var err error
	if n.m, err = readMemory(row); err != nil {
		e.Log.Error("memory of a WhatsApp number unreadable; it starts anew", "phone_number_id", row.PhoneID, "error", err)
	}
	n.h, n.wasSetUp = n.m.History, n.m.Setup.Done != ""
	// Word that was left is taken in whatever follows: what nobody takes in keeps the
	// number due.
	if err := n.load(ctx); err != nil {
		return n, err
	}
	if ok, err := n.connected(ctx); err != nil || !ok {
		return n, err
	}
	if err := n.read(ctx); err != nil {
		return n, err
	}
	n.decide()
	if a.readOnly {
		n.h = n.h.AfterRead(n.decided, rules.Verdict{Reason: n.verdict.Reason, NextAt: n.verdict.NextAt}, n.now)
	} else {
		if err := n.act(ctx); err != nil {
			return n, err
		}
		n.setUp(ctx)
		n.syncApp(ctx)
	}
	n.settle()
	n.schedule()
	return n, n.save(ctx)
}

// fresh tells whether Meta answered.
func (n *number) fresh() bool { return n.reading.Number != nil }

// connected finds the number's channel. A number without one, or whose account is
// suspended, is not looked at.
func (n *number) connected(ctx context.Context) (bool, error) {
	_, ch, ok := n.e.Directory.Inbox(n.InboxID)
	if !ok {
		if err := n.e.Directory.Refresh(ctx); err != nil {
			return false, err
		}
		_, ch, ok = n.e.Directory.Inbox(n.InboxID)
	}
	if ok {
		n.cfg, ok = config(ch)
	}
	if !ok || ch.Deleting || string(n.cfg.ProviderConfig.PhoneNumberID) != n.PhoneID {
		n.ObserveAt, n.NextAttemptAt = time.Time{}, time.Time{}
		return false, n.save(ctx)
	}
	if !ch.AccountActive {
		n.ObserveAt, n.NextAttemptAt = n.now.Add(6*time.Hour), time.Time{}
		return false, n.save(ctx)
	}
	n.ch = ch
	if n.PIN == "" {
		n.PIN = storedPIN(ch.Settings)
	}
	return true, nil
}

func (n *number) target() graph.Target {
	return graph.Target{Token: string(n.cfg.ProviderConfig.APIKey), WABA: n.WABA, PhoneID: n.PhoneID}
}

// load reads what was tried and what happened.
func (n *number) load(ctx context.Context) error {
	calls, err := n.e.Store.WhatsAppCalls(ctx, n.PhoneID, store.CallRegister)
	if err != nil {
		return err
	}
	n.h.Calls = callsOf(calls)
	// We hold the lease and made no call: those under way are a dead process's.
	if n.lost, err = n.e.Store.AbandonedWhatsAppAttempts(ctx, n.PhoneID); err != nil {
		return err
	}
	if n.Snapshot != nil {
		n.before = &graph.Number{}
		if err := json.Unmarshal(n.Snapshot, n.before); err != nil {
			return fmt.Errorf("whatsapp: snapshot: %w", err)
		}
	}
	n.kept = n.Snapshot
	signals, err := n.e.Store.WhatsAppSignals(ctx, n.PhoneID)
	if err != nil {
		return err
	}
	for _, s := range signals {
		n.handled = append(n.handled, s.ID)
		n.signal(s)
	}
	return nil
}

// read asks Meta about the number, and about its account where that is due.
func (n *number) read(ctx context.Context) error {
	if err := n.e.spend(ctx, n.b, 1); err != nil {
		return err
	}
	began := n.e.Now()
	got, err := n.e.graph.Number(ctx, n.target())
	n.now = n.e.Now()
	n.reading = rules.Reading{Number: got, Review: n.b.ReviewStatus}
	if err != nil {
		n.reading.Number, n.reading.Err = nil, asError(err)
	}
	if began.After(n.ReadStarted) {
		n.ReadStarted = began
		n.keep()
	}
	if err != nil {
		n.failed()
		return nil //nolint:nilerr // it is decided on
	}
	n.m.Failures = 0
	return n.readBusiness(ctx)
}

// failed notes that the health could not be read.
func (n *number) failed() {
	n.m.Failures++
	react := rules.Health(n.reading.Err)
	if react.PauseWABA {
		n.e.pause(n.e.life, n.WABA, pauseOf(react.Pause))
	}
	if react.Defect {
		n.e.Log.Error("health of a WhatsApp number cannot be asked for", "phone_number_id", n.PhoneID, "error", n.reading.Err)
	}
	if react.State != "" {
		n.LastError = shownError(n.reading.Err, n.now)
	}
}

// pauseOf is how long calls about an account pause after a throttling error.
func pauseOf(d time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return 5 * time.Minute
}

// asError gives the verdict of a call; whatever else failed is no answer.
func asError(err error) *graph.Error {
	if g, ok := errors.AsType[*graph.Error](err); ok {
		return g
	}
	return &graph.Error{Class: graph.Transient, Message: "the call was not made", Err: err}
}

// keep makes the reading the stored one.
func (n *number) keep() {
	if !n.fresh() {
		n.ReadError, n.ReadErrorAt = readFailure(n.reading.Err), n.now
		return
	}
	raw, err := json.Marshal(n.reading.Number)
	if err != nil {
		n.e.Log.Error("health of a WhatsApp number not encoded", "phone_number_id", n.PhoneID, "error", err)
		return
	}
	n.changed = string(raw) != string(n.kept)
	n.Snapshot, n.SnapshotAt = raw, n.now
	n.ReadError, n.ReadErrorAt = nil, time.Time{}
}

const (
	businessEvery  = 24 * time.Hour
	reviewingEvery = time.Hour
	approvedReview = "APPROVED"
)

// readBusiness reads the account's names and review when that is old.
func (n *number) readBusiness(ctx context.Context) error {
	every := businessEvery
	if n.b.ReviewStatus != approvedReview && n.was != rules.Registered {
		every = reviewingEvery
	}
	if !n.b.ReadAt.IsZero() && n.now.Sub(n.b.ReadAt) < every {
		return nil
	}
	if err := n.e.spend(ctx, n.b, 1); err != nil {
		return nil //nolint:nilerr // names can wait; the number's health is here
	}
	got, err := n.e.graph.Business(ctx, n.target())
	n.b.ReadAt = n.now // also when it failed: it is not asked again at once
	if err != nil {
		n.e.Log.Info("WhatsApp account not read", "waba_id", n.WABA, "error", err)
	} else {
		n.b.Name, n.b.PortfolioID, n.b.PortfolioName, n.b.ReviewStatus = got.Name, got.PortfolioID, got.PortfolioName, got.ReviewStatus
		n.reading.Review = got.ReviewStatus
	}
	return n.e.Store.Transact(ctx, func(tx *store.Tx) error { return tx.PutWhatsAppBusiness(ctx, n.b) })
}

// decide asks the table, and whether an attempt may be made now.
func (n *number) decide() {
	n.sig = rules.Signature(n.reading)
	n.decided = rules.Decide(n.reading, n.h, n.now)
	n.verdict = rules.May(n.decided, n.sig, n.trigger(), n.h, n.now)
	switch {
	case !n.verdict.OK:
	case n.m.Offboarded:
		n.verdict = rules.Verdict{Reason: rules.ByTable}
	case n.ask.trigger == "" && !n.e.enabled(): // nobody waits for it
		n.verdict = rules.Verdict{Reason: rules.NotDue}
	case n.trigger() != rules.TriggerAdmin && n.PINState == pinStale:
		// A PIN that somebody changed can only be wrong, and Meta counts the guesses.
		n.verdict = rules.Verdict{Reason: rules.NeedsPerson}
		n.h.State, n.h.Action = rules.NeedsAdmin, rules.EnterPIN
	}
	n.block()
}

// blockedFor is how long a webhook's word that nothing can be sent outweighs a health
// that says otherwise.
const blockedFor = time.Hour

// block notes whether Meta lets the number send.
func (n *number) block() {
	if !n.fresh() {
		return
	}
	switch {
	case n.decided.Row == "D1":
		n.m.Blocked, n.m.BlockedAt = blocked(text(n.reading.Number.Status)), time.Time{}
	case n.m.BlockedAt.IsZero(),
		n.reading.Number.CanSend() == "AVAILABLE" && n.now.Sub(n.m.BlockedAt) > blockedFor:
		n.m.Blocked, n.m.BlockedAt = wording.Text{}, time.Time{}
	}
}

// trigger is why an attempt would be made now.
func (n *number) trigger() rules.Trigger {
	if n.ask.trigger != "" {
		return n.ask.trigger
	}
	return n.m.Trigger
}

// blocked is what agents read when they try to send.
func blocked(status string) wording.Text {
	switch status {
	case "BANNED":
		return wording.FailureNumberBanned.Text()
	case "DELETED":
		return wording.FailureNumberDeleted.Text()
	case "MIGRATED":
		return wording.FailureNumberMigrated.Text()
	}
	return wording.FailureNumberBlocked.Text()
}

func provisioned(g *graph.Number) bool { return g != nil && rules.Provisioned(g) }

// settle brings the row in line with where the number stands.
func (n *number) settle() {
	state := n.h.State
	if state == "" {
		state = rules.Unknown
	}
	if state != n.was {
		n.StateSince = n.now
		n.m.Told = nil
	}
	if waits(state) {
		n.m.Was = true
	}
	if state == rules.Registered || state == rules.NotNeeded {
		if state == rules.Registered && n.m.Was {
			n.notice(noticeLive, "")
		}
		n.m.Was, n.m.Trigger, n.m.Actor, n.m.Rejection = false, "", 0, ""
		n.LastError = nil
	}
	n.alerts()
	n.State, n.Action = string(state), string(n.action())
}

// action is what somebody has to do: about the registration, else about our webhook.
func (n *number) action() rules.Action {
	if n.h.Action == "" && (n.m.Setup.Error != "" || n.stands("webhook_url_mismatch")) {
		return rules.FixCallbackURL
	}
	return n.h.Action
}

// waits tells the states from which going live is news.
func waits(s rules.State) bool {
	switch s {
	case rules.Waiting, rules.NeedsAdmin, rules.RateLimited, rules.Abandoned, rules.AuthError:
		return true
	}
	return false
}

// schedule sets when the number is looked at next.
func (n *number) schedule() {
	n.ObserveAt = rules.Observe(n.h.State, n.h.PendingSince, n.now, n.h)
	sooner := func(at time.Time) {
		if at.IsZero() {
			return
		}
		if least := n.now.Add(time.Second); at.Before(least) {
			at = least
		}
		if at.Before(n.ObserveAt) {
			n.ObserveAt = at
		}
	}
	sooner(n.m.Setup.At)
	if n.m.Trigger != "" {
		sooner(n.verdict.NextAt) // somebody waits for an attempt
	}
	if n.reading.Err != nil && rules.Health(n.reading.Err).Backoff {
		sooner(n.now.Add(min(time.Hour, time.Minute<<min(n.m.Failures-1, 6))))
	}
	if n.again || n.ask.readOnly && n.verdict.OK {
		sooner(n.now)
	}
	n.NextAttemptAt = n.nextAttempt()
}

// nextAttempt is what clients are shown: when the engine means to act next.
func (n *number) nextAttempt() time.Time {
	switch {
	case n.h.State == rules.RateLimited:
		return n.h.FrozenUntil
	case n.h.State == rules.Registering && !n.h.Confirming.IsZero():
		return n.ObserveAt
	case n.h.State == rules.Registering && n.h.RetryAt.After(n.now):
		return n.h.RetryAt
	case n.h.State == rules.Waiting || n.h.State == rules.Registering || n.h.State == rules.Unknown:
		return rules.May(n.decided, n.sig, rules.TriggerTimer, n.h, n.now).NextAt
	}
	return time.Time{}
}

// save stores the number with all that follows from it, in one transaction.
func (n *number) save(ctx context.Context) error {
	var standing store.ChannelStanding
	if n.ch != nil {
		n.transitions()
		standing = n.standing()
	}
	n.m.History = n.h
	var err error
	if n.Memory, err = n.m.encode(); err != nil {
		return err
	}
	changed := false
	err = n.e.Store.Transact(ctx, func(tx *store.Tx) error {
		if err := n.finishLost(ctx, tx); err != nil {
			return err
		}
		if err := tx.SaveWhatsAppNumber(ctx, n.owner, n.WhatsAppNumber, n.handled); err != nil {
			return err
		}
		if n.changed {
			if err := tx.InsertWhatsAppSnapshot(ctx, n.PhoneID, n.Snapshot); err != nil {
				return err
			}
		}
		if n.ch == nil {
			return nil
		}
		var err error
		if changed, err = tx.SetChannelStanding(ctx, n.ch.ID, standing); err != nil {
			return err
		}
		return n.tell(ctx, tx, changed)
	})
	if err != nil {
		return err
	}
	if len(n.notices) > 0 || changed {
		n.e.WakeJobs()
	}
	return nil
}

func (n *number) finishLost(ctx context.Context, tx *store.Tx) error {
	for _, a := range n.lost {
		a.Result = resultUnknown
		if err := tx.FinishWhatsAppAttempt(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// standing is what the number's state means for its inbox.
func (n *number) standing() store.ChannelStanding {
	s := store.ChannelStanding{Incomplete: n.incomplete()}
	switch {
	case n.h.State == rules.AuthError:
		s.CredentialsInvalid, n.m.Flagged = new(true), true
	case n.m.Flagged: // we set it, and the token works again
		s.CredentialsInvalid, n.m.Flagged = new(false), false
	}
	switch {
	case !n.m.Blocked.Zero():
		s.Hold, s.HoldReason = channels.BlockReplies, stored(n.m.Blocked)
	case n.m.Offboarded:
		s.Hold, s.HoldReason = channels.HoldReplies, stored(wording.FailureNumberOffboarded.Text())
	}
	return s
}

// stored is a text as the channel's row keeps it.
func stored(t wording.Text) string {
	raw, _ := json.Marshal(t) //nolint:errchkjson // strings always encode
	return string(raw)
}

// incomplete tells whether the number cannot work before its registration is
// completed.
func (n *number) incomplete() bool {
	switch n.h.State {
	case rules.Registering, rules.Waiting, rules.NeedsAdmin, rules.RateLimited, rules.Abandoned:
	default:
		return false
	}
	g := n.reading.Number
	if g == nil {
		g = n.before
	}
	return !provisioned(g)
}
