package store

import (
	"bytes"
	"database/sql"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// oldest is the line of a migration that names the oldest binary which runs on it.
var oldest = regexp.MustCompile(`Oldest binary that runs\s+on it:\s+(\d+)\.(\d+)\.(\d+)\.`)

// oldestBinary reads it, as a number that grows with the version.
func oldestBinary(text []byte) (int, bool) {
	head, _, _ := bytes.Cut(text, []byte("-- +goose Up"))
	m := oldest.FindSubmatch(regexp.MustCompile(`\n--\s*`).ReplaceAll(head, []byte(" ")))
	if m == nil {
		return 0, false
	}
	var major, minor, patch int
	_, _ = fmt.Sscan(string(m[1])+" "+string(m[2])+" "+string(m[3]), &major, &minor, &patch) // they are digits
	return major*1_000_000 + minor*1000 + patch, true
}

// shape is what a program relies on: the columns of tables, and what is unique.
type shape struct {
	columns map[string]kept // by table.column
	tables  map[string]bool
	unique  map[string]bool // table(columns)
}

type kept struct {
	kind     string
	required bool // must be given a value: NOT NULL, without a default
	nullable bool
}

// harm is what a change of shape does to a program that knows the shape before only.
func harm(before, after shape) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(before.columns)) {
		old := before.columns[name]
		now, ok := after.columns[name]
		switch {
		case !ok:
			out = append(out, name+" is gone")
		case now.kind != old.kind:
			out = append(out, fmt.Sprintf("%s was %s and is %s", name, old.kind, now.kind))
		case old.nullable && !now.nullable, !old.required && now.required:
			out = append(out, name+" must be given now")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after.columns)) {
		table, _, _ := strings.Cut(name, ".")
		if _, had := before.columns[name]; !had && before.tables[table] && after.columns[name].required {
			out = append(out, name+" is new and has no default")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before.unique)) {
		if table, _, _ := strings.Cut(name, "("); after.tables[table] && !after.unique[name] {
			out = append(out, name+" is not unique any more: ON CONFLICT fails")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after.unique)) {
		if table, _, _ := strings.Cut(name, "("); before.tables[table] && !before.unique[name] && !newColumn(before, name) {
			out = append(out, name+" is unique now")
		}
	}
	return out
}

// newColumn tells whether a column of table(columns) is one that the old program does
// not write.
func newColumn(before shape, name string) bool {
	table, list, _ := strings.Cut(strings.TrimSuffix(name, ")"), "(")
	return slices.ContainsFunc(strings.Split(list, ","), func(c string) bool {
		_, had := before.columns[table+"."+c]
		return !had
	})
}

func shapeOf(t *testing.T, s *Store) shape {
	t.Helper()
	columns := `SELECT m.name, c.name, c.type, c."notnull", c.dflt_value IS NOT NULL OR (c.pk > 0 AND c.type = 'INTEGER')
		FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`
	unique := `SELECT m.name, (SELECT group_concat(name) FROM (SELECT c.name FROM pragma_index_info(i.name) c ORDER BY c.name))
		FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND i."unique" AND NOT i.partial`
	if s.d.name == "postgres" {
		columns = `SELECT table_name, column_name, data_type, is_nullable = 'NO', column_default IS NOT NULL OR is_identity = 'YES'
			FROM information_schema.columns WHERE table_schema = current_schema()`
		unique = `SELECT t.relname, (SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_attribute a
				WHERE a.attrelid = t.oid AND a.attnum = ANY (i.indkey))
			FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
			WHERE n.nspname = current_schema() AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL`
	}
	out := shape{columns: map[string]kept{}, tables: map[string]bool{}, unique: map[string]bool{}}
	rows, err := s.w.QueryContext(t.Context(), columns)
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		table, name, kind string
		notNull, filled   bool
	}
	list, err := collect(rows, "columns", func(l *line) []any { return []any{&l.table, &l.name, &l.kind, &l.notNull, &l.filled} })
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		out.tables[l.table] = true
		out.columns[l.table+"."+l.name] = kept{kind: l.kind, required: l.notNull && !l.filled, nullable: !l.notNull}
	}
	if rows, err = s.w.QueryContext(t.Context(), unique); err != nil {
		t.Fatal(err)
	}
	type index struct {
		table   string
		columns sql.NullString // of an index on expressions
	}
	indexes, err := collect(rows, "indexes", func(i *index) []any { return []any{&i.table, &i.columns} })
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range indexes {
		out.unique[i.table+"("+i.columns.String+")"] = true
	}
	return out
}

