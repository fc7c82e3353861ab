package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/channels"
	"tributary/channels/wacloud"
	"tributary/chat"
	"tributary/desk"
	"tributary/store"
	"tributary/whatsapp/graph"
	"tributary/whatsapp/rules"
)

// Connector stores the inbox of a number.
type Connector interface {
	CreateInbox(ctx context.Context, driver channels.Driver, in desk.NewInbox) (int64, error)
	UpdateInbox(ctx context.Context, change desk.InboxChange) error
}

// Signup is what the browser got out of Meta's Embedded Signup dialog.
type Signup struct {
	AccountID   int64
	By          desk.Actor
	Code        string // exchanged for a token within 30 seconds, once
	WABA        string
	PortfolioID string // optional
	PhoneID     string // optional where the account has one number
	// Coexistence says that the dialog ended with the event of numbers that the
	// WhatsApp Business app goes on using.
	Coexistence bool
	// InboxID re-authorises that inbox; 0 connects a new one.
	InboxID int64
	// Limit is how many inboxes the account may have.
	Limit int
}

// Connected is an inbox that Embedded Signup connected.
type Connected struct {
	InboxID      int64
	Name         string
	Registration Registration
}

// CoexistenceEvent is the event with which the dialog ends for a number of the app.
const CoexistenceEvent = "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING"

// Connect exchanges the code, chooses the number, stores the inbox, and has the
// number registered and its webhook set up: for as long as the caller waits, and in
// the background afterwards. Once the inbox is stored nothing loses it. Errors that
// people can read are *chat.Error.
func (e *Engine) Connect(ctx context.Context, desk Connector, s Signup) (Connected, error) {
	token, err := e.exchange(ctx, s.Code)
	if err != nil {
		return Connected{}, err
	}
	chosen, err := e.choose(ctx, token, s)
	if err != nil {
		return Connected{}, err
	}
	e.advise(ctx, token, s.WABA)
	// The account is held from before the inbox is stored: as soon as it is, every
	// engine sees a number that wants an attempt, and there shall be one.
	if err := e.Store.EnsureWhatsAppBusiness(ctx, s.WABA); err != nil {
		return Connected{}, err
	}
	owner, b, busy := e.hold(ctx, s.WABA, func() error { return nil })
	if busy != nil && !errors.Is(busy, errBusy) {
		return Connected{}, busy
	}
	a := ask{trigger: rules.TriggerSignup, actor: s.By.UserID}
	var out Connected
	if s.InboxID != 0 {
		a.trigger = rules.TriggerReauth
		out, err = e.reconnect(ctx, desk, s, token, chosen)
	} else {
		out, err = e.connect(ctx, desk, s, token, chosen)
	}
	if err != nil {
		if busy == nil {
			e.release(ctx, b.WABA, owner, time.Time{})
		}
		return Connected{}, err
	}
	if err := e.tellCoexistence(ctx, s, chosen); err != nil {
		e.Log.Warn("WhatsApp number not marked as shared with the app", "inbox_id", out.InboxID, "error", err)
	}
	if err := e.Adopt(ctx); err != nil {
		e.Log.Warn("WhatsApp number not adopted yet", "inbox_id", out.InboxID, "error", err)
	}
	out.Registration = e.firstAttempt(ctx, owner, b, busy, chosen.ID, a)
	return out, nil
}

// firstAttempt registers a number that was just connected, and tells where it stands.
// Where the account could not be held, whoever holds it does that.
func (e *Engine) firstAttempt(ctx context.Context, owner string, b store.WhatsAppBusiness, busy error, phoneID string, a ask) Registration {
	var registration Registration
	var err error
	if busy != nil {
		registration, err = e.Registration(ctx, phoneID)
	} else {
		registration, err = e.whileTheyWait(ctx, owner, b, phoneID, a)
	}
	if refused, ok := errors.AsType[*Refused](err); ok {
		return refused.Registration
	}
	if err != nil {
		e.Log.Warn("WhatsApp number connected, not looked after yet", "phone_number_id", phoneID, "error", err)
		return Registration{State: string(rules.Unknown), AttemptsLeft: budget}
	}
	return registration
}

func (e *Engine) exchange(ctx context.Context, code string) (string, error) {
	token, err := e.graph.Exchange(ctx, code)
	switch {
	case errors.Is(err, graph.ErrNoToken):
		return "", chat.Unprocessable("No access token in response: Meta answered without one")
	case err != nil:
		return "", &chat.Error{Code: chat.CodeUnprocessable, Message: "Token exchange failed: " + asError(err).Text(), Err: err}
	}
	return token, nil
}

