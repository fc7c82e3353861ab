package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"tributary/api/route"
	"tributary/chat"
	"tributary/whatsapp"
)

func (a *API) whatsapp() []route.Row {
	inbox := account + "/inboxes/{id}"
	return []route.Row{
		route.Get(inbox+"/health", route.Member, a.showHealth).Answers(http.StatusUnprocessableEntity, healthProblem{}).Fails(http.StatusBadRequest),
		route.Post(inbox+"/register_number", route.Admin, a.registerNumber).Finds("id", a.inboxExists).
			Answers(http.StatusAccepted, registrationOut{}).Answers(http.StatusUnprocessableEntity, registrationProblem{}, healthProblem{}).
			Answers(http.StatusConflict, registrationProblem{}).Fails(http.StatusBadRequest),
		route.Get(inbox+"/registration_attempts", route.Admin, a.listRegistrationAttempts).Finds("id", a.inboxExists).Fails(http.StatusBadRequest),
		route.Post(inbox+"/register_webhook", route.Admin, a.registerWebhook).Finds("id", a.inboxExists).
			Answers(http.StatusUnprocessableEntity, registrationProblem{}, healthProblem{}).
			Answers(http.StatusConflict, registrationProblem{}).Fails(http.StatusBadRequest),
		route.Post(inbox+"/request_code", route.Admin, a.requestCode).Finds("id", a.inboxExists).
			Answers(http.StatusUnprocessableEntity, registrationProblem{}, healthProblem{}).
			Answers(http.StatusConflict, registrationProblem{}).Fails(http.StatusBadRequest),
		route.Post(inbox+"/verify_code", route.Admin, a.verifyCode).Finds("id", a.inboxExists).
			Answers(http.StatusUnprocessableEntity, registrationProblem{}, healthProblem{}).
			Answers(http.StatusConflict, registrationProblem{}).Fails(http.StatusBadRequest),
		route.Post(account+"/whatsapp/authorization", route.Admin, a.authorizeWhatsApp).
			Answers(http.StatusOK, authorizedOut{}, waitingOut{}).Answers(http.StatusUnprocessableEntity, signupProblem{}, registrationProblem{}, healthProblem{}).
			Answers(http.StatusConflict, registrationProblem{}).Fails(http.StatusBadRequest, http.StatusPaymentRequired),
	}
}

type healthIn struct {
	ID int64 `path:"id"`
	// Refresh is "false" for what is stored.
	Refresh string `query:"refresh"`
}

// healthProblem is the refusal of a health read. Error is text, as older clients
// expect; what newer ones read is beside it.
type healthProblem struct {
	Error   string                `json:"error"`
	Details whatsapp.ErrorDetails `json:"error_details"`
	Last    *whatsapp.Health      `json:"last_known"`
}

type registrationOut struct {
	Registration whatsapp.Registration `json:"registration"`
}

type registrationProblem struct {
	Error        string                `json:"error"`
	Registration whatsapp.Registration `json:"registration"`
}

// number words the errors of the engine for clients.
func number(err error) error {
	var health *whatsapp.HealthError
	var refused *whatsapp.Refused
	switch {
	case err == nil:
		return nil
	case errors.Is(err, whatsapp.ErrNotCloud):
		return &route.Problem{
			Status: http.StatusBadRequest, Body: errorText{"Health data only available for WhatsApp Cloud API channels"}, Err: err,
		}
	case errors.As(err, &health):
		return &route.Problem{Status: http.StatusUnprocessableEntity, Body: healthProblem{health.Text, health.Details, health.Last}, Err: err}
	case errors.As(err, &refused):
		status := http.StatusUnprocessableEntity
		if refused.Running {
			status = http.StatusConflict
		}
		return &route.Problem{Status: status, Body: registrationProblem{refused.Text, refused.Registration}, Err: err}
	}
	return found(err)
}

type errorText struct {
	Error string `json:"error"`
}

func (a *API) showHealth(ctx context.Context, c *route.Call, in healthIn) (*whatsapp.Health, error) {
	if _, err := a.Store.Inbox(ctx, c.Account.ID, in.ID); err != nil {
		return nil, found(err)
	}
	if err := a.seesInbox(ctx, c, in.ID); err != nil {
		return nil, err
	}
	health, err := a.WhatsApp.Health(ctx, in.ID, in.Refresh == "false")
	return health, number(err)
}

type registerNumberIn struct {
	ID       int64  `path:"id"`
	PIN      string `json:"pin"`
	ResetPIN bool   `json:"reset_pin"`
}

func (a *API) registerNumber(ctx context.Context, c *route.Call, in registerNumberIn) (any, error) {
	if err := a.inboxExists(ctx, c, in.ID); err != nil {
		return nil, err
	}
	registration, err := a.WhatsApp.RegisterNumber(ctx, whatsapp.RegisterRequest{
		InboxID: in.ID, UserID: c.User.ID, PIN: in.PIN, Reset: in.ResetPIN,
	})
	if err != nil {
		return nil, number(err)
	}
	return route.Status(http.StatusAccepted, registrationOut{registration}), nil
}

type pagedInbox struct {
	ID   int64 `path:"id"`
	Page int   `query:"page"`
}

func (a *API) listRegistrationAttempts(ctx context.Context, c *route.Call, in pagedInbox) (payload[[]whatsapp.Attempt], error) {
	if err := a.inboxExists(ctx, c, in.ID); err != nil {
		return payload[[]whatsapp.Attempt]{}, err
	}
	list, err := a.WhatsApp.Attempts(ctx, in.ID, in.Page)
	return payload[[]whatsapp.Attempt]{list}, number(err)
}

