package desk

import (
	"context"
	"slices"
	"strconv"
	"time"

	"tributary/presence"
	"tributary/store"
)

// ViewingFor is how long somebody looks at a conversation who says so once.
const ViewingFor = 15 * time.Second

// eventViewers is the event of those who look at a conversation: its payload has
// account_id, conversation_id (the number in the account) and users.
const eventViewers = "conversation.viewers"

// View notes that a user looks at a conversation now, and tells everybody who does.
// store.ErrNotFound when there is no such conversation.
func (d *Desk) View(ctx context.Context, accountID, displayID, userID int64) error {
	head, err := d.Store.ConversationHead(ctx, accountID, displayID)
	if err != nil {
		return err
	}
	viewers, err := d.viewers(ctx, accountID, head.ID, userID)
	if err != nil {
		return err
	}
	agents, err := d.Store.Agents(ctx, accountID, viewers)
	if err != nil {
		return err
	}
	users := make([]map[string]any, 0, len(viewers))
	for _, id := range viewers {
		if u, ok := agents[id]; ok && u.Member {
			users = append(users, d.userPush(ctx, accountID, u))
		}
	}
	err = d.again(ctx, func(tx *store.Tx) error {
		return tx.InsertOutbox(ctx, []store.OutboxRow{{
			AccountID: accountID, Kind: eventViewers, InboxID: head.InboxID, ConversationID: head.ID,
			Payload: object(map[string]any{"account_id": accountID, "conversation_id": displayID, "users": users}),
		}})
	})
	if err == nil {
		d.WakeJobs()
	}
	return err
}

// viewers are who looks at a conversation, with a user who does now, by id.
func (d *Desk) viewers(ctx context.Context, accountID, conversationID, userID int64) ([]int64, error) {
	if d.Viewers == nil {
		return []int64{userID}, nil
	}
	room := presence.Kind("viewers:" + strconv.FormatInt(conversationID, 10))
	if err := d.Viewers.Beat(ctx, accountID, room, userID); err != nil {
		return nil, err
	}
	list, err := d.Viewers.Present(ctx, accountID, room)
	slices.Sort(list)
	return list, err
}
