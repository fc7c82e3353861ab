package api

import (
	"context"

	"tributary/api/route"
)

func (a *API) inboxTemplates() []route.Row {
	return []route.Row{
		route.Post(account+"/inboxes/{id}/sync_templates", route.Admin, a.syncTemplates).Finds("id", a.inboxExists),
	}
}

// syncTemplates orders the list of message templates; it arrives later.
func (a *API) syncTemplates(ctx context.Context, c *route.Call, in byID) (messageText, error) {
	if err := a.inboxExists(ctx, c, in.ID); err != nil {
		return messageText{}, err
	}
	if err := a.current(ctx); err != nil {
		return messageText{}, err
	}
	if err := a.Desk.SyncTemplates(ctx, c.Account.ID, in.ID); err != nil {
		return messageText{}, err
	}
	return messageText{"Template sync initiated successfully"}, nil
}
