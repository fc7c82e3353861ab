package whatsapp

import (
	"html/template"
	"strings"
	"unicode"

	"tributary/wording"
)

// letter is a mail about a number, in words.
type letter struct {
	Locale        wording.Locale
	Inbox, Number string
	At            string
	News          []item
	MetaSays      string
	Quotes        []string // Meta's, plain text
	Links         []link
	Footer        string
}

// item is a piece of news.
type item struct{ What, Do, Until string }

type link struct{ Label, URL string }

// Lang is the language as HTML names it.
func (l letter) Lang() string { return l.Locale.Tag().String() }

// Dir is the direction in which it is read.
func (l letter) Dir() string {
	switch l.Locale.Code() {
	case "ar", "fa", "he":
		return "rtl"
	}
	return "ltr"
}

// About says which number it is.
func (l letter) About() string { return l.Inbox + " · " + l.Number }

func (l letter) subject() string {
	if len(l.News) == 0 {
		return l.About()
	}
	return l.Inbox + ": " + l.News[0].What
}

func (l letter) text() string {
	var b strings.Builder
	lines := func(list ...string) {
		for _, s := range list {
			if s != "" {
				b.WriteString(s + "\n")
			}
		}
	}
	lines(l.About(), l.At)
	for _, n := range l.News {
		b.WriteByte('\n')
		lines(n.What, n.Do, n.Until)
	}
	if len(l.Quotes) > 0 {
		b.WriteByte('\n')
		lines(l.MetaSays)
		for _, q := range l.Quotes {
			lines("> " + strings.ReplaceAll(q, "\n", "\n> "))
		}
	}
	b.WriteByte('\n')
	for _, k := range l.Links {
		lines(k.Label + ": " + k.URL)
	}
	b.WriteByte('\n')
	lines(l.Footer)
	return b.String()
}

func (l letter) html() string {
	var b strings.Builder
	if err := page.Execute(&b, l); err != nil {
		return "" // the text says it all
	}
	return b.String()
}

var page = template.Must(template.New("notice").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}" dir="{{.Dir}}">
<head><meta charset="utf-8"><title>{{.About}}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; color: #1f2937; max-width: 36em; margin: 1.5em auto; padding: 0 1em">
<p style="color: #6b7280"><bdi>{{.Inbox}}</bdi> · <bdi>{{.Number}}</bdi><br>{{.At}}</p>
{{- range .News}}
<h2 style="font-size: 1.2em; margin-bottom: 0.2em">{{.What}}</h2>
{{- with .Do}}
<p style="margin-top: 0">{{.}}</p>
{{- end}}
{{- with .Until}}
<p>{{.}}</p>
{{- end}}
{{- end}}
{{- if .Quotes}}
<p>{{.MetaSays}}</p>
{{- range .Quotes}}
<blockquote style="white-space: pre-line; border-inline-start: 3px solid #d1d5db; margin: 0; padding: 0 1em" dir="auto">{{.}}</blockquote>
{{- end}}
{{- end}}
<p>{{range $i, $k := .Links}}{{if $i}}<br>{{end}}<a href="{{$k.URL}}">{{$k.Label}}</a>{{end}}</p>
<p style="color: #6b7280; font-size: 0.85em">{{.Footer}}</p>
</body>
</html>
`))

// longestQuote is how much of a text of Meta's is shown, in characters.
const longestQuote = 1000

// plainText makes a text of somebody else's fit to be shown: without control
// characters, and not too long.
func plainText(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
	if runes := []rune(strings.TrimSpace(s)); len(runes) > longestQuote {
		s = string(runes[:longestQuote]) + "…"
	}
	return strings.TrimSpace(s)
}