// choose finds the number that was connected. The first of several is never taken
// for it.
func (e *Engine) choose(ctx context.Context, token string, s Signup) (graph.Number, error) {
	list, err := e.graph.PhoneNumbers(ctx, graph.Target{Token: token, WABA: s.WABA})
	if err != nil {
		g := asError(err)
		text := "no answer"
		if g.HTTPStatus != 0 {
			text = fmt.Sprintf("%d (%d/%d)", g.HTTPStatus, g.Code, g.Subcode)
		}
		return graph.Number{}, &chat.Error{Code: chat.CodeUnprocessable, Message: "WABA phone numbers fetch failed: " + text, Err: err}
	}
	if len(list) == 0 {
		return graph.Number{}, chat.Unprocessable("No phone numbers found for WABA " + s.WABA)
	}
	if s.PhoneID != "" {
		for _, n := range list {
			if n.ID == s.PhoneID {
				return n, nil
			}
		}
		return graph.Number{}, chat.Unprocessable("Phone number " + s.PhoneID + " is not in WABA " + s.WABA)
	}
	shared := slices.DeleteFunc(slices.Clone(list), func(n graph.Number) bool { return n.IsOnBizApp == nil || !*n.IsOnBizApp })
	switch {
	case len(list) == 1:
		return list[0], nil
	case len(shared) == 1:
		return shared[0], nil
	}
	return graph.Number{}, chat.Unprocessable("WABA " + s.WABA + " has " + strconv.Itoa(len(list)) + " phone numbers; choose one in the dialog")
}

// advise logs a token that seems to be for another account. The list of numbers has
// proven already that it opens this one; since June 2026 Meta does not tell the
// accounts of every token.
func (e *Engine) advise(ctx context.Context, token, waba string) {
	scopes, err := e.graph.TokenScopes(ctx, token)
	if err != nil {
		e.Log.Info("scopes of a WhatsApp token not read", "waba_id", waba, "error", err)
		return
	}
	if scopes.For(waba) == graph.NotNamed {
		e.Log.Warn("a WhatsApp token does not name the account that it was made for", "waba_id", waba)
	}
}

func (e *Engine) connect(ctx context.Context, connector Connector, s Signup, token string, n graph.Number) (Connected, error) {
	phone := n.E164()
	for _, a := range []store.Address{
		{Address: chat.Address{Kind: wacloud.AddressNumber, Value: phone}}, {Address: chat.Address{Kind: wacloud.AddressPhoneID, Value: n.ID}},
	} {
		taken, err := e.Store.AddressTaken(ctx, a)
		if err != nil {
			return Connected{}, err
		}
		if taken {
			return Connected{}, chat.Unprocessable("Channel already exists: " + phone)
		}
	}
	driver, ok := e.Directory.DriverOf("Channel::Whatsapp")
	if !ok {
		return Connected{}, errors.New("whatsapp: there is no WhatsApp driver")
	}
	settings, err := e.settings(nil, token, phone, s.WABA, n.ID)
	if err != nil {
		return Connected{}, err
	}
	inbox := store.DefaultInbox()
	inbox.AccountID, inbox.Name = s.AccountID, inboxName(n, phone)
	id, err := connector.CreateInbox(ctx, driver, desk.NewInbox{By: s.By, Inbox: inbox, Settings: settings, Limit: s.Limit})
	if err != nil {
		return Connected{}, err
	}
	return Connected{InboxID: id, Name: inbox.Name}, nil
}

func inboxName(n graph.Number, phone string) string {
	name := strings.TrimSpace(text(n.VerifiedName))
	if name == "" {
		name = phone
	}
	return name + " WhatsApp"
}

// reconnect gives an inbox its new token. Its name stays.
func (e *Engine) reconnect(ctx context.Context, connector Connector, s Signup, token string, n graph.Number) (Connected, error) {
	ch, cfg, err := e.cloud(ctx, s.InboxID)
	if err != nil {
		return Connected{}, err
	}
	if got, want := n.E164(), string(cfg.PhoneNumber); got != want {
		return Connected{}, chat.Unprocessable("Phone number mismatch. Expected " + want + ", got " + got)
	}
	settings, err := e.settings(ch.Settings, token, string(cfg.PhoneNumber), s.WABA, n.ID)
	if err != nil {
		return Connected{}, err
	}
	inbox, err := e.Store.Inbox(ctx, s.AccountID, s.InboxID)
	if err != nil {
		return Connected{}, err
	}
	if err := connector.UpdateInbox(ctx, desk.InboxChange{By: s.By, Inbox: inbox.Inbox, Settings: settings}); err != nil {
		return Connected{}, err
	}
	return Connected{InboxID: s.InboxID, Name: inbox.Name}, nil
}

