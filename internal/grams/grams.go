// Package grams turns texts into the short pieces by which a search finds them: every
// run of one, two and three characters, without regard to case. A text that contains
// another contains all its pieces, whatever the script; short words have pieces, too.
package grams

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Size is how many documents a Set holds.
const Size = 4096

// folds are the folded forms of the characters that most texts are made of.
var folds = func() (table [0x2000]rune) {
	for r := range table {
		table[r] = slowFold(rune(r))
	}
	return table
}()

// slowFold gives the same character for all those that differ in case only: the
// smallest of them, in lower case where that is ASCII.
func slowFold(r rune) rune {
	low := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		low = min(low, other)
	}
	if 'A' <= low && low <= 'Z' {
		low += 'a' - 'A'
	}
	return low
}

func fold(r rune) rune {
	switch {
	case r < 0x2000:
		return folds[r]
	case r >= 0x2e80 && r < 0xa640: // scripts of East Asia: no case
		return r
	}
	return slowFold(r)
}

// AppendFold appends text without regard to case.
func AppendFold(to []byte, text string) []byte {
	for _, r := range text {
		if r = fold(r); r < utf8.RuneSelf {
			to = append(to, byte(r))
		} else {
			to = utf8.AppendRune(to, r)
		}
	}
	return to
}

// Needle is a text that is looked for in others. It is for one goroutine.
type Needle struct {
	text  string
	fold  []byte
	buf   []byte
	grams []int64
}

// NewNeedle makes one.
func NewNeedle(text string) *Needle {
	n := &Needle{text: text, fold: AppendFold(nil, text)}
	n.grams = needed([]rune(string(n.fold)))
	return n
}

// Text is what is looked for.
func (n *Needle) Text() string { return n.text }

// In tells whether a text contains it, without regard to case.
func (n *Needle) In(text string) bool {
	n.buf = AppendFold(n.buf[:0], text)
	return bytes.Contains(n.buf, n.fold)
}

// Grams are pieces of it, all of which a text must have that contains it: as many as
// make a good guess, not all of a long text.
func (n *Needle) Grams() []int64 { return n.grams }

// maxNeeded bounds the pieces of a needle; each costs a look-up in every segment.
const maxNeeded = 6

func needed(runes []rune) []int64 {
	switch len(runes) {
	case 0:
		return nil
	case 1:
		return []int64{int64(runes[0])}
	case 2:
		return []int64{pair(runes[0], runes[1])}
	}
	last := len(runes) - 3 // where the last piece begins
	count := min(last+1, maxNeeded)
	var out []int64
	seen := map[int64]bool{}
	for i := range count {
		at := 0
		if count > 1 {
			at = i * last / (count - 1)
		}
		gram := triple(runes[at], runes[at+1], runes[at+2])
		if !seen[gram] {
			out = append(out, gram)
		}
		seen[gram] = true
	}
	return out
}

// A character has 21 bits. That pieces with a NUL in them may look like shorter ones
// costs a wrong guess at most.
func pair(a, b rune) int64      { return int64(a)<<21 | int64(b) }
func triple(a, b, c rune) int64 { return int64(a)<<42 | int64(b)<<21 | int64(c) }

// Each calls f with every piece of a text, repeatedly where it repeats.
func Each(text string, f func(gram int64)) {
	var a, b rune // the two before
	n := 0
	for _, r := range text {
		r = fold(r)
		f(int64(r))
		if n > 0 {
			f(pair(b, r))
		}
		if n > 1 {
			f(triple(a, b, r))
		}
		a, b = b, r
		n++
	}
}
