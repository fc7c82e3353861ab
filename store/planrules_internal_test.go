package store

import (
	"context"
	"encoding/json"
	"strconv"
)

// fillRules makes labels, canned responses, macros, rules, kept files and bulk actions of
// all accounts.
func (p *planned) fillRules(series func(int) string) {
	p.t.Helper()
	many := planMembers
	if p.s.d.name == "sqlite" {
		many /= 20
	}
	account := "n % " + strconv.Itoa(planAccounts) + " + 1"
	p.exec(`INSERT INTO labels (account_id, title, color, created_at, updated_at) SELECT ` + account + `, 't' || n, '', 1, 1 FROM ` + series(many))
	p.exec(`INSERT INTO canned_responses (account_id, short_code, content, created_at, updated_at) SELECT ` + account + `, 'c' || n, 'c', 1, 1 FROM ` + series(many))
	p.exec(`INSERT INTO macros (account_id, name, visibility, created_by_id, created_at, updated_at) SELECT ` + account + `, 'm', n % 2, n % 50 + 1, 1, 1 FROM ` + series(many))
	p.exec(`INSERT INTO automation_rules (account_id, name, event_name, active, created_at, updated_at)
		SELECT ` + account + `, 'r', 'message_created', n % 3 = 0, 1, 1 FROM ` + series(many))
	p.exec(`INSERT INTO kept_files (account_id, owner, owner_id, blob_id, created_at) SELECT ` + account + `, 'macro', n, n, 1 FROM ` + series(10*many))
	p.exec(`INSERT INTO bulk_actions (account_id, user_id, state, request, created_at, updated_at, finished_at)
		SELECT ` + account + `, n % 50 + 1, 'done', '{}', 1, 1, CASE WHEN n % 2 = 0 THEN n END FROM ` + series(many))
}

func rulePlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	return []planCase{
		{name: "Labels", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.Labels(ctx, 1)
			return err
		})},
		{name: "CannedResponses", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.CannedResponses(ctx, 1)
			return err
		})},
		{name: "rename a label", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.RenameConversationLabel(ctx, 1, "l3", "new", 50); err != nil {
				return err
			}
			_, err := t.RenameContactLabel(ctx, 1, "l3", "new", 50)
			return err
		})},
		{name: "kept files", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.KeptFiles(ctx, KeptByMacro, []int64{7, 9})
			return err
		})},
		{name: "KeepFiles", call: inTx(func(ctx context.Context, t *Tx) error {
			if err := t.KeepFiles(ctx, 1, KeptByMacro, 7, nil); err != nil {
				return err
			}
			_, err := t.Uploaded(ctx, 1, []int64{7})
			return err
		})},
		{name: "Macros", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.Macros(ctx, 1, 7)
			return err
		})},
		{name: "rules", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.Rules(ctx, 1); err != nil {
				return err
			}
			if _, err := s.ActiveRules(ctx, 1, []string{"message_created"}); err != nil {
				return err
			}
			_, err := s.RulesByID(ctx, 1, []int64{10, 20})
			return err
		})},
		{name: "RuledEvents", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.RuledEvents(ctx, []int64{1, 2})
			return err
		})},
		{name: "what rules look at", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.RuleSubjects(ctx, 1, keys(30, func(i int) int64 { return int64(i * 17) })); err != nil {
				return err
			}
			if _, err := s.RuleSubjectBy(ctx, 1, 40); err != nil {
				return err
			}
			if _, err := s.RuleMessages(ctx, keys(30, func(i int) int64 { return int64(i * 17) })); err != nil {
				return err
			}
			return s.EachRuleMessage(ctx, keys(30, func(i int) int64 { return int64(i * 17) }), func(RuleMessage) {})
		})},
		{name: "bulk actions", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.BulkAction(ctx, 2, 21); err != nil {
				return err
			}
			_, err := s.DropBulkActions(ctx, 100, 10)
			return err
		})},
		{name: "ConversationNumbers", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ConversationNumbers(ctx, ConversationFilter{AccountID: 1, Statuses: []int{0}})
			return err
		})},
		{name: "AdvanceJob", call: inTx(func(ctx context.Context, t *Tx) error {
			if err := t.AdvanceJob(ctx, 17, json.RawMessage("{}"), json.RawMessage(`{"a":1}`)); err != nil {
				return err
			}
			return t.SpendJob(ctx, 17)
		})},
	}
}
