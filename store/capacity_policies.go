package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// CapacityPolicyRow limits how many conversations the members who have it may work on.
type CapacityPolicyRow struct {
	ID             int64
	AccountID      int64
	Name           string
	Description    *string
	ExclusionRules ExclusionRules
	CreatedAt      int64 // microseconds
	UpdatedAt      int64
	// What follows is read with it and not stored.
	AssignedAgentCount int
	Limits             []CapacityLimitRow // by id
}

// ExclusionRules say which conversations do not count against a limit. They are
// stored as JSON, and what is nil was never said.
type ExclusionRules struct {
	// ExcludeOlderThanHours leaves out conversations that were made longer ago.
	ExcludeOlderThanHours *float64 `json:"exclude_older_than_hours,omitempty"`
	// ExcludedLabels leave out conversations that have one of them.
	ExcludedLabels *[]string `json:"excluded_labels,omitempty"`
}

// Scan implements sql.Scanner.
func (r *ExclusionRules) Scan(v any) error {
	*r = ExclusionRules{}
	switch v := v.(type) {
	case string:
		return json.Unmarshal([]byte(v), r)
	case []byte:
		return json.Unmarshal(v, r)
	}
	return fmt.Errorf("exclusion rules are stored as %T", v)
}

func (r ExclusionRules) stored() (string, error) {
	b, err := json.Marshal(r)
	return string(b), err
}

// CapacityLimitRow is how many conversations of an inbox a member may have who has
// the policy.
type CapacityLimitRow struct {
	ID                int64
	PolicyID          int64
	InboxID           int64
	ConversationLimit int64
	CreatedAt         int64 // microseconds
	UpdatedAt         int64
	InboxName         string
}

const capacityPolicyColumns = `SELECT p.id, p.account_id, p.name, p.description, p.exclusion_rules, p.created_at, p.updated_at,
		(SELECT COUNT(*) FROM account_users m WHERE m.agent_capacity_policy_id = p.id)
	FROM agent_capacity_policies p WHERE p.account_id = $1 `

func (p *CapacityPolicyRow) fields() []any {
	return []any{&p.ID, &p.AccountID, &p.Name, &p.Description, &p.ExclusionRules, &p.CreatedAt, &p.UpdatedAt, &p.AssignedAgentCount}
}

// CapacityPolicies reads the capacity policies of an account by id.
func (s *Store) CapacityPolicies(ctx context.Context, accountID int64) ([]CapacityPolicyRow, error) {
	rows, err := s.r.QueryContext(ctx, capacityPolicyColumns+`ORDER BY p.id`, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: capacity policies: %w", err)
	}
	list, err := collect(rows, "capacity policies", (*CapacityPolicyRow).fields)
	if err != nil {
		return nil, err
	}
	return list, s.addCapacityLimits(ctx, list)
}

// CapacityPolicy reads one; ErrNotFound when the account has none of that id.
func (s *Store) CapacityPolicy(ctx context.Context, accountID, id int64) (CapacityPolicyRow, error) {
	p, err := readCapacityPolicy(ctx, s.r, accountID, id, "")
	if err != nil {
		return p, err
	}
	one := []CapacityPolicyRow{p}
	err = s.addCapacityLimits(ctx, one)
	return one[0], err
}

func readCapacityPolicy(ctx context.Context, q queryer, accountID, id int64, lock string) (CapacityPolicyRow, error) {
	var p CapacityPolicyRow
	err := q.QueryRowContext(ctx, capacityPolicyColumns+`AND p.id = $2 `+lock, accountID, id).Scan(p.fields()...)
	if isNoRows(err) {
		return p, ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("store: capacity policy: %w", err)
	}
	return p, nil
}

const capacityLimitColumns = `l.id, l.agent_capacity_policy_id, l.inbox_id, l.conversation_limit, l.created_at, l.updated_at, i.name`

func (l *CapacityLimitRow) fields() []any {
	return []any{&l.ID, &l.PolicyID, &l.InboxID, &l.ConversationLimit, &l.CreatedAt, &l.UpdatedAt, &l.InboxName}
}

