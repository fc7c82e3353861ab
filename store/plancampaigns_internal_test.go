package store

import (
	"context"
	"strconv"
)

// fillCampaigns makes them, for all inboxes in turn.
func (p *planned) fillCampaigns(series func(int) string) {
	p.t.Helper()
	campaigns := planMembers
	if p.s.d.name == "sqlite" {
		campaigns /= 20
	}
	p.exec(`INSERT INTO campaigns (account_id, display_id, inbox_id, sender_id, title, message, created_at, updated_at)
		SELECT (n - 1) % ` + strconv.Itoa(planAccounts) + ` + 1, n, (n - 1) % ` + strconv.Itoa(planInboxes) + ` + 1, n % 50 + 1, 't', 'm', 1, 1 FROM ` + series(campaigns))
}

func campaignPlans() []planCase {
	return []planCase{
		{name: "InboxCampaigns", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.InboxCampaigns(ctx, 1, 11)
			return err
		}},
		{name: "InboxCount", call: func(ctx context.Context, p *planned) error {
			_, err := p.s.InboxCount(ctx, 1)
			return err
		}},
	}
}
