package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"tributary/internal/testkit"
)

// The sizes of the database whose plans are looked at: large enough that reading
// a whole table costs the planner more than a look-up.
const (
	planAccounts = 10
	planInboxes  = 40
	planContacts = 60_000 // each with a contact inbox and a conversation
	planMessages = 120_000
	planWaiting  = 60_000 // deliveries and jobs, every second one due
)

// planned is a store on that database, with a tap.
type planned struct {
	t  *testing.T
	s  *Store
	db *sql.DB
	*tap
	big *regexp.Regexp // finds the big tables of a statement, and what it calls them
}

// newPlanned makes a store whose rows fill makes.
func newPlanned(t *testing.T, databaseURL string, fill func(p *planned)) *planned {
	t.Helper()
	sealer, err := NewSealer("secret")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, err := Open(t.Context(), Options{URL: databaseURL, Dir: dir, Sealer: sealer, Conns: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	p := &planned{t: t, big: tableAlias, tap: &tap{driver: stdlib.GetDefaultDriver(), source: databaseURL}}
	p.s = &Store{d: s.d, q: s.q, sealer: sealer, now: time.Now}
	if databaseURL == "" {
		p.driver, p.source = s.w.Driver(), "file:"+filepath.Join(dir, "tributary.db")+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate"
		p.s.w, p.s.r = &handle{DB: p.open(1)}, &handle{DB: p.open(1)}
		p.s.group = newGroup(p.s.w)
	} else {
		p.s.w = &handle{DB: p.open(2)}
		p.s.r = p.s.w
	}
	t.Cleanup(func() {
		if err := p.s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	p.db = p.s.w.DB
	fill(p)
	return p
}

// series is a table of the numbers up to n, as a column n.
func (p *planned) series(n int) string {
	if p.s.d.name == "postgres" {
		return "generate_series(1, " + strconv.Itoa(n) + ") AS g(n)"
	}
	return "(WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < " + strconv.Itoa(n) + ") SELECT n FROM g) AS g"
}

func (p *planned) exec(query string) {
	p.t.Helper()
	if _, err := p.db.ExecContext(p.t.Context(), query); err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
}

// fill makes the rows. Row n of contacts, contact inboxes and conversations
// belong together; message m is of conversation m % contacts + 1.
func (p *planned) fill() {
	p.t.Helper()
	contacts, messages, waiting := planContacts, planMessages, planWaiting
	if p.s.d.name == "sqlite" {
		// Its planner weighs indexes, not the sizes of tables.
		contacts, messages, waiting = contacts/20, messages/20, waiting/20
	}
	series := p.series
	inbox := fmt.Sprintf("n %% %d + 1", planInboxes)
	account := fmt.Sprintf("(n %% %d) %% %d + 1", planInboxes, planAccounts)
	of := fmt.Sprintf("(n %% %d) + 1", contacts)
	accountOf := strings.ReplaceAll(account, "n %", "("+of+") %")
	inboxOf := strings.ReplaceAll(inbox, "n %", "("+of+") %")
	p.exec(`INSERT INTO accounts (name, created_at, updated_at) SELECT 'a', 1, 1 FROM ` + series(planAccounts))
	p.exec(`INSERT INTO users (email, name, pubsub_token, created_at, updated_at) SELECT 'u' || n, 'u', 'u' || n, 1, 1 FROM ` + series(50))
	p.exec(`INSERT INTO channels (account_id, type, settings, created_at, updated_at) SELECT ` + account + `, 'Channel::Line', '', 1, 1 FROM ` + series(planInboxes))
	p.exec(`INSERT INTO inboxes (account_id, channel_id, channel_type, name, created_at, updated_at)
		SELECT (n - 1) % ` + strconv.Itoa(planAccounts) + ` + 1, n, 'Channel::Line', 'i', 1, 1 FROM ` + series(planInboxes))
	p.exec(`INSERT INTO contacts (account_id, name, email, phone_number, created_at, updated_at)
		SELECT ` + account + `, 'c', 'm' || n, '+' || n, 1, 1 FROM ` + series(contacts))
	p.exec(`INSERT INTO contact_inboxes (contact_id, inbox_id, source_id, pubsub_token, created_at, updated_at)
		SELECT n, ` + inbox + `, 'S' || n, 'p' || n, 1, 1 FROM ` + series(contacts))
	p.exec(`INSERT INTO conversations (account_id, inbox_id, contact_id, contact_inbox_id, display_id, uuid, status, assignee_id, last_activity_at, last_incoming_at, created_at, updated_at)
		SELECT ` + account + `, ` + inbox + `, n, n, n, 'u' || n, CASE WHEN n % 5 = 0 THEN 0 ELSE 1 END, CASE WHEN n % 3 = 0 THEN n % 50 + 1 END, n, n, n, n FROM ` + series(contacts))
	p.exec(`INSERT INTO messages (account_id, inbox_id, conversation_id, message_type, content, status, source_id, ingest_key, created_at, updated_at)
		SELECT ` + accountOf + `, ` + inboxOf + `, ` + of + `, n % 2, 'some text of a message that fills its row', n % 3, 's' || n, 'k' || n, n, n FROM ` + series(messages))
	p.exec(`INSERT INTO message_provider_ids (inbox_id, provider_id, message_id) SELECT ` + inboxOf + `, 's' || n, n FROM ` + series(contacts))
	p.exec(`INSERT INTO attachments (account_id, message_id, file_type, created_at, updated_at) SELECT 1, n, 0, 1, 1 FROM ` + series(contacts))
	p.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT n, ` + account + `, 'l' || (n % 20) FROM ` + series(contacts))
	p.exec(`INSERT INTO deliveries (message_id, account_id, inbox_id, channel_id, conversation_id, job_id, next_at, deadline, created_at)
		SELECT n, 1, 1, ` + inbox + `, ` + of + `, 'j', CASE WHEN n % 2 = 0 THEN n ELSE 9000000000000000 END, 1, 1 FROM ` + series(waiting))
	p.exec(`INSERT INTO jobs (kind, lane, unique_key, run_at, created_at)
		SELECT 'k', 'deferred', 'k' || n, CASE WHEN n % 2 = 0 THEN n ELSE 9000000000000000 END, 1 FROM ` + series(waiting))
	p.exec(`INSERT INTO parked_statuses (inbox_id, provider_id, status, expires_at) SELECT 1, 'p' || n, 1, n FROM ` + series(waiting))
	p.fillWhatsApp(series)
	p.fillSignIn(series)
	p.fillPeople(series)
	p.fillInboxes(series)
	p.fillPlatform(series)
	p.fillBots(series)
	p.fillNotifications()
	p.fillCampaigns(series)
	p.fillFilters(series)
	p.fillSAML(series)
	p.fillTalk()
	p.fillWebhooks(series)
	p.fillContacts()
	p.fillRules(series)
}

// plan is how the database runs a statement, a step a line.
func (p *planned) plan(s statement, mode string) string {
	p.t.Helper()
	conn, err := p.s.r.Conn(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if p.s.d.name == "sqlite" {
		return p.lines(conn, "EXPLAIN QUERY PLAN "+s.query, 4, s.args...)
	}
	literals := make([]string, len(s.args))
	for i, a := range s.args {
		literals[i] = literal(a)
	}
	call := "p"
	if len(literals) > 0 {
		call += "(" + strings.Join(literals, ", ") + ")"
	}
	for _, query := range []string{"SET plan_cache_mode = " + mode, "PREPARE p AS " + s.query} {
		if _, err := conn.ExecContext(p.t.Context(), query); err != nil {
			p.t.Fatalf("%s: %v", query, err)
		}
	}
	text := p.lines(conn, "EXPLAIN EXECUTE "+call, 1)
	if _, err := conn.ExecContext(p.t.Context(), "DEALLOCATE p"); err != nil {
		p.t.Fatal(err)
	}
	return text
}

// lines reads the last of a result's columns.
func (p *planned) lines(conn *sql.Conn, query string, columns int, args ...any) string {
	p.t.Helper()
	rows, err := conn.QueryContext(p.t.Context(), query, args...)
	if err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		values := make([]any, columns)
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			p.t.Fatal(err)
		}
		out = append(out, fmt.Sprint(*values[columns-1].(*any)))
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return strings.Join(out, "\n")
}

func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case int, int64:
		return fmt.Sprint(v)
	case *string:
		if v == nil {
			return "NULL"
		}
		return literal(*v)
	case *int64:
		if v == nil {
			return "NULL"
		}
		return fmt.Sprint(*v)
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprintf("unprintable %T", v)
}

var (
	tableAlias   = regexp.MustCompile(`\b(messages|conversations|contacts|contact_inboxes|message_provider_ids|attachments|conversation_labels|contact_labels|contact_notes|deliveries|jobs|parked_statuses|account_users|teams|team_members|custom_roles|inbox_members|assignment_policies|agent_capacity_policies|user_sessions|user_tokens|mfa_backup_codes|throttle_hits|mails_held|platform_permissions|console_sessions|audits|blobs|applied_changes|notifications|notification_settings|notification_subscriptions|campaigns|saml_assertions|saml_settings|inbox_webhook_refusals|webhooks|webhook_deliveries|mentions|conversation_participants|conversation_drafts|custom_attribute_definitions|custom_filters|contact_imports|contact_import_failures|labels|canned_responses|macros|automation_rules|kept_files|bulk_actions|whatsapp_[a-z]+)\s+(?:AS\s+)?([a-z]+)\b`)
	sqliteScan   = regexp.MustCompile(`(?m)^SCAN (\w+)|^SEARCH (\w+) USING AUTOMATIC`)
	postgresScan = regexp.MustCompile(`Seq Scan on (\w+)`)
	// A sort below a limit, with nothing but the lock of the rows between.
	sortBeforeLimit = regexp.MustCompile(`Limit .*\n(?:\s*->  LockRows .*\n)?\s*->  Sort `)
)

// scanned names the tables of which a plan reads every row.
func (p *planned) scanned(s statement, plan string) []string {
	tables := map[string]string{}
	for _, m := range p.big.FindAllStringSubmatch(s.query, -1) {
		tables[m[1]], tables[m[2]] = m[1], m[1]
	}
	for _, name := range []string{"notifications", "notification_settings", "notification_subscriptions", "webhooks", "webhook_deliveries"} {
		tables[name] = name // most statements need no other name for them
	}
	scan := postgresScan
	if p.s.d.name == "sqlite" {
		scan = sqliteScan
	}
	var out []string
	for _, m := range scan.FindAllStringSubmatch(plan, -1) {
		name := m[1]
		if name == "" && len(m) > 2 {
			name = m[2]
		}
		if strings.Contains(plan, "CO-ROUTINE "+name) {
			continue // the result of a subquery, which has steps of its own
		}
		if table := tables[name]; table != "" && !slices.Contains(out, table) {
			out = append(out, table)
		}
	}
	return out
}

// sorts tells whether a plan sorts what its LIMIT then cuts. A subquery named
// page is sorted again, once it is cut.
func (p *planned) sorts(s statement, plan string) bool {
	if p.s.d.name == "postgres" {
		return sortBeforeLimit.MatchString(plan)
	}
	allowed := 0
	if strings.Contains(s.query, "AS page") {
		allowed = 1
	}
	return strings.Count(plan, "USE TEMP B-TREE FOR ORDER BY") > allowed
}

// planCase is a call whose statements are looked at.
type planCase struct {
	name string
	call func(ctx context.Context, p *planned) error
	// page says that the rows come out of an index in order: nothing but the page
	// itself is sorted.
	page bool
	// whole names a table that the call means to read whole.
	whole string
}

// inTx is a call inside a transaction that is taken back.
func inTx(f func(ctx context.Context, t *Tx) error) func(context.Context, *planned) error {
	return func(ctx context.Context, p *planned) error {
		err := p.s.Transact(ctx, func(t *Tx) error {
			if err := f(ctx, t); err != nil {
				return err
			}
			return errTakenBack
		})
		if err == errTakenBack { //nolint:errorlint // returned as it is
			return nil
		}
		return err
	}
}

const errTakenBack = planError("taken back")

type planError string

func (e planError) Error() string { return string(e) }

func testPlans(t *testing.T, databaseURL string) {
	t.Helper()
	p := newPlanned(t, databaseURL, (*planned).fill)
	p.check(slices.Concat(receivePlans(), readPlans(), workPlans(), whatsappPlans(), peoplePlans(), signInPlans(), botPlans(), platformPlans(), notificationPlans(), campaignPlans(), samlPlans(), contactPlans(), inboxPlans(), talkPlans(), livePlans(), webhookPlans(), operatorPlans(), assignmentPlans(), filterPlans(), rulePlans()))
}

// check runs every case and looks at the plans of its statements.
func (p *planned) check(cases []planCase) {
	t := p.t
	t.Helper()
	modes := []string{"force_custom_plan", "force_generic_plan"}
	if p.s.d.name == "sqlite" {
		modes = []string{"without statistics", "analyzed"} // the embedded database has none unless somebody asks
	}
	for _, mode := range modes {
		if mode != "without statistics" {
			p.exec(`ANALYZE`)
		}
		for _, c := range cases {
			p.take()
			if err := c.call(t.Context(), p); err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			list := p.take()
			if len(list) == 0 {
				t.Errorf("%s ran no statement", c.name)
			}
			for _, s := range list {
				if !regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE)`).MatchString(s.query) {
					continue // SAVEPOINT
				}
				plan := p.plan(s, mode)
				tables := slices.DeleteFunc(p.scanned(s, plan), func(table string) bool { return table == c.whole })
				if len(tables) > 0 {
					t.Errorf("%s, %s: reads all of %v\n%s\n%s", c.name, mode, tables, s.query, plan)
				}
				if c.page && strings.Contains(s.query, "LIMIT") && p.sorts(s, plan) {
					t.Errorf("%s, %s: sorts more than the page\n%s\n%s", c.name, mode, s.query, plan)
				}
			}
		}
	}
}

func TestPlans(t *testing.T) {
	t.Parallel()
	eachDatabase(t, testPlans)
}

// eachDatabase runs f on SQLite, and on PostgreSQL where there is one, each empty.
func eachDatabase(t *testing.T, f func(t *testing.T, databaseURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); f(t, "") })
	if testkit.HasPostgres() {
		t.Run("postgres", func(t *testing.T) { t.Parallel(); f(t, testkit.Postgres(t)) })
	}
}
