package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tributary/chat"
	"tributary/store"
	"tributary/whatsapp/graph"
	"tributary/whatsapp/rules"
)

// RegisterRequest is what an administrator asks for with the button.
type RegisterRequest struct {
	InboxID int64
	UserID  int64
	PIN     string // the number's own; "" takes the stored one
	Reset   bool   // replace the PIN at Meta, with the administrator's consent
}

// Refused says why an attempt is not made, with where the registration stands.
type Refused struct {
	Text         string
	Running      bool // another attempt is under way
	Registration Registration
}

// Error implements error.
func (r *Refused) Error() string { return r.Text }

// RegisterNumber makes one attempt under the budget, and gives where the number
// stands: after the answer when that comes soon, else while the call is under way.
// Its errors are ErrNotCloud, *Refused, *HealthError, and *chat.Error for a
// malformed PIN.
func (e *Engine) RegisterNumber(ctx context.Context, r RegisterRequest) (Registration, error) {
	if r.PIN != "" && !pinShape.MatchString(r.PIN) {
		return Registration{}, chat.Unprocessable("The PIN must have 6 digits")
	}
	ch, cfg, err := e.cloud(ctx, r.InboxID)
	if err != nil {
		return Registration{}, err
	}
	switch {
	case cfg.ProviderConfig.APIKey == "":
		return Registration{}, missing("API key is missing")
	case cfg.ProviderConfig.PhoneNumberID == "":
		return Registration{}, missing("Phone number ID is missing")
	}
	row, err := e.row(ctx, ch)
	if err != nil {
		return Registration{}, err
	}
	owner, b, err := e.take(ctx, row)
	if err != nil {
		return Registration{}, err
	}
	return e.whileTheyWait(ctx, owner, b, row.PhoneID, ask{trigger: rules.TriggerAdmin, actor: r.UserID, pin: r.PIN, resetPIN: r.Reset})
}

// whileTheyWait looks at a number for somebody who waits, with the lease, which it
// gives back. What has begun goes on when they have waited long enough.
func (e *Engine) whileTheyWait(ctx context.Context, owner string, b store.WhatsAppBusiness, phoneID string, a ask) (Registration, error) {
	row, err := e.Store.WhatsAppNumber(ctx, phoneID)
	if err != nil {
		e.release(ctx, b.WABA, owner, time.Time{})
		return Registration{}, err
	}
	refused, done := make(chan *Refused, 1), make(chan error, 1)
	a.decided = func(d rules.Decision, v rules.Verdict) {
		if v.OK {
			refused <- nil
			return
		}
		refused <- &Refused{Text: why(d, v), Running: false}
	}
	e.under.Go(func() {
		defer e.release(e.life, b.WABA, owner, time.Time{})
		_, err := e.look(e.life, owner, b, row, a)
		if err != nil {
			e.Log.Warn("WhatsApp number not looked after", "phone_number_id", row.PhoneID, "error", err)
		}
		done <- err
	})
	patience := time.NewTimer(e.Patience)
	defer patience.Stop()
	select {
	case err = <-done:
	case <-patience.C:
	case <-ctx.Done():
	}
	if p, paused := errors.AsType[pausedError](err); paused {
		return e.refusal(ctx, row, &Refused{Text: "Meta takes no more calls about this account until " + stamp(p.until)})
	}
	if err != nil {
		return Registration{}, err
	}
	select {
	case r := <-refused:
		if r != nil {
			return e.refusal(ctx, row, r)
		}
	default:
	}
	return e.Registration(ctx, row.PhoneID)
}

func (e *Engine) refusal(ctx context.Context, row store.WhatsAppNumber, r *Refused) (Registration, error) {
	registration, err := e.Registration(ctx, row.PhoneID)
	if err != nil {
		return registration, err
	}
	r.Registration = registration
	return registration, r
}

// Registration gives where the registration of a number stands.
func (e *Engine) Registration(ctx context.Context, phoneID string) (Registration, error) {
	row, err := e.Store.WhatsAppNumber(ctx, phoneID)
	if err != nil {
		return Registration{}, err
	}
	return e.registration(ctx, row)
}

// errBusy says that somebody else has had an account's lease for as long as people
// wait.
var errBusy = errors.New("whatsapp: the account is being looked after")

