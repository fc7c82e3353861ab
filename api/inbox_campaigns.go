package api

import (
	"context"
	"encoding/json"

	"tributary/api/route"
	"tributary/store"
)

// Names in the order of their stored numbers.
var (
	campaignStatuses = []string{"active", "completed"}
	campaignTypes    = []string{"ongoing", oneOff}
)

// oneOff is a campaign that is sent once, at its time.
const oneOff = "one_off"

// campaignOut is a campaign with its inbox.
type campaignOut struct {
	ID                      int64           `json:"id"`
	Title                   string          `json:"title"`
	Description             *string         `json:"description"`
	AccountID               int64           `json:"account_id"`
	Inbox                   inboxOut        `json:"inbox"`
	Sender                  *agentOut       `json:"sender,omitempty"`
	Message                 string          `json:"message"`
	TemplateParams          json.RawMessage `json:"template_params" schema:"object,null"`
	Status                  string          `json:"campaign_status"`
	Enabled                 bool            `json:"enabled"`
	Type                    string          `json:"campaign_type"`
	ScheduledAt             *route.Unix     `json:"scheduled_at,omitempty"`
	Audience                json.RawMessage `json:"audience,omitempty" schema:"array"`
	TriggerRules            json.RawMessage `json:"trigger_rules"`
	OnlyDuringBusinessHours bool            `json:"trigger_only_during_business_hours"`
	CreatedAt               route.ISO       `json:"created_at"`
	UpdatedAt               route.ISO       `json:"updated_at"`
}

func newCampaignOut(k store.Campaign, inbox inboxOut, sender *agentOut) campaignOut {
	out := campaignOut{
		ID: k.DisplayID, Title: k.Title, Description: k.Description, AccountID: k.AccountID, Inbox: inbox, Sender: sender, Message: k.Message,
		Status: nameAt(campaignStatuses, k.Status), Enabled: k.Enabled, Type: nameAt(campaignTypes, k.Type),
		TriggerRules: object(k.TriggerRules), OnlyDuringBusinessHours: k.OnlyDuringBusinessHours,
		CreatedAt: iso(&k.CreatedAt), UpdatedAt: iso(&k.UpdatedAt),
	}
	if k.TemplateParams != nil {
		out.TemplateParams = object(*k.TemplateParams)
	}
	if out.Type == oneOff {
		at := unix(k.ScheduledAt)
		out.ScheduledAt, out.Audience = &at, json.RawMessage(k.Audience)
	}
	return out
}

func (a *API) listInboxCampaigns(ctx context.Context, c *route.Call, in byID) ([]campaignOut, error) {
	inbox, err := a.inbox(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := a.Store.InboxCampaigns(ctx, c.Account.ID, in.ID)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, k := range list {
		if k.SenderID != nil {
			ids = append(ids, *k.SenderID)
		}
	}
	agents, err := a.Store.Agents(ctx, c.Account.ID, ids)
	if err != nil {
		return nil, err
	}
	out := make([]campaignOut, len(list))
	for i, k := range list {
		var sender *agentOut
		if k.SenderID != nil {
			if row, ok := agents[*k.SenderID]; ok {
				one := a.newAgentOut(ctx, c.Account.ID, row)
				sender = &one
			}
		}
		out[i] = newCampaignOut(k, inbox, sender)
	}
	return out, nil
}
