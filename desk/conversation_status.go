package desk

import (
	"context"
	"time"

	"tributary/chat"
	"tributary/store"
)

// StatusWish is what somebody wants of a conversation's status.
type StatusWish struct {
	// To is the status; empty: an open conversation is resolved, any other opened.
	To chat.ConversationStatus
	// Until is when a snoozed conversation opens by itself; nil: with the contact's next
	// message.
	Until *time.Time
	// Takes makes the conversation the user's who opens it.
	Takes bool
}

// ChangeStatus gives a conversation a status, and gives the conversation as it is then.
// A bot that opens one that waits for it hands it over to people, which handed says.
// store.ErrNotFound when there is no such conversation.
func (d *Desk) ChangeStatus(ctx context.Context, accountID, displayID int64, by Author, in StatusWish) (now store.ConversationRow, handed bool, err error) {
	err = d.Edit(ctx, accountID, displayID, by, func(e *Edit) error {
		was := chat.ConversationStatusOf(e.Was().Status)
		to := in.To
		switch {
		case to != "":
		case was == chat.Open:
			to = chat.Resolved
		default:
			to = chat.Open
		}
		e.Status(to, in.Until)
		if handed = by.BotID != 0 && was == chat.Pending && in.To == chat.Open; handed {
			e.Tell(noticeHandoff, map[string]any{})
		}
		if in.Takes && to == chat.Open && by.UserID != 0 {
			if err := e.Assign(ctx, by.UserID); err != nil {
				return err
			}
		}
		now = e.Conversation()
		return nil
	})
	return now, handed, err
}
