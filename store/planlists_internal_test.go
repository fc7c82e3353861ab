package store

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tributary/chat"
)

// The lists of the API, where there are many of everything: contact, contact inbox,
// conversation, inbox and channel n belong together and to account n % listAccounts + 1.
const (
	listAccounts = 100
	manyRows     = 100_000
)

// fillLists makes the rows: manyRows of each on PostgreSQL, whose planner weighs a few
// look-ups against reading all of a table.
func (p *planned) fillLists() {
	p.t.Helper()
	listRows := manyRows
	if p.s.d.name == "sqlite" {
		listRows = manyRowsSQLite
	}
	p.big = regexp.MustCompile(`\b(contacts|contact_inboxes|conversations|inboxes|channels|working_hours|messages|conversation_labels|inbox_members|users|account_users)` +
		`\s+(?:AS\s+)?([a-z]+)\b`)
	rows := p.series(listRows)
	conn, err := p.db.Conn(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, setting := range unchecked { // those of the other database fail
		_, _ = conn.ExecContext(p.t.Context(), setting.before)
	}
	account := "n % " + strconv.Itoa(listAccounts) + " + 1"
	for _, query := range []string{
		`INSERT INTO accounts (name, created_at, updated_at) SELECT 'a', 1, 1 FROM ` + p.series(listAccounts),
		`INSERT INTO users (email, name, pubsub_token, created_at, updated_at) SELECT 'u' || n, 'u', 'u' || n, 1, 1 FROM ` + rows,
		`INSERT INTO account_users (account_id, user_id, created_at, updated_at) SELECT ` + account + `, n, 1, 1 FROM ` + p.series(listRows/10),
		`INSERT INTO channels (account_id, type, settings, created_at, updated_at) SELECT ` + account + `, 'Channel::Line', '', 1, 1 FROM ` + rows,
		`INSERT INTO inboxes (account_id, channel_id, channel_type, name, created_at, updated_at) SELECT ` + account + `, n, 'Channel::Line', 'i', 1, 1 FROM ` + rows,
		`INSERT INTO working_hours (inbox_id, day_of_week) SELECT n, 1 FROM ` + rows,
		`INSERT INTO inbox_members (inbox_id, user_id, created_at) SELECT n, n % ` + strconv.Itoa(listRows/10) + ` + 1, 1 FROM ` + rows,
		`INSERT INTO contacts (account_id, name, email, phone_number, created_at, updated_at) SELECT ` + account + `, 'c', 'm' || n, '+' || n, 1, 1 FROM ` + rows,
		`INSERT INTO contact_inboxes (contact_id, inbox_id, source_id, pubsub_token, created_at, updated_at) SELECT n, n, 'S' || n, 'p' || n, 1, 1 FROM ` + rows,
		`INSERT INTO conversations (account_id, inbox_id, contact_id, contact_inbox_id, display_id, uuid, status, assignee_id, last_activity_at, created_at, updated_at)
			SELECT ` + account + `, n, n, n, n, 'u' || n, n % 4, CASE WHEN n % 3 = 0 THEN n % ` + strconv.Itoa(listRows/10) + ` + 1 END, n, n, n FROM ` + rows,
		`INSERT INTO messages (account_id, inbox_id, conversation_id, message_type, content, created_at, updated_at)
			SELECT ` + account + `, n, n, 0, 'text', n, n FROM ` + rows,
		`INSERT INTO conversation_labels (conversation_id, account_id, label) SELECT n, ` + account + `, 'l' || (n % 20) FROM ` + rows,
	} {
		if _, err := conn.ExecContext(p.t.Context(), query); err != nil {
			p.t.Fatalf("%s: %v", query, err)
		}
	}
	for _, setting := range unchecked {
		_, _ = conn.ExecContext(p.t.Context(), setting.after)
	}
}

// unchecked lets the rows be written without looking for those that they name, where
// the database lets us: most of the time goes there.
var unchecked = []struct{ before, after string }{
	{"SET session_replication_role = replica", "SET session_replication_role = DEFAULT"},
	{"SET synchronous_commit = off", "SET synchronous_commit = DEFAULT"},
	{"PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"},
	{"PRAGMA synchronous = OFF", "PRAGMA synchronous = FULL"},
}

// listPlans are the lists, and what is read for each of their rows. A list of whole
// pages in the order of an index says page.
func listPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	conversations := func(f ConversationFilter, o ConversationOrder) func(context.Context, *planned) error {
		return read(func(ctx context.Context, s *Store) error {
			f.AccountID, f.UserID = 1, 100
			if _, err := s.CountConversations(ctx, f); err != nil {
				return err
			}
			_, err := s.ListConversations(ctx, f, o, 25, 25)
			return err
		})
	}
	open := []int{chat.Open.Code()}
	some := keys(100, func(i int) int64 { return int64(i * 100) }) // of account 1
	return []planCase{
		{name: "conversations", call: conversations(ConversationFilter{}, ByActivityDesc), page: true},
		{name: "conversations, oldest first", call: conversations(ConversationFilter{}, ByActivityAsc), page: true},
		{name: "open conversations", call: conversations(ConversationFilter{Statuses: open}, ByActivityDesc), page: true},
		{name: "by creation", call: conversations(ConversationFilter{Statuses: open}, ByCreatedDesc)},
		{name: "by creation, oldest first", call: conversations(ConversationFilter{Statuses: open}, ByCreatedAsc)},
		{name: "by priority", call: conversations(ConversationFilter{Statuses: open}, ByPriorityDesc)},
		{name: "by priority, lowest first", call: conversations(ConversationFilter{Statuses: open}, ByPriorityAsc)},
		{name: "by waiting", call: conversations(ConversationFilter{Statuses: open}, ByWaitingDesc)},
		{name: "by waiting, shortest first", call: conversations(ConversationFilter{Statuses: open}, ByWaitingAsc)},
		{name: "conversations of some inboxes", call: conversations(ConversationFilter{InboxIDs: some}, ByActivityDesc)},
		{name: "conversations of an inbox", call: conversations(ConversationFilter{InboxID: 100}, ByActivityDesc)},
		{name: "my conversations", call: conversations(ConversationFilter{Assignee: "me"}, ByActivityDesc)},
		{name: "nobody's conversations", call: conversations(ConversationFilter{Assignee: "unassigned"}, ByActivityDesc)},
		{name: "assigned conversations", call: conversations(ConversationFilter{Assignee: "assigned"}, ByActivityDesc)},
		{name: "unattended conversations", call: conversations(ConversationFilter{Unattended: true}, ByActivityDesc)},
		{name: "labelled conversations", call: conversations(ConversationFilter{Labels: []string{"l1"}}, ByActivityDesc)},
		{name: "conversations of a source", call: conversations(ConversationFilter{SourceID: "S100"}, ByActivityDesc)},
		{name: "changed conversations", call: conversations(ConversationFilter{UpdatedAfter: manyRowsSQLite - 1000}, ByActivityDesc)},
		{name: "conversations among some", call: conversations(ConversationFilter{Among: some}, ByActivityDesc)},
		{name: "unread conversations", call: conversations(ConversationFilter{Statuses: open, Unread: true}, ByActivityDesc)},
		{name: "inboxes", call: read(func(ctx context.Context, s *Store) error {
			for _, member := range []int64{0, 100} {
				if _, err := s.Inboxes(ctx, 1, member); err != nil {
					return err
				}
			}
			if _, err := s.InboxIDs(ctx, 1, 100); err != nil {
				return err
			}
			_, err := s.AccountInboxIDs(ctx, 1)
			return err
		})},
		{name: "inboxes of a contact", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.InboxesOfContacts(ctx, []int64{100})
			return err
		})},
		{name: "contacts by number", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.Contacts(ctx, 1, some)
			return err
		})},
		{name: "people", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.Agents(ctx, 1, some); err != nil {
				return err
			}
			if _, err := s.AccountAgents(ctx, 1); err != nil {
				return err
			}
			if _, err := s.AccountAdmins(ctx, 1); err != nil {
				return err
			}
			_, err := s.AssignableAgents(ctx, 1, some[:2])
			return err
		})},
		{name: "messages", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.Messages(ctx, 100, MessageRange{}); err != nil {
				return err
			}
			_, err := s.PublicMessages(ctx, some[:20])
			return err
		})},
		{name: "conversations of a session", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.SessionConversations(ctx, Session{ID: 100, InboxID: 100}, 0)
			return err
		})},
		{name: "small things of an account", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.CacheKeys(ctx, 1); err != nil {
				return err
			}
			_, err := s.Blobs(ctx, some)
			return err
		})},
	}
}

