// Command picture draws what a program printed on a terminal as an SVG: it reads
// text with colours from standard input. `make picture` draws docs/demo.svg with
// it.
package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"os"
	"strings"

	"github.com/rivo/uniseg"
)

// Sizes in pixels. Every word is placed at its own column, so that the columns
// stand whatever monospaced font the viewer has.
const (
	fontSize   = 13
	cellWidth  = 7.83
	lineHeight = 19
	margin     = 18
	titleBar   = 34
)

// classes are the styles of the terminal that the program uses.
var classes = map[string]string{"1": "b", "2": "f", "31": "r", "32": "g", "33": "y", "36": "c"}

const head = `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%[3]s">
<style>
text { font: %[4]dpx ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d0d7de; white-space: pre }
.b { font-weight: 700; fill: #ffffff } .f { fill: #8b949e } .g { fill: #3fb950 } .r { fill: #f85149 } .y { fill: #d29922 } .c { fill: #39c5cf }
</style>
<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>
<circle cx="20" cy="18" r="6" fill="#ff5f57"/><circle cx="40" cy="18" r="6" fill="#febc2e"/><circle cx="60" cy="18" r="6" fill="#28c840"/>
<text x="84" y="22" class="f">%[3]s</text>
`

func main() {
	title := "make demo"
	if len(os.Args) > 1 {
		title = os.Args[1]
	}
	if err := draw(os.Stdin, os.Stdout, title); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func draw(in io.Reader, out io.Writer, title string) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var body strings.Builder
	widest := 0
	lines := strings.Split(strings.Trim(string(text), "\n"), "\n")
	for i, l := range lines {
		widest = max(widest, line(&body, l, titleBar+(i+1)*lineHeight))
	}
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, head, int(float64(widest)*cellWidth)+2*margin, titleBar+len(lines)*lineHeight+margin, html.EscapeString(title), fontSize)
	fmt.Fprint(w, body.String(), "</svg>\n")
	return w.Flush() // gives the first error of all writes
}

// line draws one line with its baseline at y and gives its width in cells.
func line(out *strings.Builder, text string, y int) int {
	column, class := 0, ""
	var word strings.Builder
	start := 0
	flush := func() {
		if word.Len() == 0 {
			return
		}
		mark := ""
		if class != "" {
			mark = ` class="` + class + `"`
		}
		fmt.Fprintf(out, `<text x="%.1f" y="%d"%s>%s</text>`+"\n", margin+float64(start)*cellWidth, y, mark, html.EscapeString(word.String()))
		word.Reset()
	}
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			code, after, _ := strings.Cut(rest, "m")
			flush()
			class, text = classes[code], after
			continue
		}
		cluster, rest, width, _ := uniseg.FirstGraphemeClusterInString(text, -1)
		text = rest
		if cluster == " " {
			flush()
			column += width
			continue
		}
		if word.Len() == 0 {
			start = column
		}
		word.WriteString(cluster)
		column += width
		if width != 1 { // fonts disagree about the width of these
			flush()
		}
	}
	flush()
	return column
}
