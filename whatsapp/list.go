package whatsapp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tributary/chat"
	"tributary/store"
	"tributary/whatsapp/graph"
	"tributary/whatsapp/rules"
)

// What operators ask from the command line, across all accounts.

// Listed is a number among all others: what is stored, without asking Meta.
type Listed struct {
	InboxID        int64   `json:"inbox_id"`
	AccountID      int64   `json:"account_id"`
	PhoneID        string  `json:"phone_number_id"`
	Phone          *string `json:"display_phone_number"`
	Name           *string `json:"verified_name"`
	State          string  `json:"state"`
	RequiredAction *string `json:"required_action"`
	Since          *string `json:"since"`
	NextAttemptAt  *string `json:"next_attempt_at"`
	Attempts       int     `json:"attempts_72h"`
	Status         *string `json:"status"`
	Quality        *string `json:"quality_rating"`
	CheckedAt      *string `json:"health_checked_at"`
	CheckFailing   bool    `json:"health_check_failing"`
}

// List gives all numbers that have inboxes: those that wait for a person first, those
// that are well last, and of alike ones those that have been so for longest.
func (e *Engine) List(ctx context.Context) ([]Listed, error) {
	gauges, err := e.Store.WhatsAppGauges(ctx)
	if err != nil {
		return nil, err
	}
	type ranked struct {
		Listed
		rank  int
		since time.Time
	}
	all := make([]ranked, 0, len(gauges))
	for _, g := range gauges {
		l := e.listed(g)
		all = append(all, ranked{l, urgency(l), g.StateSince})
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), a.since.Compare(b.since), cmp.Compare(a.InboxID, b.InboxID))
	})
	out := make([]Listed, len(all))
	for i, r := range all {
		out[i] = r.Listed
	}
	return out, nil
}

func (e *Engine) listed(g store.WhatsAppGauge) Listed {
	l := Listed{
		InboxID: g.InboxID, AccountID: g.AccountID, PhoneID: g.PhoneID, State: g.State, RequiredAction: optional(g.Action),
		Since: moment(g.StateSince), NextAttemptAt: moment(g.NextAttemptAt), Attempts: g.Calls72h, CheckedAt: moment(g.SnapshotAt),
		CheckFailing: g.ReadFailed,
	}
	if g.Snapshot != nil {
		var n graph.Number
		if err := json.Unmarshal(g.Snapshot, &n); err != nil {
			e.Log.Warn("stored health of a WhatsApp number unreadable", "phone_number_id", g.PhoneID, "error", err)
		}
		l.Phone, l.Name, l.Status, l.Quality = n.DisplayPhoneNumber, n.VerifiedName, n.Status, n.QualityRating
	}
	if l.Phone == nil {
		if _, ch, ok := e.Directory.Inbox(g.InboxID); ok {
			if cfg, ok := config(ch); ok {
				l.Phone = optional(string(cfg.PhoneNumber))
			}
		}
	}
	return l
}

// urgency orders numbers: 0 waits for a person.
func urgency(l Listed) int {
	status, quality := text(l.Status), text(l.Quality)
	// What a live number is ordered by; while it is not live, its status says nothing new.
	live := rules.State(l.State) == rules.Registered || rules.State(l.State) == rules.NotNeeded
	ill := status != "" && status != "CONNECTED" && status != "UNKNOWN"
	switch state := rules.State(l.State); {
	case state == rules.NeedsAdmin, state == rules.AuthError:
		return 0
	case state == rules.Abandoned:
		return 1
	case live && ill:
		return 2
	case live && (l.RequiredAction != nil || quality == "RED"):
		return 3
	case state == rules.RateLimited:
		return 4
	case l.CheckFailing, !live && state != rules.Waiting && state != rules.Registering:
		return 5
	case state == rules.Waiting, state == rules.Registering:
		return 6
	case quality == "YELLOW":
		return 7
	}
	return 8
}

// Report is what an operator wants to know of one number.
type Report struct {
	InboxID   int64  `json:"inbox_id"`
	AccountID int64  `json:"account_id"`
	InboxName string `json:"inbox_name"`
	// Error says why there is no fresh health; Health is the last good one then.
	Error        string        `json:"error,omitempty"`
	Details      *ErrorDetails `json:"error_details,omitempty"`
	Health       *Health       `json:"health"` // nil: there never was one
	Registration Registration  `json:"registration"`
	Attempts     []Attempt     `json:"attempts"` // the last ones, newest first
}

