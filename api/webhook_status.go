package api

import (
	"context"
	"net/http"
	"strings"

	"tributary/api/route"
)

func (a *API) webhookStatus() []route.Row {
	return []route.Row{route.Get(account+"/inboxes/{id}/webhook_status", route.Admin, a.showWebhookStatus).Finds("id", a.inboxExists)}
}

// webhookStatusOut tells whether a provider's webhooks reach an inbox. Causes of
// refusals are those of the metric tributary_webhooks_rejected_total, and
// verify_token.
type webhookStatusOut struct {
	CallbackURL        *string          `json:"callback_url"`
	VerifiedAt         route.ISO        `json:"verified_at"`
	FirstEventAt       route.ISO        `json:"first_event_at"`
	LastEventAt        route.ISO        `json:"last_event_at"`
	LastConversationID *int64           `json:"last_conversation_id"`
	Rejected24h        map[string]int64 `json:"rejected_24h"`
}

func (a *API) showWebhookStatus(ctx context.Context, c *route.Call, in byID) (webhookStatusOut, error) {
	if err := a.inboxExists(ctx, c, in.ID); err != nil {
		return webhookStatusOut{}, err
	}
	if err := a.current(ctx); err != nil {
		return webhookStatusOut{}, err
	}
	s, err := a.Store.WebhookStatus(ctx, in.ID)
	out := webhookStatusOut{
		CallbackURL: a.callbackURL(in.ID), VerifiedAt: moment(s.VerifiedAt), FirstEventAt: moment(s.FirstEventAt), LastEventAt: moment(s.LastEventAt),
		Rejected24h: s.Refused,
	}
	if s.DisplayID != 0 {
		out.LastConversationID = &s.DisplayID
	}
	return out, err
}

// moment is a stored moment (microseconds), null when it is 0.
func moment(us int64) route.ISO {
	if us == 0 {
		return route.ISO{}
	}
	return iso(&us)
}

// callbackURL is where the provider of an inbox calls us: the inbox's own address, or
// the one that all inboxes of its channel share. nil where there is none to be shown:
// Telegram's holds the bot's token.
func (a *API) callbackURL(inboxID int64) *string {
	driver, _, ok := a.Desk.Directory.Inbox(inboxID)
	if !ok {
		return nil
	}
	if own, _ := a.presented(inboxID, true)["callback_webhook_url"].(string); own != "" {
		return &own
	}
	for _, h := range driver.Info().Hooks {
		if h.Method == http.MethodPost && !strings.Contains(h.Path, "{") {
			return new(a.Desk.PublicURL + h.Path)
		}
	}
	return nil
}
