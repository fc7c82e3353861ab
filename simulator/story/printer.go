package story

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rivo/uniseg"
)

// Styles of a terminal, used only when colour is on.
const (
	plain = ""
	bold  = "\x1b[1m"
	faint = "\x1b[2m"
	good  = "\x1b[32m"
	bad   = "\x1b[31m"
	reset = "\x1b[0m"
)

// printer writes aligned lines. The first error of the writer is kept.
type printer struct {
	out   io.Writer
	color bool
	err   error
}

func (p *printer) line(parts ...string) {
	if p.err != nil {
		return
	}
	_, p.err = fmt.Fprintln(p.out, strings.TrimRight(strings.Join(parts, ""), " "))
}

func (p *printer) style(s, text string) string {
	if !p.color || s == plain {
		return text
	}
	return s + text + reset
}

func (p *printer) title(text string) {
	p.line()
	p.line("  ", p.style(bold, text))
}

// row prints cells in the widths of columns; the mark tells how it went.
func (p *printer) row(ok bool, columns []column, cells ...string) {
	mark := p.style(good, "✓")
	if !ok {
		mark = p.style(bad, "✗")
	}
	parts := []string{"  ", mark, " "}
	for i, cell := range cells {
		parts = append(parts, p.style(columns[i].style, columns[i].fit(cell)), "  ")
	}
	p.line(parts...)
}

func (p *printer) head(columns []column) {
	parts := []string{"    "}
	for _, c := range columns {
		parts = append(parts, p.style(faint, c.fit(c.name)), "  ")
	}
	p.line(parts...)
}

// column is a column of a table.
type column struct {
	name  string
	width int // in terminal cells; 0: as wide as the text
	right bool
	style string
}

// fit pads or cuts text to the width of the column.
func (c column) fit(text string) string {
	if c.width == 0 {
		return text
	}
	width := uniseg.StringWidth(text)
	if width > c.width {
		text = cut(text, c.width-1) + "…"
		width = uniseg.StringWidth(text)
	}
	pad := strings.Repeat(" ", max(c.width-width, 0))
	if c.right {
		return pad + text
	}
	return text + pad
}

func cut(text string, width int) string {
	var b strings.Builder
	used := 0
	g := uniseg.NewGraphemes(text)
	for g.Next() {
		if used += g.Width(); used > width {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String()
}

// took writes a duration the way people read it.
func took(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}