func TestListPlans(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, databaseURL string) {
		newPlanned(t, databaseURL, (*planned).fillLists).check(listPlans())
	})
}

// withoutPlan are reads of several rows that no plan case calls, and why.
var withoutPlan = map[string]string{
	"AdoptedWhatsAppNumbers": "reads all, once at the start",
	"BlobVariants":           "of one file, by the index of its number",
	"Channels":               "reads all, once at the start, and then what has changed",
	"ConversationPage":       "ListConversations and CountConversations",
	"ExpiredBlobs":           "housekeeping, in the order of an index",
	"KeyUse":                 "goes through whole tables by their keys, when an operator asks",
	"Reseal":                 "as KeyUse",
	"SigningKeys":            "asks no database",
	"InboxesToSweep":         "reads all inboxes, every quarter of an hour",
	"PlatformApps":           "a small table",
	"ResolvingAccounts":      "reads all accounts, every five minutes",
	"Settings":               "a small table",
	"Stats":                  "asks no database",
	"TemplatesDue":           "housekeeping",
}

// Who adds a list adds a case by which its plan is looked at.
func TestEveryListHasAPlan(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("plan*_internal_test.go")
	if err != nil {
		t.Fatal(err)
	}
	called := map[string]bool{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok {
				called[call.Sel.Name] = true
			}
			return true
		})
	}
	if len(files) == 0 {
		t.Fatal(fs.ErrNotExist)
	}
	store := reflect.TypeFor[*Store]()
	var missing []string
	for m := range store.Methods() {
		for out := range m.Type.Outs() {
			if out == reflect.TypeFor[[]byte]() {
				continue
			}
			kind := out.Kind()
			if (kind == reflect.Slice || kind == reflect.Map) && !called[m.Name] && withoutPlan[m.Name] == "" && !slices.Contains(missing, m.Name) {
				missing = append(missing, m.Name)
			}
		}
		if called[m.Name] && withoutPlan[m.Name] != "" {
			t.Errorf("withoutPlan has %s, which a plan case calls: take it out", m.Name)
		}
	}
	for name := range withoutPlan {
		if _, there := store.MethodByName(name); !there {
			t.Errorf("withoutPlan has %s, which the store has not: take it out", name)
		}
	}
	if len(missing) > 0 {
		t.Errorf("nobody has looked at the plans of %s: add each to a case in store/plan*_internal_test.go (lists of the API: listPlans), "+
			"or say in withoutPlan why that is not needed", strings.Join(missing, ", "))
	}
}
