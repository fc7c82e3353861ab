package store

import (
	"context"
	"errors"
	"fmt"
)

// AssignmentPolicyRow says how conversations of the inboxes that have it are given to
// agents.
type AssignmentPolicyRow struct {
	ID                   int64
	AccountID            int64
	Name                 string
	Description          *string
	AssignmentOrder      int // 0 round robin, 1 balanced
	ConversationPriority int // 0 the earliest created first, 1 the one that waits longest
	// FairDistributionLimit is how many conversations an agent is given within
	// FairDistributionWindow, which is in seconds.
	FairDistributionLimit  int64
	FairDistributionWindow int64
	Enabled                bool
	AssignedInboxCount     int
	CreatedAt              int64 // microseconds
	UpdatedAt              int64
}

// DefaultAssignmentPolicy is what a policy has when nothing was said.
func DefaultAssignmentPolicy() AssignmentPolicyRow {
	return AssignmentPolicyRow{FairDistributionLimit: 100, FairDistributionWindow: 3600, Enabled: true}
}

const assignmentPolicyColumns = `SELECT p.id, p.account_id, p.name, p.description, p.assignment_order, p.conversation_priority, p.fair_distribution_limit,
		p.fair_distribution_window, p.enabled, (SELECT COUNT(*) FROM inbox_assignment_policies n WHERE n.assignment_policy_id = p.id),
		p.created_at, p.updated_at
	FROM assignment_policies p `

func (p *AssignmentPolicyRow) fields() []any {
	return []any{
		&p.ID, &p.AccountID, &p.Name, &p.Description, &p.AssignmentOrder, &p.ConversationPriority, &p.FairDistributionLimit,
		&p.FairDistributionWindow, &p.Enabled, &p.AssignedInboxCount, &p.CreatedAt, &p.UpdatedAt,
	}
}