// addCapacityLimits fills Limits of all policies with one query.
func (s *Store) addCapacityLimits(ctx context.Context, list []CapacityPolicyRow) error {
	if len(list) == 0 {
		return nil
	}
	at := make(map[int64]int, len(list))
	keys := make([]int64, len(list))
	for i := range list {
		at[list[i].ID], keys[i] = i, list[i].ID
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+capacityLimitColumns+`
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN inbox_capacity_limits l CROSS JOIN inboxes i
		WHERE l.agent_capacity_policy_id = x.id AND i.id = l.inbox_id ORDER BY l.id`, ids(keys))
	if err != nil {
		return fmt.Errorf("store: capacity limits: %w", err)
	}
	limits, err := collect(rows, "capacity limits", (*CapacityLimitRow).fields)
	for _, l := range limits {
		i := at[l.PolicyID]
		list[i].Limits = append(list[i].Limits, l)
	}
	return err
}

// InsertCapacityPolicy stores a policy without limits and gives its id.
func (s *Store) InsertCapacityPolicy(ctx context.Context, p CapacityPolicyRow) (id int64, err error) {
	rules, err := p.ExclusionRules.stored()
	if err != nil {
		return 0, fmt.Errorf("store: insert capacity policy: %w", err)
	}
	err = s.Transact(ctx, func(t *Tx) error {
		if err := t.tx.QueryRowContext(ctx, `INSERT INTO agent_capacity_policies (account_id, name, description, exclusion_rules, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $5) RETURNING id`, p.AccountID, p.Name, p.Description, rules, t.now()).Scan(&id); err != nil {
			return fmt.Errorf("store: insert capacity policy: %w", err)
		}
		return nil
	})
	return id, err
}

// ChangeCapacityPolicy lets change alter a policy and stores it; ErrNotFound when the
// account has none of that id. An error of change's is given back, and nothing is
// stored.
func (s *Store) ChangeCapacityPolicy(ctx context.Context, accountID, id int64, change func(*CapacityPolicyRow) error) error {
	return s.Transact(ctx, func(t *Tx) error {
		p, err := readCapacityPolicy(ctx, t.tx, accountID, id, t.s.d.lockRow)
		if err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		rules, err := p.ExclusionRules.stored()
		if err != nil {
			return fmt.Errorf("store: update capacity policy: %w", err)
		}
		if _, err := t.tx.ExecContext(ctx, `UPDATE agent_capacity_policies SET name = $2, description = $3, exclusion_rules = $4, updated_at = $5 WHERE id = $1`,
			id, p.Name, p.Description, rules, t.now()); err != nil {
			return fmt.Errorf("store: update capacity policy: %w", err)
		}
		return nil
	})
}

// DeleteCapacityPolicy deletes a policy with its limits; who has it has none
// afterwards. ErrNotFound when the account has none of that id.
func (s *Store) DeleteCapacityPolicy(ctx context.Context, accountID, id int64) error {
	return s.Transact(ctx, func(t *Tx) error { return t.deleteCapacityPolicy(ctx, accountID, id) })
}

func (t *Tx) deleteCapacityPolicy(ctx context.Context, accountID, id int64) error {
	gone, err := t.changed(ctx, "delete capacity policy", `DELETE FROM agent_capacity_policies WHERE account_id = $1 AND id = $2`, accountID, id)
	if err != nil {
		return err
	}
	if !gone {
		return ErrNotFound
	}
	// After it, so that a member who was just given the policy is seen.
	if _, err := t.tx.ExecContext(ctx, `UPDATE account_users SET agent_capacity_policy_id = NULL, updated_at = $2
		WHERE agent_capacity_policy_id = $1`, id, t.now()); err != nil {
		return fmt.Errorf("store: delete capacity policy: %w", err)
	}
	return nil
}

func (t *Tx) holdCapacityPolicy(ctx context.Context, accountID, id int64) error {
	return t.hold(ctx, "capacity policy", `SELECT id FROM agent_capacity_policies WHERE account_id = $1 AND id = $2 `, accountID, id)
}

