// Package storetest is the conformance suite of the store: every exported method
// of store.Store and store.Tx on a real database, with the same answers expected
// of SQLite and PostgreSQL.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"

	"tributary/internal/testkit"
	"tributary/store"
)

// Secret is the SECRET_KEY_BASE of every store that the suite opens.
const Secret = "the suite's SECRET_KEY_BASE"

// start is when the clock of a new store stands.
var start = time.Date(2026, 3, 1, 10, 0, 0, 123456000, time.UTC)

// Clock is a time that only the test moves. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// DB is a migrated store on a database of its own, with what a test needs to
// look behind it.
type DB struct {
	*store.Store
	Clock *Clock
	// SQL reads and writes the tables directly.
	SQL *sql.DB
	// Dir holds the database file; empty for PostgreSQL.
	Dir string
	// URL is PostgreSQL's; empty for SQLite.
	URL string
}

// Options are what the store was opened with, to open it once more.
func (d *DB) Options(tb testing.TB, secret string) store.Options {
	tb.Helper()
	sealer, err := store.NewSealer(secret)
	if err != nil {
		tb.Fatalf("NewSealer: %v", err)
	}
	return store.Options{URL: d.URL, Dir: d.Dir, Sealer: sealer, Now: d.Clock.Now, Conns: 12}
}

// Open opens and migrates a store: PostgreSQL at databaseURL, which must be empty or
// one of Prepared, or SQLite in a temporary folder when databaseURL is "".
func Open(tb testing.TB, databaseURL string) *store.Store {
	tb.Helper()
	return New(tb, databaseURL).Store
}

// Prepared are databases that are migrated already. Whoever uses it, as New does, runs
// a package's tests with its Around.
var Prepared = testkit.NewPrepared(func(ctx context.Context, databaseURL, dir string) error {
	sealer, err := store.NewSealer(Secret)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{URL: databaseURL, Dir: dir, Sealer: sealer, Conns: 1})
	if err != nil {
		return err
	}
	return errors.Join(s.Migrate(ctx), s.Close())
})

// New is Open with the clock and the tables.
func New(tb testing.TB, databaseURL string) *DB {
	tb.Helper()
	dir := ""
	if databaseURL == "" {
		dir = Prepared.Dir(tb)
	}
	d := open(tb, databaseURL, dir)
	if err := d.Migrate(tb.Context()); err != nil {
		tb.Fatalf("Migrate: %v", err)
	}
	return d
}

// Unmigrated is New without the schema.
func Unmigrated(tb testing.TB, databaseURL string) *DB {
	tb.Helper()
	dir := ""
	if databaseURL == "" {
		dir = tb.TempDir()
	}
	return open(tb, databaseURL, dir)
}

func open(tb testing.TB, databaseURL, dir string) *DB {
	tb.Helper()
	d := &DB{Clock: &Clock{now: start}, Dir: dir}
	driver := "pgx"
	if databaseURL != "" {
		d.URL = named(tb, databaseURL)
	}
	source := d.URL
	if databaseURL == "" {
		driver, source = "sqlite", "file:"+filepath.Join(d.Dir, "tributary.db")+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"
	}
	var err error
	if d.Store, err = store.Open(tb.Context(), d.Options(tb, Secret)); err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	if d.SQL, err = sql.Open(driver, source); err != nil {
		tb.Fatalf("open the tables: %v", err)
	}
	d.SQL.SetMaxOpenConns(2)
	tb.Cleanup(func() { _ = d.SQL.Close() })
	return d
}

// named gives the connections of one test a name of their own, by which it finds
// them in pg_stat_activity.
func named(tb testing.TB, databaseURL string) string {
	tb.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		tb.Fatalf("database URL: %v", err)
	}
	q := u.Query()
	q.Set("application_name", "storetest "+store.NewToken())
	u.RawQuery = q.Encode()
	return u.String()
}

// Files are the bytes of the SQLite database, its log included.
func (d *DB) Files(tb testing.TB) []byte {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(d.Dir, "tributary.db*"))
	if err != nil || len(names) == 0 {
		tb.Fatalf("files of the database: %v, %v", names, err)
	}
	var all []byte
	for _, name := range names {
		b, err := os.ReadFile(name) //nolint:gosec // the test's own folder
		if err != nil {
			tb.Fatalf("read database: %v", err)
		}
		all = append(all, b...)
	}
	return all
}

// A Case tests what some methods promise, in a database of its own.
type Case struct {
	Name string
	// Covers names the methods that it is about: "Store.Inbox", "Tx.InsertJob".
	Covers []string
	Run    func(t *testing.T, w *World)
}

// Cases are the suite.
func Cases() []Case {
	var all []Case
	for _, list := range [][]Case{
		lifeCases(), accountCases(), channelCases(), secretCases(), inboxCases(), contactCases(), contactListCases(),
		conversationCases(), editCases(), talkCases(), assignmentCases(),
		messageCases(), statusCases(), replyCases(), deliveryCases(), partCases(), jobCases(), readCases(), listCases(),
		identityCases(), sessionCases(), writerCases(), claimCases(), blobCases(), attachmentCases(), templateCases(),
		whatsappCases(), whatsappLeaseCases(), whatsappAttemptCases(), signInCases(), mfaCases(), peopleCases(), teamCases(), inboxStatusCases(),
		notificationCases(), notificationSettingsCases(), liveCases(),
		platformCases(),
		filterCases(), botCases(), policyCases(), campaignCases(), samlCases(), searchCases(), ruleCases(),
		webhookCases(), operatorCases(), rotationCases(),
	} {
		all = append(all, list...)
	}
	return all
}

// Run runs the suite; open gives a new, migrated and empty store.
func Run(t *testing.T, open func(testing.TB) *DB) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Run(t, newWorld(t, open(t)))
		})
	}
}

// Missing compares the suite with the exported methods of the store: those that
// no case covers, and those that a case names and that do not exist.
func Missing() (uncovered, unknown []string) {
	covered := map[string]bool{}
	for _, c := range Cases() {
		for _, m := range c.Covers {
			covered[m] = true
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[*store.Store](), reflect.TypeFor[*store.Tx]()} {
		for method := range typ.Methods() {
			name := typ.Elem().Name() + "." + method.Name
			if !covered[name] {
				uncovered = append(uncovered, name)
			}
			delete(covered, name)
		}
	}
	for name := range covered {
		unknown = append(unknown, name)
	}
	return uncovered, unknown
}