// testKeepOlder runs the migrations one by one. What a program of the version before
// reads and writes stays, unless the migration names a newer binary as the oldest.
func testKeepOlder(t *testing.T, databaseURL string) {
	t.Helper()
	sealer, err := NewSealer("secret")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{URL: databaseURL, Dir: t.TempDir(), Sealer: sealer, Conns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	p, err := s.migrator(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := migrationsFor(s.d)
	if err != nil {
		t.Fatal(err)
	}
	before, least := shapeOf(t, s), 0
	for _, source := range p.ListSources() {
		name := path.Base(source.Path)
		text, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		binary, ok := oldestBinary(text)
		if !ok {
			t.Errorf("%s does not name the oldest binary that runs on it", name)
		}
		if binary < least {
			t.Errorf("%s names an older binary than those before it", name)
		}
		if _, err := p.UpByOne(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		after := shapeOf(t, s)
		if binary == least {
			for _, h := range harm(before, after) {
				t.Errorf("%s: %s; name the binary of its own version as the oldest that runs on it", name, h)
			}
		}
		before, least = after, binary
	}
	if len(before.tables) < 50 || len(before.unique) < 20 {
		t.Errorf("looked at %d tables, %d unique indexes", len(before.tables), len(before.unique))
	}
}

func TestMigrationsKeepOlderBinaries(t *testing.T) {
	t.Parallel()
	eachDatabase(t, testKeepOlder)
}

// TestHarm: what disturbs an older program is told from what does not.
func TestHarm(t *testing.T) {
	t.Parallel()
	table := func(unique string, columns ...string) shape {
		s := shape{columns: map[string]kept{}, tables: map[string]bool{"a": true}, unique: map[string]bool{}}
		for _, c := range columns {
			f := strings.Fields(c) // name, type, then null or must, or nothing
			s.columns["a."+f[0]] = kept{kind: f[1], required: len(f) > 2 && f[2] == "must", nullable: len(f) > 2 && f[2] == "null"}
		}
		if unique != "" {
			s.unique["a("+unique+")"] = true
		}
		return s
	}
	for _, c := range []struct {
		name          string
		before, after shape
		want          string
	}{
		{"nothing", table("x", "x BIGINT must"), table("x", "x BIGINT must"), ""},
		{"a column that may be empty", table("", "x BIGINT must"), table("", "x BIGINT must", "y TEXT null"), ""},
		{"a column with a default", table("", "x BIGINT must"), table("", "x BIGINT must", "y TEXT"), ""},
		{"a column that must be given", table("", "x BIGINT must"), table("", "x BIGINT must", "y TEXT must"), "a.y is new and has no default"},
		{"a column goes", table("", "x BIGINT must", "y TEXT"), table("", "x BIGINT must"), "a.y is gone"},
		{"another type", table("", "x BIGINT must"), table("", "x TEXT must"), "a.x was BIGINT and is TEXT"},
		{"not empty any more", table("", "x BIGINT null"), table("", "x BIGINT"), "a.x must be given now"},
		{"a default goes", table("", "x BIGINT"), table("", "x BIGINT must"), "a.x must be given now"},
		{"may be empty now", table("", "x BIGINT must"), table("", "x BIGINT null"), ""},
		{"unique no more", table("x", "x BIGINT must"), table("", "x BIGINT must"), "a(x) is not unique any more: ON CONFLICT fails"},
		{"unique now", table("", "x BIGINT must"), table("x", "x BIGINT must"), "a(x) is unique now"},
		{"unique with a new column", table("", "x BIGINT must"), table("x,y", "x BIGINT must", "y TEXT null"), ""},
		{"a table goes", table("", "x BIGINT must"), shape{}, "a.x is gone"},
	} {
		if got := strings.Join(harm(c.before, c.after), "; "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
