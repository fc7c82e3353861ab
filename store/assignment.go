package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// AssignmentInbox is what an inbox says about giving its conversations away.
type AssignmentInbox struct {
	AccountID int64
	// Auto: conversations that open are given away.
	Auto bool
	// Config is JSON: max_assignment_limit.
	Config string
}

// AssignmentInbox reads it; ErrNotFound when there is no such inbox.
func (t *Tx) AssignmentInbox(ctx context.Context, inboxID int64) (AssignmentInbox, error) {
	var i AssignmentInbox
	err := t.tx.QueryRowContext(ctx, `SELECT account_id, enable_auto_assignment, auto_assignment_config FROM inboxes WHERE id = $1`, inboxID).
		Scan(&i.AccountID, &i.Auto, &i.Config)
	if isNoRows(err) {
		return i, ErrNotFound
	}
	if err != nil {
		return i, fmt.Errorf("store: assignment of inbox: %w", err)
	}
	return i, nil
}

// AssignmentRules is Store's, inside the transaction.
func (t *Tx) AssignmentRules(ctx context.Context, inboxID int64) (AssignmentRules, error) {
	return assignmentRules(ctx, t.tx, inboxID)
}

// HoldAssignment keeps others from giving conversations of an inbox away until the
// transaction ends, and tells how often one was. Whoever holds conversations too holds
// them before.
func (t *Tx) HoldAssignment(ctx context.Context, inboxID int64) (turn int64, err error) {
	err = t.tx.QueryRowContext(ctx, `INSERT INTO assignment_queues (inbox_id, turn) VALUES ($1, 0)
		ON CONFLICT (inbox_id) DO UPDATE SET turn = assignment_queues.turn RETURNING turn`, inboxID).Scan(&turn)
	if err != nil {
		return 0, fmt.Errorf("store: hold assignment: %w", err)
	}
	return turn, nil
}

// Candidate is a member of an inbox to whom a conversation may be given.
type Candidate struct {
	UserID       int64
	Name         string
	Availability int // see Membership
	AutoOffline  bool
	// Turn is when a conversation of the inbox was last given to them; 0: never.
	Turn int64
}

// Candidates reads the members of an inbox who are members of its account, and, with
// a team, of that: whoever waits longest comes first.
func (t *Tx) Candidates(ctx context.Context, accountID, inboxID, teamID int64) ([]Candidate, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT m.user_id, u.name, a.availability, a.auto_offline, COALESCE(q.turn, 0)
		FROM inbox_members m JOIN account_users a ON a.account_id = $1 AND a.user_id = m.user_id JOIN users u ON u.id = m.user_id
			LEFT JOIN assignment_turns q ON q.inbox_id = m.inbox_id AND q.user_id = m.user_id
		WHERE m.inbox_id = $2 AND (CAST($3 AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM team_members t WHERE t.team_id = $3 AND t.user_id = m.user_id))
		ORDER BY COALESCE(q.turn, 0), m.user_id`, accountID, inboxID, teamID)
	if err != nil {
		return nil, fmt.Errorf("store: candidates: %w", err)
	}
	return collect(rows, "candidates", func(c *Candidate) []any {
		return []any{&c.UserID, &c.Name, &c.Availability, &c.AutoOffline, &c.Turn}
	})
}

// CountAssigned counts the open conversations of an inbox that users have, without
// those that rules exclude. Who has none is absent.
func (t *Tx) CountAssigned(ctx context.Context, accountID, inboxID int64, userIDs []int64, without ExclusionRules) (map[int64]int64, error) {
	since, labels := int64(0), []string{}
	if without.ExcludeOlderThanHours != nil {
		since = micros(t.Now.Add(-time.Duration(min(*without.ExcludeOlderThanHours, maxHours) * float64(time.Hour))))
	}
	if without.ExcludedLabels != nil {
		labels = *without.ExcludedLabels
	}
	// User by user, as the index on what everybody has wants it.
	rows, err := t.tx.QueryContext(ctx, `SELECT c.assignee_id, COUNT(*) FROM `+t.s.d.rows("$3", "id bigint")+` CROSS JOIN conversations c
		WHERE c.account_id = $1 AND c.status = 0 AND c.assignee_id = x.id AND c.inbox_id = $2
			AND (CAST($4 AS BIGINT) = 0 OR c.created_at >= $4)
			AND NOT EXISTS (SELECT 1 FROM conversation_labels l WHERE l.conversation_id = c.id
				AND l.label IN `+t.s.d.choices("$5", "text")+`)
		GROUP BY c.assignee_id`, accountID, inboxID, ids(userIDs), since, ids(labels))
	if err != nil {
		return nil, fmt.Errorf("store: count assigned: %w", err)
	}
	return countsByUser(rows, "count assigned")
}

func countsByUser(rows *sql.Rows, what string) (map[int64]int64, error) {
	type count struct{ user, n int64 }
	list, err := collect(rows, what, func(c *count) []any { return []any{&c.user, &c.n} })
	out := make(map[int64]int64, len(list))
	for _, c := range list {
		out[c.user] = c.n
	}
	return out, err
}

// maxHours is more than any conversation is old, and less than overflows.
const maxHours = 1e6

// CountRecents counts what members of an inbox were given since a moment, and forgets
// what was given before it. The caller holds the assignment.
func (t *Tx) CountRecents(ctx context.Context, inboxID int64, since time.Time) (map[int64]int64, error) {
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM assignment_recents WHERE inbox_id = $1 AND assigned_at <= $2`, inboxID, micros(since)); err != nil {
		return nil, fmt.Errorf("store: forget recents: %w", err)
	}
	rows, err := t.tx.QueryContext(ctx, `SELECT user_id, COUNT(*) FROM assignment_recents WHERE inbox_id = $1 GROUP BY user_id`, inboxID)
	if err != nil {
		return nil, fmt.Errorf("store: count recents: %w", err)
	}
	return countsByUser(rows, "count recents")
}

