package store

import (
	"context"
	"database/sql"
	"strings"

	"tributary/chat/filter"
)

// terrain says where a statement finds the fields that a filter is about.
type terrain struct {
	columns            map[string]string // by the field's key
	additional, custom string            // columns of JSON
	// labels is a condition that the record has a label l, to which more can be appended.
	labels string
	// folded says that labels are told apart without regard to case.
	folded bool
}

var conversationTerrain = terrain{
	columns: map[string]string{
		"status": "c.status", "assignee_id": "c.assignee_id", "inbox_id": "c.inbox_id", "team_id": "c.team_id", "priority": "c.priority",
		"display_id": "c.display_id", "campaign_id": "c.campaign_id", "created_at": "c.created_at", "last_activity_at": "c.last_activity_at",
	},
	additional: "c.additional_attributes", custom: "c.custom_attributes",
	labels: "EXISTS (SELECT 1 FROM conversation_labels l WHERE l.conversation_id = c.id",
}

var contactTerrain = terrain{
	columns: map[string]string{
		"name": "p.name", "email": "p.email", "phone_number": "p.phone_number", "identifier": "p.identifier", "created_at": "p.created_at",
		"last_activity_at": "p.last_activity_at", "blocked": "p.blocked",
	},
	additional: "p.additional_attributes", custom: "p.custom_attributes",
	labels: "EXISTS (SELECT 1 FROM contact_labels l WHERE l.contact_id = p.id", folded: true,
}

// ContactsMatching is a filter of contacts as a condition of ContactFilter.
func ContactsMatching(q filter.Query) Condition { return contactsMatching{q} }

type contactsMatching struct{ query filter.Query }

func (m contactsMatching) expression(w *clause) string {
	return w.alternatives(m.query, contactTerrain)
}

// matching appends what a filter asks.
func (c *clause) matching(q filter.Query, on terrain) {
	if len(q.Any) > 0 {
		c.text = append(c.text, "("+c.alternatives(q, on)+")")
	}
}

// alternatives is a filter as SQL. Values are arguments, keys of attributes too.
func (c *clause) alternatives(q filter.Query, on terrain) string {
	if len(q.Any) == 0 {
		return "TRUE"
	}
	alternatives := make([]string, len(q.Any))
	for i, all := range q.Any {
		conditions := make([]string, len(all))
		for k, one := range all {
			conditions[k] = c.condition(one, on)
		}
		alternatives[i] = strings.Join(conditions, " AND ")
	}
	return strings.Join(alternatives, " OR ")
}

// reading is how a list is read whose text may depend on a filter.
func (s *Store) reading(q filter.Query) func(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if len(q.Any) > 0 {
		return s.r.varied
	}
	return s.r.QueryContext
}

// set adds a set of values and gives a subquery of them.
func (c *clause) set(values, sqlType string) string {
	return c.d.choices(c.arg(values), sqlType)
}

// condition is one condition as SQL, which is false or unknown where it does not hold.
func (c *clause) condition(x filter.Condition, on terrain) string {
	if x.Field.Kind == filter.Labels {
		return c.labelled(x, on)
	}
	raw := c.value(x.Field, on)
	if raw == "" {
		return "FALSE" // a field of another kind of record
	}
	if x.Test == filter.Present {
		if x.Not {
			return "(" + raw + ") IS NULL"
		}
		return "(" + raw + ") IS NOT NULL"
	}
	if x.Test == filter.Within {
		return c.turned(x, raw, c.within(x, raw))
	}
	value := c.typed(x.Field, raw)
	return c.turned(x, value, c.compared(x, value))
}

func (c *clause) labelled(x filter.Condition, on terrain) string {
	has := on.labels
	if x.Test != filter.Present {
		label := "l.label"
		if on.folded {
			label = c.d.fold(label)
		}
		has += " AND " + label + " IN " + c.set(ids(x.Texts), "text")
	}
	has += ")"
	if x.Not {
		return "NOT " + has
	}
	return has
}

// turned is a test of a value, turned round where the condition says so.
func (c *clause) turned(x filter.Condition, value, test string) string {
	switch {
	case x.Missing:
		return "(" + value + " IS NULL OR NOT (" + test + "))"
	case x.Not:
		return "NOT (" + test + ")"
	}
	return "(" + test + ")"
}

// value is what a record has for a field, unknown where it has nothing.
func (c *clause) value(f filter.Field, on terrain) string {
	switch f.From {
	case filter.Additional:
		return c.d.attribute(on.additional, c.arg(f.Key))
	case filter.Custom:
		return c.d.attribute(on.custom, c.arg(f.Key))
	case filter.Column:
	}
	return on.columns[f.Key]
}

// typed is the value as the field's kind compares it, unknown where it is none.
func (c *clause) typed(f filter.Field, raw string) string {
	switch f.Kind {
	case filter.Folded:
		return c.d.fold(raw)
	case filter.Number:
		return c.d.number(raw)
	case filter.Date:
		return c.d.date(raw)
	case filter.Bool:
		if f.From == filter.Column {
			return "(CASE WHEN " + raw + " THEN 1 ELSE 0 END)"
		}
		return "(CASE " + c.d.fold(raw) + " WHEN 'true' THEN 1 WHEN 'false' THEN 0 END)"
	case filter.Text, filter.ID, filter.Moment, filter.Labels:
	}
	return raw
}

// within tests for parts of a text; of a number, too.
func (c *clause) within(x filter.Condition, raw string) string {
	if x.Field.Kind == filter.ID {
		raw = "CAST(" + raw + " AS TEXT)"
	}
	parts := make([]string, len(x.Texts))
	for i, part := range x.Texts {
		parts[i] = c.d.part(part)
	}
	if len(parts) == 1 {
		return c.d.contains(raw, c.arg(parts[0]))
	}
	// Unknown, not false, where there is no value.
	return "CASE WHEN " + raw + " IS NOT NULL THEN EXISTS (SELECT 1 FROM " + c.d.rows(c.arg(ids(parts)), "v text") + " WHERE " + c.d.contains(raw, "x.v") + ") END"
}

// compared tests a value against those of the condition.
func (c *clause) compared(x filter.Condition, value string) string {
	var sqlType string
	var set string
	var list []any
	switch x.Field.Kind {
	case filter.Number:
		sqlType, set, list = "double precision", ids(x.Numbers), anys(x.Numbers)
	case filter.ID, filter.Moment, filter.Bool:
		sqlType, set, list = "bigint", ids(x.IDs), anys(x.IDs)
	case filter.Text, filter.Folded, filter.Date, filter.Labels:
		sqlType, set, list = "text", ids(x.Texts), anys(x.Texts)
	}
	if len(list) == 0 { // names of nothing
		return value + " <> " + value // false, or unknown where there is no value
	}
	switch x.Test {
	case filter.Begins:
		first := x.Texts[0]
		return "SUBSTR(" + value + ", 1, " + c.arg(len([]rune(first))) + ") = " + c.arg(first)
	case filter.Greater:
		return c.d.binary(value, sqlType) + " > CAST(" + c.arg(list[0]) + " AS " + sqlType + ")"
	case filter.Less:
		return c.d.binary(value, sqlType) + " < CAST(" + c.arg(list[0]) + " AS " + sqlType + ")"
	case filter.Equal, filter.Within, filter.Present:
	}
	if x.Field.Names != nil {
		return value + " IN (" + numbers(x.IDs) + ")" // ours, not the client's: indexes serve constants
	}
	if len(list) == 1 {
		return value + " = CAST(" + c.arg(list[0]) + " AS " + sqlType + ")"
	}
	return value + " IN " + c.set(set, sqlType)
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
