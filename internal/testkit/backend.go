// Package testkit is what tests of several packages share: the two back ends and
// waiting for a condition.
package testkit

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"
	"github.com/redis/go-redis/v9"
)

// databaseVariable names the PostgreSQL of tests.
const databaseVariable = "TEST_DATABASE_URL"

// HasPostgres tells whether there is a PostgreSQL to test on.
func HasPostgres() bool { return os.Getenv(databaseVariable) != "" }

// Backend is where a test's program keeps its data. The zero value is the
// embedded one.
type Backend struct {
	Name        string
	DatabaseURL string
	RedisURL    string
	RedisPrefix string
}

// Each runs f on the embedded back end and, when TEST_DATABASE_URL and
// TEST_REDIS_URL are set, on PostgreSQL and Redis, each with nothing in it.
func Each(t *testing.T, f func(t *testing.T, b Backend)) {
	t.Helper()
	each(t, Postgres, f)
}

// Each is the function of that name, with the tables made in PostgreSQL. Those of the
// embedded database are in a Dir.
func (p *Prepared) Each(t *testing.T, f func(t *testing.T, b Backend)) {
	t.Helper()
	each(t, p.Postgres, f)
}

func each(t *testing.T, postgres func(testing.TB) string, f func(t *testing.T, b Backend)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { f(t, Backend{Name: "embedded"}) })
	if !HasPostgres() || os.Getenv("TEST_REDIS_URL") == "" {
		return
	}
	t.Run("postgres and redis", func(t *testing.T) {
		b := Backend{Name: "postgres and redis", DatabaseURL: postgres(t), RedisURL: os.Getenv("TEST_REDIS_URL")}
		b.RedisPrefix = redisPrefix(t, b.RedisURL)
		f(t, b)
	})
}

// Postgres makes an empty schema in the test database and gives the URL that
// leads to it; empty when TEST_DATABASE_URL is not set.
func Postgres(tb testing.TB) string {
	tb.Helper()
	base := os.Getenv(databaseVariable)
	if base == "" {
		return ""
	}
	db, err := sql.Open("pgx", base)
	if err != nil {
		tb.Fatalf("test database: %v", err)
	}
	schema := "t_" + uuid.NewString()[:13]
	if _, err := db.ExecContext(tb.Context(), `CREATE SCHEMA "`+schema+`"`); err != nil {
		tb.Fatalf("test database: %v", err)
	}
	tb.Cleanup(func() {
		if _, err := db.Exec(`DROP SCHEMA "` + schema + `" CASCADE`); err != nil {
			tb.Errorf("test database: %v", err)
		}
		if err := db.Close(); err != nil {
			tb.Errorf("test database: %v", err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		tb.Fatalf("TEST_DATABASE_URL: %v", err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// redisPrefix gives keys of this test only, and removes them afterwards.
func redisPrefix(tb testing.TB, address string) string {
	tb.Helper()
	prefix := "{test-" + uuid.NewString()[:13] + "}"
	opt, err := redis.ParseURL(address)
	if err != nil {
		tb.Fatalf("TEST_REDIS_URL: %v", err)
	}
	tb.Cleanup(func() {
		c := redis.NewClient(opt)
		defer func() { _ = c.Close() }()
		ctx := context.WithoutCancel(tb.Context())
		for it := c.Scan(ctx, 0, globEscape(prefix)+"*", 1000).Iterator(); it.Next(ctx); {
			c.Del(ctx, it.Val())
		}
	})
	return prefix
}

// Wait waits until ok, at most for bound, and fails the test with what was
// waited for.
func Wait(tb testing.TB, bound time.Duration, what string, ok func() bool) {
	tb.Helper()
	end := time.Now().Add(bound)
	for !ok() {
		if time.Now().After(end) {
			tb.Fatalf("waited %s for %s", bound, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// globEscape takes the meaning from characters that a Redis pattern reads.
func globEscape(s string) string {
	return strings.NewReplacer("[", `\[`, "]", `\]`, "*", `\*`, "?", `\?`).Replace(s)
}
