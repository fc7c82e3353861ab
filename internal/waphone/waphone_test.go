package waphone_test

import (
	"testing"

	"tributary/internal/waphone"
)

func TestSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"15035550141", "15035550141", true},
		{"15035550141", "15035550142", false},
		{"551187654321", "5511987654321", true},
		{"5511987654321", "5511987654321", true},
		{"5511887654321", "551187654321", false}, // the ninth digit is a 9
		{"5491123456789", "541123456789", true},
		{"5215512345678", "525512345678", true},
		{"5215512345678", "545512345678", false},
		{"541123456789", "551123456789", false},
		{"", "", true},
		{"55", "549", false},
	} {
		if got := waphone.Same(c.a, c.b); got != c.want {
			t.Errorf("%s, %s: %v", c.a, c.b, got)
		}
		if got := waphone.Same(c.b, c.a); got != c.want {
			t.Errorf("%s, %s the other way round: %v", c.a, c.b, got)
		}
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"+1 503-555-0141": "15035550141", "": "", "٣": "", "whatsapp:+55 (11) 98": "551198"} {
		if got := waphone.Digits(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
