package testkit

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// Prepared gives tests databases that are migrated already. The first of a back end
// is made when a test wants it, the others are copies: migrating takes half a second,
// and under the race detector several times as long.
type Prepared struct {
	// migrate makes the tables of the database at a URL, or in a folder when the URL is
	// empty, and closes it again.
	migrate func(ctx context.Context, databaseURL, dir string) error

	folder func() (string, error)
	server func() (*template, error)
}

// template is the database on PostgreSQL that the others are copies of.
type template struct {
	admin *sql.DB
	name  string
}

// NewPrepared makes it; nothing is migrated yet.
func NewPrepared(migrate func(ctx context.Context, databaseURL, dir string) error) *Prepared {
	p := &Prepared{migrate: migrate}
	p.folder, p.server = sync.OnceValues(p.makeFolder), sync.OnceValues(p.makeTemplate)
	return p
}

// Main runs a package's tests and removes what their databases were copied from. Its
// result is the exit status.
func (p *Prepared) Main(m *testing.M) int {
	status := m.Run()
	made, err := p.folder()
	if err == nil {
		err = os.RemoveAll(made)
	}
	if err == nil && HasPostgres() {
		err = p.dropTemplate()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testkit:", err)
		return max(status, 1)
	}
	return status
}

func (p *Prepared) makeFolder() (string, error) {
	dir, err := os.MkdirTemp("", "prepared")
	if err != nil {
		return "", err
	}
	return dir, p.migrate(context.Background(), "", dir)
}

// Dir is a folder with an embedded database.
func (p *Prepared) Dir(tb testing.TB) string {
	tb.Helper()
	from, err := p.folder()
	if err != nil {
		tb.Fatalf("migrate the embedded database: %v", err)
	}
	to := tb.TempDir()
	err = filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, entry.Name()), b, 0o600)
	})
	if err != nil {
		tb.Fatalf("copy the embedded database: %v", err)
	}
	return to
}

// Postgres is the URL of a database on the test server, see HasPostgres. The user of
// TEST_DATABASE_URL must be allowed to create databases.
func (p *Prepared) Postgres(tb testing.TB) string {
	tb.Helper()
	from, err := p.server()
	if err != nil {
		tb.Fatalf("migrate the test database: %v", err)
	}
	name := newName("copy")
	if _, err := from.admin.ExecContext(tb.Context(), `CREATE DATABASE "`+name+`" TEMPLATE "`+from.name+`"`); err != nil {
		tb.Fatalf("copy the test database: %v", err)
	}
	tb.Cleanup(func() {
		if err := drop(from.admin, name); err != nil {
			tb.Error(err)
		}
	})
	address, err := databaseAddress(name)
	if err != nil {
		tb.Fatal(err)
	}
	return address
}

func (p *Prepared) makeTemplate() (*template, error) {
	t := &template{name: newName("template")}
	address, err := databaseAddress(t.name)
	if err != nil {
		return nil, err
	}
	if t.admin, err = sql.Open("pgx", os.Getenv(databaseVariable)); err != nil {
		return nil, err
	}
	if _, err := t.admin.Exec(`CREATE DATABASE "` + t.name + `"`); err != nil {
		return nil, err
	}
	return t, p.migrate(context.Background(), address, os.TempDir())
}

func (p *Prepared) dropTemplate() error {
	t, err := p.server()
	if err != nil {
		return err
	}
	if err := drop(t.admin, t.name); err != nil {
		return err
	}
	return t.admin.Close()
}

func drop(admin *sql.DB, name string) error {
	if _, err := admin.Exec(`DROP DATABASE "` + name + `" WITH (FORCE)`); err != nil {
		return fmt.Errorf("drop a test database: %w", err)
	}
	return nil
}

func newName(kind string) string {
	return "tributary_" + kind + "_" + strings.ReplaceAll(uuid.NewString()[:13], "-", "_")
}

// databaseAddress is TEST_DATABASE_URL with another database.
func databaseAddress(name string) (string, error) {
	u, err := url.Parse(os.Getenv(databaseVariable))
	if err != nil {
		return "", fmt.Errorf("%s is not an address", databaseVariable)
	}
	u.Path = "/" + name
	return u.String(), nil
}
