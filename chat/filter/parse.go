package filter

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/chat"
)

// MaxConditions bounds the conditions of one filter.
const MaxConditions = 100

// Test is how a Condition compares.
type Test int

// Tests.
const (
	Equal   Test = iota // is one of the values
	Within              // contains one of Texts, without regard to case
	Begins              // begins with Texts[0]
	Present             // there is a value
	Greater             // than the value
	Less                // than the value
)

// Condition is a condition that was understood.
type Condition struct {
	Field Field
	Test  Test
	// Not turns the test round. A record without a value passes neither way, unless Missing is
	// set.
	Not     bool
	Missing bool
	// The values: Texts of Text, Folded (folded), Date and Labels, and of Within whatever the
	// kind (folded); Numbers of Number; IDs of ID, Moment and Bool (0, 1).
	Texts   []string
	Numbers []float64
	IDs     []int64
}

// Query finds the records for which all conditions of one of its alternatives hold; without
// alternatives all records.
type Query struct{ Any [][]Condition }

// Texts of refusals.
const (
	badJoin = `Query operator must be either "AND" or "OR".`
	tooMany = "Too many conditions. At most 100 can be combined."
)

func badOperator(f Field) error {
	names := make([]string, len(f.Operators))
	for i, o := range f.Operators {
		names[i] = string(o)
	}
	return chat.Unprocessable(fmt.Sprintf("Invalid operator. The allowed operators for %s are [%s].", f.Key, strings.Join(names, ",")))
}

func badValue(key string) error {
	return chat.Unprocessable(fmt.Sprintf("Invalid value. The values provided for %s are invalid", key))
}

func (g *Grammar) badKey(key string) error {
	return chat.Unprocessable(fmt.Sprintf(
		"Invalid attribute key - [%s]. The key should be one of [%s] or a custom attribute defined in the account.", key, g.keys()))
}

// Decode reads stored conditions for Parse; nil when they are no JSON.
func Decode(stored []byte) any {
	d := json.NewDecoder(strings.NewReader(string(stored)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil
	}
	return v
}

// Parse reads conditions: decoded JSON, in which numbers are json.Number. defined are the
// account's custom attributes, now is what days_before counts from. What is wrong comes back
// as a *chat.Error that answers 422: first joins, then condition by condition.
func (g *Grammar) Parse(payload any, defined []Definition, now time.Time) (Query, error) {
	list, err := listOf(payload)
	if err != nil {
		return Query{}, err
	}
	if len(list) > MaxConditions {
		return Query{}, chat.Unprocessable(tooMany)
	}
	for _, one := range list {
		if !one.join.valid() {
			return Query{}, chat.Unprocessable(badJoin)
		}
	}
	var q Query
	var all []Condition
	for i, one := range list {
		c, err := g.condition(one, defined, now)
		if err != nil {
			return Query{}, err
		}
		all = append(all, c)
		if one.join == "or" || i == len(list)-1 {
			q.Any, all = append(q.Any, all), nil
		}
	}
	return q, nil
}

// sent is a condition as a client sent it.
type sent struct {
	key, operator, model string
	join                 join
	values               []any
	wrong                bool // values is nothing that holds values
}

// join is how a condition is joined to the next one, in lower case.
type join string

func (j join) valid() bool { return j == "" || j == "and" || j == "or" }

// listOf reads the list and the members of its conditions.
func listOf(payload any) ([]sent, error) {
	if payload == nil || payload == "" {
		return nil, nil
	}
	list, ok := payload.([]any)
	if !ok {
		if list, ok = numbered(payload); !ok {
			return nil, badValue("payload")
		}
	}
	out := make([]sent, len(list))
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil, badValue("payload")
		}
		out[i] = sent{key: textOf(m["attribute_key"]), operator: textOf(m["filter_operator"]), model: textOf(m["custom_attribute_type"])}
		switch j := m["query_operator"].(type) {
		case nil:
		case string:
			out[i].join = join(strings.ToLower(j))
		default:
			out[i].join = "?"
		}
		switch v := m["values"].(type) {
		case nil:
		case string:
			if v != "" {
				out[i].values = []any{v}
			}
		case []any:
			out[i].values = v
		case map[string]any:
			out[i].values, ok = numbered(v)
			out[i].wrong = !ok
		default:
			out[i].values = []any{v}
		}
	}
	return out, nil
}

// numbered is a list that a form sent as an object with the keys "0", "1", ….
func numbered(v any) ([]any, bool) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	list := make([]any, len(m))
	for i := range list {
		if list[i], ok = m[strconv.Itoa(i)]; !ok {
			return nil, false
		}
	}
	return list, true
}

// textOf is a scalar as text.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// condition understands one. The order of the checks is part of the language.
func (g *Grammar) condition(s sent, defined []Definition, now time.Time) (Condition, error) {
	f, standard := g.field(s.key)
	custom, isCustom := g.custom(s, defined)
	if isCustom && (!standard || s.model == string(custom.Of)) {
		f, standard = custom, false
	}
	op := Operator(s.operator)
	if standard && !slices.Contains(f.Operators, op) {
		return Condition{}, badOperator(f)
	}
	if op != IsPresent && op != IsNotPresent && (s.wrong || len(s.values) == 0) {
		return Condition{}, badValue(s.key)
	}
	if !standard && !isCustom {
		return Condition{}, g.badKey(s.key)
	}
	c := Condition{Field: f}
	c.Test, c.Not = testOf(op, f)
	c.Missing = c.Not && f.From == Custom && c.Test == Equal
	if c.Test == Present {
		return c, nil
	}
	values := s.values
	if f.First && c.Test != Within || c.Test == Greater || c.Test == Less {
		values = values[:1]
	}
	for _, v := range values {
		if !c.add(v, op, now) {
			return Condition{}, badValue(s.key)
		}
	}
	return c, nil
}

