package desk

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

// disposable are hosts whose addresses anybody has for a moment, a line each, in
// alphabetical order.
//
//go:embed disposable.txt
var disposable string

// RefusedEmail tells whether an address is not taken at sign-up: its host is one for
// throw-away addresses, or one that the operator has blocked with
// BLOCKED_EMAIL_DOMAINS, a regular expression on each line.
func (d *Desk) RefusedEmail(email string) bool {
	host := email[strings.LastIndexByte(email, '@')+1:]
	hosts := strings.Fields(disposable)
	for rest := host; rest != ""; _, rest, _ = strings.Cut(rest, ".") {
		if _, is := slices.BinarySearch(hosts, rest); is {
			return true
		}
	}
	for line := range strings.Lines(d.Setting("BLOCKED_EMAIL_DOMAINS")) {
		pattern := strings.TrimSpace(line)
		if pattern == "" {
			continue
		}
		blocked, err := regexp.Compile("(?i)" + pattern)
		if err != nil {
			// Better too strict than to let in who should stay out.
			blocked = regexp.MustCompile("(?i)" + regexp.QuoteMeta(pattern))
		}
		if blocked.MatchString(host) {
			return true
		}
	}
	return false
}
