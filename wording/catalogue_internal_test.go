package wording

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"
)

// forms are the texts of one key: one under "other", or one for each way in which
// the language counts.
type forms map[string]string

// read flattens a file: "placeholder.deleted" to its forms.
func read(t *testing.T, l Locale) map[Key]forms {
	t.Helper()
	raw, err := files.ReadFile("locales/" + l.Code() + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var areas map[string]map[string]any
	if err := json.Unmarshal(raw, &areas); err != nil {
		t.Fatalf("%s: %v", l, err)
	}
	out := map[Key]forms{}
	for area, texts := range areas {
		for name, value := range texts {
			key := Key(area + "." + name)
			switch v := value.(type) {
			case string:
				out[key] = forms{"other": v}
			case map[string]any:
				out[key] = forms{}
				for form, text := range v {
					out[key][form], _ = text.(string)
				}
			default:
				t.Errorf("%s: %s is a %T", l, key, value)
			}
		}
	}
	return out
}

// categories are the plural forms of a language.
func categories(l Locale) []string {
	names := map[plural.Form]string{
		plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
	}
	found := map[string]bool{"other": true}
	for n := range 1000 {
		found[names[plural.Cardinal.MatchPlural(l.Tag(), n, 0, 0, 0, 0)]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// arguments are the sorted names of a text's arguments; a text that cannot be read
// is reported.
func arguments(t *testing.T, where, text string) []string {
	t.Helper()
	parsed, err := reader{}.Parse(text, "", "")
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return nil
	}
	p, _ := parsed.(pieces)
	found := map[string]bool{}
	for i := 1; i < len(p); i += 2 {
		found[p[i]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// TestEveryLocaleHasEveryText: no key is missing or one too many, none has other
// arguments than in English, and none lacks a form that the language needs.
func TestEveryLocaleHasEveryText(t *testing.T) {
	t.Parallel()
	english := read(t, English)
	want := constants(t)
	if got := slices.Sorted(maps.Keys(english)); !slices.Equal(got, slices.Sorted(maps.Values(want))) {
		t.Errorf("English has %v, the constants are %v", got, slices.Sorted(maps.Values(want)))
	}
	for _, l := range Locales() {
		texts := read(t, l)
		for key := range texts {
			if english[key] == nil {
				t.Errorf("%s: %s is not in English", l, key)
			}
		}
		same := 0
		for key, original := range english {
			translated, ok := texts[key]
			if !ok {
				t.Errorf("%s: %s is missing", l, key)
				continue
			}
			counted := len(original) > 1
			if got := slices.Sorted(maps.Keys(translated)); counted && !slices.Equal(got, categories(l)) {
				t.Errorf("%s: %s has the forms %v, the language needs %v", l, key, got, categories(l))
			} else if !counted && !slices.Equal(got, []string{"other"}) {
				t.Errorf("%s: %s has forms, the English text has none", l, key)
			}
			args := arguments(t, "en "+string(key), original["other"])
			for form, text := range translated {
				where := l.Code() + " " + string(key) + " " + form
				if text == "" || text != strings.TrimSpace(text) {
					t.Errorf("%s: %q is empty or not trimmed", where, text)
				}
				// "1 day" may be "one day".
				got := arguments(t, where, text)
				if !slices.Equal(got, args) && (!counted || !slices.Equal(append(got, countArg), args)) {
					t.Errorf("%s: arguments %v, want %v", where, got, args)
				}
				if text == original[form] {
					same++
				}
			}
		}
		if l != English && same > len(english)/10 {
			t.Errorf("%s: %d of %d texts are English", l, same, len(english))
		}
	}
	entries, err := files.ReadDir("locales")
	if err != nil || len(entries) != len(Locales()) {
		t.Errorf("%d files for %d locales: %v", len(entries), len(Locales()), err)
	}
}

// TestEveryLocaleSpeaks: what the library says is what the file of that language
// has.
func TestEveryLocaleSpeaks(t *testing.T) {
	t.Parallel()
	for _, l := range Locales() {
		for key, f := range read(t, l) {
			text := f["other"]
			args := Args{}
			for _, name := range arguments(t, l.Code()+" "+string(key), text) {
				args[name] = "<" + name + ">"
				text = strings.ReplaceAll(text, "{"+name+"}", args[name])
			}
			if got := l.Say(Text{Key: key, Args: args}); got != text {
				t.Errorf("%s: %s: got %q, want %q", l, key, got, text)
			}
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	const resolved Key = "activity.idle"
	for code, c := range map[string]struct {
		file string
		want map[int64]string
	}{
		"en": {`{"one":"{count} day","other":"{count} days"}`, map[int64]string{0: "0 days", 1: "1 day", 2: "2 days", 21: "21 days"}},
		"ru": {
			`{"one":"{count} день","few":"{count} дня","many":"{count} дней","other":"{count} дня"}`,
			map[int64]string{1: "1 день", 2: "2 дня", 5: "5 дней", 11: "11 дней", 21: "21 день"},
		},
		"ar": {
			`{"zero":"z {count}","one":"يوم","two":"يومان","few":"f {count}","many":"m {count}","other":"o {count}"}`,
			map[int64]string{0: "z 0", 1: "يوم", 2: "يومان", 3: "f 3", 11: "m 11", 100: "o 100"},
		},
		"ja": {`{"other":"{count}日"}`, map[int64]string{1: "1日", 2: "2日"}},
	} {
		l, ok := ParseLocale(code)
		if !ok {
			t.Fatalf("no locale %q", code)
		}
		localizer, err := parse(l, []byte(`{"activity":{"idle":`+c.file+`}}`))
		if err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		for n, want := range c.want {
			if got := say(localizer, resolved.Count(n)); got != want {
				t.Errorf("%s %d: got %q, want %q", code, n, got, want)
			}
		}
	}
}

func TestMalformedTexts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"{", "}", "a {b", "a} b", "{}", "{a{b}}", "{{name}}", "a {b} }"} {
		if _, err := (reader{}).Parse(text, "", ""); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	for _, file := range []string{``, `{`, `[]`, `"x"`} {
		if localizer, err := parse(English, []byte(file)); err == nil && say(localizer, Text{Key: "a.b"}) != "a.b" {
			t.Errorf("%q has a text", file)
		}
	}
}

// constants are the keys of keys.go by the name of their constant.
func constants(t *testing.T) map[string]Key {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Key{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for i, value := range spec.Values {
				if literal, ok := value.(*ast.BasicLit); ok {
					key, _ := strconv.Unquote(literal.Value)
					out[spec.Names[i].Name] = Key(key)
				}
			}
		}
		return true
	})
	return out
}

// TestCallsPassTheArguments reads the program: a key is only used to make a text,
// with the arguments that the text has, and no key is unused.
func TestCallsPassTheArguments(t *testing.T) {
	t.Parallel()
	keys, english := constants(t), read(t, English)
	sources, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob("../*/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, path := range append(sources, deeper...) {
		if filepath.Base(filepath.Dir(path)) == "wording" {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		made := map[ast.Node]bool{} // keys that a text is made of
		ast.Inspect(file, func(n ast.Node) bool {
			where := func(n ast.Node) string { return fset.Position(n.Pos()).String() }
			switch n := n.(type) {
			case *ast.CallExpr:
				method, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if isWording(method) == "Key" {
					t.Errorf("%s: a key that is no constant", where(n))
				}
				name := isWording(method.X)
				key, ok := keys[name]
				if !ok {
					return true
				}
				made[method.X] = true
				if !strings.HasSuffix(path, "_test.go") {
					used[name] = true
				}
				want := arguments(t, name, english[key]["other"])
				if got := passed(method.Sel.Name, n.Args); !slices.Equal(got, want) {
					t.Errorf("%s: %s is made with %v, the text has %v", where(n), name, got, want)
				}
			case *ast.SelectorExpr:
				if name := isWording(n); keys[name] != "" && !made[n] {
					t.Errorf("%s: %s is used without making a text", where(n), name)
				}
			}
			return true
		})
	}
	for name := range keys {
		if !used[name] {
			t.Errorf("%s is not used", name)
		}
	}
}

// isWording is the name behind "wording.", empty for anything else.
func isWording(n ast.Node) string {
	selector, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if pkg, ok := selector.X.(*ast.Ident); !ok || pkg.Name != "wording" {
		return ""
	}
	return selector.Sel.Name
}

// passed are the sorted names of the arguments in a call.
func passed(method string, args []ast.Expr) []string {
	var names []string
	if method == "Count" && len(args) > 0 {
		names, args = append(names, countArg), args[1:]
	}
	for i := 0; i < len(args); i += 2 {
		name := "?" // no constant, or without a value
		if literal, ok := args[i].(*ast.BasicLit); ok && i+1 < len(args) {
			name, _ = strconv.Unquote(literal.Value)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