// TakeTurn notes that a conversation of an inbox is given to a member; recent notes it
// for CountRecents too. The caller holds the assignment.
func (t *Tx) TakeTurn(ctx context.Context, inboxID, userID int64, recent bool) error {
	var turn int64
	if err := t.tx.QueryRowContext(ctx, `UPDATE assignment_queues SET turn = turn + 1 WHERE inbox_id = $1 RETURNING turn`, inboxID).Scan(&turn); err != nil {
		return fmt.Errorf("store: take turn: %w", err)
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO assignment_turns (inbox_id, user_id, turn) VALUES ($1, $2, $3)
		ON CONFLICT (inbox_id, user_id) DO UPDATE SET turn = excluded.turn`, inboxID, userID, turn); err != nil {
		return fmt.Errorf("store: take turn: %w", err)
	}
	if !recent {
		return nil
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO assignment_recents (inbox_id, user_id, assigned_at) VALUES ($1, $2, $3)`,
		inboxID, userID, t.now()); err != nil {
		return fmt.Errorf("store: take turn: %w", err)
	}
	return nil
}

// IsInboxMember tells whether a user is a member of an inbox, inside the transaction.
func (t *Tx) IsInboxMember(ctx context.Context, inboxID, userID int64) (bool, error) {
	found, err := exists(ctx, t.tx, `SELECT 1 FROM inbox_members WHERE inbox_id = $1 AND user_id = $2`, inboxID, userID)
	if err != nil {
		return false, fmt.Errorf("store: inbox member: %w", err)
	}
	return found, nil
}

// Unassigned is a conversation that waits for somebody.
type Unassigned struct{ AccountID, InboxID, ID int64 }

func (u *Unassigned) fields() []any { return []any{&u.AccountID, &u.InboxID, &u.ID} }

