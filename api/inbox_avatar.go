package api

import (
	"context"

	"tributary/api/route"
)

// dropAvatar removes a picture that nothing came to use; 0 is none.
func (a *API) dropAvatar(ctx context.Context, id int64) error {
	if id == 0 {
		return nil
	}
	return a.Files.Delete(context.WithoutCancel(ctx), id)
}

func (a *API) deleteInboxAvatar(ctx context.Context, c *route.Call, in byID) (route.Empty, error) {
	return route.Empty{}, found(a.Desk.RemoveInboxAvatar(ctx, c.Account.ID, in.ID))
}
