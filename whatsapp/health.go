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
)

// Health is what clients read of a number. The first eleven keys are those that
// Chatwoot has; a value that Meta left out is null.
type Health struct {
	DisplayPhoneNumber *string         `json:"display_phone_number"`
	VerifiedName       *string         `json:"verified_name"`
	NameStatus         *string         `json:"name_status"`
	QualityRating      *string         `json:"quality_rating"`
	MessagingLimitTier *string         `json:"messaging_limit_tier"`
	AccountMode        *string         `json:"account_mode"`
	CodeVerification   *string         `json:"code_verification_status"`
	Throughput         json.RawMessage `json:"throughput" schema:"object,null"`
	LastOnboardedTime  *string         `json:"last_onboarded_time"`
	PlatformType       *string         `json:"platform_type"`
	BusinessID         *string         `json:"business_id"`

	ID                    *string         `json:"id"`
	Status                *string         `json:"status"`
	ThroughputLevel       *string         `json:"throughput_level"`
	IsOnBizApp            *bool           `json:"is_on_biz_app"`
	WebhookConfiguration  json.RawMessage `json:"webhook_configuration" schema:"object,null"`
	ExpectedWebhookURL    *string         `json:"expected_webhook_url"`
	BusinessAccountID     *string         `json:"business_account_id"`
	BusinessAccountName   *string         `json:"business_account_name"`
	BusinessPortfolioID   *string         `json:"business_portfolio_id"`
	BusinessPortfolioName *string         `json:"business_portfolio_name"`
	HealthCheckedAt       *string         `json:"health_checked_at"`
	NewNameStatus         *string         `json:"new_name_status"`
	HealthStatus          json.RawMessage `json:"health_status" schema:"object,null"`
	Alerts                json.RawMessage `json:"alerts" schema:"array,null"`
	Calling               json.RawMessage `json:"calling,omitempty" schema:"object,null"`
	Registration          Registration    `json:"registration"`
}

// Registration is where the registration of a number stands.
type Registration struct {
	State          string          `json:"state"`
	Since          *string         `json:"since"`
	NextAttemptAt  *string         `json:"next_attempt_at"`
	Attempts       int             `json:"attempts_72h"`
	AttemptsLeft   int             `json:"attempts_left"`
	LastError      json.RawMessage `json:"last_error" schema:"object,null"`
	RequiredAction *string         `json:"required_action"`
}

// HealthError says why there is no fresh health, with the last good one.
type HealthError struct {
	Text    string
	Details ErrorDetails
	Last    *Health // nil: there never was one
}

// Error implements error.
func (e *HealthError) Error() string { return e.Text }

// ErrorDetails is a failed health read as clients see it.
type ErrorDetails struct {
	Type       string `json:"type"` // authorization or api
	Message    string `json:"message"`
	HTTPStatus *int   `json:"http_status"`
	Code       *int   `json:"code"`
	Subcode    *int   `json:"subcode"`
}

// ErrNotCloud says that an inbox is no WhatsApp Cloud API inbox.
var ErrNotCloud = errors.New("whatsapp: not a WhatsApp Cloud API inbox")

// fresh is how long a reading serves everybody who asks: dashboards ask again with
// every change of an inbox.
const freshFor = 30 * time.Second

// tokenCode is Meta's code of a token that is dead (Graph API, "Handling errors").
const tokenCode = 190

