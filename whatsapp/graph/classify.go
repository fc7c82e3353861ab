package graph

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// certificate is the subcode of code 100 with which Meta refuses to register: the
// display name, or the number's former account. The user text tells which.
const certificate = 2388001

// maxWait is the longest pause that is believed.
const maxWait = 30 * 24 * time.Hour

// Classify reads an answer of the Graph API: nil when it is a success, that is a
// 2xx with a JSON object and no error in it. It decides on Meta's code; the HTTP
// status counts only where there is no code that it knows. Texts lose
// what looks like a token; only the client knows the call's own secrets.
func Classify(status int, header http.Header, body []byte) *Error {
	e := classify(status, header, "", body)
	if e != nil {
		e.redact(nil)
	}
	return e
}

func classify(status int, header http.Header, waba string, body []byte) *Error {
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(body, &answer); err != nil || answer == nil {
		if status/100 == 2 && strings.TrimSpace(string(body)) == "true" {
			return nil
		}
		if err == nil {
			err = errors.New("null")
		}
		if strings.HasPrefix(strings.TrimSpace(string(body)), "<") {
			err = errPage
		}
		// The text of a syntax error quotes one character of the body at most.
		return unreadable(status, header, waba, err)
	}
	raw := answer["error"]
	if absent(raw) && status/100 == 2 {
		return nil
	}
	e := &Error{HTTPStatus: status}
	var failure map[string]json.RawMessage
	if json.Unmarshal(raw, &failure) != nil {
		e.Message = words(raw) // {"error":"…"}: not Meta's form
	}
	code, coded := integer(failure["code"])
	e.Code = code
	e.Subcode, _ = integer(failure["error_subcode"])
	if m := words(failure["message"]); m != "" {
		e.Message = m
	}
	e.Title, e.UserText = words(failure["error_user_title"]), words(failure["error_user_msg"])
	e.Details = details(failure["error_data"])
	e.Trace = words(failure["fbtrace_id"])
	e.Field = unknownField(e)
	transient, _ := boolean(failure["is_transient"])
	e.Class = meaning(e, coded, transient != nil && *transient)
	e.Ambiguous = status >= http.StatusInternalServerError && e.Class == Transient
	e.fromHeader(header, waba)
	return e
}

// unreadable is an answer that is not complete, not JSON, or not what its call
// gives. A page of a proxy under 401 or 403 says nothing about a token.
func unreadable(status int, header http.Header, waba string, err error) *Error {
	e := &Error{HTTPStatus: status, Err: err, Class: byStatus(status, false)}
	if status/100 == 2 {
		e.Class = Transient
	}
	e.Ambiguous = status < http.StatusMultipleChoices || status >= http.StatusInternalServerError
	e.fromHeader(header, waba)
	return e
}

// fromHeader takes the pause that Meta wants, and the trace where the body had
// none.
func (e *Error) fromHeader(header http.Header, waba string) {
	if u, ok := readUsage(header, waba); ok {
		e.Regain = u.Regain
	}
	if e.Regain == 0 {
		e.Regain = retryAfter(header)
	}
	if e.Trace == "" {
		e.Trace = clean(header.Get("X-FB-Trace-ID"))
	}
}

// retryAfter reads the header in both of its forms; a date counts from the
// answer's own.
func retryAfter(header http.Header) time.Duration {
	v := strings.TrimSpace(header.Get("Retry-After"))
	if s, err := strconv.Atoi(v); err == nil {
		return wait(float64(s), time.Second)
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	sent, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	return wait(at.Sub(sent).Seconds(), time.Second)
}

// wait is n units, within what is believed.
func wait(n float64, unit time.Duration) time.Duration {
	switch {
	case !(n > 0): // NaN too
		return 0
	case n >= float64(maxWait/unit):
		return maxWait
	}
	return time.Duration(n * float64(unit))
}

// details reads error_data: an object, sometimes as a string.
func details(raw json.RawMessage) string {
	var data map[string]json.RawMessage
	if json.Unmarshal(raw, &data) == nil {
		return words(data["details"])
	}
	s := words(raw)
	if json.Unmarshal([]byte(s), &data) == nil {
		return words(data["details"])
	}
	return s
}

// meaning is the class of an error. Meta's "Error codes" of the Cloud API and
// "Handling errors" of the Graph API say what the codes mean (read in 2026).
func meaning(e *Error, coded, transient bool) Class {
	if !coded {
		return byStatus(e.HTTPStatus, transient)
	}
	switch code := e.Code; {
	case code == 100:
		return invalid(e)
	case code == 190, code == 0, code == 102, code == 3, code == 10, code >= 200 && code <= 299:
		return Credentials
	case code == 33, code == 803:
		return ObjectGone
	case code == 131009, code == 12: // 12: the field is of an older version
		return OurRequest
	case code == 4, code == 17, code == 32, code == 613, code == 80007, code == 80008, code == 130429:
		return Throttled
	case code == 1, code == 2, code == 131000, code == 131016, code == 131057, code == 133004:
		return Transient
	case code == 368, code == 131031:
		return AccountBlock
	case code == 131037, code == 131045:
		return NameCertificate
	case code >= 133000 && code <= 133016:
		return Registration
	case code == 2200:
		return Callback
	}
	return byStatus(e.HTTPStatus, transient)
}

// invalid tells the causes of code 100 apart.
func invalid(e *Error) Class {
	switch {
	case e.Subcode == certificate:
		return NameCertificate
	case e.Subcode == 33:
		return ObjectGone
	case e.says("before override"):
		return Callback
	}
	return OurRequest
}

func byStatus(status int, transient bool) Class {
	switch {
	case status == http.StatusTooManyRequests:
		return Throttled
	case transient, status >= http.StatusInternalServerError, status == http.StatusRequestTimeout:
		return Transient
	}
	return Unknown
}

// nonexisting are the two ways in which Meta names a field that it does not serve.
var nonexisting = regexp.MustCompile(`nonexist(?:ing|ent) field \((\w{1,100})\)|^\(#12\) (\w{1,100}) (?:field )?is deprecated`)

func unknownField(e *Error) string {
	if e.Code != 100 && e.Code != 12 {
		return ""
	}
	m := nonexisting.FindStringSubmatch(e.Message)
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}
