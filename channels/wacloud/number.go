package wacloud

import (
	"regexp"
	"strings"

	"tributary/channels"
	"tributary/chat"
	"tributary/internal/waphone"
)

var (
	e164 = regexp.MustCompile(`^\+[1-9]\d{1,14}$`)
	// A business-scoped user id: country, optionally ENT, an opaque part
	// ("US.13491208655302741918"). Meta, "Business-scoped user IDs", 2026.
	scopedID = regexp.MustCompile(`^[A-Z]{2}(\.ENT)?\.[A-Za-z0-9]+$`)
)

// digits keeps the decimal digits of a number as people and providers write it.
func digits(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// phoneOf is the E.164 form of a source id, empty when it is not a number.
func phoneOf(sourceID string) string {
	if phone := "+" + sourceID; e164.MatchString(phone) {
		return phone
	}
	return ""
}

// sameNumber compares two numbers by their digits, allowing for the two ways in
// which some countries' mobile numbers are written.
func sameNumber(a, b string) bool { return waphone.Same(a, b) }

// Variants are the other source ids under which the person behind sourceID may
// already be known.
func (d *Driver) Variants(sourceID string) []string { return waphone.Variants(sourceID) }

// sourceForm is how a number is written as a source id.
var sourceForm = regexp.MustCompile(`^\d{1,15}$`)

// CheckSource implements channels.SourceChecker: a number, or the id under which Meta
// shows who hides theirs.
func (d *Driver) CheckSource(_ *channels.Channel, sourceID string) string {
	if sourceForm.MatchString(sourceID) || scopedID.MatchString(sourceID) {
		return ""
	}
	return "invalid source id for whatsapp inbox. valid Regex " + sourceForm.String()
}

// SourceFor is the number without "+".
func (d *Driver) SourceFor(_ *channels.Channel, phone, _ string) (string, error) {
	number := digits(phone)
	if number == "" {
		return "", chat.Unprocessable("param is missing or the value is empty: contact phone number")
	}
	return number, nil
}
