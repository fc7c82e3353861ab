// Package waphone compares phone numbers as WhatsApp writes them.
package waphone

import (
	"slices"
	"strings"
)

// Digits keeps the decimal digits of a number as people and providers write it.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// Variants are the other spellings of a mobile number, given as digits, that WhatsApp
// and people both use: Brazil with and without the ninth digit, Argentina with and
// without the 9 and Mexico with and without the 1 after the country code.
func Variants(number string) []string {
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

// Same tells whether two numbers, given as digits, are one, allowing for the ways in
// which some countries' mobile numbers are written.
func Same(a, b string) bool { return a == b || slices.Contains(Variants(a), b) }