// custom finds the custom attribute that a condition names.
func (g *Grammar) custom(s sent, defined []Definition) (Field, bool) {
	for _, model := range g.Custom {
		if (s.model == string(Conversation) || s.model == string(Contact)) && s.model != string(model) {
			continue
		}
		for _, d := range defined {
			if d.Key == s.key && d.Of == model {
				return d.field(), true
			}
		}
	}
	return Field{}, false
}

// testOf is what an operator asks of a field. What means nothing to it asks for equality.
func testOf(op Operator, f Field) (t Test, not bool) {
	switch op {
	case NotEqualTo:
		return Equal, true
	case Contains, DoesNotContain:
		t = Equal
		if f.Kind == Text || f.Kind == Folded || f.Kind == ID {
			t = Within
		}
		return t, op == DoesNotContain
	case IsPresent, IsNotPresent:
		return Present, op == IsNotPresent
	case IsGreaterThan:
		return Greater, false
	case IsLessThan:
		return Less, false
	case DaysBefore:
		if f.Kind == Date || f.Kind == Moment {
			return Less, false
		}
	case StartsWith:
		if f.From != Custom {
			return Begins, false
		}
	case EqualTo:
	}
	return Equal, false
}

// add understands a value; ok is false when it is none of the field's kind.
func (c *Condition) add(v any, op Operator, now time.Time) (ok bool) {
	switch v.(type) {
	case string, json.Number, bool:
	default:
		return false
	}
	text := textOf(v)
	if c.Test == Within {
		c.Texts = append(c.Texts, Fold(strings.TrimSpace(text)))
		return true
	}
	f := c.Field
	switch f.Kind {
	case Text, Labels:
		if f.Kind == Labels && f.Of == Contact {
			text = Fold(text)
		}
		c.Texts = append(c.Texts, text)
	case Folded:
		if f.Phone {
			text = "+" + strings.ReplaceAll(text, "+", "")
		}
		c.Texts = append(c.Texts, Fold(text))
	case Number:
		n, ok := NumberOf(strings.TrimSpace(text))
		c.Numbers = append(c.Numbers, n)
		return ok
	case Date, Moment:
		day, ok := dayOf(strings.TrimSpace(text), op, now)
		if f.Kind == Date {
			c.Texts = append(c.Texts, day.Format(time.DateOnly))
			return ok
		}
		if c.Test == Greater {
			day = day.AddDate(0, 0, 1).Add(-time.Microsecond) // the end of the day
		}
		c.IDs = append(c.IDs, day.UnixMicro())
		return ok
	case Bool:
		b, ok := BoolOf(strings.TrimSpace(text))
		c.IDs = append(c.IDs, b)
		return ok
	case ID:
		return c.addID(strings.TrimSpace(text))
	}
	return true
}

// addID understands a number or a name that stands for one. Names that stand for none are left
// out: nothing has them.
func (c *Condition) addID(text string) bool {
	if names := c.Field.Names; names != nil {
		n, known := names[text]
		switch {
		case known:
			c.IDs = append(c.IDs, n)
		case text == "all" && c.Field.Key == "status":
			for _, n := range names {
				c.IDs = append(c.IDs, n)
			}
			slices.Sort(c.IDs)
		default:
			n, err := strconv.ParseInt(text, 10, 32)
			if err == nil && n >= 0 && n < int64(len(names)) {
				c.IDs = append(c.IDs, n)
			}
		}
		return true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	c.IDs = append(c.IDs, n)
	return err == nil
}

// maxDays keeps days_before inside the calendar.
const maxDays = 100 * 366

// dayOf reads a date, or for days_before how many days before today.
func dayOf(text string, op Operator, now time.Time) (time.Time, bool) {
	if op == DaysBefore {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return time.Time{}, false
		}
		y, m, d := now.UTC().Date()
		return time.Date(y, m, d-min(n, maxDays), 0, 0, 0, 0, time.UTC), true
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil || moment.UTC().Year() < 0 || moment.UTC().Year() > 9999 {
			return time.Time{}, false
		}
		day = moment.UTC().Truncate(24 * time.Hour)
	}
	return day, true
}

// NumberPattern is how numbers are written: short enough for every database.
const NumberPattern = `^[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?$`

var number = regexp.MustCompile(NumberPattern)

// NumberOf reads a number as NumberPattern says.
func NumberOf(text string) (float64, bool) {
	if !number.MatchString(text) {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// BoolOf reads true and false, as 1 and 0.
func BoolOf(text string) (int64, bool) {
	switch Fold(text) {
	case "true":
		return 1, true
	case "false":
		return 0, true
	}
	return 0, false
}

// DateOf is the date with which a stored text begins.
func DateOf(text string) (string, bool) {
	if !date.MatchString(text) {
		return "", false
	}
	return text[:len(time.DateOnly)], true
}

var date = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]|$)`)

// Fold is text for comparison without regard to case.
func Fold(text string) string { return strings.ToLower(text) }
