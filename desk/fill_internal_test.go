package desk

import (
	"strings"
	"testing"
	"unicode/utf8"
)

var fillValues = map[string]any{
	"contact": map[string]any{"name": "Ann Example", "custom_attribute": map[string]any{"plan": "gold", "list": []any{"a", 1, nil}}},
	"agent":   map[string]any{"name": "Bo"},
}

// What stands between backticks is left alone, and is no way around the rules.
func TestFillInCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{{ contact.name }} `{{ agent.name }}`":                     "Ann Example `{{ agent.name }}`",
		"`{% endraw %}{% for i in (1..9) %}x{% endfor %}`":          "`{% endraw %}{% for i in (1..9) %}x{% endfor %}`",
		"`{% endraw %}{% for i in (1..9) %}x{% endfor %}{% raw %}`": "`{% endraw %}{% for i in (1..9) %}x{% endfor %}{% raw %}`",
	} {
		if got := fillIn(text, fillValues); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// Whatever somebody writes is filled in or left as it is, and is no longer than a message.
func FuzzFillIn(f *testing.F) {
	for _, text := range []string{
		"Hello {{ contact.name | append: '!' }}", "{% if agent.name == 'Bo' %}yes{% else %}no{% endif %}", "`{{ raw }}` {{ agent.name | upcase }}",
		"{% for i in (1..1000000) %}{{ i }}{% endfor %}", "`{% endraw %}{% for i in (1..10) %}x{% endfor %}`", "{% raw %}`{% endraw %}{% for a in b %}`{% endfor %}",
		"{{ contact.custom_attribute.list | join: ', ' }}", "{{ 'a' | date: '%Y' }}", "{{ 10 | divided_by: 0 }}", "{{ contact", "{% assign x = 'y' %}{{ x }}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := fillIn(text, fillValues)
		if utf8.RuneCountInString(got) > max(maxContent, utf8.RuneCountInString(text)) {
			t.Errorf("%d characters", utf8.RuneCountInString(got))
		}
		if !hasPlaces(text) && got != text {
			t.Errorf("%q became %q", text, got)
		}
		if got != text && strings.Contains(text, "{% for") {
			t.Errorf("loops in %q", text)
		}
	})
}
