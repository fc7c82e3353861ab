package store

import (
	"database/sql/driver"
	"strings"
	"sync"

	"modernc.org/sqlite"

	"tributary/chat/filter"
)

// forms are expressions of a dialect by which values are compared the way package filter does.
type forms struct {
	// attribute is the member of a JSON column whose key is the argument arg, as text; unknown
	// where there is none.
	attribute func(column, arg string) string
	// fold is a text in lower case, number the number that it is, date the date that it begins
	// with: unknown where it is or does not.
	fold, number, date func(text string) string
	// contains tests for a part, made by part, without regard to case.
	contains func(text, part string) string
	part     func(folded string) string
	// binary makes texts compare byte by byte.
	binary func(value, sqlType string) string
}

// The functions of Go by which SQLite compares. They are registered with the driver, for the
// connections that it opens afterwards.
var registerForms = sync.OnceValue(func() error {
	text := func(f func(string) (driver.Value, error)) func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		return func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			if s, ok := args[0].(string); ok {
				return f(s)
			}
			return nil, nil //nolint:nilnil // SQL's NULL
		}
	}
	for name, f := range map[string]func(string) (driver.Value, error){
		"tributary_fold": func(s string) (driver.Value, error) { return filter.Fold(s), nil },
		"tributary_number": func(s string) (driver.Value, error) {
			n, ok := filter.NumberOf(s)
			return orNull(n, ok), nil
		},
		"tributary_date": func(s string) (driver.Value, error) {
			day, ok := filter.DateOf(s)
			return orNull(day, ok), nil
		},
	} {
		if err := sqlite.RegisterDeterministicScalarFunction(name, 1, text(f)); err != nil {
			return err
		}
	}
	return sqlite.RegisterDeterministicScalarFunction("tributary_attribute", 2, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		stored, _ := args[0].(string)
		key, _ := args[1].(string)
		text, ok := filter.Attribute(stored, key)
		return orNull(text, ok), nil
	})
})

func orNull[T any](v T, ok bool) driver.Value {
	if !ok {
		return nil
	}
	return v
}

var sqliteForms = forms{
	attribute: func(column, arg string) string {
		return "(CASE WHEN " + column + " <> '{}' THEN tributary_attribute(" + column + ", " + arg + ") END)"
	},
	fold:     func(text string) string { return "tributary_fold(" + text + ")" },
	number:   func(text string) string { return "tributary_number(" + text + ")" },
	date:     func(text string) string { return "tributary_date(" + text + ")" },
	contains: func(text, part string) string { return "INSTR(tributary_fold(" + text + "), " + part + ") > 0" },
	part:     func(folded string) string { return folded },
	binary:   func(value, _ string) string { return value },
}

// What PostgreSQL cannot read of JSON that Go reads, characters that are none and nesting
// without end, counts as nothing there, for else it would fail the statement.
var postgresForms = forms{
	attribute: func(column, arg string) string {
		return "(CASE WHEN " + column + " <> '{}' AND " + column + ` !~ '\\u(0000|[dD][89a-fA-F])'
			AND (LENGTH(` + column + ") < 4000 OR LENGTH(" + column + ") - LENGTH(TRANSLATE(" + column + `, '[{', '')) < 2000)
			THEN ` + column + "::json ->> CAST(" + arg + " AS TEXT) END)"
	},
	fold: func(text string) string { return "LOWER(" + text + ")" },
	number: func(text string) string {
		return "(CASE WHEN " + text + " ~ '" + filter.NumberPattern + "' THEN (" + text + ")::double precision END)"
	},
	date: func(text string) string {
		return "(CASE WHEN " + text + " ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]|$)' THEN SUBSTR(" + text + ", 1, 10) END)"
	},
	contains: func(text, part string) string { return text + " ILIKE " + part + " ESCAPE '!'" },
	part:     func(folded string) string { return "%" + escapeLike(folded) + "%" },
	binary: func(value, sqlType string) string {
		if strings.HasPrefix(sqlType, "text") {
			return value + ` COLLATE "C"`
		}
		return value
	},
}
