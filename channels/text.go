package channels

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Measures of a text, in the unit that a provider counts.
var (
	// Bytes counts UTF-8 bytes (Instagram).
	Bytes = func(s string) int { return len(s) }
	// Runes counts characters.
	Runes = utf8.RuneCountInString
	// UTF16 counts UTF-16 code units (Telegram, LINE, Messenger).
	UTF16 = func(s string) int {
		n := 0
		for _, r := range s {
			n++
			if r > 0xFFFF {
				n++
			}
		}
		return n
	}
)

// Split cuts text into pieces of at most limit units: between paragraphs where
// it can, else between lines, words, and at last graphemes. The pieces are
// trimmed at the cuts; an empty text gives none.
func Split(text string, limit int, measure func(string) int) []string {
	text = strings.TrimSpace(text)
	var out []string
	for text != "" {
		if measure(text) <= limit {
			return append(out, text)
		}
		head := fitting(text, limit, measure)
		cut := len(head)
		for _, sep := range []string{"\n\n", "\n", " "} {
			// A cut in the first half would waste most of the piece.
			if i := strings.LastIndex(head, sep); i > len(head)/2 {
				cut = i
				break
			}
		}
		// The word may end exactly at the limit.
		if cut != len(head) && len(head) < len(text) && (text[len(head)] == ' ' || text[len(head)] == '\n') {
			cut = len(head)
		}
		out = append(out, strings.TrimSpace(text[:cut]))
		text = strings.TrimSpace(text[cut:])
	}
	return out
}

// fitting is the longest prefix of whole graphemes within limit; at least one.
func fitting(text string, limit int, measure func(string) int) string {
	used, end, state := 0, 0, -1
	rest := text
	for rest != "" {
		var g string
		g, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		n := measure(g)
		if used+n > limit && end > 0 {
			break
		}
		used += n
		end += len(g)
		if used > limit {
			break
		}
	}
	return text[:end]
}

// Clip shortens s to limit units at a grapheme boundary (button titles).
func Clip(s string, limit int, measure func(string) int) string {
	if measure(s) <= limit {
		return s
	}
	return fitting(s, limit, measure)
}

// Clean removes what no database and no client can hold: NUL and lone
// surrogates (which Go's decoders turn into U+FFFD already).
func Clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
