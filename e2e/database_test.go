package e2e_test

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"
)

// database opens the program's database beside it.
func (p *program) database() *sql.DB {
	p.t.Helper()
	driver, address := "sqlite", "file:"+p.dir+"/tributary.db?_pragma=busy_timeout(10000)"
	if p.backend.DatabaseURL != "" {
		driver, address = "pgx", p.backend.DatabaseURL
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = db.Close() })
	return db
}

// age makes everything that came in a month old.
func (p *program) age(conversation int64) {
	p.t.Helper()
	const month = int64(30*24*3600) * 1e6
	if _, err := p.database().Exec(`UPDATE conversations SET last_incoming_at = last_incoming_at - $1 WHERE display_id = $2`,
		month, conversation); err != nil {
		p.t.Fatal(err)
	}
}

// strings reads one text column.
func texts(t testing.TB, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var s sql.NullString
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
