package channeltest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tributary/chat"
)

// defaults are what a field that an event leaves out stands for.
var defaults = map[string]string{
	"direction":    "incoming",
	"content_type": "text",
	"auth":         "none",
	"strategy":     "none",
	"type":         "direct",
	"forwarded":    "none",
}

// matcher compares JSON trees in part.
type matcher struct {
	// strict: numbers and texts are different things, there are no defaults and
	// no moments (requests to providers).
	strict bool
}

// diff says how got falls short of want; path names the place.
func (m matcher) diff(path string, want, got any) []string {
	if empty(want) {
		if empty(got) || want != nil && equalScalar(want, got, m.strict) {
			return nil
		}
		if !m.strict && got == json.Number("0") {
			return nil
		}
		return []string{fmt.Sprintf("%s: got %s, want nothing", path, compact(got))}
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: got %s, want %s", path, compact(got), compact(want))}
		}
		return m.diffObject(path, w, g)
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return []string{fmt.Sprintf("%s: got %s, want %s", path, compact(got), compact(want))}
		}
		var out []string
		for i := range w {
			out = append(out, m.diff(path+"/"+strconv.Itoa(i), w[i], g[i])...)
		}
		return out
	}
	if m.equal(path[strings.LastIndexByte(path, '/')+1:], want, got) {
		return nil
	}
	return []string{fmt.Sprintf("%s: got %s, want %s", path, compact(got), compact(want))}
}

func (m matcher) diffObject(path string, want, got map[string]any) []string {
	var out []string
	keys := make([]string, 0, len(want))
	for key := range want {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if !m.strict && key == "note" {
			continue
		}
		out = append(out, m.diff(path+"/"+key, want[key], got[key])...)
	}
	return out
}

func (m matcher) equal(key string, want, got any) bool {
	if equalScalar(want, got, m.strict) {
		return true
	}
	if m.strict {
		return false
	}
	if got == nil {
		return defaults[key] != "" && want == defaults[key]
	}
	text, ok := want.(string)
	number, isNumber := got.(json.Number)
	if ok && isNumber && strings.HasSuffix(key, "_at") {
		at := chat.ProviderTime(text)
		return at != 0 && strconv.FormatInt(int64(at), 10) == number.String()
	}
	return false
}

// equalScalar compares texts, numbers and booleans. Numbers are equal when their
// values are; unless strict, a number equals its text.
func equalScalar(want, got any, strict bool) bool {
	switch want.(type) {
	case []any, map[string]any:
		return false // no scalars
	}
	if want == got {
		return true
	}
	if got == nil || want == nil {
		return false
	}
	w, wantNumber := want.(json.Number)
	g, gotNumber := got.(json.Number)
	if wantNumber && gotNumber {
		a, errA := w.Float64()
		b, errB := g.Float64()
		return errA == nil && errB == nil && a == b
	}
	if strict || wantNumber == gotNumber {
		return false
	}
	return scalar(want) == scalar(got)
}

// scalar is the text of a JSON scalar.
func scalar(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return compact(v)
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	case bool:
		return !v
	}
	return false
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

func jsonInt(n int) string { return strconv.Itoa(n) }