// hold gets the lease of an account. While somebody else has it, that is waited for,
// unless busy objects.
func (e *Engine) hold(ctx context.Context, waba string, busy func() error) (owner string, b store.WhatsAppBusiness, err error) {
	owner = e.owner()
	until, look := time.NewTimer(e.Patience), time.NewTicker(50*time.Millisecond)
	defer until.Stop()
	defer look.Stop()
	for {
		b, ok, err := e.Store.LeaseWhatsAppBusiness(ctx, waba, owner, leaseFor)
		if err != nil || ok {
			return owner, b, err
		}
		if err := busy(); err != nil {
			return "", b, err
		}
		select {
		case <-ctx.Done():
			return "", b, ctx.Err()
		case <-until.C:
			return "", b, errBusy
		case <-look.C:
		}
	}
}

// take is hold for somebody who pressed the button: an attempt of the same number is
// not waited for.
func (e *Engine) take(ctx context.Context, row store.WhatsAppNumber) (string, store.WhatsAppBusiness, error) {
	owner, b, err := e.hold(ctx, row.WABA, func() error {
		running, err := e.Store.AbandonedWhatsAppAttempts(ctx, row.PhoneID)
		if err != nil || len(running) == 0 {
			return err
		}
		_, err = e.refusal(ctx, row, &Refused{Text: "A registration attempt is already running", Running: true})
		return err
	})
	if errors.Is(err, errBusy) {
		_, err = e.refusal(ctx, row, &Refused{Text: "The number is being looked after; try again in a moment", Running: true})
	}
	return owner, b, err
}

// why words a refusal for the administrator who pressed the button.
func why(d rules.Decision, v rules.Verdict) string {
	switch v.Reason {
	case rules.NoBudget:
		return "No registration attempts left in this 72 hour window"
	case rules.TooSoon:
		return "Please wait 60 seconds between attempts"
	case rules.Frozen:
		return "Meta refuses registration of this number until " + stamp(v.NextAt)
	case rules.Unconfirmed:
		return "The registration succeeded; Meta is still activating the number"
	case rules.RereadFirst:
		return "Meta is still activating the number; it is registered in a moment if that does not end"
	case rules.TokenDead:
		return "The connection to WhatsApp has to be renewed first"
	}
	return whyNot[d.Row]
}

var whyNot = map[rules.Row]string{
	"D0":  "The health of the number could not be read from Meta. Try again in a moment.",
	"D1":  "WhatsApp has closed this number",
	"D2":  "Numbers shared with the WhatsApp Business app are not registered",
	"D3":  "Meta registers test numbers by itself",
	"D4":  "The number is on the on-premise API. Migrate it to the Cloud API first.",
	"D6":  "This number is registered",
	"D8":  "Meta declined the display name. Edit it in WhatsApp Manager first.",
	"D9":  "The display name expired. Submit it again in WhatsApp Manager first.",
	"D12": "Meta is still reviewing the display name",
	"D13": "Meta tells nothing about this number yet",
	"":    "Meta tells nothing about this number that allows a registration",
}

// RegisterWebhook subscribes our app to the number's account and points the number
// at our webhook, without registering it. A refusal of Meta's is a *chat.Error.
func (e *Engine) RegisterWebhook(ctx context.Context, inboxID int64) error {
	ch, cfg, err := e.cloud(ctx, inboxID)
	if err != nil {
		return err
	}
	if cfg.ProviderConfig.APIKey == "" || cfg.ProviderConfig.PhoneNumberID == "" {
		return chat.Unprocessable("API key or phone number ID is missing")
	}
	row, err := e.row(ctx, ch)
	if err != nil {
		return err
	}
	n := &number{e: e, WhatsAppNumber: row, ch: ch, cfg: cfg, now: e.Now()}
	failed := n.subscribe(ctx)
	var word setupWord
	if failed != nil {
		g := asError(failed)
		word.Error = callbackText(g)
		word.Credentials = g.Class == graph.Credentials
	} else {
		word.Done = n.setupDigest()
	}
	payload, err := json.Marshal(word)
	if err != nil {
		return fmt.Errorf("whatsapp: signal: %w", err)
	}
	if err := e.Store.Transact(ctx, func(tx *store.Tx) error {
		return tx.SignalWhatsApp(ctx, []string{row.PhoneID}, signalSetup, string(payload))
	}); err != nil {
		return err
	}
	e.WakeNumbers()
	if failed != nil {
		return chat.Unprocessable(word.Error)
	}
	return nil
}

