package store

import (
	"context"
	"strconv"
)

// fillInboxes makes an audit log for every account, and what is known of the webhooks
// of inboxes.
func (p *planned) fillInboxes(series func(int) string) {
	p.t.Helper()
	entries := planWaiting
	if p.s.d.name == "sqlite" {
		entries /= 20
	}
	account := "n % " + strconv.Itoa(planAccounts) + " + 1"
	p.exec(`INSERT INTO audits (account_id, auditable_type, auditable_id, action, version, created_at)
		SELECT ` + account + `, 'Team', n / 3, 'update', n % 3, n FROM ` + series(entries))
	p.exec(`INSERT INTO inbox_webhook_refusals (inbox_id, slice, cause, refused)
		SELECT n % ` + strconv.Itoa(planInboxes) + ` + 1, n, 'bad', 1 FROM ` + series(entries))
}

func inboxPlans() []planCase {
	read := func(f func(ctx context.Context, s *Store) error) func(context.Context, *planned) error {
		return func(ctx context.Context, p *planned) error { return f(ctx, p.s) }
	}
	return []planCase{
		{name: "Audits", page: true, call: read(func(ctx context.Context, s *Store) error {
			_, err := s.Audits(ctx, 1, 15, 30)
			return err
		})},
		{name: "CountAudits", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.CountAudits(ctx, 1)
			return err
		})},
		{name: "MembershipsByID", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.MembershipsByID(ctx, 1, []int64{7, 9})
			return err
		})},
		{name: "names of teams", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.Names(ctx, NamesOfTeams, 1, []int64{7, 9})
			return err
		})},
		{name: "InsertAudits", call: inTx(func(ctx context.Context, t *Tx) error {
			return t.InsertAudits(ctx, []Audit{{AccountID: 1, Type: "Team", ID: 7, Action: "update"}, {AccountID: 1, Type: "Team", ID: 8, Action: "update"}})
		})},
		{name: "InboxAgents", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.InboxAgents(ctx, 1, 1)
			return err
		})},
		{name: "change members of an inbox", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.AddInboxMembers(ctx, 1, []int64{7, 9}); err != nil {
				return err
			}
			if _, err := t.RemoveInboxMembers(ctx, 1, []int64{7, 9}); err != nil {
				return err
			}
			_, err := t.KeepInboxMembers(ctx, 1, []int64{7, 9})
			return err
		})},
		{name: "DeleteInbox", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.LockInbox(ctx, 39); err != nil {
				return err
			}
			_, err := t.changePlaces(ctx, "members", `DELETE FROM inbox_members WHERE inbox_id = $1`+inboxPlaces.returning(), 39)
			return err
		})},
		{name: "WebhookStatus", call: read(func(ctx context.Context, s *Store) error {
			_, err := s.WebhookStatus(ctx, 7)
			return err
		})},
		{name: "notes of webhooks", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.LockWebhooks(ctx, []int64{7, 9}); err != nil {
				return err
			}
			if err := t.NoteWebhooks(ctx, []WebhookNews{{InboxID: 7, VerifiedAt: 1}, {InboxID: 9, VerifiedAt: 1}}); err != nil {
				return err
			}
			return t.CountRefusals(ctx, []Refusals{{InboxID: 7, Cause: "bad", Count: 1}, {InboxID: 9, Cause: "bad", Count: 1}})
		})},
	}
}
