package telegram

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"tributary/channels"
)

// Agents write Markdown, Telegram takes a little HTML (Bot API, "HTML style").
// Only what it can show is rendered: emphasis, strike-through, code, fenced
// code and links. Everything else, HTML included, stays as it was typed, with
// all its line breaks: a list or a heading reads well enough as text.

// tag is an open HTML element.
type tag struct {
	name, href string
}

// span is a run of visible text under the same tags. Tags are compared by
// pointer: two neighbours of the same name are two elements.
type span struct {
	text string
	tags []*tag
}

// newMarkdown makes a parser that knows inline markup only.
func newMarkdown() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(util.Prioritized(verbatim{}, 100)),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewEmphasisParser(), 500),
			util.Prioritized(extension.NewStrikethroughParser(), 500),
		),
	)
}

// verbatim is a block parser that takes all lines as one block, blank and
// indented ones too, so that the layout of the text is kept.
type verbatim struct{}

var verbatimKind = ast.NewNodeKind("Verbatim")

type verbatimNode struct{ ast.BaseBlock }

// Kind implements ast.Node.
func (*verbatimNode) Kind() ast.NodeKind { return verbatimKind }

// Dump implements ast.Node.
func (n *verbatimNode) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// Trigger implements parser.BlockParser: every line opens the block.
func (verbatim) Trigger() []byte { return nil }

// Open implements parser.BlockParser.
func (v verbatim) Open(_ ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	n := new(verbatimNode)
	return n, v.Continue(n, reader, pc) &^ parser.Continue
}

// Continue implements parser.BlockParser.
func (verbatim) Continue(n ast.Node, reader text.Reader, _ parser.Context) parser.State {
	_, segment := reader.PeekLine()
	n.Lines().Append(segment)
	reader.AdvanceToEOL()
	return parser.Continue | parser.NoChildren
}

// Close implements parser.BlockParser.
func (verbatim) Close(ast.Node, text.Reader, parser.Context) {}

// CanInterruptParagraph implements parser.BlockParser.
func (verbatim) CanInterruptParagraph() bool { return false }

// CanAcceptIndentedLine implements parser.BlockParser.
func (verbatim) CanAcceptIndentedLine() bool { return true }

// render parses an agent's Markdown into spans.
func render(p parser.Parser, markdown string) []span {
	markdown = strings.TrimSpace(strings.ReplaceAll(channels.Clean(markdown), "\r\n", "\n"))
	var out []span
	for _, b := range fences(markdown) {
		if b.code {
			out = append(out, span{text: b.text, tags: []*tag{{name: "pre"}, {name: "code"}}})
			continue
		}
		for _, paragraph := range strings.SplitAfter(b.text, "\n\n") {
			out = inline(p, out, paragraph)
		}
	}
	return out
}

// maxParagraph bounds the parser, which takes quadratic time over some inputs.
// No one marks up a paragraph of this many bytes.
const maxParagraph = 8 << 10

func inline(p parser.Parser, out []span, paragraph string) []span {
	// The parser skips blank lines in front of a block.
	body := strings.TrimLeft(paragraph, " \t\n")
	if len(body) > maxParagraph {
		body = ""
	}
	w := walker{source: []byte(body), out: out}
	w.add(paragraph[:len(paragraph)-len(body)], nil)
	w.children(p.Parse(text.NewReader(w.source)), nil)
	return w.out
}

type block struct {
	text string
	code bool
}

// fences takes the fenced code blocks out of a text. A fence that is never
// closed is text.
func fences(s string) []block {
	const fence = "```"
	var out []block
	lines := strings.SplitAfter(s, "\n")
	start := 0
	for i := 0; i < len(lines); i++ {
		opening := strings.TrimSpace(lines[i])
		if !strings.HasPrefix(opening, fence) || strings.Contains(opening[len(fence):], "`") {
			continue
		}
		end := i + 1
		for end < len(lines) && strings.TrimSpace(lines[end]) != fence {
			end++
		}
		code := strings.TrimSuffix(strings.Join(lines[i+1:min(end, len(lines))], ""), "\n")
		if end == len(lines) || strings.TrimSpace(code) == "" {
			continue
		}
		out = appendText(out, lines[start:i])
		out = append(out, block{text: code, code: true})
		i, start = end, end+1
		// The line break after the closing fence separates the blocks.
		if strings.HasSuffix(lines[end], "\n") {
			lines[end] = "\n"
			start = end
		}
	}
	return appendText(out, lines[start:])
}

