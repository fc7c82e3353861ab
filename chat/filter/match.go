package filter

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Subject is a record, or several that belong together, that conditions are held against.
type Subject interface {
	// Value is what it has for a field: nil when there is nothing, a string, an int64 (of
	// Moment: microseconds), a bool, or the []string of Labels. Attributes are given as
	// Attribute gives them.
	Value(f Field) any
}

// Record is a Subject of rows as they are stored.
type Record map[Model]Row

// Row is one of them. Its columns are by name; attributes are JSON.
type Row struct {
	Columns    map[string]any
	Additional string
	Custom     string
	Labels     []string
}

// Value implements Subject.
func (r Record) Value(f Field) any {
	row := r[f.Of]
	switch {
	case f.Kind == Labels:
		return row.Labels
	case f.From == Column:
		return row.Columns[f.Key]
	}
	stored := row.Custom
	if f.From == Additional {
		stored = row.Additional
	}
	if text, ok := Attribute(stored, f.Key); ok {
		return text
	}
	return nil
}

// Attribute is the member of a stored JSON object as text: that of a string, else its JSON. ok
// is false when there is none or it is null.
func Attribute(stored, key string) (text string, ok bool) {
	if stored == "" || stored == "{}" {
		return "", false
	}
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(stored), &all) != nil {
		return "", false
	}
	raw, has := all[key]
	if !has || string(raw) == "null" {
		return "", false
	}
	if raw[0] == '"' {
		ok = json.Unmarshal(raw, &text) == nil
		return text, ok
	}
	return string(raw), true
}

// Match tells whether a query finds a record.
func (q Query) Match(s Subject) bool {
	return len(q.Any) == 0 || slices.ContainsFunc(q.Any, func(all []Condition) bool {
		return !slices.ContainsFunc(all, func(c Condition) bool { return !c.Match(s) })
	})
}

// Match tells whether the condition holds for a record.
func (c Condition) Match(s Subject) bool {
	v := s.Value(c.Field)
	if labels, ok := v.([]string); ok || c.Field.Kind == Labels {
		if c.Test == Present {
			return len(labels) > 0 != c.Not
		}
		has := slices.ContainsFunc(labels, func(l string) bool {
			if c.Field.Of == Contact {
				l = Fold(l)
			}
			return slices.Contains(c.Texts, l)
		})
		return has != c.Not
	}
	if c.Test == Present {
		return v != nil != c.Not
	}
	holds, has := c.test(v)
	if !has {
		return c.Missing
	}
	return holds != c.Not
}

// test compares a value; has is false when it is none of the field's kind.
func (c Condition) test(v any) (holds, has bool) {
	if c.Test == Within {
		text, has := written(v)
		text = Fold(text)
		return slices.ContainsFunc(c.Texts, func(part string) bool { return strings.Contains(text, part) }), has
	}
	switch c.Field.Kind {
	case Number:
		text, _ := written(v)
		n, has := NumberOf(text)
		return compare(c.Test, n, c.Numbers), has
	case ID, Moment:
		n, has := v.(int64)
		return compare(c.Test, n, c.IDs), has
	case Bool:
		text, _ := written(v)
		n, has := BoolOf(text)
		return compare(c.Test, n, c.IDs), has
	case Date:
		text, _ := written(v)
		day, has := DateOf(text)
		return compare(c.Test, day, c.Texts), has
	}
	text, has := written(v)
	if c.Field.Kind == Folded {
		text = Fold(text)
	}
	if c.Test == Begins {
		return strings.HasPrefix(text, c.Texts[0]), has
	}
	return compare(c.Test, text, c.Texts), has
}

func compare[T int64 | float64 | string](t Test, v T, values []T) bool {
	switch {
	case t == Equal:
		return slices.Contains(values, v)
	case len(values) == 0:
		return false
	case t == Greater:
		return v > values[0]
	}
	return v < values[0]
}

// written is a scalar as text.
func written(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}
