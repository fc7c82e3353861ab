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
// trimmed at the cuts; an empty text gives none. Only a single character that is
// longer than limit makes a longer piece.
func Split(text string, limit int, measure func(string) int) []string {
	text = strings.TrimSpace(text)
	var out []string
	for text != "" {
		if measure(text) <= limit {
			return append(out, text)
		}
		head := fitting(text, limit, measure)
		if head == "" {
			_, size := utf8.DecodeRuneInString(text)
			head = text[:size]
		}
		cut := cutAt(head, text[len(head):])
		out = append(out, strings.TrimSpace(text[:cut]))
		text = strings.TrimSpace(text[cut:])
	}
	return out
}

// cutAt is where head, which rest follows, is cut best: at the strongest boundary
// in its second half (a cut in the first half would waste most of the piece).
func cutAt(head, rest string) int {
	for _, sep := range []string{"\n\n", "\n", " "} {
		if strings.HasPrefix(rest, sep) {
			return len(head)
		}
		if i := strings.LastIndex(head, sep); i > len(head)/2 {
			return i
		}
	}
	return len(head)
}

// fitting is the longest prefix of whole graphemes within limit; where not even
// the first one fits (letters under a heap of combining marks), of characters.
func fitting(text string, limit int, measure func(string) int) string {
	used, end, state := 0, 0, -1
	for rest := text; rest != ""; {
		var g string
		g, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used += measure(g); used > limit {
			break
		}
		end += len(g)
	}
	if end > 0 {
		return text[:end]
	}
	used = 0
	for i, r := range text {
		if used += measure(string(r)); used > limit {
			return text[:i]
		}
	}
	return text
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
