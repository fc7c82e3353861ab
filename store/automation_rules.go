package store

import (
	"context"
	"fmt"
)

// RuleRow is an automation rule: what is done when something happens to a conversation
// for which its conditions hold.
type RuleRow struct {
	ID          int64
	AccountID   int64
	Name        string
	Description *string
	EventName   string // conversation_created, …
	Conditions  string // JSON list
	Actions     string // JSON list
	Active      bool
	// Failures is how often its conditions could not be evaluated since they were last
	// changed.
	Failures  int
	CreatedAt int64 // microseconds
}

func (r *RuleRow) fields() []any {
	return []any{
		&r.ID, &r.AccountID, &r.Name, &r.Description, &r.EventName, &r.Conditions, &r.Actions, &r.Active, &r.Failures, &r.CreatedAt,
	}
}

const ruleColumns = `SELECT r.id, r.account_id, r.name, r.description, r.event_name, r.conditions, r.actions, r.active, r.failures, r.created_at
	FROM automation_rules r WHERE r.account_id = $1 `

// Rules reads the automation rules of an account, by id.
func (s *Store) Rules(ctx context.Context, accountID int64) ([]RuleRow, error) {
	return s.rules(ctx, ruleColumns+`ORDER BY r.id`, accountID)
}

// ActiveRules reads those that run on some of the events, by id.
func (s *Store) ActiveRules(ctx context.Context, accountID int64, eventNames []string) ([]RuleRow, error) {
	return s.rules(ctx, ruleColumns+`AND r.active AND r.event_name IN (SELECT x.v FROM `+s.d.rows("$2", "v text")+`) ORDER BY r.id`, accountID, ids(eventNames))
}

// RulesByID reads some of them, by id.
func (s *Store) RulesByID(ctx context.Context, accountID int64, ruleIDs []int64) ([]RuleRow, error) {
	return s.rules(ctx, ruleColumns+`AND r.id IN (SELECT x.id FROM `+s.d.rows("$2", "id bigint")+`) ORDER BY r.id`, accountID, ids(ruleIDs))
}

func (s *Store) rules(ctx context.Context, query string, args ...any) ([]RuleRow, error) {
	rows, err := s.r.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: rules: %w", err)
	}
	return collect(rows, "rules", (*RuleRow).fields)
}

// Rule reads one; ErrNotFound when the account has none of that id.
func (s *Store) Rule(ctx context.Context, accountID, id int64) (RuleRow, error) {
	return readRule(ctx, s.r, accountID, id, "")
}

// LockRule reads a rule for a change.
func (t *Tx) LockRule(ctx context.Context, accountID, id int64) (RuleRow, error) {
	return readRule(ctx, t.tx, accountID, id, t.s.d.lockOf("r"))
}

func readRule(ctx context.Context, q queryer, accountID, id int64, lock string) (RuleRow, error) {
	var out RuleRow
	err := q.QueryRowContext(ctx, ruleColumns+`AND r.id = $2 `+lock, accountID, id).Scan(out.fields()...)
	if isNoRows(err) {
		return out, ErrNotFound
	}
	if err != nil {
		return out, fmt.Errorf("store: rule: %w", err)
	}
	return out, nil
}

// InsertRule stores a rule and gives its id.
func (t *Tx) InsertRule(ctx context.Context, r RuleRow) (int64, error) {
	var id int64
	err := t.tx.QueryRowContext(ctx, `INSERT INTO automation_rules (account_id, name, description, event_name, conditions, actions, active,
			created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING id`,
		r.AccountID, r.Name, r.Description, r.EventName, r.Conditions, r.Actions, r.Active, t.now()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("store: insert rule: %w", err)
	}
	return id, nil
}

// UpdateRule stores a rule as it shall be.
func (t *Tx) UpdateRule(ctx context.Context, r RuleRow) error {
	if _, err := t.tx.ExecContext(ctx, `UPDATE automation_rules SET name = $2, description = $3, event_name = $4, conditions = $5, actions = $6,
			active = $7, failures = $8, updated_at = $9 WHERE id = $1`,
		r.ID, r.Name, r.Description, r.EventName, r.Conditions, r.Actions, r.Active, r.Failures, t.now()); err != nil {
		return fmt.Errorf("store: update rule: %w", err)
	}
	return nil
}

// DeleteRule deletes a rule with its hold on its files.
func (t *Tx) DeleteRule(ctx context.Context, r RuleRow) error {
	if err := t.KeepFiles(ctx, r.AccountID, KeptByRule, r.ID, nil); err != nil {
		return err
	}
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM automation_rules WHERE id = $1`, r.ID); err != nil {
		return fmt.Errorf("store: delete rule: %w", err)
	}
	return nil
}

// RuledEvents are the names of the events on which rules of accounts run, by account.
func (t *Tx) RuledEvents(ctx context.Context, accountIDs []int64) (map[int64][]string, error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT DISTINCT r.account_id, r.event_name FROM `+t.s.d.rows("$1", "id bigint")+` CROSS JOIN automation_rules r
		WHERE r.account_id = x.id AND r.active`, ids(accountIDs))
	if err != nil {
		return nil, fmt.Errorf("store: ruled events: %w", err)
	}
	type event struct {
		account int64
		name    string
	}
	list, err := collect(rows, "ruled events", func(e *event) []any { return []any{&e.account, &e.name} })
	out := map[int64][]string{}
	for _, e := range list {
		out[e.account] = append(out[e.account], e.name)
	}
	return out, err
}

