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

	"tributary/chat"
	"tributary/internal/testkit"
)

// The sizes of the database whose plans are looked at: large enough that reading
// a whole table costs the planner more than a look-up.
const (
	planAccounts      = 10
	planInboxes       = 40
	planContacts      = 20_000 // each with a contact inbox and a conversation
	planMessages      = 120_000
	planWaiting       = 6_000 // deliveries and jobs
	planConversations = planContacts
)

// planned is a store on that database, with a tap.
type planned struct {
	t  *testing.T
	s  *Store
	db *sql.DB
	*tap
}

func newPlanned(t *testing.T, databaseURL string) *planned {
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
	p := &planned{t: t, tap: &tap{driver: stdlib.GetDefaultDriver(), source: databaseURL}}
	p.s = &Store{d: s.d, q: s.q, sealer: sealer, now: time.Now}
	if databaseURL == "" {
		p.tap.driver, p.tap.source = s.w.Driver(), "file:"+filepath.Join(dir, "tributary.db")+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate"
		p.s.w, p.s.r = p.open(1), p.open(1)
		p.s.group = newGroup(p.s.w)
	} else {
		p.s.w = p.open(2)
		p.s.r = p.s.w
	}
	t.Cleanup(func() {
		if err := p.s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	p.db = p.s.w
	p.fill()
	return p
}

func (p *planned) exec(query string) {
	p.t.Helper()
	if _, err := p.db.ExecContext(p.t.Context(), query); err != nil {
		p.t.Fatalf("%s: %v", query, err)
	}
}

// fill makes the rows. Row n of contacts, contact inboxes and conversations
// belong together; every message m is of conversation m % planConversations.
func (p *planned) fill() {
	p.t.Helper()
	series := func(n int) string {
		if p.s.d.name == "postgres" {
			return "generate_series(1, " + strconv.Itoa(n) + ") AS g(n)"
		}
		return "(WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < " + strconv.Itoa(n) + ") SELECT n FROM g) AS g"
	}
	inbox := fmt.Sprintf("n %% %d + 1", planInboxes)
	account := fmt.Sprintf("(n %% %d) %% %d + 1", planInboxes, planAccounts)
	of := fmt.Sprintf("(n %% %d) + 1", planConversations)
	accountOf := strings.ReplaceAll(account, "n %", "("+of+") %")
	inboxOf := strings.ReplaceAll(inbox, "n %", "("+of+") %")
	p.exec(`INSERT INTO accounts (name, created_at, updated_at) SELECT 'a', 1, 1 FROM ` + series(planAccounts))
	p.exec(`INSERT INTO users (email, name, pubsub_token, created_at, updated_at) SELECT 'u' || n, 'u', 'u' || n, 1, 1 FROM ` + series(50))
	p.exec(`INSERT INTO channels (account_id, type, settings, created_at, updated_at) SELECT ` + account + `, 'Channel::Line', '', 1, 1 FROM ` + series(planInboxes))
	p.exec(`INSERT INTO inboxes (account_id, channel_id, channel_type, name, created_at, updated_at)
		SELECT (n - 1) % ` + strconv.Itoa(planAccounts) + ` + 1, n, 'Channel::Line', 'i', 1, 1 FROM ` + series(planInboxes))
	p.exec(`INSERT INTO contacts (account_id, name, email, phone_number, created_at, updated_at)
		SELECT ` + account + `, 'c', 'm' || n, '+' || n, 1, 1 FROM ` + series(planContacts))
	p.exec(`INSERT INTO contact_inboxes (contact_id, inbox_id, source_id, pubsub_token, created_at, updated_at)
		SELECT n, ` + inbox + `, 'S' || n, 'p' || n, 1, 1 FROM ` + series(planContacts))
	p.exec(`INSERT INTO conversations (account_id, inbox_id, contact_id, contact_inbox_id, display_id, uuid, status, assignee_id, last_activity_at, last_incoming_at, created_at, updated_at)
		SELECT ` + account + `, ` + inbox + `, n, n, n, 'u' || n, CASE WHEN n % 5 = 0 THEN 0 ELSE 1 END, CASE WHEN n % 3 = 0 THEN n % 50 + 1 END, n, n, n, n FROM ` + series(planConversations))
	p.exec(`INSERT INTO messages (account_id, inbox_id, conversation_id, message_type, content, status, source_id, ingest_key, created_at, updated_at)
		SELECT ` + accountOf + `, ` + inboxOf + `, ` + of + `, n % 2, 'some text of a message that fills its row', n % 3, 's' || n, 'k' || n, n, n FROM ` + series(planMessages))
	p.exec(`INSERT INTO message_provider_ids (inbox_id, provider_id, message_id) SELECT ` + inboxOf + `, 's' || n, n FROM ` + series(planContacts))
	p.exec(`INSERT INTO attachments (account_id, message_id, file_type, created_at, updated_at) SELECT 1, n, 0, 1, 1 FROM ` + series(planContacts))
	p.exec(`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT n, ` + account + `, 'l' || (n % 20) FROM ` + series(planContacts))
	p.exec(`INSERT INTO deliveries (message_id, account_id, inbox_id, channel_id, conversation_id, job_id, next_at, deadline, created_at)
		SELECT n, 1, 1, ` + inbox + `, ` + of + `, 'j', CASE WHEN n <= 300 THEN 1 ELSE 9000000000000000 END, 1, 1 FROM ` + series(planWaiting))
	p.exec(`INSERT INTO jobs (kind, lane, unique_key, run_at, created_at)
		SELECT 'k', 'deferred', 'k' || n, CASE WHEN n <= 300 THEN 1 ELSE 9000000000000000 END, 1 FROM ` + series(planWaiting))
	p.exec(`INSERT INTO parked_statuses (inbox_id, provider_id, status, expires_at) SELECT 1, 'p' || n, 1, n FROM ` + series(planWaiting))
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
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprintf("unprintable %T", v)
}

var (
	tableAlias   = regexp.MustCompile(`\b(messages|conversations|contacts|contact_inboxes|message_provider_ids|attachments|conversation_labels|deliveries|jobs|parked_statuses)\s+(?:AS\s+)?([a-z]+)\b`)
	sqliteScan   = regexp.MustCompile(`(?m)^SCAN (\w+)|^SEARCH (\w+) USING AUTOMATIC`)
	postgresScan = regexp.MustCompile(`Seq Scan on (\w+)`)
)

// scanned names the tables of which a plan reads every row.
func (p *planned) scanned(s statement, plan string) []string {
	tables := map[string]string{}
	for _, m := range tableAlias.FindAllStringSubmatch(s.query, -1) {
		tables[m[1]], tables[m[2]] = m[1], m[1]
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
		if table := tables[name]; table != "" && !slices.Contains(out, table) {
			out = append(out, table)
		}
	}
	return out
}

// planCase is a call whose statements are looked at.
type planCase struct {
	name string
	call func(ctx context.Context, p *planned) error
	// unsorted says that a page comes out of the index in order.
	unsorted bool
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
	p := newPlanned(t, databaseURL)
	modes := []string{"force_custom_plan", "force_generic_plan"}
	if databaseURL == "" {
		modes = []string{"without statistics", "analyzed"} // the embedded database has none unless somebody asks
	}
	for _, mode := range modes {
		if mode != "without statistics" {
			p.exec(`ANALYZE`)
		}
		for _, c := range slices.Concat(receivePlans(), readPlans(), workPlans()) {
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
				if tables := p.scanned(s, plan); len(tables) > 0 {
					t.Errorf("%s, %s: reads all of %v\n%s\n%s", c.name, mode, tables, s.query, plan)
				}
				if c.unsorted && strings.Contains(plan, "USE TEMP B-TREE FOR ORDER BY") && strings.Contains(s.query, "AS page") && strings.Count(plan, "USE TEMP B-TREE FOR ORDER BY") > 1 {
					t.Errorf("%s, %s: sorts more than the page\n%s\n%s", c.name, mode, s.query, plan)
				}
			}
		}
	}
}

func TestPlansSQLite(t *testing.T) {
	t.Parallel()
	testPlans(t, "")
}

func TestPlansPostgres(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	if url == "" {
		t.Skip("TEST_DATABASE_URL is not set")
	}
	testPlans(t, url)
}

// keys makes n values.
func keys[T any](n int, f func(i int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = f(i + 1)
	}
	return out
}

func receivePlans() []planCase {
	const n = 30
	at := func(i int) int64 { return int64(i * 17) }
	inboxOf := func(i int) int64 { return at(i)%planInboxes + 1 }
	return []planCase{
		{name: "KnownKeys", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.KnownKeys(ctx, keys(n, func(i int) IngestKey { return IngestKey{InboxID: inboxOf(i), Key: fmt.Sprint("k", at(i))} }))
			return err
		})},
		{name: "ContactInboxes", call: inTx(func(ctx context.Context, t *Tx) error {
			got, err := t.ContactInboxes(ctx, keys(n, func(i int) SourceKey { return SourceKey{inboxOf(i), fmt.Sprint("S", at(i))} }))
			if err == nil && len(got) != n {
				err = fmt.Errorf("found %d of %d", len(got), n)
			}
			return err
		})},
		{name: "EnsureContacts", call: inTx(func(ctx context.Context, t *Tx) error {
			_, _, err := t.EnsureContacts(ctx, keys(n, func(i int) NewContact { return NewContact{AccountID: 1, Phone: fmt.Sprint("+", at(i)), Email: fmt.Sprint("m", i)} }))
			return err
		})},
		{name: "TouchContacts", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.TouchContacts(ctx, keys(n, func(i int) TouchContact { return TouchContact{ID: at(i), At: 1} }))
		})},
		{name: "CurrentConversations", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.CurrentConversations(ctx, keys(n, func(i int) ThreadKey { return ThreadKey{ContactInboxID: at(i)} }), keys(n, func(i int) bool { return i%2 == 0 }))
			return err
		})},
		{name: "TouchConversations", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.TouchConversations(ctx, keys(n, func(i int) TouchConversation { return TouchConversation{ID: at(i), At: 1, IncomingAt: 1} }))
		})},
		{name: "ConversationOfSource", call: inTx(func(ctx context.Context, t *Tx) error {
			_, _, err := t.ConversationOfSource(ctx, 18, 17, "s16")
			return err
		})},
		{name: "SourceMessage", call: inTx(func(ctx context.Context, t *Tx) error {
			_, _, err := t.SourceMessage(ctx, 18, 17, "nobody's")
			return err
		})},
		{name: "IngestedMessage", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.IngestedMessage(ctx, IngestKey{InboxID: 18, Key: "k17"})
			return err
		})},
		{name: "Providers", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.Providers(ctx, keys(n, func(i int) ProviderRef { return ProviderRef{inboxOf(i), fmt.Sprint("s", at(i))} }))
			return err
		})},
		{name: "MoveStatuses", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.MoveStatuses(ctx, keys(n, func(i int) StatusMove { return StatusMove{MessageID: at(i), Status: 1} }))
		})},
		{name: "TakeParked", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.TakeParked(ctx, ProviderRef{1, "p7"})
			return err
		})},
		{name: "Watermark", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.Watermark(ctx, 17, 1<<60, 2)
			return err
		})},
		{name: "PartSent", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.PartSent(ctx, Delivery{MessageID: 17, InboxID: 18, ConversationID: 18}, 0, []string{"new"})
		})},
	}
}

