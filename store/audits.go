package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
)

// Audit is an entry of an account's audit log.
type Audit struct {
	AccountID     int64
	Type          string // "Inbox"
	ID            int64
	Action        string // create, update, destroy, …
	Changes       json.RawMessage
	UserID        int64 // 0: the server
	Username      string
	RemoteAddress string
	RequestID     string // of the request that made the change; empty: one is made up
}

// InsertAudit writes an entry. Its version is one more than the record's last.
func (t *Tx) InsertAudit(ctx context.Context, a Audit) error { return t.InsertAudits(ctx, []Audit{a}) }

// InsertAudits writes entries of different records with one statement; of one record
// too, whose versions then follow each other in the order of the list.
func (t *Tx) InsertAudits(ctx context.Context, list []Audit) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([][]any, len(list))
	for i, a := range list {
		if a.RequestID == "" {
			a.RequestID = uuid.NewString()
		}
		rows[i] = []any{
			i, a.AccountID, a.Type, a.ID, a.Action, jsonObject(string(a.Changes)), nilIfZero(a.UserID), nilIfEmpty(a.Username),
			nilIfEmpty(a.RemoteAddress), a.RequestID,
		}
	}
	set, err := rowSet(rows)
	if err != nil {
		return fmt.Errorf("store: insert audits: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO audits (account_id, auditable_type, auditable_id, action, audited_changes, user_id, username,
			remote_address, request_uuid, version, created_at)
		SELECT x.account_id, x.type, x.id, x.action, x.changes, x.user_id, x.username, x.address, x.request,
			COALESCE((SELECT MAX(a.version) FROM audits a WHERE a.auditable_type = x.type AND a.auditable_id = x.id), 0)
				+ ROW_NUMBER() OVER (PARTITION BY x.type, x.id ORDER BY x.i),
			CAST($2 AS BIGINT)
		FROM `+t.s.d.rows("$1", "i bigint", "account_id bigint", "type text", "id bigint", "action text", "changes text", "user_id bigint",
		"username text", "address text", "request text")+`
		WHERE TRUE ORDER BY x.i`, set, t.now()); err != nil {
		return fmt.Errorf("store: insert audits: %w", err)
	}
	return nil
}

// AuditRow is an entry as it is read. UserID is 0, and texts are empty, where there
// is none.
type AuditRow struct {
	Audit
	EntryID   int64
	Version   int64
	CreatedAt int64 // microseconds
}

func (a *AuditRow) fields() []any {
	return []any{
		&a.EntryID, &a.AccountID, &a.Type, &a.ID, &a.Action, (*[]byte)(&a.Changes), &a.UserID, &a.Username, &a.RemoteAddress, &a.RequestID,
		&a.Version, &a.CreatedAt,
	}
}

// Audits reads a page of an account's audit log, newest first.
func (s *Store) Audits(ctx context.Context, accountID int64, limit, offset int) ([]AuditRow, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT a.id, a.account_id, a.auditable_type, a.auditable_id, a.action, a.audited_changes, COALESCE(a.user_id, 0),
			COALESCE(a.username, ''), COALESCE(a.remote_address, ''), a.request_uuid, a.version, a.created_at
		FROM audits a WHERE a.account_id = $1 ORDER BY a.id DESC LIMIT $2 OFFSET $3`, accountID, limit, offset)
	if err != nil {
		return nil, fmt.Errorf("store: audits: %w", err)
	}
	return collect(rows, "audits", (*AuditRow).fields)
}

// CountAudits counts the entries of an account's audit log.
func (s *Store) CountAudits(ctx context.Context, accountID int64) (int64, error) {
	var n int64
	if err := s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM audits WHERE account_id = $1`, accountID).Scan(&n); err != nil {
		return 0, fmt.Errorf("store: count audits: %w", err)
	}
	return n, nil
}

// MembershipsByID reads memberships of an account by their own ids; those that are
// gone are absent.
func (s *Store) MembershipsByID(ctx context.Context, accountID int64, list []int64) (map[int64]Membership, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT m.id, m.account_id, m.user_id, m.role, m.inviter_id, m.availability, m.auto_offline, m.custom_role_id
		FROM `+s.d.rows("$2", "id bigint")+` CROSS JOIN account_users m WHERE m.id = x.id AND m.account_id = $1`, accountID, ids(list))
	if err != nil {
		return nil, fmt.Errorf("store: memberships by id: %w", err)
	}
	found, err := collect(rows, "memberships by id", func(m *Membership) []any {
		return []any{&m.ID, &m.AccountID, &m.UserID, &m.Role, &m.InviterID, &m.Availability, &m.AutoOffline, &m.CustomRoleID}
	})
	out := make(map[int64]Membership, len(found))
	for _, m := range found {
		out[m.ID] = m
	}
	return out, err
}

// Tables whose records Names reads.
const (
	NamesOfInboxes = "inboxes"
	NamesOfTeams   = "teams"
)

// Names reads the names of an account's records in one of the tables above; those
// that are gone are absent.
func (s *Store) Names(ctx context.Context, table string, accountID int64, list []int64) (map[int64]string, error) {
	out := make(map[int64]string, len(list))
	if len(list) == 0 || table != NamesOfInboxes && table != NamesOfTeams {
		return out, nil
	}
	rows, err := s.r.QueryContext(ctx, `SELECT r.id, r.name FROM `+s.d.rows("$2", "id bigint")+` CROSS JOIN `+table+` r
		WHERE r.id = x.id AND r.account_id = $1`, accountID, ids(list))
	if err != nil {
		return nil, fmt.Errorf("store: names: %w", err)
	}
	type named struct {
		id   int64
		name string
	}
	found, err := collect(rows, "names", func(n *named) []any { return []any{&n.id, &n.name} })
	for _, n := range found {
		out[n.id] = n.name
	}
	return out, err
}
