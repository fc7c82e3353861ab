package grams_test

import (
	"slices"
	"strings"
	"testing"

	"tributary/internal/grams"
)

func TestNeedle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, in string
		want     bool
	}{
		{"hello", "Oh, HELLO there", true},
		{"hello", "hell o", false},
		{"100% sure_", "is it 100% SURE_thing", true},
		{"ÄRGER", "viel ärger", true},
		{"ΣΊΣΥΦΟΣ", "σίσυφος", true}, // the last letter has a form of its own
		{"привет", "ПРИВЕТ, мир", true},
		{"今天", "你今天好吗", true},
		{"你", "你今天好吗", true},
		{"kelvin", "\u212Aelvin", true}, // the sign of the unit
		{"x", "", false},
		{"\x00", "a\x00b", true},
		{"\xff", "a\xfe", true}, // both are no character
		{"🙂", "fine 🙂", true},
		{strings.Repeat("long ", 50), "so " + strings.Repeat("LONG ", 50), true},
	} {
		n := grams.NewNeedle(c.text)
		if got := n.In(c.in); got != c.want {
			t.Errorf("%q in %q: %v", c.text, c.in, got)
		}
		have := map[int64]bool{}
		grams.Each(c.in, func(g int64) { have[g] = true })
		all := len(n.Grams()) > 0
		for _, g := range n.Grams() {
			all = all && have[g]
		}
		if c.want && !all {
			t.Errorf("%q is in %q, but its pieces are not", c.text, c.in)
		}
	}
	for text, want := range map[string]int{"": 0, "a": 1, "ab": 1, "abc": 1, "abcd": 2, "aaaaaa": 1, "abcdefghijklmnopqrstuvwxyz": 6} {
		if got := len(grams.NewNeedle(text).Grams()); got != want {
			t.Errorf("%q has %d pieces that are asked for, want %d", text, got, want)
		}
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	dense := make([]uint16, 0, grams.Size)
	for i := range uint16(grams.Size) {
		if i%3 != 0 {
			dense = append(dense, i)
		}
	}
	for _, places := range [][]uint16{nil, {0}, {4095}, {0, 1, 63, 64, 4094, 4095}, dense} {
		s, err := grams.Decode(grams.Encode(places))
		if err != nil {
			t.Fatal(err)
		}
		var got []uint16
		for _, p := range slices.Backward(s.Places()) {
			got = append(got, uint16(p))
		}
		if !slices.Equal(got, places) || s.Len() != len(places) {
			t.Errorf("%d places became %d", len(places), len(got))
		}
	}
	for _, text := range []string{"!", "gA", "/////w8", "gIAB"} {
		if _, err := grams.Decode(text); err == nil {
			t.Errorf("%q is taken for places", text)
		}
	}
	var a, b grams.Set
	a.Add(1)
	a.Add(100)
	b.Add(100)
	b.Add(4000)
	both := a
	both.And(&b)
	a.Or(&b)
	if !slices.Equal(both.Places(), []int{100}) || !slices.Equal(a.Places(), []int{4000, 100, 1}) {
		t.Errorf("and %v, or %v", both.Places(), a.Places())
	}
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	b := grams.NewBuilder()
	b.Text(3, "aaa")
	b.Text(9, "A")
	got := map[int64][]uint16{}
	b.Each(func(gram int64, places []uint16) { got[gram] = places })
	if len(got) != 3 || !slices.Equal(got['a'], []uint16{3, 9}) || !slices.Equal(got[grams.NewNeedle("aa").Grams()[0]], []uint16{3}) {
		t.Errorf("%v", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("AQID")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := grams.Decode(text)
		if err == nil && s.Len() > grams.Size {
			t.Error(s.Len())
		}
	})
}

func BenchmarkIn(b *testing.B) {
	n := grams.NewNeedle("where is my order")
	text := strings.Repeat("a message of the usual length ", 3)
	for b.Loop() {
		n.In(text)
	}
}