// CapacityPolicyUsers are the ids of the members who have a policy, in order.
func (s *Store) CapacityPolicyUsers(ctx context.Context, policyID int64) ([]int64, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT user_id FROM account_users WHERE agent_capacity_policy_id = $1 ORDER BY user_id`, policyID)
	if err != nil {
		return nil, fmt.Errorf("store: users of capacity policy: %w", err)
	}
	return collect(rows, "users of capacity policy", func(id *int64) []any { return []any{id} })
}

// SetMemberCapacity gives a member of an account a capacity policy instead of the one
// that they have, 0: none. ErrNotFound when the account has no such policy, or the
// user is no member of it.
func (s *Store) SetMemberCapacity(ctx context.Context, accountID, userID, policyID int64) error {
	return s.Transact(ctx, func(t *Tx) error {
		if policyID != 0 {
			if err := t.holdCapacityPolicy(ctx, accountID, policyID); err != nil {
				return err
			}
		}
		found, err := t.changed(ctx, "set capacity policy", `UPDATE account_users SET agent_capacity_policy_id = $3, updated_at = $4
			WHERE account_id = $1 AND user_id = $2`, accountID, userID, nilIfZero(policyID), t.now())
		if err == nil && !found {
			return ErrNotFound
		}
		return err
	})
}

// CapacityLimit reads a limit of a policy; ErrNotFound when it has none of that id.
func (s *Store) CapacityLimit(ctx context.Context, policyID, id int64) (CapacityLimitRow, error) {
	var l CapacityLimitRow
	err := s.r.QueryRowContext(ctx, `SELECT `+capacityLimitColumns+` FROM inbox_capacity_limits l JOIN inboxes i ON i.id = l.inbox_id
		WHERE l.agent_capacity_policy_id = $1 AND l.id = $2`, policyID, id).Scan(l.fields()...)
	if isNoRows(err) {
		return l, ErrNotFound
	}
	if err != nil {
		return l, fmt.Errorf("store: capacity limit: %w", err)
	}
	return l, nil
}

// CapacityLimited tells whether a policy has a limit for an inbox.
func (s *Store) CapacityLimited(ctx context.Context, policyID, inboxID int64) (bool, error) {
	limited, err := exists(ctx, s.r, `SELECT 1 FROM inbox_capacity_limits WHERE agent_capacity_policy_id = $1 AND inbox_id = $2`, policyID, inboxID)
	if err != nil {
		return false, fmt.Errorf("store: capacity limit: %w", err)
	}
	return limited, nil
}

// InsertCapacityLimit stores a limit and gives its id. ErrNotFound when the account
// has no such policy, or no such inbox; ErrTaken when the policy has a limit for the
// inbox.
func (s *Store) InsertCapacityLimit(ctx context.Context, accountID int64, l CapacityLimitRow) (id int64, err error) {
	err = s.Transact(ctx, func(t *Tx) error {
		if err := t.HoldInbox(ctx, accountID, l.InboxID); err != nil {
			return err
		}
		if err := t.holdCapacityPolicy(ctx, accountID, l.PolicyID); err != nil {
			return err
		}
		err := t.tx.QueryRowContext(ctx, `INSERT INTO inbox_capacity_limits (agent_capacity_policy_id, inbox_id, conversation_limit, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $4) ON CONFLICT (agent_capacity_policy_id, inbox_id) DO NOTHING RETURNING id`,
			l.PolicyID, l.InboxID, l.ConversationLimit, t.now()).Scan(&id)
		if isNoRows(err) {
			return ErrTaken
		}
		if err != nil {
			return fmt.Errorf("store: insert capacity limit: %w", err)
		}
		return nil
	})
	return id, err
}

// UpdateCapacityLimit changes how many conversations a limit allows; ErrNotFound when
// the policy has none of that id.
func (s *Store) UpdateCapacityLimit(ctx context.Context, policyID, id, conversations int64) error {
	return s.changeOne(ctx, "update capacity limit", `UPDATE inbox_capacity_limits SET conversation_limit = $3, updated_at = $4
		WHERE agent_capacity_policy_id = $1 AND id = $2`, policyID, id, conversations, micros(s.now()))
}

// DeleteCapacityLimit deletes a limit; ErrNotFound when the policy has none of that id.
func (s *Store) DeleteCapacityLimit(ctx context.Context, policyID, id int64) error {
	return s.changeOne(ctx, "delete capacity limit", `DELETE FROM inbox_capacity_limits WHERE agent_capacity_policy_id = $1 AND id = $2`, policyID, id)
}
