package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"tributary/chat"
	"tributary/whatsapp"
)

// Numbers is what an operator does with WhatsApp numbers, through a process that
// serves.
type Numbers interface {
	// List gives all numbers, those that wait for a person first.
	List(ctx context.Context) ([]whatsapp.Listed, error)
	// Report tells of one inbox's number; stored takes what is known, without asking Meta.
	Report(ctx context.Context, inboxID int64, stored bool) (whatsapp.Report, error)
	// Register makes one attempt, as the administrators' button does.
	Register(ctx context.Context, inboxID int64) (Registered, error)
	// Subscribe sets the app's own callback at Meta.
	Subscribe(ctx context.Context) (whatsapp.AppSubscription, error)
}

// Registered is what came of Numbers.Register.
type Registered struct {
	// Refused says why there was no attempt; "": there was one.
	Refused      string                `json:"refused,omitempty"`
	Registration whatsapp.Registration `json:"registration"`
	// Attempt is the one that was made; nil: it was not, or cannot be seen yet.
	Attempt *whatsapp.Attempt `json:"attempt"`
}

// ErrNoProcess says that no process serves where the command runs.
var ErrNoProcess = errors.New("no process serves here: start `tributary serve`, or run this beside it, as the same user with the same DATA_DIR")

// OpenNumbers reaches the engine of WhatsApp numbers of the process that serves in
// DATA_DIR. Its errors are ErrNoProcess, or say why the process cannot be reached.
func OpenNumbers(ctx context.Context, cfg *Config) (Numbers, error) {
	client, err := dialControl(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return controlNumbersClient{client}, nil
}

// controlNumbers answers what commands ask about WhatsApp numbers.
func controlNumbers(handle func(string, func(context.Context, url.Values) (controlAnswer, error)), e *whatsapp.Engine) {
	result := func(v any, err error) (controlAnswer, error) {
		if err != nil {
			return controlAnswer{}, plainly(err)
		}
		raw, err := json.Marshal(v)
		return controlAnswer{Result: raw}, err
	}
	inbox := func(v url.Values) int64 {
		id, _ := strconv.ParseInt(v.Get("id"), 10, 64) // 0 is no inbox
		return id
	}
	handle("GET /numbers", func(ctx context.Context, _ url.Values) (controlAnswer, error) { return result(e.List(ctx)) })
	handle("GET /number", func(ctx context.Context, v url.Values) (controlAnswer, error) {
		return result(e.Report(ctx, inbox(v), v.Get("stored") != ""))
	})
	handle("POST /number/register", func(ctx context.Context, v url.Values) (controlAnswer, error) {
		return result(register(ctx, e, inbox(v)))
	})
	handle("POST /subscribe", func(ctx context.Context, _ url.Values) (controlAnswer, error) { return result(e.SubscribeApp(ctx)) })
}

// register makes one attempt that no user of an account started.
func register(ctx context.Context, e *whatsapp.Engine, inboxID int64) (Registered, error) {
	var out Registered
	before, err := latest(ctx, e, inboxID)
	if err != nil {
		return out, err
	}
	out.Registration, err = e.RegisterNumber(ctx, whatsapp.RegisterRequest{InboxID: inboxID})
	if refused, ok := errors.AsType[*whatsapp.Refused](err); ok {
		out.Refused, out.Registration = refused.Text, refused.Registration
		return out, nil
	}
	if err != nil {
		return out, err
	}
	made, err := latest(ctx, e, inboxID)
	if err != nil {
		return out, err
	}
	if made != nil && (before == nil || made.ID != before.ID) {
		out.Attempt = made
	}
	return out, nil
}

// latest is the newest attempt of an inbox to register its number.
func latest(ctx context.Context, e *whatsapp.Engine, inboxID int64) (*whatsapp.Attempt, error) {
	list, err := e.Attempts(ctx, inboxID, 1)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Call == "" {
			return &list[i], nil
		}
	}
	return nil, nil //nolint:nilnil // there was none
}

// plainly words an error for whoever typed the command.
func plainly(err error) error {
	if shown, ok := errors.AsType[*chat.Error](err); ok {
		return errors.New(shown.Message)
	}
	if errors.Is(err, whatsapp.ErrNotCloud) {
		return errors.New("that inbox is not there, or is no WhatsApp Cloud API inbox")
	}
	return err
}

// controlNumbersClient is the Numbers of a process that serves.
type controlNumbersClient struct{ *controlClient }

func byInbox(id int64) url.Values { return url.Values{"id": {strconv.FormatInt(id, 10)}} }

// List implements Numbers.
func (c controlNumbersClient) List(ctx context.Context) (list []whatsapp.Listed, err error) {
	err = c.ask(ctx, http.MethodGet, "/numbers", nil, &list)
	return list, err
}

// Report implements Numbers.
func (c controlNumbersClient) Report(ctx context.Context, inboxID int64, stored bool) (r whatsapp.Report, err error) {
	query := byInbox(inboxID)
	if stored {
		query.Set("stored", "1")
	}
	err = c.ask(ctx, http.MethodGet, "/number", query, &r)
	return r, err
}

// Register implements Numbers.
func (c controlNumbersClient) Register(ctx context.Context, inboxID int64) (r Registered, err error) {
	err = c.ask(ctx, http.MethodPost, "/number/register", byInbox(inboxID), &r)
	return r, err
}

// Subscribe implements Numbers.
func (c controlNumbersClient) Subscribe(ctx context.Context) (s whatsapp.AppSubscription, err error) {
	err = c.ask(ctx, http.MethodPost, "/subscribe", nil, &s)
	return s, err
}
