// Package pages are the pages that the server writes itself: the operators' console
// and the first start. They need no script, and load nothing from anywhere.
package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed html/*.html style.css
var files embed.FS

// Frame is what is around every page.
type Frame struct {
	Title string
	// Section is the entry of the menu that is shown as current.
	Section string
	// Operator is the e-mail address of who is signed in; empty: there is no menu.
	Operator string
	// CSRF proves that a form is ours.
	CSRF   string
	Notice string // what was done
	Alert  string // what went wrong
	Data   any    // of the page itself
}

// Style is the style sheet, which every page carries.
var Style = template.CSS(mustRead("style.css")) //nolint:gosec // our own

// Policy is the Content-Security-Policy of a page: nothing but its own style, and
// forms that lead to this server. formTargets are further origins to which the answer
// to a form may lead.
func Policy(formTargets ...string) string {
	sum := sha256.Sum256([]byte(Style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src 'self' data:; frame-src 'self'; " +
		"form-action " + strings.Join(append([]string{"'self'"}, formTargets...), " ") + "; frame-ancestors 'none'; base-uri 'none'"
}

// MailPolicy is that of a mail's page inside the page about it: its own style, no
// script, and links that open elsewhere.
const MailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; " +
	"sandbox allow-popups allow-popups-to-escape-sandbox"

func mustRead(name string) string {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(b)
}

var functions = template.FuncMap{
	"style": func() template.CSS { return Style },
	"when":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") },
	"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"lines": lines,
	"count": Thousands,
}

// Line is a line of a text; Link is set where all of it is an address.
type Line struct{ Text, Link string }

// lines takes a text apart, so that its links can be followed.
func lines(text string) []Line {
	var out []Line
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		l := Line{Text: line}
		if (strings.HasPrefix(line, "https://") || strings.HasPrefix(line, "http://")) && !strings.ContainsAny(line, " \t") {
			l.Link = line
		}
		out = append(out, l)
	}
	return out
}

// Thousands writes a number with separators.
func Thousands(n int64) string {
	if n < 0 {
		return "-" + Thousands(-n)
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// templates are the pages by name, each with the frame.
var templates = func() map[string]*template.Template {
	frame := template.Must(template.New("frame.html").Funcs(functions).ParseFS(files, "html/frame.html"))
	names, err := files.ReadDir("html")
	if err != nil {
		panic(err) // it is embedded
	}
	out := map[string]*template.Template{}
	for _, e := range names {
		if e.Name() == "frame.html" {
			continue
		}
		one := template.Must(template.Must(frame.Clone()).ParseFS(files, path.Join("html", e.Name())))
		out[strings.TrimSuffix(e.Name(), ".html")] = one
	}
	return out
}()

// Render writes a page.
func Render(name string, f Frame) ([]byte, error) {
	t, ok := templates[name]
	if !ok {
		return nil, fmt.Errorf("pages: no page %q", name)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "frame.html", f); err != nil {
		return nil, fmt.Errorf("pages: %s: %w", name, err)
	}
	return b.Bytes(), nil
}
