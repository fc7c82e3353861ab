package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// States of an import.
const (
	ImportPending = iota
	ImportProcessing
	ImportCompleted
	ImportFailed
)

// ContactImport is a file of contacts that is taken in.
type ContactImport struct {
	ID           int64
	AccountID    int64
	UserID       int64 // who sent it; 0: nobody knows
	Status       int
	BlobID       int64 // the file
	FailedBlobID int64 // of the rows that were not taken; 0: none
	Total        int64 // rows of the file, once it is checked
	Processed    int64 // rows that were taken
	Failed       int64 // rows that were not
	Position     int64 // bytes of the file that are done with
	Row          int64 // rows that are
	Headers      []string
	CheckedAt    *int64 // microseconds; nil: the file was not read yet
	FinishedAt   *int64
	CreatedAt    int64
	UpdatedAt    int64
}

const contactImportColumns = `SELECT id, account_id, COALESCE(user_id, 0), status, COALESCE(blob_id, 0), COALESCE(failed_blob_id, 0), total_records,
	processed_records, failed_records, position, row_number, headers, checked_at, finished_at, created_at, updated_at FROM contact_imports `

func (i *ContactImport) fields() []any {
	return []any{
		&i.ID, &i.AccountID, &i.UserID, &i.Status, &i.BlobID, &i.FailedBlobID, &i.Total, &i.Processed, &i.Failed, &i.Position, &i.Row,
		(*texts)(&i.Headers), &i.CheckedAt, &i.FinishedAt, &i.CreatedAt, &i.UpdatedAt,
	}
}

// ContactImports reads the newest imports of an account, at most limit.
func (s *Store) ContactImports(ctx context.Context, accountID int64, limit int) ([]ContactImport, error) {
	rows, err := s.r.QueryContext(ctx, contactImportColumns+`WHERE account_id = $1 ORDER BY id DESC LIMIT $2`, accountID, limit)
	if err != nil {
		return nil, fmt.Errorf("store: contact imports: %w", err)
	}
	return collect(rows, "contact imports", (*ContactImport).fields)
}

// ContactImport reads one; ErrNotFound when there is none.
func (s *Store) ContactImport(ctx context.Context, id int64) (ContactImport, error) {
	return readContactImport(ctx, s.r, id, "")
}

// LockContactImport reads one that is about to go on.
func (t *Tx) LockContactImport(ctx context.Context, id int64) (ContactImport, error) {
	return readContactImport(ctx, t.tx, id, t.s.d.lock)
}

func readContactImport(ctx context.Context, q queryer, id int64, lock string) (ContactImport, error) {
	var i ContactImport
	err := q.QueryRowContext(ctx, contactImportColumns+`WHERE id = $1 `+lock, id).Scan(i.fields()...)
	if isNoRows(err) {
		return i, ErrNotFound
	}
	if err != nil {
		return i, fmt.Errorf("store: contact import: %w", err)
	}
	return i, nil
}

// InsertContactImport stores the wish to take a file in, which it attaches, and gives its id.
// ErrNotFound as AttachBlob says.
func (t *Tx) InsertContactImport(ctx context.Context, accountID, userID, blobID int64) (id int64, err error) {
	if err := t.AttachBlob(ctx, accountID, blobID); err != nil {
		return 0, err
	}
	if err := t.tx.QueryRowContext(ctx, `INSERT INTO contact_imports (account_id, user_id, blob_id, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $4) RETURNING id`, accountID, nilIfZero(userID), blobID, t.now()).Scan(&id); err != nil {
		return 0, fmt.Errorf("store: insert contact import: %w", err)
	}
	return id, nil
}