func readPlans() []planCase {
	filter := func(f ConversationFilter) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error {
			f.AccountID, f.UserID = 1, 1
			if _, err := p.s.CountConversations(ctx, f); err != nil {
				return err
			}
			_, err := p.s.ListConversations(ctx, f, ByActivityDesc, 25, 0)
			return err
		}
	}
	open := []int{chat.Open.Code()}
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	return []planCase{
		{name: "open conversations", call: filter(ConversationFilter{Statuses: open}), unsorted: true},
		{name: "all conversations", call: filter(ConversationFilter{}), unsorted: true},
		{name: "my conversations", call: filter(ConversationFilter{Statuses: open, Assignee: "me"})},
		{name: "unassigned conversations", call: filter(ConversationFilter{Statuses: open, Assignee: "unassigned"})},
		{name: "conversations of inboxes", call: filter(ConversationFilter{Statuses: open, InboxIDs: []int64{1, 11}})},
		{name: "conversations of an inbox", call: filter(ConversationFilter{Statuses: open, InboxID: 11})},
		{name: "conversations with a label", call: filter(ConversationFilter{Labels: []string{"l3"}})},
		{name: "conversations of a source", call: filter(ConversationFilter{SourceID: "S40"})},
		{name: "conversations with a text", call: filter(ConversationFilter{Statuses: open, Text: "nowhere"})},
		{name: "ConversationListedBy", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ConversationListedBy(ctx, 1, 40)
			return err
		})},
		{name: "ConversationHead", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ConversationHead(ctx, 1, 40)
			return err
		})},
		{name: "Messages", call: read(func(ctx context.Context, s *Store) error {
			for _, r := range []MessageRange{{}, {Before: 90_000}, {After: 90_000}, {After: 10, Before: 90_000}, {Public: true}} {
				if _, err := s.Messages(ctx, 40, r); err != nil {
					return err
				}
			}
			return nil
		})},
		{name: "MessagesByID", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.MessagesByID(ctx, 1, keys(20, func(i int) int64 { return int64(i * 999) }))
			return err
		})},
		{name: "MessageView", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.MessageView(ctx, 17)
			return err
		})},
		{name: "LoadOutgoing", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.LoadOutgoing(ctx, Delivery{MessageID: 17})
			return err
		})},
		{name: "MessageInConversation", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, _, err := t.MessageInConversation(ctx, 18, 17, ""); err != nil {
				return err
			}
			_, _, err := t.MessageInConversation(ctx, 18, 0, "s17")
			return err
		})},
		{name: "Contacts", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.Contacts(ctx, 1, keys(20, func(i int) int64 { return int64(i * 99) }))
			return err
		})},
		{name: "InboxesOfContact", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.InboxesOfContact(ctx, 17)
			return err
		})},
		{name: "Session", call: read(func(ctx context.Context, s *Store) error {
			of, err := s.Session(ctx, 18, "S17")
			if err != nil {
				return err
			}
			for _, of.HMACVerified = range []bool{false, true} {
				if _, err := s.SessionConversations(ctx, of, 0); err != nil {
					return err
				}
			}
			_, err = s.PublicMessages(ctx, []int64{17, 18})
			return err
		})},
	}
}