// FailRule counts failures of an active rule; one that reaches most is switched off.
// It gives whether that happened now.
func (t *Tx) FailRule(ctx context.Context, id int64, failures, most int) (off bool, err error) {
	var active bool
	err = t.tx.QueryRowContext(ctx, `UPDATE automation_rules SET failures = failures + $2, active = failures + $2 < $3, updated_at = $4
		WHERE id = $1 AND active RETURNING active`, id, failures, most, t.now()).Scan(&active)
	if isNoRows(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store: fail rule: %w", err)
	}
	return !active, nil
}

// RuleSubject is a conversation as rules look at it.
type RuleSubject struct {
	ID         int64
	DisplayID  int64
	InboxID    int64
	Status     int
	Priority   *int64
	AssigneeID *int64
	TeamID     *int64
	Additional string // JSON
	Custom     string // JSON
	Labels     []string

	ContactEmail      *string
	ContactPhone      *string
	ContactAdditional string // JSON
	ContactCustom     string // JSON
}

const ruleSubjectColumns = `c.id, c.display_id, c.inbox_id, c.status, c.priority, c.assignee_id, c.team_id, c.additional_attributes,
	c.custom_attributes, p.email, p.phone_number, p.additional_attributes, p.custom_attributes`

func (r *RuleSubject) fields() []any {
	return []any{
		&r.ID, &r.DisplayID, &r.InboxID, &r.Status, &r.Priority, &r.AssigneeID, &r.TeamID, &r.Additional, &r.Custom,
		&r.ContactEmail, &r.ContactPhone, &r.ContactAdditional, &r.ContactCustom,
	}
}

// RuleSubjects reads conversations of an account with their contacts and labels, by id.
func (s *Store) RuleSubjects(ctx context.Context, accountID int64, conversationIDs []int64) (map[int64]RuleSubject, error) {
	set := ids(conversationIDs)
	rows, err := s.r.QueryContext(ctx, `SELECT `+ruleSubjectColumns+`
		FROM `+s.d.rows("$1", "id bigint")+` CROSS JOIN conversations c JOIN contacts p ON p.id = c.contact_id
		WHERE c.id = x.id AND c.account_id = $2`, set, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: subjects of rules: %w", err)
	}
	list, err := collect(rows, "subjects of rules", (*RuleSubject).fields)
	if err != nil {
		return nil, err
	}
	labels, err := conversationLabels(ctx, s.r, s.d, set)
	byID := map[int64][]string{}
	for _, l := range labels {
		byID[l.conversation] = append(byID[l.conversation], l.text)
	}
	out := make(map[int64]RuleSubject, len(list))
	for _, r := range list {
		r.Labels = byID[r.ID]
		out[r.ID] = r
	}
	return out, err
}

// RuleSubjectBy reads a conversation by its display id, with its contact and without its
// labels; ErrNotFound when the account has none.
func (s *Store) RuleSubjectBy(ctx context.Context, accountID, displayID int64) (RuleSubject, error) {
	var r RuleSubject
	err := s.r.QueryRowContext(ctx, `SELECT `+ruleSubjectColumns+` FROM conversations c JOIN contacts p ON p.id = c.contact_id
		WHERE c.account_id = $1 AND c.display_id = $2`, accountID, displayID).Scan(r.fields()...)
	if isNoRows(err) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("store: subject of a macro: %w", err)
	}
	return r, nil
}

// RuleMessage is a message as rules look at it.
type RuleMessage struct {
	ID             int64
	ConversationID int64
	Type           int
	Content        *string
	Attributes     string // content_attributes
}

func (m *RuleMessage) fields() []any {
	return []any{&m.ID, &m.ConversationID, &m.Type, &m.Content, &m.Attributes}
}

const ruleMessageColumns = `SELECT m.id, m.conversation_id, m.message_type, m.content, m.content_attributes FROM `

// RuleMessages reads messages by id.
func (s *Store) RuleMessages(ctx context.Context, messageIDs []int64) (map[int64]RuleMessage, error) {
	rows, err := s.r.QueryContext(ctx, ruleMessageColumns+s.d.rows("$1", "id bigint")+` CROSS JOIN messages m WHERE m.id = x.id`, ids(messageIDs))
	if err != nil {
		return nil, fmt.Errorf("store: messages of rules: %w", err)
	}
	list, err := collect(rows, "messages of rules", (*RuleMessage).fields)
	out := make(map[int64]RuleMessage, len(list))
	for _, m := range list {
		out[m.ID] = m
	}
	return out, err
}

// EachRuleMessage hands all messages of conversations to f, one after the other and in
// no order: they may be many.
func (s *Store) EachRuleMessage(ctx context.Context, conversationIDs []int64, f func(RuleMessage)) error {
	query := ruleMessageColumns + s.d.rows("$1", "id bigint") + ` CROSS JOIN messages m WHERE m.conversation_id = x.id`
	rows, err := s.r.QueryContext(ctx, query, ids(conversationIDs))
	if err != nil {
		return fmt.Errorf("store: messages of conversations: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var m RuleMessage
		if err := rows.Scan(m.fields()...); err != nil {
			return fmt.Errorf("store: messages of conversations: %w", err)
		}
		f(m)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: messages of conversations: %w", err)
	}
	return nil
}
