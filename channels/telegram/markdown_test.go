package telegram

import (
	"strings"
	"testing"

	"tributary/channels"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"Pick **one** <now> & go\nthanks", "Pick <strong>one</strong> &lt;now&gt; &amp; go\nthanks"},
		{"**x", "**x"},
		{"*a* _b_ __c__ ***d***", "<em>a</em> <em>b</em> <strong>c</strong> <em><strong>d</strong></em>"},
		{"~~gone~~ ~", "<del>gone</del> ~"},
		{"`a <b> *c*`", "<code>a &lt;b&gt; *c*</code>"},
		{"[shop](https://x.test/?a=1&b=\"2\")", `<a href="https://x.test/?a=1&amp;b=&quot;2&quot;">shop</a>`},
		{"[bad](javascript:alert(1)) ok", "bad ok"},
		{"![cat](https://x.test/c.png)", `<a href="https://x.test/c.png">cat</a>`},
		{"<b>bold</b> <script>", "&lt;b&gt;bold&lt;/b&gt; &lt;script&gt;"},
		{"a\n\n\nb\n   c  \nd", "a\n\n\nb\n   c\nd"},
		{"- one\n- two\n\n1. three\n# four\n> five", "- one\n- two\n\n1. three\n# four\n&gt; five"},
		{"    indented", "indented"},
		{"x\n    **y**", "x\n    <strong>y</strong>"},
		{`\*not\* 2 \\ C:\dir`, `*not* 2 \ C:\dir`},
		{"&amp; &lt;", "&amp;amp; &amp;lt;"},
		{"snake_case_name https://x.test/a_b_c", "snake_case_name https://x.test/a_b_c"},
		{"before\n```go\nif a < b {\n\n  **x**\n}\n```\nafter", "before\n<pre><code>if a &lt; b {\n\n  **x**\n}</code></pre>\nafter"},
		{"```\nopen", "```\nopen"},
		{"**a *b* c** *d", "<strong>a <em>b</em> c</strong> *d"},
		{"line one\\\nline two", "line one\nline two"},
		{"[open](http://x.test", "[open](http://x.test"},
		{"it's \"quoted\"", "it's \"quoted\""},
		{"**bold\nover lines**", "<strong>bold\nover lines</strong>"},
		{"", ""},
	}
	p := newMarkdown()
	for _, test := range tests {
		got := strings.Join(pieces(render(p, test.in), 4096), "|")
		if got != test.want {
			t.Errorf("%q:\n got %q\nwant %q", test.in, got, test.want)
		}
	}
}

func TestPiecesKeepMarkup(t *testing.T) {
	t.Parallel()
	p := newMarkdown()
	got := pieces(render(p, "**aaaa bbbb cccc** dd"), 10)
	want := []string{"<strong>aaaa bbbb</strong>", "<strong>cccc</strong> dd"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
	long := strings.Repeat("😀<&", 3000)
	total := 0
	for _, piece := range pieces(render(p, long), 4096) {
		n := channels.UTF16(plain(piece))
		if n > 4096 {
			t.Errorf("a piece has %d units", n)
		}
		total += n
	}
	if total != 4*3000 {
		t.Errorf("pieces have %d units in all, want %d", total, 4*3000)
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"**a** [b](c) `d`", "```\nx\n```", "*_~`[](<>)\\\n\n", "a\r\nb"} {
		f.Add(s)
	}
	p := newMarkdown()
	f.Fuzz(func(t *testing.T, s string) {
		for _, piece := range pieces(render(p, s), 40) {
			if n := channels.UTF16(plain(piece)); n > 80 {
				t.Errorf("a piece has %d units", n)
			}
			if strings.Count(piece, "<") != 2*strings.Count(piece, "</") {
				t.Errorf("unbalanced: %q", piece)
			}
		}
	})
}