// RequestCode has Meta send a code to the number, by "SMS" or "VOICE", in a
// language like "en_US".
func (e *Engine) RequestCode(ctx context.Context, inboxID int64, method, language string) error {
	if method != "SMS" && method != "VOICE" {
		return chat.Unprocessable("code_method must be SMS or VOICE")
	}
	if language == "" {
		language = "en_US"
	}
	return e.verify(ctx, inboxID, func(t graph.Target) error { return e.graph.RequestCode(ctx, t, method, language) })
}

// VerifyCode proves to Meta that the number is ours, with the code that it sent. The
// engine registers the number right afterwards.
func (e *Engine) VerifyCode(ctx context.Context, inboxID int64, code string) error {
	if code == "" {
		return chat.Unprocessable("param is missing or the value is empty: code")
	}
	return e.verify(ctx, inboxID, func(t graph.Target) error { return e.graph.VerifyCode(ctx, t, code) })
}

func (e *Engine) verify(ctx context.Context, inboxID int64, call func(graph.Target) error) error {
	ch, cfg, err := e.cloud(ctx, inboxID)
	if err != nil {
		return err
	}
	row, err := e.row(ctx, ch)
	if err != nil {
		return err
	}
	if err := call(graph.Target{Token: string(cfg.ProviderConfig.APIKey), WABA: row.WABA, PhoneID: row.PhoneID}); err != nil {
		return chat.Unprocessable(message(asError(err)))
	}
	// The next look sees the change, and acts.
	if err := e.Store.Transact(ctx, func(tx *store.Tx) error {
		return tx.SignalWhatsApp(ctx, []string{row.PhoneID}, signalLook, "")
	}); err != nil {
		return err
	}
	e.WakeNumbers()
	return nil
}

// Attempt is an entry of the audit trail.
type Attempt struct {
	ID            int64           `json:"id"`
	InboxID       int64           `json:"inbox_id"`
	PhoneID       string          `json:"phone_number_id"`
	Call          string          `json:"call,omitempty"` // when it is not register
	Trigger       string          `json:"trigger"`
	ActorID       *int64          `json:"actor_user_id"`
	Row           string          `json:"decision_row"`
	HealthBefore  json.RawMessage `json:"health_before" schema:"object,null"`
	HTTPStatus    *int            `json:"http_status"`
	Code          *int            `json:"code"`
	Subcode       *int            `json:"subcode"`
	Title         *string         `json:"title"`
	Message       *string         `json:"message"`
	Trace         *string         `json:"fbtrace_id"`
	StartedAt     string          `json:"started_at"`
	FinishedAt    *string         `json:"finished_at"`
	Result        string          `json:"result"`
	NextAttemptAt *string         `json:"next_attempt_at"`
}

// AttemptsPerPage is the length of a page of Attempts.
const AttemptsPerPage = 25

// Attempts gives the attempts of an inbox, newest first; page counts from 1.
func (e *Engine) Attempts(ctx context.Context, inboxID int64, page int) ([]Attempt, error) {
	if _, _, err := e.cloud(ctx, inboxID); err != nil {
		return nil, err
	}
	list, err := e.Store.WhatsAppAttempts(ctx, inboxID, AttemptsPerPage, AttemptsPerPage*max(0, page-1))
	if err != nil {
		return nil, err
	}
	out := make([]Attempt, 0, len(list))
	for _, a := range list {
		shown := Attempt{
			ID: a.ID, InboxID: a.InboxID, PhoneID: a.PhoneID, Trigger: a.Trigger, Row: a.Row, HealthBefore: a.HealthBefore,
			HTTPStatus: number0(a.HTTPStatus), Code: number0(a.Code), Subcode: number0(a.Subcode), Title: optional(a.Title),
			Message: optional(a.Message), Trace: optional(a.Trace), StartedAt: stamp(a.StartedAt), FinishedAt: moment(a.FinishedAt),
			Result: a.Result, NextAttemptAt: moment(a.NextAttemptAt),
		}
		if a.Call != store.CallRegister {
			shown.Call = a.Call
		}
		if a.ActorID != 0 {
			shown.ActorID = &a.ActorID
		}
		out = append(out, shown)
	}
	return out, nil
}
