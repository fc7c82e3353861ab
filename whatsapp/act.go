package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"tributary/store"
	"tributary/whatsapp/graph"
	"tributary/whatsapp/rules"
)

// Results of attempts beyond those that rules.Judge names.
const (
	resultUnknown = "unknown" // the process died before the answer
	resultSuccess = "success"
)

// Meta's cap on calls of register, and on those of deregister, per number and 72
// hours (Cloud API, "Registration"), and the part of it that the engine uses up by
// itself.
const (
	budget    = 10
	automatic = 6
)

// act registers the number when the table wants it and the budget allows it.
func (n *number) act(ctx context.Context) error {
	if !n.verdict.OK {
		n.refuse()
		return nil
	}
	if err := n.e.spend(ctx, n.b, 1); err != nil {
		p, paused := errors.AsType[pausedError](err)
		if !paused {
			return err
		}
		n.verdict = rules.Verdict{Reason: rules.NotDue, NextAt: p.until}
		n.refuse()
		return nil
	}
	return n.register(ctx)
}

// refuse settles where the number stands without an attempt, and tells whoever asked
// why there is none.
func (n *number) refuse() {
	n.m.Trigger = n.trigger()
	if n.ask.actor != 0 {
		n.m.Actor = n.ask.actor
	}
	if !n.decided.Register || n.m.Trigger == rules.TriggerAdmin {
		n.m.Trigger = "" // nothing to wait for; a person asks again
	}
	n.h = n.h.AfterRead(n.decided, n.verdict, n.now)
	if n.ask.decided != nil {
		n.ask.decided(n.decided, n.verdict)
	}
}

// register makes one attempt: the attempt and the PIN are committed, then the call
// is made, then what came of it is stored.
func (n *number) register(ctx context.Context) error {
	if err := n.choosePIN(); err != nil {
		return err
	}
	// Reading may have taken most of the lease; it has to outlive the call.
	if _, ok, err := n.e.Store.LeaseWhatsAppBusiness(ctx, n.WABA, n.owner, leaseFor); err != nil {
		return err
	} else if !ok {
		return store.ErrLeaseLost
	}
	before := n.h.AfterRead(n.decided, n.verdict, n.now)
	n.h = before.AfterSend(n.verdict, n.sig, n.now)
	trigger, actor := n.m.Trigger, n.m.Actor
	n.m.Trigger, n.m.Actor = "", 0
	attempt, err := n.begin(ctx, store.CallRegister, actor)
	if err != nil {
		n.h, n.m.Trigger, n.m.Actor = before, trigger, actor
		return n.notBegun(err)
	}
	if n.ask.decided != nil {
		n.ask.decided(n.decided, n.verdict)
	}
	// A call that has begun is finished although the process stops or the client went
	// away: the lease outlives it.
	err = n.call(graph.Traced(context.WithoutCancel(ctx), &attempt.Trace))
	n.now = n.e.Now()
	return n.answered(ctx, attempt, before, err)
}

// call sends the PIN where somebody wanted it replaced, and the registration.
func (n *number) call(ctx context.Context) error {
	if n.ask.resetPIN {
		if err := n.e.graph.SetPIN(ctx, n.target(), n.PIN); err != nil {
			return err
		}
	}
	return n.e.graph.Register(ctx, n.target(), n.PIN)
}

// choosePIN takes the PIN that a person entered, or makes one where none can be
// trusted and a new one may be set.
func (n *number) choosePIN() error {
	switch {
	case n.ask.pin != "":
		n.PIN, n.PINState = n.ask.pin, pinTrusted
		return nil
	case n.PIN != "" && n.PINState == pinTrusted, n.PIN != "" && n.PINState == pinStale && !n.ask.resetPIN:
		return nil
	}
	pin, err := newPIN()
	if err != nil {
		return err
	}
	n.PIN, n.PINState = pin, pinTrusted
	return nil
}

// begin commits the attempt with everything known so far.
func (n *number) begin(ctx context.Context, call string, actor int64) (store.WhatsAppAttempt, error) {
	a := store.WhatsAppAttempt{
		AccountID: n.AccountID, InboxID: n.InboxID, PhoneID: n.PhoneID, Call: call, Automatic: n.verdict.Trigger.Automatic(),
		Trigger: string(n.verdict.Trigger), ActorID: n.ask.actor, Row: string(n.decided.Row), HealthBefore: healthBefore(n.reading.Number),
	}
	if a.ActorID == 0 {
		a.ActorID = actor
	}
	n.m.History = n.h
	var err error
	if n.Memory, err = n.m.encode(); err != nil {
		return a, err
	}
	err = n.e.Store.Transact(ctx, func(tx *store.Tx) error {
		if err := n.finishLost(ctx, tx); err != nil {
			return err
		}
		if err := tx.SaveWhatsAppNumber(ctx, n.owner, n.WhatsAppNumber, nil); err != nil {
			return err
		}
		a.ID, err = tx.BeginWhatsAppAttempt(ctx, n.owner, n.WABA, a, budget, automatic)
		return err
	})
	return a, err
}