func appendText(out []block, lines []string) []block {
	if s := strings.Join(lines, ""); s != "" {
		out = append(out, block{text: s})
	}
	return out
}

// walker turns a syntax tree into spans.
type walker struct {
	source []byte
	out    []span
}

func (w *walker) add(s string, tags []*tag) {
	if s != "" {
		w.out = append(w.out, span{text: s, tags: tags})
	}
}

func (w *walker) children(n ast.Node, tags []*tag) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.node(c, tags)
	}
}

func (w *walker) node(n ast.Node, tags []*tag) {
	switch n := n.(type) {
	case *ast.Text:
		value := string(n.Segment.Value(w.source))
		if len(tags) == 0 || tags[len(tags)-1].name != "code" {
			value = unescape(value)
		}
		if n.SoftLineBreak() || n.HardLineBreak() {
			value += "\n"
		}
		w.add(value, tags)
	case *ast.CodeSpan:
		w.children(n, with(tags, "code", ""))
	case *ast.Emphasis:
		name := "em"
		if n.Level > 1 {
			name = "strong"
		}
		w.children(n, with(tags, name, ""))
	case *extast.Strikethrough:
		w.children(n, with(tags, "del", ""))
	case *ast.Link:
		w.link(n, string(n.Destination), tags)
	case *ast.Image:
		w.link(n, string(n.Destination), tags)
	default:
		w.children(n, tags)
	}
}

// link keeps the text of links that Telegram would refuse.
func (w *walker) link(n ast.Node, destination string, tags []*tag) {
	scheme, _, _ := strings.Cut(strings.ToLower(destination), ":")
	switch scheme {
	case "http", "https", "mailto", "tel", "tg":
		tags = with(tags, "a", unescape(destination))
	}
	w.children(n, tags)
}

func with(tags []*tag, name, href string) []*tag {
	return append(slices.Clip(tags), &tag{name: name, href: href})
}

// unescape resolves backslash escapes (CommonMark 0.31 §2.4).
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// pieces cuts spans into HTML texts of at most limit visible UTF-16 units, the
// unit in which Telegram counts after parsing the markup. Elements that a cut
// goes through are closed and opened again.
func pieces(spans []span, limit int) []string {
	var visible strings.Builder
	for _, s := range spans {
		visible.WriteString(s.text)
	}
	all := visible.String()
	var out []string
	from := 0
	for _, piece := range channels.Split(all, limit, channels.UTF16) {
		// Between pieces there is only white space.
		from += strings.Index(all[from:], piece)
		out = append(out, markup(spans, from, from+len(piece)))
		from += len(piece)
	}
	return out
}

// markup writes the visible bytes [from, to) of spans as HTML.
func markup(spans []span, from, to int) string {
	var b strings.Builder
	var open []*tag
	at := 0
	for _, s := range spans {
		start, end := max(from-at, 0), min(to-at, len(s.text))
		at += len(s.text)
		if start >= end {
			continue
		}
		open = switchTags(&b, open, s.tags)
		b.WriteString(textEscaper.Replace(s.text[start:end]))
	}
	switchTags(&b, open, nil)
	return b.String()
}

// switchTags closes what of open is not in next and opens the rest of next.
func switchTags(b *strings.Builder, open, next []*tag) []*tag {
	common := 0
	for common < len(open) && common < len(next) && open[common] == next[common] {
		common++
	}
	for i := len(open) - 1; i >= common; i-- {
		b.WriteString("</" + open[i].name + ">")
	}
	for _, t := range next[common:] {
		b.WriteString("<" + t.name)
		if t.href != "" {
			b.WriteString(` href="` + attributeEscaper.Replace(t.href) + `"`)
		}
		b.WriteString(">")
	}
	return next
}

// What HTML of Telegram must escape, in texts and in attributes.
var (
	textEscaper      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	attributeEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
	element          = regexp.MustCompile(`<[^>]*>`)
)

// plain takes the markup of markup() away again.
func plain(s string) string { return html.UnescapeString(element.ReplaceAllString(s, "")) }
