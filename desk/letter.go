package desk

import (
	"html/template"
	"strings"

	"tributary/wording"
)

// letter is a mail to a user, in words: what it is about and one thing to do.
type letter struct {
	Locale  wording.Locale
	Subject string
	Lines   []string
	Action  string // the label of the link
	Link    string
	Until   string // how long the link works; empty: for good
	Paste   string
	Ignore  string
}

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

func (l letter) text() string {
	var b strings.Builder
	for _, line := range l.Lines {
		b.WriteString(line + "\n\n")
	}
	b.WriteString(l.Action + ":\n" + l.Link + "\n\n")
	if l.Until != "" {
		b.WriteString(l.Until + "\n\n")
	}
	b.WriteString(l.Ignore + "\n")
	return b.String()
}

func (l letter) html() string {
	var b strings.Builder
	if err := letterPage.Execute(&b, l); err != nil {
		return "" // the text says it all
	}
	return b.String()
}

var letterPage = template.Must(template.New("letter").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}" dir="{{.Dir}}">
<head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; color: #1f2937; max-width: 36em; margin: 1.5em auto; padding: 0 1em">
{{- range .Lines}}
<p>{{.}}</p>
{{- end}}
<p><a href="{{.Link}}" style="display: inline-block; background: #1d4ed8; color: #ffffff; text-decoration: none;
padding: 0.6em 1.2em; border-radius: 0.4em">{{.Action}}</a></p>
{{- with .Until}}
<p>{{.}}</p>
{{- end}}
<p style="color: #6b7280; font-size: 0.85em">{{.Paste}}<br><bdi style="word-break: break-all">{{.Link}}</bdi></p>
<p style="color: #6b7280; font-size: 0.85em">{{.Ignore}}</p>
</body>
</html>
`))
