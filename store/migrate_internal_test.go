package store

import (
	"slices"
	"strings"
	"testing"
)

// Every migration can be taken back, one by one down to nothing, and made again:
// the schema is then the one that it was.
func testDownAndUp(t *testing.T, databaseURL string) {
	t.Helper()
	ctx := t.Context()
	sealer, err := NewSealer("secret")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(ctx, Options{URL: databaseURL, Dir: t.TempDir(), Sealer: sealer, Conns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	p, err := s.migrator(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var up []string // the schema after each migration
	for i := range p.ListSources() {
		if _, err := p.UpByOne(ctx); err != nil {
			t.Fatalf("migration %d up: %v", i+1, err)
		}
		up = append(up, schema(t, s))
	}
	for i := range slices.Backward(up) {
		if now := schema(t, s); now != up[i] {
			t.Fatalf("schema of migration %d, from above:\n%s\nfrom below:\n%s", i+1, now, up[i])
		}
		if _, err := p.Down(ctx); err != nil {
			t.Fatalf("migration %d down: %v", i+1, err)
		}
	}
	if left := schema(t, s); left != "" {
		t.Fatalf("left of the schema:\n%s", left)
	}
	if err := s.Migrate(ctx); err != nil {
		t.Fatalf("up again: %v", err)
	}
	if now := schema(t, s); now != up[len(up)-1] {
		t.Errorf("schema after down and up:\n%s\nbefore:\n%s", now, up[len(up)-1])
	}
}

// schema lists the columns and indexes, sorted.
func schema(t *testing.T, s *Store) string {
	t.Helper()
	columns := `SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || COALESCE(c.dflt_value, '') || ' ' || c.pk
		FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`
	indexes := `SELECT COALESCE(sql, '') FROM sqlite_master WHERE type = 'index'`
	if s.d.name == "postgres" {
		columns = `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || COALESCE(column_default, '')
			FROM information_schema.columns WHERE table_schema = current_schema()`
		indexes = `SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()`
	}
	var out []string
	for _, query := range []string{columns, indexes} {
		rows, err := s.w.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		list, err := collect(rows, "schema", func(line *string) []any { return []any{line} })
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, list...)
	}
	out = slices.DeleteFunc(out, func(line string) bool {
		return strings.Contains(line, "goose_db_version") || strings.HasPrefix(line, "sqlite_") || line == ""
	})
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func TestDownAndUp(t *testing.T) {
	t.Parallel()
	eachDatabase(t, testDownAndUp)
}