// UpdateContactImport stores how far an import is.
func (t *Tx) UpdateContactImport(ctx context.Context, i ContactImport) error {
	headers, err := texts(i.Headers).stored()
	if err != nil {
		return fmt.Errorf("store: update contact import: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE contact_imports SET status = $2, failed_blob_id = $3, total_records = $4, processed_records = $5,
			failed_records = $6, position = $7, row_number = $8, headers = $9, checked_at = $10, finished_at = $11, updated_at = $12 WHERE id = $1`,
		i.ID, i.Status, nilIfZero(i.FailedBlobID), i.Total, i.Processed, i.Failed, i.Position, i.Row, headers, i.CheckedAt, i.FinishedAt, t.now()); err != nil {
		return fmt.Errorf("store: update contact import: %w", err)
	}
	return nil
}

// ImportFailure is a row of an import that was not taken.
type ImportFailure struct {
	Row    int64 // from 1, the header not counted
	Record []string
	Errors string // why
}

// InsertImportFailures notes rows that were not taken.
func (t *Tx) InsertImportFailures(ctx context.Context, importID int64, list []ImportFailure) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([][]any, len(list))
	for i, f := range list {
		record, err := json.Marshal(f.Record)
		if err != nil {
			return fmt.Errorf("store: import failures: %w", err)
		}
		rows[i] = []any{f.Row, string(record), f.Errors}
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: import failures: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO contact_import_failures (import_id, row_number, record, errors)
		SELECT CAST($2 AS BIGINT), x.n, x.record, x.errors FROM `+t.s.d.rows("$1", "n bigint", "record text", "errors text"), set, importID); err != nil {
		return fmt.Errorf("store: import failures: %w", err)
	}
	return nil
}

// ImportFailures reads rows that were not taken in their order, after a row and at most limit.
func (s *Store) ImportFailures(ctx context.Context, importID, after int64, limit int) ([]ImportFailure, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT row_number, record, errors FROM contact_import_failures
		WHERE import_id = $1 AND row_number > $2 ORDER BY row_number LIMIT $3`, importID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("store: import failures: %w", err)
	}
	return collect(rows, "import failures", func(f *ImportFailure) []any { return []any{&f.Row, (*texts)(&f.Record), &f.Errors} })
}

// DropImportFailures forgets up to limit rows that were not taken, and tells whether there are
// none left.
func (s *Store) DropImportFailures(ctx context.Context, importID int64, limit int) (done bool, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		res, err := t.tx.ExecContext(ctx, `DELETE FROM contact_import_failures WHERE import_id = $1 AND row_number IN
			(SELECT row_number FROM contact_import_failures WHERE import_id = $1 ORDER BY row_number LIMIT $2)`, importID, limit)
		if err != nil {
			return fmt.Errorf("store: drop import failures: %w", err)
		}
		n, err := res.RowsAffected()
		done = n < int64(limit)
		return err
	})
	return done, err
}

// Identity is a value by which a contact is known.
type Identity struct {
	Key   IdentityKey
	Value string
}

// ContactsKnownBy finds the contacts of an account that have any of these values.
func (t *Tx) ContactsKnownBy(ctx context.Context, accountID int64, list []Identity) (map[Identity]int64, error) {
	out := map[Identity]int64{}
	byKey := map[IdentityKey][]string{}
	for _, i := range list {
		byKey[i.Key] = append(byKey[i.Key], i.Value)
	}
	for key, column := range identityColumns {
		if len(byKey[key]) == 0 {
			continue
		}
		rows, err := t.tx.QueryContext(ctx, `SELECT p.`+column+`, p.id FROM `+t.s.d.rows("$2", "v text")+` CROSS JOIN contacts p
			WHERE p.account_id = $1 AND p.`+column+` = x.v`, accountID, ids(byKey[key]))
		if err != nil {
			return nil, fmt.Errorf("store: contacts by %s: %w", column, err)
		}
		type hit struct {
			value string
			id    int64
		}
		hits, err := collect(rows, "contacts by value", func(h *hit) []any { return []any{&h.value, &h.id} })
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			out[Identity{key, h.value}] = h.id
		}
	}
	return out, nil
}

var identityColumns = map[IdentityKey]string{ByIdentifier: "identifier", ByEmail: "email", ByPhone: "phone_number"}

// InsertImported makes contacts, all of them visitors. One whose values belong to another already
// is left out without a word.
func (t *Tx) InsertImported(ctx context.Context, accountID int64, list []ContactView) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([][]any, len(list))
	for i, c := range list {
		d := c.Derived(ContactVisitor)
		rows[i] = []any{
			c.Name, c.Email, c.Phone, c.Identifier, jsonObject(c.AdditionalAttributes), jsonObject(c.CustomAttributes), d.Location, d.CountryCode, d.Company,
		}
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: insert imported contacts: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO contacts (account_id, name, email, phone_number, identifier, additional_attributes,
			custom_attributes, location, country_code, company_name, created_at, updated_at)
		SELECT CAST($2 AS BIGINT), x.name, x.email, x.phone, x.identifier, x.additional, x.custom, x.location, x.country, x.company,
			CAST($3 AS BIGINT), CAST($3 AS BIGINT)
		FROM `+t.s.d.rows("$1", "name text", "email text", "phone text", "identifier text", "additional text", "custom text", "location text",
		"country text", "company text")+` WHERE TRUE ON CONFLICT DO NOTHING`, set, accountID, t.now()); err != nil {
		return fmt.Errorf("store: insert imported contacts: %w", err)
	}
	return nil
}

// ContactsAfter reads up to limit contacts that a filter finds by id, after one: for those who
// read all of them.
func (s *Store) ContactsAfter(ctx context.Context, f ContactFilter, after int64, limit int) ([]ContactRecord, error) {
	c := s.contactClause(f)
	c.add("p.id > ?", after)
	rows, err := s.r.varied(ctx, `SELECT `+recordColumns+` FROM contacts p WHERE `+c.where()+` ORDER BY p.id LIMIT `+c.arg(limit), c.args...)
	if err != nil {
		return nil, fmt.Errorf("store: contacts after: %w", err)
	}
	return collect(rows, "contacts after", (*ContactRecord).fields)
}

// SetContactsExport makes a file, which it attaches, the one that an account has exported; the
// one before is let go. ErrNotFound as AttachBlob says, or when there is no such account.
func (t *Tx) SetContactsExport(ctx context.Context, accountID, blobID int64) error {
	var old *int64
	err := t.tx.QueryRowContext(ctx, `SELECT contacts_export_blob_id FROM accounts WHERE id = $1 `+t.s.d.lockRow, accountID).Scan(&old)
	if isNoRows(err) {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: contacts export: %w", err)
	}
	if err := t.AttachBlob(ctx, accountID, blobID); err != nil {
		return err
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE accounts SET contacts_export_blob_id = $2 WHERE id = $1`, accountID, blobID); err != nil {
		return fmt.Errorf("store: contacts export: %w", err)
	}
	if old == nil || *old == blobID {
		return nil
	}
	return t.DetachBlob(ctx, *old)
}
