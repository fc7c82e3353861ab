package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/osteele/liquid"

	"tributary/chat"
	"tributary/store"
)

// Messages to contacts may have places to be filled in, in the language of Liquid
// (contract 02 §2.3): {{ contact.first_name }}. What people write there must not cost
// more than a message does: there are no loops, and nothing grows without end.

// noLoops finds the tags that could run for long, or grow, and those that read files. In
// code, too: what stands there is not run, unless the text makes it.
var noLoops = regexp.MustCompile(`\{%-?\s*(?:for|tablerow|capture|include|render|cycle)\b`)

// inlineCode is what stands between backticks, which is left alone.
var inlineCode = regexp.MustCompile("(?s)`.*?`")

// maxFilled is the most that is written while a message is filled in, in bytes; its
// parts, and the values in it, are no longer either.
const maxFilled = 4 * maxContent

// maxParts is how many parts a text can be split into.
const maxParts = 1000

var errTooMuch = errors.New("desk: a filled in message is too long")

// liquidEngine is Liquid with filters that bound what they make.
var liquidEngine = sync.OnceValue(func() *liquid.Engine {
	e := liquid.NewEngine()
	bounded := func(size int, text func() string) (string, error) {
		if size > maxFilled {
			return "", errTooMuch
		}
		return text(), nil
	}
	e.RegisterFilter("append", func(s, more string) (string, error) {
		return bounded(len(s)+len(more), func() string { return s + more })
	})
	e.RegisterFilter("prepend", func(s, more string) (string, error) {
		return bounded(len(s)+len(more), func() string { return more + s })
	})
	e.RegisterFilter("replace", func(s, old, by string) (string, error) {
		return bounded(len(s)+strings.Count(s, old)*len(by), func() string { return strings.ReplaceAll(s, old, by) })
	})
	e.RegisterFilter("replace_first", func(s, old, by string) (string, error) {
		return bounded(len(s)+len(by), func() string { return strings.Replace(s, old, by, 1) })
	})
	e.RegisterFilter("split", func(s, by string) ([]string, error) {
		if strings.Count(s, by) >= maxParts {
			return nil, errTooMuch
		}
		return strings.Split(s, by), nil
	})
	e.RegisterFilter("join", func(list []any, by func(string) string) (string, error) {
		separator, size := by(" "), 0
		parts := make([]string, len(list))
		for i, one := range list {
			parts[i] = fmt.Sprint(one)
			size += len(parts[i]) + len(separator)
		}
		return bounded(size, func() string { return strings.Join(parts, separator) })
	})
	e.RegisterFilter("newline_to_br", func(s string) (string, error) {
		const br = "<br />"
		return bounded(len(s)+strings.Count(s, "\n")*len(br), func() string { return strings.ReplaceAll(s, "\n", br) })
	})
	// No message needs these; each makes more than it gets, or takes long.
	for _, name := range []string{"concat", "json", "inspect", "escape", "escape_once", "url_encode", "date", "uniq", "truncatewords"} {
		e.RegisterFilter(name, func(any) (string, error) { return "", errors.New("desk: no message has the filter " + name) })
	}
	return e
})

// limitedText takes in maxFilled bytes.
type limitedText struct{ strings.Builder }

func (t *limitedText) Write(p []byte) (int, error) {
	if t.Len()+len(p) > maxFilled {
		return 0, errTooMuch
	}
	return t.Builder.Write(p)
}

// hasPlaces tells whether a text has anything to be filled in.
func hasPlaces(text string) bool { return strings.Contains(text, "{{") || strings.Contains(text, "{%") }

// fillIn fills a text in; one that cannot be is given back as it is.
func fillIn(text string, values map[string]any) (filled string) {
	if !hasPlaces(text) || noLoops.MatchString(text) {
		return text
	}
	defer func() {
		if recover() != nil { // some filters of the library fail in this way
			filled = text
		}
	}()
	source := inlineCode.ReplaceAllStringFunc(text, func(code string) string { return "{% raw %}" + code + "{% endraw %}" })
	var out limitedText
	if err := liquidEngine().ParseAndFRender(&out, []byte(source), values); err != nil {
		return text
	}
	if utf8.RuneCountInString(out.String()) > maxContent {
		return text
	}
	return out.String()
}

