package store

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema up to date. It is safe to run from several
// processes at once on PostgreSQL (session lock) and is a no-op when current.
func (s *Store) Migrate(ctx context.Context) error {
	p, err := s.migrator(ctx)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}

// Migrated tells whether the schema is current.
func (s *Store) Migrated(ctx context.Context) (bool, error) {
	p, err := s.migrator(ctx)
	if err != nil {
		return false, err
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("store: migrations: %w", err)
	}
	return !pending, nil
}

func (s *Store) migrator(ctx context.Context) (*goose.Provider, error) {
	files, err := migrationsFor(s.d)
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithLogger(goose.NopLogger())}
	dialectOf := goose.DialectSQLite3
	if s.d.name == "postgres" {
		dialectOf = goose.DialectPostgres
		// One lock for each schema: installations may share a database.
		var id int64
		if err := s.w.QueryRowContext(ctx, `SELECT hashtext('tributary migrations in ' || current_schema())`).Scan(&id); err != nil {
			return nil, fmt.Errorf("store: migration lock: %w", err)
		}
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(id), lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, fmt.Errorf("store: migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialectOf, s.w.DB, files, options...)
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	return p, nil
}

// memberText stands in a migration for the text of a member of a column's JSON object.
var memberText = regexp.MustCompile(`\{\{text (\w+) (\w+)\}\}`)

// migrationsFor gives the dialect's form of the migrations: {{pk}} and
// {{text COLUMN MEMBER}} are filled in, and a file NAME.sqlite.sql or
// NAME.postgres.sql is only for that database.
func migrationsFor(d dialect) (fs.FS, error) {
	entries, err := fs.ReadDir(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	out := fstest.MapFS{}
	for _, e := range entries {
		name := e.Name()
		base, only, twin := strings.Cut(strings.TrimSuffix(name, ".sql"), ".")
		if twin && only != d.name {
			continue
		}
		text, err := fs.ReadFile(migrations, "migrations/"+name)
		if err != nil {
			return nil, fmt.Errorf("store: migrations: %w", err)
		}
		text = bytes.ReplaceAll(text, []byte("{{pk}}"), []byte(d.pk))
		text = memberText.ReplaceAllFunc(text, func(found []byte) []byte {
			m := memberText.FindSubmatch(found)
			return []byte(d.memberText(string(m[1]), string(m[2])))
		})
		out[base+".sql"] = &fstest.MapFile{Data: text}
	}
	return out, nil
}

// queryer is what a query needs: the database or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}
