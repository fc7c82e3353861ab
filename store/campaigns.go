package store

import (
	"context"
	"fmt"
)

// Campaign is a message that an inbox sends by itself. Times are microseconds.
type Campaign struct {
	ID          int64
	AccountID   int64
	DisplayID   int64 // counted in the account
	InboxID     int64
	SenderID    *int64
	Title       string
	Description *string
	Message     string
	Status      int // 0 active, 1 completed
	Type        int // 0 ongoing, 1 one_off
	Enabled     bool
	ScheduledAt *int64
	Audience    string // JSON list
	// TriggerRules and TemplateParams are JSON objects.
	TriggerRules            string
	OnlyDuringBusinessHours bool
	TemplateParams          *string
	CreatedAt, UpdatedAt    int64
}

const campaignColumns = `SELECT k.id, k.account_id, k.display_id, k.inbox_id, k.sender_id, k.title, k.description, k.message, k.campaign_status,
	k.campaign_type, k.enabled, k.scheduled_at, k.audience, k.trigger_rules, k.trigger_only_during_business_hours, k.template_params, k.created_at,
	k.updated_at FROM campaigns k `

func (c *Campaign) fields() []any {
	return []any{
		&c.ID, &c.AccountID, &c.DisplayID, &c.InboxID, &c.SenderID, &c.Title, &c.Description, &c.Message, &c.Status, &c.Type, &c.Enabled,
		&c.ScheduledAt, &c.Audience, &c.TriggerRules, &c.OnlyDuringBusinessHours, &c.TemplateParams, &c.CreatedAt, &c.UpdatedAt,
	}
}

// InboxCampaigns reads the campaigns of an inbox by id.
func (s *Store) InboxCampaigns(ctx context.Context, accountID, inboxID int64) ([]Campaign, error) {
	rows, err := s.r.QueryContext(ctx, campaignColumns+`WHERE k.inbox_id = $1 AND k.account_id = $2 ORDER BY k.id`, inboxID, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: campaigns of inbox: %w", err)
	}
	return collect(rows, "campaigns of inbox", (*Campaign).fields)
}