// Report gives the health of an inbox's number as Health does, and what was tried. Its
// error is ErrNotCloud unless the database is away: Meta's silence is part of the
// report.
func (e *Engine) Report(ctx context.Context, inboxID int64, stored bool) (Report, error) {
	ch, _, err := e.cloud(ctx, inboxID)
	if err != nil {
		return Report{}, err
	}
	inbox, err := e.Store.Inbox(ctx, ch.AccountID, inboxID)
	if err != nil {
		return Report{}, err
	}
	r := Report{InboxID: inboxID, AccountID: ch.AccountID, InboxName: inbox.Name}
	r.Health, err = e.Health(ctx, inboxID, stored)
	if failure, ok := errors.AsType[*HealthError](err); ok {
		r.Error, r.Details, r.Health, err = failure.Text, &failure.Details, failure.Last, nil
	}
	if err != nil {
		return Report{}, err
	}
	if r.Attempts, err = e.Attempts(ctx, inboxID, 1); err != nil {
		return Report{}, err
	}
	if r.Health != nil {
		r.Registration = r.Health.Registration
		return r, nil
	}
	row, err := e.row(ctx, ch)
	if errors.Is(err, ErrNotCloud) || errors.Is(err, store.ErrNotFound) {
		r.Registration = Registration{State: string(rules.Unknown), AttemptsLeft: budget, LastError: orNull(nil)}
		return r, nil // without its ids Meta cannot be asked about it
	}
	if err != nil {
		return Report{}, err
	}
	r.Registration, err = e.registration(ctx, row)
	return r, err
}

// AppFields are what the app's own callback is subscribed to: what Meta tells about
// accounts and numbers reaches no other, and messages of numbers without a callback
// of their own do (Meta, "Webhooks reference: WhatsApp Business Account", 2026).
var AppFields = []string{
	"account_alerts", "account_review_update", "account_settings_update", "account_update", "business_capability_update", "history",
	"message_template_quality_update", "message_template_status_update", "messages", "phone_number_name_update",
	"phone_number_quality_update", "security", "smb_app_state_sync", "smb_message_echoes", "template_category_update",
}

// appHook is where the app's own callback is, below the public address.
const appHook = "/webhooks/whatsapp"

// AppSubscription is what the app's own callback is subscribed to.
type AppSubscription struct {
	CallbackURL string   `json:"callback_url"`
	Fields      []string `json:"fields"`
}

// SubscribeApp has Meta deliver what it tells about accounts and numbers to the app's
// own callback of this program. Meta asks the callback for the verify token before it
// answers. It may be repeated; a callback that was set in Meta's console is replaced.
// A *chat.Error says what to mend.
func (e *Engine) SubscribeApp(ctx context.Context) (AppSubscription, error) {
	s := AppSubscription{CallbackURL: e.PublicURL + appHook, Fields: AppFields}
	token := e.Setting("WHATSAPP_WEBHOOK_VERIFY_TOKEN")
	if token == "" {
		return s, chat.Unprocessable("WHATSAPP_WEBHOOK_VERIFY_TOKEN is not set: choose any secret text")
	}
	err := e.graph.Subscriptions(ctx, s.CallbackURL, token, s.Fields)
	if err == nil {
		return s, nil
	}
	failed := asError(err)
	word := fmt.Sprintf("Meta refused (%d): %s", failed.Code, failed.Text())
	switch {
	case failed.Class == graph.OurRequest && failed.HTTPStatus == 0:
		word = failed.Message
	case failed.HTTPStatus == 0:
		word = "Meta did not answer"
	case failed.Class == graph.Credentials:
		word = fmt.Sprintf("Meta refuses WHATSAPP_APP_ID with WHATSAPP_APP_SECRET (%d): %s", failed.Code, failed.Text())
	case failed.Class == graph.Callback:
		word = "Meta cannot reach " + s.CallbackURL + ": " + callbackText(failed)
	}
	return s, &chat.Error{Code: chat.CodeUnprocessable, Message: word, Err: err}
}
