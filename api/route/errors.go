package route

import (
	"errors"
	"net/http"
	"strings"

	"tributary/chat"
)

// Problem is an error that is answered exactly as it says: for the shapes that
// single routes have of their own.
type Problem struct {
	Status int
	Body   any // encoded as JSON; nil: empty body
	// Location is where a redirection leads.
	Location string
	Err      error
}

// Error implements error.
func (p *Problem) Error() string {
	if p.Err != nil {
		return "route: answer " + http.StatusText(p.Status) + ": " + p.Err.Error()
	}
	return "route: answer " + http.StatusText(p.Status)
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Err }

// The bodies of refusals.
type (
	errorBody struct {
		Error string `json:"error"`
	}
	errorsBody struct {
		Errors []string `json:"errors"`
	}
	invalidBody struct {
		Message    string   `json:"message"`
		Attributes []string `json:"attributes"`
	}
	statusBody struct {
		Status int    `json:"status"`
		Error  string `json:"error"`
	}
)

// Texts of refusals that clients compare.
const (
	textSignIn       = "You need to sign in or sign up before continuing."
	textBadToken     = "Invalid Access Token"
	textNotForBots   = "Access to this endpoint is not authorized for bots"
	textSuspended    = "Account is suspended"
	textNotMember    = "You are not authorized to access this account"
	textBotNotLinked = "Bot is not authorized to access this account"
	textRefused      = "You are not authorized to do this action"
	textBadApp       = "Invalid access_token"
	textMissingParam = "param is missing or the value is empty: "
	textInvalid      = "Validation failed: "
	textRetryLater   = "Retry later\n"
)

// refuse answers 401, which is what clients know for every refusal of a caller.
func refuse(text string) error {
	return &Problem{Status: http.StatusUnauthorized, Body: errorBody{text}}
}

// byNumber is the answer that carries nothing but its status.
func byNumber(status int) *Problem {
	text := http.StatusText(status)
	switch status {
	case http.StatusRequestEntityTooLarge:
		text = "Content Too Large"
	case http.StatusUnprocessableEntity:
		text = "Unprocessable Content"
	}
	return &Problem{Status: status, Body: statusBody{status, text}}
}

// Numbered is the answer that carries nothing but its status, for handlers.
func Numbered(status int) error { return byNumber(status) }

// Refused is what a policy answers; handlers use it where the policy depends on
// a record.
func Refused() error {
	return &chat.Error{Code: chat.CodeUnauthorized, Message: textRefused}
}

// MissingParam refuses a request that lacks a required parameter.
func MissingParam(key string) error { return chat.Unprocessable(textMissingParam + key) }

// numbered tells which paths answer a missing record or parameter by number.
func numbered(path string) bool {
	return strings.HasPrefix(path, "/platform/") || strings.HasPrefix(path, "/public/")
}

// problemOf is the one place where errors become answers. internal is true when
// the text was hidden and somebody should look at the log.
func problemOf(err error, path string, plain bool) (p *Problem, internal bool) {
	if errors.As(err, &p) {
		return p, p.Status >= http.StatusInternalServerError
	}
	if errors.Is(err, errBadBody) {
		return byNumber(http.StatusBadRequest), false
	}
	var e *chat.Error
	if !errors.As(err, &e) {
		return byNumber(http.StatusInternalServerError), true
	}
	text := errorBody{e.Message}
	switch e.Code {
	case chat.CodeNotFound:
		if numbered(path) {
			return byNumber(http.StatusNotFound), false
		}
		return &Problem{Status: http.StatusNotFound, Body: errorBody{"Resource could not be found"}}, false
	case chat.CodeInvalid:
		if plain {
			return &Problem{Status: http.StatusUnprocessableEntity, Body: errorBody{textInvalid + e.Message}}, false
		}
		return &Problem{Status: http.StatusUnprocessableEntity, Body: invalidBody{e.Message, e.Attributes}}, false
	case chat.CodeUnprocessable:
		if numbered(path) && strings.HasPrefix(e.Message, textMissingParam) {
			return byNumber(http.StatusBadRequest), false
		}
		return &Problem{Status: http.StatusUnprocessableEntity, Body: text}, false
	case chat.CodeUnauthorized:
		return &Problem{Status: http.StatusUnauthorized, Body: text}, false
	case chat.CodeForbidden:
		return &Problem{Status: http.StatusForbidden, Body: text}, false
	case chat.CodeConflict:
		return &Problem{Status: http.StatusConflict, Body: text}, false
	case chat.CodePayment:
		return &Problem{Status: http.StatusPaymentRequired, Body: text}, false
	case chat.CodeTooLarge:
		return byNumber(http.StatusRequestEntityTooLarge), false
	case chat.CodeThrottled:
		return &Problem{Status: http.StatusTooManyRequests, Body: Raw([]byte(textRetryLater), "text/plain")}, false
	case chat.CodeBadRequest:
		if e.Message == "" {
			return byNumber(http.StatusBadRequest), false
		}
		return &Problem{Status: http.StatusBadRequest, Body: text}, false
	}
	return byNumber(http.StatusInternalServerError), true
}

// response makes the problem an answer.
func (p *Problem) response() (response, error) {
	if p.Body == nil {
		return response{status: p.Status, location: p.Location}, nil
	}
	if c, ok := p.Body.(Content); ok {
		return response{status: p.Status, contentType: c.contentType, body: c.body}, nil
	}
	body, err := encode(p.Body)
	if err != nil {
		return response{}, err
	}
	return response{status: p.Status, contentType: jsonType, body: body}, nil
}
