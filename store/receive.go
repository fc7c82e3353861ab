package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
)

// IngestKey names a provider's event.
type IngestKey struct {
	InboxID int64
	Key     string
}

// KnownKeys tells which events are stored already.
func (t *Tx) KnownKeys(ctx context.Context, keys []IngestKey) (map[IngestKey]bool, error) {
	rows := make([][]any, len(keys))
	for i, k := range keys {
		rows[i] = []any{k.InboxID, k.Key}
	}
	known := map[IngestKey]bool{}
	err := t.each(ctx, "known keys", t.s.q.knownKeys, rows, nil, func(r *sql.Rows) error {
		var k IngestKey
		if err := r.Scan(&k.InboxID, &k.Key); err != nil {
			return err
		}
		known[k] = true
		return nil
	})
	return known, err
}

// SourceKey names a contact within an inbox.
type SourceKey struct {
	InboxID  int64
	SourceID string
}

// ContactRef is what receiving a message needs to know about its contact.
type ContactRef struct {
	ContactInboxID int64
	ContactID      int64
	Name           string
	Phone          string
	Blocked        bool
	// LastActivityAt and UpdatedAt are in microseconds; 0: never.
	LastActivityAt, UpdatedAt int64
}

func (c *ContactRef) fields() []any {
	return []any{&c.ContactID, &c.Name, &c.Phone, &c.Blocked, &c.LastActivityAt, &c.UpdatedAt}
}

// ContactInboxes finds the contacts behind source ids.
func (t *Tx) ContactInboxes(ctx context.Context, keys []SourceKey) (map[SourceKey]ContactRef, error) {
	rows := make([][]any, len(keys))
	for i, k := range keys {
		rows[i] = []any{i, k.InboxID, k.SourceID}
	}
	found := map[SourceKey]ContactRef{}
	err := t.each(ctx, "contact inboxes", t.s.q.contactInboxes, rows, nil, func(r *sql.Rows) error {
		var i int
		var c ContactRef
		if err := r.Scan(append([]any{&i, &c.ContactInboxID}, c.fields()...)...); err != nil {
			return err
		}
		found[keys[i]] = c
		return nil
	})
	return found, err
}

// NewContact is a contact to be found by phone or e-mail, or made.
type NewContact struct {
	AccountID  int64
	Name       string
	Phone      string // E.164 or empty
	Email      string // lower case or empty
	Attributes string // JSON object
}

