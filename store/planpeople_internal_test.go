package store

import (
	"context"
	"strconv"

	"tributary/chat"
)

// planMembers is how many members the last account has; the others have 50 each,
// and a team each with the number of the account.
const planMembers = 20_000

// fillPeople makes them. Every seventh conversation is of its account's team.
func (p *planned) fillPeople(series func(int) string) {
	p.t.Helper()
	members := planMembers
	if p.s.d.name == "sqlite" {
		members /= 20
	}
	last := strconv.Itoa(planAccounts)
	p.exec(`INSERT INTO users (email, name, pubsub_token, created_at, updated_at) SELECT 'v' || n, 'v', 'v' || n, 1, 1 FROM ` + series(members))
	p.exec(`INSERT INTO account_users (account_id, user_id, created_at, updated_at) SELECT ` + last + `, id, 1, 1 FROM users WHERE email LIKE 'v%'`)
	p.exec(`INSERT INTO account_users (account_id, user_id, created_at, updated_at)
		SELECT a.id, u.id, 1, 1 FROM accounts a CROSS JOIN users u WHERE a.id < ` + last + ` AND u.email LIKE 'u%'`)
	p.exec(`INSERT INTO teams (account_id, name, created_at, updated_at) SELECT n, 't', 1, 1 FROM ` + series(planAccounts))
	p.exec(`INSERT INTO teams (account_id, name, created_at, updated_at) SELECT ` + last + `, 't' || n, 1, 1 FROM ` + series(members))
	p.exec(`INSERT INTO team_members (team_id, user_id, created_at) SELECT account_id, user_id, 1 FROM account_users`)
	p.exec(`INSERT INTO custom_roles (account_id, name, created_at, updated_at) SELECT CASE WHEN n < 10 THEN n ELSE ` + last + ` END, 'r', 1, 1 FROM ` + series(members))
	p.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at) SELECT ` + last + `, user_id, 1 FROM account_users WHERE account_id = ` + last)
	p.exec(`INSERT INTO inbox_members (inbox_id, user_id, created_at)
		SELECT i.id, m.user_id, 1 FROM inboxes i JOIN account_users m ON m.account_id = i.account_id WHERE i.account_id < ` + last)
	p.exec(`UPDATE conversations SET team_id = account_id WHERE id % 7 = 0`)
}

func peoplePlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	conversations := func(f ConversationFilter) func(context.Context, *planned) error {
		return read(func(ctx context.Context, s *Store) error {
			f.AccountID, f.UserID, f.Statuses, f.InboxIDs = 1, 7, []int{chat.Open.Code()}, []int64{1, 11}
			if _, err := s.CountConversations(ctx, f); err != nil {
				return err
			}
			_, err := s.ListConversations(ctx, f, ByActivityDesc, 25, 0)
			return err
		})
	}
	return []planCase{
		{name: "conversations of a team", call: conversations(ConversationFilter{TeamID: 1})},
		{name: "mine and nobody's, of a custom role", call: conversations(ConversationFilter{Visible: VisibleMineAndNobody})},
		{name: "mine, of a custom role", call: conversations(ConversationFilter{Visible: VisibleMine})},
		{name: "ScopeOf", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ScopeOf(ctx, 1, 7)
			return err
		})},
		{name: "Memberships", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.Memberships(ctx, 7)
			return err
		})},
		{name: "agents", call: read(func(ctx context.Context, s *Store) error {
			if _, err := s.AccountAgents(ctx, 1); err != nil {
				return err
			}
			if _, err := s.AssignableAgents(ctx, 1, []int64{1, 11}); err != nil {
				return err
			}
			if _, err := s.TeamAgents(ctx, 1, 1); err != nil {
				return err
			}
			_, err := s.CountMembers(ctx, 1)
			return err
		})},
		{name: "Teams", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.Teams(ctx, 1, 7)
			return err
		})},
		{name: "CustomRoles", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.CustomRoles(ctx, 1)
			return err
		})},
		{name: "change members of a team", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.Outsiders(ctx, 1, []int64{7, 9}); err != nil {
				return err
			}
			if _, err := t.AddTeamMembers(ctx, 1, []int64{7, 9}); err != nil {
				return err
			}
			if _, err := t.RemoveTeamMembers(ctx, 1, []int64{7, 9}); err != nil {
				return err
			}
			_, err := t.KeepTeamMembers(ctx, 1, []int64{7, 9})
			return err
		})},
		{name: "DeleteMembership", call: inTx(func(ctx context.Context, t *Tx) error {
			m, err := t.LockMembership(ctx, 1, 7)
			if err != nil {
				return err
			}
			_, err = t.DeleteMembership(ctx, m)
			return err
		})},
		{name: "DeleteTeam", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.DeleteTeam(ctx, 1)
			return err
		})},
		{name: "UnassignMember", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.UnassignMember(ctx, 1, 7, 500)
			return err
		})},
		{name: "ClearTeam", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.ClearTeam(ctx, 2, 2)
			return err
		})},
	}
}