// settings are a channel's, with what Embedded Signup gave. business_account_id is
// the WhatsApp Business Account, never the portfolio.
func (e *Engine) settings(stored json.RawMessage, token, phone, waba, phoneID string) (json.RawMessage, error) {
	all, provider := map[string]any{}, map[string]any{}
	if len(stored) > 0 {
		if err := json.Unmarshal(stored, &all); err != nil {
			return nil, fmt.Errorf("whatsapp: settings: %w", err)
		}
		if p, ok := all["provider_config"].(map[string]any); ok {
			maps.Copy(provider, p)
		}
	}
	if v, _ := provider["webhook_verify_token"].(string); v == "" {
		provider["webhook_verify_token"] = channels.Token(verifyTokenBytes)
	}
	provider["api_key"], provider["phone_number_id"] = token, phoneID
	provider["business_account_id"], provider["source"] = waba, sourceEmbedded
	all["phone_number"], all["provider"], all["provider_config"] = phone, wacloud.ProviderCloud, provider
	out, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("whatsapp: settings: %w", err)
	}
	return out, nil
}

// verifyTokenBytes makes 32 hexadecimal digits.
const verifyTokenBytes = 16

// tellCoexistence makes a number known as one that the app shares before anything
// is done about it.
func (e *Engine) tellCoexistence(ctx context.Context, s Signup, n graph.Number) error {
	if !s.Coexistence && (n.IsOnBizApp == nil || !*n.IsOnBizApp) {
		return nil
	}
	if err := e.Adopt(ctx); err != nil { // so that there is a number to leave word at
		return err
	}
	payload, err := json.Marshal(triggered{Trigger: rules.TriggerSignup, Coexistence: true})
	if err != nil {
		return fmt.Errorf("whatsapp: signal: %w", err)
	}
	return e.Store.Transact(ctx, func(tx *store.Tx) error {
		return tx.SignalWhatsApp(ctx, []string{n.ID}, signalTriggered, string(payload))
	})
}

// Advice words where a registration stands for the administrator who just connected
// the number. ok is false while the number cannot be used.
func Advice(r Registration) (message string, ok bool) {
	action := ""
	if r.RequiredAction != nil {
		action = *r.RequiredAction
	}
	switch rules.State(r.State) {
	case rules.Registered, rules.Registering, rules.NotNeeded, rules.Unknown:
		return "Channel reauthorized successfully", true
	case rules.Waiting:
		return "Connected. Meta is still reviewing the display name; registration is completed automatically once it is approved.", false
	case rules.RateLimited:
		return "Connected, but Meta takes no more registrations of this number for now. Registration is completed automatically afterwards.", false
	case rules.AuthError:
		return "Meta refused the new connection. Sign in again with a user who may manage this WhatsApp account.", false
	}
	if text, known := adviceFor[rules.Action(action)]; known {
		return "Connected, but " + text, false
	}
	return "Connected, but the number is not registered yet.", false
}

var adviceFor = map[rules.Action]string{
	rules.EditDisplayName:     "Meta declined the display name. Edit it in WhatsApp Manager, then complete the registration.",
	rules.ResubmitDisplayName: "the display name expired. Submit it again in WhatsApp Manager; registration is completed automatically afterwards.",
	rules.VerifyPhoneNumber:   "the number has to be verified by SMS or call first.",
	rules.EnterPIN:            "the number has another two-step PIN. Enter it, or allow us to replace it.",
	rules.DetachFromApp:       "the number is still used by another WhatsApp account. Disconnect it there, then complete the registration.",
	rules.Reconnect:           "the number cannot be found at Meta. Sign in again.",
	rules.AppealRestriction:   "Meta restricted the account. Appeal in WhatsApp Manager.",
	rules.MigrateFromOnPrem:   "the number is still on the on-premise API. Migrate it to the Cloud API first.",
	rules.ContactMeta:         "Meta does not complete the registration. Contact Meta's support.",
}
