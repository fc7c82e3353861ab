package validate

import (
	"regexp"
	"strings"
)

var (
	emailShape = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)
	// A host of several labels, the last of which is of letters.
	emailAddress = regexp.MustCompile("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\\.)+[a-zA-Z]{2,63}$")
)

// Email demands an e-mail address, which the caller has trimmed.
func (e *Errors) Email(attribute, value string) {
	if strings.TrimSpace(value) == "" {
		e.Add(attribute, Blank)
		return
	}
	if !emailShape.MatchString(value) {
		e.Add(attribute, Invalid)
	}
	if !emailAddress.MatchString(value) {
		e.Add(attribute, "is not an email")
	}
	e.MaxLen(attribute, value, ShortText)
}