// EnsureContacts finds contacts of the account by phone, then by e-mail, and
// makes the others. The result is in the order of the input; Created tells which
// are new. Two of the input that match the same contact get the same.
func (t *Tx) EnsureContacts(ctx context.Context, wanted []NewContact) ([]ContactRef, []bool, error) {
	refs := make([]ContactRef, len(wanted))
	created := make([]bool, len(wanted))
	rows := make([][]any, 0, len(wanted))
	for i, c := range wanted {
		if c.Phone != "" || c.Email != "" {
			rows = append(rows, []any{i, c.AccountID, nilIfEmpty(c.Phone), nilIfEmpty(c.Email)})
		}
	}
	err := t.each(ctx, "match contacts", t.s.q.matchContacts, rows, nil, func(r *sql.Rows) error {
		var rank, i int // the phone counts before the e-mail
		var c ContactRef
		if err := r.Scan(append([]any{&rank, &i}, c.fields()...)...); err != nil {
			return err
		}
		if refs[i].ContactID == 0 {
			refs[i] = c
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	inserts, owners, err := t.insertContacts(ctx, wanted, refs)
	if err != nil {
		return nil, nil, err
	}
	for i := range wanted {
		if refs[i].ContactID == 0 {
			first := owners[i]
			refs[i] = ContactRef{ContactID: inserts[first], Name: wanted[first].Name, Phone: wanted[first].Phone}
			created[i] = first == i
		}
	}
	return refs, created, nil
}

// identities are the values by which a wanted contact may be the same person as
// another one of the batch, the deciding one first.
func (c NewContact) identities() []string {
	account := strconv.FormatInt(c.AccountID, 10)
	var out []string
	if c.Phone != "" {
		out = append(out, account+" tel "+c.Phone)
	}
	if c.Email != "" {
		out = append(out, account+" mail "+c.Email)
	}
	return out
}

// insertContacts makes those of wanted that refs lacks. It gives the new ids by
// index in wanted, and for each that was lacking the index of the one that was
// made for it: its own, or an earlier one with the same phone or e-mail.
func (t *Tx) insertContacts(ctx context.Context, wanted []NewContact, refs []ContactRef) (map[int]int64, map[int]int, error) {
	owners := map[int]int{}
	made := map[string]int{}
	var order []int
	var rows [][]any
	for i, c := range wanted {
		if refs[i].ContactID != 0 {
			continue
		}
		keys := c.identities()
		if known := slices.IndexFunc(keys, func(k string) bool { _, ok := made[k]; return ok }); known >= 0 {
			owners[i] = made[keys[known]]
			continue
		}
		for _, k := range keys {
			made[k] = i
		}
		owners[i] = i
		order = append(order, i)
		d := derive(ContactVisitor, c.Email != "" || c.Phone != "", c.Attributes)
		rows = append(rows, []any{
			i, c.AccountID, c.Name, nilIfEmpty(c.Email), nilIfEmpty(c.Phone), jsonObject(c.Attributes), d.Type, d.Location, d.CountryCode, d.Company,
		})
	}
	newIDs, err := t.returnIDs(ctx, "insert contacts", t.s.q.insertContacts, rows)
	if err != nil {
		return nil, nil, err
	}
	byIndex := make(map[int]int64, len(order))
	for n, i := range order {
		byIndex[i] = newIDs[n]
	}
	return byIndex, owners, nil
}

// NewContactInbox links a contact to an inbox under a source id.
type NewContactInbox struct {
	SourceKey
	ContactID int64
	Token     string // pubsub token, unique
}

// InsertContactInboxes makes the links; ErrConflict when one exists meanwhile.
func (t *Tx) InsertContactInboxes(ctx context.Context, links []NewContactInbox) (map[SourceKey]int64, error) {
	rows := make([][]any, len(links))
	for i, l := range links {
		rows[i] = []any{l.ContactID, l.InboxID, l.SourceID, l.Token}
	}
	made := map[SourceKey]int64{}
	err := t.each(ctx, "insert contact inboxes", t.s.q.insertContactInboxes, rows, t.now(), func(r *sql.Rows) error {
		var id int64
		var k SourceKey
		if err := r.Scan(&id, &k.InboxID, &k.SourceID); err != nil {
			return err
		}
		made[k] = id
		return nil
	})
	if err == nil && len(made) != len(links) {
		err = ErrConflict
	}
	return made, err
}

// TouchContact marks activity of a contact and, with Name, renames it.
type TouchContact struct {
	ID   int64
	At   int64 // microseconds
	Name string
}

// TouchContacts applies them.
func (t *Tx) TouchContacts(ctx context.Context, list []TouchContact) error {
	rows := make([][]any, len(list))
	for i, c := range list {
		rows[i] = []any{c.ID, c.At, nilIfEmpty(c.Name)}
	}
	if err := t.inOrder(ctx, "contacts", rows); err != nil {
		return err
	}
	return t.run(ctx, "touch contacts", t.s.q.touchContacts, rows)
}

// now is the transaction's moment as it is stored.
func (t *Tx) now() any { return micros(t.Now) }

// each runs a set query; second is $2 when not nil. No rows, no statement.
func (t *Tx) each(ctx context.Context, what, query string, rows [][]any, second any, scan func(*sql.Rows) error) error {
	if len(rows) == 0 {
		return nil
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	args := []any{set}
	if second != nil {
		args = append(args, second)
	}
	r, err := t.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, asConflict(err))
	}
	defer func() { _ = r.Close() }()
	for r.Next() {
		if err := scan(r); err != nil {
			return fmt.Errorf("store: %s: %w", what, err)
		}
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("store: %s: %w", what, asConflict(err))
	}
	return nil
}

// byID sorts rows by the id that each begins with: transactions that lock the
// same rows in the same order cannot wait for each other in a circle.
func byID(rows [][]any) [][]any {
	id := func(row []any) int64 {
		n, _ := row[0].(int64) // every caller puts the id first
		return n
	}
	slices.SortStableFunc(rows, func(a, b []any) int { return cmp.Compare(id(a), id(b)) })
	return rows
}

// run executes a set statement with the transaction's moment as $2.
func (t *Tx) run(ctx context.Context, what, query string, rows [][]any) error {
	return t.exec(ctx, what, query, rows, t.now())
}

// inOrder locks rows of a table by their ids before a set statement changes them: which
// of them that would change first is up to the planner, and two transactions with
// different orders would wait for each other.
func (t *Tx) inOrder(ctx context.Context, table string, rows [][]any) error {
	if t.s.d.lockRow == "" || len(rows) < 2 {
		return nil // SQLite's writer is alone
	}
	return t.exec(ctx, "lock "+table, t.s.q.lockRows[table], byID(rows))
}

// exec runs a statement whose first argument is a row set; without rows it does nothing.
func (t *Tx) exec(ctx context.Context, what, query string, rows [][]any, more ...any) error {
	if len(rows) == 0 {
		return nil
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	if _, err := t.tx.ExecContext(ctx, query, append([]any{set}, more...)...); err != nil {
		return fmt.Errorf("store: %s: %w", what, asConflict(err))
	}
	return nil
}

// returnIDs runs an INSERT … SELECT … ORDER BY i RETURNING id. Ids are given out
// in that order, so ascending ids belong to the rows in order, whatever order
// RETURNING has.
func (t *Tx) returnIDs(ctx context.Context, what, query string, rows [][]any) ([]int64, error) {
	var out []int64
	err := t.each(ctx, what, query, rows, t.now(), func(r *sql.Rows) error {
		var id int64
		if err := r.Scan(&id); err != nil {
			return err
		}
		out = append(out, id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(out) != len(rows) {
		return nil, fmt.Errorf("store: %s: %d rows of %d", what, len(out), len(rows))
	}
	slices.Sort(out)
	return out, nil
}

// asConflict turns a broken unique index into ErrConflict: set statements insert
// what a look-up in the same transaction did not find.
func asConflict(err error) error {
	if uniqueViolation(err) {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}

func nilIfEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nilIfZero(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func jsonObject(s string) string {
	if s == "" {
		return "{}"
	}
	return s
}
