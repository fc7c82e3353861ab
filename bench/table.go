package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// table is the result: a row per figure.
type table struct{ rows []row }

type row struct {
	Figure   string `json:"figure"`
	Measured string `json:"measured"`
	Target   string `json:"target,omitempty"`
	Verdict  string `json:"verdict,omitempty"` // met, missed
	Note     string `json:"how"`
}

// add adds a figure with its target; met is what the comparison said.
func (t *table) add(figure, measured, target string, met bool, note string) {
	verdict := "met"
	if !met {
		verdict = "missed"
	}
	t.rows = append(t.rows, row{figure, measured, target, verdict, note})
}

// tell adds a figure without a target.
func (t *table) tell(figure, measured, note string) {
	t.rows = append(t.rows, row{Figure: figure, Measured: measured, Note: note})
}

// missing adds a figure that this machine cannot give.
func (t *table) missing(figure, target, reason string) {
	t.rows = append(t.rows, row{figure, "not measured", target, "", reason})
}

var headings = row{"figure", "measured", "target", "", "how"}

func (r row) cells() []string { return []string{r.Figure, r.Measured, r.Target, r.Verdict, r.Note} }

func (t *table) text(w io.Writer, m machine) {
	all := append([]row{headings}, t.rows...)
	widths := make([]int, len(headings.cells()))
	for _, r := range all {
		for i, c := range r.cells() {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, r := range all {
		var line strings.Builder
		for i, c := range r.cells() {
			line.WriteString(c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2))
		}
		_, _ = fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
	_, _ = fmt.Fprintln(w, "\n"+m.String())
}

func (t *table) markdown(w io.Writer, m machine) {
	for i, r := range append([]row{headings}, t.rows...) {
		_, _ = fmt.Fprintln(w, "| "+strings.Join(r.cells(), " | ")+" |")
		if i == 0 {
			_, _ = fmt.Fprintln(w, "|---|---|---|---|---|")
		}
	}
	_, _ = fmt.Fprintln(w, "\n"+m.String())
}

// median of a list that is not empty.
func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// quantile of sorted durations; 0 when there are none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// count writes a number with separated thousands.
func count(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}