// WaitingForAgents are those of the conversations that are open and have nobody, or
// somebody who is no member of the inbox, where the inbox gives conversations away and
// has members; by inbox and id.
func (t *Tx) WaitingForAgents(ctx context.Context, conversationIDs []int64) ([]Unassigned, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT c.account_id, c.inbox_id, c.id
		FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN conversations c CROSS JOIN inboxes i
		WHERE c.id = x.id AND c.status = 0 AND i.id = c.inbox_id AND i.enable_auto_assignment = TRUE
			AND NOT EXISTS (SELECT 1 FROM inbox_members m WHERE m.inbox_id = c.inbox_id AND m.user_id = c.assignee_id)
			AND EXISTS (SELECT 1 FROM inbox_members m WHERE m.inbox_id = c.inbox_id)
		ORDER BY c.inbox_id, c.id`, ids(conversationIDs))
	if err != nil {
		return nil, fmt.Errorf("store: conversations without agents: %w", err)
	}
	return collect(rows, "conversations without agents", (*Unassigned).fields)
}

// LockConversations reads conversations by their database ids and locks them until the
// transaction ends, in ascending order. Those that are gone are absent.
func (t *Tx) LockConversations(ctx context.Context, conversationIDs []int64) ([]ConversationRow, error) {
	if len(conversationIDs) == 0 {
		return nil, nil
	}
	rows, err := t.tx.QueryContext(ctx, conversationRowColumns+`WHERE c.id IN (SELECT x.id FROM `+t.s.d.rows("$1", "id bigint")+`)
		ORDER BY c.id `+t.s.d.lockOf("c"), ids(conversationIDs))
	if err != nil {
		return nil, fmt.Errorf("store: conversations: %w", err)
	}
	return collect(rows, "conversations", (*ConversationRow).fields)
}

// SweptInbox is an inbox whose unassigned conversations are looked at again and again.
type SweptInbox struct{ AccountID, InboxID int64 }

// InboxesToSweep reads the inboxes of active accounts that give conversations away,
// have members, and have an assignment policy that is enabled, or whose account has
// one of the features (bits, see chat.Features).
func (s *Store) InboxesToSweep(ctx context.Context, features int64) ([]SweptInbox, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT i.account_id, i.id FROM inboxes i JOIN accounts a ON a.id = i.account_id
		WHERE i.enable_auto_assignment = TRUE AND a.status = 0
			AND ((a.features & CAST($1 AS BIGINT)) <> 0 OR EXISTS (SELECT 1 FROM inbox_assignment_policies l
				JOIN assignment_policies p ON p.id = l.assignment_policy_id WHERE l.inbox_id = i.id AND p.enabled = TRUE))
			AND EXISTS (SELECT 1 FROM inbox_members m WHERE m.inbox_id = i.id)
		ORDER BY i.id`, features)
	if err != nil {
		return nil, fmt.Errorf("store: inboxes to sweep: %w", err)
	}
	return collect(rows, "inboxes to sweep", func(i *SweptInbox) []any { return []any{&i.AccountID, &i.InboxID} })
}

// Unassigned are at most limit open conversations of an inbox that nobody has: those
// that were made first, or with idle those in which nothing happened for longest.
func (s *Store) Unassigned(ctx context.Context, inboxID int64, idle bool, limit int) ([]int64, error) {
	order := `c.id`
	if idle {
		order = `c.last_activity_at, c.created_at, c.id`
	}
	rows, err := s.r.QueryContext(ctx, `SELECT c.id FROM conversations c WHERE c.inbox_id = $1 AND c.assignee_id IS NULL AND c.status = 0
		ORDER BY `+order+` LIMIT $2`, inboxID, limit)
	if err != nil {
		return nil, fmt.Errorf("store: unassigned: %w", err)
	}
	return collect(rows, "unassigned", func(id *int64) []any { return []any{id} })
}

// LeftBehind are at most limit open conversations that a user has in an account, or
// with inboxID in that inbox of it, beyond afterID, by id.
func (s *Store) LeftBehind(ctx context.Context, accountID, inboxID, userID, afterID int64, limit int) ([]int64, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT c.id FROM conversations c WHERE c.account_id = $1 AND c.assignee_id = $2 AND c.status = 0
		AND (CAST($3 AS BIGINT) = 0 OR c.inbox_id = $3) AND c.id > $4 ORDER BY c.id LIMIT $5`, accountID, userID, inboxID, afterID, limit)
	if err != nil {
		return nil, fmt.Errorf("store: left behind: %w", err)
	}
	return collect(rows, "left behind", func(id *int64) []any { return []any{id} })
}
