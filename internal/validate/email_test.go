package validate_test

import (
	"strings"
	"testing"

	"tributary/internal/validate"
)

func TestEmail(t *testing.T) {
	t.Parallel()
	const both = "Email is invalid, Email is not an email"
	for value, want := range map[string]string{
		"ada@example.com":            "",
		"a.b+c_d'e@mail.example.com": "",
		"a@b-c.co":                   "",
		"":                           "Email can't be blank",
		" ":                          "Email can't be blank",
		"ada":                        both,
		"ada@":                       both,
		"@example.com":               both,
		"a b@example.com":            both,
		"a@b@example.com":            both,
		"ada@example.com\nx":         both,
		"ada@localhost":              "Email is not an email",
		"ada@example.c":              "Email is not an email",
		"ada@example.c0m":            "Email is not an email",
		"ada@-example.com":           "Email is not an email",
		"ada@example..com":           "Email is not an email",
		"zoë@example.com":            "Email is not an email",
		strings.Repeat("a", 250) + "@example.com": "Email is too long (maximum is 255 characters)",
	} {
		var e validate.Errors
		e.Email("email", value)
		got := ""
		if err := e.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}