// notBegun says why an attempt that the rules allowed could not be written down.
func (n *number) notBegun(err error) error {
	switch {
	case errors.Is(err, store.ErrAttemptBudget):
		n.verdict = rules.Verdict{Reason: rules.NoBudget}
	case errors.Is(err, store.ErrAttemptRunning):
		n.verdict = rules.Verdict{Reason: rules.TooSoon}
	default:
		return err
	}
	n.refuse()
	return nil
}

// answered judges the answer and moves the number on.
func (n *number) answered(ctx context.Context, a store.WhatsAppAttempt, before rules.History, err error) error {
	var failed *graph.Error
	if err != nil {
		failed = asError(err)
	}
	out := rules.Judge(failed, n.reading, before, n.now)
	n.h = n.h.AfterAnswer(out, before, n.now)
	n.e.Metrics.Attempts.WithLabelValues(out.Name).Inc()
	n.LastError = nil
	if failed != nil {
		n.LastError = shownError(failed, n.now)
	}
	n.again = out.HealthFirst
	switch {
	case out.PauseWABA:
		n.e.pause(ctx, n.WABA, out.RetryIn)
	case out.Defect:
		n.e.Log.Error("registration of a WhatsApp number refused as malformed", "phone_number_id", n.PhoneID, "error", failed)
	}
	n.schedule()
	a.Result, a.NextAttemptAt = out.Result, n.NextAttemptAt
	describe(&a, failed, n.now)
	n.e.Log.Info("WhatsApp registration attempted", "inbox_id", n.InboxID, "phone_number_id", n.PhoneID, "trigger", a.Trigger,
		"row", a.Row, "outcome", out.Name, "state", n.h.State, "required_action", n.h.Action)
	if err := n.store(ctx, a); err != nil {
		return err
	}
	if out.Deregister {
		return n.deregister(ctx)
	}
	return nil
}

// store writes down what came of a call, also when the process is stopping.
func (n *number) store(ctx context.Context, a store.WhatsAppAttempt) error {
	ctx = context.WithoutCancel(ctx)
	return n.e.Store.Transact(ctx, func(tx *store.Tx) error { return tx.FinishWhatsAppAttempt(ctx, a) })
}

// describe puts an answer into the log of attempts.
func describe(a *store.WhatsAppAttempt, failed *graph.Error, at time.Time) {
	if failed == nil {
		a.HTTPStatus = http.StatusOK
		return
	}
	shown := newShownError(failed, at)
	a.HTTPStatus, a.Code, a.Subcode = failed.HTTPStatus, failed.Code, failed.Subcode
	a.Title, a.Message, a.Trace = text(shown.Title), text(shown.Message), text(shown.Trace)
}

// deregister frees a number whose last deregistration did not complete (133000); it
// is registered again a little later.
func (n *number) deregister(ctx context.Context) error {
	a, err := n.begin(ctx, store.CallDeregister, 0)
	if errors.Is(err, store.ErrAttemptBudget) || errors.Is(err, store.ErrAttemptRunning) {
		return nil
	}
	if err != nil {
		return err
	}
	err = n.e.graph.Deregister(context.WithoutCancel(ctx), n.target())
	n.now = n.e.Now()
	var failed *graph.Error
	a.Result = resultSuccess
	if err != nil {
		failed = asError(err)
		a.Result = string(failed.Class)
	}
	describe(&a, failed, n.now)
	return n.store(ctx, a)
}

// healthBefore is what the audit trail keeps of the health that an attempt was
// decided on.
func healthBefore(g *graph.Number) json.RawMessage {
	if g == nil {
		return nil
	}
	raw, err := json.Marshal(struct {
		Status           *string         `json:"status"`
		PlatformType     *string         `json:"platform_type"`
		Throughput       json.RawMessage `json:"throughput"`
		CodeVerification *string         `json:"code_verification_status"`
		NameStatus       *string         `json:"name_status"`
		NewNameStatus    *string         `json:"new_name_status"`
	}{g.Status, g.PlatformType, orNull(g.Throughput), g.CodeVerification, g.NameStatus, g.NewNameStatus})
	if err != nil {
		return nil
	}
	return raw
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

// lastError is a refusal as clients see it.
type lastError struct {
	Code    *int    `json:"code"`
	Subcode *int    `json:"subcode"`
	Title   *string `json:"title"`
	Message *string `json:"message"`
	Trace   *string `json:"fbtrace_id"`
	At      string  `json:"at"`
}

func newShownError(e *graph.Error, at time.Time) lastError {
	return lastError{
		Code: number0(e.Code), Subcode: number0(e.Subcode), Title: optional(e.Title), Message: optional(message(e)),
		Trace: optional(e.Trace), At: stamp(at),
	}
}

// shownError is the refusal as it is stored.
func shownError(e *graph.Error, at time.Time) json.RawMessage {
	raw, err := json.Marshal(newShownError(e, at))
	if err != nil {
		return nil
	}
	return raw
}

// message is what Meta tells people of an error, else what it tells programs,
// without the code in front.
func message(e *graph.Error) string {
	if e.UserText != "" {
		return e.UserText
	}
	m := e.Message
	if strings.HasPrefix(m, "(#") {
		if _, rest, ok := strings.Cut(m, ") "); ok {
			m = rest
		}
	}
	if m == "" && e.HTTPStatus == 0 {
		m = "Meta could not be reached"
	}
	return m
}

func number0(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// stamp writes a moment as clients read it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
