package wacloud

import (
	"regexp"
	"slices"
	"strings"

	"tributary/channels"
	"tributary/chat"
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
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	return slices.Contains(variants(a), b)
}

// variants are the other spellings of a mobile number that WhatsApp and people
// both use: Brazil with and without the ninth digit, Argentina with and without
// the 9 and Mexico with and without the 1 after the country code.
func variants(number string) []string {
	rest := func(n int) string { return number[n:] }
	switch {
	case strings.HasPrefix(number, "55") && len(number) == 12:
		return []string{number[:4] + "9" + rest(4)}
	case strings.HasPrefix(number, "55") && len(number) == 13 && number[4] == '9':
		return []string{number[:4] + rest(5)}
	case strings.HasPrefix(number, "549") && len(number) == 13:
		return []string{"54" + rest(3)}
	case strings.HasPrefix(number, "54") && len(number) == 12:
		return []string{"549" + rest(2)}
	case strings.HasPrefix(number, "521") && len(number) == 13:
		return []string{"52" + rest(3)}
	case strings.HasPrefix(number, "52") && len(number) == 12:
		return []string{"521" + rest(2)}
	}
	return nil
}

// Variants are the other source ids under which the person behind sourceID may
// already be known.
func (d *Driver) Variants(sourceID string) []string { return variants(sourceID) }

// SourceFor is the number without "+".
func (d *Driver) SourceFor(_ *channels.Channel, phone, _ string) (string, error) {
	number := digits(phone)
	if number == "" {
		return "", chat.Unprocessable("param is missing or the value is empty: contact phone number")
	}
	return number, nil
}