func (a *API) registerWebhook(ctx context.Context, c *route.Call, in byID) (messageText, error) {
	if err := a.inboxExists(ctx, c, in.ID); err != nil {
		return messageText{}, err
	}
	if err := a.WhatsApp.RegisterWebhook(ctx, in.ID); err != nil {
		return messageText{}, number(err)
	}
	return messageText{"Webhook registered successfully"}, nil
}

type requestCodeIn struct {
	ID       int64  `path:"id"`
	Method   string `json:"code_method"`
	Language string `json:"language"`
}

// requestCode has Meta send a code to the number.
func (a *API) requestCode(ctx context.Context, c *route.Call, in requestCodeIn) (messageText, error) {
	if err := a.inboxExists(ctx, c, in.ID); err != nil {
		return messageText{}, err
	}
	if in.Method == "" {
		in.Method = "SMS"
	}
	if err := a.WhatsApp.RequestCode(ctx, in.ID, strings.ToUpper(in.Method), in.Language); err != nil {
		return messageText{}, number(err)
	}
	return messageText{"Verification code sent"}, nil
}

type verifyCodeIn struct {
	ID   int64  `path:"id"`
	Code string `json:"code"`
}

// verifyCode proves that the number is ours; its registration follows by itself.
func (a *API) verifyCode(ctx context.Context, c *route.Call, in verifyCodeIn) (messageText, error) {
	if err := a.inboxExists(ctx, c, in.ID); err != nil {
		return messageText{}, err
	}
	if err := a.WhatsApp.VerifyCode(ctx, in.ID, strings.TrimSpace(in.Code)); err != nil {
		return messageText{}, number(err)
	}
	return messageText{"Phone number verified"}, nil
}

type authorizeWhatsAppIn struct {
	Code       string `json:"code"`
	BusinessID string `json:"business_id"`
	WABA       string `json:"waba_id"`
	PhoneID    string `json:"phone_number_id"`
	InboxID    int64  `json:"inbox_id"`
	// Event is the one that Meta's dialog ended with, where the client tells.
	Event string `json:"event"`
}

// authorizedOut is an inbox that Embedded Signup connected.
type authorizedOut struct {
	Success      bool                  `json:"success"`
	ID           int64                 `json:"id"`
	Name         string                `json:"name"`
	ChannelType  string                `json:"channel_type"`
	Message      string                `json:"message,omitempty"`
	Registration whatsapp.Registration `json:"registration"`
}

// waitingOut is an inbox that was connected again, whose number cannot be used yet:
// dashboards show the message.
type waitingOut struct {
	Success      bool                  `json:"success"`
	Message      string                `json:"message"`
	Registration whatsapp.Registration `json:"registration"`
}

type signupProblem struct {
	Success bool   `json:"success"`
	Error   string `json:"error,omitempty"`
	Message string `json:"message,omitempty"`
}

// authorizeWhatsApp connects a number with what Meta's Embedded Signup dialog gave,
// or gives an inbox a new token.
func (a *API) authorizeWhatsApp(ctx context.Context, c *route.Call, in authorizeWhatsAppIn) (any, error) {
	if in.InboxID != 0 {
		if err := a.mayReauthorize(ctx, c, in.InboxID); err != nil {
			return nil, err
		}
	}
	var missing []string
	for _, p := range []struct{ name, value string }{{"code", in.Code}, {"waba_id", in.WABA}} {
		if p.value == "" {
			missing = append(missing, p.name)
		}
	}
	if len(missing) > 0 {
		return nil, signupRefused("Required parameters are missing: "+strings.Join(missing, ", "), nil)
	}
	limit, err := a.inboxLimit(ctx, c.Account.ID)
	if err != nil {
		return nil, err
	}
	done, err := a.WhatsApp.Connect(ctx, a.Desk, whatsapp.Signup{
		AccountID: c.Account.ID, By: actor(c), Code: in.Code, WABA: in.WABA, PortfolioID: in.BusinessID, PhoneID: in.PhoneID,
		Coexistence: in.Event == whatsapp.CoexistenceEvent, InboxID: in.InboxID, Limit: limit,
	})
	if shown, ok := errors.AsType[*chat.Error](err); ok && shown.Code != chat.CodePayment {
		return nil, signupRefused(shown.Message, err)
	}
	if err != nil {
		return nil, number(err)
	}
	out := authorizedOut{Success: true, ID: done.InboxID, Name: done.Name, ChannelType: "whatsapp", Registration: done.Registration}
	if in.InboxID == 0 {
		return out, nil
	}
	var ok bool
	if out.Message, ok = whatsapp.Advice(done.Registration); !ok {
		return waitingOut{Message: out.Message, Registration: done.Registration}, nil
	}
	return out, nil
}

func signupRefused(text string, err error) *route.Problem {
	return &route.Problem{Status: http.StatusUnprocessableEntity, Body: signupProblem{Error: text}, Err: err}
}

// mayReauthorize tells whether an inbox can get a new token: it was flagged, or is a
// WhatsApp Cloud inbox.
func (a *API) mayReauthorize(ctx context.Context, c *route.Call, id int64) error {
	if err := a.inboxExists(ctx, c, id); err != nil {
		return err
	}
	if err := a.current(ctx); err != nil {
		return err
	}
	if !a.WhatsApp.Serves(id) {
		return &route.Problem{
			Status: http.StatusUnprocessableEntity, Body: signupProblem{Message: "Reauthorization is not required for this inbox"},
		}
	}
	return nil
}
