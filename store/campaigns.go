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

const campaignColumns = `SELECT id, account_id, display_id, inbox_id, sender_id, title, description, message, campaign_status, campaign_type, enabled,
	scheduled_at, audience, trigger_rules, trigger_only_during_business_hours, template_params, created_at, updated_at FROM campaigns `

func (c *Campaign) fields() []any {
	return []any{
		&c.ID, &c.AccountID, &c.DisplayID, &c.InboxID, &c.SenderID, &c.Title, &c.Description, &c.Message, &c.Status, &c.Type, &c.Enabled,
		&c.ScheduledAt, &c.Audience, &c.TriggerRules, &c.OnlyDuringBusinessHours, &c.TemplateParams, &c.CreatedAt, &c.UpdatedAt,
	}
}

// InboxCampaigns reads the campaigns of an inbox by id.
func (s *Store) InboxCampaigns(ctx context.Context, accountID, inboxID int64) ([]Campaign, error) {
	rows, err := s.r.QueryContext(ctx, campaignColumns+`WHERE inbox_id = $1 AND account_id = $2 ORDER BY id`, inboxID, accountID)
	if err != nil {
		return nil, fmt.Errorf("store: campaigns of inbox: %w", err)
	}
	return collect(rows, "campaigns of inbox", (*Campaign).fields)
}
