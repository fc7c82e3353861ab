package testkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
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

	cleaned                  bool // by Around, before the tests
	folderMade, templateMade atomic.Bool
}

// template is the database on PostgreSQL that the others are copies of.
type template struct {
	admin *sql.DB
	name  string
}

var errNobodyCleans = errors.New("testkit: the package's TestMain must run its tests Around the Prepared")

// NewPrepared makes it; nothing is migrated yet.
func NewPrepared(migrate func(ctx context.Context, databaseURL, dir string) error) *Prepared {
	p := &Prepared{migrate: migrate}
	p.folder, p.server = sync.OnceValues(p.makeFolder), sync.OnceValues(p.makeTemplate)
	return p
}

// Tests runs a package's tests.
type Tests interface{ Run() int }

// Around gives tests after which what their databases were copied from is removed.
func (p *Prepared) Around(tests Tests) Tests {
	p.cleaned = true
	return &around{p, tests}
}

type around struct {
	*Prepared
	tests Tests
}

// Run gives the exit status.
func (a *around) Run() int {
	status := a.tests.Run()
	if err := a.remove(); err != nil {
		fmt.Fprintln(os.Stderr, "testkit:", err)
		return max(status, 1)
	}
	return status
}

func (p *Prepared) remove() error {
	var err error
	if p.folderMade.Load() {
		dir, _ := p.folder() // who wanted it was told
		err = os.RemoveAll(dir)
	}
	if p.templateMade.Load() {
		err = errors.Join(err, p.dropTemplate())
	}
	return err
}

func (p *Prepared) makeFolder() (string, error) {
	if !p.cleaned {
		return "", errNobodyCleans
	}
	dir, err := os.MkdirTemp("", "prepared")
	if err != nil {
		return "", err
	}
	p.folderMade.Store(true)
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

// Postgres is the URL of a database on the test server; empty when there is none. The
// user of TEST_DATABASE_URL must be allowed to create databases.
func (p *Prepared) Postgres(tb testing.TB) string {
	tb.Helper()
	if !HasPostgres() {
		return ""
	}
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
	if !p.cleaned {
		return nil, errNobodyCleans
	}
	t := &template{name: newName("template")}
	address, err := databaseAddress(t.name)
	if err != nil {
		return nil, err
	}
	if t.admin, err = sql.Open("pgx", os.Getenv(databaseVariable)); err != nil {
		return nil, err
	}
	if _, err := t.admin.Exec(`CREATE DATABASE "` + t.name + `"`); err != nil {
		return nil, errors.Join(err, t.admin.Close())
	}
	p.templateMade.Store(true)
	return t, p.migrate(context.Background(), address, os.TempDir())
}

func (p *Prepared) dropTemplate() error {
	t, _ := p.server() // who wanted it was told
	return errors.Join(drop(t.admin, t.name), t.admin.Close())
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
