package api

import (
	"context"
	"net/http"

	"tributary/api/route"
	"tributary/chat"
)

func (a *API) messageStatus() []route.Row {
	return []route.Row{
		route.Patch(account+"/conversations/{conversation_id}/messages/{id}", route.Member, a.updateMessageStatus).Fails(http.StatusForbidden),
	}
}

type updateMessageStatusIn struct {
	ConversationID int64  `path:"conversation_id"` // display id
	ID             int64  `path:"id"`
	Status         string `json:"status"`
	ExternalError  string `json:"external_error"`
}

func (a *API) updateMessageStatus(ctx context.Context, c *route.Call, in updateMessageStatusIn) (messageOut, error) {
	if _, err := a.conversationOf(ctx, c, in.ConversationID); err != nil {
		return messageOut{}, err
	}
	err := a.Desk.ReportStatus(ctx, c.Account.ID, in.ConversationID, in.ID, chat.MessageStatus(in.Status), in.ExternalError)
	if err != nil {
		return messageOut{}, found(err)
	}
	return a.message(ctx, c, in.ConversationID, in.ID)
}
