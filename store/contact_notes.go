package store

import (
	"context"
	"fmt"
)

// NoteRow is a note about a contact.
type NoteRow struct {
	ID        int64
	AccountID int64
	ContactID int64
	UserID    *int64 // who wrote it last; nil: deleted meanwhile
	Content   string
	CreatedAt int64 // microseconds
	UpdatedAt int64
}

const noteColumns = `id, account_id, contact_id, user_id, content, created_at, updated_at`

func (n *NoteRow) fields() []any {
	return []any{&n.ID, &n.AccountID, &n.ContactID, &n.UserID, &n.Content, &n.CreatedAt, &n.UpdatedAt}
}

// ContactNotes reads the notes about a contact, the newest first.
func (s *Store) ContactNotes(ctx context.Context, contactID int64) ([]NoteRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+noteColumns+` FROM contact_notes WHERE contact_id = $1 ORDER BY id DESC`, contactID)
	if err != nil {
		return nil, fmt.Errorf("store: contact notes: %w", err)
	}
	return collect(rows, "contact notes", (*NoteRow).fields)
}

// ContactNote reads one; ErrNotFound when there is none of that id about the contact.
func (s *Store) ContactNote(ctx context.Context, contactID, id int64) (NoteRow, error) {
	return readNote(ctx, s.r, `SELECT `+noteColumns+` FROM contact_notes WHERE contact_id = $1 AND id = $2`, contactID, id)
}

// InsertContactNote stores a note and gives it as it is stored; ErrNotFound when its
// account has no such contact.
func (s *Store) InsertContactNote(ctx context.Context, in NoteRow) (out NoteRow, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		// The contact's lock: it may be deleted or absorbed at this moment.
		held, err := t.LockContacts(ctx, in.AccountID, in.ContactID)
		if err != nil {
			return err
		}
		if _, there := held[in.ContactID]; !there {
			return ErrNotFound
		}
		out, err = readNote(ctx, t.tx, `INSERT INTO contact_notes (account_id, contact_id, user_id, content, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $5) RETURNING `+noteColumns, in.AccountID, in.ContactID, in.UserID, in.Content, t.now())
		return err
	})
	return out, err
}

// UpdateContactNote gives a note another text and author and gives it as it is
// stored; ErrNotFound as in ContactNote.
func (s *Store) UpdateContactNote(ctx context.Context, in NoteRow) (out NoteRow, err error) {
	err = s.statement(ctx, func(q queryer) error {
		out, err = readNote(ctx, q, `UPDATE contact_notes SET content = $3, user_id = $4, updated_at = $5 WHERE contact_id = $1 AND id = $2 RETURNING `+noteColumns,
			in.ContactID, in.ID, in.Content, in.UserID, micros(s.now()))
		return err
	})
	return out, err
}

// DeleteContactNote deletes a note; ErrNotFound as in ContactNote.
func (s *Store) DeleteContactNote(ctx context.Context, contactID, id int64) error {
	return s.statement(ctx, func(q queryer) error {
		_, err := readNote(ctx, q, `DELETE FROM contact_notes WHERE contact_id = $1 AND id = $2 RETURNING `+noteColumns, contactID, id)
		return err
	})
}

func readNote(ctx context.Context, q queryer, query string, args ...any) (NoteRow, error) {
	var n NoteRow
	err := q.QueryRowContext(ctx, query, args...).Scan(n.fields()...)
	if isNoRows(err) {
		return n, ErrNotFound
	}
	if err != nil {
		return n, fmt.Errorf("store: contact note: %w", err)
	}
	return n, nil
}
