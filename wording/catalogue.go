package wording

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

//go:embed locales/*.json
var files embed.FS

// localizers read a language when it is needed first, and keep it.
var localizers = func() (list [len(codes)]func() *i18n.Localizer) {
	for _, l := range Locales() {
		list[l] = sync.OnceValue(func() *i18n.Localizer {
			localizer, err := load(l)
			if err != nil {
				panic(err) // the files are part of the program, and a test reads all of them
			}
			return localizer
		})
	}
	return list
}()

// load reads the texts of a language.
func load(l Locale) (*i18n.Localizer, error) {
	raw, err := files.ReadFile("locales/" + l.Code() + ".json")
	if err != nil {
		return nil, fmt.Errorf("wording: %w", err)
	}
	return parse(l, raw)
}

// parse makes a bundle of one language: there is nothing for the library to match,
// and it cannot take a related language for this one.
func parse(l Locale, raw []byte) (*i18n.Localizer, error) {
	tag := l.Tag()
	bundle := i18n.NewBundle(tag)
	if _, err := bundle.ParseMessageBytes(tag, raw, json.Unmarshal); err != nil {
		return nil, fmt.Errorf("wording: %s: %w", l, err)
	}
	return i18n.NewLocalizer(bundle, tag.String()), nil
}

// Say puts a text into words. A text that the catalogue does not have, which only
// one stored by another release can be, is said by its key: an agent sees that
// there is something, and can report it.
func (l Locale) Say(t Text) string {
	if t.Zero() {
		return ""
	}
	return say(localizers[l.known()](), t)
}

func say(localizer *i18n.Localizer, t Text) string {
	c := i18n.LocalizeConfig{MessageID: string(t.Key), TemplateData: t.Args, TemplateParser: reader{}}
	if t.Number != nil {
		c.PluralCount = *t.Number
	}
	words, err := localizer.Localize(&c)
	if err != nil && words == "" {
		return string(t.Key)
	}
	return words
}

// reader reads texts with arguments in braces; the library keeps what it made. It
// stands in for text/template, which would take twice as long, and in which a
// translation could call for more than arguments.
type reader struct{}

// Cacheable implements template.Parser.
func (reader) Cacheable() bool { return true }

// Parse implements template.Parser.
func (reader) Parse(src, _, _ string) (template.ParsedTemplate, error) {
	var p pieces
	for {
		literal, rest, more := strings.Cut(src, "{")
		if strings.Contains(literal, "}") {
			return nil, fmt.Errorf("wording: a brace is closed and not opened: %q", src)
		}
		p = append(p, literal)
		if !more {
			return p, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || name == "" || strings.Contains(name, "{") {
			return nil, fmt.Errorf("wording: a brace is opened and not closed: %q", src)
		}
		p, src = append(p, name), after
	}
}

// pieces are literals and, between them, names of arguments.
type pieces []string

// Execute implements template.ParsedTemplate.
func (p pieces) Execute(data any) (string, error) {
	if len(p) == 1 {
		return p[0], nil
	}
	args, _ := data.(Args)
	var b strings.Builder
	for i, piece := range p {
		if i%2 == 1 {
			piece = args[piece]
		}
		b.WriteString(piece)
	}
	return b.String(), nil
}