// AssignmentPolicies reads the assignment policies of an account by id.
func (s *Store) AssignmentPolicies(ctx context.Context, accountID int64) ([]AssignmentPolicyRow, error) {
	rows, err := s.r.QueryContext(ctx, assignmentPolicyColumns+`WHERE p.account_id = $1 ORDER BY p.id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: assignment policies: %w", err)
	}
	return collect(rows, "assignment policies", (*AssignmentPolicyRow).fields)
}

// AssignmentPolicy reads one; ErrNotFound when the account has none of that id.
func (s *Store) AssignmentPolicy(ctx context.Context, accountID, id int64) (AssignmentPolicyRow, error) {
	return readAssignmentPolicy(ctx, s.r, `WHERE p.account_id = $1 AND p.id = $2`, accountID, id)
}

// AssignmentPolicyOfInbox reads the one of an inbox, enabled or not; ErrNotFound when
// it has none.
func (s *Store) AssignmentPolicyOfInbox(ctx context.Context, accountID, inboxID int64) (AssignmentPolicyRow, error) {
	return readAssignmentPolicy(ctx, s.r, `JOIN inbox_assignment_policies l ON l.assignment_policy_id = p.id
		WHERE p.account_id = $1 AND l.inbox_id = $2`, accountID, inboxID)
}

func readAssignmentPolicy(ctx context.Context, q queryer, rest string, args ...any) (AssignmentPolicyRow, error) {
	var p AssignmentPolicyRow
	err := q.QueryRowContext(ctx, assignmentPolicyColumns+rest, args...).Scan(p.fields()...)
	if isNoRows(err) {
		return p, ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("store: assignment policy: %w", err)
	}
	return p, nil
}

// InsertAssignmentPolicy stores a policy and gives its id; ErrTaken when the account
// has one of that name.
func (s *Store) InsertAssignmentPolicy(ctx context.Context, p AssignmentPolicyRow) (id int64, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		err := t.tx.QueryRowContext(ctx, `INSERT INTO assignment_policies (account_id, name, description, assignment_order, conversation_priority,
				fair_distribution_limit, fair_distribution_window, enabled, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT (account_id, name) DO NOTHING RETURNING id`,
			p.AccountID, p.Name, p.Description, p.AssignmentOrder, p.ConversationPriority, p.FairDistributionLimit, p.FairDistributionWindow,
			p.Enabled, t.now()).Scan(&id)
		if isNoRows(err) {
			return ErrTaken
		}
		if err != nil {
			return fmt.Errorf("store: insert assignment policy: %w", err)
		}
		return nil
	})
	return id, err
}

// ChangeAssignmentPolicy lets change alter a policy and stores it; ErrNotFound when
// the account has none of that id, ErrTaken when another one has its name. An error
// of change's is given back, and nothing is stored.
func (s *Store) ChangeAssignmentPolicy(ctx context.Context, accountID, id int64, change func(*AssignmentPolicyRow) error) error {
	return s.Transact(ctx, func(t *Tx) error {
		p, err := readAssignmentPolicy(ctx, t.tx, `WHERE p.account_id = $1 AND p.id = $2 `+t.s.d.lockRow, accountID, id)
		if err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		_, err = t.tx.ExecContext(ctx, `UPDATE assignment_policies SET name = $2, description = $3, assignment_order = $4, conversation_priority = $5,
				fair_distribution_limit = $6, fair_distribution_window = $7, enabled = $8, updated_at = $9 WHERE id = $1`,
			id, p.Name, p.Description, p.AssignmentOrder, p.ConversationPriority, p.FairDistributionLimit, p.FairDistributionWindow, p.Enabled, t.now())
		if uniqueViolation(err) {
			return ErrTaken
		}
		if err != nil {
			return fmt.Errorf("store: update assignment policy: %w", err)
		}
		return nil
	})
}

// DeleteAssignmentPolicy deletes a policy; its inboxes have none afterwards.
// ErrNotFound when the account has none of that id.
func (s *Store) DeleteAssignmentPolicy(ctx context.Context, accountID, id int64) error {
	return s.changeOne(ctx, "delete assignment policy", `DELETE FROM assignment_policies WHERE account_id = $1 AND id = $2`, accountID, id)
}

// changeOne runs a statement that changes or deletes one row; ErrNotFound when there
// is none.
func (s *Store) changeOne(ctx context.Context, what, query string, args ...any) error {
	return s.Transact(ctx, func(t *Tx) error {
		gone, err := t.changed(ctx, what, query, args...)
		if err == nil && !gone {
			return ErrNotFound
		}
		return err
	})
}

// AssignmentPolicyInboxes reads the inboxes that have a policy, by id.
func (s *Store) AssignmentPolicyInboxes(ctx context.Context, accountID, policyID int64) ([]InboxRow, error) {
	rows, err := s.r.QueryContext(ctx, inboxColumns+`JOIN inbox_assignment_policies l ON l.inbox_id = i.id
		WHERE i.account_id = $1 AND l.assignment_policy_id = $2 ORDER BY i.id`, accountID, policyID)
	if err != nil {
		return nil, fmt.Errorf("store: inboxes of assignment policy: %w", err)
	}
	list, err := collect(rows, "inboxes of assignment policy", (*InboxRow).fields)
	if err != nil {
		return nil, err
	}
	return list, s.addWorkingHours(ctx, s.r, list)
}

// InboxPolicyRow says that an inbox has an assignment policy.
type InboxPolicyRow struct {
	ID                 int64
	InboxID            int64
	AssignmentPolicyID int64
	CreatedAt          int64 // microseconds
	UpdatedAt          int64
}

// SetInboxPolicy gives an inbox an assignment policy, instead of the one that it has.
// ErrNotFound when the account has no such inbox, or no such policy.
func (s *Store) SetInboxPolicy(ctx context.Context, accountID, inboxID, policyID int64) (InboxPolicyRow, error) {
	var r InboxPolicyRow
	err := s.Transact(ctx, func(t *Tx) error {
		if err := t.HoldInbox(ctx, accountID, inboxID); err != nil {
			return err
		}
		if err := t.hold(ctx, "assignment policy", `SELECT id FROM assignment_policies WHERE account_id = $1 AND id = $2 `, accountID, policyID); err != nil {
			return err
		}
		if err := t.tx.QueryRowContext(ctx, `INSERT INTO inbox_assignment_policies (inbox_id, assignment_policy_id, created_at, updated_at)
			VALUES ($1, $2, $3, $3)
			ON CONFLICT (inbox_id) DO UPDATE SET assignment_policy_id = excluded.assignment_policy_id, updated_at = excluded.updated_at
			RETURNING id, inbox_id, assignment_policy_id, created_at, updated_at`, inboxID, policyID, t.now()).
			Scan(&r.ID, &r.InboxID, &r.AssignmentPolicyID, &r.CreatedAt, &r.UpdatedAt); err != nil {
			return fmt.Errorf("store: set policy of inbox: %w", err)
		}
		return nil
	})
	return r, err
}

// DropInboxPolicy takes its assignment policy off an inbox: with policyID 0 whichever
// it has. ErrNotFound when it has none, or another one.
func (s *Store) DropInboxPolicy(ctx context.Context, accountID, inboxID, policyID int64) error {
	return s.changeOne(ctx, "drop policy of inbox", `DELETE FROM inbox_assignment_policies WHERE inbox_id = $2
		AND (CAST($3 AS BIGINT) = 0 OR assignment_policy_id = $3)
		AND EXISTS (SELECT 1 FROM inboxes i WHERE i.id = $2 AND i.account_id = $1)`, accountID, inboxID, policyID)
}

// AssignmentRules are what the assignment of an inbox's conversations obeys.
type AssignmentRules struct {
	// Policy is the inbox's assignment policy when it is enabled; nil: none is in
	// effect.
	Policy *AssignmentPolicyRow
	// Capacity is how many of the inbox's conversations a member may have, by user.
	// Who is not in it has no limit.
	Capacity map[int64]Capacity
}

// Capacity is a member's limit in one inbox.
type Capacity struct {
	// ConversationLimit is how many open conversations of the inbox may be assigned to
	// the member at a time.
	ConversationLimit int64
	// Excluded says which conversations do not count.
	Excluded ExclusionRules
}

// AssignmentRules reads what is in effect in an inbox, for the assignment engine: the
// policy that the inbox has, and the limit that each member of the account has there
// by their capacity policy. An inbox that is gone has no rules.
func (s *Store) AssignmentRules(ctx context.Context, inboxID int64) (AssignmentRules, error) {
	rules := AssignmentRules{Capacity: map[int64]Capacity{}}
	p, err := readAssignmentPolicy(ctx, s.r, `JOIN inbox_assignment_policies l ON l.assignment_policy_id = p.id
		WHERE l.inbox_id = $1 AND p.enabled = TRUE`, inboxID)
	if err == nil {
		rules.Policy = &p
	} else if !errors.Is(err, ErrNotFound) {
		return rules, err
	}
	rows, err := s.r.QueryContext(ctx, `SELECT m.user_id, l.conversation_limit, p.exclusion_rules
		FROM inbox_capacity_limits l JOIN agent_capacity_policies p ON p.id = l.agent_capacity_policy_id
			JOIN account_users m ON m.agent_capacity_policy_id = p.id AND m.account_id = p.account_id
		WHERE l.inbox_id = $1`, inboxID)
	if err != nil {
		return rules, fmt.Errorf("store: capacities: %w", err)
	}
	type limited struct {
		userID int64
		Capacity
	}
	list, err := collect(rows, "capacities", func(c *limited) []any { return []any{&c.userID, &c.ConversationLimit, &c.Excluded} })
	for _, c := range list {
		rules.Capacity[c.userID] = c.Capacity
	}
	return rules, err
}
