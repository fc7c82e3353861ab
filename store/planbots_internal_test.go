package store

import (
	"context"
	"strconv"
)

// fillBots makes bots and policies: a few of each account, and as many of the last
// one as it has members. Every hundredth message is a bot's.
func (p *planned) fillBots(series func(int) string) {
	p.t.Helper()
	members := planMembers
	if p.s.d.name == "sqlite" {
		members /= 20
	}
	last := strconv.Itoa(planAccounts)
	of := `CASE WHEN n <= ` + last + ` THEN n WHEN n <= 2 * ` + last + ` THEN n - ` + last + ` ELSE ` + last + ` END`
	p.exec(`INSERT INTO agent_bots (account_id, name, created_at, updated_at)
		SELECT CASE WHEN n % 5000 = 1 THEN NULL ELSE ` + of + ` END, 'b', 1, 1 FROM ` + series(members))
	p.exec(`INSERT INTO access_tokens (owner_type, owner_id, digest, sealed, created_at) SELECT 'AgentBot', id, 'd' || id, '', 1 FROM agent_bots`)
	p.exec(`INSERT INTO agent_bot_inboxes (inbox_id, agent_bot_id, account_id, created_at, updated_at)
		SELECT i.id, i.id + 1, i.account_id, 1, 1 FROM inboxes i`)
	p.exec(`UPDATE messages SET sender_type = 'AgentBot', sender_id = id % 50 WHERE id % 100 = 0`)
	p.exec(`INSERT INTO assignment_policies (account_id, name, created_at, updated_at) SELECT ` + of + `, 'p' || n, 1, 1 FROM ` + series(members))
	p.exec(`INSERT INTO inbox_assignment_policies (inbox_id, assignment_policy_id, created_at, updated_at) SELECT i.id, i.id, 1, 1 FROM inboxes i`)
	p.exec(`INSERT INTO agent_capacity_policies (account_id, name, created_at, updated_at) SELECT ` + of + `, 'p', 1, 1 FROM ` + series(members))
	p.exec(`INSERT INTO inbox_capacity_limits (agent_capacity_policy_id, inbox_id, conversation_limit, created_at, updated_at)
		SELECT c.id, c.id % ` + strconv.Itoa(planInboxes) + ` + 1, 1, 1, 1 FROM agent_capacity_policies c WHERE c.id <= 400`)
	p.exec(`UPDATE account_users SET agent_capacity_policy_id = id % 500 + 1 WHERE id % 3 = 0`)
}

func botPlans() []planCase { //nolint:funlen // a list
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	return []planCase{
		{name: "ClearBotMessages", page: true, call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ClearBotMessages(ctx, 7, 3)
			return err
		})},
		{name: "bots", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.AgentBots(ctx, 1); err != nil {
				return err
			}
			if _, err := s.BotLinked(ctx, 1, 7); err != nil {
				return err
			}
			_, err := s.BotViews(ctx, []int64{3, 7})
			return err
		})},
		{name: "DeleteAgentBot", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.DeleteAgentBot(ctx, AgentBotRow{ID: 7})
		})},
		{name: "assignment policies", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.AssignmentPolicies(ctx, 1); err != nil {
				return err
			}
			_, err := s.AssignmentPolicyInboxes(ctx, 1, 1)
			return err
		})},
		{name: "capacity policies", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.CapacityPolicies(ctx, 1); err != nil {
				return err
			}
			users, err := s.CapacityPolicyUsers(ctx, 7)
			if err != nil {
				return err
			}
			if _, err := s.Users(ctx, users[:1]); err != nil {
				return err
			}
			_, err = s.MembershipsOf(ctx, []int64{7, 9})
			return err
		})},
		{name: "DeleteCapacityPolicy", call: inTx(func(ctx context.Context, t *Tx) error { return t.deleteCapacityPolicy(ctx, 1, 1) })},
		{name: "AssignmentRules", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.AssignmentRules(ctx, 1)
			return err
		})},
	}
}
