package meta

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"tributary/channels"
	"tributary/chat"
)

// failure is the error object of the Graph API.
type failure struct {
	Message   string `json:"message"`
	Code      int    `json:"code"`
	Subcode   int    `json:"error_subcode"`
	Transient bool   `json:"is_transient"`
}

// Classify gives the verdict of an answer, nil when it is a success. Codes are
// those of Meta's "Error Codes" pages of the Messenger Platform and the
// Instagram Platform; external_error is "<code> - <message>".
func Classify(a *channels.Answer, now time.Time) *channels.SendError {
	var body struct {
		Error *failure `json:"error"`
	}
	unreadable := json.Unmarshal(a.Body, &body)
	f := body.Error
	if f == nil {
		if a.OK() {
			return nil
		}
		return &channels.SendError{
			Class: channels.ByStatus(a.Status), Code: strconv.Itoa(a.Status), Text: "HTTP " + strconv.Itoa(a.Status),
			RetryAfter: a.RetryAfter(now), Err: unreadable,
		}
	}
	class, tries := f.verdict(a.Status)
	e := &channels.SendError{
		Class: class, MaxTries: tries, Code: strconv.Itoa(f.Code),
		Text: strconv.Itoa(f.Code) + " - " + channels.Clean(f.Message),
	}
	if f.Subcode != 0 {
		e.Code += "/" + strconv.Itoa(f.Subcode)
	}
	if class == chat.Throttled || class == chat.Retryable {
		e.RetryAfter = a.RetryAfter(now)
	}
	return e
}

// onceMore is how often Meta may fetch a file of ours: a first try and one more.
const onceMore = 2

// verdict is the class of a code and subcode; tries is 0 for the usual number.
func (f *failure) verdict(status int) (class chat.ErrorClass, tries int) {
	type sub struct{ code, subcode int }
	switch (sub{f.Code, f.Subcode}) {
	case sub{10, 2018278}, sub{10, 2018065}, sub{10, 2534022}: // the last is Instagram's
		return chat.WindowClosed, 0
	case sub{10, 2018108}, sub{200, 1545041}:
		return chat.OptedOut, 0
	case sub{100, 2018008}, sub{100, 2018047}: // our file could not be fetched
		return chat.Retryable, onceMore
	}
	switch code := f.Code; {
	case code == 190:
		return chat.Reauthorize, 0
	case code == 551:
		return chat.OptedOut, 0
	case code == 4, code == 17, code == 32, code == 613, code == 80006:
		return chat.Throttled, 0
	case code == 1, code == 2, code == 1200:
		return chat.Retryable, 0
	case code == 10, code >= 200 && code <= 299: // a permission is missing
		return chat.Reauthorize, 0
	case code == 100, code == 368:
		return chat.Permanent, 0
	}
	if f.Transient && status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
		return chat.Retryable, 0
	}
	if status < http.StatusBadRequest {
		return chat.Permanent, 0
	}
	return channels.ByStatus(status), 0
}