func workPlans() []planCase {
	return []planCase{
		{name: "ClaimDeliveries", call: func(ctx context.Context, p *planned) error {
			list, err := p.s.ClaimDeliveries(ctx, "owner", time.Microsecond, 100, []int64{5})
			if err == nil && len(list) != 100 {
				err = fmt.Errorf("claimed %d, want 100", len(list))
			}
			return err
		}},
		{name: "DeferDelivery", call: func(ctx context.Context, p *planned) error {
			return p.s.DeferDelivery(ctx, 6000, time.Unix(1<<32, 0), "", false)
		}},
		{name: "ClaimJobs", call: func(ctx context.Context, p *planned) error {
			list, err := p.s.ClaimJobs(ctx, LaneDeferred, "owner", time.Microsecond, 100)
			if err == nil && len(list) != 100 {
				err = fmt.Errorf("claimed %d, want 100", len(list))
			}
			return err
		}},
		{name: "InsertJob", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.InsertJob(ctx, Job{Kind: "k", UniqueKey: "k7"})
		})},
		{name: "SeenByContact", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.SeenByContact(ctx, 17)
			return err
		})},
		{name: "AbsorbContact", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.LockContacts(ctx, 8, 17, 57); err != nil {
				return err
			}
			_, err := t.AbsorbContact(ctx, 17, 57)
			return err
		})},
		{name: "DeleteInboxChunk", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.DeleteInboxChunk(ctx, 40, 2)
			return err
		}},
		{name: "ExpireParked", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.ExpireParked(ctx)
			return err
		}},
	}
}