// Health gives the health of an inbox's number, read from Meta unless somebody did
// so a moment ago; what is stored, when that is wanted: then Meta is never asked. Its error is ErrNotCloud or *HealthError,
// unless the database is away.
func (e *Engine) Health(ctx context.Context, inboxID int64, stored bool) (*Health, error) {
	ch, cfg, err := e.cloud(ctx, inboxID)
	if err != nil {
		return nil, err
	}
	switch {
	case cfg.ProviderConfig.APIKey == "":
		return nil, missing("API key is missing")
	case cfg.ProviderConfig.PhoneNumberID == "":
		return nil, missing("Phone number ID is missing")
	}
	row, err := e.row(ctx, ch)
	if err != nil {
		return nil, err
	}
	switch {
	case stored && row.Snapshot != nil:
		return e.present(ctx, row, cfg)
	case stored:
		return nil, e.failure(ctx, row, cfg)
	}
	if newest := later(row.SnapshotAt, row.ReadErrorAt); newest.IsZero() || e.Now().Sub(newest) >= freshFor {
		if row, err = e.refresh(ctx, row); err != nil {
			return nil, err
		}
	}
	if row.ReadError == nil && row.Snapshot != nil {
		return e.present(ctx, row, cfg)
	}
	return nil, e.failure(ctx, row, cfg)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// cloud finds an inbox's channel.
func (e *Engine) cloud(ctx context.Context, inboxID int64) (*channels.Channel, *wacloud.Config, error) {
	if err := e.Directory.Refresh(ctx); err != nil {
		return nil, nil, err
	}
	_, ch, ok := e.Directory.Inbox(inboxID)
	if !ok {
		return nil, nil, ErrNotCloud
	}
	cfg, ok := config(ch)
	if !ok {
		return nil, nil, ErrNotCloud
	}
	return ch, cfg, nil
}

// row reads the number of a channel, which is made known first where it is new.
func (e *Engine) row(ctx context.Context, ch *channels.Channel) (store.WhatsAppNumber, error) {
	want, ok := adopted(ch)
	if !ok {
		return store.WhatsAppNumber{}, ErrNotCloud
	}
	row, err := e.Store.WhatsAppNumber(ctx, want.PhoneID)
	if err == nil && row.InboxID == ch.InboxID && row.TokenDigest == want.TokenDigest {
		return row, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return row, err
	}
	if err := e.Adopt(ctx); err != nil {
		return row, err
	}
	return e.Store.WhatsAppNumber(ctx, want.PhoneID)
}

// refresh reads the number's health now: with everything that follows from it when
// nobody looks after the account at the moment, else only the reading. Many who ask
// at once share one call.
func (e *Engine) refresh(ctx context.Context, row store.WhatsAppNumber) (store.WhatsAppNumber, error) {
	_, err, _ := e.reads.Do(row.PhoneID, func() (any, error) {
		// Whoever asked first may go away; the others still want the answer.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 40*time.Second)
		defer cancel()
		return nil, e.refreshOnce(ctx, row)
	})
	if _, paused := errors.AsType[pausedError](err); paused {
		err = nil // what is stored has to do
	}
	if err != nil {
		return row, err
	}
	return e.Store.WhatsAppNumber(ctx, row.PhoneID)
}

func (e *Engine) refreshOnce(ctx context.Context, row store.WhatsAppNumber) error {
	owner := e.owner()
	b, ok, err := e.Store.LeaseWhatsAppBusiness(ctx, row.WABA, owner, leaseFor)
	if err != nil {
		return err
	}
	if !ok {
		return e.readOnly(ctx, row)
	}
	defer e.release(ctx, row.WABA, owner, time.Time{})
	// Read again: whoever had the lease may just have looked.
	if row, err = e.Store.WhatsAppNumber(ctx, row.PhoneID); err != nil {
		return err
	}
	if newest := later(row.SnapshotAt, row.ReadErrorAt); !newest.IsZero() && e.Now().Sub(newest) < freshFor {
		return nil
	}
	n, err := e.look(ctx, owner, b, row, ask{readOnly: true})
	if err == nil && n.verdict.OK {
		e.WakeNumbers() // what the reading calls for is done while nobody waits
	}
	return err
}

// readOnly reads and stores a number's health without its account's lease; what it
// calls for is left to whoever has that.
func (e *Engine) readOnly(ctx context.Context, row store.WhatsAppNumber) error {
	b, err := e.Store.WhatsAppBusiness(ctx, row.WABA)
	if err != nil {
		return err
	}
	_, ch, ok := e.Directory.Inbox(row.InboxID)
	if !ok {
		return ErrNotCloud
	}
	cfg, ok := config(ch)
	if !ok {
		return ErrNotCloud
	}
	if err := e.spend(ctx, b, 1); err != nil {
		return err
	}
	began := e.Now()
	got, err := e.graph.Number(ctx, graph.Target{Token: string(cfg.ProviderConfig.APIKey), WABA: row.WABA, PhoneID: row.PhoneID})
	var snapshot, failure json.RawMessage
	if err != nil {
		failure = readFailure(asError(err))
	} else if snapshot, err = json.Marshal(got); err != nil {
		return fmt.Errorf("whatsapp: snapshot: %w", err)
	}
	return e.Store.Transact(ctx, func(tx *store.Tx) error {
		_, err := tx.StoreWhatsAppReading(ctx, row.PhoneID, began, snapshot, failure)
		return err
	})
}

// failed is a health read that failed, as it is stored.
type failed struct {
	Details ErrorDetails `json:"details"`
	Answer  bool         `json:"answer"`
}

func readFailure(e *graph.Error) json.RawMessage {
	f := failed{Details: ErrorDetails{
		Type: "api", Message: message(e), HTTPStatus: number0(e.HTTPStatus), Code: number0(e.Code), Subcode: number0(e.Subcode),
	}, Answer: e.HTTPStatus != 0}
	if e.Code == tokenCode {
		f.Details.Type = "authorization"
	}
	if f.Details.Message == "" {
		f.Details.Message = e.Text()
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return nil
	}
	return raw
}

func missing(what string) *HealthError {
	return &HealthError{Text: what, Details: ErrorDetails{Type: "api", Message: what}}
}

// failure words why there is no fresh health.
func (e *Engine) failure(ctx context.Context, row store.WhatsAppNumber, cfg *wacloud.Config) error {
	out := &HealthError{Text: "WhatsApp API request failed", Details: ErrorDetails{Type: "api", Message: "Meta was not asked yet; try again in a moment"}}
	var f failed
	if row.ReadError != nil && json.Unmarshal(row.ReadError, &f) == nil {
		out.Details = f.Details
		out.Text = "WhatsApp API request failed: no answer"
		if f.Details.HTTPStatus != nil {
			out.Text = fmt.Sprintf("WhatsApp API request failed: %d", *f.Details.HTTPStatus)
		}
	}
	if row.Snapshot != nil {
		last, err := e.present(ctx, row, cfg)
		if err != nil {
			return err
		}
		out.Last = last
	}
	return out
}

// present makes the object of what is stored.
func (e *Engine) present(ctx context.Context, row store.WhatsAppNumber, cfg *wacloud.Config) (*Health, error) {
	var g graph.Number
	if err := json.Unmarshal(row.Snapshot, &g); err != nil {
		return nil, fmt.Errorf("whatsapp: snapshot: %w", err)
	}
	b, err := e.Store.WhatsAppBusiness(ctx, row.WABA)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	registration, err := e.registration(ctx, row)
	if err != nil {
		return nil, err
	}
	h := &Health{
		DisplayPhoneNumber: g.DisplayPhoneNumber, VerifiedName: g.VerifiedName, NameStatus: g.NameStatus, QualityRating: g.QualityRating,
		MessagingLimitTier: g.MessagingLimit, AccountMode: g.AccountMode, CodeVerification: g.CodeVerification, Throughput: orNull(g.Throughput),
		LastOnboardedTime: g.LastOnboardedTime, PlatformType: g.PlatformType,
		ID: optional(g.ID), Status: g.Status, ThroughputLevel: optional(g.ThroughputLevel()), IsOnBizApp: g.IsOnBizApp,
		WebhookConfiguration: orNull(g.Webhook), ExpectedWebhookURL: optional(e.callback(cfg)),
		BusinessAccountID: optional(string(cfg.ProviderConfig.BusinessAccountID)), BusinessAccountName: optional(b.Name),
		BusinessPortfolioID: optional(b.PortfolioID), BusinessPortfolioName: optional(b.PortfolioName),
		HealthCheckedAt: moment(row.SnapshotAt), NewNameStatus: g.NewNameStatus, HealthStatus: orNull(g.Health), Alerts: row.Alerts,
		Calling: g.Calling, Registration: registration,
	}
	// Dashboards put it into a link that wants the portfolio.
	if h.BusinessID = h.BusinessPortfolioID; h.BusinessID == nil {
		h.BusinessID = h.BusinessAccountID
	}
	return h, nil
}

// registration makes the object of a number's row.
func (e *Engine) registration(ctx context.Context, row store.WhatsAppNumber) (Registration, error) {
	calls, err := e.Store.WhatsAppCalls(ctx, row.PhoneID, store.CallRegister)
	if err != nil {
		return Registration{}, err
	}
	m, err := readMemory(row)
	if err != nil {
		return Registration{}, err
	}
	m.History.Calls = callsOf(calls)
	used, left := rules.Left(m.History, e.Now())
	r := Registration{
		State: row.State, Since: moment(row.StateSince), NextAttemptAt: moment(row.NextAttemptAt), Attempts: used, AttemptsLeft: left,
		LastError: orNull(row.LastError), RequiredAction: optional(row.Action),
	}
	if row.State == string(rules.Abandoned) && !m.History.PendingSince.IsZero() {
		r.Since = moment(m.History.PendingSince) // people ask how long it has been waiting
	}
	if n := len(calls); n > 0 && calls[n-1].FinishedAt.IsZero() {
		r.State, r.Since, r.LastError, r.RequiredAction = string(rules.Registering), moment(calls[n-1].StartedAt), orNull(nil), nil
		r.NextAttemptAt = moment(calls[n-1].StartedAt.Add(confirmFirst))
	}
	return r, nil
}

// confirmFirst is when a registration is first looked for in the health.
const confirmFirst = 10 * time.Second

func callsOf(list []store.WhatsAppAttempt) []rules.Call {
	out := make([]rules.Call, 0, len(list))
	for _, c := range list {
		out = append(out, rules.Call{At: c.StartedAt, Automatic: c.Automatic, Trigger: rules.Trigger(c.Trigger)})
	}
	return out
}

func moment(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := stamp(t)
	return &s
}
