package chat

import "errors"

// ErrorClass says what to do about a refused send. Every driver maps every
// answer of its provider to one of these.
type ErrorClass string

// Classes of send failures and what the relay does about them.
const (
	Retryable    ErrorClass = "retryable"     // back off, same idempotency key
	Throttled    ErrorClass = "throttled"     // honour Retry-After, pause the channel's queue
	Permanent    ErrorClass = "permanent"     // failed, the agent sees why
	WindowClosed ErrorClass = "window_closed" // failed, offer a template
	OptedOut     ErrorClass = "opted_out"     // failed, the contact stopped us
	Reauthorize  ErrorClass = "reauthorize"   // failed, the channel's token is dead
	Config       ErrorClass = "config"        // failed, the channel lacks credentials
)

// Code classifies an error for whoever has to answer a client. The HTTP status
// of each code is in api/route.
type Code string

// Error codes.
const (
	CodeInternal      Code = "internal"
	CodeNotFound      Code = "not_found"
	CodeInvalid       Code = "invalid"       // 422 {"message","attributes"}
	CodeUnprocessable Code = "unprocessable" // 422 {"error"}
	CodeUnauthorized  Code = "unauthorized"
	CodeForbidden     Code = "forbidden"
	CodeConflict      Code = "conflict"
	CodePayment       Code = "payment_required"
	CodeTooLarge      Code = "too_large"
	CodeThrottled     Code = "throttled"
	CodeBadRequest    Code = "bad_request"
)

// Error is an error that a user may read.
type Error struct {
	Code       Code
	Message    string
	Attributes []string // CodeInvalid: the attributes that failed, raw names
	Err        error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// NotFound says that a record does not exist where it was looked for.
func NotFound() error {
	return &Error{Code: CodeNotFound, Message: "Resource could not be found"}
}

// Unprocessable refuses input with a text that is shown as it is.
func Unprocessable(text string) error {
	return &Error{Code: CodeUnprocessable, Message: text}
}

// Invalid refuses one attribute; text continues the humanised attribute name
// ("Name can't be blank"), which the caller writes out whole.
func Invalid(attribute, message string) error {
	return &Error{Code: CodeInvalid, Message: message, Attributes: []string{attribute}}
}

// CodeOf finds the code of err; errors of strangers are internal.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
