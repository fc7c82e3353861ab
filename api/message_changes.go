package api

import (
	"context"
	"encoding/json"

	"tributary/api/route"
)

type byMessage struct {
	byConversation
	ID int64 `path:"id"`
}

func (a *API) eraseMessage(ctx context.Context, c *route.Call, in byMessage) (messageOut, error) {
	if _, err := a.conversationOf(ctx, c, in.ConversationID); err != nil {
		return messageOut{}, err
	}
	if err := a.Desk.EraseMessage(ctx, c.Account.ID, in.ConversationID, in.ID, author(c)); err != nil {
		return messageOut{}, found(err)
	}
	return a.message(ctx, c, in.ConversationID, in.ID)
}

type translateIn struct {
	byMessage
	TargetLanguage string `json:"target_language"`
}

// translationOut is what a message says in another language: null when nothing
// translates.
type translationOut struct {
	Content json.RawMessage `json:"content" schema:"string,null"`
}

// translateMessage answers without a body when the message has a translation already:
// clients have it. Nothing makes others.
func (a *API) translateMessage(ctx context.Context, c *route.Call, in translateIn) (any, error) {
	head, err := a.conversationOf(ctx, c, in.ConversationID)
	if err != nil {
		return nil, err
	}
	known, err := a.Desk.Translation(ctx, c.Account.ID, head.ID, in.ID, in.TargetLanguage)
	if err != nil || known {
		return route.Empty{}, found(err)
	}
	return translationOut{json.RawMessage("null")}, nil
}
