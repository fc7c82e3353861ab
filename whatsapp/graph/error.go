package graph

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ErrNoToken says that Exchange was answered with success, but without a token.
var ErrNoToken = errors.New("graph: no access token in the answer")

// errPage says that something between Meta and us answered, with a page for people.
var errPage = errors.New("graph: a page instead of JSON")

// Error says what went wrong without Meta's texts: class, HTTP status, code,
// subcode and trace.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "graph: %s", e.Class)
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&b, ", HTTP %d", e.HTTPStatus)
	}
	if e.Code != 0 || e.Subcode != 0 {
		fmt.Fprintf(&b, ", code %d", e.Code)
	}
	if e.Subcode != 0 {
		fmt.Fprintf(&b, "/%d", e.Subcode)
	}
	if e.Trace != "" {
		fmt.Fprintf(&b, ", trace %s", e.Trace)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %s", e.Err)
	}
	return b.String()
}

// Unwrap gives the cause, if there was no answer or an unreadable one.
func (e *Error) Unwrap() error { return e.Err }

// Text is the text for people: Meta's for users, else its details, else its
// message; for a call without an answer what is known. It is plain text, in
// whatever language Meta chose.
func (e *Error) Text() string {
	for _, s := range []string{e.UserText, e.Details, e.Message} {
		if s != "" {
			return s
		}
	}
	switch {
	case e.HTTPStatus == 0:
		return "Meta did not answer"
	case errors.Is(e.Err, errPage):
		return "Meta answered with a page instead of JSON"
	case e.HTTPStatus < http.StatusMultipleChoices:
		return "Meta's answer could not be read"
	}
	return "Meta answered " + strconv.Itoa(e.HTTPStatus)
}

// says tells whether one of Meta's texts, except its title, holds what, in any
// case.
func (e *Error) says(what string) bool {
	return contains(e.Message, what) || contains(e.Details, what) || contains(e.UserText, what)
}

func contains(text string, what ...string) bool {
	text = strings.ToLower(text)
	for _, w := range what {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// AlreadyRegistered says that register was refused because it had been done: no
// error, but a health read has to confirm it.
func (e *Error) AlreadyRegistered() bool {
	return e.Code == 100 && e.Subcode != certificate && e.says("already registered") &&
		!contains(e.Message+" "+e.Details+" "+e.UserText, elsewhere...)
}

// elsewhere are words of the user text of 100/2388001 by which the number is still
// at another account: on the WhatsApp app, or with its former owner's two-step
// code.
var elsewhere = []string{"existing account", "existing whatsapp", "another account", "another whatsapp", "disconnect", "ownership", "two-step"}

// cause is the text that tells the two causes of 100/2388001 apart.
func (e *Error) cause() string {
	if e.UserText != "" {
		return e.UserText
	}
	return e.Details
}

// ExistingAccount says that the number cannot be registered because another
// WhatsApp account still has it: a person has to detach it.
func (e *Error) ExistingAccount() bool {
	return e.Code == 100 && e.Subcode == certificate &&
		!contains(e.cause(), "display name") && contains(e.cause(), elsewhere...)
}

// DisplayName says that the number cannot be registered before its display name is
// approved. A wording that nobody knows counts as this one: waiting is what does no
// harm.
func (e *Error) DisplayName() bool {
	return e.Code == 100 && e.Subcode == certificate && !e.ExistingAccount()
}

var (
	// span is a number of units of time.
	span = regexp.MustCompile(`(?i)(?:\b(\d{1,9}(?:\.\d{1,3})?)|\b(an?|one))[ -]?(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?)\b`)
	// joint stands between the parts of one span: "1 hour and 30 minutes".
	joint = regexp.MustCompile(`(?i)^[ ,]*(?:and )?$`)
	// hint is the wording of a delay, rather than of a limit.
	hint = regexp.MustCompile(`(?i)\b(?:again|wait|retry|until|later)\b`)
	// sentence ends one; "2.5 hours" does not.
	sentence = regexp.MustCompile(`[.;!?](?:\s+|$)`)
)

// Delay is how long Meta says to wait in its texts ("Please try again in 7
// hours"); 0: it does not say.
func (e *Error) Delay() time.Duration {
	for _, text := range []string{e.Details, e.UserText} {
		sentences := sentence.Split(text, -1)
		for _, s := range sentences {
			if hint.MatchString(s) {
				if d := firstSpan(s); d > 0 {
					return d
				}
			}
		}
		for _, s := range sentences {
			if !contains(s, "limit") { // "10 requests in 72 hours"
				if d := firstSpan(s); d > 0 {
					return d
				}
			}
		}
	}
	return 0
}

// firstSpan is the first span of time that s names, with the parts that follow it.
func firstSpan(s string) time.Duration {
	var sum time.Duration
	end := -1
	for _, m := range span.FindAllStringSubmatchIndex(s, -1) {
		if end >= 0 && !joint.MatchString(s[end:m[0]]) {
			break
		}
		n := 1.0
		if m[2] >= 0 {
			n, _ = strconv.ParseFloat(s[m[2]:m[3]], 64) // the pattern is a number
		}
		sum += wait(n, unit(s[m[6]]))
		end = m[1]
	}
	return min(sum, maxWait)
}

func unit(letter byte) time.Duration {
	switch letter {
	case 's', 'S':
		return time.Second
	case 'm', 'M':
		return time.Minute
	case 'h', 'H':
		return time.Hour
	}
	return 24 * time.Hour
}