// fill gives the content and the additional attributes of a message with what they
// stand for.
func (d *Desk) fill(ctx context.Context, tx *store.Tx, c store.ConversationRow, in Reply) (*string, map[string]any, error) {
	template, _ := in.Additional["template_params"].(map[string]any)
	params, _ := template["processed_params"].(map[string]any)
	inContent := in.Content != nil && hasPlaces(*in.Content)
	if in.Type != chat.Outgoing && in.Type != chat.Template || !inContent && !anyPlaces(params) {
		return in.Content, in.Additional, nil
	}
	user := int64(0)
	if in.SenderType == store.OwnerUser {
		user = in.SenderID
	}
	facts, err := tx.LetterFacts(ctx, c.ID, user)
	if err != nil {
		return nil, nil, err
	}
	values := letterValues(c, facts)
	content, additional := in.Content, in.Additional
	if inContent {
		filled := fillIn(*in.Content, values)
		content = &filled
	}
	if anyPlaces(params) {
		additional, template = maps.Clone(additional), maps.Clone(template)
		template["processed_params"] = fillAll(params, values)
		additional["template_params"] = template
	}
	return content, additional, nil
}

// anyPlaces tells whether a text in a JSON value has places.
func anyPlaces(v any) bool {
	switch v := v.(type) {
	case string:
		return hasPlaces(v)
	case []any:
		return slices.ContainsFunc(v, anyPlaces)
	case map[string]any:
		for _, one := range v {
			if anyPlaces(one) {
				return true
			}
		}
	}
	return false
}

// fillAll fills in the texts of a JSON value.
func fillAll(v any, values map[string]any) any {
	switch v := v.(type) {
	case string:
		return fillIn(v, values)
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = fillAll(one, values)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, one := range v {
			out[key] = fillAll(one, values)
		}
		return out
	}
	return v
}

// letterValues are what a message can name.
func letterValues(c store.ConversationRow, f store.LetterFacts) map[string]any {
	text := func(s *string) any {
		if s == nil {
			return nil
		}
		return *s
	}
	first, last := firstAndLast(f.ContactName)
	out := map[string]any{
		"contact": map[string]any{
			"id": f.ContactID, "name": wordsCapitalized(f.ContactName), "first_name": first, "last_name": last,
			"email": text(f.ContactEmail), "phone_number": text(f.ContactPhone), "custom_attribute": parse(f.ContactAttributes),
		},
		"conversation": map[string]any{
			"id": c.ID, "display_id": c.DisplayID, "contact_name": wordsCapitalized(f.ContactName), "custom_attribute": parse(c.CustomAttributes),
		},
		"inbox":   map[string]any{"id": c.InboxID, "name": f.InboxName},
		"account": map[string]any{"id": c.AccountID, "name": f.AccountName},
	}
	if f.UserName != nil {
		first, last := firstAndLast(*f.UserName)
		out["agent"] = map[string]any{
			"id": f.UserID, "name": wordsCapitalized(*f.UserName), "first_name": first, "last_name": last,
			"available_name": AvailableName(f.UserDisplayName, *f.UserName),
		}
	}
	return out
}

// wordsCapitalized writes each word of a name with one capital letter.
func wordsCapitalized(name string) string {
	words := strings.Fields(name)
	for i, word := range words {
		first, size := utf8.DecodeRuneInString(word)
		words[i] = string(unicode.ToUpper(first)) + strings.ToLower(word[size:])
	}
	return strings.Join(words, " ")
}

// firstAndLast are the first and the last word of a name that has several; empty of
// one that has not.
func firstAndLast(name string) (first, last string) {
	words := strings.Fields(wordsCapitalized(name))
	if len(words) < 2 {
		return "", ""
	}
	return words[0], words[len(words)-1]
}
