package main

import (
	"strconv"
	"testing"
)

// TestTally: a checker that finds nothing has to be one that could.
func TestTally(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		got  []string
		want int64
		tally
	}{
		"all there":                         {[]string{"0", "1", "2"}, 3, tally{}},
		"one that nobody was promised":      {[]string{"0", "1", "2"}, 2, tally{}},
		"nothing":                           {nil, 2, tally{lost: 2}},
		"one lost in the middle":            {[]string{"0", "2"}, 3, tally{lost: 1}},
		"the last one lost":                 {[]string{"0", "1"}, 3, tally{lost: 1}},
		"one twice":                         {[]string{"0", "1", "1", "2"}, 3, tally{doubled: 1}},
		"one again, later":                  {[]string{"0", "1", "0", "2"}, 3, tally{doubled: 1}},
		"two changed places":                {[]string{"0", "2", "1", "3"}, 4, tally{disordered: 1}},
		"twice, though nobody was promised": {[]string{"0", "1", "1"}, 1, tally{doubled: 1}},
	} {
		var got tally
		got.compare(c.got, c.want, func(n int64) string { return strconv.FormatInt(n, 10) })
		if got != c.tally {
			t.Errorf("%s: got %+v, want %+v", name, got, c.tally)
		}
	}
}

// TestFaultsHaveNamesOfTheirOwn, by which -only finds them.
func TestFaultsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range (&cluster{tmpfs: "/disk", island: &island{}}).faults() {
		if seen[f.name] {
			t.Errorf("two faults are called %q", f.name)
		}
		seen[f.name] = true
	}
}
