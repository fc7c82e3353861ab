package store

import (
	"context"
	"fmt"
	"math"
	"time"
)

// HeldMail is a mail that no server took.
type HeldMail struct {
	ID        int64     `json:"id"`
	Kind      string    `json:"kind"` // confirmation, invitation, …
	To        string    `json:"to"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text,omitempty"` // with its links; only where one mail is read
	HTML      string    `json:"html,omitempty"` // the same as a page, where there is one; as Text
	CreatedAt time.Time `json:"created_at"`
}

const mailPurpose = "mail"

// HoldMail keeps a mail for the operator, its text and its page sealed.
func (t *Tx) HoldMail(ctx context.Context, m HeldMail) error {
	html := ""
	if m.HTML != "" {
		html = t.s.sealer.Seal(mailPurpose, []byte(m.HTML))
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO mails_held (kind, recipient, subject, content, html, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		m.Kind, m.To, m.Subject, t.s.sealer.Seal(mailPurpose, []byte(m.Text)), html, t.now()); err != nil {
		return fmt.Errorf("store: hold mail: %w", err)
	}
	return nil
}

// HeldMails reads the newest, without their texts.
func (s *Store) HeldMails(ctx context.Context, limit int) ([]HeldMail, error) {
	return s.HeldMailsBefore(ctx, math.MaxInt64, limit)
}

// HeldMailsBefore is HeldMails for those with a smaller id: the next part of the
// list.
func (s *Store) HeldMailsBefore(ctx context.Context, before int64, limit int) ([]HeldMail, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT id, kind, recipient, subject, created_at FROM mails_held WHERE id < $1 ORDER BY id DESC LIMIT $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("store: held mails: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []HeldMail
	for rows.Next() {
		var m HeldMail
		var created int64
		if err := rows.Scan(&m.ID, &m.Kind, &m.To, &m.Subject, &created); err != nil {
			return nil, fmt.Errorf("store: held mails: %w", err)
		}
		m.CreatedAt = time.UnixMicro(created).UTC()
		out = append(out, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: held mails: %w", err)
	}
	return out, nil
}

// HeldMail reads one with its text; ErrNotFound when it is not there.
func (s *Store) HeldMail(ctx context.Context, id int64) (HeldMail, error) {
	m := HeldMail{ID: id}
	var created int64
	var sealed, html string
	err := s.r.QueryRowContext(ctx, `SELECT kind, recipient, subject, content, html, created_at FROM mails_held WHERE id = $1`, id).
		Scan(&m.Kind, &m.To, &m.Subject, &sealed, &html, &created)
	if isNoRows(err) {
		return m, ErrNotFound
	}
	if err != nil {
		return m, fmt.Errorf("store: held mail: %w", err)
	}
	text, err := s.sealer.Open(mailPurpose, sealed)
	if err != nil {
		return m, fmt.Errorf("store: held mail: %w", err)
	}
	if html != "" {
		page, err := s.sealer.Open(mailPurpose, html)
		if err != nil {
			return m, fmt.Errorf("store: held mail: %w", err)
		}
		m.HTML = string(page)
	}
	m.Text, m.CreatedAt = string(text), time.UnixMicro(created).UTC()
	return m, nil
}
