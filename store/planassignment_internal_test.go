package store

import (
	"context"
	"time"
)

func assignmentPlans() []planCase {
	hours, labels := 24.0, []string{"vip"}
	return []planCase{
		{name: "give a conversation away", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.AssignmentInbox(ctx, 1); err != nil {
				return err
			}
			if _, err := t.AssignmentRules(ctx, 1); err != nil {
				return err
			}
			if _, err := t.HoldAssignment(ctx, 1); err != nil {
				return err
			}
			if _, err := t.CountRecents(ctx, 1, t.Now.Add(-time.Hour)); err != nil {
				return err
			}
			return t.TakeTurn(ctx, 1, 7, true)
		})},
		{name: "Candidates", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.Candidates(ctx, 1, 1, 1)
			return err
		})},
		{name: "CountAssigned", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.CountAssigned(ctx, 1, 1, []int64{7, 9}, ExclusionRules{ExcludeOlderThanHours: &hours, ExcludedLabels: &labels})
			return err
		})},
		{name: "WaitingForAgents", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.WaitingForAgents(ctx, []int64{7, 9})
			return err
		})},
		{name: "LockConversations", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.LockConversations(ctx, []int64{7, 9})
			return err
		})},
		{name: "Unassigned", call: func(ctx context.Context, p *planned) error {
			if _, err := p.s.Unassigned(ctx, 1, true, 100); err != nil {
				return err
			}
			_, err := p.s.Unassigned(ctx, 1, false, 100)
			return err
		}},
		{name: "LeftBehind", call: func(ctx context.Context, p *planned) error {
			if _, err := p.s.LeftBehind(ctx, 1, 1, 7, 5, 50); err != nil {
				return err
			}
			_, err := p.s.LeftBehind(ctx, 1, 0, 7, 0, 50)
			return err
		}},
		{name: "DueSnoozed", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.DueSnoozed(ctx, time.Unix(1, 0), time.Unix(2, 0), 100)
			return err
		}},
		{name: "IdleConversations", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.IdleConversations(ctx, 1, time.Unix(1, 0), true, 100)
			return err
		}},
		{name: "ToSurvey", call: inTx(func(ctx context.Context, t *Tx) error {
			_, err := t.ToSurvey(ctx, []int64{7, 9})
			return err
		})},
		{name: "reporting events", call: inTx(func(ctx context.Context, t *Tx) error {
			if _, err := t.ReportedConversations(ctx, []int64{7, 9}); err != nil {
				return err
			}
			if _, err := t.ReportedMessages(ctx, []int64{7, 9}); err != nil {
				return err
			}
			if _, err := t.InboxHours(ctx, []int64{1, 2}); err != nil {
				return err
			}
			return t.InsertReportingEvents(ctx, []ReportingEvent{{AccountID: 1, InboxID: 1, UserID: 7, ConversationID: 7, Name: ReportResolved, Start: 1, End: 1}})
		})},
	}
}
