package channels_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tributary/channels"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	family := "👩‍👩‍👧‍👦" // one grapheme of 7 characters, 11 UTF-16 units, 25 bytes
	for _, c := range []struct {
		name    string
		text    string
		limit   int
		measure func(string) int
		want    []string
	}{
		{"empty", "", 10, channels.Runes, nil},
		{"white space", " \n\t ", 10, channels.Runes, nil},
		{"fits", "hello", 5, channels.Runes, []string{"hello"}},
		{"trimmed", "  hello \n", 5, channels.Runes, []string{"hello"}},
		{"words", "one two three", 8, channels.Runes, []string{"one two", "three"}},
		{"word ends at the limit", "one two three", 7, channels.Runes, []string{"one two", "three"}},
		{"line beats word", "aaaa bb\ncc dd ee", 12, channels.Runes, []string{"aaaa bb", "cc dd ee"}},
		{"paragraph beats line", "aaaaaaaa\n\nbb\ncc dd ee", 14, channels.Runes, []string{"aaaaaaaa", "bb\ncc dd ee"}},
		{"paragraph beats a word that ends at the limit", "aaaaaa\n\nbb cc dd", 10, channels.Runes, []string{"aaaaaa", "bb cc dd"}},
		{"paragraph ends at the limit", "aa bb\n\ncc", 5, channels.Runes, []string{"aa bb", "cc"}},
		{"line ends at the limit", "aaaa bb\ncc", 7, channels.Runes, []string{"aaaa bb", "cc"}},
		{"no boundary in the second half", "a bcdefghij", 8, channels.Runes, []string{"a bcdefg", "hij"}},
		{"long word", "abcdefghij", 4, channels.Runes, []string{"abcd", "efgh", "ij"}},
		{"many blanks at the cut", "aaaa      bbbb", 6, channels.Runes, []string{"aaaa", "bbbb"}},
		{"bytes", "ěěěě", 5, channels.Bytes, []string{"ěě", "ěě"}},
		{"utf-16", "a😀b😀", 3, channels.UTF16, []string{"a😀", "b😀"}},
		{"grapheme stays whole", "ab" + family, 12, channels.UTF16, []string{"ab", family}},
		{"grapheme beyond the limit", family, 3, channels.UTF16, []string{"👩\u200d", "👩\u200d", "👧\u200d", "👦"}},
		{"character beyond the limit", "ě", 1, channels.Bytes, []string{"ě"}},
		{"limit zero ends", "abc", 0, channels.Runes, []string{"a", "b", "c"}},
		{"invalid bytes", "\xff\xfe\xfd", 2, channels.Runes, []string{"\xff\xfe", "\xfd"}},
	} {
		got := channels.Split(c.text, c.limit, c.measure)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// What every split keeps: the limit, the order of all characters that are not
// white space, and pieces that are trimmed and not empty.
func FuzzSplit(f *testing.F) {
	f.Add("Grüße 👩‍👩‍👧‍👦\n\nпривет, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", 7, 0)
	f.Add("a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 \r\n\r\n x", 4, 1)
	f.Add("0\u200d\xe2\x80 \x8000000", 7, 5)
	f.Add(strings.Repeat("ě", 100)+" \n "+strings.Repeat("🇨🇿", 30), 13, 2)
	f.Fuzz(func(t *testing.T, text string, limit, unit int) {
		if limit < 4 || limit > 10_000 { // the longest character has 4 bytes
			return
		}
		measures := []func(string) int{channels.Bytes, channels.Runes, channels.UTF16}
		measure := measures[uint(unit)%uint(len(measures))]
		pieces := channels.Split(text, limit, measure)
		for _, p := range pieces {
			if p == "" || p != strings.TrimSpace(p) {
				t.Errorf("piece %q is empty or not trimmed", p)
			}
			if n := measure(p); n > limit {
				t.Errorf("piece %q has %d units, limit %d", p, n, limit)
			}
			if utf8.ValidString(text) && !utf8.ValidString(p) {
				t.Errorf("piece %q cuts a character", p)
			}
		}
		// Stray bytes on both sides of a cut may make up a character together; what
		// is split was cleaned before.
		if got, want := dense(strings.Join(pieces, "")), dense(text); got != want && utf8.ValidString(text) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func dense(s string) string { return strings.Join(strings.Fields(s), "") }

func TestClip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		limit   int
		measure func(string) int
		want    string
	}{
		{"", 3, channels.Runes, ""},
		{"abc", 3, channels.Runes, "abc"},
		{"abcd", 3, channels.Runes, "abc"},
		{"abcd", 0, channels.Runes, ""},
		{"a😀", 2, channels.UTF16, "a"},
		{"e\u0301e\u0301", 3, channels.Runes, "e\u0301"},
		{"🇨🇿🇨🇿", 5, channels.UTF16, "🇨🇿"},
		{"ěě", 3, channels.Bytes, "ě"},
		{"ě", 1, channels.Bytes, ""},
		{"e\u0301\u0302\u0303", 2, channels.Runes, "e\u0301"},
	} {
		if got := channels.Clip(c.text, c.limit, c.measure); got != c.want {
			t.Errorf("Clip(%q, %d): got %q, want %q", c.text, c.limit, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                   "",
		"plain žluť 😀":       "plain žluť 😀",
		"a\x00b\x00":         "ab",
		"bad \xff\xfe bytes": "bad \uFFFD bytes",
		"\xed\xa0\x80":       "\uFFFD", // a lone surrogate, encoded
	} {
		if got := channels.Clean(text); got != want {
			t.Errorf("Clean(%q): got %q, want %q", text, got, want)
		}
	}
}

func TestMeasures(t *testing.T) {
	t.Parallel()
	const text = "aě😀"
	if got := channels.Bytes(text); got != 7 {
		t.Errorf("Bytes: got %d, want 7", got)
	}
	if got := channels.Runes(text); got != 3 {
		t.Errorf("Runes: got %d, want 3", got)
	}
	if got := channels.UTF16(text); got != 4 {
		t.Errorf("UTF16: got %d, want 4", got)
	}
}
